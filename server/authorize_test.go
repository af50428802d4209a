package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/dealers"
	"github.com/dealerbridge/dealerbridge/server/servertest"
)

func TestTokens(t *testing.T) {
	const realm = `Bearer realm="dealerbridge"`
	t.Run("EveryEndpointWantsOne", func(t *testing.T) {
		h := open(t)
		for _, path := range []string{
			"/api/v1/contract", "/api/v1/jobsite", "/api/v1/invoice", "/api/v1/customer", "/api/v1/location", "/api/v1/",
			"/api/v1/dealer-category", "/api/v1/incremental", "/api/v1/document/contract/K1", "/api/v1/document/nothing/K1", "/api/v1/document/contract/%00",
		} {
			// Parameters are missing too; that is not told to strangers.
			a := h.as("").Get(path + "?page=-1&page=x")
			if got := servertest.Slug(a.Problem(401)); got != "unauthorized" || a.Header.Get("WWW-Authenticate") != realm {
				t.Errorf("%s: %s, %q", path, got, a.Header.Get("WWW-Authenticate"))
			}
		}
	})
	t.Run("HeaderIsReadAsRFC6750Says", func(t *testing.T) {
		h := open(t)
		for header, want := range map[string]string{
			"Bearer one":                            "",
			"bearer one":                            "",
			"BEARER  one ":                          "",
			"Bearer":                                "unauthorized",
			"Bearer ":                               "unauthorized",
			"Basic b25lOm9uZQ==":                    "unauthorized",
			"one":                                   "unauthorized",
			"Bearer other":                          "invalid-token",
			"Bearer one two":                        "invalid-token",
			"Bearer one,":                           "invalid-token",
			`Bearer "one"`:                          "invalid-token",
			"Bearer ' OR 1=1 --":                    "invalid-token",
			"Bearer \u00e9":                         "invalid-token",
			"Bearer state-away":                     "tokens-unavailable",
			"Bearer message":                        "insufficient-scope",
			"Bearer nobody":                         "forbidden-dealer",
			"Bearer gone":                           "forbidden-dealer",
			"Bearer " + strings.Repeat("x", 10_000): "invalid-token",
		} {
			a := h.as("").Get("/api/v1/location", servertest.Header("Authorization", header))
			if want == "" {
				a.Into(&model.LocationPage{})
				continue
			}
			status, challenge := 401, realm
			switch want {
			case "invalid-token":
				challenge += `, error="invalid_token"`
			case "tokens-unavailable":
				status, challenge = 503, ""
			case "insufficient-scope":
				status, challenge = 403, realm+`, error="insufficient_scope", scope="crs.read"`
			case "forbidden-dealer":
				status, challenge = 403, ""
			}
			if got := servertest.Slug(a.Problem(status)); got != want || a.Header.Get("WWW-Authenticate") != challenge {
				t.Errorf("%.40q: %s, %q; want %s, %q", header, got, a.Header.Get("WWW-Authenticate"), want, challenge)
			}
		}
	})
	t.Run("TwoHeadersAreRefused", func(t *testing.T) {
		h := open(t)
		a := h.Get("/api/v1/location", func(r *http.Request) { r.Header.Add("Authorization", "Bearer both") })
		if got := servertest.Slug(a.Problem(401)); got != "invalid-token" {
			t.Errorf("problem %q", got)
		}
	})
	t.Run("TokenInTheAddressIsNoToken", func(t *testing.T) {
		h := open(t)
		h.as("").Get("/api/v1/location?access_token=one").Problem(401)
	})
}

func TestDealerChoice(t *testing.T) {
	t.Run("OnlyDealerNeedsNoNaming", func(t *testing.T) {
		h := open(t)
		h.d200.rows[""] = nil
		var p model.LocationPage
		h.Get("/api/v1/location").Into(&p)
		h.Get("/api/v1/location?dealer=D100").Into(&p)
		if p.TotalElements != 2 {
			t.Errorf("%d locations", p.TotalElements)
		}
	})
	t.Run("SeveralDealersNeedIt", func(t *testing.T) {
		h := open(t)
		p := h.as("both").Get("/api/v1/location").Problem(400)
		if len(p.Faults) != 1 || p.Faults[0].Path != "query.dealer" || !strings.Contains(p.Message, "several dealers") {
			t.Errorf("problem %+v", p)
		}
		h.d200.rows[""] = []string{"OTHER"}
		var page model.LocationPage
		h.as("both").Get("/api/v1/location?Dealer=D200").Into(&page)
		if page.TotalElements != 1 {
			t.Errorf("%d locations, want the second dealer's", page.TotalElements)
		}
	})
	t.Run("AnothersAndUnknownOnesLookTheSame", func(t *testing.T) {
		h := open(t)
		want := ""
		for _, code := range []string{"D200", "D999", "d100", "D100 ", " ", "D100,D200", "'; DROP TABLE x", "\x00", "\xff", strings.Repeat("D", 10_000)} {
			a := h.Get("/api/v1/location?dealer=" + url.QueryEscape(code))
			p := a.Problem(403)
			got := strings.ReplaceAll(string(a.Body), p.RequestID, "")
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%.30q: %s, want %s", code, got, want)
			}
		}
	})
	t.Run("GivenTwiceOrEmptyIs400", func(t *testing.T) {
		h := open(t)
		for _, q := range []string{"dealer=D100&dealer=D200", "dealer=D100&DEALER=D100", "dealer="} {
			h.as("both").Get("/api/v1/location?" + q).Problem(400)
			h.as("gone").Get("/api/v1/location?" + q).Problem(400)
		}
	})
	t.Run("FaultyMappingIsThatDealersAlone", func(t *testing.T) {
		h := open(t)
		h.registry.Put(dealers.Faulty("D200", adapters.ErrMapping))
		for _, name := range pullNames() {
			q := pulls[name]
			p := h.as("both").Get("/api/v1/" + name + "?dealer=D200&" + q).Problem(503)
			if got := servertest.Slug(p); got != "dealer-mapping-faulty" {
				t.Errorf("%s: problem %q", name, got)
			}
			if a := h.as("both").Get("/api/v1/" + name + "?dealer=D100&" + q); a.Status != 200 {
				t.Errorf("%s: the other dealer is answered %d", name, a.Status)
			}
		}
	})
	t.Run("EndpointNobodyMappedIsNotEmpty", func(t *testing.T) {
		h := open(t)
		h.registry.Put(dealers.New("D100", struct{ adapters.Adapter }{h.d100}))
		for _, name := range pullNames() {
			p := h.Get("/api/v1/" + name + "?" + pulls[name]).Problem(503)
			if got := servertest.Slug(p); got != "dealer-mapping-faulty" {
				t.Errorf("%s: problem %q", name, got)
			}
		}
	})
	t.Run("RetiredDealerWithoutSuccessorIsUnavailable", func(t *testing.T) {
		h := open(t)
		d, _ := h.registry.Dealer("D100")
		if err := d.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.Get("/api/v1/location").Problem(503)
		h.registry.Put(dealers.New("D100", newRMS()))
		h.Get("/api/v1/location").Into(&model.LocationPage{})
	})
}
