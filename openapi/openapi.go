// Package openapi owns the handwritten specifications, the only place where an API's shape is decided, and hands them
// out as bytes and as parsed documents. It knows nothing of the code that is generated from them or serves them.
package openapi

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed crs/openapi.yaml
var crs []byte

var crsDocument = sync.OnceValues(func() (*openapi3.T, error) {
	return load("crs/openapi.yaml", crs)
})

// CRS returns the specification of what the Cat Rental Store calls on the gateway, as it stands in the repository. The
// bytes are the caller's own.
func CRS() []byte {
	return append([]byte(nil), crs...)
}

// CRSDocument returns that specification parsed, resolved and validated. It is read once; all callers share the same
// document and must not change it.
func CRSDocument() (*openapi3.T, error) {
	return crsDocument()
}

// load parses and validates one embedded specification. References to other files or hosts are refused, so that the
// file says everything.
func load(name string, text []byte) (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = false
	doc, err := loader.LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("reading specification %s: %w", name, err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, fmt.Errorf("checking specification %s: %w", name, err)
	}
	return doc, nil
}
