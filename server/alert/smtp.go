package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/wneessen/go-mail"
)

// Security says how the way to the mail server is protected.
type Security string

// The ways to a mail server. STARTTLS and TLS never fall back to plain text.
const (
	STARTTLS Security = "starttls" // begins plain and must become TLS; port 587 as a rule
	TLS      Security = "tls"      // TLS from the first byte; port 465 as a rule
	Plain    Security = "none"     // for a server on this machine
)

// SMTP sends mails through a mail server.
type SMTP struct {
	Host     string
	Port     int
	Security Security
	User     string // empty: no login
	Password string
	From     string // address, with or without a name
	Roots    *x509.CertPool
}

const smtpTimeout = 30 * time.Second

// Send implements Sender. Errors hold no address and no password.
func (s SMTP) Send(ctx context.Context, m Mail) error {
	msg := mail.NewMsg()
	if err := msg.From(s.From); err != nil {
		return errors.New("the sender's address cannot be read")
	}
	if err := msg.To(m.To...); err != nil {
		return errors.New("a recipient's address cannot be read")
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.ID + "@" + s.Host)
	msg.SetGenHeader(mail.Header("Auto-Submitted"), "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)

	ctx, cancel := context.WithTimeout(ctx, smtpTimeout)
	defer cancel()
	client, err := s.client(ctx)
	if err != nil {
		return fmt.Errorf("preparing the mail server's client: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		if gone := ctx.Err(); gone != nil {
			err = gone // whatever the client calls it
		}
		return describe(err)
	}
	return nil
}

func (s SMTP) client(ctx context.Context) (*mail.Client, error) {
	options := []mail.Option{
		mail.WithPort(s.Port), mail.WithTimeout(smtpTimeout), mail.WithoutNoop(),
		mail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch s.Security {
	case TLS:
		options = append(options, mail.WithSSL())
	case Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS), mail.WithDialContextFunc(hangUpWith(ctx)))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory), mail.WithDialContextFunc(hangUpWith(ctx)))
	}
	if s.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
		if s.Security == Plain {
			options[len(options)-3] = mail.WithSMTPAuth(mail.SMTPAuthPlainNoEnc)
		}
	}
	return mail.NewClient(s.Host, options...)
}

// hangUpWith makes connections that end with a context. The client itself heeds a
// context only until it is connected, and would then wait for its own limit.
func hangUpWith(whole context.Context) mail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(whole, func() {
				_ = conn.Close() // whoever uses it finds out
			})
		}
		return conn, err
	}
}

// describe tells what went wrong without the addresses a mail server likes to
// repeat.
func describe(err error) error {
	var send *mail.SendError
	if errors.As(err, &send) {
		what := "the mail server refused the mail"
		if code := send.ErrorCode(); code != 0 {
			what = fmt.Sprintf("%s (%d)", what, code)
		}
		return errors.New(what)
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return fmt.Errorf("the mail server does not answer: %w", network.Err)
	}
	var unknown *tls.CertificateVerificationError
	if errors.As(err, &unknown) {
		return errors.New("the mail server's certificate is not trusted")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("the mail server does not answer in time")
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return errors.New("the mail server could not be used: the login or the encryption failed")
}
