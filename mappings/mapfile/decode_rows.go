package mapfile

import (
	"regexp"
	"slices"
	"strings"
)

// scope is what names may mean at a place.
type scope struct {
	aliases []string
}

func (s scope) with(aliases ...string) scope {
	all := slices.Clone(aliases)
	for _, alias := range s.aliases {
		if !slices.Contains(all, alias) {
			all = append(all, alias)
		}
	}
	return scope{aliases: all}
}

var (
	aliasForm = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)
	number    = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)
)

func isLiteralWord(t Text) bool {
	return !t.Quoted && (number.MatchString(t.Value) || t.Value == "true" || t.Value == "false")
}

// columnForm takes alias.name apart; the name is all that follows the first dot.
func columnForm(t Text) (ColumnRef, bool) {
	alias, name, dotted := strings.Cut(t.Value, ".")
	ok := dotted && !isLiteralWord(t) && aliasForm.MatchString(alias) && name != "" && strings.TrimSpace(name) == name
	return ColumnRef{Alias: alias, Name: name, Pos: t.Pos}, ok
}

// onlyColumn reads a column where nothing else can stand.
func (d *decoder) onlyColumn(t Text, path string, sc scope) (ColumnRef, bool) {
	ref, ok := columnForm(t)
	switch {
	case ok:
		return ref, true
	case len(sc.aliases) == 0:
		d.fault(t.Pos, path, "%q is no column; write alias.column", t.Value)
	default:
		d.fault(t.Pos, path, "%q is no column; write %s.column (aliases here: %s)", t.Value, sc.aliases[0], strings.Join(sc.aliases, ", "))
	}
	return ColumnRef{}, false
}

// column reads a column where a marked value could stand as well.
func (d *decoder) column(t Text, path string, sc scope) (ColumnRef, bool) {
	if ref, ok := columnForm(t); ok {
		return ref, true
	}
	dotted := strings.Contains(t.Value, ".")
	switch {
	case strings.TrimSpace(t.Value) == "":
		d.fault(t.Pos, path, "an empty text is no column; write alias.column, or {value: ''} for an empty text")
	case isLiteralWord(t), dotted:
		d.fault(t.Pos, path, "%q is no column; write {value: %s} if it is to be sent as it stands", t.Value, asYAML(t.Value))
	case len(sc.aliases) == 0:
		d.fault(t.Pos, path, "%q is no column; write alias.%s for a column, or {value: %s} if it is to be sent as it stands", t.Value, t.Value, asYAML(t.Value))
	default:
		d.fault(t.Pos, path, "%q is no column; write %s.%s for a column (aliases here: %s), or {value: %s} if it is to be sent as it stands",
			t.Value, sc.aliases[0], t.Value, strings.Join(sc.aliases, ", "), asYAML(t.Value))
	}
	return ColumnRef{}, false
}

// source reads what stands behind `from:`.
func (d *decoder) source(n *node, path string) (Source, bool) {
	if n.kind == scalarNode {
		return d.sourceText(n.text, path)
	}
	o := d.object(n, path, sourceContext)
	if o == nil {
		return Source{}, false
	}
	s := d.tableOrSelect(o)
	as := o.value(d, "as")
	if as == nil {
		d.fault(n.pos, path, "an alias is missing: add `as:`")
		return s, false
	}
	s.Alias = d.alias(as, join(path, "as"))
	return s, s.Alias.Value != ""
}

func (d *decoder) alias(n *node, path string) Text {
	t := d.text(n, path)
	if t == nil {
		return Text{}
	}
	if !aliasForm.MatchString(t.Value) {
		d.fault(t.Pos, path, "%q cannot be an alias; letters, digits and _ can", t.Value)
		return Text{}
	}
	return *t
}

// sourceText reads `TABLE alias`, `database.TABLE alias`, `"odd table" alias`.
func (d *decoder) sourceText(t Text, path string) (Source, bool) {
	text := strings.TrimRight(t.Value, " \n")
	cut := strings.LastIndexAny(text, " \t\n")
	alias := text[cut+1:]
	table := strings.TrimSpace(text[:max(cut, 0)])
	if table == "" || strings.ContainsAny(alias, "\"`") {
		d.fault(t.Pos, path, "an alias is missing; write `%s r`, with a short name of your choice for the rows of the table", strings.TrimSpace(text))
		return Source{}, false
	}
	if !aliasForm.MatchString(alias) {
		d.fault(d.file.At(t, cut+1), path, "%q cannot be an alias; letters, digits and _ can", alias)
		return Source{}, false
	}
	if last := strings.Fields(table); len(last) > 1 && strings.EqualFold(last[len(last)-1], "as") {
		d.fault(t.Pos, path, "write the alias right behind the table, without `as`")
		return Source{}, false
	}
	s := Source{Pos: t.Pos, Alias: Text{Value: alias, Pos: d.file.At(t, cut+1), Quoted: t.Quoted}}
	ok := d.tableName(Text{Value: table, Pos: t.Pos, Quoted: t.Quoted}, path, &s)
	return s, ok
}

// tableName splits database.TABLE; a part in double quotes or backticks is
// taken whole.
func (d *decoder) tableName(t Text, path string, s *Source) bool {
	parts, ok := nameParts(t.Value)
	switch {
	case !ok || len(parts) > 2 || slices.Contains(parts, ""):
		d.fault(t.Pos, path, "%q is no table name; write TABLE or database.TABLE, and put a name with blanks or dots in double quotes inside single ones", t.Value)
		return false
	case len(parts) == 2:
		s.Database = Text{Value: parts[0], Pos: t.Pos, Quoted: t.Quoted}
	}
	s.Table = Text{Value: parts[len(parts)-1], Pos: t.Pos, Quoted: t.Quoted}
	return true
}

func nameParts(text string) ([]string, bool) {
	parts := []string{""}
	for text != "" {
		quote := text[0]
		switch quote {
		case '"', '`':
			end := strings.IndexByte(text[1:], quote)
			if end < 0 || parts[len(parts)-1] != "" {
				return nil, false
			}
			parts[len(parts)-1] = text[1 : end+1]
			text = text[end+2:]
			if text != "" && text[0] != '.' {
				return nil, false
			}
		case '.':
			parts = append(parts, "")
			text = text[1:]
		default:
			end := strings.IndexAny(text, ".\"`")
			if end < 0 {
				end = len(text)
			}
			if parts[len(parts)-1] != "" {
				return nil, false
			}
			parts[len(parts)-1] = text[:end]
			text = text[end:]
		}
	}
	return parts, true
}

// tableOrSelect reads `table`, `database` and `select` of a map.
func (d *decoder) tableOrSelect(o *object) Source {
	s := Source{Pos: o.node.pos}
	table, query := o.value(d, "table"), o.value(d, "select")
	database := o.value(d, "database")
	switch {
	case table != nil && query != nil:
		d.fault(query.pos, o.path, "`table` and `select` are both here; keep one")
	case d.missing(o, o.node.pos, "table", "select"):
		d.fault(o.node.pos, o.path, "a `table` (or a `select`) is missing")
	}
	if query != nil {
		s.Select = d.sql(query, join(o.path, "select"), true)
		if database != nil {
			d.fault(database.pos, join(o.path, "database"), "an inline SELECT names its databases itself")
		}
	}
	if table == nil {
		return s
	}
	if t := d.nonEmpty(table, join(o.path, "table")); t != nil {
		if database != nil || o.raw("as") != nil && strings.ContainsAny(t.Value, " #") && !strings.ContainsAny(t.Value, "\"`") {
			s.Table = *t
		} else {
			d.tableName(*t, join(o.path, "table"), &s)
		}
	}
	if database != nil {
		s.Database = d.plainText(database, join(o.path, "database"))
	}
	return s
}

// matches reads `{column: value}` pairs of match and parent.
func (d *decoder) matches(n *node, path string, sc scope) []Match {
	if n == nil {
		return nil
	}
	if n.kind != mapNode || len(n.pairs) == 0 {
		d.wrong(n, path, "a map such as {number: r.customer}")
		return nil
	}
	var all []Match
	for _, p := range n.pairs {
		if p.value.kind == nullNode {
			d.fault(p.key.Pos, join(path, p.key.Value), "nothing stands behind %s; write the column it is equal to", p.key.Value)
			continue
		}
		if value := d.value(p.value, join(path, p.key.Value), sc, false); value != nil {
			all = append(all, Match{Column: p.key, Value: value})
		}
	}
	return all
}

// join reads one join under its name.
func (d *decoder) join(name Text, n *node, path string, sc scope) *Join {
	if !aliasForm.MatchString(name.Value) {
		d.fault(name.Pos, path, "%q cannot be an alias; letters, digits and _ can", name.Value)
	}
	o := d.object(n, path, joinContext)
	if o == nil {
		return nil
	}
	j := &Join{Pos: name.Pos, Name: name, Source: d.tableOrSelect(o)}
	j.Source.Alias = name
	j.Match = d.matches(o.value(d, "match"), join(path, "match"), sc)
	if on := o.value(d, "on"); on != nil {
		j.On = d.sql(on, join(path, "on"), false)
	}
	if d.missing(o, name.Pos, "match", "on") {
		d.fault(name.Pos, path, "a `match` is missing, such as match: {number: r.customer}")
	}
	j.Where = d.conditions(o.value(d, "where"), join(path, "where"), conditionRules{bare: true})
	j.Pick = d.orders(o.value(d, "pick"), join(path, "pick"), scope{aliases: []string{name.Value}}, name.Value)
	if required := o.value(d, "required"); required != nil {
		j.Required = d.boolean(required, join(path, "required"))
	}
	if one := o.value(d, "one"); one != nil {
		j.One = d.boolean(one, join(path, "one"))
		if j.One && len(j.Pick) > 0 {
			d.fault(one.pos, join(path, "one"), "`pick` keeps one of several rows, `one` says that there are never several; keep one of them")
		}
	}
	return j
}

// joinList reads `join:` of a section: names and own joins. The names it gives
// back are the aliases they add.
func (d *decoder) joinList(n *node, path string, sc scope) ([]*Join, scope) {
	if n == nil {
		return nil, sc
	}
	var all []*Join
	add := func(j *Join, at Text, path string) {
		if j == nil {
			return
		}
		if slices.Contains(sc.aliases, j.Name.Value) {
			d.fault(at.Pos, path, "the alias %s is in use already", j.Name.Value)
			return
		}
		all = append(all, j)
		sc.aliases = append(slices.Clone(sc.aliases), j.Name.Value)
	}
	for i, item := range listOf(n) {
		at := index(path, n, i)
		switch {
		case item.kind == scalarNode:
			named, ok := d.joins[item.text.Value]
			if !ok {
				d.unknown(item.text, at, "join", sortedKeys(d.joins))
				continue
			}
			add(named, item.text, at)
		case item.kind == mapNode && item.has("table", "select"):
			d.fault(item.pos, at, "a name is missing: write {alias: {table: ..., match: ...}}")
		case item.kind == mapNode:
			for _, p := range item.pairs {
				add(d.join(p.key, p.value, join(path, p.key.Value), sc), p.key, join(path, p.key.Value))
			}
		default:
			d.wrong(item, at, "a join's name or {alias: {table: ..., match: ...}}")
		}
	}
	return all, sc
}

// orders reads an order; with owner set, bare names are columns of that alias.
func (d *decoder) orders(n *node, path string, sc scope, owner string) []Order {
	var all []Order
	for i, item := range listOf(n) {
		at := index(path, n, i)
		switch item.kind {
		case scalarNode:
			text, desc := cutDirection(item.text.Value)
			t := Text{Value: text, Pos: item.text.Pos, Quoted: item.text.Quoted}
			if owner != "" && !strings.Contains(text, ".") && text != "" && !strings.HasPrefix(text, "$") {
				ref := ColumnRef{Alias: owner, Name: text, Pos: t.Pos}
				all = append(all, Order{Value: &Value{Pos: t.Pos, Kind: ColumnValue, Column: ref}, Desc: desc})
				continue
			}
			if name, shared := strings.CutPrefix(text, "$"); shared && owner != "" && !slices.Contains(append(d.values, "customerNumber"), name) {
				d.fault(t.Pos, at, "%q is no shared value; a column of %s that is called so is written %s.%s", text, owner, owner, text)
				continue
			}
			if value := d.bare(t, at, sc); value != nil {
				all = append(all, Order{Value: value, Desc: desc})
			}
		case mapNode:
			order := Order{}
			inner := &node{kind: mapNode, pos: item.pos}
			for _, p := range item.pairs {
				if p.key.Value == "desc" {
					order.Desc = d.boolean(p.value, join(at, "desc"))
					continue
				}
				inner.pairs = append(inner.pairs, p)
			}
			if order.Value = d.value(inner, at, sc, false); order.Value != nil {
				all = append(all, order)
			}
		default:
			d.wrong(item, at, "a column, such as r.number or `r.opened desc`,")
		}
	}
	return all
}

func cutDirection(text string) (string, bool) {
	lower := strings.ToLower(text)
	if strings.HasSuffix(lower, " desc") {
		return strings.TrimSpace(text[:len(text)-len(" desc")]), true
	}
	if strings.HasSuffix(lower, " asc") {
		return strings.TrimSpace(text[:len(text)-len(" asc")]), false
	}
	return text, false
}

// children reads named child rows.
func (d *decoder) children(name Text, n *node, path string, sc scope) *Children {
	if !aliasForm.MatchString(name.Value) {
		d.fault(name.Pos, path, "%q cannot name child rows; letters, digits and _ can", name.Value)
	}
	if slices.Contains(sc.aliases, name.Value) {
		d.fault(name.Pos, path, "the alias %s is in use already", name.Value)
	}
	o := d.object(n, path, childrenContext)
	if o == nil {
		return nil
	}
	c := &Children{Name: name, Source: d.tableOrSelect(o)}
	c.Source.Alias = name
	c.Match = d.matches(o.value(d, "match"), join(path, "match"), sc)
	if d.missing(o, name.Pos, "match") {
		d.fault(name.Pos, path, "a `match` is missing: which rows belong to the row above, such as match: {rental: r.id}")
	}
	c.Join, _ = d.joinList(o.value(d, "join"), join(path, "join"), scope{aliases: []string{name.Value}})
	c.Where = d.conditions(o.value(d, "where"), join(path, "where"), conditionRules{bare: true, codes: true})
	return c
}
