package plan

import (
	"maps"
	"slices"
	"strings"
)

// Prepared is one statement as a server can be asked to prepare it: with one
// value in each list.
type Prepared struct {
	Name string
	Text string
	Args int
}

// Statements are all statements of a program, in the order of their names.
func (p *Program) Statements() []Prepared {
	var all []Prepared
	p.each(func(s *Statement) {
		text, args := s.prepared()
		all = append(all, Prepared{Name: s.Name, Text: text, Args: args})
	})
	slices.SortStableFunc(all, func(a, b Prepared) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// each visits every statement.
func (p *Program) each(visit func(*Statement)) {
	for _, name := range slices.Sorted(maps.Keys(p.lists)) {
		for _, l := range p.lists[name].parts() {
			if l.keys.stmt == nil {
				continue
			}
			visit(l.keys.stmt)
			below(l.keys.frame, visit)
			visit(l.rows.stmt)
			below(l.rows.frame, visit)
			l.finder.each(visit)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(p.documents)) {
		for _, d := range p.documents[kind] {
			visit(d.rows.stmt)
			below(d.rows.frame, visit)
		}
	}
	if p.snapshots != nil {
		for _, n := range p.snapshots.numbers {
			visit(n.stmt)
			below(n.frame, visit)
		}
		for _, kind := range slices.Sorted(maps.Keys(p.snapshots.marks)) {
			for _, m := range p.snapshots.marks[kind] {
				visit(m.rows.stmt)
				below(m.rows.frame, visit)
			}
		}
	}
	p.states.each(visit)
	for _, s := range p.changes.sources {
		visit(s.all)
		if s.since != nil {
			visit(s.since)
		}
		below(s.frame, visit)
	}
	if j := p.changes.joined; j != nil {
		visit(j.stmt)
	}
}

// below visits the statements of everything that hangs on a frame.
func below(f *frame, visit func(*Statement)) {
	if f.needed != nil {
		visit(f.needed.stmt)
	}
	for _, b := range f.branches {
		if b.stmt != nil {
			visit(b.stmt)
		}
		below(b.frame, visit)
	}
}
