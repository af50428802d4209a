package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// movedQueue fills the queue of a state as versions kept it that held an item and
// its place in one row, opens it with this one, and works on: nothing may be lost,
// handed out a second time, or out of order.
func movedQueue(t *testing.T, o store.Options) {
	t.Helper()
	before, err := store.OpenBefore(t.Context(), o, "0012")
	if err != nil {
		t.Fatal(err)
	}
	do := func(statement string, values ...any) {
		t.Helper()
		if _, err := before.ExecContext(t.Context(), statement, values...); err != nil {
			t.Fatal(err)
		}
	}
	do("INSERT INTO queue_lanes (id, dealer, direction, owner, until_ms, fence, turns) VALUES (7, 'D100', 'in', '', 0, 3, 9)")
	item := func(number, state, place, tries, parts int, key, why string, body any) {
		t.Helper()
		do("INSERT INTO queue_items (number, lane, id, state, place, order_key, merge_key, customer, kind, priority, tries, strikes, merged, "+
			"enqueued_ms, first_ms, blamed_ms, next_ms, settled_ms, bytes, parts, why, body) "+
			"VALUES (?, 7, ?, ?, ?, ?, ?, ?, 'request', 1, ?, 0, 0, ?, 0, 0, 0, ?, 5, ?, ?, ?)",
			number, fmt.Appendf(nil, "m-%d", number), state, place, []byte(key), []byte{}, []byte("0001007"), tries,
			noon.UnixMilli()+int64(number), max(0, place), parts, why, body)
	}
	const begun = -1 << 40
	settled := int(noon.UnixMilli())
	item(3, 3, settled, 1, 0, "request:1", "", []byte("done!"))
	item(4, 5, settled, 1, 0, "request:1", "", nil)
	item(5, 4, settled, 6, 0, "request:2", "it was refused", []byte("stuck"))
	item(6, 1, begun, 1, 0, "request:1", "away", []byte("first"))
	item(7, 1, -1, 0, 0, "request:1", "", []byte("wait1"))
	item(8, 1, -1, 0, 1, "request:2", "", []byte{})
	item(9, 1, -1, 0, 0, "", "", []byte("wait3"))
	item(20, 3, settled, 1, 0, "", "", []byte("gone!"))
	do("INSERT INTO queue_bodies (number, part, bytes) VALUES (8, 0, ?)", []byte("wait2"))
	do("DELETE FROM queue_items WHERE number = 20")
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}

	s := openAt(t, o)
	q := s.Queue()
	lane := queue.Lane{Dealer: "D100", Direction: queue.In}
	if got, err := q.Push(t.Context(), []queue.Item{{Lane: lane, ID: "m-7", Kind: "request"}}, noon); err != nil || got[0] != queue.Repeated {
		t.Errorf("a repeat of what was there: %v %v", got, err)
	}
	if _, err := q.Push(t.Context(), []queue.Item{{Lane: lane, ID: "new", Kind: "request", Priority: 1, Body: []byte("newer")}}, noon.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	newest, err := q.Find(t.Context(), lane, "new")
	if err != nil || newest.Number <= 20 {
		t.Errorf("a number was given twice: %d %v", newest.Number, err)
	}
	counts, err := q.Counts(t.Context())
	want := []queue.Count{{Lane: lane, Waiting: 5, Parked: 1, Oldest: noon.Add(6 * time.Millisecond)}}
	want[0].Blocked = counts[0].Blocked
	if diff := cmp.Diff(want, counts); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	c := queue.Claim{Lane: lane, Owner: "one", Until: noon.Add(life)}
	var got []string
	var last *queue.Settlement
	for {
		turn, err := q.Turn(t.Context(), c, noon, last)
		if err != nil {
			t.Fatal(err)
		}
		if c = turn.Claim; turn.Item == nil {
			break
		}
		got = append(got, turn.Item.ID+" "+string(turn.Item.Body))
		last = &queue.Settlement{Number: turn.Item.Number, State: queue.Done}
	}
	if diff := cmp.Diff("m-6 first, m-7 wait1, m-8 wait2, m-9 wait3, new newer", strings.Join(got, ", ")); diff != "" {
		t.Error(diff)
	}
	parked, err := q.Item(t.Context(), 5)
	if err != nil || parked.State != queue.Parked || parked.Why != "it was refused" || string(parked.Body) != "stuck" || parked.Tries != 6 {
		t.Errorf("%+v %v", parked, err)
	}
	for number, erased := range map[int64]bool{3: false, 4: true} {
		if i, err := q.Item(t.Context(), number); err != nil || i.State != queue.Done || i.Erased != erased {
			t.Errorf("%+v %v", i, err)
		}
	}
}

func TestAnOlderQueueIsTakenOverOnSQLite(t *testing.T) {
	movedQueue(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
}

// TestNoNumberIsGivenTwice takes everything away and pushes again.
func TestNoNumberIsGivenTwice(t *testing.T) {
	q := openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")}).Queue()
	lane := queue.Lane{Dealer: "D100", Direction: queue.In}
	var highest int64
	for round := range 3 {
		for _, id := range []string{"a", "b"} {
			if got, err := q.Push(t.Context(), []queue.Item{{Lane: lane, ID: id, Kind: "request"}}, noon); err != nil || got[0] != queue.Added {
				t.Fatalf("round %d: %v %v", round, got, err)
			}
			item, err := q.Find(t.Context(), lane, id)
			if err != nil || item.Number <= highest {
				t.Fatalf("round %d: number %d after %d, %v", round, item.Number, highest, err)
			}
			highest = item.Number
		}
		c := queue.Claim{Lane: lane, Owner: "one", Until: noon.Add(life)}
		turn, err := q.Turn(t.Context(), c, noon, nil)
		for err == nil && turn.Item != nil {
			turn, err = q.Turn(t.Context(), turn.Claim, noon, &queue.Settlement{Number: turn.Item.Number, State: queue.Done})
		}
		if err != nil {
			t.Fatal(err)
		}
		if n, err := q.Clear(t.Context(), noon.Add(time.Hour), noon.Add(time.Hour), 100); err != nil || n == 0 {
			t.Fatalf("%d cleared, %v", n, err)
		}
		if items, err := q.List(t.Context(), queue.Filter{}); err != nil || len(items) > 0 {
			t.Fatalf("%d are left, %v", len(items), err)
		}
		if _, err := q.Item(t.Context(), highest); err == nil {
			t.Errorf("round %d: item %d is still there", round, highest)
		}
	}
}
