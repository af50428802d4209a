package demo

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
		if err := os.WriteFile(file, page("Contract "+number, "Prairie Line Rentals"), 0o600); err != nil {
			return fmt.Errorf("writing a contract: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading the contracts that have documents: %w", err)
	}
	ledger := page("General ledger", "Not for customers")
	if err := os.WriteFile(filepath.Join(root, "LEDGER.pdf"), ledger, 0o600); err != nil {
		return fmt.Errorf("writing the file beside the contracts: %w", err)
	}
	return nil
}

// page makes a PDF of one small page with a title and a line of text.
func page(title, line string) []byte {
	safe := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`)
	content := fmt.Sprintf("BT /F1 18 Tf 40 150 Td (%s) Tj 0 -28 Td /F1 11 Tf (%s) Tj ET", safe.Replace(title), safe.Replace(line))
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 360 200] /Contents 4 0 R " +
			"/Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}
