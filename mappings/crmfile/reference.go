package crmfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/standard"
)

//go:generate go test -count=1 -run "TestReferenceIsCurrent|TestEditorSchemaIsCurrent" -update .

// Reference gives the reference of crm.yaml as Markdown.
func Reference() []byte {
	return append(mapfile.Page(referenceHead, "REFERENCE.md", Contexts()), theirWords()...)
}

// theirWords lists what stands behind codes in the files of reasons and stages.
func theirWords() []byte {
	var b bytes.Buffer
	b.WriteString("\n## Caterpillar's words\n\nWhat stands behind the codes of the CRM in the files beside `crm.yaml`.\n")
	for _, list := range []struct {
		file  string
		words []string
	}{
		{RejectedReasons, standard.RejectedReasons()},
		{DisqualifiedReasons, standard.DisqualifiedReasons()},
		{ClosedReasons, standard.ClosedReasons()},
	} {
		fmt.Fprintf(&b, "\n`%s.yaml`:\n\n", list.file)
		for _, word := range list.words {
			fmt.Fprintf(&b, "- %s\n", word)
		}
	}
	fmt.Fprintf(&b, "\n`%s.yaml`, with the percentages a stage stands for:\n\n", SalesStages)
	for _, s := range standard.Stages() {
		if s.OnePercentage {
			fmt.Fprintf(&b, "- %s: %d %%\n", s.Name, s.Least)
			continue
		}
		fmt.Fprintf(&b, "- %s: %d to %d %%\n", s.Name, s.Least, s.Most)
	}
	return b.Bytes()
}

const referenceHead = `<!-- Code generated from the tables in mappings/crmfile by go generate. DO NOT EDIT. -->

# Reference of crm.yaml

Which rows of the CRM a lead becomes, and what is reported back of them. The notation is that of [rms.yaml](REFERENCE.md):
a bare ` + "`alias.name`" + ` is a column, a list is the first that is not empty, everything else says what it is. Where leads
are written the aliases are ` + "`lead`" + ` (members of the lead as the interface spells them), ` + "`gateway`" + ` (now, today, dealer)
and the names of earlier rows.

Reasons and stages stand in files of their own beside it, each from the CRM's codes to Caterpillar's words:
` + "`rejected-reasons.yaml`, `disqualified-reasons.yaml`, `closed-reasons.yaml`, `sales-stages.yaml`" + `. A code that is in
none of them holds the update until it is; ` + "`notYet`" + ` sends nothing and holds nothing. The words stand [at the end](#caterpillars-words).

`

// JSONSchema gives a JSON Schema (draft 2020-12) of crm.yaml for editors.
func JSONSchema(names Names) ([]byte, error) {
	defs := mapfile.SchemaParts()
	for _, c := range Contexts() {
		defs["crm-"+c.Name] = contextSchema(c, names)
	}
	open(defs, writeContext)
	open(defs, keyContext)
	file, ok := defs["crm-"+fileContext.Name].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("making the schema: the file's context is no object")
	}
	delete(defs, "crm-"+fileContext.Name)
	file["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	file["$comment"] = "Code generated from the tables in mappings/crmfile and openapi/lead/openapi.yaml by go generate. DO NOT EDIT."
	file["title"] = "Dealerbridge CRM mapping"
	file["$defs"] = defs
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(file); err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return out.Bytes(), nil
}

// open lets the keys of any value stand beside a context's own, and no others.
func open(defs map[string]any, c *mapfile.Context) {
	own, _ := defs["crm-"+c.Name].(object)
	value, _ := defs["value"].(object)
	properties, _ := own["properties"].(object)
	others, _ := value["properties"].(object)
	for name, property := range others {
		if _, have := properties[name]; !have && c == writeContext {
			properties[name] = property
		}
	}
	own["additionalProperties"] = false
}

type object = map[string]any

func contextSchema(c *mapfile.Context, names Names) object {
	properties := object{}
	var required []string
	for _, key := range c.Keys {
		property := shapeSchema(key.Shape)
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
	out := object{"type": "object", "properties": properties, "description": c.Doc, "additionalProperties": c.Open != ""}
	if len(required) > 0 {
		out["required"] = required
	}
	if c == movesContext {
		members := object{}
		for _, name := range MoveFields() {
			members[name] = ref("anyValue")
		}
		properties["fields"] = object{"type": "object", "properties": members, "additionalProperties": false, "minProperties": 1}
	}
	if c == updateContext {
		members := object{}
		for _, name := range names.Update {
			members[name] = ref("anyValue")
		}
		members[probability] = anyOf(ref("anyValue"), object{
			"type": "object", "properties": object{"stage": ref("anyValue"), "percentage": ref("anyValue")}, "required": []string{"stage"}, "additionalProperties": false,
		})
		properties["fields"] = object{"type": "object", "properties": members, "additionalProperties": false, "minProperties": 1}
	}
	return out
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func anyOf(all ...any) object { return object{"anyOf": all} }

func mapOf(values any) object {
	return object{"type": "object", "additionalProperties": values, "minProperties": 1}
}

func orList(one object) object {
	return anyOf(one, object{"type": "array", "items": one, "minItems": 1})
}

// shapeSchema is what may stand behind a key.
func shapeSchema(shape mapfile.Shape) object {
	if known, ok := mapfile.SchemaOf(shape); ok {
		return known
	}
	if form, ok := shapeSchemas[shape]; ok {
		return form()
	}
	return object{"type": []string{"string", "number", "boolean"}}
}

func written() object {
	return orList(anyOf(ref("anyValue"), ref("crm-"+writeContext.Name)))
}

var shapeSchemas = map[mapfile.Shape]func() object{
	shapeBool:      func() object { return object{"type": "boolean"} },
	shapeRowColumn: func() object { return object{"type": "string", "pattern": `^[^.]+\..+$`} },
	shapeLeadID:    func() object { return object{"type": "string", "pattern": `^gateway$|^[^.]+\..+$`} },
	shapeRows: func() object {
		return object{"type": "array", "minItems": 1, "items": object{"type": "object", "additionalProperties": ref("crm-" + rowContext.Name), "minProperties": 1, "maxProperties": 1}}
	},
	shapeLead:      func() object { return anyOf(ref("crm-" + leadContext.Name)) },
	shapeUpdate:    func() object { return anyOf(ref("crm-" + updateContext.Name)) },
	shapePickLists: func() object { return mapOf(ref("crm-" + pickListContext.Name)) },
	shapeMessages:  func() object { return anyOf(ref("crm-" + messagesContext.Name)) },
	shapeMoves:     func() object { return anyOf(ref("crm-" + movesContext.Name)) },
	shapeWhen:      func() object { return orList(ref("condition-map")) },
	shapeKey: func() object {
		return mapOf(anyOf(object{"enum": []string{"auto", "uuid"}}, ref("crm-"+keyContext.Name), written()))
	},
	shapeFind:      func() object { return orList(mapOf(written())) },
	shapeSets:      func() object { return mapOf(written()) },
	shapeCounter:   func() object { return anyOf(ref("crm-" + counterContext.Name)) },
	shapeLiterals:  func() object { return mapOf(ref("scalar")) },
	shapeHabit:     func() object { return object{"enum": []string{"incrementThenRead", "readThenIncrement"}} },
	shapeCut:       func() object { return object{"type": []string{"boolean", "integer"}} },
	shapeBy:        func() object { return mapOf(ref("anyValue")) },
	shapeValue:     func() object { return anyOf(ref("anyValue")) },
	shapeValues:    func() object { return anyOf(ref("anyValue")) },
	shapeChanged:   func() object { return orList(ref("crm-" + changedContext.Name)) },
	shapeGone:      func() object { return anyOf(object{"const": "nothing"}, ref("crm-"+goneContext.Name)) },
	shapeSend:      func() object { return anyOf(object{"const": "nothing"}, mapOf(ref("scalar"))) },
	shapeSource:    func() object { return anyOf(object{"type": "string"}, ref("source")) },
	shapeJoins:     func() object { return anyOf(ref("joinList")) },
	shapeCondition: func() object { return anyOf(ref("conditions")) },
	shapeDate:      func() object { return object{"type": "string"} },
	shapeFormat:    func() object { return object{"type": "string", "pattern": strings.TrimSpace(`\{next(:[0-9]+)?\}$`)} },
}
