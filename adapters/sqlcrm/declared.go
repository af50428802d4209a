package sqlcrm

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// textBytes are the bytes that MySQL's texts without a length hold.
var textBytes = map[string]int{"tinytext": 255, "text": 1<<16 - 1, "mediumtext": 1<<24 - 1, "longtext": 1<<31 - 1}

// declare takes from a declared type what SQLite keeps nothing to: lengths,
// character sets, whether the column must be filled. The type is written as
// MySQL does: varchar(25) character set latin1 not null.
func (c *column) declare(declared string) {
	if declared == "" {
		return
	}
	low := strings.ToLower(declared)
	words := strings.FieldsFunc(low, func(r rune) bool { return r == ' ' || r == '\t' || r == '(' || r == ',' || r == ')' })
	if len(words) == 0 {
		return
	}
	c.declared, c.Kind = words[0], convert.KindOf(declared)
	c.MaxChars, c.bytes, c.members, c.charset, c.Holds = 0, false, nil, "", nil
	switch {
	case c.declared == "enum":
		c.members = membersOf(declared)
	case c.Kind == convert.ColumnText:
		c.MaxChars = declaredLength(low)
		if most, ok := textBytes[c.declared]; ok && c.MaxChars == 0 {
			c.MaxChars, c.bytes = most, true
		}
		c.setCharset(words)
	case c.Kind == convert.ColumnDecimal:
		c.precision, c.scale = declaredDigits(low)
	case c.Kind == convert.ColumnInteger:
		c.bits, c.unsigned = integerBits[c.declared], slices.Contains(words, "unsigned")
	}
	c.Nullable = !strings.Contains(low, "not null")
	c.hasDefault = slices.Contains(words, "default")
}

// setCharset finds a character set among the words of a type: behind `character
// set` or `charset`, or bare as people write it.
func (c *column) setCharset(words []string) {
	for i, word := range words[1:] {
		behind := words[i] == "charset" || words[i] == "set" && i > 0 && words[i-1] == "character"
		if behind || narrow[word] != nil || word == "ascii" {
			c.charset, c.Holds = word, holds(word)
			c.Letters = plan.Letters{Set: word}
			return
		}
	}
}

// declaredDigits reads the digits out of a declaration such as decimal(9,2).
func declaredDigits(declared string) (precision, scale int) {
	_, rest, found := strings.Cut(declared, "(")
	inside, _, closed := strings.Cut(rest, ")")
	if !found || !closed {
		return 0, 0
	}
	first, second, _ := strings.Cut(inside, ",")
	precision, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0, 0
	}
	if scale, err = strconv.Atoi(strings.TrimSpace(second)); err != nil {
		scale = 0
	}
	return precision, scale
}
