package plan

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// joinedSources are sources whose changes one statement asks for: most answers
// are short, and a statement costs more than their rows do.
type joinedSources struct {
	stmt    *Statement
	frame   *frame // of every source, and a column more: which one it is
	sources []*changeSource
}

// joinSources finds the sources that can be asked together, those whose rows
// look the same. nil where there are fewer than two.
func (c *compiler) joinSources(sources []*changeSource) *joinedSources {
	var alike []*changeSource
	for _, s := range sources {
		if s.since != nil && (len(alike) == 0 || sameColumns(c.server, alike[0].frame, s.frame)) {
			alike = append(alike, s)
		}
	}
	if len(alike) < 2 || !c.bound() {
		return nil
	}
	before := len(c.faults)
	defer func() { c.faults = c.faults[:before] }() // said for the statements of each
	var all []sqlText
	var names []string
	var free frame
	bounds := 0
	for i, s := range alike {
		free = *s.frame
		filter, ok := s.filter(c, bounds)
		if !ok {
			return nil
		}
		bounds += s.bounds
		free.used, free.where = slices.Clone(free.used), append(slices.Clone(free.where), filter)
		which := slot{kind: convert.ColumnInteger}
		which.expr.text(string(rune('0' + i%10)))
		free.slots = append(slices.Clone(free.slots), which)
		stmt := free.statement()
		all, names = append(all, sqlText{pieces: stmt.pieces}), append(names, stmt.Name)
		if i == 9 {
			break // the others are asked by themselves
		}
	}
	free.name = strings.Join(names, " and ")
	return &joinedSources{
		stmt:  &Statement{Name: free.name, server: c.server, pieces: joinSQL(" union all ", all).pieces, width: len(free.slots)},
		frame: &free, sources: alike[:len(all)],
	}
}

// sameColumns says whether two frames select what a server can put into one
// column without changing it: numbers and times of one kind, and else the same
// column of the same table. Texts of two tables may have orders that it does not
// put together. SQLite leaves every value as it is.
func sameColumns(server Server, a, b *frame) bool {
	return slices.EqualFunc(a.slots, b.slots, func(x, y slot) bool {
		switch {
		case x.kind != y.kind || x.name == "" || y.name == "":
			return false
		case server == SQLite, x.kind == convert.ColumnInteger, x.kind == convert.ColumnDate, x.kind == convert.ColumnDateTime, x.kind == convert.ColumnTimestamp:
			return true
		}
		aliasX, columnX, _ := strings.Cut(x.name, ".")
		aliasY, columnY, _ := strings.Cut(y.name, ".")
		relX, _ := a.scope.find(aliasX)
		relY, _ := b.scope.find(aliasY)
		return relX != nil && relY != nil && columnX == columnY && relX.source.Select == nil && relY.source.Select == nil &&
			relX.source.Table.Value == relY.source.Table.Value
	})
}

// read gives the rows of every source, by source; not ok where a time is too
// early for the statement.
func (j *joinedSources) read(ctx context.Context, x *fetcher, since time.Time) (bySource [][]*row, ok bool, err error) {
	if j == nil || since.IsZero() {
		return nil, false, nil
	}
	bounds := make([]any, 0, len(j.sources))
	for _, s := range j.sources {
		if bounds, ok = s.sinceValues(bounds, since); !ok {
			return nil, false, nil
		}
	}
	rows, err := x.rows(ctx, j.stmt, j.frame, values{scalars: map[listName][]any{sinceBound: bounds}})
	if err != nil {
		return nil, false, err
	}
	bySource = make([][]*row, len(j.sources))
	which := len(j.frame.slots) - 1
	// One source's rows mostly come after another's: they share one list then.
	for len(rows) > 0 {
		of, _ := rows[0].cells[which].SmallInteger()
		n := 0
		for n < len(rows) {
			if next, _ := rows[n].cells[which].SmallInteger(); next != of {
				break
			}
			rows[n].cells = rows[n].cells[:which]
			n++
		}
		if bySource[of] == nil {
			bySource[of] = rows[:n:n]
		} else {
			bySource[of] = append(bySource[of], rows[:n]...)
		}
		rows = rows[n:]
	}
	return bySource, true, nil
}
