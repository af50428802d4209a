package alert_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/alert"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// kept is a store in memory.
type kept struct {
	alerts []alert.Kept
	next   int64
	mails  map[string]time.Time
	fail   error // of the next Mailed
}

func (k *kept) KeepAlert(_ context.Context, a alert.Alert, at time.Time) error {
	k.next++
	k.alerts = append(k.alerts, alert.Kept{Alert: a, ID: k.next, At: at})
	return nil
}

func (k *kept) WaitingAlerts(context.Context, int) ([]alert.Kept, error) {
	return slices.Clone(k.alerts), nil
}

func (k *kept) LastMail(_ context.Context, dealer, cause, people string) (time.Time, error) {
	return k.mails[dealer+cause+people], nil
}

func (k *kept) Mailed(_ context.Context, dealer, cause, people string, ids []int64, at time.Time) error {
	if err := k.fail; err != nil {
		k.fail = nil
		return err
	}
	k.alerts = slices.DeleteFunc(k.alerts, func(a alert.Kept) bool { return slices.Contains(ids, a.ID) })
	if k.mails == nil {
		k.mails = map[string]time.Time{}
	}
	k.mails[dealer+cause+people] = at
	return nil
}

// outbox is a Sender that keeps mails.
type outbox struct {
	mails []alert.Mail
	fail  error
}

func (o *outbox) Send(_ context.Context, m alert.Mail) error {
	if o.fail != nil {
		return o.fail
	}
	o.mails = append(o.mails, m)
	return nil
}

type rig struct {
	*alert.Worker
	alert.Notifier
	now   time.Time
	store *kept
	out   *outbox
}

func newRig(people map[string]alert.People) *rig {
	r := &rig{now: noon, store: &kept{}, out: &outbox{}}
	now := func() time.Time { return r.now }
	r.Notifier = alert.Notifier{Store: r.store, Now: now}
	r.Worker = alert.NewWorker(alert.Options{
		Store: r.store, Sender: r.out, People: people, Every: 15 * time.Minute, Now: now, Log: slog.New(slog.DiscardHandler),
	})
	return r
}

// round lets time pass and does one round.
func (r *rig) round(t *testing.T, later time.Duration) time.Duration {
	t.Helper()
	r.now = r.now.Add(later)
	next, err := r.Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func (r *rig) alert(t *testing.T, a alert.Alert) {
	t.Helper()
	if err := r.Alert(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func parked(n int) alert.Alert {
	return alert.Alert{
		Dealer: "D100", Cause: "lead-update-parked", Title: "Caterpillar refused updates of leads", Subject: fmt.Sprintf("lead L%d", n),
		Detail: "the service refuses the request (status 400, 5 tries)", Command: fmt.Sprintf("dealerbridge leads replay L%d", n),
	}
}

var team = map[string]alert.People{"D100": {To: []string{"crm@dealer.example"}}}

func TestMails(t *testing.T) {
	t.Run("AlertsOfOneCauseGoInOneMailAndTheNextWaitsForItsInterval", func(t *testing.T) {
		r := newRig(team)
		for n := range 3 {
			r.alert(t, parked(n))
		}
		if next := r.round(t, 0); next != 30*time.Second || len(r.out.mails) != 0 {
			t.Fatalf("next %v, mails %v", next, r.out.mails)
		}
		r.round(t, 30*time.Second)
		if len(r.out.mails) != 1 || strings.Count(r.out.mails[0].Text, "* lead L") != 3 {
			t.Fatalf("%v", r.out.mails)
		}
		r.alert(t, parked(9))
		for range 14 {
			r.round(t, time.Minute)
		}
		if len(r.out.mails) != 1 {
			t.Fatalf("%d mails within the interval", len(r.out.mails))
		}
		r.round(t, time.Minute)
		if len(r.out.mails) != 2 || !strings.Contains(r.out.mails[1].Text, "lead L9") {
			t.Errorf("%v", r.out.mails)
		}
	})
	t.Run("OtherCausesAndOtherDealersHaveMailsOfTheirOwn", func(t *testing.T) {
		r := newRig(map[string]alert.People{"D100": team["D100"], "D200": {To: []string{"desk@other.example"}}})
		one, two, three := parked(1), parked(2), parked(3)
		two.Cause, three.Dealer = "lead-held", "D200"
		for _, a := range []alert.Alert{one, two, three} {
			r.alert(t, a)
		}
		r.round(t, time.Minute)
		if len(r.out.mails) != 3 {
			t.Fatalf("%d mails", len(r.out.mails))
		}
		if strings.Contains(r.out.mails[0].Text, "L3") || !slices.Equal(r.out.mails[2].To, []string{"desk@other.example"}) {
			t.Errorf("%v", r.out.mails)
		}
	})
	t.Run("RoutesChooseByRequestTypeAndLocation", func(t *testing.T) {
		r := newRig(map[string]alert.People{"D100": {
			To: []string{"desk@dealer.example"},
			Routes: []alert.Route{
				{Requests: []string{"service"}, Locations: []string{"N1"}, To: []string{"north@dealer.example", "service@dealer.example"}},
				{Requests: []string{"service"}, To: []string{"service@dealer.example"}},
			},
		}})
		for _, topic := range []alert.Topic{{Request: "service", Location: "N1"}, {Request: "service", Location: "S1"}, {Request: "transfer"}} {
			a := parked(1)
			a.Topic = topic
			r.alert(t, a)
		}
		r.round(t, time.Minute)
		var got [][]string
		for _, m := range r.out.mails {
			got = append(got, m.To)
		}
		want := [][]string{{"north@dealer.example", "service@dealer.example"}, {"service@dealer.example"}, {"desk@dealer.example"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("AMailThatFailedIsSentAgainAndNothingIsForgotten", func(t *testing.T) {
		r := newRig(team)
		r.alert(t, parked(1))
		r.now = r.now.Add(time.Minute)
		r.out.fail = errors.New("down")
		if _, err := r.Round(t.Context()); err == nil {
			t.Fatal("no error")
		}
		r.out.fail = nil
		r.round(t, time.Minute)
		if len(r.out.mails) != 1 {
			t.Fatalf("%v", r.out.mails)
		}
	})
	t.Run("AMailSentTwiceCarriesTheSameId", func(t *testing.T) {
		r := newRig(team)
		r.alert(t, parked(1))
		r.now = r.now.Add(time.Minute)
		r.store.fail = errors.New("disk")
		if _, err := r.Round(t.Context()); err == nil {
			t.Fatal("no error")
		}
		r.round(t, time.Second)
		if len(r.out.mails) != 2 || r.out.mails[0].ID != r.out.mails[1].ID {
			t.Fatalf("%v", r.out.mails)
		}
	})
	t.Run("WithoutRecipientsAlertsWait", func(t *testing.T) {
		r := newRig(nil)
		r.alert(t, parked(1))
		r.round(t, time.Hour)
		if len(r.store.alerts) != 1 {
			t.Errorf("%v", r.store.alerts)
		}
	})
}

func TestWhatAMailLooksLike(t *testing.T) {
	r := newRig(team)
	for n := range 202 {
		r.alert(t, parked(n))
	}
	odd := parked(0)
	odd.Cause, odd.Subject, odd.Detail, odd.Command = "odd", "lead <b>1</b>\r\nBcc: all@example.org", "a\u2028b\r\nWhen that is put right: nothing", "dealerbridge leads show 1"
	r.alert(t, odd)
	r.round(t, time.Minute)
	many, hostile := r.out.mails[0], r.out.mails[1]
	if !strings.Contains(many.Text, "... and 2 more.") {
		t.Error("the rest is not told")
	}
	for name, text := range map[string]string{"mail.txt": hostile.Subject + "\n\n" + hostile.Text, "mail.html": hostile.HTML} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
