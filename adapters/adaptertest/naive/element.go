package naive

import (
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
)

// fault is what keeps an element from being sent; of several the one whose
// field, and then whose reason, comes first by name.
type fault struct{ field, why string }

func (f *fault) or(other *fault) *fault {
	if f == nil || other != nil && cmp.Or(cmp.Compare(other.field, f.field), cmp.Compare(other.why, f.why)) < 0 {
		return other
	}
	return f
}

// element makes the members of one element.
func (w *world) element(r *row, prefix string, fields []Field) (map[string]any, *fault) {
	out := map[string]any{}
	var worst *fault
	for _, f := range fields {
		got := f.checked(f.Value.eval(r, f.Want))
		switch {
		case got.state == isThere:
			put(out, f.Path, got.text, f.Want)
			if object, ok := strings.CutSuffix(f.Path, ".amount"); ok {
				put(out, object+".currency", w.Mapping.Currency, WantText)
				n, _, _ := amount(got.text)
				put(out, object+".display", n.FloatString(2), WantText)
			}
		case got.state == isEmpty && !f.Required:
		case f.Fallback != "":
			put(out, f.Path, f.Fallback, f.Want)
		case f.OnBad == "null" && !f.Required:
		default:
			worst = worst.or(&fault{prefix + f.Path, reasons[got.state]})
		}
	}
	return out, worst
}

// checked finds values the API does not take.
func (f Field) checked(got outcome) outcome {
	switch {
	case got.state != isThere:
	case len(f.Words) > 0 && !slices.Contains(f.Words, got.text):
		return outcome{state: isUnmapped}
	case f.Max > 0 && f.Want == WantText && len([]rune(got.text)) > f.Max:
		return outcome{state: isTooLong}
	}
	return got
}

// put sets a dotted member.
func put(out map[string]any, path, text string, want Want) {
	for {
		object, rest, nested := strings.Cut(path, ".")
		if !nested {
			break
		}
		inner, ok := out[object].(map[string]any)
		if !ok {
			inner = map[string]any{}
			out[object] = inner
		}
		out, path = inner, rest
	}
	switch want {
	case WantInteger, WantDecimal:
		out[path] = json.Number(text)
	case WantBool:
		out[path] = text == "true"
	default:
		out[path] = text
	}
}

// list makes the elements of an array member.
func (w *world) list(r *row, name string, l *List) ([]any, *fault) {
	all := []any{}
	if l == nil {
		return all, nil
	}
	var worst *fault
	take := func(s ListSource, made map[string]any, bad *fault) {
		switch {
		case bad == nil:
			all = append(all, made)
		case !s.KeepParent:
			worst = worst.or(bad)
		}
	}
	for _, s := range l.Sources {
		if s.Elements != nil {
			for _, one := range s.Elements.rows(r) {
				made, bad := w.element(one, name+".", s.Fields)
				take(s, made, bad)
			}
			continue
		}
		if s.From == nil {
			for _, fields := range s.Columns {
				if !w.something(r, fields) {
					continue
				}
				made, bad := w.element(r, name+".", fields)
				take(s, made, bad)
			}
			continue
		}
		var rows []*row
		for _, child := range w.rows(r, *s.From) {
			if child.matches(s.From.Alias, s.Parent) {
				rows = append(rows, child)
			}
		}
		order := slices.Clone(s.Order)
		for _, i := range s.From.Table.Key {
			order = append(order, Order{By: Ref{s.From.Alias, s.From.Table.Columns[i].Name}})
		}
		w.order(rows, "", order)
		for _, child := range rows {
			made, bad := w.element(child, name+".", append(slices.Clone(s.Fields), s.Rates.fields()...))
			if doubt := child.doubted(*s.From); doubt != nil {
				bad = doubt
			}
			take(s, made, bad)
		}
	}
	if l.SumByName {
		all = summed(all)
	}
	return all, worst
}

// something says whether an amount of columns is more than nothing.
func (w *world) something(r *row, fields []Field) bool {
	for _, f := range fields {
		if f.Want != WantDecimal {
			continue
		}
		got := f.Value.eval(r, f.Want)
		if got.state > isThere {
			return true
		}
		if n, _, ok := amount(got.text); ok && n.Sign() != 0 {
			return true
		}
	}
	return false
}

// summed lets equal names be one element; what adds up to nothing is none.
func summed(all []any) []any {
	out := []any{}
	for i, one := range all {
		element := one.(map[string]any)
		sum, places, first := new(big.Rat), 0, true
		for k, other := range all {
			o := other.(map[string]any)
			if o["name"] != element["name"] {
				continue
			}
			first = first && k >= i
			n, digits, _ := amount(o["total"].(json.Number).String())
			sum.Add(sum, n)
			places = max(places, digits)
		}
		if first && sum.Sign() != 0 {
			made := map[string]any{"name": element["name"], "total": json.Number(spelled(sum, places))}
			out = append(out, made)
		}
	}
	return out
}
