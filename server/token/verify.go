package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// maxToken bounds what is parsed at all; real tokens are below 2 KiB.
const maxToken = 16 << 10

// Authority issues the gateway's own tokens and checks every token that comes
// in.
type Authority struct {
	clients  Clients
	signer   *signer
	external []*External
	now      func() time.Time
	life     time.Duration
	guesses  *guesses
	known    known
	remote   RemoteAddress
}

// Options configure an Authority.
type Options struct {
	Clients  Clients
	Keys     Keys
	Issuer   string // stands in `iss`; the public address, or a name
	Life     time.Duration
	External []*External
	Now      func() time.Time
	Remote   RemoteAddress // who a request comes from; nil: the connection's peer
}

// TokenLife is how long a token is valid unless Options say otherwise.
const TokenLife = 3600 * time.Second

// New makes an Authority.
func New(o Options) *Authority {
	if o.Life <= 0 {
		o.Life = TokenLife
	}
	if o.Issuer == "" {
		o.Issuer = "dealerbridge"
	}
	if o.Remote == nil {
		o.Remote = peerAddress
	}
	return &Authority{
		clients: o.Clients, external: o.External, now: o.Now, life: o.Life, remote: o.Remote,
		signer:  &signer{store: o.Keys, issuer: o.Issuer, now: o.Now, life: o.Life},
		guesses: newGuesses(o.Now),
	}
}

// Verify checks one bearer token and returns who it speaks for. Errors are
// ErrNoToken, ErrInvalidToken or ErrUnavailable. The client's present state is
// looked up each time, so that revoking, rotating and narrowing act at once.
func (a *Authority) Verify(ctx context.Context, bearer string) (Caller, error) {
	if bearer == "" {
		return Caller{}, ErrNoToken
	}
	if len(bearer) > maxToken {
		return Caller{}, fmt.Errorf("the token is too long: %w", ErrInvalidToken)
	}
	if c, ok := a.known.get(bearer); ok {
		if err := a.signer.valid(c); err != nil {
			a.known.forget(bearer)
			return Caller{}, err
		}
		return a.caller(ctx, c)
	}
	tok, err := jwt.ParseSigned(bearer, acceptedAlgorithms)
	if err != nil || len(tok.Headers) != 1 {
		return Caller{}, fmt.Errorf("not a signed token: %w", ErrInvalidToken)
	}
	var unchecked struct {
		Issuer string `json:"iss"`
	}
	if err := tok.UnsafeClaimsWithoutVerification(&unchecked); err != nil {
		return Caller{}, fmt.Errorf("the claims cannot be read: %w", ErrInvalidToken)
	}
	if unchecked.Issuer != a.signer.issuer {
		for _, x := range a.external {
			if x.Issuer == unchecked.Issuer {
				return x.verify(ctx, tok, a.now())
			}
		}
		return Caller{}, fmt.Errorf("unknown issuer: %w", ErrInvalidToken)
	}
	if tok.Headers[0].Algorithm != string(jose.EdDSA) {
		return Caller{}, fmt.Errorf("signed with another algorithm than ours: %w", ErrInvalidToken)
	}
	c, err := a.signer.open(ctx, tok)
	if err != nil {
		return Caller{}, err
	}
	c.scopes = strings.Fields(c.Scope)
	a.known.put(bearer, c)
	return a.caller(ctx, c)
}

// caller looks up whom the claims of a token speak for now.
func (a *Authority) caller(ctx context.Context, c claims) (Caller, error) {
	client, err := a.clients.Client(ctx, c.Subject)
	switch {
	case errors.Is(err, ErrUnknownClient):
		return Caller{}, fmt.Errorf("its client does not exist any more: %w", ErrInvalidToken)
	case err != nil:
		return Caller{}, fmt.Errorf("looking the client up: %w: %w", ErrUnavailable, err)
	case !client.Revoked.IsZero():
		return Caller{}, fmt.Errorf("its client is revoked: %w", ErrInvalidToken)
	case client.Generation != c.Generation:
		return Caller{}, fmt.Errorf("its client has a new secret: %w", ErrInvalidToken)
	}
	caller := Caller{Client: client.ID, Dealers: client.Dealers, Scopes: c.scopes}
	// Those the client has lost since are left out, of a list of the caller's own.
	if lost := func(s string) bool { return !slices.Contains(client.Scopes, s) }; slices.ContainsFunc(c.scopes, lost) {
		caller.Scopes = slices.DeleteFunc(slices.Clone(c.scopes), lost)
	}
	return caller, nil
}

// acceptedAlgorithms are those a token may be signed with: asymmetric ones
// only, so that a public key can never be taken for a shared secret.
var acceptedAlgorithms = []jose.SignatureAlgorithm{
	jose.EdDSA, jose.ES256, jose.ES384, jose.ES512,
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
}
