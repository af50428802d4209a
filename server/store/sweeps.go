package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/dealerbridge/dealerbridge/server/sweep"
)

// KeyListOptions bound the key lists kept; zero values stand for the defaults.
type KeyListOptions struct {
	Now      func() time.Time
	Idle     time.Duration // how long a list outlives its last use; 30 minutes
	Remember time.Duration // how long a list that was lost to its sweep is remembered; 24 hours
	Bytes    int64         // what all packed lists may take; 256 MiB
}

// KeyLists keeps the key lists of sweeps. It is safe for concurrent use, also
// by several processes on one state.
type KeyLists struct {
	o  KeyListOptions
	db *gorm.DB
	// On SQLite, else nil and zero: who writes, and since when what is kept is
	// all there; lists kept before may be gone without a trace.
	file  *sweepFile
	since time.Time

	mu    sync.Mutex
	swept time.Time // when lists were last cleared away
	newer int64     // bytes kept since then
}

var (
	_ sweep.Store   = (*KeyLists)(nil)
	_ sweep.Stamper = (*KeyLists)(nil)
)

// clearEvery is how often lists nobody uses are cleared away, at least, while
// new ones come.
const clearEvery = time.Minute

// clearAtOnce bounds what one clearing takes away, so that no page waits long
// for it.
const clearAtOnce = 200

// Keep is part of sweep.Store.
func (k *KeyLists) Keep(ctx context.Context, l sweep.Stored, packed []byte, gone ...sweep.Gone) (bool, error) {
	if err := k.clear(ctx, int64(len(packed))); err != nil {
		return false, fmt.Errorf("clearing old key lists away: %w", redacted(err))
	}
	progress, err := progressText(l.Progress)
	if err != nil {
		return false, err
	}
	size, apart := len(packed), []byte(nil)
	if size > inlineMost {
		packed, apart = nil, packed
	}
	values := []any{
		l.ID, l.Group, l.Birth.UnixMicro(), l.Total, l.Size, l.Progress.Last.UnixMilli(), int64(flag(l.Unfinished())), int64(size), progress, packed,
	}
	rows := make([]listRow, len(gone))
	for i, g := range gone {
		rows[i] = goneRow(g)
	}
	if k.file != nil {
		if err = k.file.keep(ctx, values, l.ID, apart, rows, millis(k.o.Now())); err != nil {
			if t, ok := k.db.Dialector.(gorm.ErrorTranslator); ok {
				err = t.Translate(err)
			}
		}
	} else {
		err = k.keep(ctx, values, l.ID, apart, rows)
	}
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("keeping a key list: %w", redacted(err))
	}
	return true, nil
}

// keep writes a list on a server.
func (k *KeyLists) keep(ctx context.Context, values []any, id string, apart []byte, gone []listRow) error {
	if apart == nil && len(gone) == 0 { // a statement is a transaction
		return k.db.WithContext(ctx).Session(&gorm.Session{SkipDefaultTransaction: true}).Exec(keepList, values...).Error
	}
	return k.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec(keepList, values...).Error; err != nil {
			return err
		}
		if apart != nil {
			if err := tx.Exec(keepKeys, id, apart).Error; err != nil {
				return err
			}
		}
		return k.take(tx, gone)
	})
}

// Save is part of sweep.Store.
func (k *KeyLists) Save(ctx context.Context, l sweep.Stored) (bool, error) {
	progress, err := progressText(l.Progress)
	if err != nil {
		return false, err
	}
	args := []any{l.Progress.Last.UnixMilli(), int64(flag(l.Unfinished())), progress, l.Group, l.ID, l.Version}
	var changed int64
	if k.file != nil {
		changed, err = k.file.update(ctx, args...)
	} else {
		res := k.db.WithContext(ctx).Exec(saveProgress, args...)
		changed, err = res.RowsAffected, res.Error
	}
	if err != nil {
		return false, fmt.Errorf("noting the progress of a sweep: %w", redacted(err))
	}
	return changed == 1, nil
}

// Stamp is part of sweep.Stamper. On MySQL nobody can tell whether another
// process wrote.
func (k *KeyLists) Stamp(ctx context.Context) (int64, bool) {
	if k.file == nil {
		return 0, false
	}
	return k.file.Stamp(ctx)
}

// listRow is one row of sweep_lists.
type listRow struct {
	ID         string
	Grp        string
	BirthUs    int64
	Total      int64
	Size       int64
	Version    int64
	UsedMs     int64
	Unfinished bool
	LostMs     int64
	Bytes      int64
	Progress   string
}

// Lists is part of sweep.Store.
func (k *KeyLists) Lists(ctx context.Context, group string) ([]sweep.Stored, error) {
	var rows []listRow
	var err error
	if k.file != nil {
		rows, err = k.file.lists(ctx, group)
	} else {
		err = k.db.WithContext(ctx).Raw(readGroup, group).Scan(&rows).Error
	}
	if err != nil {
		return nil, fmt.Errorf("reading kept key lists: %w", redacted(err))
	}
	now := k.o.Now()
	lists := make([]sweep.Stored, 0, len(rows)+1)
	if !k.since.IsZero() && now.Sub(k.since) <= k.o.Remember {
		// Nobody knows what there was, nor how long it was.
		lists = append(lists, sweep.Stored{ID: "before", Group: group, Lost: k.since, Total: math.MaxInt64})
	}
	for _, r := range rows {
		l := sweep.Stored{
			ID: r.ID, Group: r.Grp, Birth: time.UnixMicro(r.BirthUs).UTC(), Total: r.Total, Size: r.Size,
			Version: r.Version, Lost: instant(r.LostMs),
		}
		if err := json.Unmarshal([]byte(r.Progress), &l.Progress); err != nil {
			return nil, fmt.Errorf("the progress of a sweep is damaged in the gateway's state: %w", err)
		}
		if idle := instant(r.UsedMs).Add(k.o.Idle); l.Lost.IsZero() && idle.Before(now) {
			if !r.Unfinished {
				continue
			}
			l.Lost = idle // whether it was cleared away already or not
		}
		if !l.Lost.IsZero() && now.Sub(l.Lost) > k.o.Remember {
			continue
		}
		lists = append(lists, l)
	}
	return lists, nil
}

// Keys is part of sweep.Store.
func (k *KeyLists) Keys(ctx context.Context, group, id string) ([]byte, error) {
	for _, one := range []struct {
		query string
		args  []any
	}{{readInline, []any{group, id}}, {"SELECT packed FROM sweep_keys WHERE id = ?", []any{id}}} {
		var packed [][]byte
		if err := k.db.WithContext(ctx).Raw(one.query, one.args...).Scan(&packed).Error; err != nil {
			return nil, fmt.Errorf("reading a kept key list: %w", redacted(err))
		}
		if len(packed) > 0 {
			return packed[0], nil
		}
	}
	return nil, errors.New("the key list is kept no more")
}

// Drop is part of sweep.Store.
func (k *KeyLists) Drop(ctx context.Context, g sweep.Gone) error {
	if err := k.drop(ctx, goneRow(g)); err != nil {
		return fmt.Errorf("dropping a key list: %w", redacted(err))
	}
	return nil
}

// goneRow stands for a list to be dropped, whatever its version is.
func goneRow(g sweep.Gone) listRow {
	return listRow{Grp: g.Group, ID: g.ID, Unfinished: g.Lost, Version: anyVersion}
}

const anyVersion = -1

// drop takes lists away that are still at their versions; of an unfinished one
// the row stays, without keys.
func (k *KeyLists) drop(ctx context.Context, gone ...listRow) error {
	if k.file != nil {
		return k.file.drop(ctx, gone, millis(k.o.Now()))
	}
	return k.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return k.take(tx, gone) })
}

func (k *KeyLists) take(tx *gorm.DB, gone []listRow) error {
	for _, r := range gone {
		var res *gorm.DB
		if r.Unfinished {
			res = tx.Exec(loseList, millis(k.o.Now()), r.Grp, r.ID, r.Version, r.Version)
		} else {
			res = tx.Exec(forgetList, r.Grp, r.ID, r.Version, r.Version)
		}
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			continue
		}
		if err := tx.Exec(eraseKeys, r.ID).Error; err != nil {
			return err
		}
	}
	return nil
}

// clear takes away what nobody used for too long, and the oldest lists while
// all together take too much room. It looks now and then only.
func (k *KeyLists) clear(ctx context.Context, coming int64) error {
	now := k.o.Now()
	k.mu.Lock()
	k.newer += coming
	due := now.Sub(k.swept) >= clearEvery || k.newer > k.o.Bytes/16
	if due {
		k.swept, k.newer = now, coming
	}
	k.mu.Unlock()
	if !due {
		return nil
	}
	db := k.db.WithContext(ctx)
	if err := db.Exec("DELETE FROM sweep_lists WHERE lost_ms > 0 AND lost_ms < ?", millis(now.Add(-k.o.Remember))).Error; err != nil {
		return err
	}
	const columns = "SELECT grp, id, version, unfinished, bytes FROM sweep_lists WHERE lost_ms = 0"
	var old []listRow
	if err := db.Raw(columns+" AND used_ms < ? LIMIT ?", millis(now.Add(-k.o.Idle)), clearAtOnce).Scan(&old).Error; err != nil {
		return err
	}
	if len(old) > 0 {
		if err := k.drop(ctx, old...); err != nil {
			return err
		}
	}
	var held int64
	if err := db.Raw("SELECT COALESCE(SUM(bytes), 0) FROM sweep_lists").Scan(&held).Error; err != nil {
		return err
	}
	if held += coming; held <= k.o.Bytes {
		return nil
	}
	var most []listRow
	if err := db.Raw(columns+" ORDER BY unfinished, used_ms LIMIT ?", clearAtOnce).Scan(&most).Error; err != nil {
		return err
	}
	for _, r := range most {
		if held <= k.o.Bytes {
			return nil
		}
		if err := k.drop(ctx, r); err != nil {
			return err
		}
		held -= r.Bytes
	}
	return nil
}

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}
