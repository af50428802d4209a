package sqlrms

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

var (
	_ adapters.ChangeGrader   = (*RMS)(nil)
	_ adapters.CustomerLister = (*RMS)(nil)
	_ adapters.DocumentMarker = (*RMS)(nil)
)

// ChangeGrades implements adapters.ChangeGrader.
func (r *RMS) ChangeGrades() map[adapters.ChangeKind]adapters.Grade {
	grades := map[adapters.ChangeKind]adapters.Grade{}
	for kind, grade := range plan.ChangeGrades(r.current.Load().file) {
		grades[adapters.ChangeKind(kind)] = adapters.Grade(grade)
	}
	return grades
}

// ChangeOverlap implements adapters.ChangeGrader.
func (r *RMS) ChangeOverlap() time.Duration { return plan.ChangeOverlap(r.current.Load().file) }

// CustomerNumbers implements adapters.CustomerLister. A mapping that compares
// nothing answers adapters.ErrStaleKeys.
func (r *RMS) CustomerNumbers(ctx context.Context) ([]string, error) {
	const what = "listing all customers"
	s, err := r.begin(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	numbers, err := s.Program.CustomerNumbers(ctx, s.asking)
	if err := s.end(what, err); err != nil {
		return nil, err
	}
	return numbers, nil
}

// DocumentMarks implements adapters.DocumentMarker: size and time of files,
// length and check sum of bytes in a column, the address of documents that are
// elsewhere. A mapping that compares nothing answers adapters.ErrStaleKeys.
func (r *RMS) DocumentMarks(ctx context.Context, kind adapters.DocumentKind, keys adapters.Keys) ([]adapters.DocumentMark, error) {
	what := "looking at documents of the kind " + string(kind)
	s, err := r.begin(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	theirs := make([]plan.RowKey, len(keys))
	for i, k := range keys {
		theirs[i] = plan.RowKey{Row: k.Row, Customer: k.Customer}
	}
	found, err := s.Program.DocumentMarks(ctx, string(kind), s.asking, theirs, s.files.mark)
	if err := s.end(what, err); err != nil {
		return nil, err
	}
	marks := make([]adapters.DocumentMark, len(found))
	for i, m := range found {
		marks[i] = adapters.DocumentMark{Row: m.Row, Mark: m.Mark}
	}
	return marks, nil
}

// mark gives size and time of a file, "" where there is no such document.
func (f *files) mark(dir, name string) (string, error) {
	d, err := f.in(dir)
	if err != nil {
		return "", err
	}
	info, err := lookAt(d, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", nil
	}
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano()), nil
}
