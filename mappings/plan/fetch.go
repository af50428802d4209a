package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// Querier runs the statements of a program.
type Querier interface {
	// Query runs one SELECT. For each row it asks next for the cells to scan
	// into, one for each column. It answers with an error unless every row
	// was read.
	Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error
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
}

// rows runs one statement and gives its rows.
func (x *fetcher) rows(ctx context.Context, stmt *Statement, f *frame, v values) ([]*row, error) {
	v.scalars = map[listName][]any{dealerName: {x.env.dealer}, todayName: {x.env.today}, sinceBound: v.scalars[sinceBound]}
	v.asked = x.env.asked
	text, args, err := stmt.render(v)
	if err != nil {
		return nil, err
	}
	var all []*row
	var block []convert.Cell
	width := len(f.slots)
	next := func() []convert.Cell {
		if len(block) < width {
			block = make([]convert.Cell, width*32)
		}
		cells := block[:width:width]
		block = block[width:]
		for i := range cells {
			cells[i] = convert.NewCell(f.slots[i].kind)
		}
		all = append(all, &row{cells: cells})
		return cells
	}
	if err := x.q.Query(ctx, stmt.Name, text, args, next); err != nil {
		return nil, fmt.Errorf("reading %s: %w", stmt.Name, err)
	}
	return all, nil
}

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
	for _, r := range rows {
		r.branches = make([][]*row, len(f.branches))
	}
	for level := 0; level <= top; level++ {
		g, inner := errgroup.WithContext(ctx)
		g.SetLimit(atOnce)
		for i, b := range f.branches {
			if b.one && b.level == level || !b.one && level == top {
				g.Go(func() error { return x.branch(inner, i, b, rows) })
			}
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	f.stand(rows)
	return nil
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
	for _, owner := range owners {
		mine := b.kept(owner.branches[at], x.env)
		found = found || len(mine) > 0
		if b.elements != nil {
			sortBy(mine, b.order, x.env, func(_, _ *row) int { return 0 }) // else as they stand in the text
		} else {
			sortBy(mine, b.order, x.env, compareCells)
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

// rowsFor gives the rows of a branch to their owners and tells all of them.
func (x *fetcher) rowsFor(ctx context.Context, at int, b *branch, owners []*row) ([]*row, error) {
	if b.elements != nil {
		return x.takeApart(at, b, owners), nil
	}
	ownerKeys := make([]string, len(owners))
	var tuples [][]any
	seen := map[string]bool{}
	var texts []string
	for i, owner := range owners {
		key, raw, ok := b.keyOf(owner, x.env, texts[:0])
		texts = raw
		if !ok {
			continue
		}
		ownerKeys[i] = key
		for _, tuple := range b.tuplesOf(raw) {
			if id := fmt.Sprint(tuple...); !seen[id] {
				seen[id] = true
				tuples = append(tuples, tuple)
			}
		}
	}
	found := map[string][]*row{}
	for start := 0; start < len(tuples); start += maxList {
		v := values{lists: map[listName][][]any{parentList: tuples[start:min(start+maxList, len(tuples))]}}
		rows, err := x.rows(ctx, b.stmt, b.frame, v)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			key, ok := b.rowKey(r)
			if ok {
				found[key] = append(found[key], r)
			}
		}
	}
	var all []*row
	for i, owner := range owners {
		if ownerKeys[i] == "" {
			continue
		}
		for _, r := range b.unmultiplied(found[ownerKeys[i]]) {
			own := &row{cells: r.cells, parent: owner}
			owner.branches[at] = append(owner.branches[at], own)
			all = append(all, own)
		}
	}
	return all, nil
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

// keyOf is what an owner's rows are found by; not ok where a part is missing.
func (b *branch) keyOf(owner *row, e *env, texts []string) (string, []string, bool) {
	var key strings.Builder
	for i, get := range b.keys {
		got := get(owner, e)
		if got.state != convert.Present {
			return "", texts, false
		}
		texts = append(texts, got.text)
		writePart(&key, b.rules[i].norm(got.text))
	}
	return key.String(), texts, true
}

// rowKey is the same of a fetched row; its match columns come first.
func (b *branch) rowKey(r *row) (string, bool) {
	var key strings.Builder
	for i := range b.rules {
		if r.cells[i].IsNull() {
			return "", false
		}
		writePart(&key, b.rules[i].norm(r.cells[i].String()))
	}
	return key.String(), true
}

// writePart adds a part to a key so that parts cannot run into each other.
func writePart(key *strings.Builder, part string) {
	fmt.Fprintf(key, "%d:%s", len(part), part)
}

// tuplesOf are the values to look for: the text as it stands, and without the
// blanks at its end where a server would tell them apart.
func (b *branch) tuplesOf(texts []string) [][]any {
	exact := make([]any, len(texts))
	short := make([]any, len(texts))
	differ := false
	for i, text := range texts {
		v, ok := b.rules[i].bind(text)
		if !ok {
			return nil
		}
		exact[i], short[i] = v, v
		if s, isText := v.(string); isText && textualKind(b.rules[i].kind) {
			if trimmed := strings.TrimRight(s, " "); trimmed != s {
				short[i], differ = trimmed, true
			}
		}
	}
	if !differ {
		return [][]any{exact}
	}
	return [][]any{exact, short}
}

func textualKind(k convert.ColumnKind) bool {
	return k == convert.ColumnText || k == convert.ColumnUnknown
}
