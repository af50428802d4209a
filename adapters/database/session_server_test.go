//go:build server

package database

import (
	"database/sql"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
)

func TestSessionsThatWrite(t *testing.T) {
	const limit = 7 * time.Second
	odd := dbtest.Private(t, "--wait-timeout=20")
	odd.ExecAdmin(
		"SET GLOBAL time_zone = '+07:00'", "SET GLOBAL sql_mode = 'ANSI_QUOTES'", "SET GLOBAL autocommit = 0",
		"SET GLOBAL lock_wait_timeout = 900", "SET GLOBAL innodb_lock_wait_timeout = 900",
	)
	odd.Exec("CREATE TABLE CRANE (ID INT PRIMARY KEY, HOOK VARCHAR(3) NOT NULL, SEEN TIMESTAMP NULL)")
	p := open(t, Way{Driver: MySQL, DSN: odd.DSN(), Writes: true, Limit: limit})
	exec := func(statement string) error {
		_, err := p.Anywhere().ExecContext(t.Context(), statement)
		return Translate(t.Context(), err)
	}

	t.Run("WriteAtOnceAndInUTC", func(t *testing.T) {
		if err := exec("insert into CRANE values (1, \"one\", '2026-05-04 06:00:00')"); err != nil {
			t.Fatal(err)
		}
		var hook, seen string
		reading := open(t, Way{Driver: MySQL, DSN: odd.DSN()})
		err := reading.Ask(t.Context(), "select HOOK, cast(SEEN as char) from CRANE", nil, func(rows *sql.Rows) error { return rows.Scan(&hook, &seen) })
		if err != nil || hook != "one" || seen != "2026-05-04 06:00:00" {
			t.Errorf("got %q, %q and %v", hook, seen, err)
		}
	})

	t.Run("RefuseWhatDoesNotFit", func(t *testing.T) {
		if err := exec("insert into CRANE values (2, 'four', null)"); !Is(err, Unfitting) {
			t.Errorf("got %v, want that the text is too long", err)
		}
		if err := exec("insert into CRANE values (1, 'two', null)"); !Is(err, Duplicate) {
			t.Errorf("got %v, want that the value is taken", err)
		}
	})

	t.Run("WaitForLocksNoLongerThanAStatementMayTake", func(t *testing.T) {
		var table, row float64
		err := p.Ask(t.Context(), "select @@session.lock_wait_timeout, @@session.innodb_lock_wait_timeout", nil,
			func(rows *sql.Rows) error { return rows.Scan(&table, &row) })
		if err != nil || table != limit.Seconds() || row != limit.Seconds() {
			t.Errorf("got %v s, %v s and %v", table, row, err)
		}
	})
}
