package token

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// audience marks tokens made for this gateway by itself.
	audience = "dealerbridge"
	// keyAge is how long a key signs new tokens before a fresh one takes over.
	keyAge = 30 * 24 * time.Hour
	// keyReload bounds how often an unknown key id makes us look again.
	keyReload = time.Second
)

// claims is the content of the gateway's own tokens.
type claims struct {
	jwt.Claims
	Scope      string `json:"scope"`
	Generation int64  `json:"gen"`

	scopes []string // of Scope; only read
}

// signer signs and opens the gateway's own tokens with keys from shared
// storage: a replica takes up another's new key when it meets its id.
type signer struct {
	store  Keys
	issuer string
	now    func() time.Time
	life   time.Duration

	mu     sync.Mutex
	keys   []SigningKey // newest first
	loaded time.Time
}

// current returns the key to sign with, making one when there is none yet or
// the newest has signed long enough.
func (s *signer) current(ctx context.Context) (SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if len(s.keys) > 0 && now.Sub(s.keys[0].Created) < keyAge {
		return s.keys[0], nil
	}
	if err := s.load(ctx); err != nil {
		return SigningKey{}, err
	}
	if len(s.keys) > 0 && now.Sub(s.keys[0].Created) < keyAge {
		return s.keys[0], nil
	}
	id, seed := make([]byte, 12), make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(id)
	_, _ = rand.Read(seed)
	k := SigningKey{ID: base64.RawURLEncoding.EncodeToString(id), Seed: seed, Created: now}
	if err := s.store.AddSigningKey(ctx, k); err != nil {
		return SigningKey{}, fmt.Errorf("storing a signing key: %w: %w", ErrUnavailable, err)
	}
	// An old key is kept until no token signed with it can still be valid.
	if err := s.store.DropSigningKeys(ctx, now.Add(-keyAge-2*s.life)); err != nil {
		return SigningKey{}, fmt.Errorf("dropping old signing keys: %w: %w", ErrUnavailable, err)
	}
	if err := s.load(ctx); err != nil {
		return SigningKey{}, err
	}
	return s.keys[0], nil
}

// load reads the keys; the caller holds the lock.
func (s *signer) load(ctx context.Context) error {
	keys, err := s.store.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("reading signing keys: %w: %w", ErrUnavailable, err)
	}
	s.keys, s.loaded = keys, s.now()
	return nil
}

// byID finds a key, looking into storage again when it is not known yet.
func (s *signer) byID(ctx context.Context, id string) (SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 2 {
		for _, k := range s.keys {
			if k.ID == id {
				return k, nil
			}
		}
		if !s.loaded.IsZero() && s.now().Sub(s.loaded) < keyReload {
			break
		}
		if err := s.load(ctx); err != nil {
			return SigningKey{}, err
		}
	}
	return SigningKey{}, fmt.Errorf("signed with an unknown key: %w", ErrInvalidToken)
}

// sign makes a token for a client with the scopes granted.
func (s *signer) sign(ctx context.Context, c Client, scope string) (string, error) {
	key, err := s.current(ctx)
	if err != nil {
		return "", err
	}
	js, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{KeyID: key.ID, Key: ed25519.NewKeyFromSeed(key.Seed)}},
		(&jose.SignerOptions{}).WithType("at+jwt"),
	)
	if err != nil {
		return "", fmt.Errorf("preparing the signature: %w", err)
	}
	jti := make([]byte, 12)
	_, _ = rand.Read(jti)
	now := s.now()
	return jwt.Signed(js).Claims(claims{
		Claims: jwt.Claims{
			Issuer: s.issuer, Audience: jwt.Audience{audience}, Subject: c.ID,
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(s.life)),
			ID: base64.RawURLEncoding.EncodeToString(jti),
		},
		Scope: scope, Generation: c.Generation,
	}).Serialize()
}

// open checks signature, issuer, audience and life of one of our own tokens.
func (s *signer) open(ctx context.Context, tok *jwt.JSONWebToken) (claims, error) {
	key, err := s.byID(ctx, tok.Headers[0].KeyID)
	if err != nil {
		return claims{}, err
	}
	var c claims
	if err := tok.Claims(ed25519.NewKeyFromSeed(key.Seed).Public(), &c); err != nil {
		return claims{}, fmt.Errorf("the signature does not fit: %w", ErrInvalidToken)
	}
	if c.Expiry == nil || c.Subject == "" {
		return claims{}, fmt.Errorf("claims are missing: %w", ErrInvalidToken)
	}
	return c, s.valid(c)
}

// valid checks issuer, audience and life of a token whose signature is ours.
func (s *signer) valid(c claims) error {
	// No leeway: issuer and verifier are the same house and the same clock.
	want := jwt.Expected{Issuer: s.issuer, AnyAudience: jwt.Audience{audience}, Time: s.now()}
	if err := c.ValidateWithLeeway(want, 0); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return nil
}
