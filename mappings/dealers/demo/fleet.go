package demo

import "fmt"

// categories, their groups (rental classes) and the day rate of each in cents.
var categories = []struct {
	code, title string
	classes     []class
}{
	{"EART", "Earthmoving", []class{
		{"MX17", "Mini excavator 1.7 t", 18500, []string{"301.7", "MX-17"}},
		{"MX35", "Mini excavator 3.5 t", 24900, []string{"303.5", "E35 Plus"}},
		{"EX20", "Excavator 20 t", 78000, []string{"320", "EX-200"}},
		{"SK06", "Skid steer loader 0.6 m³", 21000, []string{"226D3", "S-65"}},
		{"WL18", "Wheel loader 1.8 m³", 52000, []string{"918", "WL-18"}},
		{"DZ09", "Dozer 9 t", 61000, []string{"D3", "DZ-9"}},
	}},
	{"LIFT", "Lifting & access", []class{
		{"SL19", "Scissor lift 19 ft", 9500, []string{"SJ-1930", "GS-19"}},
		{"BM45", "Boom lift 45 ft", 27500, []string{"450A", "Z-45"}},
		{"TH40", "Telehandler 4 t", 33000, []string{"TH408", "TL-40"}},
	}},
	{"COMP", "Compaction", []class{
		{"PL05", "Plate compactor", 6500, []string{"VP-5", "BP 18"}},
		{"RO25", "Tandem roller 2.5 t", 19900, []string{"CB2.5", "TR-25"}},
		{"TR60", "Trench rammer 60 kg", 5900, []string{"RX-60"}},
	}},
	{"POWR", "Power & light", []class{
		{"GN20", "Generator 20 kVA", 11000, []string{"XQ20", "G-20S"}},
		{"GN99", "Generator 100 kVA", 29500, []string{"XQ100"}},
		{"LT06", "Light tower 6 m", 8800, []string{"LT-6 LED"}},
		{"CP07", "Compressor 7 m³/min", 12500, []string{"C7-D"}},
	}},
	{"PUMP", "Pumps", []class{
		{"PU03", "Dewatering pump 3 in", 4900, []string{"DP-3"}},
		{"PU06", "Dewatering pump 6 in", 9900, []string{"DP-6"}},
	}},
	{"SITE", "Site equipment", []class{
		{"FN01", "Fence panel", 90, nil}, // counted, not tracked by unit
		{"BR01", "Traffic barrier", 250, nil},
		{"HT30", "Heater 30 kW", 3900, []string{"H-30"}},
		// A title longer than the API allows, with letters of more than one byte around the limit.
		{"XT01", "Trench safety package for deep narrow trenches: two end plates, four side plates, façade " +
			"déjà équipée, spreaders and chains", 15500, []string{"TS-4"}},
	}},
}

type class struct {
	code, title string
	cents       int64
	models      []string
}

var makeCodes = []string{"CAT", "cat", "KOM", "BOB", "JLG", "GEN", "WCK", "ATL"}

// codes fills the code table and the branches, for both companies.
func (g *maker) codes() {
	for _, co := range []string{own, other} {
		for _, c := range categories {
			g.add("CODES", row{"CO": co, "TYPE": "CAT", "CODE": c.code, "TEXT": c.title})
		}
		for _, s := range [][3]string{
			{"HB", "Hollis", "Brandt"}, {"MO", "Maren", "Okafor"}, {"TJ", "Tomás", "Jiménez"}, {"W1", "Walk-in", ""}, {"XX", "", ""},
		} {
			g.add("CODES", row{"CO": co, "TYPE": "SLSM", "CODE": s[0], "TEXT": s[1], "TEXT2": s[2]})
		}
	}
	// The code HB also exists as another type: the type belongs to the key.
	g.add("CODES", row{"CO": own, "TYPE": "HOLD", "CODE": "HB", "TEXT": "Held by branch"})

	branch := func(co, code, name, addr, city, st, zip, ctry, geo string, deleted any) {
		g.add("BRANCH", row{
			"CO": co, "CODE": code, "NAME": name, "ADDR1": addr, "CITY": city, "ST": st, "ZIP": zip,
			"CTRY": ctry, "GEO": geo, "DELFLG": deleted,
		})
	}
	branch(own, "MAIN", "Prairie Line, main yard", "4100 Grain Belt Road", "Elmspring", "IL", "60999", "USA", "41.5210,-88.0833", "")
	branch(own, "NORT", "Prairie Line North", "18 Depot Street", "Harlow Falls", "WI", "53999", "USA", "43.0712,-89.4011", "")
	branch(own, "RIVR", "Prairie Line Riverside", "700 Levee Drive", "Port Amity", "IA", "52999", "", "N/A", " ")
	branch(own, "CANA", "Prairie Line Canada", "22 Elevator Row", "Saint-Clet-des-Blés", "MB", "R9Z 9Z9", "CAN", "49.8951, -97.1384", nil)
	branch(own, "OLD1", "Closed yard", "1 Siding", "Elmspring", "IL", "60999", "USA", "", "D") // soft delete
	branch(other, "MAIN", "Somebody else's yard", "9 Fenceline", "Dunmore", "OH", "44999", "USA", "", "")
}

// fleet fills classes, equipment and book prices, for both companies.
func (g *maker) fleet() {
	for _, co := range []string{own, other} {
		r := draw("fleet", co)
		for _, cat := range categories {
			for _, cl := range cat.classes {
				g.add("CLSMAS", row{"CO": co, "CODE": cl.code, "CAT": cat.code, "TEXT": cl.title, "DELFLG": ""})
				g.prices[cl.code] = cl.cents
				if co == own {
					g.carried = append(g.carried, cl.code)
				}
				g.bookPrices(co, cl)
				for i := range len(cl.models) * 9 {
					unit := fmt.Sprintf("%s-%03d", cl.code, i+1)
					g.units[co+cl.code] = append(g.units[co+cl.code], unit)
					e := row{
						"CO": co, "UNIT": unit, "SERIAL": fmt.Sprintf("ZZ%s%05d", cl.code, 100+r.IntN(90000)),
						"MAKE": pick(r, makeCodes...), "MODEL": cl.models[i%len(cl.models)], "CLASS": cl.code,
						"PRICE": dec8(cl.cents * int64(200+r.IntN(60))), "UPDATED": g.moment(-r.IntN(700), 9, r.IntN(60), 0),
					}
					switch {
					case i == 3:
						e["SERIAL"] = "" // falls back to the tag
						// An unsigned number beyond 2^63; as text because no driver takes it otherwise.
						e["TAG"] = fmt.Sprint(uint64(18446744073709551615) - uint64(r.IntN(1000)))
					case i == 4:
						e["SERIAL"], e["TAG"] = nil, nil
					case i == 5:
						e["MAKE"] = "ZZQ" // a make that is in no list
					case i == 6:
						e["MODEL"] = ""
					}
					g.add("EQPMAS", e)
					if i%7 == 2 { // duplicate equipment rows: the latest counts
						g.add("EQPMAS", row{
							"CO": co, "UNIT": unit, "SERIAL": "OLD-" + unit, "MAKE": "KOM", "MODEL": "before overhaul",
							"CLASS": cl.code, "UPDATED": g.moment(-900-i, 9, 0, 0),
						})
						g.add("EQPMAS", row{"CO": co, "UNIT": unit, "SERIAL": "NEVER", "CLASS": cl.code}) // no stamp at all
					}
				}
			}
		}
	}
	g.add("CODES", row{"CO": own, "TYPE": "CAT", "CODE": "NONE", "TEXT": "Nothing in it yet"})
	g.add("CLSMAS", row{"CO": own, "CODE": "GONE", "CAT": "EART", "TEXT": "Retired class", "DELFLG": "D"})
	g.add("CLSMAS", row{"CO": own, "CODE": "ORPH", "CAT": "NOPE", "TEXT": "Class of a category that is gone", "DELFLG": ""})
	g.add("CLSMAS", row{"CO": own, "CODE": "FREE", "CAT": "SITE", "TEXT": "Loan item without a price", "DELFLG": nil})
}

// bookPrices are rows without a customer: per day, per week, and per month as 28
// or as 30 days.
func (g *maker) bookPrices(co string, cl class) {
	month := 28
	if cl.cents%2 == 1 || cl.code == "GN99" {
		month = 30
	}
	for _, p := range []struct {
		days  int
		cents int64
	}{{1, cl.cents}, {7, cl.cents * 4}, {month, cl.cents * 11}} {
		if cl.code == "HT30" && p.days == 7 {
			continue // no weekly price: the member stays without amount
		}
		g.add("PRICES", row{
			"CO": co, "CLASS": cl.code, "CUST": "", "DAYS": p.days, "PRICE": dec8(p.cents), "TABLE": "BOOK",
			"CHG": g.moment(-400, 8, 0, 0),
		})
	}
}

// customerPrice is one row of a customer's own rates.
func (g *maker) customerPrice(co, cust, class string, days int, price, changed any) {
	g.add("PRICES", row{
		"CO": co, "CLASS": class, "CUST": cust, "DAYS": days, "PRICE": price, "TABLE": "C" + cust, "CHG": changed,
	})
}
