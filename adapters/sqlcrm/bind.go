package sqlcrm

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// writing is the rows a lead becomes, bound to the tables of a database.
type writing struct {
	values  *values
	zone    *time.Location
	steps   []*step
	lead    *step // holds Caterpillar's id; nil where the gateway keeps the pair
	dealer  *step // its key is the dealer's id of the lead
	number  string
	lasting bool // a table keeps what was written when a transaction is taken back
}

// step is one row, bound to its table.
type step struct {
	name   string
	at     int
	row    *crmfile.Row
	table  *database.Table
	keys   []*stepKey
	when   int // index of the condition; -1: always
	find   [][]*assign
	insert []*assign
	update []*assign
	add    []*assign        // texts that are appended
	leadID *database.Column // holds Caterpillar's id; nil in other rows
}

// stepKey is one column of a row's key.
type stepKey struct {
	column  *database.Column
	def     *crmfile.Key
	value   *assign      // where the key is a value
	counter *boundNumber // where a table counts
}

// boundNumber is a counter table with the statement that finds its row.
type boundNumber struct {
	table  *database.Table
	column *database.Column
	where  string
	args   []any
	habit  bool // read, then increment
}

// assign is a column and what it gets.
type assign struct {
	column *database.Column
	path   string
	write  *crmfile.Write // nil where only rests of other columns come here
	fit    fitting
	rest   *assign             // where what is cut off goes
	owner  *step               // of rest
	ref    *crmfile.RowColumn  // the value is the key of an earlier row, as it is
	needs  []string            // names of rows it is made of
	places []mapfile.ColumnRef // all it is made of
}

// chosen says whether the gateway knows the row's key before the row is there.
func (s *step) chosen() bool {
	return slices.ContainsFunc(s.keys, func(k *stepKey) bool { return k.def != nil && k.def.Chosen() })
}

// binder holds a mapping against the tables of a database.
type binder struct {
	version *version
	catalog *database.Catalog
	server  plan.Server
	faults  mapfile.Faults
	zone    *time.Location
	w       *writing
}

func (b *binder) fault(pos mapfile.Pos, path, suggestion, format string, args ...any) {
	b.faults = append(b.faults, mapfile.Fault{File: b.version.file.Path, Pos: pos, Path: path, Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

func (b *binder) warn(pos mapfile.Pos, path, format string, args ...any) {
	b.fault(pos, path, "", format, args...)
	b.faults[len(b.faults)-1].Warning = true
}

// table finds a table, or reports that it is not there.
func (b *binder) table(s mapfile.Source, path string) *database.Table {
	t := b.catalog.Tables[plan.TableRef{Database: s.Database.Value, Table: s.Table.Value}]
	if t == nil && s.Table.Value != "" {
		near, or := mapfile.Nearest(s.Table.Value, b.catalog.Names(s.Database.Value)), ""
		if near == "" {
			or = ": it is not there, or the account may not read it"
		}
		b.fault(s.Table.Pos, path, near, "unknown table %q%s", s.Table.Value, or)
	}
	return t
}

// column finds a column, or reports that it is not there.
func (b *binder) column(t *database.Table, name mapfile.Text, path string) *database.Column {
	if t == nil {
		return nil
	}
	c := t.Column(name.Value)
	switch {
	case c == nil:
		b.fault(name.Pos, path, mapfile.Nearest(name.Value, t.Names()), "unknown column %q in table %s", name.Value, t.Ref.Table)
	case c.Made:
		b.fault(name.Pos, path, "", "the database computes %s itself; it cannot be written", c.Title())
	}
	return c
}

func (b *binder) setZone() {
	b.zone = time.UTC
	if name := b.version.file.Shared.Timezone; name.Value != "" {
		if zone, err := convert.LoadZone(name.Value); err == nil { // else its own fault
			b.zone = zone.Location()
		}
	}
}

// lead binds the rows of a lead; nil where leads are not written.
func (b *binder) lead() *writing {
	l := b.version.file.Lead
	if l == nil || b.version.values == nil {
		return nil
	}
	b.setZone()
	b.w = &writing{values: b.version.values, zone: b.zone}
	for i, row := range l.Rows {
		b.w.steps = append(b.w.steps, b.step(i, row))
	}
	b.leadID(l)
	b.dealerID(l)
	for _, s := range b.w.steps {
		b.rests(s)
		b.inherit(s)
		b.unset(s)
		b.w.lasting = b.w.lasting || s.table != nil && s.table.Lasting
	}
	if b.faults.Err() == nil {
		b.doubts(l)
	}
	return b.w
}

func (b *binder) step(at int, row *crmfile.Row) *step {
	path := "lead.rows." + row.Name.Value
	s := &step{name: row.Name.Value, at: at, row: row, when: -1, table: b.table(row.Source, path+".table")}
	if n, ok := b.version.values.when[row]; ok {
		s.when = n
	}
	s.insert = b.assigns(s, row.Insert, path+".insert")
	s.update = b.assigns(s, row.Update, path+".update")
	s.add = b.assigns(s, row.Append, path+".append")
	for _, a := range s.add {
		if a.column != nil && a.column.Kind != convert.ColumnText && a.column.Kind != convert.ColumnUnknown {
			b.fault(a.write.Pos, a.path, "", "%s holds no text that something could be added to", a.column.Title())
		}
	}
	for _, way := range row.Find {
		s.find = append(s.find, b.assigns(s, way, path+".find"))
	}
	b.keys(s, path)
	return s
}

func (b *binder) assigns(s *step, sets []*crmfile.Set, path string) []*assign {
	var all []*assign
	for _, set := range sets {
		at := path + "." + set.Column.Value
		c := b.column(s.table, set.Column, at)
		if c == nil {
			continue
		}
		all = append(all, b.assign(c, set.Value, at))
	}
	return all
}

func (b *binder) assign(c *database.Column, w *crmfile.Write, path string) *assign {
	a := &assign{column: c, path: path, write: w, places: w.Columns, fit: fitting{column: c, zone: b.zone, cut: w.Cut}}
	if w.Zone != nil {
		zone, err := convert.LoadZone(w.Zone.Value)
		if err != nil {
			b.fault(w.Zone.Pos, path, "", "%v", err)
		} else {
			a.fit.zone = zone.Location()
		}
	}
	if w.As != nil {
		as, err := newLayout(w.As.Value)
		if err != nil {
			b.fault(w.As.Pos, path, "", "as: %v", err)
		}
		a.fit.as = as
	}
	if w.Length != nil {
		for _, r := range w.Length.Value {
			a.fit.length = a.fit.length*10 + int(r-'0')
		}
	}
	switch l := b.version.file.Lead; {
	case w.Instead != nil:
		a.fit.instead = &w.Instead.Value
	case l != nil && l.Instead != nil:
		a.fit.instead = &l.Instead.Value
	}
	for _, ref := range w.Columns {
		if ref.Alias != crmfile.LeadAlias && ref.Alias != crmfile.GatewayAlias && ref.Alias != crmfile.MessageAlias {
			a.needs = append(a.needs, ref.Alias)
		}
	}
	if v := w.Value; v != nil && v.Kind == mapfile.ColumnValue && v.Convert == nil && len(a.needs) == 1 && w.As == nil {
		a.ref = &crmfile.RowColumn{Row: v.Column.Alias, Column: v.Column.Name, Pos: v.Pos}
	}
	b.lengths(a)
	b.constants(a)
	return a
}

// lengths warns of members of a lead that can be longer than their column.
func (b *binder) lengths(a *assign) {
	v := a.write.Value
	if a.fit.cut || a.fit.as != nil || v == nil || strings.HasSuffix(a.path, ".find."+a.column.Name) || a.column.Kind != convert.ColumnText {
		return
	}
	items := []*mapfile.Value{v}
	if v.Kind == mapfile.FirstValue {
		items = v.Items
	}
	for _, item := range items {
		if item.Kind != mapfile.ColumnValue || item.Convert != nil || item.Column.Alias != crmfile.LeadAlias {
			continue
		}
		if longest := b.version.shape.lengths[item.Column.Name]; longest > a.column.MaxChars && a.column.MaxChars > 0 && len(a.column.Members) == 0 {
			b.warn(item.Pos, a.path, "%s holds %d characters, the lead's %s up to %d; a longer one holds the lead unless `cut: true` says otherwise",
				a.column.Title(), a.column.MaxChars, item.Column.Name, longest)
		}
	}
}

// constants finds fixed texts that their column does not take.
func (b *binder) constants(a *assign) {
	var texts []mapfile.Text
	add := func(value string, pos mapfile.Pos) {
		if value != "" {
			texts = append(texts, mapfile.Text{Value: value, Pos: pos})
		}
	}
	if t := a.write.Territory; t != nil {
		for _, cell := range t.Cells() {
			add(cell, t.File.Pos)
		}
	}
	for _, v := range literalsIn(a.write.Value) {
		add(v.Literal.Value, v.Pos)
	}
	if v := a.write.Value; v != nil && v.Convert != nil && v.Convert.Map != nil {
		for _, m := range b.version.file.Shared.Maps {
			if m.Name.Value == v.Convert.Map.Value {
				for _, e := range m.Entries {
					add(e.Word.Value, v.Convert.Map.Pos)
				}
				if m.Else != nil {
					add(m.Else.Value, v.Convert.Map.Pos)
				}
			}
		}
	}
	for _, t := range texts {
		if _, reason := a.fit.fit(t.Value); reason != "" {
			b.fault(t.Pos, a.path, "", "%q cannot stand in %s: %s", t.Value, a.column.Title(), reason)
		}
	}
}

// literalsIn are the fixed texts a value can be as a whole.
func literalsIn(v *mapfile.Value) []*mapfile.Value {
	if v == nil || v.Convert != nil {
		return nil
	}
	var all []*mapfile.Value
	if v.Kind == mapfile.LiteralValue && v.Literal != nil {
		all = append(all, v)
	}
	if v.Kind == mapfile.FirstValue {
		for _, item := range v.Items {
			all = append(all, literalsIn(item)...)
		}
	}
	if v.When != nil {
		all = append(all, literalsIn(v.When.Then)...)
		all = append(all, literalsIn(v.When.Else)...)
	}
	return all
}

// leadID finds the column that holds Caterpillar's id.
func (b *binder) leadID(l *crmfile.Lead) {
	if l.LeadID == nil {
		return
	}
	for _, s := range b.w.steps {
		if s.name != l.LeadID.Row || s.table == nil {
			continue
		}
		c := b.column(s.table, mapfile.Text{Value: l.LeadID.Column, Pos: l.LeadID.Pos}, "lead.leadId")
		if c == nil {
			return
		}
		s.leadID, b.w.lead = c, s
		if c.MaxChars > 0 && c.MaxChars < b.version.shape.lengths["leadId"] {
			b.warn(l.LeadID.Pos, "lead.leadId", "%s holds %d characters, a lead's id up to %d", c.Title(), c.MaxChars, b.version.shape.lengths["leadId"])
		}
		if !s.table.Indexed(c.Name) {
			b.warn(l.LeadID.Pos, "lead.leadId", "no index begins with %s, so every lead is looked for in all of %d rows; an index would help: CREATE INDEX catlead ON %s (%s)",
				c.Title(), s.table.Plan.Rows, s.table.SQL(), database.Quoted(c.Name))
		}
	}
}

// dealerID finds whose key is the dealer's own id of a lead.
func (b *binder) dealerID(l *crmfile.Lead) {
	b.w.dealer = b.w.steps[len(b.w.steps)-1]
	if b.w.lead != nil {
		b.w.dealer = b.w.lead
	}
	if l.DealerLeadID != nil {
		for _, s := range b.w.steps {
			if s.name == l.DealerLeadID.Row {
				b.w.dealer, b.w.number = s, l.DealerLeadID.Column
			}
		}
	}
	keys := b.w.dealer.keys
	switch {
	case b.w.number == "" && len(keys) == 1:
		b.w.number = keys[0].column.Name
	case b.w.number == "" && len(keys) > 1:
		b.fault(l.Pos, "lead", "", "the key of %s has several columns; say with `dealerLeadId:` which of them is the dealer's id of the lead", b.w.dealer.name)
	}
}

// rests binds where texts go that are cut off.
func (b *binder) rests(s *step) {
	for _, a := range s.insert {
		if a.write == nil || a.write.Rest == nil {
			continue
		}
		for _, to := range b.w.steps {
			if to.name != a.write.Rest.Row {
				continue
			}
			c := b.column(to.table, mapfile.Text{Value: a.write.Rest.Column, Pos: a.write.Rest.Pos}, a.path+".rest")
			if c == nil {
				return
			}
			at := slices.IndexFunc(to.insert, func(one *assign) bool { return one.column == c })
			if at < 0 {
				to.insert = append(to.insert, &assign{column: c, path: a.path + ".rest", fit: fitting{column: c, zone: b.zone, instead: a.fit.instead}})
				at = len(to.insert) - 1
			}
			a.rest, a.owner = to.insert[at], to
		}
	}
}

// inherit lets a row be found by a text as it would have been inserted: cut, and
// without the characters the column cannot hold.
func (b *binder) inherit(s *step) {
	for _, way := range s.find {
		for _, a := range way {
			for _, in := range s.insert {
				if in.column == a.column && in.fit.cut && !a.fit.cut {
					a.fit.cut, a.fit.length = true, in.fit.length
				}
			}
		}
	}
}

// unset finds columns that must not be empty and get nothing.
func (b *binder) unset(s *step) {
	if s.table == nil {
		return
	}
	for _, c := range s.table.Columns {
		if c.Nullable || c.HasDefault || c.Auto || c.Made || c == s.leadID {
			continue
		}
		misspelt := func(f mapfile.Fault) bool {
			return f.Suggestion == c.Name && strings.HasPrefix(f.Path, "lead.rows."+s.name+".")
		}
		if slices.ContainsFunc(s.keys, func(k *stepKey) bool { return k.column == c }) || slices.ContainsFunc(b.faults, misspelt) {
			continue
		}
		at := slices.IndexFunc(s.insert, func(a *assign) bool { return a.column == c })
		if at < 0 {
			b.fault(s.row.Name.Pos, "lead.rows."+s.name+".insert", "", "%s must not be empty, has no default and gets no value; write it here, even if it is always the same: %s: {value: ...}", c.Title(), c.Name)
			continue
		}
		if a := s.insert[at]; a.write != nil && !sure(a.write) && !tested(s.row, a.write) {
			b.warn(a.write.Pos, a.path, "%s must not be empty, and a lead may have nothing for it; add what stands there then, such as [%s, {value: ''}]", c.Title(), firstName(a.write))
		}
	}
}

// tested says whether a row is only written where what a value is made of has
// been looked at.
func tested(row *crmfile.Row, w *crmfile.Write) bool {
	for _, cond := range row.When {
		for _, cmp := range cond.Compare {
			if cmp.Op == mapfile.Present && cmp.Name.Value == firstName(w) {
				return true
			}
		}
	}
	return false
}

func firstName(w *crmfile.Write) string {
	if len(w.Columns) > 0 {
		return w.Columns[0].Alias + "." + w.Columns[0].Name
	}
	return "..."
}

// sure says whether there is always something to write.
func sure(w *crmfile.Write) bool {
	if w.Territory != nil {
		return true // no line and no `else` holds the lead
	}
	return sureValue(w.Value)
}

func sureValue(v *mapfile.Value) bool {
	switch v.Kind {
	case mapfile.LiteralValue:
		return !v.Null
	case mapfile.ColumnValue:
		return v.Column.Alias != crmfile.LeadAlias && v.Column.Alias != crmfile.MessageAlias || v.Column.Name == "leadId" || v.Column.Name == "leadState"
	case mapfile.FirstValue:
		return slices.ContainsFunc(v.Items, sureValue)
	case mapfile.FromValue:
		return len(v.Items) == 1 && sureValue(v.Items[0])
	case mapfile.WhenValue:
		return v.When.Then != nil && v.When.Else != nil && sureValue(v.When.Then) && sureValue(v.When.Else)
	case mapfile.TextValue:
		return !slices.ContainsFunc(v.Parts, func(p mapfile.TextPart) bool {
			return p.Column != nil && !sureValue(&mapfile.Value{Kind: mapfile.ColumnValue, Column: *p.Column})
		})
	}
	return false
}
