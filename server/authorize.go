package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// authorize checks who pulls, and for which dealer. It comes before any fault of
// other parameters is told.
func (s *server) authorize(c *gin.Context) { s.authorizeFor(c, token.ScopeRead) }

// authorizeFor is authorize for calls that need another scope.
func (s *server) authorizeFor(c *gin.Context, scope string) {
	ctx := c.Request.Context()
	caller, err := s.caller(c, scope)
	if err != nil {
		s.fail(c, err)
		return
	}
	p := passageOf(c)
	d, leave, err := s.dealer(caller, &p.query)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer leave()
	p.facts.dealer = d.Code
	if !s.shares.take(d.Code, len(s.o.Dealers.All())) {
		s.fail(c, problem.ErrOverloaded)
		return
	}
	defer s.shares.give(d.Code)
	c.Request = c.Request.WithContext(dealers.WithCall(ctx, dealers.Call{
		Client: caller.Client, Dealer: d, Undo: &p.undo,
	}))
	c.Next()
}

// caller checks the token of a request, and that it has a scope.
func (s *server) caller(c *gin.Context, scope string) (token.Caller, error) {
	bearer, err := bearerOf(c.Request.Header.Values("Authorization"))
	if err != nil {
		return token.Caller{}, err
	}
	caller, err := s.o.Verifier.Verify(c.Request.Context(), bearer)
	if err != nil {
		return token.Caller{}, fmt.Errorf("checking the token: %w", err)
	}
	facts(c).client = caller.Client
	if !slices.Contains(caller.Scopes, scope) {
		return token.Caller{}, problem.InsufficientScope(scope)
	}
	return caller, nil
}

// dealer chooses the dealer of a request: the one it names, or the only one of
// the client (R122). Another's dealer and one that does not exist look the same.
func (s *server) dealer(caller token.Caller, q *query) (*dealers.Dealer, func(), error) {
	code, named := "", q.find("dealer")
	if named != nil {
		if named.twice {
			return nil, nil, problem.BadParameter(q.faults...)
		}
		code = named.value
	}
	switch {
	case named != nil && code == "":
		return nil, nil, problem.BadParameter(problem.Fault("dealer", "is empty"))
	case code == "" && len(caller.Dealers) > 1:
		return nil, nil, problem.BadParameter(problem.Fault("dealer", "is required, because the client belongs to several dealers"))
	case code == "" && len(caller.Dealers) == 1:
		code = caller.Dealers[0]
	case !slices.Contains(caller.Dealers, code):
		return nil, nil, problem.ErrForbiddenDealer
	}
	for {
		d, ok := s.o.Dealers.Dealer(code)
		if !ok {
			return nil, nil, problem.ErrForbiddenDealer
		}
		if leave, ok := d.Enter(); ok {
			return d, leave, nil
		}
		if again, ok := s.o.Dealers.Dealer(code); ok && again == d { // retired and not replaced
			return nil, nil, fmt.Errorf("dealer %s is closed: %w", code, adapters.ErrUnavailable)
		}
	}
}

// token68 says whether a text may be a bearer token (RFC 6750, section 2.1). It
// is read with every request.
func token68(text string) bool {
	body := strings.TrimRight(text, "=")
	for i := range len(body) {
		switch c := body[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c == '~', c == '+', c == '/':
		default:
			return false
		}
	}
	return body != ""
}

// bearerOf finds the token in the Authorization headers of a request.
func bearerOf(headers []string) (string, error) {
	if len(headers) == 0 {
		return "", token.ErrNoToken
	}
	if len(headers) > 1 {
		return "", fmt.Errorf("several Authorization headers: %w", token.ErrInvalidToken)
	}
	scheme, bearer, _ := strings.Cut(headers[0], " ")
	bearer = strings.Trim(bearer, " ")
	if !strings.EqualFold(scheme, "Bearer") || bearer == "" {
		return "", token.ErrNoToken
	}
	if !token68(bearer) {
		return "", fmt.Errorf("not the characters of a token: %w", token.ErrInvalidToken)
	}
	return bearer, nil
}

// undoOf returns what a request has to take back if its answer gets lost.
func undoOf(ctx context.Context) *dealers.Undo {
	call, err := dealers.CallFrom(ctx)
	if err != nil || call.Undo == nil {
		return &dealers.Undo{}
	}
	return call.Undo
}
