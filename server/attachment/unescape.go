package attachment

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

// errEscape: the inside of a JSON text was judged when it was cut out, so this
// is damage.
var errEscape = errors.New("a broken escape in a kept file")

// unescaped reads the inside of a JSON text as far as base64 can hold it: a
// slash, line ends and blanks may be written as escapes, as may every letter.
type unescaped struct {
	from io.Reader
	in   *bufio.Reader
}

func (u *unescaped) Read(p []byte) (int, error) {
	if u.in == nil {
		u.in = bufio.NewReaderSize(u.from, pieceSize)
	}
	n := 0
	for n < len(p) {
		b, err := u.in.ReadByte()
		if err == nil && b == '\\' {
			b, err = u.escape()
		}
		if err != nil {
			return n, err
		}
		p[n] = b
		n++
	}
	return n, nil
}

// escape gives the character behind a backslash; one that is not ASCII comes as
// 0, which no base64 holds.
func (u *unescaped) escape() (byte, error) {
	b, err := u.in.ReadByte()
	if err != nil {
		return 0, errEscape
	}
	switch b {
	case '"', '\\', '/':
		return b, nil
	case 'n', 'r', 't', 'b', 'f':
		return '\n', nil
	}
	var digits [4]byte
	if _, err := io.ReadFull(u.in, digits[:]); err != nil {
		return 0, errEscape
	}
	code, err := strconv.ParseUint(string(digits[:]), 16, 16)
	if err != nil {
		return 0, errEscape
	}
	if code > 0x7f {
		return 0, nil
	}
	return byte(code), nil
}
