package sweep

import (
	"container/list"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Sizes in the memory estimate, in bytes: the string headers of a key, a page's
// state, and what a list costs however short it is.
const (
	keyBytes  = 32
	pageBytes = 24
	listBytes = 512
)

// keyList is one immutable key list and how far its sweep has come. What
// Sweeps.mu guards is marked; the rest is set once.
type keyList struct {
	id    string
	group string
	// keys is nil for a list of one page, which page 0 has sent whole.
	keys  adapters.Keys
	total int64
	size  int64
	bytes int64
	birth time.Time
	about Request // for the observer: dealer and endpoint

	// Guarded by Sweeps.mu.
	born  uint64 // count of uses when the list was made
	used  uint64 // the same at its last use
	last  time.Time
	pages []pageState
	done  int64         // pages served
	left  int64         // rows left out on them
	place *list.Element // nil while the list is not kept
	// stored: the list is in the store, too.
	stored bool
}

// pageState says what became of one page.
type pageState struct {
	used  uint64 // count of uses when the page was last asked for
	left  int64  // rows left out when it was served
	taken bool   // some call is serving it, or has
	done  bool   // it was served
}

func newList(r Request, keys adapters.Keys, now time.Time, id string) *keyList {
	total := int64(len(keys))
	l := &keyList{
		id: id, group: r.group(), keys: keys, total: total, size: r.Size, birth: now, last: now, about: r,
		pages: make([]pageState, (total+r.Size-1)/r.Size),
	}
	if len(l.pages) == 0 {
		l.pages = make([]pageState, 1) // the empty page 0 is a page
	}
	l.bytes = listBytes + int64(len(l.group)) + pageBytes*int64(len(l.pages))
	if len(l.pages) == 1 {
		return l
	}
	for _, k := range keys {
		l.bytes += keyBytes + int64(len(k.Row)+len(k.Customer))
	}
	return l
}

// has says whether a page is one of the list's.
func (l *keyList) has(page int64) bool { return page < int64(len(l.pages)) }

// follows says whether a page is the one after a page that was served.
func (l *keyList) follows(page int64) bool {
	return page > 0 && l.has(page-1) && l.pages[page-1].done
}

// unfinished says whether somebody may still come for a later page.
func (l *keyList) unfinished() bool {
	return l.done > 0 && l.done < int64(len(l.pages))
}

// movedOn says whether a page after the first was served.
func (l *keyList) movedOn() bool {
	return l.done > 1 || l.done == 1 && !l.pages[0].done
}

// gaveWay says whether the sweep of l was given up in favour of a newer one: it
// has not been used since the newer one began, and either the newer one is
// already past its first page or l had been resting for a while before.
func (l *keyList) gaveWay(newer *keyList, restart time.Duration) bool {
	return l.used < newer.born && (newer.movedOn() || newer.birth.Sub(l.last) >= restart)
}

// ticket is the permission to serve one page from a list.
type ticket struct {
	list  *keyList
	page  int64
	first bool // nobody had taken the page before
}

// keys are the keys of the page; none past the end.
func (t ticket) keys() adapters.Keys {
	l := t.list
	if !l.has(t.page) {
		return nil
	}
	from := t.page * l.size // below total, so it cannot overflow
	return l.keys[from:min(from+l.size, int64(len(l.keys)))]
}
