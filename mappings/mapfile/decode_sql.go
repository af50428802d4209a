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
	dialect := sqltext.Dialect(d.file.Dialect)
	place := sqltext.Place{Statement: statement}
	for _, f := range d.file.Functions {
		place.Functions = append(place.Functions, f.Value)
	}
	faults := sqltext.Check(t.Value, dialect, place)
	for _, fault := range faults {
		d.fault(d.file.At(*t, fault.Offset), path, "%s", fault.Message)
	}
	if len(faults) > 0 {
		return t
	}
	reading, unread := sqltext.Read(t.Value, dialect, statement)
	switch {
	case unread != nil:
		d.warn(d.file.At(*t, unread.Offset), path, "%s", unread.Message)
	case !reading.Reads:
		d.fault(t.Pos, path, "SQL of a mapping is one SELECT; this is another statement, or more than one")
	}
	return t
}
