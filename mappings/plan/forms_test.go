package plan_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// TestForms runs every form of the language on rows: each folder has a script
// that makes a database, a mapping, the answers it must give to customer C1
// (want.json; another one where asked.txt says so) and the statements it makes (want.sql).
func TestForms(t *testing.T) {
	folders, err := filepath.Glob("testdata/forms/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no forms: %v", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			db := database(t, read(t, folder, "data.sql"))
			file := load(t, folder)
			p := bind(t, folder, db)
			q := newAsked(db)
			answers := map[string]any{}
			for _, ep := range file.Endpoints {
				customers := []string{"C1"}
				if asked, err := os.ReadFile(filepath.Join(folder, "asked.txt")); err == nil {
					customers = strings.Fields(string(asked))
				}
				keysOf := customers
				if ep.Name.Value == "dealer-category" || ep.Name.Value == "location" {
					keysOf = nil
				}
				answers[ep.Name.Value] = ask(t, p, q, ep.Name.Value, keysOf, customers)
			}
			if file.Changes != nil {
				answers["changes since 2026-03-01T12:00:00Z"] = changesSince(t, p, q, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
				answers["changes from the beginning"] = changesSince(t, p, q, time.Time{})
			}
			golden(t, filepath.Join(folder, "want.json"), pretty(t, answers))
			golden(t, filepath.Join(folder, "want.sql"), "-- SQLite\n"+statements(p)+"\n-- MySQL\n"+statements(bindMySQL(t, folder, db)))
		})
	}
}

func changesSince(t *testing.T, p *plan.Program, q plan.Querier, since time.Time) any {
	t.Helper()
	var notes []string
	found, left, err := p.Changes(t.Context(), asking(q, nil, &notes), since)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"found": found, "leftOut": len(left), "notes": notes}
}

// bindMySQL binds a mapping as for a MySQL server whose texts compare without
// regard to case and accents.
func bindMySQL(t *testing.T, folder string, db *sql.DB) *plan.Program {
	t.Helper()
	file := load(t, folder)
	compiled, _ := plan.Compile(file, targetOf(t, file))
	schema := describe(t, db, compiled.Tables())
	for _, table := range schema {
		for i := range table.Columns {
			if table.Columns[i].Kind == convert.ColumnText {
				table.Columns[i].Collation = plan.MarkOff
			}
		}
	}
	p, faults := compiled.Bind(plan.MySQL, schema)
	if p == nil {
		t.Fatal(faults)
	}
	return p
}

// statements are all statements of a program, each on a line of its own.
func statements(p *plan.Program) string {
	var out strings.Builder
	for _, s := range p.Statements() {
		out.WriteString("-- " + s.Name + "\n" + s.Text + ";\n")
	}
	return out.String()
}

// TestFaults compiles mappings that are wrong: each folder has a mapping and
// the faults it must have; where a script stands beside it, those that only a
// database can tell.
func TestFaults(t *testing.T) {
	folders, err := filepath.Glob("testdata/faults/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no faults: %v", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			file := load(t, folder)
			target := targetOf(t, file)
			if strings.HasPrefix(filepath.Base(folder), "missing_section") {
				target = fullTarget(t)
			}
			compiled, faults := plan.Compile(file, target)
			script, err := os.ReadFile(filepath.Join(folder, "data.sql"))
			if err == nil {
				if compiled == nil {
					t.Fatalf("faults without the database:\n%v", faults)
				}
				db := database(t, string(script))
				var program *plan.Program
				program, faults = compiled.Bind(plan.SQLite, describe(t, db, compiled.Tables()))
				if program != nil && faults.Err() != nil {
					t.Error("got a program in spite of faults")
				}
			}
			if len(faults) == 0 {
				t.Error("got no fault")
			}
			golden(t, filepath.Join(folder, "want.txt"), faults.Error()+"\n")
		})
	}
}
