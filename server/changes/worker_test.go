package changes_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/changes"
	"github.com/dealerbridge/dealerbridge/server/dealers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	contract = adapters.ContractChange
	invoice  = adapters.InvoiceChange
)

// small is a yard of three customers.
func small(kinds ...adapters.ChangeKind) *yard {
	y := newYard(kinds...)
	y.rent("A", "A1", "red")
	y.rent("A", "A2", "red")
	y.rent("B", "B1", "red")
	y.bill("C", "C1", "1.00")
	return y
}

func TestWorker(t *testing.T) {
	for name, c := range map[string]struct {
		kinds []adapters.ChangeKind
		edit  func(*yard)
		want  []string
	}{
		"NothingChangedIsNotTold":           {[]adapters.ChangeKind{contract, invoice}, func(*yard) {}, nil},
		"AChangedRowIsTold":                 {[]adapters.ChangeKind{contract, invoice}, func(y *yard) { y.rent("A", "A2", "blue") }, []string{"A contract"}},
		"ANewRowIsTold":                     {[]adapters.ChangeKind{contract, invoice}, func(y *yard) { y.bill("A", "A9", "2.00") }, []string{"A invoice"}},
		"ANewCustomerIsTold":                {[]adapters.ChangeKind{contract}, func(y *yard) { y.rent("D", "D1", "red") }, []string{"D contract"}},
		"ANewCustomerOfNothingIsNot":        {[]adapters.ChangeKind{contract}, func(y *yard) { y.customers["E"] = true }, nil},
		"AHardDeleteIsTold":                 {[]adapters.ChangeKind{contract}, func(y *yard) { delete(y.contracts["A"], "A1") }, []string{"A contract"}},
		"TheLastRowGoneIsTold":              {[]adapters.ChangeKind{contract}, func(y *yard) { delete(y.contracts["B"], "B1") }, []string{"B contract"}},
		"ACustomerGoneIsTold":               {[]adapters.ChangeKind{contract}, func(y *yard) { delete(y.customers, "B") }, []string{"B contract"}},
		"AScanIsToldAsDocument":             {[]adapters.ChangeKind{adapters.DocumentChange, invoice}, func(y *yard) { y.scans["C1"] = "17 bytes" }, []string{"C document"}},
		"ARowThatCannotBeSentAnyMoreIsTold": {[]adapters.ChangeKind{contract}, func(y *yard) { y.leftOut["A2"] = true }, []string{"A contract"}},
		"WhatIsNotComparedIsNotTold":        {[]adapters.ChangeKind{invoice}, func(y *yard) { y.rent("A", "A1", "blue") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, small(c.kinds...), func(b *bench) {
				b.work()
				asked := b.pass(every - time.Second)
				b.want(asked)
				c.edit(b.yard)
				b.pass(every)
				b.want(asked, c.want...)
				asked = b.pass(every)
				b.want(asked)
			})
		})
	}
	t.Run("FromTheBeginningTellsEverybodyThereEverWas", func(t *testing.T) {
		inBubble(t, small(contract), func(b *bench) {
			b.work()
			b.pass(time.Minute)
			b.want(time.Time{}, "A contract", "B contract")
		})
	})
	t.Run("TheOverlapOfTheMappingReachesFurtherBack", func(t *testing.T) {
		inBubble(t, small(contract), func(b *bench) {
			b.work()
			b.pass(every - time.Second)
			b.rent("A", "A1", "blue")
			asked := b.pass(10 * time.Minute)
			b.want(asked)
			b.overlap = 10 * time.Minute
			b.want(asked, "A contract")
		})
	})
	t.Run("ARowThatCanBeSentAgainIsTold", func(t *testing.T) {
		y := small(contract)
		y.leftOut["A2"] = true
		inBubble(t, y, func(b *bench) {
			b.work()
			asked := b.pass(every - time.Second)
			delete(y.leftOut, "A2")
			b.pass(every)
			b.want(asked, "A contract")
		})
	})
	t.Run("ARowThatCouldNotBeSentAndIsGoneIsTold", func(t *testing.T) {
		y := small(contract)
		y.leftOut["A2"] = true
		inBubble(t, y, func(b *bench) {
			b.work()
			asked := b.pass(every - time.Second)
			delete(y.contracts["A"], "A2")
			b.pass(every)
			b.want(asked, "A contract")
		})
	})
	t.Run("WhatTheAPIWouldRefuseIsToldOnceItCanBeFetched", func(t *testing.T) {
		inBubble(t, small(contract), func(b *bench) {
			b.work()
			asked := b.pass(every - time.Second)
			b.leftOut["B1"] = true // all B has
			b.pass(every)
			b.want(asked)
			b.rent("B", "B1", "blue")
			delete(b.leftOut, "B1")
			b.pass(every)
			b.want(asked, "B contract")
		})
	})
	t.Run("AChangeFoundWhileSomebodyAsksIsToldTheNextTime", func(t *testing.T) {
		inBubble(t, small(contract), func(b *bench) {
			b.work()
			b.pass(every - time.Second)
			b.rent("B", "B1", "blue")
			b.takes = 20 * time.Second
			// The question comes after the row was read and before that is kept.
			var asked time.Time
			b.during = func() { b.want(time.Now().Add(-time.Hour)); asked = time.Now() }
			b.pass(every)
			b.want(asked, "B contract")
		})
	})
	t.Run("AChangeThatIsBeingKeptWhileSomebodyAsksIsToldTheNextTime", func(t *testing.T) {
		inBubble(t, small(contract), func(b *bench) {
			b.work()
			b.pass(every - time.Second)
			b.rent("B", "B1", "blue")
			var asked time.Time
			b.saving = func() { asked = b.slow(20 * time.Second) }
			b.pass(every)
			b.want(asked, "B contract")
		})
	})
}

func TestSuspicion(t *testing.T) {
	crowd := func() *yard {
		y := newYard(contract)
		for i := range 60 {
			y.rent(fmt.Sprintf("K%02d", i), fmt.Sprintf("%02d-1", i), "red")
		}
		return y
	}
	for name, c := range map[string]struct {
		edit func(*yard)
		told int
		want int
	}{
		"AnEmptiedTableIsToldAndCallsForAPerson": {func(y *yard) { clear(y.customers) }, 60, 1},
		"AMapThatWasEmptiedIsNotToldButCalls": {func(y *yard) {
			for i := range 60 {
				y.leftOut[fmt.Sprintf("%02d-1", i)] = true
			}
		}, 0, 1},
		"AThirdIsWork": {func(y *yard) {
			for i := range 20 {
				y.rent(fmt.Sprintf("K%02d", i), "new", "red")
			}
		}, 20, 0},
		"ManyNewCustomersAreWork": {func(y *yard) {
			for i := range 100 {
				y.rent(fmt.Sprintf("N%02d", i), "new", "red")
			}
		}, 100, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, crowd(), func(b *bench) {
				b.work()
				asked := b.pass(every - time.Second)
				c.edit(b.yard)
				b.pass(every / 2)
				if got := len(b.since(asked)); got != c.told {
					t.Errorf("%d customers were told, want %d", got, c.told)
				}
				if b.tally.suspicious != c.want {
					t.Errorf("%d calls for a person, want %d", b.tally.suspicious, c.want)
				}
				if c.want > 0 != strings.Contains(b.log.String(), "more than half of the customers") {
					t.Errorf("the log says:\n%s", b.log)
				}
			})
		})
	}
}

func TestManyGone(t *testing.T) {
	y := newYard(contract)
	for i := range 1700 {
		y.rent(fmt.Sprintf("K%04d", i), "1", "red")
	}
	inBubble(t, y, func(b *bench) {
		b.work()
		asked := b.pass(every - time.Second)
		for i := range 1700 {
			if i != 3 && i != 1650 {
				delete(b.customers, fmt.Sprintf("K%04d", i))
			}
		}
		b.rent("K1650", "1", "blue")
		b.pass(every)
		got := b.since(asked)
		if len(got) != 1699 || slices.Contains(got, "K0003 contract") || !slices.Contains(got, "K1650 contract") {
			t.Errorf("%d customers were told, want all but the one that stayed as it was", len(got))
		}
		asked = b.pass(every)
		b.want(asked)
	})
}

func TestGentle(t *testing.T) {
	t.Run("TheSystemIsBusyForItsShareOfTheTime", func(t *testing.T) {
		y := newYard(contract)
		for i := range 300 {
			y.rent(fmt.Sprintf("K%03d", i), "1", "red")
		}
		inBubble(t, y, func(b *bench) {
			b.takes, b.busy = 100*time.Millisecond, 0.1
			b.work()
			began := time.Now()
			for b.tally.rounds == 0 {
				b.pass(time.Second)
			}
			busy := time.Duration(b.calls) * b.takes
			if took := time.Since(began); took < 9*busy || took > 11*busy+time.Minute {
				t.Errorf("%s of calls in %s, want a tenth", busy, took)
			}
		})
	})
	t.Run("WhatIsAskedForAtOnceDoesNotGrowWithTheCustomers", func(t *testing.T) {
		y := newYard(contract, invoice, adapters.DocumentChange, adapters.CatalogChange)
		for i := range 5000 {
			y.rent(fmt.Sprintf("K%05d", i), fmt.Sprint(i), "red")
		}
		for i := range 1234 {
			y.bill("K00042", fmt.Sprint("I", i), "1.00")
		}
		inBubble(t, y, func(b *bench) {
			b.work()
			b.pass(every - time.Second)
			if b.most > 100 || b.rowsAsked > 100 {
				t.Errorf("%d customers and %d rows were asked for at once", b.most, b.rowsAsked)
			}
			if b.tally.rounds != 4 {
				t.Errorf("%d rounds are complete, want one of every kind", b.tally.rounds)
			}
		})
	})
}

func TestGrades(t *testing.T) {
	t.Run("AreSaidAndLogged", func(t *testing.T) {
		y := small(contract)
		y.grades[invoice] = adapters.StampGrade
		inBubble(t, y, func(b *bench) {
			r := &changes.Reader{Dealer: dealer, Grader: b.yard, Store: b.shelf}
			grade := func() adapters.Grade {
				got, err := r.Grades(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return got[contract]
			}
			if got := grade(); got != changes.Warming {
				t.Errorf("got %q before the first round", got)
			}
			b.work()
			b.pass(time.Minute)
			if got := grade(); got != adapters.SnapshotGrade {
				t.Errorf("got %q after the first round", got)
			}
			if !strings.Contains(b.log.String(), "contract=snapshot invoice=stamp document=none catalog=none") {
				t.Errorf("the log says:\n%s", b.log)
			}
		})
	})
	t.Run("AKindThatIsNotComparedAnyMoreIsNotTold", func(t *testing.T) {
		inBubble(t, small(contract), func(b *bench) {
			b.work()
			asked := b.pass(every - time.Second)
			b.rent("A", "A1", "blue")
			b.pass(every)
			b.want(asked, "A contract")
			b.grades[contract] = adapters.NoGrade
			b.want(asked)
		})
	})
}

// TestEveryEdit: whatever is done between two questions, exactly the customers
// it concerns are told.
func TestEveryEdit(t *testing.T) {
	names := []string{"A", "B", "B ", "b", "Ä", "Z9", "0", "00"}
	inBubbles := func(rt *rapid.T, b *bench) {
		y := newYard(contract, invoice)
		for i, n := range names {
			if i%2 == 0 {
				y.rent(n, n+"-1", "red")
				y.bill(n, n+"-1", "1.00")
			}
		}
		b.yard, b.shelf, b.tally = y, newShelf(), &tally{}
		b.registry = dealers.NewRegistry(dealers.New(dealer, y))
		stop := b.work()
		defer stop()
		state := func() map[string]string {
			s := map[string]string{}
			for n := range y.customers {
				s[n+" contract"] = strings.TrimPrefix(fmt.Sprint(y.contracts[n]), "map[]")
				s[n+" invoice"] = strings.TrimPrefix(fmt.Sprint(y.invoices[n]), "map[]")
			}
			maps.DeleteFunc(s, func(_, v string) bool { return v == "" })
			return s
		}
		asked := b.pass(every + time.Minute)
		for range rapid.IntRange(1, 4).Draw(rt, "questions") {
			before := state()
			for range rapid.IntRange(0, 6).Draw(rt, "edits") {
				n, id := rapid.SampledFrom(names).Draw(rt, "customer"), rapid.SampledFrom([]string{"-1", "-2"}).Draw(rt, "row")
				word := rapid.SampledFrom([]string{"red", "blue"}).Draw(rt, "word")
				switch rapid.IntRange(0, 4).Draw(rt, "edit") {
				case 0:
					y.rent(n, n+id, word)
				case 1:
					y.bill(n, n+id, word)
				case 2:
					delete(y.contracts[n], n+id)
				case 3:
					delete(y.invoices[n], n+id)
				case 4:
					delete(y.customers, n)
				}
			}
			after := state()
			want := []string{}
			for _, n := range slices.Sorted(slices.Values(names)) {
				for _, kind := range []string{" contract", " invoice"} {
					if before[n+kind] != after[n+kind] {
						want = append(want, n+kind)
					}
				}
			}
			now := b.pass(every + 2*changes.Margin)
			if got := b.since(asked.Add(changes.Margin)); !slices.Equal(got, want) {
				rt.Fatalf("got %q, want %q", got, want)
			}
			asked = now
		}
	}
	inBubble(t, newYard(), func(b *bench) {
		rapid.Check(t, func(rt *rapid.T) { inBubbles(rt, b) })
	})
}
