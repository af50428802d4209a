package sqlrms_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// refusedSQL are slips in the SQL of a mapping that only a database can tell:
// what stands in the yard's mapping, and what is written instead.
var refusedSQL = []struct{ name, old, by string }{
	{"a column that is not there", "properties.name: y.name", "properties.name: {sql: \"coalesce(y.name, y.nmae)\"}"},
	{"a column in a condition of its own line", "  order: y.code\n", "  order: y.code\n  where: |\n    y.code <> 'X'\n      and lower(y.title) = 'a'\n"},
	{"a function that is not there", "properties.name: y.name", "properties.name: {sql: shout(y.name)}"},
	{"a function with too few arguments", "properties.name: y.name", "properties.name: {sql: \"nullif(y.name)\"}"},
	{"a table that is not there", "  order: y.code\n", "  order: y.code\n  where: exists (select 1 from YRD q where q.code = y.code)\n"},
	{"a word too many", "  order: y.code\n", "  order: y.code\n  where: y.code = = 'MAIN' and y.name is not null\n"},
	{"an end that comes too early", "  order: y.code\n", "  order: y.code\n  where: y.name is not null and y.code =\n"},
	{"a name that could be two", "  order: y.code\n", "  order: y.code\n  where: exists (select 1 from YARD a, YARD b where name = 'x' and a.code = b.code)\n"},
	{"a SELECT with a column that is not there", "from: YARD y", "from:\n    select: |\n      select code, name,\n             city\n        from YARD\n    as: y"},
	{"a SELECT that makes no sense", "from: YARD y", "from:\n    select: select code, name frm YARD where code is not null\n    as: y"},
	{"a SELECT of a table that is not there", "from: YARD y", "from: {select: \"select code, name from YARDS\", as: y}"},
	{"a join by a column that is not there", "  order: y.code\n", "  join: [{c: {table: CUST, on: c.no = 7 and c.yard = y.code}}]\n  order: y.code\n  where: c.no = 7\n"},
}

// refusals checks the yard's mapping with each slip in it and gives what was
// found, one paragraph each.
func refusals(t *testing.T, dialect string, config sqlrms.Config) string {
	t.Helper()
	var all strings.Builder
	for _, slip := range refusedSQL {
		mapping := strings.Replace(yardMapping, slip.old, slip.by, 1)
		if mapping == yardMapping {
			t.Fatalf("%s: the mapping does not hold %q", slip.name, slip.old)
		}
		config.Mapping = folder("dialect: " + dialect + "\nfunctions: [shout]" + mapping)
		a, _ := open(t, config)
		found, err := a.CheckMapping(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", slip.name, err)
		}
		all.WriteString("# " + slip.name + "\n" + refusedLines(found) + "\n")
	}
	return all.String()
}

func refusedLines(found mapfile.Faults) string {
	lines := ""
	for _, f := range found {
		if !f.Warning {
			lines += f.String() + "\n"
		}
	}
	return lines
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestRefusedSQLIsToldAtItsPlace holds the places of what a database refuses:
// in the SQL somebody wrote, not at the section it serves.
func TestRefusedSQLIsToldAtItsPlace(t *testing.T) {
	config := sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t)}
	golden(t, "testdata/refused/sqlite.txt", refusals(t, "sqlite", config))
}

// TestRefusedSQLStopsOnlyItsDealer holds the other way a refusal shows: a dealer
// whose SQL is refused answers with the fault.
func TestRefusedSQLStopsOnlyItsDealer(t *testing.T) {
	slip := refusedSQL[0]
	a, _ := open(t, sqlrms.Config{
		Driver: sqlrms.SQLite, Path: yardFile(t),
		Mapping: folder("dialect: sqlite" + strings.Replace(yardMapping, slip.old, slip.by, 1)),
	})
	_, err := yards(t.Context(), a)
	var faults mapfile.Faults
	if !errors.As(err, &faults) || len(faults) != 1 || !strings.Contains(faults[0].Message, "no such column: y.nmae") {
		t.Errorf("got %v, want the column that is not there", err)
	}
}
