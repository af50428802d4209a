package crmfile

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Names are what values may begin with in each place, handed in because they
// are the interface's own.
type Names struct {
	Lead   []string // members of a lead
	Update []string // members of an update
}

var (
	gatewayNames = []string{"now", "today", "dealer"}
	messageNames = []string{"id", "dealer", "type", "requestType", "requestId", "status", "customer", "received", "body"}
)

// decoder turns the tree of crm.yaml into a File. It never stops at a fault.
type decoder struct {
	*mapfile.Reader
	names Names
	file  *File
	known map[string][]string // alias to the names behind it, where a value stands
	order []string            // the aliases, as they came up
	later []string            // names of rows that are still to come

	beside []*mapfile.CodeMap
}

// Parse reads crm.yaml alone. path is only a name for faults. The file is nil
// when nothing could be read.
func Parse(path string, src []byte, names Names) (*File, mapfile.Faults) {
	d, _ := parse(path, src, names, nil)
	return d.file, d.Faults()
}

// Faults are what was found, by the names that stand in the file.
func (d *decoder) Faults() mapfile.Faults { return Renamed(d.Reader.Faults()) }

// Renamed calls the two fields that a stage is read by what they are called in
// the file.
func Renamed(faults mapfile.Faults) mapfile.Faults {
	for i := range faults {
		f := &faults[i]
		for _, field := range []string{PercentageField, StageField} {
			if rest, found := strings.CutPrefix(f.Path, updatePath+".fields."+field); found && (rest == "" || rest[0] == '.') {
				f.Path = updatePath + ".fields." + probability + rest
			}
		}
	}
	return faults
}

// parse reads crm.yaml; beside are the maps that stand in files of their own.
func parse(path string, src []byte, names Names, beside []*mapfile.CodeMap) (*decoder, bool) {
	r, top := mapfile.NewReader(path, src)
	d := &decoder{Reader: r, names: names, beside: beside}
	if top == nil {
		return d, false
	}
	d.file = &File{Path: path, Shared: r.File()}
	d.decode(top)
	return d, true
}

func (d *decoder) decode(top *mapfile.Node) {
	k := d.Keys(top, "", fileContext)
	if k == nil {
		return
	}
	d.Shared(k)
	for _, m := range d.beside {
		if slices.ContainsFunc(d.file.Shared.Maps, func(own *mapfile.CodeMap) bool { return own.Name.Value == m.Name.Value }) {
			d.Fault(top.Pos, "maps."+m.Name.Value, "the map stands in %s.yaml as well; keep one of them", m.Name.Value)
			continue
		}
		d.Add(m)
	}
	if n := k.Get("lead"); n != nil {
		d.lead(n)
	}
	if n := k.Get("update"); n != nil {
		d.update(n)
	}
	if n := k.Get("pickLists"); n != nil {
		d.pickLists(n)
	}
	if n := k.Get("messages"); n != nil {
		d.messages(n)
	}
	if n := k.Get("moves"); n != nil {
		d.moves(n)
	}
	if k.Missing("lead", "update", "messages", "moves") {
		d.Fault(top.Pos, "", "a `lead` (which rows a lead becomes) or an `update` (what is reported back) is missing")
	}
}

func (d *decoder) lead(n *mapfile.Node) {
	const path = "lead"
	k := d.Keys(n, path, leadContext)
	if k == nil {
		return
	}
	l := &Lead{Pos: n.Pos}
	d.file.Lead = l
	if v := k.Get("acceptDuplicates"); v != nil {
		l.AcceptDuplicates = d.Bool(v, k.At("acceptDuplicates"))
	}
	if v := k.Get("instead"); v != nil {
		l.Instead = d.Word(v, k.At("instead"))
	}
	d.rows(l, k)
	switch v := k.Get("leadId"); {
	case v == nil && k.Missing("leadId"):
		d.Fault(n.Pos, path, "`leadId` is missing: the column that keeps Caterpillar's id, such as leadId: card.CATID, or `gateway` where the CRM has no room for it")
	case v == nil:
	case v.Text.Value != "gateway":
		l.LeadID = d.rowColumn(v, k.At("leadId"), l.Rows)
	}
	if v := k.Get("dealerLeadId"); v != nil {
		l.DealerLeadID = d.rowColumn(v, k.At("dealerLeadId"), l.Rows)
		d.keyColumn(l.DealerLeadID, k.At("dealerLeadId"), l.Rows)
	}
	for _, row := range l.Rows {
		for _, set := range row.Insert {
			if rest := set.Value.Rest; rest != nil {
				d.restGoesOn(row, rest, l.Rows)
			}
		}
	}
}

// rowColumn reads `row.COLUMN`.
func (d *decoder) rowColumn(n *mapfile.Node, path string, rows []*Row) *RowColumn {
	names := rowNames(rows)
	ref, ok := d.Column(n, path, names)
	if !ok {
		return nil
	}
	if !slices.Contains(names, ref.Alias) {
		d.Unknown(mapfile.Text{Value: ref.Alias, Pos: ref.Pos}, path, "row", names)
		return nil
	}
	return &RowColumn{Row: ref.Alias, Column: ref.Name, Pos: ref.Pos}
}

func rowNames(rows []*Row) []string {
	var names []string
	for _, row := range rows {
		names = append(names, row.Name.Value)
	}
	return names
}

// keyColumn reports a column that is not part of its row's key.
func (d *decoder) keyColumn(at *RowColumn, path string, rows []*Row) {
	if at == nil {
		return
	}
	for _, row := range rows {
		if row.Name.Value != at.Row || len(row.Key) == 0 {
			continue
		}
		if names := row.keyNames(); !slices.Contains(names, at.Column) {
			d.Unknown(mapfile.Text{Value: at.Column, Pos: at.Pos}, path, "key column of "+at.Row, names)
		}
	}
}

func (r *Row) keyNames() []string {
	var names []string
	for _, key := range r.Key {
		names = append(names, key.Column.Value)
	}
	return names
}

// restGoesOn reports a rest that would go to a row that is written already.
func (d *decoder) restGoesOn(from *Row, to *RowColumn, rows []*Row) {
	names := rowNames(rows)
	if slices.Index(names, to.Row) < slices.Index(names, from.Name.Value) {
		d.Fault(to.Pos, "lead.rows."+from.Name.Value+".insert", "the row %s is written before this one; what is cut off can go to this row or a later one", to.Row)
	}
}

func (d *decoder) rows(l *Lead, k *mapfile.Keys) {
	n := k.Get("rows")
	switch {
	case n == nil && k.Missing("rows"):
		d.Fault(l.Pos, k.Path, "`rows` is missing: the rows a lead becomes")
		return
	case n == nil:
		return
	case n.Kind != mapfile.ListNode || len(n.Items) == 0:
		d.Wrong(n, k.At("rows"), "a list of rows, such as - card: {table: CARD, insert: {NAME: lead.name}},")
		return
	}
	d.known = map[string][]string{LeadAlias: d.names.Lead, GatewayAlias: gatewayNames}
	d.order = []string{LeadAlias, GatewayAlias}
	d.later = nil
	for _, item := range n.Items {
		if item.Kind == mapfile.MapNode && len(item.Pairs) == 1 {
			d.later = append(d.later, item.Pairs[0].Key.Value)
		}
	}
	all := d.later
	for _, item := range n.Items {
		if item.Kind != mapfile.MapNode || len(item.Pairs) != 1 {
			d.Wrong(item, k.At("rows"), "one row under its name, such as card: {table: CARD, insert: {NAME: lead.name}},")
			continue
		}
		p := item.Pairs[0]
		if _, again := d.known[p.Key.Value]; again {
			d.Fault(p.Key.Pos, k.At("rows"), "the name %s is in use already", p.Key.Value)
			continue
		}
		row := d.row(p.Key, p.Value, k.At("rows")+"."+p.Key.Value, all)
		if row == nil {
			continue
		}
		l.Rows = append(l.Rows, row)
		d.known[p.Key.Value] = row.keyNames()
		d.order = append(d.order, p.Key.Value)
		d.later = d.later[1:]
	}
}

func (d *decoder) row(name mapfile.Text, n *mapfile.Node, path string, all []string) *Row {
	k := d.Keys(n, path, rowContext)
	if k == nil {
		return nil
	}
	row := &Row{Name: name}
	row.Source = d.table(k)
	if v := k.Get("when"); v != nil {
		row.When = d.When(v, k.At("when"), []string{LeadAlias})
		d.conditionNames(row.When, k.At("when"))
	}
	if v := k.Get("neverChange"); v != nil {
		row.NeverChange = d.Bool(v, k.At("neverChange"))
	}
	if v := k.Get("key"); v != nil {
		row.Key = d.keys(v, k.At("key"))
	}
	if v := k.Get("find"); v != nil {
		for _, one := range listOf(v) {
			if way := d.sets(one, k.At("find"), nil); len(way) > 0 {
				row.Find = append(row.Find, way)
			}
		}
	}
	if v := k.Get("insert"); v != nil {
		row.Insert = d.sets(v, k.At("insert"), all)
	} else if k.Missing("insert") {
		d.Fault(name.Pos, path, "`insert` is missing: what a new row gets")
	}
	if v := k.Get("update"); v != nil {
		row.Update = d.sets(v, k.At("update"), nil)
	}
	if v := k.Get("append"); v != nil {
		row.Append = d.sets(v, k.At("append"), nil)
	}
	if row.NeverChange && (len(row.Update) > 0 || len(row.Append) > 0) {
		d.Fault(name.Pos, path, "`neverChange` and `update` or `append` contradict each other; keep one")
	}
	return row
}

// table reads `table`.
func (d *decoder) table(k *mapfile.Keys) mapfile.Source {
	n := k.Get("table")
	if n == nil {
		if k.Missing("table") {
			d.Fault(k.Node.Pos, k.Path, "`table` is missing")
		}
		return mapfile.Source{Pos: k.Node.Pos}
	}
	s, _ := d.Table(n, k.At("table"))
	return s
}

// conditionNames holds the names of conditions against what is known.
func (d *decoder) conditionNames(all []*mapfile.Condition, path string) {
	for _, c := range all {
		d.conditionNames(c.Any, path)
		d.conditionNames(c.Not, path)
		for _, cmp := range c.Compare {
			d.nameKnown(mapfile.Text{Value: cmp.Name.Value, Pos: cmp.Name.Pos}, path)
		}
	}
}

func (d *decoder) nameKnown(t mapfile.Text, path string) {
	for i := range t.Value {
		if t.Value[i] == '.' {
			d.columnKnown(mapfile.ColumnRef{Alias: t.Value[:i], Name: t.Value[i+1:], Pos: t.Pos}, path)
			return
		}
	}
	d.Fault(t.Pos, path, "%q is no member; write lead.%s", t.Value, t.Value)
}

// columnKnown reports a name that does not stand for anything here.
func (d *decoder) columnKnown(ref mapfile.ColumnRef, path string) {
	names, ok := d.known[ref.Alias]
	at := mapfile.Text{Value: ref.Alias, Pos: ref.Pos}
	switch {
	case !ok && slices.Contains(d.later, ref.Alias):
		d.Fault(ref.Pos, path, "the row %s is not written yet here; it has to stand before the row that refers to it", ref.Alias)
	case !ok:
		d.Unknown(at, path, "row", d.order)
	case ref.Alias == LeadAlias && len(names) > 0 && !slices.Contains(names, ref.Name):
		d.Unknown(mapfile.Text{Value: ref.Name, Pos: ref.Pos}, path, "member of a lead", names)
	case (ref.Alias == GatewayAlias || ref.Alias == MessageAlias) && !slices.Contains(names, ref.Name):
		d.Unknown(mapfile.Text{Value: ref.Name, Pos: ref.Pos}, path, "name of "+ref.Alias, names)
	case ref.Alias != LeadAlias && len(names) > 0 && !slices.Contains(names, ref.Name):
		d.Unknown(mapfile.Text{Value: ref.Name, Pos: ref.Pos}, path, "key column of "+ref.Alias, names)
	}
}

func listOf(n *mapfile.Node) []*mapfile.Node {
	if n.Kind == mapfile.ListNode {
		return n.Items
	}
	return []*mapfile.Node{n}
}
