package convert

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// ElementsRule says how the elements inside one text are told apart.
type ElementsRule struct {
	JSON     bool     // a JSON array; By and Pair are not used then
	By       string   // between elements
	Pair     string   // between the parts of an element; empty: it has one part
	Names    []string // of the parts, in their order; JSON: members, dotted for nested ones
	Distinct bool     // equal elements are one, the first
}

// Part is one part of an element; an empty text is a part that is missing.
type Part struct {
	Text   string
	Number bool // a number of JSON, which has a point whatever people write elsewhere
}

// Cell is the part as if it stood in a column.
func (p Part) Cell() Cell {
	kind := ColumnText
	if p.Number {
		if kind = ColumnDecimal; strings.ContainsAny(p.Text, "eE") {
			kind = ColumnFloat
		}
	}
	cell := NewCell(kind)
	cell.SetText(p.Text)
	return cell
}

// Elements takes texts apart by one rule.
type Elements struct {
	rule ElementsRule
}

// NewElements checks a rule.
func NewElements(rule ElementsRule) (*Elements, error) {
	for i, name := range rule.Names {
		if name == "" || slices.Contains(rule.Names[:i], name) {
			return nil, errors.New("the parts of an element need names, each another")
		}
	}
	switch {
	case len(rule.Names) == 0:
		return nil, errors.New("the parts of an element need names")
	case rule.JSON:
	case rule.By == "":
		return nil, errors.New("the elements need a separator")
	case rule.By == rule.Pair:
		return nil, errors.New("elements and their parts need different separators")
	case rule.Pair == "" && len(rule.Names) > 1:
		return nil, errors.New("an element of several parts needs a separator between them, `pair:`")
	}
	return &Elements{rule: rule}, nil
}

// Of gives the elements of a cleaned text in their order, each with its
// parts in the order of their names.
// Empty elements are none. bad counts what could not be read and is not among
// them: a text that is no JSON counts as one.
func (e *Elements) Of(text string) (elements [][]Part, bad int) {
	if strings.TrimSpace(text) == "" {
		return nil, 0
	}
	if e.rule.JSON {
		elements, bad = e.ofJSON(text)
	} else {
		elements, bad = e.ofList(text)
	}
	if e.rule.Distinct {
		seen := map[string]bool{}
		elements = slices.DeleteFunc(elements, func(parts []Part) bool {
			var id strings.Builder
			for _, part := range parts {
				id.WriteString(part.Text)
				id.WriteByte(0)
			}
			again := seen[id.String()]
			seen[id.String()] = true
			return again
		})
	}
	return elements, bad
}

func (e *Elements) ofList(text string) (elements [][]Part, bad int) {
	for element := range strings.SplitSeq(text, e.rule.By) {
		element = Clean(element)
		if element == "" {
			continue
		}
		parts := make([]Part, len(e.rule.Names))
		if e.rule.Pair == "" {
			parts[0].Text = element
			elements = append(elements, parts)
			continue
		}
		pieces := strings.Split(element, e.rule.Pair)
		if len(pieces) > len(parts) {
			bad++ // nobody can tell what the further ones are
			continue
		}
		for i, piece := range pieces {
			parts[i].Text = Clean(piece)
		}
		elements = append(elements, parts)
	}
	return elements, bad
}

func (e *Elements) ofJSON(text string) (elements [][]Part, bad int) {
	whole, ok := readJSON([]byte(text))
	if !ok {
		return nil, 1
	}
	list, isList := whole.([]any)
	if !isList {
		list = []any{whole} // a single one that nobody put into brackets
	}
	for _, item := range list {
		if hollow(item) {
			continue
		}
		parts, ok := e.partsOf(item)
		if !ok {
			bad++
			continue
		}
		elements = append(elements, parts)
	}
	return elements, bad
}

// readJSON reads one JSON value, numbers as they are written.
func readJSON(text []byte) (any, bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var whole any
	if err := decoder.Decode(&whole); err != nil {
		return nil, false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	return whole, true
}

func hollow(item any) bool {
	switch item := item.(type) {
	case nil:
		return true
	case string:
		return Clean(item) == ""
	case []any:
		return len(item) == 0
	case map[string]any:
		return len(item) == 0
	}
	return false
}

// partsOf reads one element: an object by the names of its members, an array
// by their order, a scalar where there is one part.
func (e *Elements) partsOf(item any) ([]Part, bool) {
	parts := make([]Part, len(e.rule.Names))
	switch item := item.(type) {
	case map[string]any:
		for i, name := range e.rule.Names {
			part, ok := jsonPart(member(item, name))
			if !ok {
				return nil, false
			}
			parts[i] = part
		}
		return parts, true
	case []any:
		if len(item) > len(parts) {
			return nil, false
		}
		for i, one := range item {
			part, ok := jsonPart(one)
			if !ok {
				return nil, false
			}
			parts[i] = part
		}
		return parts, true
	}
	part, ok := jsonPart(item)
	if !ok || len(parts) != 1 {
		return nil, false
	}
	parts[0] = part
	return parts, true
}

// member finds a member by its name, or by a dotted way to it.
func member(object map[string]any, name string) any {
	if found, ok := object[name]; ok {
		return found
	}
	first, rest, dotted := strings.Cut(name, ".")
	if inner, ok := object[first].(map[string]any); ok && dotted {
		return member(inner, rest)
	}
	return nil
}

func jsonPart(v any) (Part, bool) {
	switch v := v.(type) {
	case nil:
		return Part{}, true
	case string:
		return Part{Text: Clean(v)}, true
	case json.Number:
		return Part{Text: v.String(), Number: true}, true
	case bool:
		if v {
			return Part{Text: "true"}, true
		}
		return Part{Text: "false"}, true
	}
	return Part{}, false
}

// Names are the names of the parts, in their order.
func (e *Elements) Names() []string { return slices.Clone(e.rule.Names) }
