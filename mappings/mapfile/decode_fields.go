package mapfile

import (
	"slices"
	"strings"
)

// fieldSet collects the fields of one element, wherever they are written.
type fieldSet struct {
	fields []*Field
	lists  []*List // objects with rates
	first  map[string]Pos
}

// fields reads a map of fields; nested maps are the same as dots.
func (d *decoder) fields(n *node, path string, sc scope) ([]*Field, []*List) {
	if n == nil {
		return nil, nil
	}
	set := &fieldSet{first: map[string]Pos{}}
	d.fieldMap(n, path, "", sc, set)
	return set.fields, set.lists
}

func (d *decoder) fieldMap(n *node, path, prefix string, sc scope, set *fieldSet) {
	if n.kind != mapNode {
		d.wrong(n, path, "a map of fields, such as contractId: r.number,")
		return
	}
	if len(n.pairs) == 0 {
		d.fault(n.pos, path, "no field stands here")
	}
	for _, p := range n.pairs {
		at := join(path, p.key.Value)
		name := Text{Value: join(prefix, p.key.Value), Pos: p.key.Pos, Quoted: p.key.Quoted}
		if !fieldForm(p.key.Value) {
			d.fault(p.key.Pos, at, "%q is no name of a field", p.key.Value)
			continue
		}
		switch {
		case p.value.kind == nullNode:
			d.fault(p.key.Pos, at, "nothing stands behind %s; leave the line out, or write {value: null} to send nothing", p.key.Value)
		case p.key.Value == "rates" && p.value.kind == mapNode && p.value.has("by", "columns", "amount"):
			if prefix == "" {
				d.fault(p.key.Pos, at, "`rates` needs the object it fills around it, such as groupRate.properties")
				continue
			}
			owner := Text{Value: prefix, Pos: p.key.Pos}
			set.lists = append(set.lists, &List{Path: owner, Pivot: d.pivot(owner, p.value, at, sc)})
		case p.value.kind == mapNode && !isValueMap(p.value):
			d.fieldMap(p.value, at, name.Value, sc, set)
		default:
			d.field(name, p.value, at, sc, set)
		}
	}
}

func (d *decoder) field(name Text, n *node, path string, sc scope, set *fieldSet) {
	if first, again := set.first[name.Value]; again {
		d.fault(name.Pos, path, "%s is mapped already at line %d", name.Value, first.Line)
		return
	}
	set.first[name.Value] = name.Pos
	if value := d.value(n, path, sc, false); value != nil {
		set.fields = append(set.fields, &Field{Path: name, Value: value})
	}
}

// isValueMap tells a value from nested fields: it has a word that says what it
// is, or looks like one with that word misspelt.
func isValueMap(n *node) bool {
	if len(n.pairs) == 0 || n.has(valueWords...) {
		return true
	}
	misspelt, beside := false, false
	for _, p := range n.pairs {
		switch {
		case valueContext.has(p.key.Value):
			beside = true
		case p.value.kind != mapNode && slips([]rune(p.key.Value), []rune(Nearest(p.key.Value, valueWords))) == 1:
			misspelt = true
		}
	}
	return beside && allKnownOrNear(n) || misspelt && len(n.pairs) == 1
}

// allKnownOrNear says whether every key is one of a value's, or one slip away.
func allKnownOrNear(n *node) bool {
	return !slices.ContainsFunc(n.pairs, func(p pair) bool {
		return !valueContext.has(p.key.Value) && Nearest(p.key.Value, valueContext.names()) == ""
	})
}

func fieldForm(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if !aliasForm.MatchString(part) {
			return false
		}
	}
	return true
}

// rows reads `fields:` that is a list: one set of fields for each element.
func (d *decoder) rows(n *node, path string, sc scope) [][]*Field {
	if n.kind != listNode || len(n.items) == 0 {
		d.wrong(n, path, "with `columns`, a list of maps with one entry for each element")
		return nil
	}
	var all [][]*Field
	for i, item := range n.items {
		fields, lists := d.fields(item, index(path, n, i), sc)
		if len(lists) > 0 {
			d.fault(item.pos, index(path, n, i), "`rates` cannot stand here")
		}
		all = append(all, fields)
	}
	return all
}

// fixed reads `list:` with literals.
func (d *decoder) fixed(n *node, path string) []FixedRow {
	if n.kind != listNode || len(n.items) == 0 {
		d.wrong(n, path, "a list of maps, such as - {locationId: MAIN},")
		return nil
	}
	var all []FixedRow
	for i, item := range n.items {
		set := &fieldSet{first: map[string]Pos{}}
		d.fixedMap(item, index(path, n, i), "", set)
		all = append(all, FixedRow{Pos: item.pos, Fields: set.fields})
	}
	return all
}

func (d *decoder) fixedMap(n *node, path, prefix string, set *fieldSet) {
	if n.kind != mapNode || len(n.pairs) == 0 {
		d.wrong(n, path, "a map of fields and their texts")
		return
	}
	for _, p := range n.pairs {
		at := join(path, p.key.Value)
		name := Text{Value: join(prefix, p.key.Value), Pos: p.key.Pos, Quoted: p.key.Quoted}
		if p.value.kind == mapNode && !(len(p.value.pairs) == 1 && p.value.has("value")) {
			d.fixedMap(p.value, at, name.Value, set)
			continue
		}
		literal := p.value
		if p.value.kind == mapNode {
			literal = p.value.get("value")
		}
		if literal.kind != scalarNode {
			d.wrong(literal, at, "a text that is sent as it stands")
			continue
		}
		if first, again := set.first[name.Value]; again {
			d.fault(name.Pos, at, "%s stands here already, at line %d", name.Value, first.Line)
			continue
		}
		set.first[name.Value] = name.Pos
		t := literal.text
		set.fields = append(set.fields, &Field{Path: name, Value: &Value{Pos: t.Pos, Kind: LiteralValue, Literal: &t}})
	}
}
