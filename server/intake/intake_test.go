package intake_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/queue"
)

const added = `"enqueuedTime":"2026-03-02T08:15:01Z","enqueuedClientId":"crs-1",`

// photo is base64 with blanks in it, as one sample has them (R239).
var photo = strings.Repeat("/9j/4AAQ SkZJ", 30_000)

func TestReceive(t *testing.T) {
	t.Run("TheEchoIsTheMessageAndWhatWasAdded", func(t *testing.T) {
		for name, contents := range map[string]string{"WithoutPhoto": "", "WithASmallOne": "QUJD", "WithALargeOne": photo} {
			d := open(t)
			body := service("m-1", contents)
			got := d.post(body)
			want := "{" + added + body[1:]
			if got.status != http.StatusOK || got.body != want {
				t.Fatalf("%s: %d, %d bytes; want %d: %.300s", name, got.status, len(got.body), len(want), got.body)
			}
			if !json.Valid([]byte(got.body)) || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", name, got.header)
			}
			items := d.items("D100")
			if len(items) != 1 {
				t.Fatalf("%s: %d items", name, len(items))
			}
			i := items[0]
			if diff := cmp.Diff(body, d.joined(i)); diff != "" {
				t.Errorf("%s: it was not kept as it came:\n%s", name, diff)
			}
			if len(i.Body) > 2000 || i.Kind != "request" || i.Customer != "0001007" || i.OrderKey != "request:5512" || i.Priority != 1 ||
				!i.Enqueued.Equal(time.Date(2026, 3, 2, 8, 15, 1, 0, time.UTC)) {
				t.Errorf("%s: %+v", name, i)
			}
			if d.happened(intake.Taken) != 1 {
				t.Errorf("%s: %v", name, d.events)
			}
		}
	})
	t.Run("EveryShapeThereIsIsTaken", func(t *testing.T) {
		files, err := filepath.Glob("../../openapi/testdata/messages/*.json")
		if err != nil || len(files) == 0 {
			t.Fatal(err, "no messages")
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var m struct {
				DealerCode  string
				MessageType string
			}
			if err := json.Unmarshal(body, &m); err != nil {
				t.Fatal(err)
			}
			d := open(t)
			d.sender.Dealers = []string{m.DealerCode}
			got := d.post(string(bytes.TrimSpace(body)))
			data := m.MessageType != "request" && m.MessageType != "message"
			if got.status != http.StatusOK || !strings.HasPrefix(got.body, "{"+added) || len(d.items(m.DealerCode)) == 1 == data {
				t.Errorf("%s: %d %.300s", file, got.status, got.body)
			}
		}
	})
	t.Run("WhatTheReceiverSetsIsNotTakenFromTheSender", func(t *testing.T) {
		d := open(t)
		body := `{"enqueuedTime":"1999-01-01T00:00:00Z","dealerCode":"D100","active" : false, "attemptCount":7,"submittedMessageId":"m-2",` +
			`"submittedTime":"2026-03-02T08:15:00Z","enqueuedClientId":"crs-client-id","messageType":"contract","customerNumber":"1","deliveredTime":null,"extra":{"active":true}}`
		want := "{" + added + `"dealerCode":"D100","submittedMessageId":"m-2","submittedTime":"2026-03-02T08:15:00Z","messageType":"contract","customerNumber":"1","extra":{"active":true}}`
		if got := d.post(body); got.body != want {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("DataMessagesAreAcknowledgedAndIgnored", func(t *testing.T) {
		d := open(t)
		for _, kind := range []string{"contract", "invoice", "catalog", "document"} {
			got := d.post(`{"dealerCode":"D100","customerNumber":"9","submittedMessageId":"` + kind + `","submittedTime":"2026-03-02T08:15:00Z","messageType":"` + kind + `","payload":null}`)
			if got.status != http.StatusOK {
				t.Errorf("%s: %d %s", kind, got.status, got.body)
			}
		}
		if n := len(d.items("D100")); n != 0 || d.happened(intake.Ignored) != 4 {
			t.Errorf("%d kept, %v", n, d.events)
		}
	})
	t.Run("PriorityIsOneUnlessItSaysOtherwise", func(t *testing.T) {
		d := open(t)
		for _, p := range []string{`null`, `5`, `-3`} {
			d.post(strings.Replace(service("m"+p, ""), "{", `{"submittedPriority":`+p+`,`, 1))
		}
		var got []int
		for _, i := range d.items("D100") {
			got = append(got, i.Priority)
		}
		if diff := cmp.Diff([]int{1, 5, -3}, got); diff != "" {
			t.Error(diff)
		}
		if a := d.post(strings.Replace(service("m", ""), "{", `{"submittedPriority":100000,`, 1)); a.status != http.StatusPaymentRequired {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("AnOldMessageIsTakenAndTold", func(t *testing.T) {
		d := open(t)
		d.clock.Pass(5 * time.Hour)
		if got := d.post(service("m-1", "")); got.status != http.StatusOK || d.happened(intake.Late) != 1 {
			t.Errorf("%d %v", got.status, d.events)
		}
	})
}

func TestRepeats(t *testing.T) {
	t.Run("ARepeatIsAnsweredWithTheFirstEcho", func(t *testing.T) {
		for name, contents := range map[string]string{"Small": "", "Large": photo} {
			d := open(t)
			first := d.post(service("m-1", contents))
			for range 3 {
				d.clock.Pass(7 * time.Hour)
				if again := d.post(service("m-1", contents)); again.status != http.StatusOK || again.body != first.body {
					t.Errorf("%s: %d %.200s", name, again.status, again.body)
				}
			}
			files := 0
			if contents != "" {
				files = 1
			}
			if len(d.items("D100")) != 1 || len(d.kept()) != files || d.happened(intake.Repeated) != 3 {
				t.Errorf("%s: %d items, files %v, %v", name, len(d.items("D100")), d.kept(), d.events)
			}
		}
	})
	t.Run("OtherBlanksAreNoOtherContent", func(t *testing.T) {
		d := open(t)
		d.post(service("m-1", ""))
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(service("m-1", ""))); err != nil {
			t.Fatal(err)
		}
		if got := d.post(compact.String()); got.status != http.StatusOK || len(d.items("D100")) != 1 {
			t.Errorf("%d, %d items", got.status, len(d.items("D100")))
		}
	})
	t.Run("AKnownIDWithOtherContentIsAnotherMessage", func(t *testing.T) {
		d := open(t)
		d.post(service("m-1", ""))
		d.post(service("m-1", "QUJD"))
		d.post(service("m-1", photo))
		d.post(service("m-1", photo+"x"))
		d.sender.Client = "crs-2"
		d.post(service("m-1", ""))
		if n := len(d.items("D100")); n != 5 {
			t.Errorf("%d items", n)
		}
	})
	t.Run("TheSameMessageAtTheSameTimeIsOneMessage", func(t *testing.T) {
		d := open(t)
		body := service("m-1", photo)
		var wait sync.WaitGroup
		answers := make([]answer, 8)
		for n := range answers {
			wait.Go(func() { answers[n] = d.post(body) })
		}
		wait.Wait()
		for n, a := range answers {
			if a.status != http.StatusOK || a.body != answers[0].body {
				t.Errorf("%d: %d", n, a.status)
			}
		}
		if len(d.items("D100")) != 1 || len(d.kept()) != 1 {
			t.Errorf("%d items, files %v", len(d.items("D100")), d.kept())
		}
		if got := d.joined(d.items("D100")[0]); got != body {
			t.Error("what is kept is not what came")
		}
	})
}

func TestNotKept(t *testing.T) {
	t.Run("WhatCannotBeKeptIsNotAnswered200", func(t *testing.T) {
		fails := true
		d := open(t, func(o *intake.Options) {
			o.Queue = failingQueue{o.Queue, func([]queue.Item) error {
				if fails {
					return errDisk
				}
				return nil
			}}
		})
		got := d.post(service("m-1", photo))
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || strings.Contains(got.body, "disk") {
			t.Errorf("%d %s", got.status, got.body)
		}
		fails = false
		if got := d.post(service("m-1", photo)); got.status != http.StatusOK {
			t.Errorf("the repeat: %d %s", got.status, got.body)
		}
		if got := d.joined(d.items("D100")[0]); got != service("m-1", photo) {
			t.Error("what is kept is not what came")
		}
	})
	t.Run("NoRoomForFilesIs503", func(t *testing.T) {
		d := open(t)
		if err := os.RemoveAll(d.dir); err != nil {
			t.Fatal(err)
		}
		got := d.post(service("m-1", photo))
		if got.status != http.StatusServiceUnavailable || len(d.items("D100")) != 0 || strings.Contains(got.body, "tmp") {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := d.post(service("m-2", "")); got.status != http.StatusOK {
			t.Errorf("one without files: %d", got.status)
		}
	})
}
