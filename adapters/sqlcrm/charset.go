package sqlcrm

import "unicode/utf8"

// replaced writes instead in place of each character a column cannot hold.
func replaced(text, instead string, holds func(string) bool) string {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if holds(string(r)) {
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, instead...)
		}
	}
	return string(out)
}
