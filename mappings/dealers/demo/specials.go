package demo

import (
	"fmt"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/paper"
)

// specials writes the customers that each show one kind of untidiness. Their
// numbers never change, so that tests and documentation can name them.
func (g *maker) specials() {
	g.ordinary()
	g.numbers()
	g.clocks()
	g.dates()
	g.money()
	g.unknownCodes()
	g.equipment()
	g.blanks()
	g.invoicing()
	g.documents()
	g.jobsites()
	g.flags()
	g.ownRates()
}

// ordinary customers: one with everything, a large one, and those with little.
func (g *maker) ordinary() {
	c := g.customer(own, "412", "Thornbury Excavation", 3)
	for range 14 {
		g.rental(c, nil)
	}
	// Markup and entities in a name.
	c = g.customer(own, "1007", "Quarry Ridge <b>Paving</b> &amp; Sons", 1)
	for range 6 {
		g.rental(c, nil)
	}
	c = g.customer(own, "88", "Larkfield Builders", 9)
	for range 320 {
		g.rental(c, nil)
	}
	g.hiddenFaults(c)
	g.customer(own, "2", "Nobody Rents Here Co-op", 0) // no contract at all
	c = g.customer(own, "31", "One Trench Only", 0)
	g.rental(c, onRent)
	c = g.customer(own, "59", "Finished & Gone Ltd", 1) // only finished contracts
	for range 5 {
		g.rental(c, func(t *rental) { t.head["STAT"] = "C" })
	}
	// A change stamp that is NULL twice means "always changed" in the notes.
	g.add("CUST NOTES", row{"CO": own, "CUST": "31", "NOTE": "Prefers calls", "MADE": nil, "SEEN": nil})
	g.add("CUST NOTES", row{"CO": own, "CUST": "412", "NOTE": "Moved", "MADE": g.moment(-30, 9, 0, 0), "SEEN": g.moment(-2, 16, 30, 0)})
	g.add("CUST NOTES", row{"CO": own, "CUST": "88", "NOTE": "", "MADE": g.moment(-3, 9, 0, 0), "SEEN": "0000-00-00 00:00:00"})
	g.add("CUST NOTES", row{"CO": other, "CUST": "2", "NOTE": "Not ours", "MADE": nil, "SEEN": nil})
}

// hiddenFaults are a few contracts that cannot be sent among the many of a large
// customer: fewer than would speak for a broken mapping.
func (g *maker) hiddenFaults(c *customer) {
	for _, shape := range []func(*rental){
		func(t *rental) { t.head["THRU"] = g.today.Year()*10000 + 231 }, // yyyymmdd that is no day
		func(t *rental) { t.head["FROM"] = nil },                        // required
		func(t *rental) { t.head["BRCH"] = nil },                        // required
		func(t *rental) { t.lines[0]["QTY"] = "2.50" },                  // not a whole number
		func(t *rental) { t.lines[0]["DESC"], t.lines[0]["CLASS"] = nil, "LOST" },
		func(t *rental) { t.invoices[0].head["IDATE"] = "" },
	} {
		g.rental(c, func(t *rental) {
			onRent(t)
			if len(t.invoices) == 0 {
				g.bill(c, t, 0)
			}
			shape(t)
		})
	}
}

// onRent makes a contract surely active: on rent, nothing returned.
func onRent(t *rental) {
	t.head["STAT"] = "R"
	for _, l := range t.lines {
		l["RETDT"] = nil
	}
}

// numbers: customer numbers that a careless comparison takes for each other.
func (g *maker) numbers() {
	// Soft delete with a living twin of the same number.
	c := g.customer(own, "777", "Twin Oaks Landscaping", 1)
	g.add("CUSMAS", row{"CO": own, "CUST": "777", "NAME": "Twin Oaks (old entry)", "DELFLG": "D", "CUR": ""})
	for range 3 {
		g.rental(c, onRent)
	}
	// The same number twice, both living: nobody can say who is meant.
	g.customer(own, "778", "Double Entry One", 0)
	g.add("CUSMAS", row{"CO": own, "CUST": "778", "NAME": "Double Entry Two", "DELFLG": "", "CUR": ""})
	// A deleted customer whose contracts are still there.
	c = g.customer(own, "640", "Left the Trade Inc", 0)
	g.rows["CUSMAS"][len(g.rows["CUSMAS"])-1]["DELFLG"] = "D"
	g.rental(c, onRent)
	// Letters; the other company has the same ones in lower case and with an accent.
	for _, number := range []string{"B7", "E9"} {
		c = g.customer(own, number, "Lettered Number "+number, 0)
		for range 3 {
			g.rental(c, onRent)
		}
	}
	// Longer than the padding.
	c = g.customer(own, "12345678", "Long Number Holdings", 0)
	for range 2 {
		g.rental(c, onRent)
	}
}

// clocks: local DATETIMEs around both changes of the clocks.
func (g *maker) clocks() {
	c := g.customer(own, "203", "Clockwork Concrete", 0)
	forward, back := g.clockChanges()
	for _, start := range []string{
		g.moment(forward, 1, 59, 59), g.moment(forward, 2, 0, 0), g.moment(forward, 2, 30, 0), // 02:30 does not exist
		g.moment(forward, 3, 0, 0), g.moment(back, 0, 59, 59), g.moment(back, 1, 30, 0), // 01:30 exists twice
		g.moment(back, 2, 0, 0), g.moment(forward, 0, 0, 0), g.moment(back, 0, 0, 0), g.moment(back, 23, 59, 59),
	} {
		g.rental(c, func(t *rental) {
			onRent(t)
			t.head["FROM"] = start
			t.lines[0]["OUTDT"] = start
		})
	}
}

// dates: days that are no days.
func (g *maker) dates() {
	c := g.customer(own, "204", "Calendar Pages Demolition", 0)
	y := g.today.Year()
	for _, due := range []any{
		nil, "0000-00-00", "9999-12-31",
		fmt.Sprintf("%d-00-00", y),    // a zero month: no day
		fmt.Sprintf("%d-02-30", y),    // impossible: this contract cannot be sent
		fmt.Sprintf("%d-12-31", y),    // the last day
		fmt.Sprintf("%d-02-29", 2024), // a leap day
	} {
		g.rental(c, func(t *rental) {
			onRent(t)
			t.head["DUE"] = due
		})
	}
	g.rental(c, func(t *rental) { // times with leading zeros lost: 00:09:05 as 905, midnight as 0
		onRent(t)
		l := t.lines[0]
		l["COFFD"], l["COFFT"], l["COFF#"] = g.ymd(-1), 905, "CO#1"
		l["CHGD"], l["CHGT"] = g.ymd(-1), 0
		t.lines[0]["RETDT"] = "0000-00-00"
	})
	g.rental(c, func(t *rental) {
		onRent(t)
		t.lines[0]["COFFD"], t.lines[0]["COFFT"] = g.ymd(2), 0 // called off for the day after tomorrow
	})
}

// money: the spellings of amounts, and amounts in another currency.
func (g *maker) money() {
	c := g.customer(own, "205", "Penny & Pound Grading", 1)
	for _, amounts := range [][]any{
		{"1,250.00-", "2,100.00"}, {"75", "1,234,567.89"}, {" 10.5 ", "0.00"}, {"1,000", "999.99-"},
	} {
		g.rental(c, func(t *rental) {
			onRent(t)
			for len(t.lines) < 2 {
				g.line(c, t, "PL05")
			}
			for i, a := range amounts {
				t.lines[i]["TYPE"], t.lines[i]["AMT"], t.lines[i]["RETDT"] = "RI", a, nil
			}
			t.head["DLVY"], t.head["PKUP"] = "123.45500000", "99.99499999" // rounded half up when sent
			t.lines[0]["DAYRT"] = "0.00500000"
			t.lines[0]["WEEKRT"] = "1234567890123456.12345678" // more than a float can hold
		})
	}
	g.rental(c, func(t *rental) { // fees of the same name are added, those that cancel out are dropped
		onRent(t)
		g.charge(t, "Delivery", 2500)
		g.charge(t, "Delivery", 1000)
		g.charge(t, "Fuel", 4000)
		g.charge(t, "Fuel", -4000)
		t.head["DLVY"], t.head["PKUP"] = dec8(9500), dec8(0)
	})
	g.rental(c, func(t *rental) { // an amount that is no amount: the line, and so the contract, cannot be sent
		onRent(t)
		t.lines[0]["AMT"] = "see memo"
	})

	c = g.customer(own, "209", "Aurore Construction Ltée", 1)
	g.rows["CUSMAS"][len(g.rows["CUSMAS"])-1]["CUR"] = "CAD"
	for i := range 6 {
		g.rental(c, func(t *rental) {
			onRent(t)
			t.head["BRCH"] = "CANA"
			t.head["CUR"] = []any{"CAD", "", nil, "CAD", "USD", "CAD"}[i]
			for _, l := range t.lines {
				l["CUR"] = t.head["CUR"]
				if l["CUR"] != "USD" {
					l["CUR"] = "CAD" // where the contract says nothing the customer does
				}
			}
			for _, inv := range t.invoices {
				inv.head["CUR"] = t.head["CUR"]
			}
		})
	}
}

// unknownCodes: codes without a meaning.
func (g *maker) unknownCodes() {
	c := g.customer(own, "206", "Cipher Street Utilities", 0)
	for _, shape := range []func(*rental){
		func(t *rental) { t.head["KIND"] = "Z" }, // no such kind, and no else: cannot be sent
		func(t *rental) { t.head["CYCLE"] = "7Q" },
		func(t *rental) { t.head["PAYCD"] = "??" },
		func(t *rental) { t.head["SLSMN"] = "NOPE" },
		func(t *rental) { t.lines[0]["UNIT"] = "EX20-006" }, // of a make in no list
		func(t *rental) { t.lines[0]["CLASS"] = "LOST" },    // a class that is gone
	} {
		g.rental(c, func(t *rental) { onRent(t); shape(t) })
	}
	g.rental(c, nil)
	g.rental(c, nil)
}

// equipment: duplicates, gaps, long titles, machines counted and not tracked.
func (g *maker) equipment() {
	c := g.customer(own, "207", "Machine Park Rentals West", 0)
	for _, unit := range []any{"EX20-003", "EX20-004", "EX20-005", "EX20-007", "NO-SUCH-UNIT", nil, ""} {
		g.rental(c, func(t *rental) {
			onRent(t)
			t.lines[0]["UNIT"], t.lines[0]["CLASS"] = unit, "EX20"
		})
	}
	g.rental(c, func(t *rental) { // titles longer than the limit of 100 characters
		onRent(t)
		t.lines = t.lines[:1]
		g.line(c, t, "XT01")
		l := g.line(c, t, "FN01")
		l["RETDT"] = nil
		l["DESC"] = "Clôture de chantier à panneaux grillagés, hauteur deux mètres, pieds lestés compris, livrée et " +
			"posée été comme hiver <i>sur demande</i>"
	})
	g.rental(c, func(t *rental) { // a bucket attached to the machine
		onRent(t)
		t.lines = t.lines[:1]
		l := g.line(c, t, "MX17")
		l["ATTSEQ"], l["DAYRT"], l["WEEKRT"], l["MONRT"], l["RETDT"] = 1, nil, nil, nil, nil
	})
}

// blanks: nothing where something must be.
func (g *maker) blanks() {
	c := g.customer(own, "208", "Blank Forms Drainage", 0)
	for _, shape := range []func(*rental){
		func(t *rental) { t.head["BRCH"] = "" },                                      // required: cannot be sent
		func(t *rental) { t.lines[0]["DESC"] = "" },                                  // falls back to the class
		func(t *rental) { t.head["JOB"] = "" },                                       // means the main site
		func(t *rental) { t.head["JOB"] = nil },                                      //
		func(t *rental) { t.head["SIGNBY"] = "  \t Tab & Blank \x00 " + "Jr.\x07 " }, // control characters
		nil, nil, nil, nil,
	} {
		g.rental(c, func(t *rental) {
			onRent(t)
			if shape != nil {
				shape(t)
			}
		})
	}
}

// invoicing: equal dates, corrections, credits, voids and a day that is none.
func (g *maker) invoicing() {
	c := g.customer(own, "210", "Ledger & Line Masonry", 1)
	for n := range 12 {
		g.rental(c, func(t *rental) {
			onRent(t)
			t.invoices = nil
			for i := range 2 {
				inv := g.bill(c, t, i)
				inv.head["IDATE"] = g.dmy(-40 - n/4) // many of one day: the number decides
			}
			last := t.invoices[len(t.invoices)-1]
			switch n {
			case 1: // corrected: the same number once more
				again := &invoice{head: copyRow(last.head)}
				again.head["SEQ"], again.head["TYPE"], again.head["TOTAL"] = 2, "Correction", "1,250.00-"
				again.head["IDATE"] = g.dmy(-30)
				for _, l := range last.lines {
					l = copyRow(l)
					l["SEQ"], l["AMT"] = 2, "-"+l["AMT"].(string)
					again.lines = append(again.lines, l)
				}
				t.invoices = append(t.invoices, again)
			case 2:
				last.head["VOIDFL"] = -1
			case 3:
				last.head["VOIDFL"] = 2
			case 4:
				last.head["IDATE"] = "31/02/2026" // cannot be sent; stands last
			case 5:
				last.head["FROM"], last.head["TO"] = "", nil // billed on the day
			case 7:
				last.head["CONNO"] = "K1" // a contract that is long gone
			case 8:
				last.head["JOB"], last.head["ORDER"] = "", "N/A"
			case 9:
				last.lines = nil // an invoice without lines
			}
		})
	}
}

// documents: which contracts and invoices have a PDF. The files are written by
// WriteDocuments.
func (g *maker) documents() {
	c := g.customer(own, "211", "Paper Trail Piping", 0)
	for n := range 6 {
		g.rental(c, func(t *rental) {
			onRent(t)
			switch n {
			case 4: // a number that points out of the documents' folder
				rename(t, "../LEDGER")
			case 5:
				rename(t, "K/9 %41?#")
			}
		})
	}
	empty := true // the first scan of this customer has no content
	for i, h := range g.rows["INVHDR"] {
		if h["CO"] != own || h["CUST"] != c.number && i%25 != 0 {
			continue
		}
		scan := row{"CO": own, "INVNO": h["INVNO"], "SEQ": h["SEQ"], "ADDED": g.moment(-i%90, 4, i%60, 0)}
		if h["CUST"] != c.number || !empty {
			scan["PDF"] = paper.Page(fmt.Sprintf("Invoice %d-%d", h["INVNO"], h["SEQ"]), "Prairie Line Rentals")
		} else {
			empty = false
		}
		g.add("SCANS", scan)
	}
	// A scan of an invoice that does not exist, and one of the other company.
	g.add("SCANS", row{"CO": own, "INVNO": 1, "SEQ": 1, "PDF": paper.Page("Lost", "Nobody's"), "ADDED": g.moment(-1, 4, 0, 0)})
	g.add("SCANS", row{"CO": other, "INVNO": 500001, "SEQ": 1, "PDF": paper.Page("Not ours", "Somebody else"), "ADDED": g.moment(-1, 4, 0, 0)})
}

// rename gives a contract another number, in all its rows.
func rename(t *rental, number string) {
	t.head["CONNO"] = number
	for _, rows := range [][]row{t.lines, t.taxes} {
		for _, r := range rows {
			r["CONNO"] = number
		}
	}
	for _, i := range t.invoices {
		i.head["CONNO"] = number
		for _, l := range i.lines {
			l["CONNO"] = number
		}
	}
}

// jobsites: closed ones, long names, a place that is only a mark.
func (g *maker) jobsites() {
	c := g.customer(own, "212", "Many Yards Roofing", 12)
	s := g.site(c, "LONG", "North embankment of the old canal between lock four and lock five, access by the service road "+
		"behind the grain elevator, façade côté jardin")
	s["GEO"], s["CTRY"] = "N/A", "CAN"
	s = g.site(c, "SHUT", "Closed site")
	s["OPENFL"] = 0
	s = g.site(c, "NULL", "Nobody set the flag")
	s["OPENFL"], s["ADDR1"], s["CITY"], s["ZIP"], s["ST"] = nil, nil, "", nil, ""
	s = g.site(c, "NONAME", "")
	s["TITLE"] = nil // required: cannot be sent
	for range 8 {
		g.rental(c, onRent)
	}
	// The same site in the other company, and a site without a customer.
	g.add("SITES", row{"CO": other, "CUST": "212", "JOB": "MAIN", "TITLE": "Not ours", "OPENFL": 1, "CHGUX": g.today.Unix()})
	g.add("SITES", row{"CO": own, "CUST": "999999", "JOB": "MAIN", "TITLE": "Nobody's", "OPENFL": 1, "CHGUX": g.today.Unix()})
}

// flags: soft deletes by flags that hold 0, 1, 2 and -1.
func (g *maker) flags() {
	c := g.customer(own, "213", "Flagged Lines Fencing", 0)
	for _, flags := range [][]any{{0, 1}, {0, 2}, {0, -1}, {1, 1}, {0, 0}} { // all deleted: not active
		g.rental(c, func(t *rental) {
			onRent(t)
			t.lines = t.lines[:1]
			g.line(c, t, "GN20")
			for i, flag := range flags {
				t.lines[i]["DELFLG"], t.lines[i]["RETDT"] = flag, nil
			}
		})
	}
	g.rental(c, func(t *rental) { // all returned: not active, whatever the header says
		t.head["STAT"] = "R"
		for _, l := range t.lines {
			l["RETDT"] = g.date(-3)
		}
	})
	g.rental(c, func(t *rental) { // reserved, nothing out yet: active
		onRent(t)
		t.head["STAT"], t.head["FROM"] = "S", g.moment(14, 7, 0, 0)
	})
}

// ownRates: customers with their own rates, wholly and in part.
func (g *maker) ownRates() {
	c := g.customer(own, "214", "Frame Agreement Civil", 0)
	g.rental(c, onRent)
	for _, class := range g.carried {
		for _, p := range []struct{ days, factor int64 }{{1, 1}, {7, 4}, {30, 10}} {
			g.customerPrice(own, c.number, class, int(p.days), dec8(g.prices[class]*p.factor*9/10), g.moment(-50, 11, 30, 0))
		}
	}
	c = g.customer(own, "215", "Handshake Deal Homes", 0)
	g.rental(c, onRent)
	g.customerPrice(own, c.number, "EX20", 1, "700.00500000", g.moment(-10, 2, 0, 0)) // a day rate only
	g.customerPrice(own, c.number, "GN20", 1, nil, nil)                               // a row without a price
	g.customerPrice(own, c.number, "GN20", 7, dec8(40000), g.moment(-9, 2, 0, 0))
	g.customerPrice(own, "B7", "EX20", 1, dec8(66600), g.moment(-8, 0, 0, 0))
	// The other company's prices for the same customer and class.
	g.customerPrice(other, "215", "EX20", 1, dec8(100), g.moment(0, 0, 0, 0))
	g.customerPrice(other, "412", "EX20", 1, dec8(100), g.moment(0, 0, 0, 0))
}

func copyRow(r row) row {
	again := make(row, len(r))
	for k, v := range r {
		again[k] = v
	}
	return again
}
