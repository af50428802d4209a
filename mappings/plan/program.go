package plan

import (
	"sync"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// list is one endpoint, compiled: the statement of its keys, the statement of
// its rows, and how an element is made of a row.
type list struct {
	name    string
	none    bool
	fixed   []*element // a list written in the mapping itself
	sources []*list    // of a list that several sources make up
	element *element
	keys    keyReader
	rows    rowReader
	whole   *whole // nil where a list takes two steps even if it is short
	finder  *finder
	strict  bool // a bad row fails the page
	makers  sync.Pool
}

// parts are the lists that have statements: the sources, or the list itself.
func (l *list) parts() []*list {
	if len(l.sources) > 0 {
		return l.sources
	}
	return []*list{l}
}

// keyReader makes the key list.
type keyReader struct {
	stmt     *Statement
	frame    *frame
	source   string // stands in the key where there are several
	key      []place
	customer *customerNumber // nil where rows are not asked for by customer
	needs    []need
	lost     []lostJoin
	order    []orderKey
	distinct []evaluator
	endpoint string
	// lookup keeps rows of one key apart: two of them are two answers.
	lookup bool
	// oneByOne says that nothing but a row and its key decides about it.
	oneByOne bool
}

// need is a filter on child rows that the server cannot decide: they are
// fetched, and it is decided here.
type need struct {
	get   evaluator
	holds func(value) bool
	noted string // the child rows
}

// rowReader reads the wide rows behind keys.
type rowReader struct {
	stmt     *Statement
	frame    *frame
	source   string // stands in the key where there are several
	key      []place
	rules    []matchRule
	customer *customerNumber
}

// element is how one element of an answer is made of a row.
type element struct {
	endpoint string
	prefix   string // of its fields in notes: assetDetails.
	shape    *shape
	fields   []*field
	moves    []move // the fields in the order in which they are evaluated
	objects  []object
	remember bool // some field looks at another
	lists    []*listFill
	strict   bool
	number   int // of the element among all of the program
}

// field is one field of an element.
type field struct {
	leaf     *leaf
	get      evaluator
	short    short
	pos      mapfile.Pos
	bad      badPolicy
	fallback *value
	silent   bool // filled by the gateway: never noted
}

// badPolicy is what happens to a field whose value cannot be sent.
type badPolicy int

const (
	leaveOut badPolicy = iota // the element
	failPage
	nullField
)

// listFill is how one array member is filled.
type listFill struct {
	number    int // among all of the program
	target    *listTarget
	sumByName *leaf // the member that is added up; nil otherwise
	nameLeaf  *leaf
	sources   []*fillSource
}

// fillSource is one source of a list's elements: the rows of a branch, or the
// owner's row itself for unpivoted columns.
type fillSource struct {
	branch     int // -1: the owner's row
	element    *element
	rows       []*element
	keepParent bool
}

// Reason says what was wrong with a value. The words are those of the audit.
type Reason string

// The reasons a value is noted or a row left out for.
const (
	Missing    Reason = "missing"
	Unmapped   Reason = "unmapped"
	Unreadable Reason = "unreadable"
	TooLong    Reason = "too-long"
	CutShort   Reason = "cut"
	ZeroDate   Reason = "zero-date"
	Duplicate  Reason = "duplicate"
	Replaced   Reason = "placeholder"
	Nulled     Reason = "nulled"
	NotYet     Reason = "not-yet"
)

func reasonOf(s convert.State) Reason {
	switch s {
	case convert.Unmapped:
		return Unmapped
	case convert.Unreadable:
		return Unreadable
	case convert.TooLong:
		return TooLong
	case convert.ZeroDate:
		return ZeroDate
	case convert.Deferred:
		return NotYet
	}
	return Missing
}
