package caterpillar_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/openapi"
)

// offline is a client whose service is never called.
func offline(t testing.TB) *caterpillar.Leads {
	t.Helper()
	l, err := caterpillar.OpenLeads(caterpillar.LeadConfig{
		URL: caterpillar.Production.Leads, Version: caterpillar.V2,
		Credentials: caterpillar.Credentials{TokenURL: caterpillar.Production.Token, ID: "a", Secret: "b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// read reads one lead whose first two members are as they should be.
func read(t *testing.T, members string) adapters.ReceivedLead {
	t.Helper()
	got, err := offline(t).Reread([]byte(`{"leadId":"LD-1","leadState":"NEW"` + members + `}`))
	if err != nil || len(got) != 1 {
		t.Fatalf("%d leads, %v", len(got), err)
	}
	return got[0]
}

func TestLenientReading(t *testing.T) {
	type notes = []adapters.LeadNote
	note := func(member string, o adapters.Oddity) adapters.LeadNote {
		return adapters.LeadNote{Member: member, Oddity: o}
	}
	for name, c := range map[string]struct {
		members string
		want    func(*model.Lead)
		notes   notes
	}{
		"TextIsTrimmed": { // R50
			`,"emailAddress":" ada@fernwood.example \u00a0"`, func(l *model.Lead) { l.EmailAddress = ptr("ada@fernwood.example") }, nil,
		},
		"NullAndEmptyTextAreNothing": {`,"city":null,"name":"","company":"  ","catPrequalificationStatus":"","productOfInterestQuantity":" ","dateCreated":""`, nil, nil}, // R26
		"ANumberInQuotesIsANumber": { // R50
			`,"productOfInterestQuantity":"100"`, func(l *model.Lead) { l.ProductOfInterestQuantity = ptr[int64](100) },
			notes{note("productOfInterestQuantity", adapters.OtherType)},
		},
		"ANumberIsANumber": {`,"productOfInterestQuantity":100`, func(l *model.Lead) { l.ProductOfInterestQuantity = ptr[int64](100) }, nil},
		"AWholeNumberWithAPointIsOne": {
			`,"productOfInterestQuantity":2.0`, func(l *model.Lead) { l.ProductOfInterestQuantity = ptr[int64](2) },
			notes{note("productOfInterestQuantity", adapters.OtherType)},
		},
		"ANumberThatIsNoneIsNoted":      {`,"productOfInterestQuantity":"a few"`, nil, notes{note("productOfInterestQuantity", adapters.NotUnderstood)}},
		"AFractionIsNoWholeNumber":      {`,"productOfInterestQuantity":1.5`, nil, notes{note("productOfInterestQuantity", adapters.NotUnderstood)}},
		"ANumberBeyondAllBoundsIsNoted": {`,"productOfInterestQuantity":1e400`, nil, notes{note("productOfInterestQuantity", adapters.NotUnderstood)}},
		"TextAsNumberIsText": {
			`,"companySize":1000,"systemModelId":12345678901234567890.10`, func(l *model.Lead) {
				l.CompanySize, l.SystemModelID = ptr("1000"), ptr("12345678901234567890.10")
			},
			notes{note("companySize", adapters.OtherType), note("systemModelId", adapters.OtherType)},
		},
		"TextAsBooleanIsText": {`,"jobRole":true`, func(l *model.Lead) { l.JobRole = ptr("true") }, notes{note("jobRole", adapters.OtherType)}},
		"AListInPlaceOfTextIsKeptAsJSON": {
			`,"productOfInterestList":["a", {"b": 1}]`, func(l *model.Lead) { l.ProductOfInterestList = ptr(`["a",{"b":1}]`) },
			notes{note("productOfInterestList", adapters.OtherType)},
		},
		"YesInQuotesIsTrue": { // R45
			`,"agreeToContact":"Y","catPrequalificationStatus":"false"`, func(l *model.Lead) {
				l.AgreeToContact, l.CatPrequalificationStatus = ptr(true), ptr(false)
			},
			notes{note("agreeToContact", adapters.OtherType), note("catPrequalificationStatus", adapters.OtherType)},
		},
		"PerhapsIsNeither":        {`,"agreeToContact":"perhaps"`, nil, notes{note("agreeToContact", adapters.NotUnderstood)}},
		"ABooleanAsItShouldBe":    {`,"catPrequalificationStatus":true`, func(l *model.Lead) { l.CatPrequalificationStatus = ptr(true) }, nil}, // R39
		"ADayIsADay":              {`,"rentalStartDate":"2026-04-06"`, func(l *model.Lead) { l.RentalStartDate = ptr("2026-04-06") }, nil},
		"AMomentKeepsItsOffset":   {`,"dateCreated":"2026-03-02T09:41:07-06:00"`, func(l *model.Lead) { l.DateCreated = ptr("2026-03-02T09:41:07-06:00") }, nil}, // R25
		"AStrayBlankIsPutRight":   {`,"dateRegistered":"2026-02-27 T16:05:00+08:00"`, func(l *model.Lead) { l.DateRegistered = ptr("2026-02-27T16:05:00+08:00") }, nil},
		"ABlankForTheTIsPutRight": {`,"dateRegistered":"2026-02-27 16:05:00"`, func(l *model.Lead) { l.DateRegistered = ptr("2026-02-27T16:05:00") }, nil},
		"AnOffsetWithoutAColon":   {`,"dateCreated":"2026-03-02T09:41:07.250+0000"`, func(l *model.Lead) { l.DateCreated = ptr("2026-03-02T09:41:07.25Z") }, nil},
		"ADayForAMoment":          {`,"dateCreated":"2026-03-02"`, func(l *model.Lead) { l.DateCreated = ptr("2026-03-02") }, nil},
		"AMomentForADay":          {`,"rentalEndDate":"2026-04-17T00:00:00Z"`, func(l *model.Lead) { l.RentalEndDate = ptr("2026-04-17T00:00:00Z") }, nil},
		"ADayThatIsNoneIsNoted":   {`,"rentalEndDate":"2026-02-30","dateCreated":"soon"`, nil, notes{note("dateCreated", adapters.NotUnderstood), note("rentalEndDate", adapters.NotUnderstood)}},
		"AValueOutsideItsListStays": { // R48
			`,"contactSourceOriginal":"Garden Party","systemLanguage":"xx_XX","gender":"F","bcpNewUsedRental":"Borrowed"`, func(l *model.Lead) {
				l.ContactSourceOriginal, l.SystemLanguage, l.Gender = ptr("Garden Party"), ptr("xx_XX"), ptr("F")
				l.BcpNewUsedRental = ptr(model.NewUsedRental("Borrowed"))
			},
			notes{
				note("bcpNewUsedRental", adapters.OutsideList), note("contactSourceOriginal", adapters.OutsideList),
				note("gender", adapters.OutsideList), note("systemLanguage", adapters.OutsideList),
			},
		},
		"CaseDoesNotLeaveAList": { // R48
			`,"purchaseTimeframe":"1-3 months","industry":" marine "`, func(l *model.Lead) {
				l.PurchaseTimeframe, l.Industry = ptr("1-3 months"), ptr("marine")
			}, nil,
		},
		"ACompleteListDecidesTheSpelling": {`,"bcpNewUsedRental":"rental"`, func(l *model.Lead) { l.BcpNewUsedRental = ptr(model.NewUsedRentalRental) }, nil},
		"TextThatIsTooLongStaysWhole": { // R43
			`,"city":"` + strings.Repeat("ö", 41) + `"`, func(l *model.Lead) { l.City = ptr(strings.Repeat("ö", 41)) },
			notes{note("city", adapters.OverLong)},
		},
		"LengthsAreCountedInCharacters": {`,"city":"` + strings.Repeat("東", 40) + `"`, func(l *model.Lead) { l.City = ptr(strings.Repeat("東", 40)) }, nil}, // R24
		"HTMLStaysAsItIs": { // R49
			`,"partShoppingCart":"<tr onclick=\"x()\"><td>376</td></tr>"`, func(l *model.Lead) { l.PartShoppingCart = ptr(`<tr onclick="x()"><td>376</td></tr>`) }, nil,
		},
		"NamesSeenElsewhereAreTaken": {
			`,"contactForQuestion":"Ada","dateCreate":"2026-03-02","purchaseTimeframe ":"1-3 Months","CITY":"Quillford"`, func(l *model.Lead) {
				l.ContactForQuestions, l.DateCreated, l.PurchaseTimeframe, l.City = ptr("Ada"), ptr("2026-03-02"), ptr("1-3 Months"), ptr("Quillford")
			},
			notes{
				note("city", adapters.OddSpelling), note("contactForQuestions", adapters.OddSpelling),
				note("dateCreated", adapters.OddSpelling), note("purchaseTimeframe", adapters.OddSpelling),
			},
		},
		"TheNameAsSpecifiedGoesBeforeOthers": {
			`,"city":"Right","City":"Wrong","dateCreate":"2026-01-01","dateCreated":"2026-03-02"`, func(l *model.Lead) {
				l.City, l.DateCreated = ptr("Right"), ptr("2026-03-02")
			},
			notes{
				note("city", adapters.OddSpelling), note("city", adapters.RepeatedName),
				note("dateCreated", adapters.OddSpelling), note("dateCreated", adapters.RepeatedName),
			},
		},
		"OfARepeatedMemberTheLastIsTaken": {`,"city":"A","city":"B"`, func(l *model.Lead) { l.City = ptr("B") }, notes{note("city", adapters.RepeatedName)}},
		"UnknownMembersAreNamedOnlyWhereTheyAreNames": {
			`,"dealerCode":"D100","ada@fernwood.example":1,"` + strings.Repeat("x", 90) + `":2`, nil,
			notes{note("?", adapters.UnknownMember), note("dealerCode", adapters.UnknownMember), note(strings.Repeat("x", 40), adapters.UnknownMember)}, // R40
		},
		"BytesThatAreNoTextAreReplaced": {",\"city\":\"Qu\xffllford\"", func(l *model.Lead) { l.City = ptr("Qu\uFFFDllford") }, notes{note("city", adapters.BadText)}},
		"HalfAPairOfSurrogatesToo":      {`,"city":"x\ud800"`, func(l *model.Lead) { l.City = ptr("x\uFFFD") }, notes{note("city", adapters.BadText)}},
		"AZeroByteIsKept":               {`,"city":"a\u0000b"`, func(l *model.Lead) { l.City = ptr("a\x00b") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := model.Lead{LeadID: "LD-1", LeadState: model.LeadStateNEW}
			if c.want != nil {
				c.want(&want)
			}
			got := read(t, c.members)
			if diff := cmp.Diff(want, got.Lead); diff != "" {
				t.Errorf("lead (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.notes, got.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
	for name, c := range map[string]struct {
		text  string
		id    string
		state model.LeadState
		notes notes
	}{
		"AStateInAnotherCaseIsPutRight": {`{"leadId":"A","leadState":" updated "}`, "A", model.LeadStateUPDATED, nil}, // R32
		"AnUnknownStateIsKept":          {`{"leadId":"A","leadState":"MOVED"}`, "A", "MOVED", notes{note("leadState", adapters.OutsideList)}},
		"AMissingStateIsNoted":          {`{"leadId":"A"}`, "A", "", notes{note("leadState", adapters.MissingMember)}},
		"AnIDAsNumberIsText":            {`{"leadId":417,"leadState":"SENT"}`, "417", model.LeadStateSENT, notes{note("leadId", adapters.OtherType)}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := offline(t).Reread([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Lead.LeadID != c.id || got[0].Lead.LeadState != c.state {
				t.Errorf("got %q, %q", got[0].Lead.LeadID, got[0].Lead.LeadState)
			}
			if diff := cmp.Diff(c.notes, got[0].Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// What the specification's own type holds comes back unchanged and unnoted.
func TestALeadAsSpecifiedIsReadAsItIs(t *testing.T) {
	doc, err := openapi.LeadDocument()
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.Components.Schemas["Lead"].Value
	l := offline(t)
	rapid.Check(t, func(t *rapid.T) {
		members := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
			s := schema.Properties[name].Value
			required := slices.Contains(schema.Required, name)
			if !required && rapid.IntRange(0, 3).Draw(t, "leave out") == 0 {
				continue
			}
			known, _ := s.Extensions["x-known-values"].([]any)
			switch {
			case len(s.Enum) > 0:
				members[name] = rapid.SampledFrom(s.Enum).Draw(t, name)
			case len(known) > 0:
				members[name] = rapid.SampledFrom(known).Draw(t, name)
			case s.Type.Is("boolean"):
				members[name] = rapid.Bool().Draw(t, name)
			case s.Type.Is("integer"):
				members[name] = rapid.Int64().Draw(t, name)
			case s.Format == "date":
				members[name] = "2026-04-06"
			case s.Format == "date-time":
				members[name] = "2026-03-02T09:41:07+05:30"
			default:
				members[name] = rapid.StringMatching(`[a-zöß東<&"'][a-z ]{0,6}[a-z]`).Draw(t, name)
			}
		}
		text, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		var want model.Lead
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got, err := l.Reread(text)
		if err != nil || len(got) != 1 {
			t.Fatalf("%d leads, %v", len(got), err)
		}
		if diff := cmp.Diff(want, got[0].Lead); diff != "" || len(got[0].Notes) > 0 {
			t.Fatalf("notes %v, lead (-want +got):\n%s", got[0].Notes, diff)
		}
	})
}

func TestReread(t *testing.T) {
	_, err := offline(t).Reread([]byte("<html>"))
	if failed := callError(t, err); failed.Err != adapters.ErrAnswer { //nolint:errorlint // the kind itself is meant
		t.Errorf("got %v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		list("A", "B"), `{"leads":[{"leadId":"A","productOfInterestQuantity":"1e3"}]}`, `{"leadId":1}`, `[{"leadId":"A"},`, "null", "", "<",
		"[{\"leadId\":\"\xff\"}]", `{"message":"x"}`, `[[[[`, `{"a":{"b":{"c":[]}}}`, `[{"leadId":"A","dateCreated":"2026-01-02 T1:2:3"}]`,
	} {
		f.Add([]byte(seed))
	}
	l := offline(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		got, err := l.Reread(body)
		if string(body) != before {
			t.Fatal("the answer was changed")
		}
		var whole []json.RawMessage
		if json.Unmarshal(body, &whole) == nil && err == nil && len(got) != len(whole) {
			t.Fatalf("%d leads of %d", len(got), len(whole))
		}
		for _, lead := range got {
			if !strings.Contains(before, string(lead.Raw)) || !json.Valid(lead.Raw) {
				t.Fatalf("%q is no part of the answer", lead.Raw)
			}
			if lead.Lead.LeadID == "" {
				continue
			}
			// What was understood can be written and is understood the same.
			text, err := json.Marshal(lead.Lead)
			if err != nil {
				t.Fatal(err)
			}
			again, err := l.Reread(text)
			if err != nil || len(again) != 1 {
				t.Fatalf("%q: %v", text, err)
			}
			if diff := cmp.Diff(lead.Lead, again[0].Lead); diff != "" {
				t.Fatalf("lead (-first +again):\n%s", diff)
			}
		}
	})
}

func TestALeadInAnAnswerIsReadTheSameWay(t *testing.T) {
	const lead = `{"leadId":"LD-1","leadState":"NEW","companySize":40}`
	got, err := play(t, say(http.StatusOK, "["+lead+"]")).leads(t).Leads(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]adapters.ReceivedLead{read(t, `,"companySize":40`)}, got.Leads); diff != "" {
		t.Errorf("lead (-alone +in the answer):\n%s", diff)
	}
}
