package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// updateCase is what the CRM says of a lead, and what has to become of it: both
// begin with the least an update says, of which members are replaced; an empty text
// is a member without a value.
type updateCase struct {
	number int
	says   string
	sent   record   // nothing but this has to arrive, each member as it stands here
	as     record   // members of it that arrive in another spelling
	held   record   // none of this may arrive
	faults []string // the members that are named then, all of them
	by     string   // the rule that is named, where it is another
}

// and replaces members.
func and(base record, more record) record {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

func rejectedFor(why, comment string) record {
	return record{"leadStatus": "Rejected", "rejectedReasonWhy": why, "rejectedReasonComments": comment}
}

func disqualifiedFor(why, comment string) record {
	return record{"leadStatus": "Disqualified", "disqualifiedReasonWhy": why, "disqualifiedReasonComments": comment}
}

// opportunity is an accepted lead with a deal of this probability.
func opportunity(percent string) record {
	return and(plainUpdate(), record{
		"dealerOpportunityId": "OPP-77", "opportunityAmount": "18250.5", "targetDate": "2026-09-30", "probabilityOfClosurePercentage": percent,
	})
}

// lost is a deal that somebody else got.
func lost() record {
	return and(opportunity("0"), record{"closedNoDeal": "0", "dealerCustomerNumber": "0002211", "primaryClosedReason": "Application Fit"})
}

func nobodys() record { return and(lost(), record{"closedNoDeal": "1", "primaryClosedReason": ""}) }

func won() record { return and(opportunity("100"), record{"dealerCustomerNumber": "0002211"}) }

const (
	restrictedUse  = "End-user, end-use or end-destination may be restricted"
	anotherDealer  = "For Another Dealer"
	notOffered     = "Product/Service Not Offered at Dealership"
	alreadyKnown   = "Lead Already Known"
	badContact     = "Bad Contact Information"
	whomToAsk      = "Ask Nora Quill at the yard."
	rejectedWhy    = "rejectedReasonWhy"
	rejectedSay    = "rejectedReasonComments"
	disqualWhy     = "disqualifiedReasonWhy"
	disqualSay     = "disqualifiedReasonComments"
	probability    = "probabilityOfClosurePercentage"
	opportunityID  = "dealerOpportunityId"
	opportunitySum = "opportunityAmount"
	closedReason   = "primaryClosedReason"
)

// The lists as the guide has them (R66, R70, R83).
var (
	rejections        = []string{badContact, anotherDealer, notOffered, restrictedUse, "Duplicate Lead Received", "Spam/Inappropriate Lead Submission"}
	disqualifications = []string{
		"Cannot reach/no response from customer", "Purchase time frame changed", "No budget", "No longer a product need/want", "Customer already purchased", restrictedUse,
		"Dealer not interested in pursuing", alreadyKnown, "Other",
	}
	closedReasons = []string{
		"Products/Parts Not in Cat Network", "Products/Parts Not in Dealer's Network", "Inconvenient Service Location", "Dealer Operating hours", "Dealer Service Capability",
		"Sales Capability (Expertise/ Coverage / Participation / SFM)", "Quote Processing Time", "Competitive Financial (Term/Rates/Scope)", "Warranty Term (Term/Rate/Scope)",
		"Product Durability", "Product Family Quality", "Application Fit", "Product Serviceability (access, ease of maintenance)", "Product Specification",
		"Mixed/Full Fleet Solution Not Available", "Used Parts/Equipment not Available", "Cat Price too High", "Cat Value story not Convincing", "Cat Value story - Not available",
		"Competition lifetime value superior",
	}
)

// mostOf are the greatest lengths, in characters (R90).
var mostOf = map[string]int{
	"dealerLeadId": 80, "dealerSalesRep": 50, "dealerSalesRepNumber": 100, "closedReasonComments": 255, "comments": 1000, "currentProductOfInterestDetails": 255,
	"dealerCustomerNumber": 40, opportunityID: 80, disqualSay: 255, "quoteId": 255, rejectedSay: 1000, "secondaryClosedReason": 2500,
}

// home is an update in which a member may have a value.
func home(member string) record {
	switch member {
	case disqualSay, disqualWhy:
		return and(plainUpdate(), disqualifiedFor(alreadyKnown, "x"))
	case rejectedSay, rejectedWhy:
		return and(plainUpdate(), rejectedFor(anotherDealer, "x"))
	case opportunityID:
		return opportunity("10")
	}
	return plainUpdate()
}

// updateCases prove R64 to R95 by what the CRM says: of each rule something that is
// sent as it stands, and something that is held.
var updateCases = buildUpdateCases()

func buildUpdateCases() []updateCase {
	p := plainUpdate
	cases := []updateCase{
		{number: 64, says: "WithTheSixItIsSent", sent: p()},
		{number: 65, says: "AcceptedIsSent", sent: p()},
		{number: 65, says: "AnotherWordIsHeld", held: and(p(), record{"leadStatus": "Converted"}), faults: []string{"leadStatus"}},
		{number: 65, says: "OtherLettersBecomeTheSpelling", sent: and(p(), record{"leadStatus": "ACCEPTED"}), as: record{"leadStatus": "Accepted"}},
		{number: 66, says: "RejectedWithoutAReasonIsHeld", held: and(p(), record{"leadStatus": "Rejected"}), faults: []string{rejectedWhy}},
		{number: 66, says: "AReasonOfNoListIsHeld", held: and(p(), rejectedFor("Too far away", "")), faults: []string{rejectedWhy}},
		{number: 67, says: "RejectedForAReasonOfTheListIsSent", sent: and(p(), rejectedFor("Duplicate Lead Received", "x"))},
		{number: 67, says: "RejectedForOtherIsHeld", held: and(p(), rejectedFor("Other", "x")), faults: []string{rejectedWhy}},
		{number: 68, says: "AnotherDealerWithAComment", sent: and(p(), rejectedFor(anotherDealer, "x"))},
		{number: 68, says: "AnotherDealerWithoutOne", held: and(p(), rejectedFor(anotherDealer, "")), faults: []string{rejectedSay}},
		{number: 68, says: "NotOfferedWithAComment", sent: and(p(), rejectedFor(notOffered, "x"))},
		{number: 68, says: "NotOfferedWithoutOne", held: and(p(), rejectedFor(notOffered, "")), faults: []string{rejectedSay}},
		{number: 68, says: "ABlankIsNoComment", held: and(p(), rejectedFor(notOffered, "  ")), faults: []string{rejectedSay}},
		{number: 68, says: "OthersMayHaveAComment", sent: and(p(), rejectedFor(badContact, "x"))},
		{number: 68, says: "OthersMayHaveNone", sent: and(p(), rejectedFor(badContact, ""))},
		{
			number: 68, says: "TheFormerNameBecomesTheListed", sent: and(p(), rejectedFor("Product / Service not offered at dealership", "x")),
			as: record{rejectedWhy: notOffered},
		},
		{number: 68, says: "TheShortNameBecomesTheListed", sent: and(p(), rejectedFor("Product/Service Not Offered", "x")), as: record{rejectedWhy: notOffered}},
		{number: 69, says: "RestrictedWithSomebodyToAsk", sent: and(p(), rejectedFor(restrictedUse, whomToAsk))},
		{number: 69, says: "RestrictedWithoutAnybody", held: and(p(), rejectedFor(restrictedUse, "")), faults: []string{rejectedSay}},
		{number: 70, says: "DisqualifiedWithoutAReasonIsHeld", held: and(p(), record{"leadStatus": "Disqualified"}), faults: []string{disqualWhy}},
		{number: 70, says: "AReasonOfNoListIsHeld", held: and(p(), disqualifiedFor("Bored", "x")), faults: []string{disqualWhy}},
		{number: 71, says: "OtherWithAComment", sent: and(p(), disqualifiedFor("Other", "x"))},
		{number: 71, says: "OtherWithoutOne", held: and(p(), disqualifiedFor("Other", "")), faults: []string{disqualSay}},
		{number: 71, says: "AlreadyKnownWithAComment", sent: and(p(), disqualifiedFor(alreadyKnown, "x"))},
		{number: 71, says: "AlreadyKnownWithoutOne", held: and(p(), disqualifiedFor(alreadyKnown, "")), faults: []string{disqualSay}},
		{number: 72, says: "RestrictedWithSomebodyToAsk", sent: and(p(), disqualifiedFor(restrictedUse, whomToAsk))},
		{number: 72, says: "RestrictedWithoutAnybody", held: and(p(), disqualifiedFor(restrictedUse, "")), faults: []string{disqualSay}},
		{number: 73, says: "ContactedWithTheDay", sent: and(p(), record{"customerContacted": "Yes", "dateContacted": "2026-02-11"})},
		{number: 73, says: "ContactedWithoutTheDay", held: and(p(), record{"customerContacted": "Yes"}), faults: []string{"dateContacted"}},
		{number: 73, says: "NotContacted", sent: and(p(), record{"customerContacted": "No"})},
		{number: 74, says: "YesAndNoAreWords", sent: and(p(), record{"customerPreviouslyKnown": "Yes", "customerContacted": "No"})},
		{
			number: 74, says: "OtherWordsAreHeld", held: and(p(), record{"customerPreviouslyKnown": "Perhaps", "customerContacted": "Y?"}),
			faults: []string{"customerContacted", "customerPreviouslyKnown"},
		},
		{number: 75, says: "AllFour", sent: opportunity("35")},
		{number: 75, says: "ADayAlone", held: and(p(), record{"targetDate": "2026-09-30"}), faults: []string{opportunityID, opportunitySum, probability}},
		{number: 75, says: "AnIDAlone", held: and(p(), record{opportunityID: "OPP-77"}), faults: []string{opportunitySum, probability, "targetDate"}},
		{number: 75, says: "WithoutItsAmount", held: and(opportunity("35"), record{opportunitySum: ""}), faults: []string{opportunitySum}},
		{number: 75, says: "WithoutItsProbability", held: and(opportunity("35"), record{probability: ""}), faults: []string{probability}},
		{number: 75, says: "WithoutItsDay", held: and(opportunity("35"), record{"targetDate": ""}), faults: []string{"targetDate"}},
		{number: 75, says: "AnAmountOfNothingAloneIsNone", sent: and(p(), record{opportunitySum: "0"})},
		{number: 75, says: "AnAmountAloneIsNone", sent: and(p(), record{opportunitySum: "12.5"})},
		{number: 76, says: "AProbabilityWithItsOpportunity", sent: opportunity("60")},
		{number: 76, says: "AProbabilityWithoutOne", held: and(opportunity("60"), record{opportunityID: ""}), faults: []string{opportunityID}},
		{number: 78, says: "RejectedWithNothingOfADeal", sent: and(p(), and(rejectedFor(badContact, ""), record{opportunitySum: "0"}))},
		{number: 78, says: "DisqualifiedWithNothingOfADeal", sent: and(p(), and(disqualifiedFor("No budget", ""), record{opportunitySum: "0"}))},
		{
			number: 78, says: "RejectedWithADeal", held: and(opportunity("10"), rejectedFor(badContact, "")),
			faults: []string{opportunityID, opportunitySum, probability, "targetDate"},
		},
		{
			number: 78, says: "DisqualifiedWithADeal", held: and(opportunity("10"), disqualifiedFor("No budget", "")),
			faults: []string{opportunityID, opportunitySum, probability, "targetDate"},
		},
		{number: 80, says: "101IsTooMuch", held: opportunity("101"), faults: []string{probability}},
		{number: 80, says: "LessThanNothingIsNoProbability", held: opportunity("-1"), faults: []string{probability}},
		{number: 80, says: "HalvesAreNoProbability", held: opportunity("12.5"), faults: []string{probability}},
		{number: 81, says: "Nobodys", sent: nobodys()},
		{number: 81, says: "SomebodyElses", sent: lost()},
		{number: 81, says: "NotSaid", held: and(lost(), record{"closedNoDeal": ""}), faults: []string{"closedNoDeal"}},
		{number: 81, says: "SaidAt50", held: and(opportunity("50"), record{"closedNoDeal": "0"}), faults: []string{"closedNoDeal"}},
		{number: 81, says: "SaidAt100", held: and(won(), record{"closedNoDeal": "1"}), faults: []string{"closedNoDeal"}},
		{number: 81, says: "SaidWithoutADeal", held: and(p(), record{"closedNoDeal": "1"}), faults: []string{"closedNoDeal"}},
		{number: 81, says: "AnotherNumber", held: and(lost(), record{"closedNoDeal": "2"}), faults: []string{"closedNoDeal"}},
		{number: 82, says: "LostWithAReason", sent: lost()},
		{number: 82, says: "LostWithoutAReason", held: and(lost(), record{closedReason: ""}), faults: []string{closedReason}},
		{number: 82, says: "NobodysWithoutAReason", sent: nobodys()},
		{number: 82, says: "NobodysWithAReason", sent: and(nobodys(), record{closedReason: "Application Fit"})},
		{number: 82, says: "WonWithoutAReason", sent: won()},
		{number: 82, says: "WonWithAReason", sent: and(won(), record{closedReason: "Product Durability"})},
		{number: 83, says: "AReasonOfNoListIsHeld", held: and(lost(), record{closedReason: "Price"}), faults: []string{closedReason}},
		{number: 84, says: "LostWithoutTheCustomer", held: and(lost(), record{"dealerCustomerNumber": ""}), faults: []string{"dealerCustomerNumber"}},
		{number: 84, says: "NobodysWithoutTheCustomer", held: and(nobodys(), record{"dealerCustomerNumber": ""}), faults: []string{"dealerCustomerNumber"}},
		{number: 84, says: "WonWithoutTheCustomer", held: opportunity("100"), faults: []string{"dealerCustomerNumber"}},
		{number: 84, says: "WonWithTheCustomer", sent: won()},
		{number: 84, says: "WithoutTheCustomerAt99", sent: opportunity("99")},
		{number: 84, says: "WithTheCustomerAt1", sent: and(opportunity("1"), record{"dealerCustomerNumber": "0002211"})},
		{number: 85, says: "WonWithoutAQuote", sent: won()},
		{number: 85, says: "LostWithoutAQuote", sent: lost()},
		{number: 85, says: "AQuoteWithoutItsDay", sent: and(opportunity("50"), record{"quoteId": "Q-1"})},
		{number: 85, says: "ADayWithoutItsQuote", sent: and(won(), record{"quoteSentDate": "2026-02-28"})},
		{
			number: 87, says: "AcceptedWithoutACurrency", held: and(p(), record{"currencyIsoCode": ""}), faults: []string{"currencyIsoCode"},
		},
		{
			number: 87, says: "RejectedWithoutACurrency", held: and(p(), and(rejectedFor(badContact, ""), record{"currencyIsoCode": ""})),
			faults: []string{"currencyIsoCode"},
		},
		{
			number: 87, says: "DisqualifiedWithoutACurrency", held: and(p(), and(disqualifiedFor("No budget", ""), record{"currencyIsoCode": ""})),
			faults: []string{"currencyIsoCode"},
		},
		{number: 87, says: "AnySetOfThreeLetters", sent: and(p(), record{"currencyIsoCode": "CHF"})},
		{number: 87, says: "ASignIsNone", held: and(p(), record{"currencyIsoCode": "€"}), faults: []string{"currencyIsoCode"}},
		{number: 87, says: "AWordIsNone", held: and(p(), record{"currencyIsoCode": "Taler"}), faults: []string{"currencyIsoCode"}, by: "R90"},
		{number: 88, says: "SmallLettersBecomeTheSpelling", sent: and(p(), record{"rating": "low"}), as: record{"rating": "Low"}},
		{number: 88, says: "CapitalsBecomeTheSpelling", sent: and(p(), record{"rating": "HIGH"}), as: record{"rating": "High"}},
		{number: 88, says: "AnotherWordIsHeld", held: and(p(), record{"rating": "Superb"}), faults: []string{"rating"}},
		{number: 89, says: "FourteenDigitsAndTwo", sent: and(opportunity("5"), record{opportunitySum: "99999999999999.99"})},
		{number: 89, says: "FifteenDigits", held: and(opportunity("5"), record{opportunitySum: "100000000000000"}), faults: []string{opportunitySum}},
		{number: 89, says: "ThreeBehindThePointBecomeTwo", sent: and(opportunity("5"), record{opportunitySum: "10.005"}), as: record{opportunitySum: "10.01"}},
		{number: 89, says: "ANumberIsNoWord", held: and(opportunity("5"), record{opportunitySum: "much"}), faults: []string{opportunitySum}},
		{number: 89, says: "LessThanNothing", held: and(opportunity("5"), record{opportunitySum: "-10"}), faults: []string{opportunitySum}},
		{
			number: 92, says: "NothingLeavesWithBlanksAround",
			sent: and(p(), record{"leadStatus": " Rejected ", rejectedWhy: anotherDealer + "  ", rejectedSay: "\tfar away\n", "dealerSalesRep": " Nora Quill"}),
			as:   record{"leadStatus": "Rejected", rejectedWhy: anotherDealer, rejectedSay: "far away", "dealerSalesRep": "Nora Quill"},
		},
		{number: 95, says: "RejectedWithItsOwn", sent: and(p(), and(rejectedFor(badContact, "x"), record{disqualWhy: "", disqualSay: ""}))},
		{number: 95, says: "DisqualifiedWithItsOwn", sent: and(p(), and(disqualifiedFor("No budget", "x"), record{rejectedWhy: "", rejectedSay: ""}))},
		{number: 95, says: "AcceptedWithAReasonToReject", held: and(p(), record{rejectedWhy: badContact}), faults: []string{rejectedWhy}},
		{number: 95, says: "AcceptedWithAWordOnRejecting", held: and(p(), record{rejectedSay: "x"}), faults: []string{rejectedSay}},
		{
			number: 95, says: "AcceptedWithDisqualification", held: and(p(), record{disqualWhy: "No budget", disqualSay: "x"}),
			faults: []string{disqualSay, disqualWhy},
		},
		{
			number: 95, says: "RejectedWithDisqualification", held: and(p(), and(rejectedFor(badContact, ""), record{disqualWhy: "No budget"})),
			faults: []string{disqualWhy},
		},
		{
			number: 95, says: "DisqualifiedWithRejection", held: and(p(), and(disqualifiedFor("No budget", ""), record{rejectedSay: "x"})),
			faults: []string{rejectedSay},
		},
	}
	for _, m := range slices.Sorted(maps.Keys(p())) {
		cases = append(cases, updateCase{number: 64, says: "Without_" + m, held: and(p(), record{m: ""}), faults: []string{m}, by: map[string]string{"currencyIsoCode": "R87"}[m]})
	}
	for _, why := range rejections {
		cases = append(cases, updateCase{number: 66, says: "For_" + why, sent: and(p(), rejectedFor(why, "x"))})
	}
	for _, why := range disqualifications {
		cases = append(cases, updateCase{number: 70, says: "For_" + why, sent: and(p(), disqualifiedFor(why, "x"))})
		if why != restrictedUse && why != "Other" && why != alreadyKnown {
			cases = append(cases, updateCase{number: 71, says: "VoluntaryFor_" + why, sent: and(p(), disqualifiedFor(why, ""))})
		}
	}
	for _, why := range closedReasons {
		cases = append(cases, updateCase{number: 83, says: "For_" + why, sent: and(lost(), record{closedReason: why})})
	}
	for _, percent := range []string{"1", "20", "21", "40", "41", "99"} {
		cases = append(cases, updateCase{number: 80, says: "At_" + percent, sent: opportunity(percent)})
	}
	for _, rating := range []string{"High", "Medium", "Low"} {
		cases = append(cases, updateCase{number: 88, says: "As_" + rating, sent: and(p(), record{"rating": rating})})
	}
	for m, value := range map[string]string{
		"rating": "High", "comments": "x", "secondaryClosedReason": "x", "closedReasonComments": "x", "currentProductOfInterestDetails": "Dozer:3",
	} {
		cases = append(cases,
			updateCase{number: 86, says: "LostWith_" + m, sent: and(lost(), record{m: value})}, updateCase{number: 86, says: "PlainWith_" + m, sent: and(p(), record{m: value})})
	}
	for m, most := range mostOf {
		cases = append(cases,
			updateCase{number: 90, says: "Full_" + m, sent: and(home(m), record{m: strings.Repeat("ü", most)})},
			updateCase{number: 90, says: "TooLong_" + m, held: and(home(m), record{m: strings.Repeat("ü", most+1)}), faults: []string{m}})
	}
	return cases
}

// numeric are the members that are no text.
var numeric = []string{"closedNoDeal", opportunitySum, probability}

// TestUpdatesFollowTheRules has the CRM say everything at once, and looks at what
// arrives and what is held.
func TestUpdatesFollowTheRules(t *testing.T) {
	d := newDesk(t)
	for i, c := range updateCases {
		if c.sent != nil {
			d.card(fmt.Sprintf("LD-%d-sent", i), c.sent)
		}
		if c.held != nil {
			d.card(fmt.Sprintf("LD-%d-held", i), c.held)
		}
	}
	d.push()
	for i, c := range updateCases {
		t.Run(fmt.Sprintf("R%d/%s", c.number, c.says), func(t *testing.T) {
			one := *d
			one.t = t
			if c.sent != nil {
				one.arrived(fmt.Sprintf("LD-%d-sent", i), and(c.sent, c.as))
			}
			if c.held != nil {
				one.keptFor(fmt.Sprintf("LD-%d-held", i), c)
			}
		})
	}
	t.Run("R91/MembersAreNamedAsInTheTable", func(t *testing.T) {
		names, seen := membersOf(t, "LeadUpdate"), map[string]bool{}
		for _, posted := range d.updates() {
			for _, u := range posted {
				for m := range u {
					if seen[m] = true; !slices.Contains(names, m) {
						t.Errorf("%q is sent", m)
					}
				}
			}
		}
		if len(names) != 27 || len(seen) != len(names) {
			t.Errorf("%d of %d members were seen", len(seen), len(names))
		}
	})
	t.Run("R80/R89/NumbersAreWrittenAsNumbers", func(t *testing.T) {
		for _, posted := range d.updates() {
			for _, u := range posted {
				for m, v := range u {
					_, is := v.(json.Number)
					if slices.Contains(numeric, m) != is {
						t.Errorf("%s is %T %v", m, v, v)
					}
				}
			}
		}
	})
}

// arrived: exactly this update came of the lead.
func (d *salesDesk) arrived(lead string, want record) {
	d.t.Helper()
	got := d.reported(lead)
	if len(got) != 1 {
		j := d.told(lead)
		d.t.Fatalf("%d updates arrived; held %+v, updates %+v", len(got), j.Held, j.Updates)
	}
	found := record{}
	for m, v := range got[0] {
		if found[m] = text(v); slices.Contains(numeric, m) {
			found[m] = number(v)
		}
	}
	want = maps.Clone(want)
	want["leadId"] = lead
	maps.DeleteFunc(want, func(_, v string) bool { return v == "" })
	if !maps.Equal(found, want) {
		d.t.Errorf("got %v, want %v", found, want)
	}
}

// keptFor: nothing came of the lead, and these members are told of, all at once.
func (d *salesDesk) keptFor(lead string, c updateCase) {
	d.t.Helper()
	if got := d.reported(lead); len(got) > 0 {
		d.t.Fatalf("it arrived: %v", got)
	}
	j := d.told(lead)
	if j.Held == nil || len(j.Updates) > 0 {
		d.t.Fatalf("it is not held: %+v", j)
	}
	rule := fmt.Sprintf("R%d", c.number)
	if c.by != "" {
		rule = c.by
	}
	var members []string
	for _, r := range j.Held.Reasons {
		members = append(members, r.Field)
		if r.Reason == "" || r.Rule != "" && r.Rule != rule {
			d.t.Errorf("%s: %s (%s)", r.Field, r.Reason, r.Rule)
		}
	}
	slices.Sort(members)
	if !slices.Equal(members, c.faults) {
		d.t.Errorf("held for %v, want %v", members, c.faults)
	}
}
