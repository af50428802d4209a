package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a body may hold beside its size: the layout needs eight levels, and the
// largest cart some thousand values. Both bound what a hostile one costs.
const (
	maxDepth  = 64
	maxValues = 200_000
)

var (
	errDeep = fmt.Errorf("nested deeper than %d levels", maxDepth)
	errMany = fmt.Errorf("more than %d values", maxValues)
)

// node is one JSON value that points into the bytes it was read from: texts of
// several megabytes are not copied.
type node struct {
	raw     []byte // the value, without blanks around it
	members []member
	items   []*node
}

type member struct {
	name  string
	value *node
}

// parse reads one JSON value with nothing behind it. Syntax is encoding/json's
// affair; the walk that follows only cuts.
func parse(body []byte) (*node, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("not UTF-8")
	}
	switch depth, values := measure(body); {
	case depth > maxDepth:
		return nil, errDeep
	case values > maxValues:
		return nil, errMany
	}
	if !json.Valid(body) {
		var v struct{}
		err := json.Unmarshal(body, &v)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("no JSON: %w at byte %d", syntax, syntax.Offset)
		}
		return nil, errors.New("no JSON")
	}
	c := &cutter{body: body}
	return c.value(), nil
}

// measure counts, outside texts, the brackets that are open at once and what
// could begin a value.
func measure(body []byte) (depth, values int) {
	open, inText := 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case inText && b == '\\':
			i++
		case b == '"':
			inText = !inText
		case inText:
		case b == '{' || b == '[':
			open++
			values++
			depth = max(depth, open)
		case b == '}' || b == ']':
			open--
		case b == ',':
			values++
		}
	}
	return depth, values
}

// cutter walks bytes that are known to be valid JSON.
type cutter struct {
	body []byte
	at   int
}

func (c *cutter) blanks() {
	for c.at < len(c.body) && strings.IndexByte(" \t\r\n", c.body[c.at]) >= 0 {
		c.at++
	}
}

func (c *cutter) value() *node {
	c.blanks()
	from, n := c.at, &node{}
	switch c.body[c.at] {
	case '{':
		c.list('}', func() {
			c.blanks()
			key := c.text()
			c.blanks()
			c.at++ // the colon
			name, ok := inside(key)
			if !ok {
				name = string(key)
			}
			n.members = append(n.members, member{name, c.value()})
		})
	case '[':
		c.list(']', func() { n.items = append(n.items, c.value()) })
	case '"':
		c.text()
	default:
		for c.at < len(c.body) && strings.IndexByte(",]} \t\r\n", c.body[c.at]) < 0 {
			c.at++
		}
	}
	n.raw = c.body[from:c.at]
	return n
}

func (c *cutter) list(end byte, one func()) {
	c.at++
	for c.blanks(); c.body[c.at] != end; c.blanks() {
		if c.body[c.at] == ',' {
			c.at++
		}
		one()
	}
	c.at++
}

func (c *cutter) text() []byte {
	from := c.at
	for c.at++; c.body[c.at] != '"'; c.at++ {
		if c.body[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
	return c.body[from:c.at]
}

// inside is the value of a JSON text that is known to be valid.
func inside(raw []byte) (string, bool) {
	if bytes.IndexByte(raw, '\\') < 0 { // most of them stand for themselves
		return string(raw[1 : len(raw)-1]), true
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// kind is the JSON kind of a value: one of { [ " n t f 0.
func (n *node) kind() byte {
	if n == nil {
		return 'n'
	}
	switch b := n.raw[0]; b {
	case '{', '[', '"', 'n', 't', 'f':
		return b
	}
	return '0'
}

// null says that a value is null or was not sent at all.
func (n *node) null() bool { return n.kind() == 'n' }

// get follows names into objects; nil where there is nothing. Names are taken
// as they are spelled.
func (n *node) get(names ...string) *node {
	for _, name := range names {
		var found *node
		if n != nil {
			for _, m := range n.members {
				if m.name == name {
					found = m.value
				}
			}
		}
		n = found
	}
	return n
}

// text is the value of a text, or of anything but an object or list as it
// stands (R217); "" for null and nothing.
func (n *node) text() string {
	switch n.kind() {
	case '"':
		s, _ := inside(n.raw)
		return s
	case 't', 'f', '0':
		return string(n.raw)
	}
	return ""
}

// flag is a yes or no that may be text (R263); ok says that it was one.
func (n *node) flag() (yes, ok bool) {
	switch strings.ToLower(strings.TrimSpace(n.text())) {
	case "true", "yes", "1":
		return true, true
	case "false", "no", "0":
		return false, true
	case "":
		return false, n != nil && !n.null()
	}
	return false, false
}

var errWhole = errors.New("no whole number")

// integer is the value of a whole number, also of one written like 2.0.
func (n *node) integer() (int64, error) {
	if i, err := strconv.ParseInt(string(n.raw), 10, 64); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(string(n.raw), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, errWhole
	}
	return int64(f), nil
}

// compact is the value without blanks between its parts.
func (n *node) compact() json.RawMessage {
	if n == nil {
		return nil
	}
	var out bytes.Buffer
	if json.Compact(&out, n.raw) != nil {
		return bytes.Clone(n.raw)
	}
	return out.Bytes()
}

// read is parse for JSON this package made or checked itself.
func read(raw json.RawMessage) *node {
	n, err := parse(raw)
	if err != nil {
		return nil
	}
	return n
}
