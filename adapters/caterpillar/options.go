package caterpillar

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Options are how a service is called. The zero value is how it is done in
// production.
type Options struct {
	Now       func() time.Time // the clock; nil: the machine's
	Log       *slog.Logger     // told of repeated tries; nil: nobody is
	Transport http.RoundTripper
	// Wait ends after that time or with the context's error; nil: a timer.
	Wait func(context.Context, time.Duration) error
	// Tries is how often a call is tried before it fails, at least 1; 0 is the
	// service's own number, for leads 5 (R100).
	Tries int
	// RefusedIsFinal ends a call at once when the token service knows the client
	// or its secret not: for a person who waits and can mend it. Without it that
	// is tried again like everything else, for it passes when secrets are changed.
	RefusedIsFinal bool
	// Pause comes after the first try and doubles with each further one up to
	// LongestPause; each is varied by a little less than a third of it, so that
	// many clients do not come back together and none is shorter than the one
	// before. 0: a second, a minute.
	Pause, LongestPause time.Duration
	// LongestWait is the longest Retry-After that is waited for; a call that
	// would have to wait longer fails at once and says so. 0: five minutes.
	LongestWait time.Duration
	// Timeout bounds one try, reading of the answer included. 0: two minutes.
	Timeout time.Duration
	// MaxAnswer bounds an answer in bytes. 0: 128 MiB, more than a hundred
	// leads with every member full (R43).
	MaxAnswer int64
}

func (o Options) withDefaults(tries int) Options {
	set := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	set(&o.Pause, time.Second)
	set(&o.LongestPause, time.Minute)
	set(&o.LongestWait, 5*time.Minute)
	set(&o.Timeout, 2*time.Minute)
	if o.Tries <= 0 {
		o.Tries = tries
	}
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = 128 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Transport == nil {
		o.Transport = transport()
	}
	return o
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// transport makes a new connection for every call (R22). On a kept one the
// standard library repeats a GET by itself when the connection ends without an
// answer; the leads of the unseen answer would be gone without anybody knowing.
func transport() http.RoundTripper {
	var only http.Protocols
	only.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    15 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
		Protocols:              &only,
	}
}

// httpClient follows no redirect: it would carry a token elsewhere, or turn
// updates into a fetch of leads.
func (o Options) httpClient() *http.Client {
	return &http.Client{
		Transport:     o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
