package main_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// parked are the items that were set aside.
func (x *exchange) parked() []model.QueueItem {
	x.t.Helper()
	var page model.QueuePage
	x.call(x.desk, http.MethodGet, "/operator/v1/queue/items?state=parked", nil).into(x.t, &page)
	return page.Items
}

// passes puts the clock forward step by step, as time goes by, with a new token
// for the desk.
func (x *exchange) passes(whole, step time.Duration) {
	x.t.Helper()
	for gone := time.Duration(0); gone < whole; gone += step {
		before := x.box.State().Calls[sandbox.Messages] + x.box.State().Calls[sandbox.Token]
		x.clock.advance(step)
		look := time.NewTicker(5 * time.Millisecond)
		for range 8 { // one call at most falls due; give it the time to be made
			<-look.C
			if x.box.State().Calls[sandbox.Messages]+x.box.State().Calls[sandbox.Token] > before {
				break
			}
		}
		look.Stop()
	}
	x.desk = x.token("desk", x.secret)
}

// TestTheCatRentalStoreIsAwayForHours: what the desk does meanwhile waits, the
// pauses between tries grow, nothing is set aside for it, and when CRS is back
// everything arrives in its order.
func TestTheCatRentalStoreIsAwayForHours(t *testing.T) {
	x := exchanging(t, nil, "D100")
	var ids []string
	for range 5 {
		id, v := x.begin(sandbox.Start{Type: "service"})
		ids = append(ids, id)
		if len(ids) == 1 {
			if err := x.box.AddFaults(sandbox.Fault{On: sandbox.Messages, Kind: sandbox.Status, Status: http.StatusServiceUnavailable, Times: -1}); err != nil {
				t.Fatal(err)
			}
		}
		x.away = true
		x.moves(v, "receive")
		x.moves(v, "schedule")
		x.moves(v, "close")
	}
	before := x.box.State().Calls[sandbox.Messages]
	x.passes(8*time.Hour, 5*time.Minute)
	tries := x.box.State().Calls[sandbox.Messages] - before
	t.Logf("%d tries in eight hours", tries)
	if tries < 8*60/10/2-4 || tries > 200 {
		t.Errorf("%d tries in eight hours", tries)
	}
	if p := x.parked(); len(p) != 0 {
		t.Errorf("set aside: %+v", p)
	}
	for _, id := range ids {
		if v := x.of(id); v.Summary.Status != "closed" || x.theirs(id).Status != "submitted" {
			t.Errorf("%s here, %s there", v.Summary.Status, x.theirs(id).Status)
		}
	}
	x.box.ClearFaults()
	x.away = false
	x.passes(12*time.Minute, time.Minute)
	x.settle()
	for _, id := range ids {
		x.same(id, "closed")
		if got := x.verdicts(id); got != "accepted accepted accepted" {
			t.Errorf("%s: %s", id, got)
		}
	}
	order := regexp.MustCompile(`received|scheduled|closed`)
	var steps []string
	for _, n := range x.box.Notes() {
		if n.Type != "request" { // changes are told as well
			continue
		}
		steps = append(steps, order.FindString(strings.SplitN(string(n.Body), `"requestUpdate"`, 2)[1]))
	}
	if want := slices.Repeat([]string{"received", "scheduled", "closed"}, 5); !slices.Equal(steps, want) {
		t.Errorf("they arrived as %v", steps)
	}
}

// TestAMessageTheOtherSideStumblesOver: one message at which CRS fails again and
// again is set aside, somebody is told, and those behind it go on.
func TestAMessageTheOtherSideStumblesOver(t *testing.T) {
	office, port := openPostOffice(t)
	x := exchanging(t, func(c *config.Config) {
		c.Mail = &config.Mail{Host: "127.0.0.1", Port: port, Security: "none", From: "gateway@prairie.example", Every: time.Minute}
		c.Dealers[0].People = config.People{To: []string{"desk@prairie.example"}}
	}, "D100")
	first, one := x.begin(sandbox.Start{Type: "extend"})
	second, two := x.begin(sandbox.Start{Type: "extend"})
	const strikes = 12
	if err := x.box.AddFaults(sandbox.Fault{On: sandbox.Messages, Kind: sandbox.Status, Status: http.StatusInternalServerError, Times: strikes}); err != nil {
		t.Fatal(err)
	}
	x.moves(one, "receive")
	x.moves(two, "receive")
	x.away = true
	for hours := 0; len(x.parked()) == 0; hours++ {
		if hours > 30 {
			t.Fatal("nothing is set aside after more than a day")
		}
		x.passes(time.Hour, 5*time.Minute)
	}
	x.away = false
	p := x.parked()
	if len(p) != 1 || p[0].Tries < strikes || p[0].Why == nil || !strings.Contains(*p[0].Why, "500") {
		t.Fatalf("set aside: %+v", p)
	}
	x.box.ClearFaults()
	x.passes(12*time.Minute, time.Minute)
	x.settle()
	if x.theirs(first).Status != "submitted" || x.theirs(second).Status != "received" {
		t.Errorf("%s, then %s", x.theirs(first).Status, x.theirs(second).Status)
	}
	eventually(t, "a mail about it", func() error {
		x.clock.advance(20 * time.Second)
		for _, part := range []string{"A message cannot be sent to CRS", fmt.Sprintf("dealerbridge queue retry %d", p[0].Number)} {
			if !strings.Contains(office.all(), part) {
				return fmt.Errorf("no mail says %q", part)
			}
		}
		return nil
	})
	x.desk = x.token("desk", x.secret)
	x.call(x.desk, http.MethodPost, fmt.Sprintf("/operator/v1/queue/items/%d/retry", p[0].Number), nil)
	x.settle()
	x.same(first, "received")
}
