package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/dealerbridge/dealerbridge/server/queue/queuetest"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// queued is a state as the queue's suite wants it.
type queued struct {
	*store.Queue
	state *store.Store
}

func (q queued) Together(ctx context.Context, do func(ctx context.Context) error) error {
	return q.state.Together(ctx, do)
}

func TestQueueOnSQLite(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Storage {
		s := openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
		return queued{s.Queue(), s}
	})
}
