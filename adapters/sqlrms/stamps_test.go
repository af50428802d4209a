package sqlrms_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestStamps: what a stamp can mean at the latest decides, for a change that is
// told twice does no harm and one that is missed does.
func TestStamps(t *testing.T) {
	const sentinel = "'2026-03-01', '9999-12-31'"
	for name, c := range map[string]struct {
		row, stamps, more string
		before, after     string // the last moment that finds the row, and the first that does not
	}{
		"ADayLastsToItsEnd":                    {"'2026-03-01', NULL", "[r.day]", "", "2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z"},
		"ADayInATextLastsToItsEnd":             {"NULL, '20260301'", "[{from: r.file, date: yyyymmdd}]", "", "2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z"},
		"ATextWithBlanksInFrontIsNotMissed":    {"NULL, ' 20260301'", "[{from: r.file, date: yyyymmdd}]", "", "2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z"},
		"ASentinelIsNoStamp":                   {sentinel, "[r.day, {from: r.file, date: yyyy-mm-dd}]", "", "2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z"},
		"ADateOfZerosIsNoneWhereNoneIsChanged": {"NULL, '00000000'", "[{from: r.file, date: yyyymmdd}]", ", nullIsChanged: true", "2030-01-01T00:00:00Z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "yard.db")
			fill(t, path, yardTables[0], yardTables[1], yardTables[2], yardTables[3], yardTables[4], "INSERT INTO INV (num, cust, total, day, file) VALUES ('A1', 7, '1.00', "+c.row+")")
			mapping := changed(t, "  invoice: none\n", "  invoice: [{from: INV r, join: [cus], stamp: "+c.stamps+c.more+"}]\nsentinels: ['9999-12-31']\n")
			a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: mapping})
			for moment, want := range map[string]int{c.before: 1, c.after: 0} {
				if moment == "" {
					continue
				}
				since, err := time.Parse(time.RFC3339, moment)
				if err != nil {
					t.Fatal(err)
				}
				found, left, err := a.Changes(t.Context(), since)
				if err != nil || len(left) > 0 || len(found) != want {
					t.Errorf("since %s: got %v, left out %v, %v; want %d", moment, found, left, err, want)
				}
			}
		})
	}
}
