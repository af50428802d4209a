package app

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

// openWatchers makes the workers that compare snapshots, one for each dealer.
// They look by themselves whether the mapping in force wants anything compared.
func (a *App) openWatchers() {
	owner := rand.Text()
	metrics := newChangeMetrics(a.metrics.registry)
	for _, d := range a.options.Config.Dealers {
		a.watchers = append(a.watchers, changes.NewWorker(changes.Options{
			Dealer: d.Code, Dealers: a.registry, Store: a.store, Owner: owner,
			Every: d.Changes.Every, Busy: d.Changes.Busy, Now: a.options.Now, Sleep: a.options.Sleep,
			Log: a.log.With("dealer", d.Code), Observer: metrics,
		}))
	}
}

// compareSnapshots has a dealer answer from what the comparison found as well
// as from its stamps.
func (a *App) compareSnapshots(d *dealers.Dealer) {
	if d.Changes == nil && d.Grader == nil {
		return
	}
	d.Changes = &changes.Reader{Dealer: d.Code, Stamps: d.Changes, Grader: d.Grader, Store: a.store}
}

// watch runs one worker until ctx ends.
func (a *App) watch(ctx context.Context, w *changes.Worker) {
	if err := w.Run(ctx); err != nil {
		a.log.ErrorContext(ctx, "looking for changes ended", "err", err)
	}
}

// clockSleep waits for the clock, or for ctx.
func clockSleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// changeMetrics is the changes.Observer of all dealers.
type changeMetrics struct {
	grade      *prometheus.GaugeVec
	customers  *prometheus.CounterVec
	took       *prometheus.GaugeVec
	finished   *prometheus.GaugeVec
	suspicious *prometheus.CounterVec
	failures   *prometheus.CounterVec
}

var _ changes.Observer = (*changeMetrics)(nil)

func newChangeMetrics(registry prometheus.Registerer) *changeMetrics {
	m := &changeMetrics{
		grade: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dealerbridge_changes_grade",
			Help: "Always 1; how changes of a kind are learnt of is in the label: stamp, snapshot, snapshot-warming, none.",
		}, []string{"dealer", "kind", "grade"}),
		customers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_changes_customers_total",
			Help: "Customers compared with their snapshots, by what came of it: first, same, changed, unread.",
		}, []string{"dealer", "kind", "outcome"}),
		took: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dealerbridge_changes_round_seconds",
			Help: "How long the last complete comparison took, pauses included.",
		}, []string{"dealer", "kind"}),
		finished: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dealerbridge_changes_round_finished_seconds",
			Help: "When the last comparison was complete, in seconds since 1970.",
		}, []string{"dealer", "kind"}),
		suspicious: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_changes_suspicious_total",
			Help: "Comparisons that found more than half of the customers changed or unreadable.",
		}, []string{"dealer", "kind"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_changes_failures_total",
			Help: "Times a comparison had to stop; it goes on later where it was.",
		}, []string{"dealer"}),
	}
	registry.MustRegister(m.grade, m.customers, m.took, m.finished, m.suspicious, m.failures)
	return m
}

// Compared is part of changes.Observer.
func (m *changeMetrics) Compared(dealer string, kind adapters.ChangeKind, what changes.Outcome, customers int) {
	m.customers.WithLabelValues(dealer, string(kind), string(what)).Add(float64(customers))
}

// Finished is part of changes.Observer.
func (m *changeMetrics) Finished(dealer string, kind adapters.ChangeKind, at time.Time, took time.Duration) {
	m.took.WithLabelValues(dealer, string(kind)).Set(took.Seconds())
	m.finished.WithLabelValues(dealer, string(kind)).Set(float64(at.Unix()))
}

// Suspicious is part of changes.Observer.
func (m *changeMetrics) Suspicious(dealer string, kind adapters.ChangeKind) {
	m.suspicious.WithLabelValues(dealer, string(kind)).Inc()
}

// Failed is part of changes.Observer.
func (m *changeMetrics) Failed(dealer string) { m.failures.WithLabelValues(dealer).Inc() }

// Graded is part of changes.Observer.
func (m *changeMetrics) Graded(dealer string, grades map[adapters.ChangeKind]adapters.Grade) {
	m.grade.DeletePartialMatch(prometheus.Labels{"dealer": dealer})
	for kind, grade := range grades {
		m.grade.WithLabelValues(dealer, string(kind), string(grade)).Set(1)
	}
}
