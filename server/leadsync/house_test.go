package leadsync_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dealer = "D100"

// bench is a dealer between the two fakes, with a real state, in a bubble whose time
// passes when everybody waits.
type bench struct {
	*testing.T
	far   *far
	desk  *desk
	bell  *bell
	tally *tally
	log   *lines
	state leadsync.Store
	opts  func(*leadsync.Options)
	works int
}

func inBubble(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newBench(t)) })
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "state.db"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{T: t, far: newFar(), desk: newDesk(), bell: &bell{}, tally: &tally{}, log: &lines{}, state: s}
}

// worker makes one, as one process has it.
func (b *bench) worker() *leadsync.Worker {
	b.works++
	o := leadsync.Options{
		Dealer: dealer, Source: b.far, Updater: b.far, CRM: b.desk, Store: b.state, Alerts: b.bell, Observe: b.tally,
		Owner: fmt.Sprint("process-", b.works), Now: time.Now, Sleep: sleep, Log: slog.New(slog.NewTextHandler(b.log, nil)),
	}
	if b.opts != nil {
		b.opts(&o)
	}
	return leadsync.NewWorker(o)
}

// run starts a worker; stop ends it as a process that is told to.
func (b *bench) run(w *leadsync.Worker) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Errorf("the worker ended with %v", err)
		}
	})
	b.Cleanup(stop)
	return stop
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pass lets time go by, and everything happen that happens in it. What the test
// wrote before is seen by the fakes then.
func (b *bench) pass(d time.Duration) {
	for _, mu := range []*sync.Mutex{&b.far.mu, &b.desk.mu, &b.bell.mu, &b.tally.mu} {
		mu.Lock()
		mu.Unlock() //nolint:staticcheck // an empty section is the point
	}
	<-time.After(d)
	synctest.Wait()
}

// journey gives all of a lead.
func (b *bench) journey(id string) leadsync.Journey {
	b.Helper()
	j, err := b.worker().Journey(b.Context(), id)
	if err != nil {
		b.Fatalf("the journey of %s: %v", id, err)
	}
	return j
}

// must fails the test on an error.
func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// newLead makes a lead of today.
func newLead(id string, approved ...bool) model.Lead {
	name, made := "Lead "+id, time.Now().UTC().Format(time.RFC3339)
	l := model.Lead{LeadID: id, LeadState: model.LeadStateNEW, Name: &name, DateCreated: &made}
	if len(approved) > 0 {
		l.LeadState, l.CatPrequalificationStatus = model.LeadStateUPDATED, &approved[0]
	}
	return l
}

// lines is a log that can be read.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) has(what string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), what)
}
