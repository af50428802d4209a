// Package casefile owns the tests an integrator writes beside a mapping, in
// files named *_test.yaml: rows that go in and JSON that has to come out, or a
// lead that goes in and rows that have to be there. It reads them, says which
// tables they describe, and compares what came out.
//
// It knows no database and runs nothing: rows are put somewhere, and answers
// made of them, by whoever holds both.
package casefile

import "github.com/dealerbridge/dealerbridge/mappings/mapfile"

// Suffix ends the names of test files.
const Suffix = "_test.yaml"

// File is one test file.
type File struct {
	Path   string
	Dealer mapfile.Text   // what @dealer stands for; empty: any code
	Today  mapfile.Text   // of tests that do not say; empty: the day they are run
	Files  []mapfile.Text // documents that exist, below the documents folder
	Tables []*Table       // shared by all tests
	Tests  []*Test
}

// Table is what a file says about a table. A test's own rows are a Table with
// nothing but rows.
type Table struct {
	Name     mapfile.Text
	Types    []Typed
	Key      []mapfile.Text // columns of the primary key
	Defaults []Cell         // what rows hold where they say nothing
	Rows     []Row
}

// Typed is one declared column type, as the dealer's database writes it.
type Typed struct {
	Column, Type mapfile.Text
}

// Row is one row of a table.
type Row struct {
	Pos   mapfile.Pos
	Cells []Cell
}

// Cell is one value of a row, as it was written.
type Cell struct {
	Column mapfile.Text
	Value  mapfile.Text
	Null   bool
}

// Test is one test.
type Test struct {
	Name      mapfile.Text
	Endpoint  mapfile.Text
	Customers []mapfile.Text
	Since     mapfile.Text // with incremental; empty: from the beginning
	Today     mapfile.Text // a day, or a moment with its zone
	Rows      []*Table     // beside the shared ones
	Files     []mapfile.Text

	Want    *mapfile.Node // all elements in order; nil: they are not looked at
	Exact   bool          // Want names all members, not some
	LeftOut []Outcome     // all rows left out; nobody was when empty
	Noted   []Outcome     // values that were not sent as they stood, at least these
	Fails   *mapfile.Text // one of Failures: no answer is made at all

	CRM *CRMTest // what a test of crm.yaml says; nil in tests of an endpoint
}

// Outcome is one row that was left out, or one value that was noted.
type Outcome struct {
	Pos    mapfile.Pos
	Row    *mapfile.Text // its key, several columns joined by a slash; nil: any
	Field  mapfile.Text
	Reason mapfile.Text

	ofLead bool // Row is called a lead
}

// The ways an answer can fail as a whole, as tests name them.
const (
	NotFound  = "not-found" // there is no such customer
	Ambiguous = "ambiguous" // several customers have the number
	BadRow    = "bad-row"   // a row cannot be sent, and the mapping says to fail then
)

// Failures are the words `fails:` takes.
func Failures() []string { return []string{NotFound, Ambiguous, BadRow} }

// Endpoints are the words `endpoint:` takes.
func Endpoints() []string { return append(mapfile.EndpointNames(), mapfile.Incremental) }

// ByCustomer says how many customers an endpoint is asked for: none, up to one
// where it may also be none, exactly one, or one and more.
func ByCustomer(endpoint string) (least, most int) {
	switch endpoint {
	case "contract", "jobsite":
		return 1, 5
	case "invoice", "customer":
		return 1, 1
	case "dealer-category":
		return 0, 1
	}
	return 0, 0
}
