package alert_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"github.com/dealerbridge/dealerbridge/server/alert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "lantern-orbit-7"

// mailServer is a real SMTP server that keeps what it gets.
type mailServer struct {
	mu     sync.Mutex
	bodies [][]byte
	rcpts  []string
	refuse error // at RCPT
	login  bool  // demanded
	port   int
	roots  *x509.CertPool
}

type mailSession struct {
	server *mailServer
	in     bool
}

func (s *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &mailSession{server: s, in: !s.login}, nil
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, given string) error {
		if user != "gateway" || given != password {
			return errors.New("wrong login " + given)
		}
		s.in = true
		return nil
	}), nil
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.refuse != nil {
		return s.server.refuse
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.rcpts = append(s.server.rcpts, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.bodies = append(s.server.bodies, body)
	return err
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

// serve starts a mail server; implicit says that it speaks TLS at once.
func serve(t *testing.T, backend *mailServer, encrypted, implicit bool) *mailServer {
	t.Helper()
	server := smtp.NewServer(backend)
	server.Domain = "127.0.0.1"
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.AllowInsecureAuth = !encrypted
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	backend.port = listener.Addr().(*net.TCPAddr).Port
	if encrypted {
		config := certificate(t, backend)
		if implicit {
			listener = tls.NewListener(listener, config)
		} else {
			server.TLSConfig = config
		}
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return backend
}

func certificate(t *testing.T, backend *mailServer) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	backend.roots = x509.NewCertPool()
	backend.roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

func letter() alert.Mail {
	return alert.Mail{
		ID: "odd.D100.1", To: []string{"crm@dealer.example", "desk@dealer.example"}, Subject: "[D100] Größe\r\nBcc: all@example.org",
		Text: "plain words", HTML: "<p>rich words</p>", At: noon,
	}
}

func sender(s *mailServer, security alert.Security) alert.SMTP {
	return alert.SMTP{
		Host: "127.0.0.1", Port: s.port, Security: security, User: "gateway", Password: password,
		From: "Dealerbridge <gateway@dealer.example>", Roots: s.roots,
	}
}

func TestSMTP(t *testing.T) {
	t.Run("ArrivesThroughEachKindOfEncryption", func(t *testing.T) {
		for security, s := range map[alert.Security]*mailServer{
			alert.STARTTLS: serve(t, &mailServer{login: true}, true, false),
			alert.TLS:      serve(t, &mailServer{login: true}, true, true),
			alert.Plain:    serve(t, &mailServer{login: true}, false, false),
		} {
			if err := sender(s, security).Send(t.Context(), letter()); err != nil {
				t.Errorf("%s: %v", security, err)
				continue
			}
			if len(s.bodies) != 1 || len(s.rcpts) != 2 {
				t.Fatalf("%s: %d mails to %v", security, len(s.bodies), s.rcpts)
			}
			got, err := mail.ReadMessage(bytes.NewReader(s.bodies[0]))
			if err != nil {
				t.Fatal(err)
			}
			if got.Header.Get("Bcc") != "" || got.Header.Get("Message-Id") != "<odd.D100.1@127.0.0.1>" || got.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("%s: headers %v", security, got.Header)
			}
			body, err := io.ReadAll(got.Body)
			if err != nil || !bytes.Contains(body, []byte("plain words")) || !bytes.Contains(body, []byte("<p>rich words</p>")) {
				t.Errorf("%s: %v %s", security, err, body)
			}
		}
	})
	t.Run("NeverFallsBackToPlainText", func(t *testing.T) {
		s := serve(t, &mailServer{}, false, false)
		for _, security := range []alert.Security{alert.STARTTLS, alert.TLS} {
			if err := sender(s, security).Send(t.Context(), letter()); err == nil {
				t.Errorf("%s: sent", security)
			}
		}
		if len(s.bodies) != 0 {
			t.Errorf("%d mails", len(s.bodies))
		}
	})
	t.Run("AStrangersCertificateIsRefused", func(t *testing.T) {
		s := serve(t, &mailServer{login: true}, true, true)
		from := sender(s, alert.TLS)
		from.Roots = x509.NewCertPool()
		if err := from.Send(t.Context(), letter()); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Error(err)
		}
	})
	t.Run("ErrorsHoldNoAddressAndNoPassword", func(t *testing.T) {
		refusing := serve(t, &mailServer{login: true, refuse: &smtp.SMTPError{Code: 550, Message: "no crm@dealer.example here"}}, true, true)
		strange := serve(t, &mailServer{login: true}, true, true)
		wrong := sender(strange, alert.TLS)
		wrong.Password = "wrong-" + password
		gone := sender(strange, alert.TLS)
		gone.Port = 1
		for name, s := range map[string]alert.SMTP{"refused": sender(refusing, alert.TLS), "login": wrong, "away": gone} {
			err := s.Send(t.Context(), letter())
			if err == nil || strings.Contains(err.Error(), "@") || strings.Contains(err.Error(), password) {
				t.Errorf("%s: %v", name, err)
			}
			t.Log(name, err)
		}
	})
	t.Run("AServerThatSaysNothingIsGivenUp", func(t *testing.T) {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := listener.Close(); err != nil {
				t.Error(err)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if c, err := listener.Accept(); err == nil {
				cancel() // connected, or about to be, and now nothing comes
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}
		}()
		silent := &mailServer{port: listener.Addr().(*net.TCPAddr).Port}
		if err := sender(silent, alert.STARTTLS).Send(ctx, letter()); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that it was given up", err)
		}
	})
}
