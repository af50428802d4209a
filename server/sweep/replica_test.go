package sweep_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// desk is where one process stands at the shelf: it can tell whether others wrote.
type desk struct {
	*shelf
	own int // writes of this process, guarded by the shelf's lock
}

func (s *shelf) desk() *desk { return &desk{shelf: s} }

func (d *desk) wrote(ok bool, err error) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ok && err == nil {
		d.writes++
		d.own++
	}
	return ok, err
}

func (d *desk) Keep(ctx context.Context, l sweep.Stored, packed []byte, gone ...sweep.Gone) (bool, error) {
	return d.wrote(d.shelf.Keep(ctx, l, packed, gone...))
}

func (d *desk) Save(ctx context.Context, l sweep.Stored) (bool, error) {
	return d.wrote(d.shelf.Save(ctx, l))
}

func (d *desk) Drop(ctx context.Context, g sweep.Gone) error {
	_, err := d.wrote(true, d.shelf.Drop(ctx, g))
	return err
}

func (d *desk) Lists(ctx context.Context, group string) ([]sweep.Stored, error) {
	d.mu.Lock()
	d.reads++
	d.mu.Unlock()
	return d.shelf.Lists(ctx, group)
}

func (d *desk) Stamp(context.Context) (int64, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(d.writes - d.own), d.fail == nil
}

// beside makes another process of the same gateway.
func (r *room) beside(kept *shelf) *room {
	o := *r
	o.seen = &counter{}
	o.sweeps = sweep.New(sweep.Options{Now: r.clock.Now, Observer: o.seen, Store: kept.desk()})
	return &o
}

func TestReplicas(t *testing.T) {
	t.Run("PageTakenByAnotherProcessMeanwhileComesFromTheNextList", func(t *testing.T) {
		kept := &shelf{}
		one := newRoom(t, 9, sweep.Options{Store: kept.desk()})
		two := one.beside(kept)
		one.page(0)
		one.table.insert(0, "new")
		two.page(0)
		var other []string
		kept.before = func() { other = two.page(1).Items } // while the first process claims the page
		got := one.page(1).Items
		wantRows(t, other, []string{"r003", "r004", "r005"})
		wantRows(t, got, []string{"r002", "r003", "r004"})
	})
	t.Run("SweepStartedOverElsewhereIsNotContinuedFromTheListGivenUp", func(t *testing.T) {
		kept := &shelf{}
		one := newRoom(t, 12, sweep.Options{Store: kept.desk()})
		for range 20 {
			if _, err := one.ask("busy", 0); err != nil { // a process that has counted far
				t.Fatal(err)
			}
		}
		one.page(0)
		one.page(1) // and then the caller fails
		one.table.insert(0, "new")
		two, three := one.beside(kept), one.beside(kept)
		got := append(two.page(0).Items, three.page(1).Items...)
		got = append(got, one.page(2).Items...)
		got = append(got, two.page(3).Items...)
		got = append(got, two.page(4).Items...)
		wantRows(t, got, append([]string{"new"}, tableOf(12).rows...))
	})
	t.Run("FollowerBehindKeepsItsListAfterARestart", func(t *testing.T) {
		kept := &shelf{}
		r := newRoom(t, 9, sweep.Options{Store: kept.desk()})
		a := r.page(0).Items
		r.table.insert(0, "new")
		b := r.page(0).Items
		a = append(a, r.page(1).Items...)
		b = append(b, r.page(1).Items...)
		r = r.beside(kept)
		a = append(a, r.page(2).Items...)
		b = append(b, r.rest(2)...)
		wantRows(t, a, tableOf(9).rows)
		wantRows(t, b, append([]string{"new"}, tableOf(9).rows...))
	})
	t.Run("ListLostEverywhereIsNotBuiltAnew", func(t *testing.T) {
		kept := &shelf{}
		r := newRoom(t, 9, sweep.Options{Store: kept.desk()})
		r.page(0)
		r.table.setFail(adapters.ErrStaleKeys) // the mapping was replaced
		if _, err := r.ask("crs", 1); err == nil {
			t.Fatal("no error")
		}
		r.table.setFail(nil)
		if _, err := r.beside(kept).ask("crs", 1); err == nil {
			t.Error("another process built the list anew")
		}
	})
	t.Run("ListsAreNotReadAgainWhileNobodyElseWrites", func(t *testing.T) {
		kept := &shelf{}
		one := newRoom(t, 9, sweep.Options{Store: kept.desk()})
		one.page(0)
		before := kept.reads
		one.page(1)
		one.page(2)
		if kept.reads != before {
			t.Errorf("read %d times though nobody wrote", kept.reads-before)
		}
		one.beside(kept).page(0)
		one.page(2)
		if kept.reads == before {
			t.Error("not read though another process wrote")
		}
	})
	t.Run("KeysOfAFinishedSweepLieInTheStoreAloneAndItsPagesCanBeRepeated", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{Store: &shelf{}})
		r.page(0)
		r.page(1)
		before := r.seen.bytes
		r.page(2)
		if r.seen.bytes >= before {
			t.Errorf("%d bytes held before the last page and %d after it", before, r.seen.bytes)
		}
		r.table.insert(0, "new")
		for range 2 {
			wantRows(t, r.page(2).Items, []string{"r006", "r007", "r008"})
			wantRows(t, r.page(1).Items, []string{"r003", "r004", "r005"})
		}
		if r.seen.bytes >= before || r.seen.of(sweep.Remade)+r.seen.of(sweep.Restored) != 0 {
			t.Errorf("%d bytes held, events %v", r.seen.bytes, r.seen.events)
		}
	})
	t.Run("ListPushedOutOfMemoryComesBackFromTheStore", func(t *testing.T) {
		kept := &shelf{}
		r := newRoom(t, 90, sweep.Options{Store: kept, Bytes: 20_000})
		for i := range 20 {
			if _, err := r.ask(fmt.Sprintf("client%d", i), 0); err != nil {
				t.Fatal(err)
			}
		}
		r.table.insert(0, "new")
		p, err := r.ask("client0", 1)
		if err != nil {
			t.Fatal(err)
		}
		wantRows(t, p.Items, []string{"r003", "r004", "r005"})
		if r.seen.bytes > 20_000 || r.seen.of(sweep.Dropped) != 0 {
			t.Errorf("%d bytes held, %d lists lost", r.seen.bytes, r.seen.of(sweep.Dropped))
		}
	})
}

// Whichever process serves the pages, and whenever one begins anew: a sweep
// beside another that it follows is sent its own list, to the row.
func TestSweepsGoOnWhicheverProcessServesThem(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kept := &shelf{}
		first := newRoom(t, rapid.IntRange(4, 30).Draw(rt, "rows"), sweep.Options{Store: kept.desk()})
		first.size = rapid.Int64Range(1, 5).Draw(rt, "size")
		processes := []*room{first, first.beside(kept), first.beside(kept)}
		anyOf := func() *room {
			i := rapid.IntRange(0, 2).Draw(rt, "process")
			if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
				processes[i] = first.beside(kept)
			}
			return processes[i]
		}
		change := func() {
			first.clock.Pass(time.Second)
			first.table.insert(0, fmt.Sprintf("n%d", len(first.table.rows)))
		}
		var got [2][]string
		var want [2][]string
		page := func(sweep int, n int64) {
			if n*first.size >= int64(len(want[sweep])) {
				return
			}
			p := anyOf().page(n)
			if rapid.IntRange(0, 5).Draw(rt, "undo") == 0 && n > 0 {
				p.Undo()
				p = anyOf().page(n)
			}
			got[sweep] = append(got[sweep], p.Items...)
		}
		lead := rapid.Int64Range(0, 3).Draw(rt, "lead") // pages the first is ahead
		for n := int64(0); n <= 60; n++ {
			if n == 0 {
				want[0] = slices.Clone(first.table.rows)
			}
			if n > lead && len(got[0]) >= len(want[0]) && len(got[1]) >= len(want[1]) {
				break
			}
			page(0, n)
			change()
			if n == lead {
				want[1] = slices.Clone(first.table.rows)
			}
			if n >= lead {
				page(1, n-lead)
			}
			if rapid.Bool().Draw(rt, "change") {
				change()
			}
		}
		for i := range got {
			if diff := cmp.Diff(want[i], got[i]); diff != "" && len(want[i]) > 0 {
				rt.Fatalf("sweep %d, rows (-want +got):\n%s", i, diff)
			}
		}
	})
}
