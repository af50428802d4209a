package plan

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// rowsFor gives the rows of a branch to their owners and tells all of them.
func (x *fetcher) rowsFor(ctx context.Context, at int, b *branch, owners []*row) ([]*row, error) {
	if b.elements != nil {
		return x.takeApart(at, b, owners), nil
	}
	// Owners with the same key share a group of rows.
	w, _ := freeWorkspaces.Get().(*workspace)
	defer w.release()
	w.begin(len(owners))
	groups, groupOf, ask := &w.groups, w.groupOf, &w.asked
	texts, key, id := w.texts, w.key, w.id
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
	w.texts, w.key, w.id = texts, key, id
	w.sizes = append(w.sizes, make([]int, groups.count()+1)...)
	ok, err := x.untied(ctx, b, w)
	if err != nil {
		return nil, err
	}
	for start := 0; start < len(ask.tuples) && !ok; start += maxList {
		v := values{lists: map[listName][][]any{parentList: ask.tuples[start:min(start+maxList, len(ask.tuples))]}}
		some, err := x.rows(ctx, b.stmt, b.frame, v)
		if err != nil {
			return nil, err
		}
		w.take(b, some)
	}
	// The rows of each group next to each other, in the order of groups, which is
	// that of owners.
	rows, found, ends := w.rows, w.found, w.sizes
	for g := 1; g < len(ends); g++ {
		ends[g] += ends[g-1]
	}
	w.grouped = append(w.grouped, rows...)
	grouped := w.grouped
	for i, r := range rows {
		grouped[ends[found[i]]] = r
		ends[found[i]]++
	}
	all := x.env.blocks.list(len(rows))[:0]
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

// workspace is what it takes to pair rows with their owners. It is used again for
// the next branch: nothing of it stays.
type workspace struct {
	groups  pairing
	groupOf []int // by owner; -1: it has no key
	asked   lookedFor
	texts   []string
	key, id []byte
	rows    []*row
	found   []int // by row: its group
	sizes   []int // by group
	grouped []*row
}

var freeWorkspaces = sync.Pool{New: func() any { return new(workspace) }}

func (w *workspace) begin(owners int) {
	w.groups.reset(owners)
	w.groupOf = append(w.groupOf[:0], make([]int, owners)...)
}

// take keeps those of some rows that have an owner.
func (w *workspace) take(b *branch, some []*row) {
	for _, r := range some {
		var ok bool
		if w.key, ok = b.rowKey(r, w.key[:0]); !ok {
			continue
		}
		if group, _ := w.groups.find(w.key); group >= 0 {
			w.rows, w.found = append(w.rows, r), append(w.found, group)
			w.sizes[group+1]++
		}
	}
}

// untake forgets all rows that were taken.
func (w *workspace) untake() {
	clear(w.rows)
	clear(w.sizes)
	w.rows, w.found = w.rows[:0], w.found[:0]
}

// workspaceMost bounds what is used again, in rows.
const workspaceMost = 4096

func (w *workspace) release() {
	if cap(w.rows) > workspaceMost || cap(w.groupOf) > workspaceMost {
		return
	}
	clear(w.rows)
	clear(w.grouped)
	clear(w.texts[:cap(w.texts)])
	clear(w.asked.tuples)
	clear(w.asked.values)
	w.rows, w.grouped, w.found, w.sizes = w.rows[:0], w.grouped[:0], w.found[:0], w.sizes[:0]
	w.asked = lookedFor{tuples: w.asked.tuples[:0], values: w.asked.values[:0], exact: w.asked.exact[:0]}
	freeWorkspaces.Put(w)
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
		key = b.rules[i].appendNorm(key, got.text)
	}
	return key, texts, true
}

// rowKey is the same of a fetched row; its match columns come first.
func (b *branch) rowKey(r *row, key []byte) ([]byte, bool) {
	for i := range b.rules {
		if r.cells[i].IsNull() {
			return key, false
		}
		key = b.rules[i].appendNorm(key, r.cells[i].String())
	}
	return key, true
}

// lookedFor gathers the values rows are looked for by.
type lookedFor struct {
	tuples [][]any
	values []any
	exact  []bool   // by group: its key itself was asked for
	others *pairing // what else was
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
		l.others = newPairing(len(l.tuples) + 1)
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
