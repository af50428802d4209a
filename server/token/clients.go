package token

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Registry adds, lists and ends clients. What it does acts at once: the next
// call of a client sees it.
type Registry struct {
	Store Clients
	Now   func() time.Time
}

// clientID is narrow on purpose: ids stand in logs, headers and shell commands.
var clientID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

// Add makes a client and returns its secret, which is shown this one time.
// Scopes left empty mean CRSScopes. secret is normally empty, so that one of 256
// random bits is made; a given one is for embedded demos.
func (r Registry) Add(ctx context.Context, id, note string, dealers, scopes []string, secret string) (string, error) {
	if !clientID.MatchString(id) {
		return "", fmt.Errorf("client id %q: use 1 to 80 letters, digits, dots, dashes or underscores, starting with a letter or digit", id)
	}
	if len(dealers) == 0 {
		return "", fmt.Errorf("client %q needs at least one dealer", id)
	}
	if len(scopes) == 0 {
		scopes = CRSScopes
	}
	for _, s := range scopes {
		if !slices.Contains(AllScopes, s) {
			return "", fmt.Errorf("client %q: unknown scope %q (there are %v)", id, s, AllScopes)
		}
	}
	if secret == "" {
		secret = newSecret()
	}
	now := r.Now()
	c := Client{
		ID: id, Note: note, SecretHash: hashSecret(secret), Generation: 1,
		Dealers: slices.Clone(dealers), Scopes: slices.Clone(scopes), Created: now, Rotated: now,
	}
	if err := r.Store.AddClient(ctx, c); err != nil {
		return "", fmt.Errorf("adding client %q: %w", id, err)
	}
	return secret, nil
}

// List returns all clients, revoked ones included, ordered by id.
func (r Registry) List(ctx context.Context) ([]Client, error) {
	list, err := r.Store.Clients(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	return list, nil
}

// Rotate gives a client a new secret. The old secret, and every token got with
// it, is refused from now on. A revoked client cannot be rotated.
func (r Registry) Rotate(ctx context.Context, id string) (string, error) {
	c, err := r.Store.Client(ctx, id)
	if err != nil {
		return "", fmt.Errorf("rotating client %q: %w", id, err)
	}
	if !c.Revoked.IsZero() {
		return "", fmt.Errorf("client %q is revoked; add a new one instead", id)
	}
	secret := newSecret()
	c.SecretHash, c.Rotated = hashSecret(secret), r.Now()
	c.Generation++
	if err := r.Store.UpdateClient(ctx, c); err != nil {
		return "", fmt.Errorf("rotating client %q: %w", id, err)
	}
	return secret, nil
}

// Revoke ends a client for good: its secret and its tokens are refused from
// now on. Revoking twice changes nothing.
func (r Registry) Revoke(ctx context.Context, id string) error {
	c, err := r.Store.Client(ctx, id)
	if err != nil {
		return fmt.Errorf("revoking client %q: %w", id, err)
	}
	if !c.Revoked.IsZero() {
		return nil
	}
	c.Revoked = r.Now()
	if err := r.Store.UpdateClient(ctx, c); err != nil {
		return fmt.Errorf("revoking client %q: %w", id, err)
	}
	return nil
}

// newSecret makes 256 random bits. A plain hash of that much randomness cannot
// be searched, so secrets need no slow hash, which would let anybody load the
// token endpoint.
func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// secretMatches compares in constant time; an unknown client (nil hash) takes
// as long as a known one.
func secretMatches(hash []byte, secret string) bool {
	known := len(hash) == sha256.Size
	if !known {
		hash = make([]byte, sha256.Size)
	}
	return subtle.ConstantTimeCompare(hash, hashSecret(secret)) == 1 && known
}
