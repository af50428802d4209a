package convert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isBlank reports whether r is nothing to see at the edge of a text: Unicode
// blanks, and the zero-width marks that editors leave behind.
func isBlank(r rune) bool {
	switch r {
	case 0x180E, 0x200B, 0x2060, 0xFEFF:
		return true
	}
	return unicode.IsSpace(r)
}

// Clean makes a stored text fit to be sent: control characters and NUL are
// removed, tabs become blanks, every kind of line end becomes a newline, bytes
// that are no UTF-8 become U+FFFD, and blanks (CHAR padding too) are taken off
// both ends. Newlines inside stay. A text that is clean is returned as it is.
func Clean(s string) string {
	for i := 0; i < len(s); i++ {
		if b := s[i]; b < ' ' || b >= 0x7f {
			return cleanRunes(s)
		}
	}
	return strings.Trim(s, " ")
}

func cleanRunes(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, needsCleaning) {
		return strings.TrimFunc(s, isBlank)
	}
	var b strings.Builder
	b.Grow(len(s))
	last := rune(0)
	for _, r := range s { // a broken byte arrives as U+FFFD
		switch {
		case r == '\n' && last == '\r': // the pair counted with its first half
		case r == '\n', r == '\r', r == 0x85, r == 0x2028, r == 0x2029:
			b.WriteByte('\n')
		case r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r):
		default:
			b.WriteRune(r)
		}
		last = r
	}
	return strings.TrimFunc(b.String(), isBlank)
}

func needsCleaning(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || r == 0x2028 || r == 0x2029)
}

// IsBlank reports whether Clean leaves nothing of s.
func IsBlank(s string) bool {
	for _, r := range s {
		if !isBlank(r) && !unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// Length counts characters, as the API's length limits do.
func Length(s string) int { return utf8.RuneCountInString(s) }

// CutTo shortens s to at most n characters and leaves no blank at the new
// end; was tells whether anything was taken off.
func CutTo(s string, n int) (cut string, was bool) {
	if len(s) <= n { // as many bytes as characters at least
		return s, false
	}
	count := 0
	for i := range s {
		if count == n {
			return strings.TrimRightFunc(s[:i], isBlank), true
		}
		count++
	}
	return s, false
}

// CollapseBlanks turns every run of blanks and line ends into one blank and
// takes those at the ends off.
func CollapseBlanks(s string) string {
	collapsed := true
	last := ' '
	for _, r := range s {
		if isBlank(r) && (r != ' ' || last == ' ') {
			collapsed = false
			break
		}
		last = r
	}
	if collapsed && (s == "" || last != ' ') {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	pending := false
	for _, r := range s {
		if isBlank(r) {
			pending = b.Len() > 0
			continue
		}
		if pending {
			b.WriteByte(' ')
			pending = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Line is the n-th line of s, counted from 1, or from the end with a negative
// n; "" when there is no such line.
func Line(s string, n int) string { return Split(s, "\n", n) }

// Split is the part of s that stands between the separators, cleaned, counted
// from 1, or from the end with a negative number; "" when there is none.
func Split(s, by string, part int) string {
	if by == "" || part == 0 {
		return ""
	}
	if part < 0 {
		part += strings.Count(s, by) + 2
		if part < 1 {
			return ""
		}
	}
	for ; part > 1; part-- {
		i := strings.Index(s, by)
		if i < 0 {
			return ""
		}
		s = s[i+len(by):]
	}
	if i := strings.Index(s, by); i >= 0 {
		s = s[:i]
	}
	return Clean(s)
}

// Strip takes the given characters off the left.
func Strip(s, chars string) string { return strings.TrimLeft(s, chars) }

// Pad puts zeros before s until it has n characters. A longer text stays, and
// so does an empty one: nothing is no number.
func Pad(s string, n int) string {
	missing := n - Length(s)
	if missing <= 0 || s == "" {
		return s
	}
	return strings.Repeat("0", missing) + s
}

// TitleCase writes the first letter of every word large and the others small.
// After an apostrophe a letter is large only behind a single one: O'Brien, but
// Dealer's.
func TitleCase(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	letters := 0      // of the word so far
	afterOne := false // an apostrophe behind a single letter came last
	inWord := false
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			if !inWord || afterOne {
				b.WriteRune(unicode.ToTitle(r))
			} else {
				b.WriteRune(unicode.ToLower(r))
			}
			letters++
			inWord, afterOne = true, false
		case r == '\'' || r == '’':
			b.WriteRune(r)
			afterOne = letters == 1
		case unicode.IsDigit(r) || unicode.IsMark(r):
			b.WriteRune(r)
			inWord, afterOne = true, false
		default:
			b.WriteRune(r)
			letters, inWord, afterOne = 0, false, false
		}
	}
	return b.String()
}
