package convert

import (
	"encoding/binary"
	"unsafe"
)

// The short ways: what is made of nearly every cell, without a look at what the
// rule for it says of rare ones. Where they are not sure they say so, and the
// long way (Text, Decimal, Integer, Read) decides.

// Plain is the text of a kept cell that Text would hand out as it lies there:
// printable ASCII without blanks at its ends, and not empty.
func (c *Cell) Plain() (text string, ok bool) {
	if !c.kept {
		return "", false
	}
	return c.PlainView()
}

// PlainView is Plain for cells that serve row after row as well: the text is only
// good until the next Scan.
func (c *Cell) PlainView() (text string, ok bool) {
	s := c.raw
	if c.kind == CellNull || s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		return "", false
	}
	b := unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // it is only read
	if len(b) < 8 {
		for _, c := range b {
			if c < ' ' || c >= 0x7f {
				return "", false
			}
		}
		return s, true
	}
	for ; len(b) > 8; b = b[8:] {
		if odd(binary.LittleEndian.Uint64(b)) {
			return "", false
		}
	}
	return s, !odd(binary.LittleEndian.Uint64(unsafe.Slice(unsafe.StringData(s[len(s)-8:]), 8))) //nolint:gosec // the same
}

// Eight bytes at a time: the high bit of each, and one and 32 in each.
const (
	highBits = 0x8080808080808080
	ones     = 0x0101010101010101
	blanks   = 0x2020202020202020
)

// odd reports whether one of eight bytes is no printable ASCII: above 127, or
// below a blank (the difference borrows), or 127 (the sum carries).
func odd(x uint64) bool { return (x|(x-blanks)|(x+ones))&highBits != 0 }

// Canonical is the number of a kept cell of a numeric column that Decimal would
// hand out as it lies there, with at most so many decimal places.
func (c *Cell) Canonical(places int) (text string, ok bool) {
	s := c.raw
	if !c.kept || c.kind == CellNull || !c.column.Numeric() || places < 1 || len(s) < 3 || len(s) > longestCanonical {
		return "", false
	}
	point := -1
	for i := range len(s) {
		switch d := s[i]; {
		case d >= '0' && d <= '9':
		case d == '.' && point < 0:
			point = i
		default:
			return "", false
		}
	}
	behind := len(s) - 1 - point
	return s, point > 0 && behind > 0 && behind <= places && (point == 1 || s[0] != '0')
}

// longestCanonical is what the short way looks through; an amount has less.
const longestCanonical = 32

// SmallInteger is the number of a cell that holds at most 18 digits and nothing
// else.
func (c *Cell) SmallInteger() (n int64, ok bool) {
	s := c.raw
	if c.kind == CellNull || s == "" || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = 10*n + int64(d)
	}
	return n, true
}

// AppendRead adds the instant in a cell, as AppendInstant writes it, where the
// cell holds a day or a whole second as servers write them and the rule says
// nothing beyond the zone. Not ok: nothing was added, and Read decides.
func (d *Date) AppendRead(dst []byte, c *Cell) (_ []byte, ok bool) {
	s := c.raw
	if !d.short || c.kind == CellNull || c.kind == CellTime || len(s) < len("2006-01-02") {
		return dst, false
	}
	switch c.column {
	case ColumnDate, ColumnDateTime, ColumnTimestamp:
	default:
		return dst, false
	}
	year, ok1 := twoDigits(s[0:])
	rest, ok2 := twoDigits(s[2:])
	month, ok3 := twoDigits(s[5:])
	day, ok4 := twoDigits(s[8:])
	year = 100*year + rest
	if !ok1 || !ok2 || !ok3 || !ok4 || s[4] != '-' || s[7] != '-' ||
		year <= 1000 || year >= 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return dst, false
	}
	if len(s) == len("2006-01-02") {
		return append(append(dst, s...), noon...), true
	}
	if len(s) != len("2006-01-02 15:04:05") || s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return dst, false
	}
	hour, ok1 := twoDigits(s[11:])
	minute, ok2 := twoDigits(s[14:])
	second, ok3 := twoDigits(s[17:])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return dst, false
	}
	if c.column == ColumnTimestamp { // the session's zone is UTC
		return append(append(append(append(dst, s[:10]...), 'T'), s[11:]...), 'Z'), true
	}
	clock := int64(hour*3600 + minute*60 + second)
	if clock == 0 && !d.rule.KeepMidnight {
		return append(append(dst, s[:10]...), noon...), true
	}
	wall := daysTo(year, month, day)*secondsOfDay + clock
	unix := d.rule.Zone.instant(wall)
	if clock += unix - wall; clock < 0 || clock >= secondsOfDay {
		return AppendInstant(dst, timeOf(unix)), true
	}
	dst = append(append(dst, s[:10]...), 'T')
	dst = appendTwo(dst, int(clock/3600))
	dst = appendTwo(append(dst, ':'), int(clock/60%60))
	dst = appendTwo(append(dst, ':'), int(clock%60))
	return append(dst, 'Z'), true
}

const noon = "T12:00:00Z"

func twoDigits(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// daysTo counts the days from the first of 1970 to a date, in years that begin
// with March, so that the leap day is the last.
func daysTo(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	of := year - era*400
	at := (153*(month-3)+2)/5 + day - 1
	return int64(era*146097+of*365+of/4-of/100+at) - 719468
}
