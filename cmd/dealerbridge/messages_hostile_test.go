package main_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// service is a service request with a picture, as the Cat Rental Store sends it.
func service(dealer, id, filename, contents string) string {
	return posted(dealer, id, fmt.Sprintf(`{"request":{"localId":%q,"remoteId":null,"requestType":"service","status":"submitted","createdDate":"2026-03-02T08:15:00Z","createdBy":"a@b.example","title":"Service Request","text":"It leaks.","requestedDate":null,"assets":[{"serialNumber":"ZZT00117"}],"properties":{"userName":"A. Bell","isWorking":"false","images":[{"filename":%q,"mimetype":"image/jpeg","contents":%q}]}}}`, "s-"+id, filename, contents))
}

// TestHostileMessages: whatever is posted is answered clearly by a gateway that
// stays well, and nothing of it is kept.
func TestHostileMessages(t *testing.T) {
	x := exchanging(t, nil, "D100", "D200")
	bearer := x.crs("D100")
	good := service("D100", "ok", "a.jpg", "AAAA")
	head := `{"dealerCode":"D100","customerNumber":"0001007","submittedMessageId":"m","submittedTime":"2026-03-02T08:15:00Z","messageType":"request"`
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"Empty":                   {"", 402},
		"Null":                    {"null", 402},
		"NestedTooDeep":           {head + `,"payload":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_001), 402},
		"NestedAndNeverClosed":    {head + `,"payload":` + strings.Repeat("[", 1<<20), 402},
		"DoubledKeys":             {strings.Replace(good, `"requestType":"service"`, `"requestType":"service","requestType":"lead"`, 1), 402},
		"DoubledDealer":           {strings.Replace(good, `{"dealerCode":"D100"`, `{"dealerCode":"D100","DealerCode":"D200"`, 1), 403},
		"TooManyValues":           {head + `,"payload":{"request":{"localId":"x","requestType":"service","status":"submitted","a":[` + strings.Repeat("0,", 300_000) + `0]}}}`, 402},
		"ATextForAnObject":        {strings.Replace(good, `"properties":{`, `"properties":"","x":{`, 1), 402},
		"AnObjectForAText":        {strings.Replace(good, `"createdBy":"a@b.example"`, `"createdBy":{"$ne":null}`, 1), 402},
		"ATypeNobodyKnows":        {strings.Replace(good, `"requestType":"service"`, `"requestType":"../../etc"`, 1), 402},
		"ContentsThatAreNoText":   {strings.Replace(good, `"contents":"AAAA"`, `"contents":[65,65]`, 1), 402},
		"AnotherDealer":           {service("D200", "m", "a.jpg", "AAAA"), 403},
		"AnotherDealerInDisguise": {strings.Replace(good, `"dealerCode":"D100"`, `"dealerCode":"d100"`, 1), 402},
		"ADealerNobodyHas":        {service("D999", "m", "a.jpg", "AAAA"), 402},
	} {
		t.Run(name, func(t *testing.T) {
			r := x.call(bearer, http.MethodPost, "/api/v1/message", c.body)
			if r.status != c.want {
				t.Errorf("%d, want %d: %.400s", r.status, c.want, r.body)
			}
			for _, leak := range []string{"goroutine", ".go:", "sqlite", "/tmp/", "etc\"", "<svg", "D200\"", "$ne"} {
				if strings.Contains(string(r.body), leak) {
					t.Errorf("%q stands in the answer: %.400s", leak, r.body)
				}
			}
		})
	}
	t.Run("AHundredMebibytes", func(t *testing.T) {
		for _, told := range []bool{true, false} { // with and without a length
			body := io.MultiReader(strings.NewReader(head+`,"x":"`), io.LimitReader(letters{}, 100<<20), strings.NewReader(`"}`))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.base+"/api/v1/message", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+bearer)
			req.Header.Set("Content-Type", "application/json")
			if told {
				req.ContentLength = int64(len(head)) + 6 + 100<<20 + 2
			}
			res, err := x.http.Do(req)
			if err != nil {
				continue // the gateway hung up while it was sent
			}
			if err := errors.Join(res.Body.Close(), wantStatus(res.StatusCode, http.StatusRequestEntityTooLarge)); err != nil {
				t.Errorf("length told %v: %v", told, err)
			}
		}
	})
	t.Run("WithoutATokenNothingIsRead", func(t *testing.T) {
		for _, token := range []string{"", "nonsense", x.desk} {
			body := &counted{from: io.LimitReader(letters{}, 50<<20)}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.base+"/api/v1/message", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Expect", "100-continue")
			if token != "" {
				req.Header.Set("Authorization", "Bearer "+token)
			}
			res, err := x.http.Do(req)
			if err != nil {
				continue // it was told while it was sending
			}
			if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusForbidden {
				t.Errorf("%d %v", res.StatusCode, err)
			}
			if n := body.sofar(); n > 4<<20 {
				t.Errorf("%d bytes were taken", n)
			}
		}
	})
	var page model.RequestPage
	x.settle()
	for _, dealer := range []string{"D100", "D200"} {
		x.call(x.desk, http.MethodGet, "/operator/v1/requests?dealer="+dealer, nil).into(t, &page)
		if len(page.Items) != 0 {
			t.Errorf("%s has %d requests", dealer, len(page.Items))
		}
	}
	if n := len(x.box.Notes()); n != 0 {
		t.Errorf("CRS was told %d things", n)
	}
	t.Run("WhatTheDocumentsLeaveOpenIsTaken", func(t *testing.T) {
		for name, body := range map[string]string{
			"numbers":  strings.NewReplacer(`"localId":"s-numbers"`, `"localId":4711`, `"isWorking":"false"`, `"isWorking":false`).Replace(service("D100", "numbers", "a.jpg", "AAAA")),
			"blanks":   strings.Replace(service("D100", "blanks", "a.jpg", "#"), `"#"`, `"AQID\r\n BAUG\t\r\n"`, 1),
			"emptyset": service("D100", "emptyset", "", ""),
			"paths":    service("D100", "paths", `../../..\etc/pass"wd<b>.jpg`, "AQIDBAUG"),
			"markup":   service("D100", "markup", "a.jpg", "<svg onload=alert(1)>"),
			"forged":   service("D100", "forged", "a.jpg", "dealerbridge-file:b/0/10"),
			"unknown":  strings.Replace(service("D100", "unknown", "a.jpg", "AAAA"), `"payload":{`, `"somethingNew":{"a":[1,2]},"payload":{"andHere":null,`, 1),
		} {
			if r := x.call(bearer, http.MethodPost, "/api/v1/message", body); r.status != http.StatusOK {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		x.settle()
		x.call(x.desk, http.MethodGet, "/operator/v1/requests?dealer=D100", nil).into(t, &page)
		if len(page.Items) != 7 {
			t.Fatalf("%d of 7 are kept", len(page.Items))
		}
		for _, r := range page.Items {
			for _, f := range x.view("D100", r.ID).Files {
				file := x.call(x.desk, http.MethodGet, fmt.Sprintf("/operator/v1/requests/%s/files/%d?dealer=D100", r.ID, f.Number), nil)
				if *r.PartnerID == "s-markup" || *r.PartnerID == "s-forged" { // no base64
					if file.status != http.StatusConflict || !strings.Contains(file.message(t), "no base64") {
						t.Errorf("%s is handed out with %d %s", *r.PartnerID, file.status, file.body)
					}
					continue
				}
				if *r.PartnerID == "s-blanks" && string(file.body) != "\x01\x02\x03\x04\x05\x06" {
					t.Errorf("base64 with blanks gives %q", file.body)
				}
				shown := file.header.Get("Content-Disposition")
				if !strings.HasPrefix(shown, "attachment") || strings.ContainsAny(strings.TrimPrefix(shown, "attachment"), `/\<>`) || strings.Contains(shown, "..") {
					t.Errorf("%s: it is offered as %q", *r.PartnerID, shown)
				}
				if file.header.Get("X-Content-Type-Options") != "nosniff" || file.header.Get("Content-Type") != "application/octet-stream" {
					t.Errorf("%s: a browser may take it for a page: %v", *r.PartnerID, file.header)
				}
			}
		}
	})
	t.Run("OtherDealersIdsAreNobodys", func(t *testing.T) {
		_, v := x.begin(sandbox.Start{Type: "extend", Dealer: "D200"})
		id := v.Summary.ID
		for _, ids := range []string{
			fmt.Sprintf(`"localId":"theirs-1","remoteId":%q`, id), fmt.Sprintf(`"localId":%q,"remoteId":null`, *v.Summary.PartnerID),
		} {
			body := posted("D100", "foreign"+ids[:12]+ids[len(ids)-4:], `{"request":{`+ids+`,"requestType":"extend","status":"canceled"},"requestUpdate":{"status":"canceled","createdBy":"a@b.example","createdDate":"2026-03-02T08:15:00Z","title":"x","text":null,"properties":{}}}`)
			body = strings.Replace(body, `"submittedMessageId":"foreign`, `"submittedMessageId":"f`, 1)
			if r := x.call(bearer, http.MethodPost, "/api/v1/message", body); r.status != http.StatusOK {
				t.Errorf("%d %s", r.status, r.body)
			}
		}
		x.settle()
		if after := x.view("D200", id); after.Summary.Status != "submitted" || len(after.Updates) != 0 {
			t.Errorf("it changed: %+v", after.Summary)
		}
		unknown := 0
		for _, n := range x.box.Notes() {
			if n.Dealer == "D100" && n.Why == "404 Request Not Found" {
				unknown++
			}
		}
		if unknown != 2 {
			t.Errorf("%d of 2 were answered as unknown", unknown)
		}
	})
}

// letters are endless.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

// counted counts what was read of it.
type counted struct {
	mu   sync.Mutex
	from io.Reader
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += int64(n)
	return n, err
}

func (c *counted) sofar() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// TestLargeMessagesAtOnce: eight messages of 20 MiB at the same time do not need
// several times as much memory, and all of them arrive.
func TestLargeMessagesAtOnce(t *testing.T) {
	x := exchanging(t, nil, "D100")
	bearer := x.crs("D100")
	head, tail, _ := strings.Cut(service("D100", "ID", "a.jpg", "#"), "#")
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	var watching, sending sync.WaitGroup
	var most uint64
	watching.Go(func() {
		look := time.NewTicker(10 * time.Millisecond)
		defer look.Stop()
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapInuse)
			select {
			case <-look.C:
			case <-done:
				return
			}
		}
	})
	for n := range 8 {
		sending.Go(func() {
			id := fmt.Sprintf("large-%d", n)
			body := io.MultiReader(strings.NewReader(strings.ReplaceAll(head, "ID", id)), io.LimitReader(letters{}, 20<<20), strings.NewReader(tail))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.base+"/api/v1/message", body)
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+bearer)
			req.Header.Set("Content-Type", "application/json")
			res, err := x.http.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			n, err := io.Copy(io.Discard, res.Body)
			if err := errors.Join(err, res.Body.Close(), wantStatus(res.StatusCode, http.StatusOK)); err != nil || n < 20<<20 {
				t.Errorf("%d bytes came back, %v", n, err)
			}
		})
	}
	sending.Wait()
	x.settle()
	close(done)
	watching.Wait()
	grown := int64(most) - int64(before.HeapInuse)
	t.Logf("8 messages of 20 MiB: the heap grew by at most %d MiB", grown>>20)
	if grown > 96<<20 {
		t.Errorf("the heap grew by %d MiB for 160 MiB of messages", grown>>20)
	}
	var page model.RequestPage
	x.call(x.desk, http.MethodGet, "/operator/v1/requests", nil).into(t, &page)
	if len(page.Items) != 8 {
		t.Errorf("%d of 8 arrived", len(page.Items))
	}
	file := x.call(x.desk, http.MethodGet, "/operator/v1/requests/"+page.Items[0].ID+"/files/0", nil)
	if want := base64.StdEncoding.DecodedLen(20 << 20); len(file.body) != want {
		t.Errorf("a file has %d bytes, want %d", len(file.body), want)
	}
}

// postOffice is a mail server that keeps what it gets.
type postOffice struct {
	mu    sync.Mutex
	mails []string
}

func (p *postOffice) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.mails, "\n=====\n")
}

// NewSession implements smtp.Backend.
func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return posting{p}, nil }

type posting struct{ *postOffice }

func (posting) Mail(string, *smtp.MailOptions) error { return nil }
func (posting) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (posting) Reset()                               {}
func (posting) Logout() error                        { return nil }

func (p posting) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, string(raw))
	return err
}

// openPostOffice starts a mail server and gives its port.
func openPostOffice(t *testing.T) (*postOffice, int) {
	t.Helper()
	office := &postOffice{}
	server := smtp.NewServer(office)
	server.Domain, server.ErrorLog = "127.0.0.1", log.New(io.Discard, "", 0)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	addr, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("no TCP address")
	}
	return office, addr.Port
}

// TestMailsAboutMessages: people hear what waits for them; what strangers wrote
// never stands in a mail as markup.
func TestMailsAboutMessages(t *testing.T) {
	office, port := openPostOffice(t)
	x := exchanging(t, func(c *config.Config) {
		c.Mail = &config.Mail{Host: "127.0.0.1", Port: port, Security: "none", From: "gateway@prairie.example", Every: time.Minute}
		c.Dealers[0].People = config.People{
			To: []string{"desk@prairie.example"}, Routes: []config.Route{{Requests: []string{"service"}, To: []string{"workshop@prairie.example"}}},
		}
	}, "D100")
	const markup = `<script>alert(1)</script>`
	id, v := x.begin(sandbox.Start{Type: "service", Text: markup, Contract: markup, Serial: "ZZ" + markup})
	if _, err := x.box.Tell(sandbox.Say{Text: markup, Contract: markup, Serial: markup, Customer: "0001007"}); err != nil {
		t.Fatal(err)
	}
	x.moves(v, "receive")
	x.settle()
	x.does(id, sandbox.Cancel, markup)
	x.moves(x.of(id), "schedule", func(m *model.RequestMove) { m.User, m.Text = "kim<img src=x>", words(markup) })
	x.settle()
	bearer := x.crs("D100")
	body := strings.ReplaceAll(service("D100", "m<b>1", "a<b>.jpg", "AAAA"), "0001007", "<b>99</b>")
	if r := x.call(bearer, http.MethodPost, "/api/v1/message", body); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	x.settle()
	parts := []string{"To: <workshop@prairie.example>", "To: <desk@prairie.example>", "CRS refused an update", "waits for an answer", "not known here"}
	eventually(t, "the mails are sent", func() error {
		x.clock.advance(20 * time.Second)
		for _, p := range parts {
			if !strings.Contains(office.all(), p) {
				return fmt.Errorf("no mail says %q", p)
			}
		}
		return nil
	})
	all := office.all()
	for _, bad := range []string{"<script", "<img src", "<b>99", "<b>1"} {
		for _, mail := range strings.Split(all, "\n=====\n") {
			_, rich, _ := strings.Cut(mail, "Content-Type: text/html")
			if strings.Contains(rich, bad) || strings.Contains(strings.ReplaceAll(rich, "=\r\n", ""), bad) {
				t.Errorf("%q stands in a mail:\n%s", bad, mail)
			}
		}
	}
}
