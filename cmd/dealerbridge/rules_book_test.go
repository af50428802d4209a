package main_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/servertest"
)

// The rule book (openapi/RULES.md, R105 to R180) as tests. Each proof asks over
// HTTP and holds the raw JSON against rows read from the dealer's tables with
// SQL of its own, so that neither the mapping nor the API's Go types can hide a
// mistake.

const (
	firstRule = 105
	lastRule  = 180
)

// rule is one proof of one rule.
type rule struct {
	number int
	says   string
	prove  func(*testing.T, *book)
}

// informs are the rules that ask nothing of the gateway, each with the reason.
var informs = map[int]string{
	105: "says who calls whom; that nothing is sent to the CRS for the pull is the absence of any client for it",
	115: "is for the dealer's firewall",
	131: "describes when the CRS sweeps; any time is served",
	132: "describes when the CRS asks for a customer; any time is served",
	178: "is advice about a push the dealer may have; the endpoint is served all the same",
}

func rules() []rule {
	return slices.Concat(sharedRules, pageRules, contractRules, rentedRules, listRules, invoiceRules, changeRules)
}

func TestRules(t *testing.T) {
	dealer := prairie(t, "D100")
	// The customers asked for are those with the untidy rows, so many more than usual cannot be sent.
	replaceIn(t, filepath.Join(dealer.Mapping, "rms.yaml"), "leaveOutAtMost: 5%", "leaveOutAtMost: 90%")
	b := open(t, dealer)
	for _, r := range rules() {
		t.Run(fmt.Sprintf("R%d/%s", r.number, r.says), func(t *testing.T) { r.prove(t, b.in(t)) })
	}
}

func TestEveryRuleIsProvedOrInforms(t *testing.T) {
	proved, names := map[int]bool{}, map[string]bool{}
	for _, r := range rules() {
		name := fmt.Sprintf("R%d/%s", r.number, r.says)
		if names[name] {
			t.Errorf("%s stands twice", name)
		}
		names[name], proved[r.number] = true, true
		if r.number < firstRule || r.number > lastRule || r.prove == nil {
			t.Errorf("%s proves no rule of this book", name)
		}
	}
	for n := firstRule; n <= lastRule; n++ {
		if _, told := informs[n]; told == proved[n] {
			t.Errorf("R%d: proved %v, only informs %v; exactly one must hold", n, proved[n], told)
		}
	}
}

// object is a JSON object as it came; numbers keep their spelling.
type object = map[string]any

// record is a row: column to text without blanks around it, "" for NULL.
type record map[string]string

// book is a gateway with one dealer, whose tables the test reads and writes as
// the dealer's own programs do.
type book struct {
	*gateway
	t      testing.TB
	db     *sql.DB
	pull   *servertest.Client
	dealer config.Dealer
	seen   *answers
}

func open(t *testing.T, d config.Dealer) *book {
	t.Helper()
	g := start(t, serving(d))
	db, err := sql.Open("sqlite", "file:"+d.Database.Path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &book{gateway: g, t: t, db: db, pull: g.as("crs", d.Code), dealer: d, seen: &answers{}}
}

// fresh is a book of the test's own, for whoever changes the tables.
func fresh(t *testing.T) *book {
	t.Helper()
	return open(t, prairie(t, "D100"))
}

// in gives the book to a subtest.
func (b *book) in(t *testing.T) *book {
	mine, pull := *b, *b.pull
	mine.t, pull.TB, mine.pull = t, t, &pull
	return &mine
}

// parsed reads JSON without losing how its numbers are spelled.
func parsed(t testing.TB, raw []byte) (o object) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		t.Fatalf("%v: %.300s", err, raw)
	}
	return o
}

// get asks for a path below /api/v1/, which must succeed.
func (b *book) get(path string) object {
	b.t.Helper()
	a := b.pull.Get("/api/v1/" + path)
	if a.Status != http.StatusOK {
		b.t.Fatalf("%s is answered %d: %.500s", path, a.Status, a.Body)
	}
	return parsed(b.t, a.Body)
}

func (b *book) status(path string) int {
	b.t.Helper()
	return b.pull.Get("/api/v1/" + path).Status
}

// all reads every page of a list; the path has a query.
func (b *book) all(path string) []object {
	b.t.Helper()
	items := []object{}
	for page := 0; ; page++ {
		p := b.get(fmt.Sprintf("%s&items=100&page=%d", path, page))
		items = append(items, list(p["items"])...)
		if whole(b.t, p["totalPages"]) <= page+1 {
			return items
		}
	}
}

// list reads an array of objects; what is absent is empty.
func list(v any) []object {
	array, _ := v.([]any)
	out := make([]object, len(array))
	for i, one := range array {
		out[i], _ = one.(object)
	}
	return out
}

func text(v any) string { s, _ := v.(string); return s }

func texts(items []object, member string) []string {
	out := make([]string, len(items))
	for i, o := range items {
		out[i] = text(o[member])
	}
	return out
}

func whole(t testing.TB, v any) int {
	t.Helper()
	n, _ := v.(json.Number)
	i, err := n.Int64()
	if err != nil {
		t.Fatalf("%v is no whole number", v)
	}
	return int(i)
}

// amount compares a number of the answer with a decimal of the tables, rounded
// to cents.
func amount(got any, want string) error {
	n, _ := got.(json.Number)
	g, ok := new(big.Rat).SetString(n.String())
	w, wok := new(big.Rat).SetString(want)
	if !ok || !wok {
		return fmt.Errorf("got %v, want %s", got, want)
	}
	off := new(big.Rat).Sub(g, w)
	if off.Abs(off).Cmp(big.NewRat(1, 200)) > 0 {
		return fmt.Errorf("got %s, want %s", n, want)
	}
	return nil
}

// plainAmount turns '1,250.00-' into -1250.00.
func plainAmount(printed string) string {
	s := strings.ReplaceAll(strings.TrimSpace(printed), ",", "")
	if minus, ok := strings.CutSuffix(s, "-"); ok {
		s = "-" + minus
	}
	return s
}

// has says whether an object has a member, null or not.
func has(o object, member string) bool { _, ok := o[member]; return ok }

// sum adds decimals.
func sum(amounts []string) string {
	total := new(big.Rat)
	for _, a := range amounts {
		if r, ok := new(big.Rat).SetString(a); ok {
			total.Add(total, r)
		}
	}
	return total.FloatString(8)
}
