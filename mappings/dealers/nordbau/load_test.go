package nordbau

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/tables/tablestest"
)

func TestLoad(t *testing.T) {
	db := tablestest.Open(t)
	if err := Load(t.Context(), db, SQLite, Options{}); err != nil {
		t.Fatal(err)
	}
	t.Run("HoldsAHundredAndFiftyContractsUnlessToldOtherwise", func(t *testing.T) {
		if n := tablestest.Count(t, db, "SELECT count(*) FROM VERTRAG WHERE Mandant = 1"); n != 150 {
			t.Errorf("got %d contracts, want 150", n)
		}
	})
	t.Run("HoldsTheSameContractNumbersInTheOtherCompany", func(t *testing.T) {
		if n := tablestest.Count(t, db, "SELECT count(*) FROM VERTRAG a JOIN VERTRAG b ON a.`Vertrags-Nr.` = b.`Vertrags-Nr.` WHERE a.Mandant = 1 AND b.Mandant = 2"); n < 10 {
			t.Errorf("got %d shared contract numbers, want many", n)
		}
	})
	t.Run("HoldsTheSameInvoiceNumbersInBothYears", func(t *testing.T) {
		if n := tablestest.Count(t, db, "SELECT count(*) FROM RECHNUNG_2025 a JOIN RECHNUNG_2026 b ON a.`Beleg-Nr.` = b.`Beleg-Nr.` WHERE a.Satzart = 'K' AND b.Satzart = 'K'"); n < 10 {
			t.Errorf("got %d shared invoice numbers, want many", n)
		}
	})
	t.Run("WritesADocumentForEveryFifthContract", func(t *testing.T) {
		root := t.TempDir()
		if err := WriteDocuments(t.Context(), db, root); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(root, "vertraege", "MV-26-*.pdf"))
		if err != nil || len(files) != 30 {
			t.Errorf("got %d documents and %v, want 30", len(files), err)
		}
	})
}

func TestGenerate(t *testing.T) {
	t.Run("GivesTheSpecialCustomersTheSameContractsHoweverManyOthersThereAre", func(t *testing.T) {
		few, many := generate(Options{Contracts: 100}), generate(Options{Contracts: 200})
		n := len(few["VERTRAG"]) - 20
		if diff := cmp.Diff(few["VERTRAG"][:n], many["VERTRAG"][:n]); diff != "" {
			t.Errorf("contracts differ (-few +many):\n%s", diff)
		}
	})
}
