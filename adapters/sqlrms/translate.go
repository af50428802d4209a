package sqlrms

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
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// Mistakes of this package or of a driver rather than of a database.
var (
	errWidth  = errors.New("a statement returned another number of columns")
	errDriver = errors.New("the driver answered in a way nobody expected")
)

// failure is what is told of a database that did not answer as it should. It
// holds the reason only, never what the driver wrote: that can name accounts,
// hosts and values.
type failure struct {
	reason string
	// detail is what the server said about the text of a refused statement. It
	// is for whoever wrote the mapping and stands in faults alone.
	detail string
	// refused says that the server understood the connection and refused the
	// statement, as it would again.
	refused bool
	// changed says that a table or column a plan relies on is not there.
	changed bool
}

func (f *failure) Error() string { return adapters.ErrUnavailable.Error() + ": " + f.reason }

func (f *failure) Unwrap() error { return adapters.ErrUnavailable }

// refusal gives what a server said when it refused a statement, in the words
// for whoever wrote it; ok is false for every other error.
func refusal(err error) (why string, ok bool) {
	var f *failure
	if !errors.As(err, &f) || !f.refused {
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
	timeLimit     = "time limit exceeded"
	accessDenied  = "access denied"
	onlyReads     = "a statement would write, and the gateway only reads"
	incomparable  = "texts of different character sets cannot be compared"
	hostNotLetIn  = "the database does not let this host in"
	shuttingDown  = "the database is shutting down"
	tooLarge      = "a value is larger than the database sends"
	outOfMemory   = "the database is out of memory"
	accountLocked = "access denied: the account is locked"
)

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
	case errors.Is(err, errWidth):
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

// serverReasons are the error numbers of MySQL and MariaDB that need words of
// their own.
var serverReasons = map[uint16]string{
	1021: "the disk of the database is full",
	1028: timeLimit, 1969: timeLimit, 3024: timeLimit,
	1037: outOfMemory, 1041: outOfMemory,
	1040: "the database has too many connections",
	1044: accessDenied, 1045: accessDenied, 1370: accessDenied, 1449: accessDenied, 1698: accessDenied,
	1049: "the database of the DSN does not exist",
	1053: shuttingDown, 1077: shuttingDown,
	1129: hostNotLetIn, 1130: hostNotLetIn,
	1153: tooLarge, 1301: tooLarge,
	1203: "the account has too many connections",
	1205: timeLimit + " while waiting for a lock",
	1213: "the database ended the statement to end a deadlock",
	1226: "the account has used up its allowance",
	1317: "the database ended the statement",
	1461: "the database has too many prepared statements",
	1820: "access denied: the password has to be changed",
	1862: "access denied: the password has expired",
	1927: "the database ended the connection",
	3118: accountLocked, 4151: accountLocked,
	3159: "the database demands TLS",
}

// refusals are those of a statement: the server is well and would refuse it
// again.
var refusals = map[uint16]string{
	1064: "a statement is not understood by the database",
	1104: "a statement would read more rows than the database allows",
	1142: "access denied to a table", 1143: "access denied to a column", 1227: accessDenied,
	1267: incomparable, 1271: incomparable,
	1290: onlyReads, 1792: onlyReads,
	1305: "a function that a statement calls does not exist",
	1356: "a view refers to something that does not exist",
}

const (
	unknownColumn = 1054
	unknownTable  = 1146
)

var quotedName = regexp.MustCompile(`'(?:[^']*\.)?([^'.]+)'`)

// aboutText are the errors whose message repeats nothing but the statement:
// names, and where its grammar ends. Other messages name accounts and hosts.
var aboutText = []uint16{
	1052, unknownColumn, 1055, 1056, 1060, 1064, 1066, 1109, 1111, 1140, unknownTable, 1222, 1241, 1247, 1248, 1267, 1271, 1305, 1582, 1630,
}

func fromServer(e *mysql.MySQLError) *failure {
	if reason, ok := serverReasons[e.Number]; ok {
		return &failure{reason: reason}
	}
	f := &failure{refused: true}
	if slices.Contains(aboutText, e.Number) {
		f.detail = e.Message
	}
	reason, ok := refusals[e.Number]
	switch {
	case e.Number == unknownTable:
		f.reason, f.changed = absentName("table", e.Message), true
	case e.Number == unknownColumn:
		f.reason, f.changed = absentName("column", e.Message), true
	case ok:
		f.reason = reason
	default:
		f.reason = refusedWith(int(e.Number))
	}
	return f
}

func refusedWith(code int) string {
	return fmt.Sprintf("the database refused a statement (error %d)", code)
}

// absentName names the table or column that the server says is not there; such
// names come from the mapping.
func absentName(what, message string) string {
	if name := quotedName.FindStringSubmatch(message); name != nil {
		return fmt.Sprintf("%s %q does not exist", what, name[1])
	}
	return "a " + what + " does not exist"
}

// fileReasons are the result codes of SQLite that need words of their own.
var fileReasons = map[int]string{
	lib.SQLITE_BUSY: "the database is locked by another program", lib.SQLITE_LOCKED: "the database is locked by another program",
	lib.SQLITE_CANTOPEN: "the database file cannot be opened",
	lib.SQLITE_NOTADB:   "the file is no database",
	lib.SQLITE_CORRUPT:  "the database file is damaged",
	lib.SQLITE_IOERR:    "the database file cannot be read", lib.SQLITE_FULL: "the database file cannot be read",
	lib.SQLITE_PERM: accessDenied, lib.SQLITE_AUTH: accessDenied,
	lib.SQLITE_INTERRUPT: timeLimit,
	lib.SQLITE_NOMEM:     outOfMemory, lib.SQLITE_TOOBIG: outOfMemory,
}

func fromFile(e *sqlite.Error) *failure {
	code := e.Code() & 0xff // what is above says more than anybody needs to know
	if reason, ok := fileReasons[code]; ok {
		return &failure{reason: reason}
	}
	if code == lib.SQLITE_READONLY {
		return &failure{reason: onlyReads, refused: true}
	}
	detail := strings.TrimPrefix(e.Error(), "SQL logic error: ")
	detail = strings.TrimSuffix(detail, fmt.Sprintf(" (%d)", e.Code())) // the driver adds its code
	for _, what := range []string{"table", "column"} {
		if _, name, ok := strings.Cut(detail, "no such "+what+": "); ok {
			name = name[strings.LastIndexByte(name, '.')+1:]
			return &failure{reason: fmt.Sprintf("%s %q does not exist", what, name), detail: detail, refused: true, changed: true}
		}
	}
	if code != lib.SQLITE_ERROR {
		detail = "" // a constraint's message would name what it is about
	}
	return &failure{reason: refusedWith(code), detail: detail, refused: true}
}
