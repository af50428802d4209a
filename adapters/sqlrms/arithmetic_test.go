package sqlrms_test

import (
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// sums are amounts that binary numbers get wrong. They stand in texts, because
// SQLite would make such numbers of others.
var sums = []string{
	"CREATE TABLE SUMS (num VARCHAR(12) NOT NULL PRIMARY KEY, net VARCHAR(12), tax VARCHAR(12), rest VARCHAR(20), days INT)",
	"INSERT INTO SUMS VALUES ('A1', '0.10', '0.200', '1,000.00-', 3), ('A2', '8.15', NULL, '', 7)",
}

func sumsMapping(t *testing.T) string {
	t.Helper()
	mapping := strings.Replace(yardMapping, "  cus: {table: CUST", "  s: {table: SUMS, match: {num: r.num}}\n  cus: {table: CUST", 1)
	mapping = strings.Replace(mapping, "  join: [cus]\n", "  join: [cus, s]\n", 1)
	mapping = strings.Replace(mapping, "    total: r.total\n", "    total: {plus: [s.net, s.tax, {from: s.rest, money: true}, 1000]}\n"+
		"    poNumber: {minus: [s.net, s.tax]}\n    invoiceType: {divide: [s.net, s.days], digits: 4}\n", 1)
	return mapping
}

// wantSums holds the same arithmetic against what it comes to on paper.
func wantSums(t *testing.T, a *sqlrms.RMS) {
	t.Helper()
	q := adapters.Query{Customers: []string{"000007"}}
	keys, err := a.InvoiceKeys(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	invoices, left, err := a.Invoices(t.Context(), q, keys)
	if err != nil || len(left) > 0 {
		t.Fatal(err, left)
	}
	got := map[string][]string{}
	for _, i := range invoices {
		got[i.InvoiceID] = []string{string(i.Total), text(i.PoNumber), text(i.InvoiceType)}
	}
	want := map[string][]string{"A1": {"0.30", "-0.10", "0.0333"}, "A2": {"1008.15", "8.15", "1.1643"}}
	for id, one := range want {
		if strings.Join(got[id], " ") != strings.Join(one, " ") {
			t.Errorf("%s: got %q, want %q", id, got[id], one)
		}
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestArithmeticIsExactOnSQLite(t *testing.T) {
	path := yardFile(t)
	fill(t, path, sums...)
	a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: folder(sumsMapping(t))})
	wantSums(t, a)
}
