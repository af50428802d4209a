package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// TestTheSandboxThinksTheSame lets customers of the sandbox and a dealer act on
// each other's requests, with messages that wait, cross, get lost and come twice.
// The sandbox judges by its own reading of the rules; in the end it has every
// request in the state it has here.
func TestTheSandboxThinksTheSame(t *testing.T) {
	thinksTheSame(t, store.Options{Path: t.TempDir() + "/state.db"})
}

func thinksTheSame(t *testing.T, where store.Options) {
	draw := rand.New(rand.NewPCG(*seed, 3))
	crs, err := sandbox.New(sandbox.Options{Seed: *seed})
	if err != nil {
		t.Fatal(err)
	}
	far := httptest.NewServer(crs)
	defer far.Close()

	state, q, s, err := open(t.Context(), where, "p1")
	if err != nil {
		t.Fatal(err)
	}
	poster, err := caterpillar.OpenMessages(caterpillar.MessageConfig{
		URL: far.URL + sandbox.MessagePath,
		Credentials: caterpillar.Credentials{
			TokenURL: far.URL + sandbox.TokenPath, ID: sandbox.DefaultClient.ID, Secret: sandbox.DefaultClient.Secret,
		},
		Options: caterpillar.Options{Wait: hurried, Pause: time.Millisecond, LongestPause: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	near := httptest.NewServer(doorOf(q))
	defer near.Close()
	if err := crs.Connect(sandbox.Dealer{Code: "D100", URL: near.URL, ClientID: "crs", Secret: "x"}); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := q.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	all.Go(func() {
		if err := s.Work(ctx, messaging.Dealer{Code: "D100", Poster: poster}); err != nil {
			t.Error(err)
		}
	})
	defer func() {
		stop()
		all.Wait()
		if err := state.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	}()

	moves, refused := 0, 0
	move := func() {
		page, _, err := s.Requests(t.Context(), messaging.Filter{Dealer: "D100", Most: 40})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return
		}
		r := page[draw.IntN(len(page))]
		options := r.Allowed()
		if len(options) == 0 {
			return
		}
		o := options[draw.IntN(len(options))]
		m := request.Move{ID: fmt.Sprint("move ", moves), To: o.To, User: "kim"}
		switch o.Need {
		case request.QuoteAttached:
			m.Attachments = []request.File{{Filename: "quote.pdf", Mimetype: "application/pdf", Contents: "JVBERi0x"}}
		case request.TitledCanceled:
			m.Title = "Canceled"
		case request.TerritoryWrong:
			m.Disposition = request.WrongTerritory
		case request.OtherOutcome:
			m.Disposition = "Lost - Competitor"
		case request.QuoteNotRequired:
			m.Disposition = "Won"
		}
		moves++
		if _, err := s.Move(t.Context(), "D100", r.ID, m); err != nil && !errors.Is(err, request.ErrRefused) {
			t.Fatal(err)
		} else if err != nil {
			refused++
		}
	}
	words := 0
	word := func() string { words++; return fmt.Sprint("word ", words) }
	start := func() { // a customer, or the dealer for one
		if draw.IntN(4) > 0 {
			begun := sandbox.Start{Type: string(request.Types()[draw.IntN(len(request.Types()))]), QuoteRequired: draw.IntN(2) == 0}
			if _, err := crs.StartRequests(begun); err != nil {
				t.Fatal(err)
			}
			return
		}
		end := time.Now().AddDate(0, 1, 0)
		_, err := s.Start(t.Context(), request.New{
			Dealer: "D100", Customer: "0001007", Type: request.Extend, User: "kim", RequestedDate: &end,
			Assets: json.RawMessage(fmt.Sprintf(`[{"serialNumber":"ZZT%d"}]`, words)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	talk := func() {
		talks := crs.Talks()
		chains, _, err := s.Chains(t.Context(), messaging.Filter{Dealer: "D100"})
		if err != nil {
			t.Fatal(err)
		}
		say := request.Say{User: "kim", Text: word()}
		switch who := draw.IntN(5); {
		case who == 0:
			_, err = crs.Tell(sandbox.Say{Text: say.Text})
		case who == 1:
			_, err = s.Begin(t.Context(), "D100", "0001007", "K-"+say.Text, request.Asset{SerialNumber: say.Text}, say)
		case who < 4 && len(chains) > 0:
			_, err = s.Answer(t.Context(), "D100", chains[draw.IntN(len(chains))].ID, say)
		case len(talks) > 0:
			_, err = crs.Tell(sandbox.Say{ID: talks[draw.IntN(len(talks))].ID, Text: say.Text})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	acts := []sandbox.Act{sandbox.MoreInfo, sandbox.Cancel, sandbox.Approve, sandbox.Approve, sandbox.End, sandbox.Return}
	for range 600 {
		switch draw.IntN(9) {
		case 0:
			start()
		case 1, 2:
			if desks := crs.Desks(); len(desks) > 0 {
				// What is not allowed there is simply not done.
				_, _ = crs.Do(sandbox.Acted{ID: desks[draw.IntN(len(desks))].ID, Act: acts[draw.IntN(len(acts))], Text: word()})
			}
		case 3, 4, 5:
			move()
		case 6:
			fault := sandbox.Fault{On: sandbox.Messages, Kind: []sandbox.Kind{sandbox.Drop, sandbox.Lost, sandbox.Status}[draw.IntN(3)]}
			if draw.IntN(3) == 0 {
				fault = sandbox.Fault{On: sandbox.Delivery, Kind: []sandbox.Kind{sandbox.Lost, sandbox.Duplicate}[draw.IntN(2)]}
			}
			if err := crs.AddFaults(fault); err != nil {
				t.Fatal(err)
			}
		case 7:
			talk()
		case 8:
			_, _ = crs.Deliver(t.Context()) // what fails is tried again
		}
	}
	settle(t, crs, q)
	for _, talk := range crs.Talks() { // so that the dealer hears when its words arrived
		if _, err := crs.Tell(sandbox.Say{ID: talk.ID, Text: word()}); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, crs, q)

	notes := map[string]int{}
	for _, n := range crs.Notes() {
		notes[n.Verdict]++
	}
	desks := crs.Desks()
	for _, d := range desks {
		kept, err := state.RequestByPartner(t.Context(), "D100", d.ID)
		if errors.Is(err, messaging.ErrUnknown) && d.FromDealer { // CRS has not said anything about it
			kept, err = state.Request(t.Context(), "D100", d.DealerID)
		}
		if err != nil {
			t.Errorf("%s: %v", d.ID, err)
			continue
		}
		if string(kept.Status) != d.Status || (kept.Ended == request.ByTerritory) != d.Away {
			t.Errorf("%s %s: %s %q here, %s (away %v) there", d.Type, d.ID, kept.Status, kept.Ended, d.Status, d.Away)
		}
		if d.DealerID != "" && d.DealerID != kept.ID {
			t.Errorf("%s: paired with %s, not with %s", d.ID, d.DealerID, kept.ID)
		}
	}
	for _, talk := range crs.Talks() {
		kept, err := state.ChainByPartner(t.Context(), "D100", talk.ID)
		if err != nil {
			t.Errorf("%s: %v", talk.ID, err)
			continue
		}
		var here, there []string
		for _, l := range kept.Lines {
			here = append(here, l.At.Format(time.TimeOnly)+" "+l.Text)
		}
		for _, m := range talk.Messages {
			there = append(there, m.At.Format(time.TimeOnly)+" "+m.Text)
		}
		slices.Sort(here) // some were said in the same second
		slices.Sort(there)
		if k := min(len(there), 10); len(here) != len(there) || !slices.Equal(here[len(here)-k:], there[len(there)-k:]) {
			t.Errorf("%s: %q here, %q there", talk.ID, here, there)
		}
	}
	t.Logf("%d requests, %d conversations, %d moves (%d refused here); the sandbox says %v", len(desks), len(crs.Talks()), moves, refused, notes)
	if len(desks) < 20 || notes["accepted"] < 50 {
		t.Error("hardly anything happened")
	}
}

// doorOf takes messages as a gateway does, as far as the sandbox can tell.
func doorOf(q *queue.Queue) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
	})
	mux.HandleFunc("POST /api/v1/message", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		in, err := request.Read("", body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusPaymentRequired)
			return
		}
		_, err = q.Push(r.Context(), queue.Item{
			Lane: queue.Lane{Dealer: in.Dealer, Direction: queue.In}, ID: in.MessageID, OrderKey: in.Order(), Priority: 1, Kind: in.Kind,
			Customer: in.Customer, Body: body, Enqueued: time.Now(),
		})
		if err != nil {
			http.Error(w, "not kept", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(body)
	})
	return mux
}

// settle lets everything arrive.
func settle(t *testing.T, crs *sandbox.Sandbox, q *queue.Queue) {
	t.Helper()
	for quiet := 0; quiet < 3; {
		_, _ = crs.Deliver(t.Context())
		counts, err := q.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		busy := slices.ContainsFunc(counts, func(c queue.Count) bool { return c.Waiting+c.Working > 0 })
		busy = busy || slices.ContainsFunc(crs.Mails(), func(m sandbox.Mail) bool { return m.State == "waiting" })
		if quiet++; busy {
			quiet = 0
			<-time.After(10 * time.Millisecond)
		}
		if slices.ContainsFunc(crs.Mails(), func(m sandbox.Mail) bool { return m.State == "refused" }) {
			t.Fatal("a message of the sandbox was refused")
		}
		if slices.ContainsFunc(counts, func(c queue.Count) bool { return c.Parked > 0 }) {
			items, err := q.List(t.Context(), queue.Filter{States: []queue.State{queue.Parked}})
			shown, _ := json.Marshal(items)
			t.Fatalf("parked: %s %v", shown, err)
		}
	}
}
