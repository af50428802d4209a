package request_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/server/request"
)

// line is one message of a chain as CRS shows it.
type line struct {
	at       time.Time
	by, text string
}

// chainMessage is a message of CRS's; texts are oldest first, a minute apart.
func chainMessage(t testing.TB, id string, remote any, texts ...string) []byte {
	var lines []line
	for i, text := range texts {
		lines = append(lines, line{noon.Add(time.Duration(i) * time.Minute), "ada@quillford.example", text})
	}
	return chainOf(t, id, remote, lines)
}

func chainOf(t testing.TB, id string, remote any, lines []line) []byte {
	var messages []any
	for _, l := range slices.Backward(lines) {
		messages = append(messages, object{
			"createdDate": l.at.Format(time.RFC3339), "createdBy": l.by, "messageText": l.text, "properties": object{"userName": "Ada Fernwood"},
		})
	}
	return packed(t, object{
		"dealerCode": "D100", "customerNumber": "0001007", "submittedMessageId": "c-1", "submittedTime": "2026-03-02T12:00:00Z", "messageType": "message",
		"payload": object{"message": object{
			"messageChain": object{"localId": id, "remoteId": remote, "chainType": "asset", "active": true, "createdDate": "2026-03-02T12:00:00Z", "deskColour": "red"},
			"messages":     messages,
			"asset":        object{"rentedAssetId": "K-1-1", "serialNumber": "ZZT00417"}, "contract": object{"contractId": "K-1"},
		}},
	})
}

// hearChain handles a message of a chain as a worker would.
func (d *desk) hearChain(body []byte) (*request.Chain, []request.Effect) {
	d.t.Helper()
	d.seen++
	in, err := request.Read(fmt.Sprintf("in-%d", d.seen), body)
	if err != nil {
		d.t.Fatal(err)
	}
	found := request.FoundChain{ByOwn: d.chains[in.RemoteID]}
	for _, c := range d.chains {
		if c.PartnerID != "" && c.PartnerID == in.LocalID {
			found.ByPartner = c
		}
		if c.PartnerID == "" && c.Where() != "" && c.Where() == in.Where() {
			found.ByPlace = c
		}
		for _, l := range c.Lines {
			if l.MessageID != "" && l.MessageID == in.ErrorOf {
				found.ByMessage = c
			}
		}
	}
	c, effects := request.ReceiveChain(found, in, d.env())
	if c != nil {
		d.chains[c.ID] = c
	}
	return c, effects
}

func said3(c *request.Chain) []string {
	var out []string
	for _, l := range c.Lines {
		out = append(out, l.At.Format("15:04:05")+" "+l.Text)
	}
	return out
}

func TestChains(t *testing.T) {
	ask := request.Say{ID: "s1", User: "mlind", UserName: "Mara Lind", Text: "At seven."}
	asset := request.Asset{RentedAssetID: "K-1-1"}
	t.Run("R284OnlyWhatIsMissingIsAdded", func(t *testing.T) {
		d := newDesk(t)
		d.hearChain(chainMessage(t, "c9", nil, "one"))
		c, effects := d.hearChain(chainMessage(t, "c9", nil, "one", "two", "three"))
		if diff := cmp.Diff([]string{"12:00:00 one", "12:01:00 two", "12:02:00 three"}, said3(c)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"hand-over "}, kinds(effects)); diff != "" {
			t.Error(diff)
		}
		_, effects = d.hearChain(chainOf(t, "c9", nil, []line{
			{noon.Add(time.Minute + 20*time.Second), "ada@quillford.example", "two "}, {noon.Add(2 * time.Minute), "remote:ada@quillford.example", "three"},
		}))
		if len(effects) != 1 || effects[0].Reason != request.RepeatedMessage {
			t.Error("a small difference in time made a new message:", effects)
		}
		c, _ = d.hearChain(chainOf(t, "c9", nil, []line{{noon.Add(time.Hour), "ada@quillford.example", "two"}, {noon.Add(time.Hour), "bo@quist.example", "two"}}))
		if len(c.Lines) != 5 {
			t.Errorf("what was said again an hour later, or by another, is missing: %v", said3(c))
		}
		if len(d.chains) != 1 {
			t.Errorf("%d chains", len(d.chains))
		}
	})
	t.Run("R285TheirTimeIsTaken", func(t *testing.T) {
		d := newDesk(t)
		c, _ := d.hearChain(chainMessage(t, "c9", nil, "When?"))
		d.now = noon.Add(time.Minute)
		said, err := c.Say(ask, d.env())
		if err != nil {
			t.Fatal(err)
		}
		d.chains[c.ID] = said.Chain
		// The lane was blocked for hours, so that it arrived there much later.
		arrived := noon.Add(5 * time.Hour)
		c, effects := d.hearChain(chainOf(t, "c9", c.ID, []line{{noon, "ada@quillford.example", "When?"}, {arrived, "remote:mlind", "At seven."}}))
		if diff := cmp.Diff([]string{"12:00:00 When?", "17:00:00 At seven."}, said3(c)); diff != "" {
			t.Error(diff)
		}
		if effects[0].Kind != request.Note {
			t.Error(effects)
		}
	})
	t.Run("R283R289WhatIsSent", func(t *testing.T) {
		d := newDesk(t)
		var texts []string
		for i := range 10 {
			texts = append(texts, fmt.Sprint("t", i))
		}
		c, _ := d.hearChain(chainMessage(t, "c9", nil, texts...))
		d.now = noon.Add(time.Hour)
		said, err := c.Say(ask, d.env())
		if err != nil {
			t.Fatal(err)
		}
		if faults := request.Check(said.Message.Body); faults != nil {
			t.Error(faults)
		}
		m := at(parsed(t, said.Message.Body), "payload", "message").(object)
		if got := m["messages"].([]any); len(got) != 10 || at(got, 0, "messageText") != "At seven." || at(got, 9, "messageText") != "t1" || at(got, 0, "createdBy") != "local:mlind" {
			t.Errorf("%v", got)
		}
		head := m["messageChain"].(object)
		if head["localId"] != c.ID || head["remoteId"] != "c9" || head["deskColour"] != "red" {
			t.Errorf("%v", head)
		}
		if again, err := said.Chain.Say(ask, d.env()); err != nil || again.Message != nil {
			t.Errorf("said twice: %v", err)
		}
	})
	t.Run("R286BothBeginAtOnce", func(t *testing.T) {
		d := newDesk(t)
		said, err := request.StartChain("D100", "0001007", "K-1", asset, ask, d.env())
		if err != nil {
			t.Fatal(err)
		}
		if faults := request.Check(said.Message.Body); faults != nil {
			t.Error(faults)
		}
		d.chains[said.Chain.ID] = said.Chain
		c, _ := d.hearChain(chainMessage(t, "c9", nil, "When?"))
		if c.ID != said.Chain.ID || c.PartnerID != "c9" || len(c.Lines) != 2 {
			t.Errorf("%+v", c)
		}
		if _, err := request.StartChain("D100", "0001007", "", asset, ask, d.env()); !errors.Is(err, request.ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("R287AnEndedChainTakesNothing", func(t *testing.T) {
		d := newDesk(t)
		d.hearChain(chainMessage(t, "c9", nil, "When?"))
		c, effects := d.hearChain(with(t, chainMessage(t, "c9", nil, "When?"), func(o object) {
			at(o, "payload", "message", "messageChain").(object)["active"] = false
		}))
		if c.Active || effects[0].Kind != request.HandOver {
			t.Error(c.Active, effects)
		}
		if _, err := c.Say(ask, d.env()); !errors.Is(err, request.ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ARefusedMessageReachesWhoSaidIt", func(t *testing.T) {
		d := newDesk(t)
		said, err := request.StartChain("D100", "0001007", "K-1", asset, ask, d.env())
		if err != nil {
			t.Fatal(err)
		}
		d.chains[said.Chain.ID] = said.Chain
		refused := with(t, sample(t, "po/08-error-404-request-not-found.json"), func(o object) {
			o["messageType"], at(o, "payload").(object)["errorSubmittedMessageId"] = "message", said.Message.ID
		})
		c, effects := d.hearChain(refused)
		if c.Lines[0].Refused != request.NotFound || effects[0].User != "local:mlind" {
			t.Errorf("%+v %v", c, effects)
		}
	})
}

// TestBothSidesReadTheSameConversation draws who says what when, with clocks
// that differ, messages that wait and messages that come twice. When all have
// arrived the dealer reads what CRS reads, with CRS's times.
func TestBothSidesReadTheSameConversation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t)
		clock := noon
		skew := time.Duration(rapid.IntRange(-100, 100).Draw(rt, "skew")) * time.Second
		var there []line // as CRS reads it, in the order of arrival
		var outward []request.Say
		var inward [][]byte
		var c *request.Chain
		tell := func() {
			var mine any
			if c != nil {
				mine = c.ID
			}
			inward = append(inward, chainOf(t, "c9", mine, there[max(0, len(there)-10):]))
		}
		arrive := func() {
			body := inward[0]
			if rapid.Bool().Draw(rt, "once") {
				inward = inward[1:]
			}
			if got, _ := d.hearChain(body); got != nil {
				c = got
			}
		}
		n := 0
		text := func() string {
			n++
			return fmt.Sprintf("%d %s", n, rapid.SampledFrom([]string{"yes", "no"}).Draw(rt, "text"))
		}
		there = append(there, line{clock, "ada@quillford.example", text()})
		tell()
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			clock = clock.Add(time.Duration(rapid.IntRange(1, 4000).Draw(rt, "pause")) * time.Second)
			d.now = clock.Add(skew)
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				there = append(there, line{clock, "ada@quillford.example", text()})
				tell()
			case 1:
				if c != nil {
					say := request.Say{User: "mlind", Text: text()}
					said, err := c.Say(say, d.env())
					if err != nil {
						rt.Fatal(err)
					}
					c = said.Chain
					d.chains[c.ID] = c
					outward = append(outward, say)
				}
			case 2:
				if len(outward) > 0 {
					there = append(there, line{clock, "local:mlind", outward[0].Text})
					outward = outward[1:]
				}
			case 3:
				if len(inward) > 0 {
					arrive()
				}
			}
		}
		for _, say := range outward {
			clock = clock.Add(time.Second)
			there = append(there, line{clock, "local:mlind", say.Text})
		}
		clock = clock.Add(time.Minute)
		there = append(there, line{clock, "ada@quillford.example", text()})
		tell()
		for len(inward) > 0 {
			arrive()
		}
		var want []string
		for _, l := range there {
			want = append(want, l.at.Format("15:04:05")+" "+l.text)
		}
		got := said3(c)
		if k := min(len(want), 10); len(got) != len(want) || !slices.Equal(want[len(want)-k:], got[len(got)-k:]) {
			rt.Errorf("(-there +here) %s", cmp.Diff(want, got))
		}
	})
}
