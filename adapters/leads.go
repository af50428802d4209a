package adapters

import (
	"context"
	"encoding/json"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// LeadSource is the capability of fetching leads from Caterpillar.
type LeadSource interface {
	// Leads fetches leads that were not handed out yet, and changed ones
	// (R29, R30); limit is 1 to 100 (R34). The answer is good even beside an
	// error: what was taken is in Leads, what may be gone is in Lost. A round
	// ends with an answer without leads, not with a short one (R35).
	Leads(ctx context.Context, limit int) (LeadAnswer, error)
	// Historic fetches one page of the leads handed out before that were made
	// between two days, both included, in the zone they carry (R51 to R58).
	// limit is 1 to 100, offset counts leads. A page shorter than limit is the
	// last one. Reading it changes nothing, so Lost is always 0.
	Historic(ctx context.Context, first, last time.Time, offset, limit int) (LeadAnswer, error)
	// Reread understands a stored LeadAnswer.Raw, or the Raw of one lead, once
	// more. What can be read is returned beside ErrAnswer too.
	Reread(raw []byte) ([]ReceivedLead, error)
}

// LeadUpdater is the capability of reporting to Caterpillar what became of
// leads.
type LeadUpdater interface {
	// PostUpdates sends updates in one call (R59), in the order given. Nothing
	// is checked here. Each further try repeats the very same bytes. With an
	// error the updates may still have arrived where Ambiguous says so; a
	// repeat of the same state does no harm. No updates are no call.
	PostUpdates(ctx context.Context, updates []model.LeadUpdate) (PostAnswer, error)
}

// LeadAnswer is what one call for leads brought.
type LeadAnswer struct {
	// Raw is the body exactly as it came, nil where there was none. Beside
	// ErrAnswer it is what could not be read, as far as it came.
	Raw   []byte
	Leads []ReceivedLead // in the order of the answer
	// Lost counts tries after which the service may have counted leads as
	// handed out although their answer did not arrive or could not be read
	// whole. Such leads are only found again by Historic (R29, R104).
	Lost  int
	Tries int
}

// ReceivedLead is one lead as it came and as it was understood.
type ReceivedLead struct {
	// Raw are the bytes of this lead within the answer, untouched.
	Raw json.RawMessage
	// Lead holds what could be understood: text without blanks around it,
	// numbers and yes-or-no members from text where need be (R50), empty text
	// and null as nil (R26), days as 2006-01-02 and moments as RFC 3339, the
	// latter without an offset where none came. LeadID is empty where the
	// element has none.
	Lead model.Lead
	// Notes say what was odd, ordered by member. Nothing is refused for it
	// (R48).
	Notes []LeadNote
}

// LeadNote is one oddity of a lead. It holds no value, so it may be logged.
type LeadNote struct {
	Member string // as the specification spells it; as it came, cut short, where that knows none
	Oddity Oddity
}

// Oddity says in what way a member left the specification.
type Oddity string

// The oddities of a lead.
const (
	OutsideList   Oddity = "outside-list"   // a value its list does not have; kept
	OtherType     Oddity = "other-type"     // number as text, text as number and so on; converted
	NotUnderstood Oddity = "not-understood" // no value of its type at all; nil, see Raw
	OverLong      Oddity = "over-long"      // longer than the specification says; kept whole
	OddSpelling   Oddity = "odd-spelling"   // the name is spelt another way; taken
	UnknownMember Oddity = "unknown-member" // the specification does not know it; see Raw
	RepeatedName  Oddity = "repeated"       // stands there several times; the last one is taken
	BadText       Oddity = "bad-text"       // bytes that are no UTF-8, replaced by U+FFFD; see Raw
	MissingMember Oddity = "missing"        // leadId or leadState is not there
	NotALead      Oddity = "not-a-lead"     // the element is no object; see Raw
)

// PostAnswer is what came of sending updates.
type PostAnswer struct {
	Status int // of the last answer, 0 where there was none
	// Body is the beginning of that answer, for people: its form is described
	// nowhere (R61). It may hold personal data.
	Body      []byte
	Tries     int
	Ambiguous bool // a try before the last one, or the last, may have been acted upon although no success was seen
}
