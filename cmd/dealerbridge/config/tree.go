package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// node is YAML as the decoder sees it: every scalar as the text that was
// written, with what stands in the environment put in.
type node struct {
	kind    kind
	pos     mapfile.Pos
	text    string // a scalar's
	private bool   // text came from the environment, so it is not shown
	items   []*node
	pairs   []pair
}

type pair struct {
	key   string
	pos   mapfile.Pos
	value *node
}

type kind int

const (
	nothing kind = iota
	scalar
	list
	object
)

func (k kind) String() string {
	switch k {
	case nothing:
		return "nothing"
	case scalar:
		return "a single value"
	case list:
		return "a list"
	case object:
		return "a map of keys"
	}
	return "something unknown"
}

// source reads the bytes of one file into nodes.
type source struct {
	file   string
	env    func(string) (string, bool)
	faults mapfile.Faults
}

func (s *source) fault(pos mapfile.Pos, path, format string, args ...any) {
	s.faults = append(s.faults, mapfile.Fault{File: s.file, Pos: pos, Path: path, Message: fmt.Sprintf(format, args...)})
}

// read gives the top node; nil after a fault of syntax, which then stands alone.
func (s *source) read(src []byte) (top *node) {
	start := mapfile.Pos{Line: 1, Col: 1}
	defer func() {
		if recover() != nil { // a panic of the YAML reader is a fault of the file
			s.faults = nil
			s.fault(start, "", "the YAML reader gave up on this file; look for unusual punctuation and quote it")
			top = nil
		}
	}()
	text := strings.TrimPrefix(strings.ReplaceAll(string(src), "\r\n", "\n"), "\ufeff")
	file, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil {
			s.fault(tokenPos(syntax.Token), "", "this is no YAML: %s", strings.TrimSpace(syntax.Message))
		} else {
			s.fault(start, "", "this is no YAML")
		}
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		return &node{kind: object, pos: start}
	}
	if len(bodies) > 1 {
		s.fault(place(bodies[1]), "", "a second YAML document begins here; a configuration file holds one")
	}
	return s.convert(bodies[0], start, "")
}

func (s *source) convert(from ast.Node, owner mapfile.Pos, path string) *node {
	if from == nil {
		return &node{pos: owner}
	}
	pos := place(from)
	switch from := from.(type) {
	case *ast.NullNode:
		return &node{pos: owner}
	case *ast.StringNode:
		return s.scalar(from.Value, pos, path)
	case *ast.LiteralNode:
		return s.scalar(from.Value.Value, pos, path)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return s.scalar(from.GetToken().Value, pos, path)
	case *ast.SequenceNode:
		to := &node{kind: list, pos: pos}
		for i, value := range from.Values {
			to.items = append(to.items, s.convert(value, pos, fmt.Sprintf("%s[%d]", path, i)))
		}
		return to
	case *ast.MappingNode:
		return s.object(from.Values, pos, path)
	case *ast.MappingValueNode:
		return s.object([]*ast.MappingValueNode{from}, pos, path)
	case *ast.AnchorNode, *ast.AliasNode:
		s.fault(pos, path, "anchors (&) and aliases (*) are not used in this file; put a text that begins so in quotes")
	case *ast.TagNode:
		s.fault(pos, path, "tags (!) are not used in this file; put the text in quotes")
	default:
		s.fault(pos, path, "this form of YAML is not used in this file")
	}
	return &node{pos: pos}
}

func (s *source) object(values []*ast.MappingValueNode, pos mapfile.Pos, path string) *node {
	to := &node{kind: object, pos: pos}
	seen := map[string]int{}
	for _, value := range values {
		keyPos := place(value.Key)
		var key string
		switch from := value.Key.(type) {
		case *ast.StringNode:
			key = from.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
			key = from.GetToken().Value
		default:
			s.fault(keyPos, path, "a key is a plain word or a text in quotes")
			continue
		}
		item := s.convert(value.Value, keyPos, join(path, key))
		if first, again := seen[key]; again {
			s.fault(keyPos, join(path, key), "stands here a second time; the first is at line %d", first)
			continue
		}
		seen[key] = keyPos.Line
		to.pairs = append(to.pairs, pair{key: key, pos: keyPos, value: item})
	}
	return to
}

func (s *source) scalar(text string, pos mapfile.Pos, path string) *node {
	full, private, message := expand(text, s.env)
	if message != "" {
		s.fault(pos, path, "%s", message)
		return &node{pos: pos, kind: scalar, private: true}
	}
	return &node{kind: scalar, pos: pos, text: full, private: private}
}

// expand puts the environment in: ${NAME}, ${NAME:-what stands there when NAME
// is missing or empty}, and $${ for a plain ${. message says what is wrong.
func expand(text string, env func(string) (string, bool)) (full string, private bool, message string) {
	var out strings.Builder
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			out.WriteString(text)
			return out.String(), private, ""
		}
		if at > 0 && text[at-1] == '$' {
			out.WriteString(text[:at-1] + "${")
			text = text[at+2:]
			continue
		}
		out.WriteString(text[:at])
		inside, rest, closed := strings.Cut(text[at+2:], "}")
		if !closed {
			return "", true, "a ${ is never closed; write ${NAME}, or $${ for the two characters themselves"
		}
		name, otherwise, has := strings.Cut(inside, ":-")
		if !variableName(name) {
			return "", true, "a variable is written ${NAME} or ${NAME:-default}, its name in letters, digits and _"
		}
		value, set := env(name)
		switch {
		case set && value != "":
			private = true
		case has:
			value = otherwise
		case !set:
			return "", true, fmt.Sprintf("the environment variable %s is not set", name)
		}
		out.WriteString(value)
		text = rest
	}
}

func variableName(name string) bool {
	for i, c := range name {
		letter := c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

func join(path, key string) string {
	switch {
	case path == "":
		return key
	case key == "":
		return path
	}
	return path + "." + key
}

func place(n ast.Node) mapfile.Pos {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return place(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return place(n.Key)
	case *ast.LiteralNode:
		if n.Start != nil {
			return tokenPos(n.Start)
		}
	}
	return tokenPos(n.GetToken())
}

func tokenPos(t *token.Token) mapfile.Pos {
	if t == nil || t.Position == nil {
		return mapfile.Pos{Line: 1, Col: 1}
	}
	return mapfile.Pos{Line: t.Position.Line, Col: t.Position.Column}
}
