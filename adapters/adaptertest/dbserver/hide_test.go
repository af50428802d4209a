//go:build server

package dbserver

import "testing"

// HideInstalled makes Find look on PATH alone for the length of a test.
func HideInstalled(t testing.TB) {
	before := serverDirs
	serverDirs = nil
	t.Cleanup(func() { serverDirs = before })
}

// TemplateOf is the template data directory of an installed server.
func TemplateOf(t testing.TB, in Installed) string {
	t.Helper()
	dir, err := template(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
