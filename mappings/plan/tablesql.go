package plan

import (
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// tableSQL renders a relation as it stands behind FROM or JOIN, and the
// conditions that go with it: owner and state filters, and its own.
func (c *compiler) tableSQL(f *frame, r *relation) (sqlText, []sqlText) {
	filters := c.tableFilters(c.file.Owner, r)
	if f.filters == ownerAndState {
		filters = append(filters, c.tableFilters(c.file.State, r)...)
	}
	var inner, outer []sqlText
	for _, filter := range filters {
		for _, cond := range filter.Where {
			if cond.SQL != nil {
				// SQL with bare names is put where only this table is in scope.
				c.namesInSQL(*cond.SQL, []string{r.source.Table.Value})
				var own sqlText
				own.text("(").add(c.sqlOf(f, *cond.SQL)).text(")")
				inner = append(inner, own)
				continue
			}
			outer = append(outer, c.condition(f, cond, r))
		}
	}
	for _, cond := range r.where {
		outer = append(outer, c.condition(f, cond, r))
	}
	var s sqlText
	switch {
	case r.source.Select != nil:
		c.namesInSQL(*r.source.Select, nil)
		before := f.narrowing
		f.narrowing = r.main
		s.text("(").add(c.sqlOf(f, *r.source.Select)).text(") as ")
		f.narrowing = before
	case len(inner) > 0:
		s.text("(select * from ", tableName(r.source), " where ").add(joinSQL(" and ", inner)).text(") as ")
	default:
		s.text(tableName(r.source), " as ")
	}
	s.text(quoted(r.alias))
	return s, outer
}

func tableName(s mapfile.Source) string {
	name := quoted(s.Table.Value)
	if s.Database.Value != "" {
		name = quoted(s.Database.Value) + "." + name
	}
	return name
}

// matchSQL renders what a join pairs its rows by. The server's own comparison
// decides there, collations included; only a text and a number are held to what
// the number is.
func (c *compiler) matchSQL(f *frame, r *relation) []sqlText {
	var all []sqlText
	for _, m := range r.match {
		column := r.column(m.Column.Value)
		if column == nil {
			continue // a fault already
		}
		left := columnSQL(r, column.Name)
		if m.Value.Kind == mapfile.LiteralValue {
			if m.Value.Literal != nil {
				all = append(all, c.equalSQL(left, column, []mapfile.Text{*m.Value.Literal}))
			}
			continue
		}
		other, _ := f.scope.find(m.Value.Column.Alias)
		if other == nil {
			continue
		}
		theirs := other.column(m.Value.Column.Name)
		if theirs == nil {
			c.faultNear(m.Value.Pos, mapfile.Nearest(m.Value.Column.Name, other.table.names()),
				"unknown column %q in %s", m.Value.Column.Name, other.title())
			continue
		}
		all = append(all, c.sameSQL(left, column, columnSQL(other, theirs.Name), theirs))
	}
	if r.on != nil {
		c.namesInSQL(*r.on, f.scope.aliases())
		var s sqlText
		s.text("(").add(c.sqlOf(f, *r.on)).text(")")
		all = append(all, s)
	}
	return all
}

// sameSQL compares two columns by the rules of the first, whose index then
// serves. Where the servers' own choice of rules would be none, it is made here.
func (c *compiler) sameSQL(left sqlText, first *Column, right sqlText, second *Column) sqlText {
	var s sqlText
	if text := right; c.server == MySQL && (first.Kind.Numeric() && second.Kind == convert.ColumnText || second.Kind.Numeric() && first.Kind == convert.ColumnText) {
		// To the server '7x' is 7, a blank is 0, and long numbers are equal when
		// their first digits are.
		if second.Kind.Numeric() {
			text = left
		}
		s.text("(").add(left).text(" = ").add(right).text(" and ").add(numeric(text)).text(" and trim(").add(text).text(") <> ''")
		return *s.text(" and cast(").add(left).text(" as decimal(65,10)) = cast(").add(right).text(" as decimal(65,10)))")
	}
	s.add(left).text(" = ")
	own, other := first.Letters, second.Letters
	switch {
	case own.Collation == "" || other.Collation == "" || own.Collation == other.Collation:
		return *s.add(right)
	case own.Set == other.Set:
		return *s.add(right).text(" collate ", own.Collation)
	}
	// Of two character sets one may lack what the other has: utf8mb4 has all.
	collation := "utf8mb4_general_ci"
	switch {
	case own.Set == "utf8mb4":
		collation = own.Collation
	case first.Collation == Exact:
		collation = "utf8mb4_bin"
	}
	return *s.text("convert(").add(right).text(" using utf8mb4) collate ", collation)
}
