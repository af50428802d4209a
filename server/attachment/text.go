package attachment

import "unicode/utf8"

// text follows the inside of one JSON text through pieces of any length and
// judges it.
type text struct {
	escape  int    // 0: none; 1: behind a backslash; 2 to 5: digits of \u that are missing, plus one
	partial []byte // of a character that is not complete
}

// plainByte says which bytes need no thought inside a text.
var plainByte = func() (plain [256]bool) {
	for b := 0x20; b < 0x80; b++ {
		plain[b] = b != '"' && b != '\\'
	}
	return plain
}()

// scan goes to the end of the text or of the piece. n is how many bytes belong
// to the text; closed says that its quotation mark follows; bad is what is
// wrong, at n.
func (t *text) scan(p []byte) (n int, closed bool, bad string) {
	for n < len(p) {
		if t.escape == 0 && len(t.partial) == 0 {
			for n < len(p) && plainByte[p[n]] {
				n++
			}
			if n == len(p) {
				break
			}
		}
		b := p[n]
		switch {
		case b >= utf8.RuneSelf:
			if t.escape > 0 {
				return n, false, "a broken escape"
			}
			if !t.character(b) {
				return n, false, "not UTF-8"
			}
		case len(t.partial) > 0:
			return n, false, "not UTF-8"
		case b < 0x20:
			return n, false, "a control character in a text"
		case t.escape > 0:
			if !t.escaped(b) {
				return n, false, "a broken escape"
			}
		case b == '\\':
			t.escape = 1
		case b == '"':
			return n, true, ""
		}
		n++
	}
	return n, false, ""
}

// character takes one byte of a character that is not ASCII.
func (t *text) character(b byte) bool {
	t.partial = append(t.partial, b)
	if !utf8.FullRune(t.partial) {
		return true
	}
	r, size := utf8.DecodeRune(t.partial)
	whole := size == len(t.partial) && (r != utf8.RuneError || size > 1)
	t.partial = t.partial[:0]
	return whole
}

// escaped takes one byte of an escape.
func (t *text) escaped(b byte) bool {
	if t.escape == 1 {
		switch b {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			t.escape = 0
			return true
		case 'u':
			t.escape = 5
			return true
		}
		return false
	}
	if t.escape--; t.escape == 1 {
		t.escape = 0
	}
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}
