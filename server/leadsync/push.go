package leadsync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/alert"
)

const (
	statesAtOnce   = 200 // leads of one question
	comparesAtOnce = 10  // pages of one step of a comparison
)

// pushMark says how far looking for changes is. Cursor is on the CRM's clock,
// everything else on the gateway's.
type pushMark struct {
	Pushed    time.Time `json:"pushed"`
	Cursor    time.Time `json:"cursor"`
	Connected bool      `json:"connected"`
	After     string    `json:"after,omitempty"` // of the first look at the CRM, or of a comparison
	Version   string    `json:"version"`         // of the mapping that was compared with
	Compared  time.Time `json:"compared"`        // end of the last comparison
	Comparing time.Time `json:"comparing"`       // beginning of the one under way
	Phase     int       `json:"phase,omitempty"`
}

// pushIfDue looks for changes when it is time, and goes on with a comparison.
func (s *session) pushIfDue(ctx context.Context) (more bool, err error) {
	var m pushMark
	if err := s.load(ctx, markPush, &m); err != nil {
		return false, err
	}
	due := until(s.o.Now(), m.Pushed, s.o.PushEvery) == 0
	if !due && m.Connected && m.Comparing.IsZero() {
		return false, nil
	}
	return s.push(ctx, m, due)
}

// push looks for changes.
func (s *session) push(ctx context.Context, m pushMark, due bool) (more bool, err error) {
	crm, leave, err := s.o.CRM.Enter()
	if err != nil {
		return false, fmt.Errorf("entering the CRM: %w", err)
	}
	defer leave()
	if crm.States == nil {
		m.Pushed = s.o.Now()
		return false, s.together(ctx, func(ctx context.Context) error { return s.mark(ctx, markPush, m) })
	}
	if !m.Connected {
		return s.connect(ctx, crm, m)
	}
	if due {
		if m, err = s.changed(ctx, crm, m); err != nil {
			return false, err
		}
	}
	if m.Comparing.IsZero() && (m.Version != crm.Version || m.Compared.Before(s.night())) {
		m.Comparing, m.Phase, m.After, m.Version = s.o.Now(), 0, "", crm.Version
	}
	if m.Comparing.IsZero() {
		return false, nil
	}
	return s.compare(ctx, crm, m)
}

// night gives the last moment at which all leads were to be compared.
func (s *session) night() time.Time {
	now := s.o.Now().In(s.o.Zone)
	for back := 0; ; back++ {
		at := time.Date(now.Year(), now.Month(), now.Day()-back, 0, 0, 0, 0, s.o.Zone).Add(s.o.CompareAt)
		if !at.After(now) {
			return at
		}
	}
}

// clock reads the CRM's clock, from which the next question goes back by a margin.
func (s *session) clock(ctx context.Context, crm CRM) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	now, err := crm.States.Clock(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the CRM's clock: %w", err)
	}
	return now.Add(-s.o.Margin), nil
}

// connect takes what stands in the CRM for the baseline of leads the gateway did
// not write, or leaves it to be sent. It goes on where it was.
func (s *session) connect(ctx context.Context, crm CRM, m pushMark) (more bool, err error) {
	if m.Cursor.IsZero() {
		if m.Cursor, err = s.clock(ctx, crm); err != nil {
			return false, err
		}
	}
	for range comparesAtOnce {
		refs, mark, err := s.allLeads(ctx, crm, m.After)
		if err != nil {
			return false, err
		}
		m.After = mark
		if mark == "" {
			m.Connected, m.Version, m.Compared = true, crm.Version, s.o.Now()
		}
		known, err := s.leadsOf(ctx, refs)
		if err != nil {
			return false, err
		}
		var news []target
		for i, ref := range refs {
			if known[i] == nil && ref.LeadID != "" {
				news = append(news, target{lead: s.found(ref), ref: ref})
			}
		}
		err = s.settle(ctx, crm, news, settling{baseline: !s.o.SendExisting}, func(ctx context.Context) error { return s.mark(ctx, markPush, m) })
		if err != nil {
			return false, fmt.Errorf("looking at the CRM for the first time: %w", err)
		}
		if m.Connected {
			break
		}
	}
	return true, nil
}

func (s *session) allLeads(ctx context.Context, crm CRM, after string) ([]adapters.LeadRef, string, error) {
	if err := s.still(ctx); err != nil {
		return nil, "", err
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	refs, mark, err := crm.States.AllLeads(limited, after, statesAtOnce)
	if err != nil {
		return nil, "", fmt.Errorf("listing the leads of the CRM: %w", err)
	}
	return refs, mark, nil
}

// found makes the lead of a row that the gateway did not write.
func (w *Worker) found(ref adapters.LeadRef) Lead {
	l := Lead{Dealer: w.o.Dealer, ID: ref.LeadID, State: Found, Ref: ref, RowKey: rowKey(ref.Row)}
	if len(l.ID) > longestID || l.ID[0] == '#' {
		l.ID = "#" + short([]byte(ref.LeadID))
	}
	return l
}

// leadsOf finds the leads of refs; nil where there is none.
func (w *Worker) leadsOf(ctx context.Context, refs []adapters.LeadRef) ([]*Lead, error) {
	var ids, keys []string
	for _, ref := range refs {
		if ref.LeadID != "" {
			ids = append(ids, w.found(ref).ID)
		} else if key := rowKey(ref.Row); key != "" {
			keys = append(keys, key)
		}
	}
	byID, err := w.o.Store.LeadsByID(ctx, w.o.Dealer, ids)
	if err != nil {
		return nil, fmt.Errorf("finding leads: %w", err)
	}
	byRow, err := w.o.Store.LeadsByRow(ctx, w.o.Dealer, keys)
	if err != nil {
		return nil, fmt.Errorf("finding leads: %w", err)
	}
	index := map[string]*Lead{}
	for i := range byID {
		index["id "+byID[i].ID] = &byID[i]
	}
	for i := range byRow {
		index["row "+byRow[i].RowKey] = &byRow[i]
	}
	out := make([]*Lead, len(refs))
	for i, ref := range refs {
		if ref.LeadID != "" {
			out[i] = index["id "+w.found(ref).ID]
		} else {
			out[i] = index["row "+rowKey(ref.Row)]
		}
	}
	return out, nil
}

// changed looks at the leads whose rows changed, and at those that are to be looked
// at again. The cursor moves with the last of what it covers.
func (s *session) changed(ctx context.Context, crm CRM, m pushMark) (pushMark, error) {
	began := s.o.Now()
	cursor, err := s.clock(ctx, crm)
	if err != nil {
		return m, err
	}
	if err := s.still(ctx); err != nil {
		return m, err
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	found, err := crm.States.ChangedLeads(limited, m.Cursor)
	cancel()
	if err != nil {
		return m, fmt.Errorf("asking the CRM for changed leads: %w", err)
	}
	if err := s.recheck(ctx, crm); err != nil {
		return m, err
	}
	next := m
	next.Cursor, next.Pushed = cursor, began
	for {
		targets, more, err := s.nextChanged(ctx, found)
		if err != nil {
			return m, err
		}
		last := !more
		err = s.settle(ctx, crm, targets, settling{}, func(ctx context.Context) error {
			if last {
				return s.mark(ctx, markPush, next)
			}
			return nil
		})
		if err != nil {
			return m, fmt.Errorf("looking at changed leads: %w", err)
		}
		if last {
			return next, nil
		}
	}
}

// nextChanged are the next leads of those that changed.
func (w *Worker) nextChanged(ctx context.Context, found adapters.LeadPages) (targets []target, more bool, err error) {
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	refs, more, err := found.Next(limited, statesAtOnce)
	if err != nil {
		return nil, false, fmt.Errorf("asking the CRM for changed leads: %w", err)
	}
	targets, err = w.targets(ctx, refs)
	return targets, more, err
}

// targets are the leads behind refs that can be looked at. Rows without a lead id
// that the gateway did not write are none of its leads.
func (w *Worker) targets(ctx context.Context, refs []adapters.LeadRef) ([]target, error) {
	known, err := w.leadsOf(ctx, refs)
	if err != nil {
		return nil, err
	}
	var out []target
	for i, ref := range refs {
		switch {
		case known[i] != nil:
			out = append(out, target{lead: *known[i], ref: ref})
		case ref.LeadID != "":
			out = append(out, target{lead: w.found(ref), ref: ref})
		}
	}
	return out, nil
}

// recheck looks at leads of which an update is held, and at those whose state was
// not looked at when they were written.
func (s *session) recheck(ctx context.Context, crm CRM) error {
	for after := ""; ; {
		leads, err := s.o.Store.LeadsToCheck(ctx, s.o.Dealer, after, statesAtOnce)
		if err != nil {
			return fmt.Errorf("looking for held updates: %w", err)
		}
		if len(leads) == 0 {
			return nil
		}
		after = leads[len(leads)-1].ID
		if err := s.settle(ctx, crm, asTargets(leads), settling{}, nil); err != nil {
			return fmt.Errorf("looking at held updates again: %w", err)
		}
	}
}

func asTargets(leads []Lead) []target {
	targets := make([]target, len(leads))
	for i, l := range leads {
		targets[i] = target{lead: l, ref: l.Ref}
		if l.Ref.LeadID == "" && l.Ref.Row == nil {
			targets[i].ref = adapters.LeadRef{LeadID: l.ID}
		}
	}
	return targets
}

// compare looks at all leads without stamps: first those the gateway knows, which
// finds rows that are gone, then those of the CRM it does not.
func (s *session) compare(ctx context.Context, crm CRM, m pushMark) (more bool, err error) {
	for range comparesAtOnce {
		var targets []target
		if m.Phase == 0 {
			leads, err := s.o.Store.LeadsInCRM(ctx, s.o.Dealer, m.After, statesAtOnce)
			if err != nil {
				return false, fmt.Errorf("listing known leads: %w", err)
			}
			if len(leads) > 0 {
				m.After = leads[len(leads)-1].ID
			} else {
				m.Phase, m.After = 1, ""
			}
			targets = asTargets(leads)
		} else {
			refs, mark, err := s.allLeads(ctx, crm, m.After)
			if err != nil {
				return false, err
			}
			known, err := s.leadsOf(ctx, refs)
			if err != nil {
				return false, err
			}
			for i, ref := range refs {
				if known[i] == nil && ref.LeadID != "" {
					targets = append(targets, target{lead: s.found(ref), ref: ref})
				}
			}
			if m.After = mark; mark == "" {
				m.Compared, m.Comparing, m.Phase = m.Comparing, time.Time{}, 0
			}
		}
		if err := s.settle(ctx, crm, targets, settling{}, func(ctx context.Context) error { return s.mark(ctx, markPush, m) }); err != nil {
			return false, fmt.Errorf("comparing all leads: %w", err)
		}
		s.count(StatesCompared, len(targets))
		if m.Comparing.IsZero() {
			return false, nil
		}
	}
	return true, nil
}

// target is a lead to be looked at, and how the CRM names it.
type target struct {
	lead Lead
	ref  adapters.LeadRef
}

// settling says what states are looked at for.
type settling struct{ baseline bool }

// settle reads the states of leads and keeps what follows: an update is queued, or
// held, or nothing is. along stands in the same transaction.
func (s *session) settle(ctx context.Context, crm CRM, targets []target, how settling, along func(context.Context) error) error {
	states, err := s.states(ctx, crm, &targets)
	if err != nil {
		return err
	}
	events := map[Event]int{}
	err = s.together(ctx, func(ctx context.Context) error {
		clear(events)
		for i, t := range targets {
			what, err := s.settleOne(ctx, t, states[i], how)
			if err != nil {
				return err
			}
			events[what]++
		}
		if along == nil {
			return nil
		}
		return along(ctx)
	})
	if err != nil {
		return err
	}
	for _, what := range slices.Sorted(maps.Keys(events)) {
		if what != "" {
			s.count(what, events[what])
		}
	}
	return nil
}

// states asks the CRM; leads that are not written yet are left for later.
func (s *session) states(ctx context.Context, crm CRM, targets *[]target) ([]adapters.LeadState, error) {
	var ask []target
	var later []Lead
	for _, t := range *targets {
		switch {
		case t.lead.State == Erased:
		case t.lead.WrittenAt.IsZero() && t.lead.State != Found:
			if !t.lead.Recheck {
				t.lead.Recheck = true
				later = append(later, t.lead)
			}
		default:
			ask = append(ask, t)
		}
	}
	*targets = ask
	if len(later) > 0 {
		err := s.together(ctx, func(ctx context.Context) error {
			for _, l := range later {
				if err := s.o.Store.SaveLead(ctx, l); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(ask) == 0 {
		return nil, nil
	}
	if err := s.still(ctx); err != nil {
		return nil, err
	}
	refs := make([]adapters.LeadRef, len(ask))
	for i, t := range ask {
		refs[i] = t.ref
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	states, err := crm.States.LeadStates(limited, refs)
	if err != nil {
		return nil, fmt.Errorf("reading the state of leads: %w", err)
	}
	if len(states) != len(refs) {
		return nil, fmt.Errorf("the CRM told the state of %d of %d leads: %w", len(states), len(refs), adapters.ErrUnavailable)
	}
	return states, nil
}

// settleOne keeps what follows from the state of one lead.
func (s *session) settleOne(ctx context.Context, t target, state adapters.LeadState, how settling) (Event, error) {
	l, v := t.lead, judge(t.lead, state)
	now := s.o.Now()
	is := standing(v)
	if l.Ref.Row == nil && l.Ref.LeadID == "" {
		l.Ref, l.RowKey = t.ref, rowKey(t.ref.Row)
	}
	before := l
	l.Open, l.Recheck = v.open, false
	var what Event
	switch {
	case how.baseline:
		l.Standing, l.Baseline = is, now
	case is == l.Standing || v.notYet:
		l.HeldSince, l.HeldFor, l.Update = time.Time{}, nil, nil
	case len(v.faults) > 0:
		l.HeldFor, l.Update = v.faults, v.body
		if l.HeldSince.IsZero() {
			l.HeldSince, what = now, UpdatesHeld
			if err := s.alertHeld(ctx, l); err != nil {
				return "", err
			}
		}
	default:
		l.Seq++
		l.Standing, l.HeldSince, l.HeldFor, l.Update = is, time.Time{}, nil, nil
		what = UpdatesQueued
		u := Update{
			Dealer: l.Dealer, Lead: l.ID, Seq: l.Seq, Body: v.body, Sources: v.sources, State: Queued, Made: now, Due: now,
		}
		if err := s.o.Store.AddLeadUpdate(ctx, u); err != nil {
			return "", err
		}
	}
	if what == "" && same(before, l) && !how.baseline {
		return "", nil
	}
	return what, s.o.Store.SaveLead(ctx, l)
}

// same tells whether looking at a lead changed anything that is kept.
func same(a, b Lead) bool {
	return a.Open == b.Open && a.Recheck == b.Recheck && a.Standing == b.Standing && a.HeldSince.Equal(b.HeldSince) &&
		slices.Equal(a.HeldFor, b.HeldFor) && string(a.Update) == string(b.Update) && (a.State != Found || !a.Baseline.IsZero() || a.Seq > 0)
}

func (w *Worker) alertHeld(ctx context.Context, l Lead) error {
	a := alert.Alert{
		Dealer: w.o.Dealer, Cause: CauseUpdateHeld, Title: "A lead cannot be reported as it stands in the CRM", Subject: "lead " + l.ID,
		Detail: inWords(l.HeldFor), Command: "dealerbridge leads show " + quoted(l.ID),
	}
	if err := w.o.Alerts.Alert(ctx, a); err != nil {
		return fmt.Errorf("alerting: %w", err)
	}
	return nil
}
