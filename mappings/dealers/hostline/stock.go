package hostline

import "fmt"

// classes are what can be rented, with the day rate in cents.
var classes = []struct {
	code, title string
	cents       int
	maker       string
	models      string
	categories  []string
}{
	{"EX08", "EXCAVATOR 8 TON", 31500, "CAT", "308", []string{"DIRT"}},
	{"SK65", "SKID STEER 65 HP", 22500, "BOB", "S-65", []string{"DIRT", "YARD"}}, // a class in two categories
	{"TH10", "TELEHANDLER 10K", 36000, "JLG", "TL-1055", []string{"LIFT", "LIFT"}},
	{"SL26", "SCISSOR LIFT 26 FT", 10500, "JLG", "SJ-26", []string{"LIFT"}},
	{"GN45", "GENERATOR 45 KVA", 14500, "CAT", "XQ45", []string{"POWR"}},
	{"LT20", "LIGHT TOWER", 9900, "QQQ", "", []string{"POWR", "YARD", "YARD"}}, // a maker without a text
	{"BR10", "BARRICADE", 150, "", "", []string{"YARD"}},                       // counted, not tracked
}

func (b *books) codes(company string) {
	for _, c := range [][3]string{
		{"CAT", "DIRT", "DIRT MOVING"},
		{"CAT", "LIFT", "LIFTS"},
		{"CAT", "POWR", "POWER & LIGHT"},
		{"CAT", "YARD", "YARD GEAR"},
		{"CAT", "EMTY", "NOTHING YET"},
		{"MFR", "CAT", "CATERPILLAR, INC"},
		{"MFR", "BOB", "BOBTRACK"},
		{"MFR", "JLG", "JUPITER LIFT GROUP"},
		{"SLS", "101", "DANA WHITEHORSE"},
		{"SLS", "102", "IVO PRZYBYLSKI"},
		{"LOC", "101", "NOT A SALESMAN"}, // the type belongs to the key
	} {
		text := c[2]
		if company == other && c[0] == "SLS" {
			text = "NOT OURS"
		}
		b.add(company, "CODES", row{"TYPCD": c[0], "CODE": c[1], "CODTXT": text})
	}
}

func (b *books) fleet(company string) {
	for n, cl := range classes {
		b.add(company, "CLSMST", row{
			"CLS#": cl.code, "CLSTXT": cl.title, "DAYRT": printed(cl.cents), "WEKRT": printed(cl.cents * 4), "MTHRT": printed(cl.cents * 11), "DELCD": "",
		})
		for i, category := range cl.categories {
			b.add(company, "CATCLS", row{"CAT#": category, "CLS#": cl.code, "SEQ#": 10*n + i})
		}
		for i := range 4 {
			if cl.maker == "" {
				continue
			}
			e := row{
				"UNIT#": fmt.Sprintf("%s%02d", cl.code, i+1), "MFRCD": cl.maker, "MODEL": cl.models, "SERIAL": fmt.Sprintf("HL%s%04d", cl.code, 31*i+207),
				"CSTAMT": printed(cl.cents * 300),
			}
			if i == 3 {
				e["SERIAL"], e["CSTAMT"] = "NONE", nil
			}
			b.add(company, "EQPMST", e)
		}
	}
	b.add(company, "CLSMST", row{"CLS#": "OLD1", "CLSTXT": "RETIRED", "DAYRT": "1.00", "DELCD": "D"})
	b.add(company, "CATCLS", row{"CAT#": "DIRT", "CLS#": "OLD1", "SEQ#": 900}) // deleted: not shown
	b.add(company, "CLSMST", row{"CLS#": "FREE", "CLSTXT": "LOANER WITHOUT A RATE", "DAYRT": "", "WEKRT": nil, "MTHRT": "", "DELCD": ""})
	b.add(company, "CATCLS", row{"CAT#": "YARD", "CLS#": "FREE", "SEQ#": 910})
	b.add(company, "CATCLS", row{"CAT#": "YARD", "CLS#": "LOST", "SEQ#": 920}) // a class that is in no file
}
