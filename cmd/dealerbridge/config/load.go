package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Overrides are what the command line says over the file; empty: nothing.
type Overrides struct {
	Listen    string
	State     string // a folder
	LogFormat string
}

// Load reads a file and checks it whole: the error, if any, is mapfile.Faults
// with everything that is wrong, in the file's order. env is os.LookupEnv.
func Load(path string, env func(string) (string, bool), over Overrides) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(path, src, env, over)
}

// LoadState reads only where the state is and which dealers there are, for
// commands beside a running gateway: faults elsewhere in the file, such as a
// password that is not in this shell's environment, are none of theirs.
func LoadState(path string, env func(string) (string, bool)) (State, []string, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return State{}, nil, fmt.Errorf("reading the configuration: %w", err)
	}
	s := &source{file: path, env: env}
	n := s.read(src)
	if n == nil {
		return State{}, nil, s.faults.Err()
	}
	s.faults = slices.DeleteFunc(s.faults, func(f mapfile.Fault) bool {
		return f.Path != "state" && !strings.HasPrefix(f.Path, "state.")
	})
	if n.kind != object {
		s.fault(n.pos, "", "a map of keys is expected here, not %s", n.kind)
		return State{}, nil, s.faults.Err()
	}
	top := &section{source: s, node: n, dir: filepath.Dir(path)}
	state := top.state()
	if err := s.faults.Err(); err != nil {
		return State{}, nil, err
	}
	var codes []string
	for _, d := range top.sections("dealers") {
		if code := d.text("code", false, ""); code != "" {
			codes = append(codes, code)
		}
	}
	return state, codes, nil
}

// Parse is Load on bytes.
func Parse(path string, src []byte, env func(string) (string, bool), over Overrides) (Config, error) {
	s := &source{file: path, env: env}
	n := s.read(src)
	if n == nil {
		return Config{}, s.faults.Err()
	}
	if n.kind != object {
		s.fault(n.pos, "", "a map of keys is expected here, not %s", n.kind)
		return Config{}, s.faults.Err()
	}
	top := &section{source: s, node: n, dir: filepath.Dir(path)}
	c := top.config(over)
	top.done()
	return c, s.faults.Err()
}

func (s *section) config(over Overrides) Config {
	c := Default()
	c.Listen = s.listen(over.Listen)
	if n, ok := s.scalar("publicURL", false); ok {
		c.PublicURL = strings.TrimRight(n.text, "/")
		if wrong := publicAddress(c.PublicURL); wrong != "" {
			s.fault(n, "publicURL", "%s", wrong)
		}
	}
	c.TLS = s.tls()
	c.BehindProxy = s.flag("behindProxy")
	for _, n := range s.texts("trustedProxies") {
		prefix, err := parsePrefix(n.text)
		if err != nil {
			s.fault(n, "trustedProxies", "write an address or a network, such as 10.0.0.0/8%s", n.shown())
			continue
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	switch open := !Loopback(c.Listen); {
	case c.TLS != nil && c.BehindProxy:
		s.fault(s.get("behindProxy"), "behindProxy", "give tls or behindProxy, not both")
	case open && c.TLS == nil && !c.BehindProxy && !s.has("tls"):
		// R113: callers are served over TLS only.
		s.fault(s.get("listen"), "listen", "this address can be reached from other machines, so give tls (certificate and key), or behindProxy: true where a proxy in front does TLS")
	}
	c.State = s.state()
	if over.State != "" {
		c.State = State{Path: over.State}
	}
	c.RequestTimeout = s.duration("requestTimeout", DefaultRequestTimeout, time.Second, 10*time.Minute)
	c.StopDelay = s.duration("stopDelay", 0, 0, 10*time.Minute)
	c.StopTimeout = s.duration("stopTimeout", DefaultStopTimeout, time.Second, time.Hour)
	if p := s.section("pageSize"); p != nil {
		c.PageSize.Most = p.number("most", DefaultMostItems, 1, 10000)
		c.PageSize.Default = p.number("default", min(DefaultPageSize, c.PageSize.Most), 1, 10000)
		if c.PageSize.Default > c.PageSize.Most {
			p.fault(p.get("default"), "default", "is above most (%d)", c.PageSize.Most)
		}
		p.done()
	}
	if p := s.section("paths"); p != nil {
		c.Paths.Customer = p.customerPath()
		p.done()
	}
	if w := s.section("sweeps"); w != nil {
		c.Sweeps = Sweeps{
			Idle:   w.duration("idle", DefaultSweepIdle, time.Minute, 24*time.Hour),
			Memory: w.number("memory", DefaultSweepMemory, 1, 1<<20),
			Kept:   w.number("kept", DefaultSweepKept, 1, 1<<20),
		}
		w.done()
	}
	c.Memory = s.number("memory", DefaultMemory, 8, 1<<20)
	c.Log = s.log()
	if over.LogFormat != "" {
		c.Log.Format = over.LogFormat
	}
	if t := s.section("token"); t != nil {
		c.Token.Life = t.duration("life", DefaultTokenLife, time.Minute, 24*time.Hour)
		t.done()
	}
	c.QR = s.qr()
	c.Mail = s.mail()
	c.Keep = s.keep()
	for _, i := range s.sections("issuers") {
		c.Issuers = append(c.Issuers, i.issuer())
	}
	c.Dealers = s.dealers()
	s.issuerDealers(c)
	return c
}

func (s *section) listen(over string) string {
	n, ok := s.scalar("listen", false)
	switch {
	case over != "":
		if wrong := ListenAddress(over); wrong != "" {
			s.faults = append(s.faults, mapfile.Fault{File: "--listen", Message: wrong})
		}
		return over
	case !ok:
		return DefaultListen
	}
	if wrong := ListenAddress(n.text); wrong != "" {
		s.fault(n, "listen", "%s%s", wrong, n.shown())
		return DefaultListen
	}
	return n.text
}

// ListenAddress says what is wrong with a listen address; empty: nothing.
func ListenAddress(text string) string {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "write host:port, such as 127.0.0.1:8080 or :8443"
	}
	return ""
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(text)
}

func (s *section) tls() *TLS {
	t := s.section("tls")
	if t == nil {
		return nil
	}
	defer t.done()
	return &TLS{Certificate: t.filePath("certificate", true, ""), Key: t.filePath("key", true, "")}
}

func (s *section) state() State {
	t := s.section("state")
	if t == nil {
		return State{Path: filepath.Join(s.dir, DefaultState)}
	}
	defer t.done()
	st := State{Path: t.filePath("path", false, ""), DSN: t.secret("dsn", false)}
	switch given := t.has("path"); {
	case given && t.has("dsn"):
		t.fault(nil, "", "give path or dsn, not both")
	case !given && !t.has("dsn"):
		t.fault(nil, "", "give path (a folder) or dsn (a MySQL database, for several replicas)")
	}
	return st
}

func (s *section) log() Log {
	l := Default().Log
	t := s.section("log")
	if t == nil {
		return l
	}
	defer t.done()
	l.Format = t.choice("format", l.Format, "text", "json")
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	l.Level = levels[t.choice("level", "info", "debug", "info", "warn", "error")]
	return l
}

func (s *section) issuer() Issuer {
	defer s.done()
	i := Issuer{
		Issuer: s.text("issuer", true, ""), Audience: s.text("audience", true, ""),
		Keys: s.text("keys", true, ""), Claim: s.text("claim", true, ""),
	}
	if u, err := url.Parse(i.Keys); i.Keys != "" && (err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopbackHost(u.Hostname()))) {
		s.fault(s.get("keys"), "keys", "write the https address of the issuer's key set")
	}
	if d := s.section("dealers"); d != nil {
		i.Dealers = map[string][]string{}
		for _, p := range d.node.pairs {
			for _, n := range d.texts(p.key) {
				i.Dealers[p.key] = append(i.Dealers[p.key], n.text)
			}
		}
	}
	for _, n := range s.texts("scopes") {
		if n.text != "crs.read" && n.text != "crs.message" {
			s.fault(n, "scopes", "the scopes are crs.read and crs.message%s", n.shown())
			continue
		}
		i.Scopes = append(i.Scopes, n.text)
	}
	return i
}

// issuerDealers checks that issuers speak of dealers that are served.
func (s *section) issuerDealers(c Config) {
	var codes []string
	for _, d := range c.Dealers {
		codes = append(codes, d.Code)
	}
	for i, sub := range s.sections("issuers") {
		d := sub.section("dealers")
		if d == nil {
			continue
		}
		for _, p := range d.node.pairs {
			for _, n := range d.texts(p.key) {
				known := false
				for _, code := range codes {
					known = known || code == n.text
				}
				if !known {
					s.faults = append(s.faults, mapfile.Fault{
						File: s.file, Pos: n.pos, Path: fmt.Sprintf("issuers[%d].dealers.%s", i, p.key),
						Message: fmt.Sprintf("no dealer %q stands under dealers", n.text), Suggestion: mapfile.Nearest(n.text, codes),
					})
				}
			}
		}
	}
}

// dealerCode is narrow because codes stand in addresses, metrics and logs.
var dealerCode = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$`)

func (s *section) dealers() []Dealer {
	var out []Dealer
	first := map[string]int{}
	for _, d := range s.sections("dealers") {
		one := d.dealer()
		d.done()
		if n := d.get("code"); n != nil && one.Code != "" {
			if line, again := first[one.Code]; again {
				d.fault(n, "code", "dealer %s stands at line %d already", one.Code, line)
			} else {
				first[one.Code] = n.pos.Line
			}
		}
		out = append(out, one)
	}
	if len(out) == 0 && !s.has("dealers") {
		s.fault(nil, "", "dealers is missing: list at least one, with code, mapping and database")
	} else if n := s.get("dealers"); n != nil && n.kind == list && len(n.items) == 0 {
		s.fault(n, "dealers", "list at least one dealer, with code, mapping and database")
	}
	return out
}

func (s *section) dealer() Dealer {
	d := Dealer{
		Code: s.text("code", true, ""), Mapping: s.filePath("mapping", true, ""),
		Documents: s.filePath("documents", false, ""), Line: s.node.pos.Line,
	}
	if n := s.get("code"); d.Code != "" && !dealerCode.MatchString(d.Code) {
		s.fault(n, "code", "use 1 to 50 letters, digits, dots, dashes or underscores")
	}
	if b := s.section("database"); b != nil {
		d.Database = b.database()
		d.Database.MaxWaiting = b.number("maxWaiting", DefaultWaiting, 1, 10_000)
		b.done()
	} else if !s.has("database") {
		s.fault(nil, "", "database is missing")
	}
	if u := s.section("upstream"); u != nil {
		d.Upstream = u.upstream()
		u.done()
	}
	if c := s.section("changes"); c != nil {
		d.Changes.Every = c.duration("every", DefaultChangesEvery, time.Minute, 24*time.Hour)
		d.Changes.Busy = float64(c.number("busyPercent", DefaultChangesBusy, 1, 100)) / 100
		c.done()
	}
	if b := s.section("crm"); b != nil {
		crm := b.database()
		d.CRM = &crm
		b.done()
	}
	d.Leads, d.Messages, d.People = s.leads(), s.messages(), s.people()
	if d.Leads != nil && d.CRM == nil && !s.has("crm") {
		s.fault(s.get("leads"), "leads", "goes with crm: the database leads are written to")
	}
	return d
}

func (s *section) database() Database {
	d := Database{
		Driver:           s.choice("driver", MySQL, MySQL, SQLite),
		DSN:              s.secret("dsn", false),
		Path:             s.filePath("path", false, ""),
		MaxConnections:   s.number("maxConnections", DefaultConnections, 1, 1000),
		StatementTimeout: s.duration("statementTimeout", DefaultStatement, 100*time.Millisecond, 10*time.Minute),
	}
	switch {
	case d.Driver == MySQL && s.has("path"):
		s.fault(s.get("path"), "path", "goes with driver: sqlite; give dsn")
	case d.Driver == MySQL && !s.has("dsn"):
		s.fault(nil, "", "dsn is missing: user:password@tcp(host:port)/database")
	case d.Driver == SQLite && s.has("dsn"):
		s.fault(s.get("dsn"), "dsn", "goes with driver: mysql; give path")
	case d.Driver == SQLite && !s.has("path"):
		s.fault(nil, "", "path is missing: the SQLite file")
	}
	return d
}

func (s *section) upstream() *Upstream {
	u := &Upstream{}
	kinds := 0
	if b := s.section("basic"); b != nil {
		u.User, u.Password = b.text("user", true, ""), b.secret("password", true)
		b.done()
		kinds++
	}
	if s.has("bearer") {
		kinds++
	}
	u.Bearer = s.secret("bearer", false)
	if h := s.section("header"); h != nil {
		u.Header, u.Value = h.text("name", true, ""), h.secret("value", true)
		h.done()
		kinds++
	}
	if kinds != 1 {
		s.fault(nil, "", "give exactly one of basic (user, password), bearer, header (name, value)")
	}
	return u
}
