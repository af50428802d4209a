package leadsync

import (
	"context"
	"log/slog"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/alert"
)

// What is assumed where Options say nothing.
const (
	DefaultPullEvery = 15 * time.Minute // R37
	DefaultPushEvery = time.Minute
	DefaultMargin    = 10 * time.Minute
	DefaultWindow    = 400 * 24 * time.Hour
	DefaultGap       = 48 * time.Hour
	DefaultCalls     = 5
	DefaultParallel  = 4
	DefaultKeep      = 400 * 24 * time.Hour
	DefaultCompareAt = 2 * time.Hour
)

// CRM is a dealer's CRM as it stands now. A capability it lacks is nil.
type CRM struct {
	Writer  adapters.LeadWriter
	States  adapters.LeadStateReader
	Version string // changes with the mapping in force
}

// Entrance gives the CRM in force.
type Entrance interface {
	// Enter returns it, and what is called when the caller is done with it. An
	// error says that there is none now, and wraps adapters.ErrMapping or
	// adapters.ErrUnavailable.
	Enter() (CRM, func(), error)
}

// Alerts is told what needs a person. It may be called inside Store.Together, and
// what it keeps comes with that transaction.
type Alerts interface {
	Alert(ctx context.Context, a alert.Alert) error
}

// The causes of alerts.
const (
	CauseParked     = "lead-update-parked"
	CauseUpdateHeld = "lead-update-held"
	CauseLeadHeld   = "lead-held"
	CauseUnreadable = "lead-unreadable"
	CauseStuck      = "lead-not-written"
)

// Event is something that is counted.
type Event string

// The events, each with the number it concerns.
const (
	LeadsReceived  Event = "received"   // versions of leads that were kept
	LeadsRepeated  Event = "repeated"   // leads that came with nothing new
	LeadsWritten   Event = "written"    // versions that are in the CRM now
	LeadsHeld      Event = "held"       // that do not fit
	LeadsUnread    Event = "unreadable" // elements that are no lead
	LeadsRecovered Event = "recovered"  // found by a reconciliation
	AnswersLost    Event = "answers-lost"
	UpdatesQueued  Event = "updates-queued"
	UpdatesHeld    Event = "updates-held"
	UpdatesSent    Event = "updates-acknowledged"
	UpdatesParked  Event = "updates-parked"
	UpdatesAgain   Event = "updates-repeated" // sent again because nobody knew whether they had arrived
	StatesCompared Event = "states-compared"
	PullFailed     Event = "pull-failed"
	WriteFailed    Event = "write-failed"
	PushFailed     Event = "push-failed"
)

// Observer is told what happens, from several goroutines. It must not block.
type Observer interface {
	Counted(dealer string, what Event, n int)
}

// Retention says how long things are kept; 0: DefaultKeep.
type Retention struct {
	Answers time.Duration // raw answers of calls for leads
	Leads   time.Duration // versions of leads; ids and keys in the CRM stay, so that none is written twice
	Updates time.Duration // updates that are acknowledged or superseded
}

// Options configure a Worker.
type Options struct {
	Dealer  string
	Source  adapters.LeadSource  // nil: nothing is fetched
	Updater adapters.LeadUpdater // nil: nothing is reported
	CRM     Entrance
	Store   Store
	Alerts  Alerts   // nil: nobody is told
	Observe Observer // nil: nobody counts
	Owner   string   // names this process in leases, unlike any other; at most 60 bytes

	PullEvery    time.Duration // from the start of a round to that of the next; 0: DefaultPullEvery
	PushEvery    time.Duration // 0: DefaultPushEvery
	Margin       time.Duration // how far before the CRM's clock the next question begins; 0: DefaultMargin
	Window       time.Duration // how old a lead can be that is still outstanding; 0: DefaultWindow
	Gap          time.Duration // a pause between rounds after which is reconciled; 0: DefaultGap
	Batch        int           // updates in one call (R60); 0: 1
	Calls        int           // calls with an update that fail because the service does, before it is parked; 0: DefaultCalls
	Parallel     int           // calls with updates at the same time; 0: DefaultParallel
	Writers      int           // leads written at the same time, of use where the CRM's adapter lets them; 0: 1
	SendExisting bool          // report what stands in the CRM when it is connected first
	CompareAt    time.Duration // since midnight in Zone, when all leads are compared; 0: DefaultCompareAt
	Zone         *time.Location
	Keep         Retention

	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error // returns early, with its error, when ctx ends
	Log   *slog.Logger
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	set(&o.PullEvery, DefaultPullEvery)
	set(&o.PushEvery, DefaultPushEvery)
	set(&o.Margin, DefaultMargin)
	set(&o.Window, DefaultWindow)
	set(&o.Gap, DefaultGap)
	set(&o.CompareAt, DefaultCompareAt)
	set(&o.Keep.Answers, DefaultKeep)
	set(&o.Keep.Leads, DefaultKeep)
	set(&o.Keep.Updates, DefaultKeep)
	if o.Batch < 1 {
		o.Batch = 1
	}
	if o.Calls < 1 {
		o.Calls = DefaultCalls
	}
	if o.Parallel < 1 {
		o.Parallel = DefaultParallel
	}
	if o.Writers < 1 {
		o.Writers = 1
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Observe == nil {
		o.Observe = nobody{}
	}
	if o.Alerts == nil {
		o.Alerts = nobody{}
	}
	return o
}

// nobody is an Observer and Alerts where there is none.
type nobody struct{}

func (nobody) Counted(string, Event, int)               {}
func (nobody) Alert(context.Context, alert.Alert) error { return nil }
