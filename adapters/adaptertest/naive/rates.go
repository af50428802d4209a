package naive

// Rates turn rows of prices into the members of one object.
type Rates struct {
	From    Source
	Parent  []Match
	Order   []Order
	Ranks   []Rank // none: all rows are of one rank
	By      Ref
	UpTo    *Ref // with By: the steps of a ladder; an empty one has no end
	Columns []Rate
	Amount  Value
}

// Rank is one preference: the first that any row has is taken whole.
type Rank struct {
	Column string // bare
	Equal  string // "": the column is empty
}

// Rate is a member and the values of By that feed it.
type Rate struct {
	Name  string
	Codes []string
}

type rateValue struct {
	rates *Rates
	codes []string
}

const ratesObject = "rentalRate"

// fields are the members as fields, beside those that are written as such.
func (p *Rates) fields() []Field {
	if p == nil {
		return nil
	}
	var all []Field
	for _, c := range p.Columns {
		all = append(all, Field{Path: ratesObject + "." + c.Name + ".amount", Want: WantDecimal, Value: rateValue{p, c.Codes}})
	}
	return all
}

// best are the rows of the best rank there is, in order.
func (p *Rates) best(r *row) []*row {
	var rows []*row
	for _, one := range r.world.rows(r, p.From) {
		if one.matches(p.From.Alias, p.Parent) {
			rows = append(rows, one)
		}
	}
	order := append([]Order{}, p.Order...)
	for _, i := range p.From.Table.Key {
		order = append(order, Order{By: Ref{p.From.Alias, p.From.Table.Columns[i].Name}})
	}
	r.world.order(rows, "", order)
	for i := range p.Ranks {
		c := Cond{Column: Ref{p.From.Alias, p.Ranks[i].Column}, Op: Equal, Values: []string{p.Ranks[i].Equal}}
		if p.Ranks[i].Equal == "" {
			c.Op = Empty
		}
		var of []*row
		for _, one := range rows {
			if one.holds(c) {
				of = append(of, one)
			}
		}
		if len(of) > 0 {
			return of
		}
	}
	if len(p.Ranks) > 0 {
		return nil
	}
	return rows
}

func (v rateValue) eval(r *row, want Want) outcome {
	for _, one := range v.rates.best(r) {
		by, _ := one.cell(v.rates.By)
		for _, code := range v.codes {
			if v.rates.feeds(one, by, code) {
				if got := v.rates.Amount.eval(one, want); got.state != isEmpty {
					return got
				}
				break
			}
		}
	}
	return outcome{}
}

// feeds says whether a row is for a code.
func (p *Rates) feeds(r *row, by, code string) bool {
	if p.UpTo == nil || by == "" {
		return by != "" && compare(by, code, WantInteger) == 0
	}
	upTo, _ := r.cell(*p.UpTo)
	return compare(by, code, WantInteger) <= 0 && (upTo == "" || compare(code, upTo, WantInteger) <= 0)
}

func (v rateValue) written() any { panic("rates are written as a whole") }

func (p *Rates) written() any {
	out := p.From.written()
	out["parent"] = matches(p.Parent)
	addOrder(out, "order", p.Order)
	var ranks []any
	for _, rank := range p.Ranks {
		ranks = append(ranks, tree{theDealers(rank.Column): rank.Equal})
	}
	if len(ranks) > 0 {
		out["prefer"] = ranks
	}
	out["by"] = p.By.String()
	if p.UpTo != nil {
		out["upTo"] = p.UpTo.String()
	}
	columns := tree{}
	for _, c := range p.Columns {
		columns[c.Name] = c.Codes
	}
	out["columns"], out["amount"] = columns, p.Amount.written()
	return tree{"rates": out}
}

// rates draws prices for the rows of an alias, by a column of theirs.
func (g *generator) rates(kind Kind, pool []string, with Ref) *Rates {
	off := 0
	if g.companies {
		off = 1
	}
	prices := g.table([]int{0, 1, 2}, func() []Column {
		all := []Column{g.column(kind, Link, pool...), g.column(Integer, Numbers), g.column(Text, Code), g.column(Text, Money), g.column(Integer, Numbers)}
		if g.chance(50, "exact prices") {
			all[3] = g.column(Decimal, Numbers)
		}
		return all
	}, 2, 24)
	name := func(i int) string { return prices.Columns[off+i].Name }
	p := &Rates{
		From: Source{Table: prices, Alias: "p"}, Parent: []Match{{Column: name(0), With: with}}, By: Ref{"p", name(1)},
		Columns: []Rate{{"daily", []string{"1", "0"}}, {"weekly", []string{"7"}}, {"monthly", []string{"41", "1000", "2"}}}[:1+g.n(2, "members")],
		Amount:  ColumnValue{Ref{"p", name(3)}},
	}
	if prices.Columns[off+3].Content == Money && g.chance(50, "money") {
		p.Amount = MoneyValue{Ref{"p", name(3)}}
	}
	if g.chance(40, "ladder") {
		p.UpTo = &Ref{"p", name(4)}
	}
	if g.chance(40, "condition") {
		p.From.Where = []Cond{g.comparison([]place{{"p", prices}})}
	}
	if g.chance(50, "order") {
		p.Order = []Order{g.order("p", prices)}
	}
	for i := range g.n(3, "ranks") {
		p.Ranks = append(p.Ranks, Rank{Column: name(2), Equal: append([]string{""}, codes...)[(i*2+g.n(1, "rank"))%len(codes)]})
	}
	return p
}
