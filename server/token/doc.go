// Package token owns who may call the gateway: OAuth clients and their
// secrets, the token endpoint (client credentials, RFC 6749), and the check of
// every bearer token, the gateway's own or an external issuer's.
//
// It knows no database (it declares the storage it needs) and nothing of what
// the callers then ask for.
package token

import (
	"context"
	"errors"
	"time"
)

// The scopes a client can have.
const (
	ScopeRead    = "crs.read"    // the pull endpoints and documents
	ScopeMessage = "crs.message" // POST /message
	// The operator's own API; never given unless asked for by name.
	ScopeOperate      = "operator.read"
	ScopeOperateWrite = "operator.write"
)

// CRSScopes are those of the Cat Rental Store: what a client has for which
// nothing else was said, and all that a token of another issuer can carry.
var CRSScopes = []string{ScopeRead, ScopeMessage}

// AllScopes lists every scope, in the order they are shown.
var AllScopes = []string{ScopeRead, ScopeMessage, ScopeOperate, ScopeOperateWrite}

// The errors of this package. Test with errors.Is.
var (
	// ErrNoToken: the call carried no bearer token.
	ErrNoToken = errors.New("no bearer token")
	// ErrInvalidToken: the token is forged, expired, of an unknown issuer, or
	// its client is revoked or was given a new secret since.
	ErrInvalidToken = errors.New("the bearer token is not valid")
	// ErrUnknownClient: no client has this id.
	ErrUnknownClient = errors.New("no such client")
	// ErrClientExists: another client has this id.
	ErrClientExists = errors.New("a client with this id exists")
	// ErrUnavailable: the gateway's own state, or an issuer's keys, could not
	// be read. It says nothing about the token.
	ErrUnavailable = errors.New("tokens cannot be checked at the moment")
)

// Caller is who a valid token speaks for.
type Caller struct {
	Client  string   // client id
	Dealers []string // dealer codes the client may ask for, at least one
	Scopes  []string // of AllScopes
}

// Client is one OAuth client. The secret itself is never kept.
type Client struct {
	ID         string
	Note       string // what the client is for, in the operator's words
	SecretHash []byte // SHA-256 of the secret
	Generation int64  // grows with each new secret; tokens of an older one are refused
	Dealers    []string
	Scopes     []string
	Created    time.Time
	Rotated    time.Time // when the present secret was made
	Revoked    time.Time // zero: in force
}

// SigningKey is one Ed25519 key the gateway signs its tokens with.
type SigningKey struct {
	ID      string
	Seed    []byte // 32 bytes
	Created time.Time
}

// Clients is the storage of clients.
type Clients interface {
	// Client returns one client; ErrUnknownClient when there is none.
	Client(ctx context.Context, id string) (Client, error)
	// Clients returns all clients ordered by id, revoked ones included.
	Clients(ctx context.Context) ([]Client, error)
	// AddClient stores a new client; ErrClientExists when the id is taken.
	AddClient(ctx context.Context, c Client) error
	// UpdateClient replaces a stored client; ErrUnknownClient when there is none.
	UpdateClient(ctx context.Context, c Client) error
}

// Keys is the storage of signing keys, shared by all replicas.
type Keys interface {
	// SigningKeys returns all keys, newest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	// AddSigningKey stores a new key.
	AddSigningKey(ctx context.Context, k SigningKey) error
	// DropSigningKeys removes keys made before a time.
	DropSigningKeys(ctx context.Context, before time.Time) error
}
