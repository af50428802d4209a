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
	ascii bool // the name
	value *node
}

// parse reads one JSON value with nothing behind it.
func parse(body []byte) (*node, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("not UTF-8")
	}
	c := &cutter{body: body}
	n := c.value(0)
	c.blanks()
	switch {
	case c.err != nil:
		return nil, c.err
	case n != nil && c.at == len(body):
		return n, nil
	}
	// What is wrong with it encoding/json says better.
	var v struct{}
	err := json.Unmarshal(body, &v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return nil, fmt.Errorf("no JSON: %w at byte %d", syntax, syntax.Offset)
	}
	return nil, errors.New("no JSON")
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
