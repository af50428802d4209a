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
	row := rowOfCall(c)
	err := s.Together(ctx, func(ctx context.Context) error {
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
	row := leadReceiptRow{
		Dealer: r.Dealer, LeadID: r.Lead, CallID: r.Call, Source: r.Source, AtMs: millis(r.At), State: string(r.State), Notes: notes,
		Outcome: string(r.Outcome), DoneMs: millis(r.Done),
	}
	return s.Together(ctx, func(ctx context.Context) error {
		if err := s.at(ctx).Create(&row).Error; err != nil {
			return fmt.Errorf("storing a version of a lead: %w", redacted(err))
		}
		return s.keepRaw(ctx, rawOfReceipt, row.ID, r.Raw)
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
		receipts[i] = leadsync.Receipt{
			ID: r.ID, Dealer: r.Dealer, Lead: r.LeadID, Call: r.CallID, Source: r.Source, At: instant(r.AtMs), State: leadsync.ReceiptState(r.State),
			Outcome: adapters.WriteOutcome(r.Outcome), Done: instant(r.DoneMs),
		}
		var err error
		if receipts[i].Raw, err = s.raw(ctx, rawOfReceipt, r.ID); err != nil {
			return nil, err
		}
		if err := fromJSON(r.Notes, &receipts[i].Notes); err != nil {
			return nil, err
		}
	}
	return receipts, nil
}

// SettleLeadReceipt implements leadsync.Store.
func (s *Store) SettleLeadReceipt(ctx context.Context, id int64, state leadsync.ReceiptState, outcome adapters.WriteOutcome, at time.Time) error {
	err := s.at(ctx).Model(&leadReceiptRow{}).Where("id = ?", id).
		Updates(map[string]any{"state": string(state), "outcome": string(outcome), "done_ms": millis(at)}).Error
	if err != nil {
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
	for part := 0; part*rawPart < len(raw) || part == 0; part++ {
		piece := raw[part*rawPart : min((part+1)*rawPart, len(raw))]
		row := leadRawRow{Kind: kind, OfID: id, Part: part, Body: piece}
		if row.Body == nil {
			row.Body = []byte{}
		}
		if err := s.at(ctx).Create(&row).Error; err != nil {
			return fmt.Errorf("storing what came: %w", redacted(err))
		}
	}
	return nil
}

// raw gives what came; nil where nothing is kept.
func (s *Store) raw(ctx context.Context, kind string, id int64) ([]byte, error) {
	var rows []leadRawRow
	if err := s.at(ctx).Order("part").Find(&rows, "kind = ? AND of_id = ?", kind, id).Error; err != nil {
		return nil, fmt.Errorf("reading what came: %w", redacted(err))
	}
	var all []byte
	for _, r := range rows {
		if all == nil {
			all = []byte{}
		}
		all = append(all, r.Body...)
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
