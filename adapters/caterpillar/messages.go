package caterpillar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/dealerbridge/dealerbridge/adapters"
)

// MessageConfig says where the Cat Rental Store takes messages and how it is
// reached.
type MessageConfig struct {
	// URL is the whole address messages are posted to, as the CRS team gives it:
	// https://crs.example.com/api/v1/message.
	URL string
	// Dealer, if set, is sent as the dealer parameter, which one part of the
	// documents shows and another rules out (R183).
	Dealer string
	// Credentials are the dealer's own for posting (R182), not those for leads.
	Credentials Credentials
	Scope       string // asked for with the token; empty: none
	Options     Options
}

// Messages is where one dealer's messages to the Cat Rental Store go. It may be
// used from several goroutines; who wants an order calls from one.
type Messages struct {
	caller caller
	target string
}

var _ adapters.MessagePoster = (*Messages)(nil)

// messageMaxAnswer is how much of the echo is read. What it adds stands at the
// top of it; the rest is the message, which we have.
const messageMaxAnswer = 256 << 10

// OpenMessages checks the settings, all of them, and calls nobody. Every call
// is one try, whatever Options say: repeating, in order, is the queue's affair.
func OpenMessages(c MessageConfig) (*Messages, error) {
	if err := errors.Join(checkAddress("message service", c.URL), c.Credentials.check()); err != nil {
		return nil, err
	}
	target := c.URL
	if c.Dealer != "" {
		target += "?" + url.Values{"dealer": {c.Dealer}}.Encode()
	}
	o := c.Options
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = messageMaxAnswer
	}
	o.Tries = 1
	o = o.withDefaults(1)
	doer := o.httpClient()
	var scopes []string
	if c.Scope != "" {
		scopes = append(scopes, c.Scope)
	}
	return &Messages{
		caller: caller{Options: o, http: doer, tokens: newTokens(c.Credentials, doer, o.Now, scopes...)},
		target: target,
	}, nil
}

// PostMessage implements adapters.MessagePoster. A token that is refused is
// renewed once and the message sent again (R197): a refusal before the message
// was looked at is no try of it.
func (m *Messages) PostMessage(ctx context.Context, body []byte) (adapters.PostedMessage, error) {
	out, err := m.caller.do(ctx, "posting a message", func(ctx context.Context, authorization string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.target, bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("making the request: %w", err)
		}
		// Without a way to read the body anew the standard library never sends
		// it a second time by itself.
		r.GetBody = nil
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json")
		return m.caller.http.Do(r)
	}, acceptPost)
	posted := adapters.PostedMessage{Status: out.status, Ambiguous: out.acted > 0}
	if len(out.body) > 0 {
		posted.Echo = out.body
	}
	if err == nil {
		return posted, nil
	}
	// 200 says that the message is queued (R187), and stands above the body.
	// An echo that is long or breaks off takes nothing of it back; one that is
	// evidently somebody else's answer does.
	if out.status == http.StatusOK && !errors.Is(err, adapters.ErrAnswer) && acceptPost(out.status, out.body) == nil {
		posted.Ambiguous = false
		return posted, nil
	}
	var failed *adapters.CallError
	if errors.As(err, &failed) && (errors.Is(failed.Err, adapters.ErrAnswer) || errors.Is(failed.Err, adapters.ErrAnswerTooLarge)) {
		failed.Err, failed.Detail = adapters.ErrService, "its answer does not say that the message was taken"
	}
	return posted, err
}
