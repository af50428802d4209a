package plan

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// Querier runs the statements of a program.
type Querier interface {
	// Query runs one SELECT. For each row it asks next for the cells to scan
	// into, one for each column, and fills them before it asks for the next
	// row's. It answers with an error unless every row was read.
	Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error
}

// PieceQuerier is a Querier that can put the cells' texts where it is told.
type PieceQuerier interface {
	Querier
	QueryInto(ctx context.Context, texts *convert.Pieces, name, text string, args []any, next func() []convert.Cell) error
}

// Noter is told of values that were not sent as they stood. It must not block.
type Noter func(endpoint, field string, reason Reason, row string)

// atOnce is how many statements of one request run at the same time.
const atOnce = 4

// fetcher runs the statements of one request.
type fetcher struct {
	q   Querier
	env *env
	// note is told of joins that found several rows and of elements that
	// cannot be read, one call at a time.
	note  func(b *branch, owner *row, reason Reason)
	notes sync.Mutex
	// entire says that the main rows are all there are of their kind.
	entire bool
}

// rows runs one statement and gives its rows.
func (x *fetcher) rows(ctx context.Context, stmt *Statement, f *frame, v values) ([]*row, error) {
	v.scalars = x.env.scalarsWith(v.scalars[sinceBound])
	v.asked = x.env.asked
	text, args, err := stmt.render(v)
	if err != nil {
		return nil, err
	}
	all := x.env.blocks.list(v.about(f))[:0]
	blank := f.blank
	if len(blank) != len(f.slots) { // its statement was made by hand
		blank = f.emptyCells()
	}
	room := x.env.blocks.take(len(blank), 0)
	next := func() []convert.Cell {
		r := room.next(blank)
		if r == nil {
			room = x.env.blocks.take(len(blank), len(all))
			r = room.next(blank)
		}
		all = append(all, r)
		return r.cells
	}
	if q, ok := x.q.(PieceQuerier); ok && x.env.texts != nil {
		err = q.QueryInto(ctx, x.env.texts, stmt.Name, text, args, next)
	} else {
		err = x.q.Query(ctx, stmt.Name, text, args, next)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", stmt.Name, err)
	}
	return all, nil
}

// about is how many rows a statement may find, a guess.
func (v values) about(f *frame) int {
	n := 0
	for _, list := range v.lists {
		n += len(list)
	}
	if f.parents > 0 {
		n *= rowsPerOwner
	}
	return min(max(n, blockRows), chunkLength)
}

const rowsPerOwner = 4

// branches fetches everything that hangs on rows of a frame: joins that are
// fetched apart, child lists, rows of aggregates, level by level, at the same
// time within a level.
func (x *fetcher) branches(ctx context.Context, f *frame, rows []*row) error {
	if len(rows) == 0 {
		return nil
	}
	if len(f.branches) == 0 {
		f.stand(rows)
		return nil
	}
	// Joins come first: child lists may be matched by what they found.
	top := 0
	for _, b := range f.branches {
		if b.one {
			top = max(top, b.level+1)
		}
	}
	n := len(f.branches)
	lists := x.env.blocks.branchesOf(n * len(rows))
	for i, r := range rows {
		r.branches = lists[i*n : (i+1)*n : (i+1)*n]
	}
	for level := 0; level <= top; level++ {
		var due []int
		for i, b := range f.branches {
			if b.one && b.level == level || !b.one && level == top {
				due = append(due, i)
			}
		}
		if err := x.atOnce(ctx, f, due, rows); err != nil {
			return err
		}
	}
	f.stand(rows)
	return nil
}

// atOnce fetches branches at the same time, one of them here.
func (x *fetcher) atOnce(ctx context.Context, f *frame, due []int, rows []*row) error {
	if len(due) == 1 {
		return x.branch(ctx, due[0], f.branches[due[0]], rows)
	}
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for n, i := range due {
		fetch := func() error { return x.branch(inner, i, f.branches[i], rows) }
		if n < len(due)-1 {
			g.Go(func() error { return onNewStack(fetch) })
			continue
		}
		if err := fetch(); err != nil {
			g.Go(func() error { return err }) // so that the others end
		}
	}
	return g.Wait()
}

// branch fetches the rows of one branch for all owners at once, with all that
// hangs on them, and puts them in their order.
func (x *fetcher) branch(ctx context.Context, at int, b *branch, owners []*row) error {
	all, err := x.rowsFor(ctx, at, b, owners)
	if err != nil {
		return err
	}
	if err := x.branches(ctx, b.frame, all); err != nil {
		return err
	}
	found := false
	var sorted sorter
	for _, owner := range owners {
		mine := b.kept(owner.branches[at], x.env)
		found = found || len(mine) > 0
		if b.ranked != nil {
			mine = b.ranked(mine, x.env)
		}
		if b.elements != nil {
			sorted.by(mine, b.order, x.env, func(_, _ *row) int { return 0 }) // else as they stand in the text
		} else {
			sorted.by(mine, b.order, x.env, compareCells)
		}
		mine = b.once(mine, x.env)
		if b.one && len(mine) > 1 {
			if b.note {
				x.noted(b, owner, Duplicate)
			}
			mine = mine[:1]
		}
		owner.branches[at] = mine
	}
	if !found {
		return b.frame.needed.there(ctx, x)
	}
	return nil
}

func (x *fetcher) noted(b *branch, owner *row, reason Reason) {
	if x.note == nil {
		return
	}
	x.notes.Lock()
	defer x.notes.Unlock()
	x.note(b, owner, reason)
}

// takeApart makes the rows of elements inside a value of their owners.
func (x *fetcher) takeApart(at int, b *branch, owners []*row) []*row {
	var all []*row
	for _, owner := range owners {
		text := b.text(owner, x.env)
		if text.state.Bad() {
			x.noted(b, owner, reasonOf(text.state))
			continue
		}
		elements, bad := b.elements.Of(text.text)
		for range bad {
			x.noted(b, owner, Unreadable)
		}
		for _, parts := range elements {
			own := &row{cells: make([]convert.Cell, len(parts)), parent: owner}
			for i, part := range parts {
				own.cells[i] = part.Cell()
			}
			owner.branches[at] = append(owner.branches[at], own)
			all = append(all, own)
		}
	}
	return all
}

// unmultiplied lets rows stand once that a join inside the statement found
// several rows for.
func (b *branch) unmultiplied(rows []*row) []*row {
	if len(b.unique) == 0 || len(rows) < 2 {
		return rows
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(rows), func(r *row) bool {
		id := encodeCells("", r, b.unique)
		again := seen[id]
		seen[id] = true
		return again
	})
}

// kept are the rows that required joins found something for and that filters
// let through.
func (b *branch) kept(rows []*row, e *env) []*row {
	if len(b.required) == 0 && b.filter == nil {
		return rows
	}
	return slices.DeleteFunc(rows, func(r *row) bool {
		return slices.ContainsFunc(b.required, func(at int) bool { return len(r.branches[at]) == 0 }) || b.filter != nil && !b.filter(r, e)
	})
}

// once lets rows with the same distinct values stand once, the first in order.
// Rows of which such a value is not known are not taken for the same.
func (b *branch) once(rows []*row, e *env) []*row {
	if len(b.distinct) == 0 {
		return rows
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(rows, func(r *row) bool {
		var id strings.Builder
		if !writeValues(&id, b.distinct, r, e) {
			return false
		}
		again := seen[id.String()]
		seen[id.String()] = true
		return again
	})
}

// writePart adds a part to a text under construction so that parts cannot run
// into each other.
func writePart(key *strings.Builder, part string) {
	key.WriteString(strconv.Itoa(len(part)))
	key.WriteByte(':')
	key.WriteString(part)
}

func textualKind(k convert.ColumnKind) bool {
	return k == convert.ColumnText || k == convert.ColumnUnknown
}
