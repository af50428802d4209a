package plan_test

import (
	"reflect"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

const stateMapping = `
customerNumber: cus.no
state: {R: {stat: {not: D}}, CUS: "gone = 0"}
contract:
  from: R r
  key: r.id
  join: [{cus: {table: CUS, match: {no: r.cus}, required: true}}]
  fields: {id: r.id, note: r.note, pdfUrl: {document: contract}}
  lines: none
  fees: none
documents: {contract: {directory: papers, name: '{r.id}.pdf'}}
changes: {contract: [{from: R r, join: [{cus: {table: CUS, match: {no: r.cus}}}], stamp: {from: r.stamp, date: unix}}]}
timezone: UTC`

const stateTables = `
create table CUS (no VARCHAR(10) primary key, gone INTEGER);
insert into CUS values ('C1', 0);
create table R (id VARCHAR(10), cus VARCHAR(10), stat CHAR(1), note TEXT, stamp INTEGER);
insert into R values ('A1', 'C1', 'D', 'deleted twin', 1), ('A1', 'C1', 'O', 'open', 2), ('A2', 'C1', 'O', 'open', 3);`

func TestStateFilters(t *testing.T) {
	read := func(t *testing.T, p *plan.Program, q plan.Querier, keys []plan.RowKey) []string {
		t.Helper()
		var notes []string
		left, err := p.Rows(t.Context(), "contract", plan.Asking{Querier: q, Now: today, Customers: []string{"C1"}}, keys, func(v reflect.Value) {
			notes = append(notes, v.FieldByName("ID").String()+" "+v.FieldByName("Note").Elem().String())
		})
		if err != nil || len(left) > 0 {
			t.Fatalf("got %v left out and %v", left, err)
		}
		return notes
	}
	keysOf := func(t *testing.T, p *plan.Program, q plan.Querier) []plan.RowKey {
		t.Helper()
		keys, err := p.Keys(t.Context(), "contract", plan.Asking{Querier: q, Now: today, Customers: []string{"C1"}})
		if err != nil || len(keys) != 2 {
			t.Fatalf("got %d keys and %v, want 2", len(keys), err)
		}
		return keys
	}
	t.Run("ADeletedTwinOfTheSameKeyIsNeverServed", func(t *testing.T) {
		p, q := bound(t, stateTables, stateMapping)
		if got := read(t, p, q, keysOf(t, p, q)); !reflect.DeepEqual(got, []string{"A1 open", "A2 open"}) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("ARowThatLeftTheStateSinceIsAGap", func(t *testing.T) {
		p, q := bound(t, stateTables, stateMapping)
		keys := keysOf(t, p, q)
		if _, err := q.db.Exec("update R set stat = 'D' where id = 'A2'"); err != nil {
			t.Fatal(err)
		}
		if got := read(t, p, q, keys); !reflect.DeepEqual(got, []string{"A1 open"}) {
			t.Errorf("got %q", got)
		}
		if _, err := q.db.Exec("update CUS set gone = 1"); err != nil {
			t.Fatal(err)
		}
		if got := read(t, p, q, keys); len(got) != 0 {
			t.Errorf("of a customer who is gone got %q", got)
		}
	})
	t.Run("ChangesAndDocumentsDoNotLookAtTheState", func(t *testing.T) {
		p, q := bound(t, stateTables, stateMapping)
		keys := keysOf(t, p, q)
		if _, err := q.db.Exec("update R set stat = 'D'; update CUS set gone = 1"); err != nil {
			t.Fatal(err)
		}
		a := plan.Asking{Querier: q, Now: today}
		if place, err := p.Document(t.Context(), "contract", a, keys[0].Row); err != nil || place.Name != "A1.pdf" {
			t.Errorf("got the document %q and %v", place.Name, err)
		}
		if changes, _, err := p.Changes(t.Context(), a, today.AddDate(-100, 0, 0)); err != nil || len(changes) != 1 {
			t.Errorf("got %v and %v, want one change", changes, err)
		}
	})
}
