//go:build server

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// sales are the people who work on leads in the CRM while gateways come and go.
// They remember what the CRM said after each statement of theirs, in the form in
// which it has to be reported.
type sales struct {
	w      *leadWorld
	chance *rand.Rand
	zone   *time.Location
	cases  map[string]*leadCase
	open   []*leadCase
	done   int        // statements
	turn   sync.Mutex // held while they rest
}

// leadCase is what sales people made of one lead.
type leadCase struct {
	lead, number string
	way          int
	step         int
	status       string
	owner        string // a user's number; "": the desk's group
	say          string
	why, whyText string
	called       time.Time
	deal         int64 // 0: none
	stage        string
	chance       string
	amount       string
	due          time.Time
	rep          string
	customer     string
	lost         string
	states       []string // all there were that may be reported, in order
}

// The people of the demo's CRM.
var people = map[string][2]string{"11": {"Milo Harrow", "E-27"}, "12": {"Ana Lind", "E-31"}, "13": {"José Peña", "E-40"}}

// startSales has people work until stop is called; at least so long is between two
// of their statements.
func startSales(t testing.TB, w *leadWorld, seed uint64, pause time.Duration) (s *sales, stop func()) {
	t.Helper()
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	s = &sales{w: w, chance: rand.New(rand.NewPCG(seed, 11)), zone: zone, cases: map[string]*leadCase{}}
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	var fault error
	working.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for fault == nil {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				fault = s.work()
			}
		}
	})
	return s, sync.OnceFunc(func() {
		cancel()
		working.Wait()
		if fault != nil {
			t.Errorf("the sales people: %v", fault)
		}
	})
}

// work does the next thing to some lead.
func (s *sales) work() error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := s.look(); err != nil {
		return err
	}
	if len(s.open) == 0 {
		return nil
	}
	return s.next(s.open[s.chance.IntN(len(s.open))])
}

// look finds leads that appeared in the CRM. One in five is never touched.
func (s *sales) look() error {
	rows, err := s.w.crm.QueryContext(context.Background(), "SELECT CF_701, LEADNO FROM LEADCF WHERE CF_701 IS NOT NULL ORDER BY LEADNO")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		c := &leadCase{status: "NW"}
		if err := rows.Scan(&c.lead, &c.number); err != nil {
			return err
		}
		if s.cases[c.lead] != nil {
			continue
		}
		c.way = s.chance.IntN(5)
		s.cases[c.lead] = c
		c.remember()
		if c.way > 0 {
			s.open = append(s.open, c)
		}
	}
	return rows.Err()
}

// next is one step of a case: some wait for a reason, become a deal, or are talked
// about for ever.
func (s *sales) next(c *leadCase) error {
	c.step++
	c.say = fmt.Sprintf("step %d", c.step)
	if c.step == 1 {
		c.status, c.owner = "WK", []string{"11", "12", "13"}[s.chance.IntN(3)]
		return s.card(c)
	}
	switch c.way {
	case 1: // turned down; the reason comes a moment later
		if c.step > 2 {
			return s.card(c)
		}
		c.status = "RJ"
		if err := s.card(c); err != nil {
			return err
		}
		c.why, c.whyText = "TERR", "Not our county"
		return s.card(c)
	case 2: // came to nothing
		if c.step == 2 {
			c.called = time.Date(2026, 11, 1+s.chance.IntN(18), 12, 0, 0, 0, time.UTC)
			return s.card(c)
		}
		c.status, c.why = "DQ", "NORE"
		return s.card(c)
	}
	return s.sell(c)
}

// sell makes a deal, moves it on, and ends it as won or lost.
func (s *sales) sell(c *leadCase) error {
	switch {
	case c.deal == 0:
		c.stage, c.amount, c.rep = "QUA", fmt.Sprintf("%d.%d5", 1000+s.chance.IntN(90000), s.chance.IntN(10)), "12"
		c.due = time.Date(2026, 12, 1+s.chance.IntN(28), 0, 0, 0, 0, time.UTC)
		result, err := s.exec("INSERT INTO DEALS (LEADNO, STAGE, AMOUNT, DUE, REP, WON, CHANGED) VALUES (?, ?, ?, ?, ?, 0, ?)",
			c.number, c.stage, c.amount, c.due.Format("02/01/2006"), c.rep, s.now())
		if err != nil {
			return err
		}
		c.deal = result
		c.say = c.said()
		c.remember()
		return nil
	case c.step%7 == 0 && c.way == 3:
		c.stage, c.customer = "WON", "4711"
	case c.step%7 == 0:
		c.stage, c.customer, c.lost = "LST", "815", "PRIC"
	case c.step%2 == 0:
		c.stage, c.customer, c.lost, c.chance = "NEG", "", "", fmt.Sprint(50+s.chance.IntN(30))
	default:
		return s.card(c)
	}
	c.say = c.said()
	won := 0
	if c.stage == "WON" {
		won = 1
	}
	_, err := s.exec("UPDATE DEALS SET STAGE = ?, CHANCE = ?, CUSTNO = ?, WHY = ?, WON = ?, CHANGED = ? WHERE DEALNO = ?",
		c.stage, orNull(c.chance), orNull(c.customer), orNull(c.lost), won, s.now(), c.deal)
	if err != nil {
		return err
	}
	c.remember()
	return nil
}

// said is the last thing that was said on the card itself.
func (c *leadCase) said() string {
	var last struct{ Comments string }
	if n := len(c.states); n > 0 && json.Unmarshal([]byte(c.states[n-1]), &last) == nil {
		return last.Comments
	}
	return ""
}

// card writes the lead's own row.
func (s *sales) card(c *leadCase) error {
	var called any
	if !c.called.IsZero() {
		called = c.called.Format("2006-01-02 15:04:05")
	}
	kind, owner := "G", "501"
	if c.owner != "" {
		kind, owner = "U", c.owner
	}
	_, err := s.exec("UPDATE LEADS SET STATUS = ?, OWNERKIND = ?, OWNER = ?, FEEDBACK = ?, WHY = ?, WHYTEXT = ?, CALLED = ?, CHANGED = ? WHERE LEADNO = ?",
		c.status, kind, owner, orNull(c.say), orNull(c.why), orNull(c.whyText), called, s.now(), c.number)
	if err != nil {
		return err
	}
	c.remember()
	return nil
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// now is the CRM's own time, which has no zone.
func (s *sales) now() string { return time.Now().In(s.zone).Format("2006-01-02 15:04:05") }

func (s *sales) exec(query string, args ...any) (id int64, err error) {
	s.done++
	result, err := s.w.crm.ExecContext(context.Background(), query, args...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// remember keeps what has to be reported of the case now, if it may be.
func (c *leadCase) remember() {
	state, ok := c.reported()
	if n := len(c.states); ok && (n == 0 || c.states[n-1] != state) {
		c.states = append(c.states, state)
	}
}

// reported is what Caterpillar has to be told, worked out here alone.
func (c *leadCase) reported() (text string, ok bool) {
	u := map[string]any{
		"leadId": c.lead, "dealerLeadId": c.number, "currencyIsoCode": "USD", "leadStatus": "Accepted",
		"dealerSalesRep": "Iowa rentals", "dealerSalesRepNumber": "T501",
	}
	if who, known := people[c.owner]; known {
		u["dealerSalesRep"], u["dealerSalesRepNumber"] = who[0], who[1]
	}
	if c.say != "" {
		u["comments"] = c.say
	}
	if !c.called.IsZero() {
		u["customerContacted"], u["dateContacted"] = "Yes", c.called.Format(time.DateOnly)
	}
	switch c.status {
	case "RJ":
		u["leadStatus"] = "Rejected"
		if c.why == "" {
			return "", false
		}
		u["rejectedReasonWhy"], u["rejectedReasonComments"] = "For Another Dealer", c.whyText
	case "DQ":
		u["leadStatus"], u["disqualifiedReasonWhy"] = "Disqualified", "Cannot reach/no response from customer"
	}
	if c.deal != 0 {
		u["dealerOpportunityId"], u["opportunityAmount"] = fmt.Sprint(c.deal), json.Number(c.amount)
		u["targetDate"] = c.due.Format(time.DateOnly)
		u["dealerSalesRep"], u["dealerSalesRepNumber"] = people[c.rep][0], people[c.rep][1]
		if c.customer != "" {
			u["dealerCustomerNumber"] = strings.Repeat("0", 7-len(c.customer)) + c.customer
		}
		switch c.stage {
		case "QUA":
			u["probabilityOfClosurePercentage"] = 10
		case "NEG":
			u["probabilityOfClosurePercentage"] = json.Number(c.chance)
		case "WON":
			u["probabilityOfClosurePercentage"] = 100
		case "LST":
			u["probabilityOfClosurePercentage"], u["closedNoDeal"], u["primaryClosedReason"] = 0, 0, "Cat Price too High"
		}
	}
	raw, err := json.Marshal(u)
	return string(raw), err == nil
}
