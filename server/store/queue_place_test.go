package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// manyNew pushes, one by one, more items than get their places in one transaction,
// the last of them urgent. All of them are seen before the first is handed out,
// and those that were pushed meanwhile find their order as well.
func manyNew(t *testing.T, o store.Options) {
	t.Helper()
	q := openAt(t, o).Queue()
	lane := queue.Lane{Dealer: "D100", Direction: queue.In}
	beside := queue.Lane{Dealer: "D200", Direction: queue.In}
	push := func(l queue.Lane, id, key string, priority int) {
		t.Helper()
		got, err := q.Push(t.Context(), []queue.Item{{Lane: l, ID: id, OrderKey: key, Kind: "request", Priority: priority, Body: []byte(id)}}, noon)
		if err != nil || got[0] != queue.Added {
			t.Fatalf("%s: %v %v", id, got, err)
		}
	}
	const many = 1100
	for n := range many {
		push(lane, fmt.Sprint("m-", n), "", 1)
		if n%10 == 0 {
			push(beside, fmt.Sprint("b-", n), "", 1)
		}
	}
	push(lane, "elder", "request:1", 0)
	push(lane, "urgent", "request:1", 9)
	counts, err := q.Counts(t.Context())
	if err != nil || len(counts) != 2 || counts[0].Waiting != many+2 || counts[1].Waiting != many/10 {
		t.Fatalf("%+v %v", counts, err)
	}
	c := queue.Claim{Lane: lane, Owner: "one", Until: noon.Add(life)}
	var got []string
	var before *queue.Settlement
	for len(got) < 4 {
		turn, err := q.Turn(t.Context(), c, noon, before)
		if err != nil || turn.Item == nil {
			t.Fatalf("after %v: %+v %v", got, turn, err)
		}
		c, got = turn.Claim, append(got, turn.Item.ID)
		before = &queue.Settlement{Number: turn.Item.Number, State: queue.Done}
		if len(got) == 2 {
			push(lane, "late", "", 5)
		}
	}
	if fmt.Sprint(got) != "[elder urgent late m-0]" {
		t.Errorf("got %v", got)
	}
	if counts, err = q.Counts(t.Context()); err != nil || counts[0].Waiting != many-1 || counts[0].Working != 1 || counts[1].Waiting != many/10 {
		t.Errorf("%+v %v", counts, err)
	}
	due, err := q.Due(t.Context(), "two", []queue.Lane{lane, beside}, noon)
	if err != nil || len(due) != 1 || due[0] != beside {
		t.Errorf("due for another process: %v %v", due, err)
	}
}

func TestVeryManyNewItemsFindTheirOrderOnSQLite(t *testing.T) {
	manyNew(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
}
