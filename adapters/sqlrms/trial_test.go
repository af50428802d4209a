package sqlrms_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// TestCheckTriesTheMappingOnTheRows: what the API would leave out or refuse is
// told when a mapping is checked with its database, at the line that is at fault.
func TestCheckTriesTheMappingOnTheRows(t *testing.T) {
	const files = "documents:\n  invoice: {directory: invoices, name: '{r.file}.pdf'}\n"
	without := func(t *testing.T, old, by string) string {
		t.Helper()
		mapping := strings.Replace(strings.Replace(yardMapping, files, "", 1), "    pdfUrl: {document: invoice}\n", "", 1)
		if old != "" && !strings.Contains(mapping, old) {
			t.Fatalf("the mapping does not hold %q", old)
		}
		return strings.Replace(mapping, old, by, 1)
	}
	const clean = "UPDATE INV SET total = '10.00'; UPDATE INV SET day = '2026-03-02'"
	for _, c := range []struct {
		name, old, by, script string
		want                  []string
	}{
		{"NothingIsSaidOfRowsThatCanBeSent", "", "", clean, nil},
		{
			"ARequiredFieldThatIsEmpty", "", "", clean + "; UPDATE INV SET day = NULL WHERE num = 'A2'",
			[]string{"rms.yaml:18:5: warning: invoice.billedDateEnd: 1 of 2 rows that were tried cannot be sent (A2): it is empty there and the API requires it; a list says what is sent then, as in [..., {value: N/A}]"},
		},
		{
			"AColumnThatIsNoAmount", "total: r.total", "total: r.num", clean,
			[]string{
				"rms.yaml:10:1: warning: invoice: of 2 customers that were tried, 1 would be answered with 503: of their rows more cannot be sent than leaveOutAtMost allows (5%)",
				"rms.yaml:15:5: warning: invoice.total: 2 of 2 rows that were tried cannot be sent (A2, A1): what stands there cannot be read as what the API wants; say how it is written, or take another column",
			},
		},
		{
			"ACodeWithoutAnEntry", "jobsiteId: {value: MAIN}", "jobsiteId: {from: r.num, map: sites}", clean,
			[]string{
				"rms.yaml:10:1: warning: invoice: of 2 customers that were tried, 1 would be answered with 503: of their rows more cannot be sent than leaveOutAtMost allows (5%)",
				"rms.yaml:19:5: warning: invoice.jobsiteId: 2 of 2 rows that were tried cannot be sent (A2, A1): they hold codes that the mapping says nothing of, or words the API does not know; say what they mean",
			},
		},
		{
			"ATextThatIsTooLong", "contractId: r.num", "contractId: {text: '{r.num}" + strings.Repeat("x", 100) + "'}", clean + "; DELETE FROM INV WHERE num <> 'A2'",
			[]string{"rms.yaml:20:5: warning: invoice.contractId: 1 of 1 rows that were tried cannot be sent (A2): it is longer than the API allows; `cut: true` shortens it"},
		},
		{
			"AFolderThatIsNotThere", "    contractId: r.num\n", "    contractId: r.num\n    pdfUrl: {document: invoice}\n", clean,
			[]string{"rms.yaml:10:1: warning: invoice: the API would answer 503: looking for documents: the dealer's system is unavailable: the documents folder cannot be opened"},
		},
		{
			"ADealerWithoutCustomers", "customer:\n  from: CUST cus\n  fields:\n    customerName: cus.name\n", "customer: none\n", clean + "; UPDATE INV SET day = NULL", nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := yardFile(t)
			fill(t, path, strings.Split(c.script, "; ")...)
			mapping := without(t, c.old, c.by)
			if strings.Contains(c.by, "map: sites") {
				mapping += "maps: {sites: {B1: MAIN}}\n"
			}
			if strings.Contains(c.by, "document:") {
				mapping += files
			}
			away := filepath.Join(t.TempDir(), "away")
			a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: folder(mapping), DocumentsRoot: away})
			faults, err := a.CheckMapping(t.Context())
			if err != nil || faults.Err() != nil {
				t.Fatal(err, faults.Err())
			}
			var got []string
			for _, f := range faults {
				if strings.Contains(f.Message, "tried") || strings.Contains(f.Message, "503") {
					got = append(got, f.String())
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
