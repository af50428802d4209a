package sqlrms_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/sqlrms"
)

const paper = "%PDF-1.4 an invoice of the yard"

// documentsRoot is a folder with one invoice in it.
func documentsRoot(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "invoices"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "invoices", "one.pdf"))
	return root
}

func write(t testing.TB, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(paper), 0o600); err != nil {
		t.Fatal(err)
	}
}

// invoices are the row keys and addresses of documents of the yard's invoices,
// by their ids.
func invoices(t testing.TB, a *sqlrms.RMS) (rows, addresses map[string]string, err error) {
	t.Helper()
	q := adapters.Query{Customers: []string{"000007"}}
	keys, err := a.InvoiceKeys(t.Context(), q)
	if err != nil {
		return nil, nil, err
	}
	items, left, err := a.Invoices(t.Context(), q, keys)
	if err != nil {
		return nil, nil, err
	}
	if len(left) > 0 || len(items) != len(keys) {
		t.Fatalf("left out %v", left)
	}
	rows, addresses = map[string]string{}, map[string]string{}
	for i, item := range items {
		rows[item.InvoiceID] = keys[i].Row
		if item.PdfURL != nil {
			addresses[item.InvoiceID] = *item.PdfURL
		}
	}
	return rows, addresses, nil
}

func mustInvoices(t testing.TB, a *sqlrms.RMS) (rows, addresses map[string]string) {
	t.Helper()
	rows, addresses, err := invoices(t, a)
	if err != nil {
		t.Fatal(err)
	}
	return rows, addresses
}

func wantPaper(t testing.TB, a *sqlrms.RMS, id string) adapters.Document {
	t.Helper()
	d, err := a.Document(t.Context(), adapters.InvoiceDocument, id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(d.Content)
	if err != nil || string(got) != paper || d.Type != "application/pdf" {
		t.Errorf("got %q of type %q and %v, want the paper", got, d.Type, err)
	}
	if err := d.Content.Close(); err != nil {
		t.Error(err)
	}
	return d
}

func wantNone(t testing.TB, a *sqlrms.RMS, id string) {
	t.Helper()
	d, err := a.Document(t.Context(), adapters.InvoiceDocument, id)
	if err == nil {
		err = d.Content.Close()
		t.Fatalf("got a document (%v), want ErrNotFound", err)
	}
	if !errors.Is(err, adapters.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestDirectory(t *testing.T) {
	t.Run("OnlyRowsWithAFileHaveAnAddress", func(t *testing.T) {
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t)})
		rows, addresses := mustInvoices(t, a)
		if want := "https://gateway.example.test/invoice/" + rows["A1"]; addresses["A1"] != want || addresses["A2"] != "" {
			t.Errorf("got %v, want only %s", addresses, want)
		}
		d := wantPaper(t, a, rows["A1"])
		if d.Name != "one.pdf" || d.Modified.IsZero() {
			t.Errorf("got name %q, modified %v", d.Name, d.Modified)
		}
		wantNone(t, a, rows["A2"])
	})

	t.Run("IdsThatAreNoKeysAreNotFound", func(t *testing.T) {
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t)})
		for _, id := range []string{"", "one", "../../etc/passwd", "A1", "AA==", "\x00", strings.Repeat("x", 10000)} {
			wantNone(t, a, id)
		}
		if _, err := a.Document(t.Context(), adapters.ContractDocument, "AkEx"); !errors.Is(err, adapters.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound for a kind the mapping does not have", err)
		}
	})

	t.Run("NoNameLeadsOutOfTheDirectory", func(t *testing.T) {
		root := documentsRoot(t)
		write(t, filepath.Join(root, "secret.pdf"))
		write(t, filepath.Join(filepath.Dir(root), "outside.pdf"))
		inside := filepath.Join(root, "invoices")
		for link, to := range map[string]string{
			"up.pdf": "../secret.pdf", "out.pdf": "../../outside.pdf", "far.pdf": filepath.Join(root, "secret.pdf"),
			"loop.pdf": "loop.pdf", "away": "..", "good.pdf": "one.pdf",
		} {
			if err := os.Symlink(to, filepath.Join(inside, link)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(inside, "dir.pdf"), 0o700); err != nil {
			t.Fatal(err)
		}
		path := yardFile(t)
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, DocumentsRoot: root})
		rows, _ := mustInvoices(t, a)
		for _, name := range []string{
			"../secret", "../../outside", "..", ".", "", filepath.Join(root, "secret"), "up", "out", "far", "loop",
			"away/secret", "dir", "one.pdf/x", "./one", "x/../one", "a/../../secret", strings.Repeat("n", 300), `..\secret`,
		} {
			fill(t, path, fmt.Sprintf("UPDATE INV SET file = CAST(X'%x' AS TEXT) WHERE num = 'A2'", name))
			if _, addresses := mustInvoices(t, a); addresses["A2"] != "" {
				t.Errorf("%q has an address", name)
			}
			wantNone(t, a, rows["A2"])
		}
		fill(t, path, "UPDATE INV SET file = 'good' WHERE num = 'A2'")
		wantPaper(t, a, rows["A2"])
	})

	t.Run("AMissingFolderIsAFailureAndNotAMissingDocument", func(t *testing.T) {
		root := filepath.Join(t.TempDir(), "share")
		a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: yardFile(t), DocumentsRoot: root})
		if _, _, err := invoices(t, a); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		wantYards(t, a) // what needs no documents is not touched
		if err := os.Rename(documentsRoot(t), root); err != nil {
			t.Fatal(err)
		}
		rows, _ := mustInvoices(t, a)
		wantPaper(t, a, rows["A1"])
		if err := os.RemoveAll(filepath.Join(root, "invoices")); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Document(t.Context(), adapters.InvoiceDocument, rows["A1"]); !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	})
}

func TestColumn(t *testing.T) {
	path := yardFile(t)
	fill(t, path,
		"CREATE TABLE SCAN (inv VARCHAR(12), pdf BLOB)",
		"INSERT INTO SCAN VALUES ('A1', CAST('"+paper+"' AS BLOB)), ('A2', NULL)")
	a, _ := open(t, sqlrms.Config{Driver: sqlrms.SQLite, Path: path, Mapping: changed(t,
		"{directory: invoices, name: '{r.file}.pdf'}", "{table: SCAN, as: s, match: {inv: r.num}, column: s.pdf}")})
	rows, addresses := mustInvoices(t, a)
	if addresses["A1"] == "" || addresses["A2"] != "" {
		t.Errorf("got %v, want an address for A1 alone", addresses)
	}
	wantPaper(t, a, rows["A1"])
	wantNone(t, a, rows["A2"])
}

func TestUpstream(t *testing.T) {
	strange := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		t.Error("another server was asked")
		w.WriteHeader(http.StatusTeapot)
	}))
	defer strange.Close()
	stalled := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "gate" || password != "way" || r.Header.Get("X-Yard") != "7" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.Path {
		case "/inv/one.pdf":
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Last-Modified", "Tue, 03 Mar 2026 10:00:00 GMT")
			_, _ = io.WriteString(w, paper)
		case "/inv/moved.pdf":
			http.Redirect(w, r, "/inv/one.pdf", http.StatusFound)
		case "/inv/stolen.pdf":
			http.Redirect(w, r, strange.URL+"/inv/one.pdf", http.StatusFound)
		case "/inv/circle.pdf":
			http.Redirect(w, r, "/inv/circle.pdf", http.StatusFound)
		case "/inv/broken.pdf":
			w.WriteHeader(http.StatusBadGateway)
		case "/inv/huge.pdf":
			w.Header().Set("Content-Length", "67108865")
		case "/inv/short.pdf":
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, paper)
		case "/inv/slow.pdf":
			select {
			case <-stalled:
			case <-r.Context().Done():
			}
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	defer close(stalled)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)

	path := yardFile(t)
	config := sqlrms.Config{
		Driver: sqlrms.SQLite, Path: path,
		Upstream:         &sqlrms.Upstream{User: "gate", Password: "way", Header: map[string]string{"X-Yard": "7"}},
		Mapping:          changed(t, "{directory: invoices, name: '{r.file}.pdf'}", "{url: '"+server.URL+"/inv/{r.file}.pdf'}"),
		StatementTimeout: 2 * time.Second,
	}
	a, _ := open(t, config)
	rows, _ := mustInvoices(t, a)
	called := func(t *testing.T, name string) string {
		t.Helper()
		fill(t, path, "UPDATE INV SET file = '"+name+"' WHERE num = 'A2'")
		return rows["A2"]
	}
	leftovers := func(t *testing.T) {
		t.Helper()
		names, err := os.ReadDir(temporary)
		if err != nil || len(names) > 0 {
			t.Errorf("left behind: %v (%v)", names, err)
		}
	}

	t.Run("ItIsFetchedWholeWithCredentials", func(t *testing.T) {
		d := wantPaper(t, a, rows["A1"])
		if d.Name != "one.pdf" || !d.Modified.Equal(time.Date(2026, time.March, 3, 10, 0, 0, 0, time.UTC)) {
			t.Errorf("got name %q, modified %v", d.Name, d.Modified)
		}
		leftovers(t)
	})

	t.Run("ARedirectOnTheSameServerIsFollowed", func(t *testing.T) { wantPaper(t, a, called(t, "moved")) })

	t.Run("MissingIsNotFound", func(t *testing.T) {
		wantNone(t, a, called(t, "nothing"))
		wantNone(t, a, called(t, "../one"))
		wantNone(t, a, called(t, "%2e%2e/one"))
	})

	t.Run("EverythingElseIsUnavailable", func(t *testing.T) {
		for _, name := range []string{"stolen", "circle", "broken", "huge", "short", "slow"} {
			_, err := a.Document(t.Context(), adapters.InvoiceDocument, called(t, name))
			if !errors.Is(err, adapters.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrUnavailable", name, err)
			}
			if err != nil && strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("%s: %v names the server", name, err)
			}
		}
		leftovers(t)
	})

	t.Run("WrongCredentialsAreUnavailable", func(t *testing.T) {
		wrong := config
		wrong.Upstream = nil
		b, _ := open(t, wrong)
		_, err := b.Document(t.Context(), adapters.InvoiceDocument, rows["A1"])
		if !errors.Is(err, adapters.ErrUnavailable) || !strings.Contains(err.Error(), "401") {
			t.Errorf("got %v, want ErrUnavailable with status 401", err)
		}
	})

	t.Run("ACallerWhoGivesUpIsTold", func(t *testing.T) {
		id := called(t, "slow")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := a.Document(ctx, adapters.InvoiceDocument, id); err == nil {
			t.Error("got a document")
		}
	})
}
