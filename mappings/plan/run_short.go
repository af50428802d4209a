package plan

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// found is what the short way to a field came to.
type found uint8

const (
	perhaps found = iota // the evaluator has to say
	nothing              // the column is NULL
	there
)

// textIn is the text of a cell that can be sent as it lies there.
func (v *move) textIn(c *convert.Cell) (string, found) {
	if c.IsNull() {
		return "", nothing
	}
	text, ok := c.Plain()
	if !ok || v.guarded && (countsEmpty(text, v.dated, v.empty) || v.checked && !v.takes(text)) {
		return "", perhaps
	}
	return text, there
}

// countsEmpty says whether a text stands for nothing.
func countsEmpty(text string, dated bool, empty *convert.Sentinels) bool {
	return empty.Some() && empty.Has(text) || dated && strings.HasPrefix(text, "0000-")
}

// plainIn is the text of a cell unless it needs cleaning or counts as empty.
func plainIn(c *convert.Cell, dated bool, empty *convert.Sentinels) (string, bool) {
	text, ok := c.Plain()
	return text, ok && !countsEmpty(text, dated, empty)
}

// takes says whether a text is as short as the field wants it, counted in bytes,
// and one of its words in the API's own letters.
func (v *move) takes(text string) bool {
	return (v.maxChars == 0 || len(text) <= v.maxChars) && (len(v.enum) == 0 || slices.Contains(v.enum, text))
}

// shortly goes the short way to a text, but for columns as they stand. It is not
// asked for whole numbers.
func (m *maker) shortly(v *move, r *row) (string, found) {
	switch v.form {
	case formDecimal:
		c := r.cell(v.at)
		if c.IsNull() {
			return "", nothing
		}
		if text, ok := c.Canonical(v.places); ok {
			return text, there
		}
	case formInstant:
		return m.instantIn(v, r.cell(v.at))
	case formFixed:
		return v.text.text, there
	case formBeside:
		if r.fields[v.sibling].state == convert.Present {
			return v.text.text, there
		}
		return "", nothing
	case formShown:
		amount := &r.fields[v.sibling]
		if amount.state != convert.Present {
			return "", nothing
		}
		if text := convert.Display(amount.text, displayPlaces); !v.checked || v.takes(text) {
			return text, there
		}
	case formJoined:
		return m.joined(v, r)
	case formCases:
		return v.caseOf(r)
	case formMapped:
		c := r.cell(v.at)
		if c.IsNull() {
			return "", nothing
		}
		code, ok := plainIn(c, v.dated, v.empty)
		if word, state := v.codes.Lookup(code); ok && state == convert.Present && (!v.checked || v.takes(word)) {
			return word, there
		}
	case formPrice:
		return v.price.of(r)
	case formRank:
		if text, is := v.rank.of(r, m.env); is != there || !v.checked || v.takes(text) {
			return text, is
		}
	}
	return "", perhaps
}

// instantIn reads a date column.
func (m *maker) instantIn(v *move, c *convert.Cell) (string, found) {
	if c.IsNull() {
		return "", nothing
	}
	if v.empty.Some() && v.empty.Has(c.String()) {
		return "", perhaps
	}
	room, ok := v.date.AppendRead(m.made.Room(len("2006-01-02T15:04:05Z")), c)
	if !ok {
		return "", perhaps
	}
	return m.made.Text(room), there
}

// joined puts a text together of columns that must all be there.
func (m *maker) joined(v *move, r *row) (string, found) {
	var few [8]string
	size := 0
	texts := few[:0]
	for i := range v.parts {
		p := &v.parts[i]
		text := p.fixed
		if p.column {
			c := r.cell(p.at)
			if c.IsNull() {
				return "", nothing
			}
			var ok bool
			if text, ok = plainIn(c, p.dated, v.empty); !ok {
				return "", perhaps
			}
		}
		texts = append(texts, text)
		size += len(text)
	}
	room := m.made.Room(size)
	for _, text := range texts {
		room = append(room, text...)
	}
	text := m.made.Text(room)
	if v.checked && !v.takes(text) {
		return "", perhaps
	}
	return text, there
}

// caseOf finds the case that holds.
func (v *move) caseOf(r *row) (string, found) {
	for i := range v.cases {
		one := &v.cases[i]
		holds := one.last
		if !holds {
			c := r.cell(one.at)
			text, full := "", !c.IsNull()
			if full {
				if text, full = plainIn(c, one.dated, v.empty); !full {
					return "", perhaps
				}
			}
			switch one.op {
			case mapfile.Empty:
				holds = !full
			case mapfile.Present:
				holds = full
			default:
				holds = full && slices.Contains(one.texts, text)
			}
		}
		if holds {
			if one.then.state != convert.Present {
				return "", nothing
			}
			return one.then.text, there
		}
	}
	return "", perhaps
}

// making is what a maker needs for the elements of one kind.
type making struct {
	objects []unsafe.Pointer // of the element being made, by the element's objects
	free    []spare
	rows    int // elements that may still come, a guess
}

// mostSpare bounds what is made in one piece.
const mostSpare = 64

func (m *maker) making(e *element) *making {
	for e.number >= len(m.kinds) {
		m.kinds = append(m.kinds, making{})
	}
	k := &m.kinds[e.number]
	if k.objects == nil {
		k.objects, k.free = make([]unsafe.Pointer, len(e.objects)), make([]spare, len(e.objects))
	}
	return k
}

// object gives an optional object of the element being made its place, with all
// it stands in.
func (k *making) object(e *element, at int) unsafe.Pointer {
	if p := k.objects[at]; p != nil {
		return p
	}
	o := &e.objects[at]
	to := (*unsafe.Pointer)(unsafe.Add(k.object(e, o.parent), o.offset))
	p := k.room(e, at)
	*to, k.objects[at] = p, p
	return p
}

// room gives one of an element's objects memory, empty.
func (k *making) room(e *element, at int) unsafe.Pointer {
	return k.free[at].take(e.objects[at].slice, e.objects[at].size, 1, min(max(k.rows, 1), mostSpare))
}
