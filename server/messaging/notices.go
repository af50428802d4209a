package messaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/alert"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// The marks of what was read.
const (
	changesMark = "changes"
	alwaysMark  = "changes-always"
	movesMark   = "moves"
)

// alwaysEvery is how often what counts as changed whenever it is asked for, such
// as rows without a stamp, is told: as often as anybody would ask (R177).
const alwaysEvery = time.Hour

// movesAtOnce bounds how many moves are taken in one transaction.
const movesAtOnce = 100

// notice is a message that says that something is to be pulled again (R203,
// R204).
type notice struct {
	DealerCode         string              `json:"dealerCode"`
	CustomerNumber     string              `json:"customerNumber"`
	SubmittedPriority  int64               `json:"submittedPriority"`
	SubmittedMessageID string              `json:"submittedMessageId"`
	SubmittedTime      string              `json:"submittedTime"`
	MessageType        adapters.ChangeKind `json:"messageType"`
	Payload            *struct{}           `json:"payload"`
}

// TakeChanges queues a notice for each kind of change of each customer since
// the last time. One that still waits stands for those after it. The first time
// nothing is told: the daily pull has it.
func (s *Service) TakeChanges(ctx context.Context, d Dealer) error {
	now := s.o.Now().UTC()
	from, err := s.o.Store.MessageMark(ctx, d.Code, changesMark)
	if err != nil {
		return fmt.Errorf("reading how far changes were told: %w", err)
	}
	to := now.Format(time.RFC3339Nano)
	if from == "" {
		return s.o.Store.SetMessageMark(ctx, d.Code, changesMark, "", to)
	}
	since, err := time.Parse(time.RFC3339Nano, from)
	if err != nil {
		return fmt.Errorf("reading how far changes were told: %w", err)
	}
	changes, _, err := d.Changes.Changes(ctx, since)
	if err != nil {
		return fmt.Errorf("asking for changes: %w", err)
	}
	changes, toldAlways, err := s.sparing(ctx, d, changes, now)
	if err != nil {
		return err
	}
	items := make([]queue.Item, 0, len(changes))
	for _, c := range changes {
		if c.Customer == "" {
			continue
		}
		item, err := noticeOf(d.Code, c, now)
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	err = s.o.Store.Together(ctx, func(ctx context.Context) error {
		if err := s.o.Store.SetMessageMark(ctx, d.Code, changesMark, from, to); err != nil {
			return fmt.Errorf("keeping how far changes were told: %w", err)
		}
		if toldAlways != nil {
			if err := s.o.Store.SetMessageMark(ctx, d.Code, alwaysMark, *toldAlways, to); err != nil {
				return fmt.Errorf("keeping when everything was told: %w", err)
			}
		}
		_, err := s.o.Queue.Push(ctx, items...)
		return err
	})
	switch {
	case errors.Is(err, ErrConflict):
		return nil // another process told them
	case err != nil:
		return fmt.Errorf("queueing notices: %w", err)
	}
	for range items {
		s.o.Happened(d.Code, Noticed)
	}
	return nil
}

// sparing leaves out, most of the time, what always counts as changed: told with
// every look, it would have CRS pull the same customers all day. A true change
// of one of them waits for the next time with it. told is the mark of the last
// time where this is the next one.
func (s *Service) sparing(ctx context.Context, d Dealer, changes []adapters.Change, now time.Time) (kept []adapters.Change, told *string, err error) {
	if len(changes) == 0 {
		return nil, nil, nil
	}
	found, _, err := d.Changes.Changes(ctx, now.AddDate(10, 0, 0)) // later than any stamp
	if err != nil {
		return nil, nil, fmt.Errorf("asking what always counts as changed: %w", err)
	}
	if len(found) == 0 {
		return changes, nil, nil
	}
	last, err := s.o.Store.MessageMark(ctx, d.Code, alwaysMark)
	if err != nil {
		return nil, nil, fmt.Errorf("reading when everything was told: %w", err)
	}
	var at time.Time // none yet: long ago
	if last != "" {
		if at, err = time.Parse(time.RFC3339Nano, last); err != nil {
			return nil, nil, fmt.Errorf("reading when everything was told: %w", err)
		}
	}
	if now.Sub(at) >= alwaysEvery {
		return changes, &last, nil
	}
	always := make(map[adapters.Change]bool, len(found))
	for _, c := range found {
		always[c] = true
	}
	for _, c := range changes {
		if !always[c] {
			kept = append(kept, c)
		}
	}
	return kept, nil, nil
}

func noticeOf(dealer string, c adapters.Change, now time.Time) (queue.Item, error) {
	merge := "notice/" + string(c.Kind) + "/" + c.Customer
	sum := sha256.Sum256([]byte(dealer + "\x1f" + merge + "\x1f" + now.Format(time.RFC3339Nano)))
	id := "n-" + hex.EncodeToString(sum[:12])
	body, err := json.Marshal(notice{
		DealerCode: dealer, CustomerNumber: c.Customer, SubmittedMessageID: id, SubmittedTime: now.Format(time.RFC3339), MessageType: c.Kind,
	})
	if err != nil {
		return queue.Item{}, fmt.Errorf("writing a notice: %w", err)
	}
	return queue.Item{
		Lane: queue.Lane{Dealer: dealer, Direction: queue.Out}, ID: id, MergeKey: name(merge), Kind: string(c.Kind), Customer: c.Customer, Body: body,
	}, nil
}

// TakeMoves takes what the dealer's staff did in their own system since the
// last time. A move that is not allowed is told to a person and left out; it
// holds nothing up.
func (s *Service) TakeMoves(ctx context.Context, d Dealer) error {
	for {
		from, err := s.o.Store.MessageMark(ctx, d.Code, movesMark)
		if err != nil {
			return fmt.Errorf("reading how far moves were taken: %w", err)
		}
		moves, to, err := d.Moves.Outgoing(ctx, from, movesAtOnce)
		if err != nil {
			return fmt.Errorf("asking for moves: %w", err)
		}
		var happened []Event
		err = s.o.Store.Together(ctx, func(ctx context.Context) error {
			happened = happened[:0]
			for _, m := range moves {
				e, err := s.take(ctx, d, m)
				if err != nil {
					return err
				}
				happened = append(happened, e)
			}
			if from == to {
				return nil
			}
			return s.o.Store.SetMessageMark(ctx, d.Code, movesMark, from, to)
		})
		if err != nil {
			return fmt.Errorf("taking moves: %w", err)
		}
		for _, e := range happened {
			s.o.Happened(d.Code, e)
		}
		if len(moves) == 0 || from == to {
			return nil
		}
	}
}

// take makes one move; only what keeps the state from being written is an error.
func (s *Service) take(ctx context.Context, d Dealer, m adapters.DealerMove) (Event, error) {
	about, id := m.RequestID, m.RequestID
	if about == "" {
		about = m.RemoteID
	}
	tell := func(e Event, title, detail string) (Event, error) {
		command := ""
		if id != "" {
			command = show(d.Code, id)
		}
		return e, s.alert(ctx, alert.Alert{
			Dealer: d.Code, Cause: "message-" + string(e), Title: title, Subject: "request " + about, Detail: detail, Command: command,
		})
	}
	if len(m.Faults) > 0 {
		return tell(MoveUnfitting, "A move in the dealer's system cannot be sent", (&adapters.NotFitting{Faults: m.Faults}).Error())
	}
	kept, err := s.moved(ctx, d, m)
	switch {
	case errors.Is(err, ErrUnknown):
		return tell(MoveUnknown, "A move in the dealer's system is about a request nobody knows", "there is no such request")
	case err != nil:
		return "", fmt.Errorf("reading a request: %w", err)
	}
	about, id = kept.ID, kept.ID
	moved, err := s.moveOn(ctx, kept, request.Move{
		ID: m.ID, To: request.Status(m.Status), User: m.User, UserName: m.UserName, Title: m.Title, Text: m.Text, Date: m.Date, Disposition: m.Disposition,
	})
	var refusal *request.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Harmless:
		return MoveRepeated, nil
	case errors.As(err, &refusal):
		return tell(MoveRefused, "A move in the dealer's system is not allowed", refusal.Error())
	case err != nil:
		return "", err
	case moved.Message == nil:
		return MoveRepeated, nil
	}
	return Moved, nil
}

// moveOn makes a move, and before it the step that it passed over.
func (s *Service) moveOn(ctx context.Context, kept KeptRequest, m request.Move) (request.Moved, error) {
	if before, passed := kept.Passed(m); passed {
		first, err := s.move(ctx, kept, before)
		if err != nil {
			return request.Moved{}, err // a *request.Refusal is read as it is
		}
		s.o.Store.AfterCommit(ctx, func() { s.o.Happened(kept.Dealer, Moved) })
		kept = KeptRequest{Record: *first.Record, Version: kept.Version + 1}
	}
	return s.move(ctx, kept, m)
}

// moved finds the request a move is about.
func (s *Service) moved(ctx context.Context, d Dealer, m adapters.DealerMove) (KeptRequest, error) {
	if m.RequestID != "" {
		kept, err := s.o.Store.Request(ctx, d.Code, m.RequestID)
		if err == nil || !errors.Is(err, ErrUnknown) || m.RemoteID == "" {
			return kept, err
		}
	}
	return s.o.Store.RequestByPartner(ctx, d.Code, m.RemoteID)
}
