package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// compiler is one pass over a mapping file: without a schema it finds what can
// be found offline, with one it also learns column kinds and makes the
// statements that are run. Both passes go the same way.
type compiler struct {
	file   *mapfile.File
	target Target
	server Server
	schema Schema // nil offline
	zone   *convert.Zone
	faults mapfile.Faults
	path   []string
	tables []TableRef
	asked  map[TableRef][]string // columns the mapping names, found offline
	joins  map[string]*mapfile.Join
	define map[string]*mapfile.Definition
	maps   map[string]*convert.CodeMap
	empty  *convert.Sentinels
	places int      // decimal places of the currency
	inline []string // aliases that must stand in the statement itself
	using  []string // definitions being followed, against circles
	// asksCustomer says that @customer stands somewhere.
	asksCustomer bool
	states       *states // of the target, while it is compiled
	elements     int     // that were compiled so far
	lists        int
}

// within adds a step to the path of faults; the function it returns takes it
// off again.
func (c *compiler) within(step string) func() {
	c.path = append(c.path, step)
	return func() { c.path = c.path[:len(c.path)-1] }
}

func (c *compiler) fault(pos mapfile.Pos, format string, args ...any) {
	c.faultNear(pos, "", format, args...)
}

// faultNear is a fault with the name that was probably meant.
func (c *compiler) faultNear(pos mapfile.Pos, suggestion, format string, args ...any) {
	c.faults = append(c.faults, mapfile.Fault{
		File: c.file.Path, Pos: pos, Path: strings.Join(c.path, "."),
		Message: fmt.Sprintf(format, args...), Suggestion: suggestion,
	})
}

// missing is the fault of something that has to be there and is not.
func (c *compiler) missing(pos mapfile.Pos, name, format string, args ...any) {
	c.fault(pos, format, args...)
	c.faults[len(c.faults)-1].About = name
}

func (c *compiler) warn(pos mapfile.Pos, format string, args ...any) {
	c.faults = append(c.faults, mapfile.Fault{
		File: c.file.Path, Pos: pos, Path: strings.Join(c.path, "."),
		Message: fmt.Sprintf(format, args...), Warning: true,
	})
}

// unsupported is the fault of a form that is understood and not yet served.
func (c *compiler) unsupported(pos mapfile.Pos, what string) {
	c.fault(pos, "this form is not supported yet by this version: %s", what)
}

// bound says whether a database's schema is at hand.
func (c *compiler) bound() bool { return c.schema != nil }

// table notes that a source is used and gives what the schema knows of it. An
// unknown table is a fault, said once for each place.
func (c *compiler) table(s mapfile.Source) *Table {
	ref := refOf(s)
	if !slices.Contains(c.tables, ref) {
		c.tables = append(c.tables, ref)
	}
	if s.Select == nil {
		names := []mapfile.Text{s.Table}
		if s.Database.Value != "" {
			names = append(names, s.Database)
		}
		for _, name := range names {
			if _, err := quoteName(name.Value); err != nil {
				c.fault(name.Pos, "%v", err)
				return nil
			}
		}
	}
	if !c.bound() {
		return nil
	}
	t := c.schema[ref]
	if t != nil && t.Refused != "" {
		pos := s.Select.Pos
		if t.RefusedAt > 0 {
			pos = c.file.At(*s.Select, t.RefusedAt)
		}
		c.fault(pos, "the database does not accept this SELECT: %s", t.Refused)
		return nil
	}
	if t == nil {
		pos := s.Table.Pos
		if s.Select != nil {
			c.fault(s.Select.Pos, "the database does not accept this SELECT")
			return nil
		}
		var known []string
		for r := range c.schema {
			if r.Select == "" && c.schema[r] != nil {
				known = append(known, r.Table)
			}
		}
		slices.Sort(known)
		near, name := mapfile.Nearest(s.Table.Value, known), s.Table.Value
		if s.Database.Value != "" {
			name = s.Database.Value + "." + name
		}
		if near == "" {
			c.fault(pos, "unknown table %q: it is not there, or the account may not read it", name)
			return nil
		}
		c.faultNear(pos, near, "unknown table %q", name)
	}
	return t
}

func (c *compiler) dialect() sqltext.Dialect {
	if c.file.Dialect == mapfile.SQLite {
		return sqltext.SQLite
	}
	return sqltext.MySQL
}

// sqlOf makes pieces of SQL that was written in the mapping: the text as it
// stands, its names as bound values.
func (c *compiler) sqlOf(f *frame, t mapfile.Text) sqlText {
	var out sqlText
	pieces := sqltext.Split(t.Value, c.dialect())
	for i := range pieces {
		switch p := pieces[i]; p.Name {
		case "":
			out.text(p.SQL)
		case sqltext.Dealer:
			out.scalar(dealerName, 0)
		case sqltext.Today:
			out.scalar(todayName, 0)
		case sqltext.Customer:
			c.customerSQL(f, t, &out, pieces, i)
		case sqltext.Parents:
			if f.parents != 1 {
				c.fault(c.file.At(t, p.Offset), "@parents stands for the rows above, whose children are read by one column; here are %d", f.parents)
				continue
			}
			openList(&out, pieces, i)
			out.in(parentList, 1)
		}
	}
	return out
}

// customerSQL renders @customer: a list behind `in`, one value elsewhere.
func (c *compiler) customerSQL(f *frame, t mapfile.Text, out *sqlText, pieces []sqltext.Piece, i int) {
	c.asksCustomer = true
	pos := c.file.At(t, pieces[i].Offset)
	switch {
	case c.file.CustomerNumber == nil:
		c.fault(pos, "@customer needs to know what a customer number is: say at the top of the file what `customerNumber:` is")
	case !c.customerKnown(f, pos):
	case openList(out, pieces, i):
		out.asked(matchRule{kind: convert.ColumnText}, 1)
	case f.asking == several:
		c.fault(pos, "several customers can be asked for at once: write `in (@customer)`")
	default:
		out.asked(matchRule{kind: convert.ColumnText}, 0)
	}
}

// customerKnown says whether @customer can stand at a place. Where several can
// be asked for at once it may only narrow down which main rows there are: they
// are compared with their own number again. Anywhere else it would mix up one
// customer's data with another's.
func (c *compiler) customerKnown(f *frame, pos mapfile.Pos) bool {
	switch {
	case f.asking == nobody:
		c.fault(pos, "nobody is asked for here, so @customer stands for nothing")
		return false
	case f.asking == several && (f.parent != nil || !f.narrowing):
		c.fault(pos, "several customers can be asked for at once, so @customer is not the customer of one row; match with the row's own customer number")
		return false
	}
	return true
}

// openList takes the brackets around a name off the SQL on both sides, because
// lists bring their own; false where the name does not stand in `in (...)`.
func openList(out *sqlText, pieces []sqltext.Piece, i int) bool {
	if i == 0 || i+1 >= len(pieces) || pieces[i-1].Name != "" || pieces[i+1].Name != "" {
		return false
	}
	before, opened := strings.CutSuffix(strings.TrimRight(pieces[i-1].SQL, " \t\n"), "(")
	after, closed := strings.CutPrefix(strings.TrimLeft(pieces[i+1].SQL, " \t\n"), ")")
	words := strings.Fields(before)
	if !opened || !closed || len(words) == 0 || !strings.EqualFold(words[len(words)-1], "in") {
		return false
	}
	last := &out.pieces[len(out.pieces)-1]
	last.text = strings.TrimSuffix(strings.TrimRight(last.text, " \t\n"), "(")
	pieces[i+1].SQL = after
	return true
}

// aliasesIn are the aliases of a scope that a text of SQL qualifies a name
// with.
func (c *compiler) aliasesIn(t mapfile.Text, s *scope) []*relation {
	var found []*relation
	tokens := sqltext.Tokens(t.Value, c.dialect())
	for i, token := range tokens {
		if i+1 >= len(tokens) || tokens[i+1].Text != "." {
			continue
		}
		name := strings.Trim(token.Text, "`\"[]")
		if rel, _ := s.find(name); rel != nil && !slices.Contains(found, rel) {
			found = append(found, rel)
		}
	}
	return found
}
