package convert

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Step is one conversion of a cleaned text, compiled. What leaves nothing
// over is Empty.
type Step func(text string) (string, State)

// Chain is several steps in order.
type Chain []Step

// Apply runs the steps; the first outcome that is not Present ends it. An
// empty text stays empty without asking any step.
func (c Chain) Apply(text string) (string, State) {
	if text == "" {
		return "", Empty
	}
	for _, step := range c {
		var state State
		if text, state = step(text); state != Present {
			return "", state
		}
	}
	return text, Present
}

func present(text string) (string, State) {
	if text == "" {
		return "", Empty
	}
	return text, Present
}

// SplitStep takes one part between separators, see Split.
func SplitStep(by string, part int) (Step, error) {
	switch {
	case by == "":
		return nil, errors.New("the separator is empty")
	case part == 0:
		return nil, errors.New("parts are counted from 1, or from the end with -1")
	}
	return func(text string) (string, State) { return present(Split(text, by, part)) }, nil
}

// LineStep takes one line, see Line.
func LineStep(n int) (Step, error) {
	if n == 0 {
		return nil, errors.New("lines are counted from 1, or from the end with -1")
	}
	return func(text string) (string, State) { return present(Line(text, n)) }, nil
}

// MatchStep takes what a regular expression finds: its first group, or all of
// it when it has none. What does not match is Empty.
func MatchStep(expression string) (Step, error) {
	re, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("reading the regular expression: %w", err)
	}
	group := min(re.NumSubexp(), 1)
	return func(text string) (string, State) {
		at := re.FindStringSubmatchIndex(text)
		if at == nil || at[2*group] < 0 {
			return "", Empty
		}
		return present(Clean(text[at[2*group]:at[2*group+1]]))
	}, nil
}

// PlainStep takes markup off, see Plain.
func PlainStep() Step {
	return func(text string) (string, State) { return present(Plain(text)) }
}

// StripStep takes characters off the left, see Strip.
func StripStep(chars string) (Step, error) {
	if chars == "" {
		return nil, errors.New("no character is named to take off")
	}
	return func(text string) (string, State) { return present(Clean(Strip(text, chars))) }, nil
}

// maxPad keeps a slip of the pen (pad: 7000000) from filling memory.
const maxPad = 255

// PadStep puts zeros before, see Pad.
func PadStep(n int) (Step, error) {
	if n < 1 || n > maxPad {
		return nil, fmt.Errorf("a text is padded to 1 to %d characters, not %d", maxPad, n)
	}
	return func(text string) (string, State) { return present(Pad(text, n)) }, nil
}

// CaseStep changes letter case: upper, lower or title.
func CaseStep(name string) (Step, error) {
	var change func(string) string
	switch name {
	case "upper":
		change = strings.ToUpper
	case "lower":
		change = strings.ToLower
	case "title":
		change = TitleCase
	default:
		return nil, fmt.Errorf("letter case is upper, lower or title, not %q", name)
	}
	return func(text string) (string, State) { return present(change(text)) }, nil
}

// ReplaceStep replaces texts, pairs of old and new, in one pass: what was put
// in is not looked at again.
func ReplaceStep(pairs ...[2]string) (Step, error) {
	flat := make([]string, 0, 2*len(pairs))
	for _, pair := range pairs {
		if pair[0] == "" {
			return nil, errors.New("an empty text cannot be replaced")
		}
		flat = append(flat, pair[0], pair[1])
	}
	replacer := strings.NewReplacer(flat...)
	return func(text string) (string, State) { return present(Clean(replacer.Replace(text))) }, nil
}

// MapStep looks the text up in a code map.
func MapStep(m *CodeMap) Step { return m.Lookup }
