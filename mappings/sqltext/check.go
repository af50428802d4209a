package sqltext

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Fault is something that may not stand in a mapping's SQL.
type Fault struct {
	Offset  int // in bytes
	Message string
}

// Place says what a text is used for, and with it what it may hold.
type Place struct {
	Statement bool     // a whole SELECT (or WITH); else an expression
	Functions []string // allowed beside the built-in ones, in any letter case
}

// The names that may stand in a mapping's SQL, without the sign.
const (
	Customer = "customer" // dealer customer number that was asked for
	Dealer   = "dealer"   // dealer code of the request
	Today    = "today"    // the day it is in the file's time zone
	Parents  = "parents"  // keys of the rows whose children are read; only as `in (@parents)`
)

var names = map[string]bool{Customer: true, Dealer: true, Today: true, Parents: true}

// Check finds all that may not stand in a text, in its order: semicolons,
// comments, unknown names, placeholders of drivers, quotes and brackets without
// an end, words that write or lock, functions that are not on the list.
func Check(text string, dialect Dialect, place Place) []Fault {
	c := checker{dialect: dialect, place: place, tokens: withoutSpace(Tokens(text, dialect))}
	if len(c.tokens) == 0 {
		return []Fault{{Message: "no SQL stands here"}}
	}
	c.statement()
	var open []Token
	for i, token := range c.tokens {
		c.token(i, token)
		switch token.Text {
		case "(":
			open = append(open, token)
		case ")":
			if len(open) == 0 {
				c.fault(token, "this bracket closes nothing")
				continue
			}
			open = open[:len(open)-1]
		}
	}
	for _, token := range open {
		c.fault(token, "this bracket is never closed")
	}
	for _, call := range Calls(text, dialect) {
		if !c.allowed(call.Name) {
			c.faults = append(c.faults, Fault{Offset: call.Offset, Message: fmt.Sprintf("the function %s is not on the list of those that only read; if it does, name it under `functions:`", call.Name)})
		}
	}
	sortByOffset(c.faults)
	return c.faults
}

type checker struct {
	dialect Dialect
	place   Place
	tokens  []Token // without space
	faults  []Fault
}

func (c *checker) fault(token Token, format string, args ...any) {
	c.faults = append(c.faults, Fault{Offset: token.Offset, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) statement() {
	first := upper(c.tokens[0].Text)
	reads := first == "SELECT" || first == "WITH" || first == "("
	switch {
	case c.place.Statement && !reads:
		c.fault(c.tokens[0], "a statement begins with SELECT or WITH")
	case !c.place.Statement && (first == "SELECT" || first == "WITH"):
		c.fault(c.tokens[0], "an expression is expected, not a statement; put a subselect into brackets")
	}
}

func (c *checker) token(i int, token Token) {
	switch token.Kind {
	case Comment:
		c.fault(token, "a comment may not stand in SQL; YAML comments may stand beside it")
	case Open:
		c.fault(token, "this %s is never closed", quoteWord(token.Text))
	case Bad:
		c.fault(token, "a control character or a byte that is no UTF-8 stands here")
	case Param:
		c.param(i, token)
	case Symbol:
		c.symbol(i, token)
	case Word:
		c.word(i, token)
	case String, Name:
		if !utf8.ValidString(token.Text) || strings.ContainsRune(token.Text, 0) {
			c.fault(token, "a NUL or a byte that is no UTF-8 stands in these quotes")
		}
	case Space, Number:
	}
}

func (c *checker) param(i int, token Token) {
	name := token.Text[1:]
	switch {
	case !names[name]:
		c.fault(token, "%s is no name that SQL may use; there are @customer, @dealer, @today and @parents", token.Text)
	case name == Parents && (c.text(i-1) != "(" || upper(c.text(i-2)) != "IN" || c.text(i+1) != ")"):
		c.fault(token, "@parents stands for several values: write `in (@parents)`")
	}
}

func (c *checker) symbol(i int, token Token) {
	switch token.Text {
	case ";":
		c.fault(token, "a semicolon may not stand in SQL; there is one statement, and it needs no end")
	case "?":
		c.fault(token, "a placeholder may not stand in SQL; only @customer, @dealer, @today and @parents are filled in")
	case ":":
		if i+1 < len(c.tokens) && (c.tokens[i+1].Kind == Word || c.tokens[i+1].Text == "=" || c.tokens[i+1].Kind == Number) {
			c.fault(token, "a colon may not stand here; only @customer, @dealer, @today and @parents are filled in")
		}
	case "{", "}":
		c.fault(token, "a brace may not stand in SQL; columns are written alias.column")
	case "[", "]":
		if c.dialect == MySQL {
			c.fault(token, "a square bracket quotes nothing in MySQL; names are quoted with backticks")
		}
	}
}

func (c *checker) word(i int, token Token) {
	word := upper(token.Text)
	if i > 0 && c.tokens[i-1].Text == "." {
		return // a column, whatever it is called
	}
	switch {
	case strings.HasPrefix(token.Text, "$"):
		c.fault(token, "%s is no name of SQL; shared definitions ($) stand outside SQL", token.Text)
	case word == "FOR" && (upper(c.text(i+1)) == "UPDATE" || upper(c.text(i+1)) == "SHARE"), word == "LOCK":
		c.fault(token, "SQL of a mapping only reads; it may not lock rows")
	case word == "INTO":
		c.fault(token, "SQL of a mapping only reads; INTO may not stand in it")
	case writes[word] && i == 0 && c.text(i+1) != "(":
		c.fault(token, "SQL of a mapping only reads; %s may not stand in it", word)
	}
}

func (c *checker) text(i int) string {
	if i < 0 || i >= len(c.tokens) {
		return ""
	}
	return c.tokens[i].Text
}

func (c *checker) allowed(name string) bool {
	if functions[upper(name)] {
		return true
	}
	for _, extra := range c.place.Functions {
		if strings.EqualFold(extra, name) {
			return true
		}
	}
	return false
}

func quoteWord(text string) string {
	if text == "[" {
		return "bracket"
	}
	return "quote"
}
