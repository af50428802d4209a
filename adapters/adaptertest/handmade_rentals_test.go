package adaptertest

import (
	"database/sql"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

var (
	kinds    = map[string]model.ContractType{"R": "Rental", "L": "Lease", "P": "RPO", "T": "RTO"}
	cycles   = map[string]model.InvoiceFrequency{"D": "Day", "W": "Week", "2W": "BiWeekly", "4": "FourWeek", "30": "ThirtyDays", "M": "Month"}
	payments = map[string]string{"CK": "Check", "CC": "Credit card", "AC": "On account"}
	makes    = map[string]string{
		"CAT": "CATERPILLAR, INC", "KOM": "Komura", "BOB": "Bobtrack", "JLG": "Jupiter Lift Group",
		"GEN": "Genova Access", "WCK": "Wackerle", "ATL": "Atlantic Air",
	}
)

// askedFor is the list of raw customer numbers, for `in (...)`.
func askedFor(customers []string) string {
	raw := make([]string, len(customers))
	for i, c := range customers {
		raw[i] = "'" + strings.TrimLeft(c, "0") + "'"
	}
	return strings.Join(raw, ",")
}

// machines is the latest entry of each unit.
func machines(t *testing.T, db *sql.DB) map[string]record {
	latest := make(map[string]record)
	for _, e := range ask(t, db, `select * from EQPMAS where CO = '01' order by UPDATED desc`) {
		if _, later := latest[e["UNIT"]]; !later {
			latest[e["UNIT"]] = e
		}
	}
	return latest
}

func classes(t *testing.T, db *sql.DB) map[string]record {
	all := make(map[string]record)
	for _, c := range ask(t, db, `select * from CLSMAS where CO = '01'`) {
		all[c["CODE"]] = c
	}
	return all
}

func manufacturer(e record) string {
	if e["MAKE"] == "" {
		return "N/A"
	}
	return first(makes[strings.ToUpper(e["MAKE"])], "N/A")
}

func contracts(t *testing.T, db *sql.DB, customers []string) []Row[model.Contract] {
	machine, class := machines(t, db), classes(t, db)
	lines := make(map[string][]record)
	for _, l := range ask(t, db, `select * from RENTLN where CO = '01' and DELFLG = 0 order by CONNO, SEQ`) {
		lines[l["CONNO"]] = append(lines[l["CONNO"]], l)
	}
	taxes := make(map[string][]record)
	for _, x := range ask(t, db, `select * from TAXES where CO = '01' order by CONNO, SEQ`) {
		taxes[x["CONNO"]] = append(taxes[x["CONNO"]], x)
	}
	var all []Row[model.Contract]
	for _, r := range ask(t, db, `
		select distinct r.*, c.CUR as CUSTCUR, s.TEXT as FIRSTNAME, s.TEXT2 as LASTNAME
		from RENTAL r
		join CUSMAS c on c.CO = r.CO and c.CUST = r.CUST and coalesce(c.DELFLG, '') <> 'D'
		left join CODES s on s.CO = r.CO and s.TYPE = 'SLSM' and s.CODE = r.SLSMN
		where r.CO = '01' and r.STAT in ('R', 'S') and r.CUST in (`+askedFor(customers)+`)
		  and exists (select 1 from RENTLN l where l.CO = r.CO and l.CONNO = r.CONNO and l.TYPE = 'RI' and l.DELFLG = 0
		              and (l.RETDT is null or l.RETDT = '0000-00-00'))
		order by r.CONNO collate binary`) {
		all = append(all, contract(r, lines[r["CONNO"]], taxes[r["CONNO"]], machine, class))
	}
	return all
}

func contract(r record, lines, taxes []record, machine, class map[string]record) Row[model.Contract] {
	var f faults
	customer := customerNumber(r["CUST"])
	reservation := r["STAT"] == "S"
	c := model.Contract{
		ContractID: r["CONNO"], CustomerID: customer, IsReservation: &reservation,
		JobsiteID: r["CUST"] + "-" + first(r["JOB"], "MAIN"), LocationID: f.required("locationId", r["BRCH"]),
		PoNumber: optional(r["ORDER"]), PaymentType: optional(payments[r["PAYCD"]]), PickupPerson: optional(r["PICKBY"]),
		PickupPhone: optional(r["PICK TEL"]), SalesRep: optional(strings.TrimSpace(r["FIRSTNAME"] + " " + r["LASTNAME"])),
		DivisionID: optional(r["DIVN"]), Currency: optional(first(r["CUR"], r["CUSTCUR"], "USD")),
	}
	if r["KIND"] != "" {
		kind, known := kinds[r["KIND"]]
		if !known {
			f.note("contractType", adapters.Unmapped)
		}
		c.ContractType = &kind
	}
	if r["CYCLE"] != "" {
		cycle, known := cycles[r["CYCLE"]]
		if !known {
			cycle = "FourWeek"
		}
		c.InvoiceFrequency = &cycle
	}
	if r["BILLCT"] != "" {
		days, err := strconv.ParseInt(r["BILLCT"], 10, 64)
		f.readable("billControl", "", err)
		c.BillControl = &days
	}
	start, err := moment(r["FROM"])
	c.ContractStartDate = f.required("contractStartDate", f.readable("contractStartDate", start, err))
	end, err := dayOf(r["DUE"])
	c.ContractEndDate = first(f.readable("contractEndDate", end, err), "2099-12-31"+noon)
	if r["THRU"] != "0" {
		thru, err := dayOf(ymd(r["THRU"]))
		c.InvoicedThruDate = optional(f.readable("invoicedThruDate", thru, err))
	}

	c.AssetDetails = []model.RentedAsset{}
	var fees charges
	sum, places, counted := new(big.Rat), 0, false
	for _, l := range lines {
		switch l["TYPE"] {
		case "FE":
			fees.add(l["DESC"], l["AMT"])
		case "RI":
			c.AssetDetails = append(c.AssetDetails, rentedAsset(&f, l, machine[l["UNIT"]], class[l["CLASS"]]))
			if value, p, ok := exact(l["AMT"]); ok {
				sum, places, counted = sum.Add(sum, value), max(places, p), true
			}
		}
	}
	fees.add("Delivery", r["DLVY"])
	fees.add("Pickup", r["PKUP"])
	c.FeeDetails = fees.list()
	c.TaxDetails = []model.Charge{}
	for _, x := range taxes {
		c.TaxDetails = append(c.TaxDetails, model.Charge{Name: first(x["TEXT"], "Tax"), Total: f.amount("taxDetails.total", x["AMT"])})
	}
	properties := model.ContractProperties{SignedBy: optional(r["SIGNBY"])}
	if counted {
		total := json.Number(money(sum, places))
		properties.Total = &total
	}
	c.Properties = &properties
	return row(r["CONNO"], customer, c, f)
}

func rentedAsset(f *faults, l, e, cls record) model.RentedAsset {
	prime := "prime"
	a := model.RentedAsset{
		RentedAssetID: l["CONNO"] + "-" + l["SEQ"], ItemType: &prime, AssetID: optional(l["CLASS"]),
		AssetName: optional(cut(cls["TEXT"], 100)), LongDescription: optional(l["DESC"]),
		ShortDescription: f.required("assetDetails.shortDescription", first(cut(l["DESC"], 100), cut(cls["TEXT"], 100))),
		Model:            optional(first(e["MODEL"], cut(cls["TEXT"], 100), "N/A")), EquipmentAssetID: first(l["UNIT"], "BULK"),
		Manufacturer: manufacturer(e), SerialNumber: first(e["SERIAL"], e["TAG"], "N/A"),
		RentalTotal:               f.amount("assetDetails.rentalTotal", l["AMT"]),
		CallOffConfirmationNumber: optional(l["COFF#"]), StartingOdometer: optional(l["METER OUT"]),
	}
	if price, ok := amountOf(e["PRICE"]); ok {
		a.AssetPurchasePrice = optional(price.String())
	}
	if l["ATTSEQ"] != "" {
		attachment := "attachment"
		a.ItemType, a.AttachedTo = &attachment, optional(l["CONNO"]+"-"+l["ATTSEQ"])
	}
	whole, fraction, _ := strings.Cut(l["QTY"], ".")
	quantity, err := strconv.ParseInt(whole, 10, 64)
	if strings.Trim(fraction, "0") != "" {
		err = strconv.ErrSyntax
	}
	f.readable("assetDetails.quantity", "", err)
	a.Quantity = quantity

	start, err := moment(l["OUTDT"])
	a.AssetStartDate = optional(f.readable("assetDetails.assetStartDate", start, err))
	returned, err := dayOf(l["RETDT"])
	a.AssetReturnedDate = optional(f.readable("assetDetails.assetReturnedDate", returned, err))
	status := "RENT"
	if l["COFFD"] != "" && l["COFFD"] != "0" {
		status = "CALLED OFF"
		at, err := moment(ymd(l["COFFD"]) + " " + clock(l["COFFT"]))
		a.AssetCallOffDate = optional(f.readable("assetDetails.assetCallOffDate", at, err))
	}
	if returned != "" {
		status = "RETURNED"
	}
	a.Status = &status

	currency := first(l["CUR"], "USD")
	rates := model.RentalRate{Daily: rate(l["DAYRT"], currency), Weekly: rate(l["WEEKRT"], currency), Monthly: rate(l["MONRT"], currency)}
	if rates != (model.RentalRate{}) {
		a.RentalRate = &rates
	}
	return a
}

// clock turns 90500 into 09:05:00.
func clock(s string) string {
	s = strings.Repeat("0", 6-len(s)) + s
	return s[:2] + ":" + s[2:4] + ":" + s[4:]
}

func jobsites(t *testing.T, db *sql.DB, customers []string) []Row[model.Jobsite] {
	var all []Row[model.Jobsite]
	for _, s := range ask(t, db, `
		select distinct s.*, (select count(*) from RENTLN l where l.CO = s.CO and l.CUST = s.CUST and l.JOB = s.JOB
		                      and l.TYPE = 'RI' and l.DELFLG = 0 and (l.RETDT is null or l.RETDT = '0000-00-00')) as ASSETS
		from SITES s
		join CUSMAS c on c.CO = s.CO and c.CUST = s.CUST and coalesce(c.DELFLG, '') <> 'D'
		where s.CO = '01' and coalesce(s.OPENFL, 1) <> 0 and s.CUST in (`+askedFor(customers)+`)
		order by rtrim(s.CUST) collate binary, s.JOB collate binary`) {
		var f faults
		customer := customerNumber(s["CUST"])
		latitude, longitude, _ := strings.Cut(s["GEO"], ",")
		last, firstName, _ := strings.Cut(s["CONTACT"], ",")
		count, err := strconv.ParseInt(s["ASSETS"], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row(s["CUST"]+"-"+s["JOB"], customer, model.Jobsite{
			JobsiteID: s["CUST"] + "-" + s["JOB"], AssetCount: &count, Name: f.required("name", cut(s["TITLE"], 100)),
			CustomerID: &customer, Address1: optional(s["ADDR1"]), Address2: optional(s["ADDR2"]), City: optional(s["CITY"]),
			State: optional(s["ST"]), Postalcode: optional(s["ZIP"]), Country: optional(first(s["CTRY"], "USA")),
			Latitude: optional(strings.TrimSpace(latitude)), Longitude: optional(strings.TrimSpace(longitude)),
			FirstName: optional(strings.TrimSpace(firstName)), LastName: optional(strings.TrimSpace(last)), PhoneNumber: optional(s["TEL#"]),
		}, f))
	}
	return all
}

func invoices(t *testing.T, db *sql.DB, customers []string) []Row[model.Invoice] {
	machine, class := machines(t, db), classes(t, db)
	lines := make(map[string][]record)
	for _, l := range ask(t, db, `select * from INVLN where CO = '01' order by INVNO, SEQ, LINE`) {
		id := l["INVNO"] + "-" + l["SEQ"]
		lines[id] = append(lines[id], l)
	}
	var all []Row[model.Invoice]
	for _, r := range ask(t, db, `
		select distinct r.*, c.CUR as CUSTCUR from INVHDR r
		join CUSMAS c on c.CO = r.CO and c.CUST = r.CUST and coalesce(c.DELFLG, '') <> 'D'
		where r.CO = '01' and r.VOIDFL = 0 and r.CUST in (`+askedFor(customers)+`)`) {
		var f faults
		id, customer := r["INVNO"]+"-"+r["SEQ"], customerNumber(r["CUST"])
		i := model.Invoice{
			InvoiceID: id, InvoiceType: optional(r["TYPE"]), PoNumber: optional(r["ORDER"]), Total: f.amount("total", r["TOTAL"]),
			Currency: optional(first(r["CUR"], r["CUSTCUR"], "USD")), JobsiteID: r["CUST"] + "-" + first(r["JOB"], "MAIN"),
			ContractID: f.required("contractId", r["CONNO"]), AssetDetails: []model.InvoicedAsset{},
		}
		date, err := dayOf(dmy(r["IDATE"]))
		i.InvoiceDate = f.required("invoiceDate", f.readable("invoiceDate", date, err))
		from, err := dayOf(dmy(r["FROM"]))
		i.BilledDateStart = first(f.readable("billedDateStart", from, err), i.InvoiceDate)
		to, err := dayOf(dmy(r["TO"]))
		i.BilledDateEnd = first(f.readable("billedDateEnd", to, err), i.InvoiceDate)
		var fees, taxes charges
		for _, l := range lines[id] {
			switch l["TYPE"] {
			case "FE":
				fees.add(l["DESC"], l["AMT"])
			case "RI":
				a := rentedAsset(&f, l, machine[l["UNIT"]], class[l["CLASS"]])
				i.AssetDetails = append(i.AssetDetails, invoicedAsset(l, a, class[l["CLASS"]]))
			}
		}
		fees.add("Environmental fee", r["ENVFEE"])
		fees.add("Delivery", r["DLVY"])
		taxes.add("State tax", r["TAXST"])
		taxes.add("County tax", r["TAXCO"])
		i.FeeDetails, i.TaxDetails = fees.list(), taxes.list()
		all = append(all, row(id, customer, i, f))
	}
	return newestFirst(all)
}

// newestFirst orders by date, then by number, both downwards; what has no date
// is last.
func newestFirst(all []Row[model.Invoice]) []Row[model.Invoice] {
	slices.SortFunc(all, func(a, b Row[model.Invoice]) int {
		date := func(r Row[model.Invoice]) string {
			if r.Item == nil {
				return ""
			}
			return r.Item.InvoiceDate
		}
		if c := strings.Compare(date(b), date(a)); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return all
}

// invoicedAsset takes over what an invoiced asset has in common with a rented
// one.
func invoicedAsset(l record, a model.RentedAsset, cls record) model.InvoicedAsset {
	i := model.InvoicedAsset{
		RentedAssetID: l["CONNO"] + "-" + l["CSEQ"], AssetName: optional(cls["TEXT"]), CategoryID: optional(cls["CAT"]),
		LongDescription: a.LongDescription, ShortDescription: first(l["DESC"], cls["TEXT"]), Model: *a.Model,
		EquipmentAssetID: a.EquipmentAssetID, Manufacturer: a.Manufacturer, SerialNumber: a.SerialNumber,
		Quantity: a.Quantity, RentalTotal: a.RentalTotal,
	}
	if a.RentalRate != nil {
		i.RentalRate = &model.InvoiceRate{Daily: a.RentalRate.Daily, Weekly: a.RentalRate.Weekly, Monthly: a.RentalRate.Monthly}
	}
	return i
}
