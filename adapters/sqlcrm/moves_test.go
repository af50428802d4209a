package sqlcrm_test

import (
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

func TestOutgoing(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			w := open(t, yardMapping)
			page := func(mark string, limit int) (ids []string, moves []adapters.DealerMove, next string) {
				t.Helper()
				moves, next, err := w.crm.Outgoing(t.Context(), mark, limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range moves {
					ids = append(ids, m.RequestID+" "+m.Status)
				}
				return ids, moves, next
			}
			ids, _, mark := page("", 10)
			same(t, "nothing yet", ids, []string(nil))
			same(t, "mark", mark, "")
			w.exec("insert into ORDERS values ('A1', 'OK', 'AL', 'fine', '2026-03-14 09:00:00'), ('A2', 'NO', 'AL', null, '2026-03-14 09:05:00'), ('A3', 'WAIT', null, null, '2026-03-14 09:06:00'), ('A4', '?', null, null, '2026-03-14 09:07:00')")
			ids, moves, mark := page("", 1)
			same(t, "first page", ids, []string{"A1 approved"})
			same(t, "move", moves[0], adapters.DealerMove{
				ID: moves[0].ID, RequestID: "A1", Status: "approved", User: "AL", Text: "fine", Date: ptr(time.Date(2026, 3, 14, 14, 0, 0, 0, time.UTC)),
			})
			_, again, _ := page("", 1)
			same(t, "the same move has the same id", again, moves)
			ids, moves, mark = page(mark, 10)
			same(t, "the rest, and the last moment again", ids, []string{"A1 approved", "A2 rejected", "A4 "})
			same(t, "faults", moves[2].Faults, []adapters.FieldFault{{Field: "status", Reason: "the code has no entry in the map `moves` of crm.yaml, or not one of the interface's words; add it there, and what is held goes out by itself"}})
			w.exec("update ORDERS set STATE = 'NO', TOUCHED = '2026-03-14 10:00:00' where NO = 'A1'")
			ids, moves, _ = page(mark, 10)
			same(t, "a row in another state", ids, []string{"A4 ", "A1 rejected"})
			if moves[1].ID == again[0].ID {
				t.Error("another state has the same id")
			}
		})
	}
}
