package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// customer is a row of CUSMAS with what its contracts draw from.
type customer struct {
	co, number string
	sites      []string
	r          *rand.Rand
}

// rental is one contract before it is written, for the special customers to
// change.
type rental struct {
	head     row
	lines    []row
	taxes    []row
	invoices []*invoice
	start    int // days from today
}

type invoice struct {
	head  row
	lines []row
}

var towns = [][3]string{
	{"Elmspring", "IL", "60999"},
	{"Harlow Falls", "WI", "53999"},
	{"Port Amity", "IA", "52999"},
	{"Dry Fork", "MO", "63999"},
	{"Coalbrook", "IN", "46999"},
	{"Lindqvist Mills", "MN", "55999"},
}

// customer writes a customer with a MAIN site and some more.
func (g *maker) customer(co, number, name string, sites int) *customer {
	c := &customer{co: co, number: number, r: draw("customer", co, number)}
	g.add("CUSMAS", row{
		"CO": co, "CUST": number, "NAME": name, "DELFLG": "", "CUR": "", "TEL#": "555-01" + fmt.Sprintf("%02d", c.r.IntN(100)),
		"OPENED": g.date(-2000 + c.r.IntN(1500)),
	})
	g.site(c, "MAIN", name+", main site")
	for i := range sites {
		g.site(c, fmt.Sprintf("J%02d", i+1), pick(c.r, "Bridge deck", "Depot", "Culvert", "School wing", "Parking level", "Silo row")+
			fmt.Sprintf(" %d", 1+c.r.IntN(40)))
	}
	return c
}

// site writes one jobsite and returns its row.
func (g *maker) site(c *customer, job, title string) row {
	town := towns[c.r.IntN(len(towns))]
	s := row{
		"CO": c.co, "CUST": c.number, "JOB": job, "TITLE": title, "ADDR1": fmt.Sprintf("%d Section Road", 10+c.r.IntN(900)),
		"ADDR2": pick[any](c.r, "", nil, "Gate B"), "CITY": town[0], "ST": town[1], "ZIP": town[2],
		"CTRY": pick(c.r, "USA", "USA", ""), "GEO": fmt.Sprintf("%d.%04d, -%d.%04d", 39+c.r.IntN(6), c.r.IntN(10000), 86+c.r.IntN(8), c.r.IntN(10000)),
		"CONTACT": pick[any](c.r, "Vance, Ida", "Moreau,Émile", nil, ""), "TEL#": "555-0" + fmt.Sprint(130+c.r.IntN(60)),
		// Flags: 1, 2 and -1 all mean open, in the words of the people who typed them.
		"OPENFL": pick(c.r, 1, 1, 1, 2, -1), "CHGUX": g.at(-c.r.IntN(300)).Unix(),
	}
	if job != "MAIN" && c.r.IntN(9) == 0 {
		s["OPENFL"] = 0
	}
	c.sites = append(c.sites, job)
	g.add("SITES", s)
	return s
}

// rental writes one contract of a customer with its lines, taxes and invoices;
// shape may change any of them first.
func (g *maker) rental(c *customer, shape func(*rental)) {
	g.contno[c.co]++
	number := fmt.Sprintf("K%d", g.contno[c.co])
	r := c.r
	state := pick(r, "R", "R", "R", "R", "R", "R", "S", "C", "C", "Q", "X")
	var start int
	switch state {
	case "S", "Q":
		start = 3 + r.IntN(60)
	case "C":
		start = -(250 + r.IntN(700))
	default:
		start = -(5 + r.IntN(200))
	}
	t := &rental{start: start}
	hour, minute := 6+r.IntN(11), 15*r.IntN(4)
	if r.IntN(4) == 0 {
		hour, minute = 0, 0 // a DATETIME at midnight is a date
	}
	changed := g.today.Add(-time.Duration(r.IntN(400*24*60)) * time.Minute)
	t.head = row{
		"CO": c.co, "CONNO": number, "STAT": state, "KIND": pick(r, "R", "R", "R", "R", "", "L", "P", "T"), "CUST": c.number,
		"JOB": pick(r, c.sites...), "BRCH": pick(r, "MAIN", "MAIN", "NORT", "RIVR"),
		"ORDER": pick[any](r, fmt.Sprintf("PO %d", 1000+r.IntN(9000)), fmt.Sprintf("PO %d", 1000+r.IntN(9000)), "", "N/A", nil),
		"FROM":  g.moment(start, hour, minute, 0),
		// The due day: a day, an open end as NULL, as the zero day and as a far day that means "never".
		"DUE":   pick[any](r, g.date(start+28), g.date(start+84), g.date(start+168), nil, "0000-00-00", "9999-12-31"),
		"CYCLE": pick(r, "4", "4", "4", "M", "W", "D", "2W", "30", "??"), "BILLCT": pick[any](r, 28, 28, 30, 7, nil),
		"SLSMN": pick[any](r, "HB", "MO", "TJ", "W1", "XX", "99", nil), "PAYCD": pick[any](r, "CK", "CC", "AC", "", nil),
		"PICKBY": pick[any](r, "Ida Vance", "O'Neill & Sons", nil), "PICK TEL": pick[any](r, "555-0101", "", nil),
		"SIGNBY": pick[any](r, "Ada Fernwood", "R. <Bob> Stone", nil), "CUR": pick[any](r, "", "", "USD", nil),
		"DIVN": pick[any](r, "Rental", "", nil), "DLVY": dec8(int64(r.IntN(3)) * 9500), "PKUP": dec8(int64(r.IntN(2)) * 9500),
		"THRU": 0, "CHG": changed.Format("2006-01-02 15:04:05"),
	}
	if r.IntN(20) == 0 {
		t.head["CHG"] = nil // never changed
	}
	for range 1 + r.IntN(3) {
		g.line(c, t, g.carried[r.IntN(len(g.carried))])
	}
	if r.IntN(3) == 0 {
		g.charge(t, pick(r, "Delivery", "Environmental fee", "Fuel"), int64(1000+r.IntN(9000)))
	}
	if r.IntN(6) == 0 {
		g.remark(t, "Keys are in the box at gate B")
	}
	if state != "Q" {
		t.taxes = append(t.taxes, row{
			"CO": c.co, "CONNO": number, "SEQ": 1, "TEXT": "State tax",
			"AMT": dec2(int64(500 + r.IntN(20000))),
		})
		if r.IntN(2) == 0 {
			t.taxes = append(t.taxes, row{
				"CO": c.co, "CONNO": number, "SEQ": 2, "TEXT": pick[any](r, "County tax", "County tax", "", nil),
				"AMT": dec2(int64(100 + r.IntN(3000))),
			})
		}
	}
	if state == "R" || state == "C" {
		for i := range 1 + r.IntN(3) {
			g.bill(c, t, i)
		}
	}
	if shape != nil {
		shape(t)
	}
	g.write(t)
}

func (g *maker) write(t *rental) {
	g.add("RENTAL", t.head)
	for _, l := range t.lines {
		g.add("RENTLN", l)
	}
	for _, x := range t.taxes {
		g.add("TAXES", x)
	}
	for _, i := range t.invoices {
		g.add("INVHDR", i.head)
		for _, l := range i.lines {
			g.add("INVLN", l)
		}
	}
}

// line adds one rented item.
func (g *maker) line(c *customer, t *rental, class string) row {
	r, price := c.r, g.prices[class]
	title, quantity := classTitle(class), int64(1)
	var unit any
	if units := g.units[c.co+class]; len(units) > 0 {
		unit = units[r.IntN(len(units))]
	} else {
		quantity = int64(10 * (1 + r.IntN(20)))
	}
	l := row{
		"CO": t.head["CO"], "CONNO": t.head["CONNO"], "SEQ": len(t.lines) + 1, "TYPE": "RI", "CUST": t.head["CUST"], "JOB": t.head["JOB"],
		"UNIT": unit, "CLASS": class, "DESC": title, "QTY": dec2(quantity * 100),
		"AMT": printed(price * quantity * int64(1+r.IntN(28))), "DAYRT": dec8(price), "WEEKRT": dec8(price * 4),
		"MONRT": dec8(price * 11), "OUTDT": t.head["FROM"], "COFFD": 0, "COFFT": 0, "COFF#": nil, "RETDT": nil,
		"METER OUT": pick[any](r, fmt.Sprintf("%d.%d", r.IntN(4000), r.IntN(10)), "", nil), "CUR": "", "DELFLG": 0,
	}
	// The stamp of a line: a day and a time as two integers, leading zeros lost.
	l["CHGD"], l["CHGT"] = g.ymd(-r.IntN(200)), r.IntN(24)*10000+r.IntN(60)*100+r.IntN(60)
	switch {
	case t.head["STAT"] == "C":
		l["RETDT"] = g.date(t.start + 20 + r.IntN(100))
	case t.head["STAT"] == "R" && r.IntN(5) == 0:
		l["COFFD"], l["COFFT"], l["COFF#"] = g.ymd(-r.IntN(4)), r.IntN(24)*10000, fmt.Sprintf("CO#%d", 100+r.IntN(900))
	case t.head["STAT"] == "R" && r.IntN(6) == 0:
		l["RETDT"] = g.date(-r.IntN(20))
	case r.IntN(4) == 0:
		l["RETDT"] = "0000-00-00" // the zero day: not back yet
	}
	if len(t.lines) > 0 && r.IntN(8) == 0 { // an attachment: its price is in the prime's
		l["ATTSEQ"], l["DAYRT"], l["WEEKRT"], l["MONRT"], l["AMT"] = 1, nil, nil, nil, "0.00"
	}
	t.lines = append(t.lines, l)
	return l
}

// charge adds a fee line, remark a line of text.
func (g *maker) charge(t *rental, name string, cents int64) {
	t.lines = append(t.lines, row{
		"CO": t.head["CO"], "CONNO": t.head["CONNO"], "SEQ": len(t.lines) + 1, "TYPE": "FE", "CUST": t.head["CUST"], "JOB": t.head["JOB"],
		"DESC": name, "QTY": "1.00", "AMT": printed(cents), "COFFD": 0, "COFFT": 0, "DELFLG": 0, "CHGD": 0, "CHGT": 0,
	})
}

func (g *maker) remark(t *rental, words string) {
	t.lines = append(t.lines, row{
		"CO": t.head["CO"], "CONNO": t.head["CONNO"], "SEQ": len(t.lines) + 1, "TYPE": "CM", "DESC": words,
		"COFFD": 0, "COFFT": 0, "DELFLG": 0,
	})
}

// bill adds the n-th invoice of a contract, for four weeks each, and moves the
// contract's billed-through day to the end of the newest one.
func (g *maker) bill(c *customer, t *rental, n int) *invoice {
	g.invno[c.co]++
	from := t.start + 28*n
	r := c.r
	i := &invoice{head: row{
		"CO": c.co, "INVNO": g.invno[c.co], "SEQ": 1, "CUST": c.number, "CONNO": t.head["CONNO"], "JOB": t.head["JOB"],
		// Dates as text, dd/mm/yyyy.
		"IDATE": g.dmy(from + 28), "FROM": g.dmy(from), "TO": g.dmy(from + 27), "TYPE": "Rental", "ORDER": t.head["ORDER"],
		"CUR": t.head["CUR"], "ENVFEE": dec8(int64(r.IntN(3)) * 450), "DLVY": dec8(0), "TAXST": dec8(int64(r.IntN(9000))),
		"TAXCO": dec8(int64(r.IntN(2)) * 220), "VOIDFL": 0, "CHG": g.moment(from+28, 17, r.IntN(60), r.IntN(60)),
	}}
	if n == 0 {
		i.head["DLVY"] = t.head["DLVY"]
	}
	total := int64(0)
	for _, l := range t.lines {
		if l["TYPE"] == "CM" {
			continue
		}
		cents := int64(1000 + r.IntN(400000))
		total += cents
		i.lines = append(i.lines, row{
			"CO": c.co, "INVNO": i.head["INVNO"], "SEQ": 1, "LINE": len(i.lines) + 1, "TYPE": l["TYPE"], "CONNO": l["CONNO"],
			"CSEQ": l["SEQ"], "UNIT": l["UNIT"], "CLASS": l["CLASS"], "DESC": l["DESC"], "QTY": l["QTY"], "AMT": dec2(cents),
			"DAYRT": l["DAYRT"], "WEEKRT": l["WEEKRT"], "MONRT": l["MONRT"], "CUR": l["CUR"],
		})
	}
	i.head["TOTAL"] = printed(total)
	t.head["THRU"] = g.ymd(from + 27)
	t.invoices = append(t.invoices, i)
	return i
}

func classTitle(code string) string {
	for _, cat := range categories {
		for _, cl := range cat.classes {
			if cl.code == code {
				return cl.title
			}
		}
	}
	return ""
}
