package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// fill compiles one array member of an element.
func (c *compiler) fill(f *frame, s *shape, e *element, l *mapfile.List, w written) {
	defer c.within(l.Path.Value)()
	t := s.lists[l.Path.Value]
	if t == nil {
		c.faultNear(l.Path.Pos, mapfile.Nearest(l.Path.Value, s.names()), "the API has no list %q here", l.Path.Value)
		return
	}
	out := c.newList(t)
	e.lists = append(e.lists, out)
	if l.None {
		return
	}
	if l.SumByName != nil {
		out.nameLeaf, out.sumByName = t.element.leaves["name"], t.element.leaves[l.SumByName.Value]
		if out.nameLeaf == nil || out.sumByName == nil || out.sumByName.want != wantDecimal {
			c.fault(l.SumByName.Pos, "sumByName: adds up a decimal member of elements that have a name; %q is none", l.SumByName.Value)
			out.sumByName = nil
		}
	}
	for _, source := range l.Sources {
		c.fillFrom(f, t, e, out, source, w)
	}
}

func (c *compiler) fillFrom(f *frame, t *listTarget, e *element, out *listFill, source *mapfile.ListSource, w written) {
	prefix := e.prefix + t.path + "."
	keep := c.keepsParent(source.Policies, w.policies)
	inner := written{
		pos: source.Pos, use: source.Use, fields: source.Fields, lists: source.Lists, policies: source.Policies,
		strict: e.strict,
	}
	switch {
	case source.Elements != nil:
		out.sources = append(out.sources, c.elementSource(f, t, e, source, inner, keep))
	case source.Columns != nil:
		if rel, _ := f.scope.find(source.Columns.Value); rel == nil {
			c.unknownAlias(mapfile.ColumnRef{Alias: source.Columns.Value}, source.Columns.Pos, f.scope)
		}
		fill := &fillSource{branch: -1, keepParent: keep}
		for _, fields := range source.Rows {
			one := inner
			one.fields = fields
			fill.rows = append(fill.rows, c.element(f, t.element, e.endpoint, prefix, one))
		}
		out.sources = append(out.sources, fill)
	default:
		fixed := append(c.named(inner, source.Where), matchedAliases(source.Parent)...)
		c.inline = c.inlineFor(fixed, source.Join)
		scope := c.newScope(f.scope, source.Source, source.Join, source.Children, true)
		c.inline = nil
		if len(scope.relations) == 0 {
			return
		}
		sub := newFrame(c, f.name+"."+t.path, scope, f, ownerAndState)
		b := &branch{name: sub.name, frame: sub, noted: e.prefix + t.path}
		f.branches = append(f.branches, b)
		at := len(f.branches) - 1
		if len(source.Parent) == 0 {
			c.fault(source.Pos, "child rows need `parent:`, the columns that tell to which row above they belong")
		}
		c.match(f, b, scope.relations[0], source.Parent)
		c.childConditions(b, source.Where)
		sub.declared = c.declaredIn(sub, source.Where, scope.relations[0])
		b.order = c.childOrder(sub, source.Order)
		b.distinct = c.distinctValues(sub, source.Distinct)
		child := c.element(sub, t.element, e.endpoint, prefix, inner)
		c.requireRows(b)
		c.unmultiply(b)
		out.sources = append(out.sources, &fillSource{branch: at, element: child, keepParent: keep})
	}
}

// distinctValues compiles the values that make rows of a list one.
func (c *compiler) distinctValues(f *frame, all []*mapfile.Value) []evaluator {
	gets := make([]evaluator, len(all))
	for i, v := range all {
		gets[i] = c.value(site{f: f, want: wantText}, v)
	}
	return gets
}

// requireRows makes the required joins of child rows drop those they find
// nothing for.
func (c *compiler) requireRows(b *branch) {
	f := b.frame
	if !f.made {
		f.needed = c.needs(f)
	}
	for _, r := range f.scope.relations {
		switch {
		case !r.required:
		case r.apart:
			b.required = append(b.required, f.apart(r))
		default:
			f.use(r, r.pos)
		}
	}
}

// unmultiply lets child rows stand once where a join that has to stand in their
// statement may find several rows. Only a primary key can tell.
func (c *compiler) unmultiply(b *branch) {
	f := b.frame
	main := f.scope.relations[0]
	loose := slices.ContainsFunc(f.used, func(r *relation) bool {
		return r != main && (r.table == nil || !r.table.oneRow(c.fixedColumns(r)))
	})
	if !loose || main.table == nil {
		return
	}
	for _, name := range main.table.primaryKey() {
		b.unique = append(b.unique, place{branch: -1, slot: f.slot(main, main.table.column(name))})
	}
}

// matchedAliases are the joined tables that a match names columns of.
func matchedAliases(match []mapfile.Match) []string {
	var all []string
	for _, m := range match {
		if alias, _, dotted := strings.Cut(m.Column.Value, "."); dotted {
			all = append(all, alias)
		}
	}
	return all
}

// childOrder is the order of child rows: as written, then by primary key.
func (c *compiler) childOrder(f *frame, order []mapfile.Order) []orderKey {
	keys := c.orderKeys(f, order)
	main := f.scope.relations[0]
	if main.table == nil {
		return keys
	}
	for _, name := range main.table.primaryKey() {
		keys = append(keys, c.orderKey(f, &mapfile.Value{
			Kind: mapfile.ColumnValue, Column: mapfile.ColumnRef{Alias: main.alias, Name: name}, Pos: main.pos,
		}, false))
	}
	return keys
}

func (c *compiler) keepsParent(own, above mapfile.Policies) bool {
	if own.KeepParent != nil {
		return *own.KeepParent
	}
	if above.KeepParent != nil {
		return *above.KeepParent
	}
	return c.file.Policies.KeepParent != nil && *c.file.Policies.KeepParent
}
