package app

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/changes"
)

// mailLease is how long one process sends mails before another may.
const mailLease = 2 * time.Minute

// post is what sends a gateway's mails; worker is nil where no mail server is
// configured, and alerts then wait in the state.
type post struct {
	notifier alert.Notifier
	worker   *alert.Worker
}

// openPost makes the part that tells people by mail.
func (a *App) openPost() post {
	wake := make(chan struct{}, 1)
	p := post{notifier: alert.Notifier{Store: a.store, Now: a.options.Now, Wake: func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}}}
	m := a.options.Config.Mail
	if m == nil {
		return p
	}
	people := map[string]alert.People{}
	for _, d := range a.options.Config.Dealers {
		people[d.Code] = alertPeople(d.People)
	}
	mails := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "dealerbridge_mails_total",
		Help: "Mails about what needs a person, sent or failed; a failed one is tried again.",
	}, []string{"dealer", "result"})
	a.metrics.registry.MustRegister(mails)
	lease := changes.Lease{Name: "mail", Owner: rand.Text()}
	p.worker = alert.NewWorker(alert.Options{
		Store: a.store, People: people, Every: m.Every, Now: a.options.Now, Log: a.log,
		Sender: alert.SMTP{
			Host: m.Host, Port: m.Port, Security: alert.Security(m.Security), User: m.User, Password: m.Password.Reveal(), From: m.From,
		},
		Lease: func(ctx context.Context) (bool, error) {
			now := a.options.Now()
			lease.Until = now.Add(mailLease)
			return a.store.TakeLease(ctx, lease, now)
		},
		Wait: func(ctx context.Context, d time.Duration) error {
			waiting, stop := context.WithCancel(ctx)
			defer stop()
			go func() {
				select {
				case <-wake:
					stop()
				case <-waiting.Done():
				}
			}()
			err := a.options.Sleep(waiting, d)
			if ctx.Err() == nil {
				return nil // woken
			}
			return err
		},
		Sent:   func(dealer string) { mails.WithLabelValues(dealer, "sent").Inc() },
		Failed: func(dealer string) { mails.WithLabelValues(dealer, "failed").Inc() },
	})
	return p
}

func alertPeople(p config.People) alert.People {
	out := alert.People{To: p.To}
	for _, r := range p.Routes {
		out.Routes = append(out.Routes, alert.Route{Requests: r.Requests, Locations: r.Locations, To: r.To})
	}
	return out
}
