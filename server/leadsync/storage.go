package leadsync

import (
	"context"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Store keeps what must outlive the process. Every method may stand in Together.
// Ids of leads are compared by their bytes.
type Store interface {
	// Together runs do in one transaction.
	Together(ctx context.Context, do func(ctx context.Context) error) error

	// TakeLease takes a lease that is free or over, or prolongs the owner's own;
	// false where somebody else holds it.
	TakeLease(ctx context.Context, l Lease, now time.Time) (bool, error)
	// DropLease gives a lease back; one that is lost already is no error.
	DropLease(ctx context.Context, l Lease) error
	// HoldLease prolongs a lease and keeps everybody else from it until the
	// transaction ends; ErrLeaseLost where the owner does not hold it any more.
	HoldLease(ctx context.Context, l Lease, now time.Time) error

	// LeadMark returns a note about a dealer, "" where there is none.
	LeadMark(ctx context.Context, dealer, name string) (string, error)
	SetLeadMark(ctx context.Context, dealer, name, value string) error

	// AddLeadCall keeps a call and returns its number.
	AddLeadCall(ctx context.Context, c Call) (int64, error)
	// SaveLeadCall replaces what is kept of a call; Raw only where it is not nil.
	SaveLeadCall(ctx context.Context, c Call) error
	// LeadCalls returns the calls in some states, oldest first, answers included.
	LeadCalls(ctx context.Context, dealer string, states ...CallState) ([]Call, error)

	// LeadsByID returns the leads there are of some, in any order.
	LeadsByID(ctx context.Context, dealer string, ids []string) ([]Lead, error)
	// LeadsByRow returns the leads there are of some, by RowKey.
	LeadsByRow(ctx context.Context, dealer string, keys []string) ([]Lead, error)
	// SaveLead adds or replaces a lead. One that was erased stays so.
	SaveLead(ctx context.Context, l Lead) error
	// NoteLeadRows replaces the journal of a lead alone.
	NoteLeadRows(ctx context.Context, dealer, id string, rows []adapters.CRMRow) error
	// LeadsToWrite returns leads that are due, the longest due first.
	LeadsToWrite(ctx context.Context, dealer string, now time.Time, limit int) ([]Lead, error)
	// MakeLeadsDue makes some leads due that have something to write; all that are
	// held or failed where ids is nil. It tells how many.
	MakeLeadsDue(ctx context.Context, dealer string, ids []string, at time.Time) (int, error)
	// LeadsToCheck returns leads to look at again, and those of which an update
	// is held, behind an id, in order.
	LeadsToCheck(ctx context.Context, dealer, after string, limit int) ([]Lead, error)
	// LeadsInCRM returns the leads that stand in the CRM, behind an id, in order.
	LeadsInCRM(ctx context.Context, dealer, after string, limit int) ([]Lead, error)
	// ListLeads lists leads by their ids.
	ListLeads(ctx context.Context, f Filter) ([]Lead, error)
	LeadCounts(ctx context.Context, dealer string) (Counts, error)

	AddLeadReceipt(ctx context.Context, r Receipt) error
	// LeadReceipts returns the versions of a lead, oldest first, raw text included;
	// with pending only those that are not written.
	LeadReceipts(ctx context.Context, dealer, lead string, pending bool) ([]Receipt, error)
	// PendingReceipts returns the versions of some leads that are not written, by
	// lead, oldest first, raw text included: of as many of the leads, in their
	// order, as have no more than some bytes together.
	PendingReceipts(ctx context.Context, dealer string, leads []string, bytes int) (map[string][]Receipt, error)
	// SettleLeadReceipt notes what became of a version.
	SettleLeadReceipt(ctx context.Context, id int64, state ReceiptState, outcome adapters.WriteOutcome, at time.Time) error

	AddLeadUpdate(ctx context.Context, u Update) error
	SaveLeadUpdate(ctx context.Context, u Update) error
	// NextLeadUpdates returns, of leads whose first update that is not through is
	// due, that update; oldest first.
	NextLeadUpdates(ctx context.Context, dealer string, now time.Time, limit int) ([]Update, error)
	// LeadUpdates returns the updates of a lead in order; of all leads of the dealer
	// where lead is "". Without states it is those in any.
	LeadUpdates(ctx context.Context, dealer, lead string, states ...UpdateState) ([]Update, error)

	// EraseLead removes everything of a lead but its id; calls that brought it
	// lose their answers. ErrNoLead where there is none.
	EraseLead(ctx context.Context, dealer, id string) error
	// ForgetLeads removes answers, versions and updates that came to their end
	// before the times given, in batches of at most limit; it tells how many.
	ForgetLeads(ctx context.Context, dealer string, before Ages, limit int) (int, error)
}

// Ages are times before which things are forgotten.
type Ages struct{ Answers, Leads, Updates time.Time }
