package plan_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

const keyStatement = "contract keys"

// orderedBy binds the mapping of the short ways with another order and key.
func orderedBy(t testing.TB, order, key string) *plan.Program {
	t.Helper()
	return boundTo(t, shortTables(), strings.Replace(fmt.Sprintf(shortMapping, "sentinels: ['n/a', '2020-01-01']", "r.kind"), "order: r.number", "order: "+order+"\n  key: "+key, 1))
}

// listOf is a key list and what was noted.
type listOf struct {
	Keys  []plan.RowKey
	Notes []string
}

// listed is the key list that a program makes of rows, and what it notes.
func listed(t *testing.T, p *plan.Program, rows held) (keys []plan.RowKey, notes []string) {
	t.Helper()
	keys, err := p.Keys(t.Context(), "contract", plan.Asking{
		Querier: rows, Now: today, Customers: []string{"C1", "C2", "C3"},
		Note: func(endpoint, field string, reason plan.Reason, row string) {
			notes = append(notes, fmt.Sprint(endpoint, field, reason, row))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys, notes
}

// TestKeyOrder: whatever the rows hold and however they come, a list put in
// order by what stands in columns is the one that is put in order by values, and
// every row of a customer who was asked for stands in it once.
func TestKeyOrder(t *testing.T) {
	for name, c := range map[string]struct{ order, key string }{
		"ByText":           {"r.number", "r.id"},
		"ByTextDownwards":  {"r.number desc", "r.id"},
		"ByNumber":         {"r.count", "r.id"},
		"ByDecimal":        {"r.total", "r.id"},
		"ByDay":            {"r.ends", "r.id"},
		"ByTwo":            {"[r.state, r.count desc]", "r.id"},
		"ByNumberDown":     {"[r.count desc, r.number]", "r.id"},
		"ByAKeyOfText":     {"r.kind", "r.site"},
		"ByAKeyOfTwo":      {"r.kind", "[r.site, r.gate]"},
		"ByAConversion":    {"{from: r.number, case: upper}", "r.id"},
		"ByTextThenByAnId": {"[r.kind, r.id]", "r.id"},
	} {
		t.Run(name, func(t *testing.T) {
			quick, slow := orderedBy(t, c.order, c.key), orderedBy(t, c.order, c.key)
			slow.TakeTheLongWay()
			gathered := orderedBy(t, c.order, c.key)
			gathered.GatherRows()
			columns := widths{}
			listedColumns(t, quick, columns)
			kinds := columns[keyStatement]
			key, customer := quick.KeyListCells("contract")
			rapid.Check(t, func(rt *rapid.T) {
				begin := rapid.SampledFrom([]string{"", "", "RA-2026-00"}).Draw(rt, "texts begin with")
				inTurn := rapid.Bool().Draw(rt, "rows come in the order of their keys")
				alike := rapid.Bool().Draw(rt, "rows hold what columns usually do")
				rows := make([][]driver.Value, rapid.IntRange(0, 12).Draw(rt, "rows"))
				for n := range rows {
					rows[n] = make([]driver.Value, len(kinds))
					for i, kind := range kinds {
						at := fmt.Sprintf("%d %d", n, i)
						rows[n][i] = cellOf(rt, kind, at)
						if alike {
							rows[n][i] = usualCell(rt, kind, at, begin)
						}
					}
					for i, at := range key {
						number := rapid.IntRange(0, 3).Draw(rt, fmt.Sprintf("key %d %d", n, i))
						if inTurn {
							number = n
						}
						rows[n][at] = int64(number)
						if kinds[at] == convert.ColumnText {
							rows[n][at] = fmt.Appendf(nil, rapid.SampledFrom([]string{"%d", "k%d", "0%d"}).Draw(rt, fmt.Sprintf("spelt %d %d", n, i)), number)
						}
					}
					rows[n][customer] = []byte(rapid.SampledFrom([]string{"C1", "C2", "C3", "C1 ", "c1", "C4"}).Draw(rt, fmt.Sprintf("customer %d", n)))
				}
				got, notes := listed(t, quick, held{keyStatement: rows})
				want, theirs := listed(t, slow, held{keyStatement: rows})
				if diff := cmp.Diff(want, got); diff != "" {
					rt.Fatalf("(-by values +got):\n%s", diff)
				}
				if diff := cmp.Diff(theirs, notes); diff != "" {
					rt.Fatalf("notes (-by values +got):\n%s", diff)
				}
				together, told := listed(t, gathered, held{keyStatement: rows})
				if diff := cmp.Diff(listOf{want, theirs}, listOf{together, told}); diff != "" {
					rt.Fatalf("rows gathered (-by values +got):\n%s", diff)
				}
				if diff := cmp.Diff(keysOnce(rows, key, customer), sortedKeys(got)); diff != "" {
					rt.Fatalf("(-rows there are +got):\n%s", diff)
				}
			})
		})
	}
}

func listedColumns(t testing.TB, p *plan.Program, columns widths) {
	t.Helper()
	if _, err := p.Keys(t.Context(), "contract", plan.Asking{Querier: columns, Now: today, Customers: []string{"1"}}); err != nil {
		t.Fatal(err)
	}
}

// usualCell draws what nearly every row of a real table holds.
func usualCell(t *rapid.T, kind convert.ColumnKind, at, begin string) driver.Value {
	switch kind {
	case convert.ColumnInteger:
		return rapid.Int64Range(0, 400).Draw(t, at)
	case convert.ColumnDecimal:
		return fmt.Appendf(nil, "%d.50", rapid.IntRange(-20, 300).Draw(t, at))
	case convert.ColumnDate:
		return fmt.Appendf(nil, "2026-03-%02d", rapid.IntRange(1, 28).Draw(t, at))
	}
	return []byte(begin + rapid.StringMatching(`[aAbB0-9]{1,12}`).Draw(t, at))
}

// keysOnce are the keys of all rows of the customers asked for, each once.
func keysOnce(rows [][]driver.Value, key []int, customer int) []plan.RowKey {
	var all []plan.RowKey
	for _, row := range rows {
		number := strings.TrimSpace(string(row[customer].([]byte)))
		if !slices.Contains([]string{"C1", "C2", "C3"}, number) {
			continue
		}
		var parts []string
		for _, at := range key {
			if text, ok := row[at].([]byte); ok {
				parts = append(parts, string(text))
			} else {
				parts = append(parts, fmt.Sprint(row[at]))
			}
		}
		all = append(all, plan.RowKey{Row: plan.EncodeKey(parts), Customer: number})
	}
	return slices.Compact(sortedKeys(all))
}

func sortedKeys(keys []plan.RowKey) []plan.RowKey {
	return slices.SortedFunc(slices.Values(keys), func(a, b plan.RowKey) int {
		return strings.Compare(a.Row+"\x00"+a.Customer, b.Row+"\x00"+b.Customer)
	})
}

const twoSources = `
timezone: UTC
customerNumber: r.customer
contract:
  sources:
    - {from: rentals r, key: [r.site, r.gate, r.kind], order: r.number, fields: {id: r.number}, lines: none, fees: none}
    - {from: rentals r, key: r.id, order: r.number, fields: {id: r.number}, lines: none, fees: none}
`

// onlySecond finds something for the second source alone: three rows, against
// their order.
type onlySecond struct{ asked *int }

func (q onlySecond) Query(_ context.Context, _, _ string, _ []any, next func() []convert.Cell) error {
	if *q.asked++; *q.asked != 2 {
		return nil
	}
	for _, row := range []string{"30", "20", "10"} {
		cells := next()
		for i := range cells {
			text := row
			if i == 1 {
				text = "C1"
			}
			if err := cells[i].Scan([]byte(text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestTheOrderOfTheOnlySourceThatFindsRows: sources lay their columns out each
// in its own way, and the first need not be the one that finds something.
func TestTheOrderOfTheOnlySourceThatFindsRows(t *testing.T) {
	p := boundTo(t, shortTables(), twoSources)
	keys, err := p.Keys(t.Context(), "contract", plan.Asking{Querier: onlySecond{new(int)}, Now: today, Customers: []string{"C1"}})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, k := range keys {
		rows = append(rows, k.Row)
	}
	if !slices.IsSorted(rows) || len(rows) != 3 {
		t.Errorf("the list is %q", rows)
	}
}
