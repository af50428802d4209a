package nordbau

import "fmt"

// machines are what can be rented, with the day rate in cents. The groups hang
// on the tree at different depths.
var machines = []struct {
	code, title string
	group       int
	cents       int
	maker, kind string
}{
	{"MB18", "Minibagger 1,8 t", 111, 14500, "CAT", "301.8"},
	{"MB35", "Minibagger 3,5 t", 111, 19900, "WAC", "EZ 36"},
	{"RB14", "Radbagger 14 t", 112, 52000, "ATL", "140 W"},
	{"TB12", "Teleskopbühne 12 m", 21, 16000, "HÜB", "TB-12"},
	{"SB08", "Scherenbühne 8 m", 21, 8900, "hüb", "SB-8 E"}, // somebody typed small letters
	{"RP05", "Rüttelplatte 500 kg", 31, 7400, "WAC", "DPU 65"},
	{"AG60", "Stromerzeuger 60 kVA", 41, 13900, "XYZ", ""}, // a maker in no list, no model
	{"BZ01", "Bauzaunfeld", 42, 90, "", ""},                // counted, not tracked
}

func (b *books) catalog() {
	group := func(number, above int, title, rentable string) {
		b.add("Warengruppe", row{"Nr": number, "Ober": above, "Bezeichnung": title, "mietbar": rentable})
	}
	group(1, 0, "Erdbewegung", "N")
	group(11, 1, "Bagger", "N") // in between: only what hangs on it is rented
	group(111, 11, "Minibagger", "J")
	group(112, 11, "Mobilbagger", "J")
	group(12, 1, "Radlader", "J") // straight below the top
	group(2, 0, "Höhenzugang", "N")
	group(21, 2, "Arbeitsbühnen", "J")
	group(3, 0, "Verdichtung", "N")
	group(31, 3, "Rüttelplatten", "J")
	group(32, 3, "Walzen, ausgemustert", "N")
	group(4, 0, "Baustelleneinrichtung", "N")
	group(41, 4, "Stromversorgung", "J")
	group(42, 4, "Zäune und Absperrungen", "J")
	group(5, 0, "Im Aufbau", "N")   // a top with nothing below it
	group(900, 77, "Verwaist", "J") // the group above is gone
	group(421, 42, "Zubehör Zaun", "N")

	step := func(group int, customer string, from, to any, price, id string) {
		b.add("Preisstaffel", row{"Gruppe": group, "Kunde": customer, "ab Tag": from, "bis Tag": to, "Preis": price, "Staffel": id})
	}
	for _, book := range [][2]int{{111, 14500}, {112, 52000}, {12, 31000}, {21, 16000}, {31, 7400}, {41, 13900}} {
		id := fmt.Sprintf("L%d", book[0])
		step(book[0], "", 1, 4, comma(book[1]), id)
		step(book[0], "", 5, 20, comma(book[1]*4), id)
		step(book[0], "", 21, nil, comma(book[1]*12), id) // the last step is open
	}
	// Group 42 has no price at all. Two customers have prices of their own.
	step(111, "NL2-00601", 1, 6, "120,00", "S601")
	step(111, "NL2-00601", 7, 27, "480,00", "S601")
	step(111, "NL2-00601", 28, 365, "1.400,00", "S601")
	step(21, "NL2-00601", 1, 2, "99,5", "S601")
	step(21, "NL2-00601", 3, 9, "400", "S601")
	step(21, "NL2-00601", 10, nil, "1.100,005", "S601") // half a cent too much
	step(111, "Nl1-00417", 1, 400, "1,00", "FALSCH")    // written otherwise: nobody's
	step(111, "NL1-00500", 1, nil, "110,00", "S500")    // one price for any length

	for _, m := range machines {
		if m.maker == "" {
			continue
		}
		for i := range 4 {
			g := row{
				"Geräte-Nr.": fmt.Sprintf("%s-%02d", m.code, i+1), "Hersteller": m.maker, "Typ": m.kind,
				"Serien-Nr.": fmt.Sprintf("NB%s%04d", m.code, 17*i+301), "Kaufpreis": comma(m.cents * 220),
			}
			switch i {
			case 2:
				g["Serien-Nr."] = "k. A."
			case 3:
				g["Kaufpreis"] = nil
			}
			b.add("Geräte", g)
		}
	}
	extra := func(number int, text, maker, price string) {
		b.add("Zubehör", row{"Nr": number, "Text": text, "Marke": maker, "Preis": price})
	}
	extra(3, "Tieflöffel 400 mm", "CAT", "12,00")
	extra(5, "Hydraulikhammer", "ATL", "95,50")
	extra(8, "Grabenräumlöffel", "WAC", "15,00")
	for _, z := range [][2]string{{"LI", "Lieferung"}, {"AB", "Abholung"}, {"VS", "Versicherung"}} {
		b.add("Zuschlag", row{"Kürzel": z[0], "Text": z[1]})
	}
}

func (b *books) branches() {
	for _, n := range [][7]string{
		{"NL1", "Nordbau Hamburg", "Ladestraße 4", "20999", "Hamburg", "53,5500", "10,0010"},
		{"NL2", "Nordbau Kiel", "Kanalufer 11", "24999", "Kiel", "54,3230", "10,1400"},
		{"NL3", "Nordbau Rostock", "Überseeweg 2", "18999", "Rostock", "", "k. A."},
	} {
		b.add("Niederlassung", row{
			"NL": n[0], "Name": n[1], "Straße": n[2], "PLZ": n[3], "Ort": n[4], "Breite": n[5], "Länge": n[6],
		})
	}
}
