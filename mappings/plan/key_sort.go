package plan

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"unsafe"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// sortedForm says how what a record is sorted by stands in it.
type sortedForm byte

const (
	sortedNumber sortedForm = iota // whole, in eight bytes
	sortedText                     // of any other value
	sortedMissing
	sortedBad // cannot be read
)

// sortedValue is what one key of an order says of a row.
type sortedValue struct {
	form   sortedForm
	number uint64
	text   []byte
}

// appendValue adds what a row is sorted by. What stands in a column is taken as
// it is where that is what its evaluator would make of it.
func (k *orderKey) appendValue(to []byte, r *row, e *env) []byte {
	if k.plain {
		c := r.cell(k.at)
		if k.numeric {
			if n, ok := c.SmallInteger(); ok {
				return binary.BigEndian.AppendUint64(append(to, byte(sortedNumber)), uint64(n))
			}
		} else if !c.Column().Numeric() {
			if text, ok := c.PlainView(); ok && !countsEmpty(text, k.dated, k.empty) {
				return appendKeyPart(append(to, byte(sortedText)), text)
			}
		}
	}
	got := k.get(r, e)
	switch rank(got) {
	case 0:
		return appendKeyPart(append(to, byte(sortedText)), got.text)
	case 1:
		return append(to, byte(sortedMissing))
	}
	return append(to, byte(sortedBad))
}

// cutValue takes a value off the beginning.
func cutValue(b []byte) (v sortedValue, rest []byte) {
	v.form, b = sortedForm(b[0]), b[1:]
	switch v.form {
	case sortedNumber:
		v.number, b = binary.BigEndian.Uint64(b), b[8:]
	case sortedText:
		v.text, b = cutKeyPart(b)
	}
	return v, b
}

// rank is what stands before what: values, what is empty, what cannot be read.
func (v sortedValue) rank() int { return max(int(v.form), int(sortedText)) }

// compareSorted orders two values as compare does.
func (k *orderKey) compareSorted(a, b sortedValue) int {
	by := a.rank() - b.rank()
	if by != 0 || a.form > sortedText {
		return by
	}
	switch {
	case a.form == sortedNumber && b.form == sortedNumber:
		by = cmp.Compare(a.number, b.number)
	case k.numeric:
		by = convert.Compare(a.digits(), b.digits())
	default:
		by = bytes.Compare(a.text, b.text)
	}
	if k.desc {
		return -by
	}
	return by
}

func (v sortedValue) digits() string {
	if v.form == sortedNumber {
		return strconv.FormatUint(v.number, 10)
	}
	return unsafe.String(unsafe.SliceData(v.text), len(v.text)) //nolint:gosec // it is only compared
}

// sort puts the list in its order: by the values, then by the bytes of the key
// columns, then by customer. What is equal stays as it came, source by source.
func (g *gathering) sort() {
	if len(g.all) < 2 {
		return
	}
	// Numbers that are no whole ones do not tell how they sort.
	if first := g.first(); !first.numeric || !g.like.texts {
		for i := range g.all {
			r, _ := g.kept.at(g.all[i].at)
			g.all[i].begins = first.begins(g.decides(r), len(g.like.text))
		}
	}
	slices.SortFunc(g.all, func(a, b listed) int {
		if a.begins != b.begins {
			return cmp.Compare(a.begins, b.begins)
		}
		if by := g.compare(a.at, b.at); by != 0 {
			return by
		}
		return cmp.Compare(a.at, b.at)
	})
}

func (g *gathering) compare(at, other uint64) int {
	a, _ := g.kept.at(at)
	b, _ := g.kept.at(other)
	sourceA, restA := cutNumber(a.sorted)
	sourceB, restB := cutNumber(b.sorted)
	order := g.parts[0].keys.order // in all of them as many, in the same directions
	for i := range order {
		var x, y sortedValue
		x, restA = cutValue(restA)
		y, restB = cutValue(restB)
		if by := order[i].compareSorted(x, y); by != 0 {
			return by
		}
	}
	placeA, keyA := cutNumber(a.identity)
	placeB, keyB := cutNumber(b.identity)
	columnsA, columnsB := len(g.parts[sourceA].keys.key), len(g.parts[sourceB].keys.key)
	for range min(columnsA, columnsB) {
		var x, y []byte
		x, keyA = cutKeyPart(keyA)
		y, keyB = cutKeyPart(keyB)
		if by := bytes.Compare(x, y); by != 0 {
			return by
		}
	}
	return cmp.Or(columnsA-columnsB, cmp.Compare(placeA, placeB))
}

// first is the key of the order that decides first.
func (g *gathering) first() *orderKey {
	if order := g.parts[0].keys.order; len(order) > 0 {
		return &order[0]
	}
	return &orderKey{}
}

// decides is what decides first about a record's place: what the first key of the
// order says of it, or the first column of its key.
func (g *gathering) decides(r record) sortedValue {
	source, values := cutNumber(r.sorted)
	if len(values) > 0 {
		v, _ := cutValue(values)
		return v
	}
	if len(g.parts[source].keys.key) == 0 {
		return sortedValue{form: sortedMissing}
	}
	_, key := cutNumber(r.identity)
	text, _ := cutKeyPart(key)
	return sortedValue{form: sortedText, text: text}
}

// likeness is what the values that decide first have in common.
type likeness struct {
	text  []byte // which all texts among them begin with
	texts bool   // there are some
}

func (l *likeness) take(v sortedValue) {
	switch {
	case v.form != sortedText:
	case !l.texts:
		l.text, l.texts = append(l.text, v.text...), true
	case !bytes.HasPrefix(v.text, l.text):
		n := 0
		for n < len(v.text) && v.text[n] == l.text[n] {
			n++
		}
		l.text = l.text[:n]
	}
}

// begins is how a value sorts: a number as it is, a text by eight bytes, from one
// on. What is not there comes behind.
func (k *orderKey) begins(v sortedValue, from int) uint64 {
	n := v.number
	switch {
	case v.form > sortedText:
		return ^uint64(0)
	case v.form == sortedText:
		var eight [8]byte
		copy(eight[:], v.text[from:])
		n = binary.BigEndian.Uint64(eight[:])
	}
	if k.desc {
		return ^n
	}
	return n
}
