package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// sleep waits until the clock says that the time is over, be it because a test
// put it forward.
func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	until := c.Now().Add(d)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for c.Now().Before(until) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// exchange is a gateway in this process that exchanges messages with the sandbox,
// and a desk that uses the operator's API.
type exchange struct {
	*gateway
	box  *sandbox.Sandbox
	desk string // bearer token of the dealer's desk
	step int

	secret string // of the desk's client
	away   bool   // CRS takes nothing: only what comes from it can settle
}

// exchanging starts a gateway whose dealers exchange messages; D100 is the
// sandbox's. change may alter the configuration.
func exchanging(t testing.TB, change func(*config.Config), dealers ...string) *exchange {
	t.Helper()
	x := &exchange{}
	var clients []sandbox.Client
	c := serving()
	for _, code := range dealers {
		clients = append(clients, sandbox.Client{ID: "gateway-" + code, Secret: "made-up-" + code, Dealer: code})
	}
	var err error
	if x.box, err = sandbox.New(sandbox.Options{Seed: 5, Clients: clients}); err != nil {
		t.Fatal(err)
	}
	far := httptest.NewServer(x.box)
	t.Cleanup(far.Close)
	for _, code := range dealers {
		d := prairie(t, code)
		d.Messages = &config.Messages{
			Service: far.URL + sandbox.MessagePath, TokenService: far.URL + sandbox.TokenPath,
			ClientID: "gateway-" + code, ClientSecret: config.NewSecret("made-up-" + code), MaxBody: config.DefaultMaxBody,
		}
		c.Dealers = append(c.Dealers, d)
	}
	if change != nil {
		change(&c)
	}
	timing := &clock{}
	x.gateway = start(t, c, func(o *app.Options) { o.Now, o.Sleep = timing.Now, timing.sleep })
	x.clock = timing
	for _, code := range dealers {
		d := sandbox.Dealer{Code: code, URL: x.base, ClientID: "crs-" + code, Secret: x.addClient("crs-"+code, code)}
		if err := x.box.Connect(d); err != nil {
			t.Fatal(err)
		}
	}
	x.secret = x.client("desk", []string{token.ScopeOperate, token.ScopeOperateWrite}, dealers...)
	x.desk = x.token("desk", x.secret)
	return x
}

// client makes a client with some scopes and returns its secret.
func (g *gateway) client(id string, scopes []string, dealers ...string) (secret string) {
	g.t.Helper()
	g.clients(func(r token.Registry) {
		var err error
		if secret, err = r.Add(g.t.Context(), id, "", dealers, scopes, ""); err != nil {
			g.t.Fatal(err)
		}
	})
	return secret
}

// reply is one answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// into reads the body of an answer that must be 200.
func (r reply) into(t testing.TB, v any) {
	t.Helper()
	if r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
}

// message is what a problem says.
func (r reply) message(t testing.TB) string {
	t.Helper()
	var p model.Problem
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	return p.Message
}

// call calls the gateway; body is nil, a reader, or what is sent as JSON.
func (g *gateway) call(bearer, method, path string, body any) reply {
	g.t.Helper()
	var from io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		from = b
	case string:
		from = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			g.t.Fatal(err)
		}
		from = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, g.base+path, from)
	if err != nil {
		g.t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := g.http.Do(req)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	raw, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply{res.StatusCode, res.Header, raw}
}

// settle lets everything arrive; the clock is put forward where something waits
// for its next try.
func (x *exchange) settle() {
	x.t.Helper()
	quiet := 0
	eventually(x.t, "everything arrives", func() error {
		_, err := x.box.Deliver(context.Background())
		var counts model.QueueCounts
		var left []model.LaneCount
		for _, d := range x.cfg.Dealers {
			x.call(x.desk, http.MethodGet, "/operator/v1/queue?dealer="+d.Code, nil).into(x.t, &counts)
			left = append(left, slices.DeleteFunc(counts.Lanes, func(l model.LaneCount) bool { return l.Waiting+l.Working == 0 || x.away && l.Direction == "out" })...)
		}
		state := x.box.State().Portal
		if quiet++; len(left) > 0 || state.Waiting > 0 {
			x.clock.advance(time.Second)
			quiet = 0
		}
		if quiet < 3 {
			return fmt.Errorf("%d messages wait for the gateway (%w), and %+v", state.Waiting, err, left)
		}
		return nil
	})
}

// begin has a customer make a request, and returns it as the gateway has it.
func (x *exchange) begin(s sandbox.Start) (theirs string, v model.RequestView) {
	x.t.Helper()
	ids, err := x.box.StartRequests(s)
	if err != nil {
		x.t.Fatal(err)
	}
	x.settle()
	return ids[0], x.of(ids[0])
}

// of finds the request the portal has by an id.
func (x *exchange) of(theirs string) model.RequestView {
	x.t.Helper()
	d := x.theirs(theirs)
	var page model.RequestPage
	x.call(x.desk, http.MethodGet, "/operator/v1/requests?limit=500&dealer="+d.Dealer, nil).into(x.t, &page)
	for _, r := range page.Items {
		if r.PartnerID != nil && *r.PartnerID == theirs {
			return x.view(d.Dealer, r.ID)
		}
	}
	x.t.Fatalf("the gateway has no request %s", theirs)
	return model.RequestView{}
}

func (x *exchange) view(dealer, id string) (v model.RequestView) {
	x.t.Helper()
	x.call(x.desk, http.MethodGet, "/operator/v1/requests/"+id+"?dealer="+dealer, nil).into(x.t, &v)
	return v
}

// theirs is a request as the portal has it.
func (x *exchange) theirs(id string) sandbox.Desk {
	x.t.Helper()
	all := x.box.Desks()
	at := slices.IndexFunc(all, func(d sandbox.Desk) bool { return d.ID == id })
	if at < 0 {
		x.t.Fatalf("the portal has no request %s", id)
	}
	return all[at]
}

// tries makes a step of the desk, which may be refused.
func (x *exchange) tries(v model.RequestView, move string, change ...func(*model.RequestMove)) reply {
	x.t.Helper()
	x.step++
	m := model.RequestMove{ID: fmt.Sprintf("step-%d", x.step), Move: model.RequestMoveMove(move), User: "kim", UserName: words("Kim Ostrander")}
	for _, c := range change {
		c(&m)
	}
	return x.call(x.desk, http.MethodPost, "/operator/v1/requests/"+v.Summary.ID+"/moves?dealer="+v.Summary.Dealer, m)
}

// moves makes a step that must be allowed.
func (x *exchange) moves(v model.RequestView, move string, change ...func(*model.RequestMove)) (after model.RequestView) {
	x.t.Helper()
	x.tries(v, move, change...).into(x.t, &after)
	return after
}

// edit changes the tables of a dealer.
func (x *exchange) edit(dealer, statement string) {
	x.t.Helper()
	for _, d := range x.cfg.Dealers {
		if d.Code != dealer {
			continue
		}
		db, err := sql.Open("sqlite", "file:"+d.Database.Path+"?_pragma=busy_timeout(10000)")
		if err != nil {
			x.t.Fatal(err)
		}
		done, err := db.ExecContext(context.Background(), statement)
		if err := errors.Join(err, db.Close()); err != nil {
			x.t.Fatal(err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			x.t.Fatalf("%s changed %d rows, %v", statement, n, err)
		}
	}
}

func words(text string) *string { return &text }

// does has a customer do something.
func (x *exchange) does(id string, act sandbox.Act, text string) {
	x.t.Helper()
	if _, err := x.box.Do(sandbox.Acted{ID: id, Act: act, Text: text}); err != nil {
		x.t.Fatal(err)
	}
}

// same holds both sides' states of a request against each other.
func (x *exchange) same(id, want string) model.RequestView {
	x.t.Helper()
	d, v := x.theirs(id), x.of(id)
	if d.Status != want || string(v.Summary.Status) != want {
		x.t.Errorf("%s %s is %s there and %s here, want %s", d.Type, id, d.Status, v.Summary.Status, want)
	}
	if d.DealerID != "" && d.DealerID != v.Summary.ID {
		x.t.Errorf("%s is paired with %s, not with %s", id, d.DealerID, v.Summary.ID)
	}
	return v
}

// history are the steps of a request as the gateway has them.
func history(v model.RequestView) string {
	var steps []string
	for _, u := range v.Updates {
		one := string(u.Side) + ":" + u.Status
		if u.Refused != nil {
			one += "(refused)"
		}
		steps = append(steps, one)
	}
	return strings.Join(steps, " ")
}

// verdicts are what the portal said of a request's messages, in order.
func (x *exchange) verdicts(about string) string {
	var out []string
	for _, n := range x.box.Notes() {
		if n.About == about {
			out = append(out, n.Verdict)
		}
	}
	return strings.Join(out, " ")
}
