package sqltext

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Complaint is a place in one of several texts that a server does not accept.
type Complaint struct {
	Text   int  // which of the texts
	Offset int  // in bytes
	Syntax bool // the grammar ends there; else a name there means nothing to the server
}

// Blame finds again what a server says about a statement in the texts of the
// mapping that stand in it. It answers nil where that is not certain: what the
// server names may have been put there by the gateway.
func Blame(message, statement string, texts []string, dialect Dialect) *Complaint {
	var used []stretch
	for i, text := range texts {
		used = append(used, stretches(i, text, statement, dialect)...)
	}
	switch {
	case mysqlNear.MatchString(message):
		return blameNear(mysqlNear.FindStringSubmatch(message), statement, used)
	case strings.HasSuffix(message, ": syntax error"), message == "incomplete input":
		return blameUnread(texts, used, dialect)
	}
	for _, pattern := range aboutNames {
		if m := pattern.FindStringSubmatch(message); m != nil {
			return blameName(m[1], texts, used, dialect)
		}
	}
	return nil
}

// Words are what to say of it: the server's own, unless they quote what follows
// in the statement, which nobody has written.
func (c *Complaint) Words(message, text string) string {
	switch {
	case !c.Syntax:
		return message
	case strings.TrimSpace(text[c.Offset:]) == "":
		return "something is missing at its end"
	}
	return fmt.Sprintf("it is not understood from %q on", firstToken(text[c.Offset:]))
}

// stretch is where a piece of a text stands in a statement.
type stretch struct {
	text       int
	offset     int // of the piece, in the text
	start, end int // in the statement
}

// stretches finds all pieces of a text in a statement; none if one is missing.
func stretches(i int, text, statement string, dialect Dialect) []stretch {
	var found []stretch
	for _, piece := range Split(text, dialect) {
		if piece.Name != "" {
			continue
		}
		// The brackets around a list are written anew, and so are blanks.
		sql := strings.Trim(piece.SQL, "() \t\r\n")
		if sql == "" {
			continue
		}
		offset := piece.Offset + strings.Index(piece.SQL, sql)
		before := len(found)
		for at := 0; ; {
			next := strings.Index(statement[at:], sql)
			if next < 0 {
				break
			}
			found = append(found, stretch{i, offset, at + next, at + next + len(sql)})
			at += next + len(sql)
		}
		if len(found) == before {
			return nil
		}
	}
	return found
}

var mysqlNear = regexp.MustCompile(`(?s)near '(.*)' at line (\d+)$`)

// blameNear takes the rest of the statement that the server quotes, at most 80
// characters of it, to where it stands.
func blameNear(quoted []string, statement string, used []stretch) *Complaint {
	line, err := strconv.Atoi(quoted[2])
	if err != nil || quoted[1] == "" {
		return nil
	}
	for at := range statement {
		if !strings.HasPrefix(statement[at:], quoted[1]) || 1+strings.Count(statement[:at], "\n") != line {
			continue
		}
		for _, s := range used {
			if s.start <= at && at < s.end {
				return &Complaint{Text: s.text, Offset: s.offset + at - s.start, Syntax: true}
			}
		}
		// Often it is what follows a text that fits no longer: the text ends
		// too early.
		for _, s := range used {
			if s.end <= at && strings.Trim(statement[s.end:at], "() \t\r\n") == "" {
				return &Complaint{Text: s.text, Offset: s.offset + s.end - s.start, Syntax: true}
			}
		}
	}
	return nil
}

// blameUnread serves a server that names one word and no place: the grammar
// here knows the place, if it gives up on one of the texts alone.
func blameUnread(texts []string, used []stretch, dialect Dialect) *Complaint {
	var found *Complaint
	for i, text := range texts {
		if !contains(used, i) {
			continue
		}
		_, fault := Read(text, dialect, isStatement(text, dialect))
		if fault == nil {
			continue
		}
		if found != nil && texts[found.Text] != text {
			return nil
		}
		if found == nil {
			found = &Complaint{Text: i, Offset: fault.Offset, Syntax: true}
		}
	}
	return found
}

// aboutNames are the messages of MySQL, MariaDB and SQLite about names.
var aboutNames = []*regexp.Regexp{
	regexp.MustCompile(`^Unknown column '(.+)' in '?`),
	regexp.MustCompile(`^Column '(.+)' in .* is ambiguous$`),
	regexp.MustCompile(`native function '(.+)'$`),
	regexp.MustCompile(`^FUNCTION (.+) does not exist`),
	regexp.MustCompile(`^Table '(.+)' doesn't exist$`),
	regexp.MustCompile(`^Unknown table '(.+)'`),
	regexp.MustCompile(`^no such column: (.+?)(?: - should this be a string literal in single-quotes\?)?$`),
	regexp.MustCompile(`^no such (?:function|table): (.+)$`),
	regexp.MustCompile(`^ambiguous column name: (.+)$`),
	regexp.MustCompile(`^(?:wrong number of arguments to function|misuse of aggregate:?|misuse of aggregate function|misuse of window function) (.+)\(\)$`),
}

// blameName finds a name in the texts, first as the server writes it, then
// without the database that servers put before tables and functions.
func blameName(name string, texts []string, used []stretch, dialect Dialect) *Complaint {
	fits := []func(written string) bool{
		func(written string) bool { return strings.EqualFold(written, name) },
		func(written string) bool {
			return len(name) > len(written) && strings.EqualFold(name[len(name)-len(written)-1:], "."+written)
		},
	}
	for _, fit := range fits {
		for i, text := range texts {
			if !contains(used, i) {
				continue
			}
			for _, one := range dotted(text, dialect) {
				if fit(one.Text) {
					return &Complaint{Text: i, Offset: one.Offset}
				}
			}
		}
	}
	return nil
}

// dotted are the names of a text, each with all that dots tie it to, without
// quotes.
func dotted(text string, dialect Dialect) []Token {
	var names []Token
	tokens := withoutSpace(Tokens(text, dialect))
	for i, token := range tokens {
		if token.Kind != Word && token.Kind != Name {
			continue
		}
		name := bare(token)
		if i >= 2 && tokens[i-1].Text == "." && len(names) > 0 {
			names[len(names)-1].Text += "." + name
			continue
		}
		names = append(names, Token{Kind: Name, Text: name, Offset: token.Offset})
	}
	return names
}

// bare is a name without the quotes around it.
func bare(token Token) string {
	if token.Kind != Name {
		return token.Text
	}
	quote, inside := token.Text[:1], token.Text[1:len(token.Text)-1]
	return strings.ReplaceAll(inside, quote+quote, quote)
}

func contains(used []stretch, text int) bool {
	for _, s := range used {
		if s.text == text {
			return true
		}
	}
	return false
}

// isStatement says whether a text is a whole statement rather than an
// expression.
func isStatement(text string, dialect Dialect) bool {
	tokens := withoutSpace(Tokens(text, dialect))
	return len(tokens) > 0 && (upper(tokens[0].Text) == "SELECT" || upper(tokens[0].Text) == "WITH")
}
