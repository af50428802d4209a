package server

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// passage is one request on its way: what the steps learn and leave for each
// other. It is made once for each request, in one piece, and lives in the
// request's context.
type passage struct {
	context.Context

	facts  factsOf
	query  query
	room   [4]given // for the query: no list has more parameters
	undo   dealers.Undo
	writer whole
	id     [1]string // as a header
}

// factsOf is what is learned about a request on its way, for log and metrics.
type factsOf struct {
	client, dealer string
	problem        string
}

type passageKey struct{}

// Value implements context.Context.
func (p *passage) Value(key any) any {
	if key == (passageKey{}) {
		return p
	}
	return p.Context.Value(key)
}

// startPassage gives a request its passage and its id.
func startPassage(r *http.Request, id string) (*passage, *http.Request) {
	p := &passage{Context: problem.WithRequestID(r.Context(), id), id: [1]string{id}}
	return p, r.WithContext(p)
}

// passageOf is the passage of a request; every request has one from its first
// step on.
func passageOf(c *gin.Context) *passage {
	if p, ok := c.Request.Context().Value(passageKey{}).(*passage); ok {
		return p
	}
	return &passage{Context: c.Request.Context()}
}

func facts(c *gin.Context) *factsOf { return &passageOf(c).facts }
