package app

import (
	"cmp"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dealerbridge/dealerbridge/adapters"
)

const (
	rowsKept  = 20   // newest row keys of each kind of note
	kindsKept = 5000 // kinds of notes over all dealers; further ones count as "other"
)

// Noted is how often one kind of note was made, with the newest rows.
type Noted struct {
	Dealer   string
	Endpoint string
	Field    string
	Reason   adapters.Reason
	Count    uint64
	Rows     []string // keys, newest last
}

type notedKey struct {
	dealer, endpoint, field string
	reason                  adapters.Reason
}

// audit counts every value that was not sent as it stood. It keeps row keys,
// never values.
type audit struct {
	total *prometheus.CounterVec

	mu   sync.Mutex
	seen map[notedKey]*Noted
}

func newAudit(registry prometheus.Registerer) *audit {
	a := &audit{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_values_noted_total",
			Help: "Values that were not sent as they stood in the dealer's system, by reason.",
		}, []string{"dealer", "endpoint", "field", "reason"}),
		seen: map[notedKey]*Noted{},
	}
	registry.MustRegister(a.total)
	return a
}

// forDealer gives the auditor of one dealer's adapter.
func (a *audit) forDealer(code string) adapters.Auditor { return dealerAudit{a, code} }

type dealerAudit struct {
	*audit
	dealer string
}

// Note counts one value.
func (d dealerAudit) Note(n adapters.Note) {
	key := notedKey{d.dealer, n.Endpoint, n.Field, n.Reason}
	d.mu.Lock()
	one := d.seen[key]
	if one == nil && len(d.seen) >= kindsKept {
		key = notedKey{d.dealer, n.Endpoint, "other", n.Reason}
		one = d.seen[key]
	}
	if one == nil {
		one = &Noted{Dealer: key.dealer, Endpoint: key.endpoint, Field: key.field, Reason: key.reason}
		d.seen[key] = one
	}
	one.Count++
	if len(one.Rows) == rowsKept {
		copy(one.Rows, one.Rows[1:])
		one.Rows = one.Rows[:rowsKept-1]
	}
	one.Rows = append(one.Rows, n.Row)
	d.mu.Unlock()
	d.total.WithLabelValues(key.dealer, key.endpoint, key.field, string(key.reason)).Inc()
}

// list gives what was noted, ordered by dealer, endpoint, field and reason.
func (a *audit) list() []Noted {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]Noted, 0, len(a.seen))
	for _, one := range a.seen {
		copied := *one
		copied.Rows = slices.Clone(one.Rows)
		out = append(out, copied)
	}
	slices.SortFunc(out, func(x, y Noted) int {
		return cmp.Or(
			cmp.Compare(x.Dealer, y.Dealer), cmp.Compare(x.Endpoint, y.Endpoint),
			cmp.Compare(x.Field, y.Field), cmp.Compare(x.Reason, y.Reason),
		)
	})
	return out
}
