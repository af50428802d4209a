package plan

import (
	"context"
	"slices"
	"sync/atomic"
	"unicode/utf8"
)

// untied is a statement of child rows without the list of owners: the rows of
// all owners there are. A list that is read as a whole mostly asks for them
// anyway, and their keys cost the server more than the rows do.
type untied struct {
	stmt *Statement
	rows int         // of the table, as the server thinks
	vain atomic.Bool // it read too much that nobody asked for
}

const (
	untiedLeast  = 16      // owners for whom it is tried
	untiedTable  = 100_000 // rows of a table, as the server thinks, that is read so at most
	untiedPerOne = 16      // rows for each owner, of which not more are read
	untiedWhole  = 4       // times as many a table may have that is read to its end
)

// most is how many rows are read for some owners. A server that is to give fewer
// rows than a table has looks for them by an index, however many there are; one
// row after the other is then fetched at twice the cost of reading the table. So
// a table that is not much longer may be read whole.
func (u *untied) most(owners int) int {
	most := owners * untiedPerOne
	if u.rows <= most*untiedWhole {
		most = max(most, 2*u.rows) // what the server thinks is no more than a guess
	}
	return most
}

// untied makes that statement; nil where there is none, or it could be a large
// one.
func (c *compiler) untied(f *frame) *untied {
	main := f.scope.relations[0]
	if main.table == nil || main.table.Rows == 0 || main.table.Rows > untiedTable {
		return nil
	}
	ties := func(s sqlText) bool {
		return slices.ContainsFunc(s.pieces, func(p piece) bool { return p.list == parentList })
	}
	free := *f
	free.used, free.where = slices.Clone(f.used), slices.DeleteFunc(slices.Clone(f.where), ties)
	before := len(c.faults)
	stmt := free.statement()
	c.faults = c.faults[:before] // said for the statement with the list
	if len(free.where) != len(f.where)-1 || ties(sqlText{pieces: stmt.pieces}) {
		return nil
	}
	stmt.pieces = append(stmt.pieces, new(sqlText).text(" limit ").scalar(mostRows, 0).pieces...)
	return &untied{stmt: stmt, rows: int(main.table.Rows)}
}

// untied reads the rows of all owners and takes them; not ok where the owners
// have to be named.
func (x *fetcher) untied(ctx context.Context, b *branch, w *workspace) (bool, error) {
	u, ask := b.stmt.untied, w.asked.tuples
	if !x.entire || u == nil || len(ask) < untiedLeast || u.vain.Load() || !plainOnly(ask) {
		return false, nil
	}
	most := u.most(len(ask))
	rows, err := x.rows(ctx, u.stmt, b.frame, values{most: most})
	if err != nil {
		return false, err
	}
	if len(rows) == most {
		u.vain.Store(true)
		return false, nil
	}
	w.take(b, rows)
	if 2*len(w.rows) < len(rows) {
		u.vain.Store(true)
	}
	for _, r := range w.rows {
		for i := range b.rules {
			if !b.rules[i].numeric && !plainText(r.cells[i].String()) {
				u.vain.Store(true) // whether they are the same is for the server to say
				w.untake()
				return false, nil
			}
		}
	}
	return true, nil
}

// plainOnly says whether servers and this package agree about which of the texts
// are the same.
func plainOnly(tuples [][]any) bool {
	for _, tuple := range tuples {
		for _, v := range tuple {
			if text, ok := v.(string); ok && !plainText(text) {
				return false
			}
		}
	}
	return true
}

func plainText(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
