package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// CRM is a dealer's CRM in the process, with one row for each lead. It is safe
// for concurrent use.
type CRM struct {
	// Now is the clock.
	Now func() time.Time

	mu   sync.Mutex
	last int
	rows map[string]*LeadRow // by the dealer's own id
}

// LeadRow is what the CRM keeps of a lead.
type LeadRow struct {
	LeadID  string
	Status  string // "" is a new lead; see Statuses
	Reason  model.RejectedReason
	Score   string
	Changed time.Time // zero: never since it was written
}

// Statuses are the words of LeadRow.Status and what they mean.
var Statuses = map[string]model.LeadStatus{
	"": model.LeadStatusAccepted, "rejected": model.LeadStatusRejected, "disqualified": model.LeadStatusDisqualified,
}

var (
	_ adapters.LeadWriter      = (*CRM)(nil)
	_ adapters.LeadStateReader = (*CRM)(nil)
)

const (
	leadTable  = "leads"
	leadNumber = "number"
	scoreName  = "score"
)

// Change lets the CRM's people do something to a lead's row; false where there
// is none. A nil row afterwards is deleted.
func (c *CRM) Change(leadID string, do func(row *LeadRow) (keep bool)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for number, row := range c.rows {
		if row.LeadID == leadID {
			if !do(row) {
				delete(c.rows, number)
			}
			return true
		}
	}
	return false
}

// LeadIDs are Caterpillar's ids of all rows, sorted.
func (c *CRM) LeadIDs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	for _, row := range c.rows {
		ids = append(ids, row.LeadID)
	}
	slices.Sort(ids)
	return ids
}

// find gives the number of a lead's row, "" where there is none.
func (c *CRM) find(leadID string) string {
	for _, number := range slices.Sorted(maps.Keys(c.rows)) {
		if leadID != "" && c.rows[number].LeadID == leadID {
			return number
		}
	}
	return ""
}

// WriteLead implements adapters.LeadWriter.
func (c *CRM) WriteLead(ctx context.Context, lead adapters.ReceivedLead, journal adapters.LeadJournal) (adapters.LeadWritten, error) {
	if err := ctx.Err(); err != nil {
		return adapters.LeadWritten{}, fmt.Errorf("writing a lead: %w", err)
	}
	if lead.Lead.LeadID == "" {
		return adapters.LeadWritten{}, fmt.Errorf("writing a lead: %w", &adapters.NotFitting{Faults: []adapters.FieldFault{{Field: "leadId", Reason: "the lead has no id"}}})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	noted, err := journal.Rows(ctx)
	if err != nil {
		return adapters.LeadWritten{}, fmt.Errorf("reading the journal: %w", err)
	}
	out := adapters.LeadWritten{Outcome: adapters.LeadRepeated, Rows: noted}
	number := c.find(lead.Lead.LeadID)
	if number == "" && len(noted) > 0 && noted[0].Made {
		return out, nil // somebody deleted it
	}
	made := len(noted) > 0 && noted[0].Made
	if number == "" {
		if c.rows == nil {
			c.rows = map[string]*LeadRow{}
		}
		c.last++
		number = strconv.Itoa(c.last)
		c.rows[number] = &LeadRow{LeadID: lead.Lead.LeadID, Score: scoreOf(lead)}
		out.Outcome, made = adapters.LeadCreated, true
	} else {
		before := c.state(adapters.LeadRef{Row: map[string]string{leadNumber: number}})
		out.Before = &before
		if score := scoreOf(lead); len(noted) > 0 && noted[0].Written[scoreName] != score && score != "" {
			c.rows[number].Score, out.Outcome = score, adapters.LeadUpdated
		}
	}
	out.DealerLeadID = number
	out.Ref = adapters.LeadRef{LeadID: lead.Lead.LeadID, Row: map[string]string{leadNumber: number}}
	out.Rows = []adapters.CRMRow{{Step: "lead", Table: leadTable, Key: map[string]string{leadNumber: number}, Made: made, Written: map[string]string{scoreName: scoreOf(lead)}}}
	after := c.state(out.Ref)
	out.After = &after
	if err := journal.Note(ctx, out.Rows); err != nil {
		return adapters.LeadWritten{}, fmt.Errorf("noting what was written: %w", err)
	}
	return out, nil
}

func scoreOf(lead adapters.ReceivedLead) string {
	if lead.Lead.SystemScore == nil {
		return ""
	}
	return *lead.Lead.SystemScore
}

// PlanLead implements adapters.LeadWriter.
func (c *CRM) PlanLead(ctx context.Context, lead adapters.ReceivedLead, _ adapters.LeadJournal) (adapters.LeadPlanned, error) {
	if err := ctx.Err(); err != nil {
		return adapters.LeadPlanned{}, fmt.Errorf("planning a lead: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.find(lead.Lead.LeadID) != "" {
		return adapters.LeadPlanned{Outcome: adapters.LeadRepeated}, nil
	}
	id := lead.Lead.LeadID
	return adapters.LeadPlanned{Outcome: adapters.LeadCreated, Rows: []adapters.PlannedRow{
		{Step: "lead", Table: leadTable, Insert: true, Values: []adapters.PlannedValue{{Column: "leadId", Value: &id}}},
	}}, nil
}

// Clock implements adapters.LeadStateReader.
func (c *CRM) Clock(context.Context) (time.Time, error) { return c.Now().UTC(), nil }

// ChangedLeads implements adapters.LeadStateReader.
func (c *CRM) ChangedLeads(ctx context.Context, since time.Time) (adapters.LeadPages, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading which leads changed: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found := &pages{}
	for _, number := range slices.Sorted(maps.Keys(c.rows)) {
		if row := c.rows[number]; !row.Changed.IsZero() && !row.Changed.Before(since) {
			found.refs = append(found.refs, c.ref(number))
		}
	}
	return found, nil
}

// pages are leads that are named page by page.
type pages struct{ refs []adapters.LeadRef }

// Next implements adapters.LeadPages.
func (p *pages) Next(ctx context.Context, limit int) ([]adapters.LeadRef, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, fmt.Errorf("naming leads that changed: %w", err)
	}
	page := p.refs[:min(limit, len(p.refs))]
	p.refs = p.refs[len(page):]
	return page, len(p.refs) > 0, nil
}

func (c *CRM) ref(number string) adapters.LeadRef {
	return adapters.LeadRef{LeadID: c.rows[number].LeadID, Row: map[string]string{leadNumber: number}}
}

// AllLeads implements adapters.LeadStateReader.
func (c *CRM) AllLeads(ctx context.Context, after string, limit int) ([]adapters.LeadRef, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", fmt.Errorf("listing all leads: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var refs []adapters.LeadRef
	for _, number := range slices.Sorted(maps.Keys(c.rows)) {
		if strings.Compare(number, after) <= 0 {
			continue
		}
		if len(refs) == limit {
			return refs, refs[limit-1].Row[leadNumber], nil
		}
		refs = append(refs, c.ref(number))
	}
	return refs, "", nil
}

// LeadStates implements adapters.LeadStateReader.
func (c *CRM) LeadStates(ctx context.Context, refs []adapters.LeadRef) ([]adapters.LeadState, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading the states of leads: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	states := make([]adapters.LeadState, len(refs))
	for i, ref := range refs {
		states[i] = c.state(ref)
	}
	return states, nil
}

// state is the state of one lead, for those who hold the lock.
func (c *CRM) state(ref adapters.LeadRef) adapters.LeadState {
	number := ref.Row[leadNumber]
	if c.rows[number] == nil {
		number = c.find(ref.LeadID)
	}
	row := c.rows[number]
	if row == nil {
		return adapters.LeadState{Ref: ref, Gone: true, NotYet: true}
	}
	state := adapters.LeadState{
		Ref: c.ref(number), Sources: map[string]string{"leadStatus": leadTable + ".status"},
		Update: model.LeadUpdate{LeadID: row.LeadID, DealerLeadID: number, DealerSalesRep: "Desk", DealerSalesRepNumber: "1", CurrencyIsoCode: "USD"},
	}
	status, ok := Statuses[row.Status]
	if !ok {
		state.Faults = append(state.Faults, adapters.FieldFault{Field: "leadStatus", Reason: "the code has no entry in its map"})
		return state
	}
	state.Update.LeadStatus = status
	if row.Reason != "" {
		reason := row.Reason
		state.Update.RejectedReasonWhy = &reason
	}
	state.Open = status == model.LeadStatusAccepted
	return state
}
