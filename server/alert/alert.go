// Package alert owns telling a dealer's people by mail what needs one of them:
// which alerts wait, which of them go into one mail, to whom, and when.
//
// It knows neither leads nor messages, only causes, subjects and words, and it
// keeps alerts through an interface. What it is told must hold no personal data
// but ids: mails travel further than anything else here.
package alert

import (
	"context"
	"time"
)

// Alert is one thing that needs a person. Alerts of a dealer with the same
// Cause go into one mail.
type Alert struct {
	Dealer  string // dealer code
	Cause   string // names the kind of trouble, always spelt the same: "lead-update-parked"
	Title   string // the trouble in words, for the subject line
	Subject string // what it is about, an id and no name: "lead 00QV7000004RtSy"
	Detail  string // what exactly is wrong
	Command string // what to type once that is put right; empty: nothing
	Topic   Topic  // chooses the recipients
}

// Topic says what an alert is about, for dealers whose people share the work.
type Topic struct {
	Request  string // request type ("service"), "" when it is about none
	Location string // location id, "" when it is not known
}

// Kept is an alert that waits for its mail.
type Kept struct {
	Alert
	ID int64
	At time.Time
}

// Store keeps alerts. An alert with the dealer, cause and subject of one that
// still waits replaces it.
type Store interface {
	// KeepAlert is durable when it returns; it joins a transaction of its context.
	KeepAlert(ctx context.Context, a Alert, at time.Time) error
	// WaitingAlerts returns what waits, the oldest first, at most limit.
	WaitingAlerts(ctx context.Context, limit int) ([]Kept, error)
	// LastMail tells when a mail of this cause last went to the people of a
	// dealer who have the key; the zero time when none did.
	LastMail(ctx context.Context, dealer, cause, people string) (time.Time, error)
	// Mailed ends alerts and notes when their mail went, in one step.
	Mailed(ctx context.Context, dealer, cause, people string, ids []int64, at time.Time) error
}

// Route sends alerts on a topic to some people.
type Route struct {
	Requests  []string // request types; none: all
	Locations []string // location ids; none: all
	To        []string // addresses
}

// People are whom a dealer's alerts go to.
type People struct {
	To     []string // where no route fits
	Routes []Route  // all that fit are followed
}

// Mail is one mail, ready to be sent.
type Mail struct {
	ID      string // the same when the same mail is sent again
	To      []string
	Subject string
	Text    string
	HTML    string
	At      time.Time
}

// Sender sends a mail. An error says that it must be sent again.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

// Notifier takes alerts.
type Notifier struct {
	Store Store
	Now   func() time.Time
	Wake  func() // tells the worker; nil: nobody
}

// Alert keeps an alert until its mail has gone. It is durable when it returns.
func (n Notifier) Alert(ctx context.Context, a Alert) error {
	if err := n.Store.KeepAlert(ctx, a, n.Now()); err != nil {
		return err
	}
	if n.Wake != nil {
		n.Wake()
	}
	return nil
}
