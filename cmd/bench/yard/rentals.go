package yard

import "fmt"

func contractNumber(n int) string { return fmt.Sprintf("C%08d", 20_000_000+n) }

// lines, fees and taxes of contract n: about 2.9, 1.95 and 1 of them.
func linesOf(n int) int { return 1 + dice(n, 200, 5) - dice(n, 201, 10)/9 }
func feesOf(n int) int  { return 1 + dice(n, 202, 3) - dice(n, 203, 20)/19 }

func closed(n int) bool { return dice(n, 210, 10) == 0 }

func contractRows(s Size, add func(...any)) {
	for n := 1; n <= s.Contracts; n++ {
		c := s.customerOf(n)
		status := "A"
		switch {
		case closed(n):
			status = "C"
		case dice(n, 211, 12) == 0:
			status = "R"
		}
		starts := moment(n, 212, 700)
		var ends, thru, po, remarks, currency any
		if dice(n, 214, 4) > 0 {
			ends = starts.AddDate(0, 0, 7+dice(n, 215, 120))
		}
		if dice(n, 216, 3) > 0 {
			thru = day(starts.AddDate(0, 0, 28))
		}
		if dice(n, 217, 5) > 0 {
			po = fmt.Sprintf("PO-%06d", dice(n, 218, 1000000))
		}
		if dice(n, 219, 3) == 0 {
			remarks = fmt.Sprintf("Call %s before delivery, gate code %04d, park on the north side", person(n, 220), dice(n, 222, 10000))
		}
		if dice(n, 223, 2) == 0 {
			currency = "USD"
		}
		add(n, contractNumber(n), numberOf(c), s.jobsiteOf(n, c), branchCode(dice(n, 224, branchCount)), repCode(dice(n, 225, repCount)),
			"Rental", status, string("RRRRLPT"[dice(n, 226, 7)]), string("DWMFFF"[dice(n, 227, 6)]), po, pick([]string{"On account", "Check", "Credit card"}, n, 228),
			person(n, 229), phone(n, 231), person(n, 233), starts, ends, thru, 28, currency, money(n, 235, 400, 40000), money(n, 236, 0, 500),
			remarks, "desk"+fmt.Sprint(dice(n, 237, 20)), starts, updated(n, 238))
	}
}

// lineRow is what lines of contracts and of invoices have in common, by a
// number of the line's own.
func lineRow(row int) []any {
	unit := dice(row, 240, classCount*unitsPerClass)
	class := unit % classCount
	return []any{
		unitOf(unit), classCode(class),
		fmt.Sprintf("%s, %s, with operator manual, fuelled and checked at the yard", className(class), pick(makes, row, 241)),
		1 + dice(row, 242, 4)/3, money(row, 243, 60, 300), money(row, 244, 200, 1200), money(row, 245, 700, 4000), money(row, 246, 100, 9000),
	}
}

func contractLineRows(s Size, add func(...any)) {
	id := 0
	for n := 1; n <= s.Contracts; n++ {
		for line := 1; line <= linesOf(n); line++ {
			id++
			row := n*10 + line
			out := moment(n, 212, 700)
			var off, offNumber, back, meter, attached any
			if dice(row, 250, 8) == 0 {
				off, offNumber = out.AddDate(0, 0, 20), fmt.Sprintf("OFF%07d", row%10_000_000)
				if dice(row, 251, 2) == 0 {
					back = out.AddDate(0, 0, 22)
				}
			}
			if dice(row, 252, 3) > 0 {
				meter = dice(row, 253, 9000)
			}
			if line > 1 && dice(row, 254, 6) == 0 {
				attached = 1
			}
			add(append(append([]any{id, n, line}, lineRow(row)...), out, off, offNumber, back, meter, attached, updated(row, 255))...)
		}
	}
}

func contractFeeRows(s Size, add func(...any)) {
	id := 0
	for n := 1; n <= s.Contracts; n++ {
		for i := range feesOf(n) {
			id++
			add(id, n, fees[(n+i)%len(fees)], money(n*10+i, 260, 5, 180))
		}
	}
}

func contractTaxRows(s Size, add func(...any)) {
	for n := 1; n <= s.Contracts; n++ {
		add(n, n, "Sales tax", money(n, 261, 5, 900))
	}
}

// invoices: one for every second contract.
func invoiceContract(i int) int { return i * 2 }
func (s Size) invoices() int    { return s.Contracts / 2 }

func invoiceRows(s Size, add func(...any)) {
	for i := 1; i <= s.invoices(); i++ {
		n := invoiceContract(i)
		c := s.customerOf(n)
		issued := moment(n, 212, 700).AddDate(0, 0, 28)
		var po any
		if dice(n, 217, 5) > 0 {
			po = fmt.Sprintf("PO-%06d", dice(n, 218, 1000000))
		}
		add(i, fmt.Sprintf("I%08d", 50_000_000+i), numberOf(c), contractNumber(n), s.jobsiteOf(n, c), "Periodic", po, money(i, 270, 100, 20000), "USD",
			day(issued), day(issued.AddDate(0, 0, -28)), day(issued), nil, updated(i, 271))
	}
}

func invoiceLineRows(s Size, add func(...any)) {
	id := 0
	for i := 1; i <= s.invoices(); i++ {
		for line := 1; line <= linesOf(invoiceContract(i)); line++ {
			id++
			add(append([]any{id, i, line, line}, lineRow(invoiceContract(i)*10+line)...)...)
		}
	}
}

func invoiceFeeRows(s Size, add func(...any)) {
	for i := 1; i <= s.invoices(); i++ {
		add(i, i, fees[i%len(fees)], money(i, 280, 5, 180))
	}
}

func invoiceTaxRows(s Size, add func(...any)) {
	for i := 1; i <= s.invoices(); i++ {
		add(i, i, "Sales tax", money(i, 281, 5, 900))
	}
}
