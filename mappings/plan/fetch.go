package plan

import (
	"bytes"
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
	// entire says that the main rows are all there are of their kind.
	entire bool
}

// rows runs one statement and gives its rows.
func (x *fetcher) rows(ctx context.Context, stmt *Statement, f *frame, v values) ([]*row, error) {
	v.scalars = map[listName][]any{dealerName: {x.env.dealer}, todayName: {x.env.today}, sinceBound: v.scalars[sinceBound]}
	v.asked = x.env.asked
	text, args, err := stmt.render(v)
	if err != nil {
		return nil, err
	}
	all := make([]*row, 0, blockRows)
	blank := f.blank
	if len(blank) != len(f.slots) { // its statement was made by hand
		blank = f.emptyCells()
	}
	room := x.env.blocks.take(len(blank))
	next := func() []convert.Cell {
		r := room.next(blank)
		if r == nil {
			room = x.env.blocks.take(len(blank))
			r = room.next(blank)
		}
		all = append(all, r)
		return r.cells
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
	n := len(f.branches)
	lists := make([][]*row, n*len(rows))
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
			g.Go(fetch)
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

// rowsFor gives the rows of a branch to their owners and tells all of them.
func (x *fetcher) rowsFor(ctx context.Context, at int, b *branch, owners []*row) ([]*row, error) {
	if b.elements != nil {
		return x.takeApart(at, b, owners), nil
	}
	// Owners with the same key share a group of rows.
	groups := newPairing(len(owners))
	groupOf := make([]int, len(owners)) // -1: the owner has no key
	ask := newAsked(len(b.rules), len(owners))
	var texts []string
	var key, id []byte
	for i, owner := range owners {
		var ok bool
		if key, texts, ok = b.keyOf(owner, x.env, key[:0], texts[:0]); !ok {
			groupOf[i] = -1
			continue
		}
		groupOf[i], ok = groups.add(key)
		// The key is what texts come to in a comparison; each text is looked for.
		id = id[:0]
		for _, text := range texts {
			id = appendPart(id, text)
		}
		if ask.isNew(groupOf[i], ok, bytes.Equal(id, key), id) {
			ask.add(b.rules, texts)
		}
	}
	var rows []*row
	var found []int // by row: its group
	sizes := make([]int, groups.count()+1)
	take := func(some []*row) {
		for _, r := range some {
			var ok bool
			if key, ok = b.rowKey(r, key[:0]); !ok {
				continue
			}
			if group, _ := groups.find(key); group >= 0 {
				rows, found = append(rows, r), append(found, group)
				sizes[group+1]++
			}
		}
	}
	all, ok, err := x.untied(ctx, b, ask.tuples, groups)
	if err != nil {
		return nil, err
	}
	take(all)
	for start := 0; start < len(ask.tuples) && !ok; start += maxList {
		v := values{lists: map[listName][][]any{parentList: ask.tuples[start:min(start+maxList, len(ask.tuples))]}}
		some, err := x.rows(ctx, b.stmt, b.frame, v)
		if err != nil {
			return nil, err
		}
		take(some)
	}
	// The rows of each group next to each other, in the order of groups, which is
	// that of owners.
	ends := sizes
	for g := 1; g < len(ends); g++ {
		ends[g] += ends[g-1]
	}
	grouped := make([]*row, len(rows))
	for i, r := range rows {
		grouped[ends[found[i]]] = r
		ends[found[i]]++
	}
	all = make([]*row, 0, len(rows))
	given := 0 // groups that have an owner
	for i, owner := range owners {
		group := groupOf[i]
		if group < 0 {
			continue
		}
		from := 0
		if group > 0 {
			from = ends[group-1]
		}
		mine := len(all)
		for _, r := range b.unmultiplied(grouped[from:ends[group]]) {
			if group < given { // another owner's by now
				r = &row{cells: r.cells}
			}
			r.parent = owner
			all = append(all, r)
		}
		given = max(given, group+1)
		if len(all) > mine {
			owner.branches[at] = all[mine:len(all):len(all)]
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

// keyOf is what an owner's rows are found by, with the texts it is made of; not
// ok where a part is missing.
func (b *branch) keyOf(owner *row, e *env, key []byte, texts []string) ([]byte, []string, bool) {
	for i, get := range b.keys {
		got := get(owner, e)
		if got.state != convert.Present {
			return key, texts, false
		}
		texts = append(texts, got.text)
		key = appendPart(key, b.rules[i].norm(got.text))
	}
	return key, texts, true
}

// rowKey is the same of a fetched row; its match columns come first.
func (b *branch) rowKey(r *row, key []byte) ([]byte, bool) {
	for i := range b.rules {
		if r.cells[i].IsNull() {
			return key, false
		}
		key = appendPart(key, b.rules[i].norm(r.cells[i].String()))
	}
	return key, true
}

// writePart adds a part to a text under construction so that parts cannot run
// into each other.
func writePart(key *strings.Builder, part string) {
	key.WriteString(strconv.Itoa(len(part)))
	key.WriteByte(':')
	key.WriteString(part)
}

// lookedFor gathers the values rows are looked for by.
type lookedFor struct {
	tuples [][]any
	values []any
	exact  []bool   // by group: its key itself was asked for
	others *pairing // what else was
}

func newAsked(width, owners int) *lookedFor {
	return &lookedFor{
		tuples: make([][]any, 0, owners), values: make([]any, 0, width*owners), exact: make([]bool, 0, owners),
	}
}

// isNew says whether a text was not asked for so far. It is told the group it
// belongs to, whether that is new, and whether the text is its key.
func (l *lookedFor) isNew(group int, isNew, exact bool, id []byte) bool {
	if isNew {
		l.exact = append(l.exact, false)
	}
	if exact {
		before := l.exact[group]
		l.exact[group] = true
		return !before
	}
	if l.others == nil {
		l.others = newPairing(cap(l.tuples))
	}
	_, first := l.others.add(id)
	return first
}

// add looks for texts as they stand, and without the blanks at their ends where
// a server would tell them apart. What a column cannot hold is not looked for.
func (l *lookedFor) add(rules []matchRule, texts []string) {
	from := len(l.values)
	differ := false
	for i, text := range texts {
		v, ok := rules[i].bind(text)
		if !ok {
			l.values = l.values[:from]
			return
		}
		l.values = append(l.values, v)
		if textualKind(rules[i].kind) && strings.HasSuffix(text, " ") {
			_, isText := v.(string)
			differ = differ || isText
		}
	}
	tuple := l.values[from:len(l.values):len(l.values)]
	l.tuples = append(l.tuples, tuple)
	if !differ {
		return
	}
	short := slices.Clone(tuple)
	for i, v := range short {
		if s, isText := v.(string); isText && textualKind(rules[i].kind) {
			short[i] = strings.TrimRight(s, " ")
		}
	}
	l.tuples = append(l.tuples, short)
}

func textualKind(k convert.ColumnKind) bool {
	return k == convert.ColumnText || k == convert.ColumnUnknown
}
