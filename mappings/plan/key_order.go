package plan

import (
	"cmp"
	"encoding/binary"
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
	// Candidates lie far apart, so their numbers are sorted, with the beginning
	// of what decides beside them.
	firsts := s.firsts()
	slices.SortFunc(firsts, func(a, b first) int {
		if a.begins != b.begins {
			return cmp.Compare(a.begins, b.begins)
		}
		if by := s.compare(a.at, b.at); by != 0 {
			return by
		}
		return cmp.Compare(a.at, b.at)
	})
	permute(all, firsts)
	return all
}

// permute moves candidates to where they belong: at each place stands the number
// of the one that comes there.
func permute(all []candidate, firsts []first) {
	for i := range firsts {
		if int(firsts[i].at) == i {
			continue
		}
		held, at := all[i], int32(i)
		for from := firsts[at].at; int(from) != i; from = firsts[at].at {
			all[at], firsts[at].at = all[from], at
			at = from
		}
		all[at], firsts[at].at = held, at
	}
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

// first is the number of a candidate and how what decides first about its place
// begins: what begins with less stands before.
type first struct {
	begins uint64
	at     int32
}

// firsts are the candidates in the order they came in. Where one of them cannot
// be told by how it begins, all begin the same.
func (s *sorting) firsts() []first {
	all := make([]first, len(s.all))
	for i := range all {
		all[i].at = int32(i)
	}
	if !s.plain || len(s.keys) == 0 || !s.keys[0].plain {
		return all
	}
	begin := s.keys[0].begin
	if !s.keys[0].numeric {
		shared, ok := s.shared()
		if !ok {
			return all
		}
		begin = func(r *row) (uint64, bool) { return s.keys[0].beginAfter(r, shared), true }
	}
	for i := range all {
		n, ok := begin(s.all[i].row)
		if !ok {
			for i := range all {
				all[i].begins = 0
			}
			return all
		}
		all[i].begins = n
	}
	return all
}

// shared is how many bytes the texts of all rows that decide first begin with
// alike; not ok where one is not compared as it stands.
func (s *sorting) shared() (n int, ok bool) {
	k := &s.keys[0]
	var like string
	for i := range s.all {
		c := s.all[i].row.cell(k.at)
		if c.Column().Numeric() {
			return 0, false
		}
		text, ok := plainIn(c, k.dated, k.empty)
		switch {
		case !ok:
			return 0, false
		case i == 0:
			like = text
		case !strings.HasPrefix(text, like):
			n := 0
			for n < len(text) && text[n] == like[n] {
				n++
			}
			like = like[:n]
		}
	}
	return len(like), true
}

// begin is how a whole number sorts.
func (k *orderKey) begin(r *row) (uint64, bool) {
	n, ok := r.cell(k.at).SmallInteger()
	if k.desc {
		return ^uint64(n), ok
	}
	return uint64(n), ok
}

// beginAfter is how eight bytes of a text sort, from one on.
func (k *orderKey) beginAfter(r *row, from int) uint64 {
	text, _ := r.cell(k.at).Plain()
	var eight [8]byte
	copy(eight[:], text[from:])
	n := binary.BigEndian.Uint64(eight[:])
	if k.desc {
		return ^n
	}
	return n
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
