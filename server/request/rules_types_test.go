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

func TestRulesOfTypes(t *testing.T) {
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
		for word, first := range map[any]bool{"true": true, "false": false, "": false, true: true, false: false, nil: false, " True ": true} {
			d := newDesk(t)
			r, _ := d.hear(with(t, sample(t, "rental/01-initial-request.json"), func(o object) {
				at(o, "payload", "request", "properties").(object)["quoteRequired"] = word
			}))
			r, _ = d.move(r, request.Move{To: request.Received})
			_, err := r.Move(request.Move{To: request.Closed, Disposition: "Won"}, d.env())
			if (err != nil) != first {
				t.Errorf("%v: %v", word, err)
			}
			if _, err := r.Move(request.Move{To: request.Quoted}, d.env()); err == nil {
				t.Error("quoted without a quote")
			}
			r, sent := d.move(r, request.Move{To: request.Quoted, Attachments: quote})
			if name := at(parsed(t, sent.Body), "payload", "requestUpdate", "properties", "attachments", 0, "filename"); name != "quote.pdf" {
				t.Errorf("%v", name)
			}
			r, _ = d.hear(said(t, r, "approved", nil))
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
	t.Run("R267R268R274R279WhatCartsAndLeadsBringIsKept", func(t *testing.T) {
		var item any
		if err := json.Unmarshal(sample(t, "rental/00-catalog-item.json"), &item); err != nil {
			t.Fatal(err)
		}
		d := newDesk(t)
		r, _ := d.hear(with(t, sample(t, "lead/01-initial-request.json"), func(o object) {
			inner := at(o, "payload", "request").(object)
			inner["text"] = " "
			properties := inner["properties"].(object)
			properties["catalogItems"] = []any{item}
			properties["googleGeocode"] = object{"lat": "38.5", "lng": -98.3}
		}))
		kept := parsed(t, r.Request)
		if diff := cmp.Diff(parsed(t, packed(t, object{"item": item}))["item"], at(kept, "properties", "catalogItems", 0)); diff != "" {
			t.Error(diff)
		}
		if at(kept, "properties", "utm_source") != "sample utm_source" || at(kept, "properties", "googleGeocode", "lat") != "38.5" {
			t.Errorf("%v", kept["properties"])
		}
		if got := r.Says(); got != "Two trenchers for a drain" { // R273
			t.Errorf("it says %q", got)
		}
	})
}
