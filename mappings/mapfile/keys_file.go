package mapfile

var fileContext = &Context{
	Name:  "file",
	Title: "The file",
	Doc:   "The top of `rms.yaml`: what holds for the whole dealer, and one section for each list that is served.",
	Keys: []*Key{
		{Name: "dialect", Shape: shapeDialect, Default: "mysql", Doc: "Whose SQL the file's own SQL texts are; a file without any runs on either.", Example: "dialect: sqlite"},
		{Name: "timezone", Shape: shapeWord, Doc: "IANA zone of every date and time that has none of its own; needed as soon as one is mapped.", Example: "timezone: America/Denver"},
		{Name: "currency", Shape: shapeWord, Doc: "ISO 4217 code that fills every currency that is not mapped.", Example: "currency: CAD"},
		{Name: "onBadRow", Shape: shapeBadRow, Default: "leaveOut", Doc: "What happens to a row that cannot be sent: it is left out and reported, or the page fails.", Example: "onBadRow: fail"},
		{Name: "leaveOutAtMost", Shape: shapeShare, Default: "5%", Doc: "Share of a list's rows that may be left out before the whole list is refused as a broken mapping.", Example: "leaveOutAtMost: 2%"},
		{Name: "sentinels", Shape: shapeWords, Doc: "Raw texts that count as empty everywhere, compared after blanks are trimmed off.", Example: "sentinels: ['9999-12-31', 'NONE']"},
		{Name: "functions", Shape: shapeWords, Doc: "SQL functions of the dealer's own that only read and may be called beside the built-in ones.", Example: "functions: [branch_of]"},
		{Name: "maxScan", Shape: shapeWhole, Default: "100000", Doc: "Rows a statement may scan before it is worth a warning.", Example: "maxScan: 250000"},
		{Name: "customerNumber", Shape: shapeValue, Doc: "The dealer customer number, made of raw columns in a way that can be reversed: a column, `pad`, `strip`, or a text of columns with fixed separators.", Example: "customerNumber: {from: c.custno, pad: 6}"},
		{Name: "owner", Shape: shapeFilters, Doc: "For each table, whose rows are the dealer's; holds wherever the table is read.", Example: "owner: {HIRE: {branchco: '01'}}"},
		{Name: "state", Shape: shapeFilters, Doc: "For each table, which rows are shown; holds in lists, not in change detection.", Example: "state: {HIRE: {flag: {not: X}}}"},
		{Name: "maps", Shape: shapeMaps, Doc: "Code maps by name, each from codes to words.", Example: "maps: {cycle: {D: Day, W: Week, else: FourWeek}}"},
		{Name: "joins", Shape: shapeNamedJoins, Doc: "Joins by name, for use in any section; the name is the alias.", Example: "joins: {c: {table: CLIENT, match: {custno: h.client}}}"},
		{Name: "define", Shape: shapeDefine, Doc: "Shared values, used as `$name`, and shared groups of fields, used by `use:`.", Example: "define: {siteId: {text: '{h.client}-{h.site}'}}"},
		{Name: "contract", Shape: shapeEndpoint, Doc: "Contracts with their assets, fees and taxes; `none` where the dealer has none to give.", Example: "contract: none"},
		{Name: "jobsite", Shape: shapeEndpoint, Doc: "Jobsites of customers.", Example: "jobsite: none"},
		{Name: "dealer-category", Shape: shapeEndpoint, Doc: "The catalog: categories, their groups and rates.", Example: "dealer-category: none"},
		{Name: "invoice", Shape: shapeInvoice, Doc: "Invoices, always newest first.", Example: "invoice: none"},
		{Name: "customer", Shape: shapeEndpoint, Doc: "Customers, for looking one up.", Example: "customer: {from: CLIENT c, fields: {customerId: c.custno, customerName: c.title}}"},
		{Name: "location", Shape: shapeEndpoint, Doc: "The dealer's stores and yards.", Example: "location: {list: [{locationId: Y1, properties.name: North yard}]}"},
		{Name: "documents", Shape: shapeDocuments, Doc: "Where the PDFs of contracts and invoices are.", Example: "documents: {contract: {directory: hire, name: '{h.no}.pdf'}}"},
		{Name: "changes", Shape: shapeChanges, Doc: "How it is found out what changed since a moment; `none` where changes are never reported.", Example: "changes: {overlap: 10m, contract: [{from: HIRE h, stamp: h.touched}]}"},
	},
	Frame: "timezone: America/Denver\nHERE\n",
}

var codeMapContext = &Context{
	Name:  "codeMap",
	Title: "A code map",
	Doc:   "Codes and their words. A code is matched exactly after blanks are trimmed off, as the text that was written: `0017` is not `17`. A code that is called like one of these keys stands in quotes.",
	Keys: []*Key{
		{Name: "file", Shape: shapeWord, Doc: "CSV file beside the mapping with two columns, code and word; a first line `code,word` is skipped.", Example: "file: makes.csv"},
		{Name: "ignoreCase", Shape: shapeBool, Default: "false", Doc: "Whether letter case is ignored when codes are compared.", Example: "ignoreCase: true"},
		{Name: "else", Shape: shapeLiteral, Doc: "The word for every other code, or `null` to leave the field out; without it an unknown code is reported and never guessed.", Example: "else: Other"},
	},
	Open:  "a code and its word",
	Frame: "maps:\n  m:\n    R: Rental\n    HERE\n",
}

var documentsContext = &Context{
	Name:  "documents",
	Title: "Documents",
	Doc:   "The kinds of documents.",
	Keys: []*Key{
		{Name: "contract", Shape: Shape("document"), Doc: "PDFs of contracts.", Example: "contract: {directory: hire, name: '{h.no}.pdf'}"},
		{Name: "invoice", Shape: Shape("document"), Doc: "PDFs of invoices.", Example: "invoice: {url: 'https://papers.example.test/{i.no}.pdf'}"},
	},
	Frame: "documents:\n  HERE\n",
}

var documentContext = &Context{
	Name:  "document",
	Title: "A document",
	Doc:   "Exactly one of `directory`, `column` and `url` says where the PDFs of a kind are.",
	Keys: []*Key{
		{Name: "directory", Shape: shapeWord, Doc: "Folder below the dealer's configured documents root; needs `name`.", Example: "directory: hire\nname: '{h.no}.pdf'"},
		{Name: "name", Shape: shapeTemplate, Doc: "File name in the folder, a text with columns in braces.", Example: "directory: hire\nname: 'H{h.no}.pdf'"},
		{Name: "table", Shape: shapeTable, Doc: "Table that holds the PDFs.", Example: "table: SCANS\nas: s\nmatch: {hire: h.no}\ncolumn: s.pdf"},
		{Name: "database", Shape: shapeWord, Doc: "Database of the table, where it is another than the connection's.", Example: "table: SCANS\ndatabase: archive\nas: s\nmatch: {hire: h.no}\ncolumn: s.pdf"},
		{Name: "select", Shape: shapeSQL, Doc: "An inline SELECT instead of a table.", Example: "select: \"select hire, pdf from SCANS where page = 0\"\nas: s\nmatch: {hire: h.no}\ncolumn: s.pdf"},
		{Name: "as", Shape: shapeWord, Doc: "Alias of that table.", Example: "table: SCANS\nas: s\nmatch: {hire: h.no}\ncolumn: s.pdf"},
		{Name: "match", Shape: shapeMatch, Doc: "Which row of that table belongs to a contract or invoice.", Example: "table: SCANS\nas: s\nmatch: {hire: h.no}\ncolumn: s.pdf"},
		{Name: "column", Shape: shapeColumn, Doc: "Column with the bytes of the PDF.", Example: "column: h.paper"},
		{Name: "url", Shape: shapeTemplate, Doc: "Address the gateway fetches the PDF from, a text with columns in braces.", Example: "url: 'https://papers.example.test/{h.no}.pdf'"},
		{Name: "type", Shape: shapeWord, Default: "application/pdf", Doc: "Media type that is sent.", Example: "column: h.paper\ntype: image/tiff"},
	},
	Frame: "documents:\n  contract:\n    HERE\n",
}

var changesContext = &Context{
	Name:  "changes",
	Title: "Changes",
	Doc: "For each kind, the tables whose stamps tell of changes; `none` where changes are never reported, `snapshot` where there is no stamp and contents are compared instead.\n\n" +
		"A stamp says nothing of rows that were deleted, and a row's stamp nothing of its children unless theirs are sources too; a comparison sees both. " +
		"It reads what would be sent of every customer, round after round, as gently as `changes:` in the configuration says, and tells a change when it finds it. " +
		"The first round tells nothing. Documents are compared by their files' size and time, by length and check sum of their bytes in a column, or by their address alone.",
	Keys: []*Key{
		{Name: "overlap", Shape: shapeDuration, Default: "0s", Doc: "How far back the asked moment is moved, for stamps that are set before their transaction ends; holds for comparisons as well.", Example: "overlap: 5m"},
		{Name: "contract", Shape: shapeChangeKind, Doc: "Changes of contracts and jobsites.", Example: "contract: [{from: HIRE h, stamp: h.touched}]"},
		{Name: "invoice", Shape: shapeChangeKind, Doc: "Changes of invoices.", Example: "invoice: snapshot"},
		{Name: "catalog", Shape: shapeChangeKind, Doc: "Changes of a customer's rates.", Example: "catalog: none"},
		{Name: "document", Shape: shapeChangeKind, Doc: "Changes of documents.", Example: "document: none"},
	},
	Frame: "changes:\n  HERE\n",
}

var changeSourceContext = &Context{
	Name:  "changeSource",
	Title: "A source of changes",
	Doc:   "A table whose rows carry the moment they changed.",
	Keys: []*Key{
		{Name: "from", Shape: shapeSourceText, Required: true, Doc: "The table and its alias.", Example: "from: HIRE h"},
		{Name: "join", Shape: shapeJoins, Doc: "Joins that lead to the customer.", Example: "join: [{l: {table: CLIENT, match: {custno: h.client}}}]"},
		{Name: "where", Shape: shapeConditions, Doc: "Which rows tell of changes; owner filters hold besides, state filters do not.", Example: "where: {h.kind: R}"},
		{Name: "stamp", Shape: shapeValues, Required: true, Doc: "The moment of the change; of several the latest counts.", Example: "stamp: [h.touched, {from: [h.day, h.time], date: yyyymmdd hhmmss}]"},
		{Name: "customer", Shape: shapeValue, Default: "the file's customerNumber", Doc: "The dealer customer number of a row.", Example: "customer: {from: h.client, pad: 6}"},
		{Name: "nullIsChanged", Shape: shapeBool, Default: "false", Doc: "Whether a row without a stamp counts as changed.", Example: "nullIsChanged: true"},
	},
	Frame: "changes:\n  contract:\n    - from: HIRE h\n      stamp: h.touched\n      HERE\n",
}
