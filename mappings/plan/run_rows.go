package plan

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// LeftOut is a row that stands in the key list and cannot be sent.
type LeftOut struct {
	Row    string
	Field  string
	Reason Reason
}

// Rows reads the rows behind keys and makes elements of them, in the order of
// keys. add is called once for each element with a value of the endpoint's
// type. Rows that are gone are missing; rows that cannot be sent are left out.
func (p *Program) Rows(ctx context.Context, endpoint string, a Asking, keys []RowKey, add func(reflect.Value)) ([]LeftOut, error) {
	made, left, err := p.rows(ctx, endpoint, a, keys)
	if err != nil {
		return nil, err
	}
	made.each(add)
	return left, nil
}

// RowsOf is Rows for who knows the endpoint's type.
func RowsOf[T any](ctx context.Context, p *Program, endpoint string, a Asking, keys []RowKey) ([]T, []LeftOut, error) {
	made, left, err := p.rows(ctx, endpoint, a, keys)
	if err != nil {
		return nil, nil, err
	}
	all, err := elementsOf[T](made)
	return all, left, err
}

func (p *Program) rows(ctx context.Context, endpoint string, a Asking, keys []RowKey) (elements, []LeftOut, error) {
	l := p.lists[endpoint]
	if l == nil {
		return elements{}, nil, fmt.Errorf("the mapping has no endpoint %q", endpoint)
	}
	e := p.env(a)
	defer e.blocks.release()
	if l.none {
		if len(keys) > 0 {
			return elements{}, nil, ErrStaleKey
		}
		return elements{}, nil, nil
	}
	m := a.Memory.maker(l, maker{env: e, note: a.Note, endpoint: endpoint})
	if l.fixed != nil {
		rows, err := l.fixedRows(keys)
		if err != nil {
			return elements{}, nil, err
		}
		return m.elements(rows)
	}
	rows, err := l.read(ctx, e, a, keys)
	if err != nil {
		return elements{}, nil, err
	}
	a.read()
	return m.elements(rows)
}

// each gives every row once, however often its key was asked for.
func each(rows []*row) []*row {
	once := make([]*row, 0, len(rows))
	for _, r := range rows {
		if !r.taken {
			r.taken = true
			once = append(once, r)
		}
	}
	return once
}

// read fetches the rows behind keys and all that hangs on them, in the order of
// the keys. Each source is asked for its own.
func (l *list) read(ctx context.Context, e *env, a Asking, keys []RowKey) ([]*row, error) {
	parts := l.parts()
	if len(parts) == 1 && parts[0].rows.source == "" {
		return l.readPart(ctx, e, a, parts[0], keys)
	}
	found := map[RowKey]*row{}
	known := 0
	for _, part := range parts {
		var theirs []RowKey
		for _, key := range keys {
			if part.rows.knows(key.Row) {
				theirs = append(theirs, key)
			}
		}
		known += len(theirs)
		if len(theirs) == 0 {
			continue
		}
		rows, err := l.readPart(ctx, e, a, part, theirs)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			found[RowKey{Row: r.key, Customer: r.number}] = r
		}
	}
	if known != len(keys) {
		return nil, ErrStaleKey
	}
	rows := make([]*row, 0, len(keys))
	for _, key := range keys {
		if parts[0].rows.customer == nil {
			key.Customer = ""
		}
		if r := found[key]; r != nil {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// readPart is read for one source.
func (l *list) readPart(ctx context.Context, e *env, a Asking, part *list, keys []RowKey) ([]*row, error) {
	rows, err := part.rows.read(ctx, e, a, keys)
	if err != nil {
		return nil, err
	}
	x := &fetcher{q: a.Querier, env: e, note: noting(a, l.name)}
	if err := x.branches(ctx, part.rows.frame, each(rows)); err != nil {
		return nil, err
	}
	for _, r := range rows {
		r.element = part.element
	}
	return rows, nil
}

// rawCustomer is every spelling the columns can hold a customer number in.
func (p *Program) rawCustomer(number string) [][]string {
	for _, l := range p.lists {
		for _, part := range l.parts() {
			if part.rows.customer != nil {
				return part.rows.customer.reversible.Reverse(number)
			}
		}
	}
	return nil
}

// askedFor is what @customer stands for: every spelling of the numbers asked
// for in the column that holds them, or the numbers themselves where they are
// made of several columns.
func (p *Program) askedFor(numbers []string) []string {
	var all []string
	for _, number := range numbers {
		for _, raw := range p.rawCustomer(number) {
			if len(raw) != 1 {
				all = append(all, number)
				break
			}
			all = append(all, raw[0])
		}
	}
	return all
}

// fixedRows are rows without a cell for elements that stand in the mapping.
func (l *list) fixedRows(keys []RowKey) ([]*row, error) {
	var rows []*row
	for _, key := range keys {
		texts, err := decodeKey(key.Row, 1)
		if err != nil {
			return nil, err
		}
		if at, err := strconv.Atoi(texts[0]); err == nil && at >= 0 && at < len(l.fixed) {
			rows = append(rows, &row{key: key.Row, element: l.fixed[at]})
		}
	}
	return rows, nil
}

// read fetches the rows behind keys, in their order, each with the customer it
// is for.
func (rr *rowReader) read(ctx context.Context, e *env, a Asking, keys []RowKey) ([]*row, error) {
	x := &fetcher{q: a.Querier, env: e}
	asked, _ := freeAsked.Get().(*askedRows)
	defer asked.release()
	if err := asked.take(rr, keys); err != nil {
		return nil, err
	}
	asked.best = append(asked.best, make([]*row, asked.raw.count())...)
	best := asked.best
	tuples := asked.tuples
	for start := 0; start < len(tuples); start += maxList {
		v := values{lists: map[listName][][]any{keyList: tuples[start:min(start+maxList, len(tuples))]}}
		some, err := x.rows(ctx, rr.stmt, rr.frame, v)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			asked.key = rr.rawKey(r, asked.key[:0])
			n, _ := asked.raw.find(asked.key)
			if n < 0 {
				continue // another spelling of a key, which the server holds for the same
			}
			r.key = keys[asked.first[n]].Row
			if rr.customer != nil && !rr.belongs(r, a.Customers) {
				continue
			}
			best[n] = better(best[n], r)
		}
	}
	rows := make([]*row, 0, len(keys))
	for i, key := range keys {
		number := key.Customer
		if rr.customer == nil {
			number = ""
		}
		for r := best[asked.number[i]]; r != nil; r = r.other {
			if r.number == number {
				rows = append(rows, r)
				break
			}
		}
	}
	return rows, nil
}

// better puts a row among those of its key, one for each customer. Of several
// rows with one key it is always the same that counts.
func better(have, r *row) *row {
	if have == nil {
		return r
	}
	if have.number != r.number {
		have.other = better(have.other, r)
		return have
	}
	if compareCells(r, have) < 0 {
		r.other = have.other
		return r
	}
	return have
}

// askedRows are keys taken apart. They are used again for the next ones: nothing
// of them stays.
type askedRows struct {
	raw    pairing
	first  []int // by the key's number: the first of the keys that is it
	number []int // by key
	tuples [][]any
	bound  []any
	best   []*row // by the number of the key; more of them hang on it
	key    []byte
}

var freeAsked = sync.Pool{New: func() any { return new(askedRows) }}

func (out *askedRows) release() {
	if cap(out.number) > workspaceMost {
		return
	}
	clear(out.tuples)
	clear(out.bound)
	clear(out.best)
	*out = askedRows{
		raw: out.raw, first: out.first[:0], number: out.number[:0], tuples: out.tuples[:0], bound: out.bound[:0],
		best: out.best[:0], key: out.key[:0],
	}
	freeAsked.Put(out)
}

// take takes keys apart.
func (out *askedRows) take(rr *rowReader, keys []RowKey) error {
	out.raw.reset(len(keys))
	out.bound = slices.Grow(out.bound, len(keys)*len(rr.key)) // tuples stay where they are
	for i, key := range keys {
		texts, err := rr.decode(key.Row)
		if err != nil {
			return err
		}
		out.key = out.key[:0]
		from := len(out.bound)
		for at, text := range texts {
			out.key = appendPart(out.key, text)
			v, ok := rr.rules[at].bind(text)
			if !ok {
				return ErrStaleKey
			}
			out.bound = append(out.bound, v)
		}
		n, isNew := out.raw.add(out.key)
		if isNew {
			out.first = append(out.first, i)
			out.tuples = append(out.tuples, out.bound[from:len(out.bound):len(out.bound)])
		}
		out.number = append(out.number, n)
	}
	return nil
}

// rawKey is a row's key as askedRows has it.
func (rr *rowReader) rawKey(r *row, raw []byte) []byte {
	for _, p := range rr.key {
		raw = appendPart(raw, r.cell(p).String())
	}
	return raw
}

// decode takes one of the reader's keys apart.
func (rr *rowReader) decode(key string) ([]string, error) {
	if rr.source == "" {
		return decodeKey(key, len(rr.key))
	}
	texts, err := decodeKey(key, len(rr.key)+1)
	if err != nil {
		return nil, err
	}
	if texts[0] != rr.source {
		return nil, ErrStaleKey
	}
	return texts[1:], nil
}

// knows says whether a key is one of the reader's.
func (rr *rowReader) knows(key string) bool {
	if rr.source == "" {
		return true // it is told when the key is taken apart
	}
	_, err := rr.decode(key)
	return err == nil
}

// belongs says whether a row is of a customer asked for, compared byte by byte.
func (rr *rowReader) belongs(r *row, asked []string) bool {
	number, state := rr.customer.of(r)
	r.number = number
	return state == convert.Present && slices.Contains(asked, number)
}
