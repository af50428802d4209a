package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told is a log that lets a test wait for a line.
type told struct {
	slog.Handler
	lines chan string
}

func (l told) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	l.lines <- b.String()
	return nil
}

func (l told) Enabled(context.Context, slog.Level) bool { return true }

func (l told) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l told) wait(t *testing.T, part string) string {
	t.Helper()
	for {
		select {
		case line := <-l.lines:
			if strings.Contains(line, part) {
				return line
			}
		case <-time.After(time.Minute):
			t.Fatalf("the log never said %q", part)
		}
	}
}

// system is a dealer's system that fails as it is told. Its mapping is one
// word: what Open and Check answer.
type system struct {
	*systems
	mapping string
}

type systems struct {
	mu     sync.Mutex
	away   bool
	open   int
	closed int
}

func (s *systems) set(away bool) { s.mu.Lock(); s.away = away; s.mu.Unlock() }

func (s *system) Check(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.away:
		return fmt.Errorf("connection refused: %w", adapters.ErrUnavailable)
	case s.mapping == "unbound":
		return fmt.Errorf("%w: %w", adapters.ErrMapping, mapfile.Faults{{File: "rms.yaml", Message: "no column BAR"}})
	}
	return nil
}

func (s *system) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

// kept is a keeper over such a system, its clock and its ticks.
type kept struct {
	*keeper
	systems *systems
	log     told
	looks   chan time.Time
	beats   chan time.Time
	clock   *fakeClock
	file    string
}

type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time          { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *fakeClock) advance(d time.Duration) { c.mu.Lock(); c.now = c.now.Add(d); c.mu.Unlock() }

func keep(t *testing.T, mapping string, away bool) *kept {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "rms.yaml")
	write(t, file, mapping)
	k := &kept{
		systems: &systems{away: away}, log: told{slog.DiscardHandler, make(chan string, 100)},
		looks: make(chan time.Time), beats: make(chan time.Time), clock: &fakeClock{now: start}, file: file,
	}
	open := func(context.Context) (adapters.Adapter, error) {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		word := strings.TrimSpace(string(raw))
		if word == "faulty" {
			return nil, fmt.Errorf("%w: %w", adapters.ErrMapping, mapfile.Faults{
				{File: file, Pos: mapfile.Pos{Line: 3, Col: 1}, Message: "second"}, {File: file, Pos: mapfile.Pos{Line: 2, Col: 1}, Message: "first"},
			})
		}
		if word == "unopened" {
			return nil, errors.New("no such file")
		}
		k.systems.mu.Lock()
		k.systems.open++
		k.systems.mu.Unlock()
		return &system{k.systems, word}, nil
	}
	k.keeper = &keeper{
		cfg: config.Dealer{Code: "D100", Mapping: dir}, open: open, registry: dealers.NewRegistry(),
		now: k.clock.Now, metrics: newMetrics("test"), log: slog.New(k.log), patience: time.Minute,
		tick: func(every time.Duration) (<-chan time.Time, func()) {
			if every == folderLook {
				return k.looks, func() {}
			}
			return k.beats, func() {}
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	k.start(ctx)
	var running sync.WaitGroup
	running.Go(func() { k.run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		k.stop()
		if k.systems.open != k.systems.closed {
			t.Errorf("%d systems were opened and %d closed", k.systems.open, k.systems.closed)
		}
	})
	return k
}

// state is what a caller would meet.
func (k *kept) state(t *testing.T) error {
	t.Helper()
	d, ok := k.registry.Dealer("D100")
	if !ok {
		t.Fatal("the dealer is not in the registry")
	}
	return d.Check(t.Context())
}

func (k *kept) mapping(t *testing.T) string {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.adapter.(*system).mapping
}

func (k *kept) look(t *testing.T, text string) {
	t.Helper()
	write(t, k.file, text)
	k.looks <- start
}

func TestKeeper(t *testing.T) {
	t.Run("ADatabaseThatIsAwayIsAskedAgainEverLessOftenUntilItIsBack", func(t *testing.T) {
		k := keep(t, "v1", true)
		k.log.wait(t, "not served")
		if err := k.state(t); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		var longest time.Duration
		for range 12 {
			wait := k.next.Sub(k.clock.Now())
			longest = max(longest, wait)
			k.clock.advance(wait)
			k.beats <- start
			k.beats <- start // taken once the check before it is over
		}
		if longest < 10*time.Second || longest > 2*longestPause {
			t.Errorf("the longest pause was %s", longest)
		}
		k.systems.set(false)
		k.clock.advance(2 * longestPause)
		k.beats <- start
		k.log.wait(t, "the dealer is served")
	})
	t.Run("FaultsAreAllLoggedInOrderAndTheDealerIsNotServed", func(t *testing.T) {
		k := keep(t, "faulty", false)
		k.log.wait(t, "not served faults=2")
		k.log.wait(t, "2:1: first")
		k.log.wait(t, "3:1: second")
		if err := k.state(t); !errors.Is(err, adapters.ErrMapping) {
			t.Errorf("got %v", err)
		}
		k.look(t, "v2")
		k.log.wait(t, "in force")
		if err := k.state(t); err != nil {
			t.Errorf("the mended mapping is not served: %v", err)
		}
	})
	t.Run("AChangedFolderIsTakenUp", func(t *testing.T) {
		k := keep(t, "v1", false)
		k.look(t, "v2")
		k.log.wait(t, "in force")
		if got := k.mapping(t); got != "v2" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("AFaultyVersionLeavesTheOneBefore", func(t *testing.T) {
		for _, word := range []string{"faulty", "unbound"} {
			k := keep(t, "v1", false)
			k.look(t, word)
			k.log.wait(t, "stays in force faults=")
			k.log.wait(t, "mapping fault fault=")
			if got := k.mapping(t); got != "v1" || k.state(t) != nil {
				t.Errorf("got %s, %v", got, k.state(t))
			}
		}
	})
	t.Run("AVersionThatCannotBeJudgedYetIsTakenLater", func(t *testing.T) {
		k := keep(t, "v1", false)
		k.systems.set(true)
		k.look(t, "v2")
		k.looks <- start // taken once the look before it is over
		if got := k.mapping(t); got != "v1" {
			t.Errorf("got %s", got)
		}
		k.systems.set(false)
		k.looks <- start
		k.log.wait(t, "in force")
		if got := k.mapping(t); got != "v2" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("ASystemThatCouldNotBeOpenedIsOpenedLater", func(t *testing.T) {
		k := keep(t, "unopened", false)
		k.log.wait(t, "not served")
		write(t, k.file, "v1")
		k.clock.advance(2 * longestPause)
		k.beats <- start
		k.log.wait(t, "the dealer is served")
	})
}
