// Package intake owns a message from the socket to the moment at which it is
// durable: it reads the body in pieces, cuts files out, finds every fault, keeps
// what is to be kept, and only then answers with the echo.
//
// It must not know what a message leads to (that is package request's and the
// workers'), nor how a caller proves who it is, nor where anything is kept.
package intake

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"runtime"
	"time"

	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/queue"
)

// Queue is the part of package queue that is needed; *queue.Queue is one.
type Queue interface {
	Push(ctx context.Context, items ...queue.Item) ([]queue.Receipt, error)
	Find(ctx context.Context, lane queue.Lane, id string) (queue.Item, error)
}

// Event is what became of a message that was let in.
type Event string

// The events.
const (
	Taken    Event = "taken"    // durable, answered 200
	Repeated Event = "repeated" // known already (R208), answered with the first echo
	Ignored  Event = "ignored"  // a data message, which is for CRS alone (R205)
	Refused  Event = "refused"  // has faults, or is another dealer's
	Failed   Event = "failed"   // could not be read or kept
	Late     Event = "late"     // taken, and the sender's time is far from ours (R206)
)

// Options is what an Intake is made of. Queue, Files and Known are needed.
type Options struct {
	Queue Queue
	Files attachment.Keeper
	// Known says whether a dealer code is one that messages are taken for.
	Known func(dealer string) bool

	MaxBody  int64         // bytes of a message; 25 MiB
	MaxText  int           // bytes of it beside the contents of files; 2 MiB
	Most     int           // messages received at once; 32
	Stall    time.Duration // how long a sender may stand still; 30 s
	Whole    time.Duration // how long receiving and answering may take altogether; 10 min
	LateFrom time.Duration // from which difference of the clocks on a message counts as late; 1 h

	Now     func() time.Time // the clock; nil: the machine's
	Log     *slog.Logger     // nil: nothing is logged
	Happens func(dealer string, what Event)
}

func (o *Options) fill() error {
	if o.Queue == nil || o.Files == nil || o.Known == nil {
		return errors.New("taking messages needs a queue, a place for files and the dealers")
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 25 << 20
	}
	if o.MaxText <= 0 {
		o.MaxText = 2 << 20
	}
	o.MaxText = int(min(int64(o.MaxText), o.MaxBody, math.MaxInt32))
	if o.Most <= 0 {
		o.Most = 32
	}
	for _, d := range []struct {
		given *time.Duration
		or    time.Duration
	}{{&o.Stall, 30 * time.Second}, {&o.Whole, 10 * time.Minute}, {&o.LateFrom, time.Hour}} {
		if *d.given <= 0 {
			*d.given = d.or
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Happens == nil {
		o.Happens = func(string, Event) {}
	}
	return nil
}

// Intake takes messages. It is safe for concurrent use.
type Intake struct {
	o    Options
	room chan struct{} // one place per message being received
	// Understanding a message takes many times its text in memory, so that no
	// more are understood at once than there are processors for.
	desk chan struct{}
}

// New makes an Intake. An error says what Options lack.
func New(o Options) (*Intake, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	return &Intake{o: o, room: make(chan struct{}, o.Most), desk: make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))}, nil
}

// Sender is who posts a message, as its token says.
type Sender struct {
	Client  string   // client id (R190)
	Dealers []string // dealer codes it may post for
	// Dealer is the one named by the dealer parameter, "" where there was none
	// (R183).
	Dealer string
}
