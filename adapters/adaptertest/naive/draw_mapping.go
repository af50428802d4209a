package naive

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

var (
	textKeys    = []string{"K1", "K2", "X-7", "Ä9", "007", "7"}
	integerKeys = []string{"1", "2", "7", "400", "0"}
	crossKeys   = []string{"1", "7", "007", "400 ", "abc", "7x", "1.0"}
)

// keys is the kind and the pool of a key.
func (g *generator) keys(what string) (Kind, []string) {
	if g.chance(40, what+" is a number") {
		return Integer, integerKeys
	}
	return Text, textKeys
}

// linkTo draws what refers to a key: of its kind, or a text that holds numbers.
func (g *generator) linkTo(kind Kind, pool []string) Column {
	if kind == Integer && g.chance(25, "number in a text") {
		return g.column(Text, Link, crossKeys...)
	}
	return g.column(kind, Link, pool...)
}

// place is an alias that values may be taken from.
type place struct {
	alias string
	table *Table
}

// Draw draws a dealer.
func Draw(t *rapid.T, o Options) *World {
	g := &generator{t: t, options: o, world: &World{Mapping: &Mapping{Zone: "America/Chicago", Currency: "USD"}}}
	m := g.world.Mapping
	g.companies = g.chance(50, "companies")
	if g.chance(50, "sentinels") {
		m.Sentinels = []string{"N/A", "9999-12-31"}
	}
	g.maps()

	numberKind, numberPool := g.keys("customer")
	idKind, idPool := g.keys("contract")
	lookKind, lookPool := g.keys("code")
	viaCustomers := g.chance(60, "customers are a table")
	off := 0
	if g.companies {
		off = 1
	}

	main := g.table([]int{0}, func() []Column {
		all := []Column{
			g.column(idKind, Link, idPool...), g.column(numberKind, Link, numberPool...), g.linkTo(lookKind, lookPool), g.column(Text, Code),
		}
		if g.chance(40, "elements in a column") {
			all = append(all, g.column(Text, pick(g, []Content{Packed, PackedJSON}, "packed")))
		}
		return all
	}, 5, 10)
	look := g.table(pickKey(g), func() []Column {
		return []Column{g.column(lookKind, Link, lookPool...), g.column(Integer, Numbers), g.column(Text, Code)}
	}, 3, 5)
	child := g.table([]int{0, 1}, func() []Column {
		return []Column{
			g.column(idKind, Link, idPool...), g.column(Integer, Numbers), g.column(Text, Code), g.linkTo(lookKind, lookPool),
		}
	}, 4, 12)

	name := func(t *Table, i int) string { return t.Columns[off+i].Name }
	m.Number = Number{Column: Ref{"r", name(main, 1)}}
	var customers *Table
	if viaCustomers {
		customers = g.table([]int{0}, func() []Column { return []Column{g.column(numberKind, Link, numberPool...)} }, 2, 14)
		m.Number.Column = Ref{"cus", name(customers, 0)}
	}
	if !viaCustomers && g.chance(40, "number of two columns") {
		m.Number.Second, m.Number.Prefix = &Ref{"r", name(main, 3)}, pick(g, []string{"", "C", "D-"}, "prefix")
	} else if numberKind == Integer {
		m.Number.Pad = g.n(1, "pad") * 5
	}
	around := tables{customers: customers, look: look, child: child, name: name}
	m.Contract = g.contracts("kids", main, around)
	if g.chance(25, "archive") {
		// A table of the same form, as of another year. Rows are ordered together.
		m.Archive = g.contracts("olds", g.again(main), around)
		m.Archive.Order, m.Archive.Distinct, m.Contract.Distinct = m.Contract.Order, nil, nil
	}
	if g.chance(40, "state of children") {
		c := g.comparison([]place{{"", child}})
		if declared := g.declared("", child); declared != nil && g.chance(50, "declared") {
			c = *declared
		}
		m.State = append(m.State, Filter{child, c})
	}
	if g.chance(40, "documents") {
		g.documents()
	}
	if g.chance(50, "changes") {
		g.changes(&m.Contract.Children[0])
	}
	for i := range g.n(5, "fixed list") - 2 {
		m.Locations = append(m.Locations, map[string]string{"locationId": pick(g, frees, "location") + " " + codes[i], "properties.name": pick(g, frees, "location")})
	}
	g.dropUnused()
	return g.world
}

// tables are those around the table of contracts.
type tables struct {
	customers, look, child *Table // customers may be nil
	name                   func(t *Table, i int) string
}

// again is a table with the columns of another and rows of its own.
func (g *generator) again(t *Table) *Table {
	i := g.n(len(tableNames)-1, "table")
	for g.taken(tableNames[i]) {
		i = (i + 1) % len(tableNames)
	}
	other := &Table{Name: tableNames[i], Columns: t.Columns, Key: t.Key}
	g.world.Tables = append(g.world.Tables, other)
	g.fill(other, 1+g.n(7, "rows"))
	for _, f := range g.world.Mapping.Owner {
		if f.Table == t {
			g.world.Mapping.Owner = append(g.world.Mapping.Owner, Filter{other, f.Where})
		}
	}
	return other
}

// contracts draws a section over a table of contracts; kids is what its children
// are called.
func (g *generator) contracts(kids string, main *Table, around tables) *Endpoint {
	m, name, look, child := g.world.Mapping, around.name, around.look, around.child
	e := &Endpoint{From: Source{Table: main, Alias: "r"}}
	if g.companies {
		e.Key = []Ref{{"r", name(main, 0)}}
	}
	places := []place{{"r", main}}
	if around.customers != nil {
		e.From.Joins = append(e.From.Joins, Join{
			Alias: "cus", Table: around.customers, Required: true,
			Match: []Match{{Column: name(around.customers, 0), With: Ref{"r", name(main, 1)}}},
		})
		places = append(places, place{"cus", around.customers})
	}
	if g.chance(60, "lookup") {
		e.From.Joins = append(e.From.Joins, g.lookup("lk", look, name(look, 0), Ref{"r", name(main, 2)}, name(look, 2)))
		places = append(places, place{"lk", look})
	}
	if g.chance(35, "state") {
		c := g.comparison([]place{{"", main}})
		if declared := g.declared("", main); declared != nil && g.chance(60, "declared") {
			c = *declared
		}
		m.State = append(m.State, Filter{main, c})
	}
	e.Children = []Children{{Name: kids, Table: child, Match: []Match{{Column: name(child, 0), With: Ref{"r", name(main, 0)}}}}}
	if g.chance(30, "join of children") {
		e.Children[0].Joins = []Join{g.lookup("kl", look, name(look, 0), Ref{kids, name(child, 3)}, name(look, 2))}
	}
	if g.chance(30, "condition of children") {
		e.Children[0].Where = []Cond{g.comparison([]place{{"", child}})}
	}
	for range g.n(5, "conditions") / 3 {
		e.From.Where = append(e.From.Where, g.condition([]place{{"r", main}}, &e.Children[0]))
	}
	if declared := g.declared("r", main); declared != nil && g.chance(15, "declared") {
		e.From.Where = append(e.From.Where, *declared)
	}
	for range g.n(2, "orders") {
		e.Order = append(e.Order, g.order("r", main))
	}
	if g.chance(20, "distinct") {
		texts := refs([]place{{"r", main}}, func(c Column) bool { return c.Kind == Text && c.Content != Company })
		for range 1 + g.n(1, "distinct columns") {
			if ref := pick(g, texts, "distinct"); !slices.Contains(e.Distinct, ref) {
				e.Distinct = append(e.Distinct, ref)
			}
		}
	}
	e.Fields = g.fields(contractFields, places, &e.Children[0])
	g.lists(e, main, child, look, name)
	return e
}

// dropUnused takes out children and filters that nothing reads: they would be
// faults.
func (g *generator) dropUnused() {
	m := g.world.Mapping
	written := func(of ...any) string {
		text, err := json.Marshal(of)
		if err != nil {
			panic(err) // there are only maps, lists and texts in it
		}
		return string(text)
	}
	text := written(m.Changes.written())
	for _, e := range m.contracts() {
		children := e.Children
		e.Children = nil
		if strings.Contains(written(e.written()), children[0].Name) {
			e.Children = children
		}
		text += written(e.written())
	}
	unread := func(f Filter) bool { return !strings.Contains(text, fmt.Sprintf(`"table":%q`, f.Table.Name)) }
	m.Owner = slices.DeleteFunc(m.Owner, unread)
	m.State = slices.DeleteFunc(m.State, unread)
}

// pickKey says whether a looked-up table has a key of its own.
func pickKey(g *generator) []int {
	if g.chance(40, "several to pick from") {
		return nil
	}
	return []int{0}
}

// lookup joins a table: by its key, or by picking one of several rows.
func (g *generator) lookup(alias string, t *Table, key string, with Ref, code string) Join {
	j := Join{Alias: alias, Table: t, Match: []Match{{Column: key, With: with}}, Required: g.chance(15, "required")}
	if len(t.Key) == 0 {
		// Every column decides, so that equal rows are equal altogether.
		j.Pick = []Order{g.order("", t)}
		for _, c := range t.Columns {
			j.Pick = append(j.Pick, Order{By: Ref{Column: c.Name}})
		}
		for i := range j.Pick {
			if strings.ContainsAny(j.Pick[i].By.Column, ".$@") {
				j.Pick[i].By.Alias = alias // bare it would be something else
			}
		}
	}
	if g.chance(30, "discriminator") {
		fixed := pick(g, codes, "code")
		if g.chance(50, "in match") {
			j.Match = append(j.Match, Match{Column: code, Fixed: &fixed})
		} else {
			j.Where = []Cond{{Column: Ref{Column: code}, Op: Equal, Values: []string{fixed}}}
		}
	}
	return j
}

func (g *generator) order(alias string, t *Table) Order {
	var all []string
	for _, c := range t.Columns {
		// Amounts are text on SQLite, so their order is not the same there.
		if c.Kind != Decimal {
			all = append(all, c.Name)
		}
	}
	return Order{By: Ref{alias, pick(g, all, "order")}, Desc: g.chance(40, "desc")}
}

// comparison draws a condition on one column.
func (g *generator) comparison(places []place) Cond {
	p := pick(g, places, "alias")
	var all []Column
	for _, c := range p.table.Columns {
		if c.Kind != Decimal && c.Content != Company { // see order
			all = append(all, c)
		}
	}
	c := pick(g, all, "compared")
	var values []string
	switch {
	case c.Content == Link && c.Kind == Text:
		values = c.Pool
	case c.Kind == Integer:
		values = integers
	case c.Kind == Date:
		values = dates[:3]
	case c.Kind == DateTime:
		values = datetimes
	case c.Content == Code:
		values = append(append([]string{}, codes...), "a", "ri")
	case c.Content == Free:
		values = []string{"alpha", "Beta", "beta", "Ölfaß", "olfass", "two words", "x_y", "100%", "m"}
	case c.Content == Flag:
		values = flags
	default:
		values = []string{"Q", "none"}
	}
	out := Cond{Column: Ref{p.alias, c.Name}, Op: Op(g.n(int(UpTo), "op"))}
	if out.Op >= Above && c.Kind == Text {
		values = []string{"7", "0", "12.5", "20260301"}
		if c.Content != Money && c.Content != Day8 { // blanks in front, which these have, come before all letters
			values = append(values, "B", "K2", "alpha", "Q", "m", "z")
		}
	}
	out.Values = []string{pick(g, values, "value")}
	if out.Op == Equal || out.Op == Differs {
		for range g.n(2, "more") {
			out.Values = append(out.Values, pick(g, values, "value"))
		}
	}
	return out
}

// condition draws a condition of a list.
func (g *generator) condition(places []place, children *Children) Cond {
	bare := []place{{"", children.Table}}
	switch g.n(9, "condition") {
	case 6:
		return Cond{Exists: children.Name, Where: []Cond{g.comparison(bare)}}
	case 7:
		return Cond{Exists: children.Name, None: true, Where: []Cond{g.comparison(bare)}}
	case 8:
		return Cond{Any: []Cond{g.comparison(places), g.comparison(places)}}
	case 9:
		inner := g.comparison(places)
		return Cond{Not: &inner}
	}
	return g.comparison(places)
}

func (g *generator) lists(e *Endpoint, main, child, look *Table, name func(*Table, int) string) {
	parent := []Match{{Column: name(child, 0), With: Ref{"r", name(main, 0)}}}
	source := func() ListSource {
		s := ListSource{From: &Source{Table: child, Alias: "d"}, Parent: parent, KeepParent: g.chance(60, "keepParent")}
		if g.chance(60, "condition") {
			s.From.Where = []Cond{g.comparison([]place{{"d", child}})}
		}
		if g.chance(50, "order") {
			s.Order = []Order{g.order("d", child)}
		}
		return s
	}
	if g.chance(70, "assets") {
		s := source()
		places := []place{{"d", child}, {"r", main}}
		if g.chance(60, "lookup") {
			s.From.Joins = []Join{g.lookup("eq", look, name(look, 0), Ref{"d", name(child, 3)}, name(look, 2))}
			places = append(places, place{"eq", look})
		}
		s.Fields = g.fields(assetFields, places, nil)
		if g.chance(50, "rates") {
			s.Fields = slices.DeleteFunc(s.Fields, func(f Field) bool { return strings.HasPrefix(f.Path, ratesObject+".") })
			s.Rates = g.rates(look.Columns[look.index(name(look, 0))].Kind, look.Columns[look.index(name(look, 0))].Pool, Ref{"d", name(child, 3)})
		}
		e.Assets = &List{Name: "assetDetails", Sources: []ListSource{s}}
	}
	if g.chance(60, "fees") {
		s := source()
		s.Fields = g.fields(feeFields, []place{{"d", child}}, nil)
		e.Fees = &List{Name: "feeDetails", SumByName: g.chance(60, "sumByName"), Sources: []ListSource{s}}
		if g.chance(60, "columns") {
			columns := ListSource{KeepParent: g.chance(60, "keepParent")}
			for range 1 + g.n(2, "rows") {
				columns.Columns = append(columns.Columns, g.fields(feeFields, []place{{"r", main}}, nil))
			}
			e.Fees.Sources = append(e.Fees.Sources, columns)
		}
	}
	if packed := refs([]place{{"r", main}}, func(c Column) bool { return c.Content == Packed || c.Content == PackedJSON }); len(packed) > 0 && g.chance(80, "elements") {
		s := ListSource{KeepParent: g.chance(60, "keepParent"), Elements: &Elements{
			Ref: packed[0], JSON: main.Columns[main.index(packed[0].Column)].Content == PackedJSON, Distinct: g.chance(40, "distinct elements"),
		}}
		s.Fields = g.fields(feeFields, []place{{elementAlias, elementParts}, {elementAlias, elementParts}, {"r", main}}, nil)
		if e.Fees == nil {
			e.Fees = &List{Name: "feeDetails", SumByName: g.chance(40, "sumByName")}
		}
		e.Fees.Sources = append(e.Fees.Sources, s)
	}
	if g.chance(40, "taxes") {
		s := source()
		s.Fields = g.fields(feeFields, []place{{"d", child}, {"r", main}}, nil)
		e.Taxes = &List{Name: "taxDetails", Sources: []ListSource{s}}
	}
}
