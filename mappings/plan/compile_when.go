package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// test is a condition that is decided in Go on fetched values.
type test func(r *row, e *env) bool

// whenValue is if, then, else. A condition on a field of the answer is decided
// after that field.
func (c *compiler) whenValue(s site, v *mapfile.Value) evaluator {
	holds := c.tests(s, v.When.If)
	then, otherwise := fixed(absent(convert.Empty)), fixed(absent(convert.Empty))
	if v.When.Then != nil {
		then = c.value(s, v.When.Then)
	}
	if v.When.Else != nil {
		otherwise = c.value(s, v.When.Else)
	}
	return func(r *row, e *env) value {
		if holds(r, e) {
			return then(r, e)
		}
		return otherwise(r, e)
	}
}

// tests are conditions that must all hold.
func (c *compiler) tests(s site, conditions []*mapfile.Condition) test {
	var all []test
	for _, cond := range conditions {
		switch {
		case cond.Any != nil:
			var some []test
			for _, one := range cond.Any {
				some = append(some, c.tests(s, []*mapfile.Condition{one}))
			}
			all = append(all, func(r *row, e *env) bool {
				return slices.ContainsFunc(some, func(t test) bool { return t(r, e) })
			})
		case cond.Not != nil:
			inner := c.tests(s, cond.Not)
			all = append(all, func(r *row, e *env) bool { return !inner(r, e) })
		case cond.SQL != nil, cond.Exists != nil:
			c.fault(cond.Pos, "`when:` compares columns and fields only; write {sql: ...} for more")
		default:
			for _, cmp := range cond.Compare {
				all = append(all, c.test(s, cmp))
			}
		}
	}
	return func(r *row, e *env) bool {
		return !slices.ContainsFunc(all, func(t test) bool { return !t(r, e) })
	}
}

// test compares one raw column or one field of the answer.
func (c *compiler) test(s site, cmp *mapfile.Comparison) test {
	if cmp.Op == mapfile.Declared {
		k := c.codeCheckOf(s.f, cmp)
		return func(r *row, _ *env) bool {
			if k == nil {
				return false
			}
			is, _ := k.of(r)
			return is != hidden
		}
	}
	get, isNumber, ok := c.operand(s, cmp.Name)
	if !ok {
		return func(*row, *env) bool { return false }
	}
	if slices.ContainsFunc(cmp.Values, func(v mapfile.Text) bool { return strings.HasPrefix(v.Value, "@") }) {
		return c.nameTest(s, cmp, get, isNumber)
	}
	if ranged(cmp) && !isNumber && comparedAs(cmp) == wantDecimal {
		get, isNumber = numberIn(get), true
	}
	decide, ok := c.decision(cmp, isNumber)
	if !ok {
		return func(*row, *env) bool { return false }
	}
	return func(r *row, e *env) bool { return decide(get(r, e)) }
}

func ranged(cmp *mapfile.Comparison) bool {
	return cmp.Op == mapfile.Less || cmp.Op == mapfile.More || cmp.Op == mapfile.Since || cmp.Op == mapfile.UpTo
}

// numberIn reads the number a text holds; a text that is none is neither before
// nor after any.
func numberIn(get evaluator) evaluator {
	return func(r *row, e *env) value {
		got := get(r, e)
		if got.state != convert.Present {
			return got
		}
		if !isNumber(got.text) {
			return absent(convert.Empty)
		}
		return made(convert.Decimal(got.text, convert.MoneyRule{Decimal: '.'}))
	}
}

// decision is what a comparison makes of a value; not ok after a fault.
func (c *compiler) decision(cmp *mapfile.Comparison, isNumber bool) (func(value) bool, bool) {
	texts := make([]string, len(cmp.Values))
	for i, v := range cmp.Values {
		texts[i] = convert.Clean(v.Value)
		if isNumber {
			if n, state := convert.Decimal(texts[i], convert.MoneyRule{}); state == convert.Present {
				texts[i] = n
			} else {
				c.fault(v.Pos, "%q is compared with numbers and is none", v.Value)
			}
		}
	}
	same := func(a, b string) bool { return a == b }
	order := strings.Compare
	if isNumber {
		same = func(a, b string) bool { return convert.Compare(a, b) == 0 }
		order = convert.Compare
	}
	equal := func(got value) bool {
		return got.state == convert.Present && slices.ContainsFunc(texts, func(t string) bool { return same(got.text, t) })
	}
	if ranged(cmp) && len(texts) != 1 {
		c.fault(cmp.Pos, "compare with one value")
		return nil, false
	}
	decide := map[mapfile.CompareOp]func(value) bool{
		mapfile.Equal:   equal,
		mapfile.Differs: func(got value) bool { return !equal(got) },
		mapfile.Empty:   func(got value) bool { return got.state.Missing() },
		mapfile.Present: func(got value) bool { return !got.state.Missing() },
		mapfile.Less:    func(got value) bool { return got.state == convert.Present && order(got.text, texts[0]) < 0 },
		mapfile.More:    func(got value) bool { return got.state == convert.Present && order(got.text, texts[0]) > 0 },
		mapfile.Since:   func(got value) bool { return got.state == convert.Present && order(got.text, texts[0]) >= 0 },
		mapfile.UpTo:    func(got value) bool { return got.state == convert.Present && order(got.text, texts[0]) <= 0 },
	}[cmp.Op]
	if decide == nil {
		c.unsupported(cmp.Pos, "comparison "+string(cmp.Op))
		return nil, false
	}
	return decide, true
}

// nameTest compares with what a request brings along: the dealer, the day, the
// customers asked for.
func (c *compiler) nameTest(s site, cmp *mapfile.Comparison, get evaluator, isNumber bool) test {
	for _, v := range cmp.Values {
		if v.Value == "@customer" {
			c.asksCustomer = true
			c.customerKnown(s.f, v.Pos)
		}
	}
	texts := func(e *env) []string {
		var all []string
		for _, v := range cmp.Values {
			switch v.Value {
			case "@dealer":
				all = append(all, e.dealer)
			case "@today":
				all = append(all, e.today)
			case "@customer":
				all = append(all, e.asked...)
			default:
				all = append(all, convert.Clean(v.Value))
			}
		}
		return all
	}
	same := func(got value, e *env) bool {
		return got.state == convert.Present && slices.ContainsFunc(texts(e), func(text string) bool {
			return got.text == text || isNumber && plainNumber(got.text) == plainNumber(text)
		})
	}
	holds := map[mapfile.CompareOp]func(int) bool{
		mapfile.Less:  func(by int) bool { return by < 0 },
		mapfile.More:  func(by int) bool { return by > 0 },
		mapfile.Since: func(by int) bool { return by >= 0 },
		mapfile.UpTo:  func(by int) bool { return by <= 0 },
	}[cmp.Op]
	switch {
	case cmp.Op == mapfile.Differs:
		return func(r *row, e *env) bool { return !same(get(r, e), e) }
	case holds == nil:
		return func(r *row, e *env) bool { return same(get(r, e), e) }
	case isNumber:
		c.fault(cmp.Pos, "the column holds numbers, which are neither before nor after %s", cmp.Values[0].Value)
	}
	return func(r *row, e *env) bool {
		got, against := get(r, e), texts(e)
		return got.state == convert.Present && len(against) == 1 && holds(strings.Compare(got.text, against[0]))
	}
}

// operand finds what a comparison is about: a field of the same element, or a
// column.
func (c *compiler) operand(s site, name mapfile.Text) (evaluator, bool, bool) {
	if at, ok := s.fields[name.Value]; ok {
		*s.needs = append(*s.needs, at)
		get := func(r *row, _ *env) value { return r.fields[at] }
		if l := s.shape.leaves[name.Value]; l != nil && (l.want == wantDecimal || l.want == wantInteger) {
			return numberIn(get), true, true
		}
		return get, false, true
	}
	alias, column, dotted := strings.Cut(name.Value, ".")
	if !dotted {
		var known []string
		for field := range s.fields {
			known = append(known, field)
		}
		slices.Sort(known)
		c.faultNear(name.Pos, mapfile.Nearest(name.Value, known), "%q is neither a column (alias.column) nor a field mapped here", name.Value)
		return nil, false, false
	}
	p, col, ok := s.f.column(mapfile.ColumnRef{Alias: alias, Name: column, Pos: name.Pos}, name.Pos, true)
	if !ok {
		return nil, false, false
	}
	w := wantText
	if col.Kind.Numeric() {
		w = wantDecimal
	}
	defer c.unrounded()()
	return c.cellValue(s.as(w), p, col.Kind, name.Pos), col.Kind.Numeric(), true
}
