package leadsync

import (
	"encoding/json"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
	"github.com/dealerbridge/dealerbridge/server/lead"
)

// verdict is what is to be made of the state of a lead.
type verdict struct {
	update  model.LeadUpdate
	body    json.RawMessage
	faults  []Fault
	notYet  bool
	open    bool
	sources map[string]string
}

// judge makes the update of a state and holds it against the rules. Where the
// mapping found fault with a member the rules do not say once more that it is
// missing.
func judge(l Lead, s adapters.LeadState) verdict {
	v := verdict{update: lead.Normalise(s.Update), notYet: s.NotYet, open: s.Open, sources: s.Sources}
	if !strings.HasPrefix(l.ID, "#") {
		v.update.LeadID = l.ID
	}
	if v.update.DealerLeadID == "" {
		v.update.DealerLeadID = l.DealerLeadID
	}
	faulty := map[string]bool{}
	for _, f := range s.Faults {
		faulty[f.Field] = true
		v.faults = append(v.faults, Fault{Field: f.Field, Reason: f.Reason})
	}
	for _, f := range lead.Check(v.update) {
		if !faulty[f.Member] {
			v.faults = append(v.faults, Fault{Field: f.Member, Rule: f.Rule, Reason: f.Reason})
		}
	}
	body, err := json.Marshal(v.update)
	if err != nil {
		// Only an amount that is no number cannot be written, and that is a fault.
		v.update.OpportunityAmount = nil
		body, err = json.Marshal(v.update)
	}
	if err != nil {
		v.faults = append(v.faults, Fault{Reason: "the update cannot be written as JSON"})
	}
	v.body = body
	return v
}

// standing is what states are compared by.
func standing(v verdict) string {
	if v.notYet {
		return "not yet"
	}
	text := string(v.body)
	if len(v.faults) > 0 {
		text += "\n" + inWords(v.faults)
	}
	return text
}

// Judged is what the state of a lead comes to: an update, reasons why it is held,
// or nothing.
type Judged struct {
	Update json.RawMessage // as it would be sent, where there are no Faults
	Faults []Fault
	NotYet bool // nothing is sent, and nothing held
}

// Judge makes of a state what the worker makes of it. The ids are those noted
// when the lead was written, empty for a lead nobody noted.
func Judge(id, dealerLeadID string, s adapters.LeadState) Judged {
	if id == "" {
		id = s.Update.LeadID
	}
	v := judge(Lead{ID: id, DealerLeadID: dealerLeadID}, s)
	return Judged{Update: v.body, Faults: v.faults, NotYet: v.notYet}
}
