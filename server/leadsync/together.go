package leadsync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// togetherBytes bounds what is read of leads that are written together.
const togetherBytes = 2 << 20

// writeTogether writes those of some leads that the CRM takes together, and gives
// the others. Of a lead that has several versions to be written, each is written by
// itself.
func (s *session) writeTogether(ctx context.Context, crm CRM, leads []Lead) (left []Lead, err error) {
	writer, ok := crm.Writer.(adapters.LeadsWriter)
	if !ok || len(leads) < 2 || s.o.Source == nil {
		return leads, nil
	}
	ids := make([]string, len(leads))
	for i, l := range leads {
		ids[i] = l.ID
	}
	pending, err := s.o.Store.PendingReceipts(ctx, s.o.Dealer, ids, togetherBytes)
	if err != nil {
		return nil, fmt.Errorf("reading leads: %w", err)
	}
	b := &batch{session: s}
	var write []adapters.LeadToWrite
	for _, l := range leads {
		if receipts := pending[l.ID]; len(receipts) == 1 && l.Tries == 0 {
			if read, err := s.o.Source.Reread(receipts[0].Raw); err == nil && len(read) == 1 {
				write = append(write, adapters.LeadToWrite{ReceivedLead: read[0], Noted: l.Rows})
				b.leads, b.receipts = append(b.leads, l), append(b.receipts, receipts[0].ID)
				continue
			}
		}
		left = append(left, l)
	}
	if len(write) < 2 {
		return leads, nil
	}
	if err := s.still(ctx); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, callLimit)
	written, failure := writer.WriteLeads(limited, write, b)
	cancel()
	done, err := b.settle(ctx, crm, written)
	switch {
	case err != nil:
		return nil, errors.Join(err, failure)
	case ctx.Err() != nil || errors.Is(failure, ErrLeaseLost):
		return nil, failure // told to stop: not a try
	}
	for i, l := range b.leads {
		if !done[i] {
			left = append(left, l)
		}
	}
	return left, nil
}

// batch are leads that are written together.
type batch struct {
	*session
	leads    []Lead
	receipts []int64 // the version of each that is written
}

var _ adapters.LeadsJournal = (*batch)(nil)

// Note implements adapters.LeadsJournal.
func (b *batch) Note(ctx context.Context, rows map[int][]adapters.CRMRow) error {
	err := b.together(ctx, func(ctx context.Context) error {
		for i := range b.leads {
			if rows, ok := rows[i]; ok {
				if err := b.o.Store.NoteLeadRows(ctx, b.o.Dealer, b.leads[i].ID, rows); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing the journal of leads: %w", err)
	}
	for i, rows := range rows {
		b.leads[i].Rows = rows
	}
	return nil
}

// settle keeps what was written, in one transaction, and tells of which leads
// something was.
func (b *batch) settle(ctx context.Context, crm CRM, written []*adapters.LeadWritten) (done []bool, err error) {
	done = make([]bool, len(b.leads))
	n := 0
	for i, w := range written {
		if w == nil {
			continue
		}
		b.apply(&b.leads[i], crm, *w)
		b.leads[i].State, b.leads[i].Due, done[i] = Written, time.Time{}, true
		n++
	}
	if n == 0 {
		return done, nil
	}
	err = b.durably(ctx, func(ctx context.Context) error {
		return b.together(ctx, func(ctx context.Context) error {
			for i, l := range b.leads {
				if !done[i] {
					continue
				}
				if err := b.o.Store.SettleLeadReceipt(ctx, b.receipts[i], Put, l.Outcome, l.WrittenAt); err != nil {
					return err
				}
				if err := b.o.Store.SaveLead(ctx, l); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("noting that leads were written: %w", err)
	}
	b.count(LeadsWritten, n)
	return done, nil
}
