package cli_test

import (
	"strings"
	"testing"
)

// TestHelp keeps what the commands say of themselves.
func TestHelp(t *testing.T) {
	for _, command := range []string{
		"", "demo", "leads", "leads pull", "leads push", "leads list", "leads show", "leads replay", "leads reconcile", "leads erase",
		"requests", "requests list", "requests show", "requests update", "requests chains", "requests say", "requests erase",
		"queue", "queue list", "queue show", "queue retry", "queue park", "qr", "sandbox",
	} {
		t.Run(strings.ReplaceAll(command, " ", "_"), func(t *testing.T) {
			t.Setenv("COLUMNS", "100")
			code, out, errs := run(t, append(strings.Fields(command), "--help")...)
			if code != 0 || errs != "" {
				t.Fatalf("%d, %s", code, errs)
			}
			name := strings.ReplaceAll(command, " ", "_")
			if name == "" {
				name = "dealerbridge"
			}
			golden(t, "help/"+name+".txt", out)
			for line := range strings.Lines(out) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); n > 110 {
					t.Errorf("a line has %d characters: %s", n, line)
				}
			}
		})
	}
}
