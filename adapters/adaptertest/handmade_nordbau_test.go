package adaptertest

// The answers of Nordbau, by hand: see handmade_test.go for the rules.

import (
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// nordbauBooks asks the tables of Nordbau.
type nordbauBooks struct {
	t  *testing.T
	db *sql.DB
}

func (n nordbauBooks) ask(query string, values ...any) []record {
	n.t.Helper()
	return askKnowing(n.t, n.db, []string{"k. A.", "00.00.0000", "31.12.9999", "9999-12-31"}, query, values...)
}

var (
	nordbauKinds  = map[string]model.ContractType{"MV": "Rental", "LE": "Lease", "MK": "RPO", "KM": "RTO"}
	nordbauCycles = map[string]model.InvoiceFrequency{"T": "Day", "W": "Week", "14": "BiWeekly", "28": "FourWeek", "M": "Month"}
	nordbauMakes  = map[string]string{
		"CAT": "CATERPILLAR, INC", "WAC": "Wacholder", "HÜB": "Hübner Hebetechnik", "ATL": "Atlas Nord",
	}
)

func nordbauMaker(code string) string { return first(nordbauMakes[strings.ToUpper(code)], "N/A") }

// nordbauNumber is NL1-00417 for NL1 and 417.
func nordbauNumber(r record) string {
	return r["NL"] + "-" + strings.Repeat("0", max(0, 5-len(r["KdNr"]))) + r["KdNr"]
}

// germanDay turns 31.12.2026 into 2026-12-31.
func germanDay(s string) string {
	if len(s) != 10 {
		return s
	}
	return s[6:] + "-" + s[3:5] + "-" + s[:2]
}

// euro spells 1.234,50 as 1234.50.
func euro(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, ".", ""), ",", ".") }

// nordbauSite is the made-up id of an address: letter case and blanks do not
// matter.
func nordbauSite(v record) string {
	sum := sha256.New()
	for _, name := range []string{"NL", "KdNr", "Straße", "PLZ", "Ort"} {
		text := strings.ReplaceAll(strings.ToLower(strings.Join(strings.Fields(v[name]), " ")), "ß", "ss")
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		sum.Write([]byte(text))
	}
	letters := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	return "BV-" + letters.EncodeToString(sum.Sum(nil))[:12]
}

// nordbauActive are the contracts that are on rent or reserved today and of which
// something is still out.
const nordbauActive = `
	select v.*, h.Ende, (select Wert from ZUSATZ z where z.Tabelle = 'VERTRAG' and z."Schlüssel" = v."Vertrags-Nr." and z.Feld = 'Bestellnummer') as BESTELLUNG,
		(select Wert from ZUSATZ z where z.Tabelle = 'VERTRAG' and z."Schlüssel" = v."Vertrags-Nr." and z.Feld = 'Bearbeiter') as BEARBEITER,
		(select Wert from ZUSATZ z where z.Tabelle = 'VERTRAG' and z."Schlüssel" = v."Vertrags-Nr." and z.Feld = 'Abholer') as ABHOLER,
		(select Wert from ZUSATZ z where z.Tabelle = 'VERTRAG' and z."Schlüssel" = v."Vertrags-Nr." and z.Feld = 'Zahlart') as ZAHLART,
		(select Wert from ZUSATZ z where z.Tabelle = 'VERTRAG' and z."Schlüssel" = v."Vertrags-Nr." and z.Feld = 'Kostenstelle') as KOSTEN,
		(select substr(max(substr(bis, 7) || substr(bis, 4, 2) || substr(bis, 1, 2) || bis), 9) from (
			select * from RECHNUNG_2025 union all select * from RECHNUNG_2026
		) r where r.Mandant = 1 and r.Satzart = 'K' and r.storniert <> 'J' and r."Vertrags-Nr." = v."Vertrags-Nr.") as BERECHNET
	from VERTRAG v
	join Kunden k on k.Mandant = 1 and k.NL = v.NL and k.KdNr = v.KdNr and coalesce(k."gelöscht", '') <> 'J'
	join VERTRAG_HIST h on h.Mandant = 1 and h."Vertrags-Nr." = v."Vertrags-Nr." and h.Status in ('A', 'R')
		and h."gültig ab" <= '2026-06-15' and (h."gültig bis" is null or h."gültig bis" >= '2026-06-15')
	where v.Mandant = 1 and exists (select 1 from POSITION p where p.Mandant = 1 and p."Vertrags-Nr." = v."Vertrags-Nr."
		and coalesce(trim(p."Rückgabe"), '') in ('', '00.00.0000'))
	order by v."Vertrags-Nr."`

// by groups rows by one of their columns.
func by(column string, rows []record) map[string][]record {
	groups := make(map[string][]record)
	for _, r := range rows {
		groups[r[column]] = append(groups[r[column]], r)
	}
	return groups
}

// one is by for columns without repeats.
func one(column string, rows []record) map[string]record {
	all := make(map[string]record)
	for _, r := range rows {
		all[r[column]] = r
	}
	return all
}

func (n nordbauBooks) contracts(customers []string) []Row[model.Contract] {
	lines := by("Vertrags-Nr.", n.ask(`select * from POSITION where Mandant = 1 order by "Vertrags-Nr.", Pos`))
	machine := one("Geräte-Nr.", n.ask(`select * from "Geräte"`))
	extras := one("Nr", n.ask(`select * from "Zubehör"`))
	charge := one("Kürzel", n.ask(`select * from Zuschlag`))
	var all []Row[model.Contract]
	for _, v := range n.ask(nordbauActive) {
		number := nordbauNumber(v)
		if !slices.Contains(customers, number) {
			continue
		}
		var f faults
		euros := "EUR"
		c := model.Contract{
			ContractID: v["Vertrags-Nr."], CustomerID: number, Currency: &euros, LocationID: v["NL"], JobsiteID: nordbauSite(v),
			PoNumber: optional(v["BESTELLUNG"]), SalesRep: optional(v["BEARBEITER"]), PickupPerson: optional(v["ABHOLER"]),
			PaymentType: optional(v["ZAHLART"]), DivisionID: optional(v["KOSTEN"]), AssetDetails: []model.RentedAsset{},
		}
		total, places := new(big.Rat), 0
		for _, p := range lines[c.ContractID] {
			c.AssetDetails = append(c.AssetDetails, n.asset(&f, p, machine[p["Geräte-Nr."]]))
			if value, p, ok := exact(euro(p["Betrag"])); ok {
				total, places = total.Add(total, value), max(places, p)
			}
		}
		for _, id := range strings.Split(v["Zubehör"], ";") {
			if id = strings.TrimSpace(id); id == "" {
				continue
			}
			z, attachment := extras[id], "attachment"
			c.AssetDetails = append(c.AssetDetails, model.RentedAsset{
				RentedAssetID: c.ContractID + "/Z" + id, ItemType: &attachment, Quantity: 1, RentalTotal: f.amount("", first(euro(z["Preis"]), "0")),
				ShortDescription: first(z["Text"], "Zubehör "+id), EquipmentAssetID: id, Manufacturer: nordbauMaker(z["Marke"]), SerialNumber: "N/A",
			})
		}
		sum := json.Number(money(total, places))
		c.Properties = &model.ContractProperties{Total: &sum}
		c.FeeDetails = n.fees(v, charge)
		var taxes charges
		taxes.add("USt 19 %", euro(v["USt 19"]))
		taxes.add("USt 7 %", euro(v["USt 7"]))
		c.TaxDetails = taxes.list()
		n.head(&c, v, &f)
		all = append(all, row(c.ContractID, number, c, f))
	}
	return all
}

// head fills in what stands in the head of a contract and has to be read.
func (n nordbauBooks) head(c *model.Contract, v record, f *faults) {
	kind, known := nordbauKinds[v["Art"]]
	if !known {
		f.note("contractType", adapters.Unmapped)
	}
	c.ContractType = &kind
	start, err := momentIn(berlin, germanDay(v["Beginn"])+" "+first(v["Beginn Zeit"], "00:00")+":00")
	c.ContractStartDate = f.readable("contractStartDate", start, err)
	reservation := v["reserviert"] == "J"
	if !reservation && v["reserviert"] != "N" {
		f.note("isReservation", adapters.Unreadable)
	}
	c.IsReservation = &reservation
	if cycle, known := nordbauCycles[v["Rhythmus"]]; known {
		c.InvoiceFrequency = &cycle
	}
	end, err := dayOf(germanDay(v["Ende"]))
	c.ContractEndDate = first(f.readable("contractEndDate", end, err), "2099-12-31"+noon)
	thru, err := dayOf(germanDay(v["BERECHNET"]))
	c.InvoicedThruDate = optional(f.readable("invoicedThruDate", thru, err))
}

// fees adds up charges in a text, costs in JSON and freight in columns.
func (n nordbauBooks) fees(v record, charge map[string]record) []model.Charge {
	var fees charges
	for _, pair := range strings.Split(v["Zuschläge"], ";") {
		if code, amount, ok := strings.Cut(pair, ":"); ok {
			fees.add(first(charge[code]["Text"], "Zuschlag"), euro(amount))
		}
	}
	var costs []struct {
		Text   string `json:"text"`
		Betrag any    `json:"betrag"`
	}
	if err := json.Unmarshal([]byte(v["Nebenkosten"]), &costs); err == nil {
		for _, c := range costs {
			switch amount := c.Betrag.(type) {
			case string:
				fees.add(c.Text, euro(amount))
			case float64:
				fees.add(c.Text, strconv.FormatFloat(amount, 'f', -1, 64))
			}
		}
	}
	fees.add("Lieferung", euro(v["Fracht hin"]))
	fees.add("Abholung", euro(v["Fracht zurück"]))
	return fees.list()
}

func (n nordbauBooks) asset(f *faults, p, g record) model.RentedAsset {
	prime, status := "prime", "vermietet"
	a := model.RentedAsset{
		RentedAssetID: p["Vertrags-Nr."] + "/" + p["Pos"], ItemType: &prime, AssetID: optional(p["Gruppe"]), AssetName: optional(p["Bezeichnung"]),
		ShortDescription: p["Bezeichnung"], Model: optional(first(g["Typ"], p["Bezeichnung"])),
		EquipmentAssetID: first(p["Geräte-Nr."], "STÜCKWARE"), Manufacturer: nordbauMaker(g["Hersteller"]),
		SerialNumber: first(g["Serien-Nr."], "N/A"), StartingOdometer: optional(p["Stand"]),
		RentalTotal: f.amount("assetDetails.rentalTotal", euro(p["Betrag"])),
		RentalRate: &model.RentalRate{
			Daily: rate(p["Preis Tag"], "EUR"), Weekly: rate(p["Preis Woche"], "EUR"), Monthly: rate(p["Preis Monat"], "EUR"),
		},
	}
	if price, ok := amountOf(euro(g["Kaufpreis"])); ok {
		a.AssetPurchasePrice = optional(price.String())
	}
	quantity, err := strconv.ParseInt(strings.TrimSuffix(p["Menge"], ",00"), 10, 64)
	f.readable("assetDetails.quantity", "", err)
	a.Quantity = quantity
	if p["Rückgabe"] != "" {
		status = "zurück"
		returned, err := dayOf(germanDay(p["Rückgabe"]))
		a.AssetReturnedDate = optional(f.readable("assetDetails.assetReturnedDate", returned, err))
	}
	if p["Abmeldung"] != "" {
		off, err := momentIn(berlin, germanDay(p["Abmeldung"])+" "+p["Abmeldung Zeit"]+":00")
		a.AssetCallOffDate = optional(f.readable("assetDetails.assetCallOffDate", off, err))
	}
	a.Status = &status
	return a
}

func (n nordbauBooks) jobsites(customers []string) []Row[model.Jobsite] {
	var all []Row[model.Jobsite]
	seen := make(map[string]bool)
	for _, v := range n.ask(nordbauActive) {
		number, id := nordbauNumber(v), nordbauSite(v)
		if !slices.Contains(customers, number) || seen[id] {
			continue
		}
		seen[id] = true
		germany := "DEU"
		last, given, _ := strings.Cut(v["Ansprechpartner"], ",")
		all = append(all, row(id, number, model.Jobsite{
			JobsiteID: id, CustomerID: &number, Name: first(cut(v["Baustelle"], 100), v["Straße"], "Ohne Adresse"), Address1: optional(v["Straße"]),
			City: optional(v["Ort"]), Postalcode: optional(v["PLZ"]), Country: &germany, FirstName: optional(strings.TrimSpace(given)),
			LastName: optional(strings.TrimSpace(last)), PhoneNumber: optional(v["Telefon"]),
		}, faults{}))
	}
	return all
}

func (n nordbauBooks) invoices(customers []string) []Row[model.Invoice] {
	machine := one("Geräte-Nr.", n.ask(`select * from "Geräte"`))
	var all []Row[model.Invoice]
	for _, year := range []string{"2025", "2026"} {
		lines := by("Beleg-Nr.", n.ask(`select * from RECHNUNG_`+year+` where Mandant = 1 and Satzart <> 'K' order by "Beleg-Nr.", Pos`))
		for _, b := range n.ask(`
			select b.*, v.NL, v.KdNr, v."Straße", v.PLZ, v.Ort from RECHNUNG_` + year + ` b
			join VERTRAG v on v.Mandant = 1 and v."Vertrags-Nr." = b."Vertrags-Nr."
			join Kunden k on k.Mandant = 1 and k.NL = v.NL and k.KdNr = v.KdNr and coalesce(k."gelöscht", '') <> 'J'
			where b.Mandant = 1 and b.Satzart = 'K' and coalesce(b.storniert, '') <> 'J'`) {
			number := nordbauNumber(b)
			if !slices.Contains(customers, number) {
				continue
			}
			var f faults
			euros := "EUR"
			i := model.Invoice{
				InvoiceID: year + "/" + b["Beleg-Nr."], InvoiceType: optional(b["Art"]), PoNumber: optional(b["Bestell-Nr."]),
				Total: f.amount("total", euro(b["Betrag"])), Currency: &euros, JobsiteID: nordbauSite(b), ContractID: b["Vertrags-Nr."],
				AssetDetails: []model.InvoicedAsset{},
			}
			date, err := dayOf(germanDay(b["Datum"]))
			i.InvoiceDate = f.readable("invoiceDate", date, err)
			from, err := dayOf(germanDay(b["von"]))
			i.BilledDateStart = first(f.readable("billedDateStart", from, err), i.InvoiceDate)
			to, err := dayOf(germanDay(b["bis"]))
			i.BilledDateEnd = first(f.readable("billedDateEnd", to, err), i.InvoiceDate)
			var fees, taxes charges
			for _, l := range lines[b["Beleg-Nr."]] {
				if l["Satzart"] == "N" {
					fees.add(l["Bezeichnung"], euro(l["Betrag"]))
					continue
				}
				a := n.asset(&f, l, machine[l["Geräte-Nr."]])
				i.AssetDetails = append(i.AssetDetails, model.InvoicedAsset{
					RentedAssetID: a.RentedAssetID, CategoryID: a.AssetID, ShortDescription: a.ShortDescription, Model: *a.Model,
					EquipmentAssetID: a.EquipmentAssetID, Manufacturer: a.Manufacturer, SerialNumber: a.SerialNumber, Quantity: a.Quantity,
					RentalTotal: a.RentalTotal,
					RentalRate:  &model.InvoiceRate{Daily: a.RentalRate.Daily, Weekly: a.RentalRate.Weekly, Monthly: a.RentalRate.Monthly},
				})
			}
			taxes.add("USt 19 %", euro(b["USt 19"]))
			taxes.add("USt 7 %", euro(b["USt 7"]))
			i.FeeDetails, i.TaxDetails = fees.list(), taxes.list()
			all = append(all, row(i.InvoiceID, number, i, f))
		}
	}
	return newestFirst(all)
}

func (n nordbauBooks) locations() []Row[model.Location] {
	var all []Row[model.Location]
	for _, l := range n.ask(`select * from Niederlassung order by NL`) {
		germany := "DEU"
		all = append(all, row(l["NL"], "", model.Location{LocationID: l["NL"], Properties: &model.LocationProperties{
			Name: optional(l["Name"]), Address1: optional(l["Straße"]), City: optional(l["Ort"]), Postalcode: optional(l["PLZ"]), Country: &germany,
			Latitude: optional(strings.ReplaceAll(l["Breite"], ",", ".")), Longitude: optional(strings.ReplaceAll(l["Länge"], ",", ".")),
		}}, faults{}))
	}
	return all
}

func (n nordbauBooks) catalog(customer string) Catalog {
	steps := by("Gruppe", n.ask(`select * from Preisstaffel order by Gruppe, "ab Tag"`))
	c := Catalog{Customer: customer, Categories: []model.Category{}}
	for _, top := range n.ask(`select * from Warengruppe where Ober = 0 order by Nr`) {
		groups := []model.CategoryGroup{}
		// What hangs on the top itself comes before what hangs one step lower.
		for _, g := range n.ask(`
			select 1 as STEP, g.* from Warengruppe g where g.mietbar = 'J' and g.Ober = ?
			union all
			select 2, g.* from Warengruppe g join Warengruppe m on m.Nr = g.Ober where g.mietbar = 'J' and m.Ober = ? order by 1, 2`, top["Nr"], top["Nr"]) {
			group := model.CategoryGroup{GroupID: g["Nr"], Title: g["Bezeichnung"]}
			kind, ladder := "book", []record(nil)
			for _, s := range steps[g["Nr"]] {
				if s["Kunde"] == customer && customer != "" {
					kind, ladder = "customer", append(ladder, s)
				}
			}
			if ladder == nil {
				for _, s := range steps[g["Nr"]] {
					if s["Kunde"] == "" {
						ladder = append(ladder, s)
					}
				}
			}
			if ladder != nil {
				group.GroupRate = &model.GroupRate{Properties: &model.GroupRateProperties{
					RateType: optional(kind), RentalRateID: optional(ladder[0]["Staffel"]),
					Daily: *step(n.t, ladder, 1), Weekly: *step(n.t, ladder, 7), Monthly: *step(n.t, ladder, 28),
				}}
			}
			groups = append(groups, group)
		}
		c.Categories = append(c.Categories, model.Category{CategoryID: top["Nr"], Title: top["Bezeichnung"], CategoryGroups: groups})
	}
	return c
}

// step finds the price of a ladder for so many days.
func step(t *testing.T, ladder []record, days int) *model.Rate {
	for _, s := range ladder {
		from, err := strconv.Atoi(s["ab Tag"])
		if err != nil {
			t.Fatal(err)
		}
		to := 1 << 20
		if s["bis Tag"] != "" {
			if to, err = strconv.Atoi(s["bis Tag"]); err != nil {
				t.Fatal(err)
			}
		}
		if from <= days && days <= to {
			return rate(euro(s["Preis"]), "EUR")
		}
	}
	t.Fatalf("no step for %d days", days)
	return nil
}

func (n nordbauBooks) customers(numbers []string) (found []model.Customer, ambiguous []string) {
	all := make(map[string][]record)
	for _, k := range n.ask(`select * from Kunden where Mandant = 1 and coalesce("gelöscht", '') <> 'J' and NL is not null`) {
		all[nordbauNumber(k)] = append(all[nordbauNumber(k)], k)
	}
	for _, number := range numbers {
		switch len(all[number]) {
		case 0:
		case 1:
			found = append(found, model.Customer{CustomerID: number, CustomerName: all[number][0]["Firma"]})
		default:
			ambiguous = append(ambiguous, number)
		}
	}
	return found, ambiguous
}

func (n nordbauBooks) changes() []Changed {
	all := make(ledger)
	local := func(s string) time.Time {
		at, err := instantIn(berlin, s)
		if err != nil {
			n.t.Fatal(err)
		}
		return at
	}
	for _, r := range n.ask(`select NL, KdNr, angelegt from VERTRAG where Mandant = 1`) {
		all.note(nordbauNumber(r), adapters.ContractChange, local(r["angelegt"]), false)
	}
	for _, r := range n.ask(`
		select v.NL, v.KdNr, h."geändert" as STAMP from VERTRAG_HIST h join VERTRAG v on v.Mandant = 1 and v."Vertrags-Nr." = h."Vertrags-Nr." where h.Mandant = 1`) {
		all.note(nordbauNumber(r), adapters.ContractChange, local(r["STAMP"]), false)
	}
	for _, r := range n.ask(`
		select v.NL, v.KdNr, p.Abmeldung, p."Abmeldung Zeit" as ZEIT from POSITION p join VERTRAG v on v.Mandant = 1 and v."Vertrags-Nr." = p."Vertrags-Nr."
		where p.Mandant = 1 and p.Abmeldung <> '00.00.0000'`) {
		all.note(nordbauNumber(r), adapters.ContractChange, local(germanDay(r["Abmeldung"])+" "+r["ZEIT"]+":00"), false)
	}
	for _, year := range []string{"2025", "2026"} {
		for _, r := range n.ask(`
			select v.NL, v.KdNr, b."geändert" as STAMP from RECHNUNG_` + year + ` b join VERTRAG v on v.Mandant = 1 and v."Vertrags-Nr." = b."Vertrags-Nr."
			where b.Mandant = 1 and b."geändert" is not null`) {
			all.note(nordbauNumber(r), adapters.InvoiceChange, local(r["STAMP"]), false)
		}
	}
	return all.list()
}

// handmadeNordbau makes the whole expectation.
func handmadeNordbau(t *testing.T, db *sql.DB, root string) *Expectation {
	n := nordbauBooks{t, db}
	e := &Expectation{
		Customers: []string{
			"NL1-00417", "NL2-00417", "NL1-00003", "NL3-12345", "NL3-00009", "NL1-00500", "NL1-00501", "NL1-00502", "NL1-00503", "NL1-00504",
			"NL2-00600", "NL2-00601", "NL1-00602",
		},
		Unknown: []string{
			"NL1-00999", "NL3-00417", "NL1-417", "NL1-0417", "NL1-000417", "nl1-00417", "NL1-00417 ", " NL1-00417", "NL1 -00417", "NL100417",
			"NL1-", "-00417", "00417", "417", "NL1-00417-", "NL1-0041A", "NL1-00417' or '1'='1", "NL_-00417", "NL1-٤١٧", "NL1-4.17",
		},
		Contracts: nil,
	}
	e.Contracts = n.contracts(e.Customers)
	e.Jobsites = n.jobsites(e.Customers)
	e.Invoices = n.invoices(e.Customers)
	e.Locations = n.locations()
	for _, c := range []string{"", "NL1-00417", "NL2-00601", "NL1-00500"} {
		e.Catalog = append(e.Catalog, n.catalog(c))
	}
	e.Found, e.Ambiguous = n.customers(append(slices.Clone(e.Customers), "NL1-00700"))
	e.Changes = n.changes()
	for _, r := range e.Contracts {
		if _, err := os.Stat(filepath.Join(root, "vertraege", r.ID+".pdf")); err == nil && r.Item != nil {
			mark := WithDocument
			r.Item.PdfURL = &mark
			e.Documented = append(e.Documented, Documented{adapters.ContractDocument, r.ID})
		}
	}
	return e
}
