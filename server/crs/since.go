package crs

import (
	"regexp"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/server/problem"
)

// moment is what `since` may look like: date, time and zone are all needed
// (R118), seconds and their fraction are not. The blank is a plus sign that was
// not percent-encoded.
var moment = regexp.MustCompile(
	`^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2})(:\d{2})?(\.\d+)?(?:([Zz])|([-+ ])(\d{2})(?::?(\d{2}))?)$`)

// dateAlone is a moment whose time of day is missing.
var dateAlone = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// parseSince reads the moment changes are asked from. The zero date means from
// the beginning: the zero time. The document's sample has a stray sign before
// its moment (R173), so a caller made after it may send one: it means nothing.
// What cannot be read is a bad parameter.
func parseSince(text string) (time.Time, error) {
	text = strings.TrimPrefix(text, ">")
	bad := func(message string) (time.Time, error) {
		return time.Time{}, problem.BadParameter(problem.Fault("since", message))
	}
	if dateAlone.MatchString(text) {
		return bad("the time of day and the zone are missing, as in 2026-03-02T08:00:00Z")
	}
	m := moment.FindStringSubmatch(text)
	if m == nil {
		return bad("must be a moment with date, time and zone, as in 2026-03-02T08:00:00Z")
	}
	date, clock, seconds, fraction, zulu, sign, hours, minutes := m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]
	switch {
	case seconds == "" && fraction != "":
		return bad("a fraction needs seconds before it")
	case seconds == "":
		seconds = ":00"
	}
	if sign == " " {
		sign = "+"
	}
	if minutes == "" {
		minutes = "00"
	}
	zone := "Z"
	if zulu == "" {
		if hours > "23" || minutes > "59" {
			return bad("there is no such zone")
		}
		zone = sign + hours + ":" + minutes
	}
	if date == "0000-00-00" {
		date = "0001-01-01"
		if clock+seconds != "00:00:00" || strings.Trim(fraction, ".0") != "" {
			return bad("there is no such moment")
		}
		zone = "Z" // no zone moves the beginning
	}
	t, err := time.Parse(time.RFC3339Nano, date+"T"+clock+seconds+fraction+zone)
	if err != nil {
		return bad("there is no such moment")
	}
	if t.Before(time.Time{}) {
		t = time.Time{}
	}
	return t.UTC(), nil
}
