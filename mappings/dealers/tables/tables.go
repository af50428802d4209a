package tables

import (
	"fmt"
	"strings"
)

// Dialect names the SQL of the server that is filled.
type Dialect string

// The dialects Load can write.
const (
	MySQL  Dialect = "mysql" // MariaDB too
	SQLite Dialect = "sqlite"
)

// Kind is what a column holds.
type Kind int

// The kinds of columns, spelled per dialect.
const (
	Char      Kind = iota // fixed length, filled up with blanks
	Varchar               // text up to a length
	Integer               // INT
	Flag                  // TINYINT, which also holds 2 and -1
	BigSerial             // BIGINT UNSIGNED, with values beyond 2^63
	Amount                // DECIMAL(24,8)
	Cents                 // DECIMAL(12,2)
	Day                   // DATE
	Moment                // DATETIME, in the dealer's zone
	Stamp                 // TIMESTAMP, in UTC
	Blob                  // bytes
)

// spelling is the one place where the two dialects differ. SQLite has no exact
// decimal and no integer above 2^63, so both are text there; its text columns
// ignore trailing blanks when they compare, as the old collations of MySQL do.
var spelling = map[Kind]map[Dialect]string{
	Char:      {MySQL: "CHAR(%d)", SQLite: "CHAR(%d) COLLATE RTRIM"},
	Varchar:   {MySQL: "VARCHAR(%d)", SQLite: "VARCHAR(%d) COLLATE RTRIM"},
	Integer:   {MySQL: "INT", SQLite: "INTEGER"},
	Flag:      {MySQL: "TINYINT", SQLite: "TINYINT"},
	BigSerial: {MySQL: "BIGINT UNSIGNED", SQLite: "TEXT"},
	Amount:    {MySQL: "DECIMAL(24,8)", SQLite: "TEXT"},
	Cents:     {MySQL: "DECIMAL(12,2)", SQLite: "TEXT"},
	Day:       {MySQL: "DATE", SQLite: "DATE"},
	Moment:    {MySQL: "DATETIME", SQLite: "DATETIME"},
	Stamp:     {MySQL: "TIMESTAMP NULL DEFAULT NULL", SQLite: "TIMESTAMP"},
	Blob:      {MySQL: "MEDIUMBLOB", SQLite: "BLOB"},
}

// Column is one column; Length counts characters of Char and Varchar.
type Column struct {
	Name   string
	Kind   Kind
	Length int
}

// Text is a Varchar column.
func Text(name string, length int) Column { return Column{name, Varchar, length} }

// Code is a Char column.
func Code(name string, length int) Column { return Column{name, Char, length} }

// Col is a column of a kind that has no length.
func Col(name string, kind Kind) Column { return Column{Name: name, Kind: kind} }

// Table is one table. Charset is that of MySQL, latin1 when nothing is said.
// There are no foreign keys: the systems that are imitated have none.
type Table struct {
	Name    string
	Charset string
	Primary []string
	Indexes [][]string
	Columns []Column
}

// Row is one row of a table by column; a column that is not named is NULL.
type Row map[string]any

// Schema returns the statements that make the tables and their indexes.
func Schema(dialect Dialect, tables []Table) []string {
	var all []string
	for _, t := range tables {
		all = append(all, t.create(dialect)...)
	}
	return all
}

func (t Table) create(dialect Dialect) []string {
	var lines []string
	for _, c := range t.Columns {
		kind := spelling[c.Kind][dialect]
		if c.Length > 0 {
			kind = fmt.Sprintf(kind, c.Length)
		}
		lines = append(lines, quote(c.Name)+" "+kind)
	}
	if t.Primary != nil {
		lines = append(lines, "PRIMARY KEY ("+quoteAll(t.Primary)+")")
	}
	statement := "CREATE TABLE " + quote(t.Name) + " (\n  " + strings.Join(lines, ",\n  ") + "\n)"
	if dialect == MySQL {
		charset := t.Charset
		if charset == "" {
			charset = "latin1"
		}
		statement += " ENGINE=InnoDB DEFAULT CHARSET=" + charset
	}
	statements := []string{statement}
	for i, index := range t.Indexes {
		// SQLite wants index names unique in the database, not only in the table.
		name := fmt.Sprintf("%s_X%d", t.Name, i+1)
		statements = append(statements, "CREATE INDEX "+quote(name)+" ON "+quote(t.Name)+" ("+quoteAll(index)+")")
	}
	return statements
}

// quote makes a name safe in SQL text of either dialect.
func quote(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}
