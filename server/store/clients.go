package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/token"
)

// Store keeps clients and signing keys for package token.
var (
	_ token.Clients = (*Store)(nil)
	_ token.Keys    = (*Store)(nil)
)

// clientRow is one row of clients. Times are milliseconds since 1970, 0 for
// none; lists are JSON.
type clientRow struct {
	ID         string `gorm:"primaryKey"`
	Note       string
	SecretHash []byte
	Generation int64
	Dealers    string
	Scopes     string
	CreatedMs  int64
	RotatedMs  int64
	RevokedMs  int64
}

func (clientRow) TableName() string { return "clients" }

// Client returns one client; token.ErrUnknownClient when there is none. What it
// holds is shared and only to be read.
func (s *Store) Client(ctx context.Context, id string) (token.Client, error) {
	now := time.Now() // to be held against times of files, which are the machine's
	state, ok := look(s.path)
	if ok {
		if c, ok := s.seen.get(id, state, now); ok {
			return c, nil
		}
	}
	c, err := s.readClient(ctx, id)
	if err == nil && ok {
		s.seen.put(c, state, now)
	}
	return c, err
}

func (s *Store) readClient(ctx context.Context, id string) (token.Client, error) {
	// It is asked for with every request, so the statement is prepared once and
	// read without reflection.
	const query = "SELECT id, note, secret_hash, generation, dealers, scopes, created_ms, rotated_ms, revoked_ms FROM clients WHERE id = ?"
	stmt, err := s.clients.prepare(ctx, s.db, query) //nolint:sqlclosecheck // it ends with the store
	if err != nil {
		return token.Client{}, fmt.Errorf("reading a client: %w", redacted(err))
	}
	if s.path != "" {
		// Readers of the file wait for nobody, and to watch for the caller's end
		// costs more than the reading.
		ctx = context.WithoutCancel(ctx)
	}
	var row clientRow
	err = stmt.QueryRowContext(ctx, id).Scan(&row.ID, &row.Note, &row.SecretHash, &row.Generation, &row.Dealers, &row.Scopes,
		&row.CreatedMs, &row.RotatedMs, &row.RevokedMs)
	// MySQL compares in the column's collation; the id must be the same to the byte.
	if errors.Is(err, sql.ErrNoRows) || err == nil && row.ID != id {
		return token.Client{}, token.ErrUnknownClient
	}
	if err != nil {
		return token.Client{}, fmt.Errorf("reading a client: %w", redacted(err))
	}
	return row.client()
}

// once is a statement that is prepared when it is first needed. It ends with
// the store.
type once struct {
	mu   sync.Mutex
	stmt *sql.Stmt
}

func (o *once) prepare(ctx context.Context, db *gorm.DB, text string) (*sql.Stmt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stmt != nil {
		return o.stmt, nil
	}
	stmt, err := db.Statement.ConnPool.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	o.stmt = stmt
	return stmt, nil
}

// Close ends the statement.
func (o *once) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stmt == nil {
		return nil
	}
	stmt := o.stmt
	o.stmt = nil
	return stmt.Close()
}

// Clients returns all clients ordered by id.
func (s *Store) Clients(ctx context.Context) ([]token.Client, error) {
	var rows []clientRow
	if err := s.db.WithContext(ctx).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading clients: %w", redacted(err))
	}
	list := make([]token.Client, len(rows))
	for i, row := range rows {
		c, err := row.client()
		if err != nil {
			return nil, err
		}
		list[i] = c
	}
	return list, nil
}

// AddClient stores a new client; token.ErrClientExists when the id is taken.
func (s *Store) AddClient(ctx context.Context, c token.Client) error {
	row, err := rowOf(c)
	if err != nil {
		return err
	}
	err = s.db.WithContext(ctx).Create(&row).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return token.ErrClientExists
	}
	if err != nil {
		return fmt.Errorf("storing a client: %w", redacted(err))
	}
	return nil
}

// UpdateClient replaces a stored client; token.ErrUnknownClient when there is none.
func (s *Store) UpdateClient(ctx context.Context, c token.Client) error {
	row, err := rowOf(c)
	if err != nil {
		return err
	}
	return s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// MySQL counts rows changed, not rows found, so ask first.
		var n int64
		if err := tx.Model(&clientRow{}).Where("id = ?", c.ID).Count(&n).Error; err != nil {
			return fmt.Errorf("reading a client: %w", redacted(err))
		}
		if n == 0 {
			return token.ErrUnknownClient
		}
		if err := tx.Model(&clientRow{}).Where("id = ?", c.ID).Select("*").Updates(&row).Error; err != nil {
			return fmt.Errorf("storing a client: %w", redacted(err))
		}
		return nil
	})
}

func (r clientRow) client() (token.Client, error) {
	c := token.Client{
		ID: r.ID, Note: r.Note, SecretHash: r.SecretHash, Generation: r.Generation,
		Created: instant(r.CreatedMs), Rotated: instant(r.RotatedMs), Revoked: instant(r.RevokedMs),
	}
	if err := errors.Join(json.Unmarshal([]byte(r.Dealers), &c.Dealers), json.Unmarshal([]byte(r.Scopes), &c.Scopes)); err != nil {
		return token.Client{}, fmt.Errorf("client %q is damaged in the gateway's state: %w", r.ID, err)
	}
	return c, nil
}

func rowOf(c token.Client) (clientRow, error) {
	dealers, err := json.Marshal(c.Dealers)
	if err != nil {
		return clientRow{}, fmt.Errorf("encoding the dealers of client %q: %w", c.ID, err)
	}
	scopes, err := json.Marshal(c.Scopes)
	if err != nil {
		return clientRow{}, fmt.Errorf("encoding the scopes of client %q: %w", c.ID, err)
	}
	return clientRow{
		ID: c.ID, Note: c.Note, SecretHash: c.SecretHash, Generation: c.Generation,
		Dealers: string(dealers), Scopes: string(scopes),
		CreatedMs: millis(c.Created), RotatedMs: millis(c.Rotated), RevokedMs: millis(c.Revoked),
	}, nil
}

// keyRow is one row of signing_keys.
type keyRow struct {
	ID        string `gorm:"primaryKey"`
	Seed      []byte
	CreatedMs int64
}

func (keyRow) TableName() string { return "signing_keys" }

// SigningKeys returns all keys, newest first.
func (s *Store) SigningKeys(ctx context.Context) ([]token.SigningKey, error) {
	var rows []keyRow
	if err := s.db.WithContext(ctx).Order("created_ms DESC, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading signing keys: %w", redacted(err))
	}
	keys := make([]token.SigningKey, len(rows))
	for i, r := range rows {
		keys[i] = token.SigningKey{ID: r.ID, Seed: r.Seed, Created: instant(r.CreatedMs)}
	}
	return keys, nil
}

// AddSigningKey stores a new key.
func (s *Store) AddSigningKey(ctx context.Context, k token.SigningKey) error {
	row := keyRow{ID: k.ID, Seed: k.Seed, CreatedMs: millis(k.Created)}
	if err := s.db.WithContext(ctx).Create(&row).Error; err != nil {
		return fmt.Errorf("storing a signing key: %w", redacted(err))
	}
	return nil
}

// DropSigningKeys removes keys made before a time.
func (s *Store) DropSigningKeys(ctx context.Context, before time.Time) error {
	if err := s.db.WithContext(ctx).Delete(&keyRow{}, "created_ms < ?", millis(before)).Error; err != nil {
		return fmt.Errorf("removing old signing keys: %w", redacted(err))
	}
	return nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
