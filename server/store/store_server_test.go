//go:build server

package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestMySQL(t *testing.T) {
	exercise(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
	})
	t.Run("EightStartersMigrateOnce", func(t *testing.T) {
		startTogether(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
	})
}

// TestTogetherOnAServer: of two transactions that wait for each other the server
// ends one, and neither caller hears of it.
func TestTogetherOnAServer(t *testing.T) {
	s := openAt(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
	for _, id := range []string{"A", "B"} {
		if err := s.SaveChain(t.Context(), aChain(id)); err != nil {
			t.Fatal(err)
		}
	}
	var runs atomic.Int32
	var hold sync.WaitGroup // until both have written to their first conversation
	hold.Add(2)
	touch := func(ctx context.Context, id string) error {
		c, err := s.Chain(ctx, "D100", id)
		if err != nil {
			return err
		}
		return s.SaveChain(ctx, c)
	}
	swap := func(first, second string) error {
		held := sync.OnceFunc(func() { hold.Done(); hold.Wait() })
		return s.Together(t.Context(), func(ctx context.Context) error {
			runs.Add(1)
			if err := touch(ctx, first); err != nil {
				return err
			}
			held()
			return touch(ctx, second)
		})
	}
	done := make(chan error, 2)
	go func() { done <- swap("A", "B") }()
	go func() { done <- swap("B", "A") }()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := runs.Load(); n < 3 {
		t.Errorf("%d runs, want one that was begun anew", n)
	}
	for _, id := range []string{"A", "B"} {
		if c, err := s.Chain(t.Context(), "D100", id); err != nil || c.Version != 3 {
			t.Errorf("%s is at version %d (%v), want each transaction to have written it once", id, c.Version, err)
		}
	}
}
