package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/intake"
)

// faults are the paths of the faults an answer lists.
func (a answer) faults(t testing.TB) string {
	t.Helper()
	var p struct {
		Faults []struct{ Path, Message string }
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%d: %v in %.300s", a.status, err, a.body)
	}
	var paths []string
	for _, f := range p.Faults {
		paths = append(paths, f.Path)
	}
	return strings.Join(paths, " ")
}

func TestFaultyBodies(t *testing.T) {
	head := `{"dealerCode":"D100","submittedMessageId":"m","submittedTime":"2026-03-02T08:15:00Z","messageType":"request"`
	nested := func(n int) string { return head + `,"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	for name, c := range map[string]struct{ body, faults string }{
		"Empty":              {"", "body"},
		"NoJSON":             {"dealerCode=D100", "body"},
		"CutOff":             {`{"dealerCode":"D100"`, "body"},
		"CutOffInAText":      {`{"dealerCode":"D1`, "body"},
		"AList":              {"[" + service("m", "") + "]", "body"},
		"TrailingJunk":       {service("m", "") + "x", "body"},
		"ASecondMessage":     {service("m", "") + service("m", ""), "body"},
		"InvalidUTF8":        {service("m\xff", ""), "body"},
		"InvalidUTF8InAFile": {service("m", photo+"\xc3\x28"), "body"},
		"AControlCharacter":  {service("m\n", ""), "body"},
		"NestedDeeply":       {nested(5000), "body"},
		"NestedEndlessly":    {head + `,"x":` + strings.Repeat("[", 1<<20), "body"},
		"NoMembers":          {"{}", "dealerCode submittedMessageId submittedTime messageType"},
		"DoubledNames":       {head + `,"dealerCode":"D101","payload":null}`, "dealerCode payload"},
		"DoubledInOtherCase": {head + `,"DEALERCODE":"D101","payload":{}}`, "DEALERCODE payload.request"},
		"WrongTypes":         {`{"dealerCode":5,"submittedMessageId":true,"submittedTime":"soon","messageType":"x","submittedPriority":"high","payload":[]}`, "submittedPriority dealerCode submittedMessageId submittedTime messageType payload"},
		"UnknownDealer":      {strings.ReplaceAll(service("m", ""), "D100", "D555"), "dealerCode"},
		"LongCustomer":       {strings.ReplaceAll(service("m", ""), "0001007", strings.Repeat("1", 201)), "customerNumber"},
		"LongDealer":         {strings.ReplaceAll(service("m", ""), "D100", strings.Repeat("D", 5000)), "dealerCode"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			got := d.post(c.body)
			if got.status != http.StatusPaymentRequired {
				t.Fatalf("%d %.300s", got.status, got.body)
			}
			listed := strings.Fields(got.faults(t))
			for _, want := range strings.Fields(c.faults) {
				if !strings.Contains(" "+strings.Join(listed, " ")+" ", " "+want+" ") {
					t.Errorf("no fault at %s: %s", want, got.body)
				}
			}
			for _, private := range []string{"D555", "D101\"", "soon", "high", "111111"} {
				if strings.Contains(got.body, private) {
					t.Errorf("it shows %s: %s", private, got.body)
				}
			}
			if len(d.items("D100")) != 0 || len(d.kept()) != 0 || d.happened(intake.Refused) != 1 {
				t.Errorf("%d items, %v, %v", len(d.items("D100")), d.kept(), d.events)
			}
		})
	}
	t.Run("NamesThatAreMarkupDoNotComeBackAsMarkup", func(t *testing.T) {
		d := open(t)
		got := d.post(`{"<script>alert(1)</script>":1,"<script>alert(1)</script>":2}`)
		if got.status != http.StatusPaymentRequired || strings.Contains(got.body, "<script") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("ItDoesNotEndTheServer", func(t *testing.T) {
		d := open(t)
		d.post(nested(5000))
		if got := d.post(service("m", "")); got.status != http.StatusOK {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}

func TestOtherDealers(t *testing.T) {
	t.Run("AnotherClientsDealerIs403WithoutAWordOfTheBody", func(t *testing.T) {
		d := open(t)
		for _, body := range []string{
			strings.ReplaceAll(service("m", ""), "D100", "D900"),
			`{"dealerCode":"D900","messageType":"nonsense"}`,
		} {
			if got := d.post(body); got.status != http.StatusForbidden || got.faults(t) != "" {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
		if len(d.items("D900")) != 0 {
			t.Error("it was kept")
		}
	})
	t.Run("TheParameterAndTheBodyNameTheSameDealer", func(t *testing.T) {
		d := open(t)
		d.sender.Dealer = "D101"
		if got := d.post(service("m", "")); got.status != http.StatusPaymentRequired || got.faults(t) != "dealerCode" {
			t.Errorf("%d %s", got.status, got.body)
		}
		d.sender.Dealer = "D100"
		if got := d.post(service("m", "")); got.status != http.StatusOK {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}

func TestHeads(t *testing.T) {
	d := open(t)
	for _, c := range []struct {
		name, value string
		want        int
	}{
		{"Content-Type", "application/json; charset=UTF-8", 200},
		{"Content-Type", "", 200},
		{"Content-Type", "application/json; charset=latin1", 415},
		{"Content-Type", "text/xml", 415},
		{"Content-Type", "application/x-www-form-urlencoded", 415},
		{"Content-Encoding", "gzip", 415},
		{"Content-Encoding", "identity", 200},
	} {
		if got := d.post(service("m-"+c.value, ""), c.name, c.value); got.status != c.want {
			t.Errorf("%s %q: %d %s", c.name, c.value, got.status, got.body)
		}
	}
}

// endless is a message whose photo is as long as asked for, made as it is read.
func endless(id string, size int64) io.Reader {
	head, tail, _ := strings.Cut(service(id, "@"), "@")
	return io.MultiReader(strings.NewReader(head), io.LimitReader(pattern{}, size), strings.NewReader(tail))
}

type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "0123456789abcdef"[i%16]
	}
	return len(p), nil
}

// dial sends the head of a message that is so long.
func dial(t testing.TB, d *door, length int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", length); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestSizes(t *testing.T) {
	t.Run("TooLongIs413", func(t *testing.T) {
		d := open(t)
		// In pieces of unknown number, and announced: the latter before anything is read.
		if got := d.send(endless("m", 26<<20)); got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d %s", got.status, got.body)
		}
		conn := dial(t, d, 100<<20)
		defer conn.Close()
		head := make([]byte, 20)
		if _, err := io.ReadFull(conn, head); err != nil || !strings.HasPrefix(string(head), "HTTP/1.1 413") {
			t.Errorf("%q %v", head, err)
		}
		if len(d.kept()) != 0 || len(d.items("D100")) != 0 {
			t.Errorf("%v", d.kept())
		}
	})
	t.Run("MuchBesideTheFilesIs413", func(t *testing.T) {
		d := open(t)
		if got := d.post(strings.Replace(service("m", ""), "It does not start", strings.Repeat("x", 3<<20), 1)); got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("ManyFilesAre413", func(t *testing.T) {
		d := open(t)
		file := `{"contents":"` + strings.Repeat("Q", 1200) + `"},`
		body := strings.Replace(service("m", ""), `"images":[`, `"images":[`+strings.Repeat(file, 300), 1)
		if got := d.post(body); got.status != http.StatusRequestEntityTooLarge || len(d.kept()) != 0 {
			t.Errorf("%d %s %v", got.status, got.body, d.kept())
		}
	})
	t.Run("SeveralPhotosComeBackWhole", func(t *testing.T) {
		d := open(t)
		file := `{"contents":"` + photo + `"},`
		body := strings.Replace(service("m", ""), `"images":[`, `"images":[`+strings.Repeat(file, 9), 1)
		if got := d.post(body); got.status != http.StatusOK || got.body != "{"+added+body[1:] {
			t.Errorf("%d, %d bytes", got.status, len(got.body))
		}
		if d.joined(d.items("D100")[0]) != body || len(d.kept()) != 1 {
			t.Errorf("files %v", d.kept())
		}
	})
	t.Run("EightOf20MiBAtOnceTakeNoMemoryToSpeakOf", func(t *testing.T) {
		d := open(t)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var wait sync.WaitGroup
		for n := range 8 {
			wait.Go(func() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL, endless(fmt.Sprint("m", n), 20<<20))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/json")
				resp, err := d.Client().Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				n, err := io.Copy(io.Discard, resp.Body)
				if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK || n < 20<<20 {
					t.Errorf("%d, %d bytes, %v", resp.StatusCode, n, err)
				}
			})
		}
		wait.Wait()
		runtime.ReadMemStats(&after)
		all := after.TotalAlloc - before.TotalAlloc
		t.Logf("160 MiB in and out: %d KiB allocated in all, both sides of the wire included", all>>10)
		if all > 32<<20 {
			t.Errorf("%d MiB were allocated", all>>20)
		}
		if len(d.kept()) != 8 {
			t.Errorf("files %v", d.kept())
		}
	})
}

func TestSendersThatDoNotFinish(t *testing.T) {
	t.Run("OneThatGoesAwayLeavesNothing", func(t *testing.T) {
		d := open(t)
		conn := dial(t, d, 15<<20)
		if _, err := io.CopyN(conn, endless("m", 1<<20), 1<<20); err != nil {
			t.Fatal(err)
		}
		for len(d.kept()) == 0 { // until the handler has some of it
			runtime.Gosched()
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		d.Close() // waits for the handler
		if len(d.items("D100")) != 0 || len(d.kept()) != 0 || d.happened(intake.Failed) != 1 {
			t.Errorf("%v %v", d.kept(), d.events)
		}
	})
	t.Run("OneThatStandsStillIsNotWaitedForForEver", func(t *testing.T) {
		d := open(t, func(o *intake.Options) { o.Stall = 50 * time.Millisecond })
		conn := dial(t, d, 5000)
		defer conn.Close()
		if _, err := io.WriteString(conn, `{"deal`); err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 20)
		if _, err := io.ReadFull(conn, head); err != nil || !strings.HasPrefix(string(head), "HTTP/1.1 503") {
			t.Errorf("%q %v", head, err)
		}
	})
	t.Run("TooManyAtOnceAreSentAway", func(t *testing.T) {
		entered, leave := make(chan struct{}), make(chan struct{})
		d := open(t, func(o *intake.Options) {
			o.Most = 1
			o.Files = slowFiles{o.Files, entered, leave}
		})
		first := make(chan answer, 1)
		go func() { first <- d.post(service("m", photo)) }()
		<-entered
		if got := d.post(service("n", "")); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%d %s", got.status, got.body)
		}
		close(leave)
		if got := <-first; got.status != http.StatusOK {
			t.Errorf("the first: %d", got.status)
		}
	})
}

// slowFiles keeps files when it is told to.
type slowFiles struct {
	attachment.Keeper
	entered, leave chan struct{}
}

func (s slowFiles) Keep(ctx context.Context, b attachment.Bundle, c attachment.Spool) error {
	close(s.entered)
	<-s.leave
	return s.Keeper.Keep(ctx, b, c)
}
