// Package standard owns Caterpillar's own lists that a dealer's codes are
// mapped to: reasons for a rejected, a disqualified and a lost lead, and the
// stages of an opportunity with their percentages.
//
// It must not know any dealer's codes, nor how they are mapped.
package standard

import "slices"

// RejectedReasons are the reasons for leadStatus Rejected (R66).
func RejectedReasons() []string {
	return []string{
		"Bad Contact Information",
		"For Another Dealer",
		"Product/Service Not Offered at Dealership",
		restricted,
		"Duplicate Lead Received",
		"Spam/Inappropriate Lead Submission",
	}
}

// restricted is a reason for both ways of turning a lead down.
const restricted = "End-user, end-use or end-destination may be restricted"

// DisqualifiedReasons are the reasons for leadStatus Disqualified (R70).
func DisqualifiedReasons() []string {
	return []string{
		"Cannot reach/no response from customer",
		"Purchase time frame changed",
		"No budget",
		"No longer a product need/want",
		"Customer already purchased",
		restricted,
		"Dealer not interested in pursuing",
		"Lead Already Known",
		"Other",
	}
}

// ClosedReasons are the reasons for a lost opportunity (R83).
func ClosedReasons() []string {
	return []string{
		"Products/Parts Not in Cat Network",
		"Products/Parts Not in Dealer's Network",
		"Inconvenient Service Location",
		"Dealer Operating hours",
		"Dealer Service Capability",
		"Sales Capability (Expertise/ Coverage / Participation / SFM)",
		"Quote Processing Time",
		"Competitive Financial (Term/Rates/Scope)",
		"Warranty Term (Term/Rate/Scope)",
		"Product Durability",
		"Product Family Quality",
		"Application Fit",
		"Product Serviceability (access, ease of maintenance)",
		"Product Specification",
		"Mixed/Full Fleet Solution Not Available",
		"Used Parts/Equipment not Available",
		"Cat Price too High",
		"Cat Value story not Convincing",
		"Cat Value story - Not available",
		"Competition lifetime value superior",
	}
}

// Stage is one stage of an opportunity. It is sent as a percentage alone, and
// at 0 % with whether anybody made a deal (R77, R81).
type Stage struct {
	Name          string
	Least, Most   int  // whole percent, both included
	Closed        bool // nothing more will come of it
	NoDeal        bool // nobody sold anything, as told from a deal lost to others
	OnePercentage bool // Least and Most are the same
}

// Stages are the stages, in the order in which an opportunity goes through them.
func Stages() []Stage {
	return []Stage{
		{Name: "Qualification", Least: 1, Most: 20},
		{Name: "Develop Solution", Least: 21, Most: 40},
		{Name: "Proposal/Negotiation", Least: 41, Most: 99},
		{Name: "Closed Won", Least: 100, Most: 100, Closed: true, OnePercentage: true},
		{Name: "Closed Lost", Closed: true, OnePercentage: true},
		{Name: "Closed No Deal", Closed: true, NoDeal: true, OnePercentage: true},
	}
}

// StageNamed finds a stage by its name.
func StageNamed(name string) (Stage, bool) {
	stages := Stages()
	at := slices.IndexFunc(stages, func(s Stage) bool { return s.Name == name })
	if at < 0 {
		return Stage{}, false
	}
	return stages[at], true
}

// StageNames are the names of all stages.
func StageNames() []string {
	var names []string
	for _, s := range Stages() {
		names = append(names, s.Name)
	}
	return names
}
