package queue_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dealerbridge/dealerbridge/server/queue"
)

func TestLeases(t *testing.T) {
	bubble(t, "StoppingIsNoFailureAndGivesTheLaneBack", func(t *testing.T, s *faulty) {
		p, q, d := start(t, s, "one"), start(t, s, "two"), &diary{}
		p.work(t, out, queue.Policy{Strikes: 1}, func(ctx context.Context, _ queue.Item, _ func(context.Context) error) queue.Outcome {
			<-ctx.Done()
			return queue.Again("broken off")
		})
		p.push(t, one(out, "a"))
		synctest.Wait()
		p.stop()
		if i := state(t, s, out, "a"); i.State != queue.Waiting || i.Strikes != 0 || i.Tries != 1 {
			t.Errorf("%+v", i)
		}
		began := time.Now()
		q.work(t, out, queue.Policy{}, d.deliver)
		synctest.Wait()
		if d.all() != "[a]" || time.Since(began) != 0 || q.watcher.count("interrupted") != 0 {
			t.Errorf("%s after %v", d.all(), time.Since(began))
		}
	})
	bubble(t, "WhatWasDoneIsKeptWhenTheProcessStops", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.work(t, out, queue.Policy{}, func(ctx context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			<-ctx.Done()
			d.add(i.ID)
			return queue.Finish()
		})
		p.push(t, one(out, "a"), one(out, "b"))
		synctest.Wait()
		p.stop()
		if a, b := state(t, s, out, "a"), state(t, s, out, "b"); a.State != queue.Done || b.State != queue.Waiting || b.Tries != 0 || d.all() != "[a]" {
			t.Errorf("%+v %+v", a, b)
		}
	})
	bubble(t, "AProcessThatDiedIsFollowedWhenItsLeaseIsOver", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		p.push(t, one(out, "a"))
		began := time.Now()
		c := queue.Claim{Lane: out, Owner: "dead", Until: began.Add(call + margin)}
		if _, err := s.Turn(t.Context(), c, began, nil); err != nil {
			t.Fatal(err)
		}
		p.work(t, out, queue.Policy{}, d.deliver)
		pass(t, call+margin-time.Second)
		if d.all() != "[]" {
			t.Errorf("too early: %s", d.all())
		}
		pass(t, time.Second+poll)
		if d.all() != "[a]" || p.watcher.count("interrupted") != 1 {
			t.Errorf("%s, interrupted %d", d.all(), p.watcher.count("interrupted"))
		}
	})
	bubble(t, "AProcessThatSleptTooLongSendsNothingAndKeepsNothing", func(t *testing.T, s *faulty) {
		p, d := start(t, s, "one"), &diary{}
		var asked error
		p.work(t, out, queue.Policy{}, func(ctx context.Context, i queue.Item, still func(context.Context) error) queue.Outcome {
			if err := still(ctx); err != nil {
				t.Errorf("with a fresh lease: %v", err)
			}
			if i.Tries > 1 {
				d.add(i.ID)
				return queue.Finish()
			}
			// Halted, while another takes over, and awake again with a context
			// that does not know.
			c := queue.Claim{Lane: out, Owner: "two", Until: time.Now().Add(2 * (call + margin))}
			if _, err := s.Turn(ctx, c, time.Now().Add(call+margin), nil); err != nil {
				t.Error(err)
			}
			asked = still(ctx)
			return queue.Finish().Within(func(context.Context) error {
				t.Error("kept without a lease")
				return nil
			})
		})
		p.push(t, one(out, "a"))
		synctest.Wait()
		if !errors.Is(asked, queue.ErrLeaseLost) || p.watcher.count("lost") != 1 || p.watcher.count("delivered") != 0 {
			t.Errorf("asked: %v, told %v", asked, p.watcher.told)
		}
		if i := state(t, s, out, "a"); i.State != queue.Working || i.Tries != 2 {
			t.Errorf("%+v", i)
		}
		pass(t, time.Hour)
		if d.all() != "[a]" {
			t.Errorf("in the end: %s", d.all())
		}
	})
	bubble(t, "AnEndedTryMaySendNothing", func(t *testing.T, s *faulty) {
		p := start(t, s, "one")
		p.work(t, out, queue.Policy{}, func(ctx context.Context, _ queue.Item, still func(context.Context) error) queue.Outcome {
			if err := sleep(context.WithoutCancel(ctx), call+1); err != nil {
				t.Error(err)
			}
			if err := still(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			return queue.SetAside("late")
		})
		p.push(t, one(out, "a"))
		pass(t, call+1)
	})
	bubble(t, "AsLongAsItIsHandledNobodyElseTakesTheLane", func(t *testing.T, s *faulty) {
		p, q, d := start(t, s, "one"), start(t, s, "two"), &diary{}
		p.push(t, one(out, "a"), one(out, "b"))
		slow := func(ctx context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
			if err := sleep(ctx, call-1); err != nil {
				t.Error(err)
			}
			d.add(i.ID)
			return queue.Finish()
		}
		p.work(t, out, queue.Policy{}, slow)
		q.work(t, out, queue.Policy{}, slow)
		pass(t, time.Hour)
		if d.all() != "[a b]" || p.watcher.count("interrupted")+q.watcher.count("interrupted") != 0 {
			t.Error(d.all())
		}
	})
}
