package plan

import (
	"context"
	"slices"
	"sync/atomic"
)

// vacant is the question whether a list has no rows and may have none, which is
// otherwise asked in two: for its rows, and, as there are none, for those of the
// tables they need. A pull asks for many customers who have nothing; where most
// lists were empty of late, the next one is asked whether it is.
type vacant struct {
	needed *neededTables
	stmt   *Statement
	frame  *frame
	often  atomic.Int32 // how often lists were empty of late
}

// When lists are taken to be empty: one that is not costs a statement in vain.
const (
	vacantLeast = 4 // times that are needed
	vacantMost  = 8 // times that count
	vacantCost  = 4 // times that one with rows takes away
)

// vacant makes that statement for a list; nil where its emptiness needs no
// second one.
func (c *compiler) vacant(k *keyReader) *vacant {
	n := k.frame.needed
	if n == nil {
		return nil
	}
	f := *k.frame
	f.used, f.slots = slices.Clone(f.used), []slot{{expr: *new(sqlText).text("1")}}
	var s sqlText
	s.text("select exists (").add(sqlText{pieces: f.statement().pieces}).text("), ").add(n.asked)
	return &vacant{
		needed: n,
		stmt:   &Statement{Name: f.name + " empty", server: c.server, width: 1 + n.stmt.width, pieces: s.pieces},
		frame:  &frame{c: c, name: f.name, slots: make([]slot, 1+n.stmt.width)},
	}
}

// holds says that a list has no rows; ErrNoRows where that is no answer. Where
// it does not hold, the list has to be read.
func (n *vacant) holds(ctx context.Context, x *fetcher, v values) (bool, error) {
	if n == nil || n.often.Load() < vacantLeast {
		return false, nil
	}
	rows, err := x.rows(ctx, n.stmt, n.frame, v)
	if err != nil || len(rows) != 1 || rows[0].cells[0].String() != "0" {
		return false, err
	}
	if err := n.needed.missing(rows[0].cells[1:]); err != nil {
		return false, err
	}
	n.saw(0)
	return true, nil
}

// saw takes up how many rows a list has. That two calls may count as one does no
// harm.
func (n *vacant) saw(rows int) {
	switch {
	case n == nil:
	case rows == 0:
		n.often.Store(min(n.often.Load()+1, vacantMost))
	default:
		n.often.Store(max(n.often.Load()-vacantCost, 0))
	}
}
