package caterpillar_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

func ptr[T any](v T) *T { return &v }

func TestRequests(t *testing.T) {
	s := play(t, say(http.StatusOK, "[]"))
	l := s.leads(t)
	first, last := time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC), time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	update := []model.LeadUpdate{{
		LeadID: "LD-1", DealerLeadID: "7", LeadStatus: model.LeadStatusAccepted, DealerSalesRep: "Milo & Söhne",
		DealerSalesRepNumber: "E-27", CurrencyIsoCode: "USD", OpportunityAmount: ptr(json.Number("48500.10")),
	}}
	if _, err := l.Leads(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Historic(t.Context(), first, last, 200, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := l.PostUpdates(t.Context(), update); err != nil {
		t.Fatal(err)
	}
	t.Run("GoToTheAddressOfTheVersion", func(t *testing.T) { // R15, R51, R59
		var got []string
		for _, c := range s.called() {
			got = append(got, c.method+" "+c.target)
		}
		want := []string{
			"GET /marketing/v2/leads?limit=100",
			"GET /marketing/v2/leads/historic?startdate=2026-03-01&enddate=2026-03-31&offset=200&limit=100",
			"POST /marketing/v2/leads",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
	t.Run("CarryTheHeadersOfEveryCall", func(t *testing.T) { // R20
		for _, c := range s.called() {
			for name, want := range map[string]string{"Authorization": "Bearer token-1", "Content-Type": "application/json", "Accept": "application/json"} {
				if got := c.header.Get(name); got != want {
					t.Errorf("%s %s: %s %q", c.method, c.target, name, got)
				}
			}
		}
	})
	t.Run("AskOnceForATokenOfTheScope", func(t *testing.T) { // R17
		if len(s.tokens()) != 1 {
			t.Fatalf("%d token requests", len(s.tokens()))
		}
		a := s.tokens()[0]
		form, err := url.ParseQuery(a.body)
		if err != nil || a.method != http.MethodPost || a.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Fatalf("%s, %v, %v", a.method, a.header, err)
		}
		want := url.Values{"grant_type": {"client_credentials"}, "scope": {"manage:all"}}
		if diff := cmp.Diff(want, form); diff != "" {
			t.Errorf("form (-want +got):\n%s", diff)
		}
		basic, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a.header.Get("Authorization"), "Basic "))
		if want := url.QueryEscape(testID) + ":" + url.QueryEscape(testSecret); err != nil || string(basic) != want {
			t.Errorf("credentials %q, want %q (%v)", basic, want, err)
		}
	})
	t.Run("UpdatesAreAListWithTextAsItIs", func(t *testing.T) { // R59, R89
		want := `[{"currencyIsoCode":"USD","dealerLeadId":"7","dealerSalesRep":"Milo & Söhne","dealerSalesRepNumber":"E-27","leadId":"LD-1","leadStatus":"Accepted","opportunityAmount":48500.10}]`
		if got := s.called()[2].body; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("ALimitStaysBetween1And100", func(t *testing.T) { // R34
		for limit, want := range map[int]string{0: "limit=1", -5: "limit=1", 101: "limit=100", 7: "limit=7"} {
			if _, err := l.Leads(t.Context(), limit); err != nil {
				t.Fatal(err)
			}
			if got := s.called()[len(s.called())-1].target; !strings.HasSuffix(got, "?"+want) {
				t.Errorf("limit %d: %s", limit, got)
			}
		}
	})
	t.Run("NoUpdatesAreNoCall", func(t *testing.T) {
		before := len(s.called())
		if _, err := l.PostUpdates(t.Context(), nil); err != nil || len(s.called()) != before {
			t.Errorf("%d calls, %v", len(s.called())-before, err)
		}
	})
}

func TestAnswerShapes(t *testing.T) { // R36, R38
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"AList":                        {200, list("A", "B"), "A B"},
		"AnEmptyList":                  {200, " [ ] ", ""},
		"NoContent":                    {204, "", ""},
		"AnEmptyBody":                  {200, "", ""},
		"Null":                         {200, "null", ""},
		"ASingleLead":                  {200, `{"leadState":"NEW","leadId":"A"}`, "A"},
		"ASingleLeadWithAListInIt":     {200, `{"leadId":"A","tags":[1,2]}`, "A"},
		"AnObjectAroundAList":          {200, `{"total":2,"leads":` + list("A", "B") + `}`, "A B"},
		"AnObjectAroundAnEmptyList":    {200, `{"leads":[]}`, ""},
		"AnObjectAroundAnObject":       {200, `{"data":{"leads":` + list("A") + `}}`, "A"},
		"AListBesideAMessage":          {200, `{"message":"done","leads":` + list("A") + `}`, "A"},
		"AListBesideAListOfErrors":     {200, `{"errors":[],"leads":` + list("A") + `}`, "A"},
		"AMarkBeforeTheText":           {200, "\xef\xbb\xbf" + list("A"), "A"},
		"AnElementThatIsNoLead":        {200, `[7,{"leadId":"A"},null,"x"]`, " A  "},
		"ALeadWithoutAnID":             {200, `[{"name":"x"},{"leadId":"B"}]`, " B"},
		"AnIDWithBlanksAroundIt":       {200, `[{"leadId":" A "}]`, "A"},
		"AnIDThatIsANumber":            {200, `[{"leadId":417}]`, "417"},
		"WhiteSpaceEverywhere":         {200, "\n[\n{\"leadId\" : \"A\" }\r\n,\t{\"leadId\":\"B\"} ]\n", "A B"},
		"SomethingBehindTheList":       {200, list("A") + "\nbye", "A"},
		"TheSameLeadTwice":             {200, list("A", "A"), "A A"},
		"KeysWithBlanks":               {200, `[{"leadId ":"A"}]`, "A"},
		"MoreLeadsThanWereAskedFor":    {200, list("A", "B", "C"), "A B C"},
		"ALeadWhoseTextHasNoGoodUTF8":  {200, "[{\"leadId\":\"A\",\"name\":\"\xff\xfe\"}]", "A"},
		"ALeadWithABrokenPairOfSurrog": {200, `[{"leadId":"A","name":"\ud800"}]`, "A"},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, say(c.status, c.body))
			got, err := s.leads(t).Leads(t.Context(), 2)
			if err != nil {
				t.Fatal(err)
			}
			if ids(got.Leads) != c.want || got.Lost != 0 || got.Tries != 1 || string(got.Raw) != c.body {
				t.Errorf("got %q, lost %d, tries %d, raw %q", ids(got.Leads), got.Lost, got.Tries, got.Raw)
			}
			again, err := s.leads(t).Reread(got.Raw)
			if diff := cmp.Diff(got.Leads, again); err != nil || diff != "" && len(again)+len(got.Leads) > 0 {
				t.Errorf("read again: %v\n%s", err, diff)
			}
		})
	}
}

func TestRawLeads(t *testing.T) {
	one, two := `{ "leadId" : "A",  "colour":{"r":[1 ,2]} }`, "{\"leadId\":\"B\",\"name\":\"\xff\"}"
	s := play(t, say(http.StatusOK, "[ "+one+"\n,"+two+" ]"))
	got, err := s.leads(t).Leads(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("AreTheBytesOfEachLead", func(t *testing.T) {
		if string(got.Leads[0].Raw) != one || string(got.Leads[1].Raw) != two {
			t.Errorf("got %q and %q", got.Leads[0].Raw, got.Leads[1].Raw)
		}
	})
	t.Run("CanBeReadAgain", func(t *testing.T) {
		again, err := s.leads(t).Reread(got.Leads[1].Raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got.Leads[1:], again); diff != "" {
			t.Errorf("leads (-first +again):\n%s", diff)
		}
	})
	t.Run("AppendingToOneLeavesTheNextAlone", func(t *testing.T) {
		_ = append(got.Leads[0].Raw, "xxxxxx"...)
		if string(got.Leads[1].Raw) != two {
			t.Errorf("got %q", got.Leads[1].Raw)
		}
	})
}

// Until an answer is empty: a short one is no end (R35). The loop is the
// caller's; this is the load of the acceptance test (R103).
func TestManyLeads(t *testing.T) {
	batch := func(n int) handler {
		all := make([]string, n)
		for i := range all {
			all[i] = "LD"
		}
		return say(http.StatusOK, list(all...))
	}
	s := play(t, inTurn(batch(100), batch(50), say(http.StatusNoContent, "")))
	l := s.leads(t)
	var got []int
	for {
		a, err := l.Leads(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, len(a.Leads))
		if len(a.Leads) == 0 {
			break
		}
	}
	if diff := cmp.Diff([]int{100, 50, 0}, got); diff != "" {
		t.Errorf("leads (-want +got):\n%s", diff)
	}
}

func TestLongLead(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	s := play(t, say(http.StatusOK, `[{"leadId":"A","commentsMaster":"`+long+`"},{"leadId":"B"}]`))
	t.Run("ALeadOfTenMegabytesIsTakenWhole", func(t *testing.T) { // R43
		got, err := s.leads(t).Leads(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(*got.Leads[0].Lead.CommentsMaster) != len(long) || got.Leads[1].Lead.LeadID != "B" {
			t.Error("something is missing")
		}
		if diff := cmp.Diff([]adapters.LeadNote{{Member: "commentsMaster", Oddity: adapters.OverLong}, {Member: "leadState", Oddity: adapters.MissingMember}}, got.Leads[0].Notes); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	})
	t.Run("AnAnswerAboveTheBoundFailsAtOnceAndIsCounted", func(t *testing.T) {
		before := len(s.called())
		got, err := s.leads(t, func(o *caterpillar.Options) { o.MaxAnswer = 1 << 20 }).Leads(t.Context(), 10)
		if !errors.Is(err, adapters.ErrAnswerTooLarge) || got.Lost != 1 || len(s.called()) != before+1 || len(got.Raw) != 1<<20 {
			t.Errorf("%v, lost %d, %d calls, %d bytes", err, got.Lost, len(s.called())-before, len(got.Raw))
		}
	})
}

func TestOpenLeads(t *testing.T) {
	good := func() caterpillar.LeadConfig {
		return caterpillar.LeadConfig{
			URL: caterpillar.Production.Leads, Version: "v2",
			Credentials: caterpillar.Credentials{TokenURL: caterpillar.Production.Token, ID: "a", Secret: "b"},
		}
	}
	for name, c := range map[string]struct {
		change func(*caterpillar.LeadConfig)
		want   string
	}{
		"AnotherVersionIsRefused":          {func(c *caterpillar.LeadConfig) { c.Version = "v3" }, `"v3"`},
		"AMissingIDIsNamed":                {func(c *caterpillar.LeadConfig) { c.Credentials.ID = "" }, "client id"},
		"AMissingSecretIsNamed":            {func(c *caterpillar.LeadConfig) { c.Credentials.Secret = "" }, "client secret"},
		"AMissingAddressIsNamed":           {func(c *caterpillar.LeadConfig) { c.URL = "" }, "address is missing"},
		"PlainHTTPIsForThisMachineOnly":    {func(c *caterpillar.LeadConfig) { c.URL = "http://services.example.com/x" }, "https"},
		"APasswordInTheAddressIsRefused":   {func(c *caterpillar.LeadConfig) { c.Credentials.TokenURL = "https://u:p@fed.example.com/" }, "no user"},
		"AnAddressThatIsNoneIsRefused":     {func(c *caterpillar.LeadConfig) { c.URL = "services.example.com" }, "whole one"},
		"AnAddressWithAQueryIsRefused":     {func(c *caterpillar.LeadConfig) { c.URL += "?x=1" }, "no query"},
		"AllFaultsAreToldAtOnce":           {func(c *caterpillar.LeadConfig) { *c = caterpillar.LeadConfig{} }, "client secret"},
		"AllFaultsAreToldAtOnceWithOthers": {func(c *caterpillar.LeadConfig) { *c = caterpillar.LeadConfig{} }, "version"},
	} {
		t.Run(name, func(t *testing.T) {
			config := good()
			c.change(&config)
			if _, err := caterpillar.OpenLeads(config); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("BothEnvironmentsOpen", func(t *testing.T) { // R15, R16
		for _, e := range []caterpillar.Environment{caterpillar.Production, caterpillar.QA} {
			config := good()
			config.URL, config.Credentials.TokenURL = e.Leads, e.Token
			if _, err := caterpillar.OpenLeads(config); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestStopping(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := play(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	got, err := s.leads(t).Leads(ctx, 1)
	if !errors.Is(err, context.Canceled) || got.Lost != 1 || len(s.called()) != 1 {
		t.Errorf("%v, lost %d, %d calls: a stop is one call that may have acted", err, got.Lost, len(s.called()))
	}
}
