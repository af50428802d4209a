package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// lostJoin is a required join of a key list. Rows for which it finds nothing at
// all are not shown, as the mapping wants it, and noted: that its own table
// lacks a row is nothing a mapping can want. What its conditions keep out is no
// loss. Joins that lead to the customer number cannot be counted: who the
// customer of a lost row is, nobody knows.
type lostJoin struct {
	alias string
	found place   // NULL where there is no row
	refs  []place // what it is matched with: where that is empty, nothing is missed
}

// losing finds the joins whose lost rows can be counted. They stand as left
// joins in the statement then, which costs one column more.
func (c *compiler) losing(f *frame, t EndpointTarget, ep *mapfile.Endpoint, k *keyReader) {
	var path []string
	if t.PerCustomer {
		for _, ref := range c.customerColumns() {
			path = append(path, ref.Alias)
		}
		path = c.inlineFor(path, ep.Join)
	}
	for _, r := range f.scope.relations {
		if !r.required || r.apart || r.on != nil || slices.Contains(path, r.alias) || c.stateInSQL(r) {
			continue
		}
		l := lostJoin{alias: r.alias}
		for _, m := range r.match {
			if m.Value.Kind != mapfile.ColumnValue {
				continue
			}
			theirs, _, ok := f.column(m.Value.Column, m.Value.Pos, true)
			own, _, found := f.column(mapfile.ColumnRef{Alias: r.alias, Name: bareName(m.Column.Value, r.alias), Pos: m.Column.Pos}, m.Column.Pos, true)
			if ok && found {
				l.found, l.refs = own, append(l.refs, theirs)
				r.lost = r.alias + "." + bareName(m.Column.Value, r.alias)
			}
		}
		if len(l.refs) > 0 {
			k.lost = append(k.lost, l)
		}
	}
}

// stateInSQL says whether a table's state stands in SQL, which takes rows away
// before anybody can join them.
func (c *compiler) stateInSQL(r *relation) bool {
	return slices.ContainsFunc(c.tableFilters(c.file.State, r), func(f mapfile.TableFilter) bool {
		return slices.ContainsFunc(f.Where, func(cond *mapfile.Condition) bool { return cond.SQL != nil })
	})
}

// lostSQL renders a join whose lost rows are counted: the table with what its
// rows are found by, and what they must fulfil where there are any.
func (c *compiler) lostSQL(f *frame, r *relation) (table sqlText, on, where []sqlText) {
	own, before := *r, f.filters
	own.where, f.filters = nil, ownerOnly
	table, on = c.tableSQL(f, &own)
	f.filters = before
	var all []*mapfile.Condition
	if before == ownerAndState {
		for _, filter := range c.tableFilters(c.file.State, r) {
			all = append(all, filter.Where...)
		}
	}
	for _, cond := range append(all, r.where...) {
		where = append(where, r.orLost(c.condition(f, cond, r)))
	}
	return table, append(c.matchSQL(f, r), on...), where
}

// orLost lets a condition hold for rows that the join finds nothing for.
func (r *relation) orLost(cond sqlText) sqlText {
	_, column, _ := strings.Cut(r.lost, ".")
	return *new(sqlText).text("(").add(columnSQL(r, column)).text(" is null or ").add(cond).text(")")
}

// sparing lets a condition of a section spare the rows that are lost to a join
// it speaks of: they are noted instead.
func (c *compiler) sparing(f *frame, cond *mapfile.Condition, text sqlText) sqlText {
	for _, alias := range c.spokenOf(f, cond) {
		for at := []string{alias}; len(at) > 0; at = at[1:] {
			r, depth := f.scope.find(at[0])
			if r == nil || depth > 0 {
				continue
			}
			if r.lost != "" {
				text = r.orLost(text)
			}
			for _, m := range r.match {
				at = append(at, c.aliasesOf(m.Value)...)
			}
		}
	}
	return text
}

// spokenOf are the aliases a condition speaks of.
func (c *compiler) spokenOf(f *frame, cond *mapfile.Condition) []string {
	var all []string
	for _, cmp := range cond.Compare {
		if alias, _, dotted := strings.Cut(cmp.Name.Value, "."); dotted {
			all = append(all, alias)
		}
	}
	if cond.SQL != nil {
		for _, r := range c.aliasesIn(*cond.SQL, f.scope) {
			all = append(all, r.alias)
		}
	}
	if cond.Exists != nil {
		if child := c.childrenOf(f.scope, cond.Exists.Children.Value); child != nil {
			for _, m := range child.Match {
				all = append(all, c.aliasesOf(m.Value)...)
			}
		}
	}
	for _, inner := range slices.Concat(cond.Any, cond.Not) {
		all = append(all, c.spokenOf(f, inner)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// joined keeps the rows for which every required join found a row; those that
// miss one are noted by the join's name.
func (k *keyReader) joined(rows []*row, note Noter) []*row {
	if len(k.lost) == 0 {
		return rows
	}
	return slices.DeleteFunc(rows, func(r *row) bool {
		l, missed := k.lostTo(r)
		if l != nil && missed && note != nil {
			note(k.endpoint, l.alias, Missing, encodeCells(k.source, r, k.key))
		}
		return l != nil
	})
}

// lostTo is the required join that finds nothing for a row, and whether it misses
// something; nil where every one found a row.
func (k *keyReader) lostTo(r *row) (lost *lostJoin, missed bool) {
	for i := range k.lost {
		l := &k.lost[i]
		if !r.cell(l.found).IsNull() {
			continue
		}
		return l, !slices.ContainsFunc(l.refs, func(p place) bool {
			text, state := r.cell(p).Text()
			return state != convert.Present || text == ""
		})
	}
	return nil, false
}
