package naive

import (
	"encoding/json"
	"math/big"
)

// eval reads all terms first: one that cannot be read spoils the whole, empty
// ones or not.
func (v ReckonedValue) eval(r *row, _ Want) outcome {
	var all []*big.Rat // nil: empty
	places := 0
	for _, t := range v.Terms {
		text := t.Number
		if text == "" {
			text, _ = r.cell(t.Ref)
		}
		if text == "" {
			all = append(all, nil)
			continue
		}
		n, digits, ok := amount(text)
		if !ok {
			return unreadable
		}
		all = append(all, n)
		places = max(places, digits)
	}
	switch v.Func {
	case "plus":
		return plus(all, places)
	case "minus":
		return minus(all, places)
	}
	return divided(all, v.Digits)
}

func plus(all []*big.Rat, places int) outcome {
	sum, something := new(big.Rat), false
	for _, n := range all {
		if n != nil {
			sum.Add(sum, n)
			something = true
		}
	}
	if !something {
		return outcome{}
	}
	return there(spelled(sum, places))
}

func minus(all []*big.Rat, places int) outcome {
	if all[0] == nil {
		return outcome{}
	}
	rest := new(big.Rat).Set(all[0])
	for _, n := range all[1:] {
		if n != nil {
			rest.Sub(rest, n)
		}
	}
	return there(spelled(rest, places))
}

func divided(all []*big.Rat, digits int) outcome {
	quotient, zero := new(big.Rat), false
	for i, n := range all {
		switch {
		case n == nil:
			return outcome{}
		case i == 0:
			quotient.Set(n)
		case n.Sign() == 0:
			zero = true
		default:
			quotient.Quo(quotient, n)
		}
	}
	if zero {
		return unreadable
	}
	rounded, _, _ := amount(quotient.FloatString(digits))
	return there(spelled(rounded, digits))
}

func (v ReckonedValue) written() any {
	var terms []any
	for _, t := range v.Terms {
		if t.Number != "" {
			terms = append(terms, json.Number(t.Number))
			continue
		}
		terms = append(terms, t.Ref.String())
	}
	out := tree{v.Func: terms}
	if v.Func == "divide" {
		out["digits"] = v.Digits
	}
	return out
}

// reckoned draws a value made of columns and numbers.
func (g *generator) reckoned(columns []Ref) Value {
	v := ReckonedValue{Func: pick(g, []string{"plus", "minus", "divide"}, "reckon"), Digits: pick(g, []int{2, 0, 4, 1}, "digits")}
	v.Terms = []Term{{Ref: pick(g, columns, "term")}}
	for range 1 + g.n(1, "terms") {
		if g.chance(30, "number") {
			v.Terms = append(v.Terms, Term{Number: pick(g, []string{"7", "28", "0.5", "-3", "1.25"}, "number")})
			continue
		}
		v.Terms = append(v.Terms, Term{Ref: pick(g, columns, "term")})
	}
	return v
}
