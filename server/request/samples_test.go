package request_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/request"
)

// way is one way through the messages of a folder: customer's are received,
// dealer's are made by a move and compared with the message in the file.
type way []any

type makes struct {
	file string
	move request.Move
}

func TestEveryMessageOfTheDocumentsRunsThrough(t *testing.T) {
	date := time.Date(2026, 3, 4, 0, 10, 0, 0, time.UTC)
	by := func(to request.Status) request.Move {
		return request.Move{To: to, User: "mlind", UserName: "Mara Lind"}
	}
	on := func(m request.Move) request.Move { m.Date = &date; return m }
	as := func(m request.Move, disposition, text string) request.Move {
		m.Disposition, m.Text = disposition, text
		return m
	}
	received, closed := by(request.Received), by(request.Closed)
	scheduled := on(by(request.Scheduled))
	for name, w := range map[string]way{
		"po":              {"01-initial-request", "02-customer-more-info", makes{"03-dealer-received", received}, makes{"04-dealer-closed", closed}},
		"po canceled":     {"01-initial-request", makes{"", received}, "05-customer-cancel", makes{"06-dealer-closed-after-cancel", closed}},
		"jobsite":         {"01-initial-update-jobsite-request", "02-customer-more-info", makes{"03-dealer-received", received}, makes{"04-dealer-closed", closed}},
		"jobsite stopped": {"01-initial-update-jobsite-request", makes{"", received}, "05-customer-cancel", makes{"06-dealer-closed-after-cancel", closed}},
		"extend":          {"01-initial-request", "02-customer-more-info", makes{"03-dealer-received", received}, makes{"04-dealer-closed", closed}},
		"extend canceled": {"01-initial-request", makes{"", received}, "05-customer-cancel", makes{"06-dealer-closed-after-cancel", closed}},
		"transfer": {
			"01-initial-request", "02-customer-more-info",
			makes{"03-dealer-received", received},
			makes{"04-dealer-scheduled", scheduled},
			makes{"05-dealer-closed", closed},
		},
		"transfer canceled": {"01-initial-request", makes{"", received}, "06-customer-cancel", makes{"07-dealer-closed-after-cancel", closed}},
		"calloff": {
			"01-initial-request", "02-customer-more-info",
			makes{"03-dealer-received", received},
			makes{"04-dealer-scheduled", scheduled},
			makes{"05-dealer-closed", closed},
		},
		"calloff canceled": {"01-initial-request", makes{"", received}, "06-customer-cancel", makes{"07-dealer-closed-after-cancel", closed}},
		"service": {
			"01-initial-request", "02-customer-more-info-with-image",
			makes{"03-dealer-received", received},
			makes{"04-dealer-scheduled", scheduled},
			makes{"05-dealer-closed", closed},
		},
		"service canceled": {"01-initial-request", makes{"", received}, "06-customer-cancel", makes{"07-dealer-closed-after-cancel", closed}},
		"rental": {
			"01-initial-request", "02-customer-more-info", "03-customer-more-info-again",
			makes{"", received},
			makes{"04-dealer-closed-won-status-clash", on(as(closed, "won ", "On the yard from six."))},
		},
		"rental canceled": {
			"01-initial-request",
			makes{"", received},
			"05-customer-cancel",
			makes{"06-dealer-closed-after-cancel", as(closed, "Lost - Customer Declined", "")},
		},
		"lead": {
			"01-initial-request",
			makes{"03-dealer-closed", as(closed, "Lost - Availability", "")},
			makes{"04-dealer-disposition-updated", as(closed, "No Deal - Don't carry requested equipment", "")},
		},
		"lead elsewhere": {"01-initial-request", makes{"02-dealer-wrong-territory", as(by(request.Submitted), "wrong territory", "")}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			folder, _, _ := strings.Cut(name, " ")
			d := newDesk(t)
			var r *request.Record
			for _, step := range w {
				switch step := step.(type) {
				case string:
					body := sample(t, folder+"/"+step+".json")
					if r != nil && r.PartnerID != "" {
						body = with(t, body, func(o object) { rename(o, r.ID) })
					}
					got, effects := d.hear(body)
					if got == nil || slices.ContainsFunc(effects, func(e request.Effect) bool { return e.Kind == request.Answer || e.Kind == request.Alert }) {
						t.Fatalf("%s: %v", step, effects)
					}
					r = got
				case makes:
					var sent *request.Outgoing
					r, sent = d.move(r, step.move)
					if step.file != "" {
						if diff := cmp.Diff(shape(parsed(t, sample(t, folder+"/"+step.file+".json"))), shape(parsed(t, sent.Body))); diff != "" {
							t.Errorf("%s (-documents +ours):\n%s", step.file, diff)
						}
						if faults := request.Check(sent.Body); faults != nil {
							t.Error(faults)
						}
					}
				}
			}
			if r.Over() != (folder != "") {
				t.Errorf("it is %s in the end", r.Status)
			}
		})
	}
}

// rename puts the id we gave the request where the documents have another.
func rename(o object, id string) {
	request, _ := at(o, "payload", "request").(object)
	if request["remoteId"] != nil {
		request["remoteId"] = id
	}
}

// shape is every member with the kind of its value; members the documents leave
// out or send as null in the same place are not in it.
func shape(o object) []string {
	var out []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case object:
			for k, x := range v {
				walk(path+"."+k, x)
			}
		case []any:
			for i, x := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), x)
			}
		case nil:
		default:
			if path != ".submittedPriority" {
				out = append(out, fmt.Sprintf("%s %T", path, v))
			}
		}
	}
	walk("", o)
	slices.Sort(out)
	return out
}

func TestErrorMessagesOfTheDocumentsAreUnderstood(t *testing.T) {
	t.Run("AnIncorrectUpdateTakesTheUpdateBack", func(t *testing.T) {
		d := newDesk(t)
		r, _ := d.hear(sample(t, "po/01-initial-request.json"))
		r, sent := d.move(r, request.Move{ID: "x", To: request.Received, User: "mlind"})
		d.hear(with(t, sample(t, "po/05-customer-cancel.json"), func(o object) { rename(o, r.ID) }))
		r, effects := d.hear(with(t, sample(t, "po/07-error-402-incorrect-update.json"), func(o object) {
			at(o, "payload").(object)["errorSubmittedMessageId"] = sent.ID
		}))
		if r.Status != request.Canceled || r.Updates[0].Refused != request.IncorrectUpdate {
			t.Errorf("got %s, %+v", r.Status, r.Updates[0])
		}
		if diff := cmp.Diff([]string{"alert update-refused", "hand-over "}, kinds(effects)); diff != "" {
			t.Error(diff)
		}
		if effects[0].User != "local:mlind" {
			t.Errorf("told to %q", effects[0].User)
		}
		// The repeat of an error changes nothing and is never answered.
		if _, effects := d.hear(with(t, sample(t, "po/07-error-402-incorrect-update.json"), func(o object) {
			at(o, "payload").(object)["errorSubmittedMessageId"] = sent.ID
		})); len(effects) != 1 || effects[0].Reason != request.RepeatedMessage {
			t.Error(effects)
		}
	})
	t.Run("ARequestThatIsNotFoundIsAnAlert", func(t *testing.T) {
		d := newDesk(t)
		r, _ := d.hear(sample(t, "po/01-initial-request.json"))
		_, sent := d.move(r, request.Move{To: request.Received, User: "mlind"})
		r, effects := d.hear(with(t, sample(t, "po/08-error-404-request-not-found.json"), func(o object) {
			at(o, "payload").(object)["errorSubmittedMessageId"] = sent.ID
		}))
		if r.Status != request.Submitted || effects[0].Reason != request.RequestUnknown {
			t.Errorf("got %s, %v", r.Status, effects)
		}
	})
	t.Run("AnErrorAboutNothingIsAnAlertAndNoAnswer", func(t *testing.T) {
		_, effects := newDesk(t).hear(sample(t, "po/08-error-404-request-not-found.json"))
		if diff := cmp.Diff([]string{"alert error-unexplained"}, kinds(effects)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestEveryFileIsAMessageWithoutFaults: fragments apart, whatever the documents
// show is accepted.
func TestEveryFileIsAMessageWithoutFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/messages/*/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(filepath.Base(name), "00") {
			continue
		}
		if faults := request.Check(body); faults != nil {
			t.Errorf("%s: %v", name, faults)
		}
	}
}
