//go:build server

package store_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestKeyListsOnMySQL(t *testing.T) {
	exerciseKeyLists(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
	})
	exerciseReplicas(t, func(t *testing.T) func() *store.Store {
		o := store.Options{DSN: dbtest.MySQL(t).DSN()}
		return func() *store.Store { return openAt(t, o) }
	})
}
