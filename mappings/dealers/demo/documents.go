package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/paper"
)

// WriteDocuments writes the dealer's contract PDFs below root, in the folder
// rms.yaml names: one for every tenth contract of the books in db and for those
// of the customer whose contracts all have one. Beside that folder it leaves a
// file that belongs to nobody and must never be served.
func WriteDocuments(ctx context.Context, db *sql.DB, root string) (err error) {
	folder := filepath.Join(root, "contracts")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making the folder of contracts: %w", err)
	}
	rows, err := db.QueryContext(ctx,
		"SELECT `CONNO`, `CUST` FROM `RENTAL` WHERE `CO` = '01' ORDER BY `CONNO`")
	if err != nil {
		return fmt.Errorf("reading the contracts that have documents: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for n := 0; rows.Next(); n++ {
		var number, customer string
		if err := rows.Scan(&number, &customer); err != nil {
			return fmt.Errorf("reading a contract that has a document: %w", err)
		}
		customer = strings.TrimSpace(customer)
		if n%10 != 0 && customer != "211" || filepath.Base(number) != number {
			continue
		}
		file := filepath.Join(folder, number+".pdf")
		if err := os.WriteFile(file, paper.Page("Contract "+number, "Prairie Line Rentals"), 0o600); err != nil {
			return fmt.Errorf("writing a contract: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading the contracts that have documents: %w", err)
	}
	ledger := paper.Page("General ledger", "Not for customers")
	if err := os.WriteFile(filepath.Join(root, "LEDGER.pdf"), ledger, 0o600); err != nil {
		return fmt.Errorf("writing the file beside the contracts: %w", err)
	}
	return nil
}
