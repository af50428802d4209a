package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// crowded fills a lane: a head that fails, and the crowd behind it, every third
// of them in one of a hundred chains.
func crowded(t testing.TB, q *store.Queue, l queue.Lane, crowd int) {
	t.Helper()
	for from := 0; from < crowd; from += 1000 {
		items := make([]queue.Item, 1000)
		for i := range items {
			n := from + i
			items[i] = queue.Item{Lane: l, ID: fmt.Sprint(n), Kind: "contract", Customer: fmt.Sprint(n % 500), Priority: n % 3}
			if n%2 == 0 { // the others get their places later
				items[i].MergeKey = fmt.Sprint("m", n)
			}
			if n%3 == 0 {
				items[i].OrderKey = fmt.Sprint("k", n%100)
			}
		}
		if _, err := q.Push(t.Context(), items, noon); err != nil {
			t.Fatal(err)
		}
	}
	c := queue.Claim{Lane: l, Owner: "one", Until: noon.Add(life)}
	turn, err := q.Turn(t.Context(), c, noon, nil)
	if err != nil {
		t.Fatal(err)
	}
	failed := &queue.Settlement{Number: turn.Item.Number, State: queue.Waiting, Next: noon.Add(time.Hour), Why: "away", Last: true}
	if _, err := q.Turn(t.Context(), turn.Claim, noon, failed); err != nil {
		t.Fatal(err)
	}
}

// traffic is what goes on in a lane: items come, repeat, merge and go, and the
// poller looks at all lanes.
func traffic(t testing.TB, q *store.Queue, l queue.Lane, lanes []queue.Lane, n int) {
	t.Helper()
	c := queue.Claim{Lane: l, Owner: "one", Until: noon.Add(life)}
	for i := range n {
		item := queue.Item{Lane: l, ID: fmt.Sprint("flowing ", i), Kind: "request", OrderKey: fmt.Sprint("chain ", i%5), MergeKey: fmt.Sprint(i % 7), Customer: "C", Priority: i % 3}
		if _, err := q.Push(t.Context(), []queue.Item{item, item}, noon); err != nil {
			t.Fatal(err)
		}
		var before *queue.Settlement
		for {
			turn, err := q.Turn(t.Context(), c, noon, before)
			if err != nil {
				t.Fatal(err)
			}
			c = turn.Claim
			if turn.Item == nil {
				break
			}
			if err := q.Holds(t.Context(), c, false); err != nil {
				t.Fatal(err)
			}
			before = &queue.Settlement{Number: turn.Item.Number, State: queue.Done}
		}
		if _, err := q.Due(t.Context(), "one", lanes, noon); err != nil {
			t.Fatal(err)
		}
	}
}

// TestACrowdedLaneOnSQLite proves that no statement of the traffic, in the
// crowded lane or beside it, goes through more rows than it needs: each one
// is led by an index all the way, and none sorts. That does not depend on how
// large the crowd is.
func TestACrowdedLaneOnSQLite(t *testing.T) {
	s := openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	q := s.Queue()
	blocked, flowing := queue.Lane{Dealer: "D1", Direction: queue.Out}, queue.Lane{Dealer: "D2", Direction: queue.Out}
	crowded(t, q, blocked, 5000)
	taken, err := store.Statements(s)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	look := func(what string, most int) {
		t.Helper()
		all := taken()
		n := 0
		for _, st := range all {
			if strings.HasSuffix(st.SQL, " part") || strings.HasPrefix(st.SQL, "EXPLAIN") { // savepoints, and this test's own
				continue
			}
			n++
			if seen[st.SQL] || strings.HasPrefix(st.SQL, "INSERT") {
				continue
			}
			seen[st.SQL] = true
			steps, err := store.Plan(t.Context(), s, st)
			if err != nil {
				t.Fatalf("%s: %v", st.SQL, err)
			}
			for _, step := range steps {
				wide := strings.HasPrefix(step, "SEARCH f ") && !strings.Contains(step, "rowid>") // all items of a lane
				if wide || strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
					t.Errorf("%s goes through all of it: %s\n%s", what, step, st.SQL)
				}
			}
		}
		if n > most {
			t.Errorf("%s took %d statements, want at most %d", what, n, most)
		}
	}
	const rounds = 20
	traffic(t, q, flowing, []queue.Lane{blocked, flowing}, rounds)
	look("traffic beside it", rounds*24)
	for _, at := range []time.Time{noon, noon.Add(time.Hour)} { // blocked, and going on
		c := queue.Claim{Lane: blocked, Owner: "one", Until: at.Add(life)}
		turn, err := q.Turn(t.Context(), c, at, nil)
		if err != nil || (turn.Item != nil) != at.After(noon) {
			t.Fatalf("%+v %v", turn, err)
		}
		look("a turn of the crowded lane", 8)
		for turn.Item != nil {
			n := turn.Item.Number
			if turn, err = q.Turn(t.Context(), turn.Claim, at, &queue.Settlement{Number: n, State: queue.Done, Last: n > 300}); err != nil {
				t.Fatal(err)
			}
			look("a turn that settles one", 8)
		}
	}
}
