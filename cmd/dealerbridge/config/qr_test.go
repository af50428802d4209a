package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

func TestLoadQR(t *testing.T) {
	env := func(name string) (string, bool) {
		if name == "QR_SECRET" {
			return "hunter2-prairie", true
		}
		return "", false
	}
	load := func(t *testing.T, text string) (*config.QR, error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "dealerbridge.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.LoadQR(file, env)
	}
	t.Run("ReadsTheSectionWhateverElseIsWrong", func(t *testing.T) {
		q, err := load(t, "listen: '${NOT_IN_THIS_SHELL}'\nnonsense: 1\nqr: {clientId: prairie, clientSecret: '${QR_SECRET}', service: 'http://127.0.0.1:9/qr'}\n")
		if err != nil {
			t.Fatal(err)
		}
		if q.ClientID != "prairie" || q.ClientSecret.Reveal() != "hunter2-prairie" || q.Service != "http://127.0.0.1:9/qr" || q.TokenService != "" {
			t.Errorf("got %+v", q)
		}
	})
	t.Run("WithoutTheSectionThereIsNone", func(t *testing.T) {
		if q, err := load(t, "listen: 127.0.0.1:1\n"); q != nil || err != nil {
			t.Errorf("got %+v, %v", q, err)
		}
	})
	for name, c := range map[string]struct{ text, want string }{
		"AMissingSecretIsAFault":      {"qr: {clientId: prairie}", "qr: clientSecret is missing"},
		"AMissingVariableIsAFault":    {"qr: {clientId: prairie, clientSecret: '${NOT_IN_THIS_SHELL}'}", "NOT_IN_THIS_SHELL is not set"},
		"AnUnknownKeyIsAFault":        {"qr: {clientID: prairie, clientSecret: x}", `did you mean "clientId"?`},
		"APlainAddressIsAFault":       {"qr: {clientId: a, clientSecret: b, service: 'http://services.example.com'}", "https"},
		"AnAddressWithAQueryIsAFault": {"qr: {clientId: a, clientSecret: b, tokenService: 'https://fed.example.com/?x'}", "no query"},
		"ASectionThatIsATextIsAFault": {"qr: yes", "a map of keys"},
		"AFileThatIsAListIsAFault":    {"- qr", "a map of keys"},
		"AFileThatIsNoYAMLIsAFault":   {"qr: [", "never closed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
