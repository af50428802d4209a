package main_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/memory"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/crs/model"
)

// certify writes a certificate for 127.0.0.1 and returns what trusts it.
func certify(t *testing.T, files config.TLS) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		files.Certificate: {Type: "CERTIFICATE", Bytes: der}, files.Key: {Type: "PRIVATE KEY", Bytes: raw},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trusted, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(trusted)
	return pool
}

// alive asks /livez on a connection of its own.
func alive(t *testing.T, g *gateway, c *tls.Config) error {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.base+"/livez", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	if err != nil {
		return err
	}
	return errors.Join(res.Body.Close(), wantStatus(res.StatusCode, http.StatusOK))
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	files := config.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	first := certify(t, files)
	c := serving(prairie(t, "D100"))
	c.TLS = &files
	g := start(t, c)

	t.Run("ServesHTTPS", func(t *testing.T) {
		if err := alive(t, g, &tls.Config{RootCAs: first, MinVersion: tls.VersionTLS12}); err != nil {
			t.Error(err)
		}
	})
	t.Run("RefusesTLS11AndPlainHTTP", func(t *testing.T) {
		old := &tls.Config{RootCAs: first, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		if err := alive(t, g, old); err == nil {
			t.Error("TLS 1.1 was accepted")
		}
		plain := *g
		plain.base = strings.Replace(g.base, "https://", "http://", 1)
		if err := alive(t, &plain, nil); err == nil {
			t.Error("plain HTTP was accepted")
		}
	})
	t.Run("TakesARenewedCertificateUp", func(t *testing.T) {
		second := certify(t, files)
		g.clock.advance(time.Minute)
		if err := alive(t, g, &tls.Config{RootCAs: second, MinVersion: tls.VersionTLS12}); err != nil {
			t.Error(err)
		}
		g.log.wait(t, "renewed certificate")
	})
	t.Run("AKeyThatDoesNotBelongIsAFaultOfTheConfiguration", func(t *testing.T) {
		wrong := c
		other := config.TLS{Certificate: filepath.Join(dir, "c2.pem"), Key: filepath.Join(dir, "k2.pem")}
		certify(t, other)
		wrong.TLS = &config.TLS{Certificate: files.Certificate, Key: other.Key}
		wrong.Listen, wrong.State.Path = "127.0.0.1:0", filepath.Join(dir, "state")
		_, err := app.Open(t.Context(), app.Options{Config: wrong, File: "dealerbridge.yaml", Log: discard, Now: time.Now})
		if err == nil || !strings.Contains(err.Error(), "dealerbridge.yaml: tls: the key in") {
			t.Errorf("got %v", err)
		}
	})
}

// slow is a dealer's system that answers when it is told.
type slow struct {
	*memory.Adapter
	asked  chan struct{}
	answer chan struct{}
}

func (s *slow) Customer(ctx context.Context, number string) (model.Customer, error) {
	s.asked <- struct{}{}
	select {
	case <-s.answer:
		return s.Adapter.Customer(ctx, number)
	case <-ctx.Done():
		return model.Customer{}, fmt.Errorf("%w: %w", adapters.ErrUnavailable, ctx.Err())
	}
}

type slowConfig struct{ *slow }

func (c slowConfig) Open(ctx context.Context, env adapters.Env) (adapters.Adapter, error) {
	a, err := memory.Open(ctx, env, memory.Data{Customers: []model.Customer{{CustomerID: "0000412", CustomerName: "Slow but there"}}})
	c.Adapter = a
	return c.slow, err
}

// unhurried starts a gateway over a slow dealer.
func unhurried(t *testing.T, change func(*config.Config)) (*gateway, *slow) {
	t.Helper()
	s := &slow{asked: make(chan struct{}, 10), answer: make(chan struct{})}
	c := serving(config.Dealer{Code: "D100", Database: config.Database{Driver: "slow"}})
	change(&c)
	g := start(t, c, func(o *app.Options) {
		o.Adapters = map[string]app.Factory{"slow": func(config.Dealer) (adapters.Config, error) { return slowConfig{s}, nil }}
	})
	return g, s
}

func TestGracefulStop(t *testing.T) {
	t.Run("RequestsInFlightFinishWhileReadinessFails", func(t *testing.T) {
		g, s := unhurried(t, func(c *config.Config) { c.StopDelay = 3 * time.Second })
		pull := g.as("crs", "D100")
		if status, _ := g.ready(); status != http.StatusOK {
			t.Errorf("readiness is %d before", status)
		}
		var asking sync.WaitGroup
		var got int
		asking.Go(func() { got = pull.Get("/api/v1/customer?customer=0000412").Status })
		<-s.asked
		stopped := make(chan error, 1)
		go func() { stopped <- g.stop() }()
		eventually(t, "readiness fails", func() error { status, _ := g.ready(); return wantStatus(status, http.StatusServiceUnavailable) })
		select {
		case err := <-stopped:
			t.Fatalf("it stopped with a request in flight: %v", err)
		default:
		}
		close(s.answer)
		asking.Wait()
		if got != http.StatusOK {
			t.Errorf("the request in flight was answered %d", got)
		}
	})
	t.Run("RequestsThatTakeTooLongAreEnded", func(t *testing.T) {
		g, s := unhurried(t, func(c *config.Config) { c.StopTimeout = 50 * time.Millisecond })
		bearer := g.token("crs", g.addClient("crs", "D100"))
		failed := make(chan error, 1)
		go func() {
			req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, g.base+"/api/v1/customer?customer=0000412", nil)
			if err != nil {
				failed <- err
				return
			}
			req.Header.Set("Authorization", "Bearer "+bearer)
			res, err := g.http.Do(req)
			if err == nil {
				err = errors.Join(res.Body.Close(), fmt.Errorf("it was answered %d", res.StatusCode))
			}
			failed <- err
		}()
		<-s.asked
		err := g.stop()
		if err == nil || !strings.Contains(err.Error(), "still running") {
			t.Errorf("got %v", err)
		}
		if err := <-failed; err == nil || strings.Contains(err.Error(), "answered 200") {
			t.Errorf("got %v", err)
		}
		g.stop = func() error { return nil } // told already
	})
}

func TestListen(t *testing.T) {
	taken, err := app.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	_, err = app.Listen(t.Context(), taken.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "another program listens on "+taken.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

// TestDocumentsNeedTheirSettings: a mapping that serves documents needs the
// public address and the folder they lie in.
func TestDocumentsNeedTheirSettings(t *testing.T) {
	for want, change := range map[string]func(*config.Config){
		"dealerbridge.yaml:7:1: publicURL: is missing: dealer D100 serves documents": func(c *config.Config) { c.PublicURL = "" },
		"dealerbridge.yaml:7:1: documents: is missing: dealer D100 takes documents":  func(c *config.Config) { c.Dealers[0].Documents = "" },
	} {
		d := prairie(t, "D100")
		d.Line = 7
		c := serving(d)
		c.Listen, c.PublicURL, c.State.Path = "127.0.0.1:0", "https://rental.prairie.example", filepath.Join(t.TempDir(), "state")
		change(&c)
		_, err := app.Open(t.Context(), app.Options{Config: c, File: "dealerbridge.yaml", Log: discard, Now: time.Now})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestHeads: what is no HTTP, or too much of it, is refused and leaves the
// gateway well.
func TestHeads(t *testing.T) {
	g := start(t, serving(prairie(t, "D100")))
	for name, raw := range map[string]string{
		"Nonsense":     "\x16\x03\x01\x02\x00",
		"HugeHeader":   "GET /livez HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("a", 200<<10) + "\r\n\r\n",
		"TwoLengths":   "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\nabc",
		"CutShortBody": "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 300\r\n\r\ngrant_type=",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(g.base, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte(raw)); err != nil {
				return // refused before all of it was sent
			}
			if half, ok := conn.(*net.TCPConn); ok {
				if err := half.CloseWrite(); err != nil {
					return
				}
			}
			var answer bytes.Buffer
			_, err = answer.ReadFrom(conn)
			if strings.HasPrefix(answer.String(), "HTTP/1.1 2") {
				t.Errorf("it was answered %.100s (%v)", answer.String(), err)
			}
		})
	}
	if err := alive(t, g, nil); err != nil {
		t.Error(err)
	}
}
