package yard

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
	"github.com/dealerbridge/dealerbridge/openapi"
	"github.com/dealerbridge/dealerbridge/server/encode"
)

// ends are the catalog of a customer and the changes of a day, with their rows in
// memory.
type ends struct {
	program *plan.Program
	asking  plan.Asking
}

// sinceThen is what changes are asked for: few rows are as new.
var sinceThen = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newEnds(tb testing.TB) *ends {
	tb.Helper()
	set, faults := mapfile.LoadFS(fstest.MapFS{"rms.yaml": {Data: Mapping}}, ".")
	if err := faults.Err(); err != nil {
		tb.Fatal(err)
	}
	doc, err := openapi.CRSDocument()
	if err != nil {
		tb.Fatal(err)
	}
	file := set.RMS
	file.Endpoints = slices.DeleteFunc(file.Endpoints, func(ep *mapfile.Endpoint) bool { return ep.Name.Value != "dealer-category" })
	file.Documents, file.State = nil, nil
	compiled, faults := plan.Compile(file, plan.Target{Endpoints: []plan.EndpointTarget{{
		Name: "dealer-category", Type: reflect.TypeFor[model.Category](), Schema: doc.Components.Schemas["Category"].Value,
	}}})
	if compiled == nil {
		tb.Fatal(faults)
	}
	size := Size{Contracts: 400}
	db := filledWith(tb, size, "customers", "categories", "classes", "prices", "contracts", "invoices")
	program, faults := compiled.Bind(plan.SQLite, schema(compiled.Tables()))
	if program == nil {
		tb.Fatal(faults)
	}
	r := &recording{db: db, rows: map[string][][]driver.Value{}}
	e := &ends{program: program, asking: plan.Asking{Querier: r, Dealer: "D900", Now: begin, Customers: size.Accounts()[:1]}}
	e.catalog(tb)
	e.changes(tb)
	e.asking.Querier = &page{rows: r.rows}
	return e
}

func (e *ends) catalog(tb testing.TB) *model.CategoryAnswer {
	all := &model.CategoryAnswer{}
	_, left, ok, err := e.program.Whole(context.Background(), "dealer-category", e.asking, 2000, func(v reflect.Value) {
		all.Items = append(all.Items, *v.Addr().Interface().(*model.Category))
	})
	if err != nil || len(left) > 0 || !ok {
		tb.Fatal(ok, err, left)
	}
	return all
}

func (e *ends) changes(tb testing.TB) []plan.Change {
	all, left, err := e.program.Changes(context.Background(), e.asking, sinceThen)
	if err != nil || len(left) > 0 {
		tb.Fatal(err, left)
	}
	return all
}

func TestTheCatalogOfTheYard(t *testing.T) {
	e := newEnds(t)
	got, err := encode.Append(nil, e.catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(e.catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// BenchmarkCatalog is a customer's catalog without a database, a driver and HTTP.
func BenchmarkCatalog(b *testing.B) {
	e := newEnds(b)
	b.ReportAllocs()
	for b.Loop() {
		e.catalog(b)
	}
}

// BenchmarkChanges is what changed, without a database, a driver and HTTP.
func BenchmarkChanges(b *testing.B) {
	e := newEnds(b)
	b.ReportAllocs()
	for b.Loop() {
		if len(e.changes(b)) == 0 {
			b.Fatal("nothing changed")
		}
	}
}
