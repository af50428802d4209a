package token

import (
	"crypto/sha256"
	"sync"
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

func (k *known) get(bearer string) (claims, bool) {
	sum := sha256.Sum256([]byte(bearer))
	k.mu.Lock()
	defer k.mu.Unlock()
	c, ok := k.claims[sum]
	return c, ok
}

func (k *known) put(bearer string, c claims) {
	sum := sha256.Sum256([]byte(bearer))
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.claims == nil || len(k.claims) >= knownMost {
		k.claims = map[[sha256.Size]byte]claims{}
	}
	k.claims[sum] = c
}

func (k *known) forget(bearer string) {
	sum := sha256.Sum256([]byte(bearer))
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.claims, sum)
}
