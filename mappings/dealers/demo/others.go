package demo

import "fmt"

// secondCompany fills the same tables with another company's rows: the same
// customer numbers, the same contract numbers, and numbers that differ from the
// dealer's only by case, by padding or by an accent.
func (g *maker) secondCompany() {
	for _, number := range []string{"412", "0412", "1007", "88", "2", "31", "203", "210", "211", "b7", "É9", "900"} {
		c := g.customer(other, number, "Dunmore's customer "+number, 1)
		for range 7 {
			g.rental(c, onRent)
		}
	}
}

// others fills up with ordinary customers until the dealer has so many
// contracts.
func (g *maker) others(contracts int) {
	first := []string{"Alder", "Birchwood", "Cold Spring", "Dunlin", "Eastgate", "Fallow", "Granite", "Hawthorn", "Iron Bridge", "Juniper"}
	second := []string{"Paving", "Masonry", "Builders", "Utilities", "Roofing", "Landscaping", "Drainage", "Steel", "Site Works"}
	for n := 3001; g.contno[own] < 10000+contracts; n++ {
		number := fmt.Sprint(n)
		r := draw("name", number)
		c := g.customer(own, number, pick(r, first...)+" "+pick(r, second...), r.IntN(4))
		for range min(1+r.IntN(22), 10000+contracts-g.contno[own]) {
			g.rental(c, nil)
		}
	}
}

// leftovers are rows that lost what they belonged to.
func (g *maker) leftovers() {
	c := &customer{co: own, number: "999999", sites: []string{"MAIN"}, r: draw("orphan")}
	g.rental(c, onRent) // a contract without a customer
	g.add("RENTLN", row{
		"CO": own, "CONNO": "K0LOST", "SEQ": 1, "TYPE": "RI", "CUST": "412", "JOB": "MAIN", "UNIT": "EX20-001", "CLASS": "EX20",
		"DESC": "A line without a contract", "QTY": "1.00", "AMT": "100.00", "COFFD": 0, "COFFT": 0, "RETDT": nil, "DELFLG": 0,
		"CHGD": g.ymd(0), "CHGT": 120000,
	})
	g.add("TAXES", row{"CO": own, "CONNO": "K0LOST", "SEQ": 1, "TEXT": "State tax", "AMT": "1.00"})
	g.add("INVLN", row{"CO": own, "INVNO": 1, "SEQ": 1, "LINE": 1, "TYPE": "RI", "CONNO": "K0LOST", "CSEQ": 1, "QTY": "1.00", "AMT": "9.00"})
	g.add("ZZWORK2", row{"F1": "COUNT", "F2": "000017"})
}
