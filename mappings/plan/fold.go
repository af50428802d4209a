package plan

import (
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// fold takes off a text what the collation does not look at.
func (c Collation) fold(text string) string {
	switch c {
	case CaseOff:
		return strings.ToLower(text)
	case MarkOff:
		if ascii(text) {
			return strings.ToLower(text)
		}
		// A transformer holds state and is made anew for each text.
		plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), text)
		if err != nil {
			return strings.ToLower(text)
		}
		return strings.ToLower(plain)
	}
	return text
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
