package request_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/request"
)

// begun is a desk with one request that just arrived.
func begun(t *testing.T, file string) (*desk, *request.Record) {
	d := newDesk(t)
	r, _ := d.hear(sample(t, file))
	return d, r
}

// said is an update of the customer's in a message.
func said(t *testing.T, r *request.Record, status string, change func(o object)) []byte {
	return with(t, sample(t, "po/02-customer-more-info.json"), func(o object) {
		inner := at(o, "payload", "request").(object)
		inner["localId"], inner["requestType"], inner["status"] = r.PartnerID, string(r.Type), status
		delete(inner, "properties")
		delete(inner, "contract")
		u := at(o, "payload", "requestUpdate").(object)
		u["status"] = status
		if change != nil {
			change(o)
		}
	})
}

func TestRules(t *testing.T) {
	t.Run("R213AShortUpdateErasesNothing", func(t *testing.T) {
		d, r := begun(t, "po/01-initial-request.json")
		before := r.Request
		r, _ = d.hear(said(t, r, "submitted", func(o object) {
			inner := at(o, "payload", "request").(object)
			inner["title"], inner["properties"] = nil, object{"poNumber": nil, "deskNote": "x"}
			inner["assets"] = []any{}
		}))
		if r.Text("title") != "Purchase Order Request" || r.Text("properties", "poNumber") != "PO 88-211" || r.Text("contract", "contractId") != "K-20417" {
			t.Errorf("%s became %s", before, r.Request)
		}
		if r.Text("properties", "deskNote") != "x" {
			t.Error("R210: a member nobody knows was dropped")
		}
	})
	t.Run("R214TheUpdatesStateWins", func(t *testing.T) {
		d, r := begun(t, "po/01-initial-request.json")
		r, effects := d.hear(said(t, r, "submitted", func(o object) {
			at(o, "payload", "requestUpdate").(object)["status"] = "canceled"
		}))
		if r.Status != request.Canceled || !slices.Contains(kinds(effects), "note status-clash") {
			t.Errorf("%s %v", r.Status, effects)
		}
	})
	t.Run("R215R216R217IdsArePairedBothWays", func(t *testing.T) {
		d, r := begun(t, "rental/01-initial-request.json") // with a bare number
		if r.PartnerID != "5505" {
			t.Fatalf("partner id %q", r.PartnerID)
		}
		if again, _ := d.hear(sample(t, "rental/02-customer-more-info.json")); again == nil || again.ID != r.ID { // text, no remoteId
			t.Fatal("not matched by localId")
		}
		byOurs, _ := d.hear(with(t, sample(t, "rental/05-customer-cancel.json"), func(o object) { rename(o, r.ID) }))
		if byOurs == nil || byOurs.ID != r.ID {
			t.Fatal("not matched by remoteId")
		}
		_, sent := d.move(byOurs, request.Move{To: request.Closed, User: "mlind"})
		if got := at(parsed(t, sent.Body), "payload", "request", "localId"); got != r.ID {
			t.Errorf("localId %v", got)
		}
		if got := at(parsed(t, sent.Body), "payload", "request", "remoteId"); got != "5505" {
			t.Errorf("remoteId %v", got)
		}
	})
	t.Run("R219AStateOfAnotherTypeIsAnsweredLikeAWrongUpdate", func(t *testing.T) {
		for _, status := range []string{"quoted", "scheduled", "lead_screening", "nonsense", "closed", "received"} {
			d, r := begun(t, "po/01-initial-request.json")
			r, effects := d.hear(said(t, r, status, nil))
			if diff := cmp.Diff([]string{"answer update-illegal", "note update-illegal"}, kinds(effects)); diff != "" {
				t.Errorf("%s: %s", status, diff)
			}
			if r.Status != request.Submitted || len(r.Updates) != 0 {
				t.Errorf("%s: %+v", status, r)
			}
		}
	})
	t.Run("R222MoreInformationKeepsTheState", func(t *testing.T) {
		d, r := begun(t, "transfer/01-initial-request.json")
		d.move(r, request.Move{To: request.Received, User: "mlind"})
		r, _ = d.hear(said(t, r, "submitted", nil)) // sent before CRS saw ours
		if r.Status != request.Received || len(r.Updates) != 2 {
			t.Errorf("%s, %d updates", r.Status, len(r.Updates))
		}
	})
	t.Run("R223R224ACanceledRequestIsOnlyConfirmed", func(t *testing.T) {
		d, r := begun(t, "service/01-initial-request.json")
		r, _ = d.hear(said(t, r, "canceled", nil))
		var refusal *request.Refusal
		if _, err := r.Move(request.Move{To: request.Received, User: "mlind"}, d.env()); !errors.As(err, &refusal) || !errors.Is(err, request.ErrRefused) {
			t.Fatalf("got %v", err)
		}
		if len(refusal.Allowed) != 1 || refusal.Allowed[0].To != request.Closed || !strings.Contains(refusal.Error(), "allowed now: closed") {
			t.Errorf("got %v", refusal)
		}
		_, sent := d.move(r, request.Move{To: request.Closed, User: "mlind", Title: "Done"})
		if got := at(parsed(t, sent.Body), "payload", "requestUpdate", "title"); got != "Canceled" {
			t.Errorf("title %v", got)
		}
	})
	t.Run("R225R232R233AClosedRequestAnswersWithAllThatWas", func(t *testing.T) {
		d, r := begun(t, "po/01-initial-request.json")
		r, _ = d.hear(said(t, r, "submitted", nil))
		d.move(r, request.Move{To: request.Received, User: "mlind"})
		r, _ = d.move(r, request.Move{To: request.Closed, User: "mlind", Text: "Changed."})
		source := "in-x"
		late := said(t, r, "canceled", func(o object) { o["submittedMessageId"] = "c-77" })
		_, effects := d.hearAs(source, late)
		_, repeat := d.hearAs(source, late)
		if diff := cmp.Diff(effects[0].Message.ID, repeat[0].Message.ID); diff != "" {
			t.Error("two answers:", diff)
		}
		body := parsed(t, effects[0].Message.Body)
		payload := at(body, "payload").(object)
		if payload["errorCode"] != request.IncorrectUpdate || payload["errorSubmittedMessageId"] != "c-77" {
			t.Errorf("%v", payload)
		}
		var states []any
		for i := range payload["requestUpdates"].([]any) {
			states = append(states, at(payload, "requestUpdates", i, "status"))
		}
		if diff := cmp.Diff([]any{"submitted", "received", "closed"}, states); diff != "" {
			t.Error(diff)
		}
		full := payload["request"].(object)
		if full["status"] != "closed" || full["localId"] != r.ID || full["remoteId"] != r.PartnerID || at(full, "properties", "poNumber") != "PO 88-211" {
			t.Errorf("%v", full)
		}
		if full["createdBy"] != "remote:ada.fernwood@quillford.example" {
			t.Errorf("R227: %v", full["createdBy"])
		}
		if faults := request.Check(effects[0].Message.Body); faults != nil {
			t.Error(faults)
		}
	})
	t.Run("R226R228WhoMadeAnUpdate", func(t *testing.T) {
		for want, m := range map[string]request.Move{
			"local:mlind": {User: "mlind"}, "local:kept": {User: "local:kept"}, "mlind_cws": {User: "mlind", CWSUser: "mlind_cws"},
			"local:dealerbridge": {},
		} {
			d, r := begun(t, "po/01-initial-request.json")
			m.To = request.Received
			_, sent := d.move(r, m)
			if got := at(parsed(t, sent.Body), "payload", "requestUpdate", "createdBy"); got != want {
				t.Errorf("got %v, want %s", got, want)
			}
		}
	})
	t.Run("R229Titles", func(t *testing.T) {
		update := func(body string, side request.Side, keeps bool) *request.Update {
			return &request.Update{Side: side, Keeps: keeps, Status: request.Canceled, Body: json.RawMessage(body)}
		}
		for _, c := range []struct {
			want string
			u    *request.Update
		}{
			{"Ready made", update(`{"title":"Ready made","titleToken":"svc-request-lead-hold-for-screen"}`, request.Partner, false)},
			{"Ada wants the purchase order request 7 canceled", update(`{"title":null,"titleToken":"svc-notification-purchase-order- cancel-title","titleContent":{"username":"Ada","requestId":"7"}}`, request.Partner, false)},
			{"Canceled", update(`{"titleToken":"svc-notification-purchase-order-cancel-title"}`, request.Partner, false)},
			{"Canceled", update(`{"titleToken":"unheard-of"}`, request.Partner, false)},
			{"More information", update(`{}`, request.Partner, true)},
		} {
			if got := c.u.Title(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		}
	})
	t.Run("R234WhatFitsNothingIsNotFound", func(t *testing.T) {
		_, r := begun(t, "po/01-initial-request.json")
		for name, body := range map[string][]byte{
			"unknown id":       said(t, r, "submitted", func(o object) { at(o, "payload", "request").(object)["localId"] = "9" }),
			"another type":     said(t, r, "submitted", func(o object) { at(o, "payload", "request").(object)["requestType"] = "extend" }),
			"another customer": said(t, r, "submitted", func(o object) { o["customerNumber"] = "0001008" }),
			"another's id": said(t, r, "submitted", func(o object) {
				at(o, "payload", "request").(object)["remoteId"], at(o, "payload", "request").(object)["localId"] = r.ID, "9"
			}),
		} {
			d := newDesk(t)
			d.keep(r)
			got, effects := d.hear(body)
			if diff := cmp.Diff([]string{"answer nothing-matches", "note nothing-matches"}, kinds(effects)); diff != "" || got != nil {
				t.Errorf("%s: %v %s", name, got, diff)
				continue
			}
			payload := at(parsed(t, effects[0].Message.Body), "payload").(object)
			if len(payload) != 2 || payload["errorCode"] != request.NotFound || payload["errorSubmittedMessageId"] != "c-2" {
				t.Errorf("%s: %v", name, payload)
			}
		}
	})
	t.Run("R235BothErrorsApplyToEveryType", func(t *testing.T) {
		for _, folder := range []string{"po", "jobsite", "transfer", "extend", "calloff", "service", "rental", "lead"} {
			files, err := filepath.Glob("testdata/messages/" + folder + "/01-*.json")
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			d, r := begun(t, strings.TrimPrefix(files[0], "testdata/messages/"))
			customer := func(o object) {
				if r.Customer == "" {
					o["customerNumber"] = nil
				}
			}
			for status, want := range map[string]string{"received": request.IncorrectUpdate, "elsewhere": request.IncorrectUpdate} {
				_, effects := d.hear(said(t, r, status, customer))
				if got := at(parsed(t, effects[0].Message.Body), "payload", "errorCode"); got != want {
					t.Errorf("%s to %s: %v", folder, status, got)
				}
			}
			other := *r
			other.PartnerID = "none"
			_, effects := d.hear(said(t, &other, "submitted", customer))
			if got := at(parsed(t, effects[0].Message.Body), "payload", "errorCode"); got != request.NotFound {
				t.Errorf("%s: %v", folder, got)
			}
		}
	})
	t.Run("R237TheDealerStartsARequest", func(t *testing.T) {
		d := newDesk(t)
		end := noon.AddDate(0, 1, 0)
		wish := request.New{
			ID: "w1", Dealer: "D100", Customer: "0001007", Type: request.Extend, User: "mlind", UserName: "Mara Lind", RequestedDate: &end,
			Assets: json.RawMessage(`[{"serialNumber":"ZZT00417"}]`),
		}
		started, err := request.Start(wish, d.env())
		if err != nil {
			t.Fatal(err)
		}
		d.keep(started.Record)
		first := at(parsed(t, started.Message.Body), "payload", "request").(object)
		if first["remoteId"] != nil || first["createdBy"] != "mlind" || first["title"] != "Extend Request" || first["status"] != "submitted" {
			t.Errorf("%v", first)
		}
		// The customer's first word tells the partner's id.
		r, effects := d.hear(said(t, &request.Record{PartnerID: "c-900", Type: request.Extend}, "submitted", func(o object) { rename(o, "x"); at(o, "payload", "request").(object)["remoteId"] = started.Record.ID }))
		if r == nil || r.PartnerID != "c-900" {
			t.Fatalf("%v %v", r, effects)
		}
		wish.Assets = nil
		var unfit *request.Unfit
		if _, err := request.Start(wish, d.env()); !errors.As(err, &unfit) || len(unfit.Faults) != 1 {
			t.Errorf("got %v", err)
		}
		started, _ = request.Start(request.New{Dealer: "D100", Customer: "0001007", Type: request.Extend, RequestedDate: &end, Assets: json.RawMessage(`[{"serialNumber":"Z"}]`)}, d.env())
		d.keep(started.Record)
		r, effects = d.hear(with(t, sample(t, "po/08-error-404-request-not-found.json"), func(o object) {
			at(o, "payload").(object)["errorSubmittedMessageId"] = started.Message.ID
		}))
		if r.Ended != request.NeverTaken || effects[0].Kind != request.Alert || len(r.Allowed()) != 0 {
			t.Errorf("%+v %v", r, effects)
		}
	})
	t.Run("R201AnUnknownCustomerIsFlagged", func(t *testing.T) {
		in, err := request.Read("in-1", sample(t, "po/01-initial-request.json"))
		if err != nil {
			t.Fatal(err)
		}
		in.CustomerUnknown = true
		r, effects := request.Receive(request.Found{}, in, newDesk(t).env())
		if !r.CustomerUnknown || !slices.Contains(kinds(effects), "alert customer-unknown") || !slices.Contains(kinds(effects), "hand-over ") {
			t.Errorf("%+v %v", r, effects)
		}
		for _, c := range []struct{ checked, unknown, want bool }{{false, false, true}, {true, true, true}, {true, false, false}} {
			in, err := request.Read("in-2", said(t, r, "submitted", nil))
			if err != nil {
				t.Fatal(err)
			}
			in.CustomerChecked, in.CustomerUnknown = c.checked, c.unknown
			if after, _ := request.Receive(request.Found{ByPartner: r}, in, newDesk(t).env()); after.CustomerUnknown != c.want {
				t.Errorf("%+v: %v", c, after.CustomerUnknown)
			}
		}
	})
	t.Run("AnUpdateThatComesAgainIsNoSecondOne", func(t *testing.T) {
		d, r := begun(t, "po/01-initial-request.json")
		word := said(t, r, "submitted", func(o object) { at(o, "payload", "requestUpdate").(object)["text"] = "<b>Tess & Bo</b>" })
		d.hear(word)
		r, effects := d.hear(word) // by another message, as far as the gateway knows
		if diff := cmp.Diff([]string{"note repeat"}, kinds(effects)); diff != "" || len(r.Updates) != 1 {
			t.Errorf("%d updates %s", len(r.Updates), diff)
		}
	})
	t.Run("AMoveIsMadeOnce", func(t *testing.T) {
		d, r := begun(t, "po/01-initial-request.json")
		r, first := d.move(r, request.Move{ID: "row-7", To: request.Received})
		_, second := d.move(r, request.Move{ID: "row-7", To: request.Received})
		if first == nil || second != nil {
			t.Error(first, second)
		}
	})
}

func TestFileNamesAreSafe(t *testing.T) {
	for name, want := range map[string]string{
		"../../etc/passwd": "passwd", `C:\pictures\track.jpg`: "track.jpg", "": "file", "..": "file", "a/b/": "b", "<img src=x>.png": "_img src=x_.png",
		"nul\x00l.txt": "nul_l.txt", "Ärger.pdf": "Ärger.pdf", "\xff.pdf": "_.pdf",
	} {
		if got := (request.File{Filename: name}).SafeName(); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := (request.File{Filename: strings.Repeat("x", 500) + ".pdf"}).SafeName(); len(got) != 120 || !strings.HasSuffix(got, ".pdf") {
		t.Errorf("got %q", got)
	}
}
