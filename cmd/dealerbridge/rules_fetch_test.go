package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// serve runs the gateway with these settings of leads beside the usual, until the
// test ends or stop is called.
func (d *salesDesk) serve(more string) (log *journal, stop func()) {
	d.t.Helper()
	d.write("dealerbridge.yaml", d.settings(more))
	log = newJournal()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, "test", []string{"serve", "--config", d.config, "--listen", "127.0.0.1:0"}, log, log)
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if code := <-ended; code != 0 {
			d.t.Errorf("serve ended with %d:\n%s", code, log)
		}
	}
	d.t.Cleanup(stop)
	log.wait(d.t, `"msg":"serving"`)
	return log, stop
}

// gateway runs the gateway with a clock of the test's own.
func (d *salesDesk) gateway(glass *hourglass, change ...func(*config.Config)) *gateway {
	d.t.Helper()
	c, err := config.Load(d.config, func(string) (string, bool) { return "", false }, config.Overrides{})
	if err != nil {
		d.t.Fatal(err)
	}
	c.Listen = config.DefaultListen
	for _, more := range change {
		more(&c)
	}
	return start(d.t, c, func(o *app.Options) {
		if glass != nil {
			o.Now, o.Sleep = glass.Now, glass.Sleep
		}
	})
}

// limits are what the calls for leads asked for at most.
func (f *far) limits() []string {
	var all []string
	for _, c := range f.called(askLeads) {
		_, limit, _ := strings.Cut(c.query, "limit=")
		all = append(all, limit)
	}
	return all
}

// crowdOf are so many leads.
func crowdOf(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = leadOf(fmt.Sprintf("LD-%05d", i), fmt.Sprintf(`"name":"Person %d"`, i))
	}
	return all
}

// fetchRules are those of section C.
var fetchRules = []leadRule{
	{29, "ALeadComesWithAllMembers", func(t *testing.T) {
		d := newDesk(t)
		want, members := record{}, []string{}
		for _, m := range membersOf(t, "Lead") {
			value := "of " + m
			switch m {
			case "leadId", "leadState", "dateCreated":
				continue
			case "agreeToContact", "catPrequalificationStatus":
				value = "true"
				members = append(members, `"`+m+`":true`)
			case "bcpNewUsedRental":
				value = "Used"
			case "productOfInterestQuantity":
				value = "3"
				members = append(members, `"`+m+`":3`)
			case "rentalStartDate", "rentalEndDate", "callCenterProcessDate1":
				value = "2026-04-06"
			case "dateRegistered":
				value = "2026-03-01T10:00:00Z"
			}
			if want["L_"+m] = value; !strings.Contains(strings.Join(members, ","), `"`+m+`":`) {
				members = append(members, `"`+m+`":`+strconv.Quote(value))
			}
		}
		card := d.received(strings.Join(members, ","))
		for column, value := range want {
			if card[column] != value {
				t.Errorf("%s is %q, want %q", column, card[column], value)
			}
		}
	}},
	{29, "AnAnswerThatIsLostComesBackByTheHistoricEndpoint", func(t *testing.T) {
		d := newDesk(t)
		d.add(leadOf("LD-1", ""), leadOf("LD-2", ""))
		d.says(askLeads, farAnswer{acts: true})
		d.serve(", pull: 1s, windowDays: 4000")
		eventually(t, "both leads stand there", func() error { return wantStatus(len(d.leads()), 2) })
		if calls := d.called(askHistoric); len(calls) == 0 {
			t.Error("history was not asked for")
		}
	}},
	{29, "WhatCameIsKeptBeforeAnyWorkOnIt", func(t *testing.T) {
		d := newDesk(t)
		d.add(leadOf("LD-1", `"name":"Ada", "memberOfTomorrow": [1, 2]`))
		d.exec("create trigger AWAY before insert on CARD begin select raise(abort, 'away'); end")
		d.run("leads", "pull")
		if n := len(d.leads()); n != 0 {
			t.Fatalf("%d leads", n)
		}
		kept := d.told("LD-1")
		if len(kept.Received) != 1 || parsed(t, []byte(kept.Received[0].Raw))["name"] != "Ada" || !strings.Contains(kept.Received[0].Raw, "memberOfTomorrow") {
			t.Fatalf("kept is %+v", kept)
		}
		d.exec("drop trigger AWAY")
		d.does("leads", "replay", "LD-1")
		d.pull()
		d.lead("LD-1")
	}},
	{30, "AChangedLeadComesByTheSameCall", func(t *testing.T) {
		d := newDesk(t)
		d.received(`"catPrequalificationStatus":false`)
		d.add(leadOf("LD-0001", `"catPrequalificationStatus":true`))
		d.pull()
		if card := d.lead("LD-0001"); card["L_leadState"] != "UPDATED" || card["L_catPrequalificationStatus"] != "true" {
			t.Errorf("got %v", card)
		}
		for _, c := range d.everyCall() {
			if c.op != askToken && c.op != askLeads {
				t.Errorf("%s %s was called", c.method, c.path)
			}
		}
	}},
	{31, "WhatComesAsUpdatedIsMergedAndIsNoSecondLead", func(t *testing.T) {
		d := newDesk(t)
		d.received(`"name":"Ada", "catPrequalificationStatus":false`)
		d.exec("update CARD set L_city = 'noted by the desk'")
		for _, status := range []string{"true", "false", "false", "true"} {
			d.add(leadOf("LD-0001", `"name":"Ada", "catPrequalificationStatus":`+status))
			d.pull()
			if card := d.lead("LD-0001"); card["L_catPrequalificationStatus"] != status || card["L_name"] != "Ada" || card["L_city"] != "noted by the desk" {
				t.Errorf("got %v", card)
			}
		}
		d.add(leadOf("LD-NEVER-SEEN", `"leadState":"UPDATED", "name":"Bo"`)) // one whose first time was lost
		d.pull()
		if n := len(d.leads()); n != 2 || d.lead("LD-NEVER-SEEN")["L_name"] != "Bo" {
			t.Errorf("%d leads", n)
		}
	}},
	{32, "NEWAndUPDATEDAreUnderstoodAndAMissingStateIsToldOf", func(t *testing.T) {
		d := newDesk(t)
		for id, state := range map[string]string{"LD-A": `"NEW"`, "LD-B": `"UPDATED"`, "LD-C": "null"} {
			d.add(leadOf(id, `"leadState":`+state))
		}
		d.pull()
		for id, state := range map[string]string{"LD-A": "NEW", "LD-B": "UPDATED", "LD-C": ""} {
			if got := d.lead(id)["L_leadState"]; got != state {
				t.Errorf("%s is %q", id, got)
			}
			if odd := slices.Contains(d.odd(id), "leadState missing"); odd != (id == "LD-C") {
				t.Errorf("%s: %v", id, d.odd(id))
			}
		}
	}},
	{33, "TheLeadIDIsTheKey", func(t *testing.T) {
		d := newDesk(t)
		long := strings.Repeat("L", 255)
		d.says(askLeads, fars(200, `[`+leadOf("LD-1", `"name":"first"`)+`,`+leadOf("LD-1", `"name":"second"`)+`,`+leadOf("ld-1", `"name":"other"`)+`,`+leadOf(long, `"name":"long"`)+`]`))
		d.pull()
		if all := d.leads(); len(all) != 3 || all["LD-1"]["L_name"] != "second" || all["ld-1"]["L_name"] != "other" || all[long]["L_name"] != "long" {
			t.Errorf("got %v", all)
		}
	}},
	{33, "AnElementWithoutOneIsKeptAndToldOf", func(t *testing.T) {
		d := newDesk(t)
		d.says(askLeads, fars(200, `[{"name":"nobody"},`+leadOf("LD-1", "")+`]`))
		d.pull()
		d.lead("LD-1")
		var page struct {
			Items []struct{ LeadID, State string }
		}
		if err := json.Unmarshal([]byte(d.does("leads", "list", "--json")), &page); err != nil || len(page.Items) != 2 || len(d.leads()) != 1 {
			t.Fatalf("%v, %+v", err, page)
		}
		if own := page.Items[0]; own.State != "failed" || !strings.Contains(d.told(own.LeadID).Received[0].Raw, "nobody") {
			t.Errorf("got %+v", own)
		}
	}},
	{34, "EachCallAsksForOneToAHundred", func(t *testing.T) {
		d := newDesk(t)
		d.add(crowdOf(120)...)
		d.pull()
		s := d.service(caterpillar.Options{})
		for _, limit := range []int{-5, 0, 1, 7, 100, 101, 5000} {
			if _, err := s.Leads(t.Context(), limit); err != nil {
				t.Error(err)
			}
		}
		for _, limit := range d.limits() {
			if n, err := strconv.Atoi(limit); err != nil || n < 1 || n > 100 {
				t.Errorf("a call asked for %q leads", limit)
			}
		}
		if n := len(d.limits()); n != 3+7 {
			t.Errorf("%d calls", n)
		}
	}},
	{35, "ARoundEndsAtTheFirstAnswerWithoutLeads", func(t *testing.T) {
		d := newDesk(t)
		d.add(crowdOf(150)...)
		d.pull()
		if n, calls := len(d.leads()), len(d.called(askLeads)); n != 150 || calls != 3 { // 100, 50, 0
			t.Errorf("%d leads with %d calls", n, calls)
		}
	}},
	{35, "AShortAnswerProvesNothing", func(t *testing.T) {
		d := newDesk(t)
		d.says(askLeads, fars(200, "["+leadOf("S-1", "")+"]"), fars(200, "["+leadOf("S-2", "")+","+leadOf("S-3", "")+"]"), fars(200, "["+leadOf("S-4", "")+"]"))
		d.add(leadOf("LD-1", ""))
		d.pull()
		if n, calls := len(d.leads()), len(d.called(askLeads)); n != 5 || calls != 5 {
			t.Errorf("%d leads with %d calls", n, calls)
		}
	}},
	{36, "NoLeadsIs200AroundNothingOr204", func(t *testing.T) {
		for _, none := range []farAnswer{fars(200, "[]"), fars(200, ""), fars(200, " \r\n"), fars(200, "null"), fars(204, ""), fars(200, `{"leads":[]}`)} {
			d := newDesk(t)
			d.says(askLeads, none)
			if out := d.does("leads", "pull"); len(d.called(askLeads)) != 1 || len(d.called(askHistoric)) != 0 || strings.TrimSpace(out) != "nothing to do" {
				t.Errorf("%d %q: %s", none.status, none.body, out)
			}
		}
	}},
	{37, "ThereIsARoundPerQuarterOfAnHour", func(t *testing.T) {
		d, glass := newDesk(t), newHourglass(0)
		d.now = glass.Now
		d.gateway(glass)
		for round := 1; round <= 4; round++ {
			if round > 1 {
				glass.turn(14 * time.Minute)
			}
			eventually(t, fmt.Sprintf("round %d", round), func() error {
				if n := len(d.called(askLeads)); n < round {
					glass.turn(3 * time.Second) // whoever has just begun to sleep wakes as well
					return fmt.Errorf("%d rounds", n)
				}
				return nil
			})
		}
		calls := d.called(askLeads)
		for i := range calls[1:] {
			if between := calls[i+1].at.Sub(calls[i].at); between < 12*time.Minute || between > 45*time.Minute {
				t.Errorf("round %d came after %v", i+2, between)
			}
		}
	}},
	{38, "AnArrayALoneObjectAndOneAroundAnArrayAreUnderstood", func(t *testing.T) {
		a, b := leadOf("LD-1", ""), leadOf("LD-2", "")
		for shape, want := range map[string]int{
			"[" + a + "," + b + "]": 2, a: 1, `{"leads":[` + a + `,` + b + `]}`: 2, `{"total":2,"data":[` + a + `,` + b + `],"next":null}`: 2, `{"Lead":[` + a + `]}`: 1, "[" + a + "]": 1,
		} {
			d := newDesk(t)
			d.says(askLeads, fars(200, shape))
			d.pull()
			if n := len(d.leads()); n != want {
				t.Errorf("%d leads of %s", n, shape)
			}
		}
	}},
	{39, "PrequalificationIsTrueOrFalse", func(t *testing.T) {
		d := newDesk(t)
		for came, want := range map[string]string{"true": "true", "false": "false", `"true"`: "true", `"false"`: "false", "null": ""} {
			card := d.received(`"catPrequalificationStatus":` + came)
			if got := card["L_catPrequalificationStatus"]; got != want {
				t.Errorf("got %q of %s", got, came)
			}
			if odd := len(d.odd(card["CAT"])) > 0; odd != strings.HasPrefix(came, `"`) {
				t.Errorf("%s: %v", came, d.odd(card["CAT"]))
			}
		}
	}},
	{40, "TheDealersCodeIsInCatDealerCode", func(t *testing.T) {
		d := newDesk(t)
		card := d.received(`"catDealerCode":"D100", "dealerCode":"X9"`)
		if card["L_catDealerCode"] != "D100" || !slices.Contains(d.odd(card["CAT"]), "dealerCode unknown-member") {
			t.Errorf("got %v, %v", card, d.odd(card["CAT"]))
		}
	}},
	{41, "StatesAreCodesNamesOrUNKNOWN", func(t *testing.T) {
		d := newDesk(t)
		for _, state := range []string{"IA", "Iowa", "UNKNOWN", "Provincia de " + strings.Repeat("x", 242)} {
			card := d.received(`"stateOrProvince":` + asJSON(t, state) + `, "stateCode":"NE"`)
			if odd := d.odd(card["CAT"]); card["L_stateOrProvince"] != state || !slices.Equal(odd, []string{"stateCode unknown-member"}) {
				t.Errorf("got %q, %v", card["L_stateOrProvince"], odd)
			}
		}
	}},
	{42, "CallCenterCommentsHaveRoomFor5000", func(t *testing.T) {
		d := newDesk(t)
		card := d.received(`"callCenterComments":` + asJSON(t, strings.Repeat("ä", 5000)))
		if card["L_callCenterComments"] != strings.Repeat("ä", 5000) || len(d.odd(card["CAT"])) > 0 {
			t.Errorf("%d bytes, %v", len(card["L_callCenterComments"]), d.odd(card["CAT"]))
		}
	}},
	{43, "LongTextsAreNotShortened", func(t *testing.T) {
		d := newDesk(t)
		most := map[string]int{
			"productOfInterest": 1000, "additionalInformationMaster": 32768, "commentsMaster": 32768, "currentProductMaster": 32768, "partShoppingCart": 32768,
			"productOfInterestList": 32768, "shippingInformation": 32768,
		}
		var members []string
		for m, n := range most {
			members = append(members, `"`+m+`":`+asJSON(t, strings.Repeat("建", n)))
		}
		card := d.received(strings.Join(members, ","))
		for m, n := range most {
			if card["L_"+m] != strings.Repeat("建", n) {
				t.Errorf("%s has %d bytes", m, len(card["L_"+m]))
			}
		}
		if odd := d.odd(card["CAT"]); len(odd) > 0 {
			t.Errorf("odd is %v", odd)
		}
		longer := d.received(`"commentsMaster":` + asJSON(t, strings.Repeat("建", 40000)))
		if longer["L_commentsMaster"] != strings.Repeat("建", 40000) || !slices.Contains(d.odd(longer["CAT"]), "commentsMaster over-long") {
			t.Errorf("%d bytes, %v", len(longer["L_commentsMaster"]), d.odd(longer["CAT"]))
		}
	}},
	{44, "MembersOfOneCountryAreThereOrNot", func(t *testing.T) {
		d := newDesk(t)
		china := d.received(`"agreeToContact":true, "county":"Pudong", "dateRegistered":"2026-03-01T08:00:00+08:00", "gender":"F"`)
		if china["L_agreeToContact"] != "true" || china["L_county"] != "Pudong" || china["L_dateRegistered"] == "" || china["L_gender"] != "F" {
			t.Errorf("got %v", china)
		}
		for _, column := range []string{"L_agreeToContact", "L_county", "L_dateRegistered", "L_gender"} {
			if v, is := d.received(`"name":"Lind"`)[column]; is {
				t.Errorf("%s is %q", column, v)
			}
		}
	}},
	{45, "OnlyTheWillingAreGivenToTheSalesPeople", func(t *testing.T) {
		mapping := `
timezone: UTC
currency: USD
lead:
  leadId: card.CAT
  rows:
    - card: {table: CARD, key: {NO: auto}, insert: {L_agreeToContact: lead.agreeToContact}}
    - person: {table: PERSON, when: {lead.agreeToContact: {not: 'false'}}, key: {NO: card.NO}, insert: {NAME: lead.name}}
`
		d := newDesk(t, map[string]string{"crm.yaml": mapping})
		d.exec("create table PERSON (NO integer primary key, NAME text)")
		for came, works := range map[string]bool{`"agreeToContact":true`: true, `"agreeToContact":"Y"`: true, `"agreeToContact":false`: false, `"agreeToContact":"N"`: false, `"gender":"F"`: true} {
			card := d.received(came + `, "name":"Lind"`)
			var n int
			if err := d.crm.QueryRowContext(t.Context(), "select count(*) from PERSON where NO = ?", card["NO"]).Scan(&n); err != nil || n == 1 != works {
				t.Errorf("%s: %d people, %v", came, n, err)
			}
		}
	}},
	{46, "CountriesAreNotTestedOnArrival", func(t *testing.T) {
		d := newDesk(t)
		for _, code := range []string{"US", "us", "Utopia", "??"} {
			card := d.received(fmt.Sprintf(`"countryCode":%[1]q, "jobsiteCountry":%[1]q, "jobsiteStateProv":%[1]q`, code))
			if card["L_countryCode"] != code || card["L_jobsiteCountry"] != code || card["L_jobsiteStateProv"] != code || len(d.odd(card["CAT"])) > 0 {
				t.Errorf("got %v, %v", card, d.odd(card["CAT"]))
			}
		}
	}},
	{47, "AScoreIsALetterAndADigitAndKeptWhateverItIs", func(t *testing.T) {
		d := newDesk(t)
		for _, score := range []string{"A1", "E5", "C3", "Z9", "74"} {
			if got := d.received(`"systemScore":` + asJSON(t, score))["L_systemScore"]; got != score {
				t.Errorf("got %q of %s", got, score)
			}
		}
	}},
	{48, "AValueThatNoListKnowsIsStoredAndReported", func(t *testing.T) {
		d := newDesk(t)
		for m, value := range map[string]string{
			"contactSourceOriginal": "Tradeshaw List", "callCenterFollowUpStatus": "No Purchase", "systemLanguage": "en_US", "gender": "F", "purchaseTimeframe": "someday",
			"businessUnit": "Moon", "bcpNewUsedRental": "Borrowed",
		} {
			card := d.received(`"` + m + `":` + asJSON(t, value))
			if card["L_"+m] != value || !slices.Contains(d.odd(card["CAT"]), m+" outside-list") {
				t.Errorf("%s: got %q, %v", m, card["L_"+m], d.odd(card["CAT"]))
			}
		}
		card := d.received(`"contactForQuestion":"Ada", "dateCreate":"2026-03-02T09:41:07+00:00", "memberOfTomorrow":{"a":[1]}`)
		if card["L_contactForQuestions"] != "Ada" || !slices.Contains(d.odd(card["CAT"]), "memberOfTomorrow unknown-member") {
			t.Errorf("got %v, %v", card, d.odd(card["CAT"]))
		}
	}},
	{49, "TheShoppingCartIsKeptAsItIsAndNeverShownAsMarkup", func(t *testing.T) {
		const cart = `<table><tr><td onclick="steal()">Filter &amp; oil</td></tr></table><script>alert(1)</script>`
		d := newDesk(t)
		card := d.received(`"partShoppingCart":` + asJSON(t, cart))
		if card["L_partShoppingCart"] != cart {
			t.Errorf("got %s", card["L_partShoppingCart"])
		}
		g := d.gateway(nil, func(c *config.Config) { c.State.Path = filepath.Join(d.dir, "state") })
		var secret string
		g.clients(func(r token.Registry) {
			var err error
			if secret, err = r.Add(t.Context(), "desk", "", []string{"D100"}, []string{token.ScopeOperate}, ""); err != nil {
				t.Fatal(err)
			}
		})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.base+"/operator/v1/leads/"+card["CAT"]+"?dealer=D100", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+g.token("desk", secret))
		res, err := g.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusOK || bytes.ContainsAny(body, "<>") || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") ||
			res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d, %v: %s", res.StatusCode, res.Header, body)
		}
		if !strings.Contains(fmt.Sprint(parsed(t, body)), "alert(1)") {
			t.Error("the operator is not told of it at all")
		}
	}},
	{50, "NumbersInQuotesAndBlanksArePutRight", func(t *testing.T) {
		d := newDesk(t)
		card := d.received(`"productOfInterestQuantity":"100", "emailAddress":"  ada@fernwood.example \t", "leadState":" NEW ", "company":"\u00a0Fernwood\u00a0"`)
		if card["L_productOfInterestQuantity"] != "100" || card["L_emailAddress"] != "ada@fernwood.example" || card["L_leadState"] != "NEW" || card["L_company"] != "Fernwood" {
			t.Errorf("got %v", card)
		}
	}},
}
