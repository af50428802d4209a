package mapfile

import "slices"

// list reads an array member of the answer, or an object filled by rates.
func (d *decoder) list(name Text, n *node, path string, sc scope) *List {
	l := &List{Path: name}
	if !fieldForm(name.Value) {
		d.fault(name.Pos, path, "%q is no name of a field", name.Value)
	}
	switch {
	case n.kind == scalarNode:
		l.None = true
	case n.kind == listNode:
		l.Sources = d.listSources(n, path, sc)
	case n.has("rates"):
		for _, p := range n.pairs {
			if p.key.Value != "rates" {
				d.fault(p.key.Pos, join(path, p.key.Value), "beside `rates` nothing can stand; write other fields of the object under `fields:`")
				continue
			}
			l.Pivot = d.pivot(name, p.value, join(path, "rates"), sc)
		}
	default:
		d.listMap(l, n, path, sc)
	}
	return l
}

func (d *decoder) listMap(l *List, n *node, path string, sc scope) {
	o := d.object(n, path, listContext)
	if sum := o.value(d, "sumByName"); sum != nil {
		l.SumByName = d.nonEmpty(sum, join(path, "sumByName"))
	}
	sources := o.value(d, "sources")
	if sources == nil {
		one := without(without(n, "sumByName"), "sources")
		if s := d.listSource(one, path, sc); s != nil {
			l.Sources = []*ListSource{s}
		}
		return
	}
	l.Sources = d.listSources(sources, join(path, "sources"), sc)
	for _, p := range o.rest {
		if listSourceContext.has(p.key.Value) {
			d.fault(p.key.Pos, join(path, p.key.Value), "beside `sources` this belongs into one of them")
			continue
		}
		d.unknownKey(p.key, path, listContext)
	}
}

func (d *decoder) listSources(n *node, path string, sc scope) []*ListSource {
	if n.kind != listNode || len(n.items) == 0 {
		d.wrong(n, path, "a list of sources, each with `from` or `columns`,")
		return nil
	}
	var all []*ListSource
	for i, item := range n.items {
		if s := d.listSource(item, index(path, n, i), sc); s != nil {
			all = append(all, s)
		}
	}
	return all
}

func (d *decoder) listSource(n *node, path string, parent scope) *ListSource {
	o := d.object(n, path, listSourceContext)
	if o == nil {
		return nil
	}
	s := &ListSource{Pos: n.pos}
	sc := parent
	d.listSourceOrigin(s, o, parent, &sc)
	s.Join, sc = d.joinList(o.value(d, "join"), join(path, "join"), sc)
	var listPairs []pair
	s.Children, listPairs = d.namedChildren(o, sc, listSourceContext)
	if o.raw("from") != nil && d.missing(o, n.pos, "parent") {
		d.fault(n.pos, path, "a `parent` is missing: which rows belong to the row above, such as parent: {rental: r.id}")
	}
	s.Where = d.conditions(o.value(d, "where"), join(path, "where"), conditionRules{sc: sc, codes: s.Elements == nil})
	s.Order = d.orders(o.value(d, "order"), join(path, "order"), sc, "")
	s.Distinct = d.someValues(o, "distinct", sc)
	s.Use = d.use(o)
	s.Policies = d.policies(o)
	fields := o.value(d, "fields")
	switch {
	case fields == nil && d.missing(o, n.pos, "fields", "use"):
		d.fault(n.pos, path, "`fields` is missing: the fields of an element")
	case fields == nil:
	case s.Columns != nil:
		s.Rows = d.rows(fields, join(path, "fields"), sc)
	case fields.kind == listNode:
		d.fault(fields.pos, join(path, "fields"), "a list of elements needs `columns: alias` beside it; with `from`, a map of fields is expected here")
	default:
		s.Fields, s.Lists = d.fields(fields, join(path, "fields"), sc)
	}
	for _, p := range listPairs {
		if l := d.list(p.key, p.value, join(path, p.key.Value), sc); l != nil {
			s.Lists = append(s.Lists, l)
		}
	}
	return s
}

// listSourceOrigin reads from where the elements are.
func (d *decoder) listSourceOrigin(s *ListSource, o *object, parent scope, sc *scope) {
	said := []string{}
	for _, key := range []string{"from", "columns", "elements"} {
		if o.raw(key) != nil {
			said = append(said, key)
		}
	}
	switch {
	case len(said) == 0:
		d.fault(o.node.pos, o.path, "a `from` (or `columns`, or `elements`) is missing")
	case len(said) > 1:
		d.fault(o.pair(said[1]).key.Pos, o.path, "`%s` and `%s` are both here; keep one", said[0], said[1])
	}
	if from := o.value(d, "from"); from != nil {
		if source, ok := d.source(from, join(o.path, "from")); ok {
			if slices.Contains(parent.aliases, source.Alias.Value) {
				d.fault(source.Alias.Pos, join(o.path, "from"), "the alias %s is in use already", source.Alias.Value)
			}
			s.Source = source
			*sc = parent.with(source.Alias.Value)
		}
	}
	s.Parent = d.matches(o.value(d, "parent"), join(o.path, "parent"), parent)
	if columns := o.value(d, "columns"); columns != nil {
		if t := d.nonEmpty(columns, join(o.path, "columns")); t != nil {
			s.Columns = t
			if !slices.Contains(parent.aliases, t.Value) {
				d.unknown(*t, join(o.path, "columns"), "alias", parent.aliases)
			}
		}
		for _, key := range []string{"parent", "join", "where", "order", "distinct"} {
			if o.raw(key) != nil {
				d.fault(o.pair(key).key.Pos, join(o.path, key), "%s makes no sense with `columns`: they are the row's own", key)
			}
		}
	}
	if elements := o.value(d, "elements"); elements != nil {
		s.Elements = d.value(elements, join(o.path, "elements"), parent, false)
		if c := s.Elements; c != nil && (c.Convert == nil || c.Convert.List == nil && c.Convert.JSON == nil) {
			d.fault(elements.pos, join(o.path, "elements"), "`list:` or `json:` is missing, which take the column apart")
		}
	}
}

// pivot reads rates.
func (d *decoder) pivot(owner Text, n *node, path string, parent scope) *Pivot {
	o := d.object(n, path, pivotContext)
	if o == nil {
		return nil
	}
	p := &Pivot{Path: owner}
	sc := parent
	for _, key := range pivotContext.Keys {
		if key.Required && d.missing(o, n.pos, key.Name) {
			d.fault(n.pos, path, "`%s` is missing, such as %s", key.Name, key.Example)
		}
	}
	if from := o.value(d, "from"); from != nil {
		if source, ok := d.source(from, join(path, "from")); ok {
			p.Source = source
			sc = parent.with(source.Alias.Value)
		}
	}
	p.Parent = d.matches(o.value(d, "parent"), join(path, "parent"), parent)
	p.Join, sc = d.joinList(o.value(d, "join"), join(path, "join"), sc)
	p.Where = d.conditions(o.value(d, "where"), join(path, "where"), conditionRules{sc: sc})
	p.Order = d.orders(o.value(d, "order"), join(path, "order"), sc, "")
	value := func(key string) *Value {
		if n := o.value(d, key); n != nil {
			return d.value(n, join(path, key), sc, false)
		}
		return nil
	}
	p.By, p.UpTo, p.Amount = value("by"), value("upTo"), value("amount")
	if d.missing(o, n.pos, "by") {
		d.fault(n.pos, path, "`by` is missing: what says which member a row feeds, such as by: p.days")
	}
	p.Columns = d.pivotColumns(o.value(d, "columns"), join(path, "columns"))
	p.Prefer = d.preferences(o.value(d, "prefer"), join(path, "prefer"))
	if fields := o.value(d, "fields"); fields != nil {
		p.Fields, _ = d.fields(fields, join(path, "fields"), sc)
	}
	return p
}

func (d *decoder) pivotColumns(n *node, path string) []PivotColumn {
	if n == nil {
		return nil
	}
	if n.kind != mapNode || len(n.pairs) == 0 {
		d.wrong(n, path, "a map such as {daily: 1, weekly: 7, monthly: [28, 30]}")
		return nil
	}
	var all []PivotColumn
	taken := map[string]string{}
	for _, p := range n.pairs {
		column := PivotColumn{Name: p.key, Values: d.texts(p.value, join(path, p.key.Value))}
		if p.value.kind == nullNode {
			continue
		}
		for _, v := range column.Values {
			if other, again := taken[v.Value]; again {
				d.fault(v.Pos, join(path, p.key.Value), "%s feeds %s already", v.Value, other)
			}
			taken[v.Value] = p.key.Value
		}
		all = append(all, column)
	}
	return all
}

// rateFields are the members of a rates object that a rank may set; any other
// key of a rank is a column.
var rateFields = []string{"rateType", "rentalRateId"}

func (d *decoder) preferences(n *node, path string) []Preference {
	var all []Preference
	for i, item := range listOf(n) {
		at := index(path, n, i)
		if item.kind != mapNode || len(item.pairs) == 0 {
			d.wrong(item, at, "a map such as {customer: '@customer', rateType: customer}")
			continue
		}
		rank := Preference{Pos: item.pos}
		for _, p := range item.pairs {
			if !slices.Contains(rateFields, p.key.Value) {
				rank.Match = append(rank.Match, d.comparisons(p, join(at, p.key.Value), conditionRules{bare: true})...)
				continue
			}
			if t := d.nonEmpty(p.value, join(at, p.key.Value)); t != nil {
				rank.Fields = append(rank.Fields, &Field{Path: p.key, Value: &Value{Pos: t.Pos, Kind: LiteralValue, Literal: t}})
			}
		}
		all = append(all, rank)
	}
	return all
}
