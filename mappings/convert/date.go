package convert

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// DateRule says how dates are written in one column, or in several that go
// together.
type DateRule struct {
	// Spelling is what stands there: elements yyyy yy c mm dd ddd hh mi ss and
	// fixed characters between them, or iso, unix, unixms; blanks part what
	// stands in one column from what stands in the next; several ways are
	// parted by |. Empty: as the column was declared.
	Spelling string
	// Columns is how many columns go together; 0 is 1.
	Columns int
	Zone    *Zone // of every date without a zone of its own
	// KeepMidnight takes a local 00:00:00 for midnight and not for a date
	// without time. Change stamps are read so.
	KeepMidnight bool
	AddDays      int // added to the date on the wall
}

// Date reads dates by one rule.
type Date struct {
	rule      DateRule
	spellings []spelling
	short     bool // nothing but the zone is said, see AppendRead
}

// The forms two columns have where nothing is spelt out.
var (
	declared       = spelling{groups: []group{{form: formISO}}, timed: true}
	declaredInTwo  = spelling{groups: []group{{form: formISO}, {form: formClock}}, timed: true}
	errNeedsZone   = errors.New("a date needs a time zone")
	errManyColumns = errors.New("three and more date columns need a spelling that says what stands in each")
)

// CompileDate checks a rule and makes it ready. Errors say what is wrong with
// the spelling in words for the mapping's author.
func CompileDate(rule DateRule) (*Date, error) {
	if rule.Zone == nil {
		return nil, errNeedsZone
	}
	rule.Columns = max(rule.Columns, 1)
	d := &Date{rule: rule}
	if rule.Spelling == "" {
		switch rule.Columns {
		case 1:
			d.spellings = []spelling{declared}
			d.short = rule.AddDays == 0
		case 2:
			d.spellings = []spelling{declaredInTwo}
		default:
			return nil, errManyColumns
		}
		return d, nil
	}
	spellings, err := parseSpellings(rule.Spelling)
	if err != nil {
		return nil, err
	}
	for _, s := range spellings {
		if rule.Columns > 1 && len(s.groups) != rule.Columns {
			return nil, fmt.Errorf("the date spelling %q speaks of %d columns, but %d are given", rule.Spelling, len(s.groups), rule.Columns)
		}
		if s.groups[0].onlyTime() {
			return nil, fmt.Errorf("the date spelling %q: the date goes before the time of day", rule.Spelling)
		}
	}
	d.spellings = spellings
	return d, nil
}

// SuitsKind reports whether the rule can read a (first) column declared so;
// false: it needs a spelling, or is no date at all.
func (d *Date) SuitsKind(kind ColumnKind) bool {
	switch kind {
	case ColumnBinary, ColumnTime:
		return false
	case ColumnInteger, ColumnDecimal, ColumnFloat, ColumnBit:
		return d.rule.Spelling != ""
	}
	return true
}

// Read reads the date in as many cells as the rule has columns; a first cell
// without anything is Empty whatever the others hold.
func (d *Date) Read(cells ...*Cell) (time.Time, State) {
	var w wall
	if state := d.read(&w, cells); state != Present {
		return time.Time{}, state
	}
	return d.instant(&w)
}

// ReadText reads a date from one text as if it stood in a column declared so.
func (d *Date) ReadText(kind ColumnKind, text string) (time.Time, State) {
	cell := NewCell(kind)
	cell.SetText(text)
	return d.Read(&cell)
}

// ChangedSince reports whether what the cells tell may have happened at since
// or later: a date without time lasts to the end of its day, a time that the
// clocks showed twice counts as the later one. It is for change stamps.
func (d *Date) ChangedSince(since time.Time, cells ...*Cell) (bool, State) {
	var w wall
	if state := d.read(&w, cells); state != Present {
		return false, state
	}
	if _, state := d.instant(&w); state != Present {
		return false, state
	}
	since = since.Truncate(time.Second)
	switch {
	case w.absolute:
		return w.unix+int64(d.rule.AddDays)*secondsOfDay >= since.Unix(), Present
	case d.dayOnly(&w):
		return d.rule.Zone.latest(d.seconds(&w)+secondsOfDay) > since.Unix(), Present
	}
	return d.rule.Zone.latest(d.seconds(&w)) >= since.Unix(), Present
}

const secondsOfDay = int64(24 * time.Hour / time.Second)

// wall is a date as it was written.
type wall struct {
	year, month, day     int
	yearDay              int // instead of month and day
	hour, minute, second int
	century              int
	shortYear            bool // year is two digits, century belongs to it if given
	hasCentury           bool
	timed                bool  // a time of day was given
	absolute             bool  // unix holds the instant, or the date with its own offset
	unix                 int64 // seconds
	zoned                bool  // an offset was written
	offset               int   // seconds east
}

// read fills w; Present means the parts form a date that exists.
func (d *Date) read(w *wall, cells []*Cell) State {
	if len(cells) == 0 || len(cells) != d.rule.Columns {
		return Unreadable
	}
	first := trimRaw(cells[0])
	if len(first) == 0 {
		return Empty
	}
	state := Unreadable
	for i := range d.spellings {
		*w = wall{}
		if state = d.readSpelling(w, &d.spellings[i], first, cells); state != Unreadable {
			return state
		}
	}
	return state
}

func (d *Date) readSpelling(w *wall, s *spelling, first []byte, cells []*Cell) State {
	if cells[0].column == ColumnYear && len(cells) == 1 && d.rule.Spelling == "" {
		if allZero(first) {
			return ZeroDate
		}
		if len(first) != 4 || !number(first, &w.year) {
			return Unreadable
		}
		w.month, w.day = 1, 1
		return w.check()
	}
	if len(cells) == 1 {
		if !readJoined(w, s, first, cells[0].kind) {
			return unreadable(first)
		}
	} else {
		for i := range s.groups {
			raw := first
			if i > 0 {
				raw = trimRaw(cells[i])
			}
			if !readColumn(w, &s.groups[i], raw, cells[i].kind) {
				return unreadable(first)
			}
		}
	}
	if s.hasForm(formUnix) || s.hasForm(formUnixMilli) {
		if w.unix == 0 && allZero(first) {
			return ZeroDate
		}
		return Present
	}
	if len(cells) == 1 && s.groups[0].form == formISO && cells[0].column == ColumnTimestamp && w.timed && !w.zoned {
		w.zoned = true // the session's zone is UTC
	}
	if state := w.check(); state != Present {
		return state
	}
	if w.zoned {
		w.absolute = true
		w.unix = w.seconds() - int64(w.offset)
	}
	return Present
}

// unreadable tells a date of zeros, however many, from one that makes no
// sense.
func unreadable(raw []byte) State {
	if allZero(raw) {
		return ZeroDate
	}
	return Unreadable
}

// check completes year, month and day and says whether they exist.
func (w *wall) check() State {
	if w.shortYear {
		switch {
		case w.hasCentury:
			w.year += 1900 + 100*w.century
		case w.year >= 70:
			w.year += 1900
		default:
			w.year += 2000
		}
	}
	byYearDay := w.month == 0 && w.day == 0 && w.yearDay > 0
	if w.year == 0 || !byYearDay && (w.month == 0 || w.day == 0) {
		return ZeroDate
	}
	if w.year < 1000 || w.year > 9999 || w.hour > 23 || w.minute > 59 || w.second > 59 {
		return Unreadable
	}
	if byYearDay {
		t := time.Date(w.year, 1, w.yearDay, 0, 0, 0, 0, time.UTC)
		if t.Year() != w.year {
			return Unreadable
		}
		w.month, w.day = int(t.Month()), t.Day()
		return Present
	}
	if w.month > 12 || w.day > daysIn(w.year, w.month) {
		return Unreadable
	}
	return Present
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// seconds is the wall clock time as if it were UTC's.
func (w *wall) seconds() int64 {
	return time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, 0, time.UTC).Unix()
}

// seconds is the same with the rule's days added.
func (d *Date) seconds(w *wall) int64 { return w.seconds() + int64(d.rule.AddDays)*secondsOfDay }

// dayOnly reports whether w is a day and no time of it.
func (d *Date) dayOnly(w *wall) bool {
	return !w.timed || !d.rule.KeepMidnight && w.hour|w.minute|w.second == 0
}

// instant makes the instant: a day is noon UTC (R119), so that it is the same
// day everywhere.
func (d *Date) instant(w *wall) (time.Time, State) {
	var unix int64
	switch {
	case w.absolute:
		unix = w.unix + int64(d.rule.AddDays)*secondsOfDay
	case d.dayOnly(w):
		w.hour, w.minute, w.second = 12, 0, 0
		unix = d.seconds(w)
		w.hour = 0
	default:
		unix = d.rule.Zone.instant(d.seconds(w))
	}
	if unix < firstInstant || unix > lastInstant {
		return time.Time{}, Unreadable
	}
	return timeOf(unix), Present
}

func timeOf(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

// The instants that can be written with a year of four digits.
var (
	firstInstant = time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastInstant  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
)

// Instant writes an instant the way the API has it: UTC, whole seconds, Z
// (R118).
func Instant(t time.Time) string {
	var buf [len("2006-01-02T15:04:05Z")]byte
	return string(AppendInstant(buf[:0], t))
}

// AppendInstant is Instant for a buffer of the caller's. Years have four
// digits, as every date that was read has.
func AppendInstant(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendTwo(appendTwo(dst, year/100%100), year%100)
	dst = appendTwo(append(dst, '-'), int(month))
	dst = appendTwo(append(dst, '-'), day)
	dst = appendTwo(append(dst, 'T'), hour)
	dst = appendTwo(append(dst, ':'), minute)
	dst = appendTwo(append(dst, ':'), second)
	return append(dst, 'Z')
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// trimRaw is what a cell holds without blanks and control characters around
// it.
func trimRaw(c *Cell) []byte {
	raw := c.Bytes()
	for len(raw) > 0 && (raw[0] <= ' ' || raw[0] == 0x7f) {
		raw = raw[1:]
	}
	for len(raw) > 0 && (raw[len(raw)-1] <= ' ' || raw[len(raw)-1] == 0x7f) {
		raw = raw[:len(raw)-1]
	}
	if len(raw) > 0 && (raw[0] >= 0x80 || raw[len(raw)-1] >= 0x80) {
		return bytes.TrimFunc(raw, isBlankOrControl)
	}
	return raw
}

// allZero reports whether raw is a date of nothing but zeros.
func allZero(raw []byte) bool {
	zeros := 0
	for _, b := range raw {
		switch b {
		case '0':
			zeros++
		case '-', '/', '.', ':', ' ', 'T', 'Z':
		default:
			return false
		}
	}
	return zeros > 0
}
