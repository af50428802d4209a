package crmfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// TerritoryTable is a CSV in which owners are found.
type TerritoryTable struct {
	names []string
	lines [][]string
	lower [][]string // of lines, for comparing
}

// territories reads the CSV files of all territories, each once.
func (l *loader) territories() {
	read := map[string]*TerritoryTable{}
	l.eachTerritory(func(t *Territory, at string) {
		table, again := read[t.File.Value]
		if !again {
			table = l.territory(t, at)
			read[t.File.Value] = table
		}
		if table == nil {
			return
		}
		t.Table = table
		for _, name := range append([]mapfile.Text{t.Take}, byNames(t)...) {
			if name.Value != "" && table.column(name.Value) < 0 {
				l.fault(l.file.Path, name.Pos, at, mapfile.Nearest(name.Value, table.names), "%s has no column %q; its first line names %s", t.File.Value, name.Value, strings.Join(table.names, ", "))
				t.Table = nil
			}
		}
	})
}

func byNames(t *Territory) []mapfile.Text {
	names := make([]mapfile.Text, len(t.By))
	for i, by := range t.By {
		names[i] = by.Column
	}
	return names
}

func (l *loader) eachTerritory(visit func(t *Territory, at string)) {
	look := func(sets []*Set, at string) {
		for _, set := range sets {
			if set.Value.Territory != nil {
				visit(set.Value.Territory, at+"."+set.Column.Value)
			}
		}
	}
	if l.file.Lead != nil {
		for _, row := range l.file.Lead.Rows {
			at := "lead.rows." + row.Name.Value
			look(row.Insert, at+".insert")
			look(row.Update, at+".update")
		}
	}
	if l.file.Messages != nil {
		look(l.file.Messages.Insert, "messages.insert")
	}
}

func (l *loader) territory(t *Territory, at string) *TerritoryTable {
	src := l.beside(t.File, at)
	if src == nil {
		return nil
	}
	file := l.named(t.File.Value)
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if !utf8.Valid(src) {
		l.fault(file, mapfile.Pos{Line: 1, Col: 1}, "", "", "the file is no UTF-8; save it as UTF-8")
		return nil
	}
	reader := csv.NewReader(bytes.NewReader(src))
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	table := &TerritoryTable{}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			l.fault(file, mapfile.Pos{Line: syntax.Line, Col: syntax.Column}, "", "", "a quote is missing or stands in the wrong place; a quote inside quotes is written twice")
			return nil
		}
		if err != nil {
			l.fault(file, mapfile.Pos{Line: 1, Col: 1}, "", "", "the file cannot be read as CSV: %v", err)
			return nil
		}
		for i := range record {
			record[i] = strings.TrimSpace(record[i])
		}
		line, _ := reader.FieldPos(0)
		switch {
		case table.names == nil:
			table.names = record
		case len(record) != len(table.names):
			l.fault(file, mapfile.Pos{Line: line, Col: 1}, "", "", "this line has %d columns, the first line names %d", len(record), len(table.names))
		default:
			table.add(record)
		}
	}
	if len(table.lines) == 0 {
		l.fault(file, mapfile.Pos{Line: 1, Col: 1}, "", "", "the file has no line beside the names of its columns")
		return nil
	}
	return table
}

func (t *TerritoryTable) add(line []string) {
	folded := make([]string, len(line))
	for i, cell := range line {
		folded[i] = strings.ToLower(cell)
	}
	t.lines, t.lower = append(t.lines, line), append(t.lower, folded)
}

func (t *TerritoryTable) column(name string) int { return slices.Index(t.names, name) }

// Find gives the cell of the first line that fits; false where none does. by are
// the values in the order of Territory.By.
func (t *Territory) Find(by []string) (string, bool) {
	take := t.Table.column(t.Take.Value)
	for i, line := range t.Table.lower {
		fits := true
		for n, one := range t.By {
			cell := line[t.Table.column(one.Column.Value)]
			if cell != "" && cell != "*" && cell != strings.ToLower(strings.TrimSpace(by[n])) {
				fits = false
				break
			}
		}
		if fits {
			return t.Table.lines[i][take], true
		}
	}
	return "", false
}

// Cells are all values a territory can give, `else` included.
func (t *Territory) Cells() []string {
	var all []string
	if t.Table != nil {
		take := t.Table.column(t.Take.Value)
		for _, line := range t.Table.lines {
			all = append(all, line[take])
		}
	}
	if t.Else != nil {
		all = append(all, t.Else.Value)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
