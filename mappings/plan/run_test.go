package plan_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const customersFolder = "testdata/customers"

// customersProgram is a mapping whose customer number is a whole number in the
// tables and seven digits outside.
func customersProgram(t testing.TB) (*plan.Program, plan.Querier) {
	db := database(t, read(t, customersFolder, "data.sql"))
	return bind(t, customersFolder, db), querierOf(newAsked(db))
}

// querierOf forgets the names of statements, for tests that ask very often.
func querierOf(a *asked) plan.Querier { return quiet{a} }

type quiet struct{ *asked }

func (q quiet) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	err := q.asked.Query(ctx, name, text, args, next)
	<-q.names
	return err
}

func FuzzCustomers(f *testing.F) {
	for _, seed := range []string{
		"0000412", "412", "412abc", "abc", "0", "", " 0000412", "0000412 ", "0000412' or '1'='1", "%", "_______", "-000412", "+000412",
		"0x00019", "4.12e2", "00000412", "0000٤١٢", "9223372036854775808", "18446744073709551616", "0000412\x00", "1e2", "0000000", "NULL",
	} {
		f.Add(seed)
	}
	p, q := customersProgram(f)
	f.Fuzz(func(t *testing.T, number string) {
		for _, endpoint := range []string{"contract", "customer"} {
			got := ask(t, p, q, endpoint, []string{number}, []string{number})
			for _, item := range got.Items {
				own := reflect.ValueOf(item).FieldByName("CustomerID").String()
				if own != number {
					t.Errorf("asked for %q, got a row of %q", number, own)
				}
			}
		}
	})
}

func TestCustomers(t *testing.T) {
	p, q := customersProgram(t)
	t.Run("OnlyTheExactNumberFindsRows", func(t *testing.T) {
		for number, want := range map[string]int{"0000412": 2, "412": 0, "0000000": 1, "0": 0, "abc": 0, "412abc": 0, "0000412 ": 0} {
			if got := ask(t, p, q, "contract", []string{number}, []string{number}); len(got.Items) != want {
				t.Errorf("customer %q: got %d rows, want %d", number, len(got.Items), want)
			}
		}
	})
	t.Run("ANumberNobodyCanHaveAsksNothing", func(t *testing.T) {
		refuse := querierFunc(func(name string) error { return fmt.Errorf("asked %s", name) })
		for _, number := range []string{"", "412", "abc", "00000412", "-000412", "0000412;"} {
			keys, err := p.Keys(t.Context(), "contract", plan.Asking{Querier: refuse, Now: today, Customers: []string{number}})
			if err != nil || len(keys) != 0 {
				t.Errorf("customer %q: got %d keys and %v, want none and no question", number, len(keys), err)
			}
		}
	})
	t.Run("RowsOfSomebodyElseAreNotReadByTheirKey", func(t *testing.T) {
		if got := ask(t, p, q, "contract", []string{"0000412"}, []string{"0000413"}); len(got.Items) != 0 || len(got.Left) != 0 {
			t.Errorf("got %d rows, want none", len(got.Items))
		}
	})
	t.Run("TwoOfOneNumberAreTwoAnswers", func(t *testing.T) {
		keys, err := p.Keys(t.Context(), "customer", plan.Asking{Querier: q, Now: today, Customers: []string{"0000413"}})
		if err != nil || len(keys) != 2 {
			t.Errorf("got %d keys and %v, want 2", len(keys), err)
		}
	})
}

// querierFunc answers no rows, or an error.
type querierFunc func(name string) error

func (f querierFunc) Query(_ context.Context, name, _ string, _ []any, _ func() []convert.Cell) error {
	return f(name)
}

func TestFailures(t *testing.T) {
	db := database(t, read(t, "testdata/forms/children_and_unpivot", "data.sql"))
	p := bind(t, "testdata/forms/children_and_unpivot", db)
	keys, err := p.Keys(t.Context(), "contract", plan.Asking{Querier: newAsked(db), Now: today, Customers: []string{"C1"}})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	for _, failing := range []string{"contract", "contract.lines", "contract.fees"} {
		t.Run("AFailureOf"+failing+"FailsTheAnswer", func(t *testing.T) {
			q := failingQuerier{newAsked(db), failing, broken}
			made := 0
			_, err := p.Rows(t.Context(), "contract", plan.Asking{Querier: q, Now: today, Customers: []string{"C1"}}, keys, func(reflect.Value) { made++ })
			if !errors.Is(err, broken) || made != 0 {
				t.Errorf("got %v after %d rows, want the failure and no row", err, made)
			}
		})
	}
	t.Run("AKeyThatWeDidNotMakeIsStale", func(t *testing.T) {
		for _, key := range []string{"", "x", "AA", "AkEx=", strings.Repeat("A", 5000), "AkExAkEx"} {
			_, err := p.Rows(t.Context(), "contract", plan.Asking{Querier: newAsked(db), Now: today, Customers: []string{"C1"}},
				[]plan.RowKey{{Row: key, Customer: "C1"}}, func(reflect.Value) { t.Errorf("key %q: got a row", key) })
			if key != "AA" && !errors.Is(err, plan.ErrStaleKey) {
				t.Errorf("key %.20q: got %v, want ErrStaleKey", key, err)
			}
		}
	})
	t.Run("ARowThatIsGoneIsMissing", func(t *testing.T) {
		if _, err := db.Exec("delete from R where id = 'A1'"); err != nil {
			t.Fatal(err)
		}
		var ids []string
		_, err := p.Rows(t.Context(), "contract", plan.Asking{Querier: newAsked(db), Now: today, Customers: []string{"C1"}}, keys, func(v reflect.Value) {
			ids = append(ids, v.FieldByName("ID").String())
		})
		if err != nil || !slices.Equal(ids, []string{"A2"}) {
			t.Errorf("got %q and %v, want A2 alone", ids, err)
		}
	})
}

type failingQuerier struct {
	*asked
	name string
	err  error
}

func (q failingQuerier) Query(ctx context.Context, name, text string, args []any, next func() []convert.Cell) error {
	if name == q.name {
		// Some rows have come before it breaks.
		if err := q.asked.Query(ctx, name, text, args, next); err != nil {
			return err
		}
		return q.err
	}
	return q.asked.Query(ctx, name, text, args, next)
}

func TestStrictMappingsFailThePage(t *testing.T) {
	db := database(t, read(t, "testdata/strict", "data.sql"))
	p := bind(t, "testdata/strict", db)
	q := newAsked(db)
	a := plan.Asking{Querier: q, Now: today, Customers: []string{"C1"}}
	keys, err := p.Keys(t.Context(), "contract", a)
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %d keys and %v, want 2", len(keys), err)
	}
	_, err = p.Rows(t.Context(), "contract", a, keys, func(reflect.Value) {})
	if !errors.Is(err, plan.ErrBadRow) {
		t.Fatalf("got %v, want ErrBadRow", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error holds a value: %v", err)
	}
	if share, ok := p.LeaveOutAtMost("contract"); !ok || share != 0.02 {
		t.Errorf("got a share of %g, %t, want 0.02", share, ok)
	}
}

func TestKeysAreUnambiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.String(), 1, 4).Draw(t, "texts")
		key := plan.EncodeKey(texts)
		back, err := plan.DecodeKey(key, len(texts))
		if err != nil || !slices.Equal(back, texts) {
			t.Fatalf("got %q and %v, want %q", back, err, texts)
		}
		other := rapid.SliceOfN(rapid.String(), 1, 4).Draw(t, "other")
		if plan.EncodeKey(other) == key && !slices.Equal(other, texts) {
			t.Fatalf("%q and %q have one key", texts, other)
		}
	})
}
