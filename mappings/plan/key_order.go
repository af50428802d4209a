package plan

import (
	"cmp"
	"slices"
	"strings"
)

// candidate is a row that may stand in a key list, with whoever read it.
type candidate struct {
	row    *row
	keys   *keyReader
	source int // place among the sources of the list
}

func (c *candidate) key() RowKey { return RowKey{Row: c.row.key, Customer: c.row.number} }

// compareTies compares the bytes of the key columns, one column after the other.
func (c *candidate) compareTies(o *candidate) int {
	mine, theirs := c.keys.key, o.keys.key
	for i := range min(len(mine), len(theirs)) {
		if by := strings.Compare(c.row.cell(mine[i]).String(), o.row.cell(theirs[i]).String()); by != 0 {
			return by
		}
	}
	return len(mine) - len(theirs)
}

// order sorts by the converted values, then by the bytes of the key columns.
// What is equal stays in its order.
func order(all []candidate, keys []orderKey, e *env) []candidate {
	if len(all) < 2 {
		return all
	}
	s := sorting{all: all, keys: keys, env: e}
	s.plain = !slices.ContainsFunc(all, func(c candidate) bool { return c.keys != all[0].keys })
	if s.plain && len(keys) > 0 {
		s.keys = all[0].keys.order // of several sources only one found something, and not the first
	}
	places := make([]int32, len(all))
	for i := range places {
		places[i] = int32(i)
	}
	slices.SortStableFunc(places, s.compare)
	sorted := make([]candidate, len(all))
	for to, from := range places {
		sorted[to] = all[from]
	}
	return sorted
}

// sorting is what the order of a key list is found with.
type sorting struct {
	all    []candidate
	keys   []orderKey
	env    *env
	plain  bool    // columns of two rows can be compared: all are of one source
	values []value // of every candidate, by the keys; nil until one is needed
}

func (s *sorting) compare(i, j int32) int {
	a, b := &s.all[i], &s.all[j]
	for n := range s.keys {
		by, ok := 0, false
		if s.plain {
			by, ok = s.keys[n].quickly(a.row, b.row)
		}
		if !ok {
			by = s.keys[n].compare(s.value(i, n), s.value(j, n))
		}
		if by != 0 {
			return by
		}
	}
	if by := a.compareTies(b); by != 0 {
		return by
	}
	if by := strings.Compare(a.row.number, b.row.number); by != 0 {
		return by
	}
	return cmp.Compare(a.source, b.source)
}

// value is what a candidate is sorted by, where its columns cannot be compared
// as they stand.
func (s *sorting) value(i int32, n int) value {
	if s.values == nil {
		s.values = make([]value, 0, len(s.all)*len(s.keys))
		for _, c := range s.all {
			for n := range s.keys {
				s.values = append(s.values, c.keys.order[n].get(c.row, s.env))
			}
		}
	}
	return s.values[int(i)*len(s.keys)+n]
}

// once lets rows that are the same stand once, the first in order.
func once(all []candidate, e *env) []candidate {
	if !slices.ContainsFunc(all, func(c candidate) bool { return len(c.keys.distinct) > 0 }) {
		return all
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(c candidate) bool {
		same := c.keys.sameAs(c.row, e)
		if same == "" {
			return false
		}
		again := seen[same]
		seen[same] = true
		return again
	})
}

// sameAs is what rows that `distinct` makes one have in common. A row of which
// such a value is not known is taken for no other.
func (k *keyReader) sameAs(r *row, e *env) string {
	if len(k.distinct) == 0 {
		return ""
	}
	var id strings.Builder
	writePart(&id, r.number)
	if !writeValues(&id, k.distinct, r, e) {
		return ""
	}
	return id.String()
}
