package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

var update = flag.Bool("update", false, "rewrite golden files")

// environment is what the files in testdata may name.
func environment(name string) (string, bool) {
	value, ok := map[string]string{
		"RMS_PASSWORD": "hunter2-prairie", "PORT": "9443", "EMPTY": "", "WORD": "hunter2-word",
	}[name]
	return value, ok
}

// TestFaults reads every file in testdata/faults and compares what is said
// about it, whole and in order.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d cases found: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = config.Parse("dealerbridge.yaml", src, environment, config.Overrides{})
			var faults mapfile.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got %v, want faults", err)
			}
			got := err.Error() + "\n"
			if strings.Contains(got, "hunter2") {
				t.Error("a value of the environment is shown")
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("faults differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	t.Run("EverySettingArrives", func(t *testing.T) {
		got, err := config.Load("testdata/whole.yaml", environment, config.Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		want := config.Config{
			Listen: ":9443", PublicURL: "https://rental.prairie.example",
			TLS:            &config.TLS{Certificate: "testdata/tls/cert.pem", Key: "/etc/keys/prairie.pem"},
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("192.0.2.7/32")},
			State:          config.State{DSN: config.NewSecret("gw:hunter2-prairie@tcp(db:3306)/gateway")},
			RequestTimeout: 20 * time.Second, StopTimeout: 45 * time.Second, StopDelay: 5 * time.Second,
			PageSize: config.PageSize{Default: 25, Most: 200},
			Paths:    config.Paths{Customer: "/api/v1/customer-data"},
			Sweeps:   config.Sweeps{Idle: 45 * time.Minute, Memory: 32, Kept: 512},
			Memory:   48,
			Log:      config.Log{Format: "json", Level: slog.LevelWarn},
			Token:    config.Token{Life: 30 * time.Minute},
			QR: &config.QR{
				ClientID: "prairie-qr", ClientSecret: config.NewSecret("hunter2-prairie"),
				Service: "https://qr.prairie.example/v1", TokenService: "https://login.prairie.example/token",
			},
			Mail: &config.Mail{
				Host: "mail.prairie.example", Port: 2465, Security: "tls", User: "gateway", Password: config.NewSecret("hunter2-prairie"),
				From: "Gateway <gateway@prairie.example>", Every: 5 * time.Minute,
			},
			Keep: config.Keep{Answers: 30, Leads: 200, Updates: 100, Messages: 60, Bodies: 7},
			Issuers: []config.Issuer{{
				Issuer: "https://login.prairie.example/", Audience: "rental-gateway", Keys: "https://login.prairie.example/keys",
				Claim: "ext.dealer", Dealers: map[string][]string{"north": {"D100"}, "all": {"D100", "D200"}}, Scopes: []string{"crs.read"},
			}},
			Dealers: []config.Dealer{
				{
					Code: "D100", Mapping: "testdata/dealers/d100", Documents: "/srv/scans",
					Database: config.Database{
						Driver: config.MySQL, DSN: config.NewSecret("rental:hunter2-prairie@tcp(rms:3306)/rental"),
						MaxConnections: 4, MaxWaiting: config.DefaultWaiting, StatementTimeout: 5 * time.Second,
					},
					CRM: &config.Database{
						Driver: config.MySQL, DSN: config.NewSecret("crm:hunter2-prairie@tcp(crm:3306)/crm"),
						MaxConnections: config.DefaultConnections, StatementTimeout: config.DefaultStatement,
					},
					Leads: &config.Leads{
						Environment: "qa", Version: "v2", ClientID: "prairie-leads", ClientSecret: config.NewSecret("hunter2-prairie"),
						Service: "https://leads.prairie.example/leads", TokenService: "https://login.prairie.example/token",
						Pull: 5 * time.Minute, Push: 30 * time.Second, Margin: 2 * time.Minute, Nightly: 90 * time.Minute,
						WindowDays: 90, SendExisting: true, Batch: 5,
					},
					Messages: &config.Messages{
						Service: "https://crs.prairie.example/api/v1/message", TokenService: "https://login.prairie.example/token",
						ClientID: "prairie-messages", ClientSecret: config.NewSecret("hunter2-prairie"), Scope: "crs",
						Webhook: &config.Webhook{URL: "https://desk.prairie.example/hook", Secrets: []config.Secret{config.NewSecret("hunter2-prairie")}},
						Handover: &config.Database{
							Driver: config.SQLite, Path: "testdata/handover.db",
							MaxConnections: config.DefaultConnections, StatementTimeout: config.DefaultStatement,
						},
						MaxBody: 40,
					},
					People: config.People{
						To:     []string{"crm@prairie.example"},
						Routes: []config.Route{{Requests: []string{"service"}, Locations: []string{"N1"}, To: []string{"north@prairie.example"}}},
					},
					Upstream: &config.Upstream{User: "gateway", Password: config.NewSecret("hunter2-prairie")},
				},
				{
					Code: "D200", Mapping: "testdata/dealers/d200",
					Database: config.Database{
						Driver: config.SQLite, Path: "testdata/rental.db",
						MaxConnections: config.DefaultConnections, MaxWaiting: config.DefaultWaiting, StatementTimeout: config.DefaultStatement,
					},
				},
			},
		}
		for i := range got.Dealers {
			got.Dealers[i].Line = 0
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(config.Secret{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("configuration differs (-want +got):\n%s", diff)
		}
	})
	t.Run("AShortFileIsEnough", func(t *testing.T) {
		got, err := config.Parse("x/dealerbridge.yaml", []byte("dealers: [{code: D1, mapping: d1, database: {driver: sqlite, path: r.db}}]\n"), environment, config.Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Listen != config.DefaultListen || got.State.Path != "x/state" || got.PageSize.Default != 10 || got.Dealers[0].Mapping != "x/d1" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("TheCommandLineWins", func(t *testing.T) {
		got, err := config.Load("testdata/whole.yaml", environment, config.Overrides{Listen: "127.0.0.1:0", State: "elsewhere", LogFormat: "text"})
		if err != nil {
			t.Fatal(err)
		}
		if got.Listen != "127.0.0.1:0" || got.State.Path != "elsewhere" || !got.State.DSN.Empty() || got.Log.Format != "text" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("AMissingFileIsSaid", func(t *testing.T) {
		_, err := config.Load("testdata/none.yaml", environment, config.Overrides{})
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}

// TestDocumented reads the examples of CONFIGURATION.md.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("CONFIGURATION.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("%d examples found", len(blocks))
	}
	anything := func(string) (string, bool) { return "something", true }
	var all []config.Config
	for _, b := range blocks {
		example, _, _ := strings.Cut(b, "```")
		c, err := config.Parse("example.yaml", []byte(example), anything, config.Overrides{})
		if err != nil {
			t.Errorf("an example has faults:\n%v", err)
		}
		all = append(all, c)
	}
	// Where a line shows what holds without it, that is so.
	short, long := all[0], all[1]
	short.Listen, short.PublicURL, short.TLS, short.TrustedProxies, short.Issuers = long.Listen, long.PublicURL, long.TLS, long.TrustedProxies, long.Issuers
	short.Dealers, short.QR, short.Mail = long.Dealers, long.QR, long.Mail
	if diff := cmp.Diff(short, long, cmp.AllowUnexported(config.Secret{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("the example does not show the defaults (-default +example):\n%s", diff)
	}
}

func TestLoadState(t *testing.T) {
	nothing := func(string) (string, bool) { return "", false }
	parse := func(t *testing.T, text string, env func(string) (string, bool)) (config.State, []string, error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "dealerbridge.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.LoadState(file, env)
	}
	t.Run("FaultsElsewhereAreNotItsAffair", func(t *testing.T) {
		state, codes, err := parse(t, "listen: nonsense\nstate: {path: /var/lib/gw}\ndealers: [{code: D100, database: {dsn: '${RMS_PASSWORD}'}}]\n", nothing)
		if err != nil || state.Path != "/var/lib/gw" || !cmp.Equal(codes, []string{"D100"}) {
			t.Errorf("got %v, %v, %v", state, codes, err)
		}
	})
	t.Run("FaultsOfTheStateAreTold", func(t *testing.T) {
		_, _, err := parse(t, "state: {dsn: '${RMS_PASSWORD}'}\n", nothing)
		if err == nil || !strings.Contains(err.Error(), "RMS_PASSWORD is not set") {
			t.Errorf("got %v", err)
		}
	})
}

func TestSecretIsNeverPrinted(t *testing.T) {
	s := config.NewSecret("hunter2")
	raw, err := json.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "in", struct{ S config.Secret }{s})
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), fmt.Sprintf("%+v", config.State{DSN: s}), string(raw), log.String()} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("the secret stands in %q", text)
		}
	}
	if s.Reveal() != "hunter2" {
		t.Error("the secret is lost")
	}
}

// FuzzParse: no file makes the reader panic, and faults lie inside the file.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/whole.yaml") {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 4096 { // the YAML reader's time grows with the square
			return
		}
		_, err := config.Parse("f.yaml", src, environment, config.Overrides{})
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Error("an error that says nothing")
		}
	})
}
