package mapfile

import "slices"

var (
	keyOnBadRow   = &Key{Name: "onBadRow", Shape: shapeBadRow, Default: "that of the level above", Doc: "What happens to a row that cannot be sent.", Example: "onBadRow: fail"}
	keyLeaveOut   = &Key{Name: "leaveOutAtMost", Shape: shapeShare, Default: "that of the level above", Doc: "Share of the rows that may be left out before the list is refused.", Example: "leaveOutAtMost: 1%"}
	keyJoin       = &Key{Name: "join", Shape: shapeJoins, Doc: "Joins by their names under `joins:`, and own ones as `{alias: {...}}`, in the order they build on each other.", Example: "join: [{l: {table: CLIENT, match: {custno: h.client}}}]"}
	keyUse        = &Key{Name: "use", Shape: shapeUse, Doc: "Groups of fields from `define:`; fields mapped here win over theirs.", Example: "use: [plate]"}
	keyDatabase   = &Key{Name: "database", Shape: shapeWord, Doc: "Database of the table, where it is another than the connection's.", Example: "database: archive"}
	endpointFrame = "timezone: America/Denver\ndefine: {plate: {quantity: h.qty}}\ncontract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  HERE\n"
)

var invoiceExamples = map[string]string{
	"from":    "from: BILL h",
	"sources": "sources:\n  - {from: BILL h, fields: {invoiceId: h.no}}\n  - {from: BILL_OLD h, fields: {invoiceId: h.no}}",
	"list":    "list: [{invoiceId: B1}]",
	"fields":  "fields:\n  invoiceId: h.no\n  total: h.total",
}

// endpointKeys gives the keys of a section, those of invoices without order.
func endpointKeys(order bool) []*Key {
	keys := []*Key{
		{Name: "from", Shape: shapeSourceText, Doc: "The table and its alias, as `TABLE alias`, `database.TABLE alias` or a map.", Example: "from: HIRE h"},
		{Name: "sources", Shape: shapeEndpoints, Doc: "Several sources for one list, each with its own `from`, key, joins, conditions and fields; `define` and `use` say once what they have in common. Their rows are ordered together, so each has an `order` of as many keys in the same directions. The table's name is part of the row's key.", Example: "sources:\n  - {from: HIRE h, fields: {contractId: h.no}}\n  - {from: HIRE_OLD h, fields: {contractId: h.no}}"},
		{Name: "list", Shape: shapeFixed, Doc: "A fixed list instead of a query; what stands in it is sent as written.", Example: "list: [{contractId: H1}]"},
		{Name: "key", Shape: shapeValues, Default: "the table's primary key", Doc: "Columns that address one row.", Example: "key: [h.no, h.part]"},
		keyJoin,
		{Name: "where", Shape: shapeConditions, Doc: "Which rows are in the list, beside owner and state filters.", Example: "where: {h.status: [S, R]}"},
		{Name: "order", Shape: shapeOrder, Default: "the key", Doc: "Order of the rows; the key comes last in any case.", Example: "order: [h.opened desc, h.no]"},
		{Name: "distinct", Shape: shapeValues, Doc: "Values that make rows one when they are equal.", Example: "distinct: h.site"},
		keyUse,
		{Name: "fields", Shape: shapeFields, Doc: "The fields of the answer by their names in the API, dotted for nested ones, each with its value.", Example: "fields:\n  contractId: h.no\n  properties.total: h.total"},
		keyOnBadRow, keyLeaveOut,
	}
	if order {
		return keys
	}
	keys = slices.DeleteFunc(keys, func(key *Key) bool { return key.Name == "order" })
	for _, key := range keys {
		if example, other := invoiceExamples[key.Name]; other {
			key.Example = example
		}
	}
	return keys
}

const endpointOpen = "a list of the answer (`assetDetails`), or child rows by a name of your choice (a map with `table` and `match`)"

var endpointContext = &Context{
	Name:  "endpoint",
	Title: "A section: contract, jobsite, dealer-category, customer, location",
	Doc:   "One list that is served. `none` instead of a map says that the dealer has no such data.",
	Keys:  endpointKeys(true),
	Open:  endpointOpen,
	Frame: endpointFrame,
}

var invoiceContext = &Context{
	Name:  "invoiceEndpoint",
	Title: "The section invoice",
	Doc:   "As the other sections, without `order`: invoices are sent by date and number, newest first.",
	Keys:  endpointKeys(false),
	Open:  endpointOpen,
	Frame: "define: {plate: {poNumber: h.po}}\ninvoice:\n  from: BILL h\n  fields: {invoiceId: h.no}\n  HERE\n",
}

var sourceContext = &Context{
	Name:  "source",
	Title: "A source as a map",
	Doc:   "Where `TABLE alias` is not enough.",
	Keys: []*Key{
		{Name: "table", Shape: shapeTable, Doc: "Name of the table, taken whole.", Example: "table: hire lines\nas: h"},
		{Name: "database", Shape: shapeWord, Doc: keyDatabase.Doc, Example: "table: HIRE\ndatabase: archive\nas: h"},
		{Name: "select", Shape: shapeSQL, Doc: "An inline SELECT instead of a table.", Example: "select: select no, client from HIRE union all select no, client from HIRE_OLD\nas: h"},
		{Name: "as", Shape: shapeWord, Required: true, Doc: "The alias.", Example: "table: HIRE\nas: h"},
	},
	Frame: "contract:\n  fields: {contractId: h.no}\n  from:\n    HERE\n",
}

var joinContext = &Context{
	Name:  "join",
	Title: "A join",
	Doc:   "At most one row for each row it is joined to; a left join unless `required`.",
	Keys: []*Key{
		{Name: "table", Shape: shapeTable, Doc: "The table, as `TABLE` or `database.TABLE`.", Example: "table: CLIENT"},
		keyDatabase,
		{Name: "select", Shape: shapeSQL, Doc: "An inline SELECT instead of a table.", Example: "select: select custno, max(title) as title from CLIENT group by custno"},
		{Name: "match", Shape: shapeMatch, Doc: "Columns of the joined table and what each must be equal to: a column of an earlier alias or a marked value.", Example: "match: {custno: h.client, lang: {value: EN}}"},
		{Name: "on", Shape: shapeSQL, Doc: "SQL that must hold besides or instead, for joins on an expression.", Example: "on: \"l.custno = trim(h.client)\""},
		{Name: "where", Shape: shapeConditions, Doc: "Which rows of the joined table may match; its columns stand bare.", Example: "where: {type: MAIN}"},
		{Name: "pick", Shape: shapePick, Doc: "Where several rows match: the first in this order; columns of the joined table stand bare.", Example: "pick: [valid desc, id]"},
		{Name: "required", Shape: shapeBool, Default: "false", Doc: "Whether rows without a match are dropped. Rows of a section for which the table holds nothing at all (whatever `where` and `state` say) are noted by the join's name, except where the join leads to the customer number, is picked, or matches by SQL: then only `mapping check --db` counts them, and of a match by SQL nobody does. Where nothing is found because the joined table has no rows, the list is refused instead of empty; that child rows looked at by `exists` are gone, only `mapping check --db` can tell.", Example: "required: true"},
		{Name: "one", Shape: shapeBool, Default: "false", Doc: "Says that the join never finds several rows although no unique index proves it. `mapping check --db` counts; where it finds several at run time all the same, one is chosen and noted.", Example: "one: true"},
	},
	Frame: "joins:\n  l:\n    table: CLIENT\n    match: {custno: h.client}\n    HERE\n",
}

var childrenContext = &Context{
	Name:  "children",
	Title: "Child rows",
	Doc:   "Child rows under a name, for sums, counts and filters.",
	Keys: []*Key{
		{Name: "table", Shape: shapeTable, Doc: "The table.", Example: "table: HIRE_LINE"},
		keyDatabase,
		{Name: "select", Shape: shapeSQL, Doc: "An inline SELECT instead of a table.", Example: "select: select hire, amount from HIRE_LINE"},
		{Name: "match", Shape: shapeMatch, Required: true, Doc: "Columns of the child and the columns of the parent they are equal to.", Example: "match: {hire: h.no}"},
		{Name: "join", Shape: shapeJoins, Doc: "Joins of the child rows.", Example: "join: [{u: {table: UNIT, match: {no: lines.unit}}}]"},
		{Name: "where", Shape: shapeConditions, Doc: "Which rows count; columns of the child stand bare.", Example: "where: {type: RI}"},
	},
	Frame: "contract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  lines:\n    table: HIRE_LINE\n    match: {hire: h.no}\n    HERE\n",
}

const listFrame = "timezone: America/Denver\ndefine: {plate: {quantity: d.qty}}\ncontract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  assetDetails:\n    from: HIRE_LINE d\n    parent: {hire: h.no}\n    fields: {rentedAssetId: d.no}\n    HERE\n"

var listContext = &Context{
	Name:  "list",
	Title: "A list of the answer",
	Doc:   "An array member of the answer: one source, a list of sources, or a map with `sources`. `none` says that there is nothing to send. A list with one source has that source's keys.",
	Keys: []*Key{
		{Name: "sumByName", Shape: shapeWord, Doc: "Elements of the same `name` become one, with this member added up; zeros are dropped.", Example: "sumByName: total"},
		{Name: "sources", Shape: shapeSources, Doc: "Several sources, one after the other.", Example: "sources:\n  - {from: HIRE_FEE f, parent: {hire: h.no}, fields: {name: f.text, total: f.amount}}\n  - {columns: h, fields: [{name: {value: Delivery}, total: h.delivery}]}"},
	},
	Open:  "a key of its only source",
	Frame: "contract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  feeDetails:\n    from: HIRE_FEE f\n    parent: {hire: h.no}\n    fields: {name: f.text, total: f.amount}\n    HERE\n",
}

var listSourceContext = &Context{
	Name:  "listSource",
	Title: "A source of a list",
	Doc:   "Child rows (`from`), columns of the parent row (`columns`), or elements inside a column (`elements`).",
	Keys: []*Key{
		{Name: "from", Shape: shapeSourceText, Doc: "The table and its alias.", Example: "from: HIRE_LINE d"},
		{Name: "parent", Shape: shapeMatch, Doc: "Columns of the child and the columns of the parent they are equal to; `alias.column` on the left is a column of a table that is joined to the child.", Example: "parent: {hire: h.no, part: h.part}"},
		{Name: "columns", Shape: shapeWord, Doc: "Alias of the parent row whose columns become elements, one for each entry of `fields`.", Example: "columns: h\nfields: [{rentedAssetId: h.unit1}, {rentedAssetId: h.unit2}]"},
		{Name: "elements", Shape: shapeValue, Doc: "A value that is taken apart by `list` or `json` into elements; their parts are columns of the alias `e` (`e.unit`), which tables can be joined to. An element that cannot be read is left out and reported.", Example: "elements: {from: h.units, list: {by: ';', names: [unit]}}"},
		keyJoin,
		{Name: "where", Shape: shapeConditions, Doc: "Which rows are in the list.", Example: "where: {d.type: RI}"},
		{Name: "order", Shape: shapeOrder, Doc: "Order of the elements; elements inside a column stay as they stand there.", Example: "order: d.seq"},
		{Name: "distinct", Shape: shapeValues, Doc: "Values that make elements one when they are equal: the first in the order stays.", Example: "distinct: d.no"},
		keyUse,
		{Name: "fields", Shape: shapeRows, Doc: "The fields of an element; with `columns` a list, one entry for each element.", Example: "fields:\n  rentedAssetId: {text: '{d.hire}-{d.seq}'}"},
		keyOnBadRow,
		{Name: "keepParent", Shape: shapeBool, Default: "false", Doc: "Whether an element that is left out leaves its parent in the answer.", Example: "keepParent: true"},
	},
	Open:  "a list inside the element, child rows by a name, or an object with `rates`",
	Frame: listFrame,
}

var pivotContext = &Context{
	Name:  "rates",
	Title: "Rates",
	Doc:   "Rows turned into `daily`, `weekly` and `monthly` of one object, which is named by the key around `rates`.",
	Keys: []*Key{
		{Name: "from", Shape: shapeSourceText, Required: true, Doc: "The table of prices and its alias.", Example: "from: PRICE p"},
		{Name: "parent", Shape: shapeMatch, Required: true, Doc: "Columns of the price row and the columns of the parent they are equal to.", Example: "parent: {class: g.code}"},
		{Name: "join", Shape: shapeJoins, Doc: "Joins of the price rows.", Example: "join: [{b: {table: BOOK, match: {no: p.book}}}]"},
		{Name: "where", Shape: shapeConditions, Doc: "Which price rows count.", Example: "where: {p.valid: Y}"},
		{Name: "order", Shape: shapeOrder, Doc: "Which row wins among equals: the first.", Example: "order: p.since desc"},
		{Name: "prefer", Shape: shapePrefer, Doc: "Ranks of price rows, the best first: bare columns and what they must be equal to. `'@customer'` is the customer asked for: the number as its column holds it, or as it is sent where several columns make it up. The best rank that has any row is taken whole: what it has no price for stays empty, and is not filled from the ranks below. `rateType` and `rentalRateId` are what is sent for that rank.", Example: "prefer: [{client: '@customer', rateType: customer}, {client: '', rateType: book}]"},
		{Name: "by", Shape: shapeValue, Doc: "What says which member a row feeds.", Example: "by: p.days"},
		{Name: "upTo", Shape: shapeValue, Doc: "With `by`: the row holds from `by` to this, both included.", Example: "by: p.fromday\nupTo: p.today"},
		{Name: "columns", Shape: shapeColumns, Required: true, Doc: "The members, each with the values of `by` that feed it.", Example: "columns: {daily: 1, weekly: 7, monthly: [28, 30]}"},
		{Name: "amount", Shape: shapeValue, Required: true, Doc: "The price.", Example: "amount: {from: p.price, money: true}"},
		{Name: "fields", Shape: shapeFields, Doc: "Further fields of the object, from the row that was preferred.", Example: "fields: {rentalRateId: p.no}"},
	},
	Frame: "dealer-category:\n  from: CODES c\n  fields: {categoryId: c.code}\n  categoryGroups:\n    from: CLASS g\n    parent: {cat: c.code}\n    fields: {groupId: g.code}\n    groupRate.properties:\n      rates:\n        from: PRICE p\n        parent: {class: g.code}\n        by: p.days\n        columns: {daily: 1}\n        amount: p.price\n        HERE\n",
}

var conditionContext = &Context{
	Name:  "condition",
	Title: "A condition",
	Doc:   "SQL as text, or a map. Several keys, and several entries of a list, must hold all together.",
	Keys: []*Key{
		{Name: "exists", Shape: shapeChildren, Doc: "At least one of the named child rows fulfils `where`.", Example: "exists: lines\nwhere: {returned: {empty: true}}"},
		{Name: "none", Shape: shapeChildren, Doc: "None of the named child rows fulfils `where`.", Example: "none: lines\nwhere: {type: RI}"},
		{Name: "where", Shape: shapeConditions, Doc: "With `exists`, `none` and sums: which child rows count; their columns stand bare.", Example: "exists: lines\nwhere: {type: RI}"},
		{Name: "any", Shape: shapeConditions, Doc: "A list of conditions of which one must hold.", Example: "any: [{h.status: R}, {h.kept: Y}]"},
		{Name: "not", Shape: shapeConditions, Doc: "A condition that must not hold.", Example: "not: {h.status: X}"},
		{Name: "sum", Shape: shapeAggregate, Doc: "Compares the sum of a column of child rows.", Example: "sum: lines.amount\nabove: 0"},
		{Name: "count", Shape: shapeAggregate, Doc: "Compares the number of child rows.", Example: "count: lines\nfrom: 2"},
		{Name: "min", Shape: shapeAggregate, Doc: "Compares the least value of a column of child rows.", Example: "min: lines.days\nabove: 1"},
		{Name: "max", Shape: shapeAggregate, Doc: "Compares the greatest value of a column of child rows.", Example: "max: lines.days\nbelow: 28"},
	},
	Open:  "a column and what it is compared with: a value, a list of values of which one must match, or a comparison",
	Frame: "contract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  lines: {table: HIRE_LINE, match: {hire: h.no}}\n  where:\n    HERE\n",
}

var comparisonContext = &Context{
	Name:  "comparison",
	Title: "A comparison",
	Doc:   "What a column or a sum is compared with, where equality is not meant. Texts compare exactly (in `where` after blanks at the end are cut off, in `when` after blanks on both sides are), numbers by value. `below`, `above`, `from` and `upTo` compare a text with a number by value where the text holds one, else by its bytes; they never hold for an empty column, nor for a text that is no number where a number stands.",
	Keys: []*Key{
		{Name: "not", Shape: shapeScalars, Doc: "Differs from the value, or from all of a list; an empty column differs.", Example: "not: [X, D]"},
		{Name: "empty", Shape: shapeBool, Doc: "Whether the column is empty: NULL, blank, a zero date or a sentinel.", Example: "empty: true"},
		{Name: "present", Shape: shapeBool, Doc: "The opposite of `empty`.", Example: "present: true"},
		{Name: "below", Shape: shapeWord, Doc: "Less than.", Example: "below: 10"},
		{Name: "above", Shape: shapeWord, Doc: "More than.", Example: "above: 0"},
		{Name: "from", Shape: shapeWord, Doc: "At least.", Example: "from: 10"},
		{Name: "upTo", Shape: shapeWord, Doc: "At most.", Example: "from: 10\nupTo: 20"},
		{Name: "show", Shape: shapeScalars, Doc: "In `state` and `where`, together with `hide`: the codes whose rows are shown. A row with a code that stands in neither is left out and reported, with the row it is joined to or belongs to; where a filter or a sum only looks at it, it hides nothing. An empty text stands for an empty column.", Example: "show: [S, R]\nhide: [Q, X]"},
		{Name: "hide", Shape: shapeScalars, Doc: "The codes that are known and whose rows are not shown; `[]` where there are none.", Example: "show: [S, '']\nhide: [Q, X]"},
	},
	Frame: "contract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  where:\n    h.x:\n      HERE\n",
}
