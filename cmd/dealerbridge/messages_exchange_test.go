package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// TestRequestsFromSubmitToClose takes each type of request its whole way, with
// the sandbox as the Cat Rental Store, which judges by its own reading of the
// rules.
func TestRequestsFromSubmitToClose(t *testing.T) {
	x := exchanging(t, nil, "D100")
	for _, kind := range []string{"purchase_order", "jobsite", "extend"} { // R242
		t.Run(kind, func(t *testing.T) {
			id, v := x.begin(sandbox.Start{Type: kind})
			x.moves(v, "receive")
			x.settle()
			x.does(id, sandbox.MoreInfo, "At the north gate, please.")
			x.settle()
			v = x.same(id, "received")
			if got := history(v); got != "dealer:received partner:received" {
				t.Error(got)
			}
			x.moves(v, "close", func(m *model.RequestMove) { m.Text = words("It is done.") })
			x.settle()
			if v = x.same(id, "closed"); !v.Summary.Over || len(v.Allowed) != 0 {
				t.Errorf("over %v, allowed %v", v.Summary.Over, v.Allowed)
			}
			if got := x.verdicts(id); got != "accepted accepted" {
				t.Error(got)
			}
		})
	}
	for _, kind := range []string{"transfer", "service"} { // R247, R258
		t.Run(kind, func(t *testing.T) {
			id, v := x.begin(sandbox.Start{Type: kind, PhotoBytes: 70_000})
			x.moves(v, "receive")
			when := time.Now().AddDate(0, 0, 3).UTC().Truncate(time.Second).Format(time.RFC3339)
			x.moves(v, "schedule", func(m *model.RequestMove) { m.Date = &when })
			x.settle()
			x.moves(x.same(id, "scheduled"), "close")
			x.settle()
			x.same(id, "closed")
			if update := string(x.theirs(id).Updates[1]); !strings.Contains(update, when) {
				t.Errorf("the portal was not told of %s: %s", when, update)
			}
		})
	}
	t.Run("calloff", func(t *testing.T) { // R256: CRS closes it
		id, v := x.begin(sandbox.Start{Type: "calloff"})
		x.moves(v, "receive")
		x.moves(v, "schedule")
		x.settle()
		x.does(id, sandbox.End, "")
		x.settle()
		x.same(id, "closed")
	})
	t.Run("QuoteWithItsFile", func(t *testing.T) { // R262, R264
		offer := bytes.Repeat([]byte("%PDF-1.7 made up \x00\xff"), 5000)
		id, v := x.begin(sandbox.Start{Type: "quote", QuoteRequired: true})
		x.moves(v, "receive")
		x.moves(v, "quote", func(m *model.RequestMove) {
			m.Files = []model.NewFile{{Filename: "offer 7.pdf", Mimetype: "application/pdf", Contents: base64.StdEncoding.EncodeToString(offer)}}
		})
		x.settle()
		v = x.same(id, "quoted")
		x.does(id, sandbox.Approve, "")
		x.settle()
		x.moves(x.same(id, "approved"), "close", func(m *model.RequestMove) { m.Disposition = words("Won") })
		x.settle()
		x.same(id, "closed")
		var sent struct {
			Properties struct {
				Attachments []struct{ Filename, Contents string }
			}
		}
		d := x.theirs(id)
		if err := json.Unmarshal(d.Updates[1], &sent); err != nil || len(sent.Properties.Attachments) != 1 {
			t.Fatalf("%v: %.400s", err, d.Updates[1])
		}
		raw, err := base64.StdEncoding.DecodeString(sent.Properties.Attachments[0].Contents)
		if err != nil || !bytes.Equal(raw, offer) || sent.Properties.Attachments[0].Filename != "offer 7.pdf" {
			t.Errorf("%d bytes as %q arrived, %v", len(raw), sent.Properties.Attachments[0].Filename, err)
		}
		if d.Disposition != "Won" {
			t.Errorf("the portal has the outcome %q", d.Disposition)
		}
		file := x.call(x.desk, http.MethodGet, "/operator/v1/requests/"+v.Summary.ID+"/files/0", nil)
		if !bytes.Equal(file.body, offer) {
			t.Errorf("the desk gets %d bytes back, %d", len(file.body), file.status)
		}
	})
	t.Run("QuoteThatNeedsNone", func(t *testing.T) { // R262
		id, v := x.begin(sandbox.Start{Type: "quote"})
		x.moves(v, "receive")
		x.moves(v, "close", func(m *model.RequestMove) { m.Disposition = words("Lost - Competitor") })
		x.settle()
		x.same(id, "closed")
	})
	t.Run("ACanceledOneIsConfirmed", func(t *testing.T) { // R223, R224
		id, v := x.begin(sandbox.Start{Type: "transfer"})
		x.moves(v, "receive")
		x.settle()
		x.does(id, sandbox.Cancel, "We do not need it any more.")
		x.settle()
		x.moves(x.same(id, "canceled"), "cancel")
		x.settle()
		x.same(id, "closed")
		var last struct{ Title string }
		updates := x.theirs(id).Updates
		if err := json.Unmarshal(updates[len(updates)-1], &last); err != nil || last.Title != "Canceled" {
			t.Errorf("%v, title %q", err, last.Title)
		}
	})
	t.Run("ALeadComesBackAndItsOutcomeIsCorrected", func(t *testing.T) { // R275, R277, R278
		id, v := x.begin(sandbox.Start{Type: "lead"})
		if v.Summary.Customer != nil {
			t.Errorf("a lead of customer %q", *v.Summary.Customer)
		}
		after := x.moves(v, "return")
		if !after.Summary.Over || len(after.Allowed) != 0 {
			t.Errorf("it is not over: %+v", after.Summary)
		}
		x.settle()
		if !x.theirs(id).Away {
			t.Error("the portal still has it with this dealer")
		}
		x.does(id, sandbox.Return, "")
		x.settle()
		x.moves(x.same(id, "submitted"), "close", func(m *model.RequestMove) { m.Disposition = words("Won") })
		x.settle()
		v = x.same(id, "closed")
		if again := x.tries(v, "close", func(m *model.RequestMove) { m.Disposition = words("Won") }); again.status != http.StatusConflict {
			t.Errorf("the same outcome again is %d %s", again.status, again.body)
		}
		x.moves(v, "close", func(m *model.RequestMove) { m.Disposition = words("Lost - Competitor") })
		x.settle()
		if v = x.same(id, "closed"); x.theirs(id).Disposition != "Lost - Competitor" || *v.Summary.Disposition != "Lost - Competitor" {
			t.Errorf("%q there, %q here", x.theirs(id).Disposition, *v.Summary.Disposition)
		}
	})
	t.Run("TheDealersOwn", func(t *testing.T) { // R237
		when := time.Now().AddDate(0, 0, 9).UTC().Truncate(time.Second).Format(time.RFC3339)
		n := model.NewRequest{
			ID: "wish-1", Type: "extend", Customer: words("0001007"), User: "kim", RequestedDate: &when,
			Assets: []model.FreeObject{model.FreeObject(`{"serialNumber":"ZZT00117"}`)},
		}
		var v, same model.RequestView
		x.call(x.desk, http.MethodPost, "/operator/v1/requests", n).into(t, &v)
		x.call(x.desk, http.MethodPost, "/operator/v1/requests", n).into(t, &same)
		if same.Summary.ID != v.Summary.ID {
			t.Errorf("the same wish made %s and %s", v.Summary.ID, same.Summary.ID)
		}
		x.moves(v, "receive")
		x.moves(v, "close")
		x.settle()
		all := x.box.Desks()
		at := slices.IndexFunc(all, func(d sandbox.Desk) bool { return d.DealerID == v.Summary.ID })
		if at < 0 || all[at].Status != "closed" || !all[at].FromDealer {
			t.Errorf("the portal has %+v", all)
		}
	})
	if n := x.box.State().Portal; n.Refused != 0 || n.Verdicts["error"] != 0 || n.Verdicts["refused"] != 0 {
		t.Errorf("errors came up: %+v", n)
	}
}

// TestConversations lets both sides talk about machines.
func TestConversations(t *testing.T) {
	x := exchanging(t, nil, "D100")
	chains := func() []model.Conversation {
		var page model.ConversationPage
		x.call(x.desk, http.MethodGet, "/operator/v1/conversations", nil).into(t, &page)
		return page.Items
	}
	text := func(c model.Conversation) string {
		var lines []string
		for _, l := range c.Lines {
			lines = append(lines, string(l.Side)+": "+l.Text)
		}
		return strings.Join(lines, " | ")
	}
	talk, err := x.box.Tell(sandbox.Say{Text: "When does it arrive?", Contract: "K-7", Serial: "ZZT00117"})
	if err != nil {
		t.Fatal(err)
	}
	x.settle()
	c := chains()[0]
	said := func(id, words string) {
		t.Helper()
		var after model.Conversation
		x.call(x.desk, http.MethodPost, "/operator/v1/conversations/"+c.ID+"/messages", model.NewLine{ID: id, Text: words, User: "kim"}).into(t, &after)
	}
	said("line-1", "On Friday.")
	said("line-1", "On Friday.") // pressed twice
	said("line-2", "In the <b>morning</b>.")
	x.settle()
	for n := range 12 { // more than a message carries (R282)
		if _, err := x.box.Tell(sandbox.Say{ID: talk.ID, Text: fmt.Sprintf("Word %d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	x.settle()
	c = chains()[0]
	want := "partner: When does it arrive? | dealer: On Friday. | dealer: In the <b>morning</b>."
	for n := range 12 {
		want += fmt.Sprintf(" | partner: Word %d", n)
	}
	if got := text(c); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	there := x.box.Talks()[0]
	if len(there.Messages) != 15 || there.Messages[1].Text != "On Friday." || there.Messages[2].Text != "In the <b>morning</b>." || there.DealerID != c.ID {
		t.Errorf("the portal has %+v", there)
	}
	if _, err := x.box.Tell(sandbox.Say{ID: talk.ID, Text: "It is back.", Over: true}); err != nil { // R287
		t.Fatal(err)
	}
	x.settle()
	if chains()[0].Active {
		t.Error("it still goes on")
	}
	r := x.call(x.desk, http.MethodPost, "/operator/v1/conversations/"+c.ID+"/messages", model.NewLine{ID: "line-3", Text: "Good.", User: "kim"})
	if r.status != http.StatusConflict {
		t.Errorf("a word after the end is %d %s", r.status, r.body)
	}
	serial := "ZZT00118"
	begin := model.NewConversation{ID: "talk-1", Customer: "0001007", Contract: "K-8", Asset: model.AssetName{SerialNumber: &serial}, Text: "May we service it?", User: "kim"}
	var begun model.Conversation
	x.call(x.desk, http.MethodPost, "/operator/v1/conversations", begin).into(t, &begun)
	x.settle()
	talks := x.box.Talks()
	at := slices.IndexFunc(talks, func(t sandbox.Talk) bool { return t.DealerID == begun.ID })
	if at < 0 || talks[at].Messages[0].Text != "May we service it?" {
		t.Fatalf("the portal has %+v", talks)
	}
	if _, err := x.box.Tell(sandbox.Say{ID: talks[at].ID, Text: "Yes."}); err != nil {
		t.Fatal(err)
	}
	x.settle()
	all := chains()
	if len(all) != 2 || text(all[0]) != "dealer: May we service it? | partner: Yes." {
		t.Errorf("%d conversations, the last is %s", len(all), text(all[0]))
	}
}
