package plan

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// never is a condition no row fulfils, always one that every row does.
const (
	never  = "1 = 0"
	always = "1 = 1"
)

// conditions renders several conditions that must all hold. Names without an
// alias are columns of bare; where bare is nil every name needs its alias.
func (c *compiler) conditions(f *frame, all []*mapfile.Condition, bare *relation) []sqlText {
	out := make([]sqlText, 0, len(all))
	for _, cond := range all {
		out = append(out, c.condition(f, cond, bare))
	}
	return out
}

func (c *compiler) condition(f *frame, cond *mapfile.Condition, bare *relation) sqlText {
	var out sqlText
	switch {
	case cond.SQL != nil:
		for _, r := range c.aliasesIn(*cond.SQL, f.scope) {
			if r.apart {
				c.fault(cond.SQL.Pos, "%q is fetched by a statement of its own (%s) and cannot be used in SQL here", r.alias, r.why())
			} else if own, depth := f.scope.find(r.alias); own == r && depth == 0 {
				f.use(r, cond.SQL.Pos)
			}
		}
		c.namesInSQL(*cond.SQL, f.scope.aliases())
		out.text("(").add(c.sqlOf(f, *cond.SQL)).text(")")
	case cond.Exists != nil:
		out = c.existsSQL(f, cond)
	case cond.Any != nil:
		out.text("(").add(joinSQL(" or ", c.conditions(f, cond.Any, bare))).text(")")
	case cond.Not != nil:
		out.text("not coalesce((").add(joinSQL(" and ", c.conditions(f, cond.Not, bare))).text("), 0)")
	default:
		var parts []sqlText
		for _, cmp := range cond.Compare {
			parts = append(parts, c.comparison(f, cmp, bare))
		}
		out = joinSQL(" and ", parts)
	}
	if out.empty() {
		out.text(always)
	}
	return out
}

// columnNamed finds the column a comparison is about.
func (c *compiler) columnNamed(f *frame, name mapfile.Text, bare *relation) (sqlText, *Column) {
	alias, column, dotted := strings.Cut(name.Value, ".")
	if bare != nil && (!dotted || bare.alias != alias) {
		if rel, _ := f.scope.find(alias); !dotted || rel == nil {
			col := bare.column(name.Value)
			if col == nil {
				c.unknownColumn(name.Pos, name.Value, bare)
				return sqlText{}, nil
			}
			if _, err := quoteName(col.Name); err != nil {
				c.fault(name.Pos, "%v", err)
				return sqlText{}, nil
			}
			return columnSQL(bare, col.Name), col
		}
	}
	if !dotted {
		c.faultNear(name.Pos, "", "%q is no column; a column is written alias.column (here: %s)", name.Value, strings.Join(f.scope.aliases(), ", "))
		return sqlText{}, nil
	}
	if bare != nil && bare.alias == alias {
		return c.columnNamed(f, mapfile.Text{Value: column, Pos: name.Pos}, bare)
	}
	_, col, ok := f.column(mapfile.ColumnRef{Alias: alias, Name: column, Pos: name.Pos}, name.Pos, false)
	if !ok {
		return sqlText{}, nil
	}
	rel, depth := f.scope.find(alias)
	if depth > 0 && !f.correlated {
		c.fault(name.Pos, "%q belongs to the row around this one and cannot be used here", alias)
		return sqlText{}, nil
	}
	return columnSQL(rel, col.Name), col
}

func (c *compiler) comparison(f *frame, cmp *mapfile.Comparison, bare *relation) sqlText {
	column, col := c.columnNamed(f, cmp.Name, bare)
	if col == nil {
		return *new(sqlText).text(never)
	}
	for _, v := range cmp.Values {
		if v.Value == "@customer" && !c.customerKnown(f, v.Pos) {
			return *new(sqlText).text(never)
		}
	}
	return c.comparisonSQL(column, col, cmp)
}

// comparisonSQL compares a column, or an expression that is like one.
func (c *compiler) comparisonSQL(column sqlText, col *Column, cmp *mapfile.Comparison) sqlText {
	var out sqlText
	switch cmp.Op {
	case mapfile.Equal:
		return c.equalSQL(column, col, cmp.Values)
	case mapfile.Differs:
		if slices.ContainsFunc(cmp.Values, func(v mapfile.Text) bool { return strings.HasPrefix(v.Value, "@") }) {
			// A name can stand for nothing the column could hold, which is a NULL.
			return *out.text("not coalesce(").add(c.equalSQL(column, col, cmp.Values)).text(", 0)")
		}
		out.text("(").add(column).text(" is null or not ").add(c.equalSQL(column, col, cmp.Values)).text(")")
	case mapfile.Declared:
		return c.notHiddenSQL(column, col, cmp)
	case mapfile.Empty:
		return c.emptySQL(column, col)
	case mapfile.Present:
		out.text("not ").add(c.emptySQL(column, col))
	case mapfile.Less:
		return c.rangeSQL(column, col, "<", cmp)
	case mapfile.More:
		return c.rangeSQL(column, col, ">", cmp)
	case mapfile.Since:
		return c.rangeSQL(column, col, ">=", cmp)
	case mapfile.UpTo:
		return c.rangeSQL(column, col, "<=", cmp)
	default:
		c.unsupported(cmp.Pos, "comparison "+string(cmp.Op))
	}
	return out
}

// equalSQL compares with any of several values: numbers by value, texts
// exactly but for blanks at their end. MySQL's looser comparison comes first,
// because it can use an index.
func (c *compiler) equalSQL(column sqlText, col *Column, values []mapfile.Text) sqlText {
	var out sqlText
	if len(values) == 0 {
		return *out.text(never)
	}
	if slices.ContainsFunc(values, func(v mapfile.Text) bool { return v.Value == "@customer" }) {
		return c.askedSQL(column, col, values)
	}
	bindAll := func(s *sqlText) {
		s.text("(")
		for i, v := range values {
			if i > 0 {
				s.text(", ")
			}
			c.bindText(s, col, v)
		}
		s.text(")")
	}
	switch {
	case col.Kind.Numeric():
		out.add(column).text(" in ")
		bindAll(&out)
	case c.server == SQLite:
		out.text("rtrim(").add(column).text(") in ")
		bindAll(&out)
	case col.Collation == Exact:
		out.add(column).text(" in ")
		bindAll(&out)
	default:
		out.text("(").add(column).text(" in ")
		bindAll(&out)
		out.text(" and convert(").add(column).text(" using utf8mb4) collate utf8mb4_bin in ")
		bindAll(&out)
		out.text(")")
	}
	return out
}

// askedSQL compares with the customers asked for, exactly: what belongs to a
// number that is only like theirs is somebody else's.
func (c *compiler) askedSQL(column sqlText, col *Column, values []mapfile.Text) sqlText {
	var out sqlText
	c.asksCustomer = true
	switch {
	case len(values) > 1:
		c.fault(values[0].Pos, "@customer stands alone; write {any: [...]} for what else may be")
		return *out.text(never)
	case c.file.CustomerNumber == nil:
		c.fault(values[0].Pos, "@customer needs to know what a customer number is: say at the top of the file what `customerNumber:` is")
		return *out.text(never)
	}
	rule := ruleOf(col)
	switch {
	case col.Kind.Numeric():
		return *out.add(column).text(" in ").asked(rule, 1)
	case c.server == SQLite:
		return *out.text("rtrim(").add(column).text(") in ").asked(rule, 1)
	case col.Collation == Exact:
		return *out.add(column).text(" in ").asked(rule, 1)
	}
	out.text("(").add(column).text(" in ").asked(rule, 1)
	return *out.text(" and convert(").add(column).text(" using utf8mb4) collate utf8mb4_bin in ").asked(rule, 1).text(")")
}

// bindText binds a value from the mapping in the column's own type.
func (c *compiler) bindText(s *sqlText, col *Column, v mapfile.Text) {
	switch v.Value {
	case "@dealer":
		s.scalar(dealerName, 0)
		s.pieces[len(s.pieces)-1].numeric = col.Kind.Numeric()
		return
	case "@today":
		if col.Kind.Numeric() {
			c.fault(v.Pos, "@today is a day like 2026-05-31, and the column %q holds numbers", col.Name)
		}
		s.scalar(todayName, 0)
		return
	case "@customer":
		c.fault(v.Pos, "@customer can stand for several numbers, which nothing is before or after")
		return
	}
	if col.Kind.Numeric() {
		number, ok := typedNumber(col.Kind, v.Value)
		if !ok {
			c.fault(v.Pos, "the column %q holds numbers, %q is none", col.Name, v.Value)
		}
		s.bind(number)
		return
	}
	s.bind(strings.TrimRight(v.Value, " "))
}

// typedNumber makes a value to bind against a numeric column, so that the
// server compares number with number.
func typedNumber(kind convert.ColumnKind, text string) (any, bool) {
	text = strings.TrimSpace(text)
	if kind == convert.ColumnInteger || kind == convert.ColumnYear || kind == convert.ColumnBit {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, true
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return n, true
		}
	}
	if text == "" || strings.Trim(text, "+-.0123456789") != "" {
		return nil, false
	}
	if _, ok := new(big.Rat).SetString(text); !ok {
		return nil, false
	}
	return text, true
}

// emptySQL holds for NULL, blanks, the file's sentinels and zero dates.
func (c *compiler) emptySQL(column sqlText, col *Column) sqlText {
	var out sqlText
	out.text("(").add(column).text(" is null")
	switch {
	case dated(col.Kind):
		for _, pattern := range []string{"'0000-%'", "'____-00-%'", "'____-__-00%'"} {
			out.text(" or cast(").add(column).text(" as char) like ", pattern)
		}
	case col.Kind.Numeric(): // 0 is a number like any other
	case c.server == MySQL && col.Letters.blankIsEmpty():
		out.text(" or ").add(column).text(" = ''") // an index can find those
	default:
		out.text(" or trim(").add(column).text(") = ''")
	}
	if len(c.file.Sentinels) > 0 {
		texts := make([]sqlText, len(c.file.Sentinels))
		for i, s := range c.file.Sentinels {
			texts[i].bind(strings.TrimSpace(s.Value))
		}
		// Exactly: whatever the column's own rules, n/a is not N/A.
		if c.server == MySQL {
			out.text(" or convert(trim(cast(").add(column).text(" as char)) using utf8mb4) collate utf8mb4_bin in (")
		} else {
			out.text(" or trim(cast(").add(column).text(" as char)) in (")
		}
		out.add(joinSQL(", ", texts)).text(")")
	}
	return *out.text(")")
}

// rangeSQL compares by order: numbers by value, texts that are compared with a
// number by value as well where they hold one, dates as they are written, and
// other texts by their bytes. What is empty is neither before nor after
// anything, and neither is a text that should be a number and is none.
func (c *compiler) rangeSQL(column sqlText, col *Column, operator string, cmp *mapfile.Comparison) sqlText {
	var out sqlText
	if len(cmp.Values) != 1 {
		c.fault(cmp.Pos, "compare with one value")
		return *out.text(never)
	}
	v := cmp.Values[0]
	if col.Kind.Numeric() && len(c.file.Sentinels) == 0 {
		out.add(column).text(" ", operator, " ")
		c.bindText(&out, col, v)
		return out
	}
	out.text("(not ").add(c.emptySQL(column, col)).text(" and ")
	switch {
	case col.Kind.Numeric() || dated(col.Kind):
		out.add(column).text(" ", operator, " ")
		c.bindText(&out, col, v)
	case isNumber(v.Value):
		out.add(numeric(column)).text(" and cast(").add(column).text(" as decimal(38,10)) ", operator, " cast(").bind(v.Value).text(" as decimal(38,10))")
	default:
		switch {
		case c.server == SQLite:
			out.text("rtrim(").add(column).text(")")
		case col.Collation == Exact:
			out.add(column)
		default:
			out.text("convert(").add(column).text(" using utf8mb4) collate utf8mb4_bin")
		}
		out.text(" ", operator, " ")
		c.bindText(&out, col, v)
	}
	return *out.text(")")
}

// numeric holds for texts that are written like a number: digits, a sign in
// front, one point.
func numeric(column sqlText) sqlText {
	const written = "0123456789.-+"
	var rest, out sqlText
	rest.text(strings.Repeat("replace(", len(written)), "trim(").add(column).text(")")
	for _, c := range written {
		rest.text(", '", string(c), "', '')")
	}
	out.add(rest).text(" = ''")
	for _, pattern := range []string{"_%-%", "_%+%", "%.%.%"} {
		out.text(" and trim(").add(column).text(") not like '", pattern, "'")
	}
	return *out.text(" and trim(").add(column).text(") not in ('-', '+', '.', '-.', '+.')")
}

// childrenNamed finds named children of a scope.
func (c *compiler) childrenNamed(s *scope, name mapfile.Text) *mapfile.Children {
	var known []string
	for at := s; at != nil; at = at.parent {
		for _, child := range at.children {
			if child.Name.Value == name.Value {
				return child
			}
			known = append(known, child.Name.Value)
		}
	}
	c.faultNear(name.Pos, mapfile.Nearest(name.Value, known), "unknown children %q; declare them beside `from:`, as in `%s: {table: ..., match: {...}}`", name.Value, name.Value)
	return nil
}

// aliased gives a source the alias it goes by when it has none of its own.
func aliased(s mapfile.Source, alias mapfile.Text) mapfile.Source {
	if s.Alias.Value == "" {
		s.Alias = alias
	}
	return s
}
