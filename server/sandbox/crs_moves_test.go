package sandbox_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

func TestDealerMoves(t *testing.T) {
	// Each way through, with what is wrong at a point behind an exclamation mark.
	ways := map[string][]string{
		"purchase_order": {"!closed", "!scheduled", "received", "!received", "!scheduled", "!submitted", "closed", "!closed", "!received"},
		"jobsite":        {"received", "closed"},
		"extend":         {"received", "!quoted", "closed", "!canceled"},
		"transfer":       {"!scheduled", "received", "!closed", "scheduled", "!received", "closed"},
		"service":        {"received", "scheduled", "closed"},
		"calloff":        {"received", "!closed", "scheduled", "closed"},
		"quote":          {"received", "quoted", "!closed"},
		"lead":           {"!received", "closed", "closed", "!submitted"},
	}
	for kind, way := range ways {
		t.Run(kind, func(t *testing.T) {
			s := begin(t, sandbox.Options{})
			g := s.gateway("D100")
			id := s.started(kind, func(st *sandbox.Start) { st.QuoteRequired = true })
			status := "submitted"
			for _, step := range way {
				to, wrong := strings.CutPrefix(step, "!")
				updates := len(s.desk(id).Updates)
				verdict := s.moves(id, to, "", "")
				if !wrong {
					status = to
					if verdict != "accepted" || s.desk(id).Status != to || len(s.desk(id).Updates) != updates+1 {
						t.Fatalf("to %s: %s, %+v", to, verdict, s.desk(id))
					}
					continue
				}
				s.deliver(1)
				sent := g.sent(t)
				m := sent[len(sent)-1]
				if verdict != "refused" || s.desk(id).Status != status || len(s.desk(id).Updates) != updates || // R233
					m.Payload.ErrorCode != "402 Incorrect Update Submitted" || m.Payload.Request.Status != status || m.Payload.Request.Title == nil ||
					len(m.Payload.RequestUpdates) != updates || m.Payload.ErrorOf == "" { // R232
					t.Fatalf("to %s: %s, %+v", to, verdict, m)
				}
			}
		})
	}
	t.Run("AQuoteNobodyWantsMayBeClosedAtOnce", func(t *testing.T) { // R262
		s := begin(t, sandbox.Options{})
		s.gateway("D100")
		id := s.started("quote")
		if got := s.moves(id, "received", "", "") + s.moves(id, "closed", "", "Won"); got != "acceptedaccepted" || s.desk(id).Disposition != "Won" {
			t.Error(got, s.desk(id))
		}
	})
	t.Run("AnApprovedQuoteIsClosed", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		id := s.started("quote", func(st *sandbox.Start) { st.QuoteRequired = true })
		s.moves(id, "received", "", "")
		s.moves(id, "quoted", "", "")
		if _, err := s.Do(sandbox.Acted{ID: id, Act: sandbox.Approve}); err != nil {
			t.Fatal(err)
		}
		s.deliver(1)
		if m := g.sent(t)[1]; m.Payload.RequestUpdate.Status != "approved" || m.Payload.Request.RemoteID != "own-"+id || s.moves(id, "closed", "", "") != "accepted" {
			t.Errorf("%+v", m)
		}
	})
	t.Run("ACanceledRequestIsClosedAndNothingElse", func(t *testing.T) { // R223, R224
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		id := s.started("transfer")
		s.moves(id, "received", "", "")
		if _, err := s.Do(sandbox.Acted{ID: id, Act: sandbox.Cancel}); err != nil {
			t.Fatal(err)
		}
		if got := s.moves(id, "scheduled", "", "") + " " + s.moves(id, "closed", "Canceled", ""); got != "refused accepted" {
			t.Error(got)
		}
		s.deliver(2)
		var got []string
		for _, m := range g.sent(t)[1:] {
			got = append(got, m.Payload.Request.Status+" "+m.Payload.ErrorCode)
		}
		if diff := cmp.Diff([]string{"canceled ", "canceled 402 Incorrect Update Submitted"}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("ACallOffEndsByItselfOrByTheDealer", func(t *testing.T) { // R256, R257
		s := begin(t, sandbox.Options{})
		s.gateway("D100")
		id := s.started("calloff")
		if _, err := s.Do(sandbox.Acted{ID: id, Act: sandbox.End}); err != nil {
			t.Fatal(err)
		}
		other := startOne(t, s, "calloff")
		if got := s.moves(id, "closed", "", "") + " " + s.moves(other, "received", "", "") + " " + s.moves(other, "closed", "Canceled", ""); got != "refused accepted accepted" {
			t.Error(got)
		}
	})
	t.Run("ALeadGoesBackAndComesAgain", func(t *testing.T) { // R275, R278
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		id := s.started("lead")
		if got := s.moves(id, "submitted", "", "") + " " + s.moves(id, "submitted", "", "Wrong Territory") + " " + s.moves(id, "closed", "", "Won"); got != "refused accepted refused" {
			t.Error(got)
		}
		if _, err := s.Do(sandbox.Acted{ID: id, Act: sandbox.Return}); err != nil {
			t.Fatal(err)
		}
		s.deliver(3)
		sent := g.sent(t)
		if m := sent[len(sent)-1]; m.Payload.Request.LocalID != id || len(m.Payload.RequestUpdates) != 4 || s.moves(id, "closed", "", "Not A Real Lead") != "accepted" {
			t.Errorf("%+v", m)
		}
	})
}

func TestPairing(t *testing.T) {
	move := func(ids, kind string) string {
		return `{"request":{` + ids + `,"requestType":"` + kind + `","status":"received"},"requestUpdate":{"status":"received"}}`
	}
	s := begin(t, sandbox.Options{})
	g := s.gateway("D100")
	id := s.started("extend")
	last := func() (string, string) {
		n := s.Notes()
		sent := g.sent(t)
		return n[len(n)-1].Verdict, sent[len(sent)-1].Payload.ErrorCode
	}
	t.Run("UnknownIDsAreAnswered404", func(t *testing.T) { // R234
		for i, ids := range []string{`"localId":"x","remoteId":"nobody"`, `"localId":"x","remoteId":null`} {
			s.posts(dealerMessage("u"+string(rune('0'+i)), "request", move(ids, "extend")))
			s.deliver(1)
			if verdict, code := last(); verdict != "unknown" || code != "404 Request Not Found" {
				t.Errorf("%s: %s %s", ids, verdict, code)
			}
		}
	})
	t.Run("AnotherTypeIsAnswered404", func(t *testing.T) {
		s.posts(dealerMessage("t1", "request", move(`"localId":"q-1","remoteId":"`+id+`"`, "transfer")))
		s.deliver(1)
		if verdict, code := last(); verdict != "unknown" || code != "404 Request Not Found" {
			t.Errorf("%s %s", verdict, code)
		}
	})
	t.Run("OnceToldTheDealersIDIsEnough", func(t *testing.T) { // R216, R217
		s.posts(dealerMessage("p1", "request", move(`"localId":4711,"remoteId":"`+id+`"`, "extend")))
		s.posts(dealerMessage("p2", "request", strings.ReplaceAll(move(`"localId":"4711"`, "extend"), "received", "closed")))
		if got := s.desk(id); got.Status != "closed" || got.DealerID != "4711" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("TheDealerMayStart", func(t *testing.T) { // R237
		s.posts(dealerMessage("s1", "request", `{"request":{"localId":"own-9","requestType":"service","status":"submitted"}}`))
		n := s.Notes()
		if got := s.desk(n[len(n)-1].About); !got.FromDealer || got.DealerID != "own-9" || got.Type != "service" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("AnErrorIsNeverAnswered", func(t *testing.T) { // R236
		before := len(s.Mails())
		s.posts(dealerMessage("e1", "request", `{"errorCode":"404 Request Not Found","errorSubmittedMessageId":"sbx-1"}`))
		if verdict, _ := last(); verdict != "error" || len(s.Mails()) != before {
			t.Error(verdict)
		}
	})
}

func TestCustomers(t *testing.T) {
	t.Run("WhatIsNotAllowedIsRefused", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		extend, lead := startOne(t, s, "extend"), startOne(t, s, "lead")
		for _, a := range []sandbox.Acted{
			{ID: extend, Act: sandbox.Approve},
			{ID: extend, Act: sandbox.End},
			{ID: extend, Act: sandbox.Return},
			{ID: extend, Act: "jump"},
			{ID: lead, Act: sandbox.Cancel},
			{ID: lead, Act: sandbox.MoreInfo},
			{ID: lead, Act: sandbox.Return},
		} {
			if _, err := s.Do(a); !errors.Is(err, sandbox.ErrInvalid) {
				t.Errorf("%+v: %v", a, err)
			}
		}
		if _, err := s.Do(sandbox.Acted{ID: "none", Act: sandbox.Cancel}); !errors.Is(err, sandbox.ErrNoDesk) {
			t.Error(err)
		}
	})
	t.Run("MoreInformationKeepsTheState", func(t *testing.T) { // R222
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		id := s.started("purchase_order")
		s.moves(id, "received", "", "")
		if _, err := s.Do(sandbox.Acted{ID: id, Act: sandbox.MoreInfo, Text: "before Friday"}); err != nil {
			t.Fatal(err)
		}
		s.deliver(1)
		if m := g.sent(t)[1]; m.Payload.Request.Status != "received" || m.Payload.RequestUpdate.Status != "received" || !strings.Contains(g.bodies[1], "currentPoNumber") {
			t.Errorf("%+v", m)
		}
	})
	t.Run("AConversation", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		talk, err := s.Tell(sandbox.Say{Text: "one"})
		if err != nil {
			t.Fatal(err)
		}
		answer := func(id, messages string) {
			s.posts(dealerMessage(id, "message", `{"message":{"messageChain":{"localId":"own-1","remoteId":"`+talk.ID+`"},"messages":[`+messages+`]}}`))
		}
		old := `{"createdDate":"2026-03-10T12:00:00Z","createdBy":"ines.marlow@brookline.example","messageText":"one"}`
		answer("c1", `{"createdDate":"2026-03-10T12:05:00Z","createdBy":"local:kim","messageText":"two"},`+old)
		answer("c2", old)
		answer("c3", "")
		answer("c4", strings.TrimSuffix(strings.Repeat(old+",", 11), ","))
		if _, err := s.Tell(sandbox.Say{ID: talk.ID, Text: "three", Over: true}); err != nil {
			t.Fatal(err)
		}
		s.deliver(2)
		var got []string
		for _, m := range g.sent(t)[1].Payload.Message.Messages {
			got = append(got, m.MessageText)
		}
		chain := g.sent(t)[1].Payload.Message.MessageChain
		if diff := cmp.Diff([]string{"three", "two", "one"}, got); diff != "" || chain.RemoteID != "own-1" || chain.Active {
			t.Errorf("%+v %s", chain, diff)
		}
		if v := s.State().Portal.Verdicts; v["accepted"] != 2 || v["unknown"] != 2 {
			t.Errorf("%v", v)
		}
		if _, err := s.Tell(sandbox.Say{ID: "none"}); !errors.Is(err, sandbox.ErrNoDesk) {
			t.Error(err)
		}
	})
	t.Run("ByTheControlAPI", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		for _, c := range []struct {
			method, path, body string
			status             int
			holds              string
		}{
			{http.MethodPost, "/dealers", `{"code":"D200","url":"nowhere","clientId":"a","secret":"b"}`, 400, "address"},
			{http.MethodPost, "/requests", `{"type":"extend","count":2}`, 200, `"ids":["rq-0-`},
			{http.MethodPost, "/requests", `{"type":"party"}`, 400, "type is one of"},
			{http.MethodPost, "/requests/act", `{"id":"rq-0-00001","act":"cancel"}`, 200, `"status":"canceled"`},
			{http.MethodPost, "/requests/act", `{"id":"none","act":"cancel"}`, 404, "no such request"},
			{http.MethodPost, "/talks", `{"text":"hello"}`, 200, `"text":"hello"`},
			{http.MethodPost, "/deliver", ``, 200, `"delivered":4`},
			{http.MethodGet, "/requests", ``, 200, `"status":"canceled"`},
			{http.MethodGet, "/talks", ``, 200, `"hello"`},
			{http.MethodGet, "/outgoing", ``, 200, `"state":"delivered"`},
			{http.MethodGet, "/incoming?after=5", ``, 200, `[]`},
			{http.MethodGet, "/incoming?after=x", ``, 400, `after is a number`},
			{http.MethodGet, "/pulls", ``, 200, ``},
		} {
			if got := s.control(c.method, "/portal"+c.path, c.body); got.status != c.status || !strings.Contains(got.body, c.holds) {
				t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
			}
		}
		if len(g.bodies) != 4 {
			t.Errorf("%d messages", len(g.bodies))
		}
		if err := s.Reset(1); err != nil || len(s.Desks()) != 0 || len(s.Mails()) != 0 {
			t.Errorf("%v after a reset", s.Desks())
		}
	})
}
