package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	saveLimit     = 15 * time.Second // one call of the storage
	idle          = time.Hour        // a lane in which nothing waits; its bell rings before
	firstPause    = time.Second      // after an error of the storage, doubling
	longestPause  = time.Minute
	shortestRetry = 2 * time.Second
	longestRetry  = 10 * time.Minute
)

// Work hands the items of one lane to a Handler, one after the other, until ctx
// ends, which is no error. Of all processes that work on a lane one does at a
// time. When ctx ends, the try under way is given the time to say what came of it,
// which it should do soon, and the lane is given back. Work needs Run beside it.
func (q *Queue) Work(ctx context.Context, lane Lane, h Handler, p Policy) error {
	q.mu.Lock()
	if _, ok := q.lanes[lane]; ok {
		q.mu.Unlock()
		return fmt.Errorf("lane %s is worked on in this process already", lane)
	}
	q.bell(lane)
	q.mu.Unlock()
	defer func() {
		q.mu.Lock()
		delete(q.lanes, lane)
		q.mu.Unlock()
	}()
	w := &worker{Queue: q, lane: lane, handler: h, policy: p.withDefaults()}
	for ctx.Err() == nil {
		pause, blocked := w.spell(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := q.rest(ctx, lane, pause, blocked); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func (p Policy) withDefaults() Policy {
	if p.Shortest <= 0 {
		p.Shortest = shortestRetry
	}
	if p.Longest <= 0 {
		p.Longest = longestRetry
	}
	p.Longest = max(p.Longest, p.Shortest)
	return p
}

// worker works on one lane.
type worker struct {
	*Queue
	lane     Lane
	handler  Handler
	policy   Policy
	failures int    // of the storage, in a row
	kind     string // of the item that is settled
	tell     func() // what is told when the settlement stands
}

// spell works until nothing can be done in the lane now. It returns for how
// long, and until when only the head's next try is waited for.
func (w *worker) spell(ctx context.Context) (pause time.Duration, blocked time.Time) {
	claim := Claim{Lane: w.lane, Owner: w.o.Owner}
	var before *Settlement
	for {
		now := w.o.Now()
		claim.Until = now.Add(w.o.Call + w.o.Margin)
		turn, err := w.turn(ctx, claim, now, before)
		switch {
		case errors.Is(err, ErrHeld):
			return idle, time.Time{}
		case errors.Is(err, ErrLeaseLost):
			w.o.Log.WarnContext(ctx, "a lane was lost while an item was under way; it may arrive twice, with one id", "lane", w.lane.String())
			w.o.Observer.Lost(w.lane)
			claim.Fence, before = 0, nil
			if ctx.Err() != nil {
				return 0, time.Time{}
			}
			continue
		case err != nil:
			if pause := w.failed(ctx, err); before == nil || w.o.Sleep(ctx, pause) != nil {
				w.release(ctx, claim)
				return pause, time.Time{}
			}
			continue
		}
		if before != nil {
			w.tell()
		}
		w.failures = 0
		claim = turn.Claim
		if turn.Item == nil {
			if turn.Wait.IsZero() {
				return idle, time.Time{}
			}
			// A clock that was put back must not hold a lane up.
			return min(max(turn.Wait.Sub(now), 0), w.policy.Longest), turn.Wait
		}
		if turn.Interrupted {
			w.o.Observer.Interrupted(w.lane, turn.Item.Kind)
		}
		before = w.try(ctx, &claim, *turn.Item)
	}
}

// turn calls the storage, also when the process is stopping: then nothing new
// is begun.
func (w *worker) turn(ctx context.Context, claim Claim, now time.Time, before *Settlement) (Turn, error) {
	if before != nil && ctx.Err() != nil {
		before.Last = true
	}
	if before == nil && ctx.Err() != nil {
		return Turn{}, ctx.Err()
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	var failed error
	asked := before
	if before != nil && before.Within != nil {
		do, with := before.Within, *before
		with.Within = func(ctx context.Context) error {
			failed = nil
			failed = do(ctx)
			return failed
		}
		asked = &with
	}
	turn, err := w.o.Storage.Turn(saving, claim, now, asked)
	if err == nil || failed == nil {
		return turn, err
	}
	// What was to be kept together could not be: the try failed after all.
	w.o.Log.ErrorContext(ctx, "what came of an item could not be kept", "lane", w.lane.String(), "item", before.Number, "err", failed)
	*before = Settlement{
		Number: before.Number, State: Waiting, Strike: true, Last: before.Last,
		Next: now.Add(w.policy.Shortest), Why: "what came of it could not be kept",
	}
	w.tell = func() { w.o.Observer.Failed(w.lane, w.kind, false) }
	return w.o.Storage.Turn(saving, claim, now, before)
}

// failed logs an error of the storage and gives the pause before the next try.
func (w *worker) failed(ctx context.Context, err error) time.Duration {
	pause := min(firstPause<<min(w.failures, 10), longestPause)
	if w.failures == 0 && ctx.Err() == nil {
		w.o.Log.WarnContext(ctx, "a lane stands still: the gateway's state does not answer", "lane", w.lane.String(), "err", err)
	}
	w.failures++
	return pause
}

// release gives the lane back where it is still held, also when the process is
// stopping.
func (w *worker) release(ctx context.Context, claim Claim) {
	if claim.Fence == 0 {
		return
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	if err := w.o.Storage.Release(saving, claim); err != nil {
		w.o.Log.WarnContext(ctx, "a lane could not be given back; its lease ends by itself", "lane", w.lane.String(), "err", err)
	}
}

// try hands one item out and says what is to be kept of it.
func (w *worker) try(ctx context.Context, claim *Claim, item Item) *Settlement {
	if w.policy.Strikes > 0 && item.Strikes >= w.policy.Strikes {
		// Only tries of which nobody said what came lead here.
		return w.settle(ctx, item, SetAside(fmt.Sprintf("begun %d times without an answer", item.Tries-1)))
	}
	calling, cancel := context.WithTimeout(ctx, w.o.Call)
	defer cancel()
	var mu sync.Mutex
	still := func(ctx context.Context) error {
		if err := errors.Join(calling.Err(), ctx.Err()); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		now := w.o.Now()
		renew := claim.Until.Sub(now) < w.o.Call
		if renew {
			claim.Until = now.Add(w.o.Call + w.o.Margin)
		}
		if err := w.o.Storage.Holds(ctx, *claim, renew); err != nil {
			return fmt.Errorf("asking whether the lane is still this process's: %w", err)
		}
		// The asking may have taken long.
		return errors.Join(calling.Err(), ctx.Err())
	}
	return w.settle(ctx, item, w.handle(calling, item, still))
}

// handle calls the Handler and survives it.
func (w *worker) handle(ctx context.Context, item Item, still func(context.Context) error) (o Outcome) {
	defer func() {
		if r := recover(); r != nil {
			// The value may hold anything.
			w.o.Log.ErrorContext(ctx, "handling an item panicked", "lane", w.lane.String(), "item", item.Number, "kind", item.Kind, "of", fmt.Sprintf("%T", r))
			o = Again("handling it panicked")
		}
	}()
	return w.handler.Handle(ctx, item, still)
}

// settle applies the policy to an outcome.
func (w *worker) settle(ctx context.Context, item Item, o Outcome) *Settlement {
	now := w.o.Now()
	s := &Settlement{Number: item.Number, State: o.state, Why: cut(o.why), Within: o.within}
	w.kind = item.Kind
	switch o.state {
	case Done:
		w.tell = func() { w.o.Observer.Delivered(w.lane, item.Kind, now.Sub(item.Enqueued)) }
		return s
	case Parked:
		return w.park(ctx, item, s)
	default: // also of an Outcome nobody made
		s.State = Waiting
	}
	if ctx.Err() != nil { // stopping is not failing
		s.Next, w.tell = now, func() {}
		return s
	}
	s.Strike = !o.blameless
	tooOften := w.policy.Strikes > 0 && item.Strikes+1 >= w.policy.Strikes
	tooLong := w.policy.Age > 0 && !item.Blamed.IsZero() && now.Sub(item.Blamed) >= w.policy.Age
	if s.Strike && (tooOften || tooLong) {
		return w.park(ctx, item, s)
	}
	s.Next = now.Add(w.pause(item.Tries, o.after))
	w.tell = func() {
		if item.Tries == 1 {
			w.o.Log.WarnContext(ctx, "an item failed and is tried again; its lane waits for it",
				"lane", w.lane.String(), "item", item.Number, "kind", item.Kind, "why", s.Why)
		}
		w.o.Observer.Failed(w.lane, item.Kind, o.blameless)
	}
	return s
}

// park sets an item aside, together with what the policy does about that.
func (w *worker) park(ctx context.Context, item Item, s *Settlement) *Settlement {
	s.State = Parked
	within, parked := s.Within, item
	parked.State, parked.Why = Parked, s.Why
	if s.Strike {
		parked.Strikes++
	}
	s.Within = func(ctx context.Context) error {
		if within != nil {
			if err := within(ctx); err != nil {
				return err
			}
		}
		if w.policy.Parked == nil {
			return nil
		}
		return w.policy.Parked(ctx, parked)
	}
	w.tell = func() {
		w.o.Log.ErrorContext(ctx, "an item was parked", "lane", w.lane.String(), "item", item.Number, "kind", item.Kind, "tries", item.Tries, "why", s.Why)
		w.o.Observer.Parked(w.lane, item.Kind)
	}
	return s
}

// pause is how long to wait after so many tries, at least after.
func (w *worker) pause(tries int, after time.Duration) time.Duration {
	d := w.policy.Longest
	if n := tries - 1; n < 40 && w.policy.Shortest < w.policy.Longest>>n {
		d = w.policy.Shortest << n
	}
	d = d/2 + time.Duration(w.o.Jitter()*float64(d/2))
	return min(max(d, after), w.policy.Longest)
}

// cut shortens what is kept of a reason.
func cut(why string) string {
	why = strings.ToValidUTF8(why, "?")
	if len(why) <= maxWhy {
		return why
	}
	n := maxWhy
	for !utf8.RuneStart(why[n]) {
		n--
	}
	return why[:n]
}
