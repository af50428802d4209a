package server

import (
	"math"
	"reflect"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// sure says of a value that its parameter's schema certainly allows it. A value
// it is not sure of may be right or wrong: the library that knows all of the
// specification says which, and what is wrong with it.
type sure func(value string) bool

// wellFormed says whether a query certainly fits the operation.
func (o *operation) wellFormed(q *query) bool {
	if len(q.faults) > 0 {
		return false
	}
	for i, p := range o.parameters {
		switch g := q.find(p.Name); {
		case o.sure[i] == nil:
			return false
		case g == nil && p.Required:
			return false
		case g != nil && !o.sure[i](g.value):
			return false
		}
	}
	return true
}

// sureOf makes the check of a query parameter; nil where its schema says more
// than is known here.
func sureOf(p *openapi3.Parameter) sure {
	if p.In != openapi3.ParameterInQuery || p.Content != nil || p.AllowEmptyValue || p.Schema == nil ||
		(p.Style != "" && p.Style != openapi3.SerializationForm) {
		return nil
	}
	schema := p.Schema.Value
	switch {
	case schema.Type.Is(openapi3.TypeString):
		return sureText(schema)
	case schema.Type.Is(openapi3.TypeInteger):
		return sureWhole(schema)
	case schema.Type.Is(openapi3.TypeArray) && p.Explode != nil && !*p.Explode:
		return sureTexts(schema)
	}
	return nil
}

// nothingElse says whether a schema demands nothing beyond what is given by the
// members that forget clears.
func nothingElse(schema *openapi3.Schema, forget func(*openapi3.Schema)) bool {
	rest := *schema
	rest.Type, rest.Title, rest.Description, rest.Example, rest.Extensions, rest.Origin = nil, "", "", nil, nil, nil
	forget(&rest)
	return reflect.ValueOf(rest).IsZero()
}

// sureText knows texts by their length and the one pattern there is. What is
// not ASCII has no length that is told easily, so it is not sure of that.
func sureText(schema *openapi3.Schema) sure {
	known := nothingElse(schema, func(s *openapi3.Schema) { s.MinLength, s.MaxLength, s.Pattern = 0, nil, "" })
	if !known || schema.MinLength > 1 || (schema.Pattern != "" && schema.Pattern != noComma) {
		return nil
	}
	most := uint64(math.MaxInt)
	if schema.MaxLength != nil {
		most = *schema.MaxLength
	}
	return func(value string) bool {
		if value == "" || uint64(len(value)) > most {
			return false
		}
		for i := range len(value) {
			if c := value[i]; c < ' ' || c >= 0x7f || c == ',' {
				return false
			}
		}
		return true
	}
}

// noComma is the pattern of a customer number.
const noComma = "^[^,]+$"

// sureDigits is how many digits a whole number may have to be known as one; all
// of them fit into an int64, and into a float64.
const sureDigits = 15

// sureWhole knows whole numbers that are written in the plainest way.
func sureWhole(schema *openapi3.Schema) sure {
	known := nothingElse(schema, func(s *openapi3.Schema) { s.Format, s.Min = "", nil })
	if !known || (schema.Format != "" && schema.Format != "int64") {
		return nil
	}
	least := math.Inf(-1)
	if schema.Min != nil {
		least = *schema.Min
	}
	return func(value string) bool {
		if value == "" || len(value) > sureDigits || (value[0] == '0' && len(value) > 1) {
			return false
		}
		n := 0.0
		for i := range len(value) {
			if value[i] < '0' || value[i] > '9' {
				return false
			}
			n = 10*n + float64(value[i]-'0')
		}
		return n >= least
	}
}

// sureTexts knows lists of texts with commas between them.
func sureTexts(schema *openapi3.Schema) sure {
	known := nothingElse(schema, func(s *openapi3.Schema) { s.Items, s.MinItems, s.MaxItems = nil, 0, nil })
	if !known || schema.MinItems > 1 || schema.Items == nil || !schema.Items.Value.Type.Is(openapi3.TypeString) {
		return nil
	}
	one := sureText(schema.Items.Value)
	if one == nil {
		return nil
	}
	most := uint64(math.MaxInt)
	if schema.MaxItems != nil {
		most = *schema.MaxItems
	}
	return func(value string) bool {
		n := uint64(0)
		for text := range strings.SplitSeq(value, ",") {
			if n++; n > most || !one(text) {
				return false
			}
		}
		return true
	}
}
