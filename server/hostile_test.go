package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/servertest"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// faults are "path: message" of a problem.
func faults(p model.Problem) string {
	var all []string
	for _, f := range p.Faults {
		all = append(all, f.Path+": "+f.Message)
	}
	return strings.Join(all, "; ")
}

func TestParameters(t *testing.T) {
	long := strings.Repeat("7", 10_000)
	for query, want := range map[string]string{
		"contract":                                      "query.customer: is required",
		"contract?":                                     "query.customer: is required",
		"contract?customers=1":                          "query.customer: is required",
		"contract?customer=":                            "query.customer: is empty",
		"contract?customer=1,2,3,4,5,6":                 "query.customer: holds more than 5 values",
		"contract?customer=1,1,1,1,1,1":                 "query.customer: holds more than 5 values",
		"contract?customer=a,,b":                        "query.customer.1: is empty",
		"contract?customer=a,":                          "query.customer.1: is empty",
		"contract?customer=,":                           "query.customer.0: is empty; query.customer.1: is empty",
		"contract?customer=a%2C%2Cb":                    "query.customer.1: is empty",
		"contract?customer=" + long:                     "query.customer.0: is longer than 50 characters",
		"contract?customer=1&customer=2":                "query.customer: is given more than once",
		"contract?customer=1&CUSTOMER=2":                "query.customer: is given more than once",
		"contract?customer=1&items=0":                   "query.items: must be at least 1",
		"contract?customer=1&items=-5":                  "query.items: must be at least 1",
		"contract?customer=1&items=":                    "query.items: is empty",
		"contract?customer=1&items=1.5":                 "query.items: is not a whole number",
		"contract?customer=1&items=1e3":                 "query.items: is not a whole number",
		"contract?customer=1&items=0x10":                "query.items: is not a whole number",
		"contract?customer=1&items=%2010":               "query.items: is not a whole number",
		"contract?customer=1&items=ten":                 "query.items: is not a whole number",
		"contract?customer=1&items=9223372036854775808": "query.items: is not a whole number",
		"contract?customer=1&items=5&tems=6":            "query.items: is given more than once",
		"contract?customer=1&page=-1":                   "query.page: must be at least 0",
		"contract?customer=1&page=" + long:              "query.page: is not a whole number",
		"contract?customer=1&page=1;DROP%20TABLE%20x":   "query: the query is not encoded properly",
		"contract?customer=%zz":                         "query.customer: is not encoded properly",
		"contract?customer=1%":                          "query.customer: is not encoded properly",
		"contract?%zz=1&customer=1":                     "query: the query is not encoded properly",
		"contract?customer=%00":                         "query.customer: holds a control character",
		"contract?customer=1%0d%0aSet-Cookie:x":         "query.customer: holds a control character",
		"contract?customer=%E9":                         "query.customer: is not UTF-8",
		"contract?customer=%C0%AF":                      "query.customer: is not UTF-8",
		"contract?customer=%ED%A0%80":                   "query.customer: is not UTF-8",
		"jobsite?page=x&items=y":                        "query.customer: is required; query.items: is not a whole number; query.page: is not a whole number",
		"invoice?customer=1,2":                          "query.customer: must be exactly one customer number; it cannot hold a comma",
		"customer?customer=1,2":                         "query.customer: must be exactly one customer number; it cannot hold a comma",
		"dealer-category?customer=1,2":                  "query.customer: must be exactly one customer number; it cannot hold a comma",
		"dealer-category?customer=":                     "query.customer: is empty",
		"customer":                                      "query.customer: is required",
		"":                                              "query.customer: is required",
		"invoice?customer=" + long:                      "query.customer: is longer than 50 characters",
		"incremental":                                   "query.since: is required",
		"incremental?since=" + long:                     "query.since: is longer than 64 characters",
		"incremental?since=2026-03-02T08:00:00Z&SINCE=": "query.since: is given more than once",
		"location?page=":                                "query.page: is empty",
	} {
		t.Run(fmt.Sprintf("%.60s", query), func(t *testing.T) {
			h := open(t)
			p := h.Get("/api/v1/" + query).Problem(400)
			if got := faults(p); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if len(h.d100.asked) > 0 {
				t.Error("the dealer's system was asked")
			}
		})
	}
	t.Run("FragmentsOfSQLAreCustomersNobodyHas", func(t *testing.T) {
		h := open(t)
		for _, text := range []string{
			"' OR '1'='1", "1' OR 1=1 -- ", "0001007'--", `0001007"`, "0001007\\", "1) UNION SELECT 1", "%' LIKE '%", "0001007 ", " 0001007",
			"0001007/**/", "abc", "412abc", "@customer", "?", "${jndi:x}", "{{7*7}}", "＇", "０００１００７", "0001007\u200b", "0001007\u0301",
		} {
			for _, name := range []string{"contract", "jobsite", "invoice"} {
				var p model.ContractPage
				h.Get("/api/v1/" + name + "?customer=" + url.QueryEscape(text)).Into(&p)
				if !p.Empty || p.TotalElements != 0 {
					t.Errorf("%s of %q: %d rows", name, text, p.TotalElements)
				}
			}
			h.Get("/api/v1/customer?customer=" + url.QueryEscape(text)).Problem(404)
		}
	})
	t.Run("UnknownParametersAreIgnoredWhateverTheyHold", func(t *testing.T) {
		h := open(t)
		h.Get("/api/v1/location?x=1&x=2&y=%00&z=%zz&customer=1&customer=2&=&&").Into(&model.LocationPage{})
		// Letters of other alphabets that fold into ASCII are no spelling of a name.
		h.Get("/api/v1/location?page=0&%C5%BFize=1&PAGE%E2%84%AA=1").Into(&model.LocationPage{})
	})
}

func TestPaths(t *testing.T) {
	h := open(t)
	h.d100.put("contract", "K 1/ü+ß", "%PDF-1.7 made up")
	for path, want := range map[string]int{
		"/": 404, "/api": 404, "/api/v1/contracts": 404, "/api/v1/contract/": 404, "/api/v1//contract": 404, "/API/v1/contract": 404,
		"/api/v2/contract": 404, "/api/v1/contract/1": 404, "/api/v1/message": 404, "/favicon.ico": 404, "/api/v1/../v1/location": 404,
		"/api/v1/%6cocation": 404, "/metrics": 404, "/oauth2/token": 404, "/" + strings.Repeat("a", 10_000): 404,
		"/api/v1/document/contract/none": 404, "/api/v1/document/lease/K1": 404, "/api/v1/document/contract/": 404,
		"/api/v1/document/contract/..%2f..%2fetc%2fpasswd": 404, "/api/v1/document/contract/%00": 404,
		"/api/v1/document/contract/%E9": 404, "/api/v1/document/contract/" + strings.Repeat("k", 201): 404,
		"/api/v1/document/contract/K%201%2F%C3%BC+%C3%9F": 200,
	} {
		if a := h.Get(path); a.Status != want {
			t.Errorf("%.60s: status %d, want %d: %s", path, a.Status, want, a.Body)
		}
	}
}

func TestMethods(t *testing.T) {
	h := open(t)
	h.d100.put("invoice", "R1", "%PDF-1.7")
	for _, path := range append(pullNames(), "document/invoice/R1", "") {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "HEAD"} {
			isDocument := strings.HasPrefix(path, "document")
			if method == "HEAD" && isDocument {
				continue
			}
			a := h.Do(method, "/api/v1/"+path)
			want := []string{"GET"}
			if isDocument {
				want = []string{"GET", "HEAD"}
			}
			got := strings.Split(a.Header.Get("Allow"), ", ")
			slices.Sort(got)
			if a.Status != 405 || !slices.Equal(got, want) {
				t.Errorf("%s %s: status %d, Allow %v; want 405, %v", method, path, a.Status, got, want)
			}
		}
	}
	if a := h.Do("HEAD", "/api/v1/nothing"); a.Status != 404 || len(a.Body) != 0 || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("HEAD of an unknown path: status %d, %d bytes, %q", a.Status, len(a.Body), a.Header.Get("Content-Type"))
	}
}

func TestTokenAndMetricsHandlersAreMounted(t *testing.T) {
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			if _, err := w.Write([]byte(text)); err != nil {
				t.Error(err)
			}
		})
	}
	h := open(t, func(o *server.Options) { o.TokenHandler, o.MetricsHandler = say("token"), say("metrics") })
	resp, err := h.HTTP.Post(h.Base+"/oauth2/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=x"))
	if err != nil {
		t.Fatal(err)
	}
	if got := drain(t, resp); got != "token" {
		t.Errorf("the token endpoint says %q", got)
	}
	if got := string(h.Get("/metrics").Body); got != "metrics" {
		t.Errorf("/metrics says %q", got)
	}
	resp, err = h.HTTP.Get(h.Base + "/oauth2/token")
	if err != nil {
		t.Fatal(err)
	}
	_ = drain(t, resp)
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET of the token endpoint: %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
}

// FuzzQuery holds the answer to any query against the specification: a success,
// a refusal or the 404 of an unknown customer, and never rows nobody asked for.
func FuzzQuery(f *testing.F) {
	for _, name := range pullNames() {
		f.Add(name, pulls[name])
		f.Add(name, "customer=a,,b&customer=%zz&items=0&page=-1&since=x&dealer=D200")
	}
	f.Add("contract", "CUSTOMER=0001007&tems=3&Page=1&%00=%ff;")
	f.Add("incremental", "since=0000-00-00T00%3A00%3A00+05:00")
	f.Add("customer", "customer=%F0%9F%9A%9C&dealer=D100")
	f.Fuzz(func(t *testing.T, name, query string) {
		// A gateway of its own for each input: what one query leaves behind, such as
		// sweeps that nobody continued, must not decide the answer to the next.
		system := newRMS()
		handler, err := server.New(server.Options{
			Dealers:  dealers.NewRegistry(dealers.New("D100", system)),
			Verifier: tokens{"one": {Client: "one", Dealers: []string{"D100"}, Scopes: []string{token.ScopeRead}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if pulls[name] == "" && name != "location" && name != "dealer-category" {
			name = "contract"
		}
		req := httptest.NewRequest(http.MethodGet, "/api/v1/"+name, nil)
		req.URL.RawQuery = query
		req.Header.Set("Authorization", "Bearer one")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		a := servertest.Answer{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}
		if err := servertest.Conforms(req, a); err != nil {
			t.Errorf("%q: %v\n%s", query, err, w.Body)
		}
		switch w.Code {
		case 200, 400, 403:
		case 404:
			if name != "customer" {
				t.Errorf("%s?%s: 404", name, query)
			}
		default:
			t.Errorf("%s?%s: status %d: %s", name, query, w.Code, w.Body)
		}
		if w.Code != 200 && len(system.asked) > 0 {
			t.Errorf("%s?%s: refused after the dealer's system was asked", name, query)
		}
		for _, q := range system.asked {
			if len(q.Customers) > 5 || slices.ContainsFunc(q.Customers, func(c string) bool { return strings.ContainsAny(c, ",\x00") }) {
				t.Errorf("%s?%s: asked for %q", name, query, q)
			}
		}
	})
}
