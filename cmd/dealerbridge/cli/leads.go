package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

type leadsCmd struct {
	Pull      leadsPullCmd      `cmd:"" help:"Fetch leads now and write them into the CRM."`
	Push      leadsPushCmd      `cmd:"" help:"Look for changes in the CRM now and report them."`
	List      leadsListCmd      `cmd:"" help:"List leads with how far each came."`
	Show      leadsShowCmd      `cmd:"" help:"Tell one lead's whole journey."`
	Replay    leadsReplayCmd    `cmd:"" help:"Try held and failed leads and parked updates again."`
	Reconcile leadsReconcileCmd `cmd:"" help:"Compare Caterpillar's history with what is kept, and fill gaps."`
	Erase     leadsEraseCmd     `cmd:"" help:"Forget what is kept of a lead. The CRM is not touched."`
}

// leadFlags say whose leads are meant.
type leadFlags struct {
	stateFlags
	Dealer string `placeholder:"CODE" help:"Dealer; may be left out where the configuration has one."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// outside reads what the flags name.
func (f leadFlags) outside(s *session) (config.Outside, error) {
	if f.State != "" {
		if f.Dealer == "" {
			return config.Outside{}, usage("with --state the dealer is needed as well: --dealer CODE")
		}
		if _, err := os.Stat(filepath.Join(f.State, app.StateFile)); err != nil {
			return config.Outside{}, fmt.Errorf("there is no state of a gateway at %s", f.State)
		}
		return config.Outside{State: config.State{Path: f.State}, Dealer: config.Dealer{Code: f.Dealer}}, nil
	}
	of, err := config.LoadDealer(f.Config, s.env, f.Dealer)
	if errors.Is(err, os.ErrNotExist) {
		return of, fmt.Errorf("no configuration at %s; name it with --config FILE, or the state with --state DIR", f.Config)
	}
	return of, err
}

// desk opens a dealer's leads and runs something on them.
func (f leadFlags) desk(s *session, outside bool, change func(*config.Outside), use func(context.Context, *app.LeadDesk, *tally) error) (err error) {
	of, err := f.outside(s)
	if err != nil {
		return err
	}
	if outside && f.State != "" {
		return usage("this needs the configuration, for the CRM and Caterpillar's service: use --config FILE and not --state")
	}
	if change != nil {
		change(&of)
	}
	t := &tally{progress: newProgress(s.err, s.now), counts: map[leadsync.Event]int{}}
	desk, err := app.OpenLeadDesk(s.ctx, of, app.LeadsWith{
		Outside: outside, Observe: t, Now: s.now,
		Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desk.Close()) }()
	err = use(s.ctx, desk, t)
	t.progress.end()
	return inWords(err, of.Dealer.Code)
}

// inWords tells what can be done about an error.
func inWords(err error, dealer string) error {
	switch {
	case errors.Is(err, leadsync.ErrNoLead):
		return fmt.Errorf("dealer %s has no such lead; dealerbridge leads list shows all", dealer)
	case errors.Is(err, leadsync.ErrNotConnected):
		return fmt.Errorf("the mapping of dealer %s does not say how to do that; see crm.yaml in its folder: %w", dealer, err)
	case errors.Is(err, adapters.ErrCredentials):
		return fmt.Errorf("check clientId and clientSecret below leads of dealer %s: %w", dealer, err)
	}
	return err
}

// tally counts what happens and shows it while it does.
type tally struct {
	mu       sync.Mutex
	progress *progress
	counts   map[leadsync.Event]int
}

// Counted implements leadsync.Observer.
func (t *tally) Counted(_ string, what leadsync.Event, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[what] += n
	t.progress.tell(t.line())
}

// shownEvents are what a person is told of, in this order.
var shownEvents = []struct {
	event leadsync.Event
	what  string // is counted, in the singular
	words string
}{
	{leadsync.LeadsReceived, "lead", "received"},
	{leadsync.LeadsRepeated, "lead", "without news"},
	{leadsync.LeadsRecovered, "lead", "recovered"},
	{leadsync.LeadsUnread, "lead", "unreadable"},
	{leadsync.LeadsWritten, "lead", "written"},
	{leadsync.LeadsHeld, "lead", "held"},
	{leadsync.AnswersLost, "answer", "lost"},
	{leadsync.StatesCompared, "lead", "compared"},
	{leadsync.UpdatesQueued, "update", "queued"},
	{leadsync.UpdatesHeld, "update", "held"},
	{leadsync.UpdatesSent, "update", "sent"},
	{leadsync.UpdatesAgain, "update", "repeated"},
	{leadsync.UpdatesParked, "update", "parked"},
}

// line is all that was counted, in words.
func (t *tally) line() string {
	text := ""
	for _, e := range shownEvents {
		if n := t.counts[e.event]; n > 0 {
			if text != "" {
				text += ", "
			}
			text += counted(n, e.what) + " " + e.words
		}
	}
	if text == "" {
		return "nothing to do"
	}
	return text
}

// done prints the end of a piece of work.
func (t *tally) done(s *session, asJSON bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.progress.end()
	if asJSON {
		return printJSON(s, t.counts)
	}
	_, err := fmt.Fprintln(s.out, t.line())
	return err
}

type leadsPullCmd struct {
	leadFlags
	DryRun bool `help:"Fetch nothing; print what would be written of the leads that are kept and not written yet."`
}

// Help is shown below the flags.
func (leadsPullCmd) Help() string {
	return `Fetching a lead is what marks it as handed out, so --dry-run does not: it shows the rows that the leads already
fetched would become. Runs beside a gateway, too, and waits until that has finished what it is at.`
}

// Run fetches leads.
func (c leadsPullCmd) Run(s *session) error {
	return c.desk(s, true, nil, func(ctx context.Context, desk *app.LeadDesk, t *tally) error {
		if c.DryRun {
			planned, err := desk.PlanPull(ctx, plannedAtMost)
			if err != nil {
				return err
			}
			return printPlannedLeads(s, planned, c.JSON)
		}
		if err := desk.Pull(ctx); err != nil {
			return err
		}
		return t.done(s, c.JSON)
	})
}

type leadsPushCmd struct {
	leadFlags
	DryRun       bool `help:"Send and keep nothing; print the updates that would be queued or held."`
	SendExisting bool `help:"When the CRM is looked at for the first time, report what stands in it as well."`
}

// Run reports changes.
func (c leadsPushCmd) Run(s *session) error {
	existing := func(of *config.Outside) {
		if c.SendExisting && of.Dealer.Leads != nil {
			of.Dealer.Leads.SendExisting = true
		}
	}
	return c.desk(s, true, existing, func(ctx context.Context, desk *app.LeadDesk, t *tally) error {
		if c.DryRun {
			planned, err := desk.PlanPush(ctx)
			if err != nil {
				return err
			}
			return printPlannedUpdates(s, planned, c.JSON)
		}
		if err := desk.Push(ctx); err != nil {
			return err
		}
		return t.done(s, c.JSON)
	})
}

type leadsListCmd struct {
	leadFlags
	LeadState string `name:"lead-state" placeholder:"STATE" enum:",received,written,held,failed,found,erased" default:"" help:"Only leads in this state: received, written, held, failed, found, erased."`
	Held      bool   `help:"Only leads whose present state in the CRM cannot be reported."`
	Parked    bool   `help:"Only leads with an update that was given up."`
	After     string `placeholder:"ID" help:"Go on behind this lead."`
	Limit     int    `default:"100" help:"At most so many (${default})."`
}

// Run lists leads.
func (c leadsListCmd) Run(s *session) error {
	if c.Limit < 1 {
		return usage("--limit is at least 1")
	}
	return c.desk(s, false, nil, func(ctx context.Context, desk *app.LeadDesk, _ *tally) error {
		f := leadsync.Filter{Held: c.Held, Parked: c.Parked, After: c.After, Limit: c.Limit + 1}
		if c.LeadState != "" {
			f.States = []leadsync.State{leadsync.State(c.LeadState)}
		}
		leads, err := desk.Leads(ctx, f)
		if err != nil {
			return err
		}
		more := len(leads) > c.Limit
		if more {
			leads = leads[:c.Limit]
		}
		return printLeads(s, leads, more, c.Parked, c.JSON)
	})
}

type leadsShowCmd struct {
	leadFlags
	ID string `arg:"" help:"Caterpillar's id of the lead."`
}

// Run tells a journey.
func (c leadsShowCmd) Run(s *session) error {
	return c.desk(s, false, nil, func(ctx context.Context, desk *app.LeadDesk, _ *tally) error {
		j, err := desk.Journey(ctx, c.ID)
		if err != nil {
			return err
		}
		return printJourney(s, j, c.JSON)
	})
}

type leadsReplayCmd struct {
	leadFlags
	ID  string `arg:"" optional:"" help:"Caterpillar's id of the lead."`
	All bool   `help:"All leads of the dealer."`
}

// Help is shown below the flags.
func (leadsReplayCmd) Help() string {
	return `Puts parked updates back into the line and makes held and failed leads due. A running gateway takes them up by
itself; without one, leads pull and leads push do. A parked update that a later one of the same lead has overtaken is
not sent any more.`
}

// Run replays.
func (c leadsReplayCmd) Run(s *session) error {
	if (c.ID == "") != c.All {
		return usage("name one lead, or say --all")
	}
	return c.desk(s, false, nil, func(ctx context.Context, desk *app.LeadDesk, _ *tally) error {
		done, err := desk.Replay(ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s, map[string]int{"queued": done.Queued, "superseded": done.Superseded, "leads": done.Leads})
		}
		if done.Queued+done.Superseded+done.Leads == 0 {
			_, err = fmt.Fprintln(s.out, "nothing is held, failed or parked")
			return err
		}
		text := fmt.Sprintf("tried again: %s, %s", counted(done.Leads, "lead"), counted(done.Queued, "update"))
		if done.Superseded > 0 {
			text += fmt.Sprintf("; not sent, because a later one has arrived: %s", counted(done.Superseded, "update"))
		}
		_, err = fmt.Fprintln(s.out, text)
		return err
	})
}

type leadsReconcileCmd struct {
	leadFlags
	Since string `required:"" placeholder:"YYYY-MM-DD" help:"First day on which leads were made."`
	Until string `placeholder:"YYYY-MM-DD" help:"Last such day; today when left out."`
}

// Run compares with the history.
func (c leadsReconcileCmd) Run(s *session) error {
	since, err := time.Parse(time.DateOnly, c.Since)
	if err != nil {
		return usage("--since: write a day such as 2026-03-01")
	}
	until := s.now().UTC().Truncate(24 * time.Hour)
	if c.Until != "" {
		if until, err = time.Parse(time.DateOnly, c.Until); err != nil {
			return usage("--until: write a day such as 2026-03-31")
		}
	}
	if until.Before(since) {
		return usage("--until comes before --since")
	}
	return c.desk(s, true, nil, func(ctx context.Context, desk *app.LeadDesk, t *tally) error {
		if err := desk.Reconcile(ctx, since, until); err != nil {
			return err
		}
		return t.done(s, c.JSON)
	})
}

type leadsEraseCmd struct {
	leadFlags
	ID string `arg:"" help:"Caterpillar's id of the lead."`
}

// Run forgets a lead.
func (c leadsEraseCmd) Run(s *session) error {
	return c.desk(s, false, nil, func(ctx context.Context, desk *app.LeadDesk, _ *tally) error {
		if err := desk.Erase(ctx, c.ID); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s, map[string]string{"erased": c.ID})
		}
		_, err := fmt.Fprintf(s.out, "lead %s is forgotten; its id stays, so that it is not taken for a new one\n", visible(c.ID))
		return err
	})
}
