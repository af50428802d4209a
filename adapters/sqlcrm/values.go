package sqlcrm

import (
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// values are all values of a file that are made in Go, compiled once.
type values struct {
	file           *mapfile.File // where the code maps stand
	lead, messages *plan.Records
	write          map[*crmfile.Write]int
	by             map[*crmfile.By]int
	when           map[*crmfile.Row]int
}

var (
	gatewayNames = []string{"now", "today", "dealer"}
	messageNames = []string{"id", "dealer", "type", "requestType", "requestId", "status", "customer", "received", "body"}
)

// collector gathers the values of one section.
type collector struct {
	v      *values
	wanted []plan.RecordValue
}

func (c *collector) add(path string, w *crmfile.Write) {
	if t := w.Territory; t != nil {
		for _, by := range t.By {
			c.v.by[by] = len(c.wanted)
			c.wanted = append(c.wanted, plan.RecordValue{Path: path + ".by." + by.Column.Value, Value: by.Value})
		}
		return
	}
	c.v.write[w] = len(c.wanted)
	c.wanted = append(c.wanted, plan.RecordValue{Path: path, Value: w.Value})
}

func (c *collector) sets(path string, sets []*crmfile.Set) {
	for _, set := range sets {
		c.add(path+"."+set.Column.Value, set.Value)
	}
}

// compileValues compiles the values of a file.
func compileValues(file *crmfile.File, s *interfaceShape) (*values, mapfile.Faults) {
	v := &values{file: file.Shared, write: map[*crmfile.Write]int{}, by: map[*crmfile.By]int{}, when: map[*crmfile.Row]int{}}
	var faults mapfile.Faults
	if file.Lead != nil {
		c := &collector{v: v}
		records := []plan.Record{{Alias: crmfile.LeadAlias, Names: s.names.Lead}, {Alias: crmfile.GatewayAlias, Names: gatewayNames}}
		for _, row := range file.Lead.Rows {
			c.row(row)
			records = append(records, plan.Record{Alias: row.Name.Value, Names: namesOfRow(file.Lead, row)})
		}
		var found mapfile.Faults
		v.lead, found = plan.CompileRecords(file.Shared, records, c.wanted)
		faults = append(faults, found...)
	}
	if file.Messages != nil {
		c := &collector{v: v}
		c.sets("messages.insert", file.Messages.Insert)
		var found mapfile.Faults
		v.messages, found = plan.CompileRecords(file.Shared, []plan.Record{
			{Alias: crmfile.MessageAlias, Names: messageNames}, {Alias: crmfile.GatewayAlias, Names: gatewayNames},
		}, c.wanted)
		faults = append(faults, found...)
	}
	return v, faults
}

func (c *collector) row(row *crmfile.Row) {
	path := "lead.rows." + row.Name.Value
	if row.When != nil {
		c.v.when[row] = len(c.wanted)
		c.wanted = append(c.wanted, plan.RecordValue{Path: path + ".when", When: row.When})
	}
	for _, key := range row.Key {
		if key.Value != nil {
			c.add(path+".key."+key.Column.Value, key.Value)
		}
	}
	for _, way := range row.Find {
		c.sets(path+".find", way)
	}
	c.sets(path+".insert", row.Insert)
	c.sets(path+".update", row.Update)
	c.sets(path+".append", row.Append)
}

// namesOfRow are the key columns of a row: those written, and those that other
// rows refer to where only the database knows the key.
func namesOfRow(l *crmfile.Lead, row *crmfile.Row) []string {
	var names []string
	for _, key := range row.Key {
		names = append(names, key.Column.Value)
	}
	look := func(sets []*crmfile.Set) {
		for _, set := range sets {
			for _, ref := range set.Value.Columns {
				if ref.Alias == row.Name.Value && !slices.Contains(names, ref.Name) {
					names = append(names, ref.Name)
				}
			}
		}
	}
	for _, other := range l.Rows {
		look(other.Insert)
		look(other.Update)
		look(other.Append)
		for _, way := range other.Find {
			look(way)
		}
		for _, key := range other.Key {
			if key.Value != nil {
				look([]*crmfile.Set{{Column: key.Column, Value: key.Value}})
			}
		}
	}
	return names
}
