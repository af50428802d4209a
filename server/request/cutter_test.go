package request

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse holds the reader of bodies against the standard library's: what the one
// takes the other takes, and each value is the same piece of text.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,-0.5e+3,true,false,null,"x\u00e9\n"],"":{}}`, `[]`, ` "one" `, `01`, `-`, `1.`, `1e`, `.5`, `tru`, `nul`, `"\x"`, `"\u12g4"`, `"a`,
		"\"\t\"", `{"a" 1}`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{a:1}`, `1 2`, `{"a":1}}`, "\ufeff{}", "", "{\"localId\":5,\"local\\u0049d\":6}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := parse(body)
		if len(body) > 10_000 || strings.Count(string(body), "[")+strings.Count(string(body), "{") > maxDepth {
			return // it may be too much
		}
		if good := utf8.Valid(body) && json.Valid(body); (err == nil) != good {
			t.Fatalf("%q: %v, and it is good: %v", body, err, good)
		}
		if err == nil {
			same(t, n, body)
		}
	})
}

func same(t *testing.T, n *node, raw []byte) {
	t.Helper()
	if got, want := strings.TrimSpace(string(n.raw)), strings.TrimSpace(string(raw)); got != want {
		t.Fatalf("%q, want %q", got, want)
	}
	switch n.kind() {
	case '{':
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		last := map[string]*node{}
		for _, m := range n.members {
			last[m.name] = m.value
		}
		if len(last) != len(members) {
			t.Fatalf("%d names, want %d", len(last), len(members))
		}
		for name, raw := range members {
			if last[name] == nil {
				t.Fatalf("no member %q", name)
			}
			same(t, last[name], raw)
		}
	case '[':
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			t.Fatal(err)
		}
		if len(items) != len(n.items) {
			t.Fatalf("%d items, want %d", len(n.items), len(items))
		}
		for i := range items {
			same(t, n.items[i], items[i])
		}
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil || text != n.text() {
			t.Fatalf("%q, want %q (%v)", n.text(), text, err)
		}
	}
}

// TestWhatIsTooMuchIsRefused is about bodies that would cost far more than they
// weigh.
func TestWhatIsTooMuchIsRefused(t *testing.T) {
	for text, want := range map[string]error{
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth):     nil,
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1): errDeep,
		strings.Repeat("[", 1_000_000):                                    errDeep,
		"[" + strings.Repeat("0,", maxValues-2) + "0]":                    nil,
		"[" + strings.Repeat("0,", maxValues) + "0]":                      errMany,
	} {
		if _, err := parse([]byte(text)); err != want { //nolint:errorlint // the very one
			t.Errorf("%.20s: %v, want %v", text, err, want)
		}
	}
}
