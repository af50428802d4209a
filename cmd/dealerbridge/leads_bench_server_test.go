//go:build server

package main_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// BenchmarkLeads carries leads through the built program into the demo's CRM on a
// real server, one change of each back, and the same leads by a loop as somebody
// would write it by hand: one transaction for each, nothing kept, nothing checked.
// Run with -benchtime=10000x it is ten thousand leads. The bench measures the same
// with nothing between the program and the server, and its memory as well.
func BenchmarkLeads(b *testing.B) {
	kind := prairieCRM("InnoDB")
	usual := kind.mapping
	kind.mapping = func(t testing.TB) string {
		dir := usual(t)
		replaceIn(t, filepath.Join(dir, "crm.yaml"), "{next:4}", "{next:6}")
		return dir
	}
	b.Run("Program", func(b *testing.B) { benchProgram(b, kind) })
	b.Run("ByHand", func(b *testing.B) { benchLeadsByHand(b, kind) })
}

func benchProgram(b *testing.B, kind crmKind) {
	w := newLeadWorld(b, 5, kind, "")
	w.command("push") // looks at the CRM for the first time
	if _, err := w.box.MakeLeads(sandbox.Make{Count: b.N}); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	pulled := w.command("pull")
	if got := w.texts("SELECT count(*) FROM LEADCF WHERE CF_701 IS NOT NULL"); got[0] != fmt.Sprint(b.N) {
		b.Fatalf("%s of %d leads are in the CRM", got[0], b.N)
	}
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.crm.ExecContext(b.Context(), "UPDATE LEADS SET STATUS = 'WK', FEEDBACK = 'seen', CHANGED = ? WHERE MADEBY = 'CATLEAD'",
		time.Now().In(zone).Format("2006-01-02 15:04:05")); err != nil {
		b.Fatal(err)
	}
	pushed := w.command("push")
	if n := len(w.box.Updates(0)); n != b.N {
		b.Fatalf("%d of %d updates arrived", n, b.N)
	}
	n := float64(b.N)
	b.ReportMetric(n/pulled.took.Seconds(), "leads/s")
	b.ReportMetric(100*pulled.crm.Seconds()/pulled.took.Seconds(), "%crm-pull")
	b.ReportMetric(pulled.cpu.Seconds()*1000/n, "cpu-ms/lead")
	b.ReportMetric(n/pushed.took.Seconds(), "updates/s")
	b.ReportMetric(100*pushed.crm.Seconds()/pushed.took.Seconds(), "%crm-push")
}

// cost is what one command took.
type cost struct{ took, crm, cpu time.Duration }

func (w *leadWorld) command(name string) cost {
	w.t.Helper()
	before, began := w.wire.busy.spent(), time.Now()
	l := w.begin(death{}, "leads", name)
	<-l.ended
	c := cost{took: time.Since(began), crm: w.wire.busy.spent() - before, cpu: l.run.ProcessState.UserTime() + l.run.ProcessState.SystemTime()}
	if code := l.run.ProcessState.ExitCode(); code != 0 {
		w.t.Fatalf("leads %s ended with %d:\n%s", name, code, l.log)
	}
	return c
}

func benchLeadsByHand(b *testing.B, kind crmKind) {
	w := newLeadWorld(b, 5, kind, "")
	if _, err := w.box.MakeLeads(sandbox.Make{Count: b.N}); err != nil {
		b.Fatal(err)
	}
	known := w.box.Leads()
	b.ResetTimer()
	for i, k := range known {
		if err := leadByHand(b.Context(), w.crm, k, i+1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leads/s")
}

func leadByHand(ctx context.Context, db *sql.DB, known sandbox.KnownLead, n int) (err error) {
	var l struct {
		FirstName, LastName, Company, City, EmailAddress, BusinessPhone, BcpNewUsedRental, ProductOfInterest, CommentsMaster, SystemScore string
	}
	if err := json.Unmarshal(known.Lead, &l); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	var there string
	if err := tx.QueryRowContext(ctx, "SELECT LEADNO FROM LEADCF WHERE CF_701 = ?", known.LeadID).Scan(&there); !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("the lead stands there: %w", err)
	}
	var account int64
	err = tx.QueryRowContext(ctx, "SELECT ACCNO FROM ACCOUNT WHERE NAME = ? AND TOWN = ?", l.Company, l.City).Scan(&account)
	if errors.Is(err, sql.ErrNoRows) {
		var made sql.Result
		if made, err = tx.ExecContext(ctx, "INSERT INTO ACCOUNT (NAME, TOWN, SOURCE) VALUES (?, ?, 'CAT')", l.Company, l.City); err == nil {
			account, err = made.LastInsertId()
		}
	}
	if err != nil {
		return err
	}
	counted, err := tx.ExecContext(ctx, "UPDATE CRMSEQ SET LASTNO = LAST_INSERT_ID(LASTNO + 1) WHERE NAME = 'CONTACT'")
	if err != nil {
		return err
	}
	contact, err := counted.LastInsertId()
	if err != nil {
		return err
	}
	number := fmt.Sprintf("PL-202611-%06d", n)
	for _, s := range []struct {
		text string
		args []any
	}{
		{
			"INSERT INTO CONTACT (CONNO, ACCNO, FNAME, LNAME, MAIL, TEL) VALUES (?, ?, ?, ?, ?, ?)",
			[]any{contact, account, l.FirstName, l.LastName, l.EmailAddress, l.BusinessPhone},
		},
		{
			"INSERT INTO LEADS (LEADNO, CONNO, TITLE, STATUS, OWNERKIND, OWNER, SCORE, NOTE, MADE, MADEBY) VALUES (?, ?, ?, 'NW', 'G', 501, ?, ?, NOW(), 'CATLEAD')",
			[]any{number, contact, l.BcpNewUsedRental + " " + l.ProductOfInterest, l.SystemScore, column(l.CommentsMaster, 1<<16)},
		},
		{"INSERT INTO LEADCF (LEADNO, CF_701) VALUES (?, ?)", []any{number, known.LeadID}},
	} {
		if _, err = tx.ExecContext(ctx, s.text, s.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
