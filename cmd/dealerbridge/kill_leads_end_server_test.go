//go:build server

package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// spelt spells a JSON object so that equal ones are the same text.
func spelt(raw []byte) string {
	var object map[string]any
	reading := json.NewDecoder(bytes.NewReader(raw))
	reading.UseNumber()
	if reading.Decode(&object) != nil {
		return string(raw)
	}
	text, err := json.Marshal(object)
	if err != nil {
		return string(raw)
	}
	return string(text)
}

// settled waits until a gateway that nobody disturbs has nothing left to do.
func (w *leadWorld) settled(s *sales) {
	w.t.Helper()
	ids := len(w.box.Leads())
	within(w.t, 90*time.Second, "the leads are through", func() error {
		if state := w.box.State(); state.Waiting > 0 {
			return fmt.Errorf("%d leads were not fetched", state.Waiting)
		}
		var fault error
		w.desk(func(d *app.LeadDesk) {
			progress, err := d.Progress(w.t.Context())
			if err != nil {
				fault = err
				return
			}
			counts, err := d.Counts(w.t.Context())
			switch open := counts.Updates[leadsync.Queued] + counts.Updates[leadsync.Sending]; {
			case err != nil:
				fault = err
			case progress.Reconciling != nil:
				fault = fmt.Errorf("history is being read: %+v", *progress.Reconciling)
			case counts.Leads[leadsync.Written] != ids:
				fault = fmt.Errorf("%v of %d leads", counts.Leads, ids)
			case open > 0:
				fault = fmt.Errorf("%d updates are on their way", open)
			}
		})
		if fault != nil || s == nil {
			return fault
		}
		last := map[string]string{}
		for _, u := range w.box.Updates(0) {
			last[u.LeadID] = spelt(u.Update)
		}
		for id, c := range s.cases {
			if want := c.states[len(c.states)-1]; len(c.states) > 1 && last[id] != spelt([]byte(want)) {
				return fmt.Errorf("of %s the last said is\n%s, and it stands at\n%s", id, last[id], want)
			}
		}
		return nil
	})
}

// column is a text as the CRM's columns of so many latin1 characters keep it.
func column(text string, most int) string {
	var out []rune
	for _, r := range text {
		if r > 0xff {
			r = '?'
		}
		out = append(out, r)
	}
	return strings.TrimRight(string(out[:min(most, len(out))]), " ")
}

// leadsStand holds the CRM against Caterpillar's own list, lead by lead, with
// values worked out here.
func (w *leadWorld) leadsStand() {
	w.t.Helper()
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		w.t.Fatal(err)
	}
	accounts := map[string]bool{"Fernwood Groundworks|Ames": true, "Hollow Creek Paving|Ankeny": true}
	var want []string
	for _, known := range w.box.Leads() {
		var l struct {
			FirstName, LastName, Company, City, EmailAddress, BusinessPhone, BcpNewUsedRental, ProductOfInterest string
			CommentsMaster, SystemScore, RentalStartDate                                                         string
			CatPrequalificationStatus                                                                            *bool
		}
		if err := json.Unmarshal(known.Lead, &l); err != nil {
			w.t.Fatal(err)
		}
		approved := "-"
		if l.CatPrequalificationStatus != nil {
			approved = "on"
		}
		rental := "-"
		if l.RentalStartDate != "" {
			at, err := time.ParseInLocation(time.DateOnly, l.RentalStartDate, zone)
			if err != nil {
				w.t.Fatal(err)
			}
			rental = fmt.Sprint(at.Unix())
		}
		accounts[column(l.Company, 40)+"|"+column(l.City, 25)] = true
		want = append(want, strings.Join([]string{
			known.LeadID, column(l.FirstName, 25), column(l.LastName, 25), column(l.EmailAddress, 60), column(l.BusinessPhone, 20),
			column(l.BcpNewUsedRental+" "+l.ProductOfInterest, 40), l.SystemScore, column(l.CommentsMaster, 1<<16), rental, approved, column(l.Company, 40), column(l.City, 25),
		}, "|"))
	}
	// What was added to a note when a lead came again stands there once.
	got := w.texts(`SELECT f.CF_701, c.FNAME, c.LNAME, c.MAIL, c.TEL, l.TITLE, l.SCORE,
		IF(f.CF_705 = 'on' AND RIGHT(l.NOTE, 36) = '\nPrequalified by Cat Financial: true', LEFT(l.NOTE, CHAR_LENGTH(l.NOTE) - 36), l.NOTE),
		f.CF_702, f.CF_705, a.NAME, a.TOWN
		FROM LEADCF f JOIN LEADS l ON l.LEADNO = f.LEADNO JOIN CONTACT c ON c.CONNO = l.CONNO JOIN ACCOUNT a ON a.ACCNO = c.ACCNO
		WHERE f.CF_701 IS NOT NULL ORDER BY f.CF_701`)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("the CRM differs from what was handed out (-want +got):\n%s", diff)
	}
	for table, n := range map[string]int{"LEADCF": len(want) + 1, "LEADS": len(want) + 1, "CONTACT": len(want) + 1, "ACCOUNT": len(accounts)} {
		if got := w.texts("SELECT count(*) FROM " + table); got[0] != fmt.Sprint(n) {
			w.t.Errorf("%s holds %s rows, want %d", table, got[0], n)
		}
	}
}

// updatesStand holds what arrived against what the sales people did, and against
// what the gateway knows: all of it arrived, in order, and what arrived twice had
// to.
func (w *leadWorld) updatesStand(s *sales) {
	w.t.Helper()
	arrived := map[string][]string{}
	repeats := 0
	for _, u := range w.box.Updates(0) {
		body := spelt(u.Update)
		if list := arrived[u.LeadID]; len(list) > 0 && list[len(list)-1] == body {
			repeats++
			continue
		}
		arrived[u.LeadID] = append(arrived[u.LeadID], body)
	}
	untouched := 0
	for id, c := range s.cases {
		left := slices.Clone(c.states)
		for i, body := range arrived[id] {
			at := slices.IndexFunc(left, func(state string) bool { return spelt([]byte(state)) == body })
			if at < 0 {
				w.t.Errorf("update %d of %s was never so in the CRM, or comes too late:\n%s\nstates: %s", i+1, id, body, strings.Join(c.states, "\n"))
				break
			}
			left = left[at+1:]
			if i == 0 && at == 0 && len(left) == len(c.states)-1 {
				untouched++
			}
		}
		if n := len(arrived[id]); len(c.states) > 1 && (n == 0 || arrived[id][n-1] != spelt([]byte(c.states[len(c.states)-1]))) {
			w.t.Errorf("the last state of %s did not arrive", id)
		}
	}
	sent := 0
	w.desk(func(d *app.LeadDesk) {
		for id := range s.cases {
			j, err := d.Journey(w.t.Context(), id)
			if err != nil {
				w.t.Fatal(err)
			}
			var kept []string
			for _, u := range j.Updates {
				sent++
				if u.State != leadsync.Acknowledged {
					w.t.Errorf("update %d of %s is %s", u.Seq, id, u.State)
				}
				kept = append(kept, spelt(u.Body))
			}
			if diff := cmp.Diff(kept, arrived[id]); diff != "" {
				w.t.Errorf("%s: what was sent and what arrived differ (-sent +arrived):\n%s", id, diff)
			}
		}
	})
	if refused := w.box.Refusals(); len(refused) > 0 {
		w.t.Errorf("the service refused %+v", refused)
	}
	w.t.Logf("%d statements of sales people; %d updates, all arrived in order; %d of them tell what the gateway had written itself, because it died before it knew",
		s.done, sent, untouched)
	w.explained(repeats)
}

// explained: an update that arrived twice did so because an answer was lost, or
// the process that was to hear it was.
func (w *leadWorld) explained(repeats int) {
	w.t.Helper()
	w.witness.mu.Lock()
	defer w.witness.mu.Unlock()
	last := map[string]*delivery{}
	kinds := map[string]int{}
	for _, d := range w.witness.deliveries {
		if d.taken == 0 {
			continue
		}
		kinds["the service took one call twice"] += d.taken - 1
		for i, id := range d.leads {
			body := spelt([]byte(d.bodies[i]))
			before := last[id]
			last[id] = d
			if before == nil {
				continue
			}
			same := slices.ContainsFunc(before.bodies, func(b string) bool { return spelt([]byte(b)) == body })
			switch {
			case !same:
			case before.life != d.life:
				kinds["the process that was to hear the answer was killed"]++
			case !before.heard:
				kinds["the answer was lost on the way"]++
			case w.fate.strike != nil: // which of two processes sent it cannot be seen
				kinds["one gateway was halted with it under way"]++
			default:
				kinds["without need"]++
			}
		}
	}
	sum := 0
	for kind, n := range kinds {
		sum += n
		w.t.Logf("updates that arrived again, %s: %d", kind, n)
	}
	if kinds["without need"] > 0 || sum != repeats {
		w.t.Errorf("%d updates arrived again, explained are %v", repeats, kinds)
	}
}
