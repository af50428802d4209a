package lead_test

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// naive judges an update by the body that would be posted, rule by rule in plain
// words, and gives "member rule" of everything it minds. It shares nothing with the
// package but the type of an update.
func naive(u model.LeadUpdate) []string {
	var found []string
	mind := func(member, rule string) { found = append(found, member+" "+rule) }

	texts := map[string]string{}
	put := func(name string, p *string) {
		if p != nil && strings.TrimSpace(*p) != "" {
			texts[name] = *p
		}
	}
	put("leadId", &u.LeadID)
	put("dealerLeadId", &u.DealerLeadID)
	put("leadStatus", (*string)(&u.LeadStatus))
	put("dealerSalesRep", &u.DealerSalesRep)
	put("dealerSalesRepNumber", &u.DealerSalesRepNumber)
	put("currencyIsoCode", &u.CurrencyIsoCode)
	put("closedReasonComments", u.ClosedReasonComments)
	put("comments", u.Comments)
	put("currentProductOfInterestDetails", u.CurrentProductOfInterestDetails)
	put("customerPreviouslyKnown", (*string)(u.CustomerPreviouslyKnown))
	put("customerContacted", (*string)(u.CustomerContacted))
	put("dateContacted", u.DateContacted)
	put("dealerCustomerNumber", u.DealerCustomerNumber)
	put("dealerOpportunityId", u.DealerOpportunityID)
	put("disqualifiedReasonComments", u.DisqualifiedReasonComments)
	put("disqualifiedReasonWhy", (*string)(u.DisqualifiedReasonWhy))
	put("opportunityAmount", (*string)(u.OpportunityAmount))
	put("primaryClosedReason", (*string)(u.PrimaryClosedReason))
	put("quoteSentDate", u.QuoteSentDate)
	put("quoteId", u.QuoteID)
	put("rating", (*string)(u.Rating))
	put("rejectedReasonComments", u.RejectedReasonComments)
	put("rejectedReasonWhy", (*string)(u.RejectedReasonWhy))
	put("secondaryClosedReason", u.SecondaryClosedReason)
	put("targetDate", u.TargetDate)

	// Each text by itself.
	longest := map[string]int{
		"leadId": 80, "dealerLeadId": 80, "dealerSalesRep": 50, "dealerSalesRepNumber": 100, "closedReasonComments": 255, "comments": 1000,
		"currentProductOfInterestDetails": 255, "dealerCustomerNumber": 40, "dealerOpportunityId": 80, "disqualifiedReasonComments": 255,
		"quoteId": 255, "rejectedReasonComments": 1000, "secondaryClosedReason": 2500,
	}
	for name, text := range texts {
		if !utf8.ValidString(text) {
			mind(name, "R24")
		}
		if strings.TrimSpace(text) != text {
			mind(name, "R92")
		}
		if most, ok := longest[name]; ok && len([]rune(text)) > most {
			mind(name, "R90")
		}
		if strings.HasSuffix(name, "Date") || strings.HasPrefix(name, "date") {
			if !isDay(strings.TrimSpace(text)) {
				mind(name, "R25")
			}
		}
	}
	restricted := "End-user, end-use or end-destination may be restricted"
	outside := func(name, rule string, list ...string) {
		if text, ok := texts[name]; ok && !slices.Contains(list, text) {
			mind(name, rule)
		}
	}
	outside("leadStatus", "R65", "Accepted", "Rejected", "Disqualified")
	outside("customerPreviouslyKnown", "R74", "Yes", "No")
	outside("customerContacted", "R74", "Yes", "No")
	outside("rating", "R88", "High", "Medium", "Low")
	outside("disqualifiedReasonWhy", "R70", "Cannot reach/no response from customer", "Purchase time frame changed", "No budget",
		"No longer a product need/want", "Customer already purchased", restricted, "Dealer not interested in pursuing", "Lead Already Known", "Other")
	why := texts["rejectedReasonWhy"]
	if strings.ToLower(strings.TrimSpace(why)) == "other" {
		mind("rejectedReasonWhy", "R67")
	} else {
		outside("rejectedReasonWhy", "R66", "Bad Contact Information", "For Another Dealer", "Product/Service Not Offered at Dealership",
			restricted, "Duplicate Lead Received", "Spam/Inappropriate Lead Submission")
	}
	outside("primaryClosedReason", "R83", "Products/Parts Not in Cat Network", "Products/Parts Not in Dealer's Network",
		"Inconvenient Service Location", "Dealer Operating hours", "Dealer Service Capability",
		"Sales Capability (Expertise/ Coverage / Participation / SFM)", "Quote Processing Time", "Competitive Financial (Term/Rates/Scope)",
		"Warranty Term (Term/Rate/Scope)", "Product Durability", "Product Family Quality", "Application Fit",
		"Product Serviceability (access, ease of maintenance)", "Product Specification", "Mixed/Full Fleet Solution Not Available",
		"Used Parts/Equipment not Available", "Cat Price too High", "Cat Value story not Convincing", "Cat Value story - Not available",
		"Competition lifetime value superior")
	if code, ok := texts["currencyIsoCode"]; ok && !threeCapitals(strings.TrimSpace(code)) {
		mind("currencyIsoCode", "R87")
	}
	if money, ok := texts["opportunityAmount"]; ok && !isAmount(strings.TrimSpace(money)) {
		mind("opportunityAmount", "R89")
	}
	percent := u.ProbabilityOfClosurePercentage
	if percent != nil && (*percent < 0 || *percent > 100) {
		mind("probabilityOfClosurePercentage", "R80")
	}
	if u.ClosedNoDeal != nil && *u.ClosedNoDeal != 0 && *u.ClosedNoDeal != 1 {
		mind("closedNoDeal", "R81")
	}

	// What belongs together.
	need := func(rule string, names ...string) {
		for _, name := range names {
			if texts[name] == "" {
				mind(name, rule)
			}
		}
	}
	need("R64", "leadId", "dealerLeadId", "leadStatus", "dealerSalesRep", "dealerSalesRepNumber")
	need("R87", "currencyIsoCode")
	over := false
	switch texts["leadStatus"] {
	case "Accepted":
		for _, name := range []string{"rejectedReasonWhy", "rejectedReasonComments", "disqualifiedReasonWhy", "disqualifiedReasonComments"} {
			if texts[name] != "" {
				mind(name, "R95")
			}
		}
	case "Rejected":
		over = true
		need("R66", "rejectedReasonWhy")
		for _, name := range []string{"disqualifiedReasonWhy", "disqualifiedReasonComments"} {
			if texts[name] != "" {
				mind(name, "R95")
			}
		}
	case "Disqualified":
		over = true
		need("R70", "disqualifiedReasonWhy")
		for _, name := range []string{"rejectedReasonWhy", "rejectedReasonComments"} {
			if texts[name] != "" {
				mind(name, "R95")
			}
		}
	}
	switch texts["rejectedReasonWhy"] {
	case restricted:
		need("R69", "rejectedReasonComments")
	case "For Another Dealer", "Product/Service Not Offered at Dealership":
		need("R68", "rejectedReasonComments")
	}
	switch texts["disqualifiedReasonWhy"] {
	case restricted:
		need("R72", "disqualifiedReasonComments")
	case "Other", "Lead Already Known":
		need("R71", "disqualifiedReasonComments")
	}
	if texts["customerContacted"] == "Yes" {
		need("R73", "dateContacted")
	}
	switch {
	case over:
		for _, name := range []string{"dealerOpportunityId", "targetDate"} {
			if texts[name] != "" {
				mind(name, "R78")
			}
		}
		if percent != nil {
			mind("probabilityOfClosurePercentage", "R78")
		}
		if strings.ContainsFunc(texts["opportunityAmount"], func(c rune) bool { return c != '0' && c != '.' && c != ' ' }) {
			mind("opportunityAmount", "R78")
		}
	case percent != nil:
		need("R75", "opportunityAmount", "targetDate")
		need("R76", "dealerOpportunityId")
	case texts["dealerOpportunityId"] != "" || texts["targetDate"] != "":
		need("R75", "opportunityAmount", "targetDate", "dealerOpportunityId")
		mind("probabilityOfClosurePercentage", "R75")
	}
	switch {
	case percent != nil && *percent == 0:
		need("R84", "dealerCustomerNumber")
		if u.ClosedNoDeal == nil {
			mind("closedNoDeal", "R81")
		} else if *u.ClosedNoDeal == 0 {
			need("R82", "primaryClosedReason")
		}
	case u.ClosedNoDeal != nil:
		mind("closedNoDeal", "R81")
	}
	if percent != nil && *percent == 100 {
		need("R84", "dealerCustomerNumber")
	}
	slices.Sort(found)
	return found
}

func isDay(s string) bool {
	t, err := time.Parse("2006-01-02", s)
	return err == nil && t.Format("2006-01-02") == s
}

func threeCapitals(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// isAmount counts digits one by one.
func isAmount(s string) bool {
	if !json.Valid([]byte(s)) {
		return false
	}
	before, behind, point := strings.Cut(s, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(before) && len(before) <= 14 && (!point || digits(behind) && len(behind) <= 2)
}
