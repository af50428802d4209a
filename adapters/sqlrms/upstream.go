package sqlrms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/database"
)

// maxDocument bounds a document that is fetched from another server, in bytes.
const maxDocument = 64 << 20

// How long a connection to that server may take, and how long one is kept.
const (
	documentConnect = 5 * time.Second
	documentIdle    = 90 * time.Second
)

// redirectsMost are followed, all on the one server.
const redirectsMost = 3

// upstream fetches documents from the server a mapping names.
type upstream struct {
	client   *http.Client
	own      *http.Transport
	settings *Upstream
	limit    time.Duration
	most     int64 // bytes of one document
}

func newUpstream(c *Config) *upstream {
	own := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     documentIdle,
		TLSHandshakeTimeout: documentConnect,
	}
	u := &upstream{own: own, settings: c.Upstream, limit: cmp.Or(c.StatementTimeout, database.DefaultLimit), most: maxDocument}
	u.client = &http.Client{Transport: own, CheckRedirect: func(next *http.Request, before []*http.Request) error {
		first := before[0].URL
		if len(before) > redirectsMost || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
			return http.ErrUseLastResponse // and so no document
		}
		return nil
	}}
	return u
}

func (u *upstream) close() { u.own.CloseIdleConnections() }

// fetch copies a document into a temporary file, so that it can be read at any
// place and is whole before a byte of it is sent on. host is the only server,
// with its scheme, that may be asked.
func (u *upstream) fetch(ctx context.Context, address, host string) (adapters.Document, error) {
	target, ok := addressOn(address, host)
	if !ok {
		return adapters.Document{}, adapters.ErrNotFound
	}
	limited, cancel := context.WithTimeout(ctx, u.limit)
	defer cancel()
	d, err := u.get(limited, target)
	switch {
	case err == nil, errors.Is(err, adapters.ErrNotFound), errors.Is(err, adapters.ErrUnavailable):
		return d, err
	case errors.Is(ctx.Err(), context.Canceled):
		return adapters.Document{}, context.Canceled
	case limited.Err() != nil:
		return adapters.Document{}, unavailable("time limit exceeded while a document was fetched")
	}
	return adapters.Document{}, unavailable("the server of the documents does not answer")
}

// addressOn checks an address that was made of a row. Nothing in the row may
// lead to another server or out of the path by dots.
func addressOn(address, host string) (*url.URL, bool) {
	target, err := url.Parse(address)
	if err != nil || host == "" || target.Scheme+"://"+target.Host != host || target.User != nil {
		return nil, false
	}
	for _, step := range strings.FieldsFunc(target.Path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if step == ".." || step == "." {
			return nil, false
		}
	}
	target.Fragment = ""
	return target, true
}

func (u *upstream) get(ctx context.Context, target *url.URL) (d adapters.Document, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return d, adapters.ErrNotFound
	}
	if s := u.settings; s != nil {
		for name, value := range s.Header {
			request.Header.Set(name, value)
		}
		if s.User != "" {
			request.SetBasicAuth(s.User, s.Password)
		}
	}
	answer, err := u.client.Do(request)
	if err != nil {
		return d, err
	}
	defer func() {
		if cerr := answer.Body.Close(); cerr != nil && err == nil {
			err = errors.Join(cerr, d.Content.Close())
		}
	}()
	switch {
	case answer.StatusCode == http.StatusNotFound, answer.StatusCode == http.StatusGone:
		return d, adapters.ErrNotFound
	case answer.StatusCode != http.StatusOK:
		return d, unavailable(fmt.Sprintf("the server of the documents answered with status %d", answer.StatusCode))
	case answer.ContentLength > u.most:
		return d, unavailable("a document is larger than the gateway fetches")
	}
	content, err := u.keep(answer.Body, answer.ContentLength)
	if err != nil {
		return d, err
	}
	d = adapters.Document{Content: content}
	if base := path.Base(target.Path); base != "/" && base != "." {
		d.Name = base
	}
	if modified, err := http.ParseTime(answer.Header.Get("Last-Modified")); err == nil {
		d.Modified = modified
	}
	return d, nil
}

// keep reads a whole body into a temporary file.
func (u *upstream) keep(body io.Reader, announced int64) (content *temporary, err error) {
	file, err := os.CreateTemp("", "dealerbridge-document-*")
	if err != nil {
		return nil, unavailable("a fetched document cannot be kept on this machine's disk")
	}
	content = &temporary{file}
	defer func() {
		if err != nil {
			err = errors.Join(err, content.Close())
			content = nil
		}
	}()
	n, err := io.Copy(keeper{file}, io.LimitReader(body, u.most+1))
	switch {
	case err != nil:
		return content, err
	case n > u.most:
		return content, unavailable("a document is larger than the gateway fetches")
	case announced >= 0 && n != announced:
		return content, unavailable("a document broke off while it was fetched")
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return content, unavailable("a fetched document cannot be read again")
	}
	return content, nil
}

// keeper tells a full disk here from a broken answer there.
type keeper struct{ file *os.File }

func (k keeper) Write(p []byte) (int, error) {
	n, err := k.file.Write(p)
	if err != nil {
		return n, unavailable("a fetched document cannot be kept on this machine's disk")
	}
	return n, nil
}

// temporary is a file that ends with its reader.
type temporary struct{ *os.File }

// Close closes the file and removes it.
func (t *temporary) Close() error {
	return errors.Join(t.File.Close(), os.Remove(t.Name()))
}
