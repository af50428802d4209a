package sqlrms

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
		"OtherNumber":      {server(1365, "Division by "+secret), "error 1365"},
		"AnotherTypeOfErr": {errors.New(secret), "did not answer as expected"},
	} {
		t.Run(name, func(t *testing.T) {
			got := translate(t.Context(), c.err)
			if !errors.Is(got, adapters.ErrUnavailable) || !strings.Contains(got.Error(), c.reason) {
				t.Errorf("got %v, want ErrUnavailable with %q", got, c.reason)
			}
			if strings.Contains(got.Error(), secret) || strings.Contains(got.Error(), "10.1.2.3") {
				t.Errorf("%v tells what is nobody's business", got)
			}
			if again := translate(t.Context(), fmt.Errorf("reading: %w", got)); !errors.Is(again, got) {
				t.Errorf("got %v, want the same again", again)
			}
		})
	}

	t.Run("TheCallersCancellationIsPassedOn", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range []error{context.Canceled, driver.ErrBadConn, mysql.ErrInvalidConn} {
			if got := translate(ctx, err); !errors.Is(got, context.Canceled) || errors.Is(got, adapters.ErrUnavailable) {
				t.Errorf("got %v, want context.Canceled", got)
			}
		}
	})

	t.Run("AnothersCancellationIsNot", func(t *testing.T) {
		if got := translate(t.Context(), context.Canceled); !errors.Is(got, adapters.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", got)
		}
	})
}

func TestCollationOf(t *testing.T) {
	for name, want := range map[string]string{
		"": "exact", "binary": "exact", "utf8mb4_bin": "exact", "latin1_general_cs": "exact", "utf8mb4_0900_as_cs": "exact",
		"latin1_general_ci": "case", "utf8mb4_0900_as_ci": "case", "uca1400_as_ci": "case",
		"utf8mb4_general_ci": "marks", "utf8mb4_0900_ai_ci": "marks", "latin1_swedish_ci": "marks", "utf8mb4_unicode_520_ci": "marks",
	} {
		if got := []string{"exact", "case", "marks"}[collationOf(name)]; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestHolds(t *testing.T) {
	for charset, texts := range map[string]map[string]bool{
		"latin1": {"Käse €": true, "412": true, "٤١٢": false, "é": true, "ő": false},
		"latin2": {"ő": true, "٤": false},
		"ascii":  {"A": true, "é": false},
	} {
		for text, want := range texts {
			if got := holds(charset)(text); got != want {
				t.Errorf("%s holds %q: got %t, want %t", charset, text, got, want)
			}
		}
	}
	for _, charset := range []string{"", "utf8mb4", "utf8mb3", "gbk"} {
		if holds(charset) != nil {
			t.Errorf("%s: texts are told apart", charset)
		}
	}
}
