package main_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/request"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// parties are customers and the dealers' desks: they act on whatever there is, and
// remember what they said.
type parties struct {
	*mailWorld
	words   int
	said    []saying
	steps   int
	repeats map[string]int // what was done again, by kind
	waiting int            // messages to dealers when somebody looked last
	bearer  string         // of the desk
}

// saying is a word and who said it, where and to whom.
type saying struct {
	word   string
	dealer string
	own    bool   // said by the dealer's desk
	about  string // the sayer's id of the request
}

func (p *parties) word(dealer, about string, own bool) string {
	p.words++
	w := fmt.Sprintf("word-%s-%d.", dealer, p.words)
	p.said = append(p.said, saying{w, dealer, own, about})
	return w
}

// unsay takes the last word back: what was to carry it is not allowed.
func (p *parties) unsay() { p.said = p.said[:len(p.said)-1] }

func (p *parties) dealer() string { return []string{"D100", "D100", "D200"}[p.chance.IntN(3)] }

// act has somebody do something.
func (p *parties) act() {
	p.t.Helper()
	p.steps++
	if p.steps%4 == 1 {
		p.waiting = p.box.State().Portal.Waiting
	}
	switch what := p.chance.IntN(16); {
	case what < 2 && p.waiting < 60:
		p.start()
	case what < 5 && p.waiting < 60:
		p.customer()
	case what < 11:
		p.move()
	case what < 13:
		p.talk()
	case what < 14:
		p.disturb()
	}
}

func (p *parties) start() {
	p.t.Helper()
	dealer := p.dealer()
	if p.chance.IntN(5) > 0 {
		begun := sandbox.Start{Type: string(request.Types()[p.chance.IntN(8)]), Dealer: dealer, QuoteRequired: p.chance.IntN(2) == 0}
		if p.chance.IntN(2) == 0 {
			begun.PhotoBytes = 1 + p.chance.IntN(200_000)
		}
		if _, err := p.box.StartRequests(begun); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	p.words++
	end := time.Now().AddDate(0, 1, 0)
	n := request.New{
		ID: fmt.Sprintf("wish-%d", p.words), Dealer: dealer, Customer: "0001007", Type: request.Extend, User: "kim", RequestedDate: &end,
		Assets: json.RawMessage(fmt.Sprintf(`[{"serialNumber":"ZZT%d"}]`, p.words)),
	}
	p.patiently("starting a request", func(ctx context.Context) error {
		_, err := p.desk.Start(ctx, n)
		return err
	})
}

// patiently does something at the desk until it is done: a database that is away
// comes back, and what was done meanwhile is known again by its id.
func (p *parties) patiently(what string, do func(context.Context) error) {
	p.t.Helper()
	late := time.Now().Add(2 * patience)
	for {
		err := do(context.Background())
		var no *request.Refusal
		switch {
		case err == nil:
			return
		case errors.As(err, &no):
			p.unsay()
			return
		case time.Now().After(late):
			p.t.Fatalf("%s: %v", what, err)
		}
		p.repeats["desk, after an error"]++
		<-time.After(50 * time.Millisecond)
	}
}

func (p *parties) customer() {
	desks := p.box.Desks()
	if len(desks) == 0 {
		return
	}
	d := p.recent(desks)
	acts := []sandbox.Act{sandbox.MoreInfo, sandbox.MoreInfo, sandbox.Cancel, sandbox.Approve, sandbox.Approve, sandbox.End, sandbox.Return}
	_, err := p.box.Do(sandbox.Acted{ID: d.ID, Act: acts[p.chance.IntN(len(acts))], Text: p.word(d.Dealer, d.ID, false)})
	if err != nil { // it is not allowed there
		p.unsay()
	}
}

// recent is one of the last requests, or any.
func (p *parties) recent(desks []sandbox.Desk) sandbox.Desk {
	if n := len(desks); n > 12 && p.chance.IntN(4) > 0 {
		desks = desks[n-12:]
	}
	return desks[p.chance.IntN(len(desks))]
}

func (p *parties) move() {
	p.t.Helper()
	dealer := p.dealer()
	var page []request.Record
	p.patiently("listing requests", func(ctx context.Context) (err error) {
		page, _, err = p.desk.Requests(ctx, messaging.Filter{Dealer: dealer, Most: 15, Open: p.chance.IntN(3) > 0})
		return err
	})
	page = slices.DeleteFunc(page, func(r request.Record) bool { return len(r.Allowed()) == 0 })
	if len(page) == 0 {
		return
	}
	r := page[p.chance.IntN(len(page))]
	options := r.Allowed()
	o := options[p.chance.IntN(len(options))]
	m := request.Move{ID: fmt.Sprint("move-", p.steps), To: o.To, User: "kim", Text: p.word(dealer, r.ID, true)}
	switch o.Need {
	case request.QuoteAttached:
		m.Attachments = []request.File{{
			Filename: "quote.pdf", Mimetype: "application/pdf",
			Contents: base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(m.Text), 1+p.chance.IntN(4000))),
		}}
	case request.TitledCanceled:
		m.Title = "Canceled"
	case request.TerritoryWrong:
		m.Disposition = request.WrongTerritory
	case request.OtherOutcome:
		m.Disposition = "Lost - Competitor"
	case request.QuoteNotRequired:
		m.Disposition = "Won"
	}
	if len(m.Attachments) == 0 && p.chance.IntN(40) == 0 {
		p.command(r, m)
		return
	}
	if p.chance.IntN(3) == 0 && p.overHTTP(r, m) {
		return
	}
	p.patiently("moving a request", func(ctx context.Context) error {
		_, err := p.desk.Move(ctx, dealer, r.ID, m)
		return err
	})
	if p.chance.IntN(8) == 0 { // somebody presses the button twice
		p.repeats["desk, pressed twice"]++
		p.patiently("moving a request", func(ctx context.Context) error {
			moved, err := p.desk.Move(ctx, dealer, r.ID, m)
			if err == nil && moved.Message != nil {
				p.t.Errorf("move %s of request %s was made twice", m.ID, r.ID)
			}
			var no *request.Refusal
			if errors.As(err, &no) { // the first one stands, or it was refused as well
				return nil
			}
			return err
		})
	}
}

// overHTTP makes a move with the operator's API; false where nobody knows whether
// it was made.
func (p *parties) overHTTP(r request.Record, m request.Move) bool {
	p.t.Helper()
	body := map[string]any{"id": m.ID, "move": verbs[m.To], "user": m.User, "text": m.Text}
	if m.Title != "" {
		body["title"] = m.Title
	}
	if m.Disposition != "" {
		body["disposition"] = m.Disposition
	}
	for _, f := range m.Attachments {
		body["files"] = []any{map[string]any{"filename": f.Filename, "mimetype": f.Mimetype, "contents": f.Contents}}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	status, answer := p.operate(http.MethodPost, "/operator/v1/requests/"+r.ID+"/moves?dealer="+r.Dealer, raw)
	p.repeats[fmt.Sprintf("desk over HTTP, status %d", status)]++
	switch status {
	case http.StatusOK:
		return true
	case http.StatusConflict:
		if strings.Contains(answer, "try again") { // two at the same time
			return false
		}
		p.unsay()
		return true
	case 0, http.StatusServiceUnavailable:
		return false // the gateway died, or its database is away
	}
	p.t.Errorf("moving %s to %s over HTTP: %d %s", r.ID, m.To, status, answer)
	return false
}

// operate calls the operator's API; status 0 where no whole answer came.
func (p *parties) operate(method, path string, body []byte) (int, string) {
	p.t.Helper()
	call := func(req *http.Request) (int, string) {
		res, err := p.client.Do(req)
		if err != nil {
			return 0, ""
		}
		raw, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return 0, ""
		}
		return res.StatusCode, string(raw)
	}
	request := func(method, path string, body io.Reader) *http.Request {
		req, err := http.NewRequestWithContext(context.Background(), method, "http://"+p.listen+path, body)
		if err != nil {
			p.t.Fatal(err)
		}
		return req
	}
	if p.bearer == "" {
		req := request(http.MethodPost, "/oauth2/token", strings.NewReader("grant_type=client_credentials"))
		req.SetBasicAuth("desk", url.QueryEscape(p.deskSecret))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		status, answer := call(req)
		var granted struct {
			Token string `json:"access_token"`
		}
		if status != http.StatusOK {
			return 0, "no token"
		}
		if err := json.Unmarshal([]byte(answer), &granted); err != nil {
			p.t.Fatal(err)
		}
		p.bearer = granted.Token
	}
	req := request(method, path, bytes.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+p.bearer)
	req.Header.Set("Content-Type", "application/json")
	return call(req)
}

// verbs are the moves by the names commands have for them.
var verbs = map[request.Status]string{
	request.Received: "receive", request.Scheduled: "schedule", request.Quoted: "quote", request.Closed: "close", request.Submitted: "return",
}

// command makes a move with the command, as a process that is killed at any time
// first, and then by calling it again.
func (p *parties) command(r request.Record, m request.Move) {
	p.t.Helper()
	args := []string{
		"requests", "update", r.ID, verbs[m.To], "--config", p.config, "--dealer", r.Dealer, "--user", m.User, "--text", m.Text, "--step", m.ID,
	}
	if m.Disposition != "" {
		args = append(args, "--disposition", m.Disposition)
	}
	if m.Title != "" {
		args = append(args, "--title", m.Title)
	}
	binary, err := program()
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(5+p.chance.IntN(80))*time.Millisecond)
	defer cancel()
	killed := exec.CommandContext(ctx, binary, args...).Run() != nil // by SIGKILL when ctx ends
	if !killed {
		p.repeats["command, made at once"]++
		return
	}
	p.deaths["a command of the desk, "+anyTime]++
	p.repeats["command, after its death"]++
	late := time.Now().Add(2 * patience)
	for {
		var out, errs bytes.Buffer
		if code := cli.Run(context.Background(), "test", args, &out, &errs); code == 0 {
			return
		}
		switch {
		case strings.Contains(errs.String(), "may now") || strings.Contains(errs.String(), "allowed") || strings.Contains(errs.String(), "nothing can be done"):
			if p.kept(r, m.Text) {
				p.t.Errorf("move %s stands and its repeat was refused: %s", m.ID, errs.String())
			}
			p.unsay()
			return
		case time.Now().After(late):
			p.t.Fatalf("%q: %s", args, errs.String())
		}
		<-time.After(50 * time.Millisecond)
	}
}

// kept says whether a word stands in a request as the desk has it.
func (p *parties) kept(r request.Record, word string) bool {
	p.t.Helper()
	found := false
	p.patiently("reading a request", func(ctx context.Context) error {
		v, err := p.desk.Show(ctx, r.Dealer, r.ID)
		found = err == nil && slices.ContainsFunc(v.Request.Updates, func(u request.Update) bool { return u.Text() == word })
		return err
	})
	return found
}

func (p *parties) talk() {
	p.t.Helper()
	dealer := p.dealer()
	p.words++
	say := request.Say{ID: fmt.Sprint("say-", p.words), User: "kim", Text: fmt.Sprintf("talk-%s-%d.", dealer, p.words)}
	talks := slices.DeleteFunc(p.box.Talks(), func(t sandbox.Talk) bool { return t.Dealer != dealer })
	var chains []request.Chain
	p.patiently("listing conversations", func(ctx context.Context) (err error) {
		chains, _, err = p.desk.Chains(ctx, messaging.Filter{Dealer: dealer})
		return err
	})
	switch who := p.chance.IntN(12); {
	case who == 0:
		if _, err := p.box.Tell(sandbox.Say{Dealer: dealer, Text: say.Text}); err != nil {
			p.t.Fatal(err)
		}
	case who == 1:
		p.patiently("beginning a conversation", func(ctx context.Context) error {
			_, err := p.desk.Begin(ctx, dealer, "0001007", "K-"+say.Text, request.Asset{SerialNumber: say.Text}, say)
			return err
		})
	case who < 8 && len(chains) > 0:
		c := chains[p.chance.IntN(len(chains))]
		p.patiently("answering in a conversation", func(ctx context.Context) error {
			_, err := p.desk.Answer(ctx, dealer, c.ID, say)
			return err
		})
	case len(talks) > 0 && p.waiting < 60:
		if _, err := p.box.Tell(sandbox.Say{ID: talks[p.chance.IntN(len(talks))].ID, Text: say.Text}); err != nil {
			p.t.Fatal(err)
		}
	}
}

// disturb scripts what goes wrong between the gateway and the others.
func (p *parties) disturb() {
	p.t.Helper()
	ms := sandbox.Wait(time.Duration(1+p.chance.IntN(120)) * time.Millisecond)
	faults := []sandbox.Fault{
		{On: sandbox.Messages, Kind: sandbox.Drop},
		{On: sandbox.Messages, Kind: sandbox.Lost},
		{On: sandbox.Messages, Kind: sandbox.Lost, Delay: ms},
		{On: sandbox.Messages, Kind: sandbox.Cut},
		{On: sandbox.Messages, Kind: sandbox.Status, Status: 503, Times: 1 + p.chance.IntN(3)},
		{On: sandbox.Messages, Kind: sandbox.Status, Status: 500},
		{On: sandbox.Messages, Kind: sandbox.Status, Status: 429, RetryAfter: "1"},
		{On: sandbox.Messages, Kind: sandbox.HTML, Status: 502, Times: 1 + p.chance.IntN(3)},
		{On: sandbox.Messages, Kind: sandbox.Delay, Delay: ms},
		{On: sandbox.Messages, Kind: sandbox.Expire},
		{On: sandbox.Token, Kind: sandbox.Status, Status: 503},
		{On: sandbox.Delivery, Kind: sandbox.Lost},
		{On: sandbox.Delivery, Kind: sandbox.Lost},
		{On: sandbox.Delivery, Kind: sandbox.Duplicate},
		{On: sandbox.Delivery, Kind: sandbox.Delay, Delay: ms},
	}
	f := faults[p.chance.IntN(len(faults))]
	f.After = p.chance.IntN(3)
	if err := p.box.AddFaults(f); err != nil {
		p.t.Fatal(err)
	}
	if p.chance.IntN(4) == 0 {
		p.hook.mu.Lock()
		p.hook.busy = 1 + p.chance.IntN(3)
		p.hook.mu.Unlock()
	}
}

// carry delivers customers' messages until the function it returns is called.
func carry(t testing.TB, box *sandbox.Sandbox, pause time.Duration) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var carrying sync.WaitGroup
	carrying.Go(func() {
		for ctx.Err() == nil {
			_, _ = box.Deliver(ctx) // what fails is tried again
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	})
	return func() { cancel(); carrying.Wait() }
}
