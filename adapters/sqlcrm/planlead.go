package sqlcrm

import (
	"context"
	"fmt"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// PlanLead implements adapters.LeadWriter. Keys that only come into being with
// the row are left out.
func (c *CRM) PlanLead(ctx context.Context, lead adapters.ReceivedLead, journal adapters.LeadJournal) (adapters.LeadPlanned, error) {
	const what = "planning a lead"
	v, p, err := c.begin(ctx)
	if err != nil {
		return adapters.LeadPlanned{}, fmt.Errorf("%s: %w", what, err)
	}
	if p.writing == nil {
		return adapters.LeadPlanned{}, fmt.Errorf("%s: %w: crm.yaml has no `lead`", what, adapters.ErrMapping)
	}
	a := c.attempt(v, p, lead, journal)
	if faults := a.prepare(); len(faults) > 0 {
		return adapters.LeadPlanned{}, fmt.Errorf("%s: %w", what, &adapters.NotFitting{Faults: faults})
	}
	a.reset()
	if err := a.readJournal(ctx); err != nil {
		return adapters.LeadPlanned{}, fmt.Errorf("%s: reading the journal: %w", what, err)
	}
	if err := a.locate(ctx, c.pool.anywhere()); err != nil {
		return adapters.LeadPlanned{}, fmt.Errorf("%s: %w", what, err)
	}
	return a.planned(), nil
}

// planned tells what write would do.
func (a *attempt) planned() adapters.LeadPlanned {
	var out adapters.LeadPlanned
	inserts := false
	if a.deleted() {
		return adapters.LeadPlanned{Outcome: adapters.LeadRepeated}
	}
	for _, r := range a.rows {
		if !r.active {
			continue
		}
		row := adapters.PlannedRow{Step: r.step.name, Table: r.step.table.Ref.Table, Insert: !r.found}
		var cells []cell
		switch {
		case r.found && r.step.row.NeverChange:
			a.cells(r, r.step.insert, true, true) // for what is cut off and goes on
			continue
		case r.found:
			cells, _ = a.updates(r)
		case a.begun && !a.mends():
			continue
		default:
			inserts = true
			cells, _ = a.cells(r, r.step.insert, true, true)
			if r.step.leadID != nil {
				id := a.id
				row.Values = append(row.Values, adapters.PlannedValue{Column: r.step.leadID.Name, Value: &id})
			}
		}
		for _, c := range cells {
			text := c.text
			row.Values = append(row.Values, adapters.PlannedValue{Column: c.assign.column.Name, Value: &text})
		}
		if len(row.Values) > 0 {
			out.Rows = append(out.Rows, row)
		}
	}
	switch {
	case inserts && a.begun:
		out.Outcome = adapters.LeadRepaired
	case inserts:
		out.Outcome = adapters.LeadCreated
	case len(out.Rows) > 0:
		out.Outcome = adapters.LeadUpdated
	default:
		out.Outcome = adapters.LeadRepeated
	}
	return out
}
