package hostline

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/tables"
)

type row = tables.Row

// The companies in the files. Only the first is the dealer's.
const (
	own   = "HL"
	other = "ZZ"
)

// books collects the rows of all files.
type books struct {
	rows     map[string][]row
	numbers  map[string]int // company -> last contract number
	invoices map[string]int // company and month -> last invoice number
}

// generate makes all rows. It draws from a source of its own per customer, so
// that a customer has the same rows however many others there are.
func generate(options Options) map[string][]row {
	b := &books{
		rows: make(map[string][]row), numbers: map[string]int{own: 7000, other: 7000}, // the same numbers in both companies
		invoices: make(map[string]int),
	}
	for _, company := range []string{own, other} {
		b.codes(company)
		b.fleet(company)
	}
	b.specials()
	for _, n := range []int{100, 31, 205} {
		c := b.customer(other, n, fmt.Sprintf("SOMEBODY ELSE'S %d", n))
		for range 5 {
			b.contract(c, nil)
		}
	}
	first := []string{"MESA", "BLUFF", "CANYON", "RIDGE", "SUMMIT"}
	second := []string{"EXCAVATING", "CONCRETE", "FRAMING", "DRILLING"}
	for n := 30001; b.numbers[own] < 7000+options.Contracts; n++ {
		r := draw("name", fmt.Sprint(n))
		c := b.customer(own, n, pick(r, first...)+" "+pick(r, second...)+" INC")
		for range min(1+r.IntN(9), 7000+options.Contracts-b.numbers[own]) {
			b.contract(c, nil)
		}
	}
	return b.rows
}

func (b *books) add(company, table string, r row) {
	r["CMP#"] = company
	b.rows[table] = append(b.rows[table], r)
}

// draw gives a source of random numbers for one subject.
func draw(parts ...string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(strings.Join(parts, "\x00"))) // never fails (hash.Hash)
	return rand.New(rand.NewPCG(h.Sum64(), 300)) //nolint:gosec // made-up rows, nothing secret
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func at(days int) time.Time { return Today().AddDate(0, 0, days) }

// cymd is a day as the host counts it: 1260615 is 2026-06-15.
func cymd(days int) int {
	t := at(days)
	return (t.Year()-1900)*10000 + int(t.Month())*100 + t.Day()
}

// printed spells cents as the host does: 1250.00, and 1250.00- when they are owed.
func printed(cents int) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%d.%02d%s", cents/100, cents%100, sign)
}

// customer is one customer and the jobs its contracts are for.
type customer struct {
	company string
	number  int
	jobs    []row
	r       *rand.Rand
}

func (b *books) customer(company string, number int, name string) *customer {
	c := &customer{company: company, number: number, r: draw("customer", company, fmt.Sprint(number))}
	b.add(company, "CUSMST", row{"CUS#": number, "CUSNAM": name, "DELCD": "", "CURCD": ""})
	towns := [][3]string{{"GRANITE SPUR", "CO", "80999"}, {"DRY FORK", "WY", "82999"}, {"SALT BEND", "UT", "84999"}}
	for i := range 1 + c.r.IntN(3) {
		town := pick(c.r, towns...)
		c.jobs = append(c.jobs, row{
			"JOB#": fmt.Sprintf("J%03d", i+1), "JOBNAM": fmt.Sprintf("%s PHASE %d", town[0], i+1),
			"JOBADR": fmt.Sprintf("%d COUNTY ROAD %d", 100+c.r.IntN(9000), 1+c.r.IntN(60)), "JOBCTY": town[0], "JOBSTE": town[1], "JOBZIP": town[2],
		})
	}
	for i := range 2 { // the older contact stays in the file
		b.add(company, "CUSCTC", row{
			"CUS#": number, "CTCNAM": pick(c.r, "LEE MARTA", "OYELARAN TUNDE", "QUIST HANNA"), "CTCTEL": fmt.Sprintf("303-555-%04d", c.r.IntN(10000)),
			"UPDDAT": cymd(-400 + 200*i), "UPDTIM": 700 + c.r.IntN(50),
		})
	}
	return c
}

// rental is one contract with everything that hangs on it.
type rental struct {
	head    row
	lines   []row
	returns []row
	closed  row
	bills   []*bill
}

type bill struct {
	head  row
	lines []row
}

// contract makes one contract that is on rent, lets shape change it and adds it.
func (b *books) contract(c *customer, shape func(*rental)) {
	b.numbers[c.company]++
	number := b.numbers[c.company]
	r := c.r
	out := -5 - r.IntN(200)
	t := &rental{head: maps.Clone(pick(r, c.jobs...))}
	maps.Copy(t.head, row{
		"CON#": number, "CUS#": c.number, "CONTYP": pick(r, "RN", "RN", "RN", "LS"), "LOC#": pick(r, "DEN", "GRJ"), "SLS#": pick(r, "101", "102", "999"),
		"PO#": fmt.Sprintf("PO %d", 1000+r.IntN(9000)), "RSVFLG": "N", "OUTDAT": cymd(out), "OUTTIM": 100*(6+r.IntN(11)) + 15*r.IntN(4),
		"DUEDAT": cymd(10 + r.IntN(60)), "THRDAT": cymd(out + 27), "BILCYC": pick(r, "D", "W", "4W", "M"), "DELAMT": printed(7500), "PUPAMT": printed(0),
		"DELCD": "", "CHGDAT": cymd(-r.IntN(60)), "CHGTIM": 100*r.IntN(24) + r.IntN(60),
	})
	for i := range 1 + r.IntN(3) {
		cl := pick(r, classes...)
		unit := fmt.Sprintf("%s%02d", cl.code, 1+r.IntN(4))
		if cl.maker == "" {
			unit = ""
		}
		t.lines = append(t.lines, t.line(i+1, "RI", row{
			"UNIT#": unit, "CLS#": cl.code, "LINDSC": cl.title, "QTY": 1, "AMOUNT": printed(cl.cents * (3 + r.IntN(20))),
			"DAYRT": printed(cl.cents), "WEKRT": printed(cl.cents * 4), "MTHRT": printed(cl.cents * 11), "ATTLIN": 0,
		}))
	}
	t.lines = append(t.lines, t.line(80, "FE", row{"LINDSC": "ENVIRONMENTAL", "QTY": 1, "AMOUNT": printed(350 + r.IntN(900))}))
	for from := out; from+28 < 0; from += 56 {
		b.bill(c, t, from)
	}
	if shape != nil {
		shape(t)
	}
	b.add(c.company, "CONHDR", t.head)
	for _, l := range t.lines {
		b.add(c.company, "CONDTL", l)
	}
	for _, l := range t.returns {
		b.add(c.company, "CONRTN", l)
	}
	if t.closed != nil {
		b.add(c.company, "CONCLS", t.closed)
	}
	for _, i := range t.bills {
		b.add(c.company, "INVMST", i.head)
		for _, l := range i.lines {
			b.add(c.company, "INVDTL", l)
		}
	}
}

func (t *rental) line(number int, kind string, r row) row {
	r["CON#"], r["LIN#"], r["LINTYP"], r["DELCD"] = t.head["CON#"], number, kind, ""
	r["CUS#"], r["JOB#"] = t.head["CUS#"], t.head["JOB#"]
	return r
}

// back makes lines come back; a line comes back by a row in another file.
func (t *rental) back(days int, lines ...int) {
	for _, n := range lines {
		t.returns = append(t.returns, row{"CON#": t.head["CON#"], "LIN#": t.lines[n]["LIN#"], "RTNDAT": cymd(days), "RTNTIM": 1545})
	}
}

// bill makes one invoice. Its number begins anew every month, so that company,
// month and number are its key.
func (b *books) bill(c *customer, t *rental, from int) *bill {
	day := at(from + 27)
	month := day.Year()*100 + int(day.Month())
	key := c.company + fmt.Sprint(month)
	b.invoices[key]++
	base := row{"INVYM": month, "INV#": b.invoices[key], "CON#": t.head["CON#"]}
	i := &bill{head: maps.Clone(base)}
	maps.Copy(i.head, row{
		"CUS#": c.number, "INVDAT": cymd(from + 27), "FRMDAT": cymd(from), "TODAT": cymd(from + 27), "INVTYP": "IN", "PO#": t.head["PO#"],
		"INVAMT": printed(20000 + c.r.IntN(400000)), "STXAMT": printed(500 + c.r.IntN(9000)), "CTXAMT": printed(0), "DELCD": "",
		"CHGDAT": cymd(from + 27), "CHGTIM": 2000 + c.r.IntN(60),
	})
	for _, l := range t.lines {
		line := maps.Clone(base)
		for _, name := range []string{"LINTYP", "UNIT#", "CLS#", "LINDSC", "QTY", "AMOUNT", "DAYRT", "WEKRT", "MTHRT"} {
			line[name] = l[name]
		}
		line["LIN#"], line["CONLIN"] = l["LIN#"], l["LIN#"]
		i.lines = append(i.lines, line)
	}
	t.bills = append(t.bills, i)
	return i
}
