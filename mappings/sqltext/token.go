package sqltext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Dialect says whose quoting rules a text follows.
type Dialect string

// The dialects. In MySQL a backslash escapes inside quotes and double quotes
// hold text; in SQLite a backslash is itself, double quotes and square brackets
// hold names.
const (
	MySQL  Dialect = "mysql"
	SQLite Dialect = "sqlite"
)

// Kind says what a token is.
type Kind string

// The kinds of tokens. Comment, Open (a quote or bracket that never ends) and
// Bad (a NUL, a control character) never stand in a text without faults.
const (
	Space   Kind = "space"
	Word    Kind = "word"   // keyword, function or unquoted name
	Name    Kind = "name"   // quoted name, quotes included
	String  Kind = "string" // quoted text, quotes included
	Number  Kind = "number"
	Param   Kind = "param" // @name, sign included
	Symbol  Kind = "symbol"
	Comment Kind = "comment"
	Open    Kind = "open"
	Bad     Kind = "bad"
)

// Token is a piece of a text as it was written; the tokens of a text put one
// behind the other are the text.
type Token struct {
	Kind   Kind
	Text   string
	Offset int // in bytes
}

// Tokens takes a text apart. It never fails: what cannot be read is Open or Bad.
func Tokens(text string, dialect Dialect) []Token {
	var tokens []Token
	for at := 0; at < len(text); {
		kind, length := next(text[at:], dialect)
		tokens = append(tokens, Token{Kind: kind, Text: text[at : at+length], Offset: at})
		at += length
	}
	return tokens
}

func next(text string, dialect Dialect) (Kind, int) {
	first, size := utf8.DecodeRuneInString(text)
	switch {
	case first == utf8.RuneError && size == 1:
		return Bad, 1
	case unicode.IsSpace(first):
		return Space, run(text, unicode.IsSpace)
	case unicode.IsControl(first):
		return Bad, size
	case first == '\'':
		return quoted(text, '\'', dialect == MySQL, String)
	case first == '"' && dialect == MySQL:
		return quoted(text, '"', true, String)
	case first == '"':
		return quoted(text, '"', false, Name)
	case first == '`':
		return quoted(text, '`', false, Name)
	case first == '[' && dialect == SQLite:
		if end := strings.IndexByte(text, ']'); end >= 0 {
			return Name, end + 1
		}
		return Open, 1
	case first == '#':
		return Comment, toLineEnd(text)
	case strings.HasPrefix(text, "--"):
		return Comment, toLineEnd(text)
	case strings.HasPrefix(text, "/*"):
		if end := strings.Index(text[2:], "*/"); end >= 0 {
			return Comment, end + 4
		}
		return Comment, len(text)
	case first == '@':
		return Param, 1 + run(text[1:], func(r rune) bool { return r == '@' || inName(r) })
	case isDigit(first), first == '.' && len(text) > 1 && isDigit(rune(text[1])):
		return Number, number(text)
	case inName(first):
		return Word, run(text, inName)
	}
	return Symbol, size
}

// quoted reads up to the closing quote; a doubled quote is one inside, a
// backslash hides the next character where the dialect says so. An end that
// never comes leaves the quote alone as Open, so that what follows is still
// looked at.
func quoted(text string, quote byte, backslash bool, kind Kind) (Kind, int) {
	for i := 1; i < len(text); i++ {
		switch {
		case backslash && text[i] == '\\':
			i++
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return kind, i + 1
		}
	}
	return Open, 1
}

// number reads digits, a point, an exponent with its sign; letters that follow
// (0x1F, 12abc) belong to it.
func number(text string) int {
	i := 0
	for i < len(text) {
		c := rune(text[i])
		sign := (c == '+' || c == '-') && i > 0 && (text[i-1] == 'e' || text[i-1] == 'E') && !strings.HasPrefix(strings.ToLower(text), "0x")
		if !isDigit(c) && c != '.' && c != '_' && (c > unicode.MaxASCII || !unicode.IsLetter(c)) && !sign {
			break
		}
		i++
	}
	return i
}

func run(text string, in func(rune) bool) int {
	for i, r := range text {
		if !in(r) || r == utf8.RuneError {
			return i
		}
	}
	return len(text)
}

func toLineEnd(text string) int {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return end
	}
	return len(text)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func inName(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}
