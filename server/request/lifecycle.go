package request

import (
	"fmt"
	"slices"
	"strings"
)

// Actor is who makes a step.
type Actor string

// The actors. CRS and customers are on the partner's side.
const (
	Customer  Actor = "customer"
	Dealer    Actor = "dealer"
	Automatic Actor = "CRS"
)

// Need is a condition of a step.
type Need string

// The conditions.
const (
	// QuoteNotRequired: the request says quoteRequired false, as a boolean, as
	// text or as empty text (R262, R263).
	QuoteNotRequired Need = "quoteRequired is false"
	// QuoteAttached: the update carries the quote (R264).
	QuoteAttached Need = "the quote is attached"
	// TitledCanceled: the update's title is Canceled (R224).
	TitledCanceled Need = "title Canceled"
	// TerritoryWrong: the disposition is Wrong Territory (R275).
	TerritoryWrong Need = "disposition Wrong Territory"
	// OtherOutcome: a disposition that differs from the present one (R277).
	OtherOutcome Need = "another disposition"
)

// Advice is what a step should carry and may lack; its absence is a warning.
type Advice string

// The advice.
const (
	NoAdvice       Advice = ""
	TransportDate  Advice = "updateDate, when transport is needed" // R250
	ServiceDate    Advice = "updateDate"                           // R259
	ContractEnd    Advice = "updateDate, the end of the contract"  // R255
	OutcomeAdvised Advice = "disposition"                          // R265, R276
)

// What is no state: before there is a request, and of a step that leaves the
// state as it is.
const (
	nothing Status = ""
	keeps   Status = ""
)

// WrongTerritory is the disposition that sends a lead back (R275).
const WrongTerritory = "Wrong Territory"

const (
	titleCanceled = "Canceled"   // R224
	internalUser  = "crs-server" // createdBy of what CRS does by itself
)

// Step is one way in which requests of some types may change. Whatever no step
// allows is an error (R225, R232).
type Step struct {
	Types  []Type
	From   []Status // nothing: there is no request yet
	To     Status   // keeps: the state stays
	By     Actor
	Need   Need
	Advice Advice
	Ends   Ending // what the step ends although the state does not say so
	// Inferred: the documents show no such step; it follows from others.
	Inferred bool
	Rules    string
	What     string
}

// Steps returns the life cycle of all types: every row, and nothing else,
// decides what is allowed.
func Steps() []Step { return slices.Clone(steps) }

var (
	talking   = []Type{PurchaseOrder, Jobsite, Transfer, Extend, CallOff, Service, Quote} // all but leads (R270)
	planned   = []Type{Transfer, CallOff, Service}                                        // those with a date to keep
	unplanned = []Type{PurchaseOrder, Jobsite, Extend}
)

var steps = []Step{
	{
		Types: Types(), From: []Status{nothing}, To: Submitted, By: Customer,
		Rules: "R212, R271", What: "a customer makes a request; a lead arrives with its history",
	},
	{
		Types: Types(), From: []Status{nothing}, To: Submitted, By: Dealer, Inferred: true,
		Rules: "R237", What: "the dealer makes a request for a customer",
	},
	{
		Types: talking, From: []Status{Submitted}, To: keeps, By: Customer,
		Rules: "R222", What: "more information; the state stays",
	},
	{
		Types: talking, From: []Status{Received, Scheduled, Quoted, Approved}, To: keeps, By: Customer, Inferred: true,
		Rules: "R222", What: "more information later on; the state stays, also where the customer's side had not seen the dealer's last step",
	},
	{
		Types: talking, From: []Status{Submitted}, To: Received, By: Dealer,
		Rules: "R220", What: "the dealer has it",
	},
	{
		Types: unplanned, From: []Status{Received}, To: Closed, By: Dealer,
		Rules: "R221, R242", What: "done as wished; with title Canceled: not done",
	},
	{
		Types: []Type{Transfer}, From: []Status{Received}, To: Scheduled, By: Dealer, Advice: TransportDate,
		Rules: "R247, R250", What: "planned",
	},
	{
		Types: []Type{Service}, From: []Status{Received}, To: Scheduled, By: Dealer, Advice: ServiceDate,
		Rules: "R258, R259", What: "planned",
	},
	{
		Types: []Type{CallOff}, From: []Status{Received}, To: Scheduled, By: Dealer, Advice: ContractEnd,
		Rules: "R254, R255", What: "planned; the date is the end of the contract, not the pick-up",
	},
	{
		Types: planned, From: []Status{Scheduled}, To: Closed, By: Dealer,
		Rules: "R251, R256, R260", What: "done; a call-off needs no closing, CRS does it",
	},
	{
		Types: []Type{CallOff}, From: []Status{Submitted, Received, Scheduled, Canceled, Closed}, To: Closed, By: Automatic, Inferred: true,
		Rules: "R256", What: "the contract is no longer active; that the dealer closed it at the same time does no harm",
	},
	{
		Types: []Type{CallOff}, From: []Status{Received}, To: Closed, By: Dealer, Need: TitledCanceled, Inferred: true,
		Rules: "R256, R257", What: "the dealer does not call the machine off",
	},
	{
		Types: []Type{Quote}, From: []Status{Received}, To: Closed, By: Dealer, Need: QuoteNotRequired, Advice: OutcomeAdvised,
		Rules: "R262, R265", What: "the rental was approved from the beginning",
	},
	{
		Types: []Type{Quote}, From: []Status{Received}, To: Quoted, By: Dealer, Need: QuoteAttached, Inferred: true,
		Rules: "R262, R264", What: "the dealer offers",
	},
	{
		Types: []Type{Quote}, From: []Status{Quoted}, To: Approved, By: Customer, Inferred: true,
		Rules: "R262", What: "the customer takes the offer",
	},
	{
		Types: []Type{Quote}, From: []Status{Approved}, To: Closed, By: Dealer, Advice: OutcomeAdvised, Inferred: true,
		Rules: "R262, R265", What: "the rental is made",
	},
	{
		Types: talking, From: []Status{Submitted, Received, Scheduled, Quoted, Approved, Canceled}, To: Canceled, By: Customer,
		Rules: "R223", What: "the customer does not want it any more",
	},
	{
		Types: talking, From: []Status{Canceled}, To: Closed, By: Dealer, Need: TitledCanceled,
		Rules: "R224", What: "the dealer confirms that it is canceled",
	},
	{
		Types: []Type{Lead}, From: []Status{Submitted}, To: Submitted, By: Dealer, Need: TerritoryWrong, Ends: ByTerritory,
		Rules: "R275", What: "not this dealer's lead; CRS gives it to another and nothing more is done here",
	},
	{
		Types: []Type{Lead}, From: []Status{Submitted}, To: Closed, By: Dealer, Advice: OutcomeAdvised,
		Rules: "R276", What: "what became of it",
	},
	{
		Types: []Type{Lead}, From: []Status{Closed}, To: Closed, By: Dealer, Need: OtherOutcome,
		Rules: "R277", What: "the outcome is corrected after closing",
	},
}

// The dispositions as they are emitted (R265, R276).
var (
	rentalOutcomes = []string{
		"Won", "No Deal - Credit", "No Deal - Don’t carry requested equipment", "No Deal - No Response",
		"Lost - Availability", "Lost - Competitor", "Lost - Customer Declined",
	}
	leadOutcomes = append(slices.Clone(rentalOutcomes), "Not A Real Lead")
)

// Dispositions are the outcomes a type may be closed with; nil where it has
// none.
func Dispositions(t Type) []string {
	switch t {
	case Quote:
		return slices.Clone(rentalOutcomes)
	case Lead:
		return slices.Clone(leadOutcomes)
	}
	return nil
}

// outcome returns a disposition as it is spelled in a list, trimmed and without
// regard to case and to the form of the apostrophe.
func outcome(list []string, said string) (string, bool) {
	for _, o := range list {
		if sameWords(o, said) {
			return o, true
		}
	}
	return "", false
}

func sameWords(a, b string) bool {
	plain := func(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "’", "'") }
	return strings.EqualFold(plain(a), plain(b))
}

// Statuses are the states a type knows (R219).
func Statuses(t Type) []Status {
	var out []Status
	for _, s := range []Status{Submitted, Received, Scheduled, Quoted, Approved, Canceled, Closed} {
		if slices.ContainsFunc(steps, func(st Step) bool { return st.To == s && slices.Contains(st.Types, t) }) {
			out = append(out, s)
		}
	}
	return out
}

// allows says whether a step fits a state and an actor; conditions apart.
func (s Step) allows(t Type, from Status, by ...Actor) bool {
	return slices.Contains(s.Types, t) && slices.Contains(s.From, from) && slices.Contains(by, s.By)
}

// earlier says that a state comes before another on the type's way, so that a
// sender in it merely had not seen the later one.
func earlier(t Type, a, b Status) bool {
	if a == b {
		return true
	}
	seen := map[Status]bool{a: true}
	for todo := []Status{a}; len(todo) > 0; todo = todo[1:] {
		for _, s := range steps {
			if s.To == keeps || s.To == Canceled || s.To == Closed || seen[s.To] || !slices.Contains(s.Types, t) || !slices.Contains(s.From, todo[0]) {
				continue
			}
			if s.To == b {
				return true
			}
			seen[s.To] = true
			todo = append(todo, s.To)
		}
	}
	return false
}

// fromPartner finds the step an update of the partner makes.
func fromPartner(r *Record, to Status) (Step, bool) {
	for _, s := range steps {
		if !s.allows(r.Type, r.Status, Customer, Automatic) {
			continue
		}
		if s.To == to || s.To == keeps && earlier(r.Type, to, r.Status) {
			return s, true
		}
	}
	return Step{}, false
}

// met says whether a condition of a dealer's step holds, and what is missing
// where it does not.
func (n Need) met(r *Record, m Move) (string, bool) {
	switch n {
	case QuoteNotRequired:
		if r.QuoteRequired() {
			return "the customer asked for a quote first", false
		}
	case QuoteAttached:
		if len(m.Attachments) == 0 {
			return "the quote must be attached", false
		}
	case TitledCanceled:
		if r.Status != Canceled && !sameWords(m.Title, titleCanceled) {
			return fmt.Sprintf("from %s it can only be closed with the title %s", r.Status, titleCanceled), false
		}
	case TerritoryWrong:
		if !sameWords(m.Disposition, WrongTerritory) {
			return fmt.Sprintf("it takes the disposition %q", WrongTerritory), false
		}
	case OtherOutcome:
		if m.Disposition == "" || sameWords(m.Disposition, r.Disposition()) {
			return "only another disposition can be given now", false
		}
	}
	return "", true
}
