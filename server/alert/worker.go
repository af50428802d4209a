package alert

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultEvery is assumed where Options say nothing.
const DefaultEvery = 15 * time.Minute

const (
	gather       = 30 * time.Second // a first alert waits so long for others of its kind
	alertsAtOnce = 1000
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
	idleLook     = time.Minute
)

// Options configure a Worker.
type Options struct {
	Store  Store
	Sender Sender
	People map[string]People // by dealer code
	Every  time.Duration     // at most one mail of a cause to the same people in this time; 0: DefaultEvery
	Now    func() time.Time
	// Wait returns after d, when something was alerted, or when ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
	Log  *slog.Logger
	// Lease says whether this process may send now; nil: it is the only one.
	Lease func(ctx context.Context) (bool, error)
	// Sent and Failed are told of mails, for metrics; nil: nobody.
	Sent, Failed func(dealer string)
}

// Worker turns alerts into mails. A mail whose sending failed is sent again
// with the same id, so a crash between sending and noting it doubles at most
// that one.
type Worker struct {
	o        Options
	failures int
	told     map[string]bool
}

// NewWorker makes a Worker; Run starts it.
func NewWorker(o Options) *Worker {
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	return &Worker{o: o, told: map[string]bool{}}
}

// Run works until ctx ends, which is no error.
func (w *Worker) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause, err := w.Round(ctx)
		if err != nil && ctx.Err() == nil {
			pause = min(firstPause<<min(w.failures, 6), longestPause)
			w.failures++
			w.o.Log.WarnContext(ctx, "a mail could not be sent; it is tried again", "err", err, "failures", w.failures)
		} else {
			w.failures = 0
		}
		if err := w.o.Wait(ctx, pause); err != nil && ctx.Err() == nil {
			return fmt.Errorf("waiting: %w", err)
		}
	}
	return nil
}

// group is what may stand in one mail.
type group struct {
	dealer, cause string
	to            []string
	alerts        []Kept
}

func (g group) people() string {
	sum := sha256.Sum256([]byte(strings.Join(g.to, "\n")))
	return hex.EncodeToString(sum[:8])
}

// Round sends what is due and says when to look again.
func (w *Worker) Round(ctx context.Context) (time.Duration, error) {
	if w.o.Lease != nil {
		mine, err := w.o.Lease(ctx)
		if err != nil || !mine {
			return idleLook, err
		}
	}
	waiting, err := w.o.Store.WaitingAlerts(ctx, alertsAtOnce)
	if err != nil {
		return 0, fmt.Errorf("looking for alerts: %w", err)
	}
	next := idleLook
	for _, g := range w.groups(ctx, waiting) {
		wait, err := w.due(ctx, g)
		if err != nil {
			return 0, err
		}
		if wait > 0 {
			next = min(next, wait)
			continue
		}
		if err := w.send(ctx, g); err != nil {
			return 0, err
		}
	}
	return next, nil
}

// groups sorts alerts into mails, in the order of their oldest alert. Alerts
// nobody is named for stay where they are and are logged once.
func (w *Worker) groups(ctx context.Context, waiting []Kept) []group {
	var out []group
	at := map[string]int{}
	for _, a := range waiting {
		to := w.o.People[a.Dealer].recipients(a.Topic)
		if len(to) == 0 {
			if !w.told[a.Dealer] {
				w.told[a.Dealer] = true
				w.o.Log.WarnContext(ctx, "something needs a person, and the configuration names nobody to write to", "dealer", a.Dealer, "cause", a.Cause)
			}
			continue
		}
		key := a.Dealer + "\n" + a.Cause + "\n" + strings.Join(to, "\n")
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, group{dealer: a.Dealer, cause: a.Cause, to: to})
		}
		out[i].alerts = append(out[i].alerts, a)
	}
	return out
}

// recipients gives the addresses for a topic, each once, in a fixed order.
func (p People) recipients(t Topic) []string {
	var to []string
	for _, r := range p.Routes {
		if fits(r.Requests, t.Request) && fits(r.Locations, t.Location) {
			to = append(to, r.To...)
		}
	}
	if len(to) == 0 {
		to = slices.Clone(p.To)
	}
	slices.Sort(to)
	return slices.Compact(to)
}

func fits(allowed []string, one string) bool {
	return len(allowed) == 0 || slices.Contains(allowed, one)
}

// due gives how long a mail still has to wait: for others of its kind, and for
// the interval since the last one.
func (w *Worker) due(ctx context.Context, g group) (time.Duration, error) {
	last, err := w.o.Store.LastMail(ctx, g.dealer, g.cause, g.people())
	if err != nil {
		return 0, fmt.Errorf("looking for the last mail: %w", err)
	}
	now := w.o.Now()
	return max(g.alerts[0].At.Add(gather).Sub(now), last.Add(w.o.Every).Sub(now), 0), nil
}

func (w *Worker) send(ctx context.Context, g group) error {
	now := w.o.Now()
	m, err := compose(g, now)
	if err != nil {
		return err
	}
	if err := w.o.Sender.Send(ctx, m); err != nil {
		if w.o.Failed != nil {
			w.o.Failed(g.dealer)
		}
		return fmt.Errorf("sending a mail about %s for dealer %s: %w", g.cause, g.dealer, err)
	}
	ids := make([]int64, len(g.alerts))
	for i, a := range g.alerts {
		ids[i] = a.ID
	}
	if err := w.o.Store.Mailed(ctx, g.dealer, g.cause, g.people(), ids, now); err != nil {
		return fmt.Errorf("noting that a mail went: %w", err)
	}
	if w.o.Sent != nil {
		w.o.Sent(g.dealer)
	}
	w.o.Log.InfoContext(ctx, "mail sent", "dealer", g.dealer, "cause", g.cause, "alerts", len(ids))
	return nil
}

// mailID is the same for the same alerts.
func mailID(g group) string {
	h := sha256.New()
	for _, a := range g.alerts {
		h.Write([]byte(strconv.FormatInt(a.ID, 10) + "\n"))
	}
	return g.cause + "." + g.dealer + "." + hex.EncodeToString(h.Sum(nil)[:10])
}
