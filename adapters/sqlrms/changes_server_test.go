//go:build server

package sqlrms_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestChangesOfTablesThatDiffer: tables are asked together where a server can put
// their columns into one, and whatever it makes of them the answer is that of
// each by itself.
func TestChangesOfTablesThatDiffer(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(yardTables...)
	server.Exec(
		"CREATE TABLE MA (id INT UNSIGNED NOT NULL PRIMARY KEY, cust INT NOT NULL, chg DATETIME(6), KEY chg (chg))",
		"INSERT INTO MA VALUES (4000000000, 7, '2026-03-01 06:00:00.000000'), (2, 8, '2026-03-01 05:59:59.999999'), (3, 99, '2026-03-09 00:00:00')",
		"CREATE TABLE MB (id BIGINT NOT NULL PRIMARY KEY, cust INT NOT NULL, chg DATETIME NOT NULL)",
		"INSERT INTO MB VALUES (-9000000000, 8, '2026-03-01 06:00:01'), (2, 7, '2020-01-01 00:00:00')",
		"CREATE TABLE MC (id VARCHAR(8) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL PRIMARY KEY, cust INT NOT NULL, chg DATETIME)",
		"INSERT INTO MC VALUES ('ä', 8, '2026-03-02 00:00:00')",
		"CREATE TABLE MD (id VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL PRIMARY KEY, cust INT NOT NULL, chg DATETIME)",
		"INSERT INTO MD VALUES ('ü', 7, '2026-03-02 00:00:00')",
	)
	source := func(table string) string { return "{from: " + table + " r, join: [cus], stamp: r.chg}" }
	mapping := func(contracts, invoices string) string {
		return strings.Replace(yardMapping, "changes:\n  invoice: none\n",
			"changes:\n  overlap: 0s\n  contract: ["+contracts+"]\n  invoice: ["+invoices+"]\n  catalog: none\n  document: none\n", 1)
	}
	for _, suffix := range []string{"", "?interpolateParams=true"} {
		together, _ := open(t, sqlrms.Config{
			Driver: sqlrms.MySQL, DSN: server.DSN() + suffix,
			Mapping: folder(mapping(source("MA")+", "+source("MC"), source("MB")+", "+source("MD"))),
		})
		for since, want := range map[string][]string{
			"2026-03-01T12:00:00Z": {"000007 contract", "000007 invoice", "000008 contract", "000008 invoice"},
			"2026-03-01T12:00:01Z": {"000007 invoice", "000008 contract", "000008 invoice"},
			"2026-03-03T00:00:00Z": nil,
			"2019-01-01T00:00:00Z": {"000007 contract", "000007 invoice", "000008 contract", "000008 invoice"},
		} {
			from, err := time.Parse(time.RFC3339, since)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			found, left, err := together.Changes(t.Context(), from)
			if err != nil || len(left) > 0 {
				t.Fatal(err, left)
			}
			for _, c := range found {
				got = append(got, c.Customer+" "+string(c.Kind))
			}
			if differ := cmp.Diff(want, got); differ != "" || !slices.IsSorted(got) {
				t.Errorf("since %s (-want +got):\n%s", since, differ)
			}
		}
	}
}
