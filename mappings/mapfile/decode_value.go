package mapfile

import (
	"fmt"
	"slices"
	"strings"
)

// valueWords are the keys that say what a value is; a map with none of them is
// a map of nested fields.
var valueWords = []string{"from", "value", "text", "when", "sum", "count", "min", "max", "exists", "product", "plus", "minus", "divide", "sql", "document", "hash"}

var aggregateFuncs = []string{"sum", "count", "min", "max", "exists"}

// value reads any form of a value. Where literals is set (behind then and else)
// a bare true, false or number is itself.
func (d *decoder) value(n *node, path string, sc scope, literals bool) *Value {
	switch n.kind {
	case scalarNode:
		if literals && isLiteralWord(n.text) {
			t := n.text
			return &Value{Pos: n.pos, Kind: LiteralValue, Literal: &t}
		}
		return d.bare(n.text, path, sc)
	case listNode:
		first := &Value{Pos: n.pos, Kind: FirstValue}
		for i, item := range n.items {
			if item.kind == listNode {
				d.fault(item.pos, index(path, n, i), "a list inside a list makes no sense here")
				continue
			}
			if v := d.value(item, index(path, n, i), sc, false); v != nil {
				first.Items = append(first.Items, v)
			}
		}
		if len(n.items) == 0 {
			d.fault(n.pos, path, "the list is empty")
		}
		return first
	case mapNode:
		return d.valueMap(n, path, sc)
	case nullNode:
	}
	d.fault(n.pos, path, "nothing stands here; leave the key out, or write {value: null} to send nothing")
	return nil
}

// bare reads a single value: a column, $name or @name.
func (d *decoder) bare(t Text, path string, sc scope) *Value {
	if name, found := strings.CutPrefix(t.Value, "$"); found {
		known := append([]string{"customerNumber"}, d.values...)
		if !slices.Contains(known, name) {
			if slices.Contains(d.groups, name) {
				d.fault(t.Pos, path, "%s is a group of fields, used by `use: %s`", name, name)
				return nil
			}
			d.unknown(Text{Value: t.Value, Pos: t.Pos}, path, "definition", signed("$", known))
			return nil
		}
		return &Value{Pos: t.Pos, Kind: RefValue, Ref: Text{Value: name, Pos: t.Pos, Quoted: t.Quoted}}
	}
	if name, found := strings.CutPrefix(t.Value, "@"); found {
		if !slices.Contains(requestNames, name) {
			d.names([]Text{t}, path)
			return nil
		}
		return &Value{Pos: t.Pos, Kind: NameValue, Ref: Text{Value: name, Pos: t.Pos, Quoted: t.Quoted}}
	}
	ref, ok := d.column(t, path, sc)
	if !ok {
		return nil
	}
	return &Value{Pos: t.Pos, Kind: ColumnValue, Column: ref}
}

func signed(sign string, names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = sign + name
	}
	return all
}

// valueMap reads a value that says what it is.
func (d *decoder) valueMap(n *node, path string, sc scope) *Value {
	o := d.object(n, path, valueContext)
	kind, ok := d.kindOf(o, n)
	if !ok {
		return nil
	}
	v := &Value{Pos: n.pos}
	what := o.raw(kind)
	if what.kind == nullNode && kind != "value" {
		d.fault(what.pos, join(path, kind), "nothing stands behind %s", kind)
		return nil
	}
	at := join(path, kind)
	switch kind {
	case "from":
		v.Kind = FromValue
		v.Items = d.items(what, at, sc, false)
	case "value":
		v.Kind = LiteralValue
		if d.blank(what, path, kind) {
			return nil
		}
		if v.Null = what.kind == nullNode; !v.Null {
			v.Literal = d.text(what, at)
		}
	case "text":
		v.Kind = TextValue
		v.Parts = d.template(what, at, sc)
	case "when":
		v.Kind = WhenValue
		v.When = d.when(o, sc)
	case "product", "plus", "minus", "divide":
		v.Kind = ValueKind(kind)
		if v.Items = d.items(what, at, sc, true); what.kind != listNode || len(what.items) < 2 {
			d.fault(what.pos, at, "a list of at least two columns is expected here")
		}
		if digits := o.value(d, "digits"); digits != nil {
			v.Digits = d.whole(digits, join(path, "digits"), 0)
		} else if kind == "divide" && o.raw("digits") == nil {
			d.fault(n.pos, path, "say with `digits:` to how many places the quotient is rounded, as in {divide: [...], digits: 2}")
		}
	case "sql":
		v.Kind = SQLValue
		v.SQL = d.sql(what, at, false)
	case "document":
		v.Kind = DocumentValue
		if v.Ref = d.plainText(what, at); v.Ref.Value != "" && !slices.Contains(d.kinds, v.Ref.Value) {
			d.unknown(v.Ref, at, "kind of document", d.kinds)
		}
	case "hash":
		v.Kind = FromValue // the columns stand in the hash
	default:
		v.Kind = AggregateValue
		v.Aggregate = &Aggregate{Pos: n.pos}
		d.aggregateOver(v.Aggregate, o.pair(kind), at)
		v.Aggregate.Where = d.conditions(o.value(d, "where"), join(path, "where"), conditionRules{bare: true, codes: true})
	}
	d.together(o, kind)
	d.conversions(v, o, sc)
	d.badValues(v, o)
	return v
}

// kindOf finds the one key that says what a value is.
func (d *decoder) kindOf(o *object, n *node) (string, bool) {
	var found []Text
	for _, p := range n.pairs {
		if slices.Contains(valueWords, p.key.Value) {
			found = append(found, p.key)
		}
	}
	// hash beside from, product ... is a conversion.
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(t Text) bool { return t.Value == "hash" })
	}
	switch len(found) {
	case 1:
		return found[0].Value, true
	case 0:
		if len(n.pairs) == 0 {
			d.fault(n.pos, o.path, "an empty map says nothing; write a column or a map such as {value: ...}")
		} else if !d.hasUnknown(n) {
			d.fault(n.pos, o.path, "this does not say what it is; add `from:` with a column")
		}
		return "", false
	}
	d.fault(found[1].Pos, o.path, "this says two things, %s and %s; keep one", found[0].Value, found[1].Value)
	return "", false
}

// hasUnknown says whether a key was reported already, which is the likelier
// reason for what is missing.
func (d *decoder) hasUnknown(n *node) bool {
	return slices.ContainsFunc(n.pairs, func(p pair) bool { return !valueContext.has(p.key.Value) })
}

// together reports keys that need another one beside them.
func (d *decoder) together(o *object, kind string) {
	for _, key := range []string{"then", "else"} {
		if n := o.raw(key); n != nil && kind != "when" {
			d.fault(o.pair(key).key.Pos, join(o.path, key), "%s needs a `when` beside it", key)
		}
	}
	if o.raw("where") != nil && !slices.Contains(aggregateFuncs, kind) {
		d.fault(o.pair("where").key.Pos, join(o.path, "where"), "`where` needs a sum, count, min, max or exists beside it")
	}
	if o.raw("digits") != nil && kind != "divide" {
		d.fault(o.pair("digits").key.Pos, join(o.path, "digits"), "`digits` needs a `divide` beside it")
	}
	if o.raw("part") != nil && o.raw("split") == nil {
		d.fault(o.pair("part").key.Pos, join(o.path, "part"), "`part` needs a `split` beside it")
	}
}

func (o *object) pair(key string) pair {
	for _, p := range o.node.pairs {
		if p.key.Value == key {
			return p
		}
	}
	return pair{value: &node{pos: o.node.pos}}
}

// items reads one value or a list of values; with literals a bare number is
// itself.
func (d *decoder) items(n *node, path string, sc scope, literals bool) []*Value {
	var all []*Value
	for i, item := range listOf(n) {
		if item.kind == listNode {
			d.fault(item.pos, index(path, n, i), "a list inside a list makes no sense here")
			continue
		}
		if v := d.value(item, index(path, n, i), sc, literals); v != nil {
			all = append(all, v)
		}
	}
	if n.kind == listNode && len(n.items) == 0 {
		d.fault(n.pos, path, "the list is empty")
	}
	return all
}

func (d *decoder) when(o *object, sc scope) *When {
	w := &When{If: d.conditions(o.value(d, "when"), join(o.path, "when"), conditionRules{sc: sc, answer: true})}
	if then := o.value(d, "then"); then != nil {
		w.Then = d.value(then, join(o.path, "then"), sc, true)
	} else if o.raw("then") == nil {
		d.fault(o.node.pos, o.path, "a `then` is missing")
	}
	if otherwise := o.raw("else"); otherwise != nil && !d.blank(otherwise, o.path, "else") && otherwise.kind != nullNode {
		w.Else = d.value(otherwise, join(o.path, "else"), sc, true)
	}
	return w
}

// aggregateOver reads `sum: lines.amount` or `count: lines`.
func (d *decoder) aggregateOver(a *Aggregate, p pair, path string) {
	a.Func = p.key
	t := d.nonEmpty(p.value, path)
	if t == nil {
		return
	}
	children, column, dotted := strings.Cut(t.Value, ".")
	a.Children = Text{Value: children, Pos: t.Pos, Quoted: t.Quoted}
	needs := p.key.Value == "sum" || p.key.Value == "min" || p.key.Value == "max"
	switch {
	case !aliasForm.MatchString(children) || dotted && column == "":
		d.fault(t.Pos, path, "%q is no column of child rows; write the name of the child rows and the column, such as lines.amount", t.Value)
	case needs && !dotted:
		d.fault(t.Pos, path, "%s needs a column: write %s.column", p.key.Value, t.Value)
	case dotted && p.key.Value == "exists":
		d.fault(t.Pos, path, "exists looks at whole rows: write exists: %s, with the column in `where`", children)
	case dotted:
		a.Column = &ColumnRef{Alias: children, Name: column, Pos: t.Pos}
	}
}

// badValues reads what happens to a value that cannot be sent.
func (d *decoder) badValues(v *Value, o *object) {
	if n := o.raw("onBad"); n != nil && !d.blank(n, o.path, "onBad") {
		if n.kind == nullNode {
			v.OnBad = &Text{Value: "null", Pos: n.pos}
		} else {
			v.OnBad = d.oneOf(n, join(o.path, "onBad"), "null", "leaveOut", "fail")
		}
	}
	if n := o.value(d, "placeholder"); n != nil {
		v.Fallback = d.text(n, join(o.path, "placeholder"))
		if v.OnBad != nil && v.Fallback != nil {
			d.fault(o.pair("placeholder").key.Pos, join(o.path, "placeholder"), "`onBad` and `placeholder` both say what happens to a bad value; keep one")
		}
	}
}

// template reads a text with columns in braces; {{ and }} are braces.
func (d *decoder) template(n *node, path string, sc scope) []TextPart {
	t := d.text(n, path)
	if t == nil {
		return nil
	}
	if t.Value == "" {
		d.fault(t.Pos, path, "an empty text has no parts; write {value: ''} for an empty text")
		return nil
	}
	var parts []TextPart
	var fixed strings.Builder
	flush := func() {
		if fixed.Len() > 0 {
			parts = append(parts, TextPart{Fixed: fixed.String()})
			fixed.Reset()
		}
	}
	for i := 0; i < len(t.Value); {
		rest := t.Value[i:]
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			fixed.WriteByte(rest[0])
			i += 2
		case rest[0] == '}':
			d.fault(d.file.At(*t, i), path, "this brace closes nothing; a brace itself is written }}")
			i++
		case rest[0] == '{':
			end := strings.IndexByte(rest, '}')
			if end < 0 {
				d.fault(d.file.At(*t, i), path, "this brace is never closed; a brace itself is written {{")
				return parts
			}
			flush()
			inner := Text{Value: rest[1:end], Pos: d.file.At(*t, i+1), Quoted: t.Quoted}
			if part, ok := d.part(inner, path, sc); ok {
				parts = append(parts, part)
			}
			i += end + 1
		default:
			fixed.WriteByte(rest[0])
			i++
		}
	}
	flush()
	return parts
}

func (d *decoder) part(t Text, path string, sc scope) (TextPart, bool) {
	if strings.HasPrefix(t.Value, "$") {
		v := d.bare(t, path, sc)
		if v == nil {
			return TextPart{}, false
		}
		return TextPart{Ref: v.Ref.Value}, true
	}
	alias, name, dotted := strings.Cut(t.Value, ".")
	if !dotted || !aliasForm.MatchString(alias) || name == "" {
		known := "such as {alias.column}"
		if len(sc.aliases) > 0 {
			known = fmt.Sprintf("such as {%s.column} (aliases here: %s)", sc.aliases[0], strings.Join(sc.aliases, ", "))
		}
		d.fault(t.Pos, path, "a column stands in braces, %s, not %q", known, t.Value)
		return TextPart{}, false
	}
	return TextPart{Column: &ColumnRef{Alias: alias, Name: name, Pos: t.Pos}}, true
}
