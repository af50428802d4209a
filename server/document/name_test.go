package document

import (
	"mime"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDisposition holds the header to what RFC 6266 allows, whatever name a
// dealer's system gives a file.
func FuzzDisposition(f *testing.F) {
	for _, seed := range []string{"", "K1.pdf", "..", `a"b\c/d`, "x\r\ny", "Müller €.pdf", "\xff\xfe", "%41", "a;b=c", "\u202egpj.exe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		header := disposition(name)
		for _, c := range []byte(header) {
			if c < ' ' || c > '~' {
				t.Fatalf("byte %q in %q", c, header)
			}
		}
		kind, params, err := mime.ParseMediaType(header)
		if err != nil || kind != "attachment" {
			t.Fatalf("%q: %s, %v", header, kind, err)
		}
		got := params["filename"]
		if got == "" || len(got) > maxName || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\:\r\n\x00") || strings.HasPrefix(got, ".") {
			t.Errorf("file name %q", got)
		}
	})
}
