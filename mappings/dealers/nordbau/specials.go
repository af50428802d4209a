package nordbau

import "maps"

// specials are the customers that each show something. The comment says what.
func (b *books) specials() {
	plain := func(branch string, number, contracts int, name string) {
		k := b.customer(own, branch, number, name)
		for range contracts {
			b.contract(k, nil)
		}
	}
	plain("NL1", 417, 12, "Alster Rohrleitungsbau GmbH")
	plain("NL2", 417, 3, "Namensvetter aus Kiel KG") // the same number in another branch
	plain("NL1", 3, 4, "Drei Nullen Bau")            // zeros in front
	plain("NL3", 12345, 2, "Fünfstellig & Söhne")
	b.over()
	b.versions()
	b.addresses()
	b.extras()
	b.facts()
	b.unreadable()
	b.charges()
	b.prices()
	b.years()
	b.deleted()
}

// over: everything came back or was never more than an offer.
func (b *books) over() {
	k := b.customer(own, "NL3", 9, "Vorbei OHG")
	b.contract(k, func(v *vertrag) { v.history[len(v.history)-1]["Status"] = "B" })
	b.contract(k, func(v *vertrag) { v.history[len(v.history)-1]["Status"] = "S" })
	b.contract(k, func(v *vertrag) {
		for _, l := range v.lines {
			l["Rückgabe"] = german(-3)
		}
	})
	b.contract(k, func(v *vertrag) { v.history = nil }) // no state at all
	b.contract(k, func(v *vertrag) { v.lines = nil })
}

// versions: states that hold up to yesterday, from today, from tomorrow, to the
// end of time.
func (b *books) versions() {
	k := b.customer(own, "NL1", 500, "Geschichte & Co.")
	history := func(states ...row) {
		b.contract(k, func(v *vertrag) {
			v.history = nil
			for _, s := range states {
				s["Mandant"], s["Vertrags-Nr."] = v.head["Mandant"], v.head["Vertrags-Nr."]
				v.history = append(v.history, s)
			}
		})
	}
	state := func(from string, to any, status, end string) row {
		return row{"gültig ab": from, "gültig bis": to, "Status": status, "Ende": end, "geändert": from + " 07:30:00"}
	}
	history(state(iso(-90), "9999-12-31", "A", german(30)))                                     // "for ever"
	history(state(iso(-90), iso(-1), "A", german(-1)), state(iso(0), nil, "A", "31.12.9999"))   // prolonged today, open end
	history(state(iso(-90), iso(0), "A", german(0)), state(iso(1), nil, "B", german(0)))        // ends tonight
	history(state(iso(-90), iso(-1), "R", german(5)), state(iso(0), iso(9), "A", "00.00.0000")) // reserved until yesterday
	history(state(iso(-90), iso(-1), "A", german(5)), state(iso(3), nil, "A", german(50)))      // a hole: not active today
	history(state(iso(2), nil, "A", german(50)))                                                // not begun to hold
	history(state(iso(-400), iso(-200), "A", german(-200)), state(iso(-199), iso(-20), "B", german(-20)),
		state(iso(-19), nil, "A", german(40))) // closed and opened again
	b.contract(k, func(v *vertrag) { // reserved
		v.head["reserviert"], v.head["Beginn"], v.head["Beginn Zeit"] = "J", german(10), ""
		v.history = []row{v.state(-1, -1, "R", german(60), moment(-1, 11, 5))}
	})
}

// addresses: the same site in several spellings, and none at all.
func (b *books) addresses() {
	k := b.customer(own, "NL1", 501, "Viele Baustellen AG")
	at := func(name, street, code, place any) {
		b.contract(k, func(v *vertrag) {
			v.head["Baustelle"], v.head["Straße"], v.head["PLZ"], v.head["Ort"] = name, street, code, place
		})
	}
	at("BV Speicher", "Große Elbstraße 145", "22999", "Hamburg")
	at("Speicher, Nordseite", "GROSSE ELBSTRASSE 145", "22999", "HAMBURG") // the same site
	at("BV Speicher", " Große  Elbstraße 145 ", "22999", "Hamburg ")       // and again
	at("BV Speicher", "Große Elbstraße 146", "22999", "Hamburg")           // the house next to it
	at("", "Am Kai", "22999", "Hamburg")                                   // goes by its street
	at(nil, nil, "", nil)                                                  // nowhere
	at("Ein Name, der für das Feld der Schnittstelle zu lang ist, weil jemand die ganze Wegbeschreibung hineingeschrieben hat", "Deich 1", "25999", "Husum")
}

// extras: lists in columns, as text and as JSON.
func (b *books) extras() {
	k := b.customer(own, "NL1", 502, "Listenreich Bau")
	with := func(extra, charges, costs any) {
		b.contract(k, func(v *vertrag) {
			v.head["Zubehör"], v.head["Zuschläge"], v.head["Nebenkosten"] = extra, charges, costs
		})
	}
	with("3;5;", "LI:120,50;AB:80,00;", `[{"text":"Diesel","betrag":"40,10"},{"text":"Kran","betrag":"1.250,00"}]`)
	with("8", "LI:60,00", `[]`)
	with(";3;;8; ", "", `[{"text":"Diesel","betrag":12.5},{"text":"Diesel","betrag":"7,50"}]`) // holes, numbers, one name twice
	with("", "ZZ:10,00;LI:0,00", nil)                                                          // a charge without a name, one of nothing
	with("3;99;", "VS:-5,00;VS:5,00", "")                                                      // an extra that is in no table, a charge taken back
	with("", "", `[{"text":"Die`)                                                              // cut off: no list at all
	with(nil, nil, nil)
}

// facts: rows instead of columns, some missing, some empty.
func (b *books) facts() {
	k := b.customer(own, "NL1", 503, "Faktenlage GmbH")
	b.contract(k, func(v *vertrag) { v.facts = nil })
	b.contract(k, func(v *vertrag) { v.facts[0]["Wert"] = "  " })
	b.contract(k, func(v *vertrag) {
		v.fact("Abholer", "Frau Ünal")
		v.fact("Zahlart", "Lastschrift")
		v.fact("Kostenstelle", "4711")
	})
	b.contract(k, func(v *vertrag) { // the same key of another table
		v.facts = append(v.facts, row{"Tabelle": "ANGEBOT", "Schlüssel": v.head["Vertrags-Nr."], "Feld": "Abholer", "Wert": "niemand"})
	})
}

// unreadable: what cannot be sent, one of each kind.
func (b *books) unreadable() {
	k := b.customer(own, "NL1", 504, "Tippfehler Bau")
	b.contract(k, nil)
	b.contract(k, func(v *vertrag) { v.head["Art"] = "ZZ" })
	b.contract(k, func(v *vertrag) { v.head["Beginn"] = "31.02.2026" })
	b.contract(k, func(v *vertrag) { v.lines[0]["Betrag"] = "auf Anfrage" })
	b.contract(k, func(v *vertrag) { v.head["reserviert"] = "?" })
	b.contract(k, func(v *vertrag) { v.head["Rhythmus"] = "9" }) // has no word and is left out alone
	b.contract(k, func(v *vertrag) { v.lines[0]["Geräte-Nr."], v.lines[0]["Menge"] = "", "12,00" })
	b.contract(k, func(v *vertrag) { v.head["Beginn"], v.head["Beginn Zeit"] = "29.03.2026", "02:30" }) // an hour the clocks left out
}

// charges: fees that add up, taxes in columns.
func (b *books) charges() {
	k := b.customer(own, "NL2", 600, "Summe & Rest")
	b.contract(k, func(v *vertrag) { v.head["Fracht hin"], v.head["Fracht zurück"] = "75,00", "75,00" })
	b.contract(k, func(v *vertrag) { v.head["Fracht hin"], v.head["Fracht zurück"] = "75,00", "-75,00" })
	b.contract(k, func(v *vertrag) { v.head["Fracht hin"], v.head["Zuschläge"] = "20,00", "LI:80,00" })
	b.contract(k, func(v *vertrag) { v.head["USt 19"], v.head["USt 7"] = "", "7,00" })
	b.contract(k, func(v *vertrag) { v.head["USt 19"], v.head["USt 7"] = "0,00", nil })
	b.contract(k, func(v *vertrag) {
		v.lines[0]["Rückgabe"], v.lines = german(-2), append(v.lines, copyLine(v.lines[0], 77))
	})
	b.contract(k, func(v *vertrag) { v.lines[0]["Abmeldung"], v.lines[0]["Abmeldung Zeit"] = german(-1), "16:45" })
}

func copyLine(line row, pos int) row {
	again := maps.Clone(line)
	again["Pos"], again["Rückgabe"] = pos, nil
	return again
}

// prices: a customer with a price list of its own; see the catalog.
func (b *books) prices() {
	k := b.customer(own, "NL2", 601, "Rahmenvertrag Küste")
	for range 3 {
		b.contract(k, nil)
	}
}

// years: invoices of both years, with numbers that occur in both.
func (b *books) years() {
	k := b.customer(own, "NL1", 602, "Jahreswechsel Bau")
	for n := range 6 {
		b.contract(k, func(v *vertrag) {
			for from := -330 + n; from < -28; from += 84 {
				b.invoice(v, k.r, from, from+27)
			}
			heads := func(year string) (all []row) {
				for _, i := range v.invoices[year] {
					if i["Satzart"] == "K" {
						all = append(all, i)
					}
				}
				return all
			}
			switch n {
			case 1:
				heads("RECHNUNG_2025")[0]["storniert"] = "J"
			case 2:
				heads("RECHNUNG_2026")[0]["Datum"] = "30.02.2026" // cannot be sent; stands last
			case 3:
				h := heads("RECHNUNG_2026")[0]
				h["von"], h["bis"], h["Bestell-Nr."] = "", nil, "k. A."
			case 4:
				heads("RECHNUNG_2025")[0]["Betrag"] = "-1.250,00"
			case 5:
				heads("RECHNUNG_2026")[0]["USt 7"] = "3,50"
			}
		})
	}
}

// deleted: a customer that is not served any more.
func (b *books) deleted() {
	k := b.customer(own, "NL1", 999, "Gelöscht & weg")
	last := b.rows["Kunden"][len(b.rows["Kunden"])-1]
	last["gelöscht"] = "J"
	b.contract(k, nil)
	// Two customers of one number, and one without a branch.
	b.customer(own, "NL1", 700, "Doppelt, die erste")
	b.customer(own, "NL1", 700, "Doppelt, die zweite")
	b.add("Kunden", row{"Mandant": own, "NL": nil, "KdNr": 417, "Firma": "Ohne Niederlassung", "gelöscht": "N"})
}

// leftovers are rows that lost what they belonged to.
func (b *books) leftovers() {
	b.add("POSITION", row{
		"Mandant": own, "Vertrags-Nr.": "MV-00-0000", "Pos": 1, "Gruppe": 111, "Bezeichnung": "Ohne Vertrag", "Menge": "1,00", "Betrag": "1,00",
	})
	b.add("RECHNUNG_2026", row{
		"Mandant": own, "Beleg-Nr.": "R99999", "Satzart": "K", "Vertrags-Nr.": "MV-00-0000", "Datum": german(-9), "Betrag": "9,00",
		"storniert": "N", "Pos": 0,
	})
	b.add("ZUSATZ", row{"Tabelle": "VERTRAG", "Schlüssel": "MV-00-0000", "Feld": "Abholer", "Wert": "niemand"})
}
