package main_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// operations are the calls of the lead service, each as somebody makes it.
func operations(s *caterpillar.Leads) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		askLeads: func(ctx context.Context) error {
			_, err := s.Leads(ctx, 100)
			return err
		},
		askHistoric: func(ctx context.Context) error {
			_, err := s.Historic(ctx, march, march, 0, 100)
			return err
		},
		askUpdates: func(ctx context.Context) error {
			_, err := s.PostUpdates(ctx, []model.LeadUpdate{{LeadID: "LD-1"}})
			return err
		},
	}
}

// always answers each call of every operation alike.
func (f *far) always(a farAnswer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
	for _, op := range []string{askLeads, askHistoric, askUpdates} {
		f.script[op] = slices.Repeat([]farAnswer{a}, 50)
	}
}

// failureRules are those of section F.
var failureRules = []leadRule{
	{97, "EachCodeIsUnderstood", func(t *testing.T) {
		f := newFar(t)
		s := f.service(caterpillar.Options{Wait: atOnce})
		for status, want := range map[int]error{
			200: nil, 400: adapters.ErrBadRequest, 401: adapters.ErrCredentials, 403: adapters.ErrForbidden, 404: adapters.ErrAddress, 500: adapters.ErrService,
		} {
			f.always(fars(status, ""))
			for op, call := range operations(s) {
				if err := call(t.Context()); !errors.Is(err, want) {
					t.Errorf("%s: %d is %v", op, status, err)
				}
			}
		}
	}},
	{98, "TheMessageOfAnErrorIsPassedOnAndIsNoAnswer", func(t *testing.T) {
		f := newFar(t)
		s := f.service(caterpillar.Options{Wait: atOnce})
		for text, status := range map[string]int{"Invalid access token.": 401, "Invalid request header.": 400, "You are not authorized to perform that action.": 403} {
			for _, as := range []int{status, 200} { // a status of success does not make it one
				f.always(fars(as, fmt.Sprintf(`{"message":%q}`, text)))
				for op, call := range operations(s) {
					err := call(t.Context())
					var failed *adapters.CallError
					if !errors.As(err, &failed) || !strings.Contains(failed.Answer, text) || strings.Contains(err.Error(), text) {
						t.Errorf("%s: %d %s is %v", op, as, text, err)
					}
				}
			}
		}
	}},
	{99, "TwoCodesAreASuccessAndAllElseIsAnError", func(t *testing.T) {
		f := newFar(t)
		s := f.service(caterpillar.Options{Wait: atOnce})
		for status := 200; status < 600; status++ {
			if status > 226 && status%100 > 31 && status < 500 || status > 511 && status != 599 {
				continue
			}
			f.always(fars(status, ""))
			for op, call := range operations(s) {
				if err := call(t.Context()); (err == nil) != (status == 200 || status == 204) {
					t.Errorf("%s: %d is %v", op, status, err)
				}
			}
		}
	}},
	{100, "FiveTriesWithLongerPausesEachTimeWhateverTheCode", func(t *testing.T) {
		f := newFar(t)
		var pauses []time.Duration
		s := f.service(caterpillar.Options{Wait: func(ctx context.Context, d time.Duration) error {
			pauses = append(pauses, d)
			return ctx.Err()
		}})
		for _, status := range []int{0, 201, 302, 400, 401, 403, 404, 409, 429, 500, 502, 503} {
			for op, call := range operations(s) {
				f.always(farAnswer{status: status})
				pauses = nil
				if err := call(t.Context()); err == nil {
					t.Errorf("%s: %d is no error", op, status)
				}
				if n := len(f.called(op)); n < 5 || len(pauses) < 4 {
					t.Errorf("%s: %d: %d tries, pauses %v", op, status, n, pauses)
				}
				for i, p := range pauses {
					if p <= 0 || i > 0 && p <= pauses[i-1] {
						t.Errorf("%s: %d: pauses %v", op, status, pauses)
					}
				}
			}
		}
		for op, call := range operations(s) { // and the fifth may be the one
			f.always(farAnswer{status: 500})
			f.mu.Lock()
			f.script[op] = f.script[op][:4]
			f.mu.Unlock()
			if err := call(t.Context()); err != nil {
				t.Errorf("%s: %v", op, err)
			}
		}
	}},
	{101, "SomebodyOfTheCRMTeamFindsTheDetailsInAMail", func(t *testing.T) {
		t.Parallel() // its five tries take their time
		d := newDesk(t)
		d.card("LD-77", plainUpdate())
		d.says(askUpdates, slices.Repeat([]farAnswer{fars(400, `{"message":"Invalid request header."}`)}, 50)...)
		office, port := openPostOffice(t)
		glass := newHourglass(0)
		d.gateway(glass, func(c *config.Config) {
			c.Mail = &config.Mail{Host: "127.0.0.1", Port: port, Security: "none", From: "gateway@prairie.example", Every: time.Minute}
			c.Dealers[0].People = config.People{To: []string{"crm-team@prairie.example"}}
			c.Dealers[0].Leads.SendExisting = true
		})
		soon(t, 3*patience, "the mail comes", func() error {
			if d.unsaid(askUpdates) == 45 {
				glass.turn(time.Second) // mails are gathered for a while
			}
			return wantStatus(strings.Count(office.all(), "From: "), 1)
		})
		mail := office.all()
		for _, part := range []string{"crm-team@prairie.example", "LD-77", "leads replay", "400"} {
			if !strings.Contains(mail, part) {
				t.Errorf("%q is not in it:\n%s", part, mail)
			}
		}
		if n := len(d.called(askUpdates)); n != 5 {
			t.Errorf("%d tries", n)
		}
	}},
	{102, "AnExpiredTokenIsCuredByANewOne", func(t *testing.T) {
		f := newFar(t)
		s := f.service(caterpillar.Options{Wait: func(context.Context, time.Duration) error {
			t.Error("somebody waits")
			return nil
		}})
		for op, call := range operations(s) {
			if err := call(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.forget()
			f.expire()
			if err := call(t.Context()); err != nil || len(f.called(op)) != 2 || len(f.called(askToken)) != 1 {
				t.Errorf("%s: %v, %d calls, %d tokens", op, err, len(f.called(op)), len(f.called(askToken)))
			}
		}
	}},
	{103, "WithOverAHundredWaitingCallsFollowAtOnceUntilNothingComes", func(t *testing.T) {
		d := newDesk(t)
		d.add(crowdOf(430)...)
		d.pull()
		var longest time.Duration
		calls := d.called(askLeads)
		for i := range calls[1:] {
			longest = max(longest, calls[i+1].at.Sub(calls[i].at))
		}
		if n := len(d.leads()); n != 430 || len(calls) != 6 || longest > patience { // four full, one of 30, one of none
			t.Errorf("%d leads with %d calls, the longest pause %v", n, len(calls), longest)
		}
		if len(d.called(askToken)) != 1 {
			t.Errorf("%d tokens", len(d.called(askToken)))
		}
	}},
	{104, "ADeathBetweenAnswerAndKeepingLosesNothing", func(t *testing.T) {
		d := newDesk(t)
		d.write("dealerbridge.yaml", d.settings(", pull: 1s"))
		d.add(leadOf("LD-1", ""), leadOf("LD-2", ""), leadOf("LD-3", `"dateCreated":"2026-01-02T10:00:00+00:00"`))
		var first *life
		born1 := make(chan struct{})
		d.says(askLeads, farAnswer{acts: true, then: func() {
			<-born1
			first.kill("an answer under way")
		}})
		first = born(t, 1, "serve", "--config", d.config)
		close(born1)
		<-first.ended
		if n := len(d.leads()); n != 0 {
			t.Fatalf("%d leads before", n)
		}
		d.gateway(newHourglass(5 * time.Minute)) // once the lease of the dead has ended
		eventually(t, "all leads come", func() error { return wantStatus(len(d.leads()), 3) })
		if len(d.called(askHistoric)) == 0 {
			t.Error("history was not read")
		}
	}},
}
