package convert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MoneyRule says how amounts are written in a column.
type MoneyRule struct {
	Decimal byte // '.' or ','; 0: guessed by the last separator of each value
	Minor   int  // whole numbers of minor units are stored, this many places each (cents: 2); 0: not so
}

// Decimal reads an amount as people and old programs write it and makes it
// canonical: a minus before or behind or brackets around it; a currency sign
// or three-letter code at either end; groups of thousands parted by points,
// commas, blanks or apostrophes. Stored places are kept, nothing is rounded.
//
// Without a rule, of two kinds of separators the last is the decimal one; a
// single comma with exactly three digits behind it parts thousands (1,234), a
// single point never does (1.234). ",-" at the end says "no cents".
func Decimal(text string, rule MoneyRule) (string, State) {
	if rule.Minor == 0 && rule.Decimal != ',' && isCanonical(text) {
		return text, Present
	}
	core, negative, ok := unwrap(text)
	if !ok {
		return "", Unreadable
	}
	if core == "" {
		if IsBlank(text) {
			return "", Empty
		}
		return "", Unreadable
	}
	whole, fraction, ok := ungroup(core, rule.Decimal)
	if !ok {
		return "", Unreadable
	}
	whole, fraction = movePoint(whole, fraction, -rule.Minor)
	return canonical(negative, whole, fraction), Present
}

// wrapping is what may stand around the digits of an amount, each once.
type wrapping struct {
	minus, plus, open, closed, currency bool
}

// take consumes one mark; false: it stood there before.
func take(seen *bool) bool {
	was := *seen
	*seen = true
	return !was
}

// unwrap takes sign, brackets and currency off both ends.
func unwrap(text string) (core string, negative, ok bool) {
	var w wrapping
	s := strings.TrimFunc(text, isBlankOrControl)
	if len(s) > maxDigits {
		return "", false, false
	}
	for s != "" && !isNumberByte(s[0]) {
		size, fine := w.lead(s)
		if !fine {
			return "", false, false
		}
		s = strings.TrimLeftFunc(s[size:], isBlankOrControl)
	}
	for s != "" && (s[len(s)-1] < '0' || s[len(s)-1] > '9') {
		if last := s[len(s)-1]; last == '.' || last == ',' {
			break // 5. is a number
		}
		size, fine := w.tail(s)
		if !fine {
			return "", false, false
		}
		s = strings.TrimRightFunc(s[:len(s)-size], isBlankOrControl)
	}
	if w.open != w.closed || w.minus && (w.plus || w.open) {
		return "", false, false
	}
	return s, w.minus || w.open, true
}

func isNumberByte(b byte) bool { return b >= '0' && b <= '9' || b == '.' || b == ',' }

func isBlankOrControl(r rune) bool { return isBlank(r) || unicode.IsControl(r) }

// lead takes the mark at the front of s and returns its size in bytes.
func (w *wrapping) lead(s string) (size int, ok bool) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == '(':
		return size, take(&w.open)
	case r == '+':
		return size, take(&w.plus)
	case isMinus(r):
		return size, take(&w.minus)
	case unicode.Is(unicode.Sc, r):
		return size, take(&w.currency)
	case len(s) >= 3 && isCurrency(s[:3]):
		return 3, take(&w.currency)
	}
	return 0, false
}

// tail takes the mark at the end of s and returns its size in bytes.
func (w *wrapping) tail(s string) (size int, ok bool) {
	r, size := utf8.DecodeLastRuneInString(s)
	switch {
	case r == ')':
		return size, take(&w.closed)
	case r == '+':
		return size, take(&w.plus)
	case isMinus(r):
		if before := strings.TrimRightFunc(s[:len(s)-size], isMinus); strings.HasSuffix(before, ",") || strings.HasSuffix(before, ".") {
			return len(s) - len(before), true // "100,-": no cents
		}
		return size, take(&w.minus)
	case unicode.Is(unicode.Sc, r):
		return size, take(&w.currency)
	case len(s) >= 3 && isCurrency(s[len(s)-3:]):
		return 3, take(&w.currency)
	}
	return 0, false
}

func isMinus(r rune) bool { return r == '-' || r == 0x2212 || r == 0x2012 || r == 0x2013 }

func isCurrency(code string) bool {
	for i := 0; i < len(code); i++ {
		if code[i] < 'A' || code[i] > 'Z' {
			return false
		}
	}
	_, known := MinorUnits(code)
	return known
}

// ungroup finds the decimal separator and takes the thousands apart. point is
// the decimal separator, 0 if it has to be guessed.
func ungroup(core string, point byte) (whole, fraction string, ok bool) {
	if onlyDigits(core) {
		return core, "", true
	}
	if point == 0 {
		point = guessPoint(core)
	}
	whole = core
	if point != 0 {
		if i := strings.LastIndexByte(core, point); i >= 0 {
			whole, fraction = core[:i], core[i+1:]
		}
	}
	if whole+fraction == "" || !onlyDigits(fraction) {
		return "", "", false
	}
	if onlyDigits(whole) {
		return whole, fraction, true
	}
	whole, ok = joinGroups(whole, point)
	return whole, fraction, ok
}

// guessPoint says which of point and comma is the decimal separator; 0: none.
func guessPoint(core string) byte {
	points, commas := strings.Count(core, "."), strings.Count(core, ",")
	switch {
	case points > 0 && commas > 0:
		return core[strings.LastIndexAny(core, ".,")]
	case points == 1:
		return '.'
	case commas == 1:
		i := strings.IndexByte(core, ',')
		before, behind := core[:i], core[i+1:]
		if len(behind) == 3 && i >= 1 && i <= 3 && onlyDigits(before) && before[0] != '0' {
			return 0
		}
		return ','
	}
	return 0
}

// joinGroups takes thousands separators out: one kind of them, three digits
// behind the last, two or three between others (12,34,567 as in India), one to
// three before the first.
func joinGroups(s string, point byte) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	separator, run, groups := rune(0), 0, 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			b.WriteByte(byte(r))
			run++
			continue
		}
		r = groupSeparator(r)
		if r == 0 || byte(r) == point || separator != 0 && r != separator {
			return "", false
		}
		if run < 1 || run > 3 || groups > 0 && run < 2 {
			return "", false
		}
		separator, run = r, 0
		groups++
	}
	return b.String(), run == 3
}

// groupSeparator makes the ways to write a thousands separator one; 0: it is
// none.
func groupSeparator(r rune) rune {
	switch r {
	case '.', ',':
		return r
	case ' ', 0xA0, 0x2009, 0x202F:
		return ' '
	case '\'', 0x2019:
		return '\''
	}
	return 0
}
