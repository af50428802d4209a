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
	return Demo().Load(t, db, string(dialect))
}

// RemoveFromDemo deletes one row of a list from a database that LoadDemo filled.
func RemoveFromDemo(t testing.TB, db *sql.DB, list List, id string) {
	t.Helper()
	Demo().Remove(t, db, list, id)
}
