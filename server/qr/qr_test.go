package qr_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/server/qr"
)

func TestID(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"AnAddressInCapitals":         {"HTTPS://QR.CAT.COM/7QF2K9LD0M", "7QF2K9LD0M"}, // R2
		"AnAddressInSmallLetters":     {"https://qr.cat.com/7QF2K9LD0M", "7QF2K9LD0M"},
		"TheIDStaysAsItIsSpelt":       {"HTTPS://QR.CAT.COM/7qf2K9ld0m", "7qf2K9ld0m"}, // R2
		"OnlyTheLastPartCounts":       {"https://qr.cat.com/a/b/7QF2", "7QF2"},         // R1
		"ASlashAtTheEndIsCutOff":      {"https://qr.cat.com/7QF2/", "7QF2"},            // R1
		"SeveralSlashesAreCutOff":     {"https://qr.cat.com/7QF2//", "7QF2"},
		"AQueryIsCutOff":              {"https://qr.cat.com/7QF2?src=label&x=/9", "7QF2"}, // R1
		"AFragmentIsCutOff":           {"https://qr.cat.com/7QF2#top/9", "7QF2"},          // R1
		"AllOfThemAreCutOff":          {"https://qr.cat.com/7QF2/?a=1#b", "7QF2"},
		"BlanksAroundItAreCutOff":     {"  https://qr.cat.com/7QF2\n", "7QF2"},
		"PlainHTTPIsTaken":            {"http://qr.cat.com/7QF2", "7QF2"},
		"TheUsualPortIsTaken":         {"https://qr.cat.com:443/7QF2", "7QF2"},
		"AnAddressWithoutAScheme":     {"QR.CAT.COM/7QF2", "7QF2"},
		"AnEncodedIDIsDecoded":        {"https://qr.cat.com/7Q%2BF2", "7Q+F2"},
		"AnIDAlone":                   {"7QF2K9LD0M", "7QF2K9LD0M"},
		"AnIDAloneWithBlanksAroundIt": {" 7qf2-K_9 ", "7qf2-K_9"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := qr.ID(c.text)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"AnotherHostIsForeign":            {"https://example.com/7QF2", qr.ErrForeign},
		"AHostThatBeginsLikeItIsForeign":  {"https://qr.cat.com.example.com/7QF2", qr.ErrForeign},
		"AHostThatEndsLikeItIsForeign":    {"https://evilqr.cat.com/7QF2", qr.ErrForeign},
		"AUserInFrontIsForeign":           {"https://qr.cat.com@example.com/7QF2", qr.ErrForeign},
		"AUserAtTheRightHostIsForeignToo": {"https://u:p@qr.cat.com/7QF2", qr.ErrForeign},
		"AnotherPortIsForeign":            {"https://qr.cat.com:8443/7QF2", qr.ErrForeign},
		"AnotherSchemeIsForeign":          {"ftp://qr.cat.com/7QF2", qr.ErrForeign},
		"AnotherKindOfCodeIsForeign":      {"WIFI:S:shop;P:secret;;", qr.ErrForeign},
		"AnAddressWithoutAnIDHasNone":     {"https://qr.cat.com/", qr.ErrNoID},
		"AnAddressWithoutAPathHasNone":    {"https://qr.cat.com", qr.ErrNoID},
		"DotsAreNoID":                     {"https://qr.cat.com/..", qr.ErrNoID},
		"ASlashInsideIsNoID":              {"https://qr.cat.com/a%2Fb", qr.ErrNoID},
		"ABlankInsideIsNoID":              {"https://qr.cat.com/a%20b", qr.ErrNoID},
		"AZeroByteIsNoID":                 {"https://qr.cat.com/a%00b", qr.ErrNoID},
		"BrokenCodingIsNoID":              {"https://qr.cat.com/%FF", qr.ErrNoID},
		"AnIDOfEndlessLengthIsNone":       {"https://qr.cat.com/" + strings.Repeat("A", 201), qr.ErrNoID},
		"NothingIsNoID":                   {"  ", qr.ErrNoID},
		"SeveralWordsAreNoID":             {"two words", qr.ErrNoID},
		"ADotIsNoID":                      {".", qr.ErrNoID},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := qr.ID(c.text); !errors.Is(err, c.want) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	t.Run("AForeignAddressIsNamedByItsHostAlone", func(t *testing.T) {
		_, err := qr.ID("https://user:hush@example.com/private?x=hush")
		if err == nil || !strings.Contains(err.Error(), `"example.com"`) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "private") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("OfACodeOnlyAnAddressIsTaken", func(t *testing.T) {
		if got, err := qr.FromAddress("7QF2"); !errors.Is(err, qr.ErrNoID) {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func FuzzID(f *testing.F) {
	for _, seed := range []string{"HTTPS://QR.CAT.COM/7QF2", "7QF2", "qr.cat.com/%2e%2e", "https://qr.cat.com//?#", "::", "//qr.cat.com/a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := qr.ID(text)
		if err != nil {
			if id != "" || !errors.Is(err, qr.ErrForeign) && !errors.Is(err, qr.ErrNoID) {
				t.Fatalf("%q, %v", id, err)
			}
			return
		}
		if strings.ContainsAny(id, "/ \t\n\x00") || strings.Trim(id, ".") == "" {
			t.Fatalf("%q became %q", text, id)
		}
	})
}
