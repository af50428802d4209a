package store_test

import (
	"database/sql"
	"testing"
)

// handTable is the table of the handler written by hand, on any engine.
const handTable = "CREATE TABLE messages (id VARCHAR(200) NOT NULL PRIMARY KEY, dealer VARCHAR(50) NOT NULL, received BIGINT NOT NULL, body LONGBLOB NOT NULL)"

// handOnSQLite is a database as its owner would open it by hand: the same
// journal and the same certainty, one connection for writing so that nobody
// waits in vain.
func handOnSQLite(b *testing.B, path string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	if _, err := db.ExecContext(b.Context(), handTable); err != nil {
		b.Fatal(err)
	}
	return db
}
