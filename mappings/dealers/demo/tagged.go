package demo

import (
	"context"
	"database/sql"
	"fmt"
)

// The one machine that stands in one place at a time: generated contracts share
// their machines, as nobody ever looked.
const (
	TaggedSerial   = "PLR00031"
	TaggedCustomer = "0000031" // who has it, on the only contract there is of them
)

// TagMachine puts that machine on its customer's contract, in a SQLite database
// that Load has filled.
func TagMachine(ctx context.Context, db *sql.DB) error {
	const line = `rowid = (SELECT rowid FROM RENTLN WHERE CO = '01' AND TRIM(CUST) = '31' AND TYPE = 'RI' AND DELFLG = 0 ORDER BY CONNO, SEQ LIMIT 1)`
	done, err := db.ExecContext(ctx, `UPDATE RENTLN SET UNIT = 'EX20-900', CLASS = 'EX20', "DESC" = 'Excavator 20 t', QTY = '1.00' WHERE `+line)
	if err != nil {
		return fmt.Errorf("putting the tagged machine on a contract: %w", err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return fmt.Errorf("putting the tagged machine on a contract: %w", err)
	}
	if n != 1 {
		return fmt.Errorf("putting the tagged machine on a contract: there are %d lines for it", n)
	}
	_, err = db.ExecContext(ctx, `INSERT INTO EQPMAS (CO, UNIT, SERIAL, MAKE, MODEL, CLASS, PRICE, UPDATED) VALUES ('01', 'EX20-900', ?, 'CAT', '320', 'EX20', '185000.00000000', '2025-06-02 09:00:00')`, TaggedSerial)
	if err != nil {
		return fmt.Errorf("adding the tagged machine: %w", err)
	}
	return nil
}
