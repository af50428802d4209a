//go:build server

package dbserver

import "testing"

// HideInstalled makes Find look on PATH alone for the length of a test.
func HideInstalled(t testing.TB) {
	before := serverDirs
	serverDirs = nil
	t.Cleanup(func() { serverDirs = before })
}
