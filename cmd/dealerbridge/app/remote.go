package app

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress says who a request comes from. X-Forwarded-For is believed only
// as far as trusted proxies wrote it: from its end, the first address that is
// not one of theirs is the caller's.
func clientAddress(trusted []netip.Prefix) func(*http.Request) string {
	known := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return func(r *http.Request) string {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			return r.RemoteAddr
		}
		at, err := netip.ParseAddr(host)
		if err != nil {
			return host
		}
		at = at.Unmap().WithZone("")
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0 && known(at); i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			at = hop.Unmap().WithZone("")
		}
		return at.String()
	}
}
