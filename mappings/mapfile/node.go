package mapfile

// node is YAML as the decoder sees it: every scalar as the text that was
// written, every key once, with places. Anchors, tags and the like are gone;
// what they were used for has been reported.
type node struct {
	kind  nodeKind
	pos   Pos
	text  Text // scalarNode
	items []*node
	pairs []pair
}

type pair struct {
	key   Text
	value *node
}

type nodeKind int

const (
	nullNode nodeKind = iota
	scalarNode
	listNode
	mapNode
)

// words names a kind for people who write YAML.
func (n *node) words() string {
	switch n.kind {
	case nullNode:
		return "nothing"
	case scalarNode:
		return "a single value"
	case listNode:
		return "a list"
	case mapNode:
		return "a map of keys"
	}
	return "something unknown"
}

// get gives the value behind a key of a map, nil where there is none.
func (n *node) get(key string) *node {
	if n == nil || n.kind != mapNode {
		return nil
	}
	for _, p := range n.pairs {
		if p.key.Value == key {
			return p.value
		}
	}
	return nil
}

// has says whether a map has one of the keys.
func (n *node) has(keys ...string) bool {
	for _, key := range keys {
		if n.get(key) != nil {
			return true
		}
	}
	return false
}
