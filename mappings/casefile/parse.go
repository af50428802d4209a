package casefile

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// The keys, in the order they are offered in.
var (
	fileKeys  = []string{"tests", "tables", "today", "dealer", "files"}
	tableKeys = []string{"rows", "defaults", "types", "key"}
	testKeys  = []string{
		"name", "endpoint", "customer", "since", "rows", "today", "files", "want", "exact", "leftOut", "noted", "fails",
		"lead", "outcome", "update", "held", "nothing",
	}
	outcomeKeys = []string{"field", "reason", "row"}
	heldKeys    = []string{"field", "reason", "lead"}
	reasons     = []string{"missing", "unmapped", "unreadable", "too-long", "cut", "zero-date", "duplicate", "placeholder", "nulled"}
)

// Parse reads one test file. path is only a name for faults. The file holds
// what could be understood; it is nil when nothing could.
func Parse(path string, src []byte) (*File, mapfile.Faults) {
	tree, faults := mapfile.ReadTree(path, src)
	if tree == nil {
		return nil, faults
	}
	p := &parser{file: &File{Path: path}, faults: faults}
	p.top(tree)
	return p.file, p.faults.Sorted()
}

type parser struct {
	file   *File
	faults mapfile.Faults
}

func (p *parser) fault(pos mapfile.Pos, path, format string, args ...any) {
	p.faults = append(p.faults, mapfile.Fault{File: p.file.Path, Pos: pos, Path: path, Message: fmt.Sprintf(format, args...)})
}

// keys visits the known keys of a map; others are faults. It is false when the
// node is no map.
func (p *parser) keys(n *mapfile.Node, path string, known []string, visit func(key mapfile.Text, at string, value *mapfile.Node)) bool {
	if n.Kind != mapfile.MapNode {
		p.fault(n.Pos, path, "a map with keys such as %s is expected here, not %s", strings.Join(known[:min(3, len(known))], ", "), n.Words())
		return false
	}
	for _, pair := range n.Pairs {
		if !slices.Contains(known, pair.Key.Value) {
			p.word(pair.Key, path, "unknown key", known)
			continue
		}
		at := under(path, pair.Key.Value)
		if pair.Value.Kind == mapfile.NullNode && pair.Key.Value != "want" {
			p.fault(pair.Value.Pos, at, "nothing stands behind %s; leave the key out or say what it is", pair.Key.Value)
			continue
		}
		visit(pair.Key, at, pair.Value)
	}
	return true
}

// word is the fault of a word that is none of those there are.
func (p *parser) word(t mapfile.Text, path, what string, known []string) {
	f := mapfile.Fault{
		File: p.file.Path, Pos: t.Pos, Path: path, Suggestion: mapfile.Nearest(t.Value, known),
		Message: fmt.Sprintf("%s %q", what, t.Value),
	}
	if f.Suggestion == "" {
		f.Message += "; there are " + strings.Join(known, ", ")
	}
	p.faults = append(p.faults, f)
}

func (p *parser) text(n *mapfile.Node, path string) mapfile.Text {
	switch {
	case n.Kind != mapfile.ScalarNode:
		p.fault(n.Pos, path, "a single value is expected here, not %s", n.Words())
		return mapfile.Text{}
	case strings.TrimSpace(n.Text.Value) == "":
		p.fault(n.Pos, path, "an empty text makes no sense here")
	}
	return n.Text
}

func (p *parser) texts(n *mapfile.Node, path string) []mapfile.Text {
	items := []*mapfile.Node{n}
	if n.Kind == mapfile.ListNode {
		items = n.Items
	}
	var all []mapfile.Text
	for _, item := range items {
		if t := p.text(item, path); t.Value != "" {
			all = append(all, t)
		}
	}
	return all
}

func (p *parser) oneOf(n *mapfile.Node, path, what string, known []string) mapfile.Text {
	t := p.text(n, path)
	if t.Value != "" && !slices.Contains(known, t.Value) {
		p.word(t, path, "unknown "+what, known)
		return mapfile.Text{}
	}
	return t
}

// list visits the items of a list; one thing that stands instead is the only
// item.
func (p *parser) list(n *mapfile.Node, path string, visit func(n *mapfile.Node, at string)) {
	if n.Kind != mapfile.ListNode {
		visit(n, path)
		return
	}
	for i, item := range n.Items {
		visit(item, fmt.Sprintf("%s[%d]", path, i))
	}
}

func (p *parser) top(tree *mapfile.Node) {
	f := p.file
	whole := p.keys(tree, "", fileKeys, func(key mapfile.Text, at string, n *mapfile.Node) {
		switch key.Value {
		case "tables":
			f.Tables = p.tables(n, at, true)
		case "today":
			f.Today = p.today(n, at)
		case "dealer":
			f.Dealer = p.text(n, at)
		case "files":
			f.Files = p.files(n, at)
		case "tests":
			if n.Kind != mapfile.ListNode {
				p.fault(n.Pos, at, "a list of tests is expected here, not %s", n.Words())
				return
			}
			p.list(n, at, func(n *mapfile.Node, at string) {
				if t := p.test(n, at); t != nil {
					f.Tests = append(f.Tests, t)
				}
			})
		}
	})
	if whole && tree.Get("tests") == nil {
		p.fault(tree.Pos, "", "the list `tests:` is missing")
	}
	named := map[string]mapfile.Pos{}
	for _, t := range f.Tests {
		if first, again := named[t.Name.Value]; again && t.Name.Value != "" {
			p.fault(t.Name.Pos, "tests", "a test of this name stands at line %d already", first.Line)
		}
		named[t.Name.Value] = t.Name.Pos
	}
}

// tables reads tables by name: a list of rows, or with shared a map of what is
// to be said about the table besides.
func (p *parser) tables(n *mapfile.Node, path string, shared bool) []*Table {
	if n.Kind != mapfile.MapNode {
		p.fault(n.Pos, path, "a map of tables is expected here, as in `%s: {LINE: [{SEQ: 1}]}`, not %s", path[strings.LastIndex(path, ".")+1:], n.Words())
		return nil
	}
	var all []*Table
	for _, pair := range n.Pairs {
		t := &Table{Name: pair.Key}
		at := under(path, pair.Key.Value)
		for _, other := range all {
			if strings.EqualFold(other.Name.Value, t.Name.Value) {
				p.fault(t.Name.Pos, at, "this table stands at line %d already", other.Name.Pos.Line)
			}
		}
		switch {
		case pair.Value.Kind == mapfile.ListNode:
			t.Rows = p.rows(pair.Value, at)
		case pair.Value.Kind == mapfile.NullNode:
		case shared:
			p.table(t, pair.Value, at)
		default:
			p.fault(pair.Value.Pos, at, "a list of rows is expected here; types, defaults and keys stand under `tables:` at the top")
		}
		all = append(all, t)
	}
	return all
}

func (p *parser) table(t *Table, n *mapfile.Node, path string) {
	p.keys(n, path, tableKeys, func(key mapfile.Text, at string, n *mapfile.Node) {
		switch key.Value {
		case "rows":
			t.Rows = p.rows(n, at)
		case "key":
			t.Key = p.texts(n, at)
		case "defaults":
			t.Defaults = p.cells(n, at)
		case "types":
			for _, c := range p.cells(n, at) {
				if c.Null || convert.KindOf(c.Value.Value) == convert.ColumnUnknown {
					p.fault(c.Value.Pos, under(at, c.Column.Value), "%q is no type of a column; write it as the database does, such as varchar(40), integer, decimal(9,2), date, datetime, timestamp", c.Value.Value)
					continue
				}
				t.Types = append(t.Types, Typed{Column: c.Column, Type: c.Value})
			}
		}
	})
}

func (p *parser) rows(n *mapfile.Node, path string) []Row {
	var rows []Row
	p.list(n, path, func(n *mapfile.Node, at string) {
		rows = append(rows, Row{Pos: n.Pos, Cells: p.cells(n, at)})
	})
	return rows
}

func (p *parser) cells(n *mapfile.Node, path string) []Cell {
	if n.Kind != mapfile.MapNode {
		p.fault(n.Pos, path, "a map of columns is expected here, as in {SEQ: 1, AMOUNT: '180.00-'}, not %s", n.Words())
		return nil
	}
	var cells []Cell
	for _, pair := range n.Pairs {
		c := Cell{Column: pair.Key, Value: pair.Value.Text}
		switch pair.Value.Kind {
		case mapfile.NullNode:
			c.Null, c.Value.Pos = true, pair.Value.Pos
		case mapfile.ScalarNode:
		default:
			p.fault(pair.Value.Pos, under(path, pair.Key.Value), "a column holds a single value, not %s", pair.Value.Words())
			continue
		}
		for _, other := range cells {
			if strings.EqualFold(other.Column.Value, c.Column.Value) {
				p.fault(c.Column.Pos, under(path, c.Column.Value), "this column stands here already")
			}
		}
		cells = append(cells, c)
	}
	return cells
}

func (p *parser) files(n *mapfile.Node, path string) []mapfile.Text {
	return slices.DeleteFunc(p.texts(n, path), func(t mapfile.Text) bool {
		wrong := !fs.ValidPath(t.Value) || t.Value == "."
		if wrong {
			p.fault(t.Pos, path, "%q is no file below the documents folder; write it like contracts/50017.pdf", t.Value)
		}
		return wrong
	})
}

// today reads a day or a moment.
func (p *parser) today(n *mapfile.Node, path string) mapfile.Text {
	t := p.text(n, path)
	if _, err := Moment(t.Value, time.UTC); t.Value != "" && err != nil {
		p.fault(t.Pos, path, "%q is no day; write it like 2026-05-04, or a moment with its zone like 2026-05-04T08:00:00Z", t.Value)
	}
	return t
}

// Moment reads a day, which means its noon in a zone, or a moment that says its
// own zone.
func Moment(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading a day: %w", err)
	}
	return t.Add(12 * time.Hour), nil
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
