//go:build server

package intake_test

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // what the store uses, too

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestReceiveMySQL(t *testing.T) {
	d := openOn(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
	body := service("m-1", strings.Repeat(photo, 5)) // several parts of a bundle
	var wait sync.WaitGroup
	answers := make([]answer, 4)
	for n := range answers {
		wait.Go(func() { answers[n] = d.post(body) })
	}
	wait.Wait()
	for n, a := range answers {
		if a.status != http.StatusOK || a.body != "{"+added+body[1:] {
			t.Errorf("%d: %d, %d bytes", n, a.status, len(a.body))
		}
	}
	items := d.items("D100")
	if len(items) != 1 || d.joined(items[0]) != body || len(d.kept()) != 0 {
		t.Errorf("%d items, files %v", len(items), d.kept())
	}
	d.clock.Pass(48 * time.Hour)
	if again := d.post(body); again.body != answers[0].body {
		t.Errorf("the repeat: %d, %.100s", again.status, again.body)
	}
	if n, err := d.files.Erase(t.Context(), "D100", "0001007"); err != nil || n != 1 {
		t.Errorf("%d bundles erased, %v", n, err)
	}
}

func BenchmarkPostMySQL(b *testing.B) {
	clients(b, func(b *testing.B) (intakeURL, plainURL string) {
		database := dbtest.MySQL(b)
		waitForTheDisk(b, database.AdminDSN())
		dsn := database.DSN()
		plain, err := sql.Open("mysql", dsn)
		if err != nil {
			b.Fatal(err)
		}
		plain.SetMaxOpenConns(16)
		plain.SetMaxIdleConns(16)
		const table = `CREATE TABLE messages (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, dealer VARCHAR(50) NOT NULL, client VARCHAR(80) NOT NULL,
			message_id VARCHAR(200) NOT NULL, enqueued VARCHAR(30) NOT NULL, body MEDIUMBLOB NOT NULL, UNIQUE KEY (dealer, client, message_id)) ENGINE=InnoDB`
		return serveIntake(b, store.Options{DSN: dsn}), servePlain(b, plain, table)
	})
}

// waitForTheDisk makes the server of the tests one that survives a power cut, as
// long as the bench runs.
func waitForTheDisk(b *testing.B, adminDSN string) {
	b.Helper()
	admin, err := sql.Open("mysql", adminDSN)
	if err != nil {
		b.Fatal(err)
	}
	const setting = "innodb_flush_log_at_trx_commit"
	var before int
	if err := admin.QueryRowContext(b.Context(), "SELECT @@GLOBAL."+setting).Scan(&before); err != nil {
		b.Fatal(err)
	}
	if _, err := admin.ExecContext(b.Context(), "SET GLOBAL "+setting+" = 1"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "SET GLOBAL "+setting+" = ?", before); err != nil {
			b.Error(err)
		}
		if err := admin.Close(); err != nil {
			b.Error(err)
		}
	})
}
