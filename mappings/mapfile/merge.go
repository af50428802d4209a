package mapfile

import (
	"regexp"
	"slices"
	"strings"
)

// WithMeaning adds what is wrong with the meaning of a file to what is wrong
// with its form, sorted. Faults that only follow from another are left out: what
// could not be read is not there for whoever looks at the meaning, and a field
// that was misspelt is not missing as well.
func (f Faults) WithMeaning(meaning Faults) Faults {
	all := slices.Concat(f, meaning)
	lost := slices.ContainsFunc(all, Fault.loses)
	kept := slices.DeleteFunc(slices.Clone(meaning), func(one Fault) bool {
		return f.explain(one) || lost && one.guards() || one.About != "" && slices.ContainsFunc(all, func(other Fault) bool { return other.misspells(one) })
	})
	return append(slices.Clone(f), kept...).Sorted()
}

// explain says whether a fault of the meaning follows from one of the form.
func (f Faults) explain(one Fault) bool {
	return slices.ContainsFunc(f, func(form Fault) bool {
		if form.Warning || form.File != one.File {
			return false
		}
		if one.Pos.Line == 0 {
			return true // it is about something that is not written, for want of something that is wrong
		}
		at, below := form.place(), one.place()
		switch {
		case form.Pos == one.Pos && form.Pos.Line > 0 && one.About == "":
			return true
		case at != "" && (below == at || strings.HasPrefix(below, at+".")):
			return true
		case one.About != "" && (at == one.About || strings.HasSuffix(at, "."+one.About)):
			return true // it was written, in a group of fields for instance
		case strings.HasPrefix(at, "joins.") && strings.HasSuffix(one.Path, ".join."+strings.Split(at, ".")[1]):
			return true // the same join, where it is used
		case sources(at):
			return strings.HasPrefix(one.Message, "unknown alias ") // it may be that of this source
		}
		return false
	})
}

// loses says whether a fault may keep a source of rows from being read, so that
// filters of its table look as if they guarded nothing.
func (f Fault) loses() bool {
	top, _, _ := strings.Cut(f.place(), ".")
	return !f.Warning && !strings.Contains(f.Path, ".fields.") &&
		!slices.Contains([]string{"owner", "state", "maps", "define", "timezone", "currency", "sentinels", "dialect"}, top)
}

// guards says whether a fault is about a filter of a table that nothing reads.
func (f Fault) guards() bool { return f.Path == "owner" || f.Path == "state" }

// sources says whether a place tells where rows come from.
func sources(place string) bool {
	return slices.ContainsFunc(strings.Split(place, "."), func(step string) bool {
		return slices.Contains([]string{"from", "table", "as", "join", "joins", "match", "parent", "select", "database"}, step)
	})
}

// misspells says whether a fault offers what another one misses, in the same
// element.
func (f Fault) misspells(missing Fault) bool {
	if f.Suggestion == "" || f.Suggestion != missing.About || f.File != missing.File {
		return false
	}
	element := steps(missing.Path)
	return f.Path == "" || element != "" && strings.HasPrefix(f.place(), element+".")
}

var between = regexp.MustCompile(`\[[0-9]+\]|\.(fields|sources|list)\b`)

// steps takes out of a path what stands between an element and its members.
func steps(path string) string { return strings.Trim(between.ReplaceAllString("."+path, ""), ".") }

// place is the path of what a fault is about.
func (f Fault) place() string {
	path := steps(f.Path)
	if f.About != "" {
		path = join(path, f.About)
	}
	return path
}
