package server

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// metrics are the server's own. Labels are route templates, dealer codes and
// words of ours, never anything a caller wrote.
type metrics struct {
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
	sweeps   *prometheus.CounterVec
	messages *prometheus.CounterVec
	lists    prometheus.Gauge
	bytes    prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	const space = "dealerbridge"
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: space, Name: "http_requests_total", Help: "Requests answered.",
		}, []string{"method", "route", "dealer", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: space, Name: "http_request_seconds", Help: "Time from request to answer.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 60},
		}, []string{"method", "route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: space, Name: "http_requests_in_flight", Help: "Requests being worked on.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: space, Name: "http_panics_total", Help: "Requests that ended in a panic.",
		}),
		sweeps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: space, Name: "sweep_events_total", Help: "What happened to key lists.",
		}, []string{"dealer", "endpoint", "event"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: space, Name: "message_intake_total", Help: "What became of messages that were posted.",
		}, []string{"dealer", "event"}),
		lists: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: space, Name: "sweep_lists", Help: "Key lists in memory.",
		}),
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: space, Name: "sweep_bytes", Help: "Estimated size of the key lists in memory.",
		}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.took, m.inFlight, m.panics, m.sweeps, m.messages, m.lists, m.bytes} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) request(verb, route, dealer string, status int, took time.Duration) {
	verb = method(verb)
	m.requests.WithLabelValues(verb, route, dealer, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(verb, route).Observe(took.Seconds())
}

// message counts what became of a message.
func (m *metrics) message(dealer string, what intake.Event) {
	m.messages.WithLabelValues(dealer, string(what)).Inc()
}

// Happened implements sweep.Observer.
func (m *metrics) Happened(dealer, endpoint string, what sweep.Event) {
	m.sweeps.WithLabelValues(dealer, endpoint, string(what)).Inc()
}

// Held implements sweep.Observer.
func (m *metrics) Held(lists int, bytes int64) {
	m.lists.Set(float64(lists))
	m.bytes.Set(float64(bytes))
}
