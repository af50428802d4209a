package leadsync

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// This file holds what people do, by a command or over the operator API. It may be
// done beside a gateway that runs on the same state.

// lookAgain is how often a busy lease is tried.
const lookAgain = time.Second

// holdSoon is hold, but waits for whoever has the lease.
func (w *Worker) holdSoon(ctx context.Context, do func(context.Context, *session) error) error {
	for {
		err := w.hold(ctx, do)
		if err != errBusy { //nolint:errorlint // its own and not one that wraps it: do may have lost the lease
			return err
		}
		if err := w.o.Sleep(ctx, lookAgain); err != nil {
			return err
		}
	}
}

// Pull fetches until no lead is left, and writes what is due.
func (w *Worker) Pull(ctx context.Context) error {
	if w.o.Source == nil {
		return fmt.Errorf("fetching leads: %w", ErrNotConnected)
	}
	return w.holdSoon(ctx, func(ctx context.Context, s *session) error {
		if err := s.recover(ctx); err != nil {
			return err
		}
		for more := true; more; {
			var m pullMark
			if err := s.load(ctx, markPull, &m); err != nil {
				return err
			}
			var err error
			if more, err = s.pull(ctx, m); err != nil {
				return err
			}
			if err := s.writeAll(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeAll writes what is due.
func (s *session) writeAll(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = s.write(ctx, writesAtOnce); err != nil {
			return err
		}
	}
	return nil
}

// Push looks for changes in the CRM, and sends what is due.
func (w *Worker) Push(ctx context.Context) error {
	if w.o.Updater == nil {
		return fmt.Errorf("reporting on leads: %w", ErrNotConnected)
	}
	return w.holdSoon(ctx, func(ctx context.Context, s *session) error {
		for more, due := true, true; more; {
			var m pushMark
			if err := s.load(ctx, markPush, &m); err != nil {
				return err
			}
			connected := m.Connected
			var err error
			if more, err = s.push(ctx, m, due); err != nil {
				return err
			}
			due = !connected
		}
		for more := true; more; {
			var err error
			if more, err = s.send(ctx, postsAtOnce); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reconcile reads the leads that were handed out before and were made between two
// days, both included, compares them with what is kept and writes what was missing.
func (w *Worker) Reconcile(ctx context.Context, since, until time.Time) error {
	if w.o.Source == nil {
		return fmt.Errorf("reading leads again: %w", ErrNotConnected)
	}
	if until.Before(since) {
		return errors.New("reading leads again: the last day is before the first")
	}
	return w.holdSoon(ctx, func(ctx context.Context, s *session) error {
		err := s.together(ctx, func(ctx context.Context) error { return s.wantWindow(ctx, "asked for", since, until) })
		if err != nil {
			return err
		}
		for more := true; more; {
			if more, err = s.reconcile(ctx, pagesAtOnce); err != nil {
				return err
			}
		}
		return s.writeAll(ctx)
	})
}

// Leads lists a dealer's leads by their ids.
func (w *Worker) Leads(ctx context.Context, f Filter) ([]Lead, error) {
	f.Dealer = w.o.Dealer
	if f.Limit <= 0 {
		f.Limit = 100
	}
	leads, err := w.o.Store.ListLeads(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("listing leads: %w", err)
	}
	return leads, nil
}

// Journey tells all that is known of a lead; ErrNoLead where there is none.
func (w *Worker) Journey(ctx context.Context, id string) (Journey, error) {
	leads, err := w.o.Store.LeadsByID(ctx, w.o.Dealer, []string{id})
	if err != nil {
		return Journey{}, fmt.Errorf("reading a lead: %w", err)
	}
	if len(leads) == 0 {
		return Journey{}, ErrNoLead
	}
	j := Journey{Lead: leads[0]}
	if j.Receipts, err = w.o.Store.LeadReceipts(ctx, w.o.Dealer, id, false); err != nil {
		return Journey{}, fmt.Errorf("reading a lead: %w", err)
	}
	if j.Updates, err = w.o.Store.LeadUpdates(ctx, w.o.Dealer, id); err != nil {
		return Journey{}, fmt.Errorf("reading the updates of a lead: %w", err)
	}
	return j, nil
}

// Counts counts leads and updates.
func (w *Worker) Counts(ctx context.Context) (Counts, error) {
	c, err := w.o.Store.LeadCounts(ctx, w.o.Dealer)
	if err != nil {
		return Counts{}, fmt.Errorf("counting leads: %w", err)
	}
	return c, nil
}

// Progress tells how far the work is.
func (w *Worker) Progress(ctx context.Context) (Progress, error) {
	var pulled pullMark
	var pushed pushMark
	var r Reconciliation
	if err := errors.Join(w.load(ctx, markPull, &pulled), w.load(ctx, markPush, &pushed), w.load(ctx, markReconcile, &r)); err != nil {
		return Progress{}, err
	}
	p := Progress{Pulled: pulled.Ended, Pushed: pushed.Pushed, Compared: pushed.Compared, Connected: pushed.Connected}
	if !r.Begun.IsZero() {
		p.Reconciling = &r
	}
	return p, nil
}

// Replayed says what Replay did.
type Replayed struct {
	Queued     int // parked updates that are sent again
	Superseded int // parked updates that are not: a later one of the lead has arrived, and an older state must not follow it
	Leads      int // held and failed leads that are written again
}

// Replay sends parked updates again and tries held and failed leads once more: those
// of one lead, or of all where id is "".
func (w *Worker) Replay(ctx context.Context, id string) (Replayed, error) {
	var done Replayed
	err := w.o.Store.Together(ctx, func(ctx context.Context) error {
		done = Replayed{}
		var ids []string
		if id != "" {
			ids = []string{id}
			leads, err := w.o.Store.LeadsByID(ctx, w.o.Dealer, ids)
			if err != nil {
				return err
			}
			if len(leads) == 0 {
				return ErrNoLead
			}
		}
		var err error
		if done.Leads, err = w.o.Store.MakeLeadsDue(ctx, w.o.Dealer, ids, w.o.Now()); err != nil {
			return err
		}
		parked, err := w.o.Store.LeadUpdates(ctx, w.o.Dealer, id, Parked)
		if err != nil {
			return err
		}
		for _, u := range parked {
			if err := w.replay(ctx, u, &done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Replayed{}, fmt.Errorf("replaying: %w", err)
	}
	w.Wake()
	return done, nil
}

func (w *Worker) replay(ctx context.Context, u Update, done *Replayed) error {
	through, err := w.o.Store.LeadUpdates(ctx, w.o.Dealer, u.Lead, Acknowledged)
	if err != nil {
		return err
	}
	if len(through) > 0 && through[len(through)-1].Seq > u.Seq {
		u.State = Superseded
		done.Superseded++
		return w.o.Store.SaveLeadUpdate(ctx, u)
	}
	u.State, u.Due, u.Done, u.Fails = Queued, w.o.Now(), time.Time{}, 0
	done.Queued++
	return w.o.Store.SaveLeadUpdate(ctx, u)
}

// Erase removes everything that is kept of a lead but its id, which keeps it from
// being taken again. What stands in the CRM stays. ErrNoLead where there is none.
func (w *Worker) Erase(ctx context.Context, id string) error {
	if err := w.o.Store.EraseLead(ctx, w.o.Dealer, id); err != nil {
		return fmt.Errorf("erasing a lead: %w", err)
	}
	return nil
}

// PlannedLead is a lead that would be written, and what that would do.
type PlannedLead struct {
	Lead    Lead
	Planned adapters.LeadPlanned
	Faults  []Fault // what keeps it from being written
}

// PlanPull tells what would be written to the CRM of the leads that are kept. It
// fetches nothing: a lead that is fetched is handed out for good.
func (w *Worker) PlanPull(ctx context.Context, limit int) ([]PlannedLead, error) {
	crm, leave, err := w.o.CRM.Enter()
	if err != nil {
		return nil, fmt.Errorf("entering the CRM: %w", err)
	}
	defer leave()
	if crm.Writer == nil || w.o.Source == nil {
		return nil, fmt.Errorf("planning what is written: %w", ErrNotConnected)
	}
	// Leads that rest are planned, too.
	leads, err := w.o.Store.LeadsToWrite(ctx, w.o.Dealer, time.UnixMilli(math.MaxInt64/2), limit)
	if err != nil {
		return nil, fmt.Errorf("looking for leads to write: %w", err)
	}
	var out []PlannedLead
	for _, l := range leads {
		p, err := w.plan(ctx, crm, l)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (w *Worker) plan(ctx context.Context, crm CRM, l Lead) (PlannedLead, error) {
	p := PlannedLead{Lead: l}
	receipts, err := w.o.Store.LeadReceipts(ctx, w.o.Dealer, l.ID, true)
	if err != nil {
		return p, fmt.Errorf("reading a lead: %w", err)
	}
	if len(receipts) == 0 {
		return p, nil
	}
	leads, unread := w.o.Source.Reread(receipts[0].Raw)
	if unread != nil || len(leads) != 1 {
		p.Faults = []Fault{{Reason: "it cannot be read as a lead"}}
		return p, nil
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	p.Planned, err = crm.Writer.PlanLead(limited, leads[0], &reading{Worker: w, id: l.ID})
	var unfit *adapters.NotFitting
	switch {
	case errors.As(err, &unfit):
		for _, f := range unfit.Faults {
			p.Faults = append(p.Faults, Fault{Field: f.Field, Reason: f.Reason})
		}
	case err != nil:
		return p, fmt.Errorf("planning a lead: %w", err)
	}
	return p, nil
}

// reading is a journal nothing can be noted in.
type reading struct {
	*Worker
	id string
}

// Rows implements adapters.LeadJournal.
func (r *reading) Rows(ctx context.Context) ([]adapters.CRMRow, error) {
	leads, err := r.o.Store.LeadsByID(ctx, r.o.Dealer, []string{r.id})
	if err != nil || len(leads) == 0 {
		return nil, err
	}
	return leads[0].Rows, nil
}

// Note implements adapters.LeadJournal.
func (r *reading) Note(context.Context, []adapters.CRMRow) error {
	return errors.New("a plan notes nothing")
}

// PlannedUpdate is an update that would be queued or held.
type PlannedUpdate struct {
	Lead   Lead
	Update Update  // without number and times
	Faults []Fault // why it would be held; none: it would be sent
}

// PlanPush tells which updates would be queued or held now, and keeps nothing.
// Updates that are queued already are in Journey.
func (w *Worker) PlanPush(ctx context.Context) ([]PlannedUpdate, error) {
	crm, leave, err := w.o.CRM.Enter()
	if err != nil {
		return nil, fmt.Errorf("entering the CRM: %w", err)
	}
	defer leave()
	if crm.States == nil {
		return nil, fmt.Errorf("planning updates: %w", ErrNotConnected)
	}
	var m pushMark
	if err := w.load(ctx, markPush, &m); err != nil {
		return nil, err
	}
	if !m.Connected && !w.o.SendExisting {
		return nil, nil // what stands there now will be the baseline
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	found, err := crm.States.ChangedLeads(limited, m.Cursor)
	cancel()
	if err != nil {
		return nil, fmt.Errorf("asking the CRM for changed leads: %w", err)
	}
	p := planning{Worker: w, seen: map[string]bool{}}
	for more := true; more; {
		var targets []target
		if targets, more, err = w.nextChanged(ctx, found); err != nil {
			return nil, err
		}
		if err := p.look(ctx, crm, targets); err != nil {
			return nil, err
		}
	}
	for after := ""; ; {
		leads, err := w.o.Store.LeadsToCheck(ctx, w.o.Dealer, after, statesAtOnce)
		if err != nil {
			return nil, fmt.Errorf("looking for held updates: %w", err)
		}
		if len(leads) == 0 {
			return p.updates, nil
		}
		after = leads[len(leads)-1].ID
		if err := p.look(ctx, crm, asTargets(leads)); err != nil {
			return nil, err
		}
	}
}

// planning gathers the updates that would be made.
type planning struct {
	*Worker
	seen    map[string]bool // leads that were looked at
	updates []PlannedUpdate
}

// look finds the updates of one page of leads.
func (p *planning) look(ctx context.Context, crm CRM, page []target) error {
	var ask []target
	var refs []adapters.LeadRef
	for _, t := range page {
		if !p.seen[t.lead.ID] && t.lead.State != Erased && (t.lead.State == Found || !t.lead.WrittenAt.IsZero()) {
			p.seen[t.lead.ID] = true
			ask, refs = append(ask, t), append(refs, t.ref)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	states, err := crm.States.LeadStates(limited, refs)
	if err != nil {
		return fmt.Errorf("reading the state of leads: %w", err)
	}
	if len(states) != len(refs) {
		return fmt.Errorf("the CRM told the state of %d of %d leads: %w", len(states), len(refs), adapters.ErrUnavailable)
	}
	for i, t := range ask {
		v := judge(t.lead, states[i])
		if v.notYet || standing(v) == t.lead.Standing {
			continue
		}
		p.updates = append(p.updates, PlannedUpdate{
			Lead: t.lead, Faults: v.faults,
			Update: Update{Dealer: t.lead.Dealer, Lead: t.lead.ID, Seq: t.lead.Seq + 1, Body: v.body, Sources: v.sources},
		})
	}
	return nil
}
