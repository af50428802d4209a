package leadsync_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// openSQLite opens a state of the test's own.
func openSQLite(t *testing.T) *store.Store {
	return opened(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db"), Log: slog.New(slog.DiscardHandler)})
}

func opened(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestAgainstTheSandbox carries leads over HTTP, from the simulated service through
// the real client into the fake CRM and back, while everything that can go wrong on
// the way does.
func TestAgainstTheSandbox(t *testing.T) { againstTheSandbox(t, openSQLite) }

func againstTheSandbox(t *testing.T, open func(*testing.T) *store.Store) {
	ctx := t.Context()
	box, err := sandbox.New(sandbox.Options{Seed: 7, Leads: 230})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	base := &http.Transport{DisableKeepAlives: true}
	client, err := caterpillar.OpenLeads(caterpillar.LeadConfig{
		URL: server.URL + sandbox.LeadBase, Version: caterpillar.V2,
		Credentials: caterpillar.Credentials{TokenURL: server.URL + sandbox.TokenPath, ID: sandbox.DefaultClient.ID, Secret: sandbox.DefaultClient.Secret},
		Options:     caterpillar.Options{Transport: base, Wait: func(context.Context, time.Duration) error { return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	desk, log := newDesk(), &lines{}
	w := leadsync.NewWorker(leadsync.Options{
		Dealer: "D100", Source: client, Updater: client, CRM: desk, Store: open(t), Owner: "one", Batch: 7, Window: 800 * 24 * time.Hour,
		Now: time.Now, Sleep: sleep, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// until tries again after failures of the service, as Run does.
	until := func(do func(context.Context) error) {
		t.Helper()
		for range 20 {
			err := do(ctx)
			if err == nil {
				return
			}
			var failed *adapters.CallError
			if !errors.As(err, &failed) {
				t.Fatal(err)
			}
		}
		t.Fatal("it does not get through")
	}
	must(box.AddFaults(
		sandbox.Fault{On: sandbox.Token, Kind: sandbox.HTML},
		sandbox.Fault{On: sandbox.Leads, Kind: sandbox.Lost},
		sandbox.Fault{On: sandbox.Leads, Kind: sandbox.Duplicate},
		sandbox.Fault{On: sandbox.Leads, Kind: sandbox.Cut},
		sandbox.Fault{On: sandbox.Leads, Kind: sandbox.Status, Status: 500, Times: 6},
		sandbox.Fault{On: sandbox.Historic, Kind: sandbox.Cut},
		sandbox.Fault{On: sandbox.Historic, Kind: sandbox.Expire, After: 3},
	))
	until(w.Pull)
	must(w.Push(ctx)) // the first look: what stands there is no change
	today := time.Now()
	until(func(ctx context.Context) error { return w.Reconcile(ctx, today.AddDate(-2, 0, 0), today) })

	var want, have []string
	for _, l := range box.Leads() {
		want = append(want, l.LeadID)
	}
	desk.mu.Lock()
	for _, c := range desk.cards {
		have = append(have, c.lead)
	}
	desk.mu.Unlock()
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Fatalf("the CRM holds others than were made (-want +got):\n%s", diff)
	}

	must(box.AddFaults(
		sandbox.Fault{On: sandbox.Updates, Kind: sandbox.Lost, After: 2},
		sandbox.Fault{On: sandbox.Updates, Kind: sandbox.Status, Status: 503, After: 4, Times: 5},
		sandbox.Fault{On: sandbox.Updates, Kind: sandbox.Expire, After: 6},
	))
	for _, comment := range []string{"first", "second"} {
		for _, id := range want[:40] {
			desk.work(id, func(c *card) { c.status, c.comment = "Accepted", comment })
		}
		desk.work(want[50], func(c *card) { c.status = "Rejected" }) // without a reason: held
		until(w.Push)
	}
	if refused := box.Refusals(); len(refused) != 0 {
		t.Errorf("the service refused: %+v", refused)
	}
	arrived, repeats := map[string][]string{}, 0
	for _, u := range box.Updates(0) {
		if u.Repeat {
			repeats++
			continue
		}
		var body struct{ Comments string }
		must(json.Unmarshal(u.Update, &body))
		arrived[u.LeadID] = append(arrived[u.LeadID], body.Comments)
	}
	for _, id := range want[:40] {
		if diff := cmp.Diff([]string{"first", "second"}, arrived[id]); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	if len(arrived) != 40 {
		t.Errorf("updates of %d leads arrived", len(arrived))
	}
	counts, err := w.Counts(ctx)
	must(err)
	if counts.Repeats < repeats || counts.Held != 1 || counts.Updates[leadsync.Acknowledged] != 80 || counts.Updates[leadsync.Parked] != 0 {
		t.Errorf("%+v, and %d repeats arrived", counts, repeats)
	}
	if counts.Leads[leadsync.Written] != 230 {
		t.Errorf("%+v", counts.Leads)
	}

	changed, err := box.ChangeLead(want[0], map[string]json.RawMessage{"catPrequalificationStatus": json.RawMessage("true")})
	if err != nil || !changed {
		t.Fatalf("%v %v", changed, err)
	}
	until(w.Pull)
	desk.mu.Lock()
	defer desk.mu.Unlock()
	for _, c := range desk.cards {
		if c.lead == want[0] && !c.approve {
			t.Error("the changed lead was not written")
		}
	}
	if len(desk.cards) != 230 {
		t.Errorf("%d cards", len(desk.cards))
	}
}
