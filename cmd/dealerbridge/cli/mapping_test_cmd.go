package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

type mappingTestCmd struct {
	Dir  string `arg:"" help:"The dealer's folder, with rms.yaml or crm.yaml and files named *_test.yaml in it."`
	Only string `name:"run" placeholder:"NAME" help:"Only tests whose name holds this text; letter case does not count."`
}

// Help is shown below the flags.
func (mappingTestCmd) Help() string {
	return `A test says which rows the tables hold and which elements have to come out:

  tests:
    - name: a minus at the end is a credit
      endpoint: contract
      customer: '0000412'
      rows:
        RENTAL: [{NO: 50017, CUSTNO: 412, STATUS: O}]
        LINE: [{RENTAL: 50017, SEQ: 1, AMOUNT: '180.00-'}]
      want: [{contractId: '50017', properties.total: -180.00}]

A test of crm.yaml says which lead comes in and which rows have to be there then, or which update goes out:

  tests:
    - name: a lead becomes a card
      lead: {leadId: T-1, leadState: NEW, lastName: Lind}
      want: {CARD: [{NUMBER: L-001, NAME: Lind}]}
    - name: a card that was turned down
      rows: {CARD: [{NUMBER: L-001, CATID: T-1, STATUS: R, WHY: TERR}]}
      update: [{leadStatus: Rejected, rejectedReasonWhy: For Another Dealer}]

Tables and columns that no test speaks of are there and empty. Rows below "tables:" at the top of a file are there for each of its tests. Exit code 0 when all tests pass, 1 when one fails.`
}

// Run runs the tests.
func (c mappingTestCmd) Run(s *session) error {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return usage("%s is no folder", c.Dir)
	}
	cases, faults := app.LoadCases(c.Dir, s.now)
	for _, f := range faults {
		if _, err := fmt.Fprintln(s.err, f.String()); err != nil {
			return fmt.Errorf("writing faults: %w", err)
		}
	}
	if cases == nil {
		return silent{}
	}
	names := cases.Names()
	if len(names) == 0 {
		return fmt.Errorf("no test stands in %s; write them into a file such as rms_test.yaml (see dealerbridge mapping test --help)", c.Dir)
	}
	passed, failed := 0, 0
	err := cases.Run(s.ctx, c.chosen, func(r app.CaseResult) error {
		if r.Passed() {
			passed++
		} else {
			failed++
		}
		_, err := fmt.Fprint(s.out, caseLines(r))
		return err
	})
	if err != nil {
		return fmt.Errorf("running the tests: %w", err)
	}
	if passed+failed == 0 {
		near := ""
		if n := mapfile.Nearest(c.Only, names); n != "" {
			near = fmt.Sprintf(" (did you mean %q?)", n)
		}
		return fmt.Errorf("no test's name holds %q%s", c.Only, near)
	}
	if _, err := fmt.Fprintf(s.out, "%d passed, %d failed\n", passed, failed); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	if failed > 0 {
		return silent{}
	}
	return nil
}

func (c mappingTestCmd) chosen(name string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(c.Only))
}

// caseLines tells how a test ended: a line, and below a failure one for each
// difference, with its place in the test file.
func caseLines(r app.CaseResult) string {
	name := r.Test.Name.Value
	if r.Passed() {
		return "ok    " + name + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "FAIL  %s\n", name)
	if r.Problem != "" {
		fmt.Fprintf(&b, "      %s:%d:%d: %s\n", r.File, r.Test.Name.Pos.Line, r.Test.Name.Pos.Col, r.Problem)
	}
	for _, f := range r.Faults {
		if !f.Warning {
			fmt.Fprintf(&b, "      %s\n", f)
		}
	}
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "      %s:%d:%d: %s\n", r.File, d.Pos.Line, d.Pos.Col, d)
	}
	return b.String()
}
