package plan

import (
	"context"
	"errors"
	"fmt"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// ErrNoDocument says that there is no such row, or no document for it.
var ErrNoDocument = errors.New("no such document")

// DocumentPlace says where one document is: a file below the documents root,
// the bytes of a column, or an address of another server.
type DocumentPlace struct {
	Directory string
	Name      string // of the file; also for whoever saves the bytes of a column
	URL       string
	Content   []byte
	Type      string // media type
}

// document is one kind of documents, compiled.
type document struct {
	rows     rowReader
	name     evaluator // of a file
	url      evaluator
	dir      string
	branch   int // of the table that holds the bytes
	blob     int // slot in that branch
	mediaTyp string
}

const pdf = "application/pdf"

// compileDocuments compiles the section `documents:`: for each kind a way from
// a row's key to its document. The kinds go by the endpoints they belong to.
func (c *compiler) compileDocuments(p *Program) {
	defer c.within("documents")()
	for _, d := range c.file.Documents {
		leave := c.within(d.Kind.Value)
		parts := c.tablesOf(d.Kind.Value)
		if len(parts) == 0 {
			c.fault(d.Kind.Pos, "documents belong to the rows of contract or invoice; %q has none here", d.Kind.Value)
		}
		for _, part := range parts {
			if compiled := c.document(d, part); compiled != nil {
				p.documents[d.Kind.Value] = append(p.documents[d.Kind.Value], compiled)
			}
		}
		leave()
	}
}

func (c *compiler) document(d *mapfile.Document, from sourced) *document {
	ep := from.section
	before := len(c.faults)
	scope := c.newScope(nil, ep.Source, ep.Join, nil, false)
	c.faults = c.faults[:before] // said at the endpoint already
	if len(scope.relations) == 0 {
		return nil
	}
	f := newFrame(c, titleOf(d.Kind.Value+" document", from.source), scope, nil, ownerOnly)
	out := &document{branch: -1, mediaTyp: pdf, rows: rowReader{source: from.source}}
	if d.Type != nil {
		out.mediaTyp = d.Type.Value
	}
	c.addressed(f, ep, &out.rows)
	// A required join also decides whose row it is: an owner filter may stand
	// on the customer alone.
	for _, r := range scope.relations {
		if r.required && !r.apart {
			f.use(r, r.pos)
		}
	}
	switch {
	case d.Directory != nil:
		if d.Name == nil {
			c.fault(d.Pos, "say with `name:` what the files are called, as in name: '{r.number}.pdf'")
			return nil
		}
		out.dir, out.name = d.Directory.Value, c.value(site{f: f, want: wantText}, d.Name)
	case d.URL != nil:
		out.url = c.value(site{f: f, want: wantText}, d.URL)
	case d.Source != nil && d.Column != nil:
		out.branch = c.blobBranch(f, d)
		if out.branch < 0 {
			return nil
		}
		b := f.branches[out.branch]
		main := b.frame.scope.relations[0]
		col := main.column(d.Column.Name)
		if col == nil {
			c.unknownColumn(d.Column.Pos, d.Column.Name, main)
			return nil
		}
		out.blob = b.frame.slot(main, &Column{Name: col.Name, Kind: convert.ColumnBinary})
	default:
		c.fault(d.Pos, "say where the documents are: `directory:` and `name:`, `table:` and `column:`, or `url:`")
		return nil
	}
	c.finish(f)
	out.rows.frame, out.rows.stmt = f, f.statement()
	return out
}

// blobBranch is the branch of the table that holds documents. Rows without
// bytes are not looked at.
func (c *compiler) blobBranch(f *frame, d *mapfile.Document) int {
	source := aliased(*d.Source, mapfile.Text{Value: d.Column.Alias, Pos: d.Column.Pos})
	scope := c.newScope(f.scope, source, nil, nil, true)
	if len(scope.relations) == 0 {
		return -1
	}
	sub := newFrame(c, f.name+" bytes", scope, f, ownerOnly)
	b := &branch{name: sub.name, frame: sub}
	f.branches = append(f.branches, b)
	at := len(f.branches) - 1
	main := scope.relations[0]
	c.match(f, b, main, d.Parent)
	if _, err := quoteName(d.Column.Name); err != nil {
		c.fault(d.Column.Pos, "%v", err)
		return -1
	}
	var has sqlText
	sub.where = append(sub.where, *has.add(columnSQL(main, d.Column.Name)).text(" is not null"))
	return at
}

// documentValue is the address of a row's document, where there is one.
func (c *compiler) documentValue(s site, v *mapfile.Value) evaluator {
	nothing := fixed(absent(convert.Empty))
	var d *mapfile.Document
	var known []string
	for _, declared := range c.file.Documents {
		known = append(known, declared.Kind.Value)
		if declared.Kind.Value == v.Ref.Value {
			d = declared
		}
	}
	switch {
	case d == nil:
		c.faultNear(v.Ref.Pos, mapfile.Nearest(v.Ref.Value, known), "no documents of the kind %q are declared under `documents:`", v.Ref.Value)
		return nothing
	case s.f.parent != nil || s.f.closed || s.f.endpoint != v.Ref.Value:
		c.fault(v.Pos, "documents of the kind %q belong to the fields of %s itself", v.Ref.Value, v.Ref.Value)
		return nothing
	}
	kind := v.Ref.Value
	exists := func(*row, *env) bool { return true }
	switch {
	case d.Directory != nil && d.Name != nil:
		dir, name := d.Directory.Value, c.value(site{f: s.f, want: wantText}, d.Name)
		exists = func(r *row, e *env) bool {
			got := name(r, e)
			return got.state == convert.Present && e.hasFile(dir, got.text)
		}
	case d.URL != nil:
		url := c.value(site{f: s.f, want: wantText}, d.URL)
		exists = func(r *row, e *env) bool { return url(r, e).state == convert.Present }
	case d.Source != nil && d.Column != nil:
		at := c.blobBranch(s.f, d)
		if at < 0 {
			return nothing
		}
		exists = func(r *row, _ *env) bool { return len(r.branches[at]) > 0 }
	}
	return func(r *row, e *env) value {
		if e.documentURL == nil || !exists(r, e) {
			return absent(convert.Empty)
		}
		return made(e.documentURL(kind, r.key), convert.Present)
	}
}

// hasFile asks whether a file is there; a documents root that cannot be read
// is a failure of the whole request, kept until its end.
func (e *env) hasFile(dir, name string) bool {
	if e.fileExists == nil {
		return false
	}
	ok, err := e.fileExists(dir, name)
	if err != nil {
		e.failed.CompareAndSwap(nil, &err)
	}
	return ok
}

// Documents are the kinds of documents the mapping has.
func (p *Program) Documents() []string {
	var kinds []string
	for kind := range p.documents {
		kinds = append(kinds, kind)
	}
	return kinds
}

// Document finds the document of the row a key addresses. ErrNoDocument says
// that there is none, that the key is not ours, or that the row is not this
// dealer's.
func (p *Program) Document(ctx context.Context, kind string, a Asking, key string) (DocumentPlace, error) {
	for _, d := range p.documents[kind] {
		if d.rows.knows(key) {
			return d.of(ctx, p.env(a), a, kind, key)
		}
	}
	return DocumentPlace{}, ErrNoDocument
}

func (d *document) of(ctx context.Context, e *env, a Asking, kind, key string) (DocumentPlace, error) {
	rows, err := d.rows.read(ctx, e, a, []RowKey{{Row: key}})
	if errors.Is(err, ErrStaleKey) {
		return DocumentPlace{}, ErrNoDocument
	}
	if err != nil {
		return DocumentPlace{}, err
	}
	if len(rows) == 0 {
		return DocumentPlace{}, ErrNoDocument
	}
	x := &fetcher{q: a.Querier, env: e}
	if err := x.branches(ctx, d.rows.frame, rows); err != nil {
		return DocumentPlace{}, err
	}
	r := rows[0]
	out := DocumentPlace{Directory: d.dir, Type: d.mediaTyp}
	switch {
	case d.name != nil:
		got := d.name(r, e)
		if got.state != convert.Present {
			return DocumentPlace{}, ErrNoDocument
		}
		out.Name = got.text
	case d.url != nil:
		got := d.url(r, e)
		if got.state != convert.Present {
			return DocumentPlace{}, ErrNoDocument
		}
		out.URL = got.text
	default:
		found := r.branches[d.branch]
		if len(found) == 0 {
			return DocumentPlace{}, ErrNoDocument
		}
		out.Content = append([]byte{}, found[0].cells[d.blob].Bytes()...)
		out.Name = fmt.Sprintf("%s.pdf", kind)
	}
	return out, nil
}
