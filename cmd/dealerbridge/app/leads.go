package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// days is a number of days of the configuration.
func days(n int) time.Duration { return time.Duration(n) * day }

const day = 24 * time.Hour

// OpenLeadService opens Caterpillar's lead service for one dealer; nothing is
// called.
func OpenLeadService(l config.Leads, options caterpillar.Options) (*caterpillar.Leads, error) {
	at := caterpillar.Production
	if l.Environment == "qa" {
		at = caterpillar.QA
	}
	leads, err := caterpillar.OpenLeads(caterpillar.LeadConfig{
		URL: cmp.Or(l.Service, at.Leads), Version: l.Version,
		Credentials: caterpillar.Credentials{
			TokenURL: cmp.Or(l.TokenService, at.Token), ID: l.ClientID, Secret: l.ClientSecret.Reveal(),
		},
		Options: options,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the lead service: %w", err)
	}
	return leads, nil
}

// crmEntrance gives the CRM of a dealer that is in force.
type crmEntrance struct {
	registry *dealers.Registry
	code     string
}

// Enter implements leadsync.Entrance.
func (e crmEntrance) Enter() (leadsync.CRM, func(), error) {
	d, leave, err := entered(e.registry, e.code)
	if err != nil {
		return leadsync.CRM{}, nil, fmt.Errorf("entering the CRM: %w", err)
	}
	return leadsync.CRM{Writer: d.Leads, States: d.LeadStates, Version: d.Version}, leave, nil
}

// leadOptions are what a dealer's leads are worked on with, whoever does it.
func leadOptions(d config.Dealer, service *caterpillar.Leads, crm leadsync.Entrance, now func() time.Time, log *slog.Logger) leadsync.Options {
	o := leadsync.Options{Dealer: d.Code, CRM: crm, Now: now, Log: log, Sleep: clockSleep}
	if service != nil {
		o.Source, o.Updater = service, service
	}
	if l := d.Leads; l != nil {
		o.PullEvery, o.PushEvery, o.Margin, o.SendExisting = l.Pull, l.Push, l.Margin, l.SendExisting
		o.Window, o.CompareAt, o.Batch = time.Duration(l.WindowDays)*day, l.Nightly, l.Batch
	}
	return o
}

// openLeads opens the CRMs and makes the workers of the dealers that have leads.
func (a *App) openLeads(ctx context.Context, owner string) error {
	counts := newLeadMetrics(a.metrics.registry)
	for _, d := range a.options.Config.Dealers {
		if d.CRM == nil {
			continue
		}
		log := a.log.With("dealer", d.Code)
		k, err := a.keepCRM(d, log)
		if err != nil {
			return err
		}
		a.keepers = append(a.keepers, k)
		k.start(ctx)
		if d.Leads == nil {
			continue
		}
		service, err := OpenLeadService(*d.Leads, caterpillar.Options{Now: a.options.Now, Log: log})
		if err != nil {
			return fmt.Errorf("dealer %s: %w", d.Code, err)
		}
		o := leadOptions(d, service, crmEntrance{a.crms, d.Code}, a.options.Now, log)
		keep := a.options.Config.Keep
		o.Keep = leadsync.Retention{Answers: days(keep.Answers), Leads: days(keep.Leads), Updates: days(keep.Updates)}
		o.Store, o.Owner, o.Alerts, o.Observe = a.store, owner, a.post.notifier, counts
		o.Sleep = a.options.Sleep
		a.leads[d.Code] = leadsync.NewWorker(o)
	}
	return nil
}

// keepLeads works on one dealer's leads until ctx ends.
func (a *App) keepLeads(ctx context.Context, dealer string, w *leadsync.Worker) {
	if err := w.Run(ctx); err != nil {
		a.log.ErrorContext(ctx, "working on leads ended", "dealer", dealer, "err", err)
	}
}

func (a *App) keepCRM(d config.Dealer, log *slog.Logger) (*keeper, error) {
	env := adapters.Env{Dealer: d.Code, Now: a.options.Now, Log: log, Audit: a.audit.forDealer(d.Code)}
	open, err := crmOpener(d, env)
	if err != nil {
		return nil, err
	}
	return &keeper{
		cfg: d, open: open, registry: a.crms, now: a.options.Now, tick: a.options.Tick, crm: true,
		log: log, metrics: a.metrics, patience: a.options.Config.RequestTimeout + 5*time.Second,
	}, nil
}

// crmOpener gives the function that opens one dealer's CRM, as often as asked.
func crmOpener(d config.Dealer, env adapters.Env) (func(context.Context) (adapters.Adapter, error), error) {
	factory, ok := CRMs[d.CRM.Driver]
	if !ok {
		return nil, fmt.Errorf("dealer %s: no CRM adapter for driver %q", d.Code, d.CRM.Driver)
	}
	return factory.opener(d, env, "the CRM of dealer"), nil
}

// leadMetrics is the leadsync.Observer of all dealers.
type leadMetrics struct{ events *prometheus.CounterVec }

func newLeadMetrics(registry prometheus.Registerer) leadMetrics {
	m := leadMetrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "dealerbridge_leads_total",
		Help: "What happened to leads and their updates: received, repeated, written, held, updates-queued, updates-acknowledged and so on.",
	}, []string{"dealer", "event"})}
	registry.MustRegister(m.events)
	return m
}

// Counted implements leadsync.Observer.
func (m leadMetrics) Counted(dealer string, what leadsync.Event, n int) {
	m.events.WithLabelValues(dealer, string(what)).Add(float64(n))
}

// LeadsWith says what a command about leads needs.
type LeadsWith struct {
	Outside bool              // Caterpillar's service and the CRM, not only what is kept
	Observe leadsync.Observer // nil: nobody
	Log     *slog.Logger
	Now     func() time.Time
}

// LeadDesk is one dealer's leads, opened for a command.
type LeadDesk struct {
	*leadsync.Worker
	close []func() error
}

// Close closes what was opened, the last first.
func (l *LeadDesk) Close() error {
	var errs []error
	for i := len(l.close) - 1; i >= 0; i-- {
		errs = append(errs, l.close[i]())
	}
	return errors.Join(errs...)
}

// OpenLeadDesk opens one dealer's leads beside a gateway that may be running.
func OpenLeadDesk(ctx context.Context, of config.Outside, with LeadsWith) (_ *LeadDesk, err error) {
	desk := &LeadDesk{}
	defer func() {
		if err != nil {
			err = errors.Join(err, desk.Close())
		}
	}()
	state, err := OpenState(ctx, of.State, nil)
	if err != nil {
		return nil, err
	}
	desk.close = append(desk.close, state.Close)
	var service *caterpillar.Leads
	var crm leadsync.Entrance
	if with.Outside {
		if of.Dealer.Leads == nil || of.Dealer.CRM == nil {
			return nil, fmt.Errorf("dealer %s has no leads and crm sections in the configuration", of.Dealer.Code)
		}
		// Whoever gave the command waits, and is told at once what he can mend.
		options := caterpillar.Options{Now: with.Now, Log: with.Log, RefusedIsFinal: true}
		if service, err = OpenLeadService(*of.Dealer.Leads, options); err != nil {
			return nil, fmt.Errorf("dealer %s: %w", of.Dealer.Code, err)
		}
		registry := dealers.NewRegistry()
		opened, err := openCRM(ctx, of.Dealer, with.Now, with.Log)
		if err != nil {
			return nil, err
		}
		desk.close = append(desk.close, opened.Close)
		found := dealers.New(of.Dealer.Code, opened)
		if found.Version, err = contentOf(os.DirFS(of.Dealer.Mapping)); err != nil {
			return nil, fmt.Errorf("reading the mapping folder: %w", err)
		}
		registry.Put(found)
		crm = crmEntrance{registry, of.Dealer.Code}
	}
	o := leadOptions(of.Dealer, service, crm, with.Now, with.Log)
	o.Store, o.Owner, o.Observe = state, "command-"+rand.Text(), with.Observe
	o.Alerts = alert.Notifier{Store: state, Now: with.Now}
	desk.Worker = leadsync.NewWorker(o)
	return desk, nil
}

func openCRM(ctx context.Context, d config.Dealer, now func() time.Time, log *slog.Logger) (adapters.Adapter, error) {
	open, err := crmOpener(d, adapters.Env{Dealer: d.Code, Now: now, Log: log, Audit: &noteList{}})
	if err != nil {
		return nil, err
	}
	opened, err := open(ctx)
	if err != nil {
		return nil, err
	}
	if err := opened.Check(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("dealer %s: %w", d.Code, err), opened.Close())
	}
	return opened, nil
}
