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
	values url.Values
	faults []model.ProblemFault
	twice  map[string]bool
}

const queryKey = "query"

func queryOf(c *gin.Context) query {
	q, _ := c.Get(queryKey)
	found, _ := q.(query)
	return found
}

// nameQuery rewrites the query to the specification's spelling and drops what it
// does not know. Faults are kept until the caller has been checked.
func (s *server) nameQuery(c *gin.Context) {
	op := s.operations[c.FullPath()]
	if op == nil {
		s.fail(c, problem.ErrNoRoute)
		return
	}
	s.rename(c, op.names)
	c.Next()
}

// rename rewrites the query for an operation whose parameters are names.
func (s *server) rename(c *gin.Context, names map[string]string) {
	q := readQuery(c.Request.URL.RawQuery, names)
	c.Set(queryKey, q)
	u := *c.Request.URL
	u.RawQuery = q.values.Encode()
	r := *c.Request
	r.URL = &u
	c.Request = &r
}

// readQuery reads a raw query for an operation whose parameters are names, by
// their names in lower case.
func readQuery(raw string, names map[string]string) query {
	q := query{values: url.Values{}, twice: map[string]bool{}}
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
		switch {
		case q.twice[known]:
		case q.values.Has(known):
			q.twice[known] = true
			q.fault(known, "is given more than once")
		case errValue != nil:
			q.fault(known, "is not encoded properly")
			q.values.Set(known, "")
		default:
			if wrong := faultOfText(text); wrong != "" {
				q.fault(known, wrong)
			}
			q.values.Set(known, text)
		}
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
	for _, r := range text {
		if r < ' ' || r == 0x7f {
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
