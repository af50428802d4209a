package hostline

import (
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
		if n := tablestest.Count(t, db, "SELECT count(*) FROM CONHDR WHERE `CMP#` = 'HL'"); n != 150 {
			t.Errorf("got %d contracts, want 150", n)
		}
	})
	t.Run("HoldsTheSameContractNumbersInTheOtherCompany", func(t *testing.T) {
		if n := tablestest.Count(t, db, "SELECT count(*) FROM CONHDR a JOIN CONHDR b ON a.`CON#` = b.`CON#` WHERE a.`CMP#` = 'HL' AND b.`CMP#` = 'ZZ'"); n < 10 {
			t.Errorf("got %d shared contract numbers, want many", n)
		}
	})
	t.Run("HoldsTheSameInvoiceNumberInSeveralMonths", func(t *testing.T) {
		if n := tablestest.Count(t, db, "SELECT count(DISTINCT INVYM) FROM INVMST WHERE `CMP#` = 'HL' AND `INV#` = 1"); n < 5 {
			t.Errorf("got number 1 in %d months, want several", n)
		}
	})
}

func TestGenerate(t *testing.T) {
	t.Run("GivesTheSpecialCustomersTheSameContractsHoweverManyOthersThereAre", func(t *testing.T) {
		few, many := generate(Options{Contracts: 100}), generate(Options{Contracts: 200})
		n := len(few["CONHDR"]) - 20
		if diff := cmp.Diff(few["CONHDR"][:n], many["CONHDR"][:n]); diff != "" {
			t.Errorf("contracts differ (-few +many):\n%s", diff)
		}
	})
}
