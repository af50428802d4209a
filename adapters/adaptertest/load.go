package adaptertest

import (
	"database/sql"
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
