package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// snapshots is what comparing contents needs beside the lists themselves. It is
// compiled only for files that ask for comparisons.
type snapshots struct {
	numbers []*numberReader // one for each source
	marks   map[string][]*markReader
}

// numberReader lists the customer numbers of all customers.
type numberReader struct {
	frame    *frame
	stmt     *Statement
	customer *customerNumber
}

// markReader tells of documents without reading them.
type markReader struct {
	rows   rowReader
	dir    string
	name   evaluator // of a file
	url    evaluator
	branch int // of the table that holds the bytes
	slot   int // of the bytes' mark in that branch
}

// comparedLists are the lists whose contents make up a kind of change.
var comparedLists = map[string][]string{
	"contract": {"contract", "jobsite"}, "invoice": {"invoice"}, "catalog": {"dealer-category"},
}

// snapshotOf checks that there is something to compare for a kind.
func (c *compiler) snapshotOf(kind mapfile.Text) {
	if !slices.ContainsFunc(c.file.Endpoints, func(ep *mapfile.Endpoint) bool { return !ep.None }) {
		return // a part of a file, taken out to be looked at by itself
	}
	shown := func(name string) bool {
		return slices.ContainsFunc(c.file.Endpoints, func(ep *mapfile.Endpoint) bool { return ep.Name.Value == name && !ep.None })
	}
	lists := comparedLists[kind.Value]
	switch {
	case kind.Value == "document" && len(c.file.Documents) == 0:
		c.fault(kind.Pos, "there is no section `documents:` to compare; write `document: none`")
	case kind.Value != "document" && !slices.ContainsFunc(lists, shown):
		c.fault(kind.Pos, "nothing is served that could be compared (%s); write `%s: none`", strings.Join(lists, ", "), kind.Value)
	case c.lookup() == nil:
		c.fault(kind.Pos, "contents are compared customer by customer, so the endpoint `customer:` has to list them")
	}
}

// lookup is the endpoint that lists the customers; nil where there is none.
func (c *compiler) lookup() []sourced {
	for _, t := range c.target.Endpoints {
		if t.Lookup {
			return c.tablesOf(t.Name)
		}
	}
	return nil
}

// compileSnapshots compiles what comparing contents needs. Faults in what it
// reads were said at the endpoint and the documents themselves.
func (c *compiler) compileSnapshots(p *Program) {
	before := len(c.faults)
	defer func() { c.faults = c.faults[:before] }()
	for _, part := range c.lookup() {
		if numbers := c.numberList(part); numbers != nil {
			p.everybody = append(p.everybody, numbers)
		}
	}
	section := c.file.Changes
	if section == nil || !slices.ContainsFunc(section.Kinds, func(k *mapfile.ChangeKind) bool { return k.Snapshot }) {
		return
	}
	p.snapshots = &snapshots{numbers: p.everybody, marks: map[string][]*markReader{}}
	for _, d := range c.file.Documents {
		for _, part := range c.tablesOf(d.Kind.Value) {
			if m := c.documentMarks(d, part); m != nil {
				p.snapshots.marks[d.Kind.Value] = append(p.snapshots.marks[d.Kind.Value], m)
			}
		}
	}
}

// numberList is the key statement of the customers, without a customer.
func (c *compiler) numberList(from sourced) *numberReader {
	ep := from.section
	scope := c.newScope(nil, ep.Source, ep.Join, ep.Children, false)
	if len(scope.relations) == 0 || c.file.CustomerNumber == nil {
		return nil
	}
	f := newFrame(c, titleOf("all customers", from.source), scope, nil, ownerAndState)
	f.closed = true
	c.requireInside(f)
	f.needed = c.needs(f)
	f.where = append(f.where, c.keyConditions(f, ep.Where, &keyReader{})...)
	n := &numberReader{frame: f, customer: c.reachable(f, ep)}
	if n.customer == nil {
		return nil
	}
	n.stmt = f.statement()
	return n
}

// documentMarks compiles the way from a row's key to what stands for its
// document: the file's mark, the address, or the bytes' length and check sum.
func (c *compiler) documentMarks(d *mapfile.Document, from sourced) *markReader {
	ep := from.section
	scope := c.newScope(nil, ep.Source, ep.Join, nil, false)
	if len(scope.relations) == 0 {
		return nil
	}
	f := newFrame(c, titleOf(d.Kind.Value+" document marks", from.source), scope, nil, ownerOnly)
	out := &markReader{branch: -1, rows: rowReader{source: from.source}}
	c.addressed(f, ep, &out.rows)
	for _, r := range scope.relations {
		if r.required && !r.apart {
			f.use(r, r.pos)
		}
	}
	switch {
	case d.Directory != nil && d.Name != nil:
		out.dir, out.name = d.Directory.Value, c.value(site{f: f, want: wantText}, d.Name)
	case d.URL != nil:
		out.url = c.value(site{f: f, want: wantText}, d.URL)
	case d.Source != nil && d.Column != nil:
		if out.branch = c.blobBranch(f, d); out.branch < 0 {
			return nil
		}
		b := f.branches[out.branch]
		b.frame.slots = append(b.frame.slots, slot{expr: c.bytesMark(b.frame.scope.relations[0], d.Column.Name)})
		out.slot = len(b.frame.slots) - 1
	default:
		return nil
	}
	c.finish(f)
	out.rows.frame, out.rows.stmt = f, f.statement()
	return out
}

// bytesMark is an expression that stands for bytes the server has and need not
// send: their length, and a check sum, or, where the server has none, how they
// end, which is where a PDF keeps its offsets and its own id.
func (c *compiler) bytesMark(r *relation, column string) sqlText {
	name := columnSQL(r, column)
	var s sqlText
	if c.server == SQLite {
		return *s.text("length(cast(").add(name).text(" as blob)) || ':' || hex(substr(cast(").add(name).text(" as blob), -512))")
	}
	return *s.text("concat(length(").add(name).text("), ':', crc32(").add(name).text("))")
}

// ChangeGrades says of each kind of change how it is learnt of: "stamp",
// "snapshot" or "none".
func ChangeGrades(file *mapfile.File) map[string]string {
	grades := map[string]string{}
	for _, kind := range changeKinds {
		grades[kind] = "none"
	}
	if file.Changes == nil {
		return grades
	}
	for _, kind := range file.Changes.Kinds {
		switch {
		case kind.Snapshot:
			grades[kind.Kind.Value] = "snapshot"
		case len(kind.Sources) > 0:
			grades[kind.Kind.Value] = "stamp"
		}
	}
	return grades
}

// ChangeOverlap is how far back the moment asked for is moved.
func ChangeOverlap(file *mapfile.File) time.Duration {
	if file.Changes == nil || file.Changes.Overlap == nil {
		return 0
	}
	overlap, err := time.ParseDuration(file.Changes.Overlap.Value)
	if err != nil {
		return 0 // a fault of the file, said there
	}
	return overlap
}

// CustomerNumbers lists the numbers of all customers, each once, ordered by
// bytes. Rows are not kept while they are read, numbers are. ErrStaleKey says
// that the mapping compares nothing (any more): nobody listed is not the same
// as nobody there.
func (p *Program) CustomerNumbers(ctx context.Context, a Asking) ([]string, error) {
	if p.snapshots == nil || p.snapshots.numbers == nil {
		return nil, ErrStaleKey
	}
	return p.Everybody(ctx, a)
}

// Everybody is CustomerNumbers for those who try a mapping out, whether it
// compares anything or not; nobody where no endpoint lists the customers.
func (p *Program) Everybody(ctx context.Context, a Asking) ([]string, error) {
	var numbers []string
	for _, n := range p.everybody {
		some, err := n.read(ctx, p.env(a), a)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, some...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

func (n *numberReader) read(ctx context.Context, e *env, a Asking) ([]string, error) {
	text, args, err := n.stmt.render(values{scalars: map[listName][]any{dealerName: {e.dealer}, todayName: {e.today}}})
	if err != nil {
		return nil, err
	}
	var numbers []string
	var last *row
	take := func() {
		if last == nil {
			return
		}
		if number, state := n.customer.of(last); state == convert.Present {
			numbers = append(numbers, strings.Clone(number))
		}
	}
	next := func() []convert.Cell {
		take()
		last = &row{cells: make([]convert.Cell, len(n.frame.slots))}
		for i := range last.cells {
			last.cells[i] = convert.NewCell(n.frame.slots[i].kind)
		}
		return last.cells
	}
	if err := a.Querier.Query(ctx, n.stmt.Name, text, args, next); err != nil {
		return nil, fmt.Errorf("reading %s: %w", n.stmt.Name, err)
	}
	take()
	if len(numbers) == 0 {
		return nil, n.frame.needed.there(ctx, &fetcher{q: a.Querier, env: e})
	}
	return numbers, nil
}

// DocumentMark stands for the content of the document of one row.
type DocumentMark struct {
	Row, Mark string
}

// DocumentMarks gives the marks of the documents of some rows, in the order of
// keys; rows without a document have none. fileMark gives the mark of a file
// below the documents root, "" where there is no such file. ErrStaleKey is as
// with CustomerNumbers.
func (p *Program) DocumentMarks(ctx context.Context, kind string, a Asking, keys []RowKey, fileMark func(dir, name string) (string, error)) ([]DocumentMark, error) {
	if p.snapshots == nil {
		return nil, ErrStaleKey
	}
	found := map[string]string{}
	for _, m := range p.snapshots.marks[kind] {
		theirs := slices.DeleteFunc(slices.Clone(keys), func(key RowKey) bool { return !m.rows.knows(key.Row) })
		if len(theirs) == 0 {
			continue
		}
		if err := m.read(ctx, p.env(a), a, theirs, fileMark, found); err != nil {
			return nil, err
		}
	}
	var marks []DocumentMark
	for _, key := range keys {
		if mark := found[key.Row]; mark != "" {
			marks = append(marks, DocumentMark{Row: key.Row, Mark: mark})
		}
	}
	return marks, nil
}

func (m *markReader) read(ctx context.Context, e *env, a Asking, keys []RowKey, fileMark func(dir, name string) (string, error), found map[string]string) error {
	rows, err := m.rows.read(ctx, e, a, keys)
	if err != nil {
		return err
	}
	x := &fetcher{q: a.Querier, env: e}
	if err := x.branches(ctx, m.rows.frame, each(rows)); err != nil {
		return err
	}
	for _, r := range rows {
		mark, err := m.of(r, e, fileMark)
		if err != nil {
			return err
		}
		found[r.key] = mark
	}
	return nil
}

func (m *markReader) of(r *row, e *env, fileMark func(dir, name string) (string, error)) (string, error) {
	switch {
	case m.name != nil:
		if got := m.name(r, e); got.state == convert.Present {
			return fileMark(m.dir, got.text)
		}
	case m.url != nil:
		if got := m.url(r, e); got.state == convert.Present {
			return got.text, nil
		}
	default:
		// One of several is sent; which one depends on all of them.
		marks := make([]string, 0, 1)
		for _, bytes := range r.branches[m.branch] {
			marks = append(marks, bytes.cells[m.slot].String())
		}
		slices.Sort(marks)
		return strings.Join(marks, " "), nil
	}
	return "", nil
}
