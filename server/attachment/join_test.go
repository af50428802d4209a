package attachment_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/attachment"
)

// detached is a body with one file, kept for a dealer.
func detached(t *testing.T, k *memory, inside string) (body string, text []byte) {
	t.Helper()
	body = `{"dealerCode":"D100","contents":"` + inside + `"}`
	text, err := attachment.Detach(t.Context(), k, attachment.Bundle{Dealer: "D100", Message: "m1"}, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return body, text
}

func TestJoin(t *testing.T) {
	long := strings.Repeat("QUJD", 1000)
	t.Run("DetachAndJoinGiveTheSameBytes", func(t *testing.T) {
		k := newMemory()
		body, text := detached(t, k, long)
		back, err := attachment.Join(t.Context(), k, "D100", text)
		if err != nil || len(text) > 200 || k.open != 0 {
			t.Fatalf("%v, %d bytes left, %d spools", err, len(text), k.open)
		}
		if diff := cmp.Diff(body, string(back)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("ItWorksOnBodiesThatWereMadeAnew", func(t *testing.T) {
		k := newMemory()
		_, text := detached(t, k, long)
		var members map[string]any
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		remade, err := json.MarshalIndent(map[string]any{"payload": members, "again": members["contents"]}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		back, err := attachment.Join(t.Context(), k, "D100", remade)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(back), long) != 1 || !strings.Contains(string(back), `"again": "dealerbridge-file:`) {
			t.Errorf("got %.200s", back)
		}
	})
	t.Run("AnotherDealersFilesAreGone", func(t *testing.T) {
		k := newMemory()
		_, text := detached(t, k, long)
		if _, err := attachment.Join(t.Context(), k, "D200", text); !errors.Is(err, attachment.ErrGone) {
			t.Error(err)
		}
	})
	t.Run("ABodyWithoutFilesIsLeftAlone", func(t *testing.T) {
		k := newMemory()
		body, text := detached(t, k, "QUJD")
		if body != string(text) || len(k.bundles) != 0 {
			t.Errorf("%s, %d bundles", text, len(k.bundles))
		}
	})
}

func TestOpen(t *testing.T) {
	want := strings.Repeat("a picture \x00\xff", 300)
	text := base64.StdEncoding.EncodeToString([]byte(want))
	spellings := map[string]string{
		"Plain": text, "Unpadded": strings.TrimRight(text, "="), "BlanksInside": text[:7] + " \\n\\t" + text[7:90] + "\\r\\n" + text[90:],
		"Escapes": strings.ReplaceAll(strings.ReplaceAll(text, "/", `\/`), "A", `\u0041`),
	}
	for name, inside := range spellings {
		t.Run(name, func(t *testing.T) {
			k := newMemory()
			_, body := detached(t, k, inside)
			if got := opens(t, k, body); got != want {
				t.Errorf("%d bytes came, %d went", len(got), len(want))
			}
		})
	}
	t.Run("ShortOnesStandInTheBody", func(t *testing.T) {
		k := newMemory()
		_, body := detached(t, k, `YSBz bW\u0046sbCBvbmU=`)
		if got := opens(t, k, body); got != "a small one" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("WhatIsNoBase64SaysSo", func(t *testing.T) {
		for _, inside := range []string{"<script>", strings.Repeat("é", 3000), strings.Repeat("ab%", 1000)} {
			k := newMemory()
			_, body := detached(t, k, inside)
			var read struct{ Contents string }
			if err := json.Unmarshal(body, &read); err != nil {
				t.Fatal(err)
			}
			f, err := attachment.Open(t.Context(), k, "D100", read.Contents)
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.ReadAll(f)
			var corrupt base64.CorruptInputError
			if !errors.As(err, &corrupt) {
				t.Errorf("%.10s: %v", inside, err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("AnotherDealersFileIsGone", func(t *testing.T) {
		k := newMemory()
		_, body := detached(t, k, text)
		var read struct{ Contents string }
		if err := json.Unmarshal(body, &read); err != nil {
			t.Fatal(err)
		}
		if _, err := attachment.Open(t.Context(), k, "D200", read.Contents); !errors.Is(err, attachment.ErrGone) {
			t.Error(err)
		}
	})
}

func opens(t *testing.T, k *memory, body []byte) string {
	t.Helper()
	var read struct{ Contents string }
	if err := json.Unmarshal(body, &read); err != nil {
		t.Fatal(err)
	}
	f, err := attachment.Open(t.Context(), k, "D100", read.Contents)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	return string(got)
}

func TestParseReference(t *testing.T) {
	good := attachment.Reference{Bundle: "ABC", Offset: 3, Size: 70}
	if got, ok := attachment.ParseReference(good.String()); !ok || got != good {
		t.Errorf("got %+v", got)
	}
	for _, text := range []string{"", "ABC", "dealerbridge-file:", "dealerbridge-file:A/1", "dealerbridge-file:A/-1/2", "dealerbridge-file:A/01/2", "dealerbridge-file:/1/2", "dealerbridge-file:A/1/2/3"} {
		if got, ok := attachment.ParseReference(text); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
