package sqlrms_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/handclock"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// What stands in every row of the other company, and in the prices and
// contracts of our other customers.
const (
	otherCompany  = "OTHER-COMPANY"
	otherAmount   = "66613.31"
	otherCustomer = "OTHER-CUSTOMER"
)

// sharedTables are tables in which two companies live with the same keys. The
// first column says whose a row is.
var sharedTables = map[string][]string{
	"CUST":  {"co", "no", "name", "txt"},
	"CON":   {"co", "id", "cust", "job", "txt", "day", "chg"},
	"LINE":  {"co", "con", "seq", "unit", "txt", "amt", "chg"},
	"UNIT":  {"co", "unit", "class", "txt"},
	"CLS":   {"co", "code", "cat", "txt"},
	"PRICE": {"co", "class", "cust", "days", "amt", "txt"},
	"SCAN":  {"co", "con", "txt", "pdf", "chg"},
}

// sharedRows writes one row for both companies; the other's texts and amounts
// are marked.
func sharedRows(script *strings.Builder, table, mark string, cells ...string) {
	for _, company := range []string{"2", "1"} {
		values := []string{company}
		for i, cell := range cells {
			switch column := sharedTables[table][i+1]; {
			case column == "txt" || column == "name" || column == "pdf":
				cell += mark
				if company == "2" {
					cell += otherCompany
				}
			case column == "amt" && company == "2":
				cell = otherAmount
			}
			values = append(values, cell)
		}
		fmt.Fprintf(script, "INSERT INTO %s VALUES ('%s');\n", table, strings.Join(values, "', '"))
	}
}

func sharedPrices(script *strings.Builder, mark, customer, amount string) {
	for _, days := range []string{"1", "7", "28"} {
		sharedRows(script, "PRICE", mark, "7", customer, days, amount, "price ")
	}
}

// sharedBooks are the tables with rows, as a script both servers take; number
// is the type of the columns with customer numbers.
func sharedBooks(number string) []string {
	var script strings.Builder
	for table, columns := range sharedTables {
		declared := strings.Join(columns, " VARCHAR(60), ") + " VARCHAR(60)"
		for _, column := range []string{"no", "cust"} {
			if table != "PRICE" { // where a blank says that a price is everybody's
				declared = strings.Replace(declared, " "+column+" VARCHAR(60)", " "+column+" "+number, 1)
			}
		}
		fmt.Fprintf(&script, "CREATE TABLE %s (%s);\n", table, declared)
	}
	for i, customer := range []string{"100", "200", "300"} {
		mark := ""
		if i > 0 {
			mark = otherCustomer
		}
		sharedRows(&script, "CUST", mark, customer, "customer ", "about ")
		for n := range 3 {
			id := fmt.Sprintf("%d%d", i, n)
			sharedRows(&script, "CON", mark, id, customer, "7", "contract ", "2026-03-02", "2026-03-01 10:00:00")
			sharedRows(&script, "SCAN", mark, id, "scan ", "%PDF ", "2026-03-01 10:00:00")
			for seq := range 2 {
				sharedRows(&script, "LINE", "", id, fmt.Sprint(seq), "7", "line ", "10.50", "2026-03-01 10:00:00")
			}
		}
		sharedPrices(&script, mark, customer, "20.00")
	}
	sharedPrices(&script, "", "", "30.00")
	sharedRows(&script, "UNIT", "", "7", "7", "unit ")
	sharedRows(&script, "CLS", "", "7", "7", "class ")
	// What only the other company has.
	fmt.Fprintln(&script, "INSERT INTO CUST VALUES ('2', '900', 'x"+otherCompany+"', 'x');")
	fmt.Fprintln(&script, "INSERT INTO CON VALUES ('2', '90', '900', '7', '"+otherCompany+"', '2026-03-02', '2026-03-01 10:00:00');")
	fmt.Fprintln(&script, "INSERT INTO SCAN VALUES ('2', '90', 'x', '"+otherCompany+"', '2026-03-01 10:00:00');")
	return strings.Split(strings.TrimSuffix(script.String(), ";\n"), ";\n")
}

// careless draws mappings as somebody in a hurry writes them: joins and children
// on any columns, filters that say nothing. Only the owner of each table is
// said, in one of its forms.
type careless struct {
	t      *rapid.T
	tables map[string]string // by alias
}

func (c *careless) pick(all ...string) string { return rapid.SampledFrom(all).Draw(c.t, "pick") }

func (c *careless) table() string {
	return c.pick("CUST", "CON", "LINE", "UNIT", "CLS", "PRICE", "SCAN")
}

// column is any column but the company's and the bytes of a paper.
func (c *careless) column(alias string) string {
	all := slices.DeleteFunc(slices.Clone(sharedTables[c.tables[alias]]), func(name string) bool { return name == "pdf" || name == "co" })
	return c.pick(all...)
}

func (c *careless) of(aliases ...string) string {
	alias := c.pick(aliases...)
	return alias + "." + c.column(alias)
}

// value is a text made of any columns.
func (c *careless) value(aliases ...string) string {
	switch rapid.IntRange(0, 3).Draw(c.t, "value") {
	case 1:
		return "['" + c.of(aliases...) + "', '" + c.of(aliases...) + "', {value: none}]"
	case 2:
		return "[{text: '{" + c.of(aliases...) + "} {" + c.of(aliases...) + "}'}, {value: none}]"
	}
	return "['" + c.of(aliases...) + "', {value: none}]"
}

// join finds rows by any columns, mostly several at once.
func (c *careless) join(alias string, from ...string) string {
	c.tables[alias] = c.table()
	extras := []string{"", ", pick: txt", ", where: {txt: {empty: false}}"}
	if len(from) == 1 { // what hangs on a picked row cannot decide which rows there are
		extras = append(extras, ", required: true", ", pick: 'txt desc', required: true")
	}
	extra := c.pick(extras...)
	return fmt.Sprintf("{%s: {table: %s, match: {%s: %s}%s}}", alias, c.tables[alias], c.column(alias), c.of(from...), extra)
}

func (c *careless) children(name, parent string) string {
	table := c.table()
	c.tables[name] = table
	return fmt.Sprintf("%s: {table: %s, match: {%s: %s}}", name, table, c.column(name), c.of(parent))
}

func (c *careless) where(children, alias string) string {
	switch rapid.IntRange(0, 4).Draw(c.t, "where") {
	case 1:
		return "  where: {exists: " + children + ", where: {" + c.column(children) + ": {empty: false}}}\n"
	case 2:
		return "  where: {any: [{" + c.of(alias) + ": {empty: false}}, {" + c.of(alias) + ": {above: '0'}}]}\n"
	case 3:
		return "  where: {not: {" + c.of(alias) + ": '0'}}\n"
	}
	return ""
}

func (c *careless) mapping() string {
	var m strings.Builder
	m.WriteString("dialect: sqlite\ntimezone: America/Denver\ncurrency: CAD\nleaveOutAtMost: 100%\ncustomerNumber: cus.no\nowner:\n")
	for _, table := range []string{"CUST", "CON", "LINE", "UNIT", "CLS", "PRICE", "SCAN"} {
		// A row keeps its owner filter though another condition stands beside it.
		fmt.Fprintf(&m, "  %s: %s\n", table, c.pick("{co: '1'}", `"co = '1'"`, "{co: ['1', '3']}", "{any: [{co: '1'}, {co: '4'}]}", "{co: {not: '2'}}"))
	}
	m.WriteString("joins:\n  cus: {table: CUST, match: {no: r.cust}, required: true}\n")
	c.tables = map[string]string{"r": "CON", "cus": "CUST"}

	m.WriteString("contract:\n  from: CON r\n  key: r.id\n")
	fmt.Fprintf(&m, "  join: [cus, %s, %s]\n  %s\n", c.join("j1", "r"), c.join("j2", "r", "j1"), c.children("kids", "r"))
	m.WriteString(c.where("kids", "r"))
	fmt.Fprintf(&m, "  fields:\n    contractId: r.id\n    jobsiteId: %s\n    locationId: %s\n    poNumber: %s\n    salesRep: %s\n",
		c.value("r", "cus"), c.value("j1", "j2"), c.value("r", "j1", "j2"), c.value("j1", "j2"))
	m.WriteString("    contractStartDate: [{from: r.day, date: yyyy-mm-dd}]\n    contractEndDate: {value: '2099-12-31'}\n    pdfUrl: {document: contract}\n")
	fmt.Fprintf(&m, "    properties.signedBy: {%s: kids.%s}\n    billControl: {count: kids}\n", c.pick("min", "max"), c.column("kids"))
	c.tables["d"] = c.pick("LINE", "PRICE", "SCAN", "CON")
	fmt.Fprintf(&m, "  assetDetails:\n    from: %s d\n    parent: {%s: %s}\n    join: [%s]\n    fields:\n", c.tables["d"], c.column("d"), c.of("r"), c.join("j3", "d", "r"))
	for _, f := range []string{"rentedAssetId", "shortDescription", "equipmentAssetId", "manufacturer", "serialNumber"} {
		fmt.Fprintf(&m, "      %s: %s\n", f, c.value("d", "r", "j3"))
	}
	m.WriteString("      quantity: {value: 1}\n      rentalTotal: {value: 1.0}\n")
	c.tables["f"] = c.pick("LINE", "PRICE")
	fmt.Fprintf(&m, "  feeDetails:\n    sumByName: total\n    sources:\n    - {from: %s f, parent: {%s: %s}, fields: {name: %s, total: f.amt}}\n", c.tables["f"], c.column("f"), c.of("r"), c.value("f"))
	m.WriteString("    - {columns: r, fields: [{name: r.txt, total: {value: 1.0}}]}\n  taxDetails: none\n")

	c.tables = map[string]string{"r": "CON", "cus": "CUST"}
	fmt.Fprintf(&m, "jobsite:\n  from: CON r\n  key: r.id\n  join: [cus, %s]\n  fields: {jobsiteId: r.id, customerId: $customerNumber, name: %s}\n", c.join("j1", "r"), c.value("r", "j1"))
	fmt.Fprintf(&m, "invoice:\n  from: CON r\n  key: r.id\n  join: [cus, %s]\n", c.join("j1", "r"))
	fmt.Fprintf(&m, "  fields: {invoiceId: r.id, total: {value: 1.0}, jobsiteId: %s, contractId: %s", c.value("r"), c.value("j1"))
	for _, f := range []string{"invoiceDate", "billedDateStart", "billedDateEnd"} {
		m.WriteString(", " + f + ": {from: r.day, date: yyyy-mm-dd}")
	}
	m.WriteString(", pdfUrl: {document: invoice}}\n  assetDetails: none\n  feeDetails: none\n  taxDetails: none\n")
	fmt.Fprintf(&m, "customer: {from: CUST cus, key: cus.no, join: [%s], fields: {customerName: %s}}\n", c.join("j4", "cus"), c.value("cus", "j4"))
	c.tables["l"] = "UNIT"
	fmt.Fprintf(&m, "location: {from: UNIT l, key: l.unit, join: [%s], fields: {locationId: l.unit, properties.name: %s}}\n", c.join("j5", "l"), c.value("l", "j5"))

	c.tables["g"] = "CLS"
	m.WriteString("dealer-category:\n  from: CLS c\n  key: c.code\n  fields: {categoryId: c.code, title: c.txt}\n")
	m.WriteString("  categoryGroups:\n    from: CLS g\n    parent: {cat: c.code}\n    fields:\n      groupId: g.code\n")
	fmt.Fprintf(&m, "      title: %s\n      groupRate.properties:\n        rates:\n          from: PRICE p\n          parent: {class: g.code}\n", c.value("g"))
	m.WriteString("          prefer: [{cust: '@customer', rateType: customer}, {cust: '', rateType: book}]\n          by: p.days\n")
	m.WriteString("          columns: {daily: 1, weekly: 7, monthly: 28}\n          amount: p.amt\n          fields: {rentalRateId: p.txt}\n")

	m.WriteString("documents:\n  contract: {table: SCAN, as: s, match: {con: r.id}, column: s.pdf}\n  invoice: {directory: papers, name: '{r.txt}.pdf'}\n")
	m.WriteString("changes:\n  contract:\n    - {from: CON r, join: [cus], stamp: {from: r.chg, date: yyyy-mm-dd hh:mm:ss}}\n")
	m.WriteString("    - {from: LINE d, join: [{r: {table: CON, match: {" + c.pick("id: d.con", "job: d.unit", "id: d.seq") + "}}}, cus], stamp: {from: d.chg, date: yyyy-mm-dd hh:mm:ss}}\n")
	m.WriteString("  invoice: none\n  catalog: none\n  document:\n    - {from: SCAN s, join: [{r: {table: CON, match: {id: s.con}}}, cus], stamp: {from: s.chg, date: yyyy-mm-dd hh:mm:ss}}\n")
	return m.String()
}

// nearNumbers are customer numbers that are nearly somebody's.
func nearNumbers() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"", " ", "1", "10", "1000", "0100", "00100", "100 ", " 100", "100\x00", "100.0", "+100", "1e2", "0x64", "100' or '1'='1", `100" or 1=1`,
			"100' union select * from CUST --", "%", "_00", "1_0", "*", "100;", "100/**/", "NULL", "900", "cus.no", "１００", "1٠0", "100\n", "@customer", "?", "co", "2",
		}),
		rapid.String(),
		rapid.StringMatching(`[12] ?[0-9]{1,3}['"%_;\-]{0,2}`),
		rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"100", "200", "900"}).Draw(t, "number") + rapid.StringN(1, 3, -1).Draw(t, "more")
		}),
	)
}

// TestForeignRowsNeverShow: whatever is joined with whatever, no row of another
// company comes, and nobody sees the prices or contracts of another customer.
func TestForeignRowsNeverShow(t *testing.T) {
	for _, number := range numberTypes {
		t.Run(number, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "shared.db")
			fill(t, path, sharedBooks(number)...)
			papers := papersRoot(t)
			check(t, 40, func(rt *rapid.T) {
				nothingForeign(rt, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, DocumentsRoot: papers})
			})
		})
	}
}

var numberTypes = []string{"VARCHAR(60)", "INTEGER"}

// papersRoot is a folder for documents without any.
func papersRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "papers"), 0o700); err != nil {
		t.Fatal(err)
	}
	return root
}

func nothingForeign(t *rapid.T, config sqlrms.Config) {
	c := &careless{t: t}
	mapping := c.mapping()
	if config.Driver == sqlrms.MySQL {
		mapping = strings.Replace(mapping, "dialect: sqlite", "dialect: mysql", 1)
	}
	config.Mapping = fstest.MapFS{"rms.yaml": {Data: []byte(mapping)}}
	opened, err := config.Open(context.Background(), yardEnv(handclock.At(time.Date(2026, time.April, 1, 12, 0, 0, 0, time.UTC))))
	if err != nil {
		t.Fatalf("%v\n%s", err, mapping)
	}
	rms := opened.(*sqlrms.RMS) // the type Open makes
	defer func() {
		if err := rms.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := rms.Check(context.Background()); err != nil {
		t.Fatalf("%v\n%s", err, mapping)
	}
	a := asker{t: t, rms: rms, mapping: mapping}
	if a.all("100") == 0 {
		t.Logf("nothing of customer 100 is shown by\n%s", mapping) // a careless mapping may drop all
	}
	for range 5 {
		if number := nearNumbers().Draw(t, "number"); number != "100" && number != "200" && number != "300" {
			if n := a.all(number); n != 0 {
				t.Fatalf("customer %q: got %d rows, want none\n%s", number, n, mapping)
			}
		}
	}
	a.changes()
	a.documents()
}

// asker asks everything and looks for what must not come.
type asker struct {
	t       *rapid.T
	rms     *sqlrms.RMS
	mapping string
}

func (a asker) clean(what string, v any, own bool, err error) {
	raw, jsonErr := json.Marshal(v)
	if err != nil || jsonErr != nil {
		a.t.Fatalf("%s: %v\n%s", what, errors.Join(err, jsonErr), a.mapping)
	}
	for _, mark := range []string{otherCompany, otherAmount} {
		if strings.Contains(string(raw), mark) {
			a.t.Fatalf("%s holds %s: %s\n%s", what, mark, raw, a.mapping)
		}
	}
	if own && strings.Contains(string(raw), otherCustomer) {
		a.t.Fatalf("%s holds what is another customer's: %s\n%s", what, raw, a.mapping)
	}
}

// all asks every endpoint for one customer and counts rows that are the
// customer's.
func (a asker) all(number string) int {
	ctx, q := context.Background(), adapters.Query{Customers: []string{number}}
	ask := func(what string, keys adapters.Keys, err error, rows func(adapters.Keys) (any, int, error)) int {
		if err != nil {
			a.t.Fatalf("keys of %s: %v\n%s", what, err, a.mapping)
		}
		got, n, err := rows(keys)
		a.clean(what, got, false, err)
		return n + len(keys)
	}
	keys, err := a.rms.ContractKeys(ctx, q)
	n := ask("contract", keys, err, func(keys adapters.Keys) (any, int, error) {
		rows, _, err := a.rms.Contracts(ctx, q, keys)
		for _, r := range rows {
			if r.CustomerID != number {
				a.t.Fatalf("contract %s is %s's, asked was %s", r.ContractID, r.CustomerID, number)
			}
		}
		return rows, len(rows), err
	})
	keys, err = a.rms.JobsiteKeys(ctx, q)
	n += ask("jobsite", keys, err, func(keys adapters.Keys) (any, int, error) {
		rows, _, err := a.rms.Jobsites(ctx, q, keys)
		return rows, len(rows), err
	})
	keys, err = a.rms.InvoiceKeys(ctx, q)
	n += ask("invoice", keys, err, func(keys adapters.Keys) (any, int, error) {
		rows, _, err := a.rms.Invoices(ctx, q, keys)
		return rows, len(rows), err
	})
	keys, err = a.rms.LocationKeys(ctx, adapters.Query{})
	ask("location", keys, err, func(keys adapters.Keys) (any, int, error) {
		rows, _, err := a.rms.Locations(ctx, adapters.Query{}, keys)
		return rows, 0, err
	})
	if number != "200" && number != "300" {
		categories, _, err := a.rms.Catalog(ctx, number)
		a.clean("dealer-category", categories, true, err)
	}
	customer, err := a.rms.Customer(ctx, number)
	switch {
	case err == nil:
		a.clean("customer", customer, false, nil)
		n++
	case errors.Is(err, adapters.ErrNotFound), errors.Is(err, adapters.ErrAmbiguousCustomer):
	default:
		a.t.Fatalf("customer %q: %v\n%s", number, err, a.mapping)
	}
	return n
}

func (a asker) changes() {
	found, _, err := a.rms.Changes(context.Background(), time.Time{})
	a.clean("changes", found, false, err)
	for _, c := range found {
		if c.Customer == "900" {
			a.t.Fatalf("a change of a customer of the other company is told\n%s", a.mapping)
		}
	}
}

// documents asks for the papers of all contracts, ours and theirs. Papers are
// addressed by what a sent address ends with.
func (a asker) documents() {
	q := adapters.Query{Customers: []string{"100"}}
	keys, err := a.rms.ContractKeys(context.Background(), q)
	if err != nil {
		a.t.Fatal(err)
	}
	rows, _, err := a.rms.Contracts(context.Background(), q, keys)
	if err != nil {
		a.t.Fatal(err)
	}
	ids := []string{"90", "2", "00", ""}
	for _, r := range rows {
		if r.PdfURL != nil {
			_, id, _ := strings.Cut(*r.PdfURL, "/contract/")
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		d, err := a.rms.Document(context.Background(), adapters.ContractDocument, id)
		if errors.Is(err, adapters.ErrNotFound) {
			continue
		}
		if err != nil {
			a.t.Fatalf("document %q: %v\n%s", id, err, a.mapping)
		}
		bytes, err := io.ReadAll(d.Content)
		a.clean("a document", string(bytes), true, errors.Join(err, d.Content.Close()))
	}
}
