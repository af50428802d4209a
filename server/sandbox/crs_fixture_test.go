package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// gateway is a dealer's gateway that takes everything, unless told otherwise.
type gateway struct {
	*httptest.Server
	mu     sync.Mutex
	tokens int
	bodies []string // of messages, as they came
	asked  []string // pages that were fetched
	answer func(n int) int
}

func (s *side) gateway(dealer string) *gateway {
	s.tb.Helper()
	g := &gateway{answer: func(int) int { return http.StatusOK }}
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, status int, text string) {
		w.WriteHeader(status)
		if _, err := io.WriteString(w, text); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "crs" || secret != "s%26" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		g.mu.Lock()
		g.tokens++
		n := g.tokens
		g.mu.Unlock()
		say(w, 200, fmt.Sprintf(`{"access_token":"t%d","token_type":"Bearer","expires_in":3600}`, n))
	})
	mux.HandleFunc("POST /api/v1/message", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer t") || r.Header.Get("Content-Type") != "application/json" {
			panic(http.ErrAbortHandler)
		}
		g.mu.Lock()
		g.bodies = append(g.bodies, string(body))
		n := len(g.bodies)
		g.mu.Unlock()
		say(w, g.answer(n), string(body))
	})
	mux.HandleFunc("GET /api/v1/", func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.asked = append(g.asked, r.URL.Path+" "+r.URL.Query().Get("customer")+" "+r.URL.Query().Get("page"))
		g.mu.Unlock()
		say(w, 200, `{"items":[{},{}],"totalPages":2}`)
	})
	g.Server = httptest.NewServer(mux)
	s.tb.Cleanup(g.Close)
	if err := s.Connect(sandbox.Dealer{Code: dealer, URL: g.URL + "/", ClientID: "crs", Secret: "s&"}); err != nil {
		s.tb.Fatal(err)
	}
	return g
}

// sent are the messages that arrived, as objects.
func (g *gateway) sent(t testing.TB) []sentMessage {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []sentMessage
	for _, b := range g.bodies {
		var m sentMessage
		if err := json.Unmarshal([]byte(b), &m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

type sentMessage struct {
	ID       string  `json:"submittedMessageId"`
	Customer *string `json:"customerNumber"`
	Type     string  `json:"messageType"`
	Payload  struct {
		ErrorCode string `json:"errorCode"`
		ErrorOf   string `json:"errorSubmittedMessageId"`
		Request   struct {
			LocalID, RemoteID, RequestType, Status string
			Title                                  *string
		}
		RequestUpdate  *struct{ Status string }
		RequestUpdates []struct{ Status string }
		Message        struct {
			MessageChain struct {
				LocalID, RemoteID string
				Active            bool
			}
			Messages []struct{ MessageText, CreatedDate string }
		}
	}
}

// deliver delivers and wants it to work.
func (s *side) deliver(want int) {
	s.tb.Helper()
	if n, err := s.Deliver(s.tb.Context()); err != nil || n != want {
		s.tb.Fatalf("%d delivered, %v; want %d", n, err, want)
	}
}

// started begins a request of a type and delivers it.
func (s *side) started(kind string, change ...func(*sandbox.Start)) string {
	s.tb.Helper()
	st := sandbox.Start{Type: kind}
	for _, c := range change {
		c(&st)
	}
	ids, err := s.StartRequests(st)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.deliver(1)
	return ids[0]
}

// posts sends a message to the portal as the default client.
func (s *side) posts(body string) answer {
	s.tb.Helper()
	if s.token == "" {
		s.login("")
	}
	return s.send(http.MethodPost, sandbox.MessagePath, body, "Authorization", "Bearer "+s.token, "Content-Type", "application/json")
}

func dealerMessage(id, kind, payload string) string {
	return `{"dealerCode":"D100","customerNumber":"0001007","submittedMessageId":"` + id + `","submittedTime":"2026-03-10T12:00:00Z","messageType":"` +
		kind + `","payload":` + payload + `}`
}

// moves sends an update of a request and says what the portal made of it.
func (s *side) moves(id, status, title, disposition string) string {
	s.tb.Helper()
	var kind string
	for _, d := range s.Desks() {
		if d.ID == id {
			kind = d.Type
		}
	}
	n := len(s.Notes())
	body := dealerMessage(fmt.Sprint("d-", n), "request", `{"request":{"localId":"own-`+id+`","remoteId":"`+id+`","requestType":"`+kind+`","status":"`+status+
		`"},"requestUpdate":{"status":"`+status+`","title":"`+title+`","createdBy":"local:kim","properties":{"disposition":"`+disposition+`"}}}`)
	if got := s.posts(body); got.status != http.StatusOK {
		s.tb.Fatalf("%d %s", got.status, got.body)
	}
	return s.Notes()[n].Verdict
}

func (s *side) desk(id string) sandbox.Desk {
	s.tb.Helper()
	for _, d := range s.Desks() {
		if d.ID == id {
			return d
		}
	}
	s.tb.Fatalf("no request %s", id)
	return sandbox.Desk{}
}
