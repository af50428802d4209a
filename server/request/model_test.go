package request_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/server/request"
)

// The other end, written from the rules alone: what CRS lets a dealer do, by
// type and state, as words.
var dealerMay = map[string]map[string]string{
	"purchase_order": {"submitted": "received", "received": "closed"},
	"jobsite":        {"submitted": "received", "received": "closed"},
	"extend":         {"submitted": "received", "received": "closed"},
	"transfer":       {"submitted": "received", "received": "scheduled", "scheduled": "closed"},
	"service":        {"submitted": "received", "received": "scheduled", "scheduled": "closed"},
	"calloff":        {"submitted": "received", "received": "scheduled", "scheduled": "closed"},
	"quote":          {"submitted": "received", "received": "quoted", "approved": "closed"},
}

// otherEnd is CRS with one request.
type otherEnd struct {
	kind, id, dealerID, status string
	quoteFirst                 bool // quoteRequired
	strict                     bool // a close of a canceled request must be titled so
	gone                       bool // the lead was sent back
	forgets                    bool // a message that comes again is judged again
	told                       []object
	log                        []*entry
	heard                      map[string]bool
	sent                       int
	errors                     int // error messages sent
	silent                     bool
	base                       int
}

// entry is one update in its history.
type entry struct {
	mine    bool
	id      string
	status  string
	keeps   bool
	outcome string
	body    object
	refused bool
}

func (o *otherEnd) settle() {
	o.status = "submitted"
	for _, e := range o.log[o.base:] {
		if !e.refused && !e.keeps {
			o.status = e.status
		}
	}
	if o.silent {
		o.status = "closed"
	}
}

func (o *otherEnd) envelope(payload object) object {
	o.sent++
	return object{
		"dealerCode": "D100", "customerNumber": "0001007", "submittedMessageId": fmt.Sprintf("crs-%d", o.sent),
		"submittedTime": "2026-03-02T08:00:00Z", "messageType": "request", "payload": payload,
	}
}

func (o *otherEnd) short() object {
	out := object{"localId": o.id, "remoteId": nil, "requestType": o.kind, "status": o.status}
	if o.dealerID != "" {
		out["remoteId"] = o.dealerID
	}
	return out
}

func (o *otherEnd) begin() object {
	o.status = "submitted"
	first := object{
		"localId": o.id, "requestType": o.kind, "status": "submitted", "createdDate": "2026-03-02T07:59:00Z", "createdBy": "ada@quillford.example",
		"requestedDate": "2026-03-20T07:00:00Z",
		"properties":    object{"poNumber": "PO 1", "name": "Ridge depot", "quoteRequired": map[bool]any{true: "true", false: ""}[o.quoteFirst]},
		"contract":      object{"contractId": "K-1"}, "assets": []any{object{"serialNumber": "ZZT1"}},
	}
	payload := object{"request": first}
	if o.kind == "lead" {
		o.told = []object{{"status": "submitted", "createdDate": "2026-03-02T07:59:30Z", "createdBy": "crs-server", "title": "Looked at"}}
		payload["requestUpdates"] = o.told
	}
	message := o.envelope(payload)
	if o.kind == "lead" {
		message["customerNumber"] = nil
	}
	return message
}

// act makes an update of the customer's, or one CRS makes by itself.
func (o *otherEnd) act(status string, keeps bool) object {
	e := &entry{mine: true, status: status, keeps: keeps, body: object{
		"status": status, "createdDate": time.Unix(1772438400+int64(o.sent), 0).UTC().Format(time.RFC3339),
		"createdBy": "ada@quillford.example", "text": fmt.Sprintf("word %d", o.sent),
	}}
	o.log = append(o.log, e)
	o.settle()
	message := o.envelope(object{"request": o.short(), "requestUpdate": e.body})
	if o.kind == "lead" {
		message["customerNumber"] = nil
	}
	e.id = message["submittedMessageId"].(string)
	return message
}

// hear judges a message of the dealer's; the answer is nil or an error message.
func (o *otherEnd) hear(message object) object {
	id := message["submittedMessageId"].(string)
	if o.heard[id] && !o.forgets {
		return nil
	}
	o.heard[id] = true
	payload := message["payload"].(object)
	if code, _ := payload["errorCode"].(string); code != "" {
		for _, e := range o.log {
			if e.mine && e.id == payload["errorSubmittedMessageId"] {
				e.refused = true
			}
		}
		o.settle()
		return nil
	}
	o.dealerID = at(payload, "request", "localId").(string)
	update := payload["requestUpdate"].(object)
	status, _ := update["status"].(string)
	outcome, _ := at(update, "properties", "disposition").(string)
	if !o.lets(status, outcome, update) {
		o.errors++
		updates := []any{}
		for _, e := range o.log {
			if !e.refused {
				updates = append(updates, e.body)
			}
		}
		return o.envelope(object{
			"errorCode": "402 Incorrect Update Submitted", "errorSubmittedMessageId": id, "request": o.short(), "requestUpdates": updates,
		})
	}
	o.log = append(o.log, &entry{id: id, status: status, outcome: outcome, body: update, keeps: o.kind == "lead" && status == "submitted"})
	o.gone = o.kind == "lead" && status == "submitted"
	o.settle()
	return nil
}

func (o *otherEnd) lets(status, outcome string, update object) bool {
	switch {
	case o.kind == "lead":
		if o.gone {
			return false
		}
		if status == "submitted" {
			return o.status == "submitted" && outcome == "Wrong Territory"
		}
		return status == "closed" && outcome != "Wrong Territory"
	case o.status == "canceled":
		return status == "closed" && (!o.strict || update["title"] == "Canceled")
	case o.kind == "quote" && o.status == "received" && status == "closed":
		return !o.quoteFirst
	case o.kind == "calloff" && o.status == "received" && status == "closed":
		return update["title"] == "Canceled"
	}
	return dealerMay[o.kind][o.status] == status
}

// TestBothSidesEndInTheSameState draws what customers, CRS and the dealer do,
// allowed or not, and how late and how often messages arrive. When all have
// arrived both sides think the same of the request, and whatever one of them
// did not take was answered.
func TestBothSidesEndInTheSameState(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom(request.Types()).Draw(rt, "type")
		o := &otherEnd{
			kind: string(kind), id: "5512", heard: map[string]bool{},
			quoteFirst: rapid.Bool().Draw(rt, "quote first"), strict: rapid.Bool().Draw(rt, "strict"), forgets: rapid.Bool().Draw(rt, "forgets"),
		}
		d := newDesk(t)
		var inward, outward []object // FIFO, the front arrives next (R185)
		inward = append(inward, o.begin())
		var r *request.Record
		answers, refusedHere := 0, 0
		moves := 0

		arriveHere := func() {
			message := inward[0]
			inward = inward[1:]
			body := packed(t, message)
			times := 1
			if rapid.IntRange(0, 4).Draw(rt, "again") == 0 {
				times = 2
			}
			source := "in-" + message["submittedMessageId"].(string)
			for i := range times {
				got, effects := d.hearAs(source, body)
				if got != nil {
					r = got
				}
				for _, e := range effects {
					if e.Kind == request.Answer && i == 0 {
						answers++
						outward = append(outward, parsed(t, e.Message.Body))
					}
					if e.Reason == request.UpdateRefused && i == 0 {
						refusedHere++
					}
				}
			}
		}
		arriveThere := func() {
			message := outward[0]
			if rapid.IntRange(0, 4).Draw(rt, "answer lost") > 0 { // else it stays and is sent again
				outward = outward[1:]
			}
			if answer := o.hear(message); answer != nil {
				inward = append(inward, answer)
			}
		}
		customer := func() {
			switch rapid.IntRange(0, 5).Draw(rt, "customer") {
			case 0, 1: // more information, from a state that takes it
				if o.kind != "lead" && o.status != "closed" && o.status != "canceled" {
					inward = append(inward, o.act(o.status, true))
				}
			case 2:
				if o.kind != "lead" && o.status != "closed" {
					inward = append(inward, o.act("canceled", false))
				}
			case 3:
				if o.status == "quoted" {
					inward = append(inward, o.act("approved", false))
				}
			case 4:
				if o.kind == "calloff" && o.status != "closed" {
					if rapid.Bool().Draw(rt, "silent") {
						o.silent = true
						o.settle()
					} else {
						inward = append(inward, o.act("closed", false))
					}
				}
			case 5: // what nobody may do
				wrong := rapid.SampledFrom([]string{"received", "scheduled", "quoted", "elsewhere"}).Draw(rt, "wrong")
				if !slices.Contains([]string{o.status}, wrong) && o.status != "closed" {
					past := []string{"submitted", o.status}
					if o.kind != "lead" && !slices.Contains(past, wrong) && wrong != dealerMay[o.kind][o.status] {
						message := o.act(o.status, true)
						at(message, "payload", "requestUpdate").(object)["status"] = wrong
						at(message, "payload", "request").(object)["status"] = wrong
						inward = append(inward, message)
					}
				}
			}
			if o.gone && rapid.Bool().Draw(rt, "returned") {
				o.gone, o.base = false, len(o.log)
				o.told = append(o.told, object{"status": "submitted", "createdDate": fmt.Sprintf("2026-03-03T07:%02d:00Z", len(o.told)), "createdBy": "crs-server", "title": "Given back"})
				o.settle()
				message := o.envelope(object{"request": object{
					"localId": o.id, "remoteId": nil, "requestType": "lead", "status": "submitted", "properties": object{"comments": "x"},
				}, "requestUpdates": o.told})
				message["customerNumber"] = nil
				inward = append(inward, message)
			}
		}
		dealer := func() {
			if r == nil {
				return
			}
			moves++
			d.now = d.now.Add(time.Second)
			m := request.Move{
				ID: fmt.Sprintf("move-%d", moves), To: rapid.SampledFrom(request.Statuses(kind)).Draw(rt, "to"), User: "mlind",
				Title: rapid.SampledFrom([]string{"", "Canceled"}).Draw(rt, "title"),
			}
			if options := r.Allowed(); len(options) > 0 && rapid.IntRange(0, 3).Draw(rt, "sensible") > 0 {
				m.To = rapid.SampledFrom(options).Draw(rt, "option").To
			}
			if m.To == request.Quoted {
				m.Attachments = []request.File{{Filename: "q.pdf", Mimetype: "application/pdf", Contents: "JVBE"}}
			}
			if kind == request.Lead || kind == request.Quote && m.To == request.Closed {
				m.Disposition = rapid.SampledFrom([]string{"", "Won", "Lost - Competitor", "Wrong Territory"}).Draw(rt, "outcome")
			}
			before := *r
			moved, err := r.Move(m, d.env())
			var refusal *request.Refusal
			if err != nil {
				if !errors.As(err, &refusal) || refusal.What == "" {
					rt.Fatalf("refused without a reason: %v", err)
				}
				if diff := cmp.Diff(&before, r); diff != "" {
					rt.Fatalf("a refused move changed the record: %s", diff)
				}
				return
			}
			d.keep(moved.Record)
			r = d.records[moved.Record.ID]
			outward = append(outward, parsed(t, moved.Message.Body))
		}

		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				if len(inward) > 0 {
					arriveHere()
				}
			case 1:
				if len(outward) > 0 {
					arriveThere()
				}
			case 2:
				customer()
			case 3:
				dealer()
			}
		}
		drain := func() {
			for len(inward)+len(outward) > 0 {
				if len(inward) > 0 {
					arriveHere()
				}
				if len(outward) > 0 {
					arriveThere()
				}
			}
		}
		drain()
		if o.silent && r.Status != request.Closed {
			// What CRS did without a word shows as soon as the dealer goes on.
			m := request.Move{ID: "last", To: r.Allowed()[0].To, User: "mlind"}
			moved, err := r.Move(m, d.env())
			if err != nil {
				rt.Fatal(err)
			}
			d.keep(moved.Record)
			r = d.records[r.ID]
			outward = append(outward, parsed(t, moved.Message.Body))
			drain()
		}
		if o.forgets && o.base > 0 {
			return // a repeat that comes after the lead came back is taken for a new step: nobody could tell
		}
		if string(r.Status) != o.status || (r.Ended == request.ByTerritory) != o.gone {
			rt.Errorf("%s: %s %q here, %s (gone %v) there", kind, r.Status, r.Ended, o.status, o.gone)
		}
		refusedThere := 0
		for _, e := range o.log {
			if e.mine && e.refused {
				refusedThere++
			}
		}
		if refusedThere != answers {
			rt.Errorf("%d updates taken back there, %d answers", refusedThere, answers)
		}
		here, there := 0, 0
		for _, u := range r.Updates {
			if u.Side == request.Own && u.Refused != "" {
				here++
			}
		}
		there = o.errors
		if here != there && !o.forgets {
			rt.Errorf("%d updates taken back here, %d errors there", here, there)
		}
		if d := o.outcome(); d != r.Disposition() {
			rt.Errorf("disposition %q here, %q there", r.Disposition(), d)
		}
	})
}

func (o *otherEnd) outcome() string {
	out := ""
	for _, e := range o.log[o.base:] {
		if !e.refused && e.outcome != "" {
			out = e.outcome
		}
	}
	return out
}
