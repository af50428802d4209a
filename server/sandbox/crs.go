package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// MessagePath is where the Cat Rental Store takes messages below the sandbox's
// address.
const MessagePath = "/crs/api/v1/message"

// Desk is the portal's side of one request: what a customer asked for and what
// became of it.
type Desk struct {
	ID       string `json:"id"`                 // the portal's: localId in what it sends (R215)
	DealerID string `json:"dealerId,omitempty"` // the dealer's, once it was told
	Dealer   string `json:"dealer"`
	Customer string `json:"customer,omitempty"`
	Type     string `json:"type"`
	Status   string `json:"status"`
	// QuoteRequired is for quotes alone (R262).
	QuoteRequired bool `json:"quoteRequired,omitempty"`
	// Away: the dealer gave the lead back, it is nobody's at present (R275).
	Away        bool              `json:"away,omitempty"`
	Disposition string            `json:"disposition,omitempty"`
	FromDealer  bool              `json:"fromDealer,omitempty"` // the dealer started it (R237)
	Request     json.RawMessage   `json:"request"`              // as it was first sent
	Updates     []json.RawMessage `json:"updates"`              // in order, of both sides
}

// Talk is the portal's side of one conversation about a machine.
type Talk struct {
	ID       string        `json:"id"`
	DealerID string        `json:"dealerId,omitempty"`
	Dealer   string        `json:"dealer"`
	Customer string        `json:"customer"`
	Active   bool          `json:"active"`
	Contract string        `json:"contract"`
	Serial   string        `json:"serial"`
	Messages []TalkMessage `json:"messages"` // oldest first
}

// TalkMessage is one message of a conversation.
type TalkMessage struct {
	At   time.Time `json:"at"` // when it reached the portal, which counts (R285)
	By   string    `json:"by"`
	Text string    `json:"text"`
}

// Mail is one message on its way to a dealer.
type Mail struct {
	ID     string `json:"id"` // submittedMessageId
	Dealer string `json:"dealer"`
	About  string `json:"about"`          // id of the request or conversation, "" for none
	Tries  int    `json:"tries"`          // calls that were made for it
	State  string `json:"state"`          // waiting, delivered, refused
	Status int    `json:"status"`         // of the last answer, 0 for none
	Echo   string `json:"echo,omitempty"` // the beginning of the last answer

	body []byte
}

// The states of a Mail.
const (
	mailWaits     = "waiting"
	mailDelivered = "delivered"
	mailRefused   = "refused" // 402: it is not repeated (R193)
)

// Note is one message that came from a dealer, and what the portal made of it.
type Note struct {
	MessageID string `json:"messageId"`
	Dealer    string `json:"dealer"`
	Type      string `json:"type"`
	About     string `json:"about,omitempty"`
	Status    string `json:"status,omitempty"`
	// Verdict is accepted, repeat, refused (402 by message, R232), unknown (404 by
	// message, R234), error (the dealer's side found fault with a message of
	// ours) or refresh.
	Verdict string          `json:"verdict"`
	Why     string          `json:"why,omitempty"`
	Body    json.RawMessage `json:"body"`
}

// Pull is one page the portal fetched because it was told of a change (R204).
type Pull struct {
	Dealer   string `json:"dealer"`
	Path     string `json:"path"`
	Customer string `json:"customer"`
	Page     int    `json:"page"`
	Status   int    `json:"status"` // 0: no answer
	Items    int    `json:"items"`
}

// portal is everything the Cat Rental Store remembers.
type portal struct {
	desks  map[string]*Desk
	talks  map[string]*Talk
	mails  []*Mail
	notes  []Note
	seen   map[string][]byte // echoes by dealer, client, message id and content (R208)
	pulls  []Pull
	toPull []Pull
	made   int // ids given away
	moved  chan struct{}
}

func newPortal() portal {
	return portal{desks: map[string]*Desk{}, talks: map[string]*Talk{}, seen: map[string][]byte{}, moved: make(chan struct{})}
}

// wake tells whoever waits that something happened. The lock is held.
func (s *Sandbox) wake() {
	close(s.crs.moved)
	s.crs.moved = make(chan struct{})
}

// id makes an id; the same seed and order give the same ones. The lock is held.
func (s *Sandbox) id(kind string) string {
	s.crs.made++
	return fmt.Sprintf("%s-%d-%05d", kind, s.seed, s.crs.made)
}

// stamp is the present moment as messages have it.
func (s *Sandbox) stamp() string { return s.options.Now().UTC().Format(time.RFC3339) }

// send queues a message for a dealer, behind those that wait (R185). The lock is
// held.
func (s *Sandbox) send(dealer, customer, kind, about string, payload object) *Mail {
	m := &Mail{ID: s.id("sbx"), Dealer: dealer, About: about, State: mailWaits}
	m.body = jsonOf(object{
		"dealerCode": dealer, "customerNumber": orNull(customer), "submittedMessageId": m.ID, "submittedTime": s.stamp(),
		"messageType": kind, "payload": payload,
	})
	s.crs.mails = append(s.crs.mails, m)
	s.wake()
	return m
}

// object is a JSON object that is being made.
type object = map[string]any

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// jsonOf writes what consists of texts, numbers, maps and slices.
func jsonOf(v any) json.RawMessage {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}

// Desks gives all requests by their ids.
func (s *Sandbox) Desks() []Desk {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Desk, 0, len(s.crs.desks))
	for _, id := range slices.Sorted(maps.Keys(s.crs.desks)) {
		d := *s.crs.desks[id]
		d.Updates = slices.Clone(d.Updates)
		out = append(out, d)
	}
	return out
}

// Talks gives all conversations by their ids.
func (s *Sandbox) Talks() []Talk {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Talk, 0, len(s.crs.talks))
	for _, id := range slices.Sorted(maps.Keys(s.crs.talks)) {
		t := *s.crs.talks[id]
		t.Messages = slices.Clone(t.Messages)
		out = append(out, t)
	}
	return out
}

// Mails gives all messages to dealers in their order.
func (s *Sandbox) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Mail, 0, len(s.crs.mails))
	for _, m := range s.crs.mails {
		out = append(out, *m)
	}
	return out
}

// Notes gives all messages that came from dealers, repeats included, in order.
func (s *Sandbox) Notes() []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.crs.notes)
}

// Pulls gives all pages that were fetched.
func (s *Sandbox) Pulls() []Pull {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.crs.pulls)
}

// PortalState counts what happened between the portal and its dealers.
type PortalState struct {
	Requests  int            `json:"requests"`
	Talks     int            `json:"talks"`
	Waiting   int            `json:"waiting"`   // messages to dealers
	Delivered int            `json:"delivered"` // and those that got through
	Refused   int            `json:"refused"`   // and those a dealer refused with 402
	Verdicts  map[string]int `json:"verdicts"`  // messages of dealers
	Pulls     int            `json:"pulls"`
}

// portalState counts. The lock is held.
func (s *Sandbox) portalState() PortalState {
	p := PortalState{Requests: len(s.crs.desks), Talks: len(s.crs.talks), Verdicts: map[string]int{}, Pulls: len(s.crs.pulls)}
	for _, m := range s.crs.mails {
		switch m.State {
		case mailWaits:
			p.Waiting++
		case mailDelivered:
			p.Delivered++
		case mailRefused:
			p.Refused++
		}
	}
	for _, n := range s.crs.notes {
		p.Verdicts[n.Verdict]++
	}
	return p
}
