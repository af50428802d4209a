package plan_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

func TestQuotedNames(t *testing.T) {
	for _, bad := range []string{"", "a\x00b", strings.Repeat("é", 65)} {
		if got, err := plan.QuoteName(bad); err == nil {
			t.Errorf("%q: got %s, want it refused", bad, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringN(1, 64, -1).Draw(t, "name")
		got, err := plan.QuoteName(name)
		if strings.ContainsRune(name, 0) || utf8.RuneCountInString(name) > 64 {
			if err == nil {
				t.Fatalf("%q: not refused", name)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		inner := got[1 : len(got)-1]
		if got[0] != '`' || got[len(got)-1] != '`' || strings.ReplaceAll(inner, "``", "") != strings.ReplaceAll(name, "`", "") {
			t.Fatalf("%q became %s", name, got)
		}
		if strings.Contains(strings.ReplaceAll(inner, "``", ""), "`") {
			t.Fatalf("%q: %s ends early", name, got)
		}
	})
}

func TestListsComeInFewLengths(t *testing.T) {
	lengths := map[int]bool{}
	for n := 1; n <= 1024; n++ {
		got := plan.Padded(n)
		if got < n || got > 1024 {
			t.Fatalf("%d values: got a list of %d", n, got)
		}
		lengths[got] = true
	}
	if len(lengths) > 28 {
		t.Errorf("got %d lengths, want at most 28", len(lengths))
	}
	for _, usual := range []int{5, 10, 20, 25, 50, 100, 200} {
		if got := plan.Padded(usual); got != usual {
			t.Errorf("a page of %d is filled up to %d", usual, got)
		}
	}
}

func TestCollations(t *testing.T) {
	for _, c := range []struct {
		how  plan.Collation
		a, b string
		same bool
	}{
		{plan.Exact, "a", "A", false},
		{plan.Exact, "a", "a", true},
		{plan.CaseOff, "É1", "é1", true},
		{plan.CaseOff, "é", "e", false},
		{plan.MarkOff, "Élan", "elan", true},
		{plan.MarkOff, "o", "ö", true},
		{plan.MarkOff, "o", "0", false},
	} {
		if got := c.how.Fold(c.a) == c.how.Fold(c.b); got != c.same {
			t.Errorf("%q and %q under %d: got %t", c.a, c.b, c.how, got)
		}
	}
}
