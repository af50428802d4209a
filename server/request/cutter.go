package request

import "bytes"

// cutter cuts a body, which is UTF-8, into its values. It takes what JSON allows
// (RFC 8259) and nothing else, and goes over each byte once: somebody waits.
type cutter struct {
	body   []byte
	at     int
	values int
	err    error // the body is too much; syntax has none

	room []node // for the next nodes, so that they are made by the dozen
	// The members and items of what is open: each list is copied when it is
	// complete.
	members []member
	items   []*node
}

func (c *cutter) blanks() {
	for c.at < len(c.body) {
		switch c.body[c.at] {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return
		}
	}
}

// is takes a byte where it is the next one behind blanks.
func (c *cutter) is(b byte) bool {
	c.blanks()
	if c.at == len(c.body) || c.body[c.at] != b {
		return false
	}
	c.at++
	return true
}

// node makes one.
func (c *cutter) node() *node {
	if len(c.room) == 0 {
		c.room = make([]node, min(max(16, c.values), 1024))
	}
	n := &c.room[0]
	c.room = c.room[1:]
	return n
}

// value takes one value; nil where there is none, or not a good one.
func (c *cutter) value(depth int) *node {
	c.blanks()
	if c.at == len(c.body) {
		return nil
	}
	if c.values++; c.values > maxValues {
		c.err = errMany
		return nil
	}
	from, n, ok := c.at, c.node(), false
	switch b := c.body[c.at]; b {
	case '{', '[':
		if depth == maxDepth {
			c.err = errDeep
			return nil
		}
		c.at++
		if b == '{' {
			ok = c.object(n, depth+1)
		} else {
			ok = c.list(n, depth+1)
		}
	case '"':
		ok = c.text()
	case 't':
		ok = c.word("true")
	case 'f':
		ok = c.word("false")
	case 'n':
		ok = c.word("null")
	default:
		ok = c.number()
	}
	if !ok {
		return nil
	}
	n.raw = c.body[from:c.at]
	return n
}

func (c *cutter) object(n *node, depth int) bool {
	if c.is('}') {
		return true
	}
	mark := len(c.members)
	for {
		c.blanks()
		from := c.at
		if !c.text() {
			return false
		}
		m, ok := named(c.body[from:c.at])
		if !ok || !c.is(':') {
			return false
		}
		if m.value = c.value(depth); m.value == nil {
			return false
		}
		c.members = append(c.members, m)
		if c.is(',') {
			continue
		}
		n.members = append(make([]member, 0, len(c.members)-mark), c.members[mark:]...)
		c.members = c.members[:mark]
		return c.is('}')
	}
}

func (c *cutter) list(n *node, depth int) bool {
	if c.is(']') {
		return true
	}
	mark := len(c.items)
	for {
		item := c.value(depth)
		if item == nil {
			return false
		}
		c.items = append(c.items, item)
		if c.is(',') {
			continue
		}
		n.items = append(make([]*node, 0, len(c.items)-mark), c.items[mark:]...)
		c.items = c.items[:mark]
		return c.is(']')
	}
}

// text takes a text, its quotation marks included.
func (c *cutter) text() bool {
	if c.at == len(c.body) || c.body[c.at] != '"' {
		return false
	}
	for c.at++; c.at < len(c.body); c.at++ {
		switch b := c.body[c.at]; {
		case b == '"':
			c.at++
			return true
		case b == '\\':
			c.at++
			if !c.escape() {
				return false
			}
		case b < ' ':
			return false
		}
	}
	return false
}

// escape looks at what stands behind a backslash, to its last byte.
func (c *cutter) escape() bool {
	if c.at == len(c.body) {
		return false
	}
	if c.body[c.at] != 'u' {
		return bytes.IndexByte([]byte(`"\/bfnrt`), c.body[c.at]) >= 0
	}
	if len(c.body)-c.at < 5 {
		return false
	}
	for _, b := range c.body[c.at+1 : c.at+5] {
		if (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'f') {
			return false
		}
	}
	c.at += 4
	return true
}

func (c *cutter) word(w string) bool {
	if !bytes.HasPrefix(c.body[c.at:], []byte(w)) {
		return false
	}
	c.at += len(w)
	return true
}

func (c *cutter) number() bool {
	c.one('-')
	if !c.one('0') && !c.digits() {
		return false
	}
	if c.one('.') && !c.digits() {
		return false
	}
	if c.one('e') || c.one('E') {
		_ = c.one('+') || c.one('-')
		return c.digits()
	}
	return true
}

// one takes a byte where it is the next.
func (c *cutter) one(b byte) bool {
	if c.at == len(c.body) || c.body[c.at] != b {
		return false
	}
	c.at++
	return true
}

func (c *cutter) digits() bool {
	from := c.at
	for c.at < len(c.body) && c.body[c.at] >= '0' && c.body[c.at] <= '9' {
		c.at++
	}
	return c.at > from
}

// named is a member of the name a JSON text gives. Those of the specification are
// there already and need no memory.
func named(raw []byte) (member, bool) {
	if name, known := specified()[string(raw[1:len(raw)-1])]; known {
		return member{name: name, ascii: true}, true
	}
	name, ok := inside(raw)
	return member{name: name, ascii: ascii(name)}, ok
}
