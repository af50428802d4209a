package config

import (
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// Mail is the mail server through which the gateway tells people what needs
// them.
type Mail struct {
	Host     string
	Port     int
	Security string // "starttls", "tls" or "none"
	User     string // empty: no login
	Password Secret
	From     string
	Every    time.Duration // at most one mail of a kind to the same people in this time
}

// People are whom a dealer's mails go to.
type People struct {
	To     []string
	Routes []Route
}

// Route sends what concerns some request types or locations to some people.
type Route struct {
	Requests  []string
	Locations []string
	To        []string
}

// Leads is a dealer's subscription to Caterpillar's leads (R15 to R23).
type Leads struct {
	Environment  string // "production" or "qa"
	Version      string // of the lead API
	ClientID     string
	ClientSecret Secret
	Service      string        // address up to the version; empty: that of the environment
	TokenService string        // the same
	Pull         time.Duration // between rounds of fetching (R37)
	Push         time.Duration // between looks at the CRM
	Margin       time.Duration // how far a look reaches back behind the last
	Nightly      time.Duration // after midnight UTC, when all leads are compared without stamps
	WindowDays   int           // how old a lead can be that is still outstanding
	SendExisting bool          // what stands in the CRM at first is reported, too
	Batch        int           // updates in one call (R60)
}

// Messages is how a dealer exchanges messages with the Cat Rental Store (R181).
type Messages struct {
	Service      string // address messages are posted to; empty: nothing is sent
	TokenService string
	ClientID     string
	ClientSecret Secret
	Scope        string
	Webhook      *Webhook // hands inbound messages to the dealer's web service
	Handover     *Database
	MaxBody      int // MiB of one message
}

// Webhook is a dealer's web service.
type Webhook struct {
	URL     string
	Secrets []Secret // the first signs; the others, too, while they are exchanged
}

// Keep says for how many days things are kept once nothing happens to them any
// more.
type Keep struct {
	Answers  int // what Caterpillar answered to calls for leads, as it came
	Leads    int // the versions of leads; their ids and keys in the CRM stay
	Updates  int // updates of leads that arrived
	Messages int // requests, conversations and their files; ids by which repeats are known
	Bodies   int // delivered messages as they were sent
}

func (s *section) keep() Keep {
	k := Default().Keep
	t := s.section("keep")
	if t == nil {
		return k
	}
	defer t.done()
	for _, one := range []struct {
		key  string
		days *int
	}{{"answers", &k.Answers}, {"leads", &k.Leads}, {"updates", &k.Updates}, {"messages", &k.Messages}, {"bodies", &k.Bodies}} {
		*one.days = t.number(one.key, *one.days, 1, 4000)
	}
	return k
}

// What is assumed where the file says nothing.
const (
	DefaultMailEvery  = 15 * time.Minute
	DefaultLeadPull   = 15 * time.Minute // R37
	DefaultLeadPush   = time.Minute
	DefaultLeadMargin = 10 * time.Minute
	DefaultNightly    = 2 * time.Hour
	DefaultLeadBatch  = 1
	DefaultWindowDays = 400
	DefaultKeepDays   = 400
	DefaultBodyDays   = 90
	DefaultMaxBody    = 25
)

func (s *section) mail() *Mail {
	t := s.section("mail")
	if t == nil {
		return nil
	}
	defer t.done()
	m := &Mail{
		Host: t.text("host", true, ""), Security: t.choice("security", "starttls", "starttls", "tls", "none"),
		User: t.text("user", false, ""), Password: t.secret("password", false), From: t.text("from", true, ""),
		Every: t.duration("every", DefaultMailEvery, time.Minute, 24*time.Hour),
	}
	usual := map[string]int{"starttls": 587, "tls": 465, "none": 25}
	m.Port = t.number("port", usual[m.Security], 1, 65535)
	if n := t.get("from"); n != nil && m.From != "" {
		if _, err := mail.ParseAddress(m.From); err != nil {
			t.fault(n, "from", "write an address, such as Dealerbridge <gateway@example.com>")
		}
	}
	if m.User != "" && !t.has("password") {
		t.fault(t.get("user"), "user", "goes with password")
	}
	if m.Security == "none" && m.Host != "" && !loopbackHost(m.Host) {
		t.fault(t.get("security"), "security", "without encryption the mail server has to be on this machine")
	}
	return m
}

func (s *section) addresses(key string) []string {
	var out []string
	for _, n := range s.texts(key) {
		if _, err := mail.ParseAddress(n.text); err != nil {
			s.fault(n, key, "write an address, such as crm@example.com%s", n.shown())
			continue
		}
		out = append(out, n.text)
	}
	return out
}

func (s *section) people() People {
	t := s.section("mail")
	if t == nil {
		return People{}
	}
	defer t.done()
	p := People{To: t.addresses("to")}
	for _, r := range t.sections("routes") {
		one := Route{To: r.addresses("to")}
		for _, n := range r.texts("requests") {
			if !slices.Contains(requestTypes, n.text) {
				r.fault(n, "requests", "the request types are %s%s", strings.Join(requestTypes, ", "), n.shown())
			}
			one.Requests = append(one.Requests, n.text)
		}
		for _, n := range r.texts("locations") {
			one.Locations = append(one.Locations, n.text)
		}
		if len(one.To) == 0 && !r.has("to") {
			r.fault(nil, "", "to is missing: whom such mails go to")
		}
		r.done()
		p.Routes = append(p.Routes, one)
	}
	if len(p.To) == 0 && !t.has("to") {
		t.fault(nil, "", "to is missing: whom mails go to that no route fits")
	}
	return p
}

// requestTypes are the types of requests (R218).
var requestTypes = []string{"purchase_order", "jobsite", "transfer", "extend", "calloff", "service", "quote", "lead"}

func (s *section) leads() *Leads {
	t := s.section("leads")
	if t == nil {
		return nil
	}
	defer t.done()
	return &Leads{
		Environment: t.choice("environment", "production", "production", "qa"), Version: t.choice("version", "v2", "v2"),
		ClientID: t.text("clientId", true, ""), ClientSecret: t.secret("clientSecret", true),
		Service: t.serviceAddress("service"), TokenService: t.serviceAddress("tokenService"),
		Pull:         t.duration("pull", DefaultLeadPull, time.Second, 24*time.Hour),
		Push:         t.duration("push", DefaultLeadPush, time.Second, 24*time.Hour),
		Margin:       t.duration("margin", DefaultLeadMargin, 0, 24*time.Hour),
		Nightly:      t.timeOfDay("nightly", DefaultNightly),
		WindowDays:   t.number("windowDays", DefaultWindowDays, 1, 4000),
		SendExisting: t.flag("sendExisting"),
		Batch:        t.number("batch", DefaultLeadBatch, 1, 100),
	}
}

// timeOfDay gives a time of day as what has passed since midnight.
func (s *section) timeOfDay(key string, otherwise time.Duration) time.Duration {
	n, ok := s.scalar(key, false)
	if !ok {
		return otherwise
	}
	at, err := time.Parse("15:04", n.text)
	if err != nil {
		s.fault(n, key, "write a time of day in UTC, such as '02:00'%s", n.shown())
		return otherwise
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

func (s *section) messages() *Messages {
	t := s.section("messages")
	if t == nil {
		return nil
	}
	defer t.done()
	m := &Messages{
		Service: t.serviceAddress("service"), TokenService: t.serviceAddress("tokenService"),
		ClientID: t.text("clientId", false, ""), ClientSecret: t.secret("clientSecret", false), Scope: t.text("scope", false, ""),
		MaxBody: t.number("maxBody", DefaultMaxBody, 1, 64),
	}
	if t.has("service") {
		for _, key := range []string{"tokenService", "clientId", "clientSecret"} {
			if !t.has(key) {
				t.fault(t.get("service"), "service", "goes with %s", key)
			}
		}
	}
	if w := t.section("webhook"); w != nil {
		m.Webhook = &Webhook{URL: w.serviceAddress("url")}
		if !w.has("url") {
			w.fault(nil, "", "url is missing")
		}
		for _, n := range w.texts("secrets") {
			m.Webhook.Secrets = append(m.Webhook.Secrets, NewSecret(n.text))
		}
		if len(m.Webhook.Secrets) == 0 && !w.has("secrets") {
			w.fault(nil, "", "secrets is missing: what messages are signed with")
		}
		w.done()
	}
	if b := t.section("handover"); b != nil {
		d := b.database()
		m.Handover = &d
		b.done()
	}
	return m
}

// Outside is what a command about one dealer's leads or messages needs.
type Outside struct {
	State  State
	Dealer Dealer
}

// LoadDealer reads only the state and one dealer, so that a fault elsewhere in
// the file, such as another dealer's password that is not in this shell's
// environment, stops nothing. An empty code means the only dealer there is.
func LoadDealer(path string, env func(string) (string, bool), code string) (Outside, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Outside{}, fmt.Errorf("reading the configuration: %w", err)
	}
	s := &source{file: path, env: env}
	n := s.read(src)
	if n == nil {
		return Outside{}, s.faults.Err()
	}
	if n.kind != object {
		s.fault(n.pos, "", "a map of keys is expected here, not %s", n.kind)
		return Outside{}, s.faults.Err()
	}
	top := &section{source: s, node: n, dir: filepath.Dir(path)}
	var codes []string
	chosen := -1
	for i, d := range top.sections("dealers") {
		c := d.text("code", false, "")
		codes = append(codes, c)
		if c == code {
			chosen = i
		}
	}
	switch {
	case len(codes) == 0:
		return Outside{}, fmt.Errorf("%s names no dealers", path)
	case code == "" && len(codes) == 1:
		chosen = 0
	case code == "":
		return Outside{}, fmt.Errorf("%s names several dealers (%s); choose one with --dealer", path, strings.Join(codes, ", "))
	case chosen < 0:
		return Outside{}, fmt.Errorf("no dealer %q stands in %s; there are %s", code, path, strings.Join(codes, ", "))
	}
	own := fmt.Sprintf("dealers[%d]", chosen)
	s.faults = slices.DeleteFunc(s.faults, outsideOf(own))
	out := Outside{State: top.state(), Dealer: top.sections("dealers")[chosen].dealer()}
	s.faults = slices.DeleteFunc(s.faults, outsideOf(own))
	return out, s.faults.Err()
}

// outsideOf says whether a fault is about neither the state nor that part.
func outsideOf(part string) func(f mapfile.Fault) bool {
	return func(f mapfile.Fault) bool {
		for _, p := range []string{"state", part} {
			if f.Path == p || strings.HasPrefix(f.Path, p+".") {
				return false
			}
		}
		return true
	}
}
