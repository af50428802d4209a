// Package handclock owns the time of a test: a clock that stands still until it
// is moved. It knows nobody who reads it.
package handclock

import (
	"sync"
	"time"
)

// Clock stands still until it is moved. It is safe for concurrent use.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// At makes a clock that stands at a moment.
func At(at time.Time) *Clock { return &Clock{at: at} }

// Now is the moment the clock stands at.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Pass lets time go by; a negative one puts the clock back.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
