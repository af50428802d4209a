package store

import (
	"os"
	"slices"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/server/token"
)

// Bounds of what is remembered of clients.
const (
	// clientSettles is how long nothing must have been written when a client was
	// read: the times of files step, by ten milliseconds at most, and a
	// transaction can be read a moment after its bytes were written.
	clientSettles = 100 * time.Millisecond
	// clientLife bounds what a process that was halted between the two can do.
	clientLife  = 5 * time.Second
	clientsMost = 1000
)

// clientsSeen remembers clients of a SQLite file as long as nothing at all was
// written to the file, by whichever process: each transaction is appended to the
// log beside it first. A client is asked for with every request, and to look at
// the log takes a tenth of what asking takes.
type clientsSeen struct {
	mu    sync.Mutex
	state logState // of the log, when everything in byID was read
	byID  map[string]clientSeen
}

type clientSeen struct {
	client token.Client
	read   time.Time
}

// logState changes with every transaction.
type logState struct {
	written time.Time
	size    int64
}

// look returns the state of a file's log; false where there is none.
func look(path string) (logState, bool) {
	if path == "" {
		return logState{}, false
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return logState{}, false
	}
	return logState{info.ModTime(), info.Size()}, true
}

// get returns a client that was read in a state of the log.
func (c *clientsSeen) get(id string, state logState, now time.Time) (token.Client, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen, ok := c.byID[id]
	if !ok || c.state != state || now.Sub(seen.read).Abs() >= clientLife {
		return token.Client{}, false
	}
	return seen.client, true
}

// put remembers a client that was read at a moment, after the log was looked at.
func (c *clientsSeen) put(client token.Client, state logState, read time.Time) {
	if read.Sub(state.written) < clientSettles {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != state || len(c.byID) >= clientsMost {
		c.state, c.byID = state, map[string]clientSeen{}
	}
	client.Dealers, client.Scopes = slices.Clip(client.Dealers), slices.Clip(client.Scopes) // they are shared
	c.byID[client.ID] = clientSeen{client, read}
}
