package convert

import "strings"

// TemplatePart is a piece of a Template.
type TemplatePart struct {
	Fixed string
	Value bool // a value stands here; Fixed does not count
}

// Template joins values and fixed text.
type Template struct {
	parts  []TemplatePart
	values int
	all    bool
}

// NewTemplate builds a template of these parts.
func NewTemplate(parts []TemplatePart) *Template {
	t := &Template{parts: parts}
	for _, part := range parts {
		switch {
		case part.Value:
			t.values++
		case !IsBlank(part.Fixed):
			t.all = true
		}
	}
	return t
}

// Values is the number of values it takes.
func (t *Template) Values() int { return t.values }

// NeedsAll reports whether every value must be there: the fixed text is more
// than blanks, so that a gap would show.
func (t *Template) NeedsAll() bool { return t.all }

// Fill puts cleaned values in, "" for an empty one. With fixed text beyond
// blanks the outcome is Empty when a value is; otherwise empty values are left
// out and blanks collapse.
func (t *Template) Fill(values ...string) (string, State) {
	size := 0
	missing := len(values) < t.values
	for _, value := range values {
		size += len(value)
		missing = missing || value == ""
	}
	if t.all && missing {
		return "", Empty
	}
	var b strings.Builder
	for _, part := range t.parts {
		size += len(part.Fixed)
	}
	b.Grow(size)
	next := 0
	for _, part := range t.parts {
		switch {
		case !part.Value:
			b.WriteString(part.Fixed)
		case next < len(values):
			b.WriteString(values[next])
			next++
		}
	}
	if t.all {
		return present(Clean(b.String()))
	}
	return present(CollapseBlanks(b.String()))
}
