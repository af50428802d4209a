// Package app owns the wiring of a running gateway: which adapter serves which
// dealer, what is opened in which order and closed in the reverse one, and what
// is looked at again while it runs.
//
// It knows no command line, and nothing of what is asked of a dealer: requests
// are package server's, rows are the adapters'.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// Options say what to open.
type Options struct {
	Config     config.Config
	File       string // the configuration's file, for faults that are found later
	Version    string
	Log        *slog.Logger
	RequestLog *slog.Logger // nil: Log
	Now        func() time.Time
	Listener   net.Listener       // nil: Open listens on Config.Listen
	Adapters   map[string]Factory // nil: Adapters
	Tick       Ticker             // nil: the clock's
	// Sleep waits between looks for changes; nil: the clock's.
	Sleep func(ctx context.Context, d time.Duration) error
}

// App is an open gateway.
type App struct {
	options  Options
	log      *slog.Logger
	listener net.Listener
	store    *store.Store
	registry *dealers.Registry
	keepers  []*keeper
	watchers []*changes.Worker
	crms     *dealers.Registry
	leads    map[string]*leadsync.Worker // by dealer code
	post     post
	// handovers are the databases messages are handed over in.
	handovers *dealers.Registry
	exchange  exchange
	metrics   *metrics
	audit     *audit
	cert      *certificate
	server    *httpServer
	stopping  atomic.Bool
}

// StateFile is the state's database inside its folder; the key lists of sweeps
// are in a file beside it, see store.SweepsPath.
const StateFile = "dealerbridge.db"

// OpenState opens the gateway's own state.
func OpenState(ctx context.Context, s config.State, log *slog.Logger) (*store.Store, error) {
	o := store.Options{DSN: s.DSN.Reveal(), Log: log}
	if s.Path != "" {
		o.Path = filepath.Join(s.Path, StateFile)
	}
	return store.Open(ctx, o)
}

// Listen takes a listen address; what is usually wrong with it is said in words.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var how net.ListenConfig
	l, err := how.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s already; choose another address with --listen, or port 0 for a free one", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this account may not listen on %s; ports below 1024 need a permission, others do not", address)
	default:
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
}

// Open opens everything in order: the certificate and the address (what fails
// there fails at once), the gateway's state, the dealers side by side, and the
// server above them. What was opened is closed again when a later step fails.
// Faults of the configuration are mapfile.Faults; those of a dealer's mapping
// are no error, they are logged and that dealer is answered 503.
func Open(ctx context.Context, o Options) (_ *App, err error) {
	if o.Adapters == nil {
		o.Adapters = Adapters
	}
	if o.Tick == nil {
		o.Tick = clockTicker
	}
	if o.Sleep == nil {
		o.Sleep = clockSleep
	}
	a := &App{
		options: o, log: o.Log, registry: dealers.NewRegistry(), metrics: newMetrics(o.Version), listener: o.Listener,
		crms: dealers.NewRegistry(), handovers: dealers.NewRegistry(), leads: map[string]*leadsync.Worker{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if o.Config.TLS != nil {
		if a.cert, err = openCertificate(*o.Config.TLS, o.Now, o.Log); err != nil {
			return nil, mapfile.Faults{{File: o.File, Path: "tls", Message: err.Error()}}
		}
		a.metrics.certificateEnds(a.cert.expires)
	}
	if err := a.checkDocuments(); err != nil {
		return nil, err
	}
	if a.listener == nil {
		if a.listener, err = Listen(ctx, o.Config.Listen); err != nil {
			return nil, err
		}
	}
	if a.store, err = OpenState(ctx, o.Config.State, o.Log); err != nil {
		return nil, err
	}
	a.audit = newAudit(a.metrics.registry)
	if err := a.openDealers(ctx); err != nil {
		return nil, err
	}
	a.openWatchers()
	a.post = a.openPost()
	owner := rand.Text()
	if err := a.openLeads(ctx, owner); err != nil {
		return nil, err
	}
	if err := a.openMessages(ctx, owner); err != nil {
		return nil, err
	}
	handler, err := a.handler()
	if err != nil {
		return nil, err
	}
	a.server = newHTTPServer(o.Config, handler, a.cert, o.Log)
	return a, nil
}

// openDealers opens all dealers side by side, so that one that is slow to
// answer delays no other.
func (a *App) openDealers(ctx context.Context) error {
	for _, d := range a.options.Config.Dealers {
		open, err := a.opener(d)
		if err != nil {
			return err
		}
		a.keepers = append(a.keepers, &keeper{
			cfg: d, open: open, registry: a.registry, now: a.options.Now, tick: a.options.Tick,
			log: a.log.With("dealer", d.Code), metrics: a.metrics,
			patience: a.options.Config.RequestTimeout + 5*time.Second, fitted: a.compareSnapshots,
		})
	}
	a.metrics.registry.MustRegister(pools{a.keepers})
	var opening sync.WaitGroup
	for _, k := range a.keepers {
		opening.Go(func() { k.start(ctx) })
	}
	opening.Wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("opening the dealers: %w", err)
	}
	return nil
}

// opener gives the function that opens one dealer's system, as often as asked.
func (a *App) opener(d config.Dealer) (func(context.Context) (adapters.Adapter, error), error) {
	factory, ok := a.options.Adapters[d.Database.Driver]
	if !ok {
		return nil, fmt.Errorf("dealer %s: no adapter for driver %q", d.Code, d.Database.Driver)
	}
	env := adapters.Env{
		Dealer: d.Code, Now: a.options.Now, Log: a.log.With("dealer", d.Code), Audit: a.audit.forDealer(d.Code),
	}
	if base := a.options.Config.PublicURL; base != "" {
		env.DocumentURL = documentURL(base, d.Code)
	}
	return factory.opener(d, env, "dealer"), nil
}

// Addr is the address listened on, with its real port.
func (a *App) Addr() net.Addr { return a.listener.Addr() }

// Served says whether every dealer can be served now: nil, or why not, fit for
// an operator's eyes.
func (a *App) Served(ctx context.Context) error {
	var errs []error
	for _, d := range a.registry.All() {
		errs = append(errs, d.Check(ctx))
	}
	return errors.Join(errs...)
}

// Noted gives what the dealers' adapters noted so far.
func (a *App) Noted() []Noted { return a.audit.list() }

// Run serves until ctx ends, then lets requests in flight finish and closes
// everything. It may be called once.
func (a *App) Run(ctx context.Context) error {
	keeping, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	for _, k := range a.keepers {
		running.Go(func() { k.run(keeping) })
	}
	for _, w := range a.watchers {
		running.Go(func() { a.watch(keeping, w) })
	}
	for code, w := range a.leads {
		running.Go(func() { a.keepLeads(keeping, code, w) })
	}
	a.startMessages(keeping, func(do func()) { running.Go(do) })
	if w := a.post.worker; w != nil {
		running.Go(func() {
			if err := w.Run(keeping); err != nil {
				a.log.ErrorContext(keeping, "sending mails ended", "err", err)
			}
		})
	}
	if err := forgetStart(); err != nil {
		a.log.Debug("what the start needed stays in memory", "err", err)
	}
	a.log.Info("serving", "address", a.listener.Addr().String(), "tls", a.cert != nil, "dealers", len(a.options.Config.Dealers), "version", a.options.Version)
	err := a.server.run(ctx, a.listener, func() { a.stopping.Store(true) })
	stop()
	running.Wait()
	err = errors.Join(err, a.close())
	if err == nil {
		a.log.Info("stopped")
	}
	return err
}

// Close closes a gateway that was opened and never ran.
func (a *App) Close() error { return a.close() }

// close closes what is open, the last opened first.
func (a *App) close() error {
	var errs []error
	if a.server != nil {
		errs = append(errs, a.server.close())
	}
	var ending sync.WaitGroup
	for _, k := range a.keepers {
		ending.Go(k.stop)
	}
	ending.Wait()
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			errs = append(errs, fmt.Errorf("closing the gateway's state: %w", err))
		}
		a.store = nil
	}
	if a.listener != nil {
		if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, fmt.Errorf("closing the address: %w", err))
		}
	}
	return errors.Join(errs...)
}
