package adaptertest

// How the expected answers are made: plain SQL for a dealer's SQLite tables,
// values turned by the standard library. Nothing here may use the mapping, the
// plan or the conversions that are to be tested.

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// record is one row: column to cleaned text, "" for everything that is empty.
type record map[string]string

// ask runs one statement on the demo's tables.
func ask(t *testing.T, db *sql.DB, query string, values ...any) []record {
	t.Helper()
	return askKnowing(t, db, []string{"N/A", "9999-12-31"}, query, values...)
}

// askKnowing runs one statement; texts that are one of nothing count as
// empty.
func askKnowing(t *testing.T, db *sql.DB, nothing []string, query string, values ...any) []record {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query, values...)
	if err != nil {
		t.Fatalf("%v in %s", err, query)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []record
	for rows.Next() {
		cells, into := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		r := make(record, len(names))
		for i, name := range names {
			r[name] = clean(cells[i], nothing)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func clean(cell any, nothing []string) string {
	var s string
	switch v := cell.(type) {
	case nil:
		return ""
	case time.Time:
		s = v.Format("2006-01-02 15:04:05")
	case []byte:
		return "bytes"
	default:
		s = fmt.Sprint(v)
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' && r != '\n' {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	for _, mark := range nothing {
		if s == mark || s == mark+" 00:00:00" {
			return ""
		}
	}
	return s
}

// first is the first text that is not empty.
func first(texts ...string) string { return cmp.Or(texts...) }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func cut(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return strings.TrimSpace(string(runes[:n]))
}

// customerNumber fills '412' up to 0000412.
func customerNumber(raw string) string {
	return strings.Repeat("0", max(0, 7-len([]rune(raw)))) + raw
}

var (
	chicago = mustLoad("America/Chicago")
	berlin  = mustLoad("Europe/Berlin")
	denver  = mustLoad("America/Denver")
)

func mustLoad(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

const noon = "T12:00:00Z"

var errNoDay = fmt.Errorf("no such day")

// dayOf turns 2006-01-02 (or more) into noon UTC; a day with a zero in it is empty.
func dayOf(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	s = s[:10]
	for _, part := range strings.Split(s, "-") {
		if strings.Trim(part, "0") == "" {
			return "", nil
		}
	}
	if _, err := time.Parse("2006-01-02", s); err != nil {
		return "", errNoDay
	}
	return s + noon, nil
}

// ymd turns 20060102 into 2006-01-02.
func ymd(s string) string {
	if len(s) != 8 {
		return ""
	}
	return s[:4] + "-" + s[4:6] + "-" + s[6:]
}

// dmy turns 02/01/2006 into 2006-01-02.
func dmy(s string) string {
	if len(s) != 10 {
		return ""
	}
	return s[6:] + "-" + s[3:5] + "-" + s[:2]
}

// instantOf is instantIn for the demo.
func instantOf(local string) (time.Time, error) { return instantIn(chicago, local) }

// instantIn turns a local date and time into an instant. Where the clock went
// forward over it, the offset from before counts; where it exists twice, the
// first one.
func instantIn(zone *time.Location, local string) (time.Time, error) {
	utc, err := time.Parse("2006-01-02 15:04:05", local)
	if err != nil {
		return time.Time{}, errNoDay
	}
	offset := func(around time.Duration) time.Duration {
		_, seconds := utc.Add(around).In(zone).Zone()
		return time.Duration(seconds) * time.Second
	}
	before, after := utc.Add(-offset(-12*time.Hour)), utc.Add(-offset(36*time.Hour))
	same := func(at time.Time) bool { return at.In(zone).Format("2006-01-02 15:04:05") == local }
	if !same(before) && same(after) {
		return after.UTC(), nil
	}
	return before.UTC(), nil
}

// moment is momentIn for the demo.
func moment(local string) (string, error) { return momentIn(chicago, local) }

// momentIn is instantIn as it is sent; midnight means the day.
func momentIn(zone *time.Location, local string) (string, error) {
	if local == "" {
		return "", nil
	}
	if strings.HasSuffix(local, " 00:00:00") {
		return dayOf(local)
	}
	at, err := instantIn(zone, local)
	if err != nil {
		return "", err
	}
	return at.Format(time.RFC3339), nil
}

var plainNumber = regexp.MustCompile(`^\d+(\.\d+)?$`)

// exact reads an amount in any spelling of the old system, with the places it
// is stored with.
func exact(s string) (value *big.Rat, places int, ok bool) {
	negative := strings.HasSuffix(s, "-") || strings.HasPrefix(s, "-")
	digits := strings.ReplaceAll(strings.Trim(s, "-"), ",", "")
	if !plainNumber.MatchString(digits) {
		return nil, 0, false
	}
	value, _ = new(big.Rat).SetString(digits)
	if negative {
		value.Neg(value)
	}
	if _, fraction, found := strings.Cut(digits, "."); found {
		places = len(fraction)
	}
	return value, places, true
}

// money spells an amount as it is sent: at least one and at most two places.
func money(value *big.Rat, places int) string { return halfUp(value, min(max(places, 1), 2)) }

// halfUp rounds half away from zero.
func halfUp(value *big.Rat, places int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	scaled := new(big.Rat).Mul(new(big.Rat).Abs(value), new(big.Rat).SetInt(scale))
	twice := new(big.Int).Add(new(big.Int).Mul(scaled.Num(), big.NewInt(2)), scaled.Denom())
	whole := twice.Div(twice, new(big.Int).Mul(scaled.Denom(), big.NewInt(2)))
	text := fmt.Sprintf("%0*s", places+1, whole.String())
	text = text[:len(text)-places] + "." + text[len(text)-places:]
	if value.Sign() < 0 && whole.Sign() != 0 {
		text = "-" + text
	}
	return text
}

func amountOf(s string) (json.Number, bool) {
	value, places, ok := exact(s)
	if !ok {
		return "", false
	}
	return json.Number(money(value, places)), true
}

// rate makes one rate; nil without an amount.
func rate(amount, currency string) *model.Rate {
	value, places, ok := exact(amount)
	if !ok {
		return nil
	}
	n, display := json.Number(money(value, places)), halfUp(value, 2)
	return &model.Rate{Amount: &n, Currency: &currency, Display: &display}
}

// charges adds up charges of the same name, in order of first appearance, and
// drops what comes to nothing.
type charges struct {
	names  []string
	totals map[string]*big.Rat
	places map[string]int
}

func (c *charges) add(name, amount string) bool {
	value, places, ok := exact(amount)
	if !ok {
		return amount == ""
	}
	if c.totals == nil {
		c.totals, c.places = make(map[string]*big.Rat), make(map[string]int)
	}
	if c.totals[name] == nil {
		c.names, c.totals[name] = append(c.names, name), new(big.Rat)
	}
	c.totals[name].Add(c.totals[name], value)
	c.places[name] = max(c.places[name], places)
	return true
}

func (c *charges) list() []model.Charge {
	list := []model.Charge{}
	for _, name := range c.names {
		if c.totals[name].Sign() != 0 {
			list = append(list, model.Charge{Name: name, Total: json.Number(money(c.totals[name], c.places[name]))})
		}
	}
	return list
}

// faults keeps the first thing that is wrong with a row.
type faults struct{ left *Left }

func (f *faults) note(field string, reason adapters.Reason) {
	if f.left == nil {
		f.left = &Left{Field: field, Reason: reason}
	}
}

func (f *faults) required(field, value string) string {
	if value == "" {
		f.note(field, adapters.Missing)
	}
	return value
}

func (f *faults) readable(field string, value string, err error) string {
	if err != nil {
		f.note(field, adapters.Unreadable)
	}
	return value
}

func (f *faults) amount(field, text string) json.Number {
	if text == "" {
		f.note(field, adapters.Missing)
		return ""
	}
	n, ok := amountOf(text)
	if !ok {
		f.note(field, adapters.Unreadable)
	}
	return n
}

// row closes one row.
func row[T any](id, customer string, item T, f faults) Row[T] {
	if f.left != nil {
		return Row[T]{ID: id, Customer: customer, Left: f.left}
	}
	return Row[T]{ID: id, Customer: customer, Item: &item}
}
