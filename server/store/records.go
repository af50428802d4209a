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

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/dealerbridge/dealerbridge/server/messaging"
)

// Store keeps requests and conversations for package messaging, both as records
// with a version that are listed page by page.
var _ messaging.Store = (*Store)(nil)

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

// placeOf is where a page ends behind a row.
func placeOf(changed int64, id string) string { return fmt.Sprintf("%d/%s", changed, id) }

// pageOf reads the rows of a page and gives what is kept in them, and where the
// next page begins; "": there is none.
func pageOf[R interface {
	kept() (K, error)
	place() string
}, K any](db *gorm.DB, f messaging.Filter) (found []K, next string, err error) {
	var rows []R
	if err := db.Find(&rows).Error; err != nil {
		return nil, "", redacted(err)
	}
	if n := atMost(f); len(rows) > n {
		rows, next = rows[:n], rows[n-1].place()
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
