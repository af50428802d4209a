package plan

import (
	"context"
	"slices"
	"sync/atomic"
	"unicode/utf8"
)

// untied is a statement of child rows without the list of owners: the rows of
// all owners there are. A list that is read as a whole mostly asks for them
// anyway, and some hundred keys cost the server more than the rows do.
type untied struct {
	stmt *Statement
	vain atomic.Bool // it read too much that nobody asked for
}

const (
	untiedLeast  = 32      // owners for whom it is tried
	untiedTable  = 100_000 // rows of a table, as the server thinks, that is read so at most
	untiedPerOne = 16      // rows for each owner, of which not more are read
)

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
	return &untied{stmt: stmt}
}

// untied reads the rows of all owners; not ok where the owners have to be named.
func (x *fetcher) untied(ctx context.Context, b *branch, ask [][]any, groups *pairing) ([]*row, bool, error) {
	u := b.stmt.untied
	if !x.entire || u == nil || len(ask) < untiedLeast || u.vain.Load() || !plainOnly(ask) {
		return nil, false, nil
	}
	most := len(ask) * untiedPerOne
	rows, err := x.rows(ctx, u.stmt, b.frame, values{most: most})
	if err != nil {
		return nil, false, err
	}
	owned := 0
	var key []byte
	for _, r := range rows {
		var ok bool
		if key, ok = b.rowKey(r, key[:0]); !ok {
			continue
		}
		if group, _ := groups.find(key); group < 0 {
			continue
		}
		owned++
		for i := range b.rules {
			if !b.rules[i].numeric && !plainText(r.cells[i].String()) {
				u.vain.Store(true) // whether they are the same is for the server to say
				return nil, false, nil
			}
		}
	}
	if len(rows) == most || 2*owned < len(rows) {
		u.vain.Store(true)
	}
	if len(rows) == most {
		return nil, false, nil
	}
	return rows, true, nil
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
