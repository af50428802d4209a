package adapters

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// ErrNotFitting says that a lead or a message cannot be written as things stand:
// a value the column cannot hold, a code without a meaning. It arrives as a
// *NotFitting, which lists everything; nothing was written.
var ErrNotFitting = errors.New("it does not fit the dealer's system")

// NotFitting lists all that keeps one lead from being written.
type NotFitting struct{ Faults []FieldFault }

// Error names the fields and never a value.
func (n *NotFitting) Error() string {
	parts := make([]string, len(n.Faults))
	for i, f := range n.Faults {
		parts[i] = f.String()
	}
	return ErrNotFitting.Error() + ": " + strings.Join(parts, "; ")
}

// Unwrap gives the kind of error.
func (n *NotFitting) Unwrap() error { return ErrNotFitting }

// FieldFault is one reason why something is held. It names no value.
type FieldFault struct {
	Field  string // a column when writing ("CONTACT.NAME"), a member of the update when reading
	Reason string // what is wrong and what to do about it, in words
}

// String gives the field and the reason.
func (f FieldFault) String() string { return fmt.Sprintf("%s: %s", f.Field, f.Reason) }

// CRMRow is one row of the dealer's CRM that belongs to a lead.
type CRMRow struct {
	Step  string            `json:"step"` // the name the mapping gives the row: "person"
	Table string            `json:"table"`
	Key   map[string]string `json:"key"` // column to value as text; personal data may be in it
	Made  bool              `json:"made"`
	// Written are marks of the values that were last written from the lead, by
	// column: a later version of the lead writes only what differs from them, so
	// that what the sales people wrote stays. They hold no value.
	Written map[string]string `json:"written,omitempty"`
}

// LeadJournal is what the gateway knows about one lead's rows. Its methods are
// durable when they return.
type LeadJournal interface {
	// Rows returns what was noted, nil for a lead never begun.
	Rows(ctx context.Context) ([]CRMRow, error)
	// Note replaces what is noted. Keys the gateway chooses itself are noted
	// before the first row that carries them is written, all others when the
	// transaction that made them stands.
	Note(ctx context.Context, rows []CRMRow) error
}

// LeadWritten says what writing one lead did.
type LeadWritten struct {
	Outcome WriteOutcome
	Rows    []CRMRow
	// DealerLeadID is the dealer's own id of the lead, for updates (R63).
	DealerLeadID string
	// Ref names the lead from now on. Its Row is set even where the CRM keeps
	// Caterpillar's lead id.
	Ref LeadRef
	// Before and After are the lead's state as this call found and left it, read
	// in the transaction that wrote, so that what sales people did meanwhile is
	// told apart from what the gateway did. Before is nil where the lead is new,
	// both are where the mapping reports nothing or the state could not be read.
	Before, After *LeadState
	// Notes are values that were not written as they came, by column.
	Notes []Note
}

// WriteOutcome is what became of a lead in the CRM.
type WriteOutcome string

// The outcomes of writing a lead.
const (
	LeadCreated  WriteOutcome = "created"
	LeadUpdated  WriteOutcome = "updated"
	LeadRepeated WriteOutcome = "repeated" // it stood there already, nothing changed
	LeadRepaired WriteOutcome = "repaired" // a half-written lead was completed
)

// LeadWriter is the capability of putting leads into the dealer's CRM.
type LeadWriter interface {
	// WriteLead makes or updates the rows of one lead, in one transaction where
	// the tables have them. Writing the same lead again changes nothing, also
	// after a crash at any point. With ErrUnavailable it may or may not have
	// been written and is to be written again. ErrNotFitting: see there.
	WriteLead(ctx context.Context, lead ReceivedLead, journal LeadJournal) (LeadWritten, error)
	// PlanLead says what WriteLead would do, and writes nothing.
	PlanLead(ctx context.Context, lead ReceivedLead, journal LeadJournal) (LeadPlanned, error)
}

// LeadPlanned is what writing a lead would do, for people; values included.
type LeadPlanned struct {
	Outcome WriteOutcome
	Rows    []PlannedRow
}

// PlannedRow is one row that would be made or changed.
type PlannedRow struct {
	Step   string
	Table  string
	Insert bool
	Values []PlannedValue // in the mapping's order
}

// PlannedValue is one column and the text it would get; nil is NULL.
type PlannedValue struct {
	Column string
	Value  *string
}

// LeadRef names a lead as the CRM knows it. Where the CRM keeps Caterpillar's
// lead id LeadID is set; otherwise only Row, the key of the lead's row, which
// the gateway compares with the rows it noted when it wrote.
type LeadRef struct {
	LeadID string
	Row    map[string]string
}

// LeadState is what the CRM says about one lead now.
type LeadState struct {
	Ref LeadRef
	// Update holds every member that could be made. LeadID may be empty, see
	// LeadRef; it is meaningless where Faults, NotYet or Gone say so.
	Update model.LeadUpdate
	// Sources tells for each member of the update which columns it came from,
	// for people: "DEAL.STAGE". No values.
	Sources map[string]string
	// Faults lists everything that keeps the update from being made; it is held
	// until the row or the map is corrected.
	Faults []FieldFault
	NotYet bool // a map says that nothing is to be sent at this point
	// Gone: the lead's row is not there any more, or a condition of the mapping
	// takes it for deleted or merged. Update is the declared outcome; NotYet is
	// set where none is declared, so that nothing is sent.
	Gone bool
	Open bool // the lead is neither closed, rejected nor disqualified
}

// LeadPages are leads that were found, named page by page, so that many of them
// need no more memory than few.
type LeadPages interface {
	// Next names at most limit leads that follow; more is false at the end. A
	// page may be empty although more follow: rows may be gone by now.
	Next(ctx context.Context, limit int) (refs []LeadRef, more bool, err error)
}

// LeadStateReader is the capability of telling what became of leads.
type LeadStateReader interface {
	// Clock is the CRM server's own clock, read before a query for changes.
	Clock(ctx context.Context) (time.Time, error)
	// ChangedLeads finds the leads whose rows, or rows that belong to them,
	// changed at or after since. Rows without stamps are not in it.
	ChangedLeads(ctx context.Context, since time.Time) (LeadPages, error)
	// AllLeads names all leads of the CRM, those that carry a lead id where it
	// keeps one, in pages: after is the last page's mark, "" to begin; the
	// answer's mark is "" at the end. It does not name leads whose rows are gone:
	// whoever knows of them asks LeadStates.
	AllLeads(ctx context.Context, after string, limit int) (refs []LeadRef, mark string, err error)
	// LeadStates reads the state of each lead, in the order of refs. A ref whose
	// row is gone has Gone set.
	LeadStates(ctx context.Context, refs []LeadRef) ([]LeadState, error)
}

// MachineStand is where a machine stands at the moment.
type MachineStand struct {
	ContractID   string
	JobsiteID    string
	JobsiteName  string
	Customer     string // the dealer customer number
	CustomerName string
}

// SerialFinder is the capability of telling where a machine stands now.
type SerialFinder interface {
	// FindSerial returns the active contracts a machine with the serial number
	// is on, by customer and contract, nil when there is none. Letter case and
	// blanks around the number do not count. Neither reservations nor machines
	// that came back are told, nor contracts that cannot be sent. ErrMapping says
	// that the mapping cannot tell.
	FindSerial(ctx context.Context, serial string) ([]MachineStand, error)
}
