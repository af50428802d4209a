package sqlcrm

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
	"github.com/dealerbridge/dealerbridge/mappings/crmfile"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// choose makes the keys the gateway chooses, for rows that are to be made: within
// the transaction those that are counted there, before it all others.
func (a *attempt) choose(ctx context.Context, o *on, within bool) (some bool, err error) {
	for _, r := range a.rows {
		if !r.active || r.found {
			continue
		}
		for _, k := range r.step.keys {
			if k.def == nil || !k.def.Chosen() || a.countsWithin(k) != within {
				continue
			}
			text, err := a.chosen(ctx, o, r, k)
			if err != nil {
				return some, err
			}
			r.key[k.column.Name], some = text, true
		}
	}
	return some, nil
}

// countsWithin says whether a counter is moved in the transaction that makes the
// lead, which saves a commit of its own and loses no number. That is so where a
// lead is told by the id it carries: where it is told by its noted key, a number
// that went back with the transaction would be noted for one lead and given to
// another.
func (a *attempt) countsWithin(k *stepKey) bool {
	return k.counter != nil && a.w.lead != nil && !a.w.lasting && !k.counter.table.Lasting
}

// chosen makes one key. A number that was noted for this lead and is still free
// is used, unless it went back with its transaction.
func (a *attempt) chosen(ctx context.Context, o *on, r *rowState, k *stepKey) (string, error) {
	if a.countsWithin(k) {
		return a.count(ctx, o, k.counter)
	}
	if noted := a.notedRow(r.step.name); noted != nil && noted.Key[k.column.Name] != "" {
		text := noted.Key[k.column.Name]
		if k.def.Format == nil || strings.HasPrefix(text, a.prefix(k.def.Format)) {
			free, err := a.free(ctx, o, r.step, k, text)
			if err != nil || free {
				return text, err
			}
		}
	}
	switch {
	case k.def.UUID:
		return newUUID()
	case k.counter != nil:
		return a.count(ctx, o, k.counter)
	}
	return a.nextFree(ctx, o, r.step, k)
}

func (a *attempt) prefix(f *crmfile.Format) string {
	prefix, _ := formatted(f, a.now.In(a.w.zone))
	return prefix
}

// free says whether no row has a key yet.
func (a *attempt) free(ctx context.Context, o *on, s *step, k *stepKey, text string) (bool, error) {
	rows, err := s.lookUp(ctx, o, []equal{{k.column, a.arg(k.column, text)}})
	return len(rows) == 0, err
}

// newUUID makes a random UUID (version 4).
func newUUID() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("making a UUID: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// count takes the next number of a counter table. Outside of the lead's
// transaction that is for good: a number that is not used in the end is lost, as
// it is when the CRM itself gives up.
func (a *attempt) count(ctx context.Context, o *on, n *boundNumber) (string, error) {
	number, err := a.countSome(ctx, o, n, 1)
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(number, 10), nil
}

// countSome takes so many numbers that follow each other, and gives the first.
func (a *attempt) countSome(ctx context.Context, o *on, n *boundNumber, some int) (int64, error) {
	column, by := database.Quoted(n.column.Name), strconv.Itoa(some)
	first := int64(some) - 1 // before the number the column holds afterwards
	if o.Server == plan.SQLite {
		rows, err := o.texts(ctx, "update "+n.table.SQL()+" set "+column+" = "+column+" + "+by+n.where+" returning "+column, n.args, 1)
		if err != nil {
			return 0, err
		}
		if len(rows) != 1 || rows[0][0] == nil {
			return 0, counterGone(n)
		}
		number, err := strconv.ParseInt(*rows[0][0], 10, 64)
		if err != nil {
			return 0, counterGone(n)
		}
		if n.habit {
			number--
		}
		return number - first, nil
	}
	set := column + " = last_insert_id(" + column + " + " + by + ")"
	if n.habit {
		set, first = column+" = last_insert_id("+column+") + "+by, 0
	}
	result, err := o.exec(ctx, "update "+n.table.SQL()+" set "+set+n.where, n.args)
	if err != nil {
		return 0, err
	}
	if changed, err := result.RowsAffected(); err != nil || changed != 1 {
		return 0, counterGone(n)
	}
	number, err := result.LastInsertId()
	if err != nil {
		return 0, database.Translate(ctx, err)
	}
	return number - first, nil
}

func counterGone(n *boundNumber) error {
	return &adapters.NotFitting{Faults: []adapters.FieldFault{{
		Field: n.column.Title(), Reason: "the counter has not exactly one row with a number, so no key can be made",
	}}}
}

// maxTaken is how many numbers of a format are looked at for the highest: people
// may have typed texts that look like one.
const maxTaken = 20

// forLike takes the meaning off what stands before the digits.
var forLike = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// nextFree finds the number after the highest that is taken. Numbers with as
// many digits as are written come first, for an index leads to them; longer ones
// are only looked at where those have run out.
func (a *attempt) nextFree(ctx context.Context, o *on, s *step, k *stepKey) (string, error) {
	prefix, digits := formatted(k.def.Format, a.now.In(a.w.zone))
	column := database.Quoted(k.column.Name)
	escaped := forLike.Replace(prefix)
	where, args := column+" like ? escape '!'", []any{escaped + strings.Repeat("_", digits)}
	if o.Server == plan.SQLite { // whose LIKE no index serves
		where, args = column+" >= ? and "+column+" < ? and length("+column+") = ?", []any{prefix + "0", prefix + ":", len([]rune(prefix)) + digits}
	}
	last, err := a.highest(ctx, o, s, column, prefix, where+" order by "+column+" desc", args)
	if err != nil {
		return "", err
	}
	if next := fmt.Sprintf("%s%0*d", prefix, digits, last+1); len(next) == len(prefix)+digits {
		return next, nil
	}
	length := "char_length"
	if o.Server == plan.SQLite {
		length = "length"
	}
	last, err = a.highest(ctx, o, s, column, prefix, column+" like ? escape '!' order by "+length+"("+column+") desc, "+column+" desc", []any{escaped + "%"})
	return fmt.Sprintf("%s%0*d", prefix, digits, last+1), err
}

// highest is the first of some keys, in the order of a question, that ends in a
// number; 0 where there is none.
func (a *attempt) highest(ctx context.Context, o *on, s *step, column, prefix, question string, args []any) (int64, error) {
	rows, err := o.texts(ctx, "select "+column+" from "+s.table.SQL()+" where "+question+" limit "+strconv.Itoa(maxTaken), args, 1)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		tail, found := strings.CutPrefix(strings.TrimSpace(*row[0]), prefix)
		if n, err := strconv.ParseInt(tail, 10, 64); found && err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, nil
}

// after is the number that follows one that turned out to be taken.
func (a *attempt) after(text string, f *crmfile.Format) (string, bool) {
	prefix, digits := formatted(f, a.now.In(a.w.zone))
	n, err := strconv.ParseInt(strings.TrimPrefix(text, prefix), 10, 64)
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("%s%0*d", prefix, digits, n+1), true
}

// another chooses again where a key turned out to be taken; false where none of
// the row's keys is.
func (a *attempt) another(ctx context.Context, o *on, r *rowState) (bool, error) {
	changed := false
	for _, k := range r.step.keys {
		if k.def == nil || !k.def.Chosen() || k.def.UUID {
			continue
		}
		text := r.key[k.column.Name]
		free, err := a.free(ctx, o, r.step, k, text)
		if err != nil || free {
			return changed, err
		}
		switch {
		case k.def.Format != nil:
			next, ok := a.after(text, k.def.Format)
			if !ok {
				return changed, nil
			}
			r.key[k.column.Name] = next
		default:
			next, err := a.count(ctx, o, k.counter)
			if err != nil {
				return changed, err
			}
			r.key[k.column.Name] = next
		}
		changed = true
	}
	return changed, nil
}
