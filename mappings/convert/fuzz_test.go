package convert_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
)

var fuzzSpellings = []string{
	"", "iso", "yyyymmdd", "yymmdd", "cyymmdd", "cyymmdd hhmm", "dd/mm/yyyy", "mm/dd/yyyy hh:mi:ss",
	"yyyyddd", "unix", "unixms", "yyyymmddhhmmss", "dd.mm.yy|iso",
}

func FuzzDate(f *testing.F) {
	for _, raw := range []string{
		"2024-03-15", "2024-03-15T09:30:05.5+05:45", "0000-00-00 00:00:00", "1240315 930", "20240315", "15/3/2024",
		"1710495005.9", "-1", "2024-02-30", "9999-12-31 23:59:59", "99365", "15.03.24", "\x00 2024-03-10 02:30:00\u00a0",
	} {
		for kind := range uint8(3) {
			f.Add(raw, kind*4)
		}
	}
	var dates []*convert.Date
	for _, spelling := range fuzzSpellings {
		for _, keep := range []bool{false, true} {
			dates = append(dates, compileDate(f, convert.DateRule{Spelling: spelling, KeepMidnight: keep}))
		}
	}
	exact := compileDate(f, convert.DateRule{})
	f.Fuzz(func(t *testing.T, raw string, kind uint8) {
		column := convert.ColumnKind(kind % 13)
		for i, d := range dates {
			at, state := d.ReadText(column, raw)
			changed, changedState := d.ChangedSince(at, stored(t, column, raw))
			if changedState != state {
				t.Fatalf("%q by %q reads as %v, as a stamp as %v", raw, fuzzSpellings[i/2], state, changedState)
			}
			if state != convert.Present {
				if !at.IsZero() {
					t.Fatalf("%q is %v and %s", raw, state, at)
				}
				continue
			}
			if at.Location() != time.UTC || at.Nanosecond() != 0 || at.Year() < 1000 || at.Year() > 9999 {
				t.Fatalf("%q by %q is %s", raw, fuzzSpellings[i/2], at)
			}
			if !changed {
				t.Fatalf("%q by %q did not change since its own instant", raw, fuzzSpellings[i/2])
			}
			written := convert.Instant(at)
			if again, _ := exact.ReadText(convert.ColumnText, written); !again.Equal(at) || written != at.Format(time.RFC3339) {
				t.Fatalf("%s is written %s and read %s", at, written, again)
			}
		}
	})
}

func FuzzDateSpelling(f *testing.F) {
	for _, spelling := range fuzzSpellings {
		f.Add(spelling, "1240315 930", uint8(1))
	}
	f.Add("yyyy mm dd", "2024", uint8(3))
	z := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, spelling, raw string, columns uint8) {
		d, err := convert.CompileDate(convert.DateRule{Spelling: spelling, Columns: int(columns % 5), Zone: z})
		if err != nil {
			return
		}
		cells := make([]*convert.Cell, max(int(columns%5), 1))
		for i := range cells {
			cells[i] = stored(t, convert.ColumnText, raw)
		}
		if at, state := d.Read(cells...); state == convert.Present {
			if bounds, ok := d.Bounds(at, convert.ColumnText); ok && len(bounds) != len(cells) {
				t.Fatalf("%d bounds for %d columns", len(bounds), len(cells))
			}
		}
	})
}

var canonicalDecimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]+$`)

func digitsOf(s string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s), "0")
}

func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"5000.00", "-0.0", "(1,234.50)", "1.234,50 €", "USD 12", "12-", "100,-", "1'234.5", "12,34,567", "1e3", "−5", "$.5"} {
		for decimal := range byte(3) {
			f.Add(text, decimal, uint8(0))
		}
		f.Add(text, byte(0), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, decimal byte, minor uint8) {
		rule := convert.MoneyRule{Decimal: [...]byte{0, '.', ','}[decimal%3], Minor: int(minor % 5)}
		got, state := convert.Decimal(text, rule)
		if state != convert.Present {
			if got != "" {
				t.Fatalf("%q is %v and %q", text, state, got)
			}
			return
		}
		if !canonicalDecimal.MatchString(got) || strings.HasPrefix(got, "-") && convert.IsZero(got) {
			t.Fatalf("%q is %q, which is not canonical", text, got)
		}
		if again, _ := convert.Decimal(got, convert.MoneyRule{Decimal: '.'}); again != got {
			t.Fatalf("%q is %q, and that is %q", text, got, again)
		}
		// No digit is lost, added or moved: amounts are never guessed.
		if in, out := digitsOf(text), digitsOf(got); out != in && out != in+"0" {
			t.Fatalf("%q is %q", text, got)
		}
		rounded := convert.Round(got, 2)
		if !canonicalDecimal.MatchString(rounded) || len(rounded)-strings.IndexByte(rounded, '.') > 3 {
			t.Fatalf("%q rounded is %q", got, rounded)
		}
		if shown := convert.Display(got, 2); !strings.HasPrefix(shown, rounded) || len(shown)-strings.IndexByte(shown, '.') != 3 {
			t.Fatalf("%q shown is %q", got, shown)
		}
	})
}

func FuzzInteger(f *testing.F) {
	for _, text := range []string{"5", "5.00", " -1 ", "+7", "9223372036854775808", "yes", "N", "0.0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, state := convert.Integer(text)
		if state == convert.Present {
			d, decimalState := convert.Decimal(text, convert.MoneyRule{Decimal: '.'})
			if decimalState == convert.Present && !strings.HasPrefix(d, strings.TrimPrefix(convert.Display(d, 0), "+")) {
				t.Fatalf("%q is %d and %s", text, n, d)
			}
			if yes, boolState := convert.Bool(text); boolState != convert.Present || yes != (n != 0) {
				t.Fatalf("%q is %d and %v, %v", text, n, yes, boolState)
			}
		} else if n != 0 {
			t.Fatalf("%q is %v and %d", text, state, n)
		}
		if yes, boolState := convert.Bool(text); yes && boolState != convert.Present {
			t.Fatalf("%q is true and %v", text, boolState)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, text := range []string{"", "Boom lift  60 ft", "<p>A &amp; B</p>", "a\r\nb\x00\xff", "o'BRIEN", "\u00a0x\u200b", "<script>x", "<b"} {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		cleaned := convert.Clean(text)
		if !utf8.ValidString(cleaned) || convert.Clean(cleaned) != cleaned {
			t.Fatalf("%q cleaned is %q", text, cleaned)
		}
		plain := convert.Plain(cleaned)
		if !utf8.ValidString(plain) || convert.CollapseBlanks(plain) != plain {
			t.Fatalf("%q without markup is %q", cleaned, plain)
		}
		if !strings.ContainsAny(cleaned, "<&") && plain != convert.CollapseBlanks(cleaned) {
			t.Fatalf("%q has no markup, but becomes %q", cleaned, plain)
		}
		if title := convert.TitleCase(cleaned); !utf8.ValidString(title) || convert.Length(title) != convert.Length(cleaned) {
			t.Fatalf("%q in title case is %q", cleaned, title)
		}
		if cut, was := convert.CutTo(cleaned, max(n, 0)); convert.Length(cut) > max(n, 0) || !was && cut != cleaned {
			t.Fatalf("%q cut to %d is %q, %v", cleaned, n, cut, was)
		}
		if line := convert.Line(cleaned, n); !strings.Contains(cleaned, line) || strings.Contains(line, "\n") {
			t.Fatalf("line %d of %q is %q", n, cleaned, line)
		}
		key, state := convert.HashRule{}.Of(cleaned)
		again, _ := convert.HashRule{}.Of(" " + convert.CollapseBlanks(cleaned) + " ")
		if key != again || (state == convert.Present) != (cleaned != "") {
			t.Fatalf("%q hashes to %q and %q", cleaned, key, again)
		}
	})
}

func FuzzReverse(f *testing.F) {
	for _, number := range []string{"", "0000412", "01-412", "A-B-C", "CU-12 ", "412abc", "---", "\xff"} {
		f.Add(number)
	}
	numbers := []*convert.Reversible{
		reversible(f, convert.NumberPart{Column: true, Kind: convert.ColumnInteger, Pad: 7}),
		reversible(f, convert.NumberPart{Column: true, Kind: convert.ColumnText, Strip: "0", Pad: 4, Width: 10}),
		reversible(f, convert.NumberPart{Column: true, Pad: 2}, convert.NumberPart{Fixed: "-"}, convert.NumberPart{Column: true}),
		reversible(f, convert.NumberPart{Column: true}, convert.NumberPart{Column: true, Kind: convert.ColumnInteger}),
	}
	f.Fuzz(func(t *testing.T, number string) {
		for _, r := range numbers {
			for _, raw := range r.Reverse(number) {
				if got, state := r.Forward(raw...); got != number || state != convert.Present {
					t.Fatalf("%q for %q makes %q, %v", raw, number, got, state)
				}
			}
		}
	})
}

func FuzzReadCodes(f *testing.F) {
	f.Add([]byte("code,word\nA,B\n"))
	f.Add([]byte("\ufeff\"a\"\"\",b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := convert.ReadCodes(text)
		if err != nil {
			return
		}
		m, err := convert.NewCodeMap(entries, convert.CodeMapOptions{})
		if err != nil {
			return
		}
		for _, entry := range entries {
			if word, state := m.Lookup(entry.Code); word != entry.Word || state.Bad() {
				t.Fatalf("%q is %q, %v, want %q", entry.Code, word, state, entry.Word)
			}
		}
	})
}
