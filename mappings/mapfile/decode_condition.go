package mapfile

import (
	"fmt"
	"slices"
	"strings"
)

// conditionRules say what a condition may hold at its place.
type conditionRules struct {
	sc     scope
	bare   bool // names are columns of one table, without alias
	answer bool // `when:`: columns with alias or fields of the answer; comparisons only
	codes  bool // `show` and `hide` can stand here: the condition decides by itself which rows there are
}

// inside are the rules within `any` and `not`, where no condition decides by
// itself.
func (r conditionRules) inside() conditionRules {
	r.codes = false
	return r
}

var aggregateNames = []string{"sum", "count", "min", "max"}

// conditions reads one condition or a list of them; all must hold.
func (d *decoder) conditions(n *node, path string, rules conditionRules) []*Condition {
	if n == nil {
		return nil
	}
	var all []*Condition
	for i, item := range listOf(n) {
		all = append(all, d.condition(item, index(path, n, i), rules)...)
	}
	if n.kind == listNode && len(n.items) == 0 || n.kind == mapNode && len(n.pairs) == 0 {
		d.fault(n.pos, path, "no condition stands here")
	}
	return all
}

func (d *decoder) condition(n *node, path string, rules conditionRules) []*Condition {
	switch n.kind {
	case scalarNode:
		if rules.answer {
			d.fault(n.pos, path, "a map such as {r.status: S} is expected here; SQL is written {sql: \"...\"} as the value")
			return nil
		}
		if sql := d.sql(n, path, false); sql != nil {
			return []*Condition{{Pos: n.pos, SQL: sql}}
		}
		return nil
	case mapNode:
		return d.conditionMap(n, path, rules)
	case listNode, nullNode:
	}
	d.wrong(n, path, "a condition, such as {r.status: [S, R]} or SQL in quotes,")
	return nil
}

// conditionMap reads a map of comparisons, or one of the words.
func (d *decoder) conditionMap(n *node, path string, rules conditionRules) []*Condition {
	var all []*Condition
	if n.has("exists", "none") {
		return d.existsCondition(n, path, rules)
	}
	if function := aggregateIn(n); function != "" {
		return d.aggregateCondition(n, path, rules, function)
	}
	compare := &Condition{Pos: n.pos}
	for _, p := range n.pairs {
		at := join(path, p.key.Value)
		switch {
		case p.key.Value == "any" && !p.key.Quoted:
			if one := d.anyCondition(p, at, rules); one != nil {
				all = append(all, one)
			}
		case p.key.Value == "not" && !p.key.Quoted:
			if inner := d.conditions(p.value, at, rules.inside()); inner != nil {
				all = append(all, &Condition{Pos: p.key.Pos, Not: inner})
			}
		case p.key.Value == "where" && !p.key.Quoted:
			d.fault(p.key.Pos, at, "`where` inside a condition needs `exists`, `none` or a sum beside it")
		default:
			compare.Compare = append(compare.Compare, d.comparisons(p, at, rules)...)
		}
	}
	if len(compare.Compare) > 0 {
		all = append(all, compare)
	}
	return all
}

// aggregateIn gives the aggregate a condition compares. A table may well have
// a column called count, so it takes a comparison beside it.
func aggregateIn(n *node) string {
	for _, name := range aggregateNames {
		if n.has(name) && n.has("below", "above", "from", "upTo", "equal", "empty", "present", "not") {
			return name
		}
	}
	return ""
}

func (d *decoder) anyCondition(p pair, path string, rules conditionRules) *Condition {
	if p.value.kind != listNode || len(p.value.items) == 0 {
		d.wrong(p.value, path, "a list of conditions")
		return nil
	}
	either := &Condition{Pos: p.key.Pos}
	for i, item := range p.value.items {
		parts := d.condition(item, index(path, p.value, i), rules.inside())
		switch len(parts) {
		case 0:
		case 1:
			either.Any = append(either.Any, parts[0])
		default: // all of them: not (not (a and b))
			either.Any = append(either.Any, &Condition{Pos: item.pos, Not: []*Condition{{Pos: item.pos, Not: parts}}})
		}
	}
	if len(either.Any) == 0 {
		return nil
	}
	return either
}

func (d *decoder) existsCondition(n *node, path string, rules conditionRules) []*Condition {
	if rules.answer {
		d.fault(n.pos, path, "child rows cannot be looked at here; use {exists: ...} as a value")
		return nil
	}
	e := &Exists{}
	for _, p := range n.pairs {
		at := join(path, p.key.Value)
		switch p.key.Value {
		case "exists", "none":
			if e.Children.Value != "" {
				d.fault(p.key.Pos, at, "`exists` and `none` are both here; keep one")
				continue
			}
			e.Negate = p.key.Value == "none"
			e.Children = d.alias(p.value, at)
		case "where":
			e.Where = d.conditions(p.value, at, conditionRules{bare: true, codes: rules.codes})
		default:
			d.fault(p.key.Pos, at, "%s cannot stand beside `exists` and `none`; write it as an entry of its own: [{exists: ...}, {%s: ...}]", p.key.Value, p.key.Value)
		}
	}
	if e.Children.Value == "" {
		return nil
	}
	return []*Condition{{Pos: n.pos, Exists: e}}
}

func (d *decoder) aggregateCondition(n *node, path string, rules conditionRules, function string) []*Condition {
	if rules.answer {
		d.fault(n.pos, path, "child rows cannot be looked at here; use {%s: ...} as a value", function)
		return nil
	}
	aggregate := &Aggregate{Pos: n.pos}
	compared := pair{value: &node{kind: mapNode, pos: n.pos}}
	for _, p := range n.pairs {
		switch p.key.Value {
		case function:
			d.aggregateOver(aggregate, p, join(path, function))
		case "where":
			aggregate.Where = d.conditions(p.value, join(path, "where"), conditionRules{bare: true, codes: rules.codes})
		default:
			compared.value.pairs = append(compared.value.pairs, p)
		}
	}
	compared.key.Pos = n.pos
	var all []*Condition
	for _, c := range d.comparisons(compared, path, conditionRules{bare: true}) {
		all = append(all, &Condition{Pos: n.pos, Exists: &Exists{Children: aggregate.Children, Aggregate: aggregate, Compare: c}})
	}
	return all
}

// comparisons reads what stands behind a name.
func (d *decoder) comparisons(p pair, path string, rules conditionRules) []*Comparison {
	if !rules.bare && !rules.answer {
		if _, ok := d.onlyColumn(p.key, path, rules.sc); !ok {
			return nil
		}
	}
	equal := func(op CompareOp, values []Text) []*Comparison {
		d.names(values, path)
		return []*Comparison{{Pos: p.key.Pos, Name: p.key, Op: op, Values: values}}
	}
	switch p.value.kind {
	case scalarNode, listNode:
		return equal(Equal, d.texts(p.value, path))
	case nullNode:
		d.fault(p.key.Pos, path, "nothing stands behind %s; write {empty: true} for an empty column", p.key.Value)
		return nil
	case mapNode:
	}
	o := d.object(p.value, path, comparisonContext)
	if o.node.has("show", "hide") {
		return d.declaredCodes(o, p, path, rules)
	}
	var all []*Comparison
	for _, one := range o.node.pairs {
		at := join(path, one.key.Value)
		switch op := CompareOp(one.key.Value); op {
		case Differs:
			all = append(all, equal(op, d.texts(one.value, at))...)
		case Empty, Present:
			if d.boolean(one.value, at) != (op == Empty) {
				all = append(all, equal(Present, nil)...)
			} else {
				all = append(all, equal(Empty, nil)...)
			}
		case Less, More, Since, UpTo:
			if t := d.nonEmpty(one.value, at); t != nil {
				all = append(all, equal(op, []Text{*t})...)
			}
		case Equal, Declared:
		}
	}
	if len(o.node.pairs) == 0 {
		d.fault(p.value.pos, path, "no comparison stands here")
	}
	return all
}

// declaredCodes reads `{show: [R, S], hide: [Q, C]}`: every code the column is
// known to hold.
func (d *decoder) declaredCodes(o *object, p pair, path string, rules conditionRules) []*Comparison {
	both := &Comparison{Pos: p.key.Pos, Name: p.key, Op: Declared}
	for _, one := range o.node.pairs {
		at := join(path, one.key.Value)
		switch one.key.Value {
		case "show":
			both.Values = d.codesIn(one.value, at, both.Hidden)
		case "hide":
			both.Hidden = d.codesIn(one.value, at, both.Values)
		default:
			d.fault(one.key.Pos, at, "%s cannot stand beside `show` and `hide`, which say by themselves which rows there are", one.key.Value)
		}
	}
	show, hide := o.raw("show"), o.raw("hide")
	switch {
	case !rules.codes:
		d.fault(p.value.pos, path, "`show` and `hide` decide which rows a list has, so they stand in `state:` and `where:`, and not within `any` and `not`; here write the codes alone, as in %s: [R, S]", p.key.Value)
		return nil
	case hide == nil:
		d.fault(p.value.pos, path, "the codes that are not shown are missing: add `hide:` (`hide: []` where there are none), or write the shown codes alone, as in %s: [R, S], if rows with any other code are to stay away without a word", p.key.Value)
	case show == nil:
		d.fault(p.value.pos, path, "the codes that are shown are missing: add `show:`, or write {not: ...} if every other code is to be shown")
	case show.kind == listNode && len(show.items) == 0:
		d.fault(show.pos, join(path, "show"), "no code stands here, so nothing would ever be shown")
	}
	return []*Comparison{both}
}

// codesIn reads codes, of which none may stand among others as well.
func (d *decoder) codesIn(n *node, path string, others []Text) []Text {
	if n.kind == listNode && len(n.items) == 0 {
		return nil
	}
	codes := d.texts(n, path)
	for i, code := range codes {
		same := func(other Text) bool { return strings.TrimSpace(other.Value) == strings.TrimSpace(code.Value) }
		switch {
		case strings.HasPrefix(code.Value, "@"):
			d.fault(code.Pos, path, "%q is no code; a condition of its own compares with names of the request", code.Value)
		case slices.ContainsFunc(others, same):
			d.fault(code.Pos, path, "the code %s is both shown and hidden; keep one", asYAML(code.Value))
		case slices.ContainsFunc(codes[:i], same):
			d.fault(code.Pos, path, "the code %s stands here twice", asYAML(code.Value))
		}
	}
	return codes
}

var requestNames = []string{"customer", "dealer", "today"}

// names looks at values that begin with @: they stand for something of the
// request, never for themselves.
func (d *decoder) names(values []Text, path string) {
	for _, v := range values {
		if name, found := strings.CutPrefix(v.Value, "@"); found && !slices.Contains(requestNames, name) {
			d.faults = append(d.faults, Fault{
				File: d.file.Path, Pos: v.Pos, Path: path, Suggestion: nearestName(v.Value),
				Message: fmt.Sprintf("%q is no name; there are @customer, @dealer and @today", v.Value),
			})
		}
	}
}

func nearestName(name string) string {
	return Nearest(name, []string{"@customer", "@dealer", "@today"})
}
