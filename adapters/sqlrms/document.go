package sqlrms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// Document implements adapters.DocumentReader. The id is a row key: it is
// looked up under the dealer's own filters before anything is opened.
func (r *RMS) Document(ctx context.Context, kind adapters.DocumentKind, id string) (adapters.Document, error) {
	what := "opening a document of the kind " + string(kind)
	s, err := r.begin(ctx, nil)
	if err != nil {
		return adapters.Document{}, fmt.Errorf("%s: %w", what, err)
	}
	place, err := s.Program.Document(ctx, string(kind), s.asking, id)
	var d adapters.Document
	if err == nil {
		d, err = r.open(ctx, s, string(kind), place)
	}
	if err := s.end(what, err); err != nil {
		if d.Content != nil {
			err = errors.Join(err, d.Content.Close())
		}
		return adapters.Document{}, err
	}
	return d, nil
}

func (r *RMS) open(ctx context.Context, s *session, kind string, place plan.DocumentPlace) (adapters.Document, error) {
	switch {
	case place.URL != "":
		d, err := r.upstream.fetch(ctx, place.URL, s.version.hosts[kind])
		if d.Name == "" {
			d.Name = kind + ".pdf"
		}
		d.Type = place.Type
		return d, err
	case place.Content != nil:
		return adapters.Document{Name: place.Name, Type: place.Type, Content: inMemory{bytes.NewReader(place.Content)}}, nil
	}
	d, err := s.files.open(place.Directory, place.Name)
	d.Type = place.Type
	return d, err
}

// inMemory is a document that was read whole.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

var _ io.ReadSeekCloser = inMemory{}

// files are the documents below the documents root, for the time of one call.
// No name leads out of its directory, by dots or by a symbolic link.
type files struct {
	root string

	mu     sync.Mutex
	opened map[string]*os.Root
}

// in opens a directory below the root. One that is not there is a share that
// is not mounted, not a dealer without documents.
func (f *files) in(dir string) (*os.Root, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.opened[dir]; d != nil {
		return d, nil
	}
	if f.root == "" {
		return nil, unavailable("no documents folder is configured")
	}
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return nil, unavailable("the documents folder cannot be opened")
	}
	d, err := root.OpenRoot(filepath.FromSlash(dir))
	if cerr := root.Close(); err == nil && cerr != nil {
		err = errors.Join(cerr, d.Close())
	}
	if err != nil {
		return nil, unavailable("a directory in the documents folder cannot be opened")
	}
	if f.opened == nil {
		f.opened = map[string]*os.Root{}
	}
	f.opened[dir] = d
	return d, nil
}

// exists says whether there is such a document.
func (f *files) exists(dir, name string) (bool, error) {
	d, err := f.in(dir)
	if err != nil {
		return false, err
	}
	info, err := lookAt(d, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Mode().IsRegular(), err
}

// lookAt answers fs.ErrNotExist for every name that cannot be a document.
func lookAt(d *os.Root, name string) (fs.FileInfo, error) {
	local := filepath.FromSlash(name)
	if !filepath.IsLocal(local) || strings.ContainsRune(name, 0) || filepath.ToSlash(filepath.Clean(local)) != name {
		return nil, fs.ErrNotExist
	}
	info, err := d.Stat(local)
	if err == nil {
		return info, nil
	}
	var number syscall.Errno
	switch {
	case !errors.As(err, &number), errors.Is(err, fs.ErrNotExist): // the first: a link that leads out
		return nil, fs.ErrNotExist
	case number == syscall.ENOTDIR, number == syscall.ENAMETOOLONG, number == syscall.EINVAL, number == syscall.ELOOP:
		return nil, fs.ErrNotExist
	}
	return nil, unavailable("the documents folder cannot be read")
}

func (f *files) open(dir, name string) (adapters.Document, error) {
	d, err := f.in(dir)
	if err != nil {
		return adapters.Document{}, err
	}
	// Looked at before it is opened: opening a pipe would wait for its writer.
	info, err := lookAt(d, name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return adapters.Document{}, adapters.ErrNotFound
	}
	if err != nil {
		return adapters.Document{}, err
	}
	file, err := d.Open(filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		return adapters.Document{}, adapters.ErrNotFound
	}
	if err != nil {
		return adapters.Document{}, unavailable("a document cannot be opened")
	}
	if info, err = file.Stat(); err != nil || !info.Mode().IsRegular() {
		return adapters.Document{}, errors.Join(unavailable("a document cannot be opened"), file.Close())
	}
	return adapters.Document{Name: filepath.Base(name), Modified: info.ModTime(), Content: file}, nil
}

func (f *files) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	for _, d := range f.opened {
		err = errors.Join(err, d.Close())
	}
	f.opened = nil
	return err
}

// unavailable is adapters.ErrUnavailable for a reason that is not the database's.
func unavailable(reason string) error { return fmt.Errorf("%w: %s", adapters.ErrUnavailable, reason) }
