package leadsync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

const (
	pagesAtOnce = 5
	windowDays  = 30
	day         = 24 * time.Hour
	stuckAtMost = 5 // tries of one lead that cannot be read, before it is passed over
)

// Reconciliation is how far reading again is: windows of 30 days of creation, the
// newest first, each in pages.
type Reconciliation struct {
	Why    string    `json:"why"`
	Begun  time.Time `json:"begun"`
	Since  time.Time `json:"since"` // the oldest day
	Until  time.Time `json:"until"` // the newest day
	End    time.Time `json:"end"`   // the newest day of the window
	Offset int       `json:"offset"`
	Limit  int       `json:"limit"`
	Stuck  int       `json:"stuck,omitempty"`
	Read   int       `json:"read"`             // leads so far, some of them perhaps twice
	Found  int       `json:"found"`            // versions that were not known
	Unread int       `json:"unread,omitempty"` // leads that were passed over
}

// from gives the oldest day of the window.
func (r *Reconciliation) from() time.Time {
	from := r.End.Add(-(windowDays - 1) * day)
	if from.Before(r.Since) {
		return r.Since
	}
	return from
}

// wantReconcile has the leads of the whole window read again, from its newest end;
// one that is under way begins anew. It stands inside a transaction.
func (w *Worker) wantReconcile(ctx context.Context, why string) error {
	now := w.o.Now()
	return w.wantWindow(ctx, why, now.Add(-w.o.Window), now.Add(day))
}

func (w *Worker) wantWindow(ctx context.Context, why string, since, until time.Time) error {
	var r Reconciliation
	if err := w.load(ctx, markReconcile, &r); err != nil {
		return err
	}
	since, until = since.UTC().Truncate(day), until.UTC().Truncate(day)
	if !r.Begun.IsZero() { // keep what that one still had to do
		if r.Since.Before(since) {
			since = r.Since
		}
		if r.Until.After(until) {
			until = r.Until
		}
	}
	return w.mark(ctx, markReconcile, Reconciliation{
		Why: why, Begun: w.o.Now(), Since: since, Until: until, End: until, Limit: mostLeads, Read: r.Read, Found: r.Found, Unread: r.Unread,
	})
}

// shiftReconciliation begins the window anew: leads that were handed out meanwhile
// may have moved those behind them to other pages. It stands inside a transaction.
func (w *Worker) shiftReconciliation(ctx context.Context) error {
	var r Reconciliation
	if err := w.load(ctx, markReconcile, &r); err != nil {
		return err
	}
	if r.Begun.IsZero() || r.Offset == 0 {
		return nil
	}
	r.Offset = 0
	return w.mark(ctx, markReconcile, r)
}

// reconcile reads some pages of a reconciliation that is under way.
func (s *session) reconcile(ctx context.Context, pages int) (more bool, err error) {
	if s.o.Source == nil {
		return false, nil
	}
	for range pages {
		var r Reconciliation
		if err := s.load(ctx, markReconcile, &r); err != nil {
			return false, err
		}
		if r.Begun.IsZero() {
			return false, nil
		}
		if err := s.page(ctx, r); err != nil {
			return false, err
		}
	}
	return true, nil
}

// page reads one page, keeps what is new and how far it came.
func (s *session) page(ctx context.Context, r Reconciliation) error {
	if err := s.still(ctx); err != nil {
		return err
	}
	answer, err := s.o.Source.Historic(ctx, r.from(), r.End, r.Offset, r.Limit)
	if err != nil {
		return s.narrow(ctx, r, err)
	}
	next := r
	next.Stuck = 0
	next.Read += len(answer.Leads)
	done := false
	switch {
	case len(answer.Leads) >= r.Limit: // a shorter one is the last (R57)
		next.Offset += r.Limit
	case r.from().After(r.Since):
		next.End, next.Offset, next.Limit = r.from().Add(-day), 0, mostLeads
	default:
		done = true
	}
	_, err = s.take(ctx, taking{leads: answer.Leads, source: FromHistoric}, func(ctx context.Context, news int) error {
		next.Found = r.Found + news
		if done {
			return s.mark(ctx, markReconcile, nil)
		}
		return s.mark(ctx, markReconcile, next)
	})
	if err != nil {
		return fmt.Errorf("keeping what was read again: %w", err)
	}
	if done {
		s.o.Log.InfoContext(ctx, "leads handed out before were compared with those kept", "why", r.Why, "read", next.Read, "found", next.Found, "unread", next.Unread)
	}
	return nil
}

// narrow asks for less after an answer that cannot be read, and in the end passes
// over the one lead that keeps it from being read.
func (s *session) narrow(ctx context.Context, r Reconciliation, cause error) error {
	if !errors.Is(cause, adapters.ErrAnswerTooLarge) && !errors.Is(cause, adapters.ErrAnswer) {
		return fmt.Errorf("reading leads again: %w", cause)
	}
	switch {
	case r.Limit > 1:
		r.Limit = max(r.Limit/10, 1)
	case r.Stuck < stuckAtMost:
		r.Stuck++
	default:
		// It is the lead and not the service where the next one can be read.
		if _, err := s.o.Source.Historic(ctx, r.from(), r.End, r.Offset+1, 1); err != nil {
			return fmt.Errorf("reading leads again: %w", err)
		}
		r.Stuck, r.Offset, r.Unread = 0, r.Offset+1, r.Unread+1
		s.o.Log.ErrorContext(ctx, "a lead that was handed out before cannot be read again and is passed over", "from", r.from(), "to", r.End, "offset", r.Offset-1)
	}
	kept := s.together(ctx, func(ctx context.Context) error { return s.mark(ctx, markReconcile, r) })
	return errors.Join(fmt.Errorf("reading leads again: %w", cause), kept)
}
