package queue

import (
	"context"
	"time"
)

// Storage keeps the items. Texts are told apart by their bytes, times are kept
// to the millisecond. Every call may stand in a transaction its context carries;
// it then takes effect with that transaction.
type Storage interface {
	// AfterCommit runs do when what the context's transaction did stands, at
	// once where the context carries none, never where it fails.
	AfterCommit(ctx context.Context, do func())
	// Push keeps items, all of them or none, and says of each what became of
	// it. It returns when they are durable, or as durable as the context's
	// transaction. After an error of anything but a transaction of the caller's
	// the items may be there or not.
	Push(ctx context.Context, items []Item, now time.Time) ([]Receipt, error)
	// Due returns those of some lanes in which an item could be handed out now
	// and which no other owner holds.
	Due(ctx context.Context, owner string, lanes []Lane, now time.Time) ([]Lane, error)
	// Turn takes the lane of the claim (Fence 0) or prolongs it, keeps what
	// became of the item before, and begins the next, all of it or nothing. A
	// lane in which nothing can be done now is given back.
	//
	// ErrHeld where somebody else holds a lane that was to be taken; ErrLeaseLost
	// where it is the claim's no more. A settlement that stands already, because
	// an answer of Turn was lost, is no error.
	Turn(ctx context.Context, c Claim, now time.Time, before *Settlement) (Turn, error)
	// Holds returns nil while the lane is the claim's, and prolongs it to
	// c.Until where renew says so; otherwise ErrLeaseLost.
	Holds(ctx context.Context, c Claim, renew bool) error
	// Release gives a lane back; one that is lost already is no error.
	Release(ctx context.Context, c Claim) error

	// List returns items without bodies, by rising numbers.
	List(ctx context.Context, f Filter) ([]Item, error)
	// Item returns an item with its body; ErrUnknown.
	Item(ctx context.Context, number int64) (Item, error)
	// Find returns an item with its body; ErrUnknown.
	Find(ctx context.Context, lane Lane, id string) (Item, error)
	// Retry has an item that is parked or waits for its next try go now, with
	// its strikes forgotten. It returns its lane, and how many later
	// items of its order key are done already. ErrUnknown, ErrBusy, ErrState.
	Retry(ctx context.Context, number int64, now time.Time) (lane Lane, overtaken int64, err error)
	// Park sets a waiting item aside and returns its lane. ErrUnknown, ErrBusy, ErrState.
	Park(ctx context.Context, number int64, why string, now time.Time) (Lane, error)
	// Counts returns one row for every lane that holds anything, by dealer and
	// direction.
	Counts(ctx context.Context) ([]Count, error)
	// Clear takes away, of items done or parked, the bodies of those settled before
	// bodies and all of those settled before ids, at most so many of each, and
	// returns how many it found. Of parked ones nothing goes before ids.
	Clear(ctx context.Context, bodies, ids time.Time, most int) (int64, error)
	// Erase takes away what is kept of one customer: items that wait or are
	// parked or done lose their body, keys and customer number and are done.
	// It returns how many it erased. ErrBusy where one is being handled: the
	// others are erased, and the caller asks again.
	Erase(ctx context.Context, dealer, customer string, now time.Time) (int64, error)
	// EraseOrder is Erase for the items of one order key.
	EraseOrder(ctx context.Context, dealer, key string, now time.Time) (int64, error)
}

// Claim is the right to work on a lane, held by one process at a time.
type Claim struct {
	Lane  Lane
	Owner string    // who holds it, unlike any other process
	Fence int64     // counts the takers of a lane; 0 in a claim that is to be taken
	Until time.Time // when it ends, unless it is prolonged
}

// Settlement is what became of the item a Handler had.
type Settlement struct {
	Number int64
	State  State     // Waiting, Done or Parked
	Next   time.Time // of a Waiting one: when it is tried again
	Strike bool      // the try counts against it
	Why    string
	// Last: nothing is begun after it, and the lane is given back.
	Last bool
	// Within is done in the same transaction, with its context; nil for nothing.
	Within func(ctx context.Context) error
}

// Turn is what a lane has to do next.
type Turn struct {
	// Claim is as it is now held. Its Fence is 0 where the lane was given back.
	Claim Claim
	// Item is begun, with its body; nil where there is nothing to do now.
	Item *Item
	// Interrupted: Item was begun before and nobody said what became of it. A
	// strike was counted.
	Interrupted bool
	// Wait is when the head is to be tried; zero where nothing waits.
	Wait time.Time
}

// Filter selects items; zero members select all.
type Filter struct {
	Lane     Lane // a lane without Dealer or Direction is all that fit
	States   []State
	Kind     string
	OrderKey string
	Customer string
	After    int64 // numbers above this
	Most     int   // at most so many; 0 is 100
}

// Count is what a lane holds.
type Count struct {
	Lane    Lane
	Waiting int64
	Working int64
	Parked  int64
	Oldest  time.Time // when the oldest of those waiting and working came; zero where there is none
	Blocked time.Time // when the head was first tried, where it failed; zero otherwise
}
