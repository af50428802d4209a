package sqlcrm

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// Sample is a mapping, to be run on rows that somebody made up in a SQLite file.
// It goes the way of every other mapping.
type Sample struct {
	version *version
	needs   []Needed
}

// Needed is a table a sample reads or writes, with the columns its mapping
// names. Those that only SQL in the mapping names are not known.
type Needed struct {
	Table   string
	Columns []string
	Key     []string // of rows it makes, where the mapping says; else nil
	Counted string   // the column of Key the database counts; "" for none
}

// NewSample compiles a dealer's folder. Tables of other databases are under
// names such as `archive.CARD`. The sample is nil when one of the faults is more
// than a warning.
func NewSample(folder fs.FS, name string) (*Sample, mapfile.Faults) {
	s, err := shape()
	if err != nil {
		return nil, mapfile.Faults{{File: crmfile.FileName, Message: err.Error()}}
	}
	file, faults := crmfile.Load(folder, name, s.names)
	if file == nil {
		return nil, faults
	}
	file.Shared.OneDatabase(file)
	v, faults := compileFile(file, s, faults)
	if v == nil {
		return nil, faults
	}
	out := &Sample{version: v}
	for _, p := range []*plan.Plan{v.plan, v.moves} {
		if p == nil {
			continue
		}
		for _, ref := range p.Tables() {
			if ref.Select == "" {
				out.need(ref.Table, p.Columns(ref)...)
			}
		}
	}
	out.written()
	return out, faults
}

// need adds a table with columns to those that are needed.
func (s *Sample) need(table string, columns ...string) *Needed {
	at := slices.IndexFunc(s.needs, func(n Needed) bool { return strings.EqualFold(n.Table, table) })
	if at < 0 {
		at = len(s.needs)
		s.needs = append(s.needs, Needed{Table: table})
	}
	n := &s.needs[at]
	for _, column := range columns {
		if !slices.ContainsFunc(n.Columns, func(c string) bool { return strings.EqualFold(c, column) }) {
			n.Columns = append(n.Columns, column)
		}
	}
	return n
}

// written adds the tables that are written.
func (s *Sample) written() {
	file := s.version.file
	if file.Lead != nil {
		for _, row := range file.Lead.Rows {
			s.row(row)
			if id := file.Lead.LeadID; id != nil && id.Row == row.Name.Value {
				s.need(row.Source.Table.Value, id.Column)
			}
			for _, set := range row.Insert {
				if rest := set.Value.Rest; rest != nil {
					s.rest(rest)
				}
			}
		}
	}
	if m := file.Messages; m != nil {
		s.need(m.Source.Table.Value, m.ID.Value)
		s.sets(m.Source.Table.Value, m.Insert)
	}
	for _, list := range file.PickLists {
		s.need(list.Source.Table.Value, append(names(list.Where), list.Column.Value)...)
	}
}

func (s *Sample) row(row *crmfile.Row) {
	table := row.Source.Table.Value
	n := s.need(table)
	whole := len(n.Key) == 0
	var key []string
	for _, k := range row.Key {
		s.need(table, k.Column.Value)
		key = append(key, k.Column.Value)
		if k.Auto {
			s.need(table).Counted = k.Column.Value
		}
		if c := k.Counter; c != nil {
			s.need(c.Source.Table.Value, append(names(c.Where), c.Column.Value)...)
		}
	}
	if whole {
		s.need(table).Key = key
	}
	for _, sets := range append([][]*crmfile.Set{row.Insert, row.Update, row.Append}, row.Find...) {
		s.sets(table, sets)
	}
}

func (s *Sample) rest(to *crmfile.RowColumn) {
	for _, row := range s.version.file.Lead.Rows {
		if row.Name.Value == to.Row {
			s.need(row.Source.Table.Value, to.Column)
		}
	}
}

func (s *Sample) sets(table string, sets []*crmfile.Set) {
	for _, set := range sets {
		s.need(table, set.Column.Value)
	}
}

func names(all []*crmfile.Literal) []string {
	var columns []string
	for _, l := range all {
		columns = append(columns, l.Column.Value)
	}
	return columns
}

// Tables are the tables the sample reads and writes, outside of SQL written in
// the mapping.
func (s *Sample) Tables() []Needed { return s.needs }

// NamedInSQL says whether SQL of the mapping holds a name.
func (s *Sample) NamedInSQL(name string) bool {
	return s.version.plan != nil && s.version.plan.NamedInSQL(name) || s.version.moves != nil && s.version.moves.NamedInSQL(name)
}

// LeadMembers are the members a lead has as the interface spells them.
func (s *Sample) LeadMembers() []string { return slices.Clone(s.version.shape.names.Lead) }

// Writes says whether the mapping writes leads.
func (s *Sample) Writes() bool { return s.version.file.Lead != nil }

// Reports says whether the mapping reports back what becomes of leads.
func (s *Sample) Reports() bool { return s.version.plan != nil }

// Zone is the name of the file's time zone, "" where it has none.
func (s *Sample) Zone() string { return s.version.file.Shared.Timezone.Value }

// Foreign is where SQL begins that no SQLite understands; nil where there is
// none.
func (s *Sample) Foreign() *mapfile.Fault {
	v := s.version
	if v.file.Shared.Dialect == mapfile.SQLite || (v.plan == nil || !v.plan.HasSQL()) && (v.moves == nil || !v.moves.HasSQL()) {
		return nil
	}
	f := mapfile.Fault{File: v.file.Path, Pos: v.file.Shared.Pos, Path: "dialect", Message: "some SQL in this file is MySQL's, so no test can run it"}
	if texts := mapfile.SQLOf(v.file.Shared); len(texts) > 0 {
		f.Pos = texts[0].Pos
	}
	return &f
}

// Open opens the sample on a SQLite file. declared gives the types that columns
// have in the dealer's own database, "" where nobody says. Faults the tables
// bring to light come from Check and from every call.
func (s *Sample) Open(env adapters.Env, path string, declared func(table, column string) string) (*CRM, error) {
	c := Config{Driver: SQLite, Path: path}
	p, err := newPool(&c, env.Log)
	if err != nil {
		return nil, fmt.Errorf("opening the rows: %w", err)
	}
	p.declared = declared
	crm := &CRM{config: c, env: env, pool: p}
	v := s.version
	crm.version = &version{file: v.file, shape: v.shape, plan: v.plan, moves: v.moves, values: v.values, binding: database.NewBinding[program]()}
	return crm, nil
}
