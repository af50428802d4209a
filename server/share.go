package server

import "sync"

// shares keeps one dealer's requests from taking all the room there is. While
// there is plenty anybody may take it; once half of it is taken, a dealer that
// holds more than an equal part is told to come again.
type shares struct {
	room int // requests worked on at once

	mu    sync.Mutex
	total int
	held  map[string]int // by dealer
}

// leastPart is what every dealer may hold, however many there are.
const leastPart = 8

// take takes a place for a request of a dealer, one of so many; false when there
// is none for it. Whoever took one gives it back.
func (s *shares) take(dealer string, dealers int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[string]int{}
	}
	if dealers > 1 && 2*s.total >= s.room && s.held[dealer] >= max(leastPart, s.room/dealers) {
		return false
	}
	s.total++
	s.held[dealer]++
	return true
}

func (s *shares) give(dealer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.held[dealer]--; s.held[dealer] == 0 {
		delete(s.held, dealer)
	}
}
