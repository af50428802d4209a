package plan

import (
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Explained is one statement of an endpoint for people: with one value in each
// list, and in words what each of its parameters is.
type Explained struct {
	Name       string
	Text       string
	Parameters []string // what stands for each `?`, never a value
}

// parameterWords are the values of statements that come with a request or from
// rows read before.
var parameterWords = map[listName]string{
	keyList: "key of the row", customerList: "customer number", askedList: "@customer", parentList: "key of the parent row",
	soughtList: "text looked for", sinceBound: "since", dealerName: "@dealer", todayName: "@today",
}

// Explained are the statements of an endpoint, or of the changes for
// `incremental`, in the order in which they are run. Those of changes stand for
// themselves, though some are asked as one. A list that is fixed has none.
func (p *Program) Explained(endpoint string) []Explained {
	var all []Explained
	add := func(s *Statement) {
		text, _ := s.prepared()
		all = append(all, Explained{Name: s.Name, Text: text, Parameters: s.parameters()})
	}
	if endpoint == mapfile.Incremental {
		for _, s := range p.changes.sources {
			add(s.all)
			if s.since != nil {
				add(s.since)
			}
		}
		return all
	}
	l := p.lists[endpoint]
	if l == nil || l.none || l.fixed != nil {
		return nil
	}
	for _, part := range l.parts() {
		add(part.keys.stmt)
		below(part.keys.frame, add)
		add(part.rows.stmt)
		below(part.rows.frame, add)
	}
	return all
}

// parameters are the words for each `?` of the statement as it is prepared.
func (s *Statement) parameters() []string {
	var all []string
	for _, p := range s.pieces {
		switch {
		case p.bound:
			all = append(all, "written in the mapping")
		case p.list == noList:
		case p.width == 0:
			all = append(all, parameterWords[p.list])
		default:
			for range p.width {
				all = append(all, parameterWords[p.list])
			}
		}
	}
	return all
}
