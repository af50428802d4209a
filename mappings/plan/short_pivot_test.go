package plan_test

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

const pricesMapping = `
currency: USD
customerNumber: u.no
%s
dealer-category:
  from: shelves c
  order: c.code
  fields: {id: c.code}
  groups:
    from: kinds g
    parent: {shelf: c.code}
    order: g.code
    fields: {id: g.code}
    rate:
      rates:
        from: prices p
        parent: {class: g.code}
        prefer: [{cus: '@customer', rateType: customer}, {cus: '', rateType: book}]
        by: p.%s
        columns: {daily: 1, weekly: [7, 5, MO]}
        amount: p.price
customer: {from: users u, fields: {customerId: $customerNumber, customerName: u.name}}
`

func bindPrices(t *testing.T, sentinels, by string) *plan.Program {
	t.Helper()
	text := func(name string) plan.Column {
		return plan.Column{Name: name, Kind: convert.ColumnText, Nullable: true, Collation: plan.CaseOff}
	}
	return boundTo(t, map[string]*plan.Table{
		"shelves": {Columns: []plan.Column{text("code")}, Unique: [][]string{{"code"}}, Primary: true},
		"kinds":   {Columns: []plan.Column{text("code"), text("shelf")}, Unique: [][]string{{"code"}}, Primary: true},
		"prices": {Columns: []plan.Column{
			text("class"),
			text("cus"),
			text("word"),
			{Name: "days", Kind: convert.ColumnInteger, Nullable: true},
			{Name: "price", Kind: convert.ColumnDecimal, Nullable: true},
		}},
		"users": {Columns: []plan.Column{text("no"), text("name")}, Unique: [][]string{{"no"}}, Primary: true},
	}, fmt.Sprintf(pricesMapping, sentinels, by))
}

// TestShortWaysOfPrices: whatever the cells hold, prices by preference that are
// found the short way are those their evaluators find.
func TestShortWaysOfPrices(t *testing.T) {
	for name, c := range map[string]struct{ sentinels, by string }{
		"ByNumbers":     {"", "days"},
		"ByWords":       {"", "word"},
		"WithSentinels": {"sentinels: ['7', '100.00']", "word"},
	} {
		t.Run(name, func(t *testing.T) {
			short, long := bindPrices(t, c.sentinels, c.by), bindPrices(t, c.sentinels, c.by)
			long.TakeTheLongWay()
			kinds := widths{}
			keys := []plan.RowKey{{Row: plan.EncodeKey([]string{"1"})}}
			if _, err := short.Rows(t.Context(), "dealer-category", plan.Asking{Querier: kinds, Now: today, Customers: []string{"C1"}}, keys, func(reflect.Value) {}); err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(rt *rapid.T) {
				rows := held{}
				for _, statement := range slices.Sorted(maps.Keys(kinds)) {
					columns := kinds[statement]
					for n := range rapid.IntRange(1, 9).Draw(rt, statement) {
						row := make([]driver.Value, len(columns))
						for i, kind := range columns {
							row[i] = priceCell(rt, kind, fmt.Sprintf("%s %d %d", statement, n, i))
						}
						row[0] = []byte("1") // what ties it to the row above
						rows[statement] = append(rows[statement], row)
					}
				}
				rows["dealer-category"] = rows["dealer-category"][:1]
				got, want := priced(t, short, rows, keys), priced(t, long, rows, keys)
				if diff := cmp.Diff(want, got); diff != "" {
					rt.Fatalf("(-evaluators +short ways):\n%s", diff)
				}
			})
		})
	}
}

// priceCell draws a customer, a code of a period or an amount.
func priceCell(t *rapid.T, kind convert.ColumnKind, name string) driver.Value {
	if rapid.IntRange(0, 9).Draw(t, name+" is") == 0 {
		return nil
	}
	switch kind {
	case convert.ColumnInteger:
		return rapid.SampledFrom([]int64{1, 1, 7, 5, 28, 14, -7}).Draw(t, name)
	case convert.ColumnDecimal:
		return []byte(rapid.SampledFrom([]string{"100.00", "12.5", "0.00", "1.005", "-3.00", "oops", "7"}).Draw(t, name))
	default:
		return []byte(rapid.SampledFrom([]string{"C1", "C1", "c1", "", " ", "C2", "1", "01", "7", "7.0", " 5", "MO", "mo", "28", "1e0"}).Draw(t, name))
	}
}

type pricedOutcome struct {
	Items []category
	Left  []plan.LeftOut
	Notes []string
}

func priced(t *testing.T, p *plan.Program, rows held, keys []plan.RowKey) (out pricedOutcome) {
	t.Helper()
	var err error
	out.Left, err = p.Rows(t.Context(), "dealer-category", plan.Asking{
		Querier: rows, Now: today, Customers: []string{"C1"},
		Note: func(endpoint, field string, reason plan.Reason, row string) {
			out.Notes = append(out.Notes, fmt.Sprint(endpoint, field, reason, row))
		},
	}, keys, func(v reflect.Value) { out.Items = append(out.Items, *v.Addr().Interface().(*category)) })
	if err != nil {
		t.Fatal(err)
	}
	return out
}
