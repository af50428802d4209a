package mapfile

import (
	"regexp"
	"slices"
	"strings"
)

// conversions reads what stands beside a value; nil when nothing does.
func (d *decoder) conversions(v *Value, o *object, sc scope) {
	c := &Conversions{Pos: v.Pos}
	said := false
	read := func(key string, into func(n *node, path string)) {
		if n := o.value(d, key); n != nil {
			said = true
			into(n, join(o.path, key))
		}
	}
	text := func(to **Text) func(*node, string) {
		return func(n *node, path string) { *to = d.nonEmpty(n, path) }
	}
	read("date", func(n *node, path string) { c.Date = d.date(n, path) })
	read("money", func(n *node, path string) { c.Money = d.money(n, path) })
	read("split", func(n *node, path string) { c.Split = d.split(n, path, o) })
	read("line", func(n *node, path string) { c.Line = d.ordinal(n, path) })
	read("match", func(n *node, path string) { c.Match = d.pattern(n, path) })
	read("plain", func(n *node, path string) { c.Plain = d.boolean(n, path) })
	read("strip", text(&c.Strip))
	read("pad", func(n *node, path string) { c.Pad = d.whole(n, path, 1) })
	read("case", func(n *node, path string) { c.Case = d.oneOf(n, path, "upper", "lower", "title") })
	read("replace", func(n *node, path string) { c.Replace = d.replacements(n, path) })
	read("map", func(n *node, path string) {
		if c.Map = d.nonEmpty(n, path); c.Map != nil && !slices.Contains(d.maps, c.Map.Value) {
			d.unknown(*c.Map, path, "map", d.maps)
		}
	})
	read("words", func(n *node, path string) { c.Words = d.wordsRule(n, path) })
	read("hash", func(n *node, path string) { c.Hash = d.hash(n, path, v, sc) })
	read("cut", func(n *node, path string) { c.Cut = d.cut(n, path) })
	read("addDays", func(n *node, path string) { c.AddDays = d.whole(n, path, -1<<30) })
	read("list", func(n *node, path string) { c.List = d.listRule(n, path, true) })
	read("json", func(n *node, path string) { c.JSON = d.listRule(n, path, false) })
	read("distinct", func(n *node, path string) { c.Distinct = d.boolean(n, path) })
	if !said {
		return
	}
	v.Convert = c
	if v.Kind == DocumentValue || v.Kind == LiteralValue {
		d.fault(v.Pos, o.path, "a conversion makes no sense here; write the value as it is to be sent")
	}
}

// date reads `date: yyyymmdd`, `date: true` or a map.
func (d *decoder) date(n *node, path string) *DateRule {
	rule := &DateRule{Pos: n.pos}
	if n.kind != mapNode {
		t := d.nonEmpty(n, path)
		switch {
		case t == nil:
			return nil
		case !t.Quoted && t.Value == "false":
			return nil
		case t.Quoted || t.Value != "true":
			rule.Spelling = strings.TrimSpace(t.Value)
		}
		return rule
	}
	o := d.object(n, path, dateContext)
	if spelling := o.value(d, "spelling"); spelling != nil {
		rule.Spelling = strings.TrimSpace(d.plainText(spelling, join(path, "spelling")).Value)
	}
	rule.Zone = d.optional(o, "zone")
	if midnight := o.value(d, "midnight"); midnight != nil {
		rule.Midnight = d.oneOf(midnight, join(path, "midnight"), "noon", "keep")
	}
	return rule
}

// optional reads a key that holds a text and may be left out.
func (d *decoder) optional(o *object, key string) *Text {
	if n := o.value(d, key); n != nil {
		return d.nonEmpty(n, join(o.path, key))
	}
	return nil
}

func (d *decoder) money(n *node, path string) *MoneyRule {
	if n.kind != mapNode {
		if d.boolean(n, path) {
			return &MoneyRule{Pos: n.pos}
		}
		return nil
	}
	o := d.object(n, path, moneyContext)
	rule := &MoneyRule{Pos: n.pos}
	if decimal := o.value(d, "decimal"); decimal != nil {
		if t := d.oneOf(decimal, join(path, "decimal"), ".", ","); t != nil {
			rule.Decimal = t.Value
		}
	}
	if minor := o.value(d, "minor"); minor != nil {
		rule.Minor = d.boolean(minor, join(path, "minor"))
	}
	return rule
}

func (d *decoder) split(n *node, path string, o *object) *SplitRule {
	by := d.text(n, path)
	if by == nil {
		return nil
	}
	if by.Value == "" {
		d.fault(by.Pos, path, "an empty text cuts nothing")
		return nil
	}
	part := o.value(d, "part")
	if part == nil {
		d.fault(n.pos, path, "`split` needs a `part` beside it: 1 for the first, -1 for the last")
		return nil
	}
	which := d.ordinal(part, join(o.path, "part"))
	if which == nil {
		return nil
	}
	return &SplitRule{By: *by, Part: *which}
}

func (d *decoder) pattern(n *node, path string) *Text {
	t := d.nonEmpty(n, path)
	if t == nil {
		return nil
	}
	if _, err := regexp.Compile(t.Value); err != nil {
		d.fault(t.Pos, path, "this is no regular expression (RE2): %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return nil
	}
	return t
}

func (d *decoder) replacements(n *node, path string) []Replacement {
	var all []Replacement
	for i, item := range listOf(n) {
		if item.kind != mapNode || len(item.pairs) == 0 {
			d.wrong(item, index(path, n, i), "a map from texts to texts")
			continue
		}
		for _, p := range item.pairs {
			if p.key.Value == "" {
				d.fault(p.key.Pos, path, "an empty text cannot be replaced")
				continue
			}
			if p.value.kind == nullNode {
				d.fault(p.key.Pos, path, "nothing stands behind %s; write '' to take it out", asYAML(p.key.Value))
				continue
			}
			if to := d.text(p.value, join(path, p.key.Value)); to != nil {
				all = append(all, Replacement{From: p.key, To: *to})
			}
		}
	}
	return all
}

func (d *decoder) wordsRule(n *node, path string) *WordsRule {
	o := d.object(n, path, wordsContext)
	if o == nil {
		return nil
	}
	rule := &WordsRule{
		True:  d.texts(o.value(d, "true"), join(path, "true")),
		False: d.texts(o.value(d, "false"), join(path, "false")),
	}
	if len(rule.True)+len(rule.False) == 0 {
		d.fault(n.pos, path, "no word stands here; write {true: [Y], false: [N]}")
		return nil
	}
	return rule
}

// hash reads the columns of a made-up key: its own, or those of `from`.
func (d *decoder) hash(n *node, path string, v *Value, sc scope) *HashRule {
	rule := &HashRule{}
	if n.kind != mapNode {
		if !d.boolean(n, path) {
			return nil
		}
	} else {
		o := d.object(n, path, hashContext)
		if over := o.value(d, "over"); over != nil {
			rule.Over = d.items(over, join(path, "over"), sc, false)
		}
		if length := o.value(d, "length"); length != nil {
			rule.Length = d.whole(length, join(path, "length"), 8)
		}
		rule.Prefix = d.optional(o, "prefix")
	}
	if rule.Over == nil {
		rule.Over = v.Items
	}
	if v.Kind == FromValue && v.Items == nil {
		v.Items = rule.Over
	}
	if len(rule.Over) == 0 {
		d.fault(n.pos, path, "the columns are missing: add `over: [...]`")
		return nil
	}
	return rule
}

func (d *decoder) cut(n *node, path string) *CutRule {
	t := d.text(n, path)
	if t == nil {
		return nil
	}
	switch t.Value {
	case "true":
		return &CutRule{Pos: n.pos}
	case "false":
		return nil
	}
	length := d.whole(n, path, 1)
	if length == nil {
		return nil
	}
	return &CutRule{Pos: n.pos, Length: length}
}

func (d *decoder) listRule(n *node, path string, separated bool) *ListRule {
	o := d.object(n, path, listRuleContext)
	if o == nil {
		return nil
	}
	rule := &ListRule{Pos: n.pos, Names: d.texts(o.value(d, "names"), join(path, "names"))}
	by, pair := o.value(d, "by"), o.value(d, "pair")
	switch {
	case separated && by == nil:
		d.fault(n.pos, path, "the separator of the elements is missing: add `by:`")
	case !separated && (by != nil || pair != nil):
		d.fault(n.pos, path, "JSON needs no `by` and no `pair`")
		return rule
	}
	if by != nil {
		if t := d.text(by, join(path, "by")); t != nil {
			rule.By = *t
		}
	}
	if pair != nil {
		rule.Pair = d.text(pair, join(path, "pair"))
	}
	if len(rule.Names) == 0 && o.raw("names") == nil {
		d.fault(n.pos, path, "the names of an element's parts are missing: add `names: [...]`")
	}
	return rule
}
