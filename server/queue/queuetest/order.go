package queuetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

func runOrder(t *testing.T, open func(t *testing.T) Storage) {
	t.Run("HigherPriorityFirstAndOldestFirstWithin", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a"), item(out, "b", prio(5)), item(out, "c", prio(-3)), item(out, "d", prio(5)), item(out, "e"), item(in, "f", prio(9)))
		wantIDs(t, "the lane", worker(t, s, out, "one").drain(noon), "b d a e c")
		wantIDs(t, "the other", worker(t, s, in, "one").drain(noon), "f")
	})
	t.Run("NoneOvertakesAnOlderOneOfItsKeyWhateverItsPriority", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a1", key("A")), item(out, "b1", key("B")), item(out, "b2", key("B"), prio(9)), item(out, "x", prio(4)),
			item(out, "a2", key("A"), prio(5)), item(out, "a3", key("a"), prio(1)))
		// b2 pulls b1 along, a2 pulls a1 along.
		wantIDs(t, "the lane", worker(t, s, out, "one").drain(noon), "b1 b2 a1 a2 x a3")
	})
	t.Run("AFailingHeadBlocksItsLaneAndNoOther", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "head"), item(out, "next"), item(in, "free"), item(other, "free"))
		w := worker(t, s, out, "one")
		turn := w.turn(noon, nil)
		turn = w.turn(noon, again(turn.Item, noon.Add(time.Hour), "away"))
		if turn.Item != nil || !turn.Wait.Equal(noon.Add(time.Hour)) || turn.Claim.Fence != 0 {
			t.Fatalf("behind a failing head: %+v", turn)
		}
		push(t, s, noon, item(out, "urgent", prio(9)))
		if turn := w.turn(noon.Add(59*time.Minute), nil); turn.Item != nil {
			t.Errorf("%s went past the failing head", turn.Item.ID)
		}
		for lane := range map[queue.Lane]bool{in: true, other: true} {
			wantIDs(t, lane.String(), worker(t, s, lane, "one").drain(noon), "free")
		}
		turn = w.turn(noon.Add(time.Hour), nil)
		if i := turn.Item; i == nil || i.ID != "head" || i.Tries != 2 || i.Strikes != 1 || !i.First.Equal(noon) || !i.Blamed.Equal(noon) || i.Why != "away" {
			t.Fatalf("after the pause: %+v", turn.Item)
		}
		w.turn(noon.Add(time.Hour), done(turn.Item))
		w.turn(noon, &queue.Settlement{Number: 0, State: queue.Done, Last: true})
		wantIDs(t, "the rest", worker(t, s, out, "two").drain(noon.Add(2*life+time.Hour)), "urgent next")
	})
	t.Run("AParkedOneLeavesTheOrderAndLaterOnesOfItsKeyGoOn", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "k1", key("K")), item(out, "k2", key("K")), item(out, "k3", key("K")))
		w := worker(t, s, out, "one")
		turn := w.turn(noon, nil)
		turn = w.turn(noon, parked(turn.Item, "refused"))
		if turn.Item == nil || turn.Item.ID != "k2" {
			t.Fatalf("after parking: %+v", turn.Item)
		}
		w.turn(noon, &queue.Settlement{Number: turn.Item.Number, State: queue.Done, Last: true})
		k1, err := s.Find(t.Context(), out, "k1")
		if err != nil || k1.State != queue.Parked || k1.Why != "refused" || !k1.Settled.Equal(noon) {
			t.Fatalf("the parked one: %+v %v", k1, err)
		}
		lane, past, err := s.Retry(t.Context(), k1.Number, noon)
		if lane != out || past != 1 || err != nil {
			t.Errorf("putting it back: %v, %d went past, %v", lane, past, err)
		}
		wantIDs(t, "the rest", w.drain(noon), "k1 k3")
	})
	t.Run("WhatIsDueIsFoundInEveryLane", func(t *testing.T) {
		s := open(t)
		third := queue.Lane{Dealer: "D300", Direction: queue.Out}
		lanes := []queue.Lane{out, in, other, third}
		due := func(owner string, at time.Time) map[queue.Lane]bool {
			t.Helper()
			found, err := s.Due(t.Context(), owner, lanes, at)
			if err != nil {
				t.Fatal(err)
			}
			set := map[queue.Lane]bool{}
			for _, l := range found {
				set[l] = true
			}
			return set
		}
		want := func(what string, got map[queue.Lane]bool, lanes ...queue.Lane) {
			t.Helper()
			set := map[queue.Lane]bool{}
			for _, l := range lanes {
				set[l] = true
			}
			if diff := cmp.Diff(set, got); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		want("at first", due("one", noon))
		push(t, s, noon, item(out, "a"), item(out, "b"), item(in, "a"), item(other, "a"))
		want("pushed", due("one", noon), out, in, other)
		w := worker(t, s, out, "one")
		turn := w.turn(noon, nil)
		want("while one works", due("two", noon), in, other)
		want("when its lease is over", due("two", noon.Add(life)), out, in, other)
		w.turn(noon, again(turn.Item, noon.Add(time.Hour), "away"))
		want("while the head waits", due("two", noon), in, other)
		want("when it may be tried", due("two", noon.Add(time.Hour)), out, in, other)
		worker(t, s, in, "one").drain(noon)
		want("when one is through", due("two", noon), other)
	})
}

func runLease(t *testing.T, open func(t *testing.T) Storage) {
	t.Run("OneAtATimeWorksOnALane", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a"), item(out, "b"), item(in, "c"))
		one, two := worker(t, s, out, "one"), worker(t, s, out, "two")
		turn := one.turn(noon, nil)
		if _, err := two.try(noon.Add(life-1), nil); !errors.Is(err, queue.ErrHeld) {
			t.Errorf("within the lease: %v", err)
		}
		worker(t, s, in, "two").turn(noon, nil)
		turn = one.turn(noon.Add(life/2), done(turn.Item)) // prolongs it
		if _, err := two.try(noon.Add(life), nil); !errors.Is(err, queue.ErrHeld) {
			t.Errorf("within the prolonged lease: %v", err)
		}
		one.turn(noon.Add(life), done(turn.Item)) // through: gives it back
		if turn := two.turn(noon.Add(life), nil); turn.Item != nil || turn.Claim.Fence != 0 {
			t.Errorf("on an empty lane: %+v", turn)
		}
	})
	t.Run("ADeadProcessIsFollowedByAnotherThatKnows", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a", prio(-1)), item(out, "b", prio(-2)))
		one, two := worker(t, s, out, "one"), worker(t, s, out, "two")
		turn := one.turn(noon, nil)
		push(t, s, noon, item(out, "urgent", prio(9)))
		later := noon.Add(life)
		got := two.turn(later, nil)
		if i := got.Item; i == nil || i.ID != "a" || !got.Interrupted || i.Tries != 2 || i.Strikes != 1 || !i.Blamed.Equal(later) {
			t.Fatalf("the follower got %+v %+v", got, got.Item)
		}
		if err := s.Holds(t.Context(), one.claim, false); !errors.Is(err, queue.ErrLeaseLost) {
			t.Errorf("the first may still send: %v", err)
		}
		if err := s.Holds(t.Context(), one.claim, true); !errors.Is(err, queue.ErrLeaseLost) {
			t.Errorf("the first may prolong: %v", err)
		}
		called := false
		first := done(turn.Item)
		first.Within = func(context.Context) error { called = true; return nil }
		if _, err := one.try(later, first); !errors.Is(err, queue.ErrLeaseLost) || called {
			t.Errorf("the first may settle: %v, %v", err, called)
		}
		if err := s.Release(t.Context(), one.claim); err != nil {
			t.Errorf("giving back what is lost: %v", err)
		}
		if err := s.Holds(t.Context(), two.claim, false); err != nil {
			t.Errorf("the follower may not send: %v", err)
		}
		two.turn(later, &queue.Settlement{Number: got.Item.Number, State: queue.Done, Last: true})
		one.claim.Fence = 0
		wantIDs(t, "the rest", one.drain(later), "urgent b")
	})
	t.Run("ALeaseThatIsOverAndThatNobodyTookCanBeProlonged", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a"))
		one := worker(t, s, out, "one")
		turn := one.turn(noon, nil)
		one.claim.Until = noon.Add(3 * life)
		if err := s.Holds(t.Context(), one.claim, true); err != nil {
			t.Fatal(err)
		}
		if _, err := worker(t, s, out, "two").try(noon.Add(2*life), nil); !errors.Is(err, queue.ErrHeld) {
			t.Errorf("after it was prolonged: %v", err)
		}
		one.turn(noon.Add(9*life), done(turn.Item))
	})
	t.Run("AProcessTakesItsOwnLeaseAnewAndForgetsTheOldOne", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a"))
		old := worker(t, s, out, "one")
		old.turn(noon, nil)
		anew := worker(t, s, out, "one")
		if turn := anew.turn(noon, nil); turn.Item == nil || !turn.Interrupted {
			t.Errorf("got %+v", turn)
		}
		if err := s.Holds(t.Context(), old.claim, false); !errors.Is(err, queue.ErrLeaseLost) {
			t.Errorf("the old lease holds: %v", err)
		}
	})
	t.Run("ALaneGivenBackIsFreeAtOnce", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a"), item(out, "b"))
		one := worker(t, s, out, "one")
		turn := one.turn(noon, nil)
		got := one.turn(noon, &queue.Settlement{Number: turn.Item.Number, State: queue.Waiting, Next: noon, Last: true})
		if got.Item != nil || got.Claim.Fence != 0 {
			t.Errorf("after the last: %+v", got)
		}
		two := worker(t, s, out, "two")
		if turn := two.turn(noon, nil); turn.Item == nil || turn.Item.ID != "a" || turn.Interrupted || turn.Item.Strikes != 0 || turn.Item.Tries != 2 {
			t.Errorf("the next got %+v %+v", turn, turn.Item)
		}
		if err := s.Release(t.Context(), two.claim); err != nil {
			t.Error(err)
		}
		if turn := one.turn(noon, nil); turn.Item == nil || !turn.Interrupted {
			t.Errorf("after a release: %+v", turn)
		}
	})
	t.Run("ASettlementThatStandsIsNotKeptTwice", func(t *testing.T) {
		s := open(t)
		push(t, s, noon, item(out, "a"), item(out, "b"))
		one := worker(t, s, out, "one")
		turn := one.turn(noon, nil)
		n := 0
		settlement := again(turn.Item, noon.Add(-time.Second), "away")
		settlement.Within = func(context.Context) error { n++; return nil }
		one.turn(noon, settlement)
		a, err := s.Find(t.Context(), out, "a")
		if err != nil || a.Strikes != 1 || n != 1 {
			t.Fatalf("%+v %v, within %d times", a, err, n)
		}
		one.turn(noon, done(turn.Item)) // its own
		turn = one.turn(noon, done(turn.Item))
		if turn.Item == nil || turn.Item.ID != "b" || !turn.Interrupted {
			t.Errorf("after the same again: %+v", turn.Item)
		}
	})
}
