package sqlrms_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

// comparedYard is the yard's mapping with invoices and their documents compared.
func comparedYard(t testing.TB, documents string) fstest.MapFS {
	t.Helper()
	mapping := strings.Replace(yardMapping, "  invoice: none\n", "  invoice: snapshot\n  document: snapshot\n  catalog: none\n", 1)
	if documents != "" {
		mapping = strings.Replace(mapping, "  invoice: {directory: invoices, name: '{r.file}.pdf'}\n", documents, 1)
	}
	if !strings.Contains(mapping, "snapshot") {
		t.Fatal("the mapping of the yard says nothing of changes of invoices")
	}
	return folder(mapping)
}

// marksOf are the marks of the documents of all invoices of customer 7, by row.
func marksOf(t testing.TB, a *sqlrms.RMS) map[string]string {
	t.Helper()
	keys, err := a.InvoiceKeys(t.Context(), adapters.Query{Customers: []string{"000007"}})
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %d keys and %v", len(keys), err)
	}
	marks, err := a.DocumentMarks(t.Context(), adapters.InvoiceDocument, keys)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range marks {
		if !slices.ContainsFunc(keys, func(k adapters.Key) bool { return k.Row == m.Row }) {
			t.Errorf("a mark of the row %q, which was not asked for", m.Row)
		}
		found[m.Row] = m.Mark
	}
	return found
}

// changedMark wants exactly one mark to differ.
func changedMark(t testing.TB, before, after map[string]string, present int) {
	t.Helper()
	differ := 0
	rows := maps.Clone(before)
	maps.Copy(rows, after)
	for row := range rows {
		if before[row] != after[row] {
			differ++
		}
	}
	if differ != 1 || len(after) != present {
		t.Errorf("marks went from %v to %v, want one to differ and %d in all", before, after, present)
	}
}

// compareYard is what comparing needs, on any server.
func compareYard(t *testing.T, c sqlrms.Config, exec func(statements ...string)) {
	t.Run("EveryCustomerIsListedOnceInOrder", func(t *testing.T) {
		c.Mapping = comparedYard(t, "")
		a, _ := open(t, c)
		got, err := a.CustomerNumbers(t.Context())
		if diff := cmp.Diff([]string{"000007", "000008"}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		exec("INSERT INTO CUST VALUES (3, 'Third')", "DELETE FROM CUST WHERE no = 8")
		got, err = a.CustomerNumbers(t.Context())
		if diff := cmp.Diff([]string{"000003", "000007"}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
	t.Run("FilesAreToldByTheirSizeAndTime", func(t *testing.T) {
		c.Mapping, c.DocumentsRoot = comparedYard(t, ""), documentsRoot(t)
		a, _ := open(t, c)
		first := marksOf(t, a)
		if again := marksOf(t, a); !cmp.Equal(first, again) || len(first) != 1 {
			t.Errorf("got %v, then %v, want one mark that stays", first, again)
		}
		file := filepath.Join(c.DocumentsRoot, "invoices", "one.pdf")
		late := time.Now().Add(time.Hour)
		if err := os.Chtimes(file, late, late); err != nil {
			t.Fatal(err)
		}
		second := marksOf(t, a)
		changedMark(t, first, second, 1)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		changedMark(t, second, marksOf(t, a), 0)
	})
	t.Run("BytesInAColumnAreToldByTheServer", func(t *testing.T) {
		exec("CREATE TABLE SCAN (num VARCHAR(12) NOT NULL, pdf BLOB)", "INSERT INTO SCAN VALUES ('A1', 'first words')", "INSERT INTO SCAN VALUES ('A2', NULL)")
		c.Mapping = comparedYard(t, "  invoice: {table: SCAN, as: s, match: {num: r.num}, column: s.pdf}\n")
		a, _ := open(t, c)
		first := marksOf(t, a)
		if len(first) != 1 {
			t.Errorf("got %v, want the mark of the only scan", first)
		}
		for _, mark := range first {
			if strings.Contains(mark, "first words") {
				t.Errorf("the mark %q is the document", mark)
			}
		}
		exec("UPDATE SCAN SET pdf = 'other words' WHERE num = 'A1'") // of the same length
		second := marksOf(t, a)
		changedMark(t, first, second, 1)
		exec("UPDATE SCAN SET pdf = 'more' WHERE num = 'A2'")
		third := marksOf(t, a)
		changedMark(t, second, third, 2)
		exec("DELETE FROM SCAN WHERE num = 'A1'")
		changedMark(t, third, marksOf(t, a), 1)
	})
	t.Run("DocumentsElsewhereAreToldByTheirAddress", func(t *testing.T) {
		c.Mapping = comparedYard(t, "  invoice: {url: 'https://papers.example.test/{r.file}.pdf'}\n")
		a, _ := open(t, c)
		first := marksOf(t, a)
		exec("UPDATE INV SET file = 'one-b' WHERE num = 'A1'")
		changedMark(t, first, marksOf(t, a), 2)
		exec("UPDATE INV SET file = NULL WHERE num = 'A2'")
		if got := marksOf(t, a); len(got) != 1 {
			t.Errorf("got %v, want the one that has an address", got)
		}
	})
}

func TestComparing(t *testing.T) {
	path := yardFile(t)
	compareYard(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path}, func(statements ...string) { fill(t, path, statements...) })
	t.Run("GradesComeFromTheMapping", func(t *testing.T) {
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: comparedYard(t, "")})
		want := map[adapters.ChangeKind]adapters.Grade{
			adapters.ContractChange: adapters.NoGrade, adapters.InvoiceChange: adapters.SnapshotGrade,
			adapters.DocumentChange: adapters.SnapshotGrade, adapters.CatalogChange: adapters.NoGrade,
		}
		if diff := cmp.Diff(want, a.ChangeGrades()); diff != "" || a.ChangeOverlap() != 0 {
			t.Errorf("overlap %s %s", a.ChangeOverlap(), diff)
		}
	})
	t.Run("TheOverlapComesFromTheMapping", func(t *testing.T) {
		mapping := strings.Replace(yardMapping, "  invoice: none\n", "  overlap: 7m\n  invoice: snapshot\n", 1)
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: folder(mapping)})
		if got := a.ChangeOverlap(); got != 7*time.Minute {
			t.Errorf("got %s, want 7m", got)
		}
	})
	t.Run("AMappingThatComparesNothingListsNobody", func(t *testing.T) {
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path})
		if got, err := a.CustomerNumbers(t.Context()); !errors.Is(err, adapters.ErrStaleKeys) {
			t.Errorf("got %v and %v, want ErrStaleKeys: nobody listed is not nobody there", got, err)
		}
		if got, err := a.DocumentMarks(t.Context(), adapters.InvoiceDocument, adapters.Keys{{Row: "x"}}); !errors.Is(err, adapters.ErrStaleKeys) {
			t.Errorf("got %v and %v, want ErrStaleKeys", got, err)
		}
	})
	t.Run("WhatCannotBeComparedIsAFault", func(t *testing.T) {
		for name, c := range map[string]struct{ old, by, want string }{
			"NothingServed":    {"  invoice: none\n", "  contract: snapshot\n", "nothing is served that could be compared (contract, jobsite)"},
			"NoDocuments":      {"documents:\n  invoice: {directory: invoices, name: '{r.file}.pdf'}\nchanges:\n  invoice: none\n", "changes:\n  document: snapshot\n", "no section `documents:`"},
			"CustomersUnknown": {"customer:\n  from: CUST cus\n  fields:\n    customerName: cus.name\n", "customer: none\n", "has to list them"},
		} {
			mapping := strings.Replace(yardMapping, c.old, c.by, 1)
			if name == "CustomersUnknown" {
				mapping = strings.Replace(mapping, "  invoice: none\n", "  invoice: snapshot\n", 1)
			}
			if name == "NoDocuments" {
				mapping = strings.Replace(mapping, "    pdfUrl: {document: invoice}\n", "", 1)
			}
			faults := sqlrms.CheckMapping(folder(mapping), "yard")
			if !strings.Contains(faults.Error(), c.want) {
				t.Errorf("%s: got %v, want %q", name, faults, c.want)
			}
		}
	})
}
