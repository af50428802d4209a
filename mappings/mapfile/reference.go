package mapfile

import (
	"fmt"
	"strings"
)

// Reference gives the reference of the mapping language as Markdown: every
// context with its keys, what they mean and an example of each.
func Reference() []byte {
	var b strings.Builder
	b.WriteString(referenceHead)
	contexts := Contexts()
	for _, c := range contexts {
		fmt.Fprintf(&b, "- [%s](#%s)\n", c.Title, anchor(c.Title))
	}
	for _, c := range contexts {
		writeContext(&b, c, shapeWordsOf)
	}
	return []byte(b.String())
}

// Page gives the reference of other contexts than this package's, behind a
// head. What keys have in common with this package's is explained on its page,
// whose name is home.
func Page(head, home string, contexts []*Context) []byte {
	var b strings.Builder
	b.WriteString(head)
	for _, c := range contexts {
		fmt.Fprintf(&b, "- [%s](#%s)\n", c.Title, anchor(c.Title))
	}
	for _, c := range contexts {
		writeContext(&b, c, func(s Shape) string {
			if words, ok := shapeNames[s]; ok {
				return strings.ReplaceAll(words, "](#", "]("+home+"#")
			}
			return string(s)
		})
	}
	return []byte(b.String())
}

const referenceHead = `<!-- Code generated from the tables in mappings/mapfile by go generate. DO NOT EDIT. -->

# Reference of the mapping language

A mapping is YAML. Four rules explain most of it:

- Behind a field a bare ` + "`alias.column`" + ` is a column, whatever the column is called; everything else says what it is.
- A list is "the first that is not empty". Empty is NULL, a blank text, a zero date or a sentinel; a value that cannot be read is not empty but a fault.
- Texts are trimmed, dates and amounts are converted to what the API wants; only unusual spellings have to be said.
- Keys that nobody knows, keys that stand twice and values of the wrong form are reported all at once, with line and column.

What a mapping makes of rows is tried with ` + "`dealerbridge mapping preview`" + ` and held by [tests beside it](casefile/TESTS.md).
With ` + "`--explain`" + ` the preview shows the SQL instead, how the server reads the key list, and where each field of the first row comes from.

The fields of each list, with their meaning, length and allowed words, and which of them are required, stand under "schemas" in
[the API's definition](../openapi/crs/openapi.yaml); ` + "`dealerbridge mapping check`" + ` names the required ones that are not mapped yet.

`

func writeContext(b *strings.Builder, c *Context, words func(Shape) string) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", c.Title, c.Doc)
	if c.Open != "" {
		fmt.Fprintf(b, "\nAny other key is %s.\n", c.Open)
	}
	b.WriteString("\n| key | what stands behind it | default | meaning |\n|---|---|---|---|\n")
	for _, key := range c.Keys {
		name := "`" + key.Name + "`"
		if key.Required {
			name += " (required)"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, cell(words(key.Shape)), cell(key.Default), cell(key.Doc))
	}
	b.WriteString("\n```yaml\n")
	for i, key := range c.Keys {
		if i > 0 && strings.Contains(key.Example+c.Keys[i-1].Example, "\n") {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "%s\n", key.Example)
	}
	b.WriteString("```\n")
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// anchor spells a heading as the pages that show Markdown link to it.
func anchor(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c == ' ':
			b.WriteRune('-')
		case c == '-' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		}
	}
	return b.String()
}

// shapeWordsOf says in words what may stand behind a key.
func shapeWordsOf(s Shape) string {
	if words, ok := shapeNames[s]; ok {
		return words
	}
	return string(s)
}

var shapeNames = map[Shape]string{
	shapeWord:         "a text",
	shapeWords:        "a list of texts",
	shapeBool:         "true or false",
	shapeWhole:        "a whole number",
	shapeShare:        "a percentage",
	shapeDuration:     "a duration",
	shapeDialect:      "`mysql` or `sqlite`",
	shapeBadRow:       "`leaveOut` or `fail`",
	shapeBadValue:     "`null`, `leaveOut` or `fail`",
	shapeCase:         "`upper`, `lower` or `title`",
	shapeSQL:          "SQL",
	shapeColumn:       "a column",
	shapeValue:        "a [value](#a-value)",
	shapeValues:       "a [value](#a-value), or a list of them",
	shapeItems:        "a column, or a list of them",
	shapeSourceText:   "`TABLE alias`, or a [map](#a-source-as-a-map)",
	shapeTable:        "a table's name",
	shapeMatch:        "a map from columns to values",
	shapeConditions:   "a [condition](#a-condition), or a list of them",
	shapeWhen:         "a [condition](#a-condition) without SQL and child rows",
	shapeOrder:        "a column, [one with a direction](#a-key-of-an-order), or a list of them",
	shapePick:         "a column, [one with a direction](#a-key-of-an-order), or a list of them",
	shapeJoins:        "a list of names and own [joins](#a-join)",
	shapeNamedJoins:   "a map from names to [joins](#a-join)",
	shapeFilters:      "a map from tables to [conditions](#a-condition)",
	shapeMaps:         "a map from names to [code maps](#a-code-map)",
	shapeDefine:       "a map from names to [values](#a-value) or groups of fields",
	shapeFields:       "a map from fields to [values](#a-value)",
	shapeRows:         "a map from fields to [values](#a-value), or with `columns` a list of such maps",
	shapeFixed:        "a list of maps from fields to texts",
	shapeUse:          "a name, or a list of names",
	shapeEndpoint:     "a [section](#a-section-contract-jobsite-dealer-category-customer-location), or `none`",
	shapeInvoice:      "the [section](#the-section-invoice), or `none`",
	shapeEndpoints:    "a list of sections",
	shapeSources:      "a list of [sources](#a-source-of-a-list)",
	shapeDocuments:    "[documents](#documents)",
	Shape("document"): "a [document](#a-document), or `none`",
	shapeChanges:      "[changes](#changes)",
	shapeChangeKind:   "a list of [sources](#a-source-of-changes), `snapshot` or `none`",
	shapePrefer:       "a list of maps",
	shapeColumns:      "a map from members to one value or a list",
	shapeTemplate:     "a text with columns in braces",
	shapeLiteral:      "a text",
	shapeAggregate:    "`children.column`, or the name of child rows",
	shapeChildren:     "the name of child rows",
	shapeDate:         "a spelling, true, or a [map](#date-as-a-map)",
	shapeMoney:        "true, or a [map](#money-as-a-map)",
	shapeWordsRule:    "a [map](#words)",
	shapeHash:         "a [map](#hash), or true",
	shapeCut:          "true, or a whole number",
	shapeListRule:     "a [map](#list-and-json)",
	shapeReplace:      "a map from texts to texts",
	shapeScalars:      "a text, or a list of texts",
}
