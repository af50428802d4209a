package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// Store keeps leads for package leadsync.
var _ leadsync.Store = (*Store)(nil)

// leadRow is one row of leads. Structured members are JSON; a server compares ids
// by their bytes. Version makes every write a change of the row, see leaseRow.
type leadRow struct {
	Dealer       string `gorm:"primaryKey"`
	LeadID       string `gorm:"primaryKey"`
	State        string
	FirstMs      int64
	LastMs       int64
	Repeats      int
	Digest       string
	DealerLeadID string
	Ref          string
	RowKey       string
	CrmRows      string
	Outcome      string
	WrittenMs    int64
	Tries        int
	DueMs        int64
	Faults       string
	Standing     string
	BaselineMs   int64
	Recheck      int
	HeldMs       int64
	HeldFor      string
	HeldUpdate   string
	ToCheck      int
	IsOpen       int
	Seq          int
	Version      int64
}

func (leadRow) TableName() string { return "leads" }

// leadMarkRow is one row of lead_marks.
type leadMarkRow struct {
	Dealer string `gorm:"primaryKey"`
	Name   string `gorm:"primaryKey"`
	Value  string
}

func (leadMarkRow) TableName() string { return "lead_marks" }

// HoldLease implements leadsync.Store.
func (s *Store) HoldLease(ctx context.Context, l leadsync.Lease, now time.Time) error {
	const hold = "UPDATE leases SET until_ms = ?, renewals = renewals + 1 WHERE name = ? AND owner = ? AND until_ms > ?"
	held, err := s.often(ctx, hold, millis(l.Until), l.Name, l.Owner, millis(now))
	if err != nil {
		return fmt.Errorf("renewing a lease: %w", redacted(err))
	}
	switch n, err := held.RowsAffected(); {
	case err != nil:
		return fmt.Errorf("renewing a lease: %w", err)
	case n == 0:
		return leadsync.ErrLeaseLost
	}
	return nil
}

// LeadMark implements leadsync.Store.
func (s *Store) LeadMark(ctx context.Context, dealer, name string) (string, error) {
	var rows []leadMarkRow
	if err := s.at(ctx).Find(&rows, "dealer = ? AND name = ?", dealer, name).Error; err != nil {
		return "", fmt.Errorf("reading a mark: %w", redacted(err))
	}
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0].Value, nil
}

// SetLeadMark implements leadsync.Store.
func (s *Store) SetLeadMark(ctx context.Context, dealer, name, value string) error {
	row := leadMarkRow{Dealer: dealer, Name: name, Value: text(value)}
	if err := s.at(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("storing a mark: %w", redacted(err))
	}
	return nil
}

// LeadsByID implements leadsync.Store.
func (s *Store) LeadsByID(ctx context.Context, dealer string, ids []string) ([]leadsync.Lead, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.findLeads(s.at(ctx).Where("dealer = ? AND lead_id IN ?", dealer, ids))
}

// LeadsByRow implements leadsync.Store.
func (s *Store) LeadsByRow(ctx context.Context, dealer string, keys []string) ([]leadsync.Lead, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return s.findLeads(s.at(ctx).Where("dealer = ? AND row_key IN ? AND row_key <> ''", dealer, keys))
}

// LeadsToWrite implements leadsync.Store.
func (s *Store) LeadsToWrite(ctx context.Context, dealer string, now time.Time, limit int) ([]leadsync.Lead, error) {
	return s.findLeads(s.at(ctx).Where("dealer = ? AND due_ms > 0 AND due_ms <= ?", dealer, millis(now)).Order("due_ms, lead_id").Limit(limit))
}

// LeadsToCheck implements leadsync.Store. A lead that is not written yet keeps its
// wish to be looked at until it is.
func (s *Store) LeadsToCheck(ctx context.Context, dealer, after string, limit int) ([]leadsync.Lead, error) {
	q := s.at(ctx).Where("dealer = ? AND to_check = 1 AND lead_id > ?", dealer, after).
		Where("(written_ms > 0 OR state = ?)", string(leadsync.Found))
	return s.findLeads(q.Order("lead_id").Limit(limit))
}

// LeadsInCRM implements leadsync.Store.
func (s *Store) LeadsInCRM(ctx context.Context, dealer, after string, limit int) ([]leadsync.Lead, error) {
	q := s.at(ctx).Where("dealer = ? AND lead_id > ? AND state <> ?", dealer, after, string(leadsync.Erased)).
		Where("(written_ms > 0 OR state = ?)", string(leadsync.Found))
	return s.findLeads(q.Order("lead_id").Limit(limit))
}

// ListLeads implements leadsync.Store.
func (s *Store) ListLeads(ctx context.Context, f leadsync.Filter) ([]leadsync.Lead, error) {
	q := s.at(ctx).Where("dealer = ? AND lead_id > ?", f.Dealer, f.After)
	if len(f.States) > 0 {
		q = q.Where("state IN ?", f.States)
	}
	if f.Held {
		q = q.Where("held_ms > 0")
	}
	if f.Parked {
		q = q.Where("EXISTS (SELECT 1 FROM lead_updates u WHERE u.dealer = leads.dealer AND u.lead_id = leads.lead_id AND u.state = ?)", string(leadsync.Parked))
	}
	return s.findLeads(q.Order("lead_id").Limit(f.Limit))
}

func (*Store) findLeads(q *gorm.DB) ([]leadsync.Lead, error) {
	var rows []leadRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading leads: %w", redacted(err))
	}
	leads := make([]leadsync.Lead, len(rows))
	for i, r := range rows {
		l, err := r.lead()
		if err != nil {
			return nil, err
		}
		leads[i] = l
	}
	return leads, nil
}

// NoteLeadRows implements leadsync.Store.
func (s *Store) NoteLeadRows(ctx context.Context, dealer, id string, rows []adapters.CRMRow) error {
	written, err := asJSON(rows)
	if err != nil {
		return err
	}
	const note = "UPDATE leads SET crm_rows = ?, version = version + 1 WHERE dealer = ? AND lead_id = ? AND state <> ?"
	if _, err := s.often(ctx, note, written, dealer, id, string(leadsync.Erased)); err != nil {
		return fmt.Errorf("storing the journal of a lead: %w", redacted(err))
	}
	return nil
}

// MakeLeadsDue implements leadsync.Store.
func (s *Store) MakeLeadsDue(ctx context.Context, dealer string, ids []string, at time.Time) (int, error) {
	q := s.at(ctx).Model(&leadRow{}).Where("dealer = ? AND due_ms > 0 AND state IN ?", dealer, []leadsync.State{leadsync.Held, leadsync.Failed})
	if ids != nil {
		q = q.Where("lead_id IN ?", ids)
	}
	done := q.Updates(map[string]any{"due_ms": millis(at), "version": gorm.Expr("version + 1")})
	if done.Error != nil {
		return 0, fmt.Errorf("making leads due: %w", redacted(done.Error))
	}
	return int(done.RowsAffected), nil
}

// LeadCounts implements leadsync.Store.
func (s *Store) LeadCounts(ctx context.Context, dealer string) (leadsync.Counts, error) {
	c := leadsync.Counts{Leads: map[leadsync.State]int{}, Updates: map[leadsync.UpdateState]int{}}
	var rows []struct {
		State   string
		N       int
		Repeats int
	}
	if err := s.at(ctx).Table("leads").Select("state, COUNT(*) AS n").Where("dealer = ?", dealer).Group("state").Scan(&rows).Error; err != nil {
		return c, fmt.Errorf("counting leads: %w", redacted(err))
	}
	for _, r := range rows {
		c.Leads[leadsync.State(r.State)] = r.N
	}
	rows = nil
	err := s.at(ctx).Table("lead_updates").Select("state, COUNT(*) AS n, SUM(repeats) AS repeats").Where("dealer = ?", dealer).Group("state").Scan(&rows).Error
	if err != nil {
		return c, fmt.Errorf("counting updates: %w", redacted(err))
	}
	for _, r := range rows {
		c.Updates[leadsync.UpdateState(r.State)] = r.N
		c.Repeats += r.Repeats
	}
	var held int64
	if err := s.at(ctx).Model(&leadRow{}).Where("dealer = ? AND to_check = 1 AND held_ms > 0", dealer).Count(&held).Error; err != nil {
		return c, fmt.Errorf("counting held updates: %w", redacted(err))
	}
	c.Held = int(held)
	return c, nil
}

func rowOfLead(l leadsync.Lead) (leadRow, error) {
	ref, err1 := asJSON(l.Ref)
	rows, err2 := asJSON(l.Rows)
	faults, err3 := asJSON(l.Faults)
	heldFor, err4 := asJSON(l.HeldFor)
	r := leadRow{
		Dealer: l.Dealer, LeadID: l.ID, State: string(l.State), FirstMs: millis(l.First), LastMs: millis(l.Last), Repeats: l.Repeats,
		Digest: l.Digest, DealerLeadID: text(l.DealerLeadID), Ref: ref, RowKey: l.RowKey, CrmRows: rows, Outcome: string(l.Outcome),
		WrittenMs: millis(l.WrittenAt), Tries: l.Tries, DueMs: millis(l.Due), Faults: faults, Standing: text(l.Standing),
		BaselineMs: millis(l.Baseline), Recheck: flag(l.Recheck), HeldMs: millis(l.HeldSince), HeldFor: heldFor, HeldUpdate: text(string(l.Update)),
		ToCheck: flag(l.Recheck || !l.HeldSince.IsZero()), IsOpen: flag(l.Open), Seq: l.Seq,
	}
	return r, errors.Join(err1, err2, err3, err4)
}

// columns are all columns but the key and the version.
func (r leadRow) columns() map[string]any {
	return map[string]any{
		"state": r.State, "first_ms": r.FirstMs, "last_ms": r.LastMs, "repeats": r.Repeats, "digest": r.Digest,
		"dealer_lead_id": r.DealerLeadID, "ref": r.Ref, "row_key": r.RowKey, "crm_rows": r.CrmRows, "outcome": r.Outcome,
		"written_ms": r.WrittenMs, "tries": r.Tries, "due_ms": r.DueMs, "faults": r.Faults, "standing": r.Standing,
		"baseline_ms": r.BaselineMs, "recheck": r.Recheck, "held_ms": r.HeldMs, "held_for": r.HeldFor, "held_update": r.HeldUpdate,
		"to_check": r.ToCheck, "is_open": r.IsOpen, "seq": r.Seq,
	}
}

func (r leadRow) lead() (leadsync.Lead, error) {
	l := leadsync.Lead{
		Dealer: r.Dealer, ID: r.LeadID, State: leadsync.State(r.State), First: instant(r.FirstMs), Last: instant(r.LastMs), Repeats: r.Repeats,
		Digest: r.Digest, DealerLeadID: r.DealerLeadID, RowKey: r.RowKey, Outcome: adapters.WriteOutcome(r.Outcome),
		WrittenAt: instant(r.WrittenMs), Tries: r.Tries, Due: instant(r.DueMs), Standing: r.Standing, Baseline: instant(r.BaselineMs),
		Recheck: r.Recheck != 0, HeldSince: instant(r.HeldMs), Open: r.IsOpen != 0, Seq: r.Seq,
	}
	if r.HeldUpdate != "" {
		l.Update = json.RawMessage(r.HeldUpdate)
	}
	err := errors.Join(fromJSON(r.Ref, &l.Ref), fromJSON(r.CrmRows, &l.Rows), fromJSON(r.Faults, &l.Faults), fromJSON(r.HeldFor, &l.HeldFor))
	return l, err
}

// asJSON writes a structured member; nothing is "".
func asJSON(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("writing the gateway's state: %w", err)
	}
	if s := string(raw); s != "null" {
		return s, nil
	}
	return "", nil
}

func fromJSON(s string, v any) error {
	if s == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(s), v); err != nil {
		return fmt.Errorf("reading the gateway's state: %w", err)
	}
	return nil
}

// text makes a text every engine can hold.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
