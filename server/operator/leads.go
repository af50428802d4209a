package operator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/operator/api"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// Leads tells of one dealer's leads. Unknown ones are leadsync.ErrNoLead.
type Leads interface {
	Leads(ctx context.Context, f leadsync.Filter) ([]leadsync.Lead, error)
	Journey(ctx context.Context, id string) (leadsync.Journey, error)
	Counts(ctx context.Context) (leadsync.Counts, error)
	Progress(ctx context.Context) (leadsync.Progress, error)
	Replay(ctx context.Context, id string) (leadsync.Replayed, error)
	Erase(ctx context.Context, id string) error
}

var _ Leads = (*leadsync.Worker)(nil)

// listed is the length of a page of which nothing is said.
const listed = 50

func (h *Handlers) leadsOf(ctx context.Context) (Leads, string, error) {
	call, err := callOf(ctx)
	if err != nil {
		return nil, "", err
	}
	if h.o.Leads == nil {
		return nil, "", fmt.Errorf("leads: %w", problem.ErrNotSetUp)
	}
	leads := h.o.Leads(call.Dealer.Code)
	if leads == nil {
		return nil, "", fmt.Errorf("leads of dealer %s: %w", call.Dealer.Code, problem.ErrNotSetUp)
	}
	return leads, call.Dealer.Code, nil
}

// toldOfLeads turns what package leadsync answers into what an operator is told.
func toldOfLeads(err error) error {
	switch {
	case errors.Is(err, leadsync.ErrNoLead):
		return fmt.Errorf("%w: %w", problem.ErrUnknown, err)
	case errors.Is(err, leadsync.ErrNotConnected):
		return fmt.Errorf("%w: %w", problem.ErrNotSetUp, err)
	case errors.Is(err, leadsync.ErrLeaseLost):
		return problem.Refused("another process works on this dealer's leads at this moment; try again")
	}
	return err
}

// ListLeads lists a dealer's leads.
func (h *Handlers) ListLeads(ctx context.Context, r api.ListLeadsRequestObject) (api.ListLeadsResponseObject, error) {
	ctx = plain(ctx)
	leads, dealer, err := h.leadsOf(ctx)
	if err != nil {
		return nil, err
	}
	f := leadsync.Filter{Dealer: dealer, Limit: listed, Held: r.Params.Held != nil && *r.Params.Held, Parked: r.Params.Parked != nil && *r.Params.Parked}
	if r.Params.State != nil {
		f.States = []leadsync.State{leadsync.State(*r.Params.State)}
	}
	if r.Params.Limit != nil {
		f.Limit = int(*r.Params.Limit)
	}
	if r.Params.After != nil {
		f.After = *r.Params.After
	}
	wanted := f.Limit
	f.Limit++ // one more tells whether there are more
	found, err := leads.Leads(ctx, f)
	if err != nil {
		return nil, toldOfLeads(err)
	}
	page := model.LeadPage{Items: make([]model.LeadSummary, 0, len(found))}
	for i, l := range found {
		if i == wanted {
			page.Next = &page.Items[i-1].LeadID
			break
		}
		page.Items = append(page.Items, summary(l))
	}
	return api.ListLeads200JSONResponse(page), nil
}

// CountLeads counts.
func (h *Handlers) CountLeads(ctx context.Context, _ api.CountLeadsRequestObject) (api.CountLeadsResponseObject, error) {
	ctx = plain(ctx)
	leads, dealer, err := h.leadsOf(ctx)
	if err != nil {
		return nil, err
	}
	n, err := leads.Counts(ctx)
	if err != nil {
		return nil, toldOfLeads(err)
	}
	p, err := leads.Progress(ctx)
	if err != nil {
		return nil, toldOfLeads(err)
	}
	reconciling := p.Reconciling != nil
	state := func(s leadsync.State) int64 { return int64(n.Leads[s]) }
	update := func(s leadsync.UpdateState) int64 { return int64(n.Updates[s]) }
	return api.CountLeads200JSONResponse{
		Dealer: dealer, Received: state(leadsync.Received), Written: state(leadsync.Written), Held: state(leadsync.Held),
		Failed: state(leadsync.Failed), Found: state(leadsync.Found), Erased: state(leadsync.Erased),
		UpdatesQueued: update(leadsync.Queued), UpdatesSending: update(leadsync.Sending), UpdatesParked: update(leadsync.Parked),
		UpdatesAcknowledged: update(leadsync.Acknowledged), UpdatesHeld: int64(n.Held), Repeats: int64(n.Repeats),
		LastPull: when(p.Pulled), LastPush: when(p.Pushed), LastComparison: when(p.Compared), Reconciling: &reconciling,
	}, nil
}

// GetLead tells a lead's journey.
func (h *Handlers) GetLead(ctx context.Context, r api.GetLeadRequestObject) (api.GetLeadResponseObject, error) {
	ctx = plain(ctx)
	leads, _, err := h.leadsOf(ctx)
	if err != nil {
		return nil, err
	}
	j, err := leads.Journey(ctx, r.Lead)
	if err != nil {
		return nil, toldOfLeads(err)
	}
	return api.GetLead200JSONResponse(Journey(j)), nil
}

// EraseLead forgets a lead.
func (h *Handlers) EraseLead(ctx context.Context, r api.EraseLeadRequestObject) (api.EraseLeadResponseObject, error) {
	ctx = plain(ctx)
	leads, _, err := h.leadsOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := leads.Erase(ctx, r.Lead); err != nil {
		return nil, toldOfLeads(err)
	}
	return api.EraseLead204Response{}, nil
}

// ReplayLead tries a lead again.
func (h *Handlers) ReplayLead(ctx context.Context, r api.ReplayLeadRequestObject) (api.ReplayLeadResponseObject, error) {
	ctx = plain(ctx)
	leads, _, err := h.leadsOf(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := leads.Replay(ctx, r.Lead); err != nil {
		return nil, toldOfLeads(err)
	}
	j, err := leads.Journey(ctx, r.Lead)
	if err != nil {
		return nil, toldOfLeads(err)
	}
	return api.ReplayLead200JSONResponse(Journey(j)), nil
}

// Journey is a lead's journey in the shape of the specification, for the
// commands as well.
func Journey(j leadsync.Journey) model.LeadJourney {
	out := model.LeadJourney{
		Lead: summary(j.Lead), Received: []model.ReceivedLead{}, Rows: []model.CRMRow{}, Updates: []model.ReportedUpdate{},
	}
	for _, r := range j.Receipts {
		one := model.ReceivedLead{
			At: stamp(r.At), Source: model.ReceivedLeadSource(r.Source), State: model.ReceivedLeadState(r.State), Raw: some(text(r.Raw)),
		}
		for _, n := range r.Notes {
			one.Oddities = append(one.Oddities, model.Oddity{Member: n.Member, Oddity: string(n.Oddity)})
		}
		out.Received = append(out.Received, one)
	}
	for _, r := range j.Lead.Rows {
		out.Rows = append(out.Rows, row(r))
	}
	for _, u := range j.Updates {
		out.Updates = append(out.Updates, reported(u))
	}
	if len(j.Lead.HeldFor) > 0 {
		out.Held = &model.HeldUpdate{Since: stamp(j.Lead.HeldSince), Reasons: reasons(j.Lead.HeldFor), Body: some(text(j.Lead.Update))}
	}
	return out
}

// Summary is a lead of a list in the shape of the specification.
func Summary(l leadsync.Lead) model.LeadSummary { return summary(l) }

func summary(l leadsync.Lead) model.LeadSummary {
	s := model.LeadSummary{
		LeadID: l.ID, Dealer: l.Dealer, DealerLeadID: some(l.DealerLeadID), State: model.LeadJourneyState(l.State),
		FirstAt: when(l.First), LastAt: when(l.Last), WrittenAt: when(l.WrittenAt), Repeats: int64(l.Repeats),
		Updates: int64(l.Seq), UpdateHeld: len(l.HeldFor) > 0, Reasons: reasons(l.Faults),
	}
	if l.Outcome != "" {
		o := model.LeadSummaryOutcome(l.Outcome)
		s.Outcome = &o
	}
	return s
}

func reasons(faults []leadsync.Fault) []model.HoldReason {
	out := make([]model.HoldReason, 0, len(faults))
	for _, f := range faults {
		out = append(out, model.HoldReason{Field: f.Field, Reason: f.Reason, Rule: some(f.Rule)})
	}
	return out
}

func row(r adapters.CRMRow) model.CRMRow {
	out := model.CRMRow{Step: r.Step, Table: r.Table, Made: r.Made, Key: []model.KeyPart{}}
	for _, column := range slices.Sorted(maps.Keys(r.Key)) {
		out.Key = append(out.Key, model.KeyPart{Column: column, Value: r.Key[column]})
	}
	return out
}

func reported(u leadsync.Update) model.ReportedUpdate {
	out := model.ReportedUpdate{
		ID: strconv.FormatInt(u.ID, 10), Number: int64(u.Seq), State: model.ReportedUpdateState(u.State), QueuedAt: stamp(u.Made),
		SentAt: when(u.Sent), DoneAt: when(u.Done), Body: some(text(u.Body)), Tries: int64(u.Calls), Repeats: int64(u.Repeats),
		Error: some(u.Fault), Answer: some(u.Answer), Sources: []model.MemberSource{},
	}
	if u.Status != 0 {
		status := int64(u.Status)
		out.Status = &status
	}
	for _, member := range slices.Sorted(maps.Keys(u.Sources)) {
		out.Sources = append(out.Sources, model.MemberSource{Member: member, Source: u.Sources[member]})
	}
	return out
}

// text is bytes for JSON.
func text(raw []byte) string { return strings.ToValidUTF8(string(raw), "\uFFFD") }

// stamp is a moment as it is sent; when is nil for none.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func when(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}
