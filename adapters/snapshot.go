package adapters

import (
	"context"
	"time"
)

// Grade says how an adapter learns of changes of a kind.
type Grade string

// The grades, the best first.
const (
	// StampGrade: the dealer's rows say when they changed; see ChangeReader.
	StampGrade Grade = "stamp"
	// SnapshotGrade: there are no stamps, so the gateway compares what it would
	// send now with what it would have sent before.
	SnapshotGrade Grade = "snapshot"
	// NoGrade: changes are never told; whoever asks sees them when it pulls.
	NoGrade Grade = "none"
)

// ChangeGrader is the capability of saying how changes are learnt of. A system
// without it that has a ChangeReader has stamps of all kinds.
type ChangeGrader interface {
	// ChangeGrades returns the grade of every kind. It asks no database.
	ChangeGrades() map[ChangeKind]Grade
	// ChangeOverlap returns how far before the time asked for answers begin, as
	// the dealer wants it for all kinds. ChangeReader sees to it by itself.
	ChangeOverlap() time.Duration
}

// CustomerLister is the capability of naming all customers, for those who
// compare snapshots.
type CustomerLister interface {
	// CustomerNumbers returns the dealer customer number of every customer that
	// CustomerReader knows, each once, ordered by its bytes.
	CustomerNumbers(ctx context.Context) ([]string, error)
}

// DocumentMark stands for the content of one document: as long as the mark is
// the same, so is the document, as far as can be told without reading it.
type DocumentMark struct {
	Row  string // the key of the row the document belongs to
	Mark string // opaque
}

// DocumentMarker is the capability of telling cheaply whether documents are
// what they were. It reads no document.
type DocumentMarker interface {
	// DocumentMarks returns the marks of the documents behind keys of contracts
	// or invoices, in the order of keys; a row without a document has none.
	DocumentMarks(ctx context.Context, kind DocumentKind, keys Keys) ([]DocumentMark, error)
}
