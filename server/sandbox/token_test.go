package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

func TestToken(t *testing.T) {
	s := begin(t, sandbox.Options{Clients: []sandbox.Client{sandbox.DefaultClient, {ID: "a b", Secret: "50%+x", Dealer: "D200"}}})
	const form = "application/x-www-form-urlencoded"
	basic := func(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }

	t.Run("ItIsGoodFor3599Seconds", func(t *testing.T) { // R6, R18, R19, R102
		got := s.ask("manage:all")
		var token struct {
			Text    string `json:"access_token"`
			Type    string `json:"token_type"`
			Seconds int    `json:"expires_in"`
		}
		if err := json.Unmarshal([]byte(got.body), &token); err != nil || token.Type != "Bearer" || token.Seconds != 3599 || token.Text == "" {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		s.token = token.Text
		s.clock.Pass(3598 * time.Second)
		if got := s.call("GET", "/leads", "").status; got != 204 {
			t.Errorf("got %d within its time", got)
		}
		s.clock.Pass(time.Second)
		if got := s.call("GET", "/leads", ""); got.status != 401 || got.body != `{"message":"Invalid access token."}` {
			t.Errorf("got %d %s after its time", got.status, got.body)
		}
	})
	t.Run("ANewOneLeavesTheOldOneGood", func(t *testing.T) {
		old := s.login("manage:all")
		if s.login("manage:all") == old {
			t.Error("the same token twice")
		}
		s.token = old
		if got := s.call("GET", "/leads", "").status; got != 204 {
			t.Errorf("got %d", got)
		}
	})
	t.Run("BothWritingsOfBasicAreUnderstood", func(t *testing.T) { // R17
		for _, pair := range []string{"a b:50%+x", "a+b:50%25%2Bx"} {
			got := s.send("POST", sandbox.TokenPath, "grant_type=client_credentials", "Content-Type", form, "Authorization", basic(pair))
			if got.status != 200 {
				t.Errorf("%s: %d %s", pair, got.status, got.body)
			}
		}
	})
	t.Run("WhatIsWrongIsSaidInRFC6749sWords", func(t *testing.T) { // R17
		good := basic("sandbox:sandbox")
		for _, c := range []struct {
			name, path, body, kind, auth, want string
			status                             int
		}{
			{"NoCredentials", "", "grant_type=client_credentials", form, "", "invalid_client", 401},
			{"WrongSecret", "", "grant_type=client_credentials", form, basic("sandbox:x"), "invalid_client", 401},
			{"SecretInTheForm", "", "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox", form, "", "invalid_client", 401},
			{"JSON", "", `{"grant_type":"client_credentials"}`, "application/json", good, "invalid_request", 400},
			{"NoGrant", "", "scope=manage:all", form, good, "invalid_request", 400},
			{"InTheAddress", "?grant_type=client_credentials", "", form, good, "invalid_request", 400},
			{"OtherGrant", "", "grant_type=password", form, good, "unsupported_grant_type", 400},
			{"OtherScope", "", "grant_type=client_credentials&scope=all", form, good, "invalid_scope", 400},
		} {
			t.Run(c.name, func(t *testing.T) {
				got := s.send("POST", sandbox.TokenPath+c.path, c.body, "Content-Type", c.kind, "Authorization", c.auth)
				if got.status != c.status || !strings.Contains(got.body, `"error":"`+c.want+`"`) {
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
	})
}

func TestErrorsAreOneMessage(t *testing.T) { // R20, R97, R98
	s := begin(t, sandbox.Options{})
	token := "Bearer " + s.login("manage:all")
	const json = "application/json"
	for _, c := range []struct {
		name, method, path string
		headers            []string
		want               answer
	}{
		{"NoToken", "GET", "/leads", []string{"Content-Type", json, "Accept", json}, answer{status: 401, body: "Invalid access token."}},
		{"ForeignToken", "GET", "/leads", []string{"Authorization", "Bearer x", "Content-Type", json, "Accept", json}, answer{status: 401, body: "Invalid access token."}},
		{"NoAccept", "GET", "/leads", []string{"Authorization", token, "Content-Type", json}, answer{status: 400, body: "Invalid request header."}},
		{"NoContentType", "GET", "/leads/historic", []string{"Authorization", token, "Accept", json}, answer{status: 400, body: "Invalid request header."}},
		{"OtherContentType", "POST", "/leads", []string{"Authorization", token, "Content-Type", "text/plain", "Accept", json}, answer{status: 400, body: "Invalid request header."}},
		{"OtherPath", "GET", "/lead", []string{"Authorization", token}, answer{status: 404, body: "Endpoint Not Found"}},
		{"OtherMethod", "DELETE", "/leads", []string{"Authorization", token}, answer{status: 404, body: "Endpoint Not Found"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.send(c.method, sandbox.LeadPath+c.path, "", c.headers...)
			if got.status != c.want.status || got.body != `{"message":"`+c.want.body+`"}` {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
}
