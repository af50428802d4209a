package leadsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/alert"
)

// errNotSent: the service could not take updates; nothing is sent for a while.
var errNotSent = errors.New("lead updates do not get through")

// send posts some of the updates that are due, of each lead its first.
func (s *session) send(ctx context.Context, limit int) (more bool, err error) {
	if s.o.Updater == nil {
		return false, nil
	}
	updates, err := s.o.Store.NextLeadUpdates(ctx, s.o.Dealer, s.o.Now(), limit)
	if err != nil {
		return false, fmt.Errorf("looking for updates to send: %w", err)
	}
	sent := len(updates)
	callers := s.o.Parallel
	if s.unsent.Load() {
		callers = 1 // one finds out whether the service is back
	}
	q := &sending{session: s, left: updates}
	var group errgroup.Group // each update is of another lead
	for range min(callers, sent) {
		group.Go(func() error { return q.call(ctx) })
	}
	if err := group.Wait(); err != nil {
		return false, err
	}
	return sent > 0, ctx.Err()
}

// sending are updates that several callers send.
type sending struct {
	*session
	stopped atomic.Bool
	mu      sync.Mutex
	left    []Update
}

// next takes the updates of one call; none where nothing more is to be begun.
func (q *sending) next(ctx context.Context) []Update {
	if q.stopped.Load() || over(ctx) {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.left[:min(q.o.Batch, len(q.left))]
	q.left = q.left[len(batch):]
	return batch
}

// call makes one call after the other. What came of one is kept in the transaction
// that notes that the next begins, and of the last in one of its own.
func (q *sending) call(ctx context.Context) error {
	var came settled
	var err error
	for batch := q.next(ctx); err == nil && len(batch) > 0; batch = q.next(ctx) {
		if err = q.postBatch(ctx, batch, &came); err != nil {
			q.stopped.Store(true)
		}
	}
	return errors.Join(q.keep(ctx, &came), err)
}

// settled is what came of a call and is not kept yet.
type settled struct {
	updates []Update
	counts  map[Event]int
}

// save stands in a transaction.
func (s *session) save(ctx context.Context, came *settled) error {
	for _, u := range came.updates {
		if u.State == Parked {
			if err := s.alertParked(ctx, u); err != nil {
				return err
			}
		}
	}
	return s.saveUpdates(ctx, came.updates)
}

// saved counts what stands now.
func (s *session) saved(came *settled) {
	for what, n := range came.counts {
		s.count(what, n)
	}
	*came = settled{}
}

// keep keeps what came of a call, also when the process is told to stop.
func (s *session) keep(ctx context.Context, came *settled) error {
	if len(came.updates) == 0 {
		return nil
	}
	err := s.durably(ctx, func(ctx context.Context) error {
		return s.together(ctx, func(ctx context.Context) error { return s.save(ctx, came) })
	})
	if err != nil {
		return fmt.Errorf("keeping what came of sending updates: %w", err)
	}
	s.saved(came)
	return nil
}

// postBatch sends updates in one call, and each by itself where the service finds
// fault with one of them.
func (q *sending) postBatch(ctx context.Context, batch []Update, came *settled) error {
	refused, err := q.post(ctx, batch, came)
	if err != nil || !refused || len(batch) == 1 {
		return err
	}
	for i := range batch {
		if _, err := q.post(ctx, batch[i:i+1], came); err != nil {
			return err
		}
	}
	return nil
}

// post sends updates in one call. That it was begun is kept before, together with
// what came of the call before. refused says that the service found fault with one
// of several, and that none was settled. That the service failed counts against the
// updates of one call of a round alone.
func (q *sending) post(ctx context.Context, batch []Update, came *settled) (refused bool, err error) {
	bodies := make([]model.LeadUpdate, len(batch))
	again := 0
	for i := range batch {
		u := &batch[i]
		if err := json.Unmarshal(u.Body, &bodies[i]); err != nil {
			return false, fmt.Errorf("reading update %d: %w", u.ID, err)
		}
		if u.State == Sending || u.Unsure { // found after a crash, or answered by silence
			u.Repeats++
			again++
		}
		u.State, u.Sent, u.Unsure = Sending, q.o.Now(), false
		u.Calls++
	}
	err = q.together(ctx, func(ctx context.Context) error {
		if err := q.save(ctx, came); err != nil {
			return err
		}
		return q.saveUpdates(ctx, batch)
	})
	if err != nil {
		return false, fmt.Errorf("noting that updates are sent: %w", err)
	}
	q.saved(came)
	q.count(UpdatesAgain, again)
	answer, failure := q.o.Updater.PostUpdates(ctx, bodies)
	told := ctx.Err() != nil
	blame := failure == nil || told || errors.Is(failure, adapters.ErrBadRequest) || q.stopped.CompareAndSwap(false, true)
	parked, tries := 0, 0
	for i := range batch {
		u := &batch[i]
		u.Status, u.Answer, u.Done = answer.Status, string(answer.Body), q.o.Now()
		if answer.Ambiguous && answer.Tries > 1 { // the tries of a call repeat the same
			u.Repeats += answer.Tries - 1
			tries += answer.Tries - 1
		}
		parked += q.settleUpdate(u, answer, failure, outcome{told: told, several: len(batch) > 1, blame: blame})
	}
	*came = settled{updates: slices.Clone(batch), counts: map[Event]int{UpdatesAgain: tries, UpdatesParked: parked}}
	switch {
	case failure == nil:
		came.counts[UpdatesSent] = len(batch)
		return false, nil
	case told:
		return false, ctx.Err()
	case errors.Is(failure, adapters.ErrBadRequest):
		return true, nil
	}
	return false, fmt.Errorf("%w: %w", errNotSent, failure)
}

// outcome says under which circumstances a call ended.
type outcome struct {
	told    bool // the process is to stop
	several bool // updates were in it
	blame   bool // a failure of the service counts
}

// settleUpdate notes what came of a call with an update; it gives 1 where the update
// is parked.
func (s *session) settleUpdate(u *Update, answer adapters.PostAnswer, failure error, how outcome) (parked int) {
	u.State, u.Unsure = Queued, answer.Ambiguous
	switch {
	case failure == nil:
		u.State, u.Unsure, u.Fault, u.Fails = Acknowledged, false, "", 0
		return 0
	case how.told: // to stop in the middle of it; the next process sends it again
		u.Done, u.Unsure = time.Time{}, true
		return 0
	case errors.Is(failure, adapters.ErrBadRequest):
		u.Fault = failure.Error()
		if how.several {
			u.Done, u.Due = time.Time{}, s.o.Now()
			return 0
		}
		u.State = Parked
		return 1
	}
	u.Fault = failure.Error()
	if how.blame {
		u.Fails++
	}
	if u.Fails >= s.o.Calls {
		u.State = Parked
		return 1
	}
	u.Done = time.Time{}
	return 0
}

func (s *session) saveUpdates(ctx context.Context, updates []Update) error {
	for _, u := range updates {
		if err := s.o.Store.SaveLeadUpdate(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) alertParked(ctx context.Context, u Update) error {
	a := alert.Alert{
		Dealer: w.o.Dealer, Cause: CauseParked, Title: "Lead updates do not get through to Caterpillar", Subject: "lead " + u.Lead,
		Detail: u.Fault, Command: "dealerbridge leads replay " + quoted(u.Lead),
	}
	if err := w.o.Alerts.Alert(ctx, a); err != nil {
		return fmt.Errorf("alerting: %w", err)
	}
	return nil
}
