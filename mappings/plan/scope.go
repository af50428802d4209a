package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// newScope makes a scope of a main source and its joins. With pairing false
// (key lists) every join that can stand in the statement stands there, and
// rows it multiplies are merged by their key; else joins that are not proven
// to find one row are fetched apart.
func (c *compiler) newScope(parent *scope, source mapfile.Source, joins []*mapfile.Join, children []*mapfile.Children, pairing bool) *scope {
	return c.scopeOf(parent, &relation{alias: source.Alias.Value, pos: source.Pos, source: source, main: true}, joins, children, pairing)
}

func (c *compiler) scopeOf(parent *scope, main *relation, joins []*mapfile.Join, children []*mapfile.Children, pairing bool) *scope {
	s := &scope{parent: parent, children: children}
	c.addRelation(s, main)
	pending := slices.Clone(joins)
	for len(pending) > 0 {
		ready := slices.IndexFunc(pending, func(j *mapfile.Join) bool { return !c.waits(j, pending) })
		if ready < 0 {
			c.fault(pending[0].Pos, "the joins refer to each other in a circle")
			break
		}
		j := pending[ready]
		pending = slices.Delete(pending, ready, ready+1)
		leave := c.within("join." + j.Name.Value)
		c.addJoin(s, j, pairing)
		leave()
	}
	return s
}

// waits says whether a join refers to another that has not been added yet.
func (c *compiler) waits(j *mapfile.Join, pending []*mapfile.Join) bool {
	return slices.ContainsFunc(pending, func(other *mapfile.Join) bool {
		if other == j {
			return false
		}
		name := other.Name.Value
		for _, m := range j.Match {
			if slices.Contains(c.aliasesOf(m.Value), name) {
				return true
			}
		}
		if j.On == nil {
			return false
		}
		probe := &scope{relations: []*relation{{alias: name}}}
		return len(c.aliasesIn(*j.On, probe)) > 0
	})
}

// aliasesOf are the aliases a value takes columns from.
func (c *compiler) aliasesOf(v *mapfile.Value) []string {
	var names []string
	walkColumns(v, func(ref mapfile.ColumnRef) { names = append(names, ref.Alias) })
	return names
}

// walkColumns visits the columns of a value that stand in it by name.
func walkColumns(v *mapfile.Value, visit func(mapfile.ColumnRef)) {
	if v == nil {
		return
	}
	if v.Kind == mapfile.ColumnValue {
		visit(v.Column)
	}
	for _, item := range v.Items {
		walkColumns(item, visit)
	}
	for _, part := range v.Parts {
		if part.Column != nil {
			visit(*part.Column)
		}
	}
	if v.Convert != nil && v.Convert.Hash != nil {
		for _, item := range v.Convert.Hash.Over {
			walkColumns(item, visit)
		}
	}
}

func (c *compiler) addRelation(s *scope, r *relation) bool {
	if r.alias == "" {
		c.fault(r.pos, "a source needs an alias, as in `TABLE t`")
		return false
	}
	if strings.ContainsAny(r.alias, ". ") {
		c.fault(r.pos, "the alias %q must be one plain word", r.alias)
		return false
	}
	if _, err := quoteName(r.alias); err != nil {
		c.fault(r.pos, "the alias %q: %v", r.alias, err)
		return false
	}
	for _, other := range s.relations {
		if other.alias == r.alias {
			c.fault(r.pos, "the alias %q stands for two tables here", r.alias)
			return false
		}
	}
	if r.table == nil {
		r.table, r.asked = c.table(r.source), c.asks(refOf(r.source))
	}
	s.relations = append(s.relations, r)
	return true
}

func (c *compiler) addJoin(s *scope, j *mapfile.Join, pairing bool) {
	source := j.Source
	if source.Alias.Value == "" {
		source.Alias = j.Name
	}
	r := &relation{
		alias: j.Name.Value, pos: j.Pos, source: source, match: j.Match, on: j.On,
		where: j.Where, pick: c.picked(s, j), required: j.Required,
	}
	if len(j.Match) == 0 && j.On == nil {
		c.fault(j.Pos, "a join needs `match:` (or `on:` with SQL)")
	}
	for _, m := range j.Match {
		if m.Value.Kind == mapfile.ColumnValue {
			if rel, _ := s.find(m.Value.Column.Alias); rel == nil {
				c.unknownAlias(m.Value.Column, m.Value.Pos, s)
				return
			}
		}
	}
	if !c.addRelation(s, r) {
		return
	}
	for _, m := range j.Match {
		if r.column(m.Column.Value) == nil {
			c.faultNear(m.Column.Pos, mapfile.Nearest(m.Column.Value, r.table.names()), "unknown column %q in %s", m.Column.Value, r.title())
		}
	}
	r.apart = len(r.pick) > 0 || s.ofElements() || !c.matchesInline(s, r)
	if r.apart && r.on != nil {
		c.fault(j.On.Pos, "`on:` cannot go together with `pick:` or a match that is converted; use `match:` alone")
	}
	if pairing && !r.apart && !slices.Contains(c.inline, r.alias) && r.on == nil && c.bound() && r.table != nil && !r.table.oneRow(c.fixedColumns(r)) {
		r.apart = true
		if !j.One {
			c.warn(j.Pos, "nothing proves that this join finds one row: no unique index covers its match; where it finds several, one is chosen and noted (`pick:` says which, `one: true` that there are never several)")
		}
	}
}

// picked is the order of a pick. Its bare names are columns of the joined table;
// one that holds a point looks like a table's name and a column.
func (c *compiler) picked(s *scope, j *mapfile.Join) []mapfile.Order {
	var kept []mapfile.Order
	for _, o := range j.Pick {
		if o.Value.Kind == mapfile.ColumnValue && o.Value.Column.Alias != j.Name.Value {
			if rel, _ := s.find(o.Value.Column.Alias); rel == nil {
				name := o.Value.Column.Alias + "." + o.Value.Column.Name
				c.fault(o.Value.Pos, "%q begins with no table that is joined here; a column of %s that has a point in its name is written %s.%s", name, j.Name.Value, j.Name.Value, name)
				continue
			}
		}
		kept = append(kept, o)
	}
	return kept
}

// ofElements says whether the scope's rows are elements inside a value.
func (s *scope) ofElements() bool {
	return len(s.relations) > 0 && s.relations[0].source.Table.Value == "" && s.relations[0].source.Select == nil
}

// matchesInline says whether a join's match can be written as SQL: plain
// columns of tables that stand in the statement themselves, or literals.
func (c *compiler) matchesInline(s *scope, r *relation) bool {
	for _, m := range r.match {
		switch m.Value.Kind {
		case mapfile.LiteralValue:
		case mapfile.ColumnValue:
			if other, depth := s.find(m.Value.Column.Alias); other == nil || other.apart || depth > 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// fixedColumns are the columns of a relation that have one value for each row
// it is joined to: by its match, by its own condition, by the owner filter.
func (c *compiler) fixedColumns(r *relation) []string {
	var fixed []string
	for _, m := range r.match {
		fixed = append(fixed, m.Column.Value)
	}
	conditions := slices.Clone(r.where)
	for _, f := range c.tableFilters(c.file.Owner, r) {
		conditions = append(conditions, f.Where...)
	}
	for _, cond := range conditions {
		for _, cmp := range cond.Compare {
			if cmp.Op == mapfile.Equal && len(cmp.Values) == 1 {
				fixed = append(fixed, bareName(cmp.Name.Value, r.alias))
			}
		}
	}
	return fixed
}

// bareName takes the alias off a name that has it.
func bareName(name, alias string) string {
	if rest, ok := strings.CutPrefix(name, alias+"."); ok {
		return rest
	}
	return name
}

// tableFilters are the file-wide filters of a relation's table.
func (c *compiler) tableFilters(filters []mapfile.TableFilter, r *relation) []mapfile.TableFilter {
	var found []mapfile.TableFilter
	for _, f := range filters {
		name := r.source.Table.Value
		if r.source.Select == nil && (f.Table.Value == name || r.source.Database.Value != "" && f.Table.Value == r.source.Database.Value+"."+name) {
			found = append(found, f)
		}
	}
	return found
}

// inlineFor are the aliases an alias hangs on, itself included.
func (c *compiler) inlineFor(aliases []string, joins []*mapfile.Join) []string {
	all := slices.Clone(aliases)
	for i := 0; i < len(all); i++ {
		for _, j := range joins {
			if j.Name.Value != all[i] {
				continue
			}
			for _, m := range j.Match {
				for _, alias := range c.aliasesOf(m.Value) {
					if !slices.Contains(all, alias) {
						all = append(all, alias)
					}
				}
			}
		}
	}
	return all
}
