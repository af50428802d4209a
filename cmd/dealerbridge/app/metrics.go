package app

import (
	"database/sql"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// metrics is the process's own registry. Labels carry dealer codes, endpoints,
// field names and reasons; never customers, ids or addresses.
type metrics struct {
	registry *prometheus.Registry
	up       *prometheus.GaugeVec
	crm      *prometheus.GaugeVec
	reloads  *prometheus.CounterVec
	refused  *prometheus.CounterVec
	alerts   *prometheus.CounterVec
}

func newMetrics(version string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dealerbridge_dealer_ready",
			Help: "1 while the dealer can be served, 0 while it cannot.",
		}, []string{"dealer"}),
		crm: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dealerbridge_crm_ready",
			Help: "1 while the dealer's CRM can be used, 0 while it cannot.",
		}, []string{"dealer"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_mapping_reloads_total",
			Help: "Changed mapping folders, taken up or refused because of faults.",
		}, []string{"dealer", "result"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_tokens_refused_total",
			Help: "Tokens that were not accepted (at: check) or not issued (at: issue), by reason.",
		}, []string{"at", "reason"}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dealerbridge_left_out_alerts_total",
			Help: "Answers refused because so many rows could not be sent that the mapping must be broken.",
		}, []string{"dealer", "endpoint"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "dealerbridge_build_info", Help: "Always 1; the version is in the label.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.up, m.crm, m.reloads, m.refused, m.alerts, build,
	)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

func (m *metrics) ready(dealer string, crm, ready bool) {
	value := 0.0
	if ready {
		value = 1
	}
	if crm {
		m.crm.WithLabelValues(dealer).Set(value)
		return
	}
	m.up.WithLabelValues(dealer).Set(value)
}

func (m *metrics) reloaded(dealer string, crm bool, result string) {
	if crm {
		return // the folder is one; its reload is counted with the rental system's
	}
	m.reloads.WithLabelValues(dealer, result).Inc()
}

func (m *metrics) alert(dealer, endpoint string) {
	m.alerts.WithLabelValues(dealer, endpoint).Inc()
}

// certificateEnds reports when the certificate in force ends.
func (m *metrics) certificateEnds(ends func() time.Time) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dealerbridge_certificate_expires_seconds",
		Help: "When the certificate in force ends, in seconds since 1970.",
	}, func() float64 { return float64(ends().Unix()) }))
}

// poolStats is implemented by adapters that hold a database pool.
type poolStats interface {
	PoolStats() sql.DBStats
}

// loaded is implemented by adapters that keep their load off a dealer's
// database.
type loaded interface {
	Load() sqlrms.Load
}

// pools reports the database pool of each dealer in force, whichever adapter
// that is at the moment.
type pools struct {
	keepers []*keeper
}

var poolLabels = []string{"dealer"}

var (
	poolOpen  = prometheus.NewDesc("dealerbridge_pool_connections", "Open connections to the dealer's database.", append(poolLabels, "state"), nil)
	poolMost  = prometheus.NewDesc("dealerbridge_pool_connections_max", "The most connections the pool may open.", poolLabels, nil)
	poolWait  = prometheus.NewDesc("dealerbridge_pool_waits_total", "Times a request waited for a connection.", poolLabels, nil)
	loadCalls = prometheus.NewDesc("dealerbridge_rms_calls", "Calls under way at the dealer's database.", poolLabels, nil)
	loadTurns = prometheus.NewDesc("dealerbridge_rms_statements", "Statements at the dealer's database that run, and those, or whole pages, that wait for their turn.", append(poolLabels, "state"), nil)
	loadLimit = prometheus.NewDesc("dealerbridge_rms_statements_limit", "Statements that may run at a time; fewer while the database is slow.", poolLabels, nil)
	loadAway  = prometheus.NewDesc("dealerbridge_rms_refused_total", "Calls refused because too many waited.", poolLabels, nil)
	loadSlow  = prometheus.NewDesc("dealerbridge_rms_slowed_total", "Times the limit was lowered because the database was slow.", poolLabels, nil)
	poolLost  = prometheus.NewDesc("dealerbridge_pool_wait_seconds_total", "Time requests waited for a connection.", poolLabels, nil)
)

// Describe is part of prometheus.Collector.
func (p pools) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{poolOpen, poolMost, poolWait, poolLost, loadCalls, loadTurns, loadLimit, loadAway, loadSlow} {
		to <- d
	}
}

// Collect is part of prometheus.Collector.
func (p pools) Collect(to chan<- prometheus.Metric) {
	for _, k := range p.keepers {
		k.mu.Lock()
		a, ok := k.adapter.(poolStats)
		k.mu.Unlock()
		if !ok {
			continue
		}
		s, code := a.PoolStats(), k.cfg.Code
		if a, ok := a.(loaded); ok {
			l := a.Load()
			to <- prometheus.MustNewConstMetric(loadCalls, prometheus.GaugeValue, float64(l.Calls), code)
			to <- prometheus.MustNewConstMetric(loadTurns, prometheus.GaugeValue, float64(l.Running), code, "running")
			to <- prometheus.MustNewConstMetric(loadTurns, prometheus.GaugeValue, float64(l.Waiting), code, "waiting")
			to <- prometheus.MustNewConstMetric(loadLimit, prometheus.GaugeValue, float64(l.Limit), code)
			to <- prometheus.MustNewConstMetric(loadAway, prometheus.CounterValue, float64(l.Refused), code)
			to <- prometheus.MustNewConstMetric(loadSlow, prometheus.CounterValue, float64(l.Slowed), code)
		}
		to <- prometheus.MustNewConstMetric(poolOpen, prometheus.GaugeValue, float64(s.InUse), code, "used")
		to <- prometheus.MustNewConstMetric(poolOpen, prometheus.GaugeValue, float64(s.Idle), code, "idle")
		to <- prometheus.MustNewConstMetric(poolMost, prometheus.GaugeValue, float64(s.MaxOpenConnections), code)
		to <- prometheus.MustNewConstMetric(poolWait, prometheus.CounterValue, float64(s.WaitCount), code)
		to <- prometheus.MustNewConstMetric(poolLost, prometheus.CounterValue, s.WaitDuration.Seconds(), code)
	}
}

var _ prometheus.Collector = pools{}
