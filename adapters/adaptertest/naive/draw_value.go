package naive

import "slices"

var (
	kinds       = []string{"Rental", "Lease", "RTO", "RPO"}
	frequencies = []string{"Day", "Week", "Month", "FourWeek"}
)

var contractFields = []Field{
	{Path: "contractId", Required: true, Max: 100},
	{Path: "jobsiteId", Required: true, Max: 200},
	{Path: "locationId", Required: true, Max: 255},
	{Path: "contractStartDate", Want: WantInstant, Required: true},
	{Path: "contractEndDate", Want: WantInstant, Required: true},
	{Path: "poNumber", Max: 100},
	{Path: "paymentType", Max: 20},
	{Path: "salesRep", Max: 100},
	{Path: "properties.signedBy"},
	{Path: "properties.total", Want: WantDecimal},
	{Path: "isReservation", Want: WantBool},
	{Path: "billControl", Want: WantInteger},
	{Path: "contractType", Words: kinds},
	{Path: "invoiceFrequency", Words: frequencies},
	{Path: "invoicedThruDate", Want: WantInstant},
}

var assetFields = []Field{
	{Path: "rentedAssetId", Required: true, Max: 100},
	{Path: "rentalTotal", Want: WantDecimal, Required: true},
	{Path: "quantity", Want: WantInteger, Required: true},
	{Path: "shortDescription", Required: true, Max: 100},
	{Path: "equipmentAssetId", Required: true, Max: 100},
	{Path: "manufacturer", Required: true, Max: 100},
	{Path: "serialNumber", Required: true, Max: 100},
	{Path: "status"},
	{Path: "model", Max: 100},
	{Path: "assetStartDate", Want: WantInstant},
	{Path: "rentalRate.daily.amount", Want: WantDecimal},
	{Path: "rentalRate.weekly.amount", Want: WantDecimal},
}

var feeFields = []Field{
	{Path: "name", Required: true},
	{Path: "total", Want: WantDecimal, Required: true},
}

func (g *generator) maps() {
	words := [][]string{kinds, frequencies, {"one", "two", "three"}}
	for i, name := range []string{"kind", "cycle", "word"} {
		m := CodeMap{Name: name, IgnoreCase: g.chance(30, "ignoreCase")}
		for k := range 1 + g.n(3, "codes") {
			m.Codes = append(m.Codes, [2]string{codes[k], pick(g, words[i], "word")})
		}
		switch g.n(2, "else") {
		case 1:
			word := pick(g, words[i], "word")
			m.Else = &word
		case 2:
			none := ""
			m.Else = &none
		}
		g.world.Mapping.Maps = append(g.world.Mapping.Maps, m)
	}
}

// fields draws values for the required fields and for some of the others. What
// is required mostly has something to fall back on.
func (g *generator) fields(all []Field, places []place, children *Children) []Field {
	var out []Field
	for _, f := range all {
		if !f.Required && !g.chance(35, "optional field") {
			continue
		}
		f.Value = g.value(f, places, children, 2)
		if f.Required && g.chance(94, "safe") {
			f.Value = first(f.Value, g.fixed(f))
		}
		if _, list := f.Value.(FirstValue); !list && g.chance(25, "policy") {
			if f.Want == WantText && len(f.Words) == 0 && g.chance(50, "placeholder") {
				f.Fallback = "none at all"
			} else {
				f.OnBad = "null"
			}
		}
		out = append(out, f)
	}
	return out
}

func (g *generator) fixed(f Field) Value {
	switch {
	case len(f.Words) > 0:
		return FixedValue(pick(g, f.Words, "word"))
	case f.Want == WantInteger:
		return FixedValue(pick(g, []string{"1", "12"}, "number"))
	case f.Want == WantDecimal:
		return FixedValue(pick(g, []string{"1.0", "12.25"}, "amount"))
	case f.Want == WantBool:
		return FixedValue(pick(g, []string{"false", "true"}, "truth"))
	case f.Want == WantInstant:
		return FixedValue("2099-12-31")
	}
	return FixedValue(pick(g, []string{"N/A", "main: yard", "r.nothing", "0017"}, "text"))
}

// refs are the columns of some places that a test lets pass.
func refs(places []place, test func(Column) bool) []Ref {
	var all []Ref
	for _, p := range places {
		for _, c := range p.table.Columns {
			if test(c) {
				all = append(all, Ref{p.alias, c.Name})
			}
		}
	}
	return all
}

// first is a list without lists in it.
func first(items ...Value) FirstValue {
	var flat FirstValue
	for _, item := range items {
		if list, ok := item.(FirstValue); ok {
			flat = append(flat, list...)
			continue
		}
		flat = append(flat, item)
	}
	return flat
}

func (g *generator) value(f Field, places []place, children *Children, depth int) Value {
	if depth == 0 {
		return g.simple(f, places)
	}
	switch g.n(9, "value") {
	case 5:
		list := FirstValue{}
		for range 2 + g.n(1, "items") {
			list = first(append(list, g.value(f, places, children, depth-1))...)
		}
		return list
	case 6:
		v := WhenValue{If: g.comparison(places), Then: g.value(f, places, children, depth-1)}
		if g.chance(60, "else") {
			v.Else = g.fixed(f)
		}
		return v
	case 7:
		return g.fixed(f)
	case 8, 9:
		if children != nil {
			return g.total(f, places, children)
		}
	}
	return g.simple(f, places)
}

// simple draws a value of one row.
func (g *generator) simple(f Field, places []place) Value {
	code := refs(places, func(c Column) bool { return c.Content == Code })
	text := refs(places, func(c Column) bool { return c.Kind == Text && c.Content != Company })
	of := func(kind Kind, content Content) []Ref {
		return refs(places, func(c Column) bool { return c.Kind == kind && c.Content == content })
	}
	switch f.Want {
	case WantInteger:
		return g.columnOf(f, append(of(Integer, Numbers), of(Text, Flag)...))
	case WantBool:
		return g.columnOf(f, append(of(Integer, Numbers), of(Text, Flag)...))
	case WantDecimal:
		numbers := append(of(Decimal, Numbers), of(Integer, Numbers)...)
		money := of(Text, Money)
		if all := append(slices.Clone(numbers), money...); len(all) > 0 && g.chance(20, "reckoned") {
			return g.reckoned(all)
		}
		if len(numbers) > 0 && g.chance(25, "product") {
			return ProductValue{pick(g, numbers, "factor"), pick(g, numbers, "factor")}
		}
		if len(money) > 0 && g.chance(40, "money") {
			return MoneyValue{pick(g, money, "money")}
		}
		return g.columnOf(f, append(numbers, money...))
	case WantInstant:
		if days := of(Text, Day8); len(days) > 0 && g.chance(40, "spelled") {
			return DateValue{pick(g, days, "day"), "yyyymmdd"}
		}
		return g.columnOf(f, append(of(Date, Numbers), of(DateTime, Numbers)...))
	}
	if len(f.Words) > 0 {
		for i := range g.world.Mapping.Maps {
			m := &g.world.Mapping.Maps[i]
			if (m.Name == "kind") == (f.Path == "contractType") && m.Name != "word" && len(code) > 0 {
				return MapValue{pick(g, code, "code"), m}
			}
		}
		return g.fixed(f)
	}
	switch g.n(5, "text") {
	case 3:
		if len(code) > 0 {
			return MapValue{pick(g, code, "code"), &g.world.Mapping.Maps[2]}
		}
	case 4:
		v := TextValue{Fixed: []string{"", pick(g, []string{" ", "-", "/ ", "  "}, "between"), ""}}
		v.Columns = []Ref{pick(g, text, "part"), pick(g, text, "part")}
		return v
	case 5:
		return PadValue{pick(g, text, "padded"), 1 + g.n(9, "width")}
	}
	return g.columnOf(f, refs(places, func(c Column) bool { return c.Content != Company }))
}

func (g *generator) columnOf(f Field, all []Ref) Value {
	if len(all) == 0 {
		return g.fixed(f)
	}
	return ColumnValue{pick(g, all, "column")}
}

// total draws a value over child rows.
func (g *generator) total(f Field, places []place, children *Children) Value {
	v := TotalValue{Func: "count", Children: children}
	of := func(test func(Column) bool) string {
		all := refs([]place{{"", children.Table}}, test)
		if len(all) == 0 {
			return ""
		}
		return pick(g, all, "column").Column
	}
	switch f.Want {
	case WantDecimal:
		v.Func = pick(g, []string{"sum", "min", "max"}, "func")
		v.Column = of(func(c Column) bool {
			return c.Kind == Decimal || c.Kind == Integer && c.Content == Numbers || c.Content == Money
		})
		v.Money = v.Column != "" && children.Table.Columns[children.Table.index(v.Column)].Content == Money
	case WantInstant:
		v.Func = pick(g, []string{"min", "max"}, "func")
		v.Column = of(func(c Column) bool { return c.Kind == Date || c.Kind == DateTime })
	case WantBool:
		v.Func = "exists"
	case WantInteger:
		if v.Func = pick(g, []string{"count", "min", "max"}, "func"); v.Func != "count" {
			v.Column = of(func(c Column) bool { return c.Kind == Integer && c.Content == Numbers })
		}
	default:
		return g.simple(f, places)
	}
	if v.Column == "" && v.Func != "count" && v.Func != "exists" {
		return g.fixed(f)
	}
	if g.chance(40, "where") {
		v.Where = []Cond{g.comparison([]place{{"", children.Table}})}
	}
	return v
}
