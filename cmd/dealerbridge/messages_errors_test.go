package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// posted is a message as the Cat Rental Store sends it, whose payload is given.
func posted(dealer, id, payload string) string {
	return fmt.Sprintf(`{"dealerCode":%q,"customerNumber":"0001007","submittedMessageId":%q,"submittedTime":"2026-03-02T08:15:00Z","messageType":"request","payload":%s}`, dealer, id, payload)
}

// crs gets a token of the Cat Rental Store's client of a dealer.
func (x *exchange) crs(dealer string) string {
	x.t.Helper()
	return x.token("crs-more-"+dealer, x.addClient("crs-more-"+dealer, dealer))
}

// TestMessagesThatDoNotFit: each side tells the other what it could not take, the
// right people hear of it, and nobody answers an error with an error.
func TestMessagesThatDoNotFit(t *testing.T) {
	x := exchanging(t, nil, "D100")
	bearer := x.crs("D100")
	take := func(body string) reply {
		t.Helper()
		r := x.call(bearer, http.MethodPost, "/api/v1/message", body)
		if r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		return r
	}
	last := func() sandbox.Note {
		t.Helper()
		notes := x.box.Notes()
		if len(notes) == 0 {
			t.Fatal("the portal got nothing")
		}
		return notes[len(notes)-1]
	}

	t.Run("TheDesksUpdateCrossesACancellation", func(t *testing.T) { // R232, R233
		id, v := x.begin(sandbox.Start{Type: "transfer"})
		x.moves(v, "receive")
		x.settle()
		x.does(id, sandbox.Cancel, "No longer needed.") // on its way, not here yet
		x.moves(x.of(id), "schedule")
		x.settle()
		v = x.same(id, "canceled")
		if got := history(v); got != "dealer:received dealer:scheduled(refused) partner:canceled" {
			t.Error(got)
		}
		if got := x.verdicts(id); got != "accepted refused" {
			t.Error(got)
		}
		x.moves(v, "cancel")
		x.settle()
		x.same(id, "closed")
	})
	t.Run("TheCustomersWordsCrossTheClosing", func(t *testing.T) { // R232
		id, v := x.begin(sandbox.Start{Type: "jobsite"})
		x.moves(v, "receive")
		x.settle()
		x.does(id, sandbox.MoreInfo, "Wait, the other gate!")
		x.moves(x.of(id), "close")
		x.settle()
		x.same(id, "closed")
		note := last()
		var answer struct {
			Payload struct {
				ErrorCode               string
				ErrorSubmittedMessageID string
				Request                 struct{ LocalID, RemoteID, Status string }
				RequestUpdates          []struct{ Status, Text string }
			}
		}
		if err := json.Unmarshal(note.Body, &answer); err != nil {
			t.Fatal(err)
		}
		p := answer.Payload
		if note.Verdict != "error" || p.ErrorCode != "402 Incorrect Update Submitted" || p.Request.RemoteID != id || p.Request.Status != "closed" {
			t.Errorf("%s: %s", note.Verdict, note.Body)
		}
		var states []string
		for _, u := range p.RequestUpdates {
			states = append(states, u.Status)
			if strings.Contains(u.Text, "other gate") {
				t.Error("the update that was refused stands among those that were taken")
			}
		}
		if !slices.Equal(states, []string{"received", "closed"}) {
			t.Errorf("all updates so far are %v", states)
		}
		mails := x.box.Mails()
		if mails[len(mails)-1].ID != p.ErrorSubmittedMessageID {
			t.Errorf("it points at %s, not at %s", p.ErrorSubmittedMessageID, mails[len(mails)-1].ID)
		}
	})
	t.Run("AnUpdateOfNothingKnown", func(t *testing.T) { // R234
		take(posted("D100", "stray-1", `{"request":{"localId":"nobody","remoteId":"never-made","requestType":"extend","status":"canceled"},"requestUpdate":{"status":"canceled","createdBy":"a@b.example","createdDate":"2026-03-02T08:15:00Z","title":"x","text":null,"properties":{}}}`))
		x.settle()
		if n := last(); n.Verdict != "error" || n.Why != "404 Request Not Found" || n.About != "stray-1" {
			t.Errorf("%s %s about %s: %s", n.Verdict, n.Why, n.About, n.Body)
		}
	})
	t.Run("NoErrorIsAnsweredWithAnError", func(t *testing.T) { // R236
		before := len(x.box.Notes())
		for n, code := range []string{"402 Incorrect Update Submitted", "404 Request Not Found", "418 Something New"} {
			take(posted("D100", fmt.Sprint("error-", n), fmt.Sprintf(`{"errorCode":%q,"errorSubmittedMessageId":"never-sent-%d","request":{"localId":"nobody","remoteId":"never-made","requestType":"extend","status":"closed"},"requestUpdates":[]}`, code, n)))
		}
		x.settle()
		if now := x.box.Notes(); len(now) != before {
			t.Errorf("it was answered: %s", now[before].Body)
		}
	})
	t.Run("ARepeatGetsTheFirstAnswerAndHasNoFurtherEffect", func(t *testing.T) { // R208
		body := posted("D100", "again-1", `{"request":{"localId":"4711","remoteId":null,"requestType":"extend","status":"submitted","createdDate":"2026-03-02T08:15:00Z","createdBy":"a@b.example","title":"Extend Request","text":"two weeks","requestedDate":"2026-09-02T08:15:00Z","properties":{},"assets":[{"serialNumber":"ZZT00117"}]}}`)
		first := take(body)
		x.settle()
		x.clock.advance(30 * time.Minute)
		again := take(body)
		x.settle()
		var one, two struct{ EnqueuedTime, EnqueuedClientID string }
		if json.Unmarshal(first.body, &one) != nil || json.Unmarshal(again.body, &two) != nil || one.EnqueuedTime == "" {
			t.Fatalf("%s\n%s", first.body, again.body)
		}
		if one.EnqueuedTime != two.EnqueuedTime {
			t.Errorf("taken at %s, then at %s", one.EnqueuedTime, two.EnqueuedTime)
		}
		var page model.RequestPage
		x.call(x.desk, http.MethodGet, "/operator/v1/requests?type=extend", nil).into(t, &page)
		if len(page.Items) != 1 {
			t.Errorf("there are %d requests", len(page.Items))
		}
		if !strings.Contains(x.metrics(), `dealerbridge_queue_items_total{dealer="D100",direction="in",event="repeated"} 1`) {
			t.Error("the repeat was not counted")
		}
	})
	t.Run("ARefusedBodyIsParkedAndTakenBackByHand", func(t *testing.T) { // R193
		id, v := x.begin(sandbox.Start{Type: "purchase_order"})
		if err := x.box.AddFaults(sandbox.Fault{On: sandbox.Messages, Kind: sandbox.Status, Status: http.StatusPaymentRequired}); err != nil {
			t.Fatal(err)
		}
		x.moves(v, "receive")
		x.settle()
		if x.theirs(id).Status != "submitted" {
			t.Fatal("the portal took it")
		}
		var parked model.QueuePage
		x.call(x.desk, http.MethodGet, "/operator/v1/queue/items?state=parked", nil).into(t, &parked)
		if len(parked.Items) != 1 || parked.Items[0].Why == nil || !strings.Contains(*parked.Items[0].Why, "402") {
			t.Fatalf("parked: %+v", parked)
		}
		var item model.QueueItem
		x.call(x.desk, http.MethodPost, fmt.Sprintf("/operator/v1/queue/items/%d/retry", parked.Items[0].Number), nil).into(t, &item)
		x.settle()
		x.same(id, "received")
	})
	t.Run("AMoveThatIsNotAllowedSaysWhatIs", func(t *testing.T) {
		_, v := x.begin(sandbox.Start{Type: "service"})
		r := x.tries(v, "schedule")
		if got := r.message(t); r.status != http.StatusConflict || !strings.Contains(got, "received") {
			t.Errorf("%d %s", r.status, got)
		}
		if v.Allowed[0].Status != "received" || len(v.Allowed) != 1 {
			t.Errorf("allowed: %+v", v.Allowed)
		}
		if r := x.tries(model.RequestView{Summary: model.RequestSummary{ID: "rq-none", Dealer: "D100"}}, "receive"); r.status != http.StatusNotFound {
			t.Errorf("a request nobody knows is %d %s", r.status, r.body)
		}
	})
}

// TestChangesAreToldAndPulled: what changes in the dealer's tables is told to the
// Cat Rental Store, once for a customer however often it changes, and pulled by it.
func TestChangesAreToldAndPulled(t *testing.T) {
	x := exchanging(t, nil, "D100")
	x.settle()
	before := len(x.box.Notes())
	notices := func(kind, customer string) (n int) {
		for _, one := range x.box.Notes()[before:] {
			var body struct{ CustomerNumber string }
			if json.Unmarshal(one.Body, &body) == nil && one.Type == kind && body.CustomerNumber == customer {
				n++
			}
		}
		return n
	}
	for n := range 3 { // while CRS is away
		if err := x.box.AddFaults(sandbox.Fault{On: sandbox.Messages, Kind: sandbox.Status, Status: http.StatusServiceUnavailable}); err != nil {
			t.Fatal(err)
		}
		x.edit("D100", fmt.Sprintf(`UPDATE INVHDR SET CHG = '%s' WHERE CO = '01' AND trim(CUST) = '88'`, x.clock.Now().UTC().Format(time.DateTime)))
		x.clock.advance(5*time.Minute + time.Second*time.Duration(n))
	}
	eventually(t, "the invoice is told", func() error {
		x.settle()
		if n := notices("invoice", "0000088"); n == 0 {
			x.clock.advance(time.Minute)
			return fmt.Errorf("%d notices", n)
		}
		return nil
	})
	if n := notices("invoice", "0000088"); n > 3 {
		t.Errorf("one change was told %d times", n)
	}
	pulled := slices.ContainsFunc(x.box.Pulls(), func(p sandbox.Pull) bool {
		return p.Path == "invoice" && p.Customer == "0000088" && p.Status == http.StatusOK && p.Items > 0
	})
	if !pulled {
		t.Errorf("it was not pulled: %+v", x.box.Pulls())
	}
	for _, p := range x.box.Pulls() {
		if p.Status != http.StatusOK {
			t.Errorf("a pull failed: %+v", p)
		}
	}
}
