package plan

import (
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// mostDigits is to how many places a quotient can be rounded.
const mostDigits = 30

// arithmetic reckons exactly, on all digits of its parts, and rounds once.
func (c *compiler) arithmetic(s site, v *mapfile.Value) evaluator {
	gets := make([]evaluator, len(v.Items))
	for i, item := range v.Items {
		gets[i] = c.factor(s, item)
	}
	reckon := c.reckoning(v)
	places := c.places
	if v.Kind == mapfile.DivideValue {
		places = allPlaces // it was said to how many
	}
	return c.typed(s, v.Pos, func(r *row, e *env) value {
		parts := make([]string, len(gets))
		for i, get := range gets {
			got := get(r, e)
			switch {
			case got.state.Bad():
				return got
			case got.state == convert.Present:
				parts[i] = got.text
			}
		}
		if len(parts) == 0 {
			return absent(convert.Empty)
		}
		text, state := reckon(parts)
		return rounded(text, state, places)
	})
}

// reckoning is what is done with the parts; an empty text is an empty part.
func (c *compiler) reckoning(v *mapfile.Value) func(parts []string) (string, convert.State) {
	switch v.Kind {
	case mapfile.PlusValue:
		return func(parts []string) (string, convert.State) {
			var total convert.Total
			for _, part := range parts {
				if state := total.Add(part); state.Bad() {
					return "", state
				}
			}
			return total.Sum()
		}
	case mapfile.MinusValue:
		return func(parts []string) (string, convert.State) { return convert.Difference(parts[0], parts[1:]...) }
	case mapfile.DivideValue:
		digits := 0
		if v.Digits != nil {
			if digits = c.number(v.Digits, "digits"); digits > mostDigits {
				c.fault(v.Digits.Pos, "digits: is at most %d", mostDigits)
				digits = mostDigits
			}
		}
		return func(parts []string) (string, convert.State) { return convert.Quotient(digits, parts[0], parts[1:]...) }
	}
	return func(parts []string) (string, convert.State) { return convert.Product(parts...) }
}

// factor reads one factor with all its digits: rounding comes once, at the end.
func (c *compiler) factor(s site, v *mapfile.Value) evaluator {
	defer c.unrounded()()
	return c.value(s.as(wantDecimal), v)
}

// unrounded keeps all digits of what is compiled until its answer is called.
func (c *compiler) unrounded() func() {
	places := c.places
	c.places = allPlaces
	return func() { c.places = places }
}

const allPlaces = 1 << 10
