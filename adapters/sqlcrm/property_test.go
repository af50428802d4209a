package sqlcrm_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/gen/lead/model"
)

// TestLeadsStandThereOnceWhateverHappens draws lives of a few leads: they come,
// come again with news, the process stops at one of its notes, a journal is
// lost, sales people write into the rows. At any moment every lead that was
// written stands there once, with its own person, and what people wrote is
// theirs.
func TestLeadsStandThereOnceWhateverHappens(t *testing.T) {
	for _, mapping := range []string{yardMapping, keptByGatewayText()} {
		keptElsewhere := mapping != yardMapping
		name := "IDInTheCRM"
		if keptElsewhere {
			name = "IDElsewhere"
		}
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t, mapping)
			w.exec("pragma journal_mode = wal") // which waits for the disk less often
			runs := 0
			rapid.Check(t, func(r *rapid.T) {
				runs++
				life := &lives{w: w, r: r, run: runs, journals: map[int]*journal{}, written: map[int]bool{}, owners: map[int]string{}}
				r.Repeat(map[string]func(*rapid.T){
					"write": func(r *rapid.T) { life.write(r, 0) },
					"stop":  func(r *rapid.T) { life.write(r, rapid.IntRange(1, 2).Draw(r, "note")) },
					"edit":  life.edit,
					"lose": func(r *rapid.T) {
						if !keptElsewhere { // else nobody could know the lead again
							life.journals[life.lead(r)] = &journal{}
						}
					},
					"": life.check,
				})
			})
		})
	}
}

type lives struct {
	w        *world
	r        *rapid.T
	run      int
	journals map[int]*journal
	written  map[int]bool // to the end, at least once
	owners   map[int]string
}

func (l *lives) lead(r *rapid.T) int { return rapid.IntRange(0, 3).Draw(r, "lead") }

func (l *lives) mail(n int) string { return fmt.Sprintf("p%d-%d@x.example", l.run, n) }

func (l *lives) write(r *rapid.T, stopAt int) {
	n := l.lead(r)
	if l.journals[n] == nil {
		l.journals[n] = &journal{}
	}
	lead := ada()
	mail, score := l.mail(n), rapid.SampledFrom([]string{"A1", "B2", "C3"}).Draw(r, "score")
	lead.Lead.LeadID, lead.Lead.EmailAddress, lead.Lead.SystemScore = fmt.Sprintf("LD-%d-%d", l.run, n), &mail, &score
	lead.Lead.LeadState = rapid.SampledFrom([]model.LeadState{model.LeadStateNEW, model.LeadStateUPDATED}).Draw(r, "state")
	notes := 0
	l.journals[n].stop = func() error {
		if notes++; notes == stopAt {
			return errStopped
		}
		return nil
	}
	got, err := l.w.crm.WriteLead(l.w.t.Context(), lead, l.journals[n])
	if err != nil && stopAt == 0 {
		r.Fatalf("writing lead %d: %v", n, err)
	}
	if err == nil {
		if l.written[n] && got.Outcome == adapters.LeadCreated {
			r.Fatalf("lead %d was made twice", n)
		}
		l.written[n] = true
	}
}

// edit has a sales person take a lead over.
func (l *lives) edit(r *rapid.T) {
	n := l.lead(r)
	if l.written[n] {
		l.owners[n] = rapid.SampledFrom([]string{"BO", "CY"}).Draw(r, "owner")
		l.w.exec("update CARD set OWNER = ? where PERSON in (select ID from PERSON where MAIL = ?)", l.owners[n], l.mail(n))
	}
}

func (l *lives) check(r *rapid.T) {
	for n := range 4 {
		rows := l.w.rows("select c.OWNER from PERSON p left join CARD c on c.PERSON = p.ID where p.MAIL = ?", l.mail(n))
		if l.written[n] && len(rows) != 1 || len(rows) > 1 {
			r.Fatalf("lead %d stands there %d times", n, len(rows))
		}
		if want := l.owners[n]; want != "" && rows[0] != want {
			r.Fatalf("lead %d: got the owner %s, want what people wrote, %s", n, rows[0], want)
		}
	}
}
