package mapfile

import "slices"

// Reader reads the other files of a dealer's folder in the notation of
// rms.yaml, for packages that own what stands in them. All faults come
// together, at their places.
type Reader struct{ d *decoder }

// NewReader reads the YAML of a file. path is only a name for faults. The node
// is nil when nothing could be read.
func NewReader(path string, src []byte) (*Reader, *Node) {
	y := &reader{kind: MappingFile, path: path}
	top := y.read(src)
	r := &Reader{d: &decoder{
		file:   &File{Path: path, Pos: Pos{1, 1}, Dialect: MySQL, lines: y.lines},
		faults: y.faults, joins: map[string]*Join{},
	}}
	return r, exported(top)
}

// Faults are what was found so far, sorted.
func (r *Reader) Faults() Faults { return r.d.faults.Sorted() }

// File is what Shared and Section have read, for whoever compiles values and
// sections.
func (r *Reader) File() *File { return r.d.file }

// Fault reports something at a place.
func (r *Reader) Fault(pos Pos, path, format string, args ...any) {
	r.d.fault(pos, path, format, args...)
}

// Unknown reports a name nobody knows, with the nearest of those there are.
func (r *Reader) Unknown(at Text, path, what string, known []string) {
	r.d.unknown(at, path, what, known)
}

// Wrong says that something else should stand here.
func (r *Reader) Wrong(n *Node, path, want string) { r.d.wrong(imported(n), path, want) }

// Keys is a map of keys in a context.
type Keys struct {
	Node *Node
	Path string
	Rest []Pair // keys the context does not know, where it is open
	r    *Reader
	o    *object
}

// Keys takes a map of keys apart; nil where something else stands. Keys that a
// context does not know are faults unless it is open.
func (r *Reader) Keys(n *Node, path string, c *Context) *Keys {
	o := r.d.object(imported(n), path, c)
	if o == nil {
		return nil
	}
	k := &Keys{Node: n, Path: path, r: r, o: o}
	for _, p := range o.rest {
		k.Rest = append(k.Rest, Pair{Key: p.key, Value: n.Get(p.key.Value)})
	}
	return k
}

// Get gives what stands behind a key, nil where it is left out. A key with
// nothing behind it is a fault and counts as left out.
func (k *Keys) Get(key string) *Node {
	if k.o.value(k.r.d, key) == nil {
		return nil
	}
	return k.Node.Get(key)
}

// At is the path of a key.
func (k *Keys) At(key string) string { return join(k.Path, key) }

// Missing says that none of the keys is there. Where a key was misspelt it
// keeps quiet, for that is the likelier reason.
func (k *Keys) Missing(keys ...string) bool { return k.r.d.missing(k.o, k.Node.Pos, keys...) }

// Text expects a single value that is not blank.
func (r *Reader) Text(n *Node, path string) Text {
	if n == nil {
		return Text{}
	}
	return r.d.plainText(imported(n), path)
}

// Word expects a single value, blank or not; nil where something else stands.
func (r *Reader) Word(n *Node, path string) *Text { return r.d.text(imported(n), path) }

// Texts expects one text or a list of them.
func (r *Reader) Texts(n *Node, path string) []Text { return r.d.texts(imported(n), path) }

// Bool expects true or false.
func (r *Reader) Bool(n *Node, path string) bool { return r.d.boolean(imported(n), path) }

// Whole expects a whole number from least on; nil where something else stands.
func (r *Reader) Whole(n *Node, path string, least int) *Text {
	return r.d.whole(imported(n), path, least)
}

// OneOf expects one of some words; nil where something else stands.
func (r *Reader) OneOf(n *Node, path string, allowed ...string) *Text {
	return r.d.oneOf(imported(n), path, allowed...)
}

// Value reads any form of a value. aliases are the names a column can begin
// with here, for messages.
func (r *Reader) Value(n *Node, path string, aliases []string) *Value {
	return r.d.value(imported(n), path, scope{aliases: aliases}, false)
}

// Column reads `alias.name`.
func (r *Reader) Column(n *Node, path string, aliases []string) (ColumnRef, bool) {
	t := r.d.text(imported(n), path)
	if t == nil {
		return ColumnRef{}, false
	}
	return r.d.onlyColumn(*t, path, scope{aliases: aliases})
}

// When reads conditions on raw columns that are decided outside of a database.
func (r *Reader) When(n *Node, path string, aliases []string) []*Condition {
	return r.d.conditions(imported(n), path, conditionRules{sc: scope{aliases: aliases}, answer: true})
}

// Where reads conditions that become SQL. With bare set names are columns of one
// table.
func (r *Reader) Where(n *Node, path string, aliases []string, bare bool) []*Condition {
	return r.d.conditions(imported(n), path, conditionRules{sc: scope{aliases: aliases}, bare: bare})
}

// Table reads `TABLE` or `database.TABLE` into a source.
func (r *Reader) Table(n *Node, path string) (Source, bool) {
	t := r.d.nonEmpty(imported(n), path)
	if t == nil {
		return Source{}, false
	}
	s := Source{Pos: t.Pos}
	ok := r.d.tableName(*t, path, &s)
	return s, ok
}

// Source reads `TABLE alias` or a map of a table and its alias.
func (r *Reader) Source(n *Node, path string) (Source, bool) { return r.d.source(imported(n), path) }

// Joins reads `join:`. The names it gives back are aliases and the joins' own.
func (r *Reader) Joins(n *Node, path string, aliases []string) ([]*Join, []string) {
	if n == nil {
		return nil, aliases
	}
	joins, sc := r.d.joinList(imported(n), path, scope{aliases: aliases})
	return joins, sc.aliases
}

// CodeMap reads a map of codes and adds it to the file's.
func (r *Reader) CodeMap(name Text, n *Node, path string) *CodeMap {
	m := r.d.codeMap(name, imported(n), path)
	if m != nil {
		r.Add(m)
	}
	return m
}

// Add makes a code map one of the file's.
func (r *Reader) Add(m *CodeMap) {
	r.d.maps = append(r.d.maps, m.Name.Value)
	r.d.file.Maps = append(r.d.file.Maps, m)
}

// SharedKeys are the keys of rms.yaml that other files have as well, as Shared
// reads them.
func SharedKeys() []*Key {
	var keys []*Key
	for _, key := range fileContext.Keys {
		switch key.Name {
		case "dialect", "timezone", "currency", "sentinels", "functions", "maxScan", "owner", "state", "maps", "joins", "define":
			keys = append(keys, key)
		}
	}
	return keys
}

// Shared reads SharedKeys at the top of a file.
func (r *Reader) Shared(k *Keys) {
	d := r.d
	d.file.Pos = k.Node.Pos
	d.settings(k.o)
	d.declared(k.o)
	d.file.Maps = append(d.file.Maps, d.codeMaps(k.o.value(d, "maps"))...)
	d.file.Owner = d.tableFilters(k.o.value(d, "owner"), "owner")
	d.file.State = d.tableFilters(k.o.value(d, "state"), "state")
	d.namedJoins(k.o.value(d, "joins"))
	d.define(k.o.value(d, "define"))
}

// Section reads a map of keys as a section of rms.yaml, such as `contract`, and
// adds it to the file's. Keys named in without are somebody else's.
func (r *Reader) Section(name Text, n *Node, path string, without ...string) *Endpoint {
	kept := &node{kind: mapNode, pos: n.Pos}
	for _, p := range imported(n).pairs {
		if !slices.Contains(without, p.key.Value) {
			kept.pairs = append(kept.pairs, p)
		}
	}
	e := &Endpoint{Name: name}
	r.d.endpointBody(e, kept, path, endpointContext, scope{})
	r.d.file.Endpoints = append(r.d.file.Endpoints, e)
	return e
}

// SectionKeys gives the declarations of keys of sections, for contexts that have
// them as well.
func SectionKeys(names ...string) []*Key {
	var keys []*Key
	for _, key := range endpointContext.Keys {
		if slices.Contains(names, key.Name) {
			keys = append(keys, key)
		}
	}
	return keys
}

// LoadCodes fills a code map from its CSV, whose text is src.
func LoadCodes(path string, src []byte, m *CodeMap) Faults { return readCodes(path, src, m) }

func imported(n *Node) *node {
	if n == nil {
		return nil
	}
	out := &node{kind: nodeKind(n.Kind), pos: n.Pos, text: n.Text}
	for _, item := range n.Items {
		out.items = append(out.items, imported(item))
	}
	for _, p := range n.Pairs {
		out.pairs = append(out.pairs, pair{key: p.Key, value: imported(p.Value)})
	}
	return out
}
