package store_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/store"
)

func TestAttachmentsSQLite(t *testing.T) {
	exerciseAttachments(t, func(t *testing.T) *store.Store {
		return openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")})
	})
	t.Run("FilesLieBesideTheStateReadableByItsOwnerOnly", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		a := attachmentsOf(t, openAt(t, store.Options{Path: path}), "")
		for name, size := range map[string]int{"LARGELARGELARGELARGE": 300 << 10, "SMALLSMALLSMALLSMALL": 3} {
			stow(t, a, attachment.Bundle{ID: name, Dealer: "D100"}, strings.Repeat("x", size))
			info, err := os.Stat(filepath.Join(path+".files", name))
			if err != nil || info.Size() != int64(size) || info.Mode().Perm() != 0o600 {
				t.Errorf("%v %+v", err, info)
			}
		}
		if dir, err := os.Stat(path + ".files"); err != nil || dir.Mode().Perm() != 0o700 {
			t.Errorf("%v %+v", err, dir)
		}
	})
	t.Run("WhatADeadProcessReceivedGoes", func(t *testing.T) {
		dir := t.TempDir()
		a := attachmentsOf(t, openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")}), dir)
		dead, alive := filepath.Join(dir, "dealerbridge-incoming-1"), filepath.Join(dir, "dealerbridge-incoming-2")
		for _, name := range []string{dead, alive} {
			if err := os.WriteFile(name, []byte("half a photo"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		old := time.Now().Add(-25 * time.Hour)
		if err := os.Chtimes(dead, old, old); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Clear(t.Context(), march(1), 10); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"dealerbridge-incoming-2"}, filesIn(t, dir)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("AFileThatIsMissingIsErrGone", func(t *testing.T) {
		dir := t.TempDir()
		a := attachmentsOf(t, openAt(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")}), dir)
		stow(t, a, attachment.Bundle{ID: "AAAAAAAAAAAAAAAA", Dealer: "D100"}, "x")
		if err := os.Remove(filepath.Join(dir, "AAAAAAAAAAAAAAAA")); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Open(t.Context(), "D100", "AAAAAAAAAAAAAAAA"); !errors.Is(err, attachment.ErrGone) {
			t.Error(err)
		}
	})
}

func attachmentsOf(t *testing.T, s *store.Store, dir string) *store.Attachments {
	t.Helper()
	a, err := s.Attachments(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// stow keeps one bundle.
func stow(t *testing.T, a *store.Attachments, b attachment.Bundle, contents string) {
	t.Helper()
	s, err := a.Spool(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(struct{ io.Writer }{s}, strings.NewReader(contents)); err != nil {
		t.Fatal(err)
	}
	if s.Size() != int64(len(contents)) {
		t.Errorf("size %d", s.Size())
	}
	if err := a.Keep(t.Context(), b, s); err != nil {
		t.Fatal(err)
	}
	back := make([]byte, len(contents)) // it can still be read
	if _, err := s.ReadAt(back, 0); err != nil && !errors.Is(err, io.EOF) || string(back) != contents {
		t.Errorf("reading the spool again: %v", err)
	}
	for range 2 {
		if err := s.Discard(); err != nil {
			t.Fatal(err)
		}
	}
}

func march(n int) time.Time { return time.Date(2026, 3, n, 8, 0, 0, 0, time.UTC) }

// there says which bundles of D100 can be opened.
func there(t *testing.T, a *store.Attachments, ids ...string) string {
	t.Helper()
	var out []string
	for _, id := range ids {
		c, err := a.Open(t.Context(), "D100", id)
		switch {
		case err == nil:
			out = append(out, id[:1])
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		case !errors.Is(err, attachment.ErrGone):
			t.Error(err)
		}
	}
	return strings.Join(out, "")
}

func exerciseAttachments(t *testing.T, open func(t *testing.T) *store.Store) {
	const a1, b1, c1 = "AAAAAAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCCCCCCCCCCCC"
	t.Run("WhatIsKeptComesBackFromAnywhere", func(t *testing.T) {
		a := attachmentsOf(t, open(t), t.TempDir())
		var contents bytes.Buffer
		for i := range 200_000 {
			contents.WriteString(strings.Repeat(string(rune('a'+i%26)), 6) + "\x00\xff")
		}
		stow(t, a, attachment.Bundle{ID: a1, Dealer: "D100", Customer: "0001007", Message: "m1", Made: march(2)}, contents.String())
		c, err := a.Open(t.Context(), "D100", a1)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}()
		whole, err := io.ReadAll(io.NewSectionReader(c, 0, int64(contents.Len())))
		if err != nil || !bytes.Equal(whole, contents.Bytes()) {
			t.Fatalf("%v, %d bytes", err, len(whole))
		}
		const edge = 512 << 10
		for _, at := range []int{0, 1, edge - 1, edge, 2*edge - 10, contents.Len() - 5} {
			p := make([]byte, 4)
			if _, err := c.ReadAt(p, int64(at)); err != nil || !bytes.Equal(p, contents.Bytes()[at:at+4]) {
				t.Errorf("at %d: %v %q", at, err, p)
			}
		}
		p := make([]byte, 10)
		if n, err := c.ReadAt(p, int64(contents.Len()-5)); n != 5 || !errors.Is(err, io.EOF) {
			t.Errorf("over the end: %d %v", n, err)
		}
	})
	t.Run("AnotherDealersAndUnknownOnesAreErrGone", func(t *testing.T) {
		a := attachmentsOf(t, open(t), t.TempDir())
		stow(t, a, attachment.Bundle{ID: a1, Dealer: "D100"}, "x")
		for dealer, id := range map[string]string{"D200": a1, "d100": a1, "D100": b1, "": "../../etc/passwd", "D300": strings.ToLower(a1)} {
			if _, err := a.Open(t.Context(), dealer, id); !errors.Is(err, attachment.ErrGone) {
				t.Errorf("%q %q: %v", dealer, id, err)
			}
		}
		s, err := a.Spool(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Keep(t.Context(), attachment.Bundle{ID: "../outside", Dealer: "D100"}, s); err == nil {
			t.Error("a name that leads elsewhere was taken")
		}
	})
	t.Run("ACustomersFilesAreErased", func(t *testing.T) {
		dir := t.TempDir()
		a := attachmentsOf(t, open(t), dir)
		stow(t, a, attachment.Bundle{ID: a1, Dealer: "D100", Customer: "0001007", Message: "m1"}, strings.Repeat("x", 1<<20))
		stow(t, a, attachment.Bundle{ID: b1, Dealer: "D100", Customer: "0001007 ", Message: "m2"}, "y")
		stow(t, a, attachment.Bundle{ID: c1, Dealer: "D100", Customer: "", Message: "m3"}, "z")
		n, err := a.Erase(t.Context(), "D100", "0001007")
		if err != nil || n != 1 || there(t, a, a1, b1, c1) != "BC" {
			t.Errorf("%d %v, left %s", n, err, there(t, a, a1, b1, c1))
		}
		if n, err := a.Erase(t.Context(), "D100", ""); err == nil {
			t.Errorf("erased %d without a customer", n)
		}
		if n, err := a.EraseMessage(t.Context(), "D100", "m3"); err != nil || n != 1 || there(t, a, a1, b1, c1) != "B" {
			t.Errorf("%d %v", n, err)
		}
		if err := errors.Join(a.Drop(t.Context(), "D200", b1), a.Drop(t.Context(), "D100", a1)); err != nil || there(t, a, b1) != "B" {
			t.Error(err)
		}
		if err := a.Drop(t.Context(), "D100", b1); err != nil || there(t, a, b1) != "" {
			t.Error(err)
		}
		if left := filesIn(t, dir); len(left) > 0 {
			t.Errorf("files are left: %v", left)
		}
	})
	t.Run("OldOnesGoOldestFirst", func(t *testing.T) {
		a := attachmentsOf(t, open(t), t.TempDir())
		for i, id := range []string{b1, a1, c1} {
			stow(t, a, attachment.Bundle{ID: id, Dealer: "D100", Made: march(1 + i)}, "x")
		}
		if n, err := a.Clear(t.Context(), march(3), 1); err != nil || n != 1 || there(t, a, a1, b1, c1) != "AC" {
			t.Errorf("%d %v, left %s", n, err, there(t, a, a1, b1, c1))
		}
		if n, err := a.Clear(t.Context(), march(3), 10); err != nil || n != 1 || there(t, a, a1, b1, c1) != "C" {
			t.Errorf("%d %v", n, err)
		}
	})
	t.Run("ASpoolThatIsDiscardedLeavesNothing", func(t *testing.T) {
		dir := t.TempDir()
		a := attachmentsOf(t, open(t), dir)
		s, err := a.Spool(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(make([]byte, 200<<10)); err != nil {
			t.Fatal(err)
		}
		if err := s.Discard(); err != nil || len(filesIn(t, dir)) > 0 {
			t.Errorf("%v %v", err, filesIn(t, dir))
		}
	})
	t.Run("NothingOfAPathIsInAnError", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "private")
		a := attachmentsOf(t, open(t), dir)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		s, err := a.Spool(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(make([]byte, 200<<10)); err == nil || strings.Contains(err.Error(), "private") {
			t.Error(err)
		}
	})
}
