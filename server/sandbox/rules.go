package sandbox

// The statuses, spelt exactly so (R65).
const (
	accepted     = "Accepted"
	rejected     = "Rejected"
	disqualified = "Disqualified"
)

// need says which members must have a value in which case (R64 to R84).
type need struct {
	rule    string
	in      func(u update) bool
	members []string
	text    string
	sample  bool // samples go without
}

func is(member string, values ...string) func(update) bool {
	return func(u update) bool {
		for _, v := range values {
			if u[member] == v {
				return true
			}
		}
		return false
	}
}

// opportunity: a value in one of three members makes the lead one, the amount
// alone does not (R75). Only an accepted lead can be one (R78).
func opportunity(u update) bool {
	return u["leadStatus"] == accepted && (u["dealerOpportunityId"] != "" || u["probabilityOfClosurePercentage"] != "" || u["targetDate"] != "")
}

const restricted = "End-user, end-use or end-destination may be restricted"

var needs = []need{
	{
		rule: "R64", in: func(update) bool { return true }, members: []string{"leadId", "dealerLeadId", "leadStatus"},
		text: "is needed in every update",
	},
	{
		rule: "R64", in: func(update) bool { return true }, members: []string{"dealerSalesRep", "dealerSalesRepNumber"},
		text: "is needed in every update", sample: true,
	},
	{rule: "R87", in: func(update) bool { return true }, members: []string{"currencyIsoCode"}, text: "is needed in every update"},
	{rule: "R66", in: is("leadStatus", rejected), members: []string{"rejectedReasonWhy"}, text: "is needed with Rejected"},
	{
		rule: "R68", in: is("rejectedReasonWhy", "For Another Dealer", "Product/Service Not Offered at Dealership"),
		members: []string{"rejectedReasonComments"}, text: "is needed with this reason",
	},
	{
		rule: "R69", in: is("rejectedReasonWhy", restricted), members: []string{"rejectedReasonComments"},
		text: "is needed with this reason, to name a contact at the dealer",
	},
	{rule: "R70", in: is("leadStatus", disqualified), members: []string{"disqualifiedReasonWhy"}, text: "is needed with Disqualified"},
	{
		rule: "R71", in: is("disqualifiedReasonWhy", "Other", "Lead Already Known"), members: []string{"disqualifiedReasonComments"},
		text: "is needed with this reason",
	},
	{
		rule: "R72", in: is("disqualifiedReasonWhy", restricted), members: []string{"disqualifiedReasonComments"},
		text: "is needed with this reason, to name a contact at the dealer",
	},
	{rule: "R73", in: is("customerContacted", "Yes"), members: []string{"dateContacted"}, text: "is needed once the customer was contacted"},
	{
		rule: "R75", in: opportunity, members: []string{"opportunityAmount", "probabilityOfClosurePercentage", "targetDate"},
		text: "is needed once the lead is an opportunity",
	},
	{
		rule: "R75", in: func(u update) bool { return opportunity(u) && u["probabilityOfClosurePercentage"] == "" },
		members: []string{"dealerOpportunityId"}, text: "is needed once the lead is an opportunity",
	},
	{
		rule: "R76", in: func(u update) bool { return opportunity(u) && u["probabilityOfClosurePercentage"] != "" },
		members: []string{"dealerOpportunityId"}, text: "is needed wherever a probability is sent",
	},
	{rule: "R81", in: is("probabilityOfClosurePercentage", "0"), members: []string{"closedNoDeal"}, text: "is needed at 0 %"},
	{
		rule: "R82", in: func(u update) bool { return u["probabilityOfClosurePercentage"] == "0" && u["closedNoDeal"] == "0" },
		members: []string{"primaryClosedReason"}, text: "is needed at 0 % with closedNoDeal 0",
	},
	{
		rule: "R84", in: is("probabilityOfClosurePercentage", "0", "100"), members: []string{"dealerCustomerNumber"},
		text: "is needed at 0 % and at 100 %",
	},
}

// ban says which members may have no value in which case.
type ban struct {
	rule    string
	on      string // the member it depends on; one that cannot be read says nothing
	in      func(u update) bool
	members []string
	text    string
}

var bans = []ban{
	{
		rule: "R78", in: is("leadStatus", rejected, disqualified),
		members: []string{"dealerOpportunityId", "probabilityOfClosurePercentage", "targetDate"}, text: "belongs to Accepted alone",
	},
	{ // an amount of nothing stands in samples
		rule: "R78",
		in: func(u update) bool {
			return is("leadStatus", rejected, disqualified)(u) && !nothing(u["opportunityAmount"])
		},
		members: []string{"opportunityAmount"}, text: "belongs to Accepted alone",
	},
	{
		rule: "R81", on: "probabilityOfClosurePercentage", in: func(u update) bool { return u["probabilityOfClosurePercentage"] != "0" },
		members: []string{"closedNoDeal"}, text: "is sent at 0 % alone",
	},
	{
		rule: "R95", in: is("leadStatus", accepted, disqualified), members: []string{"rejectedReasonWhy", "rejectedReasonComments"},
		text: "belongs to Rejected alone",
	},
	{
		rule: "R95", in: is("leadStatus", accepted, rejected), members: []string{"disqualifiedReasonWhy", "disqualifiedReasonComments"},
		text: "belongs to Disqualified alone",
	},
}

// nothing tells whether a number is zero, however many digits say so.
func nothing(number string) bool {
	for _, c := range number {
		if c != '0' && c != '.' {
			return false
		}
	}
	return true
}

// judge finds what is missing and what is too much. A member that is there and
// wrong in itself was found when it was read; unread names those.
func judge(u update, unread map[string]bool) []Finding {
	var found []Finding
	for _, n := range needs {
		if !n.in(u) {
			continue
		}
		for _, m := range n.members {
			if u[m] == "" && !unread[m] {
				found = append(found, Finding{Member: m, Rule: n.rule, Text: n.text, Sample: n.sample})
			}
		}
	}
	for _, b := range bans {
		if !b.in(u) || unread[b.on] {
			continue
		}
		for _, m := range b.members {
			if u[m] != "" {
				found = append(found, Finding{Member: m, Rule: b.rule, Text: b.text})
			}
		}
	}
	return found
}
