package main_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/servertest"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// TestTokens walks the ways to a token and the ways around one.
func TestTokens(t *testing.T) {
	g := start(t, serving(prairie(t, "D100"), prairie(t, "D200")))
	secret := g.addClient("crs", "D100")
	const path = "/api/v1/customer?customer=0000412"
	refused := func(t *testing.T, bearer, why string) {
		t.Helper()
		a := g.with(bearer).Get(path)
		a.Problem(http.StatusUnauthorized)
		if says := a.Header.Get("WWW-Authenticate"); !strings.HasPrefix(says, "Bearer ") || !strings.Contains(says, why) {
			t.Errorf("WWW-Authenticate is %q, want %q in it", says, why)
		}
	}

	t.Run("ByBasicAndByForm", func(t *testing.T) {
		for _, a := range []tokenAnswer{
			g.askToken("crs", secret, grant),
			g.askToken("", "", url.Values{"grant_type": {"client_credentials"}, "client_id": {"crs"}, "client_secret": {secret}}),
		} {
			if a.Status != http.StatusOK || a.ExpiresIn != 3600 || a.Scope != "crs.read crs.message" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %+v", a)
			}
			if got := g.with(a.AccessToken).Get(path); got.Status != http.StatusOK {
				t.Errorf("the token is answered %d", got.Status)
			}
		}
	})
	t.Run("WrongCredentialsAndGrants", func(t *testing.T) {
		for _, c := range []struct {
			id, secret string
			form       url.Values
			status     int
			says       string
		}{
			{"crs", "wrong", grant, http.StatusUnauthorized, "invalid_client"},
			{"nobody", secret, grant, http.StatusUnauthorized, "invalid_client"},
			{"crs", secret, url.Values{"grant_type": {"password"}}, http.StatusBadRequest, "unsupported_grant_type"},
			{"crs", secret, url.Values{}, http.StatusBadRequest, "invalid_request"},
			{"crs", secret, url.Values{"grant_type": {"client_credentials"}, "scope": {"admin"}}, http.StatusBadRequest, "invalid_scope"},
		} {
			if a := g.askToken(c.id, c.secret, c.form); a.Status != c.status || a.Error != c.says || a.AccessToken != "" {
				t.Errorf("%s, %v: got %+v, want %d %s", c.id, c.form, a, c.status, c.says)
			}
		}
		if m := g.metrics(); !strings.Contains(m, `dealerbridge_tokens_refused_total{at="issue",reason="401"} 2`) {
			t.Error("the refusals are not counted")
		}
	})
	t.Run("WithoutOne", func(t *testing.T) {
		a := g.with("").Get(path)
		a.Problem(http.StatusUnauthorized)
		if says := a.Header.Get("WWW-Authenticate"); !strings.HasPrefix(says, "Bearer ") || strings.Contains(says, "error=") {
			t.Errorf("WWW-Authenticate is %q", says)
		}
		g.with("").Get(path, servertest.Header("Authorization", "Basic Y3JzOng=")).Problem(http.StatusUnauthorized)
	})
	t.Run("ForgedInEveryWay", func(t *testing.T) {
		good := g.token("crs", secret)
		head, body, signature := cut(t, good)
		for name, forged := range map[string]string{
			"nonsense":           "nonsense",
			"long":               strings.Repeat("a", 20000),
			"other signature":    head + "." + body + "." + strings.Repeat("A", len(signature)),
			"no signature":       head + "." + body + ".",
			"alg none":           encode(`{"alg":"none","typ":"at+jwt"}`) + "." + body + ".",
			"changed claims":     head + "." + encode(strings.Replace(decode(t, body), `"sub":"crs"`, `"sub":"boss"`, 1)) + "." + signature,
			"HS256":              sign(t, jose.HS256, []byte(strings.Repeat("k", 32)), header(t, head), decode(t, body)),
			"a key of one's own": sign(t, jose.EdDSA, ownKey(t), header(t, head), decode(t, body)),
			"without expiry":     sign(t, jose.EdDSA, g.itsKey(), header(t, head), withoutClaim(t, decode(t, body), "exp")),
		} {
			t.Run(name, func(t *testing.T) { refused(t, forged, `error="invalid_token"`) })
		}
		if a := g.with(good).Get(path); a.Status != http.StatusOK {
			t.Errorf("the good one is answered %d", a.Status)
		}
	})
	t.Run("OfAnotherDealer", func(t *testing.T) {
		mine := g.with(g.token("crs", secret))
		for _, code := range []string{"D200", "D999", "d100"} {
			if p := mine.Get(path + "&dealer=" + code).Problem(http.StatusForbidden); strings.Contains(p.Message, "D200") {
				t.Errorf("the answer tells of D200: %s", p.Message)
			}
		}
		if a := mine.Get(path + "&dealer=D100"); a.Status != http.StatusOK {
			t.Errorf("its own dealer is answered %d", a.Status)
		}
	})
	t.Run("OfSeveralDealersHasToSayWhich", func(t *testing.T) {
		both := g.as("both", "D100", "D200")
		both.Get(path).Problem(http.StatusBadRequest)
		for _, code := range []string{"D100", "D200"} {
			if a := both.Get(path + "&dealer=" + code); a.Status != http.StatusOK {
				t.Errorf("%s is answered %d", code, a.Status)
			}
		}
	})
	t.Run("WithoutTheScope", func(t *testing.T) {
		g.clients(func(r token.Registry) {
			if _, err := r.Add(t.Context(), "narrow", "", []string{"D100"}, []string{token.ScopeMessage}, "narrow-secret"); err != nil {
				t.Fatal(err)
			}
		})
		a := g.with(g.token("narrow", "narrow-secret")).Get(path)
		a.Problem(http.StatusForbidden)
		if says := a.Header.Get("WWW-Authenticate"); !strings.Contains(says, "insufficient_scope") {
			t.Errorf("WWW-Authenticate is %q", says)
		}
	})
	t.Run("RotatingAndRevokingActAtOnce", func(t *testing.T) {
		old := g.addClient("passing", "D100")
		bearer := g.token("passing", old)
		var renewed string
		g.clients(func(r token.Registry) {
			var err error
			if renewed, err = r.Rotate(t.Context(), "passing"); err != nil {
				t.Fatal(err)
			}
		})
		refused(t, bearer, `error="invalid_token"`)
		if a := g.askToken("passing", old, grant); a.Status != http.StatusUnauthorized {
			t.Errorf("the old secret is answered %d", a.Status)
		}
		bearer = g.token("passing", renewed)
		if a := g.with(bearer).Get(path); a.Status != http.StatusOK {
			t.Errorf("the new token is answered %d", a.Status)
		}
		g.clients(func(r token.Registry) {
			if err := r.Revoke(t.Context(), "passing"); err != nil {
				t.Fatal(err)
			}
		})
		refused(t, bearer, `error="invalid_token"`)
		if a := g.askToken("passing", renewed, grant); a.Status != http.StatusUnauthorized {
			t.Errorf("the revoked client is answered %d", a.Status)
		}
	})
	t.Run("Expired", func(t *testing.T) {
		bearer := g.token("crs", secret)
		g.clock.advance(time.Hour + time.Second)
		refused(t, bearer, `error="invalid_token"`)
	})
	t.Run("GuessingIsSlowedDown", func(t *testing.T) {
		last := tokenAnswer{}
		for range 10 {
			last = g.askToken("crs", "guess", grant)
		}
		if last.Status != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
			t.Errorf("the tenth guess is answered %+v", last)
		}
	})
	if strings.Contains(g.log.String(), secret) {
		t.Error("a secret stands in the log")
	}
}

// TestExternalIssuer: tokens of a configured issuer are accepted for the dealers
// its claim stands for, and for no others.
func TestExternalIssuer(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: "k1", Use: "sig"}}}
		if err := json.NewEncoder(w).Encode(set); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(keys.Close)
	c := serving(prairie(t, "D100"), prairie(t, "D200"))
	c.Issuers = []config.Issuer{{
		Issuer: "https://login.prairie.example/", Audience: "rental", Keys: keys.URL, Claim: "ext.branch",
		Dealers: map[string][]string{"north": {"D100"}, "gone": {"D900"}},
	}}
	g := start(t, c)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	bearer := func(change map[string]any) string {
		claims := map[string]any{
			"iss": "https://login.prairie.example/", "aud": "rental", "sub": "robot", "scope": "crs.read",
			"exp": g.clock.Now().Add(time.Hour).Unix(), "ext": map[string]any{"branch": "north"},
		}
		for name, value := range change {
			if claims[name] = value; value == nil {
				delete(claims, name)
			}
		}
		raw, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		return sign(t, jose.EdDSA, private, map[string]any{"kid": "k1"}, string(raw))
	}
	if a := g.with(bearer(nil)).Get("/api/v1/customer?customer=0000412"); a.Status != http.StatusOK {
		t.Errorf("a good token is answered %d: %s", a.Status, a.Body)
	}
	g.with(bearer(nil)).Get("/api/v1/customer?customer=0000412&dealer=D200").Problem(http.StatusForbidden)
	for name, change := range map[string]map[string]any{
		"OtherAudience":  {"aud": "billing"},
		"OtherIssuer":    {"iss": "https://login.elsewhere.example/"},
		"Expired":        {"exp": g.clock.Now().Add(-time.Hour).Unix()},
		"WithoutExpiry":  {"exp": nil},
		"NoDealer":       {"ext": nil},
		"UnknownDealer":  {"ext": map[string]any{"branch": "south"}},
		"DealerNotThere": {"ext": map[string]any{"branch": "gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			g.with(bearer(change)).Get("/api/v1/customer?customer=0000412").Problem(http.StatusUnauthorized)
		})
	}
}

func cut(t *testing.T, bearer string) (head, body, signature string) {
	t.Helper()
	parts := strings.Split(bearer, ".")
	if len(parts) != 3 {
		t.Fatalf("got a token of %d parts", len(parts))
	}
	return parts[0], parts[1], parts[2]
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func decode(t *testing.T, part string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func header(t *testing.T, part string) map[string]any {
	t.Helper()
	var h map[string]any
	if err := json.Unmarshal([]byte(decode(t, part)), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

func ownKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func withoutClaim(t *testing.T, body, name string) string {
	t.Helper()
	var claims map[string]any
	if err := json.Unmarshal([]byte(body), &claims); err != nil {
		t.Fatal(err)
	}
	delete(claims, name)
	raw, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// sign makes a token with a header's key id.
func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, head map[string]any, body string) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", head["kid"])
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// itsKey is the key the gateway signs with, as whoever stole its state has it.
func (g *gateway) itsKey() ed25519.PrivateKey {
	g.t.Helper()
	state, err := app.OpenState(g.t.Context(), g.cfg.State, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	keys, err := state.SigningKeys(g.t.Context())
	if err != nil || len(keys) == 0 {
		g.t.Fatalf("%d signing keys: %v", len(keys), err)
	}
	if err := state.Close(); err != nil {
		g.t.Fatal(err)
	}
	return ed25519.NewKeyFromSeed(keys[0].Seed)
}
