package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/clause"

	"github.com/dealerbridge/dealerbridge/server/alert"
)

// alertRow is one row of alerts.
type alertRow struct {
	ID       int64 `gorm:"primaryKey"`
	Dealer   string
	Cause    string
	Subject  string
	Title    string
	Detail   string
	Command  string
	Request  string
	Location string
	AtMs     int64
}

func (alertRow) TableName() string { return "alerts" }

// mailRow is one row of alert_mails.
type mailRow struct {
	Dealer string `gorm:"primaryKey"`
	Cause  string `gorm:"primaryKey"`
	People string `gorm:"primaryKey"`
	AtMs   int64
}

func (mailRow) TableName() string { return "alert_mails" }

// Widths of the columns on a server; longer texts are cut, an alert is never
// lost for being long.
const (
	subjectWidth = 300
	detailWidth  = 8000
)

// KeepAlert implements alert.Store. A waiting alert about the same subject
// gives way to a new one with the old one's time, so that a mail which is on
// its way does not take the new one for told.
func (s *Store) KeepAlert(ctx context.Context, a alert.Alert, at time.Time) error {
	row := alertRow{
		Dealer: a.Dealer, Cause: a.Cause, Subject: fit(a.Subject, subjectWidth), Title: fit(a.Title, detailWidth), Detail: fit(a.Detail, detailWidth),
		Command: fit(a.Command, detailWidth), Request: fit(a.Topic.Request, 80), Location: fit(a.Topic.Location, 255), AtMs: millis(at),
	}
	return s.Together(ctx, func(ctx context.Context) error {
		db, row := s.at(ctx), row
		const same = "dealer = ? AND cause = ? AND subject = ?"
		var before []alertRow
		if err := db.Find(&before, same, row.Dealer, row.Cause, row.Subject).Error; err != nil {
			return fmt.Errorf("looking for an alert of the kind: %w", redacted(err))
		}
		for _, b := range before {
			row.AtMs = min(row.AtMs, b.AtMs)
		}
		if len(before) > 0 {
			if err := db.Delete(&alertRow{}, same, row.Dealer, row.Cause, row.Subject).Error; err != nil {
				return fmt.Errorf("replacing an alert: %w", redacted(err))
			}
		}
		if err := db.Create(&row).Error; err != nil {
			return fmt.Errorf("keeping an alert: %w", redacted(err))
		}
		return nil
	})
}

// WaitingAlerts implements alert.Store.
func (s *Store) WaitingAlerts(ctx context.Context, limit int) ([]alert.Kept, error) {
	var rows []alertRow
	if err := s.at(ctx).Order("at_ms, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading alerts: %w", redacted(err))
	}
	out := make([]alert.Kept, len(rows))
	for i, r := range rows {
		out[i] = alert.Kept{ID: r.ID, At: instant(r.AtMs), Alert: alert.Alert{
			Dealer: r.Dealer, Cause: r.Cause, Subject: r.Subject, Title: r.Title, Detail: r.Detail, Command: r.Command,
			Topic: alert.Topic{Request: r.Request, Location: r.Location},
		}}
	}
	return out, nil
}

// LastMail implements alert.Store.
func (s *Store) LastMail(ctx context.Context, dealer, cause, people string) (time.Time, error) {
	var rows []mailRow
	if err := s.at(ctx).Find(&rows, "dealer = ? AND cause = ? AND people = ?", dealer, cause, people).Error; err != nil {
		return time.Time{}, fmt.Errorf("reading when a mail went: %w", redacted(err))
	}
	if len(rows) == 0 {
		return time.Time{}, nil
	}
	return instant(rows[0].AtMs), nil
}

// Mailed implements alert.Store.
func (s *Store) Mailed(ctx context.Context, dealer, cause, people string, ids []int64, at time.Time) error {
	return s.Together(ctx, func(ctx context.Context) error {
		db := s.at(ctx)
		for some := range slices.Chunk(ids, 500) {
			if err := db.Delete(&alertRow{}, "id IN ?", some).Error; err != nil {
				return fmt.Errorf("ending alerts: %w", redacted(err))
			}
		}
		row := mailRow{Dealer: dealer, Cause: cause, People: people, AtMs: millis(at)}
		if err := db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("noting a mail: %w", redacted(err))
		}
		return nil
	})
}

// fit cuts a text to so many characters, and bytes that are no UTF-8 out.
func fit(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
