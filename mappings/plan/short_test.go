package plan_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// shortMapping has a field of every form that is filled the short way, and some
// that are not.
const shortMapping = `
timezone: America/Chicago
currency: USD
customerNumber: r.customer
%s
maps:
  kind: {R: Rental, L: Lease}
define:
  number: r.number
contract:
  from: rentals r
  order: r.number
  fields:
    id: $number
    site: {text: 'at {r.site}, gate {r.gate}'}
    kind: %s
    start: r.starts
    end: [r.ends, {value: '2099-12-31'}]
    open: {when: {r.state: O}, then: true, else: false}
    count: r.count
    total: r.total
    note:
      - {when: {r.gate: {empty: true}}, then: {value: no gate}}
      - {when: {r.state: [O, P]}, then: {value: open}}
      - {value: other}
    pdfUrl: {value: 'https://docs.example/'}
    rate.daily.amount: r.rate
    rate.daily.currency: {when: {total: {empty: false}}, then: {value: CAD}, else: {value: USD}}
  lines:
    from: lines d
    parent: {rental: r.id}
    order: [d.place desc, d.name]
    fields:
      id: {text: '{r.number}-{d.place}'}
      name: d.name
      total: [d.total, {value: '0.50'}]
  fees:
    from: fees f
    parent: {rental: r.id}
    order: f.name
    fields: {name: f.name, total: {from: f.total, placeholder: '1.00'}}
`

// shortTables are its tables. Every column but the keys may hold anything.
func shortTables() map[string]*plan.Table {
	column := func(declared string) plan.Column {
		name, kind, _ := strings.Cut(declared, " ")
		return plan.Column{Name: name, Kind: convert.KindOf(kind), Nullable: true}
	}
	table := func(columns ...string) *plan.Table {
		t := &plan.Table{Unique: [][]string{{"id"}}, Primary: true}
		for _, declared := range columns {
			t.Columns = append(t.Columns, column(declared))
		}
		return t
	}
	return map[string]*plan.Table{
		"rentals": table("id int", "number varchar", "customer varchar", "site varchar", "gate varchar", "kind varchar", "starts datetime",
			"ends date", "state char", "count int", "total decimal", "rate decimal"),
		"lines": table("id int", "rental int", "place int", "name varchar", "total decimal"),
		"fees":  table("id int", "rental int", "name varchar", "total decimal"),
	}
}

// held is a driver's rows by the name of the statement.
type held map[string][][]driver.Value

func (h held) Query(_ context.Context, name, _ string, _ []any, next func() []convert.Cell) error {
	var texts convert.Arena
	for _, row := range h[name] {
		cells := next()
		if len(cells) != len(row) {
			return fmt.Errorf("%s: %d cells for %d values", name, len(cells), len(row))
		}
		if err := texts.Fill(cells, row); err != nil {
			return err
		}
	}
	return nil
}

// widths remembers how many columns each statement asks for, and of which kinds.
type widths map[string][]convert.ColumnKind

func (w widths) Query(_ context.Context, name, _ string, _ []any, next func() []convert.Cell) error {
	cells := next()
	kinds := make([]convert.ColumnKind, len(cells))
	for i := range cells {
		kinds[i] = cells[i].Column()
		if err := cells[i].Scan([]byte("1")); err != nil {
			return err
		}
	}
	w[name] = kinds
	return nil
}

func bindShort(t *testing.T, sentinels, kind string) *plan.Program {
	t.Helper()
	return boundTo(t, shortTables(), fmt.Sprintf(shortMapping, sentinels, kind))
}

// boundTo binds a mapping to tables of a MySQL server.
func boundTo(t testing.TB, tables map[string]*plan.Table, text string) *plan.Program {
	t.Helper()
	set, faults := mapfile.LoadFS(fstest.MapFS{"rms.yaml": {Data: []byte(text)}}, ".")
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	compiled, faults := plan.Compile(set.RMS, targetOf(t, set.RMS))
	if compiled == nil {
		t.Fatalf("compiling:\n%v", faults)
	}
	schema := plan.Schema{}
	for _, ref := range compiled.Tables() {
		schema[ref] = tables[ref.Table]
	}
	program, faults := compiled.Bind(plan.MySQL, schema)
	if program == nil {
		t.Fatalf("binding:\n%v", faults)
	}
	return program
}

// cellOf draws what a driver may deliver for a column: mostly what belongs
// there, and sometimes what does not.
func cellOf(t *rapid.T, kind convert.ColumnKind, name string) driver.Value {
	usual := map[convert.ColumnKind]*rapid.Generator[string]{
		convert.ColumnInteger:  rapid.StringMatching(`-?[0-9]{1,4}`),
		convert.ColumnDecimal:  rapid.StringMatching(`-?[0-9]{1,4}\.[0-9]{2,3}`),
		convert.ColumnDateTime: rapid.StringMatching(`(20[0-3][0-9]|0000)-(0[0-9]|1[0-2])-[0-3][0-9] [0-2][0-9]:[0-5]0:00`),
		convert.ColumnDate:     rapid.StringMatching(`(20[0-3][0-9]|0000)-(0[0-9]|1[0-2])-[0-3][0-9]`),
	}[kind]
	if usual == nil {
		usual = rapid.OneOf(rapid.SampledFrom([]string{"O", "P", "R", "L", "rental", "Rental", "n/a", "C"}), rapid.StringMatching(` ?[a-zA-Zé]{0,9} ?[a-z]{0,4}\n?`))
	}
	switch rapid.IntRange(0, 7).Draw(t, name+" is") {
	case 0:
		return nil
	case 1:
		return []byte(rapid.SampledFrom([]string{"", " ", "n/a", "0", "-0.00", "0000-00-00", "\x00", "12", "7.5", "1e3", "2020-01-01", "2020-01-01 00:00:00", "thirteen char"}).Draw(t, name+" odd"))
	}
	text := usual.Draw(t, name)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && kind == convert.ColumnInteger {
		return n
	}
	return []byte(text)
}

// TestShortWays: whatever the cells hold, a field filled the short way is the
// field its evaluator makes, with the same notes and the same rows left out.
func TestShortWays(t *testing.T) {
	for name, c := range map[string]struct{ sentinels, kind string }{
		"Plain":         {"", "r.kind"},
		"WithSentinels": {"sentinels: ['n/a', '2020-01-01']", "{from: r.kind, map: kind}"},
	} {
		t.Run(name, func(t *testing.T) {
			short, long := bindShort(t, c.sentinels, c.kind), bindShort(t, c.sentinels, c.kind)
			long.TakeTheLongWay()
			columns := widths{}
			if _, err := short.Rows(t.Context(), "contract", plan.Asking{Querier: columns, Now: today, Customers: []string{"1"}},
				[]plan.RowKey{{Row: plan.EncodeKey([]string{"1"}), Customer: "1"}}, func(reflect.Value) {}); err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(rt *rapid.T) {
				rows := held{}
				var keys []plan.RowKey
				for statement, kinds := range columns {
					count := rapid.IntRange(1, 6).Draw(rt, statement)
					for n := range count {
						row := make([]driver.Value, len(kinds))
						for i, kind := range kinds {
							row[i] = cellOf(rt, kind, fmt.Sprintf("%s %d %d", statement, n, i))
						}
						rows[statement] = append(rows[statement], row)
					}
				}
				keys = keysIn(t, short, rows, columns)
				got, want := answered(t, short, rows, keys), answered(t, long, rows, keys)
				if diff := cmp.Diff(want, got); diff != "" {
					rt.Fatalf("(-evaluators +short ways):\n%s", diff)
				}
			})
		})
	}
}

// keysIn gives drawn rows their keys: main rows are numbered, and those below
// belong to them in turn.
func keysIn(t *testing.T, p *plan.Program, rows held, columns widths) []plan.RowKey {
	t.Helper()
	id, customer, parents := p.KeyCells("contract")
	var keys []plan.RowKey
	names := make([]string, 0, len(columns))
	for name := range columns {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return len(a) - len(b) }) // the main rows' is the shortest
	for n, row := range rows[names[0]] {
		row[id], row[customer] = int64(n), []byte("1")
		keys = append(keys, plan.RowKey{Row: plan.EncodeKey([]string{strconv.Itoa(n)}), Customer: "1"})
	}
	for _, name := range names[1:] {
		for n, row := range rows[name] {
			row[parents] = int64(n % len(keys))
		}
	}
	return keys
}

// shortOutcome is everything one call tells.
type shortOutcome struct {
	Rentals []rental
	Left    []plan.LeftOut
	Notes   []string
}

func answered(t *testing.T, p *plan.Program, rows held, keys []plan.RowKey) shortOutcome {
	t.Helper()
	var out shortOutcome
	var err error
	out.Left, err = p.Rows(t.Context(), "contract", plan.Asking{
		Querier: rows, Now: today, Customers: []string{"1"},
		Note: func(endpoint, field string, reason plan.Reason, row string) {
			out.Notes = append(out.Notes, fmt.Sprint(endpoint, field, reason, row))
		},
	}, keys, func(v reflect.Value) {
		out.Rentals = append(out.Rentals, *v.Addr().Interface().(*rental))
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
