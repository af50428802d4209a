package convert_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func TestDecimal(t *testing.T) {
	guess, point, comma, cents := convert.MoneyRule{}, convert.MoneyRule{Decimal: '.'}, convert.MoneyRule{Decimal: ','}, convert.MoneyRule{Minor: 2}
	const no = "unreadable"
	for _, c := range []struct {
		rule     convert.MoneyRule
		in, want string
	}{
		// plain numbers
		{guess, "5000.00", "5000.00"},
		{guess, "5000", "5000.0"},
		{guess, "-0.00", "0.00"},
		{guess, "007.50", "7.50"},
		{guess, ".5", "0.5"},
		{guess, "5.", "5.0"},
		{guess, "+3.1", "3.1"},
		{guess, "0", "0.0"},
		{guess, "-12", "-12.0"},
		{guess, "123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"},
		// signs
		{guess, "2,100.00-", "-2100.00"},
		{guess, "(12.50)", "-12.50"},
		{guess, "- 12.50", "-12.50"},
		{guess, "\u221212.5", "-12.5"},
		{guess, "( 1,234 )", "-1234.0"},
		{guess, "100,-", "100.0"},
		{guess, "1.250,--", "1250.0"},
		{guess, "12.50+", "12.50"},
		{guess, "(5)-", no},
		{guess, "-(5)", no},
		{guess, "--5", no},
		{guess, "-5-", no},
		{guess, "(5", no},
		{guess, "5)", no},
		{guess, "+-5", no},
		// currencies
		{guess, "$1,234.50", "1234.50"},
		{guess, "-$5", "-5.0"},
		{guess, "$-5", "-5.0"},
		{guess, "1.234,50 €", "1234.50"},
		{guess, "USD 12.00", "12.00"},
		{guess, "12.00 EUR", "12.00"},
		{guess, "($12.00)", "-12.00"},
		{guess, "$5 USD", no},
		{guess, "QQQ 5", no},
		{guess, "5 apples", no},
		{guess, "usd 5", no},
		// groups
		{guess, "1,234", "1234.0"},
		{guess, "1.234", "1.234"},
		{guess, "1,23", "1.23"},
		{guess, "0,123", "0.123"},
		{guess, "1234,567", "1234.567"},
		{guess, "1,234,567", "1234567.0"},
		{guess, "1.234.567", "1234567.0"},
		{guess, "1.234.567,8", "1234567.8"},
		{guess, "1,234.5", "1234.5"},
		{guess, "12,34,567.89", "1234567.89"},
		{guess, "1 234 567,89", "1234567.89"},
		{guess, "1\u00a0234\u202f567", "1234567.0"},
		{guess, "1'234'567.89", "1234567.89"},
		{guess, "1’234.5", "1234.5"},
		{guess, ",5", "0.5"},
		{guess, "1,23.45", no},
		{guess, "1,2345,678", no},
		{guess, "1,234.567.8", no},
		{guess, "1 2", no},
		{guess, "1,234 567", no},
		{guess, "1..2", no},
		{guess, ".", no},
		{guess, ",", no},
		{guess, "1,,234", no},
		{guess, ",123,456", no},
		{point, "1,234", "1234.0"},
		{point, "1.234", "1.234"},
		{point, "1,5", no},
		{point, "1.2.3", no},
		{comma, "1.234", "1234.0"},
		{comma, "1,234", "1.234"},
		{comma, "1234,5", "1234.5"},
		{comma, "1234.50", no},
		{comma, "12", "12.0"},
		// minor units
		{cents, "12345", "123.45"},
		{cents, "5", "0.05"},
		{cents, "-5", "-0.05"},
		{cents, "1250.5", "12.505"},
		{cents, "0", "0.00"},
		// no numbers
		{guess, "1e3", no},
		{guess, "abc", no},
		{guess, "NaN", no},
		{guess, "0x10", no},
		{guess, "12:30", no},
		{guess, "$", no},
		{guess, "-", no},
		{guess, strings.Repeat("9", 500), no},
		{guess, "١٢", no},
	} {
		got, state := convert.Decimal(c.in, c.rule)
		if c.want == no {
			if state != convert.Unreadable || got != "" {
				t.Errorf("Decimal(%q, %+v) = %q, %v, want unreadable", c.in, c.rule, got, state)
			}
			continue
		}
		if got != c.want || state != convert.Present {
			t.Errorf("Decimal(%q, %+v) = %q, %v, want %q", c.in, c.rule, got, state, c.want)
		}
	}
	for _, in := range []string{"", " ", "\u00a0\x00"} {
		if got, state := convert.Decimal(in, guess); got != "" || state != convert.Empty {
			t.Errorf("Decimal(%q) = %q, %v, want empty", in, got, state)
		}
	}
}

func TestRound(t *testing.T) {
	for _, c := range []struct {
		in     string
		places int
		want   string
	}{
		{"12.345", 2, "12.35"},
		{"12.344", 2, "12.34"},
		{"-12.345", 2, "-12.35"},
		{"142410.005", 2, "142410.01"},
		{"5.0", 2, "5.0"},
		{"5000.00000000", 2, "5000.00"},
		{"9.995", 2, "10.00"},
		{"0.004", 2, "0.00"},
		{"-0.004", 2, "0.00"},
		{"-0.005", 2, "-0.01"},
		{"12.5", 0, "13.0"},
		{"12.4", 0, "12.0"},
		{"99.9", 0, "100.0"},
		{"7.0", 0, "7.0"},
		{"7.00", 0, "7.0"},
		{"1.2345", 3, "1.235"},
		{"1.5", -1, "2.0"},
	} {
		if got := convert.Round(c.in, c.places); got != c.want {
			t.Errorf("Round(%s, %d) = %s, want %s", c.in, c.places, got, c.want)
		}
	}
}

func TestDisplay(t *testing.T) {
	for _, c := range []struct {
		in     string
		places int
		want   string
	}{
		{"5.0", 2, "5.00"}, {"5000.00", 2, "5000.00"}, {"12.345", 2, "12.35"}, {"5.0", 0, "5"}, {"-12.6", 0, "-13"}, {"1.5", 3, "1.500"},
	} {
		if got := convert.Display(c.in, c.places); got != c.want {
			t.Errorf("Display(%s, %d) = %s, want %s", c.in, c.places, got, c.want)
		}
	}
}

// anyDecimal draws canonical decimals of many sizes.
func anyDecimal(t *rapid.T, name string) string {
	text := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,12})?`).Draw(t, name)
	d, state := convert.Decimal(text, convert.MoneyRule{Decimal: '.'})
	if state != convert.Present {
		t.Fatalf("%q is %v", text, state)
	}
	return d
}

func TestDecimalsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDecimal(t, "a"), anyDecimal(t, "b")
		x, y := decimal.RequireFromString(a), decimal.RequireFromString(b)
		if got, want := convert.Compare(a, b), x.Cmp(y); got != want {
			t.Fatalf("Compare(%s, %s) = %d, want %d", a, b, got, want)
		}
		product, state := convert.Product(a, b)
		if state != convert.Present || !decimal.RequireFromString(product).Equal(x.Mul(y)) {
			t.Fatalf("%s x %s = %s, %v", a, b, product, state)
		}
		if again, _ := convert.Decimal(product, convert.MoneyRule{Decimal: '.'}); again != product {
			t.Fatalf("the product %s is not canonical", product)
		}
		places := rapid.IntRange(0, 8).Draw(t, "places")
		if got, want := convert.Round(a, places), x.Round(int32(places)); !decimal.RequireFromString(got).Equal(want) {
			t.Fatalf("Round(%s, %d) = %s, want %s", a, places, got, want)
		}
		if got, want := convert.Display(a, places), strings.TrimPrefix(x.StringFixed(int32(places)), "-"); strings.TrimPrefix(got, "-") != want {
			t.Fatalf("Display(%s, %d) = %s, want %s", a, places, got, want)
		}
		if convert.IsZero(a) != x.IsZero() {
			t.Fatalf("IsZero(%s) = %v", a, convert.IsZero(a))
		}
	})
}

func TestTotal(t *testing.T) {
	t.Run("NothingAddedIsEmpty", func(t *testing.T) {
		var total convert.Total
		if got, state := total.Sum(); got != "" || state != convert.Empty {
			t.Errorf("got %q, %v", got, state)
		}
	})
	t.Run("BinaryFractionsDoNotLeakIn", func(t *testing.T) {
		var total convert.Total
		total.Add("0.1")
		total.Add("0.20")
		if got, _ := total.Sum(); got != "0.30" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("WhatIsNoNumberChangesNothing", func(t *testing.T) {
		var total convert.Total
		if state := total.Add("12,5"); state != convert.Unreadable {
			t.Errorf("12,5 is %v", state)
		}
		if state := total.Add(""); state != convert.Empty {
			t.Errorf("nothing is %v", state)
		}
		if total.Count() != 0 {
			t.Errorf("%d counted", total.Count())
		}
	})
	t.Run("ResetStartsAnew", func(t *testing.T) {
		var total convert.Total
		total.Add("5.00")
		total.Reset()
		total.Add("1.0")
		if got, _ := total.Sum(); got != "1.0" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("SumsAreExactAtAnySize", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			var total convert.Total
			want, places := decimal.Zero, 0
			for i := range rapid.IntRange(1, 12).Draw(t, "n") {
				d := anyDecimal(t, "d"+string(rune('a'+i)))
				if state := total.Add(d); state != convert.Present {
					t.Fatalf("%s is %v", d, state)
				}
				want = want.Add(decimal.RequireFromString(d))
				places = max(places, len(d)-1-strings.IndexByte(d, '.'))
			}
			got, state := total.Sum()
			if state != convert.Present || !decimal.RequireFromString(got).Equal(want) {
				t.Fatalf("sum %s, want %s", got, want)
			}
			if len(got)-1-strings.IndexByte(got, '.') != places {
				t.Fatalf("sum %s has not %d places", got, places)
			}
		})
	})
}

func TestProduct(t *testing.T) {
	for _, c := range []struct {
		factors []string
		want    string
		state   convert.State
	}{
		{[]string{"3", "12.50"}, "37.500", convert.Present},
		{[]string{"-0.5", "0"}, "0.00", convert.Present},
		{[]string{"2.0", ""}, "", convert.Empty},
		{[]string{"2.0", "x"}, "", convert.Unreadable},
		{nil, "", convert.Empty},
	} {
		if got, state := convert.Product(c.factors...); got != c.want || state != c.state {
			t.Errorf("Product(%q) = %q, %v, want %q, %v", c.factors, got, state, c.want, c.state)
		}
	}
}

func TestMinorUnits(t *testing.T) {
	for code, want := range map[string]int{"USD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "CLP": 0, "KWD": 3, "BHD": 3, "IQD": 3, "CLF": 4, "HUF": 2} {
		if got, known := convert.MinorUnits(code); got != want || !known {
			t.Errorf("MinorUnits(%s) = %d, %v, want %d", code, got, known, want)
		}
	}
	for _, code := range []string{"", "usd", "QQQ", "DOLLAR"} {
		if _, known := convert.MinorUnits(code); known {
			t.Errorf("%q is known", code)
		}
	}
}

func TestInteger(t *testing.T) {
	for in, want := range map[string]int64{"5": 5, "5.00": 5, " 5 ": 5, "-1": -1, "+7": 7, "0012": 12, "5.": 5, "-9223372036854775808": -9223372036854775808} {
		if got, state := convert.Integer(in); got != want || state != convert.Present {
			t.Errorf("Integer(%q) = %d, %v, want %d", in, got, state, want)
		}
	}
	for _, in := range []string{"5.5", "abc", "1,000", "9223372036854775808", ".", "-", "1e3", "1_000"} {
		if _, state := convert.Integer(in); state != convert.Unreadable {
			t.Errorf("Integer(%q) is %v", in, state)
		}
	}
	if _, state := convert.Integer(" \x00"); state != convert.Empty {
		t.Errorf("nothing is %v", state)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		if got, state := convert.Integer(big.NewInt(n).String() + ".000"); got != n || state != convert.Present {
			t.Fatalf("%d reads as %d, %v", n, got, state)
		}
	})
}

func TestBool(t *testing.T) {
	for _, in := range []string{"1", "t", "T", "y", "Y", "yes", "YES", "true", "True", "2", "-1", "0.5", " 1 ", "10"} {
		if got, state := convert.Bool(in); !got || state != convert.Present {
			t.Errorf("Bool(%q) = %v, %v, want true", in, got, state)
		}
	}
	for _, in := range []string{"0", "f", "F", "n", "N", "no", "NO", "false", "0.00", "-0", "00"} {
		if got, state := convert.Bool(in); got || state != convert.Present {
			t.Errorf("Bool(%q) = %v, %v, want false", in, got, state)
		}
	}
	for _, in := range []string{"on", "x", "maybe", "ja", "nope!"} {
		if got, state := convert.Bool(in); got || state != convert.Unreadable {
			t.Errorf("Bool(%q) = %v, %v, want unreadable", in, got, state)
		}
	}
	if got, state := convert.Bool(" "); got || state != convert.Empty {
		t.Errorf("nothing is %v, %v", got, state)
	}
}

func TestStatesSayWhatHappensNext(t *testing.T) {
	for state, want := range map[convert.State]struct {
		missing, bad bool
		words        string
	}{
		convert.Empty:      {true, false, "empty"},
		convert.ZeroDate:   {true, false, "zero date"},
		convert.Present:    {false, false, "present"},
		convert.Unmapped:   {false, true, "unmapped code"},
		convert.Unreadable: {false, true, "unreadable"},
		convert.TooLong:    {false, true, "too long"},
	} {
		if state.Missing() != want.missing || state.Bad() != want.bad || state.String() != want.words {
			t.Errorf("%v: missing %v, bad %v", state, state.Missing(), state.Bad())
		}
	}
}
