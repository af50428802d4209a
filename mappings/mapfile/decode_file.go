package mapfile

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// decodeFile reads the top of the file. What is shared comes first wherever it
// stands, so that every use can be checked.
func (d *decoder) decodeFile(top *node) {
	f := d.file
	f.Pos = top.pos
	o := d.object(top, "", fileContext)
	if o == nil {
		return
	}
	d.settings(o)
	f.Policies = d.policies(o)

	d.declared(o)
	f.Maps = d.codeMaps(o.value(d, "maps"))
	f.Owner = d.tableFilters(o.value(d, "owner"), "owner")
	f.State = d.tableFilters(o.value(d, "state"), "state")
	d.namedJoins(o.value(d, "joins"))
	if n := o.value(d, "customerNumber"); n != nil {
		f.CustomerNumber = d.value(n, "customerNumber", scope{aliases: sortedKeys(d.joins)}, false)
		if f.CustomerNumber != nil && f.CustomerNumber.Kind == RefValue && f.CustomerNumber.Ref.Value == "customerNumber" {
			d.fault(n.pos, "customerNumber", "the customer number cannot be made of itself; write a column")
		}
	}
	d.define(o.value(d, "define"))
	for _, p := range top.pairs {
		c := endpointContextOf(p.key.Value)
		if c == nil {
			continue
		}
		if p.value.kind == nullNode {
			d.fault(p.key.Pos, p.key.Value, "nothing stands behind %s; write `%s: none` where the dealer has no such data", p.key.Value, p.key.Value)
			continue
		}
		f.Endpoints = append(f.Endpoints, d.endpoint(p.key, p.value, p.key.Value, c))
	}
	d.documents(o.value(d, "documents"))
	d.changes(o.value(d, "changes"))
}

// settings reads what holds for a whole file.
func (d *decoder) settings(o *object) {
	f := d.file
	if n := o.value(d, "dialect"); n != nil {
		if t := d.oneOf(n, "dialect", string(MySQL), string(SQLite)); t != nil {
			f.Dialect = Dialect(t.Value)
		}
	}
	f.Functions = d.texts(o.value(d, "functions"), "functions")
	f.Sentinels = d.texts(o.value(d, "sentinels"), "sentinels")
	if n := o.value(d, "maxScan"); n != nil {
		f.MaxScan = d.whole(n, "maxScan", 1)
	}
	if n := o.value(d, "timezone"); n != nil {
		f.Timezone = d.plainText(n, "timezone")
	}
	if n := o.value(d, "currency"); n != nil {
		f.Currency = d.currency(n)
	}
}

// EndpointNames gives the sections a file can have, in the order of the reference.
func EndpointNames() []string {
	return []string{"contract", "jobsite", "dealer-category", "invoice", "customer", "location"}
}

func endpointContextOf(name string) *Context {
	switch {
	case name == "invoice":
		return invoiceContext
	case slices.Contains(EndpointNames(), name):
		return endpointContext
	}
	return nil
}

// declared collects the names of what is shared.
func (d *decoder) declared(o *object) {
	d.joins = map[string]*Join{}
	for _, p := range pairsOf(o.raw("maps")) {
		d.maps = append(d.maps, p.key.Value)
	}
	for _, p := range pairsOf(o.raw("documents")) {
		if documentsContext.has(p.key.Value) {
			d.kinds = append(d.kinds, p.key.Value)
		}
	}
	for _, p := range pairsOf(o.raw("define")) {
		if isGroup(p.value) {
			d.groups = append(d.groups, p.key.Value)
		} else {
			d.values = append(d.values, p.key.Value)
		}
	}
}

func pairsOf(n *node) []pair {
	if n == nil || n.kind != mapNode {
		return nil
	}
	return n.pairs
}

func isGroup(n *node) bool {
	return n.kind == mapNode && !isValueMap(n)
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func (d *decoder) currency(n *node) Text {
	t := d.plainText(n, "currency")
	if t.Value != "" && !currencyForm.MatchString(t.Value) {
		d.fault(t.Pos, "currency", "%q is no ISO 4217 code; write three capital letters such as USD", t.Value)
	}
	return t
}

var shareForm = regexp.MustCompile(`^(100|[0-9]{1,2}(\.[0-9]+)?) ?%$`)

func (d *decoder) share(n *node, path string) *Text {
	t := d.text(n, path)
	if t != nil && !shareForm.MatchString(t.Value) {
		d.fault(t.Pos, path, "%q is no share; write a percentage such as 5%%", t.Value)
		return nil
	}
	return t
}

func (d *decoder) duration(n *node, path string) *Text {
	t := d.text(n, path)
	if t == nil {
		return nil
	}
	if length, err := time.ParseDuration(t.Value); err != nil || length < 0 {
		d.fault(t.Pos, path, "%q is no duration; write 30s, 5m or 1h30m", t.Value)
		return nil
	}
	return t
}

// tableFilters reads owner and state.
func (d *decoder) tableFilters(n *node, path string) []TableFilter {
	if n == nil {
		return nil
	}
	if n.kind != mapNode {
		d.wrong(n, path, "a map from tables to conditions, such as {RENTAL: {company: '1'}},")
		return nil
	}
	var all []TableFilter
	for _, p := range n.pairs {
		at := join(path, p.key.Value)
		if p.value.kind == nullNode {
			d.fault(p.key.Pos, at, "nothing stands behind %s; leave the table out or write its condition", p.key.Value)
			continue
		}
		var s Source
		if !d.tableName(p.key, at, &s) {
			continue
		}
		table := p.key
		table.Value = s.Name()
		all = append(all, TableFilter{Table: table, Where: d.conditions(p.value, at, conditionRules{bare: true, codes: path == "state"})})
	}
	return all
}

// Name gives the table as filters name it: TABLE or database.TABLE, without
// quotes; "" for an inline SELECT.
func (s Source) Name() string {
	if s.Database.Value != "" {
		return s.Database.Value + "." + s.Table.Value
	}
	return s.Table.Value
}

// codeMaps reads maps:. Codes are the text that was written.
func (d *decoder) codeMaps(n *node) []*CodeMap {
	if n == nil {
		return nil
	}
	if n.kind != mapNode {
		d.wrong(n, "maps", "a map of code maps, such as {kind: {R: Rental}},")
		return nil
	}
	var all []*CodeMap
	for _, p := range n.pairs {
		if m := d.codeMap(p.key, p.value, join("maps", p.key.Value)); m != nil {
			all = append(all, m)
		}
	}
	return all
}

func (d *decoder) codeMap(name Text, n *node, path string) *CodeMap {
	o := d.object(n, path, codeMapContext)
	if o == nil {
		return nil
	}
	m := &CodeMap{Name: name}
	if file := o.value(d, "file"); file != nil {
		m.File = d.nonEmpty(file, join(path, "file"))
	}
	if ignore := o.value(d, "ignoreCase"); ignore != nil {
		m.IgnoreCase = d.boolean(ignore, join(path, "ignoreCase"))
	}
	if other := o.raw("else"); other != nil && !d.blank(other, path, "else") {
		if m.ElseNull = other.kind == nullNode; !m.ElseNull {
			m.Else = d.text(other, join(path, "else"))
		}
	}
	if m.File != nil && len(o.rest) > 0 {
		d.fault(o.rest[0].key.Pos, path, "codes stand here beside `file`; keep them in one place (a code called `file` stands in quotes)")
		return m
	}
	codes := newCodes(m)
	for _, p := range o.rest {
		at := path
		if p.value.kind == nullNode {
			d.fault(p.key.Pos, at, "nothing stands behind the code %s; write its word", asYAML(p.key.Value))
			continue
		}
		word := d.text(p.value, at)
		if word == nil {
			continue
		}
		if first, again := codes.add(p.key, *word); again {
			d.fault(p.key.Pos, at, "the code %s stands here a second time; the first is at line %d", asYAML(p.key.Value), first.Line)
		}
	}
	if m.File == nil && len(m.Entries) == 0 && len(o.rest) == 0 && o.raw("file") == nil {
		d.fault(name.Pos, path, "the map has no codes")
	}
	return m
}

// codes adds entries to a code map and finds those that would match the same
// text.
type codes struct {
	to   *CodeMap
	seen map[string]Pos
}

func newCodes(m *CodeMap) *codes { return &codes{to: m, seen: map[string]Pos{}} }

func (c *codes) add(code, word Text) (first Pos, again bool) {
	key := strings.TrimSpace(code.Value)
	if c.to.IgnoreCase {
		key = strings.ToLower(key)
	}
	if first, again = c.seen[key]; again {
		return first, true
	}
	c.seen[key] = code.Pos
	c.to.Entries = append(c.to.Entries, MapEntry{Code: code, Word: word})
	return Pos{}, false
}

// namedJoins reads joins:. The aliases they may lean on are those of the
// sections that use them, so any alias will do here.
func (d *decoder) namedJoins(n *node) {
	if n == nil {
		return
	}
	if n.kind != mapNode {
		d.wrong(n, "joins", "a map of joins, such as {cus: {table: CUSTOMER, match: {number: r.customer}}},")
		return
	}
	for _, p := range n.pairs {
		if j := d.join(p.key, p.value, join("joins", p.key.Value), scope{}); j != nil {
			d.joins[p.key.Value] = j
			d.file.Joins = append(d.file.Joins, j)
		}
	}
}

// define reads shared values and groups of fields.
func (d *decoder) define(n *node) {
	if n == nil {
		return
	}
	if n.kind != mapNode {
		d.wrong(n, "define", "a map of names and what they stand for")
		return
	}
	for _, p := range n.pairs {
		at := join("define", p.key.Value)
		switch {
		case p.key.Value == "customerNumber":
			d.fault(p.key.Pos, at, "customerNumber is defined at the top of the file")
			continue
		case !aliasForm.MatchString(p.key.Value):
			d.fault(p.key.Pos, at, "%q cannot be a name; letters, digits and _ can", p.key.Value)
			continue
		case p.value.kind == nullNode:
			d.fault(p.key.Pos, at, "nothing stands behind %s", p.key.Value)
			continue
		}
		def := &Definition{Name: p.key}
		if isGroup(p.value) {
			var lists []*List
			def.Fields, lists = d.fields(p.value, at, scope{})
			if len(lists) > 0 {
				d.fault(p.key.Pos, at, "`rates` cannot stand in a group of fields")
			}
		} else if def.Value = d.value(p.value, at, scope{}, false); def.Value == nil {
			continue
		}
		d.file.Define = append(d.file.Define, def)
	}
}
