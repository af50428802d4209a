package crs_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/gen/crs/client"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// pull answers the operations under test from functions; the others are never called.
type pull struct {
	api.StrictServerInterface
	contracts func(context.Context, api.ListContractsRequestObject) (api.ListContractsResponseObject, error)
}

func (p pull) ListContracts(ctx context.Context, r api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
	return p.contracts(ctx, r)
}

// engine serves the handler with the generated defaults, or with the hooks given.
func engine(p pull, hooks *api.StrictGinServerOptions, options api.GinServerOptions) *gin.Engine {
	gin.SetMode(gin.TestMode)
	e := gin.New()
	handler := api.NewStrictHandler(p, nil)
	if hooks != nil {
		handler = api.NewStrictHandlerWithOptions(p, nil, *hooks)
	}
	api.RegisterHandlersWithOptions(e, handler, options)
	return e
}

func get(e *gin.Engine, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

var errPrivate = errors.New("dial tcp 10.0.0.5:3306: password=hunter2")

func failing(context.Context, api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
	return nil, errPrivate
}

func TestErrorHooks(t *testing.T) {
	t.Run("TheDefaultShowsTheErrorToTheCaller", func(t *testing.T) { // the trap: all four hooks must be set
		w := get(engine(pull{contracts: failing}, nil, api.GinServerOptions{}), "/api/v1/contract?customer=1")
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("got %d %s; the default has changed", w.Code, w.Body)
		}
	})
	t.Run("AHookTakesItsPlace", func(t *testing.T) {
		hooks := &api.StrictGinServerOptions{HandlerErrorFunc: func(c *gin.Context, err error) {
			if !errors.Is(err, errPrivate) {
				t.Errorf("the hook got %v", err)
			}
			c.JSON(http.StatusServiceUnavailable, model.Problem{Message: "the dealer's system does not answer", Status: 503})
		}}
		w := get(engine(pull{contracts: failing}, hooks, api.GinServerOptions{}), "/api/v1/contract?customer=1")
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
	t.Run("AnAnswerThatCannotBeWrittenReachesItsHook", func(t *testing.T) {
		broken := func(context.Context, api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
			return api.ListContracts200JSONResponse{Items: []model.Contract{{FeeDetails: []model.Charge{{Total: "abc"}}}}}, nil
		}
		called := false
		hooks := &api.StrictGinServerOptions{ResponseErrorHandlerFunc: func(c *gin.Context, _ error) {
			called = true
			c.Status(http.StatusInternalServerError)
		}}
		w := get(engine(pull{contracts: broken}, hooks, api.GinServerOptions{}), "/api/v1/contract?customer=1")
		if !called || w.Code != http.StatusInternalServerError || w.Body.Len() != 0 {
			t.Errorf("hook called %v, got %d %q: nothing may be on the wire yet", called, w.Code, w.Body)
		}
	})
	t.Run("AHandlerThatReturnsNothingAnswers200", func(t *testing.T) { // the trap: a strict middleware must refuse it
		nothing := func(context.Context, api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
			return nil, nil // the case under test
		}
		w := get(engine(pull{contracts: nothing}, nil, api.GinServerOptions{}), "/api/v1/contract?customer=1")
		if w.Code != http.StatusOK || w.Body.Len() != 0 {
			t.Errorf("got %d %q; the generated code has changed", w.Code, w.Body)
		}
	})
}

func TestCustomerParameter(t *testing.T) {
	var seen []string
	record := func(_ context.Context, r api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
		seen = r.Params.Customer
		return api.ListContracts200JSONResponse{Items: []model.Contract{}}, nil
	}
	bound := 0
	options := api.GinServerOptions{ErrorHandler: func(c *gin.Context, _ error, status int) {
		bound++
		c.Status(status)
	}}
	e := engine(pull{contracts: record}, nil, options)
	cases := map[string]struct {
		query string
		code  int
		want  []string
	}{
		"ACommaSeparates":                        {"customer=0001007,0001012", 200, []string{"0001007", "0001012"}},
		"AnEncodedCommaSeparatesToo":             {"customer=0001007%2C0001012", 200, []string{"0001007", "0001012"}},
		"ABlankIsKept":                           {"customer=%200001007%20", 200, []string{" 0001007 "}},
		"ARepeatedParameterIsRefused":            {"customer=0001007&customer=0001012", 400, nil},
		"AMissingParameterIsRefused":             {"", 400, nil},
		"APageThatIsNoNumberIsRefused":           {"customer=1&page=two", 400, nil},
		"NoValueIsAnEmptyNumberForTheValidator":  {"customer=", 200, []string{""}},
		"AnEmptyNumberIsLeftToTheValidator":      {"customer=a,,b", 200, []string{"a", "", "b"}},
		"SixNumbersAreLeftToTheValidator":        {"customer=1,2,3,4,5,6", 200, []string{"1", "2", "3", "4", "5", "6"}},
		"APageBelowZeroIsLeftToTheValidator":     {"customer=1&page=-1", 200, []string{"1"}},
		"AParameterNobodyKnowsIsIgnored":         {"customer=1&colour=red", 200, []string{"1"}},
		"ANumberWithAnAmpersandIsNotTwoNumbers":  {"customer=A%26B", 200, []string{"A&B"}},
		"AParameterInAnotherCaseIsNotRecognised": {"Customer=1", 400, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			seen, bound = nil, 0
			w := get(e, "/api/v1/contract?"+c.query)
			if w.Code != c.code {
				t.Errorf("status %d, want %d", w.Code, c.code)
			}
			if diff := cmp.Diff(c.want, seen); diff != "" {
				t.Errorf("numbers (-want +got):\n%s", diff)
			}
			if c.code == http.StatusBadRequest && bound != 1 {
				t.Errorf("the binding hook was called %d times", bound)
			}
		})
	}
}

func TestRequestContext(t *testing.T) {
	cancelled := func(e *gin.Engine) bool {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/contract?customer=1", nil))
		return w.Code == http.StatusGone
	}
	watch := pull{contracts: func(ctx context.Context, _ api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
		select {
		case <-ctx.Done():
			return api.ListContractsdefaultApplicationProblemPlusJSONResponse{StatusCode: http.StatusGone}, nil
		default:
			return api.ListContracts200JSONResponse{Items: []model.Contract{}}, nil
		}
	}}
	t.Run("IsNotSeenByDefault", func(t *testing.T) { // the trap: the engine must be told to fall back to it
		if cancelled(engine(watch, nil, api.GinServerOptions{})) {
			t.Error("the default has changed")
		}
	})
	t.Run("IsSeenWithFallback", func(t *testing.T) {
		e := engine(watch, nil, api.GinServerOptions{})
		e.ContextWithFallback = true
		if !cancelled(e) {
			t.Error("a cancelled request goes on")
		}
	})
}

func TestClientAgainstServer(t *testing.T) {
	answer := func(_ context.Context, r api.ListContractsRequestObject) (api.ListContractsResponseObject, error) {
		items := make([]model.Contract, 0, len(r.Params.Customer))
		for _, number := range r.Params.Customer {
			items = append(items, model.Contract{
				CustomerID: number, ContractID: "K-" + number,
				AssetDetails: []model.RentedAsset{}, TaxDetails: []model.Charge{},
				FeeDetails: []model.Charge{{Name: "Delivery", Total: "120.0"}},
			})
		}
		return api.ListContracts200JSONResponse{Items: items, TotalElements: 2, TotalPages: 1, Size: 10}, nil
	}
	server := httptest.NewServer(engine(pull{contracts: answer}, nil, api.GinServerOptions{}))
	defer server.Close()
	c, err := client.NewClientWithResponses(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.ListContractsWithResponse(t.Context(), &model.ListContractsParams{Customer: []string{"0001007", "0001012"}})
	if err != nil {
		t.Fatal(err)
	}
	if got.JSON200 == nil || len(got.JSON200.Items) != 2 {
		t.Fatalf("status %d, body %s", got.StatusCode(), got.Body)
	}
	if first := got.JSON200.Items[0]; first.ContractID != "K-0001007" || first.FeeDetails[0].Total != "120.0" {
		t.Errorf("read %+v", first)
	}
}

// The generated server reads the first JSON value of a body and stops; what stands behind it is the middleware's
// business. The pull has no bodies, so the decoder is shown on its own.
func TestTrailingBytesAreNotSeenByADecoder(t *testing.T) {
	var m model.Message
	if err := decodeFirst(`{"dealerCode":"D100"} {"dealerCode":"D200"}`, &m); err != nil {
		t.Fatal(err)
	}
	if m.DealerCode != "D100" {
		t.Errorf("got %q", m.DealerCode)
	}
}

// decodeFirst reads a body the way a generated handler does.
func decodeFirst(body string, into any) error {
	return json.NewDecoder(strings.NewReader(body)).Decode(into)
}
