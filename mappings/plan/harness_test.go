package plan_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite" // the database of these tests

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file, or rewrites it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// The target of these tests is a small API of its own: every type a field can
// have, nested objects, lists, lists in lists.
type (
	rental struct {
		ID         string       `json:"id"`
		CustomerID string       `json:"customerId"`
		Site       *string      `json:"site,omitempty"`
		Kind       *string      `json:"kind,omitempty"`
		Start      *string      `json:"start,omitempty"`
		End        *string      `json:"end,omitempty"`
		Open       *bool        `json:"open,omitempty"`
		Count      *int64       `json:"count,omitempty"`
		Total      *json.Number `json:"total,omitempty"`
		Note       *string      `json:"note,omitempty"`
		PdfURL     *string      `json:"pdfUrl,omitempty"`
		Rate       *rate        `json:"rate,omitempty"`
		Lines      []line       `json:"lines"`
		Fees       []fee        `json:"fees"`
	}
	rate struct {
		Daily price `json:"daily"`
	}
	price struct {
		Amount   *json.Number `json:"amount,omitempty"`
		Currency *string      `json:"currency,omitempty"`
		Display  *string      `json:"display,omitempty"`
	}
	line struct {
		ID    string       `json:"id"`
		Name  *string      `json:"name,omitempty"`
		Total *json.Number `json:"total,omitempty"`
	}
	fee struct {
		Name  string      `json:"name"`
		Total json.Number `json:"total"`
	}
	bill struct {
		ID    string      `json:"id"`
		Date  string      `json:"date"`
		Total json.Number `json:"total"`
	}
	customer struct {
		CustomerID   string `json:"customerId"`
		CustomerName string `json:"customerName"`
	}
	category struct {
		ID     string  `json:"id"`
		Groups []group `json:"groups"`
	}
	group struct {
		ID   string `json:"id"`
		Rate *rates `json:"rate,omitempty"`
	}
	rates struct {
		Type   *string `json:"rateType,omitempty"`
		ID     *string `json:"id,omitempty"`
		Daily  price   `json:"daily"`
		Weekly price   `json:"weekly"`
	}
	place struct {
		ID   string  `json:"id"`
		Name *string `json:"name,omitempty"`
	}
)

// fullTarget is the whole of that API.
func fullTarget(t testing.TB) plan.Target {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/api.yaml")
	if err != nil {
		t.Fatal(err)
	}
	schema := func(name string) *openapi3.Schema { return doc.Components.Schemas[name].Value }
	return plan.Target{Endpoints: []plan.EndpointTarget{
		{Name: "contract", Type: reflect.TypeFor[rental](), Schema: schema("Rental"), Customer: "customerId", PerCustomer: true},
		{
			Name: "invoice", Type: reflect.TypeFor[bill](), Schema: schema("Bill"), PerCustomer: true,
			Order: []plan.FieldOrder{{Field: "date", Desc: true}, {Field: "id", Desc: true}},
		},
		{Name: "customer", Type: reflect.TypeFor[customer](), Schema: schema("Customer"), Customer: "customerId", PerCustomer: true, Lookup: true},
		{Name: "dealer-category", Type: reflect.TypeFor[category](), Schema: schema("Category")},
		{Name: "location", Type: reflect.TypeFor[place](), Schema: schema("Place")},
	}}
}

// targetOf is the part of the API that a file has sections for.
func targetOf(t testing.TB, file *mapfile.File) plan.Target {
	full := fullTarget(t)
	full.Endpoints = slices.DeleteFunc(full.Endpoints, func(e plan.EndpointTarget) bool {
		return !slices.ContainsFunc(file.Endpoints, func(ep *mapfile.Endpoint) bool { return ep.Name.Value == e.Name })
	})
	return full
}

// load reads a mapping; a fault of form is a mistake of the test.
func load(t testing.TB, folder string) *mapfile.File {
	t.Helper()
	set, faults := mapfile.LoadFS(os.DirFS(folder), ".")
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return set.RMS
}

// database makes a database in memory out of a script.
func database(t testing.TB, script string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each connection would have a database of its own
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
	return db
}

// describe gives the schema of the tables a plan asks for.
func describe(t testing.TB, db *sql.DB, refs []plan.TableRef) plan.Schema {
	t.Helper()
	schema := plan.Schema{}
	for _, ref := range refs {
		if ref.Select != "" {
			schema[ref] = describeSelect(t, db, ref.Select)
		} else if table := describeTable(t, db, ref.Table); len(table.Columns) > 0 {
			schema[ref] = table
		}
	}
	return schema
}

func describeSelect(t testing.TB, db *sql.DB, text string) *plan.Table {
	t.Helper()
	var statement strings.Builder
	for _, piece := range sqltext.Split(text, sqltext.SQLite) {
		statement.WriteString(piece.SQL)
		if piece.Name != "" {
			statement.WriteString("null")
		}
	}
	rows, err := db.Query("select * from (" + statement.String() + ") where 1 = 0")
	if err != nil {
		return &plan.Table{Refused: "no such column"}
	}
	defer ended(t, rows)
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	table := &plan.Table{}
	for _, name := range names {
		table.Columns = append(table.Columns, plan.Column{Name: name, Nullable: true})
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return table
}

func describeTable(t testing.TB, db *sql.DB, name string) *plan.Table {
	t.Helper()
	rows, err := db.Query("select name, type, pk from pragma_table_info(?) order by cid", name)
	if err != nil {
		t.Fatal(err)
	}
	defer ended(t, rows)
	table := &plan.Table{}
	var primary []string
	for rows.Next() {
		var name, declared string
		var pk, length int
		if err := rows.Scan(&name, &declared, &pk); err != nil {
			t.Fatal(err)
		}
		if _, rest, found := strings.Cut(declared, "("); found {
			if _, err := fmt.Sscanf(rest, "%d", &length); err != nil {
				t.Fatal(err)
			}
		}
		table.Columns = append(table.Columns, plan.Column{Name: name, Kind: convert.KindOf(declared), MaxChars: length})
		if pk > 0 {
			primary = append(primary, name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(primary) > 0 {
		table.Unique, table.Primary = [][]string{primary}, true
	}
	return table
}

func ended(t testing.TB, rows *sql.Rows) {
	t.Helper()
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
}

// asked runs statements and counts them.
type asked struct {
	db    *sql.DB
	names chan string
}

func newAsked(db *sql.DB) *asked { return &asked{db: db, names: make(chan string, 1000)} }

func (a *asked) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) (err error) {
	a.names <- name
	rows, err := a.db.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("%w in %s", err, text)
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	for rows.Next() {
		cells := next()
		into := make([]any, len(cells))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

var today = time.Date(2026, time.March, 10, 15, 0, 0, 0, time.UTC)

// bind compiles a folder's mapping for a database.
func bind(t testing.TB, folder string, db *sql.DB) *plan.Program {
	t.Helper()
	file := load(t, folder)
	compiled, faults := plan.Compile(file, targetOf(t, file))
	if compiled == nil {
		t.Fatalf("compiling:\n%v", faults)
	}
	program, faults := compiled.Bind(plan.SQLite, describe(t, db, compiled.Tables()))
	if program == nil {
		t.Fatalf("binding:\n%v", faults)
	}
	return program
}

// answer is what one endpoint answers, with everything that was not sent.
type answer struct {
	Items []any    `json:"items"`
	Left  []string `json:"leftOut,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

func asking(q plan.Querier, customers []string, notes *[]string) plan.Asking {
	return plan.Asking{
		Querier: q, Dealer: "D1", Now: today, Customers: customers,
		Note: func(endpoint, field string, reason plan.Reason, _ string) {
			*notes = append(*notes, endpoint+" "+field+" "+string(reason))
		},
		DocumentURL: func(kind, id string) string { return "https://gateway.example/" + kind + "/" + id },
		FileExists:  func(dir, name string) (bool, error) { return dir == "papers" && name == "A1.pdf", nil },
	}
}

func ask(t testing.TB, p *plan.Program, q plan.Querier, endpoint string, keysOf, rowsOf []string) answer {
	t.Helper()
	var out answer
	a := asking(q, keysOf, &out.Notes)
	keys, err := p.Keys(t.Context(), endpoint, a)
	if err != nil {
		t.Fatal(err)
	}
	a.Customers = rowsOf
	out.Items = []any{}
	left, err := p.Rows(t.Context(), endpoint, a, keys, func(v reflect.Value) { out.Items = append(out.Items, v.Interface()) })
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range left {
		out.Left = append(out.Left, l.Field+" "+string(l.Reason))
	}
	inMemory(t, p, q, endpoint, rowsOf, keys, out)
	if slices.Equal(keysOf, rowsOf) {
		wholly(t, p, q, endpoint, keysOf, keys, out)
	}
	return out
}

// wholly holds a list that is read in one go against one that was read in two
// steps. Where it can only be read in two, there is nothing to hold.
func wholly(t testing.TB, p *plan.Program, q plan.Querier, endpoint string, customers []string, wantKeys []plan.RowKey, want answer) {
	t.Helper()
	got := answer{Items: []any{}}
	read := func(most int) ([]plan.RowKey, bool) {
		keys, left, ok, err := p.Whole(t.Context(), endpoint, asking(q, customers, &got.Notes), most, func(v reflect.Value) {
			got.Items = append(got.Items, v.Interface())
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range left {
			got.Left = append(got.Left, l.Field+" "+string(l.Reason))
		}
		return keys, ok
	}
	if n := len(wantKeys); n > 0 {
		if _, ok := read(n - 1); ok {
			t.Errorf("%s: a list of %d was read as one of %d", endpoint, n, n-1)
		}
	}
	if len(got.Items)+len(got.Left)+len(got.Notes) > 0 {
		t.Errorf("%s: a list that is too long was told of: %s", endpoint, pretty(t, got))
	}
	keys, ok := read(len(wantKeys) + 100)
	if !ok {
		return
	}
	slices.Sort(got.Notes)
	want.Notes = slices.Sorted(slices.Values(want.Notes))
	if len(wantKeys) == 0 {
		wantKeys = keys[:0]
	}
	if diff := cmp.Diff(wantKeys, keys); diff != "" {
		t.Errorf("%s in one go: keys (-two steps +one):\n%s", endpoint, diff)
	}
	if diff := cmp.Diff(pretty(t, want), pretty(t, got)); diff != "" {
		t.Errorf("%s in one go (-two steps +one):\n%s", endpoint, diff)
	}
}

func pretty(t testing.TB, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

func read(t testing.TB, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
