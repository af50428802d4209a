package plan

import (
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Plan is a mapping file that was checked against its target. It knows no
// database yet.
type Plan struct {
	file   *mapfile.File
	target Target
	tables []TableRef
	asked  map[TableRef][]string
}

// Compile checks a mapping file against the shape of what it is for and finds
// everything that can be found without a database. The plan is nil when one of
// the faults is more than a warning.
func Compile(file *mapfile.File, target Target) (*Plan, mapfile.Faults) {
	c := newCompiler(file, target, MySQL, nil)
	c.program()
	faults := c.faults.Sorted()
	if faults.Err() != nil {
		return nil, faults
	}
	return &Plan{file: file, target: target, tables: c.tables, asked: c.asked}, faults
}

// Tables are the tables and inline SELECTs whose columns Bind has to know.
func (p *Plan) Tables() []TableRef { return slices.Clone(p.tables) }

// HasSQL says whether the file holds SQL of its own, which ties it to the
// servers that understand its dialect.
func (p *Plan) HasSQL() bool { return usesSQL(p.file) }

// Dialect is the dialect of the file's own SQL.
func (p *Plan) Dialect() mapfile.Dialect { return p.file.Dialect }

// Bind compiles the plan for a server and its tables. The program is nil when
// one of the faults is more than a warning.
func (p *Plan) Bind(server Server, schema Schema) (*Program, mapfile.Faults) {
	if schema == nil {
		schema = Schema{}
	}
	c := newCompiler(p.file, p.target, server, schema)
	program := c.program()
	faults := c.faults.Sorted()
	if faults.Err() != nil {
		return nil, faults
	}
	return program, faults
}

func newCompiler(file *mapfile.File, target Target, server Server, schema Schema) *compiler {
	c := &compiler{
		file: file, target: target, server: server, schema: schema,
		joins: map[string]*mapfile.Join{}, define: map[string]*mapfile.Definition{}, maps: map[string]*convert.CodeMap{},
		asked: map[TableRef][]string{}, places: 2,
	}
	for _, j := range file.Joins {
		c.joins[j.Name.Value] = j
	}
	for _, d := range file.Define {
		c.define[d.Name.Value] = d
	}
	texts := make([]string, len(file.Sentinels))
	for i, s := range file.Sentinels {
		texts[i] = s.Value
	}
	c.empty = convert.NewSentinels(texts...)
	if file.Timezone.Value != "" {
		zone, err := convert.LoadZone(file.Timezone.Value)
		if err != nil {
			c.fault(file.Timezone.Pos, "timezone: %v", err)
			zone, _ = convert.LoadZone("UTC") // so that dates do not say it again
		}
		c.zone = zone
	}
	if file.Currency.Value != "" {
		places, known := convert.MinorUnits(file.Currency.Value)
		if !known {
			c.fault(file.Currency.Pos, "currency: %q is no currency code of ISO 4217", file.Currency.Value)
		}
		c.places = places
	}
	c.codeMaps()
	return c
}

// Program is a plan that can be run on a database.
type Program struct {
	lists     map[string]*list
	documents map[string][]*document
	changes   *changes
	snapshots *snapshots
	everybody []*numberReader // of all customers, one for each source
	states    *states         // nil where the target asks for none
	zone      *convert.Zone
	shares    map[string]float64
	file      string // for warnings about the data
	looks     []*look
	// asksCustomer says that @customer stands somewhere.
	asksCustomer bool
}

// program compiles everything the target has. A section that is missing is a
// fault: what is left out must be said.
func (c *compiler) program() *Program {
	p := &Program{
		lists: map[string]*list{}, documents: map[string][]*document{}, zone: c.zone, shares: map[string]float64{},
		file: c.file.Path,
	}
	var known []string
	for _, t := range c.target.Endpoints {
		known = append(known, t.Name)
		at := slices.IndexFunc(c.file.Endpoints, func(ep *mapfile.Endpoint) bool { return ep.Name.Value == t.Name })
		if at < 0 {
			c.missing(c.file.Pos, t.Name, "the section %q is missing; where there is nothing to serve write `%s: none`", t.Name, t.Name)
			continue
		}
		ep := c.file.Endpoints[at]
		if compiled := c.endpoint(t, ep); compiled != nil {
			p.lists[t.Name] = compiled
		}
		for _, policies := range []mapfile.Policies{c.file.Policies, ep.Policies} {
			if policies.LeaveOutAtMost != nil {
				p.shares[t.Name] = c.share(policies.LeaveOutAtMost)
			}
		}
	}
	for _, ep := range c.file.Endpoints {
		if !slices.Contains(known, ep.Name.Value) {
			c.faultNear(ep.Name.Pos, mapfile.Nearest(ep.Name.Value, known), "the API has no endpoint %q", ep.Name.Value)
		}
	}
	c.compileDocuments(p)
	p.changes = c.compileChanges()
	c.compileSnapshots(p)
	c.compileStates(p)
	c.unreadTables()
	c.unseenCodes()
	c.looks(p)
	p.asksCustomer = c.asksCustomer
	return p
}

// LeaveOutAtMost is the share of a sweep's rows that may be left out, as the
// mapping has it for an endpoint; ok is false where it says nothing.
func (p *Program) LeaveOutAtMost(endpoint string) (float64, bool) {
	share, ok := p.shares[endpoint]
	return share, ok
}
