package caterpillar_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testID     = "north:1" // characters that must be encoded in Basic
	testSecret = "s3cret/&%+ä"
)

// handler answers one call; n counts from 1.
type handler func(n int, w http.ResponseWriter, r *http.Request)

// service plays Caterpillar: a token service and one other.
type service struct {
	*httptest.Server
	serve handler
	token handler // nil: a new token each time, good for an hour
	clock *handclock.Clock
	log   *strings.Builder
	seen  *slog.Logger

	mu     sync.Mutex
	calls  []seen
	asked  []seen // at the token service
	pauses []time.Duration
}

// seen is one request as it arrived.
type seen struct {
	method, target, body string
	header               http.Header
}

// play starts a service that answers with serve.
func play(t *testing.T, serve handler) *service {
	t.Helper()
	s := &service{serve: serve, clock: handclock.At(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)), log: &strings.Builder{}}
	s.seen = slog.New(slog.NewTextHandler(s.log, nil))
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	one := seen{method: r.Method, target: r.URL.RequestURI(), body: string(body), header: r.Header}
	s.mu.Lock()
	list := &s.calls
	if r.URL.Path == "/as/token.oauth2" {
		list = &s.asked
	}
	*list = append(*list, one)
	n := len(*list)
	s.mu.Unlock()
	switch {
	case list == &s.calls:
		s.serve(n, w, r)
	case s.token != nil:
		s.token(n, w, r)
	default:
		writeJSON(w, http.StatusOK, map[string]any{"access_token": "token-" + string(rune('0'+n)), "token_type": "Bearer", "expires_in": 3599})
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// called are the calls so far.
func (s *service) called() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// tokens are the requests for a token so far.
func (s *service) tokens() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// say answers every call with a body.
func say(status int, body string) handler {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		if body == "" {
			return
		}
		if _, err := io.WriteString(w, body); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// sayJSON is say with the name of what it says.
func sayJSON(status int, body string) handler {
	plain := say(status, body)
	return func(n int, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		plain(n, w, r)
	}
}

// inTurn answers the first call with the first handler and so on; the last one
// answers the rest.
func inTurn(handlers ...handler) handler {
	return func(n int, w http.ResponseWriter, r *http.Request) {
		handlers[min(n, len(handlers))-1](n, w, r)
	}
}

// cut sends the beginning of a longer answer and ends the connection.
func cut(body string) handler {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		head := ""
		if body != "" {
			head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
		}
		if _, err := buf.WriteString(head + body); err != nil {
			panic(err)
		}
		if err := buf.Flush(); err != nil {
			panic(err)
		}
	}
}

// options wait for nothing and remember how long they would have waited.
func (s *service) options() caterpillar.Options {
	return caterpillar.Options{
		Now: s.clock.Now, Log: s.seen,
		Wait: func(ctx context.Context, d time.Duration) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.pauses = append(s.pauses, d)
			return ctx.Err()
		},
	}
}

func (s *service) credentials() caterpillar.Credentials {
	return caterpillar.Credentials{TokenURL: s.URL + "/as/token.oauth2", ID: testID, Secret: testSecret}
}

// leads opens the lead service.
func (s *service) leads(t *testing.T, change ...func(*caterpillar.Options)) *caterpillar.Leads {
	t.Helper()
	o := s.options()
	for _, c := range change {
		c(&o)
	}
	l, err := caterpillar.OpenLeads(caterpillar.LeadConfig{
		URL: s.URL + "/marketing", Version: caterpillar.V2, Credentials: s.credentials(), Options: o,
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// qr opens the service of QR codes.
func (s *service) qr(t *testing.T) *caterpillar.QR {
	t.Helper()
	q, err := caterpillar.OpenQR(caterpillar.QRConfig{URL: s.URL + "/external/v1", Credentials: s.credentials(), Options: s.options()})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// ids are the ids of leads in order.
func ids(leads []adapters.ReceivedLead) string {
	var all []string
	for _, l := range leads {
		all = append(all, l.Lead.LeadID)
	}
	return strings.Join(all, " ")
}

func list(leadIDs ...string) string {
	var all []string
	for _, id := range leadIDs {
		all = append(all, `{"leadId":"`+id+`","leadState":"NEW"}`)
	}
	return "[" + strings.Join(all, ",") + "]"
}
