package token

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// RemoteAddress says who a request comes from, for slowing guessers down.
type RemoteAddress func(*http.Request) string

// peerAddress is the other end of the connection, without its port.
func peerAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

const (
	freeGuesses  = 5                // failures before waiting begins
	longestWait  = time.Minute      // between two attempts
	forgetAfter  = 15 * time.Minute // without another failure
	maxGuessers  = 20000            // pairs remembered
	guesserAlone = ""               // in place of a client id: all of one address together
	freeAlone    = 50               // failures of one address over all client ids
)

// guesses slows down whoever tries secrets: after a few failures each further
// one doubles the pause. It counts per client and address, so that a guesser
// elsewhere cannot lock the real client out, and per address over all client
// ids, so that trying many ids does not help.
type guesses struct {
	now func() time.Time

	mu    sync.Mutex
	seen  map[guesser]*failures
	swept time.Time
}

type guesser struct{ client, from string }

type failures struct {
	count int
	last  time.Time
	until time.Time
}

func newGuesses(now func() time.Time) *guesses {
	return &guesses{now: now, seen: map[guesser]*failures{}}
}

// wait returns how long the pair has to wait before its next attempt.
func (g *guesses) wait(client, from string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	var longest time.Duration
	for _, key := range []guesser{{client, from}, {guesserAlone, from}} {
		if f := g.seen[key]; f != nil {
			longest = max(longest, f.until.Sub(now))
		}
	}
	return longest
}

func (g *guesses) failed(client, from string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.sweep(now)
	g.count(guesser{client, from}, freeGuesses, now)
	g.count(guesser{guesserAlone, from}, freeAlone, now)
}

func (g *guesses) count(key guesser, free int, now time.Time) {
	f := g.seen[key]
	if f == nil || now.Sub(f.last) > forgetAfter {
		f = &failures{}
		g.seen[key] = f
	}
	f.count++
	f.last = now
	if over := f.count - free; over >= 0 {
		f.until = now.Add(min(longestWait, time.Second<<min(over, 6)))
	}
}

// passed forgets the failures of a client that knows its secret after all.
func (g *guesses) passed(client, from string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.seen, guesser{client, from})
}

// sweep keeps memory bounded: old entries go, and when a flood of made-up ids
// fills the table, all of it goes but the address totals.
func (g *guesses) sweep(now time.Time) {
	full := len(g.seen) >= maxGuessers
	if !full && now.Sub(g.swept) < time.Minute {
		return
	}
	g.swept = now
	for key, f := range g.seen {
		if now.Sub(f.last) > forgetAfter || full && key.client != guesserAlone {
			delete(g.seen, key)
		}
	}
	if len(g.seen) >= maxGuessers {
		clear(g.seen)
	}
}
