package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// namesInSQL finds columns in the mapping's own SQL whose alias is neither one
// of those that hold around it nor brought in by the SQL itself. A text that
// cannot be read offline is left to the database. One place is compiled for
// several statements; what is wrong with it is said once.
func (c *compiler) namesInSQL(t mapfile.Text, around []string) {
	reading, _ := sqltext.Read(t.Value, c.dialect(), c.isSelect(t))
	if reading == nil {
		return
	}
	for _, column := range reading.Columns {
		same := func(alias string) bool { return strings.EqualFold(alias, column.Qualifier) }
		if slices.ContainsFunc(around, same) || reading.Brings(column.Qualifier) {
			continue
		}
		known := slices.Concat(around, reading.Sources)
		here := "; here are " + strings.Join(known, ", ")
		if len(known) == 0 {
			here = ""
		}
		c.faultNear(c.file.At(t, column.Offset), mapfile.Nearest(column.Qualifier, known),
			"unknown alias %q in SQL%s", column.Qualifier, here)
	}
}

// isSelect says whether a text is a whole statement.
func (c *compiler) isSelect(t mapfile.Text) bool {
	for _, token := range sqltext.Tokens(t.Value, c.dialect()) {
		if token.Kind != sqltext.Space {
			return strings.EqualFold(token.Text, "select") || strings.EqualFold(token.Text, "with")
		}
	}
	return false
}
