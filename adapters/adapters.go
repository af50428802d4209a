// Package adapters owns the contract between the gateway and a dealer's own
// system: what such a system can be asked for, in small capabilities, and the
// few errors it may answer with.
//
// It knows no database, no HTTP and no mapping file, and imports no
// implementation; the wiring in cmd chooses one per dealer.
package adapters

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// The errors an adapter answers with; everything else it returns is treated as
// ErrUnavailable by callers that must choose. Test with errors.Is.
var (
	// ErrNotFound: the customer or document asked for does not exist.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: the dealer's system failed or did not answer in time.
	// Nothing of the answer may be used.
	ErrUnavailable = errors.New("the dealer's system is unavailable")
	// ErrMapping: the dealer's mapping has faults, so nothing is served from it.
	ErrMapping = errors.New("the dealer's mapping has faults")
	// ErrBadRow: a row cannot be sent and the mapping says to fail then.
	ErrBadRow = errors.New("a row of the dealer's system cannot be sent")
	// ErrAmbiguousCustomer: two customers have the number asked for.
	ErrAmbiguousCustomer = errors.New("the customer number is not unique")
	// ErrStaleKeys: keys handed to a second call no longer fit the mapping in
	// force; the caller makes a new key list.
	ErrStaleKeys = errors.New("the key list belongs to an older mapping")
)

// Config is one dealer's settings for one kind of adapter. Open reports every
// fault in them before any request is served; a system that is merely away is
// no fault: Open succeeds and Check says so until it is back.
type Config interface {
	Open(ctx context.Context, env Env) (Adapter, error)
}

// Env is what the gateway gives an adapter to live in.
type Env struct {
	Dealer string           // the dealer code this adapter serves
	Now    func() time.Time // the clock; never time.Now
	Log    *slog.Logger     // carries the dealer; no personal data, no SQL values
	Audit  Auditor          // told of every value that was not sent as it stood
	// DocumentURL makes the absolute address under which the gateway serves a
	// document; nil where no public address is configured.
	DocumentURL func(kind DocumentKind, id string) string
}

// Whole says what an adapter cannot do without and was not given.
func (e Env) Whole() error {
	if e.Now == nil || e.Log == nil || e.Audit == nil {
		return errors.New("the adapter needs a clock, a log and an auditor")
	}
	return nil
}

// Adapter is an open dealer system. Which capabilities it has is asked by type
// assertion once, at start.
type Adapter interface {
	io.Closer
	// Check says whether the system can answer now: nil, ErrUnavailable or
	// ErrMapping, wrapped with what is wrong and fit for an operator's eyes.
	Check(ctx context.Context) error
}

// Query asks for the rows of some customers.
type Query struct {
	// Customers are dealer customer numbers as the caller wrote them, without
	// repeats (up to five, R128). Locations are asked with none.
	Customers []string
}

// Key addresses one row of one list. Row is opaque to everybody but the
// adapter that made it, printable, and stays valid across restarts as long as
// the mapping stands. It is not the id that is sent.
type Key struct {
	Row      string
	Customer string // the dealer customer number of the row; empty for locations
}

// Keys is a complete, ordered key list.
type Keys []Key

// LeftOut is one row that stands in the key list and cannot be sent.
type LeftOut struct {
	Row    string // the key of the row
	Field  string // the field that is at fault, as the API spells it
	Reason Reason
}

// Reason says what was wrong with a value.
type Reason string

// The reasons a value is noted or a row left out for.
const (
	Missing    Reason = "missing"    // a required field came out empty
	Unmapped   Reason = "unmapped"   // a code without a meaning in its map
	Unreadable Reason = "unreadable" // not a date, number or word of the declared spelling
	TooLong    Reason = "too-long"   // longer than the API allows, and no cut declared
	CutShort   Reason = "cut"        // shortened as the mapping says
	ZeroDate   Reason = "zero-date"  // 0000-00-00 and its kin, taken as empty
	Duplicate  Reason = "duplicate"  // a join that should find one row found several
	Replaced   Reason = "placeholder"
	Nulled     Reason = "nulled" // a bad value left out because the mapping says so
)

// Note is one value that was not sent as it stood in the dealer's system.
type Note struct {
	Endpoint string
	Field    string
	Reason   Reason
	Row      string // the key of the row, never a value
}

// Auditor is told of notes while rows are read. It must not block.
type Auditor interface {
	Note(Note)
}

// ContractReader is the capability of reading active contracts (R138).
type ContractReader interface {
	// ContractKeys returns the complete, ordered keys of all active contracts
	// of the customers asked for. A customer that does not exist has none.
	ContractKeys(ctx context.Context, q Query) (Keys, error)
	// Contracts returns the contracts behind keys, in the order of keys. A row
	// that is gone since is simply missing; a row that cannot be sent is in
	// LeftOut. With an error nothing of the answer may be used.
	Contracts(ctx context.Context, q Query, keys Keys) ([]model.Contract, []LeftOut, error)
}

// JobsiteReader is the capability of reading active jobsites (R157); the two
// calls are as in ContractReader.
type JobsiteReader interface {
	JobsiteKeys(ctx context.Context, q Query) (Keys, error)
	Jobsites(ctx context.Context, q Query, keys Keys) ([]model.Jobsite, []LeftOut, error)
}

// InvoiceReader is the capability of reading invoices, newest first in a total
// order (R163); the two calls are as in ContractReader.
type InvoiceReader interface {
	InvoiceKeys(ctx context.Context, q Query) (Keys, error)
	Invoices(ctx context.Context, q Query, keys Keys) ([]model.Invoice, []LeftOut, error)
}

// LocationReader is the capability of reading the dealer's locations (R171);
// the two calls are as in ContractReader, with a Query without customers.
type LocationReader interface {
	LocationKeys(ctx context.Context, q Query) (Keys, error)
	Locations(ctx context.Context, q Query, keys Keys) ([]model.Location, []LeftOut, error)
}

// CatalogReader is the capability of reading the catalog in its two levels
// (R159, R161).
type CatalogReader interface {
	// Catalog returns all categories with the customer's rates, book rates
	// where the customer has none; book rates only when customer is empty.
	Catalog(ctx context.Context, customer string) ([]model.Category, []LeftOut, error)
}

// CustomerReader is the capability of looking a customer up.
type CustomerReader interface {
	// Customer returns the one customer with exactly this number; ErrNotFound
	// when there is none (R169), ErrAmbiguousCustomer when there are several.
	Customer(ctx context.Context, number string) (model.Customer, error)
}

// ChangeKind is a kind of change CRS can be told of (R176).
type ChangeKind string

// The kinds of change.
const (
	ContractChange ChangeKind = "contract"
	InvoiceChange  ChangeKind = "invoice"
	CatalogChange  ChangeKind = "catalog"
	DocumentChange ChangeKind = "document"
)

// Change says that something of a kind changed for a customer.
type Change struct {
	Customer string
	Kind     ChangeKind
}

// ChangeReader is the capability of telling what changed.
type ChangeReader interface {
	// Changes returns what changed at or after since (R179), each pair of
	// customer and kind once, ordered by customer and then kind. The zero time
	// means from the beginning. LeftOut are changed rows whose customer cannot
	// be told.
	Changes(ctx context.Context, since time.Time) ([]Change, []LeftOut, error)
}

// DocumentKind is what a document belongs to.
type DocumentKind string

// The kinds of documents.
const (
	ContractDocument DocumentKind = "contract"
	InvoiceDocument  DocumentKind = "invoice"
)

// Document is an open document. The reader of it closes Content.
type Document struct {
	Name     string // file name for the person who saves it
	Type     string // media type
	Modified time.Time
	Content  io.ReadSeekCloser
}

// DocumentReader is the capability of opening documents.
type DocumentReader interface {
	// Document opens the document of a kind with the id that DocumentURL was
	// given. Unknown ids, and ids of rows that are not this dealer's, are
	// ErrNotFound.
	Document(ctx context.Context, kind DocumentKind, id string) (Document, error)
}
