package caterpillar_test

import (
	"encoding/json"
	"testing"

	"github.com/dealerbridge/dealerbridge/openapi"
)

// BenchmarkRead is a hundred leads with every member filled.
func BenchmarkRead(b *testing.B) {
	doc, err := openapi.LeadDocument()
	if err != nil {
		b.Fatal(err)
	}
	lead := map[string]any{}
	for name, ref := range doc.Components.Schemas["Lead"].Value.Properties {
		lead[name] = ref.Value.Example
	}
	all := make([]any, 100)
	for i := range all {
		all[i] = lead
	}
	body, err := json.Marshal(all)
	if err != nil {
		b.Fatal(err)
	}
	l := offline(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if got, err := l.Reread(body); err != nil || len(got) != len(all) || len(got[0].Notes) > 0 {
			b.Fatal(err, len(got))
		}
	}
}
