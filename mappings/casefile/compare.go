package casefile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Difference is one thing that came out otherwise than a test has it.
type Difference struct {
	Pos  mapfile.Pos // in the test file
	Path string      // in the answer, such as [0].properties.total
	Want string      // as it is written in the test
	Got  string      // as the API would send it
}

// String gives the difference on one line, without its place.
func (d Difference) String() string {
	if d.Path == "" {
		return fmt.Sprintf("want %s, got %s", d.Want, d.Got)
	}
	return fmt.Sprintf("%s: want %s, got %s", d.Path, d.Want, d.Got)
}

// What is said where one side has nothing.
const (
	nothing  = "nothing"
	absently = "no such member"
)

// Compare holds the elements of an answer, as JSON, against what a test wants.
// Numbers are compared digit by digit, so that 180.0 is not 180.00.
func (t *Test) Compare(elements []json.RawMessage) ([]Difference, error) {
	if t.Want == nil {
		return nil, nil
	}
	got := make([]any, len(elements))
	for i, raw := range elements {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&got[i]); err != nil {
			return nil, fmt.Errorf("reading an element of the answer: %w", err)
		}
	}
	c := comparison{exact: t.Exact}
	c.list("", t.Want, got)
	return c.found, nil
}

type comparison struct {
	exact bool
	found []Difference
}

func (c *comparison) differ(pos mapfile.Pos, path, want, got string) {
	c.found = append(c.found, Difference{Pos: pos, Path: path, Want: want, Got: got})
}

func (c *comparison) value(path string, want *mapfile.Node, got any) {
	switch want.Kind {
	case mapfile.NullNode:
		if got != nil {
			c.differ(want.Pos, path, nothing, asJSON(got))
		}
	case mapfile.ScalarNode:
		c.scalar(path, want.Text, got)
	case mapfile.ListNode:
		list, ok := got.([]any)
		if !ok {
			c.differ(want.Pos, path, "a list", asJSON(got))
			return
		}
		c.list(path, want, list)
	case mapfile.MapNode:
		object, ok := got.(map[string]any)
		if !ok {
			c.differ(want.Pos, path, "an object", asJSON(got))
			return
		}
		c.object(path, want, object)
	}
}

// scalar compares by text. A text in quotes is a text in JSON as well; one
// without may be anything that reads the same.
func (c *comparison) scalar(path string, want mapfile.Text, got any) {
	var text string
	switch got := got.(type) {
	case string:
		text = got
	case json.Number:
		text = got.String()
	case bool:
		text = fmt.Sprint(got)
	default:
		c.differ(want.Pos, path, asWritten(want), asJSON(got))
		return
	}
	_, isText := got.(string)
	if text != want.Value || want.Quoted && !isText {
		c.differ(want.Pos, path, asWritten(want), asJSON(got))
	}
}

func (c *comparison) list(path string, want *mapfile.Node, got []any) {
	for i, item := range want.Items {
		at := fmt.Sprintf("%s[%d]", path, i)
		if i >= len(got) {
			c.differ(item.Pos, at, "an element", nothing)
			continue
		}
		c.value(at, item, got[i])
	}
	for i := len(want.Items); i < len(got); i++ {
		c.differ(want.Pos, fmt.Sprintf("%s[%d]", path, i), nothing, asJSON(got[i]))
	}
}

// object compares the members that are named; a name with dots leads into
// objects, as it does in a mapping.
func (c *comparison) object(path string, want *mapfile.Node, got map[string]any) {
	var named []string
	for _, p := range want.Pairs {
		name := p.Key.Value
		named = append(named, name)
		value, there := member(got, name)
		if !there && p.Value.Kind != mapfile.NullNode {
			d := absently
			if near := mapfile.Nearest(name, keys(got)); near != "" {
				d += fmt.Sprintf(" (did you mean %q?)", near)
			}
			c.differ(p.Key.Pos, under(path, name), written(p.Value), d)
			continue
		}
		c.value(under(path, name), p.Value, value)
	}
	if !c.exact {
		return
	}
	for _, name := range keys(got) {
		if got[name] != nil && !slices.ContainsFunc(named, func(n string) bool { return n == name || strings.HasPrefix(n, name+".") }) {
			c.differ(want.Pos, under(path, name), nothing, asJSON(got[name]))
		}
	}
	c.dotted(path, want, got, named)
}

// dotted looks into objects that were reached by names with dots: their other
// members were not named.
func (c *comparison) dotted(path string, want *mapfile.Node, got map[string]any, named []string) {
	for _, name := range keys(got) {
		inner, ok := got[name].(map[string]any)
		if !ok || slices.Contains(named, name) {
			continue
		}
		var below []string
		for _, n := range named {
			if rest, ok := strings.CutPrefix(n, name+"."); ok {
				below = append(below, rest)
			}
		}
		if len(below) == 0 {
			continue // said as a whole
		}
		at := under(path, name)
		for _, member := range keys(inner) {
			if !slices.ContainsFunc(below, func(n string) bool { return n == member || strings.HasPrefix(n, member+".") }) {
				c.differ(want.Pos, under(at, member), nothing, asJSON(inner[member]))
			}
		}
		c.dotted(at, want, inner, below)
	}
}

func member(object map[string]any, name string) (any, bool) {
	if v, ok := object[name]; ok {
		return v, true
	}
	first, rest, dotted := strings.Cut(name, ".")
	inner, ok := object[first].(map[string]any)
	if !dotted || !ok {
		return nil, false
	}
	return member(inner, rest)
}

func keys(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func written(n *mapfile.Node) string {
	switch n.Kind {
	case mapfile.ListNode:
		return "a list"
	case mapfile.MapNode:
		return "an object"
	case mapfile.NullNode, mapfile.ScalarNode:
	}
	return asWritten(n.Text)
}

func asWritten(t mapfile.Text) string {
	if t.Quoted {
		return asJSON(t.Value)
	}
	return t.Value
}

// longest bounds how much of an element one line shows.
const longest = 200

func asJSON(v any) string {
	if v == nil {
		return nothing
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "something that is no JSON"
	}
	text := []rune(strings.TrimSuffix(b.String(), "\n"))
	if len(text) > longest {
		return string(text[:longest]) + " ..."
	}
	return string(text)
}
