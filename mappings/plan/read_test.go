package plan_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
)

// TestRead: whoever is told that a page was read can give its turn at the
// database to others, while files are looked for.
func TestRead(t *testing.T) {
	db := database(t, read(t, "testdata/forms/changes_and_documents", "data.sql"))
	p := bind(t, "testdata/forms/changes_and_documents", db)
	var happened []string
	asked := newAsked(db)
	a := asking(asked, []string{"C1"}, new([]string))
	looked := a.FileExists
	a.FileExists = func(dir, name string) (bool, error) {
		if !slices.Contains(happened, "file") {
			happened = append(happened, "file")
		}
		return looked(dir, name)
	}
	statements := 0
	a.Read = func() { happened, statements = append(happened, "read"), len(asked.names) }
	keys, err := p.Keys(t.Context(), "contract", a)
	if err != nil || len(keys) == 0 || len(happened) > 0 {
		t.Fatalf("got %d keys, error %v and %q", len(keys), err, happened)
	}
	if _, err := p.Rows(t.Context(), "contract", a, keys, func(reflect.Value) {}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"read", "file"}; !slices.Equal(happened, want) {
		t.Errorf("got %q, want %q", happened, want)
	}
	if n := len(asked.names); n != statements || n < 2 {
		t.Errorf("of %d statements %d were run before all was read", n, statements)
	}
	happened = nil
	failing := a
	failing.Querier = querierFunc(func(string) error { return errors.New("broken") })
	if _, err := p.Rows(t.Context(), "contract", failing, keys, func(reflect.Value) {}); err == nil || len(happened) > 0 {
		t.Errorf("a page that cannot be read: got %v and %q, want an error alone", err, happened)
	}
	_, _, _, err = p.Whole(t.Context(), "contract", a, 100, func(reflect.Value) {})
	if want := []string{"read", "file"}; err != nil || !slices.Equal(happened, want) {
		t.Errorf("in one go: got %q and %v, want %q", happened, err, want)
	}
}
