// Package changes owns the finding of changes in dealers' systems whose rows
// do not say when they changed: what the API would send of each customer is
// read now and then, reduced to a digest, and compared with the digest kept of
// the time before. So hard deletes and changes of child rows are seen too.
//
// It knows no SQL, no HTTP and no adapter implementation. Rows come from the
// capabilities a dealer's system has, digests are kept behind Store, and time
// passes as Options say.
//
// # What is told, and when
//
// A kind is compared customer by customer, in the order of their numbers. The
// first round of a kind is its baseline: it tells nothing, because nobody knows
// since when things are as they are; until it is complete the kind is warming
// and the daily pull is all there is. From then on a difference is a change,
// and it is told with the time at which it was found. A question reaches a
// little further back than it asks (Margin), for the time between finding and
// keeping and for clocks that differ, so that no change falls between two
// questions; told twice does no harm (R179). Asked from the beginning, every
// customer of whom there ever was something is told.
//
// What a digest holds: every contract and jobsite; every invoice; the catalog
// with the customer's rates; of documents the marks that stand for them. Rows
// that are left out count with their keys, so that one that can be sent again
// is a change. A customer of whom so much is left out that the API refuses to
// answer was not read: the digest before stays, and nothing is told until there
// is something to fetch. The same holds for a customer whose rows cannot be
// read while the system answers otherwise. A system that is away ends the
// round where it is; it goes on there later, in this process or the next.
//
// A change of the mapping or of the gateway's public address, or a new field in
// a new version of the gateway, changes what is sent and is told like any other
// change.
//
// A round that finds more than half of the customers changed, or unreadable, is
// told truthfully as well, but Observer.Suspicious and an error in the log call
// for a person: it may be a table that was emptied or a mapping that broke. The
// catalog is not measured by that, since one book price concerns everybody.
package changes

import (
	"context"
	"errors"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// The errors of this package. Test with errors.Is.
var (
	// ErrUnavailable: the gateway's own state did not answer, so nobody knows
	// what was found.
	ErrUnavailable = errors.New("the changes found cannot be read")
	// ErrLeaseLost: another process looks after the dealer now. Nothing was
	// kept.
	ErrLeaseLost = errors.New("another process looks after this dealer")
)

// Margin is how far before the time asked for answers begin. It is longer than
// keeping what was found may take, and than clocks of replicas may differ.
const Margin = time.Minute

// Digest stands for all that would be sent of one kind for one customer.
type Digest [16]byte

// Nothing is the digest of nothing to send. A customer nobody kept a digest of
// has this one.
var Nothing Digest

// Entry is what is kept of one customer and kind.
type Entry struct {
	Customer string
	Digest   Digest
	Seen     time.Time // when the change to this digest was found; zero in the first round
}

// Progress is how far the comparison of one kind has come.
type Progress struct {
	Round    int64 // rounds begun
	Started  time.Time
	Finished time.Time // of the last complete round; zero while there is none
	Baseline time.Time // when the first round was complete; zero until then
	Walking  bool      // a round is under way
	Cursor   string    // the last customer of it that is done
	Compared int64     // customers of it that had something before
	Changed  int64     // those of them that differ
	Unread   int64     // customers of it that could not be read
}

// Batch is what one step of a round keeps, all of it or nothing.
type Batch struct {
	Dealer   string
	Kind     adapters.ChangeKind
	Entries  []Entry
	Progress Progress
}

// Lease is the right to work on something, held by one process at a time.
type Lease struct {
	Name  string // what it is for
	Owner string // who holds it, unlike any other process
	Until time.Time
}

// Store keeps what the comparison needs beyond the life of a process. Customer
// numbers are told apart and ordered by their bytes.
type Store interface {
	// TakeLease takes a lease that is free or over, or prolongs the owner's
	// own; false where somebody else holds it.
	TakeLease(ctx context.Context, l Lease, now time.Time) (bool, error)
	// DropLease gives a lease back; one that is lost already is no error.
	DropLease(ctx context.Context, l Lease) error
	// Progress returns how far each kind of a dealer has come.
	Progress(ctx context.Context, dealer string) (map[adapters.ChangeKind]Progress, error)
	// Digests returns what is kept of the customers behind after, up to and with
	// upTo ("" is no limit), at most so many, in order.
	Digests(ctx context.Context, dealer string, kind adapters.ChangeKind, after, upTo string, most int) ([]Entry, error)
	// Save keeps a batch and prolongs the lease; ErrLeaseLost, and nothing kept,
	// where the owner does not hold it any more.
	Save(ctx context.Context, l Lease, now time.Time, b Batch) error
	// Forget removes what is kept of customers of whom there has been nothing
	// to send since before.
	Forget(ctx context.Context, dealer string, kind adapters.ChangeKind, before time.Time) error
	// Found returns the changes of some kinds found at or after a time, ordered
	// by customer and kind. The zero time finds the first round's customers too.
	Found(ctx context.Context, dealer string, kinds []adapters.ChangeKind, since time.Time) ([]adapters.Change, error)
}

// Outcome is what came of comparing one customer.
type Outcome string

// The outcomes.
const (
	Same    Outcome = "same"
	Changed Outcome = "changed" // new customers and customers that are gone as well
	Unread  Outcome = "unread"  // could not be read, or the API would refuse to answer
	First   Outcome = "first"   // of the first round
)

// Observer is told what happens. It must not block.
type Observer interface {
	// Compared says what came of so many customers.
	Compared(dealer string, kind adapters.ChangeKind, what Outcome, customers int)
	// Finished says that a round is complete, and how long it took.
	Finished(dealer string, kind adapters.ChangeKind, at time.Time, took time.Duration)
	// Suspicious says that a round found more than half of the customers changed
	// or unreadable.
	Suspicious(dealer string, kind adapters.ChangeKind)
	// Failed says that a round had to stop; it goes on later.
	Failed(dealer string)
	// Graded says how changes of each kind are learnt of now.
	Graded(dealer string, grades map[adapters.ChangeKind]adapters.Grade)
}

// Warming is the grade of a kind that is compared and whose first round is not
// complete.
const Warming adapters.Grade = "snapshot-warming"

// kinds are all kinds, in the order in which they are compared.
var kinds = []adapters.ChangeKind{
	adapters.ContractChange, adapters.InvoiceChange, adapters.DocumentChange, adapters.CatalogChange,
}
