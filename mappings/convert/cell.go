package convert

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// CellKind is the form in which the driver delivered a value.
type CellKind uint8

// The forms of a delivered value.
const (
	CellNull CellKind = iota
	CellText
	CellBytes
	CellInt
	CellUint
	CellFloat
	CellTime
)

// Cell is one column of a row. It takes every form a driver delivers and keeps
// it as text. One made by NewCell is a sql.Scanner that serves row after row:
// its text lies in a buffer of its own and changes with the next Scan. One made
// by NewKept belongs to one row for good: it is filled once, and its texts are
// handed out without a copy.
type Cell struct {
	raw    string // as delivered, in again.buf unless kept
	again  *again // nil while nothing was scanned, and in kept cells
	column ColumnKind
	kind   CellKind
	kept   bool
}

// again is what a cell needs to serve another row.
type again struct {
	buf  []byte
	read bool // text belongs to buf
	// The last text handed out: neighbouring rows often repeat codes, branches
	// and names, and then share one string.
	from, text string
}

var _ sql.Scanner = (*Cell)(nil)

// NewCell returns an empty cell of a column declared so.
func NewCell(column ColumnKind) Cell { return Cell{column: column} }

// NewKept returns an empty cell of one row of a column declared so.
func NewKept(column ColumnKind) Cell { return Cell{column: column, kept: true} }

// Declare says what the column was declared as. It decides how BIT bytes and
// driver-made times are read, so it is called before the first Scan.
func (c *Cell) Declare(column ColumnKind) { c.column = column }

// Column is what the column was declared as.
func (c *Cell) Column() ColumnKind { return c.column }

// Kind is the form in which the driver delivered the value.
func (c *Cell) Kind() CellKind { return c.kind }

// IsNull reports whether the value is NULL.
func (c *Cell) IsNull() bool { return c.kind == CellNull }

// Bytes is the value as text, exactly as delivered; nil for NULL. It is only
// good until the next Scan and must not be changed.
func (c *Cell) Bytes() []byte {
	if c.kind == CellNull {
		return nil
	}
	return unsafe.Slice(unsafe.StringData(c.raw), len(c.raw)) //nolint:gosec // nobody may change it
}

// String is the value as text, exactly as delivered; "" for NULL.
func (c *Cell) String() string {
	if c.kind == CellNull {
		return ""
	}
	if c.kept {
		return c.raw
	}
	return strings.Clone(c.raw)
}

// SetNull makes the cell NULL.
func (c *Cell) SetNull() { c.kind, c.raw = CellNull, "" }

// SetText fills the cell as if the driver had delivered this text.
func (c *Cell) SetText(text string) {
	c.kind, c.raw = CellText, text
	if c.again != nil {
		c.again.read = false
	}
}

// Arena is memory that the kept cells of one statement's rows share, so that
// not every cell needs some of its own. It belongs to one goroutine.
type Arena struct {
	free  []byte
	next  int
	taken int     // bytes of pieces
	from  *Pieces // nil: its memory is its own
}

// NewArena is an arena whose first piece has room for about so many bytes.
func NewArena(size int) Arena { return Arena{next: min(size, mostPiece)} }

// Size is how many bytes the texts in it take, nearly.
func (a *Arena) Size() int { return a.taken - cap(a.free) }

// The sizes of an arena's pieces, in bytes: few rows take little.
const (
	leastPiece = 2 << 10
	mostPiece  = 32 << 10
)

// Room gives an empty slice that n bytes fit into, for texts that are made of
// cells; Text says which of them are in use.
func (a *Arena) Room(n int) []byte { return a.room(n) }

// Text is what was written into the room given last, and from now on its own.
func (a *Arena) Text(used []byte) string {
	a.took(used)
	return textIn(used)
}

// room gives an empty slice that n bytes fit into.
func (a *Arena) room(n int) []byte {
	if cap(a.free) < n {
		a.more(n)
	}
	return a.free
}

func (a *Arena) more(n int) {
	if a.from != nil {
		a.from.leave(a.free)
		a.free = a.from.room(n)
	} else {
		if a.next == 0 {
			a.next = leastPiece
		}
		a.free = make([]byte, 0, max(n, a.next))
		a.next = min(max(a.next, leastPiece)*2, mostPiece)
	}
	a.taken += cap(a.free)
}

// Close leaves what is free to the next arena of the same pieces. The texts in
// it stay; nothing more is written.
func (a *Arena) Close() {
	if a.from != nil {
		a.from.leave(a.free)
	}
	a.free = nil
}

// took says that the room up to the end of used is in use.
func (a *Arena) took(used []byte) { a.free = used[len(used):len(used):cap(used)] }

// longestNumber bounds what a value that is no text takes as one.
const longestNumber = 400

// Scan takes a value from database/sql. The error names the Go type that
// cannot be taken, never the value.
func (c *Cell) Scan(src any) error {
	if c.kept {
		var own Arena
		return c.ScanInto(&own, src)
	}
	if c.again == nil {
		c.again = &again{}
	}
	buf, err := c.read(c.again.buf[:0], src)
	c.again.buf, c.again.read = buf, false
	c.raw = textIn(buf)
	return err
}

// Fill is ScanInto for all cells of a row, with the values of a driver.
func (a *Arena) Fill(cells []Cell, values []driver.Value) error {
	free := a.free
	for i := range cells {
		c := &cells[i]
		switch v := values[i].(type) {
		case nil:
			c.kind, c.raw = CellNull, ""
			continue
		case []byte:
			switch own := c.room(len(v)); {
			case c.column == ColumnBit || v == nil:
			case own != nil:
				c.kind, c.raw = CellBytes, textIn(append(own, v...))
				continue
			case c.kept && len(v) <= cap(free):
				free = free[:len(v)]
				copy(free, v)
				c.kind, c.raw = CellBytes, textIn(free)
				free = free[len(v):len(v)]
				continue
			}
		case int64:
			if own := c.room(longestInteger); own != nil {
				c.kind, c.raw = CellInt, textIn(strconv.AppendInt(own, v, 10))
				continue
			}
			if c.kept && cap(free) >= longestInteger {
				text := strconv.AppendInt(free[:0], v, 10)
				c.kind, c.raw = CellInt, textIn(text)
				free = free[len(text):len(text)]
				continue
			}
		}
		a.free = free
		if err := c.ScanInto(a, values[i]); err != nil {
			return err
		}
		free = a.free
	}
	a.free = free
	return nil
}

// room is the buffer of a cell that serves row after row, for another text of n
// bytes; nil where there is none or it has not got that much.
func (c *Cell) room(n int) []byte {
	if c.again == nil || n > cap(c.again.buf) {
		return nil
	}
	c.again.read = false
	return c.again.buf[:0]
}

// longestInteger is what a whole number takes as text.
const longestInteger = 20

// ScanInto is Scan for a kept cell, whose text goes into the arena.
func (c *Cell) ScanInto(a *Arena, src any) error {
	if !c.kept {
		return c.Scan(src)
	}
	var err error
	var buf []byte
	switch v := src.(type) {
	case nil:
		c.SetNull()
		return nil
	case []byte:
		buf, err = c.read(a.room(max(len(v), longestNumber)), src)
	case string:
		c.kind, c.raw = CellText, v
		return nil
	default:
		buf, err = c.read(a.room(longestNumber), src)
	}
	c.raw = textIn(buf)
	a.took(buf)
	return err
}

func textIn(buf []byte) string {
	if len(buf) == 0 {
		return ""
	}
	return unsafe.String(unsafe.SliceData(buf), len(buf)) //nolint:gosec // it is read while buf stays as it is
}

// read appends a value's text to buf.
func (c *Cell) read(buf []byte, src any) ([]byte, error) {
	switch v := src.(type) {
	case nil:
		c.kind = CellNull
	case []byte:
		buf = c.scanBytes(buf, v)
	case sql.RawBytes:
		buf = c.scanBytes(buf, v)
	case string:
		c.kind, buf = CellText, append(buf, v...)
	case int64:
		c.kind, buf = CellInt, strconv.AppendInt(buf, v, 10)
	case int32:
		c.kind, buf = CellInt, strconv.AppendInt(buf, int64(v), 10)
	case int:
		c.kind, buf = CellInt, strconv.AppendInt(buf, int64(v), 10)
	case uint64:
		c.kind, buf = CellUint, strconv.AppendUint(buf, v, 10)
	case uint32:
		c.kind, buf = CellUint, strconv.AppendUint(buf, uint64(v), 10)
	case float64:
		c.kind, buf = CellFloat, strconv.AppendFloat(buf, v, 'f', -1, 64)
	case float32:
		c.kind, buf = CellFloat, strconv.AppendFloat(buf, float64(v), 'f', -1, 32)
	case bool:
		digit := byte('0')
		if v {
			digit = '1'
		}
		c.kind, buf = CellInt, append(buf, digit)
	case time.Time:
		c.kind, buf = CellTime, c.appendTime(buf, v)
	default:
		c.kind = CellNull
		return buf, fmt.Errorf("a column value of Go type %T cannot be read", src)
	}
	return buf, nil
}

// scanBytes copies: the driver keeps the memory. BIT columns arrive as
// big-endian bytes and become a number.
func (c *Cell) scanBytes(buf, src []byte) []byte {
	if src == nil {
		c.kind = CellNull
		return buf
	}
	if c.column == ColumnBit && len(src) <= 8 {
		var bits uint64
		for _, b := range src {
			bits = bits<<8 | uint64(b)
		}
		c.kind = CellUint
		return strconv.AppendUint(buf, bits, 10)
	}
	c.kind = CellBytes
	return append(buf, src...)
}

// appendTime writes a driver-made time the way the server would have written
// it. UTC means "no zone was stored"; any other offset was, and stays.
func (c *Cell) appendTime(buf []byte, t time.Time) []byte {
	hour, minute, second := t.Clock()
	_, offset := t.Zone()
	if c.column == ColumnDate && hour|minute|second|t.Nanosecond()|offset == 0 {
		return t.AppendFormat(buf, "2006-01-02")
	}
	buf = t.AppendFormat(buf, "2006-01-02 15:04:05.999999")
	if offset != 0 {
		buf = t.AppendFormat(buf, "-07:00")
	}
	return buf
}

// view is the raw text without a copy, for readers inside the package that
// keep nothing of it.
func (c *Cell) view() string {
	if c.kind == CellNull {
		return ""
	}
	return c.raw
}

// Text is the value cleaned (see Clean); Empty when nothing is left. Equal
// values of neighbouring rows share one string.
func (c *Cell) Text() (string, State) {
	if c.kind == CellNull {
		return "", Empty
	}
	text := ""
	switch {
	case c.kept:
		text = Clean(c.raw)
	case c.again == nil: // a text that was set
		text = Clean(c.raw)
	default:
		if a := c.again; !a.read {
			if c.raw != a.from {
				a.from = strings.Clone(c.raw)
				a.text = Clean(a.from)
			}
			a.read = true
		}
		text = c.again.text
	}
	if text == "" {
		return "", Empty
	}
	return text, Present
}

// Integer reads the value as a whole number, see Integer.
func (c *Cell) Integer() (int64, State) { return Integer(c.view()) }

// Bool reads the value as yes or no, see Bool.
func (c *Cell) Bool() (bool, State) { return Bool(c.view()) }

// Decimal reads the value as a decimal in canonical form. A number of the
// server has a point and nothing else, so rule.Decimal only counts for texts;
// exponents are only read from binary floats.
func (c *Cell) Decimal(rule MoneyRule) (string, State) {
	text, state := c.Text()
	if state != Present {
		return "", state
	}
	if c.column.Numeric() || c.kind == CellInt || c.kind == CellUint || c.kind == CellFloat {
		return storedNumber(text, rule.Minor, c.column == ColumnFloat || c.kind == CellFloat)
	}
	return Decimal(text, rule)
}
