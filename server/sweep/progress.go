package sweep

import (
	"slices"
	"time"
)

// claimLife is how long a page that was taken and not served counts as taken
// when nobody says what became of it: longer than a request usually lasts, and
// short enough that the page taken by a process that died is soon free.
const claimLife = time.Minute

// Progress is how far the sweep over a list has come, as the processes of one
// gateway tell each other. It stays small: a sweep in order is one span.
type Progress struct {
	// Born and Used are places in one order of uses over the lists of a group:
	// when the list was made, and when a page was last asked of it.
	Born   uint64    `json:"born"`
	Used   uint64    `json:"used"`
	Last   time.Time `json:"last"`   // of the last use
	Latest int64     `json:"latest"` // the page of the last use
	Done   []Span    `json:"done,omitempty"`
	Taken  []Claim   `json:"taken,omitempty"`
	Left   []Short   `json:"left,omitempty"`
}

// Span is a row of pages that were served, both ends among them.
type Span struct {
	From int64 `json:"f"`
	To   int64 `json:"t"`
}

// Claim is a page that a process is about to serve.
type Claim struct {
	Page int64     `json:"p"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// Short is a page that was served with fewer rows than it has keys.
type Short struct {
	Page int64 `json:"p"`
	Rows int64 `json:"n"`
}

// Served counts the pages that were served.
func (p Progress) Served() int64 {
	var n int64
	for _, s := range p.Done {
		n += s.To - s.From + 1
	}
	return n
}

func (p Progress) done(page int64) bool {
	return slices.ContainsFunc(p.Done, func(s Span) bool { return s.From <= page && page <= s.To })
}

// claimed says whether another process has the page in hand.
func (p Progress) claimed(page int64, by string, now time.Time) bool {
	return slices.ContainsFunc(p.Taken, func(c Claim) bool { return c.Page == page && c.By != by && c.holds(now) })
}

func (c Claim) holds(now time.Time) bool { return now.Sub(c.At) < claimLife }

// step is one change of a list's progress that is still to be written.
type step struct {
	page int64
	kind stepKind
	left int64
	used uint64
	at   time.Time
	by   string
	// fresh: the page was not served before, so another process may have served
	// it meanwhile.
	fresh bool
	// lost: the page was to be taken or served, and another process has it.
	lost bool
}

type stepKind int

const (
	takePage stepKind = iota
	servePage
	givePageBack
)

// with returns the progress after a step; p itself stays as it is. A page that
// another process has or had is neither taken nor served afresh: ok is false
// then.
func (p Progress) with(st *step) (after Progress, ok bool) {
	if (st.kind == takePage || st.fresh) && (p.done(st.page) || p.claimed(st.page, st.by, st.at)) {
		return p, false
	}
	p.Taken = slices.DeleteFunc(slices.Clone(p.Taken), func(c Claim) bool {
		return c.Page == st.page || !c.holds(st.at)
	})
	p.Left = slices.DeleteFunc(slices.Clone(p.Left), func(s Short) bool { return s.Page == st.page })
	switch st.kind {
	case takePage:
		p.Taken = append(p.Taken, Claim{Page: st.page, By: st.by, At: st.at})
	case servePage:
		p.Done = put(p.Done, st.page)
		if st.left > 0 {
			p.Left = append(p.Left, Short{Page: st.page, Rows: st.left})
		}
	case givePageBack:
		p.Done = cut(p.Done, st.page)
	}
	if st.kind != givePageBack && st.used >= p.Used {
		p.Used, p.Latest = st.used, st.page
	}
	if st.at.After(p.Last) {
		p.Last = st.at
	}
	return p, true
}

// put adds a page to spans, which stay in order and apart.
func put(spans []Span, page int64) []Span {
	out := make([]Span, 0, len(spans)+1)
	add := Span{From: page, To: page}
	for i, s := range spans {
		switch {
		case s.To < add.From-1:
			out = append(out, s)
		case s.From > add.To+1:
			return append(append(out, add), spans[i:]...)
		default:
			add = Span{From: min(s.From, add.From), To: max(s.To, add.To)}
		}
	}
	return append(out, add)
}

// cut takes a page out of spans.
func cut(spans []Span, page int64) []Span {
	out := make([]Span, 0, len(spans)+1)
	for _, s := range spans {
		if page < s.From || page > s.To {
			out = append(out, s)
			continue
		}
		if s.From < page {
			out = append(out, Span{From: s.From, To: page - 1})
		}
		if page < s.To {
			out = append(out, Span{From: page + 1, To: s.To})
		}
	}
	return out
}
