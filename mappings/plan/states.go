package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// StateSection is what a mapping says about rows whose state is told one by one:
// how they name what they are about, how it is learnt that they changed, which
// are open and which are gone.
type StateSection struct {
	ID      *mapfile.Value // a column; nil where rows do not name it
	Changed []*ChangedRows
	Open    []*mapfile.Condition // nil: it is not said
	Gone    []*mapfile.Condition // rows that are taken for gone
}

// ChangedRows is one table whose stamp tells that rows changed.
type ChangedRows struct {
	Source *mapfile.ChangeSource
	Own    bool             // the rows themselves
	Key    []*mapfile.Value // the key of the row that changed with it; unused where Own
}

// states is a StateSection, compiled.
type states struct {
	list     *list
	names    []string // of the key's columns
	all      *stateKeys
	byID     *stateKeys
	byKey    *stateKeys
	changed  []*changedRows
	open     test
	openSaid bool
	gone     test
	goneSaid bool
	origins  []origin
}

// stateKeys is a statement that finds keys of rows and what they are about.
type stateKeys struct {
	frame *frame
	stmt  *Statement
	key   []place
	rules []matchRule
	id    evaluator // nil where rows do not name it
	idAt  place
	rule  matchRule // of the id's column
}

// changedRows is a source of changes with the way to the rows that changed.
type changedRows struct {
	*changeSource
	rowKey []place
}

// origin says which columns a field comes from.
type origin struct {
	field string
	// some are the ways of a list of which the first that is not empty counts;
	// one where it is no list.
	some []originWay
}

type originWay struct {
	get     evaluator // nil: the only way
	columns []string
}

// stateTests compiles the conditions on a row and where its fields come from,
// while the row's statement can still be asked for columns.
func (c *compiler) stateTests(f *frame, ep *mapfile.Endpoint) {
	section := c.target.State
	if section == nil {
		return
	}
	s := &states{openSaid: section.Open != nil, goneSaid: section.Gone != nil}
	c.states = s
	leave := c.within("open")
	s.open = c.tests(site{f: f, want: wantText}, section.Open)
	leave()
	leave = c.within("gone.when")
	s.gone = c.tests(site{f: f, want: wantText}, section.Gone)
	leave()
	before := len(c.faults)
	for _, field := range ep.Fields {
		s.origins = append(s.origins, c.originOf(f, field))
	}
	c.faults = c.faults[:before] // said for the fields already
}

func (c *compiler) originOf(f *frame, field *mapfile.Field) origin {
	v := c.resolve(field.Value)
	o := origin{field: field.Path.Value}
	if v == nil || v.Kind != mapfile.FirstValue {
		o.some = []originWay{{columns: c.columnsIn(f, v)}}
		return o
	}
	for _, item := range v.Items {
		o.some = append(o.some, originWay{get: c.value(site{f: f, want: wantText}, item), columns: c.columnsIn(f, item)})
	}
	return o
}

// columnsIn names the columns a value is made of, as TABLE.COLUMN.
func (c *compiler) columnsIn(f *frame, v *mapfile.Value) []string {
	v = c.resolve(v)
	if v == nil {
		return nil
	}
	var all []string
	add := func(alias, name string) {
		table := alias
		if r, _ := f.scope.find(alias); r != nil && r.source.Table.Value != "" {
			table = r.source.Table.Value
		}
		if full := table + "." + name; !slices.Contains(all, full) {
			all = append(all, full)
		}
	}
	walkColumns(v, func(ref mapfile.ColumnRef) { add(ref.Alias, ref.Name) })
	if a := v.Aggregate; a != nil && a.Column != nil {
		for _, child := range f.scope.children {
			if child.Name.Value == a.Children.Value {
				all = append(all, child.Source.Table.Value+"."+a.Column.Name)
			}
		}
	}
	if w := v.When; w != nil {
		for _, cond := range w.If {
			for _, cmp := range cond.Compare {
				if alias, name, dotted := strings.Cut(cmp.Name.Value, "."); dotted {
					add(alias, name)
				}
			}
		}
		for _, branch := range []*mapfile.Value{w.Then, w.Else} {
			for _, name := range c.columnsIn(f, branch) {
				if !slices.Contains(all, name) {
					all = append(all, name)
				}
			}
		}
	}
	return all
}

// compileStates compiles the statements that find rows.
func (c *compiler) compileStates(p *Program) {
	section := c.target.State
	if section == nil || len(c.target.Endpoints) == 0 {
		return
	}
	name := c.target.Endpoints[0].Name
	at := slices.IndexFunc(c.file.Endpoints, func(ep *mapfile.Endpoint) bool { return ep.Name.Value == name })
	if at < 0 || c.states == nil {
		return
	}
	ep := c.file.Endpoints[at]
	defer c.within(name)()
	s := c.states
	s.list = p.lists[name]
	s.all = c.stateKeys(ep, section, "all", func(k *stateKeys) (sqlText, bool) {
		if k.id == nil {
			return sqlText{}, true
		}
		return k.idPresent(c), true
	})
	found := len(c.faults)
	s.byID = c.stateKeys(ep, section, "by id", func(k *stateKeys) (sqlText, bool) {
		if k.id == nil {
			return sqlText{}, false
		}
		var in sqlText
		return *in.add(k.frame.slots[k.idAt.slot].expr).text(" in ").in(parentList, 1), true
	})
	s.byKey = c.stateKeys(ep, section, "by key", func(k *stateKeys) (sqlText, bool) {
		var columns []sqlText
		for _, at := range k.key {
			columns = append(columns, k.frame.slots[at.slot].expr)
		}
		var in sqlText
		if len(columns) > 1 {
			in.text("(").add(joinSQL(", ", columns)).text(")")
		} else if len(columns) == 1 {
			in.add(columns[0])
		}
		return *in.text(" in ").inOf(keyList, k.rules), len(columns) > 0
	})
	c.faults = slices.Delete(c.faults, found, len(c.faults)) // each is said once
	if s.all != nil {
		for _, ref := range c.keyRefs(ep, s.all.frame) {
			s.names = append(s.names, ref.Name)
		}
	}
	for _, changed := range section.Changed {
		if one := c.changedRows(ep, changed, len(s.names)); one != nil {
			s.changed = append(s.changed, one)
		}
	}
	p.states = s
}

// keyRefs are the key's columns, without saying again what is wrong with them.
func (c *compiler) keyRefs(ep *mapfile.Endpoint, f *frame) []mapfile.ColumnRef {
	before := len(c.faults)
	refs := c.keyColumns(f, ep)
	c.faults = c.faults[:before]
	return refs
}

// stateKeys compiles one statement that finds rows; narrow gives the condition
// that is added, false where there is no such statement.
func (c *compiler) stateKeys(ep *mapfile.Endpoint, section *StateSection, what string, narrow func(*stateKeys) (sqlText, bool)) *stateKeys {
	scope := c.newScope(nil, ep.Source, ep.Join, ep.Children, false)
	if len(scope.relations) == 0 {
		return nil
	}
	f := newFrame(c, ep.Name.Value+" "+what, scope, nil, ownerAndState)
	f.closed = true
	k := &stateKeys{frame: f}
	for _, ref := range c.keyColumns(f, ep) {
		if p, col, ok := f.column(ref, ref.Pos, true); ok {
			k.key, k.rules = append(k.key, p), append(k.rules, ruleOf(col))
		}
	}
	if section.ID != nil {
		leave := c.within("leadId")
		v := c.resolve(section.ID)
		if v.Kind != mapfile.ColumnValue || v.Convert != nil {
			c.fault(section.ID.Pos, "one plain column is expected here, so that rows can be looked for by it")
		} else if p, col, ok := f.column(v.Column, v.Pos, true); ok {
			k.idAt, k.rule = p, ruleOf(col)
			k.id = c.cellValue(site{f: f, want: wantText}, p, col.Kind, v.Pos)
		}
		leave()
	}
	c.requireInside(f)
	f.where = append(f.where, c.conditions(f, ep.Where, nil)...)
	filter, ok := narrow(k)
	if !ok {
		return nil
	}
	if !filter.empty() {
		f.where = append(f.where, filter)
	}
	k.stmt = f.statement()
	return k
}

// idPresent keeps rows that name what they are about.
func (k *stateKeys) idPresent(c *compiler) sqlText {
	expr := k.frame.slots[k.idAt.slot].expr
	kind := k.frame.slots[k.idAt.slot].kind
	var out sqlText
	return *out.text("not (").add(c.emptySQL(expr, &Column{Kind: kind})).text(")")
}

func (c *compiler) changedRows(ep *mapfile.Endpoint, w *ChangedRows, width int) *changedRows {
	defer c.within("changed")()
	key := w.Key
	if w.Own {
		main := ep.Source.Alias.Value
		key = slices.Clone(ep.Key)
		if len(key) == 0 && c.states.all != nil {
			for _, name := range c.states.names {
				key = append(key, &mapfile.Value{Pos: w.Source.Pos, Kind: mapfile.ColumnValue, Column: mapfile.ColumnRef{Alias: main, Name: name, Pos: w.Source.Pos}})
			}
		}
	}
	if c.bound() && len(key) != width && len(key) > 0 {
		c.fault(w.Source.Pos, "the lead's row is addressed by %d columns (%s), and here are %d", width, strings.Join(c.states.names, ", "), len(key))
		return nil
	}
	source := *w.Source
	if len(key) == 0 {
		return nil // its own fault, or a key that only the database tells
	}
	for _, v := range key {
		if v.Kind != mapfile.ColumnValue || v.Convert != nil {
			c.fault(v.Pos, "the key of the lead's row is made of plain columns")
			return nil
		}
	}
	source.Customer = key[0]
	made := c.changeSource("lead", &source)
	if made == nil {
		return nil
	}
	out := &changedRows{changeSource: made}
	for _, v := range key {
		p, _, ok := made.frame.column(v.Column, v.Pos, true)
		if !ok {
			return nil
		}
		out.rowKey = append(out.rowKey, p)
	}
	// Further columns of the key came in after the statement was made.
	made.all = made.frame.statement()
	if made.since != nil {
		if filter, ok := made.filter(c, 0); ok {
			where := made.frame.where
			made.frame.where = append(slices.Clone(where), filter)
			made.since = made.frame.statement()
			made.frame.where = where
		}
	}
	return out
}

// each visits the statements.
func (s *states) each(visit func(*Statement)) {
	if s == nil {
		return
	}
	for _, k := range []*stateKeys{s.all, s.byID, s.byKey} {
		if k != nil {
			visit(k.stmt)
		}
	}
	for _, one := range s.changed {
		visit(one.all)
		if one.since != nil {
			visit(one.since)
		}
	}
}

// dayOf makes a day in the dealer's zone of an instant.
func (c *compiler) dayOf(get evaluator) evaluator {
	zone := time.UTC
	if c.zone != nil {
		zone = c.zone.Location()
	}
	return func(r *row, e *env) value {
		got := get(r, e)
		if got.state == convert.Present && got.timed {
			got.text = got.at().In(zone).Format(time.DateOnly)
		}
		return got
	}
}
