package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sleep is what the product is given to wait with. Tests run in bubbles, in
// which time passes at once when everybody waits.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// bubble runs a test with a house of its own.
func bubble(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newHouse(t)) })
}

// house is a gateway's messaging on a state of its own, with the dealer D100 and
// CRS played by the test.
type house struct {
	t       *testing.T
	state   *store.Store
	files   attachment.Keeper
	queue   *queue.Queue
	service *messaging.Service
	dealer  messaging.Dealer
	events  chan messaging.Event

	mu     sync.Mutex
	alerts []alert.Alert
	posted []object // what CRS was sent, repeats included
	answer func(n int) (adapters.PostedMessage, error)
	handed []adapters.Handover
	refuse func(n int) error // the dealer's system
}

type object = map[string]any

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, events: make(chan messaging.Event, 10_000)}
	state, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/state.db"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	if h.files, err = state.Attachments(""); err != nil {
		t.Fatal(err)
	}
	h.state = state
	h.queue = queue.New(queue.Options{Storage: state.Queue(), Owner: "p1", Now: time.Now, Sleep: sleep, Log: quiet()})
	h.service = messaging.New(messaging.Options{
		Store: state, Queue: h.queue, Files: h.files, Alerts: h, Now: time.Now, Sleep: sleep, Log: quiet(),
		Happened: func(_ string, e messaging.Event) { h.events <- e },
	})
	h.dealer = messaging.Dealer{Code: "D100", Poster: h, Receiver: h}
	return h
}

// work starts the dealer's lanes; they stop with the test.
func (h *house) work() {
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := h.queue.Run(ctx); err != nil {
			h.t.Error(err)
		}
	})
	all.Go(func() {
		if err := h.service.Work(ctx, h.dealer); err != nil {
			h.t.Error(err)
		}
	})
	h.t.Cleanup(func() {
		stop()
		all.Wait()
	})
}

// until waits for an event.
func (h *house) until(want messaging.Event) {
	h.t.Helper()
	late := time.After(72 * time.Hour)
	var seen []messaging.Event
	for {
		select {
		case e := <-h.events:
			if e == want {
				synctest.Wait() // what follows from it has happened, too
				return
			}
			seen = append(seen, e)
		case <-late:
			h.t.Fatalf("%q never happened; %q did", want, seen[:min(len(seen), 20)])
		}
	}
}

func (h *house) Alert(ctx context.Context, a alert.Alert) error {
	h.mu.Lock()
	h.alerts = append(h.alerts, a)
	h.mu.Unlock()
	h.events <- messaging.Event(a.Cause)
	return h.state.KeepAlert(ctx, a, time.Now())
}

func (h *house) causes() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, a := range h.alerts {
		if !slices.Contains(out, a.Cause) {
			out = append(out, a.Cause)
		}
	}
	slices.Sort(out)
	return out
}

func (h *house) PostMessage(_ context.Context, body []byte) (adapters.PostedMessage, error) {
	var o object
	if err := json.Unmarshal(body, &o); err != nil {
		return adapters.PostedMessage{}, err
	}
	h.mu.Lock()
	h.posted = append(h.posted, o)
	n, answer := len(h.posted), h.answer
	h.mu.Unlock()
	if answer == nil {
		return adapters.PostedMessage{Status: 200}, nil
	}
	return answer(n)
}

func (h *house) Receive(_ context.Context, handover adapters.Handover) error {
	h.mu.Lock()
	h.handed = append(h.handed, handover)
	n, refuse := len(h.handed), h.refuse
	h.mu.Unlock()
	if refuse == nil {
		return nil
	}
	return refuse(n)
}

// arrives queues an inbound message as the intake does.
func (h *house) arrives(id string, body object) {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	b := attachment.Bundle{Dealer: "D100", Customer: "0001007", Message: id, Made: time.Now()}
	if text, err = attachment.Detach(h.t.Context(), h.files, b, text); err != nil {
		h.t.Fatal(err)
	}
	_, err = h.queue.Push(h.t.Context(), queue.Item{
		Lane: queue.Lane{Dealer: "D100", Direction: queue.In}, ID: id, OrderKey: "request:5512", Priority: 1, Kind: body["messageType"].(string),
		Customer: "0001007", Body: text, Enqueued: time.Now(),
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// first is a request of a customer's for a service.
func first(images ...any) object {
	return object{
		"dealerCode": "D100", "customerNumber": "0001007", "submittedMessageId": "c-1", "submittedTime": "2026-04-01T11:59:00Z", "messageType": "request",
		"payload": object{"request": object{
			"localId": "5512", "requestType": "service", "status": "submitted", "createdBy": "ada@quillford.example", "title": "Service Request",
			"text": "It leaks <b>oil</b>.", "properties": object{"userName": "Ada Fernwood", "isWorking": true, "images": images},
			"assets": []any{object{"rentedAssetId": "K-1-1", "serialNumber": "ZZT00417"}},
		}},
	}
}

// says is an update of the customer's.
func says(n int, status, text string) object {
	return object{
		"dealerCode": "D100", "customerNumber": "0001007", "submittedMessageId": fmt.Sprintf("c-%d", n), "submittedTime": "2026-04-01T12:00:00Z",
		"messageType": "request",
		"payload": object{
			"request": object{"localId": "5512", "remoteId": nil, "requestType": "service", "status": status},
			"requestUpdate": object{
				"status": status, "createdDate": fmt.Sprintf("2026-04-01T12:00:%02dZ", n%60), "createdBy": "ada@quillford.example", "text": text,
			},
		},
	}
}

// only returns the one request there is.
func (h *house) only() messaging.View {
	h.t.Helper()
	page, _, err := h.service.Requests(h.t.Context(), messaging.Filter{Dealer: "D100"})
	if err != nil || len(page) != 1 {
		h.t.Fatalf("%d requests, %v", len(page), err)
	}
	v, err := h.service.Show(h.t.Context(), "D100", page[0].ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// at follows names and indexes to a member.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			o, _ := v.(object)
			v = o[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// customers knows one customer.
type customers struct{ err error }

func (c customers) Customer(_ context.Context, number string) (model.Customer, error) {
	if c.err != nil {
		return model.Customer{}, c.err
	}
	if number != "0001007" {
		return model.Customer{}, adapters.ErrNotFound
	}
	return model.Customer{}, nil
}

func callError(kind error, status int) error {
	return fmt.Errorf("posting: %w", &adapters.CallError{Call: "posting a message", Err: kind, Status: status})
}

var errSomething = errors.New("something private")
