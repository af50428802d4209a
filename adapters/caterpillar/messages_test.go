package caterpillar_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
)

const oneMessage = "{ \"dealerCode\":\"D100\",\t\"submittedMessageId\":\"m-1\", \"text\":\"caf\u00e9 <b>&amp;\\u00e9\", \"n\":1.0 }\n"

// messages opens the message service.
func (s *service) messages(t *testing.T, change ...func(*caterpillar.MessageConfig)) *caterpillar.Messages {
	t.Helper()
	c := caterpillar.MessageConfig{URL: s.URL + "/api/v1/message", Credentials: s.credentials(), Options: s.options()}
	for _, ch := range change {
		ch(&c)
	}
	m, err := caterpillar.OpenMessages(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPostMessage(t *testing.T) {
	t.Run("TheBodyGoesByteForByte", func(t *testing.T) {
		s := play(t, sayJSON(http.StatusOK, `{"submittedMessageId":"m-1","enqueuedTime":"2026-03-02T10:00:00Z"}`))
		posted, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage))
		if err != nil {
			t.Fatal(err)
		}
		call := s.called()[0]
		if diff := cmp.Diff(oneMessage, call.body); diff != "" {
			t.Errorf("the body was changed (-sent +got):\n%s", diff)
		}
		if call.method != http.MethodPost || call.target != "/api/v1/message" {
			t.Errorf("%s %s", call.method, call.target)
		}
		for name, want := range map[string]string{"Content-Type": "application/json", "Accept": "application/json", "Authorization": "Bearer token-1"} {
			if got := call.header.Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if posted.Status != http.StatusOK || posted.Ambiguous || !strings.Contains(string(posted.Echo), "enqueuedTime") {
			t.Errorf("got %+v", posted)
		}
	})
	t.Run("TheDealerParameterIsSentWhereItIsConfigured", func(t *testing.T) {
		s := play(t, sayJSON(http.StatusOK, `{}`))
		m := s.messages(t, func(c *caterpillar.MessageConfig) { c.Dealer, c.Scope = "D 100", "crs.message" })
		if _, err := m.PostMessage(t.Context(), []byte(oneMessage)); err != nil {
			t.Fatal(err)
		}
		if got := s.called()[0].target; got != "/api/v1/message?dealer=D+100" {
			t.Errorf("got %s", got)
		}
		if got := s.tokens()[0].body; !strings.Contains(got, "scope=crs.message") {
			t.Errorf("asked for %s", got)
		}
	})
	t.Run("EachStatusHasItsError", func(t *testing.T) {
		for _, c := range []struct {
			status int
			want   error
			acted  bool
		}{
			{402, adapters.ErrBadRequest, false}, // R193
			{400, adapters.ErrBadRequest, false},
			{413, adapters.ErrBadRequest, false},
			{403, adapters.ErrForbidden, false}, // R194
			{404, adapters.ErrAddress, false},   // R195
			{405, adapters.ErrAddress, false},
			{302, adapters.ErrAddress, false},
			{307, adapters.ErrAddress, false},
			{408, adapters.ErrService, false},
			{429, adapters.ErrService, false},
			{500, adapters.ErrService, true}, // R196
			{503, adapters.ErrService, true},
			{202, adapters.ErrService, true},
		} {
			s := play(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://elsewhere.example/x")
				w.Header().Set("Retry-After", "7")
				writeJSON(w, c.status, map[string]any{"message": "no, Mrs Example"})
			})
			posted, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage))
			var failed *adapters.CallError
			if !errors.Is(err, c.want) || !errors.As(err, &failed) {
				t.Fatalf("%d: got %v", c.status, err)
			}
			if len(s.called()) != 1 || posted.Status != c.status || posted.Ambiguous != c.acted || failed.RetryAfter != 7*time.Second {
				t.Errorf("%d: %d calls, %+v, retry after %s", c.status, len(s.called()), posted, failed.RetryAfter)
			}
			if text := err.Error(); strings.Contains(text, "Example") || strings.Contains(text, "m-1") {
				t.Errorf("%d: the error holds what was answered: %s", c.status, text)
			}
		}
	})
	t.Run("AnExpiredTokenIsRenewedOnce", func(t *testing.T) {
		s := play(t, inTurn(sayJSON(401, `{}`), sayJSON(200, `{}`)))
		if _, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage)); err != nil {
			t.Fatal(err)
		}
		calls := s.called()
		if len(calls) != 2 || calls[1].body != oneMessage || len(s.tokens()) != 2 {
			t.Errorf("%d calls, %d tokens", len(calls), len(s.tokens()))
		}
	})
	t.Run("ATokenRefusedTwiceIsErrCredentials", func(t *testing.T) {
		s := play(t, sayJSON(401, `{}`))
		_, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage))
		if !errors.Is(err, adapters.ErrCredentials) || len(s.called()) != 2 {
			t.Errorf("%d calls, %v", len(s.called()), err)
		}
	})
	t.Run("NoTokenIsNoTry", func(t *testing.T) {
		s := play(t, sayJSON(200, `{}`))
		s.token = sayJSON(http.StatusBadRequest, `{"error":"invalid_client"}`)
		posted, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage))
		if !errors.Is(err, adapters.ErrCredentials) || posted.Ambiguous || len(s.called()) != 0 {
			t.Errorf("%d calls, %+v, %v", len(s.called()), posted, err)
		}
	})
}

func TestPostMessageOddAnswers(t *testing.T) {
	t.Run("A200WhoseEchoBreaksOffStands", func(t *testing.T) {
		for _, beginning := range []string{`{"dealerCode":"D1`, "{"} {
			s := play(t, cut(beginning))
			posted, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage))
			if err != nil || posted.Ambiguous || posted.Status != 200 {
				t.Errorf("%q: %+v %v", beginning, posted, err)
			}
		}
	})
	t.Run("A200WithAVeryLongEchoStands", func(t *testing.T) {
		s := play(t, sayJSON(200, `{"x":"`+strings.Repeat("y", 1<<20)+`"}`))
		posted, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage))
		if err != nil || len(posted.Echo) > 256<<10 {
			t.Errorf("%d bytes, %v", len(posted.Echo), err)
		}
	})
	t.Run("A200FromSomebodyElseDoesNot", func(t *testing.T) {
		for _, body := range []string{
			"<!doctype html><html>please log in</html>", ` <html>` + strings.Repeat("z", 1<<20), `{"message":"Invalid access token."}`,
		} {
			s := play(t, say(200, body))
			posted, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage))
			if !errors.Is(err, adapters.ErrService) || !posted.Ambiguous {
				t.Errorf("%.20s: %+v %v", body, posted, err)
			}
		}
	})
	t.Run("AConnectionThatEndsIsAmbiguous", func(t *testing.T) {
		s := play(t, cut(""))
		posted, err := s.messages(t).PostMessage(t.Context(), []byte(oneMessage))
		if !errors.Is(err, adapters.ErrService) || !posted.Ambiguous || posted.Status != 0 {
			t.Errorf("%+v %v", posted, err)
		}
		if len(s.called()) != 1 {
			t.Errorf("%d calls", len(s.called()))
		}
	})
	t.Run("AServiceThatDoesNotAnswerIsAmbiguous", func(t *testing.T) {
		release := make(chan struct{})
		s := play(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		})
		defer close(release)
		m := s.messages(t, func(c *caterpillar.MessageConfig) { c.Options.Timeout = 50 * time.Millisecond })
		posted, err := m.PostMessage(t.Context(), []byte(oneMessage))
		if !errors.Is(err, adapters.ErrService) || !posted.Ambiguous {
			t.Errorf("%+v %v", posted, err)
		}
	})
	t.Run("AnAddressNobodyListensAtIsNot", func(t *testing.T) {
		s := play(t, sayJSON(200, `{}`))
		m := s.messages(t, func(c *caterpillar.MessageConfig) { c.URL = "http://127.0.0.1:1/api/v1/message" })
		posted, err := m.PostMessage(t.Context(), []byte(oneMessage))
		if !errors.Is(err, adapters.ErrService) || posted.Ambiguous {
			t.Errorf("%+v %v", posted, err)
		}
	})
	t.Run("ACallThatIsStoppedSaysSo", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := play(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
			stop()
			<-r.Context().Done()
		})
		posted, err := s.messages(t).PostMessage(ctx, []byte(oneMessage))
		if !errors.Is(err, context.Canceled) || !posted.Ambiguous {
			t.Errorf("%+v %v", posted, err)
		}
	})
	t.Run("LargeMessagesGoWhole", func(t *testing.T) {
		large := `{"x":"` + strings.Repeat("A", 20<<20) + `"}`
		s := play(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			if _, err := io.WriteString(w, `{}`); err != nil {
				panic(http.ErrAbortHandler)
			}
		})
		if _, err := s.messages(t).PostMessage(t.Context(), []byte(large)); err != nil {
			t.Fatal(err)
		}
		if s.called()[0].body != large {
			t.Error("it did not arrive as it was sent")
		}
	})
}

func TestOpenMessages(t *testing.T) {
	t.Run("AllFaultsAtOnce", func(t *testing.T) {
		_, err := caterpillar.OpenMessages(caterpillar.MessageConfig{URL: "http://crs.example.com/api/v1/message"})
		if err == nil {
			t.Fatal("opened")
		}
		for _, want := range []string{"message service: the address must begin with https", "token service", "client id", "client secret"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in %v", want, err)
			}
		}
	})
}
