package database

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// Table is what a database says about one table.
type Table struct {
	Ref     plan.TableRef
	Columns []*Column
	Plan    *plan.Table // the same for whoever reads it; see Describe
	Engine  string      // of MySQL and MariaDB, as they write it
	// Lasting says that what was written stays when a transaction is taken back.
	Lasting bool
}

// Column is one column with what writing has to know.
type Column struct {
	plan.Column
	Table      string
	Declared   string // lower case: the data type on a server, all that is declared in a file
	Charset    string
	HasDefault bool
	Auto       bool // the database counts
	Made       bool // the database computes it
	Members    []string
	Unsigned   bool
	Bits       uint // of a whole number, 0 where the database does not keep to it
	Precision  int  // digits of a decimal, 0 where it is none
	Scale      int
	Bytes      bool // MaxChars counts bytes
}

// Title is the column as people know it.
func (c *Column) Title() string { return c.Table + "." + c.Name }

// Column finds a column by its name, in whatever letter case; nil: there is
// none.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return nil
}

// Names are the names of the columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// SQL is the table as a statement names it.
func (t *Table) SQL() string { return TableSQL(t.Ref) }

// Primary are the columns of the primary key.
func (t *Table) Primary() []string {
	if !t.Plan.Primary || len(t.Plan.Unique) == 0 {
		return nil
	}
	return t.Plan.Unique[0]
}

// Indexed says whether an index begins with a column.
func (t *Table) Indexed(name string) bool {
	return slices.ContainsFunc(t.Plan.Leading, func(lead string) bool { return strings.EqualFold(lead, name) })
}

// Describe makes Plan say of the columns what Columns say. It is for whoever
// knows more of them than the database does.
func (t *Table) Describe() {
	t.Plan.Columns = make([]plan.Column, len(t.Columns))
	for i, c := range t.Columns {
		t.Plan.Columns[i] = c.Column
	}
}

// TableSQL makes SQL of a reference to a table.
func TableSQL(ref plan.TableRef) string {
	if ref.Database != "" {
		return Quoted(ref.Database) + "." + Quoted(ref.Table)
	}
	return Quoted(ref.Table)
}

// Quoted makes an identifier of a name, for all three databases.
func Quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// integerBits are the bits of the whole numbers of MySQL and MariaDB.
var integerBits = map[string]uint{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}

// IntegerBits are the bits of a whole number of MySQL and MariaDB, by its data
// type; 0 for every other type.
func IntegerBits(declared string) uint { return integerBits[declared] }

// MembersOf reads the words of an ENUM out of its declaration.
func MembersOf(declared string) []string {
	_, list, found := strings.Cut(declared, "(")
	if !found {
		return nil
	}
	var words []string
	rest := strings.TrimSuffix(list, ")")
	for {
		open := strings.IndexByte(rest, '\'')
		if open < 0 {
			return words
		}
		rest = rest[open+1:]
		var word strings.Builder
		for rest != "" {
			if strings.HasPrefix(rest, "''") {
				word.WriteByte('\'')
				rest = rest[2:]
				continue
			}
			if rest[0] == '\'' {
				rest = rest[1:]
				break
			}
			word.WriteByte(rest[0])
			rest = rest[1:]
		}
		words = append(words, word.String())
	}
}

// collationOf reads how a collation compares out of its name. What a name does
// not say is taken as the looser way.
func collationOf(name string) plan.Collation {
	switch {
	case name == "", name == "binary", strings.HasSuffix(name, "_bin"), strings.HasSuffix(name, "_cs"):
		return plan.Exact
	case strings.Contains(name, "_as_ci"), name == "latin1_general_ci":
		return plan.CaseOff
	}
	return plan.MarkOff
}
