package plan

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// relation is one table (or inline SELECT) of a scope under its alias.
type relation struct {
	alias    string
	pos      mapfile.Pos
	source   mapfile.Source
	table    *Table // nil offline and when unknown
	asked    func(column string)
	match    []mapfile.Match
	on       *mapfile.Text
	where    []*mapfile.Condition
	pick     []mapfile.Order
	required bool
	// lost is a column, as alias.column, that is NULL where a required join finds
	// nothing; "" where rows are dropped without being counted.
	lost string
	main bool
	// apart says that the rows are fetched by a statement of their own and
	// paired in Go: because one of several has to be picked, because nothing
	// proves that there is only one, or because what they are matched with is
	// only known after a conversion.
	apart bool
}

// column looks a column up. Offline every name is taken as it is.
func (r *relation) column(name string) *Column {
	if r.table == nil {
		if r.asked != nil {
			r.asked(name)
		}
		return &Column{Name: name, Nullable: true}
	}
	return r.table.column(name)
}

// scope is what names can mean at one place: an element's tables, and those of
// the element it stands in.
type scope struct {
	parent    *scope
	relations []*relation
	children  []*mapfile.Children
}

// find looks an alias up, from the inside outwards.
func (s *scope) find(alias string) (*relation, int) {
	for depth := 0; s != nil; s, depth = s.parent, depth+1 {
		for _, r := range s.relations {
			if r.alias == alias {
				return r, depth
			}
		}
	}
	return nil, 0
}

func (s *scope) aliases() []string {
	var names []string
	for ; s != nil; s = s.parent {
		for _, r := range s.relations {
			names = append(names, r.alias)
		}
	}
	return names
}

// place is where a value stands when a row is evaluated: so many elements
// upwards, in the row itself or in one fetched apart, in this cell.
type place struct {
	depth, branch, slot int // branch -1: the row itself
}

// slot is one selected expression of a statement.
type slot struct {
	expr sqlText
	kind convert.ColumnKind
	name string // alias.column, to find it again; empty for SQL
}

// filters says which of the file-wide filters go with a statement's tables.
type filters int

const (
	ownerOnly filters = iota // changes, documents
	ownerAndState
)

// asking says for how many customers a statement can be run.
type asking int

const (
	nobody asking = iota // changes, documents
	oneAtMost
	several
)

// frame is one statement under construction: the relations it may use and the
// columns that evaluators have asked for.
type frame struct {
	c        *compiler
	name     string
	scope    *scope
	parent   *frame
	filters  filters
	used     []*relation
	slots    []slot
	where    []sqlText
	branches []*branch
	closed   bool // no rows can be fetched apart here (key lists)
	// correlated says that the statement stands inside its parent's, so that
	// the parent's columns can be named in it.
	correlated bool
	endpoint   string // of a frame of main rows: whose
	asking     asking
	parents    int // columns that tie the rows to those above; 0: there are none above
	// narrowing says that what is rendered decides which main rows there are.
	narrowing bool
	// made says that the rows are no table's but elements inside a value, so
	// that there is no statement.
	made bool
	// declared are comparisons of the conditions on these rows that know all
	// codes of their column; codes is what they and `state:` come to.
	declared []*mapfile.Comparison
	codes    []*codeCheck
	needed   *neededTables  // nil where no join is required
	blank    []convert.Cell // a row before it was read
}

func newFrame(c *compiler, name string, s *scope, parent *frame, f filters) *frame {
	made := &frame{c: c, name: name, scope: s, parent: parent, filters: f, used: []*relation{s.relations[0]}}
	if parent != nil {
		made.asking = parent.asking
	}
	return made
}

// use makes an inline relation part of the statement, with all it is joined to.
func (f *frame) use(r *relation, pos mapfile.Pos) {
	if slices.Contains(f.used, r) {
		return
	}
	f.used = append(f.used, r)
	for _, m := range r.match {
		if m.Value.Kind == mapfile.ColumnValue {
			f.column(m.Value.Column, m.Value.Pos, false)
		}
	}
	if r.on != nil {
		for _, other := range f.c.aliasesIn(*r.on, f.scope) {
			if other != r {
				f.use(other, pos)
			}
		}
	}
}

// column finds a column by its alias and gives the place it will stand at.
// With selected false it is only looked up (for conditions): its relation
// becomes part of the statement, its value is not fetched.
func (f *frame) column(ref mapfile.ColumnRef, pos mapfile.Pos, selected bool) (place, *Column, bool) {
	rel, depth := f.scope.find(ref.Alias)
	if rel == nil {
		f.c.unknownAlias(ref, pos, f.scope)
		return place{}, nil, false
	}
	target := f
	for range depth {
		target = target.parent
		if target == nil {
			f.c.fault(pos, "%q belongs to the row around this one and cannot be used here", ref.Alias)
			return place{}, nil, false
		}
	}
	col := rel.column(ref.Name)
	if col == nil {
		f.c.unknownColumn(pos, ref.Name, rel)
		return place{}, nil, false
	}
	if _, err := quoteName(ref.Name); err != nil {
		f.c.fault(pos, "%v", err)
		return place{}, nil, false
	}
	if rel.apart {
		if target.closed || !selected {
			f.c.fault(pos, "%q is fetched by a statement of its own (%s) and cannot decide which rows there are or their order; an inline SELECT that finds one row each can", ref.Alias, rel.why())
			return place{}, nil, false
		}
		at := target.apart(rel)
		return place{depth: depth, branch: at, slot: target.branches[at].frame.slot(rel, col)}, col, true
	}
	target.use(rel, pos)
	if !selected {
		return place{depth: depth, branch: -1}, col, true
	}
	return place{depth: depth, branch: -1, slot: target.slot(rel, col)}, col, true
}

// slot gives the index of a selected column, selecting it if need be.
func (f *frame) slot(r *relation, col *Column) int {
	name := r.alias + "." + strings.ToLower(col.Name)
	for i, s := range f.slots {
		if s.name == name {
			return i
		}
	}
	f.slots = append(f.slots, slot{expr: columnSQL(r, col.Name), kind: col.Kind, name: name})
	return len(f.slots) - 1
}

// expression selects a piece of the mapping's own SQL.
func (f *frame) expression(t mapfile.Text) place {
	if f.made {
		f.c.fault(t.Pos, "elements are taken apart outside of the database; no SQL can look at them")
		return place{branch: -1}
	}
	for _, r := range f.c.aliasesIn(t, f.scope) {
		if own, depth := f.scope.find(r.alias); own == r && depth == 0 {
			if r.apart {
				f.c.fault(t.Pos, "%q is fetched by a statement of its own (%s) and cannot be used in SQL here", r.alias, r.why())
				continue
			}
			f.use(r, t.Pos)
			continue
		}
		f.c.fault(t.Pos, "%q belongs to the row around this one and cannot be used in SQL here", r.alias)
	}
	f.c.namesInSQL(t, f.scope.aliases())
	var expr sqlText
	expr.text("(").add(f.c.sqlOf(f, t)).text(")")
	f.slots = append(f.slots, slot{expr: expr})
	return place{branch: -1, slot: len(f.slots) - 1}
}

func columnSQL(r *relation, name string) sqlText {
	var s sqlText
	return *s.text(quoted(r.alias), ".", quoted(name))
}

func (r *relation) title() string {
	switch {
	case r.source.Select != nil:
		return "the SELECT " + r.alias
	case r.source.Table.Value == "":
		return "the elements " + r.alias
	}
	return "table " + r.source.Table.Value
}

// why says in a message why a relation is fetched apart.
func (r *relation) why() string {
	if len(r.pick) > 0 {
		return "pick"
	}
	return "its match is a conversion, or may find several rows"
}

func (c *compiler) unknownAlias(ref mapfile.ColumnRef, pos mapfile.Pos, s *scope) {
	aliases := s.aliases()
	c.faultNear(pos, mapfile.Nearest(ref.Alias, aliases),
		"unknown alias %q; here are %s (a fixed text is written {value: ...})", ref.Alias, strings.Join(aliases, ", "))
}

// emptyCells are the cells of a row before it is read.
func (f *frame) emptyCells() []convert.Cell {
	cells := make([]convert.Cell, len(f.slots))
	for i, slot := range f.slots {
		cells[i] = convert.NewKept(slot.kind)
	}
	return cells
}

// statement renders what the frame has collected. Conditions of joins can bring
// in further joins, so it is done again until nothing new turns up.
func (f *frame) statement() *Statement {
	for {
		before := len(f.used)
		if s := f.render(); len(f.used) == before {
			return s
		}
	}
}

func (f *frame) render() *Statement {
	var s sqlText
	s.text("select ")
	for i, slot := range f.slots {
		if i > 0 {
			s.text(", ")
		}
		s.add(slot.expr)
	}
	s.text(" from ")
	where := slices.Clone(f.where)
	for _, r := range f.scope.relations {
		if !slices.Contains(f.used, r) {
			continue
		}
		if r.lost != "" {
			table, on, more := f.c.lostSQL(f, r)
			s.text(" left join ").add(table).text(" on ").add(joinSQL(" and ", on))
			where = append(where, more...)
			continue
		}
		table, conditions := f.c.tableSQL(f, r)
		if r.main {
			s.add(table)
			where = append(conditions, where...)
			continue
		}
		join := " left join "
		if r.required {
			join = " join "
		}
		on := append(f.c.matchSQL(f, r), conditions...)
		s.text(join).add(table).text(" on ").add(joinSQL(" and ", on))
	}
	if len(where) > 0 {
		s.text(" where ").add(joinSQL(" and ", where))
	}
	f.blank = f.emptyCells()
	return &Statement{Name: f.name, server: f.c.server, pieces: s.pieces, width: len(f.slots)}
}
