package database

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

// bound is what these tests make of a mapping.
type bound struct{ number int }

func TestBinding(t *testing.T) {
	start := time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)
	makes := func(n int, err error) func(context.Context) (*bound, error) {
		return func(context.Context) (*bound, error) {
			if err != nil {
				return nil, err
			}
			return &bound{n}, nil
		}
	}
	never := func(context.Context) (*bound, error) {
		t.Error("it was made again")
		return nil, errors.New("not asked for")
	}

	t.Run("IsMadeOnce", func(t *testing.T) {
		b, c := NewBinding[bound](), handclock.At(start)
		first, err := b.Make(t.Context(), Calmly, c.Now, makes(1, nil))
		if err != nil || first.number != 1 {
			t.Fatalf("got %v and %v", first, err)
		}
		for _, when := range []When{Calmly, Now} {
			if again, err := b.Make(t.Context(), when, c.Now, never); err != nil || again != first {
				t.Errorf("got %v and %v, want the same", again, err)
			}
		}
		if b.Made() != first {
			t.Errorf("got %v, want what was made", b.Made())
		}
	})

	t.Run("IsMadeAgainWhereThatIsAsked", func(t *testing.T) {
		b, c := NewBinding[bound](), handclock.At(start)
		if _, err := b.Make(t.Context(), Now, c.Now, makes(1, nil)); err != nil {
			t.Fatal(err)
		}
		if again, err := b.Make(t.Context(), Again, c.Now, makes(2, nil)); err != nil || again.number != 2 {
			t.Errorf("got %v and %v, want the second", again, err)
		}
		if _, err := b.Make(t.Context(), Again, c.Now, makes(0, adapters.ErrUnavailable)); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v, want the failure", err)
		}
		if b.Made() == nil || b.Made().number != 2 {
			t.Errorf("got %v, want what stood before the failure", b.Made())
		}
		b.Drop()
		if again, err := b.Make(t.Context(), Now, c.Now, makes(3, nil)); err != nil || again.number != 3 {
			t.Errorf("got %v and %v, want the third", again, err)
		}
	})

	t.Run("AFailureIsRepeatedForAPause", func(t *testing.T) {
		b, c := NewBinding[bound](), handclock.At(start)
		why := errors.New("no such table")
		if _, err := b.Make(t.Context(), Calmly, c.Now, makes(0, why)); !errors.Is(err, why) {
			t.Fatalf("got %v", err)
		}
		c.Pass(rebindPause - time.Millisecond)
		if _, err := b.Make(t.Context(), Calmly, c.Now, never); !errors.Is(err, why) {
			t.Errorf("got %v, want the failure of before", err)
		}
		if made, err := b.Make(t.Context(), Now, c.Now, makes(1, nil)); err != nil || made.number != 1 {
			t.Errorf("got %v and %v, want no pause", made, err)
		}
		b.Drop()
		if _, err := b.Make(t.Context(), Calmly, c.Now, makes(0, why)); !errors.Is(err, why) {
			t.Fatalf("got %v", err)
		}
		c.Pass(rebindPause)
		if made, err := b.Make(t.Context(), Calmly, c.Now, makes(2, nil)); err != nil || made.number != 2 {
			t.Errorf("got %v and %v, want a new try", made, err)
		}
	})

	t.Run("ACancellationIsNoFailure", func(t *testing.T) {
		b, c := NewBinding[bound](), handclock.At(start)
		if _, err := b.Make(t.Context(), Calmly, c.Now, makes(0, context.Canceled)); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if made, err := b.Make(t.Context(), Calmly, c.Now, makes(1, nil)); err != nil || made.number != 1 {
			t.Errorf("got %v and %v, want a new try", made, err)
		}
	})

	t.Run("OneCallerMakesItForAll", func(t *testing.T) {
		b, c := NewBinding[bound](), handclock.At(start)
		var made atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				got, err := b.Make(t.Context(), Now, c.Now, func(context.Context) (*bound, error) {
					return &bound{int(made.Add(1))}, nil
				})
				if err != nil || got.number != 1 {
					t.Errorf("got %v and %v", got, err)
				}
			})
		}
		all.Wait()
	})

	t.Run("WhoeverGivesUpWaitingIsToldSo", func(t *testing.T) {
		b, c := NewBinding[bound](), handclock.At(start)
		busy, free := make(chan struct{}), make(chan struct{})
		var first sync.WaitGroup
		first.Go(func() {
			_, err := b.Make(t.Context(), Now, c.Now, func(context.Context) (*bound, error) {
				close(busy)
				<-free
				return &bound{1}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-busy
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.Make(ctx, Now, c.Now, never); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the cancellation", err)
		}
		close(free)
		first.Wait()
	})
}
