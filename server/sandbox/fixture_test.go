package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// side is a sandbox behind a real address, with a clock the test moves.
type side struct {
	*sandbox.Sandbox
	tb   testing.TB
	base string
	http *http.Client

	clock *handclock.Clock
	token string
}

func begin(t testing.TB, o sandbox.Options) *side {
	t.Helper()
	s := &side{tb: t, clock: handclock.At(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))}
	if o.Now == nil {
		o.Now = s.clock.Now
	}
	var err error
	if s.Sandbox, err = sandbox.New(o); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Sandbox)
	t.Cleanup(server.Close)
	s.base = server.URL
	s.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

// answer is one answer; broken says that the connection ended too early.
type answer struct {
	status int
	header http.Header
	body   string
	broken bool
}

// send sends a request as it is; headers are pairs.
func (s *side) send(method, path, body string, headers ...string) answer {
	s.tb.Helper()
	r, err := http.NewRequestWithContext(s.tb.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.http.Do(r)
	if err != nil {
		return answer{broken: true}
	}
	defer func() {
		if err := resp.Body.Close(); err != nil {
			s.tb.Error(err)
		}
	}()
	text, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text), broken: err != nil}
}

// ask asks for a token as the default client.
func (s *side) ask(scope string) answer {
	s.tb.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return s.send(http.MethodPost, sandbox.TokenPath, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "Basic c2FuZGJveDpzYW5kYm94")
}

// login gets a token for the calls to come.
func (s *side) login(scope string) string {
	s.tb.Helper()
	got := s.ask(scope)
	var token struct {
		Text string `json:"access_token"`
	}
	if got.status != http.StatusOK || json.Unmarshal([]byte(got.body), &token) != nil || token.Text == "" {
		s.tb.Fatalf("no token: %d %s", got.status, got.body)
	}
	s.token = token.Text
	return s.token
}

// call calls the lead service with the headers it wants.
func (s *side) call(method, path, body string) answer {
	s.tb.Helper()
	if s.token == "" {
		s.login("manage:all")
	}
	return s.send(method, sandbox.LeadPath+path, body, "Authorization", "Bearer "+s.token, "Content-Type", "application/json", "Accept", "application/json")
}

// control steers the sandbox.
func (s *side) control(method, path, body string) answer {
	s.tb.Helper()
	return s.send(method, "/control"+path, body, "Content-Type", "application/json")
}

// leads reads an answer as "id state" lines.
func (a answer) leads(t testing.TB) []string {
	t.Helper()
	if a.status == http.StatusNoContent {
		return nil
	}
	var list []struct {
		ID    string `json:"leadId"`
		State string `json:"leadState"`
	}
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != http.StatusOK {
		t.Fatalf("no list of leads: %d %s", a.status, a.body)
	}
	var out []string
	for _, l := range list {
		out = append(out, l.ID+" "+l.State)
	}
	return out
}

// has adds leads with these ids.
func (s *side) has(ids ...string) {
	s.tb.Helper()
	var list []json.RawMessage
	for _, id := range ids {
		list = append(list, json.RawMessage(`{"leadId":"`+id+`"}`))
	}
	if _, err := s.AddLeads("", list); err != nil {
		s.tb.Fatal(err)
	}
}

// change replaces one member of a lead.
func (s *side) change(id, member, value string) (waits bool) {
	s.tb.Helper()
	waits, err := s.ChangeLead(id, map[string]json.RawMessage{member: json.RawMessage(value)})
	if err != nil {
		s.tb.Fatal(err)
	}
	return waits
}
