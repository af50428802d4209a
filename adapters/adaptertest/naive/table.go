package naive

import (
	"fmt"
	"strings"
)

// Kind is what a column is declared as.
type Kind int

// The kinds of columns.
const (
	Text Kind = iota
	Integer
	Decimal // two places
	Date
	DateTime // wall clock in the dealer's zone
)

// Content is what a column is used for; it decides what is drawn into it.
type Content int

// The contents of columns.
const (
	Free       Content = iota // texts of people
	Code                      // one of few codes
	Money                     // an amount written by people, in a text column
	Day8                      // yyyymmdd in a text column
	Flag                      // yes or no, in words or digits
	Numbers                   // whatever the column's kind holds
	Link                      // a key of another table, see Column.Pool
	Company                   // whose row it is
	Packed                    // elements and their parts in one text
	PackedJSON                // the same as JSON
)

// Column is one column of a table.
type Column struct {
	Name    string
	Kind    Kind
	Content Content
	Pool    []string // of links: what may stand there
}

// Cell is a stored value as text; nil is NULL.
type Cell = *string

// Table is a table with its rows.
type Table struct {
	Name    string
	Columns []Column
	Key     []int // the primary key, by column; may be empty
	Rows    [][]Cell
}

func (t *Table) index(column string) int {
	for i, c := range t.Columns {
		if c.Name == column {
			return i
		}
	}
	panic(fmt.Sprintf("table %s has no column %q", t.Name, column))
}

// Dialect is the SQL a table is written in.
type Dialect struct {
	MySQL bool
	// Options stand behind CREATE TABLE on MySQL: engine, character set, collation.
	Options string
}

// Statement is SQL with its arguments.
type Statement struct {
	Text string
	Args []any
}

// Create makes the statements that create and fill a table. SQLite has no exact
// decimal, so amounts are text there; its texts ignore blanks at their end when
// they are compared, as those of MySQL do.
func (t *Table) Create(d Dialect) []Statement {
	var columns []string
	for i, c := range t.Columns {
		declared := Quote(c.Name) + " " + d.declared(c.Kind)
		if containsInt(t.Key, i) {
			declared += " NOT NULL"
		}
		columns = append(columns, declared)
	}
	if len(t.Key) > 0 {
		names := make([]string, len(t.Key))
		for i, k := range t.Key {
			names[i] = Quote(t.Columns[k].Name)
		}
		columns = append(columns, "PRIMARY KEY ("+strings.Join(names, ", ")+")")
	}
	text := "CREATE TABLE " + Quote(t.Name) + " (" + strings.Join(columns, ", ") + ")"
	if d.MySQL {
		text += " " + d.Options
	}
	all := []Statement{{Text: text}}
	if len(t.Rows) == 0 {
		return all
	}
	row := "(?" + strings.Repeat(", ?", len(t.Columns)-1) + ")"
	insert := Statement{Text: "INSERT INTO " + Quote(t.Name) + " VALUES " + row + strings.Repeat(", "+row, len(t.Rows)-1)}
	for _, r := range t.Rows {
		for _, cell := range r {
			if cell == nil {
				insert.Args = append(insert.Args, nil)
				continue
			}
			insert.Args = append(insert.Args, *cell)
		}
	}
	return append(all, insert)
}

func (d Dialect) declared(k Kind) string {
	switch k {
	case Integer:
		return "INTEGER"
	case Decimal:
		if d.MySQL {
			return "DECIMAL(14,2)"
		}
		return "TEXT"
	case Date:
		return "DATE"
	case DateTime:
		return "DATETIME"
	}
	if d.MySQL {
		return "VARCHAR(60)"
	}
	return "VARCHAR(60) COLLATE RTRIM"
}

// Quote quotes a name for either server.
func Quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func containsInt(all []int, n int) bool {
	for _, i := range all {
		if i == n {
			return true
		}
	}
	return false
}
