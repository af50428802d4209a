package sqlrms

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
)

// one runs a statement that takes so long.
func one(t *testing.T, g *gate, h *handclock.Clock, took time.Duration, late bool) {
	t.Helper()
	if err := g.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Pass(took)
	g.leave("contract rows", took, late)
}

// wait returns when so many wait for their turn.
func wait(t *testing.T, g *gate, n int) {
	t.Helper()
	for g.load().Waiting != n {
		if t.Context().Err() != nil {
			t.Fatalf("got %d waiting, want %d", g.load().Waiting, n)
		}
	}
}

func TestGate(t *testing.T) {
	start := func(most, queue int) (*gate, *handclock.Clock) {
		h := handclock.At(time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC))
		return newGate(most, queue, h.Now), h
	}
	t.Run("NeverMoreAtATimeThanItMay", func(t *testing.T) {
		g, _ := start(3, 100)
		var now, most atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for range 20 {
					if err := g.enter(t.Context()); err != nil {
						t.Error(err)
						return
					}
					most.Store(max(most.Load(), now.Add(1)))
					now.Add(-1)
					g.leave("any", 0, false)
				}
			})
		}
		all.Wait()
		if l := g.load(); most.Load() > 3 || l.Running != 0 || l.Waiting != 0 {
			t.Errorf("got %d at a time and in the end %+v", most.Load(), l)
		}
	})
	t.Run("FirstComeFirstServed", func(t *testing.T) {
		g, _ := start(1, 100)
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		order := make(chan int, 5)
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() {
				if err := g.enter(t.Context()); err != nil {
					t.Error(err)
					return
				}
				order <- i
				g.leave("any", 0, false)
			})
			wait(t, g, i+1)
		}
		g.leave("any", 0, false)
		all.Wait()
		for i := range 5 {
			if got := <-order; got != i {
				t.Errorf("place %d was served to caller %d", i, got)
			}
		}
	})
	t.Run("WhoeverGivesUpWaitingTakesNoTurn", func(t *testing.T) {
		g, _ := start(1, 100)
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() { gone <- g.enter(ctx) }()
		wait(t, g, 1)
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		g.leave("any", 0, false)
		if l := g.load(); l.Running != 0 || l.Waiting != 0 {
			t.Errorf("in the end %+v", l)
		}
	})
	t.Run("HalfAsManyPagesAsStatementsAreReadButTwo", func(t *testing.T) {
		for most, want := range map[int]int{1: 1, 2: 2, 3: 2, 8: 4, 9: 5} {
			g, _ := start(most, 100)
			for range want {
				if err := g.open(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			next := make(chan error)
			go func() { next <- g.open(t.Context()) }()
			wait(t, g, 1)
			g.shut()
			if err := <-next; err != nil {
				t.Error(err)
			}
			for range want {
				g.shut()
			}
			if l := g.load(); l.Waiting != 0 || g.pages.inside != 0 {
				t.Errorf("%d statements: in the end %+v and %d pages", most, l, g.pages.inside)
			}
		}
	})
	t.Run("PagesAndStatementsTakeTurnsApart", func(t *testing.T) {
		g, _ := start(1, 100)
		if err := g.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() { gone <- g.open(ctx) }()
		wait(t, g, 1)
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		g.leave("any", 0, false)
		g.shut()
		if l := g.load(); l.Running != 0 || l.Waiting != 0 || g.pages.inside != 0 {
			t.Errorf("in the end %+v and %d pages", l, g.pages.inside)
		}
	})
	t.Run("SlowsDownWithTheDatabaseAndComesBack", func(t *testing.T) {
		g, h := start(8, 100)
		for range 20 {
			one(t, g, h, 50*time.Millisecond, false)
		}
		for _, want := range []int{4, 2, 1, 1} {
			h.Pass(gatePause)
			one(t, g, h, time.Second, false)
			if got := g.load().Limit; got != want {
				t.Fatalf("slow: got a limit of %d, want %d", got, want)
			}
		}
		for want := 2; want <= 8; want++ {
			h.Pass(gatePause)
			one(t, g, h, 60*time.Millisecond, false)
			if got := g.load().Limit; got != want {
				t.Fatalf("as usual again: got a limit of %d, want %d", got, want)
			}
		}
		if got := g.load().Slowed; got != 3 {
			t.Errorf("slowed %d times, want 3", got)
		}
	})
	t.Run("StatementThatIsAlwaysLongIsNotSlow", func(t *testing.T) {
		g, h := start(8, 100)
		for range 50 {
			one(t, g, h, 3*time.Second, false)
		}
		if l := g.load(); l.Limit != 8 {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("StatementThatDidNotEndInTimeIs", func(t *testing.T) {
		g, h := start(8, 100)
		one(t, g, h, 15*time.Second, true)
		if l := g.load(); l.Limit != 4 {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("RefusesCallsBeyondTheQueueAsUnavailable", func(t *testing.T) {
		g, _ := start(2, 3)
		for i := range 5 {
			if err := g.admit(); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
		}
		if err := g.admit(); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		g.dismiss()
		if err := g.admit(); err != nil {
			t.Errorf("with room again: %v", err)
		}
		if got := g.load().Refused; got != 1 {
			t.Errorf("refused %d, want 1", got)
		}
	})
}
