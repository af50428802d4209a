package mapfile

import (
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// sql reads SQL and reports what may not stand in it, each at its own place.
func (d *decoder) sql(n *node, path string, statement bool) *Text {
	t := d.text(n, path)
	if t == nil {
		return nil
	}
	if strings.TrimSpace(t.Value) == "" {
		d.fault(t.Pos, path, "no SQL stands here")
		return nil
	}
	place := sqltext.Place{Statement: statement}
	for _, f := range d.file.Functions {
		place.Functions = append(place.Functions, f.Value)
	}
	for _, fault := range sqltext.Check(t.Value, sqltext.Dialect(d.file.Dialect), place) {
		d.fault(d.file.At(*t, fault.Offset), path, "%s", fault.Message)
	}
	return t
}
