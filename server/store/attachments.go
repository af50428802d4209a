package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/server/attachment"
)

// Attachments keeps the files of messages: in the state where that is on a
// server, in a directory beside it otherwise. It is safe for concurrent use.
type Attachments struct {
	s   *Store
	dir string
}

var _ attachment.Keeper = (*Attachments)(nil)

// attachmentRow is one row of attachments, which says what is kept of whom.
type attachmentRow struct {
	ID       string `gorm:"primaryKey"`
	Dealer   string
	Customer []byte
	Message  []byte
	Size     int64
	MadeMs   int64
}

func (attachmentRow) TableName() string { return "attachments" }

// spoolPrefix begins the names of files that are still being received. They may
// lie among those of other programs.
const spoolPrefix = "dealerbridge-incoming-"

// spoolLife is after how long such a file is left over from a process that died.
const spoolLife = 24 * time.Hour

// Attachments opens the keeping of files. dir is where they are kept on SQLite,
// "" for a directory beside the state; on a server it is where they wait while
// they are received, "" for the machine's own place.
func (s *Store) Attachments(dir string) (*Attachments, error) {
	switch {
	case dir != "":
	case s.path != "":
		dir = s.path + ".files"
	default:
		return &Attachments{s: s, dir: os.TempDir()}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory for files of messages: %w", err)
	}
	return &Attachments{s: s, dir: dir}, nil
}

// Spool is part of attachment.Keeper.
func (a *Attachments) Spool(context.Context) (attachment.Spool, error) {
	return &spool{dir: a.dir, nameless: a.s.path == ""}, nil
}

// Keep is part of attachment.Keeper. The row comes first, so that whatever is
// left of an attempt that failed is found by whoever takes old files away.
func (a *Attachments) Keep(ctx context.Context, b attachment.Bundle, contents attachment.Spool) error {
	sp, ok := contents.(*spool)
	if !ok || !bundleID.MatchString(b.ID) {
		return errors.New("keeping files of a message: not a spool of this keeper, or no name")
	}
	row := attachmentRow{
		ID: b.ID, Dealer: b.Dealer, Customer: raw(b.Customer), Message: raw(b.Message), Size: sp.Size(), MadeMs: millis(b.Made),
	}
	err := a.s.Together(ctx, func(ctx context.Context) error {
		// Raw, because SQLite tells texts from bytes.
		return redacted(a.s.at(ctx).Exec("INSERT INTO attachments (id, dealer, customer, message, size, made_ms) VALUES (?, ?, ?, ?, ?, ?)",
			row.ID, row.Dealer, a.text(row.Customer), a.text(row.Message), row.Size, row.MadeMs).Error)
	})
	if err != nil {
		return fmt.Errorf("noting files of a message: %w", err)
	}
	if a.s.path != "" {
		err = sp.keep(filepath.Join(a.dir, b.ID))
	} else {
		err = a.parts(ctx, b.ID, sp)
	}
	if err != nil {
		return fmt.Errorf("keeping files of a message: %w", err)
	}
	return nil
}

// text is a text as the engine's column has it.
func (a *Attachments) text(b []byte) any {
	if a.s.path != "" {
		return string(b)
	}
	return b
}

// bundleID is what may become the name of a file.
var bundleID = regexp.MustCompile(`^[A-Z0-9]{16,40}$`)

// parts writes a spool into the state, piece by piece.
func (a *Attachments) parts(ctx context.Context, id string, sp *spool) error {
	piece := make([]byte, partSize)
	for part, at := 0, int64(0); at < sp.Size(); part++ {
		n, err := sp.ReadAt(piece[:min(int64(len(piece)), sp.Size()-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading what was received: %w", err)
		}
		if n == 0 {
			return errors.New("reading what was received: it ends early")
		}
		err = a.s.at(ctx).Exec("INSERT INTO attachment_parts (id, part, bytes) VALUES (?, ?, ?)", id, part, piece[:n]).Error
		if err != nil {
			return fmt.Errorf("writing a part: %w", redacted(err))
		}
		at += int64(n)
	}
	return nil
}

// Open is part of attachment.Keeper.
func (a *Attachments) Open(ctx context.Context, dealer, id string) (attachment.Contents, error) {
	if !bundleID.MatchString(id) {
		return nil, attachment.ErrGone
	}
	var rows []attachmentRow
	if err := a.s.at(ctx).Select("id", "dealer", "size").Where("id = ? AND dealer = ?", id, dealer).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("looking for files of a message: %w", redacted(err))
	}
	if len(rows) != 1 || rows[0].Dealer != dealer {
		return nil, attachment.ErrGone
	}
	if a.s.path == "" {
		return &partsReader{ctx: ctx, s: a.s, id: id, size: rows[0].Size, held: -1}, nil
	}
	f, err := os.Open(filepath.Join(a.dir, id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, attachment.ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("opening files of a message: %w", withoutPath(err))
	}
	return f, nil
}

// partsReader reads a bundle out of the state. One goroutine uses it.
type partsReader struct {
	ctx  context.Context // io.ReaderAt has no place for it
	s    *Store
	id   string
	size int64
	held int // which part is in piece; -1: none
	one  []byte
}

// ReadAt implements io.ReaderAt.
func (r *partsReader) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	for n < len(p) {
		where := at + int64(n)
		if where >= r.size {
			return n, io.EOF
		}
		if part := int(where / partSize); part != r.held {
			var rows [][]byte
			err := r.s.at(r.ctx).Raw("SELECT bytes FROM attachment_parts WHERE id = ? AND part = ?", r.id, part).Scan(&rows).Error
			if err != nil {
				return n, fmt.Errorf("reading a part of a file: %w", redacted(err))
			}
			if len(rows) != 1 {
				return n, attachment.ErrGone
			}
			r.held, r.one = part, rows[0]
		}
		rest := r.one[min(int(where%partSize), len(r.one)):]
		if len(rest) == 0 {
			return n, io.ErrUnexpectedEOF
		}
		n += copy(p[n:], rest)
	}
	return n, nil
}

// Close implements io.Closer.
func (r *partsReader) Close() error {
	r.one = nil
	return nil
}

// Drop is part of attachment.Keeper.
func (a *Attachments) Drop(ctx context.Context, dealer, id string) error {
	_, err := a.remove(ctx, "id = ? AND dealer = ?", id, dealer)
	return err
}

// Erase is part of attachment.Keeper.
func (a *Attachments) Erase(ctx context.Context, dealer, customer string) (int, error) {
	if customer == "" {
		return 0, errors.New("erasing files: name the customer")
	}
	return a.remove(ctx, "dealer = ? AND customer = ?", dealer, a.text(raw(customer)))
}

// EraseMessage takes away the files of one message, and says how many bundles.
func (a *Attachments) EraseMessage(ctx context.Context, dealer, message string) (int, error) {
	return a.remove(ctx, "dealer = ? AND message = ?", dealer, a.text(raw(message)))
}

// Clear is part of attachment.Keeper. It also takes away what processes that
// died were receiving.
func (a *Attachments) Clear(ctx context.Context, before time.Time, most int) (int, error) {
	n, err := a.remove(ctx, "id IN (SELECT id FROM (SELECT id FROM attachments WHERE made_ms < ? ORDER BY made_ms LIMIT ?) oldest)", millis(before), most)
	if err != nil {
		return n, err
	}
	return n, a.clearSpools()
}

func (a *Attachments) clearSpools() error {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return fmt.Errorf("looking for files nobody receives any more: %w", withoutPath(err))
	}
	var errs []error
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), spoolPrefix) {
			continue
		}
		// Files have the machine's time, whatever the gateway's clock says.
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > spoolLife {
			if err := os.Remove(filepath.Join(a.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, fmt.Errorf("removing what nobody receives any more: %w", withoutPath(err)))
			}
		}
	}
	return errors.Join(errs...)
}

// remove takes away the bundles that fit: the contents first, the row that
// leads to them last.
func (a *Attachments) remove(ctx context.Context, where string, args ...any) (int, error) {
	var ids []string
	if err := a.s.at(ctx).Table("attachments").Where(where, args...).Pluck("id", &ids).Error; err != nil {
		return 0, fmt.Errorf("looking for files of messages: %w", redacted(err))
	}
	for i, id := range ids {
		if err := a.removeOne(ctx, id); err != nil {
			return i, fmt.Errorf("removing files of a message: %w", err)
		}
	}
	return len(ids), nil
}

func (a *Attachments) removeOne(ctx context.Context, id string) error {
	if a.s.path != "" {
		if err := os.Remove(filepath.Join(a.dir, id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return withoutPath(err)
		}
	}
	return a.s.Together(ctx, func(ctx context.Context) error {
		if a.s.path == "" {
			if err := a.s.at(ctx).Exec("DELETE FROM attachment_parts WHERE id = ?", id).Error; err != nil {
				return redacted(err)
			}
		}
		return redacted(a.s.at(ctx).Exec("DELETE FROM attachments WHERE id = ?", id).Error)
	})
}
