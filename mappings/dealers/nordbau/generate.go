package nordbau

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/tables"
)

type row = tables.Row

// The companies in the tables. Only the first is the dealer's.
const (
	own   = 1
	other = 2
)

// books collects the rows of all tables.
type books struct {
	rows     map[string][]row
	numbers  map[int]int // company -> last contract number
	receipts map[string]int
}

// generate makes all rows. It draws from a source of its own per customer, so
// that a customer has the same rows however many others there are.
func generate(options Options) map[string][]row {
	b := &books{rows: make(map[string][]row), numbers: make(map[int]int), receipts: make(map[string]int)}
	b.catalog()
	b.branches()
	b.specials()
	for _, n := range []int{417, 500, 602} { // the other company's customers have the same numbers
		k := b.customer(other, "NL1", n, fmt.Sprintf("Fremder Kunde %d", n))
		for range 4 {
			b.contract(k, nil)
		}
	}
	first := []string{"Elbe", "Heide", "Marsch", "Küsten", "Förde"}
	second := []string{"Tiefbau", "Hochbau", "Gleisbau", "Gartenbau"}
	for n := 2001; b.numbers[own] < options.Contracts; n++ {
		r := draw("name", fmt.Sprint(n))
		k := b.customer(own, pick(r, "NL1", "NL2", "NL3"), n, pick(r, first...)+" "+pick(r, second...)+" GmbH")
		for range min(1+r.IntN(9), options.Contracts-b.numbers[own]) {
			b.contract(k, nil)
		}
	}
	b.leftovers()
	return b.rows
}

func (b *books) add(table string, r row) { b.rows[table] = append(b.rows[table], r) }

// draw gives a source of random numbers for one subject.
func draw(parts ...string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(strings.Join(parts, "\x00"))) // never fails (hash.Hash)
	return rand.New(rand.NewPCG(h.Sum64(), 200)) //nolint:gosec // made-up rows, nothing secret
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// german, iso and moment spell the day that lies so many days after the day of
// the books.
func german(days int) string { return Today().AddDate(0, 0, days).Format("02.01.2006") }

func iso(days int) string { return Today().AddDate(0, 0, days).Format("2006-01-02") }

func moment(days, hour, minute int) string {
	return fmt.Sprintf("%s %02d:%02d:00", iso(days), hour, minute)
}

// comma spells cents as the tables do: 1.234,50.
func comma(cents int) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	whole := fmt.Sprint(cents / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "." + whole[i:]
	}
	return fmt.Sprintf("%s%s,%02d", sign, whole, cents%100)
}

func decimal(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// kunde is one customer and the sites its contracts are for.
type kunde struct {
	company int
	branch  string
	number  int
	sites   []row
	r       *rand.Rand
}

func (b *books) customer(company int, branch string, number int, name string) *kunde {
	k := &kunde{company: company, branch: branch, number: number, r: draw("customer", fmt.Sprint(company), branch, fmt.Sprint(number))}
	b.add("Kunden", row{"Mandant": company, "NL": branch, "KdNr": number, "Firma": name, "gelöscht": "N"})
	streets := []string{"Hafenstraße", "Am Deich", "Lindenallee", "Werftweg", "Gewerbering"}
	places := [][2]string{{"20999", "Hamburg"}, {"24999", "Kiel"}, {"18999", "Rostock"}, {"25999", "Husum"}}
	for i := range 1 + k.r.IntN(3) {
		place := pick(k.r, places...)
		k.sites = append(k.sites, row{
			"Baustelle": fmt.Sprintf("BV %s Abschnitt %d", place[1], i+1), "Straße": fmt.Sprintf("%s %d", pick(k.r, streets...), 1+k.r.IntN(90)),
			"PLZ": place[0], "Ort": place[1], "Ansprechpartner": pick(k.r, "Meinert, Silke", "Öztürk, Deniz", "Voß, Jörn", "Polier"),
			"Telefon": fmt.Sprintf("040 999%04d", k.r.IntN(10000)),
		})
	}
	return k
}

// vertrag is one contract with everything that hangs on it.
type vertrag struct {
	head     row
	history  []row
	lines    []row
	facts    []row
	invoices map[string][]row // by table, heads and lines together
}

// contract makes one contract that is on rent, lets shape change it and adds it.
func (b *books) contract(k *kunde, shape func(*vertrag)) {
	b.numbers[k.company]++
	number := fmt.Sprintf("MV-26-%04d", b.numbers[k.company])
	r := k.r
	begin := -5 - r.IntN(300)
	v := &vertrag{head: maps.Clone(pick(r, k.sites...)), invoices: make(map[string][]row)}
	maps.Copy(v.head, row{
		"Mandant": k.company, "Vertrags-Nr.": number, "NL": k.branch, "KdNr": k.number, "Art": pick(r, "MV", "MV", "MV", "LE", "MK"),
		"reserviert": "N", "Beginn": german(begin), "Beginn Zeit": fmt.Sprintf("%02d:%02d", 6+r.IntN(11), 15*r.IntN(4)),
		"Rhythmus": pick(r, "T", "W", "14", "28", "M"), "Fracht hin": comma(100 * (40 + r.IntN(90))), "Fracht zurück": comma(0),
		"USt 19": comma(1900 + r.IntN(90000)), "USt 7": comma(0), "angelegt": moment(begin-2, 8+r.IntN(8), r.IntN(60)),
	})
	v.history = []row{v.state(begin-2, -1, "A", german(20+r.IntN(90)), moment(begin-2, 8, r.IntN(60)))}
	if r.IntN(2) == 0 { // prolonged once
		v.history[0]["gültig bis"] = iso(begin + 1)
		v.history = append(v.history, v.state(begin+2, -1, "A", german(120+r.IntN(90)), moment(begin+2, 9, r.IntN(60))))
	}
	for i := range 1 + r.IntN(3) {
		g := pick(r, machines...)
		v.lines = append(v.lines, row{
			"Mandant": k.company, "Vertrags-Nr.": number, "Pos": i + 1, "Geräte-Nr.": fmt.Sprintf("%s-%02d", g.code, 1+r.IntN(4)), "Gruppe": g.group,
			"Bezeichnung": g.title, "Menge": "1,00", "Betrag": comma(g.cents * (5 + r.IntN(20))), "Preis Tag": decimal(g.cents),
			"Preis Woche": decimal(g.cents * 4), "Preis Monat": decimal(g.cents * 12), "Rückgabe": "", "Abmeldung": "00.00.0000",
			"Stand": fmt.Sprintf("%d,5 h", 100+r.IntN(4000)),
		})
	}
	v.fact("Bestellnummer", fmt.Sprintf("B-%05d", r.IntN(100000)))
	v.fact("Bearbeiter", pick(r, "Antje Boysen", "Hauke Thomsen"))
	b.bill(v, r, begin)
	if shape != nil {
		shape(v)
	}
	b.add("VERTRAG", v.head)
	for _, h := range v.history {
		b.add("VERTRAG_HIST", h)
	}
	for _, l := range v.lines {
		b.add("POSITION", l)
	}
	if k.company == own { // the facts have no company: only the dealer keeps any
		for _, f := range v.facts {
			b.add("ZUSATZ", f)
		}
	}
	for _, year := range []string{"RECHNUNG_2025", "RECHNUNG_2026"} {
		for _, i := range v.invoices[year] {
			b.add(year, i)
		}
	}
}

// state is one state of a contract; with until -1 it holds without an end.
func (v *vertrag) state(from, until int, status, end, changed string) row {
	s := row{
		"Mandant": v.head["Mandant"], "Vertrags-Nr.": v.head["Vertrags-Nr."], "gültig ab": iso(from), "Status": status, "Ende": end,
		"geändert": changed,
	}
	if until != -1 {
		s["gültig bis"] = iso(until)
	}
	return s
}

func (v *vertrag) fact(field, value string) {
	v.facts = append(v.facts, row{"Tabelle": "VERTRAG", "Schlüssel": v.head["Vertrags-Nr."], "Feld": field, "Wert": value})
}

// bill makes an invoice for every third time four weeks are over, in the
// table of its year.
func (b *books) bill(v *vertrag, r *rand.Rand, begin int) {
	for from := begin; from+28 < 0; from += 84 {
		b.invoice(v, r, from, from+27)
	}
}

// invoice makes one invoice: a head, the lines and one service.
func (b *books) invoice(v *vertrag, r *rand.Rand, from, to int) {
	day := german(to)
	year := "RECHNUNG_" + day[6:]
	b.receipts[year]++
	number := fmt.Sprintf("R%05d", b.receipts[year])
	if v.head["Mandant"] == other {
		number = fmt.Sprintf("R%05d", 1+r.IntN(9)) // numbers the dealer has as well
	}
	base := row{
		"Mandant": v.head["Mandant"], "Beleg-Nr.": number, "Vertrags-Nr.": v.head["Vertrags-Nr."], "storniert": "N",
	}
	head := maps.Clone(base)
	maps.Copy(head, row{
		"Satzart": "K", "Pos": 0, "Datum": day, "von": german(from), "bis": german(to), "Art": "Mietrechnung",
		"Bestell-Nr.": v.facts[0]["Wert"], "Betrag": comma(10000 + r.IntN(900000)), "USt 19": comma(1900 + r.IntN(150000)), "USt 7": "",
		"geändert": moment(to, 18, r.IntN(60)),
	})
	v.invoices[year] = append(v.invoices[year], head)
	for _, l := range v.lines {
		line := maps.Clone(base)
		for _, name := range []string{
			"Pos", "Geräte-Nr.", "Gruppe", "Bezeichnung", "Menge", "Betrag", "Preis Tag", "Preis Woche", "Preis Monat",
		} {
			line[name] = l[name]
		}
		line["Satzart"] = "P"
		v.invoices[year] = append(v.invoices[year], line)
	}
	service := maps.Clone(base)
	maps.Copy(service, row{"Satzart": "N", "Pos": 90, "Bezeichnung": "Reinigung", "Betrag": comma(2500 + 500*r.IntN(9))})
	v.invoices[year] = append(v.invoices[year], service)
}
