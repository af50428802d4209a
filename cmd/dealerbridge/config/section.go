package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// section is one map of keys while it is decoded. Asking for a key makes it
// known; done reports the ones nobody asked for.
type section struct {
	*source
	node *node
	path string
	dir  string // relative paths begin here
	asks []string
}

func (s *section) fault(n *node, key, format string, args ...any) {
	pos := s.node.pos
	if n != nil {
		pos = n.pos
	}
	s.source.fault(pos, join(s.path, key), format, args...)
}

// get gives the value of a key, nil where the file says nothing.
func (s *section) get(key string) *node {
	if !slices.Contains(s.asks, key) {
		s.asks = append(s.asks, key)
	}
	for _, p := range s.node.pairs {
		if p.key == key {
			if p.value.kind == nothing {
				return nil
			}
			return p.value
		}
	}
	return nil
}

func (s *section) has(key string) bool {
	return slices.ContainsFunc(s.node.pairs, func(p pair) bool { return p.key == key && p.value.kind != nothing })
}

// done reports unknown keys.
func (s *section) done() {
	for _, p := range s.node.pairs {
		if slices.Contains(s.asks, p.key) {
			continue
		}
		f := mapfile.Fault{
			File: s.file, Pos: p.pos, Path: s.path, Message: fmt.Sprintf("unknown key %q", p.key),
			Suggestion: mapfile.Nearest(p.key, s.asks),
		}
		if f.Suggestion == "" {
			f.Message += "; there are " + strings.Join(s.asks, ", ")
		}
		s.faults = append(s.faults, f)
	}
}

// scalar gives the single value of a key.
func (s *section) scalar(key string, required bool) (*node, bool) {
	n := s.get(key)
	switch {
	case n == nil && required:
		s.fault(nil, "", "%s is missing", key)
	case n == nil:
	case n.kind != scalar:
		s.fault(n, key, "a single value is expected here, not %s", n.kind)
	case n.text == "" && !n.private:
		s.fault(n, key, "this is empty")
	case n.text == "":
		return nil, false // the variable behind it was empty, or is a fault already
	default:
		return n, true
	}
	return nil, false
}

func (s *section) text(key string, required bool, otherwise string) string {
	if n, ok := s.scalar(key, required); ok {
		return n.text
	}
	return otherwise
}

func (s *section) secret(key string, required bool) Secret {
	return Secret{text: s.text(key, required, "")}
}

// filePath gives a path, made relative to the file's folder.
func (s *section) filePath(key string, required bool, otherwise string) string {
	p := s.text(key, required, otherwise)
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(s.dir, p)
}

func (s *section) flag(key string) bool {
	n, ok := s.scalar(key, false)
	if !ok {
		return false
	}
	switch n.text {
	case "true":
		return true
	case "false":
		return false
	}
	s.fault(n, key, "write true or false%s", n.shown())
	return false
}

func (s *section) number(key string, otherwise, least, most int) int {
	n, ok := s.scalar(key, false)
	if !ok {
		return otherwise
	}
	v, err := strconv.Atoi(n.text)
	if err != nil || v < least || v > most {
		s.fault(n, key, "write a whole number from %d to %d%s", least, most, n.shown())
		return otherwise
	}
	return v
}

func (s *section) duration(key string, otherwise, least, most time.Duration) time.Duration {
	n, ok := s.scalar(key, false)
	if !ok {
		return otherwise
	}
	v, err := time.ParseDuration(n.text)
	if err != nil || v < least || v > most {
		s.fault(n, key, "write a time from %s to %s, such as 25s, 5m or 1h30m%s", least, most, n.shown())
		return otherwise
	}
	return v
}

func (s *section) choice(key, otherwise string, choices ...string) string {
	n, ok := s.scalar(key, otherwise == "")
	if !ok {
		return otherwise
	}
	if !slices.Contains(choices, n.text) {
		f := mapfile.Fault{
			File: s.file, Pos: n.pos, Path: join(s.path, key),
			Message: "write one of " + strings.Join(choices, ", ") + n.shown(),
		}
		if !n.private {
			f.Suggestion = mapfile.Nearest(n.text, choices)
		}
		s.faults = append(s.faults, f)
		return otherwise
	}
	return n.text
}

// texts gives a list of single values; one alone counts as a list of one.
func (s *section) texts(key string) []*node {
	n := s.get(key)
	if n == nil {
		return nil
	}
	all := []*node{n}
	if n.kind == list {
		all = n.items
	}
	var out []*node
	for i, one := range all {
		if one.kind != scalar || one.text == "" && !one.private {
			s.fault(one, fmt.Sprintf("%s[%d]", key, i), "a single value is expected here, not %s", one.kind)
			continue
		}
		if one.text != "" {
			out = append(out, one)
		}
	}
	return out
}

// section gives the map behind a key, nil where there is none.
func (s *section) section(key string) *section {
	n := s.get(key)
	if n == nil {
		return nil
	}
	return s.under(n, key)
}

func (s *section) under(n *node, key string) *section {
	if n.kind != object {
		s.fault(n, key, "a map of keys is expected here, not %s", n.kind)
		return nil
	}
	return &section{source: s.source, node: n, path: join(s.path, key), dir: s.dir}
}

// sections gives the maps of a list.
func (s *section) sections(key string) []*section {
	n := s.get(key)
	if n == nil {
		return nil
	}
	if n.kind != list {
		s.fault(n, key, "a list is expected here, each entry beginning with a dash, not %s", n.kind)
		return nil
	}
	var out []*section
	for i, one := range n.items {
		if sub := s.under(one, fmt.Sprintf("%s[%d]", key, i)); sub != nil {
			out = append(out, sub)
		}
	}
	return out
}

// shown ends a message with the value, unless it came from the environment.
func (n *node) shown() string {
	if n.private {
		return "; the environment variable used here holds something else"
	}
	return fmt.Sprintf(", not %q", n.text)
}
