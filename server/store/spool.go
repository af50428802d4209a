package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// spoolMemory is up to how many bytes a spool needs no file.
const spoolMemory = 64 << 10

// spool takes the files of one message while it is received: in memory as long
// as they are small, then in a file of its own.
type spool struct {
	dir      string
	nameless bool // the file is not kept under a name, so it needs none

	memory []byte
	file   *os.File
	name   string // of the file, "" where it has none any more
	size   int64
}

// Write implements io.Writer.
func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && len(s.memory)+len(p) <= spoolMemory {
		s.memory = append(s.memory, p...)
		s.size += int64(len(p))
		return len(p), nil
	}
	if s.file == nil {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	n, err := s.file.Write(p)
	s.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("writing a file of a message: %w", withoutPath(err))
	}
	return n, nil
}

// spill moves what is in memory into a file.
func (s *spool) spill() error {
	f, err := os.CreateTemp(s.dir, spoolPrefix+"*") // readable by its owner only
	if err != nil {
		return fmt.Errorf("making room for files of a message: %w", withoutPath(err))
	}
	s.file, s.name = f, f.Name()
	// Without a name it goes with the process, however that ends. Not every
	// system can do that.
	if s.nameless && os.Remove(s.name) == nil {
		s.name = ""
	}
	if _, err := f.Write(s.memory); err != nil {
		return fmt.Errorf("writing a file of a message: %w", withoutPath(err))
	}
	s.memory = nil
	return nil
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, at int64) (int, error) {
	if s.file == nil {
		return bytes.NewReader(s.memory).ReadAt(p, at)
	}
	n, err := s.file.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		err = withoutPath(err)
	}
	return n, err
}

// Size is part of attachment.Spool.
func (s *spool) Size() int64 { return s.size }

// keep makes the spool a file that survives a power cut, under a name.
func (s *spool) keep(name string) error {
	if s.file == nil {
		if err := s.spill(); err != nil {
			return err
		}
	}
	if err := s.file.Sync(); err != nil {
		return withoutPath(err)
	}
	if err := os.Rename(s.name, name); err != nil {
		return withoutPath(err)
	}
	s.name = ""
	return syncDir(filepath.Dir(name))
}

// syncDir makes the names in a directory survive a power cut, where a directory
// can be told to.
func syncDir(dir string) (err error) {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return withoutPath(err)
	}
	defer func() { err = errors.Join(err, withoutPath(d.Close())) }()
	return withoutPath(d.Sync())
}

// Discard is part of attachment.Spool.
func (s *spool) Discard() error {
	s.memory = nil
	if s.file == nil {
		return nil
	}
	err := withoutPath(s.file.Close())
	if s.name != "" {
		if gone := os.Remove(s.name); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, withoutPath(gone))
		}
	}
	s.file, s.name, s.size = nil, "", 0
	return err
}

// withoutPath drops the path out of an error of a file.
func withoutPath(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	case errors.As(err, &link):
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}
