package mapfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong in a mapping file (or in a CSV beside it),
// said in the words of whoever wrote the file.
type Fault struct {
	File       string
	Pos        Pos
	Path       string // where in the tree, e.g. contract.assetDetails.fields.quantity
	Message    string // what is wrong and what to do about it
	Suggestion string // the nearest known name, if there is one
	Warning    bool   // worth a look, does not stop the mapping
	About      string // what the fault is about inside Path, where that is not Path itself: a stray key, a field that is missing
}

// String gives `file:line:col: path: message (did you mean "x"?)`. Places that
// are not known are left out.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Pos.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", f.Pos.Line, f.Pos.Col)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if f.Warning {
		b.WriteString("warning: ")
	}
	if f.Path != "" {
		b.WriteString(f.Path)
		b.WriteString(": ")
	}
	b.WriteString(f.Message)
	if f.Suggestion != "" {
		fmt.Fprintf(&b, " (did you mean %q?)", f.Suggestion)
	}
	return b.String()
}

// Faults are all that was found, and an error with one line for each.
type Faults []Fault

// Error gives one line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Sorted gives the faults by file, line and column, each once. Faults at one
// place keep the order in which they were found.
func (f Faults) Sorted() Faults {
	sorted := slices.Clone(f)
	slices.SortStableFunc(sorted, func(a, b Fault) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
		)
	})
	seen := make(map[Fault]bool, len(sorted))
	return slices.DeleteFunc(sorted, func(one Fault) bool {
		again := seen[one]
		seen[one] = true
		return again
	})
}

// Err is nil when nothing but warnings was found, else the faults and the
// warnings, sorted.
func (f Faults) Err() error {
	for _, one := range f {
		if !one.Warning {
			return f.Sorted()
		}
	}
	return nil
}
