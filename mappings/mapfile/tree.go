package mapfile

// Node is YAML as it was written, for the other files of a dealer's folder:
// every scalar as its text, every key once, all with places.
type Node struct {
	Kind  NodeKind
	Pos   Pos
	Text  Text    // ScalarNode
	Items []*Node // ListNode
	Pairs []Pair  // MapNode, in the order they were written
}

// Pair is one key of a map and what stands behind it.
type Pair struct {
	Key   Text
	Value *Node
}

// NodeKind says what a Node is.
type NodeKind int

// The kinds of nodes.
const (
	NullNode NodeKind = iota
	ScalarNode
	ListNode
	MapNode
)

// ReadTree reads YAML under the rules of mapping files: no anchors, no tags, no
// key twice, one document. path is only a name for faults. The node is nil when
// nothing could be read.
func ReadTree(path string, src []byte) (*Node, Faults) {
	r := &reader{path: path}
	return exported(r.read(src)), r.faults.Sorted()
}

func exported(n *node) *Node {
	if n == nil {
		return nil
	}
	out := &Node{Kind: NodeKind(n.kind), Pos: n.pos, Text: n.text}
	for _, item := range n.items {
		out.Items = append(out.Items, exported(item))
	}
	for _, p := range n.pairs {
		out.Pairs = append(out.Pairs, Pair{Key: p.key, Value: exported(p.value)})
	}
	return out
}

// Words names a kind for people who write YAML.
func (n *Node) Words() string { return (&node{kind: nodeKind(n.Kind)}).words() }

// Get gives what stands behind a key of a map, nil where the key is not there.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != MapNode {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Key.Value == key {
			return p.Value
		}
	}
	return nil
}
