package sqlcrm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// errNothingBack says that a mapping reports nothing.
var errNothingBack = fmt.Errorf("%w: crm.yaml has no `update`", adapters.ErrMapping)

// Clock implements adapters.LeadStateReader.
func (c *CRM) Clock(ctx context.Context) (time.Time, error) {
	text, form := "select utc_timestamp(6)", "2006-01-02 15:04:05.999999"
	if c.pool.Server == plan.SQLite {
		text, form = "select strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", time.RFC3339Nano
	}
	rows, err := c.pool.anywhere().texts(ctx, text, nil, 1)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the clock of the CRM: %w", err)
	}
	if len(rows) != 1 || rows[0][0] == nil {
		return time.Time{}, fmt.Errorf("reading the clock of the CRM: %w", database.Failed("the database tells no time"))
	}
	at, err := time.Parse(form, *rows[0][0])
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the clock of the CRM: %w", database.Failed("the database tells a time nobody can read"))
	}
	return at.UTC(), nil
}

// asking is what plans want to know.
func (c *CRM) asking(q plan.Querier) plan.Asking {
	return plan.Asking{
		Querier: q, Dealer: c.env.Dealer, Now: c.env.Now(),
		Note: func(endpoint, field string, reason plan.Reason, row string) {
			c.env.Audit.Note(adapters.Note{Endpoint: endpoint, Field: field, Reason: adapters.Reason(reason), Row: row})
		},
	}
}

// reading gives the program that reads states.
func (c *CRM) reading(ctx context.Context) (*version, *plan.Program, error) {
	v, p, err := c.begin(ctx)
	if err == nil && p.states == nil {
		err = errNothingBack
	}
	if err != nil {
		return nil, nil, err
	}
	return v, p.states, nil
}

// ChangedLeads implements adapters.LeadStateReader. What it found is held as keys
// alone; what they are about is read with each page.
func (c *CRM) ChangedLeads(ctx context.Context, since time.Time) (adapters.LeadPages, error) {
	v, p, err := c.reading(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", whatChanged, err)
	}
	keys, err := p.ChangedKeys(ctx, c.asking(c.pool.anywhere()), since)
	if err != nil {
		c.doubt(v, err)
		return nil, fmt.Errorf("%s: %w", whatChanged, err)
	}
	return &changedLeads{crm: c, version: v, states: p, keys: keys}, nil
}

const whatChanged = "reading which leads changed"

// changedLeads are rows that changed, by their keys.
type changedLeads struct {
	crm     *CRM
	version *version
	states  *plan.Program
	keys    plan.PackedKeys
}

// Next implements adapters.LeadPages.
func (l *changedLeads) Next(ctx context.Context, limit int) ([]adapters.LeadRef, bool, error) {
	page := l.keys[:min(limit, len(l.keys))]
	if len(page) == 0 {
		return nil, false, nil
	}
	rows, err := l.states.StateRowsByKey(ctx, l.crm.asking(l.crm.pool.anywhere()), page.All())
	if err != nil {
		l.crm.doubt(l.version, err)
		return nil, false, fmt.Errorf("%s: %w", whatChanged, err)
	}
	l.keys = l.keys[len(page):]
	refs := make([]adapters.LeadRef, len(rows))
	for i, row := range rows {
		refs[i] = refOf(l.states, row)
	}
	return refs, len(l.keys) > 0, nil
}

func refOf(p *plan.Program, row plan.StateKey) adapters.LeadRef {
	ref := adapters.LeadRef{LeadID: row.ID, Row: map[string]string{}}
	for i, name := range p.KeyNames() {
		ref.Row[name] = row.Key[i]
	}
	return ref
}

// listed is the list of all leads while its pages are read.
type listed struct {
	sync.Mutex
	rows []plan.StateKey
}

// AllLeads implements adapters.LeadStateReader.
func (c *CRM) AllLeads(ctx context.Context, after string, limit int) ([]adapters.LeadRef, string, error) {
	const what = "listing all leads"
	v, p, err := c.reading(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", what, err)
	}
	if limit < 1 {
		return nil, "", fmt.Errorf("%s: a page of %d leads", what, limit)
	}
	var last []string
	if after != "" {
		if err := json.Unmarshal([]byte(after), &last); err != nil || len(last) != len(p.KeyNames()) {
			return nil, "", fmt.Errorf("%s: %w", what, adapters.ErrStaleKeys)
		}
	}
	c.listed.Lock()
	defer c.listed.Unlock()
	if after == "" || c.listed.rows == nil {
		rows, err := p.StateRows(ctx, c.asking(c.pool.anywhere()))
		if err != nil {
			c.doubt(v, err)
			return nil, "", fmt.Errorf("%s: %w", what, err)
		}
		c.listed.rows = rows
	}
	rows := c.listed.rows
	start := 0
	if last != nil {
		start, _ = slices.BinarySearchFunc(rows, last, func(row plan.StateKey, key []string) int { return slices.Compare(row.Key, key) })
		for start < len(rows) && slices.Compare(rows[start].Key, last) <= 0 {
			start++
		}
	}
	end := min(start+limit, len(rows))
	refs := make([]adapters.LeadRef, 0, end-start)
	for _, row := range rows[start:end] {
		refs = append(refs, refOf(p, row))
	}
	if end == len(rows) {
		c.listed.rows = nil
		return refs, "", nil
	}
	mark, err := json.Marshal(rows[end-1].Key)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", what, err)
	}
	return refs, string(mark), nil
}

// LeadStates implements adapters.LeadStateReader.
func (c *CRM) LeadStates(ctx context.Context, refs []adapters.LeadRef) ([]adapters.LeadState, error) {
	const what = "reading the states of leads"
	v, p, err := c.reading(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	states, err := v.states(ctx, p, c.asking(c.pool.anywhere()), refs)
	if err != nil {
		c.doubt(v, err)
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return states, nil
}

// states reads the states of leads in the order of refs.
func (v *version) states(ctx context.Context, p *plan.Program, asking plan.Asking, refs []adapters.LeadRef) ([]adapters.LeadState, error) {
	names := p.KeyNames()
	keys := make([][]string, len(refs))
	var ids []string
	for i, ref := range refs {
		if key, ok := keyOf(names, ref.Row); ok {
			keys[i] = key
		} else if ref.LeadID != "" {
			ids = append(ids, ref.LeadID)
		}
	}
	rows, err := p.States(ctx, asking, keys)
	if err != nil {
		return nil, err
	}
	// A lead that was moved to another row still names itself.
	for i, ref := range refs {
		if keys[i] != nil && !rows[i].Found && ref.LeadID != "" && v.file.Update.LeadID != nil {
			ids = append(ids, ref.LeadID)
		}
	}
	if len(ids) > 0 && v.file.Update.LeadID != nil {
		if err := v.byID(ctx, p, asking, refs, ids, keys, rows); err != nil {
			return nil, err
		}
	}
	out := make([]adapters.LeadState, len(refs))
	for i, ref := range refs {
		if rows[i].Found {
			ref.Row = refOf(p, plan.StateKey{Key: keys[i]}).Row
		}
		out[i] = v.stateOf(rows[i], ref)
	}
	return out, nil
}

// byID fills in the rows of leads that are known by their id.
func (v *version) byID(ctx context.Context, p *plan.Program, asking plan.Asking, refs []adapters.LeadRef, ids []string, keys [][]string, rows []plan.RowState) error {
	found, err := p.StateRowsByID(ctx, asking, ids)
	if err != nil {
		return err
	}
	first := map[string][]string{}
	for _, row := range found {
		if first[row.ID] == nil {
			first[row.ID] = row.Key
		} else if asking.Note != nil {
			asking.Note(updateEndpoint, "leadId", plan.Duplicate, "")
		}
	}
	var at []int
	var wanted [][]string
	for i, ref := range refs {
		if key := first[ref.LeadID]; key != nil && !rows[i].Found {
			at, wanted, keys[i] = append(at, i), append(wanted, key), key
		}
	}
	more, err := p.States(ctx, asking, wanted)
	if err != nil {
		return err
	}
	for i, n := range at {
		rows[n] = more[i]
	}
	return nil
}

func keyOf(names []string, row map[string]string) ([]string, bool) {
	if len(row) == 0 {
		return nil, false
	}
	key := make([]string, len(names))
	for i, name := range names {
		ok := false
		for column, value := range row {
			if strings.EqualFold(column, name) {
				key[i], ok = value, true
			}
		}
		if !ok {
			return nil, false
		}
	}
	return key, true
}

// stateOf makes the state of a lead of what its row holds.
func (v *version) stateOf(row plan.RowState, ref adapters.LeadRef) adapters.LeadState {
	state := adapters.LeadState{Ref: ref}
	if row.Found {
		state.Update = v.updateOf(&row)
		if state.Ref.LeadID == "" {
			state.Ref.LeadID = state.Update.LeadID
		}
		state.Sources = map[string]string{}
		for _, field := range slices.Sorted(maps.Keys(row.Sources)) {
			name, columns := memberOf(field), row.Sources[field]
			if state.Sources[name] != "" {
				columns = append([]string{state.Sources[name]}, columns...)
			}
			state.Sources[name] = strings.Join(columns, ", ")
		}
	}
	if !row.Found || row.Gone {
		state.Gone = true
		v.goneOf(&state)
		return state
	}
	for _, f := range row.Faults {
		state.Faults = append(state.Faults, adapters.FieldFault{Field: memberOf(f.Field), Reason: sentence(f.Reason, fieldMaps(v.file.Shared, v.file.Update.Section, f.Field))})
	}
	slices.SortStableFunc(state.Faults, func(a, b adapters.FieldFault) int { return strings.Compare(a.Field, b.Field) })
	state.NotYet = row.NotYet
	state.Open = row.Open
	if !row.OpenSaid {
		percent := state.Update.ProbabilityOfClosurePercentage
		state.Open = state.Update.LeadStatus == model.LeadStatusAccepted && (percent == nil || *percent != 0 && *percent != 100)
	}
	return state
}

const probability = "probabilityOfClosurePercentage"

// memberOf is the member a field stands for.
func memberOf(field string) string {
	if field == crmfile.StageField || field == crmfile.PercentageField {
		return probability
	}
	return field
}

// updateOf copies the members of a row's value, and makes the percentage out of
// its stage.
func (v *version) updateOf(row *plan.RowState) model.LeadUpdate {
	var update model.LeadUpdate
	out := reflect.ValueOf(&update).Elem()
	members := out.NumField()
	for i := range members {
		out.Field(i).Set(row.Value.Field(i))
	}
	stage, _ := row.Value.Field(members).Interface().(*string)
	own, _ := row.Value.Field(members + 1).Interface().(*int64)
	if stage == nil {
		return update
	}
	meaning, ok := crmfile.StageOf(*stage)
	if !ok {
		row.Faults = append(row.Faults, plan.LeftOut{Field: probability, Reason: plan.Unmapped})
		return update
	}
	percent := -1
	if own != nil {
		percent = int(min(max(*own, 0), 100))
	}
	percent, ok = meaning.Of(percent)
	if !ok {
		row.Faults = append(row.Faults, plan.LeftOut{Field: probability, Reason: plan.Missing})
		return update
	}
	whole := int64(percent)
	update.ProbabilityOfClosurePercentage = &whole
	if percent == 0 && update.ClosedNoDeal == nil {
		noDeal := model.ClosedNoDealN0
		if meaning.Stage.NoDeal {
			noDeal = model.ClosedNoDealN1
		}
		update.ClosedNoDeal = &noDeal
	}
	return update
}

// goneOf makes the declared outcome of a lead whose row is gone.
func (v *version) goneOf(state *adapters.LeadState) {
	gone := v.file.Update.Gone
	if gone == nil || len(gone.Send) == 0 {
		state.NotYet = true
		state.Update = model.LeadUpdate{}
		return
	}
	had := state.Update
	state.Update = model.LeadUpdate{
		LeadID: state.Ref.LeadID, DealerLeadID: had.DealerLeadID, DealerSalesRep: had.DealerSalesRep,
		DealerSalesRepNumber: had.DealerSalesRepNumber, CurrencyIsoCode: had.CurrencyIsoCode,
	}
	if state.Update.CurrencyIsoCode == "" {
		state.Update.CurrencyIsoCode = v.file.Shared.Currency.Value
	}
	if state.Update.DealerLeadID == "" && len(state.Ref.Row) == 1 {
		for _, value := range state.Ref.Row {
			state.Update.DealerLeadID = value
		}
	}
	for _, f := range gone.Send {
		if err := setMember(&state.Update, f.Path.Value, f.Value.Literal.Value); err != nil {
			state.Faults = append(state.Faults, adapters.FieldFault{Field: f.Path.Value, Reason: err.Error()})
		}
	}
}

// setMember writes a text into a member of an update.
func setMember(update *model.LeadUpdate, name, text string) error {
	v := reflect.ValueOf(update).Elem()
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag != name {
			continue
		}
		member := v.Field(i)
		if member.Kind() == reflect.Pointer {
			member.Set(reflect.New(member.Type().Elem()))
			member = member.Elem()
		}
		if member.Kind() == reflect.String {
			member.SetString(text)
			return nil
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errors.New("this member is a whole number")
		}
		member.SetInt(n)
		return nil
	}
	return errors.New("the interface has no such member")
}

// ref names the lead that was written, as states are asked for.
func (a *attempt) ref() adapters.LeadRef {
	ref := adapters.LeadRef{}
	if a.w.lead != nil {
		ref.LeadID = a.id
	}
	if a.states == nil {
		ref.Row = a.rows[a.w.dealer.at].key
		return ref
	}
	if key, ok := a.stateKey(); ok {
		ref.Row = refOf(a.states, plan.StateKey{Key: key}).Row
	}
	return ref
}

// stateKey is the key by which the lead's row is read, taken from the row that
// was written into the same table.
func (a *attempt) stateKey() ([]string, bool) {
	names := a.states.KeyNames()
	source := a.version.file.Update.Section.Source
	for _, r := range a.rows {
		if strings.EqualFold(r.step.table.Ref.Table, source.Table.Value) && (r.found || r.made) {
			if key, ok := keyOf(names, r.key); ok {
				return key, true
			}
		}
	}
	return nil, false
}

// stateIn reads the lead's state in the transaction that writes it; nil where
// nothing is reported back or the row is not found.
func (a *attempt) stateIn(ctx context.Context, tx *on) (*adapters.LeadState, error) {
	if a.states == nil {
		return nil, nil
	}
	ref := adapters.LeadRef{LeadID: a.id}
	v := a.version
	if key, ok := a.stateKey(); ok {
		ref.Row = refOf(a.states, plan.StateKey{Key: key}).Row
	} else if v.file.Update.LeadID == nil {
		return nil, nil
	}
	states, err := v.states(ctx, a.states, a.crm.asking(tx), []adapters.LeadRef{ref})
	if err != nil {
		return nil, fmt.Errorf("reading the state of the lead that is written: %w", err)
	}
	if states[0].Gone && states[0].Sources == nil {
		return nil, nil // not a lead by the mapping's own conditions
	}
	return &states[0], nil
}
