package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters/caterpillar"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// hears posts updates of a lead that was handed out, as somebody else writes them,
// to the sandbox, which takes what samples do. It gives what was made of them.
func hears(t *testing.T, lenient bool, update string) (status int, taken object, warned []string) {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Seed: 1, Clients: []sandbox.Client{{ID: deskID, Secret: deskSecret, Dealer: "D100"}}})
	if err != nil {
		t.Fatal(err)
	}
	settings := box.Settings()
	settings.Lenient = lenient
	if err := box.Set(settings); err != nil {
		t.Fatal(err)
	}
	if _, err := box.AddLeads("", []json.RawMessage{json.RawMessage(leadOf("LD-1", ""))}); err != nil {
		t.Fatal(err)
	}
	var bearer string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := r.Header.Get("Authorization"); strings.HasPrefix(h, "Bearer ") {
			bearer = h
		}
		box.ServeHTTP(w, r)
	}))
	defer service.Close()
	leads, err := caterpillar.OpenLeads(caterpillar.LeadConfig{
		URL: service.URL + sandbox.LeadBase, Version: caterpillar.V2,
		Credentials: caterpillar.Credentials{TokenURL: service.URL + sandbox.TokenPath, ID: deskID, Secret: deskSecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leads.Leads(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, service.URL+sandbox.LeadBase+"/v2/leads", strings.NewReader("["+update+"]"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {bearer}, "Content-Type": {"application/json"}, "Accept": {"application/json"}}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	for _, r := range box.Updates(0) {
		taken = parsed(t, r.Update)
		for _, w := range r.Warnings {
			warned = append(warned, w.Member+" "+w.Rule)
		}
	}
	for _, r := range box.Refusals() {
		for _, f := range r.Findings {
			warned = append(warned, f.Member+" "+f.Rule)
		}
	}
	slices.Sort(warned)
	return res.StatusCode, taken, warned
}

// foreign is an update of somebody else's; members are JSON.
func foreign(members map[string]string) string {
	all := map[string]string{
		"leadId": `"LD-1"`, "dealerLeadId": `"K-77"`, "leadStatus": `"Accepted"`, "dealerSalesRep": `"Nora Quill"`, "dealerSalesRepNumber": `"E-31"`, "currencyIsoCode": `"USD"`,
	}
	maps.Copy(all, members)
	var parts []string
	for _, m := range slices.Sorted(maps.Keys(all)) {
		if all[m] != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", m, all[m]))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// vocabularies is a desk whose CRM speaks its own words: one column for each
// vocabulary.
func vocabularies(t *testing.T, files map[string]string) *salesDesk {
	t.Helper()
	mapping := deskMapping(t, map[string]string{
		"rejectedReasonWhy":              "{when: {leadStatus: Rejected}, then: {from: c.L_address1, map: rejected-reasons}}",
		"disqualifiedReasonWhy":          "{when: {leadStatus: Disqualified}, then: {from: c.L_address1, map: disqualified-reasons}}",
		"primaryClosedReason":            "{from: c.L_address2, map: closed-reasons}",
		"probabilityOfClosurePercentage": "{stage: c.L_address3, percentage: c.L_city}",
		"closedNoDeal":                   "",
	})
	all := map[string]string{
		"crm.yaml": mapping, "rejected-reasons.yaml": "TERR: For Another Dealer\n", "disqualified-reasons.yaml": "CASH: No budget\n", "closed-reasons.yaml": "FIT: Application Fit\n",
		"sales-stages.yaml": "NEW: Qualification\nSOL: Develop Solution\nQUO: {stage: Proposal/Negotiation, percentage: 60}\nWON: Closed Won\nLST: Closed Lost\nNOD: Closed No Deal\n",
	}
	maps.Copy(all, files)
	return newDesk(t, all)
}

// word writes the CRM's own words of a lead.
func (d *salesDesk) word(id string, columns record) {
	d.t.Helper()
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		d.exec("update CARD set "+column+" = nullif(?, ''), TOUCHED = datetime('now') where CAT = ?", columns[column], id)
	}
}

// unstaged is an opportunity without its probability, which the stage gives.
func unstaged() record { return and(opportunity(""), record{"dealerCustomerNumber": "0002211"}) }

// postRules are those of section E beyond what updateCases prove.
var postRules = []leadRule{
	{59, "UpdatesArePostedInAnArrayToWhereLeadsComeFrom", func(t *testing.T) {
		d := newDesk(t)
		d.card("LD-1", plainUpdate())
		d.pull()
		d.push()
		from, to := d.called(askLeads), d.called(askUpdates)
		if len(to) != 1 || to[0].method != "POST" || to[0].path != from[0].path || to[0].query != "" || !strings.HasPrefix(to[0].body, "[{") {
			t.Errorf("got %+v", to)
		}
	}},
	{60, "HowManyUpdatesAreInACallIsASetting", func(t *testing.T) {
		for setting, calls := range map[string]int{"": 7, ", batch: 1": 7, ", batch: 3": 3, ", batch: 50": 1} {
			d := newDesk(t)
			for i := range 7 {
				d.card(fmt.Sprint("LD-", i), plainUpdate())
			}
			d.write("dealerbridge.yaml", d.settings(setting))
			d.push()
			seen := map[any]int{}
			for _, posted := range d.updates() {
				for _, u := range posted {
					seen[u["leadId"]]++
				}
			}
			if n := len(d.called(askUpdates)); n != calls || len(seen) != 7 {
				t.Errorf("%q: %d calls, %v", setting, n, seen)
			}
		}
		d := newDesk(t)
		d.write("dealerbridge.yaml", d.settings(", batch: 0"))
		if code, _, errs := d.run("leads", "push"); code != 1 || !strings.Contains(errs, "batch") {
			t.Errorf("%d, %s", code, errs)
		}
	}},
	{61, "TheStatusAloneDecides", func(t *testing.T) {
		d := newDesk(t)
		answers := []farAnswer{
			fars(200, ""), fars(200, "{}"), fars(200, "[]"), fars(200, "OK"), fars(200, `{"message":"Thank you"}`), fars(200, `[{"leadId":"LD-0","success":false}]`), fars(204, ""), fars(200, "{{"),
		}
		for i, a := range answers {
			d.says(askUpdates, a)
			id := fmt.Sprint("LD-", i)
			d.card(id, plainUpdate())
			d.push()
			if j := d.told(id); len(j.Updates) != 1 || j.Updates[0].State != "acknowledged" || j.Updates[0].Answer != a.body {
				t.Errorf("%d %s: %+v", a.status, a.body, j.Updates)
			}
		}
		if n := len(d.called(askUpdates)); n != len(answers) {
			t.Errorf("%d calls", n)
		}
	}},
	{62, "AnUpdateDoesNotWaitForARoundOfFetching", func(t *testing.T) {
		d := newDesk(t)
		d.card("LD-1", plainUpdate())
		d.serve(", pull: 24h, push: 1s, sendExisting: true")
		d.until(t, "the first update", func() bool { return len(d.reported("LD-1")) == 1 })
		fetched := len(d.called(askLeads))
		for i := range 2 {
			d.work("LD-1", record{"comments": fmt.Sprint("rang ", i)})
			d.until(t, "the next update", func() bool { return len(d.reported("LD-1")) == i+2 })
		}
		if n := len(d.called(askLeads)); n != fetched {
			t.Errorf("leads were fetched %d times meanwhile", n-fetched)
		}
		if config.DefaultLeadPush > time.Minute {
			t.Errorf("where nobody says otherwise it waits %v", config.DefaultLeadPush)
		}
	}},
	{63, "TheLeadIsNamedAsItCameAndTheDealersIDIsTheCRMs", func(t *testing.T) {
		d := newDesk(t, map[string]string{"crm.yaml": deskMapping(t, map[string]string{"dealerLeadId": ""})})
		for i, id := range []string{"LD-000417-Q", "0042", "Ünï/код #7", "a b"} {
			d.add(leadOf(id, ""))
			d.pull()
			d.work(id, unnamedUpdate())
			d.push()
			got := d.reported(id)
			if len(got) == 0 || got[len(got)-1]["dealerLeadId"] != d.lead(id)["NO"] || d.lead(id)["NO"] != fmt.Sprint(i+1) {
				t.Errorf("%s: got %v", id, got)
			}
		}
	}},
	{64, "OfOthersAMissingSalesRepIsOnlyWarnedAbout", func(t *testing.T) {
		status, taken, warned := hears(t, true, foreign(map[string]string{"dealerSalesRep": "", "dealerSalesRepNumber": ""}))
		if status != 200 || taken["leadId"] != "LD-1" || !slices.Equal(warned, []string{"dealerSalesRep R64", "dealerSalesRepNumber R64"}) {
			t.Errorf("%d, %v, %v", status, taken, warned)
		}
		for _, member := range []string{"leadId", "dealerLeadId", "leadStatus", "currencyIsoCode"} {
			if status, taken, _ := hears(t, true, foreign(map[string]string{member: ""})); status != 400 || taken != nil {
				t.Errorf("without %s: %d, %v", member, status, taken)
			}
		}
	}},
	{68, "OfOthersEverySpellingIsRead", func(t *testing.T) {
		for _, why := range []string{notOffered, "Product / Service not offered at dealership", "Product/Service Not offered"} {
			status, taken, _ := hears(t, true, foreign(map[string]string{"leadStatus": `"Rejected"`, "rejectedReasonWhy": asJSON(t, why), "rejectedReasonComments": `"x"`}))
			if status != 200 || taken["rejectedReasonWhy"] != notOffered {
				t.Errorf("%s: %d, %v", why, status, taken)
			}
			if status, _, _ = hears(t, true, foreign(map[string]string{"leadStatus": `"Rejected"`, "rejectedReasonWhy": asJSON(t, why)})); status != 400 {
				t.Errorf("%s without a comment: %d", why, status)
			}
		}
	}},
	{74, "OfOthersTrueAndFalsePassForYesAndNo", func(t *testing.T) {
		status, taken, warned := hears(t, true, foreign(map[string]string{"customerContacted": "true", "customerPreviouslyKnown": "false", "dateContacted": `"2026-02-11"`}))
		if status != 200 || taken["customerContacted"] != "Yes" || taken["customerPreviouslyKnown"] != "No" || len(warned) != 2 {
			t.Errorf("%d, %v, %v", status, taken, warned)
		}
		if status, _, _ = hears(t, true, foreign(map[string]string{"customerContacted": "true"})); status != 400 {
			t.Errorf("contacted without a day: %d", status)
		}
	}},
	{77, "ThePercentageSpeaksForTheStage", func(t *testing.T) {
		d := vocabularies(t, nil)
		for i, c := range []struct{ stage, own, percent, noDeal string }{
			{"NEW", "1", "1", ""},
			{"NEW", "20", "20", ""},
			{"NEW", "90", "20", ""},
			{"NEW", "0", "1", ""},
			{"SOL", "21", "21", ""},
			{"SOL", "40", "40", ""},
			{"SOL", "5", "21", ""},
			{"QUO", "41", "41", ""},
			{"QUO", "99", "99", ""},
			{"QUO", "100", "99", ""},
			{"QUO", "", "60", ""},
			{"WON", "", "100", ""},
			{"LST", "7", "0", "0"},
			{"NOD", "", "0", "1"},
		} {
			id := fmt.Sprint("LD-", i)
			d.card(id, unstaged())
			d.word(id, record{"L_address3": c.stage, "L_city": c.own, "L_address2": "FIT"})
			d.push()
			want := and(unstaged(), record{probability: c.percent, "closedNoDeal": c.noDeal, closedReason: "Application Fit"})
			d.arrived(id, want)
		}
		d.write("mapping/sales-stages.yaml", "DSQ: Closed Disqualified\n")
		if code, out, errs := d.run("leads", "push"); code != 1 || !strings.Contains(out+errs, "sales-stages.yaml:1:") {
			t.Errorf("the stage that was dropped: %d, %s%s", code, out, errs)
		}
	}},
	{79, "TheDealersStagesAreFittedIntoTheRangesByTheDealer", func(t *testing.T) {
		d := vocabularies(t, map[string]string{"sales-stages.yaml": "'10': 15\n'20': {stage: Develop Solution, percentage: 33}\n'90': Closed Won\n'99': notYet\n"})
		for stage, percent := range map[string]string{"10": "15", "20": "33", "90": "100"} {
			d.card("LD-"+stage, unstaged())
			d.word("LD-"+stage, record{"L_address3": stage})
			d.push()
			d.arrived("LD-"+stage, and(unstaged(), record{probability: percent}))
		}
		d.card("LD-99", unstaged())
		d.word("LD-99", record{"L_address3": "99"})
		d.push()
		if j := d.told("LD-99"); len(d.reported("LD-99")) != 0 || j.Held != nil {
			t.Errorf("not yet: %+v", j)
		}
		for _, wrong := range []string{"'10': {stage: Qualification, percentage: 21}\n", "'10': 101\n", "'10': Nearly\n"} {
			d.write("mapping/sales-stages.yaml", wrong)
			if code, out, errs := d.run("leads", "push"); code != 1 || !strings.Contains(out+errs, "sales-stages.yaml:1:") {
				t.Errorf("%s: %d, %s%s", wrong, code, out, errs)
			}
		}
	}},
	{88, "OfOthersARatingIsReadInAnyCase", func(t *testing.T) {
		for came, want := range map[string]string{"low": "Low", "MEDIUM": "Medium", "High": "High"} {
			if status, taken, _ := hears(t, true, foreign(map[string]string{"rating": asJSON(t, came)})); status != 200 || taken["rating"] != want {
				t.Errorf("%s: %d, %v", came, status, taken)
			}
		}
	}},
	{90, "ALongerValueIsCutByPolicy", func(t *testing.T) {
		d := newDesk(t, map[string]string{"crm.yaml": deskMapping(t, map[string]string{"comments": "{from: c.U_comments, cut: true}"})})
		long := strings.Repeat("ü", 1001)
		d.card("LD-1", and(plainUpdate(), record{"comments": long}))
		d.push()
		d.arrived("LD-1", and(plainUpdate(), record{"comments": strings.Repeat("ü", 1000)}))
	}},
	{90, "AnIDThatMayArriveMayBeTooLongToReport", func(t *testing.T) {
		d := newDesk(t)
		fits, long := strings.Repeat("L", 80), strings.Repeat("L", 81)
		d.card(fits, plainUpdate())
		d.card(long, plainUpdate())
		d.push()
		d.arrived(fits, plainUpdate())
		d.keptFor(long, updateCase{number: 90, faults: []string{"leadId"}})
	}},
	{91, "NamesOfOthersAreTrimmedAndMisspeltOnesRead", func(t *testing.T) {
		status, taken, _ := hears(t, true, foreign(map[string]string{
			"currencyIsoCode": "", "currencyIsoCode ": `"USD"`, "dealerCustomerNumber ": `"0002211"`, "secondayClosedReason": `"x"`, "Rating": `"Low"`,
		}))
		for m, want := range map[string]string{"currencyIsoCode": "USD", "dealerCustomerNumber": "0002211", "secondaryClosedReason": "x", "rating": "Low"} {
			if status != 200 || taken[m] != want {
				t.Errorf("%d, %s is %v", status, m, taken[m])
			}
		}
	}},
	{93, "DeadNamesCannotLeave", func(t *testing.T) {
		dead := []string{
			"isoCurrencyCode", "quoteDateTime", "dealerContactDateTime", "leadAlreadyKnown", "customerAlreadyKnown", "opportunityAlreadyKnown", "closedDisqualified",
			"primaryClosedLostReason", "primaryClosedWonReason", "PrimaryClosedWonReasonComments",
		}
		d := newDesk(t)
		fine, err := os.ReadFile(filepath.Join(d.dir, "mapping", "crm.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		d.card("LD-1", plainUpdate())
		for _, name := range dead {
			d.write("mapping/crm.yaml", string(fine)+"    "+name+": c.U_comments\n")
			if code, out, errs := d.run("leads", "push", "--send-existing"); code != 1 || !strings.Contains(out+errs, name) {
				t.Errorf("%s: %d, %s%s", name, code, out, errs)
			}
			if status, _, warned := hears(t, false, foreign(map[string]string{name: `"x"`})); status != 400 || !slices.Contains(warned, name+" R93") {
				t.Errorf("%s: %d, %v", name, status, warned)
			}
		}
		if n := len(d.called(askUpdates)); n != 0 {
			t.Errorf("%d updates left", n)
		}
	}},
	{94, "ATermWithoutATranslationHoldsTheUpdateAndIsNamed", func(t *testing.T) {
		d := vocabularies(t, nil)
		cases := []struct {
			member, file, column string
			update               record
			says                 record
		}{
			{rejectedWhy, "rejected-reasons.yaml", "L_address1", and(plainUpdate(), rejectedFor("", "x")), record{rejectedWhy: anotherDealer}},
			{disqualWhy, "disqualified-reasons.yaml", "L_address1", and(plainUpdate(), disqualifiedFor("", "x")), record{disqualWhy: "No budget"}},
			{closedReason, "closed-reasons.yaml", "L_address2", unstaged(), record{closedReason: "Application Fit", probability: "0", "closedNoDeal": "0"}},
			{probability, "sales-stages.yaml", "L_address3", unstaged(), record{probability: "100"}},
		}
		for _, c := range cases {
			d.card(c.member, c.update)
			if c.member == closedReason {
				d.word(c.member, record{"L_address3": "LST"})
			}
			d.word(c.member, record{c.column: "SLANG"})
			d.push()
			d.keptFor(c.member, updateCase{number: 94, faults: []string{c.member}})
		}
		for _, c := range cases {
			target := c.says[c.member]
			if c.member == probability {
				target = "Closed Won"
			}
			raw, err := os.ReadFile(filepath.Join(d.dir, "mapping", c.file))
			if err != nil {
				t.Fatal(err)
			}
			d.write("mapping/"+c.file, string(raw)+"SLANG: "+target+"\n")
		}
		d.push() // with the translation it goes by itself
		for _, c := range cases {
			d.arrived(c.member, and(c.update, c.says))
		}
	}},
	{96, "UpdatesOfALeadGoSinglyTheOldestFirst", func(t *testing.T) {
		d := newDesk(t)
		busy := farAnswer{status: 503, header: map[string]string{"Retry-After": "3600"}} // nobody waits that long: the call ends
		d.card("LD-1", plainUpdate())
		d.says(askUpdates, busy)
		for i := range 3 {
			d.work("LD-1", record{"comments": fmt.Sprint("rang ", i)})
			d.run("leads", "push", "--send-existing")
			if i == 0 {
				d.says(askUpdates, busy)
			}
		}
		var said []string
		for _, c := range d.called(askUpdates) {
			var one []object
			if err := json.Unmarshal([]byte(c.body), &one); err != nil || len(one) != 1 {
				t.Fatalf("%v: %s", err, c.body)
			}
			said = append(said, text(one[0]["comments"]))
		}
		// The first is refused twice, and goes before the others all the same.
		if want := []string{"rang 0", "rang 0", "rang 0", "rang 1", "rang 2"}; !slices.Equal(said, want) {
			t.Errorf("got %q", said)
		}
	}},
}

// unnamedUpdate is plainUpdate for a desk that names leads by its own key.
func unnamedUpdate() record {
	u := plainUpdate()
	delete(u, "dealerLeadId")
	return u
}
