//go:build server

package store_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/server/queue/queuetest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestQueueOnAServer(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Storage {
		s := openAt(t, store.Options{DSN: dbtest.MySQL(t).DSN()})
		return queued{s.Queue(), s}
	})
}
