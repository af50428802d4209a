package leadsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A lease is short, so that another process soon takes over from one that died,
// and is renewed often, so that one that lives keeps it: three renewals may fail.
const (
	leaseLife  = time.Minute
	leaseRenew = 15 * time.Second
	callLimit  = time.Minute      // one call of a capability of the CRM
	keepLimit  = 30 * time.Second // keeping what came of something, also when the process is told to stop
	keepTries  = 4
	keepPause  = time.Second
)

// session is one holding of a dealer's lease.
type session struct {
	*Worker
	mu      sync.Mutex
	lease   Lease
	renewed time.Time
}

// errBusy: somebody else has the lease.
var errBusy = fmt.Errorf("%w at the moment", ErrLeaseLost)

// hold runs do while this process has the lease; errBusy where another has it. The
// context of do ends when the lease is lost.
func (w *Worker) hold(ctx context.Context, do func(context.Context, *session) error) (err error) {
	now := w.o.Now()
	s := &session{Worker: w, renewed: now, lease: Lease{
		Name: "leads/" + w.o.Dealer, Owner: fmt.Sprintf("%s/%d", w.o.Owner, w.sessions.Add(1)), Until: now.Add(leaseLife),
	}}
	got, err := w.o.Store.TakeLease(ctx, s.lease, now)
	if err != nil {
		return fmt.Errorf("taking the lease: %w", err)
	}
	if !got {
		return errBusy
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var keeper sync.WaitGroup
	keeper.Go(func() {
		for w.o.Sleep(ctx, leaseRenew) == nil {
			if err := s.renew(ctx); errors.Is(err, ErrLeaseLost) {
				cancel(err)
			}
		}
	})
	defer func() {
		cancel(nil)
		keeper.Wait()
		if lost := context.Cause(ctx); errors.Is(lost, ErrLeaseLost) {
			err = errors.Join(lost, err)
			return
		}
		s.drop(ctx)
	}()
	return do(ctx, s)
}

// drop gives the lease back, also when the process is stopping.
func (s *session) drop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepLimit)
	defer cancel()
	if err := s.o.Store.DropLease(ctx, s.lease); err != nil {
		s.o.Log.WarnContext(ctx, "the lease on leads could not be given back; it ends by itself", "err", err)
	}
}

// renew prolongs the lease if it is still ours.
func (s *session) renew(ctx context.Context) error {
	return s.together(ctx, func(context.Context) error { return nil })
}

// together runs do in one transaction that stands only while the lease is ours.
func (s *session) together(ctx context.Context, do func(context.Context) error) error {
	s.mu.Lock()
	lease, now := s.lease, s.o.Now()
	s.mu.Unlock()
	lease.Until = now.Add(leaseLife)
	err := s.o.Store.Together(ctx, func(ctx context.Context) error {
		if err := s.o.Store.HoldLease(ctx, lease, now); err != nil {
			return err
		}
		return do(ctx)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.After(s.renewed) {
		s.renewed = now
	}
	return nil
}

// still makes sure, before something is done outside the gateway, that the lease
// has a while to last; what takes longer is covered by the renewals meanwhile. A
// process that was halted finds out here.
func (s *session) still(ctx context.Context) error {
	s.mu.Lock()
	left := s.renewed.Add(leaseLife).Sub(s.o.Now())
	s.mu.Unlock()
	if left > leaseLife/2 && left <= leaseLife {
		return nil
	}
	return s.renew(ctx)
}

// durably keeps something that must not be lost although the process is told to
// stop, or the state is away for a moment.
func (s *session) durably(ctx context.Context, keep func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepLimit)
	defer cancel()
	var err error
	for try := range keepTries {
		if try > 0 && s.o.Sleep(ctx, keepPause<<try) != nil {
			break
		}
		if err = keep(ctx); err == nil || errors.Is(err, ErrLeaseLost) {
			return err
		}
	}
	return err
}

// The names of marks.
const (
	markPull      = "pull"
	markWrite     = "write"
	markPush      = "push"
	markReconcile = "reconcile"
)

// load reads a mark into v, which stays as it is where there is none.
func (w *Worker) load(ctx context.Context, name string, v any) error {
	text, err := w.o.Store.LeadMark(ctx, w.o.Dealer, name)
	if err != nil {
		return err
	}
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("reading the mark %s of dealer %s: %w", name, w.o.Dealer, err)
	}
	return nil
}

// mark keeps v under a name; nil removes it. It stands inside a transaction.
func (w *Worker) mark(ctx context.Context, name string, v any) error {
	if v == nil {
		return w.o.Store.SetLeadMark(ctx, w.o.Dealer, name, "")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing the mark %s: %w", name, err)
	}
	return w.o.Store.SetLeadMark(ctx, w.o.Dealer, name, string(text))
}

func (w *Worker) count(what Event, n int) {
	if n > 0 {
		w.o.Observe.Counted(w.o.Dealer, what, n)
	}
}

// over says whether nothing more is to be begun.
func over(ctx context.Context) bool { return ctx.Err() != nil }
