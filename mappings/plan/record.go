package plan

import (
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Record is something values can be made of that stands in no database: a name
// and what it holds.
type Record struct {
	Alias string
	Names []string
}

// RecordValue is one value that is wanted: where it is written and what it is.
type RecordValue struct {
	Path  string
	Value *mapfile.Value
	When  []*mapfile.Condition // instead of Value: whether something holds
}

// Records makes values out of records. It is safe for concurrent use.
type Records struct {
	frame *frame
	slots []mapfile.ColumnRef // what stands in each slot
	gets  []evaluator
	tests []test
}

// CompileRecords compiles values over records with the maps, definitions and the
// zone of a file. The answer is nil when one of the faults is more than a
// warning.
func CompileRecords(file *mapfile.File, records []Record, wanted []RecordValue) (*Records, mapfile.Faults) {
	c := newCompiler(file, Target{}, SQLite, Schema{})
	c.faults = nil // what is wrong with the file is told where its sections are compiled
	s := &scope{}
	for i, record := range records {
		r := &relation{alias: record.Alias, main: i == 0, table: &Table{}}
		for _, name := range record.Names {
			r.table.Columns = append(r.table.Columns, Column{Name: name, Kind: convert.ColumnText, Nullable: true})
		}
		s.relations = append(s.relations, r)
	}
	f := newFrame(c, "lead", s, nil, ownerOnly)
	f.made, f.closed = true, true
	out := &Records{frame: f, gets: make([]evaluator, len(wanted)), tests: make([]test, len(wanted))}
	for i, one := range wanted {
		leave := c.within(one.Path)
		if one.When != nil {
			out.tests[i] = c.tests(site{f: f, want: wantText}, one.When)
		} else {
			out.gets[i] = c.value(site{f: f, want: wantText}, one.Value)
		}
		leave()
	}
	faults := c.faults.Sorted()
	if faults.Err() != nil {
		return nil, faults
	}
	for _, slot := range f.slots {
		alias, name, _ := strings.Cut(slot.name, ".")
		for _, record := range records {
			if record.Alias != alias {
				continue
			}
			for _, own := range record.Names {
				if strings.EqualFold(own, name) {
					out.slots = append(out.slots, mapfile.ColumnRef{Alias: alias, Name: own})
				}
			}
		}
	}
	return out, faults
}

// RecordRow is what the records hold at one time.
type RecordRow struct{ row *row }

// Row looks everything up once. A text that is nil is not there.
func (r *Records) Row(look func(alias, name string) *string) RecordRow {
	made := &row{cells: make([]convert.Cell, len(r.frame.slots))}
	for i, ref := range r.slots {
		made.cells[i] = convert.NewCell(convert.ColumnText)
		if text := look(ref.Alias, ref.Name); text != nil {
			made.cells[i].SetText(*text)
		} else {
			made.cells[i].SetNull()
		}
	}
	return RecordRow{made}
}

// RecordText is one value: a text, or the reason why there is none. Reason is
// "" where there is a text, or nothing to make one of.
type RecordText struct {
	Text    string
	Present bool
	Reason  Reason
}

// Text makes the n-th value.
func (r *Records) Text(n int, from RecordRow) RecordText {
	got := r.gets[n](from.row, &env{})
	switch {
	case got.state == convert.Present:
		return RecordText{Text: got.text, Present: true}
	case got.state.Bad():
		return RecordText{Reason: reasonOf(got.state)}
	}
	return RecordText{}
}

// Holds says whether the n-th condition does.
func (r *Records) Holds(n int, from RecordRow) bool { return r.tests[n](from.row, &env{}) }
