package convert

import "bytes"

// readJoined reads a spelling that stands in one column; its groups are
// parted by blanks there too.
func readJoined(w *wall, s *spelling, raw []byte, kind CellKind) bool {
	if kind == CellTime {
		return readISO(w, raw)
	}
	if len(s.groups) == 1 {
		return readColumn(w, &s.groups[0], raw, kind)
	}
	for i := range s.groups {
		word := raw
		if end := bytes.IndexByte(raw, ' '); end >= 0 {
			word, raw = raw[:end], bytes.TrimLeft(raw[end:], " ")
		} else {
			raw = nil
		}
		if len(word) == 0 || !readColumn(w, &s.groups[i], word, kind) {
			return false
		}
	}
	return len(raw) == 0
}

// readColumn reads one group. A time of day that is not there leaves the date
// without one. What a driver already made a time of is read as such, whatever
// the spelling says of the text it came from.
func readColumn(w *wall, g *group, raw []byte, kind CellKind) bool {
	clock := g.form == formClock || g.form == formElements && g.runs != nil && g.onlyTime()
	switch {
	case len(raw) == 0:
		return clock
	case clock && (kind == CellTime || g.form == formClock):
		return readClockColumn(w, raw)
	case kind == CellTime, g.form == formISO:
		return readISO(w, raw)
	case g.form == formUnix:
		return readUnix(w, raw, 0)
	case g.form == formUnixMilli:
		return readUnix(w, raw, 3)
	}
	return g.readElements(w, raw)
}

// onlyTime reports whether a group is a time of day and nothing else.
func (g *group) onlyTime() bool {
	return g.has(partHour) && !g.has(partYear) && !g.has(partShortYear) && !g.has(partMonth) && !g.has(partDay) && !g.has(partYearDay)
}

// readElements reads runs of digits and the fixed characters between them.
func (g *group) readElements(w *wall, raw []byte) bool {
	if len(g.runs) == 1 {
		raw = wholeNumber(raw) // 20240315.00 out of a DECIMAL
	}
	for i := range g.runs {
		r := &g.runs[i]
		if e := r.elements[0]; e.part == partFixed {
			if len(raw) == 0 || raw[0] != e.fixed && (e.fixed != 'T' || raw[0] != 't') {
				return false
			}
			raw = raw[1:]
			continue
		}
		digits := 0
		for digits < len(raw) && raw[digits] >= '0' && raw[digits] <= '9' {
			digits++
		}
		if digits == 0 || digits > r.width || r.exact && !r.padded && digits < r.width {
			return false
		}
		r.fill(w, raw[:digits])
		raw = raw[digits:]
	}
	return len(raw) == 0
}

// fill takes a run's digits apart; lost zeros are missing in front.
func (r *run) fill(w *wall, digits []byte) {
	missing := r.width - len(digits)
	if len(r.elements) == 1 {
		missing = 0
	}
	at := 0
	for _, e := range r.elements {
		value := 0
		for n := e.width; n > 0; n-- {
			if missing > 0 {
				missing--
				continue
			}
			if at < len(digits) {
				value = 10*value + int(digits[at]-'0')
				at++
			}
		}
		w.set(e.part, value)
	}
}

func (w *wall) set(p part, value int) {
	switch p {
	case partYear:
		w.year = value
	case partShortYear:
		w.year, w.shortYear = value, true
	case partCentury:
		w.century, w.hasCentury = value, true
	case partMonth:
		w.month = value
	case partDay:
		w.day = value
	case partYearDay:
		w.yearDay = value
	case partHour:
		w.hour, w.timed = value, true
	case partMinute:
		w.minute = value
	case partSecond:
		w.second = value
	}
}

// wholeNumber takes a fraction of zeros off.
func wholeNumber(raw []byte) []byte {
	point := bytes.IndexByte(raw, '.')
	if point < 1 || len(bytes.Trim(raw[point+1:], "0")) > 0 {
		return raw
	}
	return raw[:point]
}

// readISO reads 2006-01-02, then a time if there is one behind a T or blanks,
// then a zone if there is one.
func readISO(w *wall, raw []byte) bool {
	if len(raw) < 10 || raw[4] != '-' || raw[7] != '-' {
		return false
	}
	if !number(raw[:4], &w.year) || !number(raw[5:7], &w.month) || !number(raw[8:10], &w.day) {
		return false
	}
	rest := raw[10:]
	if len(rest) == 0 {
		return true
	}
	if rest[0] == 'T' || rest[0] == 't' {
		rest = rest[1:]
	} else {
		trimmed := bytes.TrimLeft(rest, " ")
		if len(trimmed) == len(rest) {
			return false
		}
		rest = trimmed
	}
	rest, ok := readClock(w, rest)
	if !ok {
		return false
	}
	return readOffset(w, bytes.TrimLeft(rest, " "))
}

// readClockColumn reads a column that holds a time of day, alone or behind a
// date that does not count (1899-12-30 09:30:00).
func readClockColumn(w *wall, raw []byte) bool {
	if len(raw) > 10 && raw[4] == '-' {
		var other wall
		if !readISO(&other, raw) || other.zoned {
			return false
		}
		w.hour, w.minute, w.second, w.timed = other.hour, other.minute, other.second, true
		return true
	}
	rest, ok := readClock(w, raw)
	return ok && len(rest) == 0
}

// readClock reads h:mm or h:mm:ss with a fraction, which is dropped, and
// returns what follows.
func readClock(w *wall, raw []byte) ([]byte, bool) {
	colon := bytes.IndexByte(raw, ':')
	if colon < 1 || colon > 2 || len(raw) < colon+3 || !number(raw[:colon], &w.hour) || !number(raw[colon+1:colon+3], &w.minute) {
		return nil, false
	}
	w.second, w.timed = 0, true
	raw = raw[colon+3:]
	if len(raw) == 0 || raw[0] != ':' {
		return raw, true
	}
	if len(raw) < 3 || !number(raw[1:3], &w.second) {
		return nil, false
	}
	raw = raw[3:]
	if len(raw) == 0 || raw[0] != '.' && raw[0] != ',' {
		return raw, true
	}
	digits := 1
	for digits < len(raw) && raw[digits] >= '0' && raw[digits] <= '9' {
		digits++
	}
	return raw[digits:], digits > 1
}

// readOffset reads Z, +hh, +hhmm or +hh:mm, or nothing.
func readOffset(w *wall, raw []byte) bool {
	if len(raw) == 0 {
		return true
	}
	w.zoned = true
	if raw[0] == 'Z' || raw[0] == 'z' {
		return len(raw) == 1
	}
	if raw[0] != '+' && raw[0] != '-' || len(raw) < 3 {
		return false
	}
	var hours, minutes int
	if !number(raw[1:3], &hours) {
		return false
	}
	rest := raw[3:]
	if len(rest) > 0 && rest[0] == ':' {
		rest = rest[1:]
		if len(rest) == 0 {
			return false
		}
	}
	if len(rest) > 0 && (len(rest) != 2 || !number(rest, &minutes)) {
		return false
	}
	if hours > 15 || minutes > 59 {
		return false
	}
	w.offset = hours*3600 + minutes*60
	if raw[0] == '-' {
		w.offset = -w.offset
	}
	return true
}

// readUnix reads seconds since 1970 times ten to the places; fractions of a
// second are dropped.
func readUnix(w *wall, raw []byte, places int) bool {
	negative := len(raw) > 0 && raw[0] == '-'
	if negative {
		raw = raw[1:]
	}
	whole := raw
	fraction := false // something below a whole second
	if point := bytes.IndexByte(raw, '.'); point >= 0 {
		whole = raw[:point]
		for _, b := range raw[point+1:] {
			if b < '0' || b > '9' {
				return false
			}
			fraction = fraction || b != '0'
		}
	}
	if len(whole) == 0 || len(whole) > 16 {
		return false
	}
	var value int64
	for _, b := range whole {
		if b < '0' || b > '9' {
			return false
		}
		value = 10*value + int64(b-'0')
	}
	for range places {
		fraction = fraction || value%10 != 0
		value /= 10
	}
	if negative {
		value = -value
		if fraction {
			value-- // whole seconds lie before the instant, on either side of 1970
		}
	}
	w.unix, w.absolute, w.timed = value, true, true
	return true
}

// number reads digits and nothing else, at most nine.
func number(raw []byte, into *int) bool {
	value := 0
	for _, b := range raw {
		if b < '0' || b > '9' {
			return false
		}
		value = 10*value + int(b-'0')
	}
	*into = value
	return len(raw) > 0 && len(raw) <= 9
}
