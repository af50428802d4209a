package caterpillar_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

const private = "Ada Fernwood +1 555-0161"

// callError is the error inside, or the end of the test.
func callError(t *testing.T, err error) *adapters.CallError {
	t.Helper()
	var failed *adapters.CallError
	if !errors.As(err, &failed) {
		t.Fatalf("got %T %v", err, err)
	}
	return failed
}

func TestFailures(t *testing.T) {
	message := `{"message":"` + private + `"}`
	for name, c := range map[string]struct {
		answer handler
		want   error
		lost   int // of five tries
		tries  int
	}{
		"400": {say(400, message), adapters.ErrBadRequest, 0, 5}, // R97, R100
		"403": {say(403, message), adapters.ErrForbidden, 0, 5},
		"404": {say(404, message), adapters.ErrAddress, 0, 5},
		"405": {say(405, message), adapters.ErrAddress, 0, 5},
		"409": {say(409, message), adapters.ErrBadRequest, 0, 5},
		"429": {say(429, message), adapters.ErrService, 0, 5},
		"500": {say(500, message), adapters.ErrService, 5, 5},
		"503": {say(503, "<html>"+private), adapters.ErrService, 5, 5},
		// Only 200 and 204 are success (R99).
		"201":                     {say(201, list("A")), adapters.ErrAnswer, 5, 5},
		"206":                     {say(206, list("A")), adapters.ErrAnswer, 5, 5},
		"APageInHTML":             {say(200, "<!doctype html><p>"+private), adapters.ErrAnswer, 5, 5}, // R21
		"AnErrorWithStatus200":    {say(200, message), adapters.ErrAnswer, 5, 5},
		"ErrorsWithStatus200":     {say(200, `{"errors":[{"code":7,"text":"`+private+`"}]}`), adapters.ErrAnswer, 5, 5},
		"AListOfErrors":           {say(200, `[{"message":"`+private+`"}]`), adapters.ErrAnswer, 5, 5},
		"TextInsteadOfJSON":       {say(200, private), adapters.ErrAnswer, 5, 5},
		"ANumber":                 {say(200, "7"), adapters.ErrAnswer, 5, 5},
		"NoAnswerAtAll":           {cut(""), adapters.ErrService, 5, 5},
		"NoHTTP":                  {garbage("hello " + private + "\r\n\r\n"), adapters.ErrService, 5, 5},
		"AListThatBreaksAtOnce":   {say(200, `[{"leadId":"A`), adapters.ErrAnswer, 1, 1},
		"ADeepNest":               {say(200, strings.Repeat("[", 20_000)), adapters.ErrAnswer, 1, 1},
		"AnObjectWithManyObjects": {say(200, `{"a":{"b":{"c":{"d":{"leads":[{"leadId":"A"}]}}}}}`), adapters.ErrAnswer, 5, 5},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, c.answer)
			got, err := s.leads(t).Leads(t.Context(), 10)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if got.Lost != c.lost || got.Tries != c.tries || len(s.called()) != c.tries {
				t.Errorf("lost %d, want %d; tries %d, calls %d, want %d", got.Lost, c.lost, got.Tries, len(s.called()), c.tries)
			}
			failed := callError(t, err)
			for place, text := range map[string]string{"error": err.Error(), "log": s.log.String(), "value": fmt.Sprintf("%v %+v", err, failed.LogValue())} {
				if strings.Contains(text, "Ada") || strings.Contains(text, testSecret) || strings.Contains(text, "token-") {
					t.Errorf("something private stands in the %s: %s", place, text)
				}
			}
			if c.tries == 5 && strings.Count(s.log.String(), "level=WARN") != 4 {
				t.Errorf("logged %s", s.log)
			}
		})
	}
	t.Run("TheAnswerIsKeptForPeople", func(t *testing.T) { // R101
		s := play(t, say(400, message))
		_, err := s.leads(t).Leads(t.Context(), 10)
		if got := callError(t, err).Answer; got != message {
			t.Errorf("got %q", got)
		}
	})
	t.Run("OnlyItsBeginningIs", func(t *testing.T) {
		s := play(t, say(400, strings.Repeat("ä", 5000)))
		_, err := s.leads(t).Leads(t.Context(), 10)
		if got := callError(t, err).Answer; got != strings.Repeat("ä", 1000) {
			t.Errorf("%d bytes", len(got))
		}
	})
}

// garbage answers with bytes of its own making.
func garbage(text string) handler {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		if _, err := buf.WriteString(text); err != nil {
			panic(err)
		}
		if err := buf.Flush(); err != nil {
			panic(err)
		}
	}
}

func TestPauses(t *testing.T) {
	t.Run("GrowAndVary", func(t *testing.T) {
		s := play(t, say(500, ""))
		if _, err := s.leads(t, func(o *caterpillar.Options) { o.Tries = 9 }).Leads(t.Context(), 1); err == nil {
			t.Fatal("no error")
		}
		if len(s.pauses) != 8 {
			t.Fatalf("pauses %v", s.pauses)
		}
		for i, p := range s.pauses {
			around := min(time.Second<<i, time.Minute)
			if p < around/2 || p > around*3/2 {
				t.Errorf("pause %d is %s, want about %s", i+1, p, around)
			}
		}
	})
	t.Run("AreAtLeastWhatTheServiceAsksFor", func(t *testing.T) {
		asks := func(header string) handler {
			return func(_ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
		date := time.Date(2026, 3, 2, 10, 2, 0, 0, time.UTC).Format(http.TimeFormat)
		s := play(t, inTurn(asks("40"), asks(date), asks("soon"), say(200, list("A"))))
		got, err := s.leads(t).Leads(t.Context(), 1)
		if err != nil || ids(got.Leads) != "A" || got.Lost != 3 {
			t.Fatalf("%v, %+v", err, got)
		}
		if s.pauses[0] != 40*time.Second || s.pauses[1] != 2*time.Minute || s.pauses[2] > 6*time.Second {
			t.Errorf("pauses %v", s.pauses)
		}
	})
	t.Run("ARestOfAnHourIsLeftToTheCaller", func(t *testing.T) {
		s := play(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		_, err := s.leads(t).Leads(t.Context(), 1)
		if failed := callError(t, err); failed.RetryAfter != time.Hour || len(s.called()) != 1 || len(s.pauses) != 0 {
			t.Errorf("%v, %d calls", failed, len(s.called()))
		}
	})
}

// The service counts leads as handed out when it answers; whatever of the answer
// does not arrive is counted, and what did arrive is kept (R29, R104).
func TestLostAnswers(t *testing.T) {
	t.Run("AnAnswerCutBehindTwoLeadsKeepsThem", func(t *testing.T) {
		for name, answer := range map[string]handler{
			"TheConnectionEnds": cut(`[{"leadId":"A"},{"leadId":"B"},{"leadId":"C","na`),
			"TheTextEnds":       say(200, `[{"leadId":"A"},{"leadId":"B"},{"leadId":"C","na`),
			"TheTextBreaks":     say(200, `[{"leadId":"A"},{"leadId":"B"},{"leadId":"C",,}]`),
			"InsideAnObject":    say(200, `{"leads":[{"leadId":"A"},{"leadId":"B"},{"leadId`),
		} {
			t.Run(name, func(t *testing.T) {
				s := play(t, answer)
				got, err := s.leads(t).Leads(t.Context(), 10)
				if !errors.Is(err, adapters.ErrAnswer) || ids(got.Leads) != "A B" || got.Lost != 1 || len(s.called()) != 1 || len(got.Raw) == 0 {
					t.Errorf("%v, %q, lost %d, %d calls, raw %q", err, ids(got.Leads), got.Lost, len(s.called()), got.Raw)
				}
			})
		}
	})
	t.Run("AnAnswerOfWhichOnlyTheEndOfTheConnectionIsMissingIsWhole", func(t *testing.T) {
		got, err := play(t, cut(list("A", "B"))).leads(t).Leads(t.Context(), 10)
		if err != nil || ids(got.Leads) != "A B" || got.Lost != 0 {
			t.Errorf("%v, %+v", err, got)
		}
	})
	t.Run("AFollowingSuccessStillTellsOfIt", func(t *testing.T) {
		s := play(t, inTurn(cut(""), say(200, list("B"))))
		got, err := s.leads(t).Leads(t.Context(), 10)
		if err != nil || ids(got.Leads) != "B" || got.Lost != 1 || got.Tries != 2 {
			t.Errorf("%v, %+v", err, got)
		}
	})
	t.Run("NothingIsLostWhereNothingWasAsked", func(t *testing.T) {
		s := play(t, say(200, "[]"))
		l := s.leads(t)
		s.Close()
		got, err := l.Leads(t.Context(), 10)
		if !errors.Is(err, adapters.ErrService) || got.Lost != 0 || got.Tries != 5 {
			t.Errorf("%v, %+v", err, got)
		}
	})
	t.Run("AReadOfHistoryLosesNothingAndIsRepeated", func(t *testing.T) { // R58
		s := play(t, inTurn(cut(`[{"leadId":"A"},`), say(500, ""), say(200, list("A", "B"))))
		got, err := s.leads(t).Historic(t.Context(), s.clock.Now(), s.clock.Now(), 0, 10)
		if err != nil || ids(got.Leads) != "A B" || got.Lost != 0 || got.Tries != 3 {
			t.Errorf("%v, %+v", err, got)
		}
	})
}

// The standard library repeats a GET by itself on a connection that was kept
// and has ended. That would lose leads unseen, so no connection is kept (R22).
func TestNoCallIsRepeatedUnseen(t *testing.T) {
	s := play(t, inTurn(say(200, "[]"), cut(""), say(200, list("B"))))
	l := s.leads(t, func(o *caterpillar.Options) { o.Tries = 1 })
	if _, err := l.Leads(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	got, err := l.Leads(t.Context(), 1)
	if err == nil || got.Lost != 1 || len(s.called()) != 2 {
		t.Errorf("%v, %+v, %d calls", err, got, len(s.called()))
	}
	for _, c := range s.called() {
		if c.header.Get("Connection") != "close" {
			t.Errorf("Connection %q", c.header.Get("Connection"))
		}
	}
}

func TestRedirects(t *testing.T) {
	other := play(t, say(http.StatusOK, "[]"))
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := play(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/?who="+private, status)
		})
		l := s.leads(t)
		_, err := l.Leads(t.Context(), 1)
		_, postErr := l.PostUpdates(t.Context(), make([]model.LeadUpdate, 1))
		for _, err := range []error{err, postErr} {
			if !errors.Is(err, adapters.ErrAddress) || !strings.Contains(err.Error(), "redirect to \"127.0.0.1") || strings.Contains(err.Error(), "Ada") {
				t.Errorf("%d: %v", status, err)
			}
		}
	}
	if calls := other.called(); len(calls) != 0 {
		t.Errorf("%d calls went elsewhere", len(calls))
	}
}

func TestSlowAnswer(t *testing.T) {
	s := play(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w)
		for r.Context().Err() == nil { // a byte at a time, for ever
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			if err := flush.Flush(); err != nil {
				return
			}
		}
	})
	got, err := s.leads(t, func(o *caterpillar.Options) { o.Timeout, o.Tries = 50*time.Millisecond, 2 }).Leads(t.Context(), 1)
	if !errors.Is(err, adapters.ErrService) || got.Lost != 2 || !strings.Contains(err.Error(), "in time") {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestPost(t *testing.T) {
	updates := []model.LeadUpdate{{LeadID: "LD-1", DealerLeadID: "7", LeadStatus: model.LeadStatusAccepted}}
	t.Run("AFurtherTryRepeatsTheSameBytes", func(t *testing.T) {
		s := play(t, inTurn(say(500, ""), cut(""), say(200, "")))
		got, err := s.leads(t).PostUpdates(t.Context(), updates)
		if err != nil || got.Tries != 3 || !got.Ambiguous || got.Status != 200 {
			t.Fatalf("%v, %+v", err, got)
		}
		for _, c := range s.called() {
			if c.body != s.called()[0].body || c.body == "" {
				t.Errorf("bodies %q and %q", s.called()[0].body, c.body)
			}
		}
	})
	t.Run("TheStatusDecides", func(t *testing.T) { // R61, R99
		for body, ok := range map[string]bool{
			"":                                   true,
			"[]":                                 true,
			`{"message":"saved"}`:                true,
			`{"result":[{"leadId":"LD-1"}]}`:     true,
			"thank you":                          true,
			"<html>sign in":                      false,
			`{"message":"Invalid access token"}`: false, // R98
			`{"message":"You are not authorized to perform that action."}`: false,
		} {
			got, err := play(t, say(200, body)).leads(t).PostUpdates(t.Context(), updates)
			if (err == nil) != ok || got.Ambiguous == ok {
				t.Errorf("%s: %v, %+v", body, err, got)
			}
			if ok && string(got.Body) != body {
				t.Errorf("%s: kept %q", body, got.Body)
			}
		}
	})
	t.Run("ARefusalIsNotAmbiguous", func(t *testing.T) {
		s := play(t, say(400, `{"message":"no such lead"}`))
		got, err := s.leads(t).PostUpdates(t.Context(), updates)
		if !errors.Is(err, adapters.ErrBadRequest) || got.Ambiguous || got.Tries != 5 || string(got.Body) != `{"message":"no such lead"}` {
			t.Errorf("%v, %+v", err, got)
		}
	})
	t.Run("AnAmountThatIsNoneIsNotSent", func(t *testing.T) {
		s := play(t, say(200, ""))
		bad := slices.Clone(updates)
		bad[0].OpportunityAmount = ptr[json.Number]("a lot")
		if _, err := s.leads(t).PostUpdates(t.Context(), bad); err == nil || len(s.called()) != 0 {
			t.Errorf("%v, %d calls", err, len(s.called()))
		}
	})
}

func TestAnswerThatUnpacksWithoutEnd(t *testing.T) {
	s := play(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		blanks := make([]byte, 1<<20)
		for range 64 {
			if _, err := packed.Write(blanks); err != nil {
				return
			}
		}
		if err := packed.Close(); err != nil {
			return
		}
	})
	got, err := s.leads(t, func(o *caterpillar.Options) { o.MaxAnswer = 1 << 20 }).Leads(t.Context(), 1)
	if !errors.Is(err, adapters.ErrAnswerTooLarge) || len(got.Raw) != 1<<20 {
		t.Errorf("%v, %d bytes", err, len(got.Raw))
	}
}

func TestUnknownCertificate(t *testing.T) {
	s := play(t, say(200, "[]"))
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	l, err := caterpillar.OpenLeads(caterpillar.LeadConfig{
		URL: secure.URL, Version: caterpillar.V2, Credentials: s.credentials(), Options: s.options(),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.Leads(t.Context(), 1)
	if !errors.Is(err, adapters.ErrService) || got.Lost != 0 || !strings.Contains(err.Error(), "certificate is not accepted") {
		t.Errorf("%v, %+v", err, got)
	}
}
