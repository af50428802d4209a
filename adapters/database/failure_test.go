package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/dealerbridge/dealerbridge/adapters"
)

func TestTranslate(t *testing.T) {
	const secret = "hunter2"
	server := func(number uint16, text string) error {
		return fmt.Errorf("asking: %w", &mysql.MySQLError{Number: number, Message: text})
	}
	for name, c := range map[string]struct {
		err    error
		reason string
	}{
		"Refused":          {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED, Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3)}}, "refuses connections"},
		"UnknownHost":      {&net.OpError{Op: "dial", Err: &net.DNSError{Name: secret}}, "host is unknown"},
		"Reset":            {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, "broke"},
		"EndOfStream":      {io.ErrUnexpectedEOF, "broke"},
		"BadConnection":    {driver.ErrBadConn, "broke"},
		"InvalidPacket":    {mysql.ErrInvalidConn, "broke"},
		"Deadline":         {context.DeadlineExceeded, "time limit exceeded"},
		"WrongPassword":    {server(1045, "Access denied for user '"+secret+"'@'10.1.2.3' (using password: YES)"), "access denied"},
		"TooMany":          {server(1040, "Too many connections"), "too many connections"},
		"StatementTime":    {server(1969, "Query execution was interrupted (max_statement_time exceeded)"), "time limit exceeded"},
		"ExecutionTime":    {server(3024, "Query execution was interrupted, maximum statement execution time exceeded"), "time limit exceeded"},
		"NoTable":          {server(1146, "Table 'rms.RENTAL' doesn't exist"), `table "RENTAL" does not exist`},
		"NoColumn":         {server(1054, "Unknown column 'r.numbr' in 'field list'"), `column "numbr" does not exist`},
		"Syntax":           {server(1064, "You have an error near '"+secret+"'"), "not understood"},
		"OnlyReads":        {server(1792, "Cannot execute statement in a READ ONLY transaction"), "can only be read"},
		"LockWait":         {server(1205, "Lock wait timeout exceeded"), "waiting for a lock"},
		"Duplicate":        {server(1062, "Duplicate entry '"+secret+"' for key 'PRIMARY'"), "unique index has the value"},
		"Unfitting":        {server(1366, "Incorrect string value: '"+secret+"'"), "does not fit its column"},
		"ServersOwn":       {server(28, "No space left on "+secret), "trouble of its own"},
		"OtherWidth":       {fmt.Errorf("%w: 3 instead of 4", ErrWidth), "changed while it was in use"},
		"OtherNumber":      {server(1365, "Division by "+secret), "error 1365"},
		"AnotherTypeOfErr": {errors.New(secret), "did not answer as expected"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Translate(t.Context(), c.err)
			if !errors.Is(got, adapters.ErrUnavailable) || !strings.Contains(got.Error(), c.reason) {
				t.Errorf("got %v, want ErrUnavailable with %q", got, c.reason)
			}
			if strings.Contains(got.Error(), secret) || strings.Contains(got.Error(), "10.1.2.3") {
				t.Errorf("%v tells what is nobody's business", got)
			}
			if again := Translate(t.Context(), fmt.Errorf("reading: %w", got)); !errors.Is(again, got) {
				t.Errorf("got %v, want the same again", again)
			}
		})
	}

	t.Run("TheCallersCancellationIsPassedOn", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range []error{context.Canceled, driver.ErrBadConn, mysql.ErrInvalidConn} {
			if got := Translate(ctx, err); !errors.Is(got, context.Canceled) || errors.Is(got, adapters.ErrUnavailable) {
				t.Errorf("got %v, want context.Canceled", got)
			}
		}
	})

	t.Run("AnothersCancellationIsNot", func(t *testing.T) {
		if got := Translate(t.Context(), context.Canceled); !errors.Is(got, adapters.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", got)
		}
	})
}

func TestRefusal(t *testing.T) {
	for name, c := range map[string]struct {
		number  uint16
		text    string
		why     string
		refused bool
		changed bool
	}{
		"NoTable":       {1146, "Table 'yard.CRANE' doesn't exist", "Table 'yard.CRANE' doesn't exist", true, true},
		"NoColumn":      {1054, "Unknown column 'c.REACH' in 'field list'", "Unknown column 'c.REACH' in 'field list'", true, true},
		"Syntax":        {1064, "You have an error near 'form CRANE'", "You have an error near 'form CRANE'", true, false},
		"NoRight":       {1142, "SELECT command denied to user 'mallory'@'10.9.8.7'", "access denied to a table", true, false},
		"Writes":        {1792, "Cannot execute statement in a READ ONLY transaction", "the statement writes, and the database can only be read", true, false},
		"Taken":         {1062, "Duplicate entry 'K-7' for key 'CRANE'", "a unique index has the value already", true, false},
		"TryAgain":      {1213, "Deadlock found", "", false, false},
		"TryLater":      {1040, "Too many connections", "", false, false},
		"NothingToSay":  {1365, "Division by 0 in 'K-7'", "the database refused a statement (error 1365)", true, false},
		"UsedUpForNow":  {1226, "User 'mallory' has exceeded the 'max_questions' resource", "", false, false},
		"TroubleWithin": {28, "No space left on device", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := fmt.Errorf("asking: %w", Translate(t.Context(), &mysql.MySQLError{Number: c.number, Message: c.text}))
			why, refused := Refusal(err)
			if refused != c.refused || why != c.why {
				t.Errorf("got %q and %t, want %q and %t", why, refused, c.why, c.refused)
			}
			if Changed(err) != c.changed {
				t.Errorf("got %t for whether the tables changed", !c.changed)
			}
		})
	}
	if _, refused := Refusal(errors.New("something else")); refused {
		t.Error("an error that is no database's counts as a refusal")
	}
}
