package openapi_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestExamplesFitTheirSchemas(t *testing.T) {
	for _, spec := range specifications {
		t.Run(spec.name, func(t *testing.T) { checkExamples(t, spec.document(t)) })
	}
}

func checkExamples(t *testing.T, doc *openapi3.T) {
	for _, op := range operations(doc) {
		t.Run(op.OperationID, func(t *testing.T) {
			for _, parameter := range op.Parameters {
				p := parameter.Value
				checkValue(t, "parameter "+p.Name, p.Schema, p.Schema.Value.Example)
			}
			if op.RequestBody != nil {
				checkContent(t, "request", op.RequestBody.Value.Content)
			}
			for status, answer := range op.Responses.Map() {
				checkContent(t, status, answer.Value.Content)
				for name, header := range answer.Value.Headers {
					checkValue(t, status+" header "+name, header.Value.Schema, header.Value.Schema.Value.Example)
				}
			}
		})
	}
	for name, ref := range doc.Components.Schemas {
		walk(ref, name, func(path string, member *openapi3.SchemaRef, _ bool) {
			if member.Value.Example != nil {
				checkValue(t, path, member, member.Value.Example)
			}
		})
	}
}

func TestAWrongExampleIsFound(t *testing.T) {
	schema := document(t).Components.Schemas["ContractPage"]
	if err := schema.Value.VisitJSON(map[string]any{"items": nil}); err == nil {
		t.Error("a page without its members passed")
	}
}

// checkContent checks every example of a body.
func checkContent(t *testing.T, place string, content openapi3.Content) {
	t.Helper()
	for kind, media := range content {
		if media.Example != nil {
			checkValue(t, place+" "+kind, media.Schema, media.Example)
		}
		for name, example := range media.Examples {
			checkValue(t, place+" "+kind+" "+name, media.Schema, example.Value.Value)
		}
	}
}

// checkValue checks one example as a receiver would see it: written as JSON and read again.
func checkValue(t *testing.T, place string, schema *openapi3.SchemaRef, example any) {
	t.Helper()
	text, err := json.Marshal(example)
	if err != nil {
		t.Errorf("%s: %v", place, err)
		return
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Errorf("%s: %v", place, err)
		return
	}
	if err := schema.Value.VisitJSON(value, openapi3.EnableFormatValidation()); err != nil {
		t.Errorf("%s: %v", place, err)
	}
}

// messages returns the sample messages by name, one per request type and one per other shape.
func messages(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/messages/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]byte, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = text
	}
	return all
}

func TestMessages(t *testing.T) {
	doc := document(t)
	schema := find(t, doc, "postMessage").RequestBody.Value.Content["application/json"].Schema.Value
	all := messages(t)
	t.Run("EveryRequestTypeHasASample", func(t *testing.T) {
		for _, kind := range doc.Components.Schemas["RequestType"].Value.Enum {
			if _, ok := all[kind.(string)]; !ok {
				t.Errorf("no sample of %v", kind)
			}
		}
	})
	for name, text := range all {
		t.Run(name+"IsAccepted", func(t *testing.T) {
			if err := visit(t, schema, text); err != nil {
				t.Error(err)
			}
		})
	}
	changes := map[string]struct {
		old, new string
		ok       bool
	}{
		"AMissingDealerCodeIsRefused":       {`"dealerCode": "D100",`, ``, false},
		"AMissingMessageIDIsRefused":        {`"submittedMessageId": "m-7707",`, ``, false},
		"AMissingTimeIsRefused":             {`"submittedTime": "2026-03-07T10:00:00Z",`, ``, false},
		"AnUnknownMessageTypeIsRefused":     {`"messageType": "request"`, `"messageType": "parcel"`, false},
		"AnUnknownRequestTypeIsRefused":     {`"requestType": "quote"`, `"requestType": "gift"`, false},
		"AnUnknownStateIsRefused":           {`"status": "submitted"`, `"status": "posted"`, false},
		"AnIDThatIsAnObjectIsRefused":       {`"localId": 5518`, `"localId": {}`, false},
		"AnIDAsTextIsAccepted":              {`"localId": 5518`, `"localId": "5518"`, true},
		"AnIDOfNullIsAccepted":              {`"localId": 5518`, `"localId": null`, true},
		"YesAsTextIsAccepted":               {`"delivery": true`, `"delivery": "yes"`, true},
		"YesAsNumberIsRefused":              {`"delivery": true`, `"delivery": 1`, false},
		"AStateOfNullIsAccepted":            {`"status": "submitted"`, `"status": null`, true},
		"AnUnknownMemberAtTheTopIsAccepted": {`"dealerCode": "D100",`, `"dealerCode": "D100", "colour": {"r": 1},`, true},
		"APayloadOfNullIsAccepted":          {`"properties": {}`, `"properties": null`, true},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			text := string(all["quote"])
			if !strings.Contains(text, change.old) {
				t.Fatalf("the sample does not hold %s", change.old)
			}
			err := visit(t, schema, []byte(strings.Replace(text, change.old, change.new, 1)))
			if got := err == nil; got != change.ok {
				t.Errorf("accepted: %v, want %v", got, change.ok)
			}
		})
	}
}

func visit(t *testing.T, schema *openapi3.Schema, text []byte) error {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return schema.VisitJSON(value, openapi3.VisitAsRequest(), openapi3.EnableFormatValidation())
}

// Parameters are the doors of the pull; the limits the documents name must stand in the file.
func TestQueryParameters(t *testing.T) {
	doc := document(t)
	want := map[string]string{
		"listContracts":  "customer* dealer items page",
		"listJobsites":   "customer* dealer items page",
		"listCategories": "customer dealer",
		"listInvoices":   "customer* dealer items page",
		"getCustomer":    "customer* dealer",
		"listLocations":  "dealer items page",
		"listChanges":    "dealer since*",
		"postMessage":    "dealer",
	}
	for id, names := range want {
		t.Run(id, func(t *testing.T) {
			op := find(t, doc, id)
			if got := queryNames(op); got != names {
				t.Errorf("parameters %q, want %q", got, names)
			}
			if id != "postMessage" && op.method != http.MethodGet {
				t.Errorf("method %s", op.method)
			}
			customer := op.Parameters.GetByInAndName("query", "customer")
			if customer == nil {
				return
			}
			schema := customer.Schema.Value
			switch id {
			case "listContracts", "listJobsites":
				if schema.MinItems != 1 || schema.MaxItems == nil || *schema.MaxItems != 5 || customer.Explode == nil || *customer.Explode {
					t.Error("customer is not one to five numbers joined by commas (R128)")
				}
			default:
				if err := schema.VisitJSON("0001007,0001012"); err == nil {
					t.Error("two numbers pass where one is allowed (R129)")
				}
			}
		})
	}
	t.Run("APageSizeHasNoUpperLimit", func(t *testing.T) {
		schema := find(t, doc, "listContracts").Parameters.GetByInAndName("query", "items").Schema.Value
		if schema.Max != nil || schema.Min == nil || *schema.Min != 1 {
			t.Error("items must be at least 1 and have no maximum: the gateway answers with its own limit")
		}
	})
	t.Run("TheZeroDateOfTheDocumentPasses", func(t *testing.T) {
		schema := find(t, doc, "listChanges").Parameters.GetByInAndName("query", "since").Schema.Value
		if err := schema.VisitJSON("0000-00-00T00:00:00Z", openapi3.EnableFormatValidation()); err != nil {
			t.Error(err)
		}
	})
}
