package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
)

// codeDesk is a desk with a subscription to codes, and one code that is known.
func codeDesk(t *testing.T) *salesDesk {
	t.Helper()
	d := newDesk(t)
	d.codes["7QF2K9LD0M"] = `{"serialNumber":"QLF00417","make":"CAT","smcsCode":"70K1"}`
	d.write("dealerbridge.yaml", d.settings("")+"qr: {clientId: "+deskID+", clientSecret: '"+deskSecret+"', service: "+
		d.URL+strings.TrimSuffix(farCodes, "/qrCodeAssociations/")+", tokenService: "+d.URL+farToken+"}\n")
	return d
}

// scanned asks for a code and gives what is told of its machine.
func (d *salesDesk) scanned(code string) object {
	d.t.Helper()
	machine, ok := parsed(d.t, []byte(d.does("qr", code, "--json")))["machine"].(object)
	if !ok {
		d.t.Fatalf("%s: no machine", code)
	}
	return machine
}

// asked are the ids that were asked for since the last time.
func (d *salesDesk) asked() []string {
	d.t.Helper()
	var all []string
	for _, c := range d.called(askCode) {
		id, err := url.PathUnescape(strings.TrimPrefix(c.path, farCodes))
		if err != nil {
			d.t.Error(err)
		}
		all = append(all, id)
	}
	d.forget()
	return all
}

// reader is the client for codes with a clock and pauses of the test's own.
func (f *far) reader(o caterpillar.Options) *caterpillar.QR {
	f.t.Helper()
	q, err := caterpillar.OpenQR(caterpillar.QRConfig{
		URL: f.URL + strings.TrimSuffix(farCodes, "/qrCodeAssociations/"), Options: o,
		Credentials: caterpillar.Credentials{TokenURL: f.URL + farToken, ID: deskID, Secret: deskSecret},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return q
}

// atOnce lets no time pass between tries.
func atOnce(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// codeRules are those of section A.
var codeRules = []leadRule{
	{1, "TheIDIsBehindTheFinalSlashWithoutQueryFragmentAndSlash", func(t *testing.T) {
		d := codeDesk(t)
		for _, address := range []string{
			"https://qr.cat.com/7QF2K9LD0M", "https://qr.cat.com/a/b/7QF2K9LD0M", "https://qr.cat.com/7QF2K9LD0M/", "https://qr.cat.com/7QF2K9LD0M?x=/1",
			"https://qr.cat.com/7QF2K9LD0M#top/2", "https://qr.cat.com/7QF2K9LD0M/?a=b#c",
		} {
			if got := d.scanned(address)["serialNumber"]; got != "QLF00417" {
				t.Errorf("%s is of %v", address, got)
			}
			if got := d.asked(); !slices.Equal(got, []string{"7QF2K9LD0M"}) {
				t.Errorf("%s: asked for %q", address, got)
			}
		}
	}},
	{2, "CaseOfSchemeAndHostPlaysNoPartAndTheIDGoesAsScanned", func(t *testing.T) {
		d := codeDesk(t)
		d.codes["7qf2K9ld0m"] = `{"serialNumber":"QLF00900"}`
		for address, id := range map[string]string{
			"HTTPS://QR.CAT.COM/7QF2K9LD0M": "7QF2K9LD0M", "https://qr.cat.com/7QF2K9LD0M": "7QF2K9LD0M", "hTTps://Qr.cAt.CoM/7qf2K9ld0m": "7qf2K9ld0m",
		} {
			d.scanned(address)
			if got := d.asked(); !slices.Equal(got, []string{id}) {
				t.Errorf("%s: asked for %q", address, got)
			}
		}
		for _, foreign := range []string{"https://example.com/7QF2K9LD0M", "HTTPS://QR.CAT.COM.EXAMPLE.COM/7QF2K9LD0M"} {
			if code, _, errs := d.run("qr", foreign); code != 1 || len(d.everyCall()) != 0 || !strings.Contains(errs, "qr.cat.com") {
				t.Errorf("%s: %d, %s", foreign, code, errs)
			}
		}
	}},
	{3, "TheLookupIsOneGETBelowTheBase", func(t *testing.T) {
		w := newWild(t)
		w.codes["7QF2K9LD0M"] = `{"serialNumber":"QLF00417"}`
		w.write("dealerbridge.yaml", "listen: 127.0.0.1:8080\nqr: {clientId: one, clientSecret: two}\n")
		w.does("qr", "7QF2K9LD0M")
		calls := w.called(askCode)
		if len(calls) != 1 || len(w.everyCall()) != 2 {
			t.Fatalf("calls %+v", w.everyCall())
		}
		got := calls[0].method + " https://" + calls[0].host + calls[0].path
		if want := "GET https://services.cat.com/catDigital/qrCodeAssociations/external/v1/qrCodeAssociations/7QF2K9LD0M"; got != want || calls[0].query != "" {
			t.Errorf("got %s, want %s", got, want)
		}
	}},
	{4, "EachLookupCarriesTheTokenAndAcceptsJSON", func(t *testing.T) {
		d := codeDesk(t)
		d.scanned("7QF2K9LD0M")
		h := d.called(askCode)[0].header
		if h.Get("Authorization") != "Bearer made-up-1" || h.Get("Accept") != "application/json" {
			t.Errorf("got %v", h)
		}
	}},
	{5, "TheTokenComesByClientCredentialsWithoutAScope", func(t *testing.T) {
		w := newWild(t)
		w.codes["7QF2K9LD0M"] = `{"serialNumber":"QLF00417"}`
		w.write("dealerbridge.yaml", "listen: 127.0.0.1:8080\nqr: {clientId: one, clientSecret: two}\n")
		w.does("qr", "7QF2K9LD0M")
		asked := w.called(askToken)
		if len(asked) != 1 || asked[0].host+asked[0].path != "fedlogin.cat.com/as/token.oauth2" {
			t.Fatalf("got %+v", asked)
		}
		form, err := url.ParseQuery(asked[0].body)
		if err != nil || form.Get("grant_type") != "client_credentials" || form.Has("scope") {
			t.Errorf("%v, %s", err, asked[0].body)
		}
		if id, secret := asked[0].basic(t); id != "one" || secret != "two" {
			t.Errorf("got %s, %s", id, secret)
		}
	}},
	{6, "AfterAnHourAnotherTokenIsRequested", func(t *testing.T) {
		f, glass := newFar(t), newHourglass(0)
		f.codes["A"], f.life = `{"serialNumber":"X"}`, 3600
		q := f.reader(caterpillar.Options{Now: glass.Now})
		for minutes, tokens := range []int{1, 1, 2} { // at the beginning, after 55 minutes, and after 110
			if _, err := q.Association(t.Context(), "A"); err != nil || len(f.called(askToken)) != tokens {
				t.Errorf("after %d minutes: %v, %d tokens", minutes*55, err, len(f.called(askToken)))
			}
			glass.turn(55 * time.Minute)
		}
		for _, asked := range f.called(askToken) {
			if strings.Contains(asked.body, "refresh") {
				t.Errorf("asked with %s", asked.body)
			}
		}
	}},
	{7, "ThereIsNoEnvironmentToChoose", func(t *testing.T) {
		d := codeDesk(t)
		d.write("dealerbridge.yaml", "qr: {clientId: one, clientSecret: two, environment: qa}\n")
		if code, _, errs := d.run("qr", "7QF2K9LD0M"); code != 1 || !strings.Contains(errs, "environment") || len(d.everyCall()) != 0 {
			t.Errorf("%d, %s", code, errs)
		}
	}},
	{8, "AssociationsAreLookedUpAndNothingElse", func(t *testing.T) {
		d := codeDesk(t)
		d.says(askCode, farAnswer{status: 404}, farAnswer{status: 403, body: `{}`}, farAnswer{status: 400}, farAnswer{status: 401})
		for range 5 {
			d.run("qr", "7QF2K9LD0M")
		}
		for _, c := range d.everyCall() {
			if c.op != askToken && c.op != askCode || c.op == askCode && (c.method != "GET" || c.body != "") {
				t.Errorf("%s %s", c.method, c.path)
			}
		}
		if n := d.unsaid(askCode); n > 0 {
			t.Errorf("%d answers were not asked for", n)
		}
	}},
	{9, "WithoutAMakeItIsCAT", func(t *testing.T) {
		d := codeDesk(t)
		for given, want := range map[string]string{
			`{"serialNumber":"X1"}`: "CAT", `{"serialNumber":"X1","make":null}`: "CAT", `{"serialNumber":"X1","make":""}`: "CAT", `{"serialNumber":"X1","make":"OTHER"}`: "OTHER",
		} {
			d.codes["A1"] = given
			if m := d.scanned("A1"); m["make"] != want || m["serialNumber"] != "X1" {
				t.Errorf("%s: got %v", given, m)
			}
		}
	}},
	{10, "NoMemberIsGuaranteedAndTwoAreNested", func(t *testing.T) {
		d := codeDesk(t)
		whole := object{
			"serialNumber": "QLF00417", "make": "CAT", "smcsCode": "70K1", "catrecid": "R-9", "associationOriginator": "D100", "createTime": "2026-01-14T08:20:31.004112Z",
			"assetMetadataUpdateStatus": "PENDING",
			"principalWork":             object{"code": "310", "description": "TRENCHING", "codeType": "Machine", "codeAssignmentTime": "2026-01-14 08:20:31:004"},
			"marketSegment":             object{"code": "UT", "description": "UTILITIES", "subSegmentCode": "UTWA", "subSegmentDescription": "WATER MAINS"},
		}
		d.codes["A1"] = asJSON(t, whole)
		if got := asJSON(t, d.scanned("A1")); got != asJSON(t, whole) {
			t.Errorf("got %s", got)
		}
		for _, gone := range slices.Sorted(maps.Keys(whole)) {
			for how, value := range map[string]any{"missing": nil, "null": nil, "blank": ""} {
				less := maps.Clone(whole)
				if less[gone] = value; how == "missing" {
					delete(less, gone)
				}
				d.codes["A1"] = asJSON(t, less)
				got := d.scanned("A1")
				for member, want := range whole {
					if _, nested := want.(object); member != gone && asJSON(t, got[member]) != asJSON(t, want) || member == gone && gone != "make" && !nested && text(got[member]) != "" {
						t.Errorf("%s is %s: %s is %v", gone, how, member, got[member])
					}
				}
			}
		}
	}},
	{11, "BothTimesArePassedOnAsTheyCame", func(t *testing.T) {
		d := codeDesk(t)
		for made, assigned := range map[string]string{
			"2026-01-14T08:20:31.004112Z": "2026-01-14 08:20:31:004", "2026-01-14T08:20:31Z": "14/01/26", "soon": "2026-13-41 99:99:99:999",
		} {
			d.codes["A1"] = asJSON(t, object{"serialNumber": "X1", "createTime": made, "principalWork": object{"codeAssignmentTime": assigned}})
			m := d.scanned("A1")
			if work, _ := m["principalWork"].(object); m["createTime"] != made || work["codeAssignmentTime"] != assigned {
				t.Errorf("got %v", m)
			}
		}
	}},
	{12, "AnythingBut200IsAFailureWith401And404OfTheirOwn", func(t *testing.T) {
		f := newFar(t)
		f.codes["A"] = `{"serialNumber":"X"}`
		q := f.reader(caterpillar.Options{Wait: atOnce})
		for status, want := range map[int]error{
			404: adapters.ErrNotFound, 400: adapters.ErrBadRequest, 403: adapters.ErrForbidden, 204: adapters.ErrAnswer, 201: adapters.ErrAnswer, 302: adapters.ErrAddress,
			500: adapters.ErrService, 503: adapters.ErrService,
		} {
			f.mu.Lock()
			f.script = map[string][]farAnswer{askCode: slices.Repeat([]farAnswer{{status: status}}, 9)}
			f.mu.Unlock()
			if got, err := q.Association(t.Context(), "A"); !errors.Is(err, want) || got.SerialNumber != nil {
				t.Errorf("%d: %v", status, err)
			}
		}
		d := codeDesk(t)
		d.says(askCode, fars(401, `{"message":"Invalid access token."}`))
		d.scanned("7QF2K9LD0M")
		if tokens, calls := len(d.called(askToken)), d.called(askCode); tokens != 2 || len(calls) != 2 || calls[0].header.Get("Authorization") == calls[1].header.Get("Authorization") {
			t.Errorf("%d tokens, calls %+v", tokens, calls)
		}
		if code, _, errs := d.run("qr", "NOBODYS"); code != 1 || !strings.Contains(errs, "no machine is known for the code NOBODYS") {
			t.Errorf("%d, %s", code, errs)
		}
	}},
	{13, "WithoutASubscriptionThatIsSaid", func(t *testing.T) {
		d := codeDesk(t)
		for _, c := range []struct {
			settings string
			says     []string
		}{
			{"listen: 127.0.0.1:8080\n", []string{"no section qr", "clientId and clientSecret", "subscription"}},
			{"qr: {clientId: one}\n", []string{"clientSecret is missing"}},
			{"qr: {clientSecret: two}\n", []string{"clientId is missing"}},
		} {
			d.write("dealerbridge.yaml", c.settings)
			code, _, errs := d.run("qr", "7QF2K9LD0M")
			if code != 1 || len(d.everyCall()) != 0 {
				t.Errorf("%d, calls %v", code, d.everyCall())
			}
			for _, want := range c.says {
				if !strings.Contains(errs, want) {
					t.Errorf("%q is not in %s", want, errs)
				}
			}
		}
	}},
	{14, "TheSMCSCodeStaysText", func(t *testing.T) {
		d := codeDesk(t)
		for given, want := range map[string]string{`"79L0"`: "79L0", `"0070"`: "0070", `"7E10"`: "7E10", "7010": "7010"} {
			d.codes["A1"] = `{"serialNumber":"X1","smcsCode":` + given + `}`
			if got, is := d.scanned("A1")["smcsCode"].(string); !is || got != want {
				t.Errorf("got %q of %s", got, given)
			}
		}
	}},
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
