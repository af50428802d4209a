package token_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/dealerbridge/dealerbridge/server/token"
)

func isInvalid(err error) bool { return errors.Is(err, token.ErrInvalidToken) }

// forge signs arbitrary claims with the gateway's own key or another.
func forge(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{KeyID: kid, Key: key}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestVerifyRefuses(t *testing.T) {
	h := newHouse(t)
	good := h.token(t)
	now := h.clock.Now()
	mine := h.shelf.keys[0]
	key := ed25519.NewKeyFromSeed(mine.Seed)
	claims := func(change func(map[string]any)) map[string]any {
		c := map[string]any{
			"iss": "https://gw.example.test", "aud": "dealerbridge", "sub": "crs-north",
			"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "scope": "crs.read", "gen": 1,
		}
		if change != nil {
			change(c)
		}
		return c
	}
	if _, err := h.authority.Verify(t.Context(), forge(t, jose.EdDSA, key, mine.ID, claims(nil))); err != nil {
		t.Fatalf("the untouched claims are refused, so the cases below prove nothing: %v", err)
	}
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))

	for name, bearer := range map[string]string{
		"AnotherKeyUnderOurId":     forge(t, jose.EdDSA, stranger, mine.ID, claims(nil)),
		"AnUnknownKeyId":           forge(t, jose.EdDSA, stranger, "elsewhere", claims(nil)),
		"NoExpiry":                 forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { delete(c, "exp") })),
		"Expired":                  forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { c["exp"] = now.Add(-time.Second).Unix() })),
		"NotYetValid":              forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { c["nbf"] = now.Add(time.Hour).Unix() })),
		"AnotherAudience":          forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { c["aud"] = "somebody-else" })),
		"AnotherIssuer":            forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { c["iss"] = "https://evil.example.test" })),
		"NoIssuer":                 forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { delete(c, "iss") })),
		"NoSubject":                forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { delete(c, "sub") })),
		"AnUnknownClient":          forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { c["sub"] = "nobody" })),
		"AnOlderSecret":            forge(t, jose.EdDSA, key, mine.ID, claims(func(c map[string]any) { c["gen"] = 0 })),
		"ThePublicKeyAsHMACSecret": forge(t, jose.HS256, public, mine.ID, claims(nil)),
		"AlgorithmNone":            none + "." + parts[1] + ".",
		"NoSignature":              parts[0] + "." + parts[1] + ".",
		"ASwappedPayload":          parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://gw.example.test","sub":"crs-north"}`)) + "." + parts[2],
		"NoToken":                  "abc",
		"ThreeDots":                "...",
		"AVeryLongOne":             strings.Repeat("a", 20000),
		"Blanks":                   " " + good,
	} {
		t.Run(name, func(t *testing.T) { wantInvalid(t, h.authority, bearer) })
	}
	t.Run("NothingAtAll", func(t *testing.T) {
		if _, err := h.authority.Verify(t.Context(), ""); !errors.Is(err, token.ErrNoToken) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ATokenOfPastItsHour", func(t *testing.T) {
		h := newHouse(t)
		tok := h.token(t)
		h.clock.Pass(time.Hour - time.Second)
		if _, err := h.authority.Verify(t.Context(), tok); err != nil {
			t.Fatalf("within the hour: %v", err)
		}
		h.clock.Pass(2 * time.Second)
		wantInvalid(t, h.authority, tok)
	})
	t.Run("StateThatFailsIsNotAnInvalidToken", func(t *testing.T) {
		h := newHouse(t)
		tok := h.token(t)
		h.shelf.setBroken(true)
		if _, err := h.authority.Verify(t.Context(), tok); !errors.Is(err, token.ErrUnavailable) || isInvalid(err) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	})
}

// issuer is an outside token issuer with a key set on real HTTP.
type issuer struct {
	key   *ecdsa.PrivateKey
	kid   string
	reads atomic.Int64
	down  atomic.Bool
	url   string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{kid: "k1"}
	i.turn(t, "k1")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.reads.Add(1)
		if i.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		// Without `alg`, as some issuers publish.
		set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: i.kid, Use: "sig"}}}
		if err := json.NewEncoder(w).Encode(set); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	i.url = srv.URL
	return i
}

func (i *issuer) turn(t *testing.T, kid string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.key, i.kid = key, kid
}

func TestExternalIssuer(t *testing.T) {
	setup := func(t *testing.T) (*house, *issuer, func(change func(map[string]any)) string) {
		iss := newIssuer(t)
		h := newHouse(t, &token.External{
			Issuer: "https://login.example.test", Audience: "gateway", KeysURL: iss.url, Claim: "org.dealer",
			Dealers: map[string][]string{"north": {"D100"}, "both": {"D100", "D200"}, "gone": {"D999"}},
			Known:   func(code string) bool { return code == "D100" || code == "D200" },
			Scopes:  []string{token.ScopeRead},
		})
		issue := func(change func(map[string]any)) string {
			c := map[string]any{
				"iss": "https://login.example.test", "aud": []string{"other", "gateway"}, "sub": "svc", "client_id": "crs-prod",
				"exp": h.clock.Now().Add(time.Hour).Unix(), "org": map[string]any{"dealer": "north"},
			}
			if change != nil {
				change(c)
			}
			return forge(t, jose.ES256, iss.key, iss.kid, c)
		}
		return h, iss, issue
	}
	t.Run("IsAcceptedForTheDealersOfItsClaim", func(t *testing.T) {
		h, _, tok := setup(t)
		caller, err := h.authority.Verify(t.Context(), tok(nil))
		if err != nil || strings.Join(caller.Dealers, ",") != "D100" || strings.Join(caller.Scopes, ",") != "crs.read" {
			t.Fatalf("%+v %v", caller, err)
		}
		if caller.Client == "crs-prod" {
			t.Error("an outside client can pass for one of ours")
		}
		caller, err = h.authority.Verify(t.Context(), tok(func(c map[string]any) {
			c["org"] = map[string]any{"dealer": []string{"both"}}
			c["scp"] = []string{"crs.message", "profile"}
		}))
		if err != nil || strings.Join(caller.Dealers, ",") != "D100,D200" || strings.Join(caller.Scopes, ",") != "crs.message" {
			t.Fatalf("%+v %v", caller, err)
		}
	})
	for name, change := range map[string]func(map[string]any){
		"NoExpiry":        func(c map[string]any) { delete(c, "exp") },
		"Expired":         func(c map[string]any) { c["exp"] = 1 },
		"AnotherAudience": func(c map[string]any) { c["aud"] = "x" },
		"NoDealer":        func(c map[string]any) { delete(c, "org") },
		"AnUnknownDealer": func(c map[string]any) { c["org"] = map[string]any{"dealer": "south"} },
		"ADealerNotHere":  func(c map[string]any) { c["org"] = map[string]any{"dealer": "gone"} },
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			h, _, tok := setup(t)
			wantInvalid(t, h.authority, tok(change))
		})
	}
	t.Run("TakesUpANewKeyAndReadsTheSetSparingly", func(t *testing.T) {
		h, iss, tok := setup(t)
		for range 5 {
			if _, err := h.authority.Verify(t.Context(), tok(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if n := iss.reads.Load(); n != 1 {
			t.Errorf("%d reads of the key set, want 1", n)
		}
		h.clock.Pass(time.Minute)
		iss.turn(t, "k2")
		if _, err := h.authority.Verify(t.Context(), tok(nil)); err != nil {
			t.Fatalf("after the issuer turned its key: %v", err)
		}
		before := iss.reads.Load()
		iss.kid = "made-up"
		for range 5 {
			wantInvalid(t, h.authority, tok(nil))
		}
		if n := iss.reads.Load() - before; n > 1 {
			t.Errorf("made-up key ids caused %d reads", n)
		}
	})
	t.Run("AnIssuerThatIsAwayIsUnavailableUntilItsKeysAreKnown", func(t *testing.T) {
		h, iss, tok := setup(t)
		iss.down.Store(true)
		if _, err := h.authority.Verify(t.Context(), tok(nil)); !errors.Is(err, token.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
		iss.down.Store(false)
		h.clock.Pass(time.Minute)
		if _, err := h.authority.Verify(t.Context(), tok(nil)); err != nil {
			t.Fatal(err)
		}
		iss.down.Store(true)
		h.clock.Pass(20 * time.Minute)
		if _, err := h.authority.Verify(t.Context(), tok(nil)); err != nil {
			t.Fatalf("known keys are given up: %v", err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJFZERTQSJ9.e30.AAAA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	store := newShelf()
	a := token.New(token.Options{Clients: store, Keys: store, Now: newClock().Now})
	f.Fuzz(func(t *testing.T, bearer string) {
		if caller, err := a.Verify(t.Context(), bearer); err == nil {
			t.Fatalf("%q speaks for %+v", bearer, caller)
		}
	})
}
