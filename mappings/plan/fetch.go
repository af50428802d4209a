package plan

import (
	"context"
	"fmt"
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
	// note is told of joins that found several rows, one call at a time.
	note  func(b *branch, owner *row)
	notes sync.Mutex
}

// rows runs one statement and gives its rows.
func (x *fetcher) rows(ctx context.Context, stmt *Statement, f *frame, v values) ([]*row, error) {
	v.scalars = map[listName][]any{dealerName: {x.env.dealer}, todayName: {x.env.today}, sinceBound: v.scalars[sinceBound]}
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
	if len(f.branches) == 0 || len(rows) == 0 {
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
	return nil
}

// branch fetches the rows of one branch for all owners at once.
func (x *fetcher) branch(ctx context.Context, at int, b *branch, owners []*row) error {
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
		if b.pivot != nil {
			v.lists[customerList] = b.pivot.customers(x.env)
		}
		rows, err := x.rows(ctx, b.stmt, b.frame, v)
		if err != nil {
			return err
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
		for _, r := range found[ownerKeys[i]] {
			own := &row{cells: r.cells, parent: owner}
			owner.branches[at] = append(owner.branches[at], own)
			all = append(all, own)
		}
	}
	if err := x.branches(ctx, b.frame, all); err != nil {
		return err
	}
	for _, owner := range owners {
		mine := owner.branches[at]
		sortRows(mine, b.order, x.env)
		if b.one && len(mine) > 1 {
			if b.note && x.note != nil {
				x.notes.Lock()
				x.note(b, owner)
				x.notes.Unlock()
			}
			owner.branches[at] = mine[:1]
		}
	}
	return nil
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

// customers are the raw numbers of the customer asked for, in the type of the
// column they are compared with; a NULL, which equals nothing, when nobody was
// asked for.
func (p *pivotFilter) customers(e *env) [][]any {
	var all [][]any
	for _, raw := range e.customers {
		if len(raw) != 1 {
			continue
		}
		if v, ok := p.rule.bind(raw[0]); ok {
			all = append(all, []any{v})
		}
	}
	if len(all) == 0 {
		return [][]any{{nil}}
	}
	return all
}
