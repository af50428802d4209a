package plan

import (
	"context"
	"fmt"
	"reflect"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// Whole reads a list of at most so many rows in one go: what Keys finds, and
// what Rows makes of it. Not ok where there are more, or where the mapping needs
// the two steps; nothing was added or noted then.
func (p *Program) Whole(ctx context.Context, endpoint string, a Asking, most int, add func(reflect.Value)) (keys []RowKey, left []LeftOut, ok bool, err error) {
	l := p.lists[endpoint]
	if l == nil || l.whole == nil {
		return nil, nil, false, nil
	}
	e := p.env(a)
	defer e.blocks.release()
	rows, ok, err := l.readWhole(ctx, e, a, most)
	if err != nil || !ok {
		return nil, nil, false, err
	}
	keys = make([]RowKey, len(rows))
	for i, r := range rows {
		keys[i] = RowKey{Row: r.key, Customer: r.number}
	}
	m := &maker{env: e, note: a.Note, endpoint: endpoint}
	left, err = m.elements(rows, add)
	if err != nil {
		return nil, nil, false, err
	}
	return keys, left, true, nil
}

// readWhole reads at most so many rows with all that hangs on them, in order.
func (l *list) readWhole(ctx context.Context, e *env, a Asking, most int) ([]*row, bool, error) {
	k, w := &l.keys, l.whole
	v := values{most: most + 1}
	if k.customer != nil {
		tuples := k.customer.tuples(a.Customers)
		switch {
		case len(tuples) == 0:
			return nil, true, nil
		case len(tuples) > maxList:
			return nil, false, nil
		}
		v.lists = map[listName][][]any{customerList: tuples}
	}
	x := &fetcher{q: a.Querier, env: e, note: noting(a, l.name), entire: k.customer == nil}
	wide, err := x.rows(ctx, w.stmt, w.frame, v)
	if err != nil || len(wide) > most {
		return nil, false, err
	}
	narrow := k.narrowed(wide, w.cells)
	keyed := k.ofCustomers(narrow, a.Customers)
	k.encode(keyed)
	if !differ(keyed) {
		return nil, false, nil // which of them counts, and who is told, is for the two steps to say
	}
	found, err := k.candidates(ctx, x, a, keyed)
	if err != nil {
		return nil, false, err
	}
	found = once(order(found, k.order, e), e)
	rows := make([]*row, len(found))
	for i := range found {
		r := found[i].row.parent
		if l.rows.customer != nil && !l.rows.belongs(r, a.Customers) {
			return nil, false, nil
		}
		r.key, r.number, r.element = found[i].row.key, found[i].row.number, l.element
		rows[i] = r
	}
	if err := x.branches(ctx, l.rows.frame, rows); err != nil {
		return nil, false, err
	}
	return rows, true, nil
}

// narrowed makes of wide rows such as the key reader has. The wide row is the
// parent of each.
func (k *keyReader) narrowed(wide []*row, cells []int) []*row {
	all := make([]row, len(wide))
	room := make([]convert.Cell, len(wide)*len(cells))
	rows := make([]*row, len(wide))
	for i, r := range wide {
		own := room[:len(cells):len(cells)]
		room = room[len(cells):]
		for at, from := range cells {
			own[at] = r.cells[from]
		}
		all[i] = row{cells: own, parent: r}
		rows[i] = &all[i]
	}
	return rows
}

// differ says whether every row has a key of its own.
func differ(rows []*row) bool {
	seen := newPairing(len(rows))
	var id []byte
	for _, r := range rows {
		id = appendPart(appendPart(id[:0], r.key), r.number)
		if _, isNew := seen.add(id); !isNew {
			return false
		}
	}
	return true
}

// elements makes the elements of rows, one for each that can be sent.
func (m *maker) elements(rows []*row, add func(reflect.Value)) ([]LeftOut, error) {
	m.rows = rows
	for _, r := range rows {
		m.making(r.element).rows++
	}
	var left []LeftOut
	for _, r := range rows {
		if r.hidden {
			continue // since the key list was made
		}
		m.row = r.key
		made, bad := m.element(r.element, r)
		switch {
		case bad == nil:
			add(made)
		case bad.fail:
			return nil, fmt.Errorf("%w: %s %s: %s", ErrBadRow, m.endpoint, bad.field, bad.reason)
		default:
			left = append(left, LeftOut{Row: r.key, Field: bad.field, Reason: bad.reason})
		}
	}
	if failed := m.env.failed.Load(); failed != nil {
		return nil, fmt.Errorf("looking for documents: %w", *failed)
	}
	return left, nil
}
