package plan

import (
	"context"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// Whole reads a list of at most so many rows in one go: what Keys finds, and
// what Rows makes of it. Not ok where there are more, or where the mapping needs
// the two steps; nothing was added or noted then.
func (p *Program) Whole(ctx context.Context, endpoint string, a Asking, most int, add func(reflect.Value)) (keys []RowKey, left []LeftOut, ok bool, err error) {
	w, ok, err := p.readWhole(ctx, endpoint, a, most)
	if err != nil || !ok {
		return nil, nil, false, err
	}
	w.made.each(add)
	return w.keys, w.left, true, nil
}

// WholeOf is Whole for who knows the endpoint's type.
func WholeOf[T any](ctx context.Context, p *Program, endpoint string, a Asking, most int) (all []T, keys []RowKey, left []LeftOut, ok bool, err error) {
	w, ok, err := p.readWhole(ctx, endpoint, a, most)
	if err != nil || !ok {
		return nil, nil, nil, false, err
	}
	all, err = elementsOf[T](w.made)
	return all, w.keys, w.left, err == nil, err
}

// wholeList is a list that was read in one go.
type wholeList struct {
	made elements
	keys []RowKey
	left []LeftOut
}

func (p *Program) readWhole(ctx context.Context, endpoint string, a Asking, most int) (w wholeList, ok bool, err error) {
	l := p.lists[endpoint]
	if l == nil || l.whole == nil {
		return w, false, nil
	}
	e := p.env(a)
	defer e.blocks.release()
	rows, ok, err := l.readWhole(ctx, e, a, most)
	if err != nil || !ok {
		return w, false, err
	}
	a.read()
	w.keys = make([]RowKey, len(rows))
	for i, r := range rows {
		w.keys[i] = RowKey{Row: r.key, Customer: r.number}
	}
	m := a.Memory.maker(l, maker{env: e, note: a.Note, endpoint: endpoint})
	w.made, w.left, err = m.elements(rows)
	return w, err == nil, err
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
	if empty, err := w.vacant.holds(ctx, x, v); empty || err != nil {
		return nil, err == nil, err
	}
	wide, err := x.rows(ctx, w.stmt, w.frame, v)
	if err != nil {
		return nil, false, err
	}
	w.vacant.saw(len(wide))
	if len(wide) > most {
		return nil, false, nil
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
func (m *maker) elements(rows []*row) (made elements, left []LeftOut, err error) {
	if len(rows) == 0 {
		return made, nil, nil
	}
	m.rows = rows
	for _, r := range rows {
		m.making(r.element).rows++
	}
	// All of them are of the endpoint's type, and lie side by side.
	typ := rows[0].element.shape.typ
	made = elements{typ: typ, root: m.main.take(rows[0].element.objects[0].slice, typ.Size(), len(rows), len(rows))}
	for _, r := range rows {
		if r.hidden {
			continue // since the key list was made
		}
		m.row = r.key
		place := made.at(made.n)
		bad := m.fill(r.element, r, place)
		switch {
		case bad == nil:
			made.n++
			continue
		case bad.fail:
			return elements{}, nil, fmt.Errorf("%w: %s %s: %s", ErrBadRow, m.endpoint, bad.field, bad.reason)
		}
		left = append(left, LeftOut{Row: r.key, Field: bad.field, Reason: bad.reason})
		reflect.NewAt(typ, place).Elem().SetZero() // the next one's place
	}
	if failed := m.env.failed.Load(); failed != nil {
		return elements{}, nil, fmt.Errorf("looking for documents: %w", *failed)
	}
	return made, left, nil
}

// elements are what was made of rows, side by side.
type elements struct {
	typ  reflect.Type // nil where there are none
	root unsafe.Pointer
	n    int
}

func (made elements) at(i int) unsafe.Pointer {
	return unsafe.Add(made.root, uintptr(i)*made.typ.Size())
}

func (made elements) each(do func(reflect.Value)) {
	for i := range made.n {
		do(reflect.NewAt(made.typ, made.at(i)).Elem())
	}
}

// elementsOf are elements as what they are, never nil. Their type is the one the
// mapping was compiled against.
func elementsOf[T any](made elements) ([]T, error) {
	if made.n == 0 {
		return []T{}, nil
	}
	if want := reflect.TypeFor[T](); made.typ != want {
		return nil, fmt.Errorf("elements of %s were made, not of %s", made.typ, want)
	}
	return unsafe.Slice((*T)(made.root), made.n), nil //nolint:gosec // of that type, see above
}
