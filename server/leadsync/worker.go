package leadsync

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

const (
	idleLook     = time.Minute // how soon what others did is noticed
	firstPause   = 5 * time.Second
	longestPause = 15 * time.Minute
	tidyEvery    = 24 * time.Hour
	writesAtOnce = 25 // leads; a mapping is replaced between two
	writeBatches = 40 // of one step: as many leads as the calls of one bring
	postsAtOnce  = 100
)

// Names of jobs that have no mark.
const (
	jobSend  = "send"
	jobTidy  = "tidy"
	jobState = "state"
)

// Worker looks after one dealer's leads.
type Worker struct {
	o        Options
	wake     chan struct{}
	sessions atomic.Int64
	jobs     map[string]*job // used by Run alone
	tidied   time.Time
	unsent   atomic.Bool // sending failed last
}

// job is one of the things that happen in turn; one that fails rests while the
// others go on.
type job struct {
	failures int
	rests    time.Time
}

// NewWorker makes a Worker; Run starts it. The methods for people may be called
// beside a Run, in this process and in others.
func NewWorker(o Options) *Worker {
	return &Worker{o: o.withDefaults(), wake: make(chan struct{}, 1), jobs: map[string]*job{}}
}

// Wake has Run look now: something was replayed, a mapping was read again.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, which is no error. What fails is logged and tried again.
func (w *Worker) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause := idleLook
		err := w.hold(ctx, func(ctx context.Context, s *session) (err error) {
			pause, err = s.cycle(ctx)
			return err
		})
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrLeaseLost):
			w.o.Log.DebugContext(ctx, "another process works on the leads of this dealer")
			pause = leaseRenew // it may have died
		case err != nil:
			pause = w.failed(ctx, jobState, err)
		default:
			w.worked(jobState)
		}
		if err := w.rest(ctx, pause); err != nil {
			return fmt.Errorf("waiting: %w", err)
		}
	}
	return nil
}

// rest waits for a time, for Wake or for ctx.
func (w *Worker) rest(ctx context.Context, d time.Duration) error {
	resting, cancel := context.WithCancel(ctx)
	var listener sync.WaitGroup
	listener.Go(func() {
		select {
		case <-w.wake:
			cancel()
		case <-resting.Done():
		}
	})
	err := w.o.Sleep(resting, d)
	if resting.Err() != nil { // woken, or told to stop
		err = nil
	}
	cancel()
	listener.Wait()
	return err
}

// cycle does everything that is due and gives how long nothing is. An error is one
// of the gateway's own state; the others rest by themselves.
func (s *session) cycle(ctx context.Context) (time.Duration, error) {
	if err := s.recover(ctx); err != nil {
		return 0, err
	}
	steps := []struct {
		name   string
		failed Event
		run    func(context.Context) (more bool, err error)
	}{
		{markPull, PullFailed, s.pullIfDue},
		{markWrite, WriteFailed, s.writeMany},
		{markReconcile, PullFailed, func(ctx context.Context) (bool, error) { return s.reconcile(ctx, pagesAtOnce) }},
		{markPush, PushFailed, s.pushIfDue},
		{jobSend, PushFailed, func(ctx context.Context) (bool, error) { return s.send(ctx, postsAtOnce) }},
		{jobTidy, WriteFailed, s.tidyIfDue},
	}
	for again := true; again; {
		again = false
		for _, step := range steps {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if s.resting(step.name) {
				continue
			}
			more, err := step.run(ctx)
			switch {
			case errors.Is(err, ErrLeaseLost) || ctx.Err() != nil:
				return 0, err
			case err != nil:
				s.count(step.failed, 1)
				s.failed(ctx, step.name, err)
			default:
				s.worked(step.name)
				again = again || more
			}
		}
	}
	return s.pause(ctx)
}

// pause gives how long nothing is due.
func (s *session) pause(ctx context.Context) (time.Duration, error) {
	var pulled pullMark
	var pushed pushMark
	if err := errors.Join(s.load(ctx, markPull, &pulled), s.load(ctx, markPush, &pushed)); err != nil {
		return 0, err
	}
	now := s.o.Now()
	due := map[string]time.Duration{
		markPull: until(now, pulled.Began, s.o.PullEvery),
		markPush: until(now, pushed.Pushed, s.o.PushEvery),
	}
	if s.o.Source == nil {
		delete(due, markPull)
	}
	for name, j := range s.jobs {
		if j.failures > 0 { // it rests, however long it has been due
			due[name] = j.rests.Sub(now)
		}
	}
	pause := idleLook
	for _, wait := range due {
		pause = min(pause, wait)
	}
	return max(pause, time.Second), nil
}

// until gives how long it is until something is due that was done last then. A
// clock that was put back must not stop it.
func until(now, last time.Time, every time.Duration) time.Duration {
	left := last.Add(every).Sub(now)
	if last.IsZero() || left > every {
		return 0
	}
	return max(left, 0)
}

func (w *Worker) job(name string) *job {
	if w.jobs[name] == nil {
		w.jobs[name] = &job{}
	}
	return w.jobs[name]
}

func (w *Worker) resting(name string) bool {
	j := w.job(name)
	return j.failures > 0 && j.rests.After(w.o.Now())
}

func (w *Worker) worked(name string) {
	*w.job(name) = job{}
	if name == jobSend {
		w.unsent.Store(false)
	}
}

// failed logs and gives the pause before the next try, ever longer.
func (w *Worker) failed(ctx context.Context, name string, err error) time.Duration {
	j := w.job(name)
	pause := growing(j.failures)
	var call *adapters.CallError
	if errors.As(err, &call) && call.RetryAfter > pause {
		pause = min(call.RetryAfter, time.Hour)
	}
	if j.failures == 0 {
		w.o.Log.WarnContext(ctx, "work on leads stopped; it goes on by itself", "step", name, "err", err)
	} else {
		w.o.Log.DebugContext(ctx, "work on leads stopped again", "step", name, "failures", j.failures+1, "err", err)
	}
	if name == jobSend {
		w.unsent.Store(true)
	}
	j.failures++
	j.rests = w.o.Now().Add(pause)
	return pause
}

// growing gives the pause after so many failures, varied so that many workers do
// not come back together.
func growing(failures int) time.Duration {
	pause := min(firstPause<<min(failures, 12), longestPause)
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // spreads load, guards nothing
}

// tidyIfDue forgets what is old enough.
func (s *session) tidyIfDue(ctx context.Context) (bool, error) {
	now := s.o.Now()
	if until(now, s.tidied, tidyEvery) > 0 {
		return false, nil
	}
	before := Ages{Answers: now.Add(-s.o.Keep.Answers), Leads: now.Add(-s.o.Keep.Leads), Updates: now.Add(-s.o.Keep.Updates)}
	n, err := s.o.Store.ForgetLeads(ctx, s.o.Dealer, before, 500)
	if err != nil {
		return false, fmt.Errorf("forgetting what is old: %w", err)
	}
	if n == 0 {
		s.tidied = now
	}
	return n > 0, nil
}
