package yard

import (
	"context"
	"database/sql/driver"
	"fmt"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

const contractKeys = "contract keys"

// longList makes the key list of a page's customers one of so many contracts: a
// server finds them customer by customer, each customer's in their order.
func (p *page) longList(tb testing.TB, contracts int) {
	tb.Helper()
	like := p.rows[contractKeys][0]
	customers := p.asking.Customers
	rows := make([][]driver.Value, 0, contracts)
	for c, customer := range customers {
		for n := c; n < contracts; n += len(customers) {
			row := make([]driver.Value, len(like))
			for i, v := range like {
				switch v := v.(type) {
				case int64:
					row[i] = int64(n + 1)
				case []byte:
					row[i] = fmt.Appendf(nil, "%c%07d", v[0], n)
					if string(v) == p.keys[0].Customer {
						row[i] = []byte(customer)
					}
				}
			}
			rows = append(rows, row)
		}
	}
	p.rows[contractKeys] = rows
}

// BenchmarkKeys is the key list of very many contracts without a database and a
// driver, until it is ready to be kept.
func BenchmarkKeys(b *testing.B) {
	p := newPage(b, 20)
	p.longList(b, 54_000)
	b.ReportAllocs()
	for b.Loop() {
		keys, err := p.program.Keys(context.Background(), "contract", p.asking)
		if err != nil || len(keys) != 54_000 {
			b.Fatal(err, len(keys))
		}
		theirs := make(adapters.Keys, len(keys))
		for i, k := range keys {
			theirs[i] = adapters.Key{Row: k.Row, Customer: k.Customer}
		}
		b.SetBytes(int64(len(sweep.Pack(theirs))))
	}
}
