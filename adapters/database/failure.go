package database

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Mistakes of a driver, or of what stood there a moment ago, rather than of a
// database.
var (
	ErrWidth  = errors.New("a statement returned another number of columns")
	ErrDriver = errors.New("the driver answered in a way nobody expected")
)

// Kind sorts failures by what can be done about them.
type Kind int

// The kinds of failures.
const (
	Away      Kind = iota // again later
	Conflict              // another transaction was in the way: again at once
	Duplicate             // a unique index has the value
	Unfitting             // a value does not fit its column, or a constraint refuses it
	OnlyReads             // the statement writes, and the session or the server only reads
	Refused               // the server does not take the statement, nor would it again
)

// Failure is what is told of a database that did not do as it should. It wraps
// adapters.ErrUnavailable and holds the reason only, never what the driver
// wrote: that can name accounts, hosts and values.
type Failure struct {
	Kind   Kind
	Reason string
	// Detail is what the server said about the text of a refused statement. It
	// is for whoever wrote the mapping and stands in faults alone.
	Detail string
	// Changed says that a table or column a statement relies on is not there.
	Changed bool
}

// Failed is a failure that was found without the database's words; it is to be
// tried again later.
func Failed(reason string) error { return &Failure{Reason: reason} }

// Error implements error.
func (f *Failure) Error() string { return adapters.ErrUnavailable.Error() + ": " + f.Reason }

// Unwrap gives the error callers know.
func (f *Failure) Unwrap() error { return adapters.ErrUnavailable }

// Is says whether an error is a failure of a kind.
func Is(err error, k Kind) bool {
	var f *Failure
	return errors.As(err, &f) && f.Kind == k
}

// Changed says whether an error is that of a statement which did not find a
// table or column it was made for.
func Changed(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Changed
}

// Refusal gives what a server said when it refused a statement, in the words
// for whoever wrote it; ok is false for every other error.
func Refusal(err error) (why string, ok bool) {
	var f *Failure
	if !errors.As(err, &f) || f.Kind == Away || f.Kind == Conflict {
		return "", false
	}
	if f.Detail != "" {
		return f.Detail, true
	}
	return f.Reason, true
}

// Translate is the one place where an error of a database becomes one of ours: a
// *Failure, unchanged where it is one already. ctx is the caller's: only its own
// cancellation is passed on as such.
func Translate(ctx context.Context, err error) error {
	var already *Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &already):
		return already
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Canceled
	}
	return reasonFor(err)
}

func reasonFor(err error) *Failure {
	var server *mysql.MySQLError
	var file *sqlite.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Failure{Reason: timeLimit}
	case errors.As(err, &server):
		return fromServer(server)
	case errors.As(err, &file):
		return fromFile(file)
	}
	return &Failure{Reason: connectionReason(err)}
}

// connectionReason puts into words what happened before a server could say
// anything.
func connectionReason(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var timeout net.Error
	var network *net.OpError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return timeLimit
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the database refuses connections"
	case errors.As(err, &dns):
		return "the name of the database's host is unknown"
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return "the certificate of the database is not trusted"
	case errors.Is(err, mysql.ErrNoTLS):
		return "the database does not offer TLS"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the database does not answer in time"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the host of the database cannot be reached"
	case errors.Is(err, sql.ErrConnDone), strings.Contains(err.Error(), "sql: database is closed"):
		return "the connection is closed"
	case errors.Is(err, ErrWidth):
		return "a table changed while it was in use"
	case errors.Is(err, context.Canceled):
		return "the statement was given up"
	case broken(err):
		return "the connection to the database broke"
	case errors.As(err, &network) && network.Op == "dial":
		return "the database cannot be reached"
	}
	return "the database did not answer as expected"
}

func broken(err error) bool {
	for _, known := range []error{
		mysql.ErrInvalidConn, mysql.ErrMalformPkt, mysql.ErrPktSync, mysql.ErrPktSyncMul, driver.ErrBadConn,
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
