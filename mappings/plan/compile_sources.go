package plan

import (
	"fmt"
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// unite compiles a list that several sources make up: each has statements of
// its own, their rows are ordered together.
func (c *compiler) unite(t EndpointTarget, s *shape, ep *mapfile.Endpoint, out *list) {
	for i, source := range ep.Sources {
		leave := c.within(fmt.Sprintf("sources[%d]", i))
		if most := source.Policies.LeaveOutAtMost; most != nil {
			c.fault(most.Pos, "leaveOutAtMost: counts the rows of all sources together, so it stands beside `sources:`")
		}
		part := &list{name: t.Name, strict: c.strict(source.Policies, out.strict)}
		switch {
		case source.None, source.Fixed != nil, len(source.Sources) > 0:
			c.fault(source.Name.Pos, "a source is read from a table or an inline SELECT, with `from:`")
		default:
			name := sourceName(ep.Sources, i)
			c.keyStatement(t, s, source, name, part)
			c.rowStatement(t, s, source, name, part)
			c.found(t, source, name, part)
			out.sources = append(out.sources, part)
		}
		leave()
	}
	for i, part := range out.sources {
		first := out.sources[0].keys.order
		same := func(a, b orderKey) bool { return a.desc == b.desc }
		if !slices.EqualFunc(first, part.keys.order, same) {
			c.fault(ep.Sources[i].Name.Pos, "the rows of all sources are ordered together, so each needs an `order:` of as many keys in the same directions")
			return
		}
	}
	c.oneKindOfOrder(out.sources)
}

// oneKindOfOrder lets a key of the order count as a number only where it is
// one in every source.
func (c *compiler) oneKindOfOrder(parts []*list) {
	for _, part := range parts {
		for at := range part.keys.order {
			part.keys.order[at].numeric = !slices.ContainsFunc(parts, func(other *list) bool { return !other.keys.order[at].numeric })
		}
	}
}

// sourceName is what a source is called in keys and statements: its table, with
// a number behind it where an earlier source has the same. Adding a source
// leaves the names of the others as they are.
func sourceName(all []*mapfile.Endpoint, at int) string {
	name := all[at].Source.Table.Value
	if all[at].Source.Select != nil {
		name = all[at].Source.Alias.Value
	}
	again := 1
	for _, earlier := range all[:at] {
		if earlier.Source.Table.Value == name || earlier.Source.Select != nil && earlier.Source.Alias.Value == name {
			again++
		}
	}
	if again > 1 {
		return fmt.Sprintf("%s (%d)", name, again)
	}
	return name
}

// titleOf is the name of an endpoint's statements.
func titleOf(endpoint, source string) string {
	if source == "" {
		return endpoint
	}
	return endpoint + " of " + source
}

// tablesOf are the sections of an endpoint that read a table, each with the
// name of its source.
func (c *compiler) tablesOf(endpoint string) []sourced {
	for _, ep := range c.file.Endpoints {
		switch {
		case ep.Name.Value != endpoint || ep.None || ep.Fixed != nil:
		case len(ep.Sources) == 0:
			return []sourced{{section: ep}}
		default:
			all := make([]sourced, len(ep.Sources))
			for i, source := range ep.Sources {
				all[i] = sourced{section: source, source: sourceName(ep.Sources, i)}
			}
			return all
		}
	}
	return nil
}

// sourced is one section that reads a table.
type sourced struct {
	section *mapfile.Endpoint
	source  string
}
