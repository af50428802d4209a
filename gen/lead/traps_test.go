package lead_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/gen/lead/api"
	"github.com/dealerbridge/dealerbridge/gen/lead/client"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

func ptr[T any](v T) *T { return &v }

// encode writes a value as the client does, or ends the test.
func encode(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestLead(t *testing.T) {
	t.Run("NullIsTakenForEveryOptionalMember", func(t *testing.T) { // R26
		typ := reflect.TypeFor[model.Lead]()
		nulls := map[string]any{"leadId": "LD-1", "leadState": "NEW"}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name != "leadId" && name != "leadState" {
				nulls[name] = nil
			}
		}
		if len(nulls) < 70 {
			t.Fatalf("only %d members", len(nulls))
		}
		var got model.Lead
		if err := json.Unmarshal([]byte(encode(t, nulls)), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(model.Lead{LeadID: "LD-1", LeadState: model.LeadStateNEW}, got); diff != "" {
			t.Errorf("lead (-want +got):\n%s", diff)
		}
	})
	t.Run("AMemberOfAnotherTypeFailsTheWholeList", func(t *testing.T) { // the trap: leads are read leniently, not by decoding (R50)
		var list model.LeadList
		if err := json.Unmarshal([]byte(`[{"leadId":"LD-1","productOfInterestQuantity":"100"}]`), &list); err == nil {
			t.Error("the decoder has become lenient; the reader of leads can be looked at again")
		}
	})
	t.Run("AnUnknownStateIsHeld", func(t *testing.T) { // R48
		var got model.Lead
		if err := json.Unmarshal([]byte(`{"leadId":"LD-1","leadState":"MOVED"}`), &got); err != nil || got.LeadState != "MOVED" || got.LeadState.Valid() {
			t.Errorf("got %q, %v", got.LeadState, err)
		}
	})
	t.Run("ADayIsKeptAsItWasWritten", func(t *testing.T) { // R25
		var got model.Lead
		if err := json.Unmarshal([]byte(`{"leadId":"LD-1","leadState":"NEW","dateCreated":"2026-03-02 T09:41:07+00:00"}`), &got); err != nil {
			t.Fatal(err)
		}
		if got.DateCreated == nil || *got.DateCreated != "2026-03-02 T09:41:07+00:00" {
			t.Errorf("got %v", got.DateCreated)
		}
	})
}

func TestLeadUpdate(t *testing.T) {
	least := model.LeadUpdate{
		LeadID: "LD-1", DealerLeadID: "7", LeadStatus: model.LeadStatusAccepted,
		DealerSalesRep: "Milo Harrow", DealerSalesRepNumber: "E-27", CurrencyIsoCode: "USD",
	}
	t.Run("MembersThatHoldNothingAreLeftOut", func(t *testing.T) {
		want := `{"currencyIsoCode":"USD","dealerLeadId":"7","dealerSalesRep":"Milo Harrow","dealerSalesRepNumber":"E-27","leadId":"LD-1","leadStatus":"Accepted"}`
		if got := encode(t, least); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("ZeroIsSent", func(t *testing.T) { // R77, R81: zero percent and zero in closedNoDeal mean something
		u := least
		u.ProbabilityOfClosurePercentage, u.ClosedNoDeal = ptr[int64](0), ptr(model.ClosedNoDealN0)
		if got := encode(t, u); !strings.Contains(got, `"probabilityOfClosurePercentage":0`) || !strings.Contains(got, `"closedNoDeal":0`) {
			t.Errorf("got %s", got)
		}
	})
	t.Run("AnAmountKeepsItsDigits", func(t *testing.T) { // R89
		u := least
		u.OpportunityAmount = ptr(json.Number("12345678901234.50"))
		if got := encode(t, u); !strings.Contains(got, `"opportunityAmount":12345678901234.50`) {
			t.Errorf("got %s", got)
		}
	})
	t.Run("AnEmptyAmountBecomesZero", func(t *testing.T) { // the trap: an amount that is not known is a nil pointer
		u := least
		u.OpportunityAmount = ptr(json.Number(""))
		if got := encode(t, u); !strings.Contains(got, `"opportunityAmount":0`) {
			t.Errorf("got %s; the encoder has changed", got)
		}
	})
	t.Run("NoMemberIsOfARemovedName", func(t *testing.T) { // R93
		typ := reflect.TypeFor[model.LeadUpdate]()
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			switch name {
			case "primaryClosedLostReason", "primaryClosedWonReason", "PrimaryClosedWonReasonComments", "closedDisqualified",
				"isoCurrencyCode", "customerAlreadyKnown", "opportunityAlreadyKnown", "leadAlreadyKnown", "dealerContactDateTime",
				"quoteDateTime":
				t.Errorf("%s is sent", name)
			}
		}
	})
}

// service answers from fields; an operation without one is never called.
type service struct {
	api.StrictServerInterface
	leads   func(model.ListLeadsParams) api.ListLeadsResponseObject
	updates func(model.LeadUpdateList) api.PostLeadUpdatesResponseObject
	token   func(model.TokenRequest) api.IssueTokenResponseObject
}

func (s service) ListLeads(_ context.Context, r api.ListLeadsRequestObject) (api.ListLeadsResponseObject, error) {
	return s.leads(r.Params), nil
}

func (s service) PostLeadUpdates(_ context.Context, r api.PostLeadUpdatesRequestObject) (api.PostLeadUpdatesResponseObject, error) {
	return s.updates(*r.Body), nil
}

func (s service) IssueToken(_ context.Context, r api.IssueTokenRequestObject) (api.IssueTokenResponseObject, error) {
	return s.token(*r.Body), nil
}

// connect serves s and returns a client of it.
func connect(t *testing.T, s service) *client.Client {
	t.Helper()
	gin.SetMode(gin.TestMode)
	e := gin.New()
	api.RegisterHandlers(e, api.NewStrictHandler(s, nil))
	srv := httptest.NewServer(e)
	t.Cleanup(srv.Close)
	c, err := client.NewClient(srv.URL, client.WithHTTPClient(srv.Client()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientAndServerUnderstandEachOther(t *testing.T) {
	var limit *int64
	var posted model.LeadUpdateList
	var form model.TokenRequest
	c := connect(t, service{
		leads: func(p model.ListLeadsParams) api.ListLeadsResponseObject {
			limit = p.Limit
			return api.ListLeads204Response{}
		},
		updates: func(l model.LeadUpdateList) api.PostLeadUpdatesResponseObject {
			posted = l
			return api.PostLeadUpdatesdefaultJSONResponse{StatusCode: http.StatusBadRequest, Body: model.ServiceError{Message: ptr("no such lead")}}
		},
		token: func(r model.TokenRequest) api.IssueTokenResponseObject {
			form = r
			return api.IssueToken200JSONResponse{AccessToken: "t", TokenType: model.TokenAnswerTokenTypeBearer, ExpiresIn: 3599}
		},
	})
	t.Run("Leads", func(t *testing.T) {
		resp, err := c.ListLeads(t.Context(), &model.ListLeadsParams{Limit: ptr[int64](100)})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := resp.StatusCode; got != http.StatusNoContent || limit == nil || *limit != 100 {
			t.Errorf("status %d, limit %v", got, limit)
		}
	})
	t.Run("Updates", func(t *testing.T) {
		want := model.LeadUpdateList{{LeadID: "LD-1", LeadStatus: model.LeadStatusAccepted, ProbabilityOfClosurePercentage: ptr[int64](0)}}
		resp, err := c.PostLeadUpdates(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := resp.StatusCode; got != http.StatusBadRequest {
			t.Errorf("status %d", got)
		}
		if diff := cmp.Diff(want, posted); diff != "" {
			t.Errorf("updates (-sent +received):\n%s", diff)
		}
	})
	t.Run("Token", func(t *testing.T) {
		want := model.TokenRequest{GrantType: model.TokenRequestGrantTypeClientCredentials, Scope: ptr("manage:all")}
		resp, err := c.IssueTokenWithFormdataBody(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := resp.StatusCode; got != http.StatusOK {
			t.Errorf("status %d", got)
		}
		if diff := cmp.Diff(want, form); diff != "" {
			t.Errorf("form (-sent +received):\n%s", diff)
		}
	})
}
