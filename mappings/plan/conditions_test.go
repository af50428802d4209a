package plan_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// TestWhereAndWhenCompareAlike asks the same comparison of the server and of
// values that were fetched.
func TestWhereAndWhenCompareAlike(t *testing.T) {
	const tables = `
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), txt TEXT, num DECIMAL(10,2), day DATETIME);
insert into R values ('A1', 'C1', '10', 10, '2026-01-31 08:00:00'), ('A2', 'C1', '9', 9.5, '0000-00-00 00:00:00'), ('A3', 'C1', 'K1', NULL, NULL),
 ('A4', 'C1', '', 0, '9999-12-31'), ('A5', 'C1', NULL, -3, '2026-02-01 00:00:00'), ('A6', 'C1', '-2.5 ', 7, '2025-12-31 23:59:59'),
 ('A7', 'C1', 'N/A', 7, NULL), ('A8', 'C1', 'k1', 7, NULL), ('A9', 'C1', '1,000', 7, NULL),
 ('B1', 'C1', '100.00-', NULL, NULL), ('B2', 'C1', '1.2.3', NULL, NULL), ('B3', 'C1', '-', NULL, NULL), ('B4', 'C1', ' +9.5', NULL, NULL);`
	for _, c := range []struct {
		comparison string
		want       []string
	}{
		{"r.txt: {above: 9}", []string{"A1", "B4"}},
		{"r.txt: {from: 9}", []string{"A1", "A2", "B4"}},
		{"r.txt: {below: 9}", []string{"A6"}},
		{"r.txt: {upTo: K1}", []string{"A1", "A2", "A3", "A6", "A9", "B1", "B2", "B3", "B4"}},
		{"r.txt: {above: K1}", []string{"A8"}},
		{"r.txt: K1", []string{"A3"}},
		{"r.txt: {not: K1}", []string{"A1", "A2", "A4", "A5", "A6", "A7", "A8", "A9", "B1", "B2", "B3", "B4"}},
		{"r.txt: {empty: true}", []string{"A4", "A5", "A7"}},
		{"r.num: {below: 7}", []string{"A4", "A5"}},
		{"r.num: {from: 7, upTo: 9.50}", []string{"A2", "A6", "A7", "A8", "A9"}},
		{"r.num: [7, 10.0]", []string{"A1", "A6", "A7", "A8", "A9"}},
		{"r.day: {upTo: '2026-01-31 08:00:00'}", []string{"A1", "A6"}},
		{"r.day: {empty: true}", []string{"A2", "A3", "A4", "A7", "A8", "A9", "B1", "B2", "B3", "B4"}},
	} {
		t.Run(c.comparison, func(t *testing.T) {
			const mapping = `
timezone: UTC
sentinels: [N/A, '9999-12-31']
customerNumber: r.cus
changes: none
contract:
  from: R r
  order: r.id
  lines: none
  fees: none
  where: {%s}
  fields: {id: r.id, open: {when: {%s}, then: true, else: false}}`
			open := func(where string) (found []string) {
				p, q := bound(t, tables, fmt.Sprintf(mapping, where, c.comparison))
				a := plan.Asking{Querier: q, Now: today, Customers: []string{"C1"}}
				keys, err := p.Keys(t.Context(), "contract", a)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Rows(t.Context(), "contract", a, keys, func(v reflect.Value) {
					if v.FieldByName("Open").Elem().Bool() {
						found = append(found, v.FieldByName("ID").String())
					} else if where == c.comparison {
						t.Errorf("the server finds %s, `when:` does not", v.FieldByName("ID"))
					}
				}); err != nil {
					t.Fatal(err)
				}
				return found
			}
			if diff := cmp.Diff(c.want, open(c.comparison)); diff != "" {
				t.Errorf("of the server (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.want, open("r.cus: C1")); diff != "" {
				t.Errorf("of `when:` (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("AFieldOfTheAnswerComparesByItsType", func(t *testing.T) {
		p, q := bound(t, tables, `
customerNumber: r.cus
changes: none
contract:
  from: R r
  order: r.id
  lines: none
  fees: none
  where: {r.num: {present: true}}
  fields: {id: r.id, total: r.num, open: {when: {any: [{total: {above: 9}}, {total: 7}]}, then: true, else: false}}`)
		a := plan.Asking{Querier: q, Now: today, Customers: []string{"C1"}}
		keys, err := p.Keys(t.Context(), "contract", a)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		if _, err := p.Rows(t.Context(), "contract", a, keys, func(v reflect.Value) {
			if v.FieldByName("Open").Elem().Bool() {
				found = append(found, v.FieldByName("ID").String())
			}
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"A1", "A2", "A6", "A7", "A8", "A9"}, found); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	})
}
