package encode

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
	"unsafe"
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

// Eight bytes at a time: the high bit of each, and one in each.
const (
	highBits = 0x8080808080808080
	ones     = 0x0101010101010101
)

// special reports whether one of eight bytes does not stand for itself: above
// 127, below a blank, or one of those plain leaves out, which come in pairs that
// differ in one bit.
func special(x uint64) bool {
	quote := (x | 0x04*ones) ^ '&'*ones // and "
	angle := (x | 0x02*ones) ^ '>'*ones // and <
	slash := x ^ '\\'*ones
	return (x|(x-' '*ones)|(quote-ones)|(angle-ones)|(slash-ones))&highBits != 0
}

// allPlain reports whether every byte of a text stands for itself; a text with
// others may be said to have none such, never the other way round.
func allPlain(s string) bool {
	b := unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // it is only read
	if len(b) < 8 {
		for _, c := range b {
			if c >= utf8.RuneSelf || !plain[c] {
				return false
			}
		}
		return true
	}
	for i := 0; i+8 <= len(b); i += 8 {
		if special(binary.LittleEndian.Uint64(b[i:])) {
			return false
		}
	}
	return !special(binary.LittleEndian.Uint64(b[len(b)-8:]))
}

// appendString adds a text in quotes. Broken UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	if allPlain(s) {
		return append(append(append(b, '"'), s...), '"')
	}
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
	if !usualNumber(s) && !validNumber(s) {
		return b, fmt.Errorf("encoding an answer: a number of %d characters is none", len(s))
	}
	return append(b, s...), nil
}

// usualNumber says whether a text is digits, a point and digits, as nearly all
// numbers are. Not so says nothing about others.
func usualNumber(s string) bool {
	whole := countDigits(s)
	if whole == 0 || whole > 1 && s[0] == '0' || whole+1 >= len(s) || s[whole] != '.' {
		return false
	}
	return whole+1+countDigits(s[whole+1:]) == len(s)
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
