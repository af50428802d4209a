package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// What is written for every single lead and update is written past GORM, which
// makes each statement anew, and on a file with statements that SQLite has read
// once.

// statements are prepared when they are first needed, by their texts. They end
// with the store.
type statements struct {
	mu sync.Mutex
	by map[string]*sql.Stmt
}

func (p *statements) of(ctx context.Context, db *gorm.DB, text string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stmt := p.by[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := db.Statement.ConnPool.PrepareContext(ctx, text) //nolint:sqlclosecheck // it ends with the store
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	if p.by == nil {
		p.by = map[string]*sql.Stmt{}
	}
	p.by[text] = stmt
	return stmt, nil
}

// Close ends the statements.
func (p *statements) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, stmt := range p.by {
		errs = append(errs, stmt.Close())
	}
	p.by = nil
	return errors.Join(errs...)
}

// often runs a statement that is run again and again, in the context's transaction
// where it has one. Its text must be a constant: it is kept.
func (s *Store) often(ctx context.Context, text string, args ...any) (sql.Result, error) {
	pool := s.at(ctx).Statement.ConnPool
	if s.path == "" {
		return pool.ExecContext(ctx, text, args...)
	}
	stmt, err := s.prepared.of(ctx, s.db, text)
	if err != nil {
		return nil, err
	}
	if tx, ok := pool.(*sql.Tx); ok {
		stmt = tx.StmtContext(ctx, stmt) //nolint:sqlclosecheck // it ends with the transaction
	}
	return stmt.ExecContext(ctx, args...)
}

// leadColumns are the columns of leads but the key, in the order of
// leadRow.values.
const leadColumns = "state, first_ms, last_ms, repeats, digest, dealer_lead_id, ref, row_key, crm_rows, outcome, written_ms, tries, due_ms, " +
	"faults, standing, baseline_ms, recheck, held_ms, held_for, held_update, to_check, is_open, seq"

var (
	updateLead = "UPDATE leads SET " + strings.ReplaceAll(leadColumns, ", ", " = ?, ") + " = ?, version = version + 1 WHERE dealer = ? AND lead_id = ? AND state <> ?"
	insertLead = "INSERT INTO leads (" + leadColumns + ", dealer, lead_id, version) VALUES (?" + strings.Repeat(", ?", strings.Count(leadColumns, ",")+2) + ", 0)"
)

func (r leadRow) values() []any {
	return []any{
		r.State, r.FirstMs, r.LastMs, r.Repeats, r.Digest, r.DealerLeadID, r.Ref, r.RowKey, r.CrmRows, r.Outcome, r.WrittenMs, r.Tries, r.DueMs,
		r.Faults, r.Standing, r.BaselineMs, r.Recheck, r.HeldMs, r.HeldFor, r.HeldUpdate, r.ToCheck, r.IsOpen, r.Seq, r.Dealer, r.LeadID,
	}
}

// SaveLead implements leadsync.Store.
func (s *Store) SaveLead(ctx context.Context, l leadsync.Lead) error {
	row, err := rowOfLead(l)
	if err != nil {
		return err
	}
	values := row.values()
	done, err := s.often(ctx, updateLead, append(values, string(leadsync.Erased))...)
	if err != nil {
		return fmt.Errorf("storing a lead: %w", redacted(err))
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = s.often(ctx, insertLead, values...)
	if err != nil && !errors.Is(s.translated(err), gorm.ErrDuplicatedKey) { // then it was erased
		return fmt.Errorf("storing a lead: %w", redacted(err))
	}
	return nil
}

const (
	insertUpdate = "INSERT INTO lead_updates (seq, body, sources, state, made_ms, due_ms, sent_ms, done_ms, calls, fails, repeats, unsure, status, answer, " +
		"fault, dealer, lead_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	updateUpdate = "UPDATE lead_updates SET seq = ?, body = ?, sources = ?, state = ?, made_ms = ?, due_ms = ?, sent_ms = ?, done_ms = ?, calls = ?, " +
		"fails = ?, repeats = ?, unsure = ?, status = ?, answer = ?, fault = ?, dealer = ?, lead_id = ? WHERE id = ?"
)

func (r leadUpdateRow) values() []any {
	return []any{
		r.Seq, r.Body, r.Sources, r.State, r.MadeMs, r.DueMs, r.SentMs, r.DoneMs, r.Calls, r.Fails, r.Repeats, r.Unsure, r.Status, r.Answer,
		r.Fault, r.Dealer, r.LeadID,
	}
}

// AddLeadUpdate implements leadsync.Store.
func (s *Store) AddLeadUpdate(ctx context.Context, u leadsync.Update) error {
	row, err := rowOfUpdate(u)
	if err != nil {
		return err
	}
	if _, err := s.often(ctx, insertUpdate, row.values()...); err != nil {
		return fmt.Errorf("storing an update: %w", redacted(err))
	}
	return nil
}

// SaveLeadUpdate implements leadsync.Store. One whose lead was erased is gone, and
// stays so.
func (s *Store) SaveLeadUpdate(ctx context.Context, u leadsync.Update) error {
	row, err := rowOfUpdate(u)
	if err != nil {
		return err
	}
	if _, err := s.often(ctx, updateUpdate, append(row.values(), u.ID)...); err != nil {
		return fmt.Errorf("storing an update: %w", redacted(err))
	}
	return nil
}
