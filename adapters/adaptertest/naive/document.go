package naive

import (
	"slices"
	"strings"
)

// Documents says how the files of contracts are called.
type Documents struct {
	Directory string
	Name      TextValue
	Files     []string // those that are there
}

// DocumentOf is sent in place of the address of a row's document, which only
// who serves it can know.
const DocumentOf = "the row's document"

// DocumentValue is the address of a document, where its file is there.
type DocumentValue struct{}

func (DocumentValue) eval(r *row, _ Want) outcome {
	d := r.world.Mapping.Documents
	name := d.Name.eval(r, WantText)
	if name.state != isThere || !slices.Contains(d.Files, name.text) {
		return outcome{}
	}
	return there(DocumentOf)
}

func (DocumentValue) written() any { return tree{"document": "contract"} }

func (d *Documents) written() any {
	name := d.Name.written().(tree)["text"]
	return tree{"contract": tree{"directory": d.Directory, "name": name}, "invoice": "none"}
}

// documents draws file names made of columns that all sources have, and which of
// the files are there.
func (g *generator) documents() {
	m := g.world.Mapping
	main := m.Contract.From.Table
	all := refs([]place{{"r", main}}, func(c Column) bool {
		return (c.Content == Link || c.Content == Code || c.Content == Numbers) && c.Kind <= Integer
	})
	d := &Documents{Directory: "papers", Name: TextValue{Fixed: []string{pick(g, []string{"", "H "}, "before"), ".pdf"}, Columns: []Ref{pick(g, all, "name")}}}
	if g.chance(40, "two columns") {
		d.Name.Fixed, d.Name.Columns = append(d.Name.Fixed[:1:1], "-", ".pdf"), append(d.Name.Columns, pick(g, all, "name"))
	}
	m.Documents = d
	in := &world{World: g.world}
	for _, e := range m.contracts() {
		for _, cells := range e.From.Table.Rows {
			s := e.From
			r := &row{world: in, tables: map[string]*Table{s.Alias: s.Table}, cells: map[string][]Cell{s.Alias: cells}}
			name := d.Name.eval(r, WantText)
			if name.state == isThere && !slices.Contains(d.Files, name.text) && !strings.ContainsAny(name.text, "/\\") && g.chance(60, "file") {
				d.Files = append(d.Files, name.text)
			}
		}
		e.Fields = append(e.Fields, Field{Path: "pdfUrl", Value: DocumentValue{}})
	}
}
