package plan

import (
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// endpoint compiles one list of the API.
func (c *compiler) endpoint(t EndpointTarget, ep *mapfile.Endpoint) *list {
	defer c.within(ep.Name.Value)()
	s, err := newShape(t.Type, t.Schema)
	if err != nil {
		c.fault(ep.Name.Pos, "%v", err)
		return nil
	}
	out := &list{name: t.Name, strict: c.strict(ep.Policies, c.strict(c.file.Policies, false))}
	switch {
	case ep.None:
		out.none = true
		return out
	case ep.Fixed != nil:
		c.fixedList(t, s, ep, out)
		return out
	case len(ep.Sources) > 0:
		c.unite(t, s, ep, out)
		return out
	}
	c.keyStatement(t, s, ep, "", out)
	c.rowStatement(t, s, ep, "", out)
	out.whole = c.wholeStatement(out)
	c.found(t, ep, "", out)
	return out
}

// fixedList makes the elements of a list that is written in the mapping.
func (c *compiler) fixedList(t EndpointTarget, s *shape, ep *mapfile.Endpoint, out *list) {
	if t.PerCustomer {
		c.fault(ep.Name.Pos, "a fixed list cannot hold what belongs to customers")
		return
	}
	none := newFrame(c, t.Name, &scope{relations: []*relation{{main: true}}}, nil, ownerOnly)
	for _, fixedRow := range ep.Fixed {
		out.fixed = append(out.fixed, c.element(none, s, t.Name, "", written{pos: fixedRow.Pos, fields: fixedRow.Fields}))
	}
	if len(out.fixed) == 0 {
		c.fault(ep.Name.Pos, "an empty list is written `%s: none`", ep.Name.Value)
	}
}

// keyColumns are the columns that address a row: those written, or the primary
// key of the table.
func (c *compiler) keyColumns(f *frame, ep *mapfile.Endpoint) []mapfile.ColumnRef {
	var refs []mapfile.ColumnRef
	for _, v := range ep.Key {
		if v.Kind != mapfile.ColumnValue || v.Convert != nil {
			c.fault(v.Pos, "a key is made of plain columns; conversions belong into `fields:`")
			continue
		}
		refs = append(refs, v.Column)
	}
	if len(ep.Key) > 0 || !c.bound() {
		return refs
	}
	main := f.scope.relations[0]
	if main.table == nil {
		return nil
	}
	for _, name := range main.table.primaryKey() {
		refs = append(refs, mapfile.ColumnRef{Alias: main.alias, Name: name, Pos: ep.Source.Pos})
	}
	if len(refs) == 0 {
		c.fault(ep.Source.Pos, "%s has no primary key; say with `key:` which columns address a row", main.title())
	}
	return refs
}

// keyStatement compiles the statement that finds the keys of all rows an
// endpoint shows, with what decides about them and their order.
func (c *compiler) keyStatement(t EndpointTarget, s *shape, ep *mapfile.Endpoint, source string, out *list) {
	k, ok := c.keyFrame(t, ep, titleOf(t.Name, source)+" keys", source)
	if !ok {
		return
	}
	f := k.frame
	if t.PerCustomer {
		if c.file.CustomerNumber == nil {
			c.fault(ep.Name.Pos, "rows are asked for by customer: say at the top of the file what `customerNumber:` is")
		} else if k.customer = c.reachable(f, ep); k.customer != nil {
			f.where = append(f.where, k.customer.filterSQL(c.server))
		}
	}
	k.order = c.keyOrder(f, t, s, ep)
	for _, v := range ep.Distinct {
		k.distinct = append(k.distinct, c.value(site{f: f, want: wantText}, v))
	}
	k.oneByOne = len(k.needs) == 0 && len(k.distinct) == 0
	c.finish(f)
	k.stmt = f.statement()
	out.keys = k
}

// keyFrame is the statement of an endpoint's keys, with what decides which rows
// it shows; not ok where there is no source.
func (c *compiler) keyFrame(t EndpointTarget, ep *mapfile.Endpoint, title, source string) (keyReader, bool) {
	scope := c.newScope(nil, ep.Source, ep.Join, ep.Children, false)
	if len(scope.relations) == 0 {
		return keyReader{}, false
	}
	f := newFrame(c, title, scope, nil, ownerAndState)
	f.closed, f.asking = true, askedFor(t)
	k := keyReader{frame: f, endpoint: t.Name, lookup: t.Lookup, source: source}
	for _, ref := range c.keyColumns(f, ep) {
		if p, _, ok := f.column(ref, ref.Pos, true); ok {
			k.key = append(k.key, p)
		}
	}
	c.losing(f, t, ep, &k)
	c.requireInside(f)
	f.needed = c.needs(f)
	f.where = append(f.where, c.keyConditions(f, ep.Where, &k)...)
	return k, true
}

// askedFor says for how many customers an endpoint's rows can be asked.
func askedFor(t EndpointTarget) asking {
	if t.PerCustomer && !t.Lookup {
		return several
	}
	return oneAtMost
}

// reachable compiles the customer number where the rows of an endpoint lead to
// it.
func (c *compiler) reachable(f *frame, ep *mapfile.Endpoint) *customerNumber {
	for _, ref := range c.customerColumns() {
		if rel, _ := f.scope.find(ref.Alias); rel == nil {
			c.fault(ep.Name.Pos, "the customer number is %s.%s, and %q is not joined here; add it to `join:`", ref.Alias, ref.Name, ref.Alias)
			return nil
		}
	}
	return c.customer(f, c.file.CustomerNumber)
}

// requiredApart keeps rows for which a join that is fetched by itself finds
// something.
func (c *compiler) requiredApart(f *frame, r *relation) sqlText {
	inner := *r
	inner.main, inner.required, inner.apart, inner.pick = true, false, false, nil
	sub := newFrame(c, f.name, &scope{parent: f.scope, relations: []*relation{&inner}}, f, ownerAndState)
	sub.closed, sub.correlated = true, true
	sub.where = c.correlate(f, sub, &inner, r.match)
	sub.slots = []slot{{expr: *new(sqlText).text("1")}}
	var out sqlText
	return *out.text("exists (").add(sqlText{pieces: sub.statement().pieces}).text(")")
}

// keyOrder is the order the API demands, on converted values, or else the one
// that is written.
func (c *compiler) keyOrder(f *frame, t EndpointTarget, s *shape, ep *mapfile.Endpoint) []orderKey {
	if len(t.Order) == 0 {
		return c.orderKeys(f, ep.Order)
	}
	if len(ep.Order) > 0 {
		var fields []string
		for _, o := range t.Order {
			fields = append(fields, o.Field)
		}
		c.fault(ep.Order[0].Value.Pos, "the API decides this order (%s); leave `order:` out", strings.Join(fields, ", then "))
	}
	var keys []orderKey
	fields := c.quietly(func() []*mapfile.Field { return c.fieldsOf(written{use: ep.Use, fields: ep.Fields}) })
	for _, o := range t.Order {
		for _, field := range fields {
			if l := s.leaves[o.Field]; l != nil && field.Path.Value == o.Field {
				leave := c.within("fields." + o.Field)
				var needs []int
				keys = append(keys, orderKey{
					get:  c.value(site{f: f, want: l.want, needs: &needs}, field.Value),
					desc: o.Desc, numeric: l.want == wantDecimal,
				})
				leave()
			}
		}
	}
	return keys
}

// quietly runs something whose faults are found elsewhere as well.
func (c *compiler) quietly(find func() []*mapfile.Field) []*mapfile.Field {
	n := len(c.faults)
	fields := find()
	c.faults = c.faults[:n]
	return fields
}

// rowStatement compiles the statement that reads wide rows by their keys, and
// everything that hangs on them. Owner and state filters hold here as well, so
// that a row which left the state since is a gap (R138); the section's own
// `where:` is not asked again.
func (c *compiler) rowStatement(t EndpointTarget, s *shape, ep *mapfile.Endpoint, source string, out *list) {
	fixed := c.named(written{use: ep.Use, fields: ep.Fields}, nil)
	if t.PerCustomer {
		for _, ref := range c.customerColumns() {
			fixed = append(fixed, ref.Alias)
		}
	}
	c.inline = c.inlineFor(fixed, ep.Join)
	scope := c.newScope(nil, ep.Source, ep.Join, ep.Children, true)
	c.inline = nil
	if len(scope.relations) == 0 {
		return
	}
	f := newFrame(c, titleOf(t.Name, source), scope, nil, ownerAndState)
	f.endpoint, f.asking = t.Name, askedFor(t)
	rr := rowReader{frame: f, source: source}
	c.addressed(f, ep, &rr)
	if t.PerCustomer && c.file.CustomerNumber != nil {
		before := len(c.faults)
		rr.customer = c.reachable(f, ep)
		c.faults = c.faults[:before] // said for the keys already
	}
	out.element = c.element(f, s, t.Name, "", written{
		pos: ep.Name.Pos, use: ep.Use, fields: ep.Fields, lists: ep.Lists, policies: ep.Policies,
		strict: out.strict, customer: t.Customer,
	})
	f.declared = c.declaredIn(f, ep.Where, scope.relations[0])
	c.stateTests(f, ep)
	c.finish(f)
	rr.stmt = f.statement()
	out.rows = rr
}

// addressed selects the key columns of a frame and restricts it to keys.
func (c *compiler) addressed(f *frame, ep *mapfile.Endpoint, rr *rowReader) {
	var columns []sqlText
	before := len(c.faults)
	refs := c.keyColumns(f, ep)
	for _, ref := range refs {
		p, col, ok := f.column(ref, ref.Pos, true)
		if !ok {
			continue
		}
		if p.branch >= 0 {
			c.fault(ref.Pos, "a key must be made of columns of the main table")
			continue
		}
		rel, _ := f.scope.find(ref.Alias)
		rr.key = append(rr.key, p)
		rr.rules = append(rr.rules, ruleOf(col))
		columns = append(columns, columnSQL(rel, col.Name))
	}
	if len(c.faults) > before {
		c.faults = c.faults[:before] // said for the keys already
	}
	if len(columns) == 0 {
		return
	}
	var in sqlText
	if len(columns) > 1 {
		in.text("(").add(joinSQL(", ", columns)).text(")")
	} else {
		in.add(columns[0])
	}
	f.where = append(f.where, *in.text(" in ").inOf(keyList, rr.rules))
}

// finish renders the statements of all branches below a frame, once nothing
// can ask them for further columns.
func (c *compiler) finish(f *frame) {
	c.codesOf(f)
	for _, b := range f.branches {
		c.finish(b.frame)
		if !b.frame.made {
			b.stmt = b.frame.statement()
			b.stmt.untied = c.untied(b.frame)
		}
	}
}

// share reads a share like 5%.
func (c *compiler) share(t *mapfile.Text) float64 {
	text, percent := strings.CutSuffix(strings.TrimSpace(t.Value), "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || n < 0 || percent && n > 100 || !percent && n > 1 {
		c.fault(t.Pos, "leaveOutAtMost: is a share like 5%%")
		return 0
	}
	if percent {
		n /= 100
	}
	return n
}

// codeMaps compiles the file's maps.
func (c *compiler) codeMaps() {
	for _, m := range c.file.Maps {
		leave := c.within("maps." + m.Name.Value)
		entries := make([]convert.CodeEntry, len(m.Entries))
		for i, e := range m.Entries {
			entries[i] = convert.CodeEntry{Code: e.Code.Value, Word: e.Word.Value}
		}
		o := convert.CodeMapOptions{IgnoreCase: m.IgnoreCase, ElseEmpty: m.ElseNull, NotYet: c.target.NotYet}
		if m.Else != nil {
			o.Else = &m.Else.Value
		}
		compiled, err := convert.NewCodeMap(entries, o)
		if err != nil {
			c.fault(m.Name.Pos, "%v", err)
		} else {
			c.maps[m.Name.Value] = compiled
		}
		leave()
	}
}
