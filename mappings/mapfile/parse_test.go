package mapfile_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// withoutPlaces compares trees by what they mean.
var withoutPlaces = cmp.Options{
	cmpopts.IgnoreTypes(mapfile.Pos{}),
	cmpopts.IgnoreUnexported(mapfile.File{}),
	cmpopts.IgnoreFields(mapfile.Text{}, "Quoted"),
	cmpopts.EquateEmpty(),
}

func parsed(t *testing.T, src string) *mapfile.File {
	t.Helper()
	file, faults := mapfile.Parse("rms.yaml", []byte(src))
	if len(faults) > 0 {
		t.Fatalf("got faults:\n%v", faults)
	}
	return file
}

func text(value string) mapfile.Text        { return mapfile.Text{Value: value} }
func ptr(value string) *mapfile.Text        { return &mapfile.Text{Value: value} }
func ref(alias, n string) mapfile.ColumnRef { return mapfile.ColumnRef{Alias: alias, Name: n} }

func column(alias, name string) *mapfile.Value {
	return &mapfile.Value{Kind: mapfile.ColumnValue, Column: ref(alias, name)}
}

func literal(value string) *mapfile.Value {
	return &mapfile.Value{Kind: mapfile.LiteralValue, Literal: ptr(value)}
}

func from(c *mapfile.Conversions, items ...*mapfile.Value) *mapfile.Value {
	return &mapfile.Value{Kind: mapfile.FromValue, Items: items, Convert: c}
}

func equal(name string, values ...string) *mapfile.Comparison {
	return compare(name, mapfile.Equal, values...)
}

func compare(name string, op mapfile.CompareOp, values ...string) *mapfile.Comparison {
	c := &mapfile.Comparison{Name: text(name), Op: op}
	for _, value := range values {
		c.Values = append(c.Values, text(value))
	}
	return c
}

func all(comparisons ...*mapfile.Comparison) *mapfile.Condition {
	return &mapfile.Condition{Compare: comparisons}
}

func TestValueForms(t *testing.T) {
	h := column("h", "no")
	for written, want := range map[string]*mapfile.Value{
		"h.no":                       h,
		"'h.order #. 2'":             column("h", "order #. 2"),
		"h.order no":                 column("h", "order no"),
		"[h.no, {value: none}]":      {Kind: mapfile.FirstValue, Items: []*mapfile.Value{h, literal("none")}},
		"{value: 0017}":              literal("0017"),
		"{value: ''}":                literal(""),
		"{value: true}":              literal("true"),
		"{value: null}":              {Kind: mapfile.LiteralValue, Null: true},
		"$site":                      {Kind: mapfile.RefValue, Ref: text("site")},
		"$customerNumber":            {Kind: mapfile.RefValue, Ref: text("customerNumber")},
		"'@today'":                   {Kind: mapfile.NameValue, Ref: text("today")},
		"{document: contract}":       {Kind: mapfile.DocumentValue, Ref: text("contract")},
		`{sql: "if(h.a = 1, 2, 3)"}`: {Kind: mapfile.SQLValue, SQL: ptr("if(h.a = 1, 2, 3)")},
		"{text: 'A{h.no}-{{{$site}}} é'}": {Kind: mapfile.TextValue, Parts: []mapfile.TextPart{
			{Fixed: "A"}, {Column: &mapfile.ColumnRef{Alias: "h", Name: "no"}}, {Fixed: "-{"}, {Ref: "site"}, {Fixed: "} é"},
		}},
		"{when: {h.status: S}, then: true, else: false}": {Kind: mapfile.WhenValue, When: &mapfile.When{
			If: []*mapfile.Condition{all(equal("h.status", "S"))}, Then: literal("true"), Else: literal("false"),
		}},
		"{when: [{kind: [A, B]}, {h.a: {empty: false}}], then: h.no, else: {value: x}}": {Kind: mapfile.WhenValue, When: &mapfile.When{
			If:   []*mapfile.Condition{all(equal("kind", "A", "B")), all(compare("h.a", mapfile.Present))},
			Then: h, Else: literal("x"),
		}},
		"{sum: lines.amount, where: {type: RI}, money: true}": {
			Kind:      mapfile.AggregateValue,
			Aggregate: &mapfile.Aggregate{Func: text("sum"), Children: text("lines"), Column: &mapfile.ColumnRef{Alias: "lines", Name: "amount"}, Where: []*mapfile.Condition{all(equal("type", "RI"))}},
			Convert:   &mapfile.Conversions{Money: &mapfile.MoneyRule{}},
		},
		"{count: lines}":                           {Kind: mapfile.AggregateValue, Aggregate: &mapfile.Aggregate{Func: text("count"), Children: text("lines")}},
		"{product: [h.no, h.no]}":                  {Kind: mapfile.ProductValue, Items: []*mapfile.Value{h, h}},
		"{from: h.no, map: kinds, onBad: null}":    {Kind: mapfile.FromValue, Items: []*mapfile.Value{h}, Convert: &mapfile.Conversions{Map: ptr("kinds")}, OnBad: ptr("null")},
		"{from: h.no, placeholder: N/A}":           {Kind: mapfile.FromValue, Items: []*mapfile.Value{h}, Fallback: ptr("N/A")},
		"{from: [h.no, h.no], date: cyymmdd hhmm}": from(&mapfile.Conversions{Date: &mapfile.DateRule{Spelling: "cyymmdd hhmm"}}, h, h),
		"{from: h.no, date: true}":                 from(&mapfile.Conversions{Date: &mapfile.DateRule{}}, h),
		"{from: h.no, date: {spelling: iso, zone: America/Boise, midnight: keep}}": from(&mapfile.Conversions{Date: &mapfile.DateRule{Spelling: "iso", Zone: ptr("America/Boise"), Midnight: ptr("keep")}}, h),
		"{from: h.no, money: {decimal: ',', minor: true}}":                         from(&mapfile.Conversions{Money: &mapfile.MoneyRule{Decimal: ",", Minor: true}}, h),
		"{from: h.no, split: ',', part: -1, cut: true}":                            from(&mapfile.Conversions{Split: &mapfile.SplitRule{By: text(","), Part: text("-1")}, Cut: &mapfile.CutRule{}}, h),
		"{from: h.no, strip: '0', pad: 07, case: upper, cut: 20}":                  from(&mapfile.Conversions{Strip: ptr("0"), Pad: ptr("07"), Case: ptr("upper"), Cut: &mapfile.CutRule{Length: ptr("20")}}, h),
		"{from: h.no, replace: {'/': '-', x: ''}, plain: true, line: 2}": from(&mapfile.Conversions{
			Replace: []mapfile.Replacement{{From: text("/"), To: text("-")}, {From: text("x"), To: text("")}}, Plain: true, Line: ptr("2"),
		}, h),
		"{from: h.no, match: 'PO ([0-9]+)', addDays: -3}": from(&mapfile.Conversions{Match: ptr("PO ([0-9]+)"), AddDays: ptr("-3")}, h),
		"{from: h.no, words: {true: [J, yes], false: N}}": from(&mapfile.Conversions{Words: &mapfile.WordsRule{
			True: []mapfile.Text{text("J"), text("yes")}, False: []mapfile.Text{text("N")},
		}}, h),
		"{hash: {over: [h.no], length: 12, prefix: S-}}": from(&mapfile.Conversions{Hash: &mapfile.HashRule{Over: []*mapfile.Value{h}, Length: ptr("12"), Prefix: ptr("S-")}}, h),
		"{from: h.no, hash: true}":                       from(&mapfile.Conversions{Hash: &mapfile.HashRule{Over: []*mapfile.Value{h}}}, h),
		"{from: h.no, list: {by: ';', pair: ':', names: [a, b]}, distinct: true}": from(&mapfile.Conversions{
			List: &mapfile.ListRule{By: text(";"), Pair: ptr(":"), Names: []mapfile.Text{text("a"), text("b")}}, Distinct: true,
		}, h),
		"{from: h.no, json: {names: [a]}}": from(&mapfile.Conversions{JSON: &mapfile.ListRule{Names: []mapfile.Text{text("a")}}}, h),
	} {
		t.Run(written, func(t *testing.T) {
			src := "maps: {kinds: {R: Rental}}\ndefine: {site: h.site}\ndocuments: {contract: {column: h.pdf}}\ncontract:\n  from: HIRE h\n  fields:\n    contractId: " + written + "\n"
			got := parsed(t, src).Endpoints[0].Fields[0].Value
			if diff := cmp.Diff(want, got, withoutPlaces); diff != "" {
				t.Errorf("value differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConditionForms(t *testing.T) {
	for written, want := range map[string][]*mapfile.Condition{
		"{h.status: [S, R], h.a: 1}":         {all(equal("h.status", "S", "R"), equal("h.a", "1"))},
		"{h.a: {not: [1, 2]}}":               {all(compare("h.a", mapfile.Differs, "1", "2"))},
		"{h.a: {empty: true}}":               {all(compare("h.a", mapfile.Empty))},
		"{h.a: {present: true}}":             {all(compare("h.a", mapfile.Present))},
		"{h.a: {from: 1, upTo: 2}}":          {all(compare("h.a", mapfile.Since, "1"), compare("h.a", mapfile.UpTo, "2"))},
		"{h.a: {above: 1}, h.b: {below: 2}}": {all(compare("h.a", mapfile.More, "1"), compare("h.b", mapfile.Less, "2"))},
		"\"h.kind <> 'X'\"":                  {{SQL: ptr("h.kind <> 'X'")}},
		"h.kind <> 'X'":                      {{SQL: ptr("h.kind <> 'X'")}},
		"[{h.a: 1}, h.b = 2]":                {all(equal("h.a", "1")), {SQL: ptr("h.b = 2")}},
		"{any: [{h.a: 1}, {h.b: 2}]}":        {{Any: []*mapfile.Condition{all(equal("h.a", "1")), all(equal("h.b", "2"))}}},
		"{not: {h.a: 1}}":                    {{Not: []*mapfile.Condition{all(equal("h.a", "1"))}}},
		"{exists: lines, where: {type: RI, back: {empty: true}}}": {{Exists: &mapfile.Exists{
			Children: text("lines"), Where: []*mapfile.Condition{all(equal("type", "RI"), compare("back", mapfile.Empty))},
		}}},
		"{none: lines, where: type = 'X'}": {{Exists: &mapfile.Exists{Children: text("lines"), Negate: true, Where: []*mapfile.Condition{{SQL: ptr("type = 'X'")}}}}},
		"{sum: lines.amount, above: 0}": {{Exists: &mapfile.Exists{
			Children:  text("lines"),
			Aggregate: &mapfile.Aggregate{Func: text("sum"), Children: text("lines"), Column: &mapfile.ColumnRef{Alias: "lines", Name: "amount"}},
			Compare:   compare("", mapfile.More, "0"),
		}}},
	} {
		t.Run(written, func(t *testing.T) {
			got := parsed(t, "contract:\n  from: HIRE h\n  fields: {contractId: h.no}\n  where: "+written+"\n").Endpoints[0].Where
			if diff := cmp.Diff(want, got, withoutPlaces); diff != "" {
				t.Errorf("conditions differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSourceForms(t *testing.T) {
	for written, want := range map[string]mapfile.Source{
		"HIRE h":                             {Table: text("HIRE"), Alias: text("h")},
		"archive.HIRE h":                     {Database: text("archive"), Table: text("HIRE"), Alias: text("h")},
		"'\"odd table\" h'":                  {Table: text("odd table"), Alias: text("h")},
		"'archive.\"odd.table\" h'":          {Database: text("archive"), Table: text("odd.table"), Alias: text("h")},
		"{table: odd table, as: h}":          {Table: text("odd table"), Alias: text("h")},
		"{table: a.b, database: c d, as: h}": {Database: text("c d"), Table: text("a.b"), Alias: text("h")},
		"{select: select 1 as no, as: h}":    {Select: ptr("select 1 as no"), Alias: text("h")},
	} {
		t.Run(written, func(t *testing.T) {
			got := parsed(t, "contract:\n  from: "+written+"\n  fields: {contractId: h.no}\n").Endpoints[0].Source
			if diff := cmp.Diff(want, got, withoutPlaces); diff != "" {
				t.Errorf("source differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCodesAreTheTextThatWasWritten(t *testing.T) {
	file := parsed(t, "maps:\n  m: {0017: x, 17: 010, NO: yes, 1e3: a, 'else': b, \"file\": c, ~: d, 2020-01-01: e}\n")
	m := file.Maps[0]
	var got []string
	for _, entry := range m.Entries {
		got = append(got, entry.Code.Value+"="+entry.Word.Value)
	}
	want := []string{"0017=x", "17=010", "NO=yes", "1e3=a", "else=b", "file=c", "~=d", "2020-01-01=e"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes differ (-want +got):\n%s", diff)
	}
	if m.Else != nil || m.ElseNull || m.File != nil {
		t.Errorf("got options %+v, want none: what stands in quotes is a code", m)
	}
}

func TestWholeMapping(t *testing.T) {
	set, faults := mapfile.Load("testdata/whole")
	if len(faults) > 0 {
		t.Fatalf("got faults:\n%v", faults)
	}
	file := set.RMS
	t.Run("EndpointsKeepTheirOrder", func(t *testing.T) {
		var got []string
		for _, e := range file.Endpoints {
			got = append(got, e.Name.Value)
		}
		want := []string{"contract", "jobsite", "dealer-category", "invoice", "customer", "location"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("endpoints differ (-want +got):\n%s", diff)
		}
	})
	contract, catalog, invoice := file.Endpoints[0], file.Endpoints[2], file.Endpoints[3]
	t.Run("JoinsAreResolved", func(t *testing.T) {
		var got []string
		for _, j := range contract.Join {
			got = append(got, j.Name.Value+" "+j.Source.Name())
		}
		if diff := cmp.Diff([]string{"cl CLIENT", "sp ", "who STAFF"}, got); diff != "" {
			t.Errorf("joins differ (-want +got):\n%s", diff)
		}
		if contract.Join[0] != file.Joins[0] {
			t.Error("a join by name is not the one under joins")
		}
		pick := []mapfile.Order{{Value: column("un", "updated"), Desc: true}}
		if diff := cmp.Diff(pick, file.Joins[1].Pick, withoutPlaces); diff != "" {
			t.Errorf("pick differs (-want +got):\n%s", diff)
		}
	})
	t.Run("NestedFieldsAreDotted", func(t *testing.T) {
		var got []string
		for _, f := range contract.Fields {
			if strings.HasPrefix(f.Path.Value, "properties") {
				got = append(got, f.Path.Value)
			}
		}
		if diff := cmp.Diff([]string{"properties.total", "properties.signedBy"}, got); diff != "" {
			t.Errorf("fields differ (-want +got):\n%s", diff)
		}
	})
	t.Run("OrderKnowsItsDirections", func(t *testing.T) {
		want := []mapfile.Order{
			{Value: column("h", "opened"), Desc: true},
			{Value: from(&mapfile.Conversions{Date: &mapfile.DateRule{Spelling: "yyyymmdd"}}, column("h", "due")), Desc: true},
			{Value: column("h", "no")},
		}
		if diff := cmp.Diff(want, contract.Order, withoutPlaces); diff != "" {
			t.Errorf("order differs (-want +got):\n%s", diff)
		}
	})
	t.Run("ListsHaveTheirSources", func(t *testing.T) {
		assets, fees, taxes := contract.Lists[0], contract.Lists[1], contract.Lists[2]
		if len(assets.Sources) != 1 || *assets.Sources[0].Policies.KeepParent != true || assets.Sources[0].Use[0].Value != "plate" {
			t.Errorf("got %+v, want one source that keeps its parent", assets.Sources)
		}
		if fees.SumByName.Value != "total" || len(fees.Sources) != 3 || fees.Sources[1].Columns.Value != "h" || len(fees.Sources[1].Rows) != 2 || fees.Sources[2].Elements == nil {
			t.Errorf("got %+v, want child rows, columns and elements", fees.Sources)
		}
		if len(taxes.Sources) != 1 || taxes.Sources[0].Source.Table.Value != "TAXES" {
			t.Errorf("got %+v, want the taxes", taxes.Sources)
		}
		if !invoice.Lists[0].None {
			t.Error("got a list, want none")
		}
	})
	t.Run("RatesArePivots", func(t *testing.T) {
		groups := catalog.Lists[0].Sources[0]
		pivot := groups.Lists[0].Pivot
		want := &mapfile.Pivot{
			Path: text("groupRate.properties"), Source: mapfile.Source{Table: text("PRICE"), Alias: text("p")},
			Parent: []mapfile.Match{{Column: text("class"), Value: column("g", "code")}},
			Prefer: []mapfile.Preference{
				{Match: []*mapfile.Comparison{equal("client", "@customer")}, Fields: []*mapfile.Field{{Path: text("rateType"), Value: literal("customer")}}},
				{Match: []*mapfile.Comparison{equal("client", "")}, Fields: []*mapfile.Field{{Path: text("rateType"), Value: literal("book")}}},
			},
			By: column("p", "days"), Amount: column("p", "price"),
			Columns: []mapfile.PivotColumn{
				{Name: text("daily"), Values: []mapfile.Text{text("1")}},
				{Name: text("weekly"), Values: []mapfile.Text{text("7")}},
				{Name: text("monthly"), Values: []mapfile.Text{text("28"), text("30")}},
			},
		}
		if diff := cmp.Diff(want, pivot, withoutPlaces); diff != "" {
			t.Errorf("rates differ (-want +got):\n%s", diff)
		}
	})
	t.Run("FixedRowsAreLiterals", func(t *testing.T) {
		want := []mapfile.FixedRow{{Fields: []*mapfile.Field{
			{Path: text("locationId"), Value: literal("MAIN")},
			{Path: text("properties.name"), Value: literal("Main yard")},
			{Path: text("properties.city"), Value: literal("Springfield")},
		}}}
		if diff := cmp.Diff(want, file.Endpoints[5].Fixed, withoutPlaces); diff != "" {
			t.Errorf("rows differ (-want +got):\n%s", diff)
		}
	})
	t.Run("CodesComeFromTheCSV", func(t *testing.T) {
		want := []mapfile.MapEntry{{Code: text("CA"), Word: text("Cattle Works")}, {Code: text("HB"), Word: text("Hill, Brothers")}}
		if diff := cmp.Diff(want, file.Maps[2].Entries, withoutPlaces); diff != "" {
			t.Errorf("codes differ (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"makes.csv"}, set.Other); diff != "" {
			t.Errorf("other files differ (-want +got):\n%s", diff)
		}
	})
	t.Run("ChangesAndDocuments", func(t *testing.T) {
		kinds := file.Changes.Kinds
		if len(kinds) != 3 || len(kinds[0].Sources) != 3 || !kinds[1].Snapshot || !kinds[2].None {
			t.Errorf("got %+v, want three sources, a snapshot and none", kinds)
		}
		if s := kinds[0].Sources[2]; len(s.Stamp) != 2 || !s.NullIsChanged || s.Customer == nil {
			t.Errorf("got %+v, want two stamps and a customer", s)
		}
		if d := file.Documents; len(d) != 2 || d[0].Directory.Value != "hire" || d[1].Column.Name != "pdf" || d[1].Source.Alias.Value != "s" {
			t.Errorf("got %+v, want a directory and a table", d)
		}
	})
}

func TestLoadFS(t *testing.T) {
	t.Run("ReadsAnEmbeddedFolder", func(t *testing.T) {
		folder := fstest.MapFS{"acme/rms.yaml": {Data: []byte("maps: {m: {file: m.csv}}\n")}, "acme/m.csv": {Data: []byte("A,b\n")}}
		set, faults := mapfile.LoadFS(folder, "acme")
		if len(faults) > 0 || set.RMS.Path != "acme/rms.yaml" || len(set.RMS.Maps[0].Entries) != 1 {
			t.Errorf("got %+v and faults %v, want the folder's mapping", set.RMS, faults)
		}
	})
	t.Run("MissingFileIsAFault", func(t *testing.T) {
		_, faults := mapfile.LoadFS(fstest.MapFS{"acme/other.yaml": {}}, "acme")
		if got, want := faults.Error(), "acme/rms.yaml: the mapping cannot be read: it does not exist"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("MissingFolderIsAFault", func(t *testing.T) {
		_, faults := mapfile.Load("testdata/nowhere")
		if len(faults) != 1 || faults.Err() == nil {
			t.Errorf("got %v, want one fault", faults)
		}
	})
}

func TestAtFindsTheCharacter(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		want mapfile.Pos
	}{
		"Plain":           {"a: x + mark\n", mapfile.Pos{Line: 1, Col: 8}},
		"PlainManyLines":  {"a: x\n  é +\n   mark\n", mapfile.Pos{Line: 3, Col: 4}},
		"SingleQuotes":    {"a: 'it''s é ''mark'\n", mapfile.Pos{Line: 1, Col: 15}},
		"DoubleQuotes":    {`a: "\u00e9\"\x41 \\mark"` + "\n", mapfile.Pos{Line: 1, Col: 20}},
		"DoubleFolded":    {"a: \"x \\\n   y\n   mark\"\n", mapfile.Pos{Line: 3, Col: 4}},
		"Block":           {"a: |\n   x\n\n     y mark\n", mapfile.Pos{Line: 4, Col: 8}},
		"BlockAllKept":    {"a: |2-\n    x\n    mark\n", mapfile.Pos{Line: 3, Col: 5}},
		"Folded":          {"a: >\n  x\n  y\n\n  z mark\n", mapfile.Pos{Line: 5, Col: 5}},
		"FoldedCommented": {"a: >- # mark is not here\n  x\n  mark\n", mapfile.Pos{Line: 3, Col: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(c.src, "a:", "timezone:", 1)
			file := parsed(t, src)
			shift := 0
			if c.want.Line == 1 {
				shift = len("timezone") - len("a")
			}
			got := file.At(file.Timezone, strings.Index(file.Timezone.Value, "mark"))
			if want := (mapfile.Pos{Line: c.want.Line, Col: c.want.Col + shift}); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	known := []string{"from", "fields", "where", "order", "onBadRow"}
	for name, want := range map[string]string{
		"form": "from", "feilds": "fields", "onbadrow": "onBadRow", "wheer": "where", "oder": "order",
		"colour": "", "x": "", "": "", "from": "",
	} {
		if got := mapfile.Nearest(name, known); got != want {
			t.Errorf("Nearest(%q): got %q, want %q", name, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	faults := mapfile.Faults{
		{File: "b", Pos: mapfile.Pos{Line: 1, Col: 1}, Message: "last"},
		{File: "a", Pos: mapfile.Pos{Line: 10, Col: 1}, Path: "x.y", Message: "third", Suggestion: "z"},
		{File: "a", Pos: mapfile.Pos{Line: 2, Col: 9}, Message: "second"},
		{File: "a", Pos: mapfile.Pos{Line: 2, Col: 1}, Message: "first", Warning: true},
		{File: "a", Pos: mapfile.Pos{Line: 2, Col: 9}, Message: "second"},
	}
	want := "a:2:1: warning: first\na:2:9: second\na:10:1: x.y: third (did you mean \"z\"?)\nb:1:1: last"
	if got := faults.Sorted().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := faults.Err(); err == nil || err.Error() != want {
		t.Errorf("got %v, want all of them", err)
	}
	if err := faults[3:4].Err(); err != nil {
		t.Errorf("got %v for a warning alone, want nil", err)
	}
}

// TestHostileFilesAreRefused holds the bounds that keep the YAML reader from
// working for minutes or recursing without end.
func TestHostileFilesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"ManyBrackets":  {"a: " + strings.Repeat("[a,", 100_000), "nested more than"},
		"ManyDashes":    {strings.Repeat("- ", 100_000), "nested more than"},
		"ManyLines":     {strings.Repeat("a: b\n", 20_000), "too large"},
		"ManyBytes":     {"a: " + strings.Repeat("b", 2<<20), "too large"},
		"ManyTokens":    {"a: [" + strings.Repeat("b,", 300_000) + "]", "too large"},
		"ManyAnchors":   {"a: " + strings.Repeat("&b ", 1000), "nested more than"},
		"DeepBlocks":    {deepBlocks(200), "nested more than"},
		"FarIndented":   {"a:\n" + strings.Repeat(" ", 400) + "b: c\n", "indented by more than"},
		"BracesInTexts": {"timezone: '" + strings.Repeat("{", 1000) + "'\ncontract: {from: A a, fields: {b: {text: '" + strings.Repeat("{", 999) + "'}}}\n", "never closed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := mapfile.Parse("rms.yaml", []byte(c.src))
			if !strings.Contains(faults.Error(), c.want) {
				t.Errorf("got %v, want a fault with %q", faults, c.want)
			}
		})
	}
	t.Run("TheLargestFileIsStillRead", func(t *testing.T) {
		var b strings.Builder
		b.WriteString("maps:\n  m:\n")
		for i := range 9_990 {
			fmt.Fprintf(&b, "    c%d: w\n", i)
		}
		if got := len(parsed(t, b.String()).Maps[0].Entries); got != 9_990 {
			t.Errorf("got %d codes, want 9990", got)
		}
	})
}

func deepBlocks(levels int) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i))
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"testdata/lint", "testdata"} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			f.Fatal(err)
		}
		for _, entry := range entries {
			if src, err := os.ReadFile(folder + "/" + entry.Name() + "/rms.yaml"); err == nil {
				f.Add(src)
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, faults := mapfile.Parse("rms.yaml", src)
		if file == nil && len(faults) == 0 {
			t.Fatal("got neither a file nor a fault")
		}
		normal := strings.ReplaceAll(strings.ReplaceAll(string(src), "\r\n", "\n"), "\r", "\n")
		lines := strings.Split(strings.TrimPrefix(normal, "\ufeff"), "\n")
		for _, fault := range faults {
			if fault.Pos.Line < 1 || fault.Pos.Line > len(lines) {
				t.Fatalf("line outside the file: %v", fault)
			}
			if fault.Pos.Col < 1 || fault.Pos.Col > len([]rune(lines[fault.Pos.Line-1]))+1 {
				t.Fatalf("column outside the line: %v", fault)
			}
		}
	})
}

func FuzzCodes(f *testing.F) {
	for _, src := range []string{"code,word\nA,b\n", "A,\"b\nc\"\n", "\ufeffA;b", "a,b,c", "\"", "A,\xff"} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		folder := fstest.MapFS{"d/rms.yaml": {Data: []byte("maps: {m: {file: m.csv}}\n")}, "d/m.csv": {Data: src}}
		set, faults := mapfile.LoadFS(folder, "d")
		if len(set.RMS.Maps[0].Entries) == 0 && len(faults) == 0 {
			t.Fatal("got neither codes nor faults")
		}
		for _, fault := range faults {
			if fault.File != "d/m.csv" || fault.Pos.Line < 1 || fault.Pos.Line > strings.Count(string(src), "\n")+1 {
				t.Fatalf("fault outside the file: %v", fault)
			}
		}
	})
}
