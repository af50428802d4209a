package leadsync_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// most is how many leads a round may ever hold at once.
const most = 200

// counting notes how many leads are handed over at once, by the CRM and the state.
type counting struct {
	*desk
	leadsync.Store
	largest map[string]int
}

func (c *counting) note(what string, n int) { c.largest[what] = max(c.largest[what], n) }

func (c *counting) Enter() (leadsync.CRM, func(), error) {
	return leadsync.CRM{Writer: c, States: c, Version: "1"}, func() {}, nil
}

func (c *counting) WriteLeads(_ context.Context, leads []adapters.LeadToWrite, _ adapters.LeadsJournal) ([]*adapters.LeadWritten, error) {
	c.note("leads written together", len(leads))
	return make([]*adapters.LeadWritten, len(leads)), nil
}

func (c *counting) ChangedLeads(ctx context.Context, since time.Time) (adapters.LeadPages, error) {
	found, err := c.desk.ChangedLeads(ctx, since)
	return countedPages{c, found}, err
}

type countedPages struct {
	*counting
	found adapters.LeadPages
}

func (c countedPages) Next(ctx context.Context, limit int) ([]adapters.LeadRef, bool, error) {
	refs, more, err := c.found.Next(ctx, limit)
	c.note("changed leads", len(refs))
	return refs, more, err
}

func (c *counting) AllLeads(ctx context.Context, after string, limit int) ([]adapters.LeadRef, string, error) {
	refs, mark, err := c.desk.AllLeads(ctx, after, limit)
	c.note("leads of the CRM", len(refs))
	return refs, mark, err
}

func (c *counting) LeadStates(ctx context.Context, refs []adapters.LeadRef) ([]adapters.LeadState, error) {
	c.note("states", len(refs))
	return c.desk.LeadStates(ctx, refs)
}

func (c *counting) LeadsToWrite(ctx context.Context, dealer string, now time.Time, limit int) ([]leadsync.Lead, error) {
	leads, err := c.Store.LeadsToWrite(ctx, dealer, now, limit)
	c.note("leads to write", len(leads))
	return leads, err
}

func (c *counting) LeadsInCRM(ctx context.Context, dealer, after string, limit int) ([]leadsync.Lead, error) {
	leads, err := c.Store.LeadsInCRM(ctx, dealer, after, limit)
	c.note("known leads", len(leads))
	return leads, err
}

func (c *counting) NextLeadUpdates(ctx context.Context, dealer string, now time.Time, limit int) ([]leadsync.Update, error) {
	updates, err := c.Store.NextLeadUpdates(ctx, dealer, now, limit)
	c.note("updates to send", len(updates))
	return updates, err
}

// TestARoundHoldsAPageOfLeadsHoweverManyThereAre pulls, compares and reports a
// thousand leads: nowhere are more than a page of them in memory at once.
func TestARoundHoldsAPageOfLeadsHoweverManyThereAre(t *testing.T) {
	const leads = 1000
	inBubble(t, func(t *testing.T, b *bench) {
		c := &counting{desk: b.desk, Store: b.state, largest: map[string]int{}}
		b.opts = func(o *leadsync.Options) { o.CRM, o.Store = c, c }
		for i := range leads {
			b.far.offer(newLead(fmt.Sprintf("L%04d", i)))
		}
		w := b.worker()
		b.must(w.Push(t.Context())) // connects
		b.must(w.Pull(t.Context()))
		b.pass(24 * time.Hour) // so that all leads are compared as well
		for i := range leads {
			b.desk.work(fmt.Sprintf("L%04d", i), accept)
		}
		b.must(w.Push(t.Context()))
		if n := len(b.far.posts); n != leads {
			t.Fatalf("%d of %d updates arrived", n, leads)
		}
		for _, what := range []string{"leads written together", "changed leads", "leads of the CRM", "states", "leads to write", "known leads", "updates to send"} {
			if n := c.largest[what]; n == 0 || n > most {
				t.Errorf("%s: %d at once, want some and at most %d", what, n, most)
			}
		}
	})
}
