package lead_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/lead"
)

func ptr[T any](v T) *T { return &v }

// plain is an accepted lead that says no more than it must.
func plain() model.LeadUpdate {
	return model.LeadUpdate{
		LeadID: "LD-000512-K", DealerLeadID: "5120", LeadStatus: model.LeadStatusAccepted,
		DealerSalesRep: "Nora Quill", DealerSalesRepNumber: "E-31", CurrencyIsoCode: "EUR",
	}
}

// with changes a copy of an update.
func with(u model.LeadUpdate, change func(*model.LeadUpdate)) model.LeadUpdate {
	change(&u)
	return u
}

// The updates other cases begin with.
func rejectedFor(why model.RejectedReason, comment *string) model.LeadUpdate {
	return with(plain(), func(u *model.LeadUpdate) {
		u.LeadStatus, u.RejectedReasonWhy, u.RejectedReasonComments = model.LeadStatusRejected, &why, comment
	})
}

func disqualifiedFor(why model.DisqualifiedReason, comment *string) model.LeadUpdate {
	return with(plain(), func(u *model.LeadUpdate) {
		u.LeadStatus, u.DisqualifiedReasonWhy, u.DisqualifiedReasonComments = model.LeadStatusDisqualified, &why, comment
	})
}

func chance(percent int64) model.LeadUpdate {
	return with(plain(), func(u *model.LeadUpdate) {
		u.DealerOpportunityID, u.OpportunityAmount = ptr("OPP-77"), ptr(json.Number("18250.5"))
		u.ProbabilityOfClosurePercentage, u.TargetDate = &percent, ptr("2026-09-30")
	})
}

func lost() model.LeadUpdate {
	return with(chance(0), func(u *model.LeadUpdate) {
		u.ClosedNoDeal, u.DealerCustomerNumber = ptr(model.ClosedNoDealN0), ptr("0002211")
		u.PrimaryClosedReason = ptr(model.PrimaryClosedReasonApplicationFit)
	})
}

// held gives "member rule" of every fault, sorted.
func held(u model.LeadUpdate) []string {
	var all []string
	for _, f := range lead.Check(u) {
		all = append(all, f.Member+" "+f.Rule)
	}
	slices.Sort(all)
	return all
}

func TestEachConditionalRuleHasABodyThatPassesAndOneThatIsHeld(t *testing.T) {
	comment := ptr("Ask Nora Quill at the yard.")
	for _, c := range []struct {
		name    string
		passes  model.LeadUpdate
		held    model.LeadUpdate
		because []string
	}{
		{"AlwaysNeeded", plain(), model.LeadUpdate{}, []string{
			"currencyIsoCode R87", "dealerLeadId R64", "dealerSalesRep R64", "dealerSalesRepNumber R64", "leadId R64", "leadStatus R64",
		}},
		{"Status", plain(), with(plain(), func(u *model.LeadUpdate) { u.LeadStatus = "ACCEPTED" }), []string{"leadStatus R65"}},
		{
			"RejectedNeedsAReason", rejectedFor(model.RejectedReasonBadContactInformation, nil),
			with(plain(), func(u *model.LeadUpdate) { u.LeadStatus = model.LeadStatusRejected }),
			[]string{"rejectedReasonWhy R66"},
		},
		{
			"OtherIsNoReasonToReject", rejectedFor(model.RejectedReasonDuplicateLeadReceived, nil), rejectedFor("Other", nil),
			[]string{"rejectedReasonWhy R67"},
		},
		{
			"RejectedForAnotherDealerNeedsAComment", rejectedFor(model.RejectedReasonForAnotherDealer, comment),
			rejectedFor(model.RejectedReasonForAnotherDealer, nil),
			[]string{"rejectedReasonComments R68"},
		},
		{
			"NotOfferedNeedsAComment", rejectedFor(model.RejectedReasonProductServiceNotOfferedAtDealership, comment),
			rejectedFor(model.RejectedReasonProductServiceNotOfferedAtDealership, ptr(" ")),
			[]string{"rejectedReasonComments R68"},
		},
		{
			"RestrictedNeedsAContact", rejectedFor(model.RejectedReasonEndUserEndUseOrEndDestinationMayBeRestricted, comment),
			rejectedFor(model.RejectedReasonEndUserEndUseOrEndDestinationMayBeRestricted, nil),
			[]string{"rejectedReasonComments R69"},
		},
		{
			"DisqualifiedNeedsAReason", disqualifiedFor(model.DisqualifiedReasonNoBudget, nil),
			with(plain(), func(u *model.LeadUpdate) { u.LeadStatus = model.LeadStatusDisqualified }),
			[]string{"disqualifiedReasonWhy R70"},
		},
		{
			"OtherNeedsAComment", disqualifiedFor(model.DisqualifiedReasonOther, comment), disqualifiedFor(model.DisqualifiedReasonOther, nil),
			[]string{"disqualifiedReasonComments R71"},
		},
		{
			"AlreadyKnownNeedsAComment", disqualifiedFor(model.DisqualifiedReasonLeadAlreadyKnown, comment),
			disqualifiedFor(model.DisqualifiedReasonLeadAlreadyKnown, nil),
			[]string{"disqualifiedReasonComments R71"},
		},
		{
			"DisqualifiedAsRestrictedNeedsAContact",
			disqualifiedFor(model.DisqualifiedReasonEndUserEndUseOrEndDestinationMayBeRestricted, comment),
			disqualifiedFor(model.DisqualifiedReasonEndUserEndUseOrEndDestinationMayBeRestricted, nil),
			[]string{"disqualifiedReasonComments R72"},
		},
		{
			"ContactedNeedsTheDay",
			with(plain(), func(u *model.LeadUpdate) {
				u.CustomerContacted, u.DateContacted = ptr(model.YesNoYes), ptr("2026-02-11")
			}),
			with(plain(), func(u *model.LeadUpdate) { u.CustomerContacted = ptr(model.YesNoYes) }),
			[]string{"dateContacted R73"},
		},
		{
			"YesAndNoAreWords", with(plain(), func(u *model.LeadUpdate) { u.CustomerPreviouslyKnown = ptr(model.YesNoNo) }),
			with(plain(), func(u *model.LeadUpdate) { u.CustomerPreviouslyKnown = ptr(model.YesNo("true")) }),
			[]string{"customerPreviouslyKnown R74"},
		},
		{
			"AnOpportunityNeedsAllFour", chance(35), with(plain(), func(u *model.LeadUpdate) { u.TargetDate = ptr("2026-09-30") }),
			[]string{"dealerOpportunityId R75", "opportunityAmount R75", "probabilityOfClosurePercentage R75"},
		},
		{
			"AnAmountAloneIsNoOpportunity", with(plain(), func(u *model.LeadUpdate) { u.OpportunityAmount = ptr(json.Number("0")) }),
			with(plain(), func(u *model.LeadUpdate) { u.DealerOpportunityID = ptr("OPP-77") }),
			[]string{"opportunityAmount R75", "probabilityOfClosurePercentage R75", "targetDate R75"},
		},
		{
			"AStageNeedsItsOpportunity", chance(60), with(chance(60), func(u *model.LeadUpdate) { u.DealerOpportunityID = nil }),
			[]string{"dealerOpportunityId R76"},
		},
		{
			"RejectedIsNoOpportunity",
			with(rejectedFor(model.RejectedReasonBadContactInformation, nil), func(u *model.LeadUpdate) { u.OpportunityAmount = ptr(json.Number("0.00")) }),
			with(chance(10), func(u *model.LeadUpdate) {
				u.LeadStatus, u.RejectedReasonWhy = model.LeadStatusRejected, ptr(model.RejectedReasonBadContactInformation)
			}),
			[]string{"dealerOpportunityId R78", "opportunityAmount R78", "probabilityOfClosurePercentage R78", "targetDate R78"},
		},
		{"Percent", chance(99), chance(101), []string{"probabilityOfClosurePercentage R80"}},
		{
			"AtNothingItMustBeSaidWhetherThereWasADeal",
			with(lost(), func(u *model.LeadUpdate) { u.ClosedNoDeal, u.PrimaryClosedReason = ptr(model.ClosedNoDealN1), nil }),
			with(lost(), func(u *model.LeadUpdate) { u.ClosedNoDeal = nil }),
			[]string{"closedNoDeal R81"},
		},
		{
			"NoDealIsSaidAtNothingAlone", chance(50),
			with(chance(50), func(u *model.LeadUpdate) { u.ClosedNoDeal = ptr(model.ClosedNoDealN0) }),
			[]string{"closedNoDeal R81"},
		},
		{
			"LostNeedsAReason", lost(), with(lost(), func(u *model.LeadUpdate) { u.PrimaryClosedReason = nil }), []string{"primaryClosedReason R82"},
		},
		{
			"WonMayHaveAReason",
			with(chance(100), func(u *model.LeadUpdate) {
				u.DealerCustomerNumber, u.PrimaryClosedReason = ptr("0002211"), ptr(model.PrimaryClosedReasonProductDurability)
			}),
			with(lost(), func(u *model.LeadUpdate) { u.PrimaryClosedReason = ptr(model.PrimaryClosedReason("Price")) }),
			[]string{"primaryClosedReason R83"},
		},
		{
			"ClosedNeedsTheCustomer", with(chance(100), func(u *model.LeadUpdate) { u.DealerCustomerNumber = ptr("0002211") }), chance(100),
			[]string{"dealerCustomerNumber R84"},
		},
		{
			"Currency", with(plain(), func(u *model.LeadUpdate) { u.CurrencyIsoCode = "CHF" }),
			with(plain(), func(u *model.LeadUpdate) { u.CurrencyIsoCode = "€" }),
			[]string{"currencyIsoCode R87"},
		},
		{
			"Rating", with(plain(), func(u *model.LeadUpdate) { u.Rating = ptr(model.RatingLow) }),
			with(plain(), func(u *model.LeadUpdate) { u.Rating = ptr(model.Rating("low")) }),
			[]string{"rating R88"},
		},
		{
			"Amount", with(chance(5), func(u *model.LeadUpdate) { u.OpportunityAmount = ptr(json.Number("99999999999999.99")) }),
			with(chance(5), func(u *model.LeadUpdate) { u.OpportunityAmount = ptr(json.Number("100000000000000")) }),
			[]string{"opportunityAmount R89"},
		},
		{
			"LengthsCountCharacters", with(plain(), func(u *model.LeadUpdate) { u.DealerSalesRep = strings.Repeat("ü", 50) }),
			with(plain(), func(u *model.LeadUpdate) { u.DealerSalesRep = strings.Repeat("ü", 51) }),
			[]string{"dealerSalesRep R90"},
		},
		{
			"ALeadIdTheGetAllowsMayBeTooLongHere", with(plain(), func(u *model.LeadUpdate) { u.LeadID = strings.Repeat("L", 80) }),
			with(plain(), func(u *model.LeadUpdate) { u.LeadID = strings.Repeat("L", 81) }),
			[]string{"leadId R90"},
		},
		{
			"NoBlanksAround", with(plain(), func(u *model.LeadUpdate) { u.Comments = ptr("rang twice") }),
			with(plain(), func(u *model.LeadUpdate) { u.Comments = ptr("rang twice ") }),
			[]string{"comments R92"},
		},
		{
			"DaysAreDays", with(plain(), func(u *model.LeadUpdate) { u.QuoteSentDate = ptr("2028-02-29") }),
			with(plain(), func(u *model.LeadUpdate) { u.QuoteSentDate = ptr("2026-02-29") }),
			[]string{"quoteSentDate R25"},
		},
		{
			"TextIsText", with(plain(), func(u *model.LeadUpdate) { u.Comments = ptr("東京") }),
			with(plain(), func(u *model.LeadUpdate) { u.Comments = ptr("caf\xe9") }),
			[]string{"comments R24"},
		},
		{
			"ReasonsOfOneStatusDoNotGoWithAnother", plain(),
			with(rejectedFor(model.RejectedReasonBadContactInformation, nil), func(u *model.LeadUpdate) {
				u.LeadStatus = model.LeadStatusAccepted
				u.DisqualifiedReasonComments = ptr("left over")
			}),
			[]string{"disqualifiedReasonComments R95", "rejectedReasonWhy R95"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := held(c.passes); got != nil {
				t.Errorf("the good one is held for %v", got)
			}
			if diff := cmp.Diff(c.because, held(c.held)); diff != "" {
				t.Errorf("the bad one (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllReasonsComeAtOnceAndNoneTellsAValue(t *testing.T) {
	u := with(chance(0), func(u *model.LeadUpdate) {
		u.DealerSalesRep, u.CurrencyIsoCode, u.Rating = "", "Taler", ptr(model.Rating("Superb"))
		u.Comments = ptr(strings.Repeat("Kowalski ", 200))
	})
	faults := lead.Check(u)
	if len(faults) < 7 {
		t.Errorf("got %v", faults)
	}
	for _, f := range faults {
		for _, private := range []string{"Kowalski", "Taler", "Superb"} {
			if strings.Contains(f.String(), private) {
				t.Errorf("%q tells %s", f, private)
			}
		}
		if f.Rule == "" || f.Reason == "" || f.Member == "" {
			t.Errorf("half a fault: %#v", f)
		}
	}
}

func TestNormalise(t *testing.T) {
	got := lead.Normalise(model.LeadUpdate{
		LeadID: " LD-1 ", DealerLeadID: "7", LeadStatus: "accepted ", DealerSalesRep: "Nora Quill", DealerSalesRepNumber: "E-31\t",
		CurrencyIsoCode: "eur", Rating: ptr(model.Rating("low")), CustomerContacted: ptr(model.YesNo("NO")), Comments: ptr("  "),
		OpportunityAmount: ptr(json.Number("+00120.500")), RejectedReasonWhy: ptr(model.RejectedReason("Product / Service not offered at dealership")),
		DisqualifiedReasonWhy: ptr(model.DisqualifiedReason("something else")),
	})
	want := model.LeadUpdate{
		LeadID: "LD-1", DealerLeadID: "7", LeadStatus: model.LeadStatusAccepted, DealerSalesRep: "Nora Quill", DealerSalesRepNumber: "E-31",
		CurrencyIsoCode: "EUR", Rating: ptr(model.RatingLow), CustomerContacted: ptr(model.YesNoNo),
		OpportunityAmount: ptr(json.Number("120.5")), RejectedReasonWhy: ptr(model.RejectedReasonProductServiceNotOfferedAtDealership),
		DisqualifiedReasonWhy: ptr(model.DisqualifiedReason("something else")),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNormaliseLeavesWhatItWasGivenAlone(t *testing.T) {
	comment := " x "
	lead.Normalise(model.LeadUpdate{Comments: &comment})
	if comment != " x " {
		t.Errorf("the caller's text became %q", comment)
	}
}

// TestEveryMemberIsLookedAt gives each member a value that no member may have.
func TestEveryMemberIsLookedAt(t *testing.T) {
	shape := reflect.TypeFor[model.LeadUpdate]()
	for i := range shape.NumField() {
		name, _, _ := strings.Cut(shape.Field(i).Tag.Get("json"), ",")
		u := plain()
		field := reflect.ValueOf(&u).Elem().Field(i)
		if field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
			field = field.Elem()
		}
		if field.Kind() == reflect.Int64 {
			field.SetInt(-7)
		} else {
			field.SetString("\xff" + strings.Repeat("x", 3000))
		}
		if !slices.ContainsFunc(lead.Check(u), func(f lead.Fault) bool { return f.Member == name }) {
			t.Errorf("nobody minds what %s holds", name)
		}
	}
}

// draw makes updates in which everything occurs, most of them nearly right.
func draw(t *rapid.T) model.LeadUpdate {
	words := func(label string, usual ...string) string {
		return rapid.SampledFrom(append(usual, "", " ", "x", " y", "other", strings.Repeat("é", 51), strings.Repeat("w", 2501), "\xfe")).Draw(t, label)
	}
	maybe := func(label string, usual ...string) *string {
		if rapid.Bool().Draw(t, label+" is there") {
			return ptr(words(label, usual...))
		}
		return nil
	}
	u := plain()
	if rapid.IntRange(0, 3).Draw(t, "required members vary") == 0 {
		u.LeadID, u.DealerLeadID, u.DealerSalesRep = words("lead", "LD-1"), words("dealer lead", "5"), words("rep", "Nora")
		u.DealerSalesRepNumber, u.CurrencyIsoCode = words("rep number", "E-1"), words("currency", "EUR", "usd", "EU")
	}
	u.LeadStatus = model.LeadStatus(rapid.SampledFrom([]string{"Accepted", "Accepted", "Accepted", "Rejected", "Disqualified", "rejected", ""}).Draw(t, "status"))
	u.RejectedReasonWhy = (*model.RejectedReason)(maybe("why rejected", "Bad Contact Information", "For Another Dealer",
		"Product/Service Not Offered at Dealership", "End-user, end-use or end-destination may be restricted", "Product/Service Not offered"))
	u.RejectedReasonComments = maybe("rejected", "because", "so")
	u.DisqualifiedReasonWhy = (*model.DisqualifiedReason)(maybe("why disqualified", "Other", "No budget", "Lead Already Known",
		"End-user, end-use or end-destination may be restricted"))
	u.DisqualifiedReasonComments = maybe("disqualified", "because", "so")
	u.CustomerContacted = (*model.YesNo)(maybe("contacted", "Yes", "No", "yes"))
	u.CustomerPreviouslyKnown = (*model.YesNo)(maybe("known", "Yes", "No"))
	u.DateContacted = maybe("day of contact", "2026-01-31", "2026-1-31", "2026-02-30")
	u.DealerOpportunityID = maybe("opportunity", "OPP-1", "OPP-2")
	u.OpportunityAmount = (*json.Number)(maybe("amount", "0", "0.0", "12.50", "007", "12.345", "-1", "1e3", "123456789012345"))
	u.TargetDate = maybe("target", "2026-12-24", "2027-01-15")
	u.DealerCustomerNumber = maybe("customer", "0001", "77")
	u.PrimaryClosedReason = (*model.PrimaryClosedReason)(maybe("why closed", "Application Fit", "Cat Price too High"))
	u.SecondaryClosedReason, u.ClosedReasonComments = maybe("second reason", "a"), maybe("about closing", "b")
	u.QuoteID, u.QuoteSentDate = maybe("quote", "Q-1"), maybe("quoted", "2026-03-03", "03.03.2026")
	u.Rating, u.Comments = (*model.Rating)(maybe("rating", "High", "low")), maybe("comments", "z")
	u.CurrentProductOfInterestDetails = maybe("products", "Loader:1")
	if rapid.Bool().Draw(t, "percent is there") {
		u.ProbabilityOfClosurePercentage = ptr(rapid.SampledFrom([]int64{0, 0, 1, 20, 21, 40, 41, 99, 100, 100, 101, -1}).Draw(t, "percent"))
	}
	if rapid.IntRange(0, 2).Draw(t, "no deal is there") == 0 {
		u.ClosedNoDeal = ptr(rapid.SampledFrom([]model.ClosedNoDeal{0, 1, 2}).Draw(t, "no deal"))
	}
	return u
}

func TestTheTableAndAPlainReadingOfTheRulesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := draw(t)
		for _, u := range []model.LeadUpdate{u, lead.Normalise(u)} {
			if diff := cmp.Diff(naive(u), held(u)); diff != "" {
				t.Fatalf("(-naive +table):\n%s", diff)
			}
		}
	})
}

func TestNormalisingTwiceIsNormalisingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := lead.Normalise(draw(t))
		if diff := cmp.Diff(once, lead.Normalise(once)); diff != "" {
			t.Fatalf("(-once +twice):\n%s", diff)
		}
	})
}

// TestWhatPassesCanBeWritten: an update without faults is JSON with the members of
// the specification and none that is gone (R91, R93).
func TestWhatPassesCanBeWritten(t *testing.T) {
	gone := []string{
		"primaryClosedLostReason", "primaryClosedWonReason", "PrimaryClosedWonReasonComments", "closedDisqualified", "isoCurrencyCode",
		"customerAlreadyKnown", "opportunityAlreadyKnown", "leadAlreadyKnown", "dealerContactDateTime", "quoteDateTime",
	}
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		u := lead.Normalise(draw(t))
		if lead.Check(u) != nil {
			return
		}
		passed++
		body, err := json.Marshal(u)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range gone {
			if strings.Contains(string(body), `"`+name+`"`) {
				t.Fatalf("%s is sent", name)
			}
		}
		var back model.LeadUpdate
		if err := json.Unmarshal(body, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(u, back); diff != "" {
			t.Fatalf("it does not come back as it was:\n%s", diff)
		}
	})
	if passed == 0 {
		t.Log("no drawn update passed; the table of cases has some")
	}
}

func TestStages(t *testing.T) {
	for percent := int64(-1); percent <= 101; percent++ {
		for _, noDeal := range []bool{false, true} {
			stage, ok := lead.StageAt(percent, noDeal)
			if ok != (percent >= 0 && percent <= 100) {
				t.Fatalf("%d %%: %v", percent, ok)
			}
			if !ok {
				continue
			}
			first, last, known := stage.Range()
			if !known || percent < first || percent > last {
				t.Errorf("%d %% is %s, which reaches from %d to %d", percent, stage, first, last)
			}
		}
	}
	if s, _ := lead.StageAt(0, true); s != lead.ClosedNoDeal {
		t.Errorf("no deal is %s", s)
	}
	if _, _, ok := lead.Stage("Closed Disqualified").Range(); ok {
		t.Error("a stage that is gone has a range")
	}
}
