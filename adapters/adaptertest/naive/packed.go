package naive

import (
	"encoding/json"
	"strings"
)

const elementAlias = "e"

// elementParts are the parts of an element, as if they stood in a table.
var elementParts = &Table{Columns: []Column{
	{Name: "code", Kind: Text, Content: Code},
	{Name: "amount", Kind: Text, Content: Money},
}}

// What stands in columns with elements. A third part is one too many.
var (
	packed = []string{
		"A:12.50;RI:3.00", "S", "FE:0;;FE:0; ", "B : 2.50 ; A:-1", ";", "RI:;A:7.25", "A:1:2;S:4", "A:x", "N/A",
	}
	packedJSON = []string{
		`[{"code":"A","amount":"12.50"},{"code":"RI"}]`, `[]`, `{"code":"S","amount":"7"}`, `[["B","2.50"],["A"]]`, `null`,
		`[{"code":"FE","amount":"0"},{"code":"FE","amount":"0"}]`, `[{"amount":"3","more":1},null,""]`, `[{"code":"A"`, `[["A","1","2"]]`, `"S"`,
	}
)

// rows are the elements in a row's column. What cannot be read there is none.
func (e *Elements) rows(r *row) (rows []*row) {
	text, _ := r.cell(e.Ref)
	if text == "" {
		return nil
	}
	all := apart(text)
	if e.JSON {
		all = apartJSON(text)
	}
	seen := map[[2]string]bool{}
	for _, parts := range all {
		if e.Distinct && seen[parts] {
			continue
		}
		seen[parts] = true
		cells := []Cell{&parts[0], &parts[1]}
		rows = append(rows, &row{
			world: r.world, parent: r,
			tables: map[string]*Table{elementAlias: elementParts}, cells: map[string][]Cell{elementAlias: cells},
		})
	}
	return rows
}

func apart(text string) (all [][2]string) {
	for _, one := range strings.Split(text, ";") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		pieces := strings.Split(one, ":")
		if len(pieces) > 2 {
			continue
		}
		var parts [2]string
		for i, piece := range pieces {
			parts[i] = strings.TrimSpace(piece)
		}
		all = append(all, parts)
	}
	return all
}

func apartJSON(text string) (all [][2]string) {
	var whole any
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return nil
	}
	list, ok := whole.([]any)
	if !ok {
		list = []any{whole}
	}
	for _, one := range list {
		switch one := one.(type) { // of a text alone nobody can tell which part it is
		case map[string]any:
			code, _ := one["code"].(string)
			sum, _ := one["amount"].(string)
			all = append(all, [2]string{code, sum})
		case []any:
			var parts [2]string
			if len(one) > len(parts) {
				continue
			}
			for i, part := range one {
				parts[i], _ = part.(string)
			}
			all = append(all, parts)
		}
	}
	return all
}

func (e *Elements) written() any {
	out := tree{"from": e.Ref.String()}
	names := []string{"code", "amount"}
	if e.JSON {
		out["json"] = tree{"names": names}
	} else {
		out["list"] = tree{"by": ";", "pair": ":", "names": names}
	}
	if e.Distinct {
		out["distinct"] = true
	}
	return out
}
