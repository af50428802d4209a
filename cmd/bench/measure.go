package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/bench/bare"
	"github.com/dealerbridge/dealerbridge/cmd/bench/load"
	"github.com/dealerbridge/dealerbridge/cmd/bench/report"
)

// turns lets every target have its turn in every round, each round beginning
// with another one, and gives the figures by target.
func (b *bench) turns(ctx context.Context, targets []who, clients int, sweeps []sweep) (map[who][]report.Run, error) {
	runs := map[who][]report.Run{}
	for _, w := range targets {
		if _, err := loaded(ctx, w, b.callers(w, sweeps, clients, -1+len(sweeps)), min(b.duration, time.Second)/2); err != nil {
			return nil, b.withLog(err)
		}
	}
	for round := range b.rounds {
		for i := range targets {
			w := targets[(i+round)%len(targets)]
			server := b.processOf(w)
			cpu, database := server.CPU(), b.database.CPU()
			r, err := loaded(ctx, w, b.callers(w, sweeps, clients, round), b.duration)
			if err != nil {
				return nil, b.withLog(err)
			}
			n := float64(max(r.Requests, 1))
			memory, _ := server.Memory()
			runs[w] = append(runs[w], report.Run{
				PerSecond: r.PerSecond(), P50: r.Quantile(0.5), P99: r.Quantile(0.99), Bytes: float64(r.Bytes) / n,
				CPU: (server.CPU() - cpu).Seconds() / n, DatabaseCPU: (b.database.CPU() - database).Seconds() / n, Memory: memory,
			})
		}
	}
	return runs, nil
}

func (b *bench) processOf(w who) load.Process {
	switch w {
	case askGateway, askGzip:
		return b.gateway.Process
	case askBaseline:
		return b.baseline.Process
	}
	return 0
}

// contract measures the page of contracts at all numbers of clients.
func (b *bench) contract(ctx context.Context, w works) error {
	for _, clients := range []int{1, 8, 32} {
		b.say("contract, %d clients", clients)
		runs, err := b.turns(ctx, []who{askGateway, askBaseline, askBare}, clients, w.contract)
		if err != nil {
			return err
		}
		b.report.Add("contract", clients, runs[askGateway], runs[askBaseline], runs[askBare])
	}
	b.say("contract, packed")
	runs, err := b.turns(ctx, []who{askGzip, askBaseline}, 8, w.contract)
	if err != nil {
		return err
	}
	b.report.Add("contract, gzip", 8, runs[askGzip], runs[askBaseline], nil)
	return nil
}

// endpoints measures the others at eight clients.
func (b *bench) endpoints(ctx context.Context, w works) error {
	for _, e := range []struct {
		name   string
		sweeps []sweep
		bare   bool
	}{
		{"invoice", w.invoice, true},
		{"jobsite", w.jobsite, true},
		{"location", w.location, false},
		{"catalog", w.catalog, false},
		{"incremental", w.incremental, false},
	} {
		b.say("%s", e.name)
		targets := []who{askGateway, askBaseline}
		if e.bare {
			targets = append(targets, askBare)
		}
		runs, err := b.turns(ctx, targets, 8, e.sweeps)
		if err != nil {
			return err
		}
		b.report.Add(e.name, 8, runs[askGateway], runs[askBaseline], runs[askBare])
	}
	return nil
}

// What depth asks for: pages of the size that holds when a caller does not say.
const (
	depthItems = 10
	depthPage  = 4900
	coldItems  = 20
)

// depth measures first and late pages of the set of customers with the most
// contracts.
func (b *bench) depth(ctx context.Context, _ works) error {
	b.say("page depth")
	fleets := b.size.Fleets()
	s, err := b.recorder.Contracts(ctx, fleets, depthItems*10_000) // one page: the keys count
	if err != nil {
		return err
	}
	d := report.Depth{Rows: s.Total, Items: depthItems, Page: min(depthPage, s.Total/depthItems-1)}
	// Page 0 comes once: each would begin another sweep, and its pages follow.
	if d.GatewayFirst, err = b.timed(ctx, askGateway, path("contract", fleets, depthItems, 0)); err != nil {
		return err
	}
	var kept, late, first, deep []float64
	for range max(20, b.rounds*20) {
		for _, one := range []struct {
			page int
			to   *[]float64
		}{{1, &kept}, {d.Page, &late}} {
			took, err := b.timed(ctx, askGateway, path("contract", fleets, depthItems, one.page))
			if err != nil {
				return err
			}
			*one.to = append(*one.to, took.Seconds())
		}
	}
	var cold []float64
	for range b.rounds {
		for _, one := range []struct {
			w     who
			items int
			page  int
			to    *[]float64
		}{
			{askGateway, coldItems, 0, &cold},
			{askBaseline, coldItems, 0, &first},
			{askBaseline, depthItems, d.Page, &deep},
		} {
			took, err := b.timed(ctx, one.w, path("contract", fleets, one.items, one.page))
			if err != nil {
				return err
			}
			*one.to = append(*one.to, took.Seconds())
		}
	}
	seconds := func(figures []float64) time.Duration {
		return time.Duration(load.Median(figures) * float64(time.Second))
	}
	d.GatewayCold, d.GatewayKept, d.GatewayLate = seconds(cold), seconds(kept), seconds(late)
	d.BaselineFirst, d.BaselineLate = seconds(first), seconds(deep)
	b.report.Depth = &d
	return nil
}

func (b *bench) timed(ctx context.Context, w who, path string) (time.Duration, error) {
	server := b.gateway
	if w == askBaseline {
		server = b.baseline
	}
	began := time.Now()
	if _, err := server.Get(ctx, path, io.Discard); err != nil {
		return 0, b.withLog(err)
	}
	return time.Since(began), nil
}

// pulled is how many customers a daily pull asks for.
const pulled = 1000

// pull measures a whole daily pull, contracts and jobsites five customers at a
// time and invoices one by one, every page of each.
func (b *bench) pull(ctx context.Context, _ works) error {
	b.say("full pull of %d customers", pulled)
	var sweeps []sweep
	customers := b.size.Pulled(pulled)
	for start := 0; start < len(customers); start += 5 {
		set := customers[start : start+5]
		for _, one := range []struct {
			endpoint string
			sets     [][]string
			record   recordFunc
		}{
			{"contract", [][]string{set}, b.recorder.Contracts},
			{"jobsite", [][]string{set}, b.recorder.Jobsites},
			{"invoice", [][]string{set[:1], set[1:2], set[2:3], set[3:4], set[4:]}, b.recorder.Invoices},
		} {
			for _, customers := range one.sets {
				s, err := b.sweep(ctx, one.endpoint, customers, items, one.record)
				if err != nil {
					return err
				}
				sweeps = append(sweeps, s)
			}
		}
	}
	rounds := b.rounds
	if b.size.Contracts > 10_000 {
		rounds = min(rounds, 2) // each of them is long
	}
	for _, pullers := range []int{1, 8} {
		took := map[who][]float64{}
		requests := 0
		for round := range rounds {
			targets := []who{askGateway, askBaseline, askBare}
			for i := range targets {
				w := targets[(i+round)%len(targets)]
				r, err := loaded(ctx, w, b.pullers(w, sweeps, pullers), 0)
				if err != nil {
					return b.withLog(err)
				}
				took[w] = append(took[w], r.Elapsed.Seconds())
				if w == askGateway {
					requests = r.Requests
				}
			}
		}
		b.report.Pulls = append(b.report.Pulls, report.NewPull(pullers, requests, took[askGateway], took[askBaseline], took[askBare]))
	}
	return nil
}

// pullers share the sweeps; each walks through all pages of one before it takes
// the next. The statements alone include those of the key lists here: a pull
// has to make them.
func (b *bench) pullers(w who, sweeps []sweep, n int) []load.Caller {
	var mu sync.Mutex
	next := 0
	take := func() (sweep, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(sweeps) {
			return sweep{}, false
		}
		next++
		return sweeps[next-1], true
	}
	all := make([]load.Caller, n)
	for i := range all {
		var s sweep
		page := 0
		all[i] = func(ctx context.Context) (int64, error) {
			if page == len(s.paths) {
				var ok bool
				if s, ok = take(); !ok {
					return 0, load.ErrDone
				}
				page = 0
				if w == askBare {
					if err := b.bareKeys(ctx, s.bare); err != nil {
						return 0, err
					}
				}
			}
			page++
			return b.get(ctx, w, i, s, page-1)
		}
	}
	return all
}

func (b *bench) bareKeys(ctx context.Context, s bare.Sweep) error {
	if err := b.runner.Run(ctx, s.Keys); err != nil {
		return fmt.Errorf("reading keys: %w", err)
	}
	return nil
}
