package cli_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// yard lays out the yard's database and a configuration that names it, and
// gives the arguments that choose it.
func yard(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	tables, err := os.ReadFile("testdata/yard/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "yard.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(tables)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "documents", "hire"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "documents", "hire"), "H9001.pdf", "%PDF-1.4\n")
	mapping, err := filepath.Abs("testdata/yard")
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, dir, "dealerbridge.yaml", `publicURL: https://rental.yard.example
dealers:
  - code: YARD
    mapping: `+mapping+`
    database: {driver: sqlite, path: yard.db}
    documents: documents
  - code: AWAY
    mapping: `+mapping+`
    database: {driver: sqlite, path: nowhere.db}
    documents: documents
`)
	return []string{"--config", file}
}

func TestMappingPreview(t *testing.T) {
	config := yard(t)
	preview := func(args ...string) (int, string, string) {
		return run(t, append(append([]string{"mapping", "preview"}, args...), config...)...)
	}
	for name, args := range map[string][]string{
		"contract":    {"contract", "--customer", "000318", "--dealer", "YARD"},
		"page":        {"contract", "testdata/yard", "--customer", "000318", "--items", "1", "--page", "2"},
		"customer":    {"customer", "--customer", "000042", "--dealer", "YARD"},
		"location":    {"location", "--dealer", "YARD"},
		"incremental": {"incremental", "--dealer", "YARD", "--since", "2026-05-02T10:00:00Z"},
		"none":        {"contract", "--customer", "000042", "--dealer", "YARD"},
		"explain":     {"contract", "--customer", "000318", "--dealer", "YARD", "--explain"},
		"explained":   {"incremental", "--dealer", "YARD", "--since", "2026-05-02T10:00:00Z", "--explain", "--json"},
		"json":        {"contract", "--customer", "000318", "--dealer", "YARD", "--json", "--items", "1", "--page", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := preview(args...)
			if code != 0 {
				t.Errorf("got %d", code)
			}
			golden(t, "yard/"+name+".txt", out+"--\n"+errs)
			if name == "explain" {
				return
			}
			if end := strings.LastIndex(out, "}"); end < 0 || !json.Valid([]byte(out)) {
				t.Errorf("no JSON: %s", out)
			}
		})
	}
	t.Run("WrongUsageEndsWith2", func(t *testing.T) {
		for want, args := range map[string][]string{
			`(did you mean "contract"?)`:           {"contrat", "--customer", "1"},
			"there are contract, jobsite":          {"everything"},
			"contract is asked for by customer":    {"contract", "--dealer", "YARD"},
			"location is not asked for":            {"location", "--customer", "1"},
			"customer is asked for up to 1":        {"customer", "--customer", "1", "--customer", "2"},
			"customer has no pages":                {"customer", "--customer", "1", "--items", "3"},
			"--since goes with incremental":        {"location", "--since", "2026-05-02T10:00:00Z"},
			`"yesterday" is no moment`:             {"incremental", "--since", "yesterday"},
			"--items begins at 1 and --page at 0":  {"location", "--page=-1"},
			"name one with --dealer CODE: YARD, A": {"location"},
			"is no folder":                         {"location", "nowhere/at/all"},
		} {
			if code, out, errs := preview(args...); code != 2 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: %d, %s%s", args, code, out, errs)
			}
		}
	})
	t.Run("FailuresEndWith1AndSayWhatToDo", func(t *testing.T) {
		for want, args := range map[string][]string{
			`there is no customer 000999: no row that the mapping shows has "999" in c.NO`:    {"contract", "--customer", "000999", "--dealer", "YARD"},
			"there is no customer 318: no row can have this number":                           {"customer", "--customer", "318", "--dealer", "YARD"},
			"the database file cannot be opened":                                              {"location", "--dealer", "AWAY"},
			`(did you mean "YARD"?)`:                                                          {"location", "--dealer", "YRD"},
			"has the mapping folder testdata/mysql":                                           {"location", "testdata/mysql"},
			`testdata/mysql/rms.yaml:1:1: dialect: the SQL in this file is written for mysql`: {"location", "testdata/mysql", "--dealer", "YARD"},
			"testdata/check/rms.yaml:2:11: ":                                                  {"location", "testdata/check", "--dealer", "YARD"},
		} {
			if code, out, errs := preview(args...); code != 1 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: %d, %s%s", args, code, out, errs)
			}
		}
		if code, _, errs := run(t, "mapping", "preview", "location", "--config", "nowhere.yaml"); code != 1 || !strings.Contains(errs, "no configuration at nowhere.yaml") {
			t.Errorf("got %d, %s", code, errs)
		}
	})
}
