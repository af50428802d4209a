package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"gorm.io/gorm"
)

//go:embed migrations
var migrations embed.FS

// migrate applies what is missing, in order, while no other process does: a
// named lock on MySQL, a write transaction on SQLite. A migration that stands
// is never changed; a new one is added.
func (s *Store) migrate(ctx context.Context) error {
	engine := s.db.Name() // "sqlite" or "mysql": the folder of migrations
	names, err := migrationsOf(engine)
	if err != nil {
		return err
	}
	db := s.db.WithContext(ctx)
	if engine == "sqlite" {
		if upToDate(db, names) {
			return nil // and nobody who writes need be waited for
		}
		return db.Transaction(func(tx *gorm.DB) error { return apply(tx, names) })
	}
	return db.Connection(func(tx *gorm.DB) (err error) {
		var got *int
		if err := tx.Raw("SELECT GET_LOCK(CONCAT('dealerbridge-migrate-', DATABASE()), 60)").Scan(&got).Error; err != nil {
			return fmt.Errorf("taking the migration lock: %w", err)
		}
		if got == nil || *got != 1 {
			return errors.New("another process has been migrating for a minute; try again")
		}
		defer func() {
			release := tx.Exec("DO RELEASE_LOCK(CONCAT('dealerbridge-migrate-', DATABASE()))").Error
			err = errors.Join(err, release)
		}()
		return apply(tx, names)
	})
}

// migrationsOf returns the files of a folder, in the order they are applied in.
func migrationsOf(folder string) ([]string, error) {
	names, err := fs.Glob(migrations, "migrations/"+folder+"/*.sql") // sorted
	if err != nil || len(names) == 0 {
		return nil, errors.Join(fmt.Errorf("no migrations for %s", folder), err)
	}
	return names, nil
}

// upToDate says that all migrations, and no others, were applied.
func upToDate(db *gorm.DB, names []string) bool {
	var done []string
	if db.Table("schema_migrations").Order("name").Pluck("name", &done).Error != nil {
		return false
	}
	return slices.EqualFunc(done, names, func(name, path string) bool { return strings.HasSuffix(path, "/"+name) })
}

func apply(tx *gorm.DB, names []string) error {
	const history = "CREATE TABLE IF NOT EXISTS schema_migrations (name VARCHAR(100) NOT NULL PRIMARY KEY)"
	if err := tx.Exec(history).Error; err != nil {
		return fmt.Errorf("reading the migration history: %w", err)
	}
	var done []string
	if err := tx.Table("schema_migrations").Order("name").Pluck("name", &done).Error; err != nil {
		return fmt.Errorf("reading the migration history: %w", err)
	}
	applied := map[string]bool{}
	for _, n := range done {
		applied[n] = true
	}
	for _, path := range names {
		name := path[strings.LastIndexByte(path, '/')+1:]
		if applied[name] {
			delete(applied, name)
			continue
		}
		text, err := migrations.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading migration %s: %w", name, err)
		}
		for statement := range strings.SplitSeq(string(text), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if err := tx.Exec(statement).Error; err != nil {
				return fmt.Errorf("migration %s: %w", name, err)
			}
		}
		if err := tx.Exec("INSERT INTO schema_migrations (name) VALUES (?)", name).Error; err != nil {
			return fmt.Errorf("noting migration %s: %w", name, err)
		}
	}
	if len(applied) > 0 {
		return errors.New("the state was written by a newer version of dealerbridge; run that one")
	}
	return nil
}
