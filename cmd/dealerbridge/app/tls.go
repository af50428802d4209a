package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// certificateLook is how often the files are looked at, at most: a renewed
// certificate is served this much later.
const certificateLook = 5 * time.Second

// certificate serves the pair in two files and takes up a renewed one. While
// the files hold something broken, such as one of a pair half replaced, the
// pair before stays in force.
type certificate struct {
	files config.TLS
	now   func() time.Time
	log   *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  string
	looked time.Time
}

// openCertificate loads the pair once; what is wrong with it is said in words.
func openCertificate(files config.TLS, now func() time.Time, log *slog.Logger) (*certificate, error) {
	c := &certificate{files: files, now: now, log: log, looked: now()}
	stamp, err := c.read()
	if err != nil {
		return nil, err
	}
	pair, err := c.load()
	if err != nil {
		return nil, err
	}
	c.stamp, c.pair = stamp, pair
	if leaf := pair.Leaf; leaf != nil && now().After(leaf.NotAfter) {
		log.Warn("the certificate has expired; callers will refuse it", "file", files.Certificate, "expired", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return c, nil
}

// config is what the listener uses: TLS 1.2 at least (R113).
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current(), nil
		},
	}
}

// expires says when the certificate in force ends.
func (c *certificate) expires() time.Time {
	if leaf := c.current().Leaf; leaf != nil {
		return leaf.NotAfter
	}
	return time.Time{}
}

// current gives the pair in force, after a look at the files if the last one
// is long enough ago.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.looked) < certificateLook {
		return c.pair
	}
	c.looked = now
	stamp, err := c.read()
	if err == nil && stamp == c.stamp {
		return c.pair
	}
	var pair *tls.Certificate
	if err == nil {
		pair, err = c.load()
	}
	if err != nil {
		if stamp != c.stamp { // once for each change, not for each handshake
			c.log.Error("the renewed certificate cannot be used; the one before stays in force", "err", err)
		}
		c.stamp = stamp
		return c.pair
	}
	c.pair, c.stamp = pair, stamp
	if pair.Leaf != nil {
		c.log.Info("a renewed certificate is in force", "file", c.files.Certificate, "expires", pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return c.pair
}

// read gives what tells one state of the two files from another.
func (c *certificate) read() (string, error) {
	var stamp strings.Builder
	for _, name := range []string{c.files.Certificate, c.files.Key} {
		info, err := os.Stat(name)
		if err != nil {
			return "missing", fmt.Errorf("reading the certificate: %w", withoutVerb(err))
		}
		fmt.Fprintf(&stamp, "%d %d;", info.Size(), info.ModTime().UnixNano())
	}
	return stamp.String(), nil
}

func (c *certificate) load() (*tls.Certificate, error) {
	cert, err := os.ReadFile(c.files.Certificate)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", withoutVerb(err))
	}
	key, err := os.ReadFile(c.files.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate's key: %w", withoutVerb(err))
	}
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
		return &pair, nil
	case strings.Contains(err.Error(), "does not match"):
		return nil, fmt.Errorf("the key in %s does not belong to the certificate in %s", c.files.Key, c.files.Certificate)
	case strings.Contains(err.Error(), "found a certificate rather than a key"):
		return nil, fmt.Errorf("%s holds a certificate where the key is expected; the two files may be swapped", c.files.Key)
	case strings.Contains(err.Error(), "certificate input") || strings.Contains(err.Error(), "parse certificate"):
		return nil, fmt.Errorf("%s holds no certificate in PEM form", c.files.Certificate)
	default:
		return nil, fmt.Errorf("%s holds no usable private key in PEM form (an encrypted one cannot be used)", c.files.Key)
	}
}

// withoutVerb turns "open x: no such file or directory" into "x: no such file
// or directory".
func withoutVerb(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}
