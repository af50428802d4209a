package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/changes"
)

// Store keeps digests, rounds and leases for package changes.
var _ changes.Store = (*Store)(nil)

// leaseRow is one row of leases. renewals makes every renewal a change of the
// row: MySQL counts rows that changed, not rows that were found.
type leaseRow struct {
	Name     string `gorm:"primaryKey"`
	Owner    string
	UntilMs  int64
	Renewals int64
}

func (leaseRow) TableName() string { return "leases" }

// roundRow is one row of change_rounds; times as in clientRow.
type roundRow struct {
	Dealer     string `gorm:"primaryKey"`
	Kind       string `gorm:"primaryKey"`
	Round      int64
	StartedMs  int64
	FinishedMs int64
	BaselineMs int64
	Walking    int
	Reached    string
	Compared   int64
	Changed    int64
	Unread     int64
}

func (roundRow) TableName() string { return "change_rounds" }

// digestRow is one row of change_digests. SeenMs 0 is the first round.
type digestRow struct {
	Dealer   string `gorm:"primaryKey"`
	Kind     string `gorm:"primaryKey"`
	Customer string `gorm:"primaryKey"`
	Digest   []byte
	SeenMs   int64
}

func (digestRow) TableName() string { return "change_digests" }

// TakeLease implements changes.Store.
func (s *Store) TakeLease(ctx context.Context, l changes.Lease, now time.Time) (bool, error) {
	db := s.db.WithContext(ctx)
	got := db.Model(&leaseRow{}).
		Where("name = ? AND (owner = ? OR until_ms <= ?)", l.Name, l.Owner, millis(now)).
		Updates(map[string]any{"owner": l.Owner, "until_ms": millis(l.Until), "renewals": gorm.Expr("renewals + 1")})
	if got.Error != nil {
		return false, fmt.Errorf("taking a lease: %w", redacted(got.Error))
	}
	if got.RowsAffected > 0 {
		return true, nil
	}
	err := db.Create(&leaseRow{Name: l.Name, Owner: l.Owner, UntilMs: millis(l.Until)}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return false, nil // somebody else's
	}
	if err != nil {
		return false, fmt.Errorf("taking a lease: %w", redacted(err))
	}
	return true, nil
}

// DropLease implements changes.Store.
func (s *Store) DropLease(ctx context.Context, l changes.Lease) error {
	if err := s.db.WithContext(ctx).Delete(&leaseRow{}, "name = ? AND owner = ?", l.Name, l.Owner).Error; err != nil {
		return fmt.Errorf("giving a lease back: %w", redacted(err))
	}
	return nil
}

// Progress implements changes.Store.
func (s *Store) Progress(ctx context.Context, dealer string) (map[adapters.ChangeKind]changes.Progress, error) {
	var rows []roundRow
	if err := s.db.WithContext(ctx).Find(&rows, "dealer = ?", dealer).Error; err != nil {
		return nil, fmt.Errorf("reading rounds: %w", redacted(err))
	}
	all := make(map[adapters.ChangeKind]changes.Progress, len(rows))
	for _, r := range rows {
		all[adapters.ChangeKind(r.Kind)] = changes.Progress{
			Round: r.Round, Started: instant(r.StartedMs), Finished: instant(r.FinishedMs), Baseline: instant(r.BaselineMs),
			Walking: r.Walking != 0, Cursor: r.Reached, Compared: r.Compared, Changed: r.Changed, Unread: r.Unread,
		}
	}
	return all, nil
}

// Digests implements changes.Store.
func (s *Store) Digests(ctx context.Context, dealer string, kind adapters.ChangeKind, after, upTo string, most int) ([]changes.Entry, error) {
	q := s.db.WithContext(ctx).Where("dealer = ? AND kind = ? AND customer > ?", dealer, string(kind), after)
	if upTo != "" {
		q = q.Where("customer <= ?", upTo)
	}
	var rows []digestRow
	if err := q.Order("customer").Limit(most).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading digests: %w", redacted(err))
	}
	entries := make([]changes.Entry, len(rows))
	for i, r := range rows {
		entries[i] = changes.Entry{Customer: r.Customer, Seen: instant(r.SeenMs)}
		if copy(entries[i].Digest[:], r.Digest) != len(entries[i].Digest) {
			return nil, errors.New("a digest is damaged in the gateway's state")
		}
	}
	return entries, nil
}

// Save implements changes.Store.
func (s *Store) Save(ctx context.Context, l changes.Lease, now time.Time, b changes.Batch) error {
	rows := make([]digestRow, len(b.Entries))
	for i, e := range b.Entries {
		rows[i] = digestRow{Dealer: b.Dealer, Kind: string(b.Kind), Customer: e.Customer, Digest: e.Digest[:], SeenMs: millis(e.Seen)}
	}
	p := b.Progress
	round := roundRow{
		Dealer: b.Dealer, Kind: string(b.Kind), Round: p.Round,
		StartedMs: millis(p.Started), FinishedMs: millis(p.Finished), BaselineMs: millis(p.Baseline),
		Reached: p.Cursor, Compared: p.Compared, Changed: p.Changed, Unread: p.Unread,
	}
	if p.Walking {
		round.Walking = 1
	}
	return s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// The lease's row stays locked until the end, so that nobody can take it
		// over while this is written.
		held := tx.Model(&leaseRow{}).
			Where("name = ? AND owner = ? AND until_ms > ?", l.Name, l.Owner, millis(now)).
			Updates(map[string]any{"until_ms": millis(l.Until), "renewals": gorm.Expr("renewals + 1")})
		if held.Error != nil {
			return fmt.Errorf("renewing a lease: %w", redacted(held.Error))
		}
		if held.RowsAffected == 0 {
			return changes.ErrLeaseLost
		}
		over := tx.Clauses(clause.OnConflict{UpdateAll: true})
		if len(rows) > 0 {
			if err := over.CreateInBatches(&rows, 200).Error; err != nil {
				return fmt.Errorf("storing digests: %w", redacted(err))
			}
		}
		if err := over.Create(&round).Error; err != nil {
			return fmt.Errorf("storing a round: %w", redacted(err))
		}
		return nil
	})
}

// Forget implements changes.Store.
func (s *Store) Forget(ctx context.Context, dealer string, kind adapters.ChangeKind, before time.Time) error {
	err := s.db.WithContext(ctx).Delete(&digestRow{},
		"dealer = ? AND kind = ? AND digest = ? AND seen_ms < ?", dealer, string(kind), changes.Nothing[:], millis(before)).Error
	if err != nil {
		return fmt.Errorf("removing old digests: %w", redacted(err))
	}
	return nil
}

// Found implements changes.Store.
func (s *Store) Found(ctx context.Context, dealer string, kinds []adapters.ChangeKind, since time.Time) ([]adapters.Change, error) {
	q := s.db.WithContext(ctx).Select("customer", "kind").Where("dealer = ? AND kind IN ?", dealer, kinds)
	if !since.IsZero() {
		// The first of the two lets SQLite use the index, which has no others.
		q = q.Where("seen_ms > 0 AND seen_ms >= ?", since.UnixMilli())
	}
	var rows []digestRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading changes: %w", redacted(err))
	}
	found := make([]adapters.Change, len(rows))
	for i, r := range rows {
		found[i] = adapters.Change{Customer: r.Customer, Kind: adapters.ChangeKind(r.Kind)}
	}
	slices.SortFunc(found, func(a, b adapters.Change) int {
		return cmp.Or(strings.Compare(a.Customer, b.Customer), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return found, nil
}

// EraseSnapshots takes away what is kept of one customer to find changes. If the
// customer is still in the dealer's system, the next comparison begins anew
// with it.
func (s *Store) EraseSnapshots(ctx context.Context, dealer, customer string) error {
	err := s.db.WithContext(ctx).Delete(&digestRow{}, "dealer = ? AND customer = ?", dealer, customer).Error
	if err != nil {
		return fmt.Errorf("erasing a customer's digests: %w", redacted(err))
	}
	return nil
}
