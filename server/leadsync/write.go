package leadsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/alert"
)

const (
	rowOfFailures = 3  // leads in a row that could not be written: the CRM is away
	triesToFail   = 10 // of one lead, until it is called failed; it is tried on
)

// writeMark says which mapping the held leads were last tried with.
type writeMark struct {
	Version string `json:"version"`
}

// write puts some of the leads that are due into the CRM.
func (s *session) write(ctx context.Context, limit int) (more bool, err error) {
	crm, leave, err := s.o.CRM.Enter()
	if err != nil {
		return false, fmt.Errorf("entering the CRM: %w", err)
	}
	defer leave()
	if crm.Writer == nil {
		return false, nil
	}
	if err := s.newMapping(ctx, crm.Version); err != nil {
		return false, err
	}
	leads, err := s.o.Store.LeadsToWrite(ctx, s.o.Dealer, s.o.Now(), limit)
	if err != nil {
		return false, fmt.Errorf("looking for leads to write: %w", err)
	}
	if err := s.writeThese(ctx, crm, leads); err != nil {
		return false, err
	}
	return len(leads) == limit, nil
}

// writeThese writes leads: together where the CRM's adapter can, the others at the
// same time where that is wanted, for none of them waits for another.
// After some in a row that could not be written the rest is left for later.
func (s *session) writeThese(ctx context.Context, crm CRM, leads []Lead) error {
	leads, err := s.writeTogether(ctx, crm, leads)
	if err != nil {
		return err
	}
	var row, all atomic.Int64
	var group errgroup.Group
	group.SetLimit(s.o.Writers)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for _, l := range leads {
		group.Go(func() error {
			if over(ctx) || row.Load() >= rowOfFailures {
				return nil
			}
			err := s.writeLead(ctx, crm, l)
			switch {
			case err == nil:
				row.Store(0)
				return nil
			case errors.Is(err, adapters.ErrUnavailable) && ctx.Err() == nil:
				if row.Add(1) >= rowOfFailures || all.Add(1) == int64(len(leads)) {
					return err
				}
				return nil
			}
			stop(err) // the state fails, or the lease is gone: nothing more is begun
			return err
		})
	}
	err = group.Wait()
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return cause
	}
	return err
}

// writeMany is the step of a cycle.
func (s *session) writeMany(ctx context.Context) (more bool, err error) {
	more = true
	for n := 0; more && n < writeBatches; n++ {
		if more, err = s.write(ctx, writesAtOnce); err != nil {
			return false, err
		}
	}
	return more, nil
}

// newMapping makes held leads due when the mapping is another than before.
func (s *session) newMapping(ctx context.Context, version string) error {
	var m writeMark
	if err := s.load(ctx, markWrite, &m); err != nil {
		return err
	}
	if m.Version == version {
		return nil
	}
	return s.together(ctx, func(ctx context.Context) error {
		if _, err := s.o.Store.MakeLeadsDue(ctx, s.o.Dealer, nil, s.o.Now()); err != nil {
			return fmt.Errorf("trying held leads with the new mapping: %w", err)
		}
		return s.mark(ctx, markWrite, writeMark{Version: version})
	})
}

// writeLead writes the versions of one lead, in their order. The error is one of
// the state or wraps adapters.ErrUnavailable.
func (s *session) writeLead(ctx context.Context, crm CRM, l Lead) error {
	receipts, err := s.o.Store.LeadReceipts(ctx, s.o.Dealer, l.ID, true)
	if err != nil {
		return fmt.Errorf("reading a lead: %w", err)
	}
	if len(receipts) == 0 {
		l.Due = time.Time{}
		return s.together(ctx, func(ctx context.Context) error { return s.o.Store.SaveLead(ctx, l) })
	}
	for i, r := range receipts {
		on, err := s.writeReceipt(ctx, crm, &l, r, i == len(receipts)-1)
		if err != nil || !on {
			return err
		}
	}
	return nil
}

// writeReceipt writes one version of a lead; on says whether the next may follow.
func (s *session) writeReceipt(ctx context.Context, crm CRM, l *Lead, r Receipt, last bool) (on bool, err error) {
	if s.o.Source == nil {
		return false, ErrNotConnected
	}
	leads, err := s.o.Source.Reread(r.Raw)
	if len(leads) != 1 {
		return false, s.setAside(ctx, l, r, err)
	}
	if err := s.still(ctx); err != nil {
		return false, err
	}
	j := &journal{session: s, lead: l}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	res, err := crm.Writer.WriteLead(limited, leads[0], j)
	cancel()
	var unfit *adapters.NotFitting
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return false, err // told to stop: not a try
	case errors.Is(err, ErrLeaseLost):
		return false, err
	case errors.As(err, &unfit):
		return false, s.holdLead(ctx, l, unfit)
	default:
		return false, s.writeFailed(ctx, l, err)
	}
	s.apply(l, crm, res)
	if last {
		l.State, l.Due = Written, time.Time{}
	}
	err = s.durably(ctx, func(ctx context.Context) error {
		return s.together(ctx, func(ctx context.Context) error {
			if err := s.o.Store.SettleLeadReceipt(ctx, r.ID, Put, res.Outcome, l.WrittenAt); err != nil {
				return err
			}
			return s.o.Store.SaveLead(ctx, *l)
		})
	})
	if err != nil {
		return false, fmt.Errorf("noting that a lead was written: %w", err)
	}
	s.count(LeadsWritten, 1)
	return true, nil
}

// apply takes over what writing a version did.
func (s *session) apply(l *Lead, crm CRM, res adapters.LeadWritten) {
	l.WrittenAt, l.Outcome, l.Tries, l.Faults = s.o.Now(), res.Outcome, 0, nil
	if len(res.Rows) > 0 {
		l.Rows = res.Rows
	}
	if res.DealerLeadID != "" {
		l.DealerLeadID = res.DealerLeadID
	}
	if res.Ref.Row != nil || res.Ref.LeadID != "" {
		l.Ref, l.RowKey = res.Ref, rowKey(res.Ref.Row)
	}
	if crm.States == nil {
		return
	}
	// Only what this very write made, and nothing somebody did before or since,
	// becomes the baseline.
	switch {
	case res.After == nil:
		l.Recheck = true
	case res.Outcome == adapters.LeadCreated && l.Standing == "" && res.Before == nil:
		l.Standing, l.Baseline = standing(judge(*l, *res.After)), l.WrittenAt
	case res.Outcome == adapters.LeadUpdated && res.Before != nil && standing(judge(*l, *res.Before)) == l.Standing:
		l.Standing, l.Baseline = standing(judge(*l, *res.After)), l.WrittenAt
	default:
		l.Recheck = true
	}
}

// holdLead notes why a lead does not fit. It is tried again with every round.
func (s *session) holdLead(ctx context.Context, l *Lead, unfit *adapters.NotFitting) error {
	was := l.State
	l.State, l.Due, l.Faults = Held, s.o.Now().Add(s.o.PullEvery), nil
	for _, f := range unfit.Faults {
		l.Faults = append(l.Faults, Fault{Field: f.Field, Reason: f.Reason})
	}
	err := s.together(ctx, func(ctx context.Context) error {
		if was != Held {
			if err := s.alertLead(ctx, CauseLeadHeld, "A lead does not fit the CRM", *l); err != nil {
				return err
			}
		}
		return s.o.Store.SaveLead(ctx, *l)
	})
	if err != nil {
		return fmt.Errorf("holding a lead: %w", err)
	}
	if was != Held {
		s.count(LeadsHeld, 1)
	}
	return nil
}

// writeFailed notes a try in vain; the next comes after a growing pause.
func (s *session) writeFailed(ctx context.Context, l *Lead, cause error) error {
	l.Tries++
	l.Due = s.o.Now().Add(growing(l.Tries - 1))
	err := s.together(ctx, func(ctx context.Context) error {
		if l.Tries == triesToFail {
			l.State = Failed
			l.Faults = []Fault{{Reason: fmt.Sprintf("the CRM could not write it %d times; it is tried on", l.Tries)}}
			if err := s.alertLead(ctx, CauseStuck, "A lead cannot be written to the CRM", *l); err != nil {
				return err
			}
		}
		return s.o.Store.SaveLead(ctx, *l)
	})
	if err != nil {
		return errors.Join(fmt.Errorf("noting that a lead could not be written: %w", err), cause)
	}
	if errors.Is(cause, adapters.ErrUnavailable) {
		return fmt.Errorf("writing a lead: %w", cause)
	}
	return fmt.Errorf("writing a lead: %w: %w", adapters.ErrUnavailable, cause)
}

// setAside ends a version that was kept and cannot be read any more.
func (s *session) setAside(ctx context.Context, l *Lead, r Receipt, cause error) error {
	if cause != nil && !errors.Is(cause, adapters.ErrAnswer) {
		return fmt.Errorf("reading a lead: %w", cause)
	}
	l.State, l.Due = Failed, time.Time{}
	l.Faults = []Fault{{Reason: "a version of it is kept and cannot be read as a lead; look at it as it came"}}
	return s.together(ctx, func(ctx context.Context) error {
		if err := s.alertLead(ctx, CauseUnreadable, "A lead cannot be read", *l); err != nil {
			return err
		}
		if err := s.o.Store.SettleLeadReceipt(ctx, r.ID, Unreadable, "", s.o.Now()); err != nil {
			return err
		}
		return s.o.Store.SaveLead(ctx, *l)
	})
}

func (w *Worker) alertLead(ctx context.Context, cause, title string, l Lead) error {
	a := alert.Alert{
		Dealer: w.o.Dealer, Cause: cause, Title: title, Subject: "lead " + l.ID, Command: "dealerbridge leads show " + quoted(l.ID),
		Detail: inWords(l.Faults),
	}
	if err := w.o.Alerts.Alert(ctx, a); err != nil {
		return fmt.Errorf("alerting: %w", err)
	}
	return nil
}

// inWords lists faults in one line each.
func inWords(faults []Fault) string {
	text := ""
	for i, f := range faults {
		if i > 0 {
			text += "\n"
		}
		if f.Field != "" {
			text += f.Field + ": "
		}
		text += f.Reason
		if f.Rule != "" {
			text += " (" + f.Rule + ")"
		}
	}
	return text
}

// journal is what the CRM may note about the rows of a lead.
type journal struct {
	*session
	lead *Lead
}

var _ adapters.LeadJournal = (*journal)(nil)

// Rows implements adapters.LeadJournal. What another process noted counts, too.
func (j *journal) Rows(ctx context.Context) ([]adapters.CRMRow, error) {
	list, err := j.o.Store.LeadsByID(ctx, j.o.Dealer, []string{j.lead.ID})
	if err != nil {
		return nil, fmt.Errorf("reading the journal of a lead: %w", err)
	}
	for _, l := range list {
		j.lead.Rows = l.Rows
	}
	return slices.Clone(j.lead.Rows), nil
}

// Note implements adapters.LeadJournal.
func (j *journal) Note(ctx context.Context, rows []adapters.CRMRow) error {
	err := j.together(ctx, func(ctx context.Context) error {
		return j.o.Store.NoteLeadRows(ctx, j.o.Dealer, j.lead.ID, rows)
	})
	if err != nil {
		return fmt.Errorf("writing the journal of a lead: %w", err)
	}
	j.lead.Rows = slices.Clone(rows)
	return nil
}

// rowKey stands for the key of a lead's row; "" for none.
func rowKey(row map[string]string) string {
	if len(row) == 0 {
		return ""
	}
	text, err := json.Marshal(row) // in the order of the columns
	if err != nil {
		return "" // a map of texts can always be written
	}
	return short(text)
}
