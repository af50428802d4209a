package messaging_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
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
		if a := h.alerts[0]; a.Topic.Request != "service" || a.Command != "dealerbridge requests show --dealer D100 "+v.Request.ID || strings.Contains(a.Detail, "oil") {
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

func TestARefusedWordOfAConversationReachesWhoSaidIt(t *testing.T) {
	for _, kind := range []string{"message", "request"} { // the documents show errors about requests alone
		t.Run(kind, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.work()
				said, err := h.service.Begin(t.Context(), "D100", "0001007", "K-1", request.Asset{SerialNumber: "ZZT1"}, request.Say{User: "mlind", Text: "Hello"})
				if err != nil {
					t.Fatal(err)
				}
				h.until(messaging.Sent)
				h.arrives("in-1", object{
					"dealerCode": "D100", "customerNumber": "0001007", "submittedMessageId": "c-1", "submittedTime": "2026-04-01T12:00:00Z", "messageType": kind,
					"payload": object{"errorCode": request.NotFound, "errorSubmittedMessageId": said.Message.ID},
				})
				h.until(messaging.HandedOver)
				c, err := h.service.Chain(t.Context(), "D100", said.Chain.ID)
				if err != nil || c.Lines[0].Refused != request.NotFound {
					t.Errorf("%+v %v", c, err)
				}
				if last := h.alerts[len(h.alerts)-1]; !strings.Contains(last.Detail, "local:mlind") {
					t.Errorf("%+v", last)
				}
			})
		})
	}
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
