package casefile

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Need is a table a mapping reads, with the columns it names.
type Need struct {
	Table   string
	Columns []string
	Key     []string // by which the mapping addresses rows it makes; nil where it makes none or relies on the table's own
	Counted string   // the key column the database counts, "" where it counts none
}

// Filled is one table as a test finds it.
type Filled struct {
	Name    string
	Columns []Column
	Key     []string
	Rows    [][]Value // as wide as Columns
}

// Column is one column of a Filled.
type Column struct {
	Name string
	Kind convert.ColumnKind
	Type string // as it is declared, "" where nothing says so
	Wide bool   // an integer column with values beyond 63 bits
}

// Value is one value of a Filled.
type Value struct {
	Text string
	Null bool
}

// Fill makes the tables of one test: those the file and the test speak of, and
// those the mapping needs. Columns that are needed and spoken of nowhere are
// empty texts. The kind of a column that is not declared follows from how its
// values are written anywhere in the file.
func (f *File) Fill(t *Test, needs []Need) []Filled {
	var made []*maker
	find := func(name string) *maker {
		for _, m := range made {
			if strings.EqualFold(m.out.Name, name) {
				return m
			}
		}
		m := &maker{out: Filled{Name: name}, defaults: map[string]Value{}}
		made = append(made, m)
		return m
	}
	for _, shared := range f.Tables {
		m := find(shared.Name.Value)
		for _, typed := range shared.Types {
			c := m.column(typed.Column.Value)
			c.declared, c.kind = typed.Type.Value, convert.KindOf(typed.Type.Value)
		}
		for _, key := range shared.Key {
			m.column(key.Value)
			m.out.Key = append(m.out.Key, key.Value)
		}
		for _, cell := range shared.Defaults {
			m.column(cell.Column.Value).see(cell)
			m.defaults[strings.ToLower(cell.Column.Value)] = valueOf(cell)
		}
		m.see(shared.Rows)
		m.rows = append(m.rows, shared.Rows...)
	}
	for _, test := range f.Tests {
		for _, own := range test.Rows {
			m := find(own.Name.Value)
			m.see(own.Rows)
			if test == t {
				m.rows = append(m.rows, own.Rows...)
			}
		}
	}
	for _, need := range needs {
		m := find(need.Table)
		for _, name := range need.Columns {
			m.column(name)
		}
		if len(m.out.Key) == 0 {
			m.out.Key = need.Key
		}
		if need.Counted != "" {
			if c := m.column(need.Counted); c.declared == "" {
				c.kind, c.counted = convert.ColumnInteger, true
			}
		}
	}
	out := make([]Filled, len(made))
	for i, m := range made {
		out[i] = m.fill()
	}
	return out
}

// maker puts one table together.
type maker struct {
	out      Filled
	columns  []*making
	defaults map[string]Value // by the column's name in lower case
	rows     []Row
}

// making is a column whose kind is still being found out.
type making struct {
	name     string
	kind     convert.ColumnKind
	declared string // the type that is declared
	counted  bool
	wide     bool
}

func (m *maker) column(name string) *making {
	for _, c := range m.columns {
		if strings.EqualFold(c.name, name) {
			return c
		}
	}
	c := &making{name: name}
	m.columns = append(m.columns, c)
	return c
}

func (m *maker) see(rows []Row) {
	for _, r := range rows {
		for _, cell := range r.Cells {
			m.column(cell.Column.Value).see(cell)
		}
	}
}

func (m *maker) fill() Filled {
	out := m.out
	for _, c := range m.columns {
		kind := c.kind
		if kind == convert.ColumnUnknown {
			kind = convert.ColumnText
		}
		out.Columns = append(out.Columns, Column{Name: c.name, Kind: kind, Type: c.declared, Wide: c.wide && !c.counted})
	}
	for _, r := range m.rows {
		values := make([]Value, len(m.columns))
		for i, c := range m.columns {
			values[i] = Value{Null: true}
			if v, ok := m.defaults[strings.ToLower(c.name)]; ok {
				values[i] = v
			}
			for _, cell := range r.Cells {
				if strings.EqualFold(cell.Column.Value, c.name) {
					values[i] = valueOf(cell)
				}
			}
		}
		out.Rows = append(out.Rows, values)
	}
	return out
}

func valueOf(c Cell) Value {
	switch text := c.Value.Value; {
	case c.Null:
		return Value{Null: true}
	case !c.Value.Quoted && text == "true":
		return Value{Text: "1"}
	case !c.Value.Quoted && text == "false":
		return Value{Text: "0"}
	default:
		return Value{Text: text}
	}
}

// How values of a kind are written without quotes. What is in quotes is text,
// and so is a number with zeros before it, which no number column would keep.
var (
	integerForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	decimalForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]+$`)
	dateForm    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	momentForm  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$`)
	wideForm    = regexp.MustCompile(`^-?[0-9]{19,}$`)
)

func kindAsWritten(t mapfile.Text) convert.ColumnKind {
	switch text := t.Value; {
	case t.Quoted:
		return convert.ColumnText
	case integerForm.MatchString(text), text == "true", text == "false":
		return convert.ColumnInteger
	case decimalForm.MatchString(text):
		return convert.ColumnDecimal
	case dateForm.MatchString(text):
		return convert.ColumnDate
	case momentForm.MatchString(text):
		return convert.ColumnDateTime
	}
	return convert.ColumnText
}

// see lets a value have its say about the column's kind.
func (c *making) see(cell Cell) {
	if cell.Null {
		return
	}
	c.wide = c.wide || wideForm.MatchString(cell.Value.Value)
	if c.declared != "" {
		return
	}
	kind := kindAsWritten(cell.Value)
	among := func(kinds ...convert.ColumnKind) bool {
		return slices.Contains(kinds, c.kind) && slices.Contains(kinds, kind)
	}
	switch {
	case c.kind == convert.ColumnUnknown || c.kind == kind:
		c.kind = kind
	case among(convert.ColumnInteger, convert.ColumnDecimal):
		c.kind = convert.ColumnDecimal
	case among(convert.ColumnDate, convert.ColumnDateTime):
		c.kind = convert.ColumnDateTime
	default:
		c.kind = convert.ColumnText
	}
}

// Doubts finds tables and columns that a mapping does not read and that look
// like a slip of the pen for one it reads. known says whether a name is known
// to the mapping's SQL. They are warnings.
func (f *File) Doubts(needs []Need, known func(string) bool) mapfile.Faults {
	var faults mapfile.Faults
	var tables []string
	columns := map[string][]string{}
	for _, need := range needs {
		low := strings.ToLower(need.Table)
		if columns[low] == nil {
			tables = append(tables, need.Table)
		}
		columns[low] = append(columns[low], need.Columns...)
	}
	doubt := func(t mapfile.Text, path, near, format string) {
		if near != "" && !known(t.Value) {
			faults = append(faults, mapfile.Fault{File: f.Path, Pos: t.Pos, Path: path, Message: format, Suggestion: near, Warning: true})
		}
	}
	look := func(path string, t *Table) {
		at := under(path, t.Name.Value)
		read, ok := columns[strings.ToLower(t.Name.Value)]
		if !ok {
			doubt(t.Name, at, mapfile.Nearest(t.Name.Value, tables), "the mapping reads no table of this name")
			return
		}
		for _, r := range append(slices.Clone(t.Rows), Row{Cells: t.Defaults}) {
			rest := slices.DeleteFunc(slices.Clone(read), func(name string) bool { return r.has(name) })
			for _, c := range r.Cells {
				if !slices.ContainsFunc(read, func(name string) bool { return strings.EqualFold(name, c.Column.Value) }) {
					doubt(c.Column, under(at, c.Column.Value), mapfile.Nearest(c.Column.Value, rest), "the mapping reads no column of this name")
				}
			}
		}
	}
	for _, t := range f.Tables {
		look("tables", t)
	}
	for _, test := range f.Tests {
		for _, t := range test.Rows {
			look("rows", t)
		}
	}
	return faults.Sorted()
}

func (r Row) has(name string) bool {
	return slices.ContainsFunc(r.Cells, func(c Cell) bool { return strings.EqualFold(c.Column.Value, name) })
}
