package queue

import (
	"context"
	"fmt"
	"time"
)

// bell wakes the worker of one lane.
type bell struct {
	rung    bool
	waking  func()    // ends the worker's sleep; nil while it is awake
	blocked time.Time // the head is not tried before; zero while nothing is known
}

func (q *Queue) bell(l Lane) *bell {
	b, ok := q.lanes[l]
	if !ok {
		b = &bell{}
		q.lanes[l] = b
	}
	return b
}

// ring wakes the worker of a lane, where this process has one. A new item
// behind a head that waits for its next try does not: nothing would come of
// it. What is due by the clock or by a person does.
func (q *Queue) ring(l Lane, due bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, ok := q.lanes[l]
	if !ok || !due && q.o.Now().Before(b.blocked) {
		return
	}
	b.rung = true
	if b.waking != nil {
		b.waking()
	}
}

// rest sleeps until the bell rings or d is over; blocked is as in bell.
func (q *Queue) rest(ctx context.Context, l Lane, d time.Duration, blocked time.Time) error {
	sleeping, wake := context.WithCancel(ctx)
	defer wake()
	q.mu.Lock()
	b := q.bell(l)
	if b.rung {
		b.rung = false
		q.mu.Unlock()
		return ctx.Err()
	}
	b.waking, b.blocked = wake, blocked
	q.mu.Unlock()

	err := q.o.Sleep(sleeping, d)

	q.mu.Lock()
	b.rung, b.waking, b.blocked = false, nil, time.Time{}
	q.mu.Unlock()
	if err != nil && sleeping.Err() == nil {
		return fmt.Errorf("waiting: %w", err)
	}
	return ctx.Err()
}
