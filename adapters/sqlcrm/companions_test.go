package sqlcrm_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
)

// TestMembersThatOthersNeedAreMissed: what would hold every update of a kind is
// said before the first one.
func TestMembersThatOthersNeedAreMissed(t *testing.T) {
	for name, c := range map[string]struct {
		fields string
		want   []string
	}{
		"NothingIsMissed": {
			"{dealerSalesRep: c.REP, dealerSalesRepNumber: c.REPNO, leadStatus: {from: c.STATE, map: state}, rejectedReasonWhy: c.WHY, disqualifiedReasonWhy: c.WHY}", nil,
		},
		"ReasonsOfStatesThatAMapKnows": {
			"{dealerSalesRep: c.REP, dealerSalesRepNumber: c.REPNO, leadStatus: {from: c.STATE, map: state}}",
			[]string{"a lead that is Rejected needs rejectedReasonWhy", "a lead that is Disqualified needs disqualifiedReasonWhy"},
		},
		"ReasonsOfStatesBehindConditions": {
			"{dealerSalesRep: c.REP, dealerSalesRepNumber: c.REPNO, leadStatus: [{when: {c.LOST: 1}, then: {value: Disqualified}, else: {value: Accepted}}]}",
			[]string{"a lead that is Disqualified needs disqualifiedReasonWhy"},
		},
		"TheDayOfTheContact": {
			"{dealerSalesRep: c.REP, dealerSalesRepNumber: c.REPNO, leadStatus: {value: Accepted}, customerContacted: {when: {c.CALLED: {present: true}}, then: {value: 'Yes'}}}",
			[]string{"a customer who was contacted needs dateContacted"},
		},
		"WhatGoesWithAnOpportunity": {
			"{dealerSalesRep: c.REP, dealerSalesRepNumber: c.REPNO, leadStatus: {value: Accepted}, targetDate: c.DUE}",
			[]string{"an opportunity needs dealerOpportunityId", "an opportunity needs opportunityAmount"},
		},
		"WhatGoesWithAStageStandsInAGroup": {
			"{dealerSalesRep: c.REP, dealerSalesRepNumber: c.REPNO, leadStatus: {value: Accepted}, probabilityOfClosurePercentage: {stage: c.STAGE}}\n  use: deal", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := "timezone: America/Denver\ncurrency: USD\nmaps: {state: {N: Accepted, R: Rejected, D: Disqualified}}\n" +
				"define:\n  deal: {opportunityAmount: c.AMOUNT, targetDate: c.DUE, dealerOpportunityId: c.ID}\n" +
				"update:\n  from: CARD c\n  key: c.ID\n  leadId: c.CATID\n  fields: " + c.fields + "\n"
			folder := fstest.MapFS{"crm.yaml": {Data: []byte(file)}, "sales-stages.yaml": {Data: []byte("Q: Qualification\n")}}
			var got []string
			for _, f := range sqlcrm.CheckMapping(folder, "") {
				said, _, found := strings.Cut(f.Message, ", which is not mapped")
				if !found || !f.Warning {
					t.Error(f)
				}
				got = append(got, said)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
