package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// mapping says on which lines a mapping file fills which member, by endpoint and path.
type mapping map[string]map[string][]int

// reader walks a mapping file. It takes keys for what they are called, in both specifications, and leaves the meaning
// of everything else to the mapping compiler.
type reader struct {
	known  endpoint
	define map[string]ast.Node
	lines  map[string][]int
}

// readMapping finds the mapped members of every endpoint the specifications know.
func readMapping(text []byte, specs ...spec) (mapping, error) {
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, fmt.Errorf("reading the mapping: %w", err)
	}
	found := mapping{}
	for _, document := range file.Docs {
		define := map[string]ast.Node{}
		for _, entry := range entries(document.Body) {
			if key(entry) == "define" {
				for _, named := range entries(entry.Value) {
					define[key(named)] = named.Value
				}
			}
		}
		for _, entry := range entries(document.Body) {
			known := endpoint{}
			for _, s := range specs {
				maps.Copy(known, s[key(entry)])
			}
			if len(known) == 0 {
				continue
			}
			r := reader{known: known, define: define, lines: map[string][]int{}}
			r.note(allMembers, entry)
			r.block(entry.Value, "")
			found[key(entry)] = r.lines
		}
	}
	return found, nil
}

// block reads an endpoint or a child list, whose members have the given prefix.
func (r reader) block(node ast.Node, prefix string) {
	for _, element := range elements(node) {
		r.block(element, prefix)
	}
	for _, entry := range entries(node) {
		switch name := key(entry); name {
		case "fields", "list":
			r.fields(entry.Value, prefix)
		case "sources":
			r.block(entry.Value, prefix)
		case "use":
			for _, used := range append(elements(entry.Value), entry.Value) {
				if definition, ok := r.define[scalar(used)]; ok {
					r.fields(definition, prefix)
				}
			}
		default:
			if _, ok := r.known[prefix+name]; ok {
				r.note(prefix+name, entry)
				r.block(entry.Value, prefix+name+"[].")
			}
		}
	}
}

// fields reads members and their expressions. A key may be dotted or hold its members below it.
func (r reader) fields(node ast.Node, prefix string) {
	for _, element := range elements(node) {
		r.fields(element, prefix)
	}
	for _, entry := range entries(node) {
		at := prefix + key(entry)
		if _, ok := r.known[at]; !ok {
			continue
		}
		r.note(at, entry)
		r.fields(entry.Value, at+".")
	}
}

func (r reader) note(at string, entry *ast.MappingValueNode) {
	line := entry.Key.GetToken().Position.Line
	if !slices.Contains(r.lines[at], line) {
		r.lines[at] = append(r.lines[at], line)
	}
}

// touched lists the lines of one dealer's file that the changes concern, in file order, and behind them the required
// members that no line fills.
func (m mapping) touched(file, dealer string, changes []change) []string {
	type hit struct {
		line int
		text string
	}
	var hits []hit
	var missing []string
	for _, c := range changes {
		lines, mapped := m[c.endpoint]
		if !mapped {
			continue
		}
		if at := lines[c.path]; len(at) > 0 {
			for _, line := range at {
				hits = append(hits, hit{line, fmt.Sprintf("%s:%d: %s.%s: %s", file, line, c.endpoint, c.path, c.what)})
			}
			continue
		}
		if c.nowRequired && m.expected(c.endpoint, c.path) {
			kind := "required field"
			if c.added {
				kind = "new required field"
			}
			missing = append(missing, fmt.Sprintf("%s: %s %s is not mapped: endpoint %s of dealer %s",
				file, kind, c.path, c.endpoint, dealer))
			continue
		}
		// What is not mapped by its own name may be filled by a key above it, as rates are.
		above, line := m.above(c.endpoint, c.path)
		if above != "" && !c.added {
			hits = append(hits, hit{line, fmt.Sprintf("%s:%d: %s.%s: below it, %s: %s", file, line, c.endpoint, above, c.path, c.what)})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.line - b.line })
	var out []string
	for _, h := range hits {
		out = append(out, h.text)
	}
	return append(out, missing...)
}

// expected says whether a required member is needed in this mapping: everything above it is mapped, or there is
// nothing above it.
func (m mapping) expected(endpoint, at string) bool {
	cut := strings.LastIndex(at, ".")
	if cut < 0 {
		return true
	}
	parent := strings.TrimSuffix(at[:cut], "[]")
	for mapped := range m[endpoint] {
		if mapped == parent || strings.HasPrefix(mapped, parent+".") || strings.HasPrefix(mapped, parent+"[].") {
			return true
		}
	}
	return false
}

// above returns the nearest mapped member that holds this one, with its line; "" where there is none in the same
// list element.
func (m mapping) above(endpoint, at string) (holder string, line int) {
	for cut := strings.LastIndex(at, "."); cut >= 0; cut = strings.LastIndex(at[:cut], ".") {
		parent := strings.TrimSuffix(at[:cut], "[]")
		if strings.HasSuffix(at[:cut], "[]") {
			return "", 0 // a list names its members itself
		}
		if lines := m[endpoint][parent]; len(lines) > 0 {
			return parent, lines[0]
		}
	}
	return "", 0
}

// entries returns the pairs of a mapping, none for anything else.
func entries(node ast.Node) []*ast.MappingValueNode {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	case *ast.AnchorNode:
		return entries(n.Value)
	}
	return nil
}

// elements returns the elements of a list, none for anything else.
func elements(node ast.Node) []ast.Node {
	switch n := node.(type) {
	case *ast.SequenceNode:
		return n.Values
	case *ast.AnchorNode:
		return elements(n.Value)
	}
	return nil
}

// key is the name of a pair as it stands in the file, without quotation marks.
func key(entry *ast.MappingValueNode) string { return entry.Key.GetToken().Value }

// scalar is the text of a plain value, "" for anything else.
func scalar(node ast.Node) string {
	if s, ok := node.(ast.ScalarNode); ok {
		return s.GetToken().Value
	}
	return ""
}
