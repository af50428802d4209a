package convert

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// westmost is the offset of the zone where the day ends last.
const westmost = -int64(12 * time.Hour / time.Second)

// Ordered reports whether the raw values of columns declared so are in order
// of time, so that Bounds can say where to begin.
func (d *Date) Ordered(kinds ...ColumnKind) bool {
	_, ok := d.Bounds(time.Unix(0, 0), kinds...)
	return ok
}

// Bounds is what `column >= ?` is compared with, column by column, so that no
// row is missed that ChangedSince would report; "" means no condition on that
// column. It may let older rows through, so ChangedSince has the last word.
// ok is false where raw order is not order in time; then all rows are read.
//
// Texts that begin with blanks are not in order. SQLite keeps dates as texts
// of any form: ask with ColumnText there.
func (d *Date) Bounds(since time.Time, kinds ...ColumnKind) (bounds []string, ok bool) {
	if len(d.spellings) != 1 || d.rule.AddDays != 0 {
		return nil, false
	}
	kind := ColumnUnknown
	if len(kinds) > 0 {
		kind = kinds[0]
	}
	at := min(max(since.Unix(), firstInstant), lastInstant)
	var bound string
	s := &d.spellings[0]
	switch g := &s.groups[0]; g.form {
	case formISO:
		bound, ok = d.isoBound(at, kind)
	case formUnix:
		bound, ok = unixBound(at, 1, kind)
	case formUnixMilli:
		bound, ok = unixBound(at, 1000, kind)
	case formElements:
		whole := d.rule.KeepMidnight && len(s.groups) == 1
		bound, ok = g.bound(d.rule.Zone.wallBound(at, whole), kind)
	}
	if !ok {
		return nil, false
	}
	bounds = make([]string, d.rule.Columns)
	bounds[0] = bound
	return bounds, true
}

// wallBound is the earliest the clocks can have shown at an instant or later;
// the whole of its day unless times count to the second.
func (z *Zone) wallBound(at int64, whole bool) time.Time {
	wall := time.Unix(at+z.leastOffset(at), 0).UTC()
	if !whole {
		wall = wall.Truncate(24 * time.Hour)
	}
	return wall
}

// isoBound is for columns that are read as they were declared.
func (d *Date) isoBound(at int64, kind ColumnKind) (string, bool) {
	const day, second = "2006-01-02", "2006-01-02 15:04:05"
	switch kind {
	case ColumnDate:
		return d.rule.Zone.wallBound(at, false).Format(day), true
	case ColumnDateTime:
		if d.rule.Columns > 1 {
			return d.rule.Zone.wallBound(at, false).Format(day), true
		}
		return d.rule.Zone.wallBound(at, d.rule.KeepMidnight).Format(second), true
	case ColumnTimestamp:
		if d.rule.Columns > 1 {
			return d.rule.Zone.wallBound(at, false).Format(day), true
		}
		return time.Unix(at, 0).UTC().Format(second), true
	case ColumnYear:
		return d.rule.Zone.wallBound(at, false).Format("2006"), true
	case ColumnText, ColumnUnknown:
		// Each text may carry a zone of its own; only the day is sure to
		// compare, and that of the westmost zone.
		offset := min(westmost, d.rule.Zone.leastOffset(at))
		return time.Unix(at+offset, 0).UTC().Format(day), true
	}
	return "", false
}

// unixBound is for seconds or parts of them. Numbers kept as text compare in
// order while they have one length, which seconds had from 2001 on.
func unixBound(at, perSecond int64, kind ColumnKind) (string, bool) {
	switch kind {
	case ColumnInteger, ColumnDecimal, ColumnFloat:
		return strconv.FormatInt(at*perSecond, 10), true
	case ColumnText, ColumnUnknown:
		if at < 1_000_000_000 {
			return "", true
		}
		return strconv.FormatInt(at*perSecond, 10), true
	}
	return "", false
}

// bound writes a wall clock time as the group does, if that keeps the order:
// the larger part always goes first and the year has its century.
func (g *group) bound(wall time.Time, kind ColumnKind) (string, bool) {
	number := kind == ColumnInteger || kind == ColumnDecimal || kind == ColumnFloat
	if !number && kind != ColumnText && kind != ColumnUnknown || number && len(g.runs) > 1 {
		return "", false
	}
	if g.has(partCentury) && wall.Year() < 1900 {
		wall = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var b strings.Builder
	last := part(0)
	for _, r := range g.runs {
		for _, e := range r.elements {
			if e.part == partFixed {
				b.WriteByte(e.fixed)
				continue
			}
			if !follows(last, e.part) {
				return "", false
			}
			last = e.part
			fmt.Fprintf(&b, "%0*d", e.width, partOf(wall, e.part))
		}
	}
	bound := b.String()
	if number {
		bound = strings.TrimLeft(bound, "0")
	}
	return bound, true
}

// follows reports whether next is the next smaller part after last; 0: the
// first one.
func follows(last, next part) bool {
	switch next {
	case partYear, partCentury:
		return last == 0
	case partShortYear:
		return last == partCentury
	case partMonth, partYearDay:
		return last == partYear || last == partShortYear
	case partDay:
		return last == partMonth
	case partHour:
		return last == partDay || last == partYearDay
	case partMinute:
		return last == partHour
	case partSecond:
		return last == partMinute
	}
	return false
}

func partOf(t time.Time, p part) int {
	switch p {
	case partYear:
		return t.Year()
	case partShortYear:
		return t.Year() % 100
	case partCentury:
		return (t.Year() - 1900) / 100
	case partMonth:
		return int(t.Month())
	case partDay:
		return t.Day()
	case partYearDay:
		return t.YearDay()
	case partHour:
		return t.Hour()
	case partMinute:
		return t.Minute()
	}
	return t.Second()
}
