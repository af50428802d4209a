package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Dealer is how the portal reaches one dealer's gateway (R182).
type Dealer struct {
	Code     string `json:"code"`
	URL      string `json:"url"`      // of the gateway: https://gateway.example, without a path
	TokenURL string `json:"tokenUrl"` // "": /oauth2/token below URL
	ClientID string `json:"clientId"`
	Secret   string `json:"secret"`
}

func (d Dealer) check() error {
	u, err := url.Parse(d.URL)
	switch {
	case d.Code == "" || d.ClientID == "" || d.Secret == "":
		return fmt.Errorf("%w: a dealer has a code, a client id and a secret", ErrInvalid)
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: url is the address of the gateway", ErrInvalid)
	}
	return nil
}

// line is the way to one dealer. What waits for one dealer stops nobody else.
type line struct {
	Dealer
	token string
}

// Connect tells the portal where a dealer's gateway is. It survives a reset. An
// error wraps ErrInvalid.
func (s *Sandbox) Connect(d Dealer) error {
	if err := d.check(); err != nil {
		return err
	}
	d.URL = strings.TrimRight(d.URL, "/")
	d.TokenURL = orElse(d.TokenURL, d.URL+"/oauth2/token")
	s.delivering.Lock()
	defer s.delivering.Unlock()
	s.lines[d.Code] = &line{Dealer: d}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
	return nil
}

// callTime bounds one call to a gateway.
const callTime = time.Minute

// mostRead is how much of a gateway's answer is read; a page of contracts is
// long.
const mostRead = 64 << 20

// Deliver sends what waits, in order (R185), and fetches what dealers said is
// new, until nothing is left or it fails. It returns how many messages got
// through. What failed is tried again by the next call; the message stays the
// first of its dealer.
func (s *Sandbox) Deliver(ctx context.Context) (int, error) {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	delivered := 0
	var failed []error
	stuck := map[string]bool{}
	for ctx.Err() == nil {
		m := s.head(stuck)
		if m == nil {
			break
		}
		err := s.post(ctx, m)
		if err != nil {
			stuck[m.Dealer] = true
			failed = append(failed, err)
			continue
		}
		delivered++
	}
	for ctx.Err() == nil {
		p, ok := s.nextPull()
		if !ok {
			break
		}
		if err := s.fetch(ctx, p); err != nil {
			failed = append(failed, err)
		}
	}
	return delivered, errors.Join(append(failed, ctx.Err())...)
}

// head is the first message that waits for a dealer who can be reached.
func (s *Sandbox) head(stuck map[string]bool) *Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.crs.mails {
		if m.State == mailWaits && !stuck[m.Dealer] && s.lines[m.Dealer] != nil {
			return m
		}
	}
	return nil
}

// post makes one try for a message. nil says that it need not be sent again.
func (s *Sandbox) post(ctx context.Context, m *Mail) error {
	f, happens := s.next(Delivery)
	if happens && !pause(ctx, time.Duration(f.Delay)) {
		return ctx.Err()
	}
	status, body, err := s.call(ctx, s.lines[m.Dealer], http.MethodPost, "/api/v1/message", m.body)
	if happens && f.Kind == Duplicate {
		status, body, err = s.call(ctx, s.lines[m.Dealer], http.MethodPost, "/api/v1/message", m.body)
	}
	if happens && f.Kind == Lost {
		status, body, err = 0, nil, errors.New("the answer got lost, as was scripted")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Tries++
	m.Status, m.Echo = status, string(body[:min(len(body), 2000)])
	defer s.wake()
	switch {
	case err != nil:
		return fmt.Errorf("posting %s: %w", m.ID, err)
	case status == http.StatusOK:
		m.State = mailDelivered
		return nil
	case status == http.StatusPaymentRequired || status == http.StatusRequestEntityTooLarge: // R193
		m.State = mailRefused
		return nil
	}
	return fmt.Errorf("posting %s: status %d", m.ID, status) // R194 to R197: again later
}

// call calls a gateway, with a new token where the old one is refused (R197).
func (s *Sandbox) call(ctx context.Context, l *line, method, path string, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	for renewed := false; ; renewed = true {
		if l.token == "" {
			if err := s.login(ctx, l); err != nil {
				return 0, nil, err
			}
			renewed = true
		}
		status, answer, err := s.callOnce(ctx, l, method, path, body)
		if status != http.StatusUnauthorized || renewed {
			return status, answer, err
		}
		l.token = ""
	}
}

// login gets a token from a gateway (R112).
func (s *Sandbox) login(ctx context.Context, l *line) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.TokenURL, strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return fmt.Errorf("asking for a token: %w", err)
	}
	r.SetBasicAuth(url.QueryEscape(l.ClientID), url.QueryEscape(l.Secret))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, err := s.round(r)
	if err != nil {
		return fmt.Errorf("asking for a token: %w", err)
	}
	var token struct {
		Access string `json:"access_token"`
	}
	if status != http.StatusOK || json.Unmarshal(body, &token) != nil || token.Access == "" {
		return fmt.Errorf("asking for a token: status %d", status)
	}
	l.token = token.Access
	return nil
}

func (s *Sandbox) callOnce(ctx context.Context, l *line, method, path string, body []byte) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, l.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("making a call: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+l.token)
	r.Header.Set("Content-Type", "application/json")
	return s.round(r)
}

func (s *Sandbox) round(r *http.Request) (int, []byte, error) {
	resp, err := s.caller.Do(r)
	if err != nil {
		return 0, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostRead))
	return resp.StatusCode, body, errors.Join(err, resp.Body.Close())
}

// refreshes are the paths that are read again for each kind of change (R204).
var refreshes = map[string][]string{
	"contract": {"contract", "jobsite"}, "invoice": {"invoice"}, "catalog": {"dealer-category"}, "document": {"contract", "invoice"},
}

// refresh notes what is to be fetched. The lock is held.
func (s *Sandbox) refresh(dealer, kind, customer string) {
	for _, path := range refreshes[kind] {
		s.crs.toPull = append(s.crs.toPull, Pull{Dealer: dealer, Path: path, Customer: customer})
	}
}

func (s *Sandbox) nextPull() (Pull, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.crs.toPull {
		if s.lines[p.Dealer] != nil {
			s.crs.toPull = append(s.crs.toPull[:i:i], s.crs.toPull[i+1:]...)
			return p, true
		}
	}
	return Pull{}, false
}

// mostPages bounds one fetch of a list.
const mostPages = 1000

// fetch reads all pages of one list.
func (s *Sandbox) fetch(ctx context.Context, p Pull) error {
	for page := range mostPages {
		p.Page = page
		q := url.Values{"customer": {p.Customer}}
		if p.Path != "dealer-category" {
			q.Set("items", "50")
			q.Set("page", fmt.Sprint(page))
		}
		status, body, err := s.call(ctx, s.lines[p.Dealer], http.MethodGet, "/api/v1/"+p.Path+"?"+q.Encode(), nil)
		var list struct {
			Items []json.RawMessage `json:"items"`
			Pages int64             `json:"totalPages"`
		}
		if err == nil && status == http.StatusOK && json.Unmarshal(body, &list) != nil {
			err = errors.New("the answer is no list")
		}
		p.Status, p.Items = status, len(list.Items)
		s.mu.Lock()
		s.crs.pulls = append(s.crs.pulls, p)
		s.wake()
		s.mu.Unlock()
		switch {
		case err != nil:
			return fmt.Errorf("fetching %s: %w", p.Path, err)
		case status != http.StatusOK:
			return fmt.Errorf("fetching %s: status %d", p.Path, status)
		}
		if int64(page)+1 >= list.Pages {
			return nil
		}
	}
	return fmt.Errorf("fetching %s: more than %d pages", p.Path, mostPages)
}

// retryPause is how long the portal leaves a gateway alone that failed (R196).
const retryPause = 2 * time.Second

// RunPortal delivers whatever comes up until ctx ends.
func (s *Sandbox) RunPortal(ctx context.Context) {
	for ctx.Err() == nil {
		s.mu.Lock()
		moved := s.crs.moved
		s.mu.Unlock()
		n, err := s.Deliver(ctx)
		switch {
		case err != nil:
			pause(ctx, retryPause)
		case n > 0: // which may have led to more
		default:
			select {
			case <-moved:
			case <-ctx.Done():
			}
		}
	}
}
