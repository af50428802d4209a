package sqlrms_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// crowdTables are customers with different numbers of contracts and lines. Each
// text of a customer's says whose it is; every other one lacks what may be
// missing.
func crowdTables(customers int) []string {
	script := []string{
		"CREATE TABLE CON (id INT NOT NULL PRIMARY KEY, cust INT NOT NULL, txt VARCHAR(60), note VARCHAR(200), day DATE, phase INT)",
		"CREATE TABLE LINE (con INT NOT NULL, seq INT NOT NULL, txt VARCHAR(60), amt DECIMAL(9,2), PRIMARY KEY (con, seq))",
	}
	id := 0
	for c := range customers {
		for n := range 1 + c*3 {
			id++
			note := "NULL"
			if n%2 == 0 {
				note = fmt.Sprintf("'note of %s %s'", ofCrowd(c), strings.Repeat("n", c*n%9))
			}
			script = append(script, fmt.Sprintf("INSERT INTO CON VALUES (%d, %d, 'contract of %s', %s, '2026-03-02', %d)", id, 100+c, ofCrowd(c), note, n%3))
			for seq := range (n + c) % 4 {
				script = append(script, fmt.Sprintf("INSERT INTO LINE VALUES (%d, %d, 'line of %s', %d.50)", id, seq, ofCrowd(c), c))
			}
		}
	}
	return script
}

func ofCrowd(c int) string { return fmt.Sprintf("<%d>", c) }

const crowdMapping = `
timezone: America/Chicago
currency: USD
customerNumber: con.cust
contract:
  from: CON con
  order: con.id
  fields:
    contractId: con.id
    contractStartDate: con.day
    contractEndDate: con.day
    jobsiteId: {text: 'site of {con.txt}'}
    locationId: con.txt
    poNumber: con.note
    billControl: con.phase
  assetDetails: none
  feeDetails:
    from: LINE l
    parent: {con: con.id}
    order: l.seq
    fields:
      name: {text: 'fee, {l.txt}'}
      total: l.amt
  taxDetails: none
jobsite: none
dealer-category: none
invoice: none
location: none
customer: none
`

// TestLoans has customers ask at the same time, each answer made in memory that
// others were given back.
func TestLoans(t *testing.T) {
	const customers = 8
	path := filepath.Join(t.TempDir(), "crowd.db")
	fill(t, path, crowdTables(customers)...)
	a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: folder(crowdMapping)})

	// pull asks for everything of a customer, by both ways, and gives the memory
	// back when the text was made.
	pull := func(ctx context.Context, c, most int) (string, error) {
		q := adapters.Query{Customers: []string{fmt.Sprint(100 + c)}}
		var all []string
		loan := adapters.Borrow(ctx)
		short, err := a.ShortContracts(loan, q, most)
		if err != nil {
			return "", err
		}
		if short != nil {
			text, err := json.Marshal(short.Items)
			loan.Return()
			return string(text), err
		}
		keys, err := a.ContractKeys(ctx, q)
		if err != nil {
			return "", err
		}
		for from := 0; from < len(keys); from += most {
			loan := adapters.Borrow(ctx)
			items, left, err := a.Contracts(loan, q, keys[from:min(from+most, len(keys))])
			if err != nil || len(left) > 0 {
				return "", fmt.Errorf("%d left out: %w", len(left), err)
			}
			text, err := json.Marshal(items)
			if err != nil {
				return "", err
			}
			loan.Return()
			all = append(all, strings.Trim(string(text), "[]"))
		}
		return "[" + strings.Join(all, ",") + "]", nil
	}
	want := make([]string, customers)
	for c := range customers {
		q := adapters.Query{Customers: []string{fmt.Sprint(100 + c)}}
		keys, err := a.ContractKeys(t.Context(), q)
		if err != nil || len(keys) != 1+c*3 {
			t.Fatalf("customer %d: got %d keys, %v", c, len(keys), err)
		}
		items, _, err := a.Contracts(t.Context(), q, keys)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(items)
		if err != nil {
			t.Fatal(err)
		}
		want[c] = string(text)
		if own := strings.Count(want[c], escaped(ofCrowd(c))); own < 2*len(keys) {
			t.Fatalf("customer %d: got %d texts of theirs in %s", c, own, want[c])
		}
	}
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for n := range 40 {
				c := (worker*3 + n*5) % customers
				got, err := pull(t.Context(), c, 1+(worker+n)%9)
				if err != nil {
					t.Errorf("customer %d: %v", c, err)
					return
				}
				for other := range customers {
					if other != c && strings.Contains(got, escaped(ofCrowd(other))) {
						t.Errorf("the answer for customer %d holds a text of %d", c, other)
					}
				}
				if got != want[c] {
					t.Errorf("customer %d: got %s, want %s", c, got, want[c])
					return
				}
			}
		})
	}
	group.Wait()
}

// escaped is a text as JSON has it.
func escaped(text string) string {
	return strings.NewReplacer("<", `\u003c`, ">", `\u003e`).Replace(text)
}
