package plan

import (
	"reflect"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// named are the aliases that SQL of an element's fields, and of conditions,
// speaks of: their joins must stand in the statement itself.
func (c *compiler) named(w written, where []*mapfile.Condition) []string {
	var all []string
	fields := w.fields
	for _, name := range w.use {
		if d := c.define[name.Value]; d != nil {
			fields = append(slices.Clone(fields), d.Fields...)
		}
	}
	note := func(t *mapfile.Text) {
		tokens := sqltext.Tokens(t.Value, c.dialect())
		for i := range tokens {
			if i+1 < len(tokens) && tokens[i+1].Text == "." {
				all = append(all, strings.Trim(tokens[i].Text, "`\"[]"))
			}
		}
	}
	for _, field := range fields {
		c.sqlIn(field.Value, note)
	}
	var conditions func([]*mapfile.Condition)
	conditions = func(list []*mapfile.Condition) {
		for _, cond := range list {
			if cond.SQL != nil {
				note(cond.SQL)
			}
			conditions(cond.Any)
			conditions(cond.Not)
		}
	}
	conditions(where)
	return all
}

// sqlIn visits the SQL of a value and of what it refers to.
func (c *compiler) sqlIn(v *mapfile.Value, note func(*mapfile.Text)) {
	if v == nil {
		return
	}
	if v.SQL != nil {
		note(v.SQL)
	}
	if v.Kind == mapfile.RefValue && !slices.Contains(c.using, v.Ref.Value) {
		c.using = append(c.using, v.Ref.Value)
		if d := c.define[v.Ref.Value]; d != nil {
			c.sqlIn(d.Value, note)
		}
		c.using = c.using[:len(c.using)-1]
	}
	for _, item := range v.Items {
		c.sqlIn(item, note)
	}
	if v.When != nil {
		c.sqlIn(v.When.Then, note)
		c.sqlIn(v.When.Else, note)
	}
}

// unreadTables finds owner and state filters of tables that nothing reads: a
// slip of the pen there would let another company's rows through.
func (c *compiler) unreadTables() {
	var known []string
	for _, ref := range c.tables {
		if ref.Select == "" {
			known = append(known, ref.Table)
			if ref.Database != "" {
				known = append(known, ref.Database+"."+ref.Table)
			}
		}
	}
	for _, child := range childTables(c.file) {
		known = append(known, child.Source.Table.Value, child.Source.Database.Value+"."+child.Source.Table.Value)
	}
	for _, section := range []struct {
		name    string
		filters []mapfile.TableFilter
	}{{"owner", c.file.Owner}, {"state", c.file.State}} {
		for _, filter := range section.filters {
			leave := c.within(section.name)
			if !slices.Contains(known, filter.Table.Value) {
				c.faultNear(filter.Table.Pos, mapfile.Nearest(filter.Table.Value, known),
					"no source here reads a table %q, so this filter guards nothing", filter.Table.Value)
			}
			leave()
		}
	}
	c.unguarded()
}

// unguarded warns of SQL that reads a table itself for which there is an owner
// filter: the filter cannot reach into it.
func (c *compiler) unguarded() {
	for _, t := range mapfile.SQLOf(c.file) {
		tokens := sqltext.Tokens(t.Value, c.dialect())
		if !slices.ContainsFunc(tokens, func(token sqltext.Token) bool { return strings.EqualFold(token.Text, "select") }) {
			continue
		}
		for _, filter := range c.file.Owner {
			name := filter.Table.Value
			if slices.ContainsFunc(tokens, func(token sqltext.Token) bool {
				return token.Kind != sqltext.String && strings.EqualFold(strings.Trim(token.Text, "`\"[]"), name)
			}) {
				leave := c.within("owner." + name)
				c.warn(t.Pos, "this SELECT reads %s itself; the owner filter cannot reach into it, so it has to say the same", name)
				leave()
			}
		}
	}
}

// childTables are the named child rows of a file, used or not.
func childTables(file *mapfile.File) []*mapfile.Children {
	var all []*mapfile.Children
	var below func(lists []*mapfile.List)
	below = func(lists []*mapfile.List) {
		for _, l := range lists {
			for _, source := range l.Sources {
				all = append(all, source.Children...)
				below(source.Lists)
			}
		}
	}
	var section func(ep *mapfile.Endpoint)
	section = func(ep *mapfile.Endpoint) {
		all = append(all, ep.Children...)
		below(ep.Lists)
		for _, source := range ep.Sources {
			section(source)
		}
	}
	for _, ep := range file.Endpoints {
		section(ep)
	}
	return all
}

// usesSQL says whether a file holds SQL of its own anywhere.
func usesSQL(file *mapfile.File) bool {
	return holdsSQL(reflect.ValueOf(file))
}

// holdsSQL walks the parsed tree for the members that hold SQL text.
func holdsSQL(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && holdsSQL(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if holdsSQL(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			isSQL := name == "SQL" || name == "On" || name == "Select"
			if isSQL && v.Field(i).Kind() == reflect.Pointer && !v.Field(i).IsNil() {
				return true
			}
			if holdsSQL(v.Field(i)) {
				return true
			}
		}
	}
	return false
}
