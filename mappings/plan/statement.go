package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

// Server names whose SQL is rendered. It is the server that is talked to, not
// the dialect a mapping file's own SQL texts are written in.
type Server string

// The servers a plan can be rendered for.
const (
	MySQL  Server = "mysql" // MySQL and MariaDB
	SQLite Server = "sqlite"
)

const maxNameLength = 64 // of MySQL and MariaDB; SQLite has none

// quoteName makes an identifier of a name from a mapping file. It is the only
// door by which such a name enters SQL text.
func quoteName(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("a name must not be empty")
	case strings.ContainsRune(name, 0):
		return "", errors.New("a name must not hold a NUL")
	case utf8.RuneCountInString(name) > maxNameLength:
		return "", fmt.Errorf("a name must not be longer than %d characters", maxNameLength)
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`", nil
}

// quoted quotes a name that was checked where it stands in the mapping. One
// that was found wrong there becomes a name nothing can have: its fault keeps
// the statement from being run.
func quoted(name string) string {
	q, err := quoteName(name)
	if err != nil {
		return "``"
	}
	return q
}

// listName says which run-time list fills an IN of a statement.
type listName string

const (
	noList       listName = ""
	keyList      listName = "keys"
	customerList listName = "customers"
	askedList    listName = "asked" // @customer, in the type of a column
	parentList   listName = "parents"
	soughtList   listName = "sought" // the spellings of what is looked for
	sinceBound   listName = "since"  // scalar: the lower bound of a change stamp
	dealerName   listName = "dealer" // scalar: @dealer
	todayName    listName = "today"  // scalar: @today
	mostRows     listName = "most"   // scalar: the rows read at most
)

// piece is a stretch of a statement: literal text, a constant that is bound,
// or the place of values that are known when it runs. Literal text is made of
// quoted names, our own words and the mapping file's own SQL, never of
// anything that came with a request.
type piece struct {
	text  string
	bound bool // bind value
	value any
	list  listName
	width int // of list: values in a row
	// row is, of a list of several values in a row, how each value is written.
	row   string
	index int // of a scalar: which one
	// rule says, of @customer, in which type the numbers are bound.
	rule *matchRule
	// numeric says that a scalar is compared with a number: a text that is
	// none equals nothing then, whatever a server would make of it.
	numeric bool
}

// sqlText collects the pieces of a statement.
type sqlText struct {
	pieces []piece
}

func (s *sqlText) text(parts ...string) *sqlText {
	joined := strings.Join(parts, "")
	if n := len(s.pieces); n > 0 && !s.pieces[n-1].bound && s.pieces[n-1].list == noList {
		s.pieces[n-1].text += joined
		return s
	}
	s.pieces = append(s.pieces, piece{text: joined})
	return s
}

func (s *sqlText) bind(value any) *sqlText {
	s.pieces = append(s.pieces, piece{bound: true, value: value})
	return s
}

func (s *sqlText) scalar(name listName, index int) *sqlText {
	s.pieces = append(s.pieces, piece{list: name, index: index, width: 0})
	return s
}

// asked is @customer: a list, or with width 0 a single value.
func (s *sqlText) asked(rule matchRule, width int) *sqlText {
	s.pieces = append(s.pieces, piece{list: askedList, width: width, rule: &rule})
	return s
}

func (s *sqlText) in(name listName, width int) *sqlText {
	s.pieces = append(s.pieces, piece{list: name, width: width})
	return s
}

// inOf is in for columns with these rules. MariaDB turns a bound text into a
// column's character set where it is compared with the column alone, and
// forgets to in a list of several rows: it finds nothing there then, so the
// text is turned by hand.
func (s *sqlText) inOf(name listName, rules []matchRule) *sqlText {
	s.in(name, len(rules))
	values := make([]string, len(rules))
	for i, rule := range rules {
		values[i] = "?"
		if set := rule.letters.Set; set != "" && set != "utf8mb4" && rule.letters.Collation != "" {
			values[i] = "convert(? using " + set + ") collate " + rule.letters.Collation
		}
	}
	s.pieces[len(s.pieces)-1].row = "(" + strings.Join(values, ", ") + ")"
	return s
}

func (s *sqlText) add(other sqlText) *sqlText {
	for _, p := range other.pieces {
		if p.bound || p.list != noList {
			s.pieces = append(s.pieces, p)
			continue
		}
		s.text(p.text)
	}
	return s
}

func (s sqlText) empty() bool { return len(s.pieces) == 0 }

// joinSQL puts a separator between texts.
func joinSQL(separator string, texts []sqlText) sqlText {
	var out sqlText
	for i, t := range texts {
		if i > 0 {
			out.text(separator)
		}
		out.add(t)
	}
	return out
}

// values are what a statement gets when it runs.
type values struct {
	lists   map[listName][][]any
	scalars map[listName][]any
	asked   []string
	most    int
}

// maxList is the longest IN list of one statement; longer ones are run in
// parts.
const maxList = 1024

// lengths are those of IN lists: few, so that few different statements have to
// be prepared, and with the usual sizes of pages among them, which then hold no
// value twice.
var lengths = [...]int{
	1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320, 400, 512, 640, 800, maxList,
}

// padded returns the length an IN list of n rows is filled up to.
func padded(n int) int {
	at, _ := slices.BinarySearch(lengths[:], n)
	return lengths[at]
}

// Statement is one SELECT of a plan, ready to be rendered for one server.
type Statement struct {
	Name   string // what it reads, for logs and golden files
	server Server
	pieces []piece
	width  int     // columns it returns
	untied *untied // of child rows
	texts  texts
}

// askedFor are the numbers @customer stands for, as they are bound; a NULL,
// which equals nothing, where there is none.
func (p *piece) askedFor(texts []string) [][]any {
	var all [][]any
	for _, text := range texts {
		if v, ok := p.rule.bind(text); ok {
			all = append(all, []any{v})
		}
	}
	if len(all) == 0 {
		return [][]any{{nil}}
	}
	return all
}

// scalarOf is a scalar as it is bound; NULL for a text where a number is meant.
func (p *piece) scalarOf(v any) any {
	text, isText := v.(string)
	if !p.numeric || !isText {
		return v
	}
	number, ok := typedNumber(convert.ColumnInteger, text)
	if !ok {
		return nil
	}
	return number
}

// String is the statement with its lists by name, for people and golden files.
func (s *Statement) String() string {
	var out strings.Builder
	for _, p := range s.pieces {
		switch {
		case p.bound:
			fmt.Fprintf(&out, "{%v}", p.value)
		case p.list == noList:
			out.WriteString(p.text)
		default:
			out.WriteString("{" + string(p.list) + "}")
		}
	}
	return out.String()
}
