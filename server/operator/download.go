package operator

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// VisitGetRequestFileResponse implements the generated interface. The type a
// sender claims is told in lists alone: here everything is a file to keep.
func (d download) VisitGetRequestFileResponse(w http.ResponseWriter) (err error) {
	defer func() { err = errors.Join(err, d.file.Close()) }()
	content, err := io.ReadAll(d.file)
	if err != nil {
		return fmt.Errorf("reading a file of a request: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("sending a file of a request: %w", err)
	}
	return nil
}
