package plan_test

import (
	"database/sql/driver"
	"fmt"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// BenchmarkKeys makes long key lists of rows as a server gives them over an index
// of customer and state: numbers come in no order.
func BenchmarkKeys(b *testing.B) {
	for _, count := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			p := orderedBy(b, "r.number", "r.id")
			columns := widths{}
			listedColumns(b, p, columns)
			a := plan.Asking{Querier: manyRows(p, columns[keyStatement], count), Now: today, Customers: []string{"C1", "C2", "C3", "C4", "C5"}}
			b.ReportAllocs()
			for b.Loop() {
				keys, err := p.Keys(b.Context(), "contract", a)
				if err != nil || len(keys) != count {
					b.Fatalf("%d keys, %v", len(keys), err)
				}
			}
		})
	}
}

// manyRows are so many rows of five customers, one customer after the other.
func manyRows(p *plan.Program, kinds []convert.ColumnKind, count int) held {
	key, customer := p.KeyListCells("contract")
	rows := make([][]driver.Value, count)
	for n := range rows {
		id := n*7919%count + 1
		rows[n] = make([]driver.Value, len(kinds))
		for i := range kinds {
			rows[n][i] = fmt.Appendf(nil, "RA-2026-%07d", id)
		}
		rows[n][key[0]] = int64(id)
		rows[n][customer] = fmt.Appendf(nil, "C%d", 1+n*5/count)
	}
	return held{keyStatement: rows}
}
