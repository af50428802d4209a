package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/gen/operator/api"
	"github.com/dealerbridge/dealerbridge/openapi"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// desk is the operator's API: its operations by method and gin's full path.
type desk struct {
	doc        *openapi3.T
	operations map[string]*deskOperation
}

type deskOperation struct {
	operation
	method string
	scope  string // what the specification asks of a token
}

func newDesk() (*desk, error) {
	doc, err := openapi.OperatorDocument()
	if err != nil {
		return nil, fmt.Errorf("building the operator's API: %w", err)
	}
	d := &desk{doc: doc, operations: map[string]*deskOperation{}}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			one := &deskOperation{operation: operation{path: path, item: item, op: op, names: map[string]string{}}, method: method}
			for _, ref := range op.Parameters {
				one.parameters = append(one.parameters, ref.Value)
				if ref.Value.In == openapi3.ParameterInQuery {
					one.names[lower(ref.Value.Name)] = ref.Value.Name
				}
			}
			if one.scope, err = scopeOf(doc, op); err != nil {
				return nil, fmt.Errorf("building the operator's API: %s: %w", op.OperationID, err)
			}
			d.operations[method+" "+pathValue.ReplaceAllString(path, ":$1")] = one
		}
	}
	return d, nil
}

// scopeOf finds the one scope an operation asks for.
func scopeOf(doc *openapi3.T, op *openapi3.Operation) (string, error) {
	needs := doc.Security
	if op.Security != nil {
		needs = *op.Security
	}
	for _, need := range needs {
		for _, scopes := range need {
			if len(scopes) == 1 {
				return scopes[0], nil
			}
		}
	}
	return "", errors.New("no scope is asked for")
}

// operate registers the operator's API below the engine.
func (s *server) operate(e *gin.Engine) error {
	d, err := newDesk()
	if err != nil {
		return err
	}
	group := e.Group("", s.admit, s.limitDeskBody, d.name(s), d.authorize(s), s.plainPath, d.validate(s), s.deliver)
	handler := api.NewStrictHandlerWithOptions(s.o.Operator, []api.StrictMiddlewareFunc{refuseNothingAtDesk},
		api.StrictGinServerOptions{
			RequestErrorHandlerFunc:  func(c *gin.Context, _ error) { s.fail(c, unreadable) },
			HandlerErrorFunc:         s.fail,
			ResponseErrorHandlerFunc: s.fail,
		})
	api.RegisterHandlersWithOptions(group, handler, api.GinServerOptions{
		ErrorHandler: func(c *gin.Context, _ error, _ int) { s.fail(c, unreadable) },
	})
	return nil
}

func refuseNothingAtDesk(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(c *gin.Context, request any) (any, error) {
		response, err := next(c, request)
		if err == nil && response == nil {
			err = errNothing
		}
		return response, err
	}
}

// limitDeskBody bounds what an operator sends; a quote may come with a file.
func (s *server) limitDeskBody(c *gin.Context) {
	most := max(s.o.MaxBody, s.o.MaxDeskBody)
	if c.Request.ContentLength > most {
		s.fail(c, problem.ErrTooLarge)
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, most)
	c.Next()
}

func (d *desk) of(c *gin.Context) *deskOperation {
	return d.operations[c.Request.Method+" "+c.FullPath()]
}

// name reads the query as nameQuery does.
func (d *desk) name(s *server) gin.HandlerFunc {
	return func(c *gin.Context) {
		op := d.of(c)
		if op == nil {
			s.fail(c, problem.ErrNoRoute)
			return
		}
		s.rename(c, op.names)
		c.Next()
	}
}

func (d *desk) authorize(s *server) gin.HandlerFunc {
	return func(c *gin.Context) { s.authorizeFor(c, d.of(c).scope) }
}

// validate checks parameters and body against the specification and answers
// with every fault at once.
func (d *desk) validate(s *server) gin.HandlerFunc {
	return func(c *gin.Context) {
		op, q := d.of(c), queryOf(c)
		ctx := c.Request.Context()
		in := &openapi3filter.RequestValidationInput{
			Request: c.Request, QueryParams: q.values(), PathParams: make(map[string]string, len(c.Params)),
			Route: &routers.Route{Spec: d.doc, Path: op.path, PathItem: op.item, Method: op.method, Operation: op.op},
			Options: &openapi3filter.Options{
				MultiError: true, SkipSettingDefaults: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			},
		}
		for _, p := range c.Params {
			in.PathParams[p.Key] = url.PathEscape(p.Value) // the library decodes it
		}
		faults := slices.Clone(q.faults)
		for _, p := range op.parameters {
			if err := openapi3filter.ValidateParameter(ctx, in, p); err != nil {
				faults = append(faults, faultsOf(p.In+"."+p.Name, err)...)
			}
		}
		if op.op.RequestBody != nil {
			err := openapi3filter.ValidateRequestBody(ctx, in, op.op.RequestBody.Value)
			if wrong, ok := s.deskBody(c, err); !ok {
				return
			} else if wrong != nil {
				faults = append(faults, wrong...)
			}
		}
		if len(faults) > 0 {
			s.fail(c, problem.BadParameter(faults...))
			return
		}
		c.Next()
	}
}

// deskBody turns what is wrong with a body into faults; ok is false when the
// request was answered already.
func (s *server) deskBody(c *gin.Context, err error) (faults []model.ProblemFault, ok bool) {
	if err == nil {
		return nil, true
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		s.fail(c, problem.ErrTooLarge)
		return nil, false
	}
	var request *openapi3filter.RequestError
	var parse *openapi3filter.ParseError
	switch {
	case errors.As(err, &parse) && parse.Kind == openapi3filter.KindUnsupportedFormat:
		s.fail(c, problem.ErrUnsupportedMediaType)
		return nil, false
	case errors.As(err, &parse):
		return []model.ProblemFault{{Path: "body", Message: "is no JSON"}}, true
	case errors.As(err, &request) && request.Err != nil:
		return faultsOf("body", request.Err), true
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		return []model.ProblemFault{{Path: "body", Message: "is missing"}}, true
	}
	return faultsOf("body", err), true
}
