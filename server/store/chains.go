package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dealerbridge/dealerbridge/server/messaging"
)

// chainRow is one row of chains.
type chainRow struct {
	Dealer     string `gorm:"primaryKey"`
	ID         string `gorm:"primaryKey"`
	PartnerKey *string
	PlaceKey   string
	Customer   string
	IsOver     int
	ChangedMs  int64
	Version    int64
	Data       string
}

func (chainRow) TableName() string { return "chains" }

func (r chainRow) place() string { return placeOf(r.ChangedMs, r.ID) }

func (r chainRow) kept() (messaging.KeptChain, error) {
	out := messaging.KeptChain{Version: r.Version}
	if err := json.Unmarshal([]byte(r.Data), &out.Chain); err != nil {
		return out, errors.New("reading a conversation: what is kept is damaged")
	}
	return out, nil
}

func (s *Store) chain(ctx context.Context, where string, args ...any) (messaging.KeptChain, error) {
	var rows []chainRow
	err := s.locked(ctx).Order("is_over, changed_ms DESC, id").Limit(1).Find(&rows, append([]any{where}, args...)...).Error
	if err != nil {
		return messaging.KeptChain{}, fmt.Errorf("reading a conversation: %w", redacted(err))
	}
	if len(rows) == 0 {
		return messaging.KeptChain{}, messaging.ErrUnknown
	}
	return rows[0].kept()
}

// Chain implements messaging.Store.
func (s *Store) Chain(ctx context.Context, dealer, id string) (messaging.KeptChain, error) {
	kept, err := s.chain(ctx, "dealer = ? AND id = ?", dealer, id)
	if err == nil && kept.ID != id {
		return messaging.KeptChain{}, messaging.ErrUnknown
	}
	return kept, err
}

// ChainByPartner implements messaging.Store.
func (s *Store) ChainByPartner(ctx context.Context, dealer, partnerID string) (messaging.KeptChain, error) {
	return s.chain(ctx, "dealer = ? AND partner_key = ?", dealer, keyOf(partnerID))
}

// ChainByPlace implements messaging.Store.
func (s *Store) ChainByPlace(ctx context.Context, dealer, place string) (messaging.KeptChain, error) {
	if place == "" {
		return messaging.KeptChain{}, messaging.ErrUnknown
	}
	return s.chain(ctx, "dealer = ? AND place_key = ?", dealer, keyOf(place))
}

// ChainByMessage implements messaging.Store.
func (s *Store) ChainByMessage(ctx context.Context, dealer, messageID string) (messaging.KeptChain, error) {
	owner, err := s.owner(ctx, dealer, messageID, aboutChain)
	if err != nil {
		return messaging.KeptChain{}, err
	}
	return s.Chain(ctx, dealer, owner)
}

// SaveChain implements messaging.Store.
func (s *Store) SaveChain(ctx context.Context, c messaging.KeptChain, messages ...string) error {
	data, err := document(c.Chain)
	if err != nil {
		return fmt.Errorf("writing a conversation: %w", err)
	}
	row := chainRow{
		Dealer: c.Dealer, ID: c.ID, PartnerKey: someKey(c.PartnerID), PlaceKey: keyOf(c.Where()), Customer: c.Customer,
		IsOver: bit(!c.Active), ChangedMs: millis(c.Changed), Version: c.Version + 1, Data: data,
	}
	return s.Together(ctx, func(ctx context.Context) error {
		if err := s.version(ctx, &row, c.Version, row.Dealer, row.ID); err != nil {
			return fmt.Errorf("writing a conversation: %w", err)
		}
		return s.sent(ctx, c.Dealer, aboutChain, c.ID, messages)
	})
}

// Chains implements messaging.Store.
func (s *Store) Chains(ctx context.Context, f messaging.Filter) ([]messaging.KeptChain, string, error) {
	found, next, err := pageOf[chainRow, messaging.KeptChain](page(s.at(ctx), f), f)
	if err != nil {
		return nil, "", fmt.Errorf("reading conversations: %w", err)
	}
	return found, next, nil
}
