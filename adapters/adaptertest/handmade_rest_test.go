package adaptertest

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"html"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

func locations(t *testing.T, db *sql.DB) []Row[model.Location] {
	var all []Row[model.Location]
	for _, b := range ask(t, db, `
		select * from BRANCH where CO = '01' and coalesce(DELFLG, '') <> 'D' order by rtrim(CODE) collate binary`) {
		latitude, longitude, _ := strings.Cut(b["GEO"], ",")
		all = append(all, row(b["CODE"], "", model.Location{
			LocationID: b["CODE"],
			Properties: &model.LocationProperties{
				Name: optional(b["NAME"]), Address1: optional(b["ADDR1"]), City: optional(b["CITY"]), State: optional(b["ST"]),
				Postalcode: optional(b["ZIP"]), Country: optional(first(b["CTRY"], "USA")),
				Latitude: optional(strings.TrimSpace(latitude)), Longitude: optional(strings.TrimSpace(longitude)),
			},
		}, faults{}))
	}
	return all
}

func catalog(t *testing.T, db *sql.DB, customer string) Catalog {
	raw := strings.TrimLeft(customer, "0")
	// By class: the rates of one rank, the customer's where there is any.
	prices := make(map[string][]record)
	for _, p := range ask(t, db, `
		select * from PRICES p where p.CO = '01' and rtrim(p.CUST) = coalesce(
			(select max(rtrim(q.CUST)) from PRICES q
			 where q.CO = '01' and q.CLASS = p.CLASS and rtrim(q.CUST) = ? collate binary and rtrim(q.CUST) <> ''), '') collate binary`, raw) {
		prices[p["CLASS"]] = append(prices[p["CLASS"]], p)
	}
	c := Catalog{Customer: customer, Categories: []model.Category{}}
	for _, category := range ask(t, db, `select * from CODES where CO = '01' and TYPE = 'CAT' order by CODE collate binary`) {
		groups := []model.CategoryGroup{}
		for _, g := range ask(t, db, `
			select * from CLSMAS where CO = '01' and CAT = ? and coalesce(DELFLG, '') <> 'D' order by CODE collate binary`, category["CODE"]) {
			group := model.CategoryGroup{GroupID: g["CODE"], Title: cut(g["TEXT"], 100)}
			if found := prices[g["CODE"]]; found != nil {
				rates := &model.GroupRateProperties{RateType: optional("book"), RentalRateID: optional(found[0]["TABLE"])}
				if found[0]["CUST"] != "" {
					rates.RateType = optional("customer")
				}
				for _, p := range found {
					if made := rate(p["PRICE"], "USD"); made != nil {
						*map[string]*model.Rate{"1": &rates.Daily, "7": &rates.Weekly, "28": &rates.Monthly, "30": &rates.Monthly}[p["DAYS"]] = *made
					}
				}
				group.GroupRate = &model.GroupRate{Properties: rates}
			}
			groups = append(groups, group)
		}
		c.Categories = append(c.Categories, model.Category{CategoryID: category["CODE"], Title: category["TEXT"], CategoryGroups: groups})
	}
	return c
}

var markup = regexp.MustCompile(`<[^>]*>`)

// customers gives those that are found and those that two rows claim to be.
func customers(t *testing.T, db *sql.DB, numbers []string) (found []model.Customer, ambiguous []string) {
	for _, number := range numbers {
		rows := ask(t, db, `select * from CUSMAS where CO = '01' and coalesce(DELFLG, '') <> 'D' and CUST = ? collate binary`,
			strings.TrimLeft(number, "0"))
		switch len(rows) {
		case 0:
		case 1:
			name := strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(rows[0]["NAME"], ""))), " ")
			found = append(found, model.Customer{CustomerID: number, CustomerName: name})
		default:
			ambiguous = append(ambiguous, number)
		}
	}
	return found, ambiguous
}

// ledger keeps the latest change of each kind for every customer.
type ledger map[ledgerKey]Changed

type ledgerKey struct {
	customer string
	kind     adapters.ChangeKind
}

// note enters a change; the zero time without always is none.
func (l ledger) note(customer string, kind adapters.ChangeKind, at time.Time, always bool) {
	key := ledgerKey{customer, kind}
	c := l[key]
	c.Customer, c.Kind, c.Always = customer, kind, c.Always || always
	if at.After(c.Latest) {
		c.Latest = at
	}
	if c.Always || !c.Latest.IsZero() {
		l[key] = c
	}
}

// list is the ledger by customer and kind.
func (l ledger) list() []Changed {
	return slices.SortedFunc(maps.Values(l), func(a, b Changed) int {
		return cmp.Or(strings.Compare(a.Customer, b.Customer), strings.Compare(string(a.Kind), string(b.Kind)))
	})
}

// changes gives the latest change of each kind for every customer.
func changes(t *testing.T, db *sql.DB) []Changed {
	all := make(ledger)
	local := func(s string) time.Time {
		if s == "" || strings.HasPrefix(s, "0000") {
			return time.Time{}
		}
		at, err := instantOf(s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	utc := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		at, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	collect := func(kind adapters.ChangeKind, query string, stamp func(record) (at time.Time, always bool)) {
		t.Helper()
		for _, r := range ask(t, db, query) {
			at, always := stamp(r)
			all.note(customerNumber(r["NUMBER"]), kind, at, always)
		}
	}
	collect(adapters.ContractChange, `
		select c.CUST as NUMBER, r.CHG as STAMP from RENTAL r join CUSMAS c on c.CO = r.CO and c.CUST = r.CUST where r.CO = '01'`,
		func(r record) (time.Time, bool) { return utc(r["STAMP"]), false })
	collect(adapters.ContractChange, `
		select c.CUST as NUMBER, l.CHGD, l.CHGT from RENTLN l join RENTAL r on r.CO = l.CO and r.CONNO = l.CONNO
		join CUSMAS c on c.CO = r.CO and c.CUST = r.CUST where l.CO = '01' and l.CHGD > 0`,
		func(r record) (time.Time, bool) { return local(ymd(r["CHGD"]) + " " + clock(r["CHGT"])), false })
	collect(adapters.ContractChange, `
		select c.CUST as NUMBER, s.CHGUX from SITES s join CUSMAS c on c.CO = s.CO and c.CUST = s.CUST where s.CO = '01'`,
		func(r record) (time.Time, bool) {
			seconds, err := strconv.ParseInt(r["CHGUX"], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return time.Unix(seconds, 0).UTC(), false
		})
	collect(adapters.ContractChange, `
		select c.CUST as NUMBER, n.MADE, n.SEEN from "CUST NOTES" n join CUSMAS c on c.CO = n.CO and c.CUST = n.CUST where n.CO = '01'`,
		func(r record) (time.Time, bool) {
			made, seen := local(r["MADE"]), local(r["SEEN"])
			if seen.After(made) {
				made = seen
			}
			return made, made.IsZero()
		})
	collect(adapters.InvoiceChange, `
		select c.CUST as NUMBER, i.CHG as STAMP from INVHDR i join CUSMAS c on c.CO = i.CO and c.CUST = i.CUST where i.CO = '01'`,
		func(r record) (time.Time, bool) { return local(r["STAMP"]), false })
	collect(adapters.CatalogChange, `
		select c.CUST as NUMBER, p.CHG as STAMP from PRICES p join CUSMAS c on c.CO = p.CO and c.CUST = p.CUST where p.CO = '01'`,
		func(r record) (time.Time, bool) { return local(r["STAMP"]), false })
	collect(adapters.DocumentChange, `
		select c.CUST as NUMBER, s.ADDED as STAMP from SCANS s
		join INVHDR i on i.CO = s.CO and i.INVNO = s.INVNO and i.SEQ = s.SEQ
		join CUSMAS c on c.CO = i.CO and c.CUST = i.CUST where s.CO = '01'`,
		func(r record) (time.Time, bool) { return utc(r["STAMP"]), false })

	return all.list()
}

// documented marks the rows that have a PDF and lists them.
func documented(t *testing.T, db *sql.DB, root string, e *Expectation) []Documented {
	mark := WithDocument
	var all []Documented
	for _, r := range e.Contracts {
		if strings.Contains(r.ID, "/") {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, "contracts", r.ID+".pdf")); err != nil {
			continue
		}
		if r.Item != nil {
			r.Item.PdfURL = &mark
			all = append(all, Documented{adapters.ContractDocument, r.ID})
		}
	}
	scanned := make(map[string]bool)
	for _, s := range ask(t, db, `select INVNO, SEQ from SCANS where CO = '01' and PDF is not null`) {
		scanned[s["INVNO"]+"-"+s["SEQ"]] = true
	}
	for _, r := range e.Invoices {
		if scanned[r.ID] && r.Item != nil {
			r.Item.PdfURL = &mark
			all = append(all, Documented{adapters.InvoiceDocument, r.ID})
		}
	}
	return all
}

// handmade makes the whole expectation.
func handmade(t *testing.T, db *sql.DB, root string) *Expectation {
	e := &Expectation{
		Customers: []string{
			"0000412", "0001007", "0000088", "0000002", "0000031", "0000059", "0000777", "00000B7", "00000E9", "12345678",
			"0000203", "0000204", "0000205", "0000206", "0000207", "0000208", "0000209", "0000210", "0000211", "0000212",
			"0000213", "0000214", "0000215",
		},
		Unknown: []string{
			"0000640", "412", "00000412", "000412", "00000b7", "00000e9", "00000É9", "0000900", "0999999", "0000412 ", " 0000412",
			"0000412\x00", "0000000", "0", "abc", "412abc", "0000412' or '1'='1", "%", "_______", "0000٤١٢",
			"99999999999999999999999", "-412", "4.12", "0x19C",
		},
	}
	e.Contracts = contracts(t, db, e.Customers)
	e.Jobsites = jobsites(t, db, e.Customers)
	e.Invoices = invoices(t, db, e.Customers)
	e.Locations = locations(t, db)
	for _, c := range []string{"", "0000412", "0000214", "0000215", "00000B7"} {
		e.Catalog = append(e.Catalog, catalog(t, db, c))
	}
	e.Found, e.Ambiguous = customers(t, db, append(slices.Clone(e.Customers), "0000778", "0000640"))
	e.Changes = changes(t, db)
	e.Documented = documented(t, db, root, e)
	return e
}

// write spells one file of the expectation: an element of a list a line.
func write(v any) ([]byte, error) {
	all, err := json.Marshal(v)
	if err != nil || all[0] != '[' {
		return append(all, '\n'), err
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(all, &elements); err != nil {
		return nil, err
	}
	lines := make([]string, len(elements))
	for i, element := range elements {
		lines[i] = string(element)
	}
	return []byte("[\n" + strings.Join(lines, ",\n") + "\n]\n"), nil
}
