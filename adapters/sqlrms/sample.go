package sqlrms

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// Sample is one endpoint's part of a mapping, to be run on rows that somebody
// made up in a SQLite file. It goes the way of every other mapping.
type Sample struct {
	version *version
	needs   []Needed
}

// Needed is a table a sample reads, with the columns its mapping names. Those
// that only SQL in the mapping names are not known.
type Needed struct {
	Table   string
	Columns []string
}

// NewSample compiles a part of a file (see mapfile.File.Part). The sample is
// nil when one of the faults is more than a warning.
func NewSample(part *mapfile.File) (*Sample, mapfile.Faults) {
	target, err := target()
	if err != nil {
		return nil, mapfile.Faults{{File: part.Path, Message: err.Error()}}
	}
	compiled, faults := plan.Compile(part, target)
	if compiled == nil {
		return nil, faults
	}
	v := &version{file: part, plan: compiled, hosts: map[string]string{}, binding: database.NewBinding[plan.Program]()}
	if faults = append(faults, v.documentHosts()...); faults.Err() != nil {
		return nil, faults.Sorted()
	}
	s := &Sample{version: v}
	for _, ref := range compiled.Tables() {
		if ref.Select != "" {
			continue
		}
		at := slices.IndexFunc(s.needs, func(n Needed) bool { return strings.EqualFold(n.Table, ref.Table) })
		if at < 0 {
			s.needs = append(s.needs, Needed{Table: ref.Table})
			at = len(s.needs) - 1
		}
		for _, column := range compiled.Columns(ref) {
			if !slices.ContainsFunc(s.needs[at].Columns, func(c string) bool { return strings.EqualFold(c, column) }) {
				s.needs[at].Columns = append(s.needs[at].Columns, column)
			}
		}
	}
	return s, faults.Sorted()
}

// Tables are the tables the sample reads, outside of SQL written in the mapping.
func (s *Sample) Tables() []Needed { return s.needs }

// NamedInSQL says whether SQL of the mapping holds a name.
func (s *Sample) NamedInSQL(name string) bool { return s.version.plan.NamedInSQL(name) }

// Open opens the sample on a SQLite file; documents lie below documents. Faults
// the tables bring to light come from Check and from every call.
func (s *Sample) Open(env adapters.Env, path, documents string) (*RMS, error) {
	c := Config{Driver: SQLite, Path: path, DocumentsRoot: documents}
	if err := c.suits(s.version); err != nil {
		return nil, err
	}
	p, err := newPool(&c, env.Log)
	if err != nil {
		return nil, fmt.Errorf("opening the rows: %w", err)
	}
	r := &RMS{config: c, env: env, pool: p, upstream: newUpstream(&c)}
	r.current.Store(&version{file: s.version.file, plan: s.version.plan, hosts: s.version.hosts, binding: database.NewBinding[plan.Program]()})
	return r, nil
}

// RawNumber is one spelling in which the columns of a database can hold a
// dealer customer number.
type RawNumber struct {
	Columns []string // as alias.column
	Values  []string // one for each column
}

// RawNumbers are all spellings the database can hold a dealer customer number
// in. None: no row can have it.
func (r *RMS) RawNumbers(ctx context.Context, number string) ([]RawNumber, error) {
	v := r.current.Load()
	program, err := r.bound(ctx, v, database.Now)
	if err != nil {
		return nil, fmt.Errorf("turning a customer number back: %w", err)
	}
	columns := v.plan.NumberColumns()
	var all []RawNumber
	for _, values := range program.RawCustomer(number) {
		all = append(all, RawNumber{Columns: columns, Values: values})
	}
	return all, nil
}
