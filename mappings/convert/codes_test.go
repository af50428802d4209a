package convert_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func TestCodeMap(t *testing.T) {
	other := "Other"
	entries := []convert.CodeEntry{{Code: "R", Word: "Rental"}, {Code: " L ", Word: "Lease"}, {Code: "01", Word: "One"}, {Code: "-", Word: ""}}
	for _, c := range []struct {
		name    string
		options convert.CodeMapOptions
		code    string
		want    string
		state   convert.State
	}{
		{"AKnownCode", convert.CodeMapOptions{}, "R", "Rental", convert.Present},
		{"CodesAreTrimmedWhenBuilt", convert.CodeMapOptions{}, "L", "Lease", convert.Present},
		{"LeadingZerosCount", convert.CodeMapOptions{}, "1", "", convert.Unmapped},
		{"LetterCaseCounts", convert.CodeMapOptions{}, "r", "", convert.Unmapped},
		{"LetterCaseMayBeIgnored", convert.CodeMapOptions{IgnoreCase: true}, "r", "Rental", convert.Present},
		{"AWordMayBeNothing", convert.CodeMapOptions{}, "-", "", convert.Empty},
		{"ElseIsForUnknownCodes", convert.CodeMapOptions{Else: &other}, "Z", "Other", convert.Present},
		{"ElseIsNotForNothing", convert.CodeMapOptions{Else: &other}, "", "", convert.Empty},
		{"UnknownCodesMayBeEmpty", convert.CodeMapOptions{ElseEmpty: true}, "Z", "", convert.Empty},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := convert.NewCodeMap(entries, c.options)
			if err != nil {
				t.Fatal(err)
			}
			if got, state := m.Lookup(c.code); got != c.want || state != c.state {
				t.Errorf("Lookup(%q) = %q, %v, want %q, %v", c.code, got, state, c.want, c.state)
			}
		})
	}
	t.Run("NothingMayHaveAWord", func(t *testing.T) {
		m, err := convert.NewCodeMap([]convert.CodeEntry{{Code: "", Word: "None"}}, convert.CodeMapOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, state := m.Lookup(""); got != "None" || state != convert.Present {
			t.Errorf("got %q, %v", got, state)
		}
	})
	t.Run("CodesAndWordsAreListed", func(t *testing.T) {
		m, err := convert.NewCodeMap([]convert.CodeEntry{{Code: "B", Word: "Two"}, {Code: "A", Word: "Two"}}, convert.CodeMapOptions{Else: &other})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m.Codes(), []string{"A", "B"}); diff != "" {
			t.Errorf("codes (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(m.Words(), []string{"Other", "Two"}); diff != "" {
			t.Errorf("words (-got +want):\n%s", diff)
		}
	})
	t.Run("ACodeStandsThereOnce", func(t *testing.T) {
		twice := []convert.CodeEntry{{Code: "a", Word: "x"}, {Code: "A", Word: "y"}}
		if _, err := convert.NewCodeMap(twice, convert.CodeMapOptions{IgnoreCase: true}); err == nil || !strings.Contains(err.Error(), "twice") {
			t.Errorf("got %v", err)
		}
		if _, err := convert.NewCodeMap(twice, convert.CodeMapOptions{}); err != nil {
			t.Errorf("different codes: %v", err)
		}
	})
	t.Run("AnUnknownCodeIsNotTwoThings", func(t *testing.T) {
		if _, err := convert.NewCodeMap(nil, convert.CodeMapOptions{Else: &other, ElseEmpty: true}); err == nil {
			t.Error("taken")
		}
	})
}

func TestReadCodes(t *testing.T) {
	got, err := convert.ReadCodes([]byte("\ufeffcode,word\r\n01, Crane\r\n\"a,b\",\"Say \"\"so\"\"\"\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []convert.CodeEntry{{Code: "01", Word: "Crane"}, {Code: "a,b", Word: `Say "so"`}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	t.Run("WithoutAHeaderTheFirstLineCounts", func(t *testing.T) {
		got, err := convert.ReadCodes([]byte("A,B"))
		if err != nil || len(got) != 1 {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("AThirdColumnIsAnErrorWithItsLine", func(t *testing.T) {
		if _, err := convert.ReadCodes([]byte("A,B\nC,D,E\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("got %v", err)
		}
	})
}

func TestWords(t *testing.T) {
	words, err := convert.NewWords([]string{"J", "Ja", "on"}, []string{"N", "off", ""})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in    string
		want  bool
		state convert.State
	}{
		{"ja", true, convert.Present},
		{"ON", true, convert.Present},
		{"n", false, convert.Present},
		{"", false, convert.Present},
		{"1", false, convert.Unreadable},
	} {
		if got, state := words.Lookup(c.in); got != c.want || state != c.state {
			t.Errorf("Lookup(%q) = %v, %v, want %v, %v", c.in, got, state, c.want, c.state)
		}
	}
	if _, err := convert.NewWords([]string{"x"}, []string{"X"}); err == nil {
		t.Error("a word for both is taken")
	}
	plain, err := convert.NewWords([]string{"x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, state := plain.Lookup(""); got || state != convert.Empty {
		t.Errorf("nothing: %v, %v", got, state)
	}
}

func TestSentinels(t *testing.T) {
	sentinels := convert.NewSentinels("9999-12-31", " N/A ", "0.00")
	for in, want := range map[string]bool{
		"N/A":                        true,
		"9999-12-31":                 true,
		"9999-12-31 00:00:00":        true,
		"9999-12-31T00:00:00.000000": true,
		"9999-12-31 23:59:59":        false,
		"9999-12-30 00:00:00":        false,
		"n/a":                        false,
		"0.00":                       true,
		"0":                          false,
	} {
		if got := sentinels.Has(in); got != want {
			t.Errorf("Has(%q) = %v", in, got)
		}
	}
	t.Run("ASentinelEmptiesTheCell", func(t *testing.T) {
		cell := convert.NewCell(convert.ColumnText)
		cell.SetText("N/A   ")
		if !sentinels.Clear(&cell) || !cell.IsNull() {
			t.Errorf("the cell holds %q", cell.String())
		}
		if sentinels.Clear(&cell) {
			t.Error("NULL counts as a sentinel")
		}
	})
	t.Run("NoSentinelsHitNothing", func(t *testing.T) {
		var none *convert.Sentinels
		cell := convert.NewCell(convert.ColumnText)
		cell.SetText("N/A")
		if none.Has("N/A") || none.Clear(&cell) {
			t.Error("hit")
		}
	})
}

func TestTemplate(t *testing.T) {
	column := convert.TemplatePart{Value: true}
	fixed := func(text string) convert.TemplatePart { return convert.TemplatePart{Fixed: text} }
	for _, c := range []struct {
		name   string
		parts  []convert.TemplatePart
		values []string
		want   string
		state  convert.State
	}{
		{"FixedTextJoins", []convert.TemplatePart{column, fixed("-"), column}, []string{"R1", "3"}, "R1-3", convert.Present},
		{"FixedTextNeedsEveryPart", []convert.TemplatePart{column, fixed("-"), column}, []string{"R1", ""}, "", convert.Empty},
		{"ColumnsAloneLeaveOutWhatIsMissing", []convert.TemplatePart{column, fixed(" "), column, fixed(" "), column}, []string{"Ada", "", "Byron"}, "Ada Byron", convert.Present},
		{"ColumnsAloneCollapse", []convert.TemplatePart{column, fixed(" "), column}, []string{"Ada  M.", "Byron"}, "Ada M. Byron", convert.Present},
		{"AllMissingIsEmpty", []convert.TemplatePart{column, fixed(" "), column}, []string{"", ""}, "", convert.Empty},
		{"AnAddressNeedsItsPart", []convert.TemplatePart{fixed("https://docs.example.test/"), column, fixed(".pdf")}, []string{""}, "", convert.Empty},
		{"TooFewValuesAreMissing", []convert.TemplatePart{column, fixed("-"), column}, []string{"R1"}, "", convert.Empty},
		{"FixedTextAloneIsItself", []convert.TemplatePart{fixed("MAIN")}, nil, "MAIN", convert.Present},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, state := convert.NewTemplate(c.parts).Fill(c.values...); got != c.want || state != c.state {
				t.Errorf("got %q, %v, want %q, %v", got, state, c.want, c.state)
			}
		})
	}
	mixed := convert.NewTemplate([]convert.TemplatePart{column, fixed(" / "), column})
	if mixed.Values() != 2 || !mixed.NeedsAll() {
		t.Errorf("Values %d, NeedsAll %v", mixed.Values(), mixed.NeedsAll())
	}
}

func TestHash(t *testing.T) {
	rule := convert.HashRule{Prefix: "js-"}
	key := func(parts ...string) string {
		got, state := rule.Of(parts...)
		if state != convert.Present {
			t.Fatalf("Of(%q) is %v", parts, state)
		}
		return got
	}
	t.Run("KeysNeverChange", func(t *testing.T) {
		if got, want := key("12 Mill Road", "Springfield"), "js-avhav9xckvbpnzdz"; got != want {
			t.Errorf("got %s, want %s: dealers' keys would change", got, want)
		}
	})
	t.Run("LetterCaseBlanksAndCompositionDoNotMatter", func(t *testing.T) {
		want := key("12 Müll Straße", "Ort")
		for _, same := range []string{" 12  müll   STRASSE", "12 Mu\u0308ll Straße\n"} {
			if got := key(same, "ORT"); got != want {
				t.Errorf("%q makes another key", same)
			}
		}
	})
	t.Run("OrderAndBordersDo", func(t *testing.T) {
		keys := map[string]bool{key("a", "bc"): true, key("ab", "c"): true, key("bc", "a"): true, key("abc"): true, key("abc", ""): true}
		if len(keys) != 5 {
			t.Errorf("only %d different keys of 5", len(keys))
		}
	})
	t.Run("NothingMakesNoKey", func(t *testing.T) {
		if got, state := rule.Of("", " "); got != "" || state != convert.Empty {
			t.Errorf("got %q, %v", got, state)
		}
	})
	t.Run("LengthIsAsAsked", func(t *testing.T) {
		for length, want := range map[int]int{0: 16, 8: 8, 51: 51} {
			got, _ := convert.HashRule{Length: length}.Of("x")
			if len(got) != want {
				t.Errorf("length %d makes %d characters", length, len(got))
			}
		}
		for _, length := range []int{-1, 7, 52} {
			if (convert.HashRule{Length: length}).Check() == nil {
				t.Errorf("length %d is taken", length)
			}
		}
		if err := (convert.HashRule{}).Check(); err != nil {
			t.Error(err)
		}
	})
}

func TestACodeMapMaySayNotYet(t *testing.T) {
	wait := "notYet"
	m, err := convert.NewCodeMap([]convert.CodeEntry{{Code: "A", Word: "Accepted"}, {Code: "H", Word: wait}}, convert.CodeMapOptions{NotYet: wait, Else: &wait})
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]convert.State{"A": convert.Present, "H": convert.Deferred, "?": convert.Deferred, "": convert.Empty} {
		if word, state := m.Lookup(code); state != want || state == convert.Deferred && word != "" {
			t.Errorf("%q: got %q, %v, want %v", code, word, state, want)
		}
	}
	if !convert.Deferred.Bad() || convert.Deferred.Missing() {
		t.Error("a list would go on behind a code that says not yet")
	}
	if words := m.Words(); len(words) != 1 || words[0] != "Accepted" {
		t.Errorf("got the words %v, want those that are sent", words)
	}
}
