package sqlrms_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// yardTables are the tables of a dealer so small that a test shows them whole.
var yardTables = []string{
	"CREATE TABLE CUST (no INT NOT NULL PRIMARY KEY, name VARCHAR(40))",
	"INSERT INTO CUST VALUES (7, 'Larkbend Roofing'), (8, 'Sparrow & Sons')",
	"CREATE TABLE YARD (code CHAR(4) NOT NULL PRIMARY KEY, name VARCHAR(60))",
	"INSERT INTO YARD VALUES ('EAST', 'East yard'), ('MAIN', 'Main yard')",
	"CREATE TABLE INV (num VARCHAR(12) NOT NULL PRIMARY KEY, cust INT NOT NULL, total VARCHAR(20), day DATE, file VARCHAR(80))",
	"INSERT INTO INV VALUES ('A1', 7, '10.50', '2026-03-02', 'one'), ('A2', 7, '7.00', '2026-03-03', 'two')",
}

const yardMapping = `
timezone: America/Chicago
currency: USD
customerNumber: {from: cus.no, pad: 6}
joins:
  cus: {table: CUST, match: {no: r.cust}, required: true}
contract: none
jobsite: none
dealer-category: none
invoice:
  from: INV r
  join: [cus]
  fields:
    invoiceId: r.num
    total: r.total
    invoiceDate: r.day
    billedDateStart: r.day
    billedDateEnd: r.day
    jobsiteId: {value: MAIN}
    contractId: r.num
    pdfUrl: {document: invoice}
  assetDetails: none
  feeDetails: none
  taxDetails: none
customer:
  from: CUST cus
  fields:
    customerName: cus.name
location:
  from: YARD y
  order: y.code
  fields:
    locationId: y.code
    properties.name: y.name
documents:
  invoice: {directory: invoices, name: '{r.file}.pdf'}
changes:
  invoice: none
`

// folder is a dealer's folder that holds one mapping.
func folder(mapping string) fstest.MapFS {
	return fstest.MapFS{"rms.yaml": {Data: []byte(mapping)}}
}

// changed is the mapping of the yard with one text replaced.
func changed(t testing.TB, old, by string) fstest.MapFS {
	t.Helper()
	if !strings.Contains(yardMapping, old) {
		t.Fatalf("the mapping does not hold %q", old)
	}
	mapping := strings.ReplaceAll(yardMapping, old, by)
	if strings.Contains(by, "select:") {
		mapping = "dialect: sqlite\n" + mapping
	}
	return folder(mapping)
}

type deaf struct{}

func (deaf) Note(adapters.Note) {}

func yardEnv(c *handclock.Clock) adapters.Env {
	return adapters.Env{
		Dealer: "Y001", Now: c.Now, Log: slog.New(slog.DiscardHandler), Audit: deaf{},
		DocumentURL: func(kind adapters.DocumentKind, id string) string {
			return "https://gateway.example.test/" + string(kind) + "/" + id
		},
	}
}

// open opens the adapter; it is closed when the test ends.
func open(t testing.TB, c sqlrms.Config) (*sqlrms.RMS, *handclock.Clock) {
	t.Helper()
	now := handclock.At(time.Date(2026, time.April, 1, 12, 0, 0, 0, time.UTC))
	if c.Mapping == nil {
		c.Mapping = folder(yardMapping)
	}
	if c.DocumentsRoot == "" {
		c.DocumentsRoot = documentsRoot(t)
	}
	a, err := c.Open(t.Context(), yardEnv(now))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	rms, ok := a.(*sqlrms.RMS)
	if !ok {
		t.Fatalf("got %T", a)
	}
	return rms, now
}

// yardFile is a SQLite file with the yard in it.
func yardFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "yard.db")
	fill(t, path, yardTables...)
	return path
}

func fill(t testing.TB, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// yards are the names of all locations, in order.
func yards(ctx context.Context, a *sqlrms.RMS) ([]string, error) {
	keys, err := a.LocationKeys(ctx, adapters.Query{})
	if err != nil {
		return nil, err
	}
	items, left, err := a.Locations(ctx, adapters.Query{}, keys)
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		return nil, errors.New("a location was left out")
	}
	var names []string
	for _, l := range items {
		if l.Properties != nil && l.Properties.Name != nil {
			names = append(names, *l.Properties.Name)
		}
	}
	return names, nil
}

func wantYards(t testing.TB, a *sqlrms.RMS) {
	t.Helper()
	got, err := yards(t.Context(), a)
	if err != nil || strings.Join(got, ", ") != "East yard, Main yard" {
		t.Errorf("got %q and %v, want both yards", got, err)
	}
}

// wantUnavailable sees to it that a call and Check fail as the capabilities
// promise, with a reason and nothing that is nobody's business.
func wantUnavailable(t testing.TB, a *sqlrms.RMS, reason string) {
	t.Helper()
	_, err := yards(t.Context(), a)
	if !errors.Is(err, adapters.ErrUnavailable) || !strings.Contains(err.Error(), reason) {
		t.Errorf("got %v, want ErrUnavailable because %s", err, reason)
	}
}

// wantFault sees to it that an error holds a fault of the mapping.
func wantFault(t testing.TB, err error, part string) {
	t.Helper()
	var faults mapfile.Faults
	if !errors.Is(err, adapters.ErrMapping) || !errors.As(err, &faults) || !strings.Contains(faults.Error(), part) {
		t.Errorf("got %v, want a fault with %q", err, part)
	}
}
