package token_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// house is a token endpoint with one client, on real HTTP.
type house struct {
	shelf     *shelf
	clock     *handclock.Clock
	registry  token.Registry
	authority *token.Authority
	url       string
	log       *bytes.Buffer
	secret    string
}

func newHouse(t *testing.T, external ...*token.External) *house {
	t.Helper()
	h := &house{shelf: newShelf(), clock: newClock(), log: new(bytes.Buffer)}
	h.registry = token.Registry{Store: h.shelf, Now: h.clock.Now}
	h.authority = token.New(token.Options{
		Clients: h.shelf, Keys: h.shelf, Issuer: "https://gw.example.test", Now: h.clock.Now, External: external,
	})
	secret, err := h.registry.Add(t.Context(), "crs-north", "pull", []string{"D100"}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	h.secret = secret
	srv := httptest.NewServer(h.authority.Endpoint(slog.New(slog.NewJSONHandler(h.log, nil))))
	t.Cleanup(srv.Close)
	h.url = srv.URL
	return h
}

type reply struct {
	status int
	header http.Header
	raw    string
	body   struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
		Scope       string `json:"scope"`
		Error       string `json:"error"`
	}
}

func (h *house) send(t *testing.T, method, body string, set func(*http.Request)) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if set != nil {
		set(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	out := reply{status: res.StatusCode, header: res.Header, raw: string(raw)}
	if err := json.Unmarshal(raw, &out.body); err != nil {
		t.Fatalf("answer %d is no JSON: %q", res.StatusCode, raw)
	}
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
	return out
}

func (h *house) basic(id, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

func (h *house) token(t *testing.T) string {
	t.Helper()
	got := h.send(t, http.MethodPost, "grant_type=client_credentials", h.basic("crs-north", h.secret))
	if got.status != http.StatusOK {
		t.Fatalf("no token: %d %s", got.status, got.raw)
	}
	return got.body.AccessToken
}

func TestTokenEndpoint(t *testing.T) {
	t.Run("BasicGivesATokenForAnHourWithAllScopes", func(t *testing.T) {
		h := newHouse(t)
		got := h.send(t, http.MethodPost, "grant_type=client_credentials", h.basic("crs-north", h.secret))
		if got.status != 200 || got.body.TokenType != "Bearer" || got.body.ExpiresIn != 3600 || got.body.Scope != "crs.read crs.message" {
			t.Fatalf("got %d %s", got.status, got.raw)
		}
		caller, err := h.authority.Verify(t.Context(), got.body.AccessToken)
		if err != nil || caller.Client != "crs-north" || strings.Join(caller.Dealers, ",") != "D100" || len(caller.Scopes) != 2 {
			t.Fatalf("caller %+v, err %v", caller, err)
		}
	})
	t.Run("FormGivesATokenWithTheScopeAsked", func(t *testing.T) {
		h := newHouse(t)
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"crs-north"}, "client_secret": {h.secret}, "scope": {"crs.read"}}
		got := h.send(t, http.MethodPost, form.Encode(), nil)
		if got.status != 200 || got.body.Scope != "crs.read" {
			t.Fatalf("got %d %s", got.status, got.raw)
		}
		caller, err := h.authority.Verify(t.Context(), got.body.AccessToken)
		if err != nil || strings.Join(caller.Scopes, " ") != "crs.read" {
			t.Fatalf("caller %+v, err %v", caller, err)
		}
	})
	t.Run("TheStandardGoClientGetsOneEitherWay", func(t *testing.T) {
		h := newHouse(t)
		for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
			conf := clientcredentials.Config{ClientID: "crs-north", ClientSecret: h.secret, TokenURL: h.url, AuthStyle: style}
			tok, err := conf.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.authority.Verify(t.Context(), tok.AccessToken); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("SecretsWithReservedCharactersSurviveBasic", func(t *testing.T) {
		h := newHouse(t)
		const odd = "p+ss w%rd:ü&="
		if _, err := h.registry.Add(t.Context(), "odd", "", []string{"D100"}, nil, odd); err != nil {
			t.Fatal(err)
		}
		if got := h.send(t, http.MethodPost, "grant_type=client_credentials", h.basic("odd", odd)); got.status != 200 {
			t.Fatalf("got %d %s", got.status, got.raw)
		}
	})

	good := func(h *house) func(*http.Request) { return h.basic("crs-north", h.secret) }
	for _, c := range []struct {
		name   string
		method string
		body   string
		set    func(*house) func(*http.Request)
		status int
		code   string
	}{
		{"WrongSecret", "POST", "grant_type=client_credentials", func(h *house) func(*http.Request) { return h.basic("crs-north", "no") }, 401, "invalid_client"},
		{"UnknownClient", "POST", "grant_type=client_credentials", func(h *house) func(*http.Request) { return h.basic("nobody", h.secret) }, 401, "invalid_client"},
		{"EmptySecret", "POST", "grant_type=client_credentials&client_id=crs-north&client_secret=", nil, 401, "invalid_client"},
		{"NoCredentials", "POST", "grant_type=client_credentials", nil, 401, "invalid_client"},
		{"BearerInsteadOfBasic", "POST", "grant_type=client_credentials", func(*house) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set("Authorization", "Bearer abc") }
		}, 401, "invalid_client"},
		{"BothHeaderAndForm", "POST", "grant_type=client_credentials&client_secret=x", good, 400, "invalid_request"},
		{"AnotherClientInTheForm", "POST", "grant_type=client_credentials&client_id=other", good, 400, "invalid_request"},
		{"TwoAuthorizationHeaders", "POST", "grant_type=client_credentials", func(h *house) func(*http.Request) {
			return func(r *http.Request) { good(h)(r); r.Header.Add("Authorization", "Basic eDp5") }
		}, 400, "invalid_request"},
		{"NoGrantType", "POST", "", good, 400, "invalid_request"},
		{"OtherGrantType", "POST", "grant_type=password&username=a&password=b", good, 400, "unsupported_grant_type"},
		{"UnknownScope", "POST", "grant_type=client_credentials&scope=admin", good, 400, "invalid_scope"},
		{"GrantTypeTwice", "POST", "grant_type=client_credentials&grant_type=client_credentials", good, 400, "invalid_request"},
		{"BrokenEscape", "POST", "grant_type=%zz", good, 400, "invalid_request"},
		{"WrongContentType", "POST", "grant_type=client_credentials", func(h *house) func(*http.Request) {
			return func(r *http.Request) { good(h)(r); r.Header.Set("Content-Type", "application/json") }
		}, 400, "invalid_request"},
		{"TooLarge", "POST", "grant_type=client_credentials&x=" + strings.Repeat("a", 20000), good, 413, "invalid_request"},
		{"Get", "GET", "", good, 405, "invalid_request"},
	} {
		t.Run("Refuses"+c.name, func(t *testing.T) {
			h := newHouse(t)
			var set func(*http.Request)
			if c.set != nil {
				set = c.set(h)
			}
			got := h.send(t, c.method, c.body, set)
			if got.status != c.status || got.body.Error != c.code {
				t.Fatalf("got %d %s, want %d %s", got.status, got.raw, c.status, c.code)
			}
			if c.status == 401 && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("WWW-Authenticate %q", got.header.Get("WWW-Authenticate"))
			}
			if got.body.AccessToken != "" {
				t.Error("a refusal carries a token")
			}
			if all := got.raw + h.log.String(); strings.Contains(all, h.secret) {
				t.Error("the secret shows in answer or log")
			}
		})
	}

	t.Run("CredentialsInTheAddressDoNotCount", func(t *testing.T) {
		h := newHouse(t)
		q := url.Values{"client_id": {"crs-north"}, "client_secret": {h.secret}, "grant_type": {"client_credentials"}}
		got := h.send(t, http.MethodPost, "", func(r *http.Request) { r.URL.RawQuery = q.Encode() })
		if got.status != 401 {
			t.Fatalf("got %d %s", got.status, got.raw)
		}
	})
	t.Run("AClientWithOneScopeCannotAskForTheOther", func(t *testing.T) {
		h := newHouse(t)
		secret, err := h.registry.Add(t.Context(), "reader", "", []string{"D100"}, []string{token.ScopeRead}, "")
		if err != nil {
			t.Fatal(err)
		}
		got := h.send(t, http.MethodPost, "grant_type=client_credentials&scope=crs.message", h.basic("reader", secret))
		if got.status != 400 || got.body.Error != "invalid_scope" {
			t.Fatalf("got %d %s", got.status, got.raw)
		}
	})
	t.Run("StateThatFailsIs503NotARefusal", func(t *testing.T) {
		h := newHouse(t)
		h.shelf.setBroken(true)
		got := h.send(t, http.MethodPost, "grant_type=client_credentials", good(h))
		if got.status != 503 || got.header.Get("Retry-After") == "" || strings.Contains(got.raw, "fire") {
			t.Fatalf("got %d %s", got.status, got.raw)
		}
		h.shelf.setBroken(false)
		if got := h.send(t, http.MethodPost, "grant_type=client_credentials", good(h)); got.status != 200 {
			t.Fatalf("does not recover: %d %s", got.status, got.raw)
		}
	})
}

func TestGuessing(t *testing.T) {
	guess := func(t *testing.T, h *house, id string) reply {
		return h.send(t, http.MethodPost, "grant_type=client_credentials", h.basic(id, "wrong"))
	}
	t.Run("IsSlowedDownWithDoublingPauses", func(t *testing.T) {
		h := newHouse(t)
		for range 5 {
			if got := guess(t, h, "crs-north"); got.status != 401 {
				t.Fatalf("got %d", got.status)
			}
		}
		var last time.Duration
		for range 4 {
			got := guess(t, h, "crs-north")
			if got.status != 429 {
				t.Fatalf("got %d %s, want 429", got.status, got.raw)
			}
			s, err := strconv.Atoi(got.header.Get("Retry-After"))
			if err != nil {
				t.Fatal(err)
			}
			wait := time.Duration(s) * time.Second
			if wait <= last {
				t.Fatalf("pause %v after %v does not grow", wait, last)
			}
			last = wait
			h.clock.Pass(wait)
			if got := guess(t, h, "crs-north"); got.status != 401 {
				t.Fatalf("after the pause: %d", got.status)
			}
		}
	})
	t.Run("ASlowedClientWithTheRightSecretGetsThroughAfterThePause", func(t *testing.T) {
		h := newHouse(t)
		for range 6 {
			guess(t, h, "crs-north")
		}
		h.clock.Pass(time.Minute)
		if got := h.send(t, http.MethodPost, "grant_type=client_credentials", h.basic("crs-north", h.secret)); got.status != 200 {
			t.Fatalf("got %d %s", got.status, got.raw)
		}
	})
	t.Run("TryingManyIdsFromOneAddressIsSlowedToo", func(t *testing.T) {
		h := newHouse(t)
		for i := range 50 {
			guess(t, h, "made-up-"+strconv.Itoa(i))
		}
		if got := guess(t, h, "yet-another"); got.status != 429 {
			t.Fatalf("got %d", got.status)
		}
	})
}

func TestRegistry(t *testing.T) {
	t.Run("RevokingActsAtOnceOnTokensAndSecret", func(t *testing.T) {
		h := newHouse(t)
		tok := h.token(t)
		if err := h.registry.Revoke(t.Context(), "crs-north"); err != nil {
			t.Fatal(err)
		}
		wantInvalid(t, h.authority, tok)
		if got := h.send(t, http.MethodPost, "grant_type=client_credentials", h.basic("crs-north", h.secret)); got.status != 401 {
			t.Fatalf("a revoked client got %d", got.status)
		}
		if err := h.registry.Revoke(t.Context(), "crs-north"); err != nil {
			t.Errorf("revoking again: %v", err)
		}
		if _, err := h.registry.Rotate(t.Context(), "crs-north"); err == nil {
			t.Error("a revoked client was given a new secret")
		}
	})
	t.Run("RotatingEndsTheOldSecretAndItsTokens", func(t *testing.T) {
		h := newHouse(t)
		old := h.token(t)
		secret, err := h.registry.Rotate(t.Context(), "crs-north")
		if err != nil {
			t.Fatal(err)
		}
		wantInvalid(t, h.authority, old)
		if got := h.send(t, http.MethodPost, "grant_type=client_credentials", h.basic("crs-north", h.secret)); got.status != 401 {
			t.Fatalf("the old secret got %d", got.status)
		}
		h.secret = secret
		if _, err := h.authority.Verify(t.Context(), h.token(t)); err != nil {
			t.Error(err)
		}
	})
	t.Run("SecretsAreLongDifferentAndOnlyKeptAsHashes", func(t *testing.T) {
		h := newHouse(t)
		other, err := h.registry.Add(t.Context(), "second", "", []string{"D100"}, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(other) < 43 || other == h.secret {
			t.Errorf("secret of %d characters", len(other))
		}
		list, err := h.registry.List(t.Context())
		if err != nil || len(list) != 2 {
			t.Fatalf("%d clients, %v", len(list), err)
		}
		for _, c := range list {
			if len(c.SecretHash) != 32 || bytes.Contains(c.SecretHash, []byte(other)) {
				t.Errorf("client %s: hash of %d bytes", c.ID, len(c.SecretHash))
			}
		}
	})
	t.Run("RefusesWhatCannotWork", func(t *testing.T) {
		h := newHouse(t)
		for name, add := range map[string]func() (string, error){
			"id with a blank": func() (string, error) { return h.registry.Add(t.Context(), "a b", "", []string{"D100"}, nil, "") },
			"no dealer":       func() (string, error) { return h.registry.Add(t.Context(), "x", "", nil, nil, "") },
			"unknown scope": func() (string, error) {
				return h.registry.Add(t.Context(), "x", "", []string{"D1"}, []string{"root"}, "")
			},
			"id taken": func() (string, error) { return h.registry.Add(t.Context(), "crs-north", "", []string{"D1"}, nil, "") },
		} {
			if secret, err := add(); err == nil || secret != "" {
				t.Errorf("%s was accepted", name)
			}
		}
	})
}

func TestKeysRotateWithoutBreakingTokens(t *testing.T) {
	h := newHouse(t)
	old := h.token(t)
	replica := token.New(token.Options{Clients: h.shelf, Keys: h.shelf, Issuer: "https://gw.example.test", Now: h.clock.Now})
	if _, err := replica.Verify(t.Context(), old); err != nil {
		t.Fatalf("a replica refuses a sibling's token: %v", err)
	}
	// Just before a key is given up it signs a last token; both must then live on.
	h.clock.Pass(30*24*time.Hour - time.Minute)
	last := h.token(t)
	h.clock.Pass(2 * time.Minute)
	fresh := h.token(t)
	if n := len(h.shelf.keys); n != 2 {
		t.Fatalf("%d keys, want the new one beside the old", n)
	}
	for name, tok := range map[string]string{"the old key's last token": last, "the new key's first": fresh} {
		if _, err := replica.Verify(t.Context(), tok); err != nil {
			t.Errorf("a replica refuses %s: %v", name, err)
		}
	}
	h.clock.Pass(31 * 24 * time.Hour)
	h.token(t)
	if n := len(h.shelf.keys); n != 1 {
		t.Errorf("%d keys kept, those whose tokens are all over should be gone", n)
	}
}

func wantInvalid(t *testing.T, a *token.Authority, bearer string) {
	t.Helper()
	if _, err := a.Verify(context.Background(), bearer); !isInvalid(err) {
		t.Errorf("got %v, want ErrInvalidToken", err)
	}
}
