// Package servertest owns what tests of the HTTP side share: a client that holds
// every answer against the specification. It knows no server; it is handed an
// address.
package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/openapi"
)

// Client asks a server and fails the test when an answer breaks the
// specification: its status, headers, media type and body.
type Client struct {
	TB    testing.TB
	Base  string       // address of the server, without a slash at the end
	Token string       // bearer token; empty: none is sent
	HTTP  *http.Client // nil: http.DefaultClient
}

// Answer is one answer, read to its end.
type Answer struct {
	tb     testing.TB
	Status int
	Header http.Header
	Body   []byte
}

// Option changes a request before it is sent.
type Option func(*http.Request)

// Header sets a header; an empty value removes it.
func Header(name, value string) Option {
	return func(r *http.Request) {
		if value == "" {
			r.Header.Del(name)
			return
		}
		r.Header.Set(name, value)
	}
}

// Get asks for a path with its query, as it stands in an address.
func (c *Client) Get(pathAndQuery string, opts ...Option) Answer {
	c.TB.Helper()
	return c.Do(http.MethodGet, pathAndQuery, opts...)
}

// Do asks with any method. The answer is held against the GET of the path, or,
// where the specification has none, against a problem.
func (c *Client) Do(method, pathAndQuery string, opts ...Option) Answer {
	c.TB.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, c.Base+pathAndQuery, nil)
	if err != nil {
		c.TB.Fatalf("%s %s: %v", method, pathAndQuery, err)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for _, o := range opts {
		o(req)
	}
	hc := c.HTTP
	if hc == nil {
		hc = http.DefaultClient
	}
	resp, err := hc.Do(req)
	if err != nil {
		c.TB.Fatalf("%s %s: %v", method, pathAndQuery, err)
	}
	body, err := io.ReadAll(resp.Body)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		c.TB.Fatalf("%s %s: reading the answer: %v", method, pathAndQuery, err)
	}
	a := Answer{tb: c.TB, Status: resp.StatusCode, Header: resp.Header, Body: body}
	if err := Conforms(req, a); err != nil {
		c.TB.Errorf("%s %s: the answer breaks the specification: %v\n%.2000s", method, pathAndQuery, err, body)
	}
	return a
}

// Conforms holds an answer against the specification.
func Conforms(req *http.Request, a Answer) error {
	doc, err := openapi.CRSDocument()
	if err != nil {
		return fmt.Errorf("reading the specification: %w", err)
	}
	switch req.URL.Path {
	case "/livez", "/readyz", "/metrics":
		if a.Status != http.StatusMethodNotAllowed {
			return nil // not part of the specification
		}
	}
	path, item := find(doc, req.URL)
	if item.Get == nil && a.Header.Get("Content-Type") == "application/problem+json" {
		// A path that is not served, or not with this method, is a problem
		// even where its own answers have another form.
		path, item = "", doc.Paths.Value("/api/v1/customer")
	}
	op := item.Get
	if op == nil {
		op = item.Post
	}
	if path == "" && a.Status < http.StatusBadRequest {
		return fmt.Errorf("status %d for a path the specification does not have", a.Status)
	}
	if a.Status >= http.StatusBadRequest && op.OperationID != "issueToken" {
		if err := conformsAsProblem(req, a); err != nil {
			return err
		}
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: req, Route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: req.Method, Operation: op},
		},
		Status: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if op.OperationID == "getDocument" && a.Status < http.StatusBadRequest {
		in.Options.ExcludeResponseBody = true // any bytes of any kind
	}
	if err := openapi3filter.ValidateResponse(req.Context(), in); err != nil {
		return fmt.Errorf("status %d: %w", a.Status, err)
	}
	return nil
}

// conformsAsProblem checks what the schema of a problem cannot say.
func conformsAsProblem(req *http.Request, a Answer) error {
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		return fmt.Errorf("status %d with Content-Type %q", a.Status, got)
	}
	if a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
		return fmt.Errorf("503 without Retry-After")
	}
	if a.Status == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") == "" {
		return fmt.Errorf("401 without WWW-Authenticate")
	}
	if a.Status == http.StatusMethodNotAllowed && a.Header.Get("Allow") == "" {
		return fmt.Errorf("405 without Allow")
	}
	if req.Method == http.MethodHead {
		return nil
	}
	var p model.Problem
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return fmt.Errorf("reading the problem: %w", err)
	}
	switch {
	case p.Status != int64(a.Status):
		return fmt.Errorf("the problem says status %d, the answer %d", p.Status, a.Status)
	case !strings.HasPrefix(p.Type, "urn:dealerbridge:problem:"):
		return fmt.Errorf("the problem is of type %q", p.Type)
	case p.RequestID == "" || p.RequestID != a.Header.Get("X-Request-Id"):
		return fmt.Errorf("the problem has request id %q, the answer %q", p.RequestID, a.Header.Get("X-Request-Id"))
	}
	return nil
}

// find returns the path of the specification an address belongs to. Addresses it
// does not have are held against the customer endpoint, whose answers other than
// success are those of all.
func find(doc *openapi3.T, u *url.URL) (string, *openapi3.PathItem) {
	asked := u.EscapedPath()
	if asked == "/api/v1" || asked == "/api/v1/" {
		asked = "/api/v1/customer" // R170
	}
	parts := strings.Split(asked, "/")
	for path, item := range doc.Paths.Map() {
		templates := strings.Split(path, "/")
		fits := len(templates) == len(parts)
		for i := 0; fits && i < len(parts); i++ {
			fits = templates[i] == parts[i] || strings.HasPrefix(templates[i], "{") && parts[i] != ""
		}
		if fits {
			return path, item
		}
	}
	return "", doc.Paths.Value("/api/v1/customer")
}

// Into decodes the body of a success and fails the test when it is none.
func (a Answer) Into(to any) {
	a.tb.Helper()
	if a.Status != http.StatusOK {
		a.tb.Fatalf("status %d, want 200: %.2000s", a.Status, a.Body)
	}
	dec := json.NewDecoder(bytes.NewReader(a.Body))
	if err := dec.Decode(to); err != nil {
		a.tb.Fatalf("reading the answer: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		a.tb.Fatal("something follows the answer")
	}
}

// Problem decodes the problem of an answer that must have a status.
func (a Answer) Problem(status int) model.Problem {
	a.tb.Helper()
	if a.Status != status {
		a.tb.Fatalf("status %d, want %d: %.2000s", a.Status, status, a.Body)
	}
	var p model.Problem
	if err := json.Unmarshal(a.Body, &p); err != nil {
		a.tb.Fatalf("reading the problem: %v", err)
	}
	return p
}

// Slug is the kind of a problem without what all kinds share.
func Slug(p model.Problem) string { return strings.TrimPrefix(p.Type, "urn:dealerbridge:problem:") }
