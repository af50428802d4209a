package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// SweepsPath is the file beside a state's SQLite file that holds the key lists
// of sweeps. It is written with every page, the state itself now and then: so
// that what was read of the state stays known until somebody changes it, the
// two are apart. Neither is of use to a gateway that has another's.
func SweepsPath(path string) string { return strings.TrimSuffix(path, ".db") + "-sweeps.db" }

// KeyLists opens the keeping of key lists. It ends with the store.
//
// On SQLite it has a file of its own, and connections of its own: key lists and
// how far their sweeps have come are written with every page, and survive the
// process, not a power cut. What may have been lost to one is taken for lost,
// and so is what stood in a file that is not there any more.
func (s *Store) KeyLists(o KeyListOptions) (*KeyLists, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Idle <= 0 {
		o.Idle = 30 * time.Minute
	}
	if o.Remember <= 0 {
		o.Remember = 24 * time.Hour
	}
	if o.Bytes <= 0 {
		o.Bytes = 256 << 20
	}
	k := &KeyLists{o: o, db: s.db}
	if s.path == "" {
		return k, nil
	}
	path := SweepsPath(s.path)
	if err := makePrivate(path); err != nil {
		return nil, fmt.Errorf("opening the kept key lists: %w", err)
	}
	// What is written with every page reaches the file itself four times less
	// often than usual: whoever has the turn then waits for the disk.
	db, err := gorm.Open(sqliteDialector(sqliteDSN(path, "busy_timeout(1000)", "synchronous(NORMAL)",
		"wal_autocheckpoint(4000)", "cache_size(-1000)")), &gorm.Config{
		TranslateError: true, DisableAutomaticPing: true, SkipDefaultTransaction: true, Logger: logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the kept key lists: %w", err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("opening the kept key lists: %w", err)
	}
	pool.SetMaxOpenConns(4)
	pool.SetMaxIdleConns(4)
	k.db, k.file = db, newSweepFile(pool)
	s.beside = append(s.beside, k.file, pool)
	ctx := context.Background()
	made, err := s.sweepsSince(ctx, db, o.Now())
	if err != nil {
		return nil, fmt.Errorf("preparing the kept key lists: %w", err)
	}
	if k.since, err = s.booted(ctx, thisBoot(), o.Now()); err != nil {
		return nil, err
	}
	if made.After(k.since) {
		k.since = made
	}
	return k, nil
}

// sweepsSince brings the file of key lists up to date and returns when it was
// made, where the state beside it had been in use before: the lists of then are
// gone with the file they stood in. For a file as old as its state it is zero.
func (s *Store) sweepsSince(ctx context.Context, db *gorm.DB, now time.Time) (made time.Time, err error) {
	names, err := migrationsOf("sweeps")
	if err != nil {
		return time.Time{}, err
	}
	db = db.WithContext(ctx)
	if !upToDate(db, names) {
		if err := db.Transaction(func(tx *gorm.DB) error { return s.makeSweeps(ctx, tx, names, now) }); err != nil {
			return time.Time{}, redacted(err)
		}
	}
	var ms []int64
	if err := db.Raw("SELECT since_ms FROM sweep_since").Scan(&ms).Error; err != nil {
		return time.Time{}, fmt.Errorf("reading when the file was made: %w", redacted(err))
	}
	if len(ms) != 1 {
		return time.Time{}, errors.New("the file does not say when it was made")
	}
	return instant(ms[0]), nil
}

// makeSweeps applies what is missing, and notes when the file was made if that
// is now. Whoever comes second finds it done.
func (s *Store) makeSweeps(ctx context.Context, tx *gorm.DB, names []string, now time.Time) error {
	if err := apply(tx, names); err != nil {
		return err
	}
	var known int64
	if err := s.db.WithContext(ctx).Table("state_boots").Count(&known).Error; err != nil {
		return fmt.Errorf("reading whether the state was in use before: %w", err)
	}
	since := now
	if known == 0 {
		since = time.Time{}
	}
	if err := tx.Exec("INSERT OR IGNORE INTO sweep_since (id, since_ms) VALUES (1, ?)", millis(since)).Error; err != nil {
		return fmt.Errorf("noting when the file was made: %w", err)
	}
	return nil
}

// bootFile tells one start of the machine from another; only Linux has it.
const bootFile = "/proc/sys/kernel/random/boot_id"

// thisBoot names the present start of the machine; "" where nobody can tell.
func thisBoot() string {
	text, err := os.ReadFile(bootFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// booted notes the start of the machine that the state is used on, durably, and
// returns when the machine was last found started anew: key lists kept before
// may be gone without a trace. Where starts cannot be told apart, every opening
// counts as one.
func (s *Store) booted(ctx context.Context, boot string, now time.Time) (time.Time, error) {
	const found = "SELECT boot, since_ms FROM state_boots WHERE id = 1"
	var row struct {
		Boot    string
		SinceMs int64
	}
	res := s.db.WithContext(ctx).Raw(found).Scan(&row)
	if res.Error != nil {
		return time.Time{}, fmt.Errorf("reading the last start of the machine: %w", redacted(res.Error))
	}
	if res.RowsAffected == 1 && boot != "" && row.Boot == boot {
		return instant(row.SinceMs), nil
	}
	since := now
	if res.RowsAffected == 0 {
		since = time.Time{} // a new state has lost nothing
	}
	err := s.db.WithContext(ctx).Exec("INSERT INTO state_boots (id, boot, since_ms) VALUES (1, ?, ?) "+
		"ON CONFLICT (id) DO UPDATE SET boot = excluded.boot, since_ms = excluded.since_ms", boot, millis(since)).Error
	if err != nil {
		return time.Time{}, fmt.Errorf("noting the start of the machine: %w", redacted(err))
	}
	return since, nil
}
