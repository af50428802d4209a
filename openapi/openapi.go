// Package openapi owns the handwritten specifications, the only place where an API's shape is decided, and hands them
// out as bytes and as parsed documents. It knows nothing of the code that is generated from them or serves them.
package openapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed crs/openapi.yaml
var crs []byte

//go:embed lead/openapi.yaml
var lead []byte

//go:embed qr/openapi.yaml
var qr []byte

//go:embed operator/openapi.yaml
var operator []byte

// Each document is read once, by whoever asks first.
var (
	crsDocument      = once("crs/openapi.yaml", crs)
	leadDocument     = once("lead/openapi.yaml", lead)
	qrDocument       = once("qr/openapi.yaml", qr)
	operatorDocument = once("operator/openapi.yaml", operator)
)

// CRS returns the specification of what the Cat Rental Store calls on the gateway, as it stands in the repository. The
// bytes are the caller's own.
func CRS() []byte { return bytes.Clone(crs) }

// CRSDocument returns that specification parsed, resolved and validated. It is read once; all callers share the same
// document and must not change it.
func CRSDocument() (*openapi3.T, error) { return crsDocument() }

// Lead returns the specification of PP+ Lead API V2 as the gateway calls it. The bytes are the caller's own.
func Lead() []byte { return bytes.Clone(lead) }

// LeadDocument returns that specification as CRSDocument does.
func LeadDocument() (*openapi3.T, error) { return leadDocument() }

// QR returns the specification of the QR code associations as the gateway asks for them. The bytes are the caller's own.
func QR() []byte { return bytes.Clone(qr) }

// QRDocument returns that specification as CRSDocument does.
func QRDocument() (*openapi3.T, error) { return qrDocument() }

// Operator returns the specification of the gateway's own API for those who run it. The bytes are the caller's own.
func Operator() []byte { return bytes.Clone(operator) }

// OperatorDocument returns that specification as CRSDocument does.
func OperatorDocument() (*openapi3.T, error) { return operatorDocument() }

func once(name string, text []byte) func() (*openapi3.T, error) {
	return sync.OnceValues(func() (*openapi3.T, error) { return load(name, text) })
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
