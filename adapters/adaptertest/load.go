package adaptertest

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

// LoadDemo fills an empty database with the demo dealer, as Options say, and
// returns the root of its documents.
func LoadDemo(t testing.TB, db *sql.DB, dialect demo.Dialect) string {
	t.Helper()
	if err := demo.Load(t.Context(), db, dialect, Options()); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := demo.WriteDocuments(t.Context(), db, root); err != nil {
		t.Fatal(err)
	}
	return root
}

// RemoveFromDemo deletes one row of a list from a database that LoadDemo filled.
func RemoveFromDemo(t testing.TB, db *sql.DB, list List, id string) {
	t.Helper()
	before, after, _ := strings.Cut(id, "-")
	var statement string
	values := []any{before, after}
	switch list {
	case ContractList:
		statement, values = "DELETE FROM `RENTAL` WHERE `CO` = '01' AND `CONNO` = ?", []any{id}
	case JobsiteList:
		statement = "DELETE FROM `SITES` WHERE `CO` = '01' AND `CUST` = ? AND `JOB` = ?"
	case InvoiceList:
		statement = "DELETE FROM `INVHDR` WHERE `CO` = '01' AND `INVNO` = ? AND `SEQ` = ?"
	case LocationList:
		statement, values = "DELETE FROM `BRANCH` WHERE `CO` = '01' AND `CODE` = ?", []any{id}
	}
	result, err := db.ExecContext(t.Context(), statement, values...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		t.Fatalf("removing %s %q: got %d rows and %v, want one", list, id, n, err)
	}
}
