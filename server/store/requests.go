package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/dealerbridge/dealerbridge/server/messaging"
)

// Store keeps requests and conversations for package messaging.
var _ messaging.Store = (*Store)(nil)

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

// sentRow is one row of sent_messages: what a message of ours was about.
type sentRow struct {
	Dealer     string `gorm:"primaryKey"`
	MessageKey string `gorm:"primaryKey"`
	Kind       string // aboutRequest or aboutChain
	Owner      string
}

func (sentRow) TableName() string { return "sent_messages" }

const (
	aboutRequest = "request"
	aboutChain   = "chain"
)

// messageMarkRow is one row of message_marks.
type messageMarkRow struct {
	Dealer string `gorm:"primaryKey"`
	Name   string `gorm:"primaryKey"`
	Value  string
}

func (messageMarkRow) TableName() string { return "message_marks" }

// keyOf stands for a text from outside in an index: of one length, and told
// apart by its bytes whatever a server's collation thinks.
func keyOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// document is a record as text. What a partner wrote in it stays byte for byte
// what it was, letters that mean something to a page included.
func document(record any) (string, error) {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(record); err != nil {
		return "", errors.New("it cannot be written as JSON")
	}
	return out.String(), nil
}

func someKey(text string) *string {
	if text == "" {
		return nil
	}
	k := keyOf(text)
	return &k
}

// locked reads rows for a change: on a server nobody else changes them until the
// transaction ends. SQLite has one writer anyway.
func (s *Store) locked(ctx context.Context) *gorm.DB {
	db := s.at(ctx)
	if _, in := ctx.Value(together{s}).(*transaction); in && s.path == "" {
		db = db.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	return db
}

// AfterCommit implements messaging.Store.
func (s *Store) AfterCommit(ctx context.Context, do func()) { s.afterCommit(ctx, do) }

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

func (s *Store) owner(ctx context.Context, dealer, messageID, kind string) (string, error) {
	var rows []sentRow
	if err := s.at(ctx).Limit(1).Find(&rows, "dealer = ? AND message_key = ? AND kind = ?", dealer, keyOf(messageID), kind).Error; err != nil {
		return "", fmt.Errorf("reading what a message was about: %w", redacted(err))
	}
	if len(rows) == 0 {
		return "", messaging.ErrUnknown
	}
	return rows[0].Owner, nil
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

// version writes a row in the place of the version it was made from.
func (s *Store) version(ctx context.Context, row any, before int64, dealer, id string) error {
	db := s.at(ctx)
	if before == 0 {
		err := db.Create(row).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return messaging.ErrConflict
		}
		return redacted(err)
	}
	res := db.Model(row).Where("dealer = ? AND id = ? AND version = ?", dealer, id, before).Select("*").Updates(row)
	switch {
	case errors.Is(res.Error, gorm.ErrDuplicatedKey):
		return messaging.ErrConflict
	case res.Error != nil:
		return redacted(res.Error)
	case res.RowsAffected == 0: // the version makes every write a change of the row
		return messaging.ErrConflict
	}
	return nil
}

func (s *Store) sent(ctx context.Context, dealer, kind, owner string, messages []string) error {
	for _, m := range messages {
		row := sentRow{Dealer: dealer, MessageKey: keyOf(m), Kind: kind, Owner: owner}
		err := s.at(ctx).Create(&row).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return messaging.ErrConflict
		}
		if err != nil {
			return fmt.Errorf("noting what a message is about: %w", redacted(err))
		}
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// page narrows a list to a page: the last changed first, from where the page
// before ended.
func page(db *gorm.DB, f messaging.Filter) *gorm.DB {
	if f.Dealer != "" {
		db = db.Where("dealer = ?", f.Dealer)
	}
	if f.Customer != "" {
		db = db.Where("customer = ?", f.Customer)
	}
	if f.Open {
		db = db.Where("is_over = 0")
	}
	if at, id, ok := strings.Cut(f.Before, "/"); ok {
		if ms, err := strconv.ParseInt(at, 10, 64); err == nil {
			db = db.Where("(changed_ms < ? OR (changed_ms = ? AND id < ?))", ms, ms, id)
		}
	}
	return db.Order("changed_ms DESC, id DESC").Limit(atMost(f) + 1)
}

const defaultPage = 100

func atMost(f messaging.Filter) int {
	if f.Most <= 0 {
		return defaultPage
	}
	return f.Most
}

func nextPage(changed int64, id string) string { return fmt.Sprintf("%d/%s", changed, id) }

// Requests implements messaging.Store.
func (s *Store) Requests(ctx context.Context, f messaging.Filter) (found []messaging.KeptRequest, next string, err error) {
	db := page(s.at(ctx), f)
	if len(f.Types) > 0 {
		db = db.Where("type IN ?", f.Types)
	}
	if len(f.Statuses) > 0 {
		db = db.Where("status IN ?", f.Statuses)
	}
	var rows []requestRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, "", fmt.Errorf("reading requests: %w", redacted(err))
	}
	if n := atMost(f); len(rows) > n {
		rows, next = rows[:n], nextPage(rows[n-1].ChangedMs, rows[n-1].ID)
	}
	for _, row := range rows {
		kept, err := row.kept()
		if err != nil {
			return nil, "", err
		}
		found = append(found, kept)
	}
	return found, next, nil
}

// MessageMark implements messaging.Store.
func (s *Store) MessageMark(ctx context.Context, dealer, name string) (string, error) {
	var rows []messageMarkRow
	if err := s.at(ctx).Limit(1).Find(&rows, "dealer = ? AND name = ?", dealer, name).Error; err != nil {
		return "", fmt.Errorf("reading how far messages were read: %w", redacted(err))
	}
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0].Value, nil
}

// SetMessageMark implements messaging.Store.
func (s *Store) SetMessageMark(ctx context.Context, dealer, name, from, to string) error {
	return s.Together(ctx, func(ctx context.Context) error {
		var rows []messageMarkRow
		if err := s.locked(ctx).Limit(1).Find(&rows, "dealer = ? AND name = ?", dealer, name).Error; err != nil {
			return fmt.Errorf("reading how far messages were read: %w", redacted(err))
		}
		row := messageMarkRow{Dealer: dealer, Name: name, Value: to}
		var err error
		switch {
		case len(rows) == 0 && from == "":
			err = s.at(ctx).Create(&row).Error
		case len(rows) == 1 && rows[0].Value == from:
			err = s.at(ctx).Model(&row).Where("dealer = ? AND name = ?", dealer, name).Update("value", to).Error
		default:
			return messaging.ErrConflict
		}
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return messaging.ErrConflict
		}
		if err != nil {
			return fmt.Errorf("keeping how far messages were read: %w", redacted(err))
		}
		return nil
	})
}

// EraseMessages implements messaging.Store.
func (s *Store) EraseMessages(ctx context.Context, dealer, customer string) (int64, error) {
	var gone int64
	err := s.Together(ctx, func(ctx context.Context) error {
		requests, err := s.drop(ctx, aboutRequest, "dealer = ? AND customer = ?", dealer, customer)
		if err != nil {
			return err
		}
		chains, err := s.drop(ctx, aboutChain, "dealer = ? AND customer = ?", dealer, customer)
		gone = requests + chains
		return err
	})
	return gone, err
}

// EraseRequest implements messaging.Store.
func (s *Store) EraseRequest(ctx context.Context, dealer, id string) error {
	return s.Together(ctx, func(ctx context.Context) error {
		n, err := s.drop(ctx, aboutRequest, "dealer = ? AND id = ?", dealer, id)
		if err == nil && n == 0 {
			return messaging.ErrUnknown
		}
		return err
	})
}

// ClearMessages implements messaging.Store.
func (s *Store) ClearMessages(ctx context.Context, before time.Time, most int) (int64, error) {
	var gone int64
	err := s.Together(ctx, func(ctx context.Context) error {
		gone = 0
		for kind, where := range map[string]string{aboutRequest: "is_over = 1 AND changed_ms < ?", aboutChain: "changed_ms < ?"} {
			var rows []struct{ Dealer, ID string }
			if err := s.at(ctx).Table(kind+"s").Select("dealer, id").Where(where, millis(before)).Limit(most).Find(&rows).Error; err != nil {
				return fmt.Errorf("looking for old messages: %w", redacted(err))
			}
			for _, row := range rows {
				n, err := s.drop(ctx, kind, "dealer = ? AND id = ? AND changed_ms < ?", row.Dealer, row.ID, millis(before))
				if err != nil {
					return err
				}
				gone += n
			}
		}
		return nil
	})
	return gone, err
}

// drop takes requests or conversations away, and what is known of their
// messages.
func (s *Store) drop(ctx context.Context, kind, where string, args ...any) (int64, error) {
	var rows []struct{ Dealer, ID string }
	if err := s.locked(ctx).Table(kind+"s").Select("dealer, id").Where(where, args...).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("looking for what is to be erased: %w", redacted(err))
	}
	for _, row := range rows {
		if err := s.at(ctx).Where("dealer = ? AND kind = ? AND owner = ?", row.Dealer, kind, row.ID).Delete(&sentRow{}).Error; err != nil {
			return 0, fmt.Errorf("erasing messages: %w", redacted(err))
		}
		err := s.at(ctx).Exec("DELETE FROM "+kind+"s WHERE dealer = ? AND id = ?", row.Dealer, row.ID).Error
		if err != nil {
			return 0, fmt.Errorf("erasing messages: %w", redacted(err))
		}
	}
	return int64(len(rows)), nil
}
