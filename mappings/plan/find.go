package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// ErrNotFindable says that the mapping makes a field in a way that no column
// can be looked into for it. The text names the field and what it is made of.
var ErrNotFindable = errors.New("rows cannot be found by this field")

// finder leads from a text in the elements of a list to the rows they stand in.
// It finds every such row and may find more: what was found is read and
// compared.
type finder struct {
	refused string // why it cannot be
	ways    []*findWay
	fixed   []string // literals, which say nothing about a row
}

// findWay is one column that can hold what is looked for: a statement for the
// children with it, and one for the rows they belong to.
type findWay struct {
	rule     matchRule // of the column
	frame    *frame
	fast     *Statement // by the column as it stands, which an index can serve
	slow     *Statement // whatever its letter case and blanks; nil for numbers
	keys     keyReader
	parents  []matchRule // of the columns the children are matched with
	at       []int       // and where the children have their own
	children bool        // false: the column is one of the main row
}

// found compiles the finder of an endpoint. What cannot be is no fault of the
// mapping: it is told to whoever looks for something.
func (c *compiler) found(t EndpointTarget, ep *mapfile.Endpoint, source string, out *list) {
	if t.Found == nil {
		return
	}
	before := len(c.faults)
	defer func() { c.faults = c.faults[:before] }()
	out.finder = &finder{}
	for _, l := range ep.Lists {
		if l.Path.Value != t.Found.List {
			continue
		}
		for _, s := range l.Sources {
			if why := c.findIn(t, ep, source, s, out.finder); why != "" {
				out.finder.refused = fmt.Sprintf("%s.%s %s", t.Found.List, t.Found.Field, why)
			}
		}
	}
}

// findIn adds the ways into one source of a list, or says why there is none.
func (c *compiler) findIn(t EndpointTarget, ep *mapfile.Endpoint, source string, s *mapfile.ListSource, out *finder) string {
	rows := [][]*mapfile.Field{s.Fields}
	if s.Columns != nil {
		rows = s.Rows
	}
	for _, fields := range rows {
		for _, field := range c.fieldsOf(written{use: s.Use, fields: fields}) {
			if field.Path.Value != t.Found.Field {
				continue
			}
			columns, fixed, ok := c.plainColumns(field.Value)
			switch {
			case !ok:
				return "is made of more than columns, so nothing can be looked up by it without reading everything"
			case s.Elements != nil && len(columns) > 0:
				return "is taken out of a text, so nothing can be looked up by it without reading everything"
			}
			out.fixed = append(out.fixed, fixed...)
			for _, ref := range columns {
				way := c.findWay(t, ep, source, s, ref)
				if way == nil {
					return fmt.Sprintf("stands in %s.%s, which leads to the rows above by a conversion", ref.Alias, ref.Name)
				}
				out.ways = append(out.ways, way)
			}
		}
	}
	return ""
}

// plainColumns are the columns a value is the first of, and the literals among
// them; not ok for everything else.
func (c *compiler) plainColumns(v *mapfile.Value) (columns []mapfile.ColumnRef, fixed []string, ok bool) {
	v = c.resolve(v)
	switch {
	case v == nil || v.Convert != nil:
	case v.Kind == mapfile.ColumnValue:
		return []mapfile.ColumnRef{v.Column}, nil, true
	case v.Kind == mapfile.LiteralValue:
		if v.Literal != nil {
			fixed = []string{v.Literal.Value}
		}
		return nil, fixed, true
	case v.Kind == mapfile.FirstValue, v.Kind == mapfile.FromValue && len(v.Items) == 1:
		for _, item := range v.Items {
			some, texts, ok := c.plainColumns(item)
			if !ok {
				return nil, nil, false
			}
			columns, fixed = append(columns, some...), append(fixed, texts...)
		}
		return columns, fixed, true
	}
	return nil, nil, false
}

// findWay compiles the way from one column to the rows; nil where there is none.
func (c *compiler) findWay(t EndpointTarget, ep *mapfile.Endpoint, source string, s *mapfile.ListSource, ref mapfile.ColumnRef) *findWay {
	before := len(c.faults)
	k, ok := c.keyFrame(t, ep, titleOf(t.Name, source)+" found by "+t.Found.Field, source)
	if !ok {
		return nil
	}
	if t.PerCustomer {
		if c.file.CustomerNumber == nil {
			return nil
		}
		if k.customer = c.reachable(k.frame, ep); k.customer == nil {
			return nil
		}
	}
	w := &findWay{keys: k, children: s.Columns == nil}
	if w.children {
		c.findChildren(w, s, ref)
	} else {
		c.sought(w, k.frame, ref)
		w.frame = k.frame
	}
	if w.frame == nil || len(c.faults) > before {
		return nil
	}
	c.finish(k.frame)
	w.keys.stmt = k.frame.statement()
	return w
}

// findChildren compiles the statement that finds children by a column, and ties
// the rows above to what it finds.
func (c *compiler) findChildren(w *findWay, s *mapfile.ListSource, ref mapfile.ColumnRef) {
	scope := c.newScope(nil, s.Source, s.Join, nil, false)
	if len(scope.relations) == 0 {
		return
	}
	for _, r := range scope.relations {
		if r.apart && c.matchesInline(scope, r) { // which one is picked is seen when the rows are read
			r.apart, r.pick = false, nil
		}
	}
	f := newFrame(c, w.keys.frame.name+" children", scope, nil, ownerAndState)
	f.closed = true
	main := scope.relations[0]
	var columns []sqlText
	for _, m := range s.Parent {
		owner, col := c.matchedColumn(f, main, m.Column)
		switch {
		case col == nil:
			return
		case m.Value.Kind == mapfile.LiteralValue && m.Value.Literal != nil:
			f.where = append(f.where, c.equalSQL(columnSQL(owner, col.Name), col, []mapfile.Text{*m.Value.Literal}))
			continue
		case m.Value.Kind != mapfile.ColumnValue:
			return
		}
		rel, depth := w.keys.frame.scope.find(m.Value.Column.Alias)
		if rel == nil || depth > 0 || rel.apart {
			return
		}
		_, theirs, ok := w.keys.frame.column(m.Value.Column, m.Value.Pos, false)
		if !ok {
			return
		}
		w.at = append(w.at, f.slot(owner, col))
		w.parents = append(w.parents, ruleOf(theirs))
		columns = append(columns, columnSQL(rel, theirs.Name))
	}
	if len(columns) == 0 {
		return
	}
	f.where = append(f.where, c.conditions(f, s.Where, main)...)
	c.sought(w, f, ref)
	w.frame = f
	var in sqlText
	if len(columns) > 1 {
		in.text("(").add(joinSQL(", ", columns)).text(")")
	} else {
		in.add(columns[0])
	}
	w.keys.frame.where = append(w.keys.frame.where, *in.text(" in ").inOf(parentList, w.parents))
}

// sought compiles the statements of a frame that look into a column: as it
// stands, and for texts whatever their letter case and blanks are.
func (c *compiler) sought(w *findWay, f *frame, ref mapfile.ColumnRef) {
	rel, depth := f.scope.find(ref.Alias)
	if rel == nil || depth > 0 || rel.apart {
		c.unknownAlias(ref, ref.Pos, f.scope)
		return
	}
	_, col, ok := f.column(ref, ref.Pos, false)
	if !ok {
		return
	}
	if !rel.main {
		rel.required = true // a row is sought in it, so the server may begin there
	}
	w.rule = ruleOf(col)
	where := f.where
	name := columnSQL(rel, col.Name)
	with := func(cond sqlText) *Statement {
		f.where = append(slices.Clone(where), cond)
		if !w.children {
			c.finish(f)
		}
		return f.statement()
	}
	w.fast = with(*new(sqlText).add(name).text(" in ").in(soughtList, 1))
	if !col.Kind.Numeric() {
		w.slow = with(*new(sqlText).text("upper(trim(").add(name).text(")) in ").in(soughtList, 1))
	}
	f.where = where
}

// each visits the statements.
func (f *finder) each(visit func(*Statement)) {
	if f == nil {
		return
	}
	for _, w := range f.ways {
		for _, s := range []*Statement{w.fast, w.slow} {
			if s != nil {
				visit(s)
			}
		}
		if w.children {
			visit(w.keys.stmt)
		}
	}
}

// Find gives the keys of the rows of an endpoint that may have an element with
// a text, letter case and blanks around it aside: all that have, and perhaps
// more. The asking needs no customers. ErrNotFindable says that there is no way.
func (p *Program) Find(ctx context.Context, endpoint string, a Asking, text string) ([]RowKey, error) {
	l := p.lists[endpoint]
	text = convert.Clean(text)
	if l == nil || l.none || text == "" {
		return nil, nil
	}
	e := p.env(a)
	defer e.blocks.release()
	x := &fetcher{q: a.Querier, env: e}
	var found []candidate
	for _, part := range l.parts() {
		f := part.finder
		switch {
		case f == nil:
			return nil, fmt.Errorf("%w: %s", ErrNotFindable, endpoint)
		case f.refused != "":
			return nil, fmt.Errorf("%w: %s", ErrNotFindable, f.refused)
		case slices.ContainsFunc(f.fixed, func(fixed string) bool { return strings.EqualFold(convert.Clean(fixed), text) }):
			return nil, nil // what is sent where there is nothing
		}
		for _, w := range f.ways {
			rows, err := w.find(ctx, x, text)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				found = append(found, candidate{row: r, keys: &w.keys})
			}
		}
	}
	found = order(found, nil, e)
	keys := make([]RowKey, len(found))
	for i := range found {
		keys[i] = found[i].key()
	}
	return slices.Compact(keys), nil
}

// find gives the main rows that one column leads to.
func (w *findWay) find(ctx context.Context, x *fetcher, text string) ([]*row, error) {
	upper := strings.ToUpper(text)
	for _, way := range []struct {
		stmt  *Statement
		texts []string
	}{{w.fast, []string{text, upper, strings.ToLower(text)}}, {w.slow, []string{upper}}} {
		if way.stmt == nil {
			continue
		}
		var tuples [][]any
		for _, one := range way.texts {
			if v, ok := w.rule.bind(one); ok {
				tuples = append(tuples, []any{v})
			}
		}
		if len(tuples) == 0 {
			continue
		}
		rows, err := x.rows(ctx, way.stmt, w.frame, values{lists: map[listName][][]any{soughtList: tuples}})
		if err == nil && w.children && len(rows) > 0 {
			rows, err = w.above(ctx, x, rows)
		}
		if err != nil {
			return nil, err
		}
		if rows = w.shown(rows); len(rows) > 0 {
			return w.keys.needed(ctx, x, rows)
		}
	}
	return nil, nil
}

// above gives the main rows that children belong to.
func (w *findWay) above(ctx context.Context, x *fetcher, children []*row) ([]*row, error) {
	var tuples [][]any
	seen := map[string]bool{}
children:
	for _, child := range children {
		tuple := make([]any, len(w.parents))
		for i, rule := range w.parents {
			cell := &child.cells[w.at[i]]
			v, ok := rule.bind(cell.String())
			if cell.IsNull() || !ok {
				continue children
			}
			tuple[i] = v
		}
		if id := fmt.Sprint(tuple...); !seen[id] {
			seen[id] = true
			tuples = append(tuples, tuple)
		}
	}
	var all []*row
	for start := 0; start < len(tuples); start += maxList {
		v := values{lists: map[listName][][]any{parentList: tuples[start:min(start+maxList, len(tuples))]}}
		rows, err := x.rows(ctx, w.keys.stmt, w.keys.frame, v)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// shown keys main rows, and leaves out those without a customer.
func (w *findWay) shown(rows []*row) []*row {
	rows = slices.DeleteFunc(w.keys.joined(rows, nil), func(r *row) bool {
		if w.keys.customer == nil {
			return false
		}
		number, state := w.keys.customer.of(r)
		r.number = number
		return state != convert.Present
	})
	for _, r := range rows {
		r.key = encodeCells(w.keys.source, r, w.keys.key)
	}
	return w.keys.merged(rows, nil)
}
