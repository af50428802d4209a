package naive

// Empty says whether a table has no row of the dealer's, whatever its state.
func (w *World) Empty(table string) bool {
	in := &world{World: w}
	for _, t := range w.Tables {
		if t.Name != table {
			continue
		}
		for _, cells := range t.Rows {
			r := &row{world: in, tables: map[string]*Table{"x": t}, cells: map[string][]Cell{"x": cells}}
			if r.owned(t, "x") {
				return false
			}
		}
	}
	return true
}

func (r *row) owned(t *Table, alias string) bool {
	for _, f := range r.world.Mapping.Owner {
		if f.Table == t && !r.holds(f.Where.under(alias)) {
			return false
		}
	}
	return true
}
