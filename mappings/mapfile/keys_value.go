package mapfile

var valueContext = &Context{
	Name:  "value",
	Title: "A value",
	Doc: "What a field gets. A bare `alias.column` is a column, a list is the first of several that is not empty, `$name` a shared value, `'@customer'`, `'@dealer'` and `'@today'` are names of the request. " +
		"Everything else is a map that says with one key what it is; conversions stand beside it and work in the order of this table.",
	Keys: []*Key{
		{Name: "from", Shape: shapeItems, Doc: "A column, or several that are converted together (a date and its time).", Example: "contractType: {from: h.kind, map: kinds}"},
		{Name: "value", Shape: shapeLiteral, Doc: "Sent as written, whatever it looks like; `null` sends nothing.", Example: "invoiceFrequency: {value: Month}"},
		{Name: "text", Shape: shapeTemplate, Doc: "Columns in braces with text between them: empty columns are left out where only blanks stand between, else the whole text is empty when one of them is.", Example: "contractId: {text: '{h.no}-{h.part}'}"},
		{Name: "when", Shape: shapeWhen, Doc: "A condition on raw columns, or on fields of the answer by their bare names.", Example: "isReservation: {when: {h.status: S}, then: true, else: false}"},
		{Name: "then", Shape: shapeValue, Doc: "With `when`: the value where the condition holds; bare true, false and numbers are sent as written.", Example: "poNumber: {when: {h.status: S}, then: h.no}"},
		{Name: "else", Shape: shapeValue, Default: "nothing", Doc: "With `when`: the value where it does not hold.", Example: "poNumber: {when: {h.a: 1}, then: h.b, else: {value: none}}"},
		{Name: "sum", Shape: shapeAggregate, Doc: "The sum of a column of child rows; conversions work on each row's value.", Example: "properties.total: {sum: lines.amount}"},
		{Name: "count", Shape: shapeAggregate, Doc: "The number of child rows.", Example: "billControl: {count: lines, where: {type: RI}}"},
		{Name: "min", Shape: shapeAggregate, Doc: "The least value of a column of child rows.", Example: "contractStartDate: {min: lines.start}"},
		{Name: "max", Shape: shapeAggregate, Doc: "The greatest value of a column of child rows.", Example: "contractEndDate: {max: lines.end}"},
		{Name: "exists", Shape: shapeAggregate, Doc: "Whether there are child rows.", Example: "isReservation: {exists: lines}"},
		{Name: "where", Shape: shapeConditions, Doc: "With sums and the like: which child rows count; their columns stand bare.", Example: "properties.total: {sum: lines.amount, where: {type: RI}}"},
		{Name: "product", Shape: shapeItems, Doc: "Columns and numbers multiplied as decimals, then rounded to the currency; empty when one of them is.", Example: "properties.total: {product: [h.qty, h.price]}"},
		{Name: "plus", Shape: shapeItems, Doc: "Columns and numbers added as decimals; what is empty adds nothing, and the sum is empty when all of them are.", Example: "properties.total: {plus: [h.net, h.tax]}"},
		{Name: "minus", Shape: shapeItems, Doc: "The first less the others, as decimals; others that are empty take nothing off, and without the first there is nothing.", Example: "properties.total: {minus: [h.total, h.tax]}"},
		{Name: "divide", Shape: shapeItems, Doc: "The first divided by the others, as decimals, rounded half up to `digits` places; empty when one of them is. What is divided by zero cannot be read.", Example: "properties.total: {divide: [h.week, 7], digits: 2}"},
		{Name: "digits", Shape: shapeWhole, Doc: "With `divide`: the places of the quotient. What is made of it is rounded to the currency after that.", Example: "properties.total: {product: [h.qty, {divide: [h.week, 7], digits: 4}]}"},
		{Name: "sql", Shape: shapeSQL, Doc: "An SQL expression, the last resort.", Example: "divisionId: {sql: \"if(h.a = 1, 'yes', 'no')\"}"},
		{Name: "document", Shape: shapeWord, Doc: "The address of a document of this kind, see `documents`.", Example: "pdfUrl: {document: contract}"},
		{Name: "date", Shape: shapeDate, Doc: "Spelling of a date or moment, such as `dd/mm/yyyy`, `iso` or `unix` (all of them: date as a map), several separated by `|`; `true` where the column's type says it all.", Example: "contractStartDate: {from: [h.day, h.time], date: yyyymmdd hhmm}"},
		{Name: "money", Shape: shapeMoney, Doc: "An amount written by people: separators, currency signs, trailing minus.", Example: "properties.total: {from: h.total, money: true}"},
		{Name: "split", Shape: shapeWord, Doc: "Text at which the value is cut into parts, with `part`.", Example: "poNumber: {from: h.geo, split: ',', part: 1}"},
		{Name: "part", Shape: shapeWhole, Doc: "Which part, from 1; -1 is the last.", Example: "poNumber: {from: h.geo, split: ',', part: -1}"},
		{Name: "line", Shape: shapeWhole, Doc: "Which line of the text, from 1; -1 is the last.", Example: "poNumber: {from: h.note, line: 1}"},
		{Name: "match", Shape: shapeWord, Doc: "Regular expression: its first group, or all it matches.", Example: "poNumber: {from: h.note, match: 'PO ([0-9]+)'}"},
		{Name: "plain", Shape: shapeBool, Doc: "Takes markup off and decodes entities.", Example: "salesRep: {from: h.note, plain: true}"},
		{Name: "strip", Shape: shapeWord, Doc: "Characters taken off the left.", Example: "contractId: {from: h.no, strip: '0'}"},
		{Name: "pad", Shape: shapeWhole, Doc: "Fills up with zeros on the left to this many characters.", Example: "contractId: {from: h.no, pad: 8}"},
		{Name: "case", Shape: shapeCase, Doc: "Letters in `upper`, `lower` or `title` case.", Example: "pickupPerson: {from: h.town, case: title}"},
		{Name: "replace", Shape: shapeReplace, Doc: "Texts and what stands in their place.", Example: "poNumber: {from: h.no, replace: {'/': '-'}}"},
		{Name: "map", Shape: shapeWord, Doc: "Name of a code map.", Example: "contractType: {from: h.kind, map: kinds}"},
		{Name: "words", Shape: shapeWordsRule, Doc: "Words that mean true and false.", Example: "isReservation: {from: h.flag, words: {true: [J], false: [N]}}"},
		{Name: "hash", Shape: shapeHash, Doc: "A made-up key over several columns that stays the same when letter case and blanks change.", Example: "jobsiteId: {hash: {over: [h.street, h.town], length: 12}}"},
		{Name: "cut", Shape: shapeCut, Doc: "Cuts the text to this many characters, or with `true` to the field's own limit; every cut is counted.", Example: "salesRep: {from: h.title, cut: true}"},
		{Name: "addDays", Shape: shapeWhole, Doc: "Days added to a date.", Example: "contractEndDate: {from: h.day, addDays: 28}"},
		{Name: "list", Shape: shapeListRule, Doc: "Under `elements`: takes a text apart into elements.", Example: "feeDetails: {elements: {from: h.extras, list: {by: ';', pair: ':', names: [code, amount]}}, fields: {name: e.code, total: e.amount}}", Frame: elementsFrame},
		{Name: "json", Shape: shapeListRule, Doc: "Under `elements`: takes a JSON array apart into elements.", Example: "feeDetails: {elements: {from: h.extras, json: {names: [code, amount]}}, fields: {name: e.code, total: e.amount}}", Frame: elementsFrame},
		{Name: "distinct", Shape: shapeBool, Doc: "Under `elements`: equal elements are one.", Example: "taxDetails: {elements: {from: h.taxes, list: {by: ';', names: [name]}, distinct: true}, fields: {name: e.name, total: h.tax}}", Frame: elementsFrame},
		{Name: "onBad", Shape: shapeBadValue, Default: "leaveOut", Doc: "What a value that cannot be read or has no word in its map does: the field is left out (`null`), its row is (`leaveOut`), or the page fails.", Example: "contractType: {from: h.kind, map: kinds, onBad: 'null'}"},
		{Name: "placeholder", Shape: shapeLiteral, Doc: "Sent instead of a bad value and, in a required field, instead of nothing; counted.", Example: "salesRep: {from: h.maker, placeholder: N/A}"},
	},
	Frame: "timezone: America/Denver\nmaps: {kinds: {R: Rental}}\ndocuments: {contract: {column: h.paper}}\ncontract:\n  from: HIRE h\n  lines: {table: HIRE_LINE, match: {hire: h.no}}\n  fields:\n    HERE\n",
}

var orderContext = &Context{
	Name:  "order",
	Title: "A key of an order",
	Doc:   "A column, with ` desc` behind it where the greatest comes first, or a value as a map with this key beside it.",
	Keys: []*Key{
		{Name: "desc", Shape: shapeBool, Default: "false", Doc: "Whether the greatest comes first.", Example: "from: h.opened\ndate: yyyymmdd\ndesc: true"},
	},
	Open:  "a key of a value",
	Frame: "contract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  order:\n    HERE\n",
}

const elementsFrame = "contract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  HERE\n"

func convertFrame(source, key string) string {
	return "contract:\n  from: HIRE h\n  fields:\n    poNumber:\n      " + source + "\n      " + key + ":\n        HERE\n"
}

var dateContext = &Context{
	Name:  "date",
	Title: "date as a map",
	Doc:   "Where the spelling alone is not enough. A spelling is made of `yyyy`, `yy`, `c` (the century: 0 is 19.., 1 is 20..), `mm`, `dd`, `ddd` (the day of the year), `hh`, `mi` (or `mm` behind `hh`) and `ss`, with the signs that stand between them; letter case does not count. Or it is one word: `iso`, `unix` (seconds), `unixms` (milliseconds). Blanks part what stands in several columns.",
	Keys: []*Key{
		{Name: "spelling", Shape: shapeWord, Default: "as the column's type says", Doc: "The spelling, several separated by `|`.", Example: "spelling: dd/mm/yyyy|yyyymmdd"},
		{Name: "zone", Shape: shapeWord, Default: "the file's timezone", Doc: "IANA zone of this column.", Example: "zone: America/Boise"},
		{Name: "midnight", Shape: shapeWord, Default: "noon", Doc: "What a time of 00:00:00 means: `noon` (a day without a time) or `keep`.", Example: "midnight: keep"},
	},
	Frame: convertFrame("from: h.day", "date"),
}

var moneyContext = &Context{
	Name:  "money",
	Title: "money as a map",
	Doc:   "Where the amount's spelling has to be said.",
	Keys: []*Key{
		{Name: "decimal", Shape: shapeWord, Default: "the last separator", Doc: "The decimal sign, `.` or `,`.", Example: "decimal: ','"},
		{Name: "minor", Shape: shapeBool, Default: "false", Doc: "Whether the amount is stored in cents.", Example: "minor: true"},
	},
	Frame: convertFrame("from: h.total", "money"),
}

var wordsContext = &Context{
	Name:  "words",
	Title: "words",
	Doc:   "Words that mean true and false; any other word cannot be read.",
	Keys: []*Key{
		{Name: "true", Shape: shapeScalars, Doc: "The words for true.", Example: "true: [J, Y]"},
		{Name: "false", Shape: shapeScalars, Doc: "The words for false.", Example: "false: N"},
	},
	Frame: convertFrame("from: h.flag", "words"),
}

var hashContext = &Context{
	Name:  "hash",
	Title: "hash",
	Doc:   "A stable key for things that have none.",
	Keys: []*Key{
		{Name: "over", Shape: shapeItems, Default: "the columns of `from`", Doc: "The columns it is made of.", Example: "over: [h.street, h.town]"},
		{Name: "length", Shape: shapeWhole, Default: "16", Doc: "How many characters.", Example: "length: 12"},
		{Name: "prefix", Shape: shapeWord, Doc: "Text before it.", Example: "prefix: S-"},
	},
	Frame: convertFrame("from: [h.street, h.town]", "hash"),
}

var listRuleContext = &Context{
	Name:  "elements",
	Title: "list and json",
	Doc:   "How elements inside a column are told apart.",
	Keys: []*Key{
		{Name: "by", Shape: shapeWord, Doc: "Separator of the elements; not for JSON.", Example: "by: ';'\nnames: [unit]"},
		{Name: "pair", Shape: shapeWord, Doc: "Separator inside an element; not for JSON.", Example: "by: ';'\npair: ':'\nnames: [code, amount]"},
		{Name: "names", Shape: shapeWords, Doc: "Names of an element's parts, or members of a JSON element.", Example: "by: ','\nnames: [code]"},
	},
	Frame: convertFrame("from: h.units", "list"),
}
