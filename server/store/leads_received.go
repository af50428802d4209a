package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// leadCallRow is one row of lead_calls.
type leadCallRow struct {
	ID         int64 `gorm:"primaryKey"`
	Dealer     string
	State      string
	BegunMs    int64
	AnsweredMs int64
	Leads      int
	Lost       int
	Tries      int
	Fault      string
}

func (leadCallRow) TableName() string { return "lead_calls" }

// leadReceiptRow is one row of lead_receipts.
type leadReceiptRow struct {
	ID      int64 `gorm:"primaryKey"`
	Dealer  string
	LeadID  string
	CallID  int64
	Source  string
	AtMs    int64
	State   string
	Notes   string
	Outcome string
	DoneMs  int64
}

func (leadReceiptRow) TableName() string { return "lead_receipts" }

// leadRawRow is a part of something that came, in pieces no packet of a server is
// too small for.
type leadRawRow struct {
	Kind string `gorm:"primaryKey"`
	OfID int64  `gorm:"primaryKey"`
	Part int    `gorm:"primaryKey"`
	Body []byte
}

func (leadRawRow) TableName() string { return "lead_raws" }

const (
	rawOfCall    = "call"
	rawOfReceipt = "receipt"
	rawPart      = 512 << 10
)

// AddLeadCall implements leadsync.Store.
func (s *Store) AddLeadCall(ctx context.Context, c leadsync.Call) (int64, error) {
	var row leadCallRow
	err := s.Together(ctx, func(ctx context.Context) error {
		row = rowOfCall(c)
		if err := s.at(ctx).Create(&row).Error; err != nil {
			return fmt.Errorf("storing a call for leads: %w", redacted(err))
		}
		return s.keepRaw(ctx, rawOfCall, row.ID, c.Raw)
	})
	return row.ID, err
}

// SaveLeadCall implements leadsync.Store.
func (s *Store) SaveLeadCall(ctx context.Context, c leadsync.Call) error {
	return s.Together(ctx, func(ctx context.Context) error {
		row := rowOfCall(c)
		if err := s.at(ctx).Save(&row).Error; err != nil {
			return fmt.Errorf("storing a call for leads: %w", redacted(err))
		}
		if c.Raw == nil {
			return nil
		}
		return s.keepRaw(ctx, rawOfCall, c.ID, c.Raw)
	})
}

// LeadCalls implements leadsync.Store.
func (s *Store) LeadCalls(ctx context.Context, dealer string, states ...leadsync.CallState) ([]leadsync.Call, error) {
	var rows []leadCallRow
	if err := s.at(ctx).Order("id").Find(&rows, "dealer = ? AND state IN ?", dealer, states).Error; err != nil {
		return nil, fmt.Errorf("reading calls for leads: %w", redacted(err))
	}
	calls := make([]leadsync.Call, len(rows))
	for i, r := range rows {
		raw, err := s.raw(ctx, rawOfCall, r.ID)
		if err != nil {
			return nil, err
		}
		calls[i] = leadsync.Call{
			ID: r.ID, Dealer: r.Dealer, State: leadsync.CallState(r.State), Begun: instant(r.BegunMs), Answered: instant(r.AnsweredMs),
			Raw: raw, Leads: r.Leads, Lost: r.Lost, Tries: r.Tries, Fault: r.Fault,
		}
	}
	return calls, nil
}

func rowOfCall(c leadsync.Call) leadCallRow {
	return leadCallRow{
		ID: c.ID, Dealer: c.Dealer, State: string(c.State), BegunMs: millis(c.Begun), AnsweredMs: millis(c.Answered),
		Leads: c.Leads, Lost: c.Lost, Tries: c.Tries, Fault: text(c.Fault),
	}
}

// AddLeadReceipt implements leadsync.Store.
func (s *Store) AddLeadReceipt(ctx context.Context, r leadsync.Receipt) error {
	notes, err := asJSON(r.Notes)
	if err != nil {
		return err
	}
	const add = "INSERT INTO lead_receipts (dealer, lead_id, call_id, source, at_ms, state, notes, outcome, done_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	return s.Together(ctx, func(ctx context.Context) error {
		added, err := s.often(ctx, add, r.Dealer, r.Lead, r.Call, r.Source, millis(r.At), string(r.State), notes, string(r.Outcome), millis(r.Done))
		if err != nil {
			return fmt.Errorf("storing a version of a lead: %w", redacted(err))
		}
		id, err := added.LastInsertId()
		if err != nil || r.Raw == nil {
			return err
		}
		return s.addRaw(ctx, rawOfReceipt, id, r.Raw)
	})
}

// LeadReceipts implements leadsync.Store.
func (s *Store) LeadReceipts(ctx context.Context, dealer, lead string, pending bool) ([]leadsync.Receipt, error) {
	q := s.at(ctx).Where("dealer = ? AND lead_id = ?", dealer, lead)
	if pending {
		q = q.Where("state = ?", string(leadsync.Pending))
	}
	var rows []leadReceiptRow
	if err := q.Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading versions of a lead: %w", redacted(err))
	}
	receipts := make([]leadsync.Receipt, len(rows))
	for i, r := range rows {
		var err error
		if receipts[i], err = r.receipt(); err != nil {
			return nil, err
		}
		if receipts[i].Raw, err = s.raw(ctx, rawOfReceipt, r.ID); err != nil {
			return nil, err
		}
	}
	return receipts, nil
}

func (r leadReceiptRow) receipt() (leadsync.Receipt, error) {
	out := leadsync.Receipt{
		ID: r.ID, Dealer: r.Dealer, Lead: r.LeadID, Call: r.CallID, Source: r.Source, At: instant(r.AtMs), State: leadsync.ReceiptState(r.State),
		Outcome: adapters.WriteOutcome(r.Outcome), Done: instant(r.DoneMs),
	}
	return out, fromJSON(r.Notes, &out.Notes)
}

// PendingReceipts implements leadsync.Store.
func (s *Store) PendingReceipts(ctx context.Context, dealer string, leads []string, bytes int) (map[string][]leadsync.Receipt, error) {
	var rows []struct {
		Row   leadReceiptRow `gorm:"embedded"`
		Bytes int
	}
	err := s.at(ctx).Table("lead_receipts AS r").
		Select("r.*, (SELECT SUM(LENGTH(w.body)) FROM lead_raws w WHERE w.kind = ? AND w.of_id = r.id) AS bytes", rawOfReceipt).
		Where("r.dealer = ? AND r.lead_id IN ? AND r.state = ?", dealer, leads, string(leadsync.Pending)).Order("r.id").Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("reading versions of leads: %w", redacted(err))
	}
	sizes := map[string]int{}
	for _, r := range rows {
		sizes[r.Row.LeadID] += r.Bytes
	}
	found := map[string][]leadsync.Receipt{}
	for _, lead := range leads {
		if bytes -= sizes[lead]; bytes < 0 {
			break
		}
		found[lead] = nil
	}
	var ids []int64
	for _, r := range rows {
		if _, wanted := found[r.Row.LeadID]; wanted {
			ids = append(ids, r.Row.ID)
		}
	}
	raws, err := s.raws(ctx, rawOfReceipt, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if _, wanted := found[r.Row.LeadID]; !wanted {
			continue
		}
		one, err := r.Row.receipt()
		if err != nil {
			return nil, err
		}
		one.Raw = raws[r.Row.ID]
		found[r.Row.LeadID] = append(found[r.Row.LeadID], one)
	}
	return found, nil
}

// SettleLeadReceipt implements leadsync.Store.
func (s *Store) SettleLeadReceipt(ctx context.Context, id int64, state leadsync.ReceiptState, outcome adapters.WriteOutcome, at time.Time) error {
	const settle = "UPDATE lead_receipts SET state = ?, outcome = ?, done_ms = ? WHERE id = ?"
	if _, err := s.often(ctx, settle, string(state), string(outcome), millis(at), id); err != nil {
		return fmt.Errorf("settling a version of a lead: %w", redacted(err))
	}
	return nil
}

// keepRaw replaces what is kept of something that came.
func (s *Store) keepRaw(ctx context.Context, kind string, id int64, raw []byte) error {
	if raw == nil {
		return nil
	}
	if err := s.dropRaws(ctx, kind, []int64{id}); err != nil {
		return err
	}
	return s.addRaw(ctx, kind, id, raw)
}

// addRaw keeps what came of something new.
func (s *Store) addRaw(ctx context.Context, kind string, id int64, raw []byte) error {
	const add = "INSERT INTO lead_raws (kind, of_id, part, body) VALUES (?, ?, ?, ?)"
	for part := 0; part*rawPart < len(raw) || part == 0; part++ {
		piece := raw[part*rawPart : min((part+1)*rawPart, len(raw))]
		if piece == nil {
			piece = []byte{}
		}
		if _, err := s.often(ctx, add, kind, id, part, piece); err != nil {
			return fmt.Errorf("storing what came: %w", redacted(err))
		}
	}
	return nil
}

// raw gives what came; nil where nothing is kept.
func (s *Store) raw(ctx context.Context, kind string, id int64) ([]byte, error) {
	all, err := s.raws(ctx, kind, []int64{id})
	return all[id], err
}

// raws gives what came of several things.
func (s *Store) raws(ctx context.Context, kind string, ids []int64) (map[int64][]byte, error) {
	all := map[int64][]byte{}
	if len(ids) == 0 {
		return all, nil
	}
	var rows []leadRawRow
	if err := s.at(ctx).Order("of_id, part").Find(&rows, "kind = ? AND of_id IN ?", kind, ids).Error; err != nil {
		return nil, fmt.Errorf("reading what came: %w", redacted(err))
	}
	for _, r := range rows {
		if all[r.OfID] == nil {
			all[r.OfID] = []byte{}
		}
		all[r.OfID] = append(all[r.OfID], r.Body...)
	}
	return all, nil
}

func (s *Store) dropRaws(ctx context.Context, kind string, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := s.at(ctx).Delete(&leadRawRow{}, "kind = ? AND of_id IN ?", kind, ids).Error; err != nil {
		return fmt.Errorf("removing what came: %w", redacted(err))
	}
	return nil
}

// EraseLead implements leadsync.Store.
func (s *Store) EraseLead(ctx context.Context, dealer, id string) error {
	return s.Together(ctx, func(ctx context.Context) error {
		var receipts []leadReceiptRow
		if err := s.at(ctx).Find(&receipts, "dealer = ? AND lead_id = ?", dealer, id).Error; err != nil {
			return fmt.Errorf("reading versions of a lead: %w", redacted(err))
		}
		var calls, own []int64
		for _, r := range receipts {
			own = append(own, r.ID)
			if r.CallID != 0 {
				calls = append(calls, r.CallID)
			}
		}
		blank := leadRow{State: string(leadsync.Erased)}.columns()
		blank["version"] = gorm.Expr("version + 1")
		done := s.at(ctx).Model(&leadRow{}).Where("dealer = ? AND lead_id = ?", dealer, id).Updates(blank)
		if done.Error != nil {
			return fmt.Errorf("erasing a lead: %w", redacted(done.Error))
		}
		if done.RowsAffected == 0 {
			return leadsync.ErrNoLead
		}
		return errors.Join(
			s.dropRaws(ctx, rawOfCall, calls),
			s.dropRaws(ctx, rawOfReceipt, own),
			erased(s.at(ctx).Delete(&leadReceiptRow{}, "dealer = ? AND lead_id = ?", dealer, id)),
			erased(s.at(ctx).Delete(&leadUpdateRow{}, "dealer = ? AND lead_id = ?", dealer, id)),
		)
	})
}

func erased(done *gorm.DB) error {
	if done.Error != nil {
		return fmt.Errorf("erasing a lead: %w", redacted(done.Error))
	}
	return nil
}

// ForgetLeads implements leadsync.Store.
func (s *Store) ForgetLeads(ctx context.Context, dealer string, before leadsync.Ages, limit int) (int, error) {
	total := 0
	err := s.Together(ctx, func(ctx context.Context) error {
		total = 0
		old := func(model any, at string, before time.Time, states ...any) ([]int64, error) {
			var ids []int64
			q := s.at(ctx).Model(model).Where("dealer = ? AND "+at+" > 0 AND "+at+" < ? AND state IN ?", dealer, millis(before), states)
			if err := q.Order("id").Limit(limit).Pluck("id", &ids).Error; err != nil {
				return nil, fmt.Errorf("looking for what is old: %w", redacted(err))
			}
			if len(ids) == 0 {
				return nil, nil
			}
			total += len(ids)
			return ids, erased(s.at(ctx).Delete(model, "id IN ?", ids))
		}
		calls, err := old(&leadCallRow{}, "answered_ms", before.Answers, leadsync.Taken, leadsync.Broken)
		if err != nil {
			return err
		}
		receipts, err := old(&leadReceiptRow{}, "done_ms", before.Leads, leadsync.Put, leadsync.Unreadable)
		if err != nil {
			return err
		}
		if _, err := old(&leadUpdateRow{}, "done_ms", before.Updates, leadsync.Acknowledged, leadsync.Superseded); err != nil {
			return err
		}
		return errors.Join(s.dropRaws(ctx, rawOfCall, calls), s.dropRaws(ctx, rawOfReceipt, receipts))
	})
	return total, err
}
