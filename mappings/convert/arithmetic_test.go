package convert_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func TestDifference(t *testing.T) {
	for _, c := range []struct {
		all   string
		want  string
		state convert.State
	}{
		{"10.00 2.5", "7.50", convert.Present},
		{"0.3 0.1 0.2", "0.0", convert.Present},
		{"1 2", "-1.0", convert.Present},
		{"12345678901234567890.01 0.02", "12345678901234567889.99", convert.Present},
		{"5 - 2", "3.0", convert.Present}, // - stands for nothing
		{"- 2", "", convert.Empty},
		{"5 x", "", convert.Unreadable},
		{"x 5", "", convert.Unreadable},
	} {
		parts := strings.Fields(c.all)
		for i := range parts {
			parts[i] = strings.TrimPrefix(parts[i], "-")
		}
		if got, state := convert.Difference(parts[0], parts[1:]...); got != c.want || state != c.state {
			t.Errorf("%s: got %q %v, want %q %v", c.all, got, state, c.want, c.state)
		}
	}
}

func TestQuotient(t *testing.T) {
	for _, c := range []struct {
		all    string
		places int
		want   string
		state  convert.State
	}{
		{"10 4", 2, "2.50", convert.Present},
		{"2 3", 4, "0.6667", convert.Present},
		{"-1 8", 2, "-0.13", convert.Present},
		{"1 8", 2, "0.13", convert.Present},
		{"-0.01 100", 2, "0.00", convert.Present},
		{"100 2 5", 0, "10.0", convert.Present},
		{"99999999999999999999 3", 1, "33333333333333333333.0", convert.Present},
		{"1 0", 2, "", convert.Unreadable},
		{"1 0.00", 2, "", convert.Unreadable},
		{"1 x", 2, "", convert.Unreadable},
		{"x 1", 2, "", convert.Unreadable},
	} {
		parts := strings.Fields(c.all)
		if got, state := convert.Quotient(c.places, parts[0], parts[1:]...); got != c.want || state != c.state {
			t.Errorf("%s: got %q %v, want %q %v", c.all, got, state, c.want, c.state)
		}
	}
	if _, state := convert.Quotient(2, "", "1"); state != convert.Empty {
		t.Errorf("got %v for nothing divided", state)
	}
	if _, state := convert.Quotient(2, "1", ""); state != convert.Empty {
		t.Errorf("got %v for a division by nothing", state)
	}
}

// TestQuotientsAreRoundedFromAllDigits compares with fractions.
func TestQuotientsAreRoundedFromAllDigits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.StringMatching(`-?[0-9]{1,12}\.[0-9]{1,4}`).Draw(rt, "a")
		b := rapid.StringMatching(`-?[1-9][0-9]{0,6}\.[0-9]{1,4}`).Draw(rt, "b")
		got, state := convert.Quotient(6, a, b)
		if state != convert.Present {
			rt.Fatalf("%s / %s is %v", a, b, state)
		}
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		exact := new(big.Rat).Quo(x, y)
		have, _ := new(big.Rat).SetString(got)
		off := new(big.Rat).Abs(new(big.Rat).Sub(exact, have))
		if off.Cmp(big.NewRat(1, 2_000_000)) > 0 {
			rt.Fatalf("%s / %s: got %s", a, b, got)
		}
	})
}
