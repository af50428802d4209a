package sqlcrm

import (
	"context"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// equal is a column and the value it has to have.
type equal struct {
	column *database.Column
	arg    any
}

// interest are the columns of a row that are worth reading: its key, what is
// inserted, and the lead id.
func (s *step) interest() []*database.Column {
	var all []*database.Column
	add := func(c *database.Column) {
		if c != nil && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	for _, k := range s.keys {
		add(k.column)
	}
	for _, sets := range [][]*assign{s.insert, s.update, s.add} {
		for _, a := range sets {
			add(a.column)
		}
	}
	add(s.leadID)
	return all
}

// lookUp reads the rows of a step for which columns have values, at most five, in
// the order of their keys.
func (s *step) lookUp(ctx context.Context, o *on, where []equal) ([]map[string]*string, error) {
	columns := s.interest()
	var text strings.Builder
	text.WriteString("select ")
	for i, c := range columns {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(database.Quoted(c.Name))
	}
	text.WriteString(" from " + s.table.SQL())
	args := make([]any, 0, len(where))
	for i, e := range where {
		text.WriteString([]string{" where ", " and "}[min(i, 1)] + database.Quoted(e.column.Name) + " = ?")
		args = append(args, e.arg)
	}
	for i, k := range s.keys {
		text.WriteString([]string{" order by ", ", "}[min(i, 1)] + database.Quoted(k.column.Name))
	}
	text.WriteString(" limit 5")
	rows, err := o.texts(ctx, text.String(), args, len(columns))
	if err != nil {
		return nil, err
	}
	found := make([]map[string]*string, len(rows))
	for i, row := range rows {
		found[i] = map[string]*string{}
		for n, c := range columns {
			found[i][c.Name] = row[n]
		}
	}
	return found, nil
}

// take makes a row that was read the row of a step.
func (r *rowState) take(have map[string]*string) {
	r.found, r.have = true, have
	for _, k := range r.step.keys {
		if v := have[k.column.Name]; v != nil {
			r.key[k.column.Name] = *v
		}
	}
}

// byKey looks for a row by its key; nil where the key is not known whole or
// there is no such row.
func (a *attempt) byKey(ctx context.Context, o *on, s *step, key map[string]string) (map[string]*string, error) {
	var where []equal
	for _, k := range s.keys {
		text, ok := key[k.column.Name]
		if !ok {
			return nil, nil
		}
		where = append(where, equal{k.column, a.arg(k.column, text)})
	}
	if len(where) == 0 {
		return nil, nil
	}
	rows, err := s.lookUp(ctx, o, where)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// arg is a text in the type of a column.
func (a *attempt) arg(c *database.Column, text string) any {
	if done, reason := (&fitting{column: c, zone: a.w.zone}).fit(text); reason == "" {
		return done.arg
	}
	return text
}

// locate finds out what of the lead stands there already.
func (a *attempt) locate(ctx context.Context, o *on) error {
	if err := a.byLeadID(ctx, o); err != nil {
		return err
	}
	if err := a.byJournal(ctx, o); err != nil {
		return err
	}
	if a.begun {
		if err := a.byReferences(ctx, o); err != nil {
			return err
		}
	}
	if err := a.byWays(ctx, o); err != nil {
		return err
	}
	if a.begun {
		return a.byReferences(ctx, o)
	}
	return nil
}

// byLeadID looks for the row that holds Caterpillar's id. Texts are compared
// again byte by byte.
func (a *attempt) byLeadID(ctx context.Context, o *on) error {
	s := a.w.lead
	if s == nil {
		return nil
	}
	rows, err := s.lookUp(ctx, o, []equal{{s.leadID, a.arg(s.leadID, a.id)}})
	if err != nil {
		return err
	}
	for _, have := range rows {
		if v := have[s.leadID.Name]; v != nil && strings.TrimRight(*v, " ") == a.id {
			a.rows[s.at].take(have)
			a.begun = true
			return nil
		}
	}
	return nil
}

// byJournal looks for the rows whose keys are noted. Keys that were chosen and
// never used may have become somebody else's since, so a row has to look like
// the lead's unless the journal says that the lead was finished.
func (a *attempt) byJournal(ctx context.Context, o *on) error {
	if !a.finished && !a.begun && a.w.lead != nil && !a.w.lasting {
		return nil // whole or not at all, and the row with the id is not there
	}
	for _, r := range a.rows {
		noted := a.notedRow(r.step.name)
		if noted == nil || r.found || !r.active {
			continue
		}
		have, err := a.byKey(ctx, o, r.step, noted.Key)
		if err != nil {
			return err
		}
		if have == nil || !a.finished && !a.alike(r, have) {
			continue
		}
		r.take(have)
		a.begun = a.begun || !r.step.row.NeverChange && (a.finished || r.step.chosen())
	}
	return nil
}

// alike says whether a row looks as this lead would have been written: at least
// half of what was made of it is there.
func (a *attempt) alike(r *rowState, have map[string]*string) bool {
	for _, k := range r.step.keys {
		if k.def != nil && k.def.UUID {
			return true // nobody else has it
		}
	}
	cells, _ := a.cells(r, r.step.insert, false, false)
	same, all := 0, 0
	for _, c := range cells {
		if c.assign.write == nil || c.assign.write.Value == nil || c.text == "" || c.assign.fit.as != nil || fromGateway(c.assign) {
			continue
		}
		all++
		if v := have[c.assign.column.Name]; v != nil && strings.HasPrefix(*v, c.text) {
			same++
		}
	}
	return all > 0 && 2*same >= all
}

func fromGateway(a *assign) bool {
	for _, ref := range a.places {
		if ref.Alias == "gateway" {
			return true
		}
	}
	return false
}

// byReferences follows keys from row to row: a row that was found names others,
// and others name it.
func (a *attempt) byReferences(ctx context.Context, o *on) error {
	for again := true; again; {
		again = false
		for _, r := range a.rows {
			if r.found {
				a.learn(r)
			}
		}
		for _, r := range a.rows {
			if r.found || !r.active {
				continue
			}
			have, err := a.referred(ctx, o, r)
			if err != nil {
				return err
			}
			if have != nil {
				r.take(have)
				again = true
			}
		}
	}
	return nil
}

// learn takes the keys of other rows out of a row that names them.
func (a *attempt) learn(r *rowState) {
	tell := func(c *database.Column, one *assign) {
		if one == nil || one.ref == nil || r.have[c.Name] == nil {
			return
		}
		for _, other := range a.rows {
			if other.step.name != one.ref.Row || other.found {
				continue
			}
			for _, k := range other.step.keys {
				if strings.EqualFold(k.column.Name, one.ref.Column) {
					other.key[k.column.Name] = *r.have[c.Name]
				}
			}
		}
	}
	for _, one := range r.step.insert {
		tell(one.column, one)
	}
	for _, k := range r.step.keys {
		tell(k.column, k.value)
	}
}

// referred looks for a row by what is known of its key, or by the keys of other
// rows that stand in it.
func (a *attempt) referred(ctx context.Context, o *on, r *rowState) (map[string]*string, error) {
	key := map[string]string{}
	for _, k := range r.step.keys {
		if text, ok := r.key[k.column.Name]; ok {
			key[k.column.Name] = text
		} else if k.value != nil && k.value.ref != nil {
			if text := a.foundKey(k.value.ref.Row, k.value.ref.Column); text != nil {
				key[k.column.Name] = *text
			}
		}
	}
	if len(key) == len(r.step.keys) {
		return a.byKey(ctx, o, r.step, key)
	}
	var where []equal
	for _, one := range r.step.insert {
		if one.ref != nil {
			if text := a.foundKey(one.ref.Row, one.ref.Column); text != nil {
				where = append(where, equal{one.column, a.arg(one.column, *text)})
			}
		}
	}
	if len(where) == 0 {
		return nil, nil
	}
	for _, one := range r.step.insert {
		if one.write != nil && len(literalsIn(one.write.Value)) == 1 && one.write.Value.Kind == "value" {
			where = append(where, equal{one.column, a.arg(one.column, one.write.Value.Literal.Value)})
		}
	}
	rows, err := r.step.lookUp(ctx, o, where)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

func (a *attempt) foundKey(row, column string) *string {
	for _, r := range a.rows {
		if r.step.name == row && r.found {
			for name, value := range r.key {
				if strings.EqualFold(name, column) {
					return &value
				}
			}
		}
	}
	return nil
}

// byWays looks for rows as the mapping says.
func (a *attempt) byWays(ctx context.Context, o *on) error {
	for _, r := range a.rows {
		if r.found || !r.active {
			continue
		}
		if err := a.byWaysOf(ctx, o, r); err != nil {
			return err
		}
	}
	return nil
}

// byWaysOf looks for one row as the mapping says.
func (a *attempt) byWaysOf(ctx context.Context, o *on, r *rowState) error {
	for _, way := range r.step.find {
		where, ok := a.way(r, way)
		if !ok {
			continue
		}
		rows, err := r.step.lookUp(ctx, o, where)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(rows, func(have map[string]*string) bool { return !othersLead(r.step, have) })
		if at >= 0 {
			r.take(rows[at])
			if r.step == a.w.dealer && !r.step.row.NeverChange {
				a.begun, a.taken = true, a.taken || r.step.leadID != nil
			}
			break
		}
	}
	return nil
}

// othersLead says whether a row is that of another lead, however alike they are.
func othersLead(s *step, have map[string]*string) bool {
	if s.leadID == nil {
		return false
	}
	id := have[s.leadID.Name]
	return id != nil && strings.TrimSpace(*id) != "" // this lead's own would have been found by it
}

// way makes what a way of finding asks for; false where something is missing.
func (a *attempt) way(r *rowState, way []*assign) ([]equal, bool) {
	cells, faults := a.cells(r, way, true, false)
	if len(faults) > 0 || len(cells) < len(way) {
		return nil, false
	}
	where := make([]equal, len(cells))
	for i, c := range cells {
		where[i] = equal{c.assign.column, c.arg}
	}
	return where, true
}

// lockName is what the writer of leads holds while it writes: one for each
// database of a server.
func lockName(server plan.Server, dealer string) string {
	return "dealerbridge:" + mark(string(server)+"\x00"+dealer)
}
