package leadsync_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// far is Caterpillar's side in memory: each lead is handed out once, all that were
// can be read again, updates are kept.
type far struct {
	mu       sync.Mutex
	waiting  []model.Lead
	handed   map[string]model.Lead
	order    []string // ids in the order in which they were handed out first
	posts    []model.LeadUpdate
	fail     func(call string) error      // before a call has any effect
	lose     func(call string) error      // after it had its effect: the answer does not arrive
	raw      func(call string) []byte     // answers with this instead
	refuse   func(model.LeadUpdate) error // of single updates
	fetches  int
	historic int
	atOnce   int // leads of the largest page asked for
}

func newFar() *far { return &far{handed: map[string]model.Lead{}} }

// offer adds leads that wait to be handed out.
func (f *far) offer(leads ...model.Lead) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = append(f.waiting, leads...)
}

func (f *far) Leads(_ context.Context, limit int) (adapters.LeadAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetches++
	if err := call(f.fail, "leads"); err != nil {
		return adapters.LeadAnswer{Tries: 1}, err
	}
	if f.raw != nil {
		if raw := f.raw("leads"); raw != nil {
			leads, err := reread(raw)
			return adapters.LeadAnswer{Raw: raw, Leads: leads, Tries: 1}, err
		}
	}
	n := min(limit, len(f.waiting))
	out := f.waiting[:n]
	f.waiting = f.waiting[n:]
	for _, l := range out {
		if _, known := f.handed[l.LeadID]; !known {
			f.order = append(f.order, l.LeadID)
		}
		f.handed[l.LeadID] = l
	}
	if err := call(f.lose, "leads"); err != nil {
		return adapters.LeadAnswer{Tries: 1, Lost: 1}, err
	}
	return answerOf(out), nil
}

func (f *far) Historic(_ context.Context, first, last time.Time, offset, limit int) (adapters.LeadAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.historic++
	f.atOnce = max(f.atOnce, limit)
	if err := call(f.fail, "historic"); err != nil {
		return adapters.LeadAnswer{Tries: 1}, err
	}
	var found []model.Lead
	for _, id := range f.order {
		l := f.handed[id]
		made := l.DateCreated != nil && (*l.DateCreated)[:10] >= first.Format(time.DateOnly) && (*l.DateCreated)[:10] <= last.Format(time.DateOnly)
		if made {
			l.LeadState = model.LeadStateSENT
			found = append(found, l)
		}
	}
	found = found[min(offset, len(found)):]
	return answerOf(found[:min(limit, len(found))]), nil
}

func (*far) Reread(raw []byte) ([]adapters.ReceivedLead, error) { return reread(raw) }

func (f *far) PostUpdates(ctx context.Context, updates []model.LeadUpdate) (adapters.PostAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return adapters.PostAnswer{}, err
	}
	if err := call(f.fail, "post"); err != nil {
		return adapters.PostAnswer{Status: 500, Tries: 5}, err
	}
	for _, u := range updates {
		if f.refuse != nil {
			if err := f.refuse(u); err != nil {
				return adapters.PostAnswer{Status: 400, Tries: 5, Body: []byte(`{"message":"Invalid request header."}`)}, err
			}
		}
	}
	f.posts = append(f.posts, updates...)
	if err := call(f.lose, "post"); err != nil {
		return adapters.PostAnswer{Tries: 1, Ambiguous: true}, err
	}
	return adapters.PostAnswer{Status: 200, Tries: 1}, nil
}

// sent gives "status comment" of the updates of a lead, repeats of the same next to
// each other left out.
func (f *far) sent(id string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []string{}
	for _, u := range f.posts {
		if u.LeadID != id {
			continue
		}
		text := string(u.LeadStatus)
		if u.Comments != nil {
			text += " " + *u.Comments
		}
		if len(out) == 0 || out[len(out)-1] != text {
			out = append(out, text)
		}
	}
	return out
}

func (f *far) repeats() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, last := 0, map[string]string{}
	for _, u := range f.posts {
		text, err := json.Marshal(u)
		if err != nil {
			panic(err)
		}
		if last[u.LeadID] == string(text) {
			n++
		}
		last[u.LeadID] = string(text)
	}
	return n
}

func call(hook func(string) error, name string) error {
	if hook == nil {
		return nil
	}
	return hook(name)
}

func answerOf(leads []model.Lead) adapters.LeadAnswer {
	if len(leads) == 0 {
		return adapters.LeadAnswer{Tries: 1}
	}
	raw, err := json.Marshal(leads)
	if err != nil {
		panic(err)
	}
	read, err := reread(raw)
	if err != nil {
		panic(err)
	}
	return adapters.LeadAnswer{Raw: raw, Leads: read, Tries: 1}
}

// reread understands a list of leads, or one.
func reread(raw []byte) ([]adapters.ReceivedLead, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var out []adapters.ReceivedLead
	for _, element := range list {
		r := adapters.ReceivedLead{Raw: element}
		if err := json.Unmarshal(element, &r.Lead); err != nil {
			if !json.Valid(element) {
				return out, fmt.Errorf("%w: no JSON", adapters.ErrAnswer)
			}
			r.Lead = model.Lead{}
			r.Notes = []adapters.LeadNote{{Oddity: adapters.NotALead}}
		}
		out = append(out, r)
	}
	return out, nil
}

// card is the row of one lead in the fake CRM.
type card struct {
	number  string
	lead    string // Caterpillar's id, "" in a CRM that keeps none
	name    string
	approve bool
	status  string // "new" says nothing yet
	comment string
	rep     string
	changed time.Time
}

// desk is a dealer's CRM in memory.
type desk struct {
	mu       sync.Mutex
	cards    map[string]*card
	byLead   map[string]*card
	made     int
	noIDs    bool // the CRM keeps no lead ids: the gateway's journal is all there is
	noStamps bool
	noStates bool // WriteLead does not tell the states before and after
	version  string
	fail     func(call string) error
	lose     func(call string) error
	unfit    func(model.Lead) []adapters.FieldFault
	unmapped map[string]bool // statuses without a meaning
	during   func(lead string)
	writes   int
	asked    int
	away     error
}

func newDesk() *desk {
	return &desk{cards: map[string]*card{}, byLead: map[string]*card{}, version: "1", unmapped: map[string]bool{}}
}

func (d *desk) Enter() (leadsync.CRM, func(), error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away != nil {
		return leadsync.CRM{}, nil, d.away
	}
	return leadsync.CRM{Writer: d, States: d, Version: d.version}, func() {}, nil
}

func (d *desk) WriteLead(ctx context.Context, lead adapters.ReceivedLead, j adapters.LeadJournal) (adapters.LeadWritten, error) {
	rows, err := j.Rows(ctx)
	if err != nil {
		return adapters.LeadWritten{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := call(d.fail, "write"); err != nil {
		return adapters.LeadWritten{}, err
	}
	if d.unfit != nil {
		if faults := d.unfit(lead.Lead); len(faults) > 0 {
			return adapters.LeadWritten{}, &adapters.NotFitting{Faults: faults}
		}
	}
	d.writes++
	c := d.find(lead.Lead.LeadID, rows)
	res := adapters.LeadWritten{Outcome: adapters.LeadRepeated}
	approve := lead.Lead.CatPrequalificationStatus != nil && *lead.Lead.CatPrequalificationStatus
	switch {
	case c == nil:
		d.made++
		number := fmt.Sprintf("C-%03d", d.made)
		rows = []adapters.CRMRow{{Step: "card", Table: "CARD", Key: map[string]string{"NUMBER": number}, Made: true}}
		d.mu.Unlock()
		err := j.Note(ctx, rows) // a key the gateway chooses
		d.mu.Lock()
		if err != nil {
			return adapters.LeadWritten{}, err
		}
		c = &card{number: number, lead: lead.Lead.LeadID, name: value(lead.Lead.Name), approve: approve, status: "new", rep: "Ada Finch", changed: time.Now()}
		if d.noIDs {
			c.lead = ""
		}
		d.file(c)
		res.Outcome = adapters.LeadCreated
	case c.approve != approve:
		before := d.state(c, adapters.LeadRef{})
		res.Before = &before
		c.approve, c.changed = approve, time.Now()
		res.Outcome = adapters.LeadUpdated
	}
	after := d.state(c, adapters.LeadRef{})
	if res.After = &after; d.noStates {
		res.Before, res.After = nil, nil
	}
	res.Rows, res.DealerLeadID, res.Ref = rows, c.number, d.ref(c)
	if d.during != nil {
		d.during(lead.Lead.LeadID)
	}
	if err := call(d.lose, "write"); err != nil {
		return adapters.LeadWritten{}, err
	}
	return res, nil
}

func (d *desk) PlanLead(ctx context.Context, lead adapters.ReceivedLead, j adapters.LeadJournal) (adapters.LeadPlanned, error) {
	rows, err := j.Rows(ctx)
	if err != nil {
		return adapters.LeadPlanned{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	outcome := adapters.LeadCreated
	if d.find(lead.Lead.LeadID, rows) != nil {
		outcome = adapters.LeadRepeated
	}
	return adapters.LeadPlanned{Outcome: outcome, Rows: []adapters.PlannedRow{{Step: "card", Table: "CARD", Insert: outcome == adapters.LeadCreated}}}, nil
}

func (d *desk) find(id string, rows []adapters.CRMRow) *card {
	for _, r := range rows {
		if c := d.cards[r.Key["NUMBER"]]; c != nil {
			return c
		}
	}
	if c := d.byLead[id]; c != nil && d.cards[c.number] == c {
		return c
	}
	return nil
}

// file adds a card.
func (d *desk) file(c *card) {
	if d.cards[c.number] = c; c.lead != "" {
		d.byLead[c.lead] = c
	}
}

func (d *desk) ref(c *card) adapters.LeadRef {
	return adapters.LeadRef{LeadID: c.lead, Row: map[string]string{"NUMBER": c.number}}
}

func (d *desk) Clock(context.Context) (time.Time, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now(), call(d.fail, "clock")
}

func (d *desk) ChangedLeads(_ context.Context, since time.Time) (adapters.LeadPages, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if err := call(d.fail, "changed"); err != nil || d.noStamps {
		return &pages{}, err
	}
	var refs []adapters.LeadRef
	for _, number := range slices.Sorted(maps.Keys(d.cards)) {
		if c := d.cards[number]; !c.changed.Before(since) {
			refs = append(refs, d.ref(c))
		}
	}
	return &pages{refs}, nil
}

func (d *desk) AllLeads(_ context.Context, after string, limit int) ([]adapters.LeadRef, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := call(d.fail, "all"); err != nil {
		return nil, "", err
	}
	var refs []adapters.LeadRef
	numbers := slices.DeleteFunc(slices.Sorted(maps.Keys(d.cards)), func(n string) bool { return n <= after })
	mark := ""
	if len(numbers) > limit {
		numbers = numbers[:limit]
		mark = numbers[limit-1]
	}
	for _, n := range numbers {
		refs = append(refs, d.ref(d.cards[n]))
	}
	return refs, mark, nil
}

func (d *desk) LeadStates(_ context.Context, refs []adapters.LeadRef) ([]adapters.LeadState, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := call(d.fail, "states"); err != nil {
		return nil, err
	}
	out := make([]adapters.LeadState, len(refs))
	for i, ref := range refs {
		out[i] = d.state(d.find(ref.LeadID, []adapters.CRMRow{{Key: ref.Row}}), ref)
	}
	return out, nil
}

func (d *desk) state(c *card, ref adapters.LeadRef) adapters.LeadState {
	if c == nil {
		why := model.DisqualifiedReasonNoBudget
		return adapters.LeadState{Ref: ref, Gone: true, Update: model.LeadUpdate{
			LeadStatus: model.LeadStatusDisqualified, DisqualifiedReasonWhy: &why, DealerSalesRep: "House", DealerSalesRepNumber: "E-0", CurrencyIsoCode: "EUR",
		}}
	}
	s := adapters.LeadState{
		Ref: d.ref(c), NotYet: c.status == "new", Open: c.status == "new" || c.status == "Accepted",
		Sources: map[string]string{"leadStatus": "CARD.STATUS"},
		Update:  model.LeadUpdate{LeadID: c.lead, DealerLeadID: c.number, DealerSalesRep: c.rep, DealerSalesRepNumber: "E-1", CurrencyIsoCode: "EUR"},
	}
	if c.comment != "" {
		comment := c.comment
		s.Update.Comments = &comment
	}
	if d.unmapped[c.status] {
		s.Faults = []adapters.FieldFault{{Field: "leadStatus", Reason: "the code has no meaning in its map"}}
	} else {
		s.Update.LeadStatus = model.LeadStatus(c.status)
	}
	return s
}

// work edits the card of a lead as a sales person does.
func (d *desk) work(lead string, edit func(*card)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.cards {
		if c.lead == lead || c.name == "Lead "+lead {
			edit(c)
			c.changed = time.Now()
			return
		}
	}
	panic("no card of " + lead)
}

// all gives "lead name approved" of every card.
func (d *desk) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, c := range slices.SortedFunc(maps.Values(d.cards), func(a, b *card) int { return cmp.Compare(a.name, b.name) }) {
		out = append(out, fmt.Sprintf("%s %v", c.name, c.approve))
	}
	return out
}

func value(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// bell is Alerts in memory.
type bell struct {
	mu  sync.Mutex
	all []alert.Alert
}

func (b *bell) Alert(_ context.Context, a alert.Alert) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, a)
	return nil
}

func (b *bell) causes() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []string{}
	for _, a := range b.all {
		out = append(out, a.Cause+" "+a.Subject)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tally is an Observer.
type tally struct {
	mu sync.Mutex
	n  map[leadsync.Event]int
}

func (c *tally) Counted(_ string, what leadsync.Event, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[leadsync.Event]int{}
	}
	c.n[what] += n
}

func (c *tally) of(what leadsync.Event) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

var errAway = fmt.Errorf("the fake is away: %w", adapters.ErrUnavailable)

var errService = &adapters.CallError{Call: "a call", Err: adapters.ErrService, Status: 503, Tries: 5}

var errRefused = &adapters.CallError{Call: "sending lead updates", Err: adapters.ErrBadRequest, Status: 400, Tries: 5}

var errGone = errors.New("the process is dead")
