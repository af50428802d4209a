package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/document"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// documentPath is gin's spelling of the document path.
const documentPath = documentFolder + ":kind/:id"

// documentFolder is no place for another endpoint.
const documentFolder = "/api/v1/document/"

// customerPaths are further addresses of the customer endpoint: the document's
// sample has no resource name before the query, and a dealer may have agreed on
// another with the CRS (R170).
func (s *server) customerPaths() []string {
	paths := []string{"/api/v1", "/api/v1/"}
	if p := s.o.CustomerPath; p != "" && p != customerPath && !slices.Contains(paths, p) {
		paths = append(paths, p)
	}
	return paths
}

const customerPath = "/api/v1/customer"

// operation is one GET of the specification.
type operation struct {
	path       string // as the specification spells it
	item       *openapi3.PathItem
	op         *openapi3.Operation
	parameters []*openapi3.Parameter
	sure       []sure            // of each parameter
	names      map[string]string // query parameters by their spellings in lower case
	bound      bool              // by a handler of our own, that reads no query again
}

var pathValue = regexp.MustCompile(`\{([^}]+)\}`)

// operations finds what may be asked for, by gin's full path. more are further
// paths of the customer endpoint.
func operations(doc *openapi3.T, more []string) (map[string]*operation, error) {
	found := map[string]*operation{}
	for path, item := range doc.Paths.Map() {
		if item.Get == nil {
			continue
		}
		o := &operation{path: path, item: item, op: item.Get, names: map[string]string{}}
		for _, ref := range append(append(openapi3.Parameters{}, item.Parameters...), item.Get.Parameters...) {
			o.parameters, o.sure = append(o.parameters, ref.Value), append(o.sure, sureOf(ref.Value))
			if ref.Value.In == openapi3.ParameterInQuery {
				o.names[lower(ref.Value.Name)] = ref.Value.Name
			}
		}
		for other, name := range spellings {
			if known, ok := o.names[name]; ok {
				o.names[other] = known
			}
		}
		found[pathValue.ReplaceAllString(path, ":$1")] = o
	}
	customer := found[customerPath]
	if customer == nil || found[documentPath] == nil {
		return nil, errors.New("the specification lacks the customer or the document path")
	}
	for _, path := range more {
		if !strings.HasPrefix(path, "/api/") || strings.ContainsAny(path, ":*") {
			return nil, fmt.Errorf("the customer path %q has to be a plain path below /api/", path)
		}
		if found[path] != nil || strings.HasPrefix(path, documentFolder) {
			return nil, fmt.Errorf("the customer path %q is another endpoint's", path)
		}
		found[path] = customer
	}
	return found, nil
}

// validate checks the parameters of a request against the specification, all of
// them, and answers with every fault at once.
func (s *server) validate(doc *openapi3.T) gin.HandlerFunc {
	return func(c *gin.Context) {
		o, q := s.operations[c.FullPath()], queryOf(c)
		if o.wellFormed(q) {
			c.Next()
			return
		}
		in := &openapi3filter.RequestValidationInput{
			Request: c.Request, QueryParams: q.values(), PathParams: make(map[string]string, len(c.Params)),
			Route:   &routers.Route{Spec: doc, Path: o.path, PathItem: o.item, Method: http.MethodGet, Operation: o.op},
			Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true},
		}
		for _, p := range c.Params {
			in.PathParams[p.Key] = url.PathEscape(p.Value) // the library decodes it
		}
		faults := q.faults
		known := map[string]bool{}
		for _, f := range faults {
			known[f.Path] = true
		}
		for _, p := range o.parameters {
			err := openapi3filter.ValidateParameter(c.Request.Context(), in, p)
			if err == nil {
				continue
			}
			if p.In == openapi3.ParameterInPath {
				s.fail(c, problem.ErrNoDocument)
				return
			}
			if path := p.In + "." + p.Name; !known[path] {
				// One fault a place: what is empty breaks the pattern, too.
				for _, f := range faultsOf(path, err) {
					if !known[f.Path] {
						known[f.Path] = true
						faults = append(faults, f)
					}
				}
			}
		}
		if len(faults) > 0 {
			s.fail(c, problem.BadParameter(faults...))
			return
		}
		if c.FullPath() == documentPath {
			c.Request = c.Request.WithContext(document.WithRequest(c.Request))
		}
		c.Next()
	}
}

// faultsOf turns the library's error into faults without its text, which shows
// schemas and values.
func faultsOf(path string, err error) []model.ProblemFault {
	var many openapi3.MultiError
	if errors.As(err, &many) {
		var all []model.ProblemFault
		for _, one := range many {
			all = append(all, faultsOf(path, one)...)
		}
		return all
	}
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		if at := schema.JSONPointer(); len(at) > 0 {
			path += "." + strings.Join(at, ".")
		}
		return []model.ProblemFault{{Path: path, Message: broken(schema)}}
	}
	var parse *openapi3filter.ParseError
	switch {
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		return []model.ProblemFault{{Path: path, Message: "is required"}}
	case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		return []model.ProblemFault{{Path: path, Message: "is empty"}}
	case errors.As(err, &parse) && parse.Reason != "":
		if parse.Reason == "an invalid integer" {
			return []model.ProblemFault{{Path: path, Message: "is not a whole number"}}
		}
		return []model.ProblemFault{{Path: path, Message: "is " + parse.Reason}}
	}
	return []model.ProblemFault{{Path: path, Message: "cannot be read"}}
}

// broken says in words what a value breaks.
func broken(e *openapi3.SchemaError) string {
	switch {
	case e.SchemaField == "minLength":
		return "is empty" // no parameter wants more than one character
	case e.SchemaField == "pattern":
		return patternReason
	case e.SchemaField == "maxLength" && e.Schema.MaxLength != nil:
		return fmt.Sprintf("is longer than %d characters", *e.Schema.MaxLength)
	case e.SchemaField == "maxItems" && e.Schema.MaxItems != nil:
		return fmt.Sprintf("holds more than %d values", *e.Schema.MaxItems)
	case e.SchemaField == "minimum" && e.Schema.Min != nil:
		return fmt.Sprintf("must be at least %v", *e.Schema.Min)
	}
	return e.Reason
}

// patternReason stands for the one pattern parameters have; the library would
// print the expression.
const patternReason = "must be exactly one customer number; it cannot hold a comma"
