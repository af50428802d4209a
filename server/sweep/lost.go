package sweep

import (
	"container/list"
	"time"
)

// maxLost bounds how many groups are remembered to have lost a list.
const maxLost = 16 << 10

// lostList remembers that a list went while its sweep may still be going on,
// and how long the longest such list of its group was.
type lostList struct {
	group string
	used  uint64
	at    time.Time
	total int64
}

// absence is what the store remembers of lost lists of a group: when the last
// one went, never if zero, and how long the longest was.
type absence struct {
	at    time.Time
	total int64
}

func (a *absence) add(h Stored) {
	if h.Lost.After(a.at) {
		a.at = h.Lost
	}
	a.total = max(a.total, h.Total)
}

// pastAll says whether a page lies past the end of every list a sweep may be on,
// those lost among them: whoever asks gets the same empty page (R125).
func pastAll(r Request, lists []*keyList, lost *lostList, away absence) bool {
	longest := away.total
	if lost != nil {
		longest = max(longest, lost.total)
	}
	for _, l := range lists {
		longest = max(longest, l.total)
	}
	return r.Page > (longest-1)/r.Size
}

func (s *Sweeps) forget(e *list.Element) {
	delete(s.lost, e.Value.(lostList).group)
	s.losses.Remove(e)
}

// lostGroup returns what is remembered of a group's lost list, nil when there
// is nothing. The caller holds the lock.
func (s *Sweeps) lostGroup(group string) *lostList {
	e := s.lost[group]
	if e == nil {
		return nil
	}
	lost := e.Value.(lostList)
	if s.o.Now().Sub(lost.at) > s.o.Remember {
		s.forget(e)
		return nil
	}
	return &lost
}
