package hostline

// specials are the customers that each show something. The comment says what.
func (b *books) specials() {
	plain := func(number, contracts int, name string) {
		c := b.customer(own, number, name)
		for range contracts {
			b.contract(c, nil)
		}
	}
	plain(100, 14, "FRONT RANGE GRADING")
	plain(31, 3, "TWO DIGITS LLC")
	plain(1234567, 2, "SEVEN DIGITS CORP") // nothing to fill up
	plain(12345678, 1, "EIGHT DIGITS CORP")
	b.absence()
	b.hours()
	b.amounts()
	b.contacts()
	b.jobs()
	b.months()
	b.unreadable()
	b.flags()
	plain(0, 1, "CASH SALES") // number nought: what 'abc' becomes when nobody looks closely
}

// absence: closed by a row, returned by a row, half of it.
func (b *books) absence() {
	c := b.customer(own, 201, "HERE AND GONE")
	b.contract(c, func(t *rental) { t.closed = row{"CON#": t.head["CON#"], "CLSDAT": cymd(-2)} })
	b.contract(c, func(t *rental) { // everything is back, nobody closed it
		for n, l := range t.lines {
			if l["LINTYP"] == "RI" {
				t.back(-4, n)
			}
		}
	})
	b.contract(c, func(t *rental) { // one of two is back
		t.lines = append(t.lines, t.line(50, "RI", row{"CLS#": "BR10", "LINDSC": "BARRICADE", "QTY": 40, "AMOUNT": "60.00"}))
		t.back(-4, 0)
	})
	b.contract(c, func(t *rental) { t.lines = t.lines[len(t.lines)-1:] }) // a fee alone
	b.contract(c, func(t *rental) { t.back(-1, len(t.lines)-1) })         // only the fee came back
	b.contract(c, func(t *rental) { t.lines[0]["DELCD"] = "D" })          // the first line is deleted
	b.contract(c, func(t *rental) { t.head["CONTYP"], t.head["SLS#"] = "", "" })
}

// hours: times without their zeros, hours the clocks left out or had twice.
func (b *books) hours() {
	c := b.customer(own, 202, "CLOCKWORK EARTH")
	out := func(day, clock any) {
		b.contract(c, func(t *rental) { t.head["OUTDAT"], t.head["OUTTIM"] = day, clock })
	}
	out(1260301, 5)   // five past midnight
	out(1260301, 0)   // no time at all
	out(1260301, 730) // half past seven
	out(1260308, 230) // left out
	out(1251102, 130) // twice
	out(990412, 1159) // in the last century
	out(1260301, nil)
	b.contract(c, func(t *rental) { t.head["DUEDAT"], t.head["THRDAT"] = 0, 0 }) // open end, never billed
	b.contract(c, func(t *rental) { t.head["DUEDAT"], t.head["THRDAT"] = 9999999, nil })
}

// amounts: minus behind, nothing, nought, fees that add up to nothing.
func (b *books) amounts() {
	c := b.customer(own, 203, "PENNY COUNT")
	b.contract(c, func(t *rental) { t.lines[0]["AMOUNT"] = "100.00-" })
	b.contract(c, func(t *rental) { t.lines[0]["AMOUNT"] = ".50" })
	b.contract(c, func(t *rental) { t.lines[0]["AMOUNT"], t.lines[0]["DAYRT"] = "0.00", "" })
	b.contract(c, func(t *rental) { t.head["DELAMT"], t.head["PUPAMT"] = "25.00", "25.00-" })
	b.contract(c, func(t *rental) {
		t.lines = append(t.lines, t.line(81, "FE", row{"LINDSC": "ENVIRONMENTAL", "QTY": 1, "AMOUNT": "1.00"}),
			t.line(82, "FE", row{"LINDSC": "REFUEL", "QTY": 1, "AMOUNT": "12.00"}), t.line(83, "FE", row{"LINDSC": "REFUEL", "QTY": 1, "AMOUNT": "12.00-"}))
	})
	b.contract(c, func(t *rental) { t.lines[0]["AMOUNT"] = "1250.005" })
}

// contacts: the latest of several, equal days with later times, none.
func (b *books) contacts() {
	c := b.customer(own, 204, "MANY VOICES")
	b.rows["CUSMST"][len(b.rows["CUSMST"])-1]["CURCD"] = "CAD" // and bills in another currency
	for _, contact := range []row{
		{"CTCNAM": "SAME DAY EARLY", "UPDDAT": cymd(-1), "UPDTIM": 801},
		{"CTCNAM": "SAME DAY LATE", "CTCTEL": "307-555-0199", "UPDDAT": cymd(-1), "UPDTIM": 1630},
		{"CTCNAM": "NO DAY", "UPDDAT": nil, "UPDTIM": nil},
		{"CTCNAM": "OLD", "UPDDAT": 990101, "UPDTIM": 1200},
	} {
		contact["CUS#"] = 204
		b.add(own, "CUSCTC", contact)
	}
	for range 3 {
		b.contract(c, nil)
	}
}

// jobs: contracts of one job that spell it differently, and those without one.
func (b *books) jobs() {
	c := b.customer(own, 205, "JOB HOPPER")
	job := func(number, name, address any) {
		b.contract(c, func(t *rental) {
			t.head["JOB#"], t.head["JOBNAM"], t.head["JOBADR"] = number, name, address
			for _, l := range t.lines {
				l["JOB#"] = number
			}
		})
	}
	job("A1", "FIRST NAME OF IT", "1 GATE RD")
	job("A1", "SECOND NAME OF IT", "2 GATE RD")
	job("A1", "", nil)
	job("B2", "", "7 CREEK LN") // without a name: cannot be shown
	job("", "NOBODY GAVE A NUMBER", "3 GATE RD")
	job(nil, nil, nil)
	job("C3", "A NAME THAT SOMEBODY TYPED INTO A FIELD THAT WAS LONGER ON THE HOST THAN THE ONE IT IS SHOWN IN, WITH DIRECTIONS", "9 LOOP")
}

// months: invoices that share a number in different months, deleted, of a day
// that is none, credits.
func (b *books) months() {
	c := b.customer(own, 206, "MONTHLY GRIND")
	for n := range 6 {
		b.contract(c, func(t *rental) {
			for from := -300 + n; from < -28; from += 80 {
				b.bill(c, t, from)
			}
			first := t.bills[0].head
			switch n {
			case 1:
				first["DELCD"] = "D"
			case 2:
				first["INVDAT"] = 1260230 // cannot be sent; stands last
			case 3:
				first["FRMDAT"], first["TODAT"], first["PO#"] = 0, nil, " "
			case 4:
				first["INVAMT"], first["INVTYP"] = "250.00-", "CM"
			case 5:
				t.bills[0].lines, first["CTXAMT"] = nil, "1.25"
			}
		})
	}
}

// unreadable: what cannot be sent, one of each kind.
func (b *books) unreadable() {
	c := b.customer(own, 207, "FAT FINGERS")
	b.contract(c, nil)
	b.contract(c, func(t *rental) { t.head["CONTYP"] = "??" })
	b.contract(c, func(t *rental) { t.head["OUTDAT"] = 1261332 })
	b.contract(c, func(t *rental) { t.lines[0]["AMOUNT"] = "SEE BOSS" })
	b.contract(c, func(t *rental) { t.head["LOC#"] = "" })
	b.contract(c, func(t *rental) { t.lines[0]["QTY"] = nil })
	b.contract(c, func(t *rental) { t.head["BILCYC"] = "9" }) // goes as four weeks
}

// flags: deleted contracts, a reservation, a deleted customer, a doubled one.
func (b *books) flags() {
	c := b.customer(own, 208, "FLAG BEARER")
	b.contract(c, func(t *rental) { t.head["DELCD"] = "D" })
	b.contract(c, func(t *rental) { t.head["DELCD"] = "X" }) // any other mark is none
	b.contract(c, func(t *rental) { t.head["RSVFLG"], t.head["OUTDAT"] = "Y", cymd(12) })
	gone := b.customer(own, 209, "DELETED INC")
	b.rows["CUSMST"][len(b.rows["CUSMST"])-1]["DELCD"] = "D"
	b.contract(gone, nil)
	b.customer(own, 210, "ONE OF TWO")
	b.customer(own, 210, "TWO OF TWO")
	orphan := &customer{company: own, number: 99999, jobs: []row{{"JOB#": "J001", "JOBNAM": "NOBODY'S"}}, r: draw("orphan")}
	b.contract(orphan, nil)
}
