package adaptertest

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/hostline"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/nordbau"
)

// Dealer is a sample dealer the suite can be run on.
type Dealer struct {
	Name    string    // of its folder below testdata
	Code    string    // the dealer code
	Today   time.Time // the day its books stand at
	Overlap time.Duration
	Mapping fs.FS
	// Removes are the lists of which one row of the books is one element, so
	// that it can be taken away.
	Removes []List
	// Untidy are values of the books that cannot be sent as they stand, one of
	// each kind; every one must be noted.
	Untidy []adapters.Note
	// Lost are notes on rows that stand in no list, because a required join finds
	// nothing for them; every one must be noted as well.
	Lost []adapters.Note

	fill   func(ctx context.Context, db *sql.DB, dialect string, documents string) error
	remove func(list List, id string) (statement string, values []any)
}

// Dealers are all sample dealers.
func Dealers() []Dealer { return []Dealer{Demo(), Nordbau(), Hostline()} }

// Load fills an empty database with the dealer's books and returns the root of
// its documents. dialect is mysql or sqlite.
func (d Dealer) Load(t testing.TB, db *sql.DB, dialect string) string {
	t.Helper()
	root := t.TempDir()
	if err := d.fill(t.Context(), db, dialect, root); err != nil {
		t.Fatal(err)
	}
	return root
}

// Remove deletes one row of a list from a database that Load filled.
func (d Dealer) Remove(t testing.TB, db *sql.DB, list List, id string) {
	t.Helper()
	statement, values := d.remove(list, id)
	result, err := db.ExecContext(t.Context(), statement, values...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		t.Fatalf("removing %s %q: got %d rows and %v, want one", list, id, n, err)
	}
}

// Demo is Prairie Line Rentals.
func Demo() Dealer {
	return Dealer{
		Name: "demo", Code: demo.Code, Today: Options().Today, Overlap: Overlap, Mapping: demo.Mapping(),
		Removes: []List{ContractList, JobsiteList, InvoiceList, LocationList},
		Untidy: []adapters.Note{
			{Endpoint: "contract", Field: "contractType", Reason: adapters.Unmapped},
			{Endpoint: "contract", Field: "contractEndDate", Reason: adapters.Unreadable},
			{Endpoint: "contract", Field: "contractEndDate", Reason: adapters.ZeroDate}, // a far day is sent instead
			{Endpoint: "contract", Field: "assetDetails.assetReturnedDate", Reason: adapters.ZeroDate},
			{Endpoint: "contract", Field: "locationId", Reason: adapters.Missing},
			{Endpoint: "contract", Field: "assetDetails.shortDescription", Reason: adapters.CutShort},
			{Endpoint: "contract", Field: "assetDetails.quantity", Reason: adapters.Unreadable},
			{Endpoint: "jobsite", Field: "name", Reason: adapters.CutShort},
			{Endpoint: "jobsite", Field: "name", Reason: adapters.Missing},
			{Endpoint: "invoice", Field: "invoiceDate", Reason: adapters.Unreadable},
		},
		fill: func(ctx context.Context, db *sql.DB, dialect string, documents string) error {
			if err := demo.Load(ctx, db, demo.Dialect(dialect), Options()); err != nil {
				return err
			}
			return demo.WriteDocuments(ctx, db, documents)
		},
		remove: func(list List, id string) (string, []any) {
			before, after, _ := strings.Cut(id, "-")
			switch list {
			case ContractList:
				return "DELETE FROM `RENTAL` WHERE `CO` = '01' AND `CONNO` = ?", []any{id}
			case JobsiteList:
				return "DELETE FROM `SITES` WHERE `CO` = '01' AND `CUST` = ? AND `JOB` = ?", []any{before, after}
			case InvoiceList:
				return "DELETE FROM `INVHDR` WHERE `CO` = '01' AND `INVNO` = ? AND `SEQ` = ?", []any{before, after}
			}
			return "DELETE FROM `BRANCH` WHERE `CO` = '01' AND `CODE` = ?", []any{id}
		},
	}
}

// Nordbau is Nordbau Mietpark.
func Nordbau() Dealer {
	return Dealer{
		Name: "nordbau", Code: nordbau.Code, Today: nordbau.Today(), Overlap: 10 * time.Minute, Mapping: nordbau.Mapping(),
		Removes: []List{ContractList, InvoiceList, LocationList},
		Untidy: []adapters.Note{
			{Endpoint: "contract", Field: "contractType", Reason: adapters.Unmapped},
			{Endpoint: "contract", Field: "contractStartDate", Reason: adapters.Unreadable},
			{Endpoint: "contract", Field: "assetDetails.rentalTotal", Reason: adapters.Unreadable},
			{Endpoint: "contract", Field: "isReservation", Reason: adapters.Unreadable},
			{Endpoint: "contract", Field: "feeDetails", Reason: adapters.Unreadable}, // JSON that was cut off: the contract stays
			{Endpoint: "jobsite", Field: "name", Reason: adapters.CutShort},
			{Endpoint: "invoice", Field: "invoiceDate", Reason: adapters.Unreadable},
		},
		Lost: []adapters.Note{
			{Endpoint: "contract", Field: "stand", Reason: adapters.Missing}, // a contract without any state
			{Endpoint: "jobsite", Field: "stand", Reason: adapters.Missing},
		},
		fill: func(ctx context.Context, db *sql.DB, dialect string, documents string) error {
			if err := nordbau.Load(ctx, db, nordbau.Dialect(dialect), nordbau.Options{}); err != nil {
				return err
			}
			return nordbau.WriteDocuments(ctx, db, documents)
		},
		remove: func(list List, id string) (string, []any) {
			switch list {
			case ContractList:
				return "DELETE FROM `VERTRAG` WHERE `Mandant` = 1 AND `Vertrags-Nr.` = ?", []any{id}
			case InvoiceList:
				year, number, _ := strings.Cut(id, "/")
				return "DELETE FROM `RECHNUNG_" + year + "` WHERE `Mandant` = 1 AND `Satzart` = 'K' AND `Beleg-Nr.` = ?", []any{number}
			}
			return "DELETE FROM `Niederlassung` WHERE `NL` = ?", []any{id}
		},
	}
}

// Hostline is Hostline Equipment.
func Hostline() Dealer {
	return Dealer{
		Name: "hostline", Code: hostline.Code, Today: hostline.Today(), Overlap: 15 * time.Minute, Mapping: hostline.Mapping(),
		Removes: []List{ContractList, InvoiceList},
		Untidy: []adapters.Note{
			{Endpoint: "contract", Field: "contractType", Reason: adapters.Unmapped},
			{Endpoint: "contract", Field: "contractStartDate", Reason: adapters.Unreadable},
			{Endpoint: "contract", Field: "contractEndDate", Reason: adapters.ZeroDate}, // a far day is sent instead
			{Endpoint: "contract", Field: "invoicedThruDate", Reason: adapters.ZeroDate},
			{Endpoint: "contract", Field: "assetDetails.rentalTotal", Reason: adapters.Unreadable},
			{Endpoint: "contract", Field: "assetDetails.quantity", Reason: adapters.Missing},
			{Endpoint: "contract", Field: "locationId", Reason: adapters.Missing},
			{Endpoint: "jobsite", Field: "name", Reason: adapters.CutShort},
			{Endpoint: "jobsite", Field: "name", Reason: adapters.Missing},
			{Endpoint: "invoice", Field: "invoiceDate", Reason: adapters.Unreadable},
		},
		fill: func(ctx context.Context, db *sql.DB, dialect string, _ string) error {
			return hostline.Load(ctx, db, hostline.Dialect(dialect), hostline.Options{})
		},
		remove: func(list List, id string) (string, []any) {
			if list == ContractList {
				return "DELETE FROM `CONHDR` WHERE `CMP#` = 'HL' AND `CON#` = ?", []any{id}
			}
			month, number, _ := strings.Cut(id, "-")
			return "DELETE FROM `INVMST` WHERE `CMP#` = 'HL' AND `INVYM` = ? AND `INV#` = ?", []any{month, number}
		},
	}
}
