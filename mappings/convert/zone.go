package convert

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"time"
)

// Zone turns wall clock times of one time zone into instants. It does not
// leave the hours around a change of the clocks to time.Date, which promises
// no choice there.
type Zone struct {
	location *time.Location
	periods  []period // without gaps between them, for the years dealers have
}

// period is a stretch of time with one offset: start <= t < end in Unix
// seconds, offset in seconds east of UTC.
type period struct{ start, end, offset int64 }

// reach is more than any zone was ever away from UTC (15 h 13 min).
const reach = int64(26 * time.Hour / time.Second)

// LoadZone loads a zone by its IANA name. The machine's own zone ("Local", "")
// is refused: it says nothing about the dealer.
func LoadZone(name string) (*Zone, error) {
	if name == "" || name == "Local" {
		return nil, errors.New("the time zone must be named, such as America/Chicago")
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is no IANA time zone, such as America/Chicago: %w", name, err)
	}
	from := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	upTo := time.Date(2070, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	return &Zone{location: location, periods: periodsOf(location, from, upTo)}, nil
}

// periodsOf lists the periods of from..upTo, in order; the first is taken to
// begin at from.
//
// ZoneBounds is only asked for a hint. Where a zone's rule goes on for ever it
// takes every year for one of 365 days, and on the last day of a leap year
// names an end that has passed; the walk then goes on by the hour, which no
// period is shorter than.
func periodsOf(location *time.Location, from, upTo int64) []period {
	var periods []period
	for at := from; at <= upTo; {
		t := time.Unix(at, 0).In(location)
		_, offset := t.Zone()
		end := at + 3600
		switch _, bound := t.ZoneBounds(); {
		case bound.IsZero():
			end = math.MaxInt64
		case bound.Unix() > at:
			end = bound.Unix()
		}
		if last := len(periods) - 1; last >= 0 && periods[last].offset == int64(offset) {
			periods[last].end = end
		} else {
			periods = append(periods, period{start: at, end: end, offset: int64(offset)})
		}
		at = end
	}
	return periods
}

// Location is the zone as the standard library knows it.
func (z *Zone) Location() *time.Location { return z.location }

// Today is the zone's day at that instant, as 2006-01-02.
func (z *Zone) Today(now time.Time) string { return now.In(z.location).Format("2006-01-02") }

// Instant is when the clocks of the zone showed this date and time, in UTC.
// A time that was skipped counts on from before the gap by the old offset
// (02:30 in a gap of an hour is 03:30); of a time that came twice the earlier
// is meant. The parts must be in range.
func (z *Zone) Instant(year int, month time.Month, day, hour, minute, second int) time.Time {
	wall := time.Date(year, month, day, hour, minute, second, 0, time.UTC).Unix()
	return time.Unix(z.instant(wall), 0).UTC()
}

// instant takes and gives seconds, wall as if the clocks were those of UTC.
func (z *Zone) instant(wall int64) int64 {
	periods := z.around(wall)
	i := firstAfter(periods, wall-reach)
	// The period of wall-reach began before the clocks could show this time.
	// The first later one in which they did, wins; where they jumped over it,
	// the offset before the jump holds.
	for ; i < len(periods)-1; i++ {
		at := wall - periods[i].offset
		if at < periods[i].end || wall-periods[i+1].offset < periods[i+1].start {
			return at
		}
	}
	return wall - periods[i].offset
}

// around is periods that cover a wall clock time amply.
func (z *Zone) around(wall int64) []period {
	first, last := z.periods[0], z.periods[len(z.periods)-1]
	if first.start <= wall-reach && last.end > wall+reach {
		return z.periods
	}
	return periodsOf(z.location, wall-reach, wall+reach)
}

// latest is the last instant at which the clocks showed this time; for one
// that was skipped it is that of instant.
func (z *Zone) latest(wall int64) int64 {
	last := z.instant(wall)
	periods := z.around(wall)
	for i := firstAfter(periods, last); i < len(periods) && periods[i].start <= wall+reach; i++ {
		if at := wall - periods[i].offset; at >= periods[i].start && at < periods[i].end {
			last = at
		}
	}
	return last
}

// leastOffset is the smallest offset in force within a day of an instant.
func (z *Zone) leastOffset(at int64) int64 {
	periods := z.around(at)
	i := firstAfter(periods, at-reach)
	least := periods[i].offset
	for ; i < len(periods) && periods[i].start <= at+reach; i++ {
		least = min(least, periods[i].offset)
	}
	return least
}

// firstAfter is the index of the first period that ends after an instant.
func firstAfter(periods []period, at int64) int {
	return sort.Search(len(periods), func(i int) bool { return periods[i].end > at })
}
