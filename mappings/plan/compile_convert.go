package plan

import (
	"strconv"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// converted compiles a value with conversions beside it. What takes a text
// apart comes first, then what reads it (date, money), then what is made of it
// (map, words, pad, case, hash, cut), whatever order they were written in.
func (c *compiler) converted(s site, v *mapfile.Value) evaluator {
	k := v.Convert
	items := v.Items
	if v.Kind != mapfile.FromValue {
		plain := *v
		plain.Convert = nil
		items = []*mapfile.Value{&plain}
	}
	if k == nil {
		if len(items) == 1 {
			return c.value(s, items[0])
		}
		c.fault(v.Pos, "several columns need to be told what to do with: `date:` reads them together; a list [a, b] takes the first that is not empty")
		return fixed(absent(convert.Empty))
	}
	switch {
	case k.List != nil:
		c.fault(k.List.Pos, "list: takes a value apart into elements, so it stands in a list of the answer, under `elements:`")
		return fixed(absent(convert.Empty))
	case k.JSON != nil:
		c.fault(k.JSON.Pos, "json: takes a value apart into elements, so it stands in a list of the answer, under `elements:`")
		return fixed(absent(convert.Empty))
	case k.Distinct:
		c.fault(k.Pos, "distinct: makes equal elements of list: or json: one, and stands beside them under `elements:`")
		return fixed(absent(convert.Empty))
	case k.Hash != nil:
		return c.hashed(s, v, items)
	case k.Date != nil:
		return c.dateValue(s, v, items)
	case k.AddDays != nil:
		c.fault(k.AddDays.Pos, "addDays: goes together with date:")
		return fixed(absent(convert.Empty))
	case len(items) != 1:
		c.fault(v.Pos, "several columns go together only for `date:` and `hash:`; a list [a, b] takes the first that is not empty")
		return fixed(absent(convert.Empty))
	}
	chain := append(c.extraction(k), c.making(s, k)...)
	get := c.value(s.as(wantText), items[0])
	if len(chain) > 0 {
		get = chained(get, chain)
	}
	switch {
	case k.Words != nil:
		get = c.worded(k.Words, get)
	case k.Money != nil:
		get = c.money(s, k.Money, items[0], get, len(chain) == 0)
	}
	get = c.typed(s, v.Pos, get)
	if k.Cut != nil {
		get = c.shortened(s, k.Cut, get)
	}
	return get
}

func chained(get evaluator, chain convert.Chain) evaluator {
	return func(r *row, e *env) value {
		got := get(r, e)
		if got.state != convert.Present {
			return got
		}
		return made(chain.Apply(got.text))
	}
}

// extraction are the steps that take a text apart.
func (c *compiler) extraction(k *mapfile.Conversions) convert.Chain {
	var chain convert.Chain
	add := func(pos mapfile.Pos, step convert.Step, err error) {
		if err != nil {
			c.fault(pos, "%v", err)
			return
		}
		chain = append(chain, step)
	}
	if k.Plain {
		add(k.Pos, convert.PlainStep(), nil)
	}
	if k.Line != nil {
		step, err := convert.LineStep(c.number(k.Line, "line"))
		add(k.Line.Pos, step, err)
	}
	if k.Split != nil {
		step, err := convert.SplitStep(k.Split.By.Value, c.number(&k.Split.Part, "part"))
		add(k.Split.By.Pos, step, err)
	}
	if k.Match != nil {
		step, err := convert.MatchStep(k.Match.Value)
		add(k.Match.Pos, step, err)
	}
	if len(k.Replace) > 0 {
		pairs := make([][2]string, len(k.Replace))
		for i, r := range k.Replace {
			pairs[i] = [2]string{r.From.Value, r.To.Value}
		}
		step, err := convert.ReplaceStep(pairs...)
		add(k.Replace[0].From.Pos, step, err)
	}
	return chain
}

// making are the steps that make another text of one.
func (c *compiler) making(s site, k *mapfile.Conversions) convert.Chain {
	var chain convert.Chain
	add := func(pos mapfile.Pos, step convert.Step, err error) {
		if err != nil {
			c.fault(pos, "%v", err)
			return
		}
		chain = append(chain, step)
	}
	if k.Strip != nil {
		step, err := convert.StripStep(k.Strip.Value)
		add(k.Strip.Pos, step, err)
	}
	if k.Pad != nil {
		step, err := convert.PadStep(c.number(k.Pad, "pad"))
		add(k.Pad.Pos, step, err)
	}
	if k.Case != nil {
		step, err := convert.CaseStep(k.Case.Value)
		add(k.Case.Pos, step, err)
	}
	if k.Map != nil {
		if m := c.codeMap(s, k.Map); m != nil {
			add(k.Map.Pos, convert.MapStep(m), nil)
		}
	}
	return chain
}

// codeMap finds a map and checks that every word it can make is one the field
// takes.
func (c *compiler) codeMap(s site, name *mapfile.Text) *convert.CodeMap {
	m := c.maps[name.Value]
	if m == nil {
		var known []string
		for _, declared := range c.file.Maps {
			known = append(known, declared.Name.Value)
		}
		c.faultNear(name.Pos, mapfile.Nearest(name.Value, known), "no map of the name %q is declared under `maps:`", name.Value)
		return nil
	}
	for _, word := range m.Words() {
		c.checkWord(s.leaf, word, name.Pos)
	}
	return m
}

func (c *compiler) worded(rule *mapfile.WordsRule, get evaluator) evaluator {
	list := func(texts []mapfile.Text) []string {
		all := make([]string, len(texts))
		for i, t := range texts {
			all[i] = t.Value
		}
		return all
	}
	words, err := convert.NewWords(list(rule.True), list(rule.False))
	if err != nil {
		c.fault(append(rule.True, rule.False...)[0].Pos, "%v", err)
		return get
	}
	return func(r *row, e *env) value {
		got := get(r, e)
		if got.state != convert.Present {
			return got
		}
		b, state := words.Lookup(got.text)
		if state != convert.Present {
			return absent(state)
		}
		return present(strconv.FormatBool(b))
	}
}

// money reads an amount in a foreign spelling. A plain column is read from its
// cell, so that numeric columns stay numbers.
func (c *compiler) money(s site, rule *mapfile.MoneyRule, item *mapfile.Value, get evaluator, direct bool) evaluator {
	spelling := convert.MoneyRule{}
	if rule.Decimal != "" {
		spelling.Decimal = rule.Decimal[0]
	}
	if rule.Minor {
		spelling.Minor = c.places
	}
	places := c.places
	if direct && item.Kind == mapfile.ColumnValue {
		if p, _, ok := s.f.column(item.Column, item.Pos, true); ok {
			empty := c.empty
			return func(r *row, _ *env) value {
				cell := r.cell(p)
				text, state := cell.Decimal(spelling)
				if state == convert.Unreadable {
					if raw, _ := cell.Text(); empty.Has(raw) {
						return absent(convert.Empty)
					}
				}
				return rounded(text, state, places)
			}
		}
	}
	return func(r *row, e *env) value {
		got := get(r, e)
		if got.state != convert.Present {
			return got
		}
		text, state := convert.Decimal(got.text, spelling)
		return rounded(text, state, places)
	}
}

func (c *compiler) shortened(s site, rule *mapfile.CutRule, get evaluator) evaluator {
	limit := 0
	switch {
	case rule.Length != nil:
		limit = c.number(rule.Length, "cut")
	case s.leaf != nil:
		limit = s.leaf.maxChars
	}
	if limit <= 0 {
		if s.leaf == nil || rule.Length != nil {
			c.fault(rule.Pos, "cut: needs a number of characters here")
		}
		return get // a field without a limit: nothing to cut
	}
	return func(r *row, e *env) value {
		got := get(r, e)
		if got.state != convert.Present {
			return got
		}
		text, was := convert.CutTo(got.text, limit)
		got.text, got.cut = text, got.cut || was
		return got
	}
}

// dateValue reads an instant from one or several raw columns.
func (c *compiler) dateValue(s site, v *mapfile.Value, items []*mapfile.Value) evaluator {
	k := v.Convert
	days := 0
	if k.AddDays != nil {
		days = c.number(k.AddDays, "addDays")
	}
	date := c.dateOf(k.Date, len(items), days)
	if date == nil {
		return fixed(absent(convert.Empty))
	}
	chain := c.extraction(k)
	empty := c.empty
	allColumns := len(chain) == 0
	for _, item := range items {
		allColumns = allColumns && item.Kind == mapfile.ColumnValue
	}
	if !allColumns {
		if len(items) != 1 {
			c.fault(v.Pos, "several parts of a date must be plain columns")
			return fixed(absent(convert.Empty))
		}
		get := chained(c.value(s.as(wantText), items[0]), chain)
		return c.dateText(s, v.Pos, func(r *row, e *env) value {
			got := get(r, e)
			if got.state != convert.Present {
				return got
			}
			return instant(date.ReadText(convert.ColumnText, got.text))
		})
	}
	places := make([]place, len(items))
	for i, item := range items {
		p, col, ok := s.f.column(item.Column, item.Pos, true)
		if !ok {
			return fixed(absent(convert.Empty))
		}
		places[i] = p
		if c.bound() && len(items) == 1 && !date.SuitsKind(col.Kind) {
			c.fault(item.Pos, "the column is %s, say how a date is written in it, as in `date: yyyymmdd`", col.Kind)
		}
	}
	return c.dateText(s, v.Pos, func(r *row, _ *env) value {
		var few [4]*convert.Cell
		cells := few[:0]
		for _, p := range places {
			cells = append(cells, r.cell(p))
		}
		if raw, state := cells[0].Text(); state == convert.Present && empty.Has(raw) {
			return absent(convert.Empty)
		}
		return instant(date.Read(cells...))
	})
}

// dateText lets an instant stand where a text is wanted; other types have no
// use for one.
func (c *compiler) dateText(s site, pos mapfile.Pos, get evaluator) evaluator {
	if s.want != wantInstant && s.want != wantText {
		c.fault(pos, "a date cannot be made into %s", s.want)
	}
	return get
}

// hashed makes a stable key of several values.
func (c *compiler) hashed(s site, v *mapfile.Value, items []*mapfile.Value) evaluator {
	k := v.Convert.Hash
	if len(k.Over) > 0 {
		items = k.Over
	}
	rule := convert.HashRule{}
	if k.Length != nil {
		rule.Length = c.number(k.Length, "length")
	}
	if k.Prefix != nil {
		rule.Prefix = k.Prefix.Value
	}
	if err := rule.Check(); err != nil {
		c.fault(v.Pos, "%v", err)
		return fixed(absent(convert.Empty))
	}
	gets := make([]evaluator, len(items))
	for i, item := range items {
		gets[i] = c.value(s.as(wantText), item)
	}
	return func(r *row, e *env) value {
		texts := make([]string, len(gets))
		for i, get := range gets {
			got := get(r, e)
			if got.state.Bad() {
				return got
			}
			texts[i] = got.text
		}
		return made(rule.Of(texts...))
	}
}
