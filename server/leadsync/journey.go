package leadsync

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/changes"
)

// The errors of this package. Test with errors.Is.
var (
	// ErrNoLead: there is no such lead.
	ErrNoLead = errors.New("there is no such lead")
	// ErrLeaseLost: another process works for the dealer now. Nothing was kept.
	ErrLeaseLost = errors.New("another process works on the leads of this dealer")
	// ErrNotConnected: the dealer's mapping does not say what is asked for.
	ErrNotConnected = errors.New("the dealer's CRM is not connected for that")
)

// Lease is the right to work on a dealer's leads.
type Lease = changes.Lease

// State is how far a lead has come.
type State string

// The states of a lead.
const (
	Received State = "received" // kept, not written to the CRM yet
	Written  State = "written"  // every version that came is in the CRM
	Held     State = "held"     // does not fit the CRM; tried again by itself
	Failed   State = "failed"   // cannot be read, or could not be written for long; see Faults
	Found    State = "found"    // stood in the CRM, was never fetched
	Erased   State = "erased"   // on demand; only its id is kept, so that it is not taken again
)

// States are all states of a lead.
var States = []State{Received, Written, Held, Failed, Found, Erased}

// Fault is one reason why a lead or an update of it is held. It holds no value.
type Fault struct {
	Field  string `json:"field"`          // a column, or a member of the update
	Rule   string `json:"rule,omitempty"` // number in openapi/RULES.md, where it is one
	Reason string `json:"reason"`
}

// Lead is what is kept of one lead. Times are zero where there is none.
type Lead struct {
	Dealer string
	// ID is Caterpillar's id. An element without one, and one that is longer than
	// any id, has an id of its own that begins with "#".
	ID           string
	State        State
	First, Last  time.Time // when it came first, and last
	Repeats      int       // how often it came without anything new
	Digest       string    // of the version that came last
	DealerLeadID string    // the dealer's own id
	Ref          adapters.LeadRef
	RowKey       string            // Ref.Row as text, to find the lead by
	Rows         []adapters.CRMRow // the journal
	Outcome      adapters.WriteOutcome
	WrittenAt    time.Time
	Tries        int       // of writing, in vain, since it last worked
	Due          time.Time // when it is to be written next; zero: nothing is
	Faults       []Fault   // why it is held, or failed

	// Standing is what was queued last, or the baseline, in the form states are
	// compared in; "" where nothing was.
	Standing  string
	Baseline  time.Time // when Standing was taken without being sent
	Recheck   bool      // its state is to be looked at with the next round
	HeldSince time.Time // since when an update is held
	HeldFor   []Fault
	Update    json.RawMessage // the one that is held
	Open      bool            // as the CRM said last
	Seq       int             // number of its last update
}

// ReceiptState is what became of one version of a lead.
type ReceiptState string

// The states of a receipt.
const (
	Pending    ReceiptState = "pending"
	Put        ReceiptState = "written"
	Unreadable ReceiptState = "unreadable"
)

// Receipt is one version of a lead as it came.
type Receipt struct {
	ID      int64
	Dealer  string
	Lead    string
	Call    int64  // the call that brought it; 0: a historic read
	Source  string // FromPull or FromHistoric
	At      time.Time
	State   ReceiptState
	Notes   []adapters.LeadNote
	Outcome adapters.WriteOutcome
	Done    time.Time
	Raw     []byte // as it came; nil once its time is over
}

// Where a receipt came from.
const (
	FromPull     = "pull"
	FromHistoric = "historic"
)

// UpdateState is how far an update has come.
type UpdateState string

// The states of an update.
const (
	Queued       UpdateState = "queued"
	Sending      UpdateState = "sending" // a call was begun; found after a crash it means that it may have arrived
	Acknowledged UpdateState = "acknowledged"
	Parked       UpdateState = "parked"     // after its last try; a person replays it
	Superseded   UpdateState = "superseded" // was parked, and a later one has arrived since
)

// Update is one update on its way to Caterpillar.
type Update struct {
	ID      int64
	Dealer  string
	Lead    string
	Seq     int             // within its lead, from 1
	Body    json.RawMessage // as it is sent; nil once its time is over
	Sources map[string]string
	State   UpdateState
	Made    time.Time
	Due     time.Time
	Sent    time.Time // when a call with it was last begun
	Done    time.Time // when it was acknowledged or parked
	Calls   int       // calls it was in
	Fails   int       // calls in a row that failed because the service did
	Repeats int       // tries after one of which nobody knows whether it arrived; at most so many arrived again
	Unsure  bool      // the last call may have been acted upon
	Status  int       // of the last answer
	Answer  string    // its beginning, for people; may hold personal data
	Fault   string    // why it did not get through, in words
}

// CallState is how far a call for leads has come.
type CallState string

// The states of a call.
const (
	Begun    CallState = "begun"    // found after a crash: nobody knows what came of it
	Answered CallState = "answered" // its answer is kept, its leads are not apart yet
	Taken    CallState = "taken"    // each of its leads has its own row
	Broken   CallState = "broken"   // it brought nothing that could be kept
)

// Call is one call for leads.
type Call struct {
	ID       int64
	Dealer   string
	State    CallState
	Begun    time.Time
	Answered time.Time
	Raw      []byte // nil once its time is over, or for calls that are listed
	Leads    int
	Lost     int
	Tries    int
	Fault    string
}

// Journey is all that is known of one lead.
type Journey struct {
	Lead     Lead
	Receipts []Receipt // in the order in which they came
	Updates  []Update  // in their order
}

// Filter says which leads are listed.
type Filter struct {
	Dealer string
	States []State // none: all
	Held   bool    // only leads of which an update is held
	Parked bool    // only leads with a parked update
	After  string  // the id of the last lead of the page before
	Limit  int     // 0: 100
}

// Counts are the numbers of a dealer.
type Counts struct {
	Leads   map[State]int
	Updates map[UpdateState]int
	Held    int // updates that are held
	Repeats int // updates sent again because nobody knew whether they had arrived
}

// Progress is how far the workers are with a dealer.
type Progress struct {
	Pulled      time.Time // end of the last round that was complete
	Pushed      time.Time // end of the last look for changes
	Compared    time.Time // end of the last comparison of all leads
	Connected   bool      // the first look at the CRM is complete
	Reconciling *Reconciliation
}
