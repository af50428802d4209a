package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// elsewhere is a file in which much is wrong or missing, and nothing of it about
// the state or the dealer D100.
const elsewhere = `listen: '${NOT_IN_THIS_SHELL}'
nonsense: 1
mail: {host: smtp.example.com, from: nobody, password: '${NOT_IN_THIS_SHELL}'}
state: {path: gw}
qr: {clientId: prairie}
dealers:
  - code: D200
    mapping: d200
    colour: green
    database: {driver: oracle, dsn: '${NOT_IN_THIS_SHELL}'}
    leads: {clientId: meadow, clientSecret: '${NOT_IN_THIS_SHELL}'}
  - code: D100
    mapping: d100
    database: {driver: sqlite, path: r.db}
    crm: {dsn: 'crm:${CRM_TEST_PASSWORD}@tcp(127.0.0.1:3306)/crm'}
    leads: {clientId: prairie, clientSecret: '${LEADS_TEST_SECRET}', pull: 20m}
  - {code: D300, messages: {service: 'http://crs.example.com'}}
`

func TestLoadDealer(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"CRM_TEST_PASSWORD": "hunter2-crm", "LEADS_TEST_SECRET": "hunter2-leads"}[name]
		return v, ok
	}
	load := func(t *testing.T, text, code string) (config.Outside, string, error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "dealerbridge.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		of, err := config.LoadDealer(file, env, code)
		return of, filepath.Dir(file), err
	}
	t.Run("WhatIsMissingElsewhereStopsNothing", func(t *testing.T) {
		of, dir, err := load(t, elsewhere, "D100")
		if err != nil {
			t.Fatal(err)
		}
		d := of.Dealer
		if of.State.Path != filepath.Join(dir, "gw") || d.Code != "D100" || d.Mapping != filepath.Join(dir, "d100") || d.Database.Path != filepath.Join(dir, "r.db") {
			t.Errorf("got %+v", of)
		}
		if d.CRM == nil || d.CRM.DSN.Reveal() != "crm:hunter2-crm@tcp(127.0.0.1:3306)/crm" {
			t.Errorf("the CRM is %+v", d.CRM)
		}
		if d.Leads == nil || d.Leads.ClientSecret.Reveal() != "hunter2-leads" || d.Leads.Pull != 20*time.Minute || d.Leads.Push != config.DefaultLeadPush {
			t.Errorf("the leads are %+v", d.Leads)
		}
	})
	t.Run("TheOnlyDealerNeedsNoName", func(t *testing.T) {
		of, _, err := load(t, "listen: '${NOT_IN_THIS_SHELL}'\ndealers: [{code: D7, mapping: m, database: {driver: sqlite, path: r.db}}]\n", "")
		if err != nil || of.Dealer.Code != "D7" || of.State.Path == "" {
			t.Errorf("got %+v, %v", of, err)
		}
	})
	for name, c := range map[string]struct {
		text, code string
		want       []string
	}{
		"ItsOwnMissingSecretIsAFault":  {strings.Replace(elsewhere, "LEADS_TEST_SECRET", "NOT_IN_THIS_SHELL", 1), "D100", []string{":16:", "dealers[1].leads.clientSecret", "NOT_IN_THIS_SHELL is not set"}},
		"ItsOwnUnknownKeyIsAFault":     {strings.Replace(elsewhere, "pull: 20m", "pul: 20m", 1), "D100", []string{"dealers[1].leads", `did you mean "pull"?`}},
		"AFaultOfTheStateIsAFault":     {strings.Replace(elsewhere, "path: gw", "pth: gw", 1), "D100", []string{":4:", "state", `unknown key "pth"`}},
		"SeveralDealersAreToldByName":  {elsewhere, "", []string{"several dealers (D200, D100, D300)", "--dealer"}},
		"ADealerNobodyKnowsIsToldSo":   {elsewhere, "D400", []string{`no dealer "D400"`, "D200, D100, D300"}},
		"AFileThatIsAListIsAFault":     {"- dealers\n", "D100", []string{"a map of keys"}},
		"AFileThatIsNoYAMLIsAFault":    {"dealers: [", "D100", []string{"never closed"}},
		"AFileWithoutDealersHasNobody": {"state: {path: gw}\n", "D100", []string{"names no dealers"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := load(t, c.text, c.code)
			if err == nil {
				t.Fatal("there is no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %q", want, err)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("it tells a secret: %v", err)
			}
		})
	}
	t.Run("AMissingFileIsToldAsSuch", func(t *testing.T) {
		if _, err := config.LoadDealer(filepath.Join(t.TempDir(), "none.yaml"), env, ""); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}
