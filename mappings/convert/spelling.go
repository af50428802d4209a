package convert

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A spelling is groups parted by blanks; a group is either a whole form (iso,
// unix, unixms) or elements and fixed characters: yyyy yy c mm dd ddd hh mi
// (mm behind hh) ss.

// form is how a group is read.
type form uint8

const (
	formElements form = iota
	formISO           // 2006-01-02, with time, fraction and zone if they are there
	formClock         // 15:04:05
	formUnix          // seconds
	formUnixMilli
)

// part is what an element stands for.
type part uint8

const (
	partFixed part = iota
	partYear       // four digits
	partShortYear
	partCentury // 0 is 19xx, 1 is 20xx
	partMonth
	partDay
	partYearDay
	partHour
	partMinute
	partSecond
)

// element is one part of a group, or one fixed byte.
type element struct {
	part  part
	width int
	fixed byte
}

// run is elements without anything between them, or one fixed byte.
type run struct {
	elements []element
	width    int
	exact    bool // no fewer digits than width
	padded   bool // zeros may have been lost in front
}

type group struct {
	form form
	runs []run
}

// spelling is one way to write a date.
type spelling struct {
	groups []group
	timed  bool // has a time of day
}

// has reports whether a part occurs in the group.
func (g group) has(p part) bool {
	for _, r := range g.runs {
		if slices.ContainsFunc(r.elements, func(e element) bool { return e.part == p }) {
			return true
		}
	}
	return false
}

func (s spelling) hasForm(f form) bool {
	return slices.ContainsFunc(s.groups, func(g group) bool { return g.form == f })
}

// parseSpellings reads alternatives parted by bars.
func parseSpellings(text string) ([]spelling, error) {
	var all []spelling
	for alternative := range strings.SplitSeq(text, "|") {
		s, err := parseSpelling(strings.ToLower(strings.TrimSpace(alternative)))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func parseSpelling(text string) (spelling, error) {
	var s spelling
	for _, word := range strings.Fields(text) {
		g, err := parseGroup(word)
		if err != nil {
			return spelling{}, err
		}
		s.groups = append(s.groups, g)
	}
	return s, s.check(text)
}

func parseGroup(word string) (group, error) {
	switch word {
	case "iso":
		return group{form: formISO}, nil
	case "unix":
		return group{form: formUnix}, nil
	case "unixms":
		return group{form: formUnixMilli}, nil
	}
	var g group
	var current run
	previous := partFixed // of the elements, fixed characters aside
	closeRun := func() {
		if len(current.elements) > 0 {
			g.runs = append(g.runs, current)
			current = run{}
		}
	}
	for i := 0; i < len(word); {
		e, size, ok := readElement(word[i:], previous)
		if !ok {
			return group{}, fmt.Errorf("the date spelling has %q, which is none of yyyy yy c mm dd ddd hh mi ss, iso, unix, unixms", word[i:])
		}
		i += size
		if e.part == partFixed {
			closeRun()
			g.runs = append(g.runs, run{elements: []element{e}, width: 1})
			continue
		}
		previous = e.part
		current.elements = append(current.elements, e)
		current.width += e.width
	}
	closeRun()
	for i := range g.runs {
		r := &g.runs[i]
		first := r.elements[0].part
		r.exact = len(r.elements) > 1 || first == partYear || first == partShortYear || first == partYearDay
		r.padded = len(g.runs) == 1 && first != partYear
	}
	return g, nil
}

// readElement reads the element text begins with; previous tells a minute mm
// from a month.
func readElement(text string, previous part) (element, int, bool) {
	for _, known := range [...]struct {
		text  string
		part  part
		width int
	}{
		{"yyyy", partYear, 4},
		{"ccyy", partYear, 4},
		{"yy", partShortYear, 2},
		{"c", partCentury, 1},
		{"mm", partMonth, 2},
		{"mi", partMinute, 2},
		{"ddd", partYearDay, 3},
		{"dd", partDay, 2},
		{"hh", partHour, 2},
		{"ss", partSecond, 2},
	} {
		if strings.HasPrefix(text, known.text) {
			if known.part == partMonth && previous == partHour {
				known.part = partMinute
			}
			return element{part: known.part, width: known.width}, len(known.text), true
		}
	}
	first := text[0]
	switch {
	case first == 't': // the T of 2006-01-02T15:04
		return element{part: partFixed, width: 1, fixed: 'T'}, 1, true
	case first > ' ' && first < 0x7f && (first < 'a' || first > 'z') && (first < '0' || first > '9'):
		return element{part: partFixed, width: 1, fixed: first}, 1, true
	}
	return element{}, 0, false
}

// check reports what makes a spelling name no day, or one thing twice.
func (s *spelling) check(text string) error {
	if len(s.groups) == 0 {
		return errors.New("the date spelling is empty")
	}
	whole := s.hasForm(formUnix) || s.hasForm(formUnixMilli)
	if whole && len(s.groups) > 1 {
		return fmt.Errorf("the date spelling %q: unix and unixms stand alone", text)
	}
	var seen [partSecond + 1]int
	for _, g := range s.groups {
		if g.form == formISO {
			seen[partYear]++
			seen[partMonth]++
			seen[partDay]++
		}
		for _, r := range g.runs {
			for _, e := range r.elements {
				seen[e.part]++
			}
		}
	}
	for p, times := range seen {
		if times > 1 && part(p) != partFixed {
			return fmt.Errorf("the date spelling %q says one part of the date twice", text)
		}
	}
	if whole {
		return nil
	}
	switch {
	case seen[partYear]+seen[partShortYear] != 1:
		return fmt.Errorf("the date spelling %q needs one year: yyyy, yy or cyy", text)
	case seen[partCentury] == 1 && seen[partShortYear] == 0:
		return fmt.Errorf("the date spelling %q: the century digit c goes before yy", text)
	case seen[partYearDay] == 1 && seen[partMonth]+seen[partDay] > 0:
		return fmt.Errorf("the date spelling %q: ddd is the day of the year and goes without mm and dd", text)
	case seen[partYearDay] == 0 && (seen[partMonth] == 0 || seen[partDay] == 0):
		return fmt.Errorf("the date spelling %q needs a month and a day", text)
	case seen[partHour] < seen[partMinute] || seen[partMinute] < seen[partSecond]:
		return fmt.Errorf("the date spelling %q: minutes go with hours, seconds with minutes", text)
	}
	s.timed = seen[partHour] == 1
	return nil
}
