package main_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// listRules are those of section H about jobsites, the catalog, customers and
// locations.
var listRules = []rule{
	{157, "ActiveJobsitesAreListedWhetherOrNotAnythingIsThere", func(t *testing.T, b *book) {
		seen := map[string]int{}
		for _, raw := range append(slices.Clone(tidy), "212", "2") {
			// A site without a name cannot be sent; there is one.
			want := b.column(`select rtrim(CUST) || '-' || JOB from SITES where CO = '01' and CUST = ? and coalesce(OPENFL, 1) <> 0
				and coalesce(TITLE, '') <> '' order by rtrim(CUST) collate binary, JOB collate binary`, raw)
			items := b.all("jobsite?customer=" + dcn(raw))
			if diff := cmp.Diff(want, texts(items, "jobsiteId")); diff != "" {
				t.Errorf("jobsites of %s (-open in the tables +got):\n%s", raw, diff)
			}
			seen["closed"] += len(b.rows("select JOB from SITES where CO = '01' and CUST = ? and OPENFL = 0", raw))
			for _, j := range items {
				_, job, _ := strings.Cut(text(j["jobsiteId"]), "-")
				there := b.column(`select count(*) from RENTLN where CO = '01' and CUST = ? and JOB = ? and TYPE = 'RI' and DELFLG = 0
					and (RETDT is null or RETDT = '0000-00-00')`, raw, job)
				if number(j["assetCount"]) != there[0] {
					t.Errorf("%v: %v assets, the tables have %v", j["jobsiteId"], j["assetCount"], there)
				}
				if there[0] == "0" {
					seen["without assets"]++
				}
			}
		}
		if seen["closed"] == 0 || seen["without assets"] == 0 {
			t.Errorf("seen %v", seen)
		}
	}},
	{158, "TheCountryIsADirectMemberOfEachJobsite", func(t *testing.T, b *book) {
		for _, j := range b.all("jobsite?customer=0000212,0000412") {
			if text(j["country"]) == "" || has(j, "properties") || has(j, "address") {
				t.Errorf("got %v", j)
			}
		}
	}},
	{159, "ThePricesAreTheCustomersOrElseTheBooks", func(t *testing.T, b *book) {
		for raw, ownRates := range map[string]int{"": 0, "412": 0, "4711": 0, "214": 22, "215": 2, "B7": 1} {
			path := "dealer-category"
			if raw != "" {
				path += "?customer=" + dcn(raw)
			}
			items := list(b.get(path)["items"])
			want := b.column("select CODE from CODES where CO = '01' and TYPE = 'CAT' order by CODE collate binary")
			if diff := cmp.Diff(want, texts(items, "categoryId")); diff != "" {
				t.Errorf("categories (-tables +got):\n%s", diff)
			}
			owned := 0
			for _, category := range items {
				groups := list(category["categoryGroups"])
				want := b.column(`select CODE from CLSMAS where CO = '01' and CAT = ? and coalesce(DELFLG, '') <> 'D'
					order by CODE collate binary`, category["categoryId"])
				if diff := cmp.Diff(want, texts(groups, "groupId")); diff != "" {
					t.Errorf("groups of %v (-tables +got):\n%s", category["categoryId"], diff)
				}
				for _, g := range groups {
					if b.priced(t, raw, g) {
						owned++
					}
				}
			}
			if owned != ownRates {
				t.Errorf("customer %q has rates of its own for %d groups, want %d", raw, owned, ownRates)
			}
		}
	}},
	{160, "TheCatalogComesInOnePiece", func(t *testing.T, b *book) {
		whole := b.get("dealer-category?customer=0000412")
		for _, paging := range []string{"&items=1", "&page=1", "&items=1&page=3", "&items=nonsense"} {
			if diff := cmp.Diff(whole, b.get("dealer-category?customer=0000412"+paging)); diff != "" {
				t.Errorf("%s changes it:\n%s", paging, diff)
			}
		}
		if got := members(whole); !slices.Equal(got, []string{"items"}) {
			t.Errorf("it has the members %v", got)
		}
	}},
	{161, "ItHasTwoLevelsExactly", func(t *testing.T, b *book) {
		groups := 0
		for _, category := range list(b.get("dealer-category")["items"]) {
			if diff := cmp.Diff([]string{"categoryGroups", "categoryId", "title"}, members(category)); diff != "" {
				t.Errorf("a category (-want +got):\n%s", diff)
			}
			for _, g := range list(category["categoryGroups"]) {
				groups++
				if diff := cmp.Diff([]string{"groupId", "title"}, members(g, "groupRate")); diff != "" {
					t.Errorf("a group (-want +got):\n%s", diff)
				}
			}
		}
		if groups < 20 {
			t.Errorf("%d groups", groups)
		}
	}},
	{162, "CatalogRatesStandUnderPropertiesAllThree", func(t *testing.T, b *book) {
		missing := 0
		for _, path := range []string{"dealer-category", "dealer-category?customer=0000215"} {
			for _, category := range list(b.get(path)["items"]) {
				for _, g := range list(category["categoryGroups"]) {
					rate, isThere := g["groupRate"].(object)
					if !isThere {
						continue
					}
					if got := members(rate); !slices.Equal(got, []string{"properties"}) {
						t.Errorf("%v: groupRate has %v", g["groupId"], got)
					}
					properties, _ := rate["properties"].(object)
					for _, member := range []string{"daily", "weekly", "monthly"} {
						one, ok := properties[member].(object)
						if !ok {
							t.Errorf("%v: %s is %v", g["groupId"], member, properties[member])
						}
						if !has(one, "amount") {
							missing++
						}
					}
				}
			}
		}
		if missing == 0 {
			t.Error("no price was missing, so nothing was shown")
		}
	}},
	{169, "CustomerIsOneObjectOr404", func(t *testing.T, b *book) {
		for _, raw := range slices.Concat(tidy, untidy, []string{"2", "777"}) {
			got := b.get("customer?customer=" + dcn(raw))
			c, _ := got["customer"].(object)
			if !slices.Equal(members(got), []string{"customer"}) || !slices.Equal(members(c), []string{"customerId", "customerName"}) {
				t.Errorf("%s: %v", raw, got)
			}
			names := b.column("select NAME from CUSMAS where CO = '01' and CUST = ? and coalesce(DELFLG, '') <> 'D'", raw)
			if c["customerId"] != dcn(raw) || raw != "1007" && !slices.Contains(names, text(c["customerName"])) {
				t.Errorf("%s: %v, the tables have %v", raw, c, names)
			}
		}
		for _, nobody := range []string{"0004711", "412", "00000412", "0000640", "00000b7"} {
			if got := b.status("customer?customer=" + nobody); got != http.StatusNotFound {
				t.Errorf("%s is answered %d", nobody, got)
			}
		}
	}},
	{170, "CustomerIsAnsweredWithoutItsNameInThePathToo", func(t *testing.T, b *book) {
		want := b.get("customer?customer=0000412")
		for _, path := range []string{"/api/v1/?customer=0000412", "/api/v1?customer=0000412"} {
			a := b.pull.Get(path)
			if diff := cmp.Diff(want, parsed(t, a.Body)); a.Status != http.StatusOK || diff != "" {
				t.Errorf("%s is answered %d:\n%s", path, a.Status, diff)
			}
		}
		if got := b.pull.Get("/api/v1/?customer=0004711").Status; got != http.StatusNotFound {
			t.Errorf("nobody is answered %d there", got)
		}
		if got := b.pull.Get("/api/v1/").Status; got != http.StatusBadRequest {
			t.Errorf("without a number it is answered %d", got)
		}
	}},
	{171, "EveryBranchIsListedInPagesAndForEverybody", func(t *testing.T, b *book) {
		want := b.column("select CODE from BRANCH where CO = '01' and coalesce(DELFLG, '') <> 'D' order by rtrim(CODE) collate binary")
		got := []string{}
		for page := range len(want) {
			p := b.get(fmt.Sprintf("location?items=1&page=%d", page))
			got = append(got, texts(list(p["items"]), "locationId")...)
			if whole(t, p["totalElements"]) != len(want) || whole(t, p["totalPages"]) != len(want) {
				t.Errorf("page %d says %v elements, %v pages", page, p["totalElements"], p["totalPages"])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("branches (-tables +got):\n%s", diff)
		}
		if diff := cmp.Diff(b.get("location"), b.get("location?customer=0000412")); diff != "" {
			t.Errorf("a customer changes them:\n%s", diff)
		}
		sample := b.get("location?tems=2")
		if whole(t, sample["size"]) != 2 || len(list(sample["items"])) != 2 || has(sample, "tems") {
			t.Errorf("as the sample spells it: %v", sample)
		}
	}},
	{172, "ALocationIsAnIDAndProperties", func(t *testing.T, b *book) {
		for _, l := range b.all("location?x=") {
			if got := members(l); !slices.Equal(got, []string{"locationId", "properties"}) {
				t.Errorf("%v has the members %v", l["locationId"], got)
			}
			properties, _ := l["properties"].(object)
			row := b.rows("select * from BRANCH where CO = '01' and CODE = ?", l["locationId"])[0]
			for member, column := range map[string]string{"name": "NAME", "address1": "ADDR1", "city": "CITY", "state": "ST", "postalcode": "ZIP"} {
				if text(properties[member]) != row[column] || row[column] == "" {
					t.Errorf("%v: %s is %v, the tables have %q", l["locationId"], member, properties[member], row[column])
				}
			}
		}
	}},
}

// priced holds the rates of a group against the tables, and says whether they
// are the customer's own.
func (b *book) priced(t *testing.T, raw string, group object) (own bool) {
	t.Helper()
	const prices = "select * from PRICES where CO = '01' and CLASS = ? and CUST = ?"
	rows, kind := []record{}, "customer"
	if raw != "" {
		rows = b.rows(prices, group["groupId"], raw)
	}
	if own = len(rows) > 0; !own {
		rows, kind = b.rows(prices, group["groupId"], ""), "book"
	}
	rate, _ := group["groupRate"].(object)
	properties, _ := rate["properties"].(object)
	if len(rows) == 0 {
		if rate != nil {
			t.Errorf("%v has no price, but the answer %v", group["groupId"], rate)
		}
		return false
	}
	if properties["rateType"] != kind {
		t.Errorf("%v is priced by %v, want %s", group["groupId"], properties["rateType"], kind)
	}
	want := map[string]string{}
	for _, r := range rows {
		member := map[string]string{"1": "daily", "7": "weekly", "28": "monthly", "30": "monthly"}[r["DAYS"]]
		want[member] = r["PRICE"]
	}
	for _, member := range []string{"daily", "weekly", "monthly"} {
		one, _ := properties[member].(object)
		if has(one, "amount") != (want[member] != "") {
			t.Errorf("%v, %s: got %v, want %q", group["groupId"], member, one, want[member])
		} else if want[member] != "" {
			if err := amount(one["amount"], want[member]); err != nil {
				t.Errorf("%v, %s: %v", group["groupId"], member, err)
			}
		}
	}
	return own
}

// invoiceRules are those of section H about invoices.
var invoiceRules = []rule{
	{163, "TheNewestIsFirstOverAllPagesAndTiesGoByID", func(t *testing.T, b *book) {
		ties := 0
		for _, raw := range []string{"210", "412", "88"} {
			rows := b.rows("select * from INVHDR where CO = '01' and CUST = ? and VOIDFL = 0 and IDATE <> '31/02/2026' and IDATE <> ''", raw)
			at := func(r record) string { return day(r["IDATE"]) }
			id := func(r record) string { return r["INVNO"] + "-" + r["SEQ"] }
			slices.SortFunc(rows, func(one, other record) int {
				if c := strings.Compare(at(other), at(one)); c != 0 {
					return c
				}
				return strings.Compare(id(other), id(one))
			})
			want := []string{}
			for n, r := range rows {
				want = append(want, id(r))
				if n > 0 && at(r) == at(rows[n-1]) {
					ties++
				}
			}
			got, size := []string{}, 7
			for page := 0; ; page++ {
				p := b.get(fmt.Sprintf("invoice?customer=%s&items=%d&page=%d", dcn(raw), size, page))
				got = append(got, texts(list(p["items"]), "invoiceId")...)
				if page >= whole(t, p["totalPages"])-1 {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || len(want) < size+1 {
				t.Errorf("invoices of %s (-tables +got):\n%s", raw, diff)
			}
		}
		if ties < 5 {
			t.Errorf("%d ties were seen", ties)
		}
	}},
	{164, "ALateChangeToAnOldInvoiceIsAnnounced", func(t *testing.T, _ *book) {
		own := fresh(t)
		const since = "2027-01-01T00:00:00Z"
		if got := own.changes(since)["0000412"]; len(got) != 0 {
			t.Fatalf("before: %v", got)
		}
		items := own.all("invoice?customer=0000412")
		oldest := items[len(items)-1]
		no, seq, _ := strings.Cut(text(oldest["invoiceId"]), "-")
		own.write("update INVHDR set TOTAL = '77.00', CHG = '2027-01-01 08:00:00' where CO = '01' and INVNO = ? and SEQ = ?", no, seq)
		if diff := cmp.Diff([]string{"invoice"}, own.changes(since)["0000412"]); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
		again := own.all("invoice?customer=0000412")
		if last := again[len(again)-1]; last["invoiceId"] != oldest["invoiceId"] || amount(last["total"], "77") != nil {
			t.Errorf("got %v", last)
		}
	}},
	{165, "ACallerMayLookAtAPageBeforeAskingForAnother", func(t *testing.T, _ *book) {
		own := fresh(t)
		want := own.all("invoice?customer=0000412")
		got := []object{}
		for page := 0; ; page++ {
			p := own.get(fmt.Sprintf("invoice?customer=0000412&items=4&page=%d", page))
			got = append(got, list(p["items"])...)
			if page >= whole(t, p["totalPages"])-1 {
				break
			}
			own.clock.advance(5 * time.Minute)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) < 5 {
			t.Errorf("page by page (-at once +got):\n%s", diff)
		}
		// Stopping after the first page leaves nothing behind that harms the next sweep.
		if diff := cmp.Diff(own.get("invoice?customer=0000412&items=4"), own.get("invoice?customer=0000412&items=4")); diff != "" {
			t.Errorf("two first pages differ:\n%s", diff)
		}
	}},
	{166, "TheMemberIsCalledAmount", func(t *testing.T, b *book) {
		seen := 0
		for _, a := range b.invoiced("412", "1007") {
			rate, _ := a.sent["rentalRate"].(object)
			daily, priced := rate["daily"].(object)
			if priced {
				if err := amount(daily["amount"], a.row["DAYRT"]); err != nil {
					t.Errorf("%v: %v", a.sent["rentedAssetId"], err)
				}
				seen++
			}
		}
		for path, answer := range b.everything() {
			walk(path, answer, func(at, name string, _ any) {
				if strings.EqualFold(name, "amout") {
					t.Errorf("%s is spelled so", at)
				}
			})
		}
		if seen == 0 {
			t.Error("no daily rate was seen")
		}
	}},
	{167, "EveryInvoicedAssetHasAModel", func(t *testing.T, b *book) {
		without := 0
		for _, a := range b.invoiced("412", "1007", "88", "207") {
			known := b.column("select MODEL from EQPMAS where CO = '01' and UNIT = ? and MODEL <> ''", a.row["UNIT"])
			if len(known) == 0 {
				without++
			}
			if got := text(a.sent["model"]); got == "" || len(known) > 0 && !slices.Contains(known, got) {
				t.Errorf("%v: model %q, the tables have %v", a.sent["rentedAssetId"], got, known)
			}
		}
		if without == 0 {
			t.Error("every asset's model is known")
		}
	}},
	{168, "EveryInvoiceNamesContractAndJobsiteAsTheRMSDoes", func(t *testing.T, b *book) {
		gone := map[string]bool{}
		for _, i := range b.invoices("210", "412", "59", "211") {
			job := i.row["JOB"]
			if job == "" {
				job = "MAIN"
			}
			if i.sent["contractId"] != i.row["CONNO"] || i.sent["jobsiteId"] != i.row["CUST"]+"-"+job || i.row["CONNO"] == "" {
				t.Errorf("%v: %v, %v for %v, %v", i.sent["invoiceId"], i.sent["contractId"], i.sent["jobsiteId"], i.row["CONNO"], i.row["JOB"])
			}
			for _, state := range append(b.column("select STAT from RENTAL where CO = '01' and CONNO = ?", i.row["CONNO"]), "") {
				gone[state] = true
			}
			if n := b.column("select count(*) from RENTAL where CO = '01' and CONNO = ?", i.row["CONNO"]); n[0] == "0" {
				gone["unknown"] = true
			}
		}
		if !gone["C"] || !gone["unknown"] || !gone["R"] {
			t.Errorf("contracts of invoices were %v", slices.Sorted(maps.Keys(gone)))
		}
	}},
}
