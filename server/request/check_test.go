package request_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/request"
)

func texts(faults []request.Fault) []string {
	var out []string
	for _, f := range faults {
		out = append(out, f.String())
	}
	return out
}

func TestCheck(t *testing.T) {
	service := sample(t, "service/01-initial-request.json")
	chain := chainMessage(t, "c-1", nil, "hello")
	change := func(body []byte, do func(o, payload, inner object)) []byte {
		return with(t, body, func(o object) {
			payload, _ := o["payload"].(object)
			inner, _ := payload["request"].(object)
			do(o, payload, inner)
		})
	}
	for name, c := range map[string]struct {
		body []byte
		want []string
	}{
		"NothingAtAll":      {[]byte(""), []string{"no JSON: unexpected end of JSON input at byte 0"}},
		"AList":             {[]byte("[]"), []string{"must be one object, one message per call"}},
		"SomethingBehindIt": {append(bytes.Clone(service), '1'), []string{fmt.Sprintf("no JSON: invalid character '1' after top-level value at byte %d", len(service)+1)}},
		"NoUTF8":            {bytes.Replace(service, []byte("Service Request"), []byte("S\xe9rvice"), 1), []string{"not UTF-8"}},
		"TooDeep":           {[]byte(`{"a":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}`), []string{"nested deeper than 64 levels"}},
		"TooMany":           {[]byte(`{"a":[` + strings.Repeat("0,", 300000) + `0]}`), []string{"more than 200000 values"}},
		"AllThatIsMissing": {[]byte(`{}`), []string{
			"dealerCode: is required", "submittedMessageId: is required", "submittedTime: is required", "messageType: is required",
		}},
		"NamesThatStandTwice": {
			[]byte(`{"dealerCode":"a","DealerCode":"b","payload":{"request":{"localId":1,"localId":2,"\u212aey":1,"key":2}}}`),
			[]string{
				"DealerCode: stands there more than once", "payload.request.localId: stands there more than once", "payload.request.key: stands there more than once",
				"submittedMessageId: is required", "submittedTime: is required", "messageType: is required",
			},
		},
		"WrongTypesAllAtOnce": {
			change(service, func(o, payload, inner object) {
				o["dealerCode"], o["submittedPriority"], o["submittedTime"] = 7, "1", "yesterday"
				inner["assets"], inner["localId"], inner["createdDate"] = object{}, []any{}, "2026-03-02"
				inner["properties"].(object)["isWorking"] = "maybe"
				payload["requestUpdates"] = []any{1}
			}),
			[]string{
				"dealerCode: must be text", "payload.request.assets: must be a list", "payload.request.createdDate: must be a moment with its offset, such as 2026-03-02T08:15:00Z",
				"payload.request.localId: must be text, number or true or false", "payload.request.properties.isWorking: must be true or false",
				"payload.requestUpdates[0]: must be an object", "submittedPriority: must be a whole number",
				"submittedTime: must be a moment with its offset, such as 2026-03-02T08:15:00Z",
			},
		},
		"R202AnUnknownMessageType": {
			change(service, func(o, _, _ object) { o["messageType"] = "fax" }),
			[]string{"messageType: unknown; there are request, contract, invoice, message, catalog and document"},
		},
		"R218AnUnknownRequestType": {
			change(service, func(_, _, inner object) { inner["requestType"] = "wash" }),
			[]string{"payload.request.requestType: unknown; there are purchase_order, jobsite, transfer, extend, calloff, service, quote and lead"},
		},
		"R203NoPayload": {
			change(service, func(o, _, _ object) { o["payload"] = nil }), []string{"payload: is required for the message type request"},
		},
		"R199R203ANoticeWithAPayloadAndNoCustomer": {
			change(service, func(o, _, _ object) { o["messageType"], o["customerNumber"] = "contract", nil }),
			[]string{"customerNumber: is required for the message type contract", "payload: must be null for the message type contract"},
		},
		"R258ServiceIsAboutOneAsset": {
			change(service, func(_, _, inner object) { inner["assets"] = []any{object{"serialNumber": "a"}, object{}} }),
			[]string{"payload.request.assets[1]: must name the asset", "payload.request.assets: a service request is about exactly one asset"},
		},
		"R249NoAsset": {
			change(sample(t, "transfer/01-initial-request.json"), func(_, _, inner object) { inner["assets"] = nil }),
			[]string{"payload.request.assets: a transfer request names at least one asset"},
		},
		"R252NoEnd": {
			change(sample(t, "extend/01-initial-request.json"), func(_, _, inner object) { inner["requestedDate"] = "" }),
			[]string{"payload.request.requestedDate: is required for an extend request"},
		},
		"R240NoContract": {
			change(sample(t, "po/01-initial-request.json"), func(_, _, inner object) { inner["contract"] = nil; inner["properties"] = nil }),
			[]string{"payload.request.properties.poNumber: is required for a purchase order request", "payload.request.contract: must name the contract"},
		},
		"AnUpdateNeedsNoneOfThat": {
			change(sample(t, "service/02-customer-more-info-with-image.json"), func(_, _, _ object) {}), nil,
		},
		"AStateOfNoTypeIsNoFaultOfTheBody": {change(service, func(_, _, inner object) { inner["status"] = "elsewhere" }), nil},
		"R210UnknownMembers": {
			change(service, func(o, payload, inner object) { o["x"], payload["y"], inner["z"] = 1, []any{}, object{"a": nil} }), nil,
		},
		"NoIdAndNoType": {
			change(service, func(_, _, inner object) { inner["localId"], inner["requestType"] = " ", nil }),
			[]string{"payload.request.localId: is required", "payload.request.requestType: is required"},
		},
		"R282NoMessage": {
			with(t, chain, func(o object) { at(o, "payload", "message").(object)["messages"] = []any{} }),
			[]string{"payload.message.messages: must hold 1 to 10 messages"},
		},
		"R282ElevenMessages": {
			with(t, chain, func(o object) {
				m := at(o, "payload", "message").(object)
				one := m["messages"].([]any)[0]
				m["messages"] = []any{one, one, one, one, one, one, one, one, one, one, one}
			}),
			[]string{"payload.message.messages: must hold 1 to 10 messages"},
		},
		"NoTextAndNoTime": {
			with(t, chain, func(o object) { at(o, "payload", "message").(object)["messages"] = []any{object{}, nil} }),
			[]string{
				"payload.message.messages[0].createdDate: is required", "payload.message.messages[0].messageText: is required",
				"payload.message.messages[1]: must be an object",
			},
		},
		"AChain":        {chain, nil},
		"NamesAreTamed": {[]byte(`{"<b>\u0000":1,"<b>\u0000":2,"dealerCode":"a","submittedMessageId":"b","submittedTime":"2026-03-02T08:00Z","messageType":"catalog"}`), []string{"_b__: stands there more than once", "customerNumber: is required for the message type catalog"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, texts(request.Check(c.body))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, err := request.Read("in", c.body); errors.Is(err, request.ErrBody) != (c.want != nil) {
				t.Errorf("Read: %v", err)
			}
		})
	}
}

func TestCheckOfALargeBodyCopiesNoPicture(t *testing.T) {
	body := with(t, sample(t, "service/02-customer-more-info-with-image.json"), func(o object) {
		at(o, "payload", "requestUpdate", "properties", "images", 0).(object)["contents"] = strings.Repeat("QUJD", 2<<20)
	})
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if faults := request.Check(body); faults != nil {
				b.Fatal(faults)
			}
		}
	})
	if got := result.AllocedBytesPerOp(); got > 1<<20 {
		t.Errorf("%d bytes for a body of %d", got, len(body))
	}
}

func seeds(f *testing.F) {
	names, err := filepath.Glob("testdata/messages/*/*.json")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"dealerCode":"D100","submittedMessageId":"1","submittedTime":"2026-03-02T08:00:00Z","messageType":"message","payload":{"message":{"messageChain":{"localId":"c"},"messages":[{"createdDate":"2026-03-02T08:00:00Z","messageText":""}]}}}`))
}

// FuzzReceive: whatever bytes come, they are either refused or handled to the
// end, what is kept is JSON, and what is answered has no faults.
func FuzzReceive(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := request.Read("in-1", body)
		faults := request.Check(body)
		if (err != nil) != (faults != nil) {
			t.Fatalf("Read says %v, Check says %v", err, faults)
		}
		for _, fault := range faults {
			if strings.ContainsAny(fault.Path, "<>\x00\n") {
				t.Errorf("path %q", fault.Path)
			}
		}
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatal("read what is no JSON")
		}
		env := newDesk(t).env()
		var effects []request.Effect
		var kept any
		switch in.Kind {
		case "request":
			known := &request.Record{
				ID: "our-1", Dealer: "D100", PartnerID: in.LocalID, Type: in.RequestType, Status: request.Submitted, Request: json.RawMessage(`{}`), StartedBy: "x",
				Updates: []request.Update{{Side: request.Own, Status: request.Received, MessageID: in.ErrorOf, Body: json.RawMessage(`{}`)}},
			}
			for _, found := range []request.Found{{}, {ByPartner: known}, {ByOwn: known}, {ByMessage: known}} {
				r, e := request.Receive(found, in, env)
				kept, effects = r, append(effects, e...)
				if r != nil {
					exercise(r)
				}
			}
		case "message":
			c, e := request.ReceiveChain(request.FoundChain{}, in, env)
			if kept, effects = c, e; c != nil {
				again, _ := request.ReceiveChain(request.FoundChain{ByPartner: c}, in, env)
				if again != nil {
					t.Error("handled twice")
				}
				said, err := c.Say(request.Say{Text: "x"}, env)
				if err == nil {
					effects = append(effects, request.Effect{Message: said.Message})
				}
			}
		}
		if _, err := json.Marshal(kept); err != nil {
			t.Error(err)
		}
		for _, e := range effects {
			if e.Message == nil {
				continue
			}
			if faults := request.Check(e.Message.Body); faults != nil && strings.TrimSpace(in.Dealer) != "" {
				t.Errorf("we would answer %s: %v", e.Message.Body, faults)
			}
		}
	})
}

// exercise asks a record for everything it can tell.
func exercise(r *request.Record) {
	r.Allowed()
	r.Wished()
	r.Present()
	r.Rental()
	r.IsWorking()
	r.Disposition()
	for _, f := range r.Files() {
		f.SafeName()
		_, _ = f.Decode()
	}
	for i := range r.Updates {
		u := &r.Updates[i]
		u.Title()
		u.Text()
		u.UserName()
		u.Created()
		u.Date(r.Type)
	}
}
