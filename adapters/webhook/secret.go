package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// secretPrefix marks a signing secret, so that it is found when it leaks.
const secretPrefix = "whsec_"

// The bounds the convention sets for a secret, in bytes.
const (
	shortestSecret = 24
	longestSecret  = 64
)

// NewSecret makes a signing secret, as Config and the receiving service take it.
func NewSecret() string {
	var key [32]byte
	// rand.Read never fails; a system without randomness ends the process.
	_, _ = rand.Read(key[:])
	return secretPrefix + base64.StdEncoding.EncodeToString(key[:])
}

// readSecret gives the key inside a secret. No error shows any of it.
func readSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	if !ok {
		return nil, errors.New("a signing secret begins with " + secretPrefix)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("a signing secret is base64 behind " + secretPrefix)
	}
	if len(key) < shortestSecret || len(key) > longestSecret {
		return nil, fmt.Errorf("a signing secret holds %d to %d bytes, this one %d", shortestSecret, longestSecret, len(key))
	}
	return key, nil
}

// sign makes the signature header: one signature a key, so that a receiver that
// knows any of them is content while secrets are exchanged.
func sign(keys [][]byte, id, timestamp string, body [][]byte) string {
	all := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		for _, part := range body {
			mac.Write(part)
		}
		all[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(all, " ")
}
