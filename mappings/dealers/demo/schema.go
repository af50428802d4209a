package demo

import t "github.com/dealerbridge/dealerbridge/mappings/dealers/tables"

// schema is the old system. No table has a foreign key; two have a primary key;
// the rest is addressed by columns that are meant to be unique and sometimes
// are not. CO is the company: a second one, 02, lives in the same tables with
// the same numbers.
var schema = []t.Table{
	{
		Name: "CUSMAS", Indexes: [][]string{{"CO", "CUST"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Text("CUST", 10), t.Text("NAME", 80), t.Code("DELFLG", 1), t.Code("CUR", 3),
			t.Text("TEL#", 20), t.Col("OPENED", t.Day),
		},
	},
	{
		Name: "SITES", Indexes: [][]string{{"CO", "CUST", "JOB"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Code("CUST", 10), t.Text("JOB", 12), t.Text("TITLE", 160), t.Text("ADDR1", 60), t.Text("ADDR2", 60),
			t.Text("CITY", 40), t.Code("ST", 2), t.Code("ZIP", 10), t.Code("CTRY", 3), t.Text("GEO", 40), t.Text("CONTACT", 60),
			t.Text("TEL#", 20), t.Col("OPENFL", t.Flag), t.Col("CHGUX", t.Integer),
		},
	},
	{
		Name: "RENTAL", Indexes: [][]string{{"CO", "CONNO"}, {"CO", "CUST"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Text("CONNO", 12), t.Code("STAT", 1), t.Code("KIND", 2), t.Code("CUST", 10), t.Text("JOB", 12),
			t.Code("BRCH", 4), t.Text("ORDER", 30), t.Col("FROM", t.Moment), t.Col("DUE", t.Day), t.Col("THRU", t.Integer),
			t.Code("CYCLE", 2), t.Col("BILLCT", t.Integer), t.Text("SLSMN", 6), t.Code("PAYCD", 2), t.Text("PICKBY", 60),
			t.Text("PICK TEL", 20), t.Text("SIGNBY", 80), t.Code("CUR", 3), t.Text("DIVN", 12), t.Col("DLVY", t.Amount),
			t.Col("PKUP", t.Amount), t.Col("CHG", t.Stamp),
		},
	},
	{
		Name: "RENTLN", Indexes: [][]string{{"CO", "CONNO"}, {"CO", "CUST", "JOB"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Text("CONNO", 12), t.Col("SEQ", t.Integer), t.Code("TYPE", 2), t.Code("CUST", 10), t.Text("JOB", 12),
			t.Text("UNIT", 16), t.Text("CLASS", 8), t.Text("DESC", 200), t.Col("QTY", t.Cents), t.Text("AMT", 16), t.Col("DAYRT", t.Amount),
			t.Col("WEEKRT", t.Amount), t.Col("MONRT", t.Amount), t.Col("OUTDT", t.Moment), t.Col("COFFD", t.Integer), t.Col("COFFT", t.Integer),
			t.Text("COFF#", 20), t.Col("RETDT", t.Day), t.Col("ATTSEQ", t.Integer), t.Text("METER OUT", 20), t.Code("CUR", 3),
			t.Col("DELFLG", t.Flag), t.Col("CHGD", t.Integer), t.Col("CHGT", t.Integer),
		},
	},
	{
		Name: "EQPMAS", Charset: "utf8mb4", Indexes: [][]string{{"CO", "UNIT"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Text("UNIT", 16), t.Text("SERIAL", 30), t.Text("MAKE", 12), t.Text("MODEL", 40), t.Text("CLASS", 8),
			t.Col("TAG", t.BigSerial), t.Col("PRICE", t.Amount), t.Col("UPDATED", t.Moment),
		},
	},
	{
		Name: "CLSMAS", Indexes: [][]string{{"CO", "CODE"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Text("CODE", 8), t.Code("CAT", 4), t.Text("TEXT", 140), t.Code("DELFLG", 1),
		},
	},
	{
		Name: "CODES", Charset: "utf8mb4", Indexes: [][]string{{"CO", "TYPE", "CODE"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Code("TYPE", 4), t.Text("CODE", 8), t.Text("TEXT", 60), t.Text("TEXT2", 60),
		},
	},
	{
		Name: "PRICES", Indexes: [][]string{{"CO", "CLASS"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Text("CLASS", 8), t.Code("CUST", 10), t.Col("DAYS", t.Integer), t.Col("PRICE", t.Amount),
			t.Text("TABLE", 12), t.Col("CHG", t.Moment),
		},
	},
	{
		Name: "TAXES", Indexes: [][]string{{"CO", "CONNO"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Text("CONNO", 12), t.Col("SEQ", t.Integer), t.Text("TEXT", 40), t.Col("AMT", t.Cents),
		},
	},
	{
		Name: "INVHDR", Indexes: [][]string{{"CO", "CUST"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Col("INVNO", t.Integer), t.Col("SEQ", t.Integer), t.Code("CUST", 10), t.Text("CONNO", 12), t.Text("JOB", 12),
			t.Text("IDATE", 10), t.Text("FROM", 10), t.Text("TO", 10), t.Text("TYPE", 20), t.Text("ORDER", 30), t.Text("TOTAL", 16),
			t.Code("CUR", 3), t.Col("ENVFEE", t.Amount), t.Col("DLVY", t.Amount), t.Col("TAXST", t.Amount), t.Col("TAXCO", t.Amount),
			t.Col("VOIDFL", t.Flag), t.Col("CHG", t.Moment),
		},
	},
	{
		Name: "INVLN", Indexes: [][]string{{"CO", "INVNO", "SEQ"}},
		Columns: []t.Column{
			t.Code("CO", 2), t.Col("INVNO", t.Integer), t.Col("SEQ", t.Integer), t.Col("LINE", t.Integer), t.Code("TYPE", 2),
			t.Text("CONNO", 12), t.Col("CSEQ", t.Integer), t.Text("UNIT", 16), t.Text("CLASS", 8), t.Text("DESC", 200),
			t.Col("QTY", t.Cents), t.Col("AMT", t.Cents), t.Col("DAYRT", t.Amount), t.Col("WEEKRT", t.Amount), t.Col("MONRT", t.Amount),
			t.Code("CUR", 3),
		},
	},
	{
		Name: "BRANCH", Primary: []string{"CO", "CODE"},
		Columns: []t.Column{
			t.Code("CO", 2), t.Code("CODE", 4), t.Text("NAME", 60), t.Text("ADDR1", 60), t.Text("CITY", 40), t.Code("ST", 2),
			t.Code("ZIP", 10), t.Code("CTRY", 3), t.Text("GEO", 40), t.Code("DELFLG", 1),
		},
	},
	{
		Name: "SCANS", Primary: []string{"CO", "INVNO", "SEQ"},
		Columns: []t.Column{
			t.Code("CO", 2), t.Col("INVNO", t.Integer), t.Col("SEQ", t.Integer), t.Col("PDF", t.Blob), t.Col("ADDED", t.Stamp),
		},
	},
	{
		Name: "CUST NOTES", // a blank in a table's name
		Columns: []t.Column{
			t.Code("CO", 2), t.Code("CUST", 10), t.Text("NOTE", 200), t.Col("MADE", t.Moment), t.Col("SEEN", t.Moment),
		},
	},
	{
		Name: "ZZWORK2", // left behind by somebody's report, read by nobody
		Columns: []t.Column{
			t.Text("F1", 20), t.Text("F2", 20), t.Col("F3", t.Blob),
		},
	},
}
