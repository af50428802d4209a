package adaptertest

import (
	"embed"
	"encoding/json"
	"io/fs"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

//go:embed testdata/*/*.json
var golden embed.FS

// Options are those the demo dealer is filled with wherever its answers are
// compared with Expected.
func Options() demo.Options {
	return demo.Options{Today: time.Date(2026, time.June, 15, 0, 0, 0, 0, time.UTC), Contracts: 700}
}

// WithDocument stands in the pdfUrl of an expected row that has a document; the
// address itself is the adapter's business.
const WithDocument = "with document"

// Expectation is what a dealer answers for Customers, complete and in order. It
// is made by SQL written by hand for the dealer's tables, so that it owes nothing
// to the mapping or to what compiles it.
type Expectation struct {
	Customers []string // asked for, each showing one untidiness
	Unknown   []string // near misses of numbers that exist
	Ambiguous []string // numbers that two customers have

	Contracts  []Row[model.Contract]
	Jobsites   []Row[model.Jobsite]
	Invoices   []Row[model.Invoice]
	Locations  []Row[model.Location]
	Catalog    []Catalog
	Found      []model.Customer
	Changes    []Changed
	Documented []Documented
}

// Row is one row of a key list, in the order of the list.
type Row[T any] struct {
	ID       string `json:"id"` // the id that is sent, or would have been
	Customer string `json:"customer,omitempty"`
	Item     *T     `json:"item,omitempty"` // nil when the row cannot be sent
	Left     *Left  `json:"leftOut,omitempty"`
}

// Left says why a row cannot be sent. Field is the first of the fields at fault.
type Left struct {
	Field  string          `json:"field"`
	Reason adapters.Reason `json:"reason"`
}

// Catalog is the catalog for one customer; book rates alone when that is empty.
type Catalog struct {
	Customer   string           `json:"customer"`
	Categories []model.Category `json:"categories"`
}

// Changed is the latest change of one kind for one customer.
type Changed struct {
	Customer string              `json:"customer"`
	Kind     adapters.ChangeKind `json:"kind"`
	Latest   time.Time           `json:"latest,omitzero"`
	Always   bool                `json:"always,omitempty"` // changed whenever one asks
}

// Documented is one row that has a document. Its content is a PDF that names it.
type Documented struct {
	Kind adapters.DocumentKind `json:"kind"`
	ID   string                `json:"id"`
}

// Overlap is how far the demo's mapping looks back before the time asked for.
const Overlap = 5 * time.Minute

// Expected reads what the demo dealer answers.
func Expected(t testing.TB) *Expectation {
	t.Helper()
	return Demo().Expected(t)
}

// Expected reads what the dealer answers. Each call returns values of its own.
func (d Dealer) Expected(t testing.TB) *Expectation {
	t.Helper()
	e := new(Expectation)
	for name, into := range e.files() {
		text, err := fs.ReadFile(golden, "testdata/"+d.Name+"/"+name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
	}
	return e
}

// files names the file each part is kept in.
func (e *Expectation) files() map[string]any {
	return map[string]any{
		"asked.json": &struct{ Customers, Unknown, Ambiguous *[]string }{
			&e.Customers, &e.Unknown, &e.Ambiguous,
		},
		"contracts.json": &e.Contracts,
		"jobsites.json":  &e.Jobsites,
		"invoices.json":  &e.Invoices,
		"locations.json": &e.Locations,
		"catalog.json":   &e.Catalog,
		"customers.json": &e.Found,
		"changes.json":   &e.Changes,
		"documents.json": &e.Documented,
	}
}

// of keeps the rows of the customers asked for, in order.
func of[T any](rows []Row[T], customers []string) []Row[T] {
	var kept []Row[T]
	for _, r := range rows {
		for _, c := range customers {
			if r.Customer == c {
				kept = append(kept, r)
				break
			}
		}
	}
	return kept
}
