package main_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
)

// pulledBefore has leads that were handed out before the desk had a gateway.
func (f *far) pulledBefore(leads ...string) {
	f.add(leads...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handed, f.waiting = append(f.handed, f.waiting...), nil
}

// asks are the queries of the historic calls.
func (f *far) asks() []url.Values {
	f.t.Helper()
	var all []url.Values
	for _, c := range f.called(askHistoric) {
		q, err := url.ParseQuery(c.query)
		if err != nil {
			f.t.Error(err)
		}
		all = append(all, q)
	}
	return all
}

// madeOn is a lead that was made then.
func madeOn(id string, at time.Time) string {
	return leadOf(id, `"dateCreated":"`+at.Format(time.RFC3339)+`"`)
}

// reconciled reads leads again that were made from one day to another.
func (d *salesDesk) reconciled(since, until string) {
	d.t.Helper()
	d.does("leads", "reconcile", "--since", since, "--until", until)
}

var march = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// historicRules are those of section D.
var historicRules = []leadRule{
	{51, "PastLeadsAreAskedForWithFourParameters", func(t *testing.T) {
		d := newDesk(t)
		d.reconciled("2026-03-02", "2026-03-20")
		calls := d.called(askHistoric)
		if len(calls) != 1 || calls[0].method != "GET" || calls[0].path != "/marketing/ecrm/leadManagement/v2/leads/historic" {
			t.Fatalf("got %+v", calls)
		}
		if got := d.asks()[0].Encode(); got != "enddate=2026-03-20&limit=100&offset=0&startdate=2026-03-02" {
			t.Errorf("got %s", got)
		}
	}},
	{52, "WhateverTheStateALeadIsTakenOnceAsItStandsToday", func(t *testing.T) {
		d := newDesk(t)
		d.received(`"city":"Ames", "catPrequalificationStatus":false`)
		d.mu.Lock()
		d.handed[0]["catPrequalificationStatus"] = "true"
		d.mu.Unlock()
		for i, state := range []string{"SENT", "NEW", "UPDATED"} {
			d.pulledBefore(leadOf(fmt.Sprint("OLD-", i), `"leadState":"`+state+`"`))
		}
		for range 2 {
			d.reconciled("2026-03-01", "2026-03-31")
		}
		all := d.leads()
		if len(all) != 4 || all["LD-0001"]["L_catPrequalificationStatus"] != "true" || all["LD-0001"]["L_city"] != "Ames" {
			t.Errorf("got %v", all)
		}
		for i, state := range []string{"SENT", "NEW", "UPDATED"} {
			if got := all[fmt.Sprint("OLD-", i)]["L_leadState"]; got != state {
				t.Errorf("got %q, want %s", got, state)
			}
		}
	}},
	{53, "BothDaysAreThereAndBelongToTheRange", func(t *testing.T) {
		d := newDesk(t)
		d.pulledBefore(
			madeOn("BEFORE", march.Add(-time.Second)), madeOn("FIRST", march), madeOn("LAST", march.Add(75*24*time.Hour-time.Second)), madeOn("BEHIND", march.Add(75*24*time.Hour)))
		for day := range 75 {
			d.pulledBefore(madeOn(fmt.Sprint("DAY-", day), march.Add(time.Duration(day)*24*time.Hour+12*time.Hour)))
		}
		d.reconciled("2026-03-01", "2026-05-14")
		all := d.leads() // a lead that stands there twice is a fault
		for _, id := range []string{"BEFORE", "BEHIND"} {
			if _, is := all[id]; is {
				t.Errorf("%s came as well", id)
			}
		}
		if len(all) != 77 {
			t.Errorf("%d leads", len(all))
		}
		for _, q := range d.asks() {
			for _, day := range []string{"startdate", "enddate"} {
				if _, err := time.Parse(time.DateOnly, q.Get(day)); err != nil {
					t.Errorf("%s: %v", day, err)
				}
			}
		}
	}},
	{53, "RepeatsAreRecognisedByTheLeadID", func(t *testing.T) {
		d := newDesk(t)
		d.received("")
		a, b := leadOf("LD-0001", ""), leadOf("LD-9", "")
		d.says(askHistoric, fars(200, "["+a+","+b+","+a+","+b+"]"))
		d.reconciled("2026-03-01", "2026-03-20")
		if n := len(d.leads()); n != 2 {
			t.Errorf("%d leads", n)
		}
	}},
	{54, "ADateThatIsMissingOrMisspeltIsNeverAskedFor", func(t *testing.T) {
		d := newDesk(t)
		for _, wrong := range [][]string{{}, {"--since", "2026-3-1"}, {"--since", "01.03.2026"}, {"--since", "2026-03-01", "--until", "soon"}, {"--since", "2026-02-30"}} {
			if code, _, errs := d.run(append([]string{"leads", "reconcile"}, wrong...)...); code != 2 || errs == "" || len(d.everyCall()) != 0 {
				t.Errorf("%v: %d, %s, %v", wrong, code, errs, d.everyCall())
			}
		}
		d.says(askHistoric, slices.Repeat([]farAnswer{fars(400, `{"message":"Invalid request header."}`)}, 5)...)
		if got, err := d.service(caterpillar.Options{Wait: atOnce}).Historic(t.Context(), march, march, 0, 100); err == nil {
			t.Errorf("400 is taken for %d leads", len(got.Leads))
		}
	}},
	{55, "TheLimitIsAtMost100", func(t *testing.T) {
		d := newDesk(t)
		s := d.service(caterpillar.Options{})
		for _, limit := range []int{-1, 0, 1, 100, 101, 4000} {
			if _, err := s.Historic(t.Context(), march, march, 0, limit); err != nil {
				t.Error(err)
			}
		}
		for _, q := range d.asks() {
			if n, err := strconv.Atoi(q.Get("limit")); err != nil || n < 1 || n > 100 {
				t.Errorf("a call asked for %q leads", q.Get("limit"))
			}
		}
	}},
	{56, "TheOffsetSaysHowManyLeadsToSkip", func(t *testing.T) {
		d := newDesk(t)
		d.pulledBefore(crowdOf(230)...)
		d.reconciled("2026-03-01", "2026-03-20")
		var offsets []string
		for _, q := range d.asks() {
			offsets = append(offsets, q.Get("offset"))
		}
		if !slices.Equal(offsets, []string{"0", "100", "200"}) || len(d.leads()) != 230 {
			t.Errorf("offsets %v, %d leads", offsets, len(d.leads()))
		}
	}},
	{57, "AShortPageIsTheLast", func(t *testing.T) {
		for leads, calls := range map[int]int{0: 1, 55: 1, 100: 2, 155: 2, 200: 3} {
			d := newDesk(t)
			d.pulledBefore(crowdOf(leads)...)
			d.reconciled("2026-03-01", "2026-03-20")
			if n := len(d.called(askHistoric)); n != calls || len(d.leads()) != leads {
				t.Errorf("%d leads of %d with %d calls, want %d", len(d.leads()), leads, n, calls)
			}
		}
	}},
	{57, "AnAnswerWithoutABodyIsTheEndAsWell", func(t *testing.T) {
		d := newDesk(t)
		d.says(askHistoric, fars(204, ""))
		d.reconciled("2026-03-01", "2026-03-20")
		if n := len(d.called(askHistoric)); n != 1 {
			t.Errorf("%d calls", n)
		}
	}},
	{58, "ReadingHistoryIsNoFetching", func(t *testing.T) {
		d := newDesk(t)
		d.pulledBefore(leadOf("OLD-1", ""))
		d.add(leadOf("LD-1", ""))
		d.reconciled("2026-03-01", "2026-03-20")
		if all := d.leads(); len(all) != 1 || len(d.called(askLeads)) != 0 {
			t.Fatalf("got %v", all)
		}
		d.pull()
		d.lead("LD-1")
		d.add(leadOf("OLD-1", "")) // handed out once more, should the other side think otherwise
		d.pull()
		if n := len(d.leads()); n != 2 {
			t.Errorf("%d leads", n)
		}
	}},
}
