package request_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

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
	t.Run("R241PurchaseOrdersRepeatTheirNumbers", func(t *testing.T) {
		d, r := begun(t, "po/01-initial-request.json")
		_, sent := d.move(r, request.Move{To: request.Received, User: "mlind"})
		want := object{"currentPoNumber": "PO 88-104", "poNumber": "PO 88-211"}
		if diff := cmp.Diff(want, at(parsed(t, sent.Body), "payload", "request", "properties")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("R244R246JobsitesAsWishedAndAsTheyAre", func(t *testing.T) {
		_, r := begun(t, "jobsite/01-initial-update-jobsite-request.json")
		if w := r.Wished(); w.PostalCode != "67402" || w.JobsiteID != "S-330" {
			t.Errorf("%+v", w)
		}
		if p := r.Present(); p.Name != "Ridge depot" || p.PostalCode != "67402" {
			t.Errorf("%+v", p)
		}
	})
	t.Run("R248R255WhatADateMeans", func(t *testing.T) {
		body := json.RawMessage(`{"updateDate":"2026-03-09T12:00:00Z"}`)
		for _, c := range []struct {
			kind request.Type
			side request.Side
			want request.DateMeaning
		}{
			{request.Transfer, request.Own, request.PlannedDate},
			{request.Transfer, request.Partner, request.WishedDate},
			{request.CallOff, request.Own, request.ContractOver},
			{request.CallOff, request.Partner, request.WishedDate},
			{request.Service, request.Own, request.PlannedDate},
			{request.Extend, request.Own, request.NewEnd},
			{request.PurchaseOrder, request.Own, request.NoDate},
		} {
			if _, got := (&request.Update{Side: c.side, Body: body}).Date(c.kind); got != c.want {
				t.Errorf("%s by %s: %q", c.kind, c.side, got)
			}
		}
	})
	t.Run("R250R255R259R265WhatShouldBeThereIsAWarning", func(t *testing.T) {
		for file, moves := range map[string][]request.Move{
			"service/01-initial-request.json": {{To: request.Received}, {To: request.Scheduled}},
			"calloff/01-initial-request.json": {{To: request.Received}, {To: request.Scheduled}},
			"rental/01-initial-request.json":  {{To: request.Received}, {To: request.Closed}},
			"lead/01-initial-request.json":    {{To: request.Closed}},
		} {
			d, r := begun(t, file)
			for i, m := range moves {
				moved, err := r.Move(m, d.env())
				if err != nil {
					t.Fatal(err)
				}
				r = moved.Record
				if last := i == len(moves)-1; last != (len(moved.Warnings) == 1) {
					t.Errorf("%s: %v", file, moved.Warnings)
				}
			}
		}
		d := newDesk(t)
		r, _ := d.hear(with(t, sample(t, "transfer/01-initial-request.json"), func(o object) {
			at(o, "payload", "request", "properties").(object)["transportationNeeded"] = true
		}))
		r, _ = d.move(r, request.Move{To: request.Received})
		if moved, err := r.Move(request.Move{To: request.Scheduled}, d.env()); err != nil || len(moved.Warnings) != 1 {
			t.Errorf("%v %v", moved.Warnings, err)
		}
	})
	t.Run("R256R257CallOffs", func(t *testing.T) {
		d, r := begun(t, "calloff/01-initial-request.json")
		d.move(r, request.Move{To: request.Received})
		if _, err := d.records[r.ID].Move(request.Move{To: request.Closed}, d.env()); err == nil {
			t.Error("closed without a word")
		}
		closed, _ := d.hear(said(t, r, "closed", func(o object) { at(o, "payload", "requestUpdate").(object)["createdBy"] = "crs-server" }))
		if closed.Status != request.Closed {
			t.Fatal(closed.Status)
		}
		var refusal *request.Refusal
		if _, err := closed.Move(request.Move{To: request.Closed}, d.env()); !errors.As(err, &refusal) || !refusal.Harmless {
			t.Errorf("got %v", err)
		}
		d, r = begun(t, "calloff/01-initial-request.json")
		d.move(r, request.Move{To: request.Received})
		if r, _ = d.move(r, request.Move{To: request.Closed, Title: "Canceled"}); r.Status != request.Closed {
			t.Error(r.Status)
		}
	})
	t.Run("R259WhetherTheMachineWorks", func(t *testing.T) {
		d, r := begun(t, "service/01-initial-request.json")
		if yes, known := r.IsWorking(); !yes || !known {
			t.Error(yes, known)
		}
		r, _ = d.hear(sample(t, "service/02-customer-more-info-with-image.json"))
		if yes, known := r.IsWorking(); yes || !known {
			t.Error(yes, known)
		}
		files := r.Files()
		if len(files) != 1 || files[0].Filename != "left track.png" {
			t.Fatalf("%+v", files)
		}
		if data, err := files[0].Decode(); err != nil || !strings.HasPrefix(string(data), "\x89PNG") {
			t.Errorf("R239: %v", err)
		}
	})
	t.Run("R262R263R264Quotes", func(t *testing.T) {
		quote := []request.File{{Filename: "../../etc/quote.pdf", Mimetype: "application/pdf", Contents: "JVBE Ri0="}}
		for said, first := range map[any]bool{"true": true, "false": false, "": false, true: true, false: false, nil: false, " True ": true} {
			d := newDesk(t)
			r, _ := d.hear(with(t, sample(t, "rental/01-initial-request.json"), func(o object) {
				at(o, "payload", "request", "properties").(object)["quoteRequired"] = said
			}))
			r, _ = d.move(r, request.Move{To: request.Received})
			_, err := r.Move(request.Move{To: request.Closed, Disposition: "Won"}, d.env())
			if (err != nil) != first {
				t.Errorf("%v: %v", said, err)
			}
			if _, err := r.Move(request.Move{To: request.Quoted}, d.env()); err == nil {
				t.Error("quoted without a quote")
			}
			r, sent := d.move(r, request.Move{To: request.Quoted, Attachments: quote})
			if name := at(parsed(t, sent.Body), "payload", "requestUpdate", "properties", "attachments", 0, "filename"); name != "quote.pdf" {
				t.Errorf("%v", name)
			}
			r, _ = d.hear(said2(t, r, "approved"))
			if r, _ = d.move(r, request.Move{To: request.Closed, Disposition: "won"}); r.Disposition() != "Won" {
				t.Error(r.Disposition())
			}
		}
	})
	t.Run("R265R276OnlyListedDispositions", func(t *testing.T) {
		d, r := begun(t, "rental/01-initial-request.json")
		r, _ = d.move(r, request.Move{To: request.Received})
		for said, fine := range map[string]bool{
			"No Deal - Don't carry requested equipment": true, "lost - availability": true, "Not A Real Lead": false, "Wrong Territory": false, "Sold": false,
		} {
			if _, err := r.Move(request.Move{To: request.Closed, Disposition: said}, d.env()); (err == nil) != fine {
				t.Errorf("%s: %v", said, err)
			}
		}
		d, r = begun(t, "lead/01-initial-request.json")
		if _, err := r.Move(request.Move{To: request.Closed, Disposition: "Wrong Territory"}, d.env()); err == nil {
			t.Error("closed as Wrong Territory")
		}
		if _, err := r.Move(request.Move{To: request.Submitted}, d.env()); err == nil {
			t.Error("submitted anew without a disposition")
		}
		d, r = begun(t, "po/01-initial-request.json")
		if _, err := r.Move(request.Move{To: request.Received, Disposition: "Won"}, d.env()); err == nil {
			t.Error("a purchase order with a disposition")
		}
	})
	t.Run("R266RentalDays", func(t *testing.T) {
		_, r := begun(t, "rental/01-initial-request.json")
		first, last := r.Rental()
		if !first.Equal(time.Date(2026, 4, 6, 0, 0, 0, 0, time.UTC)) || !last.Equal(time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)) {
			t.Error(first, last)
		}
	})
	t.Run("R271R275R278ALeadGoesAndComesBack", func(t *testing.T) {
		d, r := begun(t, "lead/01-initial-request.json")
		if len(r.Updates) != 1 || !r.Updates[0].Told {
			t.Fatalf("%+v", r.Updates)
		}
		gone, _ := d.move(r, request.Move{To: request.Submitted, Disposition: request.WrongTerritory})
		if gone.Ended != request.ByTerritory || !gone.Over() || len(gone.Allowed()) != 0 || gone.Status != request.Submitted {
			t.Fatalf("%+v", gone)
		}
		if _, effects := d.hear(sample(t, "lead/01-initial-request.json")); effects[0].Reason != request.RepeatedMessage {
			t.Error("a late repeat opened it:", effects)
		}
		longer := with(t, sample(t, "lead/01-initial-request.json"), func(o object) {
			p := o["payload"].(object)
			p["requestUpdates"] = append(p["requestUpdates"].([]any), object{"status": "submitted", "createdDate": "2026-03-05T08:00:00Z", "createdBy": "crs-server", "title": "Given back"})
		})
		back, effects := d.hear(longer)
		if back.ID != r.ID || back.Over() || len(back.Allowed()) != 2 || !slices.Contains(kinds(effects), "note lead-returned") || back.Disposition() != "" {
			t.Errorf("%+v %v", back, effects)
		}
	})
	t.Run("R277AnOutcomeIsCorrected", func(t *testing.T) {
		d, r := begun(t, "lead/01-initial-request.json")
		r, _ = d.move(r, request.Move{To: request.Closed, Disposition: "Won"})
		var refusal *request.Refusal
		if _, err := r.Move(request.Move{To: request.Closed, Disposition: "Won"}, d.env()); !errors.As(err, &refusal) || !refusal.Harmless {
			t.Errorf("got %v", err)
		}
		if r, _ = d.move(r, request.Move{To: request.Closed, Disposition: "Not A Real Lead"}); r.Disposition() != "Not A Real Lead" || r.Status != request.Closed {
			t.Errorf("%+v", r)
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

func said2(t *testing.T, r *request.Record, status string) []byte { return said(t, r, status, nil) }

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
