package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// QR is the subscription with which the machines behind QR codes are asked for
// (R13).
type QR struct {
	ClientID     string
	ClientSecret Secret
	Service      string // address; empty: Caterpillar's own
	TokenService string // the same
}

// LoadQR reads only that section, for a command that needs nothing else of the
// file; nil where there is none.
func LoadQR(path string, env func(string) (string, bool)) (*QR, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	s := &source{file: path, env: env}
	n := s.read(src)
	if n == nil {
		return nil, s.faults.Err()
	}
	s.keepFaults("qr")
	if n.kind != object {
		s.fault(n.pos, "", "a map of keys is expected here, not %s", n.kind)
		return nil, s.faults.Err()
	}
	top := &section{source: s, node: n, dir: filepath.Dir(path)}
	q := top.qr()
	return q, s.faults.Err()
}

// keepFaults forgets what is wrong outside one section.
func (s *source) keepFaults(section string) {
	kept := s.faults[:0]
	for _, f := range s.faults {
		if f.Path == section || strings.HasPrefix(f.Path, section+".") {
			kept = append(kept, f)
		}
	}
	s.faults = kept
}

func (s *section) qr() *QR {
	t := s.section("qr")
	if t == nil {
		return nil
	}
	defer t.done()
	return &QR{
		ClientID: t.text("clientId", true, ""), ClientSecret: t.secret("clientSecret", true),
		Service: t.serviceAddress("service"), TokenService: t.serviceAddress("tokenService"),
	}
}

// serviceAddress gives the address of a service outside; credentials travel
// there, so it is https, or on this machine.
func (s *section) serviceAddress(key string) string {
	n, ok := s.scalar(key, false)
	if !ok {
		return ""
	}
	u, err := url.Parse(n.text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopbackHost(u.Hostname())):
		s.fault(n, key, "write the https address of the service")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		s.fault(n, key, "the address may hold no user, no query (?) and no fragment (#)")
	default:
		return n.text
	}
	return ""
}
