package plan_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// bound compiles a mapping that is written in a test.
func bound(t testing.TB, script, mapping string) (*plan.Program, *asked) {
	t.Helper()
	file, faults := mapfile.Parse("rms.yaml", []byte(mapping))
	if err := faults.Err(); err != nil {
		t.Fatalf("parsing:\n%v", err)
	}
	db := database(t, script)
	compiled, faults := plan.Compile(file, targetOf(t, file))
	if compiled == nil {
		t.Fatalf("compiling:\n%v", faults)
	}
	program, faults := compiled.Bind(plan.SQLite, describe(t, db, compiled.Tables()))
	if program == nil {
		t.Fatalf("binding:\n%v", faults)
	}
	return program, newAsked(db)
}

// outcome is what a list shows, what is left out of it and what is noted, each
// with the texts of the row's key.
type outcome struct {
	IDs, Left, Notes []string
	Failed           bool
}

func outcomeOf(t testing.TB, p *plan.Program, q plan.Querier, endpoint, customer string) outcome {
	t.Helper()
	var out outcome
	keyTexts := func(key string) string { return strings.Join(plan.KeyTexts(key), "/") }
	a := plan.Asking{
		Querier: q, Dealer: "D1", Now: today, Customers: []string{customer},
		Note: func(_, field string, reason plan.Reason, row string) {
			out.Notes = append(out.Notes, field+" "+string(reason)+" "+keyTexts(row))
		},
	}
	keys, err := p.Keys(t.Context(), endpoint, a)
	if err != nil {
		t.Fatal(err)
	}
	left, err := p.Rows(t.Context(), endpoint, a, keys, func(v reflect.Value) {
		out.IDs = append(out.IDs, v.FieldByName("ID").String())
	})
	switch {
	case errors.Is(err, plan.ErrBadRow):
		out.Failed, out.IDs = true, nil
	case err != nil:
		t.Fatal(err)
	}
	for _, l := range left {
		out.Left = append(out.Left, l.Field+" "+string(l.Reason)+" "+keyTexts(l.Row))
	}
	return out
}

const policyTables = `
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), kind CHAR(1), total TEXT, note TEXT);
insert into R values ('A1', 'C1', 'R', '1', 'fine'), ('A2', 'C1', 'X', '2', 'fine');
create table L (rental VARCHAR(10), seq INTEGER, name TEXT, total TEXT);
insert into L values ('A1', 1, 'one', '1'), ('A1', 2, 'two', 'much');`

func TestPolicies(t *testing.T) {
	const (
		kind  = "kind: {from: r.kind, map: kinds}\n"
		total = "total: r.total\n"
		lines = "{from: L d, parent: {rental: r.id}, order: d.seq, fields: {id: d.seq, name: d.name, total: d.total}}"
	)
	for _, c := range []struct {
		name, file, endpoint, field, lines string
		script                             string
		want                               outcome
	}{
		{
			name: "ABadRowIsLeftOutAndNotedWithItsKey", field: kind,
			want: outcome{IDs: []string{"A1"}, Left: []string{"kind unmapped A2"}, Notes: []string{"kind unmapped A2"}},
		},
		{
			name: "TheFileCanFailThePage", file: "onBadRow: fail\n", field: kind,
			want: outcome{Failed: true, Notes: []string{"kind unmapped A2"}},
		},
		{
			name: "TheSectionWinsOverTheFile", file: "onBadRow: fail\n", endpoint: "onBadRow: leaveOut\n", field: kind,
			want: outcome{IDs: []string{"A1"}, Left: []string{"kind unmapped A2"}, Notes: []string{"kind unmapped A2"}},
		},
		{
			name: "TheFieldWinsOverTheSection", endpoint: "onBadRow: fail\n", field: "kind: {from: r.kind, map: kinds, onBad: leaveOut}\n",
			want: outcome{IDs: []string{"A1"}, Left: []string{"kind unmapped A2"}, Notes: []string{"kind unmapped A2"}},
		},
		{
			name: "AFieldCanFailThePage", field: "kind: {from: r.kind, map: kinds, onBad: fail}\n",
			want: outcome{Failed: true, Notes: []string{"kind unmapped A2"}},
		},
		{
			name: "AFieldCanBeSentEmptyInstead", field: "kind: {from: r.kind, map: kinds, onBad: null}\n",
			want: outcome{IDs: []string{"A1", "A2"}, Notes: []string{"kind nulled A2"}},
		},
		{
			name: "APlaceholderStandsInForABadValue", field: "kind: {from: r.kind, map: kinds, placeholder: Lease}\n",
			want: outcome{IDs: []string{"A1", "A2"}, Notes: []string{"kind placeholder A2"}},
		},
		{
			name: "AnEmptyOptionalFieldNeedsNoPlaceholder", field: "note: {from: r.note, placeholder: none}\n",
			script: "update R set note = '' where id = 'A2';",
			want:   outcome{IDs: []string{"A1", "A2"}},
		},
		{
			name: "ATextThatIsTooLongIsABadValue", field: "note: r.note\n",
			script: "update R set note = 'thirteen char' where id = 'A2';",
			want:   outcome{IDs: []string{"A1"}, Left: []string{"note too-long A2"}, Notes: []string{"note too-long A2"}},
		},
		{
			name: "ATextIsCutWhereTheMappingSaysSo", field: "note: {from: r.note, cut: true}\n",
			script: "update R set note = 'thirteen char' where id = 'A2';",
			want:   outcome{IDs: []string{"A1", "A2"}, Notes: []string{"note cut A2"}},
		},
		{
			name: "ATextIsCutToSoManyCharacters", field: "note: {from: r.note, cut: 4}\n",
			script: "update R set note = 'fünf!' where id = 'A2';",
			want:   outcome{IDs: []string{"A1", "A2"}, Notes: []string{"note cut A2"}},
		},
		{
			name: "ABadChildTakesItsParentWithIt", field: total, lines: lines,
			want: outcome{IDs: []string{"A2"}, Left: []string{"lines.total unreadable A1"}, Notes: []string{"lines.total unreadable A1"}},
		},
		{
			name: "ABadChildGoesAloneWhereItsListSaysSo", field: total,
			lines: strings.Replace(lines, "order:", "keepParent: true, order:", 1),
			want:  outcome{IDs: []string{"A1", "A2"}, Notes: []string{"lines.total unreadable A1"}},
		},
		{
			name: "AListCanFailThePage", field: total,
			lines: strings.Replace(lines, "order:", "onBadRow: fail, order:", 1),
			want:  outcome{Failed: true, Notes: []string{"lines.total unreadable A1"}},
		},
		{
			name: "AListCanLeaveOutWhereTheSectionFails", endpoint: "onBadRow: fail\n", field: total,
			lines: strings.Replace(lines, "order:", "onBadRow: leaveOut, order:", 1),
			want:  outcome{IDs: []string{"A2"}, Left: []string{"lines.total unreadable A1"}, Notes: []string{"lines.total unreadable A1"}},
		},
		{
			name: "AChildsFieldCanBeSentEmptyInstead", field: total,
			lines: strings.Replace(lines, "total: d.total", "total: {from: d.total, onBad: null}", 1),
			want:  outcome{IDs: []string{"A1", "A2"}, Notes: []string{"lines.total nulled A1"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.lines == "" {
				c.lines = "none"
			}
			p, q := bound(t, policyTables+c.script, c.file+"customerNumber: r.cus\nmaps: {kinds: {R: Rental}}\nchanges: none\ncontract:\n  from: R r\n"+
				indented(c.endpoint, 2)+"  fees: none\n  lines: "+c.lines+"\n  fields:\n    id: r.id\n"+indented(c.field, 4))
			if diff := cmp.Diff(c.want, outcomeOf(t, p, q, "contract", "C1")); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("APlaceholderStandsInForAnEmptyRequiredField", func(t *testing.T) {
		p, q := bound(t, policyTables+"update L set name = NULL;", `
customerNumber: r.cus
changes: none
contract:
  from: R r
  fields: {id: r.id}
  lines: none
  fees: {from: L d, parent: {rental: r.id}, where: {d.seq: 1}, fields: {name: {from: d.name, placeholder: N/A}, total: d.total}}`)
		want := outcome{IDs: []string{"A1", "A2"}, Notes: []string{"fees.name placeholder A1"}}
		if diff := cmp.Diff(want, outcomeOf(t, p, q, "contract", "C1")); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
	})
}

func indented(text string, by int) string {
	if text == "" {
		return ""
	}
	return strings.Repeat(" ", by) + text
}

// keysOf are the keys of customer C1.
func keysOf(t testing.TB, p *plan.Program, q plan.Querier, endpoint string) []plan.RowKey {
	t.Helper()
	keys, err := p.Keys(t.Context(), endpoint, plan.Asking{Querier: q, Now: today, Customers: []string{"C1"}})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// idsOf are the ids of the rows behind keys of customer C1.
func idsOf(t testing.TB, p *plan.Program, q plan.Querier, endpoint string, keys []plan.RowKey) []string {
	t.Helper()
	var ids []string
	_, err := p.Rows(t.Context(), endpoint, plan.Asking{Querier: q, Now: today, Customers: []string{"C1"}}, keys, func(v reflect.Value) {
		ids = append(ids, v.FieldByName("ID").String())
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
