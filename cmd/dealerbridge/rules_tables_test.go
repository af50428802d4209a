package main_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// rows reads the dealer's tables.
func (b *book) rows(query string, values ...any) []record {
	b.t.Helper()
	found, err := b.db.QueryContext(b.t.Context(), query, values...)
	if err != nil {
		b.t.Fatalf("%v in %s", err, query)
	}
	defer func() {
		if err := found.Close(); err != nil {
			b.t.Error(err)
		}
	}()
	names, err := found.Columns()
	if err != nil {
		b.t.Fatal(err)
	}
	out := []record{}
	for found.Next() {
		cells, into := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := found.Scan(into...); err != nil {
			b.t.Fatal(err)
		}
		r := record{}
		for i, name := range names {
			switch v := cells[i].(type) {
			case nil:
			case time.Time:
				r[name] = v.Format(local)
			case []byte:
				r[name] = string(v)
			default:
				r[name] = strings.TrimSpace(fmt.Sprint(v))
			}
		}
		out = append(out, r)
	}
	if err := found.Err(); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// column reads the first column of a query that names one.
func (b *book) column(query string, values ...any) []string {
	b.t.Helper()
	out := []string{}
	for _, r := range b.rows(query, values...) {
		for _, v := range r {
			out = append(out, v)
		}
		if len(r) == 0 {
			out = append(out, "")
		}
	}
	return out
}

// write changes the dealer's tables; something must change.
func (b *book) write(statement string, values ...any) {
	b.t.Helper()
	done, err := b.db.ExecContext(b.t.Context(), statement, values...)
	if err != nil {
		b.t.Fatalf("%v in %s", err, statement)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		b.t.Fatalf("%d rows changed, %v: %s", n, err, statement)
	}
}

// hide takes a table away, until the function it returns is called.
func (b *book) hide(table string) (bringBack func()) {
	b.t.Helper()
	rename := func(from, to string) {
		if _, err := b.db.ExecContext(b.t.Context(), "alter table `"+from+"` rename to `"+to+"`"); err != nil {
			b.t.Fatal(err)
		}
	}
	rename(table, table+" AWAY")
	return func() { rename(table+" AWAY", table) }
}

// dcn is a customer number as it is sent.
func dcn(raw string) string {
	raw = strings.TrimSpace(raw)
	return strings.Repeat("0", max(0, 7-len([]rune(raw)))) + raw
}

const local = "2006-01-02 15:04:05"

// zone is where the dealer's clocks hang.
func (b *book) zone() *time.Location {
	b.t.Helper()
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		b.t.Fatal(err)
	}
	return zone
}

// instant is a DATETIME of the dealer's as it is to be sent: noon UTC when only
// the day is known.
func (b *book) instant(stored string) string {
	b.t.Helper()
	at, err := time.ParseInLocation(local, stored, b.zone())
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.HasSuffix(stored, " 00:00:00") {
		return noonOf(stored[:10])
	}
	return at.UTC().Format(time.RFC3339)
}

func noonOf(day string) string { return day + "T12:00:00Z" }

// day turns 02/01/2006 or 20060102 into 2006-01-02.
func day(stored string) string {
	switch len(stored) {
	case 10:
		return stored[6:] + "-" + stored[3:5] + "-" + stored[:2]
	case 8:
		return stored[:4] + "-" + stored[4:6] + "-" + stored[6:]
	}
	return ""
}

// noDay says whether a DATE column holds none.
func noDay(stored string) bool { return stored == "" || strings.HasPrefix(stored, "0000-00-00") }

// activeOf reads the contracts of a customer that R138 means.
const activeOf = `
	select r.* from RENTAL r
	where r.CO = '01' and r.CUST = ? and r.STAT in ('R', 'S') and exists (
		select 1 from RENTLN l where l.CO = r.CO and l.CONNO = r.CONNO and l.TYPE = 'RI' and l.DELFLG = 0
		and (l.RETDT is null or l.RETDT = '0000-00-00'))
	order by r.CONNO collate binary`

// linesOf reads the rented lines of a contract.
const linesOf = `select * from RENTLN where CO = '01' and CONNO = ? and TYPE = 'RI' and DELFLG = 0 order by SEQ`

// tidy are customers whose every row can be sent, raw numbers.
var tidy = []string{"412", "1007", "31", "59", "213", "203", "211", "B7", "E9", "12345678"}

// untidy are further customers, of whom some rows cannot be sent.
var untidy = []string{"88", "204", "205", "206", "207", "208", "209", "210", "212"}

func contractPath(raw string) string { return "contract?customer=" + dcn(raw) }

// contracts are those of the answer, by id, beside their rows in RENTAL; rows
// that cannot be sent are skipped.
func (b *book) contracts(raw ...string) []pair {
	b.t.Helper()
	var all []pair
	for _, customer := range raw {
		sent := map[string]object{}
		for _, c := range b.all(contractPath(customer)) {
			sent[text(c["contractId"])] = c
		}
		for _, r := range b.rows(activeOf, customer) {
			if c, ok := sent[r["CONNO"]]; ok {
				all = append(all, pair{r, c})
			}
		}
	}
	if len(all) == 0 {
		b.t.Fatalf("no contracts of %v", raw)
	}
	return all
}

// assets are the rented assets of the answer beside their rows in RENTLN.
func (b *book) assets(raw ...string) []pair {
	b.t.Helper()
	var all []pair
	for _, c := range b.contracts(raw...) {
		lines, sent := b.rows(linesOf, c.row["CONNO"]), list(c.sent["assetDetails"])
		if len(lines) != len(sent) {
			b.t.Fatalf("contract %s has %d lines and %d assets", c.row["CONNO"], len(lines), len(sent))
		}
		for i, l := range lines {
			all = append(all, pair{l, sent[i]})
		}
	}
	return all
}

// invoices are those of the answer beside their rows in INVHDR.
func (b *book) invoices(raw ...string) []pair {
	b.t.Helper()
	var all []pair
	for _, customer := range raw {
		byID := map[string]record{}
		for _, r := range b.rows("select * from INVHDR where CO = '01' and CUST = ? and VOIDFL = 0", customer) {
			byID[r["INVNO"]+"-"+r["SEQ"]] = r
		}
		for _, i := range b.all("invoice?customer=" + dcn(customer)) {
			r, ok := byID[text(i["invoiceId"])]
			if !ok {
				b.t.Fatalf("invoice %v is not one of customer %s", i["invoiceId"], customer)
			}
			all = append(all, pair{r, i})
		}
	}
	if len(all) == 0 {
		b.t.Fatalf("no invoices of %v", raw)
	}
	return all
}

// pair is a row and what was made of it.
type pair struct {
	row  record
	sent object
}

// answers are one answer of everything, kept for whoever looks at form alone.
type answers struct {
	once sync.Once
	all  map[string]object
}

// everything asks every endpoint about every customer.
func (b *book) everything() map[string]object {
	b.t.Helper()
	b.seen.once.Do(func() {
		all := map[string]object{}
		keep := func(path string) { all[path] = b.get(path) }
		for _, raw := range slices.Concat(tidy, untidy, []string{"214", "215", "2"}) {
			for _, endpoint := range []string{"contract", "jobsite", "invoice"} {
				keep(endpoint + "?items=100&customer=" + dcn(raw))
			}
			keep("customer?customer=" + dcn(raw))
			keep("dealer-category?customer=" + dcn(raw))
		}
		keep("dealer-category")
		keep("location?items=100")
		keep("incremental?since=2026-06-01T00:00:00Z")
		b.seen.all = all
	})
	return b.seen.all
}

// walk visits every member of an answer, depth first, in a fixed order.
func walk(path string, v any, visit func(path, name string, v any)) {
	switch v := v.(type) {
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			visit(path+"."+name, name, v[name])
			walk(path+"."+name, v[name], visit)
		}
	case []any:
		for _, one := range v {
			walk(path+"[]", one, visit)
		}
	}
}
