package operator

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/dealerbridge/dealerbridge/server/problem"
)

// VisitGetRequestFileResponse implements the generated interface. The type a
// sender claims is told in lists alone: here everything is a file to keep.
func (d download) VisitGetRequestFileResponse(w http.ResponseWriter) (err error) {
	defer func() { err = errors.Join(err, d.file.Close()) }()
	content, err := io.ReadAll(d.file)
	var wrong base64.CorruptInputError
	switch {
	case errors.As(err, &wrong), errors.Is(err, io.ErrUnexpectedEOF):
		return problem.Refused("the file came as something that is no base64 and cannot be read; ask the sender for it again")
	case err != nil:
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
