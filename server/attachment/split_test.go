package attachment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/server/attachment"
)

// split cuts a body up, in one piece and byte by byte, which must be the same.
func split(t testing.TB, body string, l attachment.Limits) (attachment.Body, *memory, error) {
	t.Helper()
	k := newMemory()
	got, err := attachment.Split(t.Context(), strings.NewReader(body), l, k.Spool)
	again, errAgain := attachment.Split(t.Context(), iotest.OneByteReader(strings.NewReader(body)), l, k.Spool)
	if (err == nil) != (errAgain == nil) || got.Digest != again.Digest || attachment.Length(got.Text) != attachment.Length(again.Text) {
		t.Fatalf("in pieces it is another body: %v, %v", err, errAgain)
	}
	return got, k, err
}

// whole puts a body together again.
func whole(t testing.TB, b attachment.Body) string {
	t.Helper()
	var out bytes.Buffer
	err := attachment.Write(&out, b.Text, func(string) (io.ReaderAt, error) { return b.Files, nil })
	if err != nil {
		t.Fatal(err)
	}
	if int64(out.Len()) != attachment.Length(b.Text) {
		t.Fatalf("%d bytes, and Length says %d", out.Len(), attachment.Length(b.Text))
	}
	return out.String()
}

func TestSplit(t *testing.T) {
	long := strings.Repeat("QUJD\\/w==", 400)
	t.Run("LongContentsAreCutOutAndComeBack", func(t *testing.T) {
		body := ` {"images":[{"filename":"a.jpg", "contents" : "` + long + `"},{"contents":"QQ=="},{"contents":"` + long + `x"}]} `
		got, _, err := split(t, body, attachment.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Text) > 300 || got.Files.Size() != int64(2*len(long)+1) || !strings.Contains(string(got.Text), `"QQ=="`) {
			t.Errorf("%d bytes aside, the rest is %s", got.Files.Size(), got.Text)
		}
		if diff := cmp.Diff(body, whole(t, got)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("NothingElseIsCutOut", func(t *testing.T) {
		for _, body := range []string{
			`{"text":"` + long + `"}`, `["contents","` + long + `"]`, `{"contents":["` + long + `"]}`, `{"contents":{"a":"` + long + `"}}`,
			`{"contents":1,"b":"` + long + `"}`, `{"Contents":"` + long + `"}`, `{"contents":null,"a":["` + long + `"]}`,
			`{"a":"contents","b":"` + long + `"}`, `{}`, ``, `"x"`, `]`, `}{`,
		} {
			got, _, err := split(t, body, attachment.Limits{})
			if err != nil || string(got.Text) != body || got.Files != nil || got.Bundle != "" {
				t.Errorf("%.40s: %v, %.60s", body, err, got.Text)
			}
		}
	})
	t.Run("NobodyCanWriteAReference", func(t *testing.T) {
		theirs := attachment.Reference{Bundle: "SOMEBODYELSES", Size: 5}.String()
		for _, forged := range []string{theirs, strings.Replace(theirs, "-", `\u002d`, 1), "dealerbridge-file:"} {
			body := `{"contents":"` + forged + `","text":"` + forged + `"}`
			got, _, err := split(t, body, attachment.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var read struct{ Contents string }
			if err := json.Unmarshal(got.Text, &read); err != nil {
				t.Fatal(err)
			}
			ref, ok := attachment.ParseReference(read.Contents)
			if !ok || ref.Bundle != got.Bundle {
				t.Errorf("%s is taken for a reference: %s", forged, got.Text)
			}
			if whole(t, got) != body {
				t.Errorf("%s came back as %s", forged, whole(t, got))
			}
		}
	})
	t.Run("BrokenTextsAreRefusedWithTheirPlace", func(t *testing.T) {
		for body, want := range map[string]string{
			`{"contents":"` + long + "\xff" + `"}`:         "not UTF-8 at byte",
			`{"contents":"` + long + "\n" + `"}`:           "a control character in a text at byte",
			`{"contents":"` + long + `\x"}`:                "a broken escape at byte",
			`{"contents":"` + long + `\u12"}`:              "a broken escape at byte",
			`{"contents":"` + long:                         "it ends within a text at byte",
			`{"contents":"` + long + "\xc3" + `"}`:         "not UTF-8 at byte",
			`{"contents":"` + long + "\xed\xa0\x80" + `"}`: "not UTF-8 at byte",
			`{"a":"\ud83d`:                                 "it ends within a text at byte 13",
			"{\"a\":\"b\tc\"}":                             "a control character in a text at byte 8",
		} {
			_, k, err := split(t, body, attachment.Limits{})
			if !errors.Is(err, attachment.ErrText) || !strings.Contains(err.Error(), want) {
				t.Errorf("%.20s…: %v, want %s", body, err, want)
			}
			if k.open != 0 {
				t.Error("its files were left lying about")
			}
		}
	})
	t.Run("WhatIsHeldIsBounded", func(t *testing.T) {
		for name, body := range map[string]string{
			"text": `{"a":"` + strings.Repeat("x", 5000) + `"}`, "blanks": strings.Repeat(" ", 5000) + `{}`,
			"files": `[` + strings.Repeat(`{"contents":"0123456789"},`, 20) + `0]`,
		} {
			_, k, err := split(t, body, attachment.Limits{Text: 4000, Files: 19, Short: 8})
			if !errors.Is(err, attachment.ErrTooLong) || k.open != 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("AReaderThatFailsIsTold", func(t *testing.T) {
		broke := errors.New("the line broke")
		r := io.MultiReader(strings.NewReader(`{"contents":"`+long), iotest.ErrReader(broke))
		k := newMemory()
		if _, err := attachment.Split(t.Context(), r, attachment.Limits{}, k.Spool); !errors.Is(err, broke) || k.open != 0 {
			t.Errorf("%v, %d spools", err, k.open)
		}
	})
	t.Run("NoRoomForFilesIsTold", func(t *testing.T) {
		full := errors.New("full")
		_, err := attachment.Split(t.Context(), strings.NewReader(`{"contents":"`+long+`"}`), attachment.Limits{},
			func(context.Context) (attachment.Spool, error) { return nil, full })
		if !errors.Is(err, full) {
			t.Error(err)
		}
	})
	t.Run("BlanksDoNotMakeAnotherBody", func(t *testing.T) {
		one, _, err := split(t, `{"a":[1,2],"contents":"`+long+`"}`, attachment.Limits{})
		two, _, err2 := split(t, "{ \"a\" : [ 1,\t2 ]\n, \"contents\":\r\n\""+long+"\" }\n", attachment.Limits{})
		other, _, err3 := split(t, `{"a":[1,2],"contents":"`+long+` "}`, attachment.Limits{})
		if err := errors.Join(err, err2, err3); err != nil {
			t.Fatal(err)
		}
		if one.Digest != two.Digest || one.Digest == other.Digest {
			t.Error("the digests do not tell bodies apart as they should")
		}
	})
}

// What is left of a body is JSON exactly if the body is, and then it comes back
// byte for byte. Only what is no JSON is refused.
func roundTrip(t testing.TB, body string) {
	t.Helper()
	limits := attachment.Limits{Text: 1 << 20, Files: 1 << 20, Short: 4}
	got, _, err := split(t, body, limits)
	good := json.Valid([]byte(body)) && utf8.ValidString(body)
	if err != nil {
		if good {
			t.Fatalf("%q is refused: %v", body, err)
		}
		return
	}
	if left := json.Valid(got.Text) && utf8.Valid(got.Text); left != good {
		t.Fatalf("%q is JSON: %v; what is left of it, %q: %v", body, good, got.Text, left)
	}
	if !good {
		return
	}
	if back := whole(t, got); back != body {
		t.Fatalf("%q came back as %q", body, back)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{
			`{`, `}`, `[`, `]`, `,`, `:`, `"contents"`, `"a"`, `"contents":"`, `"`, `\"`, `\\`, `\u00e9`, `\u`, "é", "\xc3", "€", "\n", " ", "1", "true",
			`dealerbridge-file:A/0/1`, `abcdefgh`, `"contents":"abcdefgh"`, `{"contents":"abc\/defgh"}`, `{"contents":"dealerbridge-file:A/0/3"}`,
		})).Draw(rt, "parts")
		roundTrip(t, strings.Join(parts, ""))
	})
}

func FuzzSplit(f *testing.F) {
	f.Add(`{"contents":"QUJDREVG","a":"é\u00e9"}`)
	f.Add(`{"images":[{"contents":"dealerbridge-file:A/0/3"}]}`)
	f.Add("{\"contents\" : \"\xc3\"}")
	f.Fuzz(func(t *testing.T, body string) { roundTrip(t, body) })
}
