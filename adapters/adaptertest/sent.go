package adaptertest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/openapi"
)

var withPoint = regexp.MustCompile(`^-?(0|[1-9]\d*)\.\d+$`)

// checkSent looks at a value as it would be sent: valid against its schema, with
// a point in every amount (R117) and a Z behind every moment (R118).
func checkSent(t *testing.T, schema string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Errorf("%s cannot be sent: %v", schema, err)
		return
	}
	doc, err := openapi.CRSDocument()
	if err != nil {
		t.Fatal(err)
	}
	ref := doc.Components.Schemas[schema]
	if ref == nil {
		t.Fatalf("the specification has no schema %s", schema)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	if err := ref.Value.VisitJSON(plain); err != nil {
		t.Errorf("%s breaks the specification: %v\n%s", schema, err, text)
	}
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.UseNumber()
	var exact any
	if err := reader.Decode(&exact); err != nil {
		t.Fatal(err)
	}
	walk("", exact, func(name string, leaf any) {
		switch v := leaf.(type) {
		case json.Number:
			if amounts[name] && !withPoint.MatchString(v.String()) {
				t.Errorf("%s: %s is %s, want an amount with a point", schema, name, v)
			}
		case string:
			if strings.HasSuffix(name, "Date") || strings.HasPrefix(name, "billedDate") {
				if at, err := time.Parse("2006-01-02T15:04:05Z", v); err != nil || at.Year() < 1000 {
					t.Errorf("%s: %s is %s, want a moment in UTC with whole seconds and a Z", schema, name, v)
				}
			}
			if v == "" {
				t.Errorf("%s: %s is empty text, want it left out", schema, name)
			}
		}
	})
}

var amounts = map[string]bool{"total": true, "amount": true, "rentalTotal": true}

func walk(name string, value any, leaf func(name string, leaf any)) {
	switch v := value.(type) {
	case map[string]any:
		for k, member := range v {
			walk(k, member, leaf)
		}
	case []any:
		for _, element := range v {
			walk(name, element, leaf)
		}
	default:
		leaf(name, v)
	}
}
