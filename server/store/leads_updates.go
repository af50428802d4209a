package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dealerbridge/dealerbridge/server/leadsync"
)

// leadUpdateRow is one row of lead_updates.
type leadUpdateRow struct {
	ID      int64 `gorm:"primaryKey"`
	Dealer  string
	LeadID  string
	Seq     int
	Body    string
	Sources string
	State   string
	MadeMs  int64
	DueMs   int64
	SentMs  int64
	DoneMs  int64
	Calls   int
	Fails   int
	Repeats int
	Unsure  int
	Status  int
	Answer  string
	Fault   string
}

func (leadUpdateRow) TableName() string { return "lead_updates" }

// underWay are the states of an update that later ones of its lead wait for.
var underWay = []leadsync.UpdateState{leadsync.Queued, leadsync.Sending}

// NextLeadUpdates implements leadsync.Store. The states are asked for one after the
// other, so that the index gives each in its order and a long queue is not sorted
// for every few of it.
func (s *Store) NextLeadUpdates(ctx context.Context, dealer string, now time.Time, limit int) ([]leadsync.Update, error) {
	var all []leadUpdateRow
	for _, state := range []leadsync.UpdateState{leadsync.Sending, leadsync.Queued} {
		if len(all) == limit {
			break
		}
		var rows []leadUpdateRow
		err := s.at(ctx).Table("lead_updates AS u").
			Where("u.dealer = ? AND u.state = ? AND u.due_ms <= ?", dealer, string(state), millis(now)).
			Where("NOT EXISTS (SELECT 1 FROM lead_updates e WHERE e.dealer = u.dealer AND e.lead_id = u.lead_id AND e.seq < u.seq AND e.state IN ?)", underWay).
			Order("u.due_ms, u.id").Limit(limit - len(all)).Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("reading updates: %w", redacted(err))
		}
		all = append(all, rows...)
	}
	return updatesOf(all)
}

// LeadUpdates implements leadsync.Store.
func (s *Store) LeadUpdates(ctx context.Context, dealer, lead string, states ...leadsync.UpdateState) ([]leadsync.Update, error) {
	q := s.at(ctx).Where("dealer = ?", dealer)
	if lead != "" {
		q = q.Where("lead_id = ?", lead)
	}
	if len(states) > 0 {
		q = q.Where("state IN ?", states)
	}
	var rows []leadUpdateRow
	if err := q.Order("lead_id, seq").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reading updates: %w", redacted(err))
	}
	return updatesOf(rows)
}

func rowOfUpdate(u leadsync.Update) (leadUpdateRow, error) {
	sources, err := asJSON(u.Sources)
	return leadUpdateRow{
		ID: u.ID, Dealer: u.Dealer, LeadID: u.Lead, Seq: u.Seq, Body: text(string(u.Body)), Sources: sources, State: string(u.State),
		MadeMs: millis(u.Made), DueMs: millis(u.Due), SentMs: millis(u.Sent), DoneMs: millis(u.Done), Calls: u.Calls, Fails: u.Fails,
		Repeats: u.Repeats, Unsure: flag(u.Unsure), Status: u.Status, Answer: text(u.Answer), Fault: text(u.Fault),
	}, err
}

func updatesOf(rows []leadUpdateRow) ([]leadsync.Update, error) {
	updates := make([]leadsync.Update, len(rows))
	for i, r := range rows {
		u := leadsync.Update{
			ID: r.ID, Dealer: r.Dealer, Lead: r.LeadID, Seq: r.Seq, State: leadsync.UpdateState(r.State), Made: instant(r.MadeMs),
			Due: instant(r.DueMs), Sent: instant(r.SentMs), Done: instant(r.DoneMs), Calls: r.Calls, Fails: r.Fails, Repeats: r.Repeats,
			Unsure: r.Unsure != 0, Status: r.Status, Answer: r.Answer, Fault: r.Fault,
		}
		if r.Body != "" {
			u.Body = json.RawMessage(r.Body)
		}
		if err := fromJSON(r.Sources, &u.Sources); err != nil {
			return nil, err
		}
		updates[i] = u
	}
	return updates, nil
}
