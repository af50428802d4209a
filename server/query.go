package server

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// spellings are names of query parameters that the documents print beside the
// right ones (R171).
var spellings = map[string]string{"tems": "items"}

// query is what a request's query says, in the specification's spelling.
type query struct {
	given  []given // one for each name
	faults []model.ProblemFault
}

// given is one parameter of a query.
type given struct {
	name, value string
	twice       bool
	number      int64 // of value, once it was bound as a whole number
}

// find returns what was given by a name; nil: nothing was.
func (q *query) find(name string) *given {
	for i := range q.given {
		if q.given[i].name == name {
			return &q.given[i]
		}
	}
	return nil
}

// values is the query as net/url has it.
func (q *query) values() url.Values {
	all := make(url.Values, len(q.given))
	for _, g := range q.given {
		all[g.name] = []string{g.value}
	}
	return all
}

// queryOf is the query of a request that nameQuery has read.
func queryOf(c *gin.Context) *query { return &passageOf(c).query }

// nameQuery reads the query in the specification's spelling and drops what it
// does not know. Faults are kept until the caller has been checked.
func (s *server) nameQuery(c *gin.Context) {
	op := s.operations[c.FullPath()]
	if op == nil {
		s.fail(c, problem.ErrNoRoute)
		return
	}
	if op.bound {
		p := passageOf(c)
		p.query = readQuery(p.room[:0], c.Request.URL.RawQuery, op.names)
	} else {
		s.rename(c, op.names)
	}
	c.Next()
}

// rename rewrites the query for an operation whose parameters are names.
func (s *server) rename(c *gin.Context, names map[string]string) {
	p := passageOf(c)
	p.query = readQuery(p.room[:0], c.Request.URL.RawQuery, names)
	u := *c.Request.URL
	u.RawQuery = p.query.values().Encode()
	r := *c.Request
	r.URL = &u
	c.Request = &r
}

// readQuery reads a raw query for an operation whose parameters are names, by
// their names in lower case. room is where they are kept, if there is enough.
func readQuery(room []given, raw string, names map[string]string) query {
	q := query{given: room}
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		text, errValue := url.QueryUnescape(value)
		if errName != nil || strings.Contains(pair, ";") {
			q.fault("", "the query is not encoded properly")
			continue
		}
		known, ok := names[lower(name)]
		if !ok {
			continue
		}
		if before := q.find(known); before != nil {
			if !before.twice {
				before.twice = true
				q.fault(known, "is given more than once")
			}
			continue
		}
		if errValue != nil {
			q.fault(known, "is not encoded properly")
			text = ""
		} else if wrong := faultOfText(text); wrong != "" {
			q.fault(known, wrong)
		}
		q.given = append(q.given, given{name: known, value: text})
	}
	return q
}

func (q *query) fault(parameter, message string) {
	path := "query"
	if parameter != "" {
		path += "." + parameter
	}
	q.faults = append(q.faults, model.ProblemFault{Path: path, Message: message})
}

// faultOfText says what is wrong with a text no dealer's system can hold: bytes
// of another encoding, control characters. Empty when nothing is.
func faultOfText(text string) string {
	if !utf8.ValidString(text) {
		return "is not UTF-8"
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == 0x7f {
			return "holds a control character"
		}
	}
	return ""
}

// lower is for ASCII alone: other alphabets have letters that fold into it.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}
