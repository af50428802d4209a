package nordbau

import t "github.com/dealerbridge/dealerbridge/mappings/dealers/tables"

// position are the columns a line has on a contract and on an invoice alike.
// Amounts are texts with a decimal comma, days are texts like 31.12.2026; only
// the later added price columns are real decimals.
func position(columns ...t.Column) []t.Column {
	return append(columns,
		t.Col("Pos", t.Integer), t.Text("Geräte-Nr.", 16), t.Col("Gruppe", t.Integer), t.Text("Bezeichnung", 160),
		t.Text("Menge", 10), t.Text("Betrag", 16), t.Col("Preis Tag", t.Cents), t.Col("Preis Woche", t.Cents), t.Col("Preis Monat", t.Cents),
	)
}

// invoices is the table of one year. Head (Satzart K), lines (P) and services
// (N) stand in it together; numbers begin anew each year.
func invoices(name string) t.Table {
	return t.Table{
		Name: name, Charset: "utf8mb4", Indexes: [][]string{{"Vertrags-Nr."}, {"Beleg-Nr."}},
		Columns: position(
			t.Col("Mandant", t.Integer), t.Text("Beleg-Nr.", 12), t.Code("Satzart", 1), t.Text("Vertrags-Nr.", 12), t.Text("Datum", 10),
			t.Text("von", 10), t.Text("bis", 10), t.Text("Art", 20), t.Text("Bestell-Nr.", 30), t.Text("USt 19", 16), t.Text("USt 7", 16),
			t.Code("storniert", 1), t.Col("geändert", t.Moment),
		),
	}
}

// schema is the old system. Mandant is the company: 1 is the dealer's, 2 another
// one's with the same numbers.
var schema = []t.Table{
	{
		Name: "Kunden", Indexes: [][]string{{"NL", "KdNr"}},
		Columns: []t.Column{
			t.Col("Mandant", t.Integer), t.Code("NL", 3), t.Col("KdNr", t.Integer), t.Text("Firma", 80), t.Code("gelöscht", 1),
		},
	},
	{
		Name: "Niederlassung", Charset: "utf8mb4", Primary: []string{"NL"},
		Columns: []t.Column{
			t.Code("NL", 3), t.Text("Name", 60), t.Text("Straße", 60), t.Text("PLZ", 5), t.Text("Ort", 40), t.Text("Breite", 12), t.Text("Länge", 12),
		},
	},
	{
		Name: "VERTRAG", Primary: []string{"Mandant", "Vertrags-Nr."}, Indexes: [][]string{{"NL", "KdNr"}},
		Columns: []t.Column{
			t.Col("Mandant", t.Integer), t.Text("Vertrags-Nr.", 12), t.Code("NL", 3), t.Col("KdNr", t.Integer), t.Code("Art", 2),
			t.Code("reserviert", 1), t.Text("Beginn", 10), t.Text("Beginn Zeit", 5), t.Code("Rhythmus", 2), t.Text("Baustelle", 120),
			t.Text("Straße", 60), t.Text("PLZ", 5), t.Text("Ort", 40), t.Text("Ansprechpartner", 60), t.Text("Telefon", 20),
			t.Text("Zubehör", 40), t.Text("Zuschläge", 80), t.Text("Nebenkosten", 400), t.Text("Fracht hin", 16), t.Text("Fracht zurück", 16),
			t.Text("USt 19", 16), t.Text("USt 7", 16), t.Col("angelegt", t.Moment),
		},
	},
	{
		// What changes about a contract, each state with the days it holds for.
		Name: "VERTRAG_HIST", Indexes: [][]string{{"Vertrags-Nr."}},
		Columns: []t.Column{
			t.Col("Mandant", t.Integer), t.Text("Vertrags-Nr.", 12), t.Col("gültig ab", t.Day), t.Col("gültig bis", t.Day), t.Code("Status", 1),
			t.Text("Ende", 10), t.Col("geändert", t.Moment),
		},
	},
	{
		Name: "POSITION", Indexes: [][]string{{"Vertrags-Nr."}},
		Columns: position(
			t.Col("Mandant", t.Integer), t.Text("Vertrags-Nr.", 12), t.Text("Rückgabe", 10), t.Text("Abmeldung", 10),
			t.Text("Abmeldung Zeit", 5), t.Text("Stand", 16),
		),
	},
	{
		Name: "Geräte", Charset: "utf8mb4", Primary: []string{"Geräte-Nr."},
		Columns: []t.Column{
			t.Text("Geräte-Nr.", 16), t.Text("Hersteller", 8), t.Text("Typ", 40), t.Text("Serien-Nr.", 30), t.Text("Kaufpreis", 16),
		},
	},
	{
		Name: "Zubehör", Primary: []string{"Nr"},
		Columns: []t.Column{t.Col("Nr", t.Integer), t.Text("Text", 60), t.Text("Marke", 8), t.Text("Preis", 16)},
	},
	{
		Name:    "Zuschlag",
		Columns: []t.Column{t.Code("Kürzel", 4), t.Text("Text", 60)},
	},
	{
		// Product groups as a tree: Ober is the group above, 0 at the top.
		Name: "Warengruppe", Charset: "utf8mb4", Primary: []string{"Nr"},
		Columns: []t.Column{t.Col("Nr", t.Integer), t.Col("Ober", t.Integer), t.Text("Bezeichnung", 120), t.Code("mietbar", 1)},
	},
	{
		// Prices by length of rent, from day to day; without a customer they are
		// the book's.
		Name: "Preisstaffel", Indexes: [][]string{{"Gruppe"}},
		Columns: []t.Column{
			t.Col("Gruppe", t.Integer), t.Text("Kunde", 12), t.Col("ab Tag", t.Integer), t.Col("bis Tag", t.Integer), t.Text("Preis", 16),
			t.Text("Staffel", 12),
		},
	},
	{
		// Whatever had no column: one row a fact.
		Name: "ZUSATZ", Indexes: [][]string{{"Tabelle", "Schlüssel"}},
		Columns: []t.Column{t.Text("Tabelle", 20), t.Text("Schlüssel", 20), t.Text("Feld", 20), t.Text("Wert", 200)},
	},
	invoices("RECHNUNG_2025"),
	invoices("RECHNUNG_2026"),
}
