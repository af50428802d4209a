package plan

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"unsafe"
)

// gathering makes a key list of rows that each decide for themselves whether they
// stand in it. A row is looked at as soon as it was read, in the place of the one
// before, and of those that count stays a record of some tens of bytes.
type gathering struct {
	env     *env
	parts   []*list
	sources [][]byte // the beginning of their keys
	numbers []string // the customers asked for, in order, behind "" for none
	kept    records
	all     []listed
	size    int // of all keys as texts, at most
	like    likeness

	identity, sorted, key []byte // what is being made of a row
}

// listed is a record of a list, and how what decides first about its place
// begins: what begins with less stands before.
type listed struct {
	begins, at uint64
}

// newGathering is one for the sources of a list. Who is done with it releases
// what it keeps.
func newGathering(l *list, e *env, customers []string) *gathering {
	g := &gathering{env: e, parts: l.parts(), numbers: append([]string{""}, customers...)}
	slices.Sort(g.numbers)
	g.numbers = slices.Compact(g.numbers)
	for _, part := range g.parts {
		var begin []byte
		if part.keys.source != "" {
			begin = appendKeyPart(begin, part.keys.source)
		}
		g.sources = append(g.sources, begin)
	}
	return g
}

// lostRow is a row that a required join finds nothing for.
type lostRow struct {
	alias, key string
}

// read reads the rows of a source. What is to be noted is told when all of them
// were read.
func (g *gathering) read(ctx context.Context, source int, a Asking) error {
	k := &g.parts[source].keys
	runs := k.runs(a.Customers)
	if len(runs) == 0 {
		return nil
	}
	x := &fetcher{q: a.Querier, env: g.env, note: noting(a, k.endpoint)}
	theirs := newBelonging(k.customer, g.numbers)
	var steps rising
	var lost []lostRow
	chunk, offset := g.kept.end()
	take := func(r *row) {
		place, ok := theirs.of(r)
		if !ok {
			return
		}
		if l, missed := k.lostTo(r); l != nil {
			if missed && a.Note != nil {
				lost = append(lost, lostRow{l.alias, encodeCells(k.source, r, k.key)})
			}
			return
		}
		steps.next(place, g.keep(k, r, source, place))
	}
	for _, v := range runs {
		if err := x.each(ctx, k.stmt, k.frame, v, take); err != nil {
			return err
		}
	}
	for _, l := range lost {
		a.Note(k.endpoint, l.alias, Missing, l.key)
	}
	begin := len(g.all)
	g.all = slices.Grow(g.all, steps.count)
	g.kept.from(chunk, offset, func(at uint64) { g.all = append(g.all, listed{at: at}) })
	if !k.lookup || len(k.frame.used) > 1 {
		if !steps.rise() {
			g.merge(begin, k, a.Note)
		}
	}
	if len(g.all) == begin {
		return k.frame.needed.there(ctx, x)
	}
	return nil
}

// keep makes a record of a row, and gives what its key is made of, which is good
// until the next one.
func (g *gathering) keep(k *keyReader, r *row, source, place int) (key []byte) {
	identity := binary.AppendUvarint(g.identity[:0], uint64(place))
	begin := len(identity)
	for _, p := range k.key {
		identity = appendKeyPart(identity, r.cell(p).Bytes())
	}
	sorted := binary.AppendUvarint(g.sorted[:0], uint64(source))
	for i := range k.order {
		sorted = k.order[i].appendValue(sorted, r, g.env)
	}
	made := record{identity, sorted}
	g.like.take(g.decides(made))
	g.kept.add(made)
	g.size += base64.RawURLEncoding.EncodedLen(len(g.sources[source]) + len(identity) - begin)
	g.identity, g.sorted = identity, sorted // their room is used again
	return identity[begin:]
}

// rising watches whether rows come in a strict order, by key or customer by
// customer: then none of them stands twice.
type rising struct {
	count           int
	key             []byte
	place           int
	byKey, byNumber bool
}

func (s *rising) next(place int, key []byte) {
	by := bytes.Compare(s.key, key)
	if s.count == 0 {
		s.byKey, s.byNumber = true, true
	} else {
		s.byKey = s.byKey && by < 0
		s.byNumber = s.byNumber && (s.place < place || s.place == place && by < 0)
	}
	s.count++
	s.place, s.key = place, append(s.key[:0], key...)
}

func (s *rising) rise() bool { return s.count == 0 || s.byKey || s.byNumber }

// merge lets every key of a source's records, from one on, stand once: that of
// the row that came first.
func (g *gathering) merge(begin int, k *keyReader, note Noter) {
	some := g.all[begin:]
	table := make([]uint32, tableFor(len(some))) // place in some + 1 by hash; 0: free
	mask := len(table) - 1
	kept := 0
next:
	for _, one := range some {
		mine, _ := g.kept.at(one.at)
		slot := int(maphash.Bytes(pairingSeed, mine.identity)) & mask
		for ; table[slot] > 0; slot = (slot + 1) & mask {
			if other, _ := g.kept.at(some[table[slot]-1].at); bytes.Equal(other.identity, mine.identity) {
				if note != nil {
					note(k.endpoint, "key", Duplicate, string(g.appendText(nil, mine)))
				}
				continue next
			}
		}
		some[kept] = one
		kept++
		table[slot] = uint32(kept)
	}
	g.all = g.all[:begin+kept]
}

// appendText adds the key of a record as a text.
func (g *gathering) appendText(to []byte, r record) []byte {
	source, _ := cutNumber(r.sorted)
	_, key := cutNumber(r.identity)
	if begin := g.sources[source]; len(begin) > 0 {
		g.key = append(append(g.key[:0], begin...), key...)
		key = g.key
	}
	return base64.RawURLEncoding.AppendEncode(to, key)
}

// keysOf are the keys of a list that was gathered and put in order. They lie in
// one text.
func keysOf[K ~struct{ Row, Customer string }](g *gathering) []K {
	keys := make([]K, len(g.all))
	text := make([]byte, 0, g.size)
	for i, one := range g.all {
		r, _ := g.kept.at(one.at)
		place, _ := cutNumber(r.identity)
		from := len(text)
		text = g.appendText(text, r)
		row := unsafe.String(unsafe.SliceData(text[from:]), len(text)-from) //nolint:gosec // there is room for all, and none is written twice
		keys[i] = K(RowKey{Row: row, Customer: g.numbers[place]})
	}
	return keys
}
