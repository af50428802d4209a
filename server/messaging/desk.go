package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// View is a request as the desk sees it.
type View struct {
	Request request.Record
	Allowed []request.Option // what the dealer may do now
	Chains  []request.Chain  // conversations about its assets (R290)
}

// Requests returns a page of requests, the last changed first.
func (s *Service) Requests(ctx context.Context, f Filter) ([]request.Record, string, error) {
	page, next, err := s.o.Store.Requests(ctx, f)
	if err != nil {
		return nil, "", fmt.Errorf("listing requests: %w", err)
	}
	out := make([]request.Record, len(page))
	for i := range page {
		out[i] = page[i].Record
	}
	return out, next, nil
}

// Chains returns a page of conversations, the last changed first.
func (s *Service) Chains(ctx context.Context, f Filter) ([]request.Chain, string, error) {
	page, next, err := s.o.Store.Chains(ctx, f)
	if err != nil {
		return nil, "", fmt.Errorf("listing conversations: %w", err)
	}
	out := make([]request.Chain, len(page))
	for i := range page {
		out[i] = page[i].Chain
	}
	return out, next, nil
}

// Show returns one request; ErrUnknown.
func (s *Service) Show(ctx context.Context, dealer, id string) (View, error) {
	kept, err := s.o.Store.Request(ctx, dealer, id)
	if err != nil {
		return View{}, fmt.Errorf("reading a request: %w", err)
	}
	v := View{Request: kept.Record, Allowed: kept.Allowed()}
	assets := kept.Assets()
	if len(assets) == 0 || kept.Customer == "" {
		return v, nil
	}
	chains, _, err := s.o.Store.Chains(ctx, Filter{Dealer: dealer, Customer: kept.Customer, Most: 500})
	if err != nil {
		return View{}, fmt.Errorf("reading conversations: %w", err)
	}
	for _, c := range chains {
		for _, a := range assets {
			if a.Same(c.Asset) {
				v.Chains = append(v.Chains, c.Chain)
				break
			}
		}
	}
	return v, nil
}

// Chain returns one conversation; ErrUnknown.
func (s *Service) Chain(ctx context.Context, dealer, id string) (request.Chain, error) {
	kept, err := s.o.Store.Chain(ctx, dealer, id)
	if err != nil {
		return request.Chain{}, fmt.Errorf("reading a conversation: %w", err)
	}
	return kept.Chain, nil
}

// File opens a file of a request or an update of it; what is read is the file
// itself (R239). attachment.ErrGone where it is not kept any more.
func (s *Service) File(ctx context.Context, dealer string, f request.File) (io.ReadCloser, error) {
	r, err := attachment.Open(ctx, s.o.Files, dealer, f.Contents)
	if err != nil {
		return nil, fmt.Errorf("opening a file: %w", err)
	}
	return r, nil
}

// Verb is a move by the name people have for it: receive, schedule, quote,
// close and cancel, which closes with the title Canceled.
func Verb(name string) (request.Move, bool) {
	m, ok := map[string]request.Move{
		"receive": {To: request.Received}, "schedule": {To: request.Scheduled}, "quote": {To: request.Quoted}, "close": {To: request.Closed},
		"cancel": {To: request.Closed, Title: "Canceled"}, "return": {To: request.Submitted, Disposition: request.WrongTerritory},
	}[name]
	return m, ok
}

// Move makes a step of the dealer's and queues the message that tells CRS.
// ErrUnknown; request.ErrRefused as a *request.Refusal, which says what is
// allowed. A repeat of a move's ID is no second move: Message is nil.
func (s *Service) Move(ctx context.Context, dealer, id string, m request.Move) (request.Moved, error) {
	if len(m.Attachments) > 0 {
		kept, err := s.o.Store.Request(ctx, dealer, id)
		if err != nil {
			return request.Moved{}, fmt.Errorf("reading a request: %w", err)
		}
		// Refused first, so that files are kept only of what will be sent.
		if moved, err := kept.Move(m, s.env()); err != nil || moved.Message == nil {
			return moved, err // a *request.Refusal is read as it is
		}
		if m.Attachments, err = s.detached(ctx, kept.Record, m.Attachments); err != nil {
			return request.Moved{}, err
		}
		m.Stored = true
	}
	var moved request.Moved
	err := s.again(ctx, func(ctx context.Context) error {
		kept, err := s.o.Store.Request(ctx, dealer, id)
		if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		moved, err = s.move(ctx, kept, m)
		return err
	})
	if err != nil {
		return request.Moved{}, err
	}
	if moved.Message != nil {
		s.o.Happened(dealer, Moved)
	}
	return moved, nil
}

// move stands in a transaction.
func (s *Service) move(ctx context.Context, kept KeptRequest, m request.Move) (request.Moved, error) {
	moved, err := kept.Move(m, s.env())
	if err != nil || moved.Message == nil {
		return moved, err // a *request.Refusal is read as it is
	}
	if err := s.o.Store.SaveRequest(ctx, KeptRequest{*moved.Record, kept.Version}, moved.Message.ID); err != nil {
		return request.Moved{}, fmt.Errorf("keeping a request: %w", err)
	}
	return moved, s.send(ctx, kept.Dealer, moved.Message)
}

// detached puts the contents of files where those of messages are kept, and
// leaves references in their place.
func (s *Service) detached(ctx context.Context, r request.Record, files []request.File) ([]request.File, error) {
	body, err := json.Marshal(files)
	if err != nil {
		return nil, fmt.Errorf("keeping attachments: %w", err)
	}
	body, err = attachment.Detach(ctx, s.o.Files, attachment.Bundle{Dealer: r.Dealer, Customer: r.Customer, Message: r.ID, Made: s.o.Now()}, body)
	if err != nil {
		return nil, fmt.Errorf("keeping attachments: %w", err)
	}
	var out []request.File
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, fmt.Errorf("keeping attachments: %w", err)
	}
	return out, nil
}

// tries bounds how often a transaction is begun anew.
const tries = 5

// again runs do in a transaction, anew where somebody else changed the same
// thing at the same time.
func (s *Service) again(ctx context.Context, do func(ctx context.Context) error) error {
	var err error
	for range tries {
		if err = s.o.Store.Together(ctx, do); !errors.Is(err, ErrConflict) {
			return err // what do returns says what it was doing
		}
	}
	return err
}

// Start makes a request of the dealer's (R237). request.ErrRefused as a
// *request.Unfit. A repeat of n.ID gives the request that was made, without a
// message.
func (s *Service) Start(ctx context.Context, n request.New) (request.Moved, error) {
	if n.ID == "" {
		n.ID = s.o.NewID()
	}
	var started request.Moved
	err := s.again(ctx, func(ctx context.Context) error {
		known, err := s.o.Store.RequestByMessage(ctx, n.Dealer, request.StartID(n.ID))
		switch {
		case err == nil:
			started = request.Moved{Record: &known.Record}
			return nil
		case !errors.Is(err, ErrUnknown):
			return fmt.Errorf("reading a request: %w", err)
		}
		if started, err = request.Start(n, s.env()); err != nil {
			return err // a *request.Unfit is read as it is
		}
		if err := s.o.Store.SaveRequest(ctx, KeptRequest{Record: *started.Record}, started.Message.ID); err != nil {
			return fmt.Errorf("keeping a request: %w", err)
		}
		return s.send(ctx, n.Dealer, started.Message)
	})
	return started, err
}

// Answer says something in a conversation. ErrUnknown; request.ErrRefused.
func (s *Service) Answer(ctx context.Context, dealer, id string, say request.Say) (request.Said, error) {
	var said request.Said
	err := s.again(ctx, func(ctx context.Context) error {
		kept, err := s.o.Store.Chain(ctx, dealer, id)
		if err != nil {
			return fmt.Errorf("reading a conversation: %w", err)
		}
		if said, err = kept.Say(say, s.env()); err != nil {
			return err // a *request.Refusal is read as it is
		}
		return s.keepSaid(ctx, kept.Version, said)
	})
	return said, err
}

// Begin begins a conversation about an asset (R286), or goes on with the one
// there is. request.ErrRefused.
func (s *Service) Begin(ctx context.Context, dealer, customer, contract string, asset request.Asset, say request.Say) (request.Said, error) {
	var said request.Said
	err := s.again(ctx, func(ctx context.Context) error {
		kept, err := s.o.Store.ChainByPlace(ctx, dealer, request.Where(customer, contract, asset))
		switch {
		case err == nil && kept.Active:
			said, err = kept.Say(say, s.env())
		case err == nil || errors.Is(err, ErrUnknown):
			kept = KeptChain{}
			said, err = request.StartChain(dealer, customer, contract, asset, say, s.env())
		}
		if err != nil {
			return err // a *request.Refusal is read as it is
		}
		return s.keepSaid(ctx, kept.Version, said)
	})
	return said, err
}

func (s *Service) keepSaid(ctx context.Context, version int64, said request.Said) error {
	if said.Message == nil {
		return nil
	}
	if err := s.o.Store.SaveChain(ctx, KeptChain{*said.Chain, version}, said.Message.ID); err != nil {
		return fmt.Errorf("keeping a conversation: %w", err)
	}
	return s.send(ctx, said.Chain.Dealer, said.Message)
}

// Erase takes away everything that is kept of a customer: requests,
// conversations, messages in the queue and files. It says how many of all of
// them. queue.ErrBusy where a message is being handled: the rest is erased, and
// the caller asks again.
func (s *Service) Erase(ctx context.Context, dealer, customer string) (int64, error) {
	// The queue first: what it still held would make requests anew.
	queued, busy := s.o.Queue.Erase(ctx, dealer, customer)
	kept, err := s.o.Store.EraseMessages(ctx, dealer, customer)
	files, gone := s.o.Files.Erase(ctx, dealer, customer)
	if err := errors.Join(busy, err, gone); err != nil {
		return queued + kept + int64(files), fmt.Errorf("erasing a customer's messages: %w", err)
	}
	return queued + kept + int64(files), nil
}

// EraseRequest takes one request away with its files, for leads, which have no
// customer number, and with the messages about it; ErrUnknown. queue.ErrBusy
// where one of these is being handled: the caller asks again.
func (s *Service) EraseRequest(ctx context.Context, dealer, id string) error {
	kept, err := s.o.Store.Request(ctx, dealer, id)
	if err != nil {
		return fmt.Errorf("erasing a request: %w", err)
	}
	keys := []string{name(kept.ID)}
	if kept.PartnerID != "" {
		keys = append(keys, name("request:"+kept.PartnerID))
	}
	for _, key := range keys {
		if _, err := s.o.Queue.EraseOrder(ctx, dealer, key); err != nil {
			return fmt.Errorf("erasing the messages of a request: %w", err)
		}
	}
	for _, f := range kept.Files() {
		if ref, ok := attachment.ParseReference(f.Contents); ok {
			if err := s.o.Files.Drop(ctx, dealer, ref.Bundle); err != nil {
				return fmt.Errorf("erasing the files of a request: %w", err)
			}
		}
	}
	if err := s.o.Store.EraseRequest(ctx, dealer, id); err != nil {
		return fmt.Errorf("erasing a request: %w", err)
	}
	return nil
}

// clearAtOnce bounds one step of Clear.
const clearAtOnce = 500

// Clear takes away what nobody changed since before, files included.
func (s *Service) Clear(ctx context.Context, before time.Time) error {
	for {
		n, err := s.o.Store.ClearMessages(ctx, before, clearAtOnce)
		if err != nil {
			return fmt.Errorf("taking old messages away: %w", err)
		}
		if n == 0 {
			break
		}
	}
	for {
		n, err := s.o.Files.Clear(ctx, before, clearAtOnce)
		if err != nil {
			return fmt.Errorf("taking old files away: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}
