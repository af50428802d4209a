package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

func wantRows(t *testing.T, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
}

func TestGet(t *testing.T) {
	t.Run("DeletedRowLeavesAGapAndTotalsStand", func(t *testing.T) {
		r := newRoom(t, 8, sweep.Options{})
		first := r.page(0)
		r.table.remove("r001") // served already
		r.table.remove("r004")
		r.table.insert(0, "new")
		second, third := r.page(1), r.page(2)
		wantRows(t, slices.Concat(first.Items, second.Items, third.Items),
			[]string{"r000", "r001", "r002", "r003", "r005", "r006", "r007"})
		if first.Total != 8 || second.Total != 8 || third.Total != 8 {
			t.Errorf("totals %d, %d, %d; want 8 on each page", first.Total, second.Total, third.Total)
		}
	})
	t.Run("PageZeroShowsChangesAtOnce", func(t *testing.T) {
		r := newRoom(t, 4, sweep.Options{})
		r.page(0)
		r.table.insert(0, "new")
		wantRows(t, r.page(0).Items, []string{"new", "r000", "r001"})
	})
	t.Run("PagePastTheEndIsEmptyAndNeverNil", func(t *testing.T) {
		r := newRoom(t, 4, sweep.Options{})
		r.page(0)
		for _, n := range []int64{2, 3, 1 << 40, 1<<63 - 1} {
			p := r.page(n)
			if p.Items == nil || len(p.Items) != 0 || p.Total != 4 {
				t.Errorf("page %d: %v of %d, want an empty list of 4", n, p.Items, p.Total)
			}
		}
	})
	t.Run("EmptyListIsOnePage", func(t *testing.T) {
		r := newRoom(t, 0, sweep.Options{})
		if p := r.page(0); p.Items == nil || p.Total != 0 {
			t.Errorf("got %v of %d", p.Items, p.Total)
		}
		r.table.insert(0, "new")
		if p := r.page(1); len(p.Items) != 0 || p.Total != 0 {
			t.Errorf("got %v of %d on the page after", p.Items, p.Total)
		}
	})
	t.Run("OnePageListDoesNotGrowBehindTheCaller", func(t *testing.T) {
		r := newRoom(t, 2, sweep.Options{})
		r.page(0)
		for i := range 5 {
			r.table.insert(0, fmt.Sprintf("new%d", i))
		}
		if p := r.page(1); len(p.Items) != 0 || p.Total != 2 {
			t.Errorf("page 1 has %v of %d; page 0 said there is none", p.Items, p.Total)
		}
	})
	t.Run("RepeatedPageIsServedFromItsList", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.page(0)
		want := r.page(1).Items
		r.table.insert(0, "new")
		wantRows(t, r.page(1).Items, want)
		wantRows(t, r.page(2).Items, []string{"r006", "r007", "r008"})
		wantRows(t, r.page(1).Items, want)
	})
	t.Run("PagesFetchedSideBySideComeFromOneList", func(t *testing.T) {
		r := newRoom(t, 12, sweep.Options{})
		r.page(0)
		r.table.insert(0, "new")
		wantRows(t, r.page(3).Items, []string{"r009", "r010", "r011"})
		wantRows(t, r.page(1).Items, []string{"r003", "r004", "r005"})
		wantRows(t, r.page(2).Items, []string{"r006", "r007", "r008"})
	})
	t.Run("OtherClientsSizesAndCustomersAreOtherSweeps", func(t *testing.T) {
		r := newRoom(t, 6, sweep.Options{})
		r.page(0)
		r.table.insert(0, "new")
		other, err := r.ask("somebody", 1)
		if err != nil {
			t.Fatal(err)
		}
		wantRows(t, other.Items, []string{"r002", "r003", "r004"}) // a list of its own
		r.size = 2
		wantRows(t, r.page(1).Items, []string{"r001", "r002"})
		r.size = 3
		wantRows(t, r.page(1).Items, []string{"r003", "r004", "r005"})
	})
	t.Run("LaterPageWithoutAnyListIsBuiltAnew", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		wantRows(t, r.page(1).Items, []string{"r003", "r004", "r005"})
		r.table.insert(0, "new")
		wantRows(t, r.page(2).Items, []string{"r006", "r007", "r008"})
		if got := r.seen.of(sweep.Remade); got != 1 {
			t.Errorf("%d lists were built anew, want 1", got)
		}
	})
}

func TestGet_side_by_side(t *testing.T) {
	t.Run("TwoSweepsInStepKeepTheirLists", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		a := r.page(0).Items
		r.table.insert(0, "new")
		b := r.page(0).Items
		for n := int64(1); n < 3; n++ { // the older sweep asks first
			a = append(a, r.page(n).Items...)
			b = append(b, r.page(n).Items...)
		}
		b = append(b, r.page(3).Items...)
		wantRows(t, a, tableOf(9).rows)
		wantRows(t, b, append([]string{"new"}, tableOf(9).rows...))
	})
	t.Run("FollowerBehindKeepsItsList", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		a := append(r.page(0).Items, r.page(1).Items...)
		r.table.insert(0, "new")
		b := r.page(0).Items
		a = append(a, r.page(2).Items...)
		b = append(b, r.rest(1)...)
		wantRows(t, a, tableOf(9).rows)
		wantRows(t, b, append([]string{"new"}, tableOf(9).rows...))
	})
	t.Run("SweepStartedOverIsNotContinuedFromTheListGivenUp", func(t *testing.T) {
		r := newRoom(t, 12, sweep.Options{})
		r.page(0)
		r.page(1) // and then the caller fails
		r.table.insert(0, "new")
		wantRows(t, append(r.page(0).Items, r.rest(1)...), append([]string{"new"}, tableOf(12).rows...))
	})
	t.Run("SweepOfOnePageIsGivenUpAfterAPause", func(t *testing.T) {
		// Invoices are read until the first one known: nearly every sweep ends
		// at page 0.
		r := newRoom(t, 9, sweep.Options{})
		r.page(0)
		r.clock.Pass(time.Minute)
		r.table.insert(0, "new")
		wantRows(t, append(r.page(0).Items, r.rest(1)...), append([]string{"new"}, tableOf(9).rows...))
	})
	t.Run("FifthListPushesTheOldestOut", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.page(0)
		r.page(1)
		for range 4 {
			r.page(0)
		}
		if _, err := r.ask("crs", 2); !errors.Is(err, sweep.ErrGone) {
			t.Errorf("page 2 of the list pushed out: %v, want ErrGone", err)
		}
		if r.seen.of(sweep.Dropped) != 1 || r.seen.of(sweep.Refused) != 1 {
			t.Errorf("counted %v", r.seen.events)
		}
		wantRows(t, r.page(1).Items, []string{"r003", "r004", "r005"})
	})
	t.Run("PagePastTheEndOfAllListsIsEmptyThoughOneIsLost", func(t *testing.T) {
		for name, o := range map[string]sweep.Options{"InMemory": {}, "InAStore": {Store: &shelf{}}} {
			t.Run(name, func(t *testing.T) {
				r := newRoom(t, 9, o)
				r.page(0)
				r.table.remove("r008")
				r.table.remove("r007")
				r.table.remove("r006")
				for range 5 {
					r.page(0) // two pages each
				}
				if _, err := r.ask("crs", 2); !errors.Is(err, sweep.ErrGone) {
					t.Errorf("the last page of the list that is lost: %v, want ErrGone", err)
				}
				for _, n := range []int64{3, 40, 1<<63 - 1} {
					if p := r.page(n); p.Items == nil || len(p.Items) != 0 || p.Total != 6 {
						t.Errorf("page %d: %v of %d, want an empty page of 6", n, p.Items, p.Total)
					}
				}
				again := newRoom(t, 0, o) // another process, if there is a store
				again.table = r.table
				if p := again.page(3); len(p.Items) != 0 || p.Total != 6 {
					t.Errorf("another process: %v of %d", p.Items, p.Total)
				}
			})
		}
	})
	t.Run("FinishedListsMakeRoomFirst", func(t *testing.T) {
		r := newRoom(t, 6, sweep.Options{})
		r.page(0) // rests
		r.clock.Pass(time.Minute)
		r.page(0)
		r.page(1) // finishes the second
		for range 3 {
			r.page(0)
		}
		if got := r.seen.of(sweep.Dropped); got != 0 {
			t.Errorf("%d unfinished lists dropped, want none", got)
		}
		r.page(0)
		if got := r.seen.of(sweep.Dropped); got != 1 {
			t.Errorf("%d unfinished lists dropped, want the oldest", got)
		}
	})
}

func TestGet_lost_lists(t *testing.T) {
	t.Run("IdleListGoesAndIsNotBuiltAnew", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.page(0)
		r.clock.Pass(29 * time.Minute)
		r.page(1)
		r.clock.Pass(31 * time.Minute)
		if _, err := r.ask("crs", 2); !errors.Is(err, sweep.ErrGone) {
			t.Errorf("got %v, want ErrGone", err)
		}
		r.page(0) // starting over works at once
		wantRows(t, r.page(1).Items, []string{"r003", "r004", "r005"})
	})
	t.Run("LossIsForgottenAfterADay", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.page(0)
		r.clock.Pass(31 * time.Minute)
		if _, err := r.ask("crs", 1); !errors.Is(err, sweep.ErrGone) {
			t.Fatalf("got %v, want ErrGone", err)
		}
		r.clock.Pass(25 * time.Hour)
		r.page(1)
	})
	t.Run("MemoryIsBoundedAndTheLeastUsedGoes", func(t *testing.T) {
		r := newRoom(t, 90, sweep.Options{Bytes: 20_000})
		for i := range 20 {
			if _, err := r.ask(fmt.Sprintf("client%d", i), 0); err != nil {
				t.Fatal(err)
			}
			if r.seen.bytes > 20_000 {
				t.Fatalf("%d bytes held", r.seen.bytes)
			}
		}
		if _, err := r.ask("client0", 1); !errors.Is(err, sweep.ErrGone) {
			t.Errorf("the first client's list: %v, want ErrGone", err)
		}
		if _, err := r.ask("client19", 1); err != nil {
			t.Errorf("the last client's list: %v", err)
		}
	})
	t.Run("ListLargerThanTheBoundIsStillKept", func(t *testing.T) {
		r := newRoom(t, 90, sweep.Options{Bytes: 100})
		wantRows(t, append(r.page(0).Items, r.rest(1)...), r.table.rows)
	})
	t.Run("StaleKeysStartOverOnPageZeroOnly", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.page(0)
		r.table.setFail(adapters.ErrStaleKeys)
		if _, err := r.ask("crs", 1); !errors.Is(err, sweep.ErrGone) {
			t.Errorf("page 1: %v, want ErrGone", err)
		}
		before := r.table.made()
		if _, err := r.ask("crs", 0); !errors.Is(err, adapters.ErrStaleKeys) {
			t.Errorf("page 0: %v, want ErrStaleKeys after the second try", err)
		}
		if got := r.table.made() - before; got != 2 {
			t.Errorf("page 0 made %d lists, want 2", got)
		}
		r.table.setFail(nil)
		if _, err := r.ask("crs", 1); !errors.Is(err, sweep.ErrGone) {
			t.Errorf("page 1 of the list that went stale: %v, want ErrGone", err)
		}
		r.page(0)
		r.page(1)
	})
}

func TestGet_failures(t *testing.T) {
	t.Run("FailedPageIsStillToBeServed", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.page(0)
		r.table.setFail(adapters.ErrUnavailable)
		if _, err := r.ask("crs", 1); !errors.Is(err, adapters.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
		r.table.setFail(nil)
		r.table.insert(0, "new")
		wantRows(t, r.rest(1), []string{"r003", "r004", "r005", "r006", "r007", "r008"})
	})
	t.Run("FailedPageZeroLeavesNoList", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.table.setFail(adapters.ErrUnavailable)
		if _, err := r.ask("crs", 0); err == nil {
			t.Fatal("no error")
		}
		if r.seen.lists != 0 {
			t.Errorf("%d lists held", r.seen.lists)
		}
	})
	t.Run("PageThatDidNotGetThroughIsTakenBack", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.page(0).Undo()
		r.table.insert(0, "new")
		wantRows(t, append(r.page(0).Items, r.rest(1)...), append([]string{"new"}, tableOf(9).rows...))
	})
	t.Run("PageNobodyWaitsForIsNotServed", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		src := r.table.source()
		rows := src.Rows
		src.Rows = func(c context.Context, q adapters.Query, keys adapters.Keys) ([]string, []adapters.LeftOut, error) {
			cancel() // and the rows come all the same
			return rows(c, q, keys)
		}
		_, err := sweep.Get(ctx, r.sweeps, sweep.Request{Dealer: "D1", Size: 3}, src)
		if !errors.Is(err, context.Canceled) || r.seen.lists != 0 {
			t.Errorf("got %v with %d lists held", err, r.seen.lists)
		}
	})
	t.Run("RepeatThatFailsTakesNothingBack", func(t *testing.T) {
		r := newRoom(t, 9, sweep.Options{})
		r.page(0)
		r.page(1)
		r.page(1).Undo()
		r.table.setFail(adapters.ErrUnavailable)
		if _, err := r.ask("crs", 1); err == nil {
			t.Fatal("no error")
		}
		r.table.setFail(nil)
		r.table.insert(0, "new")
		r.page(0) // a sweep beside it, which alone waits for page 1
		wantRows(t, r.page(1).Items, []string{"r002", "r003", "r004"})
	})
	t.Run("KeyOfAnotherCustomerIsRefused", func(t *testing.T) {
		r := newRoom(t, 1, sweep.Options{})
		_, err := sweep.Get(t.Context(), r.sweeps, sweep.Request{
			Dealer: "D1", Query: adapters.Query{Customers: []string{"C2"}}, Size: 1,
		}, sweep.Source[string]{Keys: func(ctx context.Context, _ adapters.Query) (adapters.Keys, error) {
			return r.table.source().Keys(ctx, adapters.Query{Customers: []string{"C1"}})
		}})
		if !errors.Is(err, sweep.ErrWrongRows) {
			t.Errorf("got %v, want ErrWrongRows", err)
		}
	})
	t.Run("AKeyOfAnotherAmongManyCustomersIsRefused", func(t *testing.T) {
		r := newRoom(t, 1, sweep.Options{})
		asked := make([]string, 20)
		keys := make(adapters.Keys, 0, 2*len(asked))
		for i := range asked {
			asked[i] = fmt.Sprintf("C%02d", i)
			for n := range 2 {
				keys = append(keys, adapters.Key{Row: fmt.Sprintf("r%d-%d", i, n), Customer: asked[i]})
			}
		}
		for at := range len(keys) + 1 {
			list := slices.Clone(keys)
			if at < len(keys) {
				list[at].Customer = "D00"
			}
			_, err := sweep.Get(t.Context(), r.sweeps, sweep.Request{
				Dealer: "D1", Query: adapters.Query{Customers: asked}, Size: 3,
			}, sweep.Source[string]{
				Keys: func(context.Context, adapters.Query) (adapters.Keys, error) { return list, nil },
				Rows: func(context.Context, adapters.Query, adapters.Keys) ([]string, []adapters.LeftOut, error) {
					return []string{"a", "b", "c"}, nil, nil
				},
			})
			if foreign := at < len(keys); foreign != errors.Is(err, sweep.ErrWrongRows) || !foreign && err != nil {
				t.Errorf("key %d: %v", at, err)
			}
		}
	})
	t.Run("MoreRowsThanKeysAreRefused", func(t *testing.T) {
		r := newRoom(t, 4, sweep.Options{})
		src := r.table.source()
		src.Rows = func(context.Context, adapters.Query, adapters.Keys) ([]string, []adapters.LeftOut, error) {
			return []string{"a", "b", "c", "d"}, nil, nil
		}
		_, err := sweep.Get(t.Context(), r.sweeps, sweep.Request{Dealer: "D1", Size: 3}, src)
		if !errors.Is(err, sweep.ErrWrongRows) {
			t.Errorf("got %v, want ErrWrongRows", err)
		}
	})
	t.Run("ImpossiblePagesAreErrors", func(t *testing.T) {
		r := newRoom(t, 1, sweep.Options{})
		for _, q := range []sweep.Request{{Page: -1, Size: 1}, {Size: 0}} {
			if _, err := sweep.Get(t.Context(), r.sweeps, q, r.table.source()); err == nil {
				t.Errorf("page %d of size %d was served", q.Page, q.Size)
			}
		}
	})
}

func TestGet_left_out(t *testing.T) {
	bad := func(r *room, rows ...string) {
		for _, row := range rows {
			r.table.bad[row] = true
		}
	}
	t.Run("OneRowIsTolerated", func(t *testing.T) {
		r := newRoom(t, 3, sweep.Options{})
		bad(r, "r001")
		p := r.page(0)
		wantRows(t, p.Items, []string{"r000", "r002"})
		if p.Total != 3 || len(p.LeftOut) != 1 {
			t.Errorf("total %d with %d left out; a left-out row stays counted", p.Total, len(p.LeftOut))
		}
	})
	t.Run("PageWithNothingElseIsRefused", func(t *testing.T) {
		r := newRoom(t, 4, sweep.Options{})
		bad(r, "r003")
		r.page(0)
		if _, err := r.ask("crs", 1); !errors.Is(err, sweep.ErrTooManyLeftOut) {
			t.Errorf("got %v, want ErrTooManyLeftOut", err)
		}
		if r.seen.of(sweep.Alerted) != 1 {
			t.Error("nobody was alerted")
		}
	})
	t.Run("ShareCountsOverTheSweepAndRepeatsOnce", func(t *testing.T) {
		r := newRoom(t, 30, sweep.Options{})
		r.share = 0.1
		bad(r, "r000", "r003", "r006", "r009")
		for _, n := range []int64{0, 1, 1, 1, 2} {
			r.page(n)
		}
		if _, err := r.ask("crs", 3); !errors.Is(err, sweep.ErrTooManyLeftOut) {
			t.Errorf("the fourth of 30 rows: %v, want ErrTooManyLeftOut", err)
		}
	})
	t.Run("PageOfDeletedRowsIsNoFault", func(t *testing.T) {
		r := newRoom(t, 6, sweep.Options{})
		r.page(0)
		for _, row := range []string{"r003", "r004", "r005"} {
			r.table.remove(row)
		}
		if p := r.page(1); len(p.Items) != 0 || p.Total != 6 {
			t.Errorf("got %v of %d", p.Items, p.Total)
		}
	})
}

// Whatever changes between the pages of a sweep: what stood throughout is sent
// exactly once, in order, and every page gives the same totals.
func TestEveryRowThatStoodThroughoutIsReturnedOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRoom(t, rapid.IntRange(0, 40).Draw(rt, "rows"), sweep.Options{})
		r.size = rapid.Int64Range(1, 7).Draw(rt, "size")
		for range rapid.IntRange(0, 3).Draw(rt, "given up before") {
			p := r.page(0)
			for n := range rapid.Int64Range(0, 4).Draw(rt, "pages") {
				if (n+1)*r.size < p.Total {
					r.page(n + 1)
				}
			}
			r.clock.Pass(time.Minute)
		}
		before := slices.Clone(r.table.rows)
		gone := map[string]bool{}
		var got []string
		for n, total := int64(0), int64(1); n*r.size < total; n++ {
			p := r.page(n)
			if n > 0 && p.Total != total {
				rt.Fatalf("page %d says %d rows, the page before %d", n, p.Total, total)
			}
			total = p.Total
			got = append(got, p.Items...)
			for range rapid.IntRange(0, 3).Draw(rt, "changes") {
				if len(r.table.rows) > 0 && rapid.Bool().Draw(rt, "delete") {
					row := rapid.SampledFrom(r.table.rows).Draw(rt, "row")
					gone[row] = true
					r.table.remove(row)
				} else {
					r.table.insert(rapid.IntRange(0, len(r.table.rows)).Draw(rt, "at"), fmt.Sprintf("n%d.%d", n, len(r.table.rows)))
				}
			}
			if n > 0 && rapid.Bool().Draw(rt, "repeat") {
				again := r.page(n)
				if len(again.Items) > len(p.Items) {
					rt.Fatalf("page %d grew when it was repeated", n)
				}
			}
		}
		stood := slices.DeleteFunc(before, func(row string) bool { return gone[row] })
		sent := slices.DeleteFunc(slices.Clone(got), func(row string) bool { return gone[row] })
		if diff := cmp.Diff(stood, sent); diff != "" && len(stood)+len(sent) > 0 {
			rt.Fatalf("rows that stood throughout (-stood +sent):\n%s", diff)
		}
	})
}
