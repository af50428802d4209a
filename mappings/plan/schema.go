package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// TableRef names a table or an inline SELECT of a mapping whose columns a
// schema has to know.
type TableRef struct {
	Database string // empty: the connection's own
	Table    string
	Select   string // instead of Table: the text, parentheses not included
}

// Table is what a database says about one table.
type Table struct {
	Columns []Column
	Unique  [][]string // columns of the primary key first, then of the unique indexes
	Primary bool       // Unique[0] is the primary key
	Refused string     // of an inline SELECT: why the server does not take it
	// RefusedAt is the byte of that SELECT the server stumbles over; 0 also
	// where that is not known.
	RefusedAt int
	// Rows is how many rows the server thinks there are, 0 where it does not
	// say; Leading are the columns an index begins with.
	Rows    int64
	Leading []string
}

// Column is one column of a table.
type Column struct {
	Name      string
	Kind      convert.ColumnKind
	MaxChars  int // longest text it holds, 0 when the database does not say
	Nullable  bool
	Collation Collation
	// Holds says whether the column's character set has all characters of a
	// text; nil where it has every character. A server refuses to look for
	// others instead of finding nothing.
	Holds func(text string) bool
	// Letters are empty for columns without texts, and where nobody knows.
	Letters Letters
}

// Letters are a text column's character set and collation by the names the
// server has for them. Servers refuse to compare two columns whose collations
// differ without being told which one counts.
type Letters struct {
	Set       string
	Collation string
}

// blankIsEmpty says whether the server fills up the shorter of two texts with
// blanks before it compares them, so that blanks alone equal the empty text.
// The collations that do not say so in their names, or are of the ninth
// version of Unicode, which MySQL brought without filling.
func (l Letters) blankIsEmpty() bool {
	name := strings.ToLower(l.Collation)
	return name != "" && name != "binary" && !strings.Contains(name, "nopad") && !strings.Contains(name, "_0900_")
}

// Collation says how the server compares the texts of a column with others.
type Collation int

// The ways servers compare. Trailing blanks never count here.
const (
	Exact   Collation = iota // bytes
	CaseOff                  // letter case does not count
	MarkOff                  // neither letter case nor accents count
)

// Schema is what is known of a database: the tables a plan asked for. A table
// that does not exist is missing.
type Schema map[TableRef]*Table

func (t *Table) column(name string) *Column {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i]
		}
	}
	return nil
}

func (t *Table) names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// primaryKey is nil where the table has none.
func (t *Table) primaryKey() []string {
	if !t.Primary || len(t.Unique) == 0 {
		return nil
	}
	return t.Unique[0]
}

// oneRow says whether fixing these columns leaves at most one row.
func (t *Table) oneRow(fixed []string) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(fixed, func(f string) bool { return strings.EqualFold(f, name) })
	}
	for _, unique := range t.Unique {
		if len(unique) > 0 && !slices.ContainsFunc(unique, func(c string) bool { return !has(c) }) {
			return true
		}
	}
	return false
}

func refOf(s mapfile.Source) TableRef {
	if s.Select != nil {
		return TableRef{Select: s.Select.Value}
	}
	return TableRef{Database: s.Database.Value, Table: s.Table.Value}
}

// dated says whether a column of this kind holds a date that may be zero.
func dated(k convert.ColumnKind) bool {
	switch k {
	case convert.ColumnDate, convert.ColumnDateTime, convert.ColumnTimestamp:
		return true
	}
	return false
}
