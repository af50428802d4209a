package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

var shared = queue.Lane{Dealer: "D100", Direction: queue.Out}

// sharing is a state whose transaction is held open by a first part, so that
// others gather behind it.
type sharing struct {
	t     *testing.T
	s     *store.Store
	q     *store.Queue
	leave chan struct{} // lets the first part end
	stop  error         // what the first part returns
	first chan error
	all   sync.WaitGroup
	n     int
}

func share(t *testing.T) *sharing {
	t.Helper()
	s := openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	h := &sharing{t: t, s: s, q: s.Queue(), leave: make(chan struct{}), first: make(chan error, 1)}
	began := make(chan struct{})
	go func() {
		h.first <- s.Together(t.Context(), func(ctx context.Context) error {
			close(began)
			<-h.leave
			return errors.Join(h.push(ctx, "first"), h.stop)
		})
	}()
	<-began
	return h
}

func (h *sharing) push(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		if _, err := h.q.Push(ctx, []queue.Item{{Lane: shared, ID: id, Kind: "k"}}, noon); err != nil {
			return err
		}
	}
	return nil
}

// join has a part wait behind those before it.
func (h *sharing) join(ctx context.Context, do func(ctx context.Context) error) <-chan error {
	h.t.Helper()
	got := make(chan error, 1)
	h.all.Go(func() {
		err := errors.New("the part did not return")
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
			got <- err
		}()
		err = h.s.Together(ctx, do)
	})
	h.n++
	if err := store.WaitForParts(h.t.Context(), h.s, h.n); err != nil {
		h.t.Fatal(err)
	}
	return got
}

// stands are the ids another connection sees.
func (h *sharing) stands() string {
	h.t.Helper()
	items, err := h.q.List(h.t.Context(), queue.Filter{})
	if err != nil {
		h.t.Fatal(err)
	}
	var ids []string
	for _, i := range items {
		ids = append(ids, i.ID)
	}
	return strings.Join(ids, " ")
}

func TestPartsOfACommit(t *testing.T) {
	stop := errors.New("stop")
	push := func(h *sharing, ids ...string) func(context.Context) error {
		return func(ctx context.Context) error { return h.push(ctx, ids...) }
	}
	t.Run("ThoseWhoComeMeanwhileStandTogether", func(t *testing.T) {
		h := share(t)
		a := h.join(t.Context(), push(h, "a"))
		during := ""
		b := h.join(t.Context(), func(ctx context.Context) error {
			during = h.stands()
			return h.push(ctx, "b")
		})
		close(h.leave)
		if err := errors.Join(<-h.first, <-a, <-b); err != nil {
			t.Fatal(err)
		}
		if during != "" || h.stands() != "first a b" {
			t.Errorf("while the last wrote %q stood, in the end %q", during, h.stands())
		}
	})
	t.Run("ARefusedPartLeavesNoTraceAndHarmsNoOther", func(t *testing.T) {
		h := share(t)
		a := h.join(t.Context(), push(h, "a"))
		told := false
		b := h.join(t.Context(), func(ctx context.Context) error {
			h.q.AfterCommit(ctx, func() { told = true })
			return errors.Join(h.push(ctx, "b"), stop)
		})
		c := h.join(t.Context(), push(h, "c"))
		close(h.leave)
		if err := errors.Join(<-h.first, <-a, <-c); err != nil {
			t.Fatal(err)
		}
		if err := <-b; !errors.Is(err, stop) || told {
			t.Errorf("the refused part: %v, told %v", err, told)
		}
		if h.stands() != "first a c" {
			t.Errorf("there stand %q", h.stands())
		}
	})
	t.Run("ARefusedFirstPartHarmsNoOther", func(t *testing.T) {
		h := share(t)
		h.stop = stop
		a := h.join(t.Context(), push(h, "a"))
		close(h.leave)
		if err := <-a; err != nil || !errors.Is(<-h.first, stop) || h.stands() != "a" {
			t.Errorf("%v, there stand %q", err, h.stands())
		}
	})
	t.Run("WhoGivesUpWaitingIsLeftOut", func(t *testing.T) {
		h := share(t)
		ctx, cancel := context.WithCancel(t.Context())
		a := h.join(ctx, push(h, "a"))
		b := h.join(t.Context(), push(h, "b"))
		cancel()
		if err := <-a; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(h.leave)
		if err := errors.Join(<-h.first, <-b); err != nil || h.stands() != "first b" {
			t.Errorf("%v, there stand %q", err, h.stands())
		}
	})
	t.Run("AContextThatEndsWithinAPartHarmsNobody", func(t *testing.T) {
		h := share(t)
		ctx, cancel := context.WithCancel(t.Context())
		a := h.join(ctx, func(ctx context.Context) error {
			cancel()
			return h.push(ctx, "a")
		})
		b := h.join(t.Context(), push(h, "b"))
		close(h.leave)
		if err := errors.Join(<-h.first, <-a, <-b); err != nil || h.stands() != "first a b" {
			t.Errorf("%v, there stand %q", err, h.stands())
		}
	})
	for name, end := range map[string]func(){
		"APanic": func() { panic("odd") }, "AnEndedGoroutine": runtime.Goexit,
	} {
		t.Run(name+"TakesItsTransactionBackAndTheNextGoesOn", func(t *testing.T) {
			h := share(t)
			a := h.join(t.Context(), push(h, "a"))
			b := h.join(t.Context(), func(ctx context.Context) error {
				if err := h.push(ctx, "b"); err != nil {
					return err
				}
				end()
				return nil
			})
			c := h.join(t.Context(), push(h, "c"))
			close(h.leave)
			if <-h.first == nil || <-a == nil || <-b == nil {
				t.Error("parts of a transaction that was taken back were told it stands")
			}
			if err := <-c; err != nil || h.stands() != "c" {
				t.Errorf("the next: %v, there stand %q", err, h.stands())
			}
		})
	}
	t.Run("MoreThanOneCommitHoldsFollowInTheNext", func(t *testing.T) {
		h := share(t)
		var got []<-chan error
		for n := range 150 {
			got = append(got, h.join(t.Context(), push(h, fmt.Sprint(n))))
		}
		close(h.leave)
		err := <-h.first
		for _, g := range got {
			err = errors.Join(err, <-g)
		}
		counts, countErr := h.q.Counts(t.Context())
		if err = errors.Join(err, countErr); err != nil || counts[0].Waiting != 151 {
			t.Errorf("%v %+v", err, counts)
		}
	})
	t.Run("AFullDiskIsAnErrorAndReadingGoesOn", func(t *testing.T) {
		h := share(t)
		a := h.join(t.Context(), func(ctx context.Context) error {
			_, err := h.q.Push(ctx, []queue.Item{{Lane: shared, ID: "a", Kind: "k", Body: make([]byte, 4<<20)}}, noon)
			return err
		})
		close(h.leave)
		if err := errors.Join(<-h.first, <-a); err != nil {
			t.Fatal(err)
		}
		if err := store.LimitPages(t.Context(), h.s); err != nil {
			t.Fatal(err)
		}
		_, err := h.q.Push(t.Context(), []queue.Item{{Lane: shared, ID: "b", Kind: "k", Body: make([]byte, 8<<20)}}, noon)
		if err == nil || !strings.Contains(err.Error(), "full") {
			t.Errorf("on a full disk: %v", err)
		}
		if _, err := h.q.Find(t.Context(), shared, "b"); !errors.Is(err, queue.ErrUnknown) {
			t.Errorf("it stands: %v", err)
		}
		if i, err := h.q.Find(t.Context(), shared, "a"); err != nil || len(i.Body) != 4<<20 {
			t.Errorf("reading: %v", err)
		}
	})
}

func TestPushesThatShareAStatement(t *testing.T) {
	gather := func(h *sharing, ctx context.Context, n int, item queue.Item) <-chan error {
		got := make(chan error, 1)
		h.all.Go(func() {
			_, err := h.q.Push(ctx, []queue.Item{item}, noon)
			got <- err
		})
		if err := store.WaitForPushes(h.t.Context(), h.s, n); err != nil {
			h.t.Fatal(err)
		}
		return got
	}
	small := func(id string) queue.Item { return queue.Item{Lane: shared, ID: id, Kind: "k"} }
	t.Run("OneThatGivesUpHoldsNobodyUp", func(t *testing.T) {
		h := share(t)
		a := gather(h, t.Context(), 0, small("a")) // leads, and waits for the first part
		if err := store.WaitForParts(t.Context(), h.s, 1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		b := gather(h, ctx, 1, small("b")) // would lead next
		c := gather(h, t.Context(), 2, small("c"))
		cancel()
		if err := <-b; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(h.leave)
		if err := errors.Join(<-h.first, <-a, <-c); err != nil || h.stands() != "first a c" {
			t.Errorf("%v, there stand %q", err, h.stands())
		}
	})
	t.Run("OneThatCannotBeKeptHarmsNoOther", func(t *testing.T) {
		h := share(t)
		a := gather(h, t.Context(), 0, small("a"))
		if err := store.WaitForParts(t.Context(), h.s, 1); err != nil {
			t.Fatal(err)
		}
		b := gather(h, t.Context(), 1, small("b"))
		bad := small("bad")
		bad.Kind = "refused"
		h.n = 1 // the part of a
		alterState(t, h, "CREATE TRIGGER refuse BEFORE INSERT ON queue_items WHEN NEW.kind = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END")
		x := gather(h, t.Context(), 2, bad)
		c := gather(h, t.Context(), 3, small("c"))
		close(h.leave)
		if err := errors.Join(<-h.first, <-a, <-b, <-c); err != nil || h.stands() != "first a b c" {
			t.Errorf("%v, there stand %q", err, h.stands())
		}
		if err := <-x; err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("got %v", err)
		}
	})
}

// alterState changes the schema through the transaction that is open: by
// joining it, which needs no connection of its own.
func alterState(t *testing.T, h *sharing, statement string) {
	t.Helper()
	joined := h.join(t.Context(), func(ctx context.Context) error { return store.Exec(ctx, h.s, statement) })
	t.Cleanup(func() {
		if err := <-joined; err != nil {
			t.Error(err)
		}
	})
}
