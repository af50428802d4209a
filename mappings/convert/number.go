package convert

import (
	"strconv"
	"strings"
)

// Integer reads a whole number: 5, 5.00, -1. Anything behind the point other
// than zeros is Unreadable, as is what does not fit 64 bits.
func Integer(text string) (int64, State) {
	text = strings.TrimFunc(text, isBlankOrControl)
	if text == "" {
		return 0, Empty
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, Unreadable
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, Unreadable
	}
	return n, Present
}

// Bool reads yes and no as databases keep them, whatever the letter case: 0, f,
// n, no and false are false, 1, t, y, yes and true are true, and so is every
// other number that is not zero. Nothing at all is false and Empty, every other
// word Unreadable.
func Bool(text string) (bool, State) {
	text = strings.TrimFunc(text, isBlankOrControl)
	switch len(text) {
	case 0:
		return false, Empty
	case 1:
		switch text[0] {
		case '0', 'f', 'F', 'n', 'N':
			return false, Present
		case '1', 't', 'T', 'y', 'Y':
			return true, Present
		}
	case 2:
		if strings.EqualFold(text, "no") {
			return false, Present
		}
	case 3:
		if strings.EqualFold(text, "yes") {
			return true, Present
		}
	case 4:
		if strings.EqualFold(text, "true") {
			return true, Present
		}
	case 5:
		if strings.EqualFold(text, "false") {
			return false, Present
		}
	}
	number, state := storedNumber(text, 0, false)
	if state != Present {
		return false, Unreadable
	}
	return !IsZero(number), Present
}
