package server

import (
	"net/http"
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
