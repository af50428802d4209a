package naive

import (
	"slices"
	"strings"
)

// has says whether a code is among some; an empty text stands for none.
func has(codes []string, code string) bool { return slices.Contains(codes, code) }

// doubted tells of a row whose code is neither one that is shown nor one that
// is hidden: whoever declared the codes has to hear of it. Of several columns
// the first by name is told.
func (r *row) doubted(s Source) *fault {
	conditions := under(s.Where, s.Alias)
	for _, f := range r.world.Mapping.State {
		if f.Table == s.Table {
			conditions = append(conditions, f.Where.under(s.Alias))
		}
	}
	var worst *fault
	for _, c := range conditions {
		if c.Op != Declared || c.Exists != "" || c.Any != nil || c.Not != nil {
			continue
		}
		code, _ := r.cell(c.Column)
		if has(c.Values, code) || has(c.Hidden, code) {
			continue
		}
		why := isUnmapped
		if code == "" {
			why = isEmpty
		}
		worst = worst.or(&fault{s.Table.Name + "." + c.Column.Column, reasons[why]})
	}
	return worst
}

// declared draws the codes that are shown and those that are hidden, of a column
// with codes; nil where there is none.
func (g *generator) declared(alias string, t *Table) *Cond {
	all := refs([]place{{alias, t}}, func(c Column) bool { return c.Content == Code })
	if len(all) == 0 {
		return nil
	}
	c := &Cond{Column: pick(g, all, "declared"), Op: Declared}
	for _, code := range append([]string{""}, codes...) {
		switch n := g.n(9, "code is"); {
		case n <= 6:
			c.Values = append(c.Values, code)
		case n <= 8:
			c.Hidden = append(c.Hidden, code)
		}
	}
	if g.options.Twins {
		for _, code := range codes {
			if twin := strings.ToLower(code); g.chance(90, "small code is") {
				c.Values = append(c.Values, twin)
			}
		}
	}
	if len(c.Values) == 0 {
		c.Values = []string{codes[0]}
		c.Hidden = slices.DeleteFunc(c.Hidden, func(code string) bool { return code == codes[0] })
	}
	return c
}
