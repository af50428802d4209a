package plan

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// asks notes the columns of one table that the mapping names, each once; letter
// case does not make two of one.
func (c *compiler) asks(ref TableRef) func(string) {
	return func(name string) {
		same := func(have string) bool { return strings.EqualFold(have, name) }
		if !slices.ContainsFunc(c.asked[ref], same) {
			c.asked[ref] = append(c.asked[ref], name)
		}
	}
}

// Columns are the columns of a table that the mapping names outside of its own
// SQL, in the order in which they were met.
func (p *Plan) Columns(ref TableRef) []string { return slices.Clone(p.asked[ref]) }

// NamedInSQL says whether a text of the mapping's own SQL holds a name, which
// may then be a column of any table.
func (p *Plan) NamedInSQL(name string) bool {
	dialect := sqltext.MySQL
	if p.file.Dialect == mapfile.SQLite {
		dialect = sqltext.SQLite
	}
	for _, t := range mapfile.SQLOf(p.file) {
		for _, token := range sqltext.Tokens(t.Value, dialect) {
			if strings.EqualFold(strings.Trim(token.Text, "`\"[]"), name) {
				return true
			}
		}
	}
	return false
}

// NumberColumns are the columns the dealer customer number is made of, as
// alias.column, in the order of RawCustomer's texts.
func (p *Plan) NumberColumns() []string {
	c := newCompiler(p.file, p.target, MySQL, nil)
	if p.file.CustomerNumber == nil {
		return nil
	}
	_, refs := c.numberParts(p.file.CustomerNumber)
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = ref.Alias + "." + ref.Name
	}
	return names
}

// RawCustomer is every spelling in which the columns can hold a dealer customer
// number, each as the texts of its columns. None: no row can have the number.
func (p *Program) RawCustomer(number string) [][]string { return p.rawCustomer(number) }

// KeyTexts are the texts of the key columns that a row key was made of; nil for
// a text that is no row key.
func KeyTexts(key string) []string {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(key)
	if err != nil {
		return nil
	}
	var texts []string
	for len(raw) > 0 {
		size, used := binary.Uvarint(raw)
		if used <= 0 || size > uint64(len(raw)-used) {
			return nil
		}
		texts = append(texts, string(raw[used:used+int(size)]))
		raw = raw[used+int(size):]
	}
	return texts
}

// columnsTold are the columns that a message names at most.
const columnsTold = 15

// unknownColumn is the fault of a column that a table does not have, with the
// one that was meant, or else those there are.
func (c *compiler) unknownColumn(pos mapfile.Pos, name string, r *relation) {
	names := r.table.names()
	near := mapfile.Nearest(name, names)
	there := ""
	switch {
	case near != "" || len(names) == 0:
	case len(names) > columnsTold:
		there = fmt.Sprintf("; it has %s and %d more", strings.Join(names[:columnsTold], ", "), len(names)-columnsTold)
	default:
		there = "; it has " + strings.Join(names, ", ")
	}
	c.faultNear(pos, near, "unknown column %q in %s%s", name, r.title(), there)
}
