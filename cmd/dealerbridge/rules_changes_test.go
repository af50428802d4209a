package main_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// calm is a moment after every stamp in the demo's tables, so that only what a
// test changes is news; the day after it holds the stamps of tests.
const calm = "2027-01-01T00:00:00Z"

// changeRules are those of section I.
var changeRules = []rule{
	{173, "SinceIsNeededAndCapitalsAndTheZeroDateAreLivedWith", func(t *testing.T, b *book) {
		want := b.get("incremental?dealer=D100&since=2026-06-01T00:00:00Z")
		for _, spelled := range []string{
			"Dealer=D100&Since=2026-06-01T00:00:00Z", "DEALER=D100&SINCE=2026-06-01T00:00:00Z",
			"since=2026-06-01T02:00:00%2B02:00", "since=2026-06-01T02:00:00+02:00", "since=2026-05-31T19:00:00-05:00", "since=2026-06-01T00:00:00.000Z",
		} {
			if diff := cmp.Diff(want, b.get("incremental?"+spelled)); diff != "" {
				t.Errorf("%s differs:\n%s", spelled, diff)
			}
		}
		everybody := b.get("incremental?since=0000-00-00T00:00:00Z")
		if diff := cmp.Diff(b.get("incremental?since=0001-01-01T00:00:00Z"), everybody); diff != "" {
			t.Errorf("the zero date (-from the beginning +got):\n%s", diff)
		}
		if diff := cmp.Diff(everybody, b.get("incremental?since=%3E0000-00-00T00:00:00Z")); diff != "" {
			t.Errorf("the sample's stray sign makes a difference:\n%s", diff)
		}
		for _, wrong := range []string{"", "?since=", "?dealer=D100", "?since=yesterday", "?since=2026-06-01", "?since=" + url.QueryEscape("<0000-00-00T00:00:00Z")} {
			if got := b.status("incremental" + wrong); got != http.StatusBadRequest {
				t.Errorf("%q is answered %d", wrong, got)
			}
		}
		if got := b.pull.Do(http.MethodPost, "/api/v1/incremental?since="+calm).Status; got != http.StatusMethodNotAllowed {
			t.Errorf("POST is answered %d", got)
		}
	}},
	{174, "OneEntryPerCustomerSaysWhatHappened", func(t *testing.T, b *book) {
		answer := b.get("incremental?since=0001-01-01T00:00:00Z&items=1&page=1")
		items := list(answer["items"])
		seen := map[string]bool{}
		for _, entry := range items {
			if got := members(entry); !slices.Equal(got, []string{"customerId", "types"}) {
				t.Errorf("an entry has the members %v", got)
			}
			id := text(entry["customerId"])
			kinds, _ := entry["types"].([]any)
			if seen[id] || id == "" || len(kinds) == 0 {
				t.Errorf("customer %q: %v", id, entry)
			}
			seen[id] = true
			once := map[any]bool{}
			for _, kind := range kinds {
				if once[kind] {
					t.Errorf("%s: %v", id, kinds)
				}
				once[kind] = true
			}
		}
		if got := members(answer); !slices.Equal(got, []string{"items"}) || len(items) < 30 {
			t.Errorf("%d entries beside %v", len(items), got)
		}
	}},
	{175, "NoCustomerIsHeldBack", func(t *testing.T, b *book) {
		moments := []string{"0001-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-06-01T12:30:00Z", "2026-06-14T00:00:00Z", calm}
		// Around the latest stamp of each table, where one row more or less shows.
		for query, zone := range map[string]*time.Location{
			"select max(CHG) from RENTAL where CO = '01'":                      time.UTC,
			"select max(ADDED) from SCANS where CO = '01' and INVNO > 1":       time.UTC,
			"select max(CHG) from INVHDR where CO = '01'":                      b.zone(),
			"select max(CHG) from PRICES where CO = '01' and CUST <> ''":       b.zone(),
			"select max(SEEN) from `CUST NOTES` where CO = '01' and SEEN > ''": b.zone(),
		} {
			at, err := time.ParseInLocation(local, b.column(query)[0], zone)
			if err != nil {
				t.Fatal(err)
			}
			for _, later := range []time.Duration{0, overlap, overlap + time.Second} {
				moments = append(moments, at.Add(later).UTC().Format(time.RFC3339))
			}
		}
		for _, since := range moments {
			if diff := cmp.Diff(b.stamped(since), b.changes(since)); diff != "" {
				t.Errorf("since %s (-tables +got):\n%s", since, diff)
			}
		}
		if all := b.changes("0001-01-01T00:00:00Z"); len(all["0000640"]) == 0 {
			t.Error("a customer who was deleted is held back")
		}
	}},
	{176, "EachKindIsToldByWhatChanged", func(t *testing.T, _ *book) {
		own := fresh(t)
		before := own.changes(calm)
		for _, c := range []struct{ what, statement, customer, kind string }{
			{"a contract", "update RENTAL set CHG = '2027-01-01 10:00:00' where CO = '01' and CUST = '31'", "31", "contract"},
			{"a line", "update RENTLN set CHGD = 20270101, CHGT = 90000 where CO = '01' and CUST = 'B7'", "B7", "contract"},
			{"an invoice", "update INVHDR set CHG = '2027-01-01 10:00:00' where CO = '01' and CUST = '412'", "412", "invoice"},
			{"rates", "update PRICES set CHG = '2027-01-01 10:00:00' where CO = '01' and CUST = '214'", "214", "catalog"},
			{
				"a PDF", `update SCANS set ADDED = '2027-01-01 10:00:00' where CO = '01'
				and INVNO in (select INVNO from INVHDR where CO = '01' and CUST = '211')`, "211", "document",
			},
		} {
			own.write(c.statement)
			got := own.changes(calm)
			want := append(slices.Clone(before[dcn(c.customer)]), c.kind)
			slices.Sort(want)
			if diff := cmp.Diff(slices.Compact(want), got[dcn(c.customer)]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.what, diff)
			}
			delete(got, dcn(c.customer))
			rest := map[string][]string{}
			for id, kinds := range before {
				if id != dcn(c.customer) {
					rest[id] = kinds
				}
			}
			if diff := cmp.Diff(rest, got); diff != "" {
				t.Errorf("%s is told of others, too (-want +got):\n%s", c.what, diff)
			}
			before = own.changes(calm)
		}
	}},
	{176, "OnlyTheFourKindsOccurAndBookRatesAreNobodysNews", func(t *testing.T, b *book) {
		seen := map[string]bool{}
		for _, kinds := range b.changes("0001-01-01T00:00:00Z") {
			for _, kind := range kinds {
				seen[kind] = true
			}
		}
		if diff := cmp.Diff(map[string]bool{"contract": true, "invoice": true, "catalog": true, "document": true}, seen); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
		own := fresh(t)
		before := own.changes(calm)
		own.write("update PRICES set CHG = '2027-01-01 10:00:00' where CO = '01' and CUST = ''")
		if diff := cmp.Diff(before, own.changes(calm)); diff != "" {
			t.Errorf("book rates changed (-before +after):\n%s", diff)
		}
	}},
	{177, "ACallReadsStampsAndNothingElse", func(t *testing.T, _ *book) {
		own := fresh(t)
		want := own.get("incremental?since=2026-06-01T00:00:00Z")
		for _, table := range []string{"EQPMAS", "CLSMAS", "CODES", "TAXES", "INVLN", "BRANCH", "ZZWORK2"} {
			own.hide(table)
		}
		if diff := cmp.Diff(want, own.get("incremental?since=2026-06-01T00:00:00Z")); diff != "" {
			t.Errorf("without tables that hold no stamps:\n%s", diff)
		}
		for _, metric := range strings.Split(own.metrics(), "\n") {
			if name, value, ok := strings.Cut(metric, " "); ok && name == "dealerbridge_sweep_lists" && value != "0" {
				t.Errorf("it keeps lists: %s", metric)
			}
		}
	}},
	{179, "AChangeInTheVerySecondIsReported", func(t *testing.T, _ *book) {
		dealer := prairie(t, "D100")
		replaceIn(t, filepath.Join(dealer.Mapping, "rms.yaml"), "overlap: 5m", "overlap: 0s")
		own := open(t, dealer)
		// 13:00:00 in the dealer's winter is 19:00:00 UTC.
		const before, exact, after = "2027-01-01T18:59:59Z", "2027-01-01T19:00:00Z", "2027-01-01T19:00:01Z"
		for _, c := range []struct{ kind, customer, statement string }{
			{"contract", "412", "update RENTAL set CHG = '2027-01-01 19:00:00' where CO = '01' and CUST = '412'"},
			{"contract", "B7", "update RENTLN set CHGD = 20270101, CHGT = 130000 where CO = '01' and CUST = 'B7'"},
			{"contract", "2", "update SITES set CHGUX = 1798830000 where CO = '01' and CUST = '2'"},
			{"invoice", "1007", "update INVHDR set CHG = '2027-01-01 13:00:00' where CO = '01' and CUST = '1007'"},
			{"catalog", "214", "update PRICES set CHG = '2027-01-01 13:00:00' where CO = '01' and CUST = '214'"},
			{
				"document", "211", `update SCANS set ADDED = '2027-01-01 19:00:00' where CO = '01'
				and INVNO in (select INVNO from INVHDR where CO = '01' and CUST = '211')`,
			},
		} {
			own.write(c.statement)
			for since, want := range map[string]bool{before: true, exact: true, after: false} {
				if got := own.changes(since)[dcn(c.customer)]; slices.Contains(got, c.kind) != want {
					t.Errorf("%s of %s since %s: got %v, want it %v", c.kind, c.customer, since, got, want)
				}
			}
		}
	}},
	{180, "ChangedJobsitesAreReportedAsContract", func(t *testing.T, _ *book) {
		own := fresh(t)
		if got := own.changes(calm)["0000212"]; len(got) != 0 {
			t.Fatalf("before: %v", got)
		}
		own.write("update SITES set TITLE = 'Renamed', CHGUX = 1798801200 where CO = '01' and CUST = '212' and JOB = 'MAIN'")
		if diff := cmp.Diff([]string{"contract"}, own.changes(calm)["0000212"]); diff != "" {
			t.Errorf("a changed jobsite (-want +got):\n%s", diff)
		}
		own.write("insert into SITES (CO, CUST, JOB, TITLE, OPENFL, CHGUX) values ('01', '59        ', 'NEW', 'New', 1, 1798801200)")
		if diff := cmp.Diff([]string{"contract"}, own.changes(calm)["0000059"]); diff != "" {
			t.Errorf("a new jobsite (-want +got):\n%s", diff)
		}
	}},
}

// changes asks what changed: customer to kinds, in the order of their names.
func (b *book) changes(since string) map[string][]string {
	b.t.Helper()
	out := map[string][]string{}
	for _, entry := range list(b.get("incremental?since=" + url.QueryEscape(since))["items"]) {
		kinds := []string{}
		all, _ := entry["types"].([]any)
		for _, kind := range all {
			kinds = append(kinds, text(kind))
		}
		slices.Sort(kinds)
		out[text(entry["customerId"])] = kinds
	}
	return out
}

// overlap is how much further back the demo's mapping looks.
const overlap = 5 * time.Minute

// stamped finds by the tables' own stamps what changed.
func (b *book) stamped(since string) map[string][]string {
	b.t.Helper()
	from, err := time.Parse(time.RFC3339, since)
	if err != nil {
		b.t.Fatal(err)
	}
	from = from.Add(-overlap)
	in := func(zone *time.Location) func(string) (time.Time, bool) {
		return func(stamp string) (time.Time, bool) {
			at, err := time.ParseInLocation(local, stamp, zone)
			return at, err == nil
		}
	}
	unix := func(stamp string) (time.Time, bool) {
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		return time.Unix(seconds, 0), err == nil
	}
	out := map[string][]string{}
	add := func(kind string, read func(string) (time.Time, bool), query string) {
		for _, r := range b.rows(query) {
			at, ok := read(r["STAMP"])
			always := r["ALWAYS"] == "1"
			if id := dcn(r["CUST"]); (always || ok && !at.Before(from)) && !slices.Contains(out[id], kind) {
				out[id] = append(out[id], kind)
			}
		}
	}
	const ours = " and exists (select 1 from CUSMAS m where m.CO = '01' and m.CUST = %[1]s.CUST)"
	query := func(text string) string { return fmt.Sprintf(text+ours, "x") }
	add("catalog", in(b.zone()), query("select x.CUST, x.CHG as STAMP from PRICES x where x.CO = '01'"))
	add("contract", in(time.UTC), query("select x.CUST, x.CHG as STAMP from RENTAL x where x.CO = '01'"))
	add("contract", in(b.zone()), query(`select x.CUST, substr(l.CHGD, 1, 4) || '-' || substr(l.CHGD, 5, 2) || '-' || substr(l.CHGD, 7, 2) || ' '
		|| substr(printf('%%06d', l.CHGT), 1, 2) || ':' || substr(printf('%%06d', l.CHGT), 3, 2) || ':' || substr(printf('%%06d', l.CHGT), 5, 2) as STAMP
		from RENTLN l join RENTAL x on x.CO = l.CO and x.CONNO = l.CONNO where l.CO = '01'`))
	add("contract", unix, query("select x.CUST, x.CHGUX as STAMP from SITES x where x.CO = '01'"))
	add("contract", in(b.zone()), query("select x.CUST, x.MADE as STAMP, x.MADE is null and x.SEEN is null as ALWAYS from `CUST NOTES` x where x.CO = '01'"))
	add("contract", in(b.zone()), query("select x.CUST, x.SEEN as STAMP from `CUST NOTES` x where x.CO = '01'"))
	add("document", in(time.UTC), query("select x.CUST, s.ADDED as STAMP from SCANS s join INVHDR x on x.CO = s.CO and x.INVNO = s.INVNO and x.SEQ = s.SEQ where s.CO = '01'"))
	add("invoice", in(b.zone()), query("select x.CUST, x.CHG as STAMP from INVHDR x where x.CO = '01'"))
	for id := range out {
		slices.Sort(out[id])
	}
	return out
}
