package main_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// endpoints are a call of each, of somebody who has something of each kind.
var endpoints = []string{
	"contract?customer=0000412", "jobsite?customer=0000412", "invoice?customer=0000412", "dealer-category?customer=0000412",
	"customer?customer=0000412", "location?items=3", "incremental?since=2026-06-01T00:00:00Z",
}

// sharedRules are those of section G about answers as such.
var sharedRules = []rule{
	{106, "PathsAreServedBelowApiV1WhateverTheHostIsCalled", func(t *testing.T, b *book) {
		for _, path := range endpoints {
			a := b.pull.Get("/api/v1/"+path, func(r *http.Request) { r.Host = "rental.dealer.example" })
			if a.Status != http.StatusOK {
				t.Errorf("%s is answered %d", path, a.Status)
			}
			if a := b.pull.Get("/" + path); a.Status != http.StatusNotFound {
				t.Errorf("%s without /api/v1 is answered %d", path, a.Status)
			}
		}
	}},
	{107, "ABrokenTableIsA5xxOfTheEndpointThatNeedsIt", func(t *testing.T, _ *book) {
		for table, path := range map[string]string{
			"RENTAL": endpoints[0], "SITES": endpoints[1], "INVHDR": endpoints[2], "PRICES": endpoints[3],
			"CUSMAS": endpoints[4], "BRANCH": endpoints[5], "CUST NOTES": endpoints[6],
		} {
			own := fresh(t)
			if got := own.status(path); got != http.StatusOK {
				t.Errorf("%s is answered %d before", path, got)
			}
			own.hide(table)
			if got := own.status(path); got < 500 {
				t.Errorf("%s without %s is answered %d", path, table, got)
			}
		}
	}},
	{108, "NothingFoundIsASuccessWithoutItems", func(t *testing.T, b *book) {
		if n := b.column("select count(*) from RENTAL where CO = '01' and CUST = '2'"); n[0] != "0" {
			t.Fatalf("customer 2 has %s contracts", n)
		}
		nothing := plain(t, "")
		for _, ask := range []struct {
			b    *book
			path string
		}{
			{b, "contract?customer=0000002"},
			{b, "invoice?customer=0000002"},
			{nothing, "contract?customer=000001"},
			{nothing, "jobsite?customer=000001"},
			{nothing, "invoice?customer=000001"},
			{nothing, "dealer-category"},
			{nothing, "location"},
			{nothing, "incremental?since=2026-06-01T00:00:00Z"},
		} {
			got, ok := ask.b.get(ask.path)["items"].([]any)
			if !ok || len(got) != 0 {
				t.Errorf("%s: got items %v", ask.path, got)
			}
		}
	}},
	{109, "ADatabaseThatIsLostIsNeverAnEmptySuccess", func(t *testing.T, _ *book) {
		own := fresh(t)
		if err := os.Truncate(own.dealer.Database.Path, 0); err != nil {
			t.Fatal(err)
		}
		for _, path := range endpoints {
			a := own.pull.Get("/api/v1/" + path)
			if a.Status < 500 || has(parsed(t, a.Body), "items") {
				t.Errorf("%s is answered %d: %s", path, a.Status, a.Body)
			}
		}
	}},
	{110, "OnlyCustomerAnswers404ForAnUnknownDCN", func(t *testing.T, b *book) {
		if n := b.column("select count(*) from CUSMAS where CUST = '4711'"); n[0] != "0" {
			t.Fatal("there is a customer 4711")
		}
		if got := b.status("customer?customer=0004711"); got != http.StatusNotFound {
			t.Errorf("customer is answered %d", got)
		}
		for _, endpoint := range []string{"contract", "jobsite", "invoice"} {
			if items := b.get(endpoint + "?customer=0004711")["items"]; len(list(items)) != 0 {
				t.Errorf("%s of nobody: %v", endpoint, items)
			}
		}
		if len(list(b.get("dealer-category?customer=0004711")["items"])) == 0 {
			t.Error("a customer nobody knows has no book rates")
		}
	}},
	{111, "APageOfWhichAPartCannotBeReadIsNotAnsweredInPart", func(t *testing.T, _ *book) {
		for table, path := range map[string]string{
			"TAXES": endpoints[0], "EQPMAS": endpoints[0], "RENTLN": endpoints[1], "INVLN": endpoints[2], "CLSMAS": endpoints[3],
		} {
			own := fresh(t)
			own.hide(table)
			a := own.pull.Get("/api/v1/" + path)
			if a.Status < 500 || has(parsed(t, a.Body), "items") {
				t.Errorf("%s without %s is answered %d: %.300s", path, table, a.Status, a.Body)
			}
		}
	}},
	{112, "WithoutAValidTokenThereIsA401AndNoData", func(t *testing.T, _ *book) {
		own := fresh(t)
		paths := append(slices.Clone(endpoints), "document/contract/K10001")
		refuse := func(bearer, why string) {
			for _, path := range paths {
				a := own.with(bearer).Get("/api/v1/" + path)
				if a.Status != http.StatusUnauthorized || has(parsed(t, a.Body), "items") {
					t.Errorf("%s with %s is answered %d", path, why, a.Status)
				}
			}
		}
		refuse("", "no token")
		refuse(own.pull.Token+"x", "a forged token")
		own.clock.advance(25 * time.Hour)
		refuse(own.pull.Token, "an expired token")
	}},
	{113, "PlainHTTPAndBrokenTLSAreOut", func(t *testing.T, _ *book) {
		dir := t.TempDir()
		c := serving(prairie(t, "D100"))
		c.TLS = &config.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
		trusted := certify(t, *c.TLS)
		g := start(t, c)
		for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
			err := alive(t, g, &tls.Config{RootCAs: trusted, MinVersion: version, MaxVersion: version})
			if (err == nil) != want {
				t.Errorf("%s: %v", tls.VersionName(version), err)
			}
		}
		bare := *g
		bare.base = strings.Replace(g.base, "https://", "http://", 1)
		if err := alive(t, &bare, nil); err == nil {
			t.Error("plain http is answered")
		}
		_, err := config.Parse("dealerbridge.yaml", []byte("listen: 0.0.0.0:8080\n"), os.LookupEnv, config.Overrides{})
		if err == nil || !strings.Contains(err.Error(), "give tls") {
			t.Errorf("an open address without TLS: %v", err)
		}
	}},
	{114, "AnIDItsSecretAndAScopeAtTheTokenURLAreEnough", func(t *testing.T, _ *book) {
		own := fresh(t)
		secret := own.addClient("store", "D100")
		form := url.Values{"grant_type": grant["grant_type"], "scope": {token.ScopeRead}}
		in := url.Values{"grant_type": grant["grant_type"], "client_id": {"store"}, "client_secret": {secret}}
		for how, a := range map[string]tokenAnswer{
			"header and scope": own.askToken("store", secret, form), "header": own.askToken("store", secret, grant), "form": own.askToken("", "", in),
		} {
			if a.Status != http.StatusOK || a.ExpiresIn <= 0 {
				t.Fatalf("%s: %+v", how, a)
			}
			if got := own.with(a.AccessToken).Get("/api/v1/location"); got.Status != http.StatusOK {
				t.Errorf("with the token by %s location is answered %d", how, got.Status)
			}
		}
		if a := own.askToken("store", secret+"x", form); a.Status != http.StatusUnauthorized || a.AccessToken != "" {
			t.Errorf("a wrong secret: %+v", a)
		}
	}},
	{116, "EveryMemberIsOfItsType", func(t *testing.T, b *book) {
		digits := regexp.MustCompile(`^-?(0|[1-9]\d*)$`)
		kinds := map[string]int{}
		for path, answer := range b.everything() {
			walk(path, answer, func(at, name string, v any) {
				var fine bool
				switch name {
				case "quantity", "assetCount", "billControl", "totalPages", "totalElements", "size", "number":
					n, ok := v.(json.Number)
					fine = ok && digits.MatchString(n.String())
				case "total", "rentalTotal", "amount":
					_, fine = v.(json.Number)
				case "isReservation", "empty":
					_, fine = v.(bool)
				case "items", "assetDetails", "feeDetails", "taxDetails", "categoryGroups", "types":
					_, fine = v.([]any)
				case "properties", "rentalRate", "groupRate", "daily", "weekly", "monthly", "customer":
					_, fine = v.(object)
				default:
					var s string
					s, fine = v.(string)
					fine = fine && utf8.ValidString(s)
				}
				kinds[name]++
				if !fine {
					t.Errorf("%s is %v", at, v)
				}
			})
		}
		for _, seen := range []string{"quantity", "billControl", "rentalTotal", "isReservation", "signedBy", "assetPurchasePrice", "rateType"} {
			if kinds[seen] == 0 {
				t.Errorf("no %s was seen", seen)
			}
		}
	}},
	{116, "CreditsHaveAMinusInFrontAndTextsComeAsTheyStand", func(t *testing.T, b *book) {
		minus := 0
		for _, a := range b.assets("205") {
			if err := amount(a.sent["rentalTotal"], plainAmount(a.row["AMT"])); err != nil {
				t.Errorf("%s, %q: %v", a.sent["rentedAssetId"], a.row["AMT"], err)
			}
			if n, _ := a.sent["rentalTotal"].(json.Number); strings.HasPrefix(n.String(), "-") {
				minus++
			}
		}
		if minus < 2 {
			t.Errorf("%d credits were seen", minus)
		}
		signed := 0
		for _, c := range b.contracts("412", "88") {
			properties, _ := c.sent["properties"].(object)
			if text(properties["signedBy"]) != c.row["SIGNBY"] || text(c.sent["pickupPerson"]) != c.row["PICKBY"] {
				t.Errorf("%s: got %v, %v", c.row["CONNO"], properties, c.sent["pickupPerson"])
			}
			if strings.ContainsAny(c.row["SIGNBY"]+c.row["PICKBY"], "<&") {
				signed++
			}
		}
		if signed == 0 {
			t.Error("no text with special characters was seen")
		}
	}},
	{117, "EveryDoubleHasAPoint", func(t *testing.T, b *book) {
		decimal := regexp.MustCompile(`^-?(0|[1-9]\d*)\.\d+$`)
		seen := 0
		for path, answer := range b.everything() {
			walk(path, answer, func(at, name string, v any) {
				if name != "total" && name != "rentalTotal" && name != "amount" {
					return
				}
				n, _ := v.(json.Number)
				if seen++; !decimal.MatchString(n.String()) {
					t.Errorf("%s is spelled %v", at, v)
				}
			})
		}
		if seen < 1000 {
			t.Errorf("%d doubles were seen", seen)
		}
		// The bytes themselves, of an amount that the tables hold without a point.
		bare := b.column("select CONNO || '-' || SEQ as ID from RENTLN where CO = '01' and CUST = '205' and AMT = '75'")
		a := b.pull.Get("/api/v1/contract?items=100&customer=0000205")
		if raw := string(a.Body); len(bare) != 1 || !regexp.MustCompile(`"rentalTotal":75\.0+,"rentedAssetId":"`+bare[0]+`"`).MatchString(raw) {
			t.Errorf("%v is not sent with a point", bare)
		}
	}},
	{118, "EveryDatetimeHasTimeAndZone", func(t *testing.T, b *book) {
		whole := regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$`)
		seen := map[string]int{}
		for path, answer := range b.everything() {
			walk(path, answer, func(at, name string, v any) {
				if !strings.Contains(name, "Date") {
					return
				}
				s := text(v)
				if seen[name]++; !whole.MatchString(s) {
					t.Errorf("%s is %v", at, v)
				} else if _, err := time.Parse(time.RFC3339, s); err != nil {
					t.Errorf("%s: %v", at, err)
				}
			})
		}
		want := []string{
			"assetCallOffDate", "assetReturnedDate", "assetStartDate", "billedDateEnd", "billedDateStart", "contractEndDate",
			"contractStartDate", "invoiceDate", "invoicedThruDate",
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(seen))); diff != "" {
			t.Errorf("datetimes seen (-want +got):\n%s", diff)
		}
	}},
	{118, "ALocalTimeIsSentAsTheInstantItIs", func(t *testing.T, b *book) {
		times := 0
		for _, c := range b.contracts("412", "1007", "88") {
			got, err := time.Parse(time.RFC3339, text(c.sent["contractStartDate"]))
			if want := b.instant(c.row["FROM"]); err != nil || got.UTC().Format(time.RFC3339) != want {
				t.Errorf("%s: got %v for %s, want %s", c.row["CONNO"], c.sent["contractStartDate"], c.row["FROM"], want)
			}
			if !strings.HasSuffix(c.row["FROM"], " 00:00:00") {
				times++
			}
		}
		if times < 20 {
			t.Errorf("%d times of day were seen", times)
		}
	}},
	{119, "ADayIsSentAsNoonUTC", func(t *testing.T, b *book) {
		seen := map[string]int{}
		check := func(what string, got any, stored, want string) {
			t.Helper()
			if seen[what]++; text(got) != want {
				t.Errorf("%s: got %v for %s, want %s", what, got, stored, want)
			}
		}
		for _, c := range b.contracts("412", "1007", "88") {
			if due := c.row["DUE"]; !noDay(due) && !strings.HasPrefix(due, "9999") {
				check("due", c.sent["contractEndDate"], due, noonOf(due[:10]))
			}
			if thru := c.row["THRU"]; thru != "0" {
				check("thru", c.sent["invoicedThruDate"], thru, noonOf(day(thru)))
			}
			if from := c.row["FROM"]; strings.HasSuffix(from, " 00:00:00") {
				check("from", c.sent["contractStartDate"], from, noonOf(from[:10]))
			}
		}
		for _, a := range b.assets("412", "1007", "88") {
			if back := a.row["RETDT"]; !noDay(back) {
				check("returned", a.sent["assetReturnedDate"], back, noonOf(back[:10]))
			}
		}
		for _, i := range b.invoices("412", "1007") {
			check("invoiced", i.sent["invoiceDate"], i.row["IDATE"], noonOf(day(i.row["IDATE"])))
			check("billed from", i.sent["billedDateStart"], i.row["FROM"], noonOf(day(i.row["FROM"])))
			check("billed to", i.sent["billedDateEnd"], i.row["TO"], noonOf(day(i.row["TO"])))
		}
		if len(seen) != 7 {
			t.Errorf("seen %v", seen)
		}
	}},
	{120, "CountriesAreCodesOfTwoOrThreeLettersInTheirPlace", func(t *testing.T, b *book) {
		code := regexp.MustCompile(`^[A-Z]{2,3}$`)
		seen := map[string]int{}
		check := func(got any, stored string) {
			t.Helper()
			if stored == "" {
				stored = "USA" // what the dealer's mapping says
			}
			if seen[text(got)]++; text(got) != stored || !code.MatchString(stored) {
				t.Errorf("country %v, want %s", got, stored)
			}
		}
		for _, raw := range append(slices.Clone(tidy), "212") {
			for _, j := range b.all("jobsite?customer=" + dcn(raw)) {
				_, job, _ := strings.Cut(text(j["jobsiteId"]), "-")
				check(j["country"], b.column("select CTRY from SITES where CO = '01' and CUST = ? and JOB = ?", raw, job)[0])
			}
		}
		for _, l := range b.all("location?x=") {
			properties, _ := l["properties"].(object)
			check(properties["country"], b.column("select CTRY from BRANCH where CO = '01' and CODE = ?", l["locationId"])[0])
			if has(l, "country") {
				t.Errorf("location %v has a country beside its properties", l["locationId"])
			}
		}
		if seen["CAN"] < 2 || seen["USA"] < 10 {
			t.Errorf("seen %v", seen)
		}
	}},
	{120, "ADealerWhoNamesNoCountrySendsNone", func(t *testing.T, _ *book) {
		own := plain(t, "insert into SITE values (412, 'LEVEE', 'Levee'); insert into YARD values ('EAST', 'East yard')")
		for _, path := range []string{"jobsite?customer=000412", "location?x="} {
			items := own.all(path)
			if len(items) != 1 || strings.Contains(fmt.Sprint(items), "country") {
				t.Errorf("%s: %v", path, items)
			}
		}
	}},
	{121, "CatalogRatesNameTheirCurrencyAndForeignOnesAreNamedElsewhere", func(t *testing.T, b *book) {
		rates := 0
		walk("", b.get("dealer-category?customer=0000215"), func(at, _ string, v any) {
			if o, ok := v.(object); ok && has(o, "amount") {
				if rates++; text(o["currency"]) != "USD" {
					t.Errorf("%s: %v", at, o)
				}
			}
		})
		foreign := 0
		want := func(p pair) string {
			switch own := p.row["CUR"]; own {
			case "":
				foreign++
				return "CAD" // the customer's
			default:
				return own
			}
		}
		for _, p := range append(b.contracts("209"), b.invoices("209")...) {
			if got := text(p.sent["currency"]); got != want(p) {
				t.Errorf("got currency %q for %v", got, p.row["CUR"])
			}
		}
		if rates < 50 || foreign == 0 {
			t.Errorf("%d rates, %d currencies of the customer", rates, foreign)
		}
		if c := b.column("select CUR from CUSMAS where CO = '01' and CUST = '209'"); c[0] != "CAD" {
			t.Errorf("customer 209 has %v", c)
		}
	}},
}
