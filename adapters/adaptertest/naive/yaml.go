package naive

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// File writes the mapping down. JSON is YAML, and quoted texts are columns as
// bare ones are.
func (m *Mapping) File() []byte {
	file := tree{
		"timezone": m.Zone, "currency": m.Currency, "leaveOutAtMost": "100%",
		"customerNumber": m.Number.written(),
		"jobsite":        "none", "invoice": "none", "customer": "none", "location": "none", "dealer-category": "none",
		"changes":  m.Changes.written(),
		"contract": m.Contract.written(),
	}
	if m.Archive != nil {
		file["contract"] = tree{"sources": []any{m.Contract.written(), m.Archive.written()}}
	}
	if m.Locations != nil {
		file["location"] = tree{"list": m.Locations}
	}
	if m.Documents != nil {
		file["documents"] = m.Documents.written()
	}
	if len(m.Sentinels) > 0 {
		file["sentinels"] = m.Sentinels
	}
	for name, filters := range map[string][]Filter{"owner": m.Owner, "state": m.State} {
		if len(filters) == 0 {
			continue
		}
		all := tree{}
		for _, f := range filters {
			all[theDealers(f.Table.Name)] = f.Where.written()
		}
		file[name] = all
	}
	if len(m.Maps) > 0 {
		maps := tree{}
		for _, one := range m.Maps {
			codes := tree{}
			for _, pair := range one.Codes {
				codes[theDealers(pair[0])] = pair[1]
			}
			if one.Else != nil {
				codes["else"] = orNull(*one.Else)
			}
			if one.IgnoreCase {
				codes["ignoreCase"] = true
			}
			maps[one.Name] = codes
		}
		file["maps"] = maps
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(file); err != nil {
		panic(err) // there are only maps, lists and texts in it
	}
	// A key in quotes is a name of the dealer's, one without a word of the language.
	text := keyword.ReplaceAll(out.Bytes(), []byte("$1$2: "))
	return bytes.ReplaceAll(text, []byte(`"\u0002`), []byte(`"`))
}

type tree map[string]any

var keyword = regexp.MustCompile(`(?m)^( *)"([A-Za-z][A-Za-z0-9.-]*)": `)

// theDealers marks a key that is a name of the dealer's.
func theDealers(name string) string { return "\x02" + name }

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (r Ref) String() string {
	if r.Alias == "" {
		return r.Column
	}
	return r.Alias + "." + r.Column
}

func (n Number) written() any {
	if n.Second != nil {
		return tree{"text": n.Prefix + "{" + n.Column.String() + "}-{" + n.Second.String() + "}"}
	}
	if n.Pad == 0 {
		return n.Column.String()
	}
	return tree{"from": n.Column.String(), "pad": n.Pad}
}

func (e *Endpoint) written() any {
	out := e.From.written()
	if len(e.Key) > 0 {
		var keys []string
		for _, k := range e.Key {
			keys = append(keys, k.String())
		}
		out["key"] = keys
	}
	if len(e.Distinct) > 0 {
		var columns []string
		for _, ref := range e.Distinct {
			columns = append(columns, ref.String())
		}
		out["distinct"] = columns
	}
	for _, c := range e.Children {
		child := tree{"table": c.Table.Name, "match": matches(c.Match)}
		addJoins(child, c.Joins)
		addWhere(child, c.Where)
		out[c.Name] = child
	}
	addOrder(out, "order", e.Order)
	out["fields"] = fields(e.Fields)
	for name, l := range map[string]*List{"assetDetails": e.Assets, "feeDetails": e.Fees, "taxDetails": e.Taxes} {
		out[name] = l.written()
	}
	return out
}

func (s Source) written() tree {
	out := tree{"from": tree{"table": s.Table.Name, "as": s.Alias}}
	addJoins(out, s.Joins)
	addWhere(out, s.Where)
	return out
}

func addJoins(out tree, all []Join) {
	var joins []any
	for _, j := range all {
		join := tree{"table": j.Table.Name, "match": matches(j.Match)}
		addWhere(join, j.Where)
		addOrder(join, "pick", j.Pick)
		if j.Required {
			join["required"] = true
		}
		joins = append(joins, tree{j.Alias: join})
	}
	if len(joins) > 0 {
		out["join"] = joins
	}
}

func (l *List) written() any {
	if l == nil {
		return "none"
	}
	var sources []any
	for _, s := range l.Sources {
		var source tree
		if s.Elements != nil {
			source = tree{"elements": s.Elements.written(), "fields": fields(s.Fields)}
		} else if s.From == nil {
			var rows []any
			for _, f := range s.Columns {
				rows = append(rows, fields(f))
			}
			source = tree{"columns": "r", "fields": rows}
		} else {
			source = s.From.written()
			source["parent"] = matches(s.Parent)
			addOrder(source, "order", s.Order)
			source["fields"] = fields(s.Fields)
			if s.Rates != nil {
				source[ratesObject] = s.Rates.written()
			}
		}
		if s.KeepParent {
			source["keepParent"] = true
		}
		sources = append(sources, source)
	}
	out := tree{"sources": sources}
	if l.SumByName {
		out["sumByName"] = "total"
	}
	return out
}

func matches(all []Match) tree {
	out := tree{}
	for _, m := range all {
		if m.Fixed != nil {
			out[theDealers(m.Column)] = tree{"value": *m.Fixed}
			continue
		}
		out[theDealers(m.Column)] = m.With.String()
	}
	return out
}

func addOrder(out tree, key string, order []Order) {
	var all []string
	for _, o := range order {
		text := o.By.String()
		if o.Desc {
			text += " desc"
		}
		all = append(all, text)
	}
	if len(all) > 0 {
		out[key] = all
	}
}

func addWhere(out tree, where []Cond) {
	if len(where) > 0 {
		out["where"] = written(where)
	}
}

func written(all []Cond) []any {
	var out []any
	for _, c := range all {
		out = append(out, c.written())
	}
	return out
}

func (c Cond) written() any {
	switch {
	case c.Exists != "":
		key := "exists"
		if c.None {
			key = "none"
		}
		out := tree{key: c.Exists}
		addWhere(out, c.Where)
		return out
	case c.Any != nil:
		return tree{"any": written(c.Any)}
	case c.Not != nil:
		return tree{"not": c.Not.written()}
	}
	var with any = c.Values
	if len(c.Values) == 1 {
		with = c.Values[0]
	}
	switch c.Op {
	case Differs:
		with = tree{"not": with}
	case Empty:
		with = tree{"empty": true}
	case Present:
		with = tree{"empty": false}
	case Above:
		with = tree{"above": with}
	case Below:
		with = tree{"below": with}
	case From:
		with = tree{"from": with}
	case UpTo:
		with = tree{"upTo": with}
	case Declared:
		with = tree{"show": c.Values, "hide": append([]string{}, c.Hidden...)}
	}
	return tree{theDealers(c.Column.String()): with}
}

func fields(all []Field) tree {
	out := tree{}
	for _, f := range all {
		v := f.Value.written()
		if f.OnBad != "" || f.Fallback != "" {
			beside, ok := v.(tree)
			if !ok {
				beside = tree{"from": v}
			}
			if f.OnBad != "" {
				beside["onBad"] = f.OnBad
			}
			if f.Fallback != "" {
				beside["placeholder"] = f.Fallback
			}
			v = beside
		}
		out[f.Path] = v
	}
	return out
}

func (v ColumnValue) written() any { return v.Ref.String() }

func (v FirstValue) written() any {
	var all []any
	for _, item := range v {
		all = append(all, item.written())
	}
	return all
}

func (v FixedValue) written() any { return tree{"value": string(v)} }

func (v TextValue) written() any {
	var text strings.Builder
	for i, fixed := range v.Fixed {
		text.WriteString(fixed)
		if i < len(v.Columns) {
			text.WriteString("{" + v.Columns[i].String() + "}")
		}
	}
	return tree{"text": text.String()}
}

func (v WhenValue) written() any {
	out := tree{"when": v.If.written(), "then": v.Then.written()}
	if v.Else != nil {
		out["else"] = v.Else.written()
	}
	return out
}

func (v MapValue) written() any { return tree{"from": v.Ref.String(), "map": v.Map.Name} }

func (v PadValue) written() any { return tree{"from": v.Ref.String(), "pad": v.To} }

func (v DateValue) written() any { return tree{"from": v.Ref.String(), "date": v.Spelling} }

func (v MoneyValue) written() any { return tree{"from": v.Ref.String(), "money": true} }

func (v ProductValue) written() any {
	var all []string
	for _, r := range v {
		all = append(all, r.String())
	}
	return tree{"product": all}
}

func (v TotalValue) written() any {
	over := v.Children.Name
	if v.Column != "" {
		over += "." + v.Column
	}
	out := tree{v.Func: over}
	if v.Money {
		out["money"] = true
	}
	addWhere(out, v.Where)
	return out
}
