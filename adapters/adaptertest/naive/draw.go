package naive

import (
	"strings"

	"pgregory.net/rapid"
)

// Options say what may be drawn.
type Options struct {
	// Twins lets keys and codes differ in letter case alone. The tables then
	// need an exact collation.
	Twins bool
	// Latin leaves out characters that latin1 has not.
	Latin bool
	// ZeroDates lets dates be 0000-00-00.
	ZeroDates bool
}

// The company whose rows are the dealer's, and another one with the same keys.
const (
	ours   = "1"
	theirs = "2"
)

// generator draws one dealer.
type generator struct {
	t         *rapid.T
	options   Options
	names     []string // names not used yet in the table that is drawn
	companies bool
	world     *World
}

// evenly is a number of which each is as likely as any other. The ranges of the
// library prefer small ones, so that most of what is drawn would stay plain.
var evenly = rapid.Custom(func(t *rapid.T) int {
	n := 0
	for _, bit := range rapid.SliceOfN(rapid.Bool(), evenBits, evenBits).Draw(t, "bits") {
		n <<= 1
		if bit {
			n++
		}
	}
	return n
})

const evenBits = 10

// n draws a number from 0 up to a small one, that included.
func (g *generator) n(upTo int, what string) int {
	return evenly.Draw(g.t, what) * (upTo + 1) >> evenBits
}

// chance draws whether something happens. Shrinking goes to what does not: the
// plain case.
func (g *generator) chance(percent int, what string) bool { return g.n(99, what) >= 100-percent }

func pick[T any](g *generator, all []T, what string) T { return all[g.n(len(all)-1, what)] }

var oddNames = []string{
	"order", "from", "Rank", "unit #", "a.b", "it's", `say "x"`, "UPPER", "select", "näme", "x-1", "100%", "group", "Table",
	"c d e", "$cost", "per/day", "back`tick", "where?", "nr.", "1st", "null", "true", "~", "no", "=", "<<", "y", "desc", "@at", "c:d", "key", "value",
}

var plainNames = []string{
	"colA", "colB", "colC", "colD", "colE", "colF", "colG", "colH", "colI", "colJ", "colK", "colL", "colM", "colN",
}

// name gives a column a name that its table has not used.
func (g *generator) name() string {
	i := g.n(len(g.names)-1, "name")
	name := g.names[i]
	g.names = append(g.names[:i:i], g.names[i+1:]...)
	return name
}

func (g *generator) column(kind Kind, content Content, pool ...string) Column {
	return Column{Name: g.name(), Kind: kind, Content: content, Pool: pool}
}

var tableNames = []string{"MAIN", "CUST", "ORDER", "Lines #", "it's", "Group", "look up", "SELECT", "tab-le", "Öl"}

// table draws a table: its company first, then what is asked for, then extras.
func (g *generator) table(key []int, columns func() []Column, extras, rows int) *Table {
	g.names = append(append([]string{}, plainNames...), oddNames...)
	i := g.n(len(tableNames)-1, "table")
	for g.taken(tableNames[i]) {
		i = (i + 1) % len(tableNames)
	}
	t := &Table{Name: tableNames[i]}
	g.world.Tables = append(g.world.Tables, t)
	if g.companies {
		t.Columns = append(t.Columns, Column{Name: g.name(), Kind: Text, Content: Company})
		for _, k := range key {
			t.Key = append(t.Key, k+1)
		}
		if len(key) > 0 {
			t.Key = append([]int{0}, t.Key...)
		}
	} else {
		t.Key = key
	}
	t.Columns = append(t.Columns, columns()...)
	for range g.n(extras, "extras") {
		t.Columns = append(t.Columns, g.extra())
	}
	g.fill(t, max(g.n(rows, "rows"), g.n(rows, "rows"))) // seldom none
	if g.companies {
		column := Ref{Column: t.Columns[0].Name}
		g.world.Mapping.Owner = append(g.world.Mapping.Owner, Filter{t, Cond{Column: column, Op: Equal, Values: []string{ours}}})
	}
	return t
}

func (g *generator) taken(name string) bool {
	for _, t := range g.world.Tables {
		if t.Name == name {
			return true
		}
	}
	return false
}

func (g *generator) extra() Column {
	all := []struct {
		kind    Kind
		content Content
	}{
		{Text, Free},
		{Text, Code},
		{Integer, Numbers},
		{Decimal, Numbers},
		{Date, Numbers},
		{DateTime, Numbers},
		{Text, Money},
		{Text, Day8},
		{Text, Flag},
	}
	one := pick(g, all, "extra")
	return g.column(one.kind, one.content)
}

// fill draws rows; those whose primary key is there already are left out, as
// are those with a NULL in it.
func (g *generator) fill(t *Table, rows int) {
	seen := map[string]bool{}
	for range rows {
		var cells []Cell
		for i, c := range t.Columns {
			cells = append(cells, g.cell(c, containsInt(t.Key, i)))
		}
		var key strings.Builder
		for _, k := range t.Key {
			if cells[k] == nil {
				key.Reset()
				break
			}
			text := strings.TrimRight(*cells[k], " ")
			if !g.options.Twins {
				text = strings.ToLower(text)
			}
			key.WriteString(text + "\x00")
		}
		if len(t.Key) > 0 && (key.Len() == 0 || seen[key.String()]) {
			continue
		}
		seen[key.String()] = true
		t.Rows = append(t.Rows, cells)
	}
}

var (
	codes     = []string{"A", "B", "RI", "FE", "S"}
	moneys    = []string{"12.50", "0", "100.00-", "1,234.5", "-3.75", "0.00", "$ 7.25", "19.995", "x"}
	days8     = []string{"20260301", "20251231", "00000000", "20260704"}
	flags     = []string{"Y", "N", "yes", "0", "1", "-1", "true", "J"}
	frees     = []string{"alpha", "Beta", "two words", "5", "N/A", "Ölfaß", "O'Brien & Söhne", `back\slash "q"`, "100%", "x_y"}
	wide      = []string{"小明", "naïve 🚜", "Δx"}
	integers  = []string{"0", "1", "2", "7", "-1", "41", "1000"}
	decimals  = []string{"0.00", "1.50", "10.00", "-2.25", "99999.99", "0.05"}
	dates     = []string{"2026-03-08", "2026-01-31", "2025-12-31", "9999-12-31"}
	datetimes = []string{"2026-03-08 02:30:00", "2026-03-08 00:00:00", "2025-11-02 01:30:00", "2026-07-04 23:59:59", "2026-01-31 08:00:01"}
)

func (g *generator) cell(c Column, key bool) Cell {
	text := func(s string) Cell { return &s }
	if c.Content == Company {
		if g.chance(30, "company") {
			return text(theirs)
		}
		return text(ours)
	}
	if !key && g.chance(15, "null") {
		return nil
	}
	var all []string
	switch {
	case c.Content == Link:
		all = c.Pool
	case c.Kind == Integer:
		all = integers
	case c.Kind == Decimal:
		all = decimals
	case c.Kind == Date || c.Kind == DateTime:
		all = dates
		if c.Kind == DateTime {
			all = datetimes
		}
		if g.options.ZeroDates && g.chance(10, "zero date") {
			if c.Kind == Date {
				return text("0000-00-00")
			}
			return text("0000-00-00 00:00:00")
		}
	case c.Content == Money:
		all = moneys
	case c.Content == Day8:
		all = days8
	case c.Content == Flag:
		all = flags
	case c.Content == Code:
		all = codes
	case c.Content == Packed:
		all = packed
	case c.Content == PackedJSON:
		all = packedJSON
	default:
		all = frees
		if !g.options.Latin {
			all = append(append([]string{}, frees...), wide...)
		}
	}
	s := pick(g, all, "cell")
	if c.Kind != Text {
		return text(s)
	}
	if g.options.Twins && c.Content != Money && g.chance(15, "case") {
		s = strings.ToLower(s)
	}
	switch {
	case g.chance(10, "padding"):
		s += "  "
	case !key && g.chance(5, "blank"):
		s = strings.Repeat(" ", g.n(2, "blanks"))
	case (c.Content == Money || c.Content == Day8) && g.chance(10, "indent"):
		// Conditions count blanks in front, so no value they look for has any.
		s = " " + s
	}
	return text(s)
}
