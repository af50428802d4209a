package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Origin says where a field of the answer comes from.
type Origin struct {
	Source string   // of a list that several sources make up; else empty
	Field  string   // dotted, members of lists behind the list's name
	From   []string // TABLE.COLUMN, "a literal" in quotes, map NAME, and the like, in the order of the mapping
}

// Origins are the fields a mapping has for an endpoint, in its order.
func (p *Plan) Origins(endpoint string) []Origin {
	c := newCompiler(p.file, p.target, MySQL, nil)
	var all []Origin
	for _, part := range c.tablesOf(endpoint) {
		o := &origins{c: c, source: part.source, tables: map[string]string{}}
		o.section(part.section)
		all = append(all, o.all...)
	}
	return all
}

// origins gathers the origins of one section's fields.
type origins struct {
	c      *compiler
	source string
	tables map[string]string // by alias
	all    []Origin
}

func (o *origins) section(ep *mapfile.Endpoint) {
	o.from(ep.Source, ep.Join)
	o.children(ep.Children)
	mapped := o.c.quietly(func() []*mapfile.Field { return o.c.fieldsOf(written{use: ep.Use, fields: ep.Fields}) })
	o.fields("", mapped)
	o.lists("", ep.Lists)
	has := func(name string) bool {
		return slices.ContainsFunc(mapped, func(f *mapfile.Field) bool { return f.Path.Value == name })
	}
	at := slices.IndexFunc(o.c.target.Endpoints, func(t EndpointTarget) bool { return t.Name == ep.Name.Value })
	if at >= 0 && o.c.target.Endpoints[at].Customer != "" && !has(o.c.target.Endpoints[at].Customer) {
		o.add(o.c.target.Endpoints[at].Customer, o.of(o.c.file.CustomerNumber))
	}
}

func (o *origins) add(field string, from []string) {
	o.all = append(o.all, Origin{Source: o.source, Field: field, From: from})
}

// from learns what aliases stand for.
func (o *origins) from(s mapfile.Source, joins []*mapfile.Join) {
	know := func(alias string, s mapfile.Source) {
		o.tables[alias] = s.Table.Value
		if s.Table.Value == "" {
			o.tables[alias] = alias
		}
	}
	know(s.Alias.Value, s)
	for _, j := range joins {
		if named := o.c.joins[j.Name.Value]; named != nil && j.Source.Table.Value == "" && j.Source.Select == nil {
			j = named
		}
		know(j.Name.Value, j.Source)
	}
}

func (o *origins) children(all []*mapfile.Children) {
	for _, child := range all {
		o.tables[child.Name.Value] = child.Source.Table.Value
	}
}

func (o *origins) fields(prefix string, all []*mapfile.Field) {
	for _, f := range all {
		o.add(prefix+f.Path.Value, o.of(f.Value))
	}
}

func (o *origins) lists(prefix string, all []*mapfile.List) {
	for _, l := range all {
		inside := prefix + l.Path.Value + "."
		if l.Pivot != nil {
			o.pivot(inside, l.Pivot)
		}
		for _, s := range l.Sources {
			if s.Source.Alias.Value != "" {
				o.from(s.Source, nil)
			}
			if s.Elements != nil {
				o.tables["e"] = strings.Join(o.of(s.Elements), ", ")
			}
			o.from(mapfile.Source{}, s.Join)
			o.children(s.Children)
			o.fields(inside, o.c.quietly(func() []*mapfile.Field { return o.c.fieldsOf(written{use: s.Use, fields: s.Fields}) }))
			for _, row := range s.Rows {
				o.fields(inside, row)
			}
			o.lists(inside, s.Lists)
		}
	}
}

func (o *origins) pivot(inside string, p *mapfile.Pivot) {
	o.from(p.Source, p.Join)
	for _, column := range p.Columns {
		o.add(inside+column.Name.Value+".amount", append(o.of(p.Amount), o.of(p.By)...))
	}
	for _, rank := range p.Prefer {
		o.fields(inside, rank.Fields)
	}
	o.fields(inside, p.Fields)
}

// of says what a value is made of, each thing once.
func (o *origins) of(v *mapfile.Value) []string {
	var all []string
	add := func(some ...string) {
		for _, one := range some {
			if one != "" && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	v = o.c.resolve(v)
	if v == nil {
		return nil
	}
	switch v.Kind {
	case mapfile.ColumnValue:
		add(o.column(v.Column))
	case mapfile.LiteralValue:
		if v.Literal != nil {
			add(strconv.Quote(v.Literal.Value))
		}
	case mapfile.SQLValue:
		add("SQL")
	case mapfile.DocumentValue:
		add("documents." + v.Ref.Value)
	case mapfile.NameValue:
		add("@" + v.Ref.Value)
	}
	for _, item := range v.Items {
		add(o.of(item)...)
	}
	for _, part := range v.Parts {
		switch {
		case part.Column != nil:
			add(o.column(*part.Column))
		case part.Ref != "":
			add(o.of(&mapfile.Value{Kind: mapfile.RefValue, Ref: mapfile.Text{Value: part.Ref}})...)
		case strings.TrimSpace(part.Fixed) != "":
			add(strconv.Quote(part.Fixed))
		}
	}
	if v.When != nil {
		for _, cond := range v.When.If {
			add(o.compared(cond)...)
		}
		add(o.of(v.When.Then)...)
		add(o.of(v.When.Else)...)
	}
	if a := v.Aggregate; a != nil {
		what := o.tables[a.Children.Value]
		if a.Column != nil {
			what += "." + a.Column.Name
		}
		add(a.Func.Value + " of " + what)
	}
	if k := v.Convert; k != nil {
		if k.Hash != nil {
			for _, item := range k.Hash.Over {
				add(o.of(item)...)
			}
		}
		if k.Map != nil {
			add("map " + k.Map.Value)
		}
	}
	if v.Fallback != nil {
		add("placeholder " + strconv.Quote(v.Fallback.Value))
	}
	return all
}

// compared are the columns and fields a condition looks at.
func (o *origins) compared(cond *mapfile.Condition) []string {
	var all []string
	for _, cmp := range cond.Compare {
		alias, name, dotted := strings.Cut(cmp.Name.Value, ".")
		if _, known := o.tables[alias]; dotted && known {
			all = append(all, o.column(mapfile.ColumnRef{Alias: alias, Name: name}))
			continue
		}
		all = append(all, cmp.Name.Value)
	}
	for _, inner := range slices.Concat(cond.Any, cond.Not) {
		all = append(all, o.compared(inner)...)
	}
	return all
}

func (o *origins) column(ref mapfile.ColumnRef) string {
	table := o.tables[ref.Alias]
	if table == "" {
		table = ref.Alias
	}
	return table + "." + ref.Name
}
