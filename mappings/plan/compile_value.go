package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// site is where a value is compiled: the statement its columns come from and
// the field it is made for.
type site struct {
	f      *frame
	want   want
	leaf   *leaf          // nil where the value is no field of the answer
	fields map[string]int // fields of the same element, for conditions on them
	shape  *shape         // of that element
	needs  *[]int         // those this one has to wait for
	whole  bool           // the value is all of a field, so that its policy counts
}

// as is the same site for a part of the value, of another type.
func (s site) as(w want) site {
	s.want, s.leaf, s.whole = w, nil, false
	return s
}

// fixed is an evaluator of one value.
func fixed(v value) evaluator { return func(*row, *env) value { return v } }

// value compiles a value of any form. Where it has a fault the answer is an
// evaluator of nothing, so that compiling goes on to the next fault.
func (c *compiler) value(s site, v *mapfile.Value) evaluator {
	if v == nil {
		return fixed(absent(convert.Empty)) // it could not be read; a fault of form says so
	}
	if !s.whole && (v.OnBad != nil || v.Fallback != nil) {
		c.fault(v.Pos, "onBad: and placeholder: stand beside the whole value of a field, not beside a part of it")
	}
	whole := s.whole
	s.whole = false
	if v.Convert != nil && v.Kind != mapfile.FromValue && v.Kind != mapfile.AggregateValue {
		return c.converted(s, v)
	}
	switch v.Kind {
	case mapfile.ColumnValue:
		return c.columnValue(s, v)
	case mapfile.FirstValue:
		return c.firstValue(s, v)
	case mapfile.LiteralValue:
		return c.literalValue(s, v)
	case mapfile.TextValue:
		return c.textValue(s, v)
	case mapfile.FromValue:
		return c.converted(s, v)
	case mapfile.WhenValue:
		return c.whenValue(s, v)
	case mapfile.AggregateValue:
		return c.aggregateValue(s, v)
	case mapfile.ProductValue, mapfile.PlusValue, mapfile.MinusValue, mapfile.DivideValue:
		return c.arithmetic(s, v)
	case mapfile.SQLValue:
		return c.cellValue(s, s.f.expression(*v.SQL), convert.ColumnUnknown, v.Pos)
	case mapfile.DocumentValue:
		return c.documentValue(s, v)
	case mapfile.RefValue:
		s.whole = whole
		return c.refValue(s, v)
	case mapfile.NameValue:
		return c.nameValue(s, v)
	}
	c.unsupported(v.Pos, "a value of the form "+string(v.Kind))
	return fixed(absent(convert.Empty))
}

func (c *compiler) columnValue(s site, v *mapfile.Value) evaluator {
	p, col, ok := s.f.column(v.Column, v.Pos, true)
	if !ok {
		return fixed(absent(convert.Empty))
	}
	if c.bound() && s.leaf != nil && s.leaf.maxChars > 0 && s.leaf.want == wantText && v.Convert == nil && col.MaxChars > s.leaf.maxChars {
		c.warn(v.Pos, "the column holds up to %d characters, the field %d; longer texts are bad rows unless `cut: true` says otherwise", col.MaxChars, s.leaf.maxChars)
	}
	return c.cellValue(s, p, col.Kind, v.Pos)
}

// cellValue reads a cell as the type that is wanted.
func (c *compiler) cellValue(s site, p place, kind convert.ColumnKind, pos mapfile.Pos) evaluator {
	empty := c.empty
	switch s.want {
	case wantInstant:
		date := c.dateOf(&mapfile.DateRule{Pos: pos}, 1, 0)
		if date == nil {
			return fixed(absent(convert.Empty))
		}
		if c.bound() && !date.SuitsKind(kind) {
			c.fault(pos, "the column is %s, say how a date is written in it: {from: ..., date: yyyymmdd}", kind)
		}
		return func(r *row, _ *env) value {
			cell := r.cell(p)
			if !cell.IsNull() && empty.Has(strings.TrimSpace(cell.String())) {
				return absent(convert.Empty)
			}
			at, state := date.Read(cell)
			return instant(at, state)
		}
	case wantDecimal:
		places := c.places
		return func(r *row, _ *env) value {
			cell := r.cell(p)
			text, state := cell.Decimal(convert.MoneyRule{})
			if state == convert.Unreadable && empty.Has(strings.TrimSpace(cell.String())) {
				return absent(convert.Empty)
			}
			return rounded(text, state, places)
		}
	case wantInteger:
		return func(r *row, _ *env) value {
			cell := r.cell(p)
			n, state := cell.Integer()
			if state == convert.Unreadable && empty.Has(strings.TrimSpace(cell.String())) {
				return absent(convert.Empty)
			}
			if state != convert.Present {
				return absent(state)
			}
			return present(strconv.FormatInt(n, 10))
		}
	case wantBool:
		return func(r *row, _ *env) value {
			b, state := r.cell(p).Bool()
			if state != convert.Present {
				return absent(state)
			}
			return present(strconv.FormatBool(b))
		}
	}
	zero := dated(kind)
	return func(r *row, _ *env) value {
		text, state := r.cell(p).Text()
		if state == convert.Present && (empty.Has(text) || zero && strings.HasPrefix(text, "0000-")) {
			return absent(convert.Empty)
		}
		return made(text, state)
	}
}

func rounded(text string, state convert.State, places int) value {
	if state != convert.Present {
		return absent(state)
	}
	return present(convert.Round(text, places))
}

// firstValue moves on from what is empty and stops at everything else.
func (c *compiler) firstValue(s site, v *mapfile.Value) evaluator {
	items := make([]evaluator, len(v.Items))
	for i, item := range v.Items {
		items[i] = c.value(s, item)
	}
	return func(r *row, e *env) value {
		best := absent(convert.Empty)
		for _, item := range items {
			got := item(r, e)
			if !got.state.Missing() {
				got.zero = got.zero || best.state == convert.ZeroDate
				return got
			}
			if got.state == convert.ZeroDate {
				best = got
			}
		}
		return best
	}
}

// literalValue checks a literal once, when the plan is made.
func (c *compiler) literalValue(s site, v *mapfile.Value) evaluator {
	if v.Null || v.Literal == nil {
		return fixed(absent(convert.Empty))
	}
	text := v.Literal.Value
	if text == "" {
		return fixed(value{state: convert.Present}) // written on purpose
	}
	got := c.textReader(s.want, v.Pos)(text)
	if got.state != convert.Present {
		c.fault(v.Pos, "%q is not %s", text, s.want)
		return fixed(got)
	}
	c.checkWord(s.leaf, got.text, v.Pos)
	return fixed(got)
}

// checkWord finds literals and words of maps that the API does not know or
// that are too long for it.
func (c *compiler) checkWord(l *leaf, text string, pos mapfile.Pos) {
	switch {
	case l == nil:
	case len(l.enum) > 0 && !slices.Contains(l.enum, text):
		c.faultNear(pos, mapfile.Nearest(text, l.enum), "%q is not one of %s", text, strings.Join(l.enum, ", "))
	case l.maxChars > 0 && l.want == wantText && convert.Length(text) > l.maxChars:
		c.fault(pos, "%q is longer than the %d characters of this field", text, l.maxChars)
	}
}

// textReader makes a function that reads a text as the type that is wanted;
// dates as they would stand in a DATE or DATETIME column.
func (c *compiler) textReader(w want, pos mapfile.Pos) func(string) value {
	places := c.places
	switch w {
	case wantInstant:
		date := c.dateOf(&mapfile.DateRule{Pos: pos}, 1, 0)
		if date == nil {
			return func(string) value { return absent(convert.Unreadable) }
		}
		return func(text string) value {
			kind := convert.ColumnDateTime
			if len(strings.TrimSpace(text)) <= len("2006-01-02") {
				kind = convert.ColumnDate
			} else if strings.ContainsAny(text, "TZ+") {
				kind = convert.ColumnText
			}
			return instant(date.ReadText(kind, text))
		}
	case wantDecimal:
		return func(text string) value {
			number, state := convert.Decimal(text, convert.MoneyRule{})
			return rounded(number, state, places)
		}
	case wantInteger:
		return func(text string) value {
			n, state := convert.Integer(text)
			if state != convert.Present {
				return absent(state)
			}
			return present(strconv.FormatInt(n, 10))
		}
	case wantBool:
		return func(text string) value {
			b, state := convert.Bool(text)
			if state != convert.Present {
				return absent(state)
			}
			return present(strconv.FormatBool(b))
		}
	}
	return func(text string) value { return made(text, convert.Present) }
}

func (c *compiler) textValue(s site, v *mapfile.Value) evaluator {
	var parts []convert.TemplatePart
	var gets []evaluator
	for _, part := range v.Parts {
		switch {
		case part.Column != nil:
			parts = append(parts, convert.TemplatePart{Value: true})
			gets = append(gets, c.columnValue(s.as(wantText), &mapfile.Value{Pos: part.Column.Pos, Kind: mapfile.ColumnValue, Column: *part.Column}))
		case part.Ref != "":
			parts = append(parts, convert.TemplatePart{Value: true})
			gets = append(gets, c.refValue(s.as(wantText), &mapfile.Value{Pos: v.Pos, Kind: mapfile.RefValue, Ref: mapfile.Text{Value: part.Ref, Pos: v.Pos}}))
		default:
			parts = append(parts, convert.TemplatePart{Fixed: part.Fixed})
		}
	}
	template := convert.NewTemplate(parts)
	return c.typed(s, v.Pos, func(r *row, e *env) value {
		texts := make([]string, len(gets))
		for i, get := range gets {
			got := get(r, e)
			if got.state.Bad() {
				return got
			}
			texts[i] = got.text
		}
		return made(template.Fill(texts...))
	})
}

// typed turns the text of an evaluator into the type that is wanted.
func (c *compiler) typed(s site, pos mapfile.Pos, get evaluator) evaluator {
	if s.want == wantText {
		return get
	}
	read := c.textReader(s.want, pos)
	return func(r *row, e *env) value {
		got := get(r, e)
		if got.state != convert.Present || s.want == wantInstant && got.timed {
			return got
		}
		return read(got.text)
	}
}

// refValue follows $name.
func (c *compiler) refValue(s site, v *mapfile.Value) evaluator {
	name := v.Ref.Value
	if slices.Contains(c.using, name) {
		c.fault(v.Pos, "$%s is defined by itself", name)
		return fixed(absent(convert.Empty))
	}
	var target *mapfile.Value
	if name == "customerNumber" {
		target = c.file.CustomerNumber
	} else if d := c.define[name]; d != nil {
		target = d.Value
	}
	if target == nil {
		known := []string{"customerNumber"}
		for _, d := range c.file.Define {
			known = append(known, d.Name.Value)
		}
		c.faultNear(v.Pos, mapfile.Nearest(name, known), "nothing of the name $%s is defined", name)
		return fixed(absent(convert.Empty))
	}
	c.using = append(c.using, name)
	defer func() { c.using = c.using[:len(c.using)-1] }()
	return c.value(s, target)
}

func (c *compiler) nameValue(s site, v *mapfile.Value) evaluator {
	switch v.Ref.Value {
	case "dealer":
		return c.typed(s, v.Pos, func(_ *row, e *env) value { return made(e.dealer, convert.Present) })
	case "today":
		return c.typed(s, v.Pos, func(_ *row, e *env) value { return made(e.today, convert.Present) })
	}
	c.fault(v.Pos, "@%s cannot stand here", v.Ref.Value)
	return fixed(absent(convert.Empty))
}

// dateOf compiles a date rule; nil after a fault.
func (c *compiler) dateOf(rule *mapfile.DateRule, columns, addDays int) *convert.Date {
	zone := c.zone
	if rule.Zone != nil {
		own, err := convert.LoadZone(rule.Zone.Value)
		if err != nil {
			c.fault(rule.Zone.Pos, "%v", err)
			return nil
		}
		zone = own
	}
	if zone == nil {
		c.fault(rule.Pos, "a date needs a time zone; say at the top of the file `timezone: America/Chicago` or wherever the dealer is")
		return nil
	}
	date, err := convert.CompileDate(convert.DateRule{
		Spelling: rule.Spelling, Columns: columns, Zone: zone, AddDays: addDays,
		KeepMidnight: c.target.Days || rule.Midnight != nil && rule.Midnight.Value == "keep",
	})
	if err != nil {
		c.fault(rule.Pos, "%v", err)
		return nil
	}
	return date
}

// number reads a small whole number of the mapping, as in pad: 7.
func (c *compiler) number(t *mapfile.Text, what string) int {
	n, err := strconv.Atoi(t.Value)
	if err != nil {
		c.fault(t.Pos, "%s: %q is not a whole number", what, t.Value)
	}
	return n
}
