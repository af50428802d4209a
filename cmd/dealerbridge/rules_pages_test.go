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

// pageRules are those of section G about queries, pages and what a sweep sees.
var pageRules = []rule{
	{122, "DealerMayBeLeftOutWhereThereIsOne", func(t *testing.T, b *book) {
		for _, path := range endpoints {
			without, with := b.get(path), b.get(path+"&dealer=D100")
			if diff := cmp.Diff(without, with); diff != "" {
				t.Errorf("%s differs (-without +with dealer):\n%s", path, diff)
			}
		}
	}},
	{123, "PagesCountFromZeroAndHaveTenItemsUnlessAsked", func(t *testing.T, b *book) {
		want := ids(b, "1007", "CONNO", activeOf)
		silent, zero := b.get(contractPath("1007")), b.get(contractPath("1007")+"&page=0")
		if diff := cmp.Diff(zero, silent); diff != "" {
			t.Errorf("page 0 and no page differ:\n%s", diff)
		}
		many := b.get(contractPath("88"))
		if whole(t, many["size"]) != 10 || whole(t, many["number"]) != 0 {
			t.Errorf("got size %v, number %v", many["size"], many["number"])
		}
		got := []string{}
		for page := range len(want) {
			p := b.get(fmt.Sprintf("%s&items=1&page=%d", contractPath("1007"), page))
			if whole(t, p["size"]) != 1 || whole(t, p["number"]) != page {
				t.Errorf("page %d: size %v, number %v", page, p["size"], p["number"])
			}
			got = append(got, texts(list(p["items"]), "contractId")...)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) < 2 {
			t.Errorf("one at a time (-tables +got):\n%s", diff)
		}
	}},
	{124, "APageHasTheSixMembersAndNoOther", func(t *testing.T, b *book) {
		for _, path := range paged {
			got := slices.Sorted(maps.Keys(b.get(path)))
			if diff := cmp.Diff([]string{"empty", "items", "number", "size", "totalElements", "totalPages"}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	}},
	{125, "TotalsAreThoseOfTheTables", func(t *testing.T, b *book) {
		for _, raw := range tidy {
			total := len(b.rows(activeOf, raw))
			for _, size := range []int{1, 3, 100} {
				p := b.get(fmt.Sprintf("%s&items=%d", contractPath(raw), size))
				if got := whole(t, p["totalElements"]); got != total {
					t.Errorf("%s: %d contracts in all, the tables have %d", raw, got, total)
				}
				if got := whole(t, p["totalPages"]); got != (total+size-1)/size {
					t.Errorf("%s: %d pages of %d with %d", raw, got, total, size)
				}
				if n := len(list(p["items"])); n != min(size, total) || p["empty"] != (n == 0) {
					t.Errorf("%s: %d items of %d, empty %v", raw, n, total, p["empty"])
				}
			}
		}
	}},
	{125, "BeyondTheLastPageIsASuccessWithNothing", func(t *testing.T, _ *book) {
		own := fresh(t) // where no sweep was given up, to which the page could belong
		for _, path := range paged {
			first := own.get(path)
			p := own.get(path + "&page=4000")
			if len(list(p["items"])) != 0 || p["empty"] != true || whole(t, p["number"]) != 4000 || p["totalElements"] != first["totalElements"] {
				t.Errorf("%s: %v", path, p)
			}
		}
	}},
	{126, "OtherAnswersHaveNoPagingMembers", func(t *testing.T, b *book) {
		for path, want := range map[string]string{
			"dealer-category": "items", "dealer-category?customer=0000214": "items", "incremental?since=2026-06-01T00:00:00Z": "items",
			"customer?customer=0000412": "customer",
		} {
			if got := slices.Sorted(maps.Keys(b.get(path))); !slices.Equal(got, []string{want}) {
				t.Errorf("%s has the members %v", path, got)
			}
		}
	}},
	{127, "NothingIsMissedOrSentTwiceWhileRowsComeAndGo", func(t *testing.T, _ *book) {
		own := fresh(t)
		own.sweep(t, contractPath("88"), "contractId", 60, func(sent []string) (gone []string) {
			for _, id := range sent[:20] {
				own.write("update RENTAL set STAT = 'C' where CO = '01' and CONNO = ?", id)
			}
			last := own.rows(activeOf, "88")
			from := last[len(last)-1]["CONNO"] // becomes the first of all
			own.write("update RENTAL set CONNO = 'A1' where CO = '01' and CONNO = ?", from)
			own.write("update RENTLN set CONNO = 'A1' where CO = '01' and CONNO = ?", from)
			return append(slices.Clone(sent[:20]), from)
		})
		own.sweep(t, "jobsite?customer=0000212", "jobsiteId", 4, func(sent []string) (gone []string) {
			for _, id := range sent[:3] {
				_, job, _ := strings.Cut(id, "-")
				own.write("update SITES set OPENFL = 0 where CO = '01' and CUST = '212' and JOB = ?", job)
			}
			own.write("insert into SITES (CO, CUST, JOB, TITLE, OPENFL) values ('01', '212       ', 'A', 'Comes first', 1)")
			return sent[:3]
		})
		own.sweep(t, "location?x=", "locationId", 1, func(sent []string) (gone []string) {
			own.write("update BRANCH set DELFLG = 'D' where CO = '01' and CODE = ?", sent[0])
			return sent[:1]
		})
	}},
	{128, "FiveCustomersAreAnsweredTogetherAndSixRefused", func(t *testing.T, b *book) {
		five := "0000412,0001007,0000031,0000213,00000B7"
		for _, endpoint := range []string{"contract", "jobsite"} {
			got := map[string]bool{}
			for _, o := range b.all(endpoint + "?customer=" + five) {
				got[text(o["customerId"])] = true
			}
			if diff := cmp.Diff(strings.Split(five, ","), slices.Collect(maps.Keys(got)), sorted); diff != "" {
				t.Errorf("%s (-asked +got):\n%s", endpoint, diff)
			}
			if got := b.status(endpoint + "?customer=" + five + ",0000203"); got != http.StatusBadRequest {
				t.Errorf("%s of six is answered %d", endpoint, got)
			}
		}
	}},
	{129, "SeveralCustomersAreRefusedWhereOneIsMeant", func(t *testing.T, b *book) {
		for _, endpoint := range []string{"invoice", "customer", "dealer-category"} {
			if got := b.status(endpoint + "?customer=0000412"); got != http.StatusOK {
				t.Errorf("%s of one is answered %d", endpoint, got)
			}
			if got := b.status(endpoint + "?customer=0000412,0001007"); got != http.StatusBadRequest {
				t.Errorf("%s of two is answered %d", endpoint, got)
			}
		}
	}},
	{130, "WithoutWhatIsRequiredTheAnswerIs400", func(t *testing.T, b *book) {
		for _, path := range []string{
			"contract", "jobsite", "invoice", "customer", "contract?customer=", "jobsite?customer=", "invoice?customer=", "customer?customer=",
			"incremental", "incremental?since=",
		} {
			if got := b.status(path); got != http.StatusBadRequest {
				t.Errorf("%s is answered %d", path, got)
			}
		}
		for _, path := range []string{"dealer-category", "location"} {
			if got := b.status(path); got != http.StatusOK {
				t.Errorf("%s, which needs nothing, is answered %d", path, got)
			}
		}
	}},
	{133, "WhatWasJustEnteredIsInANewPageZeroDuringASweep", func(t *testing.T, _ *book) {
		own := fresh(t)
		path := contractPath("412") + "&items=3"
		first := own.get(path)
		id := text(list(first["items"])[0]["contractId"])
		line := own.rows(linesOf, id)[0]
		own.write("update RENTAL set `ORDER` = 'PO JUST NOW' where CO = '01' and CONNO = ?", id)
		own.write("update RENTLN set COFFD = 20260620, COFFT = 0, `COFF#` = 'CO#NEW' where CO = '01' and CONNO = ? and SEQ = ?", id, line["SEQ"])
		own.write("insert into SITES (CO, CUST, JOB, TITLE, OPENFL) values ('01', '412       ', 'NEW', 'Just opened', 1)")

		again := list(own.get(path)["items"])[0]
		asset := list(again["assetDetails"])[0]
		if again["contractId"] != id || again["poNumber"] != "PO JUST NOW" || asset["callOffConfirmationNumber"] != "CO#NEW" {
			t.Errorf("got %v", again)
		}
		if sites := texts(own.all("jobsite?customer=0000412"), "jobsiteId"); !slices.Contains(sites, "412-NEW") {
			t.Errorf("got jobsites %v", sites)
		}
		// The sweep that was under way goes on where it was.
		rest := []string{}
		for page := 1; page < whole(t, first["totalPages"]); page++ {
			rest = append(rest, texts(list(own.get(fmt.Sprintf("%s&page=%d", path, page))["items"]), "contractId")...)
		}
		got := append(texts(list(first["items"]), "contractId"), rest...)
		if diff := cmp.Diff(ids(own, "412", "CONNO", activeOf), got); diff != "" {
			t.Errorf("the sweep (-tables +got):\n%s", diff)
		}
	}},
	{134, "AFailureOnAnyPageFailsTheReadAndARepeatMakesItWhole", func(t *testing.T, _ *book) {
		own := fresh(t)
		for path, table := range map[string]string{contractPath("412"): "TAXES", "jobsite?customer=0000212": "SITES"} {
			var got []object
			for page := 0; ; page++ {
				at := fmt.Sprintf("%s&items=4&page=%d", path, page)
				bringBack := own.hide(table)
				if page > 0 {
					a := own.pull.Get("/api/v1/" + at)
					if a.Status < 500 || has(parsed(t, a.Body), "items") {
						t.Errorf("%s without %s is answered %d", at, table, a.Status)
					}
				}
				bringBack()
				eventually(t, "it is answered again", func() error {
					own.clock.advance(time.Second)
					own.ticks.tick()
					return wantStatus(own.status(at), http.StatusOK)
				})
				p := own.get(at)
				if got = append(got, list(p["items"])...); page >= whole(t, p["totalPages"])-1 {
					break
				}
			}
			if diff := cmp.Diff(own.all(path), got); diff != "" || len(got) < 5 {
				t.Errorf("%s, %d items (-at once +with failures):\n%s", path, len(got), diff)
			}
		}
	}},
	{135, "EveryContractAndJobsiteNamesItsCustomer", func(t *testing.T, b *book) {
		for path, owner := range map[string]string{
			"contract?customer=0000412,0001007,0000088,0000203,00000E9": "select CUST from RENTAL where CO = '01' and CONNO = ?",
			"jobsite?customer=0000412,0001007,0000088,0000203,00000E9":  "select CUST from SITES where CO = '01' and rtrim(CUST) || '-' || JOB = ?",
		} {
			items := b.all(path)
			for _, o := range items {
				id := text(o["contractId"])
				if id == "" {
					id = text(o["jobsiteId"])
				}
				if found := b.column(owner, id); len(found) != 1 || o["customerId"] != dcn(found[0]) {
					t.Errorf("%s is of %v, the tables say %v", id, o["customerId"], found)
				}
			}
			if len(items) < 15 {
				t.Errorf("%s: %d items", path, len(items))
			}
		}
	}},
	{136, "NothingOfAnyOtherCustomerIsInAnAnswer", func(t *testing.T, b *book) {
		// Each of these numbers is also one of the other company in the same tables.
		for _, raw := range []string{"412", "1007", "31", "203", "211"} {
			if n := b.column("select count(*) from RENTAL where CO = '02' and CUST = ?", raw); n[0] == "0" {
				t.Errorf("the other company has nothing of %s", raw)
			}
			asked := dcn(raw)
			if diff := cmp.Diff(ids(b, raw, "CONNO", activeOf), texts(b.all("contract?customer="+asked), "contractId")); diff != "" {
				t.Errorf("contracts of %s (-tables +got):\n%s", raw, diff)
			}
			for _, o := range slices.Concat(b.all("contract?customer="+asked), b.all("jobsite?customer="+asked)) {
				if o["customerId"] != asked {
					t.Errorf("%s was asked, %v came", asked, o["customerId"])
				}
			}
			want := b.column("select INVNO || '-' || SEQ from INVHDR where CO = '01' and CUST = ? and VOIDFL = 0", raw)
			if diff := cmp.Diff(want, texts(b.all("invoice?customer="+asked), "invoiceId"), sorted); diff != "" {
				t.Errorf("invoices of %s (-tables +got):\n%s", raw, diff)
			}
		}
	}},
	{137, "AnIslandIsSentWholeHoweverLongItIs", func(t *testing.T, _ *book) {
		own := fresh(t)
		contract := own.rows(activeOf, "412")[0]["CONNO"]
		signature := strings.Repeat(`"Ida" \ Vance & <Söhne> 🚜 {"a":[1,2]} `, 100)
		own.write("update RENTAL set SIGNBY = ? where CO = '01' and CONNO = ?", signature, contract)
		for n := range 150 {
			own.write(`insert into RENTLN (CO, CONNO, SEQ, TYPE, CUST, JOB, "DESC", QTY, AMT, DELFLG)
				values ('01', ?, ?, 'FE', '412       ', 'MAIN', ?, '1.00', '10.00', 0)`, contract, 100+n, fmt.Sprintf("Extra %03d", n))
		}
		for _, c := range own.contracts("412") {
			if c.row["CONNO"] != contract {
				continue
			}
			properties, _ := c.sent["properties"].(object)
			if got := text(properties["signedBy"]); got != strings.TrimSpace(signature) || len(got) < 2000 {
				t.Errorf("signedBy came with %d bytes of %d", len(got), len(signature))
			}
			extras := 0
			for _, f := range list(c.sent["feeDetails"]) {
				if strings.HasPrefix(text(f["name"]), "Extra ") {
					extras++
				}
			}
			if extras != 150 {
				t.Errorf("%d of 150 fees came", extras)
			}
			return
		}
		t.Errorf("contract %s was not sent", contract)
	}},
}

// paged are the endpoints that have pages.
var paged = []string{"contract?customer=0000412", "jobsite?customer=0000412", "invoice?customer=0000412", "location?x="}

// ids reads one column of the rows of a customer.
func ids(b *book, raw, column, query string) []string {
	b.t.Helper()
	out := []string{}
	for _, r := range b.rows(query, raw) {
		out = append(out, r[column])
	}
	return out
}

// sorted compares lists of texts in any order.
var sorted = cmp.Transformer("sorted", func(in []string) string {
	s := slices.Clone(in)
	slices.Sort(s)
	return strings.Join(s, "\n")
})

// sweep reads a list page by page. After the first page meddle changes the
// tables, told what was sent; it returns what may be missing from then on.
// Everything else of the list as it was must come exactly once.
func (b *book) sweep(t *testing.T, path, id string, size int, meddle func(sent []string) (gone []string)) {
	t.Helper()
	before := texts(b.all(path), id)
	first := b.get(fmt.Sprintf("%s&items=%d", path, size))
	got := texts(list(first["items"]), id)
	gone := meddle(got)
	for page := 1; page < whole(t, first["totalPages"]); page++ {
		p := b.get(fmt.Sprintf("%s&items=%d&page=%d", path, size, page))
		got = append(got, texts(list(p["items"]), id)...)
	}
	times := map[string]int{}
	for _, one := range got {
		times[one]++
	}
	for _, one := range before {
		if n := times[one]; n > 1 || n == 0 && !slices.Contains(gone, one) {
			t.Errorf("%s: %s came %d times", path, one, n)
		}
	}
	if len(before) <= size {
		t.Errorf("%s has one page only", path)
	}
}
