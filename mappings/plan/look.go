package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// look is one question to the data about what a mapping relies on: it may read
// a whole table, so it is asked when somebody checks a mapping and never while
// lists are served.
type look struct {
	pos   mapfile.Pos
	path  string
	frame *frame
	stmt  *Statement
	says  func(rows []*row) string // "" where all is well
}

// Look asks the data about what the mapping relies on: codes it does not
// mention, joins that find several rows or none, tables without rows. What it
// finds are warnings. The error is that of ctx.
func (p *Program) Look(ctx context.Context, a Asking) (mapfile.Faults, error) {
	var found mapfile.Faults
	x := &fetcher{q: a.Querier, env: p.env(a)}
	for _, l := range p.looks {
		warning := mapfile.Fault{File: p.file, Pos: l.pos, Path: l.path, Warning: true}
		rows, err := x.rows(ctx, l.stmt, l.frame, values{})
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("looking at the data: %w", ctx.Err())
		case err != nil:
			warning.Message = "the data could not be looked at here: " + last(err).Error()
		default:
			warning.Message = l.says(rows)
		}
		if warning.Message != "" {
			found = append(found, warning)
		}
	}
	return found.Sorted(), nil
}

// last takes off what was being done: the warning says it in its own words.
func last(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// lookAt adds a question about one table, of whose rows the owner filter (and
// with shown also the state) holds.
func (c *compiler) lookAt(p *Program, pos mapfile.Pos, path string, r *relation, f filters, ask func(*frame) *Statement, says func([]*row) string) {
	before := len(c.faults)
	sub := newFrame(c, path, &scope{relations: []*relation{r}}, nil, f)
	sub.closed = true
	sub.slots = []slot{{expr: *new(sqlText).text("1")}}
	stmt := ask(sub)
	if len(c.faults) > before { // said where it stands
		c.faults = c.faults[:before]
		return
	}
	p.looks = append(p.looks, &look{pos: pos, path: path, frame: sub, stmt: stmt, says: says})
}

// lookedAt is a relation of a table by itself; nil where it is none.
func (c *compiler) lookedAt(s mapfile.Source) *relation {
	t := c.schema[refOf(s)]
	if s.Select != nil || s.Table.Value == "" || t == nil || len(t.Columns) == 0 {
		return nil
	}
	return &relation{alias: "x", pos: s.Pos, source: s, table: t, main: true}
}

// looks compiles all questions to the data.
func (c *compiler) looks(p *Program) {
	if !c.bound() {
		return
	}
	w := &lookWalk{c: c, p: p}
	for _, filter := range c.file.State {
		leave := c.within("state." + filter.Table.Value)
		for _, ref := range c.tables {
			s := mapfile.Source{Pos: filter.Table.Pos, Table: mapfile.Text{Value: ref.Table}, Database: mapfile.Text{Value: ref.Database}}
			if ref.Select == "" && len(c.tableFilters([]mapfile.TableFilter{filter}, &relation{source: s})) > 0 {
				w.conditions(filter.Where, nil, &s, nil)
			}
		}
		leave()
	}
	for _, ep := range c.file.Endpoints {
		for _, from := range c.tablesOf(ep.Name.Value) {
			leave := c.within(titleOf(ep.Name.Value, from.source))
			s := from.section
			aliases := aliasesOf(s.Source, s.Join)
			w.joins(s.Join, aliases, s.Source, true)
			c.lookForKey(p, s)
			w.conditions(s.Where, aliases, nil, s.Children)
			w.children(s.Children)
			w.lists(s.Lists)
			leave()
		}
	}
	for _, use := range w.uses {
		use.ask(c, p)
	}
}

// lookWalk walks a file for what the data should be asked about.
type lookWalk struct {
	c     *compiler
	p     *Program
	uses  []*codeUse
	asked []TableRef    // for rows at all
	once  []mapfile.Pos // joins that were asked about
}

// codeUse is a column that conditions compare with codes.
type codeUse struct {
	source mapfile.Source
	column string
	known  []string
	shown  []string // of the condition that hides the rest without a word
	// kind: the column says what a row is, or where it belongs, rather than
	// whether it is shown: joins ask for it.
	kind  bool
	pos   mapfile.Pos
	path  string
	state bool
}

func aliasesOf(main mapfile.Source, joins []*mapfile.Join) map[string]mapfile.Source {
	all := map[string]mapfile.Source{main.Alias.Value: main}
	for _, j := range joins {
		all[j.Name.Value] = j.Source
	}
	return all
}

// conditions notes the codes that conditions mention; bare is the table of
// names without alias.
func (w *lookWalk) conditions(all []*mapfile.Condition, aliases map[string]mapfile.Source, bare *mapfile.Source, children []*mapfile.Children) {
	for _, cond := range all {
		for _, cmp := range cond.Compare {
			source, column := bare, cmp.Name.Value
			if alias, rest, dotted := strings.Cut(cmp.Name.Value, "."); dotted {
				if s, ok := aliases[alias]; ok {
					source, column = &s, rest
				}
			}
			if source != nil && source.Select == nil {
				w.use(*source, column, cmp)
			}
		}
		if cond.Exists == nil {
			continue
		}
		for _, child := range children {
			if child.Name.Value != cond.Exists.Children.Value {
				continue
			}
			w.conditions(cond.Exists.Where, aliasesOf(child.Source, child.Join), &child.Source, nil)
			if !cond.Exists.Negate && cond.Exists.Aggregate == nil {
				w.anyRows(cond.Pos, child.Source, "this condition lets nothing through")
			}
		}
	}
}

// of finds what is known of a column, making it when it is met first.
func (w *lookWalk) of(s mapfile.Source, column string) *codeUse {
	for _, u := range w.uses {
		if refOf(u.source) == refOf(s) && strings.EqualFold(u.column, column) {
			return u
		}
	}
	u := &codeUse{source: s, column: column}
	w.uses = append(w.uses, u)
	return u
}

// kinds notes the columns that rows are paired by, and those that a join picks
// its rows by.
func (w *lookWalk) kinds(s mapfile.Source, aliases map[string]mapfile.Source, match []mapfile.Match, where []*mapfile.Condition) {
	note := func(name string) {
		if alias, rest, dotted := strings.Cut(name, "."); dotted {
			if other, ok := aliases[alias]; ok {
				w.of(other, rest).kind = true
				return
			}
		}
		w.of(s, name).kind = true
	}
	for _, m := range match {
		note(m.Column.Value)
	}
	for _, cond := range where {
		for _, cmp := range cond.Compare {
			note(cmp.Name.Value)
		}
	}
}

func (w *lookWalk) use(s mapfile.Source, column string, cmp *mapfile.Comparison) {
	if slices.ContainsFunc(cmp.Values, func(v mapfile.Text) bool { return strings.HasPrefix(v.Value, "@") }) {
		return
	}
	u := w.of(s, column)
	switch cmp.Op {
	case mapfile.Equal, mapfile.Differs, mapfile.Declared:
		for _, v := range slices.Concat(cmp.Values, cmp.Hidden) {
			u.known = append(u.known, v.Value)
		}
	default:
		return
	}
	if cmp.Op == mapfile.Equal && u.shown == nil {
		for _, v := range cmp.Values {
			u.shown = append(u.shown, v.Value)
		}
		u.pos, u.path = cmp.Pos, strings.Join(append(slices.Clone(w.c.path), cmp.Name.Value), ".")
		u.state = len(w.c.path) > 0 && strings.HasPrefix(w.c.path[0], "state.")
	}
}

func (w *lookWalk) children(all []*mapfile.Children) {
	for _, child := range all {
		leave := w.c.within(child.Name.Value)
		aliases := aliasesOf(child.Source, child.Join)
		w.joins(child.Join, aliases, child.Source, false)
		w.kinds(child.Source, aliases, child.Match, nil)
		w.conditions(child.Where, aliases, &child.Source, nil)
		leave()
	}
}

func (w *lookWalk) lists(all []*mapfile.List) {
	for _, l := range all {
		leave := w.c.within(l.Path.Value)
		for _, s := range l.Sources {
			aliases := aliasesOf(s.Source, s.Join)
			w.joins(s.Join, aliases, s.Source, false)
			w.kinds(s.Source, aliases, s.Parent, nil)
			if s.Source.Table.Value != "" {
				w.conditions(s.Where, aliases, &s.Source, s.Children)
			}
			w.children(s.Children)
			w.lists(s.Lists)
		}
		leave()
	}
}

// joins asks whether joins find one row, and whether the required ones find
// any.
func (w *lookWalk) joins(all []*mapfile.Join, aliases map[string]mapfile.Source, main mapfile.Source, section bool) {
	for _, j := range all {
		leave := w.c.within("join." + j.Name.Value)
		w.kinds(j.Source, map[string]mapfile.Source{j.Name.Value: j.Source}, j.Match, j.Where)
		if !slices.Contains(w.once, j.Pos) {
			w.once = append(w.once, j.Pos)
			w.c.lookForSeveral(w.p, j)
		}
		if j.Required {
			w.anyRows(j.Pos, j.Source, "nothing is shown that needs this join")
			if section {
				w.c.lookForLost(w.p, j, main)
			}
		}
		leave()
	}
}

// anyRows asks whether a table has rows at all.
func (w *lookWalk) anyRows(pos mapfile.Pos, s mapfile.Source, so string) {
	r := w.c.lookedAt(s)
	if r == nil || slices.Contains(w.asked, refOf(s)) {
		return
	}
	w.asked = append(w.asked, refOf(s))
	w.c.lookAt(w.p, pos, strings.Join(w.c.path, "."), r, ownerOnly, func(f *frame) *Statement {
		return f.statement().followed(" limit 1")
	}, func(rows []*row) string {
		if len(rows) > 0 {
			return ""
		}
		return fmt.Sprintf("%s has no rows of this dealer, so %s", r.title(), so)
	})
}

// unaliased takes an alias off the names in conditions.
func unaliased(all []*mapfile.Condition, alias string) []*mapfile.Condition {
	var out []*mapfile.Condition
	for _, cond := range all {
		own := *cond
		own.Any, own.Not, own.Compare = unaliased(cond.Any, alias), unaliased(cond.Not, alias), nil
		for _, cmp := range cond.Compare {
			named := *cmp
			named.Name.Value = bareName(cmp.Name.Value, alias)
			own.Compare = append(own.Compare, &named)
		}
		out = append(out, &own)
	}
	return out
}

// fewCodes is how many codes a column can hold that nobody mentioned before it
// is taken for one that holds no codes.
const fewCodes = 12

// ask asks which codes a column holds beside those the mapping mentions.
func (u *codeUse) ask(c *compiler, p *Program) {
	r := c.lookedAt(u.source)
	if u.shown == nil || u.kind || r == nil {
		return
	}
	col := r.column(u.column)
	if col == nil {
		return
	}
	numeric := col.Kind.Numeric()
	same := func(code string) string {
		if numeric {
			return plainNumber(strings.TrimSpace(code))
		}
		return strings.TrimRight(code, " ")
	}
	var known []string
	for _, code := range u.known {
		known = append(known, same(code))
	}
	c.lookAt(p, u.pos, u.path, r, ownerOnly, func(f *frame) *Statement {
		name := columnSQL(r, col.Name)
		f.slots = []slot{{expr: name, kind: col.Kind, name: "code"}, {expr: *new(sqlText).text("count(*)"), name: "rows"}}
		s := f.statement().followed(" group by ")
		s.pieces = new(sqlText).add(sqlText{pieces: s.pieces}).add(name).text(" order by count(*) desc").pieces
		return s.followed(" limit " + strconv.Itoa(len(known)+fewCodes+2))
	}, func(rows []*row) string {
		var found, hide []string
		for _, one := range rows {
			code := ""
			if !one.cells[0].IsNull() {
				code = same(one.cells[0].String())
			}
			if slices.Contains(known, code) || slices.Contains(hide, codeYAML(code)) {
				continue
			}
			hide = append(hide, codeYAML(code))
			found = append(found, fmt.Sprintf("%s (%d rows)", codeYAML(code), countIn([]*row{one}, 1)))
		}
		var show []string
		for _, code := range u.shown {
			show = append(show, codeYAML(code))
		}
		switch {
		case len(found) > fewCodes:
			return ""
		case len(found) > 0:
			return fmt.Sprintf("%s also holds %s: their rows stay away, and so would those of a new code, without a word; where that is meant, {show: [%s], hide: [%s]} says so and has new ones reported",
				columnName(r, col.Name), strings.Join(found, ", "), strings.Join(show, ", "), strings.Join(hide, ", "))
		case u.state:
			return unseen(u.shown)
		}
		return ""
	})
}

func countIn(rows []*row, at int) int64 {
	if len(rows) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(rows[0].cells[at].String(), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// codeYAML writes a code as it can stand in a list of a mapping.
func codeYAML(code string) string {
	plain := code != "" && !slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(code))
	for _, r := range code {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}
	if plain {
		return code
	}
	return "'" + strings.ReplaceAll(code, "'", "''") + "'"
}

// unseen is what a filter with nothing but the shown codes does to new ones.
func unseen(codes []string) string {
	show := make([]string, len(codes))
	for i, code := range codes {
		show[i] = codeYAML(code)
	}
	return fmt.Sprintf("rows with any other code stay away without a word, and a code that is new one day as well; {show: [%s], hide: [...]} has those reported that stand in neither (`mapping check --db` tells what the column holds)", strings.Join(show, ", "))
}

// unseenCodes warns, where no data can be asked, of states that tell only what
// is shown.
func (c *compiler) unseenCodes() {
	if c.bound() {
		return
	}
	for _, filter := range c.file.State {
		leave := c.within("state." + filter.Table.Value)
		for _, cond := range filter.Where {
			for _, cmp := range cond.Compare {
				if cmp.Op != mapfile.Equal || slices.ContainsFunc(cmp.Values, func(v mapfile.Text) bool { return strings.HasPrefix(v.Value, "@") }) {
					continue
				}
				var codes []string
				for _, v := range cmp.Values {
					codes = append(codes, v.Value)
				}
				own := c.within(cmp.Name.Value)
				c.warn(cmp.Pos, "%s", unseen(codes))
				own()
			}
		}
		leave()
	}
}

// followed is the statement with text of ours behind it.
func (s *Statement) followed(text string) *Statement {
	return s.with(new(sqlText).add(sqlText{pieces: s.pieces}).text(text).pieces)
}
