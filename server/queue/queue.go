// Package queue owns the durable lanes in which messages wait for delivery: in
// which order they go, how often they are tried, when they are set aside, and
// that each is known again when it comes a second time.
//
// It knows no SQL, no HTTP and nothing of what a message says. What is kept is
// kept behind Storage, what is done with a message is a Handler's, and time
// passes as Options say.
//
// # Order
//
// A lane is one dealer and one direction; lanes know nothing of each other. In a
// lane one item at a time is under way, in all processes together. The next one
// is the one of the highest priority, and of these the oldest. An item with an
// order key never goes before an older one of the same key: where the next one
// would, the oldest of its key goes in its place, so that what is urgent pulls
// along what stands before it. An item that was begun stays the next one until it is
// through or parked, whatever comes meanwhile: a failing head blocks its lane.
//
// Oldest means pushed first. Of two pushes of which neither was answered when
// the other one began, nobody knows which was first, and either may go first.
//
// A parked item leaves the order, and later ones of its key go on. They must not wait
// for it: what is parked was refused or has failed for a day, a later update
// says the newest state of the same request by itself, and a customer's request
// would otherwise stand still until a person looks. Retry puts an item back at
// its old place among those that still wait, and says how many later ones of its
// key went past it meanwhile.
//
// # Once, and twice
//
// An item is added once: its ID is known again for as long as retention keeps
// it, and the repeat is answered and counted. It is handed to its Handler at
// least once. A process that dies, or is stopped for longer than its lease, may
// have acted without being able to say so; then another one hands the item out
// again, with the same ID and Tries telling so, and Observer.Interrupted counts
// it. What an Outcome does Within the queue's own transaction happens exactly
// once.
package queue

import (
	"errors"
	"fmt"
	"time"
)

// The errors of this package. Test with errors.Is.
var (
	// ErrUnknown: there is no such item, or it was taken away after its time.
	ErrUnknown = errors.New("no such item in the queue")
	// ErrBusy: the item is under way at this moment.
	ErrBusy = errors.New("the item is being handled at this moment")
	// ErrState: the item's state does not allow this.
	ErrState = errors.New("the state of the item does not allow this")
	// ErrHeld: somebody else holds the lane; of Storage.
	ErrHeld = errors.New("somebody else holds the lane")
	// ErrLeaseLost: another process looks after the lane by now. Nothing was
	// kept.
	ErrLeaseLost = errors.New("another process looks after this lane")
	// ErrUnfit: an item cannot be queued as it is; a fault of the caller's.
	ErrUnfit = errors.New("the item cannot be queued")
)

// Direction says which way a lane goes.
type Direction string

// The directions of messages. Another short name makes another lane, for work
// that needs the same keeping and order.
const (
	In  Direction = "in"  // from the partner to the dealer
	Out Direction = "out" // from the dealer to the partner
)

// Lane is a row of items of which one at a time is under way.
type Lane struct {
	Dealer    string // dealer code
	Direction Direction
}

// String names a lane in logs.
func (l Lane) String() string { return l.Dealer + "/" + string(l.Direction) }

// State is where an item stands.
type State string

// The states.
const (
	Waiting State = "waiting" // for its turn, or for its next try
	Working State = "working" // with a Handler, or with a process that died
	Done    State = "done"
	Parked  State = "parked" // set aside for a person
)

// Item is one message of a lane. The producer sets the first part, the queue
// the rest.
type Item struct {
	Lane Lane
	// ID is the producer's name for the item, unlike any other in the lane. The
	// same ID again is the same item again, whatever else it says. At most 200
	// bytes.
	ID string
	// OrderKey names the request or chain whose items keep their order, "" for
	// none. At most 200 bytes.
	OrderKey string
	// MergeKey lets an item stand for others: while one with the same merge key
	// waits in the lane and was never tried, another one is not added. "" for
	// none. At most 200 bytes.
	MergeKey string
	Priority int    // higher first; data notices have 0. Between -1000 and 1000.
	Kind     string // for the Handler and for people; at most 60 bytes
	Customer string // dealer customer number, "" where there is none; for erasure; at most 200 bytes
	Body     []byte // at most MaxBody; empty in lists and after it was erased

	// Enqueued is when the item was taken: the time of the push, unless the
	// producer told its sender another one.
	Enqueued time.Time

	Number int64 // the queue's own name of the item, unlike any other, rising in a lane
	State  State
	// Tries are the times the item was handed to a Handler, this one included.
	// Above 1 the message may have been delivered before.
	Tries int
	// Strikes are the tries that count against the item: see Policy.
	Strikes int
	Merged  int       // items it stands for besides itself
	First   time.Time // first try; zero before it
	Blamed  time.Time // first strike; zero before it
	Next    time.Time // not tried before; zero: at once
	Settled time.Time // done or parked since; zero before
	Bytes   int64     // of the body as it was pushed
	Erased  bool      // the body is gone
	// Why says what the last try came to, or why the item is parked.
	Why string
}

// MaxBody is the largest body an item may have, in bytes. Larger ones are kept
// elsewhere, and the body says where.
const MaxBody = 64 << 20

const (
	maxName     = 200
	maxKind     = 60
	maxWhy      = 500
	maxPriority = 1000
)

// check says what keeps an item from being queued, without showing values.
func (i *Item) check() error {
	switch {
	case i.Lane.Dealer == "" || len(i.Lane.Dealer) > 50:
		return fmt.Errorf("%w: the dealer code has %d bytes", ErrUnfit, len(i.Lane.Dealer))
	case i.Lane.Direction == "" || len(i.Lane.Direction) > 20:
		return fmt.Errorf("%w: the direction has %d bytes", ErrUnfit, len(i.Lane.Direction))
	case i.ID == "" || len(i.ID) > maxName:
		return fmt.Errorf("%w: the id has %d bytes", ErrUnfit, len(i.ID))
	case len(i.OrderKey) > maxName || len(i.MergeKey) > maxName || len(i.Customer) > maxName:
		return fmt.Errorf("%w: an order key, merge key or customer number is longer than %d bytes", ErrUnfit, maxName)
	case i.Kind == "" || len(i.Kind) > maxKind:
		return fmt.Errorf("%w: the kind has %d bytes", ErrUnfit, len(i.Kind))
	case i.Priority > maxPriority || i.Priority < -maxPriority:
		return fmt.Errorf("%w: priority %d", ErrUnfit, i.Priority)
	case len(i.Body) > MaxBody:
		return fmt.Errorf("%w: a body of %d bytes", ErrUnfit, len(i.Body))
	}
	return nil
}

// What became of a pushed item.
const (
	Added    Receipt = "added"
	Repeated Receipt = "repeated" // one with this ID is there already, in whatever state
	Merged   Receipt = "merged"   // another one that waits stands for it; its ID is not kept
)

// Receipt says what became of a pushed item.
type Receipt string
