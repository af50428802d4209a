package plan

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// maker makes the elements of one request's answer.
type maker struct {
	env      *env
	note     Noter
	endpoint string
	row      string // key of the main row being made

	room    []value // of the fields of the element being made
	texts   slab[string]
	numbers slab[int64]
	made    convert.Arena // texts that stand in no cell
	kinds   []making      // by the elements' numbers
	lists   []spare       // by the lists' numbers
	main    spare         // the elements of main rows
	rows    []*row        // the main rows, of which there are elements to be made
	home    *sync.Pool    // where it comes from; nil: from nowhere
}

// fault is what keeps an element from being sent.
type fault struct {
	field  string
	reason Reason
	fail   bool
}

func (m *maker) noted(field string, reason Reason) {
	if m.note != nil {
		m.note(m.endpoint, field, reason, m.row)
	}
}

// element makes one element of a row, or says what keeps it from being sent.
// Everything is looked at even then, so that all of it is noted; of several
// faults the first one by name of field and reason is told.
func (m *maker) element(e *element, r *row) (reflect.Value, *fault) {
	root := m.main.take(e.objects[0].slice, e.objects[0].size, 1, 1)
	bad := m.fill(e, r, root)
	return reflect.NewAt(e.shape.typ, root).Elem(), bad
}

// fill is element for a place that is there: root points to an empty value of
// the element's type.
func (m *maker) fill(e *element, r *row, root unsafe.Pointer) *fault {
	if r.doubt != nil {
		m.noted(r.doubt.field, r.doubt.reason)
		return &fault{field: r.doubt.field, reason: r.doubt.reason, fail: e.strict}
	}
	worst := m.fields(e, r, root)
	for _, l := range e.lists {
		elements, bad := m.list(l, r)
		worst = worst.or(bad)
		if bad == nil {
			l.target.set(root, elements)
		}
	}
	return worst
}

// or is the graver of two faults: one that fails the page, then the first by
// name of the field and of the reason, whichever list came first.
func (f *fault) or(other *fault) *fault {
	switch {
	case f == nil:
		return other
	case other == nil, f.fail && !other.fail:
		return f
	case other.fail && !f.fail, other.field < f.field, other.field == f.field && other.reason < f.reason:
		return other
	}
	return f
}

// fields evaluates and sets the fields of one element.
func (m *maker) fields(e *element, r *row, root unsafe.Pointer) *fault {
	if e.remember {
		before := r.fields
		defer func() { r.fields = before }()
		// One after the other uses the same room: nobody looks at the fields of an
		// element when it is made, nor at one before it was made.
		if cap(m.room) < len(e.fields) {
			m.room = make([]value, len(e.fields))
		}
		r.fields = m.room[:len(e.fields)]
	}
	k := m.making(e)
	clear(k.objects)
	k.objects[0] = root
	var worst *fault
	for i := range e.moves {
		v := &e.moves[i]
		if v.form == formInteger {
			c := r.cell(v.at)
			if c.IsNull() && v.other == nil && v.optional {
				continue
			}
			if n, ok := c.SmallInteger(); ok {
				place := unsafe.Add(k.object(e, v.object), v.offset)
				if v.pointed {
					*(**int64)(place) = m.numbers.place(n)
				} else {
					*(*int64)(place) = n
				}
				continue
			}
		}
		var text string
		is := perhaps
		switch v.form {
		case formLong:
		case formText:
			text, is = v.textIn(r.cell(v.at))
		default:
			text, is = m.shortly(v, r)
		}
		if is == nothing && (v.other != nil || v.optional) {
			if v.other == nil {
				if v.kept {
					r.fields[v.index] = absent(convert.Empty)
				}
				continue
			}
			text, is = v.other.text, there
		}
		if is == there {
			if v.kept {
				r.fields[v.index] = present(text)
			}
			object := k.objects[v.object]
			if object == nil {
				object = k.object(e, v.object)
			}
			place := unsafe.Add(object, v.offset)
			switch {
			case v.flag:
				v.leaf.set(place, present(text), &m.texts)
			case v.pointed:
				*(**string)(place) = m.texts.place(text)
			default:
				*(*string)(place) = text
			}
			continue
		}
		got, bad := m.settle(e, v.field, v.get(r, m.env))
		if v.kept {
			r.fields[v.index] = got
		}
		if bad != nil {
			worst = worst.or(bad)
			continue
		}
		if got.state == convert.Present {
			v.leaf.set(unsafe.Add(k.object(e, v.object), v.offset), got, &m.texts)
		}
	}
	k.rows--
	return worst
}

// settle applies the length, the list of words and the policy of a field to
// its value.
func (m *maker) settle(e *element, f *field, v value) (value, *fault) {
	v = f.conform(v)
	if v.state == convert.Present && !v.cut && !v.zero {
		return v, nil
	}
	empty := v.state.Missing()
	if empty && !v.cut && !v.zero && v.state != convert.ZeroDate && !f.leaf.required && !f.leaf.nested {
		return v, nil
	}
	name := e.prefix + f.leaf.path
	if v.cut {
		m.noted(name, CutShort)
	}
	if (v.zero || v.state == convert.ZeroDate) && !f.silent {
		m.noted(name, ZeroDate)
	}
	if v.state == convert.Present {
		return v, nil
	}
	if empty && !(f.leaf.required || f.leaf.nested) {
		return v, nil
	}
	reason := reasonOf(v.state)
	if empty {
		reason = Missing
	}
	if f.fallback != nil {
		m.noted(name, Replaced)
		return *f.fallback, nil
	}
	if f.bad == nullField && !f.leaf.required && !f.leaf.nested {
		if !f.silent {
			m.noted(name, Nulled)
		}
		return absent(convert.Empty), nil
	}
	m.noted(name, reason)
	return v, &fault{field: name, reason: reason, fail: f.bad == failPage}
}

// conform finds present values that the API does not take.
func (f *field) conform(v value) value {
	if v.state != convert.Present {
		return v
	}
	switch {
	case v.text == "" && f.leaf.want != wantText:
		return absent(convert.Empty)
	case len(f.leaf.enum) > 0 && !slices.Contains(f.leaf.enum, v.text):
		return f.leaf.word(v.text)
	case f.leaf.maxChars > 0 && f.leaf.want == wantText && len(v.text) > f.leaf.maxChars && convert.Length(v.text) > f.leaf.maxChars:
		return absent(convert.TooLong)
	}
	return v
}

// word finds the API's spelling of one of its words that stands in the tables
// in other letters (R143), or by the name it had before (R68).
func (l *leaf) word(text string) value {
	for _, word := range l.enum {
		if strings.EqualFold(word, text) {
			return present(word)
		}
	}
	if now, ok := l.former[strings.ToLower(text)]; ok {
		return present(now)
	}
	return absent(convert.Unmapped)
}

// list makes the elements of one array member. A child that cannot be sent
// takes its parent with it unless its source says otherwise.
func (m *maker) list(l *listFill, r *row) ([]struct{}, *fault) {
	most := 0
	for _, source := range l.sources {
		if source.branch < 0 {
			most += len(source.rows)
		} else {
			most += len(r.branches[source.branch])
		}
	}
	if most == 0 {
		return []struct{}{}, nil
	}
	root, size := m.roomFor(l, most), l.target.typ.Elem().Size()
	n := 0
	var worst *fault
	add := func(source *fillSource, e *element, row *row) {
		place := unsafe.Add(root, uintptr(n)*size)
		switch bad := m.fill(e, row, place); {
		case bad == nil:
			n++
			return
		case bad.fail || !source.keepParent:
			worst = worst.or(bad)
		}
		reflect.NewAt(l.target.typ.Elem(), place).Elem().SetZero() // the next one's place
	}
	for _, source := range l.sources {
		if source.branch < 0 {
			for _, one := range source.rows {
				if m.something(one, r) {
					add(source, one, r)
				}
			}
			continue
		}
		for _, child := range r.branches[source.branch] {
			add(source, source.element, child)
		}
	}
	all := unsafe.Slice((*struct{})(root), n) //nolint:gosec // of any type: only where it begins and how long it is
	if l.sumByName != nil && worst == nil {
		elements := reflect.New(l.target.typ)
		*(*[]struct{})(elements.UnsafePointer()) = all
		all = all[:l.summed(elements.Elem())]
	}
	return all, worst
}

// roomFor gives room for a list of at most so many elements. Lists of many rows
// lie side by side.
func (m *maker) roomFor(l *listFill, most int) unsafe.Pointer {
	for l.number >= len(m.lists) {
		m.lists = append(m.lists, spare{})
	}
	s := &m.lists[l.number]
	if s.left < most {
		want := m.toCome(l)
		if s.begun > 0 {
			want /= 2 // some of them are there
		}
		s.more(l.target.typ, max(most, want))
	}
	return s.take(l.target.typ, l.target.typ.Elem().Size(), most, most)
}

// toCome is how many elements of a list there are in the main rows that are
// still to be made; 0 for a list that is not theirs.
func (m *maker) toCome(l *listFill) int {
	n := 0
	for _, r := range m.rows {
		if r.element == nil || !slices.Contains(r.element.lists, l) {
			return 0
		}
		for _, source := range l.sources {
			if source.branch < 0 {
				return 0
			}
			n += len(r.branches[source.branch])
		}
	}
	for _, source := range l.sources {
		if source.element != nil {
			m.making(source.element).rows = n
		}
	}
	return n
}

// something says whether an element of columns of its owner's row is worth
// making: one in which nothing but fixed texts and zeros would stand is not.
func (m *maker) something(e *element, r *row) bool {
	something := false
	for _, f := range e.fields {
		if f.leaf.want == wantDecimal {
			got := f.get(r, m.env)
			something = something || got.state.Bad() || got.state == convert.Present && !convert.IsZero(got.text)
		}
	}
	return something
}

// summed lets elements of the same name be one, adds one member up and drops
// what comes to nothing. The order is that of first appearance. It tells how many
// are left, in front.
func (l *listFill) summed(elements reflect.Value) int {
	totals := map[string]*convert.Total{}
	kept := 0
	for i := range elements.Len() {
		e := elements.Index(i)
		name := at(e, l.nameLeaf.steps).String()
		if totals[name] == nil {
			totals[name] = &convert.Total{}
			elements.Index(kept).Set(e)
			kept++
		}
		totals[name].Add(at(e, l.sumByName.steps).String())
	}
	left := 0
	for i := range kept {
		e := elements.Index(i)
		sum, state := totals[at(e, l.nameLeaf.steps).String()].Sum()
		if state != convert.Present || convert.IsZero(sum) {
			continue
		}
		at(e, l.sumByName.steps).SetString(sum)
		elements.Index(left).Set(e)
		left++
	}
	return left
}
