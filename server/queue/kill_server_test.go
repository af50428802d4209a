//go:build server

package queue_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestThreeProcessesOnOneServer(t *testing.T) {
	s := dbtest.Private(t)
	besiege(t, store.Options{DSN: s.DSN()}, siegeLanes()).run(40, s.Restart)
}
