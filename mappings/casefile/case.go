package casefile

import (
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// test reads one test; nil when it is no map.
func (p *parser) test(n *mapfile.Node, path string) *Test {
	t := &Test{Name: mapfile.Text{Pos: n.Pos}}
	before := len(p.faults)
	if forCRM(n) {
		t.CRM = &CRMTest{}
	}
	ok := p.keys(n, path, testKeys, func(key mapfile.Text, at string, n *mapfile.Node) {
		switch key.Value {
		case "name":
			t.Name = p.text(n, at)
		case "endpoint":
			t.Endpoint = p.oneOf(n, at, "endpoint", Endpoints())
		case "customer":
			t.Customers = p.texts(n, at)
		case "since":
			t.Since = p.since(n, at)
		case "rows":
			t.Rows = p.tables(n, at, false)
		case "today":
			t.Today = p.today(n, at)
		case "files":
			t.Files = p.files(n, at)
		case "want":
			if t.CRM != nil {
				t.CRM.Want = p.wantRows(n, at)
				return
			}
			t.Want = p.want(n, at)
		case "lead":
			t.CRM.Leads = p.leads(n, at)
		case "outcome":
			t.CRM.Outcome = p.oneOf(n, at, "outcome", WriteOutcomes())
		case "update":
			t.CRM.Update = p.updates(n, at)
		case "held":
			t.CRM.Held = p.held(n, at)
		case "nothing":
			t.CRM.Nothing = p.texts(n, at)
			t.CRM.NothingSaid = true
		case "exact":
			t.Exact = p.oneOf(n, at, "word", []string{"true", "false"}).Value == "true"
		case "leftOut":
			t.LeftOut = p.outcomes(n, at)
		case "noted":
			t.Noted = p.outcomes(n, at)
		case "fails":
			word := p.oneOf(n, at, "failure", Failures())
			t.Fails = &word
		}
	})
	if !ok {
		return nil
	}
	unreadable := len(p.faults) > before
	if !unreadable {
		p.complete(t, n, path)
	}
	return t
}

// complete finds what a test lacks, or has too much of.
func (p *parser) complete(t *Test, n *mapfile.Node, path string) {
	has := func(key string) bool { return n.Get(key) != nil }
	if !has("name") {
		p.fault(n.Pos, path, "the test has no `name:`; say in a few words what is so")
	}
	if t.CRM != nil {
		p.completeCRM(t, n, path)
		return
	}
	if !has("endpoint") {
		p.fault(n.Pos, path, "say with `endpoint:` what is asked for, such as endpoint: contract")
		return
	}
	switch least, most := ByCustomer(t.Endpoint.Value); {
	case len(t.Customers) < least:
		p.fault(n.Pos, path, "%s is asked for by customer; say whose, as in customer: '0000412'", t.Endpoint.Value)
	case len(t.Customers) > most && most == 0:
		p.fault(t.Customers[0].Pos, under(path, "customer"), "%s is not asked for by customer; leave the line out", t.Endpoint.Value)
	case len(t.Customers) > most:
		p.fault(t.Customers[most].Pos, under(path, "customer"), "%s is asked for up to %d at a time", t.Endpoint.Value, most)
	}
	if has("since") && t.Endpoint.Value != mapfile.Incremental {
		p.fault(t.Since.Pos, under(path, "since"), "since goes with endpoint: incremental")
	}
	switch {
	case has("fails") && (has("want") || has("leftOut")):
		p.fault(t.Fails.Pos, under(path, "fails"), "where no answer is made there is nothing to want and nothing left out; keep one")
	case !has("fails") && !has("want") && !has("leftOut") && !has("noted"):
		p.fault(n.Pos, path, "say what has to come out: `want:`, `leftOut:`, `noted:` or `fails:`")
	}
	if t.Exact && t.Want == nil {
		p.fault(n.Pos, under(path, "exact"), "exact goes with want")
	}
}

func (p *parser) since(n *mapfile.Node, path string) mapfile.Text {
	t := p.text(n, path)
	if _, err := time.Parse(time.RFC3339, t.Value); t.Value != "" && err != nil {
		p.fault(t.Pos, path, "%q is no moment; write it like 2026-05-04T08:00:00Z", t.Value)
	}
	return t
}

// want takes one element for a list of one.
func (p *parser) want(n *mapfile.Node, path string) *mapfile.Node {
	switch n.Kind {
	case mapfile.ListNode:
		for _, item := range n.Items {
			if item.Kind != mapfile.MapNode {
				p.fault(item.Pos, path, "an element is a map of API fields, as in {contractId: '50017'}, not %s", item.Words())
			}
		}
		return n
	case mapfile.MapNode:
		return &mapfile.Node{Kind: mapfile.ListNode, Pos: n.Pos, Items: []*mapfile.Node{n}}
	}
	p.fault(n.Pos, path, "the elements that have to come out are expected here, as in [{contractId: '50017'}], or [] where there are none; not %s", n.Words())
	return nil
}

func (p *parser) outcomes(n *mapfile.Node, path string) []Outcome {
	var all []Outcome
	p.list(n, path, func(n *mapfile.Node, at string) {
		o := Outcome{Pos: n.Pos}
		p.keys(n, at, outcomeKeys, func(key mapfile.Text, at string, n *mapfile.Node) {
			switch key.Value {
			case "row":
				row := p.text(n, at)
				o.Row = &row
			case "field":
				o.Field = p.text(n, at)
			case "reason":
				o.Reason = p.oneOf(n, at, "reason", reasons)
			}
		})
		all = append(all, o)
	})
	return all
}
