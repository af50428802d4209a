package changes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Reader answers what changed: from the dealer's stamps where there are any,
// from what the comparison found where there are none. It is the ChangeReader
// of a dealer whose system can do either.
type Reader struct {
	Dealer string
	Stamps adapters.ChangeReader // nil: there are none
	Grader adapters.ChangeGrader // nil: all kinds have stamps, if Stamps is there
	Store  Store
}

var _ adapters.ChangeReader = (*Reader)(nil)

// Changes implements adapters.ChangeReader.
func (r *Reader) Changes(ctx context.Context, since time.Time) ([]adapters.Change, []adapters.LeftOut, error) {
	var all []adapters.Change
	var left []adapters.LeftOut
	if r.Stamps != nil {
		var err error
		if all, left, err = r.Stamps.Changes(ctx, since); err != nil {
			return nil, nil, err
		}
	}
	compared := comparedKinds(grades(r.Grader, r.Stamps))
	if len(compared) == 0 {
		return all, left, nil
	}
	if !since.IsZero() {
		since = since.Add(-Margin - r.Grader.ChangeOverlap())
	}
	found, err := r.Store.Found(ctx, r.Dealer, compared, since)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	all = append(slices.Clone(all), found...)
	slices.SortFunc(all, func(a, b adapters.Change) int {
		return cmp.Or(strings.Compare(a.Customer, b.Customer), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return slices.Compact(all), left, nil
}

// Grades says how changes of each kind are learnt of now: as adapters have it,
// and Warming.
func (r *Reader) Grades(ctx context.Context) (map[adapters.ChangeKind]adapters.Grade, error) {
	all := grades(r.Grader, r.Stamps)
	if len(comparedKinds(all)) == 0 {
		return all, nil
	}
	progress, err := r.Store.Progress(ctx, r.Dealer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return warmed(all, progress), nil
}

// grades asks a dealer's system how it learns of changes.
func grades(grader adapters.ChangeGrader, stamps adapters.ChangeReader) map[adapters.ChangeKind]adapters.Grade {
	all := make(map[adapters.ChangeKind]adapters.Grade, len(kinds))
	var said map[adapters.ChangeKind]adapters.Grade
	if grader != nil {
		said = grader.ChangeGrades()
	}
	for _, kind := range kinds {
		switch {
		case said[kind] != "":
			all[kind] = said[kind]
		case grader == nil && stamps != nil:
			all[kind] = adapters.StampGrade
		default:
			all[kind] = adapters.NoGrade
		}
	}
	return all
}

func comparedKinds(grades map[adapters.ChangeKind]adapters.Grade) []adapters.ChangeKind {
	var compared []adapters.ChangeKind
	for _, kind := range kinds {
		if grades[kind] == adapters.SnapshotGrade {
			compared = append(compared, kind)
		}
	}
	return compared
}

// warmed tells kinds whose first round is not complete apart.
func warmed(grades map[adapters.ChangeKind]adapters.Grade, progress map[adapters.ChangeKind]Progress) map[adapters.ChangeKind]adapters.Grade {
	for _, kind := range comparedKinds(grades) {
		if progress[kind].Baseline.IsZero() {
			grades[kind] = Warming
		}
	}
	return grades
}
