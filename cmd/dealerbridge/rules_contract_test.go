package main_test

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// contractRules are those of section H about contracts themselves.
var contractRules = []rule{
	{138, "FinishedContractsAreLeftOut", func(t *testing.T, b *book) {
		for _, raw := range tidy {
			if diff := cmp.Diff(ids(b, raw, "CONNO", activeOf), texts(b.all(contractPath(raw)), "contractId")); diff != "" {
				t.Errorf("contracts of %s (-active in the tables +got):\n%s", raw, diff)
			}
		}
		finished := b.column("select count(*) from RENTAL where CO = '01' and CUST = '59' and STAT = 'C'")
		if items := b.all(contractPath("59")); finished[0] == "0" || len(items) != 0 {
			t.Errorf("of %v finished contracts %d came", finished, len(items))
		}
	}},
	{138, "LeasesAndReservationsAreListed", func(t *testing.T, b *book) {
		seen := map[string]int{}
		for _, c := range b.contracts("412", "1007", "88", "213") {
			seen[c.row["KIND"]]++
			seen["state "+c.row["STAT"]]++
		}
		if seen["L"] == 0 || seen["state S"] == 0 || seen["state R"] == 0 {
			t.Errorf("seen %v", seen)
		}
	}},
	{138, "AContractIsGoneOnceItsLastAssetIsBack", func(t *testing.T, _ *book) {
		own := fresh(t)
		if got := texts(own.all(contractPath("31")), "contractId"); len(got) != 1 {
			t.Fatalf("got %v", got)
		}
		own.write("update RENTLN set RETDT = '2026-06-01' where CO = '01' and CUST = '31' and TYPE = 'RI'")
		if got := own.all(contractPath("31")); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	}},
	{139, "AssetsAreInsideTheContractTheyBelongTo", func(t *testing.T, b *book) {
		several := 0
		for _, c := range b.contracts("412", "1007", "213", "211") {
			want := []string{}
			for _, l := range b.rows(linesOf, c.row["CONNO"]) {
				want = append(want, c.row["CONNO"]+"-"+l["SEQ"])
			}
			if diff := cmp.Diff(want, texts(list(c.sent["assetDetails"]), "rentedAssetId")); diff != "" {
				t.Errorf("assets of %s (-tables +got):\n%s", c.row["CONNO"], diff)
			}
			if len(want) > 1 {
				several++
			}
		}
		if several == 0 {
			t.Error("no contract has several assets")
		}
	}},
	{140, "OnlyReservationsAreMarkedSo", func(t *testing.T, b *book) {
		marked := 0
		for _, c := range b.contracts("412", "1007", "88", "213") {
			got, isThere := c.sent["isReservation"]
			if c.row["STAT"] == "S" {
				marked++
			}
			if c.row["STAT"] == "S" && got != true || c.row["STAT"] != "S" && isThere && got != false {
				t.Errorf("%s in state %s: isReservation %v", c.row["CONNO"], c.row["STAT"], got)
			}
		}
		if marked == 0 {
			t.Error("no reservation was seen")
		}
	}},
	{140, "WhereNothingIsKnownItIsFalseOrLeftOut", func(t *testing.T, _ *book) {
		if _, c, _ := plainContract(t, bare); has(c, "isReservation") && c["isReservation"] != false {
			t.Errorf("got %v", c["isReservation"])
		}
		if _, c, _ := plainContract(t, full); c["isReservation"] != true {
			t.Errorf("got %v", c["isReservation"])
		}
	}},
	{141, "TheTypeIsOneOfFourOrLeftOut", func(t *testing.T, b *book) {
		words := map[string]string{"R": "Rental", "L": "Lease", "P": "RPO", "T": "RTO"}
		seen := map[string]bool{}
		for _, c := range b.contracts("412", "1007", "88", "206") {
			word, known := words[c.row["KIND"]]
			seen[c.row["KIND"]] = true
			if got := text(c.sent["contractType"]); got != word || has(c.sent, "contractType") != known {
				t.Errorf("%s of kind %q: got %v", c.row["CONNO"], c.row["KIND"], c.sent["contractType"])
			}
		}
		for _, kind := range []string{"R", "L", "P", "T", ""} {
			if !seen[kind] {
				t.Errorf("no contract of kind %q was seen", kind)
			}
		}
	}},
	{141, "ACodeNobodyExplainedIsNeverGuessed", func(t *testing.T, b *book) {
		odd := b.column("select CONNO from RENTAL where CO = '01' and CUST = '206' and KIND = 'Z'")
		for _, c := range b.all(contractPath("206")) {
			if slices.Contains(odd, text(c["contractId"])) && has(c, "contractType") {
				t.Errorf("%s is sent as %v", c["contractId"], c["contractType"])
			}
		}
		if len(odd) != 1 {
			t.Errorf("the tables have %v", odd)
		}
	}},
	{142, "TheDivisionIsSentAsItStandsOrLeftOut", func(t *testing.T, b *book) {
		seen := map[bool]int{}
		for _, c := range b.contracts("412", "1007", "88") {
			known := c.row["DIVN"] != ""
			if seen[known]++; text(c.sent["divisionId"]) != c.row["DIVN"] || has(c.sent, "divisionId") != known {
				t.Errorf("%s: got %v for %q", c.row["CONNO"], c.sent["divisionId"], c.row["DIVN"])
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("seen %v", seen)
		}
		if _, c, _ := plainContract(t, full); c["divisionId"] != "Pumps" {
			t.Errorf("a division of the dealer's own came as %v", c["divisionId"])
		}
	}},
	{143, "FrequenciesAreSpelledLikeTheTable", func(t *testing.T, b *book) {
		words := map[string]string{"D": "Day", "W": "Week", "2W": "BiWeekly", "4": "FourWeek", "30": "ThirtyDays", "M": "Month"}
		seen := map[string]bool{}
		for _, c := range b.contracts("412", "1007", "88", "206") {
			want, known := words[c.row["CYCLE"]]
			if !known {
				want = "FourWeek"
			}
			if seen[want+fmtKnown(known)] = true; c.sent["invoiceFrequency"] != want {
				t.Errorf("%s, cycle %q: got %v", c.row["CONNO"], c.row["CYCLE"], c.sent["invoiceFrequency"])
			}
		}
		if len(seen) != 7 {
			t.Errorf("seen %v", slices.Sorted(maps.Keys(seen)))
		}
	}},
	{143, "AllNineAreReadInAnyCaseAndNoneIsMadeUp", func(t *testing.T, _ *book) {
		nine := []string{"Day", "Week", "Month", "FourWeek", "ThirtyDays", "Quarter", "BiWeekly", "SemiAnnual", "Year"}
		own := plain(t, bare)
		for _, word := range nine {
			for _, spelled := range []string{word, strings.ToLower(word), strings.ToUpper(word)} {
				own.write("update HIRE set FREQ = ?", spelled)
				if got := own.all("contract?customer=000412"); len(got) != 1 || got[0]["invoiceFrequency"] != word {
					t.Errorf("%s: got %v", spelled, got)
				}
			}
		}
		own.write("update HIRE set FREQ = null")
		if got := own.all("contract?customer=000412"); len(got) != 1 || has(got[0], "invoiceFrequency") {
			t.Errorf("without a frequency: %v", got)
		}
	}},
	{144, "TheThruDateIsTheEndOfTheLatestPeriodicInvoice", func(t *testing.T, b *book) {
		compared, without := 0, 0
		for _, raw := range []string{"412", "1007", "213", "211", "B7"} {
			latest := map[string]object{}
			for _, i := range slices.Backward(b.all("invoice?customer=" + dcn(raw))) {
				if i["invoiceType"] == "Rental" {
					latest[text(i["contractId"])] = i // newest first, so what is written last is the newest
				}
			}
			for _, c := range b.contracts(raw) {
				invoice, billed := latest[c.row["CONNO"]]
				if !billed {
					if without++; has(c.sent, "invoicedThruDate") {
						t.Errorf("%s was never invoiced, but says %v", c.row["CONNO"], c.sent["invoicedThruDate"])
					}
					continue
				}
				ends := b.column(`select max(substr("TO", 7) || substr("TO", 4, 2) || substr("TO", 1, 2)) from INVHDR
					where CO = '01' and CONNO = ? and VOIDFL = 0 and TYPE = 'Rental'`, c.row["CONNO"])
				if compared++; c.sent["invoicedThruDate"] != invoice["billedDateEnd"] || c.sent["invoicedThruDate"] != noonOf(day(ends[0])) {
					t.Errorf("%s: invoicedThruDate %v, billedDateEnd %v, in the tables %v", c.row["CONNO"], c.sent["invoicedThruDate"], invoice["billedDateEnd"], ends)
				}
			}
		}
		if compared < 10 || without == 0 {
			t.Errorf("%d compared, %d never invoiced", compared, without)
		}
	}},
	{145, "BillControlIsTheNumberOfDaysOrLeftOut", func(t *testing.T, b *book) {
		seen := map[bool]int{}
		for _, c := range b.contracts("412", "1007", "88") {
			days := c.row["BILLCT"]
			if seen[days != ""]++; has(c.sent, "billControl") != (days != "") || days != "" && number(c.sent["billControl"]) != days {
				t.Errorf("%s: got %v for %q", c.row["CONNO"], c.sent["billControl"], days)
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("seen %v", seen)
		}
	}},
	{154, "FeesAndTaxesAreAlwaysThere", func(t *testing.T, b *book) {
		empty := map[string]int{}
		for _, c := range b.contracts("412", "1007", "88", "211") {
			for _, member := range []string{"feeDetails", "taxDetails"} {
				array, ok := c.sent[member].([]any)
				if !ok {
					t.Errorf("%s: %s is %v", c.row["CONNO"], member, c.sent[member])
				}
				if len(array) == 0 {
					empty[member]++
				}
			}
			taxes := b.column("select AMT from TAXES where CO = '01' and CONNO = ?", c.row["CONNO"])
			sent := []string{}
			for _, tax := range list(c.sent["taxDetails"]) {
				sent = append(sent, number(tax["total"]))
			}
			if sum(taxes) != sum(sent) {
				t.Errorf("%s: taxes %v, sent %v", c.row["CONNO"], taxes, sent)
			}
		}
		if empty["feeDetails"] == 0 || empty["taxDetails"] == 0 {
			t.Errorf("empty arrays seen: %v", empty)
		}
	}},
	{154, "OfNoneAtAllTheyAreEmptyArrays", func(t *testing.T, _ *book) {
		own, _, _ := plainContract(t, bare)
		body := string(own.pull.Get("/api/v1/contract?customer=000412").Body)
		for _, member := range []string{`"feeDetails":[]`, `"taxDetails":[]`} {
			if !strings.Contains(body, member) {
				t.Errorf("no %s in %s", member, body)
			}
		}
	}},
	{141, "WhatIsNotKnownIsLeftOutAndNeverNull", func(t *testing.T, b *book) { // and R142 to R152
		_, least, leastAsset := plainContract(t, bare)
		want := []string{
			"assetDetails", "contractEndDate", "contractId", "contractStartDate", "customerId", "feeDetails", "jobsiteId", "locationId",
			"properties", "taxDetails",
		}
		if diff := cmp.Diff(want, members(least, "isReservation", "currency")); diff != "" {
			t.Errorf("a contract of which nothing is known (-want +got):\n%s", diff)
		}
		want = []string{"equipmentAssetId", "manufacturer", "quantity", "rentalTotal", "rentedAssetId", "serialNumber", "shortDescription"}
		if diff := cmp.Diff(want, members(leastAsset)); diff != "" {
			t.Errorf("an asset of which nothing is known (-want +got):\n%s", diff)
		}
		_, most, mostAsset := plainContract(t, full)
		if n, m := len(most), len(mostAsset); n != 22 || m != 21 {
			t.Errorf("all %d and %d members of a contract and an asset of which everything is known: %v, %v", n, m, members(most), members(mostAsset))
		}
		nulls := 0
		for path, answer := range b.everything() {
			walk(path, answer, func(at, _ string, v any) {
				if v == nil {
					if nulls++; nulls < 20 {
						t.Errorf("%s is null", at)
					}
				}
			})
		}
	}},
	{155, "APDFOpensToTheAPIsCredentialsAndToNothingElse", func(t *testing.T, b *book) {
		opened := 0
		for _, p := range append(b.contracts("211", "412", "88"), b.invoices("211")...) {
			address := text(p.sent["pdfUrl"])
			if address == "" || opened > 20 {
				continue
			}
			opened++
			path, ours := strings.CutPrefix(address, b.base)
			if !ours {
				t.Fatalf("%s is not of the gateway", address)
			}
			a := b.pull.Get(path)
			if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(string(a.Body), "%PDF-") {
				t.Errorf("%s is answered %d, %s", address, a.Status, a.Header.Get("Content-Type"))
			}
			stranger := b.with("").Get(path)
			if stranger.Status != http.StatusUnauthorized || stranger.Header.Get("Location") != "" || strings.Contains(string(stranger.Body), "<html") {
				t.Errorf("%s is answered a stranger %d: %s", address, stranger.Status, stranger.Body)
			}
		}
		if opened < 5 {
			t.Errorf("%d documents were opened", opened)
		}
	}},
	{155, "OnlyWhatHasAPDFNamesOne", func(t *testing.T, b *book) {
		seen := map[bool]int{}
		for _, i := range b.invoices("211", "412", "88") {
			scans := b.column("select count(*) from SCANS where CO = '01' and INVNO = ? and SEQ = ? and length(PDF) > 0", i.row["INVNO"], i.row["SEQ"])
			if seen[scans[0] == "1"]++; has(i.sent, "pdfUrl") != (scans[0] == "1") {
				t.Errorf("invoice %v: %v scans, pdfUrl %v", i.sent["invoiceId"], scans, i.sent["pdfUrl"])
			}
		}
		if seen[true] < 3 || seen[false] < 3 {
			t.Errorf("seen %v", seen)
		}
	}},
	{156, "AnInvoicesPDFWithNewContentIsAnnouncedAndServed", func(t *testing.T, _ *book) {
		own := fresh(t)
		var with object
		for _, i := range own.all("invoice?customer=0000211") {
			if has(i, "pdfUrl") {
				with = i
			}
		}
		number, seq, _ := strings.Cut(text(with["invoiceId"]), "-")
		if got := own.changes("2027-01-01T00:00:00Z")["0000211"]; len(got) != 0 {
			t.Fatalf("before: %v", got)
		}
		own.write("update SCANS set PDF = ?, ADDED = '2027-01-01 10:00:00' where CO = '01' and INVNO = ? and SEQ = ?", []byte("%PDF-1.4 new\n%%EOF\n"), number, seq)
		if diff := cmp.Diff([]string{"document"}, own.changes("2027-01-01T00:00:00Z")["0000211"]); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
		a := own.pull.Get(strings.TrimPrefix(text(with["pdfUrl"]), own.base))
		if string(a.Body) != "%PDF-1.4 new\n%%EOF\n" {
			t.Errorf("got %q", a.Body)
		}
	}},
	{156, "AContractsPDFWithNewContentIsAnnouncedWhereFilesAreCompared", func(t *testing.T, _ *book) {
		dealer := stampless(t, "D100", "  contract: none\n  invoice: none\n  document: snapshot\n  catalog: none\n")
		w := watch(t, dealer, filepath.Join(t.TempDir(), "state"), 0)
		eventually(t, "the first comparison", func() error {
			if w.finished("document") == 0 {
				return errors.New("it is not complete")
			}
			return nil
		})
		var contract string
		if err := w.db.QueryRowContext(t.Context(), "select CONNO from RENTAL where CO = '01' and CUST = '211' order by CONNO desc").Scan(&contract); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dealer.Documents, "contracts", contract+".pdf")
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
		w.glass.turn(10 * time.Minute)
		asked := w.glass.Now()
		if err := os.WriteFile(file, []byte("%PDF-1.4 signed again\n%%EOF\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		w.compared("document")
		if diff := cmp.Diff([]string{"0000211 document"}, w.since(asked)); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
	}},
}

// members are the names an object has, some left aside.
func members(o object, aside ...string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(o)), func(name string) bool { return slices.Contains(aside, name) })
}

func fmtKnown(known bool) string {
	if known {
		return ""
	}
	return ", unexplained"
}
