package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/request"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// DemoCode is the QR code on the machine the demo speaks of.
const DemoCode = "PLDEMO01"

// storyBeat is how often the demo looks whether something has happened.
const storyBeat = 100 * time.Millisecond

// DemoStep is one thing that happens in the demo.
type DemoStep int

// The steps. Those of each lead, and those of the request, come in this order.
const (
	LeadCame       DemoStep = iota // and is written to the CRM as Number
	LeadWorked                     // in the CRM
	LeadReported                   // Caterpillar has Status and Percent
	LeadHeld                       // what the CRM says cannot be reported: Why
	RequestCame                    // as Number; it waits for the desk
	RequestAnswer                  // the Cat Rental Store has Status
	RequestRefused                 // the Cat Rental Store did not like an answer: Why
)

// DemoEvent says what happened.
type DemoEvent struct {
	Step    DemoStep
	Lead    string // Caterpillar's id
	Number  string // the dealer's id of the lead or the request
	Status  string
	Percent string
	Why     string
	At      time.Time
}

// Story is what happens in the demo by itself: two leads come, are worked in the
// CRM and reported back, a customer asks for service and is answered by whoever
// watches.
type Story struct {
	Gateway *App
	Played  *Sandbox
	CRM     string        // file
	Pace    time.Duration // between what people do
	Now     func() time.Time
	Tell    func(DemoEvent) // called from several goroutines, one at a time

	// Sold and Lost are the ids of the two leads, set by Begin.
	Sold, Lost string

	telling sync.Mutex
	sales   demo.Sales
}

// Begin lays out the leads that wait to be fetched.
func (s *Story) Begin() error {
	// Ids no earlier demo had, as its state may have been kept.
	mark := strings.ToUpper(strconv.FormatInt(s.Now().UnixMilli(), 36))
	s.Sold, s.Lost = "LD-"+mark+"-1", "LD-"+mark+"-2"
	leads := make([]json.RawMessage, 0, 2)
	for _, lead := range s.leads() {
		raw, err := json.Marshal(lead)
		if err != nil {
			return fmt.Errorf("writing a lead: %w", err)
		}
		leads = append(leads, raw)
	}
	if _, err := s.Played.played.AddLeads(demo.Code, leads); err != nil {
		return fmt.Errorf("adding leads: %w", err)
	}
	return nil
}

func (s *Story) leads() []map[string]any {
	made := s.Now().UTC().Add(-time.Hour).Format(time.RFC3339)
	return []map[string]any{
		{
			"leadId": s.Sold, "leadState": "NEW", "dateCreated": made, "firstName": "Carla", "lastName": "Nygaard", "company": "Nygaard Groundworks",
			"emailAddress": "carla@nygaard.example", "businessPhone": "+1 555-0188", "city": "Ames", "stateOrProvince": "IA", "county": "Story",
			"bcpNewUsedRental": "Rental", "productOfInterest": "Mini excavator", "rentalStartDate": s.Now().AddDate(0, 0, 9).Format(time.DateOnly),
			"commentsMaster": "Two weeks of trenching beside a live road.", "agreeToContact": true,
		},
		{
			"leadId": s.Lost, "leadState": "NEW", "dateCreated": made, "firstName": "Ivo", "lastName": "Birkner", "company": "Birkner Quarries",
			"emailAddress": "ivo@birkner.example", "businessPhone": "+1 555-0143", "city": "Ankeny", "stateOrProvince": "IA", "county": "Polk",
			"bcpNewUsedRental": "Used", "productOfInterest": "Wheel loader", "commentsMaster": "Replaces a machine that is fifteen years old.",
		},
	}
}

// asked: the machine behind the QR code becomes known, and its customer asks for
// service.
func (s *Story) asked(ctx context.Context) error {
	association, err := json.Marshal(map[string]any{
		"serialNumber": demo.TaggedSerial, "make": "CAT", "smcsCode": "70K1", "createTime": "2026-01-14T08:20:31Z",
		"marketSegment": map[string]string{"code": "UT", "description": "UTILITIES"},
	})
	if err != nil {
		return fmt.Errorf("writing a machine: %w", err)
	}
	if err := s.Played.played.AddAssociation(DemoCode, association); err != nil {
		return fmt.Errorf("adding a machine: %w", err)
	}
	_, err = s.Played.played.StartRequests(sandbox.Start{
		Type: string(request.Service), Dealer: demo.Code, Customer: demo.TaggedCustomer, Contract: s.contract(ctx), Serial: demo.TaggedSerial,
		Text: "The track is off and it does not move any more.", PhotoBytes: 40_000,
	})
	if err != nil {
		return fmt.Errorf("starting a request: %w", err)
	}
	return nil
}

// contract finds the one the tagged machine is on, "" where the mapping in force
// does not show it: somebody may be editing it.
func (s *Story) contract(ctx context.Context) string {
	d, leave, err := entered(s.Gateway.registry, demo.Code)
	if err != nil {
		return ""
	}
	defer leave()
	if d.Serials == nil {
		return ""
	}
	found, err := d.Serials.FindSerial(ctx, demo.TaggedSerial)
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0].ContractID
}

// Run lets the story happen until ctx ends. An error is one nobody could mend
// while it runs.
func (s *Story) Run(ctx context.Context) (err error) {
	path, err := filepath.Abs(s.CRM)
	if err != nil {
		return fmt.Errorf("finding the CRM: %w", err)
	}
	q := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return fmt.Errorf("opening the CRM: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s.sales = demo.Sales{DB: db, Now: s.Now}
	var parts sync.WaitGroup
	var errs [3]error
	for i, part := range []func(context.Context) error{s.sold, s.lost, s.serviced} {
		parts.Go(func() { errs[i] = part(ctx) })
	}
	parts.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errs[:]...)
}

func (s *Story) tell(e DemoEvent) {
	s.telling.Lock()
	defer s.telling.Unlock()
	e.At = s.Now()
	s.Tell(e)
}

// until looks again and again until something is there.
func until[T any](ctx context.Context, look func() (T, bool, error)) (T, error) {
	for {
		found, ok, err := look()
		if err != nil || ok {
			return found, err
		}
		if err := clockSleep(ctx, storyBeat); err != nil {
			return found, fmt.Errorf("waiting: %w", err)
		}
	}
}

// came waits until a lead stands in the CRM.
func (s *Story) came(ctx context.Context, lead string) (string, error) {
	number, err := until(ctx, func() (string, bool, error) {
		n, err := s.sales.LeadNumber(ctx, lead)
		return n, n != "", err
	})
	if err != nil {
		return "", err
	}
	s.tell(DemoEvent{Step: LeadCame, Lead: lead, Number: number})
	return number, s.rest(ctx)
}

func (s *Story) rest(ctx context.Context) error { return clockSleep(ctx, s.Pace) }

// sold: the lead is called, gets an offer, and buys.
func (s *Story) sold(ctx context.Context) error {
	number, err := s.came(ctx, s.Sold)
	if err != nil {
		return err
	}
	told := 0
	for _, step := range []struct {
		do  func(context.Context, string) error
		why string
	}{
		{s.sales.Offer, "offer"},
		{s.sales.Win, "win"},
	} {
		if err := step.do(ctx, number); err != nil {
			return err
		}
		s.tell(DemoEvent{Step: LeadWorked, Lead: s.Sold, Number: number, Why: step.why})
		if told, err = s.reported(ctx, s.Sold, number, told); err != nil {
			return err
		}
		if err := s.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}

// lost: the lead is turned down for a reason no mapping file knows, until
// somebody adds it.
func (s *Story) lost(ctx context.Context) error {
	number, err := s.came(ctx, s.Lost)
	if err != nil {
		return err
	}
	if err := s.sales.TurnDown(ctx, number); err != nil {
		return err
	}
	s.tell(DemoEvent{Step: LeadWorked, Lead: s.Lost, Number: number, Why: "turned down"})
	worker := s.Gateway.leads[demo.Code]
	why, err := until(ctx, func() (string, bool, error) {
		j, err := worker.Journey(ctx, s.Lost)
		if err != nil || len(j.Lead.HeldFor) == 0 {
			return "", len(j.Updates) > 0, err // the reason is known by now, after all
		}
		return j.Lead.HeldFor[0].Field + ": " + j.Lead.HeldFor[0].Reason, true, nil
	})
	if err != nil {
		return err
	}
	if why != "" {
		s.tell(DemoEvent{Step: LeadHeld, Lead: s.Lost, Number: number, Why: why})
	}
	_, err = s.reported(ctx, s.Lost, number, 0)
	return err
}

// reported waits for an update of a lead behind the first so many of all, and
// returns how many there were with it.
func (s *Story) reported(ctx context.Context, lead, number string, after int) (int, error) {
	for {
		got := s.Played.played.WaitForUpdates(ctx, after)
		if len(got) == 0 {
			return after, ctx.Err()
		}
		for _, u := range got {
			after = u.Number
			if u.LeadID != lead || u.Repeat {
				continue
			}
			var said struct {
				Status  string      `json:"leadStatus"`
				Percent json.Number `json:"probabilityOfClosurePercentage"`
			}
			if err := json.Unmarshal(u.Update, &said); err != nil {
				return after, fmt.Errorf("reading an update: %w", err)
			}
			s.tell(DemoEvent{Step: LeadReported, Lead: lead, Number: number, Status: said.Status, Percent: said.Percent.String()})
			return after, nil
		}
	}
}

// serviced: the request waits for whoever watches, and every answer is told.
func (s *Story) serviced(ctx context.Context) error {
	if err := s.asked(ctx); err != nil {
		return err
	}
	id, err := until(ctx, func() (string, bool, error) {
		found, _, err := s.Gateway.exchange.service.Requests(ctx, messaging.Filter{Dealer: demo.Code, Customer: demo.TaggedCustomer, Open: true, Types: []request.Type{request.Service}})
		theirs := func(r request.Record) bool {
			return slices.ContainsFunc(s.Played.played.Desks(), func(d sandbox.Desk) bool { return d.ID == r.PartnerID })
		}
		if i := slices.IndexFunc(found, theirs); i >= 0 {
			return found[i].ID, true, err
		}
		return "", false, err
	})
	if err != nil {
		return err
	}
	s.tell(DemoEvent{Step: RequestCame, Number: id})
	for after := 0; ctx.Err() == nil; {
		s.Played.played.WaitForNotes(ctx, after)
		notes := s.Played.played.Notes()
		for _, n := range notes[min(after, len(notes)):] {
			switch n.Verdict {
			case "accepted":
				if n.Status != "" {
					s.tell(DemoEvent{Step: RequestAnswer, Number: id, Status: n.Status})
				}
			case "refused", "unknown", "error":
				s.tell(DemoEvent{Step: RequestRefused, Number: id, Status: n.Status, Why: n.Why})
			}
		}
		after = len(notes)
	}
	return ctx.Err()
}
