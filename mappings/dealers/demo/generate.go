package demo

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/tables"
)

type row = tables.Row

// The companies in the tables. Only the first is the dealer's.
const (
	own   = "01"
	other = "02"
)

// maker collects the rows of all tables.
type maker struct {
	today   time.Time // noon, UTC
	rows    map[string][]row
	units   map[string][]string // company and class -> unit numbers
	contno  map[string]int      // company -> last contract number
	invno   map[string]int
	prices  map[string]int64 // class -> day rate in cents
	carried []string         // the classes, in order
}

// generate makes all rows. It draws from a source of its own per customer, so
// that a customer has the same rows however many others there are.
func generate(options Options) map[string][]row {
	y, m, d := options.Today.Date()
	g := &maker{
		today:  time.Date(y, m, d, 12, 0, 0, 0, time.UTC),
		rows:   make(map[string][]row),
		units:  make(map[string][]string),
		contno: map[string]int{own: 10000, other: 10000}, // the same numbers in both companies
		invno:  map[string]int{own: 500000, other: 500000},
		prices: make(map[string]int64),
	}
	g.codes()
	g.fleet()
	g.specials()
	g.secondCompany()
	g.others(options.Contracts)
	g.leftovers()
	return g.rows
}

func (g *maker) add(table string, r row) { g.rows[table] = append(g.rows[table], r) }

// draw gives a source of random numbers for one subject.
func draw(parts ...string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(strings.Join(parts, "\x00"))) // never fails (hash.Hash)
	return rand.New(rand.NewPCG(h.Sum64(), 20))  //nolint:gosec // made-up rows, nothing secret
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// Days are counted from today. Each spelling is one the tables use.

func (g *maker) at(days int) time.Time { return g.today.AddDate(0, 0, days) }

func (g *maker) date(days int) string { return g.at(days).Format("2006-01-02") }

func (g *maker) dmy(days int) string { return g.at(days).Format("02/01/2006") }

func (g *maker) ymd(days int) int {
	t := g.at(days)
	return t.Year()*10000 + int(t.Month())*100 + t.Day()
}

func (g *maker) moment(days, hour, minute, second int) string {
	return fmt.Sprintf("%s %02d:%02d:%02d", g.date(days), hour, minute, second)
}

// clockChanges returns the latest days up to today on which the dealer's clocks
// went forward and back, as days from today.
func (g *maker) clockChanges() (forward, back int) {
	sunday := func(year int, month time.Month, nth int) time.Time {
		first := time.Date(year, month, 1, 12, 0, 0, 0, time.UTC)
		return first.AddDate(0, 0, (7-int(first.Weekday()))%7+7*(nth-1))
	}
	latest := func(month time.Month, nth int) int {
		t := sunday(g.today.Year(), month, nth)
		if t.After(g.today) {
			t = sunday(g.today.Year()-1, month, nth)
		}
		return -int(g.today.Sub(t).Hours()) / 24
	}
	return latest(time.March, 2), latest(time.November, 1)
}

// dec8 spells cents as a DECIMAL(24,8) comes out of MySQL, dec2 as a
// DECIMAL(12,2) does.
func dec8(c int64) string { return dec2(c) + "000000" }

func dec2(c int64) string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	return fmt.Sprintf("%s%d.%02d", sign, c/100, c%100)
}

// printed spells cents as the old system prints them: thousands by commas, the
// minus behind.
func printed(c int64) string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	whole := fmt.Sprint(c / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s.%02d%s", whole, c%100, sign)
}
