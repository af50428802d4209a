package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// member is what a specification says of one member of an answer.
type member struct {
	required bool
	typ      string // JSON type, with the format behind a slash
	length   string // greatest length, "none" without one
	enum     []string
}

// endpoint is one read operation as a mapping file names it (`contract`), with the members of one of its items by path.
// A list has its elements' members below `name[]`.
type endpoint map[string]member

// spec holds the endpoints of a specification by name.
type spec map[string]endpoint

// The sections of crm.yaml that stand for the two halves of the lead interface.
const (
	leadSection   = "lead"
	updateSection = "update"
)

// readSpec parses a specification and keeps its GET operations with a JSON answer. Of the lead interface it keeps what
// a lead holds and what an update may hold, under the names crm.yaml has for them; leads says that it is that one.
func readSpec(name string, text []byte) (all spec, leads bool, err error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(text)
	if err != nil {
		return nil, false, fmt.Errorf("reading the specification %s: %w", name, err)
	}
	all = spec{}
	if doc.Components != nil && doc.Components.Schemas["Lead"] != nil && doc.Components.Schemas["LeadUpdate"] != nil {
		for section, schema := range map[string]string{leadSection: "Lead", updateSection: "LeadUpdate"} {
			all[section] = endpoint{}
			collect(doc.Components.Schemas[schema], "", all[section])
		}
		return all, true, nil
	}
	for address, item := range doc.Paths.Map() {
		if item.Get == nil || item.Get.Responses == nil {
			continue
		}
		answer := item.Get.Responses.Value("200")
		if answer == nil || answer.Value == nil || answer.Value.Content["application/json"] == nil {
			continue
		}
		members := endpoint{}
		collect(itemSchema(answer.Value.Content["application/json"].Schema), "", members)
		all[path.Base(address)] = members
	}
	return all, false, nil
}

// itemSchema finds in an answer what a mapping describes: one element of `items`, or the only object in it.
func itemSchema(answer *openapi3.SchemaRef) *openapi3.SchemaRef {
	if items := answer.Value.Properties["items"]; items != nil && items.Value.Items != nil {
		return items.Value.Items
	}
	if len(answer.Value.Properties) == 1 {
		for _, only := range answer.Value.Properties {
			if only.Value.Type.Is("object") {
				return only
			}
		}
	}
	return answer
}

// collect adds the members below a schema.
func collect(ref *openapi3.SchemaRef, prefix string, into endpoint) {
	for name, child := range ref.Value.Properties {
		at := prefix + name
		into[at] = describe(child.Value, slices.Contains(ref.Value.Required, name))
		collect(child, at+".", into)
		if child.Value.Items != nil {
			collect(child.Value.Items, at+"[].", into)
		}
	}
}

func describe(schema *openapi3.Schema, required bool) member {
	m := member{required: required, length: "none"}
	if schema.Type != nil {
		m.typ = strings.Join(schema.Type.Slice(), " or ")
	}
	if schema.Format != "" {
		m.typ += "/" + schema.Format
	}
	if schema.MaxLength != nil {
		m.length = strconv.FormatUint(*schema.MaxLength, 10)
	}
	known, _ := schema.Extensions["x-known-values"].([]any) // of a list that may grow
	for _, value := range append(known, schema.Enum...) {
		m.enum = append(m.enum, fmt.Sprint(value))
	}
	if schema.Items != nil {
		of := describe(schema.Items.Value, false)
		m.typ += " of " + of.typ
		m.enum = of.enum
	}
	return m
}

// allMembers stands for the path of a change that concerns an endpoint as a whole.
const allMembers = "(all members)"

// change is one difference between two specifications.
type change struct {
	endpoint, path, what string
	added, nowRequired   bool
	gone, came           []string // values of its list
}

// compare lists what differs, by endpoint and path.
func compare(before, after spec) []change {
	var changes []change
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; !ok {
			changes = append(changes, change{endpoint: name, path: allMembers, what: "endpoint removed"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[name]; !ok {
			changes = append(changes, change{endpoint: name, path: allMembers, what: "endpoint added", added: true})
			continue
		}
		changes = append(changes, compareMembers(name, before[name], after[name])...)
	}
	return changes
}

func compareMembers(name string, before, after endpoint) []change {
	paths := maps.Clone(before)
	maps.Copy(paths, after)
	var changes []change
	for _, at := range slices.Sorted(maps.Keys(paths)) {
		was, had := before[at]
		is, has := after[at]
		switch {
		case !has:
			changes = append(changes, change{endpoint: name, path: at, what: "removed"})
		case !had:
			what := "added, optional"
			if is.required {
				what = "added, required"
			}
			changes = append(changes, change{endpoint: name, path: at, what: what, added: true, nowRequired: is.required})
		default:
			if what := difference(was, is); what != "" {
				changes = append(changes, change{
					endpoint: name, path: at, what: what, nowRequired: is.required && !was.required,
					gone: without(was.enum, is.enum), came: without(is.enum, was.enum),
				})
			}
		}
	}
	return changes
}

// difference says in words how a member changed, "" when it did not.
func difference(was, is member) string {
	var parts []string
	if was.required != is.required {
		parts = append(parts, map[bool]string{true: "now required", false: "no longer required"}[is.required])
	}
	if was.typ != is.typ {
		parts = append(parts, fmt.Sprintf("type %s, was %s", is.typ, was.typ))
	}
	if was.length != is.length {
		parts = append(parts, fmt.Sprintf("greatest length %s, was %s", is.length, was.length))
	}
	if gone := without(was.enum, is.enum); len(gone) > 0 {
		parts = append(parts, "values gone: "+strings.Join(gone, ", "))
	}
	if came := without(is.enum, was.enum); len(came) > 0 {
		parts = append(parts, "values new: "+strings.Join(came, ", "))
	}
	return strings.Join(parts, "; ")
}

// without returns the values of a that b lacks.
func without(a, b []string) []string {
	var rest []string
	for _, value := range a {
		if !slices.Contains(b, value) {
			rest = append(rest, value)
		}
	}
	return rest
}
