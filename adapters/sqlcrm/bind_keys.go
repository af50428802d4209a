package sqlcrm

import (
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// keys binds how a row's key comes into being.
func (b *binder) keys(s *step, path string) {
	if s.table == nil {
		return
	}
	if len(s.row.Key) == 0 {
		b.primaryKey(s, path)
		return
	}
	for _, def := range s.row.Key {
		at := path + ".key." + def.Column.Value
		c := b.column(s.table, def.Column, at)
		if c == nil {
			continue
		}
		k := &stepKey{column: c, def: def}
		switch {
		case def.Auto && !c.Auto:
			b.fault(def.Column.Pos, at, "", "the database does not count %s by itself; write how the key comes into being, such as {counter: ...}, uuid or {format: ...}", c.Title())
		case def.Value != nil:
			k.value = b.assign(c, def.Value, at)
		case def.Counter != nil:
			k.counter = b.counter(def.Counter, at+".counter")
		case def.UUID && c.Kind == convert.ColumnText && c.MaxChars > 0 && c.MaxChars < 36:
			b.fault(def.Column.Pos, at, "", "%s holds %d characters, a UUID has 36", c.Title(), c.MaxChars)
		case def.Format != nil:
			if prefix, digits := formatted(def.Format, time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)); c.MaxChars > 0 && len(prefix)+digits > c.MaxChars {
				b.fault(def.Format.Text.Pos, at, "", "%s holds %d characters, and such a number has %d", c.Title(), c.MaxChars, len(prefix)+digits)
			}
		}
		s.keys = append(s.keys, k)
	}
}

// primaryKey takes the table's own key where none is written: one the database
// counts, or columns that are inserted.
func (b *binder) primaryKey(s *step, path string) {
	primary := s.table.Primary()
	if len(primary) == 0 {
		b.fault(s.row.Name.Pos, path, "", "table %s has no primary key; say with `key:` which columns address a row and how they come into being", s.table.Ref.Table)
		return
	}
	for _, name := range primary {
		c := s.table.Column(name)
		at := slices.IndexFunc(s.insert, func(a *assign) bool { return a.column == c })
		switch {
		case at >= 0:
			s.keys = append(s.keys, &stepKey{column: c, value: s.insert[at]})
			s.insert = slices.Delete(s.insert, at, at+1)
		case c.Auto:
			s.keys = append(s.keys, &stepKey{column: c, def: &crmfile.Key{Column: mapfile.Text{Value: c.Name}, Auto: true}})
		default:
			b.fault(s.row.Name.Pos, path, "", "nothing says how the key column %s comes into being; write it under `key:`", c.Title())
		}
	}
}

func (b *binder) counter(def *crmfile.Counter, path string) *boundNumber {
	t := b.table(def.Source, path+".table")
	c := b.column(t, def.Column, path+".column")
	if c == nil {
		return nil
	}
	n := &boundNumber{table: t, column: c, habit: def.ReadThenIncrement}
	n.where, n.args = b.literals(t, def.Where, path+".where")
	return n
}

// literals makes the condition of columns that are equal to texts.
func (b *binder) literals(t *database.Table, all []*crmfile.Literal, path string) (string, []any) {
	var parts []string
	var args []any
	for _, l := range all {
		if c := b.column(t, l.Column, path+"."+l.Column.Value); c != nil {
			parts = append(parts, database.Quoted(c.Name)+" = ?")
			args = append(args, l.Text.Value)
		}
	}
	if len(parts) == 0 {
		return "", nil
	}
	return " where " + strings.Join(parts, " and "), args
}
