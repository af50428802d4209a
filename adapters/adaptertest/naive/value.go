package naive

import (
	"math/big"
	"strconv"
	"strings"
	"time"
)

// state is what became of a value.
type state int

const (
	isEmpty state = iota
	isThere
	isUnmapped
	isUnreadable
	isTooLong
)

var reasons = map[state]string{isEmpty: "missing", isUnmapped: "unmapped", isUnreadable: "unreadable", isTooLong: "too-long"}

type outcome struct {
	text  string
	state state
}

func there(text string) outcome {
	if text == "" {
		return outcome{}
	}
	return outcome{text, isThere}
}

var unreadable = outcome{state: isUnreadable}

// row is a row with all that was joined to it, and the row around it.
type row struct {
	world  *world
	parent *row
	of     *Endpoint // of a row of contracts
	tables map[string]*Table
	cells  map[string][]Cell // nil: the join found nothing
}

// raw is a stored value; ok is false for NULL and where a join found nothing.
func (r *row) raw(ref Ref) (text string, column Column, ok bool) {
	for at := r; at != nil; at = at.parent {
		t := at.tables[ref.Alias]
		if t == nil {
			continue
		}
		i := t.index(ref.Column)
		cells := at.cells[ref.Alias]
		if cells == nil || cells[i] == nil {
			return "", t.Columns[i], false
		}
		return *cells[i], t.Columns[i], true
	}
	panic("no alias " + ref.Alias)
}

// cell is a stored value, trimmed; "" where there is none.
func (r *row) cell(ref Ref) (string, Column) {
	text, column, _ := r.raw(ref)
	return r.world.trimmed(text, column), column
}

// trimmed is a text without the blanks around it, "" where it means nothing.
func (w *world) trimmed(text string, c Column) string {
	text = strings.TrimSpace(text)
	for _, s := range w.Mapping.Sentinels {
		if text == s {
			return ""
		}
	}
	if (c.Kind == Date || c.Kind == DateTime) && strings.HasPrefix(text, "0000-") {
		return ""
	}
	return text
}

func (v ColumnValue) eval(r *row, want Want) outcome {
	text, column := r.cell(v.Ref)
	if text == "" {
		return outcome{}
	}
	if want == WantInstant {
		switch column.Kind {
		case Date:
			return instant(text, "2006-01-02", r.world.zone)
		case DateTime:
			return instant(text, "2006-01-02 15:04:05", r.world.zone)
		}
	}
	return convert(text, want)
}

// convert reads a text that is there.
func convert(text string, want Want) outcome {
	switch want {
	case WantInteger:
		whole, fraction, _ := strings.Cut(text, ".")
		n, err := strconv.ParseInt(whole, 10, 64)
		if err != nil || strings.Trim(fraction, "0") != "" {
			return unreadable
		}
		return there(strconv.FormatInt(n, 10))
	case WantDecimal:
		n, places, ok := amount(text)
		if !ok {
			return unreadable
		}
		return there(spelled(n, places))
	case WantBool:
		switch strings.ToLower(text) {
		case "0", "f", "n", "no", "false":
			return there("false")
		case "1", "t", "y", "yes", "true":
			return there("true")
		}
		n, _, ok := amount(text)
		if !ok {
			return unreadable
		}
		return there(strconv.FormatBool(n.Sign() != 0))
	}
	return there(text)
}

// amount reads what people and servers write: 1,234.50, 12.00-, $ 3.
func amount(text string) (n *big.Rat, places int, ok bool) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "$"), ",", "")
	text = strings.TrimSpace(text)
	minus := strings.HasSuffix(text, "-")
	text = strings.TrimSuffix(text, "-")
	if strings.HasPrefix(text, "-") {
		minus, text = true, text[1:]
	}
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return nil, 0, false
	}
	n, ok = new(big.Rat).SetString(text)
	if !ok {
		return nil, 0, false
	}
	if minus {
		n.Neg(n)
	}
	_, fraction, _ := strings.Cut(text, ".")
	return n, len(fraction), true
}

// spelled keeps the digits there are, at least one and at most two behind the
// point; halves go away from zero.
func spelled(n *big.Rat, places int) string {
	text := n.FloatString(min(max(places, 1), 2))
	if strings.Trim(text, "-0.") == "" {
		return strings.TrimPrefix(text, "-") // what rounds to nothing has no sign
	}
	return text
}

// instant reads a wall clock of the dealer's zone. Midnight is a day without a
// time: noon UTC.
func instant(text, layout string, zone *time.Location) outcome {
	wall, err := time.Parse(layout, text)
	if err != nil {
		return unreadable
	}
	if wall.Hour() == 0 && wall.Minute() == 0 && wall.Second() == 0 {
		return there(wall.Add(12 * time.Hour).Format(sentInstant))
	}
	_, before := wall.Add(-26 * time.Hour).In(zone).Zone()
	_, after := wall.Add(26 * time.Hour).In(zone).Zone()
	same := func(at time.Time) bool { return at.In(zone).Format(layout) == text }
	first := wall.Add(-time.Duration(before) * time.Second)
	second := wall.Add(-time.Duration(after) * time.Second)
	if !same(first) && same(second) {
		first = second
	}
	return there(first.Format(sentInstant))
}

const sentInstant = "2006-01-02T15:04:05Z"

func (v FirstValue) eval(r *row, want Want) outcome {
	for _, item := range v {
		if got := item.eval(r, want); got.state != isEmpty {
			return got
		}
	}
	return outcome{}
}

func (v FixedValue) eval(r *row, want Want) outcome {
	if want == WantInstant {
		return instant(string(v), "2006-01-02", r.world.zone)
	}
	return convert(string(v), want)
}

func (v TextValue) eval(r *row, want Want) outcome {
	gap, all := false, ""
	blanks := strings.TrimSpace(strings.Join(v.Fixed, "")) == ""
	for i, fixed := range v.Fixed {
		all += fixed
		if i < len(v.Columns) {
			text, _ := r.cell(v.Columns[i])
			gap = gap || text == ""
			all += text
		}
	}
	if blanks {
		return there(strings.Join(strings.Fields(all), " "))
	}
	if gap {
		return outcome{}
	}
	return there(strings.TrimSpace(all))
}

func (v WhenValue) eval(r *row, want Want) outcome {
	switch {
	case r.holds(v.If):
		return v.Then.eval(r, want)
	case v.Else != nil:
		return v.Else.eval(r, want)
	}
	return outcome{}
}

func (v MapValue) eval(r *row, want Want) outcome {
	text, _ := r.cell(v.Ref)
	if text == "" {
		return outcome{}
	}
	for _, pair := range v.Map.Codes {
		if pair[0] == text || v.Map.IgnoreCase && strings.EqualFold(pair[0], text) {
			return convert(pair[1], want)
		}
	}
	if v.Map.Else == nil {
		return outcome{state: isUnmapped}
	}
	return there(*v.Map.Else)
}

func (v PadValue) eval(r *row, _ Want) outcome {
	text, _ := r.cell(v.Ref)
	return there(padded(text, v.To))
}

func padded(text string, to int) string {
	if text == "" {
		return ""
	}
	for len([]rune(text)) < to {
		text = "0" + text
	}
	return text
}

var layouts = map[string]string{"yyyymmdd": "20060102", "dd/mm/yyyy": "02/01/2006"}

func (v DateValue) eval(r *row, _ Want) outcome {
	text, _ := r.cell(v.Ref)
	if strings.Trim(text, "0") == "" {
		return outcome{}
	}
	return instant(text, layouts[v.Spelling], r.world.zone)
}

func (v MoneyValue) eval(r *row, want Want) outcome {
	text, _ := r.cell(v.Ref)
	if text == "" {
		return outcome{}
	}
	return convert(text, want)
}

func (v ProductValue) eval(r *row, _ Want) outcome {
	product, places := big.NewRat(1, 1), 0
	for _, ref := range v {
		text, _ := r.cell(ref)
		if text == "" {
			return outcome{}
		}
		n, digits, ok := amount(text)
		if !ok {
			return unreadable
		}
		product.Mul(product, n)
		places += max(digits, 1) // a whole number is an amount with one place, too
	}
	return there(spelled(product, places))
}

func (v TotalValue) eval(r *row, want Want) outcome {
	rows := r.world.childRows(r, v.Children, v.Where)
	for _, child := range rows {
		if child.doubted(Source{Table: v.Children.Table, Alias: v.Children.Name}) != nil {
			return outcome{state: isUnmapped} // nobody knows whether it counts
		}
	}
	switch v.Func {
	case "count":
		return convert(strconv.Itoa(len(rows)), want)
	case "exists":
		return there(strconv.FormatBool(len(rows) > 0))
	}
	sum, places, something := new(big.Rat), 0, false
	best := outcome{}
	for _, child := range rows {
		got := ColumnValue{Ref{v.Children.Name, v.Column}}.eval(child, want)
		if v.Func == "sum" {
			// Every digit counts until the end.
			text, _ := child.cell(Ref{v.Children.Name, v.Column})
			if text == "" {
				continue
			}
			n, digits, ok := amount(text)
			if !ok {
				return unreadable
			}
			sum.Add(sum, n)
			places, something = max(places, digits), true
			continue
		}
		if got.state > isThere {
			return got
		}
		if got.state == isThere && (best.state == isEmpty || (compare(got.text, best.text, want) < 0) == (v.Func == "min")) {
			best = got
		}
	}
	if v.Func != "sum" {
		return best
	}
	if !something {
		return outcome{}
	}
	return there(spelled(sum, places))
}

func compare(a, b string, want Want) int {
	if want == WantInteger || want == WantDecimal {
		x, _, _ := amount(a)
		y, _, _ := amount(b)
		return x.Cmp(y)
	}
	return strings.Compare(a, b)
}
