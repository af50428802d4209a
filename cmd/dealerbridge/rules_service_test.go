package main_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// basic is the client a call names, and its secret (R17).
func (c farCall) basic(t testing.TB) (id, secret string) {
	t.Helper()
	coded, is := strings.CutPrefix(c.header.Get("Authorization"), "Basic ")
	raw, err := base64.StdEncoding.DecodeString(coded)
	if !is || err != nil || strings.ContainsFunc(string(raw), func(r rune) bool { return r > unicode.MaxASCII }) {
		t.Fatalf("no Basic: %q", c.header.Get("Authorization"))
	}
	id, secret, joined := strings.Cut(string(raw), ":")
	if !joined {
		t.Errorf("no colon in %q", raw)
	}
	for _, half := range []*string{&id, &secret} {
		if *half, err = url.QueryUnescape(*half); err != nil { // RFC 6749, section 2.3.1
			t.Error(err)
		}
	}
	return id, secret
}

// wild is a desk on a machine whose way out leads to the far side, whatever host is
// called: the built program runs there with no address of a test in its settings.
type wild struct {
	*salesDesk
	env []string
}

func newWild(t *testing.T) *wild {
	t.Helper()
	d := newDesk(t)
	authority, trusted := authority(t)
	inside := &caught{conns: make(chan net.Conn), gone: make(chan struct{})}
	served := &http.Server{Handler: d.far, ReadHeaderTimeout: patience, ErrorLog: log.New(io.Discard, "", 0)}
	var ended sync.WaitGroup
	ended.Go(func() { _ = served.Serve(inside) }) // it ends when it is closed
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		inside.conns <- tls.Server(conn, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: authority})
	}))
	t.Cleanup(func() {
		proxy.Close()
		if err := served.Close(); err != nil {
			t.Error(err)
		}
		ended.Wait()
	})
	ca := d.write("trusted.pem", string(trusted))
	return &wild{d, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + ca, "SSL_CERT_DIR=" + d.dir}}
}

// does runs the built program.
func (w *wild) does(args ...string) string {
	w.t.Helper()
	binary, err := program()
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	run := exec.CommandContext(ctx, binary, append(args, "--config", w.config)...)
	var out, errs bytes.Buffer
	run.Env, run.Dir, run.Stdout, run.Stderr = w.env, w.dir, &out, &errs
	if err := run.Run(); err != nil {
		w.t.Fatalf("%v: %v, %s", args, err, &errs)
	}
	return out.String()
}

// caught is a listener of connections that were caught on their way.
type caught struct {
	conns chan net.Conn
	gone  chan struct{}
	once  sync.Once
}

func (c *caught) Accept() (net.Conn, error) {
	select {
	case conn := <-c.conns:
		return conn, nil
	case <-c.gone:
		return nil, net.ErrClosed
	}
}

func (c *caught) Close() error {
	c.once.Do(func() { close(c.gone) })
	return nil
}

func (*caught) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// authority makes certificates for any host, and gives what to trust.
func authority(t testing.TB) (issue func(*tls.ClientHelloInfo) (*tls.Certificate, error), trusted []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of a test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	issue = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hello.ServerName}, DNSNames: []string{hello.ServerName},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		signed, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, key)
		if err != nil {
			return nil, fmt.Errorf("making a certificate: %w", err)
		}
		return &tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}, nil
	}
	return issue, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}

// unaddressed are the settings of a desk that names no address of a service.
func (w *wild) unaddressed(leads string) {
	w.t.Helper()
	text := w.settings("")
	before, _, _ := strings.Cut(text, "    leads:")
	w.write("dealerbridge.yaml", before+"    leads: {"+leads+"}\n")
}

// places are where calls went, each once.
func (f *far) places() []string {
	found := map[string]bool{}
	for _, c := range f.everyCall() {
		found[c.method+" https://"+c.host+c.path] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// serviceRules are those of section B.
var serviceRules = []leadRule{
	{15, "ProductionIsWhereItIsUnlessSomebodySaysOtherwise", func(t *testing.T) {
		w := newWild(t)
		w.unaddressed("clientId: one, clientSecret: two")
		w.card("LD-1", plainUpdate())
		w.does("leads", "pull")
		w.does("leads", "push", "--send-existing")
		want := []string{
			"GET https://services.cat.com/marketing/ecrm/leadManagement/v2/leads", "POST https://fedlogin.cat.com/as/token.oauth2",
			"POST https://services.cat.com/marketing/ecrm/leadManagement/v2/leads",
		}
		if got := w.places(); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	}},
	{16, "QAIsASettingAndSoIsEveryHost", func(t *testing.T) {
		w := newWild(t)
		w.unaddressed("clientId: one, clientSecret: two, environment: qa")
		w.does("leads", "pull")
		w.does("leads", "reconcile", "--since", "2026-03-01", "--until", "2026-03-02")
		want := []string{
			"GET https://services-stg.cat.com/marketing/ecrm/leadManagement/v2/leads", "GET https://services-stg.cat.com/marketing/ecrm/leadManagement/v2/leads/historic",
			"POST https://fedloginqa.cat.com/as/token.oauth2",
		}
		if got := w.places(); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
		w.forget()
		w.unaddressed("clientId: one, clientSecret: two, environment: qa, service: https://services-qa.cat.com/marketing/ecrm/leadManagement, tokenService: https://login.example.com/as/token.oauth2")
		w.does("leads", "pull")
		want = []string{"GET https://services-qa.cat.com/marketing/ecrm/leadManagement/v2/leads", "POST https://login.example.com/as/token.oauth2"}
		if got := w.places(); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	}},
	{17, "ATokenIsAskedForByAFormWithBasicAndTwoPairs", func(t *testing.T) {
		d := newDesk(t)
		d.pull()
		asked := d.called(askToken)
		if len(asked) != 1 || asked[0].method != "POST" || asked[0].header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Fatalf("got %+v", asked)
		}
		if id, secret := asked[0].basic(t); id != deskID || secret != deskSecret {
			t.Errorf("got %q, %q", id, secret)
		}
		form, err := url.ParseQuery(asked[0].body)
		if want := (url.Values{"scope": {"manage:all"}, "grant_type": {"client_credentials"}}); err != nil || !maps.EqualFunc(form, want, slices.Equal) {
			t.Errorf("%v, %s", err, asked[0].body)
		}
	}},
	{18, "TheGrantedTokenIsTheOneThatIsUsed", func(t *testing.T) {
		d := newDesk(t)
		d.mu.Lock()
		d.issued["granted.to-the_desk/7="] = true
		d.mu.Unlock()
		d.says(askToken, fars(200, `{"token_type":"Bearer","expires_in":3599,"access_token":"granted.to-the_desk/7="}`))
		d.pull()
		if got := d.called(askLeads)[0].header.Get("Authorization"); got != "Bearer granted.to-the_desk/7=" {
			t.Errorf("got %s", got)
		}
		s := d.service(caterpillar.Options{Wait: atOnce})
		for _, none := range []farAnswer{fars(200, `{"token_type":"Bearer","expires_in":3599}`), fars(200, `[]`), fars(200, "granted"), fars(204, "")} {
			d.forget()
			d.says(askToken, slices.Repeat([]farAnswer{none}, 5)...)
			if _, err := s.Leads(t.Context(), 1); err == nil || len(d.called(askLeads)) != 0 {
				t.Errorf("%s: %v, leads were asked for %d times", none.body, err, len(d.called(askLeads)))
			}
		}
	}},
	{19, "ItIsRenewedByWhatItsAnswerSays", func(t *testing.T) {
		for life, renewed := range map[int][]bool{600: {false, true, true}, 3599: {false, false, true}, 7200: {false, false, false}} {
			f, glass := newFar(t), newHourglass(0)
			f.life = life
			s := f.service(caterpillar.Options{Now: glass.Now})
			begun := 0
			for i, after := range []time.Duration{0, 50 * time.Minute, 15 * time.Minute} { // 0, 50 and 65 minutes
				glass.turn(after)
				if _, err := s.Leads(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				tokens := len(f.called(askToken))
				if i > 0 && tokens > begun != renewed[i] {
					t.Errorf("%d seconds: after call %d there are %d tokens, before %d", life, i, tokens, begun)
				}
				begun = tokens
			}
			for i, c := range f.called(askLeads) {
				if c.header.Get("Authorization") == "" {
					t.Errorf("call %d has no token", i)
				}
			}
		}
	}},
	{20, "ThreeHeadersAccompanyAllCalls", func(t *testing.T) {
		d := newDesk(t)
		d.card("LD-1", plainUpdate())
		d.pull()
		d.push()
		d.does("leads", "reconcile", "--since", "2026-03-01", "--until", "2026-03-02")
		for _, op := range []string{askLeads, askUpdates, askHistoric} {
			calls := d.called(op)
			for _, c := range calls {
				if !strings.HasPrefix(c.header.Get("Authorization"), "Bearer made-up-") || c.header.Get("Content-Type") != "application/json" || c.header.Get("Accept") != "application/json" {
					t.Errorf("%s: %v", op, c.header)
				}
			}
			if len(calls) == 0 {
				t.Errorf("no call for %s", op)
			}
		}
	}},
	{21, "WhatIsNotJSONIsNoAnswer", func(t *testing.T) {
		f := newFar(t)
		s := f.service(caterpillar.Options{Wait: atOnce})
		page := farAnswer{status: 200, body: "<!doctype html><p>No leads today</p>", header: map[string]string{"Content-Type": "text/html"}}
		for _, other := range []farAnswer{page, fars(200, "no leads"), fars(200, "leadId,name\n1,Ada\n"), fars(200, "<leads/>")} {
			f.says(askLeads, slices.Repeat([]farAnswer{other}, 5)...)
			if got, err := s.Leads(t.Context(), 100); err == nil || len(got.Leads) > 0 {
				t.Errorf("%s is taken for %d leads", other.body, len(got.Leads))
			}
		}
		f.says(askUpdates, slices.Repeat([]farAnswer{page}, 5)...)
		if _, err := s.PostUpdates(t.Context(), []model.LeadUpdate{{LeadID: "LD-1"}}); err == nil {
			t.Error("a page is taken for the answer to an update")
		}
	}},
	{22, "EveryCallHasItsOwnConnectionAndOnlyTheTokenCarriesOver", func(t *testing.T) {
		f := newFar(t)
		s := f.service(caterpillar.Options{Wait: atOnce})
		cookie := map[string]string{"Set-Cookie": "session=7; Path=/", "Content-Type": "application/json"}
		f.says(askLeads, farAnswer{status: 200, body: "[]", header: cookie}, farAnswer{status: 500, header: cookie})
		for range 3 {
			if _, err := s.Leads(t.Context(), 100); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.PostUpdates(t.Context(), []model.LeadUpdate{{LeadID: "LD-1"}}); err != nil {
			t.Fatal(err)
		}
		from := map[string]bool{}
		calls := f.everyCall()
		for _, c := range calls {
			if from[c.from] = true; !c.closes || c.header.Get("Cookie") != "" {
				t.Errorf("%s: closes %v, %v", c.op, c.closes, c.header)
			}
		}
		if len(calls) != 6 || len(from) != 6 {
			t.Errorf("%d calls on %d connections", len(calls), len(from))
		}
	}},
	{23, "EachEnvironmentHasItsOwnClient", func(t *testing.T) {
		w := newWild(t)
		for environment, host := range map[string]string{"production": "fedlogin.cat.com", "qa": "fedloginqa.cat.com"} {
			w.forget()
			w.unaddressed(fmt.Sprintf("clientId: desk-%[1]s, clientSecret: secret-%[1]s, environment: %[1]s", environment))
			w.does("leads", "pull")
			asked := w.called(askToken)
			if len(asked) != 1 || asked[0].host != host {
				t.Fatalf("got %+v", asked)
			}
			if id, secret := asked[0].basic(t); id != "desk-"+environment || secret != "secret-"+environment {
				t.Errorf("%s: got %s, %s", environment, id, secret)
			}
		}
	}},
	{24, "AnyScriptComesThroughWhole", func(t *testing.T) {
		d := newDesk(t)
		for _, name := range []string{"東京建機株式会社", "Śląskie Żwirownie", "شركة الحفر", "Grúas 🚜 del Sur", "ﾕﾝﾎﾞ", "Ω\u0301"} {
			if got := d.received(`"company":` + asJSON(t, name))["L_company"]; got != name {
				t.Errorf("got %q of %q", got, name)
			}
			id := "OUT-" + name
			u := plainUpdate()
			u["comments"] = name
			d.card(id, u)
			d.push()
			if got := d.reported(id); len(got) != 1 || got[0]["comments"] != name {
				t.Errorf("sent %v of %q", got, name)
			}
		}
	}},
	{25, "DaysAndMomentsAreReadAndDaysAreWritten", func(t *testing.T) {
		d := newDesk(t)
		card := d.received(`"rentalStartDate":"2026-04-06", "dateCreated":"2026-03-02T23:30:00-02:00", "dateRegistered":"2026-03-02T09:41:07+00:00"`)
		made, err := time.Parse(time.RFC3339, card["L_dateCreated"])
		if err != nil || !made.Equal(time.Date(2026, 3, 3, 1, 30, 0, 0, time.UTC)) {
			t.Errorf("%v: made at %s", err, card["L_dateCreated"])
		}
		registered, err := time.Parse(time.RFC3339, card["L_dateRegistered"])
		if err != nil || !registered.Equal(time.Date(2026, 3, 2, 9, 41, 7, 0, time.UTC)) || card["L_rentalStartDate"] != "2026-04-06" {
			t.Errorf("%v: got %v", err, card)
		}
		if odd := d.odd(card["CAT"]); len(odd) > 0 {
			t.Errorf("odd is %v", odd)
		}
		u := plainUpdate()
		u["customerContacted"], u["dateContacted"], u["quoteSentDate"] = "Yes", "2026-02-11", "2026-02-12"
		d.card("LD-7", u)
		d.push()
		if got := d.reported("LD-7"); len(got) != 1 || got[0]["dateContacted"] != "2026-02-11" || got[0]["quoteSentDate"] != "2026-02-12" {
			t.Errorf("got %v", got)
		}
	}},
	{26, "NullSaysThatThereIsNoValue", func(t *testing.T) {
		d := newDesk(t)
		var nulls []string
		for _, m := range membersOf(t, "Lead") {
			if m != "leadId" && m != "leadState" && m != "dateCreated" {
				nulls = append(nulls, `"`+m+`":null`)
			}
		}
		if len(nulls) < 60 {
			t.Fatalf("%d members", len(nulls))
		}
		card := d.received(strings.Join(nulls, ","))
		for column, value := range card {
			if strings.HasPrefix(column, "L_") && column != "L_leadState" && column != "L_dateCreated" {
				t.Errorf("%s is %q", column, value)
			}
		}
		if odd := d.odd(card["CAT"]); len(odd) > 0 {
			t.Errorf("odd is %v", odd)
		}
	}},
	{27, "AnAmountHasSixteenDigitsOfWhichTwoFollowThePoint", func(t *testing.T) {
		d := newDesk(t)
		for amount, wire := range map[string]string{
			"12345678901234.56": "12345678901234.56", "0.05": "0.05", "7": "7", "1234.567": "1234.57", "123456789012345": "", "123456789012345.6": "",
		} {
			u := opportunity("10")
			u["opportunityAmount"] = amount
			d.card(amount, u)
			d.push()
			got := d.reported(amount)
			if wire != "" && (len(got) != 1 || number(got[0]["opportunityAmount"]) != wire) || wire == "" && len(got) != 0 {
				t.Errorf("%s became %v", amount, got)
			}
		}
	}},
}
