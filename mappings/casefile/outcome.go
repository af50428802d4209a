package casefile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Happened is one row that was left out, or one value that was noted, while an
// answer was made.
type Happened struct {
	Row    string // its key, several columns joined by a slash
	Field  string
	Reason string
}

// String gives it in the words of a test.
func (h Happened) String() string {
	field := h.Field
	if field == "" {
		field = "the row itself"
	}
	return fmt.Sprintf("%s is %s in row %s", field, h.Reason, h.Row)
}

func (o Outcome) String() string {
	var parts []string
	if o.Row != nil && o.ofLead {
		parts = append(parts, "lead: "+o.Row.Value)
	}
	if o.Field.Value != "" {
		parts = append(parts, "field: "+o.Field.Value)
	}
	if o.Reason.Value != "" {
		parts = append(parts, "reason: "+o.Reason.Value)
	}
	if o.Row != nil && !o.ofLead {
		parts = append(parts, "row: "+o.Row.Value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// fits says whether something that happened is what a test speaks of; what the
// test does not say may be anything.
func (o Outcome) fits(h Happened) bool {
	return (o.Field.Value == "" || o.Field.Value == h.Field) &&
		(o.Reason.Value == "" || o.Reason.Value == h.Reason) &&
		(o.Row == nil || o.Row.Value == h.Row)
}

// CompareOutcomes holds the rows left out, which a test has to name all, and
// the values noted, of which it may name some, against what happened.
func (t *Test) CompareOutcomes(leftOut, noted []Happened) []Difference {
	found, rest := matched("leftOut", t.LeftOut, leftOut)
	for _, h := range rest {
		pos := t.Name.Pos
		if len(t.LeftOut) > 0 {
			pos = t.LeftOut[0].Pos
		}
		found = append(found, Difference{Pos: pos, Path: "leftOut", Want: nothing, Got: h.String()})
	}
	return append(found, t.CompareNoted(noted)...)
}

// CompareNoted holds the values noted, of which a test may name some, against
// what happened.
func (t *Test) CompareNoted(noted []Happened) []Difference {
	lacking, _ := matched("noted", t.Noted, noted)
	return lacking
}

// matched pairs what a test says with what happened, each once.
func matched(path string, said []Outcome, happened []Happened) (lacking []Difference, rest []Happened) {
	return matchedBy(path, said, happened, Outcome.fits)
}

func matchedBy(path string, said []Outcome, happened []Happened, fits func(Outcome, Happened) bool) (lacking []Difference, rest []Happened) {
	rest = slices.Clone(happened)
	for _, o := range said {
		at := slices.IndexFunc(rest, func(h Happened) bool { return fits(o, h) })
		if at < 0 {
			lacking = append(lacking, Difference{Pos: o.Pos, Path: path, Want: o.String(), Got: "nothing like it"})
			continue
		}
		rest = slices.Delete(rest, at, at+1)
	}
	return lacking, rest
}

// TodayOf is the day a test is run on, as it is written; empty: the day it is
// really run.
func (f *File) TodayOf(t *Test) mapfile.Text {
	if t.Today.Value != "" {
		return t.Today
	}
	return f.Today
}
