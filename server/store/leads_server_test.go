//go:build server

package store_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestLeadsMySQL(t *testing.T) {
	exerciseLeads(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
	})
}
