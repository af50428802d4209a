package caterpillar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/dealerbridge/dealerbridge/adapters"
)

const (
	// usualLife is assumed where the token service does not say how long a
	// token lives (R6, R19).
	usualLife = time.Hour
	// margin is how long before its end a token is not used any more, at most
	// a tenth of its life.
	margin = time.Minute
)

// tokens keeps the token of one client and renews it in time. One call at a
// time asks for a new one; the others wait for it.
type tokens struct {
	config clientcredentials.Config
	http   *http.Client
	now    func() time.Time
	turn   chan struct{} // holds one element; who has it may touch what follows
	token  string
	until  time.Time
}

func newTokens(c Credentials, client *http.Client, now func() time.Time, scopes ...string) *tokens {
	return &tokens{
		config: clientcredentials.Config{
			ClientID: c.ID, ClientSecret: c.Secret, TokenURL: c.TokenURL, Scopes: scopes,
			// Left to find out by itself, the library would send a refused
			// secret a second time, in the form.
			AuthStyle: oauth2.AuthStyleInHeader,
		},
		http: client, now: now, turn: make(chan struct{}, 1),
	}
}

// get returns a token that is good for a while. stale is one that was refused;
// it is not given again. Errors are a *failure or the context's.
func (t *tokens) get(ctx context.Context, stale string) (string, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if t.token != "" && t.token != stale && t.now().Before(t.until) {
		return t.token, nil
	}
	t.token = ""
	asked := t.now()
	fresh, err := t.config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err != nil {
		return "", tokenFailure(err)
	}
	life := lifeOf(fresh)
	t.token, t.until = fresh.AccessToken, asked.Add(life-min(margin, life/10))
	return t.token, nil
}

// lifeOf is how long a token lives by what its answer says (R19). The library
// has it as a moment of its own clock only.
func lifeOf(t *oauth2.Token) time.Duration {
	seconds := 0.0
	switch v := t.Extra("expires_in").(type) {
	case float64:
		seconds = v
	case string:
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			seconds = n
		}
	}
	if !(seconds > 0) {
		return usualLife
	}
	const longest = 24 * 60 * 60 // a longer life is not believed; asking again costs one call a day
	return time.Duration(min(seconds, longest) * float64(time.Second))
}

// tokenFailure keeps the library's texts, which hold the whole answer, to itself.
func tokenFailure(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		f := transportFailure(err)
		f.detail = "asking for a token: " + f.detail
		f.acted = false // no lead was handed out and no update taken
		return f
	}
	f := &failure{status: refused.Response.StatusCode, kind: adapters.ErrService, retryAfter: refused.Response.Header.Get("Retry-After")}
	f.detail = "asking for a token"
	switch refused.ErrorCode { // RFC 6749, section 5.2
	case "invalid_client", "unauthorized_client", "invalid_scope", "invalid_grant", "unsupported_grant_type", "access_denied":
		f.kind, f.detail = adapters.ErrCredentials, fmt.Sprintf("asking for a token: %s", refused.ErrorCode)
	case "invalid_request":
		f.kind, f.detail = adapters.ErrBadRequest, "asking for a token: invalid_request"
	default:
		switch {
		case f.status == http.StatusUnauthorized, f.status == http.StatusForbidden, f.status == http.StatusBadRequest:
			f.kind = adapters.ErrCredentials
		case f.status == http.StatusNotFound, f.status == http.StatusMethodNotAllowed, f.status/100 == 3:
			f.kind = adapters.ErrAddress
		case f.status/100 == 2:
			f.kind = adapters.ErrAnswer
		}
	}
	f.refused = f.status == http.StatusUnauthorized || refused.ErrorCode == "invalid_client" || refused.ErrorCode == "unauthorized_client"
	return f
}
