package nordbau

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dealerbridge/dealerbridge/mappings/dealers/paper"
)

// WriteDocuments writes contract PDFs below root, in the folder rms.yaml names:
// one for every fifth contract of the books in db.
func WriteDocuments(ctx context.Context, db *sql.DB, root string) (err error) {
	folder := filepath.Join(root, "vertraege")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making the folder of contracts: %w", err)
	}
	rows, err := db.QueryContext(ctx, "SELECT `Vertrags-Nr.` FROM `VERTRAG` WHERE `Mandant` = 1 ORDER BY `Vertrags-Nr.`")
	if err != nil {
		return fmt.Errorf("reading the contracts that have documents: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for n := 0; rows.Next(); n++ {
		var number string
		if err := rows.Scan(&number); err != nil {
			return fmt.Errorf("reading a contract that has a document: %w", err)
		}
		if n%5 != 0 {
			continue
		}
		content := paper.Page("Mietvertrag "+number, "Nordbau Mietpark")
		if err := os.WriteFile(filepath.Join(folder, number+".pdf"), content, 0o600); err != nil {
			return fmt.Errorf("writing a contract: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading the contracts that have documents: %w", err)
	}
	return nil
}
