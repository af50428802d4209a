// Package document owns how a document of a contract or an invoice is sent:
// whole or in ranges, never cut short without the caller noticing, and always
// as the kind of file the dealer's system said it is.
//
// It knows no file system, no URL and no database; it is handed an open reader.
package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server/problem"
)

// Stall is how long opening, or one read or write, may take unless the caller
// of Open says otherwise.
const Stall = 25 * time.Second

type requestKey struct{}

// WithRequest returns a context that carries the request a document is asked
// for with; ranges and conditions are read from it.
func WithRequest(r *http.Request) context.Context {
	return context.WithValue(r.Context(), requestKey{}, r)
}

// Answer is an open document about to be sent. It must be sent or closed.
type Answer struct {
	req    *http.Request
	doc    adapters.Document
	size   int64
	stall  *stall
	cancel context.CancelCauseFunc
	ctx    context.Context
}

// Open opens a document for the request in ctx. An unknown one is
// problem.ErrNoDocument; other errors are the adapter's. stall bounds opening
// and every single read and write, not the whole.
func Open(ctx context.Context, docs adapters.DocumentReader, kind adapters.DocumentKind, id string, limit time.Duration) (*Answer, error) {
	req, ok := ctx.Value(requestKey{}).(*http.Request)
	if !ok {
		return nil, errors.New("a document was asked for without its request")
	}
	if limit <= 0 {
		limit = Stall
	}
	ctx, cancel := context.WithCancelCause(ctx)
	a := &Answer{req: req, ctx: ctx, cancel: cancel, stall: newStall(limit, cancel)}
	err := a.open(docs, kind, id)
	if err != nil {
		err = errors.Join(err, a.Close())
		if errors.Is(err, adapters.ErrNotFound) {
			return nil, fmt.Errorf("document: %w", problem.ErrNoDocument)
		}
		return nil, fmt.Errorf("document: %w", err)
	}
	return a, nil
}

func (a *Answer) open(docs adapters.DocumentReader, kind adapters.DocumentKind, id string) (err error) {
	if a.doc, err = docs.Document(a.ctx, kind, id); err != nil {
		return a.cause(err)
	}
	if a.doc.Content == nil {
		return errors.New("the adapter opened a document without content")
	}
	if a.size, err = a.doc.Content.Seek(0, io.SeekEnd); err == nil {
		_, err = a.doc.Content.Seek(0, io.SeekStart)
	}
	if err != nil {
		return a.cause(fmt.Errorf("%w: finding the document's size: %w", adapters.ErrUnavailable, err))
	}
	a.stall.rest()
	return nil
}

// cause adds why the document's context ended, if it did, to an error.
func (a *Answer) cause(err error) error {
	if why := context.Cause(a.ctx); why != nil && !errors.Is(err, why) {
		return fmt.Errorf("%w: %w", err, why)
	}
	return err
}

// Close releases the document; further calls do nothing.
func (a *Answer) Close() error {
	a.stall.end()
	a.cancel(nil)
	if a.doc.Content == nil {
		return nil
	}
	c := a.doc.Content
	a.doc.Content = nil
	if err := c.Close(); err != nil {
		return fmt.Errorf("closing the document: %w", err)
	}
	return nil
}

// VisitGetDocumentResponse sends the document and closes it. An error means that
// nothing was sent; a failure in mid-stream breaks the connection
// (http.ErrAbortHandler), so that a part can never pass for the whole.
func (a *Answer) VisitGetDocumentResponse(w http.ResponseWriter) error {
	// What is left to close was read to the end, or failed with a better
	// reason; an error of closing changes nothing for the caller.
	defer func() { _ = a.Close() }()

	h := w.Header()
	h.Set("Content-Type", mediaType(a.doc.Type))
	h.Set("Content-Disposition", disposition(a.doc.Name))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if !a.doc.Modified.IsZero() {
		h.Set("Etag", `"`+strconv.FormatInt(a.doc.Modified.UnixMicro(), 36)+"-"+strconv.FormatInt(a.size, 36)+`"`)
	}
	out := &late{ResponseWriter: w, stall: a.stall, rc: http.NewResponseController(w)}
	in := &watched{ReadSeeker: a.doc.Content, stall: a.stall}
	http.ServeContent(out, a.req, "", a.doc.Modified, in)

	switch {
	case in.err != nil && out.begun, out.err != nil:
		panic(http.ErrAbortHandler)
	case in.err != nil:
		return a.cause(fmt.Errorf("%w: reading the document: %w", adapters.ErrUnavailable, in.err))
	case out.begun:
		if out.short() {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
	switch out.status {
	case http.StatusRequestedRangeNotSatisfiable:
		return &problem.RangeError{Size: a.size}
	case http.StatusPreconditionFailed:
		return problem.ErrPrecondition
	}
	if out.status >= http.StatusBadRequest {
		return fmt.Errorf("sending the document was refused with %d", out.status)
	}
	if a.req.Method != http.MethodHead && out.want > 0 {
		return fmt.Errorf("%w: the document is shorter than it was", adapters.ErrUnavailable)
	}
	w.WriteHeader(out.status)
	return nil
}

// mediaType is what the adapter says, or bytes of no known kind. Nothing is
// guessed from the content.
func mediaType(said string) string {
	if _, _, err := mime.ParseMediaType(said); err != nil {
		return "application/octet-stream"
	}
	return said
}
