package token

import (
	"crypto/sha256"
	"sync"
	"unsafe"
)

// knownMost bounds the tokens remembered; a gateway has few clients, each with
// a token or two at a time.
const knownMost = 4096

// known remembers what stands in tokens whose signature was found to be ours,
// so that the same token is not verified again with every request. Time and
// client are looked at each time all the same.
type known struct {
	mu     sync.Mutex
	claims map[[sha256.Size]byte]claims
}

// sumOf is what a token is remembered by; the token itself is not kept. It is
// read where it stands, because this is done with every request.
func sumOf(bearer string) [sha256.Size]byte {
	return sha256.Sum256(unsafe.Slice(unsafe.StringData(bearer), len(bearer))) //nolint:gosec // it is only read
}

func (k *known) get(bearer string) (claims, bool) {
	sum := sumOf(bearer)
	k.mu.Lock()
	defer k.mu.Unlock()
	c, ok := k.claims[sum]
	return c, ok
}

func (k *known) put(bearer string, c claims) {
	sum := sumOf(bearer)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.claims == nil || len(k.claims) >= knownMost {
		k.claims = map[[sha256.Size]byte]claims{}
	}
	k.claims[sum] = c
}

func (k *known) forget(bearer string) {
	sum := sumOf(bearer)
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.claims, sum)
}
