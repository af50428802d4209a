package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

const (
	folderLook   = 5 * time.Second  // a changed mapping is in force this much later
	checkBeat    = time.Second      // how exactly pauses between checks are kept
	checkReady   = 30 * time.Second // between checks of a dealer that is served
	firstPause   = time.Second      // after the first failed check; grows by half, with jitter
	longestPause = time.Minute
	checkLimit   = 10 * time.Second // one check
)

// keeper looks after one dealer: opens its system, asks again while it is away,
// and takes up a changed mapping folder.
type keeper struct {
	cfg      config.Dealer
	open     func(context.Context) (adapters.Adapter, error)
	registry *dealers.Registry
	now      func() time.Time
	tick     Ticker
	log      *slog.Logger
	metrics  *metrics
	retiring sync.WaitGroup
	patience time.Duration         // how long calls to a replaced adapter may take
	fitted   func(*dealers.Dealer) // adds to an open dealer what the gateway itself knows of it; nil: nothing
	crm      bool                  // it is the dealer's CRM that is kept, and not its rental system

	folder  folder
	again   bool // the folder changed, and the new version could not be judged yet
	pauses  *backoff.ExponentialBackOff
	next    time.Time // of the next check
	told    string    // what was logged last, so that it is logged once
	mu      sync.Mutex
	current *dealers.Dealer
	adapter adapters.Adapter // nil: there is none to close
}

// start opens the dealer's system for the first time. It does not fail: a
// dealer of whom nothing can be served is answered 503 and named in readiness,
// the others are not touched.
func (k *keeper) start(ctx context.Context) {
	k.folder.dir = k.cfg.Mapping
	k.pauses = backoff.NewExponentialBackOff()
	k.pauses.InitialInterval, k.pauses.MaxInterval = firstPause, longestPause
	k.reopen(ctx)
	k.check(ctx)
}

// reopen opens the system and puts it in force, faulty or not.
func (k *keeper) reopen(ctx context.Context) {
	if k.cfg.Mapping != "" {
		if _, err := k.folder.look(); err != nil {
			k.log.DebugContext(ctx, "the mapping folder cannot be read", "err", err)
		}
	}
	a, err := k.open(ctx)
	if err != nil {
		k.put(dealers.Faulty(k.cfg.Code, err), nil)
		return
	}
	k.put(dealers.New(k.cfg.Code, a), a)
}

// put makes a version the one in force and ends the one before, once the calls
// inside it are over.
func (k *keeper) put(d *dealers.Dealer, a adapters.Adapter) {
	d.Version = k.folder.content
	if a != nil && k.fitted != nil {
		k.fitted(d)
	}
	k.mu.Lock()
	old := k.adapter
	k.current, k.adapter = d, a
	k.mu.Unlock()
	before := k.registry.Put(d)
	if before == nil {
		return
	}
	k.retiring.Go(func() { k.end(before, old) })
}

func (k *keeper) end(d *dealers.Dealer, a adapters.Adapter) {
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	if err := d.Retire(ctx); err != nil {
		k.log.Warn("calls to the replaced mapping did not end in time", "err", err)
	}
	if a == nil {
		return
	}
	if err := a.Close(); err != nil {
		k.log.Warn("closing the dealer's system failed", "err", err)
	}
}

// run keeps the dealer until ctx ends.
func (k *keeper) run(ctx context.Context) {
	looks, stopLooks := k.tick(folderLook)
	defer stopLooks()
	beats, stopBeats := k.tick(checkBeat)
	defer stopBeats()
	for {
		select {
		case <-ctx.Done():
			return
		case <-looks:
			k.look(ctx)
		case <-beats:
			if !k.now().Before(k.next) {
				k.check(ctx)
			}
		}
	}
}

// stop ends the dealer in force; run is over by then.
func (k *keeper) stop() {
	k.mu.Lock()
	d, a := k.current, k.adapter
	k.adapter = nil
	k.mu.Unlock()
	if d != nil {
		k.end(d, a)
	}
	k.retiring.Wait()
}

// check asks whether the dealer can be served, notes it and decides when to
// ask again: soon and ever less often while it cannot.
func (k *keeper) check(ctx context.Context) {
	k.mu.Lock()
	d := k.current
	k.mu.Unlock()
	if d.Fault != nil && !errors.Is(d.Fault, adapters.ErrMapping) {
		// It could not even be opened; a mapping with faults waits for its folder.
		k.reopen(ctx)
		k.mu.Lock()
		d = k.current
		k.mu.Unlock()
	}
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	err := d.Check(limited)
	if ctx.Err() != nil {
		return // the gateway is stopping; that says nothing about the dealer
	}
	k.metrics.ready(k.cfg.Code, k.crm, err == nil)
	if err == nil {
		k.pauses.Reset()
		k.next = k.now().Add(checkReady)
		k.tell(ctx, k.says("the dealer is served", "the CRM is connected"), nil)
		return
	}
	k.next = k.now().Add(k.pauses.NextBackOff())
	k.tell(ctx, k.says("the dealer is not served", "the CRM is not connected"), err)
}

// look takes up the mapping folder when its content changed.
func (k *keeper) look(ctx context.Context) {
	if k.cfg.Mapping == "" {
		return
	}
	changed, err := k.folder.look()
	if err != nil {
		k.log.WarnContext(ctx, "the mapping folder cannot be read; what is in force stays", "err", err)
		return
	}
	if !changed && !k.again {
		return
	}
	k.again = false
	fresh, err := k.open(ctx)
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, checkLimit)
		err = fresh.Check(limited)
		cancel()
		if err != nil && !errors.Is(err, adapters.ErrMapping) {
			k.again = true // the database is away, so nothing can be said about the new version
		}
	}
	k.mu.Lock()
	serving := k.current.Fault == nil
	k.mu.Unlock()
	switch {
	case err == nil:
		k.put(dealers.New(k.cfg.Code, fresh), fresh)
		k.metrics.reloaded(k.cfg.Code, k.crm, "taken")
		k.log.InfoContext(ctx, k.says("the changed mapping is in force", "the changed mapping of the CRM is in force"))
		k.check(ctx)
	case fresh != nil && !serving && !errors.Is(err, adapters.ErrMapping):
		// Nothing better is in force, and the form is right: serve it once the database is back.
		k.again = false
		k.put(dealers.New(k.cfg.Code, fresh), fresh)
		k.check(ctx)
	default:
		if fresh != nil {
			if cerr := fresh.Close(); cerr != nil {
				k.log.WarnContext(ctx, "closing the dealer's system failed", "err", cerr)
			}
		}
		if k.again {
			return
		}
		k.metrics.reloaded(k.cfg.Code, k.crm, "refused")
		if !serving {
			k.put(dealers.Faulty(k.cfg.Code, err), nil)
			k.check(ctx)
			return
		}
		k.complain(ctx, k.says("the changed mapping has faults; the one before stays in force", "the changed mapping of the CRM has faults; the one before stays in force"), err)
	}
}

// says chooses the words for what is kept.
func (k *keeper) says(rental, crm string) string {
	if k.crm {
		return crm
	}
	return rental
}

// tell logs a state when it differs from the one logged before.
func (k *keeper) tell(ctx context.Context, what string, err error) {
	text := what
	if err != nil {
		text += ": " + err.Error()
	}
	if text == k.told {
		return
	}
	k.told = text
	if err == nil {
		k.log.InfoContext(ctx, what)
		return
	}
	k.complain(ctx, what, err)
}

// faultsTold bounds the lines one faulty mapping writes into the log.
const faultsTold = 50

// complain logs what is wrong; a mapping's faults get a line each.
func (k *keeper) complain(ctx context.Context, what string, err error) {
	var faults mapfile.Faults
	if !errors.As(err, &faults) {
		k.log.ErrorContext(ctx, what, "err", err)
		return
	}
	faults = slices.DeleteFunc(faults.Sorted(), func(f mapfile.Fault) bool { return f.Warning })
	k.log.ErrorContext(ctx, what, "faults", len(faults))
	for _, f := range faults[:min(len(faults), faultsTold)] {
		k.log.ErrorContext(ctx, "mapping fault", "fault", f.String())
	}
}

// Ticker gives ticks at an interval until stop is called; tests hand in ticks
// of their own.
type Ticker func(every time.Duration) (ticks <-chan time.Time, stop func())

func clockTicker(every time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(every)
	return t.C, t.Stop
}
