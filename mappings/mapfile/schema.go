package mapfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// APIField is a field of an element of the API's answer, as the editor schema
// needs it.
type APIField struct {
	Path   string // dotted, relative to its element
	Doc    string
	List   bool       // an array member; Fields are its elements' own
	Fields []APIField // of a list
}

// SchemaSource gives the fields of an endpoint's elements by the endpoint's
// name; nil for one it does not know.
type SchemaSource func(endpoint string) []APIField

type schema = map[string]any

// JSONSchema gives a JSON Schema (draft 2020-12) of mapping files for editors.
// It knows less than Parse does: it offers names and checks forms.
func JSONSchema(source SchemaSource) ([]byte, error) {
	s := &schemaMaker{defs: schema{}}
	s.shared()
	for _, c := range Contexts() {
		s.defs[c.Name] = s.context(c)
	}
	file := s.context(fileContext)
	properties, ok := file["properties"].(schema)
	if !ok {
		return nil, fmt.Errorf("making the schema: the file's context has no properties")
	}
	for _, name := range EndpointNames() {
		properties[name] = s.endpoint(name, source(name))
	}
	delete(s.defs, fileContext.Name)
	file["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	file["$comment"] = "Code generated from the tables in mappings/mapfile and openapi/crs/openapi.yaml by go generate. DO NOT EDIT."
	file["title"] = "Dealerbridge mapping"
	file["$defs"] = s.defs
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(file); err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return out.Bytes(), nil
}

// SchemaParts gives what editor schemas of other files can refer to, by name
// below `$defs`.
func SchemaParts() map[string]any {
	s := &schemaMaker{defs: schema{}}
	s.shared()
	for _, c := range Contexts() {
		if c != fileContext {
			s.defs[c.Name] = s.context(c)
		}
	}
	return s.defs
}

// SchemaOf gives the schema of what stands behind a key of this package's; false
// for a shape it does not know.
func SchemaOf(shape Shape) (map[string]any, bool) {
	if _, known := shapeNames[shape]; !known {
		return nil, false
	}
	return (&schemaMaker{defs: schema{}}).shape(shape), true
}

type schemaMaker struct {
	defs schema
}

func ref(name string) schema { return schema{"$ref": "#/$defs/" + strings.ReplaceAll(name, " ", "-")} }

func either(all ...any) schema { return schema{"anyOf": all} }

func orList(one schema) schema {
	return either(one, schema{"type": "array", "items": one})
}

func mapOf(values schema) schema { return schema{"type": "object", "additionalProperties": values} }

// shared declares the forms that stand in many places.
func (s *schemaMaker) shared() {
	s.defs["scalar"] = schema{"type": []string{"string", "number", "boolean"}}
	s.defs["none"] = schema{"const": "none"}
	s.defs["anyValue"] = either(
		ref("scalar"),
		schema{"type": "array", "items": ref("anyValue"), "minItems": 1},
		ref(valueContext.Name),
	)
	s.defs["condition-map"] = schema{"type": "object", "properties": s.context(conditionContext)["properties"], "additionalProperties": ref("compared")}
	s.defs["compared"] = either(orList(ref("scalar")), ref(comparisonContext.Name))
	s.defs["conditions"] = orList(either(schema{"type": "string"}, ref("condition-map")))
	s.defs["fields"] = schema{"type": "object", "minProperties": 1, "additionalProperties": either(ref("anyValue"), ref("fields"), ref("ratesHolder"))}
	s.defs["ratesHolder"] = schema{"type": "object", "properties": schema{"rates": ref(pivotContext.Name)}, "required": []string{"rates"}, "additionalProperties": false}
	s.defs["joinList"] = orList(either(schema{"type": "string"}, mapOf(ref(joinContext.Name))))
	s.defs["anyList"] = either(ref("none"), schema{"type": "array", "items": ref(listSourceContext.Name), "minItems": 1}, ref(listContext.Name), ref("ratesHolder"))
	s.defs["orders"] = orList(either(schema{"type": "string"}, ref(orderContext.Name)))
}

// context gives the schema of a map of keys.
func (s *schemaMaker) context(c *Context) schema {
	properties := schema{}
	var required []string
	for _, key := range c.Keys {
		property := s.shape(key.Shape)
		doc := key.Doc
		if key.Default != "" {
			doc += " Default: " + key.Default + "."
		}
		property["description"] = doc
		properties[key.Name] = property
		if key.Required {
			required = append(required, key.Name)
		}
	}
	out := schema{"type": "object", "properties": properties, "description": c.Doc, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	switch c {
	case codeMapContext:
		out["additionalProperties"] = ref("scalar")
	case conditionContext:
		out["additionalProperties"] = ref("compared")
	case endpointContext, invoiceContext, listSourceContext:
		out["additionalProperties"] = either(ref(childrenContext.Name), ref("anyList"))
	case listContext:
		for _, key := range listSourceContext.Keys {
			property := s.shape(key.Shape)
			property["description"] = key.Doc
			properties[key.Name] = property
		}
		out["additionalProperties"] = either(ref(childrenContext.Name), ref("anyList"))
	case orderContext:
		for _, key := range valueContext.Keys {
			property := s.shape(key.Shape)
			property["description"] = key.Doc
			properties[key.Name] = property
		}
	}
	return out
}

// endpoint gives a section with the API's own names in it.
func (s *schemaMaker) endpoint(name string, fields []APIField) schema {
	c := endpointContextOf(name)
	section := s.context(c)
	properties, ok := section["properties"].(schema)
	if !ok {
		properties = schema{}
	}
	s.element(name, properties, fields)
	return schema{"anyOf": []any{ref("none"), section}, "description": s.docOf(name)}
}

func (s *schemaMaker) docOf(endpoint string) string {
	for _, key := range fileContext.Keys {
		if key.Name == endpoint {
			return key.Doc
		}
	}
	return ""
}

// element puts an element's fields below `fields` and its lists beside it.
func (s *schemaMaker) element(name string, properties schema, fields []APIField) {
	if len(fields) == 0 {
		return
	}
	named := schema{}
	for _, f := range fields {
		switch {
		case f.List:
			properties[f.Path] = s.listOf(name, f)
		default:
			named[f.Path] = schema{"anyOf": []any{ref("anyValue")}, "description": f.Doc}
			for at := strings.LastIndexByte(f.Path, '.'); at > 0; at = strings.LastIndexByte(f.Path[:at], '.') {
				owner := f.Path[:at]
				if _, known := named[owner]; !known {
					named[owner] = either(ref("fields"), ref("ratesHolder"))
				}
			}
		}
	}
	mapped := schema{"type": "object", "properties": named, "additionalProperties": false, "minProperties": 1}
	if _, list := properties["columns"]; list {
		properties["fields"] = either(mapped, schema{"type": "array", "items": mapped})
		return
	}
	properties["fields"] = mapped
}

// listOf declares a list's source once, under the list's name, and refers to
// it. That a source may then hold `sources` is for Parse to refuse.
func (s *schemaMaker) listOf(owner string, f APIField) schema {
	name := owner + "." + f.Path
	if _, known := s.defs[name]; !known {
		list := s.context(listContext)
		s.defs[name] = list
		if properties, ok := list["properties"].(schema); ok {
			s.element(name, properties, f.Fields)
			properties["sources"] = schema{"type": "array", "items": ref(name), "minItems": 1}
		}
	}
	return schema{"anyOf": []any{ref("none"), schema{"type": "array", "items": ref(name), "minItems": 1}, ref(name)}, "description": f.Doc}
}

// shape gives the schema of what stands behind a key.
func (s *schemaMaker) shape(shape Shape) schema {
	if slices.ContainsFunc(Contexts(), func(c *Context) bool { return c.Name == string(shape) }) {
		if shape == Shape(documentContext.Name) || shape == shapeChanges {
			return either(ref("none"), ref(string(shape)))
		}
		return schema{"anyOf": []any{ref(string(shape))}}
	}
	if form, ok := shapeSchemas[shape]; ok {
		return form()
	}
	return schema{"type": []string{"string", "number", "boolean"}}
}

var shapeSchemas = map[Shape]func() schema{
	shapeWords:      func() schema { return orList(ref("scalar")) },
	shapeScalars:    func() schema { return orList(ref("scalar")) },
	shapeUse:        func() schema { return orList(ref("scalar")) },
	shapeBool:       func() schema { return schema{"type": "boolean"} },
	shapeWhole:      func() schema { return schema{"type": []string{"integer", "string"}, "pattern": "^[-+]?[0-9]+$"} },
	shapeShare:      func() schema { return schema{"type": "string", "pattern": `^[0-9.]+ ?%$`} },
	shapeDuration:   func() schema { return schema{"type": "string", "pattern": `^([0-9.]+(ns|us|ms|s|m|h))+$`} },
	shapeDialect:    func() schema { return schema{"enum": []string{string(MySQL), string(SQLite)}} },
	shapeBadRow:     func() schema { return schema{"enum": []string{"leaveOut", "fail"}} },
	shapeBadValue:   func() schema { return schema{"enum": []any{nil, "null", "leaveOut", "fail"}} },
	shapeCase:       func() schema { return schema{"enum": []string{"upper", "lower", "title"}} },
	shapeSQL:        func() schema { return schema{"type": "string"} },
	shapeColumn:     func() schema { return schema{"type": "string", "pattern": `^[^.]+\..+$`} },
	shapeValue:      func() schema { return schema{"anyOf": []any{ref("anyValue")}} },
	shapeValues:     func() schema { return schema{"anyOf": []any{ref("anyValue")}} },
	shapeItems:      func() schema { return schema{"anyOf": []any{ref("anyValue")}} },
	shapeSourceText: func() schema { return either(schema{"type": "string", "pattern": `\S\s+\S`}, ref(sourceContext.Name)) },
	shapeMatch:      func() schema { return mapOf(ref("anyValue")) },
	shapeConditions: func() schema { return schema{"anyOf": []any{ref("conditions")}} },
	shapeWhen:       func() schema { return orList(ref("condition-map")) },
	shapeOrder:      func() schema { return schema{"anyOf": []any{ref("orders")}} },
	shapePick:       func() schema { return schema{"anyOf": []any{ref("orders")}} },
	shapeJoins:      func() schema { return schema{"anyOf": []any{ref("joinList")}} },
	shapeNamedJoins: func() schema { return mapOf(ref(joinContext.Name)) },
	shapeFilters:    func() schema { return mapOf(ref("conditions")) },
	shapeMaps:       func() schema { return mapOf(ref(codeMapContext.Name)) },
	shapeDefine:     func() schema { return mapOf(either(ref("anyValue"), ref("fields"))) },
	shapeFields:     func() schema { return schema{"anyOf": []any{ref("fields")}} },
	shapeRows: func() schema {
		return either(ref("fields"), schema{"type": "array", "items": ref("fields"), "minItems": 1})
	},
	shapeFixed: func() schema {
		return schema{"type": "array", "minItems": 1, "items": mapOf(either(ref("scalar"), schema{"type": "object"}))}
	},
	shapeEndpoint:  func() schema { return either(ref("none"), ref(endpointContext.Name)) },
	shapeInvoice:   func() schema { return either(ref("none"), ref(invoiceContext.Name)) },
	shapeEndpoints: func() schema { return schema{"type": "array", "items": ref(endpointContext.Name), "minItems": 1} },
	shapeSources:   func() schema { return schema{"type": "array", "items": ref(listSourceContext.Name), "minItems": 1} },
	shapeChangeKind: func() schema {
		return either(schema{"enum": []string{"none", "snapshot"}}, schema{"type": "array", "items": ref(changeSourceContext.Name), "minItems": 1}, ref(changeSourceContext.Name))
	},
	shapePrefer:   func() schema { return orList(mapOf(ref("compared"))) },
	shapeColumns:  func() schema { return mapOf(orList(ref("scalar"))) },
	shapeLiteral:  func() schema { return schema{"type": []string{"string", "number", "boolean", "null"}} },
	shapeDate:     func() schema { return either(ref("scalar"), ref(dateContext.Name)) },
	shapeMoney:    func() schema { return either(schema{"type": "boolean"}, ref(moneyContext.Name)) },
	shapeHash:     func() schema { return either(schema{"type": "boolean"}, ref(hashContext.Name)) },
	shapeCut:      func() schema { return schema{"type": []string{"boolean", "integer"}} },
	shapeListRule: func() schema { return schema{"anyOf": []any{ref(listRuleContext.Name)}} },
	shapeReplace:  func() schema { return orList(mapOf(ref("scalar"))) },
}
