package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/server"
	"github.com/dealerbridge/dealerbridge/server/servertest"
)

const pdf = "%PDF-1.7 a made-up contract, signed by nobody at all"

func TestDocument(t *testing.T) {
	t.Run("WholeFile", func(t *testing.T) {
		h := open(t)
		h.d100.put("contract", "K1", pdf)
		a := h.Get("/api/v1/document/contract/K1?DEALER=D100")
		if a.Status != 200 || string(a.Body) != pdf {
			t.Fatalf("status %d: %s", a.Status, a.Body)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="K1.pdf"`,
			"X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes", "Cache-Control": "no-store",
			"Last-Modified": "Mon, 02 Mar 2026 09:15:00 GMT", "Content-Length": fmt.Sprint(len(pdf)),
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s %q, want %q", name, got, want)
			}
		}
	})
	t.Run("RangesAndConditions", func(t *testing.T) {
		h := open(t)
		tag := func() string {
			h.d100.put("invoice", "R1", pdf)
			return h.Get("/api/v1/document/invoice/R1").Header.Get("ETag")
		}()
		for _, c := range []struct {
			header, value string
			status        int
			body          string
		}{
			{"Range", "bytes=0-3", 206, pdf[:4]},
			{"Range", "bytes=-4", 206, pdf[len(pdf)-4:]},
			{"Range", "bytes=5-", 206, pdf[5:]},
			{"If-None-Match", tag, 304, ""},
			{"If-None-Match", `"other"`, 200, pdf},
			{"If-Modified-Since", "Mon, 02 Mar 2026 09:15:00 GMT", 304, ""},
			{"If-Modified-Since", "Mon, 02 Mar 2026 09:14:59 GMT", 200, pdf},
			{"If-Modified-Since", "nonsense", 200, pdf},
		} {
			h.d100.put("invoice", "R1", pdf)
			a := h.Get("/api/v1/document/invoice/R1", servertest.Header(c.header, c.value))
			if a.Status != c.status || string(a.Body) != c.body {
				t.Errorf("%s %s: %d %q, want %d %q", c.header, c.value, a.Status, a.Body, c.status, c.body)
			}
		}
		for _, value := range []string{"bytes=1000-", "bytes=9-1", "lines=1-2", "bytes=x", "bytes=99999999999999999999-"} {
			h.d100.put("invoice", "R1", pdf)
			a := h.Get("/api/v1/document/invoice/R1", servertest.Header("Range", value))
			if got := servertest.Slug(a.Problem(416)); got != "range-not-satisfiable" || a.Header.Get("Content-Range") != fmt.Sprintf("bytes */%d", len(pdf)) {
				t.Errorf("%s: %s, %q", value, got, a.Header.Get("Content-Range"))
			}
			if a.Header.Get("Content-Disposition") != "" || a.Header.Get("ETag") != "" {
				t.Errorf("%s: the problem has headers of the document", value)
			}
		}
		h.d100.put("invoice", "R1", pdf)
		h.Get("/api/v1/document/invoice/R1", servertest.Header("If-Match", `"other"`)).Problem(412)
		h.Get("/api/v1/document/invoice/R1", servertest.Header("Range", "bytes="+strings.Repeat("0-1,", 60)+"2-3")).Problem(400)
	})
	t.Run("HeadHasTheHeadersAlone", func(t *testing.T) {
		h := open(t)
		h.d100.put("contract", "K1", pdf)
		a := h.Do("HEAD", "/api/v1/document/contract/K1")
		if a.Status != 200 || len(a.Body) != 0 || a.Header.Get("Content-Length") != fmt.Sprint(len(pdf)) {
			t.Errorf("status %d, %d bytes, Content-Length %q", a.Status, len(a.Body), a.Header.Get("Content-Length"))
		}
		if a := h.Do("HEAD", "/api/v1/document/contract/K2"); a.Status != 404 {
			t.Errorf("HEAD of an unknown one: %d", a.Status)
		}
		if a := h.as("").Do("HEAD", "/api/v1/document/contract/K1"); a.Status != 401 {
			t.Errorf("HEAD without a token: %d", a.Status)
		}
	})
	t.Run("KindAndNameAreTheAdapters", func(t *testing.T) {
		h := open(t)
		for _, c := range []struct{ name, kind, wantName, wantKind string }{
			{"R 1.pdf", "application/pdf", `filename="R 1.pdf"`, "application/pdf"},
			{"", "", `filename="document"`, "application/octet-stream"},
			{"..", "nonsense;;", `filename="document"`, "application/octet-stream"},
			{`a"b\c/d:e.pdf`, "text/html", `filename="a_b_c_d_e.pdf"; filename*=UTF-8''a%22b_c_d_e.pdf`, "text/html"},
			{"x\r\nSet-Cookie: y.pdf", "image/png", `filename="xSet-Cookie_ y.pdf"`, "image/png"},
			{"Vertrag Müller €.pdf", "application/pdf", `filename="Vertrag M_ller _.pdf"; filename*=UTF-8''Vertrag%20M%C3%BCller%20%E2%82%AC.pdf`, "application/pdf"},
			{"\xff.pdf", "application/pdf", `filename="_.pdf"`, "application/pdf"},
			{strings.Repeat("ü", 100), "application/pdf", `filename="` + strings.Repeat("_", 75) + `"; filename*=UTF-8''` + strings.Repeat("%C3%BC", 75), "application/pdf"},
		} {
			h.d100.put("contract", "K1", "<script>")
			d := h.d100.files["contract/K1"]
			d.Name, d.Type = c.name, c.kind
			h.d100.files["contract/K1"] = d
			a := h.Get("/api/v1/document/contract/K1")
			if got := a.Header.Get("Content-Disposition"); got != "attachment; "+c.wantName {
				t.Errorf("%q: %s, want %s", c.name, got, c.wantName)
			}
			if got := a.Header.Get("Content-Type"); got != c.wantKind {
				t.Errorf("%q: %s, want %s", c.kind, got, c.wantKind)
			}
		}
	})
	t.Run("EmptyFileAndUnknownAge", func(t *testing.T) {
		h := open(t)
		h.d100.put("contract", "K1", "")
		d := h.d100.files["contract/K1"]
		d.Modified = time.Time{}
		h.d100.files["contract/K1"] = d
		a := h.Get("/api/v1/document/contract/K1")
		if a.Status != 200 || len(a.Body) != 0 || a.Header.Get("Last-Modified") != "" || a.Header.Get("ETag") != "" {
			t.Errorf("status %d, headers %v", a.Status, a.Header)
		}
	})
}

// shaky is a document whose reading goes wrong at some byte.
type shaky struct {
	io.ReadSeeker
	from   int64 // byte at which reading goes wrong
	at     int64
	err    error
	seek   error
	before func()
	closed *int
}

func (s *shaky) Read(p []byte) (int, error) {
	if s.at >= s.from {
		if s.before != nil {
			s.before()
		}
		return 0, s.err
	}
	if left := s.from - s.at; int64(len(p)) > left {
		p = p[:left]
	}
	n, err := s.ReadSeeker.Read(p)
	s.at += int64(n)
	return n, err
}

func (s *shaky) Seek(offset int64, whence int) (int64, error) {
	if s.seek != nil {
		return 0, s.seek
	}
	at, err := s.ReadSeeker.Seek(offset, whence)
	s.at = at
	return at, err
}

func (s *shaky) Close() error { *s.closed++; return nil }

func TestDocumentFailures(t *testing.T) {
	long := strings.Repeat("x", 300_000)
	put := func(h *house, s shaky) *int {
		s.ReadSeeker, s.closed = strings.NewReader(long), new(int)
		h.d100.files["contract/K1"] = adapters.Document{Name: "K1.pdf", Type: "application/pdf", Content: &s}
		return s.closed
	}
	t.Run("BeforeTheFirstByteIsAProblem", func(t *testing.T) {
		h := open(t)
		for _, s := range []shaky{
			{err: errors.New("upstream at 10.1.2.3 broke")},
			{err: io.ErrUnexpectedEOF},
			{seek: errors.New("cannot seek"), from: 10},
			{err: io.EOF}, // shorter than it was
		} {
			closed := put(h, s)
			a := h.Get("/api/v1/document/contract/K1")
			if got := servertest.Slug(a.Problem(503)); got != "dealer-system-unavailable" {
				t.Errorf("problem %q", got)
			}
			if *closed != 1 {
				t.Errorf("closed %d times", *closed)
			}
		}
	})
	t.Run("InMidStreamBreaksTheConnection", func(t *testing.T) {
		h := open(t)
		for _, err := range []error{errors.New("broke"), io.ErrUnexpectedEOF, io.EOF} {
			closed := put(h, shaky{from: 200_000, err: err})
			resp, reqErr := h.request(t.Context(), "/api/v1/document/contract/K1")
			if reqErr != nil {
				continue // broken before the headers were through
			}
			body, readErr := io.ReadAll(resp.Body)
			if closeErr := resp.Body.Close(); closeErr != nil {
				t.Error(closeErr)
			}
			if readErr == nil {
				t.Errorf("%v: %d bytes passed for the whole", err, len(body))
			}
			if *closed != 1 {
				t.Errorf("%v: closed %d times", err, *closed)
			}
		}
	})
	t.Run("ErrorsOfOpeningAreProblems", func(t *testing.T) {
		h := open(t)
		for err, want := range map[error]string{
			adapters.ErrNotFound: "404 no-such-document", adapters.ErrUnavailable: "503 dealer-system-unavailable",
			adapters.ErrMapping: "503 dealer-mapping-faulty", errors.New("x"): "500 internal",
		} {
			h.d100.fail("Document", err)
			a := h.Get("/api/v1/document/contract/K1")
			if got := fmt.Sprint(a.Status, " ", servertest.Slug(a.Problem(a.Status))); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
	t.Run("NoContentIsAnInternalError", func(t *testing.T) {
		h := open(t)
		h.d100.files["contract/K1"] = adapters.Document{Name: "K1.pdf"}
		h.Get("/api/v1/document/contract/K1").Problem(500)
	})
	t.Run("StandstillEndsTheOpening", func(t *testing.T) {
		h := open(t, func(o *server.Options) { o.RequestTimeout = 20 * time.Millisecond })
		h.d100.on = func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}
		a := h.Get("/api/v1/document/contract/K1")
		if a.Status != 503 {
			t.Errorf("status %d: %s", a.Status, a.Body)
		}
	})
	t.Run("StandstillEndsTheReading", func(t *testing.T) {
		h := open(t, func(o *server.Options) { o.RequestTimeout = 50 * time.Millisecond })
		over := make(chan struct{})
		var opened context.Context
		h.d100.on = func(ctx context.Context, _ string) error { opened = ctx; return nil }
		put(h, shaky{from: 0, err: errors.New("the connection was cut"), before: func() {
			<-opened.Done() // reading hangs until the gateway gives up
			close(over)
		}})
		if got := servertest.Slug(h.Get("/api/v1/document/contract/K1").Problem(503)); got != "dealer-system-unavailable" {
			t.Errorf("problem %q", got)
		}
		<-over
	})
}
