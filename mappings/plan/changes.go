package plan

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Change says that something of a kind changed for a customer.
type Change struct {
	Customer string
	Kind     string
}

// changes is the section `changes:`, compiled.
type changes struct {
	overlap time.Duration
	sources []*changeSource
	joined  *joinedSources // nil where each is asked by itself
}

// changeSource is one table whose stamp tells of changes.
type changeSource struct {
	kind          string
	frame         *frame
	all, since    *Statement // since is nil where raw stamps have no order in time
	stamps        []stamp
	bounds        int // that since compares with
	customer      evaluator
	key           []place
	nullIsChanged bool
}

// stamp is one stamp of a source.
type stamp struct {
	get     evaluator                                           // where it is no date of plain columns
	since   func(r *row, since time.Time) (bool, convert.State) // where it is one
	date    *convert.Date
	kinds   []convert.ColumnKind
	columns []sqlText
	bounded []bool   // of the columns: the source's statement compares it
	names   []string // of the columns, where they are the source's own
}

const changesEndpoint = "incremental"

var changeKinds = []string{"contract", "invoice", "catalog", "document"}

func (c *compiler) compileChanges() *changes {
	defer c.within("changes")()
	out := &changes{}
	section := c.file.Changes
	if section == nil {
		c.warn(c.file.Pos, "there is no section `changes:`; changes are then seen by the daily pull only; write `changes: none` if that is meant")
		return out
	}
	if section.Overlap != nil {
		overlap, err := time.ParseDuration(section.Overlap.Value)
		if err != nil || overlap < 0 {
			c.fault(section.Overlap.Pos, "overlap: is a duration like 5m, not %q", section.Overlap.Value)
		}
		out.overlap = overlap
	}
	for _, kind := range section.Kinds {
		leave := c.within(kind.Kind.Value)
		switch {
		case !slices.Contains(changeKinds, kind.Kind.Value):
			c.faultNear(kind.Kind.Pos, mapfile.Nearest(kind.Kind.Value, changeKinds), "there are changes of %s only", strings.Join(changeKinds, ", "))
		case kind.Snapshot:
			c.snapshotOf(kind.Kind)
		}
		for _, source := range kind.Sources {
			if s := c.changeSource(kind.Kind.Value, source); s != nil {
				out.sources = append(out.sources, s)
			}
		}
		leave()
	}
	out.joined = c.joinSources(out.sources)
	return out
}

func (c *compiler) changeSource(kind string, w *mapfile.ChangeSource) *changeSource {
	scope := c.newScope(nil, w.Source, w.Join, nil, false)
	if len(scope.relations) == 0 {
		return nil
	}
	f := newFrame(c, "changes of "+kind+" in "+scope.relations[0].alias, scope, nil, ownerOnly)
	f.closed = true
	s := &changeSource{kind: kind, frame: f, nullIsChanged: w.NullIsChanged}
	main := scope.relations[0]
	if main.table != nil {
		for _, name := range main.table.primaryKey() {
			s.key = append(s.key, place{branch: -1, slot: f.slot(main, main.table.column(name))})
		}
	}
	for _, r := range scope.relations {
		if r.required && !r.apart {
			f.use(r, r.pos)
		}
	}
	f.needed = c.needs(f)
	f.where = append(f.where, c.conditions(f, w.Where, nil)...)
	number := w.Customer
	if number == nil {
		number = c.file.CustomerNumber
	}
	if number == nil {
		c.fault(w.Pos, "say with `customer:` how a row leads to its customer number")
		return nil
	}
	s.customer = c.value(site{f: f, want: wantText}, number)
	if len(w.Stamp) == 0 {
		c.fault(w.Pos, "say with `stamp:` which column tells when a row changed")
	}
	for _, v := range w.Stamp {
		if st, ok := c.stamp(f, v); ok {
			s.stamps = append(s.stamps, st)
		}
	}
	c.scanned(w, main, s.stamps)
	s.all = f.statement()
	if filter, ok := s.filter(c, 0); ok {
		where := f.where
		f.where = append(slices.Clone(where), filter)
		s.since = f.statement()
		f.where = where
	}
	return s
}

// defaultMaxScan is how many rows may be read in vain before it is worth a
// warning.
const defaultMaxScan = 100_000

// scanned warns of stamps that no index leads to, in tables so large that every
// question for changes hurts.
func (c *compiler) scanned(w *mapfile.ChangeSource, main *relation, stamps []stamp) {
	most := int64(defaultMaxScan)
	if c.file.MaxScan != nil {
		most = int64(c.number(c.file.MaxScan, "maxScan"))
	}
	if main.table == nil || main.table.Rows <= most {
		return
	}
	for _, st := range stamps {
		indexed := slices.ContainsFunc(st.names, func(name string) bool {
			return slices.ContainsFunc(main.table.Leading, func(lead string) bool { return strings.EqualFold(lead, name) })
		})
		if len(st.names) > 0 && !indexed {
			c.warn(w.Pos, "no index begins with %s, so every question for changes reads all of about %d rows of %s; an index would help: CREATE INDEX changed ON %s (%s)",
				st.names[0], main.table.Rows, main.title(), tableName(main.source), quoted(st.names[0]))
		}
	}
}

// stamp compiles one stamp: columns read as an instant, midnight staying
// midnight.
func (c *compiler) stamp(f *frame, v *mapfile.Value) (stamp, bool) {
	v = c.resolve(v)
	items := []*mapfile.Value{v}
	rule := mapfile.DateRule{Pos: v.Pos}
	switch {
	case v.Kind == mapfile.ColumnValue && v.Convert == nil:
	case v.Kind == mapfile.FromValue:
		items = v.Items
		if v.Convert != nil && v.Convert.Date != nil {
			rule = *v.Convert.Date
		}
	default:
		return stamp{get: c.value(site{f: f, want: wantInstant}, v)}, true
	}
	keep := mapfile.Text{Value: "keep"}
	rule.Midnight = &keep
	date := c.dateOf(&rule, len(items), 0)
	if date == nil {
		return stamp{}, false
	}
	out := stamp{date: date}
	var places []place
	for _, item := range items {
		if item.Kind != mapfile.ColumnValue {
			return stamp{get: c.value(site{f: f, want: wantInstant}, v)}, true
		}
		p, col, ok := f.column(item.Column, item.Pos, true)
		if !ok {
			return stamp{}, false
		}
		rel, _ := f.scope.find(item.Column.Alias)
		places = append(places, p)
		out.kinds = append(out.kinds, col.Kind)
		out.columns = append(out.columns, columnSQL(rel, col.Name))
		if rel == f.scope.relations[0] {
			out.names = append(out.names, col.Name)
		}
		if c.bound() && len(items) == 1 && !date.SuitsKind(col.Kind) {
			c.fault(item.Pos, "the column is %s, say how a date is written in it, as in `date: yyyymmdd`", col.Kind)
		}
	}
	empty := c.empty
	out.since = func(r *row, since time.Time) (bool, convert.State) {
		cells := make([]*convert.Cell, len(places))
		for i, p := range places {
			cells[i] = r.cell(p)
		}
		if raw, state := cells[0].Text(); state == convert.Present && empty.Has(raw) {
			return false, convert.Empty
		}
		return date.ChangedSince(since, cells...)
	}
	return out, true
}

// bounds are what a stamp's columns are compared with so that nothing since a
// time is missed; "" for a column that is not compared.
func (s stamp) bounds(since time.Time) ([]string, bool) {
	if s.date == nil || !s.date.Ordered(s.kinds...) {
		return nil, false
	}
	return s.date.Bounds(since, s.kinds...)
}

// someTime is a time to learn from which columns a stamp compares.
var someTime = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// filter restricts a source to rows that can have changed. It is coarse: the
// stamps are compared again in Go. Its bounds stand from a place on.
func (s *changeSource) filter(c *compiler, from int) (sqlText, bool) {
	var some []sqlText
	at := from
	for n, st := range s.stamps {
		bounds, ok := st.bounds(someTime)
		if !ok || len(bounds) > len(st.columns) {
			return sqlText{}, false
		}
		bounded := make([]bool, len(bounds))
		for i, bound := range bounds {
			bounded[i] = bound != ""
		}
		s.stamps[n].bounded = bounded
		var all []sqlText
		for i, bound := range bounds {
			if bound == "" {
				continue
			}
			var one sqlText
			one.add(st.columns[i]).text(" >= ").scalar(sinceBound, at)
			if textualKind(st.kinds[i]) {
				// Blanks in front of a text put it before every bound.
				one = *new(sqlText).text("(").add(one).text(" or ").add(st.columns[i]).text(" like ' %')")
			}
			all = append(all, one)
			at++
		}
		if len(all) == 0 {
			return sqlText{}, false
		}
		var one sqlText
		some = append(some, *one.text("(").add(joinSQL(" and ", all)).text(")"))
		if s.nullIsChanged {
			for i := range bounds {
				var empty sqlText
				some = append(some, *empty.add(c.emptySQL(st.columns[i], &Column{Kind: st.kinds[i]})))
				// A date of zeros is none, however it is spelled.
				switch {
				case textualKind(st.kinds[i]):
					some = append(some, *new(sqlText).add(st.columns[i]).text(" like '0%'"))
				case st.kinds[i].Numeric():
					some = append(some, *new(sqlText).add(st.columns[i]).text(" = 0"))
				}
			}
		}
	}
	if len(some) == 0 {
		return sqlText{}, false
	}
	s.bounds = at - from
	var out sqlText
	return *out.text("(").add(joinSQL(" or ", some)).text(")"), true
}

// sinceValues adds the bounds of all stamps in the types of their columns.
func (s *changeSource) sinceValues(all []any, since time.Time) ([]any, bool) {
	for n := range s.stamps {
		st := &s.stamps[n]
		bounds, ok := st.date.Bounds(since, st.kinds...)
		if !ok || len(bounds) != len(st.bounded) {
			return nil, false
		}
		for i, bound := range bounds {
			if (bound != "") != st.bounded[i] {
				return nil, false // before all that the spelling can say
			}
			if bound == "" {
				continue
			}
			v, ok := matchRule{kind: st.kinds[i]}.bind(bound)
			if !ok {
				return nil, false
			}
			all = append(all, v)
		}
	}
	return all, true
}

// Changes tells what changed at or after a time, each pair of customer and
// kind once, ordered. The zero time means from the beginning.
func (p *Program) Changes(ctx context.Context, a Asking, since time.Time) ([]Change, []LeftOut, error) {
	if !since.IsZero() {
		since = since.Add(-p.changes.overlap)
	}
	e := p.env(a)
	defer e.blocks.release()
	x := &fetcher{q: a.Querier, env: e}
	joined, together, err := p.changes.joined.read(ctx, x, since)
	if err != nil {
		return nil, nil, err
	}
	found := map[Change]bool{}
	var left []LeftOut
	for _, s := range p.changes.sources {
		var rows []*row
		at := -1
		if together {
			at = slices.Index(p.changes.joined.sources, s)
		}
		if at >= 0 {
			rows = joined[at]
		} else if rows, err = s.read(ctx, x, since); err != nil {
			return nil, nil, err
		}
		if len(rows) == 0 {
			if err := s.frame.needed.there(ctx, x); err != nil {
				return nil, nil, err
			}
		}
		left = append(left, s.changes(rows, e, a, since, found)...)
	}
	all := make([]Change, 0, len(found))
	for change := range found {
		all = append(all, change)
	}
	slices.SortFunc(all, func(a, b Change) int {
		if by := strings.Compare(a.Customer, b.Customer); by != 0 {
			return by
		}
		return strings.Compare(a.Kind, b.Kind)
	})
	return all, left, nil
}

// read gives the rows that can have changed.
func (s *changeSource) read(ctx context.Context, x *fetcher, since time.Time) ([]*row, error) {
	stmt, v := s.all, values{}
	if s.since != nil && !since.IsZero() {
		if bounds, ok := s.sinceValues(nil, since); ok {
			stmt, v.scalars = s.since, map[listName][]any{sinceBound: bounds}
		}
	}
	return x.rows(ctx, stmt, s.frame, v)
}

// changes gathers what rows tell, and those that do not tell whose they are.
func (s *changeSource) changes(rows []*row, e *env, a Asking, since time.Time, found map[Change]bool) []LeftOut {
	var left []LeftOut
	for _, r := range rows {
		if !s.changed(r, e, a, since) {
			continue
		}
		number := s.customer(r, e)
		if number.state != convert.Present {
			reason, key := reasonOf(number.state), encodeCells("", r, s.key)
			left = append(left, LeftOut{Row: key, Field: "customerId", Reason: reason})
			if a.Note != nil {
				a.Note(changesEndpoint, "customerId", reason, key)
			}
			continue
		}
		found[Change{Customer: number.text, Kind: s.kind}] = true
	}
	return left
}

// changedSince says whether what a stamp tells may have happened at a time or
// later: a day lasts to its end, and a clock that stood so twice did so late.
func (s *stamp) changedSince(r *row, e *env, since time.Time) (bool, convert.State) {
	if s.since != nil {
		return s.since(r, since)
	}
	got := s.get(r, e)
	return got.state == convert.Present && (since.IsZero() || got.timed && !got.at().Before(since)), got.state
}

// changed says whether the latest stamp of a row is not before a time. A stamp
// that cannot be read is noted and counts as changed: a change that is told
// twice does no harm, one that is missed does.
func (s *changeSource) changed(r *row, e *env, a Asking, since time.Time) bool {
	stamped := false
	for _, st := range s.stamps {
		changed, state := st.changedSince(r, e, since)
		switch {
		case changed:
			return true
		case state == convert.Present:
			stamped = true
		case state.Bad():
			if a.Note != nil {
				a.Note(changesEndpoint, s.kind+".stamp", Unreadable, encodeCells("", r, s.key))
			}
			return true
		}
	}
	return !stamped && s.nullIsChanged
}
