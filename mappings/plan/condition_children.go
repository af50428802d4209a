package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// keyConditions renders what decides which rows an endpoint shows. Filters on
// child rows that the server cannot decide become needs.
func (c *compiler) keyConditions(f *frame, all []*mapfile.Condition, k *keyReader) []sqlText {
	f.narrowing = true
	defer func() { f.narrowing = false }()
	var out []sqlText
	for _, cond := range all {
		if cond.Exists == nil || !c.decidedHere(f, cond.Exists) {
			out = append(out, c.sparing(f, cond, c.condition(f, cond, nil)))
			continue
		}
		if n, ok := c.fetchedFilter(f, cond); ok {
			k.needs = append(k.needs, n)
		}
	}
	return out
}

// decidedHere says whether a filter on child rows needs them fetched: their
// match is a conversion, or amounts are kept as texts, which servers do not add
// up as people write them.
func (c *compiler) decidedHere(f *frame, e *mapfile.Exists) bool {
	child := c.childrenOf(f.scope, e.Children.Value)
	if child == nil {
		return false
	}
	for _, m := range child.Match {
		if m.Value.Kind != mapfile.LiteralValue && m.Value.Kind != mapfile.ColumnValue {
			return true
		}
	}
	if e.Aggregate == nil || e.Aggregate.Column == nil || e.Aggregate.Func.Value == "count" || !c.bound() {
		return false
	}
	t := c.schema[refOf(child.Source)]
	if t == nil {
		return false
	}
	col := t.column(e.Aggregate.Column.Name)
	return col != nil && !col.Kind.Numeric() && !dated(col.Kind)
}

// fetchedFilter compiles a filter whose child rows are fetched for the rows of
// the key list.
func (c *compiler) fetchedFilter(f *frame, cond *mapfile.Condition) (need, bool) {
	e := cond.Exists
	a, w := e.Aggregate, wantBool
	if a == nil {
		a = &mapfile.Aggregate{Pos: cond.Pos, Func: mapfile.Text{Value: "exists", Pos: cond.Pos}, Children: e.Children, Where: e.Where}
	} else {
		w = comparedAs(e.Compare)
	}
	defer c.unrounded()()
	n := need{noted: e.Children.Value}
	n.get = c.reduced(site{f: f, want: w}, &mapfile.Value{Pos: cond.Pos, Kind: mapfile.AggregateValue, Aggregate: a})
	if e.Aggregate == nil {
		n.holds = func(got value) bool { return (got.text == "true") != e.Negate }
		return n, true
	}
	if a.Func.Value == "sum" {
		n.get = orZero(n.get)
	}
	holds, ok := c.decision(e.Compare, w == wantDecimal)
	n.holds = holds
	return n, ok
}

// comparedAs is the type in which an aggregate is compared: as a number where
// it is compared with numbers.
func comparedAs(cmp *mapfile.Comparison) want {
	if slices.ContainsFunc(cmp.Values, func(v mapfile.Text) bool { return !isNumber(v.Value) }) {
		return wantText
	}
	return wantDecimal
}

func isNumber(text string) bool {
	_, ok := typedNumber(convert.ColumnDecimal, text)
	return ok
}

// orZero lets the sum of nothing be 0, as people mean it in a comparison.
func orZero(get evaluator) evaluator {
	return func(r *row, e *env) value {
		if got := get(r, e); !got.state.Missing() {
			return got
		}
		return present("0.0")
	}
}

// existsSQL asks whether there is (or is not) a child row that fulfils a
// condition, or compares an aggregate over them, inside the statement.
func (c *compiler) existsSQL(f *frame, cond *mapfile.Condition) sqlText {
	var out sqlText
	e := cond.Exists
	if c.childrenNamed(f.scope, e.Children) == nil {
		return *out.text(never)
	}
	if c.decidedHere(f, e) {
		c.fault(cond.Pos, "this filter needs its child rows fetched (their match is a conversion, or the column holds amounts as texts), so it has to stand by itself, as an entry of the section's `where:`")
		return *out.text(never)
	}
	if e.Aggregate != nil {
		return c.aggregateSQL(f, cond)
	}
	sub, _ := c.childStatement(f, e.Children, e.Where)
	sub.slots = []slot{{expr: *new(sqlText).text("1")}}
	if e.Negate {
		out.text("not ")
	}
	return *out.text("exists (").add(sqlText{pieces: sub.statement().pieces}).text(")")
}

// childStatement is a statement on named child rows inside another one.
func (c *compiler) childStatement(f *frame, name mapfile.Text, where []*mapfile.Condition) (*frame, *relation) {
	child := c.childrenOf(f.scope, name.Value)
	inner := c.newScope(f.scope, aliased(child.Source, child.Name), child.Join, nil, false)
	sub := newFrame(c, f.name, inner, f, ownerAndState)
	sub.closed, sub.correlated = true, true
	r := inner.relations[0]
	sub.where = c.correlate(f, sub, r, child.Match)
	sub.where = append(sub.where, c.conditions(sub, child.Where, r)...)
	sub.where = append(sub.where, c.conditions(sub, where, r)...)
	c.requireInside(sub)
	return sub, r
}

// requireInside makes the required joins of a closed statement drop the rows
// they find nothing for.
func (c *compiler) requireInside(f *frame) {
	for _, r := range f.scope.relations {
		switch {
		case !r.required:
		case r.apart:
			f.where = append(f.where, c.requiredApart(f, r))
		default:
			f.use(r, r.pos)
		}
	}
}

// aggregateSQL compares an aggregate over child rows.
func (c *compiler) aggregateSQL(f *frame, cond *mapfile.Condition) sqlText {
	e := cond.Exists
	sub, r := c.childStatement(f, e.Children, e.Aggregate.Where)
	function := e.Aggregate.Func.Value
	expr := *new(sqlText).text("count(*)")
	col := &Column{Kind: convert.ColumnInteger}
	if a := e.Aggregate.Column; a != nil {
		column, found := c.columnNamed(sub, mapfile.Text{Value: a.Name, Pos: a.Pos}, r)
		if found == nil {
			return *new(sqlText).text(never)
		}
		expr = *new(sqlText).text(function, "(").add(column).text(")")
		switch function {
		case "count":
		case "sum":
			expr = *new(sqlText).text("coalesce(").add(expr).text(", 0)")
		default:
			col = found
		}
	}
	sub.slots = []slot{{expr: expr}}
	whole := *new(sqlText).text("(").add(sqlText{pieces: sub.statement().pieces}).text(")")
	if col.Kind.Numeric() {
		return c.numberSQL(whole, e.Compare)
	}
	return c.comparisonSQL(whole, col, e.Compare)
}

// numberSQL compares an expression that is a number. It is rounded to more
// places than any amount has, so that binary columns compare as they read.
func (c *compiler) numberSQL(expr sqlText, cmp *mapfile.Comparison) sqlText {
	against := func(operator string) sqlText {
		var some []sqlText
		for _, v := range cmp.Values {
			if !isNumber(v.Value) {
				c.fault(v.Pos, "%q is compared with numbers and is none", v.Value)
			}
			var one sqlText
			some = append(some, *one.text("round(").add(expr).text(", 10) ", operator, " cast(").bind(v.Value).text(" as decimal(38,10))"))
		}
		return *new(sqlText).text("(").add(joinSQL(" or ", some)).text(")")
	}
	operators := map[mapfile.CompareOp]string{mapfile.Less: "<", mapfile.More: ">", mapfile.Since: ">=", mapfile.UpTo: "<="}
	var out sqlText
	switch {
	case cmp.Op == mapfile.Equal:
		return against("=")
	case cmp.Op == mapfile.Differs:
		return *out.text("not coalesce(").add(against("=")).text(", 0)")
	case cmp.Op == mapfile.Empty:
		return *out.add(expr).text(" is null")
	case cmp.Op == mapfile.Present:
		return *out.add(expr).text(" is not null")
	case len(cmp.Values) != 1 || operators[cmp.Op] == "":
		c.fault(cmp.Pos, "compare with one value")
		return *out.text(never)
	}
	return against(operators[cmp.Op])
}

// correlate pairs child rows with the row around them inside one statement.
func (c *compiler) correlate(f, sub *frame, r *relation, match []mapfile.Match) []sqlText {
	var all []sqlText
	for _, m := range match {
		owner, col := c.matchedColumn(sub, r, m.Column)
		if col == nil {
			continue
		}
		switch m.Value.Kind {
		case mapfile.LiteralValue:
			if m.Value.Literal != nil {
				all = append(all, c.equalSQL(columnSQL(owner, col.Name), col, []mapfile.Text{*m.Value.Literal}))
			}
		case mapfile.ColumnValue:
			_, theirs, ok := f.column(m.Value.Column, m.Value.Pos, false)
			if !ok {
				continue
			}
			rel, _ := f.scope.find(m.Value.Column.Alias)
			all = append(all, c.sameSQL(columnSQL(owner, col.Name), col, columnSQL(rel, theirs.Name), theirs))
		default:
			c.fault(m.Value.Pos, "the server does not know what comes out of a conversion, so this match cannot decide which rows there are")
		}
	}
	return all
}

// childConditions decides which rows a branch has. What looks at a join that
// is fetched by itself is decided on the fetched rows, everything else by the
// server.
func (c *compiler) childConditions(b *branch, all []*mapfile.Condition) {
	main := b.frame.scope.relations[0]
	for _, cond := range all {
		if len(cond.Compare) == 0 {
			c.childCondition(b, cond, main)
		}
		for _, cmp := range cond.Compare {
			c.childCondition(b, &mapfile.Condition{Pos: cond.Pos, Compare: []*mapfile.Comparison{cmp}}, main)
		}
	}
}

func (c *compiler) childCondition(b *branch, cond *mapfile.Condition, main *relation) {
	f := b.frame
	if !c.looksApart(f, cond) {
		f.where = append(f.where, c.condition(f, cond, main))
		return
	}
	holds, before := c.tests(site{f: f}, []*mapfile.Condition{c.qualified(f, cond, main)}), b.filter
	b.filter = func(r *row, e *env) bool { return (before == nil || before(r, e)) && holds(r, e) }
}

// looksApart says whether a condition compares a column of a join that is
// fetched by itself.
func (c *compiler) looksApart(f *frame, cond *mapfile.Condition) bool {
	inner := func(one *mapfile.Condition) bool { return c.looksApart(f, one) }
	return slices.ContainsFunc(cond.Any, inner) || slices.ContainsFunc(cond.Not, inner) ||
		slices.ContainsFunc(cond.Compare, func(cmp *mapfile.Comparison) bool {
			alias, _, dotted := strings.Cut(cmp.Name.Value, ".")
			r, depth := f.scope.find(alias)
			return dotted && r != nil && depth == 0 && r.apart
		})
}

// qualified is a condition with the alias before each bare name.
func (c *compiler) qualified(f *frame, cond *mapfile.Condition, main *relation) *mapfile.Condition {
	out := *cond
	out.Any, out.Not, out.Compare = nil, nil, nil
	for _, one := range cond.Any {
		out.Any = append(out.Any, c.qualified(f, one, main))
	}
	for _, one := range cond.Not {
		out.Not = append(out.Not, c.qualified(f, one, main))
	}
	for _, cmp := range cond.Compare {
		named := *cmp
		alias, _, dotted := strings.Cut(cmp.Name.Value, ".")
		if r, _ := f.scope.find(alias); !dotted || r == nil {
			named.Name.Value = main.alias + "." + cmp.Name.Value
		}
		out.Compare = append(out.Compare, &named)
	}
	return &out
}

// childrenOf finds named children of a scope; nil where there are none.
func (c *compiler) childrenOf(s *scope, name string) *mapfile.Children {
	for at := s; at != nil; at = at.parent {
		if i := slices.IndexFunc(at.children, func(child *mapfile.Children) bool { return child.Name.Value == name }); i >= 0 {
			return at.children[i]
		}
	}
	return nil
}
