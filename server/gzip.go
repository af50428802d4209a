package server

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// gzipLeast is the smallest answer that is worth packing, in bytes: it fits into
// one packet anyway.
const gzipLeast = 1 << 10

// packers are used again: each takes hundreds of kilobytes to make. Speed counts
// more than the last percent, and this one takes a fraction of what the standard
// library's takes at the same size.
var packers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil { // the level is a constant
		panic(err)
	}
	return w
}}

// pack packs a whole answer.
func pack(p []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(p) / 6)
	w, _ := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(p); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// takesGzip says whether a caller takes gzip, by the values of Accept-Encoding
// (RFC 9110, section 12.5.3). A weight of 0 is a refusal.
func takesGzip(h http.Header) bool {
	others := false // what a "*" says
	for _, value := range h.Values("Accept-Encoding") {
		for one := range strings.SplitSeq(value, ",") {
			coding, parameters, _ := strings.Cut(one, ";")
			weight := 1.0
			if q, ok := strings.CutPrefix(strings.TrimSpace(strings.ToLower(parameters)), "q="); ok {
				w, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
				if err != nil {
					continue
				}
				weight = w
			}
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				return weight > 0
			case "*":
				others = weight > 0
			}
		}
	}
	return others
}
