package sqlrms_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // fills the demo's tables, which the adapter itself could not

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

// TestConformanceOnSQLite runs the suite on the demo dealer's tables in SQLite.
// They are filled once; each adapter gets a copy of the file.
func TestConformanceOnSQLite(t *testing.T) {
	template := filepath.Join(t.TempDir(), "template.db")
	db := openSQL(t, "sqlite", "file:"+template)
	documents := adaptertest.LoadDemo(t, db, demo.SQLite)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	filled, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	adaptertest.Run(t, adaptertest.All().WithNotes(), func(t *testing.T, env adapters.Env) adaptertest.Subject {
		file := filepath.Join(t.TempDir(), "demo.db")
		if err := os.WriteFile(file, filled, 0o600); err != nil {
			t.Fatal(err)
		}
		return subject(t, env, sqlrms.Config{
			Driver: sqlrms.SQLite, Path: file, Mapping: demo.Mapping(), MappingName: "demo", DocumentsRoot: documents,
		}, openSQL(t, "sqlite", "file:"+file))
	})
}

// subject opens the adapter; db reaches the same tables and may write.
func subject(t *testing.T, env adapters.Env, config sqlrms.Config, db *sql.DB) adaptertest.Subject {
	t.Helper()
	a, err := config.Open(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	return adaptertest.Subject{Adapter: a, Remove: func(t testing.TB, list adaptertest.List, id string) {
		t.Helper()
		adaptertest.RemoveFromDemo(t, db, list, id)
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
