package plan

import (
	"slices"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// customerNumber is the dealer customer number of one statement: where its raw
// columns are selected, how a number asked for is turned back into what they
// hold, and how they make a number.
type customerNumber struct {
	places     []place
	columns    []sqlText
	rules      []matchRule
	reversible *convert.Reversible
}

// customer compiles a customer number into a statement. Its columns must come
// from relations of the statement itself when they filter it.
func (c *compiler) customer(f *frame, v *mapfile.Value) *customerNumber {
	parts, refs := c.numberParts(v)
	if len(refs) == 0 {
		return nil
	}
	n := &customerNumber{}
	for _, ref := range refs {
		p, col, ok := f.column(ref, v.Pos, true)
		if !ok {
			return nil
		}
		rel, _ := f.scope.find(ref.Alias)
		if p.branch >= 0 {
			c.fault(v.Pos, "the customer number cannot hang on %q, which is fetched by a statement of its own (%s)", ref.Alias, rel.why())
			return nil
		}
		n.places = append(n.places, p)
		n.columns = append(n.columns, columnSQL(rel, col.Name))
		n.rules = append(n.rules, ruleOf(col))
		at := 0
		for i := range parts {
			if parts[i].Column {
				if at == len(n.places)-1 {
					parts[i].Kind, parts[i].Width = col.Kind, col.MaxChars
				}
				at++
			}
		}
	}
	reversible, err := convert.NewReversible(parts)
	if err != nil {
		c.fault(v.Pos, "the customer number must be reversible: %v", err)
		return nil
	}
	n.reversible = reversible
	return n
}

// numberParts takes a customer number's definition apart. Only forms with a
// reverse are allowed: a column, zero-padded or stripped, or a text of such.
func (c *compiler) numberParts(v *mapfile.Value) ([]convert.NumberPart, []mapfile.ColumnRef) {
	switch {
	case v.Kind == mapfile.RefValue && v.Ref.Value == "customerNumber" && c.file.CustomerNumber != nil:
		return c.numberParts(c.file.CustomerNumber)
	case v.Kind == mapfile.RefValue && c.reversibleNamed(v.Ref.Value):
		return c.namedParts(v.Ref.Value)
	case v.Kind == mapfile.ColumnValue && v.Convert == nil:
		return []convert.NumberPart{{Column: true}}, []mapfile.ColumnRef{v.Column}
	case v.Kind == mapfile.FromValue && len(v.Items) == 1 && v.Items[0].Kind == mapfile.ColumnValue && reversibleOnly(v.Convert):
		part := convert.NumberPart{Column: true}
		if k := v.Convert; k != nil {
			if k.Strip != nil {
				part.Strip = k.Strip.Value
			}
			if k.Pad != nil {
				part.Pad = c.number(k.Pad, "pad")
			}
		}
		return []convert.NumberPart{part}, []mapfile.ColumnRef{v.Items[0].Column}
	case v.Kind == mapfile.TextValue && v.Convert == nil:
		var parts []convert.NumberPart
		var refs []mapfile.ColumnRef
		for _, p := range v.Parts {
			switch {
			case p.Column != nil:
				parts = append(parts, convert.NumberPart{Column: true})
				refs = append(refs, *p.Column)
			case p.Ref != "" && c.reversibleNamed(p.Ref):
				own, theirs := c.namedParts(p.Ref)
				parts, refs = append(parts, own...), append(refs, theirs...)
			case p.Ref != "":
				c.fault(v.Pos, "the customer number must be reversible: a text of columns, of values that can be reversed, and of fixed text")
				return nil, nil
			default:
				parts = append(parts, convert.NumberPart{Fixed: p.Fixed})
			}
		}
		return parts, refs
	}
	c.fault(v.Pos, "the customer number must be reversible: a column, `pad:`, `strip:`, or a text of columns and fixed text")
	return nil, nil
}

// reversibleNamed says whether a shared value can be looked into for parts.
func (c *compiler) reversibleNamed(name string) bool {
	return c.define[name] != nil && c.define[name].Value != nil && !slices.Contains(c.using, name)
}

// namedParts takes a shared value apart.
func (c *compiler) namedParts(name string) ([]convert.NumberPart, []mapfile.ColumnRef) {
	c.using = append(c.using, name)
	defer func() { c.using = c.using[:len(c.using)-1] }()
	return c.numberParts(c.define[name].Value)
}

// reversibleOnly says whether nothing but padding and stripping is asked for.
func reversibleOnly(k *mapfile.Conversions) bool {
	if k == nil {
		return true
	}
	return k.Date == nil && k.Money == nil && k.Split == nil && k.Line == nil && k.Match == nil && !k.Plain &&
		k.Case == nil && len(k.Replace) == 0 && k.Map == nil && k.Words == nil && k.Hash == nil && k.Cut == nil &&
		k.AddDays == nil && k.List == nil && k.JSON == nil && !k.Distinct
}

// of is the customer number of a row; not Present where it has none.
func (n *customerNumber) of(r *row) (string, convert.State) {
	var few [4]string
	raw := few[:0]
	for _, p := range n.places {
		text, _ := r.cell(p).Text()
		raw = append(raw, text)
	}
	return n.reversible.Forward(raw...)
}

// single is the text a number is made of where that is one column's.
func (n *customerNumber) single(r *row) (raw string, ok bool) {
	if len(n.places) != 1 {
		return "", false
	}
	raw, _ = r.cell(n.places[0]).Text()
	return raw, true
}

// belonging says of rows, one after the other, whose of the customers asked for
// they are.
type belonging struct {
	customer *customerNumber // nil: rows are nobody's
	places   map[string]int
	// Rows of a customer mostly come one after the other.
	again  bool
	before string
	place  int
	ok     bool
}

func newBelonging(customer *customerNumber, numbers []string) belonging {
	b := belonging{customer: customer}
	if customer != nil {
		b.places = make(map[string]int, len(numbers))
		for place, number := range numbers {
			b.places[number] = place
		}
	}
	return b
}

// of is the place of a row's customer among the numbers; not ok where the row's
// number is, byte for byte, none of them. A row that is nobody's has place 0.
func (b *belonging) of(r *row) (place int, ok bool) {
	if b.customer == nil {
		return 0, true
	}
	raw, single := b.customer.single(r)
	if !b.again || !single || raw != b.before {
		number, state := b.customer.of(r)
		b.place, b.ok = b.places[number]
		b.ok = b.ok && state == convert.Present
		b.before, b.again = raw, single
	}
	return b.place, b.ok
}

// tuples are the column values to look for so that every row of the numbers
// asked for is found: none means that nobody can have these numbers.
func (n *customerNumber) tuples(numbers []string) [][]any {
	var all [][]any
	for _, number := range numbers {
	candidates:
		for _, raw := range n.reversible.Reverse(number) {
			tuple := make([]any, len(raw))
			for i, text := range raw {
				v, ok := n.rules[i].bind(text)
				if !ok {
					continue candidates
				}
				tuple[i] = v
			}
			all = append(all, tuple)
		}
	}
	return all
}

// filterSQL restricts a statement to the customers asked for.
func (n *customerNumber) filterSQL(server Server) sqlText {
	var s sqlText
	columns := make([]sqlText, len(n.columns))
	for i, column := range n.columns {
		if server == SQLite && !n.rules[i].numeric {
			columns[i].text("rtrim(").add(column).text(")")
			continue
		}
		columns[i] = column
	}
	if len(columns) > 1 {
		s.text("(").add(joinSQL(", ", columns)).text(")")
	} else {
		s.add(columns[0])
	}
	return *s.text(" in ").inOf(customerList, n.rules)
}
