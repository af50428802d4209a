package adapters

import (
	"context"
	"encoding/json"
	"time"
)

// MessagePoster is the capability of handing one message to the Cat Rental
// Store (R182).
type MessagePoster interface {
	// PostMessage sends one message, in one try, and says what came of it. The
	// body is sent byte for byte; a repeat is the very same body. The error, if
	// any, is a *CallError: ErrBadRequest for 402 (R193, not to be repeated
	// unchanged) and for 400, 413 and their kin, ErrForbidden for 403 (R194), ErrAddress for 404 (R195),
	// ErrCredentials for a token that is not accepted even when renewed (R197),
	// ErrService for the rest (R196). Only a nil error means it was taken.
	PostMessage(ctx context.Context, body []byte) (PostedMessage, error)
}

// PostedMessage is the partner's answer to a message.
type PostedMessage struct {
	Status int
	// Echo is the answer's body, as far as it was read (R187); it may hold
	// personal data.
	Echo json.RawMessage
	// Ambiguous: no answer was seen and the message may have been taken.
	Ambiguous bool
}

// Handover is one inbound message as it is handed to the dealer's own system.
type Handover struct {
	ID          string    // the gateway's own id of the message; the same for every repeat
	Dealer      string    // dealer code
	Type        string    // message type (R202)
	RequestType string    // for requests: purchase_order and so on
	RequestID   string    // the dealer's own id of the request or chain, "" where there is none
	Status      string    // the request's status after the message
	Customer    string    // dealer customer number, "" where there is none
	Received    time.Time // when the gateway took it
	// Body is the message as it came. Contents of files are in it.
	Body json.RawMessage
}

// MessageReceiver is the capability of taking inbound messages into the
// dealer's own system: a table of it, a web service.
type MessageReceiver interface {
	// Receive hands over one message. A repeat carries the same ID and is to
	// have no further effect. ErrUnavailable: again later. ErrNotFitting: the
	// message cannot be taken as things stand.
	Receive(ctx context.Context, h Handover) error
}

// MessageSource is the capability of fetching what the dealer's own system
// wants to tell CRS: new rows, or rows whose status changed.
type MessageSource interface {
	// Outgoing returns moves made in the dealer's system since the mark, oldest
	// first, at most limit, and the mark to go on from. A move that was returned
	// before has the same ID.
	Outgoing(ctx context.Context, mark string, limit int) ([]DealerMove, string, error)
}

// DealerMove is one thing the dealer's staff did in their own system.
type DealerMove struct {
	ID        string // stable: the same row in the same state is the same move
	RequestID string // the dealer's own id of the request; see Handover
	RemoteID  string // the partner's id, where the dealer's system kept that instead
	Status    string // the state to move to
	User      string // dealer user name
	UserName  string // full name, for display
	Title     string
	Text      string
	Date      *time.Time // updateDate
	// Disposition is the outcome of a quote or lead.
	Disposition string
	Faults      []FieldFault // what keeps the move from being sent
}
