package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// The sandbox was written from the rules by itself, so what it sends is a second
// opinion on what is to be taken.
func TestThePortalsMessagesAreTaken(t *testing.T) {
	state, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	files, err := state.Attachments("")
	if err != nil {
		t.Fatal(err)
	}
	q := queue.New(queue.Options{
		Storage: state.Queue(), Owner: "test", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Sleep: func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() },
	})
	h := open(t, func(o *server.Options) {
		o.Messages = &intake.Options{Queue: q, Files: files}
		o.TokenHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, err := io.WriteString(w, `{"access_token":"message","token_type":"Bearer","expires_in":3600}`); err != nil {
				panic(http.ErrAbortHandler)
			}
		})
	})
	portal, err := sandbox.New(sandbox.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := portal.Connect(sandbox.Dealer{Code: "D100", URL: h.Base, ClientID: "crs", Secret: "s"}); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, kind := range []string{"purchase_order", "jobsite", "transfer", "extend", "calloff", "service", "quote", "lead"} {
		started, err := portal.StartRequests(sandbox.Start{Type: kind, PhotoBytes: 2 << 20, QuoteRequired: true})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, started...)
	}
	for _, id := range ids[:7] { // leads know no conversation
		for _, act := range []sandbox.Act{sandbox.MoreInfo, sandbox.Cancel} {
			if _, err := portal.Do(sandbox.Acted{ID: id, Act: act, Text: "<i>before</i> Friday"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := portal.Tell(sandbox.Say{Text: "When does it arrive?"}); err != nil {
		t.Fatal(err)
	}
	if err := portal.AddFaults(sandbox.Fault{On: sandbox.Delivery, Kind: sandbox.Duplicate, After: 5, Times: 4}); err != nil {
		t.Fatal(err)
	}
	n, err := portal.Deliver(t.Context())
	if err != nil || n != 8+14+1 {
		t.Fatalf("%d delivered, %v; %+v", n, err, portal.State().Portal)
	}
	for _, m := range portal.Mails() {
		if m.State != "delivered" {
			t.Errorf("%+v", m)
		}
	}
	items, err := q.List(t.Context(), queue.Filter{Lane: queue.Lane{Dealer: "D100", Direction: queue.In}, Most: 1000})
	if err != nil || len(items) != n {
		t.Fatalf("%d items, %v", len(items), err)
	}
	orders, photos := map[string]int{}, 0
	for _, i := range items {
		orders[i.OrderKey]++
		whole, err := q.Show(t.Context(), i.Number)
		if err != nil {
			t.Fatal(err)
		}
		body, err := attachment.Join(t.Context(), files, "D100", whole.Body)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) > 2<<20 {
			photos++
		}
	}
	for _, id := range ids[:7] {
		if orders["request:"+id] != 3 {
			t.Errorf("%s: %v", id, orders)
		}
	}
	if photos != 1 {
		t.Errorf("%d messages have a photo", photos)
	}
}
