//go:build server

package leadsync_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestAgainstTheSandboxMySQL(t *testing.T) {
	againstTheSandbox(t, func(t *testing.T) *store.Store { return opened(t, store.Options{DSN: dbtest.MySQL(t).DSN()}) })
}
