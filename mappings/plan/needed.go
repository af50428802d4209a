package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/mappings/sqltext"
)

// ErrNoRows says that a table without which nothing can be shown has no rows,
// while the rows that need it are there: an empty list would be a wrong answer.
// The text names the table.
var ErrNoRows = errors.New("a required table has no rows")

// neededTables is the question whether the tables that rows must find a row in
// have any rows at all. It is asked only where nothing was found.
type neededTables struct {
	frame  *frame
	stmt   *Statement
	asked  sqlText  // a column for each table
	titles []string // the main table first
}

// needs compiles that question for a frame; nil where no join is required.
func (c *compiler) needs(f *frame) *neededTables {
	var all []*relation
	for _, r := range f.scope.relations {
		if r.required {
			all = append(all, r)
		}
	}
	main := f.scope.relations[0]
	if len(all) == 0 || !c.askable(main.source) {
		return nil
	}
	before := len(c.faults)
	defer func() { c.faults = c.faults[:before] }() // said where they stand
	n := &neededTables{}
	var s sqlText
	for _, r := range append([]*relation{main}, all...) {
		if !c.askable(r.source) {
			continue
		}
		own := *r
		own.main, own.required, own.apart, own.match, own.on, own.where, own.pick, own.lost = true, false, false, nil, nil, nil, nil, ""
		sub := newFrame(c, f.name, &scope{relations: []*relation{&own}}, nil, ownerOnly)
		sub.closed = true
		sub.slots = []slot{{expr: *new(sqlText).text("1")}}
		if len(n.titles) > 0 {
			s.text(", ")
		}
		s.text("exists (").add(sqlText{pieces: sub.statement().pieces}).text(")")
		n.titles = append(n.titles, r.title())
	}
	if len(n.titles) < 2 {
		return nil
	}
	n.asked = s
	n.frame = &frame{c: c, name: f.name, slots: make([]slot, len(n.titles))}
	n.stmt = &Statement{
		Name: f.name + " required tables", server: c.server, width: len(n.titles),
		pieces: new(sqlText).text("select ").add(s).pieces,
	}
	return n
}

// askable says whether a source can be asked for rows without a request.
func (c *compiler) askable(s mapfile.Source) bool {
	if s.Select == nil {
		return s.Table.Value != ""
	}
	return !slices.ContainsFunc(sqltext.Split(s.Select.Value, c.dialect()), func(p sqltext.Piece) bool { return p.Name != "" })
}

// there is ErrNoRows where one of the required tables has no rows and the main
// table has some.
func (n *neededTables) there(ctx context.Context, x *fetcher) error {
	if n == nil {
		return nil
	}
	rows, err := x.rows(ctx, n.stmt, n.frame, values{})
	if err != nil || len(rows) != 1 {
		return err
	}
	return n.missing(rows[0].cells)
}

// missing is ErrNoRows where a cell of the tables says so.
func (n *neededTables) missing(cells []convert.Cell) error {
	has := func(i int) bool { return cells[i].String() != "0" }
	for i, title := range n.titles {
		switch {
		case i == 0 && !has(0):
			return nil
		case i > 0 && !has(i):
			return fmt.Errorf("%w: %s is empty, and nothing in %s is shown without a row in it", ErrNoRows, title, n.titles[0])
		}
	}
	return nil
}
