package sqlcrm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// attempt is one try at writing one lead.
type attempt struct {
	crm     *CRM
	version *version
	w       *writing
	states  *plan.Program
	id      string // Caterpillar's id of the lead
	members map[string]string
	now     time.Time
	journal adapters.LeadJournal
	noted   []adapters.CRMRow
	// finished says that the lead was written to its end before, as the journal
	// has it.
	finished bool
	// begun says that something of the lead stands there already.
	begun bool
	// taken says that a row people made is taken up as the lead's.
	taken bool
	rows  []*rowState
	notes []adapters.Note
}

// rowState is what is known of one row of the lead.
type rowState struct {
	step   *step
	active bool
	key    map[string]string // by the key columns' names, as far as it is known
	have   map[string]*string
	found  bool
	made   bool // by this attempt
	rests  map[*assign][]string
	marks  map[string]string
	// changed says that something was updated or appended.
	changed bool
}

// cell is a column with what it gets.
type cell struct {
	assign *assign
	fitted
}

func (c *CRM) attempt(v *version, p *program, lead adapters.ReceivedLead, journal adapters.LeadJournal) *attempt {
	a := &attempt{
		crm: c, version: v, w: p.writing, states: p.states, id: lead.Lead.LeadID, members: memberTexts(lead.Lead), now: c.env.Now(), journal: journal,
	}
	a.reset()
	return a
}

// reset forgets what was found out about rows.
func (a *attempt) reset() {
	a.rows = make([]*rowState, len(a.w.steps))
	for i, s := range a.w.steps {
		a.rows[i] = &rowState{step: s, key: map[string]string{}, rests: map[*assign][]string{}}
	}
	row := a.row()
	for _, r := range a.rows {
		r.active = r.step.when < 0 || a.w.values.lead.Holds(r.step.when, row)
	}
	a.begun, a.taken, a.notes = false, false, nil
}

// row looks up what values are made of.
func (a *attempt) row() plan.RecordRow {
	return a.w.values.lead.Row(a.look)
}

func (a *attempt) look(alias, name string) *string {
	switch alias {
	case crmfile.LeadAlias:
		if text, ok := a.members[name]; ok {
			return &text
		}
		return nil
	case crmfile.GatewayAlias:
		return gatewayText(name, a.now, a.w.zone, a.crm.env.Dealer)
	}
	for _, r := range a.rows {
		if r.step.name == alias {
			for column, value := range r.key {
				if strings.EqualFold(column, name) {
					return &value
				}
			}
		}
	}
	return nil
}

// gatewayText is what the gateway itself knows.
func gatewayText(name string, now time.Time, zone *time.Location, dealer string) *string {
	text := ""
	switch name {
	case "now":
		text = now.In(zone).Format(time.RFC3339)
	case "today":
		text = now.In(zone).Format(time.DateOnly)
	case "dealer":
		text = dealer
	}
	return &text
}

// textOf makes a value; false where there is nothing to write.
func textOf(v *values, records *plan.Records, w *crmfile.Write, row plan.RecordRow) (text string, present bool, reason string) {
	t := w.Territory
	if t == nil {
		got := records.Text(v.write[w], row)
		if got.Reason != "" {
			return "", false, whyNoText(got.Reason, mapsOf(v.file, w.Value))
		}
		return got.Text, got.Present, ""
	}
	by := make([]string, len(t.By))
	for i, one := range t.By {
		got := records.Text(v.by[one], row)
		if got.Reason != "" {
			return "", false, whyNoText(got.Reason, mapsOf(v.file, one.Value))
		}
		by[i] = got.Text
	}
	if cell, ok := t.Find(by); ok {
		return cell, cell != "", ""
	}
	if t.Else != nil {
		return t.Else.Value, t.Else.Value != "", ""
	}
	return "", false, "no line of the territories fits the lead; add one, or an `else`"
}

// cells makes what columns get. known says whether the keys of earlier rows are
// known; where they are not, what is made of them is left out.
func (a *attempt) cells(r *rowState, assigns []*assign, known, inserting bool) (all []cell, faults []adapters.FieldFault) {
	row := a.row()
	ordered := slices.Clone(assigns)
	if inserting { // what is cut off has to be there before it goes on
		slices.SortStableFunc(ordered, func(x, y *assign) int {
			switch {
			case x.rest != nil && y.rest == nil:
				return -1
			case x.rest == nil && y.rest != nil:
				return 1
			}
			return 0
		})
	}
	for _, one := range ordered {
		if len(one.needs) > 0 && !known {
			continue
		}
		text, present, reason := "", false, ""
		if one.write != nil {
			text, present, reason = textOf(a.w.values, a.w.values.lead, one.write, row)
		}
		if inserting {
			if rests := a.restsFor(r, one); len(rests) > 0 {
				text, present = strings.Join(append(nonEmpty(text), rests...), "\n"), true
			}
		}
		switch {
		case reason != "":
		case !present && inserting && one.write != nil && !one.column.Nullable && !one.column.HasDefault && !one.column.Auto:
			reason = "the lead has nothing for it, and the column must not be empty"
		case !present:
			continue
		}
		var done fitted
		if reason == "" {
			done, reason = one.fit.fit(text)
		}
		if reason != "" {
			faults = append(faults, adapters.FieldFault{Field: one.column.Title(), Reason: reason})
			continue
		}
		if inserting && done.rest != "" && one.rest != nil {
			to := a.rows[one.owner.at]
			to.rests[one.rest] = append(to.rests[one.rest], done.rest)
		}
		all = append(all, cell{assign: one, fitted: done})
	}
	return all, faults
}

func (a *attempt) restsFor(r *rowState, to *assign) []string { return r.rests[to] }

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// prepare finds everything that keeps the lead from being written, before
// anything is.
func (a *attempt) prepare() []adapters.FieldFault {
	var faults []adapters.FieldFault
	seen := map[string]bool{}
	take := func(some []adapters.FieldFault) {
		for _, f := range some {
			if !seen[f.String()] {
				seen[f.String()] = true
				faults = append(faults, f)
			}
		}
	}
	if a.id == "" {
		take([]adapters.FieldFault{{Field: "leadId", Reason: "the lead has no id"}})
	}
	for _, r := range a.rows {
		if !r.active {
			continue
		}
		some, bad := a.cells(r, r.step.insert, false, true)
		take(bad)
		if r.step.leadID != nil {
			if _, reason := (&fitting{column: r.step.leadID, zone: a.w.zone}).fit(a.id); reason != "" {
				take([]adapters.FieldFault{{Field: r.step.leadID.Title(), Reason: reason}})
			}
		}
		a.note(some)
		_, bad = a.cells(r, r.step.update, false, false)
		take(bad)
		_, bad = a.cells(r, r.step.add, false, false)
		take(bad)
	}
	for _, r := range a.rows {
		r.rests = map[*assign][]string{}
	}
	return faults
}

// mends says whether rows that are missing of a lead that was begun are made.
func (a *attempt) mends() bool { return a.w.lasting && !a.finished && !a.taken }

// note keeps what was not written as it came.
func (a *attempt) note(cells []cell) {
	for _, c := range cells {
		if c.cut {
			a.notes = append(a.notes, adapters.Note{Endpoint: "lead", Field: c.assign.column.Title(), Reason: adapters.CutShort})
		}
		if c.replaced {
			a.notes = append(a.notes, adapters.Note{Endpoint: "lead", Field: c.assign.column.Title(), Reason: adapters.Replaced})
		}
	}
}

// mark stands for a value without holding it.
func mark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// marksOf are the marks of what a row gets from this version of the lead.
func (a *attempt) marksOf(r *rowState) map[string]string {
	marks := map[string]string{}
	for _, sets := range [][]*assign{r.step.update, r.step.add} {
		cells, _ := a.cells(r, sets, true, false)
		for _, one := range sets {
			marks[one.column.Name] = ""
		}
		for _, c := range cells {
			marks[c.assign.column.Name] = mark(c.text)
		}
	}
	return marks
}

// journalRows are the rows as they are noted.
func (a *attempt) journalRows(done bool) []adapters.CRMRow {
	var rows []adapters.CRMRow
	for _, r := range a.rows {
		if !r.active {
			continue
		}
		row := adapters.CRMRow{Step: r.step.name, Table: r.step.table.Ref.Table, Key: map[string]string{}}
		for column, value := range r.key {
			row.Key[column] = value
		}
		if done {
			before := a.notedRow(r.step.name)
			row.Made = r.made || before != nil && before.Made
			row.Written = r.marks
		}
		rows = append(rows, row)
	}
	return rows
}

func (a *attempt) notedRow(name string) *adapters.CRMRow {
	for i := range a.noted {
		if a.noted[i].Step == name {
			return &a.noted[i]
		}
	}
	return nil
}

// readJournal takes up what is noted of the lead.
func (a *attempt) readJournal(ctx context.Context) error {
	rows, err := a.journal.Rows(ctx)
	if err != nil {
		return err
	}
	a.noted = rows
	a.finished = slices.ContainsFunc(rows, func(r adapters.CRMRow) bool { return r.Made || len(r.Written) > 0 })
	return nil
}
