package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// written is what a mapping says about one element.
type written struct {
	pos      mapfile.Pos
	use      []mapfile.Text
	fields   []*mapfile.Field
	lists    []*mapfile.List
	policies mapfile.Policies
	strict   bool // inherited
	customer string
}

// element compiles what makes one element of an answer out of rows of a frame.
func (c *compiler) element(f *frame, s *shape, endpoint, prefix string, w written) *element {
	e := &element{endpoint: endpoint, prefix: prefix, shape: s, strict: c.strict(w.policies, w.strict)}
	fields := c.fieldsOf(w)
	index := map[string]int{}
	for i, field := range fields {
		index[field.Path.Value] = i
	}
	var needs [][]int
	for _, written := range fields {
		leave := c.within("fields." + written.Path.Value)
		var waits []int
		e.fields = append(e.fields, c.field(f, s, written, index, &waits, e.strict, w.customer))
		needs = append(needs, waits)
		leave()
	}
	c.pivots(f, s, e, w)
	for len(needs) < len(e.fields) {
		needs = append(needs, nil)
	}
	c.defaults(s, e, &needs, w.customer, f)
	e.fields, needs = dropFaulty(e.fields, needs)
	c.layOut(e, c.evaluationOrder(needs, w.pos), needs)
	c.required(s, e, w)
	for _, l := range w.lists {
		if l.Pivot == nil {
			c.fill(f, s, e, l, w)
		}
	}
	return e
}

// fieldsOf are the fields of the groups that are used and those written beside
// them, which win.
func (c *compiler) fieldsOf(w written) []*mapfile.Field {
	var fields []*mapfile.Field
	for _, name := range w.use {
		d := c.define[name.Value]
		if d == nil || d.Fields == nil {
			var known []string
			for _, other := range c.file.Define {
				if other.Fields != nil {
					known = append(known, other.Name.Value)
				}
			}
			c.faultNear(name.Pos, mapfile.Nearest(name.Value, known), "no group of fields of the name %q is defined", name.Value)
			continue
		}
		for _, field := range d.Fields {
			if !slices.ContainsFunc(w.fields, func(own *mapfile.Field) bool { return own.Path.Value == field.Path.Value }) {
				fields = append(fields, field)
			}
		}
	}
	fields = append(fields, w.fields...)
	seen := map[string]mapfile.Pos{}
	return slices.DeleteFunc(fields, func(field *mapfile.Field) bool {
		first, again := seen[field.Path.Value]
		if again {
			c.fault(field.Path.Pos, "%s is already mapped at line %d", field.Path.Value, first.Line)
		}
		seen[field.Path.Value] = field.Path.Pos
		return again
	})
}

func (c *compiler) field(f *frame, s *shape, w *mapfile.Field, index map[string]int, needs *[]int, strict bool, customer string) *field {
	l := s.leaves[w.Path.Value]
	if l == nil {
		switch {
		case s.objects[w.Path.Value]:
			c.fault(w.Path.Pos, "%s is an object; map its members, as in %s.name", w.Path.Value, w.Path.Value)
		case s.lists[w.Path.Value] != nil:
			c.fault(w.Path.Pos, "%s is a list; it is written beside `fields:`, with `from:` and `fields:` of its own", w.Path.Value)
		default:
			c.faultNear(w.Path.Pos, mapfile.Nearest(w.Path.Value, s.names()), "the API has no field %q here", w.Path.Value)
		}
	}
	out := &field{leaf: l, pos: w.Path.Pos, bad: leaveOut}
	if strict {
		out.bad = failPage
	}
	kind := wantText
	if l != nil {
		kind = l.want
	}
	v := w.Value
	day := l != nil && l.day && c.target.Days
	if day {
		kind = wantInstant
	}
	before := len(c.faults)
	out.get = c.value(site{f: f, want: kind, leaf: l, fields: index, shape: s, needs: needs, whole: true}, v)
	switch {
	case day:
		out.get = c.dayOf(out.get)
	case l != nil && len(c.faults) == before:
		out.short = c.shortOf(site{f: f, want: kind, leaf: l, fields: index}, v)
	}
	if l != nil && l.path == customer && c.resolve(v) != c.resolve(c.file.CustomerNumber) {
		c.fault(v.Pos, "%s is the dealer customer number and nothing else; write $customerNumber, or leave the line out", customer)
	}
	if resolved := c.resolve(v); resolved != nil && v.OnBad == nil && v.Fallback == nil {
		v = resolved
	}
	if v.OnBad != nil {
		switch v.OnBad.Value {
		case "null":
			out.bad = nullField
		case "leaveOut":
			out.bad = leaveOut
		case "fail":
			out.bad = failPage
		case "placeholder":
			if v.Fallback == nil {
				c.fault(v.OnBad.Pos, "say which: placeholder: 'N/A'")
			}
		default:
			c.fault(v.OnBad.Pos, "onBad: is null, leaveOut or fail")
		}
	}
	if v.Fallback != nil && l != nil {
		got := c.textReader(l.want, v.Fallback.Pos)(v.Fallback.Value)
		if got.state != convert.Present {
			c.fault(v.Fallback.Pos, "%q is not %s", v.Fallback.Value, l.want)
		}
		c.checkWord(l, got.text, v.Fallback.Pos)
		out.fallback = &got
	}
	return out
}

// resolve follows $names to what they stand for.
func (c *compiler) resolve(v *mapfile.Value) *mapfile.Value {
	for range len(c.define) + 2 {
		if v == nil || v.Kind != mapfile.RefValue {
			return v
		}
		if v.Ref.Value == "customerNumber" {
			v = c.file.CustomerNumber
		} else if d := c.define[v.Ref.Value]; d != nil {
			v = d.Value
		} else {
			return v
		}
	}
	return v
}

// defaults add what the file says once for all fields: currencies, amounts
// written out, the customer number.
func (c *compiler) defaults(s *shape, e *element, needs *[][]int, customer string, f *frame) {
	at := func(path string) int {
		return slices.IndexFunc(e.fields, func(have *field) bool { return have.leaf != nil && have.leaf.path == path })
	}
	add := func(l *leaf, s short, get evaluator, waits ...int) {
		e.fields = append(e.fields, &field{leaf: l, short: s, get: get, bad: nullField, silent: true})
		*needs = append(*needs, waits)
	}
	for _, path := range s.order {
		l := s.leaves[path]
		if at(path) >= 0 {
			continue
		}
		name := path[strings.LastIndex(path, ".")+1:]
		sibling := -1
		if l.parent != "" {
			sibling = at(l.parent + ".amount")
		}
		switch {
		case path == customer && c.file.CustomerNumber != nil:
			here, before := site{f: f, want: wantText, leaf: l}, len(c.faults)
			get, s := c.value(here, c.file.CustomerNumber), short{}
			if len(c.faults) == before {
				s = c.shortOf(here, c.file.CustomerNumber)
			}
			add(l, s, get)
			e.fields[len(e.fields)-1].bad = leaveOut
		case name == "currency" && l.want == wantText && c.file.Currency.Value != "" && (sibling >= 0 || l.parent == ""):
			code := present(c.file.Currency.Value)
			if sibling < 0 {
				add(l, short{}, fixed(code))
				continue
			}
			add(l, short{form: formBeside, text: code, sibling: sibling}, func(r *row, _ *env) value {
				if r.fields[sibling].state != convert.Present {
					return absent(convert.Empty)
				}
				return code
			}, sibling)
		case name == "display" && l.want == wantText && sibling >= 0:
			add(l, short{form: formShown, sibling: sibling}, func(r *row, _ *env) value {
				amount := r.fields[sibling]
				if amount.state != convert.Present {
					return absent(convert.Empty)
				}
				return present(convert.Display(amount.text, displayPlaces))
			}, sibling)
		}
	}
}

// displayPlaces are the decimals of an amount that is written out.
const displayPlaces = 2

// dropFaulty takes out fields the API does not have; a fault says so already.
func dropFaulty(fields []*field, needs [][]int) ([]*field, [][]int) {
	moved := make([]int, len(fields))
	var keptFields []*field
	var keptNeeds [][]int
	for i, f := range fields {
		moved[i] = -1
		if f.leaf != nil {
			moved[i] = len(keptFields)
			keptFields = append(keptFields, f)
			keptNeeds = append(keptNeeds, needs[i])
		}
	}
	if len(keptFields) == len(fields) {
		return fields, needs
	}
	for i, waits := range keptNeeds {
		var kept []int
		for _, n := range waits {
			if moved[n] >= 0 {
				kept = append(kept, moved[n])
			}
		}
		keptNeeds[i] = kept
	}
	return keptFields, keptNeeds
}

// evaluationOrder puts fields behind those their conditions look at.
func (c *compiler) evaluationOrder(needs [][]int, pos mapfile.Pos) []int {
	var order []int
	done := make([]bool, len(needs))
	for len(order) < len(needs) {
		before := len(order)
		for i, waits := range needs {
			if !done[i] && !slices.ContainsFunc(waits, func(n int) bool { return n < len(done) && !done[n] }) {
				done[i] = true
				order = append(order, i)
			}
		}
		if len(order) == before {
			c.fault(pos, "conditions on fields wait for each other in a circle")
			return nil
		}
	}
	return order
}

// required finds required fields that nothing maps.
func (c *compiler) required(s *shape, e *element, w written) {
	mapped := map[string]bool{}
	objects := map[string]bool{}
	for _, f := range e.fields {
		mapped[f.leaf.path] = true
		for parent := f.leaf.parent; parent != ""; {
			objects[parent] = true
			cut := strings.LastIndex(parent, ".")
			if cut < 0 {
				break
			}
			parent = parent[:cut]
		}
	}
	for _, path := range s.order {
		l := s.leaves[path]
		if !mapped[path] && (l.required || l.nested && objects[l.parent]) {
			c.missing(w.pos, path, "the required field %s is not mapped", path)
		}
	}
	seen := map[string]mapfile.Pos{}
	for _, l := range w.lists {
		if l.Pivot != nil {
			continue
		}
		if first, again := seen[l.Path.Value]; again {
			c.fault(l.Path.Pos, "%s is already mapped at line %d", l.Path.Value, first.Line)
		}
		seen[l.Path.Value] = l.Path.Pos
	}
	for _, path := range slices.Sorted(maps.Keys(s.lists)) {
		t := s.lists[path]
		if _, ok := seen[path]; !ok {
			if t.required {
				c.missing(w.pos, path, "the required list %s is not mapped; where there is nothing for it write `%s: none`", path, path)
			}
			e.lists = append(e.lists, c.newList(t))
		}
	}
}

// strict says whether a bad row fails the page; what is said closer by wins.
func (c *compiler) strict(p mapfile.Policies, inherited bool) bool {
	if p.OnBadRow == nil {
		return inherited
	}
	switch p.OnBadRow.Value {
	case "fail":
		return true
	case "leaveOut":
		return false
	}
	c.fault(p.OnBadRow.Pos, "onBadRow: is leaveOut or fail")
	return inherited
}
