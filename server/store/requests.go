package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dealerbridge/dealerbridge/server/messaging"
)

// requestRow is one row of requests: what is looked for in columns, everything
// as JSON in Data.
type requestRow struct {
	Dealer     string  `gorm:"primaryKey"`
	ID         string  `gorm:"primaryKey"`
	PartnerKey *string // nil where the partner's id is not known
	Customer   string
	Type       string
	Status     string
	IsOver     int
	ChangedMs  int64
	Version    int64
	Data       string
}

func (requestRow) TableName() string { return "requests" }

func (s *Store) request(ctx context.Context, where string, args ...any) (messaging.KeptRequest, error) {
	var rows []requestRow
	if err := s.locked(ctx).Limit(1).Find(&rows, append([]any{where}, args...)...).Error; err != nil {
		return messaging.KeptRequest{}, fmt.Errorf("reading a request: %w", redacted(err))
	}
	if len(rows) == 0 {
		return messaging.KeptRequest{}, messaging.ErrUnknown
	}
	return rows[0].kept()
}

func (r requestRow) place() string { return placeOf(r.ChangedMs, r.ID) }

func (r requestRow) kept() (messaging.KeptRequest, error) {
	out := messaging.KeptRequest{Version: r.Version}
	if err := json.Unmarshal([]byte(r.Data), &out.Record); err != nil {
		return out, errors.New("reading a request: what is kept is damaged")
	}
	return out, nil
}

// Request implements messaging.Store.
func (s *Store) Request(ctx context.Context, dealer, id string) (messaging.KeptRequest, error) {
	kept, err := s.request(ctx, "dealer = ? AND id = ?", dealer, id)
	if err == nil && kept.ID != id { // a server takes blanks at the end for nothing
		return messaging.KeptRequest{}, messaging.ErrUnknown
	}
	return kept, err
}

// RequestByPartner implements messaging.Store.
func (s *Store) RequestByPartner(ctx context.Context, dealer, partnerID string) (messaging.KeptRequest, error) {
	return s.request(ctx, "dealer = ? AND partner_key = ?", dealer, keyOf(partnerID))
}

// RequestByMessage implements messaging.Store.
func (s *Store) RequestByMessage(ctx context.Context, dealer, messageID string) (messaging.KeptRequest, error) {
	owner, err := s.owner(ctx, dealer, messageID, aboutRequest)
	if err != nil {
		return messaging.KeptRequest{}, err
	}
	return s.Request(ctx, dealer, owner)
}

// SaveRequest implements messaging.Store.
func (s *Store) SaveRequest(ctx context.Context, r messaging.KeptRequest, messages ...string) error {
	data, err := document(r.Record)
	if err != nil {
		return fmt.Errorf("writing a request: %w", err)
	}
	row := requestRow{
		Dealer: r.Dealer, ID: r.ID, PartnerKey: someKey(r.PartnerID), Customer: r.Customer, Type: string(r.Type), Status: string(r.Status),
		IsOver: bit(r.Over()), ChangedMs: millis(r.Changed), Version: r.Version + 1, Data: data,
	}
	return s.Together(ctx, func(ctx context.Context) error {
		if err := s.version(ctx, &row, r.Version, row.Dealer, row.ID); err != nil {
			return fmt.Errorf("writing a request: %w", err)
		}
		return s.sent(ctx, r.Dealer, aboutRequest, r.ID, messages)
	})
}

// Requests implements messaging.Store.
func (s *Store) Requests(ctx context.Context, f messaging.Filter) ([]messaging.KeptRequest, string, error) {
	db := s.at(ctx)
	if len(f.Types) > 0 {
		db = db.Where("type IN ?", f.Types)
	}
	if len(f.Statuses) > 0 {
		db = db.Where("status IN ?", f.Statuses)
	}
	found, next, err := pageOf[requestRow, messaging.KeptRequest](page(db, f), f)
	if err != nil {
		return nil, "", fmt.Errorf("reading requests: %w", err)
	}
	return found, next, nil
}
