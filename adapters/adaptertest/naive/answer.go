package naive

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// World is a dealer: tables, rows and the mapping over them.
type World struct {
	Tables  []*Table
	Mapping *Mapping
}

// Answer is what is sent for some customers: the rows of the key list in order,
// each with its element or with the field that keeps it from being sent.
type Answer []Element

// Element is one row of an answer.
type Element struct {
	ID    string // what tells rows apart in messages
	Sent  map[string]any
	Field string // of a row that is left out
	Why   string
}

type world struct {
	*World
	zone *time.Location
}

// Contracts answers for some customers, by looking at every row.
func (w *World) Contracts(customers ...string) Answer {
	zone, err := time.LoadLocation(w.Mapping.Zone)
	if err != nil {
		panic(err)
	}
	in := &world{World: w, zone: zone}
	var rows []*row
	for _, e := range w.Mapping.contracts() {
		for _, r := range in.rows(nil, e.From) {
			if slices.Contains(customers, in.number(r)) {
				r.of = e
				rows = append(rows, r)
			}
		}
	}
	in.sort(rows, w.Mapping.Contract.Order)
	if e := w.Mapping.Contract; len(e.Distinct) > 0 {
		rows = in.once(rows, e.Distinct)
	}
	var all Answer
	for _, r := range rows {
		e := r.of
		sent, fault := in.element(r, "", e.Fields)
		for name, l := range map[string]*List{"assetDetails": e.Assets, "feeDetails": e.Fees, "taxDetails": e.Taxes} {
			list, bad := in.list(r, name, l)
			sent[name] = list
			fault = fault.or(bad)
		}
		sent["customerId"], sent["currency"] = in.number(r), w.Mapping.Currency
		if doubt := r.doubted(e.From); doubt != nil {
			fault = doubt
		}
		one := Element{ID: in.key(r, e), Sent: sent}
		if fault != nil {
			one.Sent, one.Field, one.Why = nil, fault.field, fault.why
		}
		all = append(all, one)
	}
	return all
}

func (w *world) number(r *row) string {
	n := w.Mapping.Number
	text, _ := r.cell(n.Column)
	if n.Second == nil {
		return padded(text, n.Pad)
	}
	second, _ := r.cell(*n.Second)
	if text == "" || second == "" {
		return ""
	}
	return n.Prefix + text + "-" + second
}

// once lets a customer's rows that are equal in some columns stand once.
func (w *world) once(rows []*row, columns []Ref) []*row {
	seen := map[string]bool{}
	return slices.DeleteFunc(rows, func(r *row) bool {
		id := w.number(r)
		for _, ref := range columns {
			text, _ := r.cell(ref)
			if text == "" {
				return false // nobody can tell
			}
			id += "\x00" + text
		}
		again := seen[id]
		seen[id] = true
		return again
	})
}

// rows are the rows of a source, each with its joins.
func (w *world) rows(parent *row, s Source) []*row {
	var all []*row
	for _, cells := range s.Table.Rows {
		r := &row{world: w, parent: parent, tables: map[string]*Table{s.Alias: s.Table}, cells: map[string][]Cell{s.Alias: cells}}
		if w.shown(r, s.Table, s.Alias) && w.joined(r, s.Joins) && r.all(s.Where) {
			all = append(all, r)
		}
	}
	return all
}

// shown says whether owner and state filters let a row pass.
func (w *world) shown(r *row, t *Table, alias string) bool {
	for _, f := range append(slices.Clone(w.Mapping.Owner), w.Mapping.State...) {
		if f.Table == t && !r.holds(f.Where.under(alias)) {
			return false
		}
	}
	return true
}

// joined finds the rows of all joins; false where a required one found none.
func (w *world) joined(r *row, joins []Join) bool {
	for _, j := range joins {
		var found []*row
		for _, cells := range j.Table.Rows {
			one := &row{world: w, parent: r, tables: map[string]*Table{j.Alias: j.Table}, cells: map[string][]Cell{j.Alias: cells}}
			if w.shown(one, j.Table, j.Alias) && one.matches(j.Alias, j.Match) && one.all(under(j.Where, j.Alias)) {
				found = append(found, one)
			}
		}
		w.order(found, j.Alias, j.Pick)
		r.tables[j.Alias] = j.Table
		r.cells[j.Alias] = nil
		if len(found) > 0 {
			r.cells[j.Alias] = found[0].cells[j.Alias]
		} else if j.Required {
			return false
		}
	}
	return true
}

// matches compares as servers do: numbers by value, texts without the blanks at
// their end; NULL equals nothing.
func (r *row) matches(alias string, all []Match) bool {
	for _, m := range all {
		mine, column, ok := r.raw(Ref{alias, m.Column})
		if !ok {
			return false
		}
		if m.Fixed != nil {
			if !r.holds(Cond{Column: Ref{alias, m.Column}, Op: Equal, Values: []string{*m.Fixed}}) {
				return false
			}
			continue
		}
		theirs, other, ok := r.raw(m.With)
		if !ok || !equal(mine, theirs, column.Kind == Integer || other.Kind == Integer) {
			return false
		}
	}
	return true
}

func equal(a, b string, number bool) bool {
	if number {
		x, _, okX := amount(strings.TrimSpace(a))
		y, _, okY := amount(strings.TrimSpace(b))
		return okX && okY && x.Cmp(y) == 0
	}
	return strings.TrimRight(a, " ") == strings.TrimRight(b, " ")
}

// childRows are the rows of named children that belong to a row.
func (w *world) childRows(r *row, c *Children, where []Cond) []*row {
	var all []*row
	for _, cells := range c.Table.Rows {
		one := &row{world: w, parent: r, tables: map[string]*Table{c.Name: c.Table}, cells: map[string][]Cell{c.Name: cells}}
		if w.shown(one, c.Table, c.Name) && one.matches(c.Name, c.Match) &&
			w.joined(one, c.Joins) && one.all(under(c.Where, c.Name)) && one.all(under(where, c.Name)) {
			all = append(all, one)
		}
	}
	return all
}

func (r *row) all(conditions []Cond) bool {
	for _, c := range conditions {
		if !r.holds(c) {
			return false
		}
	}
	return true
}

func (r *row) holds(c Cond) bool {
	switch {
	case c.Exists != "":
		for _, e := range r.world.Mapping.contracts() {
			for i := range e.Children {
				if child := &e.Children[i]; child.Name == c.Exists {
					return (len(r.world.childRows(r, child, c.Where)) > 0) != c.None
				}
			}
		}
		panic("no children " + c.Exists)
	case c.Any != nil:
		return slices.ContainsFunc(c.Any, r.holds)
	case c.Not != nil:
		return !r.holds(*c.Not)
	}
	text, column := r.cell(c.Column)
	number := column.Kind == Integer || column.Kind == Decimal
	against := func(v string) int {
		v = strings.TrimSpace(v)
		if number {
			return compare(text, v, WantDecimal)
		}
		return strings.Compare(text, v)
	}
	if column.Kind == Text && c.Op >= Above && plainNumber.MatchString(c.Values[0]) {
		// A number by value, with whatever text holds one.
		if !plainNumber.MatchString(text) {
			return false
		}
		number = true
	}
	is := func(v string) bool { return text != "" && against(v) == 0 }
	switch c.Op {
	case Equal:
		return slices.ContainsFunc(c.Values, is)
	case Differs:
		return !slices.ContainsFunc(c.Values, is)
	case Empty:
		return text == ""
	case Present:
		return text != ""
	case Declared:
		return !has(c.Hidden, text)
	case Above:
		return text != "" && against(c.Values[0]) > 0
	case Below:
		return text != "" && against(c.Values[0]) < 0
	case From:
		return text != "" && against(c.Values[0]) >= 0
	}
	return text != "" && against(c.Values[0]) <= 0
}

var plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// under gives bare columns an alias.
func (c Cond) under(alias string) Cond {
	if c.Column.Alias == "" {
		c.Column.Alias = alias
	}
	c.Any = under(c.Any, alias)
	if c.Not != nil {
		inner := c.Not.under(alias)
		c.Not = &inner
	}
	return c
}

func under(all []Cond, alias string) []Cond {
	var out []Cond
	for _, c := range all {
		out = append(out, c.under(alias))
	}
	return out
}

// sort orders rows as an endpoint says, then by the bytes of their keys, then
// by their customers and sources.
func (w *world) sort(rows []*row, order []Order) {
	slices.SortStableFunc(rows, func(a, b *row) int {
		if by := strings.Compare(w.key(a, a.of), w.key(b, b.of)); by != 0 {
			return by
		}
		return strings.Compare(w.number(a), w.number(b))
	})
	w.order(rows, "", order)
}

// order sorts by columns: numbers by value, texts by bytes, what is empty last.
func (w *world) order(rows []*row, alias string, order []Order) {
	slices.SortStableFunc(rows, func(a, b *row) int {
		for _, o := range order {
			ref := o.By
			if ref.Alias == "" {
				ref.Alias = alias
			}
			x, column := a.cell(ref)
			y, _ := b.cell(ref)
			switch {
			case x == "" && y == "":
				continue
			case x == "":
				return 1
			case y == "":
				return -1
			}
			want := WantText
			if column.Kind == Integer {
				want = WantInteger
			}
			if by := compare(x, y, want); by != 0 {
				if o.Desc {
					return -by
				}
				return by
			}
		}
		return 0
	})
}

// key is the key of a main row, part by part.
func (w *world) key(r *row, e *Endpoint) string {
	var parts []string
	s := e.From
	if len(e.Key) > 0 {
		for _, ref := range e.Key {
			text, _, _ := r.raw(ref)
			parts = append(parts, text)
		}
	} else {
		for _, i := range s.Table.Key {
			text, _, _ := r.raw(Ref{s.Alias, s.Table.Columns[i].Name})
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\x00")
}

// Customers are the numbers of all customers there are rows of, and of two that
// have none.
func (w *World) Customers() []string {
	all := []string{"nobody", "00412"}
	if w.Mapping.Number.Second != nil {
		in := &world{World: w}
		for _, e := range w.Mapping.contracts() {
			s := e.From
			for _, cells := range s.Table.Rows {
				r := &row{world: in, tables: map[string]*Table{s.Alias: s.Table}, cells: map[string][]Cell{s.Alias: cells}}
				if number := in.number(r); number != "" && !slices.Contains(all, number) {
					all = append(all, number)
				}
			}
		}
		slices.Reverse(all)
		return all
	}
	column := w.Mapping.Number.Column
	for _, e := range w.Mapping.contracts() {
		t := e.From.Table
		for _, j := range e.From.Joins {
			if j.Alias == column.Alias {
				t = j.Table
			}
		}
		i := t.index(column.Column)
		for _, cells := range t.Rows {
			if cells[i] == nil {
				continue
			}
			number := padded(strings.TrimSpace(*cells[i]), w.Mapping.Number.Pad)
			if number != "" && !slices.Contains(all, number) {
				all = append(all, number)
			}
		}
	}
	slices.Reverse(all)
	return all
}
