package sqlrms

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// narrow are the one-byte character sets of MySQL and MariaDB. A server that is
// asked for a text with characters beyond a column's set does not find
// nothing, it fails; so such texts are told apart before it is asked.
var narrow = map[string]*charmap.Charmap{
	"latin1":   charmap.Windows1252, // what the servers call latin1
	"latin2":   charmap.ISO8859_2,
	"latin5":   charmap.ISO8859_9,
	"latin7":   charmap.ISO8859_13,
	"greek":    charmap.ISO8859_7,
	"hebrew":   charmap.ISO8859_8,
	"cp1250":   charmap.Windows1250,
	"cp1251":   charmap.Windows1251,
	"cp1256":   charmap.Windows1256,
	"cp1257":   charmap.Windows1257,
	"cp850":    charmap.CodePage850,
	"cp852":    charmap.CodePage852,
	"cp866":    charmap.CodePage866,
	"koi8r":    charmap.KOI8R,
	"koi8u":    charmap.KOI8U,
	"macroman": charmap.Macintosh,
	"tis620":   charmap.Windows874,
}

// holds says which texts a column of a character set can hold; nil: all, or
// nobody here knows.
func holds(charset string) func(text string) bool {
	encoding := narrow[charset]
	if encoding == nil && charset != "ascii" {
		return nil
	}
	return func(text string) bool {
		for _, r := range text {
			if r < utf8.RuneSelf {
				continue
			}
			if encoding == nil {
				return false
			}
			if _, ok := encoding.EncodeRune(r); !ok {
				return false
			}
		}
		return true
	}
}
