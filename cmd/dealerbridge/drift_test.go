package main_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// drift is something that changed in a dealer's system, or was broken in the
// mapping, without anybody thinking of the other.
type drift struct {
	name   string
	change func(*testing.T, config.Dealer)
	path   string // what is asked
	field  string // what the report names
	reason adapters.Reason
}

// inBooks runs a statement on the dealer's tables.
func inBooks(statement string) func(*testing.T, config.Dealer) {
	return func(t *testing.T, d config.Dealer) {
		t.Helper()
		db, err := sql.Open("sqlite", "file:"+d.Database.Path)
		if err != nil {
			t.Fatal(err)
		}
		result, err := db.ExecContext(t.Context(), statement)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := result.RowsAffected(); strings.HasPrefix(statement, "UPDATE") && (err != nil || n == 0) {
			t.Fatalf("%s: %d rows, %v", statement, n, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// inMapping changes a text of the dealer's mapping.
func inMapping(file, before, after string) func(*testing.T, config.Dealer) {
	return func(t *testing.T, d config.Dealer) {
		t.Helper()
		replaceIn(t, filepath.Join(d.Mapping, file), before, after)
	}
}

const (
	contractsOf = "/api/v1/contract?customer=0000412"
	invoicesOf  = "/api/v1/invoice?customer=0000412"
)

var drifts = []drift{
	{"ANewCodeInTheData", inBooks("UPDATE RENTAL SET KIND = 'Z9'"), contractsOf, "contractType", adapters.Unmapped},
	{"AMapThatLostItsCodes", inMapping("rms.yaml", "kind:    {R: Rental, L: Lease, P: RPO, T: RTO}", "kind:    {ZZ: Rental}"), contractsOf, "contractType", adapters.Unmapped},
	{"ARequiredColumnThatIsNoLongerFilled", inBooks("UPDATE RENTAL SET BRCH = ''"), contractsOf, "locationId", adapters.Missing},
	{"AColumnOfTheLinesThatIsNoLongerFilled", inBooks("UPDATE RENTLN SET QTY = NULL"), contractsOf, "assetDetails.quantity", adapters.Missing},
	{"AnotherSpellingOfDates", inBooks("UPDATE INVHDR SET IDATE = '2026 March 5'"), invoicesOf, "invoiceDate", adapters.Unreadable},
	{"AmountsThatBecameWords", inBooks("UPDATE INVHDR SET TOTAL = 'see attachment'"), invoicesOf, "total", adapters.Unreadable},
	{"TextsThatOutgrewTheField", inBooks("UPDATE INVHDR SET [ORDER] = '" + strings.Repeat("po ", 60) + "'"), invoicesOf, "poNumber", adapters.TooLong},
	{"ATitleThatIsGone", inBooks("UPDATE CODES SET TEXT = NULL WHERE TYPE = 'CAT'"), "/api/v1/dealer-category", "title", adapters.Missing},
}

// TestDrift: what no longer fits is answered 503, never with a page that is
// empty or nearly so, and the report names the field and the rows.
func TestDrift(t *testing.T) {
	for _, d := range drifts {
		t.Run(d.name, func(t *testing.T) {
			dealer := prairie(t, "D100")
			d.change(t, dealer)
			g := start(t, serving(dealer))
			pull := g.as("crs", "D100")
			for range 2 { // asking again does not help
				pull.Get(d.path).Problem(http.StatusServiceUnavailable)
			}
			endpoint, _, _ := strings.Cut(strings.TrimPrefix(d.path, "/api/v1/"), "?")
			at := slices.IndexFunc(g.app.Noted(), func(n app.Noted) bool {
				return n.Dealer == "D100" && n.Endpoint == endpoint && n.Field == d.field && n.Reason == d.reason
			})
			if at < 0 {
				t.Fatalf("got the notes %+v, want %s %s %s", g.app.Noted(), endpoint, d.field, d.reason)
			}
			if rows := g.app.Noted()[at].Rows; len(rows) == 0 || slices.Contains(rows, "") {
				t.Errorf("got the rows %q, want their keys", rows)
			}
			for _, want := range []string{
				fmt.Sprintf(`dealerbridge_values_noted_total{dealer="D100",endpoint=%q,field=%q,reason=%q}`, endpoint, d.field, d.reason),
				fmt.Sprintf(`dealerbridge_left_out_alerts_total{dealer="D100",endpoint=%q}`, endpoint),
			} {
				if !strings.Contains(g.metrics(), want) {
					t.Errorf("/metrics does not hold %s", want)
				}
			}
		})
	}
}

// TestOneBadRow: a single row with a new code leaves a gap, is counted and
// named, and all others come.
func TestOneBadRow(t *testing.T) {
	dealer := prairie(t, "D100")
	g := start(t, serving(dealer))
	pull := g.as("crs", "D100")
	var before, after model.ContractPage
	const path = "/api/v1/contract?customer=0000088&items="
	pull.Get(path + "500").Into(&before)
	if len(before.Items) < 40 {
		t.Fatalf("got %d contracts, want many", len(before.Items))
	}
	bad := before.Items[7].ContractID
	inBooks("UPDATE RENTAL SET KIND = 'Z9' WHERE CONNO = '"+bad+"'")(t, dealer)
	pull.Get(path + "499").Into(&after)
	if after.TotalElements != before.TotalElements || len(after.Items) != len(before.Items)-1 {
		t.Errorf("got %d contracts of %d, want %d of %d", len(after.Items), after.TotalElements, len(before.Items)-1, before.TotalElements)
	}
	if slices.ContainsFunc(after.Items, func(c model.Contract) bool { return c.ContractID == bad }) {
		t.Error("the bad row is sent")
	}
	const noted = `dealerbridge_values_noted_total{dealer="D100",endpoint="contract",field="contractType",reason="unmapped"}`
	if !strings.Contains(g.metrics(), noted) {
		t.Errorf("/metrics does not hold %s", noted)
	}
}

// TestEmptiedMap: a code map without any code is a fault where it stands. The
// mapping before it stays in force; without one before, nothing is served.
func TestEmptiedMap(t *testing.T) {
	const full, empty = "kind:    {R: Rental, L: Lease, P: RPO, T: RTO}", "kind:    {}"
	t.Run("WhileServing", func(t *testing.T) {
		dealer := prairie(t, "D100")
		g := start(t, serving(dealer))
		pull := g.as("crs", "D100")
		inMapping("rms.yaml", full, empty)(t, dealer)
		g.ticks.tick()
		g.log.wait(t, "the one before stays in force", "maps.kind")
		if a := pull.Get(contractsOf); a.Status != http.StatusOK {
			t.Errorf("status %d, want the answers of the mapping before", a.Status)
		}
	})
	t.Run("BeforeTheStart", func(t *testing.T) {
		dealer := prairie(t, "D100")
		inMapping("rms.yaml", full, empty)(t, dealer)
		g := start(t, serving(dealer))
		g.as("crs", "D100").Get(contractsOf).Problem(http.StatusServiceUnavailable)
		g.log.wait(t, "maps.kind")
	})
}

// TestLostTables: a table that was renamed is a fault that names it, whether
// rows, their lines or only words hang on it.
func TestLostTables(t *testing.T) {
	const rates, places, person = "/api/v1/dealer-category?customer=0000412", "/api/v1/location?page=0", "/api/v1/customer?customer=0000412"
	for table, paths := range map[string][]string{
		"RENTAL": {contractsOf}, "RENTLN": {contractsOf}, "EQPMAS": {contractsOf, invoicesOf}, "CUSMAS": {contractsOf, invoicesOf, person},
		"TAXES": {contractsOf}, "INVHDR": {invoicesOf}, "PRICES": {rates}, "BRANCH": {places},
	} {
		t.Run(table, func(t *testing.T) {
			t.Run("WhileServing", func(t *testing.T) {
				dealer := prairie(t, "D100")
				g := start(t, serving(dealer))
				pull := g.as("crs", "D100")
				for _, path := range paths {
					if a := pull.Get(path); a.Status != http.StatusOK {
						t.Fatalf("%s: status %d before", path, a.Status)
					}
				}
				inBooks("ALTER TABLE "+table+" RENAME TO AWAY")(t, dealer)
				for _, path := range paths {
					pull.Get(path + "&items=7").Problem(http.StatusServiceUnavailable)
				}
				g.log.wait(t, table)
				inBooks("ALTER TABLE AWAY RENAME TO "+table)(t, dealer)
				for _, path := range paths {
					eventually(t, path+" is served again", func() error { return wantStatus(pull.Get(path+"&items=8").Status, http.StatusOK) })
				}
			})
			t.Run("BeforeTheStart", func(t *testing.T) {
				dealer := prairie(t, "D100")
				inBooks("ALTER TABLE "+table+" RENAME TO AWAY")(t, dealer)
				g := start(t, serving(dealer))
				pull := g.as("crs", "D100")
				for _, path := range paths {
					pull.Get(path).Problem(http.StatusServiceUnavailable)
				}
				g.log.wait(t, table)
			})
		})
	}
}
