package adaptertest

// The answers of Hostline, by hand: see handmade_test.go for the rules.

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// hostlineBooks asks the tables of Hostline.
type hostlineBooks struct {
	t  *testing.T
	db *sql.DB
}

func (h hostlineBooks) ask(query string, values ...any) []record {
	h.t.Helper()
	return askKnowing(h.t, h.db, []string{"NONE", "9999999"}, query, values...)
}

var (
	hostlineKinds  = map[string]model.ContractType{"RN": "Rental", "LS": "Lease"}
	hostlineCycles = map[string]model.InvoiceFrequency{"D": "Day", "W": "Week", "M": "Month"}
)

// hostDay turns 1260615 into 2026-06-15 and 990412 into 1999-04-12.
func hostDay(s string) string {
	if s == "" || s == "0" {
		return ""
	}
	s = strings.Repeat("0", 7-len(s)) + s
	century := map[string]string{"0": "19", "1": "20"}[s[:1]]
	return century + s[1:3] + "-" + s[3:5] + "-" + s[5:]
}

// hostClock turns 730 into 07:30:00.
func hostClock(s string) string {
	s = strings.Repeat("0", 4-len(s)) + s
	return s[:2] + ":" + s[2:] + ":00"
}

// hostMoment is a day and a time as they are sent.
func hostMoment(day, clock string) (string, error) {
	if hostDay(day) == "" {
		return "", nil
	}
	return momentIn(denver, hostDay(day)+" "+hostClock(clock))
}

// hostAmount spells .50 as the standard library wants it.
func hostAmount(s string) string {
	if strings.HasPrefix(s, ".") {
		return "0" + s
	}
	return s
}

// hostlineOpen are the contracts nobody closed and of which a machine has not
// come back.
const hostlineOpen = `
	select h.*, c.CURCD, s.CODTXT as SELLER,
		(select CTCNAM from CUSCTC t where t."CMP#" = 'HL' and t."CUS#" = h."CUS#" order by UPDDAT desc, UPDTIM desc limit 1) as CTCNAM,
		(select CTCTEL from CUSCTC t where t."CMP#" = 'HL' and t."CUS#" = h."CUS#" order by UPDDAT desc, UPDTIM desc limit 1) as CTCTEL,
		(select count(*) from CONDTL d where d."CMP#" = 'HL' and d."CUS#" = h."CUS#" and d."JOB#" = h."JOB#" and d.LINTYP = 'RI' and d.DELCD <> 'D'
			and not exists (select 1 from CONRTN r where r."CMP#" = 'HL' and r."CON#" = d."CON#" and r."LIN#" = d."LIN#")) as OUTCNT
	from CONHDR h
	join CUSMST c on c."CMP#" = 'HL' and c."CUS#" = h."CUS#" and c.DELCD <> 'D'
	left join CODES s on s."CMP#" = 'HL' and s.TYPCD = 'SLS' and s.CODE = h."SLS#"
	where h."CMP#" = 'HL' and h.DELCD <> 'D'
		and not exists (select 1 from CONCLS x where x."CMP#" = 'HL' and x."CON#" = h."CON#")
		and exists (select 1 from CONDTL d where d."CMP#" = 'HL' and d."CON#" = h."CON#" and d.LINTYP = 'RI' and d.DELCD <> 'D'
			and not exists (select 1 from CONRTN r where r."CMP#" = 'HL' and r."CON#" = d."CON#" and r."LIN#" = d."LIN#"))
	order by h."CON#"`

func hostlineSite(r record) string { return r["CUS#"] + "-" + first(r["JOB#"], "NONE") }

// machines are the units with the text of their maker.
func (h hostlineBooks) machines() map[string]record {
	return one("UNIT#", h.ask(`
		select e.*, m.CODTXT as MAKER from EQPMST e left join CODES m on m."CMP#" = 'HL' and m.TYPCD = 'MFR' and m.CODE = e.MFRCD
		where e."CMP#" = 'HL'`))
}

func (h hostlineBooks) contracts(customers []string) []Row[model.Contract] {
	machine := h.machines()
	lines := by("CON#", h.ask(`
		select d.*, r.RTNDAT, r.RTNTIM from CONDTL d left join CONRTN r on r."CMP#" = 'HL' and r."CON#" = d."CON#" and r."LIN#" = d."LIN#"
		where d."CMP#" = 'HL' and d.DELCD <> 'D' order by d."CON#", d."LIN#"`))
	var all []Row[model.Contract]
	for _, r := range h.ask(hostlineOpen) {
		number := customerNumber(r["CUS#"])
		if !slices.Contains(customers, number) {
			continue
		}
		var f faults
		c := model.Contract{
			ContractID: r["CON#"], CustomerID: number, Currency: optional(first(r["CURCD"], "USD")), JobsiteID: hostlineSite(r),
			PoNumber: optional(r["PO#"]), PickupPerson: optional(r["CTCNAM"]), PickupPhone: optional(r["CTCTEL"]), SalesRep: optional(titled(r["SELLER"])),
			AssetDetails: []model.RentedAsset{}, TaxDetails: []model.Charge{},
		}
		var fees charges
		total, places := new(big.Rat), 0
		for _, l := range lines[c.ContractID] {
			if l["LINTYP"] == "FE" {
				fees.add(l["LINDSC"], hostAmount(l["AMOUNT"]))
				continue
			}
			c.AssetDetails = append(c.AssetDetails, h.asset(&f, l, machine[l["UNIT#"]]))
			if value, p, ok := exact(hostAmount(l["AMOUNT"])); ok {
				total, places = total.Add(total, value), max(places, p)
			}
		}
		fees.add("DELIVERY", r["DELAMT"])
		fees.add("PICKUP", r["PUPAMT"])
		c.FeeDetails = fees.list()
		sum := json.Number(money(total, places))
		c.Properties = &model.ContractProperties{Total: &sum}
		h.head(&c, r, &f)
		all = append(all, row(c.ContractID, number, c, f))
	}
	return all
}

// titled writes every word with one big letter.
func titled(s string) string {
	words := strings.Fields(strings.ToLower(s))
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// head fills in what stands in the head of a contract and has to be read.
func (h hostlineBooks) head(c *model.Contract, r record, f *faults) {
	start, err := hostMoment(r["OUTDAT"], r["OUTTIM"])
	c.ContractStartDate = f.required("contractStartDate", f.readable("contractStartDate", start, err))
	if r["CONTYP"] != "" {
		kind, known := hostlineKinds[r["CONTYP"]]
		if !known {
			f.note("contractType", adapters.Unmapped)
		}
		c.ContractType = &kind
	}
	reservation := r["RSVFLG"] == "Y"
	c.IsReservation = &reservation
	end, err := dayOf(hostDay(r["DUEDAT"]))
	c.ContractEndDate = first(f.readable("contractEndDate", end, err), "2099-12-31"+noon)
	thru, err := dayOf(hostDay(r["THRDAT"]))
	c.InvoicedThruDate = optional(f.readable("invoicedThruDate", thru, err))
	cycle, known := hostlineCycles[r["BILCYC"]]
	if !known {
		cycle = "FourWeek"
	}
	c.InvoiceFrequency = &cycle
	c.LocationID = f.required("locationId", r["LOC#"])
}

func (h hostlineBooks) asset(f *faults, l, e record) model.RentedAsset {
	prime, status := "prime", "OUT"
	a := model.RentedAsset{
		RentedAssetID: l["CON#"] + "-" + first(l["CONLIN"], l["LIN#"]), ItemType: &prime, AssetID: optional(l["CLS#"]), AssetName: optional(l["LINDSC"]),
		ShortDescription: l["LINDSC"], Model: optional(first(e["MODEL"], l["CLS#"])), EquipmentAssetID: first(l["UNIT#"], "BULK"),
		Manufacturer: first(e["MAKER"], "N/A"), SerialNumber: first(e["SERIAL"], "N/A"),
	}
	if l["QTY"] == "" {
		f.note("assetDetails.quantity", adapters.Missing)
	} else {
		quantity, err := strconv.ParseInt(l["QTY"], 10, 64)
		f.readable("assetDetails.quantity", "", err)
		a.Quantity = quantity
	}
	a.RentalTotal = f.amount("assetDetails.rentalTotal", hostAmount(l["AMOUNT"]))
	if cost, ok := amountOf(e["CSTAMT"]); ok {
		a.AssetPurchasePrice = optional(cost.String())
	}
	if l["RTNDAT"] != "" {
		status = "RETURNED"
		at, err := hostMoment(l["RTNDAT"], l["RTNTIM"])
		a.AssetReturnedDate = optional(f.readable("assetDetails.assetReturnedDate", at, err))
	}
	a.Status = &status
	rates := model.RentalRate{Daily: rate(l["DAYRT"], "USD"), Weekly: rate(l["WEKRT"], "USD"), Monthly: rate(l["MTHRT"], "USD")}
	if rates != (model.RentalRate{}) {
		a.RentalRate = &rates
	}
	return a
}

func (h hostlineBooks) jobsites(customers []string) []Row[model.Jobsite] {
	var all []Row[model.Jobsite]
	seen := make(map[string]bool)
	for _, r := range h.ask(hostlineOpen) {
		number, id := customerNumber(r["CUS#"]), hostlineSite(r)
		if !slices.Contains(customers, number) || r["JOB#"] == "" || seen[id] {
			continue
		}
		seen[id] = true
		var f faults
		country := "USA"
		count, err := strconv.ParseInt(r["OUTCNT"], 10, 64)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, row(id, number, model.Jobsite{
			JobsiteID: id, CustomerID: &number, AssetCount: &count, Name: f.required("name", cut(r["JOBNAM"], 100)), Address1: optional(r["JOBADR"]),
			City: optional(r["JOBCTY"]), State: optional(r["JOBSTE"]), Postalcode: optional(r["JOBZIP"]), Country: &country,
			LastName: optional(r["CTCNAM"]), PhoneNumber: optional(r["CTCTEL"]),
		}, f))
	}
	return all
}

func (h hostlineBooks) invoices(customers []string) []Row[model.Invoice] {
	machine := h.machines()
	lines := make(map[string][]record)
	for _, l := range h.ask(`select * from INVDTL where "CMP#" = 'HL' order by INVYM, "INV#", "LIN#"`) {
		id := l["INVYM"] + "-" + l["INV#"]
		lines[id] = append(lines[id], l)
	}
	var all []Row[model.Invoice]
	for _, r := range h.ask(`
		select i.*, c.CURCD, h."JOB#" as JOB, h."CUS#" as HOLDER from INVMST i
		join CUSMST c on c."CMP#" = 'HL' and c."CUS#" = i."CUS#" and c.DELCD <> 'D'
		left join CONHDR h on h."CMP#" = 'HL' and h."CON#" = i."CON#" and h.DELCD <> 'D'
		where i."CMP#" = 'HL' and i.DELCD <> 'D'`) {
		id, number := r["INVYM"]+"-"+r["INV#"], customerNumber(r["CUS#"])
		if !slices.Contains(customers, number) {
			continue
		}
		var f faults
		i := model.Invoice{
			InvoiceID: id, InvoiceType: optional(r["INVTYP"]), PoNumber: optional(r["PO#"]), Total: f.amount("total", r["INVAMT"]),
			Currency: optional(first(r["CURCD"], "USD")), JobsiteID: r["CUS#"] + "-" + first(r["JOB"], "NONE"), ContractID: r["CON#"],
			AssetDetails: []model.InvoicedAsset{},
		}
		date, err := dayOf(hostDay(r["INVDAT"]))
		i.InvoiceDate = f.readable("invoiceDate", date, err)
		from, err := dayOf(hostDay(r["FRMDAT"]))
		i.BilledDateStart = first(f.readable("billedDateStart", from, err), i.InvoiceDate)
		to, err := dayOf(hostDay(r["TODAT"]))
		i.BilledDateEnd = first(f.readable("billedDateEnd", to, err), i.InvoiceDate)
		var fees, taxes charges
		for _, l := range lines[id] {
			if l["LINTYP"] == "FE" {
				fees.add(l["LINDSC"], l["AMOUNT"])
				continue
			}
			a := h.asset(&f, l, machine[l["UNIT#"]])
			v := model.InvoicedAsset{
				RentedAssetID: a.RentedAssetID, AssetName: a.AssetName, ShortDescription: a.ShortDescription, Model: *a.Model,
				EquipmentAssetID: a.EquipmentAssetID, Manufacturer: a.Manufacturer, SerialNumber: a.SerialNumber, Quantity: a.Quantity, RentalTotal: a.RentalTotal,
			}
			if a.RentalRate != nil {
				v.RentalRate = &model.InvoiceRate{Daily: a.RentalRate.Daily, Weekly: a.RentalRate.Weekly, Monthly: a.RentalRate.Monthly}
			}
			i.AssetDetails = append(i.AssetDetails, v)
		}
		taxes.add("STATE TAX", r["STXAMT"])
		taxes.add("COUNTY TAX", r["CTXAMT"])
		i.FeeDetails, i.TaxDetails = fees.list(), taxes.list()
		all = append(all, row(id, number, i, f))
	}
	return newestFirst(all)
}

func (h hostlineBooks) catalog(customer string) Catalog {
	c := Catalog{Customer: customer, Categories: []model.Category{}}
	for _, k := range h.ask(`select * from CODES where "CMP#" = 'HL' and TYPCD = 'CAT' order by CODE`) {
		groups := []model.CategoryGroup{}
		for _, g := range h.ask(`
			select s.*, min(g."SEQ#") as PLACE from CATCLS g join CLSMST s on s."CMP#" = 'HL' and s."CLS#" = g."CLS#" and s.DELCD <> 'D'
			where g."CMP#" = 'HL' and g."CAT#" = ? group by g."CLS#" order by PLACE`, k["CODE"]) {
			group := model.CategoryGroup{GroupID: g["CLS#"], Title: g["CLSTXT"]}
			if daily := rate(g["DAYRT"], "USD"); daily != nil {
				group.GroupRate = &model.GroupRate{Properties: &model.GroupRateProperties{
					RateType: optional("book"), Daily: *daily, Weekly: *rate(g["WEKRT"], "USD"), Monthly: *rate(g["MTHRT"], "USD"),
				}}
			}
			groups = append(groups, group)
		}
		c.Categories = append(c.Categories, model.Category{CategoryID: k["CODE"], Title: k["CODTXT"], CategoryGroups: groups})
	}
	return c
}

func (h hostlineBooks) locations() []Row[model.Location] {
	var all []Row[model.Location]
	for _, l := range [][5]string{
		{"DEN", "Hostline Denver", "Granite Spur", "CO", "80999"}, {"GRJ", "Hostline Western Slope", "Dry Fork", "CO", "81999"},
	} {
		all = append(all, row(l[0], "", model.Location{LocationID: l[0], Properties: &model.LocationProperties{
			Name: &l[1], City: &l[2], State: &l[3], Postalcode: &l[4], Country: optional("USA"),
		}}, faults{}))
	}
	return all
}

func (h hostlineBooks) customers(numbers []string) (found []model.Customer, ambiguous []string) {
	all := by("CUS#", h.ask(`select * from CUSMST where "CMP#" = 'HL' and DELCD <> 'D'`))
	for _, number := range numbers {
		switch rows := all[first(strings.TrimLeft(number, "0"), "0")]; len(rows) {
		case 0:
		case 1:
			found = append(found, model.Customer{CustomerID: number, CustomerName: rows[0]["CUSNAM"]})
		default:
			ambiguous = append(ambiguous, number)
		}
	}
	return found, ambiguous
}

func (h hostlineBooks) changes() []Changed {
	all := make(ledger)
	for _, source := range []struct {
		kind  adapters.ChangeKind
		query string
	}{
		{adapters.ContractChange, `select c."CUS#" as NUMBER, h.CHGDAT as DAY, h.CHGTIM as CLOCK from CONHDR h
			join CUSMST c on c."CMP#" = 'HL' and c."CUS#" = h."CUS#" where h."CMP#" = 'HL'`},
		{adapters.ContractChange, `select c."CUS#" as NUMBER, r.RTNDAT as DAY, r.RTNTIM as CLOCK from CONRTN r
			join CONHDR h on h."CMP#" = 'HL' and h."CON#" = r."CON#" join CUSMST c on c."CMP#" = 'HL' and c."CUS#" = h."CUS#" where r."CMP#" = 'HL'`},
		{adapters.ContractChange, `select c."CUS#" as NUMBER, t.UPDDAT as DAY, t.UPDTIM as CLOCK from CUSCTC t
			join CUSMST c on c."CMP#" = 'HL' and c."CUS#" = t."CUS#" where t."CMP#" = 'HL' and t.UPDDAT is not null`},
		{adapters.InvoiceChange, `select c."CUS#" as NUMBER, i.CHGDAT as DAY, i.CHGTIM as CLOCK from INVMST i
			join CUSMST c on c."CMP#" = 'HL' and c."CUS#" = i."CUS#" where i."CMP#" = 'HL'`},
	} {
		for _, r := range h.ask(source.query) {
			at, err := instantIn(denver, hostDay(r["DAY"])+" "+hostClock(r["CLOCK"]))
			if err != nil {
				h.t.Fatal(err)
			}
			all.note(customerNumber(r["NUMBER"]), source.kind, at, false)
		}
	}
	return all.list()
}

// handmadeHostline makes the whole expectation.
func handmadeHostline(t *testing.T, db *sql.DB, _ string) *Expectation {
	h := hostlineBooks{t, db}
	e := &Expectation{
		Unknown: []string{
			"0000209", "100", "00000100", "000100", "0000999", "0000100 ", " 0000100", "0000100\x00", "abc", "100abc", "0000100' or '1'='1", "%",
			"_______", "0000١٠٠", "99999999999999999999999", "-100", "1.00", "0x64", "+0000100", "1e2",
		},
	}
	for _, n := range []int{100, 31, 1234567, 12345678, 201, 202, 203, 204, 205, 206, 207, 208, 0} {
		e.Customers = append(e.Customers, fmt.Sprintf("%07d", n))
	}
	e.Contracts = h.contracts(e.Customers)
	e.Jobsites = h.jobsites(e.Customers)
	e.Invoices = h.invoices(e.Customers)
	e.Locations = h.locations()
	for _, c := range []string{"", "0000100"} { // everybody has the book's rates
		e.Catalog = append(e.Catalog, h.catalog(c))
	}
	e.Found, e.Ambiguous = h.customers(append(slices.Clone(e.Customers), "0000210"))
	e.Changes = h.changes()
	return e
}
