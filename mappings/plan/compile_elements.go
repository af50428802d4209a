package plan

import (
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

// elementAlias is what the parts of elements inside a value are called by:
// e.name.
const elementAlias = "e"

// elementSource compiles elements inside a value of the owner's row. They are
// rows like any child's, without a statement: whatever is joined to them is
// fetched by itself, and filters are decided here.
func (c *compiler) elementSource(f *frame, t *listTarget, e *element, source *mapfile.ListSource, inner written, keep bool) *fillSource {
	text, rule, ok := c.elementRule(source.Elements)
	if !ok {
		return &fillSource{branch: -1}
	}
	main := &relation{alias: elementAlias, pos: source.Pos, main: true, source: mapfile.Source{Pos: source.Pos}, table: &Table{}}
	for _, name := range rule.Names() {
		main.table.Columns = append(main.table.Columns, Column{Name: name, Kind: convert.ColumnText, Nullable: true})
	}
	scope := c.scopeOf(f.scope, main, source.Join, source.Children, true)
	sub := newFrame(c, f.name+"."+t.path, scope, f, f.filters)
	sub.made = true
	for i := range main.table.Columns {
		sub.slot(main, &main.table.Columns[i])
	}
	b := &branch{name: sub.name, frame: sub, noted: e.prefix + t.path, elements: rule}
	b.text = c.value(site{f: f, want: wantText}, text)
	f.branches = append(f.branches, b)
	at := len(f.branches) - 1
	if len(source.Where) > 0 {
		b.filter = c.tests(site{f: sub}, source.Where)
	}
	b.order = c.orderKeys(sub, source.Order)
	b.distinct = c.distinctValues(sub, source.Distinct)
	child := c.element(sub, t.element, e.endpoint, e.prefix+t.path+".", inner)
	c.requireRows(b)
	return &fillSource{branch: at, element: child, keepParent: keep}
}

// elementRule splits a value into the text that holds elements and the way they
// are told apart.
func (c *compiler) elementRule(v *mapfile.Value) (*mapfile.Value, *convert.Elements, bool) {
	if v.Convert == nil || v.Convert.List == nil && v.Convert.JSON == nil {
		c.fault(v.Pos, "say with `list:` or `json:` how the elements are told apart")
		return nil, nil, false
	}
	rest := *v.Convert
	written := rest.List
	rule := convert.ElementsRule{Distinct: rest.Distinct}
	switch {
	case written == nil:
		written, rule.JSON = rest.JSON, true
	case rest.JSON != nil:
		c.fault(rest.JSON.Pos, "the elements are a list or JSON, not both")
	}
	rule.By = written.By.Value
	if written.Pair != nil {
		rule.Pair = written.Pair.Value
	}
	for _, name := range written.Names {
		rule.Names = append(rule.Names, name.Value)
	}
	made, err := convert.NewElements(rule)
	if err != nil {
		c.fault(written.Pos, "%v", err)
		return nil, nil, false
	}
	rest.List, rest.JSON, rest.Distinct = nil, nil, false
	text := *v
	text.Convert = &rest
	return &text, made, true
}
