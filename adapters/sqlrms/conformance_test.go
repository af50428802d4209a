package sqlrms_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // fills the dealers' tables, which the adapter itself could not

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestConformanceOnSQLite runs the suite on the tables of every sample dealer in
// SQLite. They are filled once; each adapter gets a copy of the file.
func TestConformanceOnSQLite(t *testing.T) {
	for _, dealer := range adaptertest.Dealers() {
		t.Run(dealer.Name, func(t *testing.T) {
			template := filepath.Join(t.TempDir(), "template.db")
			db := openSQL(t, "sqlite", "file:"+template)
			documents := dealer.Load(t, db, sqlrms.SQLite)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			filled, err := os.ReadFile(template)
			if err != nil {
				t.Fatal(err)
			}
			dealer.Run(t, adaptertest.All().WithNotes(), func(t *testing.T, env adapters.Env) adaptertest.Subject {
				file := filepath.Join(t.TempDir(), "books.db")
				if err := os.WriteFile(file, filled, 0o600); err != nil {
					t.Fatal(err)
				}
				return subject(t, env, dealer, sqlrms.Config{
					Driver: sqlrms.SQLite, Path: file, Mapping: dealer.Mapping, MappingName: dealer.Name, DocumentsRoot: documents,
				}, openSQL(t, "sqlite", "file:"+file))
			})
		})
	}
}

// subject opens the adapter; db reaches the same tables and may write.
func subject(t *testing.T, env adapters.Env, dealer adaptertest.Dealer, config sqlrms.Config, db *sql.DB) adaptertest.Subject {
	t.Helper()
	a, err := config.Open(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	return adaptertest.Subject{Adapter: a, Remove: func(t testing.TB, list adaptertest.List, id string) {
		t.Helper()
		dealer.Remove(t, db, list, id)
	}}
}

func openSQL(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
