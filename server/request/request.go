// Package request owns what a customer's request and a conversation about a
// machine are, and how they may change: who may move what to which state, what
// a message must hold, how the two sides' ids are paired, and what is answered
// where a message does not fit.
//
// It knows no database, no HTTP, no queue and no clock: records and messages
// come in, records, messages and effects go out. Whoever calls it keeps the
// records and carries the effects out, in one transaction.
//
// Two sides have a record of each request. The partner is CRS, which speaks for
// customers; the other side is this gateway, which speaks for the dealer. The
// whole life cycle stands in lifecycle.go, and LIFECYCLE.md is made from it.
package request

import (
	"encoding/json"
	"time"
)

// Type is a kind of request (R218).
type Type string

// The kinds of requests.
const (
	PurchaseOrder Type = "purchase_order"
	Jobsite       Type = "jobsite"
	Transfer      Type = "transfer"
	Extend        Type = "extend"
	CallOff       Type = "calloff"
	Service       Type = "service"
	Quote         Type = "quote"
	Lead          Type = "lead"
)

// Types are all kinds, in the order in which the documents describe them.
func Types() []Type {
	return []Type{PurchaseOrder, Jobsite, Transfer, Extend, CallOff, Service, Quote, Lead}
}

// named is a request of the type, with its article.
func (t Type) named() string {
	if t == Extend {
		return "an extend request"
	}
	return "a " + string(t) + " request"
}

// Status is the state of a request (R219).
type Status string

// The states.
const (
	Submitted Status = "submitted"
	Received  Status = "received"
	Scheduled Status = "scheduled"
	Quoted    Status = "quoted"
	Approved  Status = "approved"
	Canceled  Status = "canceled"
	Closed    Status = "closed"
)

// Screening stands only in the history a lead arrives with (R271).
const Screening Status = "lead_screening"

// Side is who sent something.
type Side string

// The two sides.
const (
	Partner Side = "partner" // CRS, for its customers
	Own     Side = "own"     // this gateway, for the dealer
)

// Ending says why a request is over although its state does not say so.
type Ending string

// The endings.
const (
	// ByTerritory: the lead went back to CRS for another dealer (R275).
	ByTerritory Ending = "wrong-territory"
	// NeverTaken: the partner refused the message that was to start it.
	NeverTaken Ending = "never-taken"
)

// Record is all that is known of one request.
type Record struct {
	ID        string `json:"id"`                  // ours: localId in what we send (R215)
	PartnerID string `json:"partnerId,omitempty"` // theirs; "" until they told it (R216)
	Dealer    string `json:"dealer"`              // dealer code
	Customer  string `json:"customer,omitempty"`  // dealer customer number, "" for leads (R272)
	Type      Type   `json:"type"`
	Status    Status `json:"status"`
	Origin    Side   `json:"origin"` // who started it (R237)
	// Request holds every member ever told of the request, without its ids and
	// its status; members nobody knows are kept (R210, R213).
	Request json.RawMessage `json:"request"`
	// Updates are all updates in the order in which they were handled.
	Updates []Update `json:"updates,omitempty"`
	// Base counts the updates that belong to an earlier life of a lead that came
	// back (R278).
	Base  int    `json:"base,omitempty"`
	Ended Ending `json:"ended,omitempty"`
	// CustomerUnknown: the customer number is none of the dealer's (R201).
	CustomerUnknown bool   `json:"customerUnknown,omitempty"`
	Location        string `json:"location,omitempty"` // the dealer's location it concerns, where that is known
	// StartedBy is the id of the message that started it: the gateway's id of an
	// inbound one, the submitted id of our own.
	StartedBy string    `json:"startedBy"`
	Created   time.Time `json:"created"` // when this side learnt of it
	Changed   time.Time `json:"changed"` // when something was last added
}

// Update is one step of a request's history.
type Update struct {
	Side   Side   `json:"side"`
	Status Status `json:"status"` // as it was sent
	// Keeps: the update left the state as it was (R222).
	Keeps bool `json:"keeps,omitempty"`
	// Told: it was not sent by itself but stood in a history the partner sent.
	Told bool `json:"told,omitempty"`
	// Source is the gateway's id of the inbound message, or the id of the
	// dealer's move; a repeat of either is recognised by it.
	Source string `json:"source,omitempty"`
	// MessageID is the submittedMessageId it travelled with; error messages
	// point at it (R207).
	MessageID string `json:"messageId,omitempty"`
	// Refused is the partner's error code where it did not take the update; such
	// an update has no part in the state (R233).
	Refused string    `json:"refused,omitempty"`
	At      time.Time `json:"at"` // when this side handled it
	// Body is the update as it was sent, members nobody knows included.
	Body json.RawMessage `json:"body"`
}

// Outgoing is one message to the partner, complete.
type Outgoing struct {
	ID       string          // submittedMessageId; a repeat has the same one
	Order    string          // what it must not be overtaken within: our id of the request or chain
	Customer string          // dealer customer number, "" where there is none
	Type     string          // messageType
	Priority int64           // submittedPriority (R186)
	Body     json.RawMessage // the body of the POST
}

// EffectKind says what is to be done.
type EffectKind string

// The kinds of effects.
const (
	// Answer: send Message to the partner (R232, R234).
	Answer EffectKind = "answer"
	// HandOver: give the inbound message to the dealer's people (R231).
	HandOver EffectKind = "hand-over"
	// Alert: a person has to look; Why says what happened and User who caused
	// it, where that is known.
	Alert EffectKind = "alert"
	// Note: odd but harmless; to be counted.
	Note EffectKind = "note"
)

// Reason is why an alert or a note is raised, fit for a metric's label.
type Reason string

// The reasons.
const (
	UpdateRefused   Reason = "update-refused"    // the partner refused an update of ours
	RequestUnknown  Reason = "request-unknown"   // the partner does not know the request
	ErrorUnexplain  Reason = "error-unexplained" // an error message that points at nothing of ours
	StatesDiffer    Reason = "states-differ"     // the two sides think differently of the state
	CustomerUnknown Reason = "customer-unknown"  // R201
	UpdateIllegal   Reason = "update-illegal"    // the partner sent what is not allowed now (R232)
	NothingMatches  Reason = "nothing-matches"   // the partner's update fits no request (R234)
	ClosedAlready   Reason = "closed-already"    // the partner closed it by itself before us (R256)
	StatusClash     Reason = "status-clash"      // request and update named different states (R214)
	OddPairing      Reason = "odd-pairing"       // their id is known, the id they have for ours is not
	RepeatedMessage Reason = "repeat"            // known already, nothing was done
	LeadReturned    Reason = "lead-returned"     // R278
	DataMessage     Reason = "data-message"      // R205
	OtherChainType  Reason = "other-chain-type"  // R288
)

// Effect is one consequence of a message.
type Effect struct {
	Kind    EffectKind
	Reason  Reason
	Why     string    // a sentence for people, without personal data
	User    string    // whose doing it was, as createdBy spells it; "" where unknown
	Message *Outgoing // for Answer
}

// Env is what a change is made with.
type Env struct {
	Now   time.Time
	NewID func() string // ids nobody else has, for records and messages of ours
}

// live are the updates that count: those of this life that were not refused.
func (r *Record) live() []Update {
	var out []Update
	for _, u := range r.Updates[min(r.Base, len(r.Updates)):] {
		if u.Refused == "" && u.Status != Screening {
			out = append(out, u)
		}
	}
	return out
}

// replay makes state and ending from what counts.
func (r *Record) replay() {
	r.Status = Submitted
	if r.Ended == ByTerritory {
		r.Ended = ""
	}
	for _, u := range r.live() {
		if u.Side == Own && r.Type == Lead && u.Status == Submitted && sameWords(u.Disposition(), WrongTerritory) {
			r.Ended = ByTerritory
		}
		if !u.Keeps {
			r.Status = u.Status
		}
	}
}

// Disposition is the outcome the request has now, "" where it has none.
func (r *Record) Disposition() string {
	out := ""
	for _, u := range r.live() {
		if d := u.Disposition(); d != "" {
			out = d
		}
	}
	return out
}

// Over says that nothing will move the request any more but a change of a
// lead's outcome (R225, R277).
func (r *Record) Over() bool { return r.Status == Closed || r.Ended != "" }

// copied makes a record that can be changed without changing r.
func (r *Record) copied() *Record {
	c := *r
	c.Updates = append([]Update(nil), r.Updates...)
	return &c
}
