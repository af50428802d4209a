package server

import (
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/dealerbridge/dealerbridge/server/pack"
)

// gzipLeast is the smallest answer that is worth packing, in bytes: it fits into
// one packet anyway.
const gzipLeast = 1 << 10

// packers are used again, with all they hold. A packed answer is part of its
// packer, which is given back once the answer was written.
var packers = sync.Pool{New: func() any { return new(pack.Packer) }}

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
