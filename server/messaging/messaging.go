// Package messaging owns what happens to a message between the queue and the
// people: inbound ones change requests and conversations and are handed to the
// dealer, what the dealer does becomes outbound ones, and outbound ones reach
// CRS or a person who is told why not.
//
// What is allowed is package request's affair, order and repetition are package
// queue's, where anything is kept is behind Store. It knows no HTTP, no SQL and
// no adapter implementation.
//
// # Once, and twice
//
// A message changes a request in the same transaction in which the queue notes
// that it is through, together with every answer, handover and alert it leads to;
// so does a move of the dealer's with the message it becomes. Posting to CRS and
// handing over to the dealer's own system cannot stand in that transaction:
// where nobody knows whether they were acted upon they are done again, with the
// same id, and counted.
package messaging

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// The errors of this package. Test with errors.Is; a move that is not allowed
// is request.ErrRefused.
var (
	// ErrUnknown: there is no such request or conversation of this dealer.
	ErrUnknown = errors.New("no such request or conversation")
	// ErrConflict: somebody else changed it meanwhile; nothing was kept.
	ErrConflict = errors.New("somebody else changed it at the same time")
)

// ToDesk is the direction of lanes that wait for the dealer's own system.
const ToDesk queue.Direction = "desk"

// KeptRequest is a request as it is kept.
type KeptRequest struct {
	request.Record
	Version int64 // rises with every change; 0: not kept yet
}

// KeptChain is a conversation as it is kept.
type KeptChain struct {
	request.Chain
	Version int64
}

// Filter selects requests or conversations, the last changed first; zero members
// select all.
type Filter struct {
	Dealer   string
	Customer string
	Types    []request.Type   // of requests
	Statuses []request.Status // of requests
	Open     bool             // only what something can still happen to
	Before   string           // the Next of the page before
	Most     int              // at most so many; 0 is 100
}

// Store keeps requests and conversations. Ids are told apart by their bytes.
// What is read in a transaction stays as it is until the transaction ends, or
// Save says ErrConflict.
type Store interface {
	// Together runs do in one transaction; see package store.
	Together(ctx context.Context, do func(ctx context.Context) error) error
	// AfterCommit runs do when what the context's transaction did stands, at
	// once where the context carries none, never where it fails.
	AfterCommit(ctx context.Context, do func())

	// Request returns the request with our id; ErrUnknown.
	Request(ctx context.Context, dealer, id string) (KeptRequest, error)
	// RequestByPartner returns the request with the partner's id; ErrUnknown.
	RequestByPartner(ctx context.Context, dealer, partnerID string) (KeptRequest, error)
	// RequestByMessage returns the request a message of ours was about; ErrUnknown.
	RequestByMessage(ctx context.Context, dealer, messageID string) (KeptRequest, error)
	// SaveRequest keeps a request, and the ids of messages of ours about it;
	// ErrConflict where the kept version is another one.
	SaveRequest(ctx context.Context, r KeptRequest, messages ...string) error
	// Requests returns a page; next is "" at the end.
	Requests(ctx context.Context, f Filter) (page []KeptRequest, next string, err error)

	// The same for conversations. ChainByPlace returns one with this Where: an
	// active one rather than another, and the last changed of those.
	Chain(ctx context.Context, dealer, id string) (KeptChain, error)
	ChainByPartner(ctx context.Context, dealer, partnerID string) (KeptChain, error)
	ChainByPlace(ctx context.Context, dealer, place string) (KeptChain, error)
	ChainByMessage(ctx context.Context, dealer, messageID string) (KeptChain, error)
	SaveChain(ctx context.Context, c KeptChain, messages ...string) error
	Chains(ctx context.Context, f Filter) (page []KeptChain, next string, err error)

	// MessageMark returns how far something was read, "" for not yet.
	MessageMark(ctx context.Context, dealer, name string) (string, error)
	// SetMessageMark replaces a mark; ErrConflict where it is not from any more.
	SetMessageMark(ctx context.Context, dealer, name, from, to string) error

	// EraseMessages takes away all requests and conversations of a customer and
	// says how many.
	EraseMessages(ctx context.Context, dealer, customer string) (int64, error)
	// EraseRequest takes one request away; ErrUnknown.
	EraseRequest(ctx context.Context, dealer, id string) error
	// ClearMessages takes away requests nothing can happen to any more, and
	// conversations, that nobody changed since before; at most so many of each.
	ClearMessages(ctx context.Context, before time.Time, most int) (int64, error)
}

// Queue is the part of package queue that is needed; *queue.Queue is one.
type Queue interface {
	Push(ctx context.Context, items ...queue.Item) ([]queue.Receipt, error)
	Work(ctx context.Context, lane queue.Lane, h queue.Handler, p queue.Policy) error
	Erase(ctx context.Context, dealer, customer string) (int64, error)
	EraseOrder(ctx context.Context, dealer, key string) (int64, error)
}

// Alerts takes what a person must be told. It joins a transaction of its
// context; alert.Notifier is one.
type Alerts interface {
	Alert(ctx context.Context, a alert.Alert) error
}

// Event is something that happened, fit for a metric's label.
type Event string

// The events beside those of request.Reason, which are told as they are.
const (
	Arrived       Event = "arrived"           // an inbound message was handled
	Answered      Event = "answered"          // an error message was sent (R232, R234)
	Unchecked     Event = "unchecked"         // the customer could not be looked up
	Sent          Event = "sent"              // CRS took a message
	SentAgain     Event = "sent-again"        // a message was sent that may have arrived before
	Unsure        Event = "unsure"            // nobody knows whether CRS took a message
	RefusedThere  Event = "refused-there"     // CRS refused a message's body (R193)
	HandedOver    Event = "handed-over"       // the dealer's system took a message
	HandedAgain   Event = "handed-over-again" // handed over although it may have been before
	Noticed       Event = "noticed"           // a data notice was queued (R204)
	Moved         Event = "moved"             // a move of the dealer's became a message
	MoveRefused   Event = "move-refused"      // a move of the dealer's system is not allowed
	MoveRepeated  Event = "move-repeated"     // it was made before, or is so already
	MoveUnknown   Event = "move-unknown"      // about a request nobody knows
	MoveUnfitting Event = "move-unfitting"    // the dealer's system could not tell it whole
)

// Options are what a Service is made of.
type Options struct {
	Store  Store
	Queue  Queue
	Files  attachment.Keeper
	Alerts Alerts
	Now    func() time.Time
	NewID  func() string                                    // ids nobody else has; nil: drawn at random
	Sleep  func(ctx context.Context, d time.Duration) error // returns early, with its error, when ctx ends
	Log    *slog.Logger
	// Happened is told what happened; nil: nobody.
	Happened func(dealer string, what Event)
	// NoticeEvery and MoveEvery are how often a dealer's systems are asked for
	// changes and moves. 0: 5 minutes, 1 minute.
	NoticeEvery, MoveEvery time.Duration
	// Strikes and Age park a message; see queue.Policy. 0: 12 tries, a day.
	Strikes int
	Age     time.Duration
	// Shortest and Longest bound the pauses between tries; see queue.Policy.
	Shortest, Longest time.Duration
}

// Dealer is what one dealer's part of the house can do; nil where it cannot.
type Dealer struct {
	Code      string
	Poster    adapters.MessagePoster   // nil: messages for CRS wait
	Receiver  adapters.MessageReceiver // nil: the gateway's own desk is all there is
	Customers adapters.CustomerReader  // nil: customers are not checked (R200)
	Contracts adapters.ContractReader  // nil: nobody knows which location a message concerns
	Moves     adapters.MessageSource   // nil: nobody moves requests in a system of the dealer's
	Changes   adapters.ChangeReader    // nil: no data notices (R204)
}

// Service is the messaging of all dealers. It is safe for concurrent use.
type Service struct{ o Options }

// New makes a Service.
func New(o Options) *Service {
	if o.NewID == nil {
		o.NewID = func() string { return strings.ToLower(rand.Text()) }
	}
	if o.Happened == nil {
		o.Happened = func(string, Event) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.NoticeEvery <= 0 {
		o.NoticeEvery = 5 * time.Minute
	}
	if o.MoveEvery <= 0 {
		o.MoveEvery = time.Minute
	}
	if o.Strikes <= 0 {
		o.Strikes = 12
	}
	if o.Age <= 0 {
		o.Age = 24 * time.Hour
	}
	return &Service{o}
}

// Work does everything of one dealer until ctx ends, which is no error.
func (s *Service) Work(ctx context.Context, d Dealer) error {
	g, ctx := errgroup.WithContext(ctx)
	lane := func(way queue.Direction, h queue.HandlerFunc) {
		g.Go(func() error {
			return s.o.Queue.Work(ctx, queue.Lane{Dealer: d.Code, Direction: way}, h, s.policy(d.Code, way))
		})
	}
	lane(queue.In, s.inbox(d))
	if d.Poster != nil {
		lane(queue.Out, s.outbox(d))
	}
	if d.Receiver != nil {
		lane(ToDesk, s.handover(d))
	}
	if d.Moves != nil {
		g.Go(func() error {
			return s.every(ctx, s.o.MoveEvery, "asking for moves", func(ctx context.Context) error { return s.TakeMoves(ctx, d) })
		})
	}
	if d.Changes != nil && d.Poster != nil {
		g.Go(func() error {
			return s.every(ctx, s.o.NoticeEvery, "asking for changes", func(ctx context.Context) error { return s.TakeChanges(ctx, d) })
		})
	}
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("working on messages of %s: %w", d.Code, err)
	}
	return nil
}

// every does something again and again until ctx ends. What fails is said once
// and tried again.
func (s *Service) every(ctx context.Context, pause time.Duration, what string, do func(context.Context) error) error {
	away := false
	for ctx.Err() == nil {
		err := do(ctx)
		if err != nil && ctx.Err() == nil && !away {
			s.o.Log.WarnContext(ctx, what+" failed; trying again", "err", err)
		}
		away = err != nil
		if err := s.o.Sleep(ctx, pause); err != nil && ctx.Err() == nil {
			return fmt.Errorf("waiting: %w", err)
		}
	}
	return nil
}

// policy says when a message is set aside, and that a person hears of it.
func (s *Service) policy(dealer string, way queue.Direction) queue.Policy {
	return queue.Policy{Strikes: s.o.Strikes, Age: s.o.Age, Shortest: s.o.Shortest, Longest: s.o.Longest, Parked: func(ctx context.Context, item queue.Item) error {
		title := map[queue.Direction]string{
			queue.In: "An inbound message cannot be handled", queue.Out: "A message cannot be sent to CRS",
			ToDesk: "A message cannot be handed over to the dealer's system",
		}[way]
		return s.alert(ctx, alert.Alert{
			Dealer: dealer, Cause: "message-parked-" + string(way), Title: title, Subject: fmt.Sprintf("item %d of the queue", item.Number),
			Detail: fmt.Sprintf("%s, after %d tries: %s", item.Kind, item.Tries, item.Why), Command: fmt.Sprintf("dealerbridge queue retry %d", item.Number),
		})
	}}
}

func (s *Service) alert(ctx context.Context, a alert.Alert) error {
	if s.o.Alerts == nil {
		return nil
	}
	if err := s.o.Alerts.Alert(ctx, a); err != nil {
		return fmt.Errorf("keeping an alert: %w", err)
	}
	return nil
}

func (s *Service) env() request.Env { return request.Env{Now: s.o.Now(), NewID: s.o.NewID} }

// send queues messages for CRS; it stands in a transaction.
func (s *Service) send(ctx context.Context, dealer string, messages ...*request.Outgoing) error {
	items := make([]queue.Item, 0, len(messages))
	for _, m := range messages {
		if m == nil {
			continue
		}
		items = append(items, queue.Item{
			Lane: queue.Lane{Dealer: dealer, Direction: queue.Out}, ID: m.ID, OrderKey: name(m.Order), Priority: int(m.Priority),
			Kind: m.Type, Customer: m.Customer, Body: m.Body,
		})
	}
	if _, err := s.o.Queue.Push(ctx, items...); err != nil {
		return fmt.Errorf("queueing messages for CRS: %w", err)
	}
	return nil
}
