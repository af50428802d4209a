package leadsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	var group errgroup.Group // each update is of another lead
	group.SetLimit(s.o.Parallel)
	if s.unsent.Load() {
		group.SetLimit(1) // one finds out whether the service is back
	}
	var stopped atomic.Bool
	for len(updates) > 0 {
		batch := updates[:min(s.o.Batch, len(updates))]
		updates = updates[len(batch):]
		group.Go(func() error {
			if stopped.Load() || over(ctx) {
				return nil
			}
			err := s.postBatch(ctx, batch, &stopped)
			if err != nil {
				stopped.Store(true)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return false, err
	}
	return sent > 0, ctx.Err()
}

// postBatch sends updates in one call, and each by itself where the service finds
// fault with one of them.
func (s *session) postBatch(ctx context.Context, batch []Update, stopped *atomic.Bool) error {
	refused, err := s.post(ctx, batch, stopped)
	if err != nil || !refused || len(batch) == 1 {
		return err
	}
	for i := range batch {
		if _, err := s.post(ctx, batch[i:i+1], stopped); err != nil {
			return err
		}
	}
	return nil
}

// post sends updates in one call. That it was begun is kept before, what came of it
// after, also when the process is told to stop. refused says that the service found
// fault with one of several, and that none was settled. stopped is set where the
// service failed, which counts against the updates of one call of a round alone.
func (s *session) post(ctx context.Context, batch []Update, stopped *atomic.Bool) (refused bool, err error) {
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
		u.State, u.Sent, u.Unsure = Sending, s.o.Now(), false
		u.Calls++
	}
	if err := s.together(ctx, func(ctx context.Context) error { return s.saveUpdates(ctx, batch) }); err != nil {
		return false, fmt.Errorf("noting that updates are sent: %w", err)
	}
	s.count(UpdatesAgain, again)
	answer, failure := s.o.Updater.PostUpdates(ctx, bodies)
	told := ctx.Err() != nil
	blame := failure == nil || told || errors.Is(failure, adapters.ErrBadRequest) || stopped.CompareAndSwap(false, true)
	parked, tries := 0, 0
	for i := range batch {
		u := &batch[i]
		u.Status, u.Answer, u.Done = answer.Status, string(answer.Body), s.o.Now()
		if answer.Ambiguous && answer.Tries > 1 { // the tries of a call repeat the same
			u.Repeats += answer.Tries - 1
			tries += answer.Tries - 1
		}
		parked += s.settleUpdate(u, answer, failure, outcome{told: told, several: len(batch) > 1, blame: blame})
	}
	err = s.durably(ctx, func(ctx context.Context) error {
		return s.together(ctx, func(ctx context.Context) error {
			for _, u := range batch {
				if u.State == Parked {
					if err := s.alertParked(ctx, u); err != nil {
						return err
					}
				}
			}
			return s.saveUpdates(ctx, batch)
		})
	})
	if err != nil {
		return false, errors.Join(fmt.Errorf("keeping what came of sending updates: %w", err), failure)
	}
	s.count(UpdatesAgain, tries)
	switch {
	case failure == nil:
		s.count(UpdatesSent, len(batch))
		return false, nil
	case told:
		return false, ctx.Err()
	case errors.Is(failure, adapters.ErrBadRequest):
		s.count(UpdatesParked, parked)
		return true, nil
	}
	s.count(UpdatesParked, parked)
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
