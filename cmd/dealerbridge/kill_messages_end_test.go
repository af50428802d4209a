package main_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// settles lets everything arrive, with a process that may live.
func (p *parties) settles(limit time.Duration, hurry func()) {
	p.t.Helper()
	quiet := 0
	soon(p.t, limit, "everything arrives", func() error {
		hurry()
		counts, err := p.desk.Queue.Counts(context.Background())
		if err != nil {
			return err
		}
		left, _ := json.Marshal(counts)
		waits := slices.ContainsFunc(counts, func(c queue.Count) bool { return c.Waiting+c.Working > 0 })
		if state := p.box.State().Portal; waits || state.Waiting > 0 {
			quiet = 0
			return errors.New(string(left))
		}
		if quiet++; quiet < 3 {
			return errors.New("not quiet yet")
		}
		return nil
	})
}

// soon waits until something holds.
func soon(t testing.TB, limit time.Duration, what string, holds func() error) {
	t.Helper()
	late := time.NewTimer(limit)
	defer late.Stop()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-look.C:
		case <-late.C:
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// record reads a request the portal has, as the gateway has it.
func (p *parties) record(d sandbox.Desk, all []request.Record) *request.Record {
	for i := range all {
		if r := &all[i]; r.Dealer == d.Dealer && (r.PartnerID == d.ID || d.FromDealer && r.ID == d.DealerID) {
			return r
		}
	}
	return nil
}

// agree holds what both sides think against what was said.
func (p *parties) agree() {
	p.t.Helper()
	ctx := context.Background()
	counts, err := p.desk.Queue.Counts(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range counts {
		if c.Parked > 0 {
			items, _ := p.desk.Queue.List(ctx, queue.Filter{States: []queue.State{queue.Parked}})
			for _, i := range items {
				p.t.Errorf("parked: %s %s %s after %d tries, %d strikes: %s", i.Lane, i.Kind, i.ID, i.Tries, i.Strikes, i.Why)
			}
			break
		}
	}
	var all []request.Record
	for _, dealer := range []string{"D100", "D200"} {
		page, next, err := p.desk.Requests(ctx, messaging.Filter{Dealer: dealer, Most: 100_000})
		if err != nil || next != "" {
			p.t.Fatal(next, err)
		}
		all = append(all, page...)
	}
	desks := p.box.Desks()
	if len(all) != len(desks) {
		p.t.Errorf("%d requests here, %d there", len(all), len(desks))
	}
	told := p.whatArrived()
	for _, d := range desks {
		r := p.record(d, all)
		if r == nil {
			p.t.Errorf("request %s of %s is lost", d.ID, d.Dealer)
			continue
		}
		if string(r.Status) != d.Status || (r.Ended == request.ByTerritory) != d.Away {
			p.t.Errorf("%s %s: %s %q here, %s (away %v) there", d.Type, d.ID, r.Status, r.Ended, d.Status, d.Away)
		}
		if d.DealerID != "" && d.DealerID != r.ID {
			p.t.Errorf("%s: paired with %s, not with %s", d.ID, d.DealerID, r.ID)
		}
		p.wordsOf(d, r, told)
		p.photosOf(d, r)
		p.handedOf(r)
	}
	p.talksAgree()
}

// arrivals are what the portal got and sent, by the words in it.
type arrivals struct {
	dealers   map[string][]string // words of the dealer in the order of their first arrival, by request
	verdicts  map[string]string   // of each word of the dealer
	refused   map[string]string   // words of customers the gateway answered with an error, and its code
	delivered map[string]int      // tries, by word
}

func (p *parties) whatArrived() arrivals {
	a := arrivals{dealers: map[string][]string{}, verdicts: map[string]string{}, refused: map[string]string{}, delivered: map[string]int{}}
	words := map[string]string{} // of customers, by the id of their message
	byMail := func(id, text string) {
		if at := strings.Index(text, "word-"); at >= 0 {
			words[id] = text[at : at+strings.IndexByte(text[at:], '.')+1]
		}
	}
	for _, m := range p.box.Mails() {
		var echo struct {
			Payload struct {
				Update json.RawMessage `json:"requestUpdate"`
			} `json:"payload"`
		}
		if m.State != "delivered" {
			p.t.Errorf("message %s to %s is %s with %d: %s", m.ID, m.Dealer, m.State, m.Status, m.Echo)
		}
		if json.Unmarshal([]byte(m.Echo), &echo) == nil {
			byMail(m.ID, string(echo.Payload.Update))
		}
	}
	for _, n := range p.box.Notes() {
		if n.Verdict == "repeat" {
			continue
		}
		if n.Verdict == "error" {
			a.refused[words[n.About]] = n.Why
			continue
		}
		var body struct {
			Payload struct {
				Update struct {
					Text string `json:"text"`
				} `json:"requestUpdate"`
			} `json:"payload"`
		}
		if json.Unmarshal(n.Body, &body) != nil || !strings.HasPrefix(body.Payload.Update.Text, "word-") {
			continue
		}
		word := body.Payload.Update.Text
		if before, twice := a.verdicts[word]; twice {
			p.t.Errorf("%s had its effect twice: %s, %s", word, before, n.Verdict)
		}
		a.verdicts[word] = n.Verdict
		a.dealers[n.About] = append(a.dealers[n.About], word)
	}
	return a
}

// wordsOf holds one request's words against each other.
func (p *parties) wordsOf(d sandbox.Desk, r *request.Record, told arrivals) {
	p.t.Helper()
	var here, there struct{ own, theirs []string }
	var refused []string // of ours
	for i := range r.Updates {
		u := &r.Updates[i]
		switch word := u.Text(); {
		case !strings.HasPrefix(word, "word-"):
		case u.Side == request.Partner:
			here.theirs = append(here.theirs, word)
		default:
			here.own = append(here.own, word)
			if u.Refused != "" {
				refused = append(refused, word)
			}
		}
	}
	for _, raw := range d.Updates {
		var u struct{ Text string }
		if json.Unmarshal(raw, &u) != nil || !strings.HasPrefix(u.Text, "word-") {
			continue
		}
		if slices.Contains(here.own, u.Text) {
			there.own = append(there.own, u.Text)
		} else {
			there.theirs = append(there.theirs, u.Text)
		}
	}
	var saidHere, saidThere []string
	for _, s := range p.said {
		switch {
		case s.dealer == r.Dealer && s.own && s.about == r.ID:
			saidHere = append(saidHere, s.word)
		case s.dealer == r.Dealer && !s.own && s.about == d.ID:
			saidThere = append(saidThere, s.word)
		}
	}
	not := func(list []string, out func(string) bool) []string { return slices.DeleteFunc(slices.Clone(list), out) }
	in := func(list []string) func(string) bool { return func(w string) bool { return slices.Contains(list, w) } }
	answered := func(w string) bool { return told.refused[w] != "" }
	for _, c := range []struct {
		what      string
		got, want []string
	}{
		{"the desk said, the gateway has", here.own, saidHere},
		{"the desk said, CRS got", told.dealers[d.ID], saidHere},
		{"what CRS took", there.own, not(saidHere, in(refused))},
		{"the customer said, CRS has", there.theirs, saidThere},
		{"the customer said, the gateway has", here.theirs, not(saidThere, answered)},
	} {
		if !slices.Equal(c.got, c.want) {
			p.t.Errorf("%s %s of %s: %s: got %v, want %v", d.Type, d.ID, d.Dealer, c.what, c.got, c.want)
		}
	}
	for _, w := range refused {
		if told.verdicts[w] != "refused" && told.verdicts[w] != "unknown" {
			p.t.Errorf("%s is refused here, CRS says %q", w, told.verdicts[w])
		}
	}
}

// photosOf compares the files of both sides byte by byte.
func (p *parties) photosOf(d sandbox.Desk, r *request.Record) {
	p.t.Helper()
	type file struct {
		Filename string `json:"filename"`
		Contents string `json:"contents"`
	}
	var first struct {
		Properties struct {
			Images []file `json:"images"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(d.Request, &first); err != nil {
		p.t.Error(err)
		return
	}
	want := first.Properties.Images
	for _, raw := range d.Updates {
		var u struct {
			Properties struct {
				Attachments []file `json:"attachments"`
			} `json:"properties"`
		}
		if json.Unmarshal(raw, &u) == nil {
			want = append(want, u.Properties.Attachments...)
		}
	}
	var got []request.File
	got = append(got, r.Files()...)
	for _, f := range want {
		plain, err := base64.StdEncoding.DecodeString(f.Contents)
		if err != nil {
			p.t.Errorf("%s: a file of the portal: %v", d.ID, err)
			continue
		}
		found := false
		for _, g := range got {
			found = found || bytes.Equal(p.content(r.Dealer, g), plain)
		}
		if !found {
			p.t.Errorf("%s %s of %s: file %s (%d bytes) is not the same here; there are %d", d.Type, d.ID, d.Dealer, f.Filename, len(plain), len(got))
		}
		p.repeats["(files compared)"]++
	}
}

func (p *parties) content(dealer string, f request.File) []byte {
	file, err := p.desk.File(context.Background(), dealer, f)
	if err != nil {
		p.t.Error(err)
		return nil
	}
	raw, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		p.t.Error(err)
	}
	return raw
}

// handedOf holds what the dealer's system got against what the request took.
func (p *parties) handedOf(r *request.Record) {
	p.t.Helper()
	if r.Dealer != "D100" {
		return
	}
	var want []string
	if r.Origin == request.Partner {
		want = append(want, r.StartedBy)
	}
	for i := range r.Updates {
		u := &r.Updates[i]
		if u.Side == request.Partner && u.Source != "" && !slices.Contains(want, u.Source) {
			want = append(want, u.Source)
		}
	}
	p.hook.mu.Lock()
	defer p.hook.mu.Unlock()
	got := slices.DeleteFunc(slices.Clone(p.hook.order[r.ID]), func(id string) bool { return !slices.Contains(want, id) })
	if !slices.Equal(got, want) {
		p.t.Errorf("request %s (%s): the dealer's system got %v, not %v", r.ID, r.Type, got, want)
	}
}

func (p *parties) talksAgree() {
	p.t.Helper()
	var chains []request.Chain
	for _, dealer := range []string{"D100", "D200"} {
		page, _, err := p.desk.Chains(context.Background(), messaging.Filter{Dealer: dealer, Most: 100_000})
		if err != nil {
			p.t.Fatal(err)
		}
		chains = append(chains, page...)
	}
	talks := p.box.Talks()
	if len(chains) != len(talks) {
		p.t.Errorf("%d conversations here, %d there", len(chains), len(talks))
	}
	for _, talk := range talks {
		at := slices.IndexFunc(chains, func(c request.Chain) bool { return c.Dealer == talk.Dealer && c.PartnerID == talk.ID })
		if at < 0 {
			p.t.Errorf("conversation %s of %s is lost", talk.ID, talk.Dealer)
			continue
		}
		var here, there []string
		for _, l := range chains[at].Lines {
			here = append(here, l.Text)
		}
		for _, m := range talk.Messages {
			there = append(there, m.Text)
		}
		slices.Sort(here) // some were said in the same second
		slices.Sort(there)
		if !slices.Equal(here, there) {
			p.t.Errorf("conversation %s of %s: %q here, %q there", talk.ID, talk.Dealer, here, there)
		}
		for _, text := range here {
			if !strings.Contains(text, talk.Dealer) {
				p.t.Errorf("%q stands in a conversation of %s", text, talk.Dealer)
			}
		}
	}
}

// tell prints how processes died, and what was done more than once.
func (p *parties) tell() {
	p.t.Helper()
	total := 0
	for _, how := range slices.Sorted(maps.Keys(p.deaths)) {
		p.t.Logf("died %s: %d", how, p.deaths[how])
		total += p.deaths[how]
	}
	again, handed := 0, 0
	mails := p.box.Mails()
	for _, m := range mails {
		again += m.Tries - 1
	}
	for _, n := range p.hook.handed {
		handed += n - 1
	}
	state := p.box.State()
	p.t.Logf("%d processes died; %d requests, %d conversations, %d words; %d scripted faults happened", total, state.Portal.Requests, state.Portal.Talks, len(p.said), state.Faults)
	p.t.Logf("customers' messages: %d, tried again %d times; messages for CRS: %v; handed over %d, again %d times", len(mails), again, state.Portal.Verdicts, len(p.hook.handed), handed)
	for _, what := range slices.Sorted(maps.Keys(p.repeats)) {
		p.t.Logf("%s: %d", what, p.repeats[what])
	}
}
