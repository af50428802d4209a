package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/adapters/webhook"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// clearEvery is how often messages and files whose time is over are taken away.
const clearEvery = time.Hour

// exchange is the part of a gateway that exchanges messages.
type exchange struct {
	queue   *queue.Queue
	service *messaging.Service
	files   *store.Attachments
	dealers []messaging.Dealer
	keep    time.Duration
}

// openMessages makes the exchange of messages for the dealers that have one.
func (a *App) openMessages(ctx context.Context, owner string) error {
	var err error
	if a.exchange.files, err = a.store.Attachments(""); err != nil {
		return err
	}
	counts := newMessageMetrics(a.metrics.registry)
	a.exchange.keep = days(a.options.Config.Keep.Messages)
	a.exchange.queue = queue.New(queue.Options{
		Storage: a.store.Queue(), Owner: owner, Keep: a.exchange.keep, Bodies: days(a.options.Config.Keep.Bodies), Now: a.options.Now, Sleep: a.options.Sleep, Log: a.log, Observer: counts,
	})
	a.exchange.service = messaging.New(messaging.Options{
		Store: a.store, Queue: a.exchange.queue, Files: a.exchange.files, Alerts: a.post.notifier, Now: a.options.Now, Sleep: a.options.Sleep,
		Log: a.log, Happened: counts.happened,
	})
	for _, d := range a.options.Config.Dealers {
		if d.Messages == nil {
			continue
		}
		md, err := a.messageDealer(ctx, d, a.log.With("dealer", d.Code))
		if err != nil {
			return fmt.Errorf("dealer %s: %w", d.Code, err)
		}
		a.exchange.dealers = append(a.exchange.dealers, md)
	}
	return nil
}

// messageDealer finds out what one dealer's exchange of messages is made of.
func (a *App) messageDealer(ctx context.Context, d config.Dealer, log *slog.Logger) (messaging.Dealer, error) {
	rental := rentalDoor{a.registry, d.Code}
	out := messaging.Dealer{Code: d.Code, Customers: rental, Contracts: rental}
	m := d.Messages
	if m.Service != "" {
		poster, err := caterpillar.OpenMessages(caterpillar.MessageConfig{
			URL: m.Service, Scope: m.Scope,
			Credentials: caterpillar.Credentials{TokenURL: m.TokenService, ID: m.ClientID, Secret: m.ClientSecret.Reveal()},
			Options:     caterpillar.Options{Now: a.options.Now, Log: log},
		})
		if err != nil {
			return out, fmt.Errorf("opening the message service: %w", err)
		}
		out.Poster, out.Changes = poster, rental
	}
	var to receivers
	if m.Handover != nil {
		k, err := a.keepHandover(d, log)
		if err != nil {
			return out, err
		}
		a.keepers = append(a.keepers, k)
		k.start(ctx)
		door := handoverDoor{a.handovers, d.Code}
		to = append(to, door)
		out.Moves = door
	}
	if w := m.Webhook; w != nil {
		var secrets []string
		for _, s := range w.Secrets {
			secrets = append(secrets, s.Reveal())
		}
		hook, err := webhook.Open(webhook.Config{URL: w.URL, Secrets: secrets, Now: a.options.Now})
		if err != nil {
			return out, fmt.Errorf("opening the webhook: %w", err)
		}
		to = append(to, hook)
	}
	if len(to) > 0 {
		out.Receiver = to
	}
	return out, nil
}

// keepHandover keeps the database messages are handed over in.
func (a *App) keepHandover(d config.Dealer, log *slog.Logger) (*keeper, error) {
	as := d
	as.CRM = d.Messages.Handover
	k, err := a.keepCRM(as, log.With("for", "messages"))
	if err != nil {
		return nil, err
	}
	k.registry = a.handovers
	return k, nil
}

// startMessages works on the messages of all dealers until ctx ends.
func (a *App) startMessages(ctx context.Context, run func(func())) {
	x := a.exchange
	if len(x.dealers) == 0 {
		return
	}
	ended := func(what string, err error) {
		if err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, what+" ended", "err", err)
		}
	}
	run(func() { ended("looking at the queue", x.queue.Run(ctx)) })
	for _, d := range x.dealers {
		run(func() { ended("working on messages of dealer "+d.Code, x.service.Work(ctx, d)) })
	}
	run(func() {
		for ctx.Err() == nil {
			if err := x.service.Clear(ctx, a.options.Now().Add(-x.keep)); err != nil && ctx.Err() == nil {
				a.log.WarnContext(ctx, "taking old messages away failed; it is tried again", "err", err)
			}
			if a.options.Sleep(ctx, clearEvery) != nil {
				return
			}
		}
	})
}

// receivers hand a message to each of them; a repeat after a failure reaches
// those again that took it, with the same id.
type receivers []adapters.MessageReceiver

// Receive implements adapters.MessageReceiver.
func (r receivers) Receive(ctx context.Context, h adapters.Handover) error {
	for _, one := range r {
		if err := one.Receive(ctx, h); err != nil {
			return err // the receivers say what they were doing
		}
	}
	return nil
}

// entered lets a call into the dealer in force of a registry.
func entered(registry *dealers.Registry, code string) (*dealers.Dealer, func(), error) {
	for {
		d, ok := registry.Dealer(code)
		if !ok {
			return nil, nil, fmt.Errorf("dealer %s is not connected: %w", code, adapters.ErrUnavailable)
		}
		leave, ok := d.Enter()
		if !ok {
			if again, still := registry.Dealer(code); still && again == d { // closed and not replaced
				return nil, nil, fmt.Errorf("dealer %s is closed: %w", code, adapters.ErrUnavailable)
			}
			continue
		}
		if d.Fault != nil {
			leave()
			return nil, nil, d.Fault
		}
		return d, leave, nil
	}
}

// rentalDoor asks the rental system of a dealer that is in force.
type rentalDoor struct {
	registry *dealers.Registry
	code     string
}

// Customer implements adapters.CustomerReader.
func (r rentalDoor) Customer(ctx context.Context, number string) (model.Customer, error) {
	d, leave, err := entered(r.registry, r.code)
	if err != nil {
		return model.Customer{}, err
	}
	defer leave()
	if d.Customers == nil {
		return model.Customer{}, fmt.Errorf("dealer %s maps no customers: %w", r.code, adapters.ErrMapping)
	}
	return d.Customers.Customer(ctx, number)
}

// Changes implements adapters.ChangeReader.
func (r rentalDoor) Changes(ctx context.Context, since time.Time) ([]adapters.Change, []adapters.LeftOut, error) {
	d, leave, err := entered(r.registry, r.code)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	if d.Changes == nil {
		return nil, nil, nil // the dealer tells no changes; CRS finds them when it pulls
	}
	return d.Changes.Changes(ctx, since)
}

// ContractKeys implements adapters.ContractReader.
func (r rentalDoor) ContractKeys(ctx context.Context, q adapters.Query) (adapters.Keys, error) {
	d, leave, err := entered(r.registry, r.code)
	if err != nil {
		return nil, err
	}
	defer leave()
	if d.Contracts == nil {
		return nil, nil // the dealer maps no contracts, so nobody knows their locations
	}
	return d.Contracts.ContractKeys(ctx, q)
}

// Contracts implements adapters.ContractReader.
func (r rentalDoor) Contracts(ctx context.Context, q adapters.Query, keys adapters.Keys) ([]model.Contract, []adapters.LeftOut, error) {
	d, leave, err := entered(r.registry, r.code)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	if d.Contracts == nil {
		return nil, nil, fmt.Errorf("dealer %s maps no contracts: %w", r.code, adapters.ErrMapping)
	}
	return d.Contracts.Contracts(ctx, q, keys)
}

// handoverDoor reaches the tables messages are handed over in.
type handoverDoor struct {
	registry *dealers.Registry
	code     string
}

// Receive implements adapters.MessageReceiver.
func (h handoverDoor) Receive(ctx context.Context, m adapters.Handover) error {
	d, leave, err := entered(h.registry, h.code)
	if err != nil {
		return err
	}
	defer leave()
	if d.Receiver == nil {
		return fmt.Errorf("crm.yaml of dealer %s has no section for messages: %w", h.code, adapters.ErrMapping)
	}
	return d.Receiver.Receive(ctx, m)
}

// Outgoing implements adapters.MessageSource. A mapping without moves has none.
func (h handoverDoor) Outgoing(ctx context.Context, mark string, limit int) ([]adapters.DealerMove, string, error) {
	d, leave, err := entered(h.registry, h.code)
	if err != nil {
		return nil, mark, err
	}
	defer leave()
	if d.Moves == nil {
		return nil, mark, nil
	}
	return d.Moves.Outgoing(ctx, mark, limit)
}

// messageMetrics counts what happens to messages, in the queue and beyond it.
type messageMetrics struct {
	events    *prometheus.CounterVec
	queued    *prometheus.CounterVec
	delivered *prometheus.HistogramVec
}

var _ queue.Observer = messageMetrics{}

func newMessageMetrics(registry prometheus.Registerer) messageMetrics {
	m := messageMetrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_messages_events_total",
			Help: "What happened to messages: arrived, answered, sent, unsure, handed-over, moved and so on.",
		}, []string{"dealer", "event"}),
		queued: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_queue_items_total",
			Help: "Items of the queue: added, repeated, merged, failed, parked, interrupted, lost.",
		}, []string{"dealer", "direction", "event"}),
		delivered: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dealerbridge_queue_delivery_seconds", Help: "How long items were in the queue until they were through.",
			Buckets: []float64{0.05, 0.25, 1, 5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600},
		}, []string{"dealer", "direction"}),
	}
	registry.MustRegister(m.events, m.queued, m.delivered)
	return m
}

func (m messageMetrics) happened(dealer string, what messaging.Event) {
	m.events.WithLabelValues(dealer, string(what)).Inc()
}

func (m messageMetrics) count(l queue.Lane, event string) {
	m.queued.WithLabelValues(l.Dealer, string(l.Direction), event).Inc()
}

// Pushed implements queue.Observer.
func (m messageMetrics) Pushed(l queue.Lane, _ string, what queue.Receipt) { m.count(l, string(what)) }

// Delivered implements queue.Observer.
func (m messageMetrics) Delivered(l queue.Lane, _ string, after time.Duration) {
	m.delivered.WithLabelValues(l.Dealer, string(l.Direction)).Observe(after.Seconds())
}

// Failed implements queue.Observer.
func (m messageMetrics) Failed(l queue.Lane, _ string, _ bool) { m.count(l, "failed") }

// Parked implements queue.Observer.
func (m messageMetrics) Parked(l queue.Lane, _ string) { m.count(l, "parked") }

// Interrupted implements queue.Observer.
func (m messageMetrics) Interrupted(l queue.Lane, _ string) { m.count(l, "interrupted") }

// Lost implements queue.Observer.
func (m messageMetrics) Lost(l queue.Lane) { m.count(l, "lost") }

// MessageDesk is the desk's work and the queue, opened for a command.
type MessageDesk struct {
	*messaging.Service
	Queue *queue.Queue
	state *store.Store
}

// EraseCustomer takes away everything that is kept of a customer: requests,
// conversations, messages, files, and what was noted to find changes. It says
// how many of the former. queue.ErrBusy: the rest is erased, ask again.
func (m *MessageDesk) EraseCustomer(ctx context.Context, dealer, customer string) (int64, error) {
	n, err := m.Service.Erase(ctx, dealer, customer)
	return n, errors.Join(err, m.state.EraseSnapshots(ctx, dealer, customer))
}

// Close closes the state.
func (m *MessageDesk) Close() error { return m.state.Close() }

// OpenMessageDesk opens the desk beside a gateway that may be running, which
// sends what the desk does; without one it waits.
func OpenMessageDesk(ctx context.Context, s config.State, now func() time.Time, log *slog.Logger) (_ *MessageDesk, err error) {
	state, err := OpenState(ctx, s, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, state.Close())
		}
	}()
	files, err := state.Attachments("")
	if err != nil {
		return nil, err
	}
	q := queue.New(queue.Options{Storage: state.Queue(), Owner: "command", Now: now, Sleep: clockSleep, Log: log})
	return &MessageDesk{
		Queue: q, state: state,
		Service: messaging.New(messaging.Options{
			Store: state, Queue: q, Files: files, Alerts: alert.Notifier{Store: state, Now: now}, Now: now, Sleep: clockSleep, Log: log,
		}),
	}, nil
}
