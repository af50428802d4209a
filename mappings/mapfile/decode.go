package mapfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// decoder turns nodes into the tree. It never stops at a fault: what is wrong
// is reported and left out.
type decoder struct {
	file   *File
	faults Faults

	joins  map[string]*Join // named ones
	values []string         // names under define: that are values
	groups []string         // names under define: that are groups of fields
	maps   []string
	kinds  []string // of documents
}

func (d *decoder) fault(pos Pos, path, format string, args ...any) {
	d.faults = append(d.faults, Fault{File: d.file.Path, Pos: pos, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (d *decoder) warn(pos Pos, path, format string, args ...any) {
	d.fault(pos, path, format, args...)
	d.faults[len(d.faults)-1].Warning = true
}

// unknown reports a name nobody knows, with the nearest of those there are.
func (d *decoder) unknown(at Text, path, what string, known []string) {
	message := fmt.Sprintf("unknown %s %q", what, at.Value)
	near := Nearest(at.Value, known)
	if near == "" {
		switch {
		case len(known) == 0:
			message += "; the file declares none"
		case len(known) == 1:
			message += "; there is only " + known[0]
		case len(known) <= 8:
			message += "; there are " + strings.Join(known, ", ")
		}
	}
	d.faults = append(d.faults, Fault{File: d.file.Path, Pos: at.Pos, Path: path, Message: message, Suggestion: near})
}

// object is a map of keys in a context.
type object struct {
	node    *node
	path    string
	rest    []pair // keys that the context does not know
	unknown bool   // some of them were reported
}

// object takes a map apart. Where the context is open the unknown keys are in
// rest, elsewhere they are faults.
func (d *decoder) object(n *node, path string, c *Context) *object {
	if n.kind != mapNode {
		d.wrong(n, path, "a map with keys such as "+strings.Join(firstFew(c.names()), ", "))
		return nil
	}
	o := &object{node: n, path: path}
	for _, p := range n.pairs {
		switch {
		case c.has(p.key.Value) && !d.isCode(c, p.key):
		case c.Open != "":
			o.rest = append(o.rest, p)
		default:
			d.unknownKey(p.key, path, c)
			o.unknown = true
		}
	}
	return o
}

// isCode says whether a key that is called like an option is a code all the
// same: in code maps what stands in quotes is a code.
func (d *decoder) isCode(c *Context, key Text) bool {
	return c == codeMapContext && key.Quoted
}

func (d *decoder) unknownKey(key Text, path string, c *Context) {
	d.unknown(key, path, "key", c.names())
	d.faults[len(d.faults)-1].About = key.Value
}

// value gives what stands behind a key. A key with nothing behind it is a
// fault and counts as left out.
func (o *object) value(d *decoder, key string) *node {
	n := o.raw(key)
	if n == nil {
		return nil
	}
	if n.kind == nullNode {
		d.fault(n.pos, join(o.path, key), "nothing stands behind %s; leave the key out or say what it is", key)
		return nil
	}
	return n
}

// blank says that nothing at all stands behind a key, not even null, and
// reports it.
func (d *decoder) blank(n *node, path, key string) bool {
	if n.kind != nullNode || n.text.Value != "" {
		return false
	}
	d.fault(n.pos, join(path, key), "nothing stands behind %s; leave the key out, or write null if that is meant", key)
	return true
}

// missing says that a key is not there; where a key was misspelt it keeps
// quiet, for that is the likelier reason.
func (d *decoder) missing(o *object, at Pos, keys ...string) bool {
	return !o.unknown && !o.node.has(keys...) && at.Line > 0
}

// raw gives what stands behind a key, null included.
func (o *object) raw(key string) *node {
	for _, p := range o.node.pairs {
		if p.key.Value == key && !slices.ContainsFunc(o.rest, func(r pair) bool { return r.key == p.key }) {
			return p.value
		}
	}
	return nil
}

// wrong says that something else should stand here.
func (d *decoder) wrong(n *node, path, want string) {
	d.fault(n.pos, path, "%s is expected here, not %s", want, n.words())
}

// text expects a single value.
func (d *decoder) text(n *node, path string) *Text {
	if n == nil {
		return nil
	}
	if n.kind != scalarNode {
		d.wrong(n, path, "a single value")
		return nil
	}
	t := n.text
	return &t
}

// nonEmpty expects a single value that is not blank.
func (d *decoder) nonEmpty(n *node, path string) *Text {
	t := d.text(n, path)
	if t != nil && strings.TrimSpace(t.Value) == "" {
		d.fault(t.Pos, path, "an empty text makes no sense here")
		return nil
	}
	return t
}

// plainText is nonEmpty for members that hold a Text by value.
func (d *decoder) plainText(n *node, path string) Text {
	if t := d.nonEmpty(n, path); t != nil {
		return *t
	}
	return Text{}
}

// texts expects one text or a list of them.
func (d *decoder) texts(n *node, path string) []Text {
	if n == nil {
		return nil
	}
	var list []Text
	for i, item := range listOf(n) {
		if t := d.text(item, index(path, n, i)); t != nil {
			list = append(list, *t)
		}
	}
	if n.kind == listNode && len(n.items) == 0 {
		d.fault(n.pos, path, "the list is empty")
	}
	return list
}

func (d *decoder) oneOf(n *node, path string, allowed ...string) *Text {
	t := d.text(n, path)
	if t == nil || slices.Contains(allowed, t.Value) {
		return t
	}
	d.faults = append(d.faults, Fault{
		File: d.file.Path, Pos: t.Pos, Path: path, Suggestion: Nearest(t.Value, allowed),
		Message: fmt.Sprintf("%q is none of %s", t.Value, strings.Join(allowed, ", ")),
	})
	return nil
}

func (d *decoder) boolean(n *node, path string) bool {
	t := d.text(n, path)
	if t == nil {
		return false
	}
	switch strings.ToLower(t.Value) {
	case "true":
		return true
	case "false":
		return false
	}
	d.fault(t.Pos, path, "true or false is expected here, not %q", t.Value)
	return false
}

var wholeNumber = regexp.MustCompile(`^[-+]?[0-9]{1,9}$`)

// whole expects a whole number from least on.
func (d *decoder) whole(n *node, path string, least int) *Text {
	t := d.text(n, path)
	if t == nil {
		return nil
	}
	value := 0
	if wholeNumber.MatchString(t.Value) {
		if _, err := fmt.Sscanf(t.Value, "%d", &value); err == nil && value >= least {
			return t
		}
	}
	if least > -1<<30 {
		d.fault(t.Pos, path, "a whole number from %d on is expected here, not %q", least, t.Value)
	} else {
		d.fault(t.Pos, path, "a whole number is expected here, not %q", t.Value)
	}
	return nil
}

// ordinal expects 1, 2, 3, or -1 for the last.
func (d *decoder) ordinal(n *node, path string) *Text {
	t := d.whole(n, path, -1<<30)
	if t != nil && strings.Trim(t.Value, "+-0") == "" {
		d.fault(t.Pos, path, "counting begins at 1 (or at -1, from the end)")
		return nil
	}
	return t
}

// listOf gives a list's items, or the one thing that stands instead.
func listOf(n *node) []*node {
	if n == nil {
		return nil
	}
	if n.kind == listNode {
		return n.items
	}
	return []*node{n}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// index names an item of a list; one thing that stands instead of a list keeps
// the list's name.
func index(path string, n *node, i int) string {
	if n.kind != listNode {
		return path
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

func firstFew(names []string) []string {
	return names[:min(3, len(names))]
}
