package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/openapi"
	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/queue"
)

// lanes is a queue in memory that takes everything.
type lanes struct {
	mu    sync.Mutex
	items []queue.Item
}

func (l *lanes) Push(_ context.Context, items ...queue.Item) ([]queue.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, items...)
	return []queue.Receipt{queue.Added}, nil
}

func (l *lanes) Find(context.Context, queue.Lane, string) (queue.Item, error) {
	return queue.Item{}, queue.ErrUnknown
}

// noFiles is for messages without large ones.
type noFiles struct{ attachment.Keeper }

func withMessages(l *lanes) func(*server.Options) {
	return func(o *server.Options) {
		o.Messages = &intake.Options{Queue: l, Files: noFiles{}}
		o.Now = func() time.Time { return time.Date(2026, 3, 2, 8, 15, 1, 0, time.UTC) }
	}
}

const chain = `{"dealerCode":"D100","submittedMessageId":"m-1","submittedTime":"2026-03-02T08:15:00Z","messageType":"message","payload":{"message":` +
	`{"messageChain":{"localId":"c-7"},"messages":[{"createdDate":"2026-03-02T08:14:00Z","messageText":"When does the bucket arrive?"}]}}}`

// post posts a message; token and query may be empty.
func (h *house) post(tb testing.TB, bearer, query, body string) posted {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, h.Base+"/api/v1/message"+query, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := h.HTTP.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	return posted{resp.StatusCode, resp.Header, drain(tb, resp)}
}

// posted is the answer to a message.
type posted struct {
	status int
	header http.Header
	body   string
}

func TestMessages(t *testing.T) {
	t.Run("AMessageIsQueuedAndRepeated", func(t *testing.T) {
		l := &lanes{}
		h := open(t, withMessages(l))
		got := h.post(t, "message", "", chain)
		if got.status != http.StatusOK || len(l.items) != 1 || l.items[0].Lane != (queue.Lane{Dealer: "D100", Direction: queue.In}) {
			t.Fatalf("%d %s, %+v", got.status, got.body, l.items)
		}
		if want := `{"enqueuedTime":"2026-03-02T08:15:01Z","enqueuedClientId":"message",` + chain[1:]; got.body != want {
			t.Errorf("got %s", got.body)
		}
		doc, err := openapi.CRSDocument()
		if err != nil {
			t.Fatal(err)
		}
		var echo any
		if err := json.Unmarshal([]byte(got.body), &echo); err != nil {
			t.Fatal(err)
		}
		schema := doc.Paths.Find("/api/v1/message").Post.Responses.Value("200").Value.Content["application/json"].Schema.Value
		if err := schema.VisitJSON(echo, openapi3.MultiErrors()); err != nil {
			t.Errorf("the echo breaks the contract: %v", err)
		}
	})
	t.Run("WithoutAnIntakeThereIsNoSuchPath", func(t *testing.T) {
		if got := open(t).post(t, "message", "", chain); got.status != http.StatusNotFound {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("OnlyPOST", func(t *testing.T) {
		h := open(t, withMessages(&lanes{}))
		h.as("message").Get("/api/v1/message").Problem(http.StatusMethodNotAllowed)
	})
	t.Run("TheDealerParameterIsTaken", func(t *testing.T) { // R183
		h := open(t, withMessages(&lanes{}))
		for query, want := range map[string]int{
			"?dealer=D100": 200, "?DEALER=D100": 200, "?other=1": 200, "?dealer=": 200,
			"?dealer=D200": 403, "?dealer=D555": 403, "?dealer=D100&dealer=D100": 400, "?dealer=%zz": 400,
		} {
			if got := h.post(t, "message", query, chain); got.status != want {
				t.Errorf("%s: %d %s", query, got.status, got.body)
			}
		}
	})
	t.Run("FaultsAreListed", func(t *testing.T) {
		h := open(t, withMessages(&lanes{}))
		got := h.post(t, "message", "", `{"dealerCode":"D100"}`)
		var p model.Problem
		if err := json.Unmarshal([]byte(got.body), &p); err != nil {
			t.Fatal(err)
		}
		if got.status != http.StatusPaymentRequired || len(p.Faults) != 3 || got.header.Get("Content-Type") != problem.ContentType || p.RequestID == "" {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := h.post(t, "message", "", strings.Replace(chain, "D100", "D200", 1)); got.status != http.StatusForbidden {
			t.Errorf("another's dealer: %d %s", got.status, got.body)
		}
		if got := h.post(t, "message", "", strings.Replace(chain, "D100", "D555", 1)); got.status != http.StatusPaymentRequired {
			t.Errorf("nobody's dealer: %d %s", got.status, got.body)
		}
	})
	t.Run("WhoMayNotPostIsToldBeforeTheBodyIsRead", func(t *testing.T) {
		h := open(t, withMessages(&lanes{}))
		for header, want := range map[string]int{
			"": 401, "Authorization: Bearer wrong\r\n": 401, "Authorization: Bearer one\r\n": 403,
		} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.Base, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			// The head alone: who waits for the body never answers.
			if _, err := fmt.Fprintf(conn, "POST /api/v1/message HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n%s\r\n", header); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			body := drain(t, resp)
			challenge := resp.Header.Get("WWW-Authenticate")
			if resp.StatusCode != want || !strings.HasPrefix(challenge, "Bearer ") || want == 403 && !strings.Contains(challenge, `scope="crs.message"`) {
				t.Errorf("%q: %d %s %s", header, resp.StatusCode, challenge, body)
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("NothingOfAMessageIsLogged", func(t *testing.T) {
		h := open(t, withMessages(&lanes{}))
		h.post(t, "message", "", chain)
		h.post(t, "message", "", strings.Replace(chain, `"messageType":"message"`, `"messageType":"bucket-7"`, 1))
		for _, private := range []string{"bucket", "c-7", "m-1"} {
			if strings.Contains(h.log.String(), private) {
				t.Errorf("%q is in the log:\n%s", private, h.log)
			}
		}
		if !strings.Contains(h.log.String(), `"route":"/api/v1/message"`) {
			t.Error("it was not logged at all")
		}
	})
	t.Run("WhatHappenedIsCounted", func(t *testing.T) {
		h := open(t, withMessages(&lanes{}))
		h.post(t, "message", "", chain)
		h.post(t, "message", "", "x")
		got := map[string]float64{}
		families, err := h.prom.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() != "dealerbridge_message_intake_total" {
				continue
			}
			for _, m := range f.GetMetric() {
				var labels []string
				for _, l := range m.GetLabel() {
					labels = append(labels, l.GetValue())
				}
				got[strings.Join(labels, " ")] = m.GetCounter().GetValue()
			}
		}
		if got["D100 taken"] != 1 || got[" refused"] != 1 || len(got) != 2 {
			t.Errorf("got %v", got)
		}
	})
}
