package paper

import (
	"bytes"
	"fmt"
	"testing"
)

func TestPage(t *testing.T) {
	got := Page(`Contract (1\2)`, "A line")
	t.Run("EscapesWhatEndsAText", func(t *testing.T) {
		if !bytes.Contains(got, []byte(`(Contract \(1\\2\))`)) {
			t.Errorf("got %s", got)
		}
	})
	t.Run("SaysWhereItsTableOfObjectsBegins", func(t *testing.T) {
		at := bytes.Index(got, []byte("xref\n"))
		if !bytes.HasSuffix(got, fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", at)) {
			t.Errorf("the table begins at %d, the end of the file says otherwise:\n%s", at, got)
		}
	})
}
