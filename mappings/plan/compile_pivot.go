package plan

import (
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// choice is one rank of a pivot's preferences.
type choice struct {
	holds test
	set   map[string]value // members that are set when this rank wins
}

// choices are the ranks of a pivot, the best one first.
type choices []choice

// of is the first rank that a row suits; nil where there is none.
func (c choices) of(r *row, e *env) *choice {
	for i := range c {
		if c[i].holds(r, e) {
			return &c[i]
		}
	}
	return nil
}

// keep leaves the rows of the best rank that has any. Where a row is in doubt all
// of them stay, and so does the doubt.
func (c choices) keep(rows []*row, e *env) []*row {
	if _, is := unsure(rows); is {
		return rows
	}
	for i := range c {
		n := 0
		for _, r := range rows {
			if c[i].holds(r, e) {
				n++
			}
		}
		switch n {
		case 0:
			continue
		case len(rows):
			return rows
		}
		return slices.DeleteFunc(rows, func(r *row) bool { return !c[i].holds(r, e) })
	}
	return nil
}

// pivots compiles rows that become named members of an object: prices by
// period. One rank of the preferences wins for the whole object, because its
// members say whose prices they are.
func (c *compiler) pivots(f *frame, s *shape, e *element, w written) {
	for _, l := range w.lists {
		if l.Pivot != nil {
			leave := c.within(l.Pivot.Path.Value)
			c.pivot(f, s, e, l.Pivot)
			leave()
		}
	}
}

func (c *compiler) pivot(f *frame, s *shape, e *element, p *mapfile.Pivot) {
	scope := c.newScope(f.scope, p.Source, p.Join, nil, true)
	if len(scope.relations) == 0 {
		return
	}
	sub := newFrame(c, f.name+"."+p.Path.Value, scope, f, ownerAndState)
	b := &branch{name: sub.name, frame: sub, noted: p.Path.Value}
	f.branches = append(f.branches, b)
	at := len(f.branches) - 1
	c.match(f, b, scope.relations[0], p.Parent)
	c.childConditions(b, p.Where)
	choices := c.choices(sub, s, p)
	b.order = c.childOrder(sub, p.Order)
	c.requireRows(b)
	step := c.step(sub, p)
	b.ranked = choices.keep // so that all rows are of one rank, unless some are in doubt
	add := func(path string, pos mapfile.Pos, way short, get evaluator) {
		l := s.leaves[path]
		if l == nil {
			c.faultNear(pos, mapfile.Nearest(path, s.names()), "the API has no field %q here", path)
			return
		}
		if slices.ContainsFunc(e.fields, func(have *field) bool { return have.leaf == l }) {
			c.fault(pos, "%s is mapped twice", path)
			return
		}
		out := &field{leaf: l, short: way, get: sure(place{branch: at}, get), pos: pos, bad: leaveOut}
		if e.strict {
			out.bad = failPage
		}
		e.fields = append(e.fields, out)
	}
	object := p.Path.Value + "."
	for _, column := range p.Columns {
		path := object + column.Name.Value + ".amount"
		l := s.leaves[path]
		if l == nil {
			c.faultNear(column.Name.Pos, "", "the API has no %s%s.amount", object, column.Name.Value)
			continue
		}
		codes := make([]string, len(column.Values))
		for i, v := range column.Values {
			codes[i] = plainNumber(convert.Clean(v.Value))
		}
		before := len(c.faults)
		amount := c.value(site{f: sub, want: l.want, leaf: l}, p.Amount)
		way := short{}
		if len(c.faults) == before {
			way = c.shortPrice(sub, at, p, l, codes)
		}
		add(path, column.Name.Pos, way, func(r *row, e *env) value {
			for _, child := range r.branches[at] {
				feeds, bad := step(child, e, codes)
				if bad.state.Bad() {
					return bad
				}
				if feeds {
					if got := amount(child, e); !got.state.Missing() {
						return got
					}
				}
			}
			return absent(convert.Empty)
		})
	}
	c.pivotMembers(sub, s, p, object, at, choices, add)
}

// step makes the question whether a row feeds a column: its `by` is one of the
// column's codes, or, in a ladder, one of them lies from `by` up to `upTo`.
func (c *compiler) step(sub *frame, p *mapfile.Pivot) func(r *row, e *env, codes []string) (bool, value) {
	if p.UpTo == nil {
		by := c.value(site{f: sub, want: wantText}, p.By)
		return func(r *row, e *env, codes []string) (bool, value) {
			got := by(r, e)
			return got.state == convert.Present && slices.Contains(codes, plainNumber(got.text)), got
		}
	}
	defer c.unrounded()()
	from, upTo := c.value(site{f: sub, want: wantDecimal}, p.By), c.value(site{f: sub, want: wantDecimal}, p.UpTo)
	return func(r *row, e *env, codes []string) (bool, value) {
		low, high := from(r, e), upTo(r, e)
		if low.state.Bad() || high.state.Bad() {
			if low.state.Bad() {
				return false, low
			}
			return false, high
		}
		return slices.ContainsFunc(codes, func(code string) bool {
			at, state := convert.Decimal(code, convert.MoneyRule{Decimal: '.'})
			return state == convert.Present && low.state == convert.Present && convert.Compare(low.text, at) <= 0 &&
				(high.state.Missing() || convert.Compare(at, high.text) <= 0) // an open end
		}), low
	}
}

// pivotMembers are the members that come with the rank that won.
func (c *compiler) pivotMembers(sub *frame, s *shape, p *mapfile.Pivot, object string,
	at int, ranks choices, add func(string, mapfile.Pos, short, evaluator),
) {
	set := map[string]mapfile.Pos{}
	var order []string
	for _, preference := range p.Prefer {
		for _, member := range preference.Fields {
			path := object + member.Path.Value
			if _, ok := set[path]; !ok {
				set[path] = member.Path.Pos
				order = append(order, path)
			}
		}
	}
	for _, path := range order {
		add(path, set[path], shortRankOf(s.leaves[path], at, ranks, path), func(r *row, e *env) value {
			rows := r.branches[at]
			if len(rows) == 0 {
				return absent(convert.Empty)
			}
			won := ranks.of(rows[0], e)
			if won == nil {
				return absent(convert.Empty)
			}
			return won.set[path]
		})
	}
	for _, member := range p.Fields {
		path := object + member.Path.Value
		get := fixed(absent(convert.Empty))
		if l := s.leaves[path]; l != nil {
			get = c.value(site{f: sub, want: l.want, leaf: l}, member.Value)
		}
		add(path, member.Path.Pos, short{}, func(r *row, e *env) value {
			rows := r.branches[at]
			if len(rows) == 0 {
				return absent(convert.Empty)
			}
			return get(rows[0], e)
		})
	}
}

// choices compiles the ranks, and restricts the statement to rows that one of
// them can want.
func (c *compiler) choices(sub *frame, s *shape, p *mapfile.Pivot) choices {
	if len(p.Prefer) == 0 {
		return choices{{holds: func(*row, *env) bool { return true }}}
	}
	main := sub.scope.relations[0]
	var ranks choices
	var filters []sqlText
	for _, preference := range p.Prefer {
		rank := choice{set: map[string]value{}}
		var tests []test
		var parts []sqlText
		for _, cmp := range preference.Match {
			column, col := c.columnNamed(sub, cmp.Name, main)
			if col == nil {
				continue
			}
			if len(cmp.Values) == 1 && cmp.Values[0].Value == "@customer" {
				rule := ruleOf(col)
				rule.collation = Exact // nobody gets the rates of a number that is only like his
				c.asksCustomer = true
				if !c.customerKnown(sub, cmp.Values[0].Pos) {
					continue
				}
				tests = append(tests, ofCustomer(place{branch: -1, slot: sub.slot(main, col)}, rule))
				var s sqlText
				parts = append(parts, *s.add(column).text(" in ").asked(rule, 1))
				if c.file.CustomerNumber == nil {
					c.fault(cmp.Values[0].Pos, "@customer needs to know what a customer number is: say at the top of the file what `customerNumber:` is")
				}
				continue
			}
			if cmp.Op == mapfile.Equal && len(cmp.Values) == 1 && cmp.Values[0].Value == "" {
				cmp = &mapfile.Comparison{Pos: cmp.Pos, Name: cmp.Name, Op: mapfile.Empty}
			}
			qualified := *cmp
			qualified.Name.Value = main.alias + "." + col.Name
			tests = append(tests, c.test(site{f: sub}, &qualified))
			parts = append(parts, c.comparison(sub, cmp, main))
		}
		rank.holds = func(r *row, e *env) bool {
			return !slices.ContainsFunc(tests, func(t test) bool { return !t(r, e) })
		}
		for _, member := range preference.Fields {
			l := s.leaves[p.Path.Value+"."+member.Path.Value]
			rank.set[p.Path.Value+"."+member.Path.Value] = c.value(site{f: sub, want: wantText, leaf: l}, member.Value)(nil, nil)
		}
		ranks = append(ranks, rank)
		if len(parts) == 0 {
			parts = append(parts, *new(sqlText).text(always))
		}
		var one sqlText
		filters = append(filters, *one.text("(").add(joinSQL(" and ", parts)).text(")"))
	}
	var wanted sqlText
	sub.where = append(sub.where, *wanted.text("(").add(joinSQL(" or ", filters)).text(")"))
	return ranks
}

// customerColumns are the raw columns of the customer number.
func (c *compiler) customerColumns() []mapfile.ColumnRef {
	if c.file.CustomerNumber == nil {
		return nil
	}
	_, refs := c.numberParts(c.file.CustomerNumber)
	return refs
}

// ofCustomer holds for rows of the customer asked for, compared exactly.
func ofCustomer(p place, rule matchRule) test {
	rule.collation = Exact // never the server's looser comparison: these are somebody's prices
	return func(r *row, e *env) bool {
		cell := r.cell(p)
		if cell.IsNull() {
			return false
		}
		own := rule.norm(cell.String())
		return slices.ContainsFunc(e.asked, func(text string) bool { return rule.norm(text) == own })
	}
}

// plainNumber lets 7, 7.0 and 007 be the same code.
func plainNumber(text string) string {
	return matchRule{numeric: true}.norm(text)
}
