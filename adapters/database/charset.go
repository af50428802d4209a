package database

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// narrow are the one-byte character sets of MySQL and MariaDB. A server that is
// asked for a text with characters beyond a column's set does not find nothing,
// it fails; one that is to keep such a text writes question marks in their place
// or refuses it. So such texts are told apart beforehand.
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

// wide are the character sets of more bytes that do not hold all characters.
var wide = map[string]encoding.Encoding{
	"sjis": japanese.ShiftJIS, "cp932": japanese.ShiftJIS, "ujis": japanese.EUCJP, "eucjpms": japanese.EUCJP,
	"euckr": korean.EUCKR, "gbk": simplifiedchinese.GBK, "gb2312": simplifiedchinese.GBK, "big5": traditionalchinese.Big5,
}

// SingleByte says whether a character set of MySQL and MariaDB is known to take
// one byte for every character.
func SingleByte(charset string) bool { return charset == "ascii" || narrow[charset] != nil }

// Holds says which texts a column of a character set can hold; nil: all, or
// nobody here knows.
func Holds(charset string) func(text string) bool {
	var one func(r rune) bool
	switch {
	case charset == "ascii":
		one = func(rune) bool { return false }
	case charset == "utf8", charset == "utf8mb3", charset == "ucs2":
		one = func(r rune) bool { return r <= 0xffff }
	case narrow[charset] != nil:
		set := narrow[charset]
		one = func(r rune) bool {
			_, ok := set.EncodeRune(r)
			return ok
		}
	case wide[charset] != nil:
		set := wide[charset]
		one = func(r rune) bool {
			_, err := set.NewEncoder().String(string(r))
			return err == nil
		}
	default:
		return nil
	}
	return func(text string) bool {
		for _, r := range text {
			if r >= utf8.RuneSelf && !one(r) {
				return false
			}
		}
		return true
	}
}
