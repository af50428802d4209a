package sqlrms

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// gate lets so many statements run at a time on a dealer's database and makes
// the others wait, first come, first served. When the database gets slow it lets
// fewer through, down to one: whoever works at the till comes first. When it is
// as fast as usual again it lets more through, up to as many as it may.
//
// Pages take turns beside that, so that those that wait do so before they hold
// rows, and those that are read are soon done: half as many as statements, as
// the lists of a page are read at the same time.
type gate struct {
	most  int // statements at a time
	queue int // calls that may be under way beyond those
	now   func() time.Time

	mu         sync.Mutex
	calls      int // under way; each runs a few statements
	limit      int // statements at a time as things are
	statements line
	pages      line
	usual      map[string]time.Duration
	changed    time.Time // when the limit was last changed

	refused, slowed int64
}

// line is who is inside and who waits to be let in.
type line struct {
	inside  int
	waiting list.List // of chan struct{}, the first to come in front
}

// leastPages is how many pages are read at a time, if the limit allows it: one
// that takes long must not stop all others.
const leastPages = 2

// When a database counts as slow: a statement that takes so many times as long
// as it usually does, and long enough for somebody to notice.
const (
	slowTimes = 4
	slowLeast = 200 * time.Millisecond
	// gatePause is between two changes of the limit, so that each can show what
	// it does.
	gatePause = time.Second
	// usualWeight is how little one slow statement changes what is usual.
	usualWeight = 64
)

func newGate(most, queue int, now func() time.Time) *gate {
	return &gate{most: most, queue: queue, now: now, limit: most, usual: map[string]time.Duration{}}
}

// admit takes up a call, or refuses one that would only make a long queue
// longer. Whoever was admitted is dismissed.
func (g *gate) admit() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls >= g.most+g.queue {
		g.refused++
		return unavailable("too many requests wait for the dealer's database")
	}
	g.calls++
	return nil
}

// dismiss ends a call.
func (g *gate) dismiss() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls--
}

// enter waits for a statement's turn. Whoever entered leaves.
func (g *gate) enter(ctx context.Context) error { return g.in(ctx, &g.statements) }

// leave ends a statement's turn. took is how long it ran; failed says that it
// did not end by itself in time.
func (g *gate) leave(name string, took time.Duration, failed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.statements.inside--
	g.learn(name, took, failed)
	g.next()
}

// open waits for a page's turn. Whoever opened one shuts it once all its
// statements have ended, and opens no other before that.
func (g *gate) open(ctx context.Context) error { return g.in(ctx, &g.pages) }

// shut ends a page's turn.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pages.inside--
	g.next()
}

// room is how many may be inside at a time as things are.
func (g *gate) room(l *line) int {
	if l == &g.pages {
		return min(g.limit, max(leastPages, (g.limit+1)/2))
	}
	return g.limit
}

// in waits at the end of a line.
func (g *gate) in(ctx context.Context, l *line) error {
	g.mu.Lock()
	if l.inside < g.room(l) {
		l.inside++
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{}, 1)
	place := l.waiting.PushBack(turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-turn: // given at the same moment; the next one takes it
		l.inside--
		g.next()
	default:
		l.waiting.Remove(place)
	}
	return ctx.Err()
}

// next gives the turn to those who wait. The caller holds the lock.
func (g *gate) next() {
	for _, l := range [...]*line{&g.statements, &g.pages} {
		for l.inside < g.room(l) && l.waiting.Len() > 0 {
			turn, _ := l.waiting.Remove(l.waiting.Front()).(chan struct{})
			l.inside++
			turn <- struct{}{}
		}
	}
}

// learn compares a statement with what is usual for it and changes the limit.
// The caller holds the lock.
func (g *gate) learn(name string, took time.Duration, failed bool) {
	usual, known := g.usual[name]
	slow := failed || known && took >= slowLeast && took >= slowTimes*usual
	switch {
	case failed: // says nothing of how long it would have taken
	case !known:
		g.usual[name] = took
	case took < usual:
		g.usual[name] = usual - (usual-took)/8
	default:
		g.usual[name] = usual + (took-usual)/usualWeight
	}
	now := g.now()
	if now.Sub(g.changed) < gatePause {
		return
	}
	switch {
	case slow && g.limit > 1:
		g.limit = max(1, g.limit/2)
		g.slowed++
	case !slow && g.limit < g.most:
		g.limit++
	default:
		return
	}
	g.changed = now
}

// Load is how busy a dealer's database is kept.
type Load struct {
	Calls   int   // under way
	Running int   // statements
	Waiting int   // statements, and pages that were not begun
	Limit   int   // statements at a time as things are
	Refused int64 // calls that were refused because too many waited
	Slowed  int64 // times the limit was lowered because the database was slow
}

func (g *gate) load() Load {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Load{Calls: g.calls, Running: g.statements.inside, Waiting: g.statements.waiting.Len() + g.pages.waiting.Len(), Limit: g.limit, Refused: g.refused, Slowed: g.slowed}
}

// Load tells how busy the database is kept.
func (r *RMS) Load() Load { return r.pool.gate.load() }
