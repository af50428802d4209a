package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/gen/crs/api"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/openapi"
)

// taker takes typed requests; it keeps the parameters of the last one.
type taker struct {
	api.ServerInterface
	params any
}

func (k *taker) ListContracts(_ *gin.Context, p model.ListContractsParams)   { k.params = p }
func (k *taker) GetCustomer(_ *gin.Context, p model.GetCustomerParams)       { k.params = p }
func (k *taker) ListCategories(_ *gin.Context, p model.ListCategoriesParams) { k.params = p }
func (k *taker) ListChanges(_ *gin.Context, p model.ListChangesParams)       { k.params = p }
func (k *taker) ListInvoices(_ *gin.Context, p model.ListInvoicesParams)     { k.params = p }
func (k *taker) ListJobsites(_ *gin.Context, p model.ListJobsitesParams)     { k.params = p }
func (k *taker) ListLocations(_ *gin.Context, p model.ListLocationsParams)   { k.params = p }

// valueOf draws what a caller may write for a parameter: what is right, what is
// nearly right, and anything.
func valueOf() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[0-9]{1,17}`), rapid.StringMatching(`[-+0-9a-fx.e_ ]{0,6}`), rapid.StringMatching(`[0-9A-Z]{1,8}(,[0-9A-Z]{0,4}){0,6}`),
		rapid.StringMatching(`[ -~]{0,70}`), rapid.String(), rapid.SampledFrom([]string{"", "0", "00", "1", "-0", "null", "true", "2026-03-02T08:00:00Z", "{}", "[]"}),
	)
}

// libraryAllows is what the library says to a query.
func libraryAllows(t rapid.TB, doc *openapi3.T, o *operation, q *query) error {
	t.Helper()
	in := &openapi3filter.RequestValidationInput{
		Request: httptest.NewRequest(http.MethodGet, "/", nil), QueryParams: q.values(), PathParams: map[string]string{},
		Route:   &routers.Route{Spec: doc, Path: o.path, PathItem: o.item, Method: http.MethodGet, Operation: o.op},
		Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true},
	}
	for _, p := range o.parameters {
		if err := openapi3filter.ValidateParameter(in.Request.Context(), in, p); err != nil {
			return err
		}
	}
	return nil
}

// listsOf are the operations of the specification without the document's.
func listsOf(t testing.TB) (*openapi3.T, map[string]*operation) {
	t.Helper()
	doc, err := openapi.CRSDocument()
	if err != nil {
		t.Fatal(err)
	}
	lists, err := operations(doc, nil)
	if err != nil {
		t.Fatal(err)
	}
	delete(lists, documentPath)
	return doc, lists
}

func TestBinders(t *testing.T) {
	doc, lists := listsOf(t)
	s := &server{o: Options{Log: slog.New(slog.DiscardHandler)}}
	byUs, byThem := &taker{}, &taker{}
	own := s.binders(byUs)
	generated := map[string]gin.HandlerFunc{}
	api.RegisterHandlersWithOptions(collector{gin.New(), generated}, byThem, api.GinServerOptions{ErrorHandler: func(*gin.Context, error, int) {}})

	t.Run("MakeTheRequestsTheGeneratedCodeMakes", func(t *testing.T) {
		for path, o := range lists {
			if own[path] == nil {
				t.Errorf("%s is bound by nobody", path)
				continue
			}
			taken := 0
			rapid.Check(t, func(t *rapid.T) {
				raw := url.Values{}
				for _, p := range o.parameters {
					if p.Required || rapid.Bool().Draw(t, p.Name+" is given") {
						raw.Set(p.Name, valueOf().Draw(t, p.Name))
					}
				}
				q := readQuery(nil, raw.Encode(), o.names)
				if len(q.faults) > 0 || libraryAllows(t, doc, o, &q) != nil {
					return // it never comes so far
				}
				taken++
				c, _ := gin.CreateTestContext(httptest.NewRecorder())
				p, r := startPassage(httptest.NewRequest(http.MethodGet, path+"?"+raw.Encode(), nil), "id")
				p.query, c.Request = q, r
				byUs.params, byThem.params = nil, nil
				own[path](c)
				generated[path](c)
				if diff := cmp.Diff(byThem.params, byUs.params); diff != "" || byUs.params == nil {
					t.Fatalf("%s?%s: the generated code (-) and ours (+):\n%s", path, raw.Encode(), diff)
				}
			})
			if taken == 0 {
				t.Errorf("%s: no query was right, so nothing was shown", path)
			}
		}
	})
	t.Run("RefuseWhatTheCheckHadToRefuse", func(t *testing.T) {
		for path, raw := range map[string]string{customerPath: "", "/api/v1/location": "items=many", "/api/v1/jobsite": "items=5"} {
			w := httptest.NewRecorder()
			c, _ := gin.CreateTestContext(w)
			p, r := startPassage(httptest.NewRequest(http.MethodGet, path+"?"+raw, nil), "id")
			p.query, c.Request = readQuery(nil, raw, lists[path].names), r
			byUs.params = nil
			own[path](c)
			if w.Code != http.StatusBadRequest || byUs.params != nil {
				t.Errorf("%s?%s: status %d, %v", path, raw, w.Code, byUs.params)
			}
		}
	})
}

// collector keeps handlers instead of serving them.
type collector struct {
	gin.IRouter
	into map[string]gin.HandlerFunc
}

// GET implements gin.IRouter.
func (k collector) GET(path string, h ...gin.HandlerFunc) gin.IRoutes {
	k.into[path] = h[len(h)-1]
	return k.IRouter
}

func TestSure(t *testing.T) {
	doc, lists := listsOf(t)
	t.Run("KnowsEveryParameterOfEveryList", func(t *testing.T) {
		for path, o := range lists {
			for i, p := range o.parameters {
				if o.sure[i] == nil {
					t.Errorf("%s: %s has to be looked at by the library each time", path, p.Name)
				}
			}
		}
	})
	t.Run("IsNeverSureOfWhatTheLibraryRefuses", func(t *testing.T) {
		for path, o := range lists {
			fit := 0
			rapid.Check(t, func(t *rapid.T) {
				q := query{}
				for _, p := range o.parameters {
					if rapid.Bool().Draw(t, p.Name+" is given") {
						q.given = append(q.given, given{name: p.Name, value: valueOf().Draw(t, p.Name)})
					}
				}
				if !o.wellFormed(&q) {
					return
				}
				fit++
				if err := libraryAllows(t, doc, o, &q); err != nil {
					t.Fatalf("%s with %v: %v", path, q.given, err)
				}
			})
			if fit == 0 {
				t.Errorf("%s: it was sure of nothing, so nothing was shown", path)
			}
		}
	})
	t.Run("LeavesSchemasItDoesNotKnowToTheLibrary", func(t *testing.T) {
		text, whole := openapi3.NewStringSchema(), openapi3.NewInt64Schema()
		no := false
		for name, p := range map[string]*openapi3.Parameter{
			"AnotherPattern":   {In: "query", Schema: openapi3.NewStringSchema().WithPattern("^a").NewRef()},
			"AnEnum":           {In: "query", Schema: openapi3.NewStringSchema().WithEnum("a").NewRef()},
			"AFormat":          {In: "query", Schema: openapi3.NewStringSchema().WithFormat("date").NewRef()},
			"MinLength2":       {In: "query", Schema: openapi3.NewStringSchema().WithMinLength(2).NewRef()},
			"AMaximum":         {In: "query", Schema: openapi3.NewInt64Schema().WithMax(5).NewRef()},
			"AnotherKindOfInt": {In: "query", Schema: openapi3.NewInt32Schema().NewRef()},
			"AnObject":         {In: "query", Schema: openapi3.NewObjectSchema().NewRef()},
			"ASumOfSchemas":    {In: "query", Schema: openapi3.NewOneOfSchema(text, whole).NewRef()},
			"ExplodedTexts":    {In: "query", Schema: openapi3.NewArraySchema().WithItems(text).NewRef()},
			"UniqueTexts":      {In: "query", Explode: &no, Schema: openapi3.NewArraySchema().WithItems(text).WithUniqueItems(true).NewRef()},
			"Numbers":          {In: "query", Explode: &no, Schema: openapi3.NewArraySchema().WithItems(whole).NewRef()},
			"AHeader":          {In: "header", Schema: text.NewRef()},
			"APathValue":       {In: "path", Schema: text.NewRef()},
			"AnEmptyValue":     {In: "query", AllowEmptyValue: true, Schema: text.NewRef()},
			"AnotherStyle":     {In: "query", Style: "pipeDelimited", Schema: text.NewRef()},
		} {
			if sureOf(p) != nil {
				t.Errorf("%s is taken for known", name)
			}
		}
	})
}
