package messaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// longest is how many bytes a name in the queue may have.
const longest = 200

// name is a text the queue can find items by: longer ones are replaced by what
// stands for them.
func name(text string) string {
	if len(text) <= longest {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// inbox handles what CRS sent.
func (s *Service) inbox(d Dealer) queue.HandlerFunc {
	return func(ctx context.Context, item queue.Item, _ func(context.Context) error) queue.Outcome {
		in, err := request.Read(item.ID, item.Body)
		if err != nil || in.Dealer != d.Code {
			return queue.SetAside("it was taken and cannot be understood any more")
		}
		in.CustomerChecked, in.CustomerUnknown = s.customer(ctx, d, in)
		in.Location = s.location(ctx, d, in)
		return queue.Finish().Within(func(ctx context.Context) error {
			handle := s.receive
			conversation, err := s.aboutConversation(ctx, d, in)
			if conversation {
				handle = s.converse
			}
			var happened []Event
			if err == nil {
				happened, err = handle(ctx, d, in, item)
			}
			if err != nil {
				return err
			}
			s.o.Store.AfterCommit(ctx, func() {
				for _, e := range happened {
					s.o.Happened(d.Code, e)
				}
			})
			return nil
		})
	}
}

// aboutConversation says whether a message is about a conversation. Of error
// messages the documents show those about requests alone, so what the failed
// message was about decides.
func (s *Service) aboutConversation(ctx context.Context, d Dealer, in request.Incoming) (bool, error) {
	of, is := in.Error()
	if !is || of == "" {
		return in.Kind == "message", nil
	}
	chain, err := finder[KeptChain](s.o.Store.ChainByMessage).find(ctx, d.Code, of)
	if err != nil {
		return false, fmt.Errorf("reading what an error message is about: %w", err)
	}
	if chain != nil {
		return true, nil
	}
	asked, err := finder[KeptRequest](s.o.Store.RequestByMessage).find(ctx, d.Code, of)
	if err != nil {
		return false, fmt.Errorf("reading what an error message is about: %w", err)
	}
	if asked != nil {
		return false, nil
	}
	return in.Kind == "message", nil
}

// finder finds what is kept of a dealer by one of its names.
type finder[T any] func(ctx context.Context, dealer, name string) (T, error)

// find gives nil where nothing has the name, or none is told.
func (by finder[T]) find(ctx context.Context, dealer, name string) (*T, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	kept, err := by(ctx, dealer, name)
	switch {
	case errors.Is(err, ErrUnknown):
		return nil, nil //nolint:nilnil // as above
	case err != nil:
		return nil, err
	}
	return &kept, nil
}

// receive applies a message about a request.
func (s *Service) receive(ctx context.Context, d Dealer, in request.Incoming, item queue.Item) ([]Event, error) {
	var found request.Found
	versions := map[string]int64{}
	look := func(into **request.Record, id string, by finder[KeptRequest]) error {
		kept, err := by.find(ctx, d.Code, id)
		if kept != nil {
			versions[kept.ID] = kept.Version
			*into = &kept.Record
		}
		return err
	}
	of, _ := in.Error()
	err := errors.Join(
		look(&found.ByOwn, in.RemoteID, s.o.Store.Request),
		look(&found.ByPartner, in.LocalID, s.o.Store.RequestByPartner),
		look(&found.ByMessage, of, s.o.Store.RequestByMessage))
	if err != nil {
		return nil, fmt.Errorf("reading requests: %w", err)
	}
	r, effects := request.Receive(found, in, s.env())
	about := subject{in: in, kind: "request"}
	if r != nil {
		if err := s.o.Store.SaveRequest(ctx, KeptRequest{Record: *r, Version: versions[r.ID]}); err != nil {
			return nil, fmt.Errorf("keeping a request: %w", err)
		}
		about.id, about.requestType, about.status, about.location = r.ID, r.Type, r.Status, r.Location
	}
	return s.carryOut(ctx, d, about, effects, item)
}

// converse applies a message of a conversation.
func (s *Service) converse(ctx context.Context, d Dealer, in request.Incoming, item queue.Item) ([]Event, error) {
	var found request.FoundChain
	versions := map[string]int64{}
	look := func(into **request.Chain, id string, by finder[KeptChain]) error {
		kept, err := by.find(ctx, d.Code, id)
		if kept != nil {
			versions[kept.ID] = kept.Version
			*into = &kept.Chain
		}
		return err
	}
	of, _ := in.Error()
	err := errors.Join(
		look(&found.ByOwn, in.RemoteID, s.o.Store.Chain),
		look(&found.ByPartner, in.LocalID, s.o.Store.ChainByPartner),
		look(&found.ByPlace, in.Where(), s.o.Store.ChainByPlace),
		look(&found.ByMessage, of, s.o.Store.ChainByMessage))
	if err != nil {
		return nil, fmt.Errorf("reading conversations: %w", err)
	}
	c, effects := request.ReceiveChain(found, in, s.env())
	about := subject{in: in, kind: "conversation"}
	if c != nil {
		if err := s.o.Store.SaveChain(ctx, KeptChain{Chain: *c, Version: versions[c.ID]}); err != nil {
			return nil, fmt.Errorf("keeping a conversation: %w", err)
		}
		about.id, about.location = c.ID, c.Location
	}
	return s.carryOut(ctx, d, about, effects, item)
}

// subject is what an inbound message turned out to be about.
type subject struct {
	in          request.Incoming
	kind        string
	id          string // ours
	requestType request.Type
	status      request.Status
	location    string
}

func (a subject) topic() alert.Topic {
	return alert.Topic{Request: string(a.requestType), Location: a.location}
}

// words are what is said of effects in mails.
var words = map[request.Reason]string{
	request.UpdateRefused: "CRS refused an update", request.RequestUnknown: "CRS does not know a request",
	request.ErrorUnexplain: "CRS refused something that was not sent from here", request.StatesDiffer: "CRS and this side think differently of a request",
	request.CustomerUnknown: "A message names a customer that is not known here",
}

// carryOut does what a message led to, all of it in the transaction that keeps
// it.
func (s *Service) carryOut(ctx context.Context, d Dealer, about subject, effects []request.Effect, item queue.Item) ([]Event, error) {
	happened := []Event{Arrived}
	for _, e := range effects {
		var err error
		switch e.Kind {
		case request.Answer:
			happened = append(happened, Answered)
			err = s.send(ctx, d.Code, e.Message)
		case request.HandOver:
			err = errors.Join(s.toDesk(ctx, d, about, item), s.arrival(ctx, d, about, e))
		case request.Alert:
			happened = append(happened, Event(e.Reason))
			detail := e.Why
			if e.User != "" {
				detail += "; made by " + e.User
			}
			err = s.alert(ctx, alert.Alert{
				Dealer: d.Code, Cause: "message-" + string(e.Reason), Title: words[e.Reason], Subject: about.name(item), Detail: detail,
				Command: about.command(d.Code), Topic: about.topic(),
			})
		case request.Note:
			happened = append(happened, Event(e.Reason))
		}
		if err != nil {
			return nil, err
		}
	}
	return happened, nil
}

func (a subject) name(item queue.Item) string {
	if a.id == "" {
		return fmt.Sprintf("item %d of the queue", item.Number)
	}
	return a.kind + " " + a.id
}

func (a subject) command(dealer string) string {
	switch {
	case a.id == "":
		return ""
	case a.kind == "conversation":
		return "dealerbridge requests chains --dealer " + dealer
	}
	return show(dealer, a.id)
}

// show is the command that shows a request.
func show(dealer, id string) string {
	return fmt.Sprintf("dealerbridge requests show --dealer %s %s", dealer, id)
}

// arrival tells a person that somebody waits (R231).
func (s *Service) arrival(ctx context.Context, d Dealer, about subject, e request.Effect) error {
	if _, is := about.in.Error(); is {
		return nil // the alert says it
	}
	detail := e.Why
	if about.requestType != "" {
		detail = fmt.Sprintf("%s: %s, %s", about.requestType, e.Why, about.status)
	}
	return s.alert(ctx, alert.Alert{
		Dealer: d.Code, Cause: "message-arrived-" + about.kind, Title: "A customer's " + about.kind + " waits for an answer",
		Subject: about.name(queue.Item{}), Detail: detail, Command: about.command(d.Code), Topic: about.topic(),
	})
}

// handed is the body of an item that waits for the dealer's own system.
type handed struct {
	Type        string          `json:"type"`
	RequestType string          `json:"requestType,omitempty"`
	RequestID   string          `json:"requestId,omitempty"`
	Status      string          `json:"status,omitempty"`
	Customer    string          `json:"customer,omitempty"`
	Received    time.Time       `json:"received"`
	Message     json.RawMessage `json:"message"`
}

// toDesk queues a message for the dealer's own system, where there is one.
func (s *Service) toDesk(ctx context.Context, d Dealer, about subject, item queue.Item) error {
	if d.Receiver == nil {
		return nil
	}
	body, err := json.Marshal(handed{
		Type: about.in.Kind, RequestType: string(about.requestType), RequestID: about.id, Status: string(about.status),
		Customer: about.in.Customer, Received: item.Enqueued, Message: item.Body,
	})
	if err != nil {
		return fmt.Errorf("preparing a handover: %w", err)
	}
	_, err = s.o.Queue.Push(ctx, queue.Item{
		Lane: queue.Lane{Dealer: d.Code, Direction: ToDesk}, ID: item.ID, OrderKey: name(about.id), Priority: item.Priority,
		Kind: item.Kind, Customer: item.Customer, Body: body,
	})
	if err != nil {
		return fmt.Errorf("queueing a handover: %w", err)
	}
	return nil
}
