package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/bench/bare"
	"github.com/dealerbridge/dealerbridge/cmd/bench/load"
)

// items is the page size of everything that is measured but page depth.
const items = 20

// sweep is what one caller asks page after page, and the statements behind it.
type sweep struct {
	paths []string
	bare  bare.Sweep // empty where the statements are not measured alone
}

// works is what is asked, by endpoint.
type works struct {
	contract, jobsite, invoice, location, catalog, incremental []sweep
}

// works chooses what is asked, the same for every target: sweeps over five
// accounts each for contracts and jobsites, over one for invoices.
func (b *bench) works(ctx context.Context) (works, error) {
	var w works
	dice := rand.New(rand.NewPCG(1, uint64(b.size.Contracts))) //nolint:gosec // the same sets every time
	accounts := b.size.Accounts()
	for range 40 {
		dice.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
		set := append([]string{}, accounts[:5]...)
		for _, one := range []struct {
			to        *[]sweep
			endpoint  string
			customers []string
			record    recordFunc
		}{
			{&w.contract, "contract", set, b.recorder.Contracts},
			{&w.jobsite, "jobsite", set, b.recorder.Jobsites},
			{&w.invoice, "invoice", set[:1], b.recorder.Invoices},
		} {
			s, err := b.sweep(ctx, one.endpoint, one.customers, items, one.record)
			if err != nil {
				return w, err
			}
			*one.to = append(*one.to, s)
		}
		w.catalog = append(w.catalog, sweep{paths: []string{"/api/v1/dealer-category?customer=" + set[0]}})
	}
	w.location = []sweep{{paths: []string{"/api/v1/location?items=20&page=0"}}}
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.incremental = []sweep{{paths: []string{"/api/v1/incremental?since=" + url.QueryEscape(since.Format(time.RFC3339))}}}
	return w, nil
}

type recordFunc func(ctx context.Context, customers []string, items int) (bare.Sweep, error)

// sweep records the statements of a sweep and spells its addresses.
func (b *bench) sweep(ctx context.Context, endpoint string, customers []string, items int, record recordFunc) (sweep, error) {
	recorded, err := record(ctx, customers, items)
	if err != nil {
		return sweep{}, fmt.Errorf("recording the statements of %s: %w", endpoint, err)
	}
	s := sweep{bare: recorded}
	for page := range max(1, len(recorded.Pages)) {
		s.paths = append(s.paths, path(endpoint, customers, items, page))
	}
	return s, nil
}

func path(endpoint string, customers []string, items, page int) string {
	return "/api/v1/" + endpoint + "?customer=" + strings.Join(customers, ",") + "&items=" + strconv.Itoa(items) + "&page=" + strconv.Itoa(page)
}

// who is one of the targets.
type who int

const (
	askGateway who = iota
	askBaseline
	askBare // the statements of pages alone; key lists are kept
	askGzip // the gateway, packed answers
)

func (w who) String() string {
	return [...]string{"gateway", "baseline", "statements", "gateway, gzip"}[w]
}

// get asks one page of a target, as one of its clients.
func (b *bench) get(ctx context.Context, w who, client int, s sweep, page int) (int64, error) {
	switch w {
	case askBare:
		if page >= len(s.bare.Pages) {
			return 0, nil
		}
		return 0, b.runner.Run(ctx, s.bare.Pages[page])
	case askBaseline:
		return b.baseline.Get(ctx, s.paths[page], io.Discard)
	case askGzip:
		return b.gateway.As(client).GetPacked(ctx, s.paths[page])
	default:
		return b.gateway.As(client).Get(ctx, s.paths[page], io.Discard)
	}
}

// heapOf is how far the bench lets its heap grow while a target is measured, in
// percent. Clients of a server share its processors, so that they collect next
// to no garbage; the statements alone are a program like the others and have
// what Go gives everybody.
func heapOf(w who) int {
	if w == askBare {
		return 100
	}
	return 1000
}

// loaded runs callers of a target.
func loaded(ctx context.Context, w who, callers []load.Caller, d time.Duration) (load.Result, error) {
	usual := debug.SetGCPercent(heapOf(w))
	defer debug.SetGCPercent(usual)
	return load.Run(ctx, callers, d)
}

// callers makes clients that walk through sweeps without end, page after page,
// each from another place and all of them elsewhere in another round.
func (b *bench) callers(w who, sweeps []sweep, clients, round int) []load.Caller {
	all := make([]load.Caller, clients)
	for c := range all {
		at, page := (c*11+round*7)%len(sweeps), 0
		all[c] = func(ctx context.Context) (int64, error) {
			if page == len(sweeps[at].paths) {
				at, page = (at+1)%len(sweeps), 0
			}
			page++
			return b.get(ctx, w, c, sweeps[at], page-1)
		}
	}
	return all
}
