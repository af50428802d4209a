package plan

import (
	"slices"
	"strconv"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// aggregateValue reduces child rows in Go, on exact decimals.
func (c *compiler) aggregateValue(s site, v *mapfile.Value) evaluator {
	if s.f.closed {
		c.fault(v.Aggregate.Pos, "an aggregate cannot decide the order of rows, and which there are only as an entry of `where:`")
		return fixed(absent(convert.Empty))
	}
	return c.reduced(s, v)
}

func (c *compiler) reduced(s site, v *mapfile.Value) evaluator {
	a := v.Aggregate
	nothing := fixed(absent(convert.Empty))
	at, ok := c.childRows(s.f, a)
	if !ok {
		return nothing
	}
	inner := s.f
	for range at.depth {
		inner = inner.parent
	}
	inner = inner.branches[at.branch].frame
	switch a.Func.Value {
	case "count":
		return sure(at, c.typed(s, v.Pos, func(r *row, _ *env) value { return present(strconv.Itoa(len(r.rowsOf(at)))) }))
	case "exists":
		return sure(at, c.typed(s, v.Pos, func(r *row, _ *env) value { return present(strconv.FormatBool(len(r.rowsOf(at)) > 0)) }))
	}
	if a.Column == nil {
		c.fault(a.Pos, "%s: needs a column, as in `%s: %s.amount`", a.Func.Value, a.Func.Value, a.Children.Value)
		return nothing
	}
	item := &mapfile.Value{Pos: a.Pos, Kind: mapfile.ColumnValue, Column: mapfile.ColumnRef{
		Alias: inner.scope.relations[0].alias, Name: a.Column.Name, Pos: a.Column.Pos,
	}}
	if v.Convert != nil {
		item = &mapfile.Value{Pos: v.Pos, Kind: mapfile.FromValue, Items: []*mapfile.Value{item}, Convert: v.Convert}
	}
	switch a.Func.Value {
	case "sum":
		return sure(at, c.sum(s, v, at, c.factor(site{f: inner}, item)))
	case "min", "max":
		return sure(at, c.extreme(s, at, inner, item, a.Func.Value == "max"))
	}
	c.fault(a.Func.Pos, "%q is no aggregate; there are sum, count, min, max and exists", a.Func.Value)
	return nothing
}

// sure is an aggregate that has no value as long as one of its rows is in doubt.
func sure(at place, get evaluator) evaluator {
	return func(r *row, e *env) value {
		if got, is := unsure(r.rowsOf(at)); is {
			return got
		}
		return get(r, e)
	}
}

func (c *compiler) sum(s site, v *mapfile.Value, at place, item evaluator) evaluator {
	places := c.places
	return c.typed(s, v.Pos, func(r *row, e *env) value {
		var total convert.Total
		for _, child := range r.rowsOf(at) {
			got := item(child, e)
			if got.state.Bad() {
				return got
			}
			if got.state == convert.Present {
				total.Add(got.text)
			}
		}
		text, state := total.Sum()
		return rounded(text, state, places)
	})
}

func (c *compiler) extreme(s site, at place, inner *frame, item *mapfile.Value, last bool) evaluator {
	numeric := s.want == wantDecimal || s.want == wantInteger
	var get evaluator
	if numeric || s.want == wantInstant {
		get = c.value(site{f: inner, want: s.want}, item)
	} else {
		key := c.orderKey(inner, item, false)
		numeric = key.numeric
		get = key.get
	}
	key := orderKey{numeric: numeric, desc: last}
	if s.want == wantInteger {
		// whole numbers compare as decimals do
		key.numeric = false
		compare := func(a, b value) int {
			x, errX := strconv.ParseInt(a.text, 10, 64)
			y, errY := strconv.ParseInt(b.text, 10, 64)
			if errX != nil || errY != nil || x == y {
				return 0
			}
			if (x < y) != last {
				return -1
			}
			return 1
		}
		return bestOf(at, get, compare)
	}
	return bestOf(at, get, key.compare)
}

// bestOf is the first value in an order among those that are there.
func bestOf(at place, get evaluator, compare func(a, b value) int) evaluator {
	return func(r *row, e *env) value {
		best := absent(convert.Empty)
		for _, child := range r.rowsOf(at) {
			got := get(child, e)
			if got.state.Bad() {
				return got
			}
			if got.state == convert.Present && (best.state != convert.Present || compare(got, best) < 0) {
				best = got
			}
		}
		return best
	}
}

// childRows finds or makes the branch that fetches named child rows.
func (c *compiler) childRows(f *frame, a *mapfile.Aggregate) (place, bool) {
	owner, depth := f, 0
	var child *mapfile.Children
	for at := f.scope; at != nil && child == nil; at = at.parent {
		for _, declared := range at.children {
			if declared.Name.Value == a.Children.Value {
				child = declared
			}
		}
		if child == nil {
			depth++
			if owner = owner.parent; owner == nil {
				break
			}
		}
	}
	if child == nil {
		c.childrenNamed(f.scope, a.Children)
		return place{}, false
	}
	for i, b := range owner.branches {
		if b.child == child && len(b.where) == 0 && len(a.Where) == 0 {
			return place{depth: depth, branch: i}, true
		}
	}
	source := aliased(child.Source, child.Name)
	c.inline = c.inlineFor(append(c.named(written{}, append(slices.Clone(child.Where), a.Where...)), matchedAliases(child.Match)...), child.Join)
	inner := c.newScope(owner.scope, source, child.Join, nil, true)
	c.inline = nil
	sub := newFrame(c, owner.name+"."+child.Name.Value, inner, owner, ownerAndState)
	r := inner.relations[0]
	b := &branch{name: sub.name, frame: sub, child: child, where: a.Where, noted: child.Name.Value}
	owner.branches = append(owner.branches, b)
	at := place{depth: depth, branch: len(owner.branches) - 1}
	c.match(owner, b, r, child.Match)
	c.childConditions(b, child.Where)
	c.childConditions(b, a.Where)
	sub.declared = append(c.declaredIn(sub, child.Where, r), c.declaredIn(sub, a.Where, r)...)
	c.requireRows(b)
	c.unmultiply(b)
	return at, true
}
