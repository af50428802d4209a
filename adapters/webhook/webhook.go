package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Config is one dealer's web service.
type Config struct {
	// URL is where messages are posted: https, or http on this machine. It is
	// the operator's choice alone; nothing a message says has a say in it.
	URL string
	// Secrets sign what is posted, each as NewSecret makes them: one, or two
	// while the old one is being replaced.
	Secrets []string
	// Timeout bounds one call, 0: 30 s.
	Timeout   time.Duration
	Now       func() time.Time // the clock; nil: the machine's
	Transport http.RoundTripper
}

// Service is a dealer's web service. It may be used from several goroutines.
type Service struct {
	url  string
	keys [][]byte
	now  func() time.Time
	http *http.Client
}

var _ adapters.MessageReceiver = (*Service)(nil)

const (
	usualTimeout = 30 * time.Second
	mostSecrets  = 5
)

// Open checks the settings, all of them, and calls nobody.
func Open(c Config) (*Service, error) {
	s := &Service{url: c.URL, now: c.Now}
	var faults []error
	if err := adapters.CheckAddress(c.URL, "https://desk.example.com/crs", true); err != nil {
		faults = append(faults, fmt.Errorf("webhook: %w", err))
	}
	if len(c.Secrets) == 0 || len(c.Secrets) > mostSecrets {
		faults = append(faults, fmt.Errorf("webhook: give 1 to %d signing secrets", mostSecrets))
	}
	for _, text := range c.Secrets {
		key, err := readSecret(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("webhook: %w", err))
			continue
		}
		s.keys = append(s.keys, key)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if s.now == nil {
		s.now = time.Now
	}
	if c.Timeout <= 0 {
		c.Timeout = usualTimeout
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			// A kept connection may turn out to be closed when the next message is
			// half written; that would look like a failing service.
			DisableKeepAlives: true,
		}
	}
	s.http = &http.Client{
		Transport: c.Transport, Timeout: c.Timeout,
		// A redirect would carry customers' data to an address nobody chose.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, nil
}

// event is what stands around the message.
type event struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Data      data   `json:"data"`
}

type data struct {
	ID          string  `json:"id"`
	Dealer      string  `json:"dealer"`
	MessageType string  `json:"messageType"`
	RequestType *string `json:"requestType"`
	RequestID   *string `json:"requestId"`
	Status      *string `json:"status"`
	Customer    *string `json:"customer"`
	// The message itself follows here; it is as long as its pictures and is
	// never copied.
}

// wrap gives the body to post in pieces: what stands before the message, the
// message as it came, what stands behind it.
func wrap(h adapters.Handover) ([][]byte, error) {
	optional := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	var head bytes.Buffer
	enc := json.NewEncoder(&head)
	enc.SetEscapeHTML(false)
	err := enc.Encode(event{
		Type: "crs." + h.Type, Timestamp: h.Received.UTC().Format(time.RFC3339),
		Data: data{
			ID: h.ID, Dealer: h.Dealer, MessageType: h.Type, RequestType: optional(h.RequestType),
			RequestID: optional(h.RequestID), Status: optional(h.Status), Customer: optional(h.Customer),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("writing what stands around the message: %w", err)
	}
	const ends = "}}"
	before, ok := bytes.CutSuffix(bytes.TrimSpace(head.Bytes()), []byte(ends))
	if !ok {
		return nil, errors.New("writing what stands around the message: it ends in another way than expected")
	}
	message := []byte(h.Body)
	if len(message) == 0 {
		message = []byte("null")
	}
	return [][]byte{append(before, `,"message":`...), message, []byte(ends)}, nil
}

// Receive implements adapters.MessageReceiver: one call, signed. A repeat
// carries the same webhook-id and a new time.
func (s *Service) Receive(ctx context.Context, h adapters.Handover) error {
	const what = "handing a message to the dealer's web service"
	parts, err := wrap(h)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	r, err := s.request(ctx, h.ID, parts)
	if err != nil {
		return &adapters.CallError{Call: what, Err: adapters.ErrUnavailable, Detail: "the call cannot be made", Tries: 1}
	}
	resp, err := s.http.Do(r)
	if err != nil {
		failed := &adapters.CallError{Call: what, Err: adapters.ErrUnavailable, Detail: inWords(err), Tries: 1}
		if cause := ctx.Err(); cause != nil {
			failed.Err = cause
		}
		return failed
	}
	_ = resp.Body.Close() // only the status counts
	return s.judge(what, resp)
}

func (s *Service) request(ctx context.Context, id string, parts [][]byte) (*http.Request, error) {
	readers := make([]io.Reader, len(parts))
	for i, p := range parts {
		readers[i] = bytes.NewReader(p)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, io.MultiReader(readers...))
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		r.ContentLength += int64(len(p))
	}
	stamp := strconv.FormatInt(s.now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "dealerbridge")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", stamp)
	r.Header.Set("webhook-signature", sign(s.keys, id, stamp, parts))
	return r, nil
}

// judge says what an answer means: taken, not to be taken as it stands, or
// later. What is a matter of configuration counts as later: the message is good.
func (s *Service) judge(what string, resp *http.Response) error {
	status := resp.StatusCode
	switch status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity:
		reason := fmt.Sprintf("the dealer's web service does not take the message (status %d)", status)
		return fmt.Errorf("%s: %w", what, &adapters.NotFitting{Faults: []adapters.FieldFault{{Field: "webhook", Reason: reason}}})
	}
	failed := &adapters.CallError{
		Call: what, Err: adapters.ErrUnavailable, Status: status, Tries: 1, RetryAfter: s.retryAfter(resp.Header.Get("Retry-After")),
	}
	switch {
	case status/100 == 2:
		return nil
	case status/100 == 3:
		failed.Detail = "a redirect, which is not followed"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		failed.Detail = "the signature is not accepted; compare the secrets"
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		failed.Detail = "nothing takes messages at the configured address"
	}
	return failed
}

// retryAfter reads the header in both its forms; 0 where it says nothing.
func (s *Service) retryAfter(header string) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(s.now()))
	}
	return 0
}

// inWords says why no answer came. The standard library's texts hold the
// address, and may quote what was received.
func inWords(err error) string {
	var (
		name    *net.DNSError
		cert    *tls.CertificateVerificationError
		network *net.OpError
		timeout interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.As(err, &name):
		return "its name cannot be found"
	case errors.As(err, &cert):
		return "its certificate is not accepted"
	case errors.As(err, &network) && network.Op == "dial":
		return "it cannot be reached"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), network != nil:
		return "the connection ended early"
	}
	return "the connection failed"
}
