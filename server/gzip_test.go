package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTakesGzip(t *testing.T) {
	for value, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "deflate, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false,
		"*": true, "*;q=0": false, "*, gzip;q=0": false, "identity": false, "br, zstd": false, "gzip;q=much": false, "gzipped": false,
	} {
		h := http.Header{}
		if value != "" {
			h.Set("Accept-Encoding", value)
		}
		if got := takesGzip(h); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func TestPack(t *testing.T) {
	for range 3 { // with packers that were used before
		text := strings.Repeat("a page of contracts ", 1000)
		packed, err := pack([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != text {
			t.Errorf("got %d bytes and %v", len(got), err)
		}
		if len(packed) > len(text)/10 {
			t.Errorf("%d bytes were packed into %d", len(text), len(packed))
		}
	}
}
