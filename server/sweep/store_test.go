package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is a Store that outlives any Sweeps.
type shelf struct {
	mu    sync.Mutex
	lists []sweep.Stored
	keys  map[string][]byte
	fail  error
	// before, when set, is called before each Save, with nothing locked.
	before func()
	saves  int
	onKeep chan struct{} // closed by the first Keep, where it is set
	// of all processes, for those that stand at a desk
	writes, reads int
}

func (s *shelf) Keep(_ context.Context, l sweep.Stored, packed []byte, gone ...sweep.Gone) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return false, s.fail
	}
	for _, g := range gone {
		s.drop(g)
	}
	if s.find(l.ID) != nil {
		return false, nil
	}
	l.Version = 1
	s.lists = append(s.lists, l)
	if s.keys == nil {
		s.keys = map[string][]byte{}
	}
	s.keys[l.ID] = packed
	if s.onKeep != nil && len(s.lists) == 1 {
		close(s.onKeep)
	}
	return true, nil
}

func (s *shelf) find(id string) *sweep.Stored {
	for i := range s.lists {
		if s.lists[i].ID == id {
			return &s.lists[i]
		}
	}
	return nil
}

func (s *shelf) Save(ctx context.Context, l sweep.Stored) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	before := s.before
	s.before = nil
	s.mu.Unlock()
	if before != nil {
		before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return false, s.fail
	}
	s.saves++
	at := s.find(l.ID)
	if at == nil || at.Version != l.Version {
		return false, nil
	}
	at.Progress, at.Version = l.Progress, l.Version+1
	return true, nil
}

func (s *shelf) Lists(_ context.Context, group string) ([]sweep.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []sweep.Stored
	for _, l := range s.lists {
		if l.Group == group {
			out = append(out, l)
		}
	}
	return out, s.fail
}

func (s *shelf) Keys(_ context.Context, group, id string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.find(id); at == nil || at.Group != group {
		return nil, errors.New("no such list")
	}
	return s.keys[id], s.fail
}

func (s *shelf) Drop(_ context.Context, g sweep.Gone) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(g)
	return s.fail
}

func (s *shelf) drop(g sweep.Gone) {
	if at := s.find(g.ID); at != nil && g.Lost {
		at.Lost = newClock().Now()
	} else {
		s.lists = slices.DeleteFunc(s.lists, func(l sweep.Stored) bool { return l.ID == g.ID })
	}
	delete(s.keys, g.ID)
}

func (s *shelf) setFail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *shelf) pages(i int) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lists[i].Progress.Served()
}

func TestStore(t *testing.T) {
	t.Run("AnotherProcessContinuesTheSweep", func(t *testing.T) {
		kept := &shelf{}
		one := newRoom(t, 9, sweep.Options{Store: kept})
		two := newRoom(t, 0, sweep.Options{Store: kept})
		two.table = one.table
		got := one.page(0).Items
		one.table.insert(0, "new")
		got = append(got, two.page(1).Items...)
		got = append(got, one.page(2).Items...)
		wantRows(t, got, tableOf(9).rows)
		if two.seen.of(sweep.Restored) != 1 || two.seen.of(sweep.Remade) != 0 {
			t.Errorf("the second process counted %v", two.seen.events)
		}
	})
	t.Run("ListsOfOnePageStayInMemory", func(t *testing.T) {
		kept := &shelf{}
		newRoom(t, 2, sweep.Options{Store: kept}).page(0)
		if len(kept.lists) != 0 {
			t.Errorf("%d lists kept", len(kept.lists))
		}
	})
	t.Run("PageTakenBackIsTakenBackThere", func(t *testing.T) {
		kept := &shelf{}
		r := newRoom(t, 9, sweep.Options{Store: kept})
		r.page(0)
		r.page(1).Undo()
		if got := kept.pages(0); got != 1 {
			t.Errorf("%d pages noted, want 1", got)
		}
		r = newRoom(t, 9, sweep.Options{Store: kept})
		r.page(0).Undo()
		if got := len(kept.lists); got != 1 {
			t.Errorf("%d lists kept, want only the first sweep's", got)
		}
	})
	t.Run("TakingBackOutlivesTheCaller", func(t *testing.T) {
		kept := &shelf{}
		r := newRoom(t, 9, sweep.Options{Store: kept})
		q := sweep.Request{Dealer: "D1", Size: 3}
		if _, err := sweep.Get(t.Context(), r.sweeps, q, r.table.source()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		q.Page = 1
		p, err := sweep.Get(ctx, r.sweeps, q, r.table.source())
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		p.Undo()
		if diff := cmp.Diff([]sweep.Span{{From: 0, To: 0}}, kept.lists[0].Progress.Done); diff != "" {
			t.Errorf("pages noted (-want +got):\n%s", diff)
		}
	})
	t.Run("SweepGoesOnInMemoryWhileTheStoreFailsAndIsKeptAgainAfterwards", func(t *testing.T) {
		kept := &shelf{fail: errors.New("disk full")}
		r := newRoom(t, 12, sweep.Options{Store: kept})
		r.page(0)
		if r.seen.of(sweep.Unkept) == 0 {
			t.Error("the failing store was not counted")
		}
		r.table.insert(0, "new")
		wantRows(t, r.page(1).Items, []string{"r003", "r004", "r005"})
		kept.setFail(nil)
		r.clock.Pass(time.Minute)
		wantRows(t, r.page(2).Items, []string{"r006", "r007", "r008"})
		other := newRoom(t, 0, sweep.Options{Store: kept})
		other.table = r.table
		wantRows(t, other.page(3).Items, []string{"r009", "r010", "r011"})
		if got := kept.pages(0); got != 4 {
			t.Errorf("%d pages noted, want all 4", got)
		}
	})
	t.Run("StoreThatFailsInMidSweepIsCaughtUp", func(t *testing.T) {
		kept := &shelf{}
		r := newRoom(t, 15, sweep.Options{Store: kept})
		r.page(0)
		kept.setFail(errors.New("locked"))
		r.page(1)
		r.page(2)
		r.clock.Pass(time.Minute)
		kept.setFail(nil)
		r.page(3)
		if diff := cmp.Diff([]sweep.Span{{From: 0, To: 3}}, kept.lists[0].Progress.Done); diff != "" {
			t.Errorf("pages noted (-want +got):\n%s", diff)
		}
	})
	t.Run("StoreThatFailsIsLeftAloneForAWhile", func(t *testing.T) {
		kept := &shelf{}
		r := newRoom(t, 60, sweep.Options{Store: kept})
		r.page(0)
		kept.setFail(errors.New("locked"))
		r.page(1)
		asked := kept.saves
		kept.setFail(nil)
		for n := range int64(10) {
			r.page(n + 2)
		}
		if kept.saves != asked {
			t.Errorf("the store was asked %d times within no time of its failure", kept.saves-asked)
		}
	})
	t.Run("PageNobodyCanTellIsRefusedWhileTheStoreFails", func(t *testing.T) {
		kept := &shelf{}
		newRoom(t, 9, sweep.Options{Store: kept}).page(0)
		kept.setFail(errors.New("disk full"))
		r := newRoom(t, 9, sweep.Options{Store: kept})
		if _, err := r.ask("crs", 1); !errors.Is(err, sweep.ErrGone) {
			t.Errorf("page 1 without the store: %v, want ErrGone", err)
		}
		kept.setFail(nil)
		wantRows(t, r.page(1).Items, []string{"r003", "r004", "r005"})
	})
	t.Run("DamagedListIsNotUsed", func(t *testing.T) {
		kept := &shelf{}
		newRoom(t, 9, sweep.Options{Store: kept}).page(0)
		for id, packed := range kept.keys {
			kept.keys[id] = packed[:len(packed)-3]
		}
		if _, err := newRoom(t, 9, sweep.Options{Store: kept}).ask("crs", 1); !errors.Is(err, sweep.ErrGone) {
			t.Errorf("got %v, want ErrGone", err)
		}
	})
}

func TestPack(t *testing.T) {
	row := rapid.OneOf(rapid.String(), rapid.Map(rapid.IntRange(1000, 9000), strconv.Itoa))
	key := rapid.Custom(func(rt *rapid.T) adapters.Key {
		return adapters.Key{Row: row.Draw(rt, "row"), Customer: rapid.SampledFrom([]string{"", "0001", "0002", "ä\n"}).Draw(rt, "customer")}
	})
	t.Run("UnpackReturnsWhatWasPacked", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			keys := adapters.Keys(rapid.SliceOfN(key, 0, 100).Draw(rt, "keys"))
			got, err := sweep.Unpack(sweep.Pack(keys))
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(keys, got); diff != "" && len(keys)+len(got) > 0 {
				rt.Fatal(diff)
			}
		})
	})
	t.Run("LongListTakesAFewBytesAKey", func(t *testing.T) {
		keys := make(adapters.Keys, 100_000)
		for i := range keys {
			keys[i] = adapters.Key{Row: fmt.Sprintf("R%07d", i*7), Customer: fmt.Sprintf("%07d", i/500)}
		}
		if n := len(sweep.Pack(keys)); n > 6*len(keys) {
			t.Errorf("%d bytes", n)
		}
	})
}

func TestPagesOfALongListAreItsSlices(t *testing.T) {
	for _, rows := range []int{100, 1200} { // kept when the first page was read, and meanwhile
		kept := &shelf{}
		r := newRoom(t, rows, sweep.Options{Store: kept})
		r.size = 7
		all := tableOf(rows).rows
		wantRows(t, r.page(0).Items, all[:7])
		other := r.beside(kept)
		rapid.Check(t, func(rt *rapid.T) {
			page := rapid.IntRange(1, (rows-1)/7).Draw(rt, "page")
			by := rapid.SampledFrom([]*room{r, other}).Draw(rt, "by")
			wantRows(t, by.page(int64(page)).Items, all[7*page:min(7*page+7, rows)])
		})
	}
}

func TestALongListIsKeptWhileItsFirstPageIsRead(t *testing.T) {
	kept := &shelf{onKeep: make(chan struct{})}
	r := newRoom(t, 1200, sweep.Options{Store: kept})
	src := r.table.source()
	rows := src.Rows
	src.Rows = func(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]string, []adapters.LeftOut, error) {
		<-kept.onKeep
		return rows(ctx, q, keys)
	}
	if _, err := sweep.Get(t.Context(), r.sweeps, sweep.Request{Dealer: "D1", Size: 3}, src); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]sweep.Span{{From: 0, To: 0}}, kept.lists[0].Progress.Done); diff != "" {
		t.Errorf("pages noted (-want +got):\n%s", diff)
	}
}

func FuzzUnpack(f *testing.F) {
	for _, keys := range []adapters.Keys{nil, {{Row: "1", Customer: "0001"}, {Row: "2", Customer: "0001"}}} {
		f.Add(sweep.Pack(keys))
	}
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, packed []byte) {
		keys, err := sweep.Unpack(packed)
		if err != nil && keys != nil {
			t.Error("damaged bytes gave keys")
		}
		if err != nil {
			return
		}
		again, err := sweep.Unpack(sweep.Pack(keys))
		if diff := cmp.Diff(keys, again); err != nil || diff != "" {
			t.Errorf("packed again: %v %s", err, diff)
		}
	})
}

func TestSweepsOfManyCallersDoNotDisturbEachOther(t *testing.T) {
	r := newRoom(t, 50, sweep.Options{})
	r.size = 4
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Go(func() {
			client := fmt.Sprintf("client%d", c)
			for range 5 {
				var got []string
				for n := int64(0); n*r.size < 50; n++ {
					p, err := r.ask(client, n)
					if err != nil {
						t.Errorf("page %d: %v", n, err)
						return
					}
					got = append(got, p.Items...)
				}
				if len(got) != 50 {
					t.Errorf("%d rows, want 50", len(got))
				}
			}
		})
	}
	wg.Wait()
}

func TestPagesOfOneSweepMayBeFetchedAtOnce(t *testing.T) {
	r := newRoom(t, 40, sweep.Options{})
	r.size = 4
	got := make([][]string, 10)
	got[0] = r.page(0).Items
	r.table.insert(0, "new")
	var wg sync.WaitGroup
	for n := 1; n < 10; n++ {
		wg.Go(func() {
			p, err := r.ask("crs", int64(n))
			if err != nil {
				t.Error(err)
				return
			}
			got[n] = p.Items
		})
	}
	wg.Wait()
	wantRows(t, slices.Concat(got...), tableOf(40).rows)
	if made := r.table.made(); made != 1 {
		t.Errorf("%d key lists were read, want 1", made)
	}
}

func TestLaterPagesAskedAtOnceWithoutAListShareOne(t *testing.T) {
	r := newRoom(t, 40, sweep.Options{})
	r.size = 4
	var wg sync.WaitGroup
	for n := int64(1); n < 10; n++ {
		wg.Go(func() {
			if _, err := r.ask("crs", n); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := r.seen.of(sweep.Remade); got != 1 {
		t.Errorf("%d lists were put in use, want 1", got)
	}
}
