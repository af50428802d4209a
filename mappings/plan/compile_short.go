package plan

import (
	"reflect"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// form is how a field is filled the short way, see short.
type form uint8

const (
	formLong    form = iota // by its evaluator alone
	formText                // a column as it stands
	formDecimal             // a numeric column, with no more places than the currency has
	formInteger
	formInstant // a date column without a spelling of its own
	formFixed   // a text of the mapping
	formJoined  // columns and fixed text, all of which must be there
	formCases   // one of some texts of the mapping, by what columns hold
	formBeside  // a text of the mapping where another field has a value
	formShown   // the amount in another field, written out
	formMapped  // a column's code, through a map
	formPrice   // an amount in one of the rows of a pivot
	formRank    // a text of the mapping that comes with the rank of a pivot's rows
)

// short says how the commonest values get into their fields without an
// evaluator. It never decides anything but "this is what the evaluator would
// say" or "ask the evaluator": whatever is rare, wrong or worth a note goes the
// long way.
type short struct {
	form    form
	at      place
	dated   bool   // the column may hold zero dates
	places  int    // of a decimal
	other   *value // stands in where the column is NULL
	text    value  // of the mapping
	date    *convert.Date
	parts   []shortPart
	cases   []shortCase
	sibling int // another field of the element
	codes   *convert.CodeMap
	price   *shortPrice
	rank    *shortRank
}

// shortPart is a column, or fixed text, of a text that is joined.
type shortPart struct {
	fixed  string
	column bool
	at     place
	dated  bool
}

// shortCase is a test of one column and what is sent where it holds; the last
// one has no test.
type shortCase struct {
	op    mapfile.CompareOp // Empty, Present or Equal
	at    place
	dated bool
	texts []string
	then  value
	last  bool
}

// shortOf finds the short way to a value; that of formLong where there is none.
// It is asked once the value was compiled without a fault, so that everything
// it looks up is there.
func (c *compiler) shortOf(s site, v *mapfile.Value) short {
	v = c.resolve(v)
	switch {
	case v == nil:
		return short{}
	case v.Convert != nil:
		return c.shortMapped(s, v)
	}
	switch v.Kind {
	case mapfile.ColumnValue:
		return c.shortColumn(s, v)
	case mapfile.LiteralValue:
		if got, ok := c.shortLiteral(s, v); ok && got.state == convert.Present {
			return short{form: formFixed, text: got}
		}
	case mapfile.FirstValue:
		if len(v.Items) == 2 && v.Items[0].Kind == mapfile.ColumnValue && v.Items[0].Convert == nil {
			if other, ok := c.shortLiteral(s, v.Items[1]); ok && other.state == convert.Present {
				out := c.shortColumn(s, v.Items[0])
				out.other = &other
				return out
			}
		}
		return c.shortCases(s, v.Items)
	case mapfile.WhenValue:
		return c.shortCases(s, []*mapfile.Value{v})
	case mapfile.TextValue:
		return c.shortJoined(s, v)
	}
	return short{}
}

// shortMapped is a plain column to which nothing is done but that its codes go
// through a map.
func (c *compiler) shortMapped(s site, v *mapfile.Value) short {
	k := *v.Convert
	if v.Kind != mapfile.FromValue || len(v.Items) != 1 || v.Items[0].Kind != mapfile.ColumnValue || v.Items[0].Convert != nil ||
		k.Map == nil || s.want != wantText {
		return short{}
	}
	codes := c.maps[k.Map.Value]
	if k.Map, k.Pos = nil, (mapfile.Pos{}); codes == nil || !reflect.ValueOf(k).IsZero() {
		return short{}
	}
	out := c.shortColumn(s, v.Items[0])
	out.form, out.codes = formMapped, codes
	return out
}

func (c *compiler) shortColumn(s site, v *mapfile.Value) short {
	p, col, ok := s.f.column(v.Column, v.Pos, true)
	if !ok {
		return short{}
	}
	out := short{form: formText, at: p, dated: dated(col.Kind), places: c.places}
	switch s.want {
	case wantDecimal:
		out.form = formDecimal
	case wantInteger:
		out.form = formInteger
	case wantInstant:
		out.form, out.date = formInstant, c.dateOf(&mapfile.DateRule{Pos: v.Pos}, 1, 0)
	case wantBool:
		out.form = formLong
	}
	return out
}

// shortLiteral is what a text of the mapping comes to, which no row changes.
func (c *compiler) shortLiteral(s site, v *mapfile.Value) (value, bool) {
	switch {
	case v == nil:
		return absent(convert.Empty), true
	case v.Kind != mapfile.LiteralValue || v.Convert != nil || v.OnBad != nil || v.Fallback != nil:
		return value{}, false
	}
	got := c.literalValue(s, v)(nil, nil)
	return got, got.state.Missing() || got.state == convert.Present && got.text != ""
}

// shortCases takes conditions on one column each apart, all with texts of the
// mapping behind them.
func (c *compiler) shortCases(s site, items []*mapfile.Value) short {
	out := short{form: formCases}
	for _, item := range items {
		if item.Kind != mapfile.WhenValue || item.Convert != nil || item.OnBad != nil || item.Fallback != nil {
			text, ok := c.shortLiteral(s, item)
			if !ok {
				return short{}
			}
			out.cases = append(out.cases, shortCase{then: text, last: true})
			return out
		}
		one, ok := c.shortCase(s, item.When.If)
		then, known := c.shortLiteral(s, item.When.Then)
		if !ok || !known || then.state != convert.Present {
			return short{}
		}
		one.then = then
		out.cases = append(out.cases, one)
		if item.When.Else != nil {
			last, known := c.shortLiteral(s, item.When.Else)
			if !known || last.state != convert.Present {
				return short{}
			}
			out.cases = append(out.cases, shortCase{then: last, last: true})
			return out
		}
	}
	out.cases = append(out.cases, shortCase{then: absent(convert.Empty), last: true})
	return out
}

func (c *compiler) shortCase(s site, conditions []*mapfile.Condition) (shortCase, bool) {
	if len(conditions) != 1 {
		return shortCase{}, false
	}
	cond := conditions[0]
	if cond.Any != nil || cond.Not != nil || cond.SQL != nil || cond.Exists != nil || len(cond.Compare) != 1 {
		return shortCase{}, false
	}
	cmp := cond.Compare[0]
	alias, name, dotted := strings.Cut(cmp.Name.Value, ".")
	if _, field := s.fields[cmp.Name.Value]; field || !dotted {
		return shortCase{}, false
	}
	p, col, ok := s.f.column(mapfile.ColumnRef{Alias: alias, Name: name, Pos: cmp.Name.Pos}, cmp.Name.Pos, true)
	if !ok {
		return shortCase{}, false
	}
	one := shortCase{op: cmp.Op, at: p, dated: dated(col.Kind)}
	for _, v := range cmp.Values {
		if strings.HasPrefix(v.Value, "@") {
			return shortCase{}, false
		}
		one.texts = append(one.texts, convert.Clean(v.Value))
	}
	switch cmp.Op {
	case mapfile.Empty, mapfile.Present:
		return one, true
	case mapfile.Equal:
		return one, !col.Kind.Numeric()
	}
	return shortCase{}, false
}

// shortJoined is a text of which every part must be there and none can bring
// blanks to its ends.
func (c *compiler) shortJoined(s site, v *mapfile.Value) short {
	out := short{form: formJoined}
	all := false
	for i, part := range v.Parts {
		switch {
		case part.Column != nil:
			p, col, ok := s.f.column(*part.Column, part.Column.Pos, true)
			if !ok {
				return short{}
			}
			out.parts = append(out.parts, shortPart{column: true, at: p, dated: dated(col.Kind)})
		case part.Ref != "":
			return short{}
		default:
			edge := i == 0 || i == len(v.Parts)-1
			if edge && convert.Clean(part.Fixed) != part.Fixed || convert.Clean("."+part.Fixed+".") != "."+part.Fixed+"." {
				return short{}
			}
			all = all || !convert.IsBlank(part.Fixed)
			out.parts = append(out.parts, shortPart{fixed: part.Fixed})
		}
	}
	if !all || s.want != wantText {
		return short{}
	}
	return out
}

// object is a part of an element that has a place of its own in memory: the
// element itself, or an optional object below it.
type object struct {
	parent int
	offset uintptr // in the parent, of the pointer to it
	slice  reflect.Type
	size   uintptr
}

// move is a field with where it lies and the short way there.
type move struct {
	short
	*field
	index    int // among the element's fields
	object   int // among its objects
	offset   uintptr
	pointed  bool // the field is a pointer
	flag     bool // it holds true or false
	maxChars int
	enum     []string
	kept     bool // another field looks at the value
	optional bool // no value is no fault
	checked  bool // a text's length or words are limited
	guarded  bool // that, or some texts count as empty
	empty    *convert.Sentinels
}

// layOut puts the fields of an element in the order they are made in and finds
// out where they lie.
func (c *compiler) layOut(e *element, order []int, needs [][]int) {
	e.number = c.elements
	c.elements++
	e.objects = []object{{slice: reflect.SliceOf(e.shape.typ), size: e.shape.typ.Size()}}
	for _, i := range order {
		f := e.fields[i]
		m := move{
			field: f, short: f.short, index: i, offset: f.leaf.way.last, empty: c.empty,
			kept:     slices.ContainsFunc(needs, func(of []int) bool { return slices.Contains(of, i) }),
			optional: !f.leaf.required && !f.leaf.nested, pointed: f.leaf.pointed, flag: f.leaf.want == wantBool,
			maxChars: f.leaf.maxChars, enum: f.leaf.enum,
			checked: f.leaf.want == wantText && (f.leaf.maxChars > 0 || len(f.leaf.enum) > 0),
		}
		m.guarded = m.checked || m.dated || m.empty.Some()
		for _, h := range f.leaf.way.hops {
			m.object = e.objectAt(m.object, h)
		}
		if m.form == formInstant && (m.kept || m.date == nil) || m.form == formInteger && m.kept {
			m.form = formLong // who looks at it wants more than its text
		}
		if f.leaf.want != wantText && len(f.leaf.enum) > 0 {
			m.form = formLong
		}
		if (m.form == formFixed || m.form == formCases || m.form == formBeside) &&
			(f.leaf.want == wantInteger || m.form == formBeside && f.conform(m.text) != m.text) {
			m.form = formLong
		}
		e.remember = e.remember || m.kept
		e.moves = append(e.moves, m)
	}
}

// newList is an array member of which nothing is known but its place.
func (c *compiler) newList(t *listTarget) *listFill {
	c.lists++
	return &listFill{number: c.lists - 1, target: t}
}

// objectAt finds an object of an element, adding it when it is new.
func (e *element) objectAt(parent int, h hop) int {
	for i, o := range e.objects {
		if i > 0 && o.parent == parent && o.offset == h.offset {
			return i
		}
	}
	e.objects = append(e.objects, object{parent: parent, offset: h.offset, slice: reflect.SliceOf(h.object), size: h.object.Size()})
	return len(e.objects) - 1
}
