package demo

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/tables/tablestest"
)

var today = time.Date(2026, time.June, 15, 0, 0, 0, 0, time.UTC)

func TestLoad(t *testing.T) {
	db := tablestest.Open(t)
	if err := Load(t.Context(), db, SQLite, Options{Today: today}); err != nil {
		t.Fatal(err)
	}
	count := func(query string) int {
		t.Helper()
		return tablestest.Count(t, db, query)
	}
	t.Run("HoldsThreeThousandContractsUnlessToldOtherwise", func(t *testing.T) {
		if n := count("SELECT count(*) FROM RENTAL WHERE CO = '01'"); n < 3000 || n > 3010 {
			t.Errorf("got %d contracts, want about 3,000", n)
		}
	})
	t.Run("HoldsTheSameContractNumbersInTheOtherCompany", func(t *testing.T) {
		if n := count("SELECT count(*) FROM RENTAL a JOIN RENTAL b ON a.CONNO = b.CONNO WHERE a.CO = '01' AND b.CO = '02'"); n < 50 {
			t.Errorf("got %d shared contract numbers, want many", n)
		}
	})
	t.Run("PadsCharColumns", func(t *testing.T) {
		if n := count("SELECT count(*) FROM RENTAL WHERE length(CUST) <> 10 OR length(BRCH) <> 4"); n != 0 {
			t.Errorf("got %d rows with values that are not filled up, want none", n)
		}
	})
	t.Run("KeepsUnsignedNumbersBeyondTheSignedRange", func(t *testing.T) {
		if n := count("SELECT count(*) FROM EQPMAS WHERE typeof(TAG) = 'text' AND TAG LIKE '184467440737095%'"); n == 0 {
			t.Error("got no tag above 2^63, want some")
		}
	})
}

func TestGenerate(t *testing.T) {
	t.Run("MakesTheSameRowsForTheSameDay", func(t *testing.T) {
		a, b := generate(Options{Today: today, Contracts: 700}), generate(Options{Today: today, Contracts: 700})
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("two runs differ (-first +second):\n%s", diff)
		}
	})
	t.Run("GivesTheSpecialCustomersTheSameContractsHoweverManyOthersThereAre", func(t *testing.T) {
		few, many := generate(Options{Today: today, Contracts: 600}), generate(Options{Today: today, Contracts: 2000})
		n := len(few["RENTAL"]) - 120
		if diff := cmp.Diff(few["RENTAL"][:n], many["RENTAL"][:n]); diff != "" {
			t.Errorf("contracts differ (-few +many):\n%s", diff)
		}
	})
}

func TestWriteDocuments(t *testing.T) {
	db := tablestest.Open(t)
	if err := Load(t.Context(), db, SQLite, Options{Today: today, Contracts: 600}); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := WriteDocuments(t.Context(), db, root); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(root, "contracts"))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 50 {
		t.Errorf("got %d contract documents, want at least 50", len(entries))
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(root, "contracts", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(content, []byte("%PDF-1.4\n")) || !bytes.HasSuffix(content, []byte("%%EOF\n")) {
			t.Fatalf("%s is no PDF", e.Name())
		}
	}
}
