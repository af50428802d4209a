package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	now      = time.Date(2026, 3, 2, 8, 20, 0, 0, time.UTC)
	received = time.Date(2026, 3, 2, 8, 15, 1, 0, time.UTC)
)

const message = "{ \"dealerCode\":\"D100\",\t\"text\":\"<b>caf\u00e9 &amp; \\u00e9</b>\", \"n\": 1.0}\n"

func handover() adapters.Handover {
	return adapters.Handover{
		ID: "5f1c0a6e9b7d4c21", Dealer: "D100", Type: "request", RequestType: "extend", RequestID: "q-<3301>",
		Status: "submitted", Customer: "0001007", Received: received, Body: json.RawMessage(message),
	}
}

// desk is the dealer's web service.
type desk struct {
	*httptest.Server
	calls []call
}

type call struct {
	header http.Header
	body   []byte
	length int64
}

func serve(t *testing.T, answer http.HandlerFunc) *desk {
	t.Helper()
	d := &desk{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		d.calls = append(d.calls, call{r.Header, body, r.ContentLength})
		answer(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func open(t *testing.T, url string, change ...func(*webhook.Config)) *webhook.Service {
	t.Helper()
	c := webhook.Config{URL: url, Secrets: []string{webhook.NewSecret()}, Now: func() time.Time { return now }}
	for _, ch := range change {
		ch(&c)
	}
	s, err := webhook.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// accepts is a receiver's check, written from the convention.
func accepts(secret string, c call) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(c.header.Get("webhook-id") + "." + c.header.Get("webhook-timestamp") + "." + string(c.body)))
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, got := range strings.Split(c.header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(got), []byte(want)) {
			return true
		}
	}
	return false
}

func TestReceive(t *testing.T) {
	t.Run("TheMessageIsInsideByteForByte", func(t *testing.T) {
		d := serve(t, status(http.StatusNoContent))
		if err := open(t, d.URL).Receive(t.Context(), handover()); err != nil {
			t.Fatal(err)
		}
		c := d.calls[0]
		want := `{"type":"crs.request","timestamp":"2026-03-02T08:15:01Z","data":{"id":"5f1c0a6e9b7d4c21","dealer":"D100",` +
			`"messageType":"request","requestType":"extend","requestId":"q-<3301>","status":"submitted","customer":"0001007","message":` + message + `}}`
		if diff := cmp.Diff(want, string(c.body)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !json.Valid(c.body) || c.length != int64(len(c.body)) {
			t.Errorf("%d bytes announced, %d came", c.length, len(c.body))
		}
		if c.header.Get("webhook-id") != "5f1c0a6e9b7d4c21" || c.header.Get("webhook-timestamp") != strconv.FormatInt(now.Unix(), 10) ||
			c.header.Get("Content-Type") != "application/json" {
			t.Errorf("headers: %v", c.header)
		}
	})
	t.Run("WhatThereIsNotIsNull", func(t *testing.T) {
		d := serve(t, status(http.StatusOK))
		if err := open(t, d.URL).Receive(t.Context(), adapters.Handover{ID: "1", Dealer: "D100", Type: "message", Received: received}); err != nil {
			t.Fatal(err)
		}
		want := `{"type":"crs.message","timestamp":"2026-03-02T08:15:01Z","data":{"id":"1","dealer":"D100","messageType":"message",` +
			`"requestType":null,"requestId":null,"status":null,"customer":null,"message":null}}`
		if diff := cmp.Diff(want, string(d.calls[0].body)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("EverySecretSigns", func(t *testing.T) {
		d := serve(t, status(http.StatusOK))
		former, next, other := webhook.NewSecret(), webhook.NewSecret(), webhook.NewSecret()
		s := open(t, d.URL, func(c *webhook.Config) { c.Secrets = []string{next, former} })
		if err := s.Receive(t.Context(), handover()); err != nil {
			t.Fatal(err)
		}
		if !accepts(former, d.calls[0]) || !accepts(next, d.calls[0]) || accepts(other, d.calls[0]) {
			t.Errorf("signature %s", d.calls[0].header.Get("webhook-signature"))
		}
	})
	t.Run("TheStatusDecides", func(t *testing.T) {
		for code, want := range map[int]error{
			200: nil, 201: nil, 202: nil, 204: nil,
			400: adapters.ErrNotFitting, 410: adapters.ErrNotFitting, 413: adapters.ErrNotFitting, 415: adapters.ErrNotFitting, 422: adapters.ErrNotFitting,
			401: adapters.ErrUnavailable, 403: adapters.ErrUnavailable, 404: adapters.ErrUnavailable, 405: adapters.ErrUnavailable,
			408: adapters.ErrUnavailable, 409: adapters.ErrUnavailable, 429: adapters.ErrUnavailable,
			500: adapters.ErrUnavailable, 503: adapters.ErrUnavailable, 301: adapters.ErrUnavailable, 307: adapters.ErrUnavailable,
		} {
			d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", "90")
				w.WriteHeader(code)
			})
			err := open(t, d.URL).Receive(t.Context(), handover())
			if !errors.Is(err, want) || want == nil && err != nil || len(d.calls) != 1 {
				t.Errorf("%d: %v after %d calls", code, err, len(d.calls))
			}
			var failed *adapters.CallError
			if errors.Is(want, adapters.ErrUnavailable) && (!errors.As(err, &failed) || failed.RetryAfter != 90*time.Second || failed.Status != code) {
				t.Errorf("%d: %+v", code, failed)
			}
		}
	})
	t.Run("RetryAfterMayBeAMoment", func(t *testing.T) {
		d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", now.Add(2*time.Minute).Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		var failed *adapters.CallError
		if err := open(t, d.URL).Receive(t.Context(), handover()); !errors.As(err, &failed) || failed.RetryAfter != 2*time.Minute {
			t.Errorf("%+v", failed)
		}
	})
	t.Run("NoAnswerIsLater", func(t *testing.T) {
		d := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		if err := open(t, d.URL).Receive(t.Context(), handover()); !errors.Is(err, adapters.ErrUnavailable) {
			t.Error(err)
		}
		nobody := open(t, "http://127.0.0.1:1/crs")
		if err := nobody.Receive(t.Context(), handover()); !errors.Is(err, adapters.ErrUnavailable) {
			t.Error(err)
		}
	})
	t.Run("ASlowServiceIsLater", func(t *testing.T) {
		release := make(chan struct{})
		d := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		})
		defer close(release)
		s := open(t, d.URL, func(c *webhook.Config) { c.Timeout = 50 * time.Millisecond })
		if err := s.Receive(t.Context(), handover()); !errors.Is(err, adapters.ErrUnavailable) || !strings.Contains(err.Error(), "in time") {
			t.Error(err)
		}
	})
	t.Run("BeingStoppedIsNoFailureOfTheService", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		d := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			stop()
			<-r.Context().Done()
		})
		if err := open(t, d.URL).Receive(ctx, handover()); !errors.Is(err, context.Canceled) || errors.Is(err, adapters.ErrUnavailable) {
			t.Error(err)
		}
	})
	t.Run("ErrorsHoldNothingPrivate", func(t *testing.T) {
		d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			if _, err := io.WriteString(w, "Mrs Example, 0001007"); err != nil {
				panic(http.ErrAbortHandler)
			}
		})
		for _, url := range []string{d.URL + "/?key=hidden", "http://127.0.0.1:1/?key=hidden"} {
			err := open(t, url).Receive(t.Context(), handover())
			for _, private := range []string{"hidden", "Example", "0001007", "q-<3301>", "café"} {
				if strings.Contains(err.Error(), private) {
					t.Errorf("%q is in %v", private, err)
				}
			}
		}
	})
}

func TestOpen(t *testing.T) {
	t.Run("AllFaultsAtOnceAndNoSecret", func(t *testing.T) {
		_, err := webhook.Open(webhook.Config{
			URL: "http://desk.example.com/crs?key=hidden", Secrets: []string{"plainhidden", "whsec_hidden!", "whsec_aGlkZGVu"},
		})
		if err == nil {
			t.Fatal("opened")
		}
		for _, want := range []string{"begin with https", "begins with whsec_", "is base64", "holds 24 to 64 bytes, this one 6"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in %v", want, err)
			}
		}
		if strings.Contains(err.Error(), "hidden") {
			t.Errorf("it shows a secret: %v", err)
		}
	})
	t.Run("ItsAddressIsHTTPSOrThisMachine", func(t *testing.T) {
		for url, ok := range map[string]bool{
			"https://desk.example.com/crs?key=1": true, "http://127.0.0.1:99": true, "http://localhost/x": true, "http://[::1]:80/": true,
			"": false, "desk": false, "ftp://desk.example.com": false, "http://192.0.2.7/": false, "http://169.254.169.254/": false,
			"https://user:pass@desk.example.com": false, "https://desk.example.com/#a": false,
		} {
			if _, err := webhook.Open(webhook.Config{URL: url, Secrets: []string{webhook.NewSecret()}}); (err == nil) != ok {
				t.Errorf("%q: %v", url, err)
			}
		}
	})
	t.Run("ItNeedsASecret", func(t *testing.T) {
		if _, err := webhook.Open(webhook.Config{URL: "https://desk.example.com"}); err == nil {
			t.Error("opened")
		}
	})
	t.Run("SecretsAreMadeAnew", func(t *testing.T) {
		if a, b := webhook.NewSecret(), webhook.NewSecret(); a == b || !strings.HasPrefix(a, "whsec_") {
			t.Errorf("%s %s", a, b)
		}
	})
}

// The page is for people who cannot look into the code, so what it shows must be
// what is sent.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("WEBHOOK.md")
	if err != nil {
		t.Fatal(err)
	}
	d := serve(t, status(http.StatusOK))
	if err := open(t, d.URL).Receive(t.Context(), handover()); err != nil {
		t.Fatal(err)
	}
	var sent, shown map[string]any
	_, rest, _ := strings.Cut(string(page), "```json\n")
	example, _, _ := strings.Cut(rest, "```")
	if err := errors.Join(json.Unmarshal(d.calls[0].body, &sent), json.Unmarshal([]byte(example), &shown)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names(sent, 2), names(shown, 2)); diff != "" {
		t.Errorf("members (-sent +shown):\n%s", diff)
	}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		if !strings.Contains(string(page), name) {
			t.Errorf("%s is not described", name)
		}
	}
}

// names are the members of an object, and of those inside down to a depth.
func names(o map[string]any, depth int) map[string]any {
	out := map[string]any{}
	for name, v := range o {
		out[name] = nil
		if inner, ok := v.(map[string]any); ok && depth > 1 {
			out[name] = names(inner, depth-1)
		}
	}
	return out
}
