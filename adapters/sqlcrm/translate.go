package sqlcrm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// errDriver is a mistake of a driver rather than of a database.
var errDriver = errors.New("the driver answered in a way nobody expected")

// kind sorts failures by what can be done about them.
type kind int

const (
	away      kind = iota // again later
	conflict              // another transaction was in the way: again at once
	duplicate             // a unique index has the value
	unfitting             // a value does not fit its column, or a constraint refuses it
	refused               // the server does not take the statement
)

// failure is what is told of a database that did not do as it should. It holds
// the reason only, never what the driver wrote: that can name accounts, hosts
// and values.
type failure struct {
	kind   kind
	reason string
	// detail is what the server said about the text of a refused statement. It
	// is for whoever wrote the mapping and stands in faults alone.
	detail string
	// changed says that a table or column the mapping relies on is not there.
	changed bool
}

// Error implements error.
func (f *failure) Error() string { return adapters.ErrUnavailable.Error() + ": " + f.reason }

// Unwrap gives the error callers know.
func (f *failure) Unwrap() error { return adapters.ErrUnavailable }

// is says whether an error is a failure of a kind.
func is(err error, k kind) bool {
	var f *failure
	return errors.As(err, &f) && f.kind == k
}

// refusal gives what a server said when it refused a statement.
func refusal(err error) (why string, ok bool) {
	var f *failure
	if !errors.As(err, &f) || f.kind != refused {
		return "", false
	}
	if f.detail != "" {
		return f.detail, true
	}
	return f.reason, true
}

// translate is the one place where an error of a database becomes one of ours.
// ctx is the caller's: only its own cancellation is passed on as such.
func translate(ctx context.Context, err error) error {
	var already *failure
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

func reasonFor(err error) *failure {
	var server *mysql.MySQLError
	var file *sqlite.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{reason: timeLimit}
	case errors.As(err, &server):
		return fromServer(server)
	case errors.As(err, &file):
		return fromFile(file)
	}
	return &failure{reason: connectionReason(err)}
}

const (
	timeLimit    = "time limit exceeded"
	accessDenied = "access denied"
	inTheWay     = "another transaction was in the way"
)

// connectionReason puts into words what happened before a server could say
// anything.
func connectionReason(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var timeout net.Error
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
	case errors.Is(err, context.Canceled):
		return "the statement was given up"
	case broken(err):
		return "the connection to the database broke"
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

// serverFailures are the error numbers of MySQL and MariaDB that need words of
// their own.
var serverFailures = map[uint16]failure{
	1021: {reason: "the disk of the database is full"},
	1114: {reason: "a table of the database is full"},
	1028: {reason: timeLimit}, 1969: {reason: timeLimit}, 3024: {reason: timeLimit},
	1037: {reason: "the database is out of memory"}, 1041: {reason: "the database is out of memory"},
	1040: {reason: "the database has too many connections"},
	1044: {reason: accessDenied}, 1045: {reason: accessDenied}, 1698: {reason: accessDenied},
	1049: {reason: "the database of the DSN does not exist"},
	1053: {reason: "the database is shutting down"}, 1077: {reason: "the database is shutting down"},
	1129: {reason: "the database does not let this host in"}, 1130: {reason: "the database does not let this host in"},
	1203: {reason: "the account has too many connections"},
	1317: {reason: "the database ended the statement"}, 1927: {reason: "the database ended the connection"},
	1290: {reason: "the database only reads at the moment"}, 1792: {reason: "the database only reads at the moment"}, 1836: {reason: "the database only reads at the moment"},
	1820: {reason: "access denied: the password has to be changed"}, 1862: {reason: "access denied: the password has expired"},
	3118: {reason: "access denied: the account is locked"}, 4151: {reason: "access denied: the account is locked"},

	1205: {kind: conflict, reason: timeLimit + " while waiting for a lock"},
	1213: {kind: conflict, reason: inTheWay},
	1020: {kind: conflict, reason: inTheWay},

	1022: {kind: duplicate, reason: "a unique index has the value already"},
	1062: {kind: duplicate, reason: "a unique index has the value already"},
	1586: {kind: duplicate, reason: "a unique index has the value already"},

	1048: {kind: unfitting, reason: "a column must not be empty"},
	1364: {kind: unfitting, reason: "a column without a default gets no value"},
	1264: {kind: unfitting, reason: "a number is out of its column's range"},
	1265: {kind: unfitting, reason: "a value does not fit its column"},
	1292: {kind: unfitting, reason: "a value does not fit its column"},
	1366: {kind: unfitting, reason: "a value does not fit its column"},
	1406: {kind: unfitting, reason: "a text is longer than its column"},
	1452: {kind: unfitting, reason: "a foreign key refuses the row"},
	1216: {kind: unfitting, reason: "a foreign key refuses the row"},
	1644: {kind: unfitting, reason: "a trigger of the database refuses the row"},
	3819: {kind: unfitting, reason: "a check of the table refuses the row"},
	4025: {kind: unfitting, reason: "a check of the table refuses the row"},

	1142: {kind: refused, reason: "access denied to a table"}, 1143: {kind: refused, reason: "access denied to a column"},
	1227: {kind: refused, reason: accessDenied}, 1370: {kind: refused, reason: accessDenied},
}

const (
	unknownColumn = 1054
	unknownTable  = 1146
)

// aboutText are the errors whose message repeats nothing but the statement:
// names, and where its grammar ends.
var aboutText = []uint16{
	1052, unknownColumn, 1055, 1056, 1060, 1064, 1066, 1109, 1111, 1140, unknownTable, 1222, 1241, 1247, 1248, 1267, 1271, 1305, 1582, 1630,
}

func fromServer(e *mysql.MySQLError) *failure {
	if known, ok := serverFailures[e.Number]; ok {
		return &known
	}
	if e.Number < 1000 { // of the server's own files
		return &failure{reason: fmt.Sprintf("the database has trouble of its own (error %d)", e.Number)}
	}
	f := &failure{kind: refused, reason: fmt.Sprintf("the database refused a statement (error %d)", e.Number)}
	if slices.Contains(aboutText, e.Number) {
		f.detail = e.Message
	}
	f.changed = e.Number == unknownTable || e.Number == unknownColumn
	return f
}

// fileFailures are the result codes of SQLite that need words of their own.
var fileFailures = map[int]failure{
	lib.SQLITE_BUSY: {kind: conflict, reason: "the database is locked by another program"}, lib.SQLITE_LOCKED: {kind: conflict, reason: "the database is locked by another program"},
	lib.SQLITE_CANTOPEN: {reason: "the database file cannot be opened"},
	lib.SQLITE_NOTADB:   {reason: "the file is no database"},
	lib.SQLITE_CORRUPT:  {reason: "the database file is damaged"},
	lib.SQLITE_IOERR:    {reason: "the database file cannot be read or written"}, lib.SQLITE_FULL: {reason: "the disk of the database is full"},
	lib.SQLITE_PERM: {reason: accessDenied}, lib.SQLITE_AUTH: {reason: accessDenied}, lib.SQLITE_READONLY: {reason: "the database file can only be read"},
	lib.SQLITE_INTERRUPT: {reason: timeLimit},
	lib.SQLITE_NOMEM:     {reason: "the database is out of memory"},
	lib.SQLITE_TOOBIG:    {kind: unfitting, reason: "a text is longer than its column"},
	lib.SQLITE_MISMATCH:  {kind: unfitting, reason: "a value does not fit its column"},
}

func fromFile(e *sqlite.Error) *failure {
	code := e.Code() & 0xff // what is above says more, where it is needed
	if known, ok := fileFailures[code]; ok {
		return &known
	}
	if code == lib.SQLITE_CONSTRAINT {
		switch e.Code() {
		case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
			return &failure{kind: duplicate, reason: "a unique index has the value already"}
		case lib.SQLITE_CONSTRAINT_NOTNULL:
			return &failure{kind: unfitting, reason: "a column must not be empty"}
		case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
			return &failure{kind: unfitting, reason: "a foreign key refuses the row"}
		}
		return &failure{kind: unfitting, reason: "a check of the table refuses the row"}
	}
	f := &failure{kind: refused, reason: fmt.Sprintf("the database refused a statement (error %d)", code)}
	if code == lib.SQLITE_ERROR {
		f.detail = strings.TrimSuffix(strings.TrimPrefix(e.Error(), "SQL logic error: "), fmt.Sprintf(" (%d)", e.Code()))
		f.changed = strings.Contains(f.detail, "no such table") || strings.Contains(f.detail, "no such column") || strings.Contains(f.detail, "has no column named")
	}
	return f
}
