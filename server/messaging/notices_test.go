package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// changed is a source of changes.
type changed struct {
	list   []adapters.Change
	always []adapters.Change // counts as changed whenever it is asked for
	err    error
	asked  []time.Time
}

func (c *changed) Changes(_ context.Context, since time.Time) ([]adapters.Change, []adapters.LeftOut, error) {
	if since.After(time.Now().AddDate(1, 0, 0)) {
		return c.always, nil, c.err
	}
	c.asked = append(c.asked, since)
	return append(slices.Clone(c.always), c.list...), nil, c.err
}

func TestWhatAlwaysCountsAsChangedIsToldOnceAnHour(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		source := &changed{always: []adapters.Change{{Customer: "0001007", Kind: adapters.ContractChange}}}
		h.dealer.Changes = source
		told := func(list ...adapters.Change) int {
			t.Helper()
			before := len(h.items(queue.Out))
			source.list = list
			if err := h.service.TakeChanges(t.Context(), h.dealer); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return len(h.items(queue.Out)) - before
		}
		other := adapters.Change{Customer: "0002002", Kind: adapters.ContractChange}
		if n := told(); n != 0 {
			t.Errorf("the first look told %d", n)
		}
		if n := told(); n != 1 {
			t.Errorf("the second look told %d", n)
		}
		h.dealer.Changes = nil
		h.work() // sends, and does not look for changes by itself
		synctest.Wait()
		h.dealer.Changes = source
		h.until(messaging.Sent)
		time.Sleep(5 * time.Minute)
		if n := told(other); n != 1 {
			t.Errorf("a true change beside it told %d", n)
		}
		h.until(messaging.Sent)
		time.Sleep(50 * time.Minute)
		if n := told(); n != 0 {
			t.Errorf("within the hour it told %d", n)
		}
		time.Sleep(10 * time.Minute)
		if n := told(); n != 1 {
			t.Errorf("after an hour it told %d", n)
		}
	})
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

func TestARowThatPassedOverReceivedTellsThatFirst(t *testing.T) {
	for _, c := range []struct {
		name, status, disposition string
		want                      []request.Status
		told                      []string
	}{
		{"Planned", "scheduled", "", []request.Status{request.Received, request.Scheduled}, []string{"message-arrived-request"}},
		{"ClosedForNobodyKnowsWhen", "closed", "", nil, []string{"message-arrived-request", "message-move-refused"}},
		{"PlannedWithWhatDoesNotFit", "scheduled", "Won", []request.Status{request.Received}, []string{"message-arrived-request", "message-move-refused"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				h.arrives("in-1", first())
				h.dealer.Receiver = nil
				h.work()
				h.until(messaging.Arrived)
				row := adapters.DealerMove{ID: "row-1", RequestID: h.only().Request.ID, Status: c.status, Disposition: c.disposition, User: "mlind"}
				for range 2 { // the second time it is known
					source := &moves{list: []adapters.DealerMove{row, row}}
					if err := h.service.TakeMoves(t.Context(), messaging.Dealer{Code: "D100", Moves: source}); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				if diff := cmp.Diff(c.told, h.causes()); diff != "" {
					t.Errorf("told: %s", diff)
				}
				updates := h.only().Request.Updates
				h.mu.Lock()
				defer h.mu.Unlock()
				var kept, sent []request.Status
				for _, u := range updates {
					kept = append(kept, u.Status)
				}
				for _, o := range h.posted {
					status, _ := o["payload"].(object)["requestUpdate"].(object)["status"].(string)
					sent = append(sent, request.Status(status))
				}
				if diff := cmp.Diff(c.want, kept); diff != "" {
					t.Errorf("kept: %s", diff)
				}
				if diff := cmp.Diff(c.want, sent); diff != "" {
					t.Errorf("sent: %s", diff)
				}
			})
		})
	}
}
