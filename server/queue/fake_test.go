package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/queue/queuetest"
)

var (
	out = queue.Lane{Dealer: "D100", Direction: queue.Out}
	in  = queue.Lane{Dealer: "D100", Direction: queue.In}
)

const (
	call   = 20 * time.Second
	margin = 10 * time.Second
	poll   = 3 * time.Second
	bodies = 5 * time.Hour
	keep   = 20 * time.Hour
)

// faulty is a state that can be away, lose answers, and counts what it is
// asked.
type faulty struct {
	*queuetest.Memory
	away  atomic.Bool // nothing happens
	lost  atomic.Bool // it happens, and the answer is lost
	turns atomic.Int64
	dues  atomic.Int64
}

var errAway = errors.New("the state is away")

func (f *faulty) Turn(ctx context.Context, c queue.Claim, now time.Time, before *queue.Settlement) (queue.Turn, error) {
	f.turns.Add(1)
	if f.away.Load() {
		return queue.Turn{}, errAway
	}
	turn, err := f.Memory.Turn(ctx, c, now, before)
	if f.lost.CompareAndSwap(true, false) {
		return queue.Turn{}, errAway
	}
	return turn, err
}

func (f *faulty) Due(ctx context.Context, owner string, lanes []queue.Lane, now time.Time) ([]queue.Lane, error) {
	f.dues.Add(1)
	if f.away.Load() {
		return nil, errAway
	}
	return f.Memory.Due(ctx, owner, lanes, now)
}

func (f *faulty) Push(ctx context.Context, items []queue.Item, now time.Time) ([]queue.Receipt, error) {
	if f.away.Load() {
		return nil, errAway
	}
	return f.Memory.Push(ctx, items, now)
}

// watcher notes what a Queue tells.
type watcher struct {
	mu   sync.Mutex
	told []string
}

func (w *watcher) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, fmt.Sprintf(format, args...))
}

func (w *watcher) count(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, t := range w.told {
		if t == what {
			n++
		}
	}
	return n
}

func (w *watcher) Pushed(_ queue.Lane, _ string, what queue.Receipt) { w.note("%s", what) }

func (w *watcher) Delivered(_ queue.Lane, _ string, after time.Duration) { w.note("delivered") }

func (w *watcher) Failed(_ queue.Lane, _ string, blameless bool) {
	w.note("failed, blameless %v", blameless)
}
func (w *watcher) Parked(queue.Lane, string)      { w.note("parked") }
func (w *watcher) Interrupted(queue.Lane, string) { w.note("interrupted") }
func (w *watcher) Lost(queue.Lane)                { w.note("lost") }

// process is one gateway process on a state.
type process struct {
	*queue.Queue
	watcher *watcher
	ctx     context.Context
	stop    func() // ends it and waits
	running sync.WaitGroup
}

// start starts one; it ends with the test.
func start(t *testing.T, s queue.Storage, owner string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &process{watcher: &watcher{}, ctx: ctx}
	p.Queue = queue.New(queue.Options{
		Storage: s, Owner: owner, Poll: poll, Call: call, Margin: margin, Bodies: bodies, Keep: keep, Now: time.Now, Sleep: sleep,
		Jitter: func() float64 { return 1 }, Log: slog.New(slog.DiscardHandler), Observer: p.watcher,
	})
	p.stop = func() { cancel(); p.running.Wait() }
	p.running.Go(func() {
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(p.stop)
	return p
}

func (p *process) work(t *testing.T, l queue.Lane, policy queue.Policy, h queue.HandlerFunc) {
	t.Helper()
	p.running.Go(func() {
		if err := p.Work(p.ctx, l, h, policy); err != nil {
			t.Error(err)
		}
	})
}

func (p *process) push(t *testing.T, items ...queue.Item) {
	t.Helper()
	if _, err := p.Push(t.Context(), items...); err != nil {
		t.Fatal(err)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func one(l queue.Lane, id string) queue.Item {
	return queue.Item{Lane: l, ID: id, Kind: "request", Body: []byte(id)}
}

// diary notes what reached the other side, and when.
type diary struct {
	mu    sync.Mutex
	began time.Time
	lines []string
	times []time.Duration
}

func (d *diary) add(id string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.lines) == 0 {
		d.began = time.Now()
	}
	d.lines = append(d.lines, id)
	d.times = append(d.times, time.Since(d.began))
	return len(d.lines)
}

func (d *diary) all() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprint(d.lines)
}

// deliver is a handler that always gets through.
func (d *diary) deliver(_ context.Context, i queue.Item, _ func(context.Context) error) queue.Outcome {
	d.add(i.ID)
	return queue.Finish()
}

func state(t *testing.T, s queue.Storage, l queue.Lane, id string) queue.Item {
	t.Helper()
	i, err := s.Find(t.Context(), l, id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// bubble runs a test in which time passes only while everybody waits.
func bubble(t *testing.T, name string, do func(t *testing.T, s *faulty)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			do(t, &faulty{Memory: queuetest.NewMemory()})
		})
	})
}

// pass lets time pass.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	if err := sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}
