package plan_test

import (
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

func TestAStampWithoutAnIndexIsReportedWithTheRowsItCosts(t *testing.T) {
	for _, c := range []struct {
		name, top string
		rows      int64
		leading   []string
		want      string
	}{
		{"InALargeTable", "", 250_000, []string{"id"}, "no index begins with changed, so every question for changes reads all of about 250000 rows of table R"},
		{"NotInASmallOne", "", 900, []string{"id"}, ""},
		{"NotWhereAnIndexLeadsThere", "", 250_000, []string{"CHANGED"}, ""},
		{"NotWhereTheFileAllowsIt", "maxScan: 300000\n", 250_000, nil, ""},
		{"WhereTheFileAllowsLess", "maxScan: 500\n", 900, nil, "CREATE INDEX changed ON `R` (`changed`)"},
		{"NotWhereTheServerDoesNotSay", "", 0, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, faults := mapfile.Parse("rms.yaml", []byte(c.top+`timezone: UTC
customerNumber: r.cus
location: none
changes: {contract: [{from: R r, stamp: {from: r.changed, date: unix}}]}`))
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			db := database(t, "create table R (id INTEGER primary key, cus VARCHAR(10), changed INTEGER)")
			compiled, faults := plan.Compile(file, targetOf(t, file))
			if compiled == nil {
				t.Fatal(faults)
			}
			schema := describe(t, db, compiled.Tables())
			for _, table := range schema {
				table.Rows, table.Leading = c.rows, c.leading
			}
			program, faults := compiled.Bind(plan.MySQL, schema)
			if program == nil {
				t.Fatal(faults)
			}
			got := faults.Error()
			if c.want == "" && strings.Contains(got, "index") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
