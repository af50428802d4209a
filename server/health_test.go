package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

func TestHealth(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var own error
	h := open(t, func(o *server.Options) {
		o.Now = func() time.Time { return now }
		o.Ready = func(context.Context) error { return own }
	})
	ready := func(status int, want string) {
		t.Helper()
		a := h.as("").Get("/readyz")
		var body struct {
			Status, Gateway string
			Dealers         []struct{ Dealer, State string }
		}
		if err := json.Unmarshal(a.Body, &body); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(body.Status, " ", body.Gateway, " ", body.Dealers)
		if a.Status != status || got != want {
			t.Errorf("%d %s; want %d %s", a.Status, got, status, want)
		}
		if strings.Contains(string(a.Body), "secret") {
			t.Errorf("a cause is shown: %s", a.Body)
		}
	}
	ready(200, "ready ready [{D100 ready} {D200 ready}]")
	h.d200.state = fmt.Errorf("%w: secret", adapters.ErrUnavailable)
	ready(200, "ready ready [{D100 ready} {D200 ready}]") // the outcome holds for a moment
	now = now.Add(2 * time.Second)
	ready(200, "partly-ready ready [{D100 ready} {D200 unavailable}]")
	h.registry.Put(dealers.Faulty("D100", adapters.ErrMapping))
	now = now.Add(2 * time.Second)
	ready(503, "not-ready ready [{D100 mapping-faulty} {D200 unavailable}]")
	h.registry.Put(dealers.New("D100", newRMS()))
	now = now.Add(2 * time.Second)
	ready(200, "partly-ready ready [{D100 ready} {D200 unavailable}]")
	own = errors.New("stopping, secret")
	ready(503, "not-ready unavailable [{D100 ready} {D200 unavailable}]")

	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if a := h.as("").Do(method, "/livez"); a.Status != 200 {
			t.Errorf("%s /livez: %d", method, a.Status)
		}
	}
	h.as("").Do(http.MethodPost, "/livez").Problem(405)
}
