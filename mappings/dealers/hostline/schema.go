package hostline

import t "github.com/dealerbridge/dealerbridge/mappings/dealers/tables"

// file is one of the host's files: every one begins with the company.
func file(name string, columns ...t.Column) t.Table {
	return t.Table{Name: name, Columns: append([]t.Column{t.Code("CMP#", 2)}, columns...)}
}

func number(name string) t.Column { return t.Col(name, t.Integer) }

// amount is an amount as the host prints it: 1250.00-.
func amount(name string) t.Column { return t.Text(name, 12) }

// schema is the copy of the host's files. There are no keys and no indexes but
// one, which somebody added when a report was slow. Days are CYYMMDD (1260615 is
// 2026-06-15), times HHMM, both without the zeros in front.
var schema = []t.Table{
	file("CUSMST", number("CUS#"), t.Text("CUSNAM", 60), t.Code("DELCD", 1), t.Code("CURCD", 3)),
	file("CUSCTC", number("CUS#"), t.Text("CTCNAM", 60), t.Text("CTCTEL", 20), number("UPDDAT"), number("UPDTIM")),
	file("CONHDR",
		number("CON#"), number("CUS#"), t.Code("CONTYP", 2), t.Code("LOC#", 4), t.Code("SLS#", 3), t.Text("PO#", 30), t.Code("RSVFLG", 1),
		number("OUTDAT"), number("OUTTIM"), number("DUEDAT"), number("THRDAT"), t.Code("BILCYC", 2), t.Code("JOB#", 6), t.Text("JOBNAM", 120),
		t.Text("JOBADR", 60), t.Text("JOBCTY", 40), t.Code("JOBSTE", 2), t.Text("JOBZIP", 10), amount("DELAMT"), amount("PUPAMT"),
		t.Code("DELCD", 1), number("CHGDAT"), number("CHGTIM")),
	file("CONDTL",
		number("CON#"), number("LIN#"), t.Code("LINTYP", 2), number("CUS#"), t.Code("JOB#", 6), t.Text("UNIT#", 10), t.Text("CLS#", 8),
		t.Text("LINDSC", 160), number("QTY"), amount("AMOUNT"), amount("DAYRT"), amount("WEKRT"), amount("MTHRT"), number("ATTLIN"), t.Code("DELCD", 1)),
	file("CONRTN", number("CON#"), number("LIN#"), number("RTNDAT"), number("RTNTIM")), // a line without a row here is out
	file("CONCLS", number("CON#"), number("CLSDAT")),                                   // a contract with a row here is closed
	file("EQPMST", t.Text("UNIT#", 10), t.Code("MFRCD", 3), t.Text("MODEL", 30), t.Text("SERIAL", 30), amount("CSTAMT")),
	file("CLSMST", t.Text("CLS#", 8), t.Text("CLSTXT", 120), amount("DAYRT"), amount("WEKRT"), amount("MTHRT"), t.Code("DELCD", 1)),
	file("CATCLS", t.Code("CAT#", 4), t.Text("CLS#", 8), number("SEQ#")), // which class is shown in which category, often twice
	file("CODES", t.Code("TYPCD", 3), t.Text("CODE", 6), t.Text("CODTXT", 60)),
	{
		Name: "INVMST", Indexes: [][]string{{"CUS#"}},
		Columns: []t.Column{
			t.Code("CMP#", 2), number("INVYM"), number("INV#"), number("CON#"), number("CUS#"), number("INVDAT"), number("FRMDAT"), number("TODAT"),
			t.Code("INVTYP", 2), t.Text("PO#", 30), amount("INVAMT"), amount("STXAMT"), amount("CTXAMT"), t.Code("DELCD", 1), number("CHGDAT"), number("CHGTIM"),
		},
	},
	file("INVDTL",
		number("INVYM"), number("INV#"), number("LIN#"), t.Code("LINTYP", 2), number("CON#"), number("CONLIN"), t.Text("UNIT#", 10), t.Text("CLS#", 8),
		t.Text("LINDSC", 160), number("QTY"), amount("AMOUNT"), amount("DAYRT"), amount("WEKRT"), amount("MTHRT")),
}
