// Package queuetest owns what every keeping of the queue must do alike: a suite,
// and a keeping that is easy to believe, to compare the others with.
//
// It knows no SQL and no engine; a test hands in what opens one.
package queuetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

// Storage is what the suite needs: the queue's storage and transactions on it.
type Storage interface {
	queue.Storage
	Together(ctx context.Context, do func(ctx context.Context) error) error
}

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const life = time.Minute

var (
	out   = queue.Lane{Dealer: "D100", Direction: queue.Out}
	in    = queue.Lane{Dealer: "D100", Direction: queue.In}
	other = queue.Lane{Dealer: "d100", Direction: queue.Out} // a friendly collation takes it for D100
)

func item(lane queue.Lane, id string, more ...func(*queue.Item)) queue.Item {
	i := queue.Item{Lane: lane, ID: id, Kind: "request", Body: []byte("body of " + id)}
	for _, m := range more {
		m(&i)
	}
	return i
}

func prio(n int) func(*queue.Item)           { return func(i *queue.Item) { i.Priority = n } }
func key(k string) func(*queue.Item)         { return func(i *queue.Item) { i.OrderKey = k } }
func merge(k string) func(*queue.Item)       { return func(i *queue.Item) { i.MergeKey = k } }
func customer(c string) func(*queue.Item)    { return func(i *queue.Item) { i.Customer = c } }
func body(b []byte) func(*queue.Item)        { return func(i *queue.Item) { i.Body = b } }
func kind(k string) func(*queue.Item)        { return func(i *queue.Item) { i.Kind = k } }
func all(s ...queue.Receipt) []queue.Receipt { return s }

func push(t testing.TB, s queue.Storage, at time.Time, items ...queue.Item) []queue.Receipt {
	t.Helper()
	receipts, err := s.Push(t.Context(), items, at)
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// hand works on a lane as one process does.
type hand struct {
	t     testing.TB
	s     queue.Storage
	claim queue.Claim
}

func worker(t testing.TB, s queue.Storage, lane queue.Lane, owner string) *hand {
	return &hand{t: t, s: s, claim: queue.Claim{Lane: lane, Owner: owner}}
}

// turn is one turn; it must succeed.
func (h *hand) turn(now time.Time, before *queue.Settlement) queue.Turn {
	h.t.Helper()
	turn, err := h.try(now, before)
	if err != nil {
		h.t.Fatal(err)
	}
	return turn
}

func (h *hand) try(now time.Time, before *queue.Settlement) (queue.Turn, error) {
	h.claim.Until = now.Add(life)
	turn, err := h.s.Turn(h.t.Context(), h.claim, now, before)
	if err == nil {
		h.claim = turn.Claim
	}
	return turn, err
}

// drain does everything there is and returns the ids in order.
func (h *hand) drain(now time.Time) string {
	h.t.Helper()
	var ids []string
	var before *queue.Settlement
	for {
		turn := h.turn(now, before)
		if turn.Item == nil {
			return strings.Join(ids, " ")
		}
		ids = append(ids, turn.Item.ID)
		before = &queue.Settlement{Number: turn.Item.Number, State: queue.Done}
	}
}

func done(i *queue.Item) *queue.Settlement {
	return &queue.Settlement{Number: i.Number, State: queue.Done}
}

func again(i *queue.Item, at time.Time, why string) *queue.Settlement {
	return &queue.Settlement{Number: i.Number, State: queue.Waiting, Next: at, Strike: true, Why: why}
}

func parked(i *queue.Item, why string) *queue.Settlement {
	return &queue.Settlement{Number: i.Number, State: queue.Parked, Why: why}
}

func wantIDs(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s went as %q, want %q", what, got, want)
	}
}

// Run exercises one keeping; open gives an empty one.
func Run(t *testing.T, open func(t *testing.T) Storage) {
	t.Run("Keeping", func(t *testing.T) { runKeeping(t, open) })
	t.Run("Order", func(t *testing.T) { runOrder(t, open) })
	t.Run("Lease", func(t *testing.T) { runLease(t, open) })
	t.Run("Steering", func(t *testing.T) { runSteering(t, open) })
	t.Run("Transactions", func(t *testing.T) { runTransactions(t, open) })
	t.Run("DoesWhatMemoryDoes", func(t *testing.T) { runModel(t, open) })
}

func runKeeping(t *testing.T, open func(t *testing.T) Storage) {
	t.Run("AnItemComesBackAsItWas", func(t *testing.T) {
		s := open(t)
		large := bytes.Repeat([]byte("0123456789abcdef\x00\xff'"), 100_000) // 1.9 MB
		pushed := []queue.Item{
			item(out, "naïve 東 ' or '1'='1", prio(7), key("request \xff"), merge("m"), customer("C1 "), kind("déjà")),
			item(out, "empty", body(nil)),
			item(out, "large", body(large)),
			item(out, "in two rows", body(large[:600_000])),
			item(in, "large", body(large[:2001])),
		}
		if diff := cmp.Diff(all(queue.Added, queue.Added, queue.Added, queue.Added, queue.Added), push(t, s, noon, pushed...)); diff != "" {
			t.Fatal(diff)
		}
		for _, want := range pushed {
			got, err := s.Find(t.Context(), want.Lane, want.ID)
			if err != nil {
				t.Fatal(err)
			}
			want.State, want.Enqueued, want.Bytes = queue.Waiting, noon, int64(len(want.Body))
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(queue.Item{}, "Number", "Body")); diff != "" || !bytes.Equal(got.Body, want.Body) {
				t.Errorf("%s: %s, its body is %d bytes long", want.ID, diff, len(got.Body))
			}
			same, err := s.Item(t.Context(), got.Number)
			if err != nil || same.ID != got.ID || !bytes.Equal(same.Body, got.Body) {
				t.Errorf("by its number: %v %s", err, same.ID)
			}
		}
		w := worker(t, s, out, "one")
		turn := w.turn(noon, nil)
		for _, want := range []int{0, 1, 2, 3} {
			if turn.Item == nil || turn.Item.ID != pushed[want].ID || !bytes.Equal(turn.Item.Body, pushed[want].Body) {
				t.Fatalf("item %d was not handed out as it came", want)
			}
			turn = w.turn(noon, done(turn.Item))
		}
	})
	t.Run("ARepeatIsNotAddedWhateverItSaysAndInWhateverState", func(t *testing.T) {
		s := open(t)
		if diff := cmp.Diff(all(queue.Added, queue.Repeated), push(t, s, noon, item(out, "a"), item(out, "a", prio(3)))); diff != "" {
			t.Error(diff)
		}
		w := worker(t, s, out, "one")
		turn := w.turn(noon, nil)
		again := func(state queue.State) {
			t.Helper()
			if got := push(t, s, noon.Add(time.Hour), item(out, "a", body([]byte("another")))); got[0] != queue.Repeated {
				t.Errorf("%s: %s", state, got[0])
			}
			if i, err := s.Find(t.Context(), out, "a"); err != nil || i.State != state || string(i.Body) != "body of a" || !i.Enqueued.Equal(noon) {
				t.Errorf("%s: it is %+v, %v", state, i, err)
			}
		}
		again(queue.Working)
		w.turn(noon, done(turn.Item))
		again(queue.Done)
		// The same bytes elsewhere, and almost the same here, are others.
		got := push(t, s, noon, item(in, "a"), item(other, "a"), item(out, "A"), item(out, "a "), item(out, "ä"))
		if diff := cmp.Diff(all(queue.Added, queue.Added, queue.Added, queue.Added, queue.Added), got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("AProducerMaySayWhenItTookAnItem", func(t *testing.T) {
		s := open(t)
		taken := item(out, "a")
		taken.Enqueued = noon.Add(-time.Minute)
		push(t, s, noon, taken, item(out, "b"))
		if a, err := s.Find(t.Context(), out, "a"); err != nil || !a.Enqueued.Equal(taken.Enqueued) {
			t.Errorf("%+v %v", a, err)
		}
	})
	t.Run("OneThatWaitsStandsForOthers", func(t *testing.T) {
		s := open(t)
		got := push(t, s, noon, item(out, "n1", merge("C1")), item(out, "n2", merge("C1")), item(out, "n3", merge("C2")), item(in, "n4", merge("C1")))
		if diff := cmp.Diff(all(queue.Added, queue.Merged, queue.Added, queue.Added), got); diff != "" {
			t.Error(diff)
		}
		if got := push(t, s, noon, item(out, "n5", merge("C1"))); got[0] != queue.Merged {
			t.Errorf("later: %s", got[0])
		}
		w := worker(t, s, out, "one")
		turn := w.turn(noon, nil)
		if turn.Item.ID != "n1" || turn.Item.Merged != 2 {
			t.Errorf("handed out: %+v", turn.Item)
		}
		// What was begun may have been acted upon before this change.
		w.turn(noon, again(turn.Item, noon.Add(time.Hour), "away"))
		for _, c := range []struct {
			id   string
			want queue.Receipt
		}{{"n6", queue.Added}, {"n7", queue.Merged}} {
			if got := push(t, s, noon, item(out, c.id, merge("C1"))); got[0] != c.want {
				t.Errorf("%s, beside one that was tried: %s", c.id, got[0])
			}
		}
		wantIDs(t, "the rest", w.drain(noon.Add(time.Hour)), "n1 n3 n6")
	})
	t.Run("PushersAtOnceAddEachItemOnce", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		var mu sync.Mutex
		added := map[string]int{}
		for p := range 16 {
			wg.Go(func() {
				for n := range 10 {
					id := fmt.Sprint((p + n) % 20)
					got, err := s.Push(t.Context(), []queue.Item{item(out, id), item(in, id)}, noon)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for i, r := range got {
						if r == queue.Added {
							added[fmt.Sprint(i, "/", id)]++
						}
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(added) != 40 {
			t.Errorf("%d items were added, want 40", len(added))
		}
		for id, n := range added {
			if n != 1 {
				t.Errorf("%s was added %d times", id, n)
			}
		}
	})
	t.Run("PushersAtOnceOfOneItemEachAreToldOfTheirOwn", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "there already"))
		var wg sync.WaitGroup
		var mu sync.Mutex
		told := map[queue.Receipt]int{}
		for p := range 32 {
			wg.Go(func() {
				for n := range 20 {
					id, at := fmt.Sprint(p, "/", n), noon.Add(time.Duration(p)*time.Second)
					if n%5 == 0 {
						id = "there already"
					}
					got, err := s.Push(t.Context(), []queue.Item{item(out, id, key(id), body(make([]byte, 100*n)))}, at)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					told[got[0]]++
					mu.Unlock()
					if want := map[bool]queue.Receipt{true: queue.Repeated, false: queue.Added}[n%5 == 0]; got[0] != want {
						t.Errorf("%s was told %s", id, got[0])
					}
					if i, err := s.Find(t.Context(), out, id); n%5 > 0 && (err != nil || !i.Enqueued.Equal(at) || len(i.Body) != 100*n || i.OrderKey != id) {
						t.Errorf("%s is not there when its pusher is told: %+v %v", id, i, err)
					}
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff(map[queue.Receipt]int{queue.Added: 32 * 16, queue.Repeated: 32 * 4}, told); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("OldBodiesGoBeforeIDs", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "done", body(bytes.Repeat([]byte("x"), 3000))), item(out, "parked"), item(out, "waits"), item(in, "done"))
		for _, lane := range []queue.Lane{out, in} {
			w := worker(t, s, lane, "one")
			turn := w.turn(noon, nil)
			turn = w.turn(noon, done(turn.Item))
			if turn.Item != nil {
				turn = w.turn(noon, parked(turn.Item, "refused"))
				w.turn(noon, &queue.Settlement{Number: turn.Item.Number, State: queue.Waiting, Last: true})
			}
		}
		clearAll := func(bodies, ids time.Time) {
			t.Helper()
			for range 10 {
				n, err := s.Clear(t.Context(), bodies, ids, 1)
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					return
				}
			}
			t.Error("clearing does not end")
		}
		clearAll(noon, noon) // not before, so nothing
		if i, err := s.Find(t.Context(), out, "done"); err != nil || len(i.Body) != 3000 || i.Erased {
			t.Errorf("too early: %v %v", i.Erased, err)
		}
		clearAll(noon.Add(1), noon)
		clearAll(noon.Add(time.Second), noon)
		i, err := s.Find(t.Context(), out, "done")
		if err != nil || i.Body != nil || !i.Erased || i.State != queue.Done || i.Bytes != 3000 {
			t.Errorf("the body stands: %+v %v", i, err)
		}
		if p, err := s.Find(t.Context(), out, "parked"); err != nil || string(p.Body) != "body of parked" {
			t.Errorf("a parked one lost its body: %+v %v", p, err)
		}
		if got := push(t, s, noon, item(out, "done")); got[0] != queue.Repeated {
			t.Errorf("the id was forgotten with the body: %s", got[0])
		}
		clearAll(noon.Add(time.Second), noon.Add(time.Second))
		for _, id := range []string{"done", "parked"} {
			if _, err := s.Find(t.Context(), out, id); !errors.Is(err, queue.ErrUnknown) {
				t.Errorf("%s: %v", id, err)
			}
		}
		if _, err := s.Find(t.Context(), out, "waits"); err != nil {
			t.Errorf("what waits went: %v", err)
		}
	})
	t.Run("WhatKeepsOneOrderIsErased", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "one", key("k")), item(out, "two", key("k")), item(in, "one", key("k")), item(out, "longer", key("k2")), item(out, "none"), item(other, "dealer", key("k")))
		if n, err := s.EraseOrder(t.Context(), "D100", "k", noon); n != 3 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		if n, err := s.EraseOrder(t.Context(), "D100", "", noon); n != 0 || err != nil {
			t.Errorf("without a key: %d %v", n, err)
		}
		if got, err := s.Find(t.Context(), out, "two"); err != nil || got.Body != nil || got.OrderKey != "" || !got.Erased {
			t.Errorf("%+v %v", got, err)
		}
		wantIDs(t, "the others", worker(t, s, out, "one").drain(noon), "longer none")
	})
	t.Run("ACustomerIsErased", func(t *testing.T) {
		s := open(t)
		big := body(bytes.Repeat([]byte("x"), 700_000))
		push(t, s, noon, item(out, "done", customer("C1"), key("k"), big), item(out, "working", customer("C1")), item(out, "waits", customer("C1"), merge("m")),
			item(in, "waits", customer("C1")), item(out, "other", customer("C1 ")), item(out, "none"), item(other, "dealer", customer("C1")))
		w := worker(t, s, out, "one")
		turn := w.turn(noon, nil)
		turn = w.turn(noon, done(turn.Item))
		n, err := s.Erase(t.Context(), "D100", "C1", noon)
		if n != 3 || !errors.Is(err, queue.ErrBusy) {
			t.Errorf("while one is handled: %d %v", n, err)
		}
		w.turn(noon, again(turn.Item, noon, "away"))
		w.turn(noon, &queue.Settlement{Number: turn.Item.Number, State: queue.Waiting, Next: noon, Last: true})
		if n, err := s.Erase(t.Context(), "D100", "C1", noon); n != 1 || err != nil {
			t.Errorf("afterwards: %d %v", n, err)
		}
		for _, i := range []queue.Item{item(out, "done"), item(out, "working"), item(out, "waits"), item(in, "waits")} {
			got, err := s.Find(t.Context(), i.Lane, i.ID)
			if err != nil || got.Body != nil || got.Customer+got.OrderKey+got.MergeKey != "" || got.State != queue.Done || !got.Erased {
				t.Errorf("%s: %+v %v", i.ID, got, err)
			}
			if _, _, err := s.Retry(t.Context(), got.Number, noon); !errors.Is(err, queue.ErrState) {
				t.Errorf("%s can be put back: %v", i.ID, err)
			}
		}
		wantIDs(t, "the others", w.drain(noon), "other none")
	})
}
