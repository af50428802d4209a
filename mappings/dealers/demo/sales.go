package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Sales plays the people who work in the dealer's CRM: they change its rows, and
// know nothing of whoever reads them.
type Sales struct {
	DB  *sql.DB
	Now func() time.Time
}

// LeadNumber gives the CRM's own number of one of Caterpillar's leads, "" while
// the lead is not there.
func (s Sales) LeadNumber(ctx context.Context, leadID string) (string, error) {
	var number string
	err := s.DB.QueryRowContext(ctx, `SELECT LEADNO FROM LEADCF WHERE CF_701 = ?`, leadID).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("looking for a lead: %w", err)
	}
	return number, nil
}

// Offer notes that somebody called, found the lead worth it, and made an offer.
func (s Sales) Offer(ctx context.Context, number string) error {
	now, err := s.clock()
	if err != nil {
		return err
	}
	return s.change(
		ctx, number,
		statement{`UPDATE LEADS SET STATUS = 'WK', RATING = 'A', CALLED = ?, FEEDBACK = 'Wants it for the whole season.', CHANGED = ? WHERE LEADNO = ?`, []any{now.stamp, now.stamp, number}},
		statement{`UPDATE LEADCF SET CF_706 = '0' WHERE LEADNO = ?`, []any{number}},
		statement{
			`INSERT INTO DEALS (LEADNO, STAGE, AMOUNT, DUE, REP, CUSTNO, QUOTE, CHANGED) VALUES (?, 'QUO', '48,500.00', ?, 12, '1007', 'Q-2261', ?)`,
			[]any{number, now.nextMonth, now.stamp},
		},
	)
}

// Win notes that the offer was taken.
func (s Sales) Win(ctx context.Context, number string) error {
	now, err := s.clock()
	if err != nil {
		return err
	}
	return s.change(
		ctx, number,
		statement{`UPDATE DEALS SET STAGE = 'WON', WON = 1, CHANGED = ? WHERE LEADNO = ?`, []any{now.stamp, number}},
		statement{`UPDATE LEADS SET STATUS = 'CV', CHANGED = ? WHERE LEADNO = ?`, []any{now.stamp, number}},
	)
}

// UnlistedReason is a reason for turning leads down that somebody added to the
// CRM and to no mapping file.
const UnlistedReason = "SHUT"

// TurnDown notes that a lead was turned down, for UnlistedReason.
func (s Sales) TurnDown(ctx context.Context, number string) error {
	now, err := s.clock()
	if err != nil {
		return err
	}
	return s.change(
		ctx, number,
		statement{`INSERT INTO PICKS SELECT 'REJECT', ?, 'Company has closed' WHERE NOT EXISTS (SELECT 1 FROM PICKS WHERE LIST = 'REJECT' AND CODE = ?)`, []any{UnlistedReason, UnlistedReason}},
		statement{`UPDATE LEADS SET STATUS = 'RJ', WHY = ?, WHYTEXT = 'The yard is empty.', CHANGED = ? WHERE LEADNO = ?`, []any{UnlistedReason, now.stamp, number}},
	)
}

type statement struct {
	text   string
	values []any
}

func (s Sales) change(ctx context.Context, number string, statements ...statement) error {
	tx, err := s.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("working on lead %s: %w", number, err)
	}
	for _, st := range statements {
		if _, err := tx.ExecContext(ctx, st.text, st.values...); err != nil {
			return fmt.Errorf("working on lead %s: %w", number, errors.Join(err, tx.Rollback()))
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("working on lead %s: %w", number, err)
	}
	return nil
}

// moments are the present as the CRM writes it.
type moments struct{ stamp, nextMonth string }

func (s Sales) clock() (moments, error) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		return moments{}, fmt.Errorf("loading the dealer's time zone: %w", err)
	}
	now := s.Now().In(zone)
	return moments{now.Format(time.DateTime), now.AddDate(0, 1, 0).Format("02/01/2006")}, nil
}
