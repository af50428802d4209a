package sqlcrm

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// errAgain says that an attempt met somebody else's and is to be made anew.
var errAgain = errors.New("another writer was in the way")

// The number of attempts at one lead, and of numbers that may turn out to be
// taken one after the other.
const (
	maxAttempts = 4
	maxTurns    = 25
)

// WriteLead implements adapters.LeadWriter.
func (c *CRM) WriteLead(ctx context.Context, lead adapters.ReceivedLead, journal adapters.LeadJournal) (adapters.LeadWritten, error) {
	const what = "writing a lead"
	v, p, err := c.begin(ctx)
	if err != nil {
		return adapters.LeadWritten{}, fmt.Errorf("%s: %w", what, err)
	}
	if p.writing == nil {
		return adapters.LeadWritten{}, fmt.Errorf("%s: %w: crm.yaml has no `lead`", what, adapters.ErrMapping)
	}
	a := c.attempt(v, p, lead, journal)
	if faults := a.prepare(); len(faults) > 0 {
		return adapters.LeadWritten{}, fmt.Errorf("%s: %w", what, &adapters.NotFitting{Faults: faults})
	}
	notes := a.notes
	var written adapters.LeadWritten
	for try := 1; ; try++ {
		a.reset()
		written, err = a.locked(ctx)
		if try < maxAttempts && (database.Is(err, database.Conflict) || errors.Is(err, errAgain)) {
			continue
		}
		break
	}
	switch {
	case errors.Is(err, errAgain):
		err = &adapters.NotFitting{Faults: []adapters.FieldFault{{Field: p.writing.dealer.table.Ref.Table, Reason: "a unique index of a table has one of the lead's values already, and no `find:` leads to that row"}}}
	case database.Is(err, database.Unfitting), database.Is(err, database.Duplicate):
		var f *database.Failure
		if errors.As(err, &f) {
			err = &adapters.NotFitting{Faults: []adapters.FieldFault{{Field: a.writingTo(), Reason: f.Reason}}}
		}
	}
	if err != nil {
		c.doubt(v, err)
		return adapters.LeadWritten{}, fmt.Errorf("%s: %w", what, err)
	}
	written.Notes = notes
	for _, n := range notes {
		c.env.Audit.Note(n)
	}
	return written, nil
}

// writingTo names the table that was written to last, for faults the database
// found.
func (a *attempt) writingTo() string {
	last := a.w.steps[0]
	for _, r := range a.rows {
		if r.active && (r.made || r.found) && r.step.at+1 < len(a.w.steps) {
			last = a.w.steps[r.step.at+1]
		}
	}
	return last.table.Ref.Table
}

// locked makes the attempt while nobody else writes leads here.
func (a *attempt) locked(ctx context.Context) (written adapters.LeadWritten, err error) {
	s, give, err := a.crm.pool.session(ctx)
	if err != nil {
		return written, err
	}
	defer func() {
		var fitting *adapters.NotFitting
		hurt := err != nil && !errors.As(err, &fitting) && !errors.Is(err, errAgain)
		if given := give(hurt); err == nil {
			err = given
		}
	}()
	if s.Server == plan.MySQL {
		if err := a.lock(ctx, s.on); err != nil {
			return written, err
		}
		defer func() {
			if err == nil || errors.Is(err, errAgain) || errors.Is(err, adapters.ErrNotFitting) {
				err = errors.Join(err, a.unlock(ctx, s.on))
			}
		}()
	}
	return a.write(ctx, s)
}

// lock waits until this process is the only one that writes leads into the
// database.
func (a *attempt) lock(ctx context.Context, o *on) error {
	seconds := strconv.FormatFloat(max(1, o.Limit.Seconds()-1), 'f', 0, 64)
	rows, err := o.texts(ctx, "select get_lock(concat(?, ':', left(md5(database()), 16)), "+seconds+")", []any{a.lockName()}, 1)
	if err != nil {
		return err
	}
	if len(rows) != 1 || rows[0][0] == nil || *rows[0][0] != "1" {
		return database.Failed("another process is writing leads into the database")
	}
	return nil
}

func (a *attempt) lockName() string { return lockName(a.crm.pool.Server, a.crm.env.Dealer) }

func (a *attempt) unlock(ctx context.Context, o *on) error {
	_, err := o.texts(context.WithoutCancel(ctx), "select release_lock(concat(?, ':', left(md5(database()), 16)))", []any{a.lockName()}, 1)
	return err
}

// write makes the lead stand there, with the journal on both sides of it.
func (a *attempt) write(ctx context.Context, s *session) (adapters.LeadWritten, error) {
	if err := a.readJournal(ctx); err != nil {
		return adapters.LeadWritten{}, fmt.Errorf("reading the journal: %w", err)
	}
	if err := a.locate(ctx, s.on); err != nil {
		return adapters.LeadWritten{}, err
	}
	if a.deleted() {
		return a.answer(adapters.LeadRepeated), nil
	}
	some, err := false, error(nil)
	if !a.begun || a.mends() {
		if some, err = a.choose(ctx, s.on, false); err != nil {
			return adapters.LeadWritten{}, err
		}
	}
	var outcome adapters.WriteOutcome
	var before, after *adapters.LeadState
	err = s.together(ctx, func(tx *on) error {
		var err error
		outcome, before, after, err = a.rowsIn(ctx, s, tx, some)
		return err
	})
	if err != nil {
		return adapters.LeadWritten{}, err
	}
	for _, r := range a.rows {
		if r.active && r.step.table != nil {
			r.marks = a.marksOf(r)
		}
	}
	if err := a.journal.Note(ctx, a.journalRows(true)); err != nil {
		return adapters.LeadWritten{}, fmt.Errorf("noting what was written: %w", err)
	}
	written := a.answer(outcome)
	written.Before, written.After = before, after
	return written, nil
}

// deleted says that the lead was written to its end and somebody took its row
// out of the CRM since. It is not made again.
func (a *attempt) deleted() bool { return a.finished && !a.rows[a.w.dealer.at].found }

// answer tells what was done.
func (a *attempt) answer(outcome adapters.WriteOutcome) adapters.LeadWritten {
	rows := a.journalRows(true)
	for i := range rows {
		if r := a.notedRow(rows[i].Step); outcome == adapters.LeadRepeated && len(rows[i].Key) == 0 && r != nil {
			rows[i] = *r
		}
	}
	out := adapters.LeadWritten{Outcome: outcome, Rows: rows}
	dealer := a.rows[a.w.dealer.at]
	for column, value := range dealer.key {
		if strings.EqualFold(column, a.w.number) {
			out.DealerLeadID = value
		}
	}
	out.Ref = a.ref()
	return out
}

// noteChosen chooses the keys that are counted in the transaction, and has all
// that were chosen noted before the first row that carries one.
func (a *attempt) noteChosen(ctx context.Context, tx *on, some bool) error {
	if a.begun && !a.mends() {
		return nil
	}
	more, err := a.choose(ctx, tx, true)
	if err != nil || !some && !more {
		return err
	}
	if err := a.journal.Note(ctx, a.journalRows(false)); err != nil {
		return fmt.Errorf("noting chosen keys: %w", err)
	}
	return nil
}

// rowsIn writes the rows in a transaction. chosen says that keys were chosen
// before it.
func (a *attempt) rowsIn(ctx context.Context, s *session, tx *on, chosen bool) (outcome adapters.WriteOutcome, before, after *adapters.LeadState, err error) {
	if s.Server == plan.SQLite {
		// Nothing but the transaction keeps others out, so it is looked again.
		if again, err := a.changedMeanwhile(ctx, tx); err != nil || again {
			return "", nil, nil, errors.Join(err, errAgain)
		}
	}
	if a.begun {
		if before, err = a.stateIn(ctx, tx); err != nil {
			return "", nil, nil, err
		}
	}
	if err := a.noteChosen(ctx, tx, chosen); err != nil {
		return "", nil, nil, err
	}
	begun := a.begun
	inserted := false
	for _, r := range a.rows {
		if !r.active {
			continue
		}
		switch {
		case r.found:
			if !begun || a.mends() {
				// What does not fit here is news of this lead all the same.
				a.cells(r, r.step.insert, true, true)
			}
			if err := a.updateRow(ctx, tx, r); err != nil {
				return "", nil, nil, err
			}
		case begun && !a.mends():
			// It was not there to be written, or somebody took it out.
		default:
			if err := a.insertRow(ctx, tx, r); err != nil {
				return "", nil, nil, err
			}
			inserted = true
		}
	}
	if after, err = a.stateIn(ctx, tx); err != nil {
		return "", nil, nil, err
	}
	return a.outcome(begun, inserted), before, after, nil
}

func (a *attempt) outcome(begun, inserted bool) adapters.WriteOutcome {
	switch {
	case begun && inserted:
		return adapters.LeadRepaired
	case inserted:
		return adapters.LeadCreated
	}
	for _, r := range a.rows {
		if r.changed {
			return adapters.LeadUpdated
		}
	}
	return adapters.LeadRepeated
}

// changedMeanwhile says whether somebody began the lead since it was looked for.
func (a *attempt) changedMeanwhile(ctx context.Context, tx *on) (bool, error) {
	again := *a
	again.reset()
	if err := again.locate(ctx, tx); err != nil {
		return false, err
	}
	for i, r := range a.rows {
		if r.found != again.rows[i].found {
			return true, nil
		}
	}
	return false, nil
}

// insertRow makes one row.
func (a *attempt) insertRow(ctx context.Context, tx *on, r *rowState) error {
	cells, faults := a.cells(r, r.step.insert, true, true)
	if len(faults) > 0 {
		return &adapters.NotFitting{Faults: faults}
	}
	for turn := 0; ; turn++ {
		err := a.insertOnce(ctx, tx, r, cells)
		if !database.Is(err, database.Duplicate) {
			return err
		}
		changed, err := a.another(ctx, tx, r)
		if err != nil {
			return err
		}
		if !changed || turn == maxTurns {
			return errAgain
		}
		if err := a.journal.Note(ctx, a.journalRows(false)); err != nil {
			return fmt.Errorf("noting chosen keys: %w", err)
		}
	}
}

// insertOnce makes one row under the keys it has.
func (a *attempt) insertOnce(ctx context.Context, tx *on, r *rowState, cells []cell) error {
	text, args, auto, err := a.insertText(r, cells)
	if err != nil {
		return err
	}
	result, err := tx.exec(ctx, text, args)
	if err != nil {
		return err
	}
	if auto != nil {
		number, err := result.LastInsertId()
		if err != nil {
			return database.Translate(ctx, err)
		}
		r.key[auto.Name] = strconv.FormatInt(number, 10)
	}
	r.made = true
	return nil
}

// insertText makes the statement of a new row; auto is the column the database
// counts.
func (a *attempt) insertText(r *rowState, cells []cell) (text string, args []any, auto *database.Column, err error) {
	var names []string
	add := func(c *database.Column, arg any) {
		names = append(names, database.Quoted(c.Name))
		args = append(args, arg)
	}
	for _, k := range r.step.keys {
		switch {
		case k.def != nil && k.def.Auto:
			auto = k.column
		case k.value != nil:
			key, faults := a.cells(r, []*assign{k.value}, true, false)
			if len(faults) > 0 {
				return "", nil, nil, &adapters.NotFitting{Faults: faults}
			}
			if len(key) == 0 {
				return "", nil, nil, &adapters.NotFitting{Faults: []adapters.FieldFault{{Field: k.column.Title(), Reason: "there is no value for the row's key"}}}
			}
			r.key[k.column.Name] = key[0].text
			add(k.column, key[0].arg)
		default:
			add(k.column, a.arg(k.column, r.key[k.column.Name]))
		}
	}
	idThere := false
	for _, c := range cells {
		idThere = idThere || c.assign.column == r.step.leadID
		add(c.assign.column, c.arg)
	}
	if r.step.leadID != nil && !idThere {
		add(r.step.leadID, a.arg(r.step.leadID, a.id))
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
	if len(names) == 0 {
		return "insert into " + r.step.table.SQL() + " default values", nil, auto, nil
	}
	return "insert into " + r.step.table.SQL() + " (" + strings.Join(names, ", ") + ") values (" + marks + ")", args, auto, nil
}

// updateRow writes what is new in the lead into a row that stands there.
func (a *attempt) updateRow(ctx context.Context, tx *on, r *rowState) error {
	if r.step.row.NeverChange {
		return nil
	}
	cells, faults := a.updates(r)
	noted := a.notedRow(r.step.name)
	known := noted != nil && len(noted.Written) > 0
	added, bad := a.cells(r, r.step.add, true, false)
	faults = append(faults, bad...)
	if len(faults) > 0 {
		return &adapters.NotFitting{Faults: faults}
	}
	if c := r.step.leadID; c != nil && (r.have[c.Name] == nil || strings.TrimSpace(*r.have[c.Name]) == "") {
		// A row that people made before, and that was found another way.
		cells = append(cells, cell{assign: &assign{column: c}, fitted: fitted{arg: a.arg(c, a.id), text: a.id}})
	}
	if len(cells) > 0 {
		if err := a.set(ctx, tx, r, cells); err != nil {
			return err
		}
	}
	for _, c := range added {
		if known && noted.Written[c.assign.column.Name] == mark(c.text) || !known {
			continue
		}
		if err := a.appendTo(ctx, tx, r, c.assign.column, c.text); err != nil {
			return err
		}
	}
	for to, texts := range r.rests {
		for _, text := range texts {
			if err := a.appendTo(ctx, tx, r, to.column, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// updates are the columns in which the lead has something new. Where nobody knows
// what was written before, only what is empty is filled: the rest may be the
// sales people's.
func (a *attempt) updates(r *rowState) ([]cell, []adapters.FieldFault) {
	var cells []cell
	noted := a.notedRow(r.step.name)
	known := noted != nil && len(noted.Written) > 0
	all, faults := a.cells(r, r.step.update, true, false)
	for _, c := range all {
		name := c.assign.column.Name
		switch have := r.have[name]; {
		case known && noted.Written[name] == mark(c.text):
		case !known && have != nil && strings.TrimSpace(*have) != "":
		case have != nil && *have == c.text:
		default:
			cells = append(cells, c)
		}
	}
	return cells, faults
}

// whereKey is the condition that finds a row by its key.
func (a *attempt) whereKey(r *rowState) (string, []any) {
	var parts []string
	var args []any
	for _, k := range r.step.keys {
		parts = append(parts, database.Quoted(k.column.Name)+" = ?")
		args = append(args, a.arg(k.column, r.key[k.column.Name]))
	}
	return " where " + strings.Join(parts, " and "), args
}

func (a *attempt) set(ctx context.Context, tx *on, r *rowState, cells []cell) error {
	var parts []string
	var args []any
	for _, c := range cells {
		parts = append(parts, database.Quoted(c.assign.column.Name)+" = ?")
		args = append(args, c.arg)
	}
	where, key := a.whereKey(r)
	if _, err := tx.exec(ctx, "update "+r.step.table.SQL()+" set "+strings.Join(parts, ", ")+where, append(args, key...)); err != nil {
		return err
	}
	r.changed = true
	return nil
}

// appendTo adds a text to a column in one statement, unless it stands there
// already: nothing that people write meanwhile is lost, and a repeat adds
// nothing.
func (a *attempt) appendTo(ctx context.Context, tx *on, r *rowState, c *database.Column, text string) error {
	name := database.Quoted(c.Name)
	joined, within := "concat("+name+", ?)", "instr("+name+", ?) = 0"
	if tx.Server == plan.SQLite {
		joined = name + " || ?"
	}
	where, key := a.whereKey(r)
	args := []any{text, "\n" + text}
	args = append(append(args, key...), text)
	result, err := tx.exec(ctx, "update "+r.step.table.SQL()+" set "+name+" = case when "+name+" is null or "+name+" = '' then ? else "+joined+" end"+
		where+" and ("+name+" is null or "+within+")", args)
	if err != nil {
		return err
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return database.Translate(ctx, err)
	}
	r.changed = r.changed || changed > 0
	return nil
}
