package sqlcrm

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// inspect learns what there is to know about tables, with what a file's
// declarations say beyond what SQLite keeps to.
func (p *pool) inspect(ctx context.Context, refs []plan.TableRef) (*database.Catalog, error) {
	known, err := p.Inspect(ctx, refs)
	if err != nil || p.Server != plan.SQLite {
		return known, err
	}
	for ref, t := range known.Tables {
		for _, c := range t.Columns {
			if c.Kind == convert.ColumnText {
				c.MaxChars = declaredLength(c.Declared)
			}
			if p.declared != nil {
				declare(c, p.declared(ref.Table, c.Name))
			}
		}
		t.Describe()
	}
	return known, nil
}

// textBytes are the bytes that MySQL's texts without a length hold.
var textBytes = map[string]int{"tinytext": 255, "text": 1<<16 - 1, "mediumtext": 1<<24 - 1, "longtext": 1<<31 - 1}

// declare takes from a declared type what SQLite keeps nothing to: lengths,
// character sets, whether the column must be filled. The type is written as
// MySQL does: varchar(25) character set latin1 not null.
func declare(c *database.Column, declared string) {
	if declared == "" {
		return
	}
	low := strings.ToLower(declared)
	words := strings.FieldsFunc(low, func(r rune) bool { return r == ' ' || r == '\t' || r == '(' || r == ',' || r == ')' })
	if len(words) == 0 {
		return
	}
	c.Declared, c.Kind = words[0], convert.KindOf(declared)
	c.MaxChars, c.Bytes, c.Members, c.Charset, c.Holds = 0, false, nil, "", nil
	switch {
	case c.Declared == "enum":
		c.Members = database.MembersOf(declared)
	case c.Kind == convert.ColumnText:
		c.MaxChars = declaredLength(low)
		if most, ok := textBytes[c.Declared]; ok && c.MaxChars == 0 {
			c.MaxChars, c.Bytes = most, true
		}
		setCharset(c, words)
	case c.Kind == convert.ColumnDecimal:
		c.Precision, c.Scale = declaredDigits(low)
	case c.Kind == convert.ColumnInteger:
		c.Bits, c.Unsigned = database.IntegerBits(c.Declared), slices.Contains(words, "unsigned")
	}
	c.Nullable = !strings.Contains(low, "not null")
	c.HasDefault = slices.Contains(words, "default")
}

// setCharset finds a character set among the words of a type: behind `character
// set` or `charset`, or bare as people write it.
func setCharset(c *database.Column, words []string) {
	for i, word := range words[1:] {
		behind := words[i] == "charset" || words[i] == "set" && i > 0 && words[i-1] == "character"
		if behind || database.SingleByte(word) {
			c.Charset, c.Holds = word, database.Holds(word)
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

// declaredLength reads the length out of a declaration such as varchar(25).
// SQLite keeps no text to it, but whoever declared it meant it.
func declaredLength(declared string) int {
	_, rest, found := strings.Cut(declared, "(")
	n := 0
	for i := 0; found && i < len(rest) && rest[i] >= '0' && rest[i] <= '9' && n < 1<<24; i++ {
		n = n*10 + int(rest[i]-'0')
	}
	return n
}
