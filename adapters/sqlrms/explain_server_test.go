//go:build server

package sqlrms_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestExplainTellsTheServersPlan: an index that leads to the rows is named, a
// table that is read whole is told, and no value is.
func TestExplainTellsTheServersPlan(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec("CREATE TABLE CLIENT (no INTEGER PRIMARY KEY, name VARCHAR(40))",
		"CREATE TABLE BILL (no INTEGER PRIMARY KEY, client INTEGER, kind CHAR(2), due DATE)")
	for i := range 200 {
		server.Exec(fmt.Sprintf("INSERT INTO CLIENT VALUES (%d, 'Client %d')", 7000+i, i), fmt.Sprintf("INSERT INTO BILL VALUES (%d, %d, 'A', '2026-03-01')", i, 7000+i))
	}
	const mapping = `
timezone: America/Denver
currency: USD
customerNumber: {from: b.client, pad: 6}
maps: {kinds: {A: Rental}}
contract:
  from: BILL b
  fields:
    contractId: b.no
    jobsiteId: {value: none}
    locationId: {text: 'Y-{b.no}'}
    contractType: {from: b.kind, map: kinds}
    contractStartDate: b.due
    contractEndDate: b.due
  assetDetails: none
  feeDetails: none
  taxDetails: none
jobsite: none
invoice: none
location: none
dealer-category: none
customer: {from: {select: 'select no as client, name from CLIENT', as: b}, key: b.client, fields: {customerId: $customerNumber, customerName: b.name}}
changes: none
`
	const whole = "b: ALL by no index"
	explain := func() string {
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.MySQL, DSN: server.AdminDSN(), Mapping: folder(mapping)})
		got, err := a.Explain(t.Context(), "contract", adapters.Query{Customers: []string{"007012"}}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, s := range got.Statements {
			fmt.Fprintln(&out, s.Name, s.Text, s.Parameters, s.Way, s.Scans)
		}
		return fmt.Sprint(out.String(), got.Fields)
	}
	before := explain()
	for _, want := range []string{whole, "[customer number]", "key of the row", "{ contractType [BILL.kind map kinds]}", `{ locationId ["Y-" BILL.no]}`, "{ customerId [BILL.client]}"} {
		if !strings.Contains(before, want) {
			t.Errorf("%q is missing in\n%s", want, before)
		}
	}
	if strings.Contains(before, "7012") {
		t.Errorf("a value is told:\n%s", before)
	}
	server.Exec("CREATE INDEX byclient ON BILL (client)")
	if after := explain(); strings.Contains(after, whole) || !strings.Contains(after, "by byclient, about 1 rows") {
		t.Errorf("with an index:\n%s", after)
	}
}
