// Command specdiff says what a change of a specification means for the mapping files: which members of the answers
// came, went or changed, and which lines of which dealer map them. It reads specifications and YAML as text; it knows
// neither the mapping compiler nor any generated code.
//
//	go run ./gen/specdiff                (CRS and leads, against the last commit)
//	go run ./gen/specdiff -old v1.2.0
//	go run ./gen/specdiff -old earlier.yaml -new openapi/crs/openapi.yaml -dealers mappings/dealers
//
// A change of what CRS asks concerns rms.yaml; one of the lead interface concerns crm.yaml, the files of reasons and
// stages beside it, and Caterpillar's own lists in -standard.
//
// It reports and judges nothing: exit code 0 with or without changes, 1 when something cannot be read, 2 for wrong
// usage.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "specdiff:", err)
		os.Exit(1)
	}
}

// run is the command without the process around it. Wrong usage is flag.ErrHelp.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("specdiff", flag.ContinueOnError)
	flags.SetOutput(stderr)
	before := flags.String("old", "HEAD", "the earlier specification: a file, or a git revision that holds -new")
	after := flags.String("new", "", "the specification as it is now; without it "+strings.Join(specifications, " and "))
	dealers := flags.String("dealers", "mappings/dealers", "the directory with a folder of mappings per dealer")
	lists := flags.String("standard", "mappings/standard/standard.go", "the file with Caterpillar's own reasons and stages")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return flag.ErrHelp
	}
	of := specifications
	if *after != "" {
		of = []string{*after}
	}
	var out bytes.Buffer
	for _, file := range of {
		if err := (comparison{before: *before, after: file, dealers: *dealers, lists: *lists}).write(ctx, &out); err != nil {
			return err
		}
	}
	_, err := stdout.Write(out.Bytes())
	return err
}

// specifications are those that mapping files are written against.
var specifications = []string{"openapi/crs/openapi.yaml", "openapi/lead/openapi.yaml"}

// comparison is one specification beside an earlier state of it.
type comparison struct {
	before, after  string
	dealers, lists string
}

func (c comparison) write(ctx context.Context, out *bytes.Buffer) error {
	newText, err := os.ReadFile(c.after)
	if err != nil {
		return fmt.Errorf("reading the specification: %w", err)
	}
	oldText, found, err := earlier(ctx, c.before, c.after)
	if err != nil {
		return err
	}
	if !found {
		fmt.Fprintf(out, "%s: nothing earlier to compare with at %s\n", c.after, c.before)
		return nil
	}
	oldSpec, _, err := readSpec(c.before, oldText)
	if err != nil {
		return err
	}
	newSpec, leads, err := readSpec(c.after, newText)
	if err != nil {
		return err
	}
	changes := compare(oldSpec, newSpec)
	if len(changes) == 0 {
		what := "an answer"
		if leads {
			what = "a lead or an update"
		}
		fmt.Fprintf(out, "%s: no member of %s changed since %s\n", c.after, what, c.before)
		return nil
	}
	for _, change := range changes {
		fmt.Fprintf(out, "%s: %s: %s: %s\n", c.after, change.endpoint, change.path, change.what)
	}
	if leads {
		return c.leads(out, changes, oldSpec, newSpec)
	}
	return c.mappings(out, "rms.yaml", func(file, dealer string, text []byte) ([]string, error) {
		found, err := readMapping(text, newSpec, oldSpec)
		return found.touched(file, dealer, changes), err
	})
}

// mappings asks about every dealer's file of a name, in the dealers' order.
func (c comparison) mappings(out *bytes.Buffer, name string, touched func(file, dealer string, text []byte) ([]string, error)) error {
	files, err := filepath.Glob(filepath.Join(c.dealers, "*", name))
	if err != nil {
		return fmt.Errorf("looking for mapping files: %w", err)
	}
	slices.Sort(files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading a mapping file: %w", err)
		}
		lines, err := touched(file, filepath.Base(filepath.Dir(file)), text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, line := range lines {
			fmt.Fprintln(out, line)
		}
	}
	return nil
}

// earlier returns the earlier text. A revision that lacks the file, or a repository without any, is not found.
func earlier(ctx context.Context, before, after string) (text []byte, found bool, err error) {
	text, err = os.ReadFile(before)
	if err == nil {
		return text, true, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, false, fmt.Errorf("reading the earlier specification: %w", err)
	}
	if strings.HasPrefix(before, "-") {
		return nil, false, flag.ErrHelp
	}
	if _, err := git(ctx, "rev-parse", "--verify", "--quiet", before+"^{commit}"); err != nil {
		if before == "HEAD" { // a repository that has no commit yet
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("%q is neither a file nor a git revision", before)
	}
	object := before + ":./" + filepath.ToSlash(after)
	if _, err := git(ctx, "cat-file", "-e", object); err != nil {
		return nil, false, nil //nolint:nilerr // the revision is older than the file
	}
	text, err = git(ctx, "show", object)
	if err != nil {
		return nil, false, fmt.Errorf("reading %s: %w", object, err)
	}
	return text, true, nil
}

func git(ctx context.Context, args ...string) ([]byte, error) {
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // the arguments are this program's own, a revision never starts with a dash
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return out, nil
}
