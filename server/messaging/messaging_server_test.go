//go:build server

package messaging_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestNothingIsLostWhenKilledOnAServer(t *testing.T) {
	killed(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
}

func TestTheSandboxThinksTheSameOnAServer(t *testing.T) {
	thinksTheSame(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
}
