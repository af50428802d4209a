package convert

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// NumberPart is one piece of a number that can be turned back: fixed text, or
// a column and what is done to it.
type NumberPart struct {
	Fixed  string
	Column bool
	Kind   ColumnKind // of the column; ColumnUnknown while there is no database
	Width  int        // characters the column can hold; 0: not known
	Strip  string     // one character, taken off the left
	Pad    int        // then zero-padded to this many characters; 0: not
}

// Reversible makes a dealer customer number (or another key) out of columns
// and finds the column values that make a given one.
type Reversible struct {
	parts   []NumberPart
	columns int
}

const (
	// maxCandidates bounds the values a number may stand for, and with them
	// what a request can make the database do. A number with so many
	// separators or zeros in it is taken for nobody's.
	maxCandidates = 1024
	// unknownWidth stands in for a column whose width nobody knows.
	unknownWidth = 20
)

// NewReversible checks the parts. Errors say why the number cannot be turned
// back.
func NewReversible(parts []NumberPart) (*Reversible, error) {
	r := &Reversible{parts: parts}
	stripped := 0
	for _, p := range parts {
		if !p.Column {
			if p.Fixed == "" {
				return nil, errors.New("a piece of the number is neither a column nor text")
			}
			continue
		}
		r.columns++
		if p.Strip != "" {
			stripped++
		}
		switch {
		case Length(p.Strip) > 1:
			return nil, fmt.Errorf("taking %q off cannot be undone: name one character", p.Strip)
		case p.Pad < 0 || p.Pad > maxPad:
			return nil, fmt.Errorf("a number is padded to 1 to %d characters, not %d", maxPad, p.Pad)
		case p.Kind == ColumnBinary || p.Kind == ColumnJSON:
			return nil, fmt.Errorf("a %s column is no number", p.Kind)
		}
	}
	switch {
	case r.columns == 0:
		return nil, errors.New("the number has no column")
	case stripped > 1:
		return nil, errors.New("taking characters off can be undone in one column of the number only")
	}
	return r, nil
}

// Columns is the number of columns it is made of.
func (r *Reversible) Columns() int { return r.columns }

// Forward makes the number from the columns' texts. Every part must be there,
// otherwise it is Empty.
func (r *Reversible) Forward(raw ...string) (string, State) {
	if len(raw) != r.columns {
		return "", Unreadable
	}
	if len(r.parts) == 1 {
		return present(r.parts[0].forward(raw[0]))
	}
	var b strings.Builder
	next := 0
	for i := range r.parts {
		p := &r.parts[i]
		if !p.Column {
			b.WriteString(p.Fixed)
			continue
		}
		text := p.forward(raw[next])
		next++
		if text == "" {
			return "", Empty
		}
		b.WriteString(text)
	}
	return present(Clean(b.String()))
}

func (p *NumberPart) forward(raw string) string {
	text := Clean(raw)
	if p.Strip != "" {
		text = Clean(Strip(text, p.Strip))
	}
	if p.Pad > 0 {
		text = Pad(text, p.Pad)
	}
	return text
}

// Reverse returns the sets of column values, each in the order of the columns,
// of which Forward makes exactly this number; a column that keeps more of it
// than it should (0412 and 412) is why there can be several. None: no row can
// have the number, and the database need not be asked. Servers compare more
// loosely than this, so the caller runs Forward on what it finds and compares
// byte by byte.
//
// Every value for an integer column fits int64 or uint64.
func (r *Reversible) Reverse(number string) [][]string {
	if number == "" || len(number) > maxPad || Clean(number) != number || !utf8.ValidString(number) {
		return nil
	}
	s := reversal{number: r}
	if !s.split(number, 0, nil) {
		return nil
	}
	// What looks right piece by piece may still come out differently, for
	// instance with blanks at the edge of a piece.
	var exact [][]string
	for _, candidate := range s.found {
		if text, state := r.Forward(candidate...); state == Present && text == number {
			exact = append(exact, candidate)
		}
	}
	return exact
}

// reversal collects the candidates for one number.
type reversal struct {
	number *Reversible
	found  [][]string
}

// split matches the parts from the i-th on with the rest of the number; false:
// there are too many ways.
func (s *reversal) split(rest string, i int, values []string) bool {
	parts := s.number.parts
	if i == len(parts) {
		if rest == "" {
			s.found = append(s.found, append([]string(nil), values...))
		}
		return len(s.found) <= maxCandidates
	}
	p := &parts[i]
	if !p.Column {
		after, ok := strings.CutPrefix(rest, p.Fixed)
		return !ok || s.split(after, i+1, values)
	}
	for end := range pieceEnds(rest, parts[i+1:]) {
		for _, value := range p.reverse(rest[:end]) {
			if !s.split(rest[end:], i+1, append(values, value)) {
				return false
			}
		}
	}
	return true
}

// pieceEnds yields where a column's piece can end: at the end when it is the
// last part, before each occurrence of the fixed text that follows, after any
// character when another column follows at once.
func pieceEnds(rest string, following []NumberPart) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if len(following) == 0 {
			yield(len(rest))
			return
		}
		for end := range rest {
			if end == 0 || !following[0].Column && !strings.HasPrefix(rest[end:], following[0].Fixed) {
				continue
			}
			if !yield(end) {
				return
			}
		}
	}
}

// reverse lists what the column can hold for its piece of the number, the
// shortest first.
func (p *NumberPart) reverse(piece string) []string {
	if piece == "" {
		return nil
	}
	unpadded := []string{piece}
	if p.Pad > 0 {
		length := Length(piece)
		if length < p.Pad {
			return nil // Forward never makes it so short
		}
		if length == p.Pad {
			unpadded = unpad(piece)
		}
	}
	var values []string
	for _, value := range unpadded {
		if p.Strip == "" {
			values = p.keep(values, value)
			continue
		}
		if strings.HasPrefix(value, p.Strip) {
			continue
		}
		width := p.Width
		if width <= 0 {
			width = max(unknownWidth, Length(value))
		}
		for length := Length(value); length <= width && len(values) <= maxCandidates; length++ {
			values = p.keep(values, value)
			value = p.Strip + value
		}
	}
	return values
}

// unpad lists a text without none to all of its zeros in front, the shortest
// first; one character stays.
func unpad(piece string) []string {
	zeros := len(piece) - len(strings.TrimLeft(piece, "0"))
	if zeros == len(piece) {
		zeros--
	}
	values := make([]string, 0, zeros+1)
	for ; zeros >= 0; zeros-- {
		values = append(values, piece[zeros:])
	}
	return values
}

// keep adds a value that a column declared so can hold.
func (p *NumberPart) keep(values []string, value string) []string {
	switch {
	case p.Kind == ColumnInteger || p.Kind == ColumnYear || p.Kind == ColumnBit:
		if !isStoredInteger(value) {
			return values
		}
	case p.Kind == ColumnDecimal || p.Kind == ColumnFloat:
		if number, state := storedNumber(value, 0, false); state != Present || number != value && number != value+".0" {
			return values
		}
	case p.Width > 0 && Length(value) > p.Width:
		return values
	}
	return append(values, value)
}

// isStoredInteger reports whether a server would write an integer just so.
func isStoredInteger(s string) bool {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return strconv.FormatInt(n, 10) == s
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return err == nil && strconv.FormatUint(n, 10) == s
}
