package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

func TestWork(t *testing.T) {
	bubble(t, "APushWakesTheLaneAtOnce", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{}, d.deliver)
		pass(t, time.Hour)
		began := time.Now()
		p.push(t, one(out, "a"), one(out, "b"))
		synctest.Wait()
		p.push(t, one(out, "c"))
		synctest.Wait()
		if d.all() != "[a b c]" || time.Since(began) != 0 {
			t.Errorf("%s after %v", d.all(), time.Since(began))
		}
		if n := p.watcher.count("delivered"); n != 3 {
			t.Errorf("told of %d", n)
		}
		if i := state(t, s, out, "c"); i.State != queue.Done {
			t.Errorf("c is %s", i.State)
		}
	})
	bubble(t, "APushInATransactionWakesTheLaneWhenItStands", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{}, d.deliver)
		pass(t, time.Minute)
		err := s.Together(t.Context(), func(ctx context.Context) error {
			_, err := p.Push(ctx, one(out, "a"))
			return err
		})
		synctest.Wait()
		if err != nil || d.all() != "[a]" {
			t.Errorf("%v %s", err, d.all())
		}
	})
	bubble(t, "AnotherProcessFindsItByLooking", func(t *testing.T, s *faulty) {
		p, q, d := start(t, s, "one"), start(t, s, "two"), &diary{}
		p.work(t, out, queue.Policy{}, d.deliver)
		pass(t, time.Minute)
		q.push(t, one(out, "a"))
		pass(t, poll)
		if d.all() != "[a]" {
			t.Error(d.all())
		}
	})
	bubble(t, "AFailureIsTriedAgainAfterGrowingPauses", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{Shortest: 2 * time.Second, Longest: 12 * time.Second}, func(_ context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			if d.add(i.ID) < 7 {
				return queue.Again("the partner answered 503")
			}
			return queue.Finish()
		})
		p.push(t, one(out, "a"), one(out, "b"))
		pass(t, time.Hour)
		if d.all() != "[a a a a a a a b]" {
			t.Errorf("went %s", d.all())
		}
		var pauses []string
		for n := range 6 {
			pauses = append(pauses, fmt.Sprint(d.times[n+1]-d.times[n]))
		}
		if got := strings.Join(pauses, " "); got != "2s 4s 8s 12s 12s 12s" {
			t.Errorf("pauses %s", got)
		}
		if i := state(t, s, out, "a"); i.Tries != 7 || i.Strikes != 6 || i.State != queue.Done || i.Why != "" {
			t.Errorf("%+v", i)
		}
	})
	bubble(t, "APauseThatIsAskedForIsKept", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{Longest: time.Minute}, func(_ context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			switch d.add(i.ID) {
			case 1:
				return queue.Again("wait").After(30 * time.Second)
			case 2:
				return queue.Again("wait").After(30 * time.Hour)
			}
			return queue.Finish()
		})
		p.push(t, one(out, "a"))
		pass(t, time.Hour)
		if got := fmt.Sprint(d.times); got != "[0s 30s 1m30s]" {
			t.Errorf("tried at %s", got)
		}
	})
	bubble(t, "ManyPushesBehindAFailingHeadCostNothing", func(t *testing.T, s *faulty) {
		p := start(t, s, "one")
		p.work(t, out, queue.Policy{Shortest: time.Hour, Longest: time.Hour}, func(context.Context, queue.Item, func(context.Context) error) queue.Outcome {
			return queue.Again("away")
		})
		p.push(t, one(out, "head"))
		pass(t, time.Minute)
		before := s.turns.Load()
		for n := range 1000 {
			p.push(t, one(out, fmt.Sprint(n)))
			synctest.Wait()
		}
		if n := s.turns.Load() - before; n != 0 {
			t.Errorf("%d turns for nothing", n)
		}
	})
	bubble(t, "OneLaneDoesNotWaitForAnother", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, in, queue.Policy{}, func(ctx context.Context, _ queue.Item, _ func(context.Context) error) queue.Outcome {
			<-ctx.Done()
			return queue.Again("no answer")
		})
		p.work(t, out, queue.Policy{}, d.deliver)
		p.push(t, one(in, "a"), one(out, "b"), one(out, "c"))
		synctest.Wait()
		if d.all() != "[b c]" {
			t.Errorf("beside a try that hangs: %s", d.all())
		}
		pass(t, call)
		if i := state(t, s, in, "a"); i.State != queue.Waiting || i.Strikes != 1 {
			t.Errorf("a try that hangs is not ended: %+v", i)
		}
	})
	bubble(t, "APanicIsAFailureAndHarmsNothingElse", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{Strikes: 2}, func(_ context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			d.add(i.ID)
			if i.ID == "a" {
				panic("with private data")
			}
			return queue.Finish()
		})
		p.push(t, one(out, "a"), one(out, "b"))
		pass(t, time.Hour)
		if i := state(t, s, out, "a"); d.all() != "[a a b]" || i.State != queue.Parked || strings.Contains(i.Why, "private") {
			t.Errorf("%s %+v", d.all(), i)
		}
	})
	bubble(t, "ALaneIsWorkedOnOnceInAProcess", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{}, d.deliver)
		synctest.Wait()
		if err := p.Work(t.Context(), out, queue.HandlerFunc(d.deliver), queue.Policy{}); err == nil {
			t.Error("worked on twice")
		}
	})
	bubble(t, "WhatIsKeptLongEnoughGoes", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{}, d.deliver)
		p.push(t, one(out, "a"))
		pass(t, bodies+2*time.Hour)
		if i := state(t, s, out, "a"); !i.Erased {
			t.Error("the body stands")
		}
		pass(t, keep)
		if _, err := p.Find(t.Context(), out, "a"); !errors.Is(err, queue.ErrUnknown) {
			t.Errorf("the id stands: %v", err)
		}
	})
}

func TestParking(t *testing.T) {
	refuse := func(o queue.Outcome) (queue.HandlerFunc, *diary) {
		d := &diary{}
		return func(_ context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			d.add(i.ID)
			if i.ID == "bad" {
				return o
			}
			return queue.Finish()
		}, d
	}
	bubble(t, "ARefusalParksAtOnceAndTheNextGoes", func(t *testing.T, s *faulty) {
		h, d := refuse(queue.SetAside("402: the body is wrong"))
		p := start(t, s, "one")
		p.work(t, out, queue.Policy{}, h)
		p.push(t, one(out, "bad"), one(out, "good"))
		synctest.Wait()
		if i := state(t, s, out, "bad"); d.all() != "[bad good]" || i.State != queue.Parked || i.Why != "402: the body is wrong" || p.watcher.count("parked") != 1 {
			t.Errorf("%s %+v", d.all(), i)
		}
	})
	bubble(t, "AfterSoManyStrikesItIsParked", func(t *testing.T, s *faulty) {
		h, d := refuse(queue.Again("503"))
		p := start(t, s, "one")
		p.work(t, out, queue.Policy{Strikes: 3}, h)
		p.push(t, one(out, "bad"), one(out, "good"))
		pass(t, time.Hour)
		if i := state(t, s, out, "bad"); d.all() != "[bad bad bad good]" || i.State != queue.Parked || i.Strikes != 3 {
			t.Errorf("%s %+v", d.all(), i)
		}
		if _, err := p.Retry(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		pass(t, time.Hour)
		if d.all() != "[bad bad bad good bad bad bad]" {
			t.Errorf("after it was put back: %s", d.all())
		}
	})
	bubble(t, "AfterSoLongItIsParked", func(t *testing.T, s *faulty) {
		h, d := refuse(queue.Again("503"))
		p := start(t, s, "one")
		p.work(t, out, queue.Policy{Age: 24 * time.Hour, Longest: time.Hour}, h)
		p.push(t, one(out, "bad"), one(out, "good"))
		pass(t, 23*time.Hour)
		if i := state(t, s, out, "bad"); i.State != queue.Waiting {
			t.Errorf("too early: %+v", i)
		}
		pass(t, 3*time.Hour)
		if i := state(t, s, out, "bad"); i.State != queue.Parked || !strings.HasSuffix(d.all(), " good]") {
			t.Errorf("%+v", i)
		}
	})
	bubble(t, "WhileTheOtherSideIsAwayNothingIsParked", func(t *testing.T, s *faulty) {
		var back atomic.Bool
		d := &diary{}
		p := start(t, s, "one")
		p.work(t, out, queue.Policy{Strikes: 3, Age: time.Hour}, func(_ context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			if !back.Load() {
				return queue.Again("nobody answers").Blameless()
			}
			d.add(i.ID)
			return queue.Finish()
		})
		p.push(t, one(out, "a"), one(out, "b"))
		pass(t, 72*time.Hour)
		if i := state(t, s, out, "a"); i.State != queue.Waiting || i.Strikes != 0 || i.Tries < 100 {
			t.Errorf("%+v", i)
		}
		back.Store(true)
		pass(t, time.Hour)
		if d.all() != "[a b]" {
			t.Error(d.all())
		}
	})
	bubble(t, "TheAlertStandsWithTheParkingOrNeither", func(t *testing.T, s *faulty) {
		h, d := refuse(queue.SetAside("402"))
		p := start(t, s, "one")
		fail := true
		p.work(t, out, queue.Policy{Parked: func(ctx context.Context, i queue.Item) error {
			if _, err := p.Push(ctx, one(in, "alert about "+i.ID)); err != nil {
				return err
			}
			if fail {
				fail = false
				return errAway
			}
			return nil
		}}, h)
		p.push(t, one(out, "bad"))
		synctest.Wait()
		if _, err := s.Find(t.Context(), in, "alert about bad"); !errors.Is(err, queue.ErrUnknown) {
			t.Errorf("an alert without a parking: %v", err)
		}
		if i := state(t, s, out, "bad"); i.State != queue.Waiting {
			t.Errorf("%+v", i)
		}
		pass(t, time.Minute)
		if i := state(t, s, out, "bad"); i.State != queue.Parked || d.all() != "[bad bad]" {
			t.Errorf("%s %+v", d.all(), i)
		}
		state(t, s, in, "alert about bad")
	})
	bubble(t, "WhatKillsEveryProcessIsParkedAtLast", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "zero"), &diary{}
		p.push(t, one(out, "bad"), one(out, "good"))
		for n := range 3 {
			// A process that dies while it handles leaves the lane like this.
			c := queue.Claim{Lane: out, Owner: fmt.Sprint(n), Until: time.Now().Add(call + margin)}
			turn, err := s.Turn(t.Context(), c, time.Now(), nil)
			if err != nil || turn.Item == nil || turn.Item.ID != "bad" {
				t.Fatalf("%+v %v", turn, err)
			}
			pass(t, call+margin)
		}
		p.work(t, out, queue.Policy{Strikes: 3}, d.deliver)
		pass(t, time.Minute)
		if i := state(t, s, out, "bad"); d.all() != "[good]" || i.State != queue.Parked || i.Why != "begun 3 times without an answer" {
			t.Errorf("%s %+v", d.all(), i)
		}
	})
}

func TestState(t *testing.T) {
	bubble(t, "WhileItIsAwayNothingIsLostOrDoneTwice", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{}, func(ctx context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			s.away.Store(i.ID == "a") // while the item is under way
			d.add(i.ID)
			return queue.Finish()
		})
		p.push(t, one(out, "a"), one(out, "b"))
		pass(t, 3*time.Hour)
		s.away.Store(false)
		pass(t, time.Hour)
		if d.all() != "[a b]" || p.watcher.count("interrupted") != 0 {
			t.Errorf("%s, told %v", d.all(), p.watcher.told)
		}
		s.away.Store(true)
		if _, err := p.Push(t.Context(), one(out, "c")); !errors.Is(err, errAway) {
			t.Errorf("pushing: %v", err)
		}
		pass(t, time.Hour)
		s.away.Store(false)
		p.push(t, one(out, "c"))
		pass(t, time.Hour)
		if d.all() != "[a b c]" {
			t.Error(d.all())
		}
	})
	bubble(t, "ALostAnswerDoesNothingTwiceButHandsTheNextOutAgain", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		kept := 0
		p.work(t, out, queue.Policy{}, func(_ context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			d.add(fmt.Sprint(i.ID, i.Tries))
			s.lost.Store(i.ID == "a")
			return queue.Finish().Within(func(ctx context.Context) error {
				s.AfterCommit(ctx, func() { kept++ })
				return nil
			})
		})
		p.push(t, one(out, "a"), one(out, "b"))
		pass(t, time.Hour)
		if d.all() != "[a1 b2]" || kept != 2 {
			t.Errorf("%s, kept %d times", d.all(), kept)
		}
	})
	bubble(t, "WhatCannotBeKeptIsTriedAgain", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, in, queue.Policy{}, func(_ context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			n := d.add(i.ID)
			return queue.Finish().Within(func(ctx context.Context) error {
				_, err := p.Push(ctx, one(out, fmt.Sprint("answer", n)))
				if n == 1 {
					return errors.Join(err, errAway)
				}
				return err
			})
		})
		p.push(t, one(in, "a"), one(in, "b"))
		pass(t, time.Hour)
		items, err := p.List(t.Context(), queue.Filter{Lane: out})
		if err != nil || len(items) != 2 || items[0].ID != "answer2" || items[1].ID != "answer3" || d.all() != "[a a b]" {
			t.Errorf("%s %+v %v", d.all(), items, err)
		}
	})
}

func TestPushRefuses(t *testing.T) {
	long := strings.Repeat("x", 201)
	for name, change := range map[string]func(*queue.Item){
		"NoDealer":         func(i *queue.Item) { i.Lane.Dealer = "" },
		"NoDirection":      func(i *queue.Item) { i.Lane.Direction = "" },
		"ALongDirection":   func(i *queue.Item) { i.Lane.Direction = "0123456789012345678901" },
		"NoID":             func(i *queue.Item) { i.ID = "" },
		"ALongID":          func(i *queue.Item) { i.ID = long },
		"ALongOrderKey":    func(i *queue.Item) { i.OrderKey = long },
		"ALongMergeKey":    func(i *queue.Item) { i.MergeKey = long },
		"ALongCustomer":    func(i *queue.Item) { i.Customer = long },
		"NoKind":           func(i *queue.Item) { i.Kind = "" },
		"AnUnheardOfRank":  func(i *queue.Item) { i.Priority = 1001 },
		"ABodyWithoutEnd":  func(i *queue.Item) { i.Body = make([]byte, queue.MaxBody+1) },
		"ALongDealersCode": func(i *queue.Item) { i.Lane.Dealer = long },
	} {
		bubble(t, name, func(t *testing.T, s *faulty) {
			p, bad := start(t, s, "one"), one(out, "bad")
			change(&bad)
			if _, err := p.Push(t.Context(), one(out, "good"), bad); !errors.Is(err, queue.ErrUnfit) {
				t.Errorf("got %v", err)
			}
			if _, err := p.Find(t.Context(), out, "good"); !errors.Is(err, queue.ErrUnknown) {
				t.Errorf("the one beside it was taken: %v", err)
			}
		})
	}
}
