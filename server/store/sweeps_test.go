package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/server/store"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

func newHand() *handclock.Clock {
	return handclock.At(time.Date(2026, 5, 4, 6, 0, 0, 123456000, time.UTC))
}

func keyLists(t *testing.T, s *store.Store, o store.KeyListOptions) *store.KeyLists {
	t.Helper()
	k, err := s.KeyLists(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func listOf(id string, at time.Time) sweep.Stored {
	return sweep.Stored{
		ID: id, Group: strings.Repeat("ab", 32), Birth: at, Total: 9, Size: 3, Version: 1,
		Progress: sweep.Progress{Born: 7, Used: 8, Last: at, Taken: []sweep.Claim{{Page: 0, By: "here", At: at}}},
	}
}

func serve(l sweep.Stored, to int64, at time.Time) sweep.Stored {
	l.Progress.Done, l.Progress.Taken = []sweep.Span{{From: 0, To: to}}, nil
	l.Progress.Latest, l.Progress.Last = to, at
	l.Progress.Left = []sweep.Short{{Page: 0, Rows: 2}}
	return l
}

func kept(t *testing.T, k *store.KeyLists, l sweep.Stored, packed string) {
	t.Helper()
	if ok, err := k.Keep(t.Context(), l, []byte(packed)); !ok || err != nil {
		t.Fatalf("keeping %s: %v, %v", l.ID, ok, err)
	}
}

func saved(t *testing.T, k *store.KeyLists, l sweep.Stored, want bool) {
	t.Helper()
	if ok, err := k.Save(t.Context(), l); ok != want || err != nil {
		t.Fatalf("saving version %d of %s: %v, %v; want %v", l.Version, l.ID, ok, err, want)
	}
}

func groupOf(t *testing.T, k *store.KeyLists) []sweep.Stored {
	t.Helper()
	lists, err := k.Lists(t.Context(), strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	return lists
}

// exerciseKeyLists is what every engine must do alike.
func exerciseKeyLists(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Run("AListComesBackAsItWas", func(t *testing.T) {
		h := newHand()
		k := keyLists(t, open(t), store.KeyListOptions{Now: h.Now})
		a, b := listOf("a", h.Now().Add(time.Second)), listOf("b", h.Now())
		kept(t, k, a, "keys\x00\xff of a")
		kept(t, k, b, "keys of b")
		other := listOf("c", h.Now())
		other.Group = strings.Repeat("cd", 32)
		kept(t, k, other, "keys of c")
		if diff := cmp.Diff([]sweep.Stored{b, a}, groupOf(t, k)); diff != "" {
			t.Errorf("oldest first (-want +got):\n%s", diff)
		}
		packed, err := k.Keys(t.Context(), strings.Repeat("ab", 32), "a")
		if err != nil || string(packed) != "keys\x00\xff of a" {
			t.Errorf("%q, %v", packed, err)
		}
		if ok, err := k.Keep(t.Context(), a, []byte("again")); ok || err != nil {
			t.Errorf("the same id again: %v, %v", ok, err)
		}
	})
	t.Run("ProgressIsSavedOnTheVersionItFollowsOnly", func(t *testing.T) {
		h := newHand()
		k := keyLists(t, open(t), store.KeyListOptions{Now: h.Now})
		l := listOf("a", h.Now())
		kept(t, k, l, "keys")
		one := serve(l, 0, h.Now())
		saved(t, k, one, true)
		saved(t, k, serve(l, 1, h.Now()), false)
		one.Version = 2
		if diff := cmp.Diff([]sweep.Stored{one}, groupOf(t, k)); diff != "" {
			t.Error(diff)
		}
		saved(t, k, one, true) // the same again is a version, too
		saved(t, k, sweep.Stored{Group: one.Group, ID: "nobody", Version: 1}, false)
	})
	t.Run("OneOfManyWritersWins", func(t *testing.T) {
		h := newHand()
		k := keyLists(t, open(t), store.KeyListOptions{Now: h.Now})
		l := listOf("a", h.Now())
		kept(t, k, l, "keys")
		var wg sync.WaitGroup
		won := make(chan bool, 8)
		for range 8 {
			wg.Go(func() {
				ok, err := k.Save(t.Context(), l)
				if err != nil {
					t.Error(err)
				}
				won <- ok
			})
		}
		wg.Wait()
		close(won)
		n := 0
		for ok := range won {
			if ok {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d of 8 writers won", n)
		}
	})
	t.Run("DroppedListsAreForgottenAndLostOnesRemembered", func(t *testing.T) {
		h := newHand()
		k := keyLists(t, open(t), store.KeyListOptions{Now: h.Now})
		for _, id := range []string{"a", "b"} {
			kept(t, k, listOf(id, h.Now()), "keys")
		}
		h.Pass(time.Minute)
		for id, lost := range map[string]bool{"a": false, "b": true, "nobody": true} {
			if err := k.Drop(t.Context(), sweep.Gone{Group: strings.Repeat("ab", 32), ID: id, Lost: lost}); err != nil {
				t.Error(err)
			}
		}
		lists := groupOf(t, k)
		if len(lists) != 1 || lists[0].ID != "b" || !lists[0].Lost.Equal(h.Now().Truncate(time.Millisecond)) {
			t.Fatalf("got %+v", lists)
		}
		saved(t, k, lists[0], false)
		if _, err := k.Keys(t.Context(), strings.Repeat("ab", 32), "b"); err == nil {
			t.Error("the keys of a lost list are there")
		}
	})
	t.Run("ListsNobodyUsesGo", func(t *testing.T) {
		h := newHand()
		k := keyLists(t, open(t), store.KeyListOptions{Now: h.Now})
		for id, to := range map[string]int64{"unfinished": 1, "finished": 2} {
			l := listOf(id, h.Now())
			kept(t, k, l, "keys")
			saved(t, k, serve(l, to, h.Now()), true)
		}
		idle := h.Now().Add(30 * time.Minute)
		h.Pass(31 * time.Minute)
		for _, cleared := range []bool{false, true} { // the answer is the same
			if cleared {
				other := listOf("c", h.Now())
				other.Group = "other"
				kept(t, k, other, "keys")
			}
			lists := groupOf(t, k)
			if len(lists) != 1 || lists[0].ID != "unfinished" || lists[0].Lost.Sub(idle).Abs() > 2*time.Minute {
				t.Fatalf("cleared %v: %+v", cleared, lists)
			}
			if _, err := k.Keys(t.Context(), strings.Repeat("ab", 32), "unfinished"); (err != nil) != cleared {
				t.Errorf("cleared %v: keys: %v", cleared, err)
			}
		}
		h.Pass(25 * time.Hour)
		if lists := groupOf(t, k); len(lists) != 0 {
			t.Errorf("a day later: %+v", lists)
		}
	})
	t.Run("RoomIsBoundedAndTheOldestGo", func(t *testing.T) {
		h := newHand()
		k := keyLists(t, open(t), store.KeyListOptions{Now: h.Now, Bytes: 10_000})
		for i := range 30 {
			h.Pass(time.Second)
			l := listOf(fmt.Sprintf("l%02d", i), h.Now())
			l.Progress.Done = []sweep.Span{{From: 0, To: 0}}
			kept(t, k, l, strings.Repeat("k", 1000))
		}
		var held []string
		for _, l := range groupOf(t, k) {
			if l.Lost.IsZero() {
				held = append(held, l.ID)
			}
		}
		if len(held) > 10 || held[len(held)-1] != "l29" || held[0] < "l20" {
			t.Errorf("held: %v", held)
		}
	})
	t.Run("AMillionKeysComeBack", func(t *testing.T) {
		h := newHand()
		k := keyLists(t, open(t), store.KeyListOptions{Now: h.Now})
		keys := make(adapters.Keys, 1_000_000)
		for i := range keys {
			keys[i] = adapters.Key{Row: fmt.Sprintf("R%d", 7919*i%9_999_991), Customer: fmt.Sprintf("%07d", i/500)}
		}
		packed := sweep.Pack(keys)
		kept(t, k, listOf("a", h.Now()), string(packed))
		got, err := k.Keys(t.Context(), strings.Repeat("ab", 32), "a")
		if err != nil || string(got) != string(packed) {
			t.Fatalf("%d of %d bytes, %v", len(got), len(packed), err)
		}
	})
}

// source is a dealer's list that changes.
type source struct {
	mu   sync.Mutex
	rows []string
}

func (s *source) source() sweep.Source[string] {
	return sweep.Source[string]{
		Keys: func(context.Context, adapters.Query) (adapters.Keys, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			keys := make(adapters.Keys, len(s.rows))
			for i, r := range s.rows {
				keys[i].Row = r
			}
			return keys, nil
		},
		Rows: func(_ context.Context, _ adapters.Query, keys adapters.Keys) ([]string, []adapters.LeftOut, error) {
			rows := make([]string, len(keys))
			for i, k := range keys {
				rows[i] = k.Row
			}
			return rows, nil, nil
		},
	}
}

func (s *source) insert(row string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append([]string{row}, s.rows...)
}

func (s *source) page(t *testing.T, by *sweep.Sweeps, n int64) []string {
	t.Helper()
	p, err := sweep.Get(t.Context(), by, sweep.Request{Dealer: "D1", Client: "crs", Endpoint: "contract", Page: n, Size: 2}, s.source())
	if err != nil {
		t.Fatalf("page %d: %v", n, err)
	}
	return p.Items
}

// exerciseReplicas lets processes share sweeps through a state.
func exerciseReplicas(t *testing.T, open func(t *testing.T) func() *store.Store) {
	t.Run("SweepsInStepOnTwoReplicasKeepTheirLists", func(t *testing.T) {
		state, h := open(t), newHand()
		var replicas [2]*sweep.Sweeps
		for i := range replicas {
			replicas[i] = sweep.New(sweep.Options{Now: h.Now, Store: keyLists(t, state(), store.KeyListOptions{Now: h.Now})})
		}
		s := &source{rows: strings.Fields("a b c d e f g h i j")}
		first := s.page(t, replicas[0], 0)
		s.insert("new")
		second := s.page(t, replicas[1], 0)
		for n := int64(1); n < 5; n++ { // each page at the replica the page before was not
			first = append(first, s.page(t, replicas[n%2], n)...)
			second = append(second, s.page(t, replicas[(n+1)%2], n)...)
		}
		second = append(second, s.page(t, replicas[0], 5)...)
		if got := strings.Join(first, " "); got != "a b c d e f g h i j" {
			t.Errorf("the first sweep got %s", got)
		}
		if got := strings.Join(second, " "); got != "new a b c d e f g h i j" {
			t.Errorf("the second sweep got %s", got)
		}
	})
	t.Run("NoPageOfAListGoesToTwoSweeps", func(t *testing.T) {
		state, h := open(t), newHand()
		var replicas [4]*sweep.Sweeps
		for i := range replicas {
			replicas[i] = sweep.New(sweep.Options{Now: h.Now, Store: keyLists(t, state(), store.KeyListOptions{Now: h.Now})})
		}
		s := &source{rows: strings.Fields("r0 r1 r2 r3 r4 r5")}
		for i := range replicas { // four sweeps, each with a list that begins otherwise
			s.insert(fmt.Sprintf("n%d", i))
			s.insert(fmt.Sprintf("m%d", i))
			s.page(t, replicas[i], 0)
		}
		var wg sync.WaitGroup
		got := make([]string, len(replicas))
		for i := range replicas {
			wg.Go(func() { got[i] = strings.Join(s.page(t, replicas[i], 1), " ") })
		}
		wg.Wait()
		seen := map[string]bool{}
		for _, page := range got {
			if seen[page] {
				t.Errorf("page %q was served twice, to sweeps of other lists: %v", page, got)
			}
			seen[page] = true
		}
	})
}

func TestKeyListsOnSQLite(t *testing.T) {
	exerciseKeyLists(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	})
	exerciseReplicas(t, func(t *testing.T) func() *store.Store {
		o := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}
		return func() *store.Store { return openAt(t, o) }
	})
	t.Run("StampChangesWithOtherProcessesWritesAlone", func(t *testing.T) {
		o, h := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}, newHand()
		here := keyLists(t, openAt(t, o), store.KeyListOptions{Now: h.Now})
		there := keyLists(t, openAt(t, o), store.KeyListOptions{Now: h.Now})
		stamp := func() int64 {
			n, ok := here.Stamp(t.Context())
			if !ok {
				t.Fatal("no stamp")
			}
			return n
		}
		kept(t, here, listOf("a", h.Now()), "keys")
		before := stamp()
		saved(t, here, serve(listOf("a", h.Now()), 0, h.Now()), true)
		if stamp() != before {
			t.Error("a write of its own changed the stamp")
		}
		kept(t, there, listOf("b", h.Now()), "keys")
		if stamp() == before {
			t.Error("another process's write did not change the stamp")
		}
	})
	t.Run("AfterAnotherStartOfTheMachineEveryGroupMayHaveLostAList", func(t *testing.T) {
		o, h := store.Options{Path: filepath.Join(t.TempDir(), "state.db")}, newHand()
		s := openAt(t, o)
		for i, c := range []struct {
			boot string
			want time.Time
		}{{"first", time.Time{}}, {"first", time.Time{}}, {"second", h.Now()}, {"second", h.Now()}, {"", h.Now()}} {
			got, err := store.Booted(t.Context(), s, c.boot, h.Now())
			if err != nil || got.Sub(c.want).Abs() > time.Millisecond {
				t.Errorf("opening %d on boot %q: got %v and %v, want %v", i, c.boot, got, err, c.want)
			}
		}
		if lists := groupOf(t, keyLists(t, s, store.KeyListOptions{Now: h.Now})); len(lists) != 1 || lists[0].Lost.IsZero() {
			t.Errorf("got %v, want a lost list", lists)
		}
		h.Pass(25 * time.Hour)
		if lists := groupOf(t, keyLists(t, s, store.KeyListOptions{Now: h.Now})); len(lists) != 0 {
			t.Errorf("a day later: got %v, want none", lists)
		}
	})
	t.Run("ALockedOrFullStateIsAnErrorInTimeAndItRecovers", func(t *testing.T) {
		path, h := filepath.Join(t.TempDir(), "state.db"), newHand()
		k := keyLists(t, openAt(t, store.Options{Path: path}), store.KeyListOptions{Now: h.Now})
		kept(t, k, listOf("a", h.Now()), "keys")
		release := lock(t, store.SweepsPath(path))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := k.Save(ctx, listOf("a", h.Now())); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("through a lock: %v", err)
		}
		if len(groupOf(t, k)) != 1 {
			t.Error("what stands cannot be read through a lock")
		}
		release()
		saved(t, k, listOf("a", h.Now()), true)
		if err := store.LimitKeyListPages(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Keep(t.Context(), listOf("b", h.Now()), make([]byte, 1<<20)); err == nil || !strings.Contains(err.Error(), "full") {
			t.Errorf("on a full disk: %v", err)
		}
		if packed, err := k.Keys(t.Context(), strings.Repeat("ab", 32), "a"); err != nil || string(packed) != "keys" {
			t.Errorf("reading: %q, %v", packed, err)
		}
	})
}
