package sqlcrm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
)

// fitting is how a text is made to fit a column.
type fitting struct {
	column  *database.Column
	zone    *time.Location // in which moments are written
	as      *layout        // how a moment is spelt; nil: as the column's type says
	cut     bool
	length  int // with cut: characters; 0: as many as the column holds
	instead *string
}

// fitted is what became of a text.
type fitted struct {
	arg      any
	text     string // what was written, for marks and plans
	rest     string // what was cut off
	cut      bool
	replaced bool
}

// fit makes a text fit, or says why it does not. The reason holds no value.
func (f *fitting) fit(text string) (out fitted, reason string) {
	if f.as != nil {
		at, day, ok := moment(text, f.zone)
		if !ok {
			return out, "this is no day or moment"
		}
		if day {
			at = dayAt(text, f.zone)
		}
		text = f.as.write(at.In(f.zone))
	}
	switch f.column.Kind {
	case convert.ColumnDate, convert.ColumnDateTime, convert.ColumnTimestamp, convert.ColumnTime:
		return f.time(text)
	case convert.ColumnInteger, convert.ColumnYear, convert.ColumnBit:
		return f.integer(text)
	case convert.ColumnDecimal, convert.ColumnFloat:
		return f.decimal(text)
	case convert.ColumnJSON:
		if !json.Valid([]byte(text)) {
			return out, "the column takes JSON, and this is none"
		}
	}
	return f.words(text)
}

// moment reads a day (2006-01-02) or a moment, with an offset or in zone.
func moment(text string, zone *time.Location) (at time.Time, day, ok bool) {
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, true, true
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at, false, true
		}
	}
	return time.Time{}, false, false
}

// dayAt is the beginning of a day in a zone.
func dayAt(text string, zone *time.Location) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}
	}
	return at
}

func (f *fitting) time(text string) (out fitted, reason string) {
	at, day, ok := moment(text, f.zone)
	if !ok {
		return out, "the column takes a date, and this is none"
	}
	switch {
	case f.column.Kind == convert.ColumnDate && day:
		text = at.Format(time.DateOnly)
	case f.column.Kind == convert.ColumnDate:
		text = at.In(f.zone).Format(time.DateOnly)
	case f.column.Kind == convert.ColumnTimestamp:
		if day {
			at = dayAt(text, f.zone)
		}
		text = at.UTC().Format(time.DateTime)
	case f.column.Kind == convert.ColumnTime && day:
		return out, "the column takes a time of day, and this is a day"
	case f.column.Kind == convert.ColumnTime:
		text = at.In(f.zone).Format(time.TimeOnly)
	case day:
		text = at.Format(time.DateTime)
	default:
		text = at.In(f.zone).Format(time.DateTime)
	}
	return fitted{arg: text, text: text}, ""
}

func (f *fitting) integer(text string) (out fitted, reason string) {
	const wanted = "the column takes a whole number, and this is none"
	switch text {
	case "":
		return out, wanted
	case "true":
		text = "1"
	case "false":
		text = "0"
	}
	if f.column.Unsigned {
		n, err := strconv.ParseUint(text, 10, 64)
		bits := f.column.Bits
		switch {
		case err != nil:
			return out, wanted
		case bits > 0 && bits < 64 && n>>bits != 0:
			return out, "the number is out of the column's range"
		}
		return fitted{arg: text, text: text}, ""
	}
	n, state := convert.Integer(text)
	if state != convert.Present {
		return out, wanted
	}
	if bits := f.column.Bits; bits > 0 && bits < 64 && (n >= 1<<(bits-1) || n < -1<<(bits-1)) {
		return out, "the number is out of the column's range"
	}
	return fitted{arg: n, text: strconv.FormatInt(n, 10)}, ""
}

func (f *fitting) decimal(text string) (out fitted, reason string) {
	number, state := convert.Decimal(text, convert.MoneyRule{})
	if state != convert.Present {
		return out, "the column takes a number, and this is none"
	}
	if f.column.Precision > 0 {
		whole, _, _ := strings.Cut(strings.TrimLeft(strings.TrimPrefix(number, "-"), "0"), ".")
		if len(whole) > f.column.Precision-f.column.Scale {
			return out, "the number is out of the column's range"
		}
		number = convert.Round(number, f.column.Scale)
	}
	return fitted{arg: number, text: number}, ""
}

func (f *fitting) words(text string) (out fitted, reason string) {
	if f.column.Holds != nil && !f.column.Holds(text) {
		if f.instead == nil {
			return out, fmt.Sprintf("the column holds %s only, and the text has other characters; `instead:` says what to write in their place", f.column.Charset)
		}
		text, out.replaced = replaced(text, *f.instead, f.column.Holds), true
	}
	if len(f.column.Members) > 0 {
		at := slices.IndexFunc(f.column.Members, func(m string) bool { return strings.EqualFold(m, text) })
		if at < 0 {
			return out, "the column takes certain words only, and this is none of them; a code map can translate it"
		}
		text = f.column.Members[at]
	}
	most := f.room(text)
	if f.cut && f.length > 0 && (most < 0 || f.length < most) {
		most = f.length
	}
	if most >= 0 && utf8.RuneCountInString(text) > most {
		if !f.cut {
			return out, fmt.Sprintf("the text is longer than the %d characters of the column; `cut: true` would cut it", f.column.MaxChars)
		}
		kept, _ := convert.CutTo(text, most)
		out.rest, out.cut = strings.TrimSpace(strings.TrimPrefix(text, kept)), true
		text = kept
	}
	out.arg, out.text = text, text
	return out, ""
}

// room is how many characters of a text the column holds, -1 for all.
func (f *fitting) room(text string) int {
	most := f.column.MaxChars
	if most <= 0 {
		return -1
	}
	single := database.SingleByte(f.column.Charset)
	if !f.column.Bytes || single {
		return most
	}
	n, size := 0, 0
	for _, r := range text {
		if size += max(1, utf8.RuneLen(r)); size > most {
			return n
		}
		n++
	}
	return -1
}

// layout is a spelling of moments, as `as:` has it.
type layout struct {
	unix  int64 // of a second: 1, of a millisecond: 1000; 0: a spelling
	parts []string
}

// layoutParts are what a spelling is made of; mm behind hh is minutes.
var layoutParts = []string{"yyyy", "yy", "mm", "dd", "hh", "mi", "ss"}

// newLayout reads a spelling such as dd.mm.yyyy hh:mi.
func newLayout(spelling string) (*layout, error) {
	switch strings.TrimSpace(spelling) {
	case "unix":
		return &layout{unix: 1}, nil
	case "unixms":
		return &layout{unix: 1000}, nil
	case "iso":
		spelling = "yyyy-mm-ddThh:mi:ss"
	}
	l := &layout{}
	previous, some := "", false
	for rest := spelling; rest != ""; {
		part := ""
		for _, one := range layoutParts {
			if strings.HasPrefix(strings.ToLower(rest), one) {
				part = one
				break
			}
		}
		if part == "" {
			if c := rest[0] | 0x20; c >= 'a' && c <= 'z' && rest[0] != 'T' {
				return nil, fmt.Errorf("the spelling has %q, which is none of yyyy yy mm dd hh mi ss, unix, unixms, iso", rest)
			}
			l.parts = append(l.parts, rest[:1])
			rest = rest[1:]
			continue
		}
		rest = rest[len(part):]
		if part == "mm" && previous == "hh" {
			part = "mi"
		}
		previous, some = part, true
		l.parts = append(l.parts, part)
	}
	if !some {
		return nil, fmt.Errorf("%q is no spelling of a date; write one such as yyyymmdd or dd.mm.yyyy hh:mi", spelling)
	}
	return l, nil
}

// write spells a moment.
func (l *layout) write(at time.Time) string {
	switch l.unix {
	case 1:
		return strconv.FormatInt(at.Unix(), 10)
	case 1000:
		return strconv.FormatInt(at.UnixMilli(), 10)
	}
	forms := map[string]string{"yyyy": "2006", "yy": "06", "mm": "01", "dd": "02", "hh": "15", "mi": "04", "ss": "05"}
	var b strings.Builder
	for _, part := range l.parts {
		if form, ok := forms[part]; ok {
			b.WriteString(at.Format(form))
		} else {
			b.WriteString(part)
		}
	}
	return b.String()
}

// formatted gives what a number with a shape begins with on a day.
func formatted(f *crmfile.Format, day time.Time) (prefix string, digits int) {
	var b strings.Builder
	for _, part := range f.Parts {
		switch {
		case part.Next:
			digits = part.Digits
		case part.Date != "":
			l := layout{parts: []string{part.Date}}
			b.WriteString(l.write(day))
		default:
			b.WriteString(part.Fixed)
		}
	}
	return b.String(), digits
}

// replaced writes instead in place of each character a column cannot hold.
func replaced(text, instead string, holds func(string) bool) string {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if holds(string(r)) {
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, instead...)
		}
	}
	return string(out)
}
