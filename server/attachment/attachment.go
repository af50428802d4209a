// Package attachment owns the files inside messages: it cuts their contents out
// of a body while the body is still being read, leaves a reference in their
// place, and puts them back byte for byte. Photos make messages of many
// megabytes; without them a message is small enough to be read, queued and
// merged in one piece.
//
// It must not know what a message says, who sent it, or where contents are kept:
// that is behind Keeper.
package attachment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The errors of this package. Test with errors.Is.
var (
	// ErrGone: what a reference stands for is not kept any more, never was, or
	// belongs to another dealer.
	ErrGone = errors.New("the file is not kept any more")
	// ErrText: the body is no JSON; it comes as a *TextError.
	ErrText = errors.New("no JSON")
	// ErrTooLong: there is more beside the files than is read in one piece, or
	// there are more files than one message has.
	ErrTooLong = errors.New("too much beside the files")
)

// TextError says what is wrong with a body and where, and shows nothing of it.
type TextError struct {
	What   string
	Offset int64 // bytes before the fault
}

func (e *TextError) Error() string { return fmt.Sprintf("%s at byte %d", e.What, e.Offset+1) }

// Unwrap makes errors.Is(err, ErrText) true.
func (e *TextError) Unwrap() error { return ErrText }

// Spool takes the contents of one message's files, one after the other, while
// the message is being read. One goroutine uses it.
type Spool interface {
	io.Writer
	io.ReaderAt
	Size() int64
	// Discard takes back what is not kept. After Keep it does nothing.
	Discard() error
}

// Bundle is what the files of one message are kept as.
type Bundle struct {
	ID       string // chosen by Split; printable, unlike any other
	Dealer   string // dealer code; nobody else's references lead here
	Customer string // dealer customer number, "" where there is none; for erasure
	Message  string // the gateway's id of the message
	Made     time.Time
}

// Contents reads a bundle.
type Contents interface {
	io.ReaderAt
	io.Closer
}

// Keeper keeps bundles. What it returns from is durable.
type Keeper interface {
	Spool(ctx context.Context) (Spool, error)
	// Keep keeps what is in a spool of its own. It comes before the message: a
	// bundle no message refers to harms nobody, and ends with its time.
	Keep(ctx context.Context, b Bundle, contents Spool) error
	// Open opens a bundle of a dealer; ErrGone.
	Open(ctx context.Context, dealer, id string) (Contents, error)
	// Drop takes a bundle away; one that is not there is no error.
	Drop(ctx context.Context, dealer, id string) error
	// Erase takes away all bundles of a customer, and says how many.
	Erase(ctx context.Context, dealer, customer string) (int, error)
	// Clear takes away bundles made before a time, at most so many, and says how
	// many.
	Clear(ctx context.Context, before time.Time, most int) (int, error)
}

// mark begins every reference. Contents that begin with it are cut out whatever
// their length, so that no sender can write a reference.
const mark = "dealerbridge-file:"

// Reference says where contents are: in the text of a body it stands in their
// place.
type Reference struct {
	Bundle       string
	Offset, Size int64 // in bytes, as they stood between the quotation marks
}

// String is the text that stands in a body.
func (r Reference) String() string {
	return fmt.Sprintf("%s%s/%d/%d", mark, r.Bundle, r.Offset, r.Size)
}

// ParseReference reads what String wrote; ok is false for anything else.
func ParseReference(text string) (r Reference, ok bool) {
	rest, ok := strings.CutPrefix(text, mark)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 || parts[0] == "" {
		return Reference{}, false
	}
	offset, err1 := strconv.ParseInt(parts[1], 10, 64)
	size, err2 := strconv.ParseInt(parts[2], 10, 64)
	r = Reference{Bundle: parts[0], Offset: offset, Size: size}
	if err1 != nil || err2 != nil || offset < 0 || size < 0 || r.String() != text {
		return Reference{}, false
	}
	return r, true
}
