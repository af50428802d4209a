package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/operator"
	"github.com/dealerbridge/dealerbridge/server/store"
	"github.com/dealerbridge/dealerbridge/server/sweep"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// outsideTime bounds calls to an outside issuer for its keys.
const outsideTime = 10 * time.Second

var errStopping = errors.New("the gateway is stopping")

// handler builds the server above what is open.
func (a *App) handler() (http.Handler, error) {
	c := a.options.Config
	authority := token.New(token.Options{
		Clients: a.store, Keys: a.store, Life: c.Token.Life, External: a.issuers(),
		Now: a.options.Now, Remote: clientAddress(c.TrustedProxies),
	})
	log := a.options.RequestLog
	if log == nil {
		log = a.log
	}
	idle := c.Sweeps.Idle
	lists, err := a.store.KeyLists(store.KeyListOptions{Now: a.options.Now, Idle: idle, Bytes: int64(c.Sweeps.Kept) << 20})
	if err != nil {
		return nil, err
	}
	desk, err := a.operator(log)
	if err != nil {
		return nil, err
	}
	return server.New(server.Options{
		Operator:       desk,
		Messages:       a.intake(),
		Dealers:        a.registry,
		Verifier:       countedVerifier{authority, a.metrics},
		TokenHandler:   countedTokens(authority.Endpoint(log), a.metrics),
		MetricsHandler: a.metrics.handler(),
		Registerer:     a.metrics.registry,
		Log:            log,
		Now:            a.options.Now,
		RequestTimeout: c.RequestTimeout,
		DefaultItems:   int64(c.PageSize.Default),
		MostItems:      int64(c.PageSize.Most),
		CustomerPath:   c.Paths.Customer,
		Sweeps:         sweep.Options{Store: lists, Idle: idle, Bytes: int64(c.Sweeps.Memory) << 20},
		Alert:          a.metrics.alert,
		Ready: func(ctx context.Context) error {
			if a.stopping.Load() {
				return errStopping
			}
			return a.store.Check(ctx)
		},
	})
}

// intake says how messages are taken; nil where no dealer exchanges any.
func (a *App) intake() *intake.Options {
	most := 0
	takes := map[string]bool{}
	for _, d := range a.options.Config.Dealers {
		if d.Messages != nil {
			takes[d.Code] = true
			most = max(most, d.Messages.MaxBody)
		}
	}
	if len(takes) == 0 {
		return nil
	}
	return &intake.Options{
		Queue: a.exchange.queue, Files: a.exchange.files, MaxBody: int64(most) << 20,
		Known: func(dealer string) bool { return takes[dealer] },
	}
}

// operator makes the handlers of the operator's own API.
func (a *App) operator(log *slog.Logger) (*operator.Handlers, error) {
	o := operator.Options{
		Now: a.options.Now, Log: log, Desk: a.exchange.service, Queue: a.exchange.queue,
		HasDesk: func(dealer string) bool {
			return slices.ContainsFunc(a.exchange.dealers, func(d messaging.Dealer) bool { return d.Code == dealer })
		},
		Leads: func(dealer string) operator.Leads {
			if w, ok := a.leads[dealer]; ok {
				return w
			}
			return nil
		},
	}
	if q := a.options.Config.QR; q != nil {
		machines, err := OpenQR(*q, a.options.Now, log)
		if err != nil {
			return nil, err
		}
		o.Machines = machines
	}
	return operator.New(o), nil
}

func (a *App) issuers() []*token.External {
	out := make([]*token.External, 0, len(a.options.Config.Issuers))
	for _, i := range a.options.Config.Issuers {
		scopes := i.Scopes
		if len(scopes) == 0 {
			scopes = []string{token.ScopeRead}
		}
		out = append(out, &token.External{
			Issuer: i.Issuer, Audience: i.Audience, KeysURL: i.Keys, Claim: i.Claim, Dealers: i.Dealers, Scopes: scopes,
			Known:  func(dealer string) bool { _, ok := a.registry.Dealer(dealer); return ok },
			Client: &http.Client{Timeout: outsideTime},
		})
	}
	return out
}

// countedVerifier counts the tokens that were refused.
type countedVerifier struct {
	server.Verifier
	metrics *metrics
}

// Verify is part of server.Verifier.
func (v countedVerifier) Verify(ctx context.Context, bearer string) (token.Caller, error) {
	caller, err := v.Verifier.Verify(ctx, bearer)
	switch {
	case err == nil:
	case errors.Is(err, token.ErrNoToken):
		v.metrics.refused.WithLabelValues("check", "no token").Inc()
	case errors.Is(err, token.ErrInvalidToken):
		v.metrics.refused.WithLabelValues("check", "invalid").Inc()
	default:
		v.metrics.refused.WithLabelValues("check", "unavailable").Inc()
	}
	return caller, err
}

// countedTokens counts the requests for a token that were refused, by status.
func countedTokens(next http.Handler, m *metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(seen, r)
		if seen.status >= http.StatusBadRequest {
			m.refused.WithLabelValues("issue", strconv.Itoa(seen.status)).Inc()
		}
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader is part of http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController through.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
