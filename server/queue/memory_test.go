package queue_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/server/queue/queuetest"
)

func TestMemory(t *testing.T) {
	queuetest.Run(t, func(*testing.T) queuetest.Storage { return queuetest.NewMemory() })
}
