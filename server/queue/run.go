package queue

import (
	"context"
	"fmt"
	"time"
)

const (
	clearEvery  = time.Hour
	clearAtOnce = 500
	dueAtOnce   = 100 // lanes asked for in one call
)

// Run looks now and then into the lanes this process works on, for what other
// processes did to them, and takes away what is kept long enough. It blocks until
// ctx ends, which is no error.
func (q *Queue) Run(ctx context.Context) error {
	var cleared time.Time
	away := false
	for ctx.Err() == nil {
		err := q.look(ctx)
		if now := q.o.Now(); err == nil && (now.Sub(cleared) >= clearEvery || now.Before(cleared)) {
			if err = q.clear(ctx, now); err == nil {
				cleared = now
			}
		}
		if err != nil && ctx.Err() == nil && !away {
			q.o.Log.WarnContext(ctx, "the queue cannot be looked at; trying again", "err", err)
		}
		away = err != nil
		if err := q.o.Sleep(ctx, q.o.Poll); err != nil && ctx.Err() == nil {
			return fmt.Errorf("waiting: %w", err)
		}
	}
	return nil
}

// look rings for the lanes in which something is due.
func (q *Queue) look(ctx context.Context) error {
	q.mu.Lock()
	lanes := make([]Lane, 0, len(q.lanes))
	for l := range q.lanes {
		lanes = append(lanes, l)
	}
	q.mu.Unlock()
	for len(lanes) > 0 {
		n := min(dueAtOnce, len(lanes))
		due, err := q.due(ctx, lanes[:n])
		if err != nil {
			return fmt.Errorf("looking for what is due: %w", err)
		}
		for _, l := range due {
			q.ring(l, true)
		}
		lanes = lanes[n:]
	}
	return nil
}

func (q *Queue) due(ctx context.Context, lanes []Lane) ([]Lane, error) {
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	return q.o.Storage.Due(ctx, q.o.Owner, lanes, q.o.Now())
}

// clear takes away, step by step, what is kept long enough.
func (q *Queue) clear(ctx context.Context, now time.Time) error {
	for ctx.Err() == nil {
		n, err := q.o.Storage.Clear(ctx, now.Add(-q.o.Bodies), now.Add(-q.o.Keep), clearAtOnce)
		if err != nil {
			return fmt.Errorf("taking old items away: %w", err)
		}
		if n < clearAtOnce {
			return nil
		}
	}
	return nil
}
