package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/dealerbridge/dealerbridge/openapi"
)

func leadDocument(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi.LeadDocument()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestLeadParameters(t *testing.T) {
	doc := leadDocument(t)
	want := map[string]string{
		"listLeads":         "limit",
		"listHistoricLeads": "enddate* limit offset startdate*", // R53, R55, R56
		"postLeadUpdates":   "",
	}
	for id, names := range want {
		t.Run(id, func(t *testing.T) {
			op := find(t, doc, id)
			if got := queryNames(op); got != names {
				t.Errorf("parameters %q, want %q", got, names)
			}
			if limit := op.Parameters.GetByInAndName("query", "limit"); limit != nil {
				schema := limit.Schema.Value
				if schema.Min == nil || *schema.Min != 1 || schema.Max == nil || *schema.Max != 100 {
					t.Error("limit is not 1 to 100 (R34, R55)")
				}
			}
		})
	}
}

// A lead may lack everything but its two required members, or have null there (R26).
func TestEveryOptionalMemberOfALeadMayBeNull(t *testing.T) {
	schema := leadDocument(t).Components.Schemas["Lead"].Value
	nulls := map[string]any{"leadId": "LD-1", "leadState": "NEW"}
	for name := range schema.Properties {
		if name != "leadId" && name != "leadState" {
			nulls[name] = nil
		}
	}
	if err := schema.VisitJSON(nulls); err != nil {
		t.Error(err)
	}
}

func TestLeadUpdateBody(t *testing.T) {
	op := find(t, leadDocument(t), "postLeadUpdates")
	media := op.RequestBody.Value.Content["application/json"]
	text, err := json.Marshal(media.Examples["opportunity"].Value.Value)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		old, new string
		ok       bool
	}{
		"TheExampleIsAccepted":                    {``, ``, true},
		"AnotherStatusIsRefused":                  {`"Accepted"`, `"ACCEPTED"`, false},          // R65
		"YesAsBooleanIsRefused":                   {`"Yes"`, `true`, false},                     // R74
		"AProbabilityAbove100IsRefused":           {`Percentage":60`, `Percentage":101`, false}, // R80
		"AFractionOfAPercentIsRefused":            {`Percentage":60`, `Percentage":60.5`, false},
		"AnAmountAsTextIsRefused":                 {`48500`, `"48500"`, false}, // R89
		"AnAmountOfFifteenDigitsIsRefused":        {`48500`, `100000000000000`, false},
		"ARatingInLowerCaseIsRefused":             {`"Medium"`, `"medium"`, false}, // R88
		"AMissingSalesRepNumberIsRefused":         {`"dealerSalesRepNumber":"E-27",`, ``, false},
		"AnEmptyLeadIDIsRefused":                  {`"LD-000417-Q"`, `""`, false},
		"ANameOfFiftyOneLettersIsRefused":         {`Milo Harrow`, strings.Repeat("ä", 51), false}, // R90
		"ANameOfFiftyLettersOfTwoBytesIsTaken":    {`Milo Harrow`, strings.Repeat("ä", 50), true},  // R24
		"ADateThatIsNoneIsRefused":                {`"2026-05-15"`, `"15.05.2026"`, false},
		"AnUnknownMemberIsLeftToWhoWritesTheBody": {`"rating"`, `"colour"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(text), c.old) {
				t.Fatalf("the example does not hold %s: %s", c.old, text)
			}
			err := visit(t, media.Schema.Value, []byte(strings.Replace(string(text), c.old, c.new, 1)))
			if got := err == nil; got != c.ok {
				t.Errorf("accepted: %v (%v), want %v", got, err, c.ok)
			}
		})
	}
}
