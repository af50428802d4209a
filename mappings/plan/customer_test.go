package plan_test

import (
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// storedCustomer is one row of the customers' table.
type storedCustomer struct {
	text, more sql.NullString
	number     sql.NullInt64
}

func padTo(text string, n int) string {
	if text == "" {
		return ""
	}
	return strings.Repeat("0", max(0, n-len([]rune(text)))) + text
}

// numberShapes are customer numbers of every shape, each with the plainest way
// to make it of a row; "" where a row has none.
var numberShapes = []struct {
	name, mapping string
	of            func(c storedCustomer) string
}{
	{"APlainText", "customerNumber: cus.txt", func(c storedCustomer) string { return strings.TrimSpace(c.text.String) }},
	{"ANumberWithZerosInFront", "customerNumber: {from: cus.num, pad: 4}", func(c storedCustomer) string {
		if !c.number.Valid {
			return ""
		}
		return padTo(fmt.Sprint(c.number.Int64), 4)
	}},
	{"ATextWithoutItsZeros", "customerNumber: {from: cus.txt, strip: '0'}", func(c storedCustomer) string {
		return strings.TrimLeft(strings.TrimSpace(c.text.String), "0")
	}},
	{"ATextWithOtherZeros", "customerNumber: {from: cus.txt, strip: '0', pad: 3}", func(c storedCustomer) string {
		return padTo(strings.TrimLeft(strings.TrimSpace(c.text.String), "0"), 3)
	}},
	{"SeveralColumns", "customerNumber: {text: '{cus.txt}-{$padded}'}\ndefine: {padded: {from: cus.num, pad: 3}}", func(c storedCustomer) string {
		text := strings.TrimSpace(c.text.String)
		if text == "" || !c.number.Valid {
			return ""
		}
		return text + "-" + padTo(fmt.Sprint(c.number.Int64), 3)
	}},
	{"ColumnsWithNothingBetween", "customerNumber: {text: 'K{cus.txt}{cus.more}'}", func(c storedCustomer) string {
		a, b := strings.TrimSpace(c.text.String), strings.TrimSpace(c.more.String)
		if a == "" || b == "" {
			return ""
		}
		return "K" + a + b
	}},
}

// TestANumberFindsExactlyItsOwnRows asks for the numbers there are, and for
// others that are like them, of rows that stand in a table of their own.
func TestANumberFindsExactlyItsOwnRows(t *testing.T) {
	for _, shape := range numberShapes {
		t.Run(shape.name, func(t *testing.T) {
			p, q := bound(t, `
create table CUS (id INTEGER primary key, txt VARCHAR(6), more VARCHAR(6), num INTEGER);
create table R (id INTEGER primary key, cus INTEGER);`, shape.mapping+`
changes: none
contract:
  from: R r
  join: [{cus: {table: CUS, match: {id: r.cus}, required: true}}]
  order: r.id
  fields: {id: r.id}
  lines: none
  fees: none
customer:
  from: CUS cus
  fields: {customerName: {value: somebody}}`)
			rapid.Check(t, func(rt *rapid.T) {
				rows := rapid.SliceOfN(rapid.Custom(anyCustomer), 1, 8).Draw(rt, "rows")
				store(rt, q.db, rows)
				asked := rapid.SampledFrom(numbersLike(rows, shape.of)).Draw(rt, "asked")
				var want []string
				for i, c := range rows {
					if number := shape.of(c); number != "" && number == asked {
						want = append(want, fmt.Sprint(i))
					}
				}
				a := plan.Asking{Querier: querierOf(q), Now: today, Customers: []string{asked}}
				keys, err := p.Keys(t.Context(), "contract", a)
				if err != nil {
					rt.Fatal(err)
				}
				var got []string
				if _, err := p.Rows(t.Context(), "contract", a, keys, func(v reflect.Value) {
					got = append(got, v.FieldByName("ID").String())
					if own := v.FieldByName("CustomerID").String(); own != asked {
						rt.Fatalf("asked for %q, got a row of %q", asked, own)
					}
				}); err != nil {
					rt.Fatal(err)
				}
				if !slices.Equal(got, want) {
					rt.Fatalf("asked for %q: got %q, want %q", asked, got, want)
				}
				if keys, err := p.Keys(t.Context(), "customer", a); err != nil || len(keys) != len(want) {
					rt.Fatalf("looked up %q: got %d and %v, want %d", asked, len(keys), err, len(want))
				}
			})
		})
	}
}

func anyCustomer(t *rapid.T) storedCustomer {
	text := func(name string) sql.NullString {
		s := rapid.StringOfN(rapid.SampledFrom([]rune("0012aAé-%")), 0, 4, -1).Draw(t, name)
		if rapid.IntRange(0, 9).Draw(t, name+" is there") == 0 {
			return sql.NullString{}
		}
		return sql.NullString{String: s + strings.Repeat(" ", rapid.IntRange(0, 2).Draw(t, name+" blanks")), Valid: true}
	}
	return storedCustomer{
		text: text("txt"), more: text("more"),
		number: sql.NullInt64{Int64: rapid.Int64Range(0, 12000).Draw(t, "num"), Valid: rapid.IntRange(0, 9).Draw(t, "num is there") > 0},
	}
}

func store(t *rapid.T, db *sql.DB, rows []storedCustomer) {
	if _, err := db.Exec("delete from CUS; delete from R"); err != nil {
		t.Fatal(err)
	}
	for i, c := range rows {
		if _, err := db.Exec("insert into CUS values (?1, ?2, ?3, ?4); insert into R values (?1, ?1)", i, c.text, c.more, c.number); err != nil {
			t.Fatal(err)
		}
	}
}

// numbersLike are the numbers of rows, and what people make of them.
func numbersLike(rows []storedCustomer, of func(storedCustomer) string) []string {
	all := []string{"0", "", "'", "%", "000"}
	for _, c := range rows {
		if n := of(c); n != "" {
			all = append(all, n, n, n, "0"+n, n+" ", strings.ToUpper(n), strings.ToLower(n), strings.TrimPrefix(n, "0"), n+"%", strings.ReplaceAll(n, "é", "e"), n+"-1")
		}
	}
	return all
}
