package plan

import (
	"sync/atomic"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// value is what an evaluator makes of a row: a text in the spelling of the type
// it was made for (an instant as 2006-01-02T15:04:05Z, a decimal with a point),
// or the reason why there is none.
type value struct {
	text  string
	state convert.State
	micro int64 // of an instant: since 1970, in microseconds
	timed bool  // it is an instant
	cut   bool  // shortened, as the mapping says
	zero  bool  // stands in for a zero date that was passed over
}

// at is the time of an instant.
func (v value) at() time.Time { return time.UnixMicro(v.micro).UTC() }

func present(text string) value { return value{text: text, state: convert.Present} }

func absent(state convert.State) value { return value{state: state} }

// made is a converter's answer as a value: empty texts are no values.
func made(text string, state convert.State) value {
	if state == convert.Present && text == "" {
		state = convert.Empty
	}
	return value{text: text, state: state}
}

// evaluator computes one value of a row. It is made once for a plan and used
// for every row by any number of requests at a time.
type evaluator func(r *row, e *env) value

// env is what evaluators may know beside the row.
type env struct {
	dealer      string
	today       string
	asked       []string // what @customer stands for
	documentURL func(kind, id string) string
	fileExists  func(dir, name string) (bool, error)
	failed      atomic.Pointer[error] // the first failure of fileExists
	blocks      blocks                // of the rows fetched
	texts       *convert.Pieces       // where their texts lie; nil: nobody says when they are done with
	scalars     map[listName][]any    // that every statement is given
}

// scalarsWith are the values every statement is given, with the bounds of a look
// for changes.
func (e *env) scalarsWith(since []any) map[listName][]any {
	if len(since) == 0 && e.scalars != nil {
		return e.scalars
	}
	return map[listName][]any{dealerName: {e.dealer}, todayName: {e.today}, sinceBound: since}
}

// row is one fetched row with all that was fetched for it.
type row struct {
	cells    []convert.Cell
	parent   *row
	branches [][]*row // by the frame's branches
	fields   []value  // of the element that is being made of it, for `when:`
	key      string   // of a list's main row
	number   string   // the dealer customer number of a main row
	element  *element // what is made of a main row
	other    *row     // of a main row: one of the same key for another customer
	hidden   bool     // its code says so by now
	taken    bool     // stands in a list already, see each
	doubt    *doubt   // nobody knows whether it is to be shown
}

var nullCell = func() *convert.Cell {
	c := convert.NewCell(convert.ColumnUnknown)
	c.SetNull()
	return &c
}()

// cell finds the cell at a place; rows that were not found have NULLs.
func (r *row) cell(p place) *convert.Cell {
	if p.depth == 0 && p.branch < 0 {
		return &r.cells[p.slot]
	}
	return r.far(p)
}

// far is cell for places outside of the row itself.
func (r *row) far(p place) *convert.Cell {
	for range p.depth {
		r = r.parent
	}
	if p.branch >= 0 {
		rows := r.branches[p.branch]
		if len(rows) == 0 {
			return nullCell
		}
		r = rows[0]
	}
	return &r.cells[p.slot]
}

// rowsOf are the rows of a branch.
func (r *row) rowsOf(p place) []*row {
	for range p.depth {
		r = r.parent
	}
	return r.branches[p.branch]
}

func instant(at time.Time, state convert.State) value {
	if state != convert.Present {
		return absent(state)
	}
	return value{text: convert.Instant(at), state: convert.Present, micro: at.UnixMicro(), timed: true}
}
