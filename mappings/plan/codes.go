package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// codeCheck knows all codes of a column: those whose rows are shown and those
// whose rows are not. The server takes away what is hidden; what is in neither
// has to be seen here.
type codeCheck struct {
	at      place
	name    string // what notes call the column: TABLE.COLUMN
	found   *place // of a joined row: a column that says whether there is one
	numeric bool
	zero    bool // the column holds dates
	show    []string
	hide    []string
	empty   *convert.Sentinels
}

// standing is what a code says about its row.
type standing int

const (
	shown standing = iota
	hidden
	doubtful
)

// doubt is why nobody knows whether a row is to be shown.
type doubt struct {
	field  string
	reason Reason
}

// of looks at a row's code; the reason is that of a doubtful one. What is
// hidden wins, as it does on the server.
func (k *codeCheck) of(r *row) (standing, Reason) {
	if k.found != nil && r.cell(*k.found).IsNull() {
		return shown, "" // no row was joined, so none is in doubt
	}
	cell := r.cell(k.at)
	if !cell.IsNull() && slices.Contains(k.show, cell.String()) {
		return shown, ""
	}
	code, empty := k.code(cell)
	has := func(codes []string) bool {
		return slices.Contains(codes, code) || empty && slices.Contains(codes, "")
	}
	switch {
	case has(k.hide):
		return hidden, ""
	case has(k.show):
		return shown, ""
	case empty:
		return doubtful, Missing
	}
	return doubtful, Unmapped
}

// code is the text a cell's code is compared by, and whether it counts as
// empty.
func (k *codeCheck) code(cell *convert.Cell) (string, bool) {
	if cell.IsNull() {
		return "", true
	}
	code := strings.TrimRight(cell.String(), " ")
	trimmed := strings.TrimSpace(code)
	empty := trimmed == "" || k.empty.Has(trimmed) || k.zero && strings.HasPrefix(trimmed, "0000-")
	if k.numeric {
		return plainNumber(trimmed), empty
	}
	return code, empty
}

// codeCheckOf compiles the check of a comparison with declared codes. The
// column is named with its alias.
func (c *compiler) codeCheckOf(f *frame, cmp *mapfile.Comparison) *codeCheck {
	alias, column, _ := strings.Cut(cmp.Name.Value, ".")
	rel, _ := f.scope.find(alias)
	p, col, ok := f.column(mapfile.ColumnRef{Alias: alias, Name: column, Pos: cmp.Name.Pos}, cmp.Name.Pos, true)
	if !ok {
		return nil
	}
	k := &codeCheck{at: p, name: columnName(rel, col.Name), numeric: col.Kind.Numeric(), zero: dated(col.Kind), empty: c.empty}
	texts := func(all []mapfile.Text) []string {
		var codes []string
		for _, v := range all {
			code := strings.TrimRight(v.Value, " ")
			if k.numeric && code != "" {
				code = plainNumber(strings.TrimSpace(code))
			}
			codes = append(codes, code)
		}
		return codes
	}
	k.show, k.hide = texts(cmp.Values), texts(cmp.Hidden)
	return k
}

// columnName is how people know a column: by its table, or by the alias of an
// inline SELECT.
func columnName(r *relation, column string) string {
	if r.source.Table.Value == "" {
		return r.alias + "." + column
	}
	return r.source.Table.Value + "." + column
}

// declaredIn gives the comparisons with declared codes among conditions, each
// with the alias before its column.
func (c *compiler) declaredIn(f *frame, all []*mapfile.Condition, main *relation) []*mapfile.Comparison {
	var found []*mapfile.Comparison
	for _, cond := range all {
		for _, cmp := range c.qualified(f, cond, main).Compare {
			if cmp.Op == mapfile.Declared {
				found = append(found, cmp)
			}
		}
	}
	return found
}

// codesOf compiles what tells whether rows of a frame are in doubt: the codes
// its own conditions declare, and those of `state:` for every table its rows
// are made of.
func (c *compiler) codesOf(f *frame) {
	if f.closed || f.codes != nil || len(f.scope.relations) == 0 {
		return
	}
	before := len(c.faults)
	defer func() { c.faults = c.faults[:before] }() // said for the statement already
	var all []*codeCheck
	for _, cmp := range f.declared {
		if k := c.codeCheckOf(f, cmp); k != nil {
			all = append(all, k)
		}
	}
	if f.filters != ownerAndState {
		f.codes = all
		return
	}
	for _, r := range f.scope.relations {
		if r.apart || r.source.Table.Value == "" {
			continue // looked at where it is read
		}
		var conditions []*mapfile.Condition
		for _, filter := range c.tableFilters(c.file.State, r) {
			conditions = append(conditions, filter.Where...)
		}
		declared := c.declaredIn(f, conditions, r)
		if len(declared) == 0 || !r.required && !slices.Contains(f.used, r) {
			continue
		}
		for _, cmp := range declared {
			k := c.codeCheckOf(f, cmp)
			if k == nil {
				continue
			}
			k.found = c.foundBy(f, r)
			all = append(all, k)
		}
	}
	f.codes = all
}

// foundBy is a column that is never NULL in a joined row that was found; nil
// for a frame's main rows, and where only SQL says what matches.
func (c *compiler) foundBy(f *frame, r *relation) *place {
	if r.main || len(r.match) == 0 {
		return nil
	}
	p, _, ok := f.column(mapfile.ColumnRef{Alias: r.alias, Name: r.match[0].Column.Value, Pos: r.pos}, r.pos, true)
	if !ok {
		return nil
	}
	return &p
}

// notHiddenSQL holds for every row but those whose code is known to be hidden.
func (c *compiler) notHiddenSQL(column sqlText, col *Column, cmp *mapfile.Comparison) sqlText {
	var codes []mapfile.Text
	var kept []sqlText
	for _, v := range cmp.Hidden {
		if v.Value != "" {
			codes = append(codes, v)
		}
	}
	for _, v := range cmp.Values {
		if v.Value != "" {
			c.bindText(new(sqlText), col, v) // finds what the column cannot hold
		}
	}
	if len(codes) > 0 {
		kept = append(kept, *new(sqlText).text("(").add(column).text(" is null or not ").add(c.equalSQL(column, col, codes)).text(")"))
	}
	if len(codes) < len(cmp.Hidden) {
		kept = append(kept, *new(sqlText).text("not ").add(c.emptySQL(column, col)))
	}
	if len(kept) == 0 {
		return *new(sqlText).text(always)
	}
	return joinSQL(" and ", kept)
}

// stand finds out about each row whether it is hidden, and whether it or a row
// that was joined to it is in doubt.
func (f *frame) stand(rows []*row) {
	for _, r := range rows {
		for _, k := range f.codes {
			switch is, reason := k.of(r); is {
			case shown:
			case hidden:
				r.hidden = true
			case doubtful:
				r.doubted(&doubt{field: k.name, reason: reason})
			}
		}
		for i, b := range f.branches {
			if b.one && len(r.branches[i]) > 0 && r.branches[i][0].doubt != nil {
				r.doubted(r.branches[i][0].doubt)
			}
		}
	}
}

// doubted keeps the doubt whose column, and then whose reason, comes first by
// name.
func (r *row) doubted(d *doubt) {
	if r.doubt == nil || d.field < r.doubt.field || d.field == r.doubt.field && d.reason < r.doubt.reason {
		r.doubt = d
	}
}

// unsure is the value of what is made of rows of which one is in doubt.
func unsure(rows []*row) (value, bool) {
	for _, r := range rows {
		if r.doubt != nil {
			return absent(convert.Unmapped), true
		}
	}
	return value{}, false
}
