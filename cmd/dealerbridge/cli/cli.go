// Package cli owns the commands: their names, flags, help texts, output and
// exit codes.
//
// It knows neither HTTP nor SQL; what a command does is done by the packages
// below it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	fine   = 0
	failed = 1 // something went wrong, or faults were found
	misuse = 2 // the command line was wrong
)

type commands struct {
	Serve    serveCmd    `cmd:"" help:"Serve the dealers of a configuration file."`
	Demo     demoCmd     `cmd:"" help:"Try everything: a fictional dealer, its databases and mapping, and Caterpillar's side; nothing to install."`
	Mapping  mappingCmd  `cmd:"" help:"Work on a dealer's mapping files."`
	Client   clientCmd   `cmd:"" help:"Manage who may call the gateway (OAuth clients). Acts at once, also beside a running gateway."`
	Leads    leadsCmd    `cmd:"" help:"Fetch leads into the CRM, report on them, and look what became of them."`
	QR       qrCmd       `cmd:"" name:"qr" help:"Tell which machine a QR code belongs to."`
	Sandbox  sandboxCmd  `cmd:"" help:"Play Caterpillar's side, to try things on: tokens, leads, QR codes, the Cat Rental Store."`
	Requests requestsCmd `cmd:"" help:"The rental desk: customers' requests, and the steps that answer them."`
	Queue    queueCmd    `cmd:"" help:"See and steer the messages that wait for delivery."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

const description = `Dealerbridge stands in front of a dealer's rental database, which it only reads, and serves it as the Cat Rental Store API.

Begin with: dealerbridge demo`

// session is what every command gets.
type session struct {
	ctx     context.Context
	version string
	out     io.Writer // results
	err     io.Writer // everything else
	env     func(string) (string, bool)
	now     func() time.Time
}

// usageError marks a command line that parsed and still cannot be meant.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exited carries the code of help and its kin through kong.
type exited int

// Run runs one command line and returns the exit code. The context's end stops
// commands that run until they are told.
func Run(ctx context.Context, version string, args []string, out, errw io.Writer) (code int) {
	defer func() {
		switch gone := recover().(type) {
		case nil:
		case exited:
			code = int(gone)
		default:
			panic(gone)
		}
	}()
	var all commands
	parser, err := kong.New(&all,
		kong.Name("dealerbridge"),
		kong.Description(description),
		kong.Writers(out, errw),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.KindMapper(reflect.Int, kong.MapperFunc(wholeNumber)),
		kong.KindMapper(reflect.Int64, kong.MapperFunc(wholeNumber)),
		kong.KindMapper(reflect.Uint64, kong.MapperFunc(wholeNumber)),
	)
	if err != nil {
		return report(errw, fmt.Errorf("preparing the commands: %w", err), failed)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		var wrong *kong.ParseError
		hint := "dealerbridge --help"
		if errors.As(err, &wrong) && wrong.Context != nil && wrong.Context.Command() != "" {
			hint = "dealerbridge " + commandWords(wrong.Context) + " --help"
		}
		fmt.Fprintf(errw, "dealerbridge: %v\nSee: %s\n", err, hint)
		return misuse
	}
	s := &session{ctx: ctx, version: version, out: out, err: errw, env: os.LookupEnv, now: time.Now}
	err = chosen.Run(s)
	var wrong usageError
	switch {
	case err == nil:
		return fine
	case errors.As(err, &wrong):
		fmt.Fprintf(errw, "dealerbridge: %v\nSee: dealerbridge %s --help\n", err, commandWords(chosen))
		return misuse
	}
	return report(errw, err, failed)
}

// wholeNumber reads a number; the parser's own words for what is none are a
// programmer's.
func wholeNumber(from *kong.DecodeContext, into reflect.Value) error {
	var text string
	if err := from.Scan.PopValueInto("number", &text); err != nil {
		return err //nolint:wrapcheck // it says what is missing, and is said with the option's name
	}
	var wrong error
	if bits := into.Type().Bits(); into.CanUint() {
		var n uint64
		n, wrong = strconv.ParseUint(text, 10, bits)
		into.SetUint(n)
	} else {
		var n int64
		n, wrong = strconv.ParseInt(text, 10, bits)
		into.SetInt(n)
	}
	if wrong != nil {
		return fmt.Errorf("%q is no whole number, or none that fits", text)
	}
	return nil
}

// report prints an error; a list of faults is printed as it stands, so that
// editors find file:line:col at the beginning of lines.
func report(w io.Writer, err error, code int) int {
	var quiet silent
	if errors.As(err, &quiet) {
		return code
	}
	if faults := faultsOf(err); len(faults) > 0 {
		for _, f := range faults {
			fmt.Fprintln(w, f.String())
		}
		return code
	}
	fmt.Fprintf(w, "dealerbridge: %v\n", err)
	return code
}

// silent is a failure that was told already.
type silent struct{}

func (silent) Error() string { return "failed" }

// commandWords gives the command without its arguments.
func commandWords(c *kong.Context) string {
	var words []string
	for _, w := range strings.Fields(c.Command()) {
		if !strings.HasPrefix(w, "<") {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(s *session) error {
	_, err := fmt.Fprintf(s.out, "dealerbridge %s\n", s.version)
	return err
}
