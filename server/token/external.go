package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	keySetLife  = 10 * time.Minute // an issuer's keys are read again after this
	keySetPause = 30 * time.Second // between two reads because of an unknown key
	maxKeySet   = 1 << 20
	clockSkew   = time.Minute // the issuer's clock is not ours
)

// External is a token issuer outside the gateway whose tokens are accepted.
type External struct {
	Issuer   string                   // `iss`, exactly
	Audience string                   // must stand in `aud`
	KeysURL  string                   // JWKS address
	Claim    string                   // the claim that says which dealer: a text or a list, dotted for nested objects
	Dealers  map[string][]string      // claim value to dealer codes; empty: the value is the code
	Known    func(dealer string) bool // whether the gateway serves a dealer
	Scopes   []string                 // granted when the token carries none of CRSScopes; usually crs.read
	Client   *http.Client

	mu     sync.Mutex
	keys   jose.JSONWebKeySet
	loaded time.Time
	tried  time.Time
}

// verify checks a token that names this issuer.
func (x *External) verify(ctx context.Context, tok *jwt.JSONWebToken, now time.Time) (Caller, error) {
	keys, err := x.keysFor(ctx, tok.Headers[0].KeyID, now)
	if err != nil {
		return Caller{}, err
	}
	var std jwt.Claims
	all := map[string]any{}
	verified := false
	for _, k := range keys {
		// A key set may leave `alg` out; where it says one, the token must use it.
		if k.Algorithm != "" && k.Algorithm != tok.Headers[0].Algorithm || k.Use == "enc" || !k.IsPublic() {
			continue
		}
		if tok.Claims(k.Key, &std, &all) == nil {
			verified = true
			break
		}
	}
	if !verified {
		return Caller{}, fmt.Errorf("no key of the issuer fits the signature: %w", ErrInvalidToken)
	}
	if std.Expiry == nil {
		return Caller{}, fmt.Errorf("the token has no end: %w", ErrInvalidToken)
	}
	want := jwt.Expected{Issuer: x.Issuer, AnyAudience: jwt.Audience{x.Audience}, Time: now}
	if err := std.ValidateWithLeeway(want, clockSkew); err != nil {
		return Caller{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	caller := Caller{Client: firstText(all, "client_id", "azp", "sub"), Scopes: x.scopes(all)}
	for _, value := range texts(lookup(all, x.Claim)) {
		codes := []string{value}
		if len(x.Dealers) > 0 {
			codes = x.Dealers[value]
		}
		for _, code := range codes {
			if (x.Known == nil || x.Known(code)) && !slices.Contains(caller.Dealers, code) {
				caller.Dealers = append(caller.Dealers, code)
			}
		}
	}
	if caller.Client == "" || len(caller.Dealers) == 0 {
		return Caller{}, fmt.Errorf("the claims name no client or no dealer of this gateway: %w", ErrInvalidToken)
	}
	caller.Client = x.Issuer + "#" + caller.Client // never equal to a client of our own
	return caller, nil
}

// scopes are those of ours that the token carries in `scope` or `scp`.
func (x *External) scopes(all map[string]any) []string {
	var granted []string
	for _, name := range []string{"scope", "scp"} {
		for _, text := range texts(all[name]) {
			for _, s := range strings.Fields(text) {
				if slices.Contains(CRSScopes, s) && !slices.Contains(granted, s) {
					granted = append(granted, s)
				}
			}
		}
	}
	if len(granted) == 0 {
		return x.Scopes
	}
	return granted
}

// keysFor returns the issuer's keys for a key id, reading the set again when
// it is old or the id is not in it.
func (x *External) keysFor(ctx context.Context, id string, now time.Time) ([]jose.JSONWebKey, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	pick := func() []jose.JSONWebKey {
		if id == "" {
			return x.keys.Keys
		}
		return x.keys.Key(id)
	}
	known := pick()
	if len(known) > 0 && now.Sub(x.loaded) < keySetLife {
		return known, nil
	}
	if !x.tried.IsZero() && now.Sub(x.tried) < keySetPause {
		if len(known) > 0 {
			return known, nil
		}
		if now.Sub(x.loaded) < keySetLife {
			return nil, fmt.Errorf("signed with a key its issuer does not publish: %w", ErrInvalidToken)
		}
		return nil, fmt.Errorf("the keys of issuer %s could not be read a moment ago: %w", x.Issuer, ErrUnavailable)
	}
	x.tried = now
	set, err := x.fetch(ctx)
	if err != nil {
		if len(known) > 0 { // an issuer that is briefly away does not stop its callers
			return known, nil
		}
		return nil, fmt.Errorf("reading the keys of issuer %s: %w: %w", x.Issuer, ErrUnavailable, err)
	}
	x.keys, x.loaded = set, now
	if known = pick(); len(known) == 0 {
		return nil, fmt.Errorf("signed with a key its issuer does not publish: %w", ErrInvalidToken)
	}
	return known, nil
}

func (x *External) fetch(ctx context.Context) (set jose.JSONWebKeySet, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, x.KeysURL, nil)
	if err != nil {
		return set, err
	}
	req.Header.Set("Accept", "application/json")
	client := x.Client
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return set, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode != http.StatusOK {
		return set, fmt.Errorf("status %d", res.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxKeySet)).Decode(&set); err != nil {
		return set, fmt.Errorf("not a key set: %w", err)
	}
	return set, nil
}

// lookup follows a dotted path; a claim whose own name holds dots is found first.
func lookup(all map[string]any, path string) any {
	if v, ok := all[path]; ok {
		return v
	}
	head, rest, dotted := strings.Cut(path, ".")
	if inner, ok := all[head].(map[string]any); dotted && ok {
		return lookup(inner, rest)
	}
	return nil
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

func firstText(all map[string]any, names ...string) string {
	for _, n := range names {
		if s, ok := all[n].(string); ok && s != "" {
			return s
		}
	}
	return ""
}
