package caterpillar

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// kind is what a member of a lead is meant to hold.
type kind int

const (
	text   kind = iota
	yesNo       // true or false
	whole       // a whole number
	moment      // a day, or a day with a time
)

// read converts a JSON value: nil where there is none, else a string, a bool or
// an int64. The oddity is empty where the value came as specified.
func (k kind) read(raw json.RawMessage) (any, adapters.Oddity) {
	if string(raw) == "null" {
		return nil, ""
	}
	word, quoted := plain(raw)
	if word == "" {
		return nil, ""
	}
	switch k {
	case yesNo:
		return readYesNo(word, quoted)
	case whole:
		return readWhole(word, quoted)
	case moment:
		if at, ok := readMoment(word); ok {
			return at, ""
		}
		return nil, adapters.NotUnderstood
	case text:
	}
	if !quoted {
		return word, adapters.OtherType
	}
	return word, ""
}

// plain is a value as text: that of a JSON string without the blanks around it
// (R50), of anything else its JSON without white space.
func plain(raw json.RawMessage) (word string, quoted bool) {
	if word, ok := unquote(raw); ok {
		return strings.TrimSpace(word), true
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return string(raw), false
	}
	return strings.ToValidUTF8(compact.String(), "\uFFFD"), false
}

// unquote is the text of a JSON string; bytes that are no UTF-8 are replaced.
func unquote(raw json.RawMessage) (word string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if inside := raw[1 : len(raw)-1]; bytes.IndexByte(inside, '\\') < 0 && utf8.Valid(inside) {
		return string(inside), true
	}
	err := json.Unmarshal(raw, &word)
	return word, err == nil
}

func readYesNo(word string, quoted bool) (any, adapters.Oddity) {
	switch strings.ToLower(word) {
	case "true":
		return true, unless(!quoted)
	case "false":
		return false, unless(!quoted)
	case "yes", "y", "1": // R45
		return true, adapters.OtherType
	case "no", "n", "0":
		return false, adapters.OtherType
	}
	return nil, adapters.NotUnderstood
}

func readWhole(word string, quoted bool) (any, adapters.Oddity) {
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n, unless(!quoted)
	}
	// 2.0 and 1e2 are whole numbers too, as far as a float tells them apart.
	const exact = 1 << 53
	if f, err := strconv.ParseFloat(word, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < exact {
		return int64(f), adapters.OtherType
	}
	return nil, adapters.NotUnderstood
}

// unless is the note that a value came in another type.
func unless(asSpecified bool) adapters.Oddity {
	if asSpecified {
		return ""
	}
	return adapters.OtherType
}

// The spellings of a moment, each with how it is written afterwards. Months and
// days always have two digits (R25).
var moments = []struct{ in, out string }{
	{"2006-01-02", time.DateOnly},
	{"2006-01-02T15:04:05Z07:00", time.RFC3339Nano},
	{"2006-01-02T15:04:05Z0700", time.RFC3339Nano},
	{"2006-01-02T15:04:05", "2006-01-02T15:04:05.999999999"},
}

// readMoment reads a day or a moment, stray blanks and a missing T put right.
// Fractions of a second are taken wherever a second is.
func readMoment(word string) (string, bool) {
	parts := strings.FieldsFunc(word, unicode.IsSpace)
	switch {
	case len(parts) == 2 && !strings.HasPrefix(parts[1], "T") && strings.ContainsRune(parts[1], ':'):
		word = parts[0] + "T" + parts[1]
	default:
		word = strings.Join(parts, "")
	}
	for _, m := range moments {
		if at, err := time.Parse(m.in, word); err == nil {
			return at.Format(m.out), true
		}
	}
	return "", false
}
