package sandbox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// least is an update with nothing but what every one needs.
func least() map[string]any {
	return map[string]any{
		"leadId": "A", "dealerLeadId": "4417", "leadStatus": "Accepted", "dealerSalesRep": "Milo Harrow", "dealerSalesRepNumber": "E-27",
		"currencyIsoCode": "USD",
	}
}

// with adds members to the least; gone takes one away.
func with(more map[string]any) map[string]any {
	out := least()
	for name, value := range more {
		out[name] = value
		if value == gone {
			delete(out, name)
		}
	}
	return out
}

const gone = "(gone)"

// number is written as it stands.
func number(text string) json.RawMessage { return json.RawMessage(text) }

func post(t *testing.T, s *side, updates ...map[string]any) answer {
	t.Helper()
	text, err := json.Marshal(updates)
	if err != nil {
		t.Fatal(err)
	}
	return s.call("POST", "/leads", string(text))
}

// found gives the newest refusal as "member rule" words.
func found(s *side) string {
	all := s.Refusals()
	var out []string
	for _, f := range all[len(all)-1].Findings {
		out = append(out, f.Member+" "+f.Rule)
	}
	return strings.Join(out, ", ")
}

func worked(t *testing.T) *side {
	t.Helper()
	s := begin(t, sandbox.Options{})
	s.has("A", "B")
	s.call("GET", "/leads", "")
	return s
}

func TestUpdateRules(t *testing.T) {
	const restricted = "End-user, end-use or end-destination may be restricted"
	type more = map[string]any
	opp := func(m more) more {
		out := more{"dealerOpportunityId": "OPP-9", "opportunityAmount": number("48500.00"), "probabilityOfClosurePercentage": 60, "targetDate": "2026-05-15"}
		for k, v := range m {
			out[k] = v
		}
		return out
	}
	s := worked(t)
	for _, c := range []struct {
		name string
		more more
		want string // findings; "": taken
	}{
		{"R64Least", more{}, ""},
		{"R64NoLeadID", more{"leadId": gone}, "leadId R64"},
		{"R64NoDealerLeadID", more{"dealerLeadId": " "}, "dealerLeadId R92, dealerLeadId R64"},
		{"R64NoStatus", more{"leadStatus": nil}, "leadStatus R64"},
		{"R64NoSalesRep", more{"dealerSalesRep": gone, "dealerSalesRepNumber": ""}, "dealerSalesRep R64, dealerSalesRepNumber R64"},
		{"R63UnknownLead", more{"leadId": "Z"}, "leadId R63"},
		{"R65Spelling", more{"leadStatus": "accepted"}, "leadStatus R65"},
		{"R66", more{"leadStatus": "Rejected", "rejectedReasonWhy": "Bad Contact Information"}, ""},
		{"R66Missing", more{"leadStatus": "Rejected"}, "rejectedReasonWhy R66"},
		{"R66Unknown", more{"leadStatus": "Rejected", "rejectedReasonWhy": "Too far"}, "rejectedReasonWhy R66"},
		{"R67Other", more{"leadStatus": "Rejected", "rejectedReasonWhy": "Other"}, "rejectedReasonWhy R67"},
		{"R68", more{"leadStatus": "Rejected", "rejectedReasonWhy": "For Another Dealer", "rejectedReasonComments": "North branch."}, ""},
		{"R68Missing", more{"leadStatus": "Rejected", "rejectedReasonWhy": "For Another Dealer"}, "rejectedReasonComments R68"},
		{"R68NotOffered", more{"leadStatus": "Rejected", "rejectedReasonWhy": "Product/Service Not Offered at Dealership"}, "rejectedReasonComments R68"},
		{"R68Former", more{"leadStatus": "Rejected", "rejectedReasonWhy": "Product/Service Not offered", "rejectedReasonComments": "No."}, "rejectedReasonWhy R68"},
		{"R69Missing", more{"leadStatus": "Rejected", "rejectedReasonWhy": restricted}, "rejectedReasonComments R69"},
		{"R70", more{"leadStatus": "Disqualified", "disqualifiedReasonWhy": "No budget"}, ""},
		{"R70Missing", more{"leadStatus": "Disqualified"}, "disqualifiedReasonWhy R70"},
		{"R71", more{"leadStatus": "Disqualified", "disqualifiedReasonWhy": "Other", "disqualifiedReasonComments": "Moved."}, ""},
		{"R71Missing", more{"leadStatus": "Disqualified", "disqualifiedReasonWhy": "Other"}, "disqualifiedReasonComments R71"},
		{"R71Known", more{"leadStatus": "Disqualified", "disqualifiedReasonWhy": "Lead Already Known"}, "disqualifiedReasonComments R71"},
		{"R72Missing", more{"leadStatus": "Disqualified", "disqualifiedReasonWhy": restricted}, "disqualifiedReasonComments R72"},
		{"R73", more{"customerContacted": "Yes", "dateContacted": "2026-03-03"}, ""},
		{"R73No", more{"customerContacted": "No"}, ""},
		{"R73Missing", more{"customerContacted": "Yes"}, "dateContacted R73"},
		{"R74", more{"customerPreviouslyKnown": "Y"}, "customerPreviouslyKnown R74"},
		{"R74Boolean", more{"customerPreviouslyKnown": true}, "customerPreviouslyKnown R74"},
		{"R75", opp(nil), ""},
		{"R75AmountAlone", more{"opportunityAmount": 0}, ""},
		{"R75OnlyID", more{"dealerOpportunityId": "OPP-9"}, "opportunityAmount R75, probabilityOfClosurePercentage R75, targetDate R75"},
		{"R75OnlyDate", more{"targetDate": "2026-05-15"}, "opportunityAmount R75, probabilityOfClosurePercentage R75, dealerOpportunityId R75"},
		{"R76", opp(more{"dealerOpportunityId": gone}), "dealerOpportunityId R76"},
		{"R78", opp(more{"leadStatus": "Rejected", "rejectedReasonWhy": "Bad Contact Information"}), "dealerOpportunityId R78, probabilityOfClosurePercentage R78, targetDate R78, opportunityAmount R78"},
		{"R78NoAmount", more{"leadStatus": "Rejected", "rejectedReasonWhy": "Bad Contact Information", "opportunityAmount": number("0.00"), "targetDate": nil}, ""},
		{"R80Text", opp(more{"probabilityOfClosurePercentage": "60"}), "probabilityOfClosurePercentage R80"},
		{"R80Fraction", opp(more{"probabilityOfClosurePercentage": number("60.5")}), "probabilityOfClosurePercentage R80"},
		{"R80Over", opp(more{"probabilityOfClosurePercentage": 101}), "probabilityOfClosurePercentage R80"},
		{"R81Missing", opp(more{"probabilityOfClosurePercentage": 0, "dealerCustomerNumber": "7"}), "closedNoDeal R81"},
		{"R81Elsewhere", opp(more{"closedNoDeal": 1}), "closedNoDeal R81"},
		{"R81Value", opp(more{"probabilityOfClosurePercentage": 0, "dealerCustomerNumber": "7", "closedNoDeal": 2}), "closedNoDeal R81"},
		{"R82NoDeal", opp(more{"probabilityOfClosurePercentage": 0, "dealerCustomerNumber": "7", "closedNoDeal": 1}), ""},
		{"R82Lost", opp(more{"probabilityOfClosurePercentage": 0, "dealerCustomerNumber": "7", "closedNoDeal": 0, "primaryClosedReason": "Application Fit"}), ""},
		{"R82Missing", opp(more{"probabilityOfClosurePercentage": 0, "dealerCustomerNumber": "7", "closedNoDeal": 0}), "primaryClosedReason R82"},
		{"R82AllowedWhenWon", opp(more{"probabilityOfClosurePercentage": 100, "dealerCustomerNumber": "7", "primaryClosedReason": "Application Fit"}), ""},
		{"R83", opp(more{"probabilityOfClosurePercentage": 0, "dealerCustomerNumber": "7", "closedNoDeal": 0, "primaryClosedReason": "Rain"}), "primaryClosedReason R83"},
		{"R84Lost", opp(more{"probabilityOfClosurePercentage": 0, "closedNoDeal": 1}), "dealerCustomerNumber R84"},
		{"R84Won", opp(more{"probabilityOfClosurePercentage": 100}), "dealerCustomerNumber R84"},
		{"R85", opp(more{"quoteId": "Q-1", "quoteSentDate": "2026-03-05"}), ""},
		{"R87Missing", more{"currencyIsoCode": gone}, "currencyIsoCode R87"},
		{"R87Form", more{"currencyIsoCode": "US"}, "currencyIsoCode R87"},
		{"R88", more{"rating": "Medium"}, ""},
		{"R88Small", more{"rating": "low"}, "rating R88"},
		{"R89Most", opp(more{"opportunityAmount": number("99999999999999.99")}), ""},
		{"R89TooLong", opp(more{"opportunityAmount": number("100000000000000")}), "opportunityAmount R89"},
		{"R89ThreeDecimals", opp(more{"opportunityAmount": number("1.005")}), "opportunityAmount R89"},
		{"R89Text", opp(more{"opportunityAmount": "48500"}), "opportunityAmount R89"},
		{"R90", more{"dealerSalesRep": strings.Repeat("ö", 50), "comments": strings.Repeat("界", 1000)}, ""}, // R24
		{"R90TooLong", more{"dealerSalesRep": strings.Repeat("ö", 51)}, "dealerSalesRep R90"},
		{"R90NoText", more{"dealerLeadId": 4417}, "dealerLeadId R90"},
		{"R91Blank", more{"dealerCustomerNumber ": "7"}, "dealerCustomerNumber R91"},
		{"R91Misspelt", more{"secondayClosedReason": "x"}, "secondaryClosedReason R91"},
		{"R91Unknown", more{"stage": "Proposal"}, "stage R91"},
		{"R91Twice", more{"rating": "Low", "Rating": "Low"}, "rating R91, rating R91"},
		{"R92", more{"leadStatus": " Accepted "}, "leadStatus R92"},
		{"R93", more{"isoCurrencyCode": "USD"}, "isoCurrencyCode R93"},
		{"R95Rejected", more{"rejectedReasonComments": "x"}, "rejectedReasonComments R95"},
		{"R95Disqualified", more{"leadStatus": "Rejected", "rejectedReasonWhy": "Bad Contact Information", "disqualifiedReasonWhy": "No budget"}, "disqualifiedReasonWhy R95"},
		{"R95Null", more{"rejectedReasonWhy": nil, "disqualifiedReasonWhy": nil}, ""}, // R26
		{"R25Day", more{"dateContacted": "03/03/2026"}, "dateContacted R25"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(s.Updates(0))
			got := post(t, s, with(c.more))
			taken := len(s.Updates(before)) == 1
			if c.want == "" {
				if got.status != 200 || got.body != "" || !taken { // R61, R99
					t.Errorf("got %d %s", got.status, got.body)
				}
				return
			}
			if got.status != 400 || taken || !strings.Contains(got.body, `{"message":"Invalid parameters: [0].`) { // R97, R98
				t.Fatalf("got %d %s, taken %v", got.status, got.body, taken)
			}
			same(t, c.want, found(s))
		})
	}
}

func TestUpdates(t *testing.T) {
	t.Run("WhatIsNoListOfObjectsIs400", func(t *testing.T) { // R59
		s := worked(t)
		for _, body := range []string{"", "{}", "[]", "null", `"x"`, "[1]", "[null]", `[{"leadId":"A"}`, "[{\"leadId\":\"\xff\"}]"} {
			if got := s.call("POST", "/leads", body); got.status != 400 {
				t.Errorf("%q: %d %s", body, got.status, got.body)
			}
		}
	})
	t.Run("TheyAreKeptInTheOrderOfArrivalAndRepeatsAreMarked", func(t *testing.T) { // R63, R96
		s := worked(t)
		post(t, s, with(map[string]any{"rating": "Low"}), with(map[string]any{"leadId": "B"}))
		post(t, s, with(map[string]any{"rating": "Low"}))
		post(t, s, with(map[string]any{"rating": "High"}))
		var got []string
		for _, u := range s.Updates(0) {
			got = append(got, u.LeadID+" "+map[bool]string{true: "repeat", false: "first"}[u.Repeat])
		}
		same(t, []string{"A first", "B first", "A repeat", "A first"}, got)
		if n := s.State(); n.Updates != 4 || n.Repeats != 1 {
			t.Errorf("got %+v", n)
		}
	})
	t.Run("OneThatFailsTakesTheWholeListWithItAndAllFaultsAreNamed", func(t *testing.T) {
		s := worked(t)
		got := post(t, s, least(), with(map[string]any{"leadStatus": "Rejected", "currencyIsoCode": gone}))
		want := `{"message":"Invalid parameters: [1].currencyIsoCode: is needed in every update (R87); [1].rejectedReasonWhy: is needed with Rejected (R66)"}`
		if got.status != 400 || got.body != want || len(s.Updates(0)) != 0 {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
	t.Run("ALeadNotHandedOutYetCannotBeReportedOn", func(t *testing.T) { // R63
		s := worked(t)
		s.has("C")
		post(t, s, with(map[string]any{"leadId": "C"}))
		same(t, "leadId R63", found(s))
	})
	t.Run("ALenientOneTakesWhatSamplesDo", func(t *testing.T) { // R64, R74, R80, R88, R89, R91, R92
		s := worked(t)
		s.control("POST", "/settings", `{"lenient":true,"updateStatus":204}`)
		got := post(t, s, map[string]any{
			"opportunityId": "A", "dealerLeadId": "1", "leadStatus": " Accepted ", "currencyIsoCode ": "CNY", "customerContacted": true,
			"dateContacted": "2026-03-03", "Rating": "low", "dealerOpportunityId": "O", "opportunityAmount": "100.50",
			"probabilityOfClosurePercentage": "60", "targetDate": "2026-05-01", "secondayClosedReason": "x",
		})
		if got.status != 204 {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		u := s.Updates(0)[0]
		same(t, `{"currencyIsoCode":"CNY","customerContacted":"Yes","dateContacted":"2026-03-03","dealerLeadId":"1","dealerOpportunityId":"O",`+
			`"leadId":"A","leadStatus":"Accepted","opportunityAmount":100.50,"probabilityOfClosurePercentage":60,"rating":"Low",`+
			`"secondaryClosedReason":"x","targetDate":"2026-05-01"}`, string(u.Update))
		if len(u.Warnings) != 11 {
			t.Errorf("%d warnings: %v", len(u.Warnings), u.Warnings)
		}
	})
	t.Run("ALenientOneStillWantsValues", func(t *testing.T) {
		s := worked(t)
		s.control("POST", "/settings", `{"lenient":true}`)
		if got := post(t, s, with(map[string]any{"dealerLeadId": " "})); got.status != 400 {
			t.Errorf("got %d", got.status)
		}
		same(t, "dealerLeadId R64", found(s))
	})
	t.Run("TooManyInOneCallAreRefused", func(t *testing.T) { // R60
		s := worked(t)
		s.control("POST", "/settings", `{"mostUpdates":1}`)
		if got := post(t, s, least(), least()); got.status != 400 {
			t.Errorf("got %d", got.status)
		}
	})
}

func FuzzUpdates(f *testing.F) {
	for _, seed := range []string{`[{"leadId":"A","rating":"low"}]`, `[{"opportunityAmount":"007"}]`, `[{"closedNoDeal":0}]`, `[null]`} {
		f.Add(seed, true)
	}
	s := begin(f, sandbox.Options{})
	s.has("A")
	s.call("GET", "/leads", "")
	f.Fuzz(func(t *testing.T, body string, lenient bool) {
		s.tb = t
		settings := s.Settings()
		settings.Lenient = lenient
		if err := s.Set(settings); err != nil {
			t.Fatal(err)
		}
		if got := s.call("POST", "/leads", body); got.status != 200 && got.status != 400 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}
