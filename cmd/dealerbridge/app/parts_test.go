package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// writePair writes a certificate for a name and its key.
func writePair(t *testing.T, files config.TLS, name string, ends time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: start.Add(-time.Hour), NotAfter: ends, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, files.Certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, files.Key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	files := config.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	other := config.TLS{Certificate: filepath.Join(dir, "cert2.pem"), Key: filepath.Join(dir, "key2.pem")}
	now := start
	clock := func() time.Time { return now }
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	ends := start.AddDate(0, 3, 0)
	writePair(t, files, "one.example", ends)
	writePair(t, other, "two.example", ends)

	t.Run("FaultsSayWhichFile", func(t *testing.T) {
		write(t, filepath.Join(dir, "empty.pem"), "")
		for want, pair := range map[string]config.TLS{
			"key2.pem does not belong to the certificate in": {Certificate: files.Certificate, Key: other.Key},
			"may be swapped":                      {Certificate: files.Certificate, Key: files.Certificate},
			"holds no certificate in PEM form":    {Certificate: filepath.Join(dir, "empty.pem"), Key: files.Key},
			"holds no usable private key":         {Certificate: files.Certificate, Key: filepath.Join(dir, "empty.pem")},
			"none.pem: no such file or directory": {Certificate: filepath.Join(dir, "none.pem"), Key: files.Key},
		} {
			if _, err := openCertificate(pair, clock, logger); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
	})

	c, err := openCertificate(files, clock, logger)
	if err != nil {
		t.Fatal(err)
	}
	name := func() string { return c.current().Leaf.Subject.CommonName }
	t.Run("ServesTLS12AndAbove", func(t *testing.T) {
		if c.config().MinVersion != tls.VersionTLS12 || name() != "one.example" || !c.expires().Equal(ends) {
			t.Errorf("got version %x, %s, %s", c.config().MinVersion, name(), c.expires())
		}
	})
	t.Run("HalfReplacedPairLeavesTheOneBeforeInForce", func(t *testing.T) {
		raw, err := os.ReadFile(other.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		write(t, files.Certificate, string(raw)+"\n\n")
		now = now.Add(certificateLook)
		if name() != "one.example" {
			t.Errorf("got %s", name())
		}
		now = now.Add(certificateLook)
		name()
		if n := strings.Count(log.String(), "cannot be used"); n != 1 {
			t.Errorf("the broken pair was told %d times, want once", n)
		}
	})
	t.Run("RenewedPairIsTakenUp", func(t *testing.T) {
		writePair(t, files, "renewed.example", ends.AddDate(0, 3, 0))
		if name() != "one.example" {
			t.Error("the files were looked at again at once")
		}
		now = now.Add(certificateLook)
		if name() != "renewed.example" {
			t.Errorf("got %s", name())
		}
	})
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "rms.yaml")
	write(t, file, "a: 1\n")
	f := folder{dir: dir}
	look := func(want bool) {
		t.Helper()
		got, err := f.look()
		if err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	look(true)
	look(false)
	touched := time.Now().Add(time.Hour)
	if err := os.Chtimes(file, touched, touched); err != nil {
		t.Fatal(err)
	}
	look(false) // touched, not changed
	write(t, file, "a: 2\n")
	look(true)
	write(t, filepath.Join(dir, ".rms.yaml.swp"), "x")
	look(false) // an editor's own file
	write(t, filepath.Join(dir, "lists", "makes.csv"), "a,b\n")
	look(true)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := f.look(); err == nil {
		t.Error("a folder that is gone was no error")
	}
}

func TestAudit(t *testing.T) {
	registry := prometheus.NewRegistry()
	a := newAudit(registry)
	d := a.forDealer("D100")
	for i := range 50 {
		d.Note(adapters.Note{Endpoint: "contract", Field: "poNumber", Reason: adapters.CutShort, Row: fmt.Sprint(i)})
	}
	t.Run("KeepsTheNewestRows", func(t *testing.T) {
		got := a.list()
		if len(got) != 1 || got[0].Count != 50 || len(got[0].Rows) != rowsKept || got[0].Rows[rowsKept-1] != "49" || got[0].Rows[0] != "30" {
			t.Errorf("got %+v", got)
		}
		seen := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(seen, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		want := `dealerbridge_values_noted_total{dealer="D100",endpoint="contract",field="poNumber",reason="cut"} 50`
		if !strings.Contains(seen.Body.String(), want) {
			t.Errorf("the metric is not there: %s", seen.Body)
		}
	})
	t.Run("StaysBounded", func(t *testing.T) {
		for i := range kindsKept + 100 {
			d.Note(adapters.Note{Endpoint: "contract", Field: fmt.Sprintf("f%d", i), Reason: adapters.Missing})
		}
		if n := len(a.list()); n > kindsKept+1 {
			t.Errorf("%d kinds are kept", n)
		}
	})
}

func TestClientAddress(t *testing.T) {
	from := clientAddress([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	for name, c := range map[string]struct {
		remote, forwarded, want string
	}{
		"NoProxy":                {"192.0.2.1:99", "", "192.0.2.1"},
		"AStrangerIsNotBelieved": {"192.0.2.1:99", "198.51.100.7", "192.0.2.1"},
		"TheProxyIsBelieved":     {"10.0.0.5:99", "198.51.100.7", "198.51.100.7"},
		"OnlyWhatProxiesWrote":   {"10.0.0.5:99", "203.0.113.9, 198.51.100.7, 10.0.0.6", "198.51.100.7"},
		"NonsenseStopsThere":     {"10.0.0.5:99", "203.0.113.9, nonsense", "10.0.0.5"},
		"MappedAddresses":        {"[::ffff:10.0.0.5]:99", "::ffff:198.51.100.7", "198.51.100.7"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			if got := from(r); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
