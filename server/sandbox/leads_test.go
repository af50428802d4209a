package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/openapi"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewLeads(t *testing.T) {
	t.Run("EachIsHandedOutOnce", func(t *testing.T) { // R29, R32, R33
		s := begin(t, sandbox.Options{})
		s.has("A", "B", "C")
		same(t, []string{"A NEW", "B NEW"}, s.call("GET", "/leads?limit=2", "").leads(t))
		same(t, []string{"C NEW"}, s.call("GET", "/leads?limit=2", "").leads(t))
		same(t, []string(nil), s.call("GET", "/leads?limit=2", "").leads(t))
	})
	t.Run("AHundredAndFiftyComeAs100And50And0", func(t *testing.T) { // R34, R35, R103
		s := begin(t, sandbox.Options{Leads: 150})
		for _, want := range []int{100, 50, 0} {
			if got := len(s.call("GET", "/leads?limit=100", "").leads(t)); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		}
	})
	t.Run("ALimitIs1To100", func(t *testing.T) { // R34, R97
		s := begin(t, sandbox.Options{Leads: 1})
		for _, limit := range []string{"0", "-1", "101", "many", ""} {
			if got := s.call("GET", "/leads?limit="+limit, ""); got.status != 400 || !strings.Contains(got.body, `"message"`) {
				t.Errorf("%q: %d %s", limit, got.status, got.body)
			}
		}
		if got := s.State().Waiting; got != 1 {
			t.Errorf("%d are waiting after refused calls", got)
		}
	})
	t.Run("AnEmptyAnswerIs204OrAnEmptyList", func(t *testing.T) { // R36
		s := begin(t, sandbox.Options{})
		if got := s.call("GET", "/leads", ""); got.status != 204 || got.body != "" {
			t.Errorf("got %d %q", got.status, got.body)
		}
		if got := s.control("POST", "/settings", `{"emptyStatus":200}`); got.status != 200 {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if got := s.call("GET", "/leads", ""); got.status != 200 || got.body != "[]" {
			t.Errorf("got %d %q", got.status, got.body)
		}
	})
	t.Run("ADealerGetsItsOwn", func(t *testing.T) { // R40
		s := begin(t, sandbox.Options{Clients: []sandbox.Client{{ID: "other", Secret: "x", Dealer: "D200"}, sandbox.DefaultClient}})
		s.has("A") // the first client's
		same(t, []string(nil), s.call("GET", "/leads", "").leads(t))
	})
	t.Run("TheSameSeedAndClockGiveTheSameBytes", func(t *testing.T) {
		get := func(seed uint64) string {
			return begin(t, sandbox.Options{Seed: seed, Leads: 20}).call("GET", "/leads", "").body
		}
		first, second := get(7), get(7)
		same(t, first, second)
		if first == get(8) {
			t.Error("two seeds give the same leads")
		}
	})
	t.Run("MadeLeadsFitTheSpecification", func(t *testing.T) {
		doc, err := openapi.LeadDocument()
		if err != nil {
			t.Fatal(err)
		}
		s := begin(t, sandbox.Options{Leads: 60})
		var list []any
		if err := json.Unmarshal([]byte(s.call("GET", "/leads", "").body), &list); err != nil {
			t.Fatal(err)
		}
		if err := doc.Components.Schemas["LeadList"].Value.VisitJSON(list); err != nil {
			t.Error(err)
		}
	})
	t.Run("WhatNoTypeAllowsIsHandedOutAsItIs", func(t *testing.T) { // R26, R48, R50
		s := begin(t, sandbox.Options{})
		object := "{\"leadId\":\"A\",\"productOfInterestQuantity\":\"100\",\"memberOfTomorrow\":[1],\"city\":\"Q\xff\",\"gender\":null}"
		if _, err := s.AddLeads("", []json.RawMessage{json.RawMessage(object)}); err != nil {
			t.Fatal(err)
		}
		got := s.call("GET", "/leads", "").body
		for _, want := range []string{`"productOfInterestQuantity":"100"`, `"memberOfTomorrow":[1]`, "\"city\":\"Q\xff\"", `"gender":null`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is not in %s", want, got)
			}
		}
	})
	t.Run("EndlessMeansThatNoAnswerIsTheLast", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		s.control("POST", "/settings", `{"endless":true}`)
		for range 3 {
			if got := len(s.call("GET", "/leads?limit=100", "").leads(t)); got != 100 {
				t.Errorf("got %d", got)
			}
		}
	})
}

func TestChangedLeads(t *testing.T) { // R30, R31
	s := begin(t, sandbox.Options{})
	s.has("A", "B")
	s.call("GET", "/leads", "")
	if s.change("A", "city", `"Quillford"`) {
		t.Error("another member made the lead wait")
	}
	same(t, []string(nil), s.call("GET", "/leads", "").leads(t))
	if !s.change("A", "catPrequalificationStatus", `true`) || !s.change("A", "catPrequalificationStatus", `false`) {
		t.Error("the changed lead does not wait")
	}
	got := s.call("GET", "/leads", "")
	same(t, []string{"A UPDATED"}, got.leads(t))
	if !strings.Contains(got.body, `"catPrequalificationStatus":false`) || !strings.Contains(got.body, "Quillford") {
		t.Errorf("not the newest: %s", got.body)
	}
	t.Run("OneThatIsStillNewStaysNew", func(t *testing.T) {
		s.has("C")
		s.change("C", "catPrequalificationStatus", `true`)
		same(t, []string{"C NEW"}, s.call("GET", "/leads", "").leads(t))
	})
}

func TestHistoric(t *testing.T) {
	s := begin(t, sandbox.Options{})
	var list []json.RawMessage
	for day := 1; day <= 5; day++ {
		list = append(list, json.RawMessage(`{"leadId":"`+strconv.Itoa(day)+`","dateCreated":"2026-01-0`+strconv.Itoa(day)+`T23:59:59+00:00"}`))
	}
	if _, err := s.AddLeads("", list); err != nil {
		t.Fatal(err)
	}
	ask := func(query string) answer { t.Helper(); return s.call("GET", "/leads/historic?"+query, "") }
	const all = "startdate=2026-01-01&enddate=2026-01-31"

	t.Run("OnlyLeadsHandedOutAreThere", func(t *testing.T) { // R52
		same(t, []string(nil), ask(all).leads(t))
		s.call("GET", "/leads?limit=4", "")
		same(t, []string{"1 SENT", "2 SENT", "3 SENT", "4 SENT"}, ask(all).leads(t))
	})
	t.Run("ReadingChangesNothingElsewhere", func(t *testing.T) { // R58
		same(t, []string{"5 NEW"}, s.call("GET", "/leads", "").leads(t))
	})
	t.Run("BothDaysBelongToTheRange", func(t *testing.T) { // R53
		same(t, []string{"2 SENT", "3 SENT"}, ask("startdate=2026-01-02&enddate=2026-01-03").leads(t))
	})
	t.Run("OffsetCountsLeads", func(t *testing.T) { // R55, R56, R57
		same(t, []string{"1 SENT", "2 SENT"}, ask(all+"&limit=2").leads(t))
		same(t, []string{"3 SENT", "4 SENT"}, ask(all+"&limit=2&offset=2").leads(t))
		same(t, []string{"5 SENT"}, ask(all+"&limit=2&offset=4").leads(t))
		same(t, []string(nil), ask(all+"&limit=2&offset=6").leads(t))
	})
	t.Run("ItIsTheNewestSnapshot", func(t *testing.T) { // R52
		s.change("2", "catPrequalificationStatus", `true`)
		got := ask("startdate=2026-01-02&enddate=2026-01-02")
		same(t, []string{"2 SENT"}, got.leads(t))
		if !strings.Contains(got.body, `"catPrequalificationStatus":true`) {
			t.Error(got.body)
		}
	})
	t.Run("WrongParametersAre400", func(t *testing.T) { // R54, R55
		for _, query := range []string{
			"", "startdate=2026-01-01", "enddate=2026-01-01", "startdate=01/02/2026&enddate=2026-01-01", "startdate=2026-02-30&enddate=2026-03-01",
			"startdate=2026-01-02&enddate=2026-01-01", all + "&limit=101", all + "&limit=0", all + "&offset=-1", all + "&offset=x",
		} {
			if got := ask(query); got.status != 400 || !strings.Contains(got.body, `"message"`) {
				t.Errorf("%q: %d %s", query, got.status, got.body)
			}
		}
	})
}

func TestMadeLeadsAreSpreadOverDays(t *testing.T) {
	s := begin(t, sandbox.Options{})
	if got := s.control("POST", "/leads/make", `{"count":11,"daysAgo":5,"spreadDays":100,"untidy":true}`); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	var leads []struct {
		Created time.Time `json:"dateCreated"`
		Email   string    `json:"emailAddress"`
	}
	if err := json.Unmarshal([]byte(s.call("GET", "/leads", "").body), &leads); err != nil {
		t.Fatal(err)
	}
	if first, last := s.clock.Now().Sub(leads[0].Created), s.clock.Now().Sub(leads[10].Created); first != 105*24*time.Hour || last != 5*24*time.Hour {
		t.Errorf("from %s to %s ago", first, last)
	}
	if !strings.HasPrefix(leads[0].Email, " ") {
		t.Errorf("%q is tidy", leads[0].Email)
	}
}

func TestQR(t *testing.T) {
	s := begin(t, sandbox.Options{})
	get := func(code string) answer {
		return s.send(http.MethodGet, sandbox.QRPath+"/qrCodeAssociations/"+code, "", "Authorization", "Bearer "+s.token)
	}
	t.Run("WithoutATokenItIs401", func(t *testing.T) { // R4, R12
		if got := get("SBXCODE1"); got.status != 401 {
			t.Errorf("got %d", got.status)
		}
	})
	s.login("")                                        // R5: no scope
	t.Run("AKnownCodeIsAMachine", func(t *testing.T) { // R3, R10, R11
		doc, err := openapi.QRDocument()
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{"SBXCODE1", "SBXCODE2"} {
			got := get(code)
			var machine any
			if err := json.Unmarshal([]byte(got.body), &machine); err != nil || got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if err := doc.Components.Schemas["Association"].Value.VisitJSON(machine); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("AnUnknownCodeIs404AndCaseCounts", func(t *testing.T) { // R2, R12
		for _, code := range []string{"NOBODY", "sbxcode1"} {
			if got := get(code); got.status != 404 || !strings.Contains(got.body, "no such code") {
				t.Errorf("%s: %d %s", code, got.status, got.body)
			}
		}
	})
	t.Run("ACodeCanBeAdded", func(t *testing.T) {
		if got := s.control("POST", "/associations", `{"id":"50%","association":{"serialNumber":"SBX9"}}`); got.status != 204 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if got := get("50%25"); got.body != `{"serialNumber":"SBX9"}` { // R9, R10
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
	t.Run("ATokenOfTheQRServiceIsNoneOfTheLeadService", func(t *testing.T) { // R17, R98
		if got := s.call("GET", "/leads", ""); got.status != 403 || got.body != `{"message":"You are not authorized to perform that action."}` {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
}
