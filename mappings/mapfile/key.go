package mapfile

// Key declares one key of the mapping language. The decoder takes its known
// names from here, the reference and the editor schema are made from it.
type Key struct {
	Name     string
	Shape    Shape
	Required bool   // the decoder checks what depends on other keys besides
	Default  string // what holds when the key is left out; "" where that goes without saying
	Doc      string // one sentence
	Example  string // YAML as it stands in this place
	Frame    string // for the example, where the context's does not fit
}

// Context is a place in the file where certain keys may stand.
type Context struct {
	Name  string // identifies it, also in the editor schema
	Title string
	Doc   string
	Keys  []*Key
	Open  string // what other keys mean here; "" where there may be none
	Frame string // a whole mapping with a line `HERE` at which an example can stand
}

// names gives the context's keys in their order.
func (c *Context) names() []string {
	names := make([]string, len(c.Keys))
	for i, key := range c.Keys {
		names[i] = key.Name
	}
	return names
}

func (c *Context) has(name string) bool {
	for _, key := range c.Keys {
		if key.Name == name {
			return true
		}
	}
	return false
}

// Shape says what may stand behind a key.
type Shape string

// The shapes. Those of a map of keys are the names of contexts.
const (
	shapeWord       Shape = "text"        // a single value, taken as text
	shapeWords      Shape = "texts"       // a list of them
	shapeBool       Shape = "true/false"  // true or false
	shapeWhole      Shape = "number"      // a whole number
	shapeShare      Shape = "share"       // 5%
	shapeDuration   Shape = "duration"    // 5m
	shapeDialect    Shape = "dialect"     // mysql, sqlite
	shapeBadRow     Shape = "bad row"     // leaveOut, fail
	shapeBadValue   Shape = "bad value"   // null, leaveOut, fail
	shapeCase       Shape = "letter case" // upper, lower, title
	shapeSQL        Shape = "SQL"
	shapeColumn     Shape = "column"
	shapeValue      Shape = "one value"
	shapeValues     Shape = "values" // one or a list
	shapeItems      Shape = "items"  // a list of values
	shapeSourceText Shape = "table and alias"
	shapeTable      Shape = "table"
	shapeMatch      Shape = "match"
	shapeConditions Shape = "conditions"
	shapeWhen       Shape = "when"
	shapeOrder      Shape = "sort order"
	shapePick       Shape = "pick"
	shapeJoins      Shape = "joins"
	shapeNamedJoins Shape = "named joins"
	shapeFilters    Shape = "filters"
	shapeMaps       Shape = "maps"
	shapeDefine     Shape = "definitions"
	shapeFields     Shape = "fields"
	shapeRows       Shape = "rows"
	shapeFixed      Shape = "fixed rows"
	shapeUse        Shape = "use"
	shapeEndpoint   Shape = "section"
	shapeInvoice    Shape = "invoice endpoint"
	shapeEndpoints  Shape = "endpoints"
	shapeSources    Shape = "sources"
	shapeDocuments  Shape = "documents"
	shapeChanges    Shape = "changes"
	shapeChangeKind Shape = "change kind"
	shapePrefer     Shape = "prefer"
	shapeColumns    Shape = "pivot columns"
	shapeTemplate   Shape = "template"
	shapeLiteral    Shape = "literal"
	shapeAggregate  Shape = "children column"
	shapeChildren   Shape = "children name"
	shapeDate       Shape = "date rule"
	shapeMoney      Shape = "money rule"
	shapeWordsRule  Shape = "words"
	shapeHash       Shape = "hash rule"
	shapeCut        Shape = "cut"
	shapeListRule   Shape = "list rule"
	shapeReplace    Shape = "replace"
	shapeScalars    Shape = "one or several texts"
)

// Contexts gives every context in the order of the reference.
func Contexts() []*Context {
	return []*Context{
		fileContext, endpointContext, invoiceContext, sourceContext, joinContext, childrenContext,
		listContext, listSourceContext, pivotContext, conditionContext, comparisonContext,
		valueContext, orderContext, dateContext, moneyContext, wordsContext, hashContext, listRuleContext,
		codeMapContext, documentsContext, documentContext, changesContext, changeSourceContext,
	}
}
