package queue

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// What is assumed where Options say nothing.
const (
	DefaultPoll   = 5 * time.Second
	DefaultCall   = time.Minute
	DefaultMargin = 30 * time.Second
	DefaultBodies = 90 * 24 * time.Hour
	DefaultKeep   = 400 * 24 * time.Hour
)

// Options configure a Queue.
type Options struct {
	Storage Storage
	Owner   string // names this process in leases, unlike any other
	// Poll is how often lanes are looked at without being told to: what another
	// process pushed or put back waits at most so long. 0: DefaultPoll.
	Poll time.Duration
	// Call is how long one try may take. A lease lasts so long and Margin more:
	// for keeping what came of it, and for clocks of processes that differ. A
	// lane whose process died is taken over so late. 0: DefaultCall, DefaultMargin.
	Call, Margin time.Duration
	// Bodies of what is done are kept so long, and the items so long that
	// repeats are known again. 0: DefaultBodies, DefaultKeep.
	Bodies, Keep time.Duration
	Now          func() time.Time
	Sleep        func(ctx context.Context, d time.Duration) error // returns early, with its error, when ctx ends
	Jitter       func() float64                                   // in [0, 1); nil: drawn at random
	Log          *slog.Logger
	Observer     Observer // nil: nobody
}

// Observer is told what happens. It must not block.
type Observer interface {
	// Pushed says what became of a pushed item.
	Pushed(lane Lane, kind string, what Receipt)
	// Delivered says that an item is through, and how long after it was pushed.
	Delivered(lane Lane, kind string, after time.Duration)
	// Failed says that a try failed; the item is tried again.
	Failed(lane Lane, kind string, blameless bool)
	// Parked says that an item was parked by its Handler or the policy; see
	// Policy.Parked for calling a person.
	Parked(lane Lane, kind string)
	// Interrupted says that an item is handed out again of which nobody knows
	// what came of the try before: it may arrive twice, with one ID.
	Interrupted(lane Lane, kind string)
	// Lost says that a lane was lost to another process while an item was under
	// way, which may arrive twice, with one ID.
	Lost(lane Lane)
}

// Queue is one process's part in the lanes. It is safe for concurrent use.
type Queue struct {
	o Options

	mu    sync.Mutex
	lanes map[Lane]*bell
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		given *time.Duration
		or    time.Duration
	}{
		{&o.Poll, DefaultPoll},
		{&o.Call, DefaultCall},
		{&o.Margin, DefaultMargin},
		{&o.Bodies, DefaultBodies},
		{&o.Keep, DefaultKeep},
	} {
		if *d.given <= 0 {
			*d.given = d.or
		}
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Observer == nil {
		o.Observer = nobody{}
	}
	return o
}

// New makes a Queue. Run it, and Work on each lane this process looks after.
func New(o Options) *Queue {
	return &Queue{o: o.withDefaults(), lanes: map[Lane]*bell{}}
}

// Push adds items, all of them or none, and says of each what became of it.
// Outside of a transaction of the state they are on disk when it returns; inside
// one they come with it. ErrUnfit names a fault of an item. After another error
// nobody knows whether they are there: pushing the same IDs again is safe.
func (q *Queue) Push(ctx context.Context, items ...Item) ([]Receipt, error) {
	for i := range items {
		if err := items[i].check(); err != nil {
			return nil, err
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	receipts, err := q.o.Storage.Push(ctx, items, q.o.Now())
	if err != nil {
		return nil, fmt.Errorf("queueing: %w", err)
	}
	q.o.Storage.AfterCommit(ctx, func() {
		for i, r := range receipts {
			q.o.Observer.Pushed(items[i].Lane, items[i].Kind, r)
			if r == Added {
				q.ring(items[i].Lane, false)
			}
		}
	})
	return receipts, nil
}

// List returns items without bodies, by rising numbers.
func (q *Queue) List(ctx context.Context, f Filter) ([]Item, error) {
	items, err := q.o.Storage.List(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("listing the queue: %w", err)
	}
	return items, nil
}

// Show returns an item with its body; ErrUnknown.
func (q *Queue) Show(ctx context.Context, number int64) (Item, error) {
	item, err := q.o.Storage.Item(ctx, number)
	if err != nil {
		return Item{}, fmt.Errorf("reading item %d: %w", number, err)
	}
	return item, nil
}

// Find returns the item a producer named, with its body; ErrUnknown.
func (q *Queue) Find(ctx context.Context, lane Lane, id string) (Item, error) {
	item, err := q.o.Storage.Find(ctx, lane, id)
	if err != nil {
		return Item{}, fmt.Errorf("reading an item of %s: %w", lane, err)
	}
	return item, nil
}

// Retry has an item that is parked, or waits for its next try, go as soon as its
// turn comes, with its strikes forgotten. overtaken says how many later items of
// its order key are done already. ErrUnknown; ErrBusy; ErrState where it is
// done, or its body is gone.
func (q *Queue) Retry(ctx context.Context, number int64) (overtaken int64, err error) {
	lane, overtaken, err := q.o.Storage.Retry(ctx, number, q.o.Now())
	if err != nil {
		return 0, fmt.Errorf("putting item %d back: %w", number, err)
	}
	q.o.Storage.AfterCommit(ctx, func() { q.ring(lane, true) })
	return overtaken, nil
}

// Park sets an item aside that waits. ErrUnknown; ErrBusy; ErrState where it
// is done.
func (q *Queue) Park(ctx context.Context, number int64, why string) error {
	lane, err := q.o.Storage.Park(ctx, number, cut(why), q.o.Now())
	if err != nil {
		return fmt.Errorf("parking item %d: %w", number, err)
	}
	q.o.Storage.AfterCommit(ctx, func() { q.ring(lane, true) })
	return nil
}

// Counts returns what every lane holds that holds anything, by dealer and
// direction.
func (q *Queue) Counts(ctx context.Context) ([]Count, error) {
	counts, err := q.o.Storage.Counts(ctx)
	if err != nil {
		return nil, fmt.Errorf("counting the queue: %w", err)
	}
	return counts, nil
}

// Erase takes away what is kept of one customer and returns of how many items:
// whatever waits, is parked or done loses body, keys and customer number and is
// done. ErrBusy where an item was being handled: the others are erased, and
// the caller asks again.
func (q *Queue) Erase(ctx context.Context, dealer, customer string) (int64, error) {
	if dealer == "" || customer == "" {
		return 0, fmt.Errorf("%w: erasing needs a dealer and a customer", ErrUnfit)
	}
	n, err := q.o.Storage.Erase(ctx, dealer, customer, q.o.Now())
	if err != nil {
		return n, fmt.Errorf("erasing a customer's items: %w", err)
	}
	return n, nil
}

// EraseOrder is Erase for the items of one order key.
func (q *Queue) EraseOrder(ctx context.Context, dealer, key string) (int64, error) {
	if dealer == "" || key == "" {
		return 0, fmt.Errorf("%w: erasing needs a dealer and an order key", ErrUnfit)
	}
	n, err := q.o.Storage.EraseOrder(ctx, dealer, key, q.o.Now())
	if err != nil {
		return n, fmt.Errorf("erasing the items of a request: %w", err)
	}
	return n, nil
}

// nobody is the Observer of those who want none.
type nobody struct{}

func (nobody) Pushed(Lane, string, Receipt)          {}
func (nobody) Delivered(Lane, string, time.Duration) {}
func (nobody) Failed(Lane, string, bool)             {}
func (nobody) Parked(Lane, string)                   {}
func (nobody) Interrupted(Lane, string)              {}
func (nobody) Lost(Lane)                             {}
