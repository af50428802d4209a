package convert

import (
	"database/sql"
	"fmt"
	"strconv"
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

// Cell is one column of the current row. It is a sql.Scanner that takes every
// form a driver delivers and keeps it as text in a buffer of its own, so that
// one set of cells serves all rows of a statement.
type Cell struct {
	column ColumnKind
	kind   CellKind
	read   bool // memoText belongs to buf
	buf    []byte
	// The last text handed out: neighbouring rows often repeat codes, branches
	// and names, and then share one string.
	memoRaw  string
	memoText string
}

var _ sql.Scanner = (*Cell)(nil)

// NewCell returns an empty cell of a column declared so.
func NewCell(column ColumnKind) Cell { return Cell{column: column} }

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
	return c.buf
}

// String is the value as text, exactly as delivered; "" for NULL.
func (c *Cell) String() string {
	if c.kind == CellNull {
		return ""
	}
	return string(c.buf)
}

// SetNull makes the cell NULL.
func (c *Cell) SetNull() {
	c.kind, c.read = CellNull, false
	c.buf = c.buf[:0]
}

// SetText fills the cell as if the driver had delivered this text.
func (c *Cell) SetText(text string) {
	c.kind, c.read = CellText, false
	c.buf = append(c.buf[:0], text...)
}

// Scan takes a value from database/sql. The error names the Go type that
// cannot be taken, never the value.
func (c *Cell) Scan(src any) error {
	c.read = false
	buf := c.buf[:0]
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
		c.SetNull()
		return fmt.Errorf("a column value of Go type %T cannot be read", src)
	}
	c.buf = buf
	return nil
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
	if c.kind == CellNull || len(c.buf) == 0 {
		return ""
	}
	return unsafe.String(unsafe.SliceData(c.buf), len(c.buf)) //nolint:gosec // only Integer, Bool and Clear read it, and keep no part
}

// Text is the value cleaned (see Clean); Empty when nothing is left. Equal
// values of neighbouring rows share one string.
func (c *Cell) Text() (string, State) {
	if c.kind == CellNull {
		return "", Empty
	}
	if !c.read {
		if string(c.buf) != c.memoRaw {
			c.memoRaw = string(c.buf)
			c.memoText = Clean(c.memoRaw)
		}
		c.read = true
	}
	if c.memoText == "" {
		return "", Empty
	}
	return c.memoText, Present
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
