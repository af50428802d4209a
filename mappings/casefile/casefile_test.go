package casefile_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/casefile"
)

func parse(t *testing.T, text string) *casefile.File {
	t.Helper()
	f, faults := casefile.Parse("x_test.yaml", []byte(text))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestParse(t *testing.T) {
	t.Run("TheExamplesOfThePageRead", func(t *testing.T) {
		page, err := os.ReadFile("TESTS.md")
		if err != nil {
			t.Fatal(err)
		}
		rest := string(page)
		for _, tests := range []int{2, 3} {
			var example string
			ok := false
			_, rest, _ = strings.Cut(rest, "```yaml\n")
			if example, rest, ok = strings.Cut(rest, "```"); !ok || len(parse(t, example).Tests) != tests {
				t.Errorf("got %s", example)
			}
		}
	})
	t.Run("SyntaxIsToldAlone", func(t *testing.T) {
		f, faults := casefile.Parse("x_test.yaml", []byte("tests: [{name: a\n"))
		if f != nil || len(faults) != 1 || !strings.HasPrefix(faults[0].String(), "x_test.yaml:1:") {
			t.Errorf("got %v", faults)
		}
	})
	t.Run("AFileWithoutTestsSaysSo", func(t *testing.T) {
		_, faults := casefile.Parse("x_test.yaml", []byte("tables: {A: []}\n"))
		if len(faults) != 1 || !strings.Contains(faults[0].Message, "`tests:` is missing") {
			t.Errorf("got %v", faults)
		}
	})
}

func TestFill(t *testing.T) {
	f := parse(t, `
tables:
  A:
    types: {S: timestamp, T: text}
    key: N
    defaults: {D: 2026-01-02, T: 0017}
    rows: [{N: 1}]
tests:
  - {name: one, endpoint: location, want: [], rows: {A: [{N: 2.50, d: null}], B: [{X: true, Y: 0017, Z: 18446744073709551615, W: '1'}]}}
  - {name: two, endpoint: location, want: [], rows: {A: [{D: 2026-01-02 10:00, M: 1}, {M: '1'}]}}
`)
	type table struct {
		Name, Key string
		Columns   []string
		Rows      [][]string
	}
	var got []table
	for _, filled := range f.Fill(f.Tests[0], []casefile.Need{{Table: "a", Columns: []string{"n", "Q"}}, {Table: "C", Columns: []string{"K"}}}) {
		one := table{Name: filled.Name, Key: strings.Join(filled.Key, ",")}
		for _, c := range filled.Columns {
			text := c.Name + " " + c.Kind.String()
			if c.Wide {
				text += " wide"
			}
			one.Columns = append(one.Columns, text)
		}
		for _, row := range filled.Rows {
			var texts []string
			for _, v := range row {
				if v.Null {
					v.Text = "-"
				}
				texts = append(texts, v.Text)
			}
			one.Rows = append(one.Rows, texts)
		}
		got = append(got, one)
	}
	want := []table{
		{
			Name: "A", Key: "N", Columns: []string{"S timestamp", "T text", "N decimal", "D datetime", "M text", "Q text"},
			Rows: [][]string{{"-", "0017", "1", "2026-01-02", "-", "-"}, {"-", "0017", "2.50", "-", "-", "-"}},
		},
		{Name: "B", Columns: []string{"X integer", "Y text", "Z integer wide", "W text"}, Rows: [][]string{{"1", "0017", "18446744073709551615", "1"}}},
		{Name: "C", Columns: []string{"K text"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct{ name, want, got, differs string }{
		{"OnlyNamedMembersCount", `[{a: 1}]`, `{"a":1,"b":2}`, ""},
		{"DigitsCount", `[{a: 1.0}]`, `{"a":1.00}`, "[0].a: want 1.0, got 1.00"},
		{"LongNumbersKeepTheirDigits", `[{a: 1234567890123456789.125}]`, `{"a":1234567890123456789.125}`, ""},
		{"WithoutQuotesATextMayBeMeant", `[{a: 17, b: true, c: 0017}]`, `{"a":"17","b":"true","c":"0017"}`, ""},
		{"InQuotesATextIsMeant", `[{a: '17'}]`, `{"a":17}`, `[0].a: want "17", got 17`},
		{"NullIsNotSent", `[{a: null, b: null}]`, `{"b":1}`, "[0].b: want nothing, got 1"},
		{"DotsLeadInside", `[{a.b.c: x}]`, `{"a":{"b":{"c":"x"}}}`, ""},
		{"TooFewElements", `[{a: 1}, {a: 2}]`, `{"a":1}`, "[1]: want an element, got nothing"},
		{"TooManyElements", `[]`, `{"a":1}`, `[0]: want nothing, got {"a":1}`},
		{"OneElementNeedsNoList", `{a: 1}`, `{"a":1}`, ""},
		{"ListsInside", `[{a: [{b: 1}, x]}]`, `{"a":[{"b":1,"c":2},"x"]}`, ""},
		{"AnotherKind", `[{a: [1]}]`, `{"a":"x"}`, `[0].a: want a list, got "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkDifference(t, "want: "+c.want, c.got, c.differs)
		})
	}
	for _, c := range []struct{ name, want, got, differs string }{
		{"ExactNamesEverything", `[{a: 1}]`, `{"a":1,"b":2}`, "[0].b: want nothing, got 2"},
		{"ExactLooksThroughDots", `[{a.b: 1, a.c.d: 2}]`, `{"a":{"b":1,"c":{"d":2,"e":3}}}`, "[0].a.c.e: want nothing, got 3"},
		{"ExactWithAWholeObject", `[{a: {b: 1}}]`, `{"a":{"b":1}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkDifference(t, "exact: true, want: "+c.want, c.got, c.differs)
		})
	}
}

func checkDifference(t *testing.T, keys, got, differs string) {
	t.Helper()
	test := parse(t, "tests: [{name: n, endpoint: location, "+keys+"}]").Tests[0]
	found, err := test.Compare([]json.RawMessage{json.RawMessage(got)})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range found {
		lines = append(lines, d.String())
	}
	if said := strings.Join(lines, "\n"); said != differs {
		t.Errorf("got %q, want %q", said, differs)
	}
}

func TestMoment(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-05-04":           "2026-05-04T00:00:00Z", // noon there
		"2026-05-04T08:00:00Z": "2026-05-04T08:00:00Z",
	} {
		got, err := casefile.Moment(text, zone)
		if err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: got %s, %v", text, got.UTC(), err)
		}
	}
}

// FuzzParse: whatever a file holds, it is read or has faults with places.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("../dealers/*/*" + casefile.Suffix)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range seeds {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("tests: [{name: a, endpoint: contract, customer: [1, 2], want: {a: [null, {b.c: ~}]}, leftOut: {reason: cut}}]"))
	f.Add([]byte("tables: {A: {types: {N: int}, key: [N], defaults: {}, rows: {N: 1}}}\ntests: x"))
	f.Fuzz(func(t *testing.T, src []byte) {
		file, faults := casefile.Parse("x", src)
		for _, fault := range faults {
			if fault.Pos.Line < 1 || fault.Message == "" {
				t.Errorf("a fault without a place: %v", fault)
			}
		}
		if file == nil || faults.Err() != nil {
			return
		}
		for _, test := range file.Tests {
			file.Fill(test, nil)
			if _, err := test.Compare([]json.RawMessage{json.RawMessage(`{"a":[1,{"b":{"c":2}}]}`)}); err != nil {
				t.Error(err)
			}
		}
	})
}
