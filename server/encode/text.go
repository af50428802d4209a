package encode

import (
	"fmt"
	"unicode/utf8"
)

const digits = "0123456789abcdef"

// plain are the bytes that stand for themselves in a string: encoding/json also
// writes <, > and & by their numbers, so that JSON can stand inside HTML.
var plain = func() (set [utf8.RuneSelf]bool) {
	for c := range set {
		set[c] = c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return set
}()

// appendString adds a text in quotes. Broken UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if plain[c] {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\b':
				b = append(b, '\\', 'b')
			case '\f':
				b = append(b, '\\', 'f')
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[start:i]...), `\ufffd`...)
		case r == '\u2028', r == '\u2029': // line ends in JavaScript
			b = append(append(b, s[start:i]...), '\\', 'u', '2', '0', '2', digits[r&15])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// appendNumber adds a number as it is spelled; an empty one is 0.
func appendNumber(b []byte, s string) ([]byte, error) {
	if s == "" {
		return append(b, '0'), nil
	}
	if !validNumber(s) {
		return b, fmt.Errorf("encoding an answer: a number of %d characters is none", len(s))
	}
	return append(b, s...), nil
}

// validNumber says whether a text is a number in JSON's spelling.
func validNumber(s string) bool {
	s = cutSign(s, "-")
	whole := countDigits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if s != "" && s[0] == '.' {
		fraction := countDigits(s[1:])
		if fraction == 0 {
			return false
		}
		s = s[1+fraction:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = cutSign(s[1:], "+-")
		exponent := countDigits(s)
		if exponent == 0 {
			return false
		}
		s = s[exponent:]
	}
	return s == ""
}

func cutSign(s, signs string) string {
	for i := range len(signs) {
		if s != "" && s[0] == signs[i] {
			return s[1:]
		}
	}
	return s
}

func countDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
