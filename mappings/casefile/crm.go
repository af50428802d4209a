package casefile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// CRMTest is what a test of crm.yaml says: leads that go in, one after the other,
// and what has to be there then; or, without leads, what is reported back of the
// rows there are.
type CRMTest struct {
	Leads   []*mapfile.Node // maps of the members of a lead
	Want    *mapfile.Node   // a map from tables to all their rows in order; nil: they are not looked at
	Outcome mapfile.Text    // what writing the last lead did, one of WriteOutcomes; empty: anything

	Update  *mapfile.Node // all updates in order; nil: they are not looked at
	Held    []Outcome     // all reasons why a lead or an update is held; none when empty. Row is the lead's
	Nothing []mapfile.Text
	// NothingSaid says that Nothing names all leads of which nothing is sent.
	NothingSaid bool
}

// WriteOutcomes are the words `outcome:` takes.
func WriteOutcomes() []string { return []string{"created", "updated", "repeated"} }

// crmKeys are the keys by which a test is one of crm.yaml.
var crmKeys = []string{"lead", "update", "held", "nothing", "outcome"}

func forCRM(n *mapfile.Node) bool {
	return slices.ContainsFunc(crmKeys, func(key string) bool { return n.Get(key) != nil })
}

// Reports says whether a test looks at what is reported back.
func (t *CRMTest) Reports() bool {
	return t.Update != nil || t.NothingSaid || len(t.Leads) == 0
}

// completeCRM finds what a test of crm.yaml lacks, or has too much of.
func (p *parser) completeCRM(t *Test, n *mapfile.Node, path string) {
	for _, pair := range n.Pairs {
		if slices.Contains([]string{"endpoint", "customer", "since", "files", "leftOut", "fails"}, pair.Key.Value) {
			p.fault(pair.Key.Pos, under(path, pair.Key.Value), "%s is for tests of rms.yaml, and the test has `%s:`, which is for crm.yaml; leave one out", pair.Key.Value, crmKeyOf(n))
		}
	}
	if len(t.CRM.Leads) == 0 {
		switch {
		case n.Get("outcome") != nil:
			p.fault(t.CRM.Outcome.Pos, under(path, "outcome"), "outcome goes with lead")
		case t.CRM.Want != nil:
			p.fault(t.CRM.Want.Pos, under(path, "want"), "rows come out where a lead goes in; say which with `lead:`, or write what is sent under `update:`")
		}
	} else if t.CRM.Want == nil && t.CRM.Outcome.Value == "" && t.CRM.Update == nil && len(t.CRM.Held) == 0 && len(t.Noted) == 0 && !t.CRM.NothingSaid {
		p.fault(n.Pos, path, "say what has to come of the lead: `want:` rows, `outcome:`, `update:`, `noted:` or `held:`")
	}
	if t.Exact && t.CRM.Want == nil && t.CRM.Update == nil {
		p.fault(n.Pos, under(path, "exact"), "exact goes with want or update")
	}
}

func crmKeyOf(n *mapfile.Node) string {
	for _, key := range crmKeys {
		if n.Get(key) != nil {
			return key
		}
	}
	return crmKeys[0]
}

// leads takes one lead for a list of one.
func (p *parser) leads(n *mapfile.Node, path string) []*mapfile.Node {
	var all []*mapfile.Node
	p.list(n, path, func(n *mapfile.Node, at string) {
		if n.Kind != mapfile.MapNode {
			p.fault(n.Pos, at, "a lead is a map of its members, as in {leadId: T-1, lastName: Lind}, not %s", n.Words())
			return
		}
		if n.Get("leadId") == nil {
			p.fault(n.Pos, at, "the lead has no leadId")
		}
		all = append(all, n)
	})
	return all
}

// wantRows reads the tables that have to come out.
func (p *parser) wantRows(n *mapfile.Node, path string) *mapfile.Node {
	if n.Kind != mapfile.MapNode {
		p.fault(n.Pos, path, "the tables with their rows are expected here, as in {CARD: [{STATUS: N}]}, not %s", n.Words())
		return nil
	}
	out := &mapfile.Node{Kind: mapfile.MapNode, Pos: n.Pos}
	for _, pair := range n.Pairs {
		at := under(path, pair.Key.Value)
		rows := &mapfile.Node{Kind: mapfile.ListNode, Pos: pair.Value.Pos}
		if pair.Value.Kind != mapfile.NullNode {
			p.list(pair.Value, at, func(n *mapfile.Node, at string) {
				p.cells(n, at)
				rows.Items = append(rows.Items, n)
			})
		}
		out.Pairs = append(out.Pairs, mapfile.Pair{Key: pair.Key, Value: rows})
	}
	return out
}

// updates takes one update for a list of one.
func (p *parser) updates(n *mapfile.Node, path string) *mapfile.Node {
	out := &mapfile.Node{Kind: mapfile.ListNode, Pos: n.Pos}
	p.list(n, path, func(n *mapfile.Node, at string) {
		if n.Kind != mapfile.MapNode {
			p.fault(n.Pos, at, "an update is a map of its members, as in {leadStatus: Accepted}, or [] where none is sent; not %s", n.Words())
		}
		out.Items = append(out.Items, n)
	})
	return out
}

// held reads reasons, of which any part may be written.
func (p *parser) held(n *mapfile.Node, path string) []Outcome {
	var all []Outcome
	p.list(n, path, func(n *mapfile.Node, at string) {
		o := Outcome{Pos: n.Pos, ofLead: true}
		p.keys(n, at, heldKeys, func(key mapfile.Text, at string, n *mapfile.Node) {
			switch key.Value {
			case "lead":
				row := p.text(n, at)
				o.Row = &row
			case "field":
				o.Field = p.text(n, at)
			case "reason":
				o.Reason = p.text(n, at)
			}
		})
		all = append(all, o)
	})
	return all
}

// JSON gives the leads as the interface would send them: texts in quotes and
// everything that is neither a number, true nor false are texts.
func (t *CRMTest) JSON() (json.RawMessage, error) {
	list := make([]any, len(t.Leads))
	for i, n := range t.Leads {
		list[i] = plain(n)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("writing a lead as JSON: %w", err)
	}
	return text, nil
}

func plain(n *mapfile.Node) any {
	switch n.Kind {
	case mapfile.ListNode:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = plain(item)
		}
		return list
	case mapfile.MapNode:
		object := map[string]any{}
		for _, pair := range n.Pairs {
			object[pair.Key.Value] = plain(pair.Value)
		}
		return object
	case mapfile.NullNode:
		return nil
	case mapfile.ScalarNode:
	}
	switch text := n.Text.Value; {
	case n.Text.Quoted:
		return text
	case text == "true", text == "false":
		return text == "true"
	case integerForm.MatchString(text), decimalForm.MatchString(text):
		return json.Number(text)
	default:
		return text
	}
}

// Members names the members of all leads of a file that an interface does not
// know and that look like a slip of the pen. They are warnings: what the
// interface does not know is passed over.
func (f *File) Members(known []string) mapfile.Faults {
	var faults mapfile.Faults
	for i, t := range f.Tests {
		if t.CRM == nil {
			continue
		}
		for _, n := range t.CRM.Leads {
			for _, pair := range n.Pairs {
				if slices.Contains(known, pair.Key.Value) {
					continue
				}
				faults = append(faults, mapfile.Fault{
					File: f.Path, Pos: pair.Key.Pos, Path: fmt.Sprintf("tests[%d].lead.%s", i, pair.Key.Value), Warning: true,
					Message: "a lead has no member of this name, so it is passed over", Suggestion: mapfile.Nearest(pair.Key.Value, known),
				})
			}
		}
	}
	return faults
}

// FoundRow is one row of a table as it was found; NULL is nil.
type FoundRow map[string]*string

// CompareRows holds the rows tables have after a lead against what a test wants.
// after has every table; before is what they had.
func (t *Test) CompareRows(before, after map[string][]FoundRow) []Difference {
	if t.CRM == nil || t.CRM.Want == nil {
		return nil
	}
	c := comparison{exact: t.Exact}
	var named []string
	for _, pair := range t.CRM.Want.Pairs {
		name := pair.Key.Value
		table, there := tableIn(after, name)
		if !there {
			c.differ(pair.Key.Pos, name, "a table", "no such table"+nearest(name, after))
			continue
		}
		named = append(named, table)
		c.list(name, spelt(pair.Value, after[table]), objects(after[table]))
	}
	if !t.Exact {
		return c.found
	}
	for _, table := range sortedTables(after) {
		if slices.Contains(named, table) {
			continue
		}
		if !slices.EqualFunc(before[table], after[table], equalRows) {
			c.differ(t.CRM.Want.Pos, table, "the rows it had", fmt.Sprintf("other ones: %s", asJSON(objects(after[table]))))
		}
	}
	return c.found
}

func tableIn(tables map[string][]FoundRow, name string) (string, bool) {
	for table := range tables {
		if strings.EqualFold(table, name) {
			return table, true
		}
	}
	return "", false
}

func nearest(name string, tables map[string][]FoundRow) string {
	if near := mapfile.Nearest(name, sortedTables(tables)); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

func sortedTables(tables map[string][]FoundRow) []string {
	names := make([]string, 0, len(tables))
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func equalRows(a, b FoundRow) bool {
	if len(a) != len(b) {
		return false
	}
	for name, x := range a {
		y, there := b[name]
		if !there || (x == nil) != (y == nil) || x != nil && *x != *y {
			return false
		}
	}
	return true
}

// spelt writes the columns of rows that are wanted as the table has them, whose
// letter case does not count, and true and false as they are stored.
func spelt(want *mapfile.Node, rows []FoundRow) *mapfile.Node {
	out := &mapfile.Node{Kind: mapfile.ListNode, Pos: want.Pos}
	for _, item := range want.Items {
		row := &mapfile.Node{Kind: item.Kind, Pos: item.Pos, Text: item.Text}
		for _, pair := range item.Pairs {
			if len(rows) > 0 {
				for name := range rows[0] {
					if strings.EqualFold(name, pair.Key.Value) {
						pair.Key.Value = name
					}
				}
			}
			if v := pair.Value; v.Kind == mapfile.ScalarNode && !v.Text.Quoted && (v.Text.Value == "true" || v.Text.Value == "false") {
				text := v.Text
				text.Value = valueOf(Cell{Value: text}).Text
				pair.Value = &mapfile.Node{Kind: v.Kind, Pos: v.Pos, Text: text}
			}
			row.Pairs = append(row.Pairs, pair)
		}
		out.Items = append(out.Items, row)
	}
	return out
}

func objects(rows []FoundRow) []any {
	all := make([]any, len(rows))
	for i, row := range rows {
		object := map[string]any{}
		for name, value := range row {
			if value == nil {
				object[name] = nil
			} else {
				object[name] = *value
			}
		}
		all[i] = object
	}
	return all
}

// CompareUpdates holds the updates that would be sent, as JSON, against what a
// test wants.
func (t *Test) CompareUpdates(updates []json.RawMessage) ([]Difference, error) {
	if t.CRM == nil || t.CRM.Update == nil {
		return nil, nil
	}
	got := make([]any, len(updates))
	for i, raw := range updates {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&got[i]); err != nil {
			return nil, fmt.Errorf("reading an update: %w", err)
		}
	}
	c := comparison{exact: t.Exact}
	c.list("update", t.CRM.Update, got)
	return c.found, nil
}

// CompareHeld holds the reasons why leads or updates are held, all of which a
// test has to name, and the leads of which nothing is sent against what is so.
// Row of a Happened is the lead's, Reason a sentence.
func (t *Test) CompareHeld(held []Happened, silent []string) []Difference {
	found, rest := matchedBy("held", t.CRM.Held, held, Outcome.speaksOf)
	for _, h := range rest {
		pos := t.Name.Pos
		if len(t.CRM.Held) > 0 {
			pos = t.CRM.Held[0].Pos
		}
		found = append(found, Difference{Pos: pos, Path: "held", Want: "no more reasons", Got: fmt.Sprintf("lead %s, %s: %s", h.Row, h.Field, h.Reason)})
	}
	if !t.CRM.NothingSaid {
		return found
	}
	left := slices.Clone(silent)
	for _, name := range t.CRM.Nothing {
		if at := slices.Index(left, name.Value); at >= 0 {
			left = slices.Delete(left, at, at+1)
			continue
		}
		found = append(found, Difference{Pos: name.Pos, Path: "nothing", Want: "nothing sent of " + name.Value, Got: "an update, or reasons"})
	}
	for _, name := range left {
		found = append(found, Difference{Pos: t.Name.Pos, Path: "nothing", Want: "something sent of " + name, Got: nothing})
	}
	return found
}

// speaksOf is fits with any part of the sentence that says why.
func (o Outcome) speaksOf(h Happened) bool {
	return (o.Field.Value == "" || o.Field.Value == h.Field) &&
		strings.Contains(strings.ToLower(h.Reason), strings.ToLower(o.Reason.Value)) &&
		(o.Row == nil || o.Row.Value == h.Row)
}
