package convert_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func reversible(t testing.TB, parts ...convert.NumberPart) *convert.Reversible {
	t.Helper()
	r, err := convert.NewReversible(parts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReversible(t *testing.T) {
	column := func(kind convert.ColumnKind) convert.NumberPart { return convert.NumberPart{Column: true, Kind: kind} }
	padded := func(kind convert.ColumnKind, pad int) convert.NumberPart {
		return convert.NumberPart{Column: true, Kind: kind, Pad: pad}
	}
	fixed := func(text string) convert.NumberPart { return convert.NumberPart{Fixed: text} }
	for _, c := range []struct {
		name   string
		parts  []convert.NumberPart
		number string
		want   [][]string
	}{
		{"APlainColumnIsItself", []convert.NumberPart{column(convert.ColumnText)}, "CU-12", [][]string{{"CU-12"}}},
		{"BlanksAreNotTrimmed", []convert.NumberPart{column(convert.ColumnText)}, "CU-12 ", nil},
		{"NothingIsNobody", []convert.NumberPart{column(convert.ColumnText)}, "", nil},
		{"AnIntegerColumnHoldsIntegers", []convert.NumberPart{column(convert.ColumnInteger)}, "412", [][]string{{"412"}}},
		{"AWordIsNoInteger", []convert.NumberPart{column(convert.ColumnInteger)}, "abc", nil},
		{"ANumberWithATailIsNoInteger", []convert.NumberPart{column(convert.ColumnInteger)}, "412abc", nil},
		{"AnIntegerHasNoZerosInFront", []convert.NumberPart{column(convert.ColumnInteger)}, "0412", nil},
		{"AnIntegerHasNoPlus", []convert.NumberPart{column(convert.ColumnInteger)}, "+412", nil},
		{"AnIntegerFits", []convert.NumberPart{column(convert.ColumnInteger)}, "99999999999999999999999", nil},
		{"AnUnsignedIntegerFits", []convert.NumberPart{column(convert.ColumnInteger)}, "18446744073709551615", [][]string{{"18446744073709551615"}}},
		{"PaddedIntegersLoseTheirZeros", []convert.NumberPart{padded(convert.ColumnInteger, 7)}, "0000412", [][]string{{"412"}}},
		{"TheZeroCustomer", []convert.NumberPart{padded(convert.ColumnInteger, 3)}, "000", [][]string{{"0"}}},
		{"TooShortIsNobody", []convert.NumberPart{padded(convert.ColumnInteger, 7)}, "412", nil},
		{"LongerThanThePaddingIsItself", []convert.NumberPart{padded(convert.ColumnInteger, 3)}, "12345", [][]string{{"12345"}}},
		{"LongerWithZerosIsNoInteger", []convert.NumberPart{padded(convert.ColumnInteger, 3)}, "00012", nil},
		{"PaddedTextsMayHaveKeptSomeZeros", []convert.NumberPart{padded(convert.ColumnText, 5)}, "00412", [][]string{{"412"}, {"0412"}, {"00412"}}},
		{"PaddedTextsNeedNotBeDigits", []convert.NumberPart{padded(convert.ColumnText, 5)}, "00A12", [][]string{{"A12"}, {"0A12"}, {"00A12"}}},
		{
			"StrippedTextsMayHaveHadZeros",
			[]convert.NumberPart{{Column: true, Kind: convert.ColumnText, Strip: "0", Width: 5}},
			"412",
			[][]string{{"412"}, {"0412"}, {"00412"}},
		},
		{"StrippedNumbersNeverBeginWithThat", []convert.NumberPart{{Column: true, Strip: "0", Width: 5}}, "0412", nil},
		{"StrippedIntegersAreThemselves", []convert.NumberPart{{Column: true, Kind: convert.ColumnInteger, Strip: "0"}}, "412", [][]string{{"412"}}},
		{"WiderThanTheColumnIsNobody", []convert.NumberPart{{Column: true, Kind: convert.ColumnText, Width: 3}}, "4123", nil},
		{
			"ACompositeIsTakenApart",
			[]convert.NumberPart{padded(convert.ColumnInteger, 2), fixed("-"), column(convert.ColumnInteger)},
			"01-412",
			[][]string{{"1", "412"}},
		},
		{
			"ASeparatorInsideMakesSeveralWays",
			[]convert.NumberPart{column(convert.ColumnText), fixed("-"), column(convert.ColumnText)},
			"A-B-C",
			[][]string{{"A", "B-C"}, {"A-B", "C"}},
		},
		{"AMissingPartIsNobody", []convert.NumberPart{column(convert.ColumnText), fixed("-"), column(convert.ColumnText)}, "A-", nil},
		{"AMissingSeparatorIsNobody", []convert.NumberPart{column(convert.ColumnText), fixed("-"), column(convert.ColumnText)}, "AB", nil},
		{"FixedTextInFrontMustBeThere", []convert.NumberPart{fixed("CU"), column(convert.ColumnInteger)}, "CX12", nil},
		{"FixedTextAroundGoes", []convert.NumberPart{fixed("CU"), column(convert.ColumnInteger), fixed("/US")}, "CU12/US", [][]string{{"12"}}},
		{
			"ColumnsSideBySideMeetAnywhere",
			[]convert.NumberPart{column(convert.ColumnInteger), column(convert.ColumnText)},
			"12X",
			[][]string{{"1", "2X"}, {"12", "X"}},
		},
		{"BrokenTextIsNobody", []convert.NumberPart{column(convert.ColumnText)}, "a\xff", nil},
		{"TooManySeparatorsAreNobody", []convert.NumberPart{column(convert.ColumnText), fixed("-"), column(convert.ColumnText), fixed("-"), column(convert.ColumnText), fixed("-"), column(convert.ColumnText)}, strings.Repeat("-", 100), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(reversible(t, c.parts...).Reverse(c.number), c.want); diff != "" {
				t.Errorf("Reverse(%q) (-got +want):\n%s", c.number, diff)
			}
		})
	}
}

func TestReversibleForward(t *testing.T) {
	r := reversible(t, convert.NumberPart{Column: true, Pad: 3}, convert.NumberPart{Fixed: "-"}, convert.NumberPart{Column: true})
	for _, c := range []struct {
		raw   []string
		want  string
		state convert.State
	}{
		{[]string{"7 ", " 412"}, "007-412", convert.Present},
		{[]string{"", "412"}, "", convert.Empty},
		{[]string{"7"}, "", convert.Unreadable},
	} {
		if got, state := r.Forward(c.raw...); got != c.want || state != c.state {
			t.Errorf("Forward(%q) = %q, %v, want %q, %v", c.raw, got, state, c.want, c.state)
		}
	}
	if r.Columns() != 2 {
		t.Errorf("%d columns", r.Columns())
	}
}

func TestReversibleRefusesWhatCannotBeUndone(t *testing.T) {
	for name, parts := range map[string][]convert.NumberPart{
		"no column":            {{Fixed: "A"}},
		"an empty piece":       {{Column: true}, {}},
		"several stripped":     {{Column: true, Strip: "0 "}},
		"stripping twice":      {{Column: true, Strip: "0"}, {Fixed: "-"}, {Column: true, Strip: "0"}},
		"too much padding":     {{Column: true, Pad: 1000}},
		"a column of pictures": {{Column: true, Kind: convert.ColumnBinary}},
	} {
		if _, err := convert.NewReversible(parts); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// drawParts draws a number of one to three columns.
func drawParts(t *rapid.T) []convert.NumberPart {
	var parts []convert.NumberPart
	for i := range rapid.IntRange(1, 3).Draw(t, "columns") {
		if i > 0 && rapid.Bool().Draw(t, "separated") {
			parts = append(parts, convert.NumberPart{Fixed: rapid.SampledFrom([]string{"-", "/", "0", ". "}).Draw(t, "fixed")})
		}
		p := convert.NumberPart{
			Column: true,
			Kind:   rapid.SampledFrom([]convert.ColumnKind{convert.ColumnText, convert.ColumnInteger, convert.ColumnUnknown, convert.ColumnDecimal}).Draw(t, "kind"),
			Pad:    rapid.IntRange(0, 3).Draw(t, "pad"),
		}
		if i == 0 && rapid.Bool().Draw(t, "strip") {
			p.Strip, p.Width = "0", 8
		}
		parts = append(parts, p)
	}
	return parts
}

func TestReverseUndoesForward(t *testing.T) {
	t.Run("EveryCandidateMakesTheNumber", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			r, err := convert.NewReversible(drawParts(t))
			if err != nil {
				t.Fatal(err)
			}
			number := rapid.StringMatching(`[0-9A-C/. -]{0,12}`).Draw(t, "number")
			for _, raw := range r.Reverse(number) {
				if got, state := r.Forward(raw...); got != number || state != convert.Present {
					t.Fatalf("%q for %q makes %q, %v", raw, number, got, state)
				}
			}
		})
	})
	t.Run("WhatIsStoredIsFound", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			parts := drawParts(t)
			r, err := convert.NewReversible(parts)
			if err != nil {
				t.Fatal(err)
			}
			var raw []string
			for _, p := range parts {
				if !p.Column {
					continue
				}
				pattern := `[0-9A-C]{1,8}`
				if p.Kind == convert.ColumnInteger || p.Kind == convert.ColumnDecimal {
					pattern = `[1-9][0-9]{0,7}`
				}
				raw = append(raw, rapid.StringMatching(pattern).Draw(t, "raw"))
			}
			number, state := r.Forward(raw...)
			if state != convert.Present {
				return // nothing but stripped zeros
			}
			if !slices.ContainsFunc(r.Reverse(number), func(found []string) bool { return slices.Equal(found, raw) }) {
				t.Fatalf("%q makes %q, which leads to %q only", raw, number, r.Reverse(number))
			}
		})
	})
}
