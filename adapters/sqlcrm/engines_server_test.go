//go:build server

package sqlcrm_test

import (
	"database/sql"
	"testing"

	_ "github.com/go-sql-driver/mysql" // looks at what was written

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

func init() {
	for _, engine := range []string{"InnoDB", "MyISAM"} {
		demos[engine] = func(t *testing.T) *world {
			t.Helper()
			server := dbtest.MySQL(t)
			db, err := sql.Open("mysql", server.DSN())
			if err != nil {
				t.Fatal(err)
			}
			return openDemo(t, db, demo.MySQL, engine, sqlcrm.Config{Driver: sqlcrm.MySQL, DSN: server.DSN()})
		}
	}
	for _, engine := range []string{"InnoDB", "MyISAM"} {
		engines[engine] = func(t *testing.T, mapping string) *world {
			t.Helper()
			server := dbtest.MySQL(t)
			return serverWorld(t, server, server.DSN(), engine, mapping)
		}
	}
}

// serverWorld opens the yard on a server; dsn is how the adapter reaches it.
func serverWorld(t *testing.T, server *dbtest.Server, dsn, engine, mapping string) *world {
	t.Helper()
	return serverWorldOn(t, server, dsn, schemaFor(engine), mapping)
}

func serverWorldOn(t *testing.T, server *dbtest.Server, dsn, schema, mapping string) *world {
	t.Helper()
	db, err := sql.Open("mysql", server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	return openWorld(t, db, schema, serverConfig(dsn, mapping))
}

func serverConfig(dsn, mapping string) sqlcrm.Config {
	return sqlcrm.Config{Driver: sqlcrm.MySQL, DSN: dsn, Mapping: folder(mapping)}
}
