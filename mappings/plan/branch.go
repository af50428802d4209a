package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// branch is a statement whose rows belong to the rows of another frame: a
// child list, the child rows of an aggregate, or a join that is fetched apart.
// Its first selected columns are those it is matched by.
type branch struct {
	name  string
	frame *frame
	keys  []evaluator // of the owner's row
	rules []matchRule
	order []orderKey
	level int  // of a join: runs after those of lower levels
	one   bool // a join: the first row counts, further ones are noted unless picked
	note  bool
	stmt  *Statement
	alias *relation            // of a join
	child *mapfile.Children    // of an aggregate
	where []*mapfile.Condition // of an aggregate
	noted string               // what notes call it

	elements *convert.Elements                // rows are elements inside a text of the owner
	text     evaluator                        // that text
	required []int                            // branches that must have found something
	filter   test                             // decided on fetched rows
	ranked   func(rows []*row, e *env) []*row // of a pivot: those of its best rank
	distinct []evaluator
	unique   []place // of rows that joins inside the statement may multiply
}

// matchRule says how one match column is bound and compared.
type matchRule struct {
	kind      convert.ColumnKind
	numeric   bool
	collation Collation
	holds     func(text string) bool // see Column
	letters   Letters
}

// ruleOf is how values are looked for in a column.
func ruleOf(col *Column) matchRule {
	return matchRule{kind: col.Kind, numeric: col.Kind.Numeric(), collation: col.Collation, holds: col.Holds, letters: col.Letters}
}

// apart gives the branch of a join that is fetched by itself, making it when it
// is asked for the first time.
func (f *frame) apart(r *relation) int {
	for i, b := range f.branches {
		if b.alias == r {
			return i
		}
	}
	c := f.c
	own := *r
	own.main, own.apart, own.required = true, false, false
	inner := newFrame(c, f.name+"."+r.alias, &scope{parent: f.scope, relations: []*relation{&own}}, f, f.filters)
	b := &branch{name: inner.name, frame: inner, one: true, note: len(r.pick) == 0, alias: r, noted: r.alias}
	f.branches = append(f.branches, b)
	at := len(f.branches) - 1
	c.match(f, b, &own, r.match)
	b.order = c.orderKeys(inner, r.pick)
	return at
}

// match fills in how the rows of a branch find their owners.
func (c *compiler) match(f *frame, b *branch, r *relation, match []mapfile.Match) {
	var columns []sqlText
	for _, m := range match {
		owner, col := c.matchedColumn(b.frame, r, m.Column)
		if col == nil {
			continue
		}
		if m.Value.Kind == mapfile.LiteralValue {
			if m.Value.Literal != nil {
				b.frame.where = append(b.frame.where, c.equalSQL(columnSQL(owner, col.Name), col, []mapfile.Text{*m.Value.Literal}))
			}
			continue
		}
		rule := ruleOf(col)
		get, kind := c.matchValue(f, m.Value)
		rule.numeric = rule.numeric || kind.Numeric()
		for _, alias := range c.aliasesOf(m.Value) {
			for _, other := range f.branches {
				if other.alias != nil && other.alias.alias == alias && other != b {
					b.level = max(b.level, other.level+1)
				}
			}
		}
		b.frame.slot(owner, col)
		b.keys = append(b.keys, get)
		b.rules = append(b.rules, rule)
		columns = append(columns, columnSQL(owner, col.Name))
	}
	b.frame.parents = len(columns)
	if len(columns) == 0 {
		if len(match) > 0 {
			c.fault(match[0].Column.Pos, "at least one column has to be matched with one of the row this belongs to")
		}
		return
	}
	var in sqlText
	if len(columns) > 1 {
		in.text("(").add(joinSQL(", ", columns)).text(")")
	} else {
		in.add(columns[0])
	}
	in.text(" in ").inOf(parentList, b.rules)
	b.frame.where = append(b.frame.where, in)
}

// matchedColumn finds the column a match names: one of the relation itself, or,
// as alias.column, of a table that is joined to it.
func (c *compiler) matchedColumn(f *frame, r *relation, name mapfile.Text) (*relation, *Column) {
	if alias, column, dotted := strings.Cut(name.Value, "."); dotted && alias != r.alias {
		if joined, depth := f.scope.find(alias); joined != nil && depth == 0 {
			_, col, ok := f.column(mapfile.ColumnRef{Alias: alias, Name: column, Pos: name.Pos}, name.Pos, false)
			if !ok {
				return nil, nil
			}
			return joined, col
		}
	}
	col := r.column(bareName(name.Value, r.alias))
	if col == nil {
		c.unknownColumn(name.Pos, name.Value, r)
		return nil, nil
	}
	if _, err := quoteName(col.Name); err != nil {
		c.fault(name.Pos, "%v", err)
		return nil, nil
	}
	return r, col
}

// matchValue is what rows are matched with: a plain column as it stands, blanks
// in front included, anything else as it comes out of its conversions.
func (c *compiler) matchValue(f *frame, v *mapfile.Value) (evaluator, convert.ColumnKind) {
	if v.Kind != mapfile.ColumnValue {
		return c.value(site{f: f, want: wantText}, v), convert.ColumnText
	}
	p, col, ok := f.column(v.Column, v.Pos, true)
	if !ok {
		return fixed(absent(convert.Empty)), convert.ColumnUnknown
	}
	return func(r *row, _ *env) value {
		cell := r.cell(p)
		if cell.IsNull() {
			return absent(convert.Empty)
		}
		return present(cell.String())
	}, col.Kind
}

// norm is the form in which two texts that the server holds for equal are the
// same.
func (m matchRule) norm(text string) string {
	if m.numeric {
		if onlyDigits(text) {
			return text
		}
		if n, state := convert.Decimal(strings.TrimSpace(text), convert.MoneyRule{Decimal: '.'}); state == convert.Present {
			whole, fraction, _ := strings.Cut(n, ".")
			if fraction = strings.TrimRight(fraction, "0"); fraction == "" {
				return whole
			}
			return whole + "." + fraction
		}
	}
	return m.collation.fold(strings.TrimRight(text, " "))
}

// appendNorm adds that form to a key, see appendPart.
func (m *matchRule) appendNorm(key []byte, text string) []byte {
	if m.numeric {
		if onlyDigits(text) {
			return appendPart(key, text)
		}
		return appendPart(key, m.norm(text))
	}
	text = strings.TrimRight(text, " ")
	if m.collation != CaseOff && m.collation != MarkOff || !ascii(text) {
		return appendPart(key, m.collation.fold(text))
	}
	key = appendPart(key, text)
	for own := key[len(key)-len(text):]; len(own) > 0; own = own[1:] {
		if 'A' <= own[0] && own[0] <= 'Z' {
			own[0] += 'a' - 'A'
		}
	}
	return key
}

// onlyDigits says whether a text is a whole number in its only spelling, as
// nearly all keys are.
func onlyDigits(text string) bool {
	if text == "" || text[0] == '0' && len(text) > 1 {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// bind gives the values to look for: the text in the column's own type. ok is
// false for a text that the column cannot hold.
func (m matchRule) bind(text string) (any, bool) {
	if m.holds != nil && !m.holds(text) {
		return nil, false
	}
	if m.kind.Numeric() {
		return typedNumber(m.kind, text)
	}
	if m.kind == convert.ColumnBinary {
		return []byte(text), true
	}
	return text, true
}

// orderKey is one key of an order that is made in Go.
type orderKey struct {
	get     evaluator
	desc    bool
	numeric bool
	plain   bool // what stands in a column, see quickly
	at      place
	dated   bool
	empty   *convert.Sentinels
}

func (c *compiler) orderKeys(f *frame, order []mapfile.Order) []orderKey {
	var keys []orderKey
	for _, o := range order {
		keys = append(keys, c.orderKey(f, o.Value, o.Desc))
	}
	return keys
}

// orderKey sorts numbers by value, instants by time and everything else by its
// bytes.
func (c *compiler) orderKey(f *frame, v *mapfile.Value, desc bool) orderKey {
	w, isNumber := wantText, false
	switch {
	case v.Convert != nil && v.Convert.Date != nil:
		w = wantInstant
	case v.Convert != nil && v.Convert.Money != nil:
		w, isNumber = wantDecimal, true
	case v.Kind == mapfile.ColumnValue:
		if rel, _ := f.scope.find(v.Column.Alias); rel != nil {
			if col := rel.column(v.Column.Name); col != nil && col.Kind.Numeric() {
				w, isNumber = wantDecimal, true
			}
		}
	}
	defer c.unrounded()()
	before := len(c.faults)
	key := orderKey{get: c.value(site{f: f, want: w}, v), desc: desc, numeric: isNumber, empty: c.empty}
	if v.Kind == mapfile.ColumnValue && v.Convert == nil && len(c.faults) == before {
		if p, col, ok := f.column(v.Column, v.Pos, true); ok {
			key.plain, key.at, key.dated = true, p, dated(col.Kind)
		}
	}
	return key
}

// quickly compares what stands in two rows' columns; not ok where their values
// have to be made for that.
func (k *orderKey) quickly(a, b *row) (by int, ok bool) {
	if !k.plain {
		return 0, false
	}
	x, y := a.cell(k.at), b.cell(k.at)
	switch {
	case k.numeric:
		n, ok1 := x.SmallInteger()
		m, ok2 := y.SmallInteger()
		by, ok = cmp.Compare(n, m), ok1 && ok2
	case x.Column().Numeric():
		return 0, false // the digits are not what is compared
	default:
		s, ok1 := plainIn(x, k.dated, k.empty)
		t, ok2 := plainIn(y, k.dated, k.empty)
		by, ok = strings.Compare(s, t), ok1 && ok2
	}
	if k.desc {
		by = -by
	}
	return by, ok
}

// inOrder says whether rows stand in their order already, as they nearly always
// do; false also where that cannot be said quickly.
func inOrder(rows []*row, keys []orderKey) bool {
next:
	for i := 1; i < len(rows); i++ {
		for n := range keys {
			by, ok := keys[n].quickly(rows[i-1], rows[i])
			if !ok || by > 0 {
				return false
			}
			if by < 0 {
				continue next
			}
		}
		return false // all the same: the rest of the rows decides
	}
	return true
}

// compare orders two values: what is there first, then what is empty, then
// what cannot be read.
func (k orderKey) compare(a, b value) int {
	if ra, rb := rank(a), rank(b); ra != rb {
		return ra - rb
	}
	if a.state != convert.Present {
		return 0
	}
	by := strings.Compare(a.text, b.text)
	if k.numeric {
		by = convert.Compare(a.text, b.text)
	}
	if k.desc {
		by = -by
	}
	return by
}

func rank(v value) int {
	switch {
	case v.state == convert.Present:
		return 0
	case v.state.Missing():
		return 1
	}
	return 2
}

// sorter orders rows. One serves many lists, one after the other.
type sorter struct {
	values []value // of every row, by the keys
	rows   []sortedRow
}

type sortedRow struct {
	row    *row
	values []value
}

// by orders rows by keys; what is equal then by tie. By the bytes of all its
// cells an order never depends on the server's mood.
func (s *sorter) by(rows []*row, keys []orderKey, e *env, tie func(a, b *row) int) {
	if len(rows) < 2 || inOrder(rows, keys) {
		return
	}
	s.rows, s.values = s.rows[:0], slices.Grow(s.values[:0], len(rows)*len(keys))
	for _, r := range rows {
		from := len(s.values)
		for _, k := range keys {
			s.values = append(s.values, k.get(r, e))
		}
		s.rows = append(s.rows, sortedRow{r, s.values[from:]})
	}
	slices.SortStableFunc(s.rows, func(a, b sortedRow) int {
		for i, k := range keys {
			if by := k.compare(a.values[i], b.values[i]); by != 0 {
				return by
			}
		}
		return tie(a.row, b.row)
	})
	for i := range s.rows {
		rows[i] = s.rows[i].row
	}
}

func compareCells(a, b *row) int {
	for i := range a.cells {
		x, y := &a.cells[i], &b.cells[i]
		if x.IsNull() != y.IsNull() {
			if x.IsNull() {
				return 1
			}
			return -1
		}
		if by := strings.Compare(x.String(), y.String()); by != 0 {
			return by
		}
	}
	return 0
}
