package request_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/request"
)

// toTheEnd is how a dealer brings a request of each type to its end.
var toTheEnd = map[string][]request.Move{
	"po/01-initial-request.json":                     {{To: request.Received}, {To: request.Closed}},
	"jobsite/01-initial-update-jobsite-request.json": {{To: request.Received}, {To: request.Closed}},
	"extend/01-initial-request.json":                 {{To: request.Received}, {To: request.Closed}},
	"transfer/01-initial-request.json":               {{To: request.Received}, {To: request.Scheduled}, {To: request.Closed}},
	"calloff/01-initial-request.json":                {{To: request.Received}, {To: request.Scheduled}, {To: request.Closed}},
	"service/01-initial-request.json":                {{To: request.Received}, {To: request.Scheduled}, {To: request.Closed}},
	"rental/01-initial-request.json":                 {{To: request.Received}, {To: request.Closed, Disposition: "Won"}},
	"lead/01-initial-request.json":                   {{To: request.Closed, Disposition: "Won"}, {To: request.Closed, Disposition: "Lost - Competitor"}},
}

// R291 asks for nothing: it says that there is no whole message of a chain to
// hold ours against. Chains are proved against their template (R281, R283).

func TestRulesOfFrames(t *testing.T) {
	t.Run("R184OneMessageAndNoList", func(t *testing.T) {
		body := sample(t, "po/01-initial-request.json")
		for name, list := range map[string]string{"one in a list": "[" + string(body) + "]", "two": string(body) + string(body), "none": "[]"} {
			if faults := request.Check([]byte(list)); len(faults) != 1 || faults[0].Path != "" {
				t.Errorf("%s: %v", name, faults)
			}
		}
		d, r := begun(t, "po/01-initial-request.json")
		if _, sent := d.move(r, request.Move{To: request.Received}); sent.Body[0] != '{' {
			t.Errorf("it sends %.20s", sent.Body)
		}
	})
	t.Run("R191OnlyTheReceiverSaysThatAMessageIsDelivered", func(t *testing.T) {
		d, r := begun(t, "po/01-initial-request.json")
		_, sent := d.move(r, request.Move{To: request.Received})
		for _, name := range []string{"deliveredTime", "active", "enqueuedTime", "enqueuedClientId", "attemptTime", "attemptCount"} {
			if got := parsed(t, sent.Body)[name]; got != nil {
				t.Errorf("it sends %s %v", name, got)
			}
		}
		// What a sender claims of it changes nothing.
		_, plainly := newDesk(t).hear(sample(t, "po/01-initial-request.json"))
		_, effects := newDesk(t).hear(with(t, sample(t, "po/01-initial-request.json"), func(o object) {
			o["deliveredTime"], o["active"] = "2026-03-02T08:11:00Z", false
		}))
		if diff := cmp.Diff(kinds(plainly), kinds(effects)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("R209WhatGoesWrongLaterIsAMessageInItsPlace", func(t *testing.T) {
		d, r := begun(t, "po/01-initial-request.json")
		r, own := d.move(r, request.Move{To: request.Received})
		_, effects := d.hear(said(t, r, "quoted", nil)) // accepted, and found wrong when it is handled
		answers := slices.DeleteFunc(slices.Clone(effects), func(e request.Effect) bool { return e.Message == nil })
		if len(answers) != 1 {
			t.Fatalf("%v", kinds(effects))
		}
		m := answers[0].Message
		if m.Type != "request" || m.ID == "" || m.ID == own.ID || m.Customer != r.Customer {
			t.Errorf("%+v", m)
		}
		// Nothing said about a request overtakes anything else that is.
		if m.Order != own.Order || m.Order != r.ID || m.Priority != own.Priority {
			t.Errorf("order %q and priority %d after %q and %d", m.Order, m.Priority, own.Order, own.Priority)
		}
	})
	t.Run("R211R212AnUpdateOnlyWhereSomethingMoves", func(t *testing.T) {
		started, err := request.Start(request.New{
			Dealer: "D100", Customer: "0001007", Type: request.Service, User: "mlind", Assets: json.RawMessage(`[{"serialNumber":"ZZT00417"}]`),
		}, newDesk(t).env())
		if err != nil {
			t.Fatal(err)
		}
		first := at(parsed(t, started.Message.Body), "payload").(object)
		if _, is := first["request"].(object); !is || len(first) != 1 || at(first, "request", "remoteId") != nil {
			t.Errorf("it begins with %v", first)
		}
		d, r := begun(t, "service/01-initial-request.json")
		_, sent := d.move(r, request.Move{To: request.Received})
		payload := at(parsed(t, sent.Body), "payload").(object)
		if at(payload, "request", "status") != "received" || at(payload, "requestUpdate", "status") != "received" || len(payload) != 2 {
			t.Errorf("it moves with %v", payload)
		}
		faults := request.Check(with(t, sample(t, "service/02-customer-more-info-with-image.json"), func(o object) {
			delete(o["payload"].(object), "request")
		}))
		if len(faults) != 1 || faults[0].Path != "payload.request" {
			t.Errorf("an update of nothing: %v", faults)
		}
	})
	t.Run("R230NoStepOfTheDealersGoesUntold", func(t *testing.T) {
		for file, moves := range toTheEnd {
			d, r := begun(t, file)
			told := map[string]bool{}
			for _, m := range moves {
				var sent *request.Outgoing
				r, sent = d.move(r, m)
				if sent == nil {
					t.Errorf("%s: nobody is told of %s", file, m.To)
					continue
				}
				if got := at(parsed(t, sent.Body), "payload", "requestUpdate", "status"); got != string(m.To) || told[sent.ID] || sent.Order != r.ID {
					t.Errorf("%s: %s is told as %v, in %q of %q", file, m.To, got, sent.ID, sent.Order)
				}
				told[sent.ID] = true
			}
			if r.Status != request.Closed {
				t.Errorf("%s ends %s", file, r.Status)
			}
		}
	})
	t.Run("R240R243R247R252R254R258R261R270TheStatesOfATypeAndNoOthers", func(t *testing.T) {
		short := []request.Status{"submitted", "received", "canceled", "closed"}
		long := []request.Status{"submitted", "received", "scheduled", "canceled", "closed"}
		for kind, want := range map[request.Type][]request.Status{
			"purchase_order": short, "jobsite": short, "extend": short, "transfer": long, "calloff": long, "service": long,
			"quote": {"submitted", "received", "quoted", "approved", "canceled", "closed"}, "lead": {"submitted", "closed"},
		} {
			if diff := cmp.Diff(want, request.Statuses(kind)); diff != "" {
				t.Errorf("%s: %s", kind, diff)
			}
		}
	})
	t.Run("R240APurchaseOrderNamesContractAndNumbers", func(t *testing.T) {
		_, r := begun(t, "po/01-initial-request.json")
		got := []string{r.Text("contract", "contractId"), r.Text("properties", "currentPoNumber"), r.Text("properties", "poNumber"), r.Text("properties", "userName")}
		if diff := cmp.Diff([]string{"K-20417", "PO 88-104", "PO 88-211", "Ada Fernwood"}, got); diff != "" {
			t.Error(diff)
		}
		for name, drop := range map[string]func(inner object){
			"payload.request.contract":            func(inner object) { delete(inner, "contract") },
			"payload.request.properties.poNumber": func(inner object) { delete(inner["properties"].(object), "poNumber") },
		} {
			faults := request.Check(with(t, sample(t, "po/01-initial-request.json"), func(o object) { drop(at(o, "payload", "request").(object)) }))
			if len(faults) != 1 || faults[0].Path != name {
				t.Errorf("without %s: %v", name, faults)
			}
		}
	})
	t.Run("R245TheIDOfAJobsiteThatIsWishedIsNoneOfOurs", func(t *testing.T) {
		create := with(t, sample(t, "jobsite/01-initial-update-jobsite-request.json"), func(o object) {
			inner := at(o, "payload", "request").(object)
			inner["title"] = "Create Jobsite Request"
			inner["properties"].(object)["jobsiteId"] = "temporary-1"
			delete(inner, "jobsite")
		})
		d := newDesk(t)
		r, effects := d.hear(create)
		if r == nil || r.Status != request.Submitted || slices.Contains(kinds(effects), "answer nothing-matches") {
			t.Fatalf("%+v %v", r, effects)
		}
		if r.ID == "temporary-1" || r.Wished().JobsiteID != "temporary-1" || r.Present() != (request.Place{}) || r.Text("title") != "Create Jobsite Request" {
			t.Errorf("%s wishes %+v, is %+v", r.ID, r.Wished(), r.Present())
		}
		// A name alone is enough: whoever has no id yet leaves it out.
		if faults := request.Check(with(t, create, func(o object) { delete(at(o, "payload", "request", "properties").(object), "jobsiteId") })); faults != nil {
			t.Error(faults)
		}
	})
	t.Run("R252AnExtensionIsOfAssetsUntilADay", func(t *testing.T) {
		_, r := begun(t, "extend/01-initial-request.json")
		if got := len(at(parsed(t, r.Request), "assets").([]any)); got != 2 || r.Text("requestedDate") != "2026-08-02T08:10:30Z" {
			t.Errorf("%d assets until %s", got, r.Text("requestedDate"))
		}
		for name, drop := range map[string]any{"requestedDate": nil, "assets": []any{}} {
			faults := request.Check(with(t, sample(t, "extend/01-initial-request.json"), func(o object) { at(o, "payload", "request").(object)[name] = drop }))
			if len(faults) != 1 || faults[0].Path != "payload.request."+name {
				t.Errorf("without %s: %v", name, faults)
			}
		}
	})
	t.Run("R269AQuoteIsNeverScheduled", func(t *testing.T) {
		d, r := begun(t, "rental/01-initial-request.json")
		r, _ = d.move(r, request.Move{To: request.Received})
		var refusal *request.Refusal
		if _, err := r.Move(request.Move{To: request.Scheduled, Date: &noon}, d.env()); !errors.As(err, &refusal) || refusal.Harmless {
			t.Errorf("got %v", err)
		}
		after, effects := d.hear(said(t, r, "scheduled", func(o object) {
			at(o, "payload", "requestUpdate").(object)["updateDate"] = "2026-03-09T12:00:00Z"
		}))
		if diff := cmp.Diff([]string{"answer update-illegal", "note update-illegal"}, kinds(effects)); diff != "" {
			t.Error(diff)
		}
		if got := fmt.Sprint(after.Status, len(after.Updates)); got != fmt.Sprint(r.Status, len(r.Updates)) {
			t.Errorf("it became %s", got)
		}
	})
}
