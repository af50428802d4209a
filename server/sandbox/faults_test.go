package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

func TestFaults(t *testing.T) {
	script := func(t *testing.T, text string) *side {
		t.Helper()
		s := begin(t, sandbox.Options{})
		s.has("A", "B")
		s.login("manage:all")
		if got := s.control("POST", "/faults", text); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return s
	}
	t.Run("AStatusIsAnsweredAndNothingIsDone", func(t *testing.T) { // R97, R98
		s := script(t, `[{"on":"leads","kind":"status","status":503,"retryAfter":"7"},{"on":"leads","kind":"status"}]`)
		if got := s.call("GET", "/leads", ""); got.status != 503 || got.header.Get("Retry-After") != "7" || got.body != `{"message":"Service Unavailable"}` {
			t.Errorf("got %d %v %s", got.status, got.header, got.body)
		}
		if got := s.call("GET", "/leads", "").status; got != 500 {
			t.Errorf("got %d", got)
		}
		same(t, []string{"A NEW", "B NEW"}, s.call("GET", "/leads", "").leads(t))
	})
	t.Run("ARedirectionLeadsElsewhere", func(t *testing.T) {
		s := script(t, `[{"on":"leads","kind":"status","status":302,"location":"https://elsewhere.example/"}]`)
		if got := s.call("GET", "/leads", ""); got.status != 302 || got.header.Get("Location") != "https://elsewhere.example/" {
			t.Errorf("got %d %v", got.status, got.header)
		}
	})
	t.Run("APageComesInsteadOfJSON", func(t *testing.T) {
		s := script(t, `[{"on":"any","kind":"html"}]`)
		if got := s.call("GET", "/leads", ""); got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("got %d %v", got.status, got.header)
		}
		if got := s.State().Waiting; got != 2 {
			t.Errorf("%d are waiting", got)
		}
	})
	t.Run("ADroppedCallIsNotDone", func(t *testing.T) {
		s := script(t, `[{"on":"leads","kind":"drop"}]`)
		if got := s.call("GET", "/leads", ""); !got.broken {
			t.Errorf("got %d", got.status)
		}
		if got := s.State().Waiting; got != 2 {
			t.Errorf("%d are waiting", got)
		}
	})
	t.Run("ALostAnswerIsFoundInHistoricAlone", func(t *testing.T) { // R29, R104
		s := script(t, `[{"on":"leads","kind":"lost"}]`)
		if got := s.call("GET", "/leads", ""); !got.broken {
			t.Errorf("got %d", got.status)
		}
		same(t, []string(nil), s.call("GET", "/leads", "").leads(t))
		same(t, []string{"A SENT", "B SENT"}, s.call("GET", "/leads/historic?startdate=2026-03-10&enddate=2026-03-10", "").leads(t))
	})
	t.Run("ALostAnswerToUpdatesLeavesThemTaken", func(t *testing.T) {
		s := script(t, `[{"on":"updates","kind":"lost"}]`)
		s.call("GET", "/leads", "")
		if got := post(t, s, least()); !got.broken {
			t.Errorf("got %d", got.status)
		}
		if got := len(s.Updates(0)); got != 1 {
			t.Errorf("%d updates", got)
		}
	})
	t.Run("HalfOfACutAnswerArrives", func(t *testing.T) {
		s := script(t, `[{"on":"leads","kind":"cut"}]`)
		if got := s.call("GET", "/leads", ""); !got.broken || got.status != 200 || !strings.HasPrefix(got.body, "[{") {
			t.Errorf("got %d %q", got.status, got.body)
		}
		if got := s.State(); got.Waiting != 0 || got.HandedOut != 2 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("ADrippingAnswerArrivesWhole", func(t *testing.T) {
		s := script(t, `[{"on":"leads","kind":"drip","delay":"1ms"}]`)
		same(t, []string{"A NEW", "B NEW"}, s.call("GET", "/leads", "").leads(t))
	})
	t.Run("ADelayEndsWithTheCall", func(t *testing.T) {
		s := script(t, `[{"on":"leads","kind":"delay","delay":"1h"}]`)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+sandbox.LeadPath+"/leads", nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := s.http.Do(r); err == nil {
			t.Errorf("got %d", resp.StatusCode)
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		}
		same(t, []string{"A NEW", "B NEW"}, s.call("GET", "/leads", "").leads(t))
	})
	t.Run("ATokenEndsBeforeItsTime", func(t *testing.T) { // R102
		s := script(t, `[{"on":"leads","kind":"expire"}]`)
		for range 2 {
			if got := s.call("GET", "/leads", "").status; got != 401 {
				t.Errorf("got %d", got)
			}
		}
		s.login("manage:all")
		same(t, []string{"A NEW", "B NEW"}, s.call("GET", "/leads", "").leads(t))
	})
	t.Run("ALeadStandsTwiceInAnAnswer", func(t *testing.T) {
		s := script(t, `[{"on":"leads","kind":"duplicate"},{"on":"historic","kind":"duplicate"},{"on":"updates","kind":"duplicate"}]`)
		same(t, []string{"A NEW", "A NEW"}, s.call("GET", "/leads?limit=1", "").leads(t))
		same(t, []string{"A SENT", "A SENT"}, s.call("GET", "/leads/historic?startdate=2026-03-10&enddate=2026-03-10", "").leads(t))
		post(t, s, least())
		if got := s.State(); got.Updates != 2 || got.Repeats != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("ALeadIsHandedOutOnceMore", func(t *testing.T) {
		s := script(t, `[{"on":"leads","kind":"again"}]`)
		same(t, []string{"A NEW"}, s.call("GET", "/leads?limit=1", "").leads(t))
		same(t, []string{"A NEW", "B NEW"}, s.call("GET", "/leads", "").leads(t))
		if got := s.State(); got.Again != 1 || got.HandedOut != 2 || got.Waiting != 0 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("AFaultIsDueAfterSoManyCallsAndHappensSoOften", func(t *testing.T) {
		s := script(t, `[{"on":"leads","kind":"status","status":500,"after":1,"times":2},{"on":"token","kind":"status","status":503,"times":-1}]`)
		var got []int
		for range 4 {
			got = append(got, s.call("GET", "/leads?limit=1", "").status)
		}
		same(t, []int{200, 500, 500, 200}, got)
		for range 3 {
			if got := s.ask("manage:all").status; got != 503 {
				t.Errorf("got %d", got)
			}
		}
		if got := len(s.Faults()); got != 1 {
			t.Errorf("%d are left", got)
		}
		if got := s.control("POST", "/faults/clear", `{}`).status; got != 204 || len(s.Faults()) != 0 {
			t.Errorf("got %d, %d are left", got, len(s.Faults()))
		}
		if got := s.State(); got.Faults != 5 || got.Calls[sandbox.Leads] != 4 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("WhatCannotHappenIsRefusedAndNoneIsAdded", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		for _, text := range []string{
			`[{"on":"mail","kind":"drop"}]`, `[{"on":"any","kind":"fire"}]`, `[{"on":"leads","kind":"delay"}]`, `[{"on":"qr","kind":"again"}]`,
			`[{"on":"token","kind":"expire"}]`, `[{"on":"leads","kind":"status","status":99}]`, `[{"on":"leads","kind":"drop","status":500}]`,
			`[{"on":"leads","kind":"drop"},{"on":"leads"}]`, `[{"on":"leads","kind":"delay","delay":"2h"}]`, `[{"on":"leads","kind":"drop","times":-2}]`,
			`[{"on":"token","kind":"duplicate"}]`, `{}`,
		} {
			if got := s.control("POST", "/faults", text); got.status != 400 || len(s.Faults()) != 0 {
				t.Errorf("%s: %d %s", text, got.status, got.body)
			}
		}
	})
}

func TestControl(t *testing.T) {
	s := begin(t, sandbox.Options{Seed: 3, Leads: 2})
	t.Run("LeadsAreAddedAndChanged", func(t *testing.T) {
		got := s.control("POST", "/leads", `{"leads":[{"leadId":"A","city":"Quillford"},{"company":"Fernwood"}]}`)
		if got.status != 200 || !strings.HasPrefix(got.body, `{"leadIds":["A","SB-0000003-`) {
			t.Errorf("got %d %s", got.status, got.body)
		}
		if got := s.control("POST", "/leads/change", `{"leadId":"A","members":{"city":"Tallgrass"}}`); got.body != `{"waiting":true}` {
			t.Errorf("got %d %s", got.status, got.body)
		}
		var known []sandbox.KnownLead
		if err := json.Unmarshal([]byte(s.control("GET", "/leads", "").body), &known); err != nil || len(known) != 4 {
			t.Fatalf("%v, %d leads", err, len(known))
		}
		if !known[0].Waiting || !strings.Contains(string(known[0].Lead), "Tallgrass") {
			t.Errorf("got %+v", known[0])
		}
	})
	t.Run("WhatIsWrongIsSaid", func(t *testing.T) {
		for path, bodies := range map[string][]string{
			"/leads":        {`{"leads":[1]}`, `{"leads":[{"leadId":"A"}]}`, `{"leads":[{"leadId":7}]}`, `{"lead":[]}`, `{} {}`, `x`},
			"/leads/make":   {`{"count":0}`, `{"count":1,"daysAgo":-1}`},
			"/leads/change": {`{"leadId":"A","members":{"leadId":"B"}}`},
			"/settings":     {`{"emptyStatus":500}`, `{"tokenSeconds":0}`, `{"defaultLimit":101}`, `{"mostUpdates":-1}`, `{"speed":1}`},
			"/associations": {`{"id":"","association":{}}`, `{"id":"x","association":null}`},
		} {
			for _, body := range bodies {
				if got := s.control("POST", path, body); got.status != 400 || !strings.Contains(got.body, `"message"`) {
					t.Errorf("%s %s: %d %s", path, body, got.status, got.body)
				}
			}
		}
		if got := s.control("POST", "/leads/change", `{"leadId":"nobody","members":{}}`).status; got != 404 {
			t.Errorf("got %d", got)
		}
		if got := s.send("POST", "/control/reset", "{}", "Content-Type", "text/plain").status; got != 415 {
			t.Errorf("got %d", got)
		}
	})
	t.Run("UpdatesAreWaitedFor", func(t *testing.T) {
		s.call("GET", "/leads", "")
		waited := make(chan answer, 1)
		go func() { waited <- s.control("GET", "/updates?after=0&wait=60", "") }()
		post(t, s, least())
		if got := <-waited; !strings.Contains(got.body, `"number":1`) {
			t.Errorf("got %d %s", got.status, got.body)
		}
		if got := s.control("GET", "/updates?after=1", "").body; got != "[]" {
			t.Errorf("got %s", got)
		}
		if got := s.control("GET", "/updates?after=x", "").status; got != 400 {
			t.Errorf("got %d", got)
		}
	})
	t.Run("TokensAreEnded", func(t *testing.T) {
		if got := s.control("POST", "/tokens/expire", "").status; got != 204 {
			t.Errorf("got %d", got)
		}
		if got := s.call("GET", "/leads", "").status; got != 401 {
			t.Errorf("got %d", got)
		}
	})
	t.Run("AResetForgetsEverything", func(t *testing.T) {
		s.control("POST", "/settings", `{"emptyStatus":200}`)
		if got := s.control("POST", "/reset", `{"seed":9}`).status; got != 204 {
			t.Errorf("got %d", got)
		}
		got := s.State()
		if got.Seed != 9 || got.Leads != 2 || got.Waiting != 2 || got.Updates != 0 || got.Settings.EmptyStatus != 204 || len(got.Calls) != 0 {
			t.Errorf("got %+v", got)
		}
		if got := s.control("GET", "/refused", "").body; got != "[]" {
			t.Errorf("got %s", got)
		}
	})
}
