package crmfile

import (
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// The shapes of what stands behind keys, in words for the reference. The editor
// schema knows them by these words.
const (
	shapeText      mapfile.Shape = "a text"
	shapeBool      mapfile.Shape = "true or false"
	shapeTable     mapfile.Shape = "a table's name"
	shapeRowColumn mapfile.Shape = "`row.COLUMN`"
	shapeLeadID    mapfile.Shape = "`row.COLUMN`, or `gateway`"
	shapeRows      mapfile.Shape = "a list of [rows](#a-row), each as `- name: {...}`"
	shapeLead      mapfile.Shape = "a [lead](#lead)"
	shapeUpdate    mapfile.Shape = "an [update](#update)"
	shapePickLists mapfile.Shape = "a map from names of maps to [pick lists](#a-pick-list)"
	shapeMessages  mapfile.Shape = "[messages](#messages)"
	shapeMoves     mapfile.Shape = "[moves](#moves)"
	shapeWhen      mapfile.Shape = "a condition without SQL"
	shapeKey       mapfile.Shape = "a map from columns to `auto`, `uuid`, a [counter or a format](#a-key), or a value"
	shapeFind      mapfile.Shape = "a map from columns to values, or a list of such maps"
	shapeSets      mapfile.Shape = "a map from columns to [what they get](#a-value-that-is-written)"
	shapeCounter   mapfile.Shape = "a [counter](#a-counter)"
	shapeFormat    mapfile.Shape = "a text with parts in braces"
	shapeLiterals  mapfile.Shape = "a map from columns to texts"
	shapeHabit     mapfile.Shape = "`incrementThenRead` or `readThenIncrement`"
	shapeDate      mapfile.Shape = "a spelling of a date"
	shapeCut       mapfile.Shape = "true, or a whole number"
	shapeBy        mapfile.Shape = "a map from columns of the CSV to values"
	shapeValue     mapfile.Shape = "a value"
	shapeValues    mapfile.Shape = "a value, or a list of them"
	shapeChanged   mapfile.Shape = "a list of [sources of changes](#a-source-of-changes)"
	shapeGone      mapfile.Shape = "`nothing`, or a [map](#gone)"
	shapeSend      mapfile.Shape = "`nothing`, or a map from members to texts"
	shapeSource    mapfile.Shape = "`TABLE alias`"
	shapeJoins     mapfile.Shape = "a list of names and own joins"
	shapeCondition mapfile.Shape = "a condition"
	rowFrame                     = "lead:\n  leadId: gateway\n  rows:\n    - card:\n        table: CARD\n        find: {EMAIL: lead.emailAddress}\n        insert: {NAME: lead.name}\n        HERE\n"
	valueFrame                   = "timezone: America/Denver\nlead:\n  leadId: gateway\n  rows:\n    - card:\n        table: CARD\n        find: {EMAIL: lead.emailAddress}\n        insert:\n          NOTE: lead.commentsMaster\n          NAME:\n            HERE\n"
	keyFrame                     = "lead:\n  leadId: gateway\n  rows:\n    - card:\n        table: CARD\n        insert: {NAME: lead.name}\n        key:\n          NO:\n            HERE\n"
	territoryFrame               = "lead:\n  leadId: gateway\n  rows:\n    - card:\n        table: CARD\n        find: {EMAIL: lead.emailAddress}\n        insert:\n          OWNER:\n            territory: areas.csv\n            by: {county: lead.county}\n            take: owner\n            HERE\n"
	updateFrame                  = "currency: CAD\nupdate:\n  from: CARD c\n  fields:\n    leadStatus: c.STATUS\n  HERE\n"
)

// FileContext is the top of crm.yaml.
var fileContext = &mapfile.Context{
	Name:  "crm",
	Title: "The file",
	Doc:   "The top of `crm.yaml`. Settings, code maps, joins and definitions are written as in [rms.yaml](REFERENCE.md); a bare `alias.name` is a column here too.",
	Keys: append(mapfile.SharedKeys(),
		&mapfile.Key{Name: "lead", Shape: shapeLead, Doc: "Which rows a lead becomes.", Example: "lead: {leadId: card.CATID, rows: [{card: {table: CARD, insert: {NAME: lead.name}}}]}"},
		&mapfile.Key{Name: "update", Shape: shapeUpdate, Doc: "What is reported back of a lead.", Example: "update: {from: CARD c, leadId: c.CATID, fields: {leadStatus: c.STATUS}}"},
		&mapfile.Key{Name: "pickLists", Shape: shapePickLists, Doc: "Tables of the CRM that list what a mapped column can hold, so that `mapping check --db` finds what has no entry.", Example: "pickLists: {closed-reasons: {table: REASON, column: CODE}}"},
		&mapfile.Key{Name: "moves", Shape: shapeMoves, Doc: "The table whose rows say what the dealer's staff did with requests.", Example: "moves: {from: ORDERS o, stamp: o.TOUCHED, fields: {requestId: o.NO, status: o.STATE}}"},
		&mapfile.Key{Name: "messages", Shape: shapeMessages, Doc: "The table that inbound messages are written into.", Example: "messages: {table: INBOX, id: GATEWAYID, insert: {KIND: message.requestType}}"},
	),
	Frame: "timezone: America/Denver\nupdate: {from: CARD c, fields: {leadStatus: c.STATUS}}\nHERE\n",
}

var leadContext = &mapfile.Context{
	Name:  "lead",
	Title: "lead",
	Doc:   "One lead becomes these rows, in their order, in one transaction where the tables have them. A lead that comes again finds its rows and changes only what is new in it.",
	Keys: []*mapfile.Key{
		{Name: "leadId", Shape: shapeLeadID, Required: true, Doc: "The column that keeps Caterpillar's id of the lead, written and looked for by itself; `gateway` where the CRM has no room for it.", Example: "leadId: card.CATID"},
		{Name: "dealerLeadId", Shape: shapeRowColumn, Default: "the key of the row that keeps the lead id, else of the last row", Doc: "The dealer's own id of the lead: a key column of a row.", Example: "dealerLeadId: card.NO"},
		{Name: "acceptDuplicates", Shape: shapeBool, Default: "false", Doc: "Says that a lead may come to stand there twice where a crash cannot be told from a new lead.", Example: "acceptDuplicates: true"},
		{Name: "instead", Shape: shapeText, Doc: "What is written in place of each character a column cannot hold; without it such a lead is held.", Example: "instead: '?'"},
		{Name: "rows", Shape: shapeRows, Required: true, Doc: "The rows, each under a name by which later ones refer to its key.", Example: "rows:\n  - card: {table: CARD, key: {NO: uuid}, insert: {NAME: lead.name}}"},
	},
	Frame: "lead:\n  leadId: gateway\n  rows: [{card: {table: CARD, key: {NO: uuid}, insert: {NAME: lead.name}}}]\n  HERE\n",
}

var rowContext = &mapfile.Context{
	Name:  "row",
	Title: "A row",
	Doc:   "A row of a table. Values begin with `lead.` for members of the lead, with `gateway.` for `now`, `today` and `dealer`, or with the name of an earlier row for a column of its key.",
	Keys: []*mapfile.Key{
		{Name: "table", Shape: shapeTable, Required: true, Doc: "The table, as `TABLE` or `database.TABLE`.", Example: "table: CARD"},
		{Name: "when", Shape: shapeWhen, Doc: "The row is only written where this holds.", Example: "when: {lead.company: {present: true}}"},
		{Name: "key", Shape: shapeKey, Default: "the primary key, counted by the database", Doc: "The columns that address the row and how their values come into being.", Example: "key: {NO: auto}"},
		{Name: "find", Shape: shapeFind, Doc: "How a row that is there already is found; a way whose values are not all there is passed over. Without it a row is found by the lead id alone.", Example: "find: [{EMAIL: lead.emailAddress}, {NAME: lead.name, TOWN: lead.city}]"},
		{Name: "neverChange", Shape: shapeBool, Default: "false", Doc: "Whether a row that was found stays as it is.", Example: "neverChange: true"},
		{Name: "insert", Shape: shapeSets, Required: true, Doc: "What a new row gets.", Example: "insert: {NAME: lead.name, MADE: gateway.now}"},
		{Name: "update", Shape: shapeSets, Doc: "What a row that stands there gets when the lead comes again, where it is new in the lead.", Example: "update: {RATING: lead.systemScore}"},
		{Name: "append", Shape: shapeSets, Doc: "Texts that are added to a column when the lead comes again, each once.", Example: "append: {NOTE: {text: 'Prequalified: {lead.catPrequalificationStatus}'}}"},
	},
	Frame: rowFrame,
}

var keyContext = &mapfile.Context{
	Name:  "key",
	Title: "A key",
	Doc:   "Where `auto` (the database counts) and `uuid` are not enough. A number that turns out to be taken is followed by the next.",
	Keys: []*mapfile.Key{
		{Name: "counter", Shape: shapeCounter, Doc: "A table that says which number is next.", Example: "counter: {table: SEQ, column: NEXTNO, where: {NAME: CARD}}"},
		{Name: "format", Shape: shapeFormat, Doc: "A number with a shape: `{yyyy}`, `{yy}`, `{mm}`, `{dd}` of today and `{next:4}`, the next free number with so many digits.", Example: "format: 'L-{yyyy}{mm}-{next:4}'"},
	},
	Open:  "a key of a value",
	Frame: keyFrame,
}

var counterContext = &mapfile.Context{
	Name:  "counter",
	Title: "A counter",
	Doc:   "A table with the numbers that were given out. The gateway takes one as the CRM itself does, and a number that is not used in the end is lost.",
	Keys: []*mapfile.Key{
		{Name: "table", Shape: shapeTable, Required: true, Doc: "The table.", Example: "table: SEQ"},
		{Name: "column", Shape: shapeText, Required: true, Doc: "The column with the number.", Example: "column: NEXTNO"},
		{Name: "where", Shape: shapeLiterals, Doc: "Which row of the table.", Example: "where: {NAME: CARD}"},
		{Name: "habit", Shape: shapeHabit, Default: "incrementThenRead", Doc: "Whether the number found is counted up first and then used, or used and then counted up.", Example: "habit: readThenIncrement"},
	},
	Frame: "lead:\n  leadId: gateway\n  rows:\n    - card:\n        table: CARD\n        insert: {NAME: lead.name}\n        key:\n          NO:\n            counter:\n              table: SEQ\n              column: NEXTNO\n              HERE\n",
}

var writeContext = &mapfile.Context{
	Name:  "write",
	Title: "A value that is written",
	Doc:   "As any value (a column, a list of which the first that is not empty counts, `{value: ...}`, `{text: ...}`, `{from: ..., map: ...}`), with these keys beside it. What a column cannot hold is found before anything is written, and the lead is held.",
	Keys: []*mapfile.Key{
		{Name: "as", Shape: shapeDate, Doc: "How a moment or day is spelt in a column that is none: `yyyy-mm-dd hh:mi:ss`, `dd.mm.yyyy`, `unix`.", Example: "from: gateway.now\nas: yyyymmdd"},
		{Name: "zone", Shape: shapeText, Default: "the file's timezone", Doc: "IANA zone in which a moment is written.", Example: "from: gateway.now\nzone: UTC"},
		{Name: "cut", Shape: shapeCut, Doc: "Cuts the text to this many characters, or with `true` to the column's length; every cut is counted.", Example: "from: lead.company\ncut: true"},
		{Name: "rest", Shape: shapeRowColumn, Doc: "With `cut`: the column of this or a later row that what was cut off is added to.", Example: "from: lead.company\ncut: true\nrest: card.NOTE"},
		{Name: "instead", Shape: shapeText, Default: "that of the lead", Doc: "What is written in place of each character the column cannot hold.", Example: "from: lead.name\ninstead: '?'"},
		{Name: "territory", Shape: shapeText, Doc: "CSV file beside the mapping whose first line names its columns: the first line that fits gives the value. `*` and an empty cell fit everything, letter case does not count.", Example: "territory: areas.csv\nby: {county: lead.county}\ntake: owner"},
		{Name: "by", Shape: shapeBy, Doc: "With `territory`: columns of the CSV and what they are compared with.", Example: "territory: areas.csv\nby: {county: lead.county, product: lead.productOfInterest}\ntake: owner"},
		{Name: "take", Shape: shapeText, Doc: "With `territory`: the column of the CSV that is written.", Example: "territory: areas.csv\nby: {county: lead.county}\ntake: owner"},
		{Name: "else", Shape: shapeText, Doc: "With `territory`: what is written where no line fits; without it such a lead is held.", Example: "territory: areas.csv\nby: {county: lead.county}\ntake: owner\nelse: HOUSE"},
	},
	Open:  "a key of a value",
	Frame: valueFrame,
}

var updateContext = &mapfile.Context{
	Name:  "update",
	Title: "update",
	Doc:   "One lead of the CRM for each row, written like a section of rms.yaml: joins, maps, aggregates and conditions are the same. A deal is joined with `pick`, so that one of several counts. The members are those of the interface; `currencyIsoCode` is the file's currency and `dealerLeadId` the row's key where they are not mapped.\n\nA code that its map does not have holds the update until it has; a code with the word `notYet` sends nothing and holds nothing. Under `probabilityOfClosurePercentage` stands `{stage: d.STAGE, percentage: d.PERCENT}`, whose stage goes through `sales-stages.yaml`. Where one column holds both the lead's status and the stage, a condition keeps them apart: `{stage: {when: {c.STATE: [Q, P, W]}, then: c.STATE}}`; members that belong to an opportunity, such as `dealerOpportunityId`, are mapped under the same condition.",
	Keys: append(mapfile.SectionKeys("from", "key", "join", "where", "use", "fields"),
		&mapfile.Key{Name: "leadId", Shape: shapeValue, Doc: "Caterpillar's id of the lead, where the CRM keeps it.", Example: "leadId: c.CATID"},
		&mapfile.Key{Name: "changed", Shape: shapeChanged, Doc: "The tables whose stamps tell that a lead changed. What has no stamp is found when all leads are compared.", Example: "changed: [{stamp: c.TOUCHED}, {from: DEAL d, lead: d.CARDNO, stamp: d.TOUCHED}]"},
		&mapfile.Key{Name: "open", Shape: shapeWhen, Default: "accepted, and neither won nor lost", Doc: "Which leads are still open.", Example: "open: {c.STATUS: [N, W]}"},
		&mapfile.Key{Name: "gone", Shape: shapeGone, Default: "nothing", Doc: "What is sent of a lead whose row was deleted or merged.", Example: "gone: nothing"},
	),
	Open:  "child rows by a name of your choice (a map with `table` and `match`)",
	Frame: updateFrame,
}

var changedContext = &mapfile.Context{
	Name:  "changed",
	Title: "A source of changes",
	Doc:   "The lead's own rows, or another table with a way to them.",
	Keys: []*mapfile.Key{
		{Name: "from", Shape: shapeSource, Default: "the rows of the leads", Doc: "The table and its alias.", Example: "from: DEAL d\nlead: d.CARDNO\nstamp: d.TOUCHED"},
		{Name: "join", Shape: shapeJoins, Doc: "Joins that lead to the key of the lead's row.", Example: "from: NOTE n\njoin: [{d: {table: DEAL, match: {ID: n.DEAL}}}]\nlead: d.CARDNO\nstamp: n.MADE"},
		{Name: "where", Shape: shapeCondition, Doc: "Which rows tell of changes.", Example: "from: DEAL d\nwhere: {d.KIND: S}\nlead: d.CARDNO\nstamp: d.TOUCHED"},
		{Name: "lead", Shape: shapeValues, Doc: "The key of the lead's row; needed with `from`.", Example: "from: DEAL d\nlead: d.CARDNO\nstamp: d.TOUCHED"},
		{Name: "stamp", Shape: shapeValues, Required: true, Doc: "The moment of the change; of several the latest counts.", Example: "stamp: c.TOUCHED"},
		{Name: "nullIsChanged", Shape: shapeBool, Default: "false", Doc: "Whether a row without a stamp counts as changed.", Example: "stamp: c.TOUCHED\nnullIsChanged: true"},
	},
	Frame: "timezone: America/Denver\nupdate:\n  from: CARD c\n  fields:\n    leadStatus: c.STATUS\n  changed:\n    -\n      HERE\n",
}

var goneContext = &mapfile.Context{
	Name:  "gone",
	Title: "gone",
	Doc:   "What is sent of a lead that is not there any more.",
	Keys: []*mapfile.Key{
		{Name: "when", Shape: shapeWhen, Doc: "Rows that count as gone although they stand there.", Example: "when: {c.DELETED: 1}"},
		{Name: "send", Shape: shapeSend, Default: "nothing", Doc: "The members of the update, as they are sent.", Example: "send: {leadStatus: Disqualified, disqualifiedReasonWhy: Lead Already Known}"},
	},
	Frame: "update:\n  from: CARD c\n  fields:\n    leadStatus: c.STATUS\n  gone:\n    HERE\n",
}

var pickListContext = &mapfile.Context{
	Name:  "pickList",
	Title: "A pick list",
	Doc:   "A table that lists the codes of a map.",
	Keys: []*mapfile.Key{
		{Name: "table", Shape: shapeTable, Required: true, Doc: "The table.", Example: "table: REASON"},
		{Name: "column", Shape: shapeText, Required: true, Doc: "The column with the codes.", Example: "column: CODE"},
		{Name: "where", Shape: shapeLiterals, Doc: "Which rows of the table.", Example: "where: {KIND: LOST}"},
	},
	Frame: "update: {from: CARD c, fields: {leadStatus: c.STATUS}}\npickLists:\n  closed-reasons:\n    table: REASON\n    column: CODE\n    HERE\n",
}

var messagesContext = &mapfile.Context{
	Name:  "messages",
	Title: "messages",
	Doc:   "Each inbound message becomes one row, once. Values begin with `message.` for `id`, `dealer`, `type`, `requestType`, `requestId`, `status`, `customer`, `received` and `body`, or with `gateway.`.",
	Keys: []*mapfile.Key{
		{Name: "table", Shape: shapeTable, Required: true, Doc: "The table.", Example: "table: INBOX"},
		{Name: "id", Shape: shapeText, Required: true, Doc: "The column that keeps the gateway's id of the message, by which a repeat is recognised.", Example: "id: GATEWAYID"},
		{Name: "insert", Shape: shapeSets, Required: true, Doc: "What the row gets beside it.", Example: "insert: {KIND: message.requestType, BODY: message.body}"},
	},
	Frame: "messages:\n  table: INBOX\n  id: GATEWAYID\n  insert: {KIND: message.requestType}\n  HERE\n",
}

var movesContext = &mapfile.Context{
	Name:  "moves",
	Title: "moves",
	Doc:   "What the dealer's staff did with requests, one row for each request or for each step, written like a section of rms.yaml. The rows are looked at every minute; a status that is overwritten before that is not seen. Where `received` is what was passed over, CRS is told that it was received first; where it is another status, the next one is refused (see [the life cycle](../server/request/LIFECYCLE.md)), so a row for each step is the safer way. The fields are `requestId` (the dealer's own id) or `remoteId` (the partner's), `status`, `user`, `userName`, `title`, `text`, `date` and `disposition`. A row in another status is another move.",
	Keys: append(mapfile.SectionKeys("from", "key", "join", "where", "use", "fields"),
		&mapfile.Key{Name: "stamp", Shape: shapeValue, Required: true, Doc: "When the row changed.", Example: "stamp: o.TOUCHED"},
	),
	Open:  "child rows by a name of your choice (a map with `table` and `match`)",
	Frame: "timezone: America/Denver\nmoves:\n  from: ORDERS o\n  fields: {requestId: o.NO, status: o.STATE}\n  HERE\n",
}

var stageContext = &mapfile.Context{
	Name:  "stage",
	Title: "A stage of sales-stages.yaml",
	Doc:   "What a code of the CRM's own stages means: a whole percentage; the name of one of Caterpillar's stages, for the row's own percentage within the stage's range; this map; or `notYet`. The file is a map of such codes, and so are `rejected-reasons.yaml`, `disqualified-reasons.yaml` and `closed-reasons.yaml` with Caterpillar's reasons.",
	Keys: []*mapfile.Key{
		{Name: "stage", Shape: shapeText, Required: true, Doc: "One of Caterpillar's stages.", Example: "stage: Qualification"},
		{Name: "percentage", Shape: shapeText, Doc: "The percentage that is sent where the row has none of its own, within the stage's range.", Example: "stage: Qualification\npercentage: 10"},
	},
	Frame: "HERE\n",
}

// Contexts gives every context in the order of the reference.
func Contexts() []*mapfile.Context {
	return []*mapfile.Context{
		fileContext, leadContext, rowContext, keyContext, counterContext, writeContext,
		updateContext, changedContext, goneContext, pickListContext, stageContext, messagesContext, movesContext,
	}
}

func namesOf(c *mapfile.Context) []string {
	names := make([]string, len(c.Keys))
	for i, key := range c.Keys {
		names[i] = key.Name
	}
	return names
}
