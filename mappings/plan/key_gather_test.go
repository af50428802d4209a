package plan_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// oneByOneMappings have key lists that are made row by row, in all the ways rows
// may come to stand in them.
var oneByOneMappings = map[string]string{
	"SeveralSources": `
customerNumber: r.customer
contract:
  sources:
    - {from: rentals r, key: [r.site, r.gate], order: [r.number, r.count desc], fields: {id: r.number}, lines: none, fees: none}
    - {from: rentals r, key: r.id, order: [r.kind, r.total desc], fields: {id: r.number}, lines: none, fees: none}
    - {from: rentals r, key: [r.site, r.gate], order: [{from: r.number, case: upper}, r.count desc], fields: {id: r.number}, lines: none, fees: none}
`,
	"SourcesOfUnlikeColumns": `
customerNumber: r.customer
contract:
  sources:
    - {from: rentals r, key: r.id, order: r.count, fields: {id: r.number}, lines: none, fees: none}
    - {from: rentals r, key: r.id, order: r.number, fields: {id: r.number}, lines: none, fees: none}
`,
	"RowsLostToJoins": `
customerNumber: r.customer
joins:
  d: {table: lines, match: {id: r.count}, required: true}
  f: {table: fees, match: {id: d.rental}, required: true}
contract: {from: rentals r, join: [d, f], key: r.id, order: f.name, fields: {id: r.number, note: f.name}, lines: none, fees: none}
`,
	"ANumberOfTwoColumns": `
customerNumber: {text: '{r.customer}{r.site}'}
contract: {from: rentals r, key: r.gate, order: r.number desc, fields: {id: r.number}, lines: none, fees: none}
`,
	"ANumberThatIsPadded": `
customerNumber: {from: r.customer, pad: 2}
contract: {from: rentals r, key: [r.gate, r.count], order: r.total, fields: {id: r.number}, lines: none, fees: none}
`,
	"SourcesAlike": `
customerNumber: r.customer
contract:
  sources:
    - {from: rentals r, key: [r.site, r.gate], order: r.kind, fields: {id: r.number}, lines: none, fees: none}
    - {from: rentals r, key: r.site, order: r.kind, fields: {id: r.number}, lines: none, fees: none}
    - {from: rentals r, key: [r.site, r.gate], order: r.kind, fields: {id: r.number}, lines: none, fees: none}
`,
	"NoOrder": `
customerNumber: r.customer
contract: {from: rentals r, key: [r.site, r.count], fields: {id: r.number}, lines: none, fees: none}
`,
	"TheOrderOfTheAPI": `
customerNumber: r.customer
invoice: {from: rentals r, key: r.id, fields: {id: r.number, date: r.starts, total: r.total}}
`,
	"NobodysRows": `
location: {from: rentals r, key: [r.site, r.gate], order: [r.kind desc, r.count], fields: {id: r.number}}
`,
	"TwoAnswersOfOneKey": `
customerNumber: r.customer
customer: {from: rentals r, key: r.site, order: r.count, fields: {customerName: r.number}}
`,
}

// listPrograms are a program and one of the same mapping that keeps all rows until
// the last one was read, with the endpoint that both list and the columns of its statements.
func listPrograms(t *testing.T, mapping string) (one, together *plan.Program, endpoint string, columns widths) {
	t.Helper()
	mapping = "timezone: America/Chicago\nchanges: none\nsentinels: ['n/a', '2020-01-01']\n" + mapping
	one, together = boundTo(t, shortTables(), mapping), boundTo(t, shortTables(), mapping)
	for _, name := range []string{"contract", "invoice", "location", "customer"} {
		if strings.Contains(mapping, "\n"+name+":") {
			endpoint = name
		}
	}
	if !one.OneByOne(endpoint) {
		t.Fatal("its list is not made row by row")
	}
	together.GatherRows()
	columns = widths{}
	if _, err := one.Keys(t.Context(), endpoint, plan.Asking{Querier: columns, Now: today, Customers: []string{"11"}}); err != nil {
		t.Fatal(err)
	}
	return one, together, endpoint, columns
}

func listOfKeys(p *plan.Program, q plan.Querier, endpoint string, customers []string) (out listOf, err error) {
	out.Keys, err = p.Keys(context.Background(), endpoint, plan.Asking{
		Querier: q, Now: today, Customers: customers,
		Note: func(endpoint, field string, reason plan.Reason, row string) {
			out.Notes = append(out.Notes, fmt.Sprint(endpoint, " ", field, " ", reason, " ", row))
		},
	})
	return out, err
}

// TestKeysOneByOne: a list made row by row is, whatever the rows hold, the one
// that is made of all rows at once, and tells the same of them in the same order.
func TestKeysOneByOne(t *testing.T) {
	for name, mapping := range oneByOneMappings {
		t.Run(name, func(t *testing.T) {
			one, together, endpoint, columns := listPrograms(t, mapping)
			customers := one.KeyListCustomers(endpoint)
			statements := slices.Sorted(maps.Keys(columns))
			rapid.Check(t, func(rt *rapid.T) {
				rows := held{}
				alike := rapid.Bool().Draw(rt, "rows are alike")
				asked := rapid.SampledFrom([][]string{{"11"}, {"22", "11"}, {"11", "12", "22", "11"}, {"12", "", "21"}}).Draw(rt, "asked for")
				for _, statement := range statements {
					kinds := columns[statement]
					some := make([][]driver.Value, rapid.IntRange(0, 12).Draw(rt, statement))
					for n := range some {
						some[n] = make([]driver.Value, len(kinds))
						for i, kind := range kinds {
							at := fmt.Sprintf("%s %d %d", statement, n, i)
							if alike {
								some[n][i] = fmt.Append(nil, rapid.IntRange(1, 2).Draw(rt, at))
							} else {
								some[n][i] = listCell(rt, kind, at)
							}
						}
						for i, at := range customers[statement] {
							number := rapid.SampledFrom([]string{"1", "2", "11", "12", "21", "22", " 22", "99"}).Draw(rt, fmt.Sprintf("customer %s %d %d", statement, n, i))
							if some[n][at] = driver.Value([]byte(number)); kinds[at] == convert.ColumnInteger {
								some[n][at] = int64(11)
							}
						}
					}
					rows[statement] = some
				}
				got, err := listOfKeys(one, rows, endpoint, asked)
				want, wrong := listOfKeys(together, rows, endpoint, asked)
				if fmt.Sprint(wrong) != fmt.Sprint(err) {
					rt.Fatalf("%v, all at once %v", err, wrong)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					rt.Fatalf("(-all at once +row by row):\n%s", diff)
				}
			})
		})
	}
}

// listCell draws a cell that others often are like, and now and then one that is
// longer than anybody would think.
func listCell(t *rapid.T, kind convert.ColumnKind, at string) driver.Value {
	switch rapid.IntRange(0, 9).Draw(t, at+" is") {
	case 0, 1:
		return cellOf(t, kind, at)
	case 2:
		if kind == convert.ColumnText {
			return []byte(strings.Repeat("long", rapid.SampledFrom([]int{1, 63, 64, 9000}).Draw(t, at)))
		}
	case 3, 4, 5:
		if kind == convert.ColumnInteger {
			return rapid.Int64Range(0, 3).Draw(t, at)
		}
		return fmt.Append(nil, rapid.IntRange(0, 3).Draw(t, at))
	}
	return usualCell(t, kind, at, "")
}

// chanceRows draws the rows of a long list.
func chanceRows(r *rand.Rand, kinds []convert.ColumnKind, customer []int, count int) [][]driver.Value {
	rows := make([][]driver.Value, count)
	for n := range rows {
		rows[n] = make([]driver.Value, len(kinds))
		for i, kind := range kinds {
			switch {
			case r.IntN(20) == 0:
			case kind == convert.ColumnInteger:
				rows[n][i] = r.Int64N(int64(count))
			case kind == convert.ColumnDecimal:
				rows[n][i] = fmt.Appendf(nil, "%d.%02d", r.IntN(50), r.IntN(100))
			case kind == convert.ColumnDateTime:
				rows[n][i] = fmt.Appendf(nil, "2026-%02d-%02d 10:00:00", 1+r.IntN(12), 1+r.IntN(28))
			default:
				rows[n][i] = []byte("RA-" + strings.Repeat("x", r.IntN(5)) + fmt.Sprint(r.IntN(count)))
			}
		}
		for _, at := range customer {
			if kinds[at] == convert.ColumnText {
				rows[n][at] = fmt.Append(nil, 10+r.IntN(13))
			}
		}
	}
	return rows
}

// TestLongKeyListsOneByOne: so do lists that take much more room than one piece,
// several of them made at the same time.
func TestLongKeyListsOneByOne(t *testing.T) {
	for name, mapping := range oneByOneMappings {
		t.Run(name, func(t *testing.T) {
			one, together, endpoint, columns := listPrograms(t, mapping)
			customers := one.KeyListCustomers(endpoint)
			var all sync.WaitGroup
			for seed := range uint64(4) {
				all.Go(func() {
					chance := rand.New(rand.NewPCG(seed, 6))
					rows := held{}
					for statement, kinds := range columns {
						rows[statement] = chanceRows(chance, kinds, customers[statement], 3000)
					}
					asked := []string{"10", "11", "12", "13", "14", "15", "16"}
					got, err := listOfKeys(one, rows, endpoint, asked)
					want, bad := listOfKeys(together, rows, endpoint, asked)
					if err = errors.Join(err, bad); err != nil {
						t.Error(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("(-all at once +row by row):\n%s", diff)
					}
				})
			}
			all.Wait()
		})
	}
}

// breaking gives its rows and then an error, of the statement that comes so many
// after the first.
type breaking struct {
	held
	after *int
}

var errBroken = errors.New("the line broke")

func (b breaking) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	if err := b.held.Query(ctx, name, text, args, next); err != nil {
		return err
	}
	if *b.after--; *b.after < 0 {
		return errBroken
	}
	return nil
}

// TestAKeyListThatBreaksOffTellsNothing: notes are of lists that somebody gets.
func TestAKeyListThatBreaksOffTellsNothing(t *testing.T) {
	one, _, endpoint, columns := listPrograms(t, oneByOneMappings["RowsLostToJoins"])
	customers := one.KeyListCustomers(endpoint)
	rows := held{}
	for statement, kinds := range columns {
		rows[statement] = chanceRows(rand.New(rand.NewPCG(1, 6)), kinds, customers[statement], 200)
	}
	asked := make([]string, 3000) // more than one statement takes
	for i := range asked {
		asked[i] = fmt.Sprint(10 + i)
	}
	got, err := listOfKeys(one, rows, endpoint, asked)
	if err != nil || len(got.Keys) == 0 || len(got.Notes) == 0 {
		t.Fatalf("%d keys, %d notes, %v", len(got.Keys), len(got.Notes), err)
	}
	for after := range 2 {
		left := after
		got, err := listOfKeys(one, breaking{rows, &left}, endpoint, asked)
		if !errors.Is(err, errBroken) || len(got.Keys)+len(got.Notes) > 0 {
			t.Errorf("broken off at statement %d: %d keys, %d notes, %v", after, len(got.Keys), len(got.Notes), err)
		}
	}
}
