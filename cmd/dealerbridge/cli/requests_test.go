package cli_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// desk is a dealer's state into which messages come, and no gateway that runs:
// what is sent waits.
type desk struct {
	t     *testing.T
	state string
}

// messages fills a state with what came from the Cat Rental Store.
func messages(t *testing.T, bodies ...string) *desk {
	t.Helper()
	d := &desk{t: t, state: filepath.Join(t.TempDir(), "state")}
	if err := os.MkdirAll(d.state, 0o700); err != nil {
		t.Fatal(err)
	}
	kept, err := store.Open(t.Context(), store.Options{Path: filepath.Join(d.state, app.StateFile)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	}()
	files, err := kept.Attachments("")
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan messaging.Event, 10*len(bodies))
	sleep := func(ctx context.Context, wait time.Duration) error {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	}
	log := slog.New(slog.DiscardHandler)
	q := queue.New(queue.Options{Storage: kept.Queue(), Owner: "test", Now: time.Now, Sleep: sleep, Log: log})
	service := messaging.New(messaging.Options{
		Store: kept, Queue: q, Files: files, Alerts: alert.Notifier{Store: kept, Now: time.Now}, Now: time.Now, Sleep: sleep, Log: log,
		Happened: func(_ string, e messaging.Event) { arrived <- e },
	})
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() {
		if err := service.Work(ctx, messaging.Dealer{Code: "D100"}); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	for i, body := range bodies {
		id := string(rune('a' + i))
		text, err := attachment.Detach(ctx, files, attachment.Bundle{Dealer: "D100", Customer: "0000412", Message: id, Made: time.Now()}, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := q.Push(ctx, queue.Item{
			Lane: queue.Lane{Dealer: "D100", Direction: queue.In}, ID: id, Kind: "request", Customer: "0000412", Body: text, Enqueued: time.Now(),
		}); err != nil {
			t.Fatal(err)
		}
		late := time.NewTimer(time.Minute)
		defer late.Stop()
		for come := false; !come; {
			select {
			case e := <-arrived:
				come = e == messaging.Arrived
			case <-late.C:
				t.Fatalf("message %s never arrived", id)
			}
		}
	}
	return d
}

func (d *desk) of(args ...string) []string {
	return append(args, "--state", d.state, "--dealer", "D100")
}

func (d *desk) prints(file string, args ...string) string {
	d.t.Helper()
	return prints(d.t, file, []string{filepath.Dir(d.state)}, d.of(args...)...)
}

// first gives the id of the request that was changed last.
func (d *desk) first(args ...string) string {
	d.t.Helper()
	_, out, errs := run(d.t, d.of(append([]string{"requests", "list", "--json"}, args...)...)...)
	var page struct {
		Items []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(out), &page); err != nil || len(page.Items) == 0 {
		d.t.Fatalf("%s%s: %v", out, errs, err)
	}
	return page.Items[0].ID
}

// customersMessage is a message about a request; more goes into the request.
func customersMessage(id, kind, more string) string {
	return `{"dealerCode":"D100","customerNumber":"0000412","submittedMessageId":"m-` + id + `","submittedTime":"2026-03-02T15:04:05Z","messageType":"request",` +
		`"payload":{"request":{"localId":"crs-` + id + `","remoteId":null,"requestType":"` + kind + `","status":"submitted","createdDate":"2026-03-02T15:04:05Z",` +
		`"createdBy":"ines@brookline.example","title":"A ` + kind + ` request","text":"On the north yard.\u001b[2J",` + more + `}}}`
}

func deskOfThree(t *testing.T) *desk {
	t.Helper()
	photo := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("track ", 1000)))
	asset := `"assets":[{"rentedAssetId":"K10002-1","equipmentAssetId":"EX-0931","serialNumber":"QLF00417"}]`
	return messages(
		t,
		customersMessage("1", "service", `"requestedDate":null,`+asset+`,"properties":{"userName":"Ines Marlow","isWorking":false,"images":[{"filename":"../track.jpg","mimetype":"image/jpeg","contents":"`+photo+`"}]}`),
		customersMessage("2", "extend", `"requestedDate":"2026-04-01T12:00:00Z",`+asset+`,"properties":{"userName":"Ines Marlow"}`),
		customersMessage("3", "quote", `"requestedDate":"2026-04-01T12:00:00Z","properties":{"quoteRequired":"true","catalogItems":[]}`),
	)
}

// TestRequests is a morning at the rental desk.
func TestRequests(t *testing.T) {
	d := deskOfThree(t)
	folder := t.TempDir()
	service, quote := d.first("--type", "service"), d.first("--type", "quote")
	t.Run("ListTellsWhatThereIs", func(t *testing.T) {
		d.prints("requests/list.txt", "requests", "list")
		d.prints("requests/list.json", "requests", "list", "--json")
		d.prints("requests/list_type.txt", "requests", "list", "--type", "extend", "--status", "submitted", "--customer", "0000412", "--open")
		d.prints("requests/list_none.txt", "requests", "list", "--status", "closed")
		if out := d.prints("requests/list_first.txt", "requests", "list", "--limit", "1"); !strings.Contains(out, "more: --after ") {
			t.Error("nothing says that there is more")
		}
	})
	t.Run("ShowTellsWhatCanBeDone", func(t *testing.T) {
		d.prints("requests/show.txt", "requests", "show", service)
		d.prints("requests/show.json", "requests", "show", service, "--json")
	})
	t.Run("FilesAreSavedUnderHarmlessNames", func(t *testing.T) {
		code, _, errs := run(t, d.of("requests", "show", service, "--files", filepath.Join(folder, "files"))...)
		raw, err := os.ReadFile(filepath.Join(folder, "files", "0-track.jpg"))
		if code != 0 || err != nil || !strings.HasPrefix(string(raw), "track track ") || !strings.Contains(errs, "saved ") {
			t.Errorf("%d, %s, %v", code, errs, err)
		}
	})
	t.Run("EveryStepSaysWhatBecameOfIt", func(t *testing.T) {
		d.prints("requests/receive.txt", "requests", "update", service, "receive", "--user", "jsample", "--step", "s1")
		d.prints("requests/receive_again.txt", "requests", "update", service, "receive", "--user", "jsample", "--step", "s1")
		d.prints("requests/schedule.json", "requests", "update", service, "schedule", "--user", "jsample", "--date", "2026-03-06T12:00:00Z", "--text", "On Friday", "--json")
		d.prints("requests/close.txt", "requests", "update", service, "close", "--user", "jsample", "--user-name", "Jo Sample")
		d.prints("requests/show_closed.txt", "requests", "show", service)
	})
	t.Run("AQuoteGoesOutWithItsFile", func(t *testing.T) {
		offer := write(t, folder, "offer.pdf", "%PDF-1.4\n")
		d.prints("requests/quote_receive.txt", "requests", "update", quote, "receive", "--user", "jsample")
		d.prints("requests/quote.txt", "requests", "update", quote, "quote", "--user", "jsample", "--file", offer)
		d.prints("requests/quote_show.txt", "requests", "show", quote)
	})
	t.Run("Refusals", func(t *testing.T) {
		extend := d.first("--type", "extend")
		for want, args := range map[string][]string{
			"extend request that is submitted cannot become closed": d.of("requests", "update", extend, "close", "--user", "jsample"),
			"allowed now: received":                                 d.of("requests", "update", extend, "close", "--user", "jsample"),
			"dealer D100 has no such request or conversation":       d.of("requests", "show", "nobodys"),
			"requests list shows all":                               d.of("requests", "update", "nobodys", "receive", "--user", "jsample"),
			"there is no state of a gateway at":                     {"requests", "list", "--state", folder, "--dealer", "D100"},
			"no configuration at":                                   {"requests", "list", "--config", filepath.Join(folder, "none.yaml")},
			"several dealers (D100, D200)":                          {"requests", "list", "--config", write(t, folder, "two.yaml", "state: {path: s}\ndealers: [{code: D100}, {code: D200}]\n")},
		} {
			if code, out, errs := run(t, args...); code != 1 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: %d, %q, %q", args, code, out, errs)
			}
		}
		for want, args := range map[string][]string{
			"--dealer CODE":         {"requests", "list", "--state", d.state},
			"--limit is at least 1": d.of("requests", "list", "--limit", "0"),
			"--user":                d.of("requests", "update", extend, "receive"),
			"<move> must be one of": d.of("requests", "update", extend, "approve", "--user", "jsample"),
			"--type must be one of": d.of("requests", "list", "--type", "repair"),
			`--date: "Friday" is no moment; write it like`: d.of("requests", "update", extend, "receive", "--user", "j", "--date", "Friday"),
			"none.pdf":                 d.of("requests", "update", extend, "receive", "--user", "j", "--file", filepath.Join(folder, "none.pdf")),
			"expected \"<id>\"":        d.of("requests", "show"),
			"expected \"<id> <move>\"": d.of("requests", "update", "--user", "j"),
		} {
			if code, out, errs := run(t, args...); code != 2 || out != "" || !strings.Contains(errs, want) || !strings.Contains(errs, "--help") {
				t.Errorf("%v: %d, %q, %q", args, code, out, errs)
			}
		}
	})
}

// TestQueue looks at what waits for a gateway that does not run.
func TestQueue(t *testing.T) {
	d := deskOfThree(t)
	at := func(args ...string) []string { return append(args, "--state", d.state) }
	shows := func(t *testing.T, file string, args ...string) string {
		t.Helper()
		return prints(t, "queue/"+file, nil, at(args...)...)
	}
	service := d.first("--type", "service")
	d.prints("queue/nothing.txt", "queue", "list")
	for _, step := range []string{"receive", "schedule"} {
		if code, _, errs := run(t, d.of("requests", "update", service, step, "--user", "jsample", "--date", "2026-03-06T12:00:00Z", "--step", step)...); code != 0 {
			t.Fatal(errs)
		}
	}
	t.Run("ListCountsLanesAndShowsTheirItems", func(t *testing.T) {
		shows(t, "lanes.txt", "queue", "list")
		shows(t, "lanes.json", "queue", "list", "--json")
		shows(t, "items.txt", "queue", "list", "--direction", "out")
		shows(t, "items.json", "queue", "list", "--direction", "out", "--json")
		shows(t, "done.txt", "queue", "list", "--item-state", "done", "--direction", "in", "--limit", "2")
		shows(t, "none.txt", "queue", "list", "--item-state", "parked")
	})
	var page struct {
		Items []struct{ Number int64 }
	}
	_, out, _ := run(t, at("queue", "list", "--direction", "out", "--json")...)
	if err := json.Unmarshal([]byte(out), &page); err != nil || len(page.Items) != 2 {
		t.Fatalf("%s: %v", out, err)
	}
	number := json.Number(strings.TrimSpace(string(must(json.Marshal(page.Items[0].Number))))).String()
	t.Run("ShowPrintsOneWithItsBody", func(t *testing.T) {
		shows(t, "show.txt", "queue", "show", number)
		shows(t, "show.json", "queue", "show", number, "--json")
	})
	t.Run("ParkAndRetrySteerIt", func(t *testing.T) {
		shows(t, "park.txt", "queue", "park", number, "--why", "the desk is not sure")
		shows(t, "parked.txt", "queue", "list", "--item-state", "parked")
		shows(t, "lanes_parked.txt", "queue", "list", "--dealer", "D100")
		shows(t, "retry.txt", "queue", "retry", number)
		shows(t, "retried.txt", "queue", "list", "--direction", "out")
	})
	t.Run("Refusals", func(t *testing.T) {
		for want, args := range map[string][]string{
			"no such item":              at("queue", "show", "4711"),
			"queue list shows what":     at("queue", "retry", "4711"),
			"its state does not allow":  at("queue", "park", "1"),
			"there is no state of a ga": {"queue", "list", "--state", t.TempDir()},
		} {
			if code, out, errs := run(t, args...); code != 1 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: %d, %q, %q", args, code, out, errs)
			}
		}
		for want, args := range map[string][]string{
			"--limit is at least 1":       at("queue", "list", "--limit", "0"),
			"--direction must be one of":  at("queue", "list", "--direction", "up"),
			"--item-state must be one of": at("queue", "list", "--item-state", "lost"),
			`"first" is no whole number`:  at("queue", "show", "first"),
			"expected one of \"list\"":    {"queue"},
		} {
			if code, out, errs := run(t, args...); code != 2 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: %d, %q, %q", args, code, out, errs)
			}
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
