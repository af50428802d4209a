package sweep

import (
	"cmp"
	"container/list"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Sizes in the memory estimate, in bytes: a page's state, and what a list costs
// however short it is.
const (
	pageBytes = 16
	listBytes = 512
)

// keyList is one immutable key list and how far its sweep has come. What
// Sweeps.mu guards is marked; the rest is set once.
type keyList struct {
	id    string
	group string
	shelf string // the group, as the store is told of it; empty for a list of one page
	total int64
	size  int64
	bytes int64
	birth time.Time
	about Request // for the observer: dealer and endpoint

	// writing is held while the list is written to the store.
	writing sync.Mutex

	// Guarded by Sweeps.mu.
	//
	// keys, once there, stay as they are. They are nil for a list of one page,
	// which page 0 has sent whole, for one from the store until a page of it is
	// asked for, and for one in the store whose pages were all served.
	keys  *packed
	born  uint64 // count of uses when the list was made
	used  uint64 // the same at its last use
	last  time.Time
	pages []pageState
	done  int64         // pages served
	left  int64         // rows left out on them
	place *list.Element // nil while the list is not kept
	// What the store has of the list, and the changes it has not got yet.
	stored  bool
	version int64
	kept    Progress
	steps   []*step
}

// pageState says what became of one page.
type pageState struct {
	used  uint64 // count of uses when the page was last asked for
	left  int32  // rows left out when it was served
	taken bool   // some call is serving it, or has
	done  bool   // it was served
}

func newList(r Request, total int64, birth time.Time, id string) *keyList {
	l := &keyList{
		id: id, group: r.group(), total: total, size: r.Size, birth: birth, last: birth, about: r,
		pages: make([]pageState, (total+r.Size-1)/r.Size),
	}
	if len(l.pages) == 0 {
		l.pages = make([]pageState, 1) // the empty page 0 is a page
	}
	if len(l.pages) > 1 {
		l.shelf = storeGroup(l.group)
	}
	l.bytes = listBytes + int64(len(l.group)+len(l.shelf)) + pageBytes*int64(len(l.pages))
	return l
}

// older puts lists in the order they were made in, the same in every process.
func older(a, b *keyList) int {
	return cmp.Or(cmp.Compare(a.born, b.born), a.birth.Compare(b.birth), cmp.Compare(a.id, b.id))
}

// fill gives the list its keys and returns what they take.
func (l *keyList) fill(keys *packed) int64 {
	l.keys = keys
	more := keys.bytes()
	l.bytes += more
	return more
}

// document is the list's progress as this process knows it.
func (l *keyList) document(by string, now time.Time) Progress {
	p := Progress{Born: l.born, Used: l.used, Last: l.last}
	var latest uint64
	for i, state := range l.pages {
		page := int64(i)
		switch {
		case state.done:
			p.Done = put(p.Done, page)
		case state.taken:
			p.Taken = append(p.Taken, Claim{Page: page, By: by, At: now})
		}
		if state.left > 0 {
			p.Left = append(p.Left, Short{Page: page, Rows: int64(state.left)})
		}
		if state.used > latest {
			latest, p.Latest = state.used, page
		}
	}
	return p
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
	keys  adapters.Keys
	// whole are the keys of a new list that are still to be packed.
	whole adapters.Keys
	// claim is what tells the other processes; nil where there are none.
	claim *step
}

// cut returns the list's keys of a page; none past the end.
func (l *keyList) cut(keys *packed, page int64) adapters.Keys {
	if !l.has(page) {
		return nil
	}
	from := page * l.size // below total, so it cannot overflow
	return keys.cut(int(from), int(min(from+l.size, l.total)))
}

// firstOf returns the keys of page 0 of a new list.
func firstOf(keys adapters.Keys, size int64) adapters.Keys {
	return keys[:min(size, int64(len(keys)))]
}
