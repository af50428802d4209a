package caterpillar_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
)

func TestTokenRenewal(t *testing.T) {
	t.Run("FollowsWhatExpiresInSays", func(t *testing.T) { // R19
		s := play(t, say(200, "[]"))
		s.token = func(n int, w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, 200, map[string]any{"access_token": fmt.Sprint("t", n), "token_type": "Bearer", "expires_in": 600})
		}
		l := s.leads(t)
		for _, step := range []struct {
			after time.Duration
			asked int
		}{{0, 1}, {8 * time.Minute, 1}, {90 * time.Second, 2}, {time.Second, 2}, {time.Hour, 3}} {
			s.clock.Pass(step.after)
			if _, err := l.Leads(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			if len(s.tokens()) != step.asked {
				t.Errorf("after %s more: asked %d times, want %d", step.after, len(s.tokens()), step.asked)
			}
		}
		if got := s.called()[len(s.called())-1].header.Get("Authorization"); got != "Bearer t3" {
			t.Errorf("used %q", got)
		}
	})
	t.Run("WithoutALifeAnHourIsAssumed", func(t *testing.T) { // R6
		for _, life := range []any{nil, 0, -5} {
			s := play(t, say(200, "[]"))
			s.token = func(_ int, w http.ResponseWriter, _ *http.Request) {
				writeJSON(w, 200, map[string]any{"access_token": "t", "expires_in": life})
			}
			l := s.leads(t)
			for _, step := range []time.Duration{0, 58 * time.Minute, 2 * time.Minute} {
				s.clock.Pass(step)
				if _, err := l.Leads(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
			}
			if len(s.tokens()) != 2 {
				t.Errorf("%v: asked %d times", life, len(s.tokens()))
			}
		}
	})
	t.Run("ALifeInTextIsUnderstood", func(t *testing.T) {
		s := play(t, say(200, "[]"))
		s.token = func(_ int, w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, 200, map[string]any{"access_token": "t", "expires_in": "60"})
		}
		l := s.leads(t)
		for _, step := range []time.Duration{0, time.Minute} {
			s.clock.Pass(step)
			if _, err := l.Leads(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.tokens()) != 2 {
			t.Errorf("asked %d times", len(s.tokens()))
		}
	})
	t.Run("ManyCallsAtOnceAskOnce", func(t *testing.T) {
		s := play(t, say(200, "[]"))
		l := s.leads(t)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := l.Leads(t.Context(), 1); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(s.tokens()) != 1 {
			t.Errorf("asked %d times", len(s.tokens()))
		}
	})
}

func TestRefusedToken(t *testing.T) {
	t.Run("IsRenewedOnceAndIsNoTry", func(t *testing.T) { // R102
		s := play(t, inTurn(say(401, `{"message":"Invalid access token."}`), say(200, list("A"))))
		got, err := s.leads(t).Leads(t.Context(), 1)
		if err != nil || ids(got.Leads) != "A" || got.Tries != 1 || got.Lost != 0 || len(s.pauses) != 0 {
			t.Fatalf("%v, %+v, pauses %v", err, got, s.pauses)
		}
		if s.called()[0].header.Get("Authorization") != "Bearer token-1" || s.called()[1].header.Get("Authorization") != "Bearer token-2" {
			t.Error("the second call did not carry a new token")
		}
	})
	t.Run("IsAFailureWhenTheNewOneIsRefusedToo", func(t *testing.T) {
		s := play(t, say(401, ""))
		got, err := s.leads(t).Leads(t.Context(), 1)
		if !errors.Is(err, adapters.ErrCredentials) || got.Tries != 5 || len(s.called()) != 6 || got.Lost != 0 {
			t.Errorf("%v, %+v, %d calls", err, got, len(s.called()))
		}
	})
}

func TestTokenServiceFaults(t *testing.T) {
	for name, c := range map[string]struct {
		answer handler
		want   error
	}{
		"AWrongSecret":         {sayJSON(401, `{"error":"invalid_client","error_description":"`+testSecret+`"}`), adapters.ErrCredentials},
		"AWrongScope":          {sayJSON(400, `{"error":"invalid_scope"}`), adapters.ErrCredentials},
		"ARefusalInOwnWords":   {say(403, testSecret), adapters.ErrCredentials},
		"ABadRequest":          {sayJSON(400, `{"error":"invalid_request"}`), adapters.ErrBadRequest},
		"AnErrorWithStatus200": {sayJSON(200, `{"error":"server_error"}`), adapters.ErrAnswer},
		"APageInHTML":          {say(200, "<html>"+testSecret), adapters.ErrService},
		"NoToken":              {sayJSON(200, `{"token_type":"Bearer"}`), adapters.ErrService},
		"Failure":              {say(500, testSecret), adapters.ErrService},
		"NoAnswer":             {cut(""), adapters.ErrService},
		"AnotherAddress":       {say(404, ""), adapters.ErrAddress},
		"ARedirect": {func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
		}, adapters.ErrAddress},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, say(200, "[]"))
			s.token = c.answer
			got, err := s.leads(t).Leads(t.Context(), 1)
			if !errors.Is(err, c.want) || len(s.called()) != 0 || got.Lost != 0 || len(s.tokens()) != 5 {
				t.Fatalf("%v, %+v, %d calls, %d token requests", err, got, len(s.called()), len(s.tokens()))
			}
			if text := err.Error() + s.log.String(); strings.Contains(text, testSecret) || !strings.Contains(text, "asking for a token") {
				t.Errorf("got %s", text)
			}
		})
	}
	t.Run("ARefusedSecretIsNotSentInTheFormAsWell", func(t *testing.T) { // the library would, left to itself
		s := play(t, say(200, "[]"))
		s.token = sayJSON(401, `{"error":"invalid_client"}`)
		if _, err := s.leads(t, func(o *caterpillar.Options) { o.Tries = 1 }).Leads(t.Context(), 1); err == nil {
			t.Fatal("no error")
		}
		if len(s.tokens()) != 1 || strings.Contains(s.tokens()[0].body, "client_secret") {
			t.Errorf("%d requests, %q", len(s.tokens()), s.tokens())
		}
	})
	t.Run("ARefusedClientIsToldAtOnceToAPersonWhoWaits", func(t *testing.T) {
		for answer, asked := range map[string]struct {
			status, times int
		}{`{"error":"invalid_client"}`: {401, 1}, `{"error":"unauthorized_client"}`: {400, 1}, `no`: {401, 1}, `{"error":"server_error"}`: {500, 5}, `{}`: {403, 5}} {
			s := play(t, say(200, "[]"))
			s.token = sayJSON(asked.status, answer)
			got, err := s.leads(t, func(o *caterpillar.Options) { o.RefusedIsFinal = true }).Leads(t.Context(), 1)
			if err == nil || len(s.tokens()) != asked.times || len(s.pauses) != asked.times-1 || got.Tries != asked.times {
				t.Errorf("%d %s: %v after %d requests and the pauses %v", asked.status, answer, err, len(s.tokens()), s.pauses)
			}
		}
	})
	t.Run("CredentialsDoNotShowTheSecret", func(t *testing.T) {
		c := caterpillar.Credentials{TokenURL: "https://fed.example.com/", ID: "a", Secret: "hush"}
		if text := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(text, "hush") {
			t.Error(text)
		}
	})
}
