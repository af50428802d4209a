package convert_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"ACleanTextStays", "Boom lift 60 ft", "Boom lift 60 ft"},
		{"CharPaddingGoes", "R-1   ", "R-1"},
		{"UnicodeBlanksAtTheEdgesGo", "\u00a0\u2003käse\ufeff\u200b", "käse"},
		{"ControlsAndNULGo", "a\x00b\x01c\x7fd\u0085", "abcd"},
		{"TabsBecomeBlanks", "a\tb", "a b"},
		{"LineEndsBecomeNewlines", "a\r\nb\rc\nd\u2028e", "a\nb\nc\nd\ne"},
		{"BrokenBytesBecomeTheReplacementCharacter", "a\xffb", "a\ufffdb"},
		{"BlanksBehindRemovedControlsGoToo", "x \x00", "x"},
		{"NothingButControlsIsNothing", "\x00\x00\t", ""},
		{"CharactersBeyondLatinStay", "小明 🚜", "小明 🚜"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := convert.Clean(c.in); got != c.want {
				t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestCleanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		got := convert.Clean(in)
		if again := convert.Clean(got); again != got {
			t.Fatalf("cleaning %q twice gives %q, once %q", in, again, got)
		}
		if !utf8.ValidString(got) {
			t.Fatalf("Clean(%q) = %q is no UTF-8", in, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
			t.Fatalf("Clean(%q) = %q has a control character", in, got)
		}
		if convert.IsBlank(in) != (got == "") {
			t.Fatalf("IsBlank(%q) = %v, but Clean leaves %q", in, convert.IsBlank(in), got)
		}
	})
}

func TestCutTo(t *testing.T) {
	for _, c := range []struct {
		name, in string
		n        int
		want     string
		was      bool
	}{
		{"AShortTextStays", "abc", 3, "abc", false},
		{"CharactersCountNotBytes", "äöü", 3, "äöü", false},
		{"ACharacterIsNeverSplit", "äöü", 2, "äö", true},
		{"NoBlankIsLeftAtTheEnd", "Boom lift", 5, "Boom", true},
		{"NothingFitsIntoNothing", "abc", 0, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, was := convert.CutTo(c.in, c.n); got != c.want || was != c.was {
				t.Errorf("CutTo(%q, %d) = %q, %v, want %q, %v", c.in, c.n, got, was, c.want, c.was)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		in, n := rapid.String().Draw(t, "text"), rapid.IntRange(0, 30).Draw(t, "n")
		got, was := convert.CutTo(in, n)
		if convert.Length(got) > n || !strings.HasPrefix(in, got) || was != (convert.Length(in) > n) {
			t.Fatalf("CutTo(%q, %d) = %q, %v", in, n, got, was)
		}
	})
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, in, by string
		part         int
		want         string
	}{
		{"FirstPart", "12.5, -3.75", ",", 1, "12.5"},
		{"LaterPartIsTrimmed", "12.5, -3.75", ",", 2, "-3.75"},
		{"FromTheEnd", "a/b/c", "/", -1, "c"},
		{"FromTheEndToTheFirst", "a/b/c", "/", -3, "a"},
		{"BeyondTheEnd", "a/b", "/", 3, ""},
		{"BeforeTheBeginning", "a/b", "/", -3, ""},
		{"NoSeparatorIsOnePart", "abc", "/", 1, "abc"},
		{"EmptyParts", ";;x", ";", 2, ""},
		{"LongSeparator", "a -- b -- c", " -- ", 2, "b"},
		{"PartsCountFromOne", "a/b", "/", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := convert.Split(c.in, c.by, c.part); got != c.want {
				t.Errorf("Split(%q, %q, %d) = %q, want %q", c.in, c.by, c.part, got, c.want)
			}
		})
	}
	if got := convert.Line("12 Mill Road\n Back yard \nEast", 2); got != "Back yard" {
		t.Errorf("second line: %q", got)
	}
	if got := convert.Line("only", 2); got != "" {
		t.Errorf("a line that is not there: %q", got)
	}
}

func TestPlain(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"NoMarkupOnlyCollapses", "a  b\n c ", "a b c"},
		{"BlocksPartWords", "<p>One</p><p>Two</p>", "One Two"},
		{"InlineMarkupDoesNot", "<b>Ex</b>cavator", "Excavator"},
		{"LineBreaksPart", "One<br>Two<br/>Three", "One Two Three"},
		{"EntitiesAreDecodedOnce", "Smith &amp;amp; Sons &lt;b&gt; &#8364;&nbsp;5", "Smith &amp; Sons <b> € 5"},
		{"WhatOnlyLooksLikeMarkupStays", "5 < 7 & 9 > 8", "5 < 7 & 9 > 8"},
		{"ScriptsAndStylesAreNoText", "a<script>if (1<2) {}</script><style>p{}</style>b", "a b"},
		{"CommentsAreNoText", "a<!-- hidden -->b", "ab"},
		{"OnlyMarkupIsNothing", "<p> &nbsp; </p>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := convert.Plain(c.in); got != c.want {
				t.Errorf("Plain(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestTitleCase(t *testing.T) {
	for in, want := range map[string]string{
		"JOHN SMITH":         "John Smith",
		"mary-ann o'brien":   "Mary-Ann O'Brien",
		"the DEALER'S yard":  "The Dealer's Yard",
		"ÉCOLE 3rd st":       "École 3rd St",
		"ÄRZTEHAUS am markt": "Ärztehaus Am Markt",
		"":                   "",
	} {
		if got := convert.TitleCase(in); got != want {
			t.Errorf("TitleCase(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCollapseBlanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringOf(rapid.SampledFrom([]rune(" \t\n\u00a0ab"))).Draw(t, "text")
		if got, want := convert.CollapseBlanks(in), strings.Join(strings.Fields(in), " "); got != want {
			t.Fatalf("CollapseBlanks(%q) = %q, want %q", in, got, want)
		}
	})
}

func TestPadAndStrip(t *testing.T) {
	for _, c := range []struct {
		got, want string
	}{
		{convert.Pad("412", 7), "0000412"},
		{convert.Pad("12345678", 7), "12345678"},
		{convert.Pad("", 7), ""},
		{convert.Pad("ä1", 4), "00ä1"},
		{convert.Strip("000412", "0"), "412"},
		{convert.Strip("0000", "0"), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestSteps(t *testing.T) {
	must := func(step convert.Step, err error) convert.Step {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return step
	}
	codes, err := convert.NewCodeMap([]convert.CodeEntry{{Code: "42", Word: "Answer"}}, convert.CodeMapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		chain convert.Chain
		in    string
		want  string
		state convert.State
	}{
		{"NoStepsChangeNothing", nil, "a", "a", convert.Present},
		{"NothingStaysNothing", convert.Chain{must(convert.PadStep(5))}, "", "", convert.Empty},
		{"StepsRunInOrder", convert.Chain{must(convert.SplitStep("-", 2)), must(convert.StripStep("0")), convert.MapStep(codes)}, "X-0042", "Answer", convert.Present},
		{"TheFirstBadStateEndsIt", convert.Chain{convert.MapStep(codes), must(convert.PadStep(9))}, "7", "", convert.Unmapped},
		{"AMissingPartIsEmpty", convert.Chain{must(convert.LineStep(3)), must(convert.CaseStep("upper"))}, "a\nb", "", convert.Empty},
		{"MatchTakesTheFirstGroup", convert.Chain{must(convert.MatchStep(`PO:\s*(\w+)`))}, "see PO: A17 please", "A17", convert.Present},
		{"MatchWithoutGroupsTakesAll", convert.Chain{must(convert.MatchStep(`\d+`))}, "unit 17", "17", convert.Present},
		{"AGroupThatTookNoPartIsEmpty", convert.Chain{must(convert.MatchStep(`a|(b)`))}, "a", "", convert.Empty},
		{"NoMatchIsEmpty", convert.Chain{must(convert.MatchStep(`\d+`))}, "none", "", convert.Empty},
		{"ReplacedTextIsNotReplacedAgain", convert.Chain{must(convert.ReplaceStep([2]string{"a", "b"}, [2]string{"b", "c"}))}, "ab", "bc", convert.Present},
		{"ReplacingEverythingIsEmpty", convert.Chain{must(convert.ReplaceStep([2]string{"none", ""}))}, "none", "", convert.Empty},
		{"PlainTakesMarkupOff", convert.Chain{convert.PlainStep(), must(convert.CaseStep("lower"))}, "<p>YARD</p>", "yard", convert.Present},
		{"TitleCase", convert.Chain{must(convert.CaseStep("title"))}, "MAIN YARD", "Main Yard", convert.Present},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, state := c.chain.Apply(c.in); got != c.want || state != c.state {
				t.Errorf("Apply(%q) = %q, %v, want %q, %v", c.in, got, state, c.want, c.state)
			}
		})
	}
}

func TestStepsRefuseWhatMeansNothing(t *testing.T) {
	for name, build := range map[string]func() (convert.Step, error){
		"an empty separator":      func() (convert.Step, error) { return convert.SplitStep("", 1) },
		"part zero":               func() (convert.Step, error) { return convert.SplitStep(",", 0) },
		"line zero":               func() (convert.Step, error) { return convert.LineStep(0) },
		"a broken expression":     func() (convert.Step, error) { return convert.MatchStep("(") },
		"stripping nothing":       func() (convert.Step, error) { return convert.StripStep("") },
		"padding to nothing":      func() (convert.Step, error) { return convert.PadStep(0) },
		"padding to a million":    func() (convert.Step, error) { return convert.PadStep(1_000_000) },
		"an unknown letter case":  func() (convert.Step, error) { return convert.CaseStep("camel") },
		"replacing an empty text": func() (convert.Step, error) { return convert.ReplaceStep([2]string{"", "x"}) },
	} {
		if step, err := build(); err == nil || step != nil {
			t.Errorf("%s is taken", name)
		}
	}
}
