package sandbox

import "slices"

// The states of requests (R219).
const (
	isSubmitted = "submitted"
	isReceived  = "received"
	isScheduled = "scheduled"
	isQuoted    = "quoted"
	isApproved  = "approved"
	isCanceled  = "canceled"
	isClosed    = "closed"
)

// The kinds of requests (R218).
const (
	orderNumber = "purchase_order"
	siteChange  = "jobsite"
	transfer    = "transfer"
	extend      = "extend"
	callOff     = "calloff"
	serviceCall = "service"
	quote       = "quote"
	crsLead     = "lead"
)

var (
	dated = []string{transfer, callOff, serviceCall}
	short = []string{orderNumber, siteChange, extend}
	kinds = []string{orderNumber, siteChange, transfer, extend, callOff, serviceCall, quote, crsLead}
)

// wrongTerritory gives a lead back (R275).
const wrongTerritory = "Wrong Territory"

// step is one thing a dealer may do, as the portal reads the rules.
type step struct {
	from, to string
	kinds    []string // none: all but leads
	when     func(d *Desk, u dealerUpdate) bool
}

// dealerUpdate is what counts of an update when it is judged.
type dealerUpdate struct {
	Status      string
	Title       string
	Disposition string
}

var dealerSteps = []step{
	{from: isSubmitted, to: isReceived}, // R220
	{from: isReceived, to: isScheduled, kinds: dated},
	{from: isReceived, to: isClosed, kinds: short},
	{from: isScheduled, to: isClosed, kinds: dated},
	{from: isReceived, to: isQuoted, kinds: []string{quote}},
	{from: isReceived, to: isClosed, kinds: []string{quote}, when: func(d *Desk, _ dealerUpdate) bool { return !d.QuoteRequired }}, // R262
	{from: isApproved, to: isClosed, kinds: []string{quote}},
	{from: isCanceled, to: isClosed}, // R224
	{ // R257: how a dealer cancels by itself
		from: isReceived, to: isClosed, kinds: []string{callOff},
		when: func(_ *Desk, u dealerUpdate) bool { return u.Title == "Canceled" },
	},
	{ // R275
		from: isSubmitted, to: isSubmitted, kinds: []string{crsLead},
		when: func(_ *Desk, u dealerUpdate) bool { return u.Disposition == wrongTerritory },
	},
	{from: isSubmitted, to: isClosed, kinds: []string{crsLead}},
	{from: isClosed, to: isClosed, kinds: []string{crsLead}}, // R277
}

// mayDealer says whether a dealer's update is allowed now (R232).
func mayDealer(d *Desk, u dealerUpdate) bool {
	if d.Away {
		return false
	}
	for _, s := range dealerSteps {
		fits := len(s.kinds) == 0 && d.Type != crsLead || slices.Contains(s.kinds, d.Type)
		if fits && s.from == d.Status && s.to == u.Status && (s.when == nil || s.when(d, u)) {
			return true
		}
	}
	return false
}

// Act is what a customer does, or the portal by itself.
type Act string

// The acts.
const (
	MoreInfo Act = "moreInfo" // the customer says something; the state stays (R222)
	Cancel   Act = "cancel"   // from anything but closed (R223)
	Approve  Act = "approve"  // a quote
	End      Act = "end"      // the portal closes a call-off whose contract is over (R256)
	Return   Act = "return"   // a lead that was given back comes again (R278)
)

// mayPortal says which state an act leads to, "" where it is not allowed now.
func mayPortal(d *Desk, a Act) string {
	switch {
	case a == MoreInfo && d.Type != crsLead && d.Status != isClosed && d.Status != isCanceled:
		return d.Status
	case a == Cancel && d.Type != crsLead && d.Status != isClosed && d.Status != isCanceled:
		return isCanceled
	case a == Approve && d.Type == quote && d.Status == isQuoted:
		return isApproved
	case a == End && d.Type == callOff && d.Status != isClosed:
		return isClosed
	case a == Return && d.Type == crsLead && d.Away:
		return isSubmitted
	}
	return ""
}
