// Package sandbox plays Caterpillar's side of the token, lead and QR services,
// and the Cat Rental Store with its customers, for people who have no test slot
// and for tests: leads are handed out once, updates are judged, requests are
// sent and answers held against the rules, faults come as scripted.
//
// It must not know how the gateway works: what it checks is written from the
// rules alone (openapi/RULES.md), or a mistake on one side would be taken for
// right by the other. It keeps everything in memory and everybody knows its
// secrets, so it belongs on this machine only.
package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// Where the services are found below the sandbox's address; the paths are those
// of production (R3, R15).
const (
	TokenPath = "/as/token.oauth2" //nolint:gosec // a path, no credential
	LeadBase  = "/marketing/ecrm/leadManagement"
	LeadPath  = LeadBase + "/v2"
	QRPath    = "/catDigital/qrCodeAssociations/external/v1"
)

// DefaultClient is the client of a sandbox that was given none.
var DefaultClient = Client{ID: "sandbox", Secret: "sandbox", Dealer: "D100"}

// Errors of what is asked of a sandbox from outside its services.
var (
	ErrNoLead  = errors.New("there is no such lead")
	ErrInvalid = errors.New("this cannot be done")
)

// Client is one set of credentials.
type Client struct {
	ID     string
	Secret string
	Dealer string // whose leads it gets
}

// Options is what a sandbox is made of; all of them have defaults.
type Options struct {
	Seed    uint64           // the same seed and clock give the same leads and tokens
	Now     func() time.Time // the clock; nil: the machine's
	Clients []Client         // none: DefaultClient
	Leads   int              // how many leads wait for the first client at the beginning
}

// Settings is what the documents leave open, or what a test wants otherwise.
type Settings struct {
	EmptyStatus  int   `json:"emptyStatus"`  // 204 or 200 when there are no leads (R36)
	UpdateStatus int   `json:"updateStatus"` // 200 or 204 for updates that were taken (R99)
	TokenSeconds int64 `json:"tokenSeconds"` // how long tokens are good (R18)
	DefaultLimit int64 `json:"defaultLimit"` // leads in an answer when no limit is sent (R34)
	MostUpdates  int   `json:"mostUpdates"`  // updates in one call; 0: any number (R60)
	// Lenient takes what Caterpillar's own samples do and the rules forbid the
	// sender: names and values with blanks, Booleans for Yes and No, no sales rep.
	Lenient bool `json:"lenient"`
	// Endless makes new leads whenever too few are waiting, so that no answer is
	// ever the last.
	Endless bool `json:"endless"`
}

func defaultSettings() Settings {
	return Settings{EmptyStatus: http.StatusNoContent, UpdateStatus: http.StatusOK, TokenSeconds: 3599, DefaultLimit: mostLeads}
}

func (s Settings) check() error {
	ok := func(status int) bool { return status == http.StatusOK || status == http.StatusNoContent }
	switch {
	case !ok(s.EmptyStatus), !ok(s.UpdateStatus):
		return fmt.Errorf("%w: emptyStatus and updateStatus are 200 or 204", ErrInvalid)
	case s.TokenSeconds < 1 || s.TokenSeconds > math.MaxInt32:
		return fmt.Errorf("%w: tokenSeconds is at least 1", ErrInvalid)
	case s.DefaultLimit < 1 || s.DefaultLimit > mostLeads:
		return fmt.Errorf("%w: defaultLimit is 1 to %d", ErrInvalid, mostLeads)
	case s.MostUpdates < 0:
		return fmt.Errorf("%w: mostUpdates is not below 0", ErrInvalid)
	}
	return nil
}

// Sandbox is Caterpillar's side. Its methods may be called at any time, also
// while it serves.
type Sandbox struct {
	options Options
	engine  *gin.Engine

	caller     *http.Client
	delivering sync.Mutex // one delivery at a time; taken before mu
	lines      map[string]*line

	mu sync.Mutex
	memory
}

// memory is everything a reset makes anew.
type memory struct {
	seed         uint64
	settings     Settings
	tokens       map[string]grant
	issued       uint64
	leads        map[string]*lead
	waiting      []*lead // in the order in which they will be handed out
	made         int
	associations map[string]json.RawMessage
	received     []Received
	latest       map[string]json.RawMessage // the last update of each lead
	refused      []Refusal
	arrived      chan struct{} // closed when an update is received
	faults       []*Fault
	calls        map[Operation]int
	fired        int
	crs          portal
}

// New makes a sandbox.
func New(o Options) (*Sandbox, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Clients) == 0 {
		o.Clients = []Client{DefaultClient}
	}
	ids := map[string]bool{}
	for _, c := range o.Clients {
		if c.ID == "" || c.Secret == "" || c.Dealer == "" || ids[c.ID] {
			return nil, fmt.Errorf("%w: every client needs an id of its own, a secret and a dealer", ErrInvalid)
		}
		ids[c.ID] = true
	}
	if o.Leads < 0 {
		return nil, fmt.Errorf("%w: the number of leads is below 0", ErrInvalid)
	}
	s := &Sandbox{options: o, lines: map[string]*line{}, caller: &http.Client{
		// Nothing is kept open, so that nothing is left when the sandbox ends.
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s.engine = s.routes()
	return s, s.Reset(o.Seed)
}

// Reset forgets everything, tokens, faults and settings included, and begins
// anew with a seed. Who waits for updates waits for those to come.
func (s *Sandbox) Reset(seed uint64) error {
	s.mu.Lock()
	old, moved := s.arrived, s.crs.moved
	s.memory = memory{
		seed: seed, settings: defaultSettings(), tokens: map[string]grant{}, leads: map[string]*lead{},
		associations: makeAssociations(seed), latest: map[string]json.RawMessage{}, arrived: make(chan struct{}),
		calls: map[Operation]int{}, crs: newPortal(),
	}
	s.mu.Unlock()
	if old != nil {
		close(old)
		close(moved)
	}
	if s.options.Leads == 0 {
		return nil
	}
	_, err := s.MakeLeads(Make{Count: s.options.Leads})
	return err
}

// Settings gives the settings in force.
func (s *Sandbox) Settings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// Set puts settings in force. An error wraps ErrInvalid.
func (s *Sandbox) Set(settings Settings) error {
	if err := settings.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings = settings
	return nil
}

// State counts what happened so far.
type State struct {
	Seed      uint64            `json:"seed"`
	Leads     int               `json:"leads"`     // all there are
	Waiting   int               `json:"waiting"`   // to be handed out, changed ones included
	HandedOut int               `json:"handedOut"` // leads handed out at least once
	Again     int               `json:"again"`     // leads handed out as NEW more than once, which only faults bring about
	Updates   int               `json:"updates"`   // received, repeats included
	Repeats   int               `json:"repeats"`   // updates equal to the one before of the same lead
	Refused   int               `json:"refused"`   // calls with updates that were refused
	Calls     map[Operation]int `json:"calls"`
	Faults    int               `json:"faults"` // scripted ones that happened
	Settings  Settings          `json:"settings"`
	Portal    PortalState       `json:"portal"`
}

// State counts what happened so far.
func (s *Sandbox) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := State{
		Seed: s.seed, Leads: len(s.leads), Waiting: len(s.waiting), Updates: len(s.received), Refused: len(s.refused),
		Calls: map[Operation]int{}, Faults: s.fired, Settings: s.settings, Portal: s.portalState(),
	}
	for op, n := range s.calls {
		out.Calls[op] = n
	}
	for _, l := range s.leads {
		if l.handed > 0 {
			out.HandedOut++
		}
		out.Again += max(0, l.handed-1)
	}
	for _, r := range s.received {
		if r.Repeat {
			out.Repeats++
		}
	}
	return out
}
