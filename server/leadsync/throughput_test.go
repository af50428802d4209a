package leadsync_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// BenchmarkLeads carries leads into a CRM that costs nothing and reports one change
// of each, on a state in SQLite with every commit on disk: what remains is the
// gateway's own share.
func BenchmarkLeads(b *testing.B) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(b.TempDir(), "state.db"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	far, desk := newFar(), newDesk()
	crm := &mortal{far: far, desk: desk, fault: fault{together: true}} // takes leads as a database does
	w := leadsync.NewWorker(leadsync.Options{
		Dealer: dealer, Source: far, Updater: far, CRM: crm, Store: s, Owner: "one", Now: time.Now, Sleep: sleep, Log: slog.New(slog.DiscardHandler),
	})
	for i := range b.N {
		far.offer(newLead(fmt.Sprintf("L%07d", i)))
	}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(w.Push(ctx)) // connects
	b.ResetTimer()
	began := time.Now()
	must(w.Pull(ctx))
	pulled := time.Since(began)
	for _, c := range desk.cards {
		c.status, c.changed = string(model.LeadStatusAccepted), time.Now()
	}
	began = time.Now()
	must(w.Push(ctx))
	pushed := time.Since(began)
	if len(far.posts) != b.N {
		b.Fatalf("%d of %d updates arrived", len(far.posts), b.N)
	}
	b.ReportMetric(float64(b.N)/pulled.Seconds(), "leads/s")
	b.ReportMetric(float64(b.N)/pushed.Seconds(), "updates/s")
}
