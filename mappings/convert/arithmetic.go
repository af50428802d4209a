package convert

import "github.com/shopspring/decimal"

// Difference takes the other decimals off the first, exactly. Among the others
// what is empty takes nothing off.
func Difference(first string, others ...string) (string, State) {
	rest, state := decimalOf(first)
	if state != Present {
		return "", state
	}
	for _, other := range others {
		if other == "" {
			continue
		}
		d, state := decimalOf(other)
		if state != Present {
			return "", state
		}
		rest = rest.Sub(d)
	}
	return recanonical(rest.StringFixed(max(-rest.Exponent(), 1))), Present
}

// Quotient divides the first decimal by the product of the others. It is
// rounded half up to so many places, once, from all digits there are. What is
// divided by zero is Unreadable.
func Quotient(places int, first string, others ...string) (string, State) {
	dividend, state := decimalOf(first)
	if state != Present {
		return "", state
	}
	divisor := decimal.New(1, 0)
	for _, other := range others {
		d, state := decimalOf(other)
		if state != Present {
			return "", state
		}
		divisor = divisor.Mul(d)
	}
	if divisor.IsZero() {
		return "", Unreadable
	}
	return recanonical(dividend.DivRound(divisor, int32(places)).StringFixed(int32(places))), Present
}

// decimalOf reads a decimal for reckoning.
func decimalOf(text string) (decimal.Decimal, State) {
	if text == "" {
		return decimal.Decimal{}, Empty
	}
	text, state := storedNumber(text, 0, false)
	if state != Present {
		return decimal.Decimal{}, state
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.Decimal{}, Unreadable
	}
	return d, Present
}
