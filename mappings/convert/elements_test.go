package convert_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func TestElements(t *testing.T) {
	list := convert.ElementsRule{By: ";", Names: []string{"no"}}
	pairs := convert.ElementsRule{By: ";", Pair: ":", Names: []string{"code", "amount"}}
	objects := convert.ElementsRule{JSON: true, Names: []string{"text", "amount"}}
	for _, c := range []struct {
		name string
		rule convert.ElementsRule
		text string
		want [][]string
		bad  int
	}{
		{"EmptyElementsAreNone", list, " 3;;5 ; ", [][]string{{"3"}, {"5"}}, 0},
		{"NothingHasNoElements", list, "  ", nil, 0},
		{"PartsStandInTheirOrder", pairs, "LI:120,50;AB: 80,00 ;", [][]string{{"LI", "120,50"}, {"AB", "80,00"}}, 0},
		{"AMissingPartIsEmpty", pairs, "LI", [][]string{{"LI", ""}}, 0},
		{"APartTooManyIsBad", pairs, "LI:1:2;AB:3", [][]string{{"AB", "3"}}, 1},
		{"EqualElementsAreOneWhereAskedFor", convert.ElementsRule{By: ",", Names: []string{"n"}, Distinct: true}, "a,b,a", [][]string{{"a"}, {"b"}}, 0},
		{"MembersGoByTheirNames", objects, `[{"amount":"40,10","text":"Diesel"},{"text":"Rope"}]`, [][]string{{"Diesel", "40,10"}, {"Rope", ""}}, 0},
		{"NumbersStayAsWritten", objects, `[{"text":"x","amount":120.50}]`, [][]string{{"x", "120.50"}}, 0},
		{"ALoneObjectIsOneElement", objects, `{"text":"x"}`, [][]string{{"x", ""}}, 0},
		{"BrokenJSONIsOneBadElement", objects, `[{"text":"x"}`, nil, 1},
		{"SomethingBehindTheJSONIsBad", objects, `[] []`, nil, 1},
		{"AnObjectInAPartIsBad", objects, `[{"text":{}},{"text":"y"}]`, [][]string{{"y", ""}}, 1},
		{"AScalarAmongObjectsIsBad", objects, `["x"]`, nil, 1},
		{"ScalarsAreElementsOfOnePart", convert.ElementsRule{JSON: true, Names: []string{"n"}}, `["a", 7, true, null, ""]`, [][]string{{"a"}, {"7"}, {"true"}}, 0},
		{"ArraysGoByTheirOrder", objects, `[["a", 1], ["b"], ["c", 1, 2]]`, [][]string{{"a", "1"}, {"b", ""}}, 1},
		{"NestedMembersAreDotted", convert.ElementsRule{JSON: true, Names: []string{"a.b"}}, `[{"a":{"b":1}},{"a.b":2}]`, [][]string{{"1"}, {"2"}}, 0},
		{"NullIsNone", objects, `null`, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rule, err := convert.NewElements(c.rule)
			if err != nil {
				t.Fatal(err)
			}
			parts, bad := rule.Of(c.text)
			var got [][]string
			for _, element := range parts {
				var texts []string
				for _, part := range element {
					texts = append(texts, part.Text)
				}
				got = append(got, texts)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || bad != c.bad {
				t.Errorf("got %d bad, want %d; elements (-want +got):\n%s", bad, c.bad, diff)
			}
		})
	}
	t.Run("ANumberOfJSONHasAPointWhateverTheDealerWrites", func(t *testing.T) {
		rule, err := convert.NewElements(objects)
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]string{
			`[{"amount":12.5}]`: "12.5", `[{"amount":125e-1}]`: "12.5", `[{"amount":"12,5"}]`: "12.5", `[{"amount":1200}]`: "1200.0",
		} {
			elements, _ := rule.Of(text)
			cell := elements[0][1].Cell()
			if got, state := cell.Decimal(convert.MoneyRule{Decimal: ','}); got != want || state != convert.Present {
				t.Errorf("%s: got %q, want %q", text, got, want)
			}
		}
	})
	t.Run("RulesThatCannotBeFollowedAreRefused", func(t *testing.T) {
		for _, rule := range []convert.ElementsRule{
			{By: ";"},
			{Names: []string{"a"}},
			{By: ";", Names: []string{"a", "b"}},
			{By: ";", Pair: ";", Names: []string{"a", "b"}},
			{JSON: true, Names: []string{"a", "a"}},
			{JSON: true, Names: []string{""}},
		} {
			if _, err := convert.NewElements(rule); err == nil {
				t.Errorf("%+v is accepted", rule)
			}
		}
	})
}

func FuzzElements(f *testing.F) {
	for _, seed := range []string{"", ";", "a:b;c", `[{"a":1,"b":[]}]`, `[[1,2],null]`, `{"a":"\u0000"}`, "[", `"x"`, "\xff;"} {
		f.Add(seed)
	}
	rules := []convert.ElementsRule{
		{By: ";", Pair: ":", Names: []string{"a", "b"}, Distinct: true},
		{JSON: true, Names: []string{"a", "b"}},
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, rule := range rules {
			made, err := convert.NewElements(rule)
			if err != nil {
				t.Fatal(err)
			}
			elements, bad := made.Of(convert.Clean(text))
			if rule.JSON && utf8.ValidString(text) && !json.Valid([]byte(convert.Clean(text))) && convert.Clean(text) != "" && (bad == 0 || len(elements) > 0) {
				t.Errorf("%q is no JSON: got %v", text, elements)
			}
			for _, parts := range elements {
				if len(parts) != len(rule.Names) {
					t.Fatalf("%q: got %d parts", text, len(parts))
				}
				for _, part := range parts {
					if convert.Clean(part.Text) != part.Text {
						t.Errorf("%q: the part %q is not clean", text, part.Text)
					}
				}
			}
		}
	})
}
