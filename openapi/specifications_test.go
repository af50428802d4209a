package openapi_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/dealerbridge/dealerbridge/openapi"
)

// specification is one document with what the house asks of its operations.
type specification struct {
	name       string // its folder
	text       func() []byte
	load       func() (*openapi3.T, error)
	operations map[string]demand // by operation id, complete
	own        bool              // nobody else's document says what is in it
}

// demand is what one operation has to declare.
type demand struct {
	failure  failure
	security openapi3.SecurityRequirements
}

// failure is how an operation answers anything but success.
type failure struct {
	media, schema string
	headers       []string
}

var (
	problem    = failure{"application/problem+json", "Problem", []string{"WWW-Authenticate", "Retry-After"}}
	refusal    = failure{"application/json", "TokenError", []string{"WWW-Authenticate", "Retry-After"}}
	theirs     = failure{"application/json", "ServiceError", []string{"Retry-After"}}
	theirToken = failure{"application/json", "TokenError", []string{"Retry-After"}}
)

func needs(scheme string, scopes ...string) openapi3.SecurityRequirements {
	if scopes == nil {
		scopes = []string{}
	}
	return openapi3.SecurityRequirements{{scheme: scopes}}
}

// specifications are all documents of the house.
var specifications = []specification{
	{
		name: "crs", text: openapi.CRS, load: openapi.CRSDocument,
		operations: map[string]demand{
			"getCustomer":    {problem, needs("dealerbridge", "crs.read")},
			"getDocument":    {problem, needs("dealerbridge", "crs.read")},
			"issueToken":     {refusal, openapi3.SecurityRequirements{}},
			"listCategories": {problem, needs("dealerbridge", "crs.read")},
			"listChanges":    {problem, needs("dealerbridge", "crs.read")},
			"listContracts":  {problem, needs("dealerbridge", "crs.read")},
			"listInvoices":   {problem, needs("dealerbridge", "crs.read")},
			"listJobsites":   {problem, needs("dealerbridge", "crs.read")},
			"listLocations":  {problem, needs("dealerbridge", "crs.read")},
			"postMessage":    {problem, needs("dealerbridge", "crs.message")},
		},
	},
	{
		name: "lead", text: openapi.Lead, load: openapi.LeadDocument,
		operations: map[string]demand{
			"issueToken":        {theirToken, needs("clientBasic")},
			"listHistoricLeads": {theirs, needs("caterpillar", "manage:all")},
			"listLeads":         {theirs, needs("caterpillar", "manage:all")},
			"postLeadUpdates":   {theirs, needs("caterpillar", "manage:all")},
		},
	},
	{
		name: "qr", text: openapi.QR, load: openapi.QRDocument,
		operations: map[string]demand{
			"getAssociation": {theirs, needs("caterpillar")},
		},
	},
	{
		name: "operator", text: openapi.Operator, load: openapi.OperatorDocument, own: true,
		operations: map[string]demand{
			"countLeads":         {problem, needs("operator", "operator.read")},
			"eraseLead":          {problem, needs("operator", "operator.write")},
			"getLead":            {problem, needs("operator", "operator.read")},
			"answerConversation": {problem, needs("operator", "operator.write")},
			"countQueue":         {problem, needs("operator", "operator.read")},
			"eraseRequest":       {problem, needs("operator", "operator.write")},
			"getConversation":    {problem, needs("operator", "operator.read")},
			"getMachine":         {problem, needs("operator", "operator.read")},
			"getQueueItem":       {problem, needs("operator", "operator.read")},
			"getRequest":         {problem, needs("operator", "operator.read")},
			"getRequestFile":     {problem, needs("operator", "operator.read")},
			"listConversations":  {problem, needs("operator", "operator.read")},
			"listQueueItems":     {problem, needs("operator", "operator.read")},
			"listRequests":       {problem, needs("operator", "operator.read")},
			"moveRequest":        {problem, needs("operator", "operator.write")},
			"parkQueueItem":      {problem, needs("operator", "operator.write")},
			"retryQueueItem":     {problem, needs("operator", "operator.write")},
			"startConversation":  {problem, needs("operator", "operator.write")},
			"startRequest":       {problem, needs("operator", "operator.write")},
			"listLeads":          {problem, needs("operator", "operator.read")},
			"replayLead":         {problem, needs("operator", "operator.write")},
		},
	},
}

// document returns the parsed document or ends the test.
func (s specification) document(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSpecifications(t *testing.T) {
	for _, spec := range specifications {
		t.Run(spec.name, func(t *testing.T) {
			t.Run("IsAValidDocument", func(t *testing.T) {
				if got, want := spec.document(t).OpenAPI, "3.0.3"; got != want {
					t.Errorf("version %q, want %q", got, want)
				}
			})
			t.Run("BytesAreTheCallersOwn", func(t *testing.T) {
				spec.text()[0] = 'X'
				if spec.text()[0] == 'X' {
					t.Error("a caller's change reached the embedded text")
				}
			})
		})
	}
}
