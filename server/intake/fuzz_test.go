package intake_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// Whatever is posted, it is taken and echoed as JSON, or refused with the
// sender's own fault.
func FuzzReceive(f *testing.F) {
	f.Add(service("m-1", "QUJD"))
	f.Add(service("m-1", strings.Repeat("QUJD", 400)))
	f.Add(`{"enqueuedTime":1,"dealerCode":"D100","active" : false,"submittedMessageId":"m","submittedTime":"2026-03-02T08:15:00Z","messageType":"catalog","customerNumber":"1","attemptCount":[]}`)
	f.Add(`{"dealerCode":"D100","dealerCode":"D900"}`)
	f.Add("{\"a\":\"\\ud800\xff\"}")
	d := open(f)
	in, err := intake.New(intake.Options{Queue: d.queue, Files: d.files, Now: d.clock.Now, Known: func(dealer string) bool { return dealer != "" }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		w := httptest.NewRecorder()
		if _, err := in.Receive(w, r, intake.Sender{Client: "crs-1", Dealers: []string{"D100"}}); err != nil {
			if status := problem.Status(err); status >= 500 || status == http.StatusNotFound {
				t.Fatalf("%d: %v", status, err)
			}
			return
		}
		var echo struct {
			Time   string `json:"enqueuedTime"`
			Client string `json:"enqueuedClientId"`
			Dealer string `json:"dealerCode"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &echo); err != nil || echo.Client != "crs-1" || echo.Time == "" || echo.Dealer != "D100" {
			t.Fatalf("%v, %+v in %s", err, echo, w.Body)
		}
		if strings.Count(w.Body.String(), `"enqueuedTime"`) > 1+strings.Count(body, `"enqueuedTime"`) {
			t.Fatalf("twice in %s", w.Body)
		}
	})
}
