package openapi_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// operation is one operation of a document with its place.
type operation struct {
	*openapi3.Operation
	method, path string
}

// document returns the Cat Rental Store specification or ends the test.
func document(t testing.TB) *openapi3.T {
	t.Helper()
	return specifications[0].document(t)
}

// operations lists every operation by path and method.
func operations(doc *openapi3.T) []operation {
	var all []operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{Operation: op, method: method, path: path})
		}
	}
	slices.SortFunc(all, func(a, b operation) int {
		return strings.Compare(a.path+a.method, b.path+b.method)
	})
	return all
}

// find returns the operation of an id or ends the test.
func find(t testing.TB, doc *openapi3.T, id string) operation {
	t.Helper()
	for _, op := range operations(doc) {
		if op.OperationID == id {
			return op
		}
	}
	t.Fatalf("no operation %q", id)
	return operation{}
}

// bodySchema is the JSON schema of what an operation answers with 200, or of what it is sent where the answer has no
// body; nil where it is neither.
func bodySchema(op operation) *openapi3.SchemaRef {
	contents := []openapi3.Content{}
	if answer := op.Responses.Value(strconv.Itoa(http.StatusOK)); answer != nil && answer.Value != nil {
		contents = append(contents, answer.Value.Content)
	}
	if op.RequestBody != nil {
		contents = append(contents, op.RequestBody.Value.Content)
	}
	for _, content := range contents {
		if media := content["application/json"]; media != nil {
			return media.Schema
		}
	}
	return nil
}

// walk calls visit for every member below a schema, with its path (`items[].rentalRate.daily`, `{any}` for a member of
// free name) and whether its parent requires it. Order is that of the names.
func walk(ref *openapi3.SchemaRef, path string, visit func(path string, schema *openapi3.SchemaRef, required bool)) {
	schema := ref.Value
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	names := make([]string, 0, len(schema.Properties))
	for name := range schema.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		member := schema.Properties[name]
		visit(join(name), member, slices.Contains(schema.Required, name))
		walk(member, join(name), visit)
	}
	if schema.Items != nil {
		visit(path+"[]", schema.Items, false)
		walk(schema.Items, path+"[]", visit)
	}
	if free := schema.AdditionalProperties.Schema; free != nil {
		visit(join("{any}"), free, false)
		walk(free, join("{any}"), visit)
	}
}

// typeName is the JSON type of a schema; where it has alternatives, theirs, joined by a bar.
func typeName(schema *openapi3.Schema) string {
	if len(schema.OneOf) > 0 {
		var names []string
		for _, alternative := range schema.OneOf {
			names = append(names, typeName(alternative.Value))
		}
		return strings.Join(names, "|")
	}
	if schema.Type == nil {
		return ""
	}
	if schema.Format == "date-time" || schema.Format == "date" {
		return schema.Format
	}
	return strings.Join(schema.Type.Slice(), "|")
}

// queryNames lists the query parameters of an operation, the required ones with a star.
func queryNames(op operation) string {
	var names []string
	for _, parameter := range op.Parameters {
		if parameter.Value.In != openapi3.ParameterInQuery {
			continue
		}
		name := parameter.Value.Name
		if parameter.Value.Required {
			name += "*"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
