package config

import (
	"fmt"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// configurationFile is the kind of file the YAML reader is told of.
var configurationFile = mapfile.FileKind{
	One: "a configuration file", Many: "configuration files",
	Shared: "put a text that begins so in quotes", Merged: "write the keys out", MayBeEmpty: true,
}

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
func (s *source) read(src []byte) *node {
	tree, faults := mapfile.ReadTreeOf(configurationFile, s.file, src)
	s.faults = append(s.faults, faults...)
	if tree == nil {
		return nil
	}
	return s.convert(tree, "")
}

func (s *source) convert(from *mapfile.Node, path string) *node {
	to := &node{pos: from.Pos}
	switch from.Kind {
	case mapfile.NullNode:
	case mapfile.ScalarNode:
		return s.scalar(from.Text.Value, from.Pos, path)
	case mapfile.ListNode:
		to.kind = list
		for i, item := range from.Items {
			to.items = append(to.items, s.convert(item, fmt.Sprintf("%s[%d]", path, i)))
		}
	case mapfile.MapNode:
		to.kind = object
		for _, p := range from.Pairs {
			to.pairs = append(to.pairs, pair{key: p.Key.Value, pos: p.Key.Pos, value: s.convert(p.Value, join(path, p.Key.Value))})
		}
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
