//go:build server

package store_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func BenchmarkQueueOnAServer(b *testing.B) {
	// As safe as a server in use: every commit reaches the disk.
	private := dbtest.Private(b, "--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=ON")
	s, err := store.Open(b.Context(), store.Options{DSN: private.DSN()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	db, err := sql.Open("mysql", private.DSN()+"?interpolateParams=true")
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	}()
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	if _, err := db.ExecContext(b.Context(), handTable); err != nil {
		b.Fatal(err)
	}
	b.Run("Taking", func(b *testing.B) {
		benchmarkTaking(b, s.Queue(), func(ctx context.Context, id string, body []byte) error {
			_, err := db.ExecContext(ctx, "INSERT INTO messages (id, dealer, received, body) VALUES (?, ?, ?, ?)", id, "D1", noon.UnixMilli(), body)
			return err
		})
	})
	b.Run("Going", func(b *testing.B) { benchmarkGoing(b, s.Queue()) })
}
