package messaging_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (h *house) move(m request.Move) request.Moved {
	h.t.Helper()
	m.User = "mlind"
	moved, err := h.service.Move(h.t.Context(), "D100", h.only().Request.ID, m)
	if err != nil {
		h.t.Fatal(err)
	}
	return moved
}

func (h *house) items(way queue.Direction) []queue.Item {
	h.t.Helper()
	items, err := h.queue.List(h.t.Context(), queue.Filter{Lane: queue.Lane{Dealer: "D100", Direction: way}})
	if err != nil {
		h.t.Fatal(err)
	}
	return items
}

func TestARequestArrivesAndIsAnswered(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		picture := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("pixels ", 2000)))
		h.arrives("in-1", first(object{"filename": "track.png", "mimetype": "image/png", "contents": picture}))
		h.work()
		h.until(messaging.HandedOver)

		v := h.only()
		if v.Request.Status != request.Submitted || v.Request.PartnerID != "5512" || len(v.Allowed) != 1 {
			t.Fatalf("%+v", v)
		}
		if len(v.Request.Request) > 2000 {
			t.Errorf("the request holds the picture: %d bytes", len(v.Request.Request))
		}
		f, err := h.service.File(t.Context(), "D100", v.Request.Files()[0])
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err != nil || !strings.HasPrefix(string(data), "pixels pixels") {
			t.Errorf("%d bytes, %v", len(data), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		got := h.handed[0]
		if got.ID != "in-1" || got.RequestID != v.Request.ID || got.RequestType != "service" || got.Status != "submitted" || got.Customer != "0001007" {
			t.Errorf("%+v", got)
		}
		if !strings.Contains(string(got.Body), picture) {
			t.Error("the picture was not handed over")
		}
		if diff := cmp.Diff([]string{"message-arrived-request"}, h.causes()); diff != "" {
			t.Error(diff)
		}
		if a := h.alerts[0]; a.Topic.Request != "service" || a.Command != "dealerbridge requests show "+v.Request.ID || strings.Contains(a.Detail, "oil") {
			t.Errorf("%+v", a)
		}

		date := time.Now().AddDate(0, 0, 1)
		h.move(request.Move{ID: "1", To: request.Received})
		h.move(request.Move{ID: "2", To: request.Scheduled, Date: &date})
		h.move(request.Move{ID: "2", To: request.Scheduled, Date: &date}) // once more
		for range 2 {
			h.until(messaging.Sent)
		}
		h.arrives("in-2", says(2, "canceled", "Never mind."))
		h.until(messaging.HandedOver)
		h.move(request.Move{To: request.Closed})
		h.until(messaging.Sent)
		var states []any
		for _, m := range h.posted {
			states = append(states, at(m, "payload", "requestUpdate", "status"))
		}
		if diff := cmp.Diff([]any{"received", "scheduled", "closed"}, states); diff != "" {
			t.Error(diff)
		}
		if title := at(h.posted[2], "payload", "requestUpdate", "title"); title != "Canceled" {
			t.Errorf("closed with %v", title)
		}
		var refusal *request.Refusal
		if _, err := h.service.Move(t.Context(), "D100", v.Request.ID, request.Move{To: request.Received}); !errors.As(err, &refusal) {
			t.Errorf("got %v", err)
		}
		if _, err := h.service.Move(t.Context(), "D200", v.Request.ID, request.Move{To: request.Received}); !errors.Is(err, messaging.ErrUnknown) {
			t.Errorf("another dealer's: %v", err)
		}
	})
}

func TestWhatDoesNotFitIsAnswered(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.arrives("in-1", first())
		h.arrives("in-2", says(2, "scheduled", "")) // R232
		h.arrives("in-3", func() object {           // R234
			m := says(3, "submitted", "who?")
			at(m, "payload", "request").(object)["localId"] = "9999"
			return m
		}())
		h.work()
		for range 2 {
			h.until(messaging.Sent)
		}
		var got []any
		for _, m := range h.posted {
			got = append(got, at(m, "payload", "errorCode"), at(m, "payload", "errorSubmittedMessageId"))
		}
		if diff := cmp.Diff([]any{request.IncorrectUpdate, "c-2", request.NotFound, "c-3"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestARefusedUpdateReachesWhoMadeIt(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.arrives("in-1", first())
		h.work()
		h.until(messaging.HandedOver)
		sent := h.move(request.Move{To: request.Received}).Message
		h.until(messaging.Sent)
		h.arrives("in-2", object{
			"dealerCode": "D100", "customerNumber": "0001007", "submittedMessageId": "c-2", "submittedTime": "2026-04-01T12:00:00Z", "messageType": "request",
			"payload": object{"errorCode": request.NotFound, "errorSubmittedMessageId": sent.ID},
		})
		h.until(messaging.HandedOver)
		if v := h.only(); v.Request.Status != request.Submitted || v.Request.Updates[0].Refused != request.NotFound {
			t.Errorf("%+v", v.Request)
		}
		last := h.alerts[len(h.alerts)-1]
		if last.Cause != "message-request-unknown" || !strings.Contains(last.Detail, "local:mlind") {
			t.Errorf("%+v", last)
		}
		if items := h.items(queue.Out); len(items) != 1 {
			t.Errorf("an error was answered: %d messages", len(items))
		}
	})
}

func TestCustomersAreLookedUp(t *testing.T) {
	for name, c := range map[string]struct {
		customers customers
		number    string
		want      []string
	}{
		"AKnownOne":                         {customers{}, "0001007", []string{"message-arrived-request"}},
		"AnUnknownOneIsFlagged":             {customers{}, "7", []string{"message-arrived-request", "message-customer-unknown"}},
		"ASystemThatIsAwayIsNoReasonToWait": {customers{adapters.ErrUnavailable}, "7", []string{"message-arrived-request"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.dealer.Customers = c.customers
				m := first()
				m["customerNumber"] = c.number
				h.arrives("in-1", m)
				h.work()
				h.until(messaging.HandedOver)
				if diff := cmp.Diff(c.want, h.causes()); diff != "" {
					t.Error(diff)
				}
				if got := h.only().Request.CustomerUnknown; got != (len(c.want) == 2) {
					t.Errorf("unknown: %v", got)
				}
			})
		})
	}
}

// TestPosting holds what follows from an answer against R193 to R197.
func TestPosting(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		ambiguous bool
		parked    bool // at once
		strikes   int  // after the first try
	}{
		"R193ABodyThatIsRefusedIsSetAsideAtOnce": {callError(adapters.ErrBadRequest, 402), false, true, 1},
		"R194ForbiddenIsTriedAgain":              {callError(adapters.ErrForbidden, 403), false, false, 1},
		"R195NotRoutedIsTriedAgain":              {callError(adapters.ErrAddress, 404), false, false, 0},
		"R196AServerThatIsAwayIsTriedAgain":      {callError(adapters.ErrService, 503), false, false, 0},
		"R196AServerThatStumblesMayMeanIt":       {callError(adapters.ErrService, 500), false, false, 1},
		"R197ATokenThatIsRefusedIsTriedAgain":    {callError(adapters.ErrCredentials, 401), false, false, 0},
		"TooManyIsNoRefusal":                     {callError(adapters.ErrBadRequest, 429), false, false, 0},
		"ALostAnswerIsRepeatedWithTheSameID":     {callError(adapters.ErrService, 0), true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.arrives("in-1", first())
				h.work()
				h.until(messaging.HandedOver)
				failing := make(chan struct{})
				h.mu.Lock()
				h.answer = func(n int) (adapters.PostedMessage, error) {
					if n == 1 {
						close(failing)
						return adapters.PostedMessage{Ambiguous: c.ambiguous}, c.err
					}
					return adapters.PostedMessage{Status: 200}, nil
				}
				h.mu.Unlock()
				h.move(request.Move{To: request.Received})
				<-failing
				if c.parked {
					h.until(messaging.RefusedThere)
					h.move(request.Move{To: request.Scheduled}) // the lane goes on
					h.until(messaging.Sent)
					item := h.items(queue.Out)[0]
					if item.State != queue.Parked || !strings.Contains(item.Why, "402") {
						t.Errorf("%+v", item)
					}
					last := h.alerts[len(h.alerts)-1]
					if last.Cause != "message-parked-out" || !strings.HasPrefix(last.Command, "dealerbridge queue retry ") {
						t.Errorf("%+v", last)
					}
					return
				}
				if c.ambiguous {
					h.until(messaging.Unsure)
				}
				h.until(messaging.SentAgain)
				h.until(messaging.Sent)
				item := h.items(queue.Out)[0]
				if item.Strikes != c.strikes || len(h.posted) != 2 {
					t.Errorf("%d strikes, %d posts", item.Strikes, len(h.posted))
				}
				if diff := cmp.Diff(h.posted[0], h.posted[1]); diff != "" {
					t.Errorf("the repeat differs: %s", diff)
				}
			})
		})
	}
}

func TestHandingOver(t *testing.T) {
	t.Run("ASystemThatIsAwayIsWaitedFor", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.refuse = func(n int) error {
				if n < 30 {
					return adapters.ErrUnavailable
				}
				return nil
			}
			h.arrives("in-1", first())
			h.work()
			h.until(messaging.HandedOver)
			for _, got := range h.handed {
				if got.ID != "in-1" {
					t.Errorf("handed over as %s", got.ID)
				}
			}
		})
	})
	t.Run("WhatDoesNotFitIsSetAsideAndSaysWhy", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.refuse = func(int) error {
				return &adapters.NotFitting{Faults: []adapters.FieldFault{{Field: "REQUESTS.TEXT", Reason: "is too short"}}}
			}
			h.arrives("in-1", first())
			h.arrives("in-2", says(2, "submitted", "more"))
			h.work()
			h.until("message-parked-desk") // the alert
			if item := h.items(messaging.ToDesk)[0]; item.State != queue.Parked || !strings.Contains(item.Why, "REQUESTS.TEXT") {
				t.Errorf("%+v", item)
			}
		})
	})
	t.Run("NothingPrivateOfAnErrorIsKept", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.refuse = func(n int) error {
				if n == 1 {
					return errSomething
				}
				return nil
			}
			h.arrives("in-1", first())
			h.work()
			h.until(messaging.HandedOver)
			if item := h.items(messaging.ToDesk)[0]; strings.Contains(item.Why, "private") {
				t.Error(item.Why)
			}
		})
	})
	t.Run("WithoutASystemTheDeskHasIt", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *house) {
			h.dealer.Receiver = nil
			h.arrives("in-1", first())
			h.work()
			h.until(messaging.Arrived)
			if len(h.items(messaging.ToDesk)) != 0 || h.only().Request.Type != request.Service {
				t.Error("it waits for a system that is not there")
			}
		})
	})
}

func TestAQuoteTravelsWithItsFile(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		m := first()
		inner := at(m, "payload", "request").(object)
		inner["requestType"], inner["properties"] = "quote", object{"quoteRequired": "true"}
		h.arrives("in-1", m)
		h.work()
		h.until(messaging.HandedOver)
		h.move(request.Move{To: request.Received})
		contents := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("%PDF offer ", 1000)))
		file := request.File{Filename: "../offer.pdf", Mimetype: "application/pdf", Contents: contents}
		if _, err := h.service.Move(t.Context(), "D100", h.only().Request.ID, request.Move{
			To: request.Quoted, Attachments: []request.File{{Filename: "x", Contents: "no base64!"}},
		}); !errors.Is(err, request.ErrRefused) {
			t.Errorf("got %v", err)
		}
		h.move(request.Move{ID: "q", To: request.Quoted, Attachments: []request.File{file}})
		h.move(request.Move{ID: "q", To: request.Quoted, Attachments: []request.File{file}})
		for range 2 {
			h.until(messaging.Sent)
		}
		sent := at(h.posted[1], "payload", "requestUpdate", "properties", "attachments", 0)
		if at(sent, "contents") != contents || at(sent, "filename") != "offer.pdf" {
			t.Error("CRS got another file")
		}
		kept := h.only().Request.Updates[1]
		if _, is := attachment.ParseReference(kept.Files()[0].Contents); !is {
			t.Error("the history holds the whole file")
		}
	})
}

func TestConversations(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.work()
		asset := request.Asset{RentedAssetID: "K-1-1", SerialNumber: "ZZT00417"}
		said, err := h.service.Begin(t.Context(), "D100", "0001007", "K-1", asset, request.Say{User: "mlind", Text: "The bucket is on its way."})
		if err != nil {
			t.Fatal(err)
		}
		h.until(messaging.Sent)
		h.arrives("in-1", object{
			"dealerCode": "D100", "customerNumber": "0001007", "submittedMessageId": "c-1", "submittedTime": "2026-04-01T12:00:00Z", "messageType": "message",
			"payload": object{"message": object{
				"messageChain": object{"localId": "chain-9", "remoteId": said.Chain.ID, "chainType": "asset"},
				"messages": []any{
					object{"createdDate": "2026-04-01T12:09:00Z", "createdBy": "ada@quillford.example", "messageText": "Thanks"},
					object{"createdDate": "2026-04-01T12:03:00Z", "createdBy": "local:mlind", "messageText": "The bucket is on its way."},
				},
				"asset": object{"rentedAssetId": "K-1-1"}, "contract": object{"contractId": "K-1"},
			}},
		})
		h.until(messaging.HandedOver)
		if _, err := h.service.Answer(t.Context(), "D100", said.Chain.ID, request.Say{User: "mlind", Text: "At seven."}); err != nil {
			t.Fatal(err)
		}
		if again, err := h.service.Begin(t.Context(), "D100", "0001007", "K-1", asset, request.Say{User: "mlind", Text: "Bring the key."}); err != nil || again.Chain.ID != said.Chain.ID {
			t.Errorf("another conversation about the same: %v", err)
		}
		c, err := h.service.Chain(t.Context(), "D100", said.Chain.ID)
		if err != nil || len(c.Lines) != 4 || c.PartnerID != "chain-9" || c.Lines[0].At.Minute() != 3 {
			t.Errorf("%+v %v", c, err)
		}
		h.arrives("in-2", first())
		h.until(messaging.HandedOver)
		if v := h.only(); len(v.Chains) != 1 {
			t.Errorf("R290: %d conversations beside the request", len(v.Chains))
		}
		if _, err := h.service.Answer(t.Context(), "D100", "none", request.Say{Text: "x"}); !errors.Is(err, messaging.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheDealerStartsARequest(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		end := time.Now().AddDate(0, 1, 0)
		wish := request.New{
			ID: "w1", Dealer: "D100", Customer: "0001007", Type: request.Extend, User: "mlind", RequestedDate: &end, Assets: json.RawMessage(`[{"serialNumber":"ZZT1"}]`),
		}
		made, err := h.service.Start(t.Context(), wish)
		if err != nil || made.Message == nil {
			t.Fatal(err)
		}
		again, err := h.service.Start(t.Context(), wish)
		if err != nil || again.Message != nil || again.Record.ID != made.Record.ID {
			t.Errorf("made twice: %v %v", again, err)
		}
		h.work()
		h.until(messaging.Sent)
		if len(h.posted) != 1 || at(h.posted[0], "payload", "request", "remoteId") != nil {
			t.Errorf("%v", h.posted)
		}
	})
}

// changed is a source of changes.
type changed struct {
	list  []adapters.Change
	err   error
	asked []time.Time
}

func (c *changed) Changes(_ context.Context, since time.Time) ([]adapters.Change, []adapters.LeftOut, error) {
	c.asked = append(c.asked, since)
	return c.list, nil, c.err
}

func TestNotices(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		source := &changed{list: []adapters.Change{
			{Customer: "0001007", Kind: adapters.ContractChange}, {Customer: "0001007", Kind: adapters.InvoiceChange}, {Kind: adapters.CatalogChange},
		}}
		h.dealer.Changes = source
		take := func() {
			t.Helper()
			if err := h.service.TakeChanges(t.Context(), h.dealer); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(time.Minute)
		}
		begun := time.Now()
		take() // only says from when on
		take()
		take() // what waits stands for these
		if len(source.asked) != 2 || !source.asked[0].Equal(begun) || !source.asked[1].Equal(begun.Add(time.Minute)) {
			t.Errorf("asked since %v", source.asked)
		}
		items := h.items(queue.Out)
		if len(items) != 2 || items[0].Priority != 0 || items[0].Merged != 1 {
			t.Fatalf("%+v", items)
		}
		source.err = adapters.ErrUnavailable
		if err := h.service.TakeChanges(t.Context(), h.dealer); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		source.err, source.list = nil, nil
		take()
		if last := source.asked[len(source.asked)-1]; !last.Equal(source.asked[len(source.asked)-2]) {
			t.Error("what could not be asked for was skipped")
		}
		h.dealer.Changes = nil
		h.work()
		for range 2 {
			h.until(messaging.Sent)
		}
		m := h.posted[0]
		if m["messageType"] != "contract" || m["customerNumber"] != "0001007" || m["submittedPriority"] != 0.0 || m["payload"] != nil {
			t.Errorf("%v", m)
		}
		body, err := json.Marshal(m)
		if faults := request.Check(body); err != nil || faults != nil {
			t.Errorf("%v %v", faults, err)
		}
	})
}

// moves is a dealer's system in which things are done.
type moves struct{ list []adapters.DealerMove }

func (m *moves) Outgoing(_ context.Context, mark string, _ int) ([]adapters.DealerMove, string, error) {
	if mark == "end" {
		return nil, "end", nil
	}
	return m.list, "end", nil
}

func TestMovesOfTheDealersSystem(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.arrives("in-1", first())
		h.dealer.Receiver = nil
		h.work()
		h.until(messaging.Arrived)
		id := h.only().Request.ID
		source := &moves{list: []adapters.DealerMove{
			{ID: "row-1/received", RequestID: id, Status: "received", User: "mlind"},
			{ID: "row-1/received", RequestID: id, Status: "received", User: "mlind"},
			{ID: "row-1/received again", RequestID: id, Status: "received", User: "mlind"},
			{ID: "row-2", RequestID: "none", Status: "received"},
			{ID: "row-3", RemoteID: "5512", Status: "closed", User: "mlind"},
			{ID: "row-4", RequestID: id, Status: "scheduled", Faults: []adapters.FieldFault{{Field: "JOBS.STATE", Reason: "has no meaning in its map"}}},
			{ID: "row-5", RemoteID: "5512", Status: "scheduled", User: "mlind"},
		}}
		if err := h.service.TakeMoves(t.Context(), messaging.Dealer{Code: "D100", Moves: source}); err != nil {
			t.Fatal(err)
		}
		var happened []messaging.Event
		for len(happened) < len(source.list) {
			if e := <-h.events; strings.HasPrefix(string(e), "move") {
				happened = append(happened, e)
			}
		}
		want := []messaging.Event{
			messaging.Moved, messaging.MoveRepeated, messaging.MoveRepeated, messaging.MoveUnknown, messaging.MoveRefused, messaging.MoveUnfitting, messaging.Moved,
		}
		if diff := cmp.Diff(want, happened); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"message-arrived-request", "message-move-refused", "message-move-unfitting", "message-move-unknown"}, h.causes()); diff != "" {
			t.Error(diff)
		}
		if got := h.only().Request.Status; got != request.Scheduled {
			t.Errorf("it is %s", got)
		}
		if err := h.service.TakeMoves(t.Context(), messaging.Dealer{Code: "D100", Moves: source}); err != nil {
			t.Error(err)
		}
		if n := len(h.only().Request.Updates); n != 2 {
			t.Errorf("%d updates", n)
		}
	})
}

func TestErasing(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		picture := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("pixels ", 2000)))
		h.arrives("in-1", first(object{"filename": "track.png", "mimetype": "image/png", "contents": picture}))
		h.work()
		h.until(messaging.HandedOver)
		h.move(request.Move{To: request.Received})
		h.until(messaging.Sent)
		before := h.only().Request
		file := before.Files()[0]
		var n int64
		for busy := queue.ErrBusy; errors.Is(busy, queue.ErrBusy); {
			var one int64
			one, busy = h.service.Erase(t.Context(), "D100", "0001007")
			if n += one; busy != nil && !errors.Is(busy, queue.ErrBusy) {
				t.Fatal(busy)
			}
		}
		if n != 5 { // request, inbound, handover, outbound, files
			t.Errorf("%d erased", n)
		}
		if page, _, err := h.service.Requests(t.Context(), messaging.Filter{}); err != nil || len(page) != 0 {
			t.Errorf("%d left, %v", len(page), err)
		}
		if _, err := h.service.File(t.Context(), "D100", file); !errors.Is(err, attachment.ErrGone) {
			t.Errorf("the picture: %v", err)
		}
		if err := h.service.EraseRequest(t.Context(), "D100", "none"); !errors.Is(err, messaging.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	})
}

func TestErasingOneRequest(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		picture := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("pixels ", 2000)))
		h.arrives("in-1", first(object{"filename": "track.png", "mimetype": "image/png", "contents": picture}))
		h.work()
		h.until(messaging.HandedOver)
		before := h.only().Request
		if err := h.service.EraseRequest(t.Context(), "D100", before.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.service.Show(t.Context(), "D100", before.ID); !errors.Is(err, messaging.ErrUnknown) {
			t.Errorf("got %v", err)
		}
		if _, err := h.service.File(t.Context(), "D100", before.Files()[0]); !errors.Is(err, attachment.ErrGone) {
			t.Errorf("the picture: %v", err)
		}
	})
}

// contracts are a customer's two contracts.
type contracts struct{ err error }

func (c contracts) ContractKeys(context.Context, adapters.Query) (adapters.Keys, error) {
	return adapters.Keys{{Row: "1"}, {Row: "2"}}, c.err
}

func (contracts) Contracts(context.Context, adapters.Query, adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	return []model.Contract{
		{ContractID: "K-9", LocationID: "SOUTH", AssetDetails: []model.RentedAsset{{SerialNumber: "ZZT9"}}},
		{ContractID: "K-1", LocationID: "NORTH", AssetDetails: []model.RentedAsset{{SerialNumber: "ZZT00417"}}},
	}, nil, nil
}

func TestMailsGoToTheLocationOfTheAsset(t *testing.T) {
	for name, c := range map[string]struct {
		contracts contracts
		want      string
	}{
		"TheContractsOfTheCustomerSayIt":    {contracts{}, "NORTH"},
		"ASystemThatIsAwayIsNoReasonToWait": {contracts{adapters.ErrUnavailable}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.dealer.Contracts = c.contracts
				h.arrives("in-1", first())
				h.arrives("in-2", says(2, "submitted", "more"))
				h.work()
				for range 2 {
					h.until(messaging.HandedOver)
				}
				for _, a := range h.alerts {
					if a.Topic.Location != c.want || a.Topic.Request != "service" {
						t.Errorf("%+v", a.Topic)
					}
				}
			})
		})
	}
}

func TestClearing(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		h.arrives("in-1", first())
		h.work()
		h.until(messaging.HandedOver)
		if err := h.service.Clear(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		h.only() // it is open
	})
}
