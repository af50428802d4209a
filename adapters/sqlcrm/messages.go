package sqlcrm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// Receive implements adapters.MessageReceiver: the message becomes one row of
// the mapped table. A row that carries its id already is the whole of it.
func (c *CRM) Receive(ctx context.Context, h adapters.Handover) (err error) {
	const what = "handing over a message"
	v, p, err := c.begin(ctx)
	if err == nil && p.messages == nil {
		err = fmt.Errorf("%w: crm.yaml has no `messages`", adapters.ErrMapping)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := c.receive(ctx, p.messages, h); err != nil {
		c.doubt(v, err)
		var f *database.Failure
		if errors.As(err, &f) && f.Kind == database.Unfitting {
			err = &adapters.NotFitting{Faults: []adapters.FieldFault{{Field: p.messages.lead.table.Ref.Table, Reason: f.Reason}}}
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (c *CRM) receive(ctx context.Context, w *writing, h adapters.Handover) (err error) {
	step := w.lead
	now := c.env.Now()
	cells, faults := messageCells(w, h, now, c.env.Dealer)
	id, reason := (&fitting{column: step.leadID, zone: w.zone}).fit(h.ID)
	if reason != "" {
		faults = append(faults, adapters.FieldFault{Field: step.leadID.Title(), Reason: reason})
	}
	if len(faults) > 0 {
		return &adapters.NotFitting{Faults: faults}
	}
	names, args := []string{database.Quoted(step.leadID.Name)}, []any{id.arg}
	for _, one := range cells {
		names, args = append(names, database.Quoted(one.assign.column.Name)), append(args, one.arg)
	}
	s, give, err := c.pool.session(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if given := give(err != nil); err == nil {
			err = given
		}
	}()
	if s.Server == plan.MySQL {
		a := &attempt{crm: c, w: w}
		if err := a.lock(ctx, s.on); err != nil {
			return err
		}
		defer func() {
			if err == nil {
				err = a.unlock(ctx, s.on)
			}
		}()
	}
	return s.together(ctx, func(tx *on) error {
		rows, err := tx.texts(ctx, "select "+database.Quoted(step.leadID.Name)+" from "+step.table.SQL()+" where "+database.Quoted(step.leadID.Name)+" = ?", []any{id.arg}, 1)
		if err != nil || len(rows) > 0 {
			return err
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
		_, err = tx.exec(ctx, "insert into "+step.table.SQL()+" ("+strings.Join(names, ", ")+") values ("+marks+")", args)
		if database.Is(err, database.Duplicate) {
			return nil // somebody was quicker
		}
		return err
	})
}

// messageCells makes what the columns of a message's row get.
func messageCells(w *writing, h adapters.Handover, now time.Time, dealer string) (all []cell, faults []adapters.FieldFault) {
	texts := map[string]string{
		"id": h.ID, "dealer": h.Dealer, "type": h.Type, "requestType": h.RequestType, "requestId": h.RequestID,
		"status": h.Status, "customer": h.Customer, "received": h.Received.Format(time.RFC3339), "body": string(h.Body),
	}
	row := w.values.messages.Row(func(alias, name string) *string {
		if alias == crmfile.GatewayAlias {
			return gatewayText(name, now, w.zone, dealer)
		}
		if text := texts[name]; text != "" {
			return &text
		}
		return nil
	})
	for _, one := range w.lead.insert {
		text, present, reason := textOf(w.values, w.values.messages, one.write, row)
		if reason == "" && !present {
			if one.column.Nullable || one.column.HasDefault {
				continue
			}
			reason = "the message has nothing for it, and the column must not be empty"
		}
		var done fitted
		if reason == "" {
			done, reason = one.fit.fit(text)
		}
		if reason != "" {
			faults = append(faults, adapters.FieldFault{Field: one.column.Title(), Reason: reason})
			continue
		}
		all = append(all, cell{assign: one, fitted: done})
	}
	return all, faults
}
