package plan

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// errNoStates says that a program was not compiled for telling states.
var errNoStates = errors.New("the mapping does not say what is reported back")

// StateKey addresses one row whose state can be told.
type StateKey struct {
	Key []string // the values of KeyNames
	ID  string   // what the row is about; "" where rows do not name it
}

// RowState is the state of one row.
type RowState struct {
	Found bool
	Gone  bool // found, and taken for gone
	// Open is what the mapping's condition says; OpenSaid is false where it has
	// none.
	Open, OpenSaid bool
	// Value is of the endpoint's type, with every field that could be made.
	Value   reflect.Value
	Faults  []LeftOut           // all that keeps the row from being sent, by field
	NotYet  bool                // a code map says that nothing is to be sent
	Sources map[string][]string // field to the columns it came from
}

// KeyNames are the columns that address a row.
func (p *Program) KeyNames() []string {
	if p.states == nil {
		return nil
	}
	return slices.Clone(p.states.names)
}

// StateRows finds all rows, in the order of their keys as texts.
func (p *Program) StateRows(ctx context.Context, a Asking) ([]StateKey, error) {
	if p.states == nil || p.states.all == nil {
		return nil, errNoStates
	}
	found, err := p.states.all.read(ctx, p.env(a), a, values{})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// StateRowsByID finds the rows that are about ids, compared byte for byte.
func (p *Program) StateRowsByID(ctx context.Context, a Asking, ids []string) ([]StateKey, error) {
	if p.states == nil || p.states.byID == nil {
		return nil, errNoStates
	}
	k := p.states.byID
	var tuples [][]any
	for _, id := range ids {
		if k.rule.holds != nil && !k.rule.holds(id) {
			continue
		}
		if v, ok := k.rule.bind(id); ok {
			tuples = append(tuples, []any{v})
		}
	}
	found, err := k.parts(ctx, p.env(a), a, parentList, tuples)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(one StateKey) bool { return !slices.Contains(ids, one.ID) }), nil
}

// StateRowsByKey finds what rows are about.
func (p *Program) StateRowsByKey(ctx context.Context, a Asking, keys [][]string) ([]StateKey, error) {
	if p.states == nil || p.states.byKey == nil {
		return nil, errNoStates
	}
	k := p.states.byKey
	var tuples [][]any
	for _, key := range keys {
		if tuple, ok := k.tuple(key); ok {
			tuples = append(tuples, tuple)
		}
	}
	return k.parts(ctx, p.env(a), a, keyList, tuples)
}

// tuple binds a key's texts in the types of its columns.
func (k *stateKeys) tuple(key []string) ([]any, bool) {
	if len(key) != len(k.rules) {
		return nil, false
	}
	tuple := make([]any, len(key))
	for i, text := range key {
		v, ok := k.rules[i].bind(text)
		if !ok {
			return nil, false
		}
		tuple[i] = v
	}
	return tuple, true
}

func (k *stateKeys) parts(ctx context.Context, e *env, a Asking, name listName, tuples [][]any) ([]StateKey, error) {
	var all []StateKey
	for part := range slices.Chunk(tuples, maxList) {
		some, err := k.read(ctx, e, a, values{lists: map[listName][][]any{name: part}})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// read runs the statement. A row that a join doubled stands once.
func (k *stateKeys) read(ctx context.Context, e *env, a Asking, v values) ([]StateKey, error) {
	var all []StateKey
	x := &fetcher{q: a.Querier, env: e}
	err := x.each(ctx, k.stmt, k.frame, v, func(r *row) {
		one := StateKey{Key: make([]string, len(k.key))}
		for i, at := range k.key {
			one.Key[i] = r.cell(at).String()
		}
		if k.id != nil {
			got := k.id(r, e)
			if got.state != convert.Present {
				return
			}
			one.ID = strings.Clone(got.text)
		}
		all = append(all, one)
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b StateKey) int { return slices.Compare(a.Key, b.Key) })
	return slices.Clip(slices.CompactFunc(all, func(a, b StateKey) bool { return slices.Equal(a.Key, b.Key) })), nil
}

// each runs one statement and hands on row after row. Nothing of a row is kept, so
// that a million of them need no more memory than one.
func (x *fetcher) each(ctx context.Context, stmt *Statement, f *frame, v values, do func(*row)) error {
	v.scalars = map[listName][]any{dealerName: {x.env.dealer}, todayName: {x.env.today}, sinceBound: v.scalars[sinceBound]}
	v.asked = x.env.asked
	text, args, err := stmt.render(v)
	if err != nil {
		return err
	}
	r := &row{cells: make([]convert.Cell, len(f.slots))}
	for i := range r.cells {
		r.cells[i] = convert.NewCell(f.slots[i].kind) // which serves row after row
	}
	full := false
	next := func() []convert.Cell {
		if full {
			do(r)
		}
		full = true
		*r = row{cells: r.cells}
		return r.cells
	}
	if err := x.q.Query(ctx, stmt.Name, text, args, next); err != nil {
		return fmt.Errorf("reading %s: %w", stmt.Name, err)
	}
	if full {
		do(r)
	}
	return nil
}

// PackedKeys are keys of rows, each in one text, so that many need little memory.
type PackedKeys []string

// At gives the values of KeyNames of one of them.
func (k PackedKeys) At(i int) []string {
	var key []string
	for rest := k[i]; rest != ""; {
		size, from := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
		rest = rest[from:]
		key, rest = append(key, rest[:size]), rest[size:]
	}
	return key
}

// All unpacks them.
func (k PackedKeys) All() [][]string {
	all := make([][]string, len(k))
	for i := range k {
		all[i] = k.At(i)
	}
	return all
}

// ChangedKeys finds the keys of rows that changed at or after a time, each once.
func (p *Program) ChangedKeys(ctx context.Context, a Asking, since time.Time) (PackedKeys, error) {
	if p.states == nil {
		return nil, errNoStates
	}
	e := p.env(a)
	seen := map[string]bool{}
	var keys PackedKeys
	var raw []byte
	for _, s := range p.states.changed {
		stmt, v := s.all, values{}
		if s.since != nil && !since.IsZero() {
			if bounds, ok := s.sinceValues(nil, since); ok {
				stmt, v.scalars = s.since, map[listName][]any{sinceBound: bounds}
			}
		}
		x := &fetcher{q: a.Querier, env: e}
		err := x.each(ctx, stmt, s.frame, v, func(r *row) {
			r.key = encodeCells("", r, s.key)
			if !s.changed(r, e, a, since) {
				return
			}
			raw = raw[:0]
			for _, at := range s.rowKey {
				raw = appendKeyPart(raw, r.cell(at).String())
			}
			if !seen[string(raw)] {
				key := string(raw)
				seen[key] = true
				keys = append(keys, key)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.Clip(keys), nil
}

// States reads the state of each row, in the order of keys.
func (p *Program) States(ctx context.Context, a Asking, keys [][]string) ([]RowState, error) {
	s := p.states
	if s == nil || s.list == nil {
		return nil, errNoStates
	}
	e := p.env(a)
	out := make([]RowState, len(keys))
	var asked []RowKey
	byRow := map[string][]int{}
	for i, key := range keys {
		if _, ok := s.byKey.tuple(key); !ok {
			continue
		}
		row := encodeKey(key)
		if len(byRow[row]) == 0 {
			asked = append(asked, RowKey{Row: row})
		}
		byRow[row] = append(byRow[row], i)
	}
	if len(asked) == 0 {
		return out, nil
	}
	rows, err := s.list.read(ctx, e, a, asked)
	if err != nil {
		return nil, fmt.Errorf("reading the states of rows: %w", err)
	}
	for _, r := range rows {
		state := s.state(r, e, a)
		for _, at := range byRow[r.key] {
			out[at] = state
		}
	}
	return out, nil
}

// state makes one row's state, with everything that is wrong with it.
func (s *states) state(r *row, e *env, a Asking) RowState {
	out := RowState{Found: true, OpenSaid: s.openSaid, Sources: map[string][]string{}}
	m := &maker{env: e, endpoint: s.list.name, row: r.key, note: func(endpoint, field string, reason Reason, row string) {
		switch reason {
		case NotYet:
			out.NotYet = true
		case Missing, Unmapped, Unreadable, TooLong:
			out.Faults = append(out.Faults, LeftOut{Row: row, Field: field, Reason: reason})
		default:
			if a.Note != nil {
				a.Note(endpoint, field, reason, row)
			}
		}
	}}
	out.Value, _ = m.element(r.element, r)
	slices.SortStableFunc(out.Faults, func(a, b LeftOut) int { return strings.Compare(a.Field, b.Field) })
	out.Open = s.openSaid && s.open(r, e)
	out.Gone = s.goneSaid && s.gone(r, e)
	for _, o := range s.origins {
		if columns := o.columns(r, e); len(columns) > 0 {
			out.Sources[o.field] = columns
		}
	}
	return out
}

// columns are those a field came from in this row.
func (o origin) columns(r *row, e *env) []string {
	for _, way := range o.some {
		if way.get == nil || !way.get(r, e).state.Missing() {
			return way.columns
		}
	}
	return nil
}
