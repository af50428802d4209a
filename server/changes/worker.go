package changes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

// What is assumed where Options say nothing.
const (
	DefaultEvery = 30 * time.Minute // as often as anybody asks (R177)
	DefaultBusy  = 0.2
)

const (
	customersAtOnce = 100             // customers of a batch
	digestsAtOnce   = 500             // kept digests of a batch; more than customersAtOnce when customers are gone
	leaseLife       = 3 * time.Minute // longer than callLimit and longestBreath together
	callLimit       = time.Minute     // one call of a capability
	saveLimit       = 30 * time.Second
	shortestBreath  = 200 * time.Millisecond // pauses owed are taken when they amount to this
	longestBreath   = time.Minute
	idleLook        = time.Minute // how soon a changed mapping or a lease that is free is noticed
	firstPause      = 5 * time.Second
	longestPause    = 5 * time.Minute
	triesAlone      = 3                   // of one customer, before the others go on without it
	forgetAfter     = 90 * 24 * time.Hour // customers of whom there is nothing
	enough          = 20                  // customers, to call a round suspicious
)

// Options configure a Worker.
type Options struct {
	Dealer   string
	Dealers  *dealers.Registry
	Store    Store
	Owner    string        // names this process in leases, unlike any other
	Every    time.Duration // from the start of one round of a kind to that of the next; 0: DefaultEvery
	Busy     float64       // the share of the time the dealer's system is kept busy, above 0 and at most 1; 0: DefaultBusy
	Now      func() time.Time
	Sleep    func(ctx context.Context, d time.Duration) error // returns early, with its error, when ctx ends
	Log      *slog.Logger
	Observer Observer
}

// Worker compares one dealer's customers, round after round. Of several
// processes on one state, one at a time works on a dealer.
type Worker struct {
	o        Options
	failures int    // in a row
	alone    int    // so many customers are read one by one, to find the one that fails
	stuck    string // kind and cursor the failures are about
	told     map[adapters.ChangeKind]adapters.Grade
}

// NewWorker makes a Worker; Run starts it.
func NewWorker(o Options) *Worker {
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	if o.Busy <= 0 || o.Busy > 1 {
		o.Busy = DefaultBusy
	}
	return &Worker{o: o}
}

// Run works until ctx ends, which is no error. What the dealer's system and the
// state answer in the meantime is logged and tried again.
func (w *Worker) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause, err := w.cycle(ctx)
		if err != nil && ctx.Err() == nil {
			pause = w.failed(ctx, err)
		}
		if err := w.o.Sleep(ctx, pause); err != nil && ctx.Err() == nil {
			return fmt.Errorf("waiting: %w", err)
		}
	}
	return nil
}

// failed logs and gives the pause before the next try, ever longer.
func (w *Worker) failed(ctx context.Context, err error) time.Duration {
	if errors.Is(err, ErrLeaseLost) {
		w.o.Log.InfoContext(ctx, "another process finds the changes of this dealer now")
		return idleLook
	}
	w.o.Observer.Failed(w.o.Dealer)
	pause := min(firstPause<<min(w.failures, 10), longestPause)
	if w.failures == 0 {
		w.o.Log.WarnContext(ctx, "looking for changes stopped; it goes on later where it was", "err", err)
	} else {
		w.o.Log.DebugContext(ctx, "looking for changes stopped again", "err", err, "failures", w.failures+1)
	}
	w.failures++
	return pause
}

// cycle does every round that is due and gives how long nothing is.
func (w *Worker) cycle(ctx context.Context) (time.Duration, error) {
	compared := w.compared(ctx)
	if len(compared) == 0 {
		return idleLook, nil
	}
	progress, err := w.progress(ctx)
	if err != nil {
		return 0, err
	}
	if due, wait := w.due(compared, progress); len(due) == 0 {
		return wait, nil
	}
	lease := Lease{Name: "changes/" + w.o.Dealer, Owner: w.o.Owner}
	got, err := w.take(ctx, &lease)
	if err != nil || !got {
		return idleLook, err
	}
	defer w.drop(ctx, lease)
	// It may have been worked on until the lease was free.
	if progress, err = w.progress(ctx); err != nil {
		return 0, err
	}
	due, _ := w.due(compared, progress)
	for _, kind := range due {
		walk := &walk{Worker: w, kind: kind, progress: progress[kind], lease: lease, renewed: w.o.Now()}
		if err := walk.run(ctx); err != nil {
			return 0, fmt.Errorf("comparing %s: %w", kind, err)
		}
		w.failures = 0
		progress[kind] = walk.progress
	}
	w.tell(ctx, progress)
	_, wait := w.due(compared, progress)
	return wait, nil
}

func (w *Worker) progress(ctx context.Context) (map[adapters.ChangeKind]Progress, error) {
	progress, err := w.o.Store.Progress(ctx, w.o.Dealer)
	if err != nil {
		return nil, fmt.Errorf("reading how far the comparison is: %w", err)
	}
	w.tell(ctx, progress)
	return progress, nil
}

// due gives the kinds whose round is due, and otherwise how long none is.
func (w *Worker) due(compared []adapters.ChangeKind, progress map[adapters.ChangeKind]Progress) ([]adapters.ChangeKind, time.Duration) {
	var due []adapters.ChangeKind
	wait, now := idleLook, w.o.Now()
	for _, kind := range compared {
		p := progress[kind]
		left := p.Started.Add(w.o.Every).Sub(now)
		// A clock that was put back must not stop the rounds.
		if p.Walking || p.Started.IsZero() || left <= 0 || left > w.o.Every {
			due = append(due, kind)
			continue
		}
		wait = min(wait, left)
	}
	return due, wait
}

// compared are the kinds the mapping in force wants compared. A dealer of whom
// nothing is served wants nothing; why is said by whoever looks after it.
func (w *Worker) compared(ctx context.Context) []adapters.ChangeKind {
	d, leave, err := w.enter()
	if err != nil {
		return nil
	}
	defer leave()
	all := grades(d.Grader, d.Changes)
	compared := comparedKinds(all)
	if len(compared) == 0 {
		w.announce(ctx, all)
	}
	return compared
}

// tell announces the grades, those of kinds that are compared by how far they
// have come.
func (w *Worker) tell(ctx context.Context, progress map[adapters.ChangeKind]Progress) {
	d, leave, err := w.enter()
	if err != nil {
		return // said by whoever asks next
	}
	defer leave()
	w.announce(ctx, warmed(grades(d.Grader, d.Changes), progress))
}

func (w *Worker) announce(ctx context.Context, all map[adapters.ChangeKind]adapters.Grade) {
	if maps.Equal(all, w.told) {
		return
	}
	w.told = all
	w.o.Observer.Graded(w.o.Dealer, all)
	attrs := make([]any, 0, 2*len(kinds))
	for _, kind := range kinds {
		attrs = append(attrs, string(kind), string(all[kind]))
	}
	w.o.Log.InfoContext(ctx, "how changes are found", attrs...)
}

// enter gives the dealer in force; the caller leaves it soon.
func (w *Worker) enter() (*dealers.Dealer, func(), error) {
	for {
		d, ok := w.o.Dealers.Dealer(w.o.Dealer)
		if !ok {
			return nil, nil, fmt.Errorf("dealer %s: %w", w.o.Dealer, adapters.ErrUnavailable)
		}
		leave, ok := d.Enter()
		switch {
		case ok && d.Fault != nil:
			leave()
			return nil, nil, d.Fault
		case ok:
			return d, leave, nil
		}
		if now, _ := w.o.Dealers.Dealer(w.o.Dealer); now == d {
			return nil, nil, fmt.Errorf("dealer %s is being closed: %w", w.o.Dealer, adapters.ErrUnavailable)
		}
	}
}

func (w *Worker) take(ctx context.Context, l *Lease) (bool, error) {
	now := w.o.Now()
	l.Until = now.Add(leaseLife)
	got, err := w.o.Store.TakeLease(ctx, *l, now)
	if err != nil {
		return false, fmt.Errorf("taking the lease: %w", err)
	}
	return got, nil
}

// drop gives the lease back, also when the process is stopping.
func (w *Worker) drop(ctx context.Context, l Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	if err := w.o.Store.DropLease(ctx, l); err != nil {
		w.o.Log.WarnContext(ctx, "the lease could not be given back; it ends by itself", "err", err)
	}
}
