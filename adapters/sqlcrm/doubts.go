package sqlcrm

import (
	"slices"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
)

// doubts finds what could make a lead stand there twice or half, before the
// first lead.
func (b *binder) doubts(l *crmfile.Lead) {
	var lasting, narrowOnes []string
	for _, s := range b.w.steps {
		if s.table.Lasting {
			lasting = append(lasting, s.table.Ref.Table+" ("+s.table.Engine+")")
		}
		for _, a := range s.insert {
			if a.column.Holds != nil && a.fit.instead == nil && a.column.Kind == convert.ColumnText && a.write != nil && !sure(a.write) {
				narrowOnes = append(narrowOnes, a.column.Title()+" ("+a.column.Charset+")")
			}
		}
	}
	if len(narrowOnes) > 0 {
		b.warn(l.Pos, "lead", "some columns do not hold all characters: %s; a lead with others is held unless `instead:` says what to write in their place", strings.Join(narrowOnes, ", "))
	}
	if len(lasting) > 0 {
		var order []string
		for _, s := range b.w.steps {
			order = append(order, s.name)
		}
		b.warn(l.Pos, "lead.rows", "what is written to %s cannot be taken back; the rows are written in the order %s, and what is missing of a lead after a crash is added when it comes again. The row that makes a lead visible has to come last",
			strings.Join(lasting, ", "), strings.Join(order, ", "))
	}
	b.twice(l)
}

// twice finds a mapping with which a crash cannot be told from a new lead.
func (b *binder) twice(l *crmfile.Lead) {
	if l.AcceptDuplicates {
		return
	}
	const mend = "; declare how the lead is found again, such as find: {EMAIL: lead.emailAddress, DAY: gateway.today}, or accept it with `acceptDuplicates: true`"
	if b.w.lasting {
		first := b.w.steps[0]
		if first.leadID == nil && !first.chosen() && len(first.find) == 0 {
			b.fault(first.row.Name.Pos, "lead.rows."+first.name, "", "a crash cannot be told from a new lead: a table cannot take rows back, and the first row carries neither the lead id nor a key the gateway chooses"+mend)
		}
		return
	}
	told := b.w.lead != nil || slices.ContainsFunc(b.w.steps, func(s *step) bool {
		return s.chosen() && !s.row.NeverChange || len(s.find) > 0 && !s.row.NeverChange
	})
	if !told {
		b.fault(l.Pos, "lead", "", "a crash cannot be told from a new lead: the CRM does not keep the lead id, and no row has a key the gateway chooses"+mend)
	}
}

// messages binds the table of inbound messages; nil where there is none.
func (b *binder) messages() *writing {
	m := b.version.file.Messages
	if m == nil || b.version.values == nil {
		return nil
	}
	b.setZone()
	s := &step{name: "message", when: -1, row: &crmfile.Row{}, table: b.table(m.Source, "messages.table")}
	w := &writing{values: b.version.values, zone: b.zone, steps: []*step{s}, lead: s, dealer: s}
	if s.table == nil {
		return w
	}
	s.leadID = b.column(s.table, m.ID, "messages.id")
	s.insert = b.assigns(s, m.Insert, "messages.insert")
	for _, c := range s.table.Columns {
		if !c.Nullable && !c.HasDefault && !c.Auto && !c.Made && c != s.leadID &&
			!slices.ContainsFunc(s.insert, func(a *assign) bool { return a.column == c }) {
			b.fault(m.Pos, "messages.insert", "", "%s must not be empty, has no default and gets no value; write it here", c.Title())
		}
	}
	if s.table.Lasting {
		b.warn(m.Pos, "messages", "%s cannot take rows back", s.table.Ref.Table)
	}
	return w
}
