//go:build server

package sqlcrm_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/adapters/sqlcrm"
)

// BenchmarkWriteLead measures leads into the yard's tables, beside a loop that
// somebody would write by hand for the same rows: one transaction for each lead,
// the company looked for, the counter taken, nothing checked and nothing noted.
// Run with -benchtime=10000x it is ten thousand leads.
func BenchmarkWriteLead(b *testing.B) {
	for name, write := range map[string]func(b *testing.B, db *sql.DB, dsn string){"mapped": benchMapped, "together": benchTogether, "byHand": benchByHand} {
		b.Run(name, func(b *testing.B) {
			server := dbtest.MySQL(b)
			db, err := sql.Open("mysql", server.DSN())
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				if err := db.Close(); err != nil {
					b.Error(err)
				}
			})
			for _, statement := range strings.Split(schemaFor("InnoDB")+"create index CARDX on CARD (CATID);\ncreate index COMPANYX on COMPANY (NAME)", ";\n") {
				if _, err := db.ExecContext(b.Context(), statement); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			write(b, db, server.DSN())
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leads/s")
			var cards int
			if err := db.QueryRowContext(b.Context(), "select count(*) from CARD").Scan(&cards); err != nil || cards != b.N {
				b.Fatalf("got %d cards of %d leads, %v", cards, b.N, err)
			}
		})
	}
}

func benchLead(n int) adapters.ReceivedLead {
	lead := adaptertest.SampleLead(n)
	company := fmt.Sprintf("Company %d", n%500)
	lead.Lead.Company = &company
	return lead
}

func benchMapped(b *testing.B, _ *sql.DB, dsn string) {
	crm := benchOpen(b, dsn)
	n := 0
	for b.Loop() {
		if _, err := crm.WriteLead(b.Context(), benchLead(n), &journal{}); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// benchTogether writes as many at once as the gateway does.
func benchTogether(b *testing.B, _ *sql.DB, dsn string) {
	const atOnce = 25
	crm, n := benchOpen(b, dsn), 0
	var leads []adapters.LeadToWrite
	write := func() {
		written, err := crm.WriteLeads(b.Context(), leads, benchJournal{})
		if err != nil || slices.Contains(written, nil) {
			b.Fatalf("some were left, %v", err)
		}
		leads = leads[:0]
	}
	for b.Loop() {
		leads = append(leads, adapters.LeadToWrite{ReceivedLead: benchLead(n)})
		if n++; len(leads) == atOnce {
			write()
		}
	}
	write()
}

// benchJournal forgets what is noted.
type benchJournal struct{}

func (benchJournal) Note(context.Context, map[int][]adapters.CRMRow) error { return nil }

func benchOpen(b *testing.B, dsn string) adapters.LeadsWriter {
	b.Helper()
	config := sqlcrm.Config{Driver: sqlcrm.MySQL, DSN: dsn, Mapping: folder(yardMapping)}
	opened, err := config.Open(b.Context(), adapters.Env{Dealer: "D100", Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Audit: &noter{}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := opened.Close(); err != nil {
			b.Error(err)
		}
	})
	crm, ok := opened.(adapters.LeadsWriter)
	if !ok {
		b.Fatalf("got a %T", opened)
	}
	return crm
}

func benchByHand(b *testing.B, db *sql.DB, _ string) {
	n := 0
	for b.Loop() {
		if err := byHand(b.Context(), db, benchLead(n), n); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func byHand(ctx context.Context, db *sql.DB, lead adapters.ReceivedLead, n int) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	var card string
	if err := tx.QueryRowContext(ctx, "select NUMBER from CARD where CATID = ?", lead.Lead.LeadID).Scan(&card); !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("the lead stands there: %w", err)
	}
	var firm int64
	err = tx.QueryRowContext(ctx, "select ID from COMPANY where NAME = ? and TOWN = ?", lead.Lead.Company, lead.Lead.City).Scan(&firm)
	if errors.Is(err, sql.ErrNoRows) {
		var made sql.Result
		if made, err = tx.ExecContext(ctx, "insert into COMPANY (NAME, TOWN) values (?, ?)", lead.Lead.Company, lead.Lead.City); err == nil {
			firm, err = made.LastInsertId()
		}
	}
	if err != nil {
		return err
	}
	counted, err := tx.ExecContext(ctx, "update SEQ set NEXTNO = last_insert_id(NEXTNO) + 1 where NAME = 'PERSON'")
	if err != nil {
		return err
	}
	person, err := counted.LastInsertId()
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, "insert into PERSON (ID, FIRM, NAME, MAIL) values (?, ?, ?, ?)", person, firm, lead.Lead.Name, lead.Lead.EmailAddress); err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, "insert into CARD (NUMBER, CATID, PERSON, NOTE, OWNER, MADE, MADEON, WANTED, QTY) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		fmt.Sprintf("L-202603-%04d", n+1), lead.Lead.LeadID, person, "Wants: "+*lead.Lead.CommentsMaster, "MH", "2026-03-14 10:09:26", "20260314", lead.Lead.RentalStartDate, lead.Lead.ProductOfInterestQuantity); err != nil {
		return err
	}
	return tx.Commit()
}
