// Package config owns the gateway's configuration file: what may stand in it,
// what is assumed where it says nothing, and the faults it is answered with.
//
// It opens nothing: no database, no certificate, no mapping folder. It keeps
// secrets out of every text it makes.
package config

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// Config is one checked configuration. Relative paths in the file have become
// paths relative to the file's folder.
type Config struct {
	Listen         string // host:port; port 0 takes a free one
	PublicURL      string // what callers see, without a slash at its end; empty: not known
	TLS            *TLS   // nil: plain HTTP
	BehindProxy    bool   // TLS ends at a proxy in front
	TrustedProxies []netip.Prefix
	State          State
	RequestTimeout time.Duration // bound of one answer
	StopTimeout    time.Duration // how long requests in flight may finish
	StopDelay      time.Duration // how long readiness fails before the address is closed, for load balancers
	PageSize       PageSize
	Paths          Paths
	Sweeps         Sweeps
	Memory         int // MiB the heap may take before garbage is collected
	Log            Log
	Token          Token
	QR             *QR   // nil: no subscription
	Mail           *Mail // nil: nobody is written to
	Keep           Keep
	Issuers        []Issuer
	Dealers        []Dealer
}

// TLS names the files of the certificate and its key, PEM.
type TLS struct {
	Certificate string
	Key         string
}

// State says where the gateway keeps its own state; exactly one is set.
type State struct {
	Path string // a folder, made when absent
	DSN  Secret // MySQL or MariaDB, for several replicas
}

// PageSize bounds `items`.
type PageSize struct {
	Default int
	Most    int
}

// Paths are addresses that are a matter of agreement.
type Paths struct {
	Customer string // of the customer endpoint, which is answered at its usual one too (R170)
}

// Sweeps bounds the key lists that pulls of several pages are cut from.
type Sweeps struct {
	Idle   time.Duration // how long a list outlives its last use
	Memory int           // MiB in the process
	Kept   int           // MiB in the state, packed
}

// Log says how and how much is logged.
type Log struct {
	Format string // "text" or "json"
	Level  slog.Level
}

// Token configures the gateway's own tokens.
type Token struct {
	Life time.Duration
}

// Issuer is a token issuer outside the gateway.
type Issuer struct {
	Issuer   string
	Audience string
	Keys     string // address of the key set
	Claim    string // which dealers a token is for
	Dealers  map[string][]string
	Scopes   []string
}

// Dealer is one dealer served.
type Dealer struct {
	Code      string
	Mapping   string // folder with the mapping files
	Database  Database
	Documents string // folder below which documents lie; empty: none
	Upstream  *Upstream
	Changes   Changes
	CRM       *Database // nil: none
	Leads     *Leads    // nil: no subscription; goes with CRM
	Messages  *Messages // nil: no messages
	People    People
	Line      int // where the dealer stands in the file, 0 when not from a file
}

// Changes says how gently changes are looked for where the mapping has the
// gateway compare snapshots; zero values stand for the usual.
type Changes struct {
	Every time.Duration // from the start of one comparison to that of the next
	Busy  float64       // the share of the time the database is kept busy
}

// The drivers a dealer's database can have.
const (
	MySQL  = "mysql" // MariaDB too
	SQLite = "sqlite"
)

// Database is a dealer's rental database. It is only read.
type Database struct {
	Driver           string // MySQL or SQLite
	DSN              Secret // with MySQL
	Path             string // with SQLite
	MaxConnections   int    // and so statements at a time
	MaxWaiting       int    // requests beyond those before further ones are answered 503; of the rental database alone
	StatementTimeout time.Duration
}

// Upstream are the credentials of the address a dealer's documents are fetched
// from; exactly one kind is set.
type Upstream struct {
	User     string
	Password Secret // with User
	Bearer   Secret
	Header   string
	Value    Secret // with Header
}

// Secret is a text that is never printed.
type Secret struct{ text string }

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{text: text} }

// Reveal gives the text, for the one who needs it.
func (s Secret) Reveal() string { return s.text }

// Empty says whether there is no secret.
func (s Secret) Empty() bool { return s.text == "" }

const hidden = "[hidden]"

// String hides the text.
func (s Secret) String() string { return hidden }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return hidden }

// LogValue hides the text from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text from JSON and its kin.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// What is assumed where the file says nothing.
const (
	DefaultListen         = "127.0.0.1:8080"
	DefaultState          = "state"
	DefaultRequestTimeout = 25 * time.Second
	DefaultStopTimeout    = 30 * time.Second
	DefaultPageSize       = 10 // as the CRS suggests (R123)
	DefaultMostItems      = 100
	DefaultCustomerPath   = "/api/v1/customer"
	DefaultSweepIdle      = 30 * time.Minute
	DefaultSweepMemory    = 4
	DefaultSweepKept      = 256
	DefaultMemory         = 18
	DefaultTokenLife      = time.Hour
	DefaultConnections    = 8
	DefaultWaiting        = 64
	DefaultStatement      = 15 * time.Second
	DefaultChangesEvery   = 30 * time.Minute
	DefaultChangesBusy    = 20 // percent
)

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Listen:         DefaultListen,
		State:          State{Path: DefaultState},
		RequestTimeout: DefaultRequestTimeout,
		StopTimeout:    DefaultStopTimeout,
		PageSize:       PageSize{Default: DefaultPageSize, Most: DefaultMostItems},
		Paths:          Paths{Customer: DefaultCustomerPath},
		Sweeps:         Sweeps{Idle: DefaultSweepIdle, Memory: DefaultSweepMemory, Kept: DefaultSweepKept},
		Memory:         DefaultMemory,
		Log:            Log{Format: "text", Level: slog.LevelInfo},
		Token:          Token{Life: DefaultTokenLife},
		Keep: Keep{
			Answers: DefaultKeepDays, Leads: DefaultKeepDays, Updates: DefaultKeepDays, Messages: DefaultKeepDays, Bodies: DefaultBodyDays,
		},
	}
}

// Loopback says whether a listen address can be reached from this machine only.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && loopbackHost(host)
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// publicAddress checks what callers are told; empty when it is fine.
func publicAddress(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "write the whole address callers use, such as https://rental.example.com"
	case u.User != nil:
		return "the address may hold no user or password"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "the address may hold no query (?) and no fragment (#)"
	case u.Scheme == "http" && !loopbackHost(u.Hostname()):
		return "use https; plain http is for addresses of this machine only"
	}
	return ""
}
