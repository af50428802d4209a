package naive

import (
	"slices"
	"strings"
	"time"
)

// Changes says which tables tell of changes.
type Changes struct {
	Overlap time.Duration
	Kinds   map[string][]ChangeSource
}

// ChangeSource is a table with stamps.
type ChangeSource struct {
	From          Source
	Stamps        []Value // columns, or texts with a date in a spelling
	NullIsChanged bool
}

// Change is a kind that changed for a customer.
type Change struct{ Customer, Kind string }

var changeKinds = []string{"contract", "invoice", "catalog", "document"}

// Changed tells what changed at or after a moment, ordered and each once, and of
// how many changed rows the customer is not known. The zero time is the
// beginning.
func (w *World) Changed(since time.Time) (all []Change, lost int) {
	in := w.stateless()
	if !since.IsZero() {
		since = since.Add(-w.Mapping.Changes.Overlap)
	}
	for _, kind := range changeKinds {
		for _, s := range w.Mapping.Changes.Kinds[kind] {
			for _, r := range in.rows(nil, s.From) {
				if !s.changed(r, since) {
					continue
				}
				one := Change{in.number(r), kind}
				switch {
				case one.Customer == "":
					lost++
				case !slices.Contains(all, one):
					all = append(all, one)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		if by := strings.Compare(a.Customer, b.Customer); by != 0 {
			return by
		}
		return strings.Compare(a.Kind, b.Kind)
	})
	return all, lost
}

// Moments are times to ask for changes since: the beginning, every stamp, and a
// second after it.
func (w *World) Moments() []time.Time {
	all := []time.Time{{}}
	in := w.stateless()
	for _, kind := range changeKinds {
		for _, s := range w.Mapping.Changes.Kinds[kind] {
			for _, r := range in.rows(nil, s.From) {
				for _, v := range s.Stamps {
					if at, is := stamp(v, r); is == isThere {
						all = append(all, at.Add(w.Mapping.Changes.Overlap), at.Add(w.Mapping.Changes.Overlap+time.Second))
					}
				}
			}
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.Compact(all)
}

// stateless is the dealer without state filters: a row that is not shown any
// more changed as well.
func (w *World) stateless() *world {
	zone, err := time.LoadLocation(w.Mapping.Zone)
	if err != nil {
		panic(err)
	}
	mapping := *w.Mapping
	mapping.State = nil
	return &world{World: &World{Tables: w.Tables, Mapping: &mapping}, zone: zone}
}

// changed looks at the latest of a row's stamps. One that cannot be read counts
// as changed.
func (s ChangeSource) changed(r *row, since time.Time) bool {
	stamped := false
	for _, v := range s.Stamps {
		switch at, is := stamp(v, r); {
		case is > isThere, is == isThere && !at.Before(since):
			return true
		case is == isThere:
			stamped = true
		}
	}
	return !stamped && s.NullIsChanged
}

// stamp reads the last moment a stamp can mean: midnight is a moment like every
// other, a day without a time lasts to its end, and what the clocks showed twice
// counts as the later one.
func stamp(v Value, r *row) (time.Time, state) {
	ref, layout := Ref{}, ""
	switch v := v.(type) {
	case DateValue:
		ref, layout = v.Ref, layouts[v.Spelling]
	case ColumnValue:
		ref, layout = v.Ref, "2006-01-02"
	}
	text, column := r.cell(ref)
	if column.Kind == DateTime {
		layout = "2006-01-02 15:04:05"
	}
	if strings.Trim(text, "0") == "" {
		return time.Time{}, isEmpty
	}
	wall, err := time.Parse(layout, text)
	if err != nil {
		return time.Time{}, isUnreadable
	}
	if column.Kind == DateTime {
		return latest(wall, r.world.zone), isThere
	}
	return latest(wall.AddDate(0, 0, 1), r.world.zone).Add(-time.Second), isThere
}

// latest is the last instant at which clocks can have stood so.
func latest(wall time.Time, zone *time.Location) time.Time {
	_, before := wall.Add(-26 * time.Hour).In(zone).Zone()
	_, after := wall.Add(26 * time.Hour).In(zone).Zone()
	first, second := wall.Add(-time.Duration(before)*time.Second), wall.Add(-time.Duration(after)*time.Second)
	same := func(at time.Time) bool { return at.In(zone).Format(time.DateTime) == wall.Format(time.DateTime) }
	switch {
	case same(first) == same(second) && second.After(first), same(second) && !same(first):
		return second
	}
	return first
}

func (c *Changes) written() any {
	if c == nil {
		return "none"
	}
	out := tree{}
	if c.Overlap > 0 {
		out["overlap"] = c.Overlap.String()
	}
	for _, kind := range changeKinds {
		var sources []any
		for _, s := range c.Kinds[kind] {
			source := s.From.written()
			var stamps []any
			for _, v := range s.Stamps {
				stamps = append(stamps, v.written())
			}
			source["stamp"] = stamps
			if s.NullIsChanged {
				source["nullIsChanged"] = true
			}
			sources = append(sources, source)
		}
		if out[kind] = any(sources); len(sources) == 0 {
			out[kind] = "none"
		}
	}
	return out
}

// changes draws which tables tell of changes: those of contracts, and their
// children with the way back to the contract.
func (g *generator) changes(children *Children) {
	m := g.world.Mapping
	c := &Changes{Overlap: time.Duration(g.n(2, "overlap")) * 5 * time.Minute, Kinds: map[string][]ChangeSource{}}
	joins := func(e *Endpoint) []Join {
		return slices.DeleteFunc(slices.Clone(e.From.Joins), func(j Join) bool { return j.Alias != m.Number.Column.Alias })
	}
	add := func(kind string, from Source, stamped ...place) {
		all := refs(stamped, func(c Column) bool { return c.Kind == Date || c.Kind == DateTime || c.Content == Day8 })
		if len(all) == 0 {
			return
		}
		s := ChangeSource{From: from, NullIsChanged: g.chance(30, "nullIsChanged")}
		for range 1 + g.n(1, "stamps") {
			ref := pick(g, all, "stamp")
			t := stamped[slices.IndexFunc(stamped, func(p place) bool { return p.alias == ref.Alias })].table
			var v Value = ColumnValue{ref}
			if t.Columns[t.index(ref.Column)].Content == Day8 {
				v = DateValue{ref, "yyyymmdd"}
			}
			if !slices.Contains(s.Stamps, v) {
				s.Stamps = append(s.Stamps, v)
			}
		}
		if g.chance(30, "condition") {
			s.From.Where = []Cond{g.comparison(stamped[:1])}
		}
		c.Kinds[kind] = append(c.Kinds[kind], s)
	}
	for _, e := range m.contracts() {
		if g.chance(70, "own stamp") {
			add(pick(g, changeKinds, "kind"), Source{Table: e.From.Table, Alias: "r", Joins: joins(e)}, place{"r", e.From.Table})
		}
		if g.chance(50, "stamp of children") {
			match := children.Match[0]
			back := Join{Alias: "r", Table: e.From.Table, Match: []Match{{Column: match.With.Column, With: Ref{"d", match.Column}}}, Required: true}
			add(pick(g, changeKinds, "kind"), Source{Table: children.Table, Alias: "d", Joins: append([]Join{back}, joins(e)...)},
				place{"d", children.Table}, place{"r", e.From.Table})
		}
	}
	if len(c.Kinds) > 0 {
		m.Changes = c
	}
}
