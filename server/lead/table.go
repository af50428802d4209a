package lead

import "github.com/dealerbridge/dealerbridge/gen/lead/model"

// row is one row of the table: when it applies, its members need a value or may
// have none.
type row struct {
	id      string
	when    func(values) bool
	needed  bool // false: the members stay empty
	members []string
	reason  string
}

// The names the table speaks of more than once.
const (
	status       = "leadStatus"
	rejectedWhy  = "rejectedReasonWhy"
	rejectedSay  = "rejectedReasonComments"
	disqualWhy   = "disqualifiedReasonWhy"
	disqualSay   = "disqualifiedReasonComments"
	contacted    = "customerContacted"
	opportunity  = "dealerOpportunityId"
	amount       = "opportunityAmount"
	probability  = "probabilityOfClosurePercentage"
	target       = "targetDate"
	noDeal       = "closedNoDeal"
	closedReason = "primaryClosedReason"
	customer     = "dealerCustomerNumber"
)

// table is the whole of the conditional rules (R64 to R95).
var table = []row{
	{
		id: "R64", when: always, needed: true, members: []string{"leadId", "dealerLeadId", status, "dealerSalesRep", "dealerSalesRepNumber"},
		reason: "every update needs it; map it to a column that is filled",
	},
	{
		id: "R87", when: always, needed: true, members: []string{"currencyIsoCode"},
		reason: "every update needs a currency, whatever its status; map it, or give the dealer's own as a fixed value",
	},

	{
		id: "R66", when: has(status, rejected), needed: true, members: []string{rejectedWhy},
		reason: "a rejected lead needs its reason; choose one in the CRM",
	},
	{
		id: "R68", when: has(rejectedWhy, string(model.RejectedReasonForAnotherDealer), string(model.RejectedReasonProductServiceNotOfferedAtDealership)),
		needed: true, members: []string{rejectedSay}, reason: "this reason to reject needs a comment; write one in the CRM",
	},
	{
		id: "R69", when: has(rejectedWhy, string(model.RejectedReasonEndUserEndUseOrEndDestinationMayBeRestricted)),
		needed: true, members: []string{rejectedSay}, reason: "this reason to reject needs a comment that names whom to ask at the dealer; write one in the CRM",
	},
	{
		id: "R95", when: has(status, accepted, disqualified), members: []string{rejectedWhy, rejectedSay},
		reason: "only a rejected lead has it; empty it in the CRM, or map it for rejected leads alone",
	},

	{
		id: "R70", when: has(status, disqualified), needed: true, members: []string{disqualWhy},
		reason: "a disqualified lead needs its reason; choose one in the CRM",
	},
	{
		id: "R71", when: has(disqualWhy, string(model.DisqualifiedReasonOther), string(model.DisqualifiedReasonLeadAlreadyKnown)),
		needed: true, members: []string{disqualSay}, reason: "this reason to disqualify needs a comment; write one in the CRM",
	},
	{
		id: "R72", when: has(disqualWhy, string(model.DisqualifiedReasonEndUserEndUseOrEndDestinationMayBeRestricted)),
		needed: true, members: []string{disqualSay}, reason: "this reason to disqualify needs a comment that names whom to ask at the dealer; write one in the CRM",
	},
	{
		id: "R95", when: has(status, accepted, rejected), members: []string{disqualWhy, disqualSay},
		reason: "only a disqualified lead has it; empty it in the CRM, or map it for disqualified leads alone",
	},

	{
		id: "R73", when: has(contacted, string(model.YesNoYes)), needed: true, members: []string{"dateContacted"},
		reason: "a customer who was contacted was so on a day; fill it in the CRM",
	},

	{
		id: "R75", when: all(isOpportunity, not(closedEarly)), needed: true, members: []string{amount, probability, target},
		reason: "an opportunity needs amount, probability and target date; fill them in the CRM",
	},
	{
		id: "R75", when: all(isOpportunity, not(closedEarly), not(filled(probability))), needed: true, members: []string{opportunity},
		reason: "an opportunity needs the dealer's own id of it; map it",
	},
	{
		id: "R76", when: all(filled(probability), not(closedEarly)), needed: true, members: []string{opportunity},
		reason: "a stage needs the opportunity it is about; map the dealer's own id of it",
	},
	{
		id: "R78", when: closedEarly, members: []string{opportunity, probability, target},
		reason: "only an accepted lead can be an opportunity; change the status, or map it for accepted leads alone",
	},
	{ // samples send an amount of nothing
		id: "R78", when: all(closedEarly, not(nothing(amount))), members: []string{amount},
		reason: "only an accepted lead has an amount; change the status, or map it for accepted leads alone",
	},

	{
		id: "R81", when: has(probability, "0"), needed: true, members: []string{noDeal},
		reason: "at 0 % it must be said whether nobody made a deal (1) or it was lost for another reason (0); map it",
	},
	{
		id: "R81", when: not(has(probability, "0")), members: []string{noDeal},
		reason: "it is sent at 0 % alone; map it for closed deals alone",
	},
	{
		id: "R82", when: all(has(probability, "0"), has(noDeal, "0")), needed: true, members: []string{closedReason},
		reason: "a lost deal needs its reason; choose one in the CRM",
	},
	{
		id: "R84", when: has(probability, "0", "100"), needed: true, members: []string{customer},
		reason: "a closed deal needs the dealer's number for the customer; link the customer in the CRM",
	},
}

const (
	accepted     = string(model.LeadStatusAccepted)
	rejected     = string(model.LeadStatusRejected)
	disqualified = string(model.LeadStatusDisqualified)
)

func always(values) bool { return true }

// isOpportunity: any one of the three makes the lead an opportunity, an amount
// alone does not (R75).
var isOpportunity = anyOf(filled(opportunity), filled(probability), filled(target))

// closedEarly: the lead ended before it could become an opportunity.
var closedEarly = has(status, rejected, disqualified)

func has(member string, words ...string) func(values) bool {
	return func(v values) bool {
		for _, w := range words {
			if v[member] == w {
				return true
			}
		}
		return false
	}
}

func filled(member string) func(values) bool {
	return func(v values) bool { return v[member] != "" }
}

// nothing: the number is missing or zero.
func nothing(member string) func(values) bool {
	return func(v values) bool { return isZero(v[member]) }
}

func not(c func(values) bool) func(values) bool { return func(v values) bool { return !c(v) } }

func all(cs ...func(values) bool) func(values) bool {
	return func(v values) bool {
		for _, c := range cs {
			if !c(v) {
				return false
			}
		}
		return true
	}
}

func anyOf(cs ...func(values) bool) func(values) bool {
	return func(v values) bool {
		for _, c := range cs {
			if c(v) {
				return true
			}
		}
		return false
	}
}
