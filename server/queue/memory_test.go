package queue_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/server/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	queuetest.Run(t, func(*testing.T) queuetest.Storage { return queuetest.NewMemory() })
}
