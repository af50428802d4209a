package mapfile

import (
	"fmt"
	"slices"
	"strings"
)

// endpoint reads one section.
func (d *decoder) endpoint(name Text, n *node, path string, c *Context) *Endpoint {
	e := &Endpoint{Name: name}
	if n.kind == scalarNode {
		if n.text.Value != "none" {
			d.fault(n.pos, path, "a map, or `none` where the dealer has no such data, is expected here, not %q", n.text.Value)
		}
		e.None = true
		return e
	}
	if n.kind != mapNode {
		d.wrong(n, path, "a map, or `none` where the dealer has no such data,")
		return e
	}
	if c == invoiceContext && n.has("order") {
		for _, p := range n.pairs {
			if p.key.Value == "order" {
				d.fault(p.key.Pos, join(path, "order"), "invoices are always sent by date and number, newest first; take `order` out")
			}
		}
		n = without(n, "order")
	}
	d.endpointBody(e, n, path, c, scope{})
	return e
}

func without(n *node, key string) *node {
	kept := *n
	kept.pairs = slices.DeleteFunc(slices.Clone(n.pairs), func(p pair) bool { return p.key.Value == key })
	return &kept
}

func (d *decoder) endpointBody(e *Endpoint, n *node, path string, c *Context, sc scope) {
	o := d.object(n, path, c)
	if o == nil {
		return
	}
	from, list, sources := o.value(d, "from"), o.value(d, "list"), o.value(d, "sources")
	switch {
	case d.missing(o, e.Name.Pos, "from", "list", "sources"):
		d.fault(e.Name.Pos, path, "a `from` is missing, such as from: RENTAL r; a section without data is written `%s: none`", e.Name.Value)
	case from != nil && list != nil:
		d.fault(list.pos, join(path, "list"), "`from` and `list` are both here; keep one")
	case sources != nil && (from != nil || list != nil):
		d.fault(sources.pos, join(path, "sources"), "`sources` stands alone; put each `from` into it")
	}
	if list != nil {
		e.Fixed = d.fixed(list, join(path, "list"))
	}
	if from != nil {
		if s, ok := d.source(from, join(path, "from")); ok {
			e.Source = s
			sc = sc.with(s.Alias.Value)
		}
	}
	for i, item := range listOf(sources) {
		one := &Endpoint{Name: Text{Value: e.Name.Value, Pos: item.pos}}
		d.endpointBody(one, item, index(join(path, "sources"), sources, i), c, sc)
		e.Sources = append(e.Sources, one)
	}
	e.Join, sc = d.joinList(o.value(d, "join"), join(path, "join"), sc)
	var listPairs []pair
	e.Children, listPairs = d.namedChildren(o, sc, c)
	e.Key = d.someValues(o, "key", sc)
	e.Where = d.conditions(o.value(d, "where"), join(path, "where"), conditionRules{sc: sc, codes: true})
	e.Order = d.orders(o.value(d, "order"), join(path, "order"), sc, "")
	e.Distinct = d.someValues(o, "distinct", sc)
	e.Use = d.use(o)
	if fields := o.value(d, "fields"); fields != nil {
		e.Fields, e.Lists = d.fields(fields, join(path, "fields"), sc)
	} else if from != nil && e.Use == nil && d.missing(o, e.Name.Pos, "fields", "use") {
		d.fault(e.Name.Pos, path, "`fields` is missing: the fields of the answer, such as contractId: r.number")
	}
	for _, p := range listPairs {
		if l := d.list(p.key, p.value, join(path, p.key.Value), sc); l != nil {
			e.Lists = append(e.Lists, l)
		}
	}
	e.Policies = d.policies(o)
}

// someValues reads a key that holds one value or a list of several.
func (d *decoder) someValues(o *object, key string, sc scope) []*Value {
	n := o.value(d, key)
	if n == nil {
		return nil
	}
	return d.items(n, join(o.path, key), sc, false)
}

// use reads the groups of fields that come in.
func (d *decoder) use(o *object) []Text {
	n := o.value(d, "use")
	if n == nil {
		return nil
	}
	var all []Text
	for _, t := range d.texts(n, join(o.path, "use")) {
		switch {
		case slices.Contains(d.groups, t.Value):
			all = append(all, t)
		case slices.Contains(d.values, t.Value):
			d.fault(t.Pos, join(o.path, "use"), "%s is a single value; use it as $%s behind a field", t.Value, t.Value)
		default:
			d.unknown(t, join(o.path, "use"), "group of fields", d.groups)
		}
	}
	return all
}

// namedChildren takes the child rows out of the keys the context does not
// know, reports what is neither those nor a list, and gives back the lists.
func (d *decoder) namedChildren(o *object, sc scope, c *Context) ([]*Children, []pair) {
	var children []*Children
	var lists []pair
	for _, p := range o.rest {
		switch {
		case isChildren(p.value):
			if one := d.children(p.key, p.value, join(o.path, p.key.Value), sc); one != nil {
				children = append(children, one)
			}
		case isList(p.value):
			lists = append(lists, p)
		default:
			d.unknownKey(p.key, o.path, c)
			if last := &d.faults[len(d.faults)-1]; last.Suggestion == "" && p.value.kind != scalarNode {
				last.Message = fmt.Sprintf("nothing tells what %q is: a list of the answer has `from`, `columns` or `elements`, or is `none`; child rows have `table` and `match`", p.key.Value)
			}
			o.unknown = true
		}
	}
	return children, lists
}

func isChildren(n *node) bool {
	return n.kind == mapNode && n.has("table", "select") && !n.has("from", "sources", "columns")
}

// isList tells a list of the answer from a misspelt key by its form.
func isList(n *node) bool {
	switch n.kind {
	case scalarNode:
		return n.text.Value == "none"
	case listNode:
		return len(n.items) > 0 && isSource(n.items[0])
	case mapNode:
		return isSource(n) || n.has("sources", "sumByName", "rates")
	case nullNode:
	}
	return false
}

// isSource looks for `from: TABLE alias`; a value's `from` has no blank.
func isSource(n *node) bool {
	from := n.get("from")
	return n.has("columns", "elements", "parent") || from != nil && (from.kind == mapNode || from.kind == scalarNode && strings.Contains(from.text.Value, " "))
}

func (d *decoder) policies(o *object) Policies {
	var p Policies
	if n := o.value(d, "onBadRow"); n != nil {
		p.OnBadRow = d.oneOf(n, join(o.path, "onBadRow"), "leaveOut", "fail")
	}
	if n := o.value(d, "leaveOutAtMost"); n != nil {
		p.LeaveOutAtMost = d.share(n, join(o.path, "leaveOutAtMost"))
	}
	if n := o.value(d, "keepParent"); n != nil {
		keep := d.boolean(n, join(o.path, "keepParent"))
		p.KeepParent = &keep
	}
	return p
}
