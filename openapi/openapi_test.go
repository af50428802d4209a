package openapi_test

import (
	"testing"

	"github.com/dealerbridge/dealerbridge/openapi"
)

func TestCRS(t *testing.T) {
	t.Run("IsAValidDocument", func(t *testing.T) {
		doc, err := openapi.CRSDocument()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := doc.OpenAPI, "3.0.3"; got != want {
			t.Errorf("version %q, want %q", got, want)
		}
	})
	t.Run("BytesAreTheCallersOwn", func(t *testing.T) {
		first := openapi.CRS()
		first[0] = 'X'
		if openapi.CRS()[0] == 'X' {
			t.Error("a caller's change reached the embedded text")
		}
	})
}
