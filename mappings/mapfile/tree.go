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

// FileKind is how the reader speaks of a file to whoever wrote it.
type FileKind struct {
	One, Many  string // as in "a mapping file" and "mapping files"
	Shared     string // what to do instead of writing an anchor
	Merged     string // what to do instead of writing a merge key
	Long       string // what to do about a file that is too long; "" or begins with "; "
	MayBeEmpty bool   // an empty file is a map without keys
}

// MappingFile is the kind of rms.yaml and of the files beside it.
var MappingFile = FileKind{
	One: "a mapping file", Many: "mapping files",
	Shared: "what is shared stands under `define:`, `joins:` or `maps:`",
	Merged: "fields that are shared stand under `define:` and are used by `use:`",
	Long:   "; put long maps into CSV files beside it",
}

// ReadTree reads YAML under the rules of mapping files: no anchors, no tags, no
// key twice, one document. path is only a name for faults. The node is nil when
// nothing could be read.
func ReadTree(path string, src []byte) (*Node, Faults) { return ReadTreeOf(MappingFile, path, src) }

// ReadTreeOf is ReadTree for files of another kind, under the same rules.
func ReadTreeOf(kind FileKind, path string, src []byte) (*Node, Faults) {
	r := &reader{kind: kind, path: path}
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
