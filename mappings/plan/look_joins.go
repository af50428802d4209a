package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// lookForSeveral asks whether a join that nothing proves to find one row finds
// several.
func (c *compiler) lookForSeveral(p *Program, j *mapfile.Join) {
	r := c.lookedAt(j.Source)
	if r == nil || j.On != nil || len(j.Pick) > 0 {
		return
	}
	r.where = unaliased(j.Where, j.Name.Value)
	r.match = j.Match
	if r.table.oneRow(c.fixedColumns(r)) {
		return
	}
	c.lookAt(p, j.Pos, strings.Join(c.path, "."), r, ownerAndState, func(f *frame) *Statement {
		var columns []sqlText
		for _, m := range j.Match {
			col := r.column(bareName(m.Column.Value, j.Name.Value))
			if col == nil || m.Value.Kind == mapfile.LiteralValue {
				continue
			}
			columns = append(columns, columnSQL(r, col.Name))
			f.where = append(f.where, *new(sqlText).add(columnSQL(r, col.Name)).text(" is not null"))
		}
		if len(columns) == 0 {
			return f.statement().followed(" limit 0")
		}
		return f.statement().counted(columns)
	}, func(rows []*row) string {
		n := countIn(rows, 0)
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("this join finds several rows for %d of its values; one is chosen and noted then, `pick:` says which", n)
	})
}

// lookForKey asks whether the key of a list addresses one row each: what has the
// same key is taken for one row.
func (c *compiler) lookForKey(p *Program, ep *mapfile.Endpoint) {
	r := c.lookedAt(ep.Source)
	if r == nil || len(ep.Key) == 0 {
		return
	}
	r.alias = ep.Source.Alias.Value
	fixed := c.fixedColumns(r)
	var columns []sqlText
	for _, v := range ep.Key {
		col := r.column(v.Column.Name)
		if v.Kind != mapfile.ColumnValue || v.Column.Alias != r.alias || col == nil {
			return
		}
		fixed = append(fixed, col.Name)
		columns = append(columns, columnSQL(r, col.Name))
	}
	if r.table.oneRow(fixed) {
		return
	}
	c.lookAt(p, ep.Key[0].Pos, strings.Join(append(slices.Clone(c.path), "key"), "."), r, ownerAndState, func(f *frame) *Statement {
		return f.statement().counted(columns)
	}, func(rows []*row) string {
		if n := countIn(rows, 0); n > 0 {
			return fmt.Sprintf("%d values of the key stand in several rows of %s; they are taken for one row, and the others are not sent", n, r.title())
		}
		return ""
	})
}

// counted is the statement that counts the groups with several rows.
func (s *Statement) counted(columns []sqlText) *Statement {
	var out sqlText
	out.text("select count(*) from (").add(sqlText{pieces: s.pieces}).text(" group by ").add(joinSQL(", ", columns)).text(" having count(*) > 1) as several")
	return s.with(out.pieces)
}

// lookForLost asks how many rows a required join takes away because it finds
// nothing at all for them.
func (c *compiler) lookForLost(p *Program, j *mapfile.Join, main mapfile.Source) {
	r, joined := c.lookedAt(main), c.lookedAt(j.Source)
	if r == nil || joined == nil || j.On != nil {
		return
	}
	for _, m := range j.Match {
		for _, alias := range c.aliasesOf(m.Value) {
			if alias != main.Alias.Value {
				return // it hangs on another join
			}
		}
	}
	r.alias = main.Alias.Value
	joined.alias, joined.match = j.Name.Value, j.Match
	c.lookAt(p, j.Pos, strings.Join(c.path, "."), r, ownerAndState, func(f *frame) *Statement {
		sub := newFrame(c, f.name, &scope{parent: f.scope, relations: []*relation{joined}}, f, ownerOnly)
		sub.closed, sub.correlated = true, true
		sub.where = c.correlate(f, sub, joined, j.Match)
		sub.slots = []slot{{expr: *new(sqlText).text("1")}}
		f.slots = []slot{{expr: *new(sqlText).text("count(*)")}}
		f.where = append(f.where, *new(sqlText).text("not exists (").add(sqlText{pieces: sub.statement().pieces}).text(")"))
		return f.statement()
	}, func(rows []*row) string {
		n := countIn(rows, 0)
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("%d rows of %s find no row in %s and are not shown, because the join is required", n, r.title(), joined.title())
	})
}
