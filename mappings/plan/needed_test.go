package plan_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

const neededTables = `
create table R (co CHAR(2), id VARCHAR(10), cus VARCHAR(10), grp VARCHAR(3), t INTEGER, primary key (co, id));
insert into R values ('01', 'A1', 'C1', 'G1', 1), ('02', 'B1', 'C1', 'G1', 1);
create table CUS (co CHAR(2), no VARCHAR(10), primary key (co, no));
insert into CUS values ('01', 'C1'), ('02', 'C1');
create table GRP (no VARCHAR(3) primary key, name TEXT);
insert into GRP values ('G1', 'group');
create table L (rental VARCHAR(10), grp VARCHAR(3));
insert into L values ('A1', 'G1');`

const neededMapping = `
timezone: UTC
customerNumber: cus.no
owner: {R: {co: '01'}, CUS: {co: '01'}}
joins: {cus: {table: CUS, match: {no: r.cus}, required: true}}
contract:
  from: R r
  key: r.id
  join: [cus]
  fields: {id: r.id}
  lines: {from: L d, parent: {rental: r.id}, join: [{g: {table: GRP, match: {no: d.grp}, required: true}}], fields: {id: g.name}}
  fees: none
customer: {from: CUS cus, fields: {customerName: cus.no}}
changes: {contract: [{from: R r, join: [cus], stamp: {from: r.t, date: unix}}]}`

// TestAnEmptyRequiredTable: a list is not empty because a table that its rows
// need was emptied.
func TestAnEmptyRequiredTable(t *testing.T) {
	for _, c := range []struct{ name, script, mapping, want string }{
		{"OfTheDealersRowsFailsTheList", "delete from CUS where co = '01'", "", "table CUS is empty, and nothing in table R is shown without a row in it"},
		{"FailsTheListWhereItIsPicked", "delete from CUS where co = '01'", "pick", "table CUS is empty"},
		{"FailsTheListAboveItsElements", "delete from GRP", "", "table GRP is empty, and nothing in table L is shown without a row in it"},
		{"FailsTheListAboveItsElementsWhereItIsPicked", "delete from GRP", "pick", "table GRP is empty"},
		{"IsRightWhereThereIsNothingToShow", "delete from CUS where co = '01'; delete from R where co = '01'", "", ""},
		{"IsNotTakenForACustomerWithoutRows", "insert into CUS values ('01', 'C9'); delete from CUS where no = 'C1'", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			mapping := neededMapping
			if c.mapping == "pick" {
				mapping = strings.ReplaceAll(mapping, "no: d.grp}, required", "no: d.grp}, pick: name, required")
				mapping = strings.Replace(mapping, "join: [cus]\n  fields", "join: [cus, {k: {table: CUS, match: {no: r.cus}, pick: no, required: true}}]\n  fields", 1)
			}
			p, q := bound(t, neededTables+c.script, mapping)
			a := asking(q, []string{"C1"}, new([]string))
			keys, err := p.Keys(t.Context(), "contract", a)
			if err == nil {
				_, err = p.Rows(t.Context(), "contract", a, keys, func(reflect.Value) {})
			}
			wantNoRows(t, err, c.want)
		})
	}
	t.Run("FailsTheChangesAsWell", func(t *testing.T) {
		p, q := bound(t, neededTables+"delete from CUS where co = '01'", neededMapping)
		_, _, err := p.Changes(t.Context(), asking(q, nil, new([]string)), today)
		wantNoRows(t, err, "table CUS is empty")
	})
	t.Run("CostsNothingWhereThereAreRows", func(t *testing.T) {
		p, q := bound(t, neededTables, neededMapping)
		ask(t, p, q, "contract", []string{"C1"}, []string{"C1"})
		for range len(q.names) {
			if name := <-q.names; strings.Contains(name, "required tables") {
				t.Errorf("got the statement %q", name)
			}
		}
	})
}

// TestListsThatAreMostlyEmpty: what is asked where the lists before were empty.
func TestListsThatAreMostlyEmpty(t *testing.T) {
	whole := func(t *testing.T, p *plan.Program, q *asked, customer string) (rows int, err error) {
		t.Helper()
		_, _, ok, err := p.Whole(t.Context(), "contract", asking(q, []string{customer}, new([]string)), 20, func(reflect.Value) { rows++ })
		if err == nil && !ok {
			t.Fatal("the list takes two steps")
		}
		return rows, err
	}
	// used is the statements that were run since it was asked last.
	used := func(q *asked) int {
		n := len(q.names)
		for range n {
			<-q.names
		}
		return n
	}
	emptied := func(t *testing.T, p *plan.Program, q *asked) {
		t.Helper()
		for range 10 {
			if rows, err := whole(t, p, q, "C9"); rows != 0 || err != nil {
				t.Fatalf("got %d rows and %v, want none", rows, err)
			}
		}
		used(q)
	}
	t.Run("TakeOneStatement", func(t *testing.T) {
		p, q := bound(t, neededTables, neededMapping)
		emptied(t, p, q)
		if rows, err := whole(t, p, q, "C9"); rows != 0 || err != nil || used(q) != 1 {
			t.Errorf("got %d rows and %v, want none by one statement", rows, err)
		}
	})
	t.Run("AreShownAsSoonAsTheyHaveRows", func(t *testing.T) {
		p, q := bound(t, neededTables, neededMapping)
		for range 3 {
			emptied(t, p, q)
			for n := range 4 {
				if rows, err := whole(t, p, q, "C1"); rows != 1 || err != nil {
					t.Fatalf("list %d: got %d rows and %v, want one", n, rows, err)
				}
			}
		}
	})
	t.Run("AreAskedForTheirRowsFirstOnceSomeHaveAny", func(t *testing.T) {
		p, q := bound(t, neededTables, neededMapping)
		if _, err := whole(t, p, q, "C1"); err != nil {
			t.Fatal(err)
		}
		want := used(q)
		emptied(t, p, q)
		for n := range 3 {
			if _, err := whole(t, p, q, "C1"); err != nil {
				t.Fatal(err)
			}
			if got := used(q); n == 2 && got != want {
				t.Errorf("got %d statements, want %d", got, want)
			}
		}
	})
	for _, c := range []struct{ name, script, want string }{
		{"AreNotEmptyForARequiredTableWithoutRows", "delete from CUS where co = '01'", "table CUS is empty, and nothing in table R is shown without a row in it"},
		{"AreEmptyWhereThereIsNothingToShow", "delete from CUS where co = '01'; delete from R where co = '01'", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, q := bound(t, neededTables, neededMapping)
			emptied(t, p, q)
			if _, err := q.db.Exec(c.script); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				_, err := whole(t, p, q, "C1")
				wantNoRows(t, err, c.want)
			}
			if got := used(q); got != 3 {
				t.Errorf("got %d statements, want three", got)
			}
		})
	}
}

func wantNoRows(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got %v", err)
	case want != "" && (!errors.Is(err, plan.ErrNoRows) || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %s", err, want)
	}
}
