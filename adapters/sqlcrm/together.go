package sqlcrm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// Leads that are new go into the CRM together: they are looked for with one
// statement, their keys are chosen and noted at once, and a commit holds many of
// them. What is not plain, or fails, is written lead by lead.

// heldAtMost bounds how long a transaction keeps what it wrote from the CRM's
// people: then it ends, and the rest goes into another.
const heldAtMost = 250 * time.Millisecond

// batch are leads on their way.
type batch struct {
	crm      *CRM
	version  *version
	w        *writing
	states   *plan.Program
	attempts []*attempt // by the leads' places; nil: left to WriteLead
	kept     [][]adapters.Note
	out      []*adapters.LeadWritten
	inserted map[*step]bool // rows were made in this batch
	// early says that rows are looked for before keys are chosen, because one that
	// is found needs none.
	early bool
}

// WriteLeads implements adapters.LeadsWriter.
func (c *CRM) WriteLeads(ctx context.Context, leads []adapters.LeadToWrite, journal adapters.LeadsJournal) ([]*adapters.LeadWritten, error) {
	b := &batch{crm: c, out: make([]*adapters.LeadWritten, len(leads)), inserted: map[*step]bool{}}
	v, p, err := c.begin(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("writing leads: %w", err)
	case err != nil: // it is told by the lead that is written alone
		return b.out, nil //nolint:nilerr // see above
	case p.writing == nil || p.writing.lead == nil || p.writing.lasting:
		return b.out, nil
	}
	b.version, b.w, b.states = v, p.writing, p.states
	b.early = slices.ContainsFunc(b.w.steps, func(s *step) bool { return len(s.find) > 0 && s.chosen() })
	b.attempts, b.kept = make([]*attempt, len(leads)), make([][]adapters.Note, len(leads))
	some := false
	for i, l := range leads {
		if len(l.Noted) > 0 {
			continue
		}
		a := c.attempt(v, p, l.ReceivedLead, nil)
		if len(a.prepare()) == 0 {
			b.attempts[i], b.kept[i], some = a, a.notes, true
		}
	}
	if !some {
		return b.out, nil
	}
	var noting *notingError
	err = b.locked(ctx, journal)
	if errors.As(err, &noting) {
		return b.out, fmt.Errorf("noting chosen keys: %w", noting.err)
	}
	if ctx.Err() != nil {
		return b.out, fmt.Errorf("writing leads: %w", errors.Join(context.Cause(ctx), err))
	}
	c.doubt(v, err)
	return b.out, nil
}

// notingError is what the journal said.
type notingError struct{ err error }

func (e *notingError) Error() string { return e.err.Error() }

// locked writes the leads while nobody else writes any here.
func (b *batch) locked(ctx context.Context, journal adapters.LeadsJournal) (err error) {
	s, give, err := b.crm.pool.session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, give(err != nil)) }() // with the connection goes the lock
	if s.Server == plan.MySQL {
		one := &attempt{crm: b.crm}
		if err := one.lock(ctx, s.on); err != nil {
			return err
		}
		defer func() {
			if err == nil {
				err = one.unlock(ctx, s.on)
			}
		}()
	}
	return b.write(ctx, s, journal)
}

func (b *batch) write(ctx context.Context, s *session, journal adapters.LeadsJournal) error {
	if err := b.leaveKnown(ctx, s.on); err != nil {
		return err
	}
	if err := b.choose(ctx, s.on); err != nil {
		return err
	}
	noted := map[int][]adapters.CRMRow{}
	var todo []int
	for i, a := range b.attempts {
		if a == nil {
			continue
		}
		todo = append(todo, i)
		for _, r := range a.rows {
			if r.active && !r.found && r.step.chosen() {
				noted[i] = a.journalRows(false)
				break
			}
		}
	}
	if len(noted) > 0 {
		if err := journal.Note(ctx, noted); err != nil {
			return &notingError{err}
		}
	}
	for len(todo) > 0 {
		n, err := b.transaction(ctx, s, todo)
		if err != nil {
			return err
		}
		todo = todo[n:]
	}
	return nil
}

// leaveKnown leaves the leads of which something stands there already.
func (b *batch) leaveKnown(ctx context.Context, o *on) error {
	there, err := b.known(ctx, o, b.attempts)
	for i, a := range b.attempts {
		if a != nil && there[a.id] {
			b.attempts[i] = nil
		}
	}
	return err
}

// known are the ids of leads that stand there. Texts are compared again byte by
// byte.
func (b *batch) known(ctx context.Context, o *on, leads []*attempt) (map[string]bool, error) {
	s := b.w.lead
	column := database.Quoted(s.leadID.Name)
	var args []any
	for _, a := range leads {
		if a != nil {
			args = append(args, a.arg(s.leadID, a.id))
		}
	}
	there := map[string]bool{}
	if len(args) == 0 {
		return there, nil
	}
	rows, err := o.texts(ctx, "select "+column+" from "+s.table.SQL()+" where "+column+" in (?"+strings.Repeat(", ?", len(args)-1)+")", args, 1)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row[0] != nil {
			there[strings.TrimRight(*row[0], " ")] = true
		}
	}
	return there, nil
}

// choose makes the keys the gateway chooses, of all leads at once. A counter is
// moved once for all of them, and before the leads' transactions: its row is not
// held while they last, and what a lead does not use in the end is lost.
func (b *batch) choose(ctx context.Context, o *on) error {
	type use struct {
		a *attempt
		r *rowState
		k *stepKey
	}
	counted := map[*boundNumber][]use{}
	var order []*boundNumber
	last := map[string]string{} // of a format, by table, column and prefix
	for i, a := range b.attempts {
		if a == nil {
			continue
		}
		if b.early {
			if err := a.byWays(ctx, o); err != nil {
				return err
			}
			if a.begun || a.taken { // a row of people's is this lead
				b.attempts[i] = nil
				continue
			}
		}
		for _, r := range a.rows {
			if !r.active || r.found {
				continue
			}
			for _, k := range r.step.keys {
				switch {
				case k.def == nil || !k.def.Chosen():
				case k.def.UUID:
					text, err := newUUID()
					if err != nil {
						return err
					}
					r.key[k.column.Name] = text
				case k.counter != nil:
					if counted[k.counter] == nil {
						order = append(order, k.counter)
					}
					counted[k.counter] = append(counted[k.counter], use{a, r, k})
				default:
					name := strings.Join([]string{r.step.table.SQL(), k.column.Name, a.prefix(k.def.Format)}, "\x00")
					next, ok := "", false
					if last[name] != "" {
						next, ok = a.after(last[name], k.def.Format)
					}
					if !ok {
						var err error
						if next, err = a.nextFree(ctx, o, r.step, k); err != nil {
							return err
						}
					}
					last[name], r.key[k.column.Name] = next, next
				}
			}
		}
	}
	for _, counter := range order {
		uses := counted[counter]
		first, err := uses[0].a.countSome(ctx, o, counter, len(uses))
		if err != nil {
			return err
		}
		for n, u := range uses {
			u.r.key[u.k.column.Name] = strconv.FormatInt(first+int64(n), 10)
		}
	}
	return nil
}

// transaction writes as many of some leads as its time allows, and tells how many.
func (b *batch) transaction(ctx context.Context, s *session, todo []int) (n int, err error) {
	var states []*adapters.LeadState
	err = s.together(ctx, func(tx *on) error {
		n = 0
		if s.Server == plan.SQLite { // nothing but the transaction keeps others out
			some := make([]*attempt, len(todo))
			for i, at := range todo {
				some[i] = b.attempts[at]
			}
			if there, err := b.known(ctx, tx, some); err != nil || len(there) > 0 {
				return errors.Join(err, errAgain)
			}
		}
		began := b.crm.env.Now()
		for n < len(todo) && (n == 0 || b.crm.env.Now().Sub(began) < heldAtMost) {
			if err := b.rows(ctx, tx, b.attempts[todo[n]]); err != nil {
				return err
			}
			n++
		}
		var err error
		states, err = b.statesIn(ctx, tx, todo[:n])
		return err
	})
	if err != nil {
		return 0, err
	}
	for i, at := range todo[:n] {
		a := b.attempts[at]
		for _, r := range a.rows {
			if r.active {
				r.marks = a.marksOf(r)
			}
		}
		written := a.answer(adapters.LeadCreated)
		written.After, written.Notes = states[i], b.kept[at]
		for _, note := range written.Notes {
			b.crm.env.Audit.Note(note)
		}
		b.out[at] = &written
	}
	return n, nil
}

// rows makes the rows of one lead.
func (b *batch) rows(ctx context.Context, tx *on, a *attempt) error {
	for _, r := range a.rows {
		if !r.active {
			continue
		}
		// What was looked for before may have been made by another lead since.
		if !r.found && (!b.early || b.inserted[r.step]) {
			if err := a.byWaysOf(ctx, tx, r); err != nil {
				return err
			}
		}
		if a.begun || a.taken {
			return errAgain // to be looked at alone
		}
		cells, faults := a.cells(r, r.step.insert, true, true)
		switch {
		case r.found: // what does not fit here is news of this lead all the same
			if err := a.updateRow(ctx, tx, r); err != nil {
				return err
			}
		case len(faults) > 0:
			return &adapters.NotFitting{Faults: faults}
		default:
			if err := a.insertOnce(ctx, tx, r, cells); err != nil {
				return err
			}
			b.inserted[r.step] = true
		}
	}
	return nil
}

// statesIn reads the states of leads in the transaction that writes them.
func (b *batch) statesIn(ctx context.Context, tx *on, some []int) ([]*adapters.LeadState, error) {
	out := make([]*adapters.LeadState, len(some))
	if b.states == nil {
		return out, nil
	}
	var refs []adapters.LeadRef
	var of []int
	for i, at := range some {
		a := b.attempts[at]
		ref := adapters.LeadRef{LeadID: a.id}
		if key, ok := a.stateKey(); ok {
			ref.Row = refOf(b.states, plan.StateKey{Key: key}).Row
		} else if b.version.file.Update.LeadID == nil {
			continue
		}
		refs, of = append(refs, ref), append(of, i)
	}
	if len(refs) == 0 {
		return out, nil
	}
	states, err := b.version.states(ctx, b.states, b.crm.asking(tx), refs)
	if err != nil {
		return nil, fmt.Errorf("reading the states of leads that are written: %w", err)
	}
	for i, at := range of {
		if state := states[i]; !state.Gone || state.Sources != nil { // else no lead by the mapping's own conditions
			out[at] = &state
		}
	}
	return out, nil
}
