package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/openapi"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

var requestTypes = []string{"purchase_order", "jobsite", "transfer", "extend", "calloff", "service", "quote", "lead"}

func TestPortalSends(t *testing.T) {
	t.Run("EveryTypeInTheShapeOfTheContract", func(t *testing.T) {
		doc, err := openapi.CRSDocument()
		if err != nil {
			t.Fatal(err)
		}
		schema := doc.Components.Schemas["Message"].Value
		for _, kind := range requestTypes {
			s := begin(t, sandbox.Options{})
			g := s.gateway("D100")
			id := s.started(kind, func(st *sandbox.Start) { st.PhotoBytes = 5000 })
			m := g.sent(t)[0]
			if m.Type != "request" || m.Payload.Request.LocalID != id || m.Payload.Request.RequestType != kind || m.Payload.RequestUpdate != nil {
				t.Errorf("%s: %+v", kind, m)
			}
			if lead := kind == "lead"; lead != (m.Customer == nil) || lead != (len(m.Payload.RequestUpdates) > 0) {
				t.Errorf("%s: customer %v, %d updates", kind, m.Customer, len(m.Payload.RequestUpdates))
			}
			if photo := len(g.bodies[0]) > 5000; photo != (kind == "service") {
				t.Errorf("%s: %d bytes", kind, len(g.bodies[0]))
			}
			var body any
			if err := json.Unmarshal([]byte(g.bodies[0]), &body); err != nil {
				t.Fatal(err)
			}
			if err := schema.VisitJSON(body, openapi3.MultiErrors()); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
	t.Run("TheSameSeedSendsTheSame", func(t *testing.T) {
		sends := func(seed uint64) []string {
			s := begin(t, sandbox.Options{Seed: seed})
			g := s.gateway("D100")
			s.started("service", func(st *sandbox.Start) { st.PhotoBytes = 100 })
			s.started("lead")
			return g.bodies
		}
		if diff := cmp.Diff(sends(7), sends(7)); diff != "" {
			t.Error(diff)
		}
		if cmp.Equal(sends(7), sends(8)) {
			t.Error("another seed sends the same")
		}
	})
	t.Run("InOrderAndAFailingOneBlocksItsDealerAlone", func(t *testing.T) {
		s := begin(t, sandbox.Options{Clients: []sandbox.Client{{ID: "sandbox", Secret: "sandbox", Dealer: "D100"}, {ID: "b", Secret: "b", Dealer: "D200"}}})
		first, other := s.gateway("D100"), s.gateway("D200")
		first.answer = func(n int) int {
			if n == 2 {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}
		for _, dealer := range []string{"D100", "D200"} {
			if _, err := s.StartRequests(sandbox.Start{Type: "extend", Dealer: dealer, Count: 3}); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := s.Deliver(t.Context()); err == nil || n != 4 {
			t.Errorf("%d %v", n, err)
		}
		s.deliver(2)
		var ids []string
		for _, m := range first.sent(t) {
			ids = append(ids, m.Payload.Request.LocalID)
		}
		if len(ids) != 4 || ids[1] != ids[2] || ids[0] >= ids[1] || ids[2] >= ids[3] || len(other.sent(t)) != 3 {
			t.Errorf("got %v", ids)
		}
		if first.bodies[1] != first.bodies[2] {
			t.Error("a repeat is another message")
		}
	})
	t.Run("A402IsNotRepeated", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		g.answer = func(int) int { return http.StatusPaymentRequired }
		s.started("extend")
		s.deliver(0)
		if got := s.Mails()[0]; got.State != "refused" || got.Tries != 1 || got.Status != 402 || len(g.bodies) != 1 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("ARefusedTokenIsRenewedOnce", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		s.started("extend")
		g.answer = func(n int) int {
			if n == 2 {
				return http.StatusUnauthorized
			}
			return http.StatusOK
		}
		s.started("extend")
		if g.tokens != 2 || len(g.bodies) != 3 {
			t.Errorf("%d tokens, %d calls", g.tokens, len(g.bodies))
		}
	})
	t.Run("ScriptedFaults", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		if err := s.AddFaults(sandbox.Fault{On: sandbox.Delivery, Kind: sandbox.Lost}, sandbox.Fault{On: sandbox.Delivery, Kind: sandbox.Duplicate}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.StartRequests(sandbox.Start{Type: "extend"}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Deliver(t.Context()); err == nil {
			t.Error("the lost answer was seen")
		}
		s.deliver(1)
		if len(g.bodies) != 3 || g.bodies[0] != g.bodies[2] || s.Mails()[0].Tries != 2 {
			t.Errorf("%d calls, %+v", len(g.bodies), s.Mails()[0])
		}
		if err := s.AddFaults(sandbox.Fault{On: sandbox.Delivery, Kind: sandbox.HTML}); !errors.Is(err, sandbox.ErrInvalid) {
			t.Errorf("a page instead of a call: %v", err)
		}
	})
	t.Run("ItRunsByItselfUntilItIsTold", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.RunPortal(ctx)
		}()
		id := startOne(t, s, "extend")
		s.moves(id, "closed", "", "") // not received yet: answered by an error
		s.WaitForMail(t.Context(), 2)
		stop()
		<-ended
		if got := g.sent(t); len(got) != 2 || got[1].Payload.ErrorCode != "402 Incorrect Update Submitted" {
			t.Errorf("%+v", got)
		}
	})
}

func startOne(t *testing.T, s *side, kind string) string {
	t.Helper()
	ids, err := s.StartRequests(sandbox.Start{Type: kind})
	if err != nil {
		t.Fatal(err)
	}
	return ids[0]
}

func TestPortalTakes(t *testing.T) {
	t.Run("TheEchoAndARepeat", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		body := dealerMessage("d-1", "catalog", "null")
		first := s.posts(body)
		if want := `{"enqueuedClientId":"sandbox","enqueuedTime":"2026-03-10T12:00:00Z",` + body[1:]; first.status != 200 || first.body != want {
			t.Errorf("%d %s", first.status, first.body)
		}
		s.clock.Pass(3600e9)
		s.login("crs.message")
		if again := s.posts(body); again.body != first.body {
			t.Errorf("the repeat: %s", again.body)
		}
		if got := s.State().Portal.Verdicts; got["refresh"] != 1 || got["repeat"] != 1 {
			t.Errorf("%v", got)
		}
	})
	t.Run("FaultsAre402AndOtherDealers403", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		for body, want := range map[string]int{
			"": 402, "[]": 402, "{}": 402, `{"dealerCode":{}}`: 402,
			dealerMessage("1", "what", "null"):                                                         402,
			dealerMessage("1", "request", "null"):                                                      402,
			dealerMessage("1", "contract", "{}"):                                                       402,
			strings.Replace(dealerMessage("1", "contract", "null"), "0001007", "", 1):                  402,
			strings.Replace(dealerMessage("1", "contract", "null"), "2026-03-10T12:00:00Z", "soon", 1): 402,
			strings.Replace(dealerMessage("1", "contract", "null"), "D100", "D200", 1):                 403,
		} {
			if got := s.posts(body); got.status != want {
				t.Errorf("%.80s: %d %s", body, got.status, got.body)
			}
		}
		if got := s.send(http.MethodPost, sandbox.MessagePath, "{}", "Authorization", "Bearer nothing"); got.status != 401 {
			t.Errorf("without a token: %d", got.status)
		}
		if len(s.Notes()) != 0 {
			t.Errorf("%+v", s.Notes())
		}
	})
	t.Run("ItPullsWhatItIsToldIsNew", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		g := s.gateway("D100")
		s.posts(dealerMessage("d-1", "contract", "null"))
		s.posts(dealerMessage("d-2", "catalog", "null"))
		s.deliver(0)
		want := []string{
			"/api/v1/contract 0001007 0", "/api/v1/contract 0001007 1", "/api/v1/jobsite 0001007 0", "/api/v1/jobsite 0001007 1",
			"/api/v1/dealer-category 0001007 ", "/api/v1/dealer-category 0001007 ",
		}
		if diff := cmp.Diff(want[:5], g.asked[:5]); diff != "" {
			t.Error(diff)
		}
		if got := s.Pulls(); len(got) < 5 || got[0].Items != 2 || got[0].Status != 200 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("ScriptedFaultsHappen", func(t *testing.T) {
		s := begin(t, sandbox.Options{})
		s.login("")
		if err := s.AddFaults(sandbox.Fault{On: sandbox.Messages, Kind: sandbox.Lost}, sandbox.Fault{On: sandbox.Messages, Kind: sandbox.Status, Status: 503}); err != nil {
			t.Fatal(err)
		}
		body := dealerMessage("d-1", "catalog", "null")
		if got := s.posts(body); !got.broken {
			t.Errorf("%+v", got)
		}
		if got := s.posts(body); got.status != 503 {
			t.Errorf("%+v", got)
		}
		if got := s.posts(body); got.status != 200 || s.State().Portal.Verdicts["repeat"] != 1 || s.State().Portal.Verdicts["refresh"] != 1 {
			t.Errorf("%+v %v", got, s.State().Portal)
		}
	})
}
