package queue

import (
	"context"
	"time"
)

// Handler does what an item is for.
type Handler interface {
	// Handle handles one item and says what came of it. It returns soon after
	// ctx ends, which it does after Options.Call at the latest, and when the
	// process stops.
	//
	// still is called immediately before every send: its error means that the
	// lane is another process's by now and nothing may be sent; Handle then
	// returns Retry with it. item.ID stays the same with every try; item.Tries
	// above 1 says that an earlier try may have sent something.
	Handle(ctx context.Context, item Item, still func(context.Context) error) Outcome
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, item Item, still func(context.Context) error) Outcome

// Handle is part of Handler.
func (f HandlerFunc) Handle(ctx context.Context, item Item, still func(context.Context) error) Outcome {
	return f(ctx, item, still)
}

// Outcome is what came of a try. Make it with Finish, Again or SetAside.
type Outcome struct {
	state     State
	after     time.Duration
	blameless bool
	why       string
	within    func(ctx context.Context) error
}

// Finish says that the item is through.
func Finish() Outcome { return Outcome{state: Done} }

// Again says that the item is to be tried again, after a pause that grows from
// try to try; why is kept and shown and holds no personal data.
func Again(why string) Outcome { return Outcome{state: Waiting, why: why} }

// SetAside says that trying again is no use: the item is parked at once. why
// is kept and shown and holds no personal data.
func SetAside(why string) Outcome { return Outcome{state: Parked, why: why} }

// After asks for a pause of at least d before the next try, as a Retry-After
// does. More than Policy.Longest is taken as Policy.Longest.
func (o Outcome) After(d time.Duration) Outcome {
	o.after = d
	return o
}

// Blameless says that the failure tells nothing of this item, since the other side is
// away as a whole: the try does not count against it, and it is not parked
// for it however long that lasts.
func (o Outcome) Blameless() Outcome {
	o.blameless = true
	return o
}

// Within has do done in the transaction that keeps this outcome, with its
// context, so that both stand or neither. It is not done where the lane was lost meanwhile. do has no effect but on the
// gateway's state and may be called more than once; items it pushes go with
// it. Where it fails, the item is tried again.
func (o Outcome) Within(do func(ctx context.Context) error) Outcome {
	o.within = do
	return o
}

// Policy says how long an item is tried. The zero Policy never parks by itself.
type Policy struct {
	// Strikes park an item after so many tries that count against it: failures
	// that are not Blameless, and tries of which nobody said what came. 0: never.
	Strikes int
	// Age parks an item when a try counts against it so long after the first that
	// did. 0: never.
	Age time.Duration
	// Shortest and Longest bound the pause between two tries; it doubles from
	// the one to the other and is drawn between half of that and all of it. 0: 2
	// seconds and 10 minutes.
	Shortest, Longest time.Duration
	// Parked is called in the transaction that parks an item, with its context, so
	// that an alert it keeps stands as surely as the item is parked; nil for
	// nothing. Where it fails the item is tried again. It may be called more than
	// once, and is not called for what a person parks.
	Parked func(ctx context.Context, item Item) error
}
