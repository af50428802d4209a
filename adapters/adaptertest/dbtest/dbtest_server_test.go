//go:build server

package dbtest_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbserver"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
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

func count(t *testing.T, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestMySQL(t *testing.T) {
	t.Run("DatabaseIsEmptyAndItsOwn", func(t *testing.T) {
		one, two := dbtest.MySQL(t), dbtest.MySQL(t)
		one.Exec("CREATE TABLE cranes (id INT); INSERT INTO cranes VALUES (1), (2)")
		if got := count(t, open(t, one.DSN()), "SELECT COUNT(*) FROM cranes"); got != 2 {
			t.Errorf("got %d rows, want 2", got)
		}
		tables := "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
		if got := count(t, open(t, two.DSN()), tables); got != 0 {
			t.Errorf("got %d tables in the second database, want none", got)
		}
		if err := open(t, one.DSN()).QueryRowContext(t.Context(), "SELECT 1 FROM "+two.Database+".cranes").Err(); err == nil {
			t.Error("the owner of one database reads another one")
		}
	})

	t.Run("StatementsOfOneCallShareASession", func(t *testing.T) {
		s := dbtest.MySQL(t)
		s.Exec("SET SESSION sql_mode = ''", "CREATE TABLE d (v DATE)", "INSERT INTO d VALUES ('0000-00-00')")
		if got := count(t, open(t, s.DSN()), "SELECT COUNT(*) FROM d"); got != 1 {
			t.Errorf("got %d rows, want the zero date stored", got)
		}
	})

	t.Run("ReadOnlyAccountCannotWrite", func(t *testing.T) {
		s := dbtest.MySQL(t)
		s.Exec("CREATE TABLE lifts (id INT)")
		reader := open(t, s.CreateUser("SELECT"))
		if got := count(t, reader, "SELECT COUNT(*) FROM lifts"); got != 0 {
			t.Errorf("got %d rows, want none", got)
		}
		_, err := reader.ExecContext(t.Context(), "INSERT INTO lifts VALUES (1)")
		var denied *mysql.MySQLError
		if !errors.As(err, &denied) || denied.Number != 1142 {
			t.Errorf("got %v, want error 1142 (command denied)", err)
		}
	})

	t.Run("NothingStaysAfterTheTest", func(t *testing.T) {
		var database, dsn, admin string
		t.Run("Inner", func(t *testing.T) {
			s := dbtest.MySQL(t)
			database, dsn, admin = s.Database, s.DSN(), s.AdminDSN()
			s.Exec("CREATE TABLE held (id INT) ENGINE=InnoDB; INSERT INTO held VALUES (1)")
			tx, err := open(t, dsn).BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.ExecContext(context.Background(), "UPDATE held SET id = 2"); err != nil {
				t.Fatal(err)
			} // the transaction is left open on purpose
		})
		db := open(t, strings.ReplaceAll(admin, "/"+database, "/"))
		if got := count(t, db, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?", database); got != 0 {
			t.Error("the database is still there")
		}
		if err := dbserver.Ping(t.Context(), dsn); err == nil {
			t.Error("the account still works")
		}
	})
}

func TestPrivate(t *testing.T) {
	t.Run("RestartKeepsDataAndAddressAndEndsSessions", func(t *testing.T) {
		s := dbtest.Private(t)
		s.Exec("CREATE TABLE kept (id INT); INSERT INTO kept VALUES (7)")
		db := open(t, s.DSN())
		db.SetMaxOpenConns(1)
		session := count(t, db, "SELECT CONNECTION_ID()")
		if session == 0 {
			t.Fatal("got no session")
		}
		held, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.Restart()
		if err := held.PingContext(t.Context()); err == nil {
			t.Error("a session outlived the restart")
		}
		if err := held.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
			t.Error(err)
		}
		if got := count(t, db, "SELECT id FROM kept"); got != 7 {
			t.Errorf("got %d, want the row written before the restart", got)
		}
	})

	t.Run("StoppedServerRefuses", func(t *testing.T) {
		s := dbtest.Private(t)
		s.Stop()
		if err := dbserver.Ping(t.Context(), s.DSN()); err == nil {
			t.Error("a stopped server answers")
		}
		s.Start()
		if err := dbserver.Ping(t.Context(), s.DSN()); err != nil {
			t.Errorf("a started server does not answer: %v", err)
		}
	})

	t.Run("ArgumentsReachTheServer", func(t *testing.T) {
		s := dbtest.Private(t, "--max-connections=10")
		if got := count(t, open(t, s.DSN()), "SELECT @@max_connections"); got != 10 {
			t.Errorf("got %d connections, want 10", got)
		}
	})
}
