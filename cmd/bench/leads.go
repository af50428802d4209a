package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/bench/report"
	"github.com/dealerbridge/dealerbridge/cmd/bench/sales"
)

// leadsOf are the leads a size is measured with where the command line does not say.
var leadsOf = map[string]int{"small": 1000, "medium": 10_000, "large": 10_000}

// measureLeads carries leads into an empty CRM and one change of each back: by the
// gateway, by loops written by hand, and by the gateway with a quarter of the leads,
// which shows what grows with them.
func (b *bench) measureLeads(ctx context.Context, server, dir string) error {
	n := max(b.leads, 4)
	b.say("%d leads", n)
	pull, push, err := b.leadsByGateway(ctx, server, dir, "whole", n)
	if err != nil {
		return err
	}
	pullByHand, pushByHand, err := b.leadsByHand(ctx, server, dir, n)
	if err != nil {
		return err
	}
	quarterPull, quarterPush, err := b.leadsByGateway(ctx, server, dir, "quarter", n/4)
	if err != nil {
		return err
	}
	b.report.Leads = &report.Leads{
		Pull: report.NewLeadWork(n, pull, quarterPull, pullByHand),
		Push: report.NewLeadWork(n, push, quarterPush, pushByHand),
	}
	return nil
}

func (b *bench) world(ctx context.Context, server, dir, name string, n int) (*sales.World, error) {
	own := filepath.Join(dir, "leads-"+name)
	if err := os.Mkdir(own, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	return sales.Open(ctx, server, "bench_leads_"+name, own, n)
}

func (b *bench) leadsByGateway(ctx context.Context, server, dir, name string, n int) (pull, push report.Work, err error) {
	w, err := b.world(ctx, server, dir, name, n)
	if err != nil {
		return pull, push, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	command := func(name string) report.Work {
		if err != nil {
			return report.Work{}
		}
		var c sales.Cost
		c, err = w.Command(ctx, b.settings.gateway, name)
		return report.Work(c)
	}
	command("push") // looks at the CRM for the first time
	pull = command("pull")
	if err == nil {
		err = errors.Join(w.Stand(ctx, n), w.Work(ctx))
	}
	push = command("push")
	if err == nil {
		err = w.Arrived(n)
	}
	return pull, push, err
}

func (b *bench) leadsByHand(ctx context.Context, server, dir string, n int) (pull, push time.Duration, err error) {
	w, err := b.world(ctx, server, dir, "byhand", n)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if pull, err = w.PullByHand(ctx); err != nil {
		return 0, 0, err
	}
	if err := errors.Join(w.Stand(ctx, n), w.Work(ctx)); err != nil {
		return 0, 0, err
	}
	if push, err = w.PushByHand(ctx); err != nil {
		return 0, 0, err
	}
	return pull, push, w.Arrived(n)
}
